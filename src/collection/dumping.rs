//! Reports of rubbish beside stops in, beside which stops it is put again and again out.
//!
//! Rubbish draws rubbish: most stops never see any, a few every week. So where a report lies between two stops, the one
//! with a past is the likelier. How unequal the stops are is learnt from the reports themselves; where they are all
//! alike, no stop is preferred. The population beside a stop and its surroundings are not looked at.

use crate::stats::poisson::Rates;

/// How often rubbish is reported beside each stop.
#[derive(Debug, Clone)]
pub(super) struct Dumping {
    counts: Vec<f64>,
    rates: Option<Rates>,
}

impl Dumping {
    /// Learns from the stop of each report about rubbish beside one, of `n_stops` in all.
    pub(super) fn learn(n_stops: usize, stops: impl Iterator<Item = usize>) -> Self {
        let mut counts = vec![0.0; n_stops];
        stops.for_each(|stop| counts[stop] += 1.0);
        let rates = Rates::estimate(&counts, &vec![1.0; n_stops]).filter(|rates| rates.mean > 0.0);
        Self { counts, rates }
    }

    /// How many times as often as beside the average stop rubbish is put beside this one, as far as the other
    /// reports tell: where the report in question counts for it, that is set aside.
    pub(super) fn times(&self, stop: usize, is_counted: bool) -> f64 {
        let others = self.counts[stop] - f64::from(is_counted);
        self.rates.map_or(1.0, |rates| rates.shrunken(others, 1.0) / rates.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_with_a_past_is_the_likelier_and_a_report_does_not_speak_for_itself() {
        let reports = [vec![0; 12], vec![1; 9], (2..30).collect()].concat();
        let dumping = Dumping::learn(200, reports.into_iter());
        assert!(dumping.times(0, true) > 10.0 && dumping.times(150, false) < 0.7);
        assert!((dumping.times(5, true) - dumping.times(150, false)).abs() < 1e-12);
    }

    #[test]
    fn stops_that_are_all_alike_or_unreported_are_equally_likely() {
        for reports in [Vec::new(), (0..40).collect::<Vec<usize>>()] {
            let dumping = Dumping::learn(40, reports.into_iter());
            assert!((0..40).all(|stop| (dumping.times(stop, false) - 1.0).abs() < 1e-12));
        }
    }
}
