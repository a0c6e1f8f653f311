//! Counts before and after in, whether they changed beyond chance out.

use statrs::function::gamma::ln_gamma;

/// Two-sided exact p-value that `late` of `n` events fall after a moment when `all_late` of all `all_n` events
/// do (the `n` included): twice the smaller hypergeometric tail, at most 1. Comparing with all events takes the
/// season, growth and gaps in the data out of the question, since they are in both.
///
/// # Panics
/// When a part is larger than its whole.
///
/// # References
/// Fisher (1935), Journal of the Royal Statistical Society 98(1), 39-82, section on the fourfold table.
pub fn fisher_p(late: u32, n: u32, all_late: u32, all_n: u32) -> f64 {
    let fits = late <= n && n <= all_n && late <= all_late && all_late - late <= all_n - n;
    assert!(fits, "{late} of {n} events cannot be among {all_late} of {all_n}");
    let (fewest, most) = ((n + all_late).saturating_sub(all_n), n.min(all_late));
    let total = ln_choose(all_n, n);
    let probability = |k: u32| (ln_choose(all_late, k) + ln_choose(all_n - all_late, n - k) - total).exp();
    let upper: f64 = (late..=most).map(probability).sum();
    let lower: f64 = (fewest..=late).map(probability).sum();
    (2.0 * upper.min(lower)).min(1.0)
}

fn ln_choose(n: u32, k: u32) -> f64 {
    let ln_factorial = |n: u32| ln_gamma(f64::from(n) + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lady_tasting_tea_is_right_by_chance_once_in_seventy() {
        assert!((fisher_p(4, 4, 4, 8) - 2.0 / 70.0).abs() < 1e-10);
        assert!((fisher_p(3, 4, 4, 8) - 34.0 / 70.0).abs() < 1e-10);
        assert!((fisher_p(2, 4, 4, 8) - 1.0).abs() < 1e-10);
    }

    #[test]
    fn nothing_to_compare_is_no_change() {
        assert!((fisher_p(0, 0, 0, 0) - 1.0).abs() < 1e-12);
        assert!((fisher_p(5, 5, 5, 5) - 1.0).abs() < 1e-12);
        assert!((fisher_p(0, 0, 3, 9) - 1.0).abs() < 1e-12);
    }
}
