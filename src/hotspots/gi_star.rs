//! Getis-Ord Gi*: incidents per H3 cell in, one z-score, p-value and q-value per cell out.
//!
//! A cell is hot where it and its neighbours hold more than a neighbourhood of that size would if the same counts
//! were scattered over the study area. Cells without a single incident count too: leaving them out makes every
//! remaining cell look cold. Cells at the rim keep their smaller neighbourhoods; no edge correction is made.
//! Counts, not risks: where more people pass, more is reported.
//!
//! The hot side rests on the permutation p-value, one-sided, because counts are far from normal; the cold
//! side on the analytic z, two-sided, because with many empty cells a permutation of zeros says little. Each
//! side is corrected for all cells by itself (Benjamini & Hochberg).

use h3o::{CellIndex, Resolution};
use rayon::prelude::*;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{Hotspot, HotspotCell, Hotspots, outline};
use crate::model::kind::Selection;
use crate::random::Random;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::normal;
use crate::stats::permute::{SubsetSums, conditional, pseudo_p};
use crate::stats::weights::Weights;

/// The name of the method in layers.
pub const METHOD: &str = "gi_star";

/// With fewer cells neither mean nor spread of the city is known.
const FEWEST_CELLS: usize = 30;
/// Cells up to this q-value make a hotspot.
const HOT_Q: f64 = 0.05;
/// Permutations where the exact probability cannot be counted and none are asked for.
const FALLBACK_PERMUTATIONS: u32 = 9_999;

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
    /// probability (drawn 9,999 times where counts run into the ten thousands). Default 0.
    pub permutations: u32,
    /// How many steps away a cell still is a neighbour. Default 1: the six cells around.
    pub neighbours: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { kind: Selection::All, resolution: 9, permutations: 0, neighbours: 1 }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |message: String, hint: &str| Err(Error::Setting { message, hint: hint.to_owned() });
        if !(5..=12).contains(&self.resolution) {
            let message = format!(
                "`resolution = {}` under [[hotspots.gi_star]] is too {}",
                self.resolution,
                if self.resolution < 5 { "coarse for a city" } else { "fine for addresses" }
            );
            return refuse(message, "write 9 for a few blocks or 10 for a street corner");
        }
        if !(1..=3).contains(&self.neighbours) {
            let message =
                format!("`neighbours = {}` under [[hotspots.gi_star]] is out of range", self.neighbours);
            return refuse(message, "write 1 for the six cells around, or 2 or 3 steps");
        }
        if self.permutations > 1_000_000 {
            let message =
                format!("`permutations = {}` under [[hotspots.gi_star]] would take days", self.permutations);
            return refuse(message, "write 0 for the exact probability, or a number such as 999");
        }
        Ok(())
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
        let others = |item: usize| weights.others(item).map(|(near, _)| counts[near as usize]);
        let sums: Vec<(usize, u32)> =
            (0..counts.len()).map(|item| (others(item).count(), others(item).sum())).collect();
        let size = sums.iter().map(|sum| sum.0).max().unwrap_or(0);
        let largest = sums.iter().map(|sum| sum.1).max().unwrap_or(0);
        if let Some(table) = SubsetSums::new(counts, size, largest) {
            let tail = |(&own, &(size, sum)): (&u32, &(usize, u32))| table.upper_tail(own, size, sum);
            return counts.iter().zip(&sums).map(tail).collect();
        }
    }
    let permutations = if permutations == 0 { FALLBACK_PERMUTATIONS } else { permutations };
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    let stream = |item: usize| random.stream(METHOD, u64::from(cells[item]));
    conditional(&values, weights, permutations, stream)
        .into_iter()
        .map(|reached| pseudo_p(reached, permutations))
        .collect()
}

