//! Scans of scattered cases in, p-values out.

use rayon::prelude::*;

use super::likelihood::Likelihood;
use super::scatter::{Pool, Scatter};
use super::walk::{Desk, Spread, Walk};
use crate::random::Stream;
use crate::stats::permute::pseudo_p;

/// The largest log likelihood ratio that each of many scans of scattered cases gives. A window is judged by the
/// largest one anywhere, so its p-value needs no further correction for having looked at many.
#[derive(Debug, Clone, PartialEq)]
pub struct Chance {
    /// Ascending.
    largest: Vec<f64>,
}

impl Chance {
    pub(super) fn draw(
        walk: &Walk<'_>,
        scatter: &Scatter,
        likelihood: Likelihood,
        replicas: u32,
        stream: impl Fn(u64) -> Stream + Sync,
    ) -> Self {
        let bench = || (Pool::default(), Vec::new(), Spread::default(), walk.desk(), Vec::new());
        let mut largest: Vec<f64> = (0..u64::from(replicas))
            .into_par_iter()
            .map_init(bench, |(pool, cases, spread, desk, least), replica| {
                scatter.draw(pool, &mut stream(replica), cases);
                spread.fill(walk.circles.len(), cases);
                largest_ratio(walk, spread, likelihood, desk, least)
            })
            .collect();
        largest.sort_unstable_by(f64::total_cmp);
        Self { largest }
    }

    /// How many scans it rests on.
    ///
    /// # Panics
    /// Never: they are as many as were asked for.
    pub fn replicas(&self) -> u32 {
        u32::try_from(self.largest.len()).expect("as many as were asked for")
    }

    /// Probability that chance gives a ratio of at least `llr` anywhere: (M + 1) / (R + 1), where M of R scans do.
    /// Equal ratios count as reached, so that with few cases, among which many scans tie, it errs to the safe side.
    pub fn p_value(&self, llr: f64) -> f64 {
        pseudo_p(self.reached(llr), self.replicas())
    }

    /// The same, by the extreme value distribution that fits the scans: for ratios beyond all of them. `None` where
    /// they do not vary.
    ///
    /// # References
    /// Abrams, Kulldorff & Kleinman (2010), International Journal of Health Geographics 9, 61.
    pub fn gumbel_p(&self, llr: f64) -> Option<f64> {
        const EULER: f64 = 0.577_215_664_901_532_9;
        let n = self.largest.len() as f64;
        let mean = self.largest.iter().sum::<f64>() / n;
        let variance = self.largest.iter().map(|llr| (llr - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Method of moments: variance π²β²/6, mean m + γβ.
        let scale = (6.0 * variance).sqrt() / std::f64::consts::PI;
        let mode = mean - EULER * scale;
        (scale > 0.0).then(|| -(-(-(llr - mode) / scale).exp()).exp_m1())
    }

    /// The Monte Carlo p-value; where no scan reaches `llr` and so all that it says is that p is small, the one of
    /// the extreme value distribution if that is smaller. Never below 1 / (R + 1)²: so far out R scans say nothing
    /// about the curve.
    pub fn best_p(&self, llr: f64) -> f64 {
        let p = self.p_value(llr);
        match self.gumbel_p(llr) {
            Some(gumbel) if self.reached(llr) == 0 => gumbel.clamp(p * p, p),
            _ => p,
        }
    }

    /// The smallest ratio with a Monte Carlo p-value of at most `alpha`; infinite where there are too few scans for
    /// one.
    pub fn critical(&self, alpha: f64) -> f64 {
        let total = f64::from(self.replicas()) + 1.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most all scans")]
        let may_reach = (alpha * total + 1e-9).floor() as usize;
        let Some(may_reach) = may_reach.checked_sub(1) else { return f64::INFINITY };
        // One more than may reach it must stay below.
        let Some(below) = self.largest.len().checked_sub(may_reach + 1) else { return 0.0 };
        self.largest[below] * (1.0 + 2.0 * SLACK)
    }

    fn reached(&self, llr: f64) -> u32 {
        let below = self.largest.partition_point(|&other| other < llr * (1.0 - SLACK));
        u32::try_from(self.largest.len() - below).expect("no more than there are")
    }
}

/// The largest log likelihood ratio of any window; 0 where none has enough cases. Writes on `desk` and `least`.
///
/// Of all windows with so many cases, the one with the least population has the largest ratio: that takes one
/// logarithm per count instead of one per window.
pub(super) fn largest_ratio(
    walk: &Walk<'_>,
    cases: &Spread,
    likelihood: Likelihood,
    desk: &mut Desk,
    least: &mut Vec<f64>,
) -> f64 {
    least.clear();
    least.resize(cases.len() + 1, f64::INFINITY);
    walk.each_window(cases, desk, |window| {
        let least: &mut f64 = &mut least[window.count as usize];
        if window.mass < *least {
            *least = window.mass;
        }
    });
    let counts = least.iter().enumerate().skip(walk.limits.min_cases as usize);
    let seen = counts.filter(|(_, mass)| mass.is_finite());
    seen.map(|(count, &mass)| likelihood.ratio(count as f64, mass)).fold(0.0, f64::max)
}

/// Equal ratios may differ in the last digits, where populations are no whole numbers.
const SLACK: f64 = 1e-10;
