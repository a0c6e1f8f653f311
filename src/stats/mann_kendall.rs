//! Values in equal steps of time in, whether they rise or fall out: the test of Mann and Kendall, its corrections
//! for values that depend on the ones before, its seasonal forms, and the slope of Sen.
//!
//! Only the order of the values counts, so neither a single wild month nor the shape of the growth matters. Where
//! values depend on each other the plain test finds trends that are none: correct for it ([`cautious`]). Steps
//! without a value are not handled; a count of nothing is 0.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::stats::normal;

/// With fewer values no order of them is unlikely.
pub const FEWEST: usize = 4;
/// Autocorrelations beyond this many standard errors count as real: 95 %, two-sided (Hamed & Rao 1998, section 5).
const REAL_BEYOND: f64 = 1.959_963_984_540_054;

/// The outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannKendall {
    /// Pairs of values that rise minus pairs that fall.
    pub s: f64,
    /// The variance of `s` if there were no trend.
    pub variance: f64,
    /// `s` as a standard normal deviate, corrected for continuity.
    pub z: f64,
    /// Two-sided p-value.
    pub p_value: f64,
    /// `s` as a share of all pairs: −1 (always falling) to 1 (always rising).
    pub tau: f64,
}

impl MannKendall {
    fn new(s: f64, variance: f64, pairs: f64) -> Self {
        let z = if s == 0.0 || variance <= 0.0 { 0.0 } else { (s - s.signum()) / variance.sqrt() };
        Self { s, variance, z, p_value: normal::two_sided(z), tau: s / pairs }
    }
}

/// What is done about values that depend on the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Nothing: Mann (1945), Kendall (1975), with ties.
    None,
    /// The variance is multiplied by what the autocorrelation of the detrended ranks makes of it; lags whose
    /// autocorrelation is within chance are left out. Hamed & Rao (1998).
    HamedRao,
    /// The same with all lags, of the detrended values. Yue & Wang (2004).
    YueWang,
    /// Each value less its predecessor times the autocorrelation. von Storch (1995).
    PreWhitened,
    /// The same on the detrended values, after which the trend is put back. Yue, Pilon, Phinney & Cavadias (2002).
    TrendFreePreWhitened,
}

/// Tests `values` for a trend. A correction that leaves no variance (too many negative autocorrelations) is not
/// made. `None` for fewer than [`FEWEST`] values, or where one is not finite.
///
/// # References
/// Mann (1945), Econometrica 13(3), 245-259; Kendall (1975), Rank Correlation Methods, 4th ed.; Hamed & Rao (1998),
/// Journal of Hydrology 204, 182-196, equation 17; Yue & Wang (2004), Water Resources Management 18, 201-218,
/// equation 13; Yue, Pilon, Phinney & Cavadias (2002), Hydrological Processes 16, 1807-1829.
pub fn test(values: &[f64], correction: Correction) -> Option<MannKendall> {
    if values.len() < FEWEST || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let n = values.len() as f64;
    let plain = |values: &[f64]| MannKendall::new(score(values), variance(values), pairs(values.len()));
    let with_variance_times = |factor: f64| {
        let plain = plain(values);
        let variance = plain.variance * if factor > 0.0 { factor } else { 1.0 };
        MannKendall::new(plain.s, variance, pairs(values.len()))
    };
    Some(match correction {
        Correction::None => plain(values),
        Correction::HamedRao => {
            // n/nₛ* = 1 + 2 / (n(n−1)(n−2)) Σᵢ (n−i)(n−i−1)(n−i−2) ρₛ(i)
            let correlations = autocorrelations(&ranks(&detrended(values)));
            let is_real = |correlation: f64| correlation.abs() > REAL_BEYOND / n.sqrt();
            let lags = (1u32..).zip(correlations).filter(|&(_, correlation)| is_real(correlation));
            let term = |(lag, correlation): (u32, f64)| {
                let left = n - f64::from(lag);
                left * (left - 1.0) * (left - 2.0) * correlation
            };
            with_variance_times(1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * lags.map(term).sum::<f64>())
        }
        Correction::YueWang => {
            // n/n* = 1 + 2 Σᵢ (1 − i/n) r(i)
            let lags = (1u32..).zip(autocorrelations(&detrended(values)));
            let sum: f64 = lags.map(|(lag, correlation)| (1.0 - f64::from(lag) / n) * correlation).sum();
            with_variance_times(1.0 + 2.0 * sum)
        }
        Correction::PreWhitened => plain(&whitened(values)),
        Correction::TrendFreePreWhitened => {
            let slope = sen_slope(values)?;
            let whitened = whitened(&detrended(values));
            plain(
                &(1u32..)
                    .zip(whitened)
                    .map(|(step, value)| value + f64::from(step) * slope)
                    .collect::<Vec<_>>(),
            )
        }
    })
}

