use geo::Contains;

use super::*;

/// Dumping and litter everywhere, and a place where three of four incidents are dumping rather than one of four.
fn mixed(with_hot_place: bool, key: u64) -> (Town, Local) {
    let mut town = Town::new();
    let stream = &mut Random::new(31).stream("mixed", key);
    let hot = Local::new(CORNER.x + 2_800.0, CORNER.y + 1_100.0);
    for number in 0..3_000 {
        let at = Local::new(CORNER.x + share(stream) * SIDE_M, CORNER.y + share(stream) * SIDE_M);
        let is_hot = with_hot_place && at.distance_m(hot) < 250.0;
        let kind =
            if share(stream) < if is_hot { 0.75 } else { 0.25 } { Kind::Dumping } else { Kind::Litter };
        town.add(kind, at, number % 365, NONE);
    }
    (town, hot)
}

const PER_REPORTS: &str =
    "[[kernel]]\nkind = \"dumping\"\nper = \"reports\"\nbandwidth_m = 250.0\nsimulations = 39\n";

#[test]
fn a_place_with_a_larger_share_is_a_peak() {
    let (town, hot) = mixed(true, 0);
    let found = town.find(PER_REPORTS);
    let peak = &found.hotspots[0];
    assert!(peak.method == "kernel" && peak.at.distance_m(hot) < 150.0, "{peak:?}");
    assert!(peak.q_value <= 0.05 && peak.p_value <= 0.05 && peak.relative_risk > 1.5 && peak.statistic > 4.0);
    assert!((peak.relative_risk * peak.expected - peak.incidents.len() as f64).abs() < 1e-9);
    assert!(peak.shape.contains(&geo::Point::from(hot)));
    for &member in &peak.incidents {
        assert!(town.incidents.kind[member as usize] == Kind::Dumping);
    }
    let band = found.density.iter().find(|band| band.shape.contains(&geo::Point::from(hot))).unwrap();
    assert!((band.level_low, band.unit) == (2.0, "times_average"), "{band:?}");
}

#[test]
fn a_town_without_pattern_has_no_peak() {
    let with_false = (1..7).filter(|&key| !mixed(false, key).0.find(PER_REPORTS).hotspots.is_empty()).count();
    // 0.3 are expected; more than 2 have a probability of 0.2 %.
    assert!(with_false <= 2, "{with_false} of 6");
}

#[test]
fn a_density_without_denominator_is_a_layer_and_no_finding() {
    let town = patterned();
    let found = town.find("[[kernel]]\nkind = \"dumping\"\nbandwidth_m = 120.0\nlevels = [1.0, 3.0, 30.0]\n");
    assert!(found.hotspots.is_empty() && found.notes.is_empty(), "{:?}", found.notes);
    let hot = geo::Point::new(CORNER.x + 1_200.0, CORNER.y + 2_600.0);
    let bands: Vec<(f64, f64)> = found.density.iter().map(|band| (band.level_low, band.level_high)).collect();
    // 520 incidents in 16 km² and 365 days.
    let mean = 520.0 / 16.0 * 365.25 / 365.0;
    assert!((bands[0].0 / mean - 1.0).abs() < 0.01 && (bands[1].0 / mean - 3.0).abs() < 0.03, "{bands:?}");
    let (first, second) = (bands[0].1, bands[1].0);
    assert!((first - second).abs() < 1e-9, "bands follow each other");
    assert!(found.density[1..].iter().any(|band| band.shape.contains(&hot)));
    assert!(found.density.iter().all(|band| band.unit == "incidents_per_km2_year"));
}

#[test]
fn assets_can_be_what_incidents_are_compared_with() {
    let mut town = patterned();
    for day in 0..60 {
        town.add(Kind::Bollard, town.assets[17].at, day, 17);
    }
    let per = "[[kernel]]\nkind = \"bollard\"\nper = \"bollard\"\nbandwidth_m = 900.0\nsimulations = 39\n";
    let found = town.find(per);
    assert!(found.hotspots.iter().all(|hotspot| hotspot.expected > 0.0), "{:?}", found.hotspots);
    assert!(!found.hotspots.is_empty() && found.hotspots[0].incidents.len() >= 74);
    town.assets.clear();
    let found = town.find(per);
    assert!(found.notes[0].contains("too few data") && found.density.is_empty(), "{:?}", found.notes);
}

#[test]
fn threads_and_the_order_of_incidents_do_not_matter() {
    let (mut town, _) = mixed(true, 0);
    let with = |threads: usize, town: &Town| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| town.find(PER_REPORTS));
        let peaks: Vec<_> =
            found.hotspots.iter().map(|peak| (peak.expected, peak.statistic, peak.q_value)).collect();
        format!("{:?} {peaks:?}", found.density)
    };
    let (one, eight) = (with(1, &town), with(8, &town));
    town.incidents.at.reverse();
    town.incidents.kind.reverse();
    assert!(one == eight && one == with(2, &town));
}

#[test]
fn too_few_data_is_an_answer_for_surfaces_too() {
    let mut town = Town::new();
    let both = "[[kernel]]\n[[kernel]]\nkind = \"bollard\"\nper = \"reports\"\nbandwidth_m = 0\n";
    assert_eq!(town.find(both).notes.len(), 2);
    for day in 0..40 {
        town.add(Kind::Bollard, middle(), day, NONE);
    }
    // All at one place has no spread for Scott's rule; all of one kind has nothing to compare with.
    let found = town.find(both);
    assert!(found.notes.iter().all(|note| note.contains("too few data")), "{:?}", found.notes);
    assert!(found.density.iter().all(|band| band.level_low.is_finite()) && !found.density.is_empty());
    let outside = Local::new(CORNER.x - 5_000.0, CORNER.y);
    town.add(Kind::Dumping, outside, 3, NONE);
    let found = town.find("[[kernel]]\n[[kernel]]\nkind = \"bollard\"\nper = \"reports\"\n");
    assert!(found.notes[0].contains("1 incidents lie outside the study area"), "{:?}", found.notes);
    town.areas.clear();
    town.incidents.at.fill(Local::NOWHERE);
    town.incidents.is_point.fill(false);
    assert!(town.find(both).notes.iter().all(|note| note.contains("too few data")));
}

#[test]
fn incidents_put_in_another_city_do_not_stretch_the_study_area() {
    let mut town = patterned();
    town.areas.clear();
    for day in 0..5 {
        town.add(Kind::Dumping, Local::new(CORNER.x + 90_000.0, CORNER.y + 120_000.0), day, NONE);
    }
    let found = town.find("[[kernel]]\nkind = \"dumping\"\n");
    assert!(found.notes.len() == 1 && found.notes[0].contains("outside the study area"), "{:?}", found.notes);
    assert!(!found.density.is_empty());
}

#[test]
fn surfaces_that_make_no_sense_are_refused() {
    let refused = |text: &str| {
        let methods = toml::from_str::<Methods>(&format!("[[kernel]]\nkind = \"waste\"\n{text}")).unwrap();
        methods.check().unwrap_err().to_string()
    };
    assert!(refused("bandwidth_m = -1.0").contains("bandwidth_m = -1"));
    assert!(refused("cell_m = 60.0").contains("cell_m = 60"));
    assert!(refused("levels = []").contains("levels"));
    assert!(refused("levels = [4.0, 2.0]").contains("levels"));
    assert!(refused("per = \"reports\"\nsimulations = 5").contains("simulations = 5"));
    let all = toml::from_str::<Methods>("[[kernel]]\nper = \"reports\"").unwrap().check().unwrap_err();
    assert!(all.to_string().contains("with itself"));
}
