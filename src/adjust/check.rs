//! A proposal in, everything that is wrong with it out.
//!
//! Shares no code with the proposer: it finds the nearest street by looking at every one, drives on the street
//! lines alone with a search of its own, and counts days itself. Slower, and on purpose.

mod places;
mod plan;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{Change, CostBasis, Options, Proposal, Situation};
use crate::model::NONE;
use crate::model::round::Trip;
use crate::network::Shortest;
use crate::unit::Local;

pub use plan::check_plan;

/// What is wrong with a proposal.
#[derive(Debug, Clone, PartialEq)]
pub enum Violation {
    /// It names a stop, trip, asset, position or report that does not exist.
    Unknown(String),
    /// Its figures are not numbers, or the interval is upside down.
    Figures(String),
    /// A new order does not visit the same stops.
    Stops(String),
    /// It changes nothing.
    Nothing,
    /// A call on a day on which the trip does not run, or on no day.
    Days(String),
    /// The price is not what the streets say.
    Price {
        /// What is priced, as in `metres per week`.
        what: &'static str,
        /// As proposed.
        proposed: f64,
        /// As recomputed.
        recomputed: f64,
    },
    /// It is routed where it can only be estimated, or the other way round.
    Basis,
    /// The crew would work longer than its shift, in hours.
    Shift {
        /// With the change.
        work_h: f64,
        /// The shift.
        shift_h: f64,
    },
    /// The truck would carry more than it can, in kilograms.
    Capacity {
        /// With the change.
        load_kg: f64,
        /// What it carries.
        capacity_kg: f64,
    },
    /// The plan takes more time than it may, in hours per week.
    Budget {
        /// Of all crews, with the plan.
        work_h: f64,
        /// Today's and the budget.
        allowed_h: f64,
    },
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(what) => write!(f, "there is no {what}"),
            Self::Figures(what) => write!(f, "{what} is not usable"),
            Self::Stops(what) => write!(f, "the new order {what}"),
            Self::Nothing => write!(f, "it changes nothing"),
            Self::Days(what) => write!(f, "{what}"),
            Self::Price { what, proposed, recomputed } => {
                write!(f, "{what}: {proposed:.1} proposed, {recomputed:.1} recomputed")
            }
            Self::Basis => write!(f, "the cost basis is not what it rests on"),
            Self::Shift { work_h, shift_h } => {
                write!(f, "a day of {work_h:.1} hours in a shift of {shift_h:.1}")
            }
            Self::Budget { work_h, allowed_h } => {
                write!(f, "a week of {work_h:.1} hours where {allowed_h:.1} are allowed")
            }
            Self::Capacity { load_kg, capacity_kg } => {
                write!(f, "a load of {load_kg:.0} kg in a truck for {capacity_kg:.0}")
            }
        }
    }
}

/// Everything that is wrong with `proposal`. To check many, make one [`Checker`].
pub fn check(proposal: &Proposal, situation: &Situation, options: &Options) -> Vec<Violation> {
    Checker::new(situation, options).check(proposal)
}

/// A street point of the checker's own graph: arcs to (node, metres, seconds).
type Node = Vec<(usize, f64, f64)>;

/// A place on an edge: its two ends with metres and seconds from and to them.
#[derive(Debug, Clone)]
struct Spot {
    edge: usize,
    share: f64,
}

/// Checks proposals of one situation.
#[derive(Debug)]
pub struct Checker<'a> {
    situation: Situation<'a>,
    options: &'a Options,
    nodes: Vec<Node>,
    spots: RefCell<BTreeMap<(u64, u64, u64), Option<Spot>>>,
    /// Seconds of drives that were looked up before.
    legs_s: RefCell<BTreeMap<[u64; 4], f64>>,
}

/// A drive: metres, seconds, and whether all of it was routed.
type Drive = (f64, f64, bool);

