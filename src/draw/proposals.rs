//! One proposal in, its map out: the place or the line before and after, what it costs and what it brings.

use std::collections::BTreeMap;

use crate::adjust::{Change, Proposal};
use crate::findings::Findings;
use crate::model::NONE;
use crate::model::asset::AssetKind;
use crate::unit::Local;

use super::Map;
use super::canvas::{At, Pen};
use super::font;
use super::marks;
use super::sheet::{MAP, Sheet};
use super::style::{ACCENT, BAD, BODY_PT, FRAME, PAPER, QUIET_TEXT, TEXT};
use super::window::Window;
use super::words::{self, say};

/// How many proposals get a map: they stand in the order in which they are worth doing.
pub(crate) const MAPPED: usize = 12;

/// How far a close-up reaches to each side.
const CLOSE_UP_M: f64 = 100.0;

/// The map of the proposal with this index.
pub(super) fn map(findings: &Findings, index: usize) -> Option<Map> {
    let proposal = findings.proposals.get(index)?;
    let language = findings.language;
    let title = format!("{}: {}", proposal.id, words::proposal(findings, proposal));
    let mut sheet = Sheet::new(findings, window(findings, proposal)?);
    sheet.streets(false);
    match Place::of(findings, proposal) {
        Some(place) => draw_place(&mut sheet, proposal, &place),
        None => draw_change(&mut sheet, proposal),
    }
    sheet.street_names(16);
    sheet.frame();
    sheet.heading(&title, &basis(findings, index));
    verdict(&mut sheet, proposal);
    match Place::of(findings, proposal) {
        Some(place) => legend_of_place(&mut sheet, proposal, &place),
        None => legend_of_change(&mut sheet, proposal),
    }
    months(&mut sheet, proposal);
    let (cost, benefit) = (words::cost(language, proposal), words::benefit(language, proposal));
    let about = say!(
        language,
        "Map of a proposal. {title}. Cost: {cost}. Benefit: {benefit}.",
        "Kaart van een voorstel. {title}. Kosten: {cost}. Baten: {benefit}."
    );
    let name = format!("proposal_{}", super::stem(&proposal.id));
    Some(Map::new(&name, title, about, language, sheet.canvas))
}

/// A place that a proposal is about rather than a round.
struct Place {
    at: Local,
    label: String,
    /// What stands there or will stand there.
    kind: AssetKind,
    /// The asset that is looked at or moved here; else [`NONE`].
    asset: u32,
    /// Whether it is for something that does not stand there yet.
    is_new: bool,
}

impl Place {
    fn of(findings: &Findings, proposal: &Proposal) -> Option<Self> {
        let language = findings.language;
        let kind = AssetKind::LitterBin;
        Some(match proposal.change {
            Change::Redesign { asset } => {
                let this = findings.assets.get(asset as usize)?;
                let label = words::asset(findings, asset);
                Self { at: this.at, label, kind: this.kind, asset, is_new: false }
            }
            Change::AddBin { at, .. } => {
                let label = say!(language, "new litter bin", "nieuwe afvalbak");
                Self { at, label, kind, asset: NONE, is_new: true }
            }
            Change::Relocate { asset, to, .. } => {
                let label = say!(language, "new place of the bin", "nieuwe plek van de bak");
                Self { at: to, label, kind, asset, is_new: true }
            }
            _ => return None,
        })
    }
}

/// The place that a proposal is about, if it is one place.
fn place_of(findings: &Findings, proposal: &Proposal) -> Option<Local> {
    match proposal.change {
        Change::Redesign { asset } => findings.assets.get(asset as usize).map(|asset| asset.at),
        Change::ExtraStop { stop, .. } | Change::Frequency { stop, .. } | Change::MoveStop { stop, .. } => {
            findings.rounds.stops.get(stop as usize).map(|stop| stop.at)
        }
        Change::CleanUp { stop, .. } => findings.rounds.stops.get(stop as usize).map(|stop| stop.at),
        Change::AddBin { at, .. } | Change::Relocate { to: at, .. } => Some(at),
        Change::Resequence { .. } => None,
    }
}

