//! Does the plan help? A season is simulated, the program reads what a city would have of it, and the next season
//! of the same city is driven twice with the same dice: by the rounds of today and by those of the plan.
//!
//!     cargo run --release --example plan_before_after -- --seeds 5
//!
//! The program never sees the truth that it is judged by. Beside what happened stands what it expected: hours of
//! overflow in each city, and what the changes of single stops were said to take away against what they did. Proposals
//! and plans are checked by code that shares none with what made them. `--from SEED` chooses the first seed.
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

    println!("{}: a week of the next year under the rounds of today and under the plan\n", project.title);
    println!(
        "      hours of overflow, and as expected                        fewer hours          hours of work a year       stops"
    );
    println!(
        "seed    today  expected      plan  expected      occurred  expected      today     plan       changed  violations"
    );
    let mut cities = Vec::new();
    for seed in first..first + seeds {
        cities.push(compared(&city, &settings.simulate, seed)?);
    }
    let mean = |of: &dyn Fn(&Compared) -> f64| cities.iter().map(of).sum::<f64>() / cities.len() as f64;
    println!(
        "\nmean: {:.1} % fewer hours of overflow, {:.1} % expected; hours expected are {:.2} times those that occurred today \
         ({:.2} as the geometric mean), {:.2} times under the plan",
        100.0 * mean(&|city| city.fewer()),
        100.0 * mean(&|city| 1.0 - city.expected_h[1] / city.expected_h[0]),
        mean(&|city| city.expected_h[0]) / mean(&|city| city.occurred_h[0]),
        mean(&|city| (city.expected_h[0] / city.occurred_h[0]).ln()).exp(),
        mean(&|city| city.expected_h[1]) / mean(&|city| city.occurred_h[1]),
    );
    by_expected_gain(cities.iter().flat_map(|city| city.gains.iter().copied()).collect());
    Ok(())
}

/// One city before and after: hours of overflow a week, today and under the plan.
struct Compared {
    occurred_h: [f64; 2],
    expected_h: [f64; 2],
    /// Of each stop that gets other days: hours fewer a week as expected, and as they occurred.
    gains: Vec<(f64, f64)>,
}

impl Compared {
    /// The share of overflow hours that is avoided.
    fn fewer(&self) -> f64 {
        1.0 - self.occurred_h[1] / self.occurred_h[0]
    }
}

/// One city before and after.
fn compared(city: &City<'_>, options: &Options, seed: u64) -> Result<Compared> {
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
    let weeks = f64::from(next.days) / 7.0;
    let overflow_h = |season: &Season| season.overflow_h.iter().sum::<f64>() / weeks;
    let plan = &findings.plan;
    let gains = plan.stops.iter().map(|change| {
        let stop = change.stop as usize;
        let occurred_h = today.overflow_h[stop] - planned.overflow_h[stop];
        (change.overflow_today_h - change.overflow_planned_h, occurred_h / weeks)
    });
    let compared = Compared {
        occurred_h: [overflow_h(&today), overflow_h(&planned)],
        expected_h: [plan.today.overflow_h, plan.planned.overflow_h],
        gains: gains.collect(),
    };
    println!(
        "{seed:>4}  {:>7.0}  {:>8.0}  {:>8.0}  {:>8.0}  {:>10.0} %  {:>6.0} %  {:>9.1}  {:>7.1}  {:>5} of {}  {:>10}",
        compared.occurred_h[0],
        compared.expected_h[0],
        compared.occurred_h[1],
        compared.expected_h[1],
        100.0 * compared.fewer(),
        100.0 * (1.0 - compared.expected_h[1] / compared.expected_h[0]),
        today.work_s / 3600.0,
        planned.work_s / 3600.0,
        plan.stops.len(),
        findings.rounds.stops.len(),
        violations(&findings),
    );
    Ok(compared)
}

/// The stops that get other days, in six groups by how many hours of overflow that is expected to take away: what it
/// took away.
fn by_expected_gain(mut gains: Vec<(f64, f64)>) {
    gains.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!("\nhours of overflow fewer a week at the stops that get other days");
    println!("  stops   expected of each          expected  occurred");
    for group in gains.chunks(gains.len().div_ceil(6).max(1)) {
        let (expected, occurred) =
            group.iter().fold((0.0, 0.0), |sum, gain| (sum.0 + gain.0, sum.1 + gain.1));
        let (least, most) = (group[0].0, group[group.len() - 1].0);
        println!("  {:>5}   {least:>7.1} to {most:>7.1}  {expected:>10.1}  {occurred:>8.1}", group.len());
    }
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
