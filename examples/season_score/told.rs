//! What the program says of a season: read from its output folder, or worked out here.

use std::path::Path;

use paaltje::collection::{Collection, Evidence, examine};
use paaltje::error::Result;
use paaltje::geocode::Geocoder;
use paaltje::import::{self, Inputs};
use paaltje::link;
use paaltje::model::some;
use paaltje::network::Network;
use paaltje::progress::Silent;
use paaltje::project::Project;

use crate::truth::{Key, Row, rows};
use crate::worse::Worse;

/// What became of a planned visit, as told.
pub(crate) struct ToldVisit {
    pub(crate) key: Key,
    pub(crate) outcome: String,
    pub(crate) confidence: f64,
    pub(crate) served_at: Option<i64>,
    pub(crate) evidence: String,
}

impl ToldVisit {
    pub(crate) fn is_missed(&self) -> bool {
        matches!(self.outcome.as_str(), "skipped" | "passed")
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.outcome == "unknown"
    }

    /// Probability that it was not made, as told; `None` where it is unknown.
    pub(crate) fn missed(&self) -> Option<f64> {
        let missed = if self.is_missed() { self.confidence } else { 1.0 - self.confidence };
        (!self.is_unknown()).then_some(missed)
    }
}

/// Why a report came in, as told.
pub(crate) struct ToldReport {
    pub(crate) report: String,
    pub(crate) stop: String,
    pub(crate) diagnosis: String,
    pub(crate) confidence: f64,
    /// Whether it says that another stop may be meant.
    pub(crate) is_ambiguous: bool,
}

/// Everything that is scored.
pub(crate) struct Told {
    pub(crate) visits: Vec<ToldVisit>,
    pub(crate) reports: Vec<ToldReport>,
    /// Probability that each stop overflows; `None` with too few data.
    pub(crate) overflow: Vec<(String, Option<f64>)>,
}

/// With these words a diagnosis says that another stop may be meant.
const AMBIGUOUS: &str = "which of the stops nearby is meant";

impl Told {
    /// From the tables of an output folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let layers = folder.join("layers");
        let instant = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        let visit = |row: Row| ToldVisit {
            key: (row["route_id"].clone(), row["stop_id"].clone(), row["service_date"].clone()),
            outcome: row["outcome"].clone(),
            confidence: row["confidence"].parse().unwrap_or(0.0),
            served_at: instant(&row["served_at"]),
            evidence: row["evidence"].clone(),
        };
        let report = |row: Row| ToldReport {
            report: row["report_id"].clone(),
            stop: row["stop_id"].clone(),
            diagnosis: row["diagnosis"].clone(),
            confidence: row["confidence"].parse().unwrap_or(0.0),
            is_ambiguous: row["evidence"].contains(AMBIGUOUS),
        };
        Self {
            visits: rows(&layers.join("visits.csv")).into_iter().map(visit).collect(),
            reports: rows(&layers.join("diagnoses.csv")).into_iter().map(report).collect(),
            overflow: rows(&layers.join("stops.csv"))
                .into_iter()
                .map(|row| (row["stop_id"].clone(), row["p_overflow"].parse().ok()))
                .collect(),
        }
    }

    /// From what was worked out.
    pub(crate) fn of(inputs: &Inputs, collection: &Collection) -> Self {
        let route = |index: u32| some(index).map_or("", |index| &inputs.rounds.routes[index].id).to_owned();
        let stop = |index: u32| some(index).map_or("", |index| &inputs.rounds.stops[index].id).to_owned();
        let visits = collection.visits.iter().map(|visit| ToldVisit {
            key: (route(visit.route), stop(visit.stop), visit.day.to_string()),
            outcome: visit.outcome.name().to_owned(),
            confidence: f64::from(visit.confidence),
            served_at: visit.outcome.is_emptied().then_some(visit.served_at),
            evidence: visit.evidence.clone(),
        });
        let reports = collection.diagnoses.iter().map(|diagnosis| ToldReport {
            report: inputs.reports.id.get(diagnosis.report as usize).to_owned(),
            stop: stop(diagnosis.stop),
            diagnosis: diagnosis.reason.name().to_owned(),
            confidence: f64::from(diagnosis.confidence),
            is_ambiguous: diagnosis.evidence.contains(AMBIGUOUS),
        });
        let known = |p: f64| (!p.is_nan()).then_some(p);
        let stops = inputs.rounds.stops.iter().zip(&collection.stops);
        Self {
            visits: visits.collect(),
            reports: reports.collect(),
            overflow: stops.map(|(stop, finding)| (stop.id.clone(), known(finding.p_overflow))).collect(),
        }
    }
}

/// Reads a project, makes its tracks worse, and works out visits and reasons.
pub(crate) fn worked_out(path: &Path, worse: &Worse) -> Result<Told> {
    let project = Project::load(path)?;
    let settings = &project.settings;
    let mut inputs = import::inputs(&settings.sources, &project.reading(), &Silent)?;
    worse.change(&mut inputs.tracks);
    let network = Network::build(&inputs.streets, &settings.network);
    let geocoder = Geocoder::build(&inputs.addresses, &inputs.streets, &settings.geocode);
    let geocoder = geocoder.with_assets(&inputs.assets);
    let located = geocoder.locate(&inputs.reports, &mut inputs.issues, &Silent);
    let Inputs { reports, assets, areas, rounds, tracks, services, .. } = &inputs;
    let linked = link::reports(reports, &located, assets, areas, rounds, &settings.link);
    let evidence = Evidence {
        rounds,
        tracks,
        services,
        reports,
        located: &located,
        linked: &linked,
        network: &network,
        clock: &project.clock,
    };
    let before_s = cpu_s();
    let collection = examine(&evidence, &settings.collection, &Silent);
    println!("visits and reasons: {:.1} CPU-s", cpu_s() - before_s);
    Ok(Told::of(&inputs, &collection))
}

/// Processor seconds of this process so far, in hundredths; 0 where the system does not say.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold blanks: utime and stime are the 12th and 13th fields.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
