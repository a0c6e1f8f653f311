//! Layers as GeoJSON (RFC 7946): degrees, 7 decimals, exteriors counter-clockwise, one feature a line. Rows of a plain
//! table are features whose geometry is null.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value as Json};

use crate::error::{Error, Result};
use crate::export::layer::{Frame, Layer, Row, Value, in_degrees};

/// Writes each layer to `dir/<layer>.geojson`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(layers: &[Layer<'_>], frame: Frame<'_>, dir: &Path) -> Result<()> {
    layers.iter().try_for_each(|layer| {
        let path = dir.join(format!("{}.geojson", layer.name));
        layer_to(layer, frame, &path).map_err(|source| Error::writing(&path, source))
    })
}

fn layer_to(layer: &Layer<'_>, frame: Frame<'_>, path: &Path) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(path)?);
    writeln!(writer, "{{\"type\":\"FeatureCollection\",\"name\":\"{}\",\"features\":[", layer.name)?;
    for index in 0..layer.len {
        serde_json::to_writer(&mut writer, &feature(layer, (layer.row)(index), frame))?;
        writer.write_all(if index + 1 < layer.len { b",\n" } else { b"\n" })?;
    }
    writer.write_all(b"]}\n")?;
    writer.flush()
}

fn feature(layer: &Layer<'_>, row: Row<'_>, frame: Frame<'_>) -> geojson::Feature {
    let properties: Map<String, Json> = layer
        .fields
        .iter()
        .zip(row.values)
        .map(|(field, value)| (field.name.to_owned(), json(value, frame)))
        .collect();
    geojson::Feature {
        geometry: row.geometry.map(|geometry| geojson::Geometry::from(&in_degrees(&geometry, frame.plane))),
        properties: Some(properties),
        ..geojson::Feature::default()
    }
}

fn json(value: Value<'_>, frame: Frame<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => Json::String(text.into_owned()),
        Value::Integer(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Boolean(truth) => truth.into(),
        Value::Instant(instant) => frame.clock.rfc3339(instant).into(),
        Value::Day(day) => day.to_string().into(),
    }
}
