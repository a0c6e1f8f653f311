//! The timetable in, planned visits out: every call of every trip on every day that it runs.
//!
//! Nothing is said here about what became of them: each begins as unknown.

use super::{Outcome, Visit};
use crate::model::round::Rounds;
use crate::period::{Clock, NEVER};

/// Every planned visit, in the order of day, route, trip and sequence. Days that the calendar took out are
/// not planned.
///
/// # Panics
/// When a round has more than 2³² calls.
pub fn visits(rounds: &Rounds, clock: &Clock) -> Vec<Visit> {
    let count = |index: usize| u32::try_from(index).expect("fewer than 2^32 trips and calls");
    let mut visits = Vec::new();
    for (index, trip) in rounds.trips.iter().enumerate() {
        for &day in &trip.days {
            for (place, call) in trip.calls.iter().enumerate() {
                visits.push(Visit {
                    route: trip.route,
                    trip: count(index),
                    stop: call.stop,
                    sequence: count(place),
                    day,
                    planned_at: clock.service_instant(day, call.arrival_s),
                    served_at: NEVER,
                    outcome: Outcome::Unknown,
                    confidence: 0.0,
                    evidence: String::new(),
                });
            }
        }
    }
    visits.sort_by_key(|visit| (visit.day, visit.route, visit.trip, visit.sequence));
    visits
}

/// Indices of the visits of each of `n_stops` stops, in the order of their planned time.
pub(super) fn by_stop(visits: &[Visit], n_stops: usize) -> Vec<Vec<u32>> {
    let mut of_stop: Vec<Vec<u32>> = vec![Vec::new(); n_stops];
    for (index, visit) in (0u32..).zip(visits) {
        of_stop[visit.stop as usize].push(index);
    }
    for planned in &mut of_stop {
        planned.sort_by_key(|&index| (visits[index as usize].planned_at, index));
    }
    of_stop
}
