//! Bands of a smooth surface in, a map of where it is high out: one sheet per surface, its highest parts numbered.

use geo::{Area, BoundingRect, Centroid, Contains};

use crate::findings::Findings;
use crate::hotspots::Per;
use crate::hotspots::kernel::DensityBand;
use crate::model::kind::Language;
use crate::unit::Local;

use super::Map;
use super::canvas::{At, Canvas};
use super::density::street_near;
use super::marks;
use super::sheet::{self, Sheet};
use super::style::{BAD, Ink, QUIET_TEXT, RAMP};
use super::words::{self, say};

/// How many of the highest parts get a number on the map and a row beside it.
const RANKED: usize = 8;

/// The bands of each surface, the lowest first.
pub(super) fn surfaces(findings: &Findings) -> Vec<&[DensityBand]> {
    let is_of_one = |a: &DensityBand, b: &DensityBand| {
        (a.kind, a.per) == (b.kind, b.per)
            && a.bandwidth_m.total_cmp(&b.bandwidth_m).is_eq()
            && a.level_low < b.level_low
    };
    findings.hotspots.density.chunk_by(is_of_one).collect()
}

/// The map of one surface.
pub(super) fn map(findings: &Findings, bands: &[DensityBand]) -> Option<Map> {
    let language = findings.language;
    let (lowest, highest) = (bands.first()?, bands.last()?);
    let points = points(findings, lowest);
    let corners = bands.iter().flat_map(|band| &band.shape).flat_map(|part| part.exterior().coords());
    let window = Sheet::window(findings, corners.map(|&at| at.into()))?;
    let parts = parts(highest, &points);
    let mut sheet = Sheet::new(findings, window);
    for (level, band) in bands.iter().enumerate() {
        draw_band(&mut sheet, band, ink_of(level, bands.len()));
    }
    sheet.streets(true);
    draw_numbers(&mut sheet, &parts);
    sheet.street_names(22);
    sheet.frame();

    let title = title(language, bands, &points);
    sheet.heading(&title, &sheet::basis(findings));
    legend(&mut sheet, bands);
    table(&mut sheet, &parts);
    let about = say!(
        language,
        "Map of a smooth surface, in bands; darker is higher, and the numbers are those of the table. {title}.",
        "Kaart van een glad oppervlak, in banden; donkerder is hoger, en de nummers staan in de tabel. {title}."
    );
    Some(Map::new("surface", title, about, language, sheet.canvas))
}

/// Where the incidents are that the surface is made of.
fn points(findings: &Findings, band: &DensityBand) -> Vec<Local> {
    let incidents = &findings.incidents;
    (0..incidents.len())
        .filter(|&incident| incidents.is_point[incident] && band.kind.holds(incidents.kind[incident]))
        .map(|incident| incidents.at[incident])
        .filter(|at| at.is_somewhere())
        .collect()
}

/// A part of the highest band.
struct Part {
    at: Local,
    n: usize,
    area_m2: f64,
}

/// The parts of a band, the one with the most incidents first.
fn parts(band: &DensityBand, points: &[Local]) -> Vec<Part> {
    let part = |shape: &geo::Polygon<f64>| {
        let inside = inside(shape, points);
        let middle = shape.centroid().map(|at| Local::new(at.x(), at.y()))?;
        let nearest = |a: &&Local, b: &&Local| a.distance_m(middle).total_cmp(&b.distance_m(middle));
        // A ring has its middle outside of it; an incident of it never is.
        let at = if shape.contains(&geo::Point::from(middle)) {
            middle
        } else {
            **inside.iter().min_by(|a, b| nearest(a, b))?
        };
        Some(Part { at, n: inside.len(), area_m2: shape.unsigned_area() })
    };
    let mut parts: Vec<Part> = band.shape.iter().filter_map(part).collect();
    parts.sort_by(|a, b| b.n.cmp(&a.n).then(b.area_m2.total_cmp(&a.area_m2)).then(a.at.total_cmp(&b.at)));
    parts
}

fn inside<'a>(shape: &geo::Polygon<f64>, points: &'a [Local]) -> Vec<&'a Local> {
    let Some(around) = shape.bounding_rect() else { return Vec::new() };
    let is_inside = |at: &&Local| {
        let at = geo::Point::from(**at);
        around.contains(&at) && shape.contains(&at)
    };
    points.iter().filter(is_inside).collect()
}

