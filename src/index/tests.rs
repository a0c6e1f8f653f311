use proptest::prelude::*;

use super::*;
use crate::model::street::{self, Backdrop, Way};
use crate::place::Crs;
use crate::unit::DAY_S;

fn helsinki() -> Plane {
    Plane::new(Crs::from_epsg(3067).unwrap()).unwrap()
}

const MIDDLE: Local = Local::new(385_000.0, 6_672_000.0);

fn incidents_at(places: &[Local]) -> Incidents {
    let count = places.len();
    Incidents {
        kind: (0..count).map(|i| [Kind::Litter, Kind::Bollard][i % 2]).collect(),
        at: places.to_vec(),
        first_at: (0i64..).take(count).map(|i| i * DAY_S).collect(),
        is_point: places.iter().map(|at| at.is_somewhere()).collect(),
        accuracy_m: vec![10.0; places.len()],
        ..Incidents::default()
    }
}

fn build(places: &[Local]) -> ReportIndex {
    ReportIndex::build(&incidents_at(places), &helsinki(), &Streets::default(), &[])
}

fn near_middle((x, y): (f64, f64)) -> Local {
    Local::new(MIDDLE.x + x, MIDDLE.y + y)
}

#[test]
fn what_lies_nowhere_is_in_no_cell() {
    let index = build(&[Local::NOWHERE, MIDDLE, Local::NOWHERE]);
    assert_eq!((index.len(), index.order()), (1, &[1][..]));
    assert!(build(&[]).parts(Resolution::Five, 50.0).is_empty());
    assert!(build(&[]).study_cells(Resolution::Nine).is_empty());
}

#[test]
fn a_period_counts_its_own_civil_days_and_both_ends() {
    let clock = Clock::new("UTC").unwrap();
    let index = build(&[MIDDLE; 10]);
    let period = Period { from: crate::period::Day(2), to: crate::period::Day(4) };
    let counts = index.counts(Resolution::Nine, Selection::All, Some(period), &clock);
    assert_eq!(counts, [(helsinki().cell(MIDDLE, Resolution::Nine), 3)]);
    let bollards = index.counts(Resolution::Nine, Selection::Kind(Kind::Bollard), None, &clock);
    assert_eq!(bollards[0].1, 5);
}

#[test]
fn a_street_without_reports_is_a_zero_in_the_study_area() {
    let end = near_middle((2_000.0, 0.0));
    let way = Way::residential(vec![0, 1]);
    let streets = Streets { nodes: vec![MIDDLE, end], ways: vec![way], ..Streets::default() };
    let index = ReportIndex::build(&incidents_at(&[]), &helsinki(), &streets, &[]);
    let cells = index.study_cells(Resolution::Nine);
    assert!(cells.is_sorted() && (5..15).contains(&cells.len()), "{} cells", cells.len());
    let is_studied = |x: f64| {
        let cell = helsinki().cell(near_middle((x.clamp(0.0, 2_000.0), 0.0)), Resolution::Nine);
        cells.binary_search(&cell).is_ok()
    };
    // An eighth of an edge is 25 m: only a corner shorter than that may be missing.
    for x in 0..=2_000 {
        let x = f64::from(x);
        assert!(
            is_studied(x) || is_studied(x - 13.0) || is_studied(x + 13.0),
            "the street at {x} m is not studied"
        );
    }
}

#[test]
fn the_study_area_is_every_cell_that_an_area_touches() {
    let rect = geo::Rect::new(geo::Coord::from(MIDDLE), geo::Coord::from(near_middle((3_000.0, 2_000.0))));
    let shape = geo::MultiPolygon(vec![rect.to_polygon()]);
    let area = Area { id: "a".to_owned(), name: "A".to_owned(), shape };
    let index = ReportIndex::build(&incidents_at(&[]), &helsinki(), &Streets::default(), &[area]);
    let cells = index.study_cells(Resolution::Nine);
    for step in 0..400 {
        let at = near_middle((f64::from(step % 20) * 157.0, f64::from(step / 20) * 105.0));
        let cell = helsinki().cell(at, Resolution::Nine);
        assert!(cells.binary_search(&cell).is_ok(), "{at:?} lies in no study cell");
    }
    // 6 km² in cells of about 0.1 km², and the rim.
    assert!((60..120).contains(&cells.len()), "{} cells", cells.len());
}

