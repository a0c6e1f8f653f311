//! A small town on a grid: 7 by 7 crossings, 100 m apart, two rounds and a yard in the corner.

mod plan;

use proptest::prelude::*;
use rand::RngExt;

use super::benefit::{gamma_interval, gamma_prior, gaps_h};
use super::order::{Costs, shorter};
use super::*;
use crate::collection::{Diagnosis, Reason, StopFinding};
use crate::dedupe::Incidents;
use crate::hotspots::AssetFinding;
use crate::model::NONE;
use crate::model::asset::AssetKind;
use crate::model::kind::Kind;
use crate::model::round::{Call, Route, Stop, Trip, Vehicle};
use crate::model::street::{Crossings, Direction, Streets, Way};
use crate::network;
use crate::period::Day;
use crate::progress::Silent;
use crate::random::Random;

#[cfg(feature = "replan")]
mod districts;
mod moves;
mod orders;
mod overflow;

struct Town {
    rounds: Rounds,
    collection: Collection,
    hotspots: Hotspots,
    assets: Vec<Asset>,
    reports: Reports,
    linked: Linked,
    incidents: Incidents,
    network: Network,
    clock: Clock,
    period: Period,
}

impl Town {
    fn situation(&self) -> Situation<'_> {
        Situation {
            rounds: &self.rounds,
            collection: &self.collection,
            hotspots: &self.hotspots,
            assets: &self.assets,
            reports: &self.reports,
            linked: &self.linked,
            incidents: &self.incidents,
            network: &self.network,
            clock: &self.clock,
            period: self.period,
        }
    }

    fn propose(&self) -> Vec<Proposal> {
        propose(&self.situation(), &Options::default(), &Silent)
    }

    fn report(&mut self, kind: Kind, stop: u32, reason: Reason) {
        let report = u32::try_from(self.reports.len()).unwrap();
        self.reports.kind.push(kind);
        self.linked.asset.push(NONE);
        self.linked.stop.push(stop);
        self.collection.stops[stop as usize].n_reports += 1;
        self.collection.diagnoses.push(Diagnosis {
            report,
            stop,
            route: 0,
            day: None,
            reason,
            confidence: 1.0,
            evidence: String::new(),
        });
    }
}

fn grid() -> Streets {
    let crossings = Crossings { columns: 7, rows: 7 };
    let nodes = crossings.nodes(|column, row| Local::new(column * 100.0, row * 100.0));
    let mut streets = Streets { nodes, ..Streets::default() };
    // Every third street is one-way, so that the matrix is not symmetric.
    for line in 0..7u32 {
        let direction = if line % 3 == 1 { Direction::Forward } else { Direction::Both };
        for nodes in [crossings.along_row(line), crossings.along_column(line)] {
            streets.ways.push(Way { id: i64::from(line), direction, ..Way::residential(nodes) });
        }
    }
    streets
}

/// From Monday 5 January 2026, eight weeks.
fn days(weekdays: [usize; 3]) -> Vec<Day> {
    let monday = Day::from_date(jiff::civil::date(2026, 1, 5));
    (0..56).map(|offset| monday.plus(offset)).filter(|day| weekdays.contains(&day.weekday())).collect()
}

fn trip(id: &str, route: u32, stops: &[u32], weekdays: [usize; 3]) -> Trip {
    let calls = stops.iter().zip(0i64..).map(|(&stop, place)| {
        let arrival_s = 7 * 3600 + place * 300;
        Call { stop, arrival_s, departure_s: arrival_s + 60 }
    });
    Trip {
        id: id.to_owned(),
        route,
        vehicle: route,
        calls: calls.collect(),
        days: days(weekdays),
        cancelled: Vec::new(),
    }
}

