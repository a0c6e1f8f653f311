//! Counts and what was expected of them in, how much places truly differ out: over-dispersion and empirical Bayes.
//!
//! The count of place i is Poisson with mean θᵢμᵢ, where μᵢ is what a model expects there and θᵢ, gamma distributed
//! with mean 1 and variance k over the places, is what the model does not know. So the variance of a count is
//! μ + kμ², and the best guess of a place's true mean lies between its count and μ.
//!
//! # References
//! Hauer, Harwood, Council & Griffith (2002), Estimating safety by the empirical Bayes method: a tutorial,
//! Transportation Research Record 1784, 126-131; AASHTO (2010), Highway Safety Manual, appendix A to part C. Their
//! over-dispersion φ per length is 1 / k of a place of that length.

use statrs::distribution::{ContinuousCDF, Gamma};
use statrs::function::gamma::ln_gamma;

/// Below this the negative binomial is a Poisson to the last digit that matters.
const SMALLEST: f64 = 1e-6;
/// Above this nearly every place is empty and one holds everything.
const LARGEST: f64 = 1e4;

/// The over-dispersion k of `counts` around `expected`, by maximum likelihood; 0 where the counts vary no more than
/// chance makes them, or where nothing is expected.
///
/// # Panics
/// When there is not one expectation per count.
///
/// # References
/// Lawless (1987), Canadian Journal of Statistics 15(3), 209-225, equation 2.2.
pub fn estimate(counts: &[u32], expected: &[f64]) -> f64 {
    assert_eq!(counts.len(), expected.len(), "one expectation per count");
    let places: Vec<(u32, f64)> =
        counts.iter().copied().zip(expected.iter().copied()).filter(|(_, mean)| *mean > 0.0).collect();
    // The derivative of the likelihood at k = 0 is half of Σ (n − μ)² − n.
    let excess: f64 = places.iter().map(|&(n, mean)| (f64::from(n) - mean).powi(2) - f64::from(n)).sum();
    if excess.is_nan() || excess <= 0.0 {
        return 0.0;
    }
    let likelihood = |log_k: f64| places.iter().map(|&(n, mean)| log_probability(n, mean, log_k.exp())).sum();
    highest(likelihood, SMALLEST.ln(), LARGEST.ln()).exp()
}

/// The logarithm of the probability of `n` under the negative binomial, without the term that has no k in it.
fn log_probability(n: u32, mean: f64, k: f64) -> f64 {
    // ln Γ(n + 1/k) − ln Γ(1/k) = Σⱼ ln(1/k + j); term by term it does not cancel for small k.
    let steps = if n <= 64 {
        (0..n).map(|step| (k * f64::from(step)).ln_1p()).sum::<f64>()
    } else {
        ln_gamma(f64::from(n) + 1.0 / k) - ln_gamma(1.0 / k) + f64::from(n) * k.ln()
    };
    steps - (f64::from(n) + 1.0 / k) * (k * mean).ln_1p()
}

/// Where a function with one peak is highest (golden section; Kiefer 1953), to 1e-9 of the range.
fn highest(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (low, high);
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (function(left), function(right));
    for _ in 0..45 {
        if at_left >= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = function(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = function(right);
        }
    }
    f64::midpoint(low, high)
}

/// What is known of the true mean of a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmpiricalBayes {
    /// The weight of the model, from 0 to 1; the count has the rest.
    pub weight: f64,
    /// The best guess.
    pub mean: f64,
    /// The mean is larger than this in all but half of the rest of the level.
    pub low: f64,
    /// And smaller than this.
    pub high: f64,
}

