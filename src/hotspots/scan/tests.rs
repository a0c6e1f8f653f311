use rand::Rng;

use crate::hotspots::tests::{CORNER, SIDE_M, Town, middle};
use crate::hotspots::{Hotspot, Methods};
use crate::model::NONE;
use crate::model::asset::{Asset, AssetKind};
use crate::model::kind::Kind;
use crate::random::{Random, Stream};
use crate::unit::Local;

const NEWS: Local = Local::new(CORNER.x + 1_000.0, CORNER.y + 2_800.0);

/// A town with dumping at all times, much of it always at one place, and a burst at another in its last week.
fn with_news() -> Town {
    let mut town = Town::new();
    let stream = &mut Random::new(31).stream("town", 0);
    town.scatter(500, middle(), SIDE_M, stream);
    town.scatter(250, Local::new(CORNER.x + 3_000.0, CORNER.y + 1_000.0), 400.0, stream);
    for number in 0..14u32 {
        let at = Local::new(NEWS.x + f64::from(number % 4) * 60.0, NEWS.y + f64::from(number / 4) * 60.0);
        town.add(Kind::Dumping, at, i32::try_from(358 + number % 7).unwrap(), NONE);
    }
    town
}

fn scan(town: &Town, settings: &str) -> (Vec<Hotspot>, Vec<String>) {
    let found = town.find(&format!("[[scan]]\npermutations = 99\n{settings}"));
    for hotspot in &found.hotspots {
        let figures =
            [hotspot.expected, hotspot.relative_risk, hotspot.statistic, hotspot.p_value, hotspot.q_value];
        assert!(figures.iter().all(|figure| figure.is_finite()), "{hotspot:?}");
        assert!(!hotspot.shape.0.is_empty() && hotspot.incidents.is_sorted(), "{hotspot:?}");
    }
    (found.hotspots, found.notes)
}

#[test]
fn a_burst_in_the_last_week_is_news_and_a_place_that_is_always_busy_is_not() {
    let town = with_news();
    let (found, notes) = scan(&town, "kind = \"dumping\"");
    assert_eq!((found.len(), notes.len()), (1, 0), "{found:?} {notes:?}");
    let news = &found[0];
    let window = news.window.unwrap();
    assert!(news.at.distance_m(NEWS) < 400.0 && news.relative_risk > 5.0, "{news:?}");
    assert_eq!((window.to, news.trend.as_str()), (town.period.to, "emerging"));
    assert!(window.days() <= 8 && news.incidents.len() >= 12, "{window}");
    for &incident in &news.incidents {
        assert!(window.holds(town.clock.day(town.incidents.first_at[incident as usize])));
    }
    assert!(news.p_value <= 0.01 && (news.recurrence_days - 1.0 / news.p_value).abs() < 1e-9, "{news:?}");
}

#[test]
fn a_burst_of_last_spring_is_found_looking_back_only() {
    let mut town = Town::new();
    let stream = &mut Random::new(32).stream("town", 0);
    town.scatter(400, middle(), SIDE_M, stream);
    for number in 0..12u32 {
        let at = Local::new(NEWS.x + f64::from(number) * 15.0, NEWS.y);
        town.add(Kind::Dumping, at, i32::try_from(100 + number % 3).unwrap(), NONE);
    }
    assert_eq!(scan(&town, "max_days = 14").0, []);
    let (found, _) = scan(&town, "direction = \"retrospective\"\nmax_days = 14");
    let first = &found[0];
    let window = first.window.unwrap();
    assert_eq!((window.from, window.days()), (town.period.from.plus(100), 3));
    assert!(first.trend.is_empty() && first.recurrence_days.is_nan(), "{first:?}");
}

#[test]
fn a_weekly_market_is_no_news_within_its_own_weekday() {
    let mut town = Town::new();
    let stream = &mut Random::new(33).stream("town", 0);
    // Nine Wednesdays with fourteen each at the market, the last day among them; elsewhere twenty on any day.
    town.period.to = town.period.from.plus(56);
    for number in 0..1_140 {
        let along = |stream: &mut Stream| f64::from(stream.next_u32() % 4_000);
        town.add(
            Kind::Dumping,
            Local::new(CORNER.x + along(stream), CORNER.y + along(stream)),
            number % 57,
            NONE,
        );
    }
    for number in 0..126 {
        town.add(Kind::Dumping, Local::new(NEWS.x, NEWS.y), 7 * (number % 9), NONE);
    }
    assert_eq!(scan(&town, "strata = \"weekday\"").0, []);
    let (found, _) = scan(&town, "");
    assert!(found.iter().any(|hotspot| hotspot.at.distance_m(NEWS) < 300.0), "{found:?}");
}

