//! Waste reports, visits and fill in, one reason per report out.
//!
//! For each report every stop nearby is weighed: how near it is, what became of its last planned visit, and how
//! probable it is that it was full by then. The pair of stop and reason that explains the report best is the diagnosis;
//! its share of all the weight is the confidence. What crews noted counts through the visits, whose verdicts it has changed
//! by then.

use rayon::prelude::*;

use super::dumping::Dumping;
use super::fill::logged::Emptied;
use super::fill::rhythm::Rhythm;
use super::fill::{Fills, Law, Spent, Stretch};
use super::nearby::{Nearby, REPORT_SPREAD_M, instant, nearness};
use super::planned::by_stop;
use super::{Diagnosis, Outcome, Reason, Visit, kerbside};
use crate::geocode::Located;
use crate::link::Linked;
use crate::model::kind::{Family, Kind};
use crate::model::report::Reports;
use crate::model::round::Rounds;
use crate::model::{NONE, some};
use crate::period::{Clock, Day};
use crate::unit::DAY_S;

/// Rounds of giving reports to stops and learning the fill from them.
const PASSES: usize = 3;
/// No reason is impossible: least probability that a stop is full.
const LEAST_FULL: f64 = 0.003;

/// What is known about the visits, ordered by stop.
pub(super) struct Records<'a> {
    rounds: &'a Rounds,
    clock: &'a Clock,
    visits: &'a [Visit],
    /// Indices into the visits per stop, in the order of their planned time.
    of_stop: Vec<Vec<u32>>,
    /// When each stop was emptied, ascending.
    emptied: Vec<Vec<i64>>,
    /// The same with how full each was, for stops whose services are logged; none for the others.
    logged: Vec<Vec<Emptied>>,
    /// Share of visits that are missed, per stop.
    miss_rate: Vec<f64>,
    /// When people are about.
    rhythm: Rhythm,
}

impl<'a> Records<'a> {
    /// Orders the visits. `miss_rate` is the share of missed visits of each stop. Where the services of a stop are
    /// logged, they say when it was emptied, and its visits do not.
    pub(super) fn new(
        rounds: &'a Rounds,
        clock: &'a Clock,
        visits: &'a [Visit],
        miss_rate: Vec<f64>,
        logged: Vec<Vec<Emptied>>,
        rhythm: Rhythm,
    ) -> Self {
        let of_stop = by_stop(visits, rounds.stops.len());
        let mut emptied = Vec::new();
        for (of_stop, logged) in of_stop.iter().zip(&logged) {
            let of_stop = of_stop.iter().map(|&index| &visits[index as usize]);
            let mut times: Vec<i64> =
                of_stop.filter(|visit| visit.outcome.is_emptied()).map(|visit| visit.served_at).collect();
            if !logged.is_empty() {
                times = logged.iter().map(|emptied| emptied.at).collect();
            }
            times.sort_unstable();
            emptied.push(times);
        }
        Self { rounds, clock, visits, of_stop, emptied, logged, miss_rate, rhythm }
    }

    /// The last visit planned no later than `at`.
    fn last_planned(&self, stop: u32, at: i64) -> Option<&Visit> {
        let of_stop = &self.of_stop[stop as usize];
        let count = of_stop.partition_point(|&index| self.visits[index as usize].planned_at <= at);
        Some(&self.visits[of_stop[count.checked_sub(1)?] as usize])
    }

    /// When the stop was last emptied before `before`.
    fn last_emptied(&self, stop: u32, before: i64) -> Option<i64> {
        let emptied = &self.emptied[stop as usize];
        Some(emptied[emptied.partition_point(|&time| time < before).checked_sub(1)?])
    }

    /// The stretches of every stop between emptyings, with the first of the times at which it was `reported` in each.
    fn spans(&self, reported: &[Vec<i64>]) -> Vec<Vec<Span>> {
        let of_stop = self.of_stop.iter().zip(&self.logged).zip(reported);
        let spans = |((of_stop, logged), reported): ((&Vec<u32>, &Vec<Emptied>), &Vec<i64>)| {
            if logged.is_empty() { self.spans_of(of_stop, reported) } else { between(logged, reported) }
        };
        of_stop.map(spans).collect()
    }

