//! The network against the slow obvious way: Floyd & Warshall over every node of the streets.

use proptest::prelude::*;

use super::*;
use crate::model::street::{Direction, Way};

fn way(nodes: &[u32]) -> Way {
    Way::residential(nodes.to_vec())
}

fn streets(nodes: &[(f64, f64)], ways: Vec<Way>) -> Streets {
    let nodes = nodes.iter().map(|&(x, y)| Local::new(x, y)).collect();
    Streets { nodes, ways, ..Streets::default() }
}

/// Seconds between all nodes, every segment on its own; infinite where there is no way.
fn floyd(streets: &Streets, options: &Options) -> Vec<Vec<f64>> {
    let n = streets.nodes.len();
    let mut seconds = vec![vec![f64::INFINITY; n]; n];
    for (node, row) in seconds.iter_mut().enumerate() {
        row[node] = 0.0;
    }
    for way in streets.ways.iter().filter(|way| way.is_for_trucks) {
        let class_kmh = options.speed_kmh.of(way.class);
        let speed_ms = way.limit_kmh.map_or(class_kmh, |limit| limit.min(class_kmh)) / 3.6;
        for ends in way.nodes.windows(2) {
            let [a, b] = [ends[0], ends[1]].map(|node| node as usize);
            let s = streets.nodes[a].distance_m(streets.nodes[b]) / speed_ms;
            if way.direction != Direction::Backward {
                seconds[a][b] = seconds[a][b].min(s);
            }
            if way.direction != Direction::Forward {
                seconds[b][a] = seconds[b][a].min(s);
            }
        }
    }
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                seconds[i][j] = seconds[i][j].min(seconds[i][k] + seconds[k][j]);
            }
        }
    }
    seconds
}

/// Random ways over random nodes: loops, dead ends, repeated segments, one-ways, footways and separate parts.
fn any_streets() -> impl Strategy<Value = Streets> {
    let node = (-500.0..500.0f64, -500.0..500.0f64);
    let a_way = (prop::collection::vec(0..14u32, 2..6), 0..10u8, 0..3u8);
    (prop::collection::vec(node, 14), prop::collection::vec(a_way, 1..12)).prop_map(|(nodes, ways)| {
        let ways = ways.into_iter().map(|(nodes, kind, class)| Way {
            direction: match kind {
                0..=5 => Direction::Both,
                6..=7 => Direction::Forward,
                _ => Direction::Backward,
            },
            class: [StreetClass::Primary, StreetClass::Residential, StreetClass::Service][usize::from(class)],
            limit_kmh: (kind == 3).then_some(20.0),
            is_for_trucks: kind != 5,
            ..way(&nodes)
        });
        streets(&nodes, ways.collect())
    })
}

