//! Incidents in, a smooth surface of where they are dense out, as contours; and where there is something to compare
//! with, the places that stand out.
//!
//! Without a denominator the surface is incidents per km² and year inside the study area, corrected at its edges;
//! nothing is tested, for nobody expects incidents to be spread evenly over a city. With one (`per`) it is a
//! relative risk: how many times more of the incidents than of the denominator lie here. Then simulations in which
//! place says nothing tell which peaks are beyond chance, and those become hotspots. Their q-value is the
//! probability of so high a peak *anywhere*, which is stricter than a share of false ones.

use h3o::Resolution;
use rayon::prelude::*;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::surface::{StudyArea, bands};
use crate::hotspots::{Hotspots, Per};
use crate::model::kind::Selection;
use crate::random::Random;
use crate::stats::kernel;
use crate::stats::permute::pseudo_p;
use crate::stats::relative_risk::{Control, Screen, screen};
use crate::unit::Local;

/// The name of the method in layers.
pub const METHOD: &str = "kernel";

/// With fewer incidents a surface shows nothing but themselves.
const FEWEST_INCIDENTS: usize = 10;
/// A risk is judged where so many places of the denominator lie within a bandwidth.
const FEWEST_AROUND: f64 = 10.0;
/// Peaks up to this q-value are hotspots.
const HOT_Q: f64 = 0.05;
/// The cells in which a denominator is counted: 50 m across.
const FINE: Resolution = Resolution::Eleven;
/// The days of a year, for densities.
const YEAR_DAYS: f64 = 365.25;

/// The settings of `[[hotspots.kernel]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to look for: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// How far an incident is smeared out, metres. Larger values give a smoother surface. 0 stands for Scott's rule,
    /// which suits one centre and is too wide for a city of many. Default 75.
    pub bandwidth_m: f64,
    /// The side of the raster's cells, metres; at most half the bandwidth. 0 stands for a fifth of the bandwidth,
    /// the default. Smaller cells make smoother contours and take longer.
    pub cell_m: f64,
    /// What the incidents are compared with: `nothing` (default), `reports` (all incidents of every kind),
    /// `street_metres`, `visits` or a kind of asset.
    pub per: Per,
    /// Where contours run, ascending: times the mean density of the study area, or times the average risk. Default
    /// 2, 4 and 8.
    pub levels: Vec<f64>,
    /// Simulations behind the p-values of peaks, where there is a denominator. Default 499.
    pub simulations: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Selection::All,
            bandwidth_m: 75.0,
            cell_m: 0.0,
            per: Per::Nothing,
            levels: vec![2.0, 4.0, 8.0],
            simulations: 499,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |message: String, hint: &str| {
            Err(Error::Setting {
                message: format!("{message} under [[hotspots.kernel]]"),
                hint: hint.to_owned(),
            })
        };
        if !self.bandwidth_m.is_finite() || self.bandwidth_m < 0.0 {
            let message = format!("`bandwidth_m = {}` is no distance", self.bandwidth_m);
            return refuse(message, "write metres, as in `bandwidth_m = 75.0`, or 0 for Scott's rule");
        }
        let most_m = if self.bandwidth_m > 0.0 { self.bandwidth_m / 2.0 } else { f64::MAX };
        if !(0.0..=most_m).contains(&self.cell_m) {
            let message = format!("`cell_m = {}` is no side of a cell for this bandwidth", self.cell_m);
            return refuse(message, "write at most half the bandwidth, or 0 for a fifth of it");
        }
        let is_ascending = self.levels.is_sorted_by(|a, b| a < b);
        if self.levels.is_empty() || !is_ascending || !self.levels.iter().all(|&l| l > 0.0 && l.is_finite()) {
            return refuse(
                format!("`levels = {:?}` are no levels", self.levels),
                "write multiples of the mean that ascend, as in `levels = [2.0, 4.0, 8.0]`",
            );
        }
        if self.per == Per::Reports && self.kind == Selection::All {
            let message = "`per = \"reports\"` compares `kind = \"*\"` with itself".to_owned();
            return refuse(message, "name a kind or a family, as in `kind = \"waste\"`");
        }
        if self.per != Per::Nothing && !(19..=100_000).contains(&self.simulations) {
            let message = format!("`simulations = {}` is out of range", self.simulations);
            return refuse(message, "write 19 (the fewest that can give p = 0.05) to 100000, as in 499");
        }
        Ok(())
    }
}

/// A part of the plane where a surface lies between two levels.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityBand {
    /// What was counted.
    pub kind: Selection,
    /// What it was compared with.
    pub per: Per,
    /// How far an incident was smeared out, metres.
    pub bandwidth_m: f64,
    /// The surface is at least this, in `unit`.
    pub level_low: f64,
    /// And below this; infinite for the highest band.
    pub level_high: f64,
    /// `incidents_per_km2_year`, or `times_average` for a relative risk.
    pub unit: &'static str,
    /// Where that is so.
    pub shape: geo::MultiPolygon<f64>,
}

