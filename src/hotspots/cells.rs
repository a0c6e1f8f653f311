//! The study area as cells, for the methods that test cells: counts or rates of each in, rows of findings out.
//!
//! With `per`, what is compared is not the count but how far the rate of a cell lies from that of the city, in standard
//! deviations of a rate over so little exposure (empirical Bayes). Raw rates would make every hot spot a place where
//! next to nobody lives. Cells without exposure have no rate and are left out.

use h3o::{CellIndex, Resolution};

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{Hotspot, HotspotCell, Hotspots, Per, outline};
use crate::model::kind::Selection;
use crate::stats::poisson::Rates;
use crate::stats::weights::Weights;

/// With fewer cells neither mean nor spread of the city is known.
pub(super) const FEWEST_CELLS: usize = 30;
/// Cells up to this q-value make a hotspot.
pub(super) const HOT_Q: f64 = 0.05;

/// What a method asks of the city.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) method: &'static str,
    pub(super) kind: Selection,
    pub(super) resolution: u8,
    pub(super) per: Per,
}

impl Question {
    /// A sentence for the page.
    pub(super) fn note(self, what: &str) -> String {
        match self.per {
            Per::Nothing => format!("{}, {}: {what}", self.method, self.kind.name()),
            per => format!("{}, {} per {}: {what}", self.method, self.kind.name(), per.name()),
        }
    }
}

/// Refuses settings that no method of cells can use.
pub(super) fn check(method: &str, resolution: u8, neighbours: u32, permutations: u32) -> Result<()> {
    let refuse = |message: String, hint: &str| Err(Error::Setting { message, hint: hint.to_owned() });
    if !(5..=12).contains(&resolution) {
        let fault = if resolution < 5 { "coarse for a city" } else { "fine for addresses" };
        let message = format!("`resolution = {resolution}` under [[hotspots.{method}]] is too {fault}");
        return refuse(message, "write 9 for a few blocks or 10 for a street corner");
    }
    if !(1..=3).contains(&neighbours) {
        let message = format!("`neighbours = {neighbours}` under [[hotspots.{method}]] is out of range");
        return refuse(message, "write 1 for the six cells around, or 2 or 3 steps");
    }
    if permutations > 1_000_000 {
        let message = format!("`permutations = {permutations}` under [[hotspots.{method}]] would take days");
        return refuse(message, "write 0 for the exact probability, or a number such as 999");
    }
    Ok(())
}

/// The cells that are tested, ascending, and what is known of each.
pub(super) struct Tested {
    pub(super) question: Question,
    pub(super) cells: Vec<CellIndex>,
    pub(super) counts: Vec<u32>,
    /// What is compared: the counts, or standardised rates.
    pub(super) values: Vec<f64>,
    expected: Vec<f64>,
    late: Vec<u32>,
    /// How many incidents there are in the last third of the period and in all.
    all: (u32, u32),
}

