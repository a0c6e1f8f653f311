//! Stops beside which rubbish is put again and again in, calls at which the crew takes it along out.
//!
//! Emptying such a stop more often does not help: it is not full. One call of the week is made longer: that on the day
//! after which most such rubbish is reported today, so that it lies for the shortest time. Who puts it there, and
//! whether enforcement would stop it, is not looked at.

use super::benefit::{self, Evidence, YEAR_DAYS};
use super::cost::Plan;
use super::{Change, CostBasis, Options, Proposal, Situation};
use crate::period::WEEKDAYS;

pub(super) fn proposals(
    situation: &Situation,
    plan: &Plan,
    dumped: &Evidence,
    options: &Options,
) -> Vec<Proposal> {
    let n_reports: usize = dumped.of_stop.iter().map(Vec::len).sum();
    let mean_per_year = n_reports as f64 / dumped.of_stop.len() as f64 / dumped.years;
    // Only where it is surely more than at the stops on average: a few reports are chance.
    let is_often = |reports: &[u32]| {
        let (low, _) = dumped.per_year(reports.len(), options.confidence);
        reports.len() >= options.min_reports as usize && low > mean_per_year
    };
    let often = (0u32..).zip(&dumped.of_stop).filter(|(_, reports)| is_often(reports));
    often.filter_map(|(stop, _)| proposal(situation, plan, dumped, options, stop)).collect()
}

fn proposal(
    situation: &Situation,
    plan: &Plan,
    dumped: &Evidence,
    options: &Options,
    stop: u32,
) -> Option<Proposal> {
    let reports = &dumped.of_stop[stop as usize];
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
    let (low, high) = dumped.per_year(reports.len(), options.confidence);
    let mut rationale = format!(
        "rubbish was put beside `{}` in {} reports in {:.0} days although it was not full: emptying it more often does not \
         help; `{}` takes it along on {}, {:.0} minutes each time; {:.0} % of such reports are taken as avoidable",
        plan.rounds.stops[stop as usize].id,
        reports.len(),
        dumped.years * YEAR_DAYS,
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
        fewer_reports_low: low * options.clean_up_share,
        fewer_reports_high: high * options.clean_up_share,
        cost_basis: CostBasis::Estimated,
        is_feasible: hindrance.is_none(),
        rationale,
        reports: reports.clone(),
        before: Vec::new(),
        after: Vec::new(),
    })
}

/// Hours since Monday at midnight when a report came in.
fn hour_of_report(situation: &Situation, report: u32) -> f64 {
    let opened = situation.reports.opened[report as usize];
    let day = situation.clock.day(opened);
    benefit::hour_of_week(day.weekday(), opened - situation.clock.midnight(day))
}