/// What a run of the method looks at.
struct Field<'a> {
    options: &'a Options,
    bandwidth_m: f64,
    study: StudyArea,
    /// The incidents of the chosen kind in the study area, ascending, and where they are.
    chosen: Vec<u32>,
    places: Vec<Local>,
}

/// Adds the contours of the chosen incidents, and the peaks that are beyond chance.
pub(super) fn find(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    let (kind, per) = (options.kind.name(), options.per.name());
    let note = |what: String| format!("kernel, {kind} per {per}: {what}");
    let chosen = city.chosen(options.kind);
    let bandwidth_m = if options.bandwidth_m > 0.0 {
        Some(options.bandwidth_m)
    } else {
        kernel::scott_bandwidth(&city.places(&chosen))
    };
    let (Some(bandwidth_m), true) = (bandwidth_m, chosen.len() >= FEWEST_INCIDENTS) else {
        return found.notes.push(note(format!("too few data: {} incidents", chosen.len())));
    };
    if options.bandwidth_m <= 0.0 {
        found.notes.push(note(format!("a bandwidth of {bandwidth_m:.0} m by Scott's rule")));
    }
    let wanted_m =
        if options.cell_m > 0.0 { options.cell_m.min(bandwidth_m / 2.0) } else { bandwidth_m / 5.0 };
    let Some(study) = StudyArea::new(city, wanted_m) else {
        return found.notes.push(note("too few data: there is no study area".to_owned()));
    };
    let cell_m = study.raster.cell_m;
    if cell_m > bandwidth_m / 2.0 {
        return found.notes.push(note(format!(
            "the study area is too large for so small a bandwidth: {bandwidth_m:.0} m where cells are {cell_m:.0} m"
        )));
    }
    let all = chosen.len();
    let chosen: Vec<u32> =
        chosen.into_iter().filter(|&incident| study.holds(city.incidents.at[incident as usize])).collect();
    if chosen.len() < all {
        let outside = all - chosen.len();
        found.notes.push(note(format!("{outside} incidents lie outside the study area and are not counted")));
    }
    if chosen.len() < FEWEST_INCIDENTS {
        return found.notes.push(note(format!("too few data: {} incidents in the study area", chosen.len())));
    }
    let field = Field { options, bandwidth_m, study, places: city.places(&chosen), chosen };
    match options.per {
        Per::Nothing => field.density(city, found),
        _ => field.risk(city, random, found),
    }
}

