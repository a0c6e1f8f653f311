//! Counts and the time in which they came in: tails, intervals and rates that are shrunk towards the others.

use statrs::distribution::{Beta, Continuous, ContinuousCDF, Gamma, Normal};
use statrs::function::beta::beta_reg;
use statrs::function::gamma::gamma_lr;

/// Probability that a Poisson count with this mean is at least `n`.
pub fn upper_tail(n: u32, mean: f64) -> f64 {
    match n {
        0 => 1.0,
        _ if mean <= 0.0 => 0.0,
        // P(X ≥ n) is the regularised lower incomplete gamma function P(n, mean).
        _ => gamma_lr(f64::from(n), mean).clamp(0.0, 1.0),
    }
}

/// An interval for the rate of a Poisson count `n` over `exposure`, which holds the true rate in at least
/// `level` of all cases. NaN without exposure.
///
/// # References
/// Garwood (1936), Biometrika 28(3/4), 437-442.
pub fn rate_interval(n: u32, exposure: f64, level: f64) -> (f64, f64) {
    if exposure.is_nan() || exposure <= 0.0 {
        return (f64::NAN, f64::NAN);
    }
    let rest = (1.0 - level) / 2.0;
    let low = if n == 0 { 0.0 } else { gamma_quantile(f64::from(n), rest) };
    (low / exposure, gamma_quantile(f64::from(n) + 1.0, 1.0 - rest) / exposure)
}

/// From this shape on the start of the search lies within a few per cent of the quantiles that intervals need.
const LARGE_SHAPE: f64 = 10.0;
/// From this shape on a gamma variable is normal but for some 1e-7 once its cube root is taken, while the exact function
/// takes longer the larger the shape is: things that differ next to nothing have shapes of millions.
const HUGE_SHAPE: f64 = 1e5;

/// Probability that a gamma variable of this shape and scale 1 is at most `at`.
///
/// # References
/// Wilson & Hilferty (1931), PNAS 17(12), 684-688, for huge shapes.
fn gamma_share(shape: f64, at: f64) -> f64 {
    if shape < HUGE_SHAPE || at <= 0.0 {
        return gamma_lr(shape, at);
    }
    let deviate = 3.0 * shape.sqrt() * ((at / shape).cbrt() - 1.0 + 1.0 / (9.0 * shape));
    Normal::standard().cdf(deviate)
}

/// The value that a gamma variable of this shape and scale 1 stays below with probability `p`, 0 < p < 1.
///
/// From `statrs` for small shapes only: its search from 1 on takes many more evaluations for large ones.
///
/// # References
/// Wilson & Hilferty (1931), as above, for the start; Halley's steps from there.
fn gamma_quantile(shape: f64, p: f64) -> f64 {
    const STEPS: u32 = 12;
    let Ok(gamma) = Gamma::new(shape, 1.0) else { return f64::NAN };
    if shape < LARGE_SHAPE {
        return gamma.inverse_cdf(p);
    }
    let deviate = Normal::standard().inverse_cdf(p);
    let mut at = shape * (1.0 - 1.0 / (9.0 * shape) + deviate / (3.0 * shape.sqrt())).powi(3);
    if shape >= HUGE_SHAPE {
        return at;
    }
    for _ in 0..STEPS {
        let newton = (gamma_lr(shape, at) - p) / gamma.pdf(at);
        // f″ / f′ of the distribution function is (a − 1) / x − 1.
        let step = newton / (1.0 - 0.5 * (newton * ((shape - 1.0) / at - 1.0)).min(1.0));
        at -= step;
        if step.abs() < 1e-12 * at {
            break;
        }
    }
    at
}

/// An interval for the ratio of two Poisson rates, (count, exposure) each, which holds the true ratio in at least
/// `level` of all cases. Without an event in the second there is no upper end (infinite); NaN without any event or
/// exposure.
///
/// # References
/// Clopper & Pearson (1934), Biometrika 26(4), 404-413, for the share of the events that are of the first, given
/// their sum (Przyborowski & Wilenski 1940, Biometrika 31(3/4), 313-323).
pub fn rate_ratio_interval(
    (n, exposure): (u32, f64),
    (other_n, other_exposure): (u32, f64),
    level: f64,
) -> (f64, f64) {
    if n + other_n == 0 || !(exposure > 0.0 && other_exposure > 0.0) {
        return (f64::NAN, f64::NAN);
    }
    let rest = (1.0 - level) / 2.0;
    let (n, other_n) = (f64::from(n), f64::from(other_n));
    let share = |a: f64, b: f64, p: f64| Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(p));
    let low = if n == 0.0 { 0.0 } else { share(n, other_n + 1.0, rest) };
    let high = if other_n == 0.0 { 1.0 } else { share(n + 1.0, other_n, 1.0 - rest) };
    // A share s of the events stands for a ratio s / (1 − s) of the rates.
    let ratio = |share: f64| share / (1.0 - share) * other_exposure / exposure;
    (ratio(low), ratio(high))
}

