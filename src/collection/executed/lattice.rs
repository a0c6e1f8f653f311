//! One vehicle's fixes of a day and the calls planned for it in, the probability of every visit out.
//!
//! The truck either serves one of its calls or is on its way. The calls are taken in their planned order,
//! any of them may be left out. A service starts at one fix, lasts for some, and ends when the next thing is
//! seen; how long that takes, where the truck halts, how far off fixes are and how often each stop is left
//! out are the [`Habits`]. All ways to lay the calls over the fixes are summed by the forward and backward
//! recursions of a hidden semi-Markov model (Yu 2010, Artificial Intelligence 174, 215-243), so that every visit has a
//! probability and not merely a best guess.
//!
//! Where fixes are far apart, points without a position stand between them: a service needs one point, and so
//! may lie wholly between two fixes when the time suffices for it. In a hole of the track the same points let
//! services happen unseen.

mod teach;
mod weigh;

use super::habits::{Density, GAPS, Habits, Leg, Lesson};
use crate::model::NONE;
use crate::unit::Local;

/// Paths less probable than this, relative to the best at the same point, are dropped (natural logarithm).
const BEAM: f64 = 16.0;
/// A service less probable than this is not weighed again when the same tour is laid another time.
const KEPT: f64 = 1e-8;
/// A street closed or a round broken off: probability per call that it begins, and per call that it ends.
const CLOSED_BEGINS: f64 = 0.002;
const CLOSED_ENDS: f64 = 0.08;
/// A track that begins or ends away from the depot may have missed the rest of the tour.
const UNSEEN: f64 = 0.05;
/// After an emptying the truck may wait before it drives on.
const WAITS_AFTER: f64 = 0.02;
/// A fix may be an outlier with this spread.
const OUTLIER: f64 = 0.01;
const OUTLIER_M: f64 = 40.0;

/// A moment of the day: a fix, or a moment between two fixes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// Seconds UTC.
    pub(super) time: i64,
    /// Where the truck was; [`Local::NOWHERE`] between fixes.
    pub(super) at: Local,
    /// Logged speed; NaN where there is none.
    pub(super) speed_ms: f64,
    /// Whether it lies in a hole of the track.
    pub(super) is_in_hole: bool,
}

impl Point {
    /// Whether the truck was heard of then.
    pub(super) fn is_fix(&self) -> bool {
        self.at.is_somewhere()
    }
}

/// What is to be laid over each other.
#[derive(Debug)]
pub(super) struct Tour<'a> {
    /// The first and the last are fixes.
    pub(super) points: &'a [Point],
    /// Stops in planned order.
    pub(super) stops: &'a [u32],
    /// Probability that each is left out.
    pub(super) miss: &'a [f64],
    /// Per point the calls whose service may begin there, where an earlier pass has found that out.
    pub(super) kept: Option<&'a [Vec<u32>]>,
    /// The track may have missed what came before it, or after.
    pub(super) may_begin_unseen: bool,
    pub(super) may_end_unseen: bool,
    /// A call can be matched only to fixes within this distance of the halt, metres.
    pub(super) geofence_m: f64,
}

/// What became of one call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Chance {
    /// Probability that it was served where the track shows it.
    pub(super) seen: f64,
    /// Probability that it was served in a hole, or before or after the track.
    pub(super) unseen: f64,
    /// The point at which service most probably began, if it was served.
    pub(super) arrival: Option<usize>,
    /// Seconds from that moment to the next thing seen.
    pub(super) stay_s: f64,
}

impl Chance {
    /// Probability that it was left out; `None` where the track does not say.
    pub(super) fn left_out(&self) -> Option<f64> {
        (self.unseen < 0.2).then(|| (1.0 - self.seen - self.unseen).clamp(0.0, 1.0))
    }
}

/// A service that may begin at a point.
#[derive(Debug, Clone, Copy)]
struct Start {
    call: usize,
    forward: f64,
    backward: f64,
    /// Where it leads, as a range of [`Lattice::edges`].
    edges: (u32, u32),
}

/// What a service leads to, how probable that is (logarithm), and the seconds that the service then took. Small,
/// because there are millions.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// The point; [`NONE`] for the end of the track.
    to: u32,
    /// The place among the starts of the point; [`NONE`] for a truck on its way.
    place: u32,
    took_s: f32,
    weight: f64,
}

