//! The stops and lines of one round in, the pictures of its page out: the map as it is, the map as proposed, and
//! bars per weekday and hour.
//!
//! As wide as the text of an upright A4 page. Signs differ in shape and in darkness, so that a print in black and
//! white says the same: a disc is skipped, a square is full, a diamond is late. What each means stands below the map.

use crate::findings::Findings;
use crate::model::kind::Language;
use crate::unit::Local;

use super::basemap;
use super::canvas::{Anchor, At, Canvas, Pen};
use super::font;
use super::labels::Labels;
use super::marks;
use super::rounds::FULL;
use super::scale;
use super::style::{ACCENT, BAD, BODY_PT, DOUBTFUL, FRAME, PAPER, QUIET_TEXT, ROUTE, RULE, TEXT};
use super::window::Window;
use super::words;

/// Millimetres of the text of an upright A4 page.
const WIDTH: f64 = 182.0;
const MAP_HEIGHT: f64 = 128.0;
const KEY_MM: f64 = 6.2;

/// How a stop is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sign {
    /// Nothing stands out.
    Fine,
    /// Often served late.
    Late,
    /// Full before its next visit.
    Full,
    /// Skipped beyond chance.
    Skipped,
}

/// What a proposal asks of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// To leave it as it is.
    Nothing,
    /// To call there more often.
    More,
    /// To call there less often.
    Less,
}

/// A stop on a map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark<'a> {
    /// Its place in the round, from 1.
    pub(crate) place: usize,
    pub(crate) at: Local,
    pub(crate) name: &'a str,
    pub(crate) sign: Sign,
    pub(crate) ask: Ask,
    /// Which stops get their name first.
    pub(crate) weight: f64,
}

/// What a legend line says and how its mark is drawn.
pub(crate) type Key<'a> = (String, Box<dyn Fn(&mut Canvas, At) + 'a>);

/// A map without side column, framed, with a legend below.
struct Chart<'a> {
    canvas: Canvas,
    window: Window,
    labels: Labels,
    findings: &'a Findings,
}

impl<'a> Chart<'a> {
    fn new(findings: &'a Findings, points: &[Local], n_keys: usize) -> Option<Self> {
        let rectangle = [0.0, 0.0, WIDTH, MAP_HEIGHT];
        let window = Window::around(rectangle, points.iter().copied())?;
        let streets = Window::around(rectangle, findings.streets.nodes.iter().copied());
        let window = streets.map_or(window, |streets| window.slid_toward(streets, points));
        let mut canvas = Canvas::new(WIDTH, MAP_HEIGHT + 2.0 + KEY_MM * n_keys.div_ceil(2) as f64);
        super::canvas::ground(&mut canvas);
        basemap::grounds(&mut canvas, &window, &findings.streets);
        basemap::streets(&mut canvas, &window, &findings.streets, false);
        let mut labels = Labels::new(window.edges());
        let [left, top, right, bottom] = window.edges();
        // Kept free for scale bar and north arrow, which are drawn last.
        labels.reserve([left, bottom - 8.6, left + window.width * 0.25 + 26.0, bottom]);
        labels.reserve([right - 15.0, top, right, top + 18.0]);
        Some(Self { canvas, window, labels, findings })
    }

    fn line(&mut self, class: &'static str, line: &[Local], draw: fn(&mut Canvas, &[At])) {
        let pieces = self.window.lines(line);
        self.canvas.group(class, |canvas| pieces.iter().for_each(|piece| draw(canvas, piece)));
    }

    /// Writes the place of each stop in the round beside it: of every stop where there is room, else of every tenth.
    fn numbers(&mut self, marks: &[Mark<'_>]) {
        let pen = Pen::new(BODY_PT, TEXT).haloed(PAPER);
        let window = self.window;
        let tenth = |mark: &&Mark<'_>| mark.place.is_multiple_of(10);
        let order = marks.iter().filter(tenth).chain(marks.iter().filter(|mark| !tenth(mark)));
        self.canvas.group("numbers", |canvas| {
            for mark in order.filter(|mark| window.holds(mark.at, 2.0)) {
                let (x, y) = window.place(mark.at);
                let words = mark.place.to_string();
                let (width, half) = (pen.width_mm(&words), 1.2);
                for (left, middle) in [
                    (x + 1.4, y),
                    (x - 1.4 - width, y),
                    (x - width / 2.0, y - 2.9),
                    (x - width / 2.0, y + 2.9),
                ] {
                    let block = [left, middle - half, left + width, middle + half];
                    if self.labels.is_free(block) {
                        self.labels.reserve(block);
                        canvas.text((left, middle + 1.1), &words, pen);
                        break;
                    }
                }
            }
        });
    }

    /// Names beside the marks that weigh most.
    fn names(&mut self, marks: &[Mark<'_>], radius_mm: f64, most: usize) {
        let mut named: Vec<&Mark<'_>> = marks.iter().filter(|mark| mark.weight > 0.0).collect();
        named.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.place.cmp(&b.place)));
        let pen = Pen::new(BODY_PT, TEXT).bold().haloed(PAPER);
        let window = self.window;
        self.canvas.group("labels", |canvas| {
            for mark in named.into_iter().filter(|mark| window.holds(mark.at, 2.0)).take(most) {
                let name = font::fit(mark.name, BODY_PT, true, 44.0);
                self.labels.beside(canvas, window.place(mark.at), radius_mm, &[(name, pen)]);
            }
        });
    }

