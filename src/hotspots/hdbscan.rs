//! Incidents in, clusters of any density out (HDBSCAN).
//!
//! For a city whose centre is dense and whose outskirts are not: one radius that parts the places of the centre
//! finds nothing outside it. Tests nothing, as [`density`](crate::hotspots::density): clusters carry no p-value and no
//! expectation, and their `statistic` is how many times denser they are than the study area.

use rayon::prelude::*;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::Hotspots;
use crate::hotspots::city::City;
use crate::hotspots::density::{Comparison, of_each};
use crate::model::kind::Selection;
use crate::random::Random;
use crate::stats::hdbscan::{Settings, clusters};

/// The name of the method in layers.
pub const METHOD: &str = "hdbscan";

/// The settings of `[[hotspots.hdbscan]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to look for: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// How many incidents make a cluster, at least 2. Larger values leave fewer and larger ones. Default 10.
    pub min_cluster_size: u32,
    /// How many other incidents must be near before an incident counts as dense, at least 1. Larger values make
    /// more of them noise. Default 5.
    pub min_samples: u32,
    /// Distances below this count as this, metres: places are not known more exactly, and incidents at one address
    /// would be infinitely dense. Larger values keep single addresses from being clusters of their own. Default 1.
    pub closest_m: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { kind: Selection::All, min_cluster_size: 10, min_samples: 5, closest_m: 1.0 }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |setting: String, why: &str, hint: &str| {
            let message = format!("`{setting}` under [[hotspots.hdbscan]] {why}");
            Err(Error::Setting { message, hint: hint.to_owned() })
        };
        if self.min_cluster_size < 2 {
            let setting = format!("min_cluster_size = {}", self.min_cluster_size);
            return refuse(setting, "would make everything a cluster", "write a number from 2 on, as in 10");
        }
        if !(1..=1_000).contains(&self.min_samples) {
            let setting = format!("min_samples = {}", self.min_samples);
            return refuse(setting, "is out of range", "write a number from 1 to 1000, as in 5");
        }
        if !self.closest_m.is_finite() || self.closest_m <= 0.0 {
            let setting = format!("closest_m = {}", self.closest_m);
            return refuse(setting, "is no distance", "write metres, as in `closest_m = 1.0`");
        }
        Ok(())
    }
}

/// Adds the clusters of the chosen incidents.
pub(super) fn find(city: &City<'_>, options: &Options, _random: Random, found: &mut Hotspots) {
    let chosen = city.chosen(options.kind);
    let (kind, n, needed) = (options.kind.name(), chosen.len(), options.min_cluster_size);
    if n < needed as usize {
        let note = format!("hdbscan, {kind}: too few data: {n} incidents where a cluster takes {needed}");
        return found.notes.push(note);
    }
    let settings = Settings {
        min_cluster_size: needed as usize,
        min_samples: options.min_samples as usize,
        closest_m: options.closest_m,
    };
    let clusters = clusters(&city.places(&chosen), &settings);
    if clusters.count == 0 {
        let note =
            format!("hdbscan, {kind}: {n} incidents do not fall apart into clusters of {needed} or more");
        return found.notes.push(note);
    }
    let members = of_each(clusters.count, chosen.iter().copied().zip(clusters.of_point));
    let comparison = Comparison::of(city, &chosen);
    let hotspot = |members| comparison.cluster(city, METHOD, options.kind, members);
    found.hotspots.par_extend(members.into_par_iter().map(hotspot));
}
