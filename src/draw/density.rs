//! Incidents in, a map of where they are many out: H3 cells in at most five classes, with their counts.

use std::collections::BTreeMap;

use h3o::{CellIndex, Resolution};

use crate::findings::Findings;
use crate::model::NONE;
use crate::model::kind::Kind;
use crate::model::street::StreetClass;
use crate::unit::Local;

use super::Map;
use super::canvas::{At, Canvas};
use super::marks;
use super::sheet::{self, Sheet};
use super::style::{QUIET_TEXT, RAMP, TEXT};
use super::window::Window;
use super::words::{self, say};

/// How wide a cell should be on paper: wide enough for a number, narrow enough to tell places apart.
const CELL_MM: f64 = 9.0;

/// The map of all incidents that lie at a point; `None` where there are none.
pub(super) fn map(findings: &Findings) -> Option<Map> {
    let language = findings.language;
    let incidents = &findings.incidents;
    let points: Vec<Local> = (incidents.at.iter().zip(&incidents.is_point))
        .filter(|(at, is_point)| **is_point && at.is_somewhere())
        .map(|(at, _)| *at)
        .collect();
    if points.is_empty() {
        return None;
    }
    let window = Sheet::window(findings, points.iter().copied())?;
    let resolution = resolution(findings, &window)?;
    let mut counts: BTreeMap<CellIndex, u32> = BTreeMap::new();
    for &at in &points {
        *counts.entry(findings.plane.cell(at, resolution)).or_default() += 1;
    }
    let mut ranked: Vec<(CellIndex, u32)> = counts.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let classes = classes(ranked.iter().map(|cell| cell.1).max().unwrap_or(1));

    let mut sheet = Sheet::new(findings, window);
    let mut numbers: Vec<(At, u32)> = Vec::new();
    sheet.canvas.group("cells", |canvas| {
        for &(cell, n) in &ranked {
            let Some(outline) = findings.plane.outline(cell) else { continue };
            let ring = window.ring(&outline);
            canvas.area(ring.clone(), RAMP[class_of(&classes, n)]);
            canvas.outline(ring, 0.15, RAMP[4].faint(0.35));
            if let Some(centre) = findings.plane.centre(cell).filter(|&centre| window.holds(centre, 4.0)) {
                numbers.push((window.place(centre), n));
            }
        }
    });
    sheet.streets(true);
    let numbered = numbers.iter().filter(|(_, n)| class_of(&classes, *n) >= classes.len().saturating_sub(2));
    sheet.canvas.group("numbers", |canvas| {
        for &(at, n) in numbered {
            let ink = RAMP[class_of(&classes, n)];
            let words = n.to_string();
            let half = super::canvas::Pen::new(9.0, TEXT).bold().width_mm(&words) / 2.0;
            let box_of = [at.0 - half, at.1 - 1.6, at.0 + half, at.1 + 1.6];
            if sheet.labels.is_free(box_of) {
                sheet.labels.reserve(box_of);
                marks::inscribe(canvas, at, &words, ink);
            }
        }
    });
    sheet.street_names(26);
    sheet.frame();

    let half = half_of(&ranked);
    let total = words::count(language, points.len() as u64);
    let (some_cells, all_cells) =
        (words::count(language, half as u64), words::count(language, ranked.len() as u64));
    let title = say!(
        language,
        "Half of all incidents happen in {some_cells} of {all_cells} cells",
        "De helft van alle gebeurtenissen gebeurt in {some_cells} van {all_cells} cellen"
    );
    sheet.heading(&title, &sheet::basis(findings));
    legend(&mut sheet, &ranked, &classes, resolution, points.len());
    busiest(&mut sheet, &ranked);
    kinds(&mut sheet);
    let about = say!(
        language,
        "Map of {total} incidents, counted in hexagonal cells of equal size; darker cells have more. {title}.",
        "Kaart van {total} gebeurtenissen, geteld in even grote zeshoekige cellen; donkerder is meer. {title}."
    );
    Some(Map::new("density", title, about, language, sheet.canvas))
}

/// The resolution whose cells are nearest to [`CELL_MM`] on paper.
fn resolution(findings: &Findings, window: &Window) -> Option<Resolution> {
    let width_mm = |resolution| {
        let outline = findings.plane.outline(findings.plane.cell(window.centre(), resolution))?;
        let ring: Vec<At> = outline.exterior().coords().map(|&at| window.place(at.into())).collect();
        let (low, high) =
            ring.iter().fold((f64::MAX, f64::MIN), |(low, high), at| (low.min(at.0), high.max(at.0)));
        Some(high - low)
    };
    let misfit = |resolution| width_mm(resolution).map(|width| (width / CELL_MM).ln().abs());
    let fine = [Resolution::Six, Resolution::Seven, Resolution::Eight, Resolution::Nine, Resolution::Ten];
    let all = fine.into_iter().chain([Resolution::Eleven, Resolution::Twelve, Resolution::Thirteen]);
    all.filter_map(|resolution| misfit(resolution).map(|misfit| (resolution, misfit)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(resolution, _)| resolution)
}

/// At most five classes of counts up to `most`, each about as many times larger than the one before: counts of
/// places are skewed, and equal steps would put nearly all cells in the first class.
fn classes(most: u32) -> Vec<(u32, u32)> {
    let mut classes = Vec::new();
    let mut low = 1;
    for step in 1..=5u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most `most`")]
        let high = f64::from(most).powf(f64::from(step) / 5.0).round() as u32;
        let high = if step == 5 { most } else { high };
        if high >= low {
            classes.push((low, high));
            low = high + 1;
        }
    }
    classes
}

