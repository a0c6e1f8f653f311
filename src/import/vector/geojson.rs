//! GeoJSON (RFC 7946), and the older form with a `crs` member. Text in, raw features out.
//!
//! Features are taken one by one, so that one bad feature is an issue and not the end of the file. Members in
//! any order, a single feature, a bare geometry, and one document after the other (a feature a line) are read too.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Properties, Raw, RawLayer, usable};
use crate::error::{Error, Result};
use crate::import::open::SourceFile;
use crate::place::Crs;

/// Reads a file; `given` goes before what it says about its coordinates.
pub(super) fn read(file: &SourceFile, given: Option<Crs>) -> Result<RawLayer> {
    let bytes = file.bytes()?;
    let document = document(&bytes).map_err(|why| {
        Error::unreadable(
            &file.path,
            why,
            "the formats read here are GeoJSON and GeoPackage; export it again",
        )
    })?;
    let stated = document.crs.as_ref().and_then(crs_name);
    let crs = match (given, &stated) {
        (Some(given), _) => given,
        (None, Some(name)) => Crs::parse(name)?,
        (None, None) => Crs::from_epsg(4326)?,
    };
    let noticed = format!("crs: EPSG:{}", crs.epsg());
    Ok(RawLayer { format: "geojson", crs, noticed, features: document.features })
}

/// `{"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}`
fn crs_name(crs: &Value) -> Option<String> {
    Some(crs.get("properties")?.get("name")?.as_str()?.to_owned())
}

#[derive(Default)]
struct Document {
    features: Vec<Raw>,
    crs: Option<Value>,
}

fn document(bytes: &[u8]) -> Result<Document, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => {}
        Some(b'<') => return Err("it is a web page or XML, not GeoJSON".to_owned()),
        _ => return Err("it is neither GeoJSON nor a GeoPackage".to_owned()),
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let invalid = |cause| format!("it is not valid GeoJSON: {cause}");
    let mut whole = Members.deserialize(&mut json).map_err(invalid)?;
    // Large files have one feature on each line.
    while json.end().is_err() {
        whole.features.extend(Members.deserialize(&mut json).map_err(invalid)?.features);
    }
    Ok(whole)
}

/// The members of the outermost object.
struct Members;

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a GeoJSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document, A::Error> {
        let (mut document, mut rest, mut has_features) = (Document::default(), Map::new(), false);
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "features" => {
                    has_features = true;
                    document.features = members.next_value_seed(Features)?;
                }
                "crs" => document.crs = members.next_value()?,
                "type" | "geometry" | "properties" | "id" | "coordinates" | "geometries" => {
                    rest.insert(name, members.next_value()?);
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        match rest.get("type").and_then(Value::as_str) {
            Some("FeatureCollection") if has_features => {}
            Some("Feature") => document.features = vec![feature(Value::Object(rest))],
            Some(_) if rest.contains_key("coordinates") => {
                let shape = geometry(&Value::Object(rest));
                document.features = vec![Raw { shape, properties: Properties::default() }];
            }
            _ => return Err(serde::de::Error::custom("there are no `features`")),
        }
        Ok(document)
    }
}

/// The list of features, each made small as soon as it is read.
struct Features;

impl<'de> DeserializeSeed<'de> for Features {
    type Value = Vec<Raw>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Raw>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features {
    type Value = Vec<Raw>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Raw>, A::Error> {
        let mut features = Vec::new();
        while let Some(value) = list.next_element::<Value>()? {
            features.push(feature(value));
        }
        Ok(features)
    }
}

fn feature(mut value: Value) -> Raw {
    let shape = value.get("geometry").and_then(geometry);
    let mut properties = match value.get_mut("properties").map(Value::take) {
        Some(Value::Object(map)) => map.into_iter().collect(),
        _ => Vec::new(),
    };
    // The id of a feature stands beside its properties; here it is one of them.
    if let Some(id @ (Value::String(_) | Value::Number(_))) = value.get_mut("id").map(Value::take)
        && !properties.iter().any(|(name, _)| name == "id")
    {
        properties.push(("id".to_owned(), id));
    }
    Raw { shape, properties: Properties(properties) }
}

/// The shape of a geometry object, if it can be used.
pub(super) fn geometry(value: &Value) -> Option<geo::Geometry<f64>> {
    let kind = value.get("type")?.as_str()?;
    let coordinates = value.get("coordinates")?;
    let shape = match kind {
        "Point" => geo::Geometry::Point(geo::Point(position(coordinates)?)),
        "MultiPoint" => {
            geo::Geometry::MultiPoint(geo::MultiPoint(each(coordinates, |at| position(at).map(geo::Point))?))
        }
        "LineString" => geo::Geometry::LineString(line(coordinates)?),
        "MultiLineString" => geo::Geometry::MultiLineString(geo::MultiLineString(each(coordinates, line)?)),
        "Polygon" => geo::Geometry::Polygon(polygon(coordinates)?),
        "MultiPolygon" => geo::Geometry::MultiPolygon(geo::MultiPolygon(each(coordinates, polygon)?)),
        _ => return None,
    };
    usable(shape)
}

fn each<T>(list: &Value, part: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    list.as_array()?.iter().map(part).collect()
}

fn position(value: &Value) -> Option<geo::Coord<f64>> {
    let pair = value.as_array()?;
    Some(geo::Coord { x: pair.first()?.as_f64()?, y: pair.get(1)?.as_f64()? })
}

fn line(value: &Value) -> Option<geo::LineString<f64>> {
    each(value, position).map(geo::LineString::new)
}

fn polygon(value: &Value) -> Option<geo::Polygon<f64>> {
    let mut rings = each(value, line)?.into_iter();
    Some(geo::Polygon::new(rings.next()?, rings.collect()))
}
