//! Numbers that other programs computed, for tests.

use std::path::{Path, PathBuf};

use crate::stats::weights::Weights;

/// The folder of data and reference values beside the repository; `None`, with a word on why, where it is not.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if !found.exists() {
        println!("skipped: {} is not there", found.display());
        return None;
    }
    Some(found)
}

/// The named columns of a table as text.
pub(crate) fn texts(path: &str, columns: &[&str]) -> Option<Vec<Vec<String>>> {
    Some(read(&shared(path)?, columns))
}

fn read(path: &Path, columns: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let place = |column: &&str| headers.iter().position(|header| header == *column).unwrap();
    let places: Vec<usize> = columns.iter().map(place).collect();
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.unwrap();
        places.iter().map(|&place| record[place].to_owned()).collect()
    };
    reader.records().map(row).collect()
}

/// The named columns of a reference table as numbers.
pub(crate) fn table(file: &str, columns: &[&str]) -> Option<Vec<Vec<f64>>> {
    Some(numbers(&texts(&format!("reference/{file}"), columns)?))
}

/// The neighbours that a reference file lists, as rows.
pub(crate) fn neighbours(file: &str) -> Option<Weights> {
    let text = std::fs::read_to_string(shared(&format!("reference/{file}"))?).unwrap();
    let rows: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let row = |item: usize| -> Vec<u32> { serde_json::from_value(rows[&item.to_string()].clone()).unwrap() };
    Some(Weights::binary(&(0..rows.len()).map(row).collect::<Vec<_>>()))
}

/// The named columns of a table that is kept in `tests/reference`.
pub(crate) fn kept(file: &str, columns: &[&str]) -> Vec<Vec<f64>> {
    numbers(&read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(file), columns))
}

fn numbers(rows: &[Vec<String>]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| row.iter().map(|text| text.parse().unwrap()).collect()).collect()
}
