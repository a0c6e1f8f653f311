//! Matching against tours whose way is known, against brute force, and against any fixes at all.

use proptest::prelude::*;

use super::clean::Observation;
use super::lattice::Run;
use super::trial::{Noise, Plan, tours};
use super::viterbi::{Belief, best, first_beta};
use super::*;
use crate::model::NONE;
use crate::model::street::{Crossings, Direction, Streets, Way};
use crate::random::Random;
use crate::unit::LonLat;

/// Streets every 100 m, `n` by `n` of them; every third one is a one-way street, east or north.
fn grid(n: u32) -> Network {
    let crossings = Crossings { columns: n, rows: n };
    let nodes = crossings.nodes(|column, row| Local::new(column * 100.0, row * 100.0));
    let way = |index: u32, nodes: Vec<u32>| Way {
        id: i64::from(index),
        name: index,
        direction: if index % 3 == 1 && index + 1 < n { Direction::Forward } else { Direction::Both },
        ..Way::residential(nodes)
    };
    let east = (0..n).map(|row| way(row, crossings.along_row(row)));
    let north = (0..n).map(|column| way(column, crossings.along_column(column)));
    let streets = Streets { nodes, ways: east.chain(north).collect(), ..Streets::default() };
    Network::build(&streets, &network_options())
}

fn network_options() -> crate::network::Options {
    crate::network::Options::default()
}

/// One street of 1 km from west to east.
fn street() -> Network {
    let way = Way::residential(vec![0, 1]);
    let nodes = vec![Local::new(0.0, 0.0), Local::new(1000.0, 0.0)];
    Network::build(&Streets { nodes, ways: vec![way], ..Streets::default() }, &network_options())
}

fn matched(network: &Network, fixes: &[(i64, f64, f64)]) -> Matched {
    let (time, at): (Vec<i64>, Vec<Local>) = fixes.iter().map(|&(t, x, y)| (t, Local::new(x, y))).unzip();
    Matcher::new(network, &Options::default()).matched(&time, &at)
}

/// What holds of every match.
fn check(network: &Network, time: &[i64], matched: &Matched) {
    assert_eq!(matched.fates.len(), time.len());
    assert_eq!(Fate::ALL.iter().map(|&fate| matched.count(fate)).sum::<usize>(), time.len());
    for (fate, spot) in matched.fates.iter().zip(&matched.spots) {
        assert_eq!(fate.is_on_network(), spot.is_some(), "{fate:?}");
    }
    let breaks = matched.pieces.iter().filter(|piece| piece.is_after_break).count();
    assert!(breaks < matched.n_parts.max(1), "{breaks} breaks in {} parts", matched.n_parts);
    for piece in &matched.pieces {
        let edge = network.edge(piece.edge);
        assert!(piece.is_forward() || !edge.is_oneway, "{piece:?} against a one-way street");
        assert!(piece.entered_at <= piece.left_at, "{piece:?}");
        assert!(piece.from_m.min(piece.to_m) > -1e-6 && piece.from_m.max(piece.to_m) < edge.length_m + 1e-6);
    }
    for two in matched.pieces.windows(2).filter(|two| !two[1].is_after_break) {
        let end = network.point_on(two[0].edge, two[0].to_m);
        let start = network.point_on(two[1].edge, two[1].from_m);
        assert!(end.distance_m(start) < 0.01, "a gap between {:?} and {:?}", two[0], two[1]);
        assert!(two[0].left_at <= two[1].entered_at + 1e-6);
    }
}

#[test]
fn made_up_tours_are_found_again() {
    let (network, random) = (grid(12), Random::new(3));
    let plan = Plan { n_stops: 5, ..Plan::default() };
    let cases = [(1, 5.0, 0.9, 5.0), (5, 10.0, 0.9, 5.0), (15, 10.0, 0.0, 8.0), (60, 10.0, 0.9, 25.0)];
    for (every_s, sigma_m, memory, most_pct) in cases {
        let mut mismatch = Mismatch::default();
        for (tour, draw) in tours(&network, &plan, 6, random).iter().zip(0..) {
            let (time, at) = tour.fixes(&network, Noise { every_s, sigma_m, memory }, draw, random);
            let matched = Matcher::new(&network, &Options::default()).matched(&time, &at);
            check(&network, &time, &matched);
            assert_eq!(matched.n_parts, 1);
            assert!((matched.share() - 1.0).abs() < 1e-9);
            mismatch += Mismatch::by(&tour.pieces, &matched.pieces, |piece| (piece.edge, piece.is_forward()));
        }
        assert!(mismatch.pct() < most_pct, "{every_s} s, {sigma_m} m: {:.1} %", mismatch.pct());
    }
}

