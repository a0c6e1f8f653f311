//! Made-up cities whose response to the interval is known.

use rand::RngExt;

use super::*;
use crate::random::{Random, Stream};

const DAYS_LEARNT: i64 = 240;

fn normal(stream: &mut Stream) -> f64 {
    let (a, b): (f64, f64) = (stream.random_range(1e-12..1.0), stream.random_range(0.0..1.0));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// Sixty sites with levels of their own, emptied after 2 to 7 days; weight grows with the root of the interval up to the
/// usual four days and no more after that. One load in twenty is lifted in part.
fn city(seed: u64) -> Services {
    let of_site = (0..60).map(|site| {
        let mut stream = Random::new(seed).stream("city", site);
        let level = 6.0 + 0.5 * normal(&mut stream);
        let mut day = stream.random_range(0.0..4.0);
        let mut services = Vec::new();
        while day < (DAYS_LEARNT + 120) as f64 {
            let days: f64 =
                if stream.random_range(0.0..1.0) < 0.6 { 4.0 } else { stream.random_range(2.0..7.0) };
            day += days;
            let part = if stream.random_range(0.0..1.0) < 0.05 { -1.0 } else { 0.0 };
            let log_kg = level + 0.5 * (days / 4.0).ln().min(0.0) + 0.25 * normal(&mut stream) + part;
            #[expect(clippy::cast_possible_truncation, reason = "some hundred days")]
            services.push(service((day * DAY_S as f64) as i64, log_kg.exp()));
        }
        services
    });
    let of_site: Vec<Vec<Service>> = of_site.collect();
    Services { sites: (0..60).map(|site| format!("{site:02}")).collect(), of_site, ..Services::default() }
}

fn service(begun: i64, kg: f64) -> Service {
    Service::weighed(begun, kg)
}

fn held(predictions: &[Prediction]) -> f64 {
    let holds = |found: &&Prediction| (found.forecast.low_kg..=found.forecast.high_kg).contains(&found.kg);
    predictions.iter().filter(holds).count() as f64 / predictions.len() as f64
}

#[test]
fn forecasts_are_near_the_noise_and_their_intervals_hold_four_in_five() {
    for seed in [1, 2] {
        let services = city(seed);
        let weighed = Weighed::learn(&services, DAYS_LEARNT * DAY_S).unwrap();
        let [shorter, longer, _] = weighed.response();
        assert!((shorter - 0.5).abs() < 0.15 && longer.abs() < 0.12, "{shorter} {longer}");
        for knowledge in [Knowledge::Frozen, Knowledge::KeptUp] {
            let found = weighed.predict(&services, knowledge);
            assert!(found.len() > 1000);
            assert!((held(&found) - 0.8).abs() < 0.04, "{knowledge:?}: {}", held(&found));
            let relative = |found: &Prediction| (found.kg / found.forecast.kg).ln().abs();
            let error = found.iter().map(relative).sum::<f64>() / found.len() as f64;
            // 0.20 is the mean of a normal error of 0.25; loads lifted in part add 0.05.
            assert!(error < 0.29, "{knowledge:?}: {error}");
        }
    }
}

#[test]
fn frozen_forecasts_know_nothing_that_was_weighed_later() {
    let services = city(3);
    let until = DAYS_LEARNT * DAY_S;
    let mut later = services.clone();
    later
        .of_site
        .iter_mut()
        .flatten()
        .filter(|service| service.begun >= until)
        .for_each(|service| service.kg *= 3.0);
    let forecasts = |services: &Services| -> Vec<Forecast> {
        let weighed = Weighed::learn(services, until).unwrap();
        weighed.predict(services, Knowledge::Frozen).iter().map(|found| found.forecast).collect()
    };
    assert_eq!(forecasts(&services), forecasts(&later));
}

#[test]
fn a_site_that_gains_half_as_much_again_is_followed_when_kept_up() {
    let mut services = city(4);
    let until = DAYS_LEARNT * DAY_S;
    services.of_site[7]
        .iter_mut()
        .filter(|service| service.begun >= until)
        .for_each(|service| service.kg *= 1.5);
    let weighed = Weighed::learn(&services, until).unwrap();
    let late = |knowledge| {
        let found: Vec<Prediction> =
            weighed.predict(&services, knowledge).into_iter().filter(|found| found.site == 7).collect();
        let last = &found[found.len() - 8..];
        last.iter().map(|found| (found.kg / found.forecast.kg).ln()).sum::<f64>() / 8.0
    };
    assert!(late(Knowledge::KeptUp).abs() < 0.6 * late(Knowledge::Frozen).abs());
}

#[test]
fn a_site_with_two_weighings_is_taken_to_respond_like_the_others() {
    let mut services = city(5);
    services.of_site[9].truncate(3);
    let weighed = Weighed::learn(&services, DAYS_LEARNT * DAY_S).unwrap();
    let forecast = |days: f64| weighed.forecast(9, DAYS_LEARNT * DAY_S, days);
    let shorter = (forecast(4.0).kg / forecast(2.0).kg).ln() / 2.0f64.ln();
    assert!((0.2..0.8).contains(&shorter), "{shorter}");
    assert!(forecast(4.0).high_kg / forecast(4.0).low_kg > 1.5);
}

#[test]
fn nothing_weighed_gives_no_forecast() {
    assert!(Weighed::learn(&Services::default(), 0).is_none());
    let services = Services {
        sites: vec!["a".into()],
        of_site: vec![vec![service(0, f64::NAN)]],
        ..Services::default()
    };
    assert!(Weighed::learn(&services, DAY_S).is_none());
}

#[test]
fn quantiles_are_interpolated() {
    // R, type 7: quantile(c(1, 2, 4, 8), c(.1, .5, .9)) is 1.3, 3, 6.8.
    let at = |share: f64| quantile(&mut [4.0, 1.0, 8.0, 2.0], share);
    assert!((at(0.1) - 1.3).abs() < 1e-12 && (at(0.5) - 3.0).abs() < 1e-12 && (at(0.9) - 6.8).abs() < 1e-12);
}
