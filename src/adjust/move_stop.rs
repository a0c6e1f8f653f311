//! Trips in, stops that another trip of the same days would serve with less driving out.
//!
//! For each stop its own trip is closed up and it is put where it costs least in any other trip with exactly the
//! same planned days, next to one of the places of that trip that are nearest to it. Each move is priced alone,
//! against the trips as they are planned. A truck that has no room for the stop, and a crew that has no time for
//! it, do not get it.
//!
//! Exchanges of two stops are not looked at, nor moves to other days: those change when a stop is emptied.

use rayon::prelude::*;

use super::cost::{Leg, Plan, Run};
use super::extra_stop::around;
use super::insertion::{self, Round, Sequence};
use super::{Change, Options, Proposal};
use crate::period::Day;

/// Places of another trip, the nearest ones, that a stop is tried next to.
const NEAREST: usize = 8;

/// A trip keeps at least as many stops.
const LEAST_CALLS: usize = 3;

pub(super) fn proposals(plan: &Plan, options: &Options) -> Vec<Proposal> {
    let of_run = |run| -> Vec<Proposal> {
        let others = partners(plan, run);
        let positions = 0..if others.is_empty() { 0 } else { run.trip.calls.len() };
        positions.filter_map(|position| proposal(plan, options, run, position, &others)).collect()
    };
    plan.runs.par_iter().flat_map_iter(of_run).collect()
}

/// The other trips that are planned on exactly the same days.
fn partners<'a>(plan: &'a Plan, run: &Run) -> Vec<&'a Run<'a>> {
    let days = planned(run);
    if run.trip.calls.len() <= LEAST_CALLS || days.is_empty() {
        return Vec::new();
    }
    let is_partner = |other: &&Run| other.index != run.index && planned(other) == days;
    plan.runs.iter().filter(is_partner).filter(|other| !other.trip.calls.is_empty()).collect()
}

fn planned(run: &Run) -> Vec<Day> {
    let mut days: Vec<Day> = run.trip.days.iter().chain(&run.trip.cancelled).copied().collect();
    days.sort_unstable();
    days
}

/// The best move of the stop at one call of a trip, where it saves enough.
fn proposal(plan: &Plan, options: &Options, run: &Run, position: usize, others: &[&Run]) -> Option<Proposal> {
    let stop = run.trip.calls[position].stop;
    let calls_at = |run: &Run| run.trip.calls.iter().filter(|call| call.stop == stop).count();
    if calls_at(run) != 1 || plan.is_frozen(stop) {
        return None;
    }
    let saved = saved(plan, run, position);
    if saved.seconds * run.per_week() < options.min_move_s {
        return None;
    }
    let open: Vec<&Run> = others.iter().copied().filter(|other| calls_at(other) == 0).collect();
    let (to, call, added) = cheapest(plan, run, stop, saved, &open)?;
    let week = added.instead_of(saved).times(run.per_week());
    (-week.seconds >= options.min_move_s).then(|| written(plan, (run, position), (to, call), week))
}

/// What a trip is shorter without one of its calls.
fn saved(plan: &Plan, run: &Run, position: usize) -> Leg {
    let place = run.place_of_call(position);
    let chain = plan.chain(run);
    let to = place.checked_sub(1).map_or(Leg::NONE, |leg| chain[leg]);
    let from = chain.get(place).copied().unwrap_or(Leg::NONE);
    let ends = place.checked_sub(1).zip(run.places.get(place + 1));
    let direct =
        ends.map_or(Leg::NONE, |(before, &after)| plan.legs(&[run.places[before]], &[after]).get(0, 0));
    to.and(from).instead_of(direct)
}

