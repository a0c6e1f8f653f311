//! The truth files of a season in, what really happened out.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

/// Route, stop and service day.
pub(crate) type Key = (String, String, String);

/// What became of a planned visit.
pub(crate) struct TrueVisit {
    /// Seconds UTC; `None` where it was not made.
    pub(crate) served_at: Option<i64>,
    pub(crate) cause: String,
    /// Whether the track shows that moment.
    pub(crate) is_recorded: bool,
}

/// Why a report came in, and what is nearest to it.
pub(crate) struct TrueReport {
    pub(crate) stop: String,
    pub(crate) diagnosis: String,
    /// The stop nearest to its coordinate; empty without one.
    pub(crate) nearest: String,
}

/// A season as it was.
pub(crate) struct Truth {
    pub(crate) visits: BTreeMap<Key, TrueVisit>,
    pub(crate) reports: BTreeMap<String, TrueReport>,
    /// Whether each stop is too small for its place.
    pub(crate) is_undersized: BTreeMap<String, bool>,
}

/// One row by the names of its columns.
pub(crate) type Row = BTreeMap<String, String>;

/// All rows of a table, compressed or not.
///
/// # Panics
/// When it cannot be read.
pub(crate) fn rows(path: &Path) -> Vec<Row> {
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_zipped = path.extension().is_some_and(|end| end == "gz");
    let text: Box<dyn Read> = if is_zipped { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    let rows: Result<Vec<Row>, _> = csv::Reader::from_reader(text).deserialize().collect();
    rows.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Truth {
    pub(crate) fn read(folder: &Path) -> Self {
        let visit = |row: Row| {
            let served_at = row["served_time"].parse().ok().filter(|_| row["outcome"] == "served");
            let is_recorded = row["track_recorded"] == "1";
            let key = (row["route_id"].clone(), row["stop_id"].clone(), row["service_date"].clone());
            (key, TrueVisit { served_at, cause: row["cause"].clone(), is_recorded })
        };
        let is_undersized = |row: Row| (row["stop_id"].clone(), row["undersized"] == "1");
        Self {
            visits: rows(&folder.join("truth_visits.csv.gz")).into_iter().map(visit).collect(),
            reports: reports(folder),
            is_undersized: rows(&folder.join("truth_stops.csv")).into_iter().map(is_undersized).collect(),
        }
    }
}

fn reports(folder: &Path) -> BTreeMap<String, TrueReport> {
    let place = |row: &Row, lon: &str, lat: &str| Some((row[lon].parse().ok()?, row[lat].parse().ok()?));
    let stops: Vec<(String, (f64, f64))> = rows(&folder.join("gtfs/stops.txt"))
        .into_iter()
        .filter_map(|row| Some((row["stop_id"].clone(), place(&row, "stop_lon", "stop_lat")?)))
        .collect();
    let places: BTreeMap<String, (f64, f64)> = rows(&folder.join("reports.csv"))
        .into_iter()
        .filter_map(|row| Some((row["report_id"].clone(), place(&row, "lon", "lat")?)))
        .collect();
    let nearest = |(lon, lat): (f64, f64)| {
        let narrow = lat.to_radians().cos();
        let far = |stop: &(f64, f64)| (narrow * (stop.0 - lon)).hypot(stop.1 - lat);
        stops.iter().min_by(|a, b| far(&a.1).total_cmp(&far(&b.1))).map(|stop| stop.0.clone())
    };
    let report = |row: Row| {
        let nearest = places.get(&row["report_id"]).and_then(|&at| nearest(at)).unwrap_or_default();
        let (stop, diagnosis) = (row["stop_id"].clone(), row["diagnosis"].clone());
        (row["report_id"].clone(), TrueReport { stop, diagnosis, nearest })
    };
    rows(&folder.join("truth_reports.csv")).into_iter().map(report).collect()
}
