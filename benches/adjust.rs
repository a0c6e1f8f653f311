//! How long the cheapest places for one more stop take to find, among 10 rounds of 150 stops each.
//!
//! `cargo bench --bench adjust`. The drives between the places are given, as they are when proposals are priced.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use paaltje::adjust::insertion::{Round, Sequence, cheapest};
use paaltje::random::Random;
use rand::RngExt;

const ROUNDS: u64 = 10;
const STOPS: usize = 150;

fn insertion(c: &mut Criterion) {
    let drives = |round: u64, purpose: &str, n: usize| -> Vec<f64> {
        let mut dice = Random::new(1).stream(purpose, round);
        (0..n).map(|_| dice.random_range(10.0..600.0)).collect()
    };
    // A yard at both ends.
    let columns: Vec<[Vec<f64>; 3]> = (0..ROUNDS)
        .map(|round| {
            [
                drives(round, "legs", STOPS + 1),
                drives(round, "there", STOPS + 2),
                drives(round, "back", STOPS + 2),
            ]
        })
        .collect();
    let rounds: Vec<Round<'_>> = columns
        .iter()
        .map(|[legs, there, back]| Round {
            sequence: Sequence { legs, there, back, has_open_ends: false },
            room_s: 1800.0,
            room_kg: 100.0,
        })
        .collect();
    c.bench_function("cheapest insertion, 10 rounds of 150 stops", |b| {
        b.iter(|| cheapest(black_box(&rounds), 45.0, 6.0));
    });
}

criterion_group!(benches, insertion);
criterion_main!(benches);
