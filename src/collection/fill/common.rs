//! What all stops have in common, as places in short lists: the fill model is tried with each and its neighbours.

/// Standard deviation of what comes in on a day over its mean, days being independent of each other. The Amsterdam
/// weighings have 0.67 from emptying to emptying, double lifts included.
const VARIATIONS: [f64; 8] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.67, 0.85, 1.1];
/// The same for what lasts from one emptying to the next: weather, holidays, a feast.
const LASTING: [f64; 6] = [0.0, 0.08, 0.16, 0.24, 0.36, 0.5];
/// Reports per day about a stop that is full, at the middle stop: steps of the square root of two.
const REPORTING: [f64; 13] = [0.05, 0.071, 0.1, 0.141, 0.2, 0.283, 0.4, 0.566, 0.8, 1.13, 1.6, 2.26, 3.2];
/// How much that differs from stop to stop: standard deviation of its logarithm.
const SPREADS: [f64; 4] = [0.0, 0.5, 1.0, 1.5];
/// Reports per day about any stop that have another reason: one that was meant for a neighbour, a visit that was
/// taken to be made.
const OTHERS: [f64; 7] = [0.000_125, 0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008];

/// Nodes of a standard normal distribution with their weights (Gauss and Hermite, five nodes).
const NODES: [(f64, f64); 5] = [
    (-2.856_970_013_872_806, 0.011_257_411_327_720_69),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_6),
    (2.856_970_013_872_806, 0.011_257_411_327_720_69),
];

const SIZES: [usize; 5] = [VARIATIONS.len(), LASTING.len(), REPORTING.len(), SPREADS.len(), OTHERS.len()];

/// One choice from each list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Common([usize; 5]);

impl Common {
    /// Where the search starts: the variation of Amsterdam, a report after a day or so.
    pub(super) const FIRST: Self = Self([5, 0, 8, 0, 4]);

    /// All choices that differ by one place in one list.
    pub(super) fn neighbours(self) -> Vec<Self> {
        let mut all = Vec::new();
        for (list, &size) in SIZES.iter().enumerate() {
            let at = self.0[list];
            for to in [at.wrapping_sub(1), at + 1].into_iter().filter(|&to| to < size) {
                let mut next = self;
                next.0[list] = to;
                all.push(next);
            }
        }
        all
    }

    pub(super) fn variation(self) -> f64 {
        VARIATIONS[self.0[0]]
    }

    pub(super) fn lasting(self) -> f64 {
        LASTING[self.0[1]]
    }

    pub(super) fn reporting(self) -> f64 {
        REPORTING[self.0[2]]
    }

    /// Reports per day about a full stop, from stop to stop, each with how common it is: log-normal.
    pub(super) fn readiness(self) -> Vec<(f64, f64)> {
        let (middle, spread) = (self.reporting(), SPREADS[self.0[3]]);
        if spread == 0.0 {
            return vec![(middle, 1.0)];
        }
        NODES.iter().map(|(node, weight)| (middle * (spread * node).exp(), *weight)).collect()
    }

    pub(super) fn other(self) -> f64 {
        OTHERS[self.0[4]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_the_moments_of_a_normal_distribution() {
        let moment =
            |power: i32| -> f64 { NODES.iter().map(|(node, weight)| weight * node.powi(power)).sum() };
        for (power, value) in [(0, 1.0), (1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0), (6, 15.0), (8, 105.0)] {
            assert!((moment(power) - value).abs() < 1e-9, "{power}: {}", moment(power));
        }
    }

    #[test]
    fn neighbours_stay_within_the_lists() {
        assert_eq!(Common([0; 5]).neighbours().len(), 5);
        assert_eq!(Common(SIZES.map(|size| size - 1)).neighbours().len(), 5);
        assert_eq!(Common::FIRST.neighbours().len(), 8);
    }
}
