use rand::Rng;

use super::*;
use crate::random::Random;

/// Every way to choose `k` of `values`.
fn subsets(values: &[u32], k: usize) -> Vec<u32> {
    match (values, k) {
        (_, 0) => vec![0],
        ([], _) => Vec::new(),
        ([first, rest @ ..], k) => {
            let mut sums: Vec<u32> = subsets(rest, k - 1).iter().map(|sum| sum + first).collect();
            sums.extend(subsets(rest, k));
            sums
        }
    }
}

#[test]
fn counted_probabilities_are_those_of_listing_every_arrangement() {
    let counts = [0, 0, 0, 1, 1, 2, 3, 3, 7, 12];
    let table = SubsetSums::new(&counts, 4, 26).unwrap();
    for own in 0..counts.len() {
        let mut others = counts.to_vec();
        let count = others.remove(own);
        for k in 0..=4 {
            let sums = subsets(&others, k);
            for sum in 0..=26 {
                let reached = sums.iter().filter(|&&found| found >= sum).count();
                let share = |n: usize| (n as f64 / sums.len() as f64).max(1.0 / sums.len() as f64);
                let slow = share(reached);
                let fast = table.upper_tail(count, k, sum);
                assert!((slow - fast).abs() < 1e-12, "own {count}, k {k}, sum {sum}: {slow} or {fast}");
                if sum < 26 {
                    let slow = share(sums.iter().filter(|&&found| found <= sum).count());
                    let fast = table.lower_tail(count, k, sum);
                    assert!((slow - fast).abs() < 1e-12, "own {count}, k {k}, sum {sum}: {slow} or {fast}");
                }
            }
        }
    }
}

#[test]
fn drawn_probabilities_agree_with_counted_ones() {
    // A ring of 60 cells, each with three neighbours on either side.
    let counts: Vec<u32> = (0..60u32).map(|i| if i % 7 == 0 { 9 } else { i % 4 }).collect();
    let ring = |i: u32| [57, 58, 59, 61, 62, 63].iter().map(|step| (i + step) % 60).collect();
    let weights = Weights::binary(&(0..60).map(ring).collect::<Vec<Vec<u32>>>());
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    let random = Random::new(1);
    let reached = conditional(&values, &weights, 9_999, |item| random.stream("test", item as u64));
    let both = conditional_both(&values, &weights, 9_999, |item| random.stream("test", item as u64));
    let lowered: Vec<f64> = values.iter().map(|value| value - 100.0).collect();
    let below = conditional_both(&lowered, &weights, 9_999, |item| random.stream("test", item as u64));
    assert_eq!(both, below, "what is added to all values changes nothing");
    let table = SubsetSums::new(&counts, 6, 60).unwrap();
    for item in 0..60 {
        let sum = weights.others(item).map(|(near, _)| counts[near as usize]).sum();
        let (drawn, counted) = (pseudo_p(reached[item], 9_999), table.upper_tail(counts[item], 6, sum));
        let error = 4.5 * (counted * (1.0 - counted) / 9_999.0).sqrt() + 2e-4;
        assert!((drawn - counted).abs() <= error, "item {item}: {drawn} or {counted}");
        let counted = table.lower_tail(counts[item], 6, sum);
        let drawn = pseudo_p(both[item].0, 9_999);
        let error = 4.5 * (counted * (1.0 - counted) / 9_999.0).sqrt() + 2e-4;
        assert!((drawn - counted).abs() <= error, "item {item}: {drawn} or {counted}");
        assert_eq!(both[item].1, reached[item]);
    }
}

#[test]
fn draws_are_without_repeats_and_never_the_item_itself() {
    for (items, size) in [(10, 9), (10, 2), (1000, 18)] {
        let mut draw = Draw::new(items, 4, size, Random::new(3).stream("test", 0));
        for _ in 0..200 {
            let mut drawn = vec![0; size];
            draw.fill(&mut drawn);
            drawn.sort_unstable();
            drawn.dedup();
            assert_eq!(drawn.len(), size);
            assert!(drawn.iter().all(|&item| item != 4 && (item as usize) < items));
        }
    }
}

#[test]
fn an_item_whose_neighbours_sum_to_nothing_has_p_one() {
    let weights = Weights::binary(&[vec![1], vec![0], vec![]]);
    let reached = conditional(&[5.0, 0.0, 0.0], &weights, 99, |_| Random::new(1).stream("test", 0));
    assert_eq!((reached[0], reached[2]), (99, 99));
    assert!((pseudo_p(99, 99) - 1.0).abs() < 1e-15);
    assert!((pseudo_p(0, 999) - 0.001).abs() < 1e-15);
}

#[test]
fn permutations_that_end_early_give_the_p_values_of_all_and_nothing_where_those_are_small() {
    let counts: Vec<u32> = (0..60u32).map(|i| if i % 7 == 0 || i < 5 { 9 } else { i % 4 }).collect();
    let ring = |i: u32| [57, 58, 59, 61, 62, 63].iter().map(|step| (i + step) % 60).collect();
    let weights = Weights::binary(&(0..60).map(ring).collect::<Vec<Vec<u32>>>());
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    let random = Random::new(1);
    let stream = |item: usize| random.stream("test", item as u64);
    let all = conditional(&values, &weights, 9_999, stream);
    let early = conditional_until(&values, &weights, 50, 9_999, stream);
    let mut rare = 0;
    for (&reached, p) in all.iter().zip(early) {
        let whole = pseudo_p(reached, 9_999);
        if reached < 50 {
            rare += 1;
            assert_eq!(p.to_bits(), whole.to_bits(), "{reached}");
        } else {
            // 50 of them know a p-value to a seventh; five times that.
            assert!((p / whole - 1.0).abs() < 5.0 / 50f64.sqrt(), "{p} for {whole}");
        }
    }
    assert!((1..30).contains(&rare), "{rare}");
}

#[test]
fn p_values_of_permutations_that_end_early_are_uniform_where_there_is_no_pattern() {
    let ring = |i: u32| [197, 198, 199, 201, 202, 203].iter().map(|step| (i + step) % 200).collect();
    let weights = Weights::binary(&(0..200).map(ring).collect::<Vec<Vec<u32>>>());
    let random = Random::new(7);
    let mut p_values = Vec::new();
    for city in 0..20 {
        let mut draws = random.stream("values", city);
        let values: Vec<f64> = (0..200).map(|_| f64::from(draws.next_u32())).collect();
        let stream = |item: usize| random.stream("until", city * 200 + item as u64);
        p_values.extend(conditional_until(&values, &weights, 20, 999, stream));
    }
    for level in [0.01, 0.05, 0.2, 0.5, 0.9] {
        let share = p_values.iter().filter(|&&p| p <= level).count() as f64 / p_values.len() as f64;
        // Neighbours share their neighbours: about a sixth of the p-values are independent.
        let error = 4.0 * (level * (1.0 - level) * 6.0 / p_values.len() as f64).sqrt();
        assert!((share - level).abs() < error, "{share} up to {level}");
    }
}