#[test]
fn noise_is_learnt_from_the_track() {
    let (network, random) = (grid(12), Random::new(5));
    let tour = &tours(&network, &Plan { n_stops: 12, ..Plan::default() }, 1, random)[0];
    for sigma_m in [6.0, 12.0] {
        let (time, at) = tour.fixes(&network, Noise { every_s: 10, sigma_m, memory: 0.5 }, 1, random);
        let learnt_m = Matcher::new(&network, &Options::default()).matched(&time, &at).sigma_m;
        assert!((learnt_m / sigma_m - 1.0).abs() < 0.3, "{learnt_m} m instead of {sigma_m} m");
    }
}

#[test]
fn what_was_matched_before_changes_nothing() {
    let (network, random, options) = (grid(8), Random::new(9), Options::default());
    let noise = Noise { every_s: 10, sigma_m: 10.0, memory: 0.9 };
    let tours = tours(&network, &Plan { n_stops: 4, ..Plan::default() }, 3, random);
    let fixes: Vec<_> =
        tours.iter().zip(0..).map(|(tour, draw)| tour.fixes(&network, noise, draw, random)).collect();
    let mut used = Matcher::new(&network, &options);
    for (time, at) in fixes.iter().rev() {
        let alone = Matcher::new(&network, &options).matched(time, at);
        assert_eq!(used.matched(time, at), alone);
    }
}

#[test]
fn ways_within_a_budget_are_the_shortest_paths() {
    let network = grid(6);
    let mut reach = Reach::new(&network);
    let n_nodes = u32::try_from(network.nodes().len()).unwrap();
    for from in (0..n_nodes).step_by(5) {
        let table = reach.from(from, 40.0);
        for to in 0..n_nodes {
            let Some(row) = table.row(to) else { continue };
            let [start, end] =
                [from, to].map(|node| network.snap(network.nodes()[node as usize], 0.1).unwrap());
            let path = network.path(start, end).unwrap();
            assert!((path.length_m - f64::from(row.length_m)).abs() < 0.01, "{from} to {to}");
            let courses = reach.courses(from, to, 40.0).unwrap();
            let length_m: f64 = courses.iter().map(|course| network.edge(course / 2).length_m).sum();
            assert!((path.length_m - length_m).abs() < 0.01, "{from} to {to}: {courses:?}");
        }
    }
}

/// The score of the best of all sequences of choices, each tried.
fn brute(run: &Run, observations: &[Observation], belief: &Belief, place: usize, arrives: usize) -> f64 {
    let (layer, state) = (&run.layers[place], &run.layers[place].states[arrives]);
    let emission = -0.5 * (state.snap.distance_m / belief.sigma_m).powi(2);
    let Some(step) = run.steps.get(place) else { return emission };
    let turn = if observations[layer.observation].is_stay() { belief.turn_at_stay } else { belief.turn };
    let mut leaving = vec![(arrives, 0.0)];
    if state.twin != NONE {
        leaving.push((state.twin as usize, -turn));
    }
    let n_to = run.layers[place + 1].states.len();
    let straight_m = (step.straight_m.powi(2) - 2.0 * belief.sigma_m.powi(2)).max(0.0).sqrt();
    let mut best = f64::NEG_INFINITY;
    for (leaves, turned) in leaving {
        for to in 0..n_to {
            let way = step.moves[leaves * n_to + to];
            if way.is_possible() {
                let longer_m = f64::from(way.length_m) - straight_m;
                let detour_m = longer_m.max(-0.5 * longer_m);
                let onward = brute(run, observations, belief, place + 1, to);
                let score = turned - detour_m / belief.beta(step.gap_s) - f64::from(way.turns) * belief.turn;
                best = best.max(emission + score + onward);
            }
        }
    }
    best
}

