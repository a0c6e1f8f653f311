//! Planned visits and the fixes of the trucks in, the driven line of each tour out: one trip on one day.
//!
//! The fixes around the plan of a tour are matched to the streets. A truck that makes two rounds a day is taken to
//! begin the second halfway between the last stop of the first and the first of the second. Tours of trips without a
//! vehicle, or of vehicles without a track, have no fixes and are left out.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Options, Outcome, Visit, places};
use crate::model::round::Rounds;
use crate::model::some;
use crate::model::track::Track;
use crate::network::Network;
use crate::network::matching::{self, Matcher, Mismatch, Piece, pieces_between};
use crate::period::Day;
use crate::unit::Local;

/// A truck that drives less than this share of its plan and empties nothing did not make its round.
const CANCELLED_SHARE: f64 = 0.1;

/// One trip on one day, as it was driven.
#[derive(Debug, Clone, PartialEq)]
pub struct Tour {
    /// Index into the routes.
    pub route: u32,
    /// Index into the trips.
    pub trip: u32,
    /// The service day.
    pub day: Day,
    /// Fixes of its truck in its time.
    pub n_fixes: u32,
    /// Share of them of which it is known where on the streets they lie, per cent.
    pub matched_pct: f64,
    /// Metres driven on the streets.
    pub driven_m: f64,
    /// Metres of its plan on the streets, from depot to depot.
    pub planned_m: f64,
    /// Share of the planned way that was driven, per cent; NaN where the plan lies on no street.
    pub planned_driven_pct: f64,
    /// Kendall's rank correlation of planned and driven order: 1 where the order was kept, -1 where it was turned
    /// round; NaN with fewer than two emptied stops.
    pub order_kept: f64,
    /// Whether the truck sent fixes and did not make its round.
    pub is_cancelled: bool,
    /// Where it was driven, a line for each part without a break.
    pub lines: Vec<Vec<Local>>,
}

/// A tour and the time in which its fixes lie.
struct Window<'a> {
    visits: &'a [Visit],
    from: i64,
    until: i64,
}

/// Every tour that has fixes, in the order of the visits. Visits must stand in the order of
/// [`super::planned::visits`].
///
/// # Panics
/// When a visit names a trip, or a trip a vehicle, that `rounds` does not have.
pub fn tours(
    visits: &[Visit],
    rounds: &Rounds,
    tracks: &[Track],
    network: &Network,
    options: &Options,
) -> Vec<Tour> {
    let mut trips: Vec<u32> = visits.iter().map(|visit| visit.trip).collect();
    trips.sort_unstable();
    trips.dedup();
    let planned: Vec<Vec<Piece>> = trips.par_iter().map(|&trip| plan(rounds, trip, network)).collect();
    let plan_of = |trip: u32| &planned[trips.binary_search(&trip).expect("every visit has a trip")];
    let matching = matching::Options::default();
    let tour = |matcher: &mut Matcher<'_>, window: &Window<'_>| {
        let trip = window.visits[0].trip;
        let vehicle = some(rounds.trips[trip as usize].vehicle)?;
        let track = tracks.iter().find(|track| track.vehicle == rounds.vehicles[vehicle].id)?;
        driven(matcher, network, window, track, plan_of(trip))
    };
    windows(visits, rounds, options)
        .par_iter()
        .map_init(|| Matcher::new(network, &matching), tour)
        .flatten()
        .collect()
}

