//! Diagnoses and the plan in, reports that a change would avoid out.
//!
//! A bin fills by a gamma process: after `t` days its content has mean `fill_per_day * t`, and the amounts of
//! single days vary by `fill_cv`. Time during which it overflows is what reports come from; a change is worth
//! the share of that time that it takes away.

use std::collections::BTreeMap;
use std::sync::Arc;

use statrs::distribution::{ContinuousCDF, Gamma};

use super::Situation;
use super::cost::Run;
use crate::collection::{Collection, Reason};
use crate::model::some;

/// Days in a year, for rates.
pub(super) const YEAR_DAYS: f64 = 365.25;

/// How a bin fills.
#[derive(Debug)]
pub(super) struct Fill {
    per_day: f64,
    cv: f64,
    /// Days of overflow up to each hour since the last emptying.
    overflow: Vec<f64>,
}

impl Fill {
    /// Hours over which overflow is added up: a fortnight.
    const HOURS: usize = 14 * 24;

    pub(super) fn new(per_day: f64, cv: f64) -> Self {
        let mut fill = Self { per_day, cv, overflow: vec![0.0] };
        let mut before = 0.0;
        for hour in 1..=Self::HOURS {
            let now = fill.p_full(hour as f64 / 24.0);
            let sum = fill.overflow[hour - 1] + f64::midpoint(before, now) / 24.0;
            fill.overflow.push(sum);
            before = now;
        }
        fill
    }

    /// Share of its capacity that is filled in a day.
    pub(super) fn per_day(&self) -> f64 {
        self.per_day
    }

    /// Probability that it is full `days` after it was emptied.
    pub(super) fn p_full(&self, days: f64) -> f64 {
        let (shape, rate) = (days / self.cv.powi(2), 1.0 / (self.per_day * self.cv.powi(2)));
        Gamma::new(shape, rate).map_or(0.0, |content| content.sf(1.0))
    }

    /// Days per week during which it is expected to overflow, emptied at these hours of the week (ascending).
    pub(super) fn overflow_days(&self, hours: &[f64]) -> f64 {
        gaps_h(hours).iter().map(|&gap_h| self.overflow_within(gap_h)).sum()
    }

    /// Probability that it overflows before its next emptying, in the longest gap.
    pub(super) fn p_overflow(&self, hours: &[f64]) -> f64 {
        self.p_full(gaps_h(hours).into_iter().fold(0.0, f64::max) / 24.0)
    }

    /// Days of overflow expected up to so many hours after an emptying; a fortnight at most is added up.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=HOURS by the clamp")]
    fn overflow_within(&self, gap_h: f64) -> f64 {
        let gap_h = gap_h.clamp(0.0, Self::HOURS as f64);
        let hour = (gap_h as usize).min(Self::HOURS - 1);
        let (low, high) = (self.overflow[hour], self.overflow[hour + 1]);
        low + (high - low) * (gap_h - hour as f64)
    }
}

/// How long a stop overflows, over all rates at which its data allow it to fill up, and with its skipped visits.
#[derive(Debug)]
pub(super) struct Overflow {
    /// How it fills at each rate, and how probable that is.
    fills: Vec<(Arc<Fill>, f64)>,
    /// Chance that a planned emptying does not take place.
    miss_rate: f64,
}

impl Overflow {
    /// Chains of skipped emptyings rarer than this are left out.
    const RARE: f64 = 1e-3;

    /// The stops of a collection; `None` where nothing is known of the filling.
    pub(super) fn of_stops(collection: &Collection, cv: f64) -> Vec<Option<Self>> {
        let mut known: BTreeMap<u64, Arc<Fill>> = BTreeMap::new();
        let stops = collection.stops.iter().enumerate().map(|(index, stop)| {
            let single = [(stop.fill_per_day, 1.0)];
            let rates = collection.fill_rates.get(index).filter(|rates| !rates.is_empty());
            let rates = rates.map_or(&single[..], Vec::as_slice);
            let usable = rates.iter().filter(|(rate, share)| *rate > 0.0 && *share > Self::RARE);
            let fills: Vec<(Arc<Fill>, f64)> = usable
                .map(|&(rate, share)| {
                    let fill = known.entry(rate.to_bits()).or_insert_with(|| Arc::new(Fill::new(rate, cv)));
                    (Arc::clone(fill), share)
                })
                .collect();
            let whole: f64 = fills.iter().map(|(_, share)| share).sum();
            let fills: Vec<_> = fills.into_iter().map(|(fill, share)| (fill, share / whole)).collect();
            let miss_rate = if stop.skip_rate.is_nan() { 0.0 } else { stop.skip_rate.clamp(0.0, 0.9) };
            (!fills.is_empty()).then_some(Self { fills, miss_rate })
        });
        stops.collect()
    }

    /// Hours per week during which it is expected to overflow, emptied at these hours of the week (ascending).
    pub(super) fn hours(&self, services: &[f64]) -> f64 {
        self.mean_and_variance(services).0
    }

    /// The same with its variance over the rates.
    pub(super) fn mean_and_variance(&self, services: &[f64]) -> (f64, f64) {
        let gaps = self.chances(services);
        let (mut mean, mut square) = (0.0, 0.0);
        for (fill, share) in &self.fills {
            let hours = overflow_h(fill, &gaps);
            mean += share * hours;
            square += share * hours * hours;
        }
        (mean, (square - mean * mean).max(0.0))
    }

