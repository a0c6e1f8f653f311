//! What VROOM asks of a problem (`docs/API.md`), and the matrices against paths found one by one.

use std::collections::BTreeSet;

use super::*;
use crate::draw::tests::small_town;
use crate::export::rounds::tests::hostile_town;
use crate::model::kind::Language;

fn monday(findings: &crate::findings::Findings) -> Value {
    let folder = tempfile::tempdir().unwrap();
    write(&Timetable::new(findings, &findings.rounds), folder.path()).unwrap();
    serde_json::from_slice(&fs::read(folder.path().join("1_monday.json")).unwrap()).unwrap()
}

#[test]
fn every_call_is_a_job_and_every_trip_a_vehicle_that_does_its_jobs_in_order() {
    let mut findings = hostile_town(Language::En);
    findings.rounds.vehicles[0].depot = Some(findings.streets.nodes[0]);
    findings.rounds.vehicles[0].capacity_kg = Some(900.0);
    let problem = monday(&findings);
    let (jobs, vehicles) = (problem["jobs"].as_array().unwrap(), problem["vehicles"].as_array().unwrap());
    let ids: BTreeSet<u64> = jobs.iter().map(|job| job["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), jobs.len());
    assert_eq!(vehicles.len(), findings.rounds.trips.len());
    let n_places = problem["matrices"]["car"]["durations"].as_array().unwrap().len() as u64;
    let mut done = BTreeSet::new();
    for (vehicle, trip) in vehicles.iter().zip(&findings.rounds.trips) {
        let tour = vehicle["steps"].as_array().unwrap();
        assert_eq!((&tour[0]["type"], &tour[tour.len() - 1]["type"]), (&json!("start"), &json!("end")));
        let order: Vec<u64> = tour.iter().filter_map(|step| step["id"].as_u64()).collect();
        let stops: Vec<String> = order
            .iter()
            .map(|id| jobs[usize::try_from(id - 1).unwrap()]["description"].as_str().unwrap().to_owned())
            .collect();
        for (call, about) in trip.calls.iter().zip(stops) {
            assert!(about.starts_with(&format!("{} · ", findings.rounds.stops[call.stop as usize].id)));
        }
        assert_eq!(order.len(), trip.calls.len());
        assert!(order.into_iter().all(|id| done.insert(id)), "no job is done twice");
        let window: Vec<u64> =
            vehicle["time_window"].as_array().unwrap().iter().map(|time| time.as_u64().unwrap()).collect();
        assert_eq!(window[1] - window[0], 25_200);
        assert!(i64::try_from(window[0]).unwrap() <= trip.calls[0].arrival_s);
        assert_eq!(vehicle["capacity"].as_array().unwrap().len(), 1);
        assert!(vehicle["start_index"].as_u64().unwrap() < n_places && vehicle["end"].is_array());
    }
    assert_eq!(done, ids);
    for job in jobs {
        assert!(job["location_index"].as_u64().unwrap() < n_places);
        assert!(job["service"].is_u64() && job["pickup"][0].is_u64());
    }
}

#[test]
fn without_any_known_capacity_nothing_is_weighed() {
    let problem = monday(&small_town(Language::En));
    assert!(problem["jobs"][0].get("pickup").is_none() && problem["vehicles"][0].get("capacity").is_none());
}

#[test]
fn the_matrices_are_those_of_paths_found_one_by_one() {
    let findings = small_town(Language::En);
    let problem = monday(&findings);
    let network = &findings.network;
    let matrix =
        |name: &str, from: usize, to: usize| problem["matrices"]["car"][name][from][to].as_f64().unwrap();
    let jobs = problem["jobs"].as_array().unwrap();
    let place = |job: &Value| {
        let [lon, lat] = [0, 1].map(|axis| job["location"][axis].as_f64().unwrap());
        let at = findings.plane.local(crate::unit::LonLat::new(lon, lat)).unwrap();
        (usize::try_from(job["location_index"].as_u64().unwrap()).unwrap(), network.snap(at, 500.0).unwrap())
    };
    for (index, job) in jobs.iter().enumerate().step_by(9) {
        let (from, start) = place(job);
        let (to, end) = place(&jobs[(index * 7 + 3) % jobs.len()]);
        let path = network.path(start, end).unwrap();
        assert!((matrix("distances", from, to) - path.length_m).abs() < 1.5);
        assert!((matrix("durations", from, to) - path.seconds).abs() < 1.5);
        assert!(matrix("durations", from, from) < 0.5);
    }
}
