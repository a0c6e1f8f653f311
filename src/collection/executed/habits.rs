//! What the tracks themselves teach about how the trucks work: where they halt for each stop, how long an
//! emptying takes, how far off the fixes are, how often each stop is left out.
//!
//! Nothing here is set for one city: every figure starts from a broad guess and is learnt from all tours
//! together by expectation and maximisation (Dempster, Laird & Rubin 1977).

mod density;
mod legs;

pub(super) use self::density::{Density, Tally};
pub(super) use self::legs::Leg;

use rustc_hash::FxHashMap;

use self::legs::{DWELLS, Legs};
use crate::unit::Local;

/// Where a standing truck sends a fix more rarely than this, emptyings are made out from the times between, seconds:
/// an emptying of usual length then often lies between two fixes.
const SPARSE_S: f64 = 40.0;
/// Rates of being left out that a stop can have; how common each is, is learnt.
const RATES: [f64; 14] =
    [0.002, 0.005, 0.01, 0.02, 0.035, 0.06, 0.1, 0.17, 0.28, 0.42, 0.58, 0.74, 0.88, 0.97];

/// What a truck did between two fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// It stood in one place.
    Stood,
    /// It went from one halt to the next.
    Between,
    /// It drove off.
    Off,
    /// It drove.
    Drove,
    /// It drove up to a halt.
    On,
    /// It halted unseen.
    Hidden,
}

/// How many kinds of [`Gap`] there are.
pub(super) const GAPS: usize = 6;

/// Everything learnt.
#[derive(Debug, Clone)]
pub(super) struct Habits {
    /// Standard deviation of the fixes of a standing truck about the place where it stands, per axis, metres.
    pub(super) sigma_m: f64,
    /// The errors of two fixes that are `t` apart are correlated by exp(−t / this), seconds.
    pub(super) memory_s: f64,
    /// Metres per second between stops.
    pub(super) speed_ms: f64,
    /// How long the drives between stops take.
    legs: Legs,
    /// Seconds from arriving at a stop to arriving at what comes next, less the driving between, by the class of
    /// that drive ([`Leg::class`]).
    pub(super) dwell: [Density; DWELLS],
    /// Logged speed of a standing truck.
    pub(super) standing: Density,
    /// Logged speed of a driving truck.
    pub(super) driving: Density,
    /// Seconds between two fixes that follow each other, by what the truck did between them ([`Gap`]). Many
    /// loggers send a fix when something happens; others only by the clock, and then these are all alike.
    pub(super) gap: [Density; GAPS],
    /// Mean seconds between two fixes of a standing truck.
    pub(super) gap_s: f64,
    /// Share of the fixes between stops at which the truck stands (lights, tip, depot).
    pub(super) waiting: f64,
    /// Where the truck halts for each stop.
    pub(super) halt: Vec<Local>,
    /// Variance of that place, per axis, m².
    pub(super) halt_var: Vec<f64>,
    /// Emptying time of each stop relative to the others.
    pub(super) service: Vec<f64>,
    /// Where each stop is, or the nearest spot on a street: the first guess of its halt.
    first_halt: Vec<Local>,
    /// Variance of the halt about that guess, per axis, m².
    offset_var: Vec<f64>,
    /// The variance of the surest half of the guesses to begin with: only those are learnt together.
    pub(super) sure_var: f64,
    /// How common each of [`RATES`] is.
    rate_share: [f64; RATES.len()],
    /// Known visits of each stop and how many of them were left out, not counting closed streets.
    missed: Vec<(f64, f64)>,
}

