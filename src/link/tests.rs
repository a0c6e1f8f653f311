use proptest::prelude::*;

use super::*;
use crate::model::location::Level;
use crate::model::round::Stop;

fn town(rows: &[(Kind, Local)]) -> (Reports, Located) {
    let reports = Reports { kind: rows.iter().map(|row| row.0).collect(), ..Reports::default() };
    let level = |at: Local| if at.is_somewhere() { Level::Point } else { Level::None };
    let at: Vec<Local> = rows.iter().map(|row| row.1).collect();
    (reports, Located { level: at.iter().map(|&at| level(at)).collect(), at, ..Located::default() })
}

fn asset(kind: AssetKind, x: f64) -> Asset {
    Asset { id: format!("{x}"), kind, at: Local::new(x, 0.0), capacity_l: None, is_synthetic: false }
}

fn stop(x: f64) -> Stop {
    let at = Local::new(x, 0.0);
    Stop { id: format!("{x}"), name: String::new(), at, capacity_l: None, service_s: None, asset_id: None }
}

fn square(low: (f64, f64), high: (f64, f64)) -> Area {
    let rect = geo::Rect::new(geo::Coord::from(low), geo::Coord::from(high));
    Area { id: String::new(), name: String::new(), shape: geo::MultiPolygon(vec![rect.to_polygon()]) }
}

#[test]
fn a_report_goes_to_the_nearest_asset_of_its_kind_within_reach() {
    let assets =
        [asset(AssetKind::LitterBin, 0.0), asset(AssetKind::Bollard, 4.0), asset(AssetKind::Bollard, 60.0)];
    let (reports, located) = town(&[
        (Kind::Bollard, Local::new(1.0, 0.0)),
        (Kind::ContainerFull, Local::new(3.0, 0.0)),
        (Kind::Bollard, Local::new(30.0, 0.0)),
        (Kind::Bollard, Local::NOWHERE),
        (Kind::Noise, Local::new(0.0, 0.0)),
    ]);
    let linked = super::reports(&reports, &located, &assets, &[], &Rounds::default(), &Options::default());
    assert_eq!(linked.asset, [1, 0, NONE, NONE, NONE]);
    assert_eq!(linked.asset_distance_m[..2], [3.0, 3.0]);
    assert!(linked.asset_distance_m[2].is_nan());
}

#[test]
fn the_asset_that_a_citizen_pointed_at_goes_before_the_nearest() {
    let assets = [asset(AssetKind::Container, 0.0), asset(AssetKind::Container, 40.0)];
    let (mut reports, located) = town(&[(Kind::ContainerFull, Local::new(1.0, 0.0)); 2]);
    reports.asset = vec![reports.words.intern("40"), reports.words.intern("not in the layer")];
    let linked = super::reports(&reports, &located, &assets, &[], &Rounds::default(), &Options::default());
    assert_eq!((linked.asset, linked.asset_distance_m), (vec![1, 0], vec![39.0, 1.0]));
}

#[test]
fn of_two_bins_on_one_spot_the_first_is_taken() {
    let assets = vec![asset(AssetKind::LitterBin, 5.0); 20];
    let (reports, located) =
        town(&[(Kind::Litter, Local::new(0.0, 0.0)), (Kind::ContainerFull, Local::new(0.0, 0.0))]);
    let linked = super::reports(&reports, &located, &assets, &[], &Rounds::default(), &Options::default());
    assert_eq!(linked.asset, [NONE, 0]);
}

#[test]
fn a_second_stop_nearly_as_near_is_named() {
    let (reports, located) = town(&[
        (Kind::ContainerFull, Local::new(0.0, 0.0)),
        (Kind::ContainerFull, Local::new(45.0, 0.0)),
        (Kind::Bollard, Local::new(45.0, 0.0)),
        (Kind::ContainerFull, Local::new(-51.0, 0.0)),
    ]);
    let rounds = Rounds { stops: vec![stop(10.0), stop(85.0)], ..Rounds::default() };
    let linked = super::reports(&reports, &located, &[], &[], &rounds, &Options::default());
    assert_eq!(linked.stop, [0, 0, NONE, NONE]);
    assert_eq!(linked.other_stop, [NONE, 1, NONE, NONE]);
}

