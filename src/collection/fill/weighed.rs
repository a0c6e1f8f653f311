//! Weighings of each site in, what its next ones will weigh out, with an interval.
//!
//! A container that is emptied before it is full holds more the longer it stood; one that was full holds no more. So
//! the logarithm of the weight is a level of the site's own, and so much for an interval shorter than is usual there,
//! so much (little) for a longer one, and so much for the usual interval itself, which is told from the dates alone:
//! a site that is visited half as often yields more at each visit for good. What is common to all sites is the prior of
//! each (empirical Bayes), a site with few weighings borrows from it, and the level may drift. Outliers (half of the
//! containers lifted, a lift that was not weighed) count little: errors are weighed as of Student's t. The intervals
//! come from how wrong earlier forecasts of the same kind were (split conformal), never from what is forecast.
//!
//! Seasons, holidays and the weather are not modelled; how far a whole city drifts from what was learnt widens the
//! intervals of a forecast that is not kept up with new weighings.

use rayon::prelude::*;

use crate::model::service::{Service, Services};
use crate::unit::DAY_S;

/// Level, shorter than usual, longer than usual, usual interval.
const TERMS: usize = 4;
/// Before the data say otherwise: response of the logarithm of the weight to that of the interval. Within a site the
/// half of the interval brings three quarters of the weight, twice the interval hardly more than the usual.
const GUESS: [f64; TERMS - 1] = [0.4, 0.05, 0.3];
const GUESS_VARIANCE: [f64; TERMS] = [0.5, 0.05, 0.02, 0.02];
const GUESS_SCATTER: f64 = 0.25;
/// The usual interval at which the level is meant, days.
const LEVEL_AT_DAYS: f64 = 5.0;
/// Intervals are taken as no shorter and no longer than this, days: longer ones are holes in the log.
const DAYS: [f64; 2] = [0.2, 60.0];
/// Degrees of freedom of the errors: an error of three standard deviations counts a third of a small one.
const FREEDOM: f64 = 3.0;
/// Drift of the level from visit to visit five days apart, as a share of the scatter; the best is chosen.
const DRIFTS: [f64; 4] = [0.005, 0.01, 0.02, 0.04];
/// The usual interval follows the last twenty, the scatter the last fifty.
const USUAL_GAIN: f64 = 1.0 / 20.0;
const SCATTER_GAIN: f64 = 1.0 / 50.0;
/// Rounds of learning what is common to all sites.
const ROUNDS: usize = 3;
/// Sites with fewer weighings do not teach what is common, and fewer sites than this cannot.
const FEWEST_WEIGHINGS: usize = 20;
const FEWEST_SITES: usize = 10;
/// Classes of interval lengths with intervals of their own, and scores that each needs.
const CLASSES: usize = 6;
const FEWEST_SCORES: usize = 100;
/// The interval holds 80 %: one tenth is below, one above.
const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];
/// The city's drift is measured in steps of this many days.
const STEP_S: i64 = 30 * DAY_S;

type Terms = [f64; TERMS];

/// What a forecast may rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// The weighings up to the end of learning, and the dates of services since.
    Frozen,
    /// All weighings before the one that is forecast.
    KeptUp,
}

/// What a service is expected to weigh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// As probably more as less, kilograms.
    pub kg: f64,
    /// One in ten is lighter, kilograms.
    pub low_kg: f64,
    /// One in ten is heavier, kilograms.
    pub high_kg: f64,
}

/// A forecast beside what was weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Index into the sites.
    pub site: usize,
    /// When, seconds UTC.
    pub at: i64,
    /// Days since the service before.
    pub days: f64,
    /// What was weighed, kilograms.
    pub kg: f64,
    /// What was expected.
    pub forecast: Forecast,
}

/// What is learnt from the weighings of all sites up to a moment.
#[derive(Debug, Clone)]
pub struct Weighed {
    prior: Site,
    drift: f64,
    sites: Vec<Site>,
    until: i64,
    frozen: Scores,
    kept_up: Scores,
}

/// What is known of one site.
#[derive(Debug, Clone)]
struct Site {
    mean: Terms,
    covariance: [Terms; TERMS],
    /// Variance of the logarithm of the weight.
    scatter: f64,
    /// Logarithm of the usual interval in days.
    usual: f64,
    weighings: usize,
    /// The end of the last service.
    last: Option<i64>,
}

/// The logarithm of a weight as expected, with its standard deviation.
#[derive(Debug, Clone, Copy)]
struct Expected {
    log_kg: f64,
    deviation: f64,
}

