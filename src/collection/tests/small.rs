//! One street, one truck: what a planner would say at a glance.

use super::super::{Collection, Evidence, Options, Outcome, Reason, Visit, examine};
use super::season::{link, made_of};
use crate::model::kind::Kind;
use crate::model::round::{Call, Rounds, Route, Stop, Trip, Vehicle};
use crate::model::service::{NotEmptied, Service, Services};
use crate::model::street::Streets;
use crate::model::track::Track;
use crate::network::{self, Network};
use crate::period::{Clock, Day, NEVER};
use crate::progress::Silent;
use crate::unit::{DAY_S, Local};

/// Stops stand 100 m apart along a street that begins at the depot.
const STOPS: u32 = 8;
const DAYS: i32 = 12;
const FIRST_DAY: i32 = 20_000;
const PLANNED_S: i64 = 8 * 3600;

fn at(stop: u32) -> Local {
    Local::new(1000.0 + 100.0 * f64::from(stop), 8.0)
}

fn planned_s(stop: u32) -> i64 {
    PLANNED_S + 60 * i64::from(stop)
}

fn rounds() -> Rounds {
    let stop = |stop: u32| Stop {
        id: format!("s{stop}"),
        name: String::new(),
        at: at(stop),
        capacity_l: None,
        service_s: Some(40.0),
        asset_id: None,
    };
    let call = |stop: u32| Call { stop, arrival_s: planned_s(stop), departure_s: planned_s(stop) + 40 };
    Rounds {
        stops: (0..STOPS).map(stop).collect(),
        routes: vec![Route { id: "r".into(), name: "round".into() }],
        trips: vec![Trip {
            id: "t".into(),
            route: 0,
            vehicle: 0,
            calls: (0..STOPS).map(call).collect(),
            days: (0..DAYS).map(|day| Day(FIRST_DAY + day)).collect(),
            cancelled: Vec::new(),
        }],
        vehicles: vec![Vehicle {
            id: "truck".into(),
            capacity_kg: None,
            shift_s: None,
            depot: Some(Local::new(0.0, 0.0)),
        }],
        ..Rounds::default()
    }
}

/// One day of driving at 10 m/s with a fix every 10 s, `late_s` after the plan, serving those stops that
/// `is_served` names; the fixes that `is_kept` names reach us.
fn drive(
    track: &mut Track,
    day: i32,
    late_s: i64,
    is_served: impl Fn(u32) -> bool,
    is_kept: impl Fn(f64) -> bool,
) {
    let midnight = i64::from(FIRST_DAY + day) * DAY_S;
    let mut time = midnight + PLANNED_S - 100 + late_s;
    let mut fix = |x: f64, speed: f32| {
        if is_kept(x) {
            // A wobble of two metres that no stop shares with the next.
            let wobble = 2.0 * (x * 0.37 + f64::from(day)).sin();
            track.time.push(time);
            track.at.push(Local::new(x + wobble, wobble));
            track.speed_ms.push(speed);
        }
        time += 10;
    };
    for place in 0..=30 {
        let x = 100.0 * f64::from(place);
        let stop = (0..STOPS).find(|&stop| (at(stop).x - x).abs() < 1.0);
        let fixes = if stop.is_some_and(&is_served) { 5 } else { 1 };
        for _ in 0..fixes {
            fix(x, if fixes == 1 { 10.0 } else { 0.0 });
        }
    }
    for place in (0..30).rev() {
        fix(100.0 * f64::from(place), 10.0);
    }
}

/// Fixes at the depot, so many seconds after the round is due.
fn stand(track: &mut Track, day: i32, after_s: impl Iterator<Item = i64>) {
    for after_s in after_s {
        track.time.push(i64::from(FIRST_DAY + day) * DAY_S + PLANNED_S + after_s);
        track.at.push(Local::new(3.0, 4.0));
        track.speed_ms.push(0.0);
    }
}

fn empty_track() -> Track {
    Track { vehicle: "truck".into(), ..Track::default() }
}

