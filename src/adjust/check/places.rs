//! A clean-up or a bin at another place in, everything that is wrong with it out.

use super::{Checker, Drive, Violation, price, share_of_weeks};
use crate::adjust::{CostBasis, Proposal};
use crate::model::NONE;
use crate::model::asset::AssetKind;
use crate::model::round::Trip;
use crate::unit::Local;

/// A place, and whether it is a depot.
type Place = (Local, bool);

impl Checker<'_> {
    pub(super) fn clean_up(
        &self,
        proposal: &Proposal,
        (stop, trip, weekday): (u32, u32, usize),
        found: &mut Vec<Violation>,
    ) {
        let (Some(trip), true) = (self.trip(trip, found), self.has_stop(stop, found)) else { return };
        let share = if weekday < 7 { share_of_weeks(trip, weekday) } else { 0.0 };
        if share < 0.5 || trip.calls.iter().all(|call| call.stop != stop) {
            found.push(Violation::Days(format!(
                "trip `{}` does not call there on weekday {weekday}",
                trip.id
            )));
            return;
        }
        price(found, "metres per week", proposal.extra_m_week, 0.0, 0.0);
        price(found, "seconds per week", proposal.extra_s_week, share * self.options.clean_up_s, 1e-6);
        if proposal.cost_basis != CostBasis::Estimated {
            found.push(Violation::Basis);
        }
        if proposal.is_feasible {
            let days = std::array::from_fn(|other| other == weekday);
            self.fits(trip, stop, self.options.clean_up_s, days, found);
        }
    }

    /// A bin at `at` that is emptied together with the stop `beside`; taken from where the asset `moved` stands.
    pub(super) fn bin(
        &self,
        proposal: &Proposal,
        at: Local,
        beside: u32,
        moved: Option<u32>,
        found: &mut Vec<Violation>,
    ) {
        if !at.is_somewhere() {
            found.push(Violation::Unknown("such place".to_owned()));
            return;
        }
        let Some(left) = self.stop_of(moved, found) else { return };
        if beside == NONE {
            let is_served = self.situation.rounds.trips.iter().any(|trip| !trip.calls.is_empty());
            if is_served {
                found.push(Violation::Days("no round empties it".to_owned()));
            }
            price(found, "metres per week", proposal.extra_m_week, 0.0, 0.0);
            price(found, "seconds per week", proposal.extra_s_week, 0.0, 0.0);
            return;
        }
        if !self.has_stop(beside, found) || left == beside {
            return;
        }
        let service_s = if left == NONE { self.options.service_s } else { self.service_s(left) };
        let (mut metres, mut seconds, mut runs, mut is_routed) = (0.0, 0.0, 0.0, true);
        for trip in &self.situation.rounds.trips {
            let often: f64 = (0..7).map(|weekday| share_of_weeks(trip, weekday)).sum();
            let (before, after) = self.with_bin(trip, at, beside, left);
            let calls = |stop: u32| trip.calls.iter().filter(|call| call.stop == stop).count() as f64;
            let n_more = calls(beside).min(1.0) - calls(left);
            let extra_s = after.1 - before.1 + service_s * n_more;
            metres += often * (after.0 - before.0);
            seconds += often * extra_s;
            runs += often;
            is_routed &= before.2 && after.2;
            if proposal.is_feasible && calls(beside) > 0.0 {
                let days = std::array::from_fn(|weekday| share_of_weeks(trip, weekday) >= 0.5);
                self.fits(trip, beside, extra_s, days, found);
            }
        }
        price(found, "metres per week", proposal.extra_m_week, metres, f64::max(runs, 1.0));
        price(found, "seconds per week", proposal.extra_s_week, seconds, f64::max(runs, 1.0));
        if is_routed != (proposal.cost_basis == CostBasis::Routed) {
            found.push(Violation::Basis);
        }
    }

    /// The stop of the bin that is taken away, [`NONE`] where none is; nothing where that is no bin with a stop.
    fn stop_of(&self, moved: Option<u32>, found: &mut Vec<Violation>) -> Option<u32> {
        let Some(moved) = moved else { return Some(NONE) };
        let bin =
            self.situation.assets.get(moved as usize).filter(|asset| asset.kind == AssetKind::LitterBin);
        let stops = self.situation.rounds.stops.iter().zip(0u32..);
        let stop = bin.and_then(|bin| {
            stops.into_iter().find(|(stop, _)| stop.asset_id.as_ref() == Some(&bin.id)).map(|(_, stop)| stop)
        });
        if stop.is_none() {
            found.push(Violation::Unknown(format!("bin {moved} with a stop")));
        }
        stop
    }

    /// The part of a trip that changes, today and with the bin right before or after `beside`, whichever is quicker.
    fn with_bin(&self, trip: &Trip, at: Local, beside: u32, left: u32) -> (Drive, Drive) {
        let depot = self.depot(trip).map(|at| (at, true));
        let place = |stop: u32| (self.situation.rounds.stops[stop as usize].at, false);
        let list = |stops: &[Option<u32>]| -> Vec<Place> {
            let called = stops.iter().map(|stop| stop.map_or((at, false), place));
            depot.into_iter().chain(called).chain(depot).collect()
        };
        let today: Vec<Option<u32>> = trip.calls.iter().map(|call| Some(call.stop)).collect();
        let kept: Vec<Option<u32>> = today.iter().copied().filter(|&stop| stop != Some(left)).collect();
        let Some(here) = kept.iter().position(|&stop| stop == Some(beside)) else {
            return self.changed(&list(&today), &list(&kept));
        };
        let tried = [here, here + 1].map(|index| {
            let mut stops = kept.clone();
            stops.insert(index, None);
            self.changed(&list(&today), &list(&stops))
        });
        let extra_s = |(before, after): &(Drive, Drive)| after.1 - before.1;
        if extra_s(&tried[0]) <= extra_s(&tried[1]) { tried[0] } else { tried[1] }
    }

    /// The drives through two lists of places, without what they have in common at their ends.
    fn changed(&self, today: &[Place], after: &[Place]) -> (Drive, Drive) {
        let n = today.len().min(after.len());
        let first = (0..n).take_while(|&index| today[index] == after[index]).count();
        let is_same_from_end = |&back: &usize| today[today.len() - back] == after[after.len() - back];
        let last = (1..=n - first).take_while(is_same_from_end).count();
        let part = |list: &[Place]| {
            let end = (list.len() - last + 1).min(list.len());
            self.drive(&list[first.saturating_sub(1)..end])
        };
        (part(today), part(after))
    }
}