impl Site {
    fn terms(&self, days: f64) -> Terms {
        let longer = days.clamp(DAYS[0], DAYS[1]).ln() - self.usual;
        [1.0, longer.min(0.0), longer.max(0.0), self.usual - LEVEL_AT_DAYS.ln()]
    }

    fn expect(&self, days: f64) -> Expected {
        let terms = self.terms(days);
        let variance = self.scatter + dot(&terms, &times(&self.covariance, &terms));
        Expected { log_kg: dot(&terms, &self.mean), deviation: variance.sqrt() }
    }

    /// A step of the Kalman filter; the error weighs as under Student's t, which is a normal one whose variance is
    /// gamma-distributed (Meinhold & Singpurwalla 1989, Journal of the American Statistical Association 84, 479-486).
    fn weigh(&mut self, days: f64, kg: f64, drift: f64) {
        let terms = self.terms(days);
        self.covariance[0][0] += drift * self.scatter * days.min(14.0) / LEVEL_AT_DAYS;
        let toward = times(&self.covariance, &terms);
        let known = dot(&terms, &toward);
        let error = kg.ln() - dot(&terms, &self.mean);
        let weight = (FREEDOM + 1.0) / (FREEDOM + error * error / (self.scatter + known));
        let variance = self.scatter / weight + known;
        for (row, gained) in toward.iter().enumerate() {
            self.mean[row] += gained / variance * error;
            for (column, other) in toward.iter().enumerate() {
                self.covariance[row][column] -= gained * other / variance;
            }
        }
        self.weighings += 1;
        let gain = (1.0 / (self.weighings + 5) as f64).max(SCATTER_GAIN);
        self.scatter += (gain * (weight * error * error - self.scatter)).max(-0.9 * self.scatter);
    }

    /// Goes through the services of a site: tells each weighing that has an interval, with what was expected, to
    /// `each`, and learns from those before `until`.
    fn follow(
        &mut self,
        services: &[Service],
        drift: f64,
        until: i64,
        mut each: impl FnMut(&Service, f64, Expected),
    ) {
        for service in services {
            if let Some(last) = self.last.filter(|&last| last < service.begun) {
                let days = (service.begun - last) as f64 / DAY_S as f64;
                if service.kg > 0.0 {
                    each(service, days, self.expect(days));
                    if service.begun < until {
                        self.weigh(days, service.kg, drift);
                    }
                }
                let longer = days.clamp(DAYS[0], DAYS[1]).ln() - self.usual;
                self.usual += (1.0 / (self.weighings + 1) as f64).max(USUAL_GAIN) * longer.clamp(-1.0, 1.0);
            }
            self.last = Some(service.ended);
        }
    }
}

fn dot(a: &Terms, b: &Terms) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn times(matrix: &[Terms; TERMS], terms: &Terms) -> Terms {
    matrix.map(|row| dot(&row, terms))
}

/// How wrong forecasts were, in their standard deviations: quantiles by the length of the interval.
#[derive(Debug, Clone)]
struct Scores {
    /// Where one class of interval lengths ends and the next begins, days.
    edges: Vec<f64>,
    quantiles: Vec<[f64; 3]>,
    /// Variance that a whole city gains on its forecast in thirty days, in squared standard deviations.
    drift: f64,
}

impl Scores {
    /// From (interval in days, error). `None` without any.
    fn of(mut scores: Vec<(f64, f64)>, drift: f64) -> Option<Self> {
        scores.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let classes = (scores.len() / FEWEST_SCORES).clamp(1, CLASSES);
        let mut edges: Vec<f64> =
            (1..classes).map(|class| scores[class * scores.len() / classes].0).collect();
        edges.dedup();
        // A class below the shortest interval would be empty.
        edges.retain(|&edge| edge > scores[0].0);
        let class_of = |days: f64| edges.partition_point(|&edge| edge <= days);
        let errors = scores.chunk_by(|a, b| class_of(a.0) == class_of(b.0)).map(|class| {
            let mut errors: Vec<f64> = class.iter().map(|score| score.1).collect();
            QUANTILES.map(|share| quantile(&mut errors, share))
        });
        let quantiles: Vec<[f64; 3]> = errors.collect();
        (!quantiles.is_empty()).then_some(Self { edges, quantiles, drift })
    }

