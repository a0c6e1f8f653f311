//! Incidents per H3 cell and step of time in, how each cell's heat changes out: new, consecutive, intensifying,
//! persistent and so on.
//!
//! The city is a cube of cells and steps, cut from the end so that the last step is whole; what is left over at the
//! beginning is dropped. A bin is hot where its neighbourhood (the cells around, in this step and the one before)
//! holds more than the rest of the city in these two steps would lead to expect. So a city that reports more every
//! year is not hot everywhere in the end: that is for [`trend`](super::trend) to say.
//!
//! How likely so many are follows from the negative binomial with the mean and the spread of the rest of the city;
//! the bins of the neighbourhood itself are left out of both. A permutation of cells, as in
//! [`gi_star`](super::gi_star), would never find a single corner that fills up: its own count would be among those
//! that are drawn. The cold side rests on the analytic z of Gi*, two-sided. Both are corrected for all bins of the
//! cube (Benjamini & Hochberg). Whether heat grows is a Mann-Kendall test on z with the variance of Hamed & Rao.

use h3o::{CellIndex, Resolution};
use rayon::prelude::*;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::cells::{FEWEST_CELLS, groups};
use crate::hotspots::city::City;
use crate::hotspots::gi_star::class;
use crate::hotspots::{Hotspot, HotspotCell, Hotspots, outline};
use crate::model::kind::Selection;
use crate::period::{Day, Period};
use crate::random::Random;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::poisson::Rates;
use crate::stats::weights::Weights;
use crate::stats::{mann_kendall, normal};

/// The name of the method in layers.
pub const METHOD: &str = "emerging";

/// With fewer steps nothing can be said to emerge.
const FEWEST_STEPS: u32 = 10;
/// More bins than this would take gigabytes.
const MOST_BINS: usize = 50_000_000;
/// A cell that is hot in at least this share of the steps is always hot (Esri).
const ALWAYS: f64 = 0.9;
/// z rises or falls where its trend has at most this p-value.
const DRIFT_P: f64 = 0.05;

/// The settings of `[[hotspots.emerging]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to count: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// The H3 resolution of the cells, 5 to 12. Default 9: a few blocks.
    pub resolution: u8,
    /// The days of a step. Default 28, so that every step has the same weekdays.
    pub step_days: u16,
    /// How many steps away on the grid a cell still is a neighbour, 1 to 3. Default 1.
    pub neighbours: u32,
    /// The share of false ones among the bins called hot, and among those called cold. Default 0.05.
    pub alpha: f64,
    /// A place that was hot is `extinguished` once it has not been for so many steps. Default 3.
    pub quiet_steps: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Selection::All,
            resolution: 9,
            step_days: 28,
            neighbours: 1,
            alpha: 0.05,
            quiet_steps: 3,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |setting: String, hint: &str| {
            let message = format!("`{setting}` under [[hotspots.emerging]] is out of range");
            Err(Error::Setting { message, hint: hint.to_owned() })
        };
        if !(5..=12).contains(&self.resolution) {
            let setting = format!("resolution = {}", self.resolution);
            return refuse(setting, "write 9 for a few blocks or 10 for a street corner");
        }
        if !(1..=366).contains(&self.step_days) {
            return refuse(
                format!("step_days = {}", self.step_days),
                "write 28 for four weeks, or 1 to 366 days",
            );
        }
        if !(1..=3).contains(&self.neighbours) {
            return refuse(
                format!("neighbours = {}", self.neighbours),
                "write 1 for the six cells around, or 2 or 3",
            );
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return refuse(
                format!("alpha = {}", self.alpha),
                "write a number between 0 and 1, as in `alpha = 0.05`",
            );
        }
        if self.quiet_steps == 0 {
            return refuse("quiet_steps = 0".to_owned(), "write 1 or more");
        }
        Ok(())
    }
}

/// How heat changes. The names and their order of precedence are those of Esri's Emerging Hot Spot Analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    /// Hot in the last step, never before.
    New,
    /// Hot in the last two steps or more without a break, never before.
    Consecutive,
    /// Nearly always hot, and ever hotter.
    Intensifying,
    /// Nearly always hot.
    Persistent,
    /// Nearly always hot, and ever less so.
    Diminishing,
    /// Hot now, on and off.
    Sporadic,
    /// Hot now, on and off, and at times cold.
    Oscillating,
    /// Nearly always hot, but not now.
    Historical,
}