    fn spans_of(&self, of_stop: &[u32], reported: &[i64]) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut open: Option<i64> = None;
        let mut close = |open: Option<i64>, until: i64| {
            if let Some(from) = open.filter(|&from| from < until) {
                spans.push(Span::new(from, until, reported, f64::NAN));
            }
        };
        for visit in of_stop.iter().map(|&index| &self.visits[index as usize]) {
            match visit.outcome {
                Outcome::Served | Outcome::Late => {
                    close(open, visit.served_at);
                    open = Some(visit.served_at);
                }
                Outcome::Unknown => {
                    close(open, visit.planned_at);
                    open = None;
                }
                Outcome::Skipped | Outcome::Passed => {}
            }
        }
        spans
    }

    /// How all stops fill up, by what was learnt with the stretches of these records.
    pub(super) fn law(&self, fills: &Fills) -> Law {
        fills.law(self.rhythm)
    }

    /// Planned intervals between the visits of a stop, days of the rhythm.
    pub(super) fn intervals(&self, stop: usize) -> Vec<f64> {
        let planned: Vec<i64> =
            self.of_stop[stop].iter().map(|&index| self.visits[index as usize].planned_at).collect();
        planned.windows(2).map(|pair| self.days(pair[0], pair[1])).collect()
    }

    /// Days of the rhythm from one instant to another.
    fn days(&self, from: i64, until: i64) -> f64 {
        self.rhythm.days(self.clock, until) - self.rhythm.days(self.clock, from)
    }

    fn stretch(&self, span: &Span) -> Stretch {
        let Span { from, until, reported, filled } = *span;
        Stretch { days: self.days(from, until), reported: reported.map(|at| self.days(from, at)), filled }
    }

    fn spent(&self, span: &Span) -> Spent {
        let until = span.reported.unwrap_or(span.until);
        Spent {
            days: self.rhythm.by_weekday(self.clock, span.from, until),
            reported: span.reported.map(|at| self.clock.day(at).weekday()),
            filled: span.filled,
        }
    }
}

/// The time from one emptying to the next, or to the last moment that is known of; seconds UTC.
struct Span {
    from: i64,
    until: i64,
    /// The first report that it is full.
    reported: Option<i64>,
    /// How full it was at the end, share of its capacity; NaN where nobody knows.
    filled: f64,
}

impl Span {
    fn new(from: i64, until: i64, reported: &[i64], filled: f64) -> Self {
        Self { from, until, reported: first_within(reported, from, until), filled }
    }
}

/// The stretches between logged services.
fn between(logged: &[Emptied], reported: &[i64]) -> Vec<Span> {
    let span = |pair: &[Emptied]| Span::new(pair[0].at, pair[1].at, reported, pair[1].filled);
    logged.windows(2).filter(|pair| pair[0].at < pair[1].at).map(span).collect()
}

/// Every one of them as `read` makes it out.
fn each<T: Send>(spans: &[Vec<Span>], read: impl Fn(&Span) -> T + Sync) -> Vec<Vec<T>> {
    spans.par_iter().map(|spans| spans.iter().map(&read).collect()).collect()
}

/// The first of `times`, which ascend, within `from..until`.
fn first_within(times: &[i64], from: i64, until: i64) -> Option<i64> {
    times.get(times.partition_point(|&at| at < from)).copied().filter(|&at| at < until)
}

/// One way to explain a report.
#[derive(Debug, Clone)]
struct Explanation {
    stop: u32,
    reason: Reason,
    weight: f64,
    visit: Option<u32>,
}

