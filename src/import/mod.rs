//! Files in, the model and issues out.
//!
//! A file that cannot be read stops the run; a record that cannot be read is an
//! [`Issue`](crate::issue::Issue). Nothing is lost silently: per source, read = used + left out.

pub mod open;
pub mod dates;
pub mod columns;
pub mod vector;
pub mod osm;
pub mod streets;
pub mod register;
pub mod assets;
pub mod areas;
pub mod rounds;
pub mod kind_words;
#[cfg(test)]
mod testing;
pub mod reports;
pub mod tracks;
pub mod services;

use std::path::Path;

use geo::CoordsIter;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::issue::{Effect, Issues, SourceCount};
use crate::model::address::Addresses;
use crate::model::area::Area;
use crate::model::asset::Asset;
use crate::model::kind::Kind;
use crate::model::report::Reports;
use crate::model::round::Rounds;
use crate::model::service::Services;
use crate::model::street::Streets;
use crate::model::track::Track;
use crate::period::{Clock, Period};
use crate::place::{Crs, Plane};
use crate::progress::Progress;
use crate::unit::{Local, LonLat};

/// `[sources]` of a project: what it reads.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sources {
    /// Streets: paths, or tables with a path.
    pub streets: Vec<streets::StreetSource>,
    /// Address registers.
    pub register: Vec<register::RegisterSource>,
    /// Bins, bollards, lamps.
    pub assets: Vec<assets::AssetSource>,
    /// Districts and other areas.
    pub areas: Vec<areas::AreaSource>,
    /// Planned rounds.
    pub rounds: Vec<rounds::RoundSource>,
    /// Reports of citizens.
    pub reports: Vec<reports::ReportSource>,
    /// Fixes of the vehicles.
    pub tracks: Vec<tracks::TrackSource>,
    /// Lifts and weighings.
    pub services: Vec<services::ServiceSource>,
}

impl Sources {
    /// Every path that they name.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let streets = self.streets.iter().map(|source| source.path.as_str());
        let register = self.register.iter().map(|source| source.path.as_str());
        let assets = self.assets.iter().map(|source| source.path.as_str());
        let areas = self.areas.iter().map(|source| source.path.as_str());
        let rounds = self.rounds.iter().map(|source| source.path.as_str());
        let reports = self.reports.iter().map(|source| source.path.as_str());
        let tracks = self.tracks.iter().map(|source| source.path.as_str());
        let services = self.services.iter().map(|source| source.path.as_str());
        let places = streets.chain(register).chain(assets).chain(areas);
        places.chain(rounds).chain(reports).chain(tracks).chain(services)
    }
}

/// What every reader needs to know about the project.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// The folder of the project file; paths are relative to it.
    pub base: &'a Path,
    /// The project's clock: times without an offset are wall-clock times there.
    pub clock: &'a Clock,
    /// The working plane that the project asks for, as in `EPSG:28992`.
    pub crs: Option<&'a str>,
    /// The days that the project looks at; all when absent.
    pub period: Option<Period>,
    /// Patterns of category words with the kind that they mean.
    pub kinds: &'a [(String, Kind)],
}

/// Everything that was read.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The working plane: the project's, or the UTM zone of its data.
    pub plane: Plane,
    /// Reports in canonical order.
    pub reports: Reports,
    /// Streets.
    pub streets: Streets,
    /// Addresses.
    pub addresses: Addresses,
    /// Assets in the order of kind, id and position.
    pub assets: Vec<Asset>,
    /// Areas in the order of their ids.
    pub areas: Vec<Area>,
    /// Planned rounds.
    pub rounds: Rounds,
    /// Driven rounds, in the order of the vehicles' ids.
    pub tracks: Vec<Track>,
    /// Logged emptyings, in the order of the sites' ids.
    pub services: Services,
    /// What was wrong with single records.
    pub issues: Issues,
    /// What became of the records of each source.
    pub counts: Vec<SourceCount>,
    /// SHA-256 of each file, by its path in the project.
    pub digests: Vec<(String, String)>,
    /// Attribution lines that the sources ask for.
    pub attribution: Vec<String>,
    /// Whether any source says of itself that it is synthetic.
    pub is_synthetic: bool,
}

/// The city in which the reports lie.
#[derive(Debug, Clone)]
pub struct City {
    /// The working plane.
    pub plane: Plane,
    /// Streets.
    pub streets: Streets,
    /// Addresses.
    pub addresses: Addresses,
    /// Assets in the order of kind, id and position.
    pub assets: Vec<Asset>,
    /// Areas in the order of their ids.
    pub areas: Vec<Area>,
}

