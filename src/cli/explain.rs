//! `paaltje explain`: what a code means; why a finding says what it says, with the rows behind it.

use std::fmt::Write as _;
use std::path::Path;

use super::args::Args;
use super::{bar, out};
use crate::error::{Error, Result};
use crate::export::layers::incident_id;
use crate::findings::Findings;
use crate::hotspots::{Hotspot, Per, STABLE, scan};
use crate::issue::Code;
use crate::model::some;
use crate::pipeline;
use crate::project::Project;
use crate::stats::correct::in_words;

/// How many rows are listed behind a finding.
const ROWS: usize = 40;

pub(super) fn explain(args: &Args, what: &str, project: Option<&Path>) -> Result<()> {
    if let Some(code) = Code::ALL.iter().find(|code| code.code().eq_ignore_ascii_case(what)) {
        out(&format!(
            "{} ({}): {}\n{}\n",
            code.code(),
            code.effect().name(),
            code.message(),
            code.explanation()
        ));
        return Ok(());
    }
    let path = project.ok_or_else(|| Error::Setting {
        message: format!("`{what}` is no issue code"),
        hint: "for a finding, name its project: `paaltje explain ID --project paaltje.toml`".to_owned(),
    })?;
    let progress = bar::suitable(args.quiet);
    let findings = pipeline::run(&Project::load(path)?, &*progress)?;
    drop(progress);
    let text = place(&findings, what)
        .or_else(|| hotspot(&findings, what))
        .or_else(|| proposal(&findings, what))
        .or_else(|| report(&findings, what))
        .or_else(|| stop(&findings, what))
        .or_else(|| route(&findings, what))
        .or_else(|| kind(&findings, what));
    out(&text.ok_or_else(|| Error::Setting {
        message: format!("nothing in this project has the id `{what}`"),
        hint: "take an id of a place (`W001`), hotspot, proposal, report, stop or route from the output, or a kind from \
               trends"
            .to_owned(),
    })?);
    Ok(())
}

