//! A labelled season read as plainly as possible, for scoring only: `truth_*` never reaches the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use rand::RngExt;

use crate::geocode::Located;
use crate::link::Linked;
use crate::model::NONE;
use crate::model::kind::Kind;
use crate::model::location::{Level, Placed};
use crate::model::report::Reports;
use crate::model::round::{Call, Rounds, Route, Stop, Trip, Vehicle};
use crate::model::street::{Streets, Way};
use crate::model::text::{Texts, Words};
use crate::model::track::Track;
use crate::period::{Clock, Day, NEVER, SMALL_WEEKDAYS};
use crate::place::{Crs, Plane};
use crate::random::Random;
use crate::unit::{Local, LonLat};

/// What a season holds.
pub(super) struct Season {
    pub(super) rounds: Rounds,
    pub(super) tracks: Vec<Track>,
    pub(super) reports: Reports,
    pub(super) located: Located,
    pub(super) linked: Linked,
    pub(super) clock: Clock,
    pub(super) streets: Streets,
    pub(super) truth_visits: BTreeMap<(String, String, String), TruthVisit>,
    pub(super) truth_reports: BTreeMap<String, (String, String)>,
    pub(super) undersized: BTreeMap<String, bool>,
}

pub(super) struct TruthVisit {
    pub(super) served_at: Option<i64>,
    pub(super) cause: String,
    pub(super) is_recorded: bool,
}

/// The folder of the season, if it is there.
pub(super) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("PAALTJE_SEASON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/washington-dc/season"),
        PathBuf::from,
    );
    if folder.join("fixes.csv.gz").exists() {
        return Some(folder);
    }
    println!("skipped: the labelled season is not there");
    None
}

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let bytes = std::fs::read(path).unwrap();
    let text: Box<dyn std::io::Read> = if path.extension().is_some_and(|end| end == "gz") {
        Box::new(GzDecoder::new(std::io::Cursor::new(bytes)))
    } else {
        Box::new(std::io::Cursor::new(bytes))
    };
    let mut reader = csv::Reader::from_reader(text);
    reader.deserialize().map(Result::unwrap).collect()
}

fn seconds(time: &str) -> i64 {
    time.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap())
}

fn day(text: &str) -> Day {
    let text = text.replace('-', "");
    let number = |range: std::ops::Range<usize>| text[range].parse::<i16>().unwrap();
    Day::from_date(jiff::civil::date(
        number(0..4),
        i8::try_from(number(4..6)).unwrap(),
        i8::try_from(number(6..8)).unwrap(),
    ))
}

impl Season {
    pub(super) fn read(folder: &Path) -> Self {
        let clock = Clock::new("America/New_York").unwrap();
        let plane = Plane::new(Crs::from_epsg(26985).unwrap()).unwrap();
        let at = |row: &Row, lon: &str, lat: &str| {
            plane.local(LonLat::new(row[lon].parse().unwrap(), row[lat].parse().unwrap())).unwrap()
        };
        let mut stops: Vec<Stop> = rows(&folder.join("gtfs/stops.txt"))
            .iter()
            .map(|row| Stop {
                id: row["stop_id"].clone(),
                name: row["stop_name"].clone(),
                at: at(row, "stop_lon", "stop_lat"),
                capacity_l: row["capacity_l"].parse().ok(),
                service_s: row["service_s"].parse().ok(),
                asset_id: None,
            })
            .collect();
        stops.sort_by(|a, b| a.id.cmp(&b.id));
        let mut routes: Vec<Route> = rows(&folder.join("gtfs/routes.txt"))
            .iter()
            .map(|row| Route { id: row["route_id"].clone(), name: row["route_long_name"].clone() })
            .collect();
        routes.sort_by(|a, b| a.id.cmp(&b.id));
        let vehicles: Vec<Vehicle> = rows(&folder.join("vehicles.csv"))
            .iter()
            .map(|row| Vehicle {
                id: row["vehicle_id"].clone(),
                capacity_kg: None,
                shift_s: None,
                depot: Some(at(row, "depot_lon", "depot_lat")),
            })
            .collect();
        let trips = trips(folder, &stops, &routes, &vehicles);
        let rounds = Rounds { stops, routes, trips, vehicles, ..Rounds::default() };
        let mut tracks: BTreeMap<String, Vec<(i64, Local, f32)>> = BTreeMap::new();
        for row in rows(&folder.join("fixes.csv.gz")) {
            let time = row["time"].parse::<jiff::Timestamp>().unwrap().as_second();
            let fix = (time, at(&row, "lon", "lat"), row["speed_ms"].parse().unwrap_or(f32::NAN));
            tracks.entry(row["vehicle_id"].clone()).or_default().push(fix);
        }
        let tracks = tracks.into_iter().map(|(vehicle, mut fixes)| {
            fixes.sort_by_key(|fix| fix.0);
            fixes.dedup_by_key(|fix| fix.0);
            Track {
                vehicle,
                time: fixes.iter().map(|fix| fix.0).collect(),
                at: fixes.iter().map(|fix| fix.1).collect(),
                speed_ms: fixes.iter().map(|fix| fix.2).collect(),
            }
        });
        let tracks = tracks.collect();
        let (reports, located) = reports(folder, &plane);
        let linked = link(&located, &rounds);
        let truth = |row: &Row| {
            let key = (row["route_id"].clone(), row["stop_id"].clone(), row["service_date"].clone());
            let visit = TruthVisit {
                served_at: row["served_time"].parse().ok().filter(|_| row["outcome"] == "served"),
                cause: row["cause"].clone(),
                is_recorded: row["track_recorded"] == "1",
            };
            (key, visit)
        };
        Self {
            tracks,
            reports,
            located,
            linked,
            clock,
            streets: streets(&folder.join("../layers/l-enfant-plan-street-centerlines.geojson"), &plane),
            truth_visits: rows(&folder.join("truth_visits.csv.gz")).iter().map(truth).collect(),
            truth_reports: rows(&folder.join("truth_reports.csv"))
                .iter()
                .map(|row| (row["report_id"].clone(), (row["stop_id"].clone(), row["diagnosis"].clone())))
                .collect(),
            undersized: rows(&folder.join("truth_stops.csv"))
                .iter()
                .map(|row| (row["stop_id"].clone(), row["undersized"] == "1"))
                .collect(),
            rounds,
        }
    }

