//! Clusters of any density and in time, cells and their neighbours, and rates.

use super::*;
use crate::model::round::{Call, Stop, Trip};
use crate::model::street::Way;

const METHODS: &str = "[[density]]\nkind = \"dumping\"\ndays = 30\nradius_m = 150.0\n[[hdbscan]]\nkind = \"dumping\"\n\
    [[moran]]\nkind = \"dumping\"\n[[moran]]\nkind = \"dumping\"\nper = \"litter_bin\"\npermutations = 99\n\
    [[gi_star]]\nkind = \"dumping\"\nper = \"litter_bin\"\npermutations = 99\n";

fn hot() -> Local {
    Local::new(CORNER.x + 1_200.0, CORNER.y + 2_600.0)
}

fn bin(town: &mut Town, at: Local) {
    let id = format!("bin {}", town.assets.len());
    town.assets.push(Asset { id, kind: AssetKind::LitterBin, at, capacity_l: None, is_synthetic: false });
}

/// The patterned town with a bin every 160 m and 320 more in a busy square, with as many more reports as there are bins.
fn town_with_bins() -> Town {
    let mut town = patterned();
    for (column, row) in (0..25).flat_map(|column| (0..25).map(move |row| (column, row))) {
        bin(
            &mut town,
            Local::new(CORNER.x + 80.0 + 160.0 * f64::from(column), CORNER.y + 80.0 + 160.0 * f64::from(row)),
        );
    }
    let busy = Local::new(CORNER.x + 2_900.0, CORNER.y + 1_200.0);
    let stream = &mut Random::new(29).stream("town", 0);
    for _ in 0..320 {
        bin(
            &mut town,
            Local::new(busy.x + 800.0 * (share(stream) - 0.5), busy.y + 800.0 * (share(stream) - 0.5)),
        );
    }
    town.scatter(200, busy, 800.0, stream);
    town
}

#[test]
fn a_planted_hot_place_is_a_cluster_of_any_density_and_high_among_high() {
    let found = patterned().find(METHODS);
    for method in ["hdbscan", "moran"] {
        let first = found.hotspots.iter().find(|hotspot| hotspot.method == method).unwrap();
        assert!(first.at.distance_m(hot()) < 250.0 && !first.shape.0.is_empty(), "{first:?}");
    }
    let rows: Vec<&HotspotCell> = found.cells.iter().filter(|row| row.method == "moran").collect();
    assert!(rows.iter().any(|row| row.category == "HH" && row.class.starts_with("hot") && row.z > 2.0));
    for row in rows {
        let class = match row.category.as_str() {
            "HH" => "hot",
            "LL" => "cold",
            "HL" | "LH" => "outlier",
            _ => "not",
        };
        assert!(row.class.starts_with(class) && (class == "not") == (row.q_value > 0.10), "{row:?}");
        assert!(row.p_value > 0.0 && row.p_value <= row.q_value && row.q_value <= 1.0, "{row:?}");
    }
}

#[test]
fn a_place_with_many_bins_is_a_hotspot_of_counts_but_not_of_rates() {
    let town = town_with_bins();
    let busy = Local::new(CORNER.x + 2_900.0, CORNER.y + 1_200.0);
    let near =
        |found: &Hotspots, at: Local| found.hotspots.iter().any(|hotspot| hotspot.at.distance_m(at) < 400.0);
    for method in ["gi_star", "moran"] {
        let counts = town.find(&format!("[[{method}]]\nkind = \"dumping\"\n"));
        let rates = town.find(&format!("[[{method}]]\nkind = \"dumping\"\nper = \"litter_bin\"\n"));
        assert!(near(&counts, busy) && near(&counts, hot()), "{method}: {:?}", counts.notes);
        assert!(!near(&rates, busy) && near(&rates, hot()), "{method}: {:?}", rates.notes);
        assert!(rates.notes.iter().any(|note| note.contains("per litter_bin") && note.contains("left out")));
        assert!(!counts.notes.iter().any(|note| note.contains(" per ")));
        let (expected, n) = (
            rates.cells.iter().map(|row| row.expected).sum::<f64>(),
            rates.cells.iter().map(|row| row.n).sum::<u32>(),
        );
        assert!((expected - f64::from(n)).abs() < 1e-6 && rates.cells.len() < counts.cells.len());
    }
}

