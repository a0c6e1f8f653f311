use proptest::prelude::*;

use rustc_hash::FxHashMap;

use super::*;

/// The sum over all ways from here on, one after the other; and how often each call is served in them.
fn every_way(lattice: &Lattice<'_>, place: Place, so_far: f64, served: &mut Vec<usize>, out: &mut [f64]) {
    let finish = |log: f64, served: &[usize], out: &mut [f64]| {
        let weight = (so_far + log).exp();
        out[0] += weight;
        for &call in served {
            out[1 + call] += weight;
        }
    };
    match place {
        Place::Way(index, behind) => {
            let to = lattice.next_fix[index];
            if to == lattice.tour.points.len() {
                finish(lattice.end(behind), served, out);
                return;
            }
            let (mut travel, waiting) = lattice.travel(index, to);
            add(&mut travel, waiting);
            every_way(lattice, Place::Way(to, behind), so_far + travel, served, out);
            for Arrival { at, place, weight } in lattice.arrivals(index, to) {
                let call = lattice.starts[at][place].call;
                if call >= behind {
                    let sum = so_far + weight + lattice.serve(behind, call);
                    every_way(lattice, Place::Start(at, place), sum, served, out);
                }
            }
        }
        Place::Start(index, place) => {
            let start = lattice.starts[index][place];
            served.push(start.call);
            let mut found = Vec::new();
            lattice.lead(index, start.call, |next, weight, _took_s| found.push((next, weight)));
            for (next, weight) in found {
                match next {
                    Next::Way(to) => {
                        every_way(lattice, Place::Way(to, start.call + 1), so_far + weight, served, out);
                    }
                    Next::Start(to, place) => {
                        every_way(lattice, Place::Start(to, place), so_far + weight, served, out);
                    }
                    Next::End => finish(weight, served, out),
                }
            }
            served.pop();
        }
    }
}

#[derive(Clone, Copy)]
enum Place {
    Way(usize, usize),
    Start(usize, usize),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_sums_are_those_over_every_single_way(
        steps in prop::collection::vec((0i64..4, 0.0..60.0f64, -8.0..8.0f64, 0.0..6.0f64), 3..8),
        miss in prop::collection::vec(0.01..0.9f64, 3),
    ) {
        let (mut time, mut x) = (0, -40.0);
        let mut points = Vec::new();
        for (index, &(fixes, dx, y, speed_ms)) in steps.iter().enumerate() {
            time += 12 + 9 * fixes;
            x += dx;
            let is_last = index + 1 == steps.len();
            let at = if index % 3 == 2 && !is_last { Local::NOWHERE } else { Local::new(x, y) };
            points.push(Point { time, at, speed_ms, is_in_hole: false });
        }
        let halts = vec![Local::new(0.0, 0.0), Local::new(12.0, 0.0), Local::new(90.0, 0.0)];
        let habits = Habits::guess(halts, &[5.0; 3], &[30.0; 3], FxHashMap::default(), 5.0);
        let tour = Tour {
            points: &points,
            stops: &[0, 1, 2],
            miss: &miss,
            kept: None,
            may_begin_unseen: false,
            may_end_unseen: true,
            geofence_m: 60.0,
        };
        let mut sums = [0.0; 4];
        every_way(&Lattice::new(&tour, &habits), Place::Way(0, 0), 0.0, &mut Vec::new(), &mut sums);
        let chances = chances(&tour, &habits, &mut habits.lesson()).0;
        for (call, chance) in chances.iter().enumerate() {
            let expected = sums[1 + call] / sums[0];
            prop_assert!((chance.seen - expected).abs() < 1e-3, "call {call}: {} and {expected}", chance.seen);
            prop_assert!(chance.seen + chance.unseen < 1.0 + 1e-6);
        }
    }
}
