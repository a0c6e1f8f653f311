//! The probability of each visit in, what became of it and the sentence that says why out.

use std::collections::BTreeMap;

use super::habits::Habits;
use super::lattice::{Chance, Point};
use super::{AT_DEPOT_M, Shift};
use crate::collection::{Options, Outcome, Visit};
use crate::model::round::Rounds;
use crate::model::some;
use crate::model::track::Track;
use crate::period::Clock;
use crate::unit::Local;

/// A visit less probably left out than this is never called so.
const LEAST_CUT: f64 = 0.3;

/// The probability of having been left out from which a visit is called so: the one with the best expected F1, the
/// harmonic mean of the share of the called that are right and the share of the left out that are called (Lipton, Elkan &
/// Naryanaswamy 2014). Half where every visit is sure; less the less sure they are, as half of two that look alike are
/// right. Never more than a half, so that a visit that is more probably left out than made is never called made.
pub(super) fn best_cut<'a>(chances: impl Iterator<Item = &'a Chance>) -> f64 {
    let mut missed: Vec<f64> = chances.filter_map(Chance::left_out).collect();
    missed.sort_by(|a, b| b.total_cmp(a));
    let all: f64 = missed.iter().sum();
    let (mut right, mut best, mut cut) = (0.0, 0.0, 0.5);
    for (place, &probability) in missed.iter().enumerate() {
        right += probability;
        let f1 = 2.0 * right / ((place + 1) as f64 + all);
        if f1 > best {
            (best, cut) = (f1, probability);
        }
    }
    cut.clamp(LEAST_CUT, 0.5)
}

/// What verdicts rest on.
pub(super) struct Judge<'a> {
    /// A visit is left out where that is at least this probable ([`best_cut`]).
    pub(super) cut: f64,
    pub(super) habits: &'a Habits,
    pub(super) rounds: &'a Rounds,
    pub(super) clock: &'a Clock,
    pub(super) options: &'a Options,
}

impl Judge<'_> {
    /// Writes the verdicts of one shift.
    pub(super) fn judge(&self, visits: &mut [Visit], shift: &Shift, chances: &[Chance]) {
        let &Self { cut, habits, rounds, clock, options } = self;
        let is_seen = |chance: &Chance| {
            let missed = 1.0 - chance.seen - chance.unseen;
            chance.seen > 0.5 && chance.seen > chance.unseen && missed < cut
        };
        let is_seen: Vec<bool> = chances.iter().map(is_seen).collect();
        let last = shift.points[shift.points.len() - 1].time;
        let unlogged = unlogged_trips(visits, shift, &is_seen, options.hole_s);
        for (call, chance) in chances.iter().enumerate() {
            let stop = rounds.stops[shift.stops[call] as usize].at;
            let halt = habits.halt[shift.stops[call] as usize];
            let visit = &mut visits[shift.visits[call]];
            let window = window(shift, chances, &is_seen, call);
            visit.confidence = share(1.0 - chance.seen);
            if let Some(&gap) = unlogged.get(&visit.trip) {
                visit.evidence = match gap {
                    (from, Some(to)) => unheard(from, to, clock),
                    (from, None) => {
                        format!("track ends at {}, before the round was due", clock.hour_minute(from))
                    }
                };
            } else if let Some(arrival) = chance.arrival.filter(|_| is_seen[call]) {
                visit.served_at = shift.points[arrival].time;
                visit.outcome = Outcome::Served;
                visit.confidence = share(chance.seen);
                visit.evidence = stayed(shift, arrival, chance.stay_s, stop, clock);
            } else if let Some((from, to)) = hole_within(shift, window, halt, habits) {
                visit.evidence = unheard(shift.points[from].time, shift.points[to].time, clock);
            } else if window.0.is_none() && shift.may_begin_unseen {
                let first = clock.hour_minute(shift.points[0].time);
                visit.evidence = format!("track begins at {first}, away from the depot");
            } else if window.1.is_none() && shift.may_end_unseen {
                let last = clock.hour_minute(last);
                visit.evidence = format!("track ends at {last}, away from the depot");
            } else {
                let (nearest_m, when) = nearest(shift, window, stop);
                let is_passed = nearest_m <= options.pass_m;
                visit.outcome = if is_passed { Outcome::Passed } else { Outcome::Skipped };
                visit.evidence = absent(shift, nearest_m, when, is_passed, clock);
            }
        }
    }
}

/// "track has a hole 07:54–08:30".
fn unheard(from: i64, to: i64, clock: &Clock) -> String {
    format!("track has a hole {}–{}", clock.hour_minute(from), clock.hour_minute(to))
}

/// When nothing was logged: from the last fix before to the first one after, if any.
type Gap = (i64, Option<i64>);