fn told(track: Track, reports: &[(i64, String, Kind, Local)]) -> Collection {
    told_with(track, &Services::default(), reports)
}

fn told_with(track: Track, services: &Services, reports: &[(i64, String, Kind, Local)]) -> Collection {
    told_by(&Options::default(), track, services, reports)
}

fn told_by(
    options: &Options,
    track: Track,
    services: &Services,
    reports: &[(i64, String, Kind, Local)],
) -> Collection {
    let rounds = rounds();
    let (reports, located) = made_of(reports);
    let linked = link(&located, &rounds);
    let network = Network::build(&Streets::default(), &network::Options::default());
    let clock = Clock::new("UTC").unwrap();
    let evidence = Evidence {
        rounds: &rounds,
        tracks: &[track],
        services,
        reports: &reports,
        located: &located,
        linked: &linked,
        network: &network,
        clock: &clock,
    };
    examine(&evidence, options, &Silent)
}

fn outcome(collection: &Collection, day: i32, stop: u32) -> Outcome {
    let is_it = |visit: &&Visit| visit.day == Day(FIRST_DAY + day) && visit.stop == stop;
    collection.visits.iter().find(is_it).unwrap().outcome
}

#[test]
fn a_stop_at_which_the_truck_does_not_halt_was_passed_and_the_others_served() {
    let mut track = empty_track();
    for day in 0..DAYS {
        drive(&mut track, day, 0, |stop| !(day == 5 && stop == 3), |_| true);
    }
    let collection = told(track, &[]);
    let missed: Vec<_> = collection.visits.iter().filter(|visit| visit.outcome != Outcome::Served).collect();
    assert_eq!(missed.len(), 1, "{missed:?}");
    assert_eq!((missed[0].stop, missed[0].day), (3, Day(FIRST_DAY + 5)));
    assert_eq!(missed[0].outcome, Outcome::Passed);
    assert!(missed[0].confidence > 0.9 && missed[0].evidence.starts_with("drove by at"), "{missed:?}");
}

#[test]
fn visits_in_a_hole_of_the_track_are_unknown_whatever_is_probable() {
    let mut track = empty_track();
    for day in 0..DAYS {
        let is_lost = |x: f64| day == 5 && (1150.0..1650.0).contains(&x);
        drive(&mut track, day, 0, |_| true, |x| !is_lost(x));
    }
    let collection = told(track, &[]);
    for stop in 2..=6 {
        assert_eq!(outcome(&collection, 5, stop), Outcome::Unknown, "stop {stop}");
    }
    assert_eq!(outcome(&collection, 5, 1), Outcome::Served);
    assert_eq!(outcome(&collection, 5, 7), Outcome::Served);
}

#[test]
fn a_truck_that_stays_at_its_depot_has_skipped_the_round() {
    let mut track = empty_track();
    for day in 0..DAYS {
        if day == 5 {
            stand(&mut track, day, (0..200).map(|fix| 20 * fix - 600));
        } else {
            drive(&mut track, day, 0, |_| true, |_| true);
        }
    }
    let collection = told(track, &[]);
    for stop in 0..STOPS {
        assert_eq!(outcome(&collection, 5, stop), Outcome::Skipped, "stop {stop}");
    }
    let visit = collection.visits.iter().find(|visit| visit.day == Day(FIRST_DAY + 5)).unwrap();
    assert!(visit.evidence.contains("stayed at the depot"), "{}", visit.evidence);
}

#[test]
fn a_truck_that_is_not_heard_of_while_its_round_is_due_may_have_driven_it_though_it_is_at_its_depot_before_and_after()
 {
    let mut track = empty_track();
    for day in 0..DAYS {
        if day == 5 {
            stand(&mut track, day, (0..60).map(|fix| 20 * fix - 900 + if fix < 30 { 0 } else { 1500 }));
        } else {
            drive(&mut track, day, 0, |_| true, |_| true);
        }
    }
    let collection = told(track, &[]);
    for stop in 0..STOPS {
        assert_eq!(outcome(&collection, 5, stop), Outcome::Unknown, "stop {stop}");
    }
    let visit = collection.visits.iter().find(|visit| visit.day == Day(FIRST_DAY + 5)).unwrap();
    assert!(visit.evidence.starts_with("track has a hole 07:54"), "{}", visit.evidence);
}