/// Streets that form a square around `(x, y)`, and a rectangle of water beside the middle.
fn streets_around(half_m: f64, water: Option<geo::Rect<f64>>) -> Streets {
    let corners = [(-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m)];
    let way = Way::residential(vec![0, 1, 2, 3, 0]);
    let backdrop = water.map(|rect| Backdrop { what: street::Ground::Water, shape: rect.to_polygon() });
    Streets {
        nodes: corners.map(near_middle).to_vec(),
        ways: vec![way],
        backdrop: backdrop.into_iter().collect(),
        ..Streets::default()
    }
}

fn square(half_m: f64) -> Area {
    let rect = geo::Rect::new(
        geo::Coord::from(near_middle((-half_m, -half_m))),
        geo::Coord::from(near_middle((half_m, half_m))),
    );
    Area { id: "a".to_owned(), name: "A".to_owned(), shape: geo::MultiPolygon(vec![rect.to_polygon()]) }
}

#[test]
fn a_cell_of_the_areas_without_street_asset_or_incident_is_no_ground_where_streets_are_known() {
    let (streets, area) = (streets_around(2_000.0, None), [square(2_000.0)]);
    let studied = |index: &ReportIndex, x: f64, y: f64| {
        let cell = helsinki().cell(near_middle((x, y)), Resolution::Nine);
        index.study_cells(Resolution::Nine).binary_search(&cell).is_ok()
    };
    let empty = incidents_at(&[]);
    // Without streets all of the area is ground; with streets only their cells are.
    assert!(studied(&ReportIndex::build(&empty, &helsinki(), &Streets::default(), &area), 0.0, 0.0));
    let index = ReportIndex::build(&empty, &helsinki(), &streets, &area);
    assert!(!studied(&index, 0.0, 0.0) && studied(&index, 2_000.0, 0.0));
    // An incident or an asset makes ground of its cell.
    let one = incidents_at(&[near_middle((0.0, 0.0))]);
    assert!(studied(&ReportIndex::build(&one, &helsinki(), &streets, &area), 0.0, 0.0));
    let bin = Asset {
        id: "b".to_owned(),
        kind: crate::model::asset::AssetKind::LitterBin,
        at: near_middle((0.0, 0.0)),
        capacity_l: None,
        is_synthetic: false,
    };
    assert!(studied(&index.with_assets(&[bin]), 0.0, 0.0));
    // Where no streets were read, nothing is known of the ground, and it stays.
    let index = ReportIndex::build(&empty, &helsinki(), &streets_around(500.0, None), &area);
    assert!(studied(&index, 1_500.0, 1_500.0));
}

