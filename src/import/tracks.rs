//! Fixes of vehicles in, [`Track`]s and issues out.
//!
//! Fixes that a truck cannot have driven are left out; holes are left as they are, and nothing is smoothed or
//! snapped to streets here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::import::Settings;
use crate::import::columns::{Block, Table, is_missing, number, text};
use crate::import::dates::{self, Converter, Evidence, Written};
use crate::import::open::{self, SourceFile};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::text::Words;
use crate::model::track::Track;
use crate::period::Clock;
use crate::place::Plane;
use crate::unit::{Local, LonLat};

/// 126 km/h: no truck drives that, and a logger that says so has lost its satellites.
const MAX_SPEED_MS: f64 = 35.0;

/// Formats that tracks come in: name, and one line for `paaltje formats`.
pub const FORMATS: &[(&str, &str)] = &[
    ("csv", "delimited text with a row per fix; columns are guessed or named"),
    ("gpx", "GPX 1.1 tracks, a vehicle per track or per file"),
    ("geojson", "LineStrings with a `coordTimes` property"),
];

/// One `[[sources.tracks]]` of a project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrackSource {
    /// The file or files: relative to the project file; may hold `*`, be packed with gzip, or be `-`.
    pub path: String,
    /// `csv`, `gpx` or `geojson`; told from the name when absent.
    pub format: Option<String>,
    /// Which column holds what; guessed from the names of the columns when absent. For GeoJSON, `vehicle` and
    /// `time` are properties.
    pub columns: Columns,
    /// The vehicle that drove, for files that do not say so themselves (GPX).
    pub vehicle: Option<String>,
    /// How times are written, as in `%d-%m-%Y %H:%M:%S`; found out when absent.
    pub date_format: Option<String>,
    /// What separates the fields of a line of CSV; found out when absent.
    pub delimiter: Option<String>,
    /// Whether the fixes were made up by a simulation; maps and pages then say so.
    pub synthetic: bool,
}

/// The names of the columns of a track source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The vehicle's id.
    pub vehicle: Option<String>,
    /// When the fix was taken.
    pub time: Option<String>,
    /// Degrees east.
    pub lon: Option<String>,
    /// Degrees north.
    pub lat: Option<String>,
    /// Metres per second, where the logger gives it.
    pub speed: Option<String>,
}

/// Whether a delimited file has the columns of fixes, by their usual names: a vehicle, a time and a place.
///
/// # Errors
/// When the file cannot be read as a table.
pub fn fits(file: &SourceFile) -> Result<bool> {
    let table = Table::open(file, None, None)?;
    let is_vehicle = |place: usize| !table.header()[place].eq_ignore_ascii_case("id");
    Ok(Places::find(&table, &Columns::default()).is_ok_and(|places| places.vehicle.is_some_and(is_vehicle)))
}

/// One fix as it was read.
#[derive(Debug, Clone, Copy)]
struct Fix {
    vehicle: u32,
    time: i64,
    at: Local,
    speed_ms: f32,
    row: u32,
    file: u32,
}

/// A file while its fixes are counted.
struct Origin {
    name: Arc<str>,
    format: &'static str,
    noticed: String,
    read: u64,
}

