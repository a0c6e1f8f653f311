//! Stops that are full before their next emptying in, the cheapest further call for each of them out.
//!
//! Every trip that does not call there, every weekday on which it runs and every place in its order is looked
//! at. Of the trips and days that take away nearly as much overflow as the best one, the cheapest is
//! proposed; more days of the same trip are added until the chance of overflowing is accepted.

use super::benefit::{self, Evidence, Fill, Overflow};
use super::cost::{Leg, Plan, Run};
use super::insertion::Sequence;
use super::{Change, Options, Proposal, Situation};
use crate::period::WEEKDAYS;

/// A day counts as good as the best one when it takes away this share of the overflow that the best one does.
const NEARLY: f64 = 0.8;

/// A further day is added only while it takes away this share of the overflow that there was at first.
const WORTHWHILE: f64 = 0.1;

pub(super) fn proposals(
    situation: &Situation,
    plan: &Plan,
    overflow: &[Option<Overflow>],
    evidence: &Evidence,
    options: &Options,
) -> Vec<Proposal> {
    let stops = (0u32..).take(plan.rounds.stops.len()).zip(overflow);
    let known = |(stop, overflow): (u32, &Option<Overflow>)| {
        proposal(situation, plan, overflow.as_ref(), evidence, options, stop)
    };
    stops.filter_map(known).collect()
}

/// A further call in one trip, on one weekday.
#[derive(Debug, Clone)]
struct Candidate {
    run: usize,
    weekday: usize,
    position: usize,
    /// What one call costs, the emptying included.
    extra: Leg,
    /// Hours of overflow per week that it takes away.
    avoided: f64,
    hindrance: Option<String>,
}

fn proposal(
    situation: &Situation,
    plan: &Plan,
    overflow: Option<&Overflow>,
    evidence: &Evidence,
    options: &Options,
    stop: u32,
) -> Option<Proposal> {
    let reports = &evidence.of_stop[stop as usize];
    let found = situation.collection.stops.get(stop as usize)?;
    let is_often = reports.len() >= options.min_reports as usize;
    if !is_often && (reports.is_empty() || found.p_overflow.is_nan() || found.p_overflow < options.overflow) {
        return None;
    }
    let services = benefit::week(&plan.runs, stop);
    let mut hours: Vec<f64> = services.iter().map(|service| service.hour).collect();
    let longest_h = benefit::gaps_h(&hours).into_iter().fold(0.0, f64::max);
    if hours.is_empty() {
        return None;
    }
    // Where nothing is known of its filling: it is just full when the longest gap ends.
    let guess =
        overflow.is_none().then(|| Fill::new(24.0 / longest_h, &benefit::law(situation.collection, options)));
    let fill = overflow.map(Overflow::fill).or(guess.as_ref())?;
    let before = fill.overflow_h(&hours);

    let candidates = candidates(plan, stop, fill, &hours);
    let chosen = choose(&candidates)?;
    let run = &plan.runs[chosen.run];
    let mut weekdays = [false; 7];
    let mut next = Some(chosen);
    while let Some(candidate) = next {
        weekdays[candidate.weekday] = true;
        insert(&mut hours, hour(run, candidate.position, candidate.weekday));
        let now = fill.overflow_h(&hours);
        let is_enough = fill.p_overflow(&hours) <= options.alpha
            || weekdays.iter().filter(|&&is_on| is_on).count() >= options.max_extra_per_week.max(1);
        let gain = |candidate: &Candidate| {
            now - fill.overflow_h(&with(&hours, hour(run, candidate.position, candidate.weekday)))
        };
        let rest = candidates.iter().filter(|other| {
            other.run == chosen.run
                && !weekdays[other.weekday]
                && other.hindrance.is_some() == chosen.hindrance.is_some()
                && is_apart(&hours, hour(run, other.position, other.weekday), options.apart_h)
        });
        let best = rest.max_by(|a, b| gain(a).total_cmp(&gain(b)).then(b.weekday.cmp(&a.weekday)));
        next = best.filter(|best| !is_enough && gain(best) >= WORTHWHILE * before);
    }
    let share = 1.0 - fill.overflow_h(&hours) / before;
    if share.is_nan() || share < WORTHWHILE {
        return None;
    }
    Some(written(plan, evidence, options, stop, chosen, weekdays, share))
}

fn written(
    plan: &Plan,
    evidence: &Evidence,
    options: &Options,
    stop: u32,
    chosen: &Candidate,
    weekdays: [bool; 7],
    share: f64,
) -> Proposal {
    let (run, reports) = (&plan.runs[chosen.run], &evidence.of_stop[stop as usize]);
    let services = benefit::week(&plan.runs, stop);
    let per_week: f64 = (0..7).filter(|&day| weekdays[day]).map(|day| run.weekdays[day]).sum();
    let from_per_week: f64 =
        services.iter().map(|service| plan.runs[service.trip as usize].weekdays[service.weekday]).sum();
    let is_own =
        services.iter().any(|service| plan.rounds.trips[service.trip as usize].route == run.trip.route);
    let change = if is_own {
        let to_per_week = from_per_week + per_week;
        Change::Frequency { stop, trip: run.index, from_per_week, to_per_week }
    } else {
        let position = u32::try_from(chosen.position).expect("a trip has fewer than 2^32 calls");
        Change::ExtraStop { stop, trip: run.index, position, weekdays }
    };
    let (low, high) = evidence.per_year(reports.len(), options.confidence);
    let (prev, next) = around(run, chosen.position);
    let line = |through: &[Option<u32>]| plan.line(&through.iter().copied().flatten().collect::<Vec<_>>());
    let names: Vec<&str> = (0..7).filter(|&day| weekdays[day]).map(|day| WEEKDAYS[day]).collect();
    let week = chosen.extra.times(per_week);
    let mut rationale = format!(
        "`{}` was full before its next emptying in {} reports in {:.0} days, at {:.0} emptyings a week; a call by `{}` \
         on {} takes away {:.0} % of the time in which it is expected to overflow, for {:.1} km and {:.1} minutes a week",
        plan.rounds.stops[stop as usize].id,
        reports.len(),
        evidence.years * benefit::YEAR_DAYS,
        from_per_week,
        run.trip.id,
        listed(&names),
        100.0 * share,
        week.length_m / 1000.0,
        week.seconds / 60.0,
    );
    if let Some(hindrance) = &chosen.hindrance {
        rationale = format!("{rationale}, but {hindrance}");
    }
    Proposal {
        id: String::new(),
        change,
        extra_m_week: week.length_m,
        extra_s_week: week.seconds,
        fewer_reports_low: low * share,
        fewer_reports_high: high * share,
        cost_basis: chosen.extra.basis,
        is_feasible: chosen.hindrance.is_none(),
        rationale,
        reports: reports.clone(),
        before: line(&[prev, next]),
        after: line(&[prev, Some(stop), next]),
    }
}