proptest! {
    #[test]
    fn paths_and_matrix_agree_with_floyd_on_any_streets(streets in any_streets()) {
        let options = Options::default();
        let network = Network::build(&streets, &options);
        let slow = floyd(&streets, &options);
        // Every node of the streets that lies on the network, also those within an edge.
        let on: Vec<(usize, Snap)> = (0..streets.nodes.len())
            .filter_map(|node| Some((node, network.snap(streets.nodes[node], 1e-6)?))).collect();
        let spots: Vec<Snap> = on.iter().map(|&(_, snap)| snap).collect();
        let matrix = Matrix::new(&network, &spots);
        let back = Matrix::between(&network, &spots, &spots[..spots.len() / 2]);
        network.prepare();
        prop_assert_eq!(&Matrix::new(&network, &spots), &matrix);
        prop_assert_eq!(&Matrix::between(&network, &spots, &spots[..spots.len() / 2]), &back);
        for (i, &(a, from)) in on.iter().enumerate() {
            for (j, &(b, to)) in on.iter().enumerate() {
                let seconds = matrix.seconds(i, j).expect("the network is strongly connected");
                prop_assert!((seconds - slow[a][b]).abs() < 0.02, "{a} to {b}: {seconds}, not {}", slow[a][b]);
                prop_assert!(j >= spots.len() / 2 || back.seconds(i, j) == matrix.seconds(i, j));
                let path = network.path(from, to).expect("the network is strongly connected");
                prop_assert_eq!(Some(path.seconds), matrix.seconds(i, j));
                prop_assert_eq!(Some(path.length_m), matrix.length_m(i, j));
                let drawn_m: f64 = path.line.windows(2).map(|ends| ends[0].distance_m(ends[1])).sum();
                prop_assert!((drawn_m - path.length_m).abs() < 0.02, "{drawn_m} drawn, {}", path.length_m);
                prop_assert!(path.line[0].distance_m(from.point) < 1e-3);
                prop_assert!(path.line[path.line.len() - 1].distance_m(to.point) < 1e-3);
                for &(edge, is_forward) in &path.edges {
                    prop_assert!(is_forward || !network.edge(edge).is_oneway);
                }
                for two in path.edges.windows(2) {
                    let end = |(edge, is_forward): (u32, bool)| {
                        let edge = network.edge(edge);
                        if is_forward { (edge.from, edge.to) } else { (edge.to, edge.from) }
                    };
                    prop_assert_eq!(end(two[0]).1, end(two[1]).0);
                }
            }
        }
    }

    #[test]
    fn walks_agree_with_floyd_on_any_streets(mut streets in any_streets(), within_m in 100.0..1500.0f64) {
        // Driven in both directions at one metre a second, seconds are metres on foot.
        for way in &mut streets.ways {
            (way.direction, way.class, way.limit_kmh) = (Direction::Both, StreetClass::Residential, None);
        }
        let options = Options { speed_kmh: Speeds { residential: 3.6, ..Speeds::default() }, ..Options::default() };
        let network = Network::build(&streets, &options);
        let slow = floyd(&streets, &options);
        let on: Vec<(usize, Snap)> = (0..streets.nodes.len())
            .filter_map(|node| Some((node, network.snap(streets.nodes[node], 1e-6)?))).collect();
        let starts = &on[..on.len().min(3)];
        let walk = network.walk(&starts.iter().map(|&(_, snap)| snap).collect::<Vec<_>>(), within_m);
        for &(node, snap) in &on {
            let nearest_m = starts.iter().map(|&(start, _)| slow[start][node]).fold(f64::INFINITY, f64::min);
            match walk.metres(snap) {
                Some(metres) => prop_assert!((metres - nearest_m).abs() < 0.02, "{metres}, not {nearest_m}"),
                None => prop_assert!(nearest_m > within_m - 0.02, "{nearest_m} within {within_m}"),
            }
        }
    }

    #[test]
    fn the_network_is_the_longest_part_in_which_everything_is_reached(streets in any_streets()) {
        let options = Options::default();
        let network = Network::build(&streets, &options);
        let slow = floyd(&streets, &options);
        let n = streets.nodes.len();
        let is_both = |a: usize, b: usize| slow[a][b].is_finite() && slow[b][a].is_finite();
        let part_m = |node: usize| -> f64 {
            streets.ways.iter().filter(|way| way.is_for_trucks).flat_map(|way| way.nodes.windows(2))
                .filter(|ends| is_both(node, ends[0] as usize) && is_both(node, ends[1] as usize))
                .map(|ends| streets.nodes[ends[0] as usize].distance_m(streets.nodes[ends[1] as usize])).sum()
        };
        let longest_m = (0..n).map(part_m).fold(0.0, f64::max);
        let edges_m: f64 = network.edges().map(|edge| edge.length_m).sum();
        prop_assert!((edges_m - longest_m).abs() < 0.1, "{edges_m}, not {longest_m}");
        prop_assert!((network.notice().network_m - longest_m).abs() < 1e-6);
    }

    #[test]
    fn a_snap_is_the_nearest_spot_of_all(
        streets in any_streets(), x in -600.0..600.0f64, y in -600.0..600.0f64,
    ) {
        let network = Network::build(&streets, &Options::default());
        let at = Local::new(x, y);
        let mut nearest_m = f64::INFINITY;
        for ends in network.edges().flat_map(|edge| edge.line.windows(2)) {
            for step in 0..=1000 {
                nearest_m = nearest_m.min(ends[0].toward(ends[1], f64::from(step) / 1000.0).distance_m(at));
            }
        }
        let snap = network.snap(at, f64::INFINITY);
        prop_assert_eq!(snap.is_some(), !network.is_empty());
        let Some(snap) = snap else { return Ok(()) };
        prop_assert!((snap.distance_m - nearest_m).abs() < 1.0, "{} and {nearest_m}", snap.distance_m);
        prop_assert!(network.point_on(snap.edge, snap.offset_m).distance_m(snap.point) < 1e-6);
        let snaps = network.snaps(at, snap.distance_m + 50.0);
        // A street that runs over itself has two spots that only rounding tells apart.
        prop_assert!((snaps[0].distance_m - snap.distance_m).abs() < 1e-9);
        prop_assert!(snaps.iter().all(|other| other.distance_m <= snap.distance_m + 50.0));
    }
}

