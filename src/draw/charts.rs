//! Counts in, small charts for the page out. Each says its numbers in words too: never by colour or height alone.

use crate::collection::Reason;
use crate::findings::Findings;
use crate::model::kind::{Family, Kind, Selection};
use crate::period::Day;

use super::canvas::{Anchor, Canvas, Pen};
use super::font;
use super::marks;
use super::style::{BODY_PT, FRAME, Ink, QUIET_TEXT, ROUTE, RULE, SERIES, TEXT};
use super::words::{self, say};

/// A chart for the page.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// What it shows, as a sentence.
    pub(crate) title: String,
    /// The drawing.
    pub(crate) svg: String,
}

const WIDTH: f64 = 190.0;

/// Reports per month, one line per family; `None` with fewer than two months.
pub(crate) fn monthly(findings: &Findings) -> Option<Chart> {
    let language = findings.language;
    let months = months(findings)?;
    let series: Vec<(Family, Vec<u32>)> = Family::ALL
        .iter()
        .map(|&family| (family, per_month(findings, &months, |kind| kind.family() == family)))
        .filter(|(_, counts)| counts.iter().any(|&n| n > 0))
        .collect();
    let most = series.iter().flat_map(|(_, counts)| counts).copied().max().filter(|&most| most > 0)?;
    let (left, right, top, bottom) = (14.0, WIDTH - 42.0, 8.0, 56.0);
    let mut canvas = Canvas::new(WIDTH, 66.0);
    let step = round_step(most);
    let high = most.div_ceil(step) * step;
    let y_of = |n: u32| bottom - (bottom - top) * f64::from(n) / f64::from(high);
    let x_of = |month: usize| left + (right - left) * month as f64 / (months.len() - 1) as f64;
    let pen = Pen::new(BODY_PT, QUIET_TEXT);
    for n in (0..=high).step_by(step as usize) {
        let ink = if n == 0 { FRAME } else { RULE.faint(0.6) };
        canvas.line(vec![(left, y_of(n)), (right, y_of(n))], 0.15, ink);
        canvas.text((left - 2.0, y_of(n) + 1.1), &words::count(language, n), pen.anchored(Anchor::End));
    }
    let every = months.len().div_ceil(12);
    for (index, &(year, month)) in months.iter().enumerate().filter(|(index, _)| index % every == 0) {
        let label = words::month(language, month);
        let label = if index == 0 || month == 1 { format!("{label} {year}") } else { label.to_owned() };
        canvas.text((x_of(index), bottom + 4.8), &label, pen.anchored(Anchor::Middle));
    }
    let mut ends: Vec<(f64, Family, Ink)> = Vec::new();
    for ((family, counts), ink) in series.iter().zip(SERIES) {
        let line: Vec<_> = counts.iter().enumerate().map(|(month, &n)| (x_of(month), y_of(n))).collect();
        ends.push((line.last().map_or(bottom, |at| at.1), *family, ink));
        canvas.line(line.clone(), 0.7, ink);
        for at in line {
            match family {
                Family::Waste => canvas.disc(at, 1.0, ink),
                Family::Street => marks::diamond(&mut canvas, at, 1.2, ink),
                Family::Traffic => canvas.rectangle((at.0 - 0.9, at.1 - 0.9), (at.0 + 0.9, at.1 + 0.9), ink),
                Family::Other => canvas.coin(at, 0.6, Ink::hex(0x00ff_ffff), ink, 0.4),
            }
        }
    }
    // The names stand at the ends of the lines, pushed apart where they would cover each other.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = 0.0f64;
    for (y, family, ink) in ends {
        let y = (y + 1.1).max(free);
        free = y + 4.2;
        let name = font::fit(&words::selection(language, Selection::Family(family)), BODY_PT, true, 38.0);
        canvas.text((right + 3.0, y), &name, Pen::new(BODY_PT, ink).bold());
    }
    let title = say!(language, "Reports per month", "Meldingen per maand");
    let svg = canvas.svg("chart-months", &title, &about(findings, &months, &series), language);
    Some(Chart { title, svg })
}

fn about(findings: &Findings, months: &[(i16, i8)], series: &[(Family, Vec<u32>)]) -> String {
    let language = findings.language;
    let parts: Vec<String> = series
        .iter()
        .map(|(family, counts)| {
            let name = words::selection(language, Selection::Family(*family));
            let peak =
                (0..counts.len()).max_by_key(|&month| (counts[month], std::cmp::Reverse(month))).unwrap_or(0);
            let (year, month) = months[peak];
            let (month, n) = (words::month(language, month), words::count(language, counts[peak]));
            say!(
                language,
                "{name}: at most {n}, in {month} {year}",
                "{name}: hoogstens {n}, in {month} {year}"
            )
        })
        .collect();
    parts.join("; ")
}

