//! A stream of random bits in, draws from the distributions of a season out.
//!
//! Written out here, because the generated seasons must stay the same bytes when a library changes its
//! samplers.

use rand::Rng;

use crate::random::{Random, Stream};

/// The dice of one item.
pub(super) struct Chance {
    stream: Stream,
}

impl Chance {
    /// The dice of the item `key` of `purpose`.
    pub(super) fn new(random: Random, purpose: &str, key: u64) -> Self {
        Self { stream: random.stream(purpose, key) }
    }

    /// Uniform in `0 <= x < 1`.
    pub(super) fn share(&mut self) -> f64 {
        // The upper 53 bits: as many as an f64 holds.
        (self.stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `low <= x < high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// True with probability `share`.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Uniform in `0..count`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below `count`")]
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.share() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// One of `items`.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// An index into `weights`, each with a probability in proportion to its weight.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.share() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// Standard normal (Box & Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Log-normal with median 1 and this standard deviation of its logarithm.
    pub(super) fn log_normal(&mut self, sigma: f64) -> f64 {
        (sigma * self.normal()).exp()
    }

    /// Exponential with this mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }

    /// Gamma with this shape and mean 1 (Marsaglia & Tsang 2000).
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // A gamma of `shape + 1` times a power of a uniform has the shape that is wanted.
            let power = (1.0 - self.share()).powf(1.0 / shape);
            return self.gamma(shape + 1.0) * (shape + 1.0) / shape * power;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.share()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }

    /// Poisson with this mean, as the number of exponential gaps that fit.
    pub(super) fn poisson(&mut self, mean: f64) -> usize {
        let mut count = 0;
        let mut left = mean - self.exponential(1.0);
        while left > 0.0 {
            count += 1;
            left -= self.exponential(1.0);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_mean_and_the_spread_that_they_promise() {
        let mut chance = Chance::new(Random::new(3), "moments", 0);
        let mut moments = |draw: &mut dyn FnMut(&mut Chance) -> f64| {
            let draws: Vec<f64> = (0..40_000).map(|_| draw(&mut chance)).collect();
            let mean = draws.iter().sum::<f64>() / 40_000.0;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 40_000.0;
            (mean, variance)
        };
        let close = |(mean, variance): (f64, f64), (m, v): (f64, f64)| {
            assert!((mean - m).abs() < 0.03 && (variance - v).abs() < 0.12 * v, "{mean} {variance}");
        };
        close(moments(&mut |c| c.share()), (0.5, 1.0 / 12.0));
        close(moments(&mut |c| c.normal()), (0.0, 1.0));
        close(moments(&mut |c| c.exponential(1.0)), (1.0, 1.0));
        close(moments(&mut |c| c.gamma(0.5)), (1.0, 2.0));
        close(moments(&mut |c| c.gamma(2.5)), (1.0, 0.4));
        close(moments(&mut |c| c.poisson(0.7) as f64), (0.7, 0.7));
    }

    #[test]
    fn weights_decide_how_often_an_item_is_drawn() {
        let mut chance = Chance::new(Random::new(3), "weights", 0);
        let mut counts = [0; 3];
        for _ in 0..4000 {
            counts[chance.weighted(&[1.0, 0.0, 3.0])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((900..1100).contains(&counts[0]), "{counts:?}");
    }
}
