//! Stops beside which rubbish is put again and again in, calls at which the crew takes it along out.
//!
//! Emptying such a stop more often does not help: it is not full. One call of the week is made longer: that on the day
//! after which most such rubbish is reported today, so that it lies for the shortest time. Who puts it there, and
//! whether enforcement would stop it, is not looked at.

use super::benefit::{self, YEAR_DAYS, gamma_interval, gamma_prior};
use super::cost::Plan;
use super::extra_stop::WEEKDAYS;
use super::{Change, CostBasis, Options, Proposal, Situation};
use crate::collection::Reason;
use crate::model::some;

pub(super) fn proposals(situation: &Situation, plan: &Plan, options: &Options) -> Vec<Proposal> {
    let dumped = dumped(situation);
    let counts: Vec<f64> = dumped.iter().map(|reports| reports.len() as f64).collect();
    let prior = gamma_prior(&counts);
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    // Only where it is surely more than at the stops on average: a few reports are chance.
    let is_often = |reports: &[u32]| {
        let (low, _) = interval(reports.len(), prior, options);
        reports.len() >= options.min_reports as usize && low > mean
    };
    let often = (0u32..).zip(&dumped).filter(|(_, reports)| is_often(reports));
    often.filter_map(|(stop, reports)| proposal(situation, plan, options, stop, reports, prior)).collect()
}

/// The reports of rubbish beside each stop, ascending.
fn dumped(situation: &Situation) -> Vec<Vec<u32>> {
    let mut dumped = vec![Vec::new(); situation.rounds.stops.len()];
    for diagnosis in &situation.collection.diagnoses {
        if let (Reason::DumpedBeside, Some(stop)) = (diagnosis.reason, some(diagnosis.stop)) {
            dumped[stop].push(diagnosis.report);
        }
    }
    for reports in &mut dumped {
        reports.sort_unstable();
    }
    dumped
}

fn proposal(
    situation: &Situation,
    plan: &Plan,
    options: &Options,
    stop: u32,
    reports: &[u32],
    prior: (f64, f64),
) -> Option<Proposal> {
    let services = benefit::week(&plan.runs, stop);
    let hours: Vec<f64> = reports.iter().map(|&report| hour_of_report(situation, report)).collect();
    let waited_h = |at: f64| hours.iter().map(|hour| (at - hour).rem_euclid(168.0)).sum::<f64>();
    let best = services.iter().min_by(|a, b| {
        waited_h(a.hour)
            .total_cmp(&waited_h(b.hour))
            .then(a.hour.total_cmp(&b.hour))
            .then(a.trip.cmp(&b.trip))
    })?;
    let run = &plan.runs[best.trip as usize];
    let mut weekdays = [false; 7];
    weekdays[best.weekday] = true;
    let hindrance = plan.hindrance(run, stop, options.clean_up_s, weekdays);
    let years = f64::from(situation.period.days().max(1)) / YEAR_DAYS;
    let (low, high) = interval(reports.len(), prior, options);
    let avoided = |count: f64| count / years * options.clean_up_share;
    let mut rationale = format!(
        "rubbish was put beside `{}` in {} reports in {:.0} days although it was not full: emptying it more often does not \
         help; `{}` takes it along on {}, {:.0} minutes each time; {:.0} % of such reports are taken as avoidable",
        plan.rounds.stops[stop as usize].id,
        reports.len(),
        years * YEAR_DAYS,
        run.trip.id,
        WEEKDAYS[best.weekday],
        options.clean_up_s / 60.0,
        100.0 * options.clean_up_share,
    );
    if let Some(hindrance) = &hindrance {
        rationale = format!("{rationale}, but {hindrance}");
    }
    Some(Proposal {
        id: String::new(),
        change: Change::CleanUp { stop, trip: best.trip, weekday: best.weekday },
        extra_m_week: 0.0,
        extra_s_week: options.clean_up_s * run.weekdays[best.weekday],
        fewer_reports_low: avoided(low),
        fewer_reports_high: avoided(high),
        cost_basis: CostBasis::Estimated,
        is_feasible: hindrance.is_none(),
        rationale,
        reports: reports.to_vec(),
        before: Vec::new(),
        after: Vec::new(),
    })
}

/// How many reports there are really to be expected of a stop with `count` of them.
fn interval(count: usize, (shape, rate): (f64, f64), options: &Options) -> (f64, f64) {
    gamma_interval(shape + count as f64, rate + 1.0, options.confidence)
}

/// Hours since Monday at midnight when a report came in.
fn hour_of_report(situation: &Situation, report: u32) -> f64 {
    let opened = situation.reports.opened[report as usize];
    let day = situation.clock.day(opened);
    benefit::hour_of_week(day.weekday(), opened - situation.clock.midnight(day))
}
