use super::layer::{Field, GeometryType, Holds, Row, Value};
use super::*;
use crate::period::{Clock, Day};
use crate::place::{Crs, Plane};
use crate::unit::Local;

fn two_rows(name: &'static str, geometry: GeometryType) -> Layer<'static> {
    let at = move |index: usize| match geometry {
        GeometryType::None => None,
        _ => Some(geo::Point::from(Local::new(134_000.0 + index as f64, 455_000.0)).into()),
    };
    Layer {
        name,
        about: "one row per month",
        geometry,
        styled_by: None,
        fields: vec![
            Field { name: "kind", holds: Holds::Text },
            Field { name: "n", holds: Holds::Integer },
            Field { name: "p_value", holds: Holds::Real },
        ],
        len: 2,
        row: Box::new(move |index| Row {
            geometry: at(index),
            values: vec![
                Value::text(["waste", "street"][index]),
                Value::Integer([12, 7][index]),
                if index == 0 { Value::probability(0.0321) } else { Value::Null },
            ],
        }),
    }
}

/// Writes a table and a layer of points in one format; gives the folder.
fn written(format_name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let plane = Plane::new(Crs::from_epsg(28992).unwrap()).unwrap();
    let clock = Clock::new("Europe/Amsterdam").unwrap();
    let as_of = Day::from_date(jiff::civil::date(2025, 12, 31));
    let layers = [two_rows("months", GeometryType::None), two_rows("places", GeometryType::Point)];
    let format = format(format_name).unwrap();
    let target = folder.path().join(format.target);
    if format.target == "layers" {
        fs::create_dir(&target).unwrap();
    }
    (format.write)(&layers, Frame { plane: &plane, clock: &clock, as_of }, &target).unwrap();
    folder
}

#[test]
fn a_table_without_geometry_is_a_table_of_attributes_in_a_geopackage() {
    let folder = written("geopackage");
    let database = rusqlite::Connection::open(folder.path().join("findings.gpkg")).unwrap();
    let listed = |query: &str| -> Vec<String> {
        let mut query = database.prepare(query).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let of_type =
        |kind: &str| listed(&format!("SELECT table_name FROM gpkg_contents WHERE data_type = '{kind}'"));
    assert!(of_type("attributes").contains(&"months".to_owned()));
    assert_eq!(of_type("features"), ["places"]);
    assert_eq!(listed("SELECT table_name FROM gpkg_geometry_columns"), ["places"]);
    assert_eq!(listed("SELECT name FROM pragma_table_info('months')"), ["fid", "kind", "n", "p_value"]);
    assert!(listed("SELECT name FROM sqlite_master WHERE name LIKE 'rtree_months%'").is_empty());
    assert_eq!(
        listed("SELECT kind || ' ' || n || ' ' || ifnull(p_value, 'none') FROM months ORDER BY fid"),
        ["waste 12 0.0321", "street 7 none"]
    );
    assert_eq!(listed("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_table_without_geometry_is_features_without_one_in_geojson() {
    let folder = written("geojson");
    let text = fs::read_to_string(folder.path().join("layers/months.geojson")).unwrap();
    let collection: ::geojson::FeatureCollection = text.parse().unwrap();
    assert_eq!(collection.features.len(), 2);
    assert!(collection.features.iter().all(|feature| feature.geometry.is_none()));
    assert_eq!(collection.features[1].property("kind").unwrap(), "street");
    assert!(text.contains("\"geometry\":null"), "RFC 7946 wants the member to be there");
}

#[test]
fn a_table_without_geometry_has_no_place_columns_in_csv() {
    let folder = written("csv");
    let text = fs::read_to_string(folder.path().join("layers/months.csv")).unwrap();
    assert_eq!(text, "kind,n,p_value\nwaste,12,0.0321\nstreet,7,\n");
    let places = fs::read_to_string(folder.path().join("layers/places.csv")).unwrap();
    assert!(places.starts_with("kind,n,p_value,lon,lat\n"), "{places}");
}