/// The step of the ramp for a band; the highest is the darkest.
fn ink_of(level: usize, levels: usize) -> Ink {
    RAMP[(RAMP.len() - 1).saturating_sub(levels - 1 - level)]
}

fn draw_band(sheet: &mut Sheet<'_>, band: &DensityBand, ink: Ink) {
    let window = sheet.window;
    sheet.canvas.group("band", |canvas| {
        for part in &band.shape {
            canvas.area(window.ring(part), ink.faint(0.85));
            for ring in std::iter::once(part.exterior()).chain(part.interiors()) {
                let line: Vec<Local> = ring.coords().map(|&at| at.into()).collect();
                for piece in window.lines(&line) {
                    canvas.line(piece, 0.15, RAMP[4].faint(0.6));
                }
            }
        }
    });
}

fn draw_numbers(sheet: &mut Sheet<'_>, parts: &[Part]) {
    let window = sheet.window;
    let mut coins: Vec<(At, f64)> = Vec::new();
    sheet.canvas.group("places", |canvas| {
        // The first is drawn last, on top.
        for (rank, part) in (1..).zip(parts.iter().take(RANKED)).collect::<Vec<(u32, _)>>().into_iter().rev()
        {
            if window.holds(part.at, 2.0) {
                let at = window.place(part.at);
                coins.push((at, marks::coin(canvas, at, &rank.to_string(), BAD)));
            }
        }
    });
    for (at, radius) in coins {
        sheet.labels.reserve_disc(at, radius);
    }
}

fn title(language: Language, bands: &[DensityBand], points: &[Local]) -> String {
    let lowest = &bands[0];
    let kind = words::capital(&words::selection(language, lowest.kind));
    let area = area(language, bands.iter().map(|band| band.shape.unsigned_area()).sum());
    if lowest.per == Per::Nothing {
        let n: usize = bands.iter().flat_map(|band| &band.shape).map(|part| inside(part, points).len()).sum();
        let share = words::percent(language, n as f64 / points.len().max(1) as f64);
        return say!(
            language,
            "{kind}: {share} of the incidents lie on {area} of dense ground",
            "{kind}: {share} van de gebeurtenissen ligt op {area} dichte grond"
        );
    }
    let decimals = usize::from(lowest.level_low.fract() > 0.0);
    let (per, level) = (per(language, lowest.per), words::decimal(language, lowest.level_low, decimals));
    say!(
        language,
        "{kind} {per}: at least {level} times the average on {area}",
        "{kind} {per}: minstens {level} keer het gemiddelde op {area}"
    )
}

/// What a risk is compared with, in words.
fn per(language: Language, per: Per) -> String {
    match per {
        Per::Nothing => String::new(),
        Per::Reports => say!(language, "among all reports", "binnen alle meldingen"),
        Per::StreetMetres => say!(language, "per metre of street", "per meter straat"),
        Per::Visits => say!(language, "per planned visit", "per gepland bezoek"),
        Per::Assets(kind) => format!("per {}", kind.label(language)),
    }
}

/// Square metres as people say them: `3.2 ha`, `1.4 km²`.
fn area(language: Language, area_m2: f64) -> String {
    if area_m2 < 1e6 {
        format!("{} ha", words::decimal(language, area_m2 / 1e4, 1))
    } else {
        format!("{} km²", words::decimal(language, area_m2 / 1e6, 1))
    }
}

