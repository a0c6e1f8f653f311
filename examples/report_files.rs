//! What becomes of every row of the files that projects name, as a table in Markdown.
//!
//! ```text
//! cargo run --release --example report_files > tests/reports/report_files.md
//! ```
//! Projects whose files are not there are listed as such.

#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::path::{Path, PathBuf};

use paaltje::error::Result;
use paaltje::import::reports;
use paaltje::issue::{Effect, Issues, SourceCount};
use paaltje::model::report::Reports;
use paaltje::place::{Crs, Plane};
use paaltje::progress::Silent;
use paaltje::project::Project;
use paaltje::unit::LonLat;

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects");
    println!("# Report files and what becomes of their rows\n");
    println!(
        "Made by `cargo run --release --example report_files`. Left out: not used at all; altered: used, with something"
    );
    println!(
        "changed or emptied, or told about the file as a whole. A file that is read has the sum read = used + left out.\n"
    );
    println!(
        "| project | file | format | read | used | left out | why left out | altered or noted | with a coordinate |"
    );
    println!("|---|---|---|---:|---:|---:|---|---|---:|");
    for path in projects(&folder) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let project = Project::load(&path)?;
        match read(&project) {
            Ok(read) => read.tell(&name),
            Err(cause) => println!("| {name} | not read: {cause} | | | | | | | |"),
        }
    }
    Ok(())
}

/// The project files of a folder, in the order of their names.
fn projects(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    paths.sort();
    paths
}

/// The reports of a project, with what was wrong with them.
struct Read {
    reports: Reports,
    issues: Issues,
    counts: Vec<SourceCount>,
}

fn read(project: &Project) -> Result<Read> {
    let settings = project.reading();
    let gathered = reports::gather(&project.settings.sources.reports, &settings, &Silent)?;
    let home = gathered.home(&project.clock);
    let plane = match settings.crs {
        Some(code) => Plane::new(Crs::parse(code)?)?,
        None => Plane::utm(home.unwrap_or(LonLat::new(0.0, 0.0))),
    };
    let (mut issues, mut counts) = (Issues::new(), Vec::new());
    let reports = gathered.settle(&settings, &plane, None, &mut issues, &mut counts);
    Ok(Read { reports, issues, counts })
}

impl Read {
    fn tell(&self, project: &str) {
        for (index, count) in self.counts.iter().enumerate() {
            assert_eq!(count.read, count.used + count.left_out, "{count:?}");
            let placed = (0..self.reports.len())
                .filter(|&row| usize::from(self.reports.source[row]) == index)
                .filter(|&row| self.reports.given[row].is_somewhere());
            let file = count.file.rsplit("shared/data/").next().unwrap_or(&count.file);
            println!(
                "| {project} | `{file}` | {} | {} | {} | {} | {} | {} | {} |",
                count.format,
                count.read,
                count.used,
                count.left_out,
                self.why(count, |effect| effect == Effect::LeftOut),
                self.why(count, |effect| effect != Effect::LeftOut),
                placed.count()
            );
        }
    }

    /// The codes of a file with their counts, as in `R006 repeated 22`.
    fn why(&self, count: &SourceCount, is_wanted: fn(Effect) -> bool) -> String {
        let of_file = self.issues.list().iter().filter(|issue| *issue.file == *count.file);
        let mut codes: Vec<_> =
            of_file.map(|issue| issue.code).filter(|code| is_wanted(code.effect())).collect();
        codes.sort_unstable();
        let parts: Vec<String> = codes
            .chunk_by(|a, b| a == b)
            .map(|same| format!("{} {}: {}", same[0].code(), same[0].message(), same.len()))
            .collect();
        parts.join("; ")
    }
}
