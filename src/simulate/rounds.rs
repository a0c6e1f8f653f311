//! Bins in, planned rounds with a timetable out.
//!
//! Bins are cut into rounds by a sweep around their centre, each round is put in order by the nearest
//! neighbour and 2-opt with Or-opt on the driving times. Some rounds are left as they grew over the years.

use jiff::civil::Time;

use crate::error::{Error, Result};
use crate::model::round::{Call, Rounds, Route, Stop, Trip, Vehicle};
use crate::network::{Matrix, Snap};
use crate::period::Day;
use crate::unit::Local;

use super::bins::{self, Bin};
use super::chance::Chance;
use super::roads::{Known, Roads};
use super::{City, Options, Scene};

/// Seconds between two rounds of a truck, for emptying it.
const PAUSE_S: i64 = 30 * 60;

/// The planned rounds, and what the simulation needs to know beyond the model.
#[derive(Debug)]
pub(super) struct Plan {
    /// The rounds. Trip, route and round have the same number.
    pub(super) rounds: Rounds,
    /// The bin of each stop.
    pub(super) bin_of_stop: Vec<usize>,
    /// The stop of each bin; `None` where no round plans it.
    pub(super) stop_of_bin: Vec<Option<usize>>,
    /// The round of each stop.
    pub(super) round_of_stop: Vec<usize>,
    /// The depot.
    pub(super) depot: Local,
    /// Seconds into the service day at which each round leaves the depot, and at which it is back.
    pub(super) span_s: Vec<(i64, i64)>,
}

/// The depot: the given one, else the crossing that is farthest from the bins.
pub(super) fn depot(scene: &Scene<'_>, bins: &[Bin]) -> Result<Local> {
    let Scene { city, options, .. } = *scene;
    let refused =
        |message: &str, hint: &str| Error::Setting { message: message.to_owned(), hint: hint.to_owned() };
    if let Some([lon, lat]) = options.depot {
        let at = city.plane.local(crate::unit::LonLat::new(lon, lat));
        return at.filter(|&at| city.network.snap(at, 250.0).is_some()).ok_or_else(|| {
            refused(
                &format!("no street that a truck can drive is within 250 m of the depot {lon}, {lat}"),
                "write longitude before latitude, or leave `depot` out of [simulate]",
            )
        });
    }
    let centre = bins::centre(&bins.iter().map(|bin| bin.asset.at).collect::<Vec<_>>());
    let nodes = city.network.nodes().iter().copied();
    nodes
        .max_by(|a, b| a.distance_m(centre).total_cmp(&b.distance_m(centre)).then(a.total_cmp(b)))
        .ok_or_else(|| {
            refused("there is no street that a truck can drive", "name a file with streets under [sources]")
        })
}

