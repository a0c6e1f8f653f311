//! Rounds in, a GTFS Schedule feed out: a folder of tables that our own reader gives back as the same rounds.
//!
//! Beside what GTFS asks for stand the further columns `capacity_l`, `service_s` and `asset_id` of `stops.txt`,
//! `block_id` as the vehicle, and `vehicles.csv`. Days that follow a week are written in `calendar.txt`, all
//! others in `calendar_dates.txt`. Not written: rounds at the kerb, which have no stops, trips that never run,
//! and a cancelled day of a trip that does not run on that weekday otherwise, for which GTFS has no word.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::export::rounds::{Timetable, plain};
use crate::model::kind::Language;
use crate::model::round::Trip;
use crate::model::some;
use crate::period::Day;
use crate::unit::Local;

/// Writes the feed into the folder `dir`, which is made.
///
/// # Errors
/// When a file cannot be written.
pub fn write(timetable: &Timetable<'_>, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|source| Error::writing(dir, source))?;
    let services = Services::of(&timetable.rounds.trips);
    let tables = [
        ("feed_info.txt", feed_info(timetable)),
        ("agency.txt", agency(timetable)),
        ("stops.txt", stops(timetable)),
        ("routes.txt", routes(timetable)),
        ("trips.txt", trips(timetable, &services)),
        ("stop_times.txt", stop_times(timetable)),
        ("calendar.txt", services.calendar()),
        ("calendar_dates.txt", services.calendar_dates()),
        ("vehicles.csv", vehicles(timetable)),
    ];
    for (name, table) in tables {
        let path = dir.join(name);
        fs::write(&path, table.into_bytes()).map_err(|source| Error::writing(&path, source))?;
    }
    Ok(())
}

/// Rows of one table.
struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new(header: &[&str]) -> Self {
        let mut table = Self(csv::Writer::from_writer(Vec::new()));
        table.row(header);
        table
    }

    fn row<T: AsRef<str>>(&mut self, fields: &[T]) {
        let fields = fields.iter().map(|field| plain(field.as_ref()));
        self.0.write_record(fields.collect::<Vec<_>>()).expect("memory takes rows of one length");
    }

    fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes every row")
    }
}

/// Trips that run: those without calls or days are no part of a timetable.
fn running(trips: &[Trip]) -> impl Iterator<Item = &Trip> {
    trips.iter().filter(|trip| !trip.calls.is_empty() && !trip.days.is_empty())
}

/// The columns of `calendar.txt`.
pub(crate) const CALENDAR: [&str; 10] = [
    "service_id",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "start_date",
    "end_date",
];

/// The columns of `calendar_dates.txt`.
pub(crate) const CALENDAR_DATES: [&str; 3] = ["service_id", "date", "exception_type"];

/// A day as `20250330`.
pub(crate) fn compact(day: Day) -> String {
    day.date().strftime("%Y%m%d").to_string()
}

