//! Planned rounds: GTFS Schedule feeds (folder or zip) or polygons with weekdays in, [`Rounds`] out.
//!
//! Read are `stops.txt` (with the further columns `capacity_l`, `service_s`, `asset_id`), `routes.txt`,
//! `trips.txt` (`block_id` is the vehicle), `stop_times.txt`, `calendar.txt`, `calendar_dates.txt`, the time
//! zone of `agency.txt`, and `vehicles.csv` beside the feed. Calendars are written out into days. Rows are read
//! one by one, so that a bad one is an issue and not the end of the feed, as it is to ready-made readers.
//! `frequencies.txt`, `shapes.txt` and fares are not read.

mod feed;
mod kerbside;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use geo::CoordsIter;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::import::Settings;
use crate::import::open::{SourceFile, files};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::NONE;
use crate::model::round::{Call, Kerbside, Rounds, Route, Stop, Trip, Vehicle};
use crate::period::{Day, Period, SMALL_WEEKDAYS};
use crate::place::Plane;
use crate::unit::{Local, LonLat};
use feed::{Feed, Row, Sheet};

/// Two feeds that call a stop the same mean the same one if it lies within this distance.
const SAME_STOP_M: f64 = 25.0;

/// One `[[sources.rounds]]` of a project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoundSource {
    /// A GTFS Schedule feed (a folder or a zip file), or polygons as GeoJSON or GeoPackage; relative to the project
    /// file.
    pub path: String,
    /// `gtfs`, which is also taken when absent, or `areas`: polygons with the weekdays on which they are collected.
    pub format: Option<String>,
    /// The table of vehicles; `vehicles.csv` in or beside the feed when absent.
    pub vehicles: Option<String>,
    /// For `areas`, which property holds what; guessed from their names when absent.
    pub columns: KerbsideColumns,
    /// For `areas`, the report categories that are about these rounds, as patterns with `*`, as in
    /// `["Trash*Missed"]`. All missed collections when absent.
    pub categories: Vec<String>,
    /// For `areas`, the system of the coordinates, where the file does not say so.
    pub crs: Option<String>,
    /// For `areas`, the layer of a GeoPackage; the first when absent.
    pub layer: Option<String>,
    /// Whether the rounds were made up by a simulation; maps and pages then say so.
    pub synthetic: bool,
}

/// Which property of a polygon holds what.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KerbsideColumns {
    /// The id of the round.
    pub route: Option<String>,
    /// Its days of the week, as in `Tuesday`, `ma+do` or `1,4`.
    pub weekday: Option<String>,
    /// Households and other customers: what the number of complaints is compared with.
    pub customers: Option<String>,
}

/// Whether a folder or a zip file is a GTFS feed: one with stops.
///
/// # Errors
/// When a zip file is damaged.
pub fn is_feed(file: &SourceFile) -> Result<bool> {
    feed::is_feed(file)
}

/// The rounds of all feeds by their ids, before ids become indices.
#[derive(Default)]
struct Draft {
    stops: BTreeMap<String, Stop>,
    routes: BTreeMap<String, Route>,
    vehicles: BTreeMap<String, Vehicle>,
    trips: BTreeMap<String, DraftTrip>,
    kerbsides: Vec<DraftKerbside>,
}

/// A kerbside round whose route is an id.
struct DraftKerbside {
    route: String,
    shape: geo::MultiPolygon<f64>,
    weekdays: [bool; 7],
    customers: Option<f64>,
    source: u32,
    categories: Vec<String>,
}

/// A trip whose route, vehicle and stops are ids.
struct DraftTrip {
    route: String,
    vehicle: String,
    calls: Vec<(String, i64, i64)>,
    service: Service,
}

/// The days of a service.
#[derive(Debug, Clone, Default)]
struct Service {
    days: BTreeSet<Day>,
    cancelled: BTreeSet<Day>,
}

