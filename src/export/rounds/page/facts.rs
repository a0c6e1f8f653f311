//! Findings in, what a page says about one round out, as numbers.

use crate::adjust::{Change, Proposal};
use crate::collection::{Diagnosis, Outcome, Reason, RouteFinding, StopFinding, Visit};
use crate::draw::round_page::{Ask, Sign};
use crate::draw::rounds::{LIKELY_FULL, OFTEN_FULL};
use crate::findings::Findings;
use crate::model::round::{Call, Trip};
use crate::model::some;
use crate::random::{Random, Stream};
use rand::Rng;

/// Late on so many of its visits, a stop is marked: fewer are a traffic jam.
const OFTEN_LATE: f64 = 0.15;
/// Below this p-value chance does not explain the worst weekday.
const SURE: f64 = 0.05;
/// Shuffles behind the p-value of the worst weekday.
const SHUFFLES: u32 = 999;
/// Fewer days than these tell nothing about weekdays.
const LEAST_DAYS: usize = 8;

/// Visits and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) planned: u32,
    /// Those whose outcome the track tells.
    pub(super) known: u32,
    pub(super) missed: u32,
    pub(super) late: u32,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.planned += 1;
        self.known += u32::from(outcome != Outcome::Unknown);
        self.missed += u32::from(outcome.is_missed());
        self.late += u32::from(outcome == Outcome::Late);
    }

    /// Share of missed among the known; NaN without any.
    pub(super) fn missed_share(&self) -> f64 {
        f64::from(self.missed) / f64::from(self.known)
    }

    pub(super) fn late_share(&self) -> f64 {
        f64::from(self.late) / f64::from(self.known)
    }
}

/// What visits, reports and proposals say, sorted by round once for all pages.
pub(super) struct Ledger<'a> {
    visits: Vec<Vec<&'a Visit>>,
    diagnoses: Vec<Vec<&'a Diagnosis>>,
    /// Proposals about the stops or trips of a round, by their index.
    proposals: Vec<Vec<usize>>,
    /// The weekdays on which each stop is served, by route.
    served: Vec<Vec<(u32, [bool; 7])>>,
}

impl<'a> Ledger<'a> {
    pub(super) fn of(findings: &'a Findings) -> Self {
        let rounds = &findings.rounds;
        let n = rounds.routes.len();
        let (mut visits, mut diagnoses, mut proposals) =
            (vec![Vec::new(); n], vec![Vec::new(); n], vec![Vec::new(); n]);
        for visit in &findings.collection.visits {
            visits[visit.route as usize].push(visit);
        }
        for diagnosis in &findings.collection.diagnoses {
            if let Some(route) = some(diagnosis.route) {
                diagnoses[route].push(diagnosis);
            }
        }
        let mut served = vec![Vec::new(); rounds.stops.len()];
        for trip in &rounds.trips {
            let weekdays = trip.weekdays();
            for call in &trip.calls {
                served[call.stop as usize].push((trip.route, weekdays));
            }
        }
        for (index, proposal) in findings.proposals.iter().enumerate() {
            let mut routes: Vec<u32> =
                trip_of(proposal).map(|trip| rounds.trips[trip].route).into_iter().collect();
            routes.extend(
                stop_of(proposal).into_iter().flat_map(|stop| served[stop].iter().map(|(route, _)| *route)),
            );
            routes.sort_unstable();
            routes.dedup();
            for route in routes {
                proposals[route as usize].push(index);
            }
        }
        Self { visits, diagnoses, proposals, served }
    }
}

fn trip_of(proposal: &Proposal) -> Option<usize> {
    match proposal.change {
        Change::ExtraStop { trip, .. }
        | Change::Frequency { trip, .. }
        | Change::Resequence { trip, .. }
        | Change::CleanUp { trip, .. }
        | Change::MoveStop { to_trip: trip, .. } => some(trip),
        Change::AddBin { .. } | Change::Relocate { .. } | Change::Redesign { .. } => None,
    }
}

