//! Real missed collections against real rounds at the kerb: Washington DC, where the data is at hand.

use std::collections::BTreeMap;

use crate::support::{root, run, words};

type Row = BTreeMap<String, String>;

fn rows(path: &std::path::Path) -> Vec<Row> {
    csv::Reader::from_path(path).unwrap().deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn missed_trash_is_reported_on_the_day_of_collection_and_the_days_after() {
    let data = root().join("../shared/data/washington-dc");
    if !data.exists() {
        println!("skipped: {} is absent", data.display());
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let output = run(&root().join("tests/projects/dc_rounds.toml"), &out, &[]);
    assert!(output.status.success(), "{}", words(&output));

    // Counted by hand with another program: days from the route's planned day to the request.
    let diagnoses = rows(&out.join("layers/diagnoses.csv"));
    let is_trash = |row: &&Row| !row["route_id"].is_empty() && !row["route_id"].starts_with('R');
    let mut profile: BTreeMap<&str, u32> = BTreeMap::new();
    for row in diagnoses.iter().filter(is_trash) {
        *profile.entry(row["days_since"].as_str()).or_default() += 1;
        assert_eq!(row["diagnosis"], "unknown", "no truck is followed there");
    }
    let expected = [("0", 422), ("1", 219), ("2", 79), ("3", 37), ("4", 23), ("5", 19), ("6", 9)];
    assert_eq!(profile, BTreeMap::from(expected));

    // The one route that draws more complaints than routes differ anyway: the crews found the waste there.
    let routes = rows(&out.join("layers/routes.csv"));
    let standing_out = routes.iter().filter(|row| row["q_value"].parse().is_ok_and(|q: f64| q <= 0.05));
    let names: Vec<&str> = standing_out.map(|row| row["route_id"].as_str()).collect();
    assert_eq!(names, ["408_3"]);
}