impl Pattern {
    /// The pattern of a place that `is_on` (hot, or cold) and `is_opposite` in these steps, whose strength drifts
    /// upwards (1), downwards (−1) or not at all.
    fn of(is_on: &[bool], is_opposite: &[bool], drift: i8) -> Option<Self> {
        let steps = is_on.len();
        let total = is_on.iter().filter(|&&on| on).count();
        let run = is_on.iter().rev().take_while(|&&on| on).count();
        let is_always = total > 0 && total as f64 >= ALWAYS * steps as f64;
        if run == 0 {
            return is_always.then_some(Self::Historical);
        }
        Some(match drift {
            _ if total == 1 && steps > 1 => Self::New,
            _ if total == run && !is_always => Self::Consecutive,
            1 if is_always => Self::Intensifying,
            -1 if is_always => Self::Diminishing,
            _ if is_always => Self::Persistent,
            _ if is_opposite.contains(&true) => Self::Oscillating,
            _ => Self::Sporadic,
        })
    }

    /// The name in layers, and as Esri writes it.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::New => ("new", "New"),
            Self::Consecutive => ("consecutive", "Consecutive"),
            Self::Intensifying => ("intensifying", "Intensifying"),
            Self::Persistent => ("persistent", "Persistent"),
            Self::Diminishing => ("diminishing", "Diminishing"),
            Self::Sporadic => ("sporadic", "Sporadic"),
            Self::Oscillating => ("oscillating", "Oscillating"),
            Self::Historical => ("historical", "Historical"),
        }
    }

    /// Whether a place with this pattern needs looking at now.
    fn is_current(self) -> bool {
        matches!(self, Self::New | Self::Consecutive | Self::Intensifying | Self::Persistent)
    }
}

/// What a cell is called.
struct Name {
    /// `new`, `cold_new`, `extinguished`, `none`, …
    category: String,
    /// `New Hot Spot`, `New Cold Spot`, `No Pattern Detected`, …
    esri: String,
    /// The pattern, where it is one of heat that needs looking at.
    current: Option<Pattern>,
}

impl Name {
    /// Esri knows no name for a place that was hot, is not any more, and was not nearly always so; nor does it tell a
    /// place that has just cooled down from one that has long been quiet. Both are `extinguished` here once they were
    /// hot in two steps and in none of the last `quiet_steps`.
    fn of(is_hot: &[bool], is_cold: &[bool], drift: i8, quiet_steps: usize) -> Self {
        let hot = Pattern::of(is_hot, is_cold, drift);
        let cold = Pattern::of(is_cold, is_hot, -drift);
        let is_cold_now = is_cold.last() == Some(&true);
        if let Some(pattern) = cold.filter(|_| is_cold_now || hot.is_none()) {
            let (name, esri) = pattern.names();
            return Self {
                category: format!("cold_{name}"),
                esri: format!("{esri} Cold Spot"),
                current: None,
            };
        }
        let quiet = is_hot.iter().rev().take_while(|&&hot| !hot).count();
        let is_extinguished = quiet >= quiet_steps && is_hot.iter().filter(|&&hot| hot).count() >= 2;
        let (category, esri) = hot.map_or(("none", "No Pattern Detected".to_owned()), |pattern| {
            let (name, esri) = pattern.names();
            (name, format!("{esri} Hot Spot"))
        });
        let category = if is_extinguished { "extinguished" } else { category }.to_owned();
        Self { category, esri, current: hot.filter(|pattern| pattern.is_current()) }
    }
}

/// Counts and what chance says of them, step by step; bin `step * cells + cell`.
struct Cube {
    cells: usize,
    counts: Vec<u32>,
    z: Vec<f64>,
    p_values: Vec<f64>,
    hot_q: Vec<f64>,
    cold_q: Vec<f64>,
}

