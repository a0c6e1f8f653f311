//! Everything a run found, and what it rests on. Maps and exports read this and nothing else.

use serde::Serialize;

use crate::adjust::{Plan, Proposal, Situation};
use crate::collection::Collection;
use crate::dedupe::Incidents;
use crate::geocode::Located;
use crate::hotspots::Hotspots;
use crate::issue::{Issues, SourceCount};
use crate::link::Linked;
use crate::model::area::Area;
use crate::model::asset::Asset;
use crate::model::kind::Language;
use crate::model::report::Reports;
use crate::model::round::Rounds;
use crate::model::street::Streets;
use crate::model::track::Track;
use crate::network::Network;
use crate::period::{Clock, Period};
use crate::place::Plane;

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Findings {
    /// What maps and pages are headed.
    pub title: String,
    /// Whether any input was made by a simulation; then every map and page says so.
    pub is_synthetic: bool,
    /// Attribution lines of the sources, for maps and pages.
    pub attribution: Vec<String>,
    /// The language of maps and pages.
    pub language: Language,
    /// The project's clock.
    pub clock: Clock,
    /// The working plane.
    pub plane: Plane,
    /// The days that the reports span (or the project's period).
    pub period: Period,
    /// The streets, for maps.
    pub streets: Streets,
    /// The streets as a graph, for lines along them.
    pub network: Network,
    /// The areas.
    pub areas: Vec<Area>,
    /// The assets.
    pub assets: Vec<Asset>,
    /// The planned rounds.
    pub rounds: Rounds,
    /// The driven rounds.
    pub tracks: Vec<Track>,
    /// The reports.
    pub reports: Reports,
    /// Where each report is.
    pub located: Located,
    /// What each report belongs to.
    pub linked: Linked,
    /// The incidents.
    pub incidents: Incidents,
    /// What stands out.
    pub hotspots: Hotspots,
    /// What the collection did, and why reports came in.
    pub collection: Collection,
    /// What to change.
    pub proposals: Vec<Proposal>,
    /// The best set of changes within the hours that there are, as rounds to drive.
    pub plan: Plan,
    /// What was wrong with single records.
    pub issues: Issues,
    /// What the run rests on.
    pub provenance: Provenance,
}

impl Findings {
    /// What proposals are made of and checked against.
    pub fn situation(&self) -> Situation<'_> {
        Situation {
            rounds: &self.rounds,
            collection: &self.collection,
            hotspots: &self.hotspots,
            assets: &self.assets,
            reports: &self.reports,
            linked: &self.linked,
            incidents: &self.incidents,
            network: &self.network,
            clock: &self.clock,
            period: self.period,
        }
    }
}

/// What a run rests on: versions, seeds, inputs, and how long it took.
#[derive(Debug, Clone, Serialize)]
pub struct Provenance {
    /// The version of the program.
    pub version: &'static str,
    /// The seed of all randomness.
    pub seed: u64,
    /// What became of the records of each source.
    pub sources: Vec<SourceCount>,
    /// SHA-256 of each input file, by its path in the project.
    pub digests: Vec<(String, String)>,
    /// Stage by stage: name and seconds. Differs from run to run and is written to `summary.json` only.
    pub stage_seconds: Vec<(&'static str, f64)>,
}
