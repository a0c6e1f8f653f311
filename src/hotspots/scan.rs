//! The scan statistic: incidents by H3 cell and day in, the circles and days that hold more than chance would put
//! there out.
//!
//! Where [`gi_star`](super::gi_star) says where there always is much, this says where there suddenly is more: with
//! `space_time_permutation`, neither a cell that is always busy nor a day that is busy everywhere is a cluster. All
//! windows up to the largest radius and the longest time are tried, and the p-value is corrected for that: it is how
//! often chance alone would give a window as unusual *anywhere*. So q is p.
//!
//! Cells are as their centres: a circle holds the cells whose centre it holds. Circles only, and only windows with
//! more than expected.

use h3o::{CellIndex, Resolution};
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{Hotspot, Hotspots, Per, outline};
use crate::model::kind::Selection;
use crate::period::Period;
use crate::random::Random;
use crate::stats::scan::{Case, Chance, Circles, Cluster, Limits, Model as Expectation, Population, Study};
use crate::unit::Local;

/// The name of the method in layers.
pub const METHOD: &str = "scan";

/// A circle with more than this share of the whole would rather say that there is less elsewhere; likewise a window
/// of more than this share of the days (Kulldorff 1997).
const LARGEST_SHARE: f64 = 0.5;

/// What the incidents are compared with.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// With themselves at other times: where is there more than this cell and these days have otherwise?
    #[default]
    SpaceTimePermutation,
    /// With what could be reported there: where are more of them than `per` explains?
    Poisson,
    /// With all other incidents: where, and when, do people report this rather than anything else?
    Bernoulli,
}

/// Which stretches of time are looked at.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Those that reach the last day of the period: what goes on now.
    #[default]
    Prospective,
    /// All: what went on at any time.
    Retrospective,
    /// Only the period as a whole: where, not when.
    Spatial,
}

/// Between which days incidents are exchanged to see what chance does.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Strata {
    /// All.
    #[default]
    None,
    /// The same days of the week: a market on Saturdays is no news.
    Weekday,
}

/// The settings of `[[hotspots.scan]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to count: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// What it is compared with: `space_time_permutation`, `poisson` or `bernoulli`. Default
    /// `space_time_permutation`.
    pub model: Model,
    /// When: `prospective` for windows that reach the last day, `retrospective` for all, `spatial` for the whole
    /// period at once. Default `prospective`.
    pub direction: Direction,
    /// The H3 resolution of the cells, 5 to 11: 9 has cells of 0.1 km² (a few blocks), 10 of 0.015 km² (a street
    /// corner). Default 9.
    pub resolution: u8,
    /// Metres from the middle of a circle to its outermost cell, at most. Default 1000.
    pub max_radius_m: f64,
    /// Days of the longest window; never more than half the period. Default 28.
    pub max_days: u32,
    /// How often chance is tried. With R tries the smallest p-value that can be counted is 1 / (R + 1); below that
    /// it is read off a curve that fits the tries (Gumbel), down to 1 / (R + 1)². Default 999.
    pub permutations: u32,
    /// Fewer incidents than this are no cluster, however unlikely. Default 3.
    pub min_cases: u32,
    /// What the counts are compared with in a `poisson` scan: `nothing` (every cell alike), `reports`,
    /// `street_metres`, `visits` or a kind of asset. Default `nothing`.
    pub per: Per,
    /// Between which days incidents are exchanged in a `space_time_permutation` scan: `none` for all, `weekday` for
    /// the same days of the week, which leaves weekly habits of a place out of the question. Default `none`.
    pub strata: Strata,
    /// The largest p-value of a cluster: the chance that a scan without any true cluster has one. Default 0.05.
    pub alpha: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Selection::All,
            model: Model::default(),
            direction: Direction::default(),
            resolution: 9,
            max_radius_m: 1000.0,
            max_days: 28,
            permutations: 999,
            min_cases: 3,
            per: Per::Nothing,
            strata: Strata::None,
            alpha: 0.05,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: String, hint: &str| {
            let message = format!("{what} (under [[hotspots.scan]])");
            Err(Error::Setting { message, hint: hint.to_owned() })
        };
        if !(5..=11).contains(&self.resolution) {
            let too = if self.resolution < 5 { "coarse for a city" } else { "fine to form circles of" };
            return refuse(
                format!("`resolution = {}` is too {too}", self.resolution),
                "write 9 for a few blocks or 10 for a street corner",
            );
        }
        if !(self.max_radius_m > 0.0 && self.max_radius_m.is_finite()) {
            return refuse(
                format!("`max_radius_m = {}` is no radius in metres", self.max_radius_m),
                "write how far from its middle a cluster may reach, as in `max_radius_m = 1000.0`",
            );
        }
        if self.max_days == 0 || self.min_cases == 0 {
            return refuse(
                format!("`max_days = {}`, `min_cases = {}`: neither may be 0", self.max_days, self.min_cases),
                "write the days of the longest window and the incidents of the smallest cluster",
            );
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return refuse(
                format!("`alpha = {}` is no probability", self.alpha),
                "write a number between 0 and 1, as in `alpha = 0.05`",
            );
        }
        if self.permutations > 1_000_000 || self.alpha * (f64::from(self.permutations) + 1.0) < 1.0 {
            return refuse(
                format!("`permutations = {}` cannot tell p-values of {}", self.permutations, self.alpha),
                "write 999, or 9999 for finer p-values; at least 1 / alpha - 1",
            );
        }
        let is_permutation = self.model == Model::SpaceTimePermutation;
        if is_permutation && self.direction == Direction::Spatial {
            return refuse(
                "`direction = \"spatial\"` leaves no times to exchange".to_owned(),
                "write `model = \"poisson\"` or `\"bernoulli\"` to scan the period as a whole",
            );
        }
        if self.model != Model::Poisson && self.per != Per::Nothing {
            return refuse(
                format!("`per = \"{}\"` has no part in this model", self.per.name()),
                "write `model = \"poisson\"` to compare counts with it",
            );
        }
        if !is_permutation && self.strata != Strata::None {
            return refuse(
                "`strata` has no part in this model".to_owned(),
                "only `model = \"space_time_permutation\"` exchanges days",
            );
        }
        if self.model == Model::Bernoulli && self.kind == Selection::All {
            return refuse(
                "`kind = \"*\"` leaves no other reports to compare with".to_owned(),
                "write a kind or a family, or another model",
            );
        }
        Ok(())
    }
}

