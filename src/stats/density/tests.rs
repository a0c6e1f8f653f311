use proptest::prelude::*;

use super::*;

/// The definition, looked up pair by pair.
fn slow(points: &[Local], rule: &Rule<'_>) -> Clusters {
    let near = |a: usize, b: usize| {
        let (dx, dy) = (points[a].x - points[b].x, points[a].y - points[b].y);
        let is_soon = rule.time.is_none_or(|time| (time.day[a] - time.day[b]).unsigned_abs() <= time.days);
        is_soon && dx * dx + dy * dy <= rule.radius_m * rule.radius_m
    };
    let n = points.len();
    let is_core: Vec<bool> =
        (0..n).map(|a| (0..n).filter(|&b| near(a, b)).count() >= rule.min_points).collect();
    let mut of_point = vec![NOISE; n];
    let mut count = 0;
    for first in 0..n {
        if !is_core[first] || of_point[first] != NOISE {
            continue;
        }
        of_point[first] = count;
        let mut open = vec![first];
        while let Some(core) = open.pop() {
            for other in 0..n {
                if near(core, other) && of_point[other] == NOISE {
                    of_point[other] = count;
                    if is_core[other] {
                        open.push(other);
                    }
                }
            }
        }
        count += 1;
    }
    Clusters { of_point, is_core, count }
}

fn rule(radius_m: f64, min_points: usize, day: &[i32], days: Option<u32>) -> Rule<'_> {
    Rule { radius_m, min_points, time: days.map(|days| Time { day, days }) }
}

/// Points on a coarse lattice, so that many lie at exactly the radius, and some apart from it.
fn points() -> impl Strategy<Value = Vec<Local>> {
    prop::collection::vec(point(), 0..160)
}

/// The same with a day of two months each.
fn rows() -> impl Strategy<Value = Vec<(Local, i32)>> {
    prop::collection::vec((point(), -30..30i32), 0..160)
}

fn point() -> impl Strategy<Value = Local> {
    let lattice = (0..24i32, 0..24i32).prop_map(|(x, y)| Local::new(f64::from(x) * 5.0, f64::from(y) * 5.0));
    let anywhere = (0.0..120.0f64, 0.0..120.0f64).prop_map(|(x, y)| Local::new(x, y));
    prop_oneof![lattice, anywhere]
}

proptest! {
    #[test]
    fn squares_find_what_looking_at_every_pair_finds(
        points in points(), radius_m in prop_oneof![Just(5.0), Just(10.0), 0.1..30.0f64], min_points in 1..8usize,
    ) {
        let rule = Rule::in_space(radius_m, min_points);
        prop_assert_eq!(clusters(&points, &rule), slow(&points, &rule));
    }

    #[test]
    fn layers_of_days_find_what_looking_at_every_pair_finds(
        rows in rows(), radius_m in prop_oneof![Just(5.0), Just(10.0), 0.1..30.0f64],
        min_points in 1..6usize, days in prop_oneof![0..9u32, Just(400), Just(u32::MAX)],
    ) {
        let (points, day): (Vec<Local>, Vec<i32>) = rows.into_iter().unzip();
        let rule = rule(radius_m, min_points, &day, Some(days));
        let found = clusters(&points, &rule);
        prop_assert_eq!(&found, &slow(&points, &rule));
        if days >= 400 {
            prop_assert_eq!(found, clusters(&points, &Rule::in_space(radius_m, min_points)));
        }
    }

    #[test]
    fn a_plane_cut_into_parts_gives_the_same_clusters_as_the_whole(
        rows in rows(), radius_m in prop_oneof![Just(5.0), Just(10.0), 0.1..30.0f64],
        min_points in 1..8usize, days in prop::option::of(0..60u32), cuts in (0.0..120.0f64, 0.0..120.0f64),
    ) {
        let (points, day): (Vec<Local>, Vec<i32>) = rows.into_iter().unzip();
        let part_of = |at: &Local| u8::from(at.x < cuts.0) + 2 * u8::from(at.y < cuts.1);
        let parts: Vec<Partial> = (0..4u8).map(|part| {
            let is_near = |at: &Local| points.iter()
                .any(|own| part_of(own) == part && own.distance_m(*at) <= 2.0 * radius_m + 1e-9);
            let ids: Vec<u32> = (0u32..).zip(&points).filter(|(_, at)| is_near(at)).map(|(id, _)| id).collect();
            let local: Vec<Local> = ids.iter().map(|&id| points[id as usize]).collect();
            let day: Vec<i32> = ids.iter().map(|&id| day[id as usize]).collect();
            partial(&local, &ids, |place| part_of(&local[place]) == part, &rule(radius_m, min_points, &day, days))
        }).collect();
        prop_assert_eq!(merge(points.len(), &parts), clusters(&points, &rule(radius_m, min_points, &day, days)));
    }
}

#[test]
fn clusters_of_zurich_waste_are_those_of_scikit_learn() {
    let settings = [("50_5", 50.0, 5), ("50_10", 50.0, 10), ("100_5", 100.0, 5), ("25_3", 25.0, 3)];
    let expected = [(136, 2022), (56, 2862), (122, 1041), (353, 2085)];
    for ((name, radius_m, min_points), (count, noise)) in settings.into_iter().zip(expected) {
        let label = format!("dbscan_{name}");
        let columns = ["e", "n", label.as_str()];
        let Some(rows) = crate::stats::reference::table("zh_waste2024_clusters.csv", &columns) else {
            return;
        };
        let points: Vec<Local> = rows.iter().map(|row| Local::new(row[0], row[1])).collect();
        let found = clusters(&points, &Rule::in_space(radius_m, min_points));
        let labels: Vec<f64> = found
            .of_point
            .iter()
            .map(|&label| if label == NOISE { -1.0 } else { f64::from(label) })
            .collect();
        let reference: Vec<f64> = rows.iter().map(|row| row[2]).collect();
        assert_eq!(labels, reference, "{name}");
        assert_eq!(found.count, count, "{name}");
        assert_eq!(found.of_point.iter().filter(|&&label| label == NOISE).count(), noise, "{name}");
    }
}

#[test]
fn points_that_lie_nowhere_are_noise_and_no_points_are_no_clusters() {
    let spot = Local::new(1.0, 2.0);
    let rule = Rule::in_space(10.0, 3);
    let found = clusters(&[Local::NOWHERE, spot, spot, Local::NOWHERE, spot], &rule);
    assert_eq!(found.of_point, [NOISE, 0, 0, NOISE, 0]);
    assert_eq!(clusters(&[], &rule), Clusters::default());
    assert_eq!(clusters(&[Local::NOWHERE; 3], &Rule::in_space(10.0, 1)).count, 0);
}
