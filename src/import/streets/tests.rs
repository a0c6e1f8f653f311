use proptest::prelude::*;

use super::*;
use crate::import::testing::{assert_balanced, clock, folder, plane, real, settings};

/// A collection of lines in RD New with their properties.
fn lines(rows: &[(&str, &[(f64, f64)])]) -> String {
    let features: Vec<String> = rows
        .iter()
        .map(|(properties, corners)| {
            let corners: Vec<String> = corners.iter().map(|(x, y)| format!("[{},{}]", 136_000.0 + x, 455_000.0 + y)).collect();
            format!(
                r#"{{"type":"Feature","properties":{{{properties}}},"geometry":{{"type":"LineString","coordinates":[{}]}}}}"#,
                corners.join(",")
            )
        })
        .collect();
    format!(
        r#"{{"type":"FeatureCollection","crs":{{"properties":{{"name":"EPSG:28992"}}}},"features":[{}]}}"#,
        features.join(",")
    )
}

fn read_text(text: &str, source: &StreetSource) -> (Streets, Issues, Vec<SourceCount>) {
    let folder = folder(&[("streets.geojson", text.as_bytes())]);
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let source = StreetSource { path: "streets.geojson".to_owned(), ..source.clone() };
    let streets =
        read(&[source], &settings(folder.path(), &clock), &plane(28992), &mut issues, &mut counts).unwrap();
    assert_balanced(&issues, &counts);
    (streets, issues, counts)
}

fn by_name<'a>(streets: &'a Streets, name: &str) -> &'a Way {
    streets.ways.iter().find(|way| streets.words.get(way.name) == name).unwrap()
}