impl Tested {
    /// The cells of the study area. `None`, with a note on why, where there are too few to test or nothing varies.
    pub(super) fn of(city: &City<'_>, question: Question, found: &mut Hotspots) -> Option<Self> {
        let Question { kind, per, .. } = question;
        let mut note = |what: String| found.notes.push(question.note(&what));
        let Ok(resolution) = Resolution::try_from(question.resolution) else {
            note(format!("no cells of resolution {}", question.resolution));
            return None;
        };
        let study = city.index.study_cells(resolution);
        let (in_study, outside) = place(&study, &city.index.counts(resolution, kind, None, city.scene.clock));
        if outside > 0 {
            note(format!("{outside} incidents lie outside the study area and are not counted"));
        }
        let exposure = city.exposure(per, &study);
        let kept: Vec<usize> = (0..study.len()).filter(|&item| exposure[item] > 0.0).collect();
        let cells: Vec<CellIndex> = kept.iter().map(|&item| study[item]).collect();
        let counts: Vec<u32> = kept.iter().map(|&item| in_study[item]).collect();
        let exposures: Vec<f64> = kept.iter().map(|&item| exposure[item]).collect();
        if kept.len() < study.len() {
            let (n, all, per) = (study.len() - kept.len(), study.len(), per.name());
            let incidents = in_study.iter().sum::<u32>() - counts.iter().sum::<u32>();
            note(format!(
                "{n} of {all} cells have no {per} to compare with and are left out, {incidents} incidents with them"
            ));
        }
        let total: u32 = counts.iter().sum();
        if cells.len() < FEWEST_CELLS || total == 0 {
            note(format!("too few data: {total} incidents in a study area of {} cells", cells.len()));
            return None;
        }
        let as_float: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
        let rates = Rates::estimate(&as_float, &exposures).expect("every cell that is left has exposure");
        let standardised = |(&count, &exposure): (&f64, &f64)| rates.standardised(count, exposure);
        let values: Vec<f64> = match per {
            Per::Nothing => as_float,
            _ => as_float.iter().zip(&exposures).map(standardised).collect(),
        };
        if values.iter().all(|value| value.total_cmp(&values[0]).is_eq()) {
            let (n, each) = (cells.len(), counts[0]);
            note(match per {
                Per::Nothing => format!("nothing varies: each of {n} cells holds {each} incidents"),
                _ => format!("nothing varies: each of {n} cells has the same rate"),
            });
            return None;
        }
        let late = city.index.counts(resolution, kind, Some(city.late()), city.scene.clock);
        Some(Self {
            question,
            expected: exposures.iter().map(|exposure| rates.mean * exposure).collect(),
            late: place(&cells, &late).0,
            all: late_and_all(city, &city.chosen(kind)),
            cells,
            counts,
            values,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The counts, where they are what is compared.
    pub(super) fn as_counts(&self) -> Option<&[u32]> {
        (self.question.per == Per::Nothing).then_some(&self.counts)
    }

    /// The row of one cell.
    pub(super) fn row(&self, city: &City<'_>, item: usize, test: Test) -> HotspotCell {
        HotspotCell {
            method: self.question.method,
            kind: self.question.kind,
            cell: self.cells[item],
            n: self.counts[item],
            expected: self.expected[item],
            z: test.z,
            p_value: test.p_value,
            q_value: test.q_value,
            class: test.class,
            category: test.category.to_owned(),
            esri_category: String::new(),
            trend: city.trend((self.late[item], self.counts[item]), self.all),
        }
    }

    /// Says so where so few draws have decided that nothing is significant: `floor` is the smallest p-value they give.
    pub(super) fn note_coarse(
        &self,
        draws: u32,
        floor: f64,
        p_values: &[f64],
        q_values: &[f64],
        found: &mut Hotspots,
    ) {
        let at_floor = p_values.iter().filter(|&&p| p <= floor).count();
        if draws == 0 || at_floor == 0 || q_values.iter().any(|&q| q <= HOT_Q) {
            return;
        }
        let n = self.len();
        let remedy = match self.as_counts() {
            Some(_) => "`permutations = 0` gives the exact p-values",
            None => "more `permutations` give smaller ones",
        };
        found.notes.push(self.question.note(&format!(
            "{at_floor} cells have the smallest p-value that {draws} permutations can give, which is too large \
             to stand out among {n} cells; {remedy}"
        )));
    }

    /// A hotspot for every group of cells that touch and for which `is_hot` holds.
    pub(super) fn hotspots(
        &self,
        city: &City<'_>,
        weights: &Weights,
        rows: &[HotspotCell],
        is_hot: impl Fn(usize) -> bool,
    ) -> Vec<Hotspot> {
        let one = |group: Vec<usize>| {
            let group: Vec<&HotspotCell> = group.into_iter().map(|item| &rows[item]).collect();
            let mut hotspot = hotspot(city, self.question, &group);
            hotspot.trend = city.trend(late_and_all(city, &hotspot.incidents), self.all);
            hotspot
        };
        groups(weights, is_hot).into_iter().map(one).collect()
    }
}

/// What a method says of one cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test {
    pub(super) z: f64,
    pub(super) p_value: f64,
    pub(super) q_value: f64,
    pub(super) class: &'static str,
    pub(super) category: &'static str,
}

/// What surrounds each cell: the other cells of its neighbourhood.
pub(super) struct Surroundings {
    /// How many others each cell has, and how many incidents they hold.
    pub(super) of_cell: Vec<(usize, u32)>,
    /// The most others that a cell has.
    pub(super) most_cells: usize,
    /// The most incidents that the others of a cell hold.
    pub(super) most_incidents: u32,
}

impl Surroundings {
    pub(super) fn of(counts: &[u32], weights: &Weights) -> Self {
        let others = |item: usize| weights.others(item).map(|(near, _)| counts[near as usize]);
        let of_cell: Vec<(usize, u32)> =
            (0..counts.len()).map(|item| (others(item).count(), others(item).sum())).collect();
        let most_cells = of_cell.iter().map(|around| around.0).max().unwrap_or(0);
        let most_incidents = of_cell.iter().map(|around| around.1).max().unwrap_or(0);
        Self { of_cell, most_cells, most_incidents }
    }
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

fn hotspot(city: &City<'_>, question: Question, group: &[&HotspotCell]) -> Hotspot {
    let kind = question.kind;
    let holds = |incident: &u32| kind.holds(city.incidents.kind[*incident as usize]);
    let cells: Vec<CellIndex> = group.iter().map(|row| row.cell).collect();
    let mut members: Vec<u32> =
        cells.iter().flat_map(|&cell| city.index.incidents_in(cell)).filter(holds).collect();
    members.sort_unstable();
    let smallest =
        |value: fn(&HotspotCell) -> f64| group.iter().map(|row| value(row)).fold(f64::INFINITY, f64::min);
    let mut hotspot = city.hotspot(question.method, kind, members);
    hotspot.per = question.per;
    hotspot.shape = outline::of_cells(&cells, city.scene.plane);
    hotspot.expected = group.iter().map(|row| row.expected).sum();
    hotspot.relative_risk = hotspot.incidents.len() as f64 / hotspot.expected;
    hotspot.statistic = -smallest(|row| -row.z);
    hotspot.p_value = smallest(|row| row.p_value);
    hotspot.q_value = smallest(|row| row.q_value);
    hotspot
}