#[test]
fn a_day_without_any_fix_is_unknown_and_says_so() {
    let mut track = empty_track();
    for day in (0..DAYS).filter(|&day| day != 5) {
        drive(&mut track, day, 0, |_| true, |_| true);
    }
    let collection = told(track, &[]);
    assert_eq!(outcome(&collection, 5, 2), Outcome::Unknown);
    let visit = collection.visits.iter().find(|visit| visit.day == Day(FIRST_DAY + 5)).unwrap();
    assert_eq!(visit.evidence, "no fix of truck for this trip");
}

#[test]
fn reports_are_told_by_the_visit_before_them() {
    let mut track = empty_track();
    for day in 0..DAYS {
        let late_s = if day == 8 { 3 * 3600 } else { 0 };
        drive(&mut track, day, late_s, |stop| !(day == 5 && stop == 3), |_| true);
    }
    let time = |day: i32, seconds: i64| i64::from(FIRST_DAY + day) * DAY_S + seconds;
    let report = |at_s: i64, kind: Kind, stop: u32| (at_s, format!("{at_s}-{stop}"), kind, at(stop));
    let far = Local::new(9000.0, 9000.0);
    let reports = [
        report(time(-1, 0), Kind::ContainerFull, 2),
        report(time(4, 15 * 3600), Kind::BesideContainer, 6),
        report(time(5, 18 * 3600), Kind::ContainerFull, 3),
        report(time(6, 15 * 3600), Kind::ContainerFull, 7),
        report(time(8, planned_s(2) + 3600), Kind::ContainerFull, 2),
        (time(9, 0), "far".to_owned(), Kind::MissedCollection, far),
        report(time(9, 1), Kind::Pothole, 1),
    ];
    let collection = told(track, &reports);
    let reasons: Vec<Reason> = collection.diagnoses.iter().map(|diagnosis| diagnosis.reason).collect();
    let expected = [
        Reason::BeforeFirstService,
        Reason::DumpedBeside,
        Reason::Skipped,
        Reason::FullBeforeNextService,
        Reason::Late,
        Reason::NotPlanned,
    ];
    assert_eq!(reasons, expected, "{:#?}", collection.diagnoses);
    assert_eq!(outcome(&collection, 8, 2), Outcome::Late);
    assert_eq!(collection.stops[3].n_skipped, 1);
    assert_eq!(collection.stops[3].n_planned, 12);
}

#[test]
fn nothing_at_all_gives_unknown_visits_and_no_panic() {
    let collection = told(empty_track(), &[]);
    assert!(collection.visits.iter().all(|visit| visit.outcome == Outcome::Unknown));
    assert!(collection.stops.iter().all(|stop| stop.skip_rate.is_nan() && stop.fill_per_day.is_nan()));
    assert!(collection.routes[0].adherence_pct.is_nan());
}

#[test]
fn weighed_stops_without_tracks_or_reports_are_known_by_their_weighings() {
    // 40 kg fill a container. Every two days s1 has gained 8 kg; s2 would have gained 60.
    let service = |day: i32, kg: f64| {
        let begun = i64::from(FIRST_DAY + day) * DAY_S + PLANNED_S;
        Service::weighed(begun, kg)
    };
    let weighed = |per_day: f64| -> Vec<Service> {
        let wobble = |day: i32| 1.0 + 0.2 * f64::from(day).sin();
        (0..30).map(|visit| service(2 * visit, (2.0 * per_day * wobble(visit)).min(40.0))).collect()
    };
    let services = Services {
        sites: vec!["s1".into(), "s2".into()],
        of_site: vec![weighed(4.0), weighed(30.0)],
        ..Services::default()
    };
    let collection = told_with(empty_track(), &services, &[]);
    let (slow, fast) = (&collection.stops[1], &collection.stops[2]);
    assert!((slow.fill_per_day - 0.1).abs() < 0.03 && fast.fill_per_day > 0.4, "{slow:?} {fast:?}");
    assert!(slow.p_overflow < 0.05 && fast.p_overflow > slow.p_overflow, "{slow:?} {fast:?}");
    assert!(collection.stops[3].fill_per_day.is_nan());
}