/// Reads all planned rounds.
///
/// # Errors
/// When a feed is missing, damaged, or lacks a file or column that it needs.
pub fn read(
    sources: &[RoundSource],
    settings: &Settings<'_>,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Rounds> {
    let mut draft = Draft::default();
    for (number, source) in (0u32..).zip(sources) {
        for file in files(settings.base, &source.path)? {
            match source.format.as_deref() {
                None | Some("gtfs") => {
                    let feed = Feed::open(&file)?;
                    let mut reader =
                        FeedReader { feed: &feed, settings, plane, issues, counts, draft: &mut draft };
                    reader.read(source)?;
                }
                Some("areas") => {
                    counts.push(kerbside::read(source, number, &file, plane, issues, &mut draft)?);
                }
                Some(name) => {
                    let known = vec!["gtfs", "areas"];
                    return Err(Error::UnknownFormat { what: "rounds", name: name.to_owned(), known });
                }
            }
        }
    }
    Ok(draft.finish())
}

/// The tables of vehicles of a source that are no part of its feeds, although they belong to them.
///
/// # Errors
/// When a feed or the table that the project names is missing.
pub fn vehicles(source: &RoundSource, base: &Path) -> Result<Vec<SourceFile>> {
    let mut found = Vec::new();
    for feed in files(base, &source.path)? {
        found.extend(feed::vehicles_outside(&feed, base, source.vehicles.as_deref())?);
    }
    Ok(found)
}

impl Draft {
    fn finish(self) -> Rounds {
        fn indices<T>(things: &BTreeMap<String, T>) -> FxHashMap<&str, u32> {
            things.keys().map(String::as_str).zip(0..).collect()
        }
        let (stops, routes, vehicles) =
            (indices(&self.stops), indices(&self.routes), indices(&self.vehicles));
        let call = |(stop, arrival_s, departure_s): &(String, i64, i64)| Call {
            stop: stops[stop.as_str()],
            arrival_s: *arrival_s,
            departure_s: *departure_s,
        };
        let trip = |(id, trip): (&String, &DraftTrip)| Trip {
            id: id.clone(),
            route: routes[trip.route.as_str()],
            vehicle: vehicles.get(trip.vehicle.as_str()).copied().unwrap_or(NONE),
            calls: trip.calls.iter().map(call).collect(),
            days: trip.service.days.iter().copied().collect(),
            cancelled: trip.service.cancelled.iter().copied().collect(),
        };
        let trips = self.trips.iter().map(trip).collect();
        let kerbside = |draft: DraftKerbside| Kerbside {
            route: routes[draft.route.as_str()],
            shape: draft.shape,
            weekdays: draft.weekdays,
            customers: draft.customers,
            source: draft.source,
            categories: draft.categories,
        };
        let mut kerbsides: Vec<Kerbside> = self.kerbsides.into_iter().map(kerbside).collect();
        let corner = |kerbside: &Kerbside| kerbside.shape.exterior_coords_iter().next().map(Local::from);
        kerbsides.sort_by(|a, b| {
            let by_name = (a.route, a.source, a.weekdays).cmp(&(b.route, b.source, b.weekdays));
            let (here, there) = (corner(a), corner(b));
            by_name
                .then_with(|| here.zip(there).map_or(Ordering::Equal, |(here, there)| here.total_cmp(&there)))
        });
        Rounds {
            trips,
            kerbsides,
            stops: self.stops.into_values().collect(),
            routes: self.routes.into_values().collect(),
            vehicles: self.vehicles.into_values().collect(),
        }
    }
}

/// What is needed while one feed is read.
struct FeedReader<'a> {
    feed: &'a Feed,
    settings: &'a Settings<'a>,
    plane: &'a Plane,
    issues: &'a mut Issues,
    counts: &'a mut Vec<SourceCount>,
    draft: &'a mut Draft,
}

