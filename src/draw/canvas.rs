//! Shapes in millimetres on a sheet in, SVG or pixels out, both through plotters.
//!
//! plotters draws on whole pixels, so a sheet is painted at 20 units per millimetre and its `viewBox` brings it
//! back to size. plotters knows neither groups nor halos nor text along a street, and repeats every attribute at
//! every line: [`Canvas::svg`] adds the former and weaves neighbours of one style into one path.

use std::fmt::Write as _;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle};

use super::font::{self, MM_PER_PT};
use super::style::{Ink, PAPER};
use crate::model::kind::Language;

/// Units of the SVG per millimetre: 0.05 mm is finer than print.
const UNITS_PER_MM: f64 = 20.0;

/// A point on the sheet: millimetres from the left, millimetres from the top.
pub(crate) type At = (f64, f64);

/// Where the point of a text lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pen {
    pub(crate) size_pt: f64,
    pub(crate) is_bold: bool,
    pub(crate) ink: Ink,
    pub(crate) anchor: Anchor,
    /// The colour around the letters, where the ground is busy.
    pub(crate) halo: Option<Ink>,
    /// Degrees clockwise.
    pub(crate) turn_deg: f64,
}

impl Pen {
    /// Letters of this size and colour.
    pub(crate) const fn new(size_pt: f64, ink: Ink) -> Self {
        Self { size_pt, is_bold: false, ink, anchor: Anchor::Start, halo: None, turn_deg: 0.0 }
    }

    /// The same, half bold.
    pub(crate) const fn bold(self) -> Self {
        Self { is_bold: true, ..self }
    }

    /// The same, with its point elsewhere.
    pub(crate) const fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// The same, set off against a busy ground.
    pub(crate) const fn haloed(self, halo: Ink) -> Self {
        Self { halo: Some(halo), ..self }
    }

    /// The same, turned clockwise.
    pub(crate) const fn turned(self, turn_deg: f64) -> Self {
        Self { turn_deg, ..self }
    }

    /// The width of `words` in millimetres.
    pub(crate) fn width_mm(&self, words: &str) -> f64 {
        font::width_mm(words, self.size_pt, self.is_bold)
    }
}

/// One thing on the sheet.
#[derive(Debug, Clone)]
enum Item {
    Open(&'static str),
    Close,
    Area { ring: Vec<At>, ink: Ink },
    Line { points: Vec<At>, ink: Ink, width_mm: f64 },
    Disc { at: At, radius_mm: f64, ink: Ink },
    Text { at: At, words: String, pen: Pen },
}

/// A sheet and what is drawn on it, the lowest first.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    width_mm: f64,
    height_mm: f64,
    items: Vec<Item>,
}

impl Canvas {
    /// An empty sheet.
    pub(crate) fn new(width_mm: f64, height_mm: f64) -> Self {
        Self { width_mm, height_mm, items: Vec::new() }
    }

    /// Draws what `inside` draws as one group with this class.
    pub(crate) fn group<T>(&mut self, class: &'static str, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.items.push(Item::Open(class));
        let result = inside(self);
        self.items.push(Item::Close);
        result
    }

    /// A filled area. A hole is part of the ring, reached and left by the same line.
    pub(crate) fn area(&mut self, ring: Vec<At>, ink: Ink) {
        if ring.len() > 2 {
            self.items.push(Item::Area { ring, ink });
        }
    }

    /// A filled rectangle.
    pub(crate) fn rectangle(&mut self, (left, top): At, (right, bottom): At, ink: Ink) {
        self.area(vec![(left, top), (right, top), (right, bottom), (left, bottom)], ink);
    }

    /// A line.
    pub(crate) fn line(&mut self, points: Vec<At>, width_mm: f64, ink: Ink) {
        if points.len() > 1 {
            self.items.push(Item::Line { points, ink, width_mm });
        }
    }

    /// A closed line.
    pub(crate) fn outline(&mut self, mut ring: Vec<At>, width_mm: f64, ink: Ink) {
        if ring.first() != ring.last() {
            ring.extend(ring.first().copied());
        }
        self.line(ring, width_mm, ink);
    }

