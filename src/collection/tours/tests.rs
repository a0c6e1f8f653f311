//! Two rounds of one truck on one street.

use super::*;
use crate::model::round::{Call, Route, Stop, Trip, Vehicle};
use crate::model::street::{Streets, Way};
use crate::period::NEVER;

const STOPS: u32 = 5;

/// A street of 1 km from west to east with a stop every 200 m.
fn place() -> (Network, Rounds) {
    let way = Way::residential(vec![0, 1]);
    let nodes = vec![Local::new(0.0, 0.0), Local::new(1000.0, 0.0)];
    let streets = Streets { nodes, ways: vec![way], ..Streets::default() };
    let stop = |index: u32| Stop {
        id: format!("S{index}"),
        name: String::new(),
        at: Local::new(f64::from(index) * 200.0 + 50.0, 5.0),
        capacity_l: None,
        service_s: None,
        asset_id: None,
    };
    let trip = |id: &str, begins_s: i64| Trip {
        id: id.to_owned(),
        route: 0,
        vehicle: 0,
        calls: (0..STOPS)
            .map(|stop| {
                let arrival_s = begins_s + i64::from(stop) * 60;
                Call { stop, arrival_s, departure_s: arrival_s }
            })
            .collect(),
        days: vec![],
        cancelled: vec![],
    };
    let rounds = Rounds {
        stops: (0..STOPS).map(stop).collect(),
        routes: vec![Route { id: "R".to_owned(), name: String::new() }],
        trips: vec![trip("early", 0), trip("late", 3600)],
        vehicles: vec![Vehicle { id: "V".to_owned(), capacity_kg: None, shift_s: None, depot: None }],
        kerbsides: vec![],
    };
    (Network::build(&streets, &crate::network::Options::default()), rounds)
}

/// The visits of both trips on one day, those of the stops in `served` made as planned.
fn visits(rounds: &Rounds, served: [&[u32]; 2]) -> Vec<Visit> {
    let day = Day::from_date("2025-03-03".parse().unwrap());
    let of_trip = |(trip, served): (u32, &[u32])| {
        let visit = |(sequence, call): (u32, &Call)| {
            let outcome = if served.contains(&call.stop) { Outcome::Served } else { Outcome::Skipped };
            Visit {
                route: 0,
                trip,
                stop: call.stop,
                sequence,
                day,
                planned_at: call.arrival_s,
                served_at: if outcome == Outcome::Served { call.arrival_s } else { NEVER },
                outcome,
                confidence: 1.0,
                evidence: String::new(),
            }
        };
        (0..).zip(&rounds.trips[trip as usize].calls).map(visit).collect::<Vec<_>>()
    };
    (0..).zip(served).flat_map(of_trip).collect()
}

/// A fix every ten seconds from `from` to `until` metres along the street, `begin` seconds after midnight.
fn drive(track: &mut Track, begin: i64, from: f64, until: f64) {
    for step in 0..=24 {
        track.time.push(begin + i64::from(step) * 10);
        track.at.push(Local::new(from + (until - from) * f64::from(step) / 24.0, 3.0));
        track.speed_ms.push(f32::NAN);
    }
}

#[test]
fn two_rounds_of_one_truck_are_told_apart_and_measured() {
    let (network, rounds) = place();
    let mut track = Track { vehicle: "V".to_owned(), ..Track::default() };
    drive(&mut track, 0, 50.0, 850.0);
    drive(&mut track, 3600, 50.0, 450.0);
    let visits = visits(&rounds, [&[0, 1, 2, 3, 4], &[0, 1, 2]]);
    let found = tours(&visits, &rounds, &[track], &network, &Options::default());
    let [early, late] = &found[..] else { panic!("two tours, not {}", found.len()) };
    assert_eq!((early.trip, late.trip, early.n_fixes, late.n_fixes), (0, 1, 25, 25));
    assert!((early.driven_m - 800.0).abs() < 40.0 && (late.driven_m - 400.0).abs() < 40.0);
    assert!((early.planned_m - 800.0).abs() < 1.0);
    assert!(early.planned_driven_pct > 95.0, "{}", early.planned_driven_pct);
    assert!((late.planned_driven_pct - 50.0).abs() < 6.0, "{}", late.planned_driven_pct);
    assert!((early.matched_pct - 100.0).abs() < 1e-9 && early.lines.len() == 1);
    assert!(!early.is_cancelled && !late.is_cancelled);
}

#[test]
fn a_truck_that_stays_where_it_is_does_not_make_its_round() {
    let (network, rounds) = place();
    let mut track = Track { vehicle: "V".to_owned(), ..Track::default() };
    drive(&mut track, 0, 50.0, 52.0);
    let visits = visits(&rounds, [&[], &[]]);
    let found = tours(&visits, &rounds, &[track], &network, &Options::default());
    assert_eq!(found.len(), 1, "the other tour has no fix");
    assert!(found[0].is_cancelled && found[0].order_kept.is_nan());
}

#[test]
fn tours_without_streets_have_fixes_and_no_line() {
    let (_, rounds) = place();
    let network = Network::build(&Streets::default(), &crate::network::Options::default());
    let mut track = Track { vehicle: "V".to_owned(), ..Track::default() };
    drive(&mut track, 0, 50.0, 850.0);
    let found = tours(&visits(&rounds, [&[0], &[]]), &rounds, &[track], &network, &Options::default());
    assert_eq!((found[0].n_fixes, found[0].lines.len()), (25, 0));
    assert!(found[0].planned_driven_pct.is_nan() && !found[0].is_cancelled);
}

#[test]
fn the_order_is_kept_turned_round_or_in_between() {
    let (_, rounds) = place();
    let mut visits = visits(&rounds, [&[0, 1, 2, 3, 4], &[]]);
    visits.truncate(STOPS as usize);
    assert!((order_kept(&visits) - 1.0).abs() < 1e-12);
    // Kendall's tau of (1, 2, 4, 3, 5): nine pairs in order, one not, of ten.
    visits[2].served_at = 180;
    visits[3].served_at = 120;
    assert!((order_kept(&visits) - 0.8).abs() < 1e-12);
    for visit in &mut visits {
        visit.served_at = -visit.planned_at;
    }
    assert!((order_kept(&visits) + 1.0).abs() < 1e-12);
}
