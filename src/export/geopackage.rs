//! All layers in one GeoPackage 1.3 (OGC 12-128r17), with spatial indexes and styles for QGIS. Layers without
//! geometry are tables of attributes (clause 2.4).
//!
//! Every date in it is the last day of the period, so that the same findings give the same bytes.

use std::fmt::Write as _;
use std::path::Path;

use geo::BoundingRect;
use geozero::{CoordDimensions, ToWkb};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Statement, Transaction, params, params_from_iter};

use crate::error::{Error, Result};
use crate::export::layer::{Frame, GeometryType, Holds, Layer, Value};
use crate::export::qgis;

/// "GPKG" in ASCII, and version 1.3.0.
const APPLICATION_ID: i32 = 0x4750_4b47;
const USER_VERSION: i32 = 10_300;

/// The tables of the standard (annex C) and of QGIS's styles.
const SCHEMA: &str = include_str!("geopackage.sql");

/// Writes `layers` to `path`.
///
/// # Errors
/// When the file cannot be written.
pub fn write(layers: &[Layer<'_>], frame: Frame<'_>, path: &Path) -> Result<()> {
    database(layers, frame, path).map_err(|source| Error::writing(path, source))
}

fn database(layers: &[Layer<'_>], frame: Frame<'_>, path: &Path) -> rusqlite::Result<()> {
    let mut connection = Connection::open(path)?;
    // The file is new and renamed into place when whole: a journal would protect nothing.
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096; \
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {USER_VERSION};"
    ))?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    reference_system(&transaction, frame)?;
    for layer in layers {
        table(&transaction, layer, frame)?;
    }
    transaction.commit()
}

fn as_of(frame: Frame<'_>) -> String {
    format!("{}T00:00:00.000Z", frame.as_of)
}

fn reference_system(transaction: &Transaction<'_>, frame: Frame<'_>) -> rusqlite::Result<()> {
    let crs = frame.plane.crs();
    transaction.execute(
        "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?1, ?2, 'EPSG', ?2, ?3, NULL)",
        params![crs.name(), crs.epsg(), crs.wkt()],
    )?;
    Ok(())
}

fn table(transaction: &Transaction<'_>, layer: &Layer<'_>, frame: Frame<'_>) -> rusqlite::Result<()> {
    match geometry_type(layer.geometry) {
        Some(geometry) => features(transaction, layer, geometry, frame),
        None => attributes(transaction, layer, frame),
    }
}

/// A table without geometry.
fn attributes(transaction: &Transaction<'_>, layer: &Layer<'_>, frame: Frame<'_>) -> rusqlite::Result<()> {
    create(transaction, layer, "")?;
    transaction.execute(
        "INSERT INTO gpkg_contents VALUES (?1, 'attributes', ?1, ?2, ?3, NULL, NULL, NULL, NULL, NULL)",
        params![layer.name, layer.about, as_of(frame)],
    )?;
    let mut insert = insertion(transaction, layer, None)?;
    for index in 0..layer.len {
        insert.execute(params_from_iter((layer.row)(index).values.into_iter().map(sql)))?;
    }
    Ok(())
}

/// A table with a column of geometries of one type, and their index.
fn features(
    transaction: &Transaction<'_>,
    layer: &Layer<'_>,
    geometry: &str,
    frame: Frame<'_>,
) -> rusqlite::Result<()> {
    let (name, epsg) = (layer.name, frame.plane.crs().epsg());
    create(transaction, layer, &format!(", geom {geometry}"))?;
    transaction.execute(
        "INSERT INTO gpkg_contents VALUES (?1, 'features', ?1, ?2, ?3, NULL, NULL, NULL, NULL, ?4)",
        params![name, layer.about, as_of(frame), epsg],
    )?;
    transaction.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', ?2, ?3, 0, 0)",
        params![name, geometry, epsg],
    )?;
    transaction.execute_batch(&format!(
        "CREATE VIRTUAL TABLE \"rtree_{name}_geom\" USING rtree(id, minx, maxx, miny, maxy);"
    ))?;
    let bounds = rows(transaction, layer, frame)?;
    if let Some(bounds) = bounds {
        transaction.execute(
            "UPDATE gpkg_contents SET min_x = ?1, min_y = ?2, max_x = ?3, max_y = ?4 WHERE table_name = ?5",
            params![bounds.min().x, bounds.min().y, bounds.max().x, bounds.max().y, name],
        )?;
    }
    // The triggers that keep the index right when somebody edits the layer; after the bulk load, for speed.
    transaction.execute_batch(&include_str!("geopackage_rtree.sql").replace("{layer}", name))?;
    transaction.execute(
        "INSERT INTO gpkg_extensions VALUES (?1, 'geom', 'gpkg_rtree_index', \
         'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        params![name],
    )?;
    if let Some(style) = qgis::style(layer) {
        transaction.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, \
             styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) \
             VALUES ('', '', ?1, 'geom', ?1, ?2, '', 1, ?3, '', NULL, ?4)",
            params![name, style, layer.about, as_of(frame)],
        )?;
    }
    Ok(())
}

