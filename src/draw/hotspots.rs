//! Hotspots in, a map and a ranked list of the places that stand out beyond chance out: one number and one outline
//! per place, however many methods found it.

use std::collections::BTreeMap;

use h3o::CellIndex;

use crate::findings::Findings;
use crate::hotspots::{Hotspot, HotspotCell};
use crate::model::NONE;
use crate::unit::Local;

use super::Map;
use super::canvas::{At, Canvas, Pen};
use super::font;
use super::marks;
use super::sheet::{self, Sheet};
use super::style::{BAD, BODY_PT, COLD, HOT, Ink, PAPER, QUIET_TEXT, TEXT};
use super::words::{self, say};

/// How many places get a number on the map and a row beside it.
const RANKED: usize = 10;

/// The map of all hotspots; `None` where nothing was looked for.
pub(super) fn map(findings: &Findings) -> Option<Map> {
    let hotspots = &findings.hotspots;
    if hotspots.hotspots.is_empty() && hotspots.cells.is_empty() {
        return None;
    }
    let language = findings.language;
    let cells = significant(&hotspots.cells);
    let centres = cells.keys().filter_map(|&cell| findings.plane.centre(cell));
    let places = leaders(findings).into_iter().map(|hotspot| hotspot.at);
    let shown: Vec<Local> = centres.chain(places).collect();
    let window = Sheet::window(findings, shown.into_iter())?;
    let mut sheet = Sheet::new(findings, window);
    draw_cells(&mut sheet, &cells);
    sheet.streets(!cells.is_empty());
    draw_places(&mut sheet);
    sheet.street_names(18);
    sheet.frame();

    let title = title(findings);
    sheet.heading(&title, &sheet::basis(findings));
    legend(&mut sheet, &cells);
    table(&mut sheet);
    let about = say!(
        language,
        "Map of the places that stand out beyond chance: significant cells, outlined clusters and numbered places; the numbers are those of the table. {title}.",
        "Kaart van de plekken die meer opvallen dan toeval: significante cellen, omlijnde groepen en genummerde plekken; de nummers staan in de tabel. {title}."
    );
    Some(Map::new("hotspots", title, about, language, sheet.canvas))
}

fn title(findings: &Findings) -> String {
    let language = findings.language;
    let leaders = leaders(findings);
    let (n, first) = (leaders.len() as u64, leaders.first());
    let number = words::count(language, n);
    match first {
        None => {
            say!(language, "No place stands out beyond chance", "Geen enkele plek valt meer op dan toeval")
        }
        Some(first) if n == 1 => {
            let place = words::place(first);
            say!(language, "One place stands out: {place}", "Eén plek valt op: {place}")
        }
        Some(first) => {
            let place = words::place(first);
            say!(
                language,
                "{number} places stand out, {place} most of all",
                "{number} plekken vallen op, {place} het meest"
            )
        }
    }
}

/// The hotspots that speak for the places, ranked.
fn leaders(findings: &Findings) -> Vec<&Hotspot> {
    findings.hotspots.places.iter().map(|place| findings.hotspots.leader(place)).collect()
}

/// The significant cells, each with its strongest finding. Hot goes before cold.
fn significant(cells: &[HotspotCell]) -> BTreeMap<CellIndex, &HotspotCell> {
    let mut strongest: BTreeMap<CellIndex, &HotspotCell> = BTreeMap::new();
    for cell in cells.iter().filter(|cell| class_of(cell).is_some()) {
        let kept = strongest.entry(cell.cell).or_insert(cell);
        if class_of(cell) > class_of(kept) {
            *kept = cell;
        }
    }
    strongest
}

/// Whether a cell is hot, and how sure that is: 0 for 90, 1 for 95, 2 for 99 per cent.
fn class_of(cell: &HotspotCell) -> Option<(bool, usize)> {
    let (side, sure) = cell.class.split_once('_')?;
    let sure = ["90", "95", "99"].iter().position(|&level| level == sure)?;
    match side {
        "hot" => Some((true, sure)),
        "cold" => Some((false, sure)),
        _ => None,
    }
}