    /// Variance over the rates of the change in hours from one set of emptyings to another.
    pub(super) fn variance_of_change(&self, before: &[f64], after: &[f64]) -> f64 {
        let (before, after) = (self.chances(before), self.chances(after));
        let (mut mean, mut square) = (0.0, 0.0);
        for (fill, share) in &self.fills {
            let change = overflow_h(fill, &after) - overflow_h(fill, &before);
            mean += share * change;
            square += share * change * change;
        }
        (square - mean * mean).max(0.0)
    }

    /// The hours from each emptying that takes place to the next one that does, with how often in a week.
    fn chances(&self, services: &[f64]) -> Vec<(f64, f64)> {
        let gaps = gaps_h(services);
        let mut chances = Vec::new();
        let mut chance = if services.is_empty() { 0.5 } else { (1.0 - self.miss_rate).powi(2) };
        let mut missed = 0;
        while chance > Self::RARE {
            for first in 0..gaps.len() {
                let gap_h: f64 = (first..=first + missed).map(|gap| gaps[gap % gaps.len()]).sum();
                chances.push((gap_h, chance));
            }
            chance *= self.miss_rate;
            missed += 1;
        }
        chances
    }
}

/// Hours of overflow per week, given how often there are which hours between two emptyings.
fn overflow_h(fill: &Fill, chances: &[(f64, f64)]) -> f64 {
    chances.iter().map(|(gap_h, chance)| 24.0 * chance * fill.overflow_within(*gap_h)).sum()
}

/// Hours between emptyings, round the week; one emptying gives one gap of a week, none gives two weeks.
pub(super) fn gaps_h(hours: &[f64]) -> Vec<f64> {
    const WEEK_H: f64 = 168.0;
    let Some((&first, &last)) = hours.first().zip(hours.last()) else { return vec![2.0 * WEEK_H] };
    let mut gaps: Vec<f64> = hours.windows(2).map(|two| two[1] - two[0]).collect();
    gaps.push(first + WEEK_H - last);
    gaps
}

/// One call of a week: when, and by which trip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Service {
    /// Hours since Monday at midnight.
    pub(super) hour: f64,
    /// Index into the trips.
    pub(super) trip: u32,
    /// The weekday of the service day.
    pub(super) weekday: usize,
}

/// The calls at `stop` in an ordinary week, in their order.
pub(super) fn week(runs: &[Run], stop: u32) -> Vec<Service> {
    let mut services = Vec::new();
    for run in runs {
        for call in run.trip.calls.iter().filter(|call| call.stop == stop) {
            for weekday in (0..7).filter(|&weekday| run.runs_on(weekday)) {
                let hour = hour_of_week(weekday, call.arrival_s);
                services.push(Service { hour, trip: run.index, weekday });
            }
        }
    }
    services.sort_by(|a, b| a.hour.total_cmp(&b.hour).then(a.trip.cmp(&b.trip)));
    services
}

/// Hours since Monday at midnight of a time within a service day, which may be later than 24:00.
pub(super) fn hour_of_week(weekday: usize, seconds: i64) -> f64 {
    (weekday as f64 * 24.0 + seconds as f64 / 3600.0).rem_euclid(168.0)
}

/// What the reports say about each stop.
#[derive(Debug)]
pub(super) struct Evidence {
    /// The reports of each stop that have the reason asked for, ascending.
    pub(super) of_stop: Vec<Vec<u32>>,
    /// Years that the reports span.
    pub(super) years: f64,
    /// The gamma distribution of counts over stops that single counts are shrunk towards: shape and rate.
    prior: (f64, f64),
}

impl Evidence {
    pub(super) fn new(situation: &Situation, reason: Reason) -> Self {
        let mut of_stop = vec![Vec::new(); situation.rounds.stops.len()];
        let about = situation.collection.diagnoses.iter().filter(|diagnosis| diagnosis.reason == reason);
        for diagnosis in about {
            if let Some(stop) = some(diagnosis.stop) {
                of_stop[stop].push(diagnosis.report);
            }
        }
        for reports in &mut of_stop {
            reports.sort_unstable();
        }
        let counts: Vec<f64> = of_stop.iter().map(|reports| reports.len() as f64).collect();
        Self { of_stop, years: situation.period.years(), prior: gamma_prior(&counts) }
    }

    /// Reports per year of a stop with `count` of them: the low and high end of the interval.
    pub(super) fn per_year(&self, count: usize, confidence: f64) -> (f64, f64) {
        let (shape, rate) = self.prior;
        let (low, high) = gamma_interval(shape + count as f64, rate + 1.0, confidence);
        (low / self.years, high / self.years)
    }
}

/// The gamma distribution of rates from which Poisson counts would spread as these do, by their mean and
/// variance; where they spread no wider than chance, or there are too few, the one that says nothing
/// (Jeffreys: shape ½, rate 0).
///
/// Shrinking a count towards it undoes the luck by which the largest counts were chosen.
pub(super) fn gamma_prior(counts: &[f64]) -> (f64, f64) {
    let n = counts.len() as f64;
    if n < 10.0 {
        return (0.5, 0.0);
    }
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (n - 1.0);
    if variance <= mean { (0.5, 0.0) } else { (mean.powi(2) / (variance - mean), mean / (variance - mean)) }
}

/// The equal-tailed interval of a gamma distribution.
pub(super) fn gamma_interval(shape: f64, rate: f64, confidence: f64) -> (f64, f64) {
    let tail = (1.0 - confidence.clamp(0.0, 0.9999)) / 2.0;
    Gamma::new(shape, rate)
        .map_or((0.0, 0.0), |gamma| (gamma.inverse_cdf(tail), gamma.inverse_cdf(1.0 - tail)))
}