fn stop_of(proposal: &Proposal) -> Option<usize> {
    match proposal.change {
        Change::ExtraStop { stop, .. }
        | Change::Frequency { stop, .. }
        | Change::CleanUp { stop, .. }
        | Change::MoveStop { stop, .. } => some(stop),
        Change::AddBin { beside, .. } | Change::Relocate { beside, .. } => some(beside),
        Change::Resequence { .. } | Change::Redesign { .. } => None,
    }
}

/// A stop in a tour.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Its place in the tour, from 1.
    pub(super) place: usize,
    pub(super) stop: u32,
    pub(super) planned_s: i64,
    /// Seconds into the day at which it is usually served; `None` where no visit is known.
    pub(super) usual_s: Option<i64>,
    pub(super) tally: Tally,
    /// What is known of the stop over all rounds that serve it.
    pub(super) finding: Option<&'a StopFinding>,
    /// Reports that it was full before its next visit.
    pub(super) n_full: u32,
    pub(super) n_dumped: u32,
    /// Reports that came after a missed visit.
    pub(super) n_after_miss: u32,
    pub(super) n_reports: u32,
    /// Weekdays on which other rounds serve it.
    pub(super) elsewhere: Vec<(u32, [bool; 7])>,
    pub(super) proposals: Vec<usize>,
    pub(super) sign: Sign,
    pub(super) ask: Ask,
}

/// The same stops at the same times: one trip, or several that run on other days.
#[derive(Debug)]
pub(super) struct Tour<'a> {
    /// The first of its trips.
    pub(super) trip: u32,
    pub(super) weekdays: [bool; 7],
    pub(super) rows: Vec<Row<'a>>,
    /// The proposal to drive it in another order, if there is one.
    pub(super) resequence: Option<usize>,
}

/// All that the page of one round rests on.
pub(super) struct Facts<'a> {
    pub(super) findings: &'a Findings,
    pub(super) route: u32,
    pub(super) finding: Option<&'a RouteFinding>,
    pub(super) tours: Vec<Tour<'a>>,
    pub(super) all: Tally,
    /// Monday first.
    pub(super) weekdays: [Tally; 7],
    /// By the planned hour.
    pub(super) hours: [Tally; 24],
    /// The probability that one weekday is as much worse than the others if visits are missed on any day alike; NaN
    /// with too few days.
    pub(super) weekday_p: f64,
    /// Reports by reason.
    pub(super) reasons: Vec<(Reason, u32)>,
    pub(super) proposals: Vec<usize>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(findings: &'a Findings, ledger: &Ledger<'a>, route: u32) -> Self {
        let index = route as usize;
        let visits = &ledger.visits[index];
        let (mut all, mut weekdays, mut hours) =
            (Tally::default(), [Tally::default(); 7], [Tally::default(); 24]);
        for visit in visits {
            let hour = usize::try_from(findings.clock.civil(visit.planned_at).hour()).unwrap_or(0);
            for tally in [&mut all, &mut weekdays[visit.day.weekday()], &mut hours[hour]] {
                tally.add(visit.outcome);
            }
        }
        let mut reasons: Vec<(Reason, u32)> = Reason::ALL.iter().map(|&reason| (reason, 0)).collect();
        ledger.diagnoses[index].iter().for_each(|diagnosis| reasons[diagnosis.reason as usize].1 += 1);
        reasons.retain(|reason| reason.1 > 0);
        reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let random = Random::new(findings.provenance.seed);
        Self {
            findings,
            route,
            finding: findings.collection.routes.get(index),
            tours: tours(findings, ledger, route),
            all,
            weekdays,
            hours,
            weekday_p: worst_weekday_p(visits, &mut random.stream("worst_weekday", u64::from(route))),
            reasons,
            proposals: ledger.proposals[index].clone(),
        }
    }

    /// The weekday on which the greatest share was missed, if any was.
    pub(super) fn worst_weekday(&self) -> Option<usize> {
        worst(&self.weekdays)
    }

    /// Whether that weekday is worse than chance explains; `None` with too few days.
    pub(super) fn is_weekday_sure(&self) -> Option<bool> {
        (!self.weekday_p.is_nan()).then_some(self.weekday_p < SURE)
    }

    /// The hour in which the greatest share was missed, if any was.
    pub(super) fn worst_hour(&self) -> Option<usize> {
        worst(&self.hours)
    }

    /// How many reports have this reason.
    pub(super) fn n_of(&self, reason: Reason) -> u32 {
        self.reasons.iter().find(|row| row.0 == reason).map_or(0, |row| row.1)
    }

    /// The rows of all tours.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row<'a>> {
        self.tours.iter().flat_map(|tour| &tour.rows)
    }

    /// The proposals that change a trip of this round and hold.
    pub(super) fn own_proposals(&self) -> impl Iterator<Item = &'a Proposal> {
        let findings = self.findings;
        let is_own = move |proposal: &&Proposal| {
            let route = trip_of(proposal).map(|trip| findings.rounds.trips[trip].route);
            proposal.is_feasible && route == Some(self.route)
        };
        self.proposals.iter().map(|&index| &findings.proposals[index]).filter(is_own)
    }
}