    /// Keeps every `n`th fix only.
    pub(super) fn thin(&mut self, n: usize) {
        for track in &mut self.tracks {
            track.time = track.time.iter().copied().step_by(n).collect();
            track.at = track.at.iter().copied().step_by(n).collect();
            track.speed_ms = track.speed_ms.iter().copied().step_by(n).collect();
        }
    }

    /// Adds uncorrelated noise, evenly spread up to `metres` to each side.
    pub(super) fn shake(&mut self, metres: f64) {
        for (key, track) in self.tracks.iter_mut().enumerate() {
            let mut stream = Random::new(1).stream("shake", key as u64);
            for at in &mut track.at {
                at.x += stream.random_range(-metres..metres);
                at.y += stream.random_range(-metres..metres);
            }
        }
    }

    /// Forgets the logged speeds.
    pub(super) fn forget_speeds(&mut self) {
        self.tracks.iter_mut().for_each(|track| track.speed_ms.fill(f32::NAN));
    }
}

fn trips(folder: &Path, stops: &[Stop], routes: &[Route], vehicles: &[Vehicle]) -> Vec<Trip> {
    let index = |found: Option<usize>| found.map_or(NONE, |index| u32::try_from(index).unwrap());
    let mut calls: BTreeMap<String, Vec<(u32, Call)>> = BTreeMap::new();
    for row in rows(&folder.join("gtfs/stop_times.txt")) {
        let call = Call {
            stop: index(stops.binary_search_by(|stop| stop.id.cmp(&row["stop_id"])).ok()),
            arrival_s: seconds(&row["arrival_time"]),
            departure_s: seconds(&row["departure_time"]),
        };
        let place = row["stop_sequence"].parse().unwrap();
        calls.entry(row["trip_id"].clone()).or_default().push((place, call));
    }
    let dates = rows(&folder.join("gtfs/calendar_dates.txt"));
    let calendar: BTreeMap<String, Row> = rows(&folder.join("gtfs/calendar.txt"))
        .into_iter()
        .map(|row| (row["service_id"].clone(), row))
        .collect();
    let mut trips: Vec<Trip> = rows(&folder.join("gtfs/trips.txt"))
        .iter()
        .map(|row| {
            let calendar = &calendar[&row["service_id"]];
            let mine = |date: &&Row| date["service_id"] == row["service_id"] && date["exception_type"] == "2";
            let mut cancelled: Vec<Day> = dates.iter().filter(mine).map(|date| day(&date["date"])).collect();
            cancelled.sort_unstable();
            let (from, to) = (day(&calendar["start_date"]), day(&calendar["end_date"]));
            let runs = |day: &Day| calendar[SMALL_WEEKDAYS[day.weekday()]] == "1" && !cancelled.contains(day);
            let mut calls = calls[&row["trip_id"]].clone();
            calls.sort_by_key(|call| call.0);
            Trip {
                id: row["trip_id"].clone(),
                route: index(routes.iter().position(|route| route.id == row["route_id"])),
                vehicle: index(vehicles.iter().position(|vehicle| vehicle.id == row["block_id"])),
                calls: calls.into_iter().map(|call| call.1).collect(),
                days: (from.0..=to.0).map(Day).filter(runs).collect(),
                cancelled,
            }
        })
        .collect();
    trips.sort_by(|a, b| a.id.cmp(&b.id));
    trips
}