/// One diagnosis per waste report, in the order of the reports, and what the reports taught about fill.
///
/// The weekdays of the rhythm of `records` are learnt on the way.
pub(super) fn reports(
    records: &mut Records<'_>,
    reports: &Reports,
    located: &Located,
    linked: &Linked,
) -> (Vec<Diagnosis>, Fills) {
    let waste: Vec<u32> = (0u32..)
        .zip(&reports.kind)
        .filter(|(_, kind)| kind.family() == Family::Waste)
        .map(|(index, _)| index)
        .collect();
    let nearby = Nearby::new(records.rounds, located, linked);
    let mut chosen: Vec<u32> = waste.iter().map(|&report| linked.stop[report as usize]).collect();
    let mut spread_m = REPORT_SPREAD_M;
    let overflow_beside = overflow_beside(records, reports, &waste, &chosen);
    let mut before: Option<Fills> = None;
    for pass in 1.. {
        let reported = reported_full(records, reports, &waste, &chosen);
        let spans = records.spans(&reported);
        let fills = Fills::learn(&each(&spans, |span| records.stretch(span)), before.as_ref());
        let beside =
            waste.iter().zip(&chosen).filter(|&(&report, _)| is_beside(reports.kind[report as usize]));
        let dumping = Dumping::learn(records.of_stop.len(), beside.filter_map(|(_, &stop)| some(stop)));
        let scene = Scene {
            records,
            reports,
            reported: &reported,
            fills: &fills,
            dumping: &dumping,
            overflow_beside,
            spread_m,
        };
        let explain = |(&report, &chosen): (&u32, &u32)| scene.explain(report, chosen, &nearby.of(report));
        let explained: Vec<Vec<Explanation>> = waste.par_iter().zip(&chosen).map(explain).collect();
        let best: Vec<Option<usize>> = explained.iter().map(|explanations| choose(explanations)).collect();
        if pass == PASSES {
            let tell = |((&report, explanations), best): ((&u32, &Vec<Explanation>), &Option<usize>)| {
                scene.tell(report, explanations, *best, &nearby)
            };
            let diagnoses = waste.iter().zip(&explained).zip(&best).map(tell).collect();
            return (diagnoses, fills);
        }
        for (chosen, (explanations, best)) in chosen.iter_mut().zip(explained.iter().zip(&best)) {
            *chosen = best.map_or(NONE, |best| explanations[best].stop);
        }
        spread_m = nearby.spread_m(&waste, &explained).unwrap_or(spread_m);
        let spent = each(&spans, |span| records.spent(span));
        let weekdays = fills.weekdays(&spent, records.rhythm.weekdays());
        records.rhythm = records.rhythm.with_weekdays(weekdays);
        before = Some(fills);
    }
    unreachable!("the last pass returns")
}

/// When each stop was reported full, ascending.
fn reported_full(records: &Records<'_>, reports: &Reports, waste: &[u32], chosen: &[u32]) -> Vec<Vec<i64>> {
    let mut reported = vec![Vec::new(); records.of_stop.len()];
    for (&report, &stop) in waste.iter().zip(chosen) {
        if reports.kind[report as usize] == Kind::ContainerFull && stop != NONE {
            reported[stop as usize].push(instant(records.clock, reports, report as usize));
        }
    }
    for times in &mut reported {
        times.sort_unstable();
    }
    reported
}

/// Rubbish beside a stop whose last visit was missed: the share that is there because it was missed, and not
/// dumped as elsewhere. Without more such reports after missed visits than after others, none is.
fn overflow_beside(records: &Records<'_>, reports: &Reports, waste: &[u32], chosen: &[u32]) -> f64 {
    let (mut missed, mut known) = (0.0, 0.0);
    for (&report, &stop) in waste.iter().zip(chosen) {
        let at = instant(records.clock, reports, report as usize);
        if reports.kind[report as usize] == Kind::BesideContainer && stop != NONE {
            let last = records.last_planned(stop, at);
            missed += f64::from(last.is_some_and(|visit| visit.outcome.is_missed()));
            known += f64::from(last.is_some_and(|visit| visit.outcome != Outcome::Unknown));
        }
    }
    let all = records.visits.iter().filter(|visit| visit.outcome != Outcome::Unknown).count().max(1);
    let all_missed = records.visits.iter().filter(|visit| visit.outcome.is_missed()).count();
    let by_chance = all_missed as f64 / all as f64;
    // Two made-up reports after missed visits, one of each sort, keep small numbers from deciding.
    ((missed - by_chance * known + 1.0) / (missed + 2.0)).clamp(0.0, 1.0)
}

/// The explanation with the most weight: first the stop with the most, then its reason.
fn choose(explanations: &[Explanation]) -> Option<usize> {
    let of_stop = |stop: u32| -> f64 {
        explanations.iter().filter(|other| other.stop == stop).map(|other| other.weight).sum()
    };
    let indices = 0..explanations.len();
    indices.max_by(|&a, &b| {
        let (x, y) = (&explanations[a], &explanations[b]);
        let by_stop = of_stop(x.stop).total_cmp(&of_stop(y.stop));
        by_stop.then(y.stop.cmp(&x.stop)).then(x.weight.total_cmp(&y.weight)).then(b.cmp(&a))
    })
}

