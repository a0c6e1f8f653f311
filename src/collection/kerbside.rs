//! Missed collections at the kerb in; the planned day behind each, and the rounds that draw more complaints than
//! others of their source out.
//!
//! A kerbside round has days but no stops, and trucks are not followed along it: whether the truck came is unknown.
//! What can be said is on which planned day a complaint bears, and where complaints go beyond what rounds of that size
//! differ by anyway.

use super::{Diagnosis, Reason};
use crate::model::NONE;
use crate::model::round::Kerbside;
use crate::period::Day;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::poisson::Rates;

/// What can be said about a report of `day` in an area that is collected on fixed days.
pub(super) fn diagnosis(report: u32, day: Day, kerbside: &Kerbside) -> Diagnosis {
    let planned = kerbside.last_planned(day);
    let evidence = match planned {
        Some(planned) if planned == day => {
            format!(
                "collection was planned for the same day, {planned}; no track shows whether the truck came"
            )
        }
        Some(planned) => format!(
            "collection was planned for {planned}, {} days before; no track shows whether the truck came",
            day.0 - planned.0
        ),
        None => "the round has no day of collection".to_owned(),
    };
    Diagnosis {
        report,
        stop: NONE,
        route: kerbside.route,
        day: planned,
        reason: if planned.is_some() { Reason::Unknown } else { Reason::NotPlanned },
        confidence: 0.0,
        evidence,
    }
}

/// What the complaints of routes that can be compared with each other amount to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Excess {
    /// Complaints expected of a route of that size.
    pub(super) expected: f64,
    /// Probability of at least so many, given how much routes differ anyway.
    pub(super) p_value: f64,
    /// The same, corrected for looking at all of them (Benjamini & Hochberg 1995).
    pub(super) q_value: f64,
}

/// The excess of each route from its complaints and size: the tail of the negative binomial that the routes as a whole
/// suggest. Among a few dozen routes a single bad one makes all look unlike, and hides itself. `None` where there is
/// nothing to compare.
pub(super) fn excesses(complaints: &[u32], sizes: &[f64]) -> Option<Vec<Excess>> {
    /// With fewer routes it is not known how much routes differ.
    const FEWEST: usize = 5;
    let counts: Vec<f64> = complaints.iter().map(|&count| f64::from(count)).collect();
    let rates = Rates::estimate(&counts, sizes).filter(|rates| rates.mean > 0.0 && sizes.len() >= FEWEST)?;
    let tail = |(&count, &size): (&u32, &f64)| rates.upper_tail(count, size);
    let p_values: Vec<f64> = complaints.iter().zip(sizes).map(tail).collect();
    let q_values = benjamini_hochberg(&p_values);
    let excess = |((&size, p_value), q_value)| Excess { expected: rates.mean * size, p_value, q_value };
    Some(sizes.iter().zip(p_values).zip(q_values).map(excess).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kerbside(weekdays: [bool; 7]) -> Kerbside {
        let shape = geo::MultiPolygon::new(Vec::new());
        Kerbside { route: 3, shape, weekdays, customers: None, source: 0, categories: Vec::new() }
    }

    #[test]
    fn a_complaint_bears_on_the_last_planned_day_up_to_its_own() {
        let tuesday_and_friday = kerbside([false, true, false, false, true, false, false]);
        // 2026-11-22 is a Sunday.
        let sunday = Day::from_date(jiff::civil::date(2026, 11, 22));
        let told = diagnosis(7, sunday, &tuesday_and_friday);
        assert_eq!((told.day, told.route, told.reason), (Some(sunday.plus(-2)), 3, Reason::Unknown));
        assert!(told.evidence.contains("2026-11-20, 2 days before"), "{}", told.evidence);
        assert_eq!(diagnosis(7, sunday.plus(2), &tuesday_and_friday).day, Some(sunday.plus(2)));
        assert_eq!(diagnosis(7, sunday, &kerbside([false; 7])).reason, Reason::NotPlanned);
    }

    #[test]
    fn a_route_with_many_times_its_share_stands_out_and_equal_ones_do_not() {
        let mut complaints = [4, 5, 6, 5].repeat(30);
        let sizes = vec![500.0; 120];
        assert!(excesses(&complaints, &sizes).unwrap().iter().all(|one| one.q_value > 0.5));
        complaints[3] = 60;
        let found = excesses(&complaints, &sizes).unwrap();
        assert!(found[3].q_value < 0.05 && found[3].expected < 9.0, "{:?}", found[3]);
        assert!(found.iter().enumerate().all(|(route, one)| route == 3 || one.q_value > 0.5));
    }

    #[test]
    fn too_few_routes_or_no_complaints_say_nothing() {
        assert_eq!(excesses(&[3, 4], &[1.0, 1.0]), None);
        assert_eq!(excesses(&[0; 9], &[1.0; 9]), None);
        assert_eq!(excesses(&[], &[]), None);
    }
}
