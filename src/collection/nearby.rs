//! Reports and stops in, when each report was made and the stops that it may be about out.

use crate::geocode::Located;
use crate::link::Linked;
use crate::model::NONE;
use crate::model::report::Reports;
use crate::model::round::Rounds;
use crate::period::Clock;
use crate::stats::grid::Grid;
use crate::unit::Local;

/// Stops this near to a report are weighed against the nearest, metres.
const NEARBY_M: f64 = 45.0;
/// Reports lie this far from their stop, per axis, before the data say otherwise, metres.
pub(super) const REPORT_SPREAD_M: f64 = 8.0;
/// A report without a time of day is taken to come at this hour.
const DATE_ONLY_S: i64 = 18 * 3600;

/// The stops around each report.
pub(super) struct Nearby<'a> {
    pub(super) located: &'a Located,
    pub(super) linked: &'a Linked,
    pub(super) stops: Vec<Local>,
    grid: Grid,
}

impl<'a> Nearby<'a> {
    pub(super) fn new(rounds: &Rounds, located: &'a Located, linked: &'a Linked) -> Self {
        let stops: Vec<Local> = rounds.stops.iter().map(|stop| stop.at).collect();
        Self { located, linked, grid: Grid::new(&stops, NEARBY_M), stops }
    }

    /// Stops that a report may be about, with their distance, ascending by index; none where none is linked.
    pub(super) fn of(&self, report: u32) -> Vec<(u32, f64)> {
        let report = report as usize;
        let at = self.located.at[report];
        if self.linked.stop[report] == NONE || !at.is_somewhere() {
            return Vec::new();
        }
        let mut stops = vec![self.linked.stop[report]];
        self.grid.within(at, NEARBY_M, |stop, _| stops.push(stop));
        stops.sort_unstable();
        stops.dedup();
        stops.into_iter().map(|stop| (stop, self.stops[stop as usize].distance_m(at))).collect()
    }
}

/// How probable a report at so many metres from its stop is, against one at the stop itself: normal, `spread_m` along each
/// axis.
pub(super) fn nearness(metres: f64, spread_m: f64) -> f64 {
    (-0.5 * (metres / spread_m).powi(2)).exp()
}

/// When a report was made, as well as the source says; seconds UTC.
pub(super) fn instant(clock: &Clock, reports: &Reports, report: usize) -> i64 {
    let opened = reports.opened[report];
    if reports.is_date_only[report] { clock.midnight(clock.day(opened)) + DATE_ONLY_S } else { opened }
}