/// What one tour, or several, showed; sums over everything seen, weighted by how probable it is.
#[derive(Debug, Clone)]
pub(super) struct Lesson {
    pub(super) dwell: [Tally; DWELLS],
    pub(super) standing: Tally,
    pub(super) driving: Tally,
    pub(super) gap: [Tally; GAPS],
    /// Seconds from the last fix of a halt to the departure: the gap would have been longer had the truck stayed.
    pub(super) cut_short: Tally,
    /// Weight of fixes waiting and driving between stops.
    pub(super) waiting: (f64, f64),
    /// Per stop: weight, sum of x, sum of y of the fixes' mean while halting there.
    pub(super) halts: Vec<(u32, f64, f64, f64)>,
    /// Squared error per axis of the first fix of each halt, and its weight.
    pub(super) error: (f64, f64),
    /// For pairs of fixes in one halt: products, squares, seconds between, weight.
    pub(super) memory: (f64, f64, f64, f64),
}

impl Lesson {
    /// Adds another lesson.
    fn merge(&mut self, other: &Self) {
        self.dwell.iter_mut().zip(&other.dwell).for_each(|(mine, theirs)| mine.merge(theirs));
        self.cut_short.merge(&other.cut_short);
        self.gap.iter_mut().zip(&other.gap).for_each(|(mine, theirs)| mine.merge(theirs));
        self.standing.merge(&other.standing);
        self.driving.merge(&other.driving);
        self.waiting = (self.waiting.0 + other.waiting.0, self.waiting.1 + other.waiting.1);
        self.halts.extend(&other.halts);
        self.error = (self.error.0 + other.error.0, self.error.1 + other.error.1);
        let (a, b) = (self.memory, other.memory);
        self.memory = (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3);
    }
}

impl Habits {
    /// The broad guess from which learning starts.
    ///
    /// `first_halt` is the place of each stop or its nearest street, `offset_m` how far off that may be,
    /// `service_s` the emptying time that the feed gives (NaN where it gives none), `empty_s` the seconds from stop to stop
    /// on the empty streets, `speed_ms` the free speed.
    pub(super) fn guess(
        first_halt: Vec<Local>,
        offset_m: &[f64],
        service_s: &[f64],
        empty_s: FxHashMap<(u32, u32), f32>,
        speed_ms: f64,
    ) -> Self {
        let mut known: Vec<f64> = service_s.iter().copied().filter(|s| s.is_finite() && *s > 0.0).collect();
        known.sort_by(f64::total_cmp);
        let usual_s = known.get(known.len() / 2).copied().unwrap_or(45.0);
        let relative = |s: &f64| if s.is_finite() && *s > 0.0 { (s / usual_s).clamp(0.3, 3.0) } else { 1.0 };
        // A lognormal with a median of the usual time and a coefficient of variation of about a third. Not a broader one: where
        // fixes are rare, stops that were left out pass for short emptyings, and it would stay broad.
        let lognormal =
            |e: f64| if e <= 0.0 { 0.0 } else { (-0.5 * ((e / usual_s).ln() / 0.33).powi(2)).exp() / e };
        let count = first_halt.len();
        let offset_var: Vec<f64> = offset_m.iter().map(|metres| metres * metres).collect();
        Self {
            sigma_m: 8.0,
            memory_s: 60.0,
            speed_ms,
            legs: Legs::new(empty_s, speed_ms),
            dwell: [lognormal; DWELLS].map(|shape| Density::of(-20.0, 2.5, 160, 0.005, shape)),
            standing: Density::of(0.0, 0.25, 80, 0.01, |v| (-v / 0.7).exp()),
            driving: Density::of(0.0, 0.25, 80, 0.01, |v| {
                0.1 + (-0.5 * ((v - speed_ms) / (0.35 * speed_ms)).powi(2)).exp()
            }),
            gap: [(); GAPS].map(|()| Density::of(0.0, 1.5, 160, 1e-3, |_| 1.0)),
            gap_s: 20.0,
            waiting: 0.1,
            halt: first_halt.clone(),
            halt_var: offset_var.clone(),
            service: service_s.iter().map(relative).collect(),
            first_halt,
            sure_var: middle(&offset_var),
            offset_var,
            rate_share: low_rates(),
            missed: vec![(0.0, 0.0); count],
        }
    }

