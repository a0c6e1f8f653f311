//! Getis-Ord Gi*: incidents per H3 cell in, one z-score, p-value and q-value per cell out.
//!
//! A cell is hot where it and its neighbours hold more than a neighbourhood of that size would if the same counts
//! were scattered over the study area. Cells without a single incident count too: leaving them out makes every
//! remaining cell look cold. Cells at the rim keep their smaller neighbourhoods; no edge correction is made.
//! Counts, not risks: where more people pass, more is reported. With `per`, rates are compared instead.
//!
//! The hot side rests on the permutation p-value, one-sided, because counts are far from normal; the cold
//! side on the analytic z, two-sided, because with many empty cells a permutation of zeros says little. Each
//! side is corrected for all cells by itself (Benjamini & Hochberg).

use h3o::CellIndex;
use rayon::prelude::*;
use serde::Deserialize;

use crate::error::Result;
use crate::hotspots::cells::{self, HOT_Q, Question, Surroundings, Test, Tested};
use crate::hotspots::city::City;
use crate::hotspots::{HotspotCell, Hotspots, Per};
use crate::model::kind::Selection;
use crate::random::Random;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::normal;
use crate::stats::permute::{SubsetSums, conditional, conditional_until, pseudo_p};
use crate::stats::weights::Weights;

/// The name of the method in layers.
pub const METHOD: &str = "gi_star";

/// Permutations where the exact probability cannot be counted and none are asked for.
pub(super) const FALLBACK_PERMUTATIONS: u32 = 9_999;
/// Of those, so many that reach what was observed are enough: a p-value of 0.005 or more is known to a seventh then.
const ENOUGH_REACHED: u32 = 50;

/// The settings of `[[hotspots.gi_star]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to count: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// The H3 resolution of the cells, 5 to 12: 9 has cells of 0.1 km² (a few blocks), 10 of 0.015 km² (a street
    /// corner). Finer cells show more and prove less. Default 9.
    pub resolution: u8,
    /// Permutations behind each p-value. With R of them no p-value is below 1 / (R + 1), which is often too
    /// coarse to stand the correction for all cells; 0 stands for all permutations there are: the exact
    /// probability (drawn up to 9,999 times where counts run into the ten thousands). Default 0.
    pub permutations: u32,
    /// How many steps away a cell still is a neighbour. Default 1: the six cells around.
    pub neighbours: u32,
    /// What counts are compared with: `nothing`, `reports`, `street_metres`, `visits` or a kind of asset. Rates have no
    /// exact probability: `permutations = 0` draws up to 9,999 times then. Default `nothing`.
    pub per: Per,
}

impl Default for Options {
    fn default() -> Self {
        Self { kind: Selection::All, resolution: 9, permutations: 0, neighbours: 1, per: Per::Nothing }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        cells::check(METHOD, self.resolution, self.neighbours, self.permutations)
    }
}

/// Gi* of every item as a standard normal deviate. `weights` hold every item as its own neighbour, and may be
/// binary, row-standardised or anything else. `None` where nothing varies or there are fewer than two items.
///
/// # Panics
/// When `values` and `weights` are not of the same items.
///
/// # References
/// Ord & Getis (1995), Geographical Analysis 27(4), 286-306, equation 14.
pub fn z_scores(values: &[f64], weights: &Weights) -> Option<Vec<f64>> {
    assert_eq!(values.len(), weights.len(), "one row of weights per value");
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    if values.len() < 2 || spread.is_nan() || spread <= 0.0 {
        return None;
    }
    let z = |item: usize| {
        // Wᵢ* = Σⱼ wᵢⱼ is `weight`, S*₁ᵢ = Σⱼ wᵢⱼ² is `squares`, x̄ is `mean`, s is `spread`.
        let (mut sum, mut weight, mut squares) = (0.0, 0.0, 0.0);
        for (near, w) in weights.row(item) {
            sum += w * values[near as usize];
            weight += w;
            squares += w * w;
        }
        let scale = spread * ((n * squares - weight * weight).max(0.0) / (n - 1.0)).sqrt();
        // A neighbourhood that is the whole city cannot differ from it.
        if scale > 0.0 { (sum - mean * weight) / scale } else { 0.0 }
    };
    Some((0..values.len()).into_par_iter().map(z).collect())
}

