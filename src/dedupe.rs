//! Reports in, incidents out: one event, however many people reported it.
//!
//! A report belongs to an incident when it is of the same kind, opened within a day of the incident's first
//! report, and at the same asset or within 25 m of that first report, unless citizens pointed at two different
//! assets: one report about three containers is three incidents. Always the first report: measured from
//! one report to the next, a busy corner would grow into a single incident that lasts all summer. What
//! people wrote is not compared.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::geocode::Located;
use crate::link::Linked;
use crate::model::NONE;
use crate::model::kind::Kind;
use crate::model::report::Reports;
use crate::unit::{DAY_S, Local};

/// When two reports are about one event.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Whether reports are brought together at all. Default true; otherwise every report is an incident.
    pub enabled: bool,
    /// Metres from the first report within which another is about the same event. Default 25.
    pub within_m: f64,
    /// Hours after the first report within which another is about the same event. Default 24. Reports that
    /// know only their day are compared by day: at 24, those of the same day are one event.
    pub within_hours: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { enabled: true, within_m: 25.0, within_hours: 24.0 }
    }
}

/// The incidents, one column per property, in the order of their first report. Reports that lie nowhere make
/// an incident each, so that nobody is lost: the reports of all incidents add up to all reports.
#[derive(Debug, Clone, Default)]
pub struct Incidents {
    /// The incident of each report; parallel to [`Reports`].
    pub of_report: Vec<u32>,
    /// The earliest report of each incident.
    pub first_report: Vec<u32>,
    /// Its kind.
    pub kind: Vec<Kind>,
    /// Where it was: the place of the first report.
    pub at: Vec<Local>,
    /// Opening time of the first report, seconds UTC.
    pub first_at: Vec<i64>,
    /// Opening time of the last report, seconds UTC.
    pub last_at: Vec<i64>,
    /// How many reports it has.
    pub n_reports: Vec<u32>,
    /// The asset concerned, as an index into the assets; else [`NONE`].
    pub asset: Vec<u32>,
    /// The area, as an index into the areas; else [`NONE`].
    pub area: Vec<u32>,
    /// Whether its place is fine enough for statistics of points.
    pub is_point: Vec<bool>,
    /// Radius in metres that holds the true place in 95 of 100 cases; NaN where there is none.
    pub accuracy_m: Vec<f32>,
}

impl Incidents {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Begins an incident with its first report.
    fn begin(&mut self, report: usize, reports: &Reports, located: &Located, linked: &Linked) -> u32 {
        let incident = index_u32(self.len());
        self.first_report.push(index_u32(report));
        self.kind.push(reports.kind[report]);
        self.at.push(located.at[report]);
        self.first_at.push(reports.opened[report]);
        self.last_at.push(reports.opened[report]);
        self.n_reports.push(1);
        self.asset.push(linked.asset[report]);
        self.area.push(linked.area[report]);
        self.is_point.push(located.at[report].is_somewhere() && located.level[report].is_point());
        self.accuracy_m.push(located.accuracy_m[report]);
        incident
    }
}

/// Brings reports together into incidents.
///
/// # Panics
/// When the reports do not stand in the order of their opening times.
pub fn incidents(reports: &Reports, located: &Located, linked: &Linked, options: &Options) -> Incidents {
    assert!(reports.opened.is_sorted(), "reports stand in canonical order, by opening time first");
    let mut incidents = Incidents::default();
    let mut open = Open { within_m: options.within_m.max(0.0), ..Open::default() };
    for report in 0..reports.len() {
        // A street or an area is not a place that two reports could share.
        let can_share =
            options.enabled && located.at[report].is_somewhere() && located.level[report].is_point();
        let (kind, at, asset) = (reports.kind[report], located.at[report], linked.asset[report]);
        let pointed_at = reports.asset.get(report).copied().unwrap_or(NONE);
        let age = |incident: u32| {
            let first = incidents.first_report[incident as usize] as usize;
            if is_within(reports, first, report, options.within_hours) {
                Age::Recent
            } else if (reports.opened[report] - reports.opened[first]) as f64 > options.within_hours * 3600.0
            {
                Age::Over
            } else {
                Age::OtherDay
            }
        };
        let found = can_share.then(|| open.find(kind, at, asset, pointed_at, age)).flatten();
        let incident = found.unwrap_or_else(|| {
            let incident = incidents.begin(report, reports, located, linked);
            if can_share {
                open.add(kind, asset, Opened { incident, at, pointed_at });
            }
            incident
        });
        if found.is_some() {
            let incident = incident as usize;
            incidents.n_reports[incident] += 1;
            incidents.last_at[incident] = reports.opened[report];
            if incidents.asset[incident] == NONE {
                incidents.asset[incident] = asset;
            }
        }
        incidents.of_report.push(incident);
    }
    incidents
}

