//! GeoJSON and GeoPackage: features with their shape on the working plane and their properties.
//!
//! GeoJSON is in WGS84 unless it has the old `crs` member; a GeoPackage names its system; the project's `crs`
//! for the source goes before both. Heights and measures are dropped. A feature without a usable shape is an
//! issue; a file that is neither format, or breaks off, is an error. Curves are not read.

mod geojson;
mod geopackage;
mod wkb;

use geo::MapCoords;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::import::open::SourceFile;
use crate::issue::{Code, Issues};
use crate::place::{Crs, Plane};

/// What a project says about a file besides its path.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// The system of its coordinates, where the file does not say so or says it wrongly.
    pub crs: Option<&'a str>,
    /// The layer of a GeoPackage; the first when absent.
    pub layer: Option<&'a str>,
}

/// The usable features of a layer.
#[derive(Debug, Clone)]
pub struct Layer {
    /// `geojson` or `geopackage`.
    pub format: &'static str,
    /// What was found out about the file, for its [`SourceCount`](crate::issue::SourceCount).
    pub noticed: String,
    /// Features in the file.
    pub read: u64,
    /// Those with a usable shape, in the order of the file.
    pub features: Vec<Feature>,
}

/// One feature.
#[derive(Debug, Clone)]
pub struct Feature {
    /// Its place in the file, from 1.
    pub row: u64,
    /// Its shape on the working plane; every coordinate is finite, no part is empty.
    pub shape: geo::Geometry<f64>,
    /// What else is known about it.
    pub properties: Properties,
}

/// The properties of a feature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties(Vec<(String, Value)>);

impl Properties {
    /// The value of a property: the name as given, else in other capitals. `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let exact = self.0.iter().find(|(key, _)| key == name);
        let found = exact.or_else(|| self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// The text of a property, trimmed; numbers as the file writes them. `None` where it is empty.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = match self.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => plain(number),
            Value::Bool(value) => value.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// The number of a property, also where it is written as text. `None` unless it is finite.
    pub fn number(&self, name: &str) -> Option<f64> {
        let number = match self.get(name)? {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => text.trim().replace(',', ".").parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// The first of `names` that this feature has a text for.
    pub fn first_text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name))
    }

    /// The text of the property that the project names; where it names none, that of the first of `guesses`.
    pub fn chosen(&self, named: Option<&str>, guesses: &[&str]) -> Option<String> {
        match named {
            Some(name) => self.text(name),
            None => self.first_text(guesses),
        }
    }

    /// The names of all properties.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// `1077.0` is the id 1077: some programs write every number as a float.
fn plain(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if !number.is_i64() && !number.is_u64() && value.fract() == 0.0 && value.abs() < 1e15 => {
            format!("{value:.0}")
        }
        _ => number.to_string(),
    }
}

/// A feature before it lies on the plane.
#[derive(Debug, Clone)]
struct Raw {
    /// `None` where the file gives none, or one that cannot be used.
    shape: Option<geo::Geometry<f64>>,
    properties: Properties,
}

/// All features of a layer, with the system of their coordinates.
#[derive(Debug)]
struct RawLayer {
    format: &'static str,
    crs: Crs,
    noticed: String,
    features: Vec<Raw>,
}

/// Reads a file. Features without a usable shape are issues.
///
/// # Errors
/// When it is neither GeoJSON nor a GeoPackage, is damaged, has no such layer, or when none of its features
/// lies where its system says.
pub fn read(file: &SourceFile, wish: Wish<'_>, plane: &Plane, issues: &mut Issues) -> Result<Layer> {
    let raw = read_raw(file, wish)?;
    let read = raw.features.len() as u64;
    let mut features = Vec::with_capacity(raw.features.len());
    let mut outside = Vec::new();
    for (feature, row) in raw.features.into_iter().zip(1..) {
        let Some(shape) = feature.shape else {
            issues.add(&file.name, row, "geometry", Code::ShapeUnreadable, "");
            continue;
        };
        match on_plane(&shape, &raw.crs, plane) {
            Some(shape) => features.push(Feature { row, shape, properties: feature.properties }),
            None => outside.push((row, first_pair(&shape))),
        }
    }
    if features.is_empty() && !outside.is_empty() {
        return Err(all_outside(file, &raw.crs, &outside[0].1));
    }
    for (row, pair) in outside {
        issues.add(&file.name, row, "geometry", Code::ShapeOutsidePlane, &pair);
    }
    Ok(Layer { format: raw.format, noticed: raw.noticed, read, features })
}