/// Reads all track sources: one track per vehicle, in the order of their ids.
///
/// # Errors
/// When a file cannot be read as a whole, or a setting does not fit its file.
pub fn read(
    sources: &[TrackSource],
    settings: &Settings,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Vec<Track>> {
    let mut reading = Reading {
        clock: settings.clock,
        plane,
        words: Words::new(),
        fixes: Vec::new(),
        origins: Vec::new(),
        unreadable: Vec::new(),
    };
    for source in sources {
        if source.path.is_empty() {
            return Err(Error::Setting {
                message: "no `path` is given in [[sources.tracks]]".to_owned(),
                hint: "name the file, as in `path = \"fixes.csv.gz\"`".to_owned(),
            });
        }
        source.date_format.as_deref().map_or(Ok(()), dates::check_format)?;
        for file in open::files(settings.base, &source.path)? {
            let format = source.format_of(&file)?;
            reading.origins.push(Origin {
                name: Arc::clone(&file.name),
                format,
                noticed: String::new(),
                read: 0,
            });
            match format {
                "gpx" => reading.gpx(&file, source)?,
                "geojson" => reading.geojson(&file, source)?,
                _ => reading.csv(&file, source)?,
            }
        }
    }
    Ok(reading.tracks(issues, counts))
}

impl TrackSource {
    fn format_of(&self, file: &SourceFile) -> Result<&'static str> {
        let name = file.name.trim_end_matches(".gz").to_lowercase();
        let known = |wanted: &str| FORMATS.iter().map(|format| format.0).find(|&known| known == wanted);
        let ending = name.rsplit('.').next().unwrap_or_default();
        match &self.format {
            Some(name) => known(name).ok_or_else(|| Error::UnknownFormat {
                what: "track",
                name: name.clone(),
                known: FORMATS.iter().map(|format| format.0).collect(),
            }),
            None if ending == "json" => Ok("geojson"),
            None => Ok(known(ending).unwrap_or("csv")),
        }
    }
}

/// All sources while they are read.
struct Reading<'a> {
    clock: &'a Clock,
    plane: &'a Plane,
    /// The vehicles' ids.
    words: Words,
    fixes: Vec<Fix>,
    origins: Vec<Origin>,
    /// File, row and value of fixes that cannot be read.
    unreadable: Vec<(u32, u64, String)>,
}

/// Rows of a CSV file, taken apart. Times are still as they were written.
#[derive(Default)]
struct Batch {
    words: Words,
    rows: Vec<(u32, u32, Written, LonLat, f32)>,
    evidence: Evidence,
    unreadable: Vec<(u64, String)>,
    read: u64,
}

/// Where in a row each column stands.
struct Places {
    vehicle: Option<usize>,
    time: usize,
    lon: usize,
    lat: usize,
    speed: Option<usize>,
}

impl Places {
    /// Names that loggers and fleet systems use, folded to small letters, likeliest first.
    const VEHICLE: &[&str] = &[
        "vehicle_id",
        "vehicle",
        "vehicleid",
        "truck",
        "truck_id",
        "unit",
        "unit_id",
        "device",
        "device_id",
        "voertuig",
        "voertuig_id",
        "kenteken",
        "wagen",
        "fahrzeug",
        "kennzeichen",
        "id",
    ];
    const TIME: &[&str] = &[
        "time",
        "timestamp",
        "time_utc",
        "time_local",
        "datetime",
        "date_time",
        "recorded_at",
        "gps_time",
        "tijd",
        "tijdstip",
        "datumtijd",
        "zeit",
        "zeitpunkt",
        "zeitstempel",
        "date",
    ];
    const LON: &[&str] = &["lon", "lng", "long", "longitude", "lengtegraad", "längengrad", "x"];
    const LAT: &[&str] = &["lat", "latitude", "breedtegraad", "breitengrad", "y"];
    const SPEED: &[&str] = &["speed_ms", "speed_mps"];

    fn find(table: &Table, columns: &Columns) -> Result<Self> {
        Ok(Self {
            vehicle: table.chosen(columns.vehicle.as_deref(), Self::VEHICLE)?,
            time: table.needed(columns.time.as_deref(), Self::TIME, "time")?,
            lon: table.needed(columns.lon.as_deref(), Self::LON, "lon")?,
            lat: table.needed(columns.lat.as_deref(), Self::LAT, "lat")?,
            speed: table.chosen(columns.speed.as_deref(), Self::SPEED)?,
        })
    }

