use rand::Rng;

use super::*;
use crate::random::Random;

fn named(steps: &str, drift: i8) -> (String, String) {
    let is_hot: Vec<bool> = steps.chars().map(|step| step == 'h').collect();
    let is_cold: Vec<bool> = steps.chars().map(|step| step == 'c').collect();
    let name = Name::of(&is_hot, &is_cold, drift, 3);
    (name.category, name.esri)
}

#[test]
fn patterns_have_the_names_that_esri_gives_them() {
    let cases = [
        ("...........h", 0, "new", "New Hot Spot"),
        (".........hhh", 0, "consecutive", "Consecutive Hot Spot"),
        (".....c...hhh", 0, "consecutive", "Consecutive Hot Spot"),
        ("hhhhhhhhhhhh", 1, "intensifying", "Intensifying Hot Spot"),
        (".hhhhhhhhhhh", 1, "intensifying", "Intensifying Hot Spot"),
        ("hhhhhh.hhhhh", 0, "persistent", "Persistent Hot Spot"),
        ("hhhhhhhhhhhh", -1, "diminishing", "Diminishing Hot Spot"),
        ("h..h..hh...h", 1, "sporadic", "Sporadic Hot Spot"),
        ("h..c..hh...h", 0, "oscillating", "Oscillating Hot Spot"),
        ("hhhhhhhhhhh.", 0, "historical", "Historical Hot Spot"),
        ("............", 0, "none", "No Pattern Detected"),
        ("...h....h...", 0, "extinguished", "No Pattern Detected"),
        ("...hh...h..c", 0, "cold_new", "New Cold Spot"),
        ("........h...", 0, "none", "No Pattern Detected"),
        (".......hhh..", 0, "none", "No Pattern Detected"),
        ("...........c", 0, "cold_new", "New Cold Spot"),
        ("cccccccccccc", -1, "cold_intensifying", "Intensifying Cold Spot"),
        ("cccccccccccc", 1, "cold_diminishing", "Diminishing Cold Spot"),
        ("cccccccccccc", 0, "cold_persistent", "Persistent Cold Spot"),
        ("ccccccccccc.", 0, "cold_historical", "Historical Cold Spot"),
        ("c..h..cc...c", 0, "cold_oscillating", "Oscillating Cold Spot"),
    ];
    for (steps, drift, category, esri) in cases {
        assert_eq!(named(steps, drift), (category.to_owned(), esri.to_owned()), "{steps}, {drift}");
    }
    // Long hot, then quiet: Esri still calls it hot in history.
    let long = format!("{}...", "h".repeat(40));
    assert_eq!(named(&long, 0), ("extinguished".to_owned(), "Historical Hot Spot".to_owned()));
}

/// A disk of cells with some counts in two steps.
fn town() -> (Weights, Vec<u32>, Vec<u32>) {
    let middle = h3o::LatLng::new(52.09, 5.12).unwrap().to_cell(Resolution::Nine);
    let mut cells: Vec<CellIndex> = middle.grid_disk(5);
    cells.sort_unstable();
    let mut stream = Random::new(6).stream("town", 0);
    let mut counts = || (0..cells.len()).map(|_| stream.next_u32() % 10 / 7).collect::<Vec<u32>>();
    let (before, now) = (counts(), counts());
    (Weights::disk(&cells, 1), before, now)
}

#[test]
fn z_is_that_of_gi_star_over_both_steps_at_once() {
    let (weights, before, now) = town();
    let cells = weights.len();
    // The slow way: both steps as one list of items, the second of which see the first.
    let lists: Vec<Vec<u32>> = (0..2 * cells)
        .map(|item| {
            let near = weights.neighbours(item % cells);
            let earlier = near.iter().map(|&near| near + u32::try_from(cells).unwrap());
            if item < cells { near.iter().copied().chain(earlier).collect() } else { vec![] }
        })
        .collect();
    let values: Vec<f64> = now.iter().chain(&before).map(|&count| f64::from(count)).collect();
    let slow = crate::hotspots::gi_star::z_scores(&values, &Weights::binary(&lists)).unwrap();
    let (z, p_values) = heat(&now, &before, &weights);
    for cell in 0..cells {
        assert!((z[cell] - slow[cell]).abs() < 1e-9, "{cell}: {} for {}", z[cell], slow[cell]);
        assert!(p_values[cell] > 0.0 && p_values[cell] <= 1.0);
    }
}

#[test]
fn scattered_counts_are_hot_as_often_as_chance_says() {
    let (weights, ..) = town();
    let (mut low, mut bins) = (0, 0);
    for number in 0..60 {
        let mut stream = Random::new(9).stream("scattered", number);
        let mut counts = || {
            let mut counts = vec![0u32; weights.len()];
            (0..3 * counts.len()).for_each(|_| counts[stream.next_u32() as usize % weights.len()] += 1);
            counts
        };
        let (before, now) = (counts(), counts());
        let (_, p_values) = heat(&now, &before, &weights);
        low += p_values.iter().filter(|&&p| p <= 0.05).count();
        bins += p_values.len();
    }
    println!("{low} of {bins} p-values up to 0.05");
    assert!(low * 1_000 <= bins * 60 && low * 1_000 >= bins * 15, "{low} of {bins}");
}

#[test]
fn one_full_corner_is_hot_and_one_incident_is_not() {
    let (weights, before, now) = town();
    let middle = (0..weights.len()).find(|&cell| weights.neighbours(cell).len() == 7).unwrap();
    let mut full = now.clone();
    full[middle] += 40;
    assert!(heat(&full, &before, &weights).1[middle] < 1e-6);
    let mut single = vec![0; now.len()];
    single[middle] = 1;
    let alone = heat(&single, &vec![0; now.len()], &weights).1[middle];
    assert!((0.02..0.3).contains(&alone), "{alone}");
}

#[test]
fn nothing_anywhere_and_the_same_everywhere_are_not_hot() {
    let (weights, before, _) = town();
    for each in [0, 3] {
        let even = vec![each; before.len()];
        let (z, p_values) = heat(&even, &even, &weights);
        assert!(z.iter().all(|&z| z == 0.0) && p_values.iter().all(|&p| p > 0.1), "{each}");
    }
}
