//! Assets: features of layers and OpenStreetMap extracts in, [`Asset`]s out, in the order of kind, id and
//! position.
//!
//! A line or outline stands where its centroid lies. Ids that a project names are kept as they are; ids that
//! are guessed count rows of one file (`OBJECTID`), so they get the kind before them to be unique in the
//! project. Assets that moved or were taken away over time are not told apart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use geo::Centroid;
use serde::Deserialize;

use crate::error::Result;
use crate::import::Settings;
use crate::import::open::{SourceFile, files};
use crate::import::osm::{self, Extracts};
use crate::import::vector::{self, Properties, Wish};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::asset::{Asset, AssetKind};
use crate::place::Plane;
use crate::unit::Local;

/// One `[[sources.assets]]` of a project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetSource {
    /// GeoJSON, GeoPackage or `.osm.pbf`; relative to the project file; may hold `*`.
    pub path: String,
    /// What the features are. From an extract, only things of this kind are taken.
    pub kind: AssetKind,
    /// The property that holds the id; guessed when absent, else made from the position.
    #[serde(default)]
    pub id: Option<String>,
    /// The property that holds how many litres go in; not known when absent.
    #[serde(default)]
    pub capacity_l: Option<String>,
    /// The system of the coordinates, where the file does not say so.
    #[serde(default)]
    pub crs: Option<String>,
    /// The layer of a GeoPackage; the first when absent.
    #[serde(default)]
    pub layer: Option<String>,
    /// Whether the assets were made up by a simulation; maps and pages then say so. A property `synthetic`
    /// of a feature does the same for that feature.
    #[serde(default)]
    pub synthetic: bool,
}

/// An asset with the record it comes from.
struct Found {
    asset: Asset,
    file: Arc<str>,
    row: u64,
}

/// Reads all sources of assets; `extracts` are those that other sources may have read already.
///
/// # Errors
/// When a file is missing, damaged or of no known format.
pub(super) fn read(
    extracts: &mut Extracts,
    sources: &[AssetSource],
    settings: &Settings<'_>,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Vec<Asset>> {
    let mut found = Vec::new();
    for source in sources {
        for file in files(settings.base, &source.path)? {
            let before = found.len();
            let (format, noticed, read) = if osm::is_extract(&file.name) {
                read_extract(extracts, source, &file, plane, issues, &mut found)?
            } else {
                read_layer(source, &file, plane, issues, &mut found)?
            };
            let used = (found.len() - before) as u64;
            counts.push(SourceCount {
                what: "assets",
                file: file.name.to_string(),
                format: format.to_owned(),
                noticed: format!("{}; {noticed}", source.kind.name()),
                read,
                used,
                left_out: read - used,
            });
        }
    }
    Ok(with_unique_ids(found, issues))
}

