//! What was told and what was true in, the figures out.

use std::collections::BTreeMap;

use crate::told::{Told, ToldReport, ToldVisit};
use crate::truth::{TrueReport, TrueVisit, Truth};

/// Prints every figure.
pub(crate) fn print(told: &Told, truth: &Truth) {
    let visits: Vec<(&ToldVisit, &TrueVisit)> =
        told.visits.iter().filter_map(|visit| Some((visit, truth.visits.get(&visit.key)?))).collect();
    let reports: Vec<(&ToldReport, &TrueReport)> =
        told.reports.iter().filter_map(|report| Some((report, truth.reports.get(&report.report)?))).collect();
    print_visits(&visits);
    print_causes(&visits);
    print_reliability(&visits);
    print_reports(&reports);
    print_reasons(&reports);
    println!("undersized stops: average precision {:.3}", precision(told, truth));
    if std::env::var_os("SEASON_ERRORS").is_some() {
        print_errors(&visits);
    }
}

/// `part` of `whole`, per cent; NaN of nothing.
fn pct(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole as f64
}

fn print_visits(visits: &[(&ToldVisit, &TrueVisit)]) {
    let count = |is: &dyn Fn(&ToldVisit, &TrueVisit) -> bool| visits.iter().filter(|(a, b)| is(a, b)).count();
    let is_skip = |truth: &TrueVisit| truth.served_at.is_none();
    let found = count(&|told, truth| is_skip(truth) && told.is_missed());
    let invented = count(&|told, truth| !is_skip(truth) && told.is_missed());
    let overlooked = count(&|told, truth| is_skip(truth) && !told.is_missed());
    let set_aside = count(&|told, truth| is_skip(truth) && told.is_unknown());
    let f1 = |overlooked: usize| 2.0 * found as f64 / (2 * found + invented + overlooked) as f64;
    println!(
        "visits: {} planned; skips found {found}, invented {invented}, overlooked {overlooked}: precision {:.1} %, \
         recall {:.1} %, F1 {:.3} ({:.3} with the {set_aside} skips that are told unknown set aside)",
        visits.len(),
        pct(found, found + invented),
        pct(found, found + overlooked),
        f1(overlooked),
        f1(overlooked - set_aside),
    );
    println!(
        "holes: {} visits not recorded, {} of them called skipped; {} recorded ones are told unknown",
        count(&|_, truth| !truth.is_recorded),
        count(&|told, truth| !truth.is_recorded && told.is_missed()),
        count(&|told, truth| truth.is_recorded && told.is_unknown()),
    );
    let mut errors_s: Vec<i64> =
        visits.iter().filter_map(|(told, truth)| Some((told.served_at? - truth.served_at?).abs())).collect();
    errors_s.sort_unstable();
    let at = |tenths: usize| errors_s.get(errors_s.len() * tenths / 10).copied().unwrap_or(-1);
    println!("times: half of the served visits within {} s, nine of ten within {} s", at(5), at(9));
}

fn print_causes(visits: &[(&ToldVisit, &TrueVisit)]) {
    let mut causes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (told, truth) in visits.iter().filter(|(_, truth)| truth.served_at.is_none() && truth.is_recorded) {
        let cause = causes.entry(&truth.cause).or_default();
        *cause = (cause.0 + usize::from(told.is_missed()), cause.1 + 1);
    }
    for (cause, (found, all)) in causes {
        println!("  recorded skips, {cause}: found {found} of {all}");
    }
}

/// Probability of a miss as told against its share in truth, for the visits that the track shows.
fn print_reliability(visits: &[(&ToldVisit, &TrueVisit)]) {
    const EDGES: [f64; 12] = [0.0, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 1.01];
    println!("probability that a visit was missed: told, true, visits");
    for edge in EDGES.windows(2) {
        let within: Vec<(f64, bool)> = visits
            .iter()
            .filter_map(|(told, truth)| Some((told.missed()?, truth.served_at.is_none())))
            .filter(|(missed, _)| (edge[0]..edge[1]).contains(missed))
            .collect();
        if !within.is_empty() {
            let told: f64 = within.iter().map(|visit| visit.0).sum::<f64>() / within.len() as f64;
            let missed = within.iter().filter(|visit| visit.1).count();
            println!("  {:5.1} % {:5.1} % {}", 100.0 * told, pct(missed, within.len()), within.len());
        }
    }
}

fn print_reports(reports: &[(&ToldReport, &TrueReport)]) {
    let count =
        |is: &dyn Fn(&ToldReport, &TrueReport) -> bool| reports.iter().filter(|(a, b)| is(a, b)).count();
    let ambiguous = count(&|told, _| told.is_ambiguous);
    println!(
        "reports: {}; reason right {:.1} %; stop right {:.1} % (nearest stop: {:.1} %); \
         said to be ambiguous {ambiguous}, stop right for {:.1} % of them and {:.1} % of the others",
        reports.len(),
        pct(count(&|told, truth| told.diagnosis == truth.diagnosis), reports.len()),
        pct(count(&|told, truth| told.stop == truth.stop), reports.len()),
        pct(count(&|_, truth| truth.nearest == truth.stop), reports.len()),
        pct(count(&|told, truth| told.is_ambiguous && told.stop == truth.stop), ambiguous),
        pct(count(&|told, truth| !told.is_ambiguous && told.stop == truth.stop), reports.len() - ambiguous),
    );
    println!("confidence of a reason: told, true, reports");
    for tenth in 0..10 {
        let (from, to) = (f64::from(tenth), f64::from(tenth + 1));
        let within = |told: &ToldReport| (from..to).contains(&(told.confidence * 10.0));
        let all = count(&|told, _| within(told));
        if all > 0 {
            let right = count(&|told, truth| within(told) && told.diagnosis == truth.diagnosis);
            println!("  {:3} % {:5.1} % {all}", 10 * tenth + 5, pct(right, all));
        }
    }
}

fn print_reasons(reports: &[(&ToldReport, &TrueReport)]) {
    let mut table: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (told, truth) in reports {
        *table.entry(&truth.diagnosis).or_default().entry(&told.diagnosis).or_default() += 1;
    }
    for (truth, told) in table {
        let all: usize = told.values().sum();
        let right = told.get(truth).copied().unwrap_or(0);
        println!("  {truth}: {:.1} % of {all} right {told:?}", pct(right, all));
    }
}

/// Average precision with which the probability of an overflow ranks the undersized stops first.
fn precision(told: &Told, truth: &Truth) -> f64 {
    let mut ranked: Vec<(f64, bool)> = told
        .overflow
        .iter()
        .map(|(stop, p)| (p.unwrap_or(-1.0), truth.is_undersized.get(stop).copied().unwrap_or(false)))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut sum) = (0.0, 0.0);
    for (rank, _) in ranked.iter().enumerate().filter(|(_, stop)| stop.1) {
        found += 1.0;
        sum += found / (rank + 1) as f64;
    }
    sum / found
}

fn print_errors(visits: &[(&ToldVisit, &TrueVisit)]) {
    for (told, truth) in visits.iter().filter(|(told, truth)| told.is_missed() != truth.served_at.is_none()) {
        let (route, stop, day) = &told.key;
        println!(
            "{route} {stop} {day}: told {} ({:.2}: {}), true {}",
            told.outcome,
            told.confidence,
            told.evidence,
            truth.served_at.map_or(truth.cause.clone(), |at| format!("served at {at}")),
        );
    }
}
