use rand::Rng;

use super::*;
use crate::model::NONE;
use crate::model::asset::AssetKind;
use crate::model::kind::Kind;
use crate::period::Day;
use crate::place::Crs;
use crate::progress::Silent;
use crate::random::Stream;

/// A square town of 4 × 4 km in Utrecht, with its incidents and assets.
struct Town {
    plane: Plane,
    clock: Clock,
    streets: Streets,
    rounds: Rounds,
    areas: Vec<Area>,
    incidents: Incidents,
    assets: Vec<Asset>,
    period: Period,
}

const CORNER: Local = Local::new(134_000.0, 454_000.0);
const SIDE_M: f64 = 4_000.0;

impl Town {
    fn new() -> Self {
        let rect = geo::Rect::new(CORNER, Local::new(CORNER.x + SIDE_M, CORNER.y + SIDE_M));
        let shape = geo::MultiPolygon::new(vec![rect.to_polygon()]);
        let from = Day::from_date(jiff::civil::date(2025, 1, 1));
        Self {
            plane: Plane::new(Crs::from_epsg(28992).unwrap()).unwrap(),
            clock: Clock::new("Europe/Amsterdam").unwrap(),
            streets: Streets::default(),
            rounds: Rounds::default(),
            areas: vec![Area { id: "1".to_owned(), name: "Town".to_owned(), shape }],
            incidents: Incidents::default(),
            assets: Vec::new(),
            period: Period { from, to: from.plus(364) },
        }
    }

    fn add(&mut self, kind: Kind, at: Local, day: i32, asset: u32) {
        let instant = self.clock.midnight(self.period.from.plus(day)) + 3600 * 9;
        let incidents = &mut self.incidents;
        let number = u32::try_from(incidents.len()).unwrap();
        incidents.of_report.push(number);
        incidents.first_report.push(number);
        incidents.kind.push(kind);
        incidents.at.push(at);
        incidents.first_at.push(instant);
        incidents.last_at.push(instant);
        incidents.n_reports.push(1);
        incidents.asset.push(asset);
        incidents.area.push(0);
        incidents.is_point.push(at.is_somewhere());
        incidents.accuracy_m.push(10.0);
    }

    /// `n` incidents anywhere in a square around a place.
    fn scatter(&mut self, n: u32, middle: Local, side_m: f64, stream: &mut Stream) {
        for _ in 0..n {
            let x = middle.x + (share(stream) - 0.5) * side_m;
            let y = middle.y + (share(stream) - 0.5) * side_m;
            let day = i32::try_from(stream.next_u32() % 365).unwrap();
            self.add(Kind::Dumping, Local::new(x, y), day, NONE);
        }
    }

    fn find(&self, methods: &str) -> Hotspots {
        let methods: Methods = toml::from_str(methods).unwrap();
        methods.check().unwrap();
        let index = ReportIndex::build(&self.incidents, &self.plane, &self.streets, &self.areas);
        let scene = Scene {
            plane: &self.plane,
            clock: &self.clock,
            period: self.period,
            areas: &self.areas,
            streets: &self.streets,
            rounds: &self.rounds,
        };
        find(&index, &self.incidents, &self.assets, &scene, &methods, &Random::new(5), &Silent)
    }
}