impl<'a> Checker<'a> {
    /// The checker of a situation.
    pub fn new(situation: &Situation<'a>, options: &'a Options) -> Self {
        let mut nodes = vec![Node::new(); situation.network.nodes().len()];
        for edge in situation.network.edges() {
            nodes[edge.from as usize].push((edge.to as usize, edge.length_m, edge.seconds));
            if !edge.is_oneway {
                nodes[edge.to as usize].push((edge.from as usize, edge.length_m, edge.seconds));
            }
        }
        Self { situation: *situation, options, nodes, spots: RefCell::default(), legs_s: RefCell::default() }
    }

    /// Everything that is wrong with `proposal`.
    pub fn check(&self, proposal: &Proposal) -> Vec<Violation> {
        let mut found = self.figures(proposal);
        match &proposal.change {
            Change::Resequence { trip, order } => self.order(proposal, *trip, order, &mut found),
            Change::ExtraStop { stop, trip, position, weekdays } => {
                self.extra(proposal, (*stop, *trip, *position), *weekdays, &mut found);
            }
            Change::Frequency { stop, trip, from_per_week, to_per_week } => {
                self.frequency(proposal, (*stop, *trip), (*from_per_week, *to_per_week), &mut found);
            }
            Change::CleanUp { stop, trip, weekday } => {
                self.clean_up(proposal, (*stop, *trip, *weekday), &mut found);
            }
            Change::AddBin { at, beside } => self.bin(proposal, *at, *beside, None, &mut found),
            Change::Relocate { asset, to, beside } => {
                self.bin(proposal, *to, *beside, Some(*asset), &mut found);
            }
            Change::MoveStop { stop, from_trip, to_trip, position } => {
                self.moved(proposal, *stop, (*from_trip, *to_trip), *position as usize, &mut found);
            }
            Change::Redesign { asset } => {
                if *asset as usize >= self.situation.assets.len() {
                    found.push(Violation::Unknown(format!("asset {asset}")));
                }
                price(&mut found, "metres per week", proposal.extra_m_week, 0.0, 0.0);
                price(&mut found, "seconds per week", proposal.extra_s_week, 0.0, 0.0);
            }
        }
        found
    }

    fn figures(&self, proposal: &Proposal) -> Vec<Violation> {
        let mut found = Vec::new();
        let figures = [
            ("the length", proposal.extra_m_week),
            ("the time", proposal.extra_s_week),
            ("the low end of the reports avoided", proposal.fewer_reports_low),
            ("the high end of the reports avoided", proposal.fewer_reports_high),
        ];
        for (what, value) in figures {
            if !value.is_finite() {
                found.push(Violation::Figures(what.to_owned()));
            }
        }
        if proposal.fewer_reports_low > proposal.fewer_reports_high {
            found.push(Violation::Figures("the interval of reports avoided".to_owned()));
        }
        if !proposal.reports.is_sorted_by(|a, b| a < b) {
            found.push(Violation::Figures("the order of the reports".to_owned()));
        }
        let n_reports = self.situation.reports.len();
        for report in proposal.reports.iter().filter(|&&report| report as usize >= n_reports) {
            found.push(Violation::Unknown(format!("report {report}")));
        }
        found
    }

    fn order(&self, proposal: &Proposal, trip: u32, order: &[u32], found: &mut Vec<Violation>) {
        let Some(trip) = self.trip(trip, found) else { return };
        let today: Vec<u32> = trip.calls.iter().map(|call| call.stop).collect();
        if order == today {
            found.push(Violation::Nothing);
        }
        for (stops, others, fault) in [(&today[..], order, "leaves out"), (order, &today[..], "adds")] {
            let count = |list: &[u32], stop: u32| list.iter().filter(|&&other| other == stop).count();
            if let Some(stop) = stops.iter().find(|&&stop| count(stops, stop) > count(others, stop)) {
                found.push(Violation::Stops(format!("{fault} stop {stop}")));
            }
        }
        if !found.is_empty() {
            return;
        }
        self.kept(&today, order, found);
        let depot = self.depot(trip);
        let drive = |stops: &[u32]| {
            let stops = stops.iter().map(|&stop| (self.situation.rounds.stops[stop as usize].at, false));
            let depot = depot.map(|at| (at, true));
            self.drive(&depot.into_iter().chain(stops).chain(depot).collect::<Vec<_>>())
        };
        let (before, after) = (drive(&today), drive(order));
        let runs: f64 = (0..7).map(|weekday| share_of_weeks(trip, weekday)).sum();
        priced(proposal, before, after, 0.0, runs, found);
    }