/// Adds a hotspot for every window that holds more than chance explains.
pub(super) fn find(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    let note = |what: String| format!("{METHOD}, {}: {what}", options.kind.name());
    let Ok(resolution) = Resolution::try_from(options.resolution) else {
        return found.notes.push(note(format!("no cells of resolution {}", options.resolution)));
    };
    let ground = Ground::new(city, options, resolution);
    if ground.outside > 0 {
        let n = ground.outside;
        let what = format!(
            "{n} incidents are not counted: outside the period, or where there is nothing to compare with"
        );
        found.notes.push(note(what));
    }
    let (n, cells, days) = (ground.incidents.len(), ground.places.len(), ground.days);
    let too_few = || note(format!("too few data: {n} incidents in {cells} cells on {days} days"));
    let has_times = options.direction == Direction::Spatial || days >= 2;
    if n < options.min_cases.max(2) as usize || cells < 2 || !has_times {
        return found.notes.push(too_few());
    }
    let Some((study, circles, limits)) = ground.study(city, options) else {
        return found.notes.push(too_few());
    };
    let chance =
        study.chance(&circles, limits, options.permutations, |replica| random.stream(METHOD, replica));
    let chosen: Vec<u32> = ground.incidents.iter().map(|&(incident, _)| incident).collect();
    let all = late_and_all(city, &chosen);
    for cluster in study.clusters(&circles, limits, chance.critical(options.alpha)) {
        let mut hotspot = ground.hotspot(city, options, &cluster, &chance);
        hotspot.trend = match hotspot.window {
            Some(window) if window.to == city.scene.period.to => "emerging".to_owned(),
            Some(_) => String::new(),
            None => city.trend(late_and_all(city, &hotspot.incidents), all),
        };
        found.hotspots.push(hotspot);
    }
}

/// A cell of the city.
struct Place {
    cell: CellIndex,
    /// Its centre.
    at: Local,
    /// How many could be reported there.
    exposure: f64,
}

/// Where and when the incidents are, in the words of the statistic.
struct Ground {
    /// In the order of their cells; each is named by its index.
    places: Vec<Place>,
    /// The incidents to be counted, with where and when each is.
    incidents: Vec<(u32, Case)>,
    /// All other incidents; empty but for [`Model::Bernoulli`].
    controls: Vec<Case>,
    /// How many time steps there are: days, or one.
    days: usize,
    /// Incidents that nothing can be compared with.
    outside: usize,
}

