//! The weekly rounds as they can be changed: for each trip and weekday the order of its calls, with what it
//! takes, when each stop is emptied, and what that leaves to overflow.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::Situation;
use super::super::benefit::{self, Overflow};
use super::super::cost::{self, Leg, Legs};
use super::Week;
use crate::collection::StopFinding;
use crate::model::round::Stop;
use crate::model::some;

/// Stops of other trips that a trip may take over, at most: the nearest ones that overflow.
const GUESTS: usize = 150;

/// Hours of overflow per week below which a stop needs no further call.
pub(super) const NEGLIGIBLE_H: f64 = 0.1;

/// The places that one trip can call at, and the drives between them.
#[derive(Debug)]
pub(super) struct Yard {
    /// Index of the trip.
    pub(super) trip: u32,
    pub(super) vehicle: Option<usize>,
    /// The stops, its own first; then the depot, where there is one.
    pub(super) stops: Vec<u32>,
    number: BTreeMap<u32, usize>,
    /// Whether each place keeps its neighbours when the order changes.
    pub(super) is_frozen: Vec<bool>,
    /// Where the depot stands among the places.
    pub(super) depot: Option<usize>,
    legs: Legs,
    /// Seconds of the timetable per second of the network, between stops.
    pace: f64,
    /// Seconds of each emptying.
    service_s: Vec<f64>,
    /// Seconds into the service day at which it leaves the depot, or is at its first stop.
    pub(super) start_s: f64,
    /// Share of the weeks in which it runs, by weekday.
    weekdays: [f64; 7],
}

impl Yard {
    fn new(today: &cost::Plan, run: &cost::Run, guests: Vec<u32>) -> Self {
        let mut stops: Vec<u32> = Vec::new();
        let mut number = BTreeMap::new();
        for stop in run.trip.calls.iter().map(|call| call.stop).chain(guests) {
            number.entry(stop).or_insert_with(|| {
                stops.push(stop);
                stops.len() - 1
            });
        }
        let depot = run.has_depot.then_some(stops.len());
        let places: Vec<u32> = stops.iter().copied().chain(run.has_depot.then(|| run.places[0])).collect();
        let service_s = stops.iter().map(|&stop| today.service_s(stop)).collect();
        let legs = today.legs(&places, &places);
        let mut yard = Self {
            trip: run.index,
            vehicle: some(run.trip.vehicle),
            stops,
            number,
            is_frozen: places.iter().map(|&place| today.is_frozen(place)).collect(),
            depot,
            legs,
            pace: 1.0,
            service_s,
            start_s: 0.0,
            weekdays: run.weekdays,
        };
        let order = yard.order_of(run);
        yard.pace = yard.pace_of(run, &order);
        let first_s = run.trip.calls.first().map_or(0, |call| call.arrival_s) as f64;
        yard.start_s =
            first_s - order.first().zip(depot).map_or(0.0, |(&first, depot)| yard.leg_s(depot, first));
        yard
    }

    /// The calls of its trip.
    fn order_of(&self, run: &cost::Run) -> Vec<usize> {
        run.trip.calls.iter().map(|call| self.number[&call.stop]).collect()
    }

    /// How much longer the timetable takes from stop to stop than the empty network.
    fn pace_of(&self, run: &cost::Run, order: &[usize]) -> f64 {
        let driven_s: f64 = order.windows(2).map(|ends| self.legs.get(ends[0], ends[1]).seconds).sum();
        let emptied_s: f64 = order.iter().map(|&stop| self.service_s[stop]).sum();
        let span_s = match (run.trip.calls.first(), run.trip.calls.last()) {
            (Some(first), Some(last)) => (last.departure_s - first.arrival_s) as f64,
            _ => 0.0,
        };
        // Timetables that leave no time for emptying say nothing of the driving.
        let pace = (span_s - emptied_s) / driven_s;
        if pace.is_finite() { pace.clamp(0.1, 20.0) } else { 1.0 }
    }

    pub(super) fn leg(&self, from: usize, to: usize) -> Leg {
        if from == to { Leg::NONE } else { self.legs.get(from, to) }
    }

    /// Seconds from one place to another by the timetable.
    pub(super) fn leg_s(&self, from: usize, to: usize) -> f64 {
        let at_depot = self.depot.is_some_and(|depot| from == depot || to == depot);
        self.leg(from, to).seconds * if at_depot { 1.0 } else { self.pace }
    }

