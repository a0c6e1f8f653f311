//! Rounds in, VROOM problems out: one file per weekday, for the open solver VROOM and whatever reads its format.
//!
//! Each trip is a vehicle, each of its calls a job with its service time and the kilograms expected. `steps` hold
//! today's order, so that plan mode (`vroom -c`) prices the rounds as they are and solving mode improves them.
//! The matrices are those of the street network, so no routing server is needed. The feed knows no hours in
//! which a stop must be served, so jobs have no time windows; vehicles have that of their crew. All times count
//! from the beginning of the service day.
//!
//! Reference: `docs/API.md` of VROOM 1.14.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::adjust;
use crate::error::{Error, Result};
use crate::export::rounds::{Timetable, plain, time_of_day};
use crate::model::round::{Stop, Trip};
use crate::model::some;
use crate::network::Matrix;
use crate::period::SMALL_WEEKDAYS;
use crate::unit::Local;

/// With more places than these the matrices are left out, as they would be larger than 100 MB; VROOM then asks its
/// routing server for them.
const MOST_PLACES: usize = 2500;
/// Longer than any day: a drive that neither streets nor a straight line can tell.
const NEVER_S: f64 = 1e6;

/// Writes `dir/N_WEEKDAY.json` for every weekday on which a trip runs.
///
/// # Errors
/// When a file cannot be written.
pub fn write(timetable: &Timetable<'_>, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|source| Error::writing(dir, source))?;
    for (weekday, name) in SMALL_WEEKDAYS.into_iter().enumerate() {
        let trips = timetable.trips_on(weekday, |_| true);
        if trips.is_empty() {
            continue;
        }
        let path = dir.join(format!("{}_{name}.json", weekday + 1));
        let text = problem(timetable, &trips).to_string() + "\n";
        fs::write(&path, text).map_err(|source| Error::writing(&path, source))?;
    }
    Ok(())
}

/// Places by their index in the matrices.
#[derive(Default)]
struct Places {
    at: Vec<Local>,
    known: BTreeMap<[u64; 2], usize>,
}

impl Places {
    fn index(&mut self, at: Local) -> usize {
        let next = self.at.len();
        let index = *self.known.entry([at.x.to_bits(), at.y.to_bits()]).or_insert(next);
        if index == next {
            self.at.push(at);
        }
        index
    }
}

fn problem(timetable: &Timetable<'_>, trips: &[&Trip]) -> Value {
    let rounds = timetable.rounds;
    let mut places = Places::default();
    let (mut jobs, mut vehicles) = (Vec::new(), Vec::new());
    // Amounts need a capacity on every vehicle: those without one carry what all of them together collect.
    let is_weighed = trips.iter().any(|trip| capacity_kg(timetable, trip).is_some());
    let all_kg: u64 = trips.iter().map(|trip| load_kg(timetable, trip)).sum();
    for (number, trip) in (1u64..).zip(trips) {
        let mut steps = vec![json!({ "type": "start" })];
        for call in &trip.calls {
            let stop = &rounds.stops[call.stop as usize];
            let id = jobs.len() + 1;
            let at = timetable.plane.lon_lat(stop.at);
            let mut job = json!({
                "id": id,
                "description": plain(&format!("{} · {}", stop.id, stop.name)),
                "location": [at.lon, at.lat],
                "location_index": places.index(stop.at),
                "service": service_s(stop),
            });
            if is_weighed {
                job["pickup"] = json!([timetable.kg[call.stop as usize]]);
            }
            jobs.push(job);
            steps.push(json!({ "type": "job", "id": id }));
        }
        steps.push(json!({ "type": "end" }));
        let mut vehicle = vehicle(timetable, trip, &mut places);
        vehicle["id"] = json!(number);
        vehicle["steps"] = Value::Array(steps);
        if is_weighed {
            vehicle["capacity"] = json!([capacity_kg(timetable, trip).unwrap_or(all_kg)]);
        }
        vehicles.push(vehicle);
    }
    let mut problem = json!({ "vehicles": vehicles, "jobs": jobs });
    if places.at.len() <= MOST_PLACES {
        problem["matrices"] = json!({ "car": matrices(timetable, &places.at) });
    } else {
        let things = problem.as_object_mut().expect("made as one just now");
        things.values_mut().filter_map(Value::as_array_mut).flatten().for_each(forget_index);
    }
    problem
}