/// A log in which every stop but those that `is_silent` names was emptied as planned.
fn log(is_silent: impl Fn(i32, u32) -> bool) -> Services {
    let begun = |day: i32, stop: u32| i64::from(FIRST_DAY + day) * DAY_S + planned_s(stop);
    let of_stop = |stop: u32| {
        let days = (0..DAYS).filter(|&day| !is_silent(day, stop));
        days.map(|day| Service::weighed(begun(day, stop), 20.0)).collect()
    };
    Services {
        sites: (0..STOPS).map(|stop| format!("s{stop}")).collect(),
        of_site: (0..STOPS).map(of_stop).collect(),
        ..Services::default()
    }
}

#[test]
fn a_lift_that_is_logged_and_a_note_of_the_crew_outweigh_the_track() {
    let mut track = empty_track();
    for day in 0..DAYS {
        drive(&mut track, day, 0, |stop| !(day == 5 && stop == 3), |_| true);
    }
    let mut services = log(|day, stop| day == 4 && stop == 2);
    let at = i64::from(FIRST_DAY + 4) * DAY_S + planned_s(2) + 300;
    services.codes = vec!["blocked".into()];
    services.not_emptied = vec![NotEmptied { site: 2, at, code: 0 }];
    let collection = told_with(track, &services, &[]);
    let visit = |day: i32, stop: u32| {
        let is_it = |visit: &&Visit| visit.day == Day(FIRST_DAY + day) && visit.stop == stop;
        collection.visits.iter().find(is_it).unwrap()
    };
    assert_eq!(visit(5, 3).outcome, Outcome::Served);
    assert_eq!(visit(5, 3).evidence, "emptied at 08:03 (20 kg), as logged; the track shows no stop");
    assert_eq!((visit(4, 2).outcome, visit(4, 2).served_at), (Outcome::Passed, NEVER));
    assert_eq!(visit(4, 2).evidence, "not emptied at 08:07: the crew noted `blocked`");
    assert_eq!(collection.visits.iter().filter(|visit| visit.outcome != Outcome::Served).count(), 1);
}

#[test]
fn what_a_complete_log_is_silent_about_was_skipped_and_what_another_is_silent_about_is_unknown() {
    // On day 6 nothing at all is logged: the round did not run, or its log is lost.
    let services = log(|day, stop| (day == 5 && stop == 3) || day == 6);
    let left = |services_complete: bool| -> Vec<(i32, u32, Outcome)> {
        let options = Options { services_complete, ..Options::default() };
        let collection = told_by(&options, empty_track(), &services, &[]);
        let visits = collection.visits.iter().filter(|visit| visit.outcome != Outcome::Served);
        visits.map(|visit| (visit.day.0 - FIRST_DAY, visit.stop, visit.outcome)).collect()
    };
    let lost: Vec<_> = (0..STOPS).map(|stop| (6, stop, Outcome::Unknown)).collect();
    assert_eq!(left(false), [vec![(5, 3, Outcome::Unknown)], lost.clone()].concat());
    assert_eq!(left(true), [vec![(5, 3, Outcome::Skipped)], lost].concat());
}

#[test]
fn one_thread_and_two_tell_the_same() {
    let mut track = empty_track();
    for day in 0..DAYS {
        drive(&mut track, day, 0, |stop| (stop + 2 * day.unsigned_abs()) % 7 != 3, |_| true);
    }
    let tell = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let collection = pool.install(|| told(track.clone(), &[]));
        format!("{collection:?}")
    };
    assert_eq!(tell(1), tell(2));
}
