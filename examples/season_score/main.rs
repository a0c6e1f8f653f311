//! A tester asks: how much of a labelled season does the program tell as it was?
//!
//!     cargo run --release --example season_score -- OUT TRUTH
//!     cargo run --release --example season_score -- --project FILE TRUTH [--thin N] [--drop SHARE] [--shake METRES] [--no-speed]
//!
//! `OUT` is the output folder of `paaltje run` with `csv` among its formats. `TRUTH` is a folder of `paaltje simulate`:
//! only its `truth_*` files, stops and reports are read. With `--project` the visits and reasons are worked out here,
//! from tracks made worse first: every Nth fix kept, a share of the fixes lost, places shaken, logged speeds forgotten.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

mod score;
mod told;
mod truth;
mod worse;

use std::path::Path;

use paaltje::error::Result;

use self::told::Told;
use self::truth::Truth;
use self::worse::Worse;

const USAGE: &str = "usage: season_score OUT TRUTH\n       season_score --project FILE TRUTH \
                     [--thin N] [--drop SHARE] [--shake METRES] [--no-speed]";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--project", project, truth, changes @ ..] => {
            let told = told::worked_out(Path::new(project), &Worse::read(changes))?;
            score::print(&told, &Truth::read(Path::new(truth)));
        }
        [out, truth] => score::print(&Told::read(Path::new(out)), &Truth::read(Path::new(truth))),
        _ => println!("{USAGE}"),
    }
    Ok(())
}
