//! Trips in, a shorter order of the same stops out, where there is one.
//!
//! The depots stay where they are; without a depot the first and the last stop do. Stops that are frozen keep
//! the stops before and behind them, and as much of the order stays as `keep_order` says.
//!
//! Sides of the street, turns and hours at which a stop should be served are not looked at.

use rayon::prelude::*;

use super::cost::{Leg, Plan, Run};
use super::order::{Costs, Keep, kept, shorter_keeping};
use super::{Change, Options, Proposal};
use crate::network::Shortest;
use crate::random::Random;

/// What a new order is found with does not depend on the project's seed: the same trip gives the same order.
const SEED: u64 = 1976;

pub(super) fn proposals(plan: &Plan, options: &Options) -> Vec<Proposal> {
    plan.runs.par_iter().filter_map(|run| proposal(plan, run, options)).collect()
}

fn proposal(plan: &Plan, run: &Run, options: &Options) -> Option<Proposal> {
    let per_week = run.per_week();
    if run.trip.calls.len() < 3 || per_week <= 0.0 {
        return None;
    }
    let n = run.places.len();
    let legs = plan.legs(&run.places, &run.places);
    let measure = |leg: Leg| match plan.network.options().shortest {
        Shortest::Time => thousandths(leg.seconds),
        Shortest::Length => thousandths(leg.length_m),
    };
    let cost = Costs::new((0..n * n).map(|pair| measure(legs.get(pair / n, pair % n))).collect());
    let today: Vec<usize> = (0..n).collect();
    let random = Random::new(SEED).stream("resequence", 0);
    let is_frozen = run.places.iter().map(|&place| plan.is_frozen(place)).collect();
    let keep = Keep { share: options.keep_order, is_frozen };
    let order = shorter_keeping(&cost, &today, &keep, options.tries_per_stop, &random);
    let (old, new) = (cost.of(&today), cost.of(&order));
    if old <= 0 || (old - new) as f64 / (old as f64) < options.min_saving {
        return None;
    }
    let drive =
        |order: &[usize]| order.windows(2).map(|ends| legs.get(ends[0], ends[1])).fold(Leg::NONE, Leg::and);
    let (before, after) = (drive(&today), drive(&order));
    let week = after.instead_of(before).times(per_week);
    let places: Vec<u32> = order.iter().map(|&place| run.places[place]).collect();
    let stops = if run.has_depot { &places[1..n - 1] } else { &places[..] };
    Some(Proposal {
        id: String::new(),
        change: Change::Resequence { trip: run.index, order: stops.to_vec() },
        extra_m_week: week.length_m,
        extra_s_week: week.seconds,
        fewer_reports_low: 0.0,
        fewer_reports_high: 0.0,
        cost_basis: week.basis,
        is_feasible: true,
        rationale: format!(
            "the {} stops of `{}` in another order take {:.1} instead of {:.1} km and {:.0} instead of {:.0} minutes of \
             driving, {:.1} % less, {:.0} times a week; {:.0} % of the legs stay as they are",
            run.trip.calls.len(),
            run.trip.id,
            after.length_m / 1000.0,
            before.length_m / 1000.0,
            after.seconds / 60.0,
            before.seconds / 60.0,
            100.0 * (old - new) as f64 / old as f64,
            per_week,
            100.0 * kept(&today, &order),
        ),
        reports: Vec::new(),
        before: plan.line(&run.places),
        after: plan.line(&places),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "no leg is 2^53 thousandths long")]
fn thousandths(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}
