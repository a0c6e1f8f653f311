//! Hotspots in; how much too much there is at each, between which bounds, and how firm that stands, out.
//!
//! **Excess.** Incidents beyond what is expected, per week of the period. Where a method has no expectation, the
//! count is compared with what an area of that size holds on average, and the row says so. The bounds are those of
//! the exact Poisson interval: incidents that come in bursts vary more than that. And a place that was picked
//! because it stands out looks worse than it is; the lower bound takes some of that luck away, not all.
//!
//! **Stability.** The weeks of the period are drawn anew with replacement, again and again, each with all its
//! incidents, and every time the count of each place is tested again: does it stand out among as many places of its
//! size as the study area holds (or, for an asset, among all of its kind)? The share of re-runs in which it does
//! is the stability. A place that hangs on one bad week is lost in more than a third of them, as its week is drawn in
//! 63 % only. What is run again is the count of the place and not the method that drew its outline, so this says
//! nothing about the outline; and correcting for so many places at once is stricter than most methods are, so a
//! place that has just made it has a low stability.

use geo::Area;
use rand::Rng;
use rayon::prelude::*;

use crate::hotspots::city::City;
use crate::hotspots::{Excess, Hotspot};
use crate::model::kind::Selection;
use crate::model::some;
use crate::random::Random;
use crate::stats::poisson;
use crate::unit::DAY_S;

/// The share of cases in which the interval of an excess holds the true one.
const LEVEL: f64 = 0.95;
/// A place is found again at this probability, divided by the number of places.
const ALPHA: f64 = 0.05;
/// With fewer blocks a re-run is hardly another draw.
const FEWEST_BLOCKS: u32 = 8;

/// Fills in baseline and excess of every hotspot.
pub(super) fn compare(city: &City<'_>, hotspots: &mut [Hotspot]) {
    let weeks = match city.scene.period.days() {
        0 => f64::NAN,
        days => f64::from(days) / 7.0,
    };
    let is_compared = |hotspot: &Hotspot| !hotspot.expected.is_nan();
    let study_m2 = if hotspots.iter().all(is_compared) { f64::NAN } else { city.study_m2() };
    let totals: Vec<(Selection, usize)> =
        kinds(hotspots).into_iter().map(|kind| (kind, city.chosen(kind).len())).collect();
    hotspots.par_iter_mut().for_each(|hotspot| {
        hotspot.baseline = if is_compared(hotspot) {
            hotspot.expected
        } else {
            let mean = *of_kind(&totals, hotspot.kind) as f64 * hotspot.shape.unsigned_area() / study_m2;
            if mean.is_finite() { mean } else { f64::NAN }
        };
        let n = u32::try_from(hotspot.incidents.len()).expect("fewer than 2^32 incidents");
        let (low, high) = poisson::rate_interval(n, weeks, LEVEL);
        let baseline = if hotspot.baseline.is_nan() { 0.0 } else { hotspot.baseline } / weeks;
        let per_week = f64::from(n) / weeks - baseline;
        hotspot.excess = Excess { per_week, low: low - baseline, high: high - baseline };
    });
}

/// Fills in the stability of every hotspot that is compared with something, from so many re-runs.
pub(super) fn rerun(city: &City<'_>, hotspots: &mut [Hotspot], reruns: u32, random: Random) {
    let Some(blocks) = Blocks::of(city).filter(|_| reruns > 0 && !hotspots.is_empty()) else { return };
    let study_m2 = city.study_m2();
    let totals: Vec<(Selection, Vec<u32>)> =
        kinds(hotspots).into_iter().map(|kind| (kind, blocks.counts(city, &city.chosen(kind)))).collect();
    // How often each block is drawn, re-run by re-run, and how many incidents of each kind that makes.
    let draws: Vec<Vec<u32>> = (0..reruns).map(|number| blocks.draw(random, number)).collect();
    let growth = |totals: &[u32]| -> Vec<f64> {
        let all: u32 = totals.iter().sum();
        let share = |draw: &Vec<u32>| dot(totals, draw) as f64 / f64::from(all);
        draws.iter().map(share).collect()
    };
    let grown: Vec<(Selection, Vec<f64>)> =
        totals.iter().map(|(kind, totals)| (*kind, growth(totals))).collect();
    hotspots.par_iter_mut().filter(|hotspot| !hotspot.baseline.is_nan()).for_each(|hotspot| {
        let counts = blocks.counts(city, &hotspot.incidents);
        let taken: Vec<(usize, u32)> = counts.into_iter().enumerate().filter(|&(_, n)| n > 0).collect();
        let cut = ALPHA / places_like(city, hotspot, study_m2);
        let is_found = |(draw, grown): &(&Vec<u32>, &f64)| {
            let n = taken.iter().map(|&(block, n)| n * draw[block]).sum();
            stands_out(n, hotspot.baseline * **grown, cut)
        };
        let found = draws.iter().zip(of_kind(&grown, hotspot.kind)).filter(is_found).count();
        hotspot.stability = found as f64 / f64::from(reruns);
    });
}

