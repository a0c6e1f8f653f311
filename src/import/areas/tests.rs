use super::*;
use crate::import::testing::{assert_balanced, clock, folder, plane, real, settings};

fn read_all(base: &std::path::Path, source: &AreaSource, epsg: u16) -> (Vec<Area>, Issues, Vec<SourceCount>) {
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let sources = std::slice::from_ref(source);
    let areas = read(sources, &settings(base, &clock), &plane(epsg), &mut issues, &mut counts).unwrap();
    assert_balanced(&issues, &counts);
    (areas, issues, counts)
}

#[test]
fn an_area_is_called_by_its_name_where_it_has_no_id() {
    let square = |x: f64| format!("[[[5.{x},52],[5.{x}5,52],[5.{x}5,52.1],[5.{x},52]]]");
    let feature = |properties: &str, kind: &str, coordinates: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{{properties}}},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#
        )
    };
    let features = [
        feature(r#""NAME":"Oost","OBJECTID":2"#, "Polygon", &square(1.0)),
        feature(r#""id":"W1","naam":"West""#, "MultiPolygon", &format!("[{}]", square(2.0))),
        feature(r#""NAME":"Oost""#, "Polygon", &square(3.0)),
        feature(r#""NAME":"Dom""#, "Point", "[5.1,52.1]"),
        feature(r#""OBJECTID":9"#, "Polygon", &square(4.0)),
    ];
    let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
    let folder = folder(&[("areas.geojson", text.as_bytes())]);
    let source = AreaSource { path: "areas.geojson".to_owned(), ..AreaSource::default() };
    let (areas, issues, counts) = read_all(folder.path(), &source, 28992);
    let seen: Vec<_> = areas.iter().map(|area| (&*area.id, &*area.name)).collect();
    assert_eq!(seen, [("9", "9"), ("Oost", "Oost"), ("Oost#2", "Oost"), ("W1", "West")]);
    assert_eq!((issues.count(Code::RepeatedAssetId), issues.count(Code::ShapeUnreadable)), (1, 1));
    assert_eq!((counts[0].read, counts[0].used), (5, 4));
}

#[test]
fn the_real_districts_of_zurich_and_wards_of_washington_are_read() {
    let Some(base) = real("zurich/districts.gpkg") else { return };
    let source = AreaSource { path: "zurich/districts.gpkg".to_owned(), ..AreaSource::default() };
    let (areas, _, counts) = read_all(&base, &source, 2056);
    println!("{counts:?} {:?}", areas.iter().map(|area| (&area.id, &area.name)).collect::<Vec<_>>());
    assert!(areas.iter().any(|area| area.name == "Aussersihl"));
    let source =
        AreaSource { path: "washington-dc/layers/ward-2012.geojson".to_owned(), ..AreaSource::default() };
    let (areas, ..) = read_all(&base, &source, 26985);
    assert_eq!(areas.iter().map(|area| &*area.id).collect::<Vec<_>>()[..2], ["Ward 1", "Ward 2"]);
    let source = AreaSource {
        path: "washington-dc/layers/trash-pickup-days-for-2015.geojson".to_owned(),
        id: Some("ROUTE_ID".to_owned()),
        ..AreaSource::default()
    };
    let (areas, issues, counts) = read_all(&base, &source, 26985);
    println!("{counts:?} {:?}", issues.tally());
    assert_eq!(areas.len(), 144);
}
