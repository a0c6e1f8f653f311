//! Screened streets and crossings in, a map of those that hold more than their like out: one sheet per kind of
//! incident, those with the largest excess numbered.

use crate::findings::Findings;
use crate::hotspots::network_density::{Place, Segment};
use crate::unit::Local;

use super::Map;
use super::canvas::{At, Canvas};
use super::marks;
use super::sheet::{self, Sheet};
use super::style::{BAD, DOUBTFUL, Ink, PAPER, QUIET_TEXT, RAMP};
use super::words::{self, say};

/// How many get a number on the map and a row beside it.
const RANKED: usize = 10;
/// Up to this q-value a street or crossing is beyond chance.
const SURE_Q: f64 = 0.05;

/// How much a street or crossing stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// More than its like, but no more than luck may give one of so many.
    More,
    /// Very likely more, luck taken out.
    Likely,
    /// More than chance gives any of them.
    Sure,
}

impl Class {
    const ALL: [Self; 3] = [Self::More, Self::Likely, Self::Sure];

    /// `None` for those with no more than half an incident too many: there are thousands of them.
    fn of(row: &Segment) -> Option<Self> {
        if row.q_value <= SURE_Q {
            Some(Self::Sure)
        } else if row.excess_low > 0.0 {
            Some(Self::Likely)
        } else {
            (row.excess() >= 0.5).then_some(Self::More)
        }
    }

    fn ink(self) -> Ink {
        [RAMP[2], BAD, RAMP[4]][self as usize]
    }

    fn width_mm(self) -> f64 {
        [0.7, 1.1, 1.7][self as usize]
    }
}

/// The rows of each table of the project, the largest excess first.
pub(super) fn screenings(findings: &Findings) -> Vec<&[Segment]> {
    findings.hotspots.segments.chunk_by(|a, b| a.kind == b.kind && a.excess() >= b.excess()).collect()
}

/// The map of one screening.
pub(super) fn map(findings: &Findings, rows: &[Segment]) -> Option<Map> {
    let language = findings.language;
    let classed: Vec<(Class, &Segment)> =
        rows.iter().filter_map(|row| Class::of(row).map(|class| (class, row))).collect();
    let lines = classed.iter().flat_map(|(_, row)| &row.line);
    let window = Sheet::window(findings, lines.flat_map(geo::LineString::coords).map(|&at| at.into()))?;
    let mut sheet = Sheet::new(findings, window);
    sheet.streets(false);
    draw(&mut sheet, &classed);
    let ranked: Vec<&Segment> = rows.iter().filter(|row| Class::of(row).is_some()).take(RANKED).collect();
    draw_numbers(&mut sheet, &ranked);
    sheet.street_names(18);
    sheet.frame();

    let title = title(findings, rows);
    sheet.heading(&title, &sheet::basis(findings));
    legend(&mut sheet, rows.len(), &classed);
    table(&mut sheet, &ranked);
    let about = say!(
        language,
        "Map of streets and crossings with more incidents than their like; wider and darker lines stand out more, and the numbers are those of the table. {title}.",
        "Kaart van straten en kruisingen met meer gebeurtenissen dan soortgelijke; bredere en donkerdere lijnen vallen meer op, en de nummers staan in de tabel. {title}."
    );
    Some(Map::new("segments", title, about, language, sheet.canvas))
}

fn title(findings: &Findings, rows: &[Segment]) -> String {
    let language = findings.language;
    let kind = rows.first().map_or_else(String::new, |row| words::selection(language, row.kind));
    let sure: Vec<&Segment> = rows.iter().filter(|row| Class::of(row) == Some(Class::Sure)).collect();
    let n = words::count(language, sure.len() as u64);
    match sure[..] {
        [] => say!(
            language,
            "No street or crossing has more {kind} than chance gives",
            "Geen straat of kruising heeft meer {kind} dan toeval geeft"
        ),
        [one] => {
            let street = street(one);
            say!(
                language,
                "One street or crossing stands out for {kind}: {street}",
                "Eén straat of kruising valt op voor {kind}: {street}"
            )
        }
        [first, ..] => {
            let street = street(first);
            say!(
                language,
                "{n} streets and crossings stand out for {kind}, {street} most of all",
                "{n} straten en kruisingen vallen op voor {kind}, {street} het meest"
            )
        }
    }
}

