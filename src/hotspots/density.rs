//! Incidents in, clusters of incidents that lie close together out (DBSCAN).
//!
//! Finds places of any shape and size, but tests nothing: where much is reported everywhere, everything is one
//! cluster. So clusters carry no p-value and no expectation; their `statistic` is how many times denser they are
//! than the study area.

use rayon::prelude::*;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{Hotspots, outline};
use crate::model::kind::Selection;
use crate::stats::density;
use crate::unit::Local;

/// The name of the method in layers.
pub const METHOD: &str = "density";

/// From so many incidents on, the work is cut into parts for all threads; the result is the same.
const MANY: usize = 100_000;
/// Parts of about 36 km², each of 10,000 to some 100,000 incidents in a large city.
const PART: h3o::Resolution = h3o::Resolution::Six;
/// The cells that measure the study area.
const STUDY: h3o::Resolution = h3o::Resolution::Nine;

/// The settings of `[[hotspots.density]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to look for: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// How near a neighbour is, metres, inclusive. Larger values join clusters. Default 50.
    pub radius_m: f64,
    /// How many incidents, itself included, an incident needs within the radius to make a cluster. Larger values
    /// leave only the densest places. Default 5.
    pub min_reports: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { kind: Selection::All, radius_m: 50.0, min_reports: 5 }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        if !self.radius_m.is_finite() || self.radius_m <= 0.0 {
            return Err(Error::Setting {
                message: format!("`radius_m = {}` under [[hotspots.density]] is no distance", self.radius_m),
                hint: "write metres, as in `radius_m = 50.0`".to_owned(),
            });
        }
        if self.min_reports == 0 {
            return Err(Error::Setting {
                message: "`min_reports = 0` under [[hotspots.density]] would make everything a cluster"
                    .to_owned(),
                hint: "write a number from 1 on, as in `min_reports = 5`".to_owned(),
            });
        }
        Ok(())
    }
}

/// Adds the clusters of the chosen incidents.
pub(super) fn find(city: &City<'_>, options: &Options, found: &mut Hotspots) {
    let chosen = city.chosen(options.kind);
    if chosen.len() < options.min_reports as usize {
        let (kind, n, needed) = (options.kind.name(), chosen.len(), options.min_reports);
        let note = format!("density, {kind}: too few data: {n} incidents where a cluster takes {needed}");
        return found.notes.push(note);
    }
    let clusters =
        if chosen.len() < MANY { in_one_piece(city, options, &chosen) } else { in_parts(city, options) };
    let mut members = vec![Vec::new(); clusters.count as usize];
    for &incident in &chosen {
        let cluster = clusters.of_point[incident as usize];
        if cluster != density::NOISE {
            members[cluster as usize].push(incident);
        }
    }
    if members.is_empty() {
        let (kind, n) = (options.kind.name(), chosen.len());
        found.notes.push(format!("density, {kind}: none of {n} incidents lies in a cluster"));
        return;
    }
    let study_m2: f64 = city.index.study_cells(STUDY).par_iter().map(|cell| cell.area_m2()).sum();
    let all = late_and_all(city, &chosen);
    let per_m2 = chosen.len() as f64 / study_m2;
    let hotspot = |members: Vec<u32>| {
        let shape = outline::of_points(&city.places(&members));
        let mut hotspot = city.hotspot(METHOD, options.kind, members);
        hotspot.trend = city.trend(late_and_all(city, &hotspot.incidents), all);
        // An area that no cell covers has no density to compare with.
        if per_m2.is_finite() {
            hotspot.statistic = hotspot.incidents.len() as f64 / geo::Area::unsigned_area(&shape) / per_m2;
        }
        hotspot.shape = shape;
        hotspot
    };
    found.hotspots.par_extend(members.into_par_iter().map(hotspot));
}

/// The clusters of the chosen incidents.
pub(super) fn in_one_piece(city: &City<'_>, options: &Options, chosen: &[u32]) -> density::Clusters {
    let whole = density::partial(
        &city.places(chosen),
        chosen,
        |_| true,
        options.radius_m,
        options.min_reports as usize,
    );
    density::merge(city.incidents.len(), &[whole])
}

/// The same from a city that is cut into parts. Whether a neighbour of an incident is a core depends on the
/// neighbour's neighbours, so a part sees as far as two radii.
pub(super) fn in_parts(city: &City<'_>, options: &Options) -> density::Clusters {
    let parts = city.index.parts(PART, 2.0 * options.radius_m);
    let partials: Vec<density::Partial> =
        parts.par_iter().map(|part| partial(city, options, &part.owned, &part.halo)).collect();
    density::merge(city.incidents.len(), &partials)
}

/// What one part of the city knows of the clusters.
fn partial(city: &City<'_>, options: &Options, owned: &[u32], halo: &[u32]) -> density::Partial {
    let holds = |incident: u32| options.kind.holds(city.incidents.kind[incident as usize]);
    let seen = owned.iter().map(|&own| (own, true)).chain(halo.iter().map(|&near| (near, false)));
    let mut seen: Vec<(u32, bool)> = seen.filter(|&(incident, _)| holds(incident)).collect();
    seen.sort_unstable();
    let ids: Vec<u32> = seen.iter().map(|&(incident, _)| incident).collect();
    let points: Vec<Local> = city.places(&ids);
    density::partial(&points, &ids, |place| seen[place].1, options.radius_m, options.min_reports as usize)
}