fn reports(folder: &Path, plane: &Plane) -> (Reports, Located) {
    let mut list: Vec<(i64, String, Kind, Local)> = rows(&folder.join("reports.csv"))
        .iter()
        .map(|row| {
            let opened = row["created_at"].parse::<jiff::Timestamp>().unwrap().as_second();
            let kind =
                if row["category"].contains("beside") { Kind::BesideContainer } else { Kind::ContainerFull };
            let (lon, lat) = (row["lon"].parse().unwrap(), row["lat"].parse().unwrap());
            (opened, row["report_id"].clone(), kind, plane.local(LonLat::new(lon, lat)).unwrap())
        })
        .collect();
    list.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    made_of(&list)
}

/// Reports and their places from opening time, id, kind and place.
pub(super) fn made_of(list: &[(i64, String, Kind, Local)]) -> (Reports, Located) {
    let count = list.len();
    let reports = Reports {
        sources: vec!["reports.csv".into()],
        source: vec![0; count],
        row: vec![1; count],
        id: list.iter().map(|report| report.1.as_str()).collect::<Texts>(),
        category: vec![NONE; count],
        kind: list.iter().map(|report| report.2).collect(),
        opened: list.iter().map(|report| report.0).collect(),
        closed: vec![NEVER; count],
        is_date_only: vec![false; count],
        status: vec![NONE; count],
        given: list.iter().map(|report| report.3).collect(),
        address: vec![NONE; count],
        asset: vec![NONE; count],
        text: Texts::new(),
        words: Words::new(),
    };
    let located = Located {
        at: list.iter().map(|report| report.3).collect(),
        placed: vec![Placed::Given; count],
        level: vec![Level::Point; count],
        accuracy_m: vec![f32::NAN; count],
        score: vec![f32::NAN; count],
        address: vec![NONE; count],
    };
    (reports, located)
}

/// The nearest stop within 60 m, and the second where it is less than 1.5 times as far.
pub(super) fn link(located: &Located, rounds: &Rounds) -> Linked {
    let mut linked = Linked::default();
    for at in &located.at {
        let mut near: Vec<(f64, u32)> = (0u32..)
            .zip(&rounds.stops)
            .map(|(index, stop)| (stop.at.distance_m(*at), index))
            .filter(|near| near.0 <= 60.0)
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let first = near.first().copied();
        let other = near.get(1).filter(|other| first.is_some_and(|first| other.0 < 1.5 * first.0));
        linked.asset.push(NONE);
        linked.asset_distance_m.push(f32::NAN);
        linked.area.push(NONE);
        linked.stop.push(first.map_or(NONE, |first| first.1));
        #[expect(clippy::cast_possible_truncation, reason = "tens of metres")]
        linked.stop_distance_m.push(first.map_or(f32::NAN, |first| first.0 as f32));
        linked.other_stop.push(other.map_or(NONE, |other| other.1));
        linked.kerbside.push(NONE);
    }
    linked
}

/// The centre lines of the core, joined where their ends meet to the centimetre.
fn streets(path: &Path, plane: &Plane) -> Streets {
    let mut streets = Streets::default();
    let Ok(text) = std::fs::read_to_string(path) else { return streets };
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut nodes: BTreeMap<(i64, i64), u32> = BTreeMap::new();
    for feature in json["features"].as_array().unwrap() {
        let geometry = &feature["geometry"];
        let lines = match geometry["type"].as_str() {
            Some("LineString") => vec![geometry["coordinates"].clone()],
            Some("MultiLineString") => geometry["coordinates"].as_array().unwrap().clone(),
            _ => Vec::new(),
        };
        for line in lines {
            let mut way_nodes = Vec::new();
            for pair in line.as_array().unwrap() {
                let at =
                    plane.local(LonLat::new(pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap())).unwrap();
                #[expect(clippy::cast_possible_truncation, reason = "centimetres")]
                let key = ((at.x * 100.0).round() as i64, (at.y * 100.0).round() as i64);
                let node = *nodes.entry(key).or_insert_with(|| {
                    streets.nodes.push(at);
                    u32::try_from(streets.nodes.len() - 1).unwrap()
                });
                way_nodes.push(node);
            }
            let id = i64::try_from(streets.ways.len()).unwrap();
            streets.ways.push(Way { id, ..Way::residential(way_nodes) });
        }
    }
    streets
}
