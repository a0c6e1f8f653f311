//! Cases and population in a window in, its log likelihood ratio out.

/// The likelihood under which a window is compared with the rest.
#[derive(Debug, Clone, Copy)]
pub(super) enum Likelihood {
    /// Cases at a rate; also of [`SpaceTimePermutation`](super::Model::SpaceTimePermutation).
    Poisson { cases: f64, total: f64 },
    /// Cases among cases and controls.
    Bernoulli { cases: f64, total: f64 },
}

impl Likelihood {
    /// The log likelihood ratio of a window with `count` cases in `mass` of the population; 0 where the window
    /// holds no more than expected. For the same count it falls as the mass rises.
    pub(super) fn ratio(self, count: f64, mass: f64) -> f64 {
        let expected = self.expected(mass);
        if count <= expected {
            return 0.0;
        }
        match self {
            // Kulldorff (1997), section 4.2, in logarithms: c ln(c/μ) + (C − c) ln((C − c)/(C − μ)).
            Self::Poisson { cases, .. } => {
                count * (count / expected).ln()
                    + times_ln(cases - count, (cases - count) / (cases - expected))
            }
            // Kulldorff (1997), section 4.1, in logarithms, with n = `mass` and N = `total`.
            Self::Bernoulli { cases, total } => {
                let inside = of_shares(count, mass);
                let outside = of_shares(cases - count, total - mass);
                (inside + outside - of_shares(cases, total)).max(0.0)
            }
        }
    }

    /// Cases expected in `mass` of the population.
    pub(super) fn expected(self, mass: f64) -> f64 {
        let (Self::Poisson { cases, total } | Self::Bernoulli { cases, total }) = self;
        mass * cases / total
    }
}

/// The largest log likelihood of `cases` cases among `all`.
fn of_shares(cases: f64, all: f64) -> f64 {
    times_ln(cases, cases / all) + times_ln(all - cases, (all - cases) / all)
}

/// x ln y, which tends to 0 with x.
fn times_ln(x: f64, y: f64) -> f64 {
    if x > 0.0 { x * y.ln() } else { 0.0 }
}
