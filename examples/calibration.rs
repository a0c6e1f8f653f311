//! A statistician asks: how often do the methods call chance a hotspot, and which hotspots do they miss?
//!
//!     cargo run --release --example calibration -- [--project FILE] [--power FILE] [-o REPORT.md]
//!
//! Part one simulates 500 cities without pattern on the streets and assets of a project (central Helsinki unless
//! another is named) and counts false findings. Part two plants clusters of relative risk 3 among the assets of a
//! project (Helsinki again, unless `--power` names another; the 17,000 cans and bollards of
//! `tests/projects/dc_requests.toml` take many minutes) and counts how often each method finds them. The report is
//! written to the terminal, and to a file with `-o`.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use h3o::{CellIndex, Resolution};
use paaltje::dedupe::Incidents;
use paaltje::error::{Error, Result};
use paaltje::hotspots::{self, Hotspots, Methods, Scene, density, gi_star, places, repeat};
use paaltje::import::{self, Inputs};
use paaltje::index::ReportIndex;
use paaltje::model::NONE;
use paaltje::model::asset::{Asset, AssetKind};
use paaltje::model::kind::Kind;
use paaltje::model::round::Rounds;
use paaltje::model::street::Streets;
use paaltje::period::{Clock, Day, Period};
use paaltje::place::Plane;
use paaltje::progress::Silent;
use paaltje::project::Project;
use paaltje::random::{Random, Stream};
use paaltje::stats::correct::benjamini_hochberg;
use paaltje::stats::weights::Weights;
use paaltje::unit::DAY_S;
use rand::Rng;
use rayon::prelude::*;

/// Cities without pattern.
const NULLS: u32 = 500;
/// Cities with a planted cluster, of each kind.
const PLANTED: u32 = 200;
/// How many times as often things go wrong in a planted cluster.
const RISK: f64 = 3.0;
/// Findings at this q-value or less count.
const ALPHA: f64 = 0.05;
const YEAR_DAYS: u32 = 365;
/// The day of the year on which a cluster that does not last all year begins.
const FIRST_DAY: u32 = 150;
const SEED: u64 = 20_260_101;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let helsinki = PathBuf::from("data/helsinki/paaltje.toml");
    let null_project = value("--project").map_or_else(|| helsinki.clone(), PathBuf::from);
    let power_project = value("--power").map_or(helsinki, PathBuf::from);
    let mut report = format!(
        "# Calibration and power\n\n    cargo run --release --example calibration -- --project {} --power {}\n\n\
         paaltje {}, seed {SEED}. Made by the command above; change nothing by hand.\n\n",
        null_project.display(),
        power_project.display(),
        env!("CARGO_PKG_VERSION")
    );
    report += &nulls(&World::load(&null_project)?);
    report += &powers(&World::load(&power_project)?);
    print!("{report}");
    if let Some(path) = value("-o") {
        std::fs::write(path, report).map_err(|source| Error::writing(Path::new(path), source))?;
    }
    Ok(())
}

/// What cities are simulated on.
struct World {
    title: String,
    inputs: Inputs,
    clock: Clock,
    period: Period,
    rounds: Rounds,
    random: Random,
}

impl World {
    fn load(path: &Path) -> Result<Self> {
        let project = Project::load(path)?;
        let inputs = import::inputs(&project.settings.sources, &project.reading(), &Silent)?;
        let from = Day::from_date(jiff::civil::date(2025, 1, 1));
        Ok(Self {
            title: project.title.clone(),
            inputs,
            clock: project.clock.clone(),
            period: Period { from, to: from.plus(364) },
            rounds: Rounds::default(),
            random: Random::new(SEED),
        })
    }

    fn plane(&self) -> &Plane {
        &self.inputs.plane
    }

    /// The assets of a kind.
    fn assets(&self, kind: AssetKind) -> Vec<Asset> {
        self.inputs.assets.iter().filter(|asset| asset.kind == kind).cloned().collect()
    }

