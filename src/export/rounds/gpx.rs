//! Rounds in, GPX 1.1 out: one file per vehicle and weekday, for the navigation of a truck.
//!
//! Each trip is a route (`rte`) with its stops in their order and a track (`trk`), the line that the streets
//! make of it from depot to depot; the stops are waypoints (`wpt`) too, because many devices show only those.
//! Times of day stand in the descriptions: GPX itself knows only instants, and a weekday is none.

use std::fs;
use std::path::Path;

use ::gpx::{Gpx, GpxVersion, Metadata, Route, Track, TrackSegment, Waypoint};

use crate::error::{Error, Result};
use crate::export::rounds::{Timetable, plain, stems, time_of_day};
use crate::model::NONE;
use crate::model::round::{Call, Trip};
use crate::period::SMALL_WEEKDAYS;
use crate::unit::Local;

/// Writes `dir/VEHICLE_WEEKDAY.gpx` for every vehicle and every weekday on which it drives.
///
/// # Errors
/// When a file cannot be written.
pub fn write(timetable: &Timetable<'_>, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|source| Error::writing(dir, source))?;
    let vehicles = &timetable.rounds.vehicles;
    let mut ids: Vec<&str> = vehicles.iter().map(|vehicle| vehicle.id.as_str()).collect();
    ids.push("without_vehicle");
    for (number, (id, stem)) in (0u32..).zip(ids.iter().zip(stems(&ids))) {
        let vehicle = if number as usize == vehicles.len() { NONE } else { number };
        for (weekday, name) in SMALL_WEEKDAYS.into_iter().enumerate() {
            let trips = timetable.trips_on(weekday, |trip| trip.vehicle == vehicle);
            if !trips.is_empty() {
                let path = dir.join(format!("{stem}_{}_{name}.gpx", weekday + 1));
                let bytes = document(timetable, &trips, &format!("{id} {name}"));
                fs::write(&path, bytes).map_err(|source| Error::writing(&path, source))?;
            }
        }
    }
    Ok(())
}

/// The trips as one document.
fn document(timetable: &Timetable<'_>, trips: &[&Trip], name: &str) -> Vec<u8> {
    let name = Some(plain(name));
    let description = Some(plain(timetable.title));
    let document = Gpx {
        version: GpxVersion::Gpx11,
        creator: Some(format!("paaltje {}", env!("CARGO_PKG_VERSION"))),
        metadata: Some(Metadata { name, description, ..Metadata::default() }),
        waypoints: trips.iter().flat_map(|trip| stops(timetable, trip)).collect(),
        routes: trips.iter().map(|trip| route(timetable, trip)).collect(),
        tracks: trips.iter().map(|trip| track(timetable, trip)).collect(),
    };
    let mut bytes = Vec::new();
    ::gpx::write(&document, &mut bytes).expect("memory takes a document of GPX 1.1");
    bytes
}

fn point(timetable: &Timetable<'_>, at: Local) -> Waypoint {
    let at = timetable.plane.lon_lat(at);
    // Seven decimals are a centimetre.
    let short = |degrees: f64| (degrees * 1e7).round() / 1e7;
    Waypoint::new(geo::Point::new(short(at.lon), short(at.lat)))
}

/// The stops of a trip, numbered in the order in which they are served.
fn stops(timetable: &Timetable<'_>, trip: &Trip) -> Vec<Waypoint> {
    let rounds = timetable.rounds;
    let width = trip.calls.len().to_string().len();
    let stop = |(place, call): (usize, &Call)| {
        let stop = &rounds.stops[call.stop as usize];
        let name = if stop.name.trim().is_empty() { &stop.id } else { &stop.name };
        let mut waypoint = point(timetable, stop.at);
        waypoint.name = Some(plain(&format!("{place:0width$} {name}")));
        waypoint.description =
            Some(plain(&format!("{} · {} · {}", time_of_day(call.arrival_s), stop.id, trip.id)));
        waypoint.type_ = Some("stop".to_owned());
        waypoint
    };
    (1..).zip(&trip.calls).map(stop).collect()
}

fn route(timetable: &Timetable<'_>, trip: &Trip) -> Route {
    let number = trip.calls.first().and_then(|call| u32::try_from(call.arrival_s / 60).ok());
    Route {
        name: Some(timetable.name_of(trip)),
        description: Some(plain(&trip.id)),
        // Minutes into the day: devices that sort routes do it by this number.
        number,
        points: stops(timetable, trip),
        ..Route::default()
    }
}

/// The line from depot to depot along the streets, straight where they know no way.
fn track(timetable: &Timetable<'_>, trip: &Trip) -> Track {
    let line = timetable.network.line_through(&timetable.places(trip));
    let points = line.into_iter().map(|at| point(timetable, at)).collect();
    Track {
        name: Some(timetable.name_of(trip)),
        description: Some(plain(&trip.id)),
        segments: vec![TrackSegment { points }],
        ..Track::default()
    }
}

#[cfg(test)]
mod tests;