fn town() -> Town {
    let places = [
        (105.0, 50.0),
        (100.0, 455.0),
        (50.0, 605.0),
        (150.0, 600.0),
        (55.0, 300.0),
        (250.0, 505.0),
        (450.0, 100.0),
        (505.0, 250.0),
        (450.0, 405.0),
        (600.0, 550.0),
    ];
    let stops: Vec<Stop> = places
        .iter()
        .enumerate()
        .map(|(index, &(x, y))| Stop {
            id: format!("bin-{index}"),
            name: format!("bin {index}"),
            at: Local::new(x, y),
            capacity_l: Some(120.0),
            service_s: Some(60.0),
            asset_id: None,
        })
        .collect();
    let quiet = StopFinding {
        route: 0,
        n_reports: 0,
        n_skipped: 0,
        n_planned: 24,
        skip_rate: 0.0,
        fill_per_day: 0.25,
        p_overflow: 0.1,
        q_value: 1.0,
    };
    let vehicle = |id: &str| Vehicle {
        id: id.to_owned(),
        capacity_kg: Some(2000.0),
        shift_s: Some(8.0 * 3600.0),
        depot: Some(Local::new(-20.0, 0.0)),
    };
    let route = |id: &str| Route { id: id.to_owned(), name: id.to_owned() };
    Town {
        rounds: Rounds {
            // The west round zigzags; the east round is short.
            trips: vec![
                trip("west", 0, &[0, 1, 2, 3, 4, 5], [0, 2, 4]),
                trip("east", 1, &[6, 7, 8, 9], [1, 3, 5]),
            ],
            routes: vec![route("W"), route("E")],
            vehicles: vec![vehicle("truck-1"), vehicle("truck-2")],
            stops,
            ..Rounds::default()
        },
        collection: Collection { stops: vec![quiet; places.len()], ..Collection::default() },
        hotspots: Hotspots::default(),
        assets: Vec::new(),
        reports: Reports::default(),
        linked: Linked::default(),
        incidents: Incidents::default(),
        network: Network::build(&grid(), &network::Options::default()),
        clock: Clock::new("Europe/Amsterdam").unwrap(),
        period: Period {
            from: Day::from_date(jiff::civil::date(2026, 1, 5)),
            to: Day::from_date(jiff::civil::date(2026, 3, 1)),
        },
    }
}

/// The town with a bin on the west round that is often full.
fn busy_town() -> Town {
    let mut town = town();
    for _ in 0..6 {
        town.report(Kind::ContainerFull, 2, Reason::FullBeforeNextService);
    }
    town.collection.stops[2].fill_per_day = 0.6;
    town.collection.stops[2].p_overflow = 0.8;
    town
}

/// The town with litter three times and more around a crossing in the south-east, where no bin is, and with two bins in
/// the north-west that stand for two stops of the west round.
fn littered_town() -> Town {
    let mut town = town();
    let bin = |id: &str, at: Local| Asset {
        id: id.to_owned(),
        kind: AssetKind::LitterBin,
        at,
        capacity_l: Some(120.0),
        is_synthetic: false,
    };
    for (stop, at) in [(2, Local::new(50.0, 605.0)), (3, Local::new(130.0, 600.0))] {
        let id = format!("asset-{stop}");
        town.assets.push(bin(&id, at));
        town.rounds.stops[stop].asset_id = Some(id);
    }
    for at in [(505.0, 100.0), (495.0, 120.0), (520.0, 95.0), (500.0, 60.0), (60.0, 590.0)] {
        let report = u32::try_from(town.reports.len()).unwrap();
        town.reports.kind.push(Kind::Litter);
        town.linked.asset.push(NONE);
        town.incidents.of_report.push(report);
        town.incidents.kind.push(Kind::Litter);
        town.incidents.at.push(Local::new(at.0, at.1));
        town.incidents.is_point.push(true);
        town.incidents.accuracy_m.push(5.0);
    }
    town
}

fn of_kind<'a>(proposals: &'a [Proposal], kind: &str) -> Vec<&'a Proposal> {
    proposals.iter().filter(|proposal| proposal.change.name() == kind).collect()
}

