//! One piece of work of the hotspot methods on points or cells from a file, for `benches/peers.py` to measure.
//!
//!     cargo run --release --example hotspot_cost -- cells FOLDER      # writes cells.csv: cell, count, neighbours
//!     cargo run --release --example hotspot_cost -- dbscan FOLDER/points_1000000.f64

#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::error::Error;
use std::fmt::Write as _;

use h3o::{CellIndex, LatLng, Resolution};
use paaltje::hotspots::{gi_star, moran};
use paaltje::random::Random;
use paaltje::stats::weights::Weights;
use paaltje::stats::{density, hdbscan};
use paaltje::unit::Local;
use rand::Rng;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, path] = &arguments[..] else {
        println!(
            "give a piece of work (cells, dbscan, hdbscan, gi_star or moran) and a path; `benches/peers.py` does"
        );
        return Ok(());
    };
    let answer = match what.as_str() {
        "cells" => write_cells(path)?,
        "dbscan" => density::clusters(&points(path)?, &density::Rule::in_space(50.0, 10)).count as usize,
        "hdbscan" => {
            let settings = hdbscan::Settings { min_cluster_size: 20, min_samples: 10, closest_m: 1e-6 };
            hdbscan::clusters(&points(path)?, &settings).count as usize
        }
        "gi_star" => {
            let (cells, counts) = cells(path)?;
            let weights = Weights::disk(&cells, 1);
            let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
            let z = gi_star::z_scores(&values, &weights).ok_or("nothing varies")?;
            let p_values = gi_star::p_values(&counts, &cells, &weights, 999, Random::new(1));
            z.iter().zip(p_values).filter(|&(&z, p)| z > 0.0 && p <= 0.05).count()
        }
        "moran" => {
            let (cells, counts) = cells(path)?;
            let weights = Weights::disk(&cells, 1).without_itself();
            let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
            let p_values = moran::drawn_p_values(&values, &cells, &weights, 999, Random::new(1));
            p_values.iter().filter(|&&p| p <= 0.05).count()
        }
        other => return Err(format!("`{other}` is none of cells, dbscan, hdbscan, gi_star, moran").into()),
    };
    println!("{answer}");
    Ok(())
}

/// Pairs of little-endian floats.
fn points(path: &str) -> Result<Vec<Local>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let (numbers, _) = bytes.as_chunks::<8>();
    Ok(numbers
        .chunks_exact(2)
        .map(|at| Local::new(f64::from_le_bytes(at[0]), f64::from_le_bytes(at[1])))
        .collect())
}

fn cells(path: &str) -> Result<(Vec<CellIndex>, Vec<u32>), Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let mut rows = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut fields = line.split(',');
        rows.0.push(fields.next().ok_or("a row without a cell")?.parse()?);
        rows.1.push(fields.next().ok_or("a row without a count")?.parse()?);
    }
    Ok(rows)
}

/// The 115,000 cells around Zürich, two thirds of them empty and some with hundreds of incidents.
fn write_cells(folder: &str) -> Result<usize, Box<dyn Error>> {
    let mut cells: Vec<CellIndex> = LatLng::new(47.37, 8.54)?.to_cell(Resolution::Ten).grid_disk(195);
    cells.sort_unstable();
    let stream = &mut Random::new(2).stream("cells", 0);
    let mut count = || {
        let draw = f64::from(stream.next_u32()) / f64::from(u32::MAX);
        if draw < 0.66 { 0.0 } else { (3.0 / (1.0 - draw).max(2e-5).sqrt()).floor() }
    };
    let weights = Weights::disk(&cells, 1);
    let mut text = String::new();
    for (item, cell) in cells.iter().enumerate() {
        let near: Vec<String> = weights.others(item).map(|(near, _)| near.to_string()).collect();
        writeln!(text, "{cell},{},{}", count(), near.join(" "))?;
    }
    std::fs::write(std::path::Path::new(folder).join("cells.csv"), text)?;
    Ok(cells.len())
}