/// The test of Hamed & Rao, never more lenient than the plain one: 5 % of series without trend or dependence are
/// called rising or falling at α = 0.05, where letting the variance shrink, too, calls 8 % of short ones.
/// `None` as [`test()`] gives it.
pub fn cautious(values: &[f64]) -> Option<MannKendall> {
    let (plain, corrected) = (test(values, Correction::None)?, test(values, Correction::HamedRao)?);
    Some(if corrected.variance > plain.variance { corrected } else { plain })
}

/// Tests whether values rise or fall from each January to the next, each February to the next and so on (with 12
/// `seasons`), all seasons together, as if they did not depend on each other. `None` where no season has two values,
/// or a value is not finite.
///
/// # References
/// Hirsch, Slack & Smith (1982), Water Resources Research 18(1), 107-121, equations 5-7.
pub fn seasonal(values: &[f64], seasons: usize) -> Option<MannKendall> {
    if seasons == 0 || values.len() <= seasons || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let (mut s, mut sum, mut all_pairs) = (0.0, 0.0, 0.0);
    for season in by_season(values, seasons) {
        s += score(&season);
        sum += variance(&season);
        all_pairs += pairs(season.len());
    }
    Some(MannKendall::new(s, sum, all_pairs))
}

/// The same for seasons that depend on each other, as the months of one year do: their covariances are added to
/// the variance. Only whole cycles count, and the first values are dropped where there are more. `None` for fewer
/// than two cycles, or where a value is not finite.
///
/// # References
/// Hirsch & Slack (1984), Water Resources Research 20(6), 727-732, equations 11-14.
pub fn seasonal_dependent(values: &[f64], seasons: usize) -> Option<MannKendall> {
    let cycles = values.len().checked_div(seasons)?;
    if cycles < 2 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let columns = by_season(&values[values.len() - cycles * seasons..], seasons);
    let mid_ranks: Vec<Vec<f64>> = columns.iter().map(|column| ranks(column)).collect();
    let n = cycles as f64;
    // σ_gh = (K_gh + 4 Σᵢ R_ig R_ih − n(n+1)²) / 3
    let covariance = |g: usize, h: usize| {
        let (a, b) = (&columns[g], &columns[h]);
        let mut k = 0.0;
        for j in 1..cycles {
            for i in 0..j {
                k += sign(a[j] - a[i]) * sign(b[j] - b[i]);
            }
        }
        let products: f64 = mid_ranks[g].iter().zip(&mid_ranks[h]).map(|(g, h)| g * h).sum();
        (k + 4.0 * products - n * (n + 1.0).powi(2)) / 3.0
    };
    let variance: f64 =
        (0..seasons).flat_map(|g| (0..seasons).map(move |h| (g, h))).map(|(g, h)| covariance(g, h)).sum();
    let s: f64 = columns.iter().map(|column| score(column)).sum();
    Some(MannKendall::new(s, variance, seasons as f64 * pairs(cycles)))
}

