//! `paaltje run`: the main job.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::args::Args;
use super::{LEFT_OUT, bar, out, say};
use crate::error::Result;
use crate::export;
use crate::findings::Findings;
use crate::issue::SourceCount;
use crate::pipeline;
use crate::project::Project;

pub(super) fn run(args: &Args, path: &Path, dir: Option<&Path>, strict: Option<f64>) -> Result<ExitCode> {
    let project = Project::load(path)?;
    let dir = dir.map_or_else(|| project.output_dir(), Path::to_owned);
    let progress = bar::suitable(args.quiet);
    let findings = pipeline::run(&project, &*progress)?;
    let summary = export::all(&findings, &project.settings.output, &dir, &*progress)?;
    drop(progress);
    if args.json {
        out(&summary);
    }
    if !args.quiet {
        say(&in_words(&findings));
        say(&format!("written to {}: open report.html first, then maps/ and findings.gpkg", dir.display()));
    }
    Ok(code(&findings.provenance.sources, strict))
}

/// 1 if any source left out more than `strict` allows.
pub(super) fn code(sources: &[SourceCount], strict: Option<f64>) -> ExitCode {
    let too_many = |source: &SourceCount| {
        strict.is_some_and(|share| source.read > 0 && source.left_out as f64 > share * source.read as f64)
    };
    if sources.iter().any(too_many) { ExitCode::from(LEFT_OUT) } else { ExitCode::SUCCESS }
}

/// What was found, in a few lines.
fn in_words(findings: &Findings) -> String {
    let mut text = format!("{} ({})\n", findings.title, findings.period);
    let placed = findings.located.at.iter().filter(|at| at.is_somewhere()).count();
    let total = findings.reports.len();
    let _ = writeln!(text, "  {total} reports, {placed} placed, {} incidents", findings.incidents.len());
    let _ = writeln!(
        text,
        "  {} places stand out ({} hotspots); {} planned visits verified; {} waste reports explained; {} proposals",
        findings.hotspots.places.len(),
        findings.hotspots.hotspots.len(),
        findings.collection.visits.len(),
        findings.collection.diagnoses.len(),
        findings.proposals.len()
    );
    for proposal in findings.proposals.iter().filter(|proposal| proposal.is_feasible).take(3) {
        let _ = writeln!(text, "  {}: {}", proposal.id, proposal.rationale);
    }
    let left_out: u64 = findings.provenance.sources.iter().map(|source| source.left_out).sum();
    let _ =
        write!(text, "  {left_out} records left out, {} issues in issues.csv", findings.issues.list().len());
    text
}