    /// What the methods find among incidents at assets, where these assets are all the ground there is.
    fn find(&self, assets: &[Asset], incidents: &Incidents, methods: &Methods) -> Hotspots {
        let streets = Streets::default();
        let index = ReportIndex::build(incidents, self.plane(), &streets, &[]).with_assets(assets);
        let scene = Scene {
            plane: self.plane(),
            clock: &self.clock,
            period: self.period,
            areas: &[],
            streets: &streets,
            rounds: &self.rounds,
        };
        hotspots::find(&index, incidents, assets, &scene, methods, &self.random, &Silent)
    }

    /// One incident at an asset on a day of the period.
    fn add(&self, incidents: &mut Incidents, assets: &[Asset], asset: usize, day: i64) {
        let number = u32::try_from(incidents.len()).expect("a simulated city has few incidents");
        let instant = self.clock.midnight(self.period.from) + day * DAY_S + 9 * 3600;
        incidents.of_report.push(number);
        incidents.first_report.push(number);
        incidents.kind.push(Kind::ContainerFull);
        incidents.at.push(assets[asset].at);
        incidents.first_at.push(instant);
        incidents.last_at.push(instant);
        incidents.n_reports.push(1);
        incidents.asset.push(u32::try_from(asset).expect("fewer than 2^32 assets"));
        incidents.area.push(NONE);
        incidents.is_point.push(true);
        incidents.accuracy_m.push(10.0);
    }
}

// --- Part one: chance alone ---------------------------------------------------------------------------------------

/// What a method made of cities without pattern.
struct Null {
    what: String,
    /// How many of the cities had a false finding.
    false_runs: usize,
    /// All p-values of all cities, by tenths.
    tenths: [u64; 10],
    /// One p-value of each city: independent of each other.
    single: Vec<f64>,
}

/// One city under the null: its p-values, and whether there is a finding among them.
type Outcome = (Vec<f64>, bool);

impl Null {
    fn of(world: &World, what: String, purpose: &str, city: impl Fn(&mut Stream) -> Outcome + Sync) -> Self {
        let one = |number: u32| {
            let mut stream = world.random.stream(purpose, u64::from(number));
            let (p_values, is_false) = city(&mut stream);
            let single = p_values[below(&mut stream, p_values.len())];
            let mut tenths = [0u64; 10];
            for &p in &p_values {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
                let tenth = ((p * 10.0).ceil() as usize).clamp(1, 10) - 1;
                tenths[tenth] += 1;
            }
            (tenths, single, is_false)
        };
        let cities: Vec<_> = (0..NULLS).into_par_iter().map(one).collect();
        let mut null = Self { what, false_runs: 0, tenths: [0; 10], single: Vec::new() };
        for (tenths, single, is_false) in cities {
            null.false_runs += usize::from(is_false);
            null.tenths.iter_mut().zip(tenths).for_each(|(sum, n)| *sum += n);
            null.single.push(single);
        }
        null
    }

    fn row(&self) -> String {
        let all: u64 = self.tenths.iter().sum();
        let tenths: Vec<String> =
            self.tenths.iter().map(|&n| format!("{:.3}", n as f64 / all as f64)).collect();
        format!(
            "| {} | {:.3} | {} | {:.2} |\n",
            self.what,
            self.false_runs as f64 / f64::from(NULLS),
            tenths.join(" "),
            too_many_small(&self.single)
        )
    }
}

/// One-sided Kolmogorov-Smirnov test against "at least as large as uniform", which is what p-values of counts are:
/// the probability of so many small ones, exp(−2 n D²).
fn too_many_small(p_values: &[f64]) -> f64 {
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let above = sorted.iter().enumerate().map(|(rank, &p)| (rank + 1) as f64 / n - p).fold(0.0, f64::max);
    (-2.0 * n * above * above).exp()
}