    pub(super) fn service_s(&self, stop: usize) -> f64 {
        self.service_s[stop]
    }

    /// Seconds between two neighbours, either of which may be missing where there is no depot.
    fn between_s(&self, from: Option<usize>, to: Option<usize>) -> f64 {
        from.zip(to).map_or(0.0, |(from, to)| self.leg_s(from, to))
    }

    /// All places of an order, the depot included.
    pub(super) fn places(&self, order: &[usize]) -> Vec<usize> {
        if order.is_empty() {
            return Vec::new();
        }
        self.depot.into_iter().chain(order.iter().copied()).chain(self.depot).collect()
    }

    /// Seconds of an order, driving and emptying.
    fn work_s(&self, order: &[usize]) -> f64 {
        let driven_s: f64 = self.places(order).windows(2).map(|ends| self.leg_s(ends[0], ends[1])).sum();
        driven_s + order.iter().map(|&stop| self.service_s[stop]).sum::<f64>()
    }

    fn length_m(&self, order: &[usize]) -> f64 {
        self.places(order).windows(2).map(|ends| self.leg(ends[0], ends[1]).length_m).sum()
    }
}

/// One trip on one weekday.
#[derive(Debug, Clone)]
pub(super) struct Tour {
    /// Index into the yards.
    pub(super) yard: usize,
    pub(super) weekday: usize,
    /// Share of the weeks in which it runs.
    pub(super) share: f64,
    /// The calls, as places of the yard.
    pub(super) order: Vec<usize>,
    /// Seconds into the service day of each call.
    arrival_s: Vec<f64>,
    pub(super) work_s: f64,
    /// Whether its order is another one than today's, calls that came or went aside.
    pub(super) is_resequenced: bool,
}

/// All tours of a week.
#[derive(Debug, Clone)]
pub(super) struct Tours<'a> {
    pub(super) yards: Rc<Vec<Yard>>,
    pub(super) all: Vec<Tour>,
    overflow: &'a [Option<Overflow>],
    /// Tours that call at each stop, ascending.
    at_stop: Vec<Vec<usize>>,
    /// Whether each stop is left out by its crews more than others.
    is_often_skipped: Rc<Vec<bool>>,
    /// Kilograms that come into each stop in a day where that is known; else what is in it when it is emptied.
    content: Rc<Vec<Content>>,
    /// Seconds that each vehicle works on each weekday at most: its shift, or today's work where that is more.
    limit_s: Vec<[f64; 7]>,
    capacity_kg: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Content {
    full_kg: f64,
    /// Share that comes in during a week; NaN where that is not known.
    per_week: f64,
    usual: f64,
}

impl<'a> Tours<'a> {
    /// The week as it is.
    pub(super) fn new(today: &cost::Plan, situation: &Situation, overflow: &'a [Option<Overflow>]) -> Self {
        let (rounds, options) = (today.rounds, today.options);
        let needy: Vec<u32> = (0u32..)
            .zip(overflow)
            .filter(|(stop, overflow)| {
                let hours: Vec<f64> =
                    benefit::week(&today.runs, *stop).iter().map(|service| service.hour).collect();
                !hours.is_empty()
                    && overflow.as_ref().is_some_and(|overflow| overflow.hours(&hours) > NEGLIGIBLE_H)
            })
            .map(|(stop, _)| stop)
            .collect();
        let yards: Vec<Yard> =
            today.runs.iter().map(|run| Yard::new(today, run, guests(today, run, &needy))).collect();
        let mut all = Vec::new();
        for (index, (yard, run)) in yards.iter().zip(&today.runs).enumerate() {
            for weekday in (0..7).filter(|&weekday| run.runs_on(weekday)) {
                let order = yard.order_of(run);
                let arrival_s = run.trip.calls.iter().map(|call| call.arrival_s as f64).collect();
                let work_s = yard.work_s(&order);
                let share = yard.weekdays[weekday];
                all.push(Tour {
                    yard: index,
                    weekday,
                    share,
                    order,
                    arrival_s,
                    work_s,
                    is_resequenced: false,
                });
            }
        }
        let content = |(index, stop): (usize, &Stop)| Content {
            full_kg: stop.capacity_l.unwrap_or(options.capacity_l) * options.kg_per_litre,
            per_week: situation
                .collection
                .stops
                .get(index)
                .map_or(f64::NAN, |found| 7.0 * found.fill_per_day),
            usual: options.usual_fill,
        };
        let is_often_skipped = situation.collection.stops.iter().map(StopFinding::is_often_skipped).collect();
        let mut tours = Self {
            is_often_skipped: Rc::new(is_often_skipped),
            yards: Rc::new(yards),
            at_stop: vec![Vec::new(); rounds.stops.len()],
            content: Rc::new(rounds.stops.iter().enumerate().map(content).collect()),
            limit_s: Vec::new(),
            capacity_kg: rounds.vehicles.iter().map(|it| it.capacity_kg.unwrap_or(f64::INFINITY)).collect(),
            all,
            overflow,
        };
        for (tour, Tour { yard, order, .. }) in tours.all.iter().enumerate() {
            for &place in order {
                tours.at_stop[tours.yards[*yard].stops[place] as usize].push(tour);
            }
        }
        tours.limit_s = rounds
            .vehicles
            .iter()
            .enumerate()
            .map(|(vehicle, it)| {
                let shift_s = it.shift_s.unwrap_or(f64::INFINITY);
                std::array::from_fn(|weekday| tours.busy_s(vehicle, weekday).max(shift_s))
            })
            .collect();
        tours
    }