    fn finish(mut self, keys: &[Key<'_>], [name, title, about]: [&str; 3]) -> String {
        basemap::names(&mut self.canvas, &self.window, &self.findings.streets, &mut self.labels, 12);
        let mut unused = Labels::new(self.window.edges());
        scale::bar(&mut self.canvas, &mut unused, &self.window, self.findings.language);
        let turn_deg = basemap::north_deg(&self.findings.plane, self.window.centre());
        scale::north(&mut self.canvas, &mut unused, &self.window, turn_deg);
        let [left, top, right, bottom] = self.window.edges();
        self.canvas.group("legend", |canvas| {
            // Wide lines and halos reach over the edge.
            canvas.rectangle((left, bottom), (right, bottom + 1e3), PAPER);
            canvas.outline(vec![(left, top), (right, top), (right, bottom), (left, bottom)], 0.4, FRAME);
            let rows = keys.len().div_ceil(2);
            for (index, (words, draw)) in keys.iter().enumerate() {
                let (column, row) = (index / rows.max(1), index % rows.max(1));
                let x = left + column as f64 * WIDTH / 2.0;
                let y = bottom + 2.0 + KEY_MM * (row as f64 + 0.5);
                draw(canvas, (x + 6.0, y));
                let words = font::fit(words, BODY_PT, false, WIDTH / 2.0 - 15.0);
                canvas.text((x + 13.5, y + 1.1), &words, Pen::new(BODY_PT, TEXT));
            }
        });
        self.canvas.svg(name, title, about, self.findings.language)
    }
}

/// Draws the mark of a stop and gives its radius.
pub(crate) fn draw_sign(canvas: &mut Canvas, at: At, place: &str, sign: Sign) -> f64 {
    match sign {
        Sign::Fine => {
            marks::stop(canvas, at);
            1.2
        }
        Sign::Late => {
            let radius = marks::coin_radius(place) * 1.3;
            marks::diamond(canvas, at, radius + 0.35, TEXT);
            marks::diamond(canvas, at, radius - 0.4, DOUBTFUL);
            marks::inscribe(canvas, at, place, DOUBTFUL);
            radius
        }
        Sign::Full => marks::square(canvas, at, place, FULL),
        Sign::Skipped => marks::coin(canvas, at, place, BAD),
    }
}

/// The map as it is: the planned line and its stops, each with how it is doing.
pub(crate) fn today(
    findings: &Findings,
    line: &[Local],
    marks: &[Mark<'_>],
    keys: &[Key<'_>],
    about: [&str; 3],
) -> Option<String> {
    let points: Vec<Local> = marks.iter().map(|mark| mark.at).collect();
    let mut chart = Chart::new(findings, if points.is_empty() { line } else { &points }, keys.len())?;
    chart.line("planned", line, |canvas, piece| {
        marks::planned(canvas, piece);
        marks::arrows(canvas, piece, 26.0, ROUTE);
    });
    let window = chart.window;
    let mut order: Vec<&Mark<'_>> = marks.iter().filter(|mark| window.holds(mark.at, 1.5)).collect();
    order.sort_by_key(|mark| (mark.sign, mark.place));
    for mark in order {
        let at = window.place(mark.at);
        let radius = draw_sign(&mut chart.canvas, at, &mark.place.to_string(), mark.sign);
        chart.labels.reserve_disc(at, radius - 0.3);
    }
    let loud: Vec<Mark<'_>> = marks.iter().copied().filter(|mark| mark.sign != Sign::Fine).collect();
    chart.names(&loud, 3.4, 10);
    let quiet: Vec<Mark<'_>> = marks.iter().copied().filter(|mark| mark.sign == Sign::Fine).collect();
    chart.numbers(&quiet);
    Some(chart.finish(keys, about))
}

/// The map as proposed: the line today and the line then, the stops with their new places, and those to call at more
/// or less often.
pub(crate) fn proposed(
    findings: &Findings,
    [before, after]: [&[Local]; 2],
    marks: &[Mark<'_>],
    keys: &[Key<'_>],
    about: [&str; 3],
) -> Option<String> {
    let points: Vec<Local> = marks.iter().map(|mark| mark.at).collect();
    let mut chart = Chart::new(findings, &points, keys.len())?;
    chart.line("before", before, marks::today);
    chart.line("after", after, |canvas, piece| {
        marks::proposed(canvas, piece);
        marks::arrows(canvas, piece, 26.0, ACCENT);
    });
    let window = chart.window;
    let mut order: Vec<&Mark<'_>> = marks.iter().filter(|mark| window.holds(mark.at, 1.5)).collect();
    order.sort_by_key(|mark| (mark.ask != Ask::Nothing, mark.place));
    for mark in order {
        let at = window.place(mark.at);
        let radius = draw_ask(&mut chart.canvas, at, mark.ask);
        chart.labels.reserve_disc(at, radius - 0.3);
    }
    let changed: Vec<Mark<'_>> = marks.iter().copied().filter(|mark| mark.ask != Ask::Nothing).collect();
    chart.names(&changed, 3.0, 10);
    chart.numbers(marks);
    Some(chart.finish(keys, about))
}

/// Draws what is asked of a stop and gives the radius of the mark.
pub(crate) fn draw_ask(canvas: &mut Canvas, at: At, ask: Ask) -> f64 {
    match ask {
        Ask::Nothing => {
            marks::stop(canvas, at);
            1.2
        }
        Ask::More => marks::coin(canvas, at, "+", ACCENT),
        Ask::Less => marks::square(canvas, at, "−", TEXT),
    }
}

/// The outline of a round at the kerb.
pub(crate) fn area(findings: &Findings, shape: &geo::MultiPolygon<f64>, about: [&str; 3]) -> Option<String> {
    use geo::CoordsIter;
    let points: Vec<Local> = shape.exterior_coords_iter().map(Local::from).collect();
    let mut chart = Chart::new(findings, &points, 0)?;
    let rings: Vec<Vec<At>> = shape.0.iter().map(|part| chart.window.ring(part)).collect();
    chart.canvas.group("area", |canvas| {
        for ring in rings.into_iter().filter(|ring| ring.len() > 2) {
            canvas.outline(ring.clone(), 2.2, PAPER.faint(0.8));
            canvas.outline(ring, 1.1, ROUTE);
        }
    });
    Some(chart.finish(&[], about))
}

/// Bars with a share each and what it rests on; the greatest is the darkest. Shares without visits have no bar.
pub(crate) fn bars(
    language: Language,
    [name, title, about]: [&str; 3],
    shares: &[(String, f64, u32)],
) -> String {
    const TALL: f64 = 20.0;
    let mut canvas = Canvas::new(WIDTH / 2.0 - 3.0, TALL + 15.0);
    let width = WIDTH / 2.0 - 3.0;
    let most = shares.iter().map(|share| share.1).filter(|share| share.is_finite()).fold(0.0, f64::max);
    let step = width / shares.len().max(1) as f64;
    let bottom = TALL + 6.0;
    let every = (9.0 / step).ceil().max(1.0);
    let mut is_written = false;
    for (index, (label, share, _)) in shares.iter().enumerate() {
        let x = step * (index as f64 + 0.5);
        let is_most = share.to_bits() == most.to_bits() && most > 0.0;
        if share.is_finite() && most > 0.0 {
            let ink = if is_most { BAD } else { ROUTE.faint(0.55) };
            canvas.rectangle((x - step * 0.36, bottom - TALL * share / most), (x + step * 0.36, bottom), ink);
        }
        if is_most && !is_written {
            is_written = true;
            let pen = Pen::new(BODY_PT, TEXT).bold().anchored(Anchor::Middle);
            let words = words::percent(language, most);
            let room = pen.width_mm(&words) / 2.0;
            canvas.text((x.clamp(room, width - room), bottom - TALL - 1.2), &words, pen);
        }
        if (index as f64 % every).abs() < f64::EPSILON {
            let pen = Pen::new(BODY_PT, QUIET_TEXT).anchored(Anchor::Middle);
            canvas.text((x, bottom + 4.4), label, pen);
        }
    }
    canvas.line(vec![(0.0, bottom), (width, bottom)], 0.3, RULE);
    canvas.svg(name, title, about, language)
}
