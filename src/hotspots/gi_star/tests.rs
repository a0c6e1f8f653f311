use super::*;
use crate::stats::reference;

const SETS: [(&str, &str); 4] = [
    ("sids2_SIDR74", "sids2"),
    ("sids2_SID74", "sids2"),
    ("columbus_CRIME", "columbus"),
    ("stl_hom_HR8893", "stl_hom"),
];

/// Values, weights and the columns `z` and folded `p` of a set.
fn set(set: &str, neighbours: &str) -> Option<(Vec<f64>, Weights, Vec<Vec<f64>>)> {
    let columns = ["value", "gistar_z", "gistar_p_sim_onesided"];
    let rows = reference::table(&format!("pysal_{set}.csv"), &columns)?;
    let values = rows.iter().map(|row| row[0]).collect();
    Some((values, reference::neighbours(&format!("pysal_{neighbours}_queen.json"))?.with_itself(), rows))
}

#[test]
fn z_scores_are_those_of_pysal_with_binary_weights() {
    for (name, neighbours) in SETS {
        let Some((values, weights, rows)) = set(name, neighbours) else { return };
        for (z, row) in z_scores(&values, &weights).unwrap().iter().zip(&rows) {
            // The files hold ten significant digits.
            assert!((z - row[1]).abs() < 1e-9 * row[1].abs().max(1.0), "{name}: {z} for {}", row[1]);
        }
    }
}

#[test]
fn z_scores_of_row_standardised_weights_are_those_of_the_closed_form() {
    let Some((values, weights, _)) = set("columbus_CRIME", "columbus") else { return };
    let weights = weights.row_standardised();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| value * value).sum::<f64>() / n - mean * mean;
    for (item, z) in z_scores(&values, &weights).unwrap().iter().enumerate() {
        // With rows that add up to 1 over k neighbours, equation 14 becomes a mean over its standard error.
        let near = weights.neighbours(item);
        let k = near.len() as f64;
        let local = near.iter().map(|&near| values[near as usize]).sum::<f64>() / k;
        let closed = (local - mean) / (variance * (n / k - 1.0) / (n - 1.0)).sqrt();
        assert!((z - closed).abs() < 1e-9, "{item}: {z} for {closed}");
    }
}

#[test]
fn permutations_reach_as_often_as_those_of_pysal() {
    // SID74 holds small counts: whether equal sums count as reached is up to rounding in PySAL.
    for (name, neighbours) in SETS.into_iter().filter(|set| set.0 != "sids2_SID74") {
        let Some((values, weights, rows)) = set(name, neighbours) else { return };
        let random = Random::new(9);
        let reached = conditional(&values, &weights, 9_999, |item| random.stream("pysal", item as u64));
        let z = z_scores(&values, &weights).unwrap();
        for ((&reached, row), z) in reached.iter().zip(&rows).zip(z) {
            // PySAL folds: it reports the smaller tail.
            let folded = pseudo_p(reached.min(9_999 - reached), 9_999);
            let error = 5.0 * (2.0 * row[2] * (1.0 - row[2]) / 9_999.0).sqrt() + 2e-4;
            assert!((folded - row[2]).abs() < error, "{name}: z {z}, p {folded} for {}", row[2]);
        }
    }
}

#[test]
fn cells_of_zurich_are_those_of_pysal() {
    for (file, resolution) in [("zh_all_h3r9_gistar.csv", 9), ("zh_all_h3r10_gistar.csv", 10)] {
        let Some(rows) =
            reference::texts(&format!("reference/{file}"), &["h3", "count", "gistar_z", "p_sim_onesided"])
        else {
            return;
        };
        let mut rows: Vec<(CellIndex, u32, f64, f64)> = rows
            .iter()
            .map(|row| {
                let cell = row[0].parse().unwrap();
                (cell, row[1].parse().unwrap(), row[2].parse().unwrap(), row[3].parse().unwrap())
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.0);
        let cells: Vec<CellIndex> = rows.iter().map(|row| row.0).collect();
        let counts: Vec<u32> = rows.iter().map(|row| row.1).collect();
        let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
        let weights = Weights::disk(&cells, 1);
        let z = z_scores(&values, &weights).unwrap();
        let exact = p_values(&counts, &cells, &weights, 0, Random::new(1));
        let drawn = p_values(&counts, &cells, &weights, 999, Random::new(1));
        for (((row, z), exact), drawn) in rows.iter().zip(&z).zip(&exact).zip(&drawn) {
            assert!((z - row.2).abs() < 1e-8 * row.2.abs().max(1.0), "{}: {z} for {}", row.0, row.2);
            let error = 5.0 * (exact * (1.0 - exact) / 999.0).sqrt() + 2e-3;
            assert!((exact - drawn).abs() < error, "{}: {drawn} for {exact}", row.0);
            // Only the hot side of a folded p-value can be compared: ties count on both sides.
            assert!(
                *z < 1.0 || *exact > 0.4 || (exact - row.3).abs() < error,
                "{}: {exact} for {}",
                row.0,
                row.3
            );
        }
        let hot = |p: &[f64]| benjamini_hochberg(p).iter().filter(|&&q| q <= 0.05).count();
        println!(
            "resolution {resolution}: {} cells, {} hot by counting, {} hot by 999 draws",
            cells.len(),
            hot(&exact),
            hot(&drawn)
        );
    }
}
