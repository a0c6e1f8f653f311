use proptest::prelude::*;

use super::*;
use crate::model::location::Level;

/// Reports with kind, opening time, place and asset; in the order of their opening times.
fn town(rows: &[(Kind, i64, Local, u32)], is_date_only: bool) -> (Reports, Located, Linked) {
    let reports = Reports {
        kind: rows.iter().map(|row| row.0).collect(),
        opened: rows.iter().map(|row| row.1).collect(),
        is_date_only: vec![is_date_only; rows.len()],
        ..Reports::default()
    };
    let level = |at: Local| if at.is_somewhere() { Level::Point } else { Level::None };
    let located = Located {
        at: rows.iter().map(|row| row.2).collect(),
        level: rows.iter().map(|row| level(row.2)).collect(),
        accuracy_m: vec![10.0; rows.len()],
        ..Located::default()
    };
    let linked = Linked {
        asset: rows.iter().map(|row| row.3).collect(),
        area: vec![NONE; rows.len()],
        ..Linked::default()
    };
    (reports, located, linked)
}

fn of_report(rows: &[(Kind, i64, Local, u32)], is_date_only: bool) -> Vec<u32> {
    let (reports, located, linked) = town(rows, is_date_only);
    incidents(&reports, &located, &linked, &Options::default()).of_report
}

const HERE: Local = Local::new(0.0, 0.0);

#[test]
fn two_reports_of_one_bollard_on_one_day_are_one_incident() {
    let rows = [
        (Kind::Bollard, 0, HERE, NONE),
        (Kind::Bollard, 3_600, Local::new(20.0, 10.0), NONE),
        (Kind::Litter, 3_600, HERE, NONE),
        (Kind::Bollard, 90_000, HERE, NONE),
        (Kind::Bollard, 90_000, Local::new(0.0, 26.0), NONE),
    ];
    assert_eq!(of_report(&rows, false), [0, 0, 1, 2, 3]);
}

#[test]
fn an_incident_does_not_creep_along_the_street_or_through_the_week() {
    let along = [0.0, 20.0, 40.0, 60.0].map(|x| (Kind::Litter, 0, Local::new(x, 0.0), NONE));
    assert_eq!(of_report(&along, false), [0, 0, 1, 1]);
    let daily = [0, 20, 40, 60].map(|hour| (Kind::Litter, hour * 3_600, HERE, NONE));
    assert_eq!(of_report(&daily, false), [0, 0, 1, 1]);
}

#[test]
fn two_containers_that_citizens_pointed_at_are_two_incidents() {
    let rows = [(Kind::ContainerFull, 0, HERE, NONE), (Kind::ContainerFull, 0, Local::new(3.0, 0.0), NONE)];
    let (mut reports, located, linked) = town(&rows, false);
    for (pointed_at, wanted) in [([4, 5], [0, 1]), ([4, 4], [0, 0]), ([4, NONE], [0, 0])] {
        reports.asset = pointed_at.to_vec();
        assert_eq!(incidents(&reports, &located, &linked, &Options::default()).of_report, wanted);
    }
}

#[test]
fn the_same_asset_is_the_same_place_however_far_the_telephones_are_off() {
    let rows = [(Kind::Bollard, 0, HERE, 7), (Kind::Bollard, 60, Local::new(48.0, 0.0), 7)];
    assert_eq!(of_report(&rows, false), [0, 0]);
}

#[test]
fn reports_that_know_only_their_day_are_one_incident_within_that_day() {
    let rows = [0, 0, DAY_S, DAY_S].map(|opened| (Kind::Graffiti, opened, HERE, NONE));
    assert_eq!(of_report(&rows, true), [0, 0, 1, 1]);
}

#[test]
fn reports_that_lie_nowhere_are_an_incident_each() {
    let rows = [(Kind::Litter, 0, Local::NOWHERE, NONE); 3];
    assert_eq!(of_report(&rows, false), [0, 1, 2]);
}

#[test]
fn reports_on_the_middle_of_a_street_are_an_incident_each() {
    let (reports, mut located, linked) = town(&[(Kind::Litter, 0, HERE, NONE); 2], false);
    located.level = vec![Level::Street; 2];
    let found = incidents(&reports, &located, &linked, &Options::default());
    assert_eq!((found.of_report, found.is_point), (vec![0, 1], vec![false, false]));
}

/// What the module's first paragraph says, taken literally: look at every incident so far.
fn slow(reports: &Reports, located: &Located, linked: &Linked, options: &Options) -> Vec<u32> {
    let mut firsts: Vec<usize> = Vec::new();
    let mut of_report = Vec::new();
    for report in 0..reports.len() {
        let is_same = |&first: &usize| {
            let apart_m = located.at[first].distance_m(located.at[report]);
            let same_asset = linked.asset[first] != NONE && linked.asset[first] == linked.asset[report];
            reports.kind[first] == reports.kind[report]
                && located.at[report].is_somewhere()
                && is_within(reports, first, report, options.within_hours)
                && (same_asset || apart_m <= options.within_m)
        };
        let found = firsts.iter().position(is_same).unwrap_or_else(|| {
            firsts.push(report);
            firsts.len() - 1
        });
        of_report.push(u32::try_from(found).unwrap());
    }
    of_report
}

proptest! {
    #[test]
    fn the_open_incidents_of_the_cells_are_enough(
        rows in prop::collection::vec(
            (0..2usize, 0..120i64, -60.0..60.0f64, -60.0..60.0f64, 0..4u32, any::<bool>(), 0..20u32), 0..120),
    ) {
        let mut rows = rows;
        rows.sort_by_key(|row| if row.5 { row.1 / 24 * 24 } else { row.1 });
        let columns: Vec<_> = rows.iter().map(|&(kind, hour, x, y, asset, is_day, nowhere)| {
            let opened = if is_day { hour / 24 * DAY_S } else { hour * 3_600 };
            let at = if nowhere == 0 { Local::NOWHERE } else { Local::new(x, y) };
            let asset = if asset == 0 || nowhere == 0 { NONE } else { asset };
            ([Kind::Litter, Kind::Bollard][kind], opened, at, asset)
        }).collect();
        let (mut reports, located, linked) = town(&columns, false);
        reports.is_date_only = rows.iter().map(|row| row.5).collect();
        let options = Options::default();
        let found = incidents(&reports, &located, &linked, &options);

        prop_assert_eq!(&found.of_report, &slow(&reports, &located, &linked, &options));
        prop_assert_eq!(found.n_reports.iter().sum::<u32>() as usize, reports.len());
        for (report, &incident) in found.of_report.iter().enumerate() {
            let incident = incident as usize;
            prop_assert!(found.first_report[incident] as usize <= report);
            prop_assert!(found.first_at[incident] <= reports.opened[report]);
            prop_assert!(reports.opened[report] <= found.last_at[incident]);
            prop_assert_eq!(found.kind[incident], reports.kind[report]);
        }
    }

    #[test]
    fn switched_off_every_report_is_an_incident(count in 0..20usize) {
        let (reports, located, linked) = town(&vec![(Kind::Litter, 0, HERE, NONE); count], false);
        let off = Options { enabled: false, ..Options::default() };
        prop_assert_eq!(incidents(&reports, &located, &linked, &off).len(), count);
    }
}
