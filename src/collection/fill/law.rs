//! A rate and how much it varies in, the chance to be full after so many days out; and, with how soon people report,
//! that of a first report or of none.

use statrs::distribution::{Continuous, ContinuousCDF, Gamma};

use super::rhythm::Rhythm;

/// Steps of the tables: 0.05 days, up to 12 days.
const STEP_DAYS: f64 = 0.05;
const STEPS: usize = 240;
/// Fuller than this is full: what stands beside it or was pressed in cannot be told any more.
const FULL: f64 = 0.95;
/// Emptier than this is taken as this: a container that was all but empty fills up some day.
const EMPTY: f64 = 0.02;

/// The time from one emptying to the next (or to the last moment that is known of), in days of the
/// [`Rhythm`](super::rhythm::Rhythm).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// How long it lasts.
    pub days: f64,
    /// How long after its beginning the first report comes that it is full.
    pub reported: Option<f64>,
    /// How full it was when it was emptied again, share of its capacity; NaN where nobody knows.
    pub filled: f64,
}

impl Stretch {
    /// Whether how full it was at the end says more than any report.
    pub(in crate::collection) fn is_measured(&self) -> bool {
        self.filled < FULL
    }
}

/// How stops fill up, but for the rate of each: content after t days is gamma distributed with mean rate · t and squared
/// coefficient of variation `variation`² / t + `lasting`², in days of `rhythm`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Law {
    /// Standard deviation of what comes in on a day over its mean, days being independent of each other.
    pub variation: f64,
    /// The same for what lasts from one emptying to the next: weather, holidays, the season.
    pub lasting: f64,
    /// The hours and weekdays on which it comes in.
    pub rhythm: Rhythm,
}

impl Default for Law {
    /// Before anything is learnt: days vary as the weighings of Amsterdam do, and all hours and weekdays are alike.
    fn default() -> Self {
        Self { variation: 0.67, lasting: 0.0, rhythm: Rhythm::default() }
    }
}

impl Law {
    /// Probability that a stop which fills up by `per_day` is full so many days after it was emptied.
    pub fn full(&self, per_day: f64, days: f64) -> f64 {
        if days <= 0.0 || per_day <= 0.0 {
            return 0.0;
        }
        content(per_day, self.variation, self.lasting, days).sf(1.0)
    }
}

/// What has come in after so many days.
fn content(per_day: f64, variation: f64, lasting: f64, days: f64) -> Gamma {
    let square = variation.powi(2) + days * lasting.powi(2);
    Gamma::new(days / square, 1.0 / (per_day * square)).expect("days, rate and variation are positive")
}

/// What a stretch shows, in steps of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    /// The first report came then.
    Reported(usize),
    /// None came until then.
    Silent(usize),
    /// None came until then, and it was full.
    FullSilent(usize),
}

impl Seen {
    pub(super) fn of(stretch: &Stretch) -> Self {
        match stretch.reported {
            Some(days) => Self::Reported(step(days)),
            None if stretch.filled.is_nan() => Self::Silent(step(stretch.days)),
            None => Self::FullSilent(step(stretch.days)),
        }
    }
}

/// The step at which so many days have gone by.
pub(super) fn step(days: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the table")]
    let step = (days / STEP_DAYS).clamp(0.0, (STEPS - 1) as f64) as usize;
    step
}

/// How content grows at one rate. After t days it is gamma distributed with mean `rate` · t and squared coefficient of
/// variation `variation`² / t + `lasting`²: a gamma process (van Noortwijk 2009, Reliability Engineering & System Safety
/// 94(1), 2-21) where nothing lasts, one rate for the whole stretch where days do not vary.
#[derive(Debug, Clone)]
pub(super) struct Growth {
    rate: f64,
    variation: f64,
    lasting: f64,
    /// Probability to be full by the middle of each step.
    pub(super) full: Vec<f64>,
}

impl Growth {
    /// `rate` is a share of the capacity per day.
    pub(super) fn new(rate: f64, variation: f64, lasting: f64) -> Self {
        let mut growth = Self { rate, variation, lasting, full: Vec::new() };
        growth.full =
            (0..STEPS).map(|step| growth.content((step as f64 + 0.5) * STEP_DAYS).sf(1.0)).collect();
        growth
    }

    /// What has come in after so many days.
    fn content(&self, days: f64) -> Gamma {
        content(self.rate, self.variation, self.lasting, days)
    }

    /// Logarithm of the density of what was in it.
    pub(super) fn measured(&self, stretch: &Stretch) -> f64 {
        // A load that was weighed wrongly, or lifted in part, makes no rate impossible.
        (self.content(stretch.days.max(STEP_DAYS)).pdf(stretch.filled.max(EMPTY)) + 1e-4).ln()
    }
}

/// What people make of it, at one rate and one readiness to report: logarithms of probabilities by steps of time since
/// the emptying.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Density of the first report then, per day.
    reported: Vec<f64>,
    /// There was no report until then.
    silent: Vec<f64>,
    /// It is full then and there was no report until then.
    full_silent: Vec<f64>,
}

impl Table {
    /// `reporting` is how many reports a day a full stop gets, `other` how many any stop gets for other reasons.
    pub(super) fn new(growth: &Growth, reporting: f64, other: f64) -> Self {
        let (mut reported, mut silent, mut full_silent) = (Vec::new(), Vec::new(), Vec::new());
        let (mut before, mut unreported) = (0.0, 0.0);
        let kept = (-reporting * STEP_DAYS).exp();
        for (step, &now) in growth.full.iter().enumerate() {
            unreported = unreported * kept + (now - before) * kept.sqrt();
            before = now;
            let none = 1.0 - now + unreported;
            let for_others = -other * (step as f64 + 0.5) * STEP_DAYS;
            reported.push((reporting * unreported + other * none).ln() + for_others);
            silent.push(none.max(1e-9).ln() + for_others);
            full_silent.push(unreported.max(1e-9).ln() + for_others);
        }
        Self { reported, silent, full_silent }
    }

    pub(super) fn log_probability(&self, seen: Seen) -> f64 {
        match seen {
            Seen::Reported(step) => self.reported[step],
            Seen::Silent(step) => self.silent[step],
            Seen::FullSilent(step) => self.full_silent[step],
        }
    }
}