/// Inserts the rows and their index entries; gives the bounds of all geometries.
fn rows(
    transaction: &Transaction<'_>,
    layer: &Layer<'_>,
    frame: Frame<'_>,
) -> rusqlite::Result<Option<geo::Rect<f64>>> {
    let mut insert = insertion(transaction, layer, Some("geom"))?;
    let mut index_entry =
        transaction.prepare(&format!("INSERT INTO \"rtree_{}_geom\" VALUES (?, ?, ?, ?, ?)", layer.name))?;
    let mut bounds: Option<geo::Rect<f64>> = None;
    for index in 0..layer.len {
        let row = (layer.row)(index);
        let rect = row.geometry.as_ref().and_then(BoundingRect::bounding_rect);
        let blob = row.geometry.as_ref().map_or(Sql::Null, |geometry| blob(geometry, rect, frame));
        insert.execute(params_from_iter(std::iter::once(blob).chain(row.values.into_iter().map(sql))))?;
        if let Some(rect) = rect {
            let (low, high) = (rect.min(), rect.max());
            index_entry.execute(params![transaction.last_insert_rowid(), low.x, high.x, low.y, high.y])?;
            bounds = Some(bounds.map_or(rect, |known| joined(known, rect)));
        }
    }
    Ok(bounds)
}

/// Creates the table of a layer with an id, `further` columns and those of its fields.
fn create(transaction: &Transaction<'_>, layer: &Layer<'_>, further: &str) -> rusqlite::Result<()> {
    let mut columns = String::new();
    for field in &layer.fields {
        write!(columns, ", \"{}\" {}", field.name, sql_type(field.holds)).expect("a String takes everything");
    }
    transaction.execute_batch(&format!(
        "CREATE TABLE \"{}\" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL{further}{columns});",
        layer.name
    ))
}

/// The statement that inserts one row: the column before the fields, where there is one, and the fields.
fn insertion<'a>(
    transaction: &'a Transaction<'_>,
    layer: &Layer<'_>,
    before: Option<&str>,
) -> rusqlite::Result<Statement<'a>> {
    let columns: Vec<String> = before
        .into_iter()
        .chain(layer.fields.iter().map(|field| field.name))
        .map(|name| format!("\"{name}\""))
        .collect();
    let marks = vec!["?"; columns.len()];
    let (columns, marks) = (columns.join(", "), marks.join(", "));
    transaction.prepare(&format!("INSERT INTO \"{}\" ({columns}) VALUES ({marks})", layer.name))
}

fn joined(a: geo::Rect<f64>, b: geo::Rect<f64>) -> geo::Rect<f64> {
    geo::Rect::new(
        geo::Coord { x: a.min().x.min(b.min().x), y: a.min().y.min(b.min().y) },
        geo::Coord { x: a.max().x.max(b.max().x), y: a.max().y.max(b.max().y) },
    )
}

fn blob(geometry: &geo::Geometry<f64>, rect: Option<geo::Rect<f64>>, frame: Frame<'_>) -> Sql {
    use geo::orient::{Direction, Orient};
    // Points carry no envelope: it would only repeat them.
    let envelope = match (geometry, rect) {
        (geo::Geometry::Point(_), _) | (_, None) => Vec::new(),
        (_, Some(rect)) => vec![rect.min().x, rect.max().x, rect.min().y, rect.max().y],
    };
    let oriented = match geometry {
        geo::Geometry::MultiPolygon(shape) => shape.orient(Direction::Default).into(),
        other => other.clone(),
    };
    let bytes =
        oriented.to_gpkg_wkb(CoordDimensions::xy(), Some(i32::from(frame.plane.crs().epsg())), envelope);
    Sql::Blob(bytes.expect("plain two-dimensional geometries can be written"))
}

fn sql(value: Value<'_>) -> Sql {
    match value {
        Value::Null => Sql::Null,
        Value::Text(text) => Sql::Text(text.into_owned()),
        Value::Integer(number) => Sql::Integer(number),
        Value::Real(number) => Sql::Real(number),
        Value::Boolean(truth) => Sql::Integer(i64::from(truth)),
        Value::Instant(instant) => Sql::Text(utc(instant)),
        Value::Day(day) => Sql::Text(day.to_string()),
    }
}

/// As the standard writes a DATETIME: in UTC, with milliseconds.
fn utc(instant_s: i64) -> String {
    jiff::Timestamp::from_second(instant_s)
        .map(|instant| instant.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
        .unwrap_or_default()
}

fn sql_type(holds: Holds) -> &'static str {
    match holds {
        Holds::Text => "TEXT",
        Holds::Integer => "INTEGER",
        Holds::Real => "REAL",
        Holds::Boolean => "BOOLEAN",
        Holds::Instant => "DATETIME",
        Holds::Day => "DATE",
    }
}

fn geometry_type(geometry: GeometryType) -> Option<&'static str> {
    match geometry {
        GeometryType::Point => Some("POINT"),
        GeometryType::LineString => Some("LINESTRING"),
        GeometryType::MultiLineString => Some("MULTILINESTRING"),
        GeometryType::MultiPolygon => Some("MULTIPOLYGON"),
        GeometryType::None => None,
    }
}
