//! Files of CVRPLIB and of Solomon in, problems out.

#![expect(clippy::cast_possible_truncation, reason = "the files hold small numbers")]
#![expect(clippy::cast_sign_loss, reason = "and none below 0")]

use std::path::Path;

use paaltje::adjust::replan::{NEVER, Problem};

/// The problem in a file, and how many of its units make one of the file's.
pub(crate) fn read(path: &Path) -> Option<(Problem, f64)> {
    let text = std::fs::read_to_string(path).ok()?;
    if text.contains("NODE_COORD_SECTION") { cvrplib(&text) } else { solomon(&text) }
}

fn cvrplib(text: &str) -> Option<(Problem, f64)> {
    let (mut capacity, mut at, mut load, mut section) = (0, Vec::new(), Vec::new(), "");
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["CAPACITY", ":", value] => capacity = value.parse().ok()?,
            [name] if name.ends_with("_SECTION") => section = name,
            [_, x, y] if section == "NODE_COORD_SECTION" => at.push((x.parse().ok()?, y.parse().ok()?)),
            [_, value] if section == "DEMAND_SECTION" => load.push(value.parse().ok()?),
            _ => {}
        }
    }
    let n = at.len();
    // EUC_2D: rounded to whole numbers.
    let cost = legs(&at, |length| length.round() as i32);
    let problem = Problem {
        n,
        duration: vec![0; n * n],
        cost,
        service: vec![0; n],
        opens: vec![0; n],
        closes: vec![NEVER; n],
        load,
        capacity,
        max_rounds: n,
    };
    Some((problem, 1.0))
}

fn solomon(text: &str) -> Option<(Problem, f64)> {
    // Tenths, cut off, as in the DIMACS challenge of 2021.
    const TENTHS: f64 = 10.0;
    let rows: Vec<Vec<f64>> = text
        .lines()
        .map(|line| line.split_whitespace().map_while(|word| word.parse().ok()).collect())
        .filter(|row: &Vec<f64>| !row.is_empty())
        .collect();
    let fleet = rows.iter().find(|row| row.len() == 2)?;
    let places: Vec<&Vec<f64>> = rows.iter().filter(|row| row.len() == 7).collect();
    let at: Vec<(f64, f64)> = places.iter().map(|row| (row[1], row[2])).collect();
    let cost = legs(&at, |length| (length * TENTHS).floor() as i32);
    let tenths = |column: usize| places.iter().map(|row| (row[column] * TENTHS) as i32).collect();
    let problem = Problem {
        n: at.len(),
        duration: cost.clone(),
        cost,
        service: tenths(6),
        opens: tenths(4),
        closes: tenths(5),
        load: places.iter().map(|row| row[3] as i32).collect(),
        capacity: fleet[1] as i32,
        max_rounds: fleet[0] as usize,
    };
    Some((problem, TENTHS))
}

fn legs(at: &[(f64, f64)], whole: impl Fn(f64) -> i32) -> Vec<i32> {
    let pairs = at.iter().flat_map(|from| at.iter().map(move |to| (from, to)));
    pairs.map(|(from, to)| whole((from.0 - to.0).hypot(from.1 - to.1))).collect()
}