impl Field<'_> {
    /// Contours of the density.
    fn density(&self, city: &City<'_>, found: &mut Hotspots) {
        let StudyArea { raster, is_inside } = &self.study;
        let shares = kernel::shares(&self.places, self.bandwidth_m, raster, is_inside);
        let weights: Vec<f64> = shares.iter().map(|share| 1.0 / share).collect();
        let mut values = kernel::density(&self.places, &weights, self.bandwidth_m, raster);
        for (value, &is_inside) in values.iter_mut().zip(is_inside) {
            *value = if is_inside { *value } else { 0.0 };
        }
        // From incidents per m² in the period to incidents per km² and year.
        let scale = 1e6 * YEAR_DAYS / f64::from(city.scene.period.days().max(1));
        let mean = self.places.len() as f64 / self.study.m2();
        self.contours(&values, mean, scale, "incidents_per_km2_year", found);
    }

    /// Contours of the relative risk, and hotspots of its significant peaks.
    fn risk(&self, city: &City<'_>, random: Random, found: &mut Hotspots) {
        let options = self.options;
        let (kind, per) = (options.kind.name(), options.per.name());
        let control = self.control(city);
        let StudyArea { raster, is_inside } = &self.study;
        let stream = |number| random.stream(&format!("{METHOD} {kind} {per}"), number);
        let screen =
            screen(&control, self.bandwidth_m, raster, is_inside, FEWEST_AROUND, options.simulations, stream);
        if screen.cells.is_empty() {
            return found.notes.push(format!(
                "kernel, {kind} per {per}: too few data: nowhere do {FEWEST_AROUND} {per} lie within {} m",
                self.bandwidth_m
            ));
        }
        let mut values = vec![0.0; raster.len()];
        for (&cell, &risk) in screen.cells.iter().zip(&screen.risk) {
            values[cell as usize] = risk;
        }
        self.contours(&values, 1.0, 1.0, "times_average", found);
        self.peaks(city, &control, &screen, found);
    }

    /// Where the incidents could have been.
    fn control(&self, city: &City<'_>) -> Control {
        let options = self.options;
        if options.per == Per::Reports {
            let everyone = city.chosen(Selection::All);
            let inside = everyone.iter().filter(|&&one| self.study.holds(city.incidents.at[one as usize]));
            let (points, is_case): (Vec<Local>, Vec<bool>) = inside
                .map(|&one| one as usize)
                .map(|one| (city.incidents.at[one], options.kind.holds(city.incidents.kind[one])))
                .unzip();
            return Control::labels(&points, &is_case);
        }
        let cells = city.index.study_cells(FINE);
        let exposure = city.exposure(options.per, &cells);
        let (points, weights): (Vec<Local>, Vec<f64>) = cells
            .into_par_iter()
            .zip(exposure)
            .filter(|(_, weight)| *weight > 0.0)
            .filter_map(|(cell, weight)| city.scene.plane.centre(cell).map(|at| (at, weight)))
            .filter(|(at, _)| self.study.holds(*at))
            .unzip();
        Control::exposure(&points, &weights, &self.places)
    }

    fn contours(&self, values: &[f64], mean: f64, scale: f64, unit: &'static str, found: &mut Hotspots) {
        let levels: Vec<f64> = self.options.levels.iter().map(|level| level * mean).collect();
        let shapes = bands(&self.study.raster, values, &levels);
        for (level, shape) in shapes.into_iter().enumerate().filter(|(_, shape)| !shape.0.is_empty()) {
            found.density.push(DensityBand {
                kind: self.options.kind,
                per: self.options.per,
                bandwidth_m: self.bandwidth_m,
                level_low: levels[level] * scale,
                level_high: levels.get(level + 1).map_or(f64::INFINITY, |level| level * scale),
                unit,
                shape,
            });
        }
    }

    /// Adds a hotspot for every group of cells that touch and are beyond what chance reaches anywhere.
    fn peaks(&self, city: &City<'_>, control: &Control, screen: &Screen, found: &mut Hotspots) {
        let simulations = self.options.simulations;
        let q_value = |place: usize| pseudo_p(screen.reaching(screen.z[place]), simulations);
        let is_hot: Vec<usize> = (0..screen.cells.len()).filter(|&place| q_value(place) <= HOT_Q).collect();
        let all = late_and_all(city, &self.chosen);
        for group in self.groups(screen, &is_hot) {
            let best =
                group.iter().copied().max_by(|&a, &b| screen.z[a].total_cmp(&screen.z[b]).then(b.cmp(&a)));
            let best = best.expect("a group has a cell");
            let region = self.region(screen, &group);
            let holds = |at: Local| self.study.raster.cell(at).is_some_and(|cell| region[cell] > 0.0);
            let members: Vec<u32> =
                self.chosen.iter().copied().filter(|&one| holds(city.incidents.at[one as usize])).collect();
            if members.is_empty() {
                continue;
            }
            let mut hotspot = city.hotspot(METHOD, self.options.kind, members);
            hotspot.per = self.options.per;
            hotspot.trend = city.trend(late_and_all(city, &hotspot.incidents), all);
            hotspot.shape = bands(&self.study.raster, &region, &[0.5]).remove(0);
            hotspot.expected = control.expected(holds);
            hotspot.relative_risk = hotspot.incidents.len() as f64 / hotspot.expected;
            hotspot.statistic = screen.z[best];
            hotspot.p_value = pseudo_p(screen.reached[best], simulations);
            hotspot.q_value = q_value(best);
            found.hotspots.push(hotspot);
        }
    }

    /// Cells that touch (by a side), in the order of their first cells.
    fn groups(&self, screen: &Screen, places: &[usize]) -> Vec<Vec<usize>> {
        let columns = self.study.raster.columns;
        let mut place_of = rustc_hash::FxHashMap::default();
        place_of.extend(places.iter().map(|&place| (screen.cells[place] as usize, place)));
        let mut groups = Vec::new();
        for &first in places {
            let Some(first) = place_of.remove(&(screen.cells[first] as usize)) else { continue };
            let mut group = vec![first];
            let mut next = 0;
            while let Some(&place) = group.get(next) {
                let cell = screen.cells[place] as usize;
                // The study area never touches the edge of the raster.
                let near = [cell - 1, cell + 1, cell - columns, cell + columns];
                group.extend(near.iter().filter_map(|near| place_of.remove(near)));
                next += 1;
            }
            groups.push(group);
        }
        groups
    }

    /// 1 for the cells within a bandwidth of a group, where the incidents lie that make it; 0 elsewhere.
    fn region(&self, screen: &Screen, group: &[usize]) -> Vec<f64> {
        let raster = &self.study.raster;
        let mut region = vec![0.0; raster.len()];
        for &place in group {
            let at = raster.centre(screen.cells[place] as usize);
            kernel::each_cell(raster, at, self.bandwidth_m, |cell, value| {
                if value > 0.0 && self.study.is_inside[cell] {
                    region[cell] = 1.0;
                }
            });
        }
        region
    }
}
