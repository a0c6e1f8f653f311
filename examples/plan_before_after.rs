//! Does the plan help? A season is simulated, the program reads what a city would have of it, and the next season
//! of the same city is driven twice with the same dice: by the rounds of today and by those of the plan.
//!
//!     cargo run --release --example plan_before_after -- --seeds 5
//!
//! The program never sees the truth that it is judged by. Proposals and plans are checked by code that shares none with
//! what made them. `--from SEED` chooses the first seed.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::path::Path;

use paaltje::adjust::{self, Checker};
use paaltje::error::Result;
use paaltje::findings::Findings;
use paaltje::import::{self, open, osm};
use paaltje::issue::Issues;
use paaltje::network::Network;
use paaltje::pipeline;
use paaltje::progress::Silent;
use paaltje::project::Project;
use paaltje::random::Random;
use paaltje::simulate::{City, Options, Season, Town};

/// The seed of the first city: none of the demo's, and none of the tests'.
const FIRST: u64 = 101;

fn main() -> Result<()> {
    let (seeds, first) = (argument("--seeds", 1), argument("--from", FIRST));
    let project = Project::load(Path::new("data/helsinki/simulate.toml"))?;
    let settings = &project.settings;
    let (issues, counts) = (&mut Issues::new(), &mut Vec::new());
    let town = import::city(&settings.sources, &project.reading(), || None, issues, counts, &Silent)?;
    let extract = open::files(&project.base, &settings.sources.streets[0].path)?.remove(0);
    let places: Vec<_> = osm::places(&extract, &town.plane)?.into_iter().map(|(at, _)| at).collect();
    let city = City {
        streets: &town.streets,
        network: &Network::build(&town.streets, &settings.network),
        addresses: &town.addresses,
        assets: &town.assets,
        places: &places,
        clock: &project.clock,
        plane: &town.plane,
        language: settings.language,
    };

    println!("{}: the next year under the rounds of today and under the plan\n", project.title);
    println!(
        "seed  overflow hours: today    plan  fewer  expected  hours of work: today     plan  stops changed  violations"
    );
    let mut shares = Vec::new();
    for seed in first..first + seeds {
        shares.push(compared(&city, &settings.simulate, seed)?);
    }
    println!(
        "\nmean: {:.1} % fewer hours of overflow",
        100.0 * shares.iter().sum::<f64>() / shares.len() as f64
    );
    Ok(())
}

/// One city before and after; gives the share of overflow hours that is avoided.
fn compared(city: &City<'_>, options: &Options, seed: u64) -> Result<f64> {
    let town = Town::new(city, options, &Random::new(seed))?;
    let findings = read(city, &town.season())?;
    let next = Options {
        from: options.period().to.plus(1).date(),
        track_days: 0,
        holidays: Vec::new(),
        ..options.clone()
    };
    let dice = Random::new(seed + 1_000_000);
    let today = town.season_under(&findings.rounds, &next, &dice)?;
    let planned = town.season_under(&findings.plan.rounds, &next, &dice)?;
    let overflow_h = |season: &Season| season.overflow_h.iter().sum::<f64>();
    let fewer = 1.0 - overflow_h(&planned) / overflow_h(&today);
    let expected = 1.0 - findings.plan.planned.overflow_h / findings.plan.today.overflow_h;
    println!(
        "{seed:>4}  {:>21.0}  {:>6.0}  {:>3.0} %  {:>6.0} %  {:>20.1}  {:>7.1}  {:>6} of {}  {:>10}",
        overflow_h(&today),
        overflow_h(&planned),
        100.0 * fewer,
        100.0 * expected,
        today.work_s / 3600.0,
        planned.work_s / 3600.0,
        findings.plan.stops.len(),
        findings.rounds.stops.len(),
        violations(&findings),
    );
    Ok(fewer)
}

/// Breaches of days, times, hours, shifts and loads in the proposals and in the plan.
fn violations(findings: &Findings) -> usize {
    let (situation, options) = (findings.situation(), adjust::Options::default());
    let checker = Checker::new(&situation, &options);
    let of_proposals: usize = findings.proposals.iter().map(|proposal| checker.check(proposal).len()).sum();
    of_proposals + checker.check_plan(&findings.plan).len()
}

/// What the program makes of the files of a season.
fn read(city: &City<'_>, season: &Season) -> Result<Findings> {
    let dir = std::env::temp_dir().join(format!("paaltje-plan-{}-{}", std::process::id(), season.seed));
    season.write(&dir, city.clock, city.plane)?;
    let text = std::fs::read_to_string("data/helsinki/paaltje.toml").expect("the demo is in the repository");
    // The same project with this season; where things are is not asked here.
    let text = text.split("[[hotspots").next().unwrap_or_default();
    let text = text.replace("\"season/", &format!("\"{}/", dir.display()));
    let project = Project::parse(&text, "data/helsinki".into())?;
    let findings = pipeline::run(&project, &Silent);
    std::fs::remove_dir_all(&dir).ok();
    findings
}

/// The number after `name` on the command line.
fn argument(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    arguments.next().and_then(|number| number.parse().ok()).unwrap_or(default)
}