/// The rounds of the season.
pub(super) fn plan(
    scene: &Scene<'_>,
    roads: &Roads<'_>,
    bins: &[Bin],
    depot: Local,
    patterns: &[[bool; 7]],
) -> Plan {
    let Scene { city, options, .. } = *scene;
    let mut planned: Vec<usize> = (0..bins.len()).filter(|&bin| bins[bin].is_planned).collect();
    sweep(&mut planned, bins);
    let n_rounds = options.rounds.clamp(1, planned.len().max(1));
    let mut rounds = Rounds::default();
    let n_vehicles = options.vehicles.clamp(1, n_rounds);
    rounds.vehicles = (0..n_vehicles).map(|number| vehicle(number, depot)).collect();
    let mut stop_of_bin = vec![None; bins.len()];
    let mut bin_of_stop = Vec::new();
    for (bin, stop) in (0..bins.len()).filter(|&bin| bins[bin].is_planned).zip(0..) {
        stop_of_bin[bin] = Some(stop);
        bin_of_stop.push(bin);
        rounds.stops.push(as_stop(&bins[bin], options));
    }
    let mut plan = Plan {
        round_of_stop: vec![0; bin_of_stop.len()],
        bin_of_stop,
        stop_of_bin,
        depot,
        span_s: Vec::new(),
        rounds,
    };
    let mut known = Known::default();
    let mut free_s = vec![seconds_of(options.start); n_vehicles];
    for round in 0..n_rounds {
        let members = &planned[planned.len() * round / n_rounds..planned.len() * (round + 1) / n_rounds];
        let is_grown = round >= n_rounds - options.grown_rounds.min(n_rounds);
        let order = in_order(members, bins, roads, depot, is_grown, &mut scene.chance("round", round as u64));
        for &bin in &order {
            plan.round_of_stop[plan.stop_of_bin[bin].expect("members are planned")] = round;
        }
        let vehicle = round % n_vehicles;
        let start_s = free_s[vehicle];
        let (calls, back_s) = timetable(&order, &plan, bins, roads, start_s, options, &mut known);
        free_s[vehicle] = back_s + PAUSE_S;
        plan.span_s.push((start_s, back_s));
        plan.rounds.routes.push(Route { id: format!("B{:02}", round + 1), name: round_name(round, city) });
        let (days, cancelled) = days(patterns[round % patterns.len()], options);
        plan.rounds.trips.push(Trip {
            id: format!("B{:02}-t", round + 1),
            route: number(round),
            vehicle: number(vehicle),
            calls,
            days,
            cancelled,
        });
    }
    plan
}

/// `index` as the model keeps it.
pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 stops")
}

fn round_name(round: usize, city: &City<'_>) -> String {
    match city.language {
        crate::model::kind::Language::En => format!("Litter bins round {} (synthetic)", round + 1),
        crate::model::kind::Language::Nl => format!("Afvalbakken ronde {} (synthetisch)", round + 1),
    }
}

fn vehicle(number: usize, depot: Local) -> Vehicle {
    Vehicle {
        id: format!("truck-{:02}", number + 1),
        capacity_kg: Some(3500.0),
        shift_s: Some(8.0 * 3600.0),
        depot: Some(depot),
    }
}

fn as_stop(bin: &Bin, options: &Options) -> Stop {
    Stop {
        id: bin.asset.id.replace('/', "-"),
        name: bin.name.clone(),
        at: bin.asset.at,
        capacity_l: bin.asset.capacity_l,
        service_s: Some(options.service_s),
        asset_id: Some(bin.asset.id.clone()),
    }
}

