//! Today's rounds and how fast each stop fills up in; the best rounds within a budget of time out.
//!
//! Where [`propose`](super::propose) prices one change after the other, the plan changes them all together.
//! Calls are taken out of and put into the weekly round of each trip, one weekday at a time; what a call costs
//! is counted on the order of calls as it is by then, so two extra stops on the same street share their
//! detour. A call is worth the hours of overflow that it takes away: content grows as a gamma process, at every
//! rate that the stop's data allow. Trips are put into a shorter order first; then the call that avoids most
//! overflow per minute goes in, paid for by the calls whose loss is smallest per minute, until none is left
//! that pays. Days keep within the shift, loads within the truck, emptyings of a stop apart.
//!
//! Stops of whose filling nothing is known are left as they are, and no call is taken from a stop that its crews
//! leave out more than others. No trip runs on a further day, and no truck on a day on which it stands still today.
//! Service windows are not known to the feed, so none are held.

mod tours;
mod search;
mod timetable;

use super::benefit::{self, Overflow};
use super::{Change, Options, Proposal, Situation, cost};
use crate::model::round::Rounds;

use tours::Tours;

/// The best set of changes under a budget, as rounds that can be driven.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The changed rounds. Stops, routes and vehicles are today's; a trip whose weekdays came to differ is cut
    /// into trips for some weekdays each, as in `B01-t-mon-thu`.
    pub rounds: Rounds,
    /// Seconds of work per week that the plan may cost more than today.
    pub budget_s: f64,
    /// The week as it is.
    pub today: Week,
    /// The week as planned.
    pub planned: Week,
    /// Hours of overflow fewer per week: low and high end of the interval.
    pub fewer_overflow_h: (f64, f64),
    /// Stops that get other days, those that gain most first.
    pub stops: Vec<StopChange>,
    /// Trips that get another order of their stops, as indices into today's trips, ascending.
    pub resequenced: Vec<u32>,
}

/// What the rounds of a week take, and what they are expected to leave.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Week {
    /// Seconds of driving and emptying, from depot to depot.
    pub work_s: f64,
    /// Metres driven.
    pub length_m: f64,
    /// Calls at stops.
    pub calls: f64,
    /// Hours during which stops overflow, all stops together whose filling is known.
    pub overflow_h: f64,
    /// Low and high end of its interval.
    pub overflow_range_h: (f64, f64),
}

/// A stop that gets other days.
#[derive(Debug, Clone, PartialEq)]
pub struct StopChange {
    /// Index into the stops.
    pub stop: u32,
    /// Calls today: trip and weekday (0 is Monday), ascending.
    pub today: Vec<(u32, usize)>,
    /// Calls as planned: trip of today and weekday, ascending.
    pub planned: Vec<(u32, usize)>,
    /// Hours of overflow expected per week today.
    pub overflow_today_h: f64,
    /// The same as planned.
    pub overflow_planned_h: f64,
}

impl Plan {
    /// Whether it changes anything.
    pub fn is_empty(&self) -> bool {
        self.stops.is_empty() && self.resequenced.is_empty()
    }

    /// Whether the plan does what `proposal` says, or more of it.
    pub fn holds(&self, proposal: &Proposal) -> bool {
        let change = |stop: u32| self.stops.iter().find(|change| change.stop == stop);
        if let Change::Resequence { trip, .. } = &proposal.change {
            return self.resequenced.contains(trip);
        }
        if let Change::ExtraStop { stop, trip, weekdays, .. } = &proposal.change {
            let is_by = |&(by, weekday): &(u32, usize)| by == *trip && weekdays[weekday];
            return change(*stop).is_some_and(|change| change.planned.iter().any(is_by));
        }
        if let Change::Frequency { stop, from_per_week, to_per_week, .. } = &proposal.change {
            return change(*stop).is_some_and(|change| {
                let is_more = change.planned.len() > change.today.len();
                change.planned.len() != change.today.len() && is_more == (to_per_week > from_per_week)
            });
        }
        false
    }
}

/// The best rounds within `budget_min_per_week` of `options`; without a change where nothing pays, or where no
/// filling is known.
pub fn plan(situation: &Situation, options: &Options) -> Plan {
    let today = cost::Plan::new(situation, options);
    let overflow = Overflow::of_stops(situation.collection, &benefit::law(situation.collection, options));
    let mut tours = Tours::new(&today, situation, &overflow);
    let before = tours.clone();
    search::improve(&mut tours, &before, options);
    let rounds = timetable::rounds(&tours, &before, situation.rounds);
    written(situation, options, &before, &tours, rounds)
}

fn written(situation: &Situation, options: &Options, before: &Tours, after: &Tours, rounds: Rounds) -> Plan {
    let z = normal_quantile(options.confidence);
    let (today, planned) = (before.week(z), after.week(z));
    let (mut mean, mut variance) = (0.0, 0.0);
    let mut stops = Vec::new();
    for stop in (0u32..).take(situation.rounds.stops.len()) {
        let change = StopChange {
            stop,
            today: before.calls_at(stop),
            planned: after.calls_at(stop),
            overflow_today_h: before.overflow_h(stop),
            overflow_planned_h: after.overflow_h(stop),
        };
        mean += change.overflow_today_h - change.overflow_planned_h;
        variance += after.variance_of_change(before, stop);
        if change.today != change.planned {
            stops.push(change);
        }
    }
    let gain = |change: &StopChange| change.overflow_today_h - change.overflow_planned_h;
    stops.sort_by(|a, b| gain(b).total_cmp(&gain(a)).then(a.stop.cmp(&b.stop)));
    let doubt = z * variance.sqrt();
    Plan {
        rounds,
        budget_s: options.budget_min_per_week * 60.0,
        today,
        planned,
        fewer_overflow_h: (mean - doubt, mean + doubt),
        stops,
        resequenced: after.resequenced(),
    }
}

/// How many standard deviations lie on either side of the mean at this confidence.
fn normal_quantile(confidence: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence.clamp(0.0, 0.9999)))
}
