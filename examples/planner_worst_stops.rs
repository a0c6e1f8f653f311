//! A waste planner asks: which stops keep giving trouble, why, and what would help?
//!
//!     cargo run --release --example planner_worst_stops
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::collections::BTreeMap;
use std::path::Path;

use paaltje::error::Result;
use paaltje::model::some;
use paaltje::pipeline;
use paaltje::progress::Silent;
use paaltje::project::Project;

fn main() -> Result<()> {
    let project = Project::load(Path::new("data/helsinki/paaltje.toml"))?;
    let findings = pipeline::run(&project, &Silent)?;
    let (rounds, collection) = (&findings.rounds, &findings.collection);

    // Why people reported each stop.
    let mut reasons: BTreeMap<(usize, &str), u32> = BTreeMap::new();
    for diagnosis in &collection.diagnoses {
        if let Some(stop) = some(diagnosis.stop) {
            *reasons.entry((stop, diagnosis.reason.name())).or_default() += 1;
        }
    }

    println!("{}, {}\n", findings.title, findings.period);
    println!("reports  skipped of planned  overflows before next service  stop");
    let mut worst: Vec<usize> = (0..rounds.stops.len()).collect();
    worst.sort_by_key(|&stop| (std::cmp::Reverse(collection.stops[stop].n_reports), stop));
    for &stop in worst.iter().take(10) {
        let found = &collection.stops[stop];
        let overflow = if found.p_overflow.is_nan() {
            "too few data".to_owned()
        } else {
            format!("{:.0} %", 100.0 * found.p_overflow)
        };
        let route = some(found.route).map_or("no round", |route| &rounds.routes[route].id);
        println!(
            "{:>7}  {:>7} of {:<7}  {overflow:>29}  {} ({route})",
            found.n_reports, found.n_skipped, found.n_planned, rounds.stops[stop].name,
        );
        let why: Vec<String> = reasons
            .range((stop, "")..(stop + 1, ""))
            .map(|((_, reason), count)| format!("{count} {}", reason.replace('_', " ")))
            .collect();
        println!("         {}", why.join(", "));
    }

    println!("\nWhat would help, best first:");
    for proposal in findings.proposals.iter().take(5) {
        println!("{}: {}", proposal.id, proposal.rationale);
        println!(
            "     {:+.1} km and {:+.0} minutes a week, {:.0} to {:.0} reports fewer a year",
            proposal.extra_m_week / 1000.0,
            proposal.extra_s_week / 60.0,
            proposal.fewer_reports_low,
            proposal.fewer_reports_high,
        );
    }
    Ok(())
}