/// The months of the period: year and month.
fn months(findings: &Findings) -> Option<Vec<(i16, i8)>> {
    let month_of = |day: Day| (day.date().year(), day.date().month());
    let (mut month, last) = (month_of(findings.period.from), month_of(findings.period.to));
    let mut months = vec![month];
    while month < last && months.len() < 1200 {
        month = if month.1 == 12 { (month.0 + 1, 1) } else { (month.0, month.1 + 1) };
        months.push(month);
    }
    (months.len() > 1).then_some(months)
}

fn per_month(findings: &Findings, months: &[(i16, i8)], is_counted: impl Fn(Kind) -> bool) -> Vec<u32> {
    // Midnights that begin the months, so that a million reports need no calendar each.
    let starts: Vec<i64> = months
        .iter()
        .map(|&(year, month)| findings.clock.midnight(Day::from_date(jiff::civil::date(year, month, 1))))
        .collect();
    let mut counts = vec![0; months.len()];
    for (&kind, &opened) in findings.reports.kind.iter().zip(&findings.reports.opened) {
        if is_counted(kind) && opened >= starts[0] && findings.clock.day(opened) <= findings.period.to {
            counts[starts.partition_point(|&start| start <= opened) - 1] += 1;
        }
    }
    counts
}

/// The least of 1, 2 and 5 times a power of ten that needs no more than five steps to `most`.
fn round_step(most: u32) -> u32 {
    let steps = (0..9).flat_map(|power| [1, 2, 5].map(|step| step * 10u32.pow(power)));
    steps.into_iter().find(|step| most.div_ceil(*step) <= 5).unwrap_or(most)
}

/// How many waste reports have which reason; `None` without diagnoses.
pub(crate) fn reasons(findings: &Findings) -> Option<Chart> {
    let language = findings.language;
    let rows = reason_counts(findings);
    let total: u32 = rows.iter().map(|row| row.1).sum();
    let most = rows.first().map(|row| row.1)?;
    let (left, right) = (62.0, WIDTH - 34.0);
    let mut canvas = Canvas::new(WIDTH, 6.0 + 7.0 * rows.len() as f64);
    for (index, &(reason, n)) in rows.iter().enumerate() {
        let y = 3.0 + 7.0 * index as f64;
        let name = words::reason(language, reason);
        canvas.text((left - 2.5, y + 4.1), &name, Pen::new(BODY_PT, TEXT).anchored(Anchor::End));
        let end = left + (right - left) * f64::from(n) / f64::from(most);
        // What the rounds can mend is dark; the rest is not theirs to mend, or not known.
        let is_theirs = matches!(reason, Reason::Skipped | Reason::Late | Reason::FullBeforeNextService);
        let ink = if is_theirs { ROUTE } else { FRAME };
        canvas.rectangle((left, y + 0.6), (end.max(left + 0.3), y + 5.4), ink);
        let share = words::percent(language, f64::from(n) / f64::from(total));
        let n = words::count(language, n);
        canvas.text((end + 2.0, y + 4.1), &format!("{n} ({share})"), Pen::new(BODY_PT, QUIET_TEXT));
    }
    canvas.line(vec![(left, 2.0), (left, 4.0 + 7.0 * rows.len() as f64)], 0.2, FRAME);
    let title = say!(language, "Why waste reports came in", "Waarom afvalmeldingen binnenkwamen");
    let parts: Vec<String> = rows
        .iter()
        .map(|&(reason, n)| format!("{}: {}", words::reason(language, reason), words::count(language, n)))
        .collect();
    let svg = canvas.svg("chart-reasons", &title, &parts.join("; "), language);
    Some(Chart { title, svg })
}

/// Each reason with its number of reports, most frequent first.
pub(crate) fn reason_counts(findings: &Findings) -> Vec<(Reason, u32)> {
    let mut counts = vec![0; Reason::ALL.len()];
    for diagnosis in &findings.collection.diagnoses {
        counts[diagnosis.reason as usize] += 1;
    }
    let mut rows: Vec<_> = Reason::ALL.iter().copied().zip(counts).filter(|row| row.1 > 0).collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    rows
}
