//! Reports as a GeoJSON `FeatureCollection` of points.
//!
//! Features are read one after the other, so that one bad feature is an issue and not the end of the file.
//! The coordinate is the geometry's unless the source names properties for it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::json::as_text;
use super::recognise::guess_columns;
use super::rows::{Batch, Feeder, Row, at_time, digest};
use super::{Columns, Noticed, ReportFormat, ReportSource};
use crate::error::{Error, Result};
use crate::import::columns;
use crate::import::open::SourceFile;

/// GeoJSON, RFC 7946, and its predecessor with a `crs`.
#[derive(Debug)]
pub struct GeoJson;

impl ReportFormat for GeoJson {
    fn name(&self) -> &'static str {
        "geojson"
    }

    fn about(&self) -> &'static str {
        "a FeatureCollection of points; `columns` name properties"
    }

    fn suits(&self, name: &str, head: &[u8]) -> bool {
        let name = name.trim_end_matches(".gz");
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        name.ends_with(".geojson") || text.starts_with(b"{")
    }

    fn read(&self, file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
        let bytes = file.bytes()?;
        let is_guessed = source.columns.is_empty();
        let names = property_names(file, &bytes)?;
        let columns = if is_guessed {
            without_coordinate(guess_columns(file, &names)?)
        } else {
            source.columns.clone()
        };
        for (_, name) in columns.named() {
            name.map_or(Ok(0), |name| columns::position(file, &names, name))?;
        }
        let mut feeder = Feeder::new(take, source.date_format.as_deref());
        let crs = features(file, &bytes, &mut |feature| match properties(&feature) {
            Some(properties) => {
                let content = || digest([feature.to_string().as_bytes()].into_iter());
                feeder.push(&texts(&feature, properties, &columns), content);
            }
            None => feeder.unreadable(),
        })?;
        feeder.end();
        let mut words = vec!["encoding: utf-8".to_owned()];
        if is_guessed {
            words.push(format!("columns guessed: {}", columns.describe()));
        }
        Ok(Noticed { columns, crs, words })
    }
}

fn without_coordinate(columns: Columns) -> Columns {
    Columns { lon: None, lat: None, x: None, y: None, ..columns }
}

/// The names of all properties of all features, in alphabetical order.
fn property_names(file: &SourceFile, bytes: &[u8]) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    features(file, bytes, &mut |feature| {
        for name in properties(&feature).into_iter().flat_map(Map::keys) {
            if !names.contains(name) {
                names.insert(name.clone());
            }
        }
    })?;
    Ok(names.into_iter().collect())
}

/// The properties of a feature; `None` for what is no feature.
fn properties(feature: &Value) -> Option<&Map<String, Value>> {
    static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    if feature.get("type")?.as_str()? != "Feature" {
        return None;
    }
    match feature.get("properties") {
        Some(Value::Object(properties)) => Some(properties),
        Some(Value::Null) | None => Some(&EMPTY),
        Some(_) => None,
    }
}

fn texts<'a>(feature: &'a Value, properties: &'a Map<String, Value>, columns: &Columns) -> Row<'a> {
    let property = |name: &Option<String>| {
        name.as_ref().and_then(|name| properties.get(name)).map_or(Cow::Borrowed(""), as_text)
    };
    let (x, y) = match (&columns.lon, &columns.x) {
        (None, None) => point(feature),
        (Some(_), _) => (property(&columns.lon), property(&columns.lat)),
        (None, _) => (property(&columns.x), property(&columns.y)),
    };
    let id = if columns.id.is_some() {
        property(&columns.id)
    } else {
        feature.get("id").map_or(Cow::Borrowed(""), as_text)
    };
    Row {
        id,
        category: property(&columns.category),
        opened: at_time(property(&columns.opened), &property(&columns.opened_time)),
        closed: at_time(property(&columns.closed), &property(&columns.closed_time)),
        x,
        y,
        address: property(&columns.address),
        text: property(&columns.text),
        status: property(&columns.status),
        asset: property(&columns.asset),
    }
}

/// The coordinate of a point; of several points, the first. Other shapes have none.
fn point(feature: &Value) -> (Cow<'_, str>, Cow<'_, str>) {
    let coordinates = feature.get("geometry").and_then(|geometry| {
        let coordinates = geometry.get("coordinates")?;
        if geometry.get("type")? == "MultiPoint" { coordinates.get(0) } else { Some(coordinates) }
    });
    let part = |index: usize| coordinates.and_then(|pair| pair.get(index)).map_or(Cow::Borrowed(""), as_text);
    (part(0), part(1))
}

/// Gives every feature to `each`; returns the reference system that the file names, if it does.
fn features(file: &SourceFile, bytes: &[u8], each: &mut dyn FnMut(Value)) -> Result<Option<String>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let found = Collection { each }
        .deserialize(&mut deserializer)
        .and_then(|found| deserializer.end().map(|()| found));
    let (crs, has_features) = found.map_err(|cause| Error::reading(&file.path, cause))?;
    if !has_features {
        return Err(Error::unreadable(
            &file.path,
            "it is JSON but no FeatureCollection",
            "export it as GeoJSON or CSV",
        ));
    }
    Ok(crs)
}

/// The top level of a `FeatureCollection`.
struct Collection<'a> {
    each: &'a mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for Collection<'_> {
    type Value = (Option<String>, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Collection<'_> {
    type Value = (Option<String>, bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON FeatureCollection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut crs, mut has_features) = (None, false);
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match &*key {
                "features" => {
                    map.next_value_seed(List { each: &mut *self.each })?;
                    has_features = true;
                }
                "crs" => {
                    let value: Value = map.next_value()?;
                    crs = value.pointer("/properties/name").and_then(Value::as_str).map(str::to_owned);
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok((crs, has_features))
    }
}

/// The list of features.
struct List<'a> {
    each: &'a mut dyn FnMut(Value),
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(feature) = list.next_element()? {
            (self.each)(feature);
        }
        Ok(())
    }
}
