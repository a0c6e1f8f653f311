//! Local Moran's I: incidents per H3 cell in, which cells are like their neighbours and which are not out.
//!
//! Gi* asks where much is; this asks where a cell and its neighbours go together: much among much (HH), little among
//! little (LL), and the odd ones, much among little (HL) and little among much (LH). Only HH makes a hotspot; an HL
//! cell is one bad corner in a quiet quarter, which Gi* smooths away.
//!
//! p-values are two-sided, for the direction is not chosen beforehand: twice the smaller share of arrangements in
//! which the neighbours hold at most, or at least, what they do. Study area, rim and zeros as for
//! [`gi_star`](crate::hotspots::gi_star).

use h3o::CellIndex;
use serde::Deserialize;

use crate::error::Result;
use crate::hotspots::cells::{self, HOT_Q, Question, Surroundings, Test, Tested};
use crate::hotspots::city::City;
use crate::hotspots::gi_star::FALLBACK_PERMUTATIONS;
use crate::hotspots::{HotspotCell, Hotspots, Per};
use crate::model::kind::Selection;
use crate::random::Random;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::moran::{Quadrant, local};
use crate::stats::permute::{SubsetSums, conditional_both, pseudo_p};
use crate::stats::weights::Weights;

/// The name of the method in layers.
pub const METHOD: &str = "moran";

/// The settings of `[[hotspots.moran]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to count: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// The H3 resolution of the cells, 5 to 12: 9 has cells of 0.1 km² (a few blocks), 10 of 0.015 km² (a street
    /// corner). Default 9.
    pub resolution: u8,
    /// Permutations behind each p-value; 0 for all there are (the exact probability), or 9,999 drawn ones where
    /// rates are compared. With R of them no p-value is below 2 / (R + 1). Default 0.
    pub permutations: u32,
    /// How many steps away a cell still is a neighbour. Default 1: the six cells around.
    pub neighbours: u32,
    /// What counts are compared with: `nothing`, `reports`, `street_metres`, `visits` or a kind of asset. Default
    /// `nothing`.
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

/// Two-sided conditional permutation p-value of every cell, exact: over all arrangements of the other counts.
/// `weights` are 1, each cell left out of its own row. `None` where that would take too long.
///
/// # Panics
/// When `counts` and `weights` are not of the same items.
pub fn exact_p_values(counts: &[u32], weights: &Weights) -> Option<Vec<f64>> {
    assert_eq!(counts.len(), weights.len(), "one row of weights per count");
    let around = Surroundings::of(counts, weights);
    let table = SubsetSums::new(counts, around.most_cells, around.most_incidents + 1)?;
    let p_value = |(&own, &(size, sum)): (&u32, &(usize, u32))| {
        two_sided(table.lower_tail(own, size, sum), table.upper_tail(own, size, sum))
    };
    Some(counts.iter().zip(&around.of_cell).map(p_value).collect())
}

/// The same for any values, drawn `permutations` times from `random` by the name of the cell: twice the smaller
/// (M + 1) / (R + 1).
///
/// # Panics
/// When `values`, `cells` and `weights` are not of the same items.
pub fn drawn_p_values(
    values: &[f64],
    cells: &[CellIndex],
    weights: &Weights,
    permutations: u32,
    random: Random,
) -> Vec<f64> {
    assert_eq!(values.len(), cells.len(), "one value per cell");
    conditional_both(values, weights, permutations, |item| random.stream(METHOD, u64::from(cells[item])))
        .into_iter()
        .map(|(below, above)| two_sided(pseudo_p(below, permutations), pseudo_p(above, permutations)))
        .collect()
}

fn two_sided(below: f64, above: f64) -> f64 {
    (2.0 * below.min(above)).min(1.0)
}

/// Adds a row for every cell of the study area, and a hotspot for every group of HH cells that touch.
pub(super) fn find(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    let Options { kind, resolution, per, .. } = *options;
    let question = Question { method: METHOD, kind, resolution, per };
    let Some(table) = Tested::of(city, question, found) else { return };
    let weights = Weights::disk(&table.cells, options.neighbours).without_itself();
    let moran = local(&table.values, &weights.row_standardised()).expect("the values vary");
    let counts = table.as_counts().filter(|_| options.permutations == 0);
    let (draws, p_values) = if let Some(exact) = counts.and_then(|counts| exact_p_values(counts, &weights)) {
        (0, exact)
    } else {
        let draws = if options.permutations == 0 { FALLBACK_PERMUTATIONS } else { options.permutations };
        (draws, drawn_p_values(&table.values, &table.cells, &weights, draws, random))
    };
    let q_values = benjamini_hochberg(&p_values);
    table.note_coarse(draws, 2.0 * pseudo_p(0, draws), &p_values, &q_values, found);

    let row = |item: usize| {
        let (class, category) = class(moran[item].quadrant, q_values[item]);
        let (z, p_value, q_value) = (moran[item].z, p_values[item], q_values[item]);
        table.row(city, item, Test { z, p_value, q_value, class, category })
    };
    let rows: Vec<HotspotCell> = (0..table.len()).map(row).collect();
    let is_hot = |item: usize| {
        rows[item].n > 0 && rows[item].q_value <= HOT_Q && moran[item].quadrant == Quadrant::HighHigh
    };
    found.hotspots.extend(table.hotspots(city, &weights, &rows, is_hot));
    found.cells.extend(rows);
}

/// The class and the category of a cell; a category only where it is beyond chance.
fn class(quadrant: Quadrant, q_value: f64) -> (&'static str, &'static str) {
    let level = [0.01, 0.05, 0.10].iter().position(|&level| q_value <= level);
    let Some(level) = level else { return ("not_significant", "") };
    let classes = match quadrant {
        Quadrant::HighHigh => ["hot_99", "hot_95", "hot_90"],
        Quadrant::LowLow => ["cold_99", "cold_95", "cold_90"],
        Quadrant::HighLow | Quadrant::LowHigh => ["outlier_99", "outlier_95", "outlier_90"],
    };
    (classes[level], quadrant.name())
}

#[cfg(test)]
mod tests;
