//! How well tracks are matched to streets: made-up tours with known truth, and how much of each match is wrong.
//!
//!     cargo run --release --example map_matching              # extracts in ../shared/data, or the demo's streets
//!     cargo run --release --example map_matching -- FILE.osm.pbf EPSG [SEED]
//!
//! One row per time between fixes, noise and memory of the noise: metres matched too much and missing per hundred
//! metres driven, by way and by edge with its direction; the worst tour; parts per tour (1 where no tour breaks);
//! microseconds of processor time per fix, ways remembered from tour to tour.

#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::error::Error;
use std::path::Path;

use paaltje::import::Settings;
use paaltje::import::streets::{self, StreetSource};
use paaltje::issue::Issues;
use paaltje::network::matching::trial::{self, Noise, Plan, Tour};
use paaltje::network::matching::{Matcher, Mismatch, Options};
use paaltje::network::{self, Network};
use paaltje::period::Clock;
use paaltje::place::{Crs, Plane};
use paaltje::random::Random;

const N_TOURS: u64 = 8;
const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [file, epsg, seed @ ..] = &arguments[..] {
        let seed = seed.first().map_or(Ok(SEED), |seed| seed.parse())?;
        return table(Path::new(file), epsg.parse()?, seed);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let real = root.join("../shared/data/osm");
    if !real.exists() {
        return table(&root.join("data/helsinki/helsinki-centre.osm.pbf"), 3067, SEED);
    }
    table(&real.join("liechtenstein.osm.pbf"), 2056, SEED)?;
    table(&real.join("heidelberg.osm.pbf"), 25832, SEED)
}

fn table(file: &Path, epsg: u16, seed: u64) -> Result<(), Box<dyn Error>> {
    let network = read(file, epsg)?;
    let random = Random::new(seed);
    let tours = trial::tours(&network, &Plan::default(), N_TOURS, random);
    let km = tours.iter().map(Tour::length_m).sum::<f64>() / 1000.0;
    println!("{}: {} tours, {km:.0} km, seed {seed}", file.display(), tours.len());
    println!("every  sigma  memory   way %  directed edge %  worst tour %  parts   µs/fix");
    for memory in [0.9, 0.0] {
        for every_s in [1, 5, 15, 30, 60] {
            for sigma_m in [5.0, 10.0, 20.0] {
                row(&network, &tours, Noise { every_s, sigma_m, memory }, random);
            }
        }
    }
    Ok(())
}

/// Matches every tour once and prints what is wrong.
fn row(network: &Network, tours: &[Tour], noise: Noise, random: Random) {
    let options = Options::default();
    let mut matcher = Matcher::new(network, &options);
    let (mut by_way, mut by_edge) = (Mismatch::default(), Mismatch::default());
    let (mut worst_pct, mut n_parts, mut n_fixes, mut micros) = (0.0_f64, 0, 0, 0.0);
    for (tour, draw) in tours.iter().zip(0..) {
        let (time, at) = tour.fixes(network, noise, draw, random);
        let before = processor_micros();
        let found = matcher.matched(&time, &at);
        micros += processor_micros() - before;
        let own = Mismatch::by(&tour.pieces, &found.pieces, |piece| (piece.edge, piece.is_forward()));
        by_edge += own;
        by_way += Mismatch::by(&tour.pieces, &found.pieces, |piece| network.edge(piece.edge).way);
        worst_pct = worst_pct.max(own.pct());
        n_parts += found.n_parts;
        n_fixes += time.len();
    }
    println!(
        "{:>3} s  {:>3} m  {:>6}  {:>6.2}  {:>15.2}  {worst_pct:>12.1}  {:>5.2}  {:>7.1}",
        noise.every_s,
        noise.sigma_m,
        noise.memory,
        by_way.pct(),
        by_edge.pct(),
        n_parts as f64 / tours.len() as f64,
        micros / n_fixes as f64,
    );
}

/// Processor time of this thread; 0 where the system does not tell.
fn processor_micros() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = times.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1000.0
}

fn read(file: &Path, epsg: u16) -> Result<Network, Box<dyn Error>> {
    let base = file.parent().ok_or("the file lies in no folder")?;
    let name = file.file_name().and_then(|name| name.to_str()).ok_or("the file has no name")?;
    let clock = Clock::new("UTC")?;
    let settings = Settings { base, clock: &clock, crs: None, period: None, kinds: &[] };
    let plane = Plane::new(Crs::from_epsg(epsg)?)?;
    let source = StreetSource { path: name.to_owned(), ..StreetSource::default() };
    let streets = streets::read(&[source], &settings, &plane, &mut Issues::new(), &mut Vec::new())?;
    Ok(Network::build(&streets, &network::Options::default()))
}