fn window(findings: &Findings, proposal: &Proposal) -> Option<Window> {
    let place = place_of(findings, proposal);
    if let Some(place) = Place::of(findings, proposal) {
        return Some(Window::near(MAP, place.at, if place.is_new { 1.5 * CLOSE_UP_M } else { CLOSE_UP_M }));
    }
    let lines = proposal.before.iter().chain(&proposal.after).copied();
    if proposal.before.is_empty() && proposal.after.is_empty() {
        return place.map(|place| Window::near(MAP, place, 3.0 * CLOSE_UP_M));
    }
    Sheet::window(findings, lines.chain(place))
}

fn basis(findings: &Findings, index: usize) -> String {
    let language = findings.language;
    let (place, total) = (index + 1, findings.proposals.len());
    let period = words::period(language, findings.period);
    let n = words::count(language, findings.proposals[index].reports.len() as u64);
    let mapped = if total > MAPPED {
        say!(language, ", the first {MAPPED} have a map", ", de eerste {MAPPED} hebben een kaart")
    } else {
        String::new()
    };
    let reports = words::count(language, findings.reports.len() as u64);
    say!(
        language,
        "{period} · rests on n = {n} of {reports} reports · proposal {place} of {total}{mapped}",
        "{period} · rust op n = {n} van {reports} meldingen · voorstel {place} van {total}{mapped}"
    )
}

/// Where the reports of a proposal are, equal places together.
fn spots(findings: &Findings, proposal: &Proposal) -> Vec<(Local, u32)> {
    let mut spots: BTreeMap<(i64, i64), (Local, u32)> = BTreeMap::new();
    for &report in &proposal.reports {
        let Some(&at) = findings.located.at.get(report as usize).filter(|at| at.is_somewhere()) else {
            continue;
        };
        #[expect(clippy::cast_possible_truncation, reason = "metres on the plane")]
        let key = (at.x.round() as i64, at.y.round() as i64);
        spots.entry(key).or_insert((at, 0)).1 += 1;
    }
    spots.into_values().collect()
}

fn draw_place(sheet: &mut Sheet<'_>, proposal: &Proposal, place: &Place) {
    let (findings, window) = (sheet.findings, sheet.window);
    let centre = window.place(place.at);
    sheet.canvas.group("circle", |canvas| {
        if place.is_new {
            return;
        }
        let ring = |radius_m: f64| -> Vec<At> {
            let radius = radius_m / window.m_per_mm;
            (0..=72)
                .map(|step| (f64::from(step) * 5.0).to_radians().sin_cos())
                .map(|(sin, cos)| (centre.0 + radius * cos, centre.1 + radius * sin))
                .collect()
        };
        canvas.dashed(&ring(25.0), 0.35, ACCENT, 1.4, 1.4);
    });
    sheet.canvas.group("assets", |canvas| {
        for (other, index) in findings.assets.iter().zip(0u32..) {
            if other.kind == place.kind && index != place.asset && window.holds(other.at, 2.0) {
                marks::diamond(canvas, window.place(other.at), 1.2, FRAME);
            }
        }
        marks::diamond(canvas, centre, 3.0, ACCENT);
    });
    sheet.labels.reserve_disc(centre, 3.4);
    sheet.canvas.group("reports", |canvas| {
        for (at, n) in spots(findings, proposal) {
            let at = window.place(at);
            // A report on the very spot of the asset would hide it.
            if !window.holds_place(at, 2.0) || (at.0 - centre.0).hypot(at.1 - centre.1) < 2.5 {
                continue;
            }
            if n == 1 {
                canvas.coin(at, 1.1, BAD, PAPER, 0.3);
                sheet.labels.reserve_disc(at, 1.4);
            } else {
                let radius = marks::coin(canvas, at, &n.to_string(), BAD);
                sheet.labels.reserve_disc(at, radius);
            }
        }
    });
    let pen = Pen::new(HEADING, TEXT).bold().haloed(PAPER);
    let label = font::fit(&place.label, HEADING, true, 70.0);
    let n = words::count(findings.language, proposal.reports.len() as u64);
    let below = say!(findings.language, "{n} reports", "{n} meldingen");
    let lines = [(label, pen), (below, Pen::new(BODY_PT, TEXT).haloed(PAPER))];
    sheet.labels.beside(&mut sheet.canvas, centre, 3.4, &lines);
}

