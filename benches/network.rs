//! How long the network takes: built, snapped to, and driven between 200 places.
//!
//! `cargo bench --bench network`. Reads the extracts in `../shared/data`; those that are not there are skipped.
//!
//! One thread, so that the figures compare with those of other programs.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use paaltje::import::Settings;
use paaltje::import::streets::{self, StreetSource};
use paaltje::issue::Issues;
use paaltje::model::street::Streets;
use paaltje::network::{Matrix, Network, Options, Snap};
use paaltje::period::Clock;
use paaltje::place::{Crs, Plane};

const PLACES: usize = 200;

fn read(path: &str, epsg: u16) -> Option<Streets> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !base.join(path).exists() {
        return None;
    }
    let clock = Clock::new("UTC").unwrap();
    let settings = Settings { base: &base, clock: &clock, crs: None, period: None, kinds: &[] };
    let plane = Plane::new(Crs::from_epsg(epsg).unwrap()).unwrap();
    let source = StreetSource { path: path.to_owned(), ..StreetSource::default() };
    Some(streets::read(&[source], &settings, &plane, &mut Issues::new(), &mut Vec::new()).unwrap())
}

fn network(c: &mut Criterion) {
    let cities = [
        ("helsinki", "helsinki/helsinki-centre.osm.pbf", 3067),
        ("liechtenstein", "osm/liechtenstein.osm.pbf", 2056),
        ("porto", "osm/porto.osm.pbf", 3763),
    ];
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for (city, path, epsg) in cities {
        let Some(streets) = read(path, epsg) else { continue };
        let network = Network::build(&streets, &Options::default());
        // Spread over the edges by a step that shares no factor with their number.
        let n = network.edges().len();
        let spots: Vec<Snap> = (0..PLACES)
            .map(|place| {
                let edge = network.edge(u32::try_from(place * 7919 % n).unwrap());
                network.snap(edge.line[0], 1.0).unwrap()
            })
            .collect();
        let mut group = c.benchmark_group(city);
        group.sample_size(10);
        group.bench_function("build", |b| b.iter(|| Network::build(&streets, &Options::default())));
        group.bench_function("snap", |b| {
            b.iter(|| spots.iter().filter_map(|spot| network.snap(black_box(spot.point), 50.0)).count());
        });
        let prepared = network.clone();
        prepared.prepare();
        group.bench_function("prepare", |b| b.iter(|| network.clone().prepare()));
        group.bench_function("matrix 200x200", |b| {
            b.iter(|| pool.install(|| Matrix::new(&prepared, black_box(&spots))));
        });
        group.bench_function("path", |b| {
            let mut next = 0;
            b.iter(|| {
                next = (next + 1) % (PLACES - 1);
                network.path(black_box(spots[next]), spots[next + 1])
            });
        });
        group.finish();
    }
}

criterion_group!(benches, network);
criterion_main!(benches);
