mod kernel;

use rand::Rng;

use super::*;
use crate::model::NONE;
use crate::model::asset::AssetKind;
use crate::model::kind::Kind;
use crate::period::Day;
use crate::place::Crs;
use crate::progress::Silent;
use crate::random::Stream;

mod local;

/// A square town of 4 × 4 km in Utrecht, with its incidents and assets.
pub(super) struct Town {
    plane: Plane,
    pub(super) clock: Clock,
    streets: Streets,
    rounds: Rounds,
    areas: Vec<Area>,
    pub(super) incidents: Incidents,
    pub(super) assets: Vec<Asset>,
    pub(super) period: Period,
}

pub(super) const CORNER: Local = Local::new(134_000.0, 454_000.0);
pub(super) const SIDE_M: f64 = 4_000.0;

impl Town {
    pub(super) fn new() -> Self {
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

    pub(super) fn add(&mut self, kind: Kind, at: Local, day: i32, asset: u32) {
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
    pub(super) fn scatter(&mut self, n: u32, middle: Local, side_m: f64, stream: &mut Stream) {
        for _ in 0..n {
            let x = middle.x + (share(stream) - 0.5) * side_m;
            let y = middle.y + (share(stream) - 0.5) * side_m;
            let day = i32::try_from(stream.next_u32() % 365).unwrap();
            self.add(Kind::Dumping, Local::new(x, y), day, NONE);
        }
    }

    pub(super) fn find(&self, methods: &str) -> Hotspots {
        let methods: Methods = toml::from_str(methods).unwrap();
        methods.check().unwrap();
        let index = ReportIndex::build(&self.incidents, &self.plane, &self.streets, &self.areas);
        find(&index, &self.incidents, &self.assets, &self.scene(), &methods, &Random::new(5), &Silent)
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            plane: &self.plane,
            clock: &self.clock,
            period: self.period,
            areas: &self.areas,
            streets: &self.streets,
            rounds: &self.rounds,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "53 bits")]
fn share(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

pub(super) fn middle() -> Local {
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
    let excess: Vec<f64> = found.hotspots.iter().map(|hotspot| hotspot.excess.low).collect();
    assert!(excess.is_sorted_by(|a, b| a >= b), "{excess:?}");
    // Both methods speak of one place.
    assert_eq!(cells.place, cluster.place);
    let place = &found.places[cells.place as usize];
    assert_eq!((place.methods.as_slice(), &found.leader(place).id), (&["density", "gi_star"][..], &cells.id));
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
fn excess_is_measured_per_week_from_what_is_expected_or_from_the_mean_of_the_area() {
    let found = patterned().find(ALL);
    let weeks = 365.0 / 7.0;
    for hotspot in &found.hotspots {
        let n = hotspot.incidents.len() as f64;
        assert!(
            hotspot.excess.low < hotspot.excess.per_week && hotspot.excess.per_week < hotspot.excess.high
        );
        assert!((hotspot.excess.per_week * weeks - (n - hotspot.baseline)).abs() < 1e-9, "{hotspot:?}");
        match hotspot.method {
            // As many times denser as its statistic says.
            "density" => {
                assert_eq!(hotspot.basis(), "mean_of_area");
                assert!((hotspot.baseline * hotspot.statistic / n - 1.0).abs() < 1e-9, "{hotspot:?}");
            }
            _ => assert_eq!((hotspot.basis(), hotspot.baseline), ("expected", hotspot.expected)),
        }
    }
    // The bounds of Garwood (1936) for 14 events: 7.654 and 23.490.
    let bollard = found.hotspots.iter().find(|hotspot| hotspot.method == "repeat").unwrap();
    let bounds = [bollard.excess.low, bollard.excess.high].map(|bound| bound * weeks + bollard.expected);
    assert!((bounds[0] - 7.654).abs() < 1e-3 && (bounds[1] - 23.490).abs() < 1e-3, "{bounds:?}");
}

#[test]
fn a_place_that_lasts_is_stable_and_one_that_hangs_on_a_week_is_not() {
    let mut town = Town::new();
    let stream = &mut Random::new(3).stream("town", 0);
    town.scatter(300, middle(), SIDE_M, stream);
    let (lasting, burst) =
        (Local::new(CORNER.x + 900.0, CORNER.y + 900.0), Local::new(CORNER.x + 3_000.0, CORNER.y + 900.0));
    for number in 0..40 {
        let beside = |at: Local| Local::new(at.x + f64::from(number), at.y);
        town.add(Kind::Dumping, beside(lasting), number * 9, NONE);
        town.add(Kind::Dumping, beside(burst), 100 + number % 3, NONE);
    }
    let methods = "[[density]]\nkind = \"dumping\"\nmin_reports = 20\n";
    let found = town.find(methods);
    let near = |at: Local| found.hotspots.iter().find(|hotspot| hotspot.at.distance_m(at) < 100.0).unwrap();
    assert!(near(lasting).stability > 0.95, "{}", near(lasting).stability);
    let hangs = near(burst).stability;
    assert!((0.45..0.8).contains(&hangs), "a week is drawn in 63 % of the re-runs: {hangs}");
    let without = town.find(&format!("{methods}[places]\nstability = 0\n"));
    assert!(without.hotspots.iter().all(|hotspot| hotspot.stability.is_nan()));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let town = patterned();
    let changing = changing();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| format!("{:?} {:?}", town.find(ALL), changing.find(OVER_TIME)))
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
    let scene = town.scene();
    let city = City::new(&index, &town.incidents, &town.assets, &scene);
    let chosen = density::from_west(&city, city.chosen(Selection::All));
    let settings =
        [(30.0, 3, None), (60.0, 5, None), (150.0, 8, None), (900.0, 4, None), (150.0, 3, Some(20))];
    for (radius_m, min_reports, days) in settings {
        let options = density::Options { kind: Selection::All, radius_m, min_reports, days };
        let whole = density::in_one_piece(&city, &options, &chosen);
        assert_eq!(density::in_parts(&city, &options, &chosen), whole, "{radius_m} m");
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

/// Two years of a town. In its last twelve weeks one place fills up; potholes become more; and each graffiti is followed by another one next door three days later.
fn changing() -> Town {
    let mut town = Town::new();
    town.period.to = town.period.from.plus(2 * 365 - 1);
    let stream = &mut Random::new(12).stream("changing", 0);
    let any = |stream: &mut Stream| {
        Local::new(CORNER.x + share(stream) * SIDE_M, CORNER.y + share(stream) * SIDE_M)
    };
    for day in 0..730 {
        town.add(Kind::Dumping, any(stream), day, NONE);
        if share(stream) < 0.1 + f64::from(day) / 1_000.0 {
            town.add(Kind::Pothole, any(stream), day, NONE);
        }
        if day % 9 == 0 {
            let at = any(stream);
            town.add(Kind::Graffiti, at, day, NONE);
            town.add(Kind::Graffiti, Local::new(at.x + 30.0, at.y), day + 3, NONE);
        }
    }
    let hot = Local::new(CORNER.x + 1_000.0, CORNER.y + 3_000.0);
    for day in 730 - 84..730 {
        town.add(Kind::Dumping, Local::new(hot.x + 60.0 * share(stream), hot.y), day, NONE);
    }
    town
}

const OVER_TIME: &str = "[[emerging]]\nkind = \"dumping\"\n[[near_repeat]]\nkind = \"graffiti\"\npermutations = 199\n\
    [[trend]]\neach_kind = true\nareas = true\n[[trend]]\nkind = \"street\"\nstep = \"week\"\n";

#[test]
fn a_place_that_fills_up_in_the_last_weeks_is_consecutive() {
    let town = changing();
    let found = town.find(OVER_TIME);
    let hotspot = &found.hotspots[0];
    let hot = Local::new(CORNER.x + 1_000.0, CORNER.y + 3_000.0);
    assert_eq!((hotspot.method, hotspot.trend.as_str()), ("emerging", "consecutive"));
    assert!(hotspot.at.distance_m(hot) < 400.0 && hotspot.relative_risk > 3.0, "{hotspot:?}");
    // Only what came in since it became hot, at most a step before the planted weeks.
    let from = town.clock.midnight(town.period.to.plus(-(84 + 28)));
    assert!(hotspot.first_at >= from && hotspot.incidents.len() >= 84, "{hotspot:?}");
    let named: Vec<&str> = found.cells.iter().map(|row| row.category.as_str()).collect();
    let n = |name: &str| named.iter().filter(|category| **category == name).count();
    assert!(n("consecutive") >= 1 && n("none") > found.cells.len() * 8 / 10, "{named:?}");
    assert!(found.cells.iter().all(|row| row.esri_category.ends_with("Spot")
        || row.category == "none"
        || row.category == "extinguished"));
    let total: u32 = found.cells.iter().map(|row| row.n).sum();
    // Two years are 26 steps and two days, on which one incident each came in.
    assert_eq!(total, 730 + 84 - 2);
    assert!(found.notes.iter().any(|note| note.contains("2 incidents are not counted")), "{:?}", found.notes);
}

#[test]
fn a_kind_that_becomes_more_is_rising_and_the_others_are_not() {
    let found = changing().find(OVER_TIME);
    let of = |kind: Selection, area: u32| {
        found
            .trends
            .iter()
            .find(|row| row.kind == kind && row.area == area && row.step == trend::Step::Month)
            .unwrap()
    };
    let rising = of(Selection::Kind(Kind::Pothole), NONE);
    assert_eq!((rising.direction, rising.n_steps), ("rising", 24));
    assert!(rising.slope_low > 0.0 && rising.slope_low <= rising.slope_per_year, "{rising:?}");
    assert!(
        rising.seasonal_p_value > 0.0 && rising.year_ago_n.is_some() && rising.rate_ratio > 1.0,
        "{rising:?}"
    );
    assert_eq!(of(Selection::Kind(Kind::Graffiti), NONE).direction, "");
    // The one area holds every incident, so its rows are those of the city.
    let area = of(Selection::Kind(Kind::Pothole), 0);
    assert_eq!((area.n, area.p_value.to_bits()), (rising.n, rising.p_value.to_bits()));
    let weekly = found.trends.iter().find(|row| row.step == trend::Step::Week).unwrap();
    assert_eq!((weekly.direction, weekly.n_steps), ("rising", 103));
}

#[test]
fn graffiti_followed_next_door_stand_out_in_their_band() {
    let found = changing().find(OVER_TIME);
    assert_eq!(found.near_repeats.len(), 20);
    let planted =
        found.near_repeats.iter().find(|row| (row.from_m - 1.0).abs() < 1e-9 && row.from_days == 1).unwrap();
    assert!(planted.n >= 80 && planted.ratio > 5.0 && planted.q_value <= 0.05, "{planted:?}");
    let at_least =
        |ratio: f64| found.near_repeats.iter().filter(|row| row.n >= 20 && row.ratio >= ratio).count();
    assert_eq!(at_least(3.0), 1, "{:?}", found.near_repeats);
}

#[test]
fn incidents_in_any_order_give_the_same_rows_over_time() {
    let town = changing();
    let mut turned = Town::new();
    turned.period = town.period;
    for incident in (0..town.incidents.len()).rev() {
        let day = town.clock.day(town.incidents.first_at[incident]).0 - town.period.from.0;
        turned.add(town.incidents.kind[incident], town.incidents.at[incident], day, NONE);
    }
    let (one, other) = (town.find(OVER_TIME), turned.find(OVER_TIME));
    let text = |found: &Hotspots| {
        format!("{:?} {:?} {:?} {:?}", found.cells, found.near_repeats, found.trends, found.notes)
    };
    assert!(text(&one) == text(&other));
}

#[test]
fn towns_without_change_emerge_as_often_as_chance_says() {
    let (mut false_spots, mut cells) = (0, 0);
    for number in 0..8 {
        let mut town = Town::new();
        let stream = &mut Random::new(31).stream("unchanging", number);
        town.scatter(900, middle(), SIDE_M, stream);
        let found = town.find("[[emerging]]\nkind = \"dumping\"\n");
        cells += found.cells.len();
        false_spots += found.cells.iter().filter(|row| row.category != "none").count();
    }
    println!("{false_spots} of {cells} cells have a pattern");
    assert!(false_spots * 100 <= cells, "{false_spots} of {cells}");
}

/// A town of 300 bollards, hit as often as `rate` says over a year.
fn town_of_bollards(rates: &[f64], stream: &mut Stream) -> Town {
    let mut town = Town::new();
    for (number, rate) in (0u32..).zip(rates) {
        let at = Local::new(CORNER.x + 10.0 * f64::from(number), CORNER.y + 900.0);
        let id = format!("b{number:03}");
        town.assets.push(Asset { id, kind: AssetKind::Bollard, at, capacity_l: None, is_synthetic: false });
        // A Poisson count: days are drawn one by one.
        for day in 0..365 {
            if share(stream) < rate / 365.0 {
                town.add(Kind::Bollard, at, day, number);
            }
        }
    }
    town
}

#[test]
fn bollards_that_differ_by_nature_are_no_repeat_locations_unless_twice_as_bad() {
    let (mut called, mut wrong, mut plain) = (0, 0, 0);
    for number in 0..6 {
        let mut stream = Random::new(41).stream("unlike", number);
        // Gamma rates of shape 2 and mean 10 a year: the sum of two exponentials.
        let mut exponential = || -5.0 * (1.0 - share(&mut stream)).ln();
        let rates: Vec<f64> = (0..300).map(|_| exponential() + exponential()).collect();
        let town = town_of_bollards(&rates, &mut stream);
        let found = town.find("[[repeat]]\nasset = \"bollard\"\n");
        let p_values: Vec<f64> = found.assets.iter().map(|row| row.p_value).collect();
        plain += crate::stats::correct::benjamini_hochberg(&p_values).iter().filter(|&&q| q <= 0.05).count();
        for row in found.assets.iter().filter(|row| row.is_repeat) {
            called += 1;
            wrong += u32::from(rates[row.asset as usize] <= 20.0);
            assert!(
                row.p_exceeds_double > 0.5
                    && row.rate_low < row.shrunken_rate
                    && row.shrunken_rate < row.rate_high
            );
        }
    }
    println!("{called} called, {wrong} of them below twice the mean; a plain Poisson null calls {plain}");
    assert!(called >= 30 && f64::from(wrong) <= 0.08 * f64::from(called), "{wrong} of {called}");
    assert!(plain > 2 * usize::try_from(called).unwrap());
}

#[test]
fn too_few_data_is_an_answer() {
    let methods = "[[emerging]]\n[[near_repeat]]\n[[trend]]\nareas = true\neach_kind = true\n[[density]]\n[[gi_star]]\n[[gi_star]]\nkind = \"bollard\"\npermutations = 99\n[[repeat]]\n[[repeat]]\nasset = \"bollard\"\n";
    let mut town = Town::new();
    let check = |town: &Town, notes: usize| {
        let found = town.find(methods);
        assert!(found.notes.len() >= notes, "{:?}", found.notes);
        for row in &found.cells {
            assert!(row.z.is_finite() && row.p_value.is_finite() && row.q_value.is_finite(), "{row:?}");
        }
        for row in &found.near_repeats {
            assert!(row.expected.is_finite() && row.p_value > 0.0 && row.q_value <= 1.0, "{row:?}");
        }
        for row in &found.trends {
            assert_eq!(row.p_value.is_nan(), row.n < 10, "{row:?}");
        }
        for row in &found.assets {
            assert!(row.rate_low <= row.rate_high && row.p_exceeds_double.is_finite(), "{row:?}");
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
    assert!(refused("[[emerging]]\nstep_days = 0").contains("step_days = 0"));
    assert!(refused("[[emerging]]\nquiet_steps = 0").contains("quiet_steps"));
    assert!(refused("[[near_repeat]]\nmetres = [50.0, 0.0]").contains("metres"));
    assert!(refused("[[near_repeat]]\ndays = [1]").contains("days"));
    assert!(refused("[[near_repeat]]\npermutations = 3").contains("permutations = 3"));
    assert!(
        toml::from_str::<Methods>("[[trend]]\nstep = \"day\"").unwrap_err().to_string().contains("month")
    );
    assert!(refused("[places]\nstability = 99999").contains("stability"));
    let unknown = toml::from_str::<Methods>("[[density]]\nradius = 50.0").unwrap_err().to_string();
    assert!(unknown.contains("radius") && unknown.contains("radius_m"), "{unknown}");
    assert!(toml::from_str::<Methods>("[[hot_spot]]").is_err());
}