impl Edge {
    fn new(next: Next, weight: f64, took_s: f64) -> Self {
        let small = |index: usize| u32::try_from(index).expect("a day has fewer than 2^32 points");
        let (to, place) = match next {
            Next::Way(to) => (small(to), NONE),
            Next::Start(to, place) => (small(to), small(place)),
            Next::End => (NONE, NONE),
        };
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
        let took_s = took_s as f32;
        Self { to, place, took_s, weight }
    }

    fn next(&self) -> Next {
        match (self.to, self.place) {
            (NONE, _) => Next::End,
            (to, NONE) => Next::Way(to as usize),
            (to, place) => Next::Start(to as usize, place as usize),
        }
    }
}

/// A service that can begin before the next fix on the way: its point, its place among the starts there, and how
/// probable it is that the truck comes there (logarithm).
#[derive(Debug, Clone, Copy)]
struct Arrival {
    at: usize,
    place: usize,
    weight: f64,
}

struct Lattice<'a> {
    tour: &'a Tour<'a>,
    habits: &'a Habits,
    starts: Vec<Vec<Start>>,
    /// Where the services that are worth following lead.
    edges: Vec<Edge>,
    /// From each fix that is worth following: on the way to the next, and what can begin before that.
    onward: Vec<(f64, Vec<Arrival>)>,
    /// The next fix after each point.
    next_fix: Vec<usize>,
    /// On the way at a fix with so many calls behind: forward and backward.
    way: Vec<Vec<(f64, f64)>>,
    /// The calls behind that are worth following at each fix.
    range: Vec<(usize, usize)>,
    /// Sums of the logarithms of the probabilities of being left out.
    missed: Vec<f64>,
    /// [`Lattice::serve`] for the next few calls, as they are asked for most.
    served_next: Vec<[f64; NEXT]>,
    /// The drives from each call to the next few.
    legs: Vec<[Leg; NEXT]>,
    /// Per call, for its first fix: logarithm of the density at the halt, and half of one over the variance.
    first_fix: Vec<(f64, f64)>,
    /// Logarithms per point: speed of a standing and of a driving truck, seconds since the point before.
    standing_speed: Vec<f64>,
    driving_speed: Vec<f64>,
    window: Vec<f64>,
    /// Logarithms per fix: how probable the gap before it is, by what the truck did in it.
    gap: Vec<[f64; GAPS]>,
    /// Seconds from the fix before to each fix; 0 where that is a hole.
    gap_s: Vec<f64>,
    /// A truck farther than this from a halt does not stand there; per call, metres.
    reach_m: Vec<f64>,
    /// The same for an outlier.
    outlier: (f64, f64),
    /// Longest service worth following, and the shortest, seconds.
    longest_s: f64,
    shortest_s: f64,
}

/// So many calls ahead are kept at hand.
pub(super) const NEXT: usize = 24;
/// What a service leads to.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// On the way at this fix.
    Way(usize),
    /// Another service: point and place among its starts.
    Start(usize, usize),
    /// The end of the track.
    End,
}

/// Lays the tour's calls over its points. Adds what it shows to `lesson`. Gives the chance of each call, and per point
/// the calls whose service may begin there.
pub(super) fn chances(tour: &Tour<'_>, habits: &Habits, lesson: &mut Lesson) -> (Vec<Chance>, Vec<Vec<u32>>) {
    let mut lattice = Lattice::new(tour, habits);
    let whole = lattice.forward();
    lattice.backward();
    (lattice.read(whole, lesson), lattice.kept(whole))
}

/// Adds a probability to a sum, both as logarithms.
fn add(sum: &mut f64, more: f64) {
    if more == f64::NEG_INFINITY {
        return;
    }
    let (high, low) = if *sum > more { (*sum, more) } else { (more, *sum) };
    *sum = if high - low > 36.0 { high } else { high + (low - high).exp().ln_1p() };
}

fn log_normal_2d(dx: f64, dy: f64, var: f64) -> f64 {
    -(std::f64::consts::TAU * var).ln() - (dx * dx + dy * dy) / (2.0 * var)
}