    fn batch(&self, block: &Block, only_vehicle: &str, date_format: Option<&str>) -> Batch {
        let mut batch = Batch::default();
        block.rows(|row, record| {
            batch.read += 1;
            let field = |place: usize| {
                record.and_then(|record| record.get(place)).map_or(Cow::Borrowed(""), |field| text(field).0)
            };
            let (time, lon, lat) = (field(self.time), field(self.lon), field(self.lat));
            let written =
                date_format.map_or_else(|| Written::parse(&time), |format| Written::parse_as(format, &time));
            let (Some(written), Some(lon), Some(lat)) = (written, number(&lon), number(&lat)) else {
                let value = if dates::may_be_shown(&time) { time.into_owned() } else { String::new() };
                batch.unreadable.push((row, value));
                return;
            };
            let named = self.vehicle.map_or(Cow::Borrowed(""), &field);
            let vehicle = batch.words.intern(if is_missing(&named) { only_vehicle } else { &named });
            let speed_ms = self.speed.and_then(|place| number(&field(place))).unwrap_or(f64::NAN);
            batch.evidence.add(written);
            #[expect(clippy::cast_possible_truncation, reason = "a speed needs seven digits at most")]
            let fix = (
                row.try_into().unwrap_or(u32::MAX),
                vehicle,
                written,
                LonLat::new(lon, lat),
                speed_ms as f32,
            );
            batch.rows.push(fix);
        });
        batch
    }
}