#[test]
fn an_empty_network_finds_nothing_and_does_not_fail() {
    let network = Network::build(&Streets::default(), &Options::default());
    assert!(network.is_empty() && network.edges().len() == 0);
    assert_eq!(network.snap(Local::new(0.0, 0.0), f64::INFINITY), None);
    assert!(network.snaps(Local::new(0.0, 0.0), 1e9).is_empty());
    assert!(Matrix::new(&network, &[]).is_empty());
    let places = [Local::new(0.0, 0.0), Local::new(3.0, 4.0)];
    assert_eq!(network.line_through(&places), places);
}

#[test]
fn a_chain_of_bends_becomes_one_edge_and_keeps_its_shape() {
    let nodes = [(0.0, 0.0), (50.0, 10.0), (100.0, 0.0), (150.0, 10.0), (100.0, 80.0)];
    let network = Network::build(
        &streets(&nodes, vec![way(&[0, 1]), way(&[1, 2, 3]), way(&[2, 4])]),
        &Options::default(),
    );
    assert_eq!((network.nodes().len(), network.edges().len()), (4, 3));
    assert!(network.edges().any(|edge| edge.line.len() == 3));
}

#[test]
fn a_one_way_block_is_driven_round() {
    // A square block, driven clockwise only, 100 m a side.
    let nodes = [(0.0, 0.0), (0.0, 100.0), (100.0, 100.0), (100.0, 0.0)];
    let mut round = way(&[0, 1, 2, 3, 0]);
    round.direction = Direction::Forward;
    let network = Network::build(&streets(&nodes, vec![round]), &Options::default());
    let [a, b] = [(0.0, 40.0), (0.0, 60.0)].map(|(x, y)| network.snap(Local::new(x, y), 1.0).unwrap());
    assert!((network.path(a, b).unwrap().length_m - 20.0).abs() < 1e-6);
    assert!((network.path(b, a).unwrap().length_m - 380.0).abs() < 1e-6);
}

#[test]
fn streets_without_a_connection_are_left_out_and_told() {
    let nodes = [(0.0, 0.0), (1000.0, 0.0), (0.0, 500.0), (400.0, 500.0), (0.0, 900.0), (300.0, 900.0)];
    let mut path = way(&[4, 5]);
    path.is_for_trucks = false;
    let network =
        Network::build(&streets(&nodes, vec![way(&[0, 1]), way(&[2, 3]), path]), &Options::default());
    assert_eq!(
        network.notice().to_string(),
        "1.0 km of streets in the network; left out: 0.3 km without access for trucks, 0.4 km not connected"
    );
    assert_eq!(network.snap(Local::new(10.0, 500.0), 100.0), None);
}

#[test]
fn the_side_of_the_street_is_told() {
    let network =
        Network::build(&streets(&[(0.0, 0.0), (100.0, 0.0)], vec![way(&[0, 1])]), &Options::default());
    let is_left = |y: f64| network.snap(Local::new(50.0, y), 20.0).unwrap().is_left;
    let edge = network.edge(0);
    let eastward = edge.line[0].x < edge.line[1].x;
    assert_eq!((is_left(5.0), is_left(-5.0)), (eastward, !eastward));
}

#[test]
fn a_line_through_places_follows_the_streets_and_is_straight_elsewhere() {
    let nodes = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0)];
    let network = Network::build(&streets(&nodes, vec![way(&[0, 1, 2])]), &Options::default());
    let places = [(0.0, 5.0), (105.0, 100.0), (900.0, 900.0)].map(|(x, y)| Local::new(x, y));
    let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (900.0, 900.0)];
    assert_eq!(network.line_through(&places), corners.map(|(x, y)| Local::new(x, y)));
}

/// Streets of the real data, if they lie beside the repository.
fn real(path: &str) -> Option<Streets> {
    let base = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !base.join(path).exists() {
        println!("skipped: `{path}` is not there");
        return None;
    }
    let clock = crate::period::Clock::new("Europe/Helsinki").unwrap();
    let settings =
        crate::import::Settings { base: &base, clock: &clock, crs: None, period: None, kinds: &[] };
    let plane = crate::place::Plane::new(crate::place::Crs::from_epsg(3067).unwrap()).unwrap();
    let source = crate::import::streets::StreetSource { path: path.to_owned(), ..Default::default() };
    let mut issues = crate::issue::Issues::new();
    Some(crate::import::streets::read(&[source], &settings, &plane, &mut issues, &mut Vec::new()).unwrap())
}

