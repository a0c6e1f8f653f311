//! The spine: from a project to its findings, one named stage after the other. Writes nothing.

use geo::Contains;

use crate::adjust::{self, Situation};
use crate::collection::{self, Evidence};
use crate::dedupe;
use crate::error::Result;
use crate::findings::{Findings, Provenance};
use crate::geocode::Geocoder;
use crate::hotspots::{self, Hotspots, Scene};
use crate::import::{self, Inputs};
use crate::index::ReportIndex;
use crate::link;
use crate::model::area::Area;
use crate::model::kind::Language;
use crate::model::round::Rounds;
use crate::network::Network;
use crate::period::Period;
use crate::place::Plane;
use crate::progress::{Progress, Timed};
use crate::project::Project;
use crate::random::Random;
use crate::unit::{Local, LonLat};

/// Runs `project` from its files to its findings.
///
/// # Errors
/// When a source cannot be read as a whole, or holds nothing to analyse.
pub fn run(project: &Project, progress: &dyn Progress) -> Result<Findings> {
    let (settings, clock, progress) = (&project.settings, &project.clock, &Timed::new(progress));
    let mut inputs = import::inputs(&settings.sources, &project.reading(), progress)?;
    let period = period(project, &inputs);
    progress.begin("build streets", 0);
    let network = Network::build(&inputs.streets, &settings.network);
    let geocoder =
        Geocoder::build(&inputs.addresses, &inputs.streets, &settings.geocode).with_assets(&inputs.assets);
    let located = geocoder.locate(&inputs.reports, &mut inputs.issues, progress);
    progress.begin("link reports", 0);
    name_stops(&mut inputs.rounds, |at| geocoder.label(at, settings.language));
    let Inputs { reports, assets, areas, rounds, tracks, services, plane, streets, .. } = &inputs;
    let linked = link::reports(reports, &located, assets, areas, rounds, &settings.link);
    progress.begin("join incidents", 0);
    let incidents = dedupe::incidents(reports, &located, &linked, &settings.dedupe);
    let index = ReportIndex::build(&incidents, plane, streets, areas).with_assets(assets);
    let scene = Scene { plane, clock, period, areas, streets, rounds };
    let random = Random::new(settings.seed);
    let found = hotspots::find(&index, &incidents, assets, &scene, &settings.hotspots, &random, progress);
    let mut hotspots = labelled(found, &geocoder, areas, plane, settings.language);
    hotspots::words::describe(&mut hotspots, reports, &incidents, settings.hotspots.places.words);
    let evidence = Evidence {
        rounds,
        tracks,
        services,
        reports,
        located: &located,
        linked: &linked,
        network: &network,
        clock,
    };
    let collection = collection::examine(&evidence, &settings.collection, progress);
    let situation = Situation {
        rounds,
        collection: &collection,
        hotspots: &hotspots,
        assets,
        reports,
        linked: &linked,
        incidents: &incidents,
        network: &network,
        clock,
        period,
    };
    let proposals = adjust::propose(&situation, &settings.adjust, progress);
    let plan = adjust::plan(&situation, &settings.adjust);
    inputs.issues.sort();
    Ok(Findings {
        title: project.title.clone(),
        is_synthetic: inputs.is_synthetic,
        attribution: inputs.attribution,
        language: settings.language,
        clock: clock.clone(),
        plane: inputs.plane,
        period,
        streets: inputs.streets,
        network,
        areas: inputs.areas,
        assets: inputs.assets,
        rounds: inputs.rounds,
        tracks: inputs.tracks,
        reports: inputs.reports,
        located,
        linked,
        incidents,
        hotspots,
        collection,
        proposals,
        plan,
        issues: inputs.issues,
        provenance: Provenance {
            version: env!("CARGO_PKG_VERSION"),
            seed: settings.seed,
            sources: inputs.counts,
            digests: inputs.digests,
            stage_seconds: progress.seconds(),
        },
    })
}

/// The project's period, or the days that the reports span.
fn period(project: &Project, inputs: &Inputs) -> Period {
    let opened = || inputs.reports.opened.iter().map(|&instant| project.clock.day(instant));
    project.period.unwrap_or_else(|| Period {
        from: opened().min().expect("inputs hold a report"),
        to: opened().max().expect("inputs hold a report"),
    })
}

/// Names the place of stops that their feed calls by their id alone: crews know streets.
fn name_stops(rounds: &mut Rounds, label: impl Fn(Local) -> String) {
    for stop in &mut rounds.stops {
        let name = stop.name.trim();
        if name.is_empty() || name == stop.id || stop.asset_id.as_deref() == Some(name) {
            let label = label(stop.at);
            if !label.is_empty() {
                stop.name = format!("{label} ({})", stop.id);
            }
        }
    }
}

/// The same with each place named after its address or crossing; where there is neither, after the area that holds it
/// and its coordinates.
fn labelled(
    mut hotspots: Hotspots,
    geocoder: &Geocoder<'_>,
    areas: &[Area],
    plane: &Plane,
    language: Language,
) -> Hotspots {
    for hotspot in &mut hotspots.hotspots {
        let label = geocoder.label(hotspot.at, language);
        hotspot.label = if label.is_empty() { area_and_degrees(hotspot.at, areas, plane) } else { label };
    }
    hotspots
}

fn area_and_degrees(at: Local, areas: &[Area], plane: &Plane) -> String {
    let LonLat { lon, lat } = plane.lon_lat(at);
    let holds = |area: &&Area| area.shape.contains(&geo::Point::from(at));
    match areas.iter().find(holds) {
        Some(area) => format!("{} ({lat:.4}, {lon:.4})", area.name),
        None => format!("{lat:.4}, {lon:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::round::Stop;

    #[test]
    fn stops_called_by_their_id_alone_are_named_after_their_place_and_others_keep_their_name() {
        let stop = |id: &str, name: &str, x: f64| Stop {
            id: id.to_owned(),
            name: name.to_owned(),
            at: Local::new(x, 0.0),
            capacity_l: None,
            service_s: None,
            asset_id: Some(format!("node/{id}")),
        };
        let stops =
            vec![stop("1", "", 0.0), stop("2", "node/2", 0.0), stop("3", "Market", 0.0), stop("4", "4", 9e9)];
        let mut rounds = Rounds { stops, ..Rounds::default() };
        name_stops(&mut rounds, |at| if at.x < 1.0 { "High Street".to_owned() } else { String::new() });
        let names: Vec<&str> = rounds.stops.iter().map(|stop| stop.name.as_str()).collect();
        assert_eq!(names, ["High Street (1)", "High Street (2)", "Market", "4"]);
    }
}
