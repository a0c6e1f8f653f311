//! Rounds in, files for those who drive and plan them out: feeds, tracks, problems for solvers, and a page per round.
//!
//! Everything lies in the folder `rounds` of the output. Formats take any [`Timetable`]: rounds as they are today
//! or as a plan would have them.

pub mod gpx;
pub mod gtfs;
pub mod page;
pub mod vroom;

use std::collections::BTreeSet;
use std::path::Path;

use crate::adjust;
use crate::error::{Error, Result};
use crate::findings::Findings;
use crate::model::kind::Language;
use crate::model::round::{Rounds, Trip};
use crate::model::some;
use crate::network::Network;
use crate::period::Clock;
use crate::place::Plane;
use crate::unit::Local;

/// A file format for rounds.
#[derive(Clone, Copy)]
pub struct RoundFormat {
    /// Its name in the project file.
    pub name: &'static str,
    /// One line for `paaltje formats`.
    pub about: &'static str,
    /// Its folder, relative to the output folder.
    pub target: &'static str,
    write: fn(&Timetable<'_>, &Path) -> Result<()>,
}

/// Every format that rounds can be written in. A new format is a file of its own and one entry here.
pub const FORMATS: &[RoundFormat] = &[
    RoundFormat {
        name: "gtfs",
        about: "GTFS Schedule feed, with capacity_l, service_s, asset_id and vehicles.csv",
        target: "rounds/gtfs",
        write: gtfs::write,
    },
    RoundFormat {
        name: "gpx",
        about: "GPX 1.1 per vehicle and weekday: stops in their order and the line along the streets",
        target: "rounds/gpx",
        write: gpx::write,
    },
    RoundFormat {
        name: "vroom",
        about: "VROOM problem (JSON) per weekday, with today's order as steps and matrices of the streets",
        target: "rounds/vroom",
        write: vroom::write,
    },
];

/// The format of this name.
///
/// # Errors
/// When there is none.
pub(crate) fn format(name: &str) -> Result<&'static RoundFormat> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| Error::UnknownFormat {
        what: "rounds output",
        name: name.to_owned(),
        known: FORMATS.iter().map(|format| format.name).collect(),
    })
}

/// Rounds and what it takes to write them.
#[derive(Debug, Clone)]
pub struct Timetable<'a> {
    /// The rounds.
    pub rounds: &'a Rounds,
    /// What the files are headed.
    pub title: &'a str,
    /// The language of the names.
    pub language: Language,
    /// The working plane of the rounds.
    pub plane: &'a Plane,
    /// The clock of their times.
    pub clock: &'a Clock,
    /// The streets.
    pub network: &'a Network,
    /// Kilograms expected at each emptying; parallel to the stops.
    pub kg: Vec<u64>,
}

impl<'a> Timetable<'a> {
    /// Any rounds on the stops of a run: `rounds` as they are planned today, or as a plan has them.
    pub fn new(findings: &'a Findings, rounds: &'a Rounds) -> Self {
        Self {
            rounds,
            title: &findings.title,
            language: findings.language,
            plane: &findings.plane,
            clock: &findings.clock,
            network: &findings.network,
            kg: expected_kg(rounds, findings),
        }
    }

    /// The trips that run on this weekday as a rule, those that begin first before the others.
    fn trips_on(&self, weekday: usize, is_meant: impl Fn(&Trip) -> bool) -> Vec<&'a Trip> {
        let trips = self.rounds.trips.iter();
        let mut trips: Vec<&Trip> = trips
            .filter(|trip| !trip.calls.is_empty() && trip.weekdays()[weekday] && is_meant(trip))
            .collect();
        trips.sort_by_key(|trip| (trip.calls[0].arrival_s, &trip.id));
        trips
    }

    /// Where a trip goes: from the depot, where it is known, past its stops and back.
    fn places(&self, trip: &Trip) -> Vec<Local> {
        let depot = some(trip.vehicle).and_then(|vehicle| self.rounds.vehicles[vehicle].depot);
        let stops = trip.calls.iter().map(|call| self.rounds.stops[call.stop as usize].at);
        depot.into_iter().chain(stops).chain(depot).filter(|at| at.is_somewhere()).collect()
    }

    /// The name of the route of a trip.
    fn name_of(&self, trip: &Trip) -> String {
        let route = &self.rounds.routes[trip.route as usize];
        plain(if route.name.trim().is_empty() { &route.id } else { &route.name })
    }
}

/// Kilograms expected at each emptying, with what proposals are priced with: what is filled in from one emptying to
/// the next where that is known, else the usual share of the stop.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "kilograms of a bin")]
fn expected_kg(rounds: &Rounds, findings: &Findings) -> Vec<u64> {
    let options = adjust::Options::default();
    let mut per_week = vec![0.0; rounds.stops.len()];
    for trip in &rounds.trips {
        for call in &trip.calls {
            per_week[call.stop as usize] += trip.weekday_shares().iter().sum::<f64>();
        }
    }
    let kilograms = rounds.stops.iter().zip(per_week).enumerate().map(|(index, (stop, per_week))| {
        let fill_per_day = findings.collection.stops.get(index).map_or(f64::NAN, |found| found.fill_per_day);
        let filled = fill_per_day * 7.0 / per_week;
        let share = if filled.is_finite() { filled.min(1.0) } else { options.usual_fill };
        let kg = stop.capacity_l.unwrap_or(options.capacity_l) * share * options.kg_per_litre;
        kg.ceil().max(0.0) as u64
    });
    kilograms.collect()
}

/// Writes the rounds in these formats below `dir`, the output folder; rounds without a single call are not written.
///
/// # Errors
/// When a file cannot be written.
pub fn write(timetable: &Timetable<'_>, formats: &[String], dir: &Path) -> Result<()> {
    if timetable.rounds.trips.iter().all(|trip| trip.calls.is_empty() || trip.days.is_empty()) {
        return Ok(());
    }
    formats.iter().try_for_each(|name| {
        let format = format(name)?;
        (format.write)(timetable, &dir.join(format.target))
    })
}

/// Seconds into the service day as `06:25`; beyond midnight as `01:10`.
pub(crate) fn time_of_day(seconds: i64) -> String {
    let minutes = seconds.div_euclid(60);
    format!("{:02}:{:02}", minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
}

/// A text on one line, as tables and XML take it: control characters become blanks.
fn plain(text: &str) -> String {
    let is_allowed = |letter: char| !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|letter| if is_allowed(letter) { letter } else { ' ' }).collect()
}

/// Names that Windows keeps for devices.
const RESERVED: [&str; 5] = ["con", "prn", "aux", "nul", "index"];

/// The stem of a file for each id: safe on every system, and no two alike, however the system reads capitals.
pub(crate) fn stems(ids: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut stems = Vec::with_capacity(ids.len());
    for id in ids {
        let stem = crate::draw::stem(id);
        let is_device = |stem: &str| {
            let stem = stem.to_lowercase();
            let is_port = stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
            stem.is_empty() || is_port || RESERVED.contains(&stem.as_str())
        };
        let stem = if is_device(&stem) { format!("round_{stem}") } else { stem };
        let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem}_{number}")));
        let name = names.into_iter().find(|name| taken.insert(name.to_lowercase()));
        stems.push(name.expect("numbers do not end"));
    }
    stems
}

#[cfg(test)]
mod tests;