impl Reading<'_> {
    fn file(&self) -> u32 {
        u32::try_from(self.origins.len() - 1).expect("a project names fewer than 2^32 files")
    }

    fn origin(&mut self) -> &mut Origin {
        self.origins.last_mut().expect("a file was begun")
    }

    /// Keeps a fix of the file begun last, if it lies somewhere.
    fn keep(&mut self, row: u64, vehicle: u32, time: Option<i64>, degrees: LonLat, speed_ms: f32) {
        let is_null = degrees.lon == 0.0 && degrees.lat == 0.0;
        let at = self.plane.local(degrees).filter(|at| !is_null && self.comes_back(*at, degrees));
        let file = self.file();
        match (time, at) {
            (Some(time), Some(at)) => {
                let row = u32::try_from(row).unwrap_or(u32::MAX);
                self.fixes.push(Fix { vehicle, time, at, speed_ms, row, file });
            }
            _ => self.unreadable.push((file, row, format!("{}, {}", degrees.lon, degrees.lat))),
        }
    }

    /// Far from its home a projection gives numbers that lead nowhere.
    fn comes_back(&self, at: Local, degrees: LonLat) -> bool {
        let back = self.plane.crs().lon_lat(at.x, at.y);
        back.is_some_and(|back| {
            (back.lon - degrees.lon).abs() < 1e-6 && (back.lat - degrees.lat).abs() < 1e-6
        })
    }

    fn csv(&mut self, file: &SourceFile, source: &TrackSource) -> Result<()> {
        let table = Table::open(file, source.delimiter.as_deref(), None)?;
        let places = Places::find(&table, &source.columns)?;
        let about = format!("delimiter: {}; encoding: {}", table.delimiter(), table.encoding());
        let only_vehicle = source.vehicle.clone().unwrap_or_else(|| stem(file));
        let (mut evidence, mut rows) = (Evidence::default(), Vec::new());
        table.blocks(
            |block| places.batch(block, &only_vehicle, source.date_format.as_deref()),
            |batch| {
                let words: Vec<u32> = batch.words.iter().map(|word| self.words.intern(word)).collect();
                rows.extend(
                    batch.rows.into_iter().map(|(row, vehicle, time, at, speed)| {
                        (row, words[vehicle as usize], time, at, speed)
                    }),
                );
                evidence.merge(&batch.evidence);
                let file = self.file();
                self.unreadable.extend(batch.unreadable.into_iter().map(|(row, value)| (file, row, value)));
                self.origin().read += batch.read;
            },
        )?;
        let order = evidence.order().unwrap_or_else(|| evidence.usual_order(self.clock));
        let mut converter = Converter::new(self.clock, order, false, false);
        for (row, vehicle, written, at, speed_ms) in rows {
            let time =
                converter.instant(written).filter(|(_, is_date_only)| !is_date_only).map(|(time, _)| time);
            self.keep(u64::from(row), vehicle, time, at, speed_ms);
        }
        self.origin().noticed = format!("{about}; {}", evidence.describe(order));
        Ok(())
    }

    /// A vehicle per file or, where tracks have names of their own, per track.
    fn gpx(&mut self, file: &SourceFile, source: &TrackSource) -> Result<()> {
        let gpx = gpx::read(file.reader()?).map_err(|cause| Error::reading(&file.path, cause))?;
        let mut row = 0;
        for track in &gpx.tracks {
            let named = source.vehicle.clone().or_else(|| track.name.clone());
            let vehicle = self.words.intern(&named.unwrap_or_else(|| stem(file)));
            for point in track.segments.iter().flat_map(|segment| &segment.points) {
                row += 1;
                let time =
                    point.time.and_then(|time| time.format().ok()).and_then(|text| self.instant(&text));
                #[expect(clippy::cast_possible_truncation, reason = "a speed needs seven digits at most")]
                let speed_ms = point.speed.map_or(f32::NAN, |speed| speed as f32);
                self.keep(row, vehicle, time, LonLat::new(point.point().x(), point.point().y()), speed_ms);
            }
        }
        self.origin().read = row;
        Ok(())
    }

    fn instant(&self, text: &str) -> Option<i64> {
        let mut converter = Converter::new(self.clock, dates::Order::DayFirst, false, false);
        converter.instant(Written::parse(text)?).map(|(time, _)| time)
    }

    /// `LineString`s (or several in one) with the times of their vertices in `coordTimes`.
    fn geojson(&mut self, file: &SourceFile, source: &TrackSource) -> Result<()> {
        let whole: Value =
            serde_json::from_slice(&file.bytes()?).map_err(|cause| Error::reading(&file.path, cause))?;
        let features = match whole.get("features").and_then(Value::as_array) {
            Some(features) => features.as_slice(),
            None => std::slice::from_ref(&whole),
        };
        let mut row = 0;
        let (vehicle_key, time_key) = (
            source.columns.vehicle.as_deref().unwrap_or("vehicle"),
            source.columns.time.as_deref().unwrap_or("coordTimes"),
        );
        for feature in features {
            let property = |name: &str| feature.get("properties").and_then(|properties| properties.get(name));
            let named =
                property(vehicle_key).or_else(|| property("vehicle_id")).and_then(|value| match value {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                });
            let vehicle = self.words.intern(&source.vehicle.clone().or(named).unwrap_or_else(|| stem(file)));
            let times = property(time_key).or_else(|| property("times")).map(flattened).unwrap_or_default();
            let vertices = feature.pointer("/geometry/coordinates").map(pairs).unwrap_or_default();
            for (place, pair) in vertices.iter().enumerate() {
                row += 1;
                let time = times.get(place).and_then(|time| match time {
                    Value::String(text) => self.instant(text),
                    Value::Number(number) => self.instant(&number.to_string()),
                    _ => None,
                });
                self.keep(row, vehicle, time, *pair, f32::NAN);
            }
        }
        self.origin().read = row;
        Ok(())
    }

    /// Sorts the fixes into tracks and leaves out what a truck cannot have driven.
    fn tracks(mut self, issues: &mut Issues, counts: &mut Vec<SourceCount>) -> Vec<Track> {
        let key = |fix: &Fix| (fix.vehicle, fix.time);
        self.fixes.sort_by(|a, b| {
            let same_instant = || {
                a.at.total_cmp(&b.at)
                    .then(a.speed_ms.total_cmp(&b.speed_ms))
                    .then((a.file, a.row).cmp(&(b.file, b.row)))
            };
            key(a).cmp(&key(b)).then_with(same_instant)
        });
        let mut used = vec![0; self.origins.len()];
        let mut left_out: Vec<(Fix, Code)> = Vec::new();
        let mut tracks = BTreeMap::new();
        for fixes in self.fixes.chunk_by(|a, b| a.vehicle == b.vehicle) {
            let kept = drivable(fixes, &mut left_out);
            for fix in &kept {
                used[fix.file as usize] += 1;
            }
            let vehicle = self.words.get(fixes[0].vehicle).to_owned();
            let track = Track {
                vehicle: vehicle.clone(),
                time: kept.iter().map(|fix| fix.time).collect(),
                at: kept.iter().map(|fix| fix.at).collect(),
                speed_ms: kept.iter().map(|fix| fix.speed_ms).collect(),
            };
            tracks.insert(vehicle, track);
        }
        self.tell(&left_out, &used, issues, counts);
        tracks.into_values().filter(|track| !track.is_empty()).collect()
    }

    fn tell(
        &self,
        left_out: &[(Fix, Code)],
        used: &[u64],
        issues: &mut Issues,
        counts: &mut Vec<SourceCount>,
    ) {
        let mut sums = vec![0; self.origins.len()];
        for (file, row, value) in &self.unreadable {
            issues.add(&self.origins[*file as usize].name, *row, "", Code::FixUnreadable, value);
            sums[*file as usize] += 1;
        }
        for (fix, code) in left_out {
            let value = self.clock.rfc3339(fix.time);
            issues.add(&self.origins[fix.file as usize].name, u64::from(fix.row), "", *code, &value);
            sums[fix.file as usize] += 1;
        }
        for ((origin, &used), left_out) in self.origins.iter().zip(used).zip(sums) {
            debug_assert_eq!(origin.read, used + left_out, "every fix is used or left out");
            counts.push(SourceCount {
                what: "tracks",
                file: origin.name.to_string(),
                format: origin.format.to_owned(),
                noticed: origin.noticed.clone(),
                read: origin.read,
                used,
                left_out,
            });
        }
    }
}