    pub(super) fn yard(&self, tour: usize) -> &Yard {
        &self.yards[self.all[tour].yard]
    }

    /// Whether anything is known of how `stop` fills up.
    pub(super) fn is_known(&self, stop: u32) -> bool {
        self.overflow[stop as usize].is_some()
    }

    /// Whether a call at `stop` may be taken out. Not where crews leave the stop out more than elsewhere: its filling
    /// is known least, and what it needs is the calls that it has.
    pub(super) fn can_lose(&self, stop: u32) -> bool {
        self.is_known(stop) && !self.is_often_skipped.get(stop as usize).is_some_and(|&is_skipped| is_skipped)
    }

    pub(super) fn n_stops(&self) -> usize {
        self.at_stop.len()
    }

    /// The tours that call at `stop`.
    pub(super) fn tours_at(&self, stop: u32) -> &[usize] {
        &self.at_stop[stop as usize]
    }

    /// Trip and weekday of every call at `stop`.
    pub(super) fn calls_at(&self, stop: u32) -> Vec<(u32, usize)> {
        let mut calls: Vec<(u32, usize)> =
            self.tours_at(stop).iter().map(|&tour| (self.yard(tour).trip, self.all[tour].weekday)).collect();
        calls.sort_unstable();
        calls
    }

    /// Hours of the week at which `stop` is emptied, ascending, leaving out one tour.
    pub(super) fn hours_without(&self, stop: u32, left_out: Option<usize>) -> Vec<f64> {
        let mut hours = Vec::new();
        for (index, &tour) in self.tours_at(stop).iter().enumerate() {
            // A tour that calls twice stands twice in the list; its calls are found together.
            if Some(tour) != left_out && (index == 0 || self.tours_at(stop)[index - 1] != tour) {
                hours.extend(self.hours_in(tour, stop));
            }
        }
        hours.sort_by(f64::total_cmp);
        hours
    }

    fn hours_in(&self, tour: usize, stop: u32) -> impl Iterator<Item = f64> {
        let (yard, tour) = (self.yard(tour), &self.all[tour]);
        let calls = tour.order.iter().zip(&tour.arrival_s);
        let calls = calls.filter(move |(place, _)| yard.stops[**place] == stop);
        calls.map(|(_, &arrival_s)| hour_of_week(tour.weekday, arrival_s))
    }

    /// Hours per week during which `stop` is expected to overflow when it is emptied at `hours`.
    pub(super) fn overflow_at(&self, stop: u32, hours: &[f64]) -> f64 {
        self.overflow[stop as usize].as_ref().map_or(0.0, |overflow| overflow.hours(hours))
    }

    /// The same as it is emptied now; 0 for a stop that nobody empties.
    pub(super) fn overflow_h(&self, stop: u32) -> f64 {
        let hours = self.hours_without(stop, None);
        if hours.is_empty() { 0.0 } else { self.overflow_at(stop, &hours) }
    }