/// Every trip and weekday on which one more call at `stop` makes a difference, each at its cheapest place.
fn candidates(plan: &Plan, stop: u32, fill: &Fill, hours: &[f64]) -> Vec<Candidate> {
    let is_open =
        |run: &&Run| run.trip.calls.iter().all(|call| call.stop != stop) && !run.trip.calls.is_empty();
    let open: Vec<&Run> = plan.runs.iter().filter(is_open).collect();
    let mut places: Vec<u32> = open.iter().flat_map(|run| run.places.iter().copied()).collect();
    places.sort_unstable();
    places.dedup();
    let number = |place: u32| places.binary_search(&place).expect("the places of all open trips");
    let (there, back) = (plan.legs(&places, &[stop]), plan.legs(&[stop], &places));
    let now = fill.overflow_h(hours);

    let mut candidates = Vec::new();
    for run in open {
        let legs: Vec<f64> = plan.chain(run).iter().map(|&leg| leg.seconds).collect();
        let numbers = || run.places.iter().map(|&place| number(place));
        let to: Vec<f64> = numbers().map(|place| there.get(place, 0).seconds).collect();
        let from: Vec<f64> = numbers().map(|place| back.get(0, place).seconds).collect();
        let sequence = Sequence { legs: &legs, there: &to, back: &from, has_open_ends: !run.has_depot };
        let Some((place, _)) = sequence.cheapest() else { continue };
        let position = place - usize::from(run.has_depot);
        let (prev, next) = around(run, position);
        let to = prev.map_or(Leg::NONE, |prev| there.get(number(prev), 0));
        let from = next.map_or(Leg::NONE, |next| back.get(0, number(next)));
        let both = prev.is_some() && next.is_some();
        let today = if both { plan.chain(run)[place - 1] } else { Leg::NONE };
        let mut extra = to.and(from).instead_of(today);
        extra.seconds += plan.service_s(stop);
        for weekday in (0..7).filter(|&weekday| run.runs_on(weekday)) {
            let hour = hour(run, position, weekday);
            let avoided = now - fill.overflow_h(&with(hours, hour));
            if avoided <= 0.0 || !is_apart(hours, hour, plan.options.apart_h) {
                continue;
            }
            let mut days = [false; 7];
            days[weekday] = true;
            let hindrance = plan.hindrance(run, stop, extra.seconds, days);
            candidates.push(Candidate {
                run: run.index as usize,
                weekday,
                position,
                extra,
                avoided,
                hindrance,
            });
        }
    }
    candidates
}

/// The cheapest of those that take away nearly as much as the best; one that fits goes before one that does
/// not.
fn choose(candidates: &[Candidate]) -> Option<&Candidate> {
    let is_possible = candidates.iter().any(|candidate| candidate.hindrance.is_none());
    let open = || candidates.iter().filter(|candidate| candidate.hindrance.is_none() == is_possible);
    let most = open().map(|candidate| candidate.avoided).fold(0.0, f64::max);
    open().filter(|candidate| candidate.avoided >= NEARLY * most).min_by(|a, b| {
        a.extra
            .seconds
            .total_cmp(&b.extra.seconds)
            .then(b.avoided.total_cmp(&a.avoided))
            .then((a.run, a.weekday).cmp(&(b.run, b.weekday)))
    })
}

/// The places before and after call `position` of a trip; `None` beyond an end without a depot.
pub(super) fn around(run: &Run, position: usize) -> (Option<u32>, Option<u32>) {
    let place = run.place_of_call(position);
    (place.checked_sub(1).map(|before| run.places[before]), run.places.get(place).copied())
}

/// When a call at `position` of a trip would be.
fn hour(run: &Run, position: usize, weekday: usize) -> f64 {
    let calls = &run.trip.calls;
    let last_s = calls.last().map_or(0, |call| call.departure_s);
    benefit::hour_of_week(weekday, calls.get(position).map_or(last_s, |call| call.arrival_s))
}

fn with(hours: &[f64], hour: f64) -> Vec<f64> {
    let mut hours = hours.to_vec();
    insert(&mut hours, hour);
    hours
}

fn insert(hours: &mut Vec<f64>, hour: f64) {
    let place = hours.partition_point(|&other| other <= hour);
    hours.insert(place, hour);
}

/// Whether an emptying lies `apart_h` hours from every other one, round the week.
fn is_apart(hours: &[f64], hour: f64, apart_h: f64) -> bool {
    hours.iter().all(|&other| {
        let between = (hour - other).abs();
        between.min(168.0 - between) >= apart_h
    })
}

/// As `Monday, Wednesday and Friday`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
