use rand::RngExt;

use super::*;
use crate::random::{Random, Stream};

/// A stretch of `days` between emptyings, filled at a steady rate within it that varies by 30 % from one to the next;
/// somebody reports a full one after `told_days` on average.
fn stretch(stream: &mut Stream, days: f64, per_day: f64, told_days: f64) -> Stretch {
    let full = 1.0 / (per_day * stream.random_range(0.7..1.3));
    let reported = full - told_days * f64::ln(stream.random_range(0.0..1.0f64).max(1e-9));
    Stretch { days, reported: (reported < days).then_some(reported), filled: f64::NAN }
}

/// Stops emptied every two days. Ten fill up in about 1.25 days, thirty in about 5; who sees a full one
/// reports it after 1.25 days on average.
fn two_kinds() -> Vec<Vec<Stretch>> {
    let mut stream = Random::new(5).stream("fill", 0);
    (0..40)
        .map(|stop| {
            let per_day = if stop < 10 { 0.8 } else { 0.2 };
            (0..20).map(|_| stretch(&mut stream, 2.0, per_day, 1.25)).collect()
        })
        .collect()
}

#[test]
fn a_stop_that_is_reported_again_and_again_fills_up_faster() {
    let fills = Fills::learn(&two_kinds(), None);
    assert!((0.6..1.2).contains(&fills.per_day(0)), "{}", fills.per_day(0));
    assert!(fills.per_day(20) < 0.45, "{}", fills.per_day(20));
    assert!(fills.overflow(0, &[2.0]) > 0.8 && fills.overflow(20, &[2.0]) < 0.2);
}

#[test]
fn a_stop_without_data_says_so() {
    let mut stretches = two_kinds();
    stretches.push(Vec::new());
    let fills = Fills::learn(&stretches, None);
    assert!(fills.per_day(40).is_nan() && fills.overflow(40, &[1.0]).is_nan());
}

/// A gamma process in steps in which what comes in is exponential: days vary by 30 %.
fn days_until_full(stream: &mut Stream, per_day: f64) -> f64 {
    let (mut content, mut steps) = (0.0, 0);
    while content < 1.0 {
        content -= 0.09 * per_day * f64::ln(1.0 - stream.random_range(0.0..1.0f64));
        steps += 1;
    }
    0.09 * f64::from(steps)
}

/// Geometric mean of learnt over true rates of the stops that pass `is_of`.
fn ratio(fills: &Fills, truth: &[f64], is_of: impl Fn(usize) -> bool) -> f64 {
    let logs: Vec<f64> = (0..truth.len())
        .filter(|&stop| is_of(stop))
        .map(|stop| (fills.per_day(stop) / truth[stop]).ln())
        .collect();
    (logs.iter().sum::<f64>() / logs.len() as f64).exp()
}

#[test]
fn filling_is_learnt_without_bias_where_some_stops_are_reported_and_others_hardly() {
    let mut stream = Random::new(7).stream("fill", 1);
    let (mut truth, mut told, mut stretches) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..160 {
        let per_day = 0.35 * (0.4 * stream.random_range(-1.7..1.7f64)).exp();
        // Where many pass, somebody reports after three hours; where few do, after a week.
        let told_days = (1.2 * stream.random_range(-1.7..1.7f64)).exp();
        let mut one = |days: f64| {
            let full = days_until_full(&mut stream, per_day);
            let reported = full - told_days * f64::ln(1.0 - stream.random_range(0.0..1.0f64));
            Stretch { days, reported: (reported < days).then_some(reported), filled: f64::NAN }
        };
        // One visit in twelve is skipped.
        stretches.push((0..60).map(|visit| one(if visit % 12 == 0 { 5.0 } else { 2.5 })).collect::<Vec<_>>());
        truth.push(per_day);
        told.push(told_days);
    }
    let fills = Fills::learn(&stretches, None);
    let all = ratio(&fills, &truth, |_| true);
    let quick = ratio(&fills, &truth, |stop| told[stop] < 1.0);
    let quiet = ratio(&fills, &truth, |stop| told[stop] >= 1.0);
    assert!((all - 1.0).abs() < 0.12, "{all}");
    // A stop where hardly anybody reports is taken to be a little slower than it is, and not half as fast.
    assert!((0.95..1.15).contains(&quick) && (0.8..1.05).contains(&quiet), "{quick} {quiet}");
}

