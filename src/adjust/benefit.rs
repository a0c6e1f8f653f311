//! Diagnoses and the plan in, reports that a change would avoid out.
//!
//! A stop fills up as its reports, and where there are any its weighings, show it
//! ([`Law`](crate::collection::fill::Law)): a gamma process at a rate of its own, by the hours of the day and the days of
//! the week on which things come in, at a pace that differs from one emptying to the next. Which rate it has is not quite
//! known; every one counts as much as it is probable. Emptyings come at their planned times, or one by one not at all.
//! Time during which a stop overflows is what reports come from; a change is worth the share of that time that it takes
//! away.
//!
//! Not expected: rounds that come late (the next one is then the nearer), and a season that brings more all over the city
//! than the one learnt from.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use statrs::distribution::{ContinuousCDF, Gamma};

use super::cost::Run;
use super::{Options, Situation};
use crate::collection::fill::Law;
use crate::collection::fill::rhythm::Rhythm;
use crate::collection::{Collection, Reason};
use crate::model::some;

/// Days in a year, for rates.
pub(super) const YEAR_DAYS: f64 = 365.25;

const WEEK_H: usize = 168;

/// How stops fill up: as learnt, or with days that vary as the options say.
pub(super) fn law(collection: &Collection, options: &Options) -> Law {
    let learnt = collection.fill_law;
    options.fill_cv.map_or(learnt, |variation| Law { variation, lasting: 0.0, ..learnt })
}

/// How a stop fills up: the chance that it is full by the time since its last emptying.
#[derive(Debug)]
pub(super) struct Fill {
    /// Probability that it is full after every [`STEP`](Self::STEP) of the rhythm.
    full: Vec<f64>,
    rhythm: Rhythm,
    /// Hours of overflow up to each hour after an emptying, for emptyings at each hour of the week, as they are needed.
    overflow: Vec<OnceLock<Vec<f64>>>,
}

impl Fill {
    /// Hours over which overflow is added up: a fortnight.
    const HOURS: usize = 14 * 24;
    /// Days of the rhythm from one probability to the next.
    const STEP: f64 = 0.05;
    /// A fortnight and a day: an emptying may come when the busy days begin.
    const STEPS: usize = 300;

    pub(super) fn new(per_day: f64, law: &Law) -> Self {
        Self::of((0..=Self::STEPS).map(|step| law.full(per_day, Self::STEP * step as f64)).collect(), law)
    }

    /// One of these, as probable as they are.
    fn mixed(fills: &[(Arc<Self>, f64)], law: &Law) -> Self {
        let full = |step: usize| fills.iter().map(|(fill, share)| share * fill.full[step]).sum();
        Self::of((0..=Self::STEPS).map(full).collect(), law)
    }

    fn of(full: Vec<f64>, law: &Law) -> Self {
        let overflow = (0..WEEK_H).map(|_| OnceLock::new()).collect();
        Self { full, rhythm: law.rhythm, overflow }
    }

    /// Probability that it is full so many days of the rhythm after it was emptied.
    pub(super) fn p_full(&self, days: f64) -> f64 {
        between(&self.full, days / Self::STEP)
    }

    /// Hours per week during which it is expected to overflow, emptied at these hours of the week (ascending).
    pub(super) fn overflow_h(&self, hours: &[f64]) -> f64 {
        gaps(hours).iter().map(|gap| self.overflow_within(*gap)).sum()
    }

    /// Probability that it overflows before its next emptying, where that is most probable.
    pub(super) fn p_overflow(&self, hours: &[f64]) -> f64 {
        let days = |gap: &Gap| {
            let from = self.rhythm.days_of_week(gap.from_h);
            self.rhythm.days_of_week(gap.from_h + gap.hours) - from
        };
        self.p_full(gaps(hours).iter().map(days).fold(0.0, f64::max))
    }

    /// Hours of overflow expected from an emptying to the next; of a fortnight at most.
    fn overflow_within(&self, gap: Gap) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "hours of a week")]
        let from = gap.from_h.rem_euclid(WEEK_H as f64) as usize % WEEK_H;
        let share = gap.from_h.rem_euclid(1.0);
        let of_row = |from: usize| between(self.row(from), gap.hours);
        of_row(from) * (1.0 - share) + if share > 0.0 { of_row((from + 1) % WEEK_H) * share } else { 0.0 }
    }

    fn row(&self, from: usize) -> &[f64] {
        self.overflow[from].get_or_init(|| {
            let emptied = self.rhythm.days_of_week(from as f64);
            let (mut row, mut before) = (vec![0.0], self.full[0]);
            for hour in 1..=Self::HOURS {
                let now = self.p_full(self.rhythm.days_of_week((from + hour) as f64) - emptied);
                row.push(row[hour - 1] + f64::midpoint(before, now));
                before = now;
            }
            row
        })
    }
}

