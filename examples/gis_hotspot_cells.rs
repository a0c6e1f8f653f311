//! A GIS analyst asks: which cells are hot, as GeoJSON that opens anywhere?
//!
//!     cargo run --release --example gis_hotspot_cells > hot_cells.geojson
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::error::Error;
use std::path::Path;

use geojson::{Feature, FeatureCollection, Geometry, GeometryValue, JsonObject, Position};
use paaltje::pipeline;
use paaltje::progress::Silent;
use paaltje::project::Project;
use paaltje::unit::Local;

fn main() -> Result<(), Box<dyn Error>> {
    let project = Project::load(Path::new("data/helsinki/paaltje.toml"))?;
    let findings = pipeline::run(&project, &Silent)?;

    let mut features = Vec::new();
    for cell in findings.hotspots.cells.iter().filter(|cell| cell.class.starts_with("hot")) {
        let Some(outline) = findings.plane.outline(cell.cell) else { continue };
        let corner = |&at: &geo::Coord<f64>| {
            let at = findings.plane.lon_lat(Local::from(at));
            Position::from([at.lon, at.lat])
        };
        let ring = outline.exterior().coords().map(corner).collect();
        let mut properties = JsonObject::new();
        properties.insert("h3".to_owned(), cell.cell.to_string().into());
        properties.insert("kind".to_owned(), cell.kind.name().into());
        properties.insert("n".to_owned(), cell.n.into());
        properties.insert("expected".to_owned(), cell.expected.into());
        properties.insert("z".to_owned(), cell.z.into());
        properties.insert("q_value".to_owned(), cell.q_value.into());
        properties.insert("class".to_owned(), cell.class.into());
        features.push(Feature {
            geometry: Some(Geometry::new(GeometryValue::Polygon { coordinates: vec![ring] })),
            properties: Some(properties),
            ..Feature::default()
        });
    }
    println!("{}", FeatureCollection { bbox: None, features, foreign_members: None });
    Ok(())
}
