use rand::Rng;

use super::chance::largest_ratio;
use super::scatter::Pool;
use super::*;
use crate::random::Random;

mod references;

/// A small random study: places on a lattice, so that distances tie, and times.
fn random_study(stream: &mut Stream, model: usize) -> (Study, Vec<[f64; 2]>) {
    let below = |stream: &mut Stream, bound: u32| stream.next_u32() % bound;
    let places = 4 + below(stream, 9);
    let times = if model == 3 { 1 } else { 3 + below(stream, 9) };
    let at = (0..places)
        .map(|_| [f64::from(below(stream, 5)) * 100.0, f64::from(below(stream, 5)) * 100.0])
        .collect();
    let some = |stream: &mut Stream, n: u32| -> Vec<Case> {
        (0..n).map(|_| Case { place: below(stream, places), time: below(stream, times) }).collect()
    };
    let n = 4 + below(stream, 30);
    let cases = some(stream, n);
    let positive =
        |stream: &mut Stream, n: u32| (0..n).map(|_| 0.2 + f64::from(below(stream, 50)).sqrt()).collect();
    let model = match model {
        0 => Model::SpaceTimePermutation(vec![0; times as usize]),
        1 => Model::SpaceTimePermutation((0..times).map(|time| u8::try_from(time % 2).unwrap()).collect()),
        2 => Model::Poisson(Population::Steady {
            place: positive(stream, places),
            time: positive(stream, times),
        }),
        3 | 4 => Model::Bernoulli(some(stream, 40)),
        _ => Model::Poisson(Population::Varying(positive(stream, places * times))),
    };
    (Study::new(places as usize, times as usize, cases, model).unwrap(), at)
}

/// Every window by itself: which places lie in the circle, which cases and what population lie in the window.
fn by_hand(study: &Study, at: &[[f64; 2]], limits: Limits, radius_m: f64, cases: &[Case]) -> Vec<Cluster> {
    let far = |a: usize, b: usize| ((at[a][0] - at[b][0]).powi(2) + (at[a][1] - at[b][1]).powi(2)).sqrt();
    let mut windows = Vec::new();
    for centre in 0..at.len() {
        for rim in 0..at.len() {
            let places: Vec<u32> = (0..at.len())
                .filter(|&other| far(centre, other) <= far(centre, rim))
                .map(|p| u32::try_from(p).unwrap())
                .collect();
            let held: f64 = places.iter().map(|&place| study.population()[place as usize]).sum();
            let own = places.iter().all(|&place| far(centre, place as usize) <= 0.0);
            if far(centre, rim) > radius_m || (held > 0.5 * study.population().iter().sum::<f64>() && !own) {
                continue;
            }
            for from in 0..study.times {
                for to in from..study.times.min(from + limits.longest) {
                    if limits.is_prospective && to + 1 < study.times {
                        continue;
                    }
                    let holds = |case: &&Case| {
                        places.contains(&case.place) && (from..=to).contains(&(case.time as usize))
                    };
                    let observed = cases.iter().filter(holds).count();
                    let mass: f64 = places
                        .iter()
                        .flat_map(|&place| {
                            (from..=to).map(move |time| Case { place, time: u32::try_from(time).unwrap() })
                        })
                        .map(|cell| study.population.at(cell, study.times))
                        .sum();
                    if observed < limits.min_cases as usize {
                        continue;
                    }
                    windows.push(Cluster {
                        places: places.clone(),
                        from: u32::try_from(from).unwrap(),
                        to: u32::try_from(to).unwrap(),
                        observed: u32::try_from(observed).unwrap(),
                        expected: study.likelihood.expected(mass),
                        llr: study.likelihood.ratio(observed as f64, mass),
                    });
                }
            }
        }
    }
    windows
}

const EVERYWHERE: f64 = f64::INFINITY;