/// Seconds from one node to all others, arc by arc until nothing changes (Bellman & Ford).
fn bellman_ford(streets: &Streets, options: &Options, start: usize) -> Vec<f64> {
    let mut arcs = Vec::new();
    for way in streets.ways.iter().filter(|way| way.is_for_trucks) {
        let class_kmh = options.speed_kmh.of(way.class);
        let speed_ms = way.limit_kmh.map_or(class_kmh, |limit| limit.min(class_kmh)) / 3.6;
        for ends in way.nodes.windows(2) {
            let [a, b] = [ends[0], ends[1]].map(|node| node as usize);
            let s = streets.nodes[a].distance_m(streets.nodes[b]) / speed_ms;
            if way.direction != Direction::Backward {
                arcs.push((a, b, s));
            }
            if way.direction != Direction::Forward {
                arcs.push((b, a, s));
            }
        }
    }
    let mut seconds = vec![f64::INFINITY; streets.nodes.len()];
    seconds[start] = 0.0;
    let mut is_changed = true;
    while is_changed {
        is_changed = false;
        for &(a, b, s) in &arcs {
            if seconds[a] + s < seconds[b] - 1e-9 {
                seconds[b] = seconds[a] + s;
                is_changed = true;
            }
        }
    }
    seconds
}

#[test]
fn the_streets_of_helsinki_are_driven_as_bellman_and_ford_would() {
    let Some(streets) = real("helsinki/helsinki-centre.osm.pbf") else { return };
    let options = Options::default();
    let network = Network::build(&streets, &options);
    println!("Helsinki: {}", network.notice());
    let driven = streets.ways.iter().filter(|way| way.is_for_trucks).flat_map(|way| &way.nodes);
    let mut nodes: Vec<usize> = driven.map(|&node| node as usize).collect();
    nodes.sort_unstable();
    nodes.dedup();
    // Where a bollard cuts a street, two nodes share a place, and either may be the one that a place snaps to.
    let place = |node: usize| (streets.nodes[node].x.to_bits(), streets.nodes[node].y.to_bits());
    let mut shared = std::collections::HashMap::new();
    for &node in &nodes {
        *shared.entry(place(node)).or_insert(0) += 1;
    }
    nodes.retain(|&node| shared[&place(node)] == 1);
    // A street in a tunnel runs below another one: only nodes that snap to themselves can be compared.
    let on: Vec<(usize, Snap)> =
        nodes.into_iter().filter_map(|node| Some((node, network.snap(streets.nodes[node], 1e-6)?))).collect();
    let spots: Vec<Snap> = on.iter().map(|&(_, snap)| snap).collect();
    let starts: Vec<usize> = (0..spots.len()).step_by(97).collect();
    let from: Vec<Snap> = starts.iter().map(|&start| spots[start]).collect();
    let matrix = Matrix::between(&network, &from, &spots);
    let mut n_compared = 0;
    for (row, &start) in starts.iter().enumerate() {
        let slow = bellman_ford(&streets, &options, on[start].0);
        for (column, &(node, _)) in on.iter().enumerate() {
            let seconds = matrix.seconds(row, column).expect("the network is strongly connected");
            assert!((seconds - slow[node]).abs() < 0.05, "{start} to {node}: {seconds}, not {}", slow[node]);
            n_compared += 1;
        }
    }
    assert!(n_compared > 10_000, "{n_compared} pairs");
}

#[test]
fn whoever_walks_goes_against_a_one_way_street_and_to_its_kerb() {
    // A square of one-way streets, 100 m each.
    let corners = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)];
    let round = Way { direction: Direction::Forward, ..way(&[0, 1, 2, 3, 0]) };
    let network = Network::build(&streets(&corners, vec![round]), &Options::default());
    let snap = |x: f64, y: f64| network.snap(Local::new(x, y), 50.0).unwrap();
    let walk = network.walk(&[snap(10.0, -5.0)], 150.0);
    let metres = walk.metres(snap(-3.0, 40.0)).unwrap();
    assert!((metres - (5.0 + 10.0 + 40.0 + 3.0)).abs() < 0.01, "{metres}");
    assert!((walk.metres(snap(60.0, 4.0)).unwrap() - 59.0).abs() < 0.01, "along the same street");
    assert_eq!(walk.metres(snap(100.0, 80.0)), None);
}
