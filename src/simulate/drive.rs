//! Planned rounds in, what the trucks really did out: visits made and missed, and the fixes of their loggers.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::model::track::Track;
use crate::period::{Day, NEVER, Period};
use crate::unit::Local;

use super::bins::Bin;
use super::chance::Chance;
use super::fill::Habits;
use super::roads::{Known, Roads};
use super::rounds::Plan;
use super::{Cause, Scene, TrueVisit};

/// Metres around street works within which a bin cannot be reached.
const WORKS_M: f64 = 70.0;
/// A round that leaves this much behind its plan is late.
const LATE_S: f64 = 90.0 * 60.0;
/// Seconds between two fixes of a truck that stands at the depot.
const PARKED_S: f64 = 600.0;

/// What the trucks did.
pub(super) struct Driven {
    /// One track per truck that left the depot, in the order of their ids.
    pub(super) tracks: Vec<Track>,
    /// Every planned visit, in the order of day, round and sequence.
    pub(super) visits: Vec<TrueVisit>,
    /// Seconds for which the trucks were away from the depot, all together.
    pub(super) work_s: f64,
}

impl Driven {
    /// The visits of each stop in the order of time.
    pub(super) fn by_stop(&self, n_stops: usize) -> Vec<Vec<TrueVisit>> {
        let mut by_stop = vec![Vec::new(); n_stops];
        for visit in &self.visits {
            by_stop[visit.stop as usize].push(*visit);
        }
        for visits in &mut by_stop {
            visits.sort_by_key(|visit| visit.planned_at);
        }
        by_stop
    }
}

/// Street works: where, and on which days.
struct Works {
    at: Local,
    days: Period,
}

/// What a truck does at one moment of its day.
struct Moment {
    /// Seconds UTC.
    at_s: f64,
    place: Local,
    speed_ms: f64,
}

/// What a truck did on one round.
struct Ran {
    moments: Vec<Moment>,
    /// When it was at each stop, or would have been, seconds UTC.
    seen_at: Vec<f64>,
    /// When it emptied each stop; [`NEVER`] if it did not.
    served_at: Vec<i64>,
}

/// A truck in the course of its season.
struct Truck {
    /// Drives that it has made before, by the street works of the day.
    known: BTreeMap<Vec<usize>, Known>,
    /// When it is back from its last round.
    free_at: f64,
    track: Track,
    visits: Vec<TrueVisit>,
    /// Seconds for which it was away from the depot.
    work_s: f64,
}

/// The season in which the trucks drive.
struct Shift<'a> {
    scene: &'a Scene<'a>,
    bins: &'a [Bin],
    plan: &'a Plan,
    habits: &'a Habits,
    works: &'a [Works],
    /// Networks with street works, by the numbers of the works.
    closed: &'a BTreeMap<Vec<usize>, Roads<'a>>,
    whole: &'a Roads<'a>,
}

/// All rounds of the season.
pub(super) fn season(
    scene: &Scene<'_>,
    roads: &Roads<'_>,
    bins: &[Bin],
    plan: &Plan,
    habits: &Habits,
) -> Driven {
    let works = works(scene, bins, plan);
    let mut closed = BTreeMap::new();
    let period = scene.options.period();
    for day in (period.from.0..=period.to.0).map(Day) {
        let today = works_on(&works, day);
        if !today.is_empty() {
            closed.entry(today.clone()).or_insert_with(|| {
                let at: Vec<Local> = today.iter().map(|&work| works[work].at).collect();
                Roads::closed(scene.city.network, scene.city.streets, &at)
            });
        }
    }
    let shift = Shift { scene, bins, plan, habits, works: &works, closed: &closed, whole: roads };
    let trucks: Vec<Truck> =
        (0..plan.rounds.vehicles.len()).into_par_iter().map(|vehicle| shift.drive(vehicle)).collect();
    let mut driven = Driven { tracks: Vec::new(), visits: Vec::new(), work_s: 0.0 };
    for truck in trucks {
        driven.work_s += truck.work_s;
        driven.visits.extend(truck.visits);
        if !truck.track.is_empty() {
            driven.tracks.push(truck.track);
        }
    }
    // Stable: the visits of a round stay in their sequence.
    driven.visits.sort_by_key(|visit| (visit.day, visit.route));
    driven
}

