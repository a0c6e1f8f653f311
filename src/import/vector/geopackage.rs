//! GeoPackage (OGC 12-128r19): a layer of a database in, raw features out. The file is not changed, and no
//! journal is written beside it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde_json::Value;

use super::{Properties, Raw, RawLayer, wkb};
use crate::error::{Error, Result};
use crate::import::open::SourceFile;
use crate::place::Crs;

/// The first bytes of every file of `SQLite`, which is what a GeoPackage is.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// A table of features.
struct Table {
    name: String,
    geometry: String,
    srs_id: i64,
}

/// The names of the layers of features.
pub(super) fn layers(file: &SourceFile) -> Result<Vec<String>> {
    let failed = |cause| unsound(file, &cause);
    let tables = tables(&open(file).map_err(failed)?).map_err(failed)?;
    Ok(tables.into_iter().map(|table| table.name).collect())
}

/// Reads the layer called `layer`, or the first; `given` goes before what the file says about its coordinates.
pub(super) fn read(file: &SourceFile, given: Option<Crs>, layer: Option<&str>) -> Result<RawLayer> {
    let failed = |cause| unsound(file, &cause);
    let database = open(file).map_err(failed)?;
    let tables = tables(&database).map_err(failed)?;
    let table = choose(file, &tables, layer)?;
    let crs = match given {
        Some(given) => given,
        None => crs(file, &database, table.srs_id, failed)?,
    };
    let features = features(&database, table).map_err(failed)?;
    let noticed = format!("layer: {} of {}, crs: EPSG:{}", table.name, tables.len(), crs.epsg());
    Ok(RawLayer { format: "geopackage", crs, noticed, features })
}

fn unsound(file: &SourceFile, cause: &rusqlite::Error) -> Error {
    Error::unreadable(
        &file.path,
        format!("it is not a sound GeoPackage: {cause}"),
        "export it again; unpack it first if it is packed",
    )
}

fn open(file: &SourceFile) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri(file), flags)
}

/// `immutable` keeps `SQLite` from looking for a journal, which fails in a folder that is only readable.
fn uri(file: &SourceFile) -> String {
    let path = file.path.to_string_lossy();
    let escaped = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{escaped}?immutable=1")
}

fn tables(database: &Connection) -> rusqlite::Result<Vec<Table>> {
    let mut query = database.prepare(
        "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c \
         JOIN gpkg_geometry_columns g ON g.table_name = c.table_name \
         WHERE c.data_type = 'features' ORDER BY c.rowid",
    )?;
    let rows = query
        .query_map([], |row| Ok(Table { name: row.get(0)?, geometry: row.get(1)?, srs_id: row.get(2)? }))?;
    rows.collect()
}

fn choose<'a>(file: &SourceFile, tables: &'a [Table], layer: Option<&str>) -> Result<&'a Table> {
    let names = || tables.iter().map(|table| format!("`{}`", table.name)).collect::<Vec<_>>().join(", ");
    match layer {
        None => tables.first().ok_or_else(|| {
            Error::unreadable(&file.path, "it has no layer of features", "export the layer with its shapes")
        }),
        Some(wanted) => tables.iter().find(|table| table.name == wanted).ok_or_else(|| {
            Error::unreadable(
                &file.path,
                format!("it has no layer `{wanted}`"),
                format!("use one of {}", names()),
            )
        }),
    }
}

fn crs(
    file: &SourceFile,
    database: &Connection,
    srs_id: i64,
    failed: impl Fn(rusqlite::Error) -> Error,
) -> Result<Crs> {
    let query = "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?1";
    let named: Option<(String, i64)> = database
        .query_row(query, [srs_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(failed)?;
    match named {
        Some((organization, code)) if organization.eq_ignore_ascii_case("EPSG") => {
            Crs::parse(&code.to_string())
        }
        _ => Err(Error::unreadable(
            &file.path,
            format!("it does not say in which system its coordinates are (srs_id {srs_id})"),
            "set `crs` for this source in the project file, as in `crs = \"EPSG:28992\"`",
        )),
    }
}

fn features(database: &Connection, table: &Table) -> rusqlite::Result<Vec<Raw>> {
    let quoted = table.name.replace('"', "\"\"");
    let mut query = database.prepare(&format!("SELECT * FROM \"{quoted}\""))?;
    let names: Vec<String> = query.column_names().map(str::to_owned).collect();
    let mut rows = query.query([])?;
    let mut features = Vec::new();
    while let Some(row) = rows.next()? {
        let mut feature = Raw { shape: None, properties: Properties::default() };
        for (index, name) in names.iter().enumerate() {
            let value = row.get_ref(index)?;
            if name.eq_ignore_ascii_case(&table.geometry) {
                feature.shape = value.as_blob().ok().and_then(wkb::shape);
            } else {
                feature.properties.0.push((name.clone(), json(value)));
            }
        }
        features.push(feature);
    }
    Ok(features)
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}