    /// The forecast that `expected` makes `ahead_s` after the last weighing that was used.
    fn forecast(&self, expected: Expected, days: f64, ahead_s: i64) -> Forecast {
        let class = self.edges.partition_point(|&edge| edge <= days).min(self.quantiles.len() - 1);
        let [low, middle, high] = self.quantiles[class];
        let wider = (1.0 + self.drift * ahead_s.max(0) as f64 / STEP_S as f64).sqrt();
        let kg = |errors: f64| (expected.log_kg + errors * expected.deviation).exp();
        Forecast { kg: kg(middle), low_kg: kg(low * wider), high_kg: kg(high * wider) }
    }
}

/// The value below which `share` of the values lie, interpolated.
///
/// # Panics
/// When there is none.
pub(super) fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let place = share * (values.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the list")]
    let below = place as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (values[above] - values[below]) * (place - below as f64)
}

/// One forecast that was made and came true or not.
#[derive(Debug, Clone, Copy)]
struct Trial {
    at: i64,
    days: f64,
    kg: f64,
    expected: Expected,
}

impl Trial {
    fn score(&self) -> f64 {
        (self.kg.ln() - self.expected.log_kg) / self.expected.deviation
    }
}

impl Weighed {
    /// Learns from the services that begin before `until`, seconds UTC. `None` with too few weighings.
    pub fn learn(services: &Services, until: i64) -> Option<Self> {
        let known: Vec<&[Service]> = services
            .of_site
            .iter()
            .map(|of_site| &of_site[..of_site.partition_point(|service| service.begun < until)])
            .collect();
        let from = known.iter().filter_map(|of_site| of_site.first()).map(|service| service.begun).min()?;
        let middle = from + (until - from) / 2;
        let mut prior = guess(&known)?;
        for _round in 0..ROUNDS {
            prior = common(&run(&known, &prior, DRIFTS[2], until).0).unwrap_or(prior);
        }
        let one_ahead = DRIFTS.map(|drift| {
            let (sites, mut trials) = run(&known, &prior, drift, until);
            trials.retain(|trial| trial.at >= middle);
            (drift, sites, trials)
        });
        let (drift, sites, trials) =
            one_ahead.into_iter().min_by(|a, b| error(&a.2).total_cmp(&error(&b.2)))?;
        let kept_up = Scores::of(trials.iter().map(|trial| (trial.days, trial.score())).collect(), 0.0)?;
        let frozen = rehearse(&known, &prior, drift, from, until).unwrap_or_else(|| kept_up.clone());
        Some(Self { prior, drift, sites, until, frozen, kept_up })
    }

    /// What a service of `site` that begins at `at` will weigh, when the last ended `days` before.
    pub fn forecast(&self, site: usize, at: i64, days: f64) -> Forecast {
        let site = self.sites.get(site).unwrap_or(&self.prior);
        self.frozen.forecast(site.expect(days), days, at - self.until)
    }

    /// Forecasts every weighing of `services` (with the same sites as those learnt from) since the end of learning.
    pub fn predict(&self, services: &Services, knowledge: Knowledge) -> Vec<Prediction> {
        let (scores, learn_until) = match knowledge {
            Knowledge::Frozen => (&self.frozen, self.until),
            Knowledge::KeptUp => (&self.kept_up, i64::MAX),
        };
        let of_site = |(index, known): (usize, &Site)| {
            let (mut site, mut predictions) = (known.clone(), Vec::new());
            let later = &services.of_site[index];
            let later = &later[later.partition_point(|service| service.begun < self.until)..];
            site.follow(later, self.drift, learn_until, |service, days, expected| {
                let ahead_s = if knowledge == Knowledge::Frozen { service.begun - self.until } else { 0 };
                let forecast = scores.forecast(expected, days, ahead_s);
                predictions.push(Prediction {
                    site: index,
                    at: service.begun,
                    days,
                    kg: service.kg,
                    forecast,
                });
            });
            predictions
        };
        self.sites.par_iter().enumerate().flat_map_iter(of_site).collect()
    }

    /// Response of the logarithm of the weight to that of the interval at a usual site: where it is shorter than
    /// usual, longer than usual, and where the usual interval itself is another.
    pub fn response(&self) -> [f64; 3] {
        let [_, shorter, longer, usual] = self.prior.mean;
        [shorter, longer, usual]
    }
}

/// Every site followed from the same beginning, in the order of the sites, with all forecasts on the way.
fn run(of_site: &[&[Service]], prior: &Site, drift: f64, until: i64) -> (Vec<Site>, Vec<Trial>) {
    let follow = |services: &&[Service]| {
        let (mut site, mut trials) = (prior.clone(), Vec::new());
        site.follow(services, drift, until, |service, days, expected| {
            trials.push(Trial { at: service.begun, days, kg: service.kg, expected });
        });
        (site, trials)
    };
    let followed: Vec<(Site, Vec<Trial>)> = of_site.par_iter().map(follow).collect();
    let (sites, trials): (Vec<Site>, Vec<Vec<Trial>>) = followed.into_iter().unzip();
    (sites, trials.concat())
}

