use super::*;
use crate::import::testing::{assert_balanced, clock, folder, plane, real, settings};

fn source(path: &str, kind: AssetKind) -> AssetSource {
    AssetSource {
        path: path.to_owned(),
        kind,
        id: None,
        capacity_l: None,
        crs: None,
        layer: None,
        synthetic: false,
    }
}

fn read_all(
    base: &std::path::Path,
    sources: &[AssetSource],
    epsg: u16,
) -> (Vec<Asset>, Issues, Vec<SourceCount>) {
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let (settings, extracts) = (settings(base, &clock), &mut Extracts::default());
    let assets = read(extracts, sources, &settings, &plane(epsg), &mut issues, &mut counts).unwrap();
    assert_balanced(&issues, &counts);
    (assets, issues, counts)
}

/// Points in Utrecht with their properties.
fn points(rows: &[&str]) -> String {
    let features: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(index, properties)| {
            format!(
                r#"{{"type":"Feature","properties":{{{properties}}},"geometry":{{"type":"Point","coordinates":[5.1{index},52.1]}}}}"#
            )
        })
        .collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

#[test]
fn ids_are_named_guessed_or_made_from_the_position() {
    let text = points(&[r#""OBJECTID":7,"nummer":"B-12""#, r#""OBJECTID":8"#, ""]);
    let folder = folder(&[("bins.geojson", text.as_bytes())]);
    let (assets, ..) = read_all(folder.path(), &[source("bins.geojson", AssetKind::LitterBin)], 28992);
    let ids = |assets: &[Asset]| assets.iter().map(|asset| asset.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&assets), ["litter_bin-7", "litter_bin-8", "litter_bin@5.120000,52.100000"]);
    let named = AssetSource { id: Some("nummer".to_owned()), ..source("bins.geojson", AssetKind::LitterBin) };
    let (assets, ..) = read_all(folder.path(), &[named], 28992);
    assert_eq!(ids(&assets)[0], "B-12");
}

#[test]
fn a_repeated_id_gets_a_suffix_and_both_are_used() {
    let text = points(&[r#""asset_id":"a""#, r#""asset_id":"a#2""#, r#""asset_id":"a""#]);
    let folder = folder(&[("bins.geojson", text.as_bytes())]);
    let (assets, issues, counts) = read_all(folder.path(), &[source("bins.geojson", AssetKind::Lamp)], 28992);
    assert_eq!(assets.iter().map(|asset| &*asset.id).collect::<Vec<_>>(), ["a", "a#2", "a#3"]);
    assert_eq!((issues.count(Code::RepeatedAssetId), counts[0].used), (1, 3));
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let rows = [r#""id":1"#, r#""id":2"#, r#""id":1"#, ""];
    let text = points(&rows);
    let turned = {
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut value = value;
        value["features"].as_array_mut().unwrap().reverse();
        value.to_string()
    };
    let read = |text: &str| {
        let folder = folder(&[("bins.geojson", text.as_bytes())]);
        read_all(folder.path(), &[source("bins.geojson", AssetKind::Lamp)], 28992).0
    };
    assert_eq!(read(&text), read(&turned));
}

#[test]
fn litres_are_read_out_of_words() {
    assert_eq!(first_number("110 Liter"), Some(110.0));
    assert_eq!(first_number("L150"), Some(150.0));
    assert_eq!(first_number("1,5 m3"), Some(1.5));
    assert_eq!(first_number("unbekannt"), None);
    assert_eq!(first_number("0"), None);
}

#[test]
fn a_feature_can_say_of_itself_that_it_is_synthetic() {
    let text = points(&[r#""id":1,"synthetic":true"#, r#""id":2"#]);
    let folder = folder(&[("bins.geojson", text.as_bytes())]);
    let (assets, ..) = read_all(folder.path(), &[source("bins.geojson", AssetKind::Lamp)], 28992);
    assert_eq!(assets.iter().map(|asset| asset.is_synthetic).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn the_real_bins_of_zurich_have_their_litres() {
    let Some(base) = real("zurich/abfallgefaesse.gpkg") else { return };
    let bins = AssetSource {
        id: Some("gefaess_id".to_owned()),
        capacity_l: Some("dimension_txt".to_owned()),
        ..source("zurich/abfallgefaesse.gpkg", AssetKind::LitterBin)
    };
    let (assets, issues, counts) = read_all(&base, &[bins], 2056);
    let litres = assets.iter().filter(|asset| asset.capacity_l.is_some()).count();
    println!("{counts:?}, {litres} with litres, {:?}", issues.tally());
    assert_eq!((assets.len(), litres, issues.list().len()), (4063, 4063 - 8 - 386, 0));
}

#[test]
fn the_real_assets_of_washington_and_helsinki_are_all_read() {
    let Some(base) = real("washington-dc/layers/bollards.geojson") else { return };
    let layers = "washington-dc/layers";
    let sources = [
        source(&format!("{layers}/bollards.geojson"), AssetKind::Bollard),
        AssetSource {
            id: Some("LITTERID".to_owned()),
            ..source(&format!("{layers}/litter-cans.geojson"), AssetKind::LitterBin)
        },
    ];
    let (assets, issues, counts) = read_all(&base, &sources, 26985);
    println!("{counts:?} {:?}", issues.tally());
    assert_eq!(assets.len(), 11_608 + 5_265);
    let sources = [
        source("helsinki/helsinki-centre.osm.pbf", AssetKind::Bollard),
        source("helsinki/helsinki-centre.osm.pbf", AssetKind::LitterBin),
        source("helsinki/helsinki-centre.osm.pbf", AssetKind::Container),
    ];
    let (assets, _, counts) = read_all(&base, &sources, 3067);
    println!("{counts:?}");
    assert_eq!(assets.len(), 125 + 36 + 16);
}
