//! The project files of real cities: every row of their reports is used or left out with its reason.
//!
//! Files are cut to their first 200 kB, so that this is quick, and a file that breaks off is tried along with
//! it; the whole of them is `examples/report_files.rs`, whose table is `tests/reports/report_files.md`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use paaltje::import::{open, reports};
use paaltje::issue::{Effect, Issues};
use paaltje::place::{Crs, Plane};
use paaltje::progress::Silent;
use paaltje::project::Project;

use crate::support::{paaltje, root, words};

const CUT: u64 = 200_000;

/// The project files, in the order of their names.
fn projects() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/projects")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().unwrap() == "toml").collect();
    paths.sort();
    paths
}

/// Copies the files that `pattern` names into `folder`, delimited text cut, and gives the pattern for the copies.
fn cut(base: &Path, pattern: &str, folder: &Path, source: usize) -> Option<String> {
    let files = open::files(base, pattern).ok()?;
    let inside = folder.join(source.to_string());
    fs::create_dir(&inside).unwrap();
    for file in &files {
        let name = Path::new(&*file.name).file_name().unwrap().to_string_lossy().into_owned();
        let limit = if name.contains(".csv") { CUT } else { u64::MAX };
        let mut bytes = Vec::new();
        file.reader().unwrap().take(limit).read_to_end(&mut bytes).unwrap();
        fs::write(inside.join(name.trim_end_matches(".gz")), bytes).unwrap();
    }
    Some(format!("{source}/*"))
}

#[test]
fn every_project_of_a_real_city_accounts_for_every_row() {
    for path in projects() {
        let mut project = Project::load(&path).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let copies: Option<Vec<String>> = project
            .settings
            .sources
            .reports
            .iter()
            .enumerate()
            .map(|(index, source)| cut(&project.base, &source.path, folder.path(), index))
            .collect();
        let Some(copies) = copies else {
            println!("skipped: the files of {} are not there", path.display());
            continue;
        };
        for (source, copy) in project.settings.sources.reports.iter_mut().zip(copies) {
            source.path = copy;
        }
        project.base = folder.path().to_owned();
        let settings = project.reading();
        let gathered = reports::gather(&project.settings.sources.reports, &settings, &Silent).unwrap();
        let plane = match settings.crs {
            Some(code) => Plane::new(Crs::parse(code).unwrap()).unwrap(),
            None => Plane::utm(gathered.home(&project.clock).unwrap()),
        };
        let (mut issues, mut counts) = (Issues::new(), Vec::new());
        let reports = gathered.settle(&settings, &plane, None, &mut issues, &mut counts);
        assert_eq!(
            counts.iter().map(|count| count.used).sum::<u64>(),
            reports.len() as u64,
            "{}",
            path.display()
        );
        for count in counts {
            assert_eq!(count.read, count.used + count.left_out, "{count:?}");
            let left_out = issues
                .list()
                .iter()
                .filter(|issue| *issue.file == *count.file && issue.code.effect() == Effect::LeftOut);
            assert_eq!(left_out.count() as u64, count.left_out, "{count:?}");
        }
        assert!(!reports.is_empty(), "{}", path.display());
    }
}

/// `paaltje init` and `paaltje check` on a file; what they said.
fn init_and_check(file: &Path) -> serde_json::Value {
    let home = tempfile::tempdir().unwrap();
    let output = paaltje().arg("init").arg(home.path()).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let project = home.path().join("paaltje.toml");
    let output = paaltje().args(["check", "--json", "-q"]).arg(&project).output().unwrap();
    let text = fs::read_to_string(&project).unwrap();
    assert!(output.status.success(), "{}\n{text}", words(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn init_recognises_every_sort_of_source_of_the_demo() {
    let (home, demo) = (tempfile::tempdir().unwrap(), root().join("data/helsinki"));
    let weighings = home.path().join("weighings.csv");
    fs::write(&weighings, "stop_id,weighed_at,kg\ns1,2025-01-07 09:15:00,21.5\n").unwrap();
    let register = home.path().join("addresses.csv");
    fs::write(&register, "street,number,lon,lat\nMikonkatu,6,24.9458,60.1697\n").unwrap();
    let mut init = paaltje();
    init.arg("init").arg(home.path());
    for name in [
        "helsinki-centre.osm.pbf",
        "season/reports.csv",
        "season/bins.geojson",
        "season/gtfs",
        "season/fixes.csv.gz",
    ] {
        init.arg(demo.join(name));
    }
    let output = init.args([weighings, register]).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let project = home.path().join("paaltje.toml");
    let text = fs::read_to_string(&project).unwrap();
    let project: toml::Value = toml::from_str(&text).unwrap();
    let sources = project["sources"].as_table().unwrap();
    let count = |name: &str| sources[name].as_array().unwrap().len();
    for (name, expected) in [("reports", 1), ("rounds", 1), ("tracks", 1), ("services", 1), ("register", 2)] {
        assert_eq!(count(name), expected, "{name}\n{text}");
    }
    let output = paaltje().args(["check", "-q"]).arg(home.path().join("paaltje.toml")).output().unwrap();
    assert!(output.status.success(), "{}\n{text}", words(&output));
}

#[test]
fn init_writes_projects_of_real_files_that_check_reads_unedited() {
    let data = root().join("../shared/data");
    for name in [
        "open311/chicago_open311_requests.json",
        "open311/status_requests_many.xml",
        "open311/status_san_francisco_requests.xml",
        "nyc/nyc311_2022-05-01_2h.csv.gz",
        "konstanz/maengelmelder_2022-2026_scrape.csv.gz",
    ] {
        if !data.join(name).exists() {
            println!("skipped: {name} is not there");
            continue;
        }
        let told = init_and_check(&data.join(name));
        let source = &told["sources"][0];
        let number = |key: &str| source[key].as_u64().unwrap();
        assert!(number("used") > 0 && number("read") == number("used") + number("left_out"), "{told}");
    }
}
