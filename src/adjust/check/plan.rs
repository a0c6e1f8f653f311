//! A whole plan in, everything that is wrong with it out: every trip's days, times, hours and load, every
//! stop's services, and the budget, all counted anew.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checker, Violation, price, share_of_weeks};
use crate::adjust::{Options, Plan, Situation};
use crate::model::NONE;
use crate::model::round::{Rounds, Trip};

/// Everything that is wrong with `plan`.
pub fn check_plan(plan: &Plan, situation: &Situation, options: &Options) -> Vec<Violation> {
    Checker::new(situation, options).check_plan(plan)
}

/// What a vehicle does on a weekday: seconds, and first departure and last arrival of each of its trips.
type Duty = BTreeMap<(u32, usize), (f64, Vec<(f64, f64)>)>;

impl Checker<'_> {
    /// Everything that is wrong with `plan`.
    pub fn check_plan(&self, plan: &Plan) -> Vec<Violation> {
        let (today, mut found) = (self.situation.rounds, Vec::new());
        let is_same = plan.rounds.stops == today.stops
            && plan.rounds.routes == today.routes
            && plan.rounds.vehicles == today.vehicles
            && plan.rounds.kerbsides == today.kerbsides;
        if !is_same {
            found.push(Violation::Stops("has other stops, routes or vehicles".to_owned()));
            return found;
        }
        let parents: Vec<Option<&Trip>> = plan.rounds.trips.iter().map(|trip| parent(trip, today)).collect();
        days(plan, &parents, &mut found);
        for (trip, parent) in plan.rounds.trips.iter().zip(&parents) {
            self.calls(trip, *parent, &mut found);
        }
        self.services(plan, &mut found);
        self.duties(plan, &mut found);
        self.loads(plan, &mut found);
        found
    }

    /// The calls stand in their order, and a changed trip has the time that its streets and stops take.
    fn calls(&self, trip: &Trip, parent: Option<&Trip>, found: &mut Vec<Violation>) {
        let n_stops = self.situation.rounds.stops.len();
        if let Some(call) = trip.calls.iter().find(|call| call.stop as usize >= n_stops) {
            found.push(Violation::Unknown(format!("stop {}", call.stop)));
            return;
        }
        let is_forward = trip.calls.iter().all(|call| call.arrival_s <= call.departure_s)
            && trip.calls.windows(2).all(|two| two[0].departure_s <= two[1].arrival_s);
        if trip.calls.is_empty() || !is_forward {
            found.push(Violation::Stops(format!("of `{}` does not go forward in time", trip.id)));
            return;
        }
        let Some(parent) = parent.filter(|parent| parent.calls != trip.calls) else { return };
        let (driven_s, emptied_s, span_s) = self.span(parent);
        let pace = (span_s - emptied_s) / driven_s;
        let (driven_s, emptied_s, span_s) = self.span(trip);
        // Timetables without time for emptying are no measure of how fast a truck is.
        if pace.is_finite() && pace > 0.1 && pace < 20.0 {
            let needed_s = driven_s * pace + emptied_s;
            price(found, "seconds of a trip", span_s, needed_s, 2.0 + 0.01 * needed_s);
        }
    }

    /// Seconds on the streets between the calls, seconds of emptying, and seconds by the timetable.
    fn span(&self, trip: &Trip) -> (f64, f64, f64) {
        let stops = &self.situation.rounds.stops;
        let mut driven_s = 0.0;
        for two in trip.calls.windows(2) {
            driven_s +=
                self.leg_s((stops[two[0].stop as usize].at, false), (stops[two[1].stop as usize].at, false));
        }
        let emptied_s = trip.calls.iter().map(|call| self.service_s(call.stop)).sum();
        let (first, last) = (trip.calls[0], trip.calls[trip.calls.len() - 1]);
        (driven_s, emptied_s, (last.departure_s - first.arrival_s) as f64)
    }

    /// Every stop that is emptied today still is every week, as often as the plan says, and not twice in a row.
    fn services(&self, plan: &Plan, found: &mut Vec<Violation>) {
        let (today, planned) = (hours(self.situation.rounds), hours(&plan.rounds));
        for (stop, (before, after)) in today.iter().zip(&planned).enumerate() {
            let id = &plan.rounds.stops[stop].id;
            if !before.is_empty() && after.is_empty() {
                found.push(Violation::Stops(format!("leaves out stop `{id}` for good")));
            }
            let change = plan.stops.iter().find(|change| change.stop as usize == stop);
            let said = change.map_or((before.len(), before.len()), |it| (it.today.len(), it.planned.len()));
            if said != (before.len(), after.len()) {
                let (from, to) = (before.len(), after.len());
                found.push(Violation::Days(format!(
                    "`{id}` is emptied {to} times a week, not {}; today {from}",
                    said.1
                )));
            }
            // A minute: times are whole seconds.
            let least_h = self.options.apart_h.min(closest_h(before)) - 1.0 / 60.0;
            if closest_h(after) < least_h {
                found.push(Violation::Days(format!(
                    "`{id}` is emptied twice within {:.1} hours",
                    closest_h(after)
                )));
            }
        }
    }

    /// No crew works longer than its shift (or than today), no truck is in two places, and the week keeps to
    /// the budget.
    fn duties(&self, plan: &Plan, found: &mut Vec<Violation>) {
        let (today, planned) = (self.duty(self.situation.rounds), self.duty(&plan.rounds));
        let week = |rounds: &Rounds| -> f64 {
            let of =
                |trip: &Trip| self.work_s(trip) * (0..7).map(|day| share_of_weeks(trip, day)).sum::<f64>();
            rounds.trips.iter().map(of).sum()
        };
        let (before_s, after_s) = (week(self.situation.rounds), week(&plan.rounds));
        // A second for every trip: rounding of its times.
        let rounding_s = 7.0 * plan.rounds.trips.len() as f64;
        if after_s > before_s + plan.budget_s + rounding_s {
            found.push(Violation::Budget {
                work_h: after_s / 3600.0,
                allowed_h: (before_s + plan.budget_s) / 3600.0,
            });
        }
        let said_s = plan.planned.work_s - plan.today.work_s;
        price(found, "seconds of work per week", said_s, after_s - before_s, rounding_s + 0.002 * before_s);
        for ((vehicle, weekday), (work_s, trips)) in &planned {
            let none = (0.0, Vec::new());
            let (today_s, today_trips) = today.get(&(*vehicle, *weekday)).unwrap_or(&none);
            let Some(known) = self.situation.rounds.vehicles.get(*vehicle as usize) else { continue };
            let shift_s = known.shift_s.unwrap_or(f64::INFINITY).max(*today_s);
            if *work_s > shift_s + 5.0 * trips.len() as f64 {
                found.push(Violation::Shift { work_h: work_s / 3600.0, shift_h: shift_s / 3600.0 });
            }
            if overlap_s(trips) > overlap_s(today_trips) + 5.0 {
                found.push(Violation::Days(format!("`{}` drives two trips at the same time", known.id)));
            }
        }
    }

    fn duty(&self, rounds: &Rounds) -> Duty {
        let mut duty = Duty::new();
        for trip in rounds.trips.iter().filter(|trip| trip.vehicle != NONE && !trip.calls.is_empty()) {
            let (out_s, back_s) = self.depot_drives_s(trip);
            let (first, last) = (trip.calls[0], trip.calls[trip.calls.len() - 1]);
            let span = (first.arrival_s as f64 - out_s, last.departure_s as f64 + back_s);
            for weekday in (0..7).filter(|&weekday| share_of_weeks(trip, weekday) >= 0.5) {
                let of_day = duty.entry((trip.vehicle, weekday)).or_default();
                of_day.0 += span.1 - span.0;
                of_day.1.push(span);
            }
        }
        for (_, trips) in duty.values_mut() {
            trips.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        duty
    }

    fn work_s(&self, trip: &Trip) -> f64 {
        let (Some(first), Some(last)) = (trip.calls.first(), trip.calls.last()) else { return 0.0 };
        let (out_s, back_s) = self.depot_drives_s(trip);
        (last.departure_s - first.arrival_s) as f64 + out_s + back_s
    }

    fn depot_drives_s(&self, trip: &Trip) -> (f64, f64) {
        let (Some(depot), [first, ..]) = (self.depot(trip), &trip.calls[..]) else { return (0.0, 0.0) };
        let at = |stop: u32| (self.situation.rounds.stops[stop as usize].at, false);
        let last = trip.calls[trip.calls.len() - 1];
        (self.leg_s((depot, true), at(first.stop)), self.leg_s(at(last.stop), (depot, true)))
    }

    /// No truck carries more than it can (or than today).
    fn loads(&self, plan: &Plan, found: &mut Vec<Violation>) {
        let services = [hours(self.situation.rounds), hours(&plan.rounds)];
        let load_kg = |trip: &Trip, services: &[Vec<f64>]| -> f64 {
            trip.calls.iter().map(|call| self.content_kg(call.stop, services[call.stop as usize].len())).sum()
        };
        for trip in &plan.rounds.trips {
            let vehicle = self.situation.rounds.vehicles.get(trip.vehicle as usize);
            let Some(capacity_kg) = vehicle.and_then(|vehicle| vehicle.capacity_kg) else { continue };
            let today_kg =
                parent(trip, self.situation.rounds).map_or(0.0, |parent| load_kg(parent, &services[0]));
            let load_kg = load_kg(trip, &services[1]);
            if load_kg > capacity_kg.max(today_kg) + 0.5 {
                found.push(Violation::Capacity { load_kg, capacity_kg });
            }
        }
    }

    /// Kilograms in a stop when it is emptied so many times a week.
    fn content_kg(&self, stop: u32, times: usize) -> f64 {
        let per_day =
            self.situation.collection.stops.get(stop as usize).map_or(f64::NAN, |stop| stop.fill_per_day);
        let share = per_day * 7.0 / times as f64;
        let share = if share.is_finite() { share.min(1.0) } else { self.options.usual_fill };
        let litres = self.situation.rounds.stops[stop as usize].capacity_l.unwrap_or(self.options.capacity_l);
        litres * share * self.options.kg_per_litre
    }
}

