//! Emptyings, weighings and reports in, how fast each stop fills up out, with its doubt.
//!
//! A stop is emptied, fills up after a time that varies, and once it is full somebody reports it after a while. A
//! report therefore says "full by then, and not reported before"; a stretch without a report says "not full yet, or
//! full and nobody said so". Both count. Only the first report of a stretch does: later ones may be about the first.
//!
//! What can be told apart: a stop that is slow and one where nobody reports look alike as long as every stretch is
//! short. A long one (a skipped visit, a holiday) tells: the slow one is reported late in it, and the quiet one
//! seldom, however long it was full. A report soon after an emptying can only come from a fast stop. One stop has too
//! few of these, so all are learnt together: how common each rate is without any form laid down (the mixing
//! distribution by expectation maximisation: Laird 1978, Journal of the American Statistical Association 73(364),
//! 805-811), and one log-normal distribution for how readily people report at a stop, independent of its rate. Its
//! width, how much filling varies, and how often a report has another reason are those with the highest probability
//! of all data. A stop is then known by its share of each rate, over all readinesses to report; with few reports it
//! borrows from the others.
//!
//! Time is counted by the [`Rhythm`](rhythm::Rhythm) of the day. Without it, the nights before early rounds look like
//! time in which nobody reported a full stop, and every stop comes out too slow.
//!
//! Where it was weighed, or seen, how full a stop was when it was emptied, that says directly how fast it fills up.
//! Only what was full by then leaves open since when. Days of the week are told apart by `weekdays`; a season is
//! taken for what lasts from one emptying to the next.

pub mod cadence;
mod common;
mod law;
pub mod logged;
pub mod rhythm;
mod weekdays;
pub mod weighed;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use common::Common;
use law::{Growth, Seen, Table, step};
pub use law::{Law, Stretch};
pub(super) use weekdays::Spent;

/// Rates in the grid, shares of the capacity per day, evenly spaced on a logarithmic scale.
const RATES: usize = 56;
const SLOWEST: f64 = 0.03;
const FASTEST: f64 = 2.5;
/// So many stops of each rate are made up, so that a rate that none seems to have stays possible.
const MADE_UP: f64 = 0.25;
/// Rounds of expectation maximisation: more change the shares by less than a stop.
const ROUNDS: usize = 25;
/// Fewer known stretches than this are too few to say anything about a stop.
const FEWEST: usize = 3;

/// How fast every stop fills up.
#[derive(Debug, Clone)]
pub struct Fills {
    /// How common each rate is.
    share: Vec<f64>,
    /// How common each readiness to report is.
    ready: Vec<f64>,
    /// Logarithm of the probability of each stop's stretches, by rate, then readiness; and how many stretches.
    stops: Vec<(Vec<f64>, usize)>,
    growths: Vec<Growth>,
    tables: Vec<Table>,
    common: Common,
}

/// What is known of a stop.
struct Known {
    /// What its stretches show, with how many do.
    seen: Vec<(Seen, f64)>,
    /// Those at whose end it is known how full it was.
    measured: Vec<Stretch>,
    count: usize,
}

impl Known {
    fn new(stretches: &[Stretch]) -> Self {
        let mut counts: BTreeMap<Seen, f64> = BTreeMap::new();
        let (measured, others): (Vec<Stretch>, Vec<Stretch>) =
            stretches.iter().partition(|stretch| stretch.is_measured());
        for stretch in &others {
            *counts.entry(Seen::of(stretch)).or_default() += 1.0;
        }
        Self { seen: counts.into_iter().collect(), measured, count: stretches.len() }
    }

    /// Logarithm of the probability of it all, by rate, then readiness.
    fn logs(&self, growths: &[Growth], tables: &[Table]) -> Vec<f64> {
        let mut logs = Vec::with_capacity(tables.len());
        for (growth, tables) in growths.iter().zip(tables.chunks(tables.len() / growths.len())) {
            let measured: f64 = self.measured.iter().map(|stretch| growth.measured(stretch)).sum();
            for table in tables {
                let seen = |(seen, count): &(Seen, f64)| count * table.log_probability(*seen);
                logs.push(measured + self.seen.iter().map(seen).sum::<f64>());
            }
        }
        logs
    }
}

/// The rate at `index` of the grid.
fn rate(index: usize) -> f64 {
    SLOWEST * (FASTEST / SLOWEST).powf(index as f64 / (RATES - 1) as f64)
}