impl<'a> Lattice<'a> {
    fn new(tour: &'a Tour<'a>, habits: &'a Habits) -> Self {
        let count = tour.points.len();
        let mut next_fix = vec![count; count];
        let mut next = count;
        for index in (0..count).rev() {
            next_fix[index] = next;
            if tour.points[index].is_fix() {
                next = index;
            }
        }
        let mut missed = vec![0.0; tour.stops.len() + 1];
        for (call, miss) in tour.miss.iter().enumerate() {
            missed[call + 1] = missed[call] + miss.ln();
        }
        let way = tour.points.iter().map(|point| {
            let calls = if point.is_fix() { tour.stops.len() + 1 } else { 0 };
            vec![(f64::NEG_INFINITY, f64::NEG_INFINITY); calls]
        });
        let speed = |density: &Density| -> Vec<f64> {
            let log =
                |point: &Point| if point.speed_ms.is_finite() { density.log_at(point.speed_ms) } else { 0.0 };
            tour.points.iter().map(log).collect()
        };
        let (mut gap, mut gap_s, mut window) = (vec![[0.0; GAPS]; count], vec![0.0; count], vec![0.0; count]);
        let mut last_fix = 0;
        for (index, point) in tour.points.iter().enumerate().skip(1) {
            window[index] = ((point.time - tour.points[index - 1].time).max(1) as f64).ln();
            if point.is_fix() {
                let seconds = ((point.time - tour.points[last_fix].time).max(1)) as f64;
                if !tour.points[index - 1].is_in_hole {
                    gap[index] = std::array::from_fn(|kind| habits.gap[kind].log_at(seconds));
                    gap_s[index] = seconds;
                    // How long a gap is, is part of its own probability: it shall not count twice.
                    let usual = (habits.gap_s / seconds).ln();
                    window[last_fix + 1..=index].iter_mut().for_each(|window| *window += usual);
                }
                last_fix = index;
            }
        }
        let reach_m = |&stop: &u32| {
            let var = habits.sigma_m * habits.sigma_m + habits.halt_var[stop as usize];
            (15.0 + 4.0 * var.sqrt()).min(tour.geofence_m)
        };
        let mut lattice = Self {
            standing_speed: speed(&habits.standing),
            driving_speed: speed(&habits.driving),
            window,
            reach_m: tour.stops.iter().map(reach_m).collect(),
            gap,
            gap_s,
            shortest_s: habits.dwell[0].lower().max(0.0),
            longest_s: habits.dwell.iter().map(Density::upper).fold(0.0, f64::max),
            served_next: Vec::new(),
            legs: Vec::new(),
            first_fix: Vec::new(),
            outlier: (
                OUTLIER.ln() - (std::f64::consts::TAU * OUTLIER_M * OUTLIER_M).ln(),
                0.5 / (OUTLIER_M * OUTLIER_M),
            ),
            edges: Vec::new(),
            onward: vec![(0.0, Vec::new()); count],
            way: way.collect(),
            starts: Vec::with_capacity(count),
            range: vec![(0, 0); count],
            tour,
            habits,
            next_fix,
            missed,
        };
        for behind in 0..tour.stops.len() {
            let ahead = |ahead: usize| behind + ahead;
            let served = std::array::from_fn(|place| {
                if ahead(place) < tour.stops.len() { lattice.serve_far(behind, ahead(place)) } else { 0.0 }
            });
            lattice.served_next.push(served);
            let last = tour.stops.len() - 1;
            let leg = |place: usize| lattice.leg_far(behind, ahead(place + 1).min(last));
            let legs = std::array::from_fn(leg);
            lattice.legs.push(legs);
            let var = habits.sigma_m * habits.sigma_m + lattice.halt_var(behind);
            lattice.first_fix.push((-(std::f64::consts::TAU * var).ln(), 0.5 / var));
        }
        let mut last_fix = 0;
        for index in 0..count {
            lattice.starts.push(lattice.possible_starts(index, last_fix));
            if tour.points[index].is_fix() {
                last_fix = index;
            }
        }
        lattice
    }

