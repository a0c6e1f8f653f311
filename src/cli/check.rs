//! `paaltje check`: opens every input and tells what is wrong with it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::args::Args;
use super::{bar, out};
use crate::error::Result;
use crate::import::{self, Inputs};
use crate::project::Project;

/// How many rows are shown for each code.
const SHOWN: usize = 3;

pub(super) fn check(args: &Args, path: &Path, strict: Option<f64>) -> Result<ExitCode> {
    let project = Project::load(path)?;
    let progress = bar::suitable(args.quiet);
    let mut inputs = import::inputs(&project.settings.sources, &project.reading(), &*progress)?;
    drop(progress);
    inputs.issues.sort();
    out(&if args.json { json(&inputs) } else { text(&inputs) });
    Ok(super::run::code(&inputs.counts, strict))
}

fn json(inputs: &Inputs) -> String {
    let issues: serde_json::Map<_, _> =
        inputs.issues.tally().into_iter().map(|(code, n)| (code.code().to_owned(), n.into())).collect();
    let value = serde_json::json!({ "sources": inputs.counts, "issues": issues });
    format!("{value:#}\n")
}

fn text(inputs: &Inputs) -> String {
    let mut text = String::new();
    for source in &inputs.counts {
        let _ = writeln!(
            text,
            "{}: {} as {}: {} read, {} used, {} left out",
            source.what, source.file, source.format, source.read, source.used, source.left_out
        );
        if !source.noticed.is_empty() {
            let _ = writeln!(text, "    {}", source.noticed);
        }
    }
    for (code, count) in inputs.issues.tally() {
        let _ = writeln!(text, "{} {:>8}  {}", code.code(), count, code.message());
        for issue in inputs.issues.list().iter().filter(|issue| issue.code == code).take(SHOWN) {
            let _ = writeln!(text, "    {} row {} {} `{}`", issue.file, issue.row, issue.column, issue.value);
        }
    }
    text
}
