//! Stops that are hardly used in, the calls that can be left out there out: that is where time comes from.
//!
//! A stop qualifies when nobody reported it and what is known of its filling says that it would not overflow
//! with fewer emptyings. (More emptyings by the stop's own route come from
//! [`extra_stop`](super::extra_stop), which looks at all trips.)

use super::benefit::{self, Evidence, Fill, Overflow, Service, YEAR_DAYS};
use super::cost::{Leg, Plan, Run};
use super::extra_stop::listed;
use super::{Change, Options, Proposal, Situation};
use crate::period::WEEKDAYS;

pub(super) fn proposals(
    situation: &Situation,
    plan: &Plan,
    overflow: &[Option<Overflow>],
    evidence: &Evidence,
    options: &Options,
) -> Vec<Proposal> {
    let services = by_stop(plan);
    let fills: Vec<Option<&Fill>> =
        overflow.iter().map(|overflow| overflow.as_ref().map(Overflow::fill)).collect();
    let per_h = reports_per_overflow_h(evidence, &fills, &services);
    let stops = (0u32..).zip(fills.iter().zip(&services));
    let less = stops.filter_map(|(stop, (fill, services))| {
        let found = &situation.collection.stops[stop as usize];
        let quiet = Quiet { stop, per_day: found.fill_per_day, fill: fill.filter(|_| found.n_reports == 0)? };
        less(plan, options, &quiet, services, per_h)
    });
    less.collect()
}

/// A stop that nobody reported.
struct Quiet<'a> {
    stop: u32,
    /// Share of its capacity that is filled in a day.
    per_day: f64,
    fill: &'a Fill,
}

/// The calls of an ordinary week at each stop.
fn by_stop(plan: &Plan) -> Vec<Vec<Service>> {
    let mut services = vec![Vec::new(); plan.rounds.stops.len()];
    for run in &plan.runs {
        for call in &run.trip.calls {
            for weekday in (0..7).filter(|&weekday| run.runs_on(weekday)) {
                let hour = benefit::hour_of_week(weekday, call.arrival_s);
                services[call.stop as usize].push(Service { hour, trip: run.index, weekday });
            }
        }
    }
    for services in &mut services {
        services.sort_by(|a, b| a.hour.total_cmp(&b.hour).then(a.trip.cmp(&b.trip)));
    }
    services
}

fn hours(services: &[Service]) -> Vec<f64> {
    services.iter().map(|service| service.hour).collect()
}

/// How many reports come of an hour of overflow, over all stops whose filling is known; NaN without any.
fn reports_per_overflow_h(evidence: &Evidence, fills: &[Option<&Fill>], services: &[Vec<Service>]) -> f64 {
    let (mut reports, mut overflow_h) = (0.0, 0.0);
    for ((fill, services), full) in fills.iter().zip(services).zip(&evidence.of_stop) {
        if let Some(fill) = fill.filter(|_| !services.is_empty()) {
            reports += full.len() as f64;
            overflow_h += fill.overflow_h(&hours(services)) * evidence.years * YEAR_DAYS / 7.0;
        }
    }
    reports / overflow_h
}