/// The fixes of one vehicle, in the order of time, without those that it cannot have driven.
fn drivable(fixes: &[Fix], left_out: &mut Vec<(Fix, Code)>) -> Vec<Fix> {
    let mut single: Vec<Fix> = Vec::with_capacity(fixes.len());
    for &fix in fixes {
        let is_repeated = single.last().is_some_and(|last| last.time == fix.time && last.at == fix.at);
        if is_repeated { left_out.push((fix, Code::FixRepeated)) } else { single.push(fix) }
    }
    let is_jump = |from: &Fix, to: &Fix| {
        // Two places in one second are a jump only if no truck is that long.
        let seconds = (to.time - from.time).max(1) as f64;
        from.at.distance_m(to.at) > MAX_SPEED_MS * seconds
    };
    let mut kept: Vec<Fix> = Vec::with_capacity(single.len());
    for (place, fix) in single.iter().enumerate() {
        let before = kept.last().map(|before| is_jump(before, fix));
        let after = single.get(place + 1).map(|after| is_jump(fix, after));
        let leaves_out = match (before, after) {
            (Some(before), Some(after)) => before && after,
            // The first and the last have one neighbour: the second and the last but one judge with it.
            (None, Some(after)) => after && single.get(2).is_some_and(|third| !is_jump(&single[1], third)),
            (Some(before), None) => {
                before && kept.len() > 1 && !is_jump(&kept[kept.len() - 2], &kept[kept.len() - 1])
            }
            (None, None) => false,
        };
        if leaves_out { left_out.push((*fix, Code::FixJump)) } else { kept.push(*fix) }
    }
    kept
}

fn stem(file: &SourceFile) -> String {
    let name = file.name.rsplit('/').next().unwrap_or(&file.name);
    name.split('.').next().unwrap_or(name).to_owned()
}

/// The vertices of a line or of several.
fn pairs(coordinates: &Value) -> Vec<LonLat> {
    let number = |pair: &Value, index: usize| pair.get(index).and_then(Value::as_f64);
    match coordinates.as_array().map_or(&[][..], Vec::as_slice) {
        list if list.first().and_then(|first| first.get(0)).is_some_and(Value::is_number) => {
            let pair =
                |pair| LonLat::new(number(pair, 0).unwrap_or(f64::NAN), number(pair, 1).unwrap_or(f64::NAN));
            list.iter().map(pair).collect()
        }
        lines => lines.iter().filter(|line| line.is_array()).flat_map(pairs).collect(),
    }
}

/// The times of a line or of several, one after the other.
fn flattened(times: &Value) -> Vec<&Value> {
    times
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|time| if time.is_array() { flattened(time) } else { vec![time] })
        .collect()
}

#[cfg(test)]
mod tests;