/// One-sided p-value that counts over `exposures` scatter no more than Poisson counts of one rate do. Small where
/// the things differ by nature. 1 where nothing was counted.
///
/// # Panics
/// When the slices differ in length.
///
/// # References
/// Dean & Lawless (1989), Journal of the American Statistical Association 84(406), 467-472, the statistic Tₐ.
pub fn dispersion_p(counts: &[f64], exposures: &[f64]) -> f64 {
    assert_eq!(counts.len(), exposures.len(), "one exposure per count");
    let rate = counts.iter().sum::<f64>() / exposures.iter().sum::<f64>();
    if rate.is_nan() || rate <= 0.0 {
        return 1.0;
    }
    // T = Σ((yᵢ − μᵢ)² − yᵢ) / √(2 Σ μᵢ²)
    let excess: f64 = counts.iter().zip(exposures).map(|(n, t)| (n - rate * t).powi(2) - n).sum();
    let scale = (2.0 * exposures.iter().map(|t| (rate * t).powi(2)).sum::<f64>()).sqrt();
    Normal::standard().sf(excess / scale)
}

/// What the rates of many like things have in common: a mean, and how much they truly differ.
///
/// The count of thing i over exposure tᵢ is Poisson with mean λᵢtᵢ, and λᵢ is gamma distributed over the
/// things. Mean and variance of λ are estimated by the method of moments.
///
/// # References
/// Marshall (1991), Journal of the Royal Statistical Society C 40(2), 283-294, equations 2-5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Mean rate: all events over all exposure.
    pub mean: f64,
    /// Variance of the true rates; 0 where the counts vary no more than chance makes them.
    pub variance: f64,
}

