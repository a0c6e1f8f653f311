//! p-values of many tests in, q-values that account for their number out.

/// q-values of Benjamini & Hochberg: calling everything with q ≤ α a finding, at most a share α of the
/// findings is false on average. Right for independent tests and for tests that depend positively, as
/// overlapping neighbourhoods do. In the order of `p_values`.
///
/// # References
/// Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57(1), 289-300.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    step_up(p_values, 1.0)
}

/// q-values of Benjamini & Yekutieli: as [`benjamini_hochberg`], right for tests that depend in any way,
/// and about ln(n) times as strict.
///
/// # References
/// Benjamini & Yekutieli (2001), Annals of Statistics 29(4), 1165-1188, theorem 1.3.
pub fn benjamini_yekutieli(p_values: &[f64]) -> Vec<f64> {
    step_up(p_values, (1..=p_values.len()).map(|rank| 1.0 / rank as f64).sum())
}

/// qᵢ = min over all ranks j ≥ rank(i) of p₍ⱼ₎ · n · `penalty` / j, at most 1.
fn step_up(p_values: &[f64], penalty: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let tests = p_values.len() as f64;
    let mut q_values = vec![1.0; p_values.len()];
    let mut smallest = 1.0f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values[index] * tests * penalty / (rank + 1) as f64);
        q_values[index] = smallest;
    }
    q_values
}

/// The share of false findings among all that are at least as sure: the mean of their probabilities of being false.
/// In the order of `false_with`.
///
/// # References
/// Newton, Noueiry, Sarkar & Ahlquist (2004), Biostatistics 5(2), 155-176, section 2.4.
pub fn bayesian(false_with: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..false_with.len()).collect();
    order.sort_by(|&a, &b| false_with[a].total_cmp(&false_with[b]));
    let mut shares = vec![1.0; false_with.len()];
    let (mut sum, mut n) = (0.0, 0.0);
    for equal in order.chunk_by(|&a, &b| false_with[a].total_cmp(&false_with[b]).is_eq()) {
        n += equal.len() as f64;
        sum += false_with[equal[0]] * equal.len() as f64;
        for &index in equal {
            shares[index] = sum / n;
        }
    }
    shares
}

/// A q-value in words: `q = 0.012`, and never `q = 0.000`.
pub fn in_words(q_value: f64) -> String {
    if q_value < 0.001 { "q < 0.001".to_owned() } else { format!("q = {q_value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q_values_are_those_of_statsmodels_on_columbus() {
        let Some(rows) = crate::stats::reference::table("bh_columbus.csv", &["p2", "q_bh", "q_by"]) else {
            return;
        };
        let p_values: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let (bh, by) = (benjamini_hochberg(&p_values), benjamini_yekutieli(&p_values));
        for ((row, bh), by) in rows.iter().zip(bh).zip(by) {
            assert!((row[1] - bh).abs() < 1e-10 && (row[2] - by).abs() < 1e-10, "{row:?}: {bh}, {by}");
        }
    }

    #[test]
    fn the_share_of_false_findings_is_the_mean_of_what_each_risks() {
        let shares = bayesian(&[0.5, 0.0, 0.1, 0.1]);
        for (share, expected) in shares.iter().zip([0.7 / 4.0, 0.0, 0.2 / 3.0, 0.2 / 3.0]) {
            assert!((share - expected).abs() < 1e-15, "{shares:?}");
        }
        assert!(bayesian(&[]).is_empty());
    }

    #[test]
    fn equal_p_values_get_equal_q_values() {
        let q_values = benjamini_hochberg(&[0.02, 0.5, 0.02, 0.02]);
        assert_eq!(q_values[0].to_bits(), q_values[2].to_bits());
        assert!((q_values[0] - 0.08 / 3.0).abs() < 1e-15 && (q_values[1] - 0.5).abs() < 1e-15);
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
