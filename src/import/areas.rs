//! Areas: polygons of layers in, [`Area`]s out, in the order of their ids.
//!
//! Whether a border belongs to this or that side is for `link` to say. Overlapping areas are kept as they are.

use std::sync::Arc;

use serde::Deserialize;

use crate::error::Result;
use crate::import::Settings;
use crate::import::assets::Ids;
use crate::import::open::{SourceFile, files};
use crate::import::vector::{self, Feature, Wish};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::area::Area;
use crate::place::Plane;

/// One `[[sources.areas]]` of a project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AreaSource {
    /// GeoJSON or GeoPackage with polygons; relative to the project file; may hold `*`.
    pub path: String,
    /// The property that holds the id; guessed when absent, else the name.
    pub id: Option<String>,
    /// The property that holds the name; guessed when absent, else the id.
    pub name: Option<String>,
    /// The system of the coordinates, where the file does not say so.
    pub crs: Option<String>,
    /// The layer of a GeoPackage; the first when absent.
    pub layer: Option<String>,
}

/// An area with the record it comes from.
struct Found {
    area: Area,
    file: Arc<str>,
    row: u64,
}

/// Reads all sources of areas.
///
/// # Errors
/// When a file is missing, damaged or of no known format.
pub fn read(
    sources: &[AreaSource],
    settings: &Settings<'_>,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Vec<Area>> {
    let mut found = Vec::new();
    for source in sources {
        for file in files(settings.base, &source.path)? {
            counts.push(read_layer(source, &file, plane, issues, &mut found)?);
        }
    }
    Ok(with_unique_ids(found, issues))
}

fn read_layer(
    source: &AreaSource,
    file: &SourceFile,
    plane: &Plane,
    issues: &mut Issues,
    found: &mut Vec<Found>,
) -> Result<SourceCount> {
    let wish = Wish { crs: source.crs.as_deref(), layer: source.layer.as_deref() };
    let layer = vector::read(file, wish, plane, issues)?;
    let before = found.len();
    for feature in layer.features {
        let (id, name) = names(source, &feature);
        let Some(shape) = vector::polygons(feature.shape) else {
            issues.add(&file.name, feature.row, "geometry", Code::ShapeUnreadable, "not a polygon");
            continue;
        };
        let area = Area { id, name, shape };
        found.push(Found { area, file: Arc::clone(&file.name), row: feature.row });
    }
    let used = (found.len() - before) as u64;
    Ok(SourceCount {
        what: "areas",
        file: file.name.to_string(),
        format: layer.format.to_owned(),
        noticed: layer.noticed,
        read: layer.read,
        used,
        left_out: layer.read - used,
    })
}

/// Id and name of an area. What people call it makes a better id than the number of a row.
fn names(source: &AreaSource, feature: &Feature) -> (String, String) {
    const IDS: &[&str] = &["area_id", "id", "code", "gid", "wijkcode", "buurtcode", "kuerzel"];
    const NAMES: &[&str] = &["name", "naam", "label", "wijknaam", "buurtnaam", "bezeichnung", "nom", "nimi"];
    const ROWS: &[&str] = &["objectid", "fid", "ogc_fid", "objid"];
    let properties = &feature.properties;
    let name = properties.chosen(source.name.as_deref(), NAMES);
    let id = properties
        .chosen(source.id.as_deref(), IDS)
        .or_else(|| name.clone())
        .or_else(|| properties.first_text(ROWS));
    let id = id.unwrap_or_else(|| format!("area {}", feature.row));
    let name = name.unwrap_or_else(|| id.clone());
    (id, name)
}

/// Sorts by id; the second of the same id gets `#2`.
fn with_unique_ids(mut found: Vec<Found>, issues: &mut Issues) -> Vec<Area> {
    found.sort_by(|a, b| {
        let first_corner =
            |one: &Found| one.area.shape.0.first().map_or((0.0, 0.0), |part| part.exterior()[0].x_y());
        let (here, there) = (first_corner(a), first_corner(b));
        (&a.area.id, &a.area.name)
            .cmp(&(&b.area.id, &b.area.name))
            .then(here.0.total_cmp(&there.0))
            .then(here.1.total_cmp(&there.1))
            .then_with(|| (&a.file, a.row).cmp(&(&b.file, b.row)))
    });
    let mut ids = Ids::new(found.iter().map(|one| one.area.id.as_str()));
    for one in &mut found {
        if let Some(id) = ids.instead_of(&one.area.id) {
            issues.add(&one.file, one.row, "id", Code::RepeatedAssetId, &one.area.id);
            one.area.id = id;
        }
    }
    let mut areas: Vec<Area> = found.into_iter().map(|one| one.area).collect();
    areas.sort_by(|a, b| a.id.cmp(&b.id));
    areas
}

#[cfg(test)]
mod tests;