fn seconds_of(time: Time) -> i64 {
    i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

/// Sorts bins by the angle under which they are seen from their centre.
fn sweep(planned: &mut [usize], bins: &[Bin]) {
    let centre = bins::centre(&planned.iter().map(|&bin| bins[bin].asset.at).collect::<Vec<_>>());
    let angle = |bin: usize| (bins[bin].asset.at.y - centre.y).atan2(bins[bin].asset.at.x - centre.x);
    planned.sort_by(|&a, &b| angle(a).total_cmp(&angle(b)).then(a.cmp(&b)));
}

/// The days on which a round runs, and those that the calendar takes out.
fn days(pattern: [bool; 7], options: &Options) -> (Vec<Day>, Vec<Day>) {
    let period = options.period();
    let all = (period.from.0..=period.to.0).map(Day).filter(|day| pattern[day.weekday()]);
    all.partition(|day| !options.holidays.contains(&day.date()))
}

/// Calls with times, and the time at which the truck is back.
fn timetable(
    order: &[usize],
    plan: &Plan,
    bins: &[Bin],
    roads: &Roads<'_>,
    start_s: i64,
    options: &Options,
    known: &mut Known,
) -> (Vec<Call>, i64) {
    let mut calls = Vec::new();
    let mut at = plan.depot;
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
    let whole = |seconds: f64| seconds.round() as i64;
    let mut time_s = start_s as f64;
    for &bin in order {
        time_s += roads.drive(at, bins[bin].asset.at, known).seconds();
        let arrival_s = whole(time_s);
        time_s += options.service_s;
        let stop = number(plan.stop_of_bin[bin].expect("members are planned"));
        calls.push(Call { stop, arrival_s, departure_s: whole(time_s) });
        at = bins[bin].asset.at;
    }
    (calls, whole(time_s + roads.drive(at, plan.depot, known).seconds()))
}

/// The order of a round. A grown round is a good order of its older three quarters, with every later bin put
/// in where it looked right on the map of that year.
fn in_order(
    members: &[usize],
    bins: &[Bin],
    roads: &Roads<'_>,
    depot: Local,
    is_grown: bool,
    chance: &mut Chance,
) -> Vec<usize> {
    let Some(spots) = std::iter::once(depot)
        .chain(members.iter().map(|&bin| bins[bin].asset.at))
        .map(|at| roads.snap(at))
        .collect::<Option<Vec<Snap>>>()
    else {
        return members.to_vec();
    };
    let matrix = Matrix::new(roads.network(), &spots);
    let mut later: Vec<usize> = Vec::new();
    let mut tour: Vec<usize> = (1..spots.len()).collect();
    if is_grown {
        for _ in 0..tour.len() / 4 {
            later.push(tour.swap_remove(chance.below(tour.len())));
        }
        tour.sort_unstable();
    }
    let mut tour = improved(nearest_neighbour(&tour, &matrix), &matrix);
    for spot in later {
        // One of the three cheapest positions, not always the cheapest.
        let mut positions: Vec<(f64, usize)> = (0..=tour.len())
            .map(|position| {
                let mut with = tour.clone();
                with.insert(position, spot);
                (seconds(&with, &matrix), position)
            })
            .collect();
        positions.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (_, position) = positions[chance.below(positions.len().min(3))];
        tour.insert(position, spot);
    }
    tour.into_iter().map(|spot| members[spot - 1]).collect()
}

/// Seconds of a tour from the depot (spot 0) and back.
fn seconds(tour: &[usize], matrix: &Matrix) -> f64 {
    let leg = |from: usize, to: usize| matrix.seconds(from, to).unwrap_or(1e6);
    let mut at = 0;
    let mut sum = 0.0;
    for &spot in tour {
        sum += leg(at, spot);
        at = spot;
    }
    sum + leg(at, 0)
}

fn nearest_neighbour(spots: &[usize], matrix: &Matrix) -> Vec<usize> {
    let mut left = spots.to_vec();
    let mut tour = Vec::new();
    let mut at = 0;
    while !left.is_empty() {
        let leg = |spot: usize| matrix.seconds(at, spot).unwrap_or(f64::MAX);
        let next = (0..left.len()).min_by(|&a, &b| leg(left[a]).total_cmp(&leg(left[b]))).expect("not empty");
        at = left.remove(next);
        tour.push(at);
    }
    tour
}

/// 2-opt and Or-opt (Or 1976) on a directed matrix, first improvement, until nothing improves.
fn improved(mut tour: Vec<usize>, matrix: &Matrix) -> Vec<usize> {
    let mut best = seconds(&tour, matrix);
    while let Some((shorter, next)) = improvement(&tour, best, matrix) {
        best = shorter;
        tour = next;
    }
    tour
}

fn improvement(tour: &[usize], best: f64, matrix: &Matrix) -> Option<(f64, Vec<usize>)> {
    let better = |next: Vec<usize>| {
        let sum = seconds(&next, matrix);
        (sum < best - 1e-3).then_some((sum, next))
    };
    for from in 0..tour.len() {
        for to in from + 1..tour.len() {
            let mut next = tour.to_vec();
            next[from..=to].reverse();
            if let Some(found) = better(next) {
                return Some(found);
            }
        }
        for length in 1..=3.min(tour.len() - from) {
            let mut rest = tour.to_vec();
            let moved: Vec<usize> = rest.drain(from..from + length).collect();
            for position in 0..=rest.len() {
                let mut next = rest.clone();
                next.splice(position..position, moved.iter().copied());
                if let Some(found) = better(next) {
                    return Some(found);
                }
            }
        }
    }
    None
}