#[test]
fn the_walk_finds_what_every_window_by_itself_would() {
    let stream = &mut Random::new(3).stream("windows", 0);
    for round in 0..120usize {
        let (study, at) = random_study(stream, round % 6);
        let radius_m = if round % 4 == 0 { EVERYWHERE } else { 223.7 };
        let limits = Limits { longest: 1 + round % 7, is_prospective: round % 12 < 6, min_cases: 2 };
        let circles = Circles::new(&at, &study.population(), radius_m, 0.5);
        let mut windows = by_hand(&study, &at, limits, radius_m, &study.cases);
        let found = study.clusters(&circles, limits, 1e-9);

        // Each cluster is a most likely one of the windows that share nothing with earlier ones.
        for cluster in &found {
            let largest = windows.iter().map(|window| window.llr).fold(0.0, f64::max);
            assert!((cluster.llr - largest).abs() < 1e-9, "{round}: {} is not {largest}", cluster.llr);
            let same = |window: &Cluster| {
                let mut places = cluster.places.clone();
                places.sort_unstable();
                (window.from, window.to, window.observed) == (cluster.from, cluster.to, cluster.observed)
                    && window.places == places
            };
            let window = windows.iter().find(|window| same(window)).unwrap();
            assert!((window.expected - cluster.expected).abs() < 1e-9, "{round}: {window:?} {cluster:?}");
            windows.retain(|window| {
                let shares = window.places.iter().any(|place| cluster.places.contains(place));
                !(shares && window.from <= cluster.to && cluster.from <= window.to)
            });
        }
        assert!(windows.iter().all(|window| window.llr < 1e-9), "{round}: {windows:?}");
    }
}

#[test]
fn scattered_cases_are_judged_by_the_largest_of_all_their_windows() {
    let stream = &mut Random::new(4).stream("windows", 1);
    for round in 0..60usize {
        let (study, at) = random_study(stream, round % 6);
        let limits = Limits { longest: 1 + round % 5, is_prospective: round % 12 < 6, min_cases: 2 };
        let circles = Circles::new(&at, &study.population(), 223.7, 0.5);
        let walk = study.walk(&circles, limits);
        let scatter = Scatter::new(&study, walk.first);
        let (mut pool, mut scattered, mut desk, mut least) =
            (Pool::default(), Vec::new(), walk.desk(), Vec::new());
        for _ in 0..3 {
            scatter.draw(&mut pool, stream, &mut scattered);
            let mut spread = Spread::default();
            spread.fill(study.places, &scattered);
            let fast = largest_ratio(&walk, &spread, study.likelihood, &mut desk, &mut least);
            let first = u32::try_from(walk.first).unwrap();
            let cases: Vec<Case> =
                scattered.iter().map(|case| Case { place: case.place, time: case.time + first }).collect();
            let windows = by_hand(&study, &at, limits, 223.7, &cases);
            let slow = windows.iter().map(|window| window.llr).fold(0.0, f64::max);
            assert!((fast - slow).abs() < 1e-9, "{round}: {fast} is not {slow}");
        }
    }
}

#[test]
fn scattered_cases_fall_where_the_model_expects_them() {
    let stream = &mut Random::new(5).stream("windows", 2);
    for model in 0..6 {
        let (study, _) = random_study(stream, model);
        let scatter = Scatter::new(&study, 0);
        let (mut pool, mut scattered) = (Pool::default(), Vec::new());
        let mut seen = vec![0u32; study.places * study.times];
        let rounds = 4_000;
        for _ in 0..rounds {
            scatter.draw(&mut pool, stream, &mut scattered);
            assert_eq!(scattered.len(), study.cases.len());
            for case in &scattered {
                seen[case.place as usize * study.times + case.time as usize] += 1;
            }
        }
        for (cell, &seen) in seen.iter().enumerate() {
            let (place, time) = (cell / study.times, cell % study.times);
            let at = Case { place: u32::try_from(place).unwrap(), time: u32::try_from(time).unwrap() };
            let expected =
                study.likelihood.expected(study.population.at(at, study.times)) * f64::from(rounds);
            // A count of cases varies at most as a Poisson one does; 24 of a million lie beyond 5 deviations.
            let off = (f64::from(seen) - expected).abs();
            assert!(off <= 5.0 * expected.sqrt() + 1e-9, "{model}: {seen} at {at:?}, {expected} expected");
        }
    }
}