    /// The calls whose service may begin at a point: at a fix those near it, between fixes those within reach.
    fn possible_starts(&self, index: usize, last_fix: usize) -> Vec<Start> {
        let point = &self.tour.points[index];
        let halt = |call: usize| self.habits.halt[self.tour.stops[call] as usize];
        let is_possible = |call: &usize| {
            if point.is_fix() {
                return self.is_near(point.at, *call);
            }
            let (before, after) = (&self.tour.points[last_fix], &self.tour.points[self.next_fix[index]]);
            // The truck has to get there and on again, and to stay for the shortest service in between.
            let slack_m = 3.0 * self.habits.sigma_m;
            let there_m = (before.at.distance_m(halt(*call)) - slack_m).max(0.0);
            let back_m = (after.at.distance_m(halt(*call)) - slack_m).max(0.0);
            let whole_s = (after.time - before.time) as f64;
            let reach = |seconds: f64| seconds * self.habits.speed_ms * 1.2;
            there_m <= reach((point.time - before.time) as f64)
                && there_m + back_m <= reach(whole_s - self.shortest_s.min(0.5 * whole_s))
        };
        let never = f64::NEG_INFINITY;
        let start = |call| Start { call, forward: never, backward: never, edges: (0, 0) };
        match self.tour.kept {
            Some(kept) => kept[index].iter().map(|&call| start(call as usize)).collect(),
            None => (0..self.tour.stops.len()).filter(is_possible).map(start).collect(),
        }
    }

    /// Fills in the forward sums; gives that of the whole track.
    fn forward(&mut self) -> f64 {
        let mut whole = f64::NEG_INFINITY;
        self.way[0][0].0 = 0.0;
        if self.tour.may_begin_unseen {
            let unseen = self.begin_unseen();
            self.way[0].iter_mut().skip(1).for_each(|way| way.0 = unseen);
        }
        for index in 0..self.tour.points.len() {
            let best_way = self.way[index].iter().map(|way| way.0).fold(f64::NEG_INFINITY, f64::max);
            let best_start =
                self.starts[index].iter().map(|start| start.forward).fold(f64::NEG_INFINITY, f64::max);
            let least = best_way.max(best_start) - BEAM;
            self.forward_way(index, least, &mut whole);
            for place in 0..self.starts[index].len() {
                let start = self.starts[index][place];
                if start.forward < least || start.forward == f64::NEG_INFINITY {
                    self.starts[index][place].forward = f64::NEG_INFINITY;
                    continue;
                }
                let from = self.edges.len();
                self.leave(index, start.call);
                for edge in &self.edges[from..] {
                    let sum = start.forward + edge.weight;
                    match edge.next() {
                        Next::Way(to) => add(&mut self.way[to][start.call + 1].0, sum),
                        Next::Start(to, place) => add(&mut self.starts[to][place].forward, sum),
                        Next::End => add(&mut whole, sum),
                    }
                }
                let end = |edges: usize| u32::try_from(edges).expect("a tour has fewer than 2^32 edges");
                self.starts[index][place].edges = (end(from), end(self.edges.len()));
            }
        }
        whole
    }

    fn forward_way(&mut self, index: usize, least: f64, whole: &mut f64) {
        let alive = |way: &(f64, f64)| way.0 >= least && way.0 > f64::NEG_INFINITY;
        let (Some(low), Some(high)) =
            (self.way[index].iter().position(alive), self.way[index].iter().rposition(alive))
        else {
            return;
        };
        self.range[index] = (low, high + 1);
        let to = self.next_fix[index];
        if to == self.tour.points.len() {
            for behind in low..=high {
                add(whole, self.way[index][behind].0 + self.end(behind));
            }
            return;
        }
        let (mut travel, waiting) = self.travel(index, to);
        add(&mut travel, waiting);
        for behind in low..=high {
            let sum = self.way[index][behind].0 + travel;
            add(&mut self.way[to][behind].0, sum);
        }
        let arrivals = self.arrivals(index, to);
        for &Arrival { at, place, weight } in &arrivals {
            let call = self.starts[at][place].call;
            for behind in low..=high.min(call) {
                let sum = self.way[index][behind].0 + weight + self.serve(behind, call);
                add(&mut self.starts[at][place].forward, sum);
            }
        }
        self.onward[index] = (travel, arrivals);
    }