/// The name of its street or streets; `–` where they have none.
fn street(row: &Segment) -> &str {
    if row.street.is_empty() { "–" } else { &row.street }
}

/// The lines, those that stand out most on top.
fn draw(sheet: &mut Sheet<'_>, classed: &[(Class, &Segment)]) {
    let window = sheet.window;
    sheet.canvas.group("segments", |canvas| {
        for class in Class::ALL {
            for (_, row) in classed.iter().filter(|(of_row, _)| *of_row == class) {
                for line in &row.line {
                    let line: Vec<Local> = line.coords().map(|&at| at.into()).collect();
                    for piece in window.lines(&line) {
                        draw_line(canvas, piece, class);
                    }
                }
            }
        }
    });
}

fn draw_line(canvas: &mut Canvas, line: Vec<At>, class: Class) {
    canvas.line(line.clone(), class.width_mm() + 0.4, PAPER.faint(0.8));
    canvas.line(line, class.width_mm(), class.ink());
}

fn draw_numbers(sheet: &mut Sheet<'_>, ranked: &[&Segment]) {
    let window = sheet.window;
    let mut coins: Vec<(At, f64)> = Vec::new();
    sheet.canvas.group("places", |canvas| {
        // The first is drawn last, on top.
        for (rank, row) in (1..).zip(ranked).collect::<Vec<(u32, _)>>().into_iter().rev() {
            let Some(at) = middle(row).filter(|&at| window.holds(at, 2.0)) else { continue };
            let at = window.place(at);
            coins.push((at, marks::coin(canvas, at, &rank.to_string(), coin_ink(row))));
        }
    });
    for (at, radius) in coins {
        sheet.labels.reserve_disc(at, radius);
    }
}

fn coin_ink(row: &Segment) -> Ink {
    if Class::of(row) == Some(Class::Sure) { BAD } else { DOUBTFUL }
}

/// The middle of its stretch; of a crossing, where its streets meet.
fn middle(row: &Segment) -> Option<Local> {
    let corners: Vec<Local> =
        row.line.iter().flat_map(geo::LineString::coords).map(|&at| at.into()).collect();
    if row.place == Place::Segment {
        return corners.get(corners.len() / 2).copied();
    }
    let n = corners.len() as f64;
    let sum = corners.iter().fold((0.0, 0.0), |sum, at| (sum.0 + at.x, sum.1 + at.y));
    (!corners.is_empty()).then(|| Local::new(sum.0 / n, sum.1 / n))
}

fn legend(sheet: &mut Sheet<'_>, screened: usize, classed: &[(Class, &Segment)]) {
    let language = sheet.language();
    sheet.part(&say!(language, "More than their like", "Meer dan soortgelijke"));
    for class in Class::ALL.into_iter().rev() {
        let n = classed.iter().filter(|(of_row, _)| *of_row == class).count();
        if n == 0 {
            continue;
        }
        let n = words::count(language, n as u64);
        let words = match class {
            Class::Sure => say!(language, "beyond chance (q ≤ 0.05): {n}", "meer dan toeval (q ≤ 0,05): {n}"),
            Class::Likely => {
                say!(language, "likely more, luck taken out: {n}", "waarschijnlijk meer, geluk eraf: {n}")
            }
            Class::More => {
                say!(language, "more, but it may be luck: {n}", "meer, maar misschien toeval: {n}")
            }
        };
        sheet.key(&words, |canvas, (x, y)| draw_line(canvas, vec![(x - 3.2, y), (x + 3.2, y)], class));
    }
    let all = words::count(language, screened as u64);
    sheet.paragraph(
        &say!(
            language,
            "{all} stretches and crossings are each compared with those of their class of street, by length. No traffic volumes are known: a busy street of its class stands out because it is busy.",
            "{all} stukken straat en kruisingen zijn elk vergeleken met die van hun soort straat, naar lengte. Drukte is niet bekend: een drukke straat van zijn soort valt op doordat hij druk is."
        ),
        QUIET_TEXT,
    );
}