#[test]
fn a_bin_that_is_often_full_gets_a_call_on_saturday_by_the_other_round() {
    let proposals = busy_town().propose();
    let found = of_kind(&proposals, "extra_stop");
    let [proposal] = found[..] else { panic!("{proposals:#?}") };
    let Change::ExtraStop { stop, trip, weekdays, .. } = &proposal.change else { panic!() };
    assert_eq!((*stop, *trip, weekdays[5]), (2, 1, true), "Saturday splits the longest gap");
    assert!(proposal.is_feasible && proposal.cost_basis == CostBasis::Routed, "{proposal:?}");
    assert!(proposal.extra_m_week > 0.0 && proposal.extra_s_week > 60.0);
    assert!(0.0 < proposal.fewer_reports_low && proposal.fewer_reports_low < proposal.fewer_reports_high);
    assert_eq!(proposal.reports, [0, 1, 2, 3, 4, 5]);
    assert!(proposal.after.contains(&Local::new(50.0, 600.0)), "{:?}", proposal.after);
    assert!(!proposal.before.is_empty() && !proposal.before.contains(&Local::new(50.0, 600.0)));
}

#[test]
fn two_reports_are_too_few_for_a_call() {
    let mut town = town();
    for _ in 0..2 {
        town.report(Kind::ContainerFull, 2, Reason::FullBeforeNextService);
    }
    assert!(of_kind(&town.propose(), "extra_stop").is_empty());
}

#[test]
fn the_cheapest_insertion_is_that_of_trying_every_place() {
    let town = busy_town();
    let proposals = town.propose();
    let found = of_kind(&proposals, "extra_stop");
    let Change::ExtraStop { stop, trip, position, weekdays } = &found[0].change else { panic!() };
    let (rounds, depot) = (&town.rounds, Local::new(-20.0, 0.0));
    let drive = |places: &[Local]| -> f64 {
        let snaps: Vec<_> = places.iter().map(|&at| town.network.snap(at, 500.0).unwrap()).collect();
        snaps.windows(2).map(|ends| town.network.path(ends[0], ends[1]).unwrap().seconds).sum()
    };
    let mut calls: Vec<Local> =
        rounds.trips[*trip as usize].calls.iter().map(|call| rounds.stops[call.stop as usize].at).collect();
    calls.insert(0, depot);
    calls.push(depot);
    let today = drive(&calls);
    let at = rounds.stops[*stop as usize].at;
    let tried = (1..calls.len()).map(|place| {
        let mut with = calls.clone();
        with.insert(place, at);
        drive(&with) - today + 60.0
    });
    let tried: Vec<f64> = tried.collect();
    let least = tried.iter().copied().fold(f64::INFINITY, f64::min);
    let per_week = weekdays.iter().filter(|&&is_on| is_on).count() as f64;
    assert!((found[0].extra_s_week - least * per_week).abs() < 1e-6);
    assert!((tried[*position as usize] - least).abs() < 1e-6);
}

#[test]
fn a_full_shift_makes_the_call_not_feasible() {
    let mut town = busy_town();
    town.rounds.vehicles[1].shift_s = Some(1100.0);
    let proposals = town.propose();
    let last = proposals.last().unwrap();
    assert!(!last.is_feasible && last.change.name() == "extra_stop", "{proposals:#?}");
    assert!(last.rationale.contains("truck-2"), "{}", last.rationale);
}

#[test]
fn a_full_truck_makes_the_call_not_feasible() {
    let mut town = busy_town();
    town.rounds.vehicles[1].capacity_kg = Some(20.0);
    assert!(of_kind(&town.propose(), "extra_stop").iter().all(|proposal| !proposal.is_feasible));
}

#[test]
fn a_zigzag_round_gets_a_shorter_order_of_the_same_stops() {
    let proposals = town().propose();
    let found = of_kind(&proposals, "resequence");
    let Change::Resequence { trip: 0, order } = &found[0].change else { panic!("{proposals:#?}") };
    let mut stops = order.clone();
    stops.sort_unstable();
    assert_eq!(stops, [0, 1, 2, 3, 4, 5]);
    assert!(found[0].extra_m_week < 0.0 && found[0].extra_s_week < 0.0);
    assert_eq!(proposals[0].id, "P01");
}

#[test]
fn bins_that_stay_empty_are_emptied_less_often() {
    let mut town = town();
    town.collection.stops[8].fill_per_day = 0.05;
    let proposals = town.propose();
    let found = of_kind(&proposals, "frequency");
    let [proposal] = found[..] else { panic!("{proposals:#?}") };
    let Change::Frequency { stop: 8, trip: 1, from_per_week, to_per_week } = proposal.change else {
        panic!("{proposal:?}")
    };
    assert!((from_per_week - 3.0).abs() < 1e-9 && (to_per_week - 1.0).abs() < 1e-9, "{proposal:?}");
    assert!(proposal.extra_s_week < -2.0 * 60.0, "two emptyings and the way there");
    assert!(proposal.is_feasible);
}