#[expect(clippy::cast_precision_loss, reason = "53 bits")]
fn share(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn middle() -> Local {
    Local::new(CORNER.x + SIDE_M / 2.0, CORNER.y + SIDE_M / 2.0)
}

/// A town with incidents everywhere, twelve to a hot place of 500 m for every one elsewhere, and forty bollards
/// of which one is hit again and again.
fn patterned() -> Town {
    let mut town = Town::new();
    let stream = &mut Random::new(11).stream("town", 0);
    let hot = Local::new(CORNER.x + 1_200.0, CORNER.y + 2_600.0);
    town.scatter(400, middle(), SIDE_M, stream);
    town.scatter(120, hot, 500.0, stream);
    for number in 0..40u32 {
        let at = Local::new(CORNER.x + 90.0 * f64::from(number), CORNER.y + 700.0);
        let id = format!("b{number:02}");
        town.assets.push(Asset { id, kind: AssetKind::Bollard, at, capacity_l: None, is_synthetic: false });
        let hits = if number == 17 { 14 } else { u32::from(number % 3 == 0) };
        for hit in 0..hits {
            let day = if number == 17 { 250 + 8 * hit } else { 9 * number };
            town.add(Kind::Bollard, at, i32::try_from(day).unwrap(), number);
        }
    }
    town
}

const ALL: &str = "[[density]]\nkind = \"dumping\"\nmin_reports = 8\nradius_m = 75.0\n[[gi_star]]\nkind = \"dumping\"\n\
    [[gi_star]]\nkind = \"street\"\npermutations = 99\n[[repeat]]\nasset = \"bollard\"\n";

#[test]
fn a_planted_hot_place_is_found_by_every_method_that_looks_for_it() {
    let town = patterned();
    let found = town.find(ALL);
    let hot = Local::new(CORNER.x + 1_200.0, CORNER.y + 2_600.0);
    let first = |method: &str| found.hotspots.iter().find(|hotspot| hotspot.method == method).unwrap();
    let (cells, cluster) = (first("gi_star"), first("density"));
    assert!(
        cells.at.distance_m(hot) < 200.0 && cells.q_value <= 0.05 && cells.relative_risk > 3.0,
        "{cells:?}"
    );
    assert!(cluster.at.distance_m(hot) < 250.0 && cluster.statistic > 3.0, "{cluster:?}");
    assert!(cluster.expected.is_nan() && cluster.p_value.is_nan());
    assert_eq!(found.hotspots[0].id, "H001");
    let excess: Vec<f64> = found.hotspots.iter().map(Hotspot::excess).collect();
    assert!(excess.is_sorted_by(|a, b| a >= b), "{excess:?}");
    for hotspot in &found.hotspots {
        assert!(hotspot.incidents.is_sorted() && !hotspot.shape.0.is_empty(), "{hotspot:?}");
    }
}

#[test]
fn a_bollard_that_is_hit_again_and_again_is_a_repeat_location_and_the_others_are_not() {
    let found = patterned().find(ALL);
    assert_eq!(found.assets.len(), 40);
    let repeats: Vec<u32> = found.assets.iter().filter(|row| row.is_repeat).map(|row| row.asset).collect();
    assert_eq!(repeats, [17]);
    let row = &found.assets[17];
    assert!((row.expected - 28.0 / 40.0).abs() < 1e-12 && row.shrunken_rate < row.rate_per_year, "{row:?}");
    let hotspot = found.hotspots.iter().find(|hotspot| hotspot.method == "repeat").unwrap();
    assert_eq!((hotspot.asset, hotspot.incidents.len(), hotspot.trend.as_str()), (17, 14, "rising"));
    assert_eq!(hotspot.kind, Selection::Kind(Kind::Bollard));
    assert!(found.assets.iter().all(|row| row.n_incidents > 0 || row.last_at == crate::period::NEVER));
}

#[test]
fn rows_of_cells_cover_the_study_area_and_add_up_to_the_incidents() {
    let town = patterned();
    let found = town.find("[[gi_star]]\nkind = \"dumping\"\n");
    let n: u32 = found.cells.iter().map(|row| row.n).sum();
    let expected: f64 = found.cells.iter().map(|row| row.expected).sum();
    assert_eq!(n, 520);
    assert!((expected - 520.0).abs() < 1e-6);
    assert!(found.cells.iter().any(|row| row.n == 0), "zeros are counted");
    assert!(found.cells.is_sorted_by_key(|row| row.cell));
    for row in &found.cells {
        assert!(
            row.z.is_finite() && row.p_value > 0.0 && row.p_value <= row.q_value && row.q_value <= 1.0,
            "{row:?}"
        );
        assert_eq!(row.class.starts_with("hot"), row.q_value <= 0.10);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let town = patterned();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        format!("{:?}", pool.install(|| town.find(ALL)))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(8));
}

#[test]
fn a_city_cut_into_parts_has_the_clusters_of_the_whole() {
    let mut town = Town::new();
    let stream = &mut Random::new(3).stream("town", 1);
    // A band of incidents across the town crosses every border of the parts.
    for step in 0..40 {
        let along = f64::from(step) / 40.0 * SIDE_M;
        town.scatter(12, Local::new(CORNER.x + along, CORNER.y + along), 140.0, stream);
    }
    town.scatter(800, middle(), SIDE_M, stream);
    let index = ReportIndex::build(&town.incidents, &town.plane, &town.streets, &town.areas);
    let scene = Scene {
        plane: &town.plane,
        clock: &town.clock,
        period: town.period,
        areas: &town.areas,
        streets: &town.streets,
        rounds: &town.rounds,
    };
    let city = City::new(&index, &town.incidents, &town.assets, &scene);
    let chosen = city.chosen(Selection::All);
    for (radius_m, min_reports) in [(30.0, 3), (60.0, 5), (150.0, 8), (900.0, 4)] {
        let options = density::Options { kind: Selection::All, radius_m, min_reports };
        let whole = density::in_one_piece(&city, &options, &chosen);
        assert_eq!(density::in_parts(&city, &options), whole, "{radius_m} m");
    }
    assert!(index.parts(h3o::Resolution::Six, 60.0).len() > 1, "there is something to merge");
}

#[test]
fn towns_without_pattern_have_hot_cells_as_often_as_chance_says() {
    let town = Town::new();
    let index = ReportIndex::build(&town.incidents, &town.plane, &town.streets, &town.areas);
    let cells = index.study_cells(h3o::Resolution::Nine);
    let weights = crate::stats::weights::Weights::disk(&cells, 1);
    let random = Random::new(17);
    let (mut low, mut tested, mut towns_with_false) = (0, 0, 0);
    for number in 0..200 {
        let mut counts = vec![0u32; cells.len()];
        let mut stream = random.stream("pattern-free", number);
        for _ in 0..3 * cells.len() {
            counts[usize::try_from(stream.next_u64() % cells.len() as u64).unwrap()] += 1;
        }
        let p_values = gi_star::p_values(&counts, &cells, &weights, 0, random);
        low += p_values.iter().filter(|&&p| p <= 0.05).count();
        tested += cells.len();
        let q_values = crate::stats::correct::benjamini_hochberg(&p_values);
        towns_with_false += usize::from(q_values.iter().any(|&q| q <= 0.05));
    }
    let share = low as f64 / f64::from(u32::try_from(tested).unwrap());
    println!(
        "{} cells: {share:.4} of p-values up to 0.05; {towns_with_false} of 200 towns with a false finding",
        cells.len()
    );
    assert!((0.035..=0.055).contains(&share), "{share}");
    assert!(towns_with_false <= 16, "{towns_with_false} of 200 towns");
}

#[test]
fn bollards_that_are_hit_by_chance_alone_are_no_repeat_locations() {
    let random = Random::new(23);
    let mut towns_with_false = 0;
    for number in 0..200 {
        let mut town = Town::new();
        let mut stream = random.stream("chance", number);
        for id in 0..150u32 {
            let at = Local::new(CORNER.x + 20.0 * f64::from(id), CORNER.y + 900.0);
            let id = format!("b{id:03}");
            town.assets.push(Asset {
                id,
                kind: AssetKind::Bollard,
                at,
                capacity_l: None,
                is_synthetic: false,
            });
        }
        for day in 0..300 {
            let hit = stream.next_u32() % 150;
            town.add(Kind::Bollard, town.assets[hit as usize].at, day, hit);
        }
        let found = town.find("[[repeat]]\nasset = \"bollard\"\nat_least = 1\n");
        towns_with_false += usize::from(found.assets.iter().any(|row| row.is_repeat));
    }
    println!("{towns_with_false} of 200 towns with a false repeat location");
    assert!(towns_with_false <= 16, "{towns_with_false} of 200 towns");
}

#[test]
fn too_few_data_is_an_answer() {
    let methods = "[[density]]\n[[gi_star]]\n[[gi_star]]\nkind = \"bollard\"\npermutations = 99\n[[repeat]]\n[[repeat]]\nasset = \"bollard\"\n";
    let mut town = Town::new();
    let check = |town: &Town, notes: usize| {
        let found = town.find(methods);
        assert!(found.notes.len() >= notes, "{:?}", found.notes);
        for row in &found.cells {
            assert!(row.z.is_finite() && row.p_value.is_finite() && row.q_value.is_finite(), "{row:?}");
        }
        for row in &found.assets {
            assert!(
                row.expected.is_finite() && row.shrunken_rate.is_finite() && row.p_value.is_finite(),
                "{row:?}"
            );
        }
        found
    };
    // Nothing at all; then one incident that lies nowhere; then one that does; then many at one point.
    check(&town, 4);
    town.add(Kind::Bollard, Local::NOWHERE, 3, NONE);
    check(&town, 4);
    town.add(Kind::Bollard, middle(), 3, NONE);
    check(&town, 2);
    for day in 0..50 {
        town.add(Kind::Bollard, middle(), day, NONE);
    }
    let found = check(&town, 1);
    assert_eq!(found.hotspots.iter().filter(|hotspot| hotspot.method == "density").count(), 1);
    // One asset that nothing happened to; an area of few cells; a period without days.
    let at = middle();
    town.assets.push(Asset {
        id: "b".to_owned(),
        kind: AssetKind::Bollard,
        at,
        capacity_l: None,
        is_synthetic: false,
    });
    check(&town, 2);
    town.areas.clear();
    assert!(check(&town, 1).notes.iter().any(|note| note.contains("1 cells")));
    town.period.to = town.period.from.plus(-1);
    check(&town, 1);
}

#[test]
fn settings_that_make_no_sense_are_refused_and_unknown_ones_named() {
    let refused = |text: &str| toml::from_str::<Methods>(text).unwrap().check().unwrap_err().to_string();
    assert!(refused("[[density]]\nradius_m = 0.0").contains("radius_m = 0"));
    assert!(refused("[[density]]\nmin_reports = 0").contains("min_reports"));
    assert!(refused("[[gi_star]]\nresolution = 15").contains("resolution = 15"));
    assert!(refused("[[gi_star]]\nneighbours = 0").contains("neighbours"));
    assert!(refused("[[repeat]]\nalpha = 5.0").contains("alpha"));
    let unknown = toml::from_str::<Methods>("[[density]]\nradius = 50.0").unwrap_err().to_string();
    assert!(unknown.contains("radius") && unknown.contains("radius_m"), "{unknown}");
    assert!(toml::from_str::<Methods>("[[hot_spot]]").is_err());
}
