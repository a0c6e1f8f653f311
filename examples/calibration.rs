//! A statistician asks: how often do the methods call chance a hotspot, and which hotspots do they miss?
//!
//!     cargo run --release --example calibration -- [--nulls FILE] [--power FILE] [-o REPORT.md]
//!
//! Part one simulates 500 cities without pattern on the streets and assets of a project and counts false findings.
//! Part two plants clusters of relative risk 3 among its assets and counts how often each method finds them. Without
//! arguments both parts run on central Helsinki; with one of them only that part runs, on the project that is named.
//! The report is written to the terminal, and to a file with `-o`.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::path::{Path, PathBuf};

use paaltje::error::{Error, Result};

use world::World;

#[path = "calibration/cells.rs"]
mod cells;
#[path = "calibration/nulls.rs"]
mod nulls;
#[path = "calibration/power.rs"]
mod power;
#[path = "calibration/world.rs"]
mod world;

/// Findings at this q-value or less count.
const ALPHA: f64 = 0.05;
const SEED: u64 = 20_260_101;
const HELSINKI: &str = "data/helsinki/paaltje.toml";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let (nulls, power) = match (value("--nulls"), value("--power")) {
        (None, None) => (Some(HELSINKI), Some(HELSINKI)),
        (nulls, power) => (nulls.map(String::as_str), power.map(String::as_str)),
    };
    let command = [("--nulls", value("--nulls")), ("--power", value("--power"))]
        .iter()
        .filter_map(|(name, project)| project.map(|project| format!(" {name} {project}")))
        .collect::<String>();
    let mut report = format!(
        "# Calibration and power\n\n    cargo run --release --example calibration{}{command}\n\n\
         paaltje {}, seed {SEED}. Made by the command above; change nothing by hand.\n\n",
        if command.is_empty() { "" } else { " --" },
        env!("CARGO_PKG_VERSION")
    );
    if let Some(project) = nulls {
        report += &nulls::report(&World::load(&PathBuf::from(project))?);
    }
    if let Some(project) = power {
        report += &power::report(&World::load(&PathBuf::from(project))?);
    }
    let report = report.trim_end().to_owned() + "\n";
    print!("{report}");
    if let Some(path) = value("-o") {
        std::fs::write(path, report).map_err(|source| Error::writing(Path::new(path), source))?;
    }
    Ok(())
}