fn ink_of((is_hot, sure): (bool, usize)) -> Ink {
    if is_hot { HOT[sure] } else { COLD[sure] }
}

/// A cell in its colour, hatched the denser the surer it is: the colour alone says nothing that is not hatched.
fn draw_cell(canvas: &mut Canvas, ring: Vec<At>, class: (bool, usize)) {
    let dark = if class.0 { Ink::hex(0x0067_001f) } else { Ink::hex(0x0005_3061) };
    canvas.area(ring.clone(), ink_of(class));
    if class.1 > 0 {
        marks::hatch(canvas, &ring, if class.1 == 2 { 1.1 } else { 2.0 }, class.1 == 2, dark.faint(0.45));
    }
    canvas.outline(ring, 0.2, dark.faint(0.6));
}

fn draw_cells(sheet: &mut Sheet<'_>, cells: &BTreeMap<CellIndex, &HotspotCell>) {
    let (findings, window) = (sheet.findings, sheet.window);
    sheet.canvas.group("cells", |canvas| {
        for (&cell, finding) in cells {
            let Some((outline, class)) = findings.plane.outline(cell).zip(class_of(finding)) else {
                continue;
            };
            draw_cell(canvas, window.ring(&outline), class);
        }
    });
}

fn draw_places(sheet: &mut Sheet<'_>) {
    let (findings, window) = (sheet.findings, sheet.window);
    let hotspots = leaders(findings);
    let seen = |hotspot: &&&Hotspot| window.holds(hotspot.at, 2.0);
    sheet.canvas.group("clusters", |canvas| {
        for hotspot in hotspots.iter().filter(|hotspot| hotspot.asset == NONE) {
            for part in &hotspot.shape {
                let ring: Vec<At> =
                    part.exterior().coords().map(|&at| at.into()).map(|at| window.place(at)).collect();
                canvas.outline(ring.clone(), 1.1, PAPER.faint(0.85));
                for &at in &ring {
                    sheet.labels.reserve_disc(at, 0.4);
                }
                canvas.outline(ring, 0.55, BAD);
            }
        }
    });
    let mut coins: Vec<(At, f64, &Hotspot)> = Vec::new();
    sheet.canvas.group("places", |canvas| {
        for hotspot in hotspots.iter().skip(RANKED).filter(seen) {
            let at = window.place(hotspot.at);
            if hotspot.asset == NONE {
                canvas.coin(at, 0.9, BAD, PAPER, 0.3);
            } else {
                marks::diamond(canvas, at, 1.5, BAD);
            }
        }
        // The first is drawn last, on top.
        for (rank, hotspot) in
            (1..).zip(hotspots.iter().take(RANKED)).collect::<Vec<(u32, _)>>().into_iter().rev()
        {
            if !seen(&hotspot) {
                continue;
            }
            let at = window.place(hotspot.at);
            let words = rank.to_string();
            let radius = if hotspot.asset == NONE {
                marks::coin(canvas, at, &words, BAD)
            } else {
                let radius = marks::coin_radius(&words) + 1.1;
                marks::diamond(canvas, at, radius, BAD);
                marks::inscribe(canvas, at, &words, BAD);
                radius
            };
            coins.push((at, radius, hotspot));
        }
    });
    coins.reverse();
    for (at, radius, _) in &coins {
        sheet.labels.reserve_disc(*at, radius * 0.8);
    }
    sheet.canvas.group("labels", |canvas| {
        for (at, radius, hotspot) in coins {
            let pen = Pen::new(BODY_PT, TEXT).bold().haloed(PAPER);
            let label = font::fit(words::place(hotspot), BODY_PT, true, 52.0);
            sheet.labels.beside(canvas, at, radius, &[(label, pen)]);
        }
    });
}

