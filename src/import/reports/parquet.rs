//! Reports as Parquet or `GeoParquet`, row by row; built with the feature `parquet`.
//!
//! Columns are named or guessed as for delimited text. The coordinate is that of the geometry column unless the
//! source names columns for it; shapes other than points count with their middle. Nested columns are not read.

use std::borrow::Cow;
use std::fs::File;
use std::panic::AssertUnwindSafe;

use geo::Centroid;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

use super::recognise::guess_by_name;
use super::rows::{Batch, Feeder, Row, at_time, digest};
use super::{Columns, Noticed, ReportFormat, ReportSource};
use crate::error::{Error, Result};
use crate::import::open::SourceFile;
use crate::import::{columns, vector};

/// The first bytes of every file.
const MAGIC: &[u8] = b"PAR1";

/// Parquet, with or without a geometry.
#[derive(Debug)]
pub struct Parquet;

impl ReportFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn about(&self) -> &'static str {
        "Parquet and GeoParquet; columns as for csv, or the geometry"
    }

    fn suits(&self, _name: &str, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn read(&self, file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
        // The reader trusts lengths that a damaged file states, and then panics.
        let read = AssertUnwindSafe(|| read(file, source, take));
        std::panic::catch_unwind(read).unwrap_or_else(|_panic| Err(damaged(file, "it is damaged")))
    }
}

fn damaged(file: &SourceFile, why: impl Into<String>) -> Error {
    Error::unreadable(&file.path, why, "export it again; unpack it first if it is packed")
}

fn read(file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
    let bytes = File::open(&file.path).map_err(|cause| Error::reading(&file.path, cause))?;
    let reader = SerializedFileReader::new(bytes).map_err(|cause| damaged(file, cause.to_string()))?;
    let table = Layout::of(&reader);
    let is_guessed = source.columns.is_empty();
    let columns = if is_guessed { guess(file, &table)? } else { source.columns.clone() };
    for (_, name) in columns.named() {
        name.map_or(Ok(0), |name| columns::position(file, &table.names, name))?;
    }
    let mut feeder = Feeder::new(take, source.date_format.as_deref());
    let rows = reader.get_row_iter(None).map_err(|cause| damaged(file, cause.to_string()))?;
    for row in rows {
        let row = row.map_err(|cause| damaged(file, cause.to_string()))?;
        let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
        feeder.push(&table.row(&columns, &fields), || {
            let texts: Vec<String> = fields.iter().map(ToString::to_string).collect();
            digest(texts.iter().map(String::as_bytes))
        });
    }
    feeder.end();
    let mut words = Vec::new();
    if is_guessed {
        words.push(format!("columns guessed: {}", columns.describe()));
    }
    if let Some(place) = table.geometry.filter(|_| columns.lon.is_none() && columns.x.is_none()) {
        words.push(format!("geometry: {}", table.names[place]));
    }
    Ok(Noticed { columns, crs: table.crs, words })
}

fn guess(file: &SourceFile, table: &Layout) -> Result<Columns> {
    let columns = guess_by_name(&table.names);
    if columns.opened.is_none() {
        return Err(Error::unreadable(
            &file.path,
            "none of its columns is known to hold the opening time",
            format!(
                "say so, as in `columns = {{ opened = \"...\" }}`; the columns are {}",
                table.names.join(", ")
            ),
        ));
    }
    Ok(match table.geometry {
        Some(_) => Columns { lon: None, lat: None, x: None, y: None, ..columns },
        None => columns,
    })
}

/// How the columns are called and written.
struct Layout {
    names: Vec<String>,
    /// Seconds are `ticks` of a column of instants; `None` for other columns.
    ticks: Vec<Option<i64>>,
    /// Whether instants are in UTC rather than on the wall.
    is_utc: Vec<bool>,
    geometry: Option<usize>,
    crs: Option<String>,
}

