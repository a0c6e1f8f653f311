//! Expected hours of overflow against the exponential law and against throwing the dice.

use rand::RngExt;

use super::*;
use crate::adjust::benefit::{Fill, Overflow};
use crate::collection::fill::Law;
use crate::collection::fill::rhythm::Rhythm;
use crate::random::Random;

/// Things come in from eight to eight, on Saturdays twice as much as on Tuesdays.
fn busy_weekends() -> Rhythm {
    let (reports, clock) = (Reports::default(), Clock::new("UTC").unwrap());
    let mut reports = reports;
    for hour in 8..20 {
        for _ in 0..200 {
            reports.opened.push(hour * 3600);
            reports.is_date_only.push(false);
        }
    }
    Rhythm::learn(&reports, &clock).with_weekdays([0.8, 0.8, 0.9, 1.0, 1.1, 1.6, 0.8])
}

#[test]
fn a_bin_with_no_memory_overflows_by_the_exponential_law() {
    // With a variation of 1 the content after one day is exponential: P(more than 1) = exp(-1 / mean).
    let law = Law { variation: 1.0, ..Law::default() };
    let fill = Fill::new(0.4, &law);
    assert!((fill.p_full(1.0) - (-1.0f64 / 0.4).exp()).abs() < 1e-9);
    // Emptied every day of the week: seven times the overflow within a day.
    let daily: Vec<f64> = (0..7).map(|day| f64::from(day) * 24.0).collect();
    let steps = 10_000;
    let within_h: f64 =
        (0..steps).map(|step| law.full(0.4, (f64::from(step) + 0.5) / 1e4) * 24.0 / 1e4).sum();
    assert!((fill.overflow_h(&daily) - 7.0 * within_h).abs() < 0.01 * 7.0 * within_h);
    assert!(fill.overflow_h(&daily[..3]) > fill.overflow_h(&daily));
}

/// Hours of overflow a week of a stop that is emptied at these hours unless the visit is missed, by living through the
/// weeks. What comes in within `variation`² days is exponential: that is a gamma process.
fn lived(per_day: f64, law: &Law, hours: &[f64], miss_rate: f64) -> f64 {
    let mut stream = Random::new(3).stream("overflow", 0);
    let (weeks, step) = (3_000, law.variation.powi(2));
    let (mut emptied_h, mut overflow_h) = (0.0, 0.0);
    for visit in (0..weeks).flat_map(|week| hours.iter().map(move |hour| 168.0 * f64::from(week) + hour)) {
        if stream.random_range(0.0..1.0) < miss_rate {
            continue;
        }
        let (mut content, mut full) = (0.0, law.rhythm.days_of_week(emptied_h) - 0.5 * step);
        while content < 1.0 {
            content -= per_day * step * f64::ln(1.0 - stream.random_range(0.0..1.0f64));
            full += step;
        }
        let mut hour = visit;
        while hour > emptied_h && law.rhythm.days_of_week(hour - 0.25) > full {
            overflow_h += 0.25;
            hour -= 0.25;
        }
        emptied_h = visit;
    }
    overflow_h / f64::from(weeks)
}

#[test]
fn hours_of_overflow_are_those_of_living_through_the_weeks() {
    let law = Law { variation: 0.25, lasting: 0.0, rhythm: busy_weekends() };
    let even = Law { rhythm: Rhythm::default(), ..law };
    let mut town = town();
    let mut seen = Vec::new();
    for (per_day, hours, miss_rate) in [
        (0.5, vec![7.3, 55.3, 103.3], 0.0),
        (0.5, vec![18.0, 66.0, 114.0], 0.0),
        (0.35, vec![7.3, 55.3, 103.3], 0.3),
        (0.6, vec![31.0, 100.5], 0.05),
    ] {
        town.collection.stops[0].fill_per_day = per_day;
        town.collection.stops[0].skip_rate = miss_rate;
        let expected =
            |law: &Law| Overflow::of_stops(&town.collection, law)[0].as_ref().unwrap().hours(&hours);
        let lived_h = lived(per_day, &law, &hours, miss_rate);
        assert!((expected(&law) / lived_h - 1.0).abs() < 0.04, "{} {lived_h} of {hours:?}", expected(&law));
        seen.push((expected(&law), expected(&even)));
    }
    // Emptied in the morning, a stop that filled up in the evening has overflowed all night: even hours hide that.
    assert!(seen[0].0 > 1.15 * seen[0].1, "{seen:?}");
}

#[test]
fn a_stop_whose_rate_is_not_known_overflows_as_its_rates_do_on_average() {
    let mut town = town();
    town.collection.fill_law = Law { variation: 0.5, lasting: 0.2, rhythm: busy_weekends() };
    town.collection.fill_rates = vec![vec![(0.2, 0.5), (0.7, 0.5)]];
    let hours = [8.0, 80.0];
    let law = town.collection.fill_law;
    let both = Overflow::of_stops(&town.collection, &law).remove(0).unwrap();
    let each = [0.2, 0.7].map(|rate| Fill::new(rate, &law).overflow_h(&hours));
    assert!((both.hours(&hours) - f64::midpoint(each[0], each[1])).abs() < 1e-9);
    let (mean, variance) = both.mean_and_variance(&hours);
    assert!((mean - both.hours(&hours)).abs() < 1e-9);
    assert!((variance.sqrt() - 0.5 * (each[1] - each[0])).abs() < 1e-9);
}