/// The value at a place between those of a list; at its ends that of the end.
fn between(values: &[f64], place: f64) -> f64 {
    let last = values.len() - 1;
    let place = place.clamp(0.0, last as f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the list")]
    let below = (place as usize).min(last.saturating_sub(1));
    values[below] + (values[below + 1] - values[below]) * (place - below as f64)
}

/// How long a stop overflows, over all rates at which its data allow it to fill up, and with its skipped visits.
#[derive(Debug)]
pub(super) struct Overflow {
    /// How it fills at each rate, and how probable that is.
    fills: Vec<(Arc<Fill>, f64)>,
    /// How it fills as far as is known.
    mixed: Fill,
    /// Chance that a planned emptying does not take place.
    miss_rate: f64,
}

impl Overflow {
    /// Rates and chains of skipped emptyings rarer than this are left out.
    const RARE: f64 = 1e-3;

    /// The stops of a collection; `None` where nothing is known of the filling.
    pub(super) fn of_stops(collection: &Collection, law: &Law) -> Vec<Option<Self>> {
        let mut known: BTreeMap<u64, Arc<Fill>> = BTreeMap::new();
        let stops = collection.stops.iter().enumerate().map(|(index, stop)| {
            let single = [(stop.fill_per_day, 1.0)];
            let rates = collection.fill_rates.get(index).filter(|rates| !rates.is_empty());
            let rates = rates.map_or(&single[..], Vec::as_slice);
            let usable = rates.iter().filter(|(rate, share)| *rate > 0.0 && *share > Self::RARE);
            let fills: Vec<(Arc<Fill>, f64)> = usable
                .map(|&(rate, share)| {
                    let fill = known.entry(rate.to_bits()).or_insert_with(|| Arc::new(Fill::new(rate, law)));
                    (Arc::clone(fill), share)
                })
                .collect();
            let whole: f64 = fills.iter().map(|(_, share)| share).sum();
            let fills: Vec<_> = fills.into_iter().map(|(fill, share)| (fill, share / whole)).collect();
            let miss_rate = if stop.skip_rate.is_nan() { 0.0 } else { stop.skip_rate.clamp(0.0, 0.9) };
            (!fills.is_empty()).then(|| Self { mixed: Fill::mixed(&fills, law), fills, miss_rate })
        });
        stops.collect()
    }

    /// How it fills as far as is known, every emptying made.
    pub(super) fn fill(&self) -> &Fill {
        &self.mixed
    }

    /// Hours per week during which it is expected to overflow, emptied at these hours of the week (ascending).
    pub(super) fn hours(&self, services: &[f64]) -> f64 {
        overflow_h(&self.mixed, &self.chances(services))
    }

    /// The same with its variance over the rates.
    pub(super) fn mean_and_variance(&self, services: &[f64]) -> (f64, f64) {
        let gaps = self.chances(services);
        self.moments(|fill| overflow_h(fill, &gaps))
    }

    /// Variance over the rates of the change in hours from one set of emptyings to another.
    pub(super) fn variance_of_change(&self, before: &[f64], after: &[f64]) -> f64 {
        let (before, after) = (self.chances(before), self.chances(after));
        self.moments(|fill| overflow_h(fill, &after) - overflow_h(fill, &before)).1
    }

    /// Mean and variance over the rates.
    fn moments(&self, hours: impl Fn(&Fill) -> f64) -> (f64, f64) {
        let (mut mean, mut square) = (0.0, 0.0);
        for (fill, share) in &self.fills {
            let hours = hours(fill);
            mean += share * hours;
            square += share * hours * hours;
        }
        (mean, (square - mean * mean).max(0.0))
    }

    /// From each emptying that takes place to the next one that does, with how often in a week.
    fn chances(&self, services: &[f64]) -> Vec<(Gap, f64)> {
        let gaps = gaps(services);
        let mut chances = Vec::new();
        let mut chance = if services.is_empty() { 0.5 } else { (1.0 - self.miss_rate).powi(2) };
        let mut missed = 0;
        while chance > Self::RARE {
            for first in 0..gaps.len() {
                let hours = (first..=first + missed).map(|gap| gaps[gap % gaps.len()].hours).sum();
                chances.push((Gap { from_h: gaps[first].from_h, hours }, chance));
            }
            chance *= self.miss_rate;
            missed += 1;
        }
        chances
    }
}

/// Hours of overflow per week, given how often there is which time between two emptyings.
fn overflow_h(fill: &Fill, chances: &[(Gap, f64)]) -> f64 {
    chances.iter().map(|(gap, chance)| chance * fill.overflow_within(*gap)).sum()
}

/// The time between two emptyings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    /// Hour of the week of the first.
    from_h: f64,
    /// Hours from it to the next.
    pub(super) hours: f64,
}

/// The gaps between emptyings, round the week; one emptying gives one of a week, none gives two weeks.
pub(super) fn gaps(hours: &[f64]) -> Vec<Gap> {
    let week_h = WEEK_H as f64;
    let Some((&first, &last)) = hours.first().zip(hours.last()) else {
        return vec![Gap { from_h: 0.0, hours: 2.0 * week_h }];
    };
    let gap = |two: &[f64]| Gap { from_h: two[0], hours: two[1] - two[0] };
    let mut gaps: Vec<Gap> = hours.windows(2).map(gap).collect();
    gaps.push(Gap { from_h: last, hours: first + week_h - last });
    gaps
}

/// Hours between emptyings, round the week.
pub(super) fn gaps_h(hours: &[f64]) -> Vec<f64> {
    gaps(hours).into_iter().map(|gap| gap.hours).collect()
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