fn works(scene: &Scene<'_>, bins: &[Bin], plan: &Plan) -> Vec<Works> {
    let options = scene.options;
    let mut chance = scene.chance("works", 0);
    let period = options.period();
    let count = chance.poisson(options.closures_per_100_days * f64::from(period.days()) / 100.0);
    let mut works = Vec::new();
    for _ in 0..count {
        let at = bins[*chance.pick(&plan.bin_of_stop)].asset.at;
        let from = period.from.plus(i32::try_from(chance.below(period.days() as usize)).unwrap_or(0));
        let to = from.plus(i32::try_from(options.closure_days.max(1)).unwrap_or(1) - 1);
        works.push(Works { at, days: Period { from, to } });
    }
    works
}

fn works_on(works: &[Works], day: Day) -> Vec<usize> {
    (0..works.len()).filter(|&work| works[work].days.holds(day)).collect()
}

impl Shift<'_> {
    /// The season of one truck: its rounds one after another, day by day.
    fn drive(&self, vehicle: usize) -> Truck {
        let id = self.plan.rounds.vehicles[vehicle].id.clone();
        let mut truck = Truck {
            known: BTreeMap::new(),
            free_at: f64::MIN,
            track: Track { vehicle: id, ..Track::default() },
            visits: Vec::new(),
            work_s: 0.0,
        };
        // In the order in which they leave.
        let mut trips: Vec<usize> = (0..self.plan.rounds.trips.len())
            .filter(|&trip| self.plan.rounds.trips[trip].vehicle as usize == vehicle)
            .collect();
        trips.sort_by_key(|&trip| self.plan.span_s[trip].0);
        let period = self.scene.options.period();
        for day in (period.from.0..=period.to.0).map(Day) {
            let works = works_on(self.works, day);
            for &trip in &trips {
                if self.plan.rounds.trips[trip].days.binary_search(&day).is_ok() {
                    self.round(trip, day, &works, &mut truck);
                }
            }
        }
        truck
    }

    /// One round on one day.
    fn round(&self, trip: usize, day: Day, works: &[usize], truck: &mut Truck) {
        let options = self.scene.options;
        // Trips of one route on different weekdays are the same round.
        let route = u64::from(self.plan.rounds.trips[trip].route);
        let mut chance = self.scene.chance("round_day", u64::from(day.0.unsigned_abs()) * 1000 + route);
        let is_cancelled = chance.happens(options.cancelled_share);
        let is_late = chance.happens(options.late_share);
        let late_s = chance.between(2.0, 4.5) * 3600.0;
        let usual_s = (120.0 + 240.0 * chance.normal()).max(-300.0);
        let planned_start = self.scene.city.clock.service_instant(day, self.plan.span_s[trip].0) as f64;
        let start = (planned_start + if is_late { late_s } else { usual_s }).max(truck.free_at);

        // 1. What happens at each stop.
        let calls = &self.plan.rounds.trips[trip].calls;
        let mut causes: Vec<Cause> =
            calls.iter().map(|call| self.cause(call.stop, day, works, &mut chance)).collect();
        if is_cancelled {
            causes.fill(Cause::RoundCancelled);
        } else if start - planned_start > LATE_S {
            causes.iter_mut().filter(|cause| **cause == Cause::None).for_each(|cause| *cause = Cause::Late);
        }

        // 2. The drive.
        let ran = if is_cancelled {
            self.stand(trip, day, planned_start.max(truck.free_at))
        } else {
            let known = truck.known.entry(works.to_vec()).or_default();
            self.go(trip, start, &causes, self.closed.get(works).unwrap_or(self.whole), known, &mut chance)
        };
        let back_at = ran.moments[ran.moments.len() - 1].at_s;
        truck.free_at = back_at + 600.0;
        truck.work_s += if is_cancelled { 0.0 } else { back_at - start };

        // 3. What the logger keeps of it.
        let holes = self.holes(day, &ran.moments, &mut chance);
        for (position, call) in calls.iter().enumerate() {
            let seen_at = ran.seen_at[position];
            truck.visits.push(TrueVisit {
                route: self.plan.rounds.trips[trip].route,
                stop: call.stop,
                day,
                planned_at: self.scene.city.clock.service_instant(day, call.arrival_s),
                served_at: ran.served_at[position],
                cause: causes[position],
                is_recorded: !is_in(&holes, seen_at),
            });
        }
        self.log(&ran.moments, &holes, &mut chance, &mut truck.track);
    }

    /// A round that is not driven: the logger reports from the depot all the while.
    fn stand(&self, trip: usize, day: Day, start: f64) -> Ran {
        let (start_s, back_s) = self.plan.span_s[trip];
        let calls = &self.plan.rounds.trips[trip].calls;
        let planned = |arrival_s| self.scene.city.clock.service_instant(day, arrival_s) as f64;
        let parked = |at_s| Moment { at_s, place: self.plan.depot, speed_ms: 0.0 };
        Ran {
            moments: vec![parked(start), parked(start + (back_s - start_s) as f64)],
            seen_at: calls.iter().map(|call| planned(call.arrival_s)).collect(),
            served_at: vec![NEVER; calls.len()],
        }
    }

    /// A round that is driven.
    fn go(
        &self,
        trip: usize,
        start: f64,
        causes: &[Cause],
        roads: &Roads<'_>,
        known: &mut Known,
        chance: &mut Chance,
    ) -> Ran {
        let options = self.scene.options;
        let traffic = options.traffic * chance.log_normal(0.12);
        let depot = self.plan.depot;
        let mut ran = Ran {
            moments: vec![Moment { at_s: start, place: depot, speed_ms: 0.0 }],
            seen_at: Vec::new(),
            served_at: Vec::new(),
        };
        let (mut time, mut place) = (start, depot);
        for (call, cause) in self.plan.rounds.trips[trip].calls.iter().zip(causes) {
            let at = self.bins[self.plan.bin_of_stop[call.stop as usize]].asset.at;
            // Past a blocked bin the crew drives without stopping; a habit may not even lead by.
            let leads_by = match cause {
                Cause::None | Cause::Late | Cause::Blocked => true,
                Cause::Habitual => chance.happens(0.5),
                Cause::StreetClosed | Cause::RoundCancelled => false,
            };
            if leads_by {
                let drive = roads.drive(place, at, known);
                time = follow(&drive, time, traffic * chance.log_normal(0.15), &mut ran.moments);
                place = at;
            }
            ran.seen_at.push(time);
            if !matches!(cause, Cause::None | Cause::Late) {
                ran.served_at.push(NEVER);
                continue;
            }
            let dwell_s = (options.service_s * chance.gamma(12.0)).max(12.0);
            let kerb = ran.moments.last().map_or(at, |moment| moment.place);
            ran.moments.push(Moment { at_s: time + 1.0, place: kerb, speed_ms: 0.0 });
            ran.moments.push(Moment { at_s: time + dwell_s, place: kerb, speed_ms: 0.0 });
            ran.served_at.push(rounded(time + dwell_s / 2.0));
            time += dwell_s;
        }
        time = follow(&roads.drive(place, depot, known), time, traffic, &mut ran.moments);
        ran.moments.push(Moment { at_s: time + 60.0, place: depot, speed_ms: 0.0 });
        ran
    }

    /// Why the crew leaves a stop out today, if it does.
    fn cause(&self, stop: u32, day: Day, works: &[usize], chance: &mut Chance) -> Cause {
        let bin = self.plan.bin_of_stop[stop as usize];
        // For a comparison, dice of the bin and the day: whoever calls there meets the same.
        let key = (bin as u64) << 32 | u64::from(day.0.unsigned_abs());
        let mut own = self.scene.is_for_comparison.then(|| self.scene.chance("cause", key));
        let chance = own.as_mut().unwrap_or(chance);
        let at = self.bins[bin].asset.at;
        let is_left_out = self.habits.is_habitual[bin] && chance.happens(self.scene.options.habitual_rate);
        let is_blocked = chance.happens(self.scene.options.blocked_rate);
        if works.iter().any(|&work| self.works[work].at.distance_m(at) <= WORKS_M) {
            Cause::StreetClosed
        } else if is_left_out {
            Cause::Habitual
        } else if is_blocked {
            Cause::Blocked
        } else {
            Cause::None
        }
    }

    /// Spans of time without fixes.
    fn holes(&self, day: Day, moments: &[Moment], chance: &mut Chance) -> Vec<(f64, f64)> {
        let is_lost = chance.happens(self.scene.options.lost_share);
        let is_whole = chance.happens(0.2);
        let (begin, length_s) = (chance.share(), chance.between(15.0, 60.0) * 60.0);
        if day < self.scene.options.tracked_from() || (is_lost && is_whole) {
            return vec![(f64::MIN, f64::MAX)];
        }
        let (first, last) = (moments[0].at_s, moments[moments.len() - 1].at_s);
        let from = first + begin * (last - first - length_s).max(0.0);
        if is_lost { vec![(from, from + length_s)] } else { Vec::new() }
    }

    /// Adds the fixes of a round to the track.
    fn log(&self, moments: &[Moment], holes: &[(f64, f64)], chance: &mut Chance, track: &mut Track) {
        if holes == [(f64::MIN, f64::MAX)] {
            return;
        }
        let options = self.scene.options;
        let [shortest, longest] = options.fix_interval_s;
        let (first, last) = (moments[0].at_s, moments[moments.len() - 1].at_s);
        let is_parked = moments.iter().all(|moment| moment.place == self.plan.depot);
        let mut next = 0;
        let mut error = (0.0, 0.0);
        let mut gap_s = f64::INFINITY;
        let mut time = first;
        while time <= last {
            while next + 1 < moments.len() && moments[next + 1].at_s <= time {
                next += 1;
            }
            let here = &moments[next];
            let (place, speed_ms) = match moments.get(next + 1) {
                Some(there) if there.at_s > here.at_s => {
                    let share = (time - here.at_s) / (there.at_s - here.at_s);
                    (here.place.toward(there.place, share), there.speed_ms)
                }
                _ => (here.place, here.speed_ms),
            };
            // AR(1) in continuous time: what is left of the last error, and fresh noise for the rest.
            let left = (-gap_s / options.gps_memory_s).exp();
            let fresh = options.gps_noise_m * (1.0 - left * left).sqrt();
            error = (left * error.0 + fresh * chance.normal(), left * error.1 + fresh * chance.normal());
            if !is_in(holes, time) {
                track.time.push(rounded(time));
                track.at.push(Local::new(place.x + error.0, place.y + error.1));
                #[expect(clippy::cast_possible_truncation, reason = "one decimal of a speed")]
                track.speed_ms.push((speed_ms + 0.4 * chance.normal()).max(0.0) as f32);
            }
            gap_s = if is_parked { PARKED_S } else { chance.between(shortest, longest) }.max(1.0);
            time += gap_s;
        }
    }
}

fn is_in(holes: &[(f64, f64)], time: f64) -> bool {
    holes.iter().any(|&(from, to)| from <= time && time <= to)
}

/// Drives along, `slower` times as slow as on the empty network; gives the time of arrival.
fn follow(drive: &super::roads::Drive, start: f64, slower: f64, moments: &mut Vec<Moment>) -> f64 {
    let mut last: Option<(f64, Local)> = None;
    for (&at_s, &place) in drive.at_s.iter().zip(&drive.line) {
        let at_s = start + at_s * slower;
        let speed_ms = match last {
            Some((before, from)) if at_s > before => from.distance_m(place) / (at_s - before),
            _ => 0.0,
        };
        last = Some((at_s, place));
        moments.push(Moment { at_s, place, speed_ms });
    }
    start + drive.seconds() * slower
}

#[expect(clippy::cast_possible_truncation, reason = "instants of this century")]
fn rounded(seconds: f64) -> i64 {
    seconds.round() as i64
}