    /// Variance over the rates of what the change from `before` does to the overflow of `stop`.
    pub(super) fn variance_of_change(&self, before: &Self, stop: u32) -> f64 {
        let (then, now) = (before.hours_without(stop, None), self.hours_without(stop, None));
        match &self.overflow[stop as usize] {
            Some(overflow) if then != now => overflow.variance_of_change(&then, &now),
            _ => 0.0,
        }
    }

    /// Seconds of all tours per week.
    pub(super) fn work_s(&self) -> f64 {
        self.all.iter().map(|tour| tour.share * tour.work_s).sum()
    }

    /// What the week takes and leaves, with an interval of `z` standard deviations.
    pub(super) fn week(&self, z: f64) -> Week {
        let (mut overflow_h, mut variance) = (0.0, 0.0);
        for (stop, overflow) in (0u32..).zip(self.overflow) {
            let hours = self.hours_without(stop, None);
            if let (Some(overflow), false) = (overflow, hours.is_empty()) {
                let (mean, its_variance) = overflow.mean_and_variance(&hours);
                overflow_h += mean;
                variance += its_variance;
            }
        }
        let doubt = z * variance.sqrt();
        Week {
            work_s: self.work_s(),
            length_m: self
                .all
                .iter()
                .map(|tour| tour.share * self.yards[tour.yard].length_m(&tour.order))
                .sum(),
            calls: self.all.iter().map(|tour| tour.share * tour.order.len() as f64).sum(),
            overflow_h,
            overflow_range_h: ((overflow_h - doubt).max(0.0), overflow_h + doubt),
        }
    }

    /// Trips whose order is another one, ascending.
    pub(super) fn resequenced(&self) -> Vec<u32> {
        let mut trips: Vec<u32> = self
            .all
            .iter()
            .filter(|tour| tour.is_resequenced)
            .map(|tour| self.yards[tour.yard].trip)
            .collect();
        trips.dedup();
        trips
    }

    /// Where `stop` stands among the places of the tour's yard, if it may call there.
    pub(super) fn place(&self, tour: usize, stop: u32) -> Option<usize> {
        self.yard(tour).number.get(&stop).copied()
    }

