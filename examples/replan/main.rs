//! How good the searches for rounds and for orders are, in so much processor time.
//!
//!     cargo run --release --features replan --example replan -- SECONDS SEED FILE...
//!     cargo run --release --features replan --example replan -- orders PROJECT FOLDER [pyvrp.csv]
//!
//! The first form searches rounds for files of CVRPLIB (`.vrp`) and of Solomon (`.txt`). The second one searches
//! another order for every trip of a project and writes the costs that it searched on into FOLDER, one file per
//! trip, for `benches/pyvrp.py`; with the table which that writes, it says how far the orders are from those of `PyVRP`.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

mod files;
mod orders;

use std::path::Path;

use paaltje::adjust::replan::{Problem, Solution, search_while};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["orders", project, folder] => orders::compare(Path::new(project), Path::new(folder), None),
        ["orders", project, folder, table] => {
            orders::compare(Path::new(project), Path::new(folder), Some(Path::new(table)));
        }
        [seconds, seed, ref paths @ ..] => {
            let seconds = seconds.parse().expect("seconds per file");
            let seed = seed.parse().expect("a seed");
            for path in paths {
                rounds(Path::new(path), seconds, seed);
            }
        }
        _ => println!("SECONDS SEED FILE..., or orders PROJECT FOLDER [TABLE]"),
    }
}

/// Searches rounds for one file.
fn rounds(path: &Path, seconds: f64, seed: u64) {
    let (problem, unit) = files::read(path).expect("a file of CVRPLIB or of Solomon");
    let (start, mut steps) = (cpu(), 0);
    let found = search_while(&problem, &[], seed, |step| {
        steps = step;
        (cpu() - start) / seconds
    });
    complain(&problem, &found);
    println!(
        "{} seed {seed}: {:.1} with {} rounds, {steps} steps, {:.1} CPU-s",
        path.display(),
        found.cost as f64 / unit,
        found.rounds.len(),
        cpu() - start,
    );
}

/// Stops unless every place is served once, in time, by a truck that holds it.
fn complain(problem: &Problem, found: &Solution) {
    let mut served: Vec<u32> = found.rounds.iter().flatten().copied().collect();
    served.sort_unstable();
    assert!(served.into_iter().eq((0..).take(problem.n).skip(1)), "every place once: {:?}", found.left_over);
    assert!(found.rounds.iter().all(|round| problem.back_at(round).is_some()), "loads and hours hold");
}

/// Seconds of processor time of this thread, as Linux tells it.
fn cpu() -> f64 {
    let told =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells the time of a thread");
    let nanoseconds = told.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.expect("its first word is a number") / 1e9
}
