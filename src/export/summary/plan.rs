//! The plan in, its part of the summary out.

use serde::Serialize;

use crate::adjust::plan::{StopChange, Week};
use crate::findings::Findings;

/// The best set of changes within the budget.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Plan {
    budget_min_per_week: f64,
    today: PlanWeek,
    planned: PlanWeek,
    fewer_overflow_h_week: [f64; 2],
    stops_changed: usize,
    rounds_resequenced: usize,
    /// Proposals that the plan holds.
    proposals: Vec<String>,
    /// Stops with other days, those that gain most first.
    stops: Vec<PlanStop>,
}

#[derive(Debug, Clone, Serialize)]
struct PlanStop {
    stop_id: String,
    calls_today: usize,
    calls_planned: usize,
    overflow_today_h: f64,
    overflow_planned_h: f64,
}

#[derive(Debug, Clone, Serialize)]
struct PlanWeek {
    work_min: f64,
    length_km: f64,
    calls: f64,
    overflow_h: f64,
    overflow_low_h: f64,
    overflow_high_h: f64,
}

/// The plan of a run; `None` where it changes nothing.
pub(super) fn of(findings: &Findings) -> Option<Plan> {
    let plan = &findings.plan;
    let held = findings.proposals.iter().filter(|proposal| plan.holds(proposal));
    let (low, high) = plan.fewer_overflow_h;
    (!plan.is_empty()).then(|| Plan {
        budget_min_per_week: plan.budget_s / 60.0,
        today: week(&plan.today),
        planned: week(&plan.planned),
        fewer_overflow_h_week: [tenths(low), tenths(high)],
        stops_changed: plan.stops.len(),
        rounds_resequenced: plan.resequenced.len(),
        proposals: held.map(|proposal| proposal.id.clone()).collect(),
        stops: plan.stops.iter().map(|change| stop(findings, change)).collect(),
    })
}

fn stop(findings: &Findings, change: &StopChange) -> PlanStop {
    PlanStop {
        stop_id: findings.rounds.stops[change.stop as usize].id.clone(),
        calls_today: change.today.len(),
        calls_planned: change.planned.len(),
        overflow_today_h: tenths(change.overflow_today_h),
        overflow_planned_h: tenths(change.overflow_planned_h),
    }
}

fn week(week: &Week) -> PlanWeek {
    PlanWeek {
        work_min: tenths(week.work_s / 60.0),
        length_km: tenths(week.length_m / 1000.0),
        calls: tenths(week.calls),
        overflow_h: tenths(week.overflow_h),
        overflow_low_h: tenths(week.overflow_range_h.0),
        overflow_high_h: tenths(week.overflow_range_h.1),
    }
}

fn tenths(value: f64) -> f64 {
    (10.0 * value).round() / 10.0
}
