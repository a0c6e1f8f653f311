//! Cases and what they are compared with in, where cases are denser than chance would make them out.
//!
//! Both sides are smoothed with the same quartic kernel, and the ratio is judged against simulations in which
//! place says nothing. Two corrections for looking everywhere are kept apart: how often chance reaches the density
//! of a cell, and how often it reaches its deviation anywhere. Edges need no correction, for the same part is
//! missing from both sides.
//!
//! # References
//! Relative risk: Bithell (1991), Statistics in Medicine 10(11), 1745-1751. Random labelling: Kelsall & Diggle
//! (1995), Statistics in Medicine 14(21-22), 2335-2342. Effective number of points: Kish (1965), Survey Sampling,
//! section 8.2.

use rand::Rng;
use rayon::prelude::*;

use crate::random::Stream;
use crate::stats::kernel::{Raster, each_cell};
use crate::unit::Local;

/// The places where the cases could have been, ready to draw from.
#[derive(Debug, Clone)]
pub struct Control {
    /// Places, from west to east.
    points: Vec<Local>,
    weights: Vec<f64>,
    cases: Vec<Local>,
    /// Running sums of the weights; empty where cases are drawn without replacement.
    sums: Vec<f64>,
    /// What is left of the variance by drawing without replacement.
    finite: f64,
}

impl Control {
    /// All points, of which the cases are some: if place said nothing about what is reported, the labels could
    /// as well have been dealt anew. Points that lie nowhere are passed over.
    ///
    /// # Panics
    /// When there is not one `is_case` per point.
    pub fn labels(points: &[Local], is_case: &[bool]) -> Self {
        assert_eq!(points.len(), is_case.len(), "one label per point");
        let mut labelled: Vec<(Local, bool)> = points.iter().copied().zip(is_case.iter().copied()).collect();
        labelled.retain(|(at, _)| at.is_somewhere());
        labelled.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let cases: Vec<Local> = labelled.iter().filter(|(_, is_case)| *is_case).map(|(at, _)| *at).collect();
        let (n, all) = (cases.len() as f64, labelled.len() as f64);
        Self {
            weights: vec![1.0; labelled.len()],
            points: labelled.into_iter().map(|(at, _)| at).collect(),
            cases,
            sums: Vec::new(),
            // Cochran (1977), Sampling Techniques, theorem 2.2.
            finite: if all > 1.0 { (all - n) / (all - 1.0) } else { 0.0 },
        }
    }

    /// Places with their exposure: if place said nothing, every case would lie at a place drawn in proportion to
    /// it. Places that lie nowhere, or have no exposure, are passed over.
    ///
    /// # Panics
    /// When there is not one weight per point.
    pub fn exposure(points: &[Local], weights: &[f64], cases: &[Local]) -> Self {
        assert_eq!(points.len(), weights.len(), "one weight per point");
        let mut weighted: Vec<(Local, f64)> = points.iter().copied().zip(weights.iter().copied()).collect();
        weighted.retain(|(at, weight)| at.is_somewhere() && *weight > 0.0);
        weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut cases: Vec<Local> = cases.iter().copied().filter(|at| at.is_somewhere()).collect();
        cases.sort_unstable_by(Local::total_cmp);
        let (points, weights): (Vec<Local>, Vec<f64>) = weighted.into_iter().unzip();
        let running = weights.iter().scan(0.0, |total, weight| {
            *total += weight;
            Some(*total)
        });
        Self { sums: running.collect(), finite: 1.0, points, weights, cases }
    }

    /// How many cases there are.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// How many cases would be expected among the places for which `is_in` holds.
    pub fn expected(&self, is_in: impl Fn(Local) -> bool) -> f64 {
        let inside: f64 = self
            .points
            .iter()
            .zip(&self.weights)
            .filter(|(at, _)| is_in(**at))
            .map(|(_, weight)| weight)
            .sum();
        let total: f64 = self.weights.iter().sum();
        if total > 0.0 { self.cases.len() as f64 * inside / total } else { 0.0 }
    }

    /// As many places as there are cases, ascending: one way in which chance could have put them.
    fn draw(&self, stream: &mut Stream) -> Vec<usize> {
        let n = self.cases.len();
        if self.sums.is_empty() {
            return without_replacement(n, self.points.len(), stream);
        }
        let last = self.sums.len() - 1;
        let one = |_| {
            let mark = share(stream) * self.sums[last];
            self.sums.partition_point(|&sum| sum <= mark).min(last)
        };
        let mut drawn: Vec<usize> = (0..n).map(one).collect();
        drawn.sort_unstable();
        drawn
    }
}

/// `n` of `all` items, ascending, every choice equally likely (Floyd; Bentley & Floyd 1987, Communications of the
/// ACM 30(9), 754-757).
fn without_replacement(n: usize, all: usize, stream: &mut Stream) -> Vec<usize> {
    let mut is_drawn = vec![false; all];
    for last in all - n..all {
        // Lemire (2019); the bias is at most all / 2⁶⁴.
        #[expect(clippy::cast_possible_truncation, reason = "at most `last`")]
        let item = ((u128::from(stream.next_u64()) * (last as u128 + 1)) >> 64) as usize;
        let item = if is_drawn[item] { last } else { item };
        is_drawn[item] = true;
    }
    (0..all).filter(|&item| is_drawn[item]).collect()
}