fn legend(sheet: &mut Sheet<'_>, bands: &[DensityBand]) {
    let language = sheet.language();
    let lowest = &bands[0];
    let is_risk = lowest.per != Per::Nothing;
    sheet.part(&if is_risk {
        say!(language, "Times the average", "Keer het gemiddelde")
    } else {
        say!(language, "Incidents per km² and year", "Gebeurtenissen per km² en jaar")
    });
    for (level, band) in bands.iter().enumerate().rev() {
        let number = |value: f64| words::decimal(language, value, usize::from(is_risk));
        let (low, high) = (number(band.level_low), number(band.level_high));
        let range = if band.level_high.is_finite() {
            format!("{low} – {high}")
        } else {
            say!(language, "{low} or more", "{low} of meer")
        };
        let area = area(language, band.shape.unsigned_area());
        let ink = ink_of(level, bands.len());
        sheet.key(&format!("{range}   ({area})"), |canvas: &mut Canvas, (x, y)| {
            let ring = vec![(x - 3.2, y - 2.0), (x + 3.2, y - 2.0), (x + 3.2, y + 2.0), (x - 3.2, y + 2.0)];
            canvas.area(ring.clone(), ink.faint(0.85));
            canvas.outline(ring, 0.2, RAMP[4].faint(0.6));
        });
    }
    let bandwidth = words::length(language, lowest.bandwidth_m);
    sheet.paragraph(
        &say!(
            language,
            "Every incident is smeared out over {bandwidth} around it; what would fall outside the study area is put back inside.",
            "Elke gebeurtenis is uitgesmeerd over {bandwidth} eromheen; wat buiten het gebied zou vallen telt erbinnen."
        ),
        QUIET_TEXT,
    );
    let words = if is_risk {
        say!(
            language,
            "Small patches may be chance: the peaks that are not are among the hotspots.",
            "Kleine plekken kunnen toeval zijn: de pieken die dat niet zijn staan bij de hotspots."
        )
    } else {
        say!(
            language,
            "A count, not a risk: where more people pass or more bins stand, more is reported.",
            "Een aantal, geen risico: waar meer mensen komen of meer bakken staan, wordt meer gemeld."
        )
    };
    sheet.paragraph(&words, QUIET_TEXT);
}

fn table(sheet: &mut Sheet<'_>, parts: &[Part]) {
    let language = sheet.language();
    let findings = sheet.findings;
    let rows: Vec<Vec<String>> = (1..)
        .zip(parts.iter().take(RANKED))
        .map(|(rank, part): (u32, _)| {
            let near = street_near(findings, part.at).unwrap_or("–").to_owned();
            let ha = words::decimal(language, part.area_m2 / 1e4, 1);
            vec![rank.to_string(), near, words::count(language, part.n as u64), ha]
        })
        .collect();
    let (shown, all) = (rows.len(), words::count(language, parts.len() as u64));
    sheet.part(&say!(
        language,
        "The highest band: {shown} of {all} parts",
        "De hoogste band: {shown} van {all} delen"
    ));
    let headings = [String::new(), say!(language, "near", "bij"), "n".to_owned(), "ha".to_owned()];
    sheet.table(&[0.1, 0.58, 0.17, 0.15], &headings, &rows);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tests::{check_markup, check_words, small_town};
    use crate::model::kind::Selection;

    fn square(middle: Local, half_m: f64) -> geo::MultiPolygon<f64> {
        let at = |x: f64, y: f64| geo::Coord { x: middle.x + x * half_m, y: middle.y + y * half_m };
        let ring = vec![at(-1.0, -1.0), at(1.0, -1.0), at(1.0, 1.0), at(-1.0, 1.0), at(-1.0, -1.0)];
        geo::MultiPolygon::new(vec![geo::Polygon::new(ring.into(), Vec::new())])
    }

    fn town(language: Language, per: Per) -> Findings {
        let mut findings = small_town(language);
        let busiest = findings.incidents.at.iter().copied().find(|at| at.is_somewhere()).unwrap();
        findings.hotspots.density = [(2.0, 4.0, 150.0), (4.0, f64::INFINITY, 60.0)]
            .map(|(level_low, level_high, half_m)| DensityBand {
                kind: Selection::All,
                per,
                bandwidth_m: 75.0,
                level_low,
                level_high,
                unit: "times_average",
                shape: square(busiest, half_m),
            })
            .into();
        findings
    }

    #[test]
    fn a_surface_is_one_sheet_that_says_how_high_and_where() {
        for (language, per, words) in [
            (Language::En, Per::Nothing, "of dense ground"),
            (Language::Nl, Per::Visits, "keer het gemiddelde"),
        ] {
            let findings = town(language, per);
            let surfaces = surfaces(&findings);
            assert_eq!(surfaces.len(), 1);
            let map = map(&findings, surfaces[0]).unwrap();
            check_markup(&map.svg, &[]).unwrap();
            check_words(&map);
            assert!(map.title.contains(words), "{}", map.title);
        }
    }

    #[test]
    fn two_surfaces_are_two_sheets() {
        let mut findings = town(Language::En, Per::Nothing);
        let again: Vec<DensityBand> = findings.hotspots.density.clone();
        findings.hotspots.density.extend(again);
        assert_eq!(surfaces(&findings).iter().map(|bands| bands.len()).collect::<Vec<_>>(), [2, 2]);
    }
}
