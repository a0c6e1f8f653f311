//! Stops that change their trip, and the cheapest places for one more stop.

use super::super::insertion::{Insertion, Round, Sequence, cheapest};
use super::*;

/// The town with a bin of the east on the west round, both on the same days.
fn crossed_town() -> Town {
    let mut town = town();
    town.rounds.trips =
        vec![trip("west", 0, &[0, 1, 2, 3, 8, 4, 5], [0, 2, 4]), trip("east", 1, &[6, 7, 9], [0, 2, 4])];
    town
}

/// Seconds of driving a trip with these stops.
fn seconds(town: &Town, stops: &[u32]) -> f64 {
    let depot = Local::new(-20.0, 0.0);
    let at = stops.iter().map(|&stop| town.rounds.stops[stop as usize].at);
    let places: Vec<Local> = [depot].into_iter().chain(at).chain([depot]).collect();
    let snaps: Vec<_> = places.iter().map(|&at| town.network.snap(at, 500.0).unwrap()).collect();
    snaps.windows(2).map(|ends| town.network.path(ends[0], ends[1]).unwrap().seconds).sum()
}

fn stops(town: &Town, trip: usize) -> Vec<u32> {
    town.rounds.trips[trip].calls.iter().map(|call| call.stop).collect()
}

/// Seconds that the best move of any stop to any place of the other trip saves.
fn best_of_all_moves(town: &Town) -> f64 {
    let mut best = 0.0;
    for from in 0..2 {
        let (own, other) = (stops(town, from), stops(town, 1 - from));
        let today = seconds(town, &own) + seconds(town, &other);
        for &stop in &own {
            let without: Vec<u32> = own.iter().copied().filter(|&left| left != stop).collect();
            for position in 0..=other.len() {
                let mut with = other.clone();
                with.insert(position, stop);
                best = f64::max(best, today - seconds(town, &without) - seconds(town, &with));
            }
        }
    }
    best
}

#[test]
fn a_bin_on_the_way_of_the_other_round_moves_there_at_the_price_of_driving_both() {
    let town = crossed_town();
    let proposals = town.propose();
    let found = of_kind(&proposals, "move_stop");
    assert!((-found[0].extra_s_week - 3.0 * best_of_all_moves(&town)).abs() < 1e-6, "no move saves more");
    for proposal in &found {
        let Change::MoveStop { stop, from_trip, to_trip, position } = proposal.change else { panic!() };
        let (own, other) = (stops(&town, from_trip as usize), stops(&town, to_trip as usize));
        let without: Vec<u32> = own.iter().copied().filter(|&left| left != stop).collect();
        let mut with = other.clone();
        with.insert(position as usize, stop);
        let today = seconds(&town, &own) + seconds(&town, &other);
        let saved = today - seconds(&town, &without) - seconds(&town, &with);
        assert!((saved * 3.0 + proposal.extra_s_week).abs() < 1e-6, "{proposal:?}");
    }
    assert!(found.iter().any(|found| found.change.key().1 == 8), "{found:#?}");
    assert!(found[0].is_feasible && found[0].extra_m_week < 0.0 && found[0].fewer_reports_high == 0.0);
    assert!(!found[0].before.is_empty() && !found[0].after.is_empty());
}

#[test]
fn moves_pass_their_check_and_planted_faults_do_not() {
    let mut town = crossed_town();
    let proposals = town.propose();
    let found = of_kind(&proposals, "move_stop");
    let good = (**found.iter().find(|found| found.change.key().1 == 8).unwrap()).clone();
    let Change::MoveStop { stop, from_trip, to_trip, position } = good.change else { panic!() };
    let moved = |stop, from_trip, to_trip, position| Proposal {
        change: Change::MoveStop { stop, from_trip, to_trip, position },
        ..good.clone()
    };
    let options = Options::default();
    assert_eq!(check(&good, &town.situation(), &options), []);
    let faults = [
        ("a time a minute too good", Proposal { extra_s_week: good.extra_s_week - 60.0, ..good.clone() }),
        ("a length 5 m too good", Proposal { extra_m_week: good.extra_m_week - 5.0, ..good.clone() }),
        ("estimated, not routed", Proposal { cost_basis: CostBasis::Estimated, ..good.clone() }),
        ("at another place", moved(stop, from_trip, to_trip, (position + 2) % 4)),
        ("behind the end", moved(stop, from_trip, to_trip, 50)),
        ("a stop of another trip", moved(7, from_trip, to_trip, position)),
        ("an unknown stop", moved(70, from_trip, to_trip, position)),
        ("an unknown trip", moved(stop, from_trip, 7, position)),
        ("to where it is", moved(stop, from_trip, from_trip, 0)),
    ];
    for (fault, proposal) in faults {
        assert!(!check(&proposal, &town.situation(), &options).is_empty(), "{fault}");
    }
    let frozen = Options { frozen: vec!["bin-8".to_owned()], ..options.clone() };
    assert!(matches!(check(&good, &town.situation(), &frozen)[..], [Violation::Stops(_)]));
    town.rounds.vehicles[1].capacity_kg = Some(20.0);
    assert!(matches!(check(&good, &town.situation(), &options)[..], [Violation::Capacity { .. }]));
    town.rounds.vehicles[1] = Vehicle { shift_s: Some(800.0), ..town.rounds.vehicles[0].clone() };
    assert!(matches!(check(&good, &town.situation(), &options)[..], [Violation::Shift { .. }, ..]));
    town.rounds.trips[1].days = days([1, 3, 5]);
    assert!(!check(&good, &town.situation(), &options).is_empty(), "other days");
}

