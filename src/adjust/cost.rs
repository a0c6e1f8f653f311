//! Planned trips and the network in, prices out: metres and seconds of legs, and the room that is left in the
//! shift and in the truck.
//!
//! A truck is empty when a trip begins. A trip lasts from its first arrival to its last departure as planned,
//! plus the drives from and to the depot.

use rayon::prelude::*;

use super::{CostBasis, Options, Situation};
use crate::model::round::{Rounds, Trip};
use crate::model::some;
use crate::network::{Matrix, Network, Snap};
use crate::unit::Local;

/// The drive between two places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leg {
    pub(super) length_m: f64,
    pub(super) seconds: f64,
    pub(super) basis: CostBasis,
}

impl Leg {
    /// A leg of no length: standing still.
    pub(super) const NONE: Self = Self { length_m: 0.0, seconds: 0.0, basis: CostBasis::Routed };

    /// A leg that is not to be driven.
    pub(super) const NEVER: Self =
        Self { length_m: f64::INFINITY, seconds: f64::INFINITY, basis: CostBasis::Routed };

    /// This one and then another.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            length_m: self.length_m + other.length_m,
            seconds: self.seconds + other.seconds,
            basis: worse(self.basis, other.basis),
        }
    }

    /// This one so many times.
    pub(super) fn times(self, often: f64) -> Self {
        Self { length_m: self.length_m * often, seconds: self.seconds * often, basis: self.basis }
    }

    /// This one instead of another.
    pub(super) fn instead_of(self, other: Self) -> Self {
        Self {
            length_m: self.length_m - other.length_m,
            seconds: self.seconds - other.seconds,
            basis: worse(self.basis, other.basis),
        }
    }
}

fn worse(a: CostBasis, b: CostBasis) -> CostBasis {
    if a == CostBasis::Routed { b } else { a }
}

/// A place, and the spot on the streets from which it is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) at: Local,
    pub(super) snap: Option<Snap>,
}

/// The drives from some places to others.
#[derive(Debug)]
pub(super) struct Legs {
    n_to: usize,
    legs: Vec<Leg>,
}

impl Legs {
    pub(super) fn get(&self, from: usize, to: usize) -> Leg {
        self.legs[from * self.n_to + to]
    }
}

/// One trip with all that its price needs.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) trip: &'a Trip,
    /// Index into the trips.
    pub(super) index: u32,
    /// Places in driving order (indices into [`Plan::places`]): the depot, the stops, the depot.
    pub(super) places: Vec<u32>,
    /// Whether the first and last of `places` are the depot.
    pub(super) has_depot: bool,
    /// Share of the Mondays, Tuesdays, … within its span on which it runs; days that were cancelled count.
    pub(super) weekdays: [f64; 7],
}

impl Run<'_> {
    /// Runs per week.
    pub(super) fn per_week(&self) -> f64 {
        self.weekdays.iter().sum()
    }

    /// Whether it is planned on this weekday as a rule: every other week is enough.
    pub(super) fn runs_on(&self, weekday: usize) -> bool {
        self.weekdays[weekday] >= 0.5
    }

    /// The place in `places` where call `position` stands.
    pub(super) fn place_of_call(&self, position: usize) -> usize {
        position + usize::from(self.has_depot)
    }

    /// Seconds from the first arrival to the last departure.
    fn span_s(&self) -> f64 {
        match (self.trip.calls.first(), self.trip.calls.last()) {
            (Some(first), Some(last)) => (last.departure_s - first.arrival_s) as f64,
            _ => 0.0,
        }
    }
}