    /// A dashed line: `on_mm` drawn, `off_mm` not.
    pub(crate) fn dashed(&mut self, points: &[At], width_mm: f64, ink: Ink, on_mm: f64, off_mm: f64) {
        for dash in dashes(points, on_mm, off_mm) {
            self.line(dash, width_mm, ink);
        }
    }

    /// A filled circle.
    pub(crate) fn disc(&mut self, at: At, radius_mm: f64, ink: Ink) {
        self.items.push(Item::Disc { at, radius_mm, ink });
    }

    /// A filled circle with an edge.
    pub(crate) fn coin(&mut self, at: At, radius_mm: f64, ink: Ink, edge: Ink, edge_mm: f64) {
        self.disc(at, radius_mm + edge_mm, edge);
        self.disc(at, radius_mm, ink);
    }

    /// Words on one line, standing on `at`. Control characters, which XML does not allow, become blanks.
    pub(crate) fn text(&mut self, at: At, words: &str, pen: Pen) {
        let is_allowed = |letter: char| !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}');
        let words: String =
            words.chars().map(|letter| if is_allowed(letter) { letter } else { ' ' }).collect();
        let words = words.trim();
        if !words.is_empty() {
            self.items.push(Item::Text { at, words: words.to_owned(), pen });
        }
    }

    /// The sheet as SVG with this title and description for those who cannot see it. Ids in it begin with `name`,
    /// so that several can stand on one page.
    pub(crate) fn svg(&self, name: &str, title: &str, about: &str, language: Language) -> String {
        let (width, height) = (units(self.width_mm), units(self.height_mm));
        let language = match language {
            Language::En => "en",
            Language::Nl => "nl",
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" lang=\"{language}\" xml:lang=\"{language}\" \
             font-family=\"{}\" stroke-linejoin=\"round\" stroke-linecap=\"round\">\n\
             <title id=\"{name}-title\">{}</title>\n<desc id=\"{name}-desc\">{}</desc>\n",
            self.width_mm,
            self.height_mm,
            font::FAMILIES,
            escaped(title),
            escaped(about),
        );
        let mut shapes = String::new();
        let size = (width.unsigned_abs(), height.unsigned_abs());
        for item in &self.items {
            if matches!(item, Item::Open(_) | Item::Close | Item::Text { .. }) {
                svg.push_str(&weave(&std::mem::take(&mut shapes)));
            }
            match item {
                Item::Open(class) => writeln!(svg, "<g class=\"{class}\">").expect("a string takes all"),
                Item::Close => svg.push_str("</g>\n"),
                Item::Text { at, words, pen } => svg.push_str(&written(*at, words, pen)),
                shape => {
                    let mut plain = String::new();
                    {
                        paint(&mut SVGBackend::with_string(&mut plain, size), shape, UNITS_PER_MM);
                    }
                    shapes.push_str(elements(&plain));
                }
            }
        }
        svg.push_str(&weave(&shapes));
        svg.push_str("</svg>\n");
        svg
    }

    /// The sheet as a PNG with this many pixels per millimetre (8 are about 200 per inch).
    pub(crate) fn png(&self, px_per_mm: f64) -> Vec<u8> {
        super::png::picture(self.width_mm, self.height_mm, px_per_mm, |backend, scale| {
            for item in &self.items {
                match item {
                    Item::Text { at, words, pen } => super::png::write(backend, *at, words, pen, scale),
                    // plotters joins the parts of a wide line in spikes; discs make the joints round.
                    Item::Line { points, ink, width_mm } if points.len() > 2 && width_mm * scale > 3.0 => {
                        for pair in points.windows(2) {
                            let part = Item::Line { points: pair.to_vec(), ink: *ink, width_mm: *width_mm };
                            paint(backend, &part, scale);
                        }
                        for &at in &points[1..points.len() - 1] {
                            paint(backend, &Item::Disc { at, radius_mm: width_mm / 2.0, ink: *ink }, scale);
                        }
                    }
                    shape => paint(backend, shape, scale),
                }
            }
        })
    }

    /// The boxes of all level texts with their words: left, top, right, bottom.
    #[cfg(test)]
    pub(crate) fn text_boxes(&self) -> Vec<([f64; 4], &str, f64)> {
        let boxed = |item| match item {
            &Item::Text { at, ref words, ref pen } if pen.turn_deg.abs() < f64::EPSILON => {
                Some((text_box(at, words, pen), words.as_str(), pen.size_pt))
            }
            _ => None,
        };
        self.items.iter().filter_map(boxed).collect()
    }

    /// The size of every text in points.
    #[cfg(test)]
    pub(crate) fn text_sizes(&self) -> Vec<f64> {
        let size = |item: &Item| match item {
            Item::Text { pen, .. } => Some(pen.size_pt),
            _ => None,
        };
        self.items.iter().filter_map(size).collect()
    }
}