    /// Whether enough of an order stays, and everything about its frozen stops. The ends count as a place.
    fn kept(&self, today: &[u32], order: &[u32], found: &mut Vec<Violation>) {
        let legs = |stops: &[u32]| -> Vec<(u32, u32)> {
            let ends = [NONE].into_iter().chain(stops.iter().copied());
            ends.zip(stops.iter().copied().chain([NONE])).collect()
        };
        let after = legs(order);
        let stops = &self.situation.rounds.stops;
        let is_frozen = |stop: u32| stop != NONE && self.options.frozen.contains(&stops[stop as usize].id);
        let (mut n_kept, mut n) = (0.0, 0.0);
        for leg in legs(today) {
            n += 1.0;
            if after.contains(&leg) {
                n_kept += 1.0;
            } else if let Some(stop) = [leg.0, leg.1].into_iter().find(|&stop| is_frozen(stop)) {
                found.push(Violation::Stops(format!("changes what is next to stop {stop}, which is frozen")));
            }
        }
        if n_kept < self.options.keep_order * n - 1e-9 {
            found.push(Violation::Stops(format!("keeps {n_kept} of {n} legs")));
        }
    }

    fn moved(
        &self,
        proposal: &Proposal,
        stop: u32,
        (from, to): (u32, u32),
        position: usize,
        found: &mut Vec<Violation>,
    ) {
        let (Some(from), Some(to)) = (self.trip(from, found), self.trip(to, found)) else { return };
        if !self.has_stop(stop, found) {
            return;
        }
        if position > to.calls.len() {
            found.push(Violation::Unknown(format!("place {position} in trip `{}`", to.id)));
            return;
        }
        let mut today = from.calls.iter().enumerate().filter(|(_, call)| call.stop == stop);
        let (Some((here, _)), None) = (today.next(), today.next()) else {
            found.push(Violation::Days(format!("trip `{}` does not call at stop {stop} once", from.id)));
            return;
        };
        if to.calls.iter().any(|call| call.stop == stop) {
            found.push(Violation::Nothing);
        }
        if self.options.frozen.contains(&self.situation.rounds.stops[stop as usize].id) {
            found.push(Violation::Stops(format!("moves stop {stop}, which is frozen")));
        }
        let dates = |trip: &Trip| -> BTreeSet<i32> {
            trip.days.iter().chain(&trip.cancelled).map(|day| day.0).collect()
        };
        if dates(from) != dates(to) {
            found.push(Violation::Days(format!("trips `{}` and `{}` have other days", from.id, to.id)));
        }
        let (closed, open) = self.with_and_without(from, stop, here, true);
        let (before, after) = self.with_and_without(to, stop, position, false);
        let sum = |a: Drive, b: Drive| (a.0 + b.0, a.1 + b.1, a.2 && b.2);
        let runs: f64 = (0..7).map(|weekday| share_of_weeks(from, weekday)).sum();
        priced(proposal, sum(open, before), sum(closed, after), 0.0, runs, found);
        if proposal.is_feasible {
            let days = std::array::from_fn(|weekday| share_of_weeks(to, weekday) >= 0.5);
            let mut extra_s = after.1 - before.1 + self.service_s(stop);
            if from.vehicle == to.vehicle {
                extra_s -= open.1 - closed.1 + self.service_s(stop);
            }
            self.fits(to, stop, extra_s, days, found);
        }
    }

