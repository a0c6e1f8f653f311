//! The trips of one yard on one day in, rounds over the same stops out, driven by no more trucks.
//!
//! Trucks count as alike: each holds what the smallest of them holds and its crew works as long as the shortest
//! shift. A day on which a truck drives twice is left alone, since unloading in between is not known, and so are
//! trips without a yard. Days with the same trips are one district. A stop at which two trips call is called at
//! twice. What is driven is priced alike before and after: legs of the network and the time of emptying.

use super::problem::{NEVER, Problem};
use super::search::search;
use crate::adjust::cost::{Leg, Legs, Plan};
use crate::adjust::order::{Costs, shorter};
use crate::adjust::{CostBasis, Options, Situation};
use crate::model::some;
use crate::network::Shortest;
use crate::random::Random;

/// Seconds, metres and kilograms are counted in tenths.
const TENTHS: f64 = 10.0;

/// What a set of rounds takes, once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// Rounds.
    pub rounds: usize,
    /// Driven metres.
    pub length_m: f64,
    /// Seconds of driving and emptying.
    pub seconds: f64,
    /// What that rests on.
    pub basis: CostBasis,
}

/// Days with the same trips from the same yard, and other rounds for them.
#[derive(Debug, Clone, PartialEq)]
pub struct District {
    /// Weekdays on which these trips run, Monday first.
    pub weekdays: [bool; 7],
    /// The trips, ascending.
    pub trips: Vec<u32>,
    /// The stops of each new round in their order.
    pub rounds: Vec<Vec<u32>>,
    /// Stops that no round could take: then shifts or trucks are too small, today as well.
    pub left_over: Vec<u32>,
    /// The trips as they are planned.
    pub before: Work,
    /// The new rounds.
    pub after: Work,
}

/// Every district with more than one trip, its rounds searched for in so many steps; the same seed gives the same
/// rounds.
pub fn districts(situation: &Situation, options: &Options, steps: u64, seed: u64) -> Vec<District> {
    let plan = Plan::new(situation, options);
    let mut days: Vec<([bool; 7], Vec<u32>)> = Vec::new();
    for weekday in 0..7 {
        for trips in by_yard(&plan, weekday) {
            match days.iter_mut().find(|(_, known)| *known == trips) {
                Some((weekdays, _)) => weekdays[weekday] = true,
                None => days.push((std::array::from_fn(|day| day == weekday), trips)),
            }
        }
    }
    days.into_iter().map(|(weekdays, trips)| replanned(&plan, weekdays, trips, (steps, seed))).collect()
}

/// The trips of one weekday, those of one yard together.
fn by_yard(plan: &Plan, weekday: usize) -> Vec<Vec<u32>> {
    let mut yards: Vec<(u32, Vec<u32>)> = Vec::new();
    for run in plan.runs.iter().filter(|run| run.has_depot && run.runs_on(weekday)) {
        let at = |place: u32| plan.places[place as usize];
        match yards.iter_mut().find(|(yard, _)| at(*yard) == at(run.places[0])) {
            Some((_, trips)) => trips.push(run.index),
            None => yards.push((run.places[0], vec![run.index])),
        }
    }
    let drives_once = |trips: &Vec<u32>| {
        let mut trucks: Vec<u32> = trips.iter().map(|&trip| plan.runs[trip as usize].trip.vehicle).collect();
        trucks.sort_unstable();
        trucks.is_sorted_by(|a, b| a < b)
    };
    yards.into_iter().map(|(_, trips)| trips).filter(|trips| trips.len() > 1 && drives_once(trips)).collect()
}