fn nulls(world: &World) -> String {
    let cells =
        ReportIndex::build(&Incidents::default(), world.plane(), &world.inputs.streets, &world.inputs.areas)
            .with_assets(&world.inputs.assets)
            .study_cells(Resolution::Ten);
    let weights = Weights::disk(&cells, 1);
    let alike = vec![1.0; cells.len()];
    let unlike = standing(world, &cells);
    let mut rows = vec![
        gi_star_null(world, "Gi*, cells alike, 3 incidents a cell", &cells, &weights, &alike, 3),
        gi_star_null(world, "Gi*, cells alike, 1 incident in 3 cells", &cells, &weights, &alike, 0),
        gi_star_null(
            world,
            "Gi*, as many incidents as assets, compared with nothing",
            &cells,
            &weights,
            &unlike,
            3,
        ),
    ];
    for kind in [AssetKind::Bollard, AssetKind::LitterBin] {
        for per_year in [0.5, 2.0] {
            rows.extend(repeat_null(world, kind, per_year));
        }
    }
    // A further method is a further row: its function gives the p-values of a city without pattern and whether it
    // would have called anything there a finding.
    let mut text = format!(
        "## Chance alone\n\n{NULLS} cities without pattern on {} ({} cells of resolution 10, {} assets). *False* is the share of \
         cities in which anything is called a finding at q ≤ {ALPHA}; it should be {ALPHA} or less, with a simulation error of ± 0.02. \
         The tenths show how the p-values of all tests spread; counts have few values, so large p-values are in excess, \
         which is safe. *KS* is the probability of so many small p-values (one of each city) if they were right: below \
         0.01 something is wrong.\n\n| what | false | p-values by tenths | KS |\n|---|---|---|---|\n",
        world.title,
        cells.len(),
        world.inputs.assets.len()
    );
    text.extend(rows.iter().map(Null::row));
    text += "\nWhere the third row exceeds the others it is no error of the test, and no finding of risk either: where more bins \
             stand, more is reported, and Gi* without a denominator says so. Only a denominator (`per`) makes a risk of it.\n\n";
    text
}

/// How many assets stand in each cell and its neighbours, and one for those who pass by.
fn standing(world: &World, cells: &[CellIndex]) -> Vec<f64> {
    let mut standing = vec![1.0; cells.len()];
    for asset in &world.inputs.assets {
        if let Ok(cell) = cells.binary_search(&world.plane().cell(asset.at, Resolution::Ten)) {
            standing[cell] += 1.0;
        }
    }
    standing
}

/// Gi* on incidents that fall into cells in proportion to `exposure`; `each` a cell, or one in three cells for 0.
fn gi_star_null(
    world: &World,
    what: &str,
    cells: &[CellIndex],
    weights: &Weights,
    exposure: &[f64],
    each: usize,
) -> Null {
    let n = if each == 0 { cells.len() / 3 } else { each * cells.len() };
    let dice = Dice::new(exposure);
    Null::of(world, what.to_owned(), what, |stream| {
        let mut counts = vec![0u32; cells.len()];
        for _ in 0..n {
            counts[dice.throw(stream)] += 1;
        }
        let p_values = gi_star::p_values(&counts, cells, weights, 0, world.random);
        let is_false = benjamini_hochberg(&p_values).iter().any(|&q| q <= ALPHA);
        (p_values, is_false)
    })
}

/// Repeat locations among assets that are all alike; `None` where the project has too few of them.
fn repeat_null(world: &World, kind: AssetKind, per_year: f64) -> Option<Null> {
    let assets = world.assets(kind);
    let (n, name) = (assets.len(), kind.name());
    let what = format!("repeat, {n} × {name}, {per_year} incidents a year each");
    let methods = Methods {
        repeat: vec![repeat::Options { asset: Some(kind), ..Default::default() }],
        places: places::Options { stability: 0, words: 0 },
        ..Default::default()
    };
    let dice = Dice::new(&vec![1.0; n]);
    let city = |stream: &mut Stream| {
        let mut incidents = Incidents::default();
        for _ in 0..poisson(stream, per_year * n as f64) {
            let day = i64::from(stream.next_u32() % YEAR_DAYS);
            world.add(&mut incidents, &assets, dice.throw(stream), day);
        }
        let found = world.find(&assets, &incidents, &methods);
        let p_values = found.assets.iter().map(|row| row.p_value).collect();
        (p_values, found.assets.iter().any(|row| row.is_repeat))
    };
    (n >= 10).then(|| Null::of(world, what.clone(), &what, city))
}

// --- Part two: planted clusters -----------------------------------------------------------------------------------

