//! `summary.json`: counts that add up, what the run rests on, and how long it took.
//!
//! `run` holds what differs from run to run (times, memory, threads); all the rest is the same bytes for the same
//! input.

mod plan;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::collection::Reason;
use crate::draw::Map;
use crate::export::layer::Layer;
use crate::findings::Findings;
use crate::issue::{Code, SourceCount};
use crate::model::location::Placed;

/// The summary of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    title: String,
    is_synthetic: bool,
    version: &'static str,
    seed: u64,
    crs: String,
    timezone: String,
    period: [String; 2],
    sources: Vec<SourceCount>,
    reports: Reports,
    incidents: Incidents,
    collection: Collection,
    proposals: Proposals,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<plan::Plan>,
    hotspots: BTreeMap<&'static str, usize>,
    /// Rows per layer.
    layers: BTreeMap<&'static str, usize>,
    maps: Vec<String>,
    /// Records per issue code.
    issues: BTreeMap<&'static str, usize>,
    /// Categories that [kinds] says nothing about, each with its count, as in `Lost dog: 12`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories_without_kind: Vec<String>,
    notes: Vec<String>,
    digests: BTreeMap<String, String>,
    run: Run,
}

/// `used = placed + unplaced = the reports of all incidents`.
#[derive(Debug, Clone, Serialize)]
struct Reports {
    read: u64,
    left_out: u64,
    used: usize,
    placed: usize,
    unplaced: usize,
    by_placed: BTreeMap<&'static str, usize>,
    by_kind: BTreeMap<&'static str, usize>,
    linked_to_asset: usize,
    linked_to_area: usize,
    linked_to_stop: usize,
}

#[derive(Debug, Clone, Serialize)]
struct Incidents {
    n: usize,
    reports: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Collection {
    planned_visits: usize,
    visits_by_outcome: BTreeMap<&'static str, usize>,
    waste_reports: usize,
    diagnoses: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Clone, Serialize)]
struct Proposals {
    n: usize,
    feasible: usize,
    by_kind: BTreeMap<&'static str, usize>,
}

/// What differs from run to run.
#[derive(Debug, Clone, Serialize)]
struct Run {
    stage_seconds: Vec<(&'static str, f64)>,
    peak_memory_mb: Option<f64>,
    threads: usize,
}

/// Sums up `findings`; `export_seconds` are the stages of the export so far.
pub fn of(
    findings: &Findings,
    layers: &[Layer<'_>],
    maps: &[Map],
    export_seconds: &[(&'static str, f64)],
) -> Summary {
    let provenance = &findings.provenance;
    Summary {
        title: findings.title.clone(),
        is_synthetic: findings.is_synthetic,
        version: provenance.version,
        seed: provenance.seed,
        crs: format!("EPSG:{}", findings.plane.crs().epsg()),
        timezone: findings.clock.name().to_owned(),
        period: [findings.period.from.to_string(), findings.period.to.to_string()],
        sources: provenance.sources.clone(),
        reports: reports(findings),
        incidents: Incidents {
            n: findings.incidents.len(),
            reports: findings.incidents.n_reports.iter().map(|&n| u64::from(n)).sum(),
        },
        collection: collection(findings),
        proposals: Proposals {
            n: findings.proposals.len(),
            feasible: findings.proposals.iter().filter(|proposal| proposal.is_feasible).count(),
            by_kind: tally(findings.proposals.iter().map(|proposal| proposal.change.name())),
        },
        plan: plan::of(findings),
        hotspots: tally(findings.hotspots.hotspots.iter().map(|hotspot| hotspot.method)),
        layers: layers.iter().map(|layer| (layer.name, layer.len)).collect(),
        maps: maps.iter().map(|map| map.name.clone()).collect(),
        issues: findings.issues.tally().into_iter().map(|(code, n)| (code.code(), n)).collect(),
        categories_without_kind: findings.issues.values(Code::UnknownCategory).map(str::to_owned).collect(),
        notes: findings.hotspots.notes.clone(),
        digests: provenance.digests.iter().cloned().collect(),
        run: Run {
            stage_seconds: [&provenance.stage_seconds, export_seconds].concat(),
            peak_memory_mb: peak_memory_mb(),
            threads: rayon::current_num_threads(),
        },
    }
}

fn reports(findings: &Findings) -> Reports {
    let used = findings.reports.len();
    let placed = findings.located.at.iter().filter(|at| at.is_somewhere()).count();
    let sources = || findings.provenance.sources.iter().filter(|source| source.what == "reports");
    let linked = |column: &[u32]| column.iter().filter(|&&index| index != crate::model::NONE).count();
    Reports {
        read: sources().map(|source| source.read).sum(),
        left_out: sources().map(|source| source.left_out).sum(),
        used,
        placed,
        unplaced: findings.located.placed.iter().filter(|&&placed| placed == Placed::None).count(),
        by_placed: tally(findings.located.placed.iter().map(|placed| placed.name())),
        by_kind: tally(findings.reports.kind.iter().map(|kind| kind.name())),
        linked_to_asset: linked(&findings.linked.asset),
        linked_to_area: linked(&findings.linked.area),
        linked_to_stop: linked(&findings.linked.stop),
    }
}

fn collection(findings: &Findings) -> Collection {
    let collection = &findings.collection;
    let mut diagnoses: BTreeMap<_, _> = Reason::ALL.iter().map(|reason| (reason.name(), 0)).collect();
    diagnoses.extend(tally(collection.diagnoses.iter().map(|diagnosis| diagnosis.reason.name())));
    Collection {
        planned_visits: collection.visits.len(),
        visits_by_outcome: tally(collection.visits.iter().map(|visit| visit.outcome.name())),
        waste_reports: collection.diagnoses.len(),
        diagnoses,
    }
}

fn tally(names: impl Iterator<Item = &'static str>) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_insert(0) += 1);
    counts
}

/// The highest memory use of this process so far, where the system tells.
fn peak_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some((kilobytes / 1024.0).round())
}