impl Fills {
    /// Learns from the stretches of each stop. What was learnt `before` from nearly the same ones saves time.
    pub fn learn(stretches: &[Vec<Stretch>], before: Option<&Self>) -> Self {
        let known: Vec<Known> = stretches.par_iter().map(|stretches| Known::new(stretches)).collect();
        let first = before.map_or(Common::FIRST, |before| before.common);
        let (mut tried, mut best) = (BTreeSet::from([first]), Self::fit(&known, first));
        loop {
            let next: Vec<Common> =
                best.1.common.neighbours().into_iter().filter(|&common| tried.insert(common)).collect();
            let fits: Vec<(f64, Self)> = next.par_iter().map(|&common| Self::fit(&known, common)).collect();
            let found = fits.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best });
            let Some(found) = found.filter(|found| found.0 > best.0) else { return best.1 };
            best = found;
        }
    }

    /// Learns the shares of the rates; gives the logarithm of the whole probability too.
    fn fit(known: &[Known], common: Common) -> (f64, Self) {
        let growth = |index| Growth::new(rate(index), common.variation(), common.lasting());
        let growths: Vec<Growth> = (0..RATES).map(growth).collect();
        let (reporting, ready): (Vec<f64>, Vec<f64>) = common.readiness().into_iter().unzip();
        let of_rate =
            |growth| reporting.iter().map(move |&per_day| Table::new(growth, per_day, common.other()));
        let tables: Vec<Table> = growths.iter().flat_map(of_rate).collect();
        let logs = |known: &Known| (known.logs(&growths, &tables), known.count);
        let stops = known.iter().map(logs).collect();
        let mut fills =
            Self { share: vec![1.0 / RATES as f64; RATES], ready, stops, growths, tables, common };
        let whole = fills.share_out();
        (whole, fills)
    }

    /// Finds out how common each rate is; gives the logarithm of the whole probability.
    fn share_out(&mut self) -> f64 {
        let known = self.stops.iter().filter(|(_, count)| *count > 0);
        let likely: Vec<(Vec<f64>, f64)> = known.map(|(logs, _)| self.likely(logs)).collect();
        let mut whole = 0.0;
        for _round in 0..ROUNDS {
            let mut share = vec![MADE_UP; RATES];
            whole = 0.0;
            for (likely, most) in &likely {
                let sum: f64 = likely.iter().zip(&self.share).map(|(likely, share)| likely * share).sum();
                whole += most + sum.ln();
                for ((share, likely), before) in share.iter_mut().zip(likely).zip(&self.share) {
                    *share += likely * before / sum;
                }
            }
            let total: f64 = share.iter().sum();
            self.share = share.iter().map(|part| part / total).collect();
        }
        whole
    }

    /// Standard deviation of what comes in on a day over its mean.
    pub fn variation(&self) -> f64 {
        self.common.variation()
    }

    /// How all stops fill up, in days of `rhythm`: that of the stretches learnt from.
    pub fn law(&self, rhythm: rhythm::Rhythm) -> Law {
        Law { variation: self.common.variation(), lasting: self.common.lasting(), rhythm }
    }

    /// Reports per day about a stop that is full, at the middle stop.
    pub fn reporting(&self) -> f64 {
        self.common.reporting()
    }

    /// How probable the data are at each rate, over all readinesses, as shares of the most; and its logarithm.
    fn likely(&self, logs: &[f64]) -> (Vec<f64>, f64) {
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let of_rate = |logs: &[f64]| {
            logs.iter().zip(&self.ready).map(|(log, ready)| ready * (log - most).exp()).sum::<f64>()
        };
        (logs.chunks(self.ready.len()).map(of_rate).collect(), most)
    }

    /// How probable each rate is given the logarithms of the probabilities.
    fn posterior(&self, logs: &[f64]) -> Vec<f64> {
        let (mut weights, _) = self.likely(logs);
        weights.iter_mut().zip(&self.share).for_each(|(weight, share)| *weight *= share);
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    }

    /// The rates that a stop's data allow (shares of its capacity per day, ascending), each with its
    /// probability; none with too few data.
    pub fn rates(&self, stop: usize) -> Vec<(f64, f64)> {
        let (logs, count) = &self.stops[stop];
        if *count < FEWEST {
            return Vec::new();
        }
        let posterior = self.posterior(logs);
        posterior.into_iter().enumerate().map(|(index, share)| (rate(index), share)).collect()
    }

    /// Share of its capacity by which a stop fills up in a day; NaN with too few data.
    pub fn per_day(&self, stop: usize) -> f64 {
        let rates = self.rates(stop);
        if rates.is_empty() { f64::NAN } else { rates.iter().map(|(rate, share)| rate * share).sum() }
    }

    /// Probability that a stop is full so many days after it was emptied. `without` is a stretch of its own
    /// that is set aside. A stop without data is like the others.
    pub fn full(&self, stop: usize, days: f64, without: Option<&Stretch>) -> f64 {
        let mut logs = self.stops[stop].0.clone();
        if let Some(seen) = without.map(Seen::of) {
            logs.iter_mut().zip(&self.tables).for_each(|(log, table)| *log -= table.log_probability(seen));
        }
        let posterior = self.posterior(&logs);
        let now = step(days);
        posterior.iter().zip(&self.growths).map(|(share, growth)| share * growth.full[now]).sum()
    }

    /// Probability that a stop overflows before its next planned service, over the planned intervals in days;
    /// NaN with too few data.
    pub fn overflow(&self, stop: usize, intervals: &[f64]) -> f64 {
        if self.stops[stop].1 < FEWEST || intervals.is_empty() {
            return f64::NAN;
        }
        let sum: f64 = intervals.iter().map(|&days| self.full(stop, days, None)).sum();
        sum / intervals.len() as f64
    }
}

#[cfg(test)]
mod tests;
