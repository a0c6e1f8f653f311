//! How long matching takes: eight made-up tours, by the time between fixes.
//!
//! `cargo bench --bench matching`. Reads the extracts in `../shared/data`, or the demo's streets where they are not there.
//! Criterion's `thrpt` is fixes per second; one thread.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use paaltje::import::Settings;
use paaltje::import::streets::{self, StreetSource};
use paaltje::issue::Issues;
use paaltje::network::matching::trial::{self, Noise, Plan};
use paaltje::network::matching::{Matcher, Options};
use paaltje::network::{self, Network};
use paaltje::period::Clock;
use paaltje::place::{Crs, Plane};
use paaltje::random::Random;

fn read(path: &str, epsg: u16) -> Option<Network> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !base.join(path).exists() {
        return None;
    }
    let clock = Clock::new("UTC").unwrap();
    let settings = Settings { base, clock: &clock, crs: None, period: None, kinds: &[] };
    let plane = Plane::new(Crs::from_epsg(epsg).unwrap()).unwrap();
    let source = StreetSource { path: path.to_owned(), ..StreetSource::default() };
    let streets = streets::read(&[source], &settings, &plane, &mut Issues::new(), &mut Vec::new()).unwrap();
    Some(Network::build(&streets, &network::Options::default()))
}

fn matching(c: &mut Criterion) {
    let cities = [
        ("helsinki", "data/helsinki/helsinki-centre.osm.pbf", 3067),
        ("liechtenstein", "../shared/data/osm/liechtenstein.osm.pbf", 2056),
        ("heidelberg", "../shared/data/osm/heidelberg.osm.pbf", 25832),
    ];
    let (options, random) = (Options::default(), Random::new(1));
    for (city, path, epsg) in cities {
        let Some(network) = read(path, epsg) else { continue };
        let tours = trial::tours(&network, &Plan::default(), 8, random);
        let mut group = c.benchmark_group(city);
        group.sample_size(10);
        for every_s in [1, 5, 20, 60] {
            let noise = Noise { every_s, sigma_m: 10.0, memory: 0.9 };
            let tracks: Vec<_> =
                tours.iter().zip(0..).map(|(tour, draw)| tour.fixes(&network, noise, draw, random)).collect();
            group.throughput(Throughput::Elements(tracks.iter().map(|track| track.0.len() as u64).sum()));
            group.bench_function(BenchmarkId::new("match", format!("{every_s} s")), |b| {
                b.iter(|| {
                    let mut matcher = Matcher::new(&network, &options);
                    tracks
                        .iter()
                        .map(|(time, at)| matcher.matched(black_box(time), at).pieces.len())
                        .sum::<usize>()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, matching);
criterion_main!(benches);