    /// An empty lesson.
    pub(super) fn lesson(&self) -> Lesson {
        Lesson {
            dwell: std::array::from_fn(|class| self.dwell[class].tally()),
            standing: self.standing.tally(),
            driving: self.driving.tally(),
            gap: std::array::from_fn(|kind| self.gap[kind].tally()),
            cut_short: self.gap[0].tally(),
            waiting: (0.0, 0.0),
            halts: Vec::new(),
            error: (0.0, 0.0),
            memory: (0.0, 0.0, 0.0, 0.0),
        }
    }

    /// Learns from the lessons of all tours, in their order.
    pub(super) fn learn(&mut self, lessons: &[Lesson]) {
        let mut all = self.lesson();
        for lesson in lessons {
            all.merge(lesson);
        }
        let are_sparse = self.are_sparse();
        for (dwell, seen) in self.dwell.iter_mut().zip(&all.dwell) {
            dwell.learn(seen, 20.0);
            if are_sparse {
                dwell.straighten();
            }
        }
        let (stood, off) = (Gap::Stood as usize, Gap::Off as usize);
        all.gap[Gap::Hidden as usize] = all.gap[stood].uncut(&all.cut_short, &all.gap[off]);
        self.gap.iter_mut().zip(&all.gap).for_each(|(gap, seen)| gap.learn(seen, 1.0));
        self.gap_s = self.gap[Gap::Hidden as usize].mean();
        self.standing.learn(&all.standing, 20.0);
        self.driving.learn(&all.driving, 20.0);
        if all.waiting.0 + all.waiting.1 > 0.0 {
            self.waiting = ((all.waiting.0 + 1.0) / (all.waiting.0 + all.waiting.1 + 10.0)).clamp(0.01, 0.5);
        }
        if all.error.1 > 10.0 {
            self.sigma_m = (all.error.0 / all.error.1).sqrt().clamp(1.0, 40.0);
        }
        if all.memory.3 > 10.0 && all.memory.1 > 0.0 {
            let correlation = (all.memory.0 / all.memory.1).clamp(0.02, 0.98);
            self.memory_s = -(all.memory.2 / all.memory.3) / correlation.ln();
        }
        self.learn_halts(&all.halts);
    }

    /// Halts are the mean of what was seen there, drawn towards the first guess by its own reliability.
    fn learn_halts(&mut self, halts: &[(u32, f64, f64, f64)]) {
        let mut sums = vec![(0.0, 0.0, 0.0); self.halt.len()];
        for &(stop, weight, x, y) in halts {
            let sum = &mut sums[stop as usize];
            *sum = (sum.0 + weight, sum.1 + x, sum.2 + y);
        }
        let visit_var = self.sigma_m * self.sigma_m;
        let (mut squares, mut by_chance) = (Vec::new(), Vec::new());
        for (stop, &(weight, x, y)) in sums.iter().enumerate() {
            let first = self.first_halt[stop];
            let pull = visit_var / self.offset_var[stop];
            let all = weight + pull;
            self.halt[stop] = Local::new((x + pull * first.x) / all, (y + pull * first.y) / all);
            self.halt_var[stop] = visit_var / all;
            if weight >= 5.0 && self.offset_var[stop] <= self.sure_var {
                let (dx, dy) = (x / weight - first.x, y / weight - first.y);
                squares.push(dx * dx + dy * dy);
                by_chance.push(visit_var / weight);
            }
        }
        // The guesses may be better or worse than they were taken to be. Medians, because some halts are
        // mistaken for their neighbours'; the median of the squared distance is 2 ln 2 variances per axis.
        if squares.len() >= 10 {
            let seen_var = middle(&squares) / (2.0 * std::f64::consts::LN_2) - middle(&by_chance);
            let sure_var = seen_var.clamp(0.25, 900.0);
            let sure = self.offset_var.iter_mut().filter(|var| **var <= self.sure_var);
            sure.for_each(|var| *var = sure_var);
            self.sure_var = sure_var;
        }
    }