impl Rates {
    /// The rates behind `counts` over `exposures`, which are positive. `None` where there is no exposure.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn estimate(counts: &[f64], exposures: &[f64]) -> Option<Self> {
        assert_eq!(counts.len(), exposures.len(), "one exposure per count");
        let exposure: f64 = exposures.iter().sum();
        if exposure.is_nan() || exposure <= 0.0 {
            return None;
        }
        let mean = counts.iter().sum::<f64>() / exposure;
        let spread = |(count, exposure): (&f64, &f64)| exposure * (count / exposure - mean).powi(2);
        let observed = counts.iter().zip(exposures).map(spread).sum::<f64>() / exposure;
        let by_chance = mean * exposures.len() as f64 / exposure;
        Some(Self { mean, variance: (observed - by_chance).max(0.0) })
    }

    /// The best guess of one thing's rate: between its own rate and the mean, nearer to its own the longer it
    /// was watched (the posterior mean of the gamma-Poisson model).
    pub fn shrunken(&self, count: f64, exposure: f64) -> f64 {
        if self.variance <= 0.0 {
            return self.mean;
        }
        // Posterior mean (a + x) / (b + t) with a = mean² / variance and b = mean / variance.
        (self.mean * self.mean / self.variance + count) / (self.mean / self.variance + exposure)
    }

    /// An interval that holds the true rate of a thing with `count` events in `exposure` with probability `level`:
    /// quantiles of the gamma posterior. No wider than the mean where the true rates do not differ.
    pub fn interval(&self, count: f64, exposure: f64, level: f64) -> (f64, f64) {
        if self.variance <= 0.0 || self.mean <= 0.0 {
            return (self.mean, self.mean);
        }
        let rest = (1.0 - level) / 2.0;
        let (shape, rate) =
            (self.mean * self.mean / self.variance + count, self.mean / self.variance + exposure);
        (gamma_quantile(shape, rest) / rate, gamma_quantile(shape, 1.0 - rest) / rate)
    }

    /// How far one thing's rate lies from the mean, in standard deviations of a rate over so much exposure: what to
    /// compare between things that were watched for different times. 0 where there is nothing at all.
    ///
    /// Where the counts vary less than chance makes them, the paper's variance would be below that of chance; here it is
    /// that of chance.
    ///
    /// # References
    /// Assunção & Reis (1999), Statistics in Medicine 18(16), 2147-2162, the empirical Bayes index.
    pub fn standardised(&self, count: f64, exposure: f64) -> f64 {
        // b is `mean`, a is `variance`; a rate over xᵢ has the variance a + b / xᵢ.
        let deviation = (self.variance + self.mean / exposure).sqrt();
        if deviation > 0.0 { (count / exposure - self.mean) / deviation } else { 0.0 }
    }

    /// Probability that a thing drawn from among these has at least `n` events in `exposure`: the tail of the
    /// negative binomial, or of the Poisson where the true rates do not differ.
    pub fn upper_tail(&self, n: u32, exposure: f64) -> f64 {
        if n == 0 {
            return 1.0;
        }
        if self.variance <= 0.0 || self.mean <= 0.0 {
            return upper_tail(n, self.mean * exposure);
        }
        let (shape, rate) = (self.mean * self.mean / self.variance, self.mean / self.variance);
        beta_reg(f64::from(n), shape, exposure / (rate + exposure)).clamp(0.0, 1.0)
    }

    /// Probability that the true rate of a thing with `count` events in `exposure` is above `rate`.
    pub fn exceeds(&self, count: f64, exposure: f64, rate: f64) -> f64 {
        if self.variance <= 0.0 {
            return if self.mean > rate { 1.0 } else { 0.0 };
        }
        let shape = self.mean * self.mean / self.variance + count;
        (1.0 - gamma_share(shape, rate * (self.mean / self.variance + exposure))).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrunken_rates_are_those_of_pysal_on_st_louis() {
        let columns = ["events", "pop", "eb_marshall"];
        let Some(rows) = crate::stats::reference::table("eb_stl_hom.csv", &columns) else { return };
        let counts: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let exposures: Vec<f64> = rows.iter().map(|row| row[1]).collect();
        let rates = Rates::estimate(&counts, &exposures).unwrap();
        for row in rows {
            let shrunken = rates.shrunken(row[0], row[1]);
            assert!(
                (shrunken - row[2]).abs() < 1e-12 && (shrunken / row[2] - 1.0).abs() < 1e-9,
                "{row:?}: {shrunken}"
            );
        }
    }

    #[test]
    fn standardised_rates_are_those_of_pysal_on_st_louis() {
        let columns = ["events", "population", "standardised"];
        let rows = crate::stats::reference::kept("eb_standardised.csv", &columns);
        let counts: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let exposures: Vec<f64> = rows.iter().map(|row| row[1]).collect();
        let rates = Rates::estimate(&counts, &exposures).unwrap();
        for row in rows {
            let standardised = rates.standardised(row[0], row[1]);
            assert!((standardised - row[2]).abs() < 1e-12, "{row:?}: {standardised}");
        }
        assert_eq!(Rates { mean: 0.0, variance: 0.0 }.standardised(0.0, 2.0).to_bits(), 0.0f64.to_bits());
    }

    #[test]
    fn tails_add_up_term_by_term() {
        let mean = 2.5f64;
        let mut term = (-mean).exp();
        let mut below = 0.0;
        for n in 0..30 {
            assert!((upper_tail(n, mean) - (1.0 - below)).abs() < 1e-12, "n = {n}");
            below += term;
            term *= mean / f64::from(n + 1);
        }
    }

    #[test]
    fn the_negative_binomial_tail_adds_up_term_by_term() {
        let rates = Rates { mean: 1.5, variance: 0.75 };
        let (shape, success) = (3.0, 2.0 / 4.0);
        let mut term = f64::powf(success, shape);
        let mut below = 0.0;
        for n in 0..40 {
            assert!((rates.upper_tail(n, 2.0) - (1.0 - below)).abs() < 1e-12, "n = {n}");
            below += term;
            term *= (f64::from(n) + shape) / f64::from(n + 1) * (1.0 - success);
        }
    }

    #[test]
    fn the_interval_is_the_exact_one() {
        // Garwood's table: 10 events give 4.795 to 18.39 at 95 %.
        let (low, high) = rate_interval(10, 1.0, 0.95);
        assert!((low - 4.795).abs() < 1e-3 && (high - 18.39).abs() < 1e-2, "{low} to {high}");
        assert_eq!(rate_interval(0, 2.0, 0.95).0.to_bits(), 0.0f64.to_bits());
        assert!(rate_interval(3, 0.0, 0.95).0.is_nan());
    }

    #[test]
    fn quantiles_of_large_shapes_are_those_of_the_plain_search() {
        for shape in [10.0, 11.5, 40.0, 987.0, 54_321.0] {
            for p in [1e-6, 0.005, 0.025, 0.5, 0.975, 0.995, 1.0 - 1e-6] {
                let at = gamma_quantile(shape, p);
                assert!((gamma_lr(shape, at) - p).abs() < 1e-8 * p, "{shape}, {p}: {at}");
                let slow = Gamma::new(shape, 1.0).unwrap().inverse_cdf(p);
                assert!((at / slow - 1.0).abs() < 1e-9, "{shape}, {p}: {at} for {slow}");
            }
        }
    }

    #[test]
    fn shares_and_quantiles_of_huge_shapes_are_the_exact_ones_but_for_a_millionth() {
        for shape in [1e5, 3e6] {
            for p in [1e-6, 0.005, 0.025, 0.5, 0.975, 0.995] {
                let at = gamma_quantile(shape, p);
                let (share, exact) = (gamma_share(shape, at), gamma_lr(shape, at));
                assert!((share - p).abs() < 1e-9, "{shape}, {p}: {share}");
                assert!((share - exact).abs() < 1e-6, "{shape}, {p}: {share} for {exact}");
            }
        }
    }

    #[test]
    fn the_interval_of_a_ratio_of_rates_is_that_of_r() {
        // poisson.test(c(11, 21), c(800, 3011)) of R 4: ratio 1.971488, 0.8584264 to 4.2772659.
        let (low, high) = rate_ratio_interval((11, 800.0), (21, 3_011.0), 0.95);
        assert!((low - 0.858_426_4).abs() < 1e-6 && (high - 4.277_265_9).abs() < 1e-6, "{low} to {high}");
        assert_eq!(rate_ratio_interval((0, 30.0), (5, 30.0), 0.95).0.to_bits(), 0.0f64.to_bits());
        assert!(rate_ratio_interval((5, 30.0), (0, 30.0), 0.95).1.is_infinite());
        assert!(rate_ratio_interval((0, 30.0), (0, 30.0), 0.95).0.is_nan());
    }

    #[test]
    fn the_interval_of_a_shrunken_rate_holds_it_and_narrows_with_exposure() {
        let rates = Rates { mean: 1.5, variance: 0.75 };
        let (low, high) = rates.interval(4.0, 2.0, 0.95);
        let inside = |rate: f64| 1.0 - rates.exceeds(4.0, 2.0, rate);
        assert!((inside(low) - 0.025).abs() < 1e-9 && (inside(high) - 0.975).abs() < 1e-9, "{low} to {high}");
        let (closer_low, closer_high) = rates.interval(40.0, 20.0, 0.95);
        assert!(closer_high - closer_low < high - low);
        assert_eq!(Rates { variance: 0.0, ..rates }.interval(9.0, 1.0, 0.95), (1.5, 1.5));
    }

    #[test]
    fn only_counts_that_scatter_more_than_chance_are_overdispersed() {
        let exposures = [1.0; 200];
        let alike: Vec<f64> = (0..200).map(|i| f64::from([0, 1, 2, 1, 0, 3, 1, 0][i % 8])).collect();
        let unlike: Vec<f64> = (0..200).map(|i| f64::from([0, 0, 0, 0, 0, 0, 1, 7][i % 8])).collect();
        assert!(dispersion_p(&alike, &exposures) > 0.05 && dispersion_p(&unlike, &exposures) < 1e-9);
        assert!((dispersion_p(&[0.0; 5], &[1.0; 5]) - 1.0).abs() < 1e-15);
        assert!((dispersion_p(&[], &[]) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn counts_without_spread_are_all_shrunk_to_the_mean() {
        let rates = Rates::estimate(&[2.0; 10], &[365.0; 10]).unwrap();
        assert_eq!(rates.variance.to_bits(), 0.0f64.to_bits());
        assert!((rates.shrunken(9.0, 365.0) - 2.0 / 365.0).abs() < 1e-15);
        assert!(Rates::estimate(&[], &[]).is_none());
    }
}