/// The step of the ramp for a count; with fewer than five classes, the darkest steps stay in use.
fn class_of(classes: &[(u32, u32)], n: u32) -> usize {
    let class = classes.iter().position(|&(low, high)| low <= n && n <= high).unwrap_or(0);
    if classes.len() < 2 { 2 } else { class * 4 / (classes.len() - 1) }
}

/// In how many of the cells, the fullest first, half of everything lies.
fn half_of(ranked: &[(CellIndex, u32)]) -> usize {
    let total: u64 = ranked.iter().map(|cell| u64::from(cell.1)).sum();
    let mut sum = 0;
    ranked
        .iter()
        .take_while(|cell| {
            let is_needed = sum * 2 < total;
            sum += u64::from(cell.1);
            is_needed
        })
        .count()
}

fn legend(
    sheet: &mut Sheet<'_>,
    ranked: &[(CellIndex, u32)],
    classes: &[(u32, u32)],
    resolution: Resolution,
    points: usize,
) {
    let language = sheet.language();
    sheet.part(&say!(language, "Incidents per cell", "Gebeurtenissen per cel"));
    for &(low, high) in classes.iter().rev() {
        let cells = ranked.iter().filter(|cell| low <= cell.1 && cell.1 <= high).count();
        let cells = words::cells(language, cells);
        let range = if low == high { low.to_string() } else { format!("{low} – {high}") };
        let words = format!("{range}   ({cells})");
        let ink = RAMP[class_of(classes, low)];
        sheet.key(&words, |canvas: &mut Canvas, at| {
            let ring = marks::hexagon(at, 2.9);
            canvas.area(ring.clone(), ink);
            canvas.outline(ring, 0.2, RAMP[4].faint(0.6));
        });
    }
    let area = resolution.area_m2() / 10_000.0;
    let (level, area) = (u8::from(resolution), words::decimal(language, area, usize::from(area < 10.0)));
    let n = words::count(language, points as u64);
    let note = say!(
        language,
        "H3 cells of level {level}, about {area} ha each. {n} incidents with an exact enough place are counted; cells without any are left blank.",
        "H3-cellen van niveau {level}, elk ongeveer {area} ha. Geteld zijn {n} gebeurtenissen met een voldoende precieze plaats; cellen zonder blijven leeg."
    );
    sheet.paragraph(&note, QUIET_TEXT);
}

fn busiest(sheet: &mut Sheet<'_>, ranked: &[(CellIndex, u32)]) {
    let language = sheet.language();
    let findings = sheet.findings;
    sheet.part(&say!(language, "The fullest cells", "De volste cellen"));
    let rows: Vec<Vec<String>> = (1..)
        .zip(ranked.iter().take(8))
        .map(|(rank, &(cell, n)): (u32, _)| {
            let near = findings.plane.centre(cell).and_then(|centre| street_near(findings, centre));
            vec![rank.to_string(), near.unwrap_or("–").to_owned(), words::count(language, n)]
        })
        .collect();
    let headings = [String::new(), say!(language, "near", "bij"), "n".to_owned()];
    sheet.table(&[0.1, 0.72, 0.18], &headings, &rows);
}

fn kinds(sheet: &mut Sheet<'_>) {
    let language = sheet.language();
    let kinds = &sheet.findings.incidents.kind;
    let mut counts = vec![0u32; Kind::ALL.len()];
    for &kind in kinds {
        counts[kind as usize] += 1;
    }
    let mut ranked: Vec<_> = Kind::ALL.iter().zip(counts).filter(|(_, n)| *n > 0).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let rows: Vec<Vec<String>> = ranked
        .into_iter()
        .take(6)
        .map(|(kind, n)| vec![String::new(), kind.label(language).to_owned(), words::count(language, n)])
        .collect();
    sheet.part(&say!(language, "What they are about", "Waar ze over gaan"));
    sheet.table(&[0.0, 0.82, 0.18], &[String::new(), say!(language, "kind", "soort"), "n".to_owned()], &rows);
}

/// The name of the nearest street with a name.
pub(super) fn street_near(findings: &Findings, at: Local) -> Option<&str> {
    let streets = &findings.streets;
    let mut best: Option<(f64, u32)> = None;
    for way in streets.ways.iter().filter(|way| way.name != NONE && way.class != StreetClass::Foot) {
        for pair in way.nodes.windows(2) {
            let distance_m = to_line(at, streets.nodes[pair[0] as usize], streets.nodes[pair[1] as usize]);
            if best.is_none_or(|(nearest, name)| (distance_m, way.name) < (nearest, name)) {
                best = Some((distance_m, way.name));
            }
        }
    }
    best.map(|(_, name)| streets.words.get(name))
}

/// Metres from a position to a straight line.
fn to_line(at: Local, from: Local, to: Local) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let squared = dx * dx + dy * dy;
    let share = if squared > 0.0 { ((at.x - from.x) * dx + (at.y - from.y) * dy) / squared } else { 0.0 };
    at.distance_m(from.toward(to, share.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_cover_every_count_once() {
        for most in [1, 2, 3, 7, 40, 1234] {
            let classes = classes(most);
            assert!(classes.len() <= 5 && classes[0].0 == 1 && classes.last().unwrap().1 == most);
            assert!(classes.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{classes:?}");
        }
    }
}
