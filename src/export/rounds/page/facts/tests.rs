//! Counts against the slow obvious way, and the worst weekday against days that are planted or are not.

use super::*;
use crate::draw::tests::small_town;
use crate::model::kind::Language;
use crate::period::{Day, NEVER};

#[test]
fn the_rows_of_a_round_add_up_to_its_visits_and_reports() {
    let findings = small_town(Language::En);
    let ledger = Ledger::of(&findings);
    for route in 0..3u32 {
        let facts = Facts::of(&findings, &ledger, route);
        let own = || findings.collection.visits.iter().filter(|visit| visit.route == route);
        let sum = |value: fn(&Tally) -> u32| facts.rows().map(|row| value(&row.tally)).sum::<u32>();
        assert_eq!(sum(|tally| tally.planned) as usize, own().count());
        assert_eq!(
            sum(|tally| tally.missed) as usize,
            own().filter(|visit| visit.outcome.is_missed()).count()
        );
        assert_eq!(facts.weekdays.iter().map(|tally| tally.missed).sum::<u32>(), facts.all.missed);
        assert_eq!(facts.hours.iter().map(|tally| tally.known).sum::<u32>(), facts.all.known);
        let reports: u32 = facts.rows().map(|row| row.n_reports).sum();
        let diagnosed = findings.collection.diagnoses.iter().filter(|diagnosis| diagnosis.route == route);
        assert_eq!(reports as usize, diagnosed.count());
        // Every truck comes a minute after the plan.
        assert!(facts.rows().all(|row| row.usual_s == Some(row.planned_s + 60)));
    }
}

/// Visits of a year on Mondays, Wednesdays and Fridays, twenty a day; on each day a share is missed together.
fn year(stream: &mut Stream, missed: impl Fn(usize, f64) -> u32) -> Vec<Visit> {
    let start = Day::from_date(jiff::civil::date(2025, 1, 6));
    let mut visits = Vec::new();
    for day in (0..364).map(|offset| start.plus(offset)).filter(|day| [0, 2, 4].contains(&day.weekday())) {
        let missed = missed(day.weekday(), (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64);
        for sequence in 0..20 {
            let outcome = if sequence < missed { Outcome::Skipped } else { Outcome::Served };
            visits.push(Visit {
                route: 0,
                trip: 0,
                stop: sequence,
                sequence,
                day,
                planned_at: 0,
                served_at: NEVER,
                outcome,
                confidence: 1.0,
                evidence: String::new(),
            });
        }
    }
    visits
}

#[test]
fn a_bad_weekday_is_found_and_days_that_are_alike_rarely_look_like_one() {
    let random = Random::new(5);
    let p = |visits: &[Visit], key: u64| {
        worst_weekday_p(&visits.iter().collect::<Vec<_>>(), &mut random.stream("test", key))
    };
    let bad = year(&mut random.stream("days", 0), |weekday, _| if weekday == 2 { 3 } else { 1 });
    assert!(p(&bad, 0) < 0.01);
    // On one day in twenty the whole round is missed: the visits of a day go together.
    let alarms = (1..=100u64).filter(|&key| {
        let alike = year(&mut random.stream("days", key), |_, share| if share < 0.05 { 20 } else { 0 });
        p(&alike, key) < 0.05
    });
    assert!(alarms.count() <= 11, "at a level of 5 %, more than 11 of 100 come once in a hundred times");
    let few = &bad[..100];
    assert!(p(few, 1).is_nan(), "five days tell nothing");
}
