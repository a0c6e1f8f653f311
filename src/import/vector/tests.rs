use geozero::{CoordDimensions, ToWkb};
use proptest::prelude::*;

use super::*;
use crate::import::testing::{file, folder, plane, real};
use crate::issue::Effect;

/// Reads the bytes as a file on the plane of the Netherlands.
fn layer(name: &str, bytes: &[u8], wish: Wish<'_>) -> Result<(Layer, Issues)> {
    let folder = folder(&[(name, bytes)]);
    let mut issues = Issues::new();
    let layer = read(&file(folder.path(), name), wish, &plane(28992), &mut issues)?;
    assert_eq!(layer.read, layer.features.len() as u64 + issues.list().len() as u64);
    assert!(issues.list().iter().all(|issue| issue.code.effect() == Effect::LeftOut));
    Ok((layer, issues))
}

const DOM: &str = r#"{"type":"Point","coordinates":[5.1213,52.0907]}"#;

fn collection(features: &str) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#)
}

fn first_point(layer: &Layer) -> (f64, f64) {
    use geo::CoordsIter;
    let at = layer.features[0].shape.coords_iter().next().unwrap();
    (at.x, at.y)
}

#[test]
fn a_point_of_geojson_lies_on_the_plane_with_its_properties() {
    let text = collection(&format!(
        r#"{{"type":"Feature","id":7,"properties":{{"Naam":" Dom ","litres":110.0,"none":null}},"geometry":{DOM}}}"#
    ));
    let (layer, _) = layer("a.geojson", text.as_bytes(), Wish::default()).unwrap();
    let (x, y) = first_point(&layer);
    assert!((x - 136_782.0).abs() < 60.0 && (y - 455_887.0).abs() < 60.0, "{x} {y}");
    let properties = &layer.features[0].properties;
    assert_eq!(properties.text("naam").as_deref(), Some("Dom"));
    assert_eq!(properties.text("litres").as_deref(), Some("110"));
    assert_eq!((properties.text("none"), properties.number("id")), (None, Some(7.0)));
    assert_eq!(layer.noticed, "crs: EPSG:4326");
}

#[test]
fn one_bad_feature_is_an_issue_and_not_the_end_of_the_file() {
    let features = [
        r#"{"type":"Feature","properties":{},"geometry":null}"#.to_owned(),
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":["a",1]}}"#.to_owned(),
        r#"{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[5,52]]}}"#
            .to_owned(),
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[5,520]}}"#.to_owned(),
        "3".to_owned(),
        format!(r#"{{"type":"Feature","properties":null,"geometry":{DOM}}}"#),
    ];
    let (layer, issues) =
        layer("a.geojson", collection(&features.join(",")).as_bytes(), Wish::default()).unwrap();
    assert_eq!((layer.read, layer.features.len(), layer.features[0].row), (6, 1, 6));
    assert_eq!(issues.count(Code::ShapeUnreadable), 4);
    assert_eq!(issues.count(Code::ShapeOutsidePlane), 1);
}

#[test]
fn the_system_is_that_of_the_project_then_of_the_file() {
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::28992"}}"#;
    let feature =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[136000,455000]}}"#;
    let stated = format!(r#"{{"features":[{feature}],{crs},"type":"FeatureCollection"}}"#);
    let (found, _) = layer("a.geojson", stated.as_bytes(), Wish::default()).unwrap();
    assert_eq!(first_point(&found), (136_000.0, 455_000.0));
    let wish = Wish { crs: Some("EPSG:28992"), layer: None };
    let (found, _) = layer("a.geojson", collection(feature).as_bytes(), wish).unwrap();
    assert_eq!(first_point(&found), (136_000.0, 455_000.0));
}

#[test]
fn a_file_whose_every_feature_lies_off_the_globe_has_the_wrong_system() {
    let feature =
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[136000,455000]}}"#;
    let error = layer("a.geojson", collection(feature).as_bytes(), Wish::default()).unwrap_err();
    assert!(error.hint().unwrap().contains("`crs`"), "{error:?}");
}