    fn extra(
        &self,
        proposal: &Proposal,
        (stop, trip, position): (u32, u32, u32),
        weekdays: [bool; 7],
        found: &mut Vec<Violation>,
    ) {
        let (Some(trip), true) = (self.trip(trip, found), self.has_stop(stop, found)) else { return };
        if position as usize > trip.calls.len() {
            found.push(Violation::Unknown(format!("place {position} in trip `{}`", trip.id)));
            return;
        }
        if trip.calls.iter().any(|call| call.stop == stop) {
            found.push(Violation::Nothing);
        }
        if !weekdays.contains(&true) {
            found.push(Violation::Days("no weekday is named".to_owned()));
        }
        let mut calls = 0.0;
        for weekday in (0..7).filter(|&weekday| weekdays[weekday]) {
            let share = share_of_weeks(trip, weekday);
            calls += share;
            if share < 0.5 {
                found.push(Violation::Days(format!("trip `{}` does not run on weekday {weekday}", trip.id)));
            }
        }
        let (before, after) = self.with_and_without(trip, stop, position as usize, false);
        let service_s = self.service_s(stop);
        priced(proposal, before, after, service_s, calls, found);
        if proposal.is_feasible {
            self.fits(trip, stop, after.1 - before.1 + service_s, weekdays, found);
        }
    }

    fn frequency(
        &self,
        proposal: &Proposal,
        (stop, trip): (u32, u32),
        (from, to): (f64, f64),
        found: &mut Vec<Violation>,
    ) {
        let (Some(trip), true) = (self.trip(trip, found), self.has_stop(stop, found)) else { return };
        let calls_at = |trip: &Trip| trip.calls.iter().filter(|call| call.stop == stop).count() as f64;
        let often = |trip: &Trip| -> f64 {
            (0..7).map(|weekday| share_of_weeks(trip, weekday)).filter(|&share| share >= 0.5).sum()
        };
        let today: f64 = self.situation.rounds.trips.iter().map(|trip| calls_at(trip) * often(trip)).sum();
        price(found, "services per week today", from, today, 1e-6);
        if !(to > 0.0 && (to - from).abs() > 1e-9) {
            found.push(Violation::Nothing);
        }
        if to < from {
            let Some(position) = trip.calls.iter().position(|call| call.stop == stop) else {
                found.push(Violation::Days(format!("trip `{}` does not call at stop {stop}", trip.id)));
                return;
            };
            if from - to > often(trip) - 0.5 + 1e-9 {
                found.push(Violation::Days(format!("trip `{}` has not so many calls to leave out", trip.id)));
            }
            let (after, before) = self.with_and_without(trip, stop, position, true);
            priced(proposal, before, after, -self.service_s(stop), from - to, found);
        } else {
            if calls_at(trip) > 0.0 || to - from > often(trip) + 1e-9 {
                found.push(Violation::Days(format!("trip `{}` has no further day for stop {stop}", trip.id)));
            }
            let least = (0..=trip.calls.len())
                .map(|position| self.with_and_without(trip, stop, position, false))
                .min_by(|a, b| (a.1.1 - a.0.1).total_cmp(&(b.1.1 - b.0.1)))
                .expect("a trip has at least one place");
            priced(proposal, least.0, least.1, self.service_s(stop), to - from, found);
            if proposal.is_feasible {
                // Which days they are is not said, so it must fit on the emptiest of the trip's days.
                let days: [bool; 7] = std::array::from_fn(|weekday| share_of_weeks(trip, weekday) >= 0.5);
                let mut worst = Vec::new();
                for weekday in (0..7).filter(|&weekday| days[weekday]) {
                    let one = std::array::from_fn(|other| other == weekday);
                    let mut here = Vec::new();
                    self.fits(trip, stop, least.1.1 - least.0.1 + self.service_s(stop), one, &mut here);
                    if here.is_empty() {
                        return;
                    }
                    worst = here;
                }
                found.append(&mut worst);
            }
        }
    }