impl City {
    /// The middle of its streets, else of its addresses.
    pub fn middle(&self) -> Option<LonLat> {
        middle(&self.streets.nodes).or_else(|| middle(&self.addresses.at)).map(|at| self.plane.lon_lat(at))
    }
}

/// What each kind of source can be, with the name that a project file uses and a line about it.
pub fn formats() -> Vec<(&'static str, &'static str, &'static str)> {
    let reports = reports::FORMATS.iter().map(|format| ("reports", format.name(), format.about()));
    let tracks = tracks::FORMATS.iter().map(|&(name, about)| ("tracks", name, about));
    let services = services::FORMATS.iter().map(|&(name, about)| ("services", name, about));
    reports.chain(SHAPES.iter().copied()).chain(tracks).chain(services).collect()
}

/// Formats that are told from the file itself.
const SHAPES: &[(&str, &str, &str)] = &[
    ("streets", "osm.pbf", "OpenStreetMap extract: ways with classes, one-ways and truck access"),
    ("streets", "geojson, gpkg", "lines; those that share an end meet there"),
    ("register", "osm.pbf", "the addresses of an OpenStreetMap extract"),
    ("register", "idx", "a register saved with `paaltje geocode --save`: small, and loaded in a moment"),
    (
        "register",
        "csv, geojson, gpkg",
        "one address a row; BAG (NLExtract, bag-light) and OpenAddresses are known",
    ),
    ("assets", "osm.pbf", "bins, containers, bollards, lamps, signs of an OpenStreetMap extract"),
    ("assets", "geojson, gpkg", "points, or the middles of other shapes"),
    ("areas", "geojson, gpkg", "polygons"),
    ("rounds", "gtfs", "GTFS Schedule feed, a folder or a zip, with vehicles.csv beside it"),
    (
        "rounds",
        "areas",
        "polygons (geojson, gpkg) with the weekdays on which everything in them is collected",
    ),
];

/// Reads everything that a project names.
///
/// The working plane is the project's `crs`, or else the UTM zone around the middle of the first source that
/// has coordinates, in the order streets, register, assets, areas, reports.
///
/// # Errors
/// When a file cannot be read as a whole, a setting does not fit its file, or no report can be used.
pub fn inputs(sources: &Sources, settings: &Settings, progress: &dyn Progress) -> Result<Inputs> {
    let mut issues = Issues::new();
    let mut counts = Vec::new();
    let gathered = reports::gather(&sources.reports, settings, progress)?;
    let home = || gathered.home(settings.clock);
    let City { plane, streets, addresses, assets, areas } =
        city(sources, settings, home, &mut issues, &mut counts, progress)?;
    let anchor = middle(&streets.nodes).map(|at| plane.lon_lat(at));
    let reports = gathered.settle(settings, &plane, anchor, &mut issues, &mut counts);
    if reports.is_empty() {
        return Err(no_reports(&counts, &issues));
    }
    progress.begin("read rounds and tracks", 0);
    let rounds = rounds::read(&sources.rounds, settings, &plane, &mut issues, &mut counts)?;
    let tracks = tracks::read(&sources.tracks, settings, &plane, &mut issues, &mut counts)?;
    let services = services::read(&sources.services, settings, &mut issues, &mut counts)?;
    progress.begin("digest inputs", 0);
    Ok(Inputs {
        plane,
        reports,
        streets,
        addresses,
        assets,
        areas,
        rounds,
        tracks,
        services,
        issues,
        counts,
        digests: digests(sources, settings.base)?,
        attribution: attribution(sources),
        is_synthetic: is_synthetic(sources),
    })
}

/// Reads what surrounds the reports. `home` is where the project lies if no other source tells.
///
/// # Errors
/// When a file cannot be read as a whole, or nothing tells where the project lies.
pub fn city(
    sources: &Sources,
    settings: &Settings,
    home: impl FnOnce() -> Option<LonLat>,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
    progress: &dyn Progress,
) -> Result<City> {
    progress.begin("read the city", 0);
    let extracts = &mut osm::Extracts::default();
    let plane = match settings.crs {
        Some(code) => Plane::new(Crs::parse(code)?)?,
        None => match register::saved_plane(&sources.register, settings)? {
            Some(plane) => plane,
            None => {
                survey(extracts, sources, settings)?.or_else(home).map(Plane::utm).ok_or_else(no_place)?
            }
        },
    };
    Ok(City {
        streets: streets::read_with(extracts, &sources.streets, settings, &plane, issues, counts)?,
        addresses: register::read_with(extracts, &sources.register, settings, &plane, issues, counts)?,
        assets: assets::read(extracts, &sources.assets, settings, &plane, issues, counts)?,
        areas: areas::read(&sources.areas, settings, &plane, issues, counts)?,
        plane,
    })
}