/// A trip in a shift.
struct Planned {
    /// When its first call is due, and its last.
    first: i64,
    last: i64,
    calls: usize,
    seen: usize,
}

/// The trips of a shift.
fn planned(visits: &[Visit], shift: &Shift, is_seen: &[bool]) -> BTreeMap<u32, Planned> {
    let mut trips: BTreeMap<u32, Planned> = BTreeMap::new();
    for (&index, &is_seen) in shift.visits.iter().zip(is_seen) {
        let visit = &visits[index];
        let none = Planned { first: i64::MAX, last: i64::MIN, calls: 0, seen: 0 };
        let trip = trips.entry(visit.trip).or_insert(none);
        (trip.first, trip.last) = (trip.first.min(visit.planned_at), trip.last.max(visit.planned_at));
        trip.calls += 1;
        trip.seen += usize::from(is_seen);
    }
    trips
}

/// Trips that the track says nothing about, although the truck was at the depot before and after: it ends before they
/// were due, or half of their time lies in one gap there. A truck that makes two rounds a day is back at the depot between
/// them; a call or two that the round before passed prove nothing. One that stays at the depot because its round is cancelled
/// reports from there.
fn unlogged_trips(visits: &[Visit], shift: &Shift, is_seen: &[bool], hole_s: i64) -> BTreeMap<u32, Gap> {
    let fixes = shift.fixes();
    let is_at_depot =
        |point: &&Point| shift.depot.is_some_and(|depot| point.at.distance_m(depot) < AT_DEPOT_M);
    let end = shift.points[shift.points.len() - 1].time;
    let gap = |trip: &Planned| {
        let shared_s = |from: i64, to: i64| to.min(trip.last) - from.max(trip.first);
        let is_in = |pair: &&[&Point]| {
            let (from, to) = (pair[0].time, pair[1].time);
            to - from > hole_s && 2 * shared_s(from, to) > trip.last - trip.first
        };
        let at_depot = |pair: &&[&Point]| pair.iter().all(is_at_depot) && is_in(pair);
        let within = fixes.windows(2).find(at_depot).map(|pair| (pair[0].time, Some(pair[1].time)));
        within.or((end < trip.first).then_some((end, None)))
    };
    let unseen = planned(visits, shift, is_seen).into_iter().filter(|(_, trip)| 2 * trip.seen < trip.calls);
    unseen.filter_map(|(number, trip)| Some((number, gap(&trip)?))).collect()
}

/// A probability as a confidence: never quite 0 or 1.
#[expect(clippy::cast_possible_truncation, reason = "a share")]
fn share(probability: f64) -> f32 {
    probability.clamp(0.0, 0.999) as f32
}

/// When the calls before and after were served, as points: between them this one's place is. `None` where no
/// call before (after) was seen.
fn window(
    shift: &Shift,
    chances: &[Chance],
    is_seen: &[bool],
    call: usize,
) -> (Option<usize>, Option<usize>) {
    debug_assert_eq!(shift.stops.len(), chances.len());
    let seen = |other: &usize| is_seen[*other];
    let before = (0..call).rev().find(seen).and_then(|other| chances[other].arrival);
    let after = (call + 1..chances.len()).find(seen).and_then(|other| chances[other].arrival);
    (before, after)
}

/// A hole within the window that leaves time to go to the halt and on.
fn hole_within(
    shift: &Shift,
    window: (Option<usize>, Option<usize>),
    halt: Local,
    habits: &Habits,
) -> Option<(usize, usize)> {
    let (from, to) = (window.0.unwrap_or(0), window.1.unwrap_or(shift.points.len() - 1));
    shift.holes.iter().copied().find(|&(begins, ends)| {
        let (before, after) = (&shift.points[begins], &shift.points[ends]);
        let detour_m = before.at.distance_m(halt) + halt.distance_m(after.at) - 100.0;
        let reach_m = (after.time - before.time) as f64 * habits.speed_ms * 1.3;
        begins < to.max(begins + 1) && ends > from && begins <= to && detour_m <= reach_m
    })
}

/// How near the truck came within the window, and when; straight between fixes that follow each other closely.
fn nearest(shift: &Shift, window: (Option<usize>, Option<usize>), stop: Local) -> (f64, i64) {
    let (from, to) = (window.0.unwrap_or(0), window.1.unwrap_or(shift.points.len() - 1));
    let fixes: Vec<&Point> = shift.points[from..=to].iter().filter(|point| point.is_fix()).collect();
    let mut best = (f64::INFINITY, 0);
    for (place, fix) in fixes.iter().enumerate() {
        best = if fix.at.distance_m(stop) < best.0 { (fix.at.distance_m(stop), fix.time) } else { best };
        if let Some(next) = fixes.get(place + 1).filter(|next| next.time - fix.time <= 120) {
            let (dx, dy) = (next.at.x - fix.at.x, next.at.y - fix.at.y);
            let along = ((stop.x - fix.at.x) * dx + (stop.y - fix.at.y) * dy) / (dx * dx + dy * dy).max(1e-9);
            let metres = fix.at.toward(next.at, along.clamp(0.0, 1.0)).distance_m(stop);
            best = if metres < best.0 { (metres, fix.time) } else { best };
        }
    }
    best
}