/// The box around level `words` that stand on `at`: left, top, right, bottom.
pub(crate) fn text_box(at: At, words: &str, pen: &Pen) -> [f64; 4] {
    let (width, height) = (pen.width_mm(words), pen.size_pt * MM_PER_PT);
    let left = match pen.anchor {
        Anchor::Start => at.0,
        Anchor::Middle => at.0 - width / 2.0,
        Anchor::End => at.0 - width,
    };
    [left, at.1 - 0.76 * height, left + width, at.1 + 0.24 * height]
}

/// The pieces of a line that are drawn when it is dashed.
fn dashes(points: &[At], on_mm: f64, off_mm: f64) -> Vec<Vec<At>> {
    let mut pieces: Vec<Vec<At>> = Vec::new();
    let (mut is_on, mut left) = (true, on_mm);
    let mut piece: Vec<At> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length <= left {
                left -= length;
                if is_on {
                    piece.push(to);
                }
                break;
            }
            let share = left / length;
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if is_on {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            is_on = !is_on;
            left = if is_on { on_mm } else { off_mm };
        }
    }
    if is_on && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

/// The nearest unit.
#[expect(clippy::cast_possible_truncation, reason = "a sheet is smaller than 100 km")]
fn units(mm: f64) -> i32 {
    (mm * UNITS_PER_MM).round() as i32
}

/// A colour as plotters wants it.
pub(super) fn colour(ink: Ink) -> RGBAColor {
    let [red, green, blue] = ink.rgb;
    RGBColor(red, green, blue).mix(ink.opacity)
}

/// Paints one shape on any of plotters' backends, at `scale` pixels per millimetre.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a sheet")]
fn paint<B: DrawingBackend>(backend: &mut B, item: &Item, scale: f64) {
    let pixel = |&(x, y): &At| ((x * scale).round() as i32, (y * scale).round() as i32);
    let pixels = |mm: f64| (mm * scale).round().max(1.0) as u32;
    let style = |ink, stroke_width| ShapeStyle { color: colour(ink), filled: false, stroke_width };
    let painted = match item {
        Item::Area { ring, ink } => backend.fill_polygon(ring.iter().map(pixel), &style(*ink, 0)),
        Item::Line { points, ink, width_mm } => {
            backend.draw_path(points.iter().map(pixel), &style(*ink, pixels(*width_mm)))
        }
        Item::Disc { at, radius_mm, ink } => {
            backend.draw_circle(pixel(at), pixels(*radius_mm), &style(*ink, 0), true)
        }
        Item::Open(_) | Item::Close | Item::Text { .. } => Ok(()),
    };
    painted.expect("a buffer takes all shapes");
}

