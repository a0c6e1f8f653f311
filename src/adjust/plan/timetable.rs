//! Tours in, rounds with times and days out.
//!
//! A trip that stays as it is keeps its times. A changed one leaves when it leaves today; the truck's later
//! trips of that day leave later where it is back later. Weekdays on which a trip is the same make one trip.

use std::collections::BTreeMap;

use super::tours::{Tour, Tours};
use crate::model::round::{Call, Rounds, Trip};
use crate::period::{Day, short_weekdays};

/// `today` with the tours of `after` where they differ from those of `before`.
pub(super) fn rounds(after: &Tours, before: &Tours, today: &Rounds) -> Rounds {
    let delays = delays(after, before);
    let mut trips: Vec<Trip> = Vec::new();
    for (index, trip) in today.trips.iter().enumerate() {
        let mut variants: Vec<(Vec<Call>, [bool; 7])> = Vec::new();
        let mut is_left_out = [false; 7];
        for (number, (tour, old)) in after.all.iter().zip(&before.all).enumerate() {
            if after.yards[tour.yard].trip as usize != index {
                continue;
            }
            let is_same = tour.order == old.order && delays[number] == 0;
            let calls = if is_same { trip.calls.clone() } else { calls(after, tour, delays[number]) };
            is_left_out[tour.weekday] = calls.is_empty();
            match variants.iter_mut().find(|(known, _)| *known == calls) {
                Some((_, weekdays)) => weekdays[tour.weekday] = true,
                None => variants.push((calls, std::array::from_fn(|day| day == tour.weekday))),
            }
        }
        trips.extend(variants_of(trip, variants, is_left_out));
    }
    trips.sort_by(|a, b| a.id.cmp(&b.id));
    Rounds { trips, ..today.clone() }
}

/// Seconds by which each tour leaves later, because its truck is back later.
fn delays(after: &Tours, before: &Tours) -> Vec<i64> {
    let mut days: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (number, tour) in after.all.iter().enumerate() {
        if let Some(vehicle) = after.yards[tour.yard].vehicle {
            days.entry((vehicle, tour.weekday)).or_default().push(number);
        }
    }
    let mut delays = vec![0; after.all.len()];
    for mut numbers in days.into_values() {
        let start_s = |number: usize| after.yard(number).start_s;
        numbers.sort_by(|&a, &b| start_s(a).total_cmp(&start_s(b)).then(a.cmp(&b)));
        let (mut back_today_s, mut back_s) = (f64::MIN, f64::MIN);
        for number in numbers {
            // The pause that there is today stays, if there is one.
            let pause_s = (start_s(number) - back_today_s).max(0.0);
            let late_s = if back_s > back_today_s { back_s + pause_s - start_s(number) } else { 0.0 };
            #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
            let delay =
                if back_s > start_s(number) || pause_s < 7200.0 { late_s.max(0.0).ceil() as i64 } else { 0 };
            delays[number] = delay;
            back_today_s = start_s(number) + before.all[number].work_s;
            back_s = start_s(number) + delay as f64 + after.all[number].work_s;
        }
    }
    delays
}

/// The calls of a tour with their times.
fn calls(tours: &Tours, tour: &Tour, delay_s: i64) -> Vec<Call> {
    let yard = &tours.yards[tour.yard];
    let (mut at_s, mut prev) = (yard.start_s, yard.depot);
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
    let whole = |seconds: f64| seconds.round() as i64 + delay_s;
    let mut calls = Vec::new();
    for &place in &tour.order {
        at_s += prev.map_or(0.0, |prev| yard.leg_s(prev, place));
        let arrival_s = whole(at_s);
        at_s += yard.service_s(place);
        calls.push(Call { stop: yard.stops[place], arrival_s, departure_s: whole(at_s) });
        prev = Some(place);
    }
    calls
}

/// The trips that come of one: each with its weekdays, and today's for the days that no weekday covers.
fn variants_of(trip: &Trip, variants: Vec<(Vec<Call>, [bool; 7])>, left_out: [bool; 7]) -> Vec<Trip> {
    let covered: [bool; 7] =
        std::array::from_fn(|day| left_out[day] || variants.iter().any(|(_, weekdays)| weekdays[day]));
    let on = |weekdays: [bool; 7]| {
        let pick = |days: &[Day]| days.iter().copied().filter(|day| weekdays[day.weekday()]).collect();
        (pick(&trip.days), pick(&trip.cancelled))
    };
    let mut trips = Vec::new();
    let (rest, rest_cancelled): (Vec<Day>, Vec<Day>) = on(covered.map(|is_covered| !is_covered));
    let is_whole = variants.len() == 1 && rest.is_empty() && rest_cancelled.is_empty();
    for (calls, weekdays) in variants.into_iter().filter(|(calls, _)| !calls.is_empty()) {
        let (days, cancelled) = on(weekdays);
        let names: Vec<&str> = short_weekdays(weekdays).collect();
        let id = if is_whole {
            trip.id.clone()
        } else {
            format!("{}-{}", trip.id, names.join("-").to_lowercase())
        };
        trips.push(Trip { id, calls, days, cancelled, ..trip.clone() });
    }
    if !rest.is_empty() || !rest_cancelled.is_empty() {
        trips.push(Trip { days: rest, cancelled: rest_cancelled, ..trip.clone() });
    }
    trips
}
