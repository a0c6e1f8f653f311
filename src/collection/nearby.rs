//! Reports and stops in, the stops that each report may be about out.

use crate::geocode::Located;
use crate::link::Linked;
use crate::model::NONE;
use crate::model::round::Rounds;
use crate::stats::grid::Grid;
use crate::unit::Local;

/// Stops this near to a report are weighed against the nearest, metres.
const NEARBY_M: f64 = 45.0;
/// Reports lie this far from their stop, per axis, before the data say otherwise, metres.
pub(super) const REPORT_SPREAD_M: f64 = 8.0;

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