/// The greatest share of missed visits among groups with at least ten known ones.
fn worst(tallies: &[Tally]) -> Option<usize> {
    let usable = tallies.iter().enumerate().filter(|(_, tally)| tally.known >= 10 && tally.missed > 0);
    usable
        .max_by(|a, b| a.1.missed_share().total_cmp(&b.1.missed_share()).then(b.0.cmp(&a.0)))
        .map(|(index, _)| index)
}

/// The trips of a route, those with the same stops at the same times as one tour; the longest first.
fn tours<'a>(findings: &'a Findings, ledger: &Ledger<'a>, route: u32) -> Vec<Tour<'a>> {
    let rounds = &findings.rounds;
    let mut groups: Vec<(u32, &Trip, Vec<u32>)> = Vec::new();
    for (index, trip) in (0u32..).zip(&rounds.trips) {
        if trip.route != route || trip.calls.is_empty() {
            continue;
        }
        match groups.iter_mut().find(|group| group.1.calls == trip.calls) {
            Some(group) => group.2.push(index),
            None => groups.push((index, trip, vec![index])),
        }
    }
    groups.sort_by_key(|(index, trip, _)| (std::cmp::Reverse(trip.calls.len()), *index));
    let n_reports = reports_per_stop(findings, &ledger.diagnoses[route as usize]);
    groups.iter().map(|(_, _, trips)| tour(findings, ledger, route, trips, &n_reports)).collect()
}

/// Per stop: all reports, those that it was full, of rubbish beside it, and after a missed visit.
fn reports_per_stop(findings: &Findings, diagnoses: &[&Diagnosis]) -> Vec<[u32; 4]> {
    let mut counts = vec![[0u32; 4]; findings.rounds.stops.len()];
    for diagnosis in diagnoses {
        let Some(stop) = some(diagnosis.stop) else { continue };
        let [all, full, dumped, after_miss] = &mut counts[stop];
        *all += 1;
        match diagnosis.reason {
            Reason::FullBeforeNextService => *full += 1,
            Reason::DumpedBeside => *dumped += 1,
            Reason::Skipped => *after_miss += 1,
            _ => {}
        }
    }
    counts
}

fn tour<'a>(
    findings: &'a Findings,
    ledger: &Ledger<'a>,
    route: u32,
    trips: &[u32],
    n_reports: &[[u32; 4]],
) -> Tour<'a> {
    let rounds = &findings.rounds;
    let calls = &rounds.trips[trips[0] as usize].calls;
    let mut tallies = vec![Tally::default(); calls.len()];
    let mut delays: Vec<Vec<i64>> = vec![Vec::new(); calls.len()];
    for visit in ledger.visits[route as usize].iter().filter(|visit| trips.contains(&visit.trip)) {
        let place = visit.sequence as usize;
        tallies[place].add(visit.outcome);
        if visit.outcome.is_emptied() {
            delays[place].push(visit.served_at - visit.planned_at);
        }
    }
    let asked = |stop: u32| -> Vec<usize> {
        let is_about = |&&index: &&usize| stop_of(&findings.proposals[index]) == some(stop);
        ledger.proposals[route as usize].iter().filter(is_about).copied().collect()
    };
    let row = |(place, call): (usize, &Call)| {
        let finding = findings.collection.stops.get(call.stop as usize);
        let [n_reports, n_full, n_dumped, n_after_miss] = n_reports[call.stop as usize];
        let (tally, proposals) = (tallies[place], asked(call.stop));
        let elsewhere = ledger.served[call.stop as usize].iter().filter(|served| served.0 != route).copied();
        Row {
            place: place + 1,
            stop: call.stop,
            planned_s: call.arrival_s,
            usual_s: median(&mut delays[place].clone()).map(|delay_s| call.arrival_s + delay_s),
            tally,
            finding,
            n_full,
            n_dumped,
            n_after_miss,
            n_reports,
            elsewhere: elsewhere.collect(),
            sign: sign(&tally, finding, n_full),
            ask: ask(findings, &proposals),
            proposals,
        }
    };
    let mut weekdays = [false; 7];
    for &trip in trips {
        let own = rounds.trips[trip as usize].weekdays();
        (0..7).for_each(|weekday| weekdays[weekday] |= own[weekday]);
    }
    let is_new_order = |&&index: &&usize| matches!(findings.proposals[index].change, Change::Resequence { trip, .. } if trips.contains(&trip));
    Tour {
        trip: trips[0],
        weekdays,
        rows: calls.iter().enumerate().map(row).collect(),
        resequence: ledger.proposals[route as usize].iter().find(is_new_order).copied(),
    }
}