impl Nearby<'_> {
    /// How far reports lie from their stops, per axis, metres; `None` with too few.
    fn spread_m(&self, waste: &[u32], explained: &[Vec<Explanation>]) -> Option<f64> {
        let (mut squares, mut count) = (0.0, 0.0);
        for (&report, explanations) in waste.iter().zip(explained) {
            let total: f64 = explanations.iter().map(|explanation| explanation.weight).sum();
            for explanation in explanations.iter().filter(|_| total > 0.0) {
                let at = self.located.at[report as usize];
                let metres = self.stops[explanation.stop as usize].distance_m(at);
                squares += explanation.weight / total * 0.5 * metres * metres;
                count += explanation.weight / total;
            }
        }
        (count >= 20.0).then(|| (squares / count).sqrt().clamp(1.0, 30.0))
    }
}

/// What explanations are weighed by.
struct Scene<'a> {
    records: &'a Records<'a>,
    reports: &'a Reports,
    /// When each stop was reported full, as far as reports are taken to be about it: what `fills` were learnt from.
    reported: &'a [Vec<i64>],
    fills: &'a Fills,
    dumping: &'a Dumping,
    overflow_beside: f64,
    spread_m: f64,
}

impl Scene<'_> {
    /// Every way to explain a report by the stops nearby; so far it is taken to be about `chosen`.
    fn explain(&self, report: u32, chosen: u32, nearby: &[(u32, f64)]) -> Vec<Explanation> {
        let at = instant(self.records.clock, self.reports, report as usize);
        let kind = self.reports.kind[report as usize];
        let mut all = Vec::new();
        for &(stop, metres) in nearby {
            let near = nearness(metres, self.spread_m).max(1e-12);
            let mut explanations = if is_beside(kind) {
                self.explain_beside(stop, at, stop == chosen)
            } else {
                self.explain_full(stop, at, kind)
            };
            for explanation in &mut explanations {
                explanation.weight *= near;
            }
            all.append(&mut explanations);
        }
        all
    }

    /// Probability that the visit was missed.
    fn missed(&self, visit: &Visit) -> f64 {
        let confidence = f64::from(visit.confidence);
        match visit.outcome {
            Outcome::Skipped | Outcome::Passed => confidence,
            Outcome::Served | Outcome::Late => 1.0 - confidence,
            Outcome::Unknown => self.records.miss_rate[visit.stop as usize],
        }
    }

    /// Probability that `stop` is full at `at`, if it was last emptied at `since`. What is known of the time around it is set
    /// aside: the report that is to be explained may be among it.
    fn full(&self, stop: u32, since: i64, at: i64) -> f64 {
        let emptied = &self.records.emptied[stop as usize];
        let next = emptied.partition_point(|&time| time <= at);
        let until = emptied.get(next).copied().unwrap_or(i64::MAX);
        let filled = self.records.logged[stop as usize].get(next).map_or(f64::NAN, |next| next.filled);
        let own = self
            .records
            .last_emptied(stop, at + 1)
            .filter(|_| until < i64::MAX)
            .map(|from| self.records.stretch(&Span::new(from, until, &self.reported[stop as usize], filled)))
            .filter(|own| !own.is_measured());
        self.fills.full(stop as usize, self.records.days(since, at), own.as_ref()).max(LEAST_FULL)
    }

    fn explain_full(&self, stop: u32, at: i64, kind: Kind) -> Vec<Explanation> {
        let index = |visit: &Visit| self.index(visit);
        let Some(visit) = self.records.last_planned(stop, at) else {
            let weight = self.full(stop, at - 2 * DAY_S, at);
            return vec![Explanation { stop, reason: Reason::BeforeFirstService, weight, visit: None }];
        };
        let missed = self.missed(visit);
        // When it was emptied before that visit; if nothing is known, two days before.
        let before =
            visit.planned_at.min(if visit.outcome.is_emptied() { visit.served_at } else { i64::MAX });
        let long = self.records.last_emptied(stop, before).unwrap_or(before - 2 * DAY_S);
        let if_missed = missed * self.full(stop, long, at);
        let (reason_made, if_made) = match visit.outcome {
            Outcome::Served | Outcome::Late if visit.served_at > at => {
                (Reason::Late, self.full(stop, long, at))
            }
            Outcome::Served | Outcome::Late => (made(kind), self.full(stop, visit.served_at, at)),
            _ => (made(kind), self.full(stop, visit.planned_at, at)),
        };
        let reasons = [(Reason::Skipped, if_missed), (reason_made, (1.0 - missed) * if_made)];
        let is_unknown = visit.outcome == Outcome::Unknown;
        let surely = reasons[0].1.max(reasons[1].1) / (reasons[0].1 + reasons[1].1);
        let explanation = |(reason, weight): (Reason, f64)| {
            // A hole in the track: only the fill can tell, and it has to be sure.
            let reason = if is_unknown && surely < 0.9 { Reason::Unknown } else { reason };
            Explanation { stop, reason, weight, visit: Some(index(visit)) }
        };
        reasons.map(explanation).to_vec()
    }

    fn explain_beside(&self, stop: u32, at: i64, is_chosen: bool) -> Vec<Explanation> {
        let visit = self.records.last_planned(stop, at);
        let missed = visit.map_or(0.0, |visit| self.missed(visit));
        let index = visit.map(|visit| self.index(visit));
        let overflow = missed * self.overflow_beside;
        let dumped = (1.0 - overflow) * self.dumping.times(stop as usize, is_chosen);
        vec![
            Explanation { stop, reason: Reason::Skipped, weight: overflow, visit: index },
            Explanation { stop, reason: Reason::DumpedBeside, weight: dumped, visit: index },
        ]
    }

    fn index(&self, visit: &Visit) -> u32 {
        let of_stop = &self.records.of_stop[visit.stop as usize];
        let found = of_stop
            .binary_search_by_key(&visit.planned_at, |&index| self.records.visits[index as usize].planned_at);
        of_stop[found.expect("the visit is one of its stop's")]
    }

    /// Writes the diagnosis.
    fn tell(
        &self,
        report: u32,
        explanations: &[Explanation],
        best: Option<usize>,
        nearby: &Nearby<'_>,
    ) -> Diagnosis {
        let Some(best) = best.map(|best| &explanations[best]) else {
            if let Some(kerbside) = some(nearby.linked.kerbside[report as usize]) {
                let day = self.records.clock.day(self.reports.opened[report as usize]);
                return kerbside::diagnosis(report, day, &self.records.rounds.kerbsides[kerbside]);
            }
            let is_placed = nearby.located.at[report as usize].is_somewhere();
            let (reason, confidence, evidence) = if is_placed {
                (Reason::NotPlanned, 0.9, "no planned stop within reach of it")
            } else {
                (Reason::Unknown, 0.0, "the report has no place")
            };
            let evidence = evidence.to_owned();
            return Diagnosis { report, stop: NONE, route: NONE, day: None, reason, confidence, evidence };
        };
        let total: f64 = explanations.iter().map(|explanation| explanation.weight).sum();
        let same = explanations.iter().filter(|other| other.reason == best.reason);
        let agreeing: f64 = same.map(|other| other.weight).sum();
        let visit = best.visit.map(|visit| &self.records.visits[visit as usize]);
        let at = instant(self.records.clock, self.reports, report as usize);
        let reason = self.excused(best, visit, report, at).unwrap_or(best.reason);
        let mut evidence = self.evidence(reason, best.stop, visit, at);
        let of_stop: f64 =
            explanations.iter().filter(|other| other.stop == best.stop).map(|other| other.weight).sum();
        if of_stop < 0.8 * total {
            let sure_pct = 100.0 * of_stop / total;
            evidence = format!("{evidence}; which of the stops nearby is meant is only {sure_pct:.0} % sure");
        }
        let certainty = if self.reports.is_date_only[report as usize] { 0.7 } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let confidence = if total > 0.0 { (certainty * agreeing / total).min(0.999) as f32 } else { 0.0 };
        Diagnosis {
            report,
            stop: best.stop,
            route: visit.map_or_else(|| self.route_of(best.stop), |visit| visit.route),
            day: visit.map(|visit| visit.day),
            reason,
            confidence,
            evidence,
        }
    }

    /// The route that would serve a stop, where no visit says so.
    fn route_of(&self, stop: u32) -> u32 {
        let first = self.records.of_stop[stop as usize].first();
        first.map_or(NONE, |&index| self.records.visits[index as usize].route)
    }

    /// Waste that was "not collected" on a day that the calendar took out is excused.
    fn excused(&self, best: &Explanation, visit: Option<&Visit>, report: u32, at: i64) -> Option<Reason> {
        let visit = visit?;
        let is_missing = self.reports.kind[report as usize] == Kind::MissedCollection;
        let is_made = matches!(best.reason, Reason::ServedFine | Reason::Late);
        (is_missing && is_made && self.cancelled_since(visit, at).is_some()).then_some(Reason::Exception)
    }

    /// The last day after the visit that the calendar took out, up to the report.
    fn cancelled_since(&self, visit: &Visit, at: i64) -> Option<Day> {
        let today = self.records.clock.day(at);
        let cancelled = &self.records.rounds.trips[visit.trip as usize].cancelled;
        cancelled.iter().rev().copied().find(|&day| day > visit.day && day <= today)
    }

    /// One sentence with the figures that it rests on.
    fn evidence(&self, reason: Reason, stop: u32, visit: Option<&Visit>, at: i64) -> String {
        let clock = self.records.clock;
        let Some(visit) = visit else {
            return match self.records.of_stop[stop as usize].first() {
                Some(&first) => {
                    let first = when(clock, self.records.visits[first as usize].planned_at);
                    format!("the first known service is planned for {first}")
                }
                None => "no trip calls at the stop".to_owned(),
            };
        };
        let planned = when(clock, visit.planned_at);
        let said = &visit.evidence;
        match reason {
            Reason::Skipped => {
                let since = self.records.last_emptied(stop, at);
                let since = since.map_or(String::new(), |time| format!("; last emptied {}", ago(time, at)));
                format!("visit of {planned}: {said}{since}")
            }
            Reason::Late if visit.served_at > at => {
                let came = when(clock, visit.served_at);
                format!("planned {planned}, reported {} later, served {came}", span(at - visit.planned_at))
            }
            Reason::Exception => match self.cancelled_since(visit, at) {
                Some(day) => format!("the calendar took out {day}; visit before, {planned}: {said}"),
                None => format!("visit of {planned}: {said}"),
            },
            Reason::FullBeforeNextService => {
                let rate = self.fills.per_day(stop as usize);
                let rate =
                    if rate.is_nan() { String::new() } else { format!("; fills up by {rate:.2} a day") };
                let day = self.cancelled_since(visit, at);
                let day = day.map_or(String::new(), |day| format!("; the calendar took out {day}"));
                format!("visit of {planned}: {said}; reported full {}{rate}{day}", ago_of(visit, at))
            }
            _ => format!("visit of {planned}: {said}; reported {}", ago_of(visit, at)),
        }
    }
}