/// A kind of cluster that is planted.
#[derive(Clone, Copy)]
struct Plant {
    kind: AssetKind,
    /// Incidents per asset and year elsewhere.
    per_year: f64,
    /// Metres around an asset; 0 for the asset alone.
    radius_m: f64,
    /// For so many days of the year.
    days: u32,
    risk: f64,
}

/// The methods whose power is measured, as a project writes them: a further one is a further line here and a name
/// in [`METHODS`].
fn methods(kind: AssetKind) -> Methods {
    let text = format!(
        "repeat = [{{ asset = \"{}\" }}]\n\
         gi_star = [{{ kind = \"container_full\", resolution = 9 }}]\n\
         density = [{{ kind = \"container_full\", radius_m = 100.0, min_reports = 8 }}]\n\
         places = {{ stability = 0, words = 0 }}\n",
        kind.name()
    );
    toml::from_str(&text).expect("settings that a project could hold")
}

/// The names of these methods, in the order of the columns.
const METHODS: [&str; 3] = [repeat::METHOD, gi_star::METHOD, density::METHOD];

fn powers(world: &World) -> String {
    let mut text = format!(
        "## Planted clusters\n\nOn {}: an asset is drawn, and for it and all of its kind within the radius incidents are {RISK} times \
         as frequent, all year or for some days of it. {PLANTED} cities of each kind. A cluster is *found* when the incidents \
         within the radius and a hotspot would be one place by the program's own rule: more than half of the smaller and a \
         fifth of the larger in common. The rows with risk 1 have nothing planted and show what is \"found\" all the same: \
         places where more assets stand (Gi* and density count without a denominator). Bold: 90 % or more; where the row with \
         risk 1 is as high, it is no power. Gi* wants 30 cells of resolution 9 with such assets and finds nothing in less.\n\n",
        world.title
    );
    text += &real_rate(world);
    let _ = writeln!(
        text,
        "| asset | number | incidents per asset and year | risk | radius | assets within (median) | days | {} |\n|---|---|---|---|---|---|---|{}",
        METHODS.join(" | "),
        "---|".repeat(METHODS.len())
    );
    for kind in [AssetKind::LitterBin, AssetKind::Bollard] {
        let assets = world.assets(kind);
        if assets.len() < 50 {
            let _ = writeln!(
                text,
                "| {} | {} | too few to plant among | | | | | | | |",
                kind.name(),
                assets.len()
            );
            continue;
        }
        let all_year = |per_year, radius_m, risk| Plant { kind, per_year, radius_m, days: YEAR_DAYS, risk };
        let mut plants = Vec::new();
        // Twice as many bollards take twice as long: one rate for them.
        let rates: &[f64] = if kind == AssetKind::LitterBin { &[0.2, 1.0, 4.0] } else { &[1.0] };
        for &per_year in rates {
            plants.push(all_year(per_year, 300.0, 1.0));
            plants.extend([0.0, 150.0, 300.0, 600.0].map(|radius_m| all_year(per_year, radius_m, RISK)));
        }
        plants.push(Plant { days: 60, ..all_year(1.0, 300.0, RISK) });
        for plant in plants {
            text += &power(world, &assets, plant);
        }
    }
    text.push('\n');
    text
}

/// How often litter bins are really reported, where the project's reports have such a category.
fn real_rate(world: &World) -> String {
    let reports = &world.inputs.reports;
    let is_about = |&report: &usize| reports.words.get(reports.category[report]).contains("Litter Can");
    let n = (0..reports.len()).filter(is_about).count();
    let mut days: Vec<Day> = reports.opened.iter().map(|&instant| world.clock.day(instant)).collect();
    days.sort_unstable();
    days.dedup();
    let cans = world.assets(AssetKind::LitterBin).len();
    if n == 0 || cans == 0 {
        return String::new();
    }
    let rate = n as f64 / cans as f64 / days.len() as f64 * f64::from(YEAR_DAYS);
    format!(
        "Real requests about litter cans here: {n} on the {} days with requests, for {cans} cans: {rate:.2} per can and year. \
         The rates below begin there; five and twenty times as much is a city whose citizens report far more. No \
         request here is about bollards, so theirs are assumed to be the same.\n\n",
        days.len()
    )
}

