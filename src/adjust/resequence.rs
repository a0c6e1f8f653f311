//! Trips in, a shorter order of the same stops out, where there is one.
//!
//! Iterated local search on the directed matrix of the network: segments are moved (Or 1976) or turned round
//! (2-opt), and when nothing helps any more two neighbouring segments change places (the double bridge of
//! Martin, Otto & Felten 1991) and the search goes on from there, until its fixed number of tries is used up.
//! The depots stay where they are; without a depot the first and the last stop do.
//!
//! Sides of the street, turns and hours at which a stop should be served are not looked at.

use std::collections::VecDeque;

use rand::Rng;
use rayon::prelude::*;

use super::cost::{Leg, Plan, Run};
use super::{Change, Options, Proposal};
use crate::network::Shortest;
use crate::random::{Random, Stream};

/// What a new order is found with does not depend on the project's seed: the same trip gives the same order.
const SEED: u64 = 1976;

/// The search goes on from an order that is at most one part in so many longer than the best one: record-to-
/// record travel (Dueck 1993, Journal of Computational Physics 104, 86-92).
const ROOM: i64 = 500;

pub(super) fn proposals(plan: &Plan, options: &Options) -> Vec<Proposal> {
    plan.runs.par_iter().filter_map(|run| proposal(plan, run, options)).collect()
}

fn proposal(plan: &Plan, run: &Run, options: &Options) -> Option<Proposal> {
    let per_week = run.per_week();
    if run.trip.calls.len() < 3 || per_week <= 0.0 {
        return None;
    }
    let n = run.places.len();
    let legs = plan.legs(&run.places, &run.places);
    let measure = |leg: Leg| match plan.network.options().shortest {
        Shortest::Time => thousandths(leg.seconds),
        Shortest::Length => thousandths(leg.length_m),
    };
    let cost = Costs { n, cost: (0..n * n).map(|pair| measure(legs.get(pair / n, pair % n))).collect() };
    let today: Vec<usize> = (0..n).collect();
    let order = shorter(&cost, &today, options.tries_per_stop, Random::new(SEED).stream("resequence", 0));
    let (old, new) = (cost.of(&today), cost.of(&order));
    if old <= 0 || (old - new) as f64 / (old as f64) < options.min_saving {
        return None;
    }
    let drive =
        |order: &[usize]| order.windows(2).map(|ends| legs.get(ends[0], ends[1])).fold(Leg::NONE, Leg::and);
    let (before, after) = (drive(&today), drive(&order));
    let week = after.instead_of(before).times(per_week);
    let places: Vec<u32> = order.iter().map(|&place| run.places[place]).collect();
    let stops = if run.has_depot { &places[1..n - 1] } else { &places[..] };
    Some(Proposal {
        id: String::new(),
        change: Change::Resequence { trip: run.index, order: stops.to_vec() },
        extra_m_week: week.length_m,
        extra_s_week: week.seconds,
        fewer_reports_low: 0.0,
        fewer_reports_high: 0.0,
        cost_basis: week.basis,
        is_feasible: true,
        rationale: format!(
            "the {} stops of `{}` in another order take {:.1} instead of {:.1} km and {:.0} instead of {:.0} minutes of \
             driving, {:.1} % less, {:.0} times a week",
            run.trip.calls.len(),
            run.trip.id,
            after.length_m / 1000.0,
            before.length_m / 1000.0,
            after.seconds / 60.0,
            before.seconds / 60.0,
            100.0 * (old - new) as f64 / old as f64,
            per_week,
        ),
        reports: Vec::new(),
        before: plan.line(&run.places),
        after: plan.line(&places),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "no leg is 2^53 thousandths long")]
fn thousandths(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}

/// What it costs to drive from each place to each other one: whole numbers, so that sums are exact.
#[derive(Debug)]
pub(super) struct Costs {
    pub(super) n: usize,
    pub(super) cost: Vec<i64>,
}

impl Costs {
    fn get(&self, from: usize, to: usize) -> i64 {
        self.cost[from * self.n + to]
    }

    /// Of driving the places in this order.
    pub(super) fn of(&self, order: &[usize]) -> i64 {
        order.windows(2).map(|ends| self.get(ends[0], ends[1])).sum()
    }
}

/// A cheaper order of `order` with the same first and last place; the same one where none was found.
pub(super) fn shorter(
    costs: &Costs,
    order: &[usize],
    tries_per_stop: usize,
    mut random: Stream,
) -> Vec<usize> {
    let n = order.len();
    if n < 4 {
        return order.to_vec();
    }
    let near = near(costs, order);
    let mut tour = Tour::new(costs, order.to_vec());
    tour.improve(&near, order.iter().copied().collect());
    let mut best = tour.order.clone();
    let mut least = costs.of(&best);
    let mut current = best.clone();
    for _ in 0..tries_per_stop * n {
        let touched = tour.shake(&mut random);
        tour.improve(&near, touched);
        let cost = costs.of(&tour.order);
        if cost < least {
            least = cost;
            best.copy_from_slice(&tour.order);
        }
        if cost <= least + least / ROOM {
            current.copy_from_slice(&tour.order);
        } else {
            tour.order.copy_from_slice(&current);
            tour.renew();
        }
    }
    best
}

/// The places that may well come directly after or before each place: the cheapest ones in either direction.
fn near(costs: &Costs, order: &[usize]) -> Vec<Vec<usize>> {
    const NEAREST: usize = 10;
    let nearest = |place: usize| -> Vec<usize> {
        let mut others: Vec<usize> = order.iter().copied().filter(|&other| other != place).collect();
        others.sort_by_key(|&other| (costs.get(place, other).min(costs.get(other, place)), other));
        others.truncate(NEAREST);
        others
    };
    let mut near = vec![Vec::new(); costs.n];
    for &place in order {
        near[place] = nearest(place);
    }
    near
}

/// An order of places with what its pieces cost in either direction.
struct Tour<'a> {
    costs: &'a Costs,
    order: Vec<usize>,
    /// Where each place stands in the order.
    at: Vec<usize>,
    /// Cost from the first place to the one at each position, in the direction of the order.
    along: Vec<i64>,
    /// The same in the other direction.
    against: Vec<i64>,
}