    /// The drive past a place of a trip, and the same by way of `stop`. Where the trip `calls` there already,
    /// `position` is that call; else the call goes before `position`.
    fn with_and_without(&self, trip: &Trip, stop: u32, position: usize, calls: bool) -> (Drive, Drive) {
        let depot = self.depot(trip).map(|at| (at, true));
        let at = |index: usize| {
            let call = trip.calls.get(index)?;
            Some((self.situation.rounds.stops[call.stop as usize].at, false))
        };
        let before = if position == 0 { depot } else { at(position - 1) };
        let after = at(if calls { position + 1 } else { position }).or(depot);
        let here = (self.situation.rounds.stops[stop as usize].at, false);
        let direct: Vec<_> = before.into_iter().chain(after).collect();
        let detour: Vec<_> = before.into_iter().chain([here]).chain(after).collect();
        (self.drive(&direct), self.drive(&detour))
    }

    fn fits(&self, trip: &Trip, stop: u32, extra_s: f64, days: [bool; 7], found: &mut Vec<Violation>) {
        let rounds = self.situation.rounds;
        let Some(vehicle) = rounds.vehicles.get(trip.vehicle as usize) else { return };
        for weekday in (0..7).filter(|&weekday| days[weekday]) {
            let Some(shift_s) = vehicle.shift_s else { break };
            let mut work_s = extra_s;
            for other in &rounds.trips {
                if other.vehicle == trip.vehicle && share_of_weeks(other, weekday) >= 0.5 {
                    work_s += self.duration_s(other);
                }
            }
            // Five seconds: rounding of the drives from and to the depot.
            if work_s > shift_s + 5.0 {
                found.push(Violation::Shift { work_h: work_s / 3600.0, shift_h: shift_s / 3600.0 });
            }
        }
        let Some(capacity_kg) = vehicle.capacity_kg else { return };
        let load_kg = trip.calls.iter().map(|call| self.load_kg(call.stop)).sum::<f64>() + self.load_kg(stop);
        if load_kg > capacity_kg + 0.5 {
            found.push(Violation::Capacity { load_kg, capacity_kg });
        }
    }

    fn duration_s(&self, trip: &Trip) -> f64 {
        let [first, .., last] = &trip.calls[..] else {
            return trip.calls.first().map_or(0.0, |call| (call.departure_s - call.arrival_s) as f64);
        };
        let place = |stop: u32| (self.situation.rounds.stops[stop as usize].at, false);
        let drives = self.depot(trip).map_or(0.0, |depot| {
            self.drive(&[(depot, true), place(first.stop)]).1
                + self.drive(&[place(last.stop), (depot, true)]).1
        });
        (last.departure_s - first.arrival_s) as f64 + drives
    }

    fn load_kg(&self, stop: u32) -> f64 {
        let mut per_week = 0.0;
        for trip in &self.situation.rounds.trips {
            let calls = trip.calls.iter().filter(|call| call.stop == stop).count() as f64;
            if calls > 0.0 {
                per_week += calls * (0..7).map(|weekday| share_of_weeks(trip, weekday)).sum::<f64>();
            }
        }
        let per_day =
            self.situation.collection.stops.get(stop as usize).map_or(f64::NAN, |stop| stop.fill_per_day);
        let share = per_day * 7.0 / per_week;
        let share = if share.is_finite() { share.min(1.0) } else { self.options.usual_fill };
        let litres = self.situation.rounds.stops[stop as usize].capacity_l.unwrap_or(self.options.capacity_l);
        litres * share * self.options.kg_per_litre
    }

    fn service_s(&self, stop: u32) -> f64 {
        self.situation.rounds.stops[stop as usize].service_s.unwrap_or(self.options.service_s)
    }