/// All trips, where their stops and depots lie on the streets, and how full their days are.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) rounds: &'a Rounds,
    pub(super) network: &'a Network,
    pub(super) options: &'a Options,
    /// The stops, then the depots of the vehicles.
    pub(super) places: Vec<Local>,
    snaps: Vec<Option<Snap>>,
    pub(super) runs: Vec<Run<'a>>,
    /// The legs between neighbouring places of each run; parallel to the runs.
    chains: Vec<Vec<Leg>>,
    /// Seconds of each trip as planned, its drives from and to the depot included; parallel to the trips.
    duration_s: Vec<f64>,
    /// Kilograms of each trip as expected; parallel to the trips.
    load_kg: Vec<f64>,
    /// Kilograms expected at each emptying of a stop.
    stop_kg: Vec<f64>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(situation: &Situation<'a>, options: &'a Options) -> Self {
        let (rounds, network) = (situation.rounds, situation.network);
        let mut places: Vec<Local> = rounds.stops.iter().map(|stop| stop.at).collect();
        let mut snaps: Vec<_> = places.iter().map(|&at| network.snap(at, options.snap_m)).collect();
        let mut depots = Vec::new();
        for vehicle in &rounds.vehicles {
            depots.push(vehicle.depot.map(|at| {
                places.push(at);
                snaps.push(network.snap(at, options.depot_snap_m));
                u32::try_from(places.len() - 1).expect("fewer places than reports")
            }));
        }
        let run = |(trip, index): (&'a Trip, u32)| {
            let depot = some(trip.vehicle).and_then(|vehicle| depots[vehicle]);
            let stops = trip.calls.iter().map(|call| call.stop);
            let places = depot.into_iter().chain(stops).chain(depot).collect();
            Run { trip, index, places, has_depot: depot.is_some(), weekdays: trip.weekday_shares() }
        };
        let runs: Vec<Run> = rounds.trips.iter().zip(0..).map(run).collect();
        let mut plan = Self {
            rounds,
            network,
            options,
            places,
            snaps,
            runs,
            chains: Vec::new(),
            duration_s: Vec::new(),
            load_kg: Vec::new(),
            stop_kg: Vec::new(),
        };
        let chain = |run: &Run| -> Vec<Leg> {
            run.places.windows(2).map(|ends| plan.legs(&ends[..1], &ends[1..]).get(0, 0)).collect()
        };
        plan.chains = plan.runs.par_iter().map(chain).collect();
        plan.duration_s = plan.runs.iter().map(|run| run.span_s() + plan.depot_drives(run).seconds).collect();
        plan.stop_kg = plan.expected_kg(situation);
        let load = |run: &Run| run.trip.calls.iter().map(|call| plan.stop_kg[call.stop as usize]).sum();
        plan.load_kg = plan.runs.iter().map(load).collect();
        plan
    }

    /// The drives from each place of `from` to each of `to`: routed where both lie on the streets, else
    /// estimated from the straight line.
    pub(super) fn legs(&self, from: &[u32], to: &[u32]) -> Legs {
        let on_streets = |places: &[u32]| -> (Vec<Option<usize>>, Vec<Snap>) {
            let mut snaps = Vec::new();
            let rows = places.iter().map(|&place| {
                self.snaps[place as usize].map(|snap| {
                    snaps.push(snap);
                    snaps.len() - 1
                })
            });
            (rows.collect(), snaps)
        };
        let ((rows, starts), (columns, ends)) = (on_streets(from), on_streets(to));
        let matrix = Matrix::between(self.network, &starts, &ends);
        let mut legs = Vec::with_capacity(from.len() * to.len());
        for (&start, row) in from.iter().zip(&rows) {
            for (&end, column) in to.iter().zip(&columns) {
                let routed = row.zip(*column).and_then(|(row, column)| {
                    let (length_m, seconds) = (matrix.length_m(row, column)?, matrix.seconds(row, column)?);
                    Some(Leg { length_m, seconds, basis: CostBasis::Routed })
                });
                legs.push(routed.unwrap_or_else(|| {
                    self.estimate(self.places[start as usize], self.places[end as usize])
                }));
            }
        }
        Legs { n_to: to.len(), legs }
    }

    /// The drive from one spot to another; a spot off the streets is reached by the straight line.
    pub(super) fn leg(&self, from: Spot, to: Spot) -> Leg {
        let routed = from.snap.zip(to.snap).and_then(|(start, end)| {
            let path = self.network.path(start, end)?;
            Some(Leg { length_m: path.length_m, seconds: path.seconds, basis: CostBasis::Routed })
        });
        routed.unwrap_or_else(|| self.estimate(from.at, to.at))
    }

    /// A place of the plan, by its number.
    pub(super) fn spot(&self, place: u32) -> Spot {
        Spot { at: self.places[place as usize], snap: self.snaps[place as usize] }
    }

    /// A place that is not in the plan yet.
    pub(super) fn new_spot(&self, at: Local) -> Spot {
        Spot { at, snap: self.network.snap(at, self.options.snap_m) }
    }

    fn estimate(&self, from: Local, to: Local) -> Leg {
        let straight_m = from.distance_m(to);
        let length_m = if straight_m.is_finite() { straight_m * self.options.detour_factor } else { 0.0 };
        let seconds = length_m / (self.options.detour_kmh / 3.6);
        Leg { length_m, seconds, basis: CostBasis::Estimated }
    }

    /// The line driven through `places`, straight where a leg is estimated.
    pub(super) fn line(&self, places: &[u32]) -> Vec<Local> {
        let mut line: Vec<Local> = Vec::new();
        for ends in places.windows(2) {
            let snaps = [ends[0], ends[1]].map(|place| self.snaps[place as usize]);
            let driven = match snaps {
                [Some(from), Some(to)] => self.network.path(from, to).map(|path| path.line),
                _ => None,
            };
            let straight = || ends.iter().map(|&place| self.places[place as usize]).collect();
            for point in driven.unwrap_or_else(straight) {
                if point.is_somewhere() && line.last() != Some(&point) {
                    line.push(point);
                }
            }
        }
        line
    }

    /// Seconds of one emptying.
    pub(super) fn service_s(&self, stop: u32) -> f64 {
        self.rounds.stops[stop as usize].service_s.unwrap_or(self.options.service_s)
    }

    /// Whether the project leaves this place where it is in its trip.
    pub(super) fn is_frozen(&self, place: u32) -> bool {
        let stop = self.rounds.stops.get(place as usize);
        stop.is_some_and(|stop| self.options.frozen.contains(&stop.id))
    }

    /// Kilograms expected at an emptying of `stop`.
    pub(super) fn stop_kg(&self, stop: u32) -> f64 {
        self.stop_kg[stop as usize]
    }

    /// Kilograms that a trip's truck could still take; infinite where its capacity is not known.
    pub(super) fn room_kg(&self, run: &Run) -> f64 {
        let capacity_kg = some(run.trip.vehicle).and_then(|truck| self.rounds.vehicles[truck].capacity_kg);
        capacity_kg.map_or(f64::INFINITY, |kg| kg - self.load_kg[run.index as usize])
    }

    /// Seconds that its crew could still work on the fullest of a trip's days; infinite where the shift is not
    /// known.
    pub(super) fn room_s(&self, run: &Run) -> f64 {
        let shift_s = some(run.trip.vehicle).and_then(|truck| self.rounds.vehicles[truck].shift_s);
        let busy = |weekday: usize| -> f64 {
            let same = |other: &&Run| other.trip.vehicle == run.trip.vehicle && other.runs_on(weekday);
            self.runs.iter().filter(same).map(|other| self.duration_s[other.index as usize]).sum()
        };
        let fullest_s = (0..7).filter(|&weekday| run.runs_on(weekday)).map(busy).fold(0.0, f64::max);
        shift_s.map_or(f64::INFINITY, |shift_s| shift_s - fullest_s)
    }

    /// Why a call at `stop` that takes `extra_s` seconds longer does not fit into `run` on these weekdays;
    /// `None` where it does, or where neither shift nor capacity is known.
    pub(super) fn hindrance(&self, run: &Run, stop: u32, extra_s: f64, days: [bool; 7]) -> Option<String> {
        let vehicle = &self.rounds.vehicles[some(run.trip.vehicle)?];
        if let Some(shift_s) = vehicle.shift_s {
            let busy = |weekday: usize| -> f64 {
                let same = |other: &&Run| other.trip.vehicle == run.trip.vehicle && other.runs_on(weekday);
                self.runs.iter().filter(same).map(|other| self.duration_s[other.index as usize]).sum()
            };
            let fullest_s = (0..7).filter(|&weekday| days[weekday]).map(busy).fold(0.0, f64::max);
            if fullest_s + extra_s > shift_s {
                let hours = |seconds: f64| seconds / 3600.0;
                let (day_h, shift_h) = (hours(fullest_s + extra_s), hours(shift_s));
                return Some(format!(
                    "the day of `{}` would take {day_h:.1} of {shift_h:.1} hours",
                    vehicle.id
                ));
            }
        }
        let capacity_kg = vehicle.capacity_kg?;
        let load_kg = self.load_kg[run.index as usize] + self.stop_kg[stop as usize];
        (load_kg > capacity_kg)
            .then(|| format!("`{}` would carry {load_kg:.0} of {capacity_kg:.0} kg", vehicle.id))
    }

    /// The legs between neighbouring places of a run.
    pub(super) fn chain(&self, run: &Run) -> &[Leg] {
        &self.chains[run.index as usize]
    }

    fn depot_drives(&self, run: &Run) -> Leg {
        match self.chain(run) {
            [out, .., back] if run.has_depot => out.and(*back),
            _ => Leg::NONE,
        }
    }

    /// Kilograms expected at each emptying of each stop.
    fn expected_kg(&self, situation: &Situation) -> Vec<f64> {
        let mut per_week = vec![0.0; self.rounds.stops.len()];
        for run in &self.runs {
            for call in &run.trip.calls {
                per_week[call.stop as usize] += run.per_week();
            }
        }
        let stops = self.rounds.stops.iter().zip(per_week).enumerate();
        let kilograms = stops.map(|(index, (stop, per_week))| {
            let found = situation.collection.stops.get(index);
            let filled = found.map_or(f64::NAN, |found| found.fill_per_day) * 7.0 / per_week;
            let share = if filled.is_finite() { filled.min(1.0) } else { self.options.usual_fill };
            stop.capacity_l.unwrap_or(self.options.capacity_l) * share * self.options.kg_per_litre
        });
        kilograms.collect()
    }
}