#[test]
fn risks_are_found_against_assets_and_against_other_reports() {
    let mut town = Town::new();
    let stream = &mut Random::new(34).stream("town", 0);
    // Twice as much dumping in the west as in the east, where there are as many bins; but one spot where there is
    // too much for its bins, and too little else.
    let (west, east) = (CORNER.x + 1_000.0, CORNER.x + 3_000.0);
    for number in 0..300u32 {
        let x = if number % 3 == 0 { east } else { west } + f64::from(stream.next_u32() % 1_800) - 900.0;
        let at = Local::new(x, CORNER.y + f64::from(stream.next_u32() % 4_000));
        let id = format!("b{number:03}");
        town.assets.push(Asset { id, kind: AssetKind::LitterBin, at, capacity_l: None, is_synthetic: false });
        for kind in [Kind::Dumping, Kind::Pothole, Kind::Graffiti] {
            town.add(kind, at, i32::try_from(stream.next_u32() % 365).unwrap(), NONE);
        }
    }
    let spot = town.assets[0].at;
    for day in 0..25 {
        town.add(Kind::Dumping, spot, day * 14, NONE);
    }
    for settings in ["model = \"poisson\"\nper = \"litter_bin\"", "model = \"bernoulli\""] {
        let (found, _) = scan(&town, &format!("kind = \"dumping\"\ndirection = \"spatial\"\n{settings}"));
        assert_eq!(found.len(), 1, "{settings}: {found:?}");
        assert!(found[0].at.distance_m(spot) < 400.0 && found[0].window.is_none(), "{settings}");
    }
    // Without bins there is nothing to compare with.
    town.assets.clear();
    let (found, notes) = scan(&town, "kind = \"dumping\"\nmodel = \"poisson\"\nper = \"litter_bin\"");
    assert!(found.is_empty() && notes.len() == 2 && notes[1].contains("too few data"), "{notes:?}");
    let (_, notes) = scan(&town, "kind = \"graffiti\"\nmodel = \"bernoulli\"");
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn too_few_incidents_cells_or_days_are_noted() {
    let every = [
        "",
        "direction = \"retrospective\"",
        "model = \"poisson\"",
        "kind = \"dumping\"\nmodel = \"bernoulli\"",
    ];
    let mut town = Town::new();
    let all_noted = |town: &Town| {
        for settings in every {
            let (found, notes) = scan(town, settings);
            assert!(
                found.is_empty() && notes.iter().any(|note| note.contains("too few data")),
                "{settings}: {notes:?}"
            );
        }
    };
    all_noted(&town);
    town.add(Kind::Dumping, middle(), 3, NONE);
    all_noted(&town);
    // Many at one place, on one day, and in a period of one day.
    for _ in 0..20 {
        town.add(Kind::Dumping, middle(), 3, NONE);
    }
    for settings in ["", "kind = \"dumping\"\nmodel = \"bernoulli\""] {
        let (found, notes) = scan(&town, settings);
        assert!(found.is_empty() && notes.len() == 1, "{settings}: {notes:?}");
    }
    town.add(Kind::Dumping, CORNER, 3, NONE);
    assert_eq!(scan(&town, "").0, []);
    town.period.to = town.period.from;
    all_noted(&town);
}

#[test]
fn the_order_of_the_incidents_and_the_number_of_threads_change_nothing() {
    let town = with_news();
    let mut turned = Town::new();
    for incident in (0..town.incidents.len()).rev() {
        let day = town.clock.day(town.incidents.first_at[incident]).0 - town.period.from.0;
        turned.add(town.incidents.kind[incident], town.incidents.at[incident], day, NONE);
    }
    let with = |town: &Town, threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (found, _) = pool.install(|| scan(town, "kind = \"dumping\""));
        let figures = |hotspot: &Hotspot| {
            (hotspot.shape.clone(), hotspot.window, hotspot.expected, hotspot.statistic, hotspot.p_value)
        };
        found.iter().map(figures).collect::<Vec<_>>()
    };
    let one = with(&town, 1);
    assert!(!one.is_empty() && one == with(&town, 2) && one == with(&town, 8) && one == with(&turned, 3));
}

#[test]
fn settings_that_make_no_sense_together_are_refused() {
    let refused = |text: &str| {
        toml::from_str::<Methods>(&format!("[[scan]]\n{text}")).unwrap().check().unwrap_err().to_string()
    };
    assert!(refused("resolution = 3").contains("resolution = 3"));
    assert!(refused("max_radius_m = 0.0").contains("max_radius_m"));
    assert!(refused("max_days = 0").contains("max_days"));
    assert!(refused("alpha = 1.5").contains("alpha"));
    assert!(refused("permutations = 9").contains("permutations = 9"));
    assert!(refused("direction = \"spatial\"").contains("times"));
    assert!(refused("per = \"visits\"").contains("visits"));
    assert!(refused("model = \"poisson\"\nstrata = \"weekday\"").contains("strata"));
    assert!(refused("model = \"bernoulli\"").contains("kind"));
    assert!(toml::from_str::<Methods>("[[scan]]\nmodel = \"binomial\"").is_err());
}