/// A text as plotters writes it, with what plotters does not know: weight, halo, turn, and its true width, so
/// that it stays in its place whichever font the viewer has.
fn written(at: At, words: &str, pen: &Pen) -> String {
    let (x, y) = (units(at.0), units(at.1));
    let h_pos = match pen.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let mut plain = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut plain, (0, 0));
        let style = TextStyle {
            font: ("sans-serif", 1.0).into_font(),
            color: colour(pen.ink).to_backend_color(),
            pos: Pos { h_pos, v_pos: VPos::Bottom },
        };
        backend.draw_text(words, &style, (x, y)).expect("a string takes all");
    }
    let content = elements(&plain).split_once('>').map_or("", |(_, rest)| rest);
    let content = content.trim().trim_end_matches("</text>").trim();
    let mut text = format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", units(pen.size_pt * MM_PER_PT));
    match pen.anchor {
        Anchor::Start => {}
        Anchor::Middle => text.push_str(" text-anchor=\"middle\""),
        Anchor::End => text.push_str(" text-anchor=\"end\""),
    }
    if pen.is_bold {
        text.push_str(" font-weight=\"600\"");
    }
    let mut add = |name: &str, value: &dyn std::fmt::Display| {
        write!(text, " {name}=\"{value}\"").expect("a string takes all");
    };
    add("fill", &pen.ink.css());
    if let Some(halo) = pen.halo {
        add("stroke", &halo.css());
        add("stroke-width", &units(pen.size_pt * MM_PER_PT * 0.26));
        add("paint-order", &"stroke");
    }
    if pen.turn_deg.abs() > 0.05 {
        add("transform", &format_args!("rotate({:.1} {x} {y})", pen.turn_deg));
    }
    add("textLength", &units(pen.width_mm(words)));
    add("lengthAdjust", &"spacingAndGlyphs");
    format!("{text}>{content}</text>\n")
}

/// What plotters wrote between the tags of the document.
fn elements(plain: &str) -> &str {
    let inside = plain.split_once('\n').map_or("", |(_, rest)| rest);
    inside.trim_end().trim_end_matches("</svg>")
}

/// Weaves neighbouring lines, or areas, of one style into one path with relative coordinates: a tenth of the
/// size, the same picture.
fn weave(plain: &str) -> String {
    let mut woven = String::new();
    let mut style = "";
    let mut path = String::new();
    let finish = |woven: &mut String, style: &str, path: &mut String| {
        if !path.is_empty() {
            writeln!(woven, "<path{} d=\"{path}\"/>", lean(style)).expect("a string takes all");
            path.clear();
        }
    };
    for line in plain.lines().filter(|line| !line.is_empty()) {
        let shape = ["<polyline", "<polygon"].into_iter().find_map(|tag| {
            let (style, points) = line.strip_prefix(tag)?.split_once(" points=\"")?;
            Some((style, points.trim_end_matches("\"/>"), tag == "<polygon"))
        });
        let Some((its_style, points, is_closed)) = shape else {
            finish(&mut woven, style, &mut path);
            woven.push_str(&lean(line));
            woven.push('\n');
            continue;
        };
        if its_style != style {
            finish(&mut woven, style, &mut path);
            style = its_style;
        }
        trace(&mut path, points, is_closed);
    }
    finish(&mut woven, style, &mut path);
    woven
}

/// Attributes without those that say what holds anyway.
fn lean(attributes: &str) -> String {
    attributes
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" stroke-width=\"0\"", "")
}

/// Adds a line of points, as in `12,40 15,38`, to the path.
fn trace(path: &mut String, points: &str, is_closed: bool) {
    let number = |text: &str| text.parse::<i32>().unwrap_or(0);
    let mut last = None;
    let mut command = "l";
    for point in points.split_whitespace() {
        let Some((x, y)) = point.split_once(',').map(|(x, y)| (number(x), number(y))) else { continue };
        let Some((from_x, from_y)) = last.replace((x, y)) else {
            write!(path, "M{x} {y}").expect("a string takes all");
            continue;
        };
        let (dx, dy): (i32, i32) = (x - from_x, y - from_y);
        if (dx, dy) == (0, 0) {
            continue;
        }
        let before = if command.is_empty() && dx >= 0 { " " } else { command };
        let between = if dy < 0 { "" } else { " " };
        write!(path, "{before}{dx}{between}{dy}").expect("a string takes all");
        command = "";
    }
    if is_closed {
        path.push('z');
    }
}

/// `words` as text or attribute of XML.
pub(crate) fn escaped(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(letter),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

/// The sheet's ground: everything is drawn on white.
pub(crate) fn ground(canvas: &mut Canvas) {
    let corner = (canvas.width_mm, canvas.height_mm);
    canvas.rectangle((0.0, 0.0), corner, PAPER);
}
