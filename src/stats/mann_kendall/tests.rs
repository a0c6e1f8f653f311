use rand::Rng;

use super::*;
use crate::random::Random;
use crate::stats::reference;

/// The monthly counts of a category of Zürich's reports, 2016 to 2025.
fn monthly(service: &str) -> Option<Vec<f64>> {
    let name = service.replace('/', "_");
    let path = reference::shared(&format!("reference/zh_monthly_{name}.csv"))?;
    let text = std::fs::read_to_string(path).unwrap();
    Some(text.lines().skip(1).map(|line| line.parse().unwrap()).collect())
}

fn is_near(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0)
}

#[test]
fn every_variant_is_that_of_pymannkendall_on_ten_series_of_zurich() {
    let columns = ["service", "test", "p", "z", "tau", "s", "var_s", "slope"];
    let Some(rows) = reference::texts("reference/zh_mannkendall.csv", &columns) else { return };
    assert_eq!(rows.len(), 60, "ten categories, six variants");
    for row in rows {
        let Some(values) = monthly(&row[0]) else { return };
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        let (found, slope) = match row[1].as_str() {
            "original" => (test(&values, Correction::None), sen_slope(&values)),
            "hamed_rao" => (test(&values, Correction::HamedRao), sen_slope(&values)),
            "yue_wang" => (test(&values, Correction::YueWang), sen_slope(&values)),
            "prewhite" => (test(&values, Correction::PreWhitened), sen_slope(&values)),
            "tfpw" => (test(&values, Correction::TrendFreePreWhitened), sen_slope(&values)),
            "seasonal12" => {
                let mut by_month: Vec<f64> =
                    by_season(&values, 12).iter().flat_map(|month| slopes(month)).collect();
                (seasonal(&values, 12), median(&mut by_month))
            }
            other => panic!("{other}"),
        };
        let (found, slope) = (found.unwrap(), slope.unwrap());
        // Beyond z = 8 their p-value is 0 or rounding: 1 less a number that is nearly 1.
        assert!((found.p_value - number(2)).abs() < 1e-12, "{row:?}: {found:?}");
        let pairs = [(found.z, 3), (found.tau, 4), (found.s, 5), (found.variance, 6), (slope, 7)];
        for (ours, column) in pairs {
            assert!(is_near(ours, number(column)), "{row:?}: {ours} for {} ({found:?})", number(column));
        }
    }
}

#[test]
fn dependent_seasons_and_intervals_are_those_of_pymannkendall_and_scipy() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/zurich_monthly_trends.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        let Some(values) = monthly(&row[0]) else { return };
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        let seasonal = seasonal_dependent(&values, 12).unwrap();
        assert!(
            is_near(seasonal.s, number(1)) && is_near(seasonal.variance, number(2)),
            "{row:?}: {seasonal:?}"
        );
        let (low, high) = sen_interval(&values, variance(&values), 0.95).unwrap();
        assert!(is_near(low, number(3)) && is_near(high, number(4)), "{row:?}: {low} to {high}");
    }
}

fn share(stream: &mut crate::random::Stream) -> f64 {
    f64::from(stream.next_u32()) / f64::from(u32::MAX)
}

#[test]
fn series_without_a_trend_are_called_rising_or_falling_as_often_as_chance_says() {
    for (n, label) in [(13u64, "a year of 28 days"), (60, "five years of months")] {
        let (mut called, series) = (0, 1_000);
        for number in 0..series {
            let mut stream = Random::new(3).stream("no trend", 1_000 * n + number);
            let values: Vec<f64> = (0..n).map(|_| (share(&mut stream) * 8.0).floor()).collect();
            called += u32::from(cautious(&values).unwrap().p_value <= 0.05);
        }
        println!("{label}: {called} of {series} series called a trend at 0.05");
        // Six standard errors around 5 %.
        assert!((15..=90).contains(&called), "{label}: {called} of {series}");
    }
}

#[test]
fn a_series_that_remembers_is_less_certain_than_one_that_does_not() {
    let mut stream = Random::new(4).stream("memory", 0);
    let mut level = 0.0;
    let wander: Vec<f64> = (0..120)
        .map(|_| {
            level = 0.9 * level + share(&mut stream) - 0.5;
            level
        })
        .collect();
    let (plain, corrected) = (test(&wander, Correction::None).unwrap(), cautious(&wander).unwrap());
    assert!(corrected.variance > 2.0 * plain.variance, "{plain:?}, {corrected:?}");
}

#[test]
fn few_equal_or_endless_values_have_no_trend_and_are_no_panic() {
    let all = [
        Correction::None,
        Correction::HamedRao,
        Correction::YueWang,
        Correction::PreWhitened,
        Correction::TrendFreePreWhitened,
    ];
    for correction in all {
        assert_eq!(test(&[], correction), None);
        assert_eq!(test(&[1.0, 2.0, 3.0], correction), None);
        assert_eq!(test(&[1.0, 2.0, f64::NAN, 3.0, 4.0], correction), None);
        let constant = test(&[7.0; 20], correction).unwrap();
        assert!(constant.z == 0.0 && (constant.p_value - 1.0).abs() < 1e-15, "{correction:?}: {constant:?}");
        // Every other month the opposite: autocorrelations of −1 would leave no variance.
        let saw: Vec<f64> = (0..24).map(|step| f64::from(step % 2)).collect();
        let saw = test(&saw, correction).unwrap();
        assert!(saw.variance > 0.0 && saw.p_value > 0.05, "{correction:?}: {saw:?}");
    }
    assert_eq!(seasonal(&[1.0; 12], 12), None);
    assert_eq!(seasonal_dependent(&[1.0; 23], 12), None);
    assert_eq!(seasonal_dependent(&[1.0; 24], 0), None);
    assert!((seasonal_dependent(&[1.0; 24], 12).unwrap().p_value - 1.0).abs() < 1e-15);
    assert_eq!((sen_slope(&[]), sen_slope(&[3.0]), sen_interval(&[3.0], 1.0, 0.95)), (None, None, None));
    assert_eq!(sen_slope(&[3.0, 5.0]), Some(2.0));
}

#[test]
fn a_steady_rise_is_one_and_turned_round_it_is_a_fall() {
    let rising: Vec<f64> = (0..30).map(f64::from).collect();
    let falling: Vec<f64> = rising.iter().rev().copied().collect();
    let (up, down) = (cautious(&rising).unwrap(), cautious(&falling).unwrap());
    assert!((up.tau - 1.0).abs() < 1e-15 && (up.z + down.z).abs() < 1e-12 && up.p_value < 1e-9);
    assert_eq!(sen_interval(&rising, up.variance, 0.95), Some((1.0, 1.0)));
}