    fn trip(&self, trip: u32, found: &mut Vec<Violation>) -> Option<&'a Trip> {
        let known = self.situation.rounds.trips.get(trip as usize);
        if known.is_none() {
            found.push(Violation::Unknown(format!("trip {trip}")));
        }
        known
    }

    fn has_stop(&self, stop: u32, found: &mut Vec<Violation>) -> bool {
        let is_known = (stop as usize) < self.situation.rounds.stops.len();
        if !is_known {
            found.push(Violation::Unknown(format!("stop {stop}")));
        }
        is_known
    }

    fn depot(&self, trip: &Trip) -> Option<Local> {
        if trip.vehicle == NONE {
            return None;
        }
        self.situation.rounds.vehicles[trip.vehicle as usize].depot
    }

    /// Seconds from one place to another (each with whether it is a depot).
    fn leg_s(&self, from: (Local, bool), to: (Local, bool)) -> f64 {
        let key = [from.0.x, from.0.y, to.0.x, to.0.y].map(f64::to_bits);
        if let Some(&known_s) = self.legs_s.borrow().get(&key) {
            return known_s;
        }
        let seconds = self.drive(&[from, to]).1;
        self.legs_s.borrow_mut().insert(key, seconds);
        seconds
    }

    /// The drive through places (each with whether it is a depot).
    fn drive(&self, places: &[(Local, bool)]) -> Drive {
        let (mut metres, mut seconds, mut is_routed) = (0.0, 0.0, true);
        for ends in places.windows(2) {
            let spots = [ends[0], ends[1]].map(|(at, is_depot)| self.spot(at, is_depot));
            let routed = match &spots {
                [Some(from), Some(to)] => self.shortest(from, to),
                _ => None,
            };
            let (m, s) = routed.unwrap_or_else(|| {
                is_routed = false;
                let metres = ends[0].0.distance_m(ends[1].0) * self.options.detour_factor;
                (metres, metres * 3.6 / self.options.detour_kmh)
            });
            metres += m;
            seconds += s;
        }
        (metres, seconds, is_routed)
    }

    /// The nearest place on any street, by looking at all of them.
    fn spot(&self, at: Local, is_depot: bool) -> Option<Spot> {
        let within_m = if is_depot { self.options.depot_snap_m } else { self.options.snap_m };
        let key = (at.x.to_bits(), at.y.to_bits(), within_m.to_bits());
        if let Some(known) = self.spots.borrow().get(&key) {
            return known.clone();
        }
        let mut nearest: Option<(f64, Spot)> = None;
        for edge in self.situation.network.edges() {
            let (mut along_m, mut whole_m) = (0.0, 0.0);
            let mut here: Option<(f64, f64)> = None;
            for ends in edge.line.windows(2) {
                let ((ax, ay), (bx, by)) = ((ends[0].x, ends[0].y), (ends[1].x, ends[1].y));
                let (ux, uy) = (bx - ax, by - ay);
                let length_m = (ux * ux + uy * uy).sqrt();
                let t = if length_m > 0.0 {
                    ((at.x - ax) * ux + (at.y - ay) * uy) / (length_m * length_m)
                } else {
                    0.0
                };
                let t = t.clamp(0.0, 1.0);
                let away = ((at.x - ax - t * ux).powi(2) + (at.y - ay - t * uy).powi(2)).sqrt();
                if here.is_none_or(|(nearest, _)| away < nearest - 1e-9) {
                    here = Some((away, whole_m + t * length_m));
                }
                whole_m += length_m;
            }
            if let Some((away, offset_m)) = here {
                along_m += offset_m;
                if nearest.as_ref().is_none_or(|(least, _)| away < least - 1e-9) {
                    let share = if whole_m > 0.0 { along_m / whole_m } else { 0.0 };
                    nearest = Some((away, Spot { edge: edge.index as usize, share }));
                }
            }
        }
        let spot = nearest.filter(|(away, _)| *away <= within_m).map(|(_, spot)| spot);
        self.spots.borrow_mut().insert(key, spot.clone());
        spot
    }

    /// Metres and seconds of the shortest drive, by a plain search over the crossings.
    fn shortest(&self, from: &Spot, to: &Spot) -> Option<(f64, f64)> {
        let is_by_time = self.situation.network.options().shortest == Shortest::Time;
        let weight = |metres: f64, seconds: f64| if is_by_time { seconds } else { metres };
        let edge = |spot: &Spot| {
            self.situation.network.edge(u32::try_from(spot.edge).expect("edges are numbered in u32"))
        };
        let (start, end) = (edge(from), edge(to));
        let mut best: Option<(f64, f64)> = None;
        let mut offer = |metres: f64, seconds: f64| {
            if best.is_none_or(|(m, s)| weight(metres, seconds) < weight(m, s)) {
                best = Some((metres, seconds));
            }
        };
        let ahead = to.share - from.share;
        if from.edge == to.edge && (ahead >= 0.0 || !start.is_oneway) {
            offer(start.length_m * ahead.abs(), start.seconds * ahead.abs());
        }
        // The crossings known so far, the nearest of them last when sorted backwards.
        let mut known: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        let mut open: BTreeMap<(u64, usize), (f64, f64)> = BTreeMap::new();
        let enter = |open: &mut BTreeMap<(u64, usize), (f64, f64)>, node: u32, m: f64, s: f64| {
            // Positive numbers sort like their bits.
            open.insert((weight(m, s).to_bits(), node as usize), (m, s));
        };
        let left = 1.0 - from.share;
        enter(&mut open, start.to, start.length_m * left, start.seconds * left);
        if !start.is_oneway || from.share * start.length_m < 5e-4 {
            enter(&mut open, start.from, start.length_m * from.share, start.seconds * from.share);
        }
        let mut goals = vec![(end.from as usize, to.share)];
        if !end.is_oneway || (1.0 - to.share) * end.length_m < 5e-4 {
            goals.push((end.to as usize, 1.0 - to.share));
        }
        while let Some(((_, node), (m, s))) = open.pop_first() {
            if known.contains_key(&node) {
                continue;
            }
            known.insert(node, (m, s));
            for &(goal, share) in &goals {
                if goal == node {
                    offer(m + end.length_m * share, s + end.seconds * share);
                }
            }
            if goals.iter().all(|(goal, _)| known.contains_key(goal)) {
                break;
            }
            for &(next, metres, seconds) in &self.nodes[node] {
                if !known.contains_key(&next) {
                    let (m, s) = (m + metres, s + seconds);
                    open.insert((weight(m, s).to_bits(), next), (m, s));
                }
            }
        }
        best
    }
}

