//! Verdicts on planned visits and what the trucks logged in, verdicts with the log's word out.
//!
//! A lift or a weighing proves an emptying, and the note of a crew that came in vain proves that there was none: both
//! outweigh the track, whose fixes may lie across the street. Each entry of the log belongs to the visit of its stop that
//! was planned nearest to it. An emptying that was not logged proves nothing, unless the project says that every one
//! is ([`Options::services_complete`]): then a call of which the track cannot tell was skipped, if its trip logged others.

use std::collections::{BTreeMap, BTreeSet};

use super::fill::logged::site_of;
use super::planned::by_stop;
use super::{Options, Outcome, Visit};
use crate::model::round::Rounds;
use crate::model::service::Services;
use crate::period::{Clock, Day, NEVER};

/// How sure a log is: entries are written at the wrong stop now and then.
const SURE: f32 = 0.99;
/// How sure it is that a call was skipped of which a complete log knows nothing.
const SILENT: f32 = 0.9;

/// An entry of the log at a stop.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    at: i64,
    /// What was lifted, NaN where nobody weighed it; or the crew's code, where it was not emptied.
    told: Result<f64, &'a str>,
}

/// Lets the log speak: changes the verdicts on the visits that it knows more about.
pub(super) fn attest(
    visits: &mut [Visit],
    rounds: &Rounds,
    services: &Services,
    clock: &Clock,
    options: &Options,
) {
    let logs: Vec<Option<Vec<Entry<'_>>>> =
        rounds.stops.iter().map(|stop| Some(entries(services, site_of(stop, services)?))).collect();
    let mut word: BTreeMap<usize, Entry<'_>> = BTreeMap::new();
    for (planned, log) in by_stop(visits, rounds.stops.len()).iter().zip(&logs) {
        let about = |entry: &Entry<'_>| visit_of(visits, planned, entry.at, options);
        word.extend(log.iter().flatten().filter_map(|entry| Some((about(entry)?, *entry))));
    }
    let logged_tours: BTreeSet<(u32, Day)> =
        word.keys().map(|&index| (visits[index].trip, visits[index].day)).collect();
    for (index, entry) in word {
        told(&mut visits[index], entry, clock);
    }
    if options.services_complete {
        for visit in visits.iter_mut().filter(|visit| visit.outcome == Outcome::Unknown) {
            if logs[visit.stop as usize].is_some() && logged_tours.contains(&(visit.trip, visit.day)) {
                visit.outcome = Outcome::Skipped;
                visit.confidence = SILENT;
                "nothing is logged here, though the round logged other stops".clone_into(&mut visit.evidence);
            }
        }
    }
}

/// What is logged at a site. The last entry about a visit has the last word: an emptying after a visit in vain, and of
/// several emptyings the first.
fn entries(services: &Services, site: usize) -> Vec<Entry<'_>> {
    let in_vain = services.in_vain(site).iter();
    let in_vain =
        in_vain.map(|visit| Entry { at: visit.at, told: Err(services.codes[visit.code as usize].as_str()) });
    let emptied = services.of_site[site].iter().rev();
    in_vain.chain(emptied.map(|service| Entry { at: service.begun, told: Ok(service.kg) })).collect()
}

/// The visit among `planned` that was due nearest to an entry, if any can be meant.
fn visit_of(visits: &[Visit], planned: &[u32], at: i64, options: &Options) -> Option<usize> {
    let may_be = |index: &usize| {
        let due = visits[*index].planned_at;
        (due - options.early_s()..=due + options.overrun_s()).contains(&at)
    };
    let away_s = |index: usize| (visits[index].planned_at - at).abs();
    planned.iter().map(|&index| index as usize).filter(may_be).min_by_key(|&index| (away_s(index), index))
}

fn told(visit: &mut Visit, entry: Entry<'_>, clock: &Clock) {
    let hour = clock.hour_minute(entry.at);
    let against = if visit.outcome.is_missed() { "; the track shows no stop" } else { "" };
    visit.confidence = SURE;
    match entry.told {
        Ok(kg) => {
            let weight = if kg.is_nan() { String::new() } else { format!(" ({kg:.0} kg)") };
            visit.evidence = format!("emptied at {hour}{weight}, as logged{against}");
            (visit.outcome, visit.served_at) = (Outcome::Served, entry.at);
        }
        Err(code) => {
            visit.evidence = format!("not emptied at {hour}: the crew noted `{code}`");
            (visit.outcome, visit.served_at) = (Outcome::Passed, NEVER);
        }
    }
}
