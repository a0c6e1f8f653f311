//! Emptyings, weighings and reports in, how fast each stop fills up out, with its doubt.
//!
//! A stop is emptied, fills up after a time that varies, and once it is full somebody reports it after a while. A
//! report therefore says "full by then, and not reported before"; a stretch without a report says "not full yet, or
//! full and nobody said so". Both count. Rates of all stops are learnt together, so that a stop with few
//! reports borrows from the others; how much filling varies and how soon people report are learnt as well.
//!
//! Where it was weighed, or seen, how full a stop was when it was emptied, that says directly how long it takes to fill
//! up: a third full after two days is full after six. Only what was full by then leaves open since when.

pub mod cadence;
pub mod logged;
pub mod weighed;

use rayon::prelude::*;
use statrs::distribution::{Continuous, ContinuousCDF, Gamma};

use crate::unit::DAY_S;

/// Steps of the tables: 0.05 days, up to 12 days.
const STEP_DAYS: f64 = 0.05;
const STEPS: usize = 240;
/// Rates in the grid, shares of the capacity per day, evenly spaced on a logarithmic scale.
const RATES: usize = 28;
const SLOWEST: f64 = 0.03;
const FASTEST: f64 = 2.5;
/// Variation of the time to fill up, as coefficients of variation. The Amsterdam weighings have 0.67 from emptying to
/// emptying, double lifts included.
const VARIATIONS: [f64; 5] = [0.08, 0.16, 0.3, 0.45, 0.67];
/// Reports per day about a stop that is full.
const REPORTING: [f64; 7] = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2];
/// Fewer known stretches than this are too few to say anything about a stop.
const FEWEST: usize = 3;
/// Fuller than this is full: what stands beside it or was pressed in cannot be told any more.
const FULL: f64 = 0.95;
/// Emptier than this is taken as this: a container that was all but empty fills up some day.
const EMPTY: f64 = 0.02;

/// The time from one emptying to the next (or to the last moment that is known of).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// When the stop was emptied, seconds UTC.
    pub from: i64,
    /// When it was emptied again, or when knowledge ends.
    pub until: i64,
    /// The first report within that it is full.
    pub reported: Option<i64>,
    /// How full it was when it was emptied again, share of its capacity; NaN where nobody knows.
    pub filled: f64,
}

impl Stretch {
    /// Whether how full it was at the end says more than any report.
    pub(super) fn is_measured(&self) -> bool {
        self.filled < FULL
    }
}

/// How fast every stop fills up.
#[derive(Debug, Clone)]
pub struct Fills {
    /// How common each rate is.
    share: Vec<f64>,
    /// Logarithm of the probability of each stop's stretches, by rate; and how many stretches.
    stops: Vec<(Vec<f64>, usize)>,
    tables: Vec<Table>,
    /// Coefficient of variation of the time to fill up.
    pub variation: f64,
    /// Reports per day about a stop that is full.
    pub reporting: f64,
}

/// For one rate: probabilities by steps of time since the emptying.
#[derive(Debug, Clone)]
struct Table {
    /// Full by then.
    full: Vec<f64>,
    /// Logarithm of the density of the first report then, per day.
    reported: Vec<f64>,
    /// Logarithm of the probability that there was no report until then.
    silent: Vec<f64>,
    /// Logarithm of the probability that it is full then and there was no report until then.
    full_silent: Vec<f64>,
    /// Days until it is full.
    time: Gamma,
}

/// When a stop that was not yet full would have been.
fn days_until_full(stretch: &Stretch) -> f64 {
    (stretch.until - stretch.from) as f64 / DAY_S as f64 / stretch.filled.max(EMPTY)
}

/// The rate at `index` of the grid.
fn rate(index: usize) -> f64 {
    SLOWEST * (FASTEST / SLOWEST).powf(index as f64 / (RATES - 1) as f64)
}

fn step(seconds: i64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the table")]
    let step = (seconds as f64 / DAY_S as f64 / STEP_DAYS).clamp(0.0, (STEPS - 1) as f64) as usize;
    step
}