/// Adds a row for every cell of the study area, and a hotspot for every group of hot cells that touch.
pub(super) fn find(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    let kind = options.kind;
    let note = |what: String| format!("gi_star, {}: {what}", kind.name());
    let Ok(resolution) = Resolution::try_from(options.resolution) else {
        return found.notes.push(note(format!("no cells of resolution {}", options.resolution)));
    };
    let cells = city.index.study_cells(resolution);
    let (counts, outside) = place(&cells, &city.index.counts(resolution, kind, None, city.scene.clock));
    if outside > 0 {
        found.notes.push(note(format!("{outside} incidents lie outside the study area and are not counted")));
    }
    let total: u32 = counts.iter().sum();
    if cells.len() < FEWEST_CELLS || total == 0 {
        let n = cells.len();
        return found
            .notes
            .push(note(format!("too few data: {total} incidents in a study area of {n} cells")));
    }
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    let weights = Weights::disk(&cells, options.neighbours);
    let Some(z) = z_scores(&values, &weights) else {
        let (n, each) = (cells.len(), counts[0]);
        return found.notes.push(note(format!("nothing varies: each of {n} cells holds {each} incidents")));
    };
    let p_values = p_values(&counts, &cells, &weights, options.permutations, random);
    let hot_q = benjamini_hochberg(&p_values);
    let cold_q = benjamini_hochberg(&z.iter().map(|&z| normal::two_sided(z)).collect::<Vec<_>>());

    let floor = pseudo_p(0, options.permutations);
    let at_floor = p_values.iter().filter(|&&p| p <= floor).count();
    if options.permutations > 0 && at_floor > 0 && hot_q.iter().all(|&q| q > HOT_Q) {
        let (n, draws) = (cells.len(), options.permutations);
        found.notes.push(note(format!(
            "{at_floor} cells have the smallest p-value that {draws} permutations can give, which is too large \
             to stand out among {n} cells; `permutations = 0` gives the exact p-values"
        )));
    }

    let chosen = city.chosen(kind);
    let all = late_and_all(city, &chosen);
    let (late, _) = place(&cells, &city.index.counts(resolution, kind, Some(city.late()), city.scene.clock));
    let expected = f64::from(total) / cells.len() as f64;
    let rows: Vec<HotspotCell> = (0..cells.len())
        .map(|item| HotspotCell {
            method: METHOD,
            kind,
            cell: cells[item],
            n: counts[item],
            expected,
            z: z[item],
            p_value: p_values[item],
            q_value: hot_q[item],
            class: class(z[item], hot_q[item], cold_q[item]),
            trend: city.trend((late[item], counts[item]), all),
            category: String::new(),
            esri_category: String::new(),
        })
        .collect();
    let is_hot = |item: usize| rows[item].n > 0 && rows[item].q_value <= HOT_Q;
    for group in groups(&weights, is_hot) {
        let group: Vec<&HotspotCell> = group.into_iter().map(|item| &rows[item]).collect();
        let mut hotspot = hotspot(city, kind, &group);
        hotspot.trend = city.trend(late_and_all(city, &hotspot.incidents), all);
        found.hotspots.push(hotspot);
    }
    found.cells.extend(rows);
}

/// The counts of `cells`, zeros included, and how many incidents are in none of them. Both lists ascend.
fn place(cells: &[CellIndex], counts: &[(CellIndex, u32)]) -> (Vec<u32>, u32) {
    let mut placed = vec![0; cells.len()];
    let mut outside = 0;
    for (cell, count) in counts {
        match cells.binary_search(cell) {
            Ok(item) => placed[item] = *count,
            Err(_) => outside += count,
        }
    }
    (placed, outside)
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

/// Groups of items for which `is_in` holds and that are neighbours of each other; ascending, and in the order of
/// their first items.
pub(super) fn groups(weights: &Weights, is_in: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
    let mut is_taken = vec![false; weights.len()];
    let mut groups = Vec::new();
    for first in 0..weights.len() {
        if is_taken[first] || !is_in(first) {
            continue;
        }
        is_taken[first] = true;
        let mut group = vec![first];
        let mut next = 0;
        while let Some(&item) = group.get(next) {
            for &near in weights.neighbours(item) {
                if !is_taken[near as usize] && is_in(near as usize) {
                    is_taken[near as usize] = true;
                    group.push(near as usize);
                }
            }
            next += 1;
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups
}

fn hotspot(city: &City<'_>, kind: Selection, group: &[&HotspotCell]) -> Hotspot {
    let holds = |incident: &u32| kind.holds(city.incidents.kind[*incident as usize]);
    let cells: Vec<CellIndex> = group.iter().map(|row| row.cell).collect();
    let mut members: Vec<u32> =
        cells.iter().flat_map(|&cell| city.index.incidents_in(cell)).filter(holds).collect();
    members.sort_unstable();
    let smallest =
        |value: fn(&HotspotCell) -> f64| group.iter().map(|row| value(row)).fold(f64::INFINITY, f64::min);
    let mut hotspot = city.hotspot(METHOD, kind, members);
    hotspot.shape = outline::of_cells(&cells, city.scene.plane);
    hotspot.expected = group.iter().map(|row| row.expected).sum();
    hotspot.relative_risk = hotspot.incidents.len() as f64 / hotspot.expected;
    hotspot.statistic = -smallest(|row| -row.z);
    hotspot.p_value = smallest(|row| row.p_value);
    hotspot.q_value = smallest(|row| row.q_value);
    hotspot
}

#[cfg(test)]
mod tests;
