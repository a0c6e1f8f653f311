//! The standard normal distribution: deviates in, tail probabilities out.

use statrs::function::gamma::gamma_ur;

/// Probability that a standard normal deviate lies at least as far from 0 as `z`.
pub fn two_sided(z: f64) -> f64 {
    // The square of a deviate is gamma distributed; the library's `erfc` is right to 1e-12 only.
    if z == 0.0 { 1.0 } else { gamma_ur(0.5, z * z / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        assert!((two_sided(1.959_963_984_540_054) - 0.05).abs() < 1e-15);
        assert!((two_sided(-2.575_829_303_548_901) - 0.01).abs() < 1e-15);
        assert!((two_sided(8.0) / 1.244_192_114_854_357e-15 - 1.0).abs() < 1e-12);
        assert!((two_sided(0.0) - 1.0).abs() < 1e-15 && two_sided(50.0) < 1e-300);
    }
}