#[test]
fn litter_far_from_every_bin_asks_for_a_new_one_when_no_bin_can_be_spared() {
    let mut town = littered_town();
    // Both bins are busy: neither could take what the other one gets.
    for stop in [2, 3] {
        town.collection.stops[stop].fill_per_day = 0.4;
    }
    let proposals = town.propose();
    let found = of_kind(&proposals, "add_bin");
    let [proposal] = found[..] else { panic!("{proposals:#?}") };
    let Change::AddBin { at, beside } = proposal.change else { panic!() };
    assert!(at.distance_m(Local::new(500.0, 100.0)) < 25.0, "{at:?}");
    assert_eq!(beside, 6, "the stop at 450, 100 is on the street");
    assert_eq!(proposal.reports, [0, 1, 2, 3], "the fifth lies beside a bin");
    assert!(proposal.is_feasible && proposal.cost_basis == CostBasis::Routed);
    assert!(proposal.extra_s_week > 3.0 * 45.0, "three emptyings a week and the way there");
}

#[test]
fn a_bin_whose_neighbour_can_take_its_rubbish_is_moved_to_the_litter() {
    let mut town = littered_town();
    for stop in [2, 3] {
        town.collection.stops[stop].fill_per_day = 0.02;
    }
    let proposals = town.propose();
    let found = of_kind(&proposals, "relocate");
    let [proposal] = found[..] else { panic!("{proposals:#?}") };
    let Change::Relocate { asset, beside: 6, .. } = proposal.change else { panic!("{proposal:?}") };
    assert!(asset < 2 && proposal.is_feasible, "{proposal:?}");
    assert!(proposal.rationale.contains("can be spared"), "{}", proposal.rationale);
}

#[test]
fn a_bin_at_another_place_is_priced_as_the_checker_does_wherever_it_is_emptied() {
    let mut town = littered_town();
    let options = Options::default();
    for fill in [0.02, 0.4] {
        for stop in &mut town.collection.stops {
            stop.fill_per_day = fill;
        }
        let proposals = town.propose();
        let placed: Vec<&Proposal> = proposals
            .iter()
            .filter(|proposal| ["add_bin", "relocate"].contains(&proposal.change.name()))
            .collect();
        assert_eq!(placed.len(), 1);
        assert_eq!(check(placed[0], &town.situation(), &options), []);
        let mut cheaper = placed[0].clone();
        cheaper.extra_s_week -= 60.0;
        assert_ne!(check(&cheaper, &town.situation(), &options), []);
    }
}

#[test]
fn rubbish_beside_a_stop_again_and_again_is_cleared_on_the_day_after_it_is_reported() {
    let mut town = town();
    // Tuesdays at noon; the west round calls on Monday, Wednesday and Friday.
    let tuesday = town.clock.midnight(Day::from_date(jiff::civil::date(2026, 1, 6)));
    for week in 0..5 {
        town.report(Kind::BesideContainer, 4, Reason::DumpedBeside);
        town.reports.opened.push(tuesday + (week * 7 * 24 + 12) * 3600);
    }
    let proposals = town.propose();
    let found = of_kind(&proposals, "clean_up");
    let [proposal] = found[..] else { panic!("{proposals:#?}") };
    assert_eq!(proposal.change, Change::CleanUp { stop: 4, trip: 0, weekday: 2 });
    assert!((proposal.extra_s_week - 300.0).abs() < 1e-9 && proposal.is_feasible);
    assert_eq!(proposal.reports.len(), 5);
    let wrong_day = Proposal { change: Change::CleanUp { stop: 4, trip: 0, weekday: 1 }, ..proposal.clone() };
    assert_ne!(check(&wrong_day, &town.situation(), &Options::default()), []);
}