/// Whether a Poisson count reaches `n` with probability `cut` or less.
fn stands_out(n: u32, mean: f64, cut: f64) -> bool {
    let count = f64::from(n);
    if count <= mean || n == 0 {
        return false;
    }
    // Chernoff (1952): P(X ≥ n) ≤ exp(n − mean) (mean / n)ⁿ, which settles most cases without the exact tail.
    let bound = count - mean + count * (mean / count).ln();
    bound <= cut.ln() || poisson::upper_tail(n, mean) <= cut
}

/// Among how many places a place is looked for: assets of its kind, or areas of its size.
fn places_like(city: &City<'_>, hotspot: &Hotspot, study_m2: f64) -> f64 {
    let n = match some(hotspot.asset) {
        Some(asset) => {
            let kind = city.assets[asset].kind;
            city.assets.iter().filter(|asset| asset.kind == kind).count() as f64
        }
        None => study_m2 / hotspot.shape.unsigned_area(),
    };
    if n.is_finite() { n.max(1.0) } else { 1.0 }
}

/// The period cut into stretches of equal length: weeks, or days where there are few weeks.
struct Blocks {
    from: i64,
    length_s: i64,
    count: u32,
}

impl Blocks {
    /// `None` where the period is too short to be cut.
    fn of(city: &City<'_>) -> Option<Self> {
        let (days, from) = (city.scene.period.days(), city.scene.clock.midnight(city.scene.period.from));
        let cut = |length: u32| Self { from, length_s: i64::from(length) * DAY_S, count: days / length };
        [cut(7), cut(1)].into_iter().find(|blocks| blocks.count >= FEWEST_BLOCKS)
    }

    /// How many of `incidents` began in each. The days after the last whole block count to it.
    fn counts(&self, city: &City<'_>, incidents: &[u32]) -> Vec<u32> {
        let mut counts = vec![0; self.count as usize];
        for &incident in incidents {
            let block = (city.incidents.first_at[incident as usize] - self.from).div_euclid(self.length_s);
            let last = i64::from(self.count) - 1;
            counts[usize::try_from(block.clamp(0, last)).expect("clamped")] += 1;
        }
        counts
    }

    /// How often each block is drawn in one re-run.
    fn draw(&self, random: Random, number: u32) -> Vec<u32> {
        let mut stream = random.stream("stability", u64::from(number));
        let mut times = vec![0; self.count as usize];
        for _ in 0..self.count {
            // Of 2^64 draws at most `count` more fall on the first blocks: nothing.
            let block = stream.next_u64() % u64::from(self.count);
            times[usize::try_from(block).expect("fewer than 2^32 blocks")] += 1;
        }
        times
    }
}

fn dot(a: &[u32], b: &[u32]) -> u64 {
    a.iter().zip(b).map(|(&a, &b)| u64::from(a) * u64::from(b)).sum()
}

/// The choices of kinds among hotspots, ascending.
fn kinds(hotspots: &[Hotspot]) -> Vec<Selection> {
    let mut kinds: Vec<Selection> = hotspots.iter().map(|hotspot| hotspot.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn of_kind<T>(values: &[(Selection, T)], kind: Selection) -> &T {
    let found = values.binary_search_by_key(&kind, |value| value.0);
    &values[found.expect("there is a value for every kind")].1
}

#[cfg(test)]
pub(super) mod tests;
