//! Values seen, each with a weight, in; a smooth density over a bounded range out.

/// The quartiles of a normal distribution are this many standard deviations apart.
const QUARTILES: f64 = 1.349;
/// The share of a bell that stays as it was seen.
const AS_SEEN: f64 = 0.05;

/// A density over a bounded range, as a smoothed histogram over a parametric guess.
#[derive(Debug, Clone)]
pub(in crate::collection::executed) struct Density {
    from: f64,
    width: f64,
    /// The share that is spread evenly.
    odd: f64,
    /// Natural logarithm of the density in each bin.
    log: Vec<f64>,
}

impl Density {
    /// The density proportional to `shape` over `bins` bins of `width` from `from` on, and never far from it 0.
    /// The share `odd` is spread evenly over the range, so that nothing within it is impossible.
    pub(in crate::collection::executed) fn of(
        from: f64,
        width: f64,
        bins: usize,
        odd: f64,
        shape: impl Fn(f64) -> f64,
    ) -> Self {
        let weights: Vec<f64> = (0..bins).map(|bin| shape(from + (bin as f64 + 0.5) * width)).collect();
        let mut density = Self { from, width, odd, log: Vec::new() };
        density.set(&weights);
        density
    }

    fn set(&mut self, weights: &[f64]) {
        let total: f64 = weights.iter().sum();
        let even = self.even(weights.len());
        let share = |weight: &f64| ((1.0 - self.odd) * weight / (total * self.width) + even).ln();
        self.log = weights.iter().map(share).collect();
    }

    /// Takes the values to be about normal: their middle half sets a bell, and only one twentieth stays as it was seen.
    /// A stop that was left out and is taken for one that was emptied in no time must not teach that emptying may take
    /// no time.
    pub(in crate::collection::executed) fn straighten(&mut self) {
        let middle = self.quantile(0.5);
        let deviation = ((self.quantile(0.75) - self.quantile(0.25)) / QUARTILES).max(self.width);
        let weights: Vec<f64> = (0..self.log.len())
            .map(|bin| {
                let off = (self.from + (bin as f64 + 0.5) * self.width - middle) / deviation;
                let bell = (-0.5 * off * off).exp() / (deviation * std::f64::consts::TAU.sqrt());
                (1.0 - AS_SEEN) * bell + AS_SEEN * self.log[bin].exp()
            })
            .collect();
        self.set(&weights);
    }

    /// The value that this share stays below.
    fn quantile(&self, share: f64) -> f64 {
        let mut below = 0.0;
        for (bin, log) in self.log.iter().enumerate() {
            let within = log.exp() * self.width;
            if below + within >= share {
                return self.from + self.width * (bin as f64 + (share - below) / within);
            }
            below += within;
        }
        self.from + self.width * self.log.len() as f64
    }

    fn even(&self, bins: usize) -> f64 {
        self.odd / (bins as f64 * self.width)
    }

    /// Logarithm of the density at `value`; outside the range that of its nearest end.
    pub(in crate::collection::executed) fn log_at(&self, value: f64) -> f64 {
        let last = self.log.len() - 1;
        let place = (value - self.from) / self.width - 0.5;
        if place <= 0.0 {
            return self.log[0];
        }
        if place >= last as f64 {
            return self.log[last];
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and `last`")]
        let bin = place as usize;
        self.log[bin] + (self.log[bin + 1] - self.log[bin]) * (place - bin as f64)
    }

    /// The value that all but one in 500 stay below.
    pub(in crate::collection::executed) fn upper(&self) -> f64 {
        let mut above = 0.0;
        let even = self.even(self.log.len());
        for (bin, log) in self.log.iter().enumerate().rev() {
            above += (log.exp() - even) * self.width;
            if above > 0.002 {
                return self.from + self.width * (bin + 1) as f64;
            }
        }
        self.from + self.width * self.log.len() as f64
    }

    /// The value that all but one in 50 exceed.
    pub(in crate::collection::executed) fn lower(&self) -> f64 {
        let mut below = 0.0;
        let even = self.even(self.log.len());
        for (bin, log) in self.log.iter().enumerate() {
            below += (log.exp() - even) * self.width;
            if below > 0.02 {
                return self.from + self.width * bin as f64;
            }
        }
        self.from
    }

    /// An empty tally for what is seen of it.
    pub(in crate::collection::executed) fn tally(&self) -> Tally {
        Tally { from: self.from, width: self.width, weight: vec![0.0; self.log.len()] }
    }

    /// Learns from a tally; `guess_weight` observations are taken to lie as before.
    pub(in crate::collection::executed) fn learn(&mut self, tally: &Tally, guess_weight: f64) {
        let seen: f64 = tally.weight.iter().sum();
        if seen < 1.0 {
            return;
        }
        // Smoothed with a triangle of two bins to either side.
        let kernel = [1.0, 2.0, 3.0, 2.0, 1.0];
        let count = tally.weight.len();
        let weights: Vec<f64> = (0..count)
            .map(|bin| {
                let near = (0..5).filter_map(|k| (bin + k).checked_sub(2).map(|at| (k, at)));
                let smooth: f64 =
                    near.filter(|&(_, at)| at < count).map(|(k, at)| kernel[k] * tally.weight[at]).sum();
                smooth / 9.0 + guess_weight * self.log[bin].exp() * self.width
            })
            .collect();
        self.set(&weights);
    }

    /// The mean.
    pub(in crate::collection::executed) fn mean(&self) -> f64 {
        let middle = |bin: usize| self.from + (bin as f64 + 0.5) * self.width;
        self.log.iter().enumerate().map(|(bin, log)| middle(bin) * log.exp() * self.width).sum()
    }
}

/// Counts per bin of a [`Density`].
#[derive(Debug, Clone)]
pub(in crate::collection::executed) struct Tally {
    from: f64,
    width: f64,
    weight: Vec<f64>,
}

impl Tally {
    /// Counts `value` with a weight.
    pub(in crate::collection::executed) fn add(&mut self, value: f64, weight: f64) {
        let last = self.weight.len() - 1;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins")]
        let bin = ((value - self.from) / self.width).clamp(0.0, last as f64) as usize;
        self.weight[bin] += weight;
    }