/// The names of the layers of a GeoPackage; none for other files.
///
/// # Errors
/// When the file cannot be read.
pub fn layers(file: &SourceFile) -> Result<Vec<String>> {
    if is_geopackage(file)? { geopackage::layers(file) } else { Ok(Vec::new()) }
}

/// The polygons of a shape; `None` where it is no area.
pub fn polygons(shape: geo::Geometry<f64>) -> Option<geo::MultiPolygon<f64>> {
    match shape {
        geo::Geometry::Polygon(polygon) => Some(geo::MultiPolygon(vec![polygon])),
        geo::Geometry::MultiPolygon(polygons) => Some(polygons),
        _ => None,
    }
}

fn read_raw(file: &SourceFile, wish: Wish<'_>) -> Result<RawLayer> {
    let given = wish.crs.map(Crs::parse).transpose()?;
    if is_geopackage(file)? { geopackage::read(file, given, wish.layer) } else { geojson::read(file, given) }
}

fn is_geopackage(file: &SourceFile) -> Result<bool> {
    let mut head = [0; 16];
    let length = {
        use std::io::Read;
        let mut reader = file.reader()?.take(16);
        let mut length = 0;
        while let Ok(more @ 1..) = reader.read(&mut head[length..]) {
            length += more;
        }
        length
    };
    Ok(head[..length].starts_with(geopackage::MAGIC))
}

/// The shape that well-known binary holds, if it can be used.
#[cfg(feature = "parquet")]
pub(super) fn wkb_shape(bytes: &[u8]) -> Option<geo::Geometry<f64>> {
    wkb::plain(bytes)
}

/// `None` unless the plane can carry every corner, and give it back in degrees.
fn on_plane(shape: &geo::Geometry<f64>, crs: &Crs, plane: &Plane) -> Option<geo::Geometry<f64>> {
    let corner = |at: geo::Coord<f64>| {
        let found = plane.from_pair(crs, at.x, at.y)?;
        let is_on_earth = crs.epsg() != plane.crs().epsg() || crs.lon_lat(at.x, at.y).is_some();
        (is_on_earth && found.is_somewhere()).then_some(found.into())
    };
    shape.try_map_coords(|at| corner(at).ok_or(())).ok()
}

fn first_pair(shape: &geo::Geometry<f64>) -> String {
    use geo::CoordsIter;
    shape.coords_iter().next().map_or_else(String::new, |at| format!("{}, {}", at.x, at.y))
}

/// Every single feature lies off the globe: that is a wrong system, not bad records.
fn all_outside(file: &SourceFile, crs: &Crs, pair: &str) -> Error {
    Error::unreadable(
        &file.path,
        format!("no feature lies within EPSG:{} ({}); the first is at {pair}", crs.epsg(), crs.name()),
        "set `crs` for this source in the project file, as in `crs = \"EPSG:28992\"`",
    )
}

/// A shape that can be used: finite, no empty parts, rings of at least three corners.
fn usable(shape: geo::Geometry<f64>) -> Option<geo::Geometry<f64>> {
    use geo::Geometry::{
        GeometryCollection, Line, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
        Rect, Triangle,
    };
    let is_finite = |at: &geo::Coord<f64>| at.x.is_finite() && at.y.is_finite();
    let is_line = |line: &geo::LineString<f64>| line.0.len() >= 2 && line.0.iter().all(is_finite);
    let is_ring = |ring: &geo::LineString<f64>| ring.0.len() >= 4 && ring.0.iter().all(is_finite);
    let is_area = |area: &geo::Polygon<f64>| is_ring(area.exterior()) && area.interiors().iter().all(is_ring);
    let is_usable = match &shape {
        Point(point) => is_finite(&point.0),
        LineString(line) => is_line(line),
        Polygon(area) => is_area(area),
        MultiPoint(points) => !points.0.is_empty() && points.0.iter().all(|point| is_finite(&point.0)),
        MultiLineString(lines) => !lines.0.is_empty() && lines.0.iter().all(is_line),
        MultiPolygon(areas) => !areas.0.is_empty() && areas.0.iter().all(is_area),
        GeometryCollection(_) | Line(_) | Rect(_) | Triangle(_) => false,
    };
    is_usable.then_some(shape)
}

#[cfg(test)]
mod tests;
