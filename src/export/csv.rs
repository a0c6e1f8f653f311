//! Layers as CSV: UTF-8, commas, `lon` and `lat` for points, `wkt` for lines and areas, neither for plain tables.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use geozero::ToWkt;

use crate::error::{Error, Result};
use crate::export::layer::{Frame, GeometryType, Layer, Value, in_degrees};

/// Writes each layer to `dir/<layer>.csv`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(layers: &[Layer<'_>], frame: Frame<'_>, dir: &Path) -> Result<()> {
    layers.iter().try_for_each(|layer| {
        let path = dir.join(format!("{}.csv", layer.name));
        layer_to(layer, frame, &path).map_err(|source| Error::writing(&path, source))
    })
}

fn layer_to(layer: &Layer<'_>, frame: Frame<'_>, path: &Path) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(File::create(path)?));
    let is_point = layer.geometry == GeometryType::Point;
    let geometry_columns: &[&str] = match layer.geometry {
        GeometryType::Point => &["lon", "lat"],
        GeometryType::LineString | GeometryType::MultiLineString | GeometryType::MultiPolygon => &["wkt"],
        GeometryType::None => &[],
    };
    writer
        .write_record(layer.fields.iter().map(|field| field.name).chain(geometry_columns.iter().copied()))?;
    let mut cell = String::new();
    for index in 0..layer.len {
        let row = (layer.row)(index);
        for value in &row.values {
            cell.clear();
            print(value, frame, &mut cell);
            writer.write_field(&cell)?;
        }
        let geometry = row.geometry.map(|geometry| in_degrees(&geometry, frame.plane));
        match geometry {
            Some(geo::Geometry::Point(point)) if is_point => {
                writer.write_field(point.x().to_string())?;
                writer.write_field(point.y().to_string())?;
            }
            Some(geometry) => writer.write_field(geometry.to_wkt().unwrap_or_default())?,
            None => geometry_columns.iter().try_for_each(|_| writer.write_field(""))?,
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    Ok(())
}

fn print(value: &Value<'_>, frame: Frame<'_>, cell: &mut String) {
    match value {
        Value::Null => {}
        Value::Text(text) => harmless(text, cell),
        Value::Integer(number) => write!(cell, "{number}").expect("a String takes everything"),
        Value::Real(number) => write!(cell, "{number}").expect("a String takes everything"),
        Value::Boolean(truth) => write!(cell, "{truth}").expect("a String takes everything"),
        Value::Instant(instant) => cell.push_str(&frame.clock.rfc3339(*instant)),
        Value::Day(day) => write!(cell, "{day}").expect("a String takes everything"),
    }
}

/// Adds `text` to `cell` so that a spreadsheet takes it for text: what begins like a formula gets an apostrophe
/// before it (OWASP, "CSV Injection").
pub(crate) fn harmless(text: &str, cell: &mut String) {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        cell.push('\'');
    }
    cell.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_begins_like_a_formula_is_made_harmless() {
        for (text, expected) in [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("12 hs", "12 hs")] {
            let mut cell = String::new();
            harmless(text, &mut cell);
            assert_eq!(cell, expected);
        }
    }
}
