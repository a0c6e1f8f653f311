//! `paaltje replan`: other rounds for each yard and weekday, with what they save.

use std::fmt::Write;
use std::path::Path;

use super::args::Args;
use super::{bar, out, say};
use crate::adjust::Situation;
use crate::adjust::replan::{District, districts};
use crate::error::Result;
use crate::period::short_weekdays;
use crate::pipeline;
use crate::project::Project;

/// Prints the new rounds as CSV on stdout and the comparison on stderr.
pub(super) fn replan(args: &Args, path: &Path, steps: u64) -> Result<()> {
    let project = Project::load(path)?;
    let findings = pipeline::run(&project, &*bar::suitable(args.quiet))?;
    let situation = findings.situation();
    let found = districts(&situation, &project.settings.adjust, steps, project.settings.seed);
    if found.is_empty() && !args.quiet {
        say("no weekday has two trips from the same yard, each with its own truck: nothing to plan anew");
    }
    let mut text = "district,weekdays,round,place,stop_id\n".to_owned();
    for (number, district) in (1..).zip(&found) {
        rows(&mut text, number, district, &situation);
        if !args.quiet {
            say(&compared(number, district));
        }
    }
    out(&text);
    Ok(())
}

fn rows(text: &mut String, number: usize, district: &District, situation: &Situation) {
    let weekdays = weekdays(district);
    for (round, stops) in (1..).zip(&district.rounds) {
        for (place, &stop) in (1..).zip(stops) {
            let id = situation.rounds.stops[stop as usize].id.replace('"', "\"\"");
            writeln!(text, "{number},{weekdays},{round},{place},\"{id}\"")
                .expect("a string takes everything");
        }
    }
}

fn weekdays(district: &District) -> String {
    short_weekdays(district.weekdays).collect::<Vec<_>>().join(" ")
}

fn compared(number: usize, district: &District) -> String {
    let (before, after) = (&district.before, &district.after);
    let left_over = match district.left_over.len() {
        0 => String::new(),
        n => format!("; {n} stops fit into no shift or truck and are left over"),
    };
    format!(
        "district {number} ({}): {} rounds instead of {}, {:.1} instead of {:.1} km ({:+.1} %), {:.1} instead of {:.1} \
         hours a day ({}){left_over}",
        weekdays(district),
        after.rounds,
        before.rounds,
        after.length_m / 1000.0,
        before.length_m / 1000.0,
        100.0 * (after.length_m / before.length_m - 1.0),
        after.seconds / 3600.0,
        before.seconds / 3600.0,
        after.basis.name(),
    )
}