#[test]
fn no_stop_moves_to_other_days_or_a_full_truck_or_a_full_shift_or_when_it_is_frozen() {
    let moves = |town: &Town, options: &Options| {
        let proposals = propose(&town.situation(), options, &Silent);
        of_kind(&proposals, "move_stop").iter().filter(|found| found.change.key().1 == 8).count()
    };
    let options = Options::default();
    assert_eq!(moves(&crossed_town(), &options), 1);
    let frozen = Options { frozen: vec!["bin-8".to_owned()], ..options.clone() };
    assert_eq!(moves(&crossed_town(), &frozen), 0);
    let mut town = crossed_town();
    town.rounds.trips[1].days = days([1, 3, 5]);
    assert_eq!(moves(&town, &options), 0);
    let mut town = crossed_town();
    town.rounds.vehicles[1].capacity_kg = Some(20.0);
    assert_eq!(moves(&town, &options), 0);
    let mut town = crossed_town();
    town.rounds.vehicles[1].shift_s = Some(800.0);
    assert_eq!(moves(&town, &options), 0);
}

#[test]
fn a_crew_that_drives_both_trips_has_time_for_what_it_saves() {
    let mut town = crossed_town();
    town.rounds.trips[1].vehicle = 0;
    // Just what both trips take today: with the drives from and to the yard.
    let calls = |trip: usize| 300.0 * (town.rounds.trips[trip].calls.len() as f64 - 1.0) + 60.0;
    town.rounds.vehicles[0].shift_s = Some(calls(0) + calls(1) + 600.0);
    let proposals = town.propose();
    assert!(of_kind(&proposals, "move_stop")[0].is_feasible, "{proposals:#?}");
}

#[test]
fn the_cheapest_insertion_equals_driving_every_possibility_on_1000_random_cases() {
    let mut dice = Random::new(1000).stream("insertions", 0);
    for case in 0..1000 {
        // Places 0 to n - 1 of each round, and the new one last; whole seconds, so that sums are exact.
        let has_open_ends = case % 3 == 0;
        let mut rounds: Vec<(Vec<Vec<f64>>, f64, f64)> = Vec::new();
        for _ in 0..=case % 4 {
            let n: usize = dice.random_range(2..12);
            let leg = |_| f64::from(dice.random_range(1..300u32));
            let matrix = (0..=n).map(|_| Vec::new()).collect::<Vec<Vec<f64>>>();
            let cells: Vec<f64> = (0..(n + 1) * (n + 1)).map(leg).collect();
            let matrix =
                matrix.iter().enumerate().map(|(row, _)| cells[row * (n + 1)..][..=n].to_vec()).collect();
            rounds.push((
                matrix,
                f64::from(dice.random_range(0..400u32)),
                f64::from(dice.random_range(0..100u32)),
            ));
        }
        let (service_s, load_kg) = (60.0, 30.0);

        let mut tried: Vec<Insertion> = Vec::new();
        for (round, (cost, room_s, room_kg)) in rounds.iter().enumerate() {
            let n = cost.len() - 1;
            let drive = |order: &[usize]| order.windows(2).map(|ends| cost[ends[0]][ends[1]]).sum::<f64>();
            let today: Vec<usize> = (0..n).collect();
            for position in usize::from(!has_open_ends)..=n - usize::from(!has_open_ends) {
                let mut with = today.clone();
                with.insert(position, n);
                let extra_s = drive(&with) - drive(&today);
                if extra_s + service_s <= *room_s && load_kg <= *room_kg {
                    tried.push(Insertion { round, position, extra_s });
                }
            }
        }
        tried.sort_by(|a, b| a.extra_s.total_cmp(&b.extra_s));
        tried.sort_by_key(|insertion| insertion.round);
        tried.dedup_by_key(|insertion| insertion.round);
        tried.sort_by(|a, b| a.extra_s.total_cmp(&b.extra_s));

        let columns: Vec<[Vec<f64>; 3]> = rounds
            .iter()
            .map(|(cost, ..)| {
                let n = cost.len() - 1;
                let legs = (1..n).map(|place| cost[place - 1][place]).collect();
                [legs, (0..n).map(|place| cost[place][n]).collect(), cost[n][..n].to_vec()]
            })
            .collect();
        let offered: Vec<Round> = rounds
            .iter()
            .zip(&columns)
            .map(|((_, room_s, room_kg), [legs, there, back])| Round {
                sequence: Sequence { legs, there, back, has_open_ends },
                room_s: *room_s,
                room_kg: *room_kg,
            })
            .collect();
        assert_eq!(cheapest(&offered, service_s, load_kg), tried);
    }
}