#[test]
fn the_chosen_states_are_the_best_of_all() {
    let network = grid(4);
    let options = Options { radius_m: Some(60.0), ..Options::default() };
    let belief = Belief { sigma_m: 8.0, beta_m: first_beta(8.0), turn: 4.0, turn_at_stay: 1.0 };
    for shift in 0..6 {
        let at = |x: f64, y: f64| Local::new(x + f64::from(shift) * 7.0, y + f64::from(shift) * 5.0);
        let places = [at(30.0, 8.0), at(95.0, 40.0), at(60.0, 90.0), at(40.0, 95.0)];
        let observations: Vec<Observation> = (0..4usize)
            .zip(places)
            .map(|(index, at)| {
                let time = index as f64 * 10.0;
                let fixes = index..index + 1;
                Observation { at, from: time, until: time, fixes, n_core: 1, is_after_hole: false }
            })
            .collect();
        let mut reach = Reach::new(&network);
        let mut fates = vec![Fate::Matched; 4];
        let runs = lattice::runs(&mut reach, &network, &observations, 8.0, &options, &mut fates);
        let [run] = &runs[..] else { panic!("one run") };
        let choices = best(run, &observations, &belief);
        let mut score = 0.0;
        for (place, choice) in choices.iter().enumerate() {
            let state = &run.layers[place].states[choice.arrives];
            score -= 0.5 * (state.snap.distance_m / belief.sigma_m).powi(2);
            if choice.arrives != choice.leaves {
                assert_eq!(state.twin as usize, choice.leaves);
                score -= belief.turn;
            }
            if let Some(step) = run.steps.get(place) {
                let way = step.moves
                    [choice.leaves * run.layers[place + 1].states.len() + choices[place + 1].arrives];
                let straight_m = (step.straight_m.powi(2) - 2.0 * 64.0).max(0.0).sqrt();
                let longer_m = f64::from(way.length_m) - straight_m;
                score -= longer_m.max(-0.5 * longer_m) / belief.beta(step.gap_s);
                score -= f64::from(way.turns) * belief.turn;
            }
        }
        let all = (0..run.layers[0].states.len()).map(|state| brute(run, &observations, &belief, 0, state));
        let most = all.fold(f64::NEG_INFINITY, f64::max);
        assert!((score - most).abs() < 1e-9, "{score} chosen, {most} possible");
    }
}

#[test]
fn a_truck_that_turns_where_it_stands_drives_back() {
    let there = (0..10).map(|step| (i64::from(step) * 5, f64::from(step) * 50.0, 4.0));
    let stands = (10..20).map(|step| (i64::from(step) * 5, 480.0 + f64::from(step % 3), -3.0));
    let back = (20..30).map(|step| (i64::from(step) * 5, 480.0 - f64::from(step - 19) * 45.0, 2.0));
    let fixes: Vec<_> = there.chain(stands).chain(back).collect();
    let found = matched(&street(), &fixes);
    assert_eq!(found.pieces.len(), 2, "{:?}", found.pieces);
    assert!(found.pieces[0].is_forward() && !found.pieces[1].is_forward());
    assert!((found.pieces[0].to_m - 480.0).abs() < 10.0 && (found.pieces[1].to_m - 30.0).abs() < 10.0);
    assert!(found.count(Fate::Stay) >= 10);
    assert!(found.pieces[1].entered_at - found.pieces[0].left_at > 40.0, "it stands for a while");
}

#[test]
fn a_fix_that_jumps_away_and_back_is_left_out() {
    let mut fixes: Vec<_> = (0..12).map(|step| (i64::from(step) * 5, f64::from(step) * 50.0, 3.0)).collect();
    fixes[6].2 = 4000.0;
    fixes.insert(3, fixes[3]);
    let found = matched(&street(), &fixes);
    assert_eq!((found.count(Fate::Jump), found.count(Fate::Duplicate)), (1, 1));
    assert_eq!((found.fates[7], found.fates[4]), (Fate::Jump, Fate::Duplicate));
    assert_eq!(found.n_parts, 1);
    assert!((found.length_m() - 550.0).abs() < 20.0);
}

#[test]
fn a_track_splits_at_a_break_and_goes_on() {
    let network = grid(12);
    let before = (0..10).map(|step| (i64::from(step) * 5, f64::from(step) * 40.0, 3.0));
    // A hole of ten minutes; and 1,100 m within five seconds.
    let after = (0..10).map(|step| (700 + i64::from(step) * 5, f64::from(step) * 40.0, 303.0));
    let far = (0..10).map(|step| (750 + i64::from(step) * 5, f64::from(step) * 40.0, 1097.0));
    let fixes: Vec<_> = before.chain(after).chain(far).collect();
    let found = matched(&network, &fixes);
    check(&network, &fixes.iter().map(|fix| fix.0).collect::<Vec<_>>(), &found);
    assert_eq!(found.n_parts, 3);
    assert_eq!(found.pieces.iter().filter(|piece| piece.is_after_break).count(), 2);
    assert_eq!(network.lines_of(&found.pieces).len(), 3);
    assert!((found.share() - 1.0).abs() < 1e-9);
    assert!((found.length_m() - 3.0 * 360.0).abs() < 90.0, "{} m", found.length_m());
}

#[test]
fn far_from_every_street_nothing_is_matched() {
    let fixes: Vec<_> =
        (0..50).map(|step| (i64::from(step) * 5, 5e5 + f64::from(step) * 40.0, 7e5)).collect();
    for network in [grid(3), Network::build(&Streets::default(), &network_options())] {
        let found = matched(&network, &fixes);
        assert_eq!(found.count(Fate::OffNetwork), 50);
        assert_eq!((found.n_parts, found.pieces.len()), (0, 0));
        assert!(found.share().abs() < 1e-9 && found.sigma_m.is_nan());
    }
    assert!(matched(&grid(3), &[]).share().is_nan());
}