#[test]
fn rates_without_pattern_are_hot_as_often_as_chance_says() {
    let town = Town::new();
    let index = ReportIndex::build(&town.incidents, &town.plane, &town.streets, &town.areas);
    let cells = index.study_cells(h3o::Resolution::Nine);
    let weights = crate::stats::weights::Weights::disk(&cells, 1);
    let random = Random::new(31);
    let (mut low, mut tested) = (0u32, 0u32);
    for number in 0..40 {
        let mut stream = random.stream("pattern-free", number);
        let bins: Vec<usize> = cells.iter().map(|_| 1 + (stream.next_u32() % 20) as usize).collect();
        let of_bin: Vec<usize> =
            bins.iter().enumerate().flat_map(|(item, &bins)| std::iter::repeat_n(item, bins)).collect();
        let mut counts = vec![0.0; cells.len()];
        for _ in 0..3 * cells.len() {
            counts[of_bin[stream.next_u32() as usize % of_bin.len()]] += 1.0;
        }
        let bins: Vec<f64> = bins.iter().map(|&bins| bins as f64).collect();
        let rates = crate::stats::poisson::Rates::estimate(&counts, &bins).unwrap();
        let values: Vec<f64> =
            counts.iter().zip(&bins).map(|(&n, &bins)| rates.standardised(n, bins)).collect();
        for p in gi_star::p_values_of_rates(&values, &cells, &weights, 199, random) {
            low += u32::from(p <= 0.05);
            tested += 1;
        }
    }
    let share = f64::from(low) / f64::from(tested);
    println!("{share:.4} of {tested} p-values up to 0.05");
    assert!((0.035..=0.065).contains(&share), "{share}");
}

#[test]
fn waves_at_one_place_are_clusters_of_their_own_where_days_count() {
    let mut town = Town::new();
    for day in (20..28).chain(200..210) {
        town.add(Kind::Dumping, middle(), day, NONE);
    }
    let clusters = |days: &str| -> Vec<Hotspot> {
        town.find(&format!("[[density]]\nkind = \"dumping\"\n{days}")).hotspots
    };
    let whole = clusters("");
    assert_eq!(whole.len(), 1);
    let waves = clusters("days = 7\n");
    assert_eq!(waves.iter().map(|wave| wave.incidents.len()).collect::<Vec<_>>(), [10, 8]);
    // 8 incidents in 8 days of 365, where 18 lie in the whole period.
    assert!((waves[1].statistic / whole[0].statistic - 8.0 / 18.0 * 365.0 / 8.0).abs() < 1e-9, "{waves:?}");
    assert!(waves.iter().all(|wave| wave.trend.is_empty()));
}

#[test]
fn neither_threads_nor_the_order_of_the_rows_change_anything() {
    let town = town_with_bins();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        format!("{:?}", pool.install(|| town.find(METHODS)))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(8));

    let mut turned = town_with_bins();
    let incidents = &mut turned.incidents;
    incidents.kind.reverse();
    incidents.at.reverse();
    incidents.first_at.reverse();
    incidents.last_at.reverse();
    incidents.asset.reverse();
    incidents.is_point.reverse();
    let (straight, turned) = (town.find(METHODS), turned.find(METHODS));
    assert_eq!(straight.cells, turned.cells);
    assert_eq!((straight.hotspots.len(), &straight.notes), (turned.hotspots.len(), &turned.notes));
    for (a, b) in straight.hotspots.iter().zip(&turned.hotspots) {
        assert_eq!(
            (&a.id, a.method, a.incidents.len(), a.first_at),
            (&b.id, b.method, b.incidents.len(), b.first_at)
        );
        assert!(a.at.distance_m(b.at) < 1e-6 && a.q_value.total_cmp(&b.q_value).is_eq(), "{a:?} {b:?}");
    }
}

#[test]
fn exposures_are_what_stands_runs_and_lies_in_each_cell() {
    let mut town = town_with_bins();
    town.streets.nodes = vec![
        middle(),
        Local::new(middle().x + 900.0, middle().y),
        Local::new(middle().x, CORNER.y - 5_000.0),
    ];
    for (id, nodes) in [(1, vec![0, 1]), (2, vec![0, 2])] {
        town.streets.ways.push(Way { id, ..Way::residential(nodes) });
    }
    let stop = |at| Stop {
        id: String::new(),
        name: String::new(),
        at,
        capacity_l: None,
        service_s: None,
        asset_id: None,
    };
    town.rounds.stops = vec![stop(middle()), stop(Local::NOWHERE)];
    let calls = [0, 1, 0].map(|stop| Call { stop, arrival_s: 0, departure_s: 0 }).to_vec();
    // One of the days is after the period.
    let days = [0, 7, 14, 400].map(|day| town.period.from.plus(day)).to_vec();
    town.rounds.trips =
        vec![Trip { id: String::new(), route: 0, vehicle: NONE, calls, days, cancelled: Vec::new() }];

    let index = ReportIndex::build(&town.incidents, &town.plane, &town.streets, &town.areas)
        .with_assets(&town.assets);
    let scene = town.scene();
    let city = City::new(&index, &town.incidents, &town.assets, &scene);
    let study = index.study_cells(h3o::Resolution::Nine);
    let exposure = |per| city.exposure(per, &study);
    let total = |per| exposure(per).iter().sum::<f64>();
    assert!(exposure(Per::Nothing).iter().all(|each| each.to_bits() == 1.0f64.to_bits()));
    assert!((total(Per::Reports) - town.incidents.len() as f64).abs() < 1e-9);
    assert!((total(Per::Visits) - 6.0).abs() < 1e-9);
    assert!((total(Per::Assets(AssetKind::LitterBin)) - 945.0 * 365.0).abs() < 1e-6);
    assert!(total(Per::Assets(AssetKind::Lamp)).abs() < 1e-12);
    // The second street leaves the study area, whose cells stick out of the town by up to a cell.
    let metres = total(Per::StreetMetres);
    assert!((900.0 + 2_000.0..900.0 + 2_400.0).contains(&metres), "{metres}");
    let middle = study.binary_search(&town.plane.cell(middle(), h3o::Resolution::Nine)).unwrap();
    assert!(
        (exposure(Per::Visits)[middle] - 6.0).abs() < 1e-9 && exposure(Per::StreetMetres)[middle] > 100.0
    );
    assert!(city.exposure(Per::StreetMetres, &[]).is_empty());
}

