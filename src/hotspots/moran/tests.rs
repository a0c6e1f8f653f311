use super::*;

/// A ring of cells, each with three neighbours on either side.
fn ring(n: u32) -> Weights {
    let row = |item: u32| [n - 3, n - 2, n - 1, 1, 2, 3].iter().map(|step| (item + step) % n).collect();
    Weights::binary(&(0..n).map(row).collect::<Vec<Vec<u32>>>())
}

#[test]
fn drawn_p_values_agree_with_exact_ones() {
    let counts: Vec<u32> =
        (0..80u32).map(|i| if (20..30).contains(&i) { 9 + i % 3 } else { i % 4 / 2 }).collect();
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    let middle = h3o::LatLng::new(47.37, 8.54).unwrap().to_cell(h3o::Resolution::Nine);
    let cells: Vec<CellIndex> = middle.grid_disk::<Vec<_>>(5).into_iter().take(80).collect();
    let exact = exact_p_values(&counts, &ring(80)).unwrap();
    let drawn = drawn_p_values(&values, &cells, &ring(80), 9_999, Random::new(2));
    for (item, (exact, drawn)) in exact.iter().zip(drawn).enumerate() {
        let error = 2.0 * (4.5 * (exact / 2.0 * (1.0 - exact / 2.0) / 9_999.0).sqrt() + 2e-4);
        assert!((exact - drawn).abs() <= error, "item {item}: {drawn} or {exact}");
    }
    assert!(exact[25] < 1e-4 && exact[60] > 0.01, "{exact:?}");
}

#[test]
fn p_values_of_rows_that_are_standardised_are_those_of_plain_sums() {
    // Every weight of a row is the same, so the order of the sums is, and with it every p-value.
    let values: Vec<f64> = (0..80u32).map(|i| f64::from(i % 7 * (i % 3))).collect();
    let middle = h3o::LatLng::new(47.37, 8.54).unwrap().to_cell(h3o::Resolution::Nine);
    let cells: Vec<CellIndex> = middle.grid_disk::<Vec<_>>(5).into_iter().take(80).collect();
    let plain = drawn_p_values(&values, &cells, &ring(80), 199, Random::new(2));
    assert_eq!(plain, drawn_p_values(&values, &cells, &ring(80).row_standardised(), 199, Random::new(2)));
}

#[test]
fn classes_follow_q_and_quadrant() {
    assert_eq!(class(Quadrant::HighHigh, 0.01), ("hot_99", "HH"));
    assert_eq!(class(Quadrant::LowLow, 0.02), ("cold_95", "LL"));
    assert_eq!(class(Quadrant::HighLow, 0.1), ("outlier_90", "HL"));
    assert_eq!(class(Quadrant::LowHigh, 0.11), ("not_significant", ""));
}
