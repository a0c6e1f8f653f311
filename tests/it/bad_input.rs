//! Bad input gets a clear error with cause and hint, exit code 2, and leaves the former output alone.

use std::fs;
use std::path::Path;

use crate::support::{demo_in, files, run, words};

/// Runs the demo after `spoil` has changed it; checks that it is refused with `expected` words.
fn refused(expected: &[&str], spoil: impl Fn(&Path)) {
    let home = tempfile::tempdir().unwrap();
    let project = demo_in(&home.path().join("demo"));
    let out = home.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("summary.json"), "{\"former\": true}").unwrap();
    let before = files(&out);
    spoil(project.parent().unwrap());
    let output = run(&project, &out, &[]);
    let words = words(&output);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.starts_with("error: ") && words.contains("\nhint: "), "{words}");
    for expected in expected {
        assert!(words.contains(expected), "`{expected}` is missing from:\n{words}");
    }
    assert!(!words.contains("panicked"), "{words}");
    assert_eq!(files(&out), before, "the former output is untouched");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "nothing is left beside the output");
}

fn edit(file: &Path, change: impl Fn(String) -> String) {
    fs::write(file, change(fs::read_to_string(file).unwrap())).unwrap();
}

#[test]
fn a_missing_report_file_is_named() {
    refused(&["reports.csv", "cannot read"], |dir| fs::remove_file(dir.join("season/reports.csv")).unwrap());
}

#[test]
fn a_wrong_column_is_named_with_those_that_exist() {
    refused(&["openened", "created_at"], |dir| {
        edit(&dir.join("paaltje.toml"), |text| {
            text.replace("opened = \"created_at\"", "opened = \"openened\"")
        });
    });
}

#[test]
fn an_unknown_key_is_shown_with_line_and_caret() {
    refused(&["unknown field `raduis_m`", "^^^^^^^^", "radius_m"], |dir| {
        edit(&dir.join("paaltje.toml"), |text| text.replacen("radius_m = ", "raduis_m = ", 1));
    });
}

#[test]
fn a_web_page_saved_as_csv_is_recognised() {
    refused(&["reports.csv", "web page"], |dir| {
        fs::write(dir.join("season/reports.csv"), "<!DOCTYPE html>\n<html><body>not found</body></html>")
            .unwrap();
    });
}

#[test]
fn an_empty_report_file_is_refused() {
    refused(&["reports.csv", "empty"], |dir| fs::write(dir.join("season/reports.csv"), "").unwrap());
}

#[test]
fn a_feed_without_a_calendar_is_refused() {
    refused(&["calendar"], |dir| {
        for name in ["calendar.txt", "calendar_dates.txt"] {
            let _absent = fs::remove_file(dir.join("season/gtfs").join(name));
        }
    });
}

#[test]
fn a_truncated_extract_is_refused() {
    refused(&[".osm.pbf"], |dir| {
        let file = dir.join("helsinki-centre.osm.pbf");
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    });
}

#[test]
fn a_folder_with_other_files_is_not_replaced() {
    let home = tempfile::tempdir().unwrap();
    let project = demo_in(&home.path().join("demo"));
    let out = home.path().join("thesis");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("chapter1.odt"), "years of work").unwrap();
    let output = run(&project, &out, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", words(&output));
    assert!(out.join("chapter1.odt").exists());
}