    /// What would have been counted had nothing been cut short (Kaplan & Meier 1958). Beyond the last that is
    /// known, as `otherwise`.
    pub(in crate::collection::executed) fn uncut(&self, cut_short: &Self, otherwise: &Self) -> Self {
        let total: f64 = self.weight.iter().sum();
        let mut at_risk: f64 = total + cut_short.weight.iter().sum::<f64>();
        let mut left = 1.0;
        let mut uncut = self.clone();
        for bin in 0..self.weight.len() {
            if at_risk < 20.0 {
                let beyond: f64 = otherwise.weight[bin..].iter().sum();
                for rest in bin..self.weight.len() {
                    uncut.weight[rest] = left * total * otherwise.weight[rest] / beyond.max(1e-9);
                }
                break;
            }
            let ends = (self.weight[bin] / at_risk).min(1.0);
            uncut.weight[bin] = left * total * ends;
            left *= 1.0 - ends;
            at_risk -= self.weight[bin] + cut_short.weight[bin];
        }
        uncut
    }

    pub(in crate::collection::executed) fn merge(&mut self, other: &Self) {
        self.weight.iter_mut().zip(&other.weight).for_each(|(mine, theirs)| *mine += theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straightened_density_forgets_most_of_a_lump_far_from_its_middle() {
        let mut density =
            Density::of(-20.0, 2.5, 160, 0.005, |value| (-0.5 * ((value - 45.0) / 13.0).powi(2)).exp());
        let mut tally = density.tally();
        (0..900).for_each(|at| tally.add(32.0 + f64::from(at % 27), 1.0));
        (0..100).for_each(|_| tally.add(0.0, 1.0));
        density.learn(&tally, 1.0);
        let (lump, middle) = (density.log_at(0.0), density.quantile(0.5));
        density.straighten();
        assert!(density.log_at(0.0) < lump - 1.0 && (density.quantile(0.5) - middle).abs() < 2.0);
    }

    #[test]
    fn a_density_sums_to_one_and_learns_what_it_sees() {
        let mut density = Density::of(0.0, 1.0, 50, 0.01, |value| (-value / 10.0).exp());
        let total = |d: &Density| d.log.iter().map(|log| log.exp() * d.width).sum::<f64>();
        assert!((total(&density) - 1.0).abs() < 1e-9);
        let mut tally = density.tally();
        (0..1000).for_each(|_| tally.add(30.5, 1.0));
        density.learn(&tally, 1.0);
        assert!((total(&density) - 1.0).abs() < 1e-9);
        assert!((density.mean() - 30.5).abs() < 1.0, "{}", density.mean());
    }

    #[test]
    fn gaps_that_a_departure_cut_short_count_as_longer() {
        let density = Density::of(0.0, 4.0, 60, 1e-4, |_| 1.0);
        let (mut seen, mut cut, otherwise) = (density.tally(), density.tally(), density.tally());
        (0..100).for_each(|_| seen.add(10.0, 1.0));
        (0..100).for_each(|_| seen.add(50.0, 1.0));
        (0..100).for_each(|_| cut.add(30.0, 1.0));
        let uncut = seen.uncut(&cut, &otherwise);
        // 100 of 300 end at 10 s; of the 200 others half are lost, so those at 50 s stand for all of them.
        assert!(
            (uncut.weight[2] - 200.0 / 3.0).abs() < 1e-9 && (uncut.weight[12] - 400.0 / 3.0).abs() < 1e-9
        );
    }
}