/// A number from 0 to 1, without 1.
fn share(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Where cases are denser than their control, cell by cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Screen {
    /// The cells that can be judged, ascending.
    pub cells: Vec<u32>,
    /// For each of them the density of cases over that expected from the control: 1 is as expected.
    pub risk: Vec<f64>,
    /// How many standard deviations under chance lie between the two.
    pub z: Vec<f64>,
    /// How many of the simulations reach the density of cases in the cell.
    pub reached: Vec<u32>,
    /// The largest z that each simulation has anywhere: what a z must beat to stand out in the whole study area.
    pub largest: Vec<f64>,
}

impl Screen {
    /// How many simulations have a deviation of at least `z` anywhere.
    pub fn reaching(&self, z: f64) -> u32 {
        self.largest.iter().map(|&largest| u32::from(largest >= z - ROUNDING)).sum()
    }
}

/// Sums of the same values in another order may differ in the last digits.
const ROUNDING: f64 = 1e-9;
/// Simulations that share one count of what they reach.
const BATCH: u32 = 16;

/// Compares cases with their control in every cell of the raster that `is_inside` and where at least `fewest`
/// places of the control (effectively: a large weight among small ones is one place) lie within a bandwidth.
/// `stream` gives the randomness of a simulation.
///
/// # Panics
/// When there is not one `is_inside` per cell.
pub fn screen(
    control: &Control,
    bandwidth_m: f64,
    raster: &Raster,
    is_inside: &[bool],
    fewest: f64,
    simulations: u32,
    stream: impl Fn(u64) -> Stream + Sync,
) -> Screen {
    assert_eq!(is_inside.len(), raster.len(), "one word per cell");
    let (mut screen, moments) = observe(control, bandwidth_m, raster, is_inside, fewest);
    if screen.cells.is_empty() {
        // There may be nowhere to throw cases to.
        return screen;
    }
    let simulate = |batch: u32| {
        let (mut reached, mut largest) = (vec![0u32; screen.cells.len()], Vec::new());
        let mut sums = vec![0.0; raster.len()];
        for number in batch * BATCH..simulations.min((batch + 1) * BATCH) {
            sums.fill(0.0);
            for point in control.draw(&mut stream(u64::from(number))) {
                each_cell(raster, control.points[point], bandwidth_m, |cell, value| sums[cell] += value);
            }
            let mut most = f64::NEG_INFINITY;
            for (place, &cell) in screen.cells.iter().enumerate() {
                let (mean, deviation) = moments[place];
                let z = (sums[cell as usize] - mean) / deviation;
                most = most.max(z);
                reached[place] += u32::from(z >= screen.z[place] - ROUNDING);
            }
            largest.push(most);
        }
        (reached, largest)
    };
    let batches: Vec<_> = (0..simulations.div_ceil(BATCH)).into_par_iter().map(simulate).collect();
    for (reached, largest) in batches {
        screen.reached.iter_mut().zip(reached).for_each(|(sum, more)| *sum += more);
        screen.largest.extend(largest);
    }
    screen
}

/// Risk and deviation in every cell that can be judged, with mean and standard deviation under chance. Both are
/// exact: those of a sum over places drawn with or without replacement.
fn observe(
    control: &Control,
    bandwidth_m: f64,
    raster: &Raster,
    is_inside: &[bool],
    fewest: f64,
) -> (Screen, Vec<(f64, f64)>) {
    // With aᵢ the weights and kᵢ the kernels of the places: Σ aᵢkᵢ, Σ aᵢkᵢ² and Σ aᵢ²kᵢ².
    let (mut sum, mut squares, mut weighted) =
        (vec![0.0; raster.len()], vec![0.0; raster.len()], vec![0.0; raster.len()]);
    for (&at, &weight) in control.points.iter().zip(&control.weights) {
        each_cell(raster, at, bandwidth_m, |cell, value| {
            sum[cell] += weight * value;
            squares[cell] += weight * value * value;
            weighted[cell] += weight * value * weight * value;
        });
    }
    let mut observed = vec![0.0; raster.len()];
    for &at in &control.cases {
        each_cell(raster, at, bandwidth_m, |cell, value| observed[cell] += value);
    }
    let (n, total) = (control.cases.len() as f64, control.weights.iter().sum::<f64>());
    let (mut screen, mut moments) = (Screen::default(), Vec::new());
    for cell in (0..raster.len()).filter(|&cell| is_inside[cell] && weighted[cell] > 0.0) {
        if sum[cell] * sum[cell] / weighted[cell] < fewest {
            continue;
        }
        let share = sum[cell] / total;
        let variance = n * (squares[cell] / total - share * share) * control.finite;
        if n > 0.0 && variance > 0.0 {
            let (mean, deviation) = (n * share, variance.sqrt());
            screen.cells.push(u32::try_from(cell).expect("a raster has fewer than 2^32 cells"));
            screen.risk.push(observed[cell] / mean);
            screen.z.push((observed[cell] - mean) / deviation);
            moments.push((mean, deviation));
        }
    }
    screen.reached = vec![0; screen.cells.len()];
    (screen, moments)
}

#[cfg(test)]
mod tests;
