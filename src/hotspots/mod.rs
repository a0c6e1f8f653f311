//! Incidents in, findings that say where out.
//!
//! Every method is one file with its own `Options` and one field of [`Methods`]. What a method cannot test for
//! want of data becomes a sentence in [`Hotspots::notes`].

pub mod density;
pub mod emerging;
pub mod gi_star;
pub mod hdbscan;
pub mod kernel;
pub mod moran;
pub mod near_repeat;
pub mod network_density;
pub mod places;
pub mod repeat;
pub mod scan;
pub mod trend;
pub mod words;
mod cells;
mod city;
mod doubt;
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
pub use places::Place;

/// A place that is found again in this share of the re-runs or more is stable.
pub const STABLE: f64 = 0.8;

/// Declares [`Methods`] from one table: a method is one file and one line.
macro_rules! methods {
    ($($(#[doc = $doc:literal])+ $method:ident;)+) => {
        /// The methods of a project: the tables `[[hotspots.…]]`, any number of each.
        #[derive(Debug, Clone, Deserialize, PartialEq, Default)]
        #[serde(deny_unknown_fields, default)]
        pub struct Methods {
            $($(#[doc = $doc])+ pub $method: Vec<$method::Options>,)+
            /// How what they find is brought together into places.
            pub places: places::Options,
        }

        impl Methods {
            /// Whether every setting has a value that can be used.
            ///
            /// # Errors
            /// [`Error::Setting`](crate::error::Error::Setting) for the first one that has not.
            pub fn check(&self) -> Result<()> {
                $(self.$method.iter().try_for_each($method::Options::check)?;)+
                self.places.check()
            }

            /// How many tables there are.
            fn count(&self) -> u64 {
                (0 $(+ self.$method.len())+) as u64
            }

            /// Lets every one look at the city.
            fn find(&self, city: &City<'_>, random: Random, found: &mut Hotspots, progress: &dyn Progress) {
                $(for options in &self.$method {
                    $method::find(city, options, random, found);
                    progress.advance(1);
                })+
            }
        }
    };
}

methods! {
    /// Clusters of incidents that lie close together.
    density;
    /// The same where no one radius fits: the densest places of every part of the city.
    hdbscan;
    /// Cells whose neighbourhood holds more than chance would put there.
    gi_star;
    /// Cells that are like their neighbours, and cells that are not.
    moran;
    /// Assets that are reported more often than others of their kind.
    repeat;
    /// Cells that become, stay or cease to be hot from step to step.
    emerging;
    /// Incidents that others follow nearby.
    near_repeat;
    /// Kinds that become more or fewer.
    trend;
    /// Circles and stretches of time that hold more than chance would put there.
    scan;
    /// A smooth surface of where incidents are dense.
    kernel;
    /// Streets and crossings that hold more incidents than their like.
    network_density;
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

/// Lets every method of the project look at the incidents. Labels and words stay empty.
pub fn find(
    index: &ReportIndex,
    incidents: &Incidents,
    assets: &[Asset],
    scene: &Scene<'_>,
    methods: &Methods,
    random: &Random,
    progress: &dyn Progress,
) -> Hotspots {
    progress.begin("hotspots", methods.count());
    let city = City::new(index, incidents, assets, scene);
    let mut found = Hotspots::default();
    methods.find(&city, *random, &mut found, progress);
    found.cells.sort_by_key(|row| (row.method, row.kind, row.cell));
    found.assets.sort_by_key(|row| row.asset);
    found.assets.dedup_by_key(|row| row.asset);
    places::settle(&city, &methods.places, *random, &mut found);
    found
}

/// Everything the methods found.
#[derive(Debug, Clone, Default)]
pub struct Hotspots {
    /// One row per tested cell and method, in the order of method, kind and cell.
    pub cells: Vec<HotspotCell>,
    /// What stands out by one method each, ranked: the first one first.
    pub hotspots: Vec<Hotspot>,
    /// The places that the hotspots speak of, ranked: the first one first.
    pub places: Vec<Place>,
    /// One row per asset of every kind that `[[hotspots.repeat]]` names, in the order of the assets.
    pub assets: Vec<AssetFinding>,
    /// One row per band of distance and days of every `[[hotspots.near_repeat]]`, in the order of the tables.
    pub near_repeats: Vec<near_repeat::NearRepeat>,
    /// One row per kind and area of every `[[hotspots.trend]]`, in the order of the tables.
    pub trends: Vec<trend::Trend>,
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
    /// Pseudo p-value of the permutations: one-sided (hot) for Gi*, two-sided for local Moran's I.
    pub p_value: f64,
    /// The same, corrected for looking at all tested cells (Benjamini & Hochberg 1995).
    pub q_value: f64,
    /// `hot_99`, `hot_95`, `hot_90`, `not_significant`, `cold_90`, `cold_95` or `cold_99`, by q; for a cell that is
    /// unlike its neighbours `outlier_99`, `outlier_95` or `outlier_90`.
    pub class: &'static str,
    /// Change over the period, in words; empty where not computed.
    pub trend: String,
    /// The method's own word for the cell, as in `new` or `persistent`, or `HH`, `LL`, `HL` and `LH` for local
    /// Moran's I; empty where it has none.
    pub category: String,
    /// The same as Esri's Emerging Hot Spot Analysis would call it; empty for other methods.
    pub esri_category: String,
}

/// One place that stands out by one method.
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
    /// Change over the period, in words; `emerging` where a window reaches its last day.
    pub trend: String,
    /// The days of the incidents, where the method seeks days too.
    pub window: Option<Period>,
    /// How many days lie between two such findings by chance alone if the city is looked at every day; NaN where
    /// the method does not look at the last days.
    pub recurrence_days: f64,
    /// The asset, for repeat locations; else [`NONE`](crate::model::NONE).
    pub asset: u32,
    /// What the expectation is made from; [`Per::Nothing`] makes it a count and not a risk.
    pub per: Per,
    /// What the count is compared with: the expectation, or else what an area of that size holds on average. NaN
    /// where there is neither.
    pub baseline: f64,
    /// How much too much there is.
    pub excess: Excess,
    /// Share of the re-runs in which it is found again; NaN where nothing was run again.
    pub stability: f64,
    /// Its place, as an index into [`Hotspots::places`].
    pub place: u32,
}

impl Hotspots {
    /// The hotspot that speaks for a place.
    pub fn leader(&self, place: &Place) -> &Hotspot {
        &self.hotspots[place.leader()]
    }
}

impl Hotspot {
    /// What the excess is measured from: `expected`, `mean_of_area` or `nothing`.
    pub fn basis(&self) -> &'static str {
        match (self.expected.is_nan(), self.baseline.is_nan()) {
            (false, _) => "expected",
            (true, false) => "mean_of_area",
            (true, true) => "nothing",
        }
    }

    /// The reports of its incidents.
    pub fn n_reports(&self, incidents: &Incidents) -> u32 {
        self.incidents.iter().map(|&incident| incidents.n_reports[incident as usize]).sum()
    }
}

/// Incidents beyond the baseline per week of the period, with the bounds of the exact Poisson interval (95 %). NaN
/// in a period without days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excess {
    /// The best estimate.
    pub per_week: f64,
    /// The lower bound: what hotspots are ranked by.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
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
    /// The true rate lies above this …
    pub rate_low: f64,
    /// … and below this in 95 % of all cases, incidents per year.
    pub rate_high: f64,
    /// Incidents expected from its kind.
    pub expected: f64,
    /// Probability of at least so many incidents if all assets of the kind had the same rate.
    pub p_value: f64,
    /// The share of false ones among assets at least as conspicuous: corrected for looking at all assets of the
    /// kind and, where these differ by nature, for assets that are no worse than twice their mean.
    pub q_value: f64,
    /// Probability that the true rate is more than twice the mean of the kind.
    pub p_exceeds_double: f64,
    /// Whether it comes back beyond chance.
    pub is_repeat: bool,
    /// When the last incident was, seconds UTC; [`NEVER`](crate::period::NEVER) without one.
    pub last_at: i64,
}

#[cfg(test)]
mod tests;