/// Takes away the indices into matrices that are not there.
fn forget_index(thing: &mut Value) {
    if let Some(thing) = thing.as_object_mut() {
        for name in ["location_index", "start_index", "end_index"] {
            thing.remove(name);
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds and kilograms of a day")]
fn whole(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

fn service_s(stop: &Stop) -> u64 {
    whole(stop.service_s.unwrap_or(adjust::Options::default().service_s))
}

fn load_kg(timetable: &Timetable<'_>, trip: &Trip) -> u64 {
    trip.calls.iter().map(|call| timetable.kg[call.stop as usize]).sum()
}

/// What the vehicle of a trip carries, if that is known.
fn capacity_kg(timetable: &Timetable<'_>, trip: &Trip) -> Option<u64> {
    some(trip.vehicle).and_then(|vehicle| timetable.rounds.vehicles[vehicle].capacity_kg).map(whole)
}

/// Start, end and hours of a trip: from depot to depot where it is known, else from its first stop to its last.
fn vehicle(timetable: &Timetable<'_>, trip: &Trip, places: &mut Places) -> Value {
    let rounds = timetable.rounds;
    let known = some(trip.vehicle).map(|vehicle| &rounds.vehicles[vehicle]);
    let visited = timetable.places(trip);
    let mut vehicle = json!({
        "profile": "car",
        "description": plain(&format!(
            "{} · {} · {}",
            known.map_or("", |vehicle| &vehicle.id),
            timetable.name_of(trip),
            trip.id
        )),
    });
    let ends = [("start", visited.first()), ("end", visited.last())];
    for (name, &at) in ends.into_iter().filter_map(|(name, at)| Some((name, at?))) {
        let lon_lat = timetable.plane.lon_lat(at);
        vehicle[name] = json!([lon_lat.lon, lon_lat.lat]);
        vehicle[format!("{name}_index")] = json!(places.index(at));
    }
    if let Some(shift_s) = known.and_then(|vehicle| vehicle.shift_s) {
        let (from, to) = shift(timetable, trip, shift_s);
        vehicle["time_window"] = json!([from, to]);
        vehicle["description"] = json!(format!(
            "{} · {}–{}",
            vehicle["description"].as_str().unwrap_or_default(),
            time_of_day(i64::try_from(from).unwrap_or_default()),
            time_of_day(i64::try_from(to).unwrap_or_default())
        ));
    }
    vehicle
}

/// The hours of the crew, from when it must leave to reach its first stop in time.
fn shift(timetable: &Timetable<'_>, trip: &Trip, shift_s: f64) -> (u64, u64) {
    let visited = timetable.places(trip);
    let out_s = match *visited {
        [depot, first, ..] => matrix_seconds(timetable, depot, first),
        _ => 0.0,
    };
    let first_s = trip.calls.first().map_or(0, |call| call.arrival_s) as f64;
    let from_s = (first_s - out_s).max(0.0);
    (whole(from_s), whole(from_s + shift_s))
}

fn matrix_seconds(timetable: &Timetable<'_>, from: Local, to: Local) -> f64 {
    drives(timetable, &[from, to])[1].1
}

/// Metres and seconds from each place to each other one, row by row: along the streets, and where they know no way
/// along a straight line with the detour that proposals are priced with.
fn drives(timetable: &Timetable<'_>, places: &[Local]) -> Vec<(f64, f64)> {
    let options = adjust::Options::default();
    let network = timetable.network;
    let mut spots = Vec::new();
    let snapped: Vec<Option<usize>> = places
        .iter()
        .map(|&at| {
            spots.push(network.snap(at, options.depot_snap_m)?);
            Some(spots.len() - 1)
        })
        .collect();
    let matrix = Matrix::new(network, &spots);
    let mut drives = Vec::with_capacity(places.len() * places.len());
    for (from, row) in places.iter().zip(&snapped) {
        for (to, column) in places.iter().zip(&snapped) {
            let routed = row.zip(*column).and_then(|(row, column)| {
                Some((matrix.length_m(row, column)?, matrix.seconds(row, column)?))
            });
            let length_m = from.distance_m(*to) * options.detour_factor;
            let estimated = (length_m, length_m / (options.detour_kmh / 3.6));
            drives.push(routed.unwrap_or(if length_m.is_finite() { estimated } else { (NEVER_S, NEVER_S) }));
        }
    }
    drives
}

fn matrices(timetable: &Timetable<'_>, places: &[Local]) -> Value {
    let drives = drives(timetable, places);
    let rows = |value: fn(&(f64, f64)) -> f64| -> Vec<Vec<u64>> {
        drives
            .chunks(places.len().max(1))
            .map(|row| row.iter().map(|drive| whole(value(drive))).collect())
            .collect()
    };
    json!({ "durations": rows(|drive| drive.1), "distances": rows(|drive| drive.0) })
}

#[cfg(test)]
mod tests;