    /// Learns how often each stop is left out, from (stop, probability that it was) of single visits.
    pub(super) fn learn_missed(&mut self, visits: &[(u32, f64)]) {
        self.missed = vec![(0.0, 0.0); self.halt.len()];
        for &(stop, missed) in visits {
            let count = &mut self.missed[stop as usize];
            *count = (count.0 + 1.0, count.1 + missed);
        }
        // The share of each rate that makes the counts most probable (Kiefer & Wolfowitz 1956, by EM).
        for _round in 0..30 {
            let mut share = [0.5 / RATES.len() as f64; RATES.len()];
            for &count in self.missed.iter().filter(|count| count.0 > 0.0) {
                let posterior = self.posterior(count);
                share.iter_mut().zip(posterior).for_each(|(sum, part)| *sum += part);
            }
            let total: f64 = share.iter().sum();
            self.rate_share = share.map(|part| part / total);
        }
    }

    /// How probable each rate is for a stop with these counts.
    fn posterior(&self, (known, missed): (f64, f64)) -> [f64; RATES.len()] {
        let mut log = [0.0; RATES.len()];
        for ((log, rate), share) in log.iter_mut().zip(RATES).zip(self.rate_share) {
            *log = share.max(1e-12).ln() + missed * rate.ln() + (known - missed) * (-rate).ln_1p();
        }
        let most = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weight = log.map(|log| (log - most).exp());
        let total: f64 = weight.iter().sum();
        weight.map(|weight| weight / total)
    }

    /// Expected rate at which a stop is left out, from its visits on all days but one (`own` is that day's
    /// probability, if it was counted).
    pub(super) fn miss_rate(&self, stop: u32, own: Option<f64>) -> f64 {
        let (known, missed) = self.missed[stop as usize];
        let others = own.map_or((known, missed), |own| ((known - 1.0).max(0.0), (missed - own).max(0.0)));
        self.posterior(others).iter().zip(RATES).map(|(share, rate)| share * rate).sum()
    }

    /// Whether fixes are so rare that emptyings are made out from the times between, not seen.
    pub(super) fn are_sparse(&self) -> bool {
        self.gap_s > SPARSE_S
    }

    /// Seconds of driving over a straight distance.
    pub(super) fn drive_s(&self, distance_m: f64) -> f64 {
        self.legs.straight_s(distance_m)
    }

    /// The drive from a halt to where the truck is next seen on its way.
    pub(super) fn drive_off(&self, distance_m: f64) -> Leg {
        self.legs.off(distance_m)
    }

    /// The drive from the halt for one stop to that for another, so far apart.
    pub(super) fn leg(&self, stops: (u32, u32), metres: f64) -> Leg {
        self.legs.leg(stops, metres)
    }

    /// Correlation of the errors of two fixes `seconds` apart.
    pub(super) fn correlation(&self, seconds: f64) -> f64 {
        (-seconds / self.memory_s).exp()
    }
}

/// The shares of [`RATES`] to begin with: most stops are seldom left out, one in a hundred always is.
fn low_rates() -> [f64; RATES.len()] {
    let weights = RATES.map(|rate| 1.0 / (rate + 0.02));
    let all: f64 = weights.iter().sum();
    weights.map(|weight| weight / all)
}

/// The middle one; 1 where there is none.
fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_that_is_often_left_out_keeps_that_when_one_day_is_set_aside() {
        let mut habits = Habits::guess(
            vec![Local::new(0.0, 0.0); 40],
            &[10.0; 40],
            &[f64::NAN; 40],
            FxHashMap::default(),
            5.0,
        );
        let mut visits = Vec::new();
        for stop in 0..40 {
            for day in 0..30 {
                visits.push((stop, if stop == 7 { f64::from(day % 5 != 0) } else { f64::from(day == stop) }));
            }
        }
        habits.learn_missed(&visits);
        assert!(habits.miss_rate(7, Some(1.0)) > 0.6);
        assert!(habits.miss_rate(3, Some(1.0)) < 0.1);
    }
}