/// The slope of Sen: the median change per step over all pairs of values. `None` for fewer than two values.
///
/// # References
/// Sen (1968), Journal of the American Statistical Association 63(324), 1379-1389.
pub fn sen_slope(values: &[f64]) -> Option<f64> {
    median(&mut slopes(values))
}

/// An interval that holds the slope of Sen in about `level` of all cases: `variance` is that of S, plain or
/// corrected. `None` for fewer than two values.
///
/// # References
/// Sen (1968), equation 2.6; with the variance corrected for dependence as Hamed & Rao (1998) correct it.
pub fn sen_interval(values: &[f64], variance: f64, level: f64) -> Option<(f64, f64)> {
    let mut slopes = slopes(values);
    slopes.sort_unstable_by(f64::total_cmp);
    let last = slopes.len().checked_sub(1)?;
    let deviate = Normal::standard().inverse_cdf(f64::midpoint(1.0, level));
    let pairs = slopes.len() as f64;
    let half = deviate * variance.max(0.0).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks, clamped to those there are"
    )]
    let rank = |rank: f64| (rank.round_ties_even().max(0.0) as usize).min(last);
    Some((slopes[rank((pairs - half) / 2.0).saturating_sub(1)], slopes[rank(f64::midpoint(pairs, half))]))
}

fn sign(difference: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference.signum() }
}

fn pairs(n: usize) -> f64 {
    0.5 * n as f64 * (n as f64 - 1.0)
}

/// S: pairs that rise minus pairs that fall.
fn score(values: &[f64]) -> f64 {
    let mut score = 0i64;
    for (place, later) in values.iter().enumerate() {
        for earlier in &values[..place] {
            score += i64::from(later > earlier) - i64::from(later < earlier);
        }
    }
    score as f64
}

/// The variance of S if every order were equally likely, given which values are equal.
fn variance(values: &[f64]) -> f64 {
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 =
        sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|equal| term(equal.len() as f64)).sum();
    (term(values.len() as f64) - ties) / 18.0
}

/// Ranks from 1; equal values share their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0.0;
    for equal in order.chunk_by(|&a, &b| values[a].total_cmp(&values[b]).is_eq()) {
        let size = equal.len() as f64;
        for &item in equal {
            ranks[item] = before + f64::midpoint(size, 1.0);
        }
        before += size;
    }
    ranks
}

/// Autocorrelations at lag 1, 2 and so on; all 0 where nothing varies.
fn autocorrelations(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let at_lag = |lag: usize| centred[lag..].iter().zip(&centred).map(|(a, b)| a * b).sum::<f64>();
    let total = at_lag(0);
    let relative = |lag: usize| if total > 0.0 { at_lag(lag) / total } else { 0.0 };
    (1..values.len()).map(relative).collect()
}

/// The values less the slope of Sen.
fn detrended(values: &[f64]) -> Vec<f64> {
    let slope = sen_slope(values).unwrap_or(0.0);
    (1u32..).zip(values).map(|(step, value)| value - f64::from(step) * slope).collect()
}

/// Each value but the first, less its predecessor times the autocorrelation at lag 1.
fn whitened(values: &[f64]) -> Vec<f64> {
    let correlation = autocorrelations(values).first().copied().unwrap_or(0.0);
    values.windows(2).map(|pair| pair[1] - pair[0] * correlation).collect()
}

/// The values of each season, in order of time.
fn by_season(values: &[f64], seasons: usize) -> Vec<Vec<f64>> {
    (0..seasons).map(|season| values.iter().skip(season).step_by(seasons).copied().collect()).collect()
}

/// Change per step over every pair of values.
fn slopes(values: &[f64]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(values.len() * values.len().saturating_sub(1) / 2);
    for (place, later) in values.iter().enumerate() {
        slopes.extend(
            values[..place].iter().enumerate().map(|(at, earlier)| (later - earlier) / (place - at) as f64),
        );
    }
    slopes
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp);
    Some(if is_even { f64::midpoint(lower.unwrap_or(upper), upper) } else { upper })
}

#[cfg(test)]
mod tests;