#[test]
fn lines_meet_at_their_ends_but_not_where_they_only_cross() {
    let text = lines(&[
        (r#""name":"Kade""#, &[(0.0, 0.0), (50.0, 0.0), (100.0, 0.0)]),
        (r#""name":"Steeg""#, &[(50.04, 0.03), (50.0, 80.0)]),
        (r#""name":"Brug""#, &[(50.0, -50.0), (50.0, 0.4), (50.0, 50.0)]),
    ]);
    let (streets, _, _) = read_text(&text, &StreetSource::default());
    let (quay, alley, bridge) =
        (by_name(&streets, "Kade"), by_name(&streets, "Steeg"), by_name(&streets, "Brug"));
    assert_eq!(quay.nodes[1], alley.nodes[0], "the alley begins at a corner of the quay");
    assert!(!bridge.nodes.iter().any(|node| quay.nodes.contains(node)));
    assert_eq!(streets.nodes.len(), 3 + 1 + 3);
}

#[test]
fn two_lines_that_share_a_corner_in_their_middle_do_not_meet() {
    let text = lines(&[
        (r#""name":"Over""#, &[(0.0, 0.0), (50.0, 0.0), (100.0, 0.0)]),
        (r#""name":"Onder""#, &[(50.0, -50.0), (50.0, 0.0), (50.0, 50.0)]),
    ]);
    let (streets, _, _) = read_text(&text, &StreetSource::default());
    assert_eq!(streets.nodes.len(), 6);
}

#[test]
fn one_ways_and_classes_are_understood_in_common_words() {
    let text = lines(&[
        (r#""name":"a","DIRECTIONALITY":"One Way (Digitizing direction)""#, &[(0.0, 0.0), (9.0, 0.0)]),
        (
            r#""name":"b","DIRECTIONALITY":"One way (Against digitizing direction)""#,
            &[(0.0, 0.0), (9.0, 1.0)],
        ),
        (
            r#""name":"c","DIRECTIONALITY":"Two way","FUNCTIONALCLASS":"Minor Arterial""#,
            &[(0.0, 0.0), (9.0, 2.0)],
        ),
        (r#""name":"d","oneway":"purple","highway":"footway""#, &[(0.0, 0.0), (9.0, 3.0)]),
    ]);
    let (streets, _, counts) = read_text(&text, &StreetSource::default());
    let directions = ["a", "b", "c", "d"].map(|name| by_name(&streets, name).direction);
    assert_eq!(directions, [Direction::Forward, Direction::Backward, Direction::Both, Direction::Both]);
    assert_eq!(by_name(&streets, "c").class, StreetClass::Secondary);
    assert!(!by_name(&streets, "d").is_for_trucks);
    assert!(counts[0].noticed.contains("not understood: 1"), "{}", counts[0].noticed);
}

#[test]
fn a_name_can_be_joined_from_several_properties() {
    let text = lines(&[(r#""ST_NAME":"Ohio Ave","QUADRANT":"NW""#, &[(0.0, 0.0), (9.0, 0.0)])]);
    let source =
        StreetSource { name: vec!["ST_NAME".to_owned(), "QUADRANT".to_owned()], ..StreetSource::default() };
    assert_eq!(read_text(&text, &source).0.words.iter().collect::<Vec<_>>(), ["Ohio Ave NW"]);
}

#[test]
fn a_point_among_the_lines_is_an_issue() {
    let text =
        lines(&[(r#""name":"a""#, &[(0.0, 0.0), (0.0, 0.0)]), (r#""name":"b""#, &[(0.0, 0.0), (9.0, 0.0)])]);
    let (streets, issues, counts) = read_text(&text, &StreetSource::default());
    assert_eq!((streets.ways.len(), issues.count(Code::ShapeUnreadable), counts[0].left_out), (1, 1, 1));
}

#[test]
fn a_source_is_a_path_or_a_table() {
    #[derive(Deserialize)]
    struct Sources {
        streets: Vec<StreetSource>,
    }
    let read = |text: &str| toml::from_str::<Sources>(text).map(|sources| sources.streets);
    let sources =
        read(r#"streets = ["a.osm.pbf", { path = "b.gpkg", name = "ST_NAME", layer = "l" }]"#).unwrap();
    assert_eq!((&*sources[0].path, &*sources[1].path), ("a.osm.pbf", "b.gpkg"));
    assert_eq!(sources[1].name, ["ST_NAME"]);
    let error = read(r#"streets = [{ path = "b.gpkg", nam = "ST_NAME" }]"#).err().unwrap().to_string();
    assert!(error.contains("unknown field `nam`") && error.contains('^'), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn shuffled_rows_give_the_same_streets(order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let corners: Vec<[(f64, f64); 2]> = (0..8)
            .map(|index| f64::from(index % 4))
            .map(|step| [(step * 10.0, 0.0), (step * 10.0 + 10.06, 0.0)])
            .collect();
        let names: Vec<String> = (0..8).map(|index| format!(r#""name":"{}""#, index % 3)).collect();
        let rows: Vec<(&str, &[(f64, f64)])> = order.iter().map(|&row| (&*names[row], corners[row].as_slice())).collect();
        let mut sorted = rows.clone();
        sorted.sort_by(|a, b| a.0.cmp(b.0));
        let (shuffled, _, _) = read_text(&lines(&rows), &StreetSource::default());
        let (sorted, _, _) = read_text(&lines(&sorted), &StreetSource::default());
        prop_assert_eq!(shuffled.nodes, sorted.nodes);
        prop_assert_eq!(shuffled.ways, sorted.ways);
        prop_assert!(shuffled.words.iter().eq(sorted.words.iter()));
    }
}

fn find(root: &mut [usize], mut node: usize) -> usize {
    while root[node] != node {
        root[node] = root[root[node]];
        node = root[node];
    }
    node
}

/// Nodes that more than one way holds, and the largest part that hangs together.
fn connection(streets: &Streets) -> (usize, usize) {
    let mut times = vec![0_u32; streets.nodes.len()];
    let mut root: Vec<usize> = (0..streets.nodes.len()).collect();
    for way in &streets.ways {
        for &node in &way.nodes {
            times[node as usize] += 1;
            let (a, b) = (find(&mut root, way.nodes[0] as usize), find(&mut root, node as usize));
            root[a] = b;
        }
    }
    let mut sizes = vec![0; root.len()];
    for node in 0..root.len() {
        let top = find(&mut root, node);
        sizes[top] += 1;
    }
    (times.iter().filter(|&&times| times > 1).count(), sizes.into_iter().max().unwrap())
}

#[test]
fn the_real_centre_lines_of_washington_hang_together() {
    let Some(base) = real("washington-dc/layers/l-enfant-plan-street-centerlines.geojson") else { return };
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let source = StreetSource {
        path: "washington-dc/layers/l-enfant-plan-street-centerlines.geojson".to_owned(),
        ..StreetSource::default()
    };
    let streets = read(&[source], &settings(&base, &clock), &plane(26985), &mut issues, &mut counts).unwrap();
    assert_balanced(&issues, &counts);
    let length_km: f64 = streets
        .ways
        .iter()
        .map(|way| streets.line(way).windows(2).map(|pair| pair[0].distance_m(pair[1])).sum::<f64>() / 1000.0)
        .sum();
    let (shared, largest) = connection(&streets);
    println!(
        "{:?}; {length_km:.1} km, {} nodes, {shared} shared, {largest} in one part",
        counts,
        streets.nodes.len()
    );
    assert!((length_km - 299.0).abs() < 1.0, "{length_km}");
    assert!(largest as f64 / streets.nodes.len() as f64 > 0.95);
}

#[test]
fn the_real_major_roads_of_washington_know_their_directions() {
    let Some(base) = real("washington-dc/layers/major-roads.geojson") else { return };
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let source = StreetSource {
        path: "washington-dc/layers/major-roads.geojson".to_owned(),
        name: vec!["ST_NAME".to_owned(), "QUADRANT".to_owned()],
        ..StreetSource::default()
    };
    let streets = read(&[source], &settings(&base, &clock), &plane(26985), &mut issues, &mut counts).unwrap();
    let of = |direction| streets.ways.iter().filter(|way| way.direction == direction).count();
    println!(
        "{counts:?}; both {}, forward {}, backward {}",
        of(Direction::Both),
        of(Direction::Forward),
        of(Direction::Backward)
    );
    assert!(!counts[0].noticed.contains("not understood"));
    assert!(of(Direction::Forward) > 0 && of(Direction::Backward) > 0);
    assert!(streets.words.find("Connecticut Ave NW").is_some());
}

#[test]
fn the_real_extract_of_helsinki_becomes_streets() {
    let Some(base) = real("helsinki/helsinki-centre.osm.pbf") else { return };
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let source = StreetSource { path: "helsinki/*.pbf".to_owned(), ..StreetSource::default() };
    let streets = read(&[source], &settings(&base, &clock), &plane(3067), &mut issues, &mut counts).unwrap();
    assert_balanced(&issues, &counts);
    println!(
        "{counts:?}; {} ways, {} nodes, {} names",
        streets.ways.len(),
        streets.nodes.len(),
        streets.words.len()
    );
    assert!(
        streets.words.find("Mannerheimintie").is_some() && streets.words.find("Mannerheimvägen").is_some()
    );
    assert!(streets.ways.is_sorted_by_key(|way| way.id));
}