impl Table {
    fn new(rate: f64, variation: f64, reporting: f64) -> Self {
        // Time to fill up: gamma with mean 1 / rate.
        let shape = 1.0 / (variation * variation);
        let time = Gamma::new(shape, shape * rate).expect("shape and rate are positive");
        let (mut full, mut reported) = (Vec::new(), Vec::new());
        let (mut silent, mut full_silent) = (Vec::new(), Vec::new());
        let (mut before, mut unreported) = (0.0, 0.0);
        let kept = (-reporting * STEP_DAYS).exp();
        for step in 0..STEPS {
            let now = time.cdf((step as f64 + 0.5) * STEP_DAYS);
            unreported = unreported * kept + (now - before) * kept.sqrt();
            before = now;
            full.push(now);
            // One report in a thousand has another reason: none is impossible.
            reported.push((reporting * unreported + 1e-3 * reporting).ln());
            silent.push((1.0 - now + unreported).max(1e-9).ln());
            full_silent.push(unreported.max(1e-9).ln());
        }
        Self { full, reported, silent, full_silent, time }
    }

    fn log_probability(&self, stretch: &Stretch) -> f64 {
        if stretch.is_measured() {
            // A load that was weighed wrongly, or lifted in part, makes no rate impossible.
            return (self.time.ln_pdf(days_until_full(stretch)).exp() + 1e-4).ln();
        }
        match stretch.reported {
            Some(at) => self.reported[step(at - stretch.from)],
            None if stretch.filled.is_nan() => self.silent[step(stretch.until - stretch.from)],
            None => self.full_silent[step(stretch.until - stretch.from)],
        }
    }
}

impl Fills {
    /// Learns from the stretches of each stop.
    ///
    /// # Panics
    /// Never: the lists of variations and reporting rates are not empty.
    pub fn learn(stretches: &[Vec<Stretch>]) -> Self {
        let ways: Vec<(f64, f64)> = VARIATIONS
            .iter()
            .flat_map(|&variation| REPORTING.map(|reporting| (variation, reporting)))
            .collect();
        let fits: Vec<(f64, Self)> = ways
            .par_iter()
            .map(|&(variation, reporting)| Self::fit(stretches, variation, reporting))
            .collect();
        let best = fits.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.expect("there are several ways").1
    }

    /// Learns the shares of the rates for one variation; gives the logarithm of the whole probability too.
    fn fit(stretches: &[Vec<Stretch>], variation: f64, reporting: f64) -> (f64, Self) {
        let tables: Vec<Table> =
            (0..RATES).map(|index| Table::new(rate(index), variation, reporting)).collect();
        let logs = |stretches: &Vec<Stretch>| {
            let sum = |table: &Table| stretches.iter().map(|stretch| table.log_probability(stretch)).sum();
            (tables.iter().map(sum).collect(), stretches.len())
        };
        let stops = stretches.iter().map(logs).collect();
        let mut fills = Self { share: vec![1.0 / RATES as f64; RATES], stops, tables, variation, reporting };
        let mut whole = 0.0;
        for _round in 0..25 {
            let mut share = vec![1.0; RATES];
            whole = 0.0;
            for (logs, count) in &fills.stops {
                if *count > 0 {
                    let (posterior, log) = fills.posterior(logs);
                    share.iter_mut().zip(posterior).for_each(|(sum, part)| *sum += part);
                    whole += log;
                }
            }
            let total: f64 = share.iter().sum();
            fills.share = share.iter().map(|part| part / total).collect();
        }
        (whole, fills)
    }

    /// How probable each rate is given the logarithms of the probabilities, and the logarithm of their sum.
    fn posterior(&self, logs: &[f64]) -> (Vec<f64>, f64) {
        let joint: Vec<f64> = logs.iter().zip(&self.share).map(|(log, share)| log + share.ln()).collect();
        let most = joint.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = joint.iter().map(|log| (log - most).exp()).collect();
        let total: f64 = weights.iter().sum();
        (weights.iter().map(|weight| weight / total).collect(), most + total.ln())
    }

    /// The rates that a stop's data allow (shares of its capacity per day, ascending), each with its
    /// probability; none with too few data.
    pub fn rates(&self, stop: usize) -> Vec<(f64, f64)> {
        let (logs, count) = &self.stops[stop];
        if *count < FEWEST {
            return Vec::new();
        }
        let (posterior, _) = self.posterior(logs);
        posterior.into_iter().enumerate().map(|(index, share)| (rate(index), share)).collect()
    }

    /// Share of its capacity by which a stop fills up in a day; NaN with too few data.
    pub fn per_day(&self, stop: usize) -> f64 {
        let (logs, count) = &self.stops[stop];
        if *count < FEWEST {
            return f64::NAN;
        }
        let (posterior, _) = self.posterior(logs);
        posterior.iter().enumerate().map(|(index, share)| share * rate(index)).sum()
    }