#[test]
fn a_single_feature_and_a_bare_geometry_are_read_too() {
    for text in [format!(r#"{{"type":"Feature","geometry":{DOM},"properties":{{}}}}"#), DOM.to_owned()] {
        let (layer, _) = layer("a.geojson", format!("\u{feff} {text}").as_bytes(), Wish::default()).unwrap();
        assert_eq!(layer.features.len(), 1, "{text}");
    }
}

#[test]
fn what_is_no_geojson_is_an_error_that_says_so() {
    let broken = collection(&format!(r#"{{"type":"Feature","properties":{{}},"geometry":{DOM}}}"#));
    for text in
        ["<!DOCTYPE html><html></html>", "a,b\n1,2\n", "[1, 2]", "{}", r#"{"features": 3}"#, &broken[..60]]
    {
        let error = layer("a.geojson", text.as_bytes(), Wish::default()).unwrap_err();
        assert!(error.hint().is_some(), "{text}");
    }
}

/// A GeoPackage with a layer `bins` of the given blobs.
fn geopackage(srs_id: i64, organization: &str, blobs: &[Option<Vec<u8>>]) -> Vec<u8> {
    let folder = folder(&[]);
    let path = folder.path().join("a.gpkg");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, \
             organization_coordsys_id INTEGER, definition TEXT);
             CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, srs_id INTEGER);
             CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
             CREATE TABLE \"my \"\"bins\" (fid INTEGER PRIMARY KEY, geom BLOB, litres REAL);",
        )
        .unwrap();
    let sql = "INSERT INTO gpkg_spatial_ref_sys VALUES ('x', ?1, ?2, ?1, '')";
    database.execute(sql, rusqlite::params![srs_id, organization]).unwrap();
    database.execute("INSERT INTO gpkg_contents VALUES ('my \"bins', 'features', ?1)", [srs_id]).unwrap();
    database.execute("INSERT INTO gpkg_geometry_columns VALUES ('my \"bins', 'geom', ?1)", [srs_id]).unwrap();
    for blob in blobs {
        database.execute("INSERT INTO \"my \"\"bins\" (geom, litres) VALUES (?1, 70)", [blob]).unwrap();
    }
    drop(database);
    std::fs::read(path).unwrap()
}

fn blob(shape: &geo::Geometry<f64>, dimensions: CoordDimensions) -> Vec<u8> {
    shape.to_gpkg_wkb(dimensions, Some(28992), Vec::new()).unwrap()
}

#[test]
fn a_geopackage_names_its_layer_and_system() {
    let here = blob(&geo::Point::new(136_000.0, 455_000.0).into(), CoordDimensions::xy());
    let bytes = geopackage(28992, "EPSG", &[Some(here), None, Some(b"GP".to_vec())]);
    let (found, issues) = layer("a.gpkg", &bytes, Wish::default()).unwrap();
    assert_eq!((found.read, found.features.len(), issues.count(Code::ShapeUnreadable)), (3, 1, 2));
    assert_eq!(first_point(&found), (136_000.0, 455_000.0));
    assert_eq!(found.features[0].properties.text("litres").as_deref(), Some("70"));
    assert_eq!(found.noticed, "layer: my \"bins of 1, crs: EPSG:28992");
    let wish = Wish { crs: None, layer: Some("trees") };
    assert!(layer("a.gpkg", &bytes, wish).unwrap_err().hint().unwrap().contains("my \"bins"));
}

#[test]
fn a_geopackage_without_a_system_or_cut_off_is_an_error() {
    let here = blob(&geo::Point::new(136_000.0, 455_000.0).into(), CoordDimensions::xy());
    let bytes = geopackage(-1, "NONE", &[Some(here)]);
    assert!(layer("a.gpkg", &bytes, Wish::default()).unwrap_err().hint().unwrap().contains("`crs`"));
    let wish = Wish { crs: Some("28992"), layer: None };
    assert_eq!(layer("a.gpkg", &bytes, wish).unwrap().0.features.len(), 1);
    assert!(layer("a.gpkg", &bytes[..bytes.len() / 2], wish).is_err());
    assert!(layer("a.gpkg", &bytes[..100], wish).is_err());
}

/// Shapes of every type that is read.
fn shapes() -> Vec<geo::Geometry<f64>> {
    let ring = |corners: &[(f64, f64)]| geo::LineString::from(corners.to_vec());
    let line = ring(&[(0.0, 1.0), (2.0, 3.0), (4.0, 9.0)]);
    let hole = ring(&[(1.0, 1.0), (2.0, 1.0), (2.0, 2.0), (1.0, 1.0)]);
    let outer = ring(&[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0), (0.0, 0.0)]);
    let area = geo::Polygon::new(outer, vec![hole]);
    vec![
        geo::Point::new(1.0, 2.0).into(),
        geo::MultiPoint(vec![geo::Point::new(1.0, 2.0), geo::Point::new(3.0, 4.0)]).into(),
        geo::MultiLineString(vec![line.clone(), line.clone()]).into(),
        line.into(),
        geo::MultiPolygon(vec![area.clone(), area.clone()]).into(),
        area.into(),
    ]
}