#[test]
fn times_are_exchanged_only_within_their_stratum() {
    let stream = &mut Random::new(6).stream("windows", 3);
    let (study, _) = random_study(stream, 1);
    let count = |cases: &[Case]| {
        let mut counts = vec![0u32; study.places * 2];
        for case in cases {
            counts[case.place as usize * 2 + usize::from(study.strata[case.time as usize])] += 1;
        }
        counts
    };
    let scatter = Scatter::new(&study, 0);
    let (mut pool, mut scattered) = (Pool::default(), Vec::new());
    for _ in 0..20 {
        scatter.draw(&mut pool, stream, &mut scattered);
        assert_eq!(count(&scattered), count(&study.cases));
    }
}

/// A city without a pattern: busy and quiet cells, busy and quiet days.
fn quiet_city(number: u64) -> (Vec<Case>, Vec<[f64; 2]>) {
    let stream = &mut Random::new(number).stream("city", 0);
    let at: Vec<[f64; 2]> = (0..49).map(|place| [f64::from(place % 7), f64::from(place / 7)]).collect();
    let squared = |stream: &mut Stream, bound: u32| {
        let share = f64::from(stream.next_u32()) / f64::from(u32::MAX);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
        let below = (share * share * f64::from(bound)) as u32;
        below.min(bound - 1)
    };
    ((0..400).map(|_| Case { place: squared(stream, 49), time: squared(stream, 60) }).collect(), at)
}

fn of_days(days: usize, is_prospective: bool) -> Limits {
    Limits { longest: days, is_prospective, min_cases: 2 }
}

/// The p-value of the most likely cluster of a city, by 99 scans.
fn p_of_city(number: u64) -> f64 {
    let (cases, at) = quiet_city(number);
    let study = Study::new(at.len(), 60, cases, Model::SpaceTimePermutation(vec![0; 60])).unwrap();
    let circles = Circles::new(&at, &study.population(), 2.3, 0.5);
    let limits = of_days(20, true);
    let chance = study.chance(&circles, limits, 99, |replica| Random::new(number).stream("scan", replica));
    study.clusters(&circles, limits, 0.0).first().map_or(1.0, |cluster| chance.p_value(cluster.llr))
}

#[test]
fn without_a_pattern_p_values_are_uniform() {
    let mut p_values: Vec<f64> = (0..60).map(p_of_city).collect();
    p_values.sort_unstable_by(f64::total_cmp);
    let n = p_values.len() as f64;
    // Kolmogorov-Smirnov: the largest gap between the p-values and the line.
    let gap = p_values
        .iter()
        .zip(0u32..)
        .map(|(&p, rank)| (f64::from(rank + 1) / n - p).abs().max((p - f64::from(rank) / n).abs()))
        .fold(0.0, f64::max);
    // The 99 % point for 60 values is 1.63 / √60.
    assert!(gap < 1.63 / n.sqrt(), "gap of {gap}: {p_values:?}");
}

#[test]
fn threads_and_row_order_change_nothing() {
    let (mut cases, at) = quiet_city(7);
    let find = |cases: &[Case], threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let study = Study::new(
            at.len(),
            60,
            cases.to_vec(),
            Model::SpaceTimePermutation((0..60).map(|day| day % 7).collect()),
        )
        .unwrap();
        pool.install(|| {
            let circles = Circles::new(&at, &study.population(), 2.3, 0.5);
            let limits = of_days(10, false);
            let chance = study.chance(&circles, limits, 40, |replica| Random::new(1).stream("scan", replica));
            (chance, study.clusters(&circles, limits, 0.5))
        })
    };
    let alone = find(&cases, 1);
    assert_eq!(find(&cases, 2), alone);
    assert_eq!(find(&cases, 8), alone);
    let stream = &mut Random::new(8).stream("shuffle", 0);
    for last in (1..cases.len()).rev() {
        cases.swap(last, stream.next_u32() as usize % (last + 1));
    }
    assert_eq!(find(&cases, 2), alone);
}

