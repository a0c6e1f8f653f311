//! Reports that a container is full in, how much they speak for each planned visit having been left out.
//!
//! A container that was not emptied is full sooner, and somebody may say so before the next planned visit. Where two
//! containers share a corner, the track shows one halt too few and the reports show for which of them. How much more
//! often a visit that was left out is followed by a report than one that was made, is learnt along with everything else.

use super::super::nearby::{Nearby, REPORT_SPREAD_M, instant, nearness};
use super::super::planned::by_stop;
use super::super::{Evidence, Visit};
use crate::model::kind::Kind;

/// What is taken to have been seen before anything is: visits, and those of them that a report followed.
const GUESS_MADE: (f64, f64) = (100.0, 3.0);
const GUESS_LEFT_OUT: (f64, f64) = (10.0, 1.5);
/// A report never speaks louder than this, as an odds ratio: some containers are full before every visit.
const LOUDEST: f64 = 30.0;

/// Reports by the visits that they may follow.
pub(super) struct Complaints {
    /// Per report the visits before it at the stops nearby, each with the share of its stop.
    followed: Vec<Vec<(u32, f64)>>,
    /// Probability that a report follows a visit that was made, and one that was left out.
    after: [f64; 2],
    n_visits: usize,
}

impl Complaints {
    /// Finds the visits that each report may follow.
    pub(super) fn new(visits: &[Visit], evidence: &Evidence<'_>) -> Self {
        let &Evidence { rounds, reports, located, linked, clock, .. } = evidence;
        let of_stop = by_stop(visits, rounds.stops.len());
        let nearby = Nearby::new(rounds, located, linked);
        let is_full = |report: &u32| reports.kind[*report as usize] == Kind::ContainerFull;
        let followed = (0..).take(reports.kind.len()).filter(is_full).map(|report| {
            let at = instant(clock, reports, report as usize);
            let stops = nearby.of(report);
            let near = |metres: f64| nearness(metres, REPORT_SPREAD_M);
            let all: f64 = stops.iter().map(|&(_, metres)| near(metres)).sum();
            let last = |&(stop, metres): &(u32, f64)| {
                let of_stop: &Vec<u32> = &of_stop[stop as usize];
                let before = of_stop.partition_point(|&visit| visits[visit as usize].planned_at <= at);
                Some((of_stop[before.checked_sub(1)?], near(metres) / all)).filter(|(_, share)| *share > 0.01)
            };
            stops.iter().filter_map(last).collect()
        });
        let after = [GUESS_MADE, GUESS_LEFT_OUT].map(|(visits, followed)| followed / visits);
        Self { followed: followed.collect(), after, n_visits: visits.len() }
    }

    /// Probability that a report follows a visit that was probably left out.
    fn share(&self, left_out: f64) -> f64 {
        self.after[0] + left_out * (self.after[1] - self.after[0])
    }

    /// Learns from the probability that each visit was left out; `None` where the track does not say.
    pub(super) fn learn(&mut self, left_out: &[Option<f64>]) {
        let [mut made, mut missed] = [GUESS_MADE, GUESS_LEFT_OUT];
        for left_out in left_out.iter().flatten() {
            (made.0, missed.0) = (made.0 + 1.0 - left_out, missed.0 + left_out);
        }
        for followed in &self.followed {
            let weigh = |&(visit, near): &(u32, f64)| Some((near, left_out[visit as usize]?));
            let weighed: Vec<(f64, f64)> = followed.iter().filter_map(weigh).collect();
            let all: f64 = weighed.iter().map(|&(near, left_out)| near * self.share(left_out)).sum();
            for (near, left_out) in weighed {
                made.1 += near * (1.0 - left_out) * self.after[0] / all;
                missed.1 += near * left_out * self.after[1] / all;
            }
        }
        self.after = [made.1 / made.0, missed.1 / missed.0].map(|share| share.clamp(1e-4, 0.9));
        // A report is never a sign that a stop was emptied.
        self.after[1] = self.after[1].max(self.after[0]);
    }

    /// Per visit the logarithm of the odds ratio by which the reports speak for its having been left out. `left_out` is what is
    /// known of that so far.
    pub(super) fn log_odds(&self, left_out: &[Option<f64>]) -> Vec<f64> {
        let [made, missed] = self.after;
        let none = ((1.0 - missed) / (1.0 - made)).ln();
        let mut log_odds = vec![none; self.n_visits];
        for followed in &self.followed {
            let share =
                |&(visit, near): &(u32, f64)| near * self.share(left_out[visit as usize].unwrap_or(0.1));
            let all: f64 = followed.iter().map(share).sum();
            for own in followed {
                let others = all - share(own);
                let ratio = (own.1 * missed + others) / (own.1 * made + others);
                let most = &mut log_odds[own.0 as usize];
                // Several people who report the same are one sign.
                *most = most.max(ratio.min(LOUDEST).ln());
            }
        }
        log_odds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Visits of two containers at a corner in turn; one report in two visits to the second, nearer to that.
    fn corner() -> Complaints {
        let followed = (0..50).map(|visit| vec![(4 * visit, 0.3), (4 * visit + 1, 0.7)]).collect();
        Complaints { followed, after: [0.03, 0.15], n_visits: 200 }
    }

    #[test]
    fn of_two_containers_at_a_corner_the_nearer_one_to_a_report_was_rather_left_out() {
        let log_odds = corner().log_odds(&[None; 200]);
        assert!(log_odds[1] > log_odds[0] + 0.3, "{} and {}", log_odds[1], log_odds[0]);
        assert!(log_odds[2] < 0.0 && log_odds[0] > log_odds[2]);
    }

    #[test]
    fn how_often_a_report_follows_is_learnt_from_what_became_of_the_visits() {
        let mut complaints = corner();
        let left_out: Vec<Option<f64>> =
            (0..200).map(|visit| Some(if visit % 4 == 1 { 0.95 } else { 0.02 })).collect();
        (0..5).for_each(|_| complaints.learn(&left_out));
        let [made, missed] = complaints.after;
        assert!(missed > 0.7 && made < 0.1, "{made} and {missed}");
        let log_odds = complaints.log_odds(&left_out);
        assert!(log_odds.iter().all(|log| *log <= LOUDEST.ln()));
    }

    #[test]
    fn reports_that_follow_every_visit_alike_say_nothing() {
        let followed = (0..200).map(|visit| vec![(visit, 1.0)]).collect();
        let mut complaints = Complaints { followed, after: [0.03, 0.15], n_visits: 200 };
        let left_out: Vec<Option<f64>> = (0..200).map(|visit| Some(f64::from(visit % 10 == 0))).collect();
        (0..5).for_each(|_| complaints.learn(&left_out));
        assert!(complaints.log_odds(&left_out).iter().all(|log| log.abs() < 0.2));
    }
}