/// Points of the label of the one place that a map is about.
const HEADING: f64 = 11.0;

fn draw_change(sheet: &mut Sheet<'_>, proposal: &Proposal) {
    let (findings, window) = (sheet.findings, sheet.window);
    sheet.canvas.group("before", |canvas| {
        for piece in window.lines(&proposal.before) {
            marks::today(canvas, &piece);
        }
    });
    sheet.canvas.group("after", |canvas| {
        for piece in window.lines(&proposal.after) {
            marks::proposed(canvas, &piece);
            marks::arrows(canvas, &piece, 30.0, ACCENT);
        }
    });
    let numbered: Vec<(u32, usize)> = match &proposal.change {
        Change::Resequence { order, .. } => (1..).zip(order).map(|(place, &stop)| (stop, place)).collect(),
        Change::ExtraStop { trip, .. }
        | Change::Frequency { trip, .. }
        | Change::CleanUp { trip, .. }
        | Change::MoveStop { to_trip: trip, .. } => {
            let calls = findings.rounds.trips.get(*trip as usize).map_or(&[][..], |trip| &trip.calls);
            (1..).zip(calls).map(|(place, call)| (call.stop, place)).collect()
        }
        Change::AddBin { .. } | Change::Relocate { .. } | Change::Redesign { .. } => Vec::new(),
    };
    let is_numbered = matches!(proposal.change, Change::Resequence { .. }) && numbered.len() <= 60;
    sheet.canvas.group("stops", |canvas| {
        for &(stop, place) in &numbered {
            let Some(stop) =
                findings.rounds.stops.get(stop as usize).filter(|stop| window.holds(stop.at, 1.5))
            else {
                continue;
            };
            let at = window.place(stop.at);
            let words = place.to_string();
            let radius = marks::coin_radius(&words) - 0.6;
            let coin = [at.0 - radius, at.1 - radius, at.0 + radius, at.1 + radius];
            if is_numbered && sheet.labels.is_free(coin) {
                let radius = marks::coin(canvas, at, &words, ACCENT);
                sheet.labels.reserve_disc(at, radius - 0.6);
            } else {
                marks::stop(canvas, at);
                sheet.labels.reserve_disc(at, 0.8);
            }
        }
    });
    let Some(place) = place_of(findings, proposal).filter(|&place| window.holds(place, 2.0)) else { return };
    let at = window.place(place);
    let (Change::ExtraStop { stop, .. }
    | Change::Frequency { stop, .. }
    | Change::CleanUp { stop, .. }
    | Change::MoveStop { stop, .. }) = proposal.change
    else {
        return;
    };
    sheet.canvas.group("place", |canvas| {
        canvas.coin(at, 2.6, ACCENT, PAPER, 0.6);
        canvas.disc(at, 1.0, PAPER);
    });
    sheet.labels.reserve_disc(at, 3.2);
    let label = font::fit(words::stop(findings, stop), HEADING, true, 70.0);
    let n = words::count(findings.language, proposal.reports.len() as u64);
    let below = say!(findings.language, "{n} reports", "{n} meldingen");
    let pen = Pen::new(HEADING, TEXT).bold().haloed(PAPER);
    let lines = [(label, pen), (below, Pen::new(BODY_PT, TEXT).haloed(PAPER))];
    sheet.labels.beside(&mut sheet.canvas, at, 3.2, &lines);
}

fn verdict(sheet: &mut Sheet<'_>, proposal: &Proposal) {
    let language = sheet.language();
    sheet.part(&say!(language, "Why", "Waarom"));
    sheet.paragraph(&words::quoted(&proposal.rationale), TEXT);
    sheet.part(&say!(language, "What it costs", "Wat het kost"));
    sheet.paragraph(&words::cost(language, proposal), TEXT);
    sheet.part(&say!(language, "What it is expected to bring", "Wat het naar verwachting oplevert"));
    sheet.paragraph(&words::benefit(language, proposal), TEXT);
    if !proposal.is_feasible {
        let words = say!(
            language,
            "Shift or capacity does not hold: something else has to give way.",
            "Dienst of laadruimte is te klein: er moet iets anders voor wijken."
        );
        sheet.paragraph(&words, BAD);
    }
}

