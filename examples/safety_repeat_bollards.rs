//! A traffic-safety reviewer asks: which bollards are knocked over beyond chance, since when, and do people
//! call the same place unsafe?
//!
//!     cargo run --release --example safety_repeat_bollards
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::path::Path;

use paaltje::error::Result;
use paaltje::model::asset::AssetKind;
use paaltje::model::kind::{Family, Kind};
use paaltje::model::some;
use paaltje::pipeline;
use paaltje::progress::Silent;
use paaltje::project::Project;

/// Metres around a bollard in which a report of unsafe traffic counts as the same place.
const NEARBY_M: f64 = 60.0;

fn main() -> Result<()> {
    let project = Project::load(Path::new("data/helsinki/paaltje.toml"))?;
    let findings = pipeline::run(&project, &Silent)?;
    let (incidents, clock) = (&findings.incidents, &findings.clock);

    let is_bollard = |asset: u32| findings.assets[asset as usize].kind == AssetKind::Bollard;
    let bollards: Vec<_> = findings.hotspots.assets.iter().filter(|found| is_bollard(found.asset)).collect();
    let repeats = bollards.iter().filter(|found| found.is_repeat);
    println!("{}, {}", findings.title, findings.period);
    println!("{} of {} bollards come back beyond chance:\n", repeats.clone().count(), bollards.len());

    for found in repeats {
        let asset = &findings.assets[found.asset as usize];
        let place = findings.hotspots.hotspots.iter().find(|hotspot| hotspot.asset == found.asset);
        let label = place.map_or(asset.id.as_str(), |hotspot| &hotspot.label);
        println!(
            "{label} ({}): knocked over {} times, {:.1} expected, q = {:.4}",
            asset.id, found.n_incidents, found.expected, found.q_value
        );
        let mut days: Vec<String> = (0..incidents.len())
            .filter(|&incident| {
                some(incidents.asset[incident]) == Some(found.asset as usize)
                    && incidents.kind[incident] == Kind::Bollard
            })
            .map(|incident| clock.day(incidents.first_at[incident]).to_string())
            .collect();
        days.sort();
        println!("    {}", days.join(", "));
        let unsafe_nearby = (0..incidents.len())
            .filter(|&incident| incidents.kind[incident].family() == Family::Traffic)
            .filter(|&incident| incidents.at[incident].distance_m(asset.at) <= NEARBY_M)
            .count();
        println!("    {unsafe_nearby} reports of unsafe traffic within {NEARBY_M} m\n");
    }
    Ok(())
}