    /// The cheapest position for a call at `place` in `tour`: position, seconds, and hour of the week.
    pub(super) fn cheapest(&self, tour: usize, place: usize) -> (usize, f64, f64) {
        let (yard, Tour { order, weekday, .. }) = (self.yard(tour), &self.all[tour]);
        let extra_s = |position: usize| {
            let prev = position.checked_sub(1).map(|before| order[before]).or(yard.depot);
            let next = order.get(position).copied().or(yard.depot);
            let today_s = if order.is_empty() { 0.0 } else { yard.between_s(prev, next) };
            yard.between_s(prev, Some(place)) + yard.between_s(Some(place), next) - today_s
        };
        let (position, detour_s) = (0..=order.len())
            .map(|position| (position, extra_s(position)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .expect("there is a first position");
        let before_s = position
            .checked_sub(1)
            .map_or(yard.start_s, |before| self.all[tour].arrival_s[before] + yard.service_s(order[before]));
        let prev = position.checked_sub(1).map(|before| order[before]).or(yard.depot);
        let at_s = before_s + yard.between_s(prev, Some(place));
        (position, detour_s + yard.service_s(place), hour_of_week(*weekday, at_s))
    }

    /// Seconds that are saved when `tour` drives past `stop`.
    pub(super) fn saved_s(&self, tour: usize, stop: u32) -> f64 {
        let (yard, Tour { order, work_s, .. }) = (self.yard(tour), &self.all[tour]);
        let rest: Vec<usize> = order.iter().copied().filter(|&place| yard.stops[place] != stop).collect();
        work_s - yard.work_s(&rest)
    }

    /// Puts a call at `place` into `tour`.
    pub(super) fn add(&mut self, tour: usize, place: usize, position: usize) {
        let stop = self.yard(tour).stops[place];
        let at = &mut self.at_stop[stop as usize];
        at.insert(at.partition_point(|&other| other <= tour), tour);
        self.all[tour].order.insert(position, place);
        self.renew(tour);
    }

    /// Takes the calls at `stop` out of `tour`.
    pub(super) fn remove(&mut self, tour: usize, stop: u32) {
        self.at_stop[stop as usize].retain(|&other| other != tour);
        let yards = Rc::clone(&self.yards);
        let yard = &yards[self.all[tour].yard];
        self.all[tour].order.retain(|&place| yard.stops[place] != stop);
        self.renew(tour);
    }

    /// Gives `tour` another order of the same calls.
    pub(super) fn reorder(&mut self, tour: usize, order: Vec<usize>) {
        self.all[tour].order = order;
        self.all[tour].is_resequenced = true;
        self.renew(tour);
    }

    /// Brings times in line with the order of a tour.
    fn renew(&mut self, tour: usize) {
        let yards = Rc::clone(&self.yards);
        let tour = &mut self.all[tour];
        let yard = &yards[tour.yard];
        tour.work_s = yard.work_s(&tour.order);
        tour.arrival_s.clear();
        let (mut at_s, mut prev) = (yard.start_s, yard.depot);
        for &place in &tour.order {
            at_s += yard.between_s(prev, Some(place));
            tour.arrival_s.push(at_s);
            at_s += yard.service_s(place);
            prev = Some(place);
        }
    }

    /// Seconds that a vehicle works on a weekday.
    fn busy_s(&self, vehicle: usize, weekday: usize) -> f64 {
        let of_day = self.all.iter().filter(|tour| tour.weekday == weekday);
        of_day.filter(|tour| self.yards[tour.yard].vehicle == Some(vehicle)).map(|tour| tour.work_s).sum()
    }

    /// Whether the shift leaves room for so many seconds more in `tour`.
    pub(super) fn has_time(&self, tour: usize, extra_s: f64) -> bool {
        let Some(vehicle) = self.yard(tour).vehicle else { return true };
        let weekday = self.all[tour].weekday;
        extra_s <= 0.0 || self.busy_s(vehicle, weekday) + extra_s <= self.limit_s[vehicle][weekday]
    }

    /// Whether the truck can carry one call at `stop` more in `tour`.
    pub(super) fn has_room(&self, tour: usize, stop: u32) -> bool {
        let Some(vehicle) = self.yard(tour).vehicle else { return true };
        let calls = self.tours_at(stop).len() + 1;
        self.load_kg(tour) + self.stop_kg(stop, calls) <= self.capacity_kg[vehicle]
    }

    /// Whether the trucks can carry what is in `stop` when it is emptied once less.
    pub(super) fn can_wait(&self, stop: u32, left_out: usize) -> bool {
        let tours = self.tours_at(stop);
        let more_kg = self.stop_kg(stop, tours.len() - 1) - self.stop_kg(stop, tours.len());
        tours.iter().filter(|&&tour| tour != left_out).all(|&tour| {
            self.yard(tour)
                .vehicle
                .is_none_or(|vehicle| self.load_kg(tour) + more_kg <= self.capacity_kg[vehicle])
        })
    }

    fn stop_kg(&self, stop: u32, calls: usize) -> f64 {
        let content = self.content[stop as usize];
        let share = content.per_week / calls as f64;
        content.full_kg * if share.is_finite() { share.min(1.0) } else { content.usual }
    }

    fn load_kg(&self, tour: usize) -> f64 {
        let yard = self.yard(tour);
        let kilograms = |&place: &usize| {
            let stop = yard.stops[place];
            self.stop_kg(stop, self.tours_at(stop).len())
        };
        self.all[tour].order.iter().map(kilograms).sum()
    }
}

/// The stops of other trips that a trip may take over.
fn guests(today: &cost::Plan, run: &cost::Run, needy: &[u32]) -> Vec<u32> {
    let own: Vec<_> = run.trip.calls.iter().map(|call| today.places[call.stop as usize]).collect();
    let away_m = |stop: u32| {
        let at = today.places[stop as usize];
        own.iter().map(|other| other.distance_m(at)).fold(f64::INFINITY, f64::min)
    };
    let mut near: Vec<(f64, u32)> = needy.iter().map(|&stop| (away_m(stop), stop)).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    near.into_iter().map(|(_, stop)| stop).take(GUESTS).collect()
}

/// Hours since Monday at midnight of a time within a service day.
fn hour_of_week(weekday: usize, seconds: f64) -> f64 {
    (weekday as f64 * 24.0 + seconds / 3600.0).rem_euclid(168.0)
}