/// The tours with their times, in the order of the visits.
fn windows<'a>(visits: &'a [Visit], rounds: &Rounds, options: &Options) -> Vec<Window<'a>> {
    let tours = visits.chunk_by(|a, b| (a.day, a.trip) == (b.day, b.trip));
    let mut windows: Vec<Window<'a>> = tours
        .map(|visits| Window {
            from: visits[0].planned_at - options.early_s(),
            until: visits[visits.len() - 1].planned_at + options.overrun_s(),
            visits,
        })
        .collect();
    let mut of_vehicle: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, window) in windows.iter().enumerate() {
        let vehicle = rounds.trips[window.visits[0].trip as usize].vehicle;
        of_vehicle.entry(vehicle).or_default().push(index);
    }
    for of_vehicle in of_vehicle.values_mut() {
        of_vehicle.sort_by_key(|&index| (windows[index].visits[0].planned_at, index));
        for two in of_vehicle.windows(2) {
            let (before, after) = (&windows[two[0]], &windows[two[1]]);
            if before.until >= after.from {
                let change = i64::midpoint(end(before.visits), begin(after.visits));
                windows[two[0]].until = change.min(windows[two[0]].until);
                windows[two[1]].from = (change + 1).max(windows[two[1]].from);
            }
        }
    }
    windows
}

/// When the first stop of a tour was emptied, or should have been.
fn begin(visits: &[Visit]) -> i64 {
    emptied(visits).map(|visit| visit.served_at).min().unwrap_or(visits[0].planned_at)
}

/// When the last stop of a tour was emptied, or should have been.
fn end(visits: &[Visit]) -> i64 {
    emptied(visits).map(|visit| visit.served_at).max().unwrap_or(visits[visits.len() - 1].planned_at)
}

fn emptied(visits: &[Visit]) -> impl Iterator<Item = &Visit> {
    visits.iter().filter(|visit| visit.outcome.is_emptied())
}

/// The planned way of a trip on the streets; legs without one are left out.
fn plan(rounds: &Rounds, trip: u32, network: &Network) -> Vec<Piece> {
    let places = places(rounds, &rounds.trips[trip as usize]);
    let snaps: Vec<_> = places.iter().map(|&place| network.snap(place, network.options().snap_m)).collect();
    let leg = |ends: &[Option<_>]| pieces_between(network, ends[0]?, ends[1]?);
    snaps.windows(2).filter_map(leg).flatten().collect()
}

/// What was driven in the time of a tour; `None` without a fix.
fn driven(
    matcher: &mut Matcher<'_>,
    network: &Network,
    window: &Window<'_>,
    track: &Track,
    plan: &[Piece],
) -> Option<Tour> {
    let from = track.time.partition_point(|&time| time < window.from);
    let until = track.time.partition_point(|&time| time <= window.until);
    if until <= from {
        return None;
    }
    let found = matcher.matched(&track.time[from..until], &track.at[from..until]);
    let missed = Mismatch::by(plan, &found.pieces, |piece| piece.edge);
    let (visits, first) = (window.visits, &window.visits[0]);
    let is_seen = |visit: &Visit| visit.outcome.is_emptied() || visit.outcome == Outcome::Passed;
    let driven_m = found.length_m();
    Some(Tour {
        route: first.route,
        trip: first.trip,
        day: first.day,
        n_fixes: u32::try_from(until - from).expect("fewer than 2^32 fixes"),
        matched_pct: 100.0 * found.share(),
        driven_m,
        planned_m: missed.true_m,
        planned_driven_pct: 100.0 * (1.0 - missed.missing_m / missed.true_m),
        order_kept: order_kept(visits),
        is_cancelled: !visits.iter().any(is_seen) && driven_m < CANCELLED_SHARE * missed.true_m,
        lines: network.lines_of(&found.pieces),
    })
}

/// Kendall's tau-a (1938) of the planned order and the times at which the stops were emptied.
fn order_kept(visits: &[Visit]) -> f64 {
    let times: Vec<i64> = emptied(visits).map(|visit| visit.served_at).collect();
    let (mut kept, mut pairs) = (0.0, 0.0);
    for (place, earlier) in times.iter().enumerate() {
        for later in &times[place + 1..] {
            kept += f64::from(i8::from(later > earlier) - i8::from(later < earlier));
            pairs += 1.0;
        }
    }
    kept / pairs
}

#[cfg(test)]
mod tests;