#[test]
fn a_bollard_that_is_hit_again_and_again_is_a_place_to_look_at() {
    let mut town = town();
    town.assets = vec![Asset {
        id: "bollard-7".to_owned(),
        kind: AssetKind::Bollard,
        at: Local::new(100.0, 100.0),
        capacity_l: None,
        is_synthetic: false,
    }];
    for _ in 0..9 {
        town.reports.kind.push(Kind::Bollard);
        town.linked.asset.push(0);
    }
    town.hotspots.assets.push(AssetFinding {
        asset: 0,
        n_incidents: 9,
        exposure_days: 365.25,
        rate_per_year: 9.0,
        rate_low: 0.0,
        rate_high: 0.0,
        p_exceeds_double: 1.0,
        shrunken_rate: 7.0,
        expected: 1.0,
        p_value: 1e-6,
        q_value: 1e-4,
        is_repeat: true,
        last_at: 0,
    });
    let proposals = town.propose();
    let found = of_kind(&proposals, "redesign");
    assert_eq!(found[0].reports, (0..9).collect::<Vec<u32>>());
    // Half of the excess over 1 a year; gamma(9.5) has 5 % below 5.06 and 5 % above 15.1 (scipy 1.14).
    assert!((found[0].fewer_reports_low - (5.06 - 1.0) / 2.0).abs() < 0.05, "{:?}", found[0]);
    assert!((found[0].fewer_reports_high - (15.07 - 1.0) / 2.0).abs() < 0.05, "{:?}", found[0]);
    assert!(found[0].extra_s_week == 0.0 && found[0].is_feasible);
}

#[test]
fn without_streets_costs_are_estimated() {
    let mut town = busy_town();
    town.network = Network::build(&Streets::default(), &network::Options::default());
    let proposals = town.propose();
    assert!(proposals.iter().any(|proposal| proposal.change.name() == "extra_stop"));
    for proposal in proposals {
        assert_eq!(proposal.cost_basis, CostBasis::Estimated, "{proposal:?}");
        assert!(proposal.is_feasible);
    }
}

#[test]
fn nothing_planned_and_nothing_known_gives_no_proposals() {
    let mut town = town();
    town.rounds = Rounds::default();
    town.collection = Collection::default();
    assert!(town.propose().is_empty());
    let mut town = busy_town();
    town.collection = Collection::default();
    assert!(town.propose().iter().all(|proposal| proposal.change.name() == "resequence"));
}

#[test]
fn every_proposal_passes_its_check_and_planted_faults_do_not() {
    let mut town = busy_town();
    town.collection.stops[8].fill_per_day = 0.05;
    let (situation, options) = (town.situation(), Options::default());
    let proposals = town.propose();
    let checker = Checker::new(&situation, &options);
    for proposal in &proposals {
        assert_eq!(checker.check(proposal), [], "{proposal:?}");
    }
    let of = |kind: &str| (*of_kind(&proposals, kind)[0]).clone();
    let mut planted: Vec<(&str, Proposal)> = Vec::new();
    for kind in ["extra_stop", "frequency", "resequence"] {
        planted.push(("a length 5 m a week too good", {
            let mut wrong = of(kind);
            wrong.extra_m_week -= 5.0;
            wrong
        }));
        planted.push(("a time a minute too good", {
            let mut wrong = of(kind);
            wrong.extra_s_week -= 60.0;
            wrong
        }));
        planted.push(("estimated, not routed", Proposal { cost_basis: CostBasis::Estimated, ..of(kind) }));
        planted.push(("an unknown report", Proposal { reports: vec![999], ..of(kind) }));
        planted.push(("not a number", Proposal { fewer_reports_low: f64::NAN, ..of(kind) }));
    }
    let Change::Resequence { trip, order } = of("resequence").change else { panic!() };
    let orders = [
        ("a stop left out", order[1..].to_vec()),
        ("a stop twice", [&order[..1], &order[..]].concat()),
        ("a foreign stop", [&order[1..], &[9]].concat()),
        ("another order than priced", order.iter().rev().copied().collect()),
        ("the order of today", vec![0, 1, 2, 3, 4, 5]),
    ];
    for (fault, order) in orders {
        planted.push((fault, Proposal { change: Change::Resequence { trip, order }, ..of("resequence") }));
    }
    let Change::ExtraStop { stop, trip, position, weekdays } = of("extra_stop").change else { panic!() };
    let extra = |stop, trip, position, weekdays| Change::ExtraStop { stop, trip, position, weekdays };
    let changes = [
        ("on no day", extra(stop, trip, position, [false; 7])),
        ("on a day without a trip", extra(stop, trip, position, std::array::from_fn(|day| day == 0))),
        ("at another place of the trip", extra(stop, trip, (position + 2) % 5, weekdays)),
        ("behind the end", extra(stop, trip, 50, weekdays)),
        ("where it calls already", extra(stop, 0, position, weekdays)),
        ("an unknown trip", extra(stop, 7, position, weekdays)),
        ("an unknown stop", extra(70, trip, position, weekdays)),
        ("an unknown asset", Change::Redesign { asset: 0 }),
    ];
    for (fault, change) in changes {
        planted.push((fault, Proposal { change, ..of("extra_stop") }));
    }
    let change = Change::Frequency { stop: 8, trip: 1, from_per_week: 3.0, to_per_week: 0.0 };
    planted.push(("never again", Proposal { change, ..of("frequency") }));
    for (fault, proposal) in planted {
        assert!(!checker.check(&proposal).is_empty(), "{fault}: {proposal:?}");
    }

    let mut full = busy_town();
    full.rounds.vehicles[1].shift_s = Some(1100.0);
    assert!(matches!(
        check(&of("extra_stop"), &full.situation(), &options)[..],
        [Violation::Shift { .. }, ..]
    ));
    full.rounds.vehicles[1].shift_s = None;
    full.rounds.vehicles[1].capacity_kg = Some(20.0);
    assert!(matches!(
        check(&of("extra_stop"), &full.situation(), &options)[..],
        [Violation::Capacity { .. }]
    ));
}

