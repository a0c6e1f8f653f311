//! Local Moran's I: values and neighbours in, how alike each item and its neighbours are out.
//!
//! Weights are those of the *other* items; an item in its own row is passed over. An island is like nothing: its I
//! is 0. The z-score is of the conditional randomisation, exactly: its mean and variance are those over all
//! arrangements of the other values. Whether it is *normal* is another matter: for counts it is not, so p-values come
//! from [`permute`](crate::stats::permute).

use crate::stats::weights::Weights;

/// An item and its neighbours, each above (high) or not above (low) the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quadrant {
    /// High among high.
    HighHigh,
    /// Low among high.
    LowHigh,
    /// Low among low.
    LowLow,
    /// High among low.
    HighLow,
}

impl Quadrant {
    /// Its usual two letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::HighHigh => "HH",
            Self::LowHigh => "LH",
            Self::LowLow => "LL",
            Self::HighLow => "HL",
        }
    }
}

/// Local Moran's I of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMoran {
    /// Iᵢ: positive among its like, negative among its opposites.
    pub i: f64,
    /// The same as a standard deviate of the conditional randomisation; 0 where nothing can vary.
    pub z: f64,
    /// Which like or opposite.
    pub quadrant: Quadrant,
}

/// Local Moran's I of every item. `None` where nothing varies or there are fewer than three items.
///
/// # Panics
/// When `values` and `weights` are not of the same items.
///
/// # References
/// Anselin (1995), Geographical Analysis 27(2), 93-115, with the sum of squares over n - 1 as in `PySAL`.
/// Sokal, Oden & Thomson (1998), Geographical Analysis 30(4), 331-354, for the conditional moments.
pub fn local(values: &[f64], weights: &Weights) -> Option<Vec<LocalMoran>> {
    assert_eq!(values.len(), weights.len(), "one row of weights per value");
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviations: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let squares: f64 = deviations.iter().map(|z| z * z).sum();
    if values.len() < 3 || squares.is_nan() || squares <= 0.0 {
        return None;
    }
    let of_item = |item: usize| {
        // zᵢ is `own`, Σⱼ wᵢⱼ zⱼ is `lag`, Σⱼ wᵢⱼ is `weight`, Σⱼ wᵢⱼ² is `weight_sq`.
        let own = deviations[item];
        let (mut lag, mut weight, mut weight_sq) = (0.0, 0.0, 0.0);
        for (near, w) in weights.others(item) {
            lag += w * deviations[near as usize];
            weight += w;
            weight_sq += w * w;
        }
        // The n − 1 other values have this mean and variance; some of them, drawn without replacement, add up
        // to `lag` with the moments of a finite population.
        let other_mean = -own / (n - 1.0);
        let other_variance = ((squares - own * own) / (n - 1.0) - other_mean * other_mean).max(0.0);
        let spread = (other_variance * ((n - 1.0) * weight_sq - weight * weight) / (n - 2.0)).max(0.0).sqrt();
        let is_fixed = spread <= 1e-12 * (squares / n).sqrt() || own == 0.0;
        LocalMoran {
            i: (n - 1.0) * own * lag / squares,
            z: if is_fixed { 0.0 } else { own.signum() * (lag - weight * other_mean) / spread },
            quadrant: match (own > 0.0, lag > 0.0) {
                (true, true) => Quadrant::HighHigh,
                (false, true) => Quadrant::LowHigh,
                (false, false) => Quadrant::LowLow,
                (true, false) => Quadrant::HighLow,
            },
        }
    };
    Some((0..values.len()).map(of_item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::stats::permute::conditional_both;
    use crate::stats::reference;

    const SETS: [(&str, &str); 4] = [
        ("sids2_SIDR74", "sids2"),
        ("sids2_SID74", "sids2"),
        ("columbus_CRIME", "columbus"),
        ("stl_hom_HR8893", "stl_hom"),
    ];

    /// Values, row-standardised weights and the named columns of a set of `PySAL`.
    fn set(set: &str, neighbours: &str) -> Option<(Vec<f64>, Weights, Vec<Vec<f64>>)> {
        let columns = ["value", "lisa_I", "lisa_q", "lisa_EIc", "lisa_VIc", "lisa_p_sim_onesided"];
        let rows = reference::table(&format!("pysal_{set}.csv"), &columns)?;
        let weights = reference::neighbours(&format!("pysal_{neighbours}_queen.json"))?;
        Some((rows.iter().map(|row| row[0]).collect(), weights.row_standardised(), rows))
    }

    #[test]
    fn values_quadrants_and_moments_are_those_of_pysal() {
        for (name, neighbours) in SETS {
            let Some((values, weights, rows)) = set(name, neighbours) else { return };
            for (found, row) in local(&values, &weights).unwrap().iter().zip(&rows) {
                assert!(
                    (found.i - row[1]).abs() < 1e-9 * row[1].abs().max(1.0),
                    "{name}: {found:?} for {row:?}"
                );
                let quadrant = [Quadrant::HighHigh, Quadrant::LowHigh, Quadrant::LowLow, Quadrant::HighLow]
                    .iter()
                    .position(|&quadrant| quadrant == found.quadrant)
                    .unwrap();
                assert!((row[2] - 1.0 - quadrant as f64).abs() < 1e-12, "{name}: {found:?} for {row:?}");
                // Its moments are those of an I with the sum of squares over n, as in Sokal et al. The files hold
                // ten significant digits.
                let n = values.len() as f64;
                let z = (row[1] * n / (n - 1.0) - row[3]) / row[4].sqrt();
                assert!((found.z - z).abs() < 1e-9 * z.abs().max(1.0), "{name}: {} for {z}", found.z);
            }
        }
    }

    #[test]
    fn permutations_reach_as_often_as_those_of_pysal() {
        for (name, neighbours) in SETS.into_iter().filter(|set| set.0 != "sids2_SID74") {
            let Some((values, weights, rows)) = set(name, neighbours) else { return };
            let random = Random::new(4);
            let both = conditional_both(&values, &weights, 9_999, |item| random.stream("pysal", item as u64));
            for (&(below, above), row) in both.iter().zip(&rows) {
                // PySAL folds: it reports the smaller tail.
                let folded = f64::from(below.min(above) + 1) / 10_000.0;
                let error = 5.0 * (2.0 * row[5] * (1.0 - row[5]) / 9_999.0).sqrt() + 2e-4;
                assert!((folded - row[5]).abs() < error, "{name}: p {folded} for {}", row[5]);
            }
        }
    }

    #[test]
    fn the_z_score_is_that_of_all_arrangements() {
        // Six items, two neighbours each with unequal weights: every arrangement of the five others is tried.
        let values = [3.0, 0.0, 0.0, 1.0, 7.0, 2.0];
        let ring: Vec<Vec<u32>> = (0..6u32).map(|item| vec![(item + 1) % 6, (item + 5) % 6]).collect();
        let weights = Weights::binary(&ring).row_standardised();
        let found = local(&values, &weights).unwrap();
        for item in 0..6 {
            let others: Vec<f64> = (0..6).filter(|&other| other != item).map(|other| values[other]).collect();
            let pairs = || (0..5).flat_map(|a| (0..5).filter(move |&b| b != a).map(move |b| (a, b)));
            let lags: Vec<f64> = pairs().map(|(a, b)| f64::midpoint(others[a], others[b])).collect();
            let mean = lags.iter().sum::<f64>() / 20.0;
            let spread = (lags.iter().map(|lag| (lag - mean).powi(2)).sum::<f64>() / 20.0).sqrt();
            let observed = f64::midpoint(values[(item + 1) % 6], values[(item + 5) % 6]);
            let own = values[item] - 13.0 / 6.0;
            assert!((found[item].z - own.signum() * (observed - mean) / spread).abs() < 1e-12, "{item}");
        }
    }

    #[test]
    fn islands_are_like_nothing_and_constants_have_no_answer() {
        let weights = Weights::binary(&[vec![1], vec![0], vec![], vec![]]).row_standardised();
        let found = local(&[4.0, 1.0, 1.0, 0.0], &weights).unwrap();
        assert!(
            found[2].i == 0.0 && found[2].z == 0.0 && found.iter().all(|row| row.z.is_finite()),
            "{found:?}"
        );
        assert!(local(&[2.0; 4], &weights).is_none());
        assert!(local(&[], &Weights::binary(&[])).is_none());
        assert!(local(&[1.0, 2.0], &Weights::binary(&[vec![1], vec![0]])).is_none());
    }
}