#[test]
fn mismatch_counts_what_is_extra_and_what_is_missing() {
    let piece = |edge, from_m, to_m| Piece {
        edge,
        from_m,
        to_m,
        entered_at: 0.0,
        left_at: 0.0,
        is_after_break: false,
    };
    let driven = [piece(1, 0.0, 100.0), piece(2, 0.0, 50.0), piece(1, 100.0, 0.0)];
    let matched = [piece(1, 0.0, 100.0), piece(3, 20.0, 50.0), piece(2, 0.0, 60.0)];
    let found = Mismatch::by(&driven, &matched, |piece| piece.edge);
    assert_eq!(found, Mismatch { true_m: 250.0, extra_m: 40.0, missing_m: 100.0 });
    assert!((found.pct() - 56.0).abs() < 1e-9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_the_fixes_all_of_them_are_accounted_for(
        steps in prop::collection::vec((0..400i64, -80.0..80.0f64, -80.0..80.0f64, 0..20u8), 0..60),
    ) {
        let network = grid(5);
        let (mut time, mut at) = (vec![], vec![]);
        let (mut now, mut here) = (1_400_000_000, Local::new(200.0, 200.0));
        for (gap_s, x, y, kind) in steps {
            now += if kind < 15 { gap_s / 20 } else { gap_s };
            here = Local::new(here.x + x, here.y + y);
            time.push(now);
            at.push(match kind {
                0 => Local::NOWHERE,
                1 => Local::new(here.x + 1e5, here.y),
                _ => here,
            });
        }
        check(&network, &time, &Matcher::new(&network, &Options::default()).matched(&time, &at));
    }
}

/// Seconds and degrees of every fix, by vehicle in the order of the file.
fn jersey_city() -> Option<Vec<(Vec<i64>, Vec<LonLat>)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/routing/jersey_city_truck_fixes.csv.gz");
    let file = std::fs::File::open(path).ok()?;
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let mut rows: Vec<(String, i64, f64, f64)> = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        let local: jiff::civil::DateTime = row[1].parse().unwrap();
        let second = local.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
        rows.push((row[0].to_owned(), second, row[3].parse().unwrap(), row[2].parse().unwrap()));
    }
    rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let vehicles = rows.chunk_by(|a, b| a.0 == b.0);
    Some(
        vehicles
            .map(|rows| {
                let places = rows.iter().map(|row| LonLat::new(row.2, row.3)).collect();
                (rows.iter().map(|row| row.1).collect(), places)
            })
            .collect(),
    )
}

#[test]
fn every_fix_of_real_trucks_is_accounted_for() {
    let Some(vehicles) = jersey_city() else {
        eprintln!("skipped: ../shared/data is absent");
        return;
    };
    let plane = crate::place::Plane::new(crate::place::Crs::from_epsg(32618).unwrap()).unwrap();
    // No streets of the place are at hand: a grid of 100 m over the middle of it, and one far away.
    let middle = plane.local(LonLat::new(-74.07, 40.72)).unwrap();
    let (near, far) = (grid(30), grid(3));
    let mut counts = vec![0usize; Fate::ALL.len()];
    let mut n_fixes = 0;
    for (time, places) in &vehicles {
        let at: Vec<Local> = places.iter().map(|&place| plane.local(place).unwrap()).collect();
        let off = Matcher::new(&far, &Options::default()).matched(time, &at);
        check(&far, time, &off);
        let same_time = time.windows(2).filter(|two| two[0] == two[1]).count();
        assert_eq!(off.count(Fate::Duplicate), same_time);
        assert_eq!(off.count(Fate::OffNetwork) + off.count(Fate::Jump) + same_time, time.len());
        let on: Vec<Local> =
            at.iter().map(|at| Local::new(at.x - middle.x + 1500.0, at.y - middle.y + 1500.0)).collect();
        let found = Matcher::new(&near, &Options::default()).matched(time, &on);
        check(&near, time, &found);
        for (count, &fate) in counts.iter_mut().zip(Fate::ALL) {
            *count += found.count(fate);
        }
        n_fixes += time.len();
    }
    assert_eq!((vehicles.len(), n_fixes), (139, 9744));
    assert_eq!(counts.iter().sum::<usize>(), n_fixes);
    assert!(counts.iter().take(2).all(|&count| count > 500), "{counts:?}");
    eprintln!("{:?}", Fate::ALL.iter().map(|fate| fate.name()).zip(&counts).collect::<Vec<_>>());
}