fn legend_of_change(sheet: &mut Sheet<'_>, proposal: &Proposal) {
    let language = sheet.language();
    sheet.part(&say!(language, "What the marks mean", "Wat de tekens betekenen"));
    if !proposal.before.is_empty() {
        sheet.key(&say!(language, "driven today", "zoals nu gereden"), |canvas, (x, y)| {
            marks::today(canvas, &[(x - 3.6, y), (x + 4.2, y)]);
        });
    }
    if !proposal.after.is_empty() {
        sheet.key(&say!(language, "proposed", "voorgesteld"), |canvas, (x, y)| {
            marks::proposed(canvas, &[(x - 4.5, y), (x + 5.0, y)]);
        });
    }
    if let Change::Resequence { .. } = proposal.change {
        let words = say!(
            language,
            "stop, with its place in the new order where there is room",
            "stop, met plaats in de nieuwe volgorde waar dat past"
        );
        sheet.key(&words, |canvas, at| {
            marks::coin(canvas, at, "1", ACCENT);
        });
    } else {
        sheet.key(&say!(language, "the stop to change", "de stop die verandert"), |canvas, at| {
            canvas.coin(at, 2.6, ACCENT, PAPER, 0.6);
            canvas.disc(at, 1.0, PAPER);
        });
        sheet.key(&say!(language, "other stops of the round", "andere stops van de ronde"), marks::stop);
    }
}

fn legend_of_place(sheet: &mut Sheet<'_>, proposal: &Proposal, place: &Place) {
    let language = sheet.language();
    sheet.part(&say!(language, "What the marks mean", "Wat de tekens betekenen"));
    let (here, others) = if place.is_new {
        let others = say!(language, "litter bins there are", "afvalbakken die er staan");
        (say!(language, "where the bin is to stand", "waar de bak komt te staan"), others)
    } else {
        let here = say!(language, "the place to look at, with 25 m around it", "de plek, met 25 m eromheen");
        (here, say!(language, "others of its kind", "andere van dezelfde soort"))
    };
    sheet.key(&here, |canvas, at| {
        marks::diamond(canvas, at, 2.6, ACCENT);
    });
    sheet.key(&others, |canvas, at| {
        marks::diamond(canvas, at, 1.2, FRAME);
    });
    if spots(sheet.findings, proposal).len() > 1 {
        sheet.key(
            &say!(
                language,
                "a report about it; several with their number",
                "een melding; meer met hun aantal"
            ),
            |canvas, at| {
                canvas.coin(at, 1.1, BAD, PAPER, 0.3);
            },
        );
    }
}

fn months(sheet: &mut Sheet<'_>, proposal: &Proposal) {
    let findings = sheet.findings;
    let language = findings.language;
    let month_of = |day: crate::period::Day| {
        let date = day.date();
        i64::from(date.year()) * 12 + i64::from(date.month()) - 1
    };
    let (first, last) = (month_of(findings.period.from), month_of(findings.period.to));
    let Ok(span @ 2..=60) = usize::try_from(last - first + 1) else { return };
    let mut counts = vec![0u32; span];
    for &report in &proposal.reports {
        let Some(&opened) = findings.reports.opened.get(report as usize) else { continue };
        let month = usize::try_from(month_of(findings.clock.day(opened)) - first).ok();
        if let Some(count) = month.and_then(|month| counts.get_mut(month)) {
            *count += 1;
        }
    }
    if counts.iter().all(|&n| n == 0) {
        return;
    }
    let name = |day: crate::period::Day| {
        let date = day.date();
        format!("{} {}", words::month(language, date.month()), date.year())
    };
    sheet.part(&say!(language, "Its reports, month by month", "De meldingen, maand voor maand"));
    sheet.bars(&counts, &name(findings.period.from), &name(findings.period.to), BAD);
    sheet.paragraph("", QUIET_TEXT);
}