/// A call as `stop_times.txt` has it.
struct CallRow {
    row: u64,
    sequence: u32,
    stop: String,
    arrival_s: Option<i64>,
    departure_s: Option<i64>,
}

/// Trips that can be used, with the name each has in the draft.
type Trips = BTreeMap<String, (String, u64, DraftTrip)>;

impl FeedReader<'_> {
    fn read(&mut self, source: &RoundSource) -> Result<()> {
        let services = self.services()?;
        let stops = self.stops()?;
        self.routes()?;
        self.vehicles(source)?;
        let (mut trips, sheet, mut left_out) = self.trips(&services)?;
        let calls = self.calls(&trips, &stops)?;
        for (id, rows) in calls {
            if let Some((_, _, trip)) = trips.get_mut(&id) {
                trip.calls = timed(&rows, &stops);
            }
        }
        for (_, (id, row, trip)) in trips {
            if trip.calls.is_empty() {
                self.issues.add(&sheet.name, row, "trip_id", Code::TripWithoutCalls, &id);
                left_out += 1;
                continue;
            }
            if !trip.vehicle.is_empty() && !self.draft.vehicles.contains_key(&trip.vehicle) {
                let vehicle =
                    Vehicle { id: trip.vehicle.clone(), capacity_kg: None, shift_s: None, depot: None };
                self.draft.vehicles.insert(trip.vehicle.clone(), vehicle);
            }
            self.draft.trips.insert(id, trip);
        }
        let noticed = self.noticed()?;
        self.count("trips", &sheet, noticed, left_out);
        Ok(())
    }

    fn count(&mut self, what: &'static str, sheet: &Sheet, noticed: String, left_out: u64) {
        let read = sheet.rows.len() as u64;
        self.counts.push(SourceCount {
            what,
            file: sheet.name.to_string(),
            format: "gtfs".to_owned(),
            noticed,
            read,
            used: read - left_out,
            left_out,
        });
    }

    /// Gives every readable row of a sheet to `each`, which says what is wrong with it, if anything is, as
    /// column, code and value. Gives how many rows were left out.
    fn each_row(
        &mut self,
        sheet: &Sheet,
        mut each: impl FnMut(&mut Self, u64, Row<'_>) -> Result<(), (&'static str, Code, String)>,
    ) -> u64 {
        let mut left_out = 0;
        for (row, record) in &sheet.rows {
            let outcome = match sheet.row(record.as_ref()) {
                Some(fields) => each(self, *row, fields),
                None => Err(("", Code::RowUnreadable, String::new())),
            };
            if let Err((column, code, value)) = outcome {
                self.issues.add(&sheet.name, *row, column, code, &value);
                left_out += 1;
            }
        }
        left_out
    }

    /// The days of every service.
    fn services(&mut self) -> Result<BTreeMap<String, Service>> {
        let (weekly, dates) = (self.feed.sheet("calendar.txt")?, self.feed.sheet("calendar_dates.txt")?);
        if weekly.is_none() && dates.is_none() {
            return Err(self.feed.error(
                "it does not say on which days its trips run",
                "a feed needs calendar.txt or calendar_dates.txt",
            ));
        }
        let window = self.window();
        let mut services: BTreeMap<String, Service> = BTreeMap::new();
        if let Some(sheet) = weekly {
            sheet.needs(&["service_id", "monday", "sunday", "start_date", "end_date"])?;
            let left_out = self.each_row(&sheet, |_, _, row| {
                let service = row.required("service_id")?;
                let (from, to) = (row.day("start_date")?, row.day("end_date")?);
                let runs = SMALL_WEEKDAYS.map(|day| row.text(day) == "1");
                let days = (from.max(window.from).0..=to.min(window.to).0).map(Day);
                let days = days.filter(|day| runs[day.weekday()]);
                services.entry(service).or_default().days.extend(days);
                Ok(())
            });
            self.count("services", &sheet, String::new(), left_out);
        }
        if let Some(sheet) = dates {
            sheet.needs(&["service_id", "date", "exception_type"])?;
            let mut removed = Vec::new();
            let left_out = self.each_row(&sheet, |_, _, row| {
                let (service, day) = (row.required("service_id")?, row.day("date")?);
                match row.text("exception_type").as_str() {
                    "1" => {
                        services.entry(service).or_default().days.insert(day);
                    }
                    "2" => removed.push((service, day)),
                    other => return Err(("exception_type", Code::RowUnreadable, other.to_owned())),
                }
                Ok(())
            });
            for (service, day) in removed {
                let service = services.entry(service).or_default();
                // What would not have run cannot be cancelled.
                if service.days.remove(&day) {
                    service.cancelled.insert(day);
                }
            }
            self.count("exceptions", &sheet, String::new(), left_out);
        }
        Ok(services)
    }

    /// Calendars without end are written as ending in 2099 or 9999: they are written out for the project's
    /// period and a year around it, or else for the years 2000 to 2050.
    fn window(&self) -> Period {
        match self.settings.period {
            Some(period) => Period { from: period.from.plus(-366), to: period.to.plus(366) },
            None => Period {
                from: Day::from_date(jiff::civil::date(2000, 1, 1)),
                to: Day::from_date(jiff::civil::date(2050, 12, 31)),
            },
        }
    }

    /// Reads the stops into the draft. Gives the name that each has there.
    fn stops(&mut self) -> Result<BTreeMap<String, String>> {
        let sheet = self.feed.required("stops.txt")?;
        sheet.needs(&["stop_id", "stop_lat", "stop_lon"])?;
        let mut found: BTreeMap<String, Vec<(u64, Stop)>> = BTreeMap::new();
        let mut left_out = self.each_row(&sheet, |reader, number, row| {
            let id = row.required("stop_id")?;
            let at = row.number("stop_lon").zip(row.number("stop_lat"));
            let at = at.filter(|&pair| pair != (0.0, 0.0));
            let at = at.and_then(|(lon, lat)| reader.plane.local(LonLat::new(lon, lat)));
            let at = at.ok_or_else(|| ("stop_lon", Code::StopWithoutPlace, id.clone()))?;
            let stop = Stop {
                name: row.text("stop_name"),
                at,
                capacity_l: row.number("capacity_l").filter(|&litres| litres > 0.0),
                service_s: row.number("service_s").filter(|&seconds| seconds >= 0.0),
                asset_id: Some(row.text("asset_id")).filter(|asset| !asset.is_empty()),
                id: id.clone(),
            };
            found.entry(id).or_default().push((number, stop));
            Ok(())
        });
        let mut names = BTreeMap::new();
        for (id, mut same) in found {
            same.sort_by(|a, b| {
                a.1.at.total_cmp(&b.1.at).then_with(|| (&a.1.name, a.0).cmp(&(&b.1.name, b.0)))
            });
            for (row, _) in &same[1..] {
                self.issues.add(&sheet.name, *row, "stop_id", Code::RepeatedRoundId, &id);
                left_out += 1;
            }
            let (_, stop) = same.swap_remove(0);
            names.insert(id, self.keep_stop(stop));
        }
        self.count("stops", &sheet, String::new(), left_out);
        Ok(names)
    }

    /// Adds a stop, under another name where an earlier feed has a stop of that name elsewhere.
    fn keep_stop(&mut self, stop: Stop) -> String {
        let is_other = |id: &String| {
            self.draft.stops.get(id).is_some_and(|known| known.at.distance_m(stop.at) > SAME_STOP_M)
        };
        let names =
            std::iter::once(stop.id.clone()).chain((2..).map(|number| format!("{}#{number}", stop.id)));
        let id = names.into_iter().find(|id| !is_other(id)).expect("numbers do not end");
        self.draft.stops.entry(id.clone()).or_insert(Stop { id: id.clone(), ..stop });
        id
    }

    fn routes(&mut self) -> Result<()> {
        let sheet = self.feed.required("routes.txt")?;
        sheet.needs(&["route_id"])?;
        let mut seen = BTreeSet::new();
        let left_out = self.each_row(&sheet, |reader, _, row| {
            let id = row.required("route_id")?;
            let names = [row.text("route_long_name"), row.text("route_short_name"), id.clone()];
            let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
            if !seen.insert(id.clone()) {
                // Which of two rows comes first must not matter.
                if let Some(known) = reader.draft.routes.get_mut(&id) {
                    known.name = name.min(std::mem::take(&mut known.name));
                }
                return Err(("route_id", Code::RepeatedRoundId, id));
            }
            reader.draft.routes.entry(id.clone()).or_insert(Route { id, name });
            Ok(())
        });
        self.count("routes", &sheet, String::new(), left_out);
        Ok(())
    }

    fn vehicles(&mut self, source: &RoundSource) -> Result<()> {
        let Some(sheet) = self.feed.vehicles(self.settings.base, source.vehicles.as_deref())? else {
            return Ok(());
        };
        sheet.needs(&["vehicle_id"])?;
        let mut seen = BTreeSet::new();
        let left_out = self.each_row(&sheet, |reader, _, row| {
            let id = row.required("vehicle_id")?;
            if !seen.insert(id.clone()) {
                return Err(("vehicle_id", Code::RepeatedRoundId, id));
            }
            let depot = row.number("depot_lon").zip(row.number("depot_lat"));
            let positive = |column: &str| row.number(column).filter(|&value| value > 0.0);
            let vehicle = Vehicle {
                id: id.clone(),
                capacity_kg: positive("capacity_kg"),
                shift_s: positive("shift_s"),
                depot: depot.and_then(|(lon, lat)| reader.plane.local(LonLat::new(lon, lat))),
            };
            reader.draft.vehicles.entry(id).or_insert(vehicle);
            Ok(())
        });
        self.count("vehicles", &sheet, String::new(), left_out);
        Ok(())
    }

    /// The trips whose route is known and whose service runs, still without calls, and how many are left out.
    fn trips(&mut self, services: &BTreeMap<String, Service>) -> Result<(Trips, Sheet, u64)> {
        let sheet = self.feed.required("trips.txt")?;
        sheet.needs(&["trip_id", "route_id", "service_id"])?;
        let mut trips = Trips::new();
        let left_out = self.each_row(&sheet, |reader, number, row| {
            let (id, route) = (row.required("trip_id")?, row.required("route_id")?);
            if trips.contains_key(&id) {
                return Err(("trip_id", Code::RepeatedRoundId, id));
            }
            if !reader.draft.routes.contains_key(&route) {
                return Err(("route_id", Code::UnknownReference, route));
            }
            let service = services.get(&row.text("service_id")).filter(|service| !service.days.is_empty());
            let service =
                service.cloned().ok_or_else(|| ("service_id", Code::TripWithoutDays, id.clone()))?;
            let vehicle = row.text("block_id");
            let names = std::iter::once(id.clone()).chain((2..).map(|number| format!("{id}#{number}")));
            let name = names.into_iter().find(|name| !reader.draft.trips.contains_key(name));
            let name = name.expect("numbers do not end");
            trips.insert(id, (name, number, DraftTrip { route, vehicle, calls: Vec::new(), service }));
            Ok(())
        });
        Ok((trips, sheet, left_out))
    }

    /// The calls of each trip, in their order.
    fn calls(
        &mut self,
        trips: &Trips,
        stops: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Vec<CallRow>>> {
        let sheet = self.feed.required("stop_times.txt")?;
        sheet.needs(&["trip_id", "stop_id", "stop_sequence"])?;
        let mut calls: BTreeMap<String, Vec<CallRow>> = BTreeMap::new();
        let mut left_out = self.each_row(&sheet, |_, number, row| {
            let (trip, stop) = (row.required("trip_id")?, row.required("stop_id")?);
            if !trips.contains_key(&trip) {
                return Err(("trip_id", Code::UnknownReference, trip));
            }
            if !stops.contains_key(&stop) {
                return Err(("stop_id", Code::UnknownReference, stop));
            }
            let sequence = row.text("stop_sequence");
            let sequence = sequence.parse().map_err(|_not_a_number: std::num::ParseIntError| {
                ("stop_sequence", Code::RowUnreadable, sequence.clone())
            })?;
            let (arrival_s, departure_s) = (row.time("arrival_time")?, row.time("departure_time")?);
            calls.entry(trip).or_default().push(CallRow {
                row: number,
                sequence,
                stop,
                arrival_s,
                departure_s,
            });
            Ok(())
        });
        for rows in calls.values_mut() {
            rows.sort_by(|a, b| (a.sequence, a.arrival_s, &a.stop).cmp(&(b.sequence, b.arrival_s, &b.stop)));
        }
        // Times between known ones can be told, but a trip without any runs at no time.
        calls.retain(|_, rows| {
            let is_timed = rows.iter().any(|call| call.arrival_s.or(call.departure_s).is_some());
            for call in rows.iter().filter(|_| !is_timed) {
                self.issues.add(&sheet.name, call.row, "arrival_time", Code::RowUnreadable, "");
                left_out += 1;
            }
            is_timed
        });
        self.count("calls", &sheet, String::new(), left_out);
        Ok(calls)
    }

    /// What the feed says about itself.
    fn noticed(&self) -> Result<String> {
        let mut noticed = Vec::new();
        let zone = match self.feed.sheet("agency.txt")? {
            Some(sheet) => sheet.rows.iter().find_map(|(_, record)| {
                let zone = sheet.row(record.as_ref())?.text("agency_timezone");
                (!zone.is_empty()).then_some(zone)
            }),
            None => None,
        };
        if let Some(zone) = zone {
            let other = if zone == self.settings.clock.name() { "" } else { " (the project's is used)" };
            noticed.push(format!("agency_timezone: {zone}{other}"));
        }
        if self.feed.has("frequencies.txt") {
            noticed.push("frequencies.txt is not read".to_owned());
        }
        Ok(noticed.join(", "))
    }
}