/// Whether a report of this kind is about rubbish beside a stop, not about the stop itself.
fn is_beside(kind: Kind) -> bool {
    matches!(kind, Kind::BesideContainer | Kind::Dumping | Kind::Litter)
}

/// The reason for a report about a stop that was emptied.
fn made(kind: Kind) -> Reason {
    if kind == Kind::ContainerFull { Reason::FullBeforeNextService } else { Reason::ServedFine }
}

/// Date, hour and minute.
fn when(clock: &Clock, instant: i64) -> String {
    format!("{} {}", clock.day(instant), clock.hour_minute(instant))
}

/// `40 min`, `7 h` or `2.3 days`.
fn span(seconds: i64) -> String {
    match seconds {
        ..=5_399 => format!("{} min", (seconds + 30) / 60),
        5_400..=129_599 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{:.1} days", seconds as f64 / DAY_S as f64),
    }
}

fn ago(time: i64, at: i64) -> String {
    format!("{} before the report", span(at - time))
}

/// How long after a visit, or after its planned time where it is not known to have been made.
fn ago_of(visit: &Visit, at: i64) -> String {
    let since = if visit.outcome.is_emptied() { visit.served_at } else { visit.planned_at };
    if at >= since {
        format!("{} later", span(at - since))
    } else {
        format!("{} before it", span(since - at))
    }
}