fn power(world: &World, assets: &[Asset], plant: Plant) -> String {
    let Plant { kind, per_year, radius_m, days, risk } = plant;
    let methods = methods(kind);
    let purpose = format!("{} {per_year} {radius_m} {days} {risk}", kind.name());
    let one = |number: u32| {
        let mut stream = world.random.stream(&purpose, u64::from(number));
        let centre = assets[below(&mut stream, assets.len())].at;
        let is_within: Vec<bool> =
            assets.iter().map(|asset| asset.at.distance_m(centre) <= radius_m.max(0.5)).collect();
        let mut incidents = Incidents::default();
        for (asset, &is_within) in is_within.iter().enumerate() {
            for _ in 0..poisson(&mut stream, per_year) {
                let day = i64::from(stream.next_u32() % YEAR_DAYS);
                world.add(&mut incidents, assets, asset, day);
            }
            if is_within {
                let more = (risk - 1.0) * per_year * f64::from(days) / f64::from(YEAR_DAYS);
                for _ in 0..poisson(&mut stream, more) {
                    let day = (FIRST_DAY + stream.next_u32() % days) % YEAR_DAYS;
                    world.add(&mut incidents, assets, asset, i64::from(day));
                }
            }
        }
        let planted: Vec<bool> = incidents.asset.iter().map(|&asset| is_within[asset as usize]).collect();
        let found = world.find(assets, &incidents, &methods);
        let is_found = METHODS.map(|method| {
            found
                .hotspots
                .iter()
                .any(|hotspot| hotspot.method == method && is_one_place(&hotspot.incidents, &planted))
        });
        (is_found, is_within.iter().filter(|&&is_within| is_within).count())
    };
    let cities: Vec<_> = (0..PLANTED).into_par_iter().map(one).collect();
    let mut sizes: Vec<usize> = cities.iter().map(|city| city.1).collect();
    sizes.sort_unstable();
    let shares: Vec<String> = (0..METHODS.len())
        .map(|method| {
            let share = cities.iter().filter(|city| city.0[method]).count() as f64 / f64::from(PLANTED);
            if share >= 0.9 && risk > 1.0 { format!("**{share:.2}**") } else { format!("{share:.2}") }
        })
        .collect();
    let radius = if radius_m > 0.0 { format!("{radius_m} m") } else { "one asset".to_owned() };
    format!(
        "| {} | {} | {per_year} | {risk} | {radius} | {} | {days} | {} |\n",
        kind.name(),
        assets.len(),
        sizes[sizes.len() / 2],
        shares.join(" | ")
    )
}

/// Whether a hotspot and what was planted would be one place.
fn is_one_place(incidents: &[u32], planted: &[bool]) -> bool {
    let all = planted.iter().filter(|&&is_planted| is_planted).count();
    let shared = incidents.iter().filter(|&&incident| planted[incident as usize]).count();
    2 * shared > all.min(incidents.len()) && 5 * shared >= all.max(incidents.len())
}

// --- Dice ---------------------------------------------------------------------------------------------------------

/// Draws an item with a probability in proportion to its weight.
struct Dice {
    sums: Vec<f64>,
}

impl Dice {
    fn new(weights: &[f64]) -> Self {
        let mut sum = 0.0;
        let add = |weight: &f64| {
            sum += weight;
            sum
        };
        Self { sums: weights.iter().map(add).collect() }
    }

    fn throw(&self, stream: &mut Stream) -> usize {
        let at = share(stream) * self.sums.last().copied().unwrap_or(0.0);
        self.sums.partition_point(|&sum| sum <= at).min(self.sums.len() - 1)
    }
}

/// A number from 0 up to 1.
fn share(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn below(stream: &mut Stream, n: usize) -> usize {
    usize::try_from(stream.next_u64() % n as u64).expect("smaller than n")
}

/// A Poisson count: how many exponential waits fit into `mean` (Knuth 1969, volume 2, section 3.4.1).
fn poisson(stream: &mut Stream, mean: f64) -> u32 {
    let (mut waited, mut count) = (0.0, 0);
    loop {
        waited -= (1.0 - share(stream)).ln();
        if waited > mean {
            return count;
        }
        count += 1;
    }
}