/// The calls with all their times: one that has none lies evenly between its neighbours that have one, as
/// GTFS says; before the first and after the last known time nothing moves.
fn timed(rows: &[CallRow], stops: &BTreeMap<String, String>) -> Vec<(String, i64, i64)> {
    let known: Vec<(i64, i64, i64)> = (0..)
        .zip(rows)
        .filter_map(|(index, call)| {
            let (arrival_s, departure_s) =
                (call.arrival_s.or(call.departure_s)?, call.departure_s.or(call.arrival_s)?);
            Some((index, arrival_s, departure_s.max(arrival_s)))
        })
        .collect();
    let time = |index: i64| {
        let after = known.partition_point(|&(at, ..)| at < index);
        match (after.checked_sub(1).map(|before| known[before]), known.get(after)) {
            (_, Some(&(at, arrival_s, departure_s))) if at == index => (arrival_s, departure_s),
            (Some((before, _, left_s)), Some(&(after, reached_s, _))) => {
                let between_s = left_s + (reached_s - left_s) * (index - before) / (after - before);
                (between_s, between_s)
            }
            (Some((_, _, left_s)), None) => (left_s, left_s),
            (None, Some(&(_, reached_s, _))) => (reached_s, reached_s),
            (None, None) => (0, 0),
        }
    };
    let call = |(index, call): (i64, &CallRow)| {
        let (arrival_s, departure_s) = time(index);
        (stops[&call.stop].clone(), arrival_s, departure_s)
    };
    (0..).zip(rows).map(call).collect()
}

#[cfg(test)]
mod tests;
