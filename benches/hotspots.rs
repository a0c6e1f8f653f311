//! How long the methods take on points and cells of a large city.
//!
//! `cargo bench --bench hotspots`. Points: a million, clustered like reports (a third scattered, the others within
//! some tens of metres of 3,000 places) on 42 × 42 km. Cells: 115,000, most of them without an incident.
//! `benches/peers.py` compares with other programs.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use h3o::{CellIndex, LatLng, Resolution};
use paaltje::hotspots::{gi_star, moran as moran_cells};
use paaltje::random::{Random, Stream};

use paaltje::stats::kernel::{self, Raster};
use paaltje::stats::weights::Weights;
use paaltje::stats::{density, hdbscan, moran};
use paaltje::unit::Local;
use rand::Rng;

const SIDE_M: f64 = 42_000.0;

fn share(stream: &mut Stream) -> f64 {
    f64::from(stream.next_u32()) / f64::from(u32::MAX)
}

fn points(n: usize) -> Vec<Local> {
    let stream = &mut Random::new(1).stream("points", 0);
    let places: Vec<Local> =
        (0..n / 330).map(|_| Local::new(share(stream) * SIDE_M, share(stream) * SIDE_M)).collect();
    let one = |_| {
        if share(stream) < 0.33 {
            return Local::new(share(stream) * SIDE_M, share(stream) * SIDE_M);
        }
        let place = places[stream.next_u32() as usize % places.len()];
        let spread = |stream: &mut Stream| (share(stream) + share(stream) + share(stream) - 1.5) * 240.0;
        Local::new(place.x + spread(stream), place.y + spread(stream))
    };
    (0..n).map(one).collect()
}

/// Cells around Zürich, with counts of which two thirds are 0 and some are large.
fn cells() -> (Vec<CellIndex>, Vec<u32>) {
    let middle = LatLng::new(47.37, 8.54).expect("degrees").to_cell(Resolution::Ten);
    let mut cells: Vec<CellIndex> = middle.grid_disk(195);
    cells.sort_unstable();
    let stream = &mut Random::new(2).stream("cells", 0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of some hundreds at most"
    )]
    let count = |_: &CellIndex| {
        let draw = share(stream);
        if draw < 0.66 { 0 } else { (3.0 / (1.0 - draw).max(2e-5).sqrt()) as u32 }
    };
    let counts = cells.iter().map(count).collect();
    (cells, counts)
}

/// Waste in waves: a day of two years for every point.
fn days(n: usize) -> Vec<i32> {
    let stream = &mut Random::new(4).stream("days", 0);
    (0..n).map(|_| i32::try_from(stream.next_u32() % 730).expect("two years")).collect()
}

const HDBSCAN: hdbscan::Settings =
    hdbscan::Settings { min_cluster_size: 20, min_samples: 10, closest_m: 1e-6 };

fn hotspots(criterion: &mut Criterion) {
    let (points, days) = (points(1_000_000), days(1_000_000));
    let (cells, counts) = cells();
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    let mut group = criterion.benchmark_group("hotspots");
    group.sample_size(10);
    let in_space = density::Rule::in_space(50.0, 10);
    group.bench_function("dbscan, 1,000,000 points, 50 m, 10", |bench| {
        bench.iter(|| density::clusters(black_box(&points), &in_space));
    });
    let in_time = density::Rule { time: Some(density::Time { day: &days, days: 14 }), ..in_space };
    group.bench_function("dbscan, 1,000,000 points, 50 m, 14 days, 10", |bench| {
        bench.iter(|| density::clusters(black_box(&points), &in_time));
    });
    for n in [100_000, 1_000_000] {
        group.bench_function(format!("hdbscan, {n} points, 20, 10"), |bench| {
            bench.iter(|| hdbscan::clusters(black_box(&points[..n]), &HDBSCAN));
        });
    }
    group.bench_function(format!("neighbours of {} cells", cells.len()), |bench| {
        bench.iter(|| Weights::disk(black_box(&cells), 1));
    });
    let weights = Weights::disk(&cells, 1);
    group.bench_function("gi_star z", |bench| {
        bench.iter(|| gi_star::z_scores(black_box(&values), &weights));
    });
    let (some, raster) =
        (&points[..100_000], Raster { west: 0.0, south: 0.0, cell_m: 210.0, columns: 200, rows: 200 });
    let ones = vec![1.0; some.len()];
    for bandwidth_m in [75.0, 1_000.0] {
        group.bench_function(
            format!("kernel density, 100,000 points, 200 x 200 cells, {bandwidth_m} m"),
            |bench| {
                bench.iter(|| kernel::density(black_box(some), &ones, bandwidth_m, &raster));
            },
        );
    }
    for (name, permutations) in [("exact", 0), ("999 permutations", 999)] {
        group.bench_function(format!("gi_star p, {name}"), |bench| {
            bench.iter(|| {
                gi_star::p_values(black_box(&counts), &cells, &weights, permutations, Random::new(3))
            });
        });
    }
    let others = weights.without_itself();
    let rows = others.row_standardised();
    group.bench_function("local moran I and z", |bench| {
        bench.iter(|| moran::local(black_box(&values), &rows));
    });
    group.bench_function("local moran p, exact", |bench| {
        bench.iter(|| moran_cells::exact_p_values(black_box(&counts), &others));
    });
    group.bench_function("local moran p, 999 permutations", |bench| {
        bench.iter(|| moran_cells::drawn_p_values(black_box(&values), &cells, &others, 999, Random::new(3)));
    });
    group.finish();
}

criterion_group!(benches, hotspots);
criterion_main!(benches);
