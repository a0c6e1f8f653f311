//! Incidents in, clusters of incidents that lie close together out (DBSCAN).
//!
//! Finds places of any shape and size, but tests nothing: where much is reported everywhere, everything is one
//! cluster. So clusters carry no p-value and no expectation; their `statistic` is how many times denser they are
//! than the study area. With `days`, a cluster is also one in time (ST-DBSCAN): a wave of fly-tipping rather than a
//! place that is always bad, and its density is compared with that of the study area in as many days.

use rayon::prelude::*;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{Hotspot, Hotspots, outline};
use crate::model::NONE;
use crate::model::kind::Selection;
use crate::random::Random;
use crate::stats::density;

/// The name of the method in layers.
pub const METHOD: &str = "density";

/// From so many incidents on, the work is cut into parts for all threads; the result is the same.
const MANY: usize = 100_000;
/// Parts of about 36 km², each of 10,000 to some 100,000 incidents in a large city.
const PART: h3o::Resolution = h3o::Resolution::Six;

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
    /// How many days may lie between neighbours, inclusive; 0 for the same day. Smaller values part clusters that
    /// come back into their waves. Default none: time means nothing.
    pub days: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { kind: Selection::All, radius_m: 50.0, min_reports: 5, days: None }
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
pub(super) fn find(city: &City<'_>, options: &Options, _random: Random, found: &mut Hotspots) {
    let chosen = from_west(city, city.chosen(options.kind));
    if chosen.len() < options.min_reports as usize {
        let (kind, n, needed) = (options.kind.name(), chosen.len(), options.min_reports);
        let note = format!("density, {kind}: too few data: {n} incidents where a cluster takes {needed}");
        return found.notes.push(note);
    }
    let clusters = if chosen.len() < MANY {
        in_one_piece(city, options, &chosen)
    } else {
        in_parts(city, options, &chosen)
    };
    let members = of_each(clusters.count, chosen.iter().copied().zip(clusters.of_point));
    if members.is_empty() {
        let (kind, n) = (options.kind.name(), chosen.len());
        found.notes.push(format!("density, {kind}: none of {n} incidents lies in a cluster"));
        return;
    }
    let comparison = Comparison::of(city, &chosen);
    let hotspot = |members| {
        let mut hotspot = comparison.cluster(city, METHOD, options.kind, members);
        if options.days.is_some() {
            in_its_days(city, &mut hotspot);
        }
        hotspot
    };
    found.hotspots.par_extend(members.into_par_iter().map(hotspot));
}

/// Incidents from west to east, those of one place by their time: an incident at the rim of two clusters goes to the
/// one that comes first, which must not be a matter of rows.
pub(super) fn from_west(city: &City<'_>, mut incidents: Vec<u32>) -> Vec<u32> {
    let (at, first_at) = (&city.incidents.at, &city.incidents.first_at);
    incidents.sort_by(|&a, &b| {
        let (a, b) = (a as usize, b as usize);
        at[a].total_cmp(&at[b]).then(first_at[a].cmp(&first_at[b]))
    });
    incidents
}

/// The members of each cluster, ascending.
pub(super) fn of_each(count: u32, labels: impl Iterator<Item = (u32, u32)>) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); count as usize];
    for (incident, cluster) in labels.filter(|&(_, cluster)| cluster != density::NOISE) {
        members[cluster as usize].push(incident);
    }
    for members in &mut members {
        members.sort_unstable();
    }
    members
}

/// What clusters are compared with: all chosen incidents in the study area.
pub(super) struct Comparison {
    /// How many there are in the last third of the period and in all.
    all: (u32, u32),
    per_m2: f64,
}

impl Comparison {
    pub(super) fn of(city: &City<'_>, chosen: &[u32]) -> Self {
        Self { all: late_and_all(city, chosen), per_m2: chosen.len() as f64 / city.study_m2() }
    }

