//! A season in, files out: what a city would have on file, and the truth beside it.
//!
//! Everything is sorted and written with the same bytes each time; compressed files carry no time stamp.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use serde_json::json;

use crate::error::{Error, Result};
use crate::export::rounds::gtfs;
use crate::model::asset::{Asset, AssetKind};
use crate::model::round::Trip;
use crate::model::some;
use crate::period::{Clock, NEVER};
use crate::place::Plane;
use crate::unit::Local;

use super::{Given, Season};

/// Rows of a CSV file.
struct Table {
    writer: csv::Writer<Vec<u8>>,
}

impl Table {
    fn new(header: &[&str]) -> Self {
        let mut table = Self { writer: csv::WriterBuilder::new().flexible(true).from_writer(Vec::new()) };
        table.row(header);
        table
    }

    fn row<T: AsRef<[u8]>>(&mut self, fields: &[T]) {
        self.writer.write_record(fields).expect("memory takes every record");
    }

    fn into_bytes(self) -> Vec<u8> {
        self.writer.into_inner().expect("memory takes every record")
    }
}

/// Where and how a season is written.
struct Folder<'a> {
    dir: &'a Path,
    clock: &'a Clock,
    plane: &'a Plane,
    written: Vec<PathBuf>,
}

impl Folder<'_> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.dir.join(name);
        fs::write(&path, bytes).map_err(|source| Error::writing(&path, source))?;
        self.written.push(path);
        Ok(())
    }

    fn put_table(&mut self, name: &str, table: Table) -> Result<()> {
        self.put(name, &table.into_bytes())
    }

    /// Compressed, with time stamp 0 and no file name: the same season gives the same bytes.
    fn put_zipped(&mut self, name: &str, table: Table) -> Result<()> {
        let mut zipped = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
        zipped.write_all(&table.into_bytes()).expect("memory takes every byte");
        let zipped = zipped.finish().expect("memory takes every byte");
        self.put(name, &zipped)
    }

    /// Longitude and latitude with this many decimals.
    fn degrees(&self, at: Local, decimals: usize) -> [String; 2] {
        let at = self.plane.lon_lat(at);
        [format!("{:.decimals$}", at.lon), format!("{:.decimals$}", at.lat)]
    }
}