/// Every trip runs on days of the trip that it comes from, and no two of them on the same one.
fn days(plan: &Plan, parents: &[Option<&Trip>], found: &mut Vec<Violation>) {
    let mut taken = BTreeSet::new();
    for (trip, parent) in plan.rounds.trips.iter().zip(parents) {
        let Some(parent) = parent else {
            found.push(Violation::Unknown(format!("trip that `{}` comes from", trip.id)));
            continue;
        };
        for day in trip.days.iter().chain(&trip.cancelled) {
            if !parent.days.contains(day) && !parent.cancelled.contains(day) {
                found.push(Violation::Days(format!("`{}` does not run on {day} today", parent.id)));
            }
            if !taken.insert((&parent.id, *day)) {
                found.push(Violation::Days(format!("`{}` runs twice on {day}", parent.id)));
            }
        }
    }
}

/// The trip of today that a planned one comes from: itself, or the one whose id it carries with weekdays.
fn parent<'a>(trip: &Trip, today: &'a Rounds) -> Option<&'a Trip> {
    let is_of = |other: &&Trip| {
        other.route == trip.route
            && other.vehicle == trip.vehicle
            && (trip.id == other.id
                || trip.id.strip_prefix(&other.id).is_some_and(|rest| rest.starts_with('-')))
    };
    today.trips.iter().filter(is_of).max_by_key(|other| other.id.len())
}

/// The hours of an ordinary week at which each stop is emptied, ascending.
fn hours(rounds: &Rounds) -> Vec<Vec<f64>> {
    let mut hours = vec![Vec::new(); rounds.stops.len()];
    for trip in &rounds.trips {
        for weekday in (0..7).filter(|&weekday| share_of_weeks(trip, weekday) >= 0.5) {
            for call in &trip.calls {
                hours[call.stop as usize].push(weekday as f64 * 24.0 + call.arrival_s as f64 / 3600.0);
            }
        }
    }
    for hours in &mut hours {
        hours.sort_by(f64::total_cmp);
    }
    hours
}

/// Hours between the two emptyings that follow each other most closely, round the week.
fn closest_h(hours: &[f64]) -> f64 {
    let within = hours.windows(2).map(|two| two[1] - two[0]);
    let around = match hours {
        [first, .., last] => Some(first + 168.0 - last),
        _ => None,
    };
    within.chain(around).fold(168.0, f64::min)
}

/// Seconds for which one trip has begun before the one ahead of it is over.
fn overlap_s(trips: &[(f64, f64)]) -> f64 {
    trips.windows(2).map(|two| (two[0].1 - two[1].0).max(0.0)).sum()
}