/// Fewer calls at `stop` by the trip that calls there most, if it stays empty enough.
fn less(
    plan: &Plan,
    options: &Options,
    quiet: &Quiet<'_>,
    services: &[Service],
    per_h: f64,
) -> Option<Proposal> {
    let Quiet { stop, fill, .. } = *quiet;
    let count = |trip: u32| services.iter().filter(|service| service.trip == trip).count();
    let trip =
        services.iter().map(|service| service.trip).max_by_key(|&trip| (count(trip), u32::MAX - trip))?;
    let run = &plan.runs[trip as usize];
    let mut at = run.trip.calls.iter().enumerate().filter(|(_, call)| call.stop == stop);
    let (Some((position, _)), None) = (at.next(), at.next()) else { return None };

    let before = hours(services);
    let kept = fewest(run, trip, services, fill, options.alpha)?;
    let after: Vec<Service> =
        services.iter().copied().filter(|service| service.trip != trip || kept[service.weekday]).collect();
    let times = |services: &[Service]| -> f64 {
        services.iter().map(|service| plan.runs[service.trip as usize].weekdays[service.weekday]).sum()
    };
    let (from_per_week, to_per_week) = (times(services), times(&after));
    let saved = without(plan, run, position, stop);
    let more_h = fill.overflow_h(&hours(&after)) - fill.overflow_h(&before);
    let risked = if per_h.is_finite() { more_h.max(0.0) * per_h * YEAR_DAYS / 7.0 } else { 0.0 };
    let dropped = from_per_week - to_per_week;
    let week = saved.times(-dropped);
    if week.seconds >= 0.0 {
        return None;
    }
    let place = run.place_of_call(position);
    let near: Vec<u32> = run.places[place.saturating_sub(1)..(place + 2).min(run.places.len())].to_vec();
    let past: Vec<u32> = near.iter().copied().filter(|&place| place != stop).collect();
    let names: Vec<&str> = (0..7).filter(|&day| kept[day]).map(|day| WEEKDAYS[day]).collect();
    Some(Proposal {
        id: String::new(),
        change: Change::Frequency { stop, trip, from_per_week, to_per_week },
        extra_m_week: week.length_m,
        extra_s_week: week.seconds,
        fewer_reports_low: -risked,
        fewer_reports_high: 0.0,
        cost_basis: saved.basis,
        is_feasible: true,
        rationale: format!(
            "nobody reported `{}` and {:.0} % of it is filled in a day; emptied by `{}` on {} only, {:.0} instead of {:.0} \
             times a week, the chance that it overflows in between is {:.0} %, which saves {:.1} minutes a week",
            plan.rounds.stops[stop as usize].id,
            100.0 * quiet.per_day,
            run.trip.id,
            listed(&names),
            to_per_week,
            from_per_week,
            100.0 * fill.p_overflow(&hours(&after)),
            -week.seconds / 60.0,
        ),
        reports: Vec::new(),
        before: plan.line(&near),
        after: plan.line(&past),
    })
}

/// The fewest weekdays of a trip that keep the chance of overflowing within `alpha`, with the smallest chance
/// among as many; `None` where all of them are needed.
fn fewest(run: &Run, trip: u32, services: &[Service], fill: &Fill, alpha: f64) -> Option<[bool; 7]> {
    let now = (0..7).filter(|&weekday| run.runs_on(weekday)).count();
    let mut best: Option<(usize, f64, [bool; 7])> = None;
    for choice in 1u32..128 {
        let kept: [bool; 7] = std::array::from_fn(|weekday| choice >> weekday & 1 == 1);
        let count = kept.iter().filter(|&&is_kept| is_kept).count();
        if count >= now || (0..7).any(|weekday| kept[weekday] && !run.runs_on(weekday)) {
            continue;
        }
        let left = services.iter().filter(|service| service.trip != trip || kept[service.weekday]);
        let chance = fill.p_overflow(&left.map(|service| service.hour).collect::<Vec<_>>());
        let is_better = best.is_none_or(|(fewest, least, _)| {
            count < fewest || (count == fewest && chance.total_cmp(&least).is_lt())
        });
        if chance <= alpha && is_better {
            best = Some((count, chance, kept));
        }
    }
    best.map(|(.., kept)| kept)
}

/// What driving past `stop`, call `position` of a trip, saves each time, the emptying included.
fn without(plan: &Plan, run: &Run, position: usize, stop: u32) -> Leg {
    let (chain, place) = (plan.chain(run), run.place_of_call(position));
    let before = place.checked_sub(1).map(|before| chain[before]);
    let after = chain.get(place).copied();
    let past = match (before, after) {
        (Some(_), Some(_)) => plan.legs(&[run.places[place - 1]], &[run.places[place + 1]]).get(0, 0),
        _ => Leg::NONE,
    };
    let mut saved = before.unwrap_or(Leg::NONE).and(after.unwrap_or(Leg::NONE)).instead_of(past);
    saved.seconds += plan.service_s(stop);
    saved
}
