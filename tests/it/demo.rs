//! The demo from end to end: every output has content, counts add up, and the same input gives the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::{demo_in, files, paaltje, root, run, summary, words};

/// The output of one run of the demo, made once for all tests.
fn demo() -> &'static Path {
    static OUT: OnceLock<tempfile::TempDir> = OnceLock::new();
    OUT.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let output =
            run(&root().join("data/helsinki/paaltje.toml"), &home.path().join("out"), &["--threads", "2"]);
        assert!(output.status.success(), "{}", words(&output));
        home
    })
    .path()
}

fn out() -> std::path::PathBuf {
    demo().join("out")
}

fn rows(layer: &str) -> Vec<BTreeMap<String, String>> {
    let path = out().join("layers").join(format!("{layer}.csv"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

const LAYERS: &[&str] = &[
    "reports",
    "incidents",
    "assets",
    "hotspot_cells",
    "hotspots",
    "visits",
    "diagnoses",
    "stops",
    "routes",
    "tours",
    "proposals",
];

#[test]
fn every_output_of_the_demo_has_content() {
    let out = out();
    for file in ["findings.gpkg", "report.html", "worklist.csv", "issues.csv", "summary.json"] {
        assert!(fs::metadata(out.join(file)).unwrap().len() > 100, "{file}");
    }
    for layer in LAYERS {
        assert!(!rows(layer).is_empty(), "{layer}.csv has rows");
        let text = fs::read_to_string(out.join("layers").join(format!("{layer}.geojson"))).unwrap();
        let collection: geojson::FeatureCollection = text.parse().unwrap();
        assert_eq!(collection.features.len(), rows(layer).len(), "{layer}: GeoJSON and CSV agree");
    }
    for stem in ["density", "hotspots"] {
        for ending in ["svg", "png"] {
            assert!(out.join("maps").join(format!("{stem}.{ending}")).exists(), "{stem}.{ending}");
        }
    }
}

#[test]
fn counts_add_up() {
    let summary = summary(&out());
    let number = |path: &str| summary.pointer(path).unwrap_or_else(|| panic!("{path}")).as_u64().unwrap();
    for source in summary["sources"].as_array().unwrap() {
        let of = |key: &str| source[key].as_u64().unwrap();
        assert_eq!(of("read"), of("used") + of("left_out"), "{source}");
    }
    assert_eq!(number("/reports/used"), number("/reports/placed") + number("/reports/unplaced"));
    assert_eq!(number("/reports/used"), rows("reports").len() as u64);
    assert_eq!(number("/incidents/n"), rows("incidents").len() as u64);
    assert_eq!(number("/incidents/reports"), number("/reports/used"));
    assert_eq!(number("/collection/waste_reports"), rows("diagnoses").len() as u64);
    assert_eq!(number("/proposals/n"), rows("proposals").len() as u64);
    assert_eq!(number("/collection/planned_visits"), rows("visits").len() as u64);
    let diagnoses: u64 =
        summary["collection"]["diagnoses"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(diagnoses, number("/collection/waste_reports"));
}

#[test]
fn every_record_left_out_has_its_row_in_issues() {
    let summary = summary(&out());
    let mut reader = csv::Reader::from_path(out().join("issues.csv")).unwrap();
    let issues: Vec<BTreeMap<String, String>> = reader.deserialize().map(|row| row.unwrap()).collect();
    for source in summary["sources"].as_array().unwrap() {
        let left_out = issues.iter().filter(|issue| {
            issue["effect"] == "left_out" && issue["file"] == source["file"].as_str().unwrap()
        });
        if source["what"] == "reports" {
            assert_eq!(left_out.count() as u64, source["left_out"].as_u64().unwrap(), "{source}");
        }
    }
}

#[test]
fn references_between_layers_hold() {
    let ids = |layer: &str, column: &str| -> std::collections::BTreeSet<String> {
        rows(layer).into_iter().map(|row| row[column].clone()).filter(|id| !id.is_empty()).collect()
    };
    assert!(ids("reports", "incident_id").is_subset(&ids("incidents", "incident_id")));
    assert!(ids("reports", "stop_id").is_subset(&ids("stops", "stop_id")));
    assert!(ids("diagnoses", "report_id").is_subset(&ids("reports", "report_id")));
    assert!(ids("diagnoses", "stop_id").is_subset(&ids("stops", "stop_id")));
    assert!(ids("visits", "route_id").is_subset(&ids("routes", "route_id")));
    assert!(ids("proposals", "route_id").is_subset(&ids("routes", "route_id")));
}

#[test]
fn the_demo_is_verified_as_its_truth_says_and_nobody_is_accused_where_no_track_is() {
    let packed = fs::File::open(root().join("data/helsinki/season/truth_visits.csv.gz")).unwrap();
    let mut truth = csv::Reader::from_reader(flate2::read::GzDecoder::new(packed));
    let truth: Vec<BTreeMap<String, String>> = truth.deserialize().map(|row| row.unwrap()).collect();
    let key = |row: &BTreeMap<String, String>| {
        (row["route_id"].clone(), row["stop_id"].clone(), row["service_date"].clone())
    };
    let found: BTreeMap<_, String> =
        rows("visits").iter().map(|row| (key(row), row["outcome"].clone())).collect();
    let (mut right, mut wrong, mut overlooked) = (0.0, 0.0, 0.0);
    for visit in &truth {
        let outcome = &found[&key(visit)];
        if visit["track_recorded"] == "0" {
            assert!(outcome != "skipped", "{:?} lies where no track is", key(visit));
            continue;
        }
        let is_called = outcome == "skipped" || outcome == "passed";
        match (is_called, visit["outcome"] == "skipped") {
            (true, true) => right += 1.0,
            (true, false) => wrong += 1.0,
            (false, true) => overlooked += 1.0,
            (false, false) => {}
        }
    }
    let f1 = 2.0 * right / (2.0 * right + wrong + overlooked);
    assert!(f1 >= 0.9, "skip F1 {f1:.3}");
}

/// All files but the part of the summary that holds times and memory.
fn comparable(out: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = files(out);
    for (path, bytes) in &mut found {
        if path.ends_with("summary.json") {
            let mut tree: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            tree.as_object_mut().unwrap().remove("run");
            *bytes = serde_json::to_vec(&tree).unwrap();
        }
    }
    found
}

fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (comparable(a), comparable(b));
    let names =
        |files: &[(std::path::PathBuf, Vec<u8>)]| files.iter().map(|file| file.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for (one, other) in a.iter().zip(&b) {
        assert!(one.1 == other.1, "{} differs", one.0.display());
    }
}

#[test]
fn two_runs_with_one_and_two_threads_write_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let other = home.path().join("out");
    let output = run(&root().join("data/helsinki/paaltje.toml"), &other, &["--threads", "1"]);
    assert!(output.status.success(), "{}", words(&output));
    assert_same(&out(), &other);
}

#[test]
fn shuffled_rows_give_the_same_findings() {
    let home = tempfile::tempdir().unwrap();
    let project = demo_in(&home.path().join("demo"));
    let reports = project.with_file_name("season").join("reports.csv");
    let text = fs::read_to_string(&reports).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    // Backwards is as far from the usual order as a shuffle, and needs no dice.
    lines[1..].reverse();
    fs::write(&reports, lines.join("\n") + "\n").unwrap();
    let other = home.path().join("out");
    let output = run(&project, &other, &[]);
    assert!(output.status.success(), "{}", words(&output));
    // Row numbers are those of the file and move with it; everything else stays.
    for layer in LAYERS.iter().filter(|&&layer| layer != "reports") {
        for ending in ["csv", "geojson"] {
            let file = Path::new("layers").join(format!("{layer}.{ending}"));
            assert!(
                fs::read(out().join(&file)).unwrap() == fs::read(other.join(&file)).unwrap(),
                "{}",
                file.display()
            );
        }
    }
    for (path, bytes) in files(&out().join("maps")) {
        assert!(bytes == fs::read(other.join("maps").join(&path)).unwrap(), "{}", path.display());
    }
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_former_output_whole() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("out");
    let project = root().join("data/helsinki/paaltje.toml");
    assert!(run(&project, &target, &[]).status.success());
    let whole = comparable(&target);
    for wait_ms in [5, 50, 200, 500, 900, 1400, 2000, 3000, 4500] {
        let mut child = paaltje()
            .arg("run")
            .arg(&project)
            .arg("--out")
            .arg(&target)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        let _ended = child.kill();
        child.wait().unwrap();
        assert!(comparable(&target) == whole, "killed after {wait_ms} ms");
    }
}

#[test]
fn the_maps_in_the_repository_are_those_of_the_demo() {
    for (path, bytes) in files(&root().join("maps")) {
        if path.extension().is_some_and(|ending| ending == "svg") {
            let made = fs::read(out().join("maps").join(&path)).unwrap_or_default();
            assert!(
                made == bytes,
                "maps/{} is not what the demo draws now; copy it from the output",
                path.display()
            );
        }
    }
}