#[test]
fn proposals_are_the_same_at_every_run() {
    let town = busy_town();
    assert_eq!(town.propose(), town.propose());
}

#[test]
fn gaps_go_round_the_week() {
    assert_eq!(gaps_h(&[7.0, 55.0, 103.0]), [48.0, 48.0, 72.0]);
    assert_eq!(gaps_h(&[7.0]), [168.0]);
}

#[test]
fn intervals_and_priors_are_those_of_the_textbook() {
    // Exact Poisson interval of 5 events, 90 %: 1.970 to 10.513 (Garwood 1936): gamma(5) and gamma(6).
    assert!((gamma_interval(5.0, 1.0, 0.9).0 - 1.970).abs() < 1e-3);
    assert!((gamma_interval(6.0, 1.0, 0.9).1 - 10.513).abs() < 1e-3);
    // Mean 2, variance 6: shape 1, rate ½.
    let counts: Vec<f64> = [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 7.0].to_vec();
    let (shape, rate) = gamma_prior(&counts);
    let mean = shape / rate;
    let variance = mean + mean / rate;
    assert!((mean - 2.0).abs() < 1e-9 && (variance - 44.0 / 9.0).abs() < 1e-9, "{mean} {variance}");
    assert_eq!(gamma_prior(&[3.0; 20]), (0.5, 0.0));
}

/// Local search promises no optimum; on costs without any geometry, the hardest kind, it all but always finds it.
#[test]
fn small_rounds_get_all_but_always_the_order_that_trying_all_gives() {
    let mut dice = Random::new(5).stream("small rounds", 0);
    let (mut n_best, n_cases) = (0, 400);
    for case in 0..n_cases {
        let n = 4 + case % 5;
        let cost: Vec<i64> = (0..n * n).map(|_| dice.random_range(1..1000)).collect();
        let costs = Costs::new(cost);
        let today: Vec<usize> = (0..n).collect();
        let order = shorter(&costs, &today, 60, Random::new(1).stream("test", 0));
        let mut inner: Vec<usize> = (1..n - 1).collect();
        let mut least = i64::MAX;
        permutations(&mut inner, 0, &mut |inner| {
            let whole: Vec<usize> = [&[0], inner, &[n - 1]].concat();
            least = least.min(costs.of(&whole));
        });
        assert_eq!((order[0], order[n - 1]), (0, n - 1));
        assert!(costs.of(&order) >= least, "nothing beats trying all");
        n_best += usize::from(costs.of(&order) == least);
    }
    assert!(100 * n_best >= 99 * n_cases, "{n_best} of {n_cases}");
}