/// "stayed 48 s at 6 m, 11:42".
fn stayed(shift: &Shift, arrival: usize, stay_s: f64, stop: Local, clock: &Clock) -> String {
    let point = &shift.points[arrival];
    let when = clock.hour_minute(point.time);
    let seconds =
        if stay_s.is_finite() { format!("{:.0} s", stay_s.max(0.0)) } else { "some time".to_owned() };
    if point.is_fix() {
        format!("stayed {seconds} at {:.0} m, {when}", point.at.distance_m(stop))
    } else {
        format!("{seconds} more than the drive takes, between two fixes, about {when}")
    }
}

/// Why a visit that was not made was not made.
fn absent(shift: &Shift, nearest_m: f64, when: i64, is_passed: bool, clock: &Clock) -> String {
    let fixes = shift.fixes();
    let depot = shift.depot.filter(|depot| fixes.iter().all(|fix| fix.at.distance_m(*depot) < AT_DEPOT_M));
    let (first, last) = (fixes[0].time, fixes[fixes.len() - 1].time);
    if depot.is_some() {
        let (first, last) = (clock.hour_minute(first), clock.hour_minute(last));
        return format!("the truck stayed at the depot, {} fixes {first}–{last}", fixes.len());
    }
    if is_passed {
        return format!("drove by at {nearest_m:.0} m without stopping for it, {}", clock.hour_minute(when));
    }
    format!("came no nearer than {nearest_m:.0} m, {}; track complete there", clock.hour_minute(when))
}

/// Visits much later than their round usually is are late.
pub(in crate::collection) fn mark_late(visits: &mut [Visit], trips: usize, options: &Options) {
    let mut of_trip: Vec<Vec<i64>> = vec![Vec::new(); trips];
    for visit in visits.iter().filter(|visit| visit.outcome == Outcome::Served) {
        of_trip[visit.trip as usize].push(visit.served_at - visit.planned_at);
    }
    let usual = of_trip.iter_mut().map(|delays| {
        delays.sort_unstable();
        delays.get(delays.len() / 2).map_or(0, |&delay| delay.max(0))
    });
    let usual: Vec<i64> = usual.collect();
    for visit in visits.iter_mut().filter(|visit| visit.outcome == Outcome::Served) {
        let delay_s = visit.served_at - visit.planned_at;
        let beyond_s = delay_s - usual[visit.trip as usize];
        if beyond_s as f64 > options.late_after_min * 60.0 {
            visit.outcome = Outcome::Late;
            visit.evidence = format!("{}, {} min after the plan", visit.evidence, delay_s / 60);
        }
    }
}

/// Visits of shifts without a single fix.
pub(super) fn explain_unseen(visits: &mut [Visit], rounds: &Rounds, tracks: &[Track], clock: &Clock) {
    let ends = tracks.iter().filter_map(|track| Some((*track.time.first()?, *track.time.last()?)));
    let span = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let span = span.map(|(first, last)| (clock.day(first), clock.day(last)));
    for visit in visits.iter_mut().filter(|visit| visit.evidence.is_empty()) {
        visit.evidence = match (span, some(rounds.trips[visit.trip as usize].vehicle)) {
            (None, _) => "there are no tracks".to_owned(),
            (Some((first, last)), _) if visit.day < first || visit.day > last => {
                format!("the tracks cover {first} to {last} only")
            }
            (_, None) => "the feed names no vehicle for this trip".to_owned(),
            (_, Some(vehicle)) => format!("no fix of {} for this trip", rounds.vehicles[vehicle].id),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_is_a_half_where_visits_are_sure_and_lower_where_two_look_alike() {
        let chance =
            |missed: f64| Chance { seen: 1.0 - missed, unseen: 0.0, arrival: None, stay_s: f64::NAN };
        let sure: Vec<Chance> = [vec![chance(0.0); 90], vec![chance(0.99); 10]].concat();
        assert!((best_cut(sure.iter()) - 0.5).abs() < 1e-9);
        let alike: Vec<Chance> = [vec![chance(0.01); 90], vec![chance(0.45); 10]].concat();
        assert!((best_cut(alike.iter()) - 0.45).abs() < 1e-9);
        assert!((best_cut([].iter()) - 0.5).abs() < 1e-9);
    }
}
