use rand::Rng;

use super::*;
use crate::random::Random;

/// Points here and there, many of them at the same places.
fn scattered(n: usize, side_m: f64, key: u64) -> Vec<Local> {
    let mut stream = Random::new(9).stream("points", key);
    let mut share = || f64::from(stream.next_u32()) / f64::from(u32::MAX);
    (0..n).map(|_| Local::new(share().powi(2) * side_m, (share() * 40.0).floor() / 40.0 * side_m)).collect()
}

/// The sum over all points, from the definition.
fn direct(points: &[Local], weights: &[f64], bandwidth_m: f64, raster: &Raster, cell: usize) -> f64 {
    let at = raster.centre(cell);
    let one = |(point, weight): (&Local, &f64)| {
        let share = (point.distance_m(at) / bandwidth_m).powi(2);
        let kernel = if share < 1.0 { 3.0 / std::f64::consts::PI * (1.0 - share).powi(2) } else { 0.0 };
        weight * kernel / (bandwidth_m * bandwidth_m)
    };
    points.iter().zip(weights).map(one).sum()
}

#[test]
fn the_fast_sum_is_the_direct_one() {
    for (key, (bandwidth_m, cell_m)) in (0..).zip([(75.0, 20.0), (130.0, 7.0), (500.0, 250.0), (40.0, 39.0)])
    {
        let points = scattered(400, 1_500.0, key);
        let weights: Vec<f64> = (0..400).map(|point| 1.0 + f64::from(point % 7)).collect();
        let raster = Raster::covering([200.0, -100.0, 1_400.0, 1_300.0], cell_m);
        let fast = density(&points, &weights, bandwidth_m, &raster);
        let most = fast.iter().copied().fold(0.0, f64::max);
        for cell in (0..raster.len()).step_by(3) {
            let slow = direct(&points, &weights, bandwidth_m, &raster, cell);
            assert!((fast[cell] - slow).abs() <= 1e-6 * slow + 1e-14 * most, "{cell}: {} {slow}", fast[cell]);
        }
    }
}

#[test]
fn corrected_densities_add_up_to_the_points_in_the_study_area() {
    let raster = Raster::covering([0.0, 0.0, 999.0, 999.0], 10.0);
    // A ring-shaped study area: edges everywhere.
    let middle = Local::new(500.0, 500.0);
    let is_inside: Vec<bool> = (0..raster.len())
        .map(|cell| (200.0..450.0).contains(&raster.centre(cell).distance_m(middle)))
        .collect();
    let inside = |at: &Local| raster.cell(*at).is_some_and(|cell| is_inside[cell]);
    let points: Vec<Local> = scattered(2_000, 1_000.0, 9).into_iter().filter(inside).collect();
    let share = shares(&points, 75.0, &raster, &is_inside);
    assert!(share.iter().all(|&share| share > 0.2 && share < 1.01), "{share:?}");
    let weights: Vec<f64> = share.iter().map(|share| 1.0 / share).collect();
    let total = |density: Vec<f64>| -> f64 {
        density
            .iter()
            .zip(&is_inside)
            .map(|(value, is_inside)| if *is_inside { value * 100.0 } else { 0.0 })
            .sum()
    };
    let n = points.len() as f64;
    assert!((total(density(&points, &weights, 75.0, &raster)) / n - 1.0).abs() < 1e-12);
    let uncorrected = total(density(&points, &vec![1.0; points.len()], 75.0, &raster)) / n;
    assert!(uncorrected < 0.95, "there was something to correct: {uncorrected}");
}

#[test]
fn far_from_edges_nothing_is_corrected() {
    let raster = Raster::covering([0.0, 0.0, 999.0, 999.0], 5.0);
    let share = shares(&[Local::new(501.3, 497.9)], 75.0, &raster, &vec![true; raster.len()]);
    assert!((share[0] - 1.0).abs() < 1e-4, "{share:?}");
}

#[test]
fn neither_the_order_of_the_points_nor_the_number_of_threads_changes_a_bit() {
    let raster = Raster::covering([0.0, 0.0, 1_500.0, 1_500.0], 25.0);
    let points = scattered(3_000, 1_500.0, 4);
    let weights: Vec<f64> = (0..3_000).map(|point| 0.1 + f64::from(point % 13)).collect();
    let bits = |points: &[Local], weights: &[f64], threads: usize| -> Vec<u64> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let density = pool.install(|| density(points, weights, 90.0, &raster));
        density.iter().map(|value| value.to_bits()).collect()
    };
    let once = bits(&points, &weights, 1);
    let turned: Vec<Local> = points.iter().copied().rev().collect();
    let turned_weights: Vec<f64> = weights.iter().copied().rev().collect();
    assert!(once == bits(&points, &weights, 8) && once == bits(&turned, &turned_weights, 2));
}

#[test]
fn the_bandwidth_is_that_of_the_rule() {
    // Standard deviations 2/√3·10 along both axes: √(10²·4/3) = 11.547; · 4^(-1/6) · √8 = 25.9222.
    let corners = [(-10.0, -10.0), (-10.0, 10.0), (10.0, -10.0), (10.0, 10.0)];
    let points: Vec<Local> = corners.iter().map(|&(x, y)| Local::new(x, y)).collect();
    assert!((scott_bandwidth(&points).unwrap() - 25.922_15).abs() < 1e-3, "{:?}", scott_bandwidth(&points));
    assert_eq!(scott_bandwidth(&[Local::new(1.0, 1.0); 9]), None);
    assert_eq!(scott_bandwidth(&[Local::new(1.0, 1.0)]), None);
    assert_eq!(scott_bandwidth(&[]), None);
    assert!(scott_bandwidth(&[Local::new(0.0, 0.0), Local::new(5.0, 0.0)]).unwrap() > 0.0, "on one line");
}

#[test]
fn points_nowhere_count_nowhere() {
    let raster = Raster::covering([0.0, 0.0, 99.0, 99.0], 10.0);
    assert!(density(&[Local::NOWHERE], &[1.0], 30.0, &raster).iter().all(|&value| value == 0.0));
    assert!(density(&[], &[], 30.0, &raster).iter().all(|&value| value == 0.0));
    assert_eq!(shares(&[Local::NOWHERE], 30.0, &raster, &[true; 100]), [0.0]);
    assert_eq!(raster.cell(Local::NOWHERE), None);
    assert_eq!(raster.cell(Local::new(100.0, 5.0)), None);
}