impl Cube {
    fn new(counts: Vec<u32>, weights: &Weights) -> Self {
        let cells = weights.len();
        let steps: Vec<&[u32]> = counts.chunks(cells).collect();
        let tested = (0..steps.len()).into_par_iter().map(|step| {
            let before = step.checked_sub(1).map_or(&[][..], |before| steps[before]);
            heat(steps[step], before, weights)
        });
        let (z, p_values): (Vec<_>, Vec<_>) = tested.unzip();
        let (z, p_values) = (z.concat(), p_values.concat());
        let hot_q = benjamini_hochberg(&p_values);
        let cold_q = benjamini_hochberg(&z.iter().map(|&z| normal::two_sided(z)).collect::<Vec<_>>());
        Self { cells, counts, z, p_values, hot_q, cold_q }
    }

    /// The values of one cell, step by step.
    fn of_cell<T: Copy>(&self, values: &[T], cell: usize) -> Vec<T> {
        values.iter().skip(cell).step_by(self.cells).copied().collect()
    }

    /// Mean count of a cell in a step.
    fn mean(&self, step: usize) -> f64 {
        let counts = &self.counts[step * self.cells..(step + 1) * self.cells];
        counts.iter().map(|&count| f64::from(count)).sum::<f64>() / self.cells as f64
    }
}

/// Gi* and the one-sided p-value of every cell in one step: its neighbourhood in `now` and `before` (empty for the
/// first step) against all cells of both.
fn heat(now: &[u32], before: &[u32], weights: &Weights) -> (Vec<f64>, Vec<f64>) {
    let all = Sums::of(now.iter().chain(before).copied());
    let mean = all.sum / all.n;
    let spread = (all.squares / all.n - mean * mean).max(0.0).sqrt();
    let one = |cell: usize| {
        let near = weights.neighbours(cell).iter();
        let counts =
            |step: &'_ [u32]| near.clone().filter_map(|&near| step.get(near as usize).copied()).collect();
        let near = Sums::of(
            [counts(now), counts(before)].iter().flat_map(|counts: &Vec<u32>| counts.iter().copied()),
        );
        // Ord & Getis (1995), equation 14, with k = `near.n` weights of 1.
        let scale = spread * ((all.n * near.n - near.n * near.n).max(0.0) / (all.n - 1.0).max(1.0)).sqrt();
        let z = if scale > 0.0 { (near.sum - mean * near.n) / scale } else { 0.0 };
        (z, near.upper_tail(&all))
    };
    (0..now.len()).map(one).unzip()
}

/// Number, sum and sum of squares of some counts.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn of(counts: impl Iterator<Item = u32>) -> Self {
        counts.map(f64::from).fold(Self::default(), |sums, count| Self {
            n: sums.n + 1.0,
            sum: sums.sum + count,
            squares: sums.squares + count * count,
        })
    }

    /// Probability that as many bins as these hold so many or more, if they were like the rest of `all`: negative
    /// binomial, or Poisson where the rest scatters no more. One incident is added to the rest: one that holds none
    /// by chance does not make the first elsewhere impossible.
    fn upper_tail(&self, all: &Self) -> f64 {
        let n = all.n - self.n;
        if n < 2.0 {
            return 1.0;
        }
        let mean = (all.sum - self.sum) / n;
        let excess = ((all.squares - self.squares) / n - mean * mean - mean).max(0.0);
        let mean = (all.sum - self.sum + 1.0) / n;
        // The mean of k bins is k means, and their variance, being independent, k variances.
        let likely = Rates { mean: self.n * mean, variance: self.n * excess };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of 32-bit counts")]
        likely.upper_tail(self.sum as u32, 1.0).max(f64::MIN_POSITIVE)
    }
}