#[test]
fn starting_from_what_was_learnt_before_changes_nothing_where_nothing_is_new() {
    let stretches = two_kinds();
    let first = Fills::learn(&stretches, None);
    let again = Fills::learn(&stretches, Some(&first));
    assert_eq!((first.common, first.share.clone()), (again.common, again.share.clone()));
}

#[test]
fn loads_weighed_say_how_fast_a_stop_fills_up_without_any_report() {
    let mut stream = Random::new(6).stream("loads", 0);
    let mut stretch = |per_day: f64| {
        let filled = (per_day * stream.random_range(0.7..1.3) * 3.0f64).min(1.0);
        Stretch { days: 3.0, reported: None, filled }
    };
    let rates = [0.05, 0.1, 0.2, 0.3, 0.6];
    let stops: Vec<Vec<Stretch>> =
        rates.iter().map(|&per_day| (0..25).map(|_| stretch(per_day)).collect()).collect();
    let fills = Fills::learn(&stops, None);
    for (stop, per_day) in rates.iter().enumerate().take(4) {
        let learnt = fills.per_day(stop);
        assert!((learnt / per_day - 1.0).abs() < 0.2, "{per_day} a day learnt as {learnt}");
    }
    // Always full after three days: that it takes less is all that is known.
    assert!(fills.per_day(4) > 0.4 && fills.overflow(4, &[3.0]) > 0.8);
    assert!(fills.overflow(0, &[3.0]) < 0.02);
}

/// Forty stops, emptied after two or three days from whatever weekday on for a year; so much comes in on each weekday.
/// A full one is reported after half a day on average, whatever the weekday.
fn by_weekday(amount: [f64; 7], n_stops: usize) -> (Vec<Vec<Stretch>>, Vec<Vec<Spent>>) {
    let mut stream = Random::new(9).stream("weekdays", 0);
    let (mut stretches, mut spent) = (Vec::new(), Vec::new());
    for stop in 0..n_stops {
        let (mut of_stop, mut days_of_stop) = (Vec::new(), Vec::new());
        let per_day = [0.2, 0.3, 0.4, 0.6][stop % 4];
        for (number, visit) in (0..140).enumerate() {
            let (first, length) = ((5 * visit) / 2, 2 + number % 2);
            let told_days = -0.5 * f64::ln(1.0 - stream.random_range(0.0..1.0f64));
            // In steps of a twentieth of a day: what comes in, until it is full; then until somebody says so.
            let (mut days, mut content, mut full_for) = ([0.0; 7], 0.0, 0.0);
            let (mut went_by, mut told_on) = (0.0, None);
            for step in 0..20 * length {
                let weekday = (first + step / 20) % 7;
                content -= 0.05 * amount[weekday] * per_day * f64::ln(1.0 - stream.random_range(0.0..1.0f64));
                (days[weekday], went_by) = (days[weekday] + 0.05, went_by + 0.05);
                full_for += if content >= 1.0 { 0.05 } else { 0.0 };
                if full_for > told_days {
                    told_on = Some(weekday);
                    break;
                }
            }
            let reported = told_on.map(|_| went_by);
            of_stop.push(Stretch { days: length as f64, reported, filled: f64::NAN });
            days_of_stop.push(Spent { days, reported: told_on, filled: f64::NAN });
        }
        stretches.push(of_stop);
        spent.push(days_of_stop);
    }
    (stretches, spent)
}

#[test]
fn weekdays_on_which_more_comes_in_are_learnt_from_when_stops_are_reported() {
    let truth = [0.85, 0.85, 0.9, 0.95, 1.15, 1.4, 0.9];
    let (stretches, spent) = by_weekday(truth, 60);
    let learnt = Fills::learn(&stretches, None).weekdays(&spent, [1.0; 7]);
    assert!((learnt.iter().sum::<f64>() - 7.0).abs() < 1e-9);
    for (learnt, truth) in learnt.iter().zip(truth) {
        assert!((learnt - truth).abs() < 0.12, "{learnt} for {truth}");
    }
}

#[test]
fn weekdays_stay_alike_where_they_are_and_where_there_are_few_data() {
    let (stretches, spent) = by_weekday([1.0; 7], 60);
    let learnt = Fills::learn(&stretches, None).weekdays(&spent, [1.0; 7]);
    assert!(learnt.iter().all(|amount| (amount - 1.0).abs() < 0.1), "{learnt:?}");
    let none = Fills::learn(&[Vec::new()], None).weekdays(&[Vec::new()], [1.0; 7]);
    assert!(none.iter().all(|amount| (amount - 1.0).abs() < 1e-12), "{none:?}");
}