impl Layout {
    fn of(reader: &SerializedFileReader<File>) -> Self {
        let metadata = reader.metadata().file_metadata();
        let fields = metadata.schema_descr().root_schema().get_fields();
        let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
        let stamp = |field: &parquet::schema::types::TypePtr| match field.get_basic_info().logical_type_ref()
        {
            Some(LogicalType::Timestamp(stamp)) => {
                let ticks = match stamp.unit {
                    TimeUnit::MILLIS => 1_000,
                    TimeUnit::MICROS => 1_000_000,
                    TimeUnit::NANOS => 1_000_000_000,
                };
                (Some(ticks), stamp.is_adjusted_to_u_t_c)
            }
            _ => (None, true),
        };
        let (ticks, is_utc) = fields.iter().map(stamp).unzip();
        let notes = metadata.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
        let geo = notes.iter().find(|note| note.key == "geo").and_then(|note| note.value.as_deref());
        let geo: Value = geo.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let primary = geo.get("primary_column").and_then(Value::as_str);
        let place = |name: &str| names.iter().position(|known| known == name);
        let geometry = primary.and_then(place).or_else(|| place("geometry")).or_else(|| place("geom"));
        let crs = primary.and_then(|name| geo.get("columns")?.get(name)?.pointer("/crs/id")).and_then(|id| {
            let code = id.get("code")?;
            (id.get("authority")? == "EPSG").then(|| format!("EPSG:{code}"))
        });
        Self { names, ticks, is_utc, geometry, crs }
    }

    fn row<'a>(&self, columns: &Columns, fields: &[&'a Field]) -> Row<'a> {
        let text = |name: &Option<String>| {
            let place = name.as_ref().and_then(|name| {
                let exact = self.names.iter().position(|known| known == name);
                exact.or_else(|| self.names.iter().position(|known| known.eq_ignore_ascii_case(name)))
            });
            place.and_then(|place| Some(self.text(place, fields.get(place)?))).unwrap_or_default()
        };
        let (x, y) = match (&columns.lon, &columns.x) {
            (None, None) => self.point(fields),
            (Some(_), _) => (text(&columns.lon), text(&columns.lat)),
            (None, _) => (text(&columns.x), text(&columns.y)),
        };
        Row {
            id: text(&columns.id),
            category: text(&columns.category),
            opened: at_time(text(&columns.opened), &text(&columns.opened_time)),
            closed: at_time(text(&columns.closed), &text(&columns.closed_time)),
            x,
            y,
            address: text(&columns.address),
            text: text(&columns.text),
            status: text(&columns.status),
            asset: text(&columns.asset),
        }
    }

    fn text<'a>(&self, place: usize, field: &'a Field) -> Cow<'a, str> {
        let instant = |ticks: i64, per_s: i64| {
            let at = jiff::Timestamp::from_second(ticks.div_euclid(per_s)).ok()?;
            let whole = at.to_string();
            Some(if self.is_utc[place] { whole } else { whole.trim_end_matches('Z').to_owned() })
        };
        match field {
            Field::Null | Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => {
                Cow::Borrowed("")
            }
            Field::Str(text) => Cow::Borrowed(text.trim()),
            Field::Bytes(bytes) => Cow::Owned(String::from_utf8_lossy(bytes.data()).trim().to_owned()),
            Field::Date(days) => Cow::Owned(crate::period::Day(*days).to_string()),
            Field::TimestampMillis(ticks) => Cow::Owned(instant(*ticks, 1_000).unwrap_or_default()),
            Field::TimestampMicros(ticks) => Cow::Owned(instant(*ticks, 1_000_000).unwrap_or_default()),
            Field::Long(ticks) => match self.ticks[place] {
                Some(per_s) => Cow::Owned(instant(*ticks, per_s).unwrap_or_default()),
                None => Cow::Owned(ticks.to_string()),
            },
            Field::Float(number) => Cow::Owned(number.to_string()),
            Field::Double(number) => Cow::Owned(number.to_string()),
            other => Cow::Owned(other.to_string()),
        }
    }

    /// The coordinate of the geometry, or the middle of a shape that is no point.
    fn point<'a>(&self, fields: &[&'a Field]) -> (Cow<'a, str>, Cow<'a, str>) {
        let Some(Field::Bytes(bytes)) = self.geometry.and_then(|place| fields.get(place)) else {
            return Default::default();
        };
        match vector::wkb_shape(bytes.data()).and_then(|shape| shape.centroid()) {
            Some(at) => (Cow::Owned(at.x().to_string()), Cow::Owned(at.y().to_string())),
            None => Default::default(),
        }
    }
}

#[cfg(test)]
mod tests;
