//! Costs and an order of places in, a cheaper order of the same places out.
//!
//! Iterated local search on directed costs: segments are moved (Or 1976) or turned round (2-opt), and when
//! nothing helps any more two neighbouring segments change places (the double bridge of Martin, Otto & Felten
//! 1991) and the search goes on from there, until its fixed number of tries is used up. The first and the last
//! place stay where they are.

use std::collections::VecDeque;

use rand::Rng;

use crate::random::Stream;

/// The search goes on from an order that is at most one part in so many longer than the best one: record-to-
/// record travel (Dueck 1993, Journal of Computational Physics 104, 86-92).
const ROOM: i64 = 500;

/// Halvings of the price of a changed leg, until one is found that keeps as many legs as asked for.
const HALVINGS: u32 = 10;

/// What it costs to drive from each place to each other one: whole numbers, so that sums are exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    n: usize,
    cost: Vec<i64>,
}

impl Costs {
    /// From place `i` to place `j` at `i * n + j`, for `n` places.
    ///
    /// # Panics
    /// When the number of costs is no square.
    pub fn new(cost: Vec<i64>) -> Self {
        let n = cost.len().isqrt();
        assert!(n * n == cost.len(), "a cost for each pair of places");
        Self { n, cost }
    }

    fn get(&self, from: usize, to: usize) -> i64 {
        self.cost[from * self.n + to]
    }

    /// The same with every leg that `today` does not drive dearer by `price`, and by more than any detour where it
    /// begins or ends at a frozen place of it.
    fn with_changes_priced(&self, today: &[usize], price: i64, is_frozen: &[bool]) -> Self {
        let dearest = self.cost.iter().copied().max().unwrap_or(0);
        let legs = i64::try_from(today.len()).expect("places are numbered in u32");
        let never = (dearest + price + 1).saturating_mul(2 * legs);
        let mut cost: Vec<i64> = self.cost.iter().map(|cost| cost + price).collect();
        for (&place, _) in today.iter().zip(is_frozen).filter(|(_, is_frozen)| **is_frozen) {
            for other in 0..self.n {
                cost[place * self.n + other] = never;
                cost[other * self.n + place] = never;
            }
        }
        for leg in today.windows(2) {
            let pair = leg[0] * self.n + leg[1];
            cost[pair] = self.cost[pair];
        }
        Self { n: self.n, cost }
    }

    /// Of driving the places in this order.
    pub fn of(&self, order: &[usize]) -> i64 {
        order.windows(2).map(|ends| self.get(ends[0], ends[1])).sum()
    }
}

/// A cheaper order of `order` with the same first and last place; the same one where none was found.
pub fn shorter(costs: &Costs, order: &[usize], tries_per_stop: usize, mut random: Stream) -> Vec<usize> {
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

/// How much of an order must stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Keep {
    /// Share of the legs, 0 to 1, that are driven as today: between the same two places, in the same direction.
    pub share: f64,
    /// Whether each place of the order keeps the places before and behind it.
    pub is_frozen: Vec<bool>,
}

/// A cheaper order of `order` of which as much stays as `keep` says.
///
/// Legs that are not driven today are priced higher, as high as it takes (a Lagrange multiplier, found by
/// halving): of the orders that keep enough this finds a good one, not always the cheapest.
///
/// # Panics
/// When `keep` has not one answer for each place of `order`.
pub fn shorter_keeping(
    costs: &Costs,
    order: &[usize],
    keep: &Keep,
    tries_per_stop: usize,
    random: &Stream,
) -> Vec<usize> {
    assert!(keep.is_frozen.len() == order.len(), "one answer for each place");
    let search = |price: i64| {
        let priced = costs.with_changes_priced(order, price, &keep.is_frozen);
        shorter(&priced, order, tries_per_stop, random.clone())
    };
    let free = search(0);
    if kept(order, &free) >= keep.share {
        return free;
    }
    // At twice the dearest leg a change is never worth its price; the order of today keeps everything.
    let (mut low, mut high) = (0, 2 * costs.cost.iter().copied().max().unwrap_or(0));
    let mut best = order.to_vec();
    for _ in 0..HALVINGS {
        let price = i64::midpoint(low, high);
        let found = search(price);
        if kept(order, &found) < keep.share {
            low = price;
            continue;
        }
        high = price;
        if costs.of(&found) < costs.of(&best) {
            best = found;
        }
    }
    best
}

/// Share of the legs of `today` that `order` drives too.
pub fn kept(today: &[usize], order: &[usize]) -> f64 {
    let mut after = vec![None; today.iter().max().map_or(0, |most| most + 1)];
    for leg in order.windows(2) {
        after[leg[0]] = Some(leg[1]);
    }
    let n_kept = today.windows(2).filter(|leg| after[leg[0]] == Some(leg[1])).count();
    n_kept as f64 / (today.len().max(2) - 1) as f64
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