    /// Probability that a stop is full so many seconds after it was emptied. `without` is a stretch of its own
    /// that is set aside. A stop without data is like the others.
    pub fn full(&self, stop: usize, seconds: i64, without: Option<&Stretch>) -> f64 {
        let mut logs = self.stops[stop].0.clone();
        if let Some(stretch) = without {
            logs.iter_mut().zip(&self.tables).for_each(|(log, table)| *log -= table.log_probability(stretch));
        }
        let (posterior, _) = self.posterior(&logs);
        let now = step(seconds.max(0));
        posterior.iter().zip(&self.tables).map(|(share, table)| share * table.full[now]).sum()
    }

    /// Probability that a stop overflows before its next planned service, over the planned intervals in seconds;
    /// NaN with too few data.
    pub fn overflow(&self, stop: usize, intervals: &[i64]) -> f64 {
        if self.stops[stop].1 < FEWEST || intervals.is_empty() {
            return f64::NAN;
        }
        let sum: f64 = intervals.iter().map(|&seconds| self.full(stop, seconds, None)).sum();
        sum / intervals.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::random::Random;

    /// Stops emptied every two days. Ten fill up in about 1.25 days, thirty in about 5; who sees a full one
    /// reports it after 1.25 days on average.
    fn two_kinds() -> Vec<Vec<Stretch>> {
        let mut stream = Random::new(5).stream("fill", 0);
        let mut stretch = |day: i64, fills_days: f64| {
            let (from, until) = (day * 2 * DAY_S, (day + 1) * 2 * DAY_S);
            let full_days = fills_days * stream.random_range(0.7..1.3);
            let said_days = full_days - 1.25 * f64::ln(stream.random_range(0.0..1.0f64).max(1e-9));
            #[expect(clippy::cast_possible_truncation, reason = "a few days")]
            let said = from + (said_days * DAY_S as f64) as i64;
            Stretch { from, until, reported: (said < until).then_some(said), filled: f64::NAN }
        };
        (0..40)
            .map(|stop| {
                let fills_days = if stop < 10 { 1.25 } else { 5.0 };
                (0..20).map(|day| stretch(day, fills_days)).collect()
            })
            .collect()
    }

    #[test]
    fn a_stop_that_is_reported_again_and_again_fills_up_faster() {
        let fills = Fills::learn(&two_kinds());
        assert!((0.6..1.2).contains(&fills.per_day(0)), "{}", fills.per_day(0));
        assert!(fills.per_day(20) < 0.45, "{}", fills.per_day(20));
        assert!(fills.overflow(0, &[2 * DAY_S]) > 0.8 && fills.overflow(20, &[2 * DAY_S]) < 0.2);
    }

    #[test]
    fn a_stop_without_data_says_so() {
        let mut stretches = two_kinds();
        stretches.push(Vec::new());
        let fills = Fills::learn(&stretches);
        assert!(fills.per_day(40).is_nan() && fills.overflow(40, &[DAY_S]).is_nan());
    }

    #[test]
    fn loads_weighed_say_how_fast_a_stop_fills_up_without_any_report() {
        let mut stream = Random::new(6).stream("loads", 0);
        let mut stretch = |day: i64, per_day: f64| {
            let filled = (per_day * stream.random_range(0.7..1.3) * 3.0f64).min(1.0);
            Stretch { from: day * 3 * DAY_S, until: (day + 1) * 3 * DAY_S, reported: None, filled }
        };
        let rates = [0.05, 0.1, 0.2, 0.3, 0.6];
        let stops: Vec<Vec<Stretch>> =
            rates.iter().map(|&per_day| (0..25).map(|day| stretch(day, per_day)).collect()).collect();
        let fills = Fills::learn(&stops);
        for (stop, per_day) in rates.iter().enumerate().take(4) {
            let learnt = fills.per_day(stop);
            assert!((learnt / per_day - 1.0).abs() < 0.2, "{per_day} a day learnt as {learnt}");
        }
        // Always full after three days: that it takes less is all that is known.
        assert!(fills.per_day(4) > 0.4 && fills.overflow(4, &[3 * DAY_S]) > 0.8);
        assert!(fills.overflow(0, &[3 * DAY_S]) < 0.02);
    }
}
