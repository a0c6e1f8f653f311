use super::*;
use crate::hotspots::Excess;
use crate::hotspots::doubt::tests::bare;
use crate::model::kind::Kind;
use crate::unit::Local;

fn hotspot(method: &'static str, kind: Selection, incidents: std::ops::Range<u32>, low: f64) -> Hotspot {
    let tested = if method == "density" { f64::NAN } else { 0.01 };
    Hotspot {
        method,
        at: Local::new(f64::from(incidents.start), 0.0),
        p_value: tested,
        q_value: tested,
        excess: Excess { per_week: low + 0.1, low, high: low + 0.2 },
        ..bare(kind, incidents.collect())
    }
}

const WASTE: Selection = Selection::Family(Family::Waste);

fn merged(mut hotspots: Vec<Hotspot>) -> (Vec<Hotspot>, Vec<Place>) {
    rank(&mut hotspots);
    let places = merge(&hotspots);
    (hotspots, places)
}

/// Which first incidents each place leads with and holds.
fn outline(hotspots: &[Hotspot], places: &[Place]) -> Vec<Vec<(&'static str, u32)>> {
    let name = |&hotspot: &u32| (hotspots[hotspot as usize].method, hotspots[hotspot as usize].incidents[0]);
    places.iter().map(|place| place.hotspots.iter().map(name).collect()).collect()
}

#[test]
fn methods_that_found_the_same_incidents_speak_of_one_place_and_the_tested_one_leads() {
    let kind = Selection::Kind(Kind::Dumping);
    let (hotspots, places) = merged(vec![
        hotspot("density", WASTE, 0..100, 9.0),
        hotspot("gi_star", kind, 20..110, 5.0),
        hotspot("density", WASTE, 500..540, 2.0),
    ]);
    assert_eq!(outline(&hotspots, &places), [vec![("gi_star", 20), ("density", 0)], vec![("density", 500)]]);
    assert_eq!(places[0].methods, ["density", "gi_star"]);
    assert_eq!(
        (places[0].id.as_str(), places[1].id.as_str(), hotspots[0].id.as_str()),
        ("W001", "W002", "H001")
    );
}

#[test]
fn hotspots_of_other_families_or_of_everything_are_other_places() {
    let (_, places) = merged(vec![
        hotspot("gi_star", WASTE, 0..100, 3.0),
        hotspot("gi_star", Selection::Family(Family::Street), 0..100, 2.0),
        hotspot("gi_star", Selection::All, 0..100, 1.0),
    ]);
    assert_eq!(places.len(), 3);
}

#[test]
fn a_chain_of_overlapping_hotspots_does_not_become_one_place() {
    // Each shares sixty per cent with the next one, as links of a chain across the city.
    let chain: Vec<Hotspot> = (0u32..30)
        .map(|link| hotspot("gi_star", WASTE, link * 40..link * 40 + 100, 50.0 - f64::from(link)))
        .collect();
    let (hotspots, places) = merged(chain);
    assert!(places.len() >= 15, "{} places", places.len());
    for place in &places {
        let leader = &hotspots[place.leader()].incidents;
        for &member in &place.hotspots {
            let shared = hotspots[member as usize].incidents.iter().filter(|it| leader.contains(it)).count();
            assert!(2 * shared > 100, "{member} shares {shared} with its leader");
        }
    }
}

#[test]
fn a_corner_in_a_hot_quarter_is_a_place_of_its_own_and_says_which_quarter() {
    let (hotspots, places) = merged(vec![
        hotspot("gi_star", WASTE, 0..1_000, 30.0),
        hotspot("repeat", WASTE, 100..140, 1.0),
        hotspot("density", WASTE, 90..145, 1.5),
    ]);
    assert_eq!(outline(&hotspots, &places), [vec![("gi_star", 0)], vec![("repeat", 100), ("density", 90)]]);
    assert_eq!((places[0].within, places[1].within), (NONE, 0));
}

#[test]
fn the_order_in_which_hotspots_come_changes_nothing() {
    let all = || {
        (0u32..40).map(|number| {
            let from = number * 37 % 300;
            let method = ["gi_star", "density", "repeat"][number as usize % 3];
            hotspot(method, WASTE, from..from + 20 + number * 7 % 50, f64::from(number % 5))
        })
    };
    let (one, other) = (merged(all().collect()), merged(all().rev().collect()));
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    let placed: usize = one.1.iter().map(|place| place.hotspots.len()).sum();
    assert_eq!(placed, 40, "every hotspot has one place");
}

#[test]
fn no_hotspots_make_no_places() {
    assert!(merge(&[]).is_empty());
}