fn table(sheet: &mut Sheet<'_>, ranked: &[&Segment]) {
    let language = sheet.language();
    let shown = ranked.len();
    if shown == 0 {
        return;
    }
    sheet.part(&say!(language, "The first {shown}", "De eerste {shown}"));
    let headings = [
        String::new(),
        say!(language, "street", "straat"),
        "n".to_owned(),
        say!(language, "too many", "te veel"),
        "q".to_owned(),
    ];
    let row = |(rank, row): (u32, &&Segment)| {
        vec![
            rank.to_string(),
            street(row).to_owned(),
            words::count(language, row.n),
            words::decimal(language, row.excess(), 1),
            words::probability(language, row.q_value),
        ]
    };
    let rows: Vec<Vec<String>> = (1..).zip(ranked).map(row).collect();
    let note = |row: &&Segment| {
        let expected = words::decimal(language, row.expected, 1);
        match row.place {
            Place::Crossing => {
                say!(language, "crossing · {expected} expected", "kruising · {expected} verwacht")
            }
            Place::Segment => {
                let length = words::length(language, row.to_m - row.from_m);
                say!(
                    language,
                    "{length} of street · {expected} expected",
                    "{length} straat · {expected} verwacht"
                )
            }
        }
    };
    let notes: Vec<String> = ranked.iter().map(note).collect();
    sheet.table_with_notes(&[0.07, 0.43, 0.11, 0.23, 0.16], &headings, &rows, &notes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tests::{check_markup, check_words, small_town};
    use crate::model::kind::{Kind, Language, Selection};

    /// A row on a street of the town.
    fn row(findings: &Findings, way: usize, q_value: f64, eb_expected: f64) -> Segment {
        let line = findings.streets.line(&findings.streets.ways[way]);
        Segment {
            kind: Selection::Kind(Kind::UnsafeTraffic),
            place: if way.is_multiple_of(2) { Place::Segment } else { Place::Crossing },
            street: format!("Street {way} / <b>Lane</b>"),
            from_m: 0.0,
            to_m: 100.0,
            n: 9,
            expected: 2.0,
            eb_expected,
            excess_low: eb_expected - 4.0,
            excess_high: eb_expected,
            p_value: q_value / 2.0,
            q_value,
            density: 4.0,
            line: geo::MultiLineString::new(vec![line.iter().map(|&at| geo::Coord::from(at)).collect()]),
        }
    }

    fn town(language: Language, q_values: &[f64]) -> Findings {
        let mut findings = small_town(language);
        let excess = |place: usize| 9.0 - place as f64;
        findings.hotspots.segments =
            q_values.iter().enumerate().map(|(place, &q)| row(&findings, place, q, excess(place))).collect();
        findings
    }

    #[test]
    fn a_screening_is_one_sheet_that_names_the_street_that_stands_out_most() {
        for language in [Language::En, Language::Nl] {
            let findings = town(language, &[0.001, 0.01, 0.2, 0.4, 0.9, 1.0, 1.0, 1.0]);
            let screenings = screenings(&findings);
            assert_eq!(screenings.len(), 1);
            let map = map(&findings, screenings[0]).unwrap();
            check_markup(&map.svg, &[]).unwrap();
            check_words(&map);
            assert!(map.title.starts_with("2 ") && map.title.contains("Street 0"), "{}", map.title);
        }
    }

    #[test]
    fn streets_that_may_all_be_luck_are_not_said_to_stand_out() {
        let findings = town(Language::En, &[0.3, 0.9]);
        let map = map(&findings, screenings(&findings)[0]).unwrap();
        assert!(map.title.starts_with("No street or crossing"), "{}", map.title);
    }
}
