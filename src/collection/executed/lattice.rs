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

use super::habits::{Density, GAPS, Gap, Habits, Lesson};
use crate::unit::Local;

/// Paths less probable than this, relative to the best at the same point, are dropped (natural logarithm).
const BEAM: f64 = 16.0;
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
    fn is_fix(&self) -> bool {
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

/// A service that may begin at a point.
#[derive(Debug, Clone, Copy)]
struct Start {
    call: usize,
    forward: f64,
    backward: f64,
}

struct Lattice<'a> {
    tour: &'a Tour<'a>,
    habits: &'a Habits,
    starts: Vec<Vec<Start>>,
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
    /// Longest service worth following, and the shortest, seconds.
    longest_s: f64,
    shortest_s: f64,
}

/// So many calls ahead are kept at hand.
const NEXT: usize = 24;
/// Two halts nearer than this are one corner, metres.
const CORNER_M: f64 = 20.0;

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

/// Lays the tour's calls over its points. Adds what it shows to `lesson`.
pub(super) fn chances(tour: &Tour<'_>, habits: &Habits, lesson: &mut Lesson) -> Vec<Chance> {
    let mut lattice = Lattice::new(tour, habits);
    let whole = lattice.forward();
    lattice.backward();
    lattice.read(whole, lesson)
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
            longest_s: habits.dwell[0].upper().max(habits.dwell[1].upper()),
            served_next: Vec::new(),
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
        let start = |call| Start { call, forward: f64::NEG_INFINITY, backward: f64::NEG_INFINITY };
        (0..self.tour.stops.len()).filter(is_possible).map(start).collect()
    }

    /// Calls `from..to` left out, for any reason.
    fn skip(&self, from: usize, to: usize) -> f64 {
        let count = to - from;
        if count == 0 {
            return 0.0;
        }
        let mut log = self.missed[to] - self.missed[from];
        let run = CLOSED_BEGINS.ln() + (count - 1) as f64 * (1.0 - CLOSED_ENDS).ln() + CLOSED_ENDS.ln();
        add(&mut log, run);
        log
    }

    fn is_near(&self, at: Local, call: usize) -> bool {
        let (halt, reach_m) = (self.halt(call), self.reach_m[call]);
        let (dx, dy) = (at.x - halt.x, at.y - halt.y);
        dx * dx + dy * dy <= reach_m * reach_m
    }

    /// `call` is the next one that is served when those before `behind` are behind.
    fn serve(&self, behind: usize, call: usize) -> f64 {
        if call - behind < NEXT {
            self.served_next[behind][call - behind]
        } else {
            self.serve_far(behind, call)
        }
    }

    fn serve_far(&self, behind: usize, call: usize) -> f64 {
        self.skip(behind, call) + (1.0 - self.tour.miss[call]).ln()
    }

    fn seconds(&self, from: usize, to: usize) -> f64 {
        (self.tour.points[to].time - self.tour.points[from].time) as f64
    }

    fn halt(&self, call: usize) -> Local {
        self.habits.halt[self.tour.stops[call] as usize]
    }

    fn halt_var(&self, call: usize) -> f64 {
        self.habits.halt_var[self.tour.stops[call] as usize]
    }

    /// A fix of a truck that halts for `call`. `before` is the fix before it, if the truck then halted too:
    /// its error, the variance of its halt, the correlation of the two errors and whether the halt is the same.
    fn standing(&self, index: usize, call: usize, before: Option<(Local, f64, f64, bool)>) -> f64 {
        let point = &self.tour.points[index];
        if !point.is_fix() {
            return 0.0;
        }
        let (halt, halt_var) = (self.halt(call), self.halt_var(call));
        let fix_var = self.habits.sigma_m * self.habits.sigma_m;
        let (mut dx, mut dy) = (point.at.x - halt.x, point.at.y - halt.y);
        let far = log_normal_2d(dx, dy, OUTLIER_M * OUTLIER_M) + OUTLIER.ln();
        let mut var = fix_var + halt_var;
        if let Some((error, before_var, correlation, is_same)) = before {
            let shared = correlation * fix_var + if is_same { halt_var } else { 0.0 };
            let slope = shared / (fix_var + before_var);
            (dx, dy) = (dx - slope * error.x, dy - slope * error.y);
            var = (var - slope * shared).max(0.05 * fix_var);
        }
        log_normal_2d(dx, dy, var).max(far) + self.standing_speed[index]
    }

    /// Metres across the way within which a driving truck is seen: three streets' worth of error.
    fn across_m(&self) -> f64 {
        3.0 * self.habits.sigma_m * std::f64::consts::TAU.sqrt()
    }

    /// From a fix on the way to the next fix on the way: driving, and waiting.
    fn travel(&self, from: usize, to: usize) -> (f64, f64) {
        let (a, b) = (&self.tour.points[from], &self.tour.points[to]);
        let (seconds, metres) = (self.seconds(from, to).max(1.0), a.at.distance_m(b.at));
        let (usual, speed) = (self.habits.speed_ms, metres / seconds);
        let straight = (-0.5 * ((speed - usual) / (0.2 * usual)).powi(2)).exp()
            / (0.2 * usual * std::f64::consts::TAU.sqrt());
        let bent = if speed < 2.0 * usual { 1.0 / (2.0 * usual) } else { 1e-6 };
        let driving =
            (0.6 * straight + 0.4 * bent).ln() - seconds.ln() - self.across_m().ln() + self.driving_speed[to];
        let fix_var = self.habits.sigma_m * self.habits.sigma_m;
        let var = 2.0 * fix_var * (1.0 - self.habits.correlation(seconds)).max(0.05);
        let waiting = log_normal_2d(b.at.x - a.at.x, b.at.y - a.at.y, var) + self.standing_speed[to];
        let share = self.habits.waiting;
        let gap = self.gap[to][Gap::Drove as usize];
        ((1.0 - share).ln() + driving + gap, share.ln() + waiting + gap)
    }

    /// From a fix on the way to a service that begins at `to`, position aside.
    fn arrival(&self, from: usize, to: usize, call: usize) -> f64 {
        let drive_s = self.habits.drive_s(self.tour.points[from].at.distance_m(self.halt(call)));
        let late_s = self.seconds(from, to) - drive_s;
        // Mostly straight there; else held up by a minute or so.
        let window_s = self.seconds(to - 1, to);
        let spread_s = (5.0 + 0.25 * drive_s).hypot(window_s / 12f64.sqrt());
        let straight = (-0.5 * (late_s / spread_s).powi(2)).exp() / (spread_s * std::f64::consts::TAU.sqrt());
        let held = if late_s > 0.0 { (-late_s / 60.0).exp() / 60.0 } else { 1e-5 };
        (0.8 * straight + 0.2 * held).ln() + self.window[to] + self.gap[to][Gap::On as usize]
    }

    /// Everything to which a service beginning at `index` can lead: what, its weight, seconds that the service
    /// took, and the point after its last.
    fn leave(&self, index: usize, start: &Start, mut lead: impl FnMut(Next, f64, f64)) {
        let points = self.tour.points;
        let (call, halt, halt_var) = (start.call, self.halt(start.call), self.halt_var(start.call));
        let service = self.habits.service[self.tour.stops[call] as usize];
        let dwell = |seconds: f64, metres: f64| {
            let density = &self.habits.dwell[usize::from(metres > CORNER_M)];
            density.log_at(seconds / service) - service.ln()
        };
        let mut last_fix = points[index].is_fix().then_some(index);
        let mut stay = 0.0;
        for (to, point) in points.iter().enumerate().skip(index + 1) {
            let gone_s = self.seconds(index, to);
            let is_fix = point.is_fix();
            let before = last_fix.map(|fix| self.before(fix, to, halt, halt_var));
            let gap = |gap: Gap| self.gap[to][if last_fix.is_some() { gap } else { Gap::Hidden } as usize];
            let on = if is_fix { stay + gap(Gap::Stood) + self.standing(to, call, before) } else { stay };
            if is_fix {
                let metres = point.at.distance_m(halt);
                let took_s = gone_s - self.habits.drive_s(metres);
                let off = -(self.habits.speed_ms * self.across_m()).ln() + self.driving_speed[to];
                lead(Next::Way(to), stay + gap(Gap::Off) + dwell(took_s, CORNER_M + 1.0) + off, took_s);
                if gone_s > self.habits.dwell[0].mean() {
                    lead(Next::Way(to), on + WAITS_AFTER.ln(), f64::NAN);
                }
            }
            let elsewhere = before.map(|before| (before.0, before.1, before.2, false));
            for (place, next) in self.starts[to].iter().enumerate().filter(|(_, next)| next.call > call) {
                let metres = halt.distance_m(self.halt(next.call));
                let took_s = gone_s - self.habits.drive_s(metres);
                if took_s >= -15.0 {
                    let weight = stay
                        + gap(Gap::Between)
                        + dwell(took_s, metres)
                        + self.window[to]
                        + self.serve(call + 1, next.call)
                        + self.standing(to, next.call, elsewhere);
                    lead(Next::Start(to, place), weight, took_s);
                }
            }
            // The truck is gone from here, or has been here for longer than a service takes.
            if is_fix && !self.is_near(point.at, call) || gone_s > self.longest_s * service {
                return;
            }
            if is_fix {
                (stay, last_fix) = (on, Some(to));
            }
        }
        lead(Next::End, stay + self.end(call + 1), f64::NAN);
    }

    /// The fix at `fix` as the one before that at `to`, for [`Lattice::standing`].
    fn before(&self, fix: usize, to: usize, halt: Local, halt_var: f64) -> (Local, f64, f64, bool) {
        let at = self.tour.points[fix].at;
        let correlation = self.habits.correlation(self.seconds(fix, to));
        (Local::new(at.x - halt.x, at.y - halt.y), halt_var, correlation, true)
    }

    /// The track ends with the calls before `behind` behind.
    fn end(&self, behind: usize) -> f64 {
        let mut log = self.skip(behind, self.tour.stops.len());
        add(&mut log, self.end_unseen(behind));
        log
    }

    fn end_unseen(&self, behind: usize) -> f64 {
        if self.tour.may_end_unseen && behind < self.tour.stops.len() {
            UNSEEN.ln()
        } else {
            f64::NEG_INFINITY
        }
    }

    fn begin_unseen(&self) -> f64 {
        (UNSEEN / self.tour.stops.len() as f64).ln()
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
                let mut found = Vec::new();
                self.leave(index, &start, |next, weight, _took| found.push((next, weight)));
                for (next, weight) in found {
                    let sum = start.forward + weight;
                    match next {
                        Next::Way(to) => add(&mut self.way[to][start.call + 1].0, sum),
                        Next::Start(to, place) => add(&mut self.starts[to][place].forward, sum),
                        Next::End => add(&mut whole, sum),
                    }
                }
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
        for (at, place, weight) in self.arrivals(index, to) {
            let call = self.starts[at][place].call;
            for behind in low..=high.min(call) {
                let sum = self.way[index][behind].0 + weight + self.serve(behind, call);
                add(&mut self.starts[at][place].forward, sum);
            }
        }
    }

    /// Services that can begin after the fix at `index`, up to the next fix: point, place, weight.
    fn arrivals(&self, index: usize, to: usize) -> Vec<(usize, usize, f64)> {
        let mut arrivals = Vec::new();
        for at in index + 1..=to {
            for (place, start) in self.starts[at].iter().enumerate() {
                let weight = self.arrival(index, at, start.call) + self.standing(at, start.call, None);
                arrivals.push((at, place, weight));
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
                self.leave(index, &start, |next, weight, _took| {
                    let then = match next {
                        Next::Way(to) => self.way[to][start.call + 1].1,
                        Next::Start(to, place) => self.starts[to][place].backward,
                        Next::End => 0.0,
                    };
                    add(&mut sum, weight + then);
                });
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
            let (mut travel, waiting) = self.travel(index, to);
            add(&mut travel, waiting);
            let arrivals = self.arrivals(index, to);
            for behind in low..high {
                let mut sum = travel + self.way[to][behind].1;
                for &(at, place, weight) in &arrivals {
                    let start = &self.starts[at][place];
                    if start.call >= behind && start.backward > f64::NEG_INFINITY {
                        add(&mut sum, weight + self.serve(behind, start.call) + start.backward);
                    }
                }
                self.way[index][behind].1 = sum;
            }
        }
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

    /// Learns from one possible service; gives how long it most probably took.
    fn teach(&self, index: usize, start: &Start, whole: f64, lesson: &mut Lesson) -> f64 {
        let halt = self.halt(start.call);
        let mut ends: Vec<(usize, f64, f64)> = Vec::new();
        let (mut most, mut stay_s) = (0.0, f64::NAN);
        self.leave(index, start, |next, weight, took_s| {
            let (to, then) = match &next {
                &Next::Way(to) => (to, self.way[to][start.call + 1].1),
                &Next::Start(to, place) => (to, self.starts[to][place].backward),
                Next::End => return,
            };
            let share = (start.forward + weight + then - whole).exp();
            if share > 1e-4 && took_s.is_finite() {
                if self.tour.points[index..to].iter().any(Point::is_fix) {
                    let is_way = matches!(next, Next::Way(_));
                    self.teach_gap(if is_way { Gap::Off } else { Gap::Between }, to, share, lesson);
                }
                let is_elsewhere = match next {
                    Next::Start(to, place) => {
                        halt.distance_m(self.halt(self.starts[to][place].call)) > CORNER_M
                    }
                    Next::Way(_) | Next::End => true,
                };
                if let Next::Start(to, place) = next {
                    let metres = halt.distance_m(self.halt(self.starts[to][place].call));
                    if (CORNER_M..300.0).contains(&metres) {
                        let seconds = self.seconds(index, to);
                        let sums = [1.0, metres, seconds, metres * metres, metres * seconds];
                        lesson.drive.iter_mut().zip(sums).for_each(|(sum, term)| *sum += share * term);
                    }
                }
                let service = self.habits.service[self.tour.stops[start.call] as usize];
                lesson.dwell[usize::from(is_elsewhere)].add(took_s / service, share);
                ends.push((to, share, took_s));
                if share > most {
                    (most, stay_s) = (share, took_s);
                }
            }
        });
        for (end, share, took_s) in ends {
            if let Some(last) = self.tour.points[index..end].iter().rev().find(|point| point.is_fix()) {
                let silent_s = took_s - (last.time - self.tour.points[index].time) as f64;
                lesson.cut_short.add(silent_s, if silent_s > 0.0 { share } else { 0.0 });
            }
            self.teach_halt(index, end, halt, self.tour.stops[start.call], share, lesson);
        }
        stay_s
    }

    /// Learns from a fix on the way and the next.
    fn teach_way(&self, from: usize, whole: f64, lesson: &mut Lesson) {
        let to = self.next_fix[from];
        if to == self.tour.points.len() {
            return;
        }
        let (driving, waiting) = self.travel(from, to);
        let part = 1.0 / (1.0 + (driving - waiting).exp());
        let mut travel = driving;
        add(&mut travel, waiting);
        let arrivals = self.arrivals(from, to);
        let (low, high) = self.range[from];
        for behind in low..high {
            let way = self.way[from][behind].0 - whole;
            let share = (way + travel + self.way[to][behind].1).exp();
            let point = &self.tour.points[to];
            if point.speed_ms.is_finite() {
                lesson.driving.add(point.speed_ms, share * (1.0 - part));
            }
            self.teach_gap(Gap::Drove, to, share, lesson);
            lesson.waiting.0 += share * part;
            lesson.waiting.1 += share * (1.0 - part);
            for &(at, place, weight) in &arrivals {
                let start = &self.starts[at][place];
                if start.call >= behind && start.backward > f64::NEG_INFINITY {
                    let share = (way + weight + self.serve(behind, start.call) + start.backward).exp();
                    self.teach_gap(Gap::On, at, share, lesson);
                }
            }
        }
    }

    /// Learns how long the track was silent before a fix.
    fn teach_gap(&self, gap: Gap, to: usize, share: f64, lesson: &mut Lesson) {
        if self.gap_s[to] > 0.0 {
            lesson.gap[gap as usize].add(self.gap_s[to], share);
        }
    }

    /// Learns from the fixes of one halt, `from..to`.
    fn teach_halt(&self, from: usize, to: usize, halt: Local, stop: u32, share: f64, lesson: &mut Lesson) {
        let (mut count, mut x, mut y) = (0.0, 0.0, 0.0);
        let mut before: Option<(Local, i64)> = None;
        for point in self.tour.points[from..to].iter().filter(|point| point.is_fix()) {
            (count, x, y) = (count + 1.0, x + point.at.x, y + point.at.y);
            let error = Local::new(point.at.x - halt.x, point.at.y - halt.y);
            if point.speed_ms.is_finite() {
                lesson.standing.add(point.speed_ms, share);
            }
            if let Some((last, time)) = before {
                let memory = &mut lesson.memory;
                memory.0 += share * (error.x * last.x + error.y * last.y);
                memory.1 += share * (last.x * last.x + last.y * last.y);
                memory.2 += share * (point.time - time) as f64;
                memory.3 += share;
                lesson.gap[Gap::Stood as usize].add((point.time - time) as f64, share);
            } else {
                lesson.error.0 += share * 0.5 * (error.x * error.x + error.y * error.y);
                lesson.error.1 += share;
            }
            before = Some((error, point.time));
        }
        if count > 0.0 {
            lesson.halts.push((stop, share, share * x / count, share * y / count));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
                for (at, place, weight) in lattice.arrivals(index, to) {
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
                lattice.leave(index, &start, |next, weight, _took_s| found.push((next, weight)));
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
            let habits = Habits::guess(halts, &[5.0; 3], &[30.0; 3], 5.0);
            let tour = Tour {
                points: &points,
                stops: &[0, 1, 2],
                miss: &miss,
                may_begin_unseen: false,
                may_end_unseen: true,
                geofence_m: 60.0,
            };
            let mut sums = [0.0; 4];
            every_way(&Lattice::new(&tour, &habits), Place::Way(0, 0), 0.0, &mut Vec::new(), &mut sums);
            let chances = chances(&tour, &habits, &mut habits.lesson());
            for (call, chance) in chances.iter().enumerate() {
                let expected = sums[1 + call] / sums[0];
                prop_assert!((chance.seen - expected).abs() < 1e-3, "call {call}: {} and {expected}", chance.seen);
                prop_assert!(chance.seen + chance.unseen < 1.0 + 1e-6);
            }
        }
    }
}
