//! Orders of which a part stays as it is.

use super::super::order::{Costs, Keep, kept, shorter_keeping};
use super::*;

fn random_costs(n: usize, key: u64) -> Costs {
    let mut dice = Random::new(12).stream("orders", key);
    Costs::new((0..n * n).map(|_| dice.random_range(1..1000)).collect())
}

fn keeping(costs: &Costs, n: usize, share: f64, is_frozen: Vec<bool>) -> Vec<usize> {
    let today: Vec<usize> = (0..n).collect();
    let keep = Keep { share, is_frozen };
    shorter_keeping(costs, &today, &keep, 3, &Random::new(1).stream("test", 0))
}

#[test]
fn as_much_of_the_order_stays_as_is_asked_for_and_more_freedom_costs_no_more() {
    let n = 20;
    for case in 0..3 {
        let costs = random_costs(n, case);
        let today: Vec<usize> = (0..n).collect();
        let mut before = 0;
        for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let order = keeping(&costs, n, share, vec![false; n]);
            let mut places = order.clone();
            places.sort_unstable();
            assert_eq!(places, today);
            assert!(kept(&today, &order) >= share, "{} of {share}", kept(&today, &order));
            assert!(costs.of(&order) <= costs.of(&today));
            assert!(costs.of(&order) >= before, "keeping more is no cheaper");
            before = costs.of(&order);
        }
        assert_eq!(before, costs.of(&today), "all of it");
    }
}

#[test]
fn frozen_places_keep_what_is_next_to_them() {
    let n = 25;
    for case in 0..6 {
        let is_frozen: Vec<bool> = (0..n).map(|place| place % 7 == 3).collect();
        let order = keeping(&random_costs(n, case), n, 0.0, is_frozen.clone());
        assert_ne!(order, (0..n).collect::<Vec<_>>(), "the others may change");
        for place in (1..n - 1).filter(|&place| is_frozen[place]) {
            let at = order.iter().position(|&other| other == place).unwrap();
            assert_eq!([order[at - 1], order[at + 1]], [place - 1, place + 1]);
        }
    }
}

#[test]
fn the_check_finds_orders_that_keep_too_little() {
    let town = town();
    let good = (*of_kind(&town.propose(), "resequence")[0]).clone();
    let all = Options { keep_order: 1.0, ..Options::default() };
    let frozen = |stop: &str| Options { frozen: vec![stop.to_owned()], ..Options::default() };
    assert!(matches!(check(&good, &town.situation(), &all)[..], [Violation::Stops(_)]));
    let Change::Resequence { order, .. } = &good.change else { panic!() };
    let today = [NONE, 0, 1, 2, 3, 4, 5, NONE];
    let now: Vec<u32> = [NONE].into_iter().chain(order.iter().copied()).chain([NONE]).collect();
    for place in 1..7 {
        let at = now.iter().position(|&stop| stop == today[place]).unwrap();
        let stays = (now[at - 1], now[at + 1]) == (today[place - 1], today[place + 1]);
        let found = check(&good, &town.situation(), &frozen(&format!("bin-{}", today[place])));
        assert_eq!(found.is_empty(), stays, "{found:?}");
    }
    let proposals = propose(&town.situation(), &all, &Silent);
    assert!(of_kind(&proposals, "resequence").is_empty(), "nothing may change");
    for stop in ["bin-1", "bin-4"] {
        for proposal in propose(&town.situation(), &frozen(stop), &Silent) {
            assert_eq!(check(&proposal, &town.situation(), &frozen(stop)), []);
        }
    }
}