fn legend(sheet: &mut Sheet<'_>, cells: &BTreeMap<CellIndex, &HotspotCell>) {
    let language = sheet.language();
    sheet.part(&say!(language, "What the marks mean", "Wat de tekens betekenen"));
    for class in [(true, 2), (true, 1), (true, 0), (false, 0), (false, 1), (false, 2)] {
        let n = cells.values().filter(|cell| class_of(cell) == Some(class)).count();
        if n == 0 {
            continue;
        }
        let (n, sure) = (words::cells(language, n), [90, 95, 99][class.1]);
        let words = if class.0 {
            say!(language, "more than chance, {sure} % sure ({n})", "meer dan toeval, {sure} % zeker ({n})")
        } else {
            say!(
                language,
                "fewer than chance, {sure} % sure ({n})",
                "minder dan toeval, {sure} % zeker ({n})"
            )
        };
        sheet.key(&words, |canvas, at| draw_cell(canvas, marks::hexagon(at, 2.8), class));
    }
    let hotspots = leaders(sheet.findings);
    if hotspots.iter().any(|hotspot| hotspot.asset == NONE) {
        let words =
            say!(language, "cluster or group of cells, outlined", "groep meldingen of cellen, omlijnd");
        sheet.key(&words, |canvas, (x, y)| {
            canvas.outline(marks::hexagon((x, y), 2.4), 0.55, BAD);
        });
        sheet.key(&say!(language, "its rank in the table", "de rang in de tabel"), |canvas, at| {
            marks::coin(canvas, at, "1", BAD);
        });
    }
    if hotspots.iter().any(|hotspot| hotspot.asset != NONE) {
        let words =
            say!(language, "an asset that comes back, with its rank", "een object dat terugkeert, met rang");
        sheet.key(&words, |canvas, at| {
            marks::diamond(canvas, at, 3.2, BAD);
            marks::inscribe(canvas, at, "1", BAD);
        });
    }
    let note = say!(
        language,
        "+ a week: incidents too many per week; the order is that of its lower bound.",
        "+ per week: gebeurtenissen te veel per week; de volgorde is die van de ondergrens."
    );
    sheet.paragraph(&note, QUIET_TEXT);
    let note = say!(
        language,
        "q: how often chance alone would do this, corrected for looking at many places; – where nothing is tested.",
        "q: hoe vaak toeval alleen dit geeft, gecorrigeerd voor het bekijken van veel plekken; – waar niets is getoetst."
    );
    sheet.paragraph(&note, QUIET_TEXT);
}

fn table(sheet: &mut Sheet<'_>) {
    let language = sheet.language();
    let findings = sheet.findings;
    let hotspots = leaders(findings);
    let shown = hotspots.len().min(RANKED);
    sheet.part(&say!(language, "The first {shown}", "De eerste {shown}"));
    let headings = [
        String::new(),
        say!(language, "place", "plek"),
        "n".to_owned(),
        say!(language, "+ a week", "+ per week"),
        "q".to_owned(),
    ];
    let shares = [0.07, 0.41, 0.17, 0.19, 0.16];
    let rows: Vec<Vec<String>> = (1..)
        .zip(hotspots.iter().take(RANKED))
        .map(|(rank, hotspot): (u32, _)| {
            vec![
                rank.to_string(),
                words::place(hotspot).to_owned(),
                words::count(language, hotspot.incidents.len() as u64),
                words::decimal(language, hotspot.excess.per_week, 2),
                words::probability(language, hotspot.q_value),
            ]
        })
        .collect();
    let notes: Vec<String> = findings
        .hotspots
        .places
        .iter()
        .take(RANKED)
        .map(|place| {
            let kind = words::selection(language, findings.hotspots.leader(place).kind);
            format!("{kind} · {}", words::methods(language, place))
        })
        .collect();
    sheet.table_with_notes(&shares, &headings, &rows, &notes);
}