/// The trip, the call before which it goes, and the price of the stop where it costs least and fits.
fn cheapest<'a>(
    plan: &Plan,
    run: &Run,
    stop: u32,
    saved: Leg,
    open: &[&'a Run<'a>],
) -> Option<(&'a Run<'a>, usize, Leg)> {
    let near: Vec<Vec<usize>> = open.iter().map(|other| near(plan, other, stop)).collect();
    let places: Vec<u32> =
        open.iter().zip(&near).flat_map(|(other, near)| near.iter().map(|&at| other.places[at])).collect();
    let (there, back) = (plan.legs(&places, &[stop]), plan.legs(&[stop], &places));
    let mut first = 0;
    let mut drives: Vec<[Vec<Leg>; 2]> = Vec::new();
    for (other, near) in open.iter().zip(&near) {
        let mut drive = [vec![Leg::NEVER; other.places.len()], vec![Leg::NEVER; other.places.len()]];
        for (number, &at) in (first..).zip(near) {
            drive[0][at] = there.get(number, 0);
            drive[1][at] = back.get(0, number);
        }
        first += near.len();
        drives.push(drive);
    }
    let seconds = |legs: &[Leg]| -> Vec<f64> { legs.iter().map(|leg| leg.seconds).collect() };
    let columns: Vec<[Vec<f64>; 3]> = open
        .iter()
        .zip(&drives)
        .map(|(other, [there, back])| [seconds(plan.chain(other)), seconds(there), seconds(back)])
        .collect();
    let rounds: Vec<Round> = open
        .iter()
        .zip(&columns)
        .map(|(other, [legs, there, back])| {
            // The crew of both trips has the time that the first one saves.
            let is_same_crew = other.trip.vehicle == run.trip.vehicle;
            let gained_s = if is_same_crew { saved.seconds + plan.service_s(stop) } else { 0.0 };
            Round {
                sequence: Sequence { legs, there, back, has_open_ends: !other.has_depot },
                room_s: plan.room_s(other) + gained_s,
                room_kg: plan.room_kg(other),
            }
        })
        .collect();
    let best = *insertion::cheapest(&rounds, plan.service_s(stop), plan.stop_kg(stop)).first()?;
    let (to, [there, back]) = (open[best.round], &drives[best.round]);
    let before = best.position.checked_sub(1);
    let into = before.map_or(Leg::NONE, |before| there[before]);
    let out = back.get(best.position).copied().unwrap_or(Leg::NONE);
    let today = before.and_then(|before| plan.chain(to).get(before)).copied().unwrap_or(Leg::NONE);
    Some((to, best.position - usize::from(to.has_depot), into.and(out).instead_of(today)))
}

/// Positions of the places of a trip that are nearest to a stop by the straight line, and those next to them,
/// ascending.
fn near(plan: &Plan, run: &Run, stop: u32) -> Vec<usize> {
    let here = plan.places[stop as usize];
    let mut at: Vec<usize> = (0..run.places.len()).collect();
    let away_m = |position: usize| plan.places[run.places[position] as usize].distance_m(here);
    at.sort_by(|&a, &b| away_m(a).total_cmp(&away_m(b)).then(a.cmp(&b)));
    at.truncate(NEAREST);
    let last = run.places.len() - 1;
    let mut with_sides: Vec<usize> =
        at.iter().flat_map(|&at| [at.saturating_sub(1), at, (at + 1).min(last)]).collect();
    with_sides.sort_unstable();
    with_sides.dedup();
    with_sides
}

fn written(plan: &Plan, (run, position): (&Run, usize), (to, call): (&Run, usize), week: Leg) -> Proposal {
    let stop = run.trip.calls[position].stop;
    let line = |run: &Run, first: usize, last: usize| {
        let (before, after) = (around(run, first).0, around(run, last).1);
        let through = before.into_iter().chain([stop]).chain(after);
        plan.line(&through.collect::<Vec<_>>())
    };
    Proposal {
        id: String::new(),
        change: Change::MoveStop {
            stop,
            from_trip: run.index,
            to_trip: to.index,
            position: u32::try_from(call).expect("a trip has fewer than 2^32 calls"),
        },
        extra_m_week: week.length_m,
        extra_s_week: week.seconds,
        fewer_reports_low: 0.0,
        fewer_reports_high: 0.0,
        cost_basis: week.basis,
        is_feasible: true,
        rationale: format!(
            "`{}` served by `{}`, before its call {}, instead of by `{}` takes {:.1} km and {:.1} minutes of driving a \
             week less, {:.0} times a week; shift and truck of `{}` have room for it",
            plan.rounds.stops[stop as usize].id,
            to.trip.id,
            call + 1,
            run.trip.id,
            -week.length_m / 1000.0,
            -week.seconds / 60.0,
            run.per_week(),
            to.trip.id,
        ),
        reports: Vec::new(),
        before: line(run, position, position + 1),
        after: line(to, call, call),
    }
}