/// Adds a row for every cell of the study area, and a hotspot for every group of touching cells of one pattern that
/// needs looking at now.
pub(super) fn find(city: &City<'_>, options: &Options, _random: Random, found: &mut Hotspots) {
    let kind = options.kind;
    let note = |what: String| format!("emerging, {}: {what}", kind.name());
    let Ok(resolution) = Resolution::try_from(options.resolution) else {
        return found.notes.push(note(format!("no cells of resolution {}", options.resolution)));
    };
    let cells = city.index.study_cells(resolution);
    let n_steps = city.scene.period.days() / u32::from(options.step_days);
    if n_steps < FEWEST_STEPS || cells.len() < FEWEST_CELLS {
        let (n, days) = (cells.len(), options.step_days);
        return found.notes.push(note(format!(
            "too few data: {n_steps} whole steps of {days} days in a study area of {n} cells"
        )));
    }
    if cells.len().saturating_mul(n_steps as usize) > MOST_BINS {
        let n = cells.len();
        return found.notes.push(note(format!(
            "not tested: {n_steps} steps of {n} cells are too many bins; choose a coarser `resolution` or longer steps"
        )));
    }
    let chosen = city.chosen(kind);
    let bins = Bins::of(city, &cells, resolution, options.step_days, n_steps, &chosen);
    let total = u32::try_from(bins.members.len()).expect("fewer than 2^32 incidents");
    let left_out = chosen.len() - bins.members.len();
    if left_out > 0 {
        found.notes.push(note(format!(
            "{left_out} incidents are not counted: outside the study area or before the first whole step"
        )));
    }
    if total == 0 {
        return found.notes.push(note(format!("too few data: no incident in {n_steps} steps")));
    }
    let weights = Weights::disk(&cells, options.neighbours);
    let cube = Cube::new(bins.counts(cells.len(), n_steps as usize), &weights);
    let examined = Examined { options, cells: &cells, cube: &cube, total, n_steps: n_steps as usize };
    let (rows, patterns): (Vec<HotspotCell>, Vec<Option<Pattern>>) =
        (0..cells.len()).into_par_iter().map(|cell| examined.row(cell)).unzip();
    // Groups of one pattern at a time: a place that is new beside one that always was hot is news.
    for pattern in [Pattern::New, Pattern::Consecutive, Pattern::Intensifying, Pattern::Persistent] {
        for group in groups(&weights, |cell| patterns[cell] == Some(pattern)) {
            found.hotspots.extend(examined.hotspot(city, &bins, &rows, &group));
        }
    }
    found.cells.extend(rows);
}

/// What findings are made from.
struct Examined<'a> {
    options: &'a Options,
    cells: &'a [CellIndex],
    cube: &'a Cube,
    /// Incidents in all bins.
    total: u32,
    n_steps: usize,
}

impl Examined<'_> {
    /// The row of one cell, and its pattern if it is hot now.
    fn row(&self, cell: usize) -> (HotspotCell, Option<Pattern>) {
        let &Self { options, cells, cube, total, n_steps } = self;
        let (z, counts) = (cube.of_cell(&cube.z, cell), cube.of_cell(&cube.counts, cell));
        let is_hot: Vec<bool> = cube.of_cell(&cube.hot_q, cell).iter().map(|&q| q <= options.alpha).collect();
        let is_cold: Vec<bool> = cube
            .of_cell(&cube.cold_q, cell)
            .iter()
            .zip(&z)
            .map(|(&q, &z)| z < 0.0 && q <= options.alpha)
            .collect();
        let drift = drift(&z);
        let name = Name::of(&is_hot, &is_cold, drift, options.quiet_steps as usize);
        let last = (n_steps - 1) * cells.len() + cell;
        let row = HotspotCell {
            method: METHOD,
            kind: options.kind,
            cell: cells[cell],
            n: counts.iter().sum(),
            expected: f64::from(total) / cells.len() as f64,
            z: cube.z[last],
            p_value: cube.p_values[last],
            q_value: cube.hot_q[last],
            class: class(cube.z[last], cube.hot_q[last], cube.cold_q[last]),
            trend: ["falling", "", "rising"][usize::try_from(drift + 1).expect("-1, 0 or 1")].to_owned(),
            category: name.category,
            esri_category: name.esri,
        };
        (row, name.current)
    }

    /// The incidents of a group of cells since each became hot, as one hotspot; `None` where there is none.
    fn hotspot(
        &self,
        city: &City<'_>,
        bins: &Bins,
        rows: &[HotspotCell],
        group: &[usize],
    ) -> Option<Hotspot> {
        let &Self { options, cube, n_steps, .. } = self;
        let runs: Vec<(usize, usize)> =
            group.iter().map(|&cell| (cell, first_of_run(cube, cell, options.alpha))).collect();
        let members = bins.members(&runs);
        if members.is_empty() {
            return None;
        }
        let expected = runs.iter().flat_map(|&(_, from)| from..n_steps).map(|step| cube.mean(step)).sum();
        let group: Vec<&HotspotCell> = group.iter().map(|&cell| &rows[cell]).collect();
        Some(hotspot(city, options.kind, &group, members, expected))
    }
}