fn place(findings: &Findings, id: &str) -> Option<String> {
    let found = &findings.hotspots;
    let place = found.places.iter().find(|place| place.id == id)?;
    let leader = found.leader(place);
    let mut text = format!("{id}: {}\n", leader.label);
    if let Some(around) = some(place.within) {
        let around = &found.places[around];
        let _ = writeln!(text, "  lies within {} ({})", around.id, found.leader(around).label);
    }
    text.push_str("  found by:\n");
    for &hotspot in &place.hotspots {
        let hotspot = &found.hotspots[hotspot as usize];
        let (method, kind, n) = (hotspot.method, hotspot.kind.name(), hotspot.incidents.len());
        let _ = write!(text, "    {} {method}, {kind}: {n} incidents", hotspot.id);
        if hotspot.q_value.is_finite() {
            let _ = write!(text, ", {}", in_words(hotspot.q_value));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "  the figures of the place are those of the first:");
    text.push_str(&figures(findings, leader));
    Some(text)
}

fn hotspot(findings: &Findings, id: &str) -> Option<String> {
    let hotspot = findings.hotspots.hotspots.iter().find(|hotspot| hotspot.id == id)?;
    let place = &findings.hotspots.places[hotspot.place as usize];
    let others: Vec<&str> =
        place.methods.iter().copied().filter(|&method| method != hotspot.method).collect();
    let agree = if others.is_empty() {
        "no other method found this place".to_owned()
    } else {
        format!("{} found this place too", others.join(", "))
    };
    let (method, label) = (hotspot.method, &hotspot.label);
    let text = format!("{id}: {label}\n  found by {method}; {agree} ({})\n", place.id);
    Some(text + &figures(findings, hotspot))
}

/// What a hotspot says, how sure that is, what it is not, and the rows behind it.
fn figures(findings: &Findings, hotspot: &Hotspot) -> String {
    let days = |instant| findings.clock.day(instant);
    let mut text = format!(
        "  {} incidents ({} reports) of {}, {} to {}, within {:.0} m of its middle\n",
        hotspot.incidents.len(),
        hotspot.n_reports(&findings.incidents),
        hotspot.kind.name(),
        days(hotspot.first_at),
        days(hotspot.last_at),
        hotspot.radius_m
    );
    let excess = hotspot.excess;
    let _ = match hotspot.basis() {
        "expected" => writeln!(
            text,
            "  {:.1} were expected: {:.1} times as many came",
            hotspot.expected, hotspot.relative_risk
        ),
        "mean_of_area" => writeln!(
            text,
            "  the method expects nothing; an area of this size holds {:.1} on average",
            hotspot.baseline
        ),
        _ => writeln!(text, "  there is nothing to compare the count with"),
    };
    if excess.per_week.is_finite() {
        let _ = writeln!(
            text,
            "  excess: {:.2} a week, between {:.2} and {:.2} (95 % Poisson interval; ranked by the lower bound)",
            excess.per_week, excess.low, excess.high
        );
    }
    if let Some(window) = hotspot.window {
        let _ = writeln!(text, "  all of them within {} days: {window}", window.days());
    }
    if hotspot.recurrence_days.is_finite() {
        let days = hotspot.recurrence_days;
        let _ = writeln!(
            text,
            "  scanned every day, chance alone would show such a cluster every {days:.0} days"
        );
    }
    if hotspot.method == scan::METHOD {
        let p = hotspot.p_value;
        let _ = writeln!(
            text,
            "  p = {p:.4}: how often chance alone would do this anywhere in the city; it needs no further correction"
        );
    } else if hotspot.p_value.is_finite() {
        let _ = writeln!(
            text,
            "  p = {:.2e}: how often chance alone would do this here; q = {:.2e}: the same, corrected for looking at many places",
            hotspot.p_value, hotspot.q_value
        );
    } else {
        text.push_str(
            "  nothing was tested: that much is reported here does not say that it is more than elsewhere\n",
        );
    }
    if hotspot.stability.is_finite() {
        let _ = writeln!(
            text,
            "  stability: found again in {:.0} % of the re-runs with weeks drawn anew{}",
            hotspot.stability * 100.0,
            if hotspot.stability < STABLE { "; it hangs on few weeks or has only just made it" } else { "" }
        );
    }
    if !hotspot.trend.is_empty() {
        let _ = writeln!(text, "  trend: {}", hotspot.trend);
    }
    let words = &findings.hotspots.places[hotspot.place as usize].words;
    if !words.is_empty() {
        let _ = writeln!(text, "  words that set its reports apart: {}", words.join(", "));
    }
    if hotspot.per == Per::Nothing {
        text.push_str(
            "  it is a count, not a risk: where more people pass or more bins stand, more is reported\n",
        );
    } else {
        let _ = writeln!(text, "  it is a rate, compared per {}", hotspot.per.name());
    }
    for &incident in hotspot.incidents.iter().take(ROWS) {
        let index = incident as usize;
        let first = findings.incidents.first_report[index] as usize;
        let _ = writeln!(
            text,
            "  {} {} {} ({} reports; first: {})",
            incident_id(incident),
            findings.incidents.kind[index].name(),
            findings.clock.rfc3339(findings.incidents.first_at[index]),
            findings.incidents.n_reports[index],
            row(findings, first)
        );
    }
    more(&mut text, hotspot.incidents.len());
    text
}

fn proposal(findings: &Findings, id: &str) -> Option<String> {
    let proposal = findings.proposals.iter().find(|proposal| proposal.id == id)?;
    let mut text = format!(
        "{id}: {}\n  {}\n  {:+.0} m and {:+.0} s a week ({}); {:.1} to {:.1} reports fewer a year; {}\n  rests on {} reports\n",
        proposal.change.name(),
        proposal.rationale,
        proposal.extra_m_week,
        proposal.extra_s_week,
        proposal.cost_basis.name(),
        proposal.fewer_reports_low,
        proposal.fewer_reports_high,
        if proposal.is_feasible { "feasible" } else { "not feasible" },
        proposal.reports.len()
    );
    for &report in proposal.reports.iter().take(ROWS) {
        let _ = writeln!(text, "  {}", row(findings, report as usize));
    }
    more(&mut text, proposal.reports.len());
    Some(text)
}

fn report(findings: &Findings, id: &str) -> Option<String> {
    let index = findings.reports.id.iter().position(|known| known == id)?;
    let located = &findings.located;
    let mut text = format!(
        "{}\n  placed: {} ({}, within {:.0} m)\n  incident: {}\n",
        row(findings, index),
        located.placed[index].name(),
        located.level[index].name(),
        located.accuracy_m[index],
        incident_id(findings.incidents.of_report[index])
    );
    if let Some(asset) = some(findings.linked.asset[index]) {
        let distance = findings.linked.asset_distance_m[index];
        let _ = writeln!(text, "  asset: {} at {distance:.0} m", findings.assets[asset].id);
    }
    let number = u32::try_from(index).expect("fewer than 2^32 reports");
    if let Some(diagnosis) = findings.collection.diagnoses.iter().find(|diagnosis| diagnosis.report == number)
    {
        let stop = some(diagnosis.stop).map_or("no stop", |stop| &findings.rounds.stops[stop].id);
        let _ = writeln!(
            text,
            "  diagnosis: {} ({stop}, {:.0} % sure): {}",
            diagnosis.reason.name(),
            diagnosis.confidence * 100.0,
            diagnosis.evidence
        );
    }
    Some(text)
}

fn stop(findings: &Findings, id: &str) -> Option<String> {
    let index = findings.rounds.stops.iter().position(|stop| stop.id == id)?;
    let summary = findings.collection.stops.get(index)?;
    let mut text = format!(
        "{id}: {}\n  {} reports; {} of {} planned visits skipped (rate {:.3}, q {:.4}); P(overflow before the next service) {:.2}\n",
        findings.rounds.stops[index].name,
        summary.n_reports,
        summary.n_skipped,
        summary.n_planned,
        summary.skip_rate,
        summary.q_value,
        summary.p_overflow
    );
    let here = |stop: u32| stop as usize == index;
    for visit in findings.collection.visits.iter().filter(|visit| here(visit.stop)) {
        let _ = writeln!(text, "  {} {}: {}", visit.day, visit.outcome.name(), visit.evidence);
    }
    for diagnosis in findings.collection.diagnoses.iter().filter(|diagnosis| here(diagnosis.stop)) {
        let line = row(findings, diagnosis.report as usize);
        let _ = writeln!(text, "  {line}: {}: {}", diagnosis.reason.name(), diagnosis.evidence);
    }
    Some(text)
}

fn route(findings: &Findings, id: &str) -> Option<String> {
    let index = findings.rounds.routes.iter().position(|route| route.id == id)?;
    let summary = findings.collection.routes.get(index)?;
    Some(format!(
        "{id}: {}\n  {} stops, {:.1} km and {:.1} h as planned; {:.1} % of the verified visits made; {} reports\n",
        findings.rounds.routes[index].name,
        summary.n_stops,
        summary.length_m / 1000.0,
        summary.duration_s / 3600.0,
        summary.adherence_pct,
        summary.n_reports
    ))
}

/// What is known of a kind over time: whether it becomes more, and whether others follow nearby.
fn kind(findings: &Findings, name: &str) -> Option<String> {
    let found = &findings.hotspots;
    let mut text = String::new();
    for row in found.trends.iter().filter(|row| row.kind.name() == name) {
        let place = some(row.area).map_or("the whole city", |area| &findings.areas[area].name);
        let direction = if row.direction.is_empty() { "no trend beyond chance" } else { row.direction };
        let _ = writeln!(
            text,
            "{name}, {place}: {direction}; {} incidents in {} {}s, {}",
            row.n,
            row.n_steps,
            row.step.name(),
            row.period
        );
        if !row.p_value.is_finite() {
            let _ = writeln!(text, "  too few to test");
            continue;
        }
        let _ = writeln!(
            text,
            "  {:+.1} a {} per year ({:+.1} to {:+.1}); {:.0} % of pairs of {}s rise less those that fall\n  \
             p = {:.4}: how often counts without a trend, but with the memory of these, would do this; q = {:.4}: the \
             same, corrected for all rows",
            row.slope_per_year,
            row.step.name(),
            row.slope_low,
            row.slope_high,
            row.tau * 100.0,
            row.step.name(),
            row.p_value,
            row.q_value
        );
        if let Some(year_ago) = row.year_ago_n {
            let _ = writeln!(
                text,
                "  last {}: {}; a year before: {year_ago}; {:.2} times as many a day ({:.2} to {:.2})",
                row.step.name(),
                row.last_n,
                row.rate_ratio,
                row.ratio_low,
                row.ratio_high
            );
        }
    }
    for row in found.near_repeats.iter().filter(|row| row.kind.name() == name && row.q_value <= 0.05) {
        let _ = writeln!(
            text,
            "{name}: {} pairs {} to {} m and {} to {} days apart (upper ends not included), {:.2} times as many as by chance (q = {:.4})",
            row.n, row.from_m, row.to_m, row.from_days, row.to_days, row.ratio, row.q_value
        );
    }
    (!text.is_empty()).then_some(text)
}

/// A report as one line: id, category, time, file and row. Its text stays private.
fn row(findings: &Findings, index: usize) -> String {
    let report = findings.reports.get(index);
    let opened = findings.clock.rfc3339(report.opened);
    format!("{} {} {opened} ({} row {})", report.id, report.category, report.source, report.row)
}

fn more(text: &mut String, total: usize) {
    if total > ROWS {
        let _ = writeln!(text, "  and {} more", total - ROWS);
    }
}