/// The share of weeks in which a trip is planned on a weekday, between its first and last planned day.
fn share_of_weeks(trip: &Trip, weekday: usize) -> f64 {
    let mut days: Vec<i32> = trip.days.iter().chain(&trip.cancelled).map(|day| day.0).collect();
    days.sort_unstable();
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return 0.0 };
    let is_weekday = |day: i32| crate::period::Day(day).weekday() == weekday;
    let planned = days.iter().filter(|&&day| is_weekday(day)).count();
    let possible = (first..=last).filter(|&day| is_weekday(day)).count();
    if possible == 0 { 0.0 } else { planned as f64 / possible as f64 }
}

/// Whether a change is priced as what it adds to the drive, so many times a week.
fn priced(
    proposal: &Proposal,
    before: Drive,
    after: Drive,
    service_s: f64,
    per_week: f64,
    found: &mut Vec<Violation>,
) {
    // One metre and one second each time it is driven: rounding of many legs.
    let (metres, seconds) = (after.0 - before.0, after.1 - before.1 + service_s);
    let tolerance = per_week.max(1.0);
    price(found, "metres per week", proposal.extra_m_week, metres * per_week, tolerance);
    price(found, "seconds per week", proposal.extra_s_week, seconds * per_week, tolerance);
    if (before.2 && after.2) != (proposal.cost_basis == CostBasis::Routed) {
        found.push(Violation::Basis);
    }
}

fn price(found: &mut Vec<Violation>, what: &'static str, proposed: f64, recomputed: f64, tolerance: f64) {
    if (proposed - recomputed).abs() > tolerance {
        found.push(Violation::Price { what, proposed, recomputed });
    }
}