#[test]
fn every_type_of_shape_that_geozero_writes_is_read_back() {
    for shape in shapes() {
        assert_eq!(wkb::shape(&blob(&shape, CoordDimensions::xy())), Some(shape));
    }
}

#[test]
fn heights_measures_and_byte_orders_do_not_matter() {
    let head = |flags: u8| [b"GP\0".as_slice(), &[flags], &28992_i32.to_le_bytes()].concat();
    let number = |value: f64| value.to_le_bytes();
    for (kind, more) in [(1001_u32, 1), (2001, 1), (3001, 2), (0x8000_0001, 1), (0xC000_0001, 2)] {
        let mut bytes =
            [head(1), vec![1], kind.to_le_bytes().to_vec(), number(1.0).to_vec(), number(2.0).to_vec()]
                .concat();
        (0..more).for_each(|_| bytes.extend(number(7.0)));
        assert_eq!(wkb::shape(&bytes), Some(geo::Point::new(1.0, 2.0).into()), "{kind}");
    }
    let big = [
        head(1),
        vec![0],
        1_u32.to_be_bytes().to_vec(),
        1.0_f64.to_be_bytes().to_vec(),
        2.0_f64.to_be_bytes().to_vec(),
    ];
    assert_eq!(wkb::shape(&big.concat()), Some(geo::Point::new(1.0, 2.0).into()));
    let empty = [
        head(0b1_0001),
        vec![1],
        1_u32.to_le_bytes().to_vec(),
        number(f64::NAN).to_vec(),
        number(f64::NAN).to_vec(),
    ];
    assert_eq!(wkb::shape(&empty.concat()), None);
    let envelope = [
        head(0b11),
        vec![0; 32],
        vec![1],
        1_u32.to_le_bytes().to_vec(),
        number(1.0).to_vec(),
        number(2.0).to_vec(),
    ];
    assert_eq!(wkb::shape(&envelope.concat()), Some(geo::Point::new(1.0, 2.0).into()));
}

proptest! {
    #[test]
    fn any_blob_is_a_shape_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..80), index in 0_usize..6, cut in 0_usize..300) {
        let _either = wkb::shape(&bytes);
        let whole = blob(&shapes()[index], CoordDimensions::xy());
        let _either = wkb::shape(&[&whole[..cut.min(whole.len())], &bytes].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_features_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
        let _either = layer("a.geojson", &bytes, Wish::default());
        let _either = layer("a.gpkg", &[geopackage::MAGIC, &bytes].concat(), Wish::default());
    }

    #[test]
    fn a_cut_or_changed_geojson_is_features_or_an_error(cut in 0_usize..400, value: u8) {
        let features = format!(r#"{{"type":"Feature","properties":{{"a":[1,"b"]}},"geometry":{DOM}}},null"#);
        let mut bytes = collection(&features).into_bytes();
        let cut = cut % bytes.len();
        bytes[cut] = value;
        let _either = layer("a.geojson", &bytes, Wish::default());
        if cut > 0 {
            assert!(layer("a.geojson", &bytes[..cut], Wish::default()).is_err());
        }
    }

    #[test]
    fn a_changed_geopackage_is_features_or_an_error(position in 0_usize..40_000, value: u8) {
        let here = blob(&geo::Point::new(136_000.0, 455_000.0).into(), CoordDimensions::xy());
        let mut bytes = geopackage(28992, "EPSG", &[Some(here)]);
        let position = position % bytes.len();
        bytes[position] = value;
        let _either = layer("a.gpkg", &bytes, Wish::default());
    }
}

#[test]
fn the_real_bins_of_zurich_are_all_read() {
    let Some(base) = real("zurich/abfallgefaesse.gpkg") else { return };
    let mut issues = Issues::new();
    let bins = file(&base, "zurich/abfallgefaesse.gpkg");
    let layer = read(&bins, Wish::default(), &plane(2056), &mut issues).unwrap();
    assert_eq!((layer.read, layer.features.len(), issues.list().len()), (4063, 4063, 0));
}