#[test]
fn a_planted_cluster_is_found_where_and_when_it_is() {
    let (mut cases, at) = quiet_city(9);
    for place in [30u32, 31, 37] {
        cases.extend((50..60).map(|time| Case { place, time }));
    }
    let study = Study::new(at.len(), 60, cases, Model::SpaceTimePermutation(vec![0; 60])).unwrap();
    let circles = Circles::new(&at, &study.population(), 2.3, 0.5);
    let limits = of_days(20, true);
    let chance = study.chance(&circles, limits, 199, |replica| Random::new(1).stream("scan", replica));
    let found = study.clusters(&circles, limits, chance.critical(0.05));
    let first = &found[0];
    assert!([30, 31, 37].iter().all(|place| first.places.contains(place)) && first.from == 50, "{first:?}");
    assert!((chance.p_value(first.llr) - 0.005).abs() < 1e-12 && chance.best_p(first.llr) < 0.005);
}

#[test]
fn a_ratio_is_critical_exactly_where_its_p_value_reaches_alpha() {
    let (cases, at) = quiet_city(10);
    let study = Study::new(at.len(), 60, cases, Model::SpaceTimePermutation(vec![0; 60])).unwrap();
    let circles = Circles::new(&at, &study.population(), 2.3, 0.5);
    let chance =
        study.chance(&circles, of_days(20, true), 99, |replica| Random::new(1).stream("scan", replica));
    for alpha in [0.01, 0.05, 0.1, 0.5] {
        let critical = chance.critical(alpha);
        assert!(chance.p_value(critical) <= alpha && chance.p_value(critical * (1.0 - 1e-6)) > alpha);
    }
    assert!(chance.critical(0.009).is_infinite() && chance.critical(1.0).abs() < 1e-12);
}

#[test]
fn too_little_to_compare_is_no_study_and_degenerate_ones_have_no_clusters() {
    let permutation = || Model::SpaceTimePermutation(vec![0; 5]);
    let case = |place, time| Case { place, time };
    assert!(Study::new(3, 5, Vec::new(), permutation()).is_none());
    assert!(Study::new(3, 5, vec![case(0, 0)], permutation()).is_none());
    assert!(Study::new(3, 5, vec![case(0, 0), case(1, 1)], Model::Bernoulli(Vec::new())).is_none());

    // All at one place, all at one time, and each alone: nothing is more than expected by its place and time.
    let at = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]];
    let same = [case(1, 0), case(1, 2), case(1, 4)];
    let at_once = [case(0, 4), case(1, 4), case(2, 4)];
    for cases in [same, at_once] {
        let study = Study::new(3, 5, cases.to_vec(), permutation()).unwrap();
        let circles = Circles::new(&at, &study.population(), EVERYWHERE, 0.5);
        let chance =
            study.chance(&circles, of_days(2, true), 19, |replica| Random::new(1).stream("scan", replica));
        assert_eq!(study.clusters(&circles, of_days(2, true), 0.0), []);
        assert!(chance.gumbel_p(1.0).is_none() && (chance.best_p(1.0) - 0.05).abs() < 1e-12);
    }
}

#[test]
fn places_at_one_distance_enter_a_circle_together_and_a_share_ends_it() {
    let cross = [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.0, 3.0]];
    let sizes = |circles: &Circles| -> Vec<usize> {
        circles.around(0).zip(1..).filter(|((_, closes), _)| *closes).map(|(_, size)| size).collect()
    };
    assert_eq!(sizes(&Circles::new(&cross, &[1.0; 6], EVERYWHERE, 1.0)), [1, 5, 6]);
    assert_eq!(sizes(&Circles::new(&cross, &[1.0; 6], 1.0, 1.0)), [1, 5]);
    assert_eq!(sizes(&Circles::new(&cross, &[1.0; 6], EVERYWHERE, 0.5)), [1]);
    // Two places at one point are one circle, named after either.
    let twins = Circles::new(&[[0.0, 0.0], [0.0, 0.0], [5.0, 0.0]], &[1.0; 3], EVERYWHERE, 1.0);
    assert_eq!((sizes(&twins), twins.first(1, 2)), (vec![2, 3], &[1, 0][..]));
}
