//! Writes a city of many reports for measuring speed: reports.csv, bollards.geojson and a project file for
//! them.
//!
//!     cargo run --release --example million_reports -- out/million 1000000
//!     cargo run --release -- run out/million/paaltje.toml
//!
//! The streets are those of the demo, laid side by side twelve times in each direction: some 14 by 20 km.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use paaltje::import;
use paaltje::issue::Issues;
use paaltje::model::kind::Language;
use paaltje::period::{Clock, Day, Period};
use paaltje::progress::Silent;
use paaltje::random::Random;
use paaltje::simulate::Crowd;

/// How often the streets of the demo are laid side by side in each direction.
const SIDE: usize = 12;

const PROJECT: &str = r#"# Made by the example `million_reports`: nothing of this is real.
title = "A million reports (synthetic)"
timezone = "Europe/Helsinki"
language = "en"
crs = "EPSG:3067"
seed = 1

[[sources.reports]]
path = "reports.csv"
synthetic = true

[[sources.assets]]
path = "bollards.geojson"
kind = "bollard"
id = "asset_id"
synthetic = true

[kinds]
"Bin full" = "container_full"
"Litter bin overflowing" = "container_full"
"Rubbish beside bin" = "beside_container"
"Dumped rubbish" = "dumping"
"Litter" = "litter"
"Bollard *" = "bollard"
"Pothole" = "pothole"
"Street light*" = "lighting"
"Unsafe traffic" = "unsafe_traffic"
"Graffiti" = "graffiti"
"Trees and green" = "green"

[[hotspots.gi_star]]
kind = "*"
resolution = 9
permutations = 999

[[hotspots.density]]
kind = "waste"
radius_m = 30.0
min_reports = 60

[[hotspots.repeat]]
asset = "bollard"

[output]
dir = "out"
formats = ["csv"]
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let dir = words.next().unwrap_or_else(|| "out/million".to_owned());
    let count = words.next().map_or(Ok(1_000_000), |word| word.parse())?;
    let dir = Path::new(&dir);
    fs::create_dir_all(dir)?;

    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/helsinki");
    let sources: import::Sources = toml::from_str(
        r#"
        streets = ["helsinki-centre.osm.pbf"]
        assets = [{ path = "helsinki-centre.osm.pbf", kind = "bollard" }]
        "#,
    )?;
    let clock = Clock::new("Europe/Helsinki")?;
    let settings =
        import::Settings { base: &base, clock: &clock, crs: Some("EPSG:3067"), period: None, kinds: &[] };
    let town = import::city(&sources, &settings, || None, &mut Issues::new(), &mut Vec::new(), &Silent)?;
    let crowd = Crowd {
        streets: &town.streets,
        bollards: &town.assets,
        side: SIDE,
        plane: &town.plane,
        clock: &clock,
        period: Period {
            from: Day::from_date("2024-01-01".parse()?),
            to: Day::from_date("2025-12-31".parse()?),
        },
        language: Language::En,
        count,
    };
    let begun = Instant::now();
    let mut out = BufWriter::new(File::create(dir.join("reports.csv"))?);
    crowd.write(Random::new(1), &mut out)?;
    out.flush()?;
    let bollards = crowd.laid_out(&town.assets);
    fs::write(dir.join("bollards.geojson"), crowd.geojson(&bollards))?;
    fs::write(dir.join("paaltje.toml"), PROJECT)?;
    println!(
        "{count} reports and {} bollards in {} after {:.1} s",
        bollards.len(),
        dir.display(),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