/// A change of the order: the segment `first..=last` goes behind position `behind` (which lies outside of it),
/// or stays where it is, and may be turned round.
#[derive(Debug, Clone, Copy)]
struct Move {
    first: usize,
    last: usize,
    behind: Option<usize>,
    is_turned: bool,
}

impl<'a> Tour<'a> {
    fn new(costs: &'a Costs, order: Vec<usize>) -> Self {
        let n = order.len();
        let mut tour = Self { costs, order, at: vec![0; costs.n], along: vec![0; n], against: vec![0; n] };
        tour.renew();
        tour
    }

    /// Brings everything in line with `order`.
    fn renew(&mut self) {
        for (position, &place) in self.order.iter().enumerate() {
            self.at[place] = position;
        }
        for position in 1..self.order.len() {
            let (before, here) = (self.order[position - 1], self.order[position]);
            self.along[position] = self.along[position - 1] + self.costs.get(before, here);
            self.against[position] = self.against[position - 1] + self.costs.get(here, before);
        }
    }

    /// Makes the best change around each place of `queue`, and around the places that it touches, until
    /// nothing helps any more.
    fn improve(&mut self, near: &[Vec<usize>], mut queue: VecDeque<usize>) {
        let mut is_queued = vec![false; self.costs.n];
        for &place in &queue {
            is_queued[place] = true;
        }
        while let Some(place) = queue.pop_front() {
            is_queued[place] = false;
            let Some((_, change)) = self.best_around(place, &near[place]) else { continue };
            let ends = [Some(change.first), Some(change.last), change.behind];
            let sides = ends.into_iter().flatten().flat_map(|end| [end.saturating_sub(1), end, end + 1]);
            let touched: Vec<usize> =
                sides.filter_map(|position| self.order.get(position).copied()).collect();
            self.make(change);
            for place in touched.into_iter().chain([place]) {
                if !is_queued[place] {
                    is_queued[place] = true;
                    queue.push_back(place);
                }
            }
        }
    }