/// Whether `report` was opened soon enough after `first`. Days are compared as days: two reports that know
/// only their day lie a whole number of days apart, of which the first is the day they share.
fn is_within(reports: &Reports, first: usize, report: usize, within_hours: f64) -> bool {
    let both_are_days = reports.is_date_only[first] && reports.is_date_only[report];
    let limit_s =
        if both_are_days { (within_hours * 3600.0 - DAY_S as f64).max(0.0) } else { within_hours * 3600.0 };
    (reports.opened[report] - reports.opened[first]) as f64 <= limit_s
}

/// An incident where it began.
struct Opened {
    incident: u32,
    at: Local,
    /// The asset that the citizen pointed at, as a word of the reports; else [`NONE`].
    pointed_at: u32,
}

/// Incidents that further reports may still belong to. Two of a kind in one cell lie farther apart than
/// `within_m` or are told apart by time, so a cell never holds more than a handful, however many reports
/// share a point.
#[derive(Default)]
struct Open {
    within_m: f64,
    by_cell: FxHashMap<(Kind, i32, i32), Vec<Opened>>,
    by_asset: FxHashMap<(Kind, u32), Vec<u32>>,
}

/// Whether an incident is one that a report may belong to, by time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    /// The report belongs to it if the place fits.
    Recent,
    /// The report does not, but a later one that knows its hour may.
    OtherDay,
    /// No later report belongs to it.
    Over,
}

impl Open {
    /// The earliest incident at the same asset or within reach, of those that are recent.
    fn find(
        &mut self,
        kind: Kind,
        at: Local,
        asset: u32,
        pointed_at: u32,
        age: impl Fn(u32) -> Age,
    ) -> Option<u32> {
        let mut found = None;
        if let Some(same) = self.by_asset.get_mut(&(kind, asset)) {
            same.retain(|&incident| age(incident) != Age::Over);
            found = same.iter().copied().find(|&incident| age(incident) == Age::Recent);
        }
        let low = self.cell(Local::new(at.x - self.within_m, at.y - self.within_m));
        let high = self.cell(Local::new(at.x + self.within_m, at.y + self.within_m));
        for column in low.0..=high.0 {
            for row in low.1..=high.1 {
                let Some(near) = self.by_cell.get_mut(&(kind, column, row)) else { continue };
                near.retain(|there| age(there.incident) != Age::Over);
                let within = near.iter().filter(|there| {
                    let is_other =
                        ![NONE, there.pointed_at].contains(&pointed_at) && there.pointed_at != NONE;
                    !is_other
                        && there.at.distance_m(at) <= self.within_m
                        && age(there.incident) == Age::Recent
                });
                found = within.map(|there| there.incident).chain(found).min();
            }
        }
        found
    }

    fn add(&mut self, kind: Kind, asset: u32, opened: Opened) {
        let ((column, row), incident) = (self.cell(opened.at), opened.incident);
        self.by_cell.entry((kind, column, row)).or_default().push(opened);
        if asset != NONE {
            self.by_asset.entry((kind, asset)).or_default().push(incident);
        }
    }

    /// Cells twice as wide as the reach: a circle touches four of them.
    #[expect(clippy::cast_possible_truncation, reason = "a plane of 2^31 cells is wider than the Earth")]
    fn cell(&self, at: Local) -> (i32, i32) {
        let cell_m = (2.0 * self.within_m).max(1.0);
        ((at.x / cell_m).floor() as i32, (at.y / cell_m).floor() as i32)
    }
}

fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 reports")
}

#[cfg(test)]
mod tests;