#[test]
fn an_asset_counts_in_the_cell_in_which_its_incidents_do() {
    let mut town = town_with_bins();
    town.incidents = Incidents::default();
    town.assets.retain(|asset| asset.kind == AssetKind::LitterBin);
    for (number, at) in (0u32..).zip(town.assets.iter().map(|asset| asset.at).collect::<Vec<_>>()) {
        town.add(Kind::ContainerFull, at, 0, number);
    }
    let index = ReportIndex::build(&town.incidents, &town.plane, &town.streets, &town.areas)
        .with_assets(&town.assets);
    let scene = town.scene();
    let city = City::new(&index, &town.incidents, &town.assets, &scene);
    for resolution in [h3o::Resolution::Nine, h3o::Resolution::Ten, h3o::Resolution::Eleven] {
        let study = index.study_cells(resolution);
        let bins = city.exposure(Per::Assets(AssetKind::LitterBin), &study);
        let counts = index.counts(resolution, Selection::All, None, &town.clock);
        assert!(counts.len() > 100);
        for (cell, n) in counts {
            let standing = bins[study.binary_search(&cell).unwrap()] / f64::from(town.period.days());
            assert!((standing - f64::from(n)).abs() < 1e-9, "{cell}: {standing} bins, {n} incidents");
        }
    }
}

#[test]
fn too_few_data_is_an_answer_here_too() {
    let methods = "[[density]]\ndays = 3\n[[hdbscan]]\n[[moran]]\n[[moran]]\nper = \"reports\"\n[[gi_star]]\nper = \"reports\"\n\
        permutations = 99\n[[gi_star]]\nper = \"street_metres\"\n[[moran]]\nper = \"visits\"\n[[moran]]\nper = \"lamp\"\n";
    let mut town = Town::new();
    let check = |town: &Town, notes: usize| {
        let found = town.find(methods);
        assert!(found.notes.len() >= notes, "{:?}", found.notes);
        for row in &found.cells {
            assert!(row.z.is_finite() && row.p_value.is_finite() && row.q_value.is_finite(), "{row:?}");
            assert!(row.expected.is_finite(), "{row:?}");
        }
        found
    };
    check(&town, 8);
    town.add(Kind::Bollard, Local::NOWHERE, 3, NONE);
    check(&town, 8);
    town.add(Kind::Bollard, middle(), 3, NONE);
    let found = check(&town, 7);
    assert!(found.notes.iter().any(|note| note.contains("no lamp to compare with")), "{:?}", found.notes);
    for day in 0..50 {
        town.add(Kind::Bollard, middle(), day, NONE);
    }
    let found = check(&town, 6);
    assert!(found.notes.iter().any(|note| note.contains("do not fall apart")), "{:?}", found.notes);
    // The same in every cell: nothing varies.
    let index = ReportIndex::build(&town.incidents, &town.plane, &town.streets, &town.areas);
    let mut even = Town::new();
    for cell in index.study_cells(h3o::Resolution::Nine) {
        let middle = h3o::LatLng::from(cell);
        let at = town.plane.local(crate::unit::LonLat::new(middle.lng(), middle.lat())).unwrap();
        even.add(Kind::Bollard, at, 5, NONE);
    }
    let found = check(&even, 7);
    assert_eq!(
        found.notes.iter().filter(|note| note.contains("nothing varies")).count(),
        3,
        "{:?}",
        found.notes
    );
    town.areas.clear();
    assert!(check(&town, 6).notes.iter().any(|note| note.contains("1 cells")));
    town.period.to = town.period.from.plus(-1);
    check(&town, 6);
}

#[test]
fn settings_of_these_methods_that_make_no_sense_are_refused() {
    let refused = |text: &str| toml::from_str::<Methods>(text).unwrap().check().unwrap_err().to_string();
    assert!(refused("[[hdbscan]]\nmin_cluster_size = 1").contains("min_cluster_size = 1"));
    assert!(refused("[[hdbscan]]\nmin_samples = 0").contains("min_samples = 0"));
    assert!(refused("[[hdbscan]]\nclosest_m = -1.0").contains("closest_m = -1"));
    assert!(refused("[[moran]]\nresolution = 3").contains("[[hotspots.moran]]"));
    assert!(refused("[[moran]]\nneighbours = 9").contains("neighbours = 9"));
    let unknown = toml::from_str::<Methods>("[[moran]]\nper = \"people\"").unwrap_err().to_string();
    assert!(unknown.contains("`people`") && unknown.contains("street_metres"), "{unknown}");
}