/// The step in which a cell's present heat began.
fn first_of_run(cube: &Cube, cell: usize, alpha: f64) -> usize {
    let hot_q = cube.of_cell(&cube.hot_q, cell);
    hot_q.len() - hot_q.iter().rev().take_while(|&&q| q <= alpha).count()
}

/// 1 where z rises beyond chance, −1 where it falls, else 0.
fn drift(z: &[f64]) -> i8 {
    match mann_kendall::cautious(z) {
        Some(test) if test.p_value <= DRIFT_P && test.s > 0.0 => 1,
        Some(test) if test.p_value <= DRIFT_P => -1,
        _ => 0,
    }
}

/// Where each incident falls.
struct Bins {
    /// Cell, step and incident, ascending.
    members: Vec<(usize, usize, u32)>,
}

impl Bins {
    fn of(
        city: &City<'_>,
        cells: &[CellIndex],
        resolution: Resolution,
        step_days: u16,
        n_steps: u32,
        chosen: &[u32],
    ) -> Self {
        let length = i32::from(step_days);
        let to = city.scene.period.to;
        let span = i32::try_from(n_steps).expect("fewer steps than days") * length;
        let period = Period { from: Day(to.0 - span + 1), to };
        let mut members = Vec::new();
        for &incident in chosen {
            let day = city.scene.clock.day(city.incidents.first_at[incident as usize]);
            let cell = city.scene.plane.cell(city.incidents.at[incident as usize], resolution);
            if let Ok(cell) = cells.binary_search(&cell)
                && period.holds(day)
            {
                let step =
                    usize::try_from((day.0 - period.from.0) / length).expect("not before the first step");
                members.push((cell, step, incident));
            }
        }
        members.sort_unstable();
        Self { members }
    }

    /// Incidents per bin; bin `step * cells + cell`.
    fn counts(&self, cells: usize, steps: usize) -> Vec<u32> {
        let mut counts = vec![0; cells * steps];
        self.members.iter().for_each(|&(cell, step, _)| counts[step * cells + cell] += 1);
        counts
    }

    /// The incidents of cells from a step on, ascending.
    fn members(&self, runs: &[(usize, usize)]) -> Vec<u32> {
        let of_run = |&(cell, from): &(usize, usize)| {
            let begin = self.members.partition_point(|&(c, step, _)| (c, step) < (cell, from));
            self.members[begin..].iter().take_while(move |member| member.0 == cell).map(|member| member.2)
        };
        let mut members: Vec<u32> = runs.iter().flat_map(of_run).collect();
        members.sort_unstable();
        members
    }
}

/// The hotspot of a group of cells: its incidents since each cell became hot, and what the city as a whole would lead
/// to expect there in the same time.
fn hotspot(
    city: &City<'_>,
    kind: Selection,
    group: &[&HotspotCell],
    members: Vec<u32>,
    expected: f64,
) -> Hotspot {
    let smallest =
        |value: fn(&HotspotCell) -> f64| group.iter().map(|row| value(row)).fold(f64::INFINITY, f64::min);
    let cells: Vec<CellIndex> = group.iter().map(|row| row.cell).collect();
    let mut hotspot = city.hotspot(METHOD, kind, members);
    hotspot.shape = outline::of_cells(&cells, city.scene.plane);
    hotspot.expected = expected;
    hotspot.relative_risk = if expected > 0.0 { hotspot.incidents.len() as f64 / expected } else { f64::NAN };
    hotspot.statistic = -smallest(|row| -row.z);
    hotspot.p_value = smallest(|row| row.p_value);
    hotspot.q_value = smallest(|row| row.q_value);
    hotspot.trend.clone_from(&group[0].category);
    hotspot
}

#[cfg(test)]
mod tests;