    /// A hotspot of a cluster; its `statistic` is how many times denser it is than the study area.
    pub(super) fn cluster(
        &self,
        city: &City<'_>,
        method: &'static str,
        kind: Selection,
        members: Vec<u32>,
    ) -> Hotspot {
        let shape = outline::of_points(&city.places(&members));
        let mut hotspot = city.hotspot(method, kind, members);
        hotspot.trend = city.trend(late_and_all(city, &hotspot.incidents), self.all);
        // An area that no cell covers has no density to compare with.
        if self.per_m2.is_finite() {
            hotspot.statistic =
                hotspot.incidents.len() as f64 / geo::Area::unsigned_area(&shape) / self.per_m2;
        }
        hotspot.shape = shape;
        hotspot
    }
}

/// Compares a cluster in time with the study area in as many days. What lasts some days has no trend.
fn in_its_days(city: &City<'_>, hotspot: &mut Hotspot) {
    let day = |incident: &u32| day_of(city, *incident);
    let (first, last) = hotspot
        .incidents
        .iter()
        .map(day)
        .fold((i32::MAX, i32::MIN), |(first, last), day| (first.min(day), last.max(day)));
    hotspot.statistic *= f64::from(city.scene.period.days().max(1)) / (f64::from(last.abs_diff(first)) + 1.0);
    hotspot.trend.clear();
}

/// The civil day on which an incident began.
fn day_of(city: &City<'_>, incident: u32) -> i32 {
    city.scene.clock.day(city.incidents.first_at[incident as usize]).0
}

/// The clusters of the chosen incidents, by their places in `chosen`.
pub(super) fn in_one_piece(city: &City<'_>, options: &Options, chosen: &[u32]) -> density::Clusters {
    let places: Vec<u32> = (0u32..).take(chosen.len()).collect();
    density::merge(chosen.len(), &[partial(city, options, chosen, &places, |_| true)])
}

/// The same from a city that is cut into parts. Whether a neighbour of an incident is a core depends on the
/// neighbour's neighbours, so a part sees as far as two radii.
pub(super) fn in_parts(city: &City<'_>, options: &Options, chosen: &[u32]) -> density::Clusters {
    let mut place_of = vec![NONE; city.incidents.len()];
    for (place, &incident) in (0u32..).zip(chosen) {
        place_of[incident as usize] = place;
    }
    let parts = city.index.parts(PART, 2.0 * options.radius_m);
    let partials: Vec<density::Partial> = parts
        .par_iter()
        .map(|part| {
            let seen = part.owned.iter().map(|&own| (place_of[own as usize], true));
            let seen = seen.chain(part.halo.iter().map(|&near| (place_of[near as usize], false)));
            let mut seen: Vec<(u32, bool)> = seen.filter(|&(place, _)| place != NONE).collect();
            seen.sort_unstable();
            let places: Vec<u32> = seen.iter().map(|&(place, _)| place).collect();
            partial(city, options, chosen, &places, |seen_as| seen[seen_as].1)
        })
        .collect();
    density::merge(chosen.len(), &partials)
}

/// What the incidents at some places of `chosen`, of which `is_own` says whether they belong to the part, tell of the
/// clusters.
fn partial(
    city: &City<'_>,
    options: &Options,
    chosen: &[u32],
    places: &[u32],
    is_own: impl Fn(usize) -> bool,
) -> density::Partial {
    let incidents: Vec<u32> = places.iter().map(|&place| chosen[place as usize]).collect();
    let day: Vec<i32> = match options.days {
        Some(_) => incidents.iter().map(|&incident| day_of(city, incident)).collect(),
        None => Vec::new(),
    };
    let rule = density::Rule {
        radius_m: options.radius_m,
        min_points: options.min_reports as usize,
        time: options.days.map(|days| density::Time { day: &day, days }),
    };
    density::partial(&city.places(&incidents), places, is_own, &rule)
}