proptest! {
    #[test]
    fn another_order_has_the_same_places_and_is_never_longer(
        cost in prop::collection::vec(1..1000i64, 900), n in 4..=30usize,
    ) {
        let costs = Costs::new(cost[..n * n].to_vec());
        let today: Vec<usize> = (0..n).collect();
        let mut order = shorter(&costs, &today, 2, Random::new(1).stream("test", 0));
        prop_assert!(costs.of(&order) <= costs.of(&today));
        order.sort_unstable();
        prop_assert_eq!(order, today);
    }
}

fn permutations(list: &mut Vec<usize>, fixed: usize, visit: &mut impl FnMut(&[usize])) {
    if fixed + 1 >= list.len() {
        visit(list);
        return;
    }
    for place in fixed..list.len() {
        list.swap(fixed, place);
        permutations(list, fixed + 1, visit);
        list.swap(fixed, place);
    }
}

/// The planned rounds of Washington's labelled season on the city's own streets, if they lie beside the
/// repository.
fn season() -> Option<Town> {
    let base = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/washington-dc");
    if !base.exists() {
        println!("skipped: the season of Washington is not there");
        return None;
    }
    let clock = Clock::new("America/New_York").unwrap();
    let settings =
        crate::import::Settings { base: &base, clock: &clock, crs: None, period: None, kinds: &[] };
    let plane = crate::place::Plane::new(crate::place::Crs::from_epsg(26985).unwrap()).unwrap();
    let (mut issues, mut counts) = (crate::issue::Issues::new(), Vec::new());
    let lines = crate::import::streets::StreetSource {
        path: "layers/l-enfant-plan-street-centerlines.geojson".to_owned(),
        ..Default::default()
    };
    let streets =
        crate::import::streets::read(&[lines], &settings, &plane, &mut issues, &mut counts).unwrap();
    let feed = crate::import::rounds::RoundSource { path: "season/gtfs".to_owned(), ..Default::default() };
    let rounds = crate::import::rounds::read(&[feed], &settings, &plane, &mut issues, &mut counts).unwrap();
    let first = Day::from_date(jiff::civil::date(2016, 7, 1));
    Some(Town {
        collection: Collection {
            stops: vec![town().collection.stops[0].clone(); rounds.stops.len()],
            ..Collection::default()
        },
        rounds,
        hotspots: Hotspots::default(),
        assets: Vec::new(),
        reports: Reports::default(),
        linked: Linked::default(),
        incidents: Incidents::default(),
        network: Network::build(&streets, &network::Options::default()),
        clock,
        period: Period { from: first, to: first.plus(45) },
    })
}

#[test]
fn the_rounds_of_a_real_city_get_shorter_and_every_price_is_confirmed() {
    let Some(mut town) = season() else { return };
    // Every hundredth bin is often full; those of one round are hardly used.
    for stop in (0..town.rounds.stops.len()).step_by(100) {
        for _ in 0..5 {
            town.report(Kind::ContainerFull, u32::try_from(stop).unwrap(), Reason::FullBeforeNextService);
        }
    }
    for call in &town.rounds.trips[0].calls {
        town.collection.stops[call.stop as usize].fill_per_day = 0.05;
    }
    let options = Options { tries_per_stop: 2, ..Options::default() };
    let (situation, mut counts) = (town.situation(), std::collections::BTreeMap::new());
    let proposals = propose(&situation, &options, &Silent);
    for proposal in &proposals {
        *counts.entry(proposal.change.name()).or_insert(0) += 1;
        assert!(proposal.is_feasible && proposal.cost_basis == CostBasis::Routed, "{}", proposal.rationale);
    }
    let (orders, calls, fewer) = (counts["resequence"], counts["extra_stop"], counts["frequency"]);
    assert!(orders == 12 && calls >= 15 && fewer == options.max_per_kind, "{counts:?}");
    let saved_m: f64 = of_kind(&proposals, "resequence").iter().map(|found| -found.extra_m_week).sum();
    println!("another order of the 12 rounds saves {:.0} km a week", saved_m / 1000.0);
    assert!(saved_m > 120_000.0, "{saved_m}");
}
