//! Incidents in, findings that say where out.
//!
//! Every method is one file with its own `Options` and one field of [`Methods`]. What a method cannot test for
//! want of data becomes a sentence in [`Hotspots::notes`].

pub mod density;
pub mod gi_star;
pub mod kernel;
pub mod network_density;
pub mod repeat;
mod city;
mod exposure;
mod outline;
mod surface;

use serde::Deserialize;

use crate::dedupe::Incidents;
use crate::error::Result;
use crate::index::ReportIndex;
use crate::model::area::Area;
use crate::model::asset::Asset;
use crate::model::kind::Selection;
use crate::model::round::Rounds;
use crate::model::street::Streets;
use crate::period::{Clock, Period};
use crate::place::Plane;
use crate::progress::Progress;
use crate::random::Random;
use crate::unit::Local;

use city::City;
pub use exposure::Per;

/// The methods of a project: the tables `[[hotspots.…]]`, any number of each.
#[derive(Debug, Clone, Deserialize, PartialEq, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Methods {
    /// Clusters of incidents that lie close together.
    pub density: Vec<density::Options>,
    /// Cells whose neighbourhood holds more than chance would put there.
    pub gi_star: Vec<gi_star::Options>,
    /// A smooth surface of where incidents are dense.
    pub kernel: Vec<kernel::Options>,
    /// Streets and crossings that hold more incidents than their like.
    pub network_density: Vec<network_density::Options>,
    /// Assets that are reported more often than others of their kind.
    pub repeat: Vec<repeat::Options>,
}

impl Methods {
    /// Whether every setting has a value that can be used.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::error::Error::Setting) for the first one that has not.
    pub fn check(&self) -> Result<()> {
        self.density.iter().try_for_each(density::Options::check)?;
        self.gi_star.iter().try_for_each(gi_star::Options::check)?;
        self.kernel.iter().try_for_each(kernel::Options::check)?;
        self.network_density.iter().try_for_each(network_density::Options::check)?;
        self.repeat.iter().try_for_each(repeat::Options::check)
    }
}

/// What surrounds the incidents.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The working plane.
    pub plane: &'a Plane,
    /// The project's clock.
    pub clock: &'a Clock,
    /// The days that the reports span (or the project's period).
    pub period: Period,
    /// The areas of the city.
    pub areas: &'a [Area],
    /// Its streets.
    pub streets: &'a Streets,
    /// The planned rounds of its collection.
    pub rounds: &'a Rounds,
}

/// Lets every method of the project look at the incidents. Labels stay empty.
pub fn find(
    index: &ReportIndex,
    incidents: &Incidents,
    assets: &[Asset],
    scene: &Scene<'_>,
    methods: &Methods,
    random: &Random,
    progress: &dyn Progress,
) -> Hotspots {
    let surfaces = methods.kernel.len() + methods.network_density.len();
    let total = methods.density.len() + methods.gi_star.len() + methods.repeat.len() + surfaces;
    progress.begin("hotspots", total as u64);
    let city = City::new(index, incidents, assets, scene);
    let mut found = Hotspots::default();
    for options in &methods.density {
        density::find(&city, options, &mut found);
        progress.advance(1);
    }
    for options in &methods.gi_star {
        gi_star::find(&city, options, *random, &mut found);
        progress.advance(1);
    }
    for options in &methods.kernel {
        kernel::find(&city, options, *random, &mut found);
        progress.advance(1);
    }
    for options in &methods.network_density {
        network_density::find(&city, options, *random, &mut found);
        progress.advance(1);
    }
    for options in &methods.repeat {
        repeat::find(&city, options, &mut found);
        progress.advance(1);
    }
    found.cells.sort_by_key(|row| (row.method, row.kind, row.cell));
    found.assets.sort_by_key(|row| row.asset);
    found.assets.dedup_by_key(|row| row.asset);
    rank(&mut found.hotspots);
    found
}

/// Puts the hotspots with the largest excess first and numbers them. All counts are over the same period, so
/// the order by excess is that by excess per week.
fn rank(hotspots: &mut [Hotspot]) {
    hotspots.sort_by(|a, b| {
        let by_effect = b.excess().total_cmp(&a.excess()).then(b.incidents.len().cmp(&a.incidents.len()));
        let by_name = a.method.cmp(b.method).then(a.kind.cmp(&b.kind));
        by_effect.then(by_name).then(a.at.total_cmp(&b.at)).then(a.asset.cmp(&b.asset))
    });
    for (number, hotspot) in (1..).zip(hotspots) {
        hotspot.id = format!("H{number:03}");
    }
}