impl EmpiricalBayes {
    /// A place with `n` events where `expected` were expected, among places with over-dispersion `k`; the interval
    /// holds the true mean with probability `level`. With k = 0 the model is believed whatever was counted.
    pub fn new(n: u32, expected: f64, k: f64, level: f64) -> Self {
        let weight = 1.0 / (1.0 + k * expected);
        let mean = weight * expected + (1.0 - weight) * f64::from(n);
        // The posterior is gamma with shape 1/k + n and rate 1/(kμ) + 1.
        let posterior = Gamma::new(1.0 / k + f64::from(n), 1.0 / (k * expected) + 1.0);
        let rest = (1.0 - level) / 2.0;
        let (low, high) = match posterior {
            Ok(posterior) if k >= SMALLEST && expected > 0.0 => {
                (posterior.inverse_cdf(rest), posterior.inverse_cdf(1.0 - rest))
            }
            _ => (mean, mean),
        };
        Self { weight, mean, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Example 1 and 2 of Hauer et al. (2002): 1.8 km with 4,000 vehicles a day, of which 0.0224 · 4000^0.564
    /// accidents per km and year are expected; φ = 2.05 per km; 12 accidents in one year, or 12, 7 and 8 in three.
    #[test]
    fn the_published_examples_come_out_as_published() {
        let per_year = 0.0224 * 4000f64.powf(0.564) * 1.8;
        let k = 1.0 / (2.05 * 1.8);
        let deviation = |found: EmpiricalBayes| ((1.0 - found.weight) * found.mean).sqrt();
        let one = EmpiricalBayes::new(12, per_year, k, 0.95);
        assert!((one.mean / 1.8 - 4.71).abs() < 0.005, "{one:?}");
        assert!((deviation(one) / 1.8 - 1.19).abs() < 0.005, "{one:?}");
        let three = EmpiricalBayes::new(27, 3.0 * per_year, k, 0.95);
        assert!((three.mean / 3.0 - 7.97).abs() < 0.005, "{three:?}");
        assert!((deviation(three) / 3.0 - 1.44).abs() < 0.005, "{three:?}");
    }

    #[test]
    fn a_place_computed_by_hand() {
        // w = 1 / (1 + 0.5 · 2) = 1/2; ½ · 2 + ½ · 6 = 4; the posterior is gamma(8, 2), whose mean is 4 and whose
        // 95 % interval is that of chi-squared with 16 degrees of freedom over 4: 6.908 and 28.845.
        let found = EmpiricalBayes::new(6, 2.0, 0.5, 0.95);
        assert!((found.weight - 0.5).abs() < 1e-15 && (found.mean - 4.0).abs() < 1e-15);
        assert!((found.low - 6.908 / 4.0).abs() < 1e-3 && (found.high - 28.845 / 4.0).abs() < 1e-3);
    }

    /// `scipy.optimize.minimize_scalar` 1.17.1 over
    /// `scipy.stats.nbinom.logpmf(n, 1/k, 1/(1+k*mu))` finds 1.02046462.
    #[test]
    fn the_over_dispersion_is_that_of_scipy() {
        let counts = [0, 3, 1, 7, 2, 0, 0, 12, 4, 1, 0, 90];
        let expected = [1.0, 2.0, 1.5, 3.0, 2.5, 0.5, 1.0, 4.0, 3.5, 2.0, 1.0, 20.0];
        let found = estimate(&counts, &expected);
        assert!((found / 1.020_464_62 - 1.0).abs() < 1e-5, "{found}");
    }

    #[test]
    fn counts_without_spread_leave_the_model_as_it_is() {
        assert_eq!(estimate(&[2; 20], &[2.0; 20]).to_bits(), 0.0f64.to_bits());
        assert_eq!(estimate(&[], &[]).to_bits(), 0.0f64.to_bits());
        assert_eq!(estimate(&[0, 0], &[0.0, 0.0]).to_bits(), 0.0f64.to_bits());
        for (n, expected, k) in [(0, 0.0, 0.0), (5, 0.0, 1.0), (5, 2.0, 0.0), (0, 3.0, 1e4)] {
            let found = EmpiricalBayes::new(n, expected, k, 0.95);
            assert!(found.mean.is_finite() && found.low.is_finite() && found.high.is_finite(), "{found:?}");
            assert!(found.low <= found.high);
        }
    }
}
