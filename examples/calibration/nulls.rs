//! Cities without pattern in; how often something is called a finding in them out.

use h3o::{CellIndex, Resolution};
use paaltje::dedupe::Incidents;
use paaltje::hotspots::{AssetFinding, Hotspots, gi_star};
use paaltje::index::ReportIndex;
use paaltje::model::asset::{Asset, AssetKind};
use paaltje::model::kind::Kind;
use paaltje::random::{Random, Stream};
use paaltje::stats::correct::benjamini_hochberg;
use paaltje::stats::weights::Weights;
use rand::Rng;
use rayon::prelude::*;

use crate::ALPHA;
use crate::cells::Cells;
use crate::world::{Dice, World, YEAR_DAYS, below, methods, poisson, share};

/// Cities without pattern.
const NULLS: u32 = 500;
/// Scans of scattered cases behind the p-value of a scan, and simulations behind that of a surface. A project takes
/// 999 and 499; fewer make p coarser and no larger or smaller.
const REPLICAS: u32 = 99;
/// With fewer assets of a kind there is nothing to spread incidents over.
const FEWEST_ASSETS: usize = 10;

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
            let single = (!p_values.is_empty()).then(|| p_values[below(&mut stream, p_values.len())]);
            let mut tenths = [0u64; 10];
            for &p in &p_values {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
                let tenth = ((p * 10.0 - 1e-9).ceil() as usize).clamp(1, 10) - 1;
                tenths[tenth] += 1;
            }
            (tenths, single, is_false)
        };
        let cities: Vec<_> = (0..NULLS).into_par_iter().map(one).collect();
        let mut null = Self { what, false_runs: 0, tenths: [0; 10], single: Vec::new() };
        for (tenths, single, is_false) in cities {
            null.false_runs += usize::from(is_false);
            null.tenths.iter_mut().zip(tenths).for_each(|(sum, n)| *sum += n);
            null.single.extend(single);
        }
        null
    }

    fn row(&self) -> String {
        let false_share = self.false_runs as f64 / f64::from(NULLS);
        let all: u64 = self.tenths.iter().sum();
        if all == 0 {
            return format!("| {} | {false_share:.3} | – | – |\n", self.what);
        }
        let tenths: Vec<String> =
            self.tenths.iter().map(|&n| format!("{:.3}", n as f64 / all as f64)).collect();
        let p = too_many_small(&self.single);
        format!("| {} | {false_share:.3} | {} | {p:.2} |\n", self.what, tenths.join(" "))
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

/// The part of the report.
pub(crate) fn report(world: &World) -> String {
    let cells = study_cells(world);
    let weights = Weights::disk(&cells, 1);
    let alike = vec![1.0; cells.len()];
    let unlike = standing(world, &cells);
    let gi_star = |what: &str, exposure: &[f64], each: usize| {
        gi_star_null(world, what, &cells, &weights, exposure, each)
    };
    let mut rows = vec![
        gi_star("Gi*, cells alike, 3 incidents a cell", &alike, 3),
        gi_star("Gi*, cells alike, 1 incident in 3 cells", &alike, 0),
        gi_star("Gi*, as many incidents as assets, compared with nothing", &unlike, 3),
    ];
    for kind in [AssetKind::Bollard, AssetKind::LitterBin] {
        for per_year in [0.5, 2.0] {
            rows.extend(repeat_null(world, kind, per_year));
        }
        rows.extend(differing_null(world, kind));
    }
    // A further method is a further row: its function gives the p-values of a city without pattern and whether it
    // would have called anything there a finding.
    rows.extend(per_nulls(world));
    rows.extend(scan_nulls(world));
    let mut text = format!(
        "## Chance alone\n\n{NULLS} cities without pattern on {} ({} cells of resolution 10, {} assets). *False* is the share of \
         cities in which anything is called a finding at q ≤ {ALPHA}; it should be {ALPHA} or less, with a simulation error of ± 0.02. \
         The tenths show how the p-values of all tests spread; counts have few values, so large p-values are in excess, \
         which is safe. *KS* is the probability of so many small p-values (one of each city) if they were right: below \
         0.01 something is wrong. Scans and the surface rest on {REPLICAS} simulations a city (a project takes more, which makes \
         p finer); the p-value of a scan is that of its most likely cluster.\n\n\
         | what | false | p-values by tenths | KS |\n|---|---|---|---|\n",
        world.title,
        cells.len(),
        world.inputs.assets.len()
    );
    text.extend(rows.iter().map(Null::row));
    text += "\nWhere the third row exceeds the others it is no error of the test, and no finding of risk either: where more bins \
             stand, more is reported, and Gi* without a denominator says so. Only a denominator (`per`) makes a risk of it.\n\n";
    text
}

fn study_cells(world: &World) -> Vec<CellIndex> {
    let inputs = &world.inputs;
    ReportIndex::build(&Incidents::default(), world.plane(), &inputs.streets, &inputs.areas)
        .with_assets(&inputs.assets)
        .study_cells(Resolution::Ten)
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
    let methods = methods(&format!("repeat = [{{ asset = \"{name}\" }}]"));
    at_assets(world, &assets, per_year, &what, |incidents, random| {
        let found = world.find(&assets, incidents, &methods, random);
        let p_values = found.assets.iter().map(|row| row.p_value).collect();
        (p_values, found.assets.iter().any(|row| row.is_repeat))
    })
}

/// Repeat locations among assets that differ by nature: their rates are gamma distributed with a mean of 8 a year and a
/// coefficient of variation of one half. False is to call one that is no more than twice as bad as the mean.
fn differing_null(world: &World, kind: AssetKind) -> Option<Null> {
    let assets = world.assets(kind);
    let (n, name) = (assets.len(), kind.name());
    let what = format!("repeat, {n} × {name} that differ, 8 incidents a year on average");
    let methods = methods(&format!("repeat = [{{ asset = \"{name}\" }}]"));
    let city = |stream: &mut Stream| {
        let mut incidents = Incidents::default();
        let rates: Vec<f64> = assets.iter().map(|_| gamma_of_four(stream, 8.0)).collect();
        for (asset, &rate) in rates.iter().enumerate() {
            for _ in 0..poisson(stream, rate) {
                world.add(&mut incidents, &assets, asset, stream.next_u32() % YEAR_DAYS, Kind::ContainerFull);
            }
        }
        let found = world.find(&assets, &incidents, &methods, Random::new(stream.next_u64()));
        let is_false = |row: &AssetFinding| row.is_repeat && rates[row.asset as usize] <= 16.0;
        (Vec::new(), found.assets.iter().any(is_false))
    };
    (n >= FEWEST_ASSETS).then(|| Null::of(world, what.clone(), &what, city))
}

/// A gamma distributed number of shape 4: the sum of four exponential ones.
fn gamma_of_four(stream: &mut Stream, mean: f64) -> f64 {
    (0..4).map(|_| -(1.0 - share(stream)).ln() * mean / 4.0).sum()
}

/// What compares counts with the assets that stand there, where the assets are alike but not spread evenly.
fn per_nulls(world: &World) -> Vec<Null> {
    let kind = AssetKind::LitterBin;
    let (assets, name) = (world.assets(kind), kind.name());
    let cells = Cells::new(world, &assets, Resolution::Ten);
    let mut rows = Vec::new();
    for per_year in [1.0, 4.0] {
        let what = format!("Gi* per {name}, {per_year} incidents a year each");
        rows.extend(at_assets(world, &assets, per_year, &what, |incidents, random| {
            let tested = cells.gi_star(incidents, random);
            tested.map_or((Vec::new(), false), |tested| (tested.p_values, tested.is_hot.contains(&true)))
        }));
    }
    let what = format!("kernel surface per {name}, 2 incidents a year each");
    let surface = methods(&format!(
        "kernel = [{{ kind = \"container_full\", per = \"{name}\", simulations = {REPLICAS} }}]"
    ));
    rows.extend(at_assets(world, &assets, 2.0, &what, |incidents, random| {
        (Vec::new(), !world.find(&assets, incidents, &surface, random).hotspots.is_empty())
    }));
    let what = format!("scan, poisson per {name}, 2 incidents a year each");
    let scan = methods(&scan_settings("poisson", "spatial", 10, name));
    rows.extend(at_assets(world, &assets, 2.0, &what, |incidents, random| {
        of_scan(&world.find(&assets, incidents, &scan, random))
    }));
    rows
}

/// Incidents at assets that are all alike, on any day; `None` where there are too few of them.
fn at_assets(
    world: &World,
    assets: &[Asset],
    per_year: f64,
    what: &str,
    outcome: impl Fn(&Incidents, Random) -> Outcome + Sync,
) -> Option<Null> {
    let dice = Dice::new(&vec![1.0; assets.len()]);
    let city = |stream: &mut Stream| {
        let mut incidents = Incidents::default();
        for _ in 0..poisson(stream, per_year * assets.len() as f64) {
            let day = stream.next_u32() % YEAR_DAYS;
            world.add(&mut incidents, assets, dice.throw(stream), day, Kind::ContainerFull);
        }
        outcome(&incidents, Random::new(stream.next_u64()))
    };
    (assets.len() >= FEWEST_ASSETS).then(|| Null::of(world, what.to_owned(), what, city))
}

/// Scans of incidents where places and days differ, but not together: neither a busy bin nor a busy day is a cluster.
fn scan_nulls(world: &World) -> Vec<Null> {
    let permutation = |direction, resolution| {
        let what = format!("scan, space_time_permutation, {direction}, busy bins and busy days");
        unlike(world, &what, &scan_settings("space_time_permutation", direction, resolution, "nothing"))
    };
    let bernoulli = unlike(
        world,
        "scan, bernoulli, a third of the incidents of busy bins",
        &scan_settings("bernoulli", "spatial", 10, "nothing"),
    );
    [permutation("prospective", 10), permutation("retrospective", 9), bernoulli]
        .into_iter()
        .flatten()
        .collect()
}

/// Incidents at litter bins of which some are busier, on days of which some are busier, a third of them of the kind
/// in question; `None` where the project has too few bins.
fn unlike(world: &World, what: &str, settings: &str) -> Option<Null> {
    let assets = world.assets(AssetKind::LitterBin);
    let methods = methods(settings);
    let of_asset: Vec<f64> = (0..assets.len()).map(|asset| (1 + asset % 7) as f64).collect();
    // Twice as much on one day of the week, and three times as much in the middle of the year as at its ends.
    let of_day: Vec<f64> = (0..YEAR_DAYS)
        .map(|day| {
            let season = 2.0 - (std::f64::consts::TAU * f64::from(day) / f64::from(YEAR_DAYS)).cos();
            if day % 7 == 0 { 2.0 * season } else { season }
        })
        .collect();
    let (where_, when) = (Dice::new(&of_asset), Dice::new(&of_day));
    let city = |stream: &mut Stream| {
        let mut incidents = Incidents::default();
        for _ in 0..poisson(stream, 6.0 * assets.len() as f64) {
            let day = u32::try_from(when.throw(stream)).expect("a day of the year");
            let kind = if share(stream) < 1.0 / 3.0 { Kind::ContainerFull } else { Kind::Litter };
            world.add(&mut incidents, &assets, where_.throw(stream), day, kind);
        }
        of_scan(&world.find(&assets, &incidents, &methods, Random::new(stream.next_u64())))
    };
    (assets.len() >= FEWEST_ASSETS).then(|| Null::of(world, what.to_owned(), what, city))
}

/// A scan that gives every cluster up to p = 0.99, so that the most likely one of nearly every city has its p-value.
fn scan_settings(model: &str, direction: &str, resolution: u8, per: &str) -> String {
    format!(
        "scan = [{{ kind = \"container_full\", model = \"{model}\", direction = \"{direction}\", resolution = {resolution}, \
         max_radius_m = 600.0, per = \"{per}\", permutations = {REPLICAS}, alpha = 0.99 }}]"
    )
}

/// The p-value of the most likely cluster; that of a city without any is 1.
fn of_scan(found: &Hotspots) -> Outcome {
    let p = found.hotspots.iter().map(|hotspot| hotspot.q_value).fold(1.0, f64::min);
    (vec![p], p <= ALPHA)
}