    /// The change that saves most among those that bring `place` and one of its neighbours together.
    fn best_around(&self, place: usize, near: &[usize]) -> Option<(i64, Move)> {
        const LONGEST: usize = 12;
        let last = self.order.len() - 1;
        let a = self.at[place];
        let mut best: Option<(i64, Move)> = None;
        let mut consider = |change: Move| {
            let gain = self.gain(change);
            if gain > best.map_or(0, |(most, _)| most) {
                best = Some((gain, change));
            }
        };
        let cost = |a: usize, b: usize| self.costs.get(self.order[a], self.order[b]);
        let before = if a > 0 { cost(a - 1, a) } else { 0 };
        let after = if a < last { cost(a, a + 1) } else { 0 };
        for &other in near {
            // A neighbour farther away than those of today can only gain by what it leaves behind, and that is
            // looked at when it is its turn.
            if self.costs.get(place, other).min(self.costs.get(other, place)) >= before.max(after) {
                break;
            }
            let b = self.at[other];
            // Turn the piece in between round: `place` then stands before or behind `other`.
            let (low, high) = (a.min(b), a.max(b));
            for (first, last_) in [(low + 1, high), (low, high - 1)] {
                if first >= 1 && first < last_ && last_ < last {
                    consider(Move { first, last: last_, behind: None, is_turned: true });
                }
            }
            // Move a segment that begins or ends with `place` next to `other`.
            for length in 1..=LONGEST {
                for (first, end) in [(a, a + length - 1), ((a + 1).wrapping_sub(length), a)] {
                    if first < 1 || first > a || end >= last || (first..=end).contains(&b) {
                        continue;
                    }
                    for behind in [Some(b), b.checked_sub(1)].into_iter().flatten() {
                        let is_inside = (first..=end).contains(&behind) || behind + 1 == first;
                        if behind >= last || is_inside {
                            continue;
                        }
                        for is_turned in [false, true] {
                            consider(Move { first, last: end, behind: Some(behind), is_turned });
                        }
                    }
                }
            }
        }
        best
    }

    /// What a change saves.
    fn gain(&self, Move { first, last, behind, is_turned }: Move) -> i64 {
        let cost = |a: usize, b: usize| self.costs.get(self.order[a], self.order[b]);
        let turned = (self.along[last] - self.along[first]) - (self.against[last] - self.against[first]);
        let inside = if is_turned { turned } else { 0 };
        let (head, tail) = if is_turned { (last, first) } else { (first, last) };
        let left = cost(first - 1, first) + cost(last, last + 1);
        match behind {
            None => inside + left - cost(first - 1, head) - cost(tail, last + 1),
            Some(behind) => {
                let entered = cost(behind, head) + cost(tail, behind + 1);
                inside + left + cost(behind, behind + 1) - cost(first - 1, last + 1) - entered
            }
        }
    }

    fn make(&mut self, Move { first, last, behind, is_turned }: Move) {
        if is_turned {
            self.order[first..=last].reverse();
        }
        match behind {
            Some(behind) if behind < first => self.order[behind + 1..=last].rotate_right(last - first + 1),
            Some(behind) => self.order[first..=behind].rotate_left(last - first + 1),
            None => {}
        }
        self.renew();
    }

    /// Lets two neighbouring segments change places; gives the places at the seams.
    fn shake(&mut self, random: &mut Stream) -> VecDeque<usize> {
        const LONGEST: usize = 25;
        let inner = self.order.len() - 2;
        #[expect(clippy::cast_possible_truncation, reason = "below a limit that is a usize")]
        let mut below = |limit: usize| (random.next_u64() % limit.max(1) as u64) as usize;
        let first = 1 + below(inner - 1);
        let room = inner + 1 - first;
        let one = 1 + below((room - 1).min(LONGEST));
        let two = 1 + below((room - one).min(LONGEST));
        self.order[first..first + one + two].rotate_left(one);
        self.renew();
        let seams = [first, first + two, first + one + two];
        seams.into_iter().flat_map(|seam| [self.order[seam - 1], self.order[seam]]).collect()
    }
}
