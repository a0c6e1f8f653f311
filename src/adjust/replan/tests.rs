use rand::RngExt;

use super::*;
use crate::random::{Random, Stream};

/// Places at random corners of a square, with loads; half of the cases also with hours.
fn random_problem(n: usize, dice: &mut Stream) -> Problem {
    let at: Vec<(i32, i32)> =
        (0..n).map(|_| (dice.random_range(0..100), dice.random_range(0..100))).collect();
    // One way is dearer than the other, as on streets.
    let leg = |a: usize, b: usize| {
        let metres = (at[a].0 - at[b].0).abs() + (at[a].1 - at[b].1).abs();
        metres + if a < b { metres / 5 } else { 0 }
    };
    let cost: Vec<i32> = (0..n * n).map(|pair| leg(pair / n, pair % n)).collect();
    let has_hours = dice.random::<bool>();
    let opens: Vec<i32> =
        (0..n).map(|place| if place > 0 && has_hours { dice.random_range(0..300) } else { 0 }).collect();
    let closes =
        opens.iter().enumerate().map(|(place, opens)| if place == 0 { 2000 } else { opens + 400 }).collect();
    Problem {
        n,
        duration: cost.clone(),
        cost,
        service: (0..n).map(|place| i32::from(place > 0) * 10).collect(),
        opens,
        closes,
        load: (0..n).map(|place| if place > 0 { dice.random_range(1..10) } else { 0 }).collect(),
        capacity: 20,
        max_rounds: n,
    }
}

/// The least cost of serving everything, by trying every split into rounds and every order.
fn least(problem: &Problem, order: &mut Vec<u32>, fixed: usize) -> i64 {
    if fixed == order.len() {
        // The cheapest cut of this order into rounds, place by place.
        let mut best = vec![Some(0)];
        for end in 1..=order.len() {
            let cuts = (0..end).filter_map(|first| {
                let round = &order[first..end];
                problem.back_at(round).and(best[first]).map(|before: i64| before + problem.cost_of(round))
            });
            best.push(cuts.min());
        }
        return best[order.len()].unwrap_or(i64::MAX);
    }
    let mut found = i64::MAX;
    for place in fixed..order.len() {
        order.swap(fixed, place);
        found = found.min(least(problem, order, fixed + 1));
        order.swap(fixed, place);
    }
    found
}

#[test]
fn small_problems_get_the_rounds_that_trying_all_gives() {
    let mut dice = Random::new(2020).stream("small problems", 0);
    for case in 0..20 {
        let problem = random_problem(4 + case % 4, &mut dice);
        let mut order: Vec<u32> = (1..u32::try_from(problem.n).unwrap()).collect();
        let found = search(&problem, &[], 1500, 1);
        assert!(found.left_over.is_empty());
        assert_eq!(found.cost, least(&problem, &mut order, 0), "{problem:?}");
    }
}

#[test]
fn every_place_is_served_once_in_time_by_a_truck_that_holds_it() {
    let mut dice = Random::new(7).stream("loads and hours", 0);
    for _ in 0..6 {
        let problem = random_problem(60, &mut dice);
        let first = search(&problem, &[], 300, 1);
        let found = search(&problem, &first.rounds, 2000, 2);
        for solution in [&first, &found] {
            let mut served: Vec<u32> = solution.rounds.iter().flatten().copied().collect();
            served.sort_unstable();
            assert_eq!(served, (1..60).collect::<Vec<u32>>());
            assert!(solution.rounds.iter().all(|round| problem.back_at(round).is_some()));
            assert_eq!(
                solution.cost,
                solution.rounds.iter().map(|round| problem.cost_of(round)).sum::<i64>()
            );
        }
        assert!(found.cost <= first.cost, "a start is never made worse");
        assert_eq!(found, search(&problem, &first.rounds, 2000, 2), "the same seed, the same rounds");
    }
}

#[test]
fn what_too_few_trucks_cannot_take_is_left_over() {
    let mut dice = Random::new(3).stream("too few trucks", 0);
    let mut problem = random_problem(30, &mut dice);
    problem.load = (0..30).map(|place| i32::from(place > 0) * 10).collect();
    problem.max_rounds = 5;
    let found = search(&problem, &[], 500, 1);
    assert_eq!((found.rounds.len(), found.left_over.len()), (5, 29 - 2 * 5), "two fit into each truck");
}

#[test]
fn a_problem_without_places_has_no_rounds() {
    let problem = random_problem(1, &mut Random::new(1).stream("nothing", 0));
    assert_eq!(
        search(&problem, &[], 100, 1),
        Solution { rounds: Vec::new(), left_over: Vec::new(), cost: 0 }
    );
}