impl Ground {
    fn new(city: &City<'_>, options: &Options, resolution: Resolution) -> Self {
        let occupied = |kind: Selection| {
            let counts = city.index.counts(resolution, kind, None, city.scene.clock);
            counts.into_iter().map(|(cell, _)| cell).collect::<Vec<_>>()
        };
        let cells = match options.model {
            Model::SpaceTimePermutation => occupied(options.kind),
            Model::Bernoulli => occupied(Selection::All),
            Model::Poisson => city.index.study_cells(resolution),
        };
        let exposed = city.exposure(options.per, &cells);
        let with_place = cells.into_iter().zip(exposed).filter(|(_, exposure)| *exposure > 0.0);
        // A cell that the projection cannot carry has no place in a circle.
        let place = |(cell, exposure)| Some(Place { cell, at: city.scene.plane.centre(cell)?, exposure });
        let places: Vec<Place> = with_place.filter_map(place).collect();

        let is_spatial = options.direction == Direction::Spatial;
        let period = city.scene.period;
        let time = |incident: u32| {
            if is_spatial {
                return Some(0);
            }
            let day = city.scene.clock.day(city.incidents.first_at[incident as usize]);
            period.holds(day).then(|| u32::try_from(day.0 - period.from.0).expect("a day of the period"))
        };
        let mut ground = Self {
            incidents: Vec::new(),
            controls: Vec::new(),
            days: if is_spatial { 1 } else { period.days() as usize },
            outside: 0,
            places,
        };
        let number: FxHashMap<CellIndex, u32> =
            ground.places.iter().map(|place| place.cell).zip(0..).collect();
        for cell in occupied(Selection::All) {
            for incident in city.index.incidents_in(cell) {
                let is_chosen = options.kind.holds(city.incidents.kind[incident as usize]);
                match (number.get(&cell), time(incident)) {
                    (Some(&place), Some(time)) if is_chosen => {
                        ground.incidents.push((incident, Case { place, time }));
                    }
                    (Some(&place), Some(time)) if options.model == Model::Bernoulli => {
                        ground.controls.push(Case { place, time });
                    }
                    _ => ground.outside += usize::from(is_chosen),
                }
            }
        }
        ground
    }

    /// The study with its circles; `None` where there is nothing to compare.
    fn study(&self, city: &City<'_>, options: &Options) -> Option<(Study, Circles, Limits)> {
        let cases = self.incidents.iter().map(|&(_, case)| case).collect();
        let model = match options.model {
            Model::SpaceTimePermutation => {
                Expectation::SpaceTimePermutation(self.strata(city, options.strata))
            }
            Model::Poisson => Expectation::Poisson(Population::Steady {
                place: self.places.iter().map(|place| place.exposure).collect(),
                time: vec![1.0; self.days],
            }),
            Model::Bernoulli => Expectation::Bernoulli(self.controls.clone()),
        };
        let study = Study::new(self.places.len(), self.days, cases, model)?;
        let centres: Vec<[f64; 2]> = self.places.iter().map(|place| [place.at.x, place.at.y]).collect();
        let circles = Circles::new(&centres, &study.population(), options.max_radius_m, LARGEST_SHARE);
        let limits = Limits {
            longest: (options.max_days as usize).min(self.days / 2).max(1),
            is_prospective: options.direction == Direction::Prospective,
            min_cases: options.min_cases,
        };
        Some((study, circles, limits))
    }

    fn strata(&self, city: &City<'_>, strata: Strata) -> Vec<u8> {
        let first = city.scene.period.from.weekday();
        let stratum = |day: usize| match strata {
            Strata::None => 0,
            Strata::Weekday => u8::try_from((first + day) % 7).expect("0..7"),
        };
        (0..self.days).map(stratum).collect()
    }

    fn hotspot(&self, city: &City<'_>, options: &Options, cluster: &Cluster, chance: &Chance) -> Hotspot {
        let holds = |case: &Case| {
            (cluster.from..=cluster.to).contains(&case.time) && cluster.places.contains(&case.place)
        };
        let inside = self.incidents.iter().filter(|(_, case)| holds(case));
        let mut members: Vec<u32> = inside.map(|&(incident, _)| incident).collect();
        members.sort_unstable();
        let cells: Vec<CellIndex> =
            cluster.places.iter().map(|&place| self.places[place as usize].cell).collect();
        let day = |time: u32| city.scene.period.from.plus(i32::try_from(time).expect("a day of the period"));

        let mut hotspot = city.hotspot(METHOD, options.kind, members);
        hotspot.shape = outline::of_cells(&cells, city.scene.plane);
        hotspot.per = match options.model {
            Model::SpaceTimePermutation => Per::Nothing,
            Model::Poisson => options.per,
            Model::Bernoulli => Per::Reports,
        };
        hotspot.expected = cluster.expected;
        hotspot.relative_risk = f64::from(cluster.observed) / cluster.expected;
        hotspot.statistic = cluster.llr;
        // The largest ratio anywhere is what chance is compared with, so p is already corrected for all windows.
        hotspot.p_value = chance.best_p(cluster.llr);
        hotspot.q_value = hotspot.p_value;
        if options.direction != Direction::Spatial {
            hotspot.window = Some(Period { from: day(cluster.from), to: day(cluster.to) });
        }
        if options.direction == Direction::Prospective {
            // Kleinman, Lazarus & Platt (2004), American Journal of Epidemiology 159(3), 217-224: scanned every day,
            // chance gives one like this every 1 / p days.
            hotspot.recurrence_days = 1.0 / hotspot.p_value;
        }
        hotspot
    }
}

#[cfg(test)]
mod tests;