impl Season {
    /// Writes the season into `dir`, which is made where it is missing, and gives the files in the order of
    /// writing: `gtfs/`, `vehicles.csv`, `fixes.csv.gz`, `reports.csv`, `bins.geojson`, `containers.geojson`
    /// (if there are any), `bollards.geojson`, `truth_*` and `meta.json`. A season under given rounds also has
    /// `truth_overflow.csv`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, dir: &Path, clock: &Clock, plane: &Plane) -> Result<Vec<PathBuf>> {
        let feed = dir.join("gtfs");
        fs::create_dir_all(&feed).map_err(|source| Error::writing(&feed, source))?;
        let mut folder = Folder { dir, clock, plane, written: Vec::new() };
        self.write_feed(&mut folder)?;
        self.write_vehicles(&mut folder)?;
        self.write_fixes(&mut folder)?;
        self.write_reports(&mut folder)?;
        let (bins, containers): (Vec<Asset>, Vec<Asset>) =
            self.bins.iter().cloned().partition(|bin| bin.kind == AssetKind::LitterBin);
        folder.put("bins.geojson", geojson(&bins, plane).as_bytes())?;
        if !containers.is_empty() {
            folder.put("containers.geojson", geojson(&containers, plane).as_bytes())?;
        }
        folder.put("bollards.geojson", geojson(&self.bollards, plane).as_bytes())?;
        self.write_truth(&mut folder)?;
        if self.is_under_given_rounds {
            self.write_overflow(&mut folder)?;
        }
        self.write_meta(&mut folder)?;
        Ok(folder.written)
    }

    /// The planned rounds as a GTFS Schedule feed.
    fn write_feed(&self, folder: &mut Folder<'_>) -> Result<()> {
        let rounds = &self.rounds;
        let mut table = Table::new(&["agency_id", "agency_name", "agency_url", "agency_timezone"]);
        table.row(&["syn", "Synthetic litter-bin collection", "https://example.org", folder.clock.name()]);
        folder.put_table("gtfs/agency.txt", table)?;

        let mut table = Table::new(&[
            "stop_id",
            "stop_name",
            "stop_lat",
            "stop_lon",
            "capacity_l",
            "service_s",
            "asset_id",
        ]);
        for stop in &rounds.stops {
            let [lon, lat] = folder.degrees(stop.at, 6);
            let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            let asset_id = stop.asset_id.clone().unwrap_or_default();
            table.row(&[
                stop.id.clone(),
                stop.name.clone(),
                lat,
                lon,
                number(stop.capacity_l),
                number(stop.service_s),
                asset_id,
            ]);
        }
        folder.put_table("gtfs/stops.txt", table)?;

        let mut table =
            Table::new(&["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"]);
        for route in &rounds.routes {
            // 1700 is "miscellaneous" among the extended route types.
            table.row(&[&route.id, "syn", &route.id, &route.name, "1700"]);
        }
        folder.put_table("gtfs/routes.txt", table)?;

        let mut table = Table::new(&["route_id", "service_id", "trip_id", "block_id"]);
        for trip in &rounds.trips {
            let route = &rounds.routes[trip.route as usize].id;
            let service = self.service(trip);
            let vehicle = some(trip.vehicle).map_or("", |vehicle| &rounds.vehicles[vehicle].id);
            table.row(&[route, service, &trip.id, vehicle]);
        }
        folder.put_table("gtfs/trips.txt", table)?;

        let mut table =
            Table::new(&["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"]);
        for trip in &rounds.trips {
            for (place, call) in trip.calls.iter().enumerate() {
                table.row(&[
                    trip.id.clone(),
                    gtfs::clock_time(call.arrival_s),
                    gtfs::clock_time(call.departure_s),
                    rounds.stops[call.stop as usize].id.clone(),
                    (place + 1).to_string(),
                ]);
            }
        }
        folder.put_table("gtfs/stop_times.txt", table)?;
        self.write_calendar(folder)
    }

    /// The calendar of a trip: its route's, or its own where the route has several trips.
    fn service<'a>(&'a self, trip: &'a Trip) -> &'a str {
        let is_alone = self.rounds.trips.iter().filter(|other| other.route == trip.route).count() == 1;
        if is_alone { &self.rounds.routes[trip.route as usize].id } else { &trip.id }
    }

    fn write_calendar(&self, folder: &mut Folder<'_>) -> Result<()> {
        let period = self.options.period();
        let mut calendar = Table::new(&gtfs::CALENDAR);
        let mut dates = Table::new(&gtfs::CALENDAR_DATES);
        for trip in &self.rounds.trips {
            let route = self.service(trip).to_owned();
            let mut runs = [false; 7];
            trip.days.iter().chain(&trip.cancelled).for_each(|day| runs[day.weekday()] = true);
            let mut row = vec![route.clone()];
            row.extend(runs.map(|runs| u8::from(runs).to_string()));
            row.extend([gtfs::compact(period.from), gtfs::compact(period.to)]);
            calendar.row(&row);
            for &day in &trip.cancelled {
                dates.row(&[route.clone(), gtfs::compact(day), "2".to_owned()]);
            }
        }
        folder.put_table("gtfs/calendar.txt", calendar)?;
        folder.put_table("gtfs/calendar_dates.txt", dates)
    }

    fn write_vehicles(&self, folder: &mut Folder<'_>) -> Result<()> {
        let mut table = Table::new(&["vehicle_id", "capacity_kg", "shift_s", "depot_lon", "depot_lat"]);
        for vehicle in &self.rounds.vehicles {
            let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            let [lon, lat] = vehicle.depot.map(|depot| folder.degrees(depot, 6)).unwrap_or_default();
            table.row(&[vehicle.id.clone(), number(vehicle.capacity_kg), number(vehicle.shift_s), lon, lat]);
        }
        folder.put_table("vehicles.csv", table)
    }

    fn write_fixes(&self, folder: &mut Folder<'_>) -> Result<()> {
        let mut table = Table::new(&["vehicle_id", "time", "lon", "lat", "speed_ms"]);
        for track in &self.tracks {
            for fix in 0..track.len() {
                // Five decimals are one metre: finer than the logger is.
                let [lon, lat] = folder.degrees(track.at[fix], 5);
                let time = jiff::Timestamp::from_second(track.time[fix]).unwrap_or_default().to_string();
                table.row(&[track.vehicle.clone(), time, lon, lat, format!("{:.1}", track.speed_ms[fix])]);
            }
        }
        folder.put_zipped("fixes.csv.gz", table)
    }

    fn write_reports(&self, folder: &mut Folder<'_>) -> Result<()> {
        let mut table = Table::new(&[
            "report_id",
            "category",
            "created_at",
            "closed_at",
            "lon",
            "lat",
            "address",
            "description",
        ]);
        for report in &self.reports {
            let [lon, lat] = match report.given {
                Given::At(at) => folder.degrees(at, 6),
                Given::Zero => ["0".to_owned(), "0".to_owned()],
                Given::Nothing => [String::new(), String::new()],
            };
            let [opened, closed] = [report.opened, report.closed].map(|at| folder.clock.rfc3339(at));
            table.row(&[
                &report.id,
                report.category,
                &opened,
                &closed,
                &lon,
                &lat,
                &report.address,
                report.text,
            ]);
        }
        folder.put_table("reports.csv", table)
    }

    fn write_truth(&self, folder: &mut Folder<'_>) -> Result<()> {
        let route = |index: u32| some(index).map_or("", |index| self.rounds.routes[index].id.as_str());
        let stop = |index: u32| some(index).map_or("", |index| self.rounds.stops[index].id.as_str());
        let flag = |is: bool| if is { "1" } else { "0" };

        let mut table = Table::new(&[
            "route_id",
            "stop_id",
            "service_date",
            "planned_time",
            "served_time",
            "outcome",
            "cause",
            "track_recorded",
        ]);
        for visit in &self.visits {
            let (outcome, served) = match visit.served_at {
                NEVER => ("skipped", String::new()),
                at => ("served", at.to_string()),
            };
            table.row(&[
                route(visit.route),
                stop(visit.stop),
                &visit.day.to_string(),
                &visit.planned_at.to_string(),
                &served,
                outcome,
                visit.cause.name(),
                flag(visit.is_recorded),
            ]);
        }
        folder.put_zipped("truth_visits.csv.gz", table)?;

        let mut table = Table::new(&[
            "report_id",
            "stop_id",
            "route_id",
            "diagnosis",
            "track_recorded",
            "asset_id",
            "duplicate_of",
        ]);
        for report in &self.reports {
            let Some(reason) = report.reason else { continue };
            let of_stop = some(reason.stop).map_or("", |stop| route(self.stops[stop].route));
            table.row(&[
                &report.id,
                stop(reason.stop),
                of_stop,
                reason.diagnosis,
                flag(reason.is_recorded),
                &report.asset_id,
                &report.duplicate_of,
            ]);
        }
        folder.put_table("truth_reports.csv", table)?;

        let mut table =
            Table::new(&["stop_id", "route_id", "fill_per_day", "undersized", "habitually_skipped"]);
        for (index, truth) in self.stops.iter().enumerate() {
            table.row(&[
                &self.rounds.stops[index].id,
                route(truth.route),
                &format!("{:.4}", truth.fill_per_day),
                flag(truth.is_undersized),
                flag(truth.is_habitually_skipped),
            ]);
        }
        folder.put_table("truth_stops.csv", table)?;

        let mut table =
            Table::new(&["asset_id", "asset_kind", "planted_repeat", "rate_per_year", "from", "n_hits"]);
        for (bollard, truth) in self.bollards.iter().zip(&self.knocks) {
            table.row(&[
                &bollard.id,
                bollard.kind.name(),
                flag(truth.is_repeat),
                &format!("{:.3}", truth.rate_per_year),
                &truth.from.to_string(),
                &truth.n_hits.to_string(),
            ]);
        }
        folder.put_table("truth_assets.csv", table)?;

        let mut table = Table::new(&["kind", "lon", "lat", "radius_m", "from", "to", "n_events"]);
        for place in &self.places {
            let [lon, lat] = folder.degrees(place.at, 6);
            table.row(&[
                place.kind.name(),
                &lon,
                &lat,
                &format!("{:.0}", place.radius_m),
                &place.from.to_string(),
                &place.to.to_string(),
                &place.n_events.to_string(),
            ]);
        }
        folder.put_table("truth_places.csv", table)
    }

    /// For how long each stop was full, and how often it was emptied: what two seasons are compared by.
    fn write_overflow(&self, folder: &mut Folder<'_>) -> Result<()> {
        let mut emptied = vec![0u32; self.rounds.stops.len()];
        for visit in self.visits.iter().filter(|visit| visit.served_at != NEVER) {
            emptied[visit.stop as usize] += 1;
        }
        let mut table = Table::new(&["stop_id", "overflow_h", "n_emptied"]);
        for ((stop, hours), n_emptied) in self.rounds.stops.iter().zip(&self.overflow_h).zip(emptied) {
            table.row(&[stop.id.clone(), format!("{hours:.2}"), n_emptied.to_string()]);
        }
        folder.put_table("truth_overflow.csv", table)
    }

    fn write_meta(&self, folder: &mut Folder<'_>) -> Result<()> {
        let rounds = self.rounds.trips.iter().map(|trip| {
            let hours = match (trip.calls.first(), trip.calls.last()) {
                (Some(first), Some(last)) => (last.departure_s - first.arrival_s) as f64 / 3600.0,
                _ => 0.0,
            };
            let id = &self.rounds.routes[trip.route as usize].id;
            json!({ "id": id, "stops": trip.calls.len(), "hours": (hours * 100.0).round() / 100.0 })
        });
        let rounds: Vec<_> = rounds.collect();
        let meta = json!({
            "synthetic": true,
            "note": "a simulated season: none of these reports, rounds or tracks is real",
            "version": env!("CARGO_PKG_VERSION"),
            "seed": self.seed,
            "reports": self.reports.len(),
            "fixes": self.tracks.iter().map(crate::model::track::Track::len).sum::<usize>(),
            "bins": self.bins.len(),
            "synthetic_bins": self.bins.iter().filter(|bin| bin.is_synthetic).count(),
            "rounds": rounds,
            "options": self.options,
        });
        let mut text = serde_json::to_string_pretty(&meta).expect("plain values");
        text.push('\n');
        folder.put("meta.json", text.as_bytes())
    }
}

/// Assets as a `FeatureCollection`, one feature a line.
pub(super) fn geojson(assets: &[Asset], plane: &Plane) -> String {
    let mut text = String::from("{\"type\":\"FeatureCollection\",\"features\":[\n");
    for (index, asset) in assets.iter().enumerate() {
        let at = plane.lon_lat(asset.at);
        let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
        let mut properties = json!({
            "asset_id": asset.id,
            "kind": asset.kind.name(),
            "synthetic": asset.is_synthetic,
        });
        if let Some(litres) = asset.capacity_l {
            properties["capacity_l"] = json!(litres);
        }
        let feature = json!({
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": [round(at.lon), round(at.lat)] },
            "properties": properties,
        });
        text.push_str(&feature.to_string());
        text.push_str(if index + 1 < assets.len() { ",\n" } else { "\n" });
    }
    text.push_str("]}\n");
    text
}