/// The middle of the first source of shapes that has any, read for this alone: the plane must be known before
/// anything is read for good.
fn survey(extracts: &mut osm::Extracts, sources: &Sources, settings: &Settings) -> Result<Option<LonLat>> {
    /// Web Mercator carries every inhabited place.
    const ANYWHERE: u16 = 3857;
    let plane = Plane::new(Crs::from_epsg(ANYWHERE)?)?;
    let (issues, counts) = (&mut Issues::new(), &mut Vec::new());
    let streets = streets::read_with(extracts, &sources.streets, settings, &plane, issues, counts)?;
    let mut found = middle(&streets.nodes);
    if found.is_none() {
        found =
            middle(&register::read_with(extracts, &sources.register, settings, &plane, issues, counts)?.at);
    }
    if found.is_none() {
        let assets = assets::read(extracts, &sources.assets, settings, &plane, issues, counts)?;
        found = middle(&assets.iter().map(|asset| asset.at).collect::<Vec<_>>());
    }
    if found.is_none() {
        let areas = areas::read(&sources.areas, settings, &plane, issues, counts)?;
        let corner = |area: &Area| area.shape.exterior_coords_iter().next().map(Local::from);
        found = middle(&areas.iter().filter_map(corner).collect::<Vec<_>>());
    }
    Ok(found.map(|at| plane.lon_lat(at)))
}

/// The median of each coordinate: far points do not move it.
fn middle(points: &[Local]) -> Option<Local> {
    let median = |coordinate: fn(&Local) -> f64| {
        let mut values: Vec<f64> = points.iter().map(coordinate).collect();
        let half = values.len() / 2;
        *values.select_nth_unstable_by(half, f64::total_cmp).1
    };
    (!points.is_empty()).then(|| Local::new(median(|at| at.x), median(|at| at.y)))
}

/// SHA-256 of every file that is read, by name: those that the sources name, and what belongs to them.
fn digests(sources: &Sources, base: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for pattern in sources.paths() {
        files.extend(open::files(base, pattern)?);
    }
    for source in &sources.reports {
        for file in reports::files(base, &source.path)? {
            files.extend(reports::beside(&file)?);
        }
    }
    for source in &sources.rounds {
        files.extend(rounds::vehicles(source, base)?);
    }
    files.sort_by(|a, b| (&a.path, &a.name).cmp(&(&b.path, &b.name)));
    files.dedup_by(|later, first| later.path == first.path);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files.iter().map(|file| Ok((file.name.to_string(), file.digest()?))).collect()
}

/// The attribution lines of the sources, each once, in their order.
fn attribution(sources: &Sources) -> Vec<String> {
    let osm = sources.paths().any(osm::is_extract).then_some(osm::ATTRIBUTION);
    let own = sources.reports.iter().filter_map(|source| source.attribution.as_deref());
    let mut lines: Vec<String> = Vec::new();
    for line in osm.into_iter().chain(own) {
        if !lines.iter().any(|known| known == line) {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Whether any source says of itself that it was made up: `synthetic = true` in the project file.
fn is_synthetic(sources: &Sources) -> bool {
    sources.reports.iter().any(|source| source.synthetic)
        || sources.tracks.iter().any(|source| source.synthetic)
        || sources.rounds.iter().any(|source| source.synthetic)
        || sources.assets.iter().any(|source| source.synthetic)
}

fn no_place() -> Error {
    Error::NoData {
        message: "no source has a coordinate, so there is no working plane".to_owned(),
        hint: "name the columns that hold coordinates, add streets or a register, or set `crs`".to_owned(),
    }
}

/// Says why no report is left, with the reason that most rows have in common.
fn no_reports(counts: &[SourceCount], issues: &Issues) -> Error {
    let read: u64 = counts.iter().map(|count| count.read).sum();
    let reasons = issues.tally().into_iter().filter(|(code, _)| code.effect() == Effect::LeftOut);
    let hint = match reasons.max_by_key(|&(_, count)| count) {
        Some((code, count)) => {
            format!("{count} of them: {} ({}). {}", code.message(), code.code(), code.explanation())
        }
        None => "add [[sources.reports]] with a `path` to the project file".to_owned(),
    };
    Error::NoData { message: format!("none of the {read} reports can be used"), hint }
}