/// Everything the methods found.
#[derive(Debug, Clone, Default)]
pub struct Hotspots {
    /// One row per tested cell and method, in the order of method, kind and cell.
    pub cells: Vec<HotspotCell>,
    /// The places that stand out, ranked: the first one first.
    pub hotspots: Vec<Hotspot>,
    /// One row per asset of every kind that `[[hotspots.repeat]]` names, in the order of the assets.
    pub assets: Vec<AssetFinding>,
    /// The bands of every `[[hotspots.kernel]]`, in their order.
    pub density: Vec<kernel::DensityBand>,
    /// One row per stretch of street and per crossing of every `[[hotspots.network_density]]`, the largest excess first.
    pub segments: Vec<network_density::Segment>,
    /// What could not be tested and why, in sentences for the page: "too few data" is an answer.
    pub notes: Vec<String>,
}

/// One cell under one method.
#[derive(Debug, Clone, PartialEq)]
pub struct HotspotCell {
    /// The method, as in `gi_star`.
    pub method: &'static str,
    /// What was counted.
    pub kind: Selection,
    /// The H3 cell.
    pub cell: h3o::CellIndex,
    /// Incidents in the cell.
    pub n: u32,
    /// Incidents expected in the cell if there were no pattern.
    pub expected: f64,
    /// The statistic as a standard normal deviate.
    pub z: f64,
    /// One-sided (hot) pseudo p-value of the permutations.
    pub p_value: f64,
    /// The same, corrected for looking at all tested cells (Benjamini & Hochberg 1995).
    pub q_value: f64,
    /// `hot_99`, `hot_95`, `hot_90`, `not_significant`, `cold_90`, `cold_95` or `cold_99`, by q.
    pub class: &'static str,
    /// Change over the period, in words; empty where not computed.
    pub trend: String,
}

/// One place that stands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspot {
    /// Its id within the run, as in `H001`.
    pub id: String,
    /// The method that found it.
    pub method: &'static str,
    /// What was counted.
    pub kind: Selection,
    /// Its middle.
    pub at: Local,
    /// Its outline on the plane.
    pub shape: geo::MultiPolygon<f64>,
    /// Metres from the middle to the farthest incident.
    pub radius_m: f64,
    /// The nearest address or crossing, for people; filled by [`Geocoder::label`](crate::geocode).
    pub label: String,
    /// Incidents in it, as indices into [`Incidents`], ascending.
    pub incidents: Vec<u32>,
    /// Incidents expected there if there were no pattern; NaN where the method has no expectation.
    pub expected: f64,
    /// Observed over expected; NaN where there is no expectation.
    pub relative_risk: f64,
    /// The method's own statistic.
    pub statistic: f64,
    /// Its p-value; NaN where the method tests nothing.
    pub p_value: f64,
    /// The same, corrected for looking at many places; NaN where the method tests nothing.
    pub q_value: f64,
    /// When the first incident was, seconds UTC.
    pub first_at: i64,
    /// When the last incident was, seconds UTC.
    pub last_at: i64,
    /// Change over the period, in words.
    pub trend: String,
    /// The asset, for repeat locations; else [`NONE`](crate::model::NONE).
    pub asset: u32,
}

impl Hotspot {
    /// Incidents beyond what is expected there. Where the method has no expectation, beyond what an area of
    /// that size holds on average.
    pub fn excess(&self) -> f64 {
        let n = self.incidents.len() as f64;
        if !self.expected.is_nan() {
            n - self.expected
        } else if self.statistic > 0.0 {
            n - n / self.statistic
        } else {
            n
        }
    }
}

/// One asset and how often it was reported.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetFinding {
    /// Index into the assets.
    pub asset: u32,
    /// Incidents about it.
    pub n_incidents: u32,
    /// Days in which it could have been reported.
    pub exposure_days: f64,
    /// Incidents per year.
    pub rate_per_year: f64,
    /// The same, shrunk towards its kind (gamma-Poisson).
    pub shrunken_rate: f64,
    /// Incidents expected from its kind.
    pub expected: f64,
    /// Probability of at least so many incidents at the rate of its kind.
    pub p_value: f64,
    /// The same, corrected for looking at all assets of the kind.
    pub q_value: f64,
    /// Whether it comes back beyond chance.
    pub is_repeat: bool,
    /// When the last incident was, seconds UTC; [`NEVER`](crate::period::NEVER) without one.
    pub last_at: i64,
}

#[cfg(test)]
mod tests;