fn replanned(plan: &Plan, weekdays: [bool; 7], of: Vec<u32>, (steps, seed): (u64, u64)) -> District {
    let mut places = vec![plan.runs[of[0] as usize].places[0]];
    let mut today: Vec<Vec<u32>> = Vec::new();
    for &trip in &of {
        let first = u32::try_from(places.len()).expect("fewer calls than 2^32");
        let calls = &plan.runs[trip as usize].trip.calls;
        places.extend(calls.iter().map(|call| call.stop));
        today.push((first..).take(calls.len()).collect());
    }
    let legs = plan.legs(&places, &places);
    let problem = problem(plan, &of, &places, &legs);
    let found = search(&problem, &today, steps, seed);
    let found_rounds: Vec<Vec<u32>> =
        found.rounds.iter().map(|round| polished(plan, &problem, round, seed)).collect();
    let called_at = |round: &[u32]| round.iter().map(|&place| places[place as usize]).collect();
    District {
        weekdays,
        trips: of,
        rounds: found_rounds.iter().map(|round| called_at(round)).collect(),
        left_over: called_at(&found.left_over),
        before: work(plan, &today, &places, &legs),
        after: work(plan, &found_rounds, &places, &legs),
    }
}

fn problem(plan: &Plan, trips: &[u32], places: &[u32], legs: &Legs) -> Problem {
    let n = places.len();
    let legs = || (0..n * n).map(|pair| legs.get(pair / n, pair % n));
    let duration: Vec<i32> = legs().map(|leg| tenths(leg.seconds)).collect();
    let cost = match plan.network.options().shortest {
        Shortest::Time => duration.clone(),
        Shortest::Length => legs().map(|leg| tenths(leg.length_m)).collect(),
    };
    let trucks = || trips.iter().filter_map(|&trip| some(plan.runs[trip as usize].trip.vehicle));
    let least = |of: &dyn Fn(usize) -> Option<f64>| trucks().filter_map(of).reduce(f64::min);
    let shift = least(&|truck| plan.rounds.vehicles[truck].shift_s).map_or(NEVER, tenths);
    let capacity = least(&|truck| plan.rounds.vehicles[truck].capacity_kg).map_or(NEVER, tenths);
    let of_stops = |of: &dyn Fn(u32) -> f64| -> Vec<i32> {
        std::iter::once(0).chain(places[1..].iter().map(|&stop| tenths(of(stop)))).collect()
    };
    Problem {
        n,
        cost,
        duration,
        service: of_stops(&|stop| plan.service_s(stop)),
        opens: vec![0; n],
        closes: vec![shift; n],
        load: of_stops(&|stop| plan.stop_kg(stop)),
        capacity,
        max_rounds: trips.len(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to what sums of a round can take")]
fn tenths(value: f64) -> i32 {
    (value * TENTHS).round().clamp(0.0, f64::from(NEVER) / 2.0) as i32
}

/// A round in a shorter order, as long as its crew is back in time.
fn polished(plan: &Plan, problem: &Problem, round: &[u32], seed: u64) -> Vec<u32> {
    let places: Vec<usize> =
        [0].into_iter().chain(round.iter().map(|&place| place as usize)).chain([0]).collect();
    let n = places.len();
    let cost = |pair: usize| i64::from(problem.cost[places[pair / n] * problem.n + places[pair % n]]);
    let costs = Costs::new((0..n * n).map(cost).collect());
    let random = Random::new(seed).stream("replan", 1);
    let order = shorter(&costs, &(0..n).collect::<Vec<_>>(), plan.options.tries_per_stop, random);
    let shorter: Vec<u32> = order[1..n - 1].iter().map(|&at| round[at - 1]).collect();
    if problem.back_at(&shorter).is_some() { shorter } else { round.to_vec() }
}

fn work(plan: &Plan, rounds: &[Vec<u32>], places: &[u32], legs: &Legs) -> Work {
    let mut driven = Leg::NONE;
    let mut service_s = 0.0;
    for round in rounds {
        let stops = || round.iter().map(|&place| place as usize);
        for (from, to) in [0].into_iter().chain(stops()).zip(stops().chain([0])) {
            driven = driven.and(legs.get(from, to));
        }
        service_s += stops().map(|place| plan.service_s(places[place])).sum::<f64>();
    }
    Work {
        rounds: rounds.len(),
        length_m: driven.length_m,
        seconds: driven.seconds + service_s,
        basis: driven.basis,
    }
}