/// Seconds into the service day as `06:25:16`, beyond midnight as `25:10:00`.
pub(crate) fn clock_time(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Longitude and latitude with seven decimals, which are a centimetre.
fn degrees(timetable: &Timetable<'_>, at: Local) -> [String; 2] {
    let at = timetable.plane.lon_lat(at);
    [format!("{:.7}", at.lon), format!("{:.7}", at.lat)]
}

const PUBLISHER_URL: &str = "https://example.org";

fn feed_info(timetable: &Timetable<'_>) -> Table {
    let mut table = Table::new(&[
        "feed_publisher_name",
        "feed_publisher_url",
        "feed_lang",
        "feed_start_date",
        "feed_end_date",
        "feed_version",
    ]);
    let days = || running(&timetable.rounds.trips).flat_map(|trip| trip.days.iter().copied());
    let [first, last] = [days().min(), days().max()].map(|day| day.map(compact).unwrap_or_default());
    let lang = match timetable.language {
        Language::En => "en",
        Language::Nl => "nl",
    };
    table.row(&[timetable.title, PUBLISHER_URL, lang, &first, &last, env!("CARGO_PKG_VERSION")]);
    table
}

fn agency(timetable: &Timetable<'_>) -> Table {
    let mut table = Table::new(&["agency_id", "agency_name", "agency_url", "agency_timezone"]);
    table.row(&[AGENCY, timetable.title, PUBLISHER_URL, timetable.clock.name()]);
    table
}

const AGENCY: &str = "collection";

fn stops(timetable: &Timetable<'_>) -> Table {
    let mut table =
        Table::new(&["stop_id", "stop_name", "stop_lat", "stop_lon", "capacity_l", "service_s", "asset_id"]);
    for stop in &timetable.rounds.stops {
        let [lon, lat] = degrees(timetable, stop.at);
        // A stop must have a name.
        let name = if stop.name.trim().is_empty() { &stop.id } else { &stop.name };
        let asset_id = stop.asset_id.clone().unwrap_or_default();
        let (capacity_l, service_s) = (number(stop.capacity_l), number(stop.service_s));
        table.row(&[&stop.id, name, &lat, &lon, &capacity_l, &service_s, &asset_id]);
    }
    table
}

fn routes(timetable: &Timetable<'_>) -> Table {
    let mut table =
        Table::new(&["route_id", "agency_id", "route_short_name", "route_long_name", "route_type"]);
    let mut seen = vec![false; timetable.rounds.routes.len()];
    running(&timetable.rounds.trips).for_each(|trip| seen[trip.route as usize] = true);
    for (route, _) in timetable.rounds.routes.iter().zip(seen).filter(|(_, is_driven)| *is_driven) {
        // One name is enough, and two equal ones are a fault.
        let (short, long) = if route.name == route.id { (&*route.id, "") } else { ("", &*route.name) };
        // 1700 is "miscellaneous" among the extended route types.
        table.row(&[&*route.id, AGENCY, short, long, "1700"]);
    }
    table
}

fn trips(timetable: &Timetable<'_>, services: &Services<'_>) -> Table {
    let mut table = Table::new(&["route_id", "service_id", "trip_id", "block_id"]);
    let rounds = timetable.rounds;
    for trip in running(&rounds.trips) {
        let vehicle = some(trip.vehicle).map_or("", |vehicle| &rounds.vehicles[vehicle].id);
        table.row(&[&*rounds.routes[trip.route as usize].id, &services.id(trip), &trip.id, vehicle]);
    }
    table
}

fn stop_times(timetable: &Timetable<'_>) -> Table {
    let mut table = Table::new(&["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"]);
    for trip in running(&timetable.rounds.trips) {
        for (place, call) in (1..).zip(&trip.calls) {
            table.row(&[
                &*trip.id,
                &clock_time(call.arrival_s),
                &clock_time(call.departure_s.max(call.arrival_s)),
                &timetable.rounds.stops[call.stop as usize].id,
                &i32::to_string(&place),
            ]);
        }
    }
    table
}

fn vehicles(timetable: &Timetable<'_>) -> Table {
    let mut table = Table::new(&["vehicle_id", "capacity_kg", "shift_s", "depot_lon", "depot_lat"]);
    for vehicle in &timetable.rounds.vehicles {
        let [lon, lat] = vehicle.depot.map(|depot| degrees(timetable, depot)).unwrap_or_default();
        let (capacity_kg, shift_s) = (number(vehicle.capacity_kg), number(vehicle.shift_s));
        table.row(&[&vehicle.id, &capacity_kg, &shift_s, &lon, &lat]);
    }
    table
}

/// Days that run and days that are cancelled; trips that share them share a service.
type Key<'a> = (&'a [Day], &'a [Day]);

/// The services of all trips, in the order in which the trips first need them.
struct Services<'a> {
    numbers: BTreeMap<Key<'a>, usize>,
    weeks: Vec<(Key<'a>, Week)>,
}

impl<'a> Services<'a> {
    fn of(trips: &'a [Trip]) -> Self {
        let mut services = Self { numbers: BTreeMap::new(), weeks: Vec::new() };
        for trip in running(trips) {
            let key = (&*trip.days, &*trip.cancelled);
            if !services.numbers.contains_key(&key) {
                services.numbers.insert(key, services.weeks.len());
                services.weeks.push((key, Week::of(key)));
            }
        }
        services
    }

    fn id(&self, trip: &Trip) -> String {
        let number = self.numbers[&(&*trip.days, &*trip.cancelled)];
        format!("days{}", number + 1)
    }

    fn calendar(&self) -> Table {
        let mut table = Table::new(&CALENDAR);
        for (number, (_, week)) in (1..).zip(&self.weeks).filter(|(_, (_, week))| week.runs.contains(&true)) {
            let mut row = vec![format!("days{number}")];
            row.extend(week.runs.map(|runs| u8::from(runs).to_string()));
            row.extend([compact(week.from), compact(week.to)]);
            table.row(&row);
        }
        table
    }

    fn calendar_dates(&self) -> Table {
        let mut table = Table::new(&CALENDAR_DATES);
        for (number, ((days, cancelled), week)) in (1..).zip(&self.weeks) {
            let added = days.iter().filter(|&&day| !week.holds(day)).map(|&day| (day, "1"));
            let removed = cancelled.iter().filter(|&&day| week.holds(day)).map(|&day| (day, "2"));
            let mut dates: Vec<_> = added.chain(removed).collect();
            dates.sort_unstable();
            for (day, exception) in dates {
                table.row(&[&*format!("days{number}"), &compact(day), exception]);
            }
        }
        table
    }
}

/// The part of a service that follows the week: all its days in the window are planned days.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Week {
    from: Day,
    to: Day,
    runs: [bool; 7],
}

impl Week {
    /// The week that holds all cancelled days where there is one, and as many of the others as it can.
    fn of((days, cancelled): Key<'_>) -> Self {
        let planned: BTreeSet<Day> = days.iter().chain(cancelled).copied().collect();
        let between = |from: Day, to: Day| {
            let is_planned = |day: Day| planned.contains(&day);
            let of_weekday =
                |weekday: usize| (from.0..=to.0).map(Day).filter(move |day| day.weekday() == weekday);
            let runs = std::array::from_fn(|weekday| {
                // A single date is an exception and no rule.
                of_weekday(weekday).all(is_planned) && of_weekday(weekday).nth(1).is_some()
            });
            Self { from, to, runs }
        };
        let whole = between(
            *planned.first().expect("a trip that runs has days"),
            *planned.last().expect("a trip that runs has days"),
        );
        let holds_all = |week: &Self| cancelled.iter().all(|&day| week.holds(day));
        if holds_all(&whole) {
            return whole;
        }
        // A date far outside the season broke the rule: the weeks around the cancelled days keep it.
        let (first, last) = (cancelled[0], cancelled[cancelled.len() - 1]);
        let around = [28, 14, 7].map(|reach| between(first.plus(-reach), last.plus(reach)));
        around.into_iter().find(holds_all).unwrap_or(whole)
    }

    fn holds(&self, day: Day) -> bool {
        self.from <= day && day <= self.to && self.runs[day.weekday()]
    }
}

#[cfg(test)]
mod tests;