#[test]
fn a_cell_half_of_water_is_no_ground_unless_something_was_reported_or_stands_there() {
    let plane = helsinki();
    // The southern side of the square runs over water; the bridge's cells hold nothing else.
    let low = geo::Coord::from(near_middle((-1_000.0, -3_000.0)));
    let water = geo::Rect::new(low, geo::Coord::from(near_middle((1_000.0, -1_000.0))));
    let streets = streets_around(2_000.0, Some(water));
    let bridge = plane.cell(near_middle((0.0, -2_000.0)), Resolution::Nine);
    for areas in [vec![], vec![square(2_000.0)]] {
        let dry = ReportIndex::build(&incidents_at(&[]), &plane, &streets_around(2_000.0, None), &areas);
        let wet = ReportIndex::build(&incidents_at(&[]), &plane, &streets, &areas);
        assert!(dry.study_cells(Resolution::Nine).binary_search(&bridge).is_ok());
        let (dry, wet) = (dry.study_cells(Resolution::Nine), wet.study_cells(Resolution::Nine));
        assert!(wet.binary_search(&bridge).is_err() && wet.len() < dry.len());
        for cell in dry.iter().filter(|cell| wet.binary_search(cell).is_err()) {
            use geo::{Area, BooleanOps};
            let outline = plane.outline(*cell).unwrap();
            let share = outline.intersection(&water.to_polygon()).unsigned_area() / outline.unsigned_area();
            assert!(share > 0.4, "{cell} is water by {share:.2}");
        }
        let reported = incidents_at(&[near_middle((0.0, -2_000.0))]);
        let index = ReportIndex::build(&reported, &plane, &streets, &areas);
        assert!(index.study_cells(Resolution::Nine).binary_search(&bridge).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn counts_add_up_to_the_incidents_at_every_resolution(
        xy in prop::collection::vec((-3_000.0..3_000.0f64, -3_000.0..3_000.0f64), 0..200),
        resolution in 5..=12u8,
    ) {
        let places: Vec<Local> = xy.into_iter().map(near_middle).collect();
        let (index, resolution) = (build(&places), Resolution::try_from(resolution).unwrap());
        let clock = Clock::new("UTC").unwrap();
        let counts = index.counts(resolution, Selection::All, None, &clock);
        prop_assert_eq!(counts.iter().map(|&(_, n)| n as usize).sum::<usize>(), places.len());
        prop_assert!(counts.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let study = index.study_cells(resolution);
        for (cell, n) in counts {
            prop_assert_eq!(index.incidents_in(cell).len(), n as usize);
            prop_assert!(study.binary_search(&cell).is_ok());
        }
    }

    #[test]
    fn within_finds_what_looking_at_every_incident_finds(
        xy in prop::collection::vec((-300.0..300.0f64, -300.0..300.0f64), 0..200),
        radius_m in 0.0..200.0f64,
    ) {
        let places: Vec<Local> = xy.into_iter().map(near_middle).collect();
        let slow: Vec<u32> = (0u32..).zip(&places)
            .filter(|(_, at)| at.distance_m(MIDDLE) <= radius_m).map(|(incident, _)| incident).collect();
        prop_assert_eq!(build(&places).within(MIDDLE, radius_m), slow);
    }

    #[test]
    fn parts_own_each_incident_once_and_see_every_neighbour(
        xy in prop::collection::vec((-2_000.0..2_000.0f64, -2_000.0..2_000.0f64), 0..300),
        halo_m in 1.0..300.0f64,
        resolution in 6..=9u8,
    ) {
        let places: Vec<Local> = xy.into_iter().map(near_middle).collect();
        let parts = build(&places).parts(Resolution::try_from(resolution).unwrap(), halo_m);
        let mut owned: Vec<u32> = parts.iter().flat_map(|part| part.owned.clone()).collect();
        owned.sort_unstable();
        prop_assert_eq!(owned, (0u32..).take(places.len()).collect::<Vec<_>>());
        for part in &parts {
            prop_assert!(part.halo.windows(2).all(|pair| pair[0] < pair[1]));
            for incident in (0u32..).take(places.len()) {
                let is_owned = part.owned.binary_search(&incident).is_ok();
                let is_seen = part.halo.binary_search(&incident).is_ok();
                let at = places[incident as usize];
                let is_near = part.owned.iter().any(|&own| places[own as usize].distance_m(at) <= halo_m);
                prop_assert!(!(is_owned && is_seen));
                prop_assert!(is_owned || is_seen || !is_near);
            }
        }
    }
}

#[test]
fn a_place_known_to_a_hundred_metres_is_counted_in_large_cells_only() {
    assert_eq!(finest(10.0), FINE);
    assert_eq!(finest(f32::NAN), FINE);
    assert_eq!(finest(50.0), Resolution::Ten);
    assert_eq!(finest(100.0), Resolution::Nine);
    assert_eq!(finest(400.0), Resolution::Eight);
}