/// Mean absolute error in kilograms.
fn error(trials: &[Trial]) -> f64 {
    let sum: f64 = trials.iter().map(|trial| (trial.kg - trial.expected.log_kg.exp()).abs()).sum();
    sum / trials.len() as f64
}

/// A site of which nothing is known, before anything is learnt. `None` without two weighings at a site.
fn guess(of_site: &[&[Service]]) -> Option<Site> {
    let pairs = || of_site.iter().flat_map(|services| services.windows(2));
    let mut kg: Vec<f64> = pairs().map(|pair| pair[1].kg.ln()).filter(|kg| kg.is_finite()).collect();
    let mut days: Vec<f64> =
        pairs().map(|pair| (pair[1].begun - pair[0].ended) as f64 / DAY_S as f64).collect();
    if kg.is_empty() {
        return None;
    }
    let [shorter, longer, usual] = GUESS;
    let mut covariance = [[0.0; TERMS]; TERMS];
    for (term, variance) in GUESS_VARIANCE.into_iter().enumerate() {
        covariance[term][term] = variance;
    }
    Some(Site {
        mean: [quantile(&mut kg, 0.5), shorter, longer, usual],
        covariance,
        scatter: GUESS_SCATTER,
        usual: quantile(&mut days, 0.5).clamp(DAYS[0], DAYS[1]).ln(),
        weighings: 0,
        last: None,
    })
}

/// What the sites have in common: the median of what is known of each, and as covariance the mean of their doubts plus
/// the covariance between them (the step of expectation maximisation for normal effects). `None` with too few sites.
fn common(sites: &[Site]) -> Option<Site> {
    let sites: Vec<&Site> = sites.iter().filter(|site| site.weighings >= FEWEST_WEIGHINGS).collect();
    if sites.len() < FEWEST_SITES {
        return None;
    }
    let median = |value: &dyn Fn(&Site) -> f64| {
        let mut values: Vec<f64> = sites.iter().map(|site| value(site)).collect();
        quantile(&mut values, 0.5)
    };
    let mean: Terms = std::array::from_fn(|term| median(&|site| site.mean[term]));
    let covariance = std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            let of = |site: &&Site| {
                let apart = (site.mean[row] - mean[row]) * (site.mean[column] - mean[column]);
                site.covariance[row][column] + apart
            };
            sites.iter().map(of).sum::<f64>() / sites.len() as f64
        })
    });
    let (scatter, usual) = (median(&|site| site.scatter), median(&|site| site.usual));
    Some(Site { mean, covariance, scatter, usual, weighings: 0, last: None })
}

/// How wrong forecasts get that are not kept up: learning is stopped at each quarter of the time, and the rest is
/// forecast. The errors are those of the half; how far the whole city had drifted from its forecast in each month
/// is taken off them (that it went up or down then says nothing of the next time) and comes back as a variance that grows
/// with the months, measured at all three. `None` with too few.
fn rehearse(of_site: &[&[Service]], prior: &Site, drift: f64, from: i64, until: i64) -> Option<Scores> {
    let (mut squares, mut scores) = (Vec::new(), Vec::new());
    for quarter in 1..4 {
        let stop = from + (until - from) / 4 * quarter;
        let seen: Vec<&[Service]> = of_site
            .iter()
            .copied()
            .filter(|services| services.first().is_some_and(|first| first.begun < stop))
            .collect();
        let mut trials = run(&seen, prior, drift, stop).1;
        trials.retain(|trial| trial.at >= stop);
        trials.sort_by_key(|trial| trial.at);
        for month in trials.chunk_by(|a, b| (a.at - stop) / STEP_S == (b.at - stop) / STEP_S) {
            let mut errors: Vec<f64> = month.iter().map(Trial::score).collect();
            if errors.len() < FEWEST_SCORES {
                continue;
            }
            let shift = quantile(&mut errors, 0.5);
            let months = ((month[0].at - stop) / STEP_S) as f64 + 0.5;
            squares.push(shift * shift / months);
            if quarter == 2 {
                scores.extend(month.iter().map(|trial| (trial.days, trial.score() - shift)));
            }
        }
    }
    let drift = squares.iter().sum::<f64>() / squares.len().max(1) as f64;
    Scores::of(scores, drift)
}

#[cfg(test)]
mod tests;