    /// Services that can begin after the fix at `index`, up to the next fix: point, place, weight.
    fn arrivals(&self, index: usize, to: usize) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for at in index + 1..=to {
            for (place, start) in self.starts[at].iter().enumerate() {
                let weight = self.arrival(index, at, start.call) + self.standing(at, start.call, None);
                arrivals.push(Arrival { at, place, weight });
            }
        }
        arrivals
    }

    /// Fills in the backward sums of all that the forward pass reached.
    fn backward(&mut self) {
        for index in (0..self.tour.points.len()).rev() {
            for place in 0..self.starts[index].len() {
                let start = self.starts[index][place];
                if start.forward == f64::NEG_INFINITY {
                    continue;
                }
                let mut sum = f64::NEG_INFINITY;
                for edge in self.edges_of(&start) {
                    add(&mut sum, edge.weight + self.then(&start, edge.next()));
                }
                self.starts[index][place].backward = sum;
            }
            let (low, high) = self.range[index];
            let to = self.next_fix[index];
            if low == high {
                continue;
            }
            if to == self.tour.points.len() {
                for behind in low..high {
                    self.way[index][behind].1 = self.end(behind);
                }
                continue;
            }
            let (travel, arrivals) = std::mem::take(&mut self.onward[index]);
            for behind in low..high {
                let mut sum = travel + self.way[to][behind].1;
                for &Arrival { at, place, weight } in &arrivals {
                    let start = &self.starts[at][place];
                    if start.call >= behind && start.backward > f64::NEG_INFINITY {
                        add(&mut sum, weight + self.serve(behind, start.call) + start.backward);
                    }
                }
                self.way[index][behind].1 = sum;
            }
            self.onward[index] = (travel, arrivals);
        }
    }

    fn edges_of(&self, start: &Start) -> &[Edge] {
        &self.edges[start.edges.0 as usize..start.edges.1 as usize]
    }

    /// The backward sum of what a service leads to.
    fn then(&self, start: &Start, next: Next) -> f64 {
        match next {
            Next::Way(to) => self.way[to][start.call + 1].1,
            Next::Start(to, place) => self.starts[to][place].backward,
            Next::End => 0.0,
        }
    }

    /// The services that are worth weighing again, per point.
    fn kept(&self, whole: f64) -> Vec<Vec<u32>> {
        let is_kept = |start: &&Start| (start.forward + start.backward - whole).exp() >= KEPT;
        let call = |start: &Start| u32::try_from(start.call).expect("a tour has fewer than 2^32 calls");
        self.starts.iter().map(|starts| starts.iter().filter(is_kept).map(call).collect()).collect()
    }

    /// Reads the probabilities off the finished sums.
    fn read(&self, whole: f64, lesson: &mut Lesson) -> Vec<Chance> {
        let calls = self.tour.stops.len();
        let mut chances = vec![Chance { seen: 0.0, unseen: 0.0, arrival: None, stay_s: f64::NAN }; calls];
        if whole == f64::NEG_INFINITY {
            return chances;
        }
        let mut best = vec![0.0; calls];
        let mut on_way = vec![0.0; self.tour.points.len()];
        for (index, starts) in self.starts.iter().enumerate() {
            for start in starts {
                let share = (start.forward + start.backward - whole).exp();
                if share.is_nan() || share < 1e-4 {
                    continue;
                }
                let chance = &mut chances[start.call];
                if self.tour.points[index].is_in_hole {
                    chance.unseen += share;
                } else {
                    chance.seen += share;
                }
                let stay_s = self.teach(index, start, whole, lesson);
                if share > best[start.call] {
                    best[start.call] = share;
                    (chance.arrival, chance.stay_s) = (Some(index), stay_s);
                }
            }
            for way in &self.way[index] {
                on_way[index] += (way.0 + way.1 - whole).exp();
            }
        }
        self.read_unseen(whole, &mut chances);
        for (from, _) in on_way.iter().enumerate().filter(|&(_, share)| *share > 0.01) {
            self.teach_way(from, whole, lesson);
        }
        chances
    }

    /// Adds what may have happened before and after the track.
    fn read_unseen(&self, whole: f64, chances: &mut [Chance]) {
        let calls = self.tour.stops.len();
        if self.tour.may_begin_unseen {
            for behind in 1..=calls {
                let share = (self.begin_unseen() + self.way[0][behind].1 - whole).exp();
                chances[..behind].iter_mut().for_each(|chance| chance.unseen += share);
            }
        }
        let last = self.tour.points.len() - 1;
        for behind in 0..calls {
            let share = (self.way[last][behind].0 + self.end_unseen(behind) - whole).exp();
            chances[behind..].iter_mut().for_each(|chance| chance.unseen += share);
        }
    }
}

#[cfg(test)]
mod tests;