#[test]
fn a_report_on_the_middle_of_a_street_has_an_area_but_no_asset() {
    let (reports, mut located) = town(&[(Kind::Bollard, Local::new(1.0, 1.0))]);
    located.level = vec![Level::Street];
    let areas = [square((0.0, 0.0), (9.0, 9.0))];
    let linked = super::reports(
        &reports,
        &located,
        &[asset(AssetKind::Bollard, 1.0)],
        &areas,
        &Rounds::default(),
        &Options::default(),
    );
    assert_eq!((linked.asset[0], linked.area[0]), (NONE, 0));
}

#[test]
fn a_hole_in_an_area_is_outside_it() {
    let mut area = square((0.0, 0.0), (10.0, 10.0));
    area.shape.0[0].interiors_push(square((4.0, 4.0), (6.0, 6.0)).shape.0[0].exterior().clone());
    let areas = Areas::new(std::iter::once(&area.shape));
    assert_eq!([5.0, 1.0].map(|xy| areas.holding(Local::new(xy, xy)).min().unwrap_or(NONE)), [NONE, 0]);
}

proptest! {
    /// A net of quadrilaterals with moved corners: points on corners, on edges and anywhere else.
    #[test]
    fn every_point_within_the_net_lies_in_exactly_one_area(
        moves in prop::collection::vec((-0.3..0.3f64, -0.3..0.3f64), 16),
        points in prop::collection::vec((0.3..2.7f64, 0.3..2.7f64), 50),
        share in 0.0..1.0f64,
    ) {
        let corner = |column: usize, row: usize| {
            let (dx, dy) = moves[column * 4 + row];
            // The rim stays straight so that the net has an inside to test.
            let inner = (1..3).contains(&column) && (1..3).contains(&row);
            let (dx, dy) = if inner { (dx, dy) } else { (0.0, 0.0) };
            geo::Coord { x: column as f64 + dx, y: row as f64 + dy }
        };
        let mut areas = Vec::new();
        let mut asked: Vec<Local> = points.iter().map(|&(x, y)| Local::new(x, y)).collect();
        for column in 0..3 {
            for row in 0..3 {
                let ring = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(c, r)| corner(column + c, row + r));
                let mut ring = ring.to_vec();
                if row == 1 {
                    ring.reverse();
                }
                let shape = geo::MultiPolygon(vec![geo::Polygon::new(geo::LineString(ring), Vec::new())]);
                areas.push(Area { id: String::new(), name: String::new(), shape });
                let (here, next) = (Local::from(corner(column, row)), Local::from(corner(column + 1, row)));
                asked.push(here);
                asked.push(here.toward(next, share));
            }
        }
        let found = Areas::new(areas.iter().map(|area| &area.shape));
        for at in asked {
            let holding = found.outlines.iter().filter(|outline| outline.holds(at)).count();
            let is_on_rim = at.x <= 0.0 || at.y <= 0.0 || at.x >= 3.0 || at.y >= 3.0;
            prop_assert!(holding == 1 || is_on_rim && holding == 0, "{at:?} lies in {holding} areas");
            prop_assert_eq!(found.holding(at).count(), holding);
        }
    }

    #[test]
    fn nearest_first_is_what_sorting_all_gives(
        xs in prop::collection::vec(-5..5i32, 1..60), x in -5..5i32,
    ) {
        let stops: Vec<Stop> = xs.iter().map(|&x| stop(f64::from(x))).collect();
        let at = Local::new(f64::from(x), 2.0);
        let tree = tree((0u32..).zip(&stops).map(|(index, stop)| (stop.at, index)));
        let found: Vec<u32> = nearest(&tree, at).map(|(_, index)| index).collect();
        let mut slow: Vec<u32> = (0u32..).take(stops.len()).collect();
        let to = |index: u32| stops[index as usize].at.distance_m(at);
        slow.sort_by(|&a, &b| to(a).total_cmp(&to(b)).then(a.cmp(&b)));
        prop_assert_eq!(found, slow);
    }
}