fn sign(tally: &Tally, finding: Option<&StopFinding>, n_full: u32) -> Sign {
    let p_overflow = finding.map_or(f64::NAN, |finding| finding.p_overflow);
    if finding.is_some_and(StopFinding::is_often_skipped) && tally.missed > 1 {
        Sign::Skipped
    } else if n_full >= OFTEN_FULL || p_overflow >= LIKELY_FULL {
        Sign::Full
    } else if tally.late > 1 && tally.late_share() >= OFTEN_LATE {
        Sign::Late
    } else {
        Sign::Fine
    }
}

fn ask(findings: &Findings, proposals: &[usize]) -> Ask {
    let first =
        proposals.iter().map(|&index| &findings.proposals[index]).find(|proposal| proposal.is_feasible);
    match first.map(|proposal| &proposal.change) {
        Some(Change::ExtraStop { .. }) => Ask::More,
        Some(Change::Frequency { from_per_week, to_per_week, .. }) if to_per_week > from_per_week => {
            Ask::More
        }
        Some(Change::Frequency { .. }) => Ask::Less,
        _ => Ask::Nothing,
    }
}

fn median(values: &mut [i64]) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// How often a shuffle of the days over the weekdays has one as bad as the worst: whole days are shuffled, because a
/// truck that breaks down misses many visits at once.
fn worst_weekday_p(visits: &[&Visit], stream: &mut Stream) -> f64 {
    let mut days: Vec<(usize, Tally)> = Vec::new();
    let mut last = None;
    for visit in visits {
        if last != Some(visit.day) {
            last = Some(visit.day);
            days.push((visit.day.weekday(), Tally::default()));
        }
        days.last_mut().expect("one was just added").1.add(visit.outcome);
    }
    days.retain(|(_, tally)| tally.known > 0);
    let mut weekdays: Vec<usize> = days.iter().map(|day| day.0).collect();
    let is_mixed = weekdays.iter().any(|&weekday| weekday != weekdays[0]);
    if days.len() < LEAST_DAYS || !is_mixed {
        return f64::NAN;
    }
    let greatest = |weekdays: &[usize]| -> f64 {
        let mut sums = [Tally::default(); 7];
        for (&weekday, (_, tally)) in weekdays.iter().zip(&days) {
            sums[weekday].known += tally.known;
            sums[weekday].missed += tally.missed;
        }
        sums.iter().map(Tally::missed_share).filter(|share| share.is_finite()).fold(0.0, f64::max)
    };
    let observed = greatest(&weekdays);
    let mut reached = 0;
    for _ in 0..SHUFFLES {
        for index in (1..weekdays.len()).rev() {
            let other =
                usize::try_from(stream.next_u64() % (index as u64 + 1)).expect("no more than there are days");
            weekdays.swap(index, other);
        }
        reached += u32::from(greatest(&weekdays) >= observed - 1e-12);
    }
    crate::stats::permute::pseudo_p(reached, SHUFFLES)
}

#[cfg(test)]
mod tests;