type Read = (&'static str, String, u64);

fn read_extract(
    extracts: &mut Extracts,
    source: &AssetSource,
    file: &SourceFile,
    plane: &Plane,
    issues: &mut Issues,
    found: &mut Vec<Found>,
) -> Result<Read> {
    let points = extracts.get(file)?.assets(source.kind);
    let read = points.len() as u64;
    for point in points {
        let Some(at) = point.at.and_then(|at| plane.local(at)) else {
            issues.add(&file.name, point.row, "geometry", Code::ShapeUnreadable, &point.id);
            continue;
        };
        let tag =
            |name: &Option<String>| name.as_ref().and_then(|key| point.tags.get(key)).map(str::to_owned);
        let asset = Asset {
            id: tag(&source.id).unwrap_or(point.id),
            kind: source.kind,
            at,
            capacity_l: tag(&source.capacity_l).and_then(|litres| first_number(&litres)),
            is_synthetic: source.synthetic,
        };
        found.push(Found { asset, file: Arc::clone(&file.name), row: point.row });
    }
    Ok(("osm.pbf", osm::ATTRIBUTION.to_owned(), read))
}

fn read_layer(
    source: &AssetSource,
    file: &SourceFile,
    plane: &Plane,
    issues: &mut Issues,
    found: &mut Vec<Found>,
) -> Result<Read> {
    let wish = Wish { crs: source.crs.as_deref(), layer: source.layer.as_deref() };
    let layer = vector::read(file, wish, plane, issues)?;
    for feature in layer.features {
        let Some(at) = feature.shape.centroid() else {
            issues.add(&file.name, feature.row, "geometry", Code::ShapeUnreadable, "");
            continue;
        };
        let at = Local::new(at.x(), at.y());
        let properties = &feature.properties;
        let capacity = source.capacity_l.as_ref().and_then(|property| properties.text(property));
        let asset = Asset {
            id: id(source, properties, at, plane),
            kind: source.kind,
            at,
            capacity_l: capacity.and_then(|litres| first_number(&litres)),
            is_synthetic: source.synthetic || properties.text("synthetic").is_some_and(|is| is == "true"),
        };
        found.push(Found { asset, file: Arc::clone(&file.name), row: feature.row });
    }
    Ok((layer.format, layer.noticed, layer.read))
}

fn id(source: &AssetSource, properties: &Properties, at: Local, plane: &Plane) -> String {
    // `asset_id` is what this program itself writes, so it is unique in a project.
    const OWN: &str = "asset_id";
    const GUESSES: &[&str] = &["id", "objectid", "fid", "gid", "ogc_fid", "objid", "ref", "nummer", "code"];
    let named = properties.chosen(source.id.as_deref(), &[OWN]);
    let kind = source.kind.name();
    named.unwrap_or_else(|| match properties.first_text(GUESSES) {
        Some(guess) if source.id.is_none() => format!("{kind}-{guess}"),
        _ => {
            let degrees = plane.lon_lat(at);
            format!("{kind}@{:.6},{:.6}", degrees.lon, degrees.lat)
        }
    })
}

/// `110 Liter` and `L110` hold 110 litres.
fn first_number(text: &str) -> Option<f64> {
    let text = text.replace(',', ".");
    let text = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    text[..end].parse().ok().filter(|litres: &f64| litres.is_finite() && *litres > 0.0)
}

/// Sorts by kind, id and position; the second of the same id gets `#2`.
fn with_unique_ids(mut found: Vec<Found>, issues: &mut Issues) -> Vec<Asset> {
    found.sort_by(|a, b| canonical(&a.asset, &b.asset).then_with(|| (&a.file, a.row).cmp(&(&b.file, b.row))));
    let mut ids = Ids::new(found.iter().map(|one| one.asset.id.as_str()));
    for one in &mut found {
        if let Some(id) = ids.instead_of(&one.asset.id) {
            issues.add(&one.file, one.row, "id", Code::RepeatedAssetId, &one.asset.id);
            one.asset.id = id;
        }
    }
    let mut assets: Vec<Asset> = found.into_iter().map(|one| one.asset).collect();
    assets.sort_by(canonical);
    assets
}

/// Ids that are taken, and how often each was given out already.
pub(super) struct Ids {
    taken: BTreeSet<String>,
    given: BTreeMap<String, u64>,
}

impl Ids {
    /// All ids of a source, also where they repeat.
    pub(super) fn new<'a>(all: impl Iterator<Item = &'a str>) -> Self {
        Self { taken: all.map(str::to_owned).collect(), given: BTreeMap::new() }
    }

    /// Gives out an id: `None` the first time it is asked for, later a free one with `#2`, `#3`.
    pub(super) fn instead_of(&mut self, id: &str) -> Option<String> {
        let times = self.given.entry(id.to_owned()).or_insert(0);
        *times += 1;
        if *times == 1 {
            return None;
        }
        let mut free = format!("{id}#{times}");
        while self.taken.contains(&free) {
            *times += 1;
            free = format!("{id}#{times}");
        }
        self.taken.insert(free.clone());
        Some(free)
    }
}

fn canonical(a: &Asset, b: &Asset) -> std::cmp::Ordering {
    let litres = |asset: &Asset| asset.capacity_l.unwrap_or(0.0);
    (a.kind, &a.id)
        .cmp(&(b.kind, &b.id))
        .then_with(|| a.at.total_cmp(&b.at))
        .then_with(|| litres(a).total_cmp(&litres(b)))
        .then_with(|| a.is_synthetic.cmp(&b.is_synthetic))
}

#[cfg(test)]
mod tests;