/// One-sided conditional permutation p-value of every cell: the probability that the other cells of its
/// neighbourhood hold at least as many incidents, if all other counts were scattered anew. Exact for
/// `permutations` = 0; otherwise (M + 1) / (R + 1), drawn from `random` by the name of the cell.
///
/// # Panics
/// When `counts`, `cells` and `weights` are not of the same items.
pub fn p_values(
    counts: &[u32],
    cells: &[CellIndex],
    weights: &Weights,
    permutations: u32,
    random: Random,
) -> Vec<f64> {
    assert_eq!(counts.len(), cells.len(), "one count per cell");
    if permutations == 0 {
        let around = Surroundings::of(counts, weights);
        if let Some(table) = SubsetSums::new(counts, around.most_cells, around.most_incidents) {
            let tail = |(&own, &(size, sum)): (&u32, &(usize, u32))| table.upper_tail(own, size, sum);
            return counts.iter().zip(&around.of_cell).map(tail).collect();
        }
    }
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    p_values_of_rates(&values, cells, weights, permutations, random)
}

/// The same for values that are no counts and so cannot be counted out: drawn `permutations` times, for 0 of them up
/// to 9,999 times, as often as it takes to see that a cell is nothing special.
///
/// # Panics
/// When `values`, `cells` and `weights` are not of the same items.
pub fn p_values_of_rates(
    values: &[f64],
    cells: &[CellIndex],
    weights: &Weights,
    permutations: u32,
    random: Random,
) -> Vec<f64> {
    assert_eq!(values.len(), cells.len(), "one value per cell");
    let stream = |item: usize| random.stream(METHOD, u64::from(cells[item]));
    if permutations == 0 {
        return conditional_until(values, weights, ENOUGH_REACHED, FALLBACK_PERMUTATIONS, stream);
    }
    conditional(values, weights, permutations, stream)
        .into_iter()
        .map(|reached| pseudo_p(reached, permutations))
        .collect()
}

/// Adds a row for every cell of the study area, and a hotspot for every group of hot cells that touch.
pub(super) fn find(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    let Options { kind, resolution, per, .. } = *options;
    let question = Question { method: METHOD, kind, resolution, per };
    let Some(table) = Tested::of(city, question, found) else { return };
    let weights = Weights::disk(&table.cells, options.neighbours);
    let z = z_scores(&table.values, &weights).expect("the values vary");
    let p_values = match table.as_counts() {
        Some(counts) => p_values(counts, &table.cells, &weights, options.permutations, random),
        None => p_values_of_rates(&table.values, &table.cells, &weights, options.permutations, random),
    };
    let hot_q = benjamini_hochberg(&p_values);
    let cold_q = benjamini_hochberg(&z.iter().map(|&z| normal::two_sided(z)).collect::<Vec<_>>());
    let draws = if table.as_counts().is_none() && options.permutations == 0 {
        FALLBACK_PERMUTATIONS
    } else {
        options.permutations
    };
    table.note_coarse(draws, pseudo_p(0, draws), &p_values, &hot_q, found);

    let row = |item: usize| {
        let class = class(z[item], hot_q[item], cold_q[item]);
        let (p_value, q_value) = (p_values[item], hot_q[item]);
        table.row(city, item, Test { z: z[item], p_value, q_value, class, category: "" })
    };
    let rows: Vec<HotspotCell> = (0..table.len()).map(row).collect();
    let is_hot = |item: usize| rows[item].n > 0 && rows[item].q_value <= HOT_Q;
    found.hotspots.extend(table.hotspots(city, &weights, &rows, is_hot));
    found.cells.extend(rows);
}

/// The class of a cell by its q-values.
pub(super) fn class(z: f64, hot_q: f64, cold_q: f64) -> &'static str {
    match (hot_q, cold_q) {
        (q, _) if q <= 0.01 => "hot_99",
        (q, _) if q <= 0.05 => "hot_95",
        (q, _) if q <= 0.10 => "hot_90",
        (_, q) if z < 0.0 && q <= 0.01 => "cold_99",
        (_, q) if z < 0.0 && q <= 0.05 => "cold_95",
        (_, q) if z < 0.0 && q <= 0.10 => "cold_90",
        _ => "not_significant",
    }
}

#[cfg(test)]
mod tests;
