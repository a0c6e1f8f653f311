//! Clusters planted among assets in; how often each method finds them out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use h3o::{CellIndex, Resolution};
use paaltje::dedupe::Incidents;
use paaltje::hotspots::{density, gi_star, repeat};
use paaltje::model::asset::{Asset, AssetKind};
use paaltje::model::kind::Kind;
use paaltje::period::Day;
use paaltje::random::Stream;
use paaltje::stats::density::{NOISE, Rule, clusters};
use paaltje::stats::scan::{Case, Circles, Limits, Model, Population, Study};
use paaltje::stats::weights::Weights;
use paaltje::unit::Local;
use rand::Rng;
use rayon::prelude::*;

use crate::ALPHA;
use crate::cells::Cells;
use crate::world::{World, YEAR_DAYS, below, methods, poisson};

/// Cities with a planted cluster, of each kind.
const PLANTED: u32 = 200;
/// Cities of a kind in which nothing is planted: a small share needs more of them.
const WITHOUT: u32 = 1000;
/// How many times as often things go wrong in a planted cluster.
const RISK: f64 = 3.0;
/// The share of clusters that a method with power finds.
const POWER: f64 = 0.9;
/// The day of the year on which a cluster that does not last all year begins.
const FIRST_DAY: u32 = 150;
/// Scans of scattered cases behind the critical ratio of the scan.
const REPLICAS: u32 = 1999;
/// The settings of the scan: cells of a street corner, circles up to a quarter.
const SCAN_CELLS: Resolution = Resolution::Ten;
const SCAN_RADIUS_M: f64 = 600.0;
/// The settings of Gi*.
const GI_STAR_CELLS: Resolution = Resolution::Nine;
/// The settings of density.
const DENSITY_RADIUS_M: f64 = 100.0;
const DENSITY_POINTS: usize = 8;
/// With fewer assets there are few places to plant among.
const FEWEST_ASSETS: usize = 50;

/// The methods, in the order of the columns, and how a project would ask for them.
const METHODS: [(&str, &str); 4] = [
    (repeat::METHOD, "`asset = \"…\"`"),
    (
        "scan",
        "`model = \"poisson\"`, `direction = \"spatial\"`, `per` the assets, cells of resolution 10, up to 600 m",
    ),
    (
        gi_star::METHOD,
        "`per` the assets, cells of resolution 9; nothing where fewer than 30 have such assets",
    ),
    (density::METHOD, "`radius_m = 100.0`, `min_reports = 8`; it compares with nothing and tests nothing"),
];
const REPEAT: usize = 0;
const SCAN: usize = 1;
const GI_STAR: usize = 2;
const DENSITY: usize = 3;

/// A kind of cluster that is planted.
#[derive(Clone, Copy)]
struct Plant {
    /// Incidents per asset and year elsewhere.
    per_year: f64,
    /// Metres around an asset; 0 for the asset alone.
    radius_m: f64,
    /// For so many days of the year.
    days: u32,
    /// How many times as often; 1 where nothing is planted.
    risk: f64,
}

impl Plant {
    fn expected(self, assets: usize) -> f64 {
        self.per_year * assets as f64 * f64::from(self.days) / f64::from(YEAR_DAYS)
    }

    /// Whether a method is asked at all: at rates that only an asset alone needs to be found, all the others find what
    /// there is to find, and take long.
    fn asks(self, method: usize) -> bool {
        method == REPEAT || self.per_year <= 4.0
    }
}

/// What a method made of one city: whether it found anything at all, and whether it found what was planted.
type Find = Option<(bool, bool)>;

/// One city with a cluster.
struct City {
    /// How many assets lie in the cluster.
    within: usize,
    finds: [Find; METHODS.len()],
}

/// The part of the report.
pub(crate) fn report(world: &World) -> String {
    let mut text = introduction(world);
    text += &real_rate(world);
    for kind in [AssetKind::LitterBin, AssetKind::Bollard] {
        let ground = Ground::new(world, kind);
        let (n, name) = (ground.assets.len(), kind.name());
        let _ = writeln!(text, "### {n} × {name}\n");
        if n < FEWEST_ASSETS {
            text += "Too few to plant among.\n\n";
            continue;
        }
        let columns: Vec<&str> = METHODS.iter().map(|method| method.0).collect();
        let _ = writeln!(
            text,
            "| incidents per asset and year | risk | radius | days | assets within (median) | expected there (median) | {} |\n|---|---|---|---|---|---|{}",
            columns.join(" | "),
            "---|".repeat(METHODS.len())
        );
        let mut all: Vec<(Plant, Vec<City>)> = Vec::new();
        let mut critical = BTreeMap::new();
        for plant in plants(kind) {
            let of_rate = || if plant.asks(SCAN) { ground.critical(plant.per_year) } else { f64::INFINITY };
            let critical = *critical.entry(plant.per_year.to_bits()).or_insert_with(of_rate);
            let cities = ground.cities(plant, critical);
            text += &row(plant, &cities);
            all.push((plant, cities));
        }
        text += &by_expected(&all);
    }
    text
}

fn introduction(world: &World) -> String {
    let mut text = format!(
        "## Planted clusters\n\nOn {}: an asset is drawn, and for it and all of its kind within the radius incidents are {RISK} times \
         as frequent, all year or for some days of it: one asset, a street corner (150 m), a few blocks (300 m), a quarter (600 m). \
         {PLANTED} cities of each kind. *Expected there* is what the place would have in that time without the cluster. A cluster is \
         *found* when the incidents within the radius and a hotspot would be one place by the program's own rule: more than \
         half of the smaller and a fifth of the larger in common. In the rows with risk 1 nothing is planted, and the figure is \
         the share of {WITHOUT} cities in which the method finds *anything*: false finds. Bold: {:.0} % or more. A dash: not asked.\n\n",
        world.title,
        100.0 * POWER
    );
    for (name, settings) in METHODS {
        let _ = writeln!(text, "* `{name}`: {settings}");
    }
    let _ = writeln!(
        text,
        "\nThe scan takes the ratio that {REPLICAS} scans of scattered incidents reach with probability {ALPHA} once for every \
         rate: it depends on the assets and the number of incidents only, and its own error moves the false finds by ± 0.01. For `repeat` only clusters of one asset count below.\n"
    );
    text
}

/// What is planted: litter bins at a rate that is really reported, at five times and at twenty times as much; one asset
/// at rates of up to every third week.
fn plants(kind: AssetKind) -> Vec<Plant> {
    let all_year = |per_year, radius_m, risk| Plant { per_year, radius_m, days: YEAR_DAYS, risk };
    // Bollards are many: rates that make ten thousands of incidents say nothing more about them.
    let (rates, alone): (&[f64], &[f64]) = match kind {
        AssetKind::LitterBin => (&[0.2, 1.0, 4.0], &[8.0, 12.0, 16.0]),
        _ => (&[0.2, 1.0], &[8.0, 12.0]),
    };
    let mut plants = Vec::new();
    for &per_year in rates {
        plants.push(all_year(per_year, 300.0, 1.0));
        plants.extend([0.0, 150.0, 300.0, 600.0].map(|radius_m| all_year(per_year, radius_m, RISK)));
    }
    plants.push(Plant { days: 60, ..all_year(1.0, 300.0, RISK) });
    plants.extend(alone.iter().filter(|rate| !rates.contains(rate)).map(|&rate| all_year(rate, 0.0, RISK)));
    plants
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
        "Real requests about litter cans here: {n} on the {} days with requests, for {cans} cans: {rate:.2} per can and year, too \
         few to find anything by. The rates below are those of cities whose citizens report more. No request here is \
         about bollards, so theirs are assumed to be the same.\n\n",
        days.len()
    )
}

/// The assets among which clusters are planted, and what the scan knows of them.
struct Ground<'a> {
    world: &'a World,
    kind: AssetKind,
    assets: Vec<Asset>,
    /// The cell of each asset, as an index into those with assets.
    cell_of: Vec<u32>,
    population: Population,
    circles: Circles,
    /// The cells of Gi*.
    coarse: Cells,
}

/// Where, all year long, and with how few cases.
const WINDOWS: Limits = Limits { longest: 1, is_prospective: false, min_cases: 3 };

impl<'a> Ground<'a> {
    fn new(world: &'a World, kind: AssetKind) -> Self {
        let assets = world.assets(kind);
        let fine = Cells::new(world, &assets, SCAN_CELLS);
        let centre = |cell: &CellIndex| world.plane().centre(*cell).expect("assets lie on the plane");
        let centres: Vec<[f64; 2]> = fine.list.iter().map(centre).map(|at| [at.x, at.y]).collect();
        let circles = Circles::new(&centres, &fine.exposures, SCAN_RADIUS_M, 0.5);
        let population = Population::Steady { place: fine.exposures, time: vec![1.0] };
        let coarse = Cells::new(world, &assets, GI_STAR_CELLS);
        Self { world, kind, assets, cell_of: fine.of_asset, population, circles, coarse }
    }

    fn cities(&self, plant: Plant, critical: f64) -> Vec<City> {
        let purpose = format!(
            "{} {} {} {} {}",
            self.kind.name(),
            plant.per_year,
            plant.radius_m,
            plant.days,
            plant.risk
        );
        let one = |number: u32| {
            let mut stream = self.world.random.stream(&purpose, u64::from(number));
            self.city(plant, critical, &mut stream)
        };
        let cities = if plant.risk > 1.0 { PLANTED } else { WITHOUT };
        (0..cities).into_par_iter().map(one).collect()
    }

    fn city(&self, plant: Plant, critical: f64, stream: &mut Stream) -> City {
        let assets = &self.assets;
        let centre = assets[below(stream, assets.len())].at;
        let near = |asset: &Asset| asset.at.distance_m(centre) <= plant.radius_m.max(0.5);
        let mut is_within: Vec<bool> = assets.iter().map(near).collect();
        if plant.radius_m <= 0.0 {
            // Registers have assets at one place: one of them is the asset alone.
            let first = is_within.iter().position(|&is_within| is_within).unwrap_or(0);
            is_within[first + 1..].fill(false);
        }
        let incidents = self.incidents(plant, &is_within, stream);
        let planted: Vec<bool> = incidents.asset.iter().map(|&asset| is_within[asset as usize]).collect();
        let judge = |method: usize, found: &dyn Fn() -> Vec<Vec<u32>>| {
            plant.asks(method).then(|| {
                let found = found();
                (!found.is_empty(), found.iter().any(|members| is_one_place(members, &planted)))
            })
        };
        let mut finds = [None; METHODS.len()];
        finds[REPEAT] = judge(REPEAT, &|| self.repeats(&incidents));
        finds[GI_STAR] = judge(GI_STAR, &|| self.hot(&incidents));
        finds[SCAN] = judge(SCAN, &|| self.scan(&incidents, critical));
        finds[DENSITY] = judge(DENSITY, &|| dense(&incidents));
        City { within: is_within.iter().filter(|&&is_within| is_within).count(), finds }
    }

    fn incidents(&self, plant: Plant, is_within: &[bool], stream: &mut Stream) -> Incidents {
        let mut incidents = Incidents::default();
        let mut add = |asset: usize, day: u32| {
            self.world.add(&mut incidents, &self.assets, asset, day, Kind::ContainerFull);
        };
        for (asset, &is_within) in is_within.iter().enumerate() {
            for _ in 0..poisson(stream, plant.per_year) {
                add(asset, stream.next_u32() % YEAR_DAYS);
            }
            if is_within {
                for _ in 0..poisson(stream, (plant.risk - 1.0) * plant.expected(1)) {
                    add(asset, (FIRST_DAY + stream.next_u32() % plant.days) % YEAR_DAYS);
                }
            }
        }
        incidents
    }

    /// The ratio that chance reaches anywhere with the probability that makes a finding.
    fn critical(&self, per_year: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
        let n = (per_year * self.assets.len() as f64).round() as usize;
        let study = self.study(vec![Case { place: 0, time: 0 }; n]).expect("many cases");
        let stream = |replica| self.world.random.stream("critical ratio", replica);
        study.chance(&self.circles, WINDOWS, REPLICAS, stream).critical(ALPHA)
    }

    fn study(&self, cases: Vec<Case>) -> Option<Study> {
        Study::new(self.circles.len(), 1, cases, Model::Poisson(self.population.clone()))
    }

    /// The incidents of each repeat location.
    fn repeats(&self, incidents: &Incidents) -> Vec<Vec<u32>> {
        // This method goes by the assets alone; sorting all incidents into cells takes far longer.
        let nowhere = Incidents { is_point: vec![false; incidents.len()], ..incidents.clone() };
        let settings = methods(&format!("repeat = [{{ asset = \"{}\" }}]", self.kind.name()));
        let found = self.world.find(&self.assets, &nowhere, &settings, self.world.random).hotspots;
        found.into_iter().map(|hotspot| hotspot.incidents).collect()
    }

    /// The incidents of each group of cells that Gi* calls hot.
    fn hot(&self, incidents: &Incidents) -> Vec<Vec<u32>> {
        let Some(tested) = self.coarse.gi_star(incidents, self.world.random) else { return Vec::new() };
        let group = groups(&self.coarse.weights, &tested.is_hot);
        let mut members: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (incident, &asset) in (0u32..).zip(&incidents.asset) {
            if let Some(group) = group[self.coarse.of_asset[asset as usize] as usize] {
                members.entry(group).or_default().push(incident);
            }
        }
        members.into_values().collect()
    }

    /// The incidents of each cluster whose ratio is at least the critical one.
    fn scan(&self, incidents: &Incidents, critical: f64) -> Vec<Vec<u32>> {
        let place = |&asset: &u32| self.cell_of[asset as usize];
        let cases = incidents.asset.iter().map(|asset| Case { place: place(asset), time: 0 }).collect();
        let Some(study) = self.study(cases) else { return Vec::new() };
        let members = |places: Vec<u32>| {
            let is_in = |incident: &u32| places.contains(&place(&incidents.asset[*incident as usize]));
            (0u32..).take(incidents.len()).filter(is_in).collect()
        };
        let found = study.clusters(&self.circles, WINDOWS, critical);
        found.into_iter().map(|cluster| members(cluster.places)).collect()
    }
}

/// The group of each hot cell: those that touch are one.
fn groups(weights: &Weights, is_hot: &[bool]) -> Vec<Option<usize>> {
    let mut group = vec![None; is_hot.len()];
    for first in (0..is_hot.len()).filter(|&cell| is_hot[cell]) {
        let mut open = if group[first].is_none() { vec![first] } else { Vec::new() };
        while let Some(cell) = open.pop() {
            group[cell] = Some(first);
            let near = weights.neighbours(cell).iter().map(|&near| near as usize);
            open.extend(near.filter(|&near| is_hot[near] && group[near].is_none()));
        }
    }
    group
}

/// The clusters of `density`, without their outlines: those of chains of thousands of incidents take minutes.
fn dense(incidents: &Incidents) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0u32..).take(incidents.len()).collect();
    order.sort_by(|&a, &b| incidents.at[a as usize].total_cmp(&incidents.at[b as usize]));
    let points: Vec<Local> = order.iter().map(|&incident| incidents.at[incident as usize]).collect();
    let found = clusters(&points, &Rule::in_space(DENSITY_RADIUS_M, DENSITY_POINTS));
    let mut members = vec![Vec::new(); found.count as usize];
    for (&incident, &cluster) in order.iter().zip(&found.of_point).filter(|(_, cluster)| **cluster != NOISE) {
        members[cluster as usize].push(incident);
    }
    members
}

/// Whether a hotspot and what was planted would be one place.
fn is_one_place(incidents: &[u32], planted: &[bool]) -> bool {
    let all = planted.iter().filter(|&&is_planted| is_planted).count();
    let shared = incidents.iter().filter(|&&incident| planted[incident as usize]).count();
    2 * shared > all.min(incidents.len()) && 5 * shared >= all.max(incidents.len())
}

/// The share of cities in which a method found what is asked for; `None` where it was not asked.
fn share<'a>(plant: Plant, cities: impl Iterator<Item = &'a City>, method: usize) -> Option<f64> {
    let finds: Vec<bool> = cities
        .filter_map(|city| city.finds[method])
        .map(|(anything, planted)| if plant.risk > 1.0 { planted } else { anything })
        .collect();
    let found = finds.iter().filter(|&&found| found).count();
    (!finds.is_empty()).then(|| found as f64 / finds.len() as f64)
}

fn shown(share: Option<f64>, may_be_bold: bool) -> String {
    match share {
        None => "–".to_owned(),
        Some(share) if may_be_bold && share >= POWER => format!("**{share:.2}**"),
        Some(share) => format!("{share:.2}"),
    }
}

fn row(plant: Plant, cities: &[City]) -> String {
    let Plant { per_year, radius_m, days, risk } = plant;
    let mut sizes: Vec<usize> = cities.iter().map(|city| city.within).collect();
    sizes.sort_unstable();
    let within = sizes[sizes.len() / 2];
    let shares: Vec<String> =
        (0..METHODS.len()).map(|method| shown(share(plant, cities.iter(), method), risk > 1.0)).collect();
    let radius = if radius_m > 0.0 { format!("{radius_m} m") } else { "one asset".to_owned() };
    let (radius, place) = if risk > 1.0 {
        (radius, format!("{within} | {:.1}", plant.expected(within)))
    } else {
        ("–".to_owned(), "– | –".to_owned())
    };
    format!("| {per_year} | {risk} | {radius} | {days} | {place} | {} |\n", shares.join(" | "))
}

/// From which number on clusters are found: all clusters that last all year, by how many incidents their place would
/// have without them.
fn by_expected(all: &[(Plant, Vec<City>)]) -> String {
    // Steps of two, from one to some hundred.
    let step = |expected: f64| (0..9).take_while(|&step| expected >= f64::from(1u32 << step)).count();
    let mut cities: Vec<[Vec<bool>; METHODS.len()]> = (0..10).map(|_| Default::default()).collect();
    for (plant, of_plant) in all.iter().filter(|(plant, _)| plant.risk > 1.0 && plant.days == YEAR_DAYS) {
        for city in of_plant {
            for (method, find) in city.finds.iter().enumerate() {
                let counts = method != REPEAT || plant.radius_m <= 0.0;
                if let (Some((_, planted)), true) = (find, counts) {
                    cities[step(plant.expected(city.within))][method].push(*planted);
                }
            }
        }
    }
    let columns: Vec<&str> = METHODS.iter().map(|method| method.0).collect();
    let mut text = format!(
        "\nThe same clusters by the number that their place would have without them, share found (and of how many):\n\n\
         | expected there | {} |\n|---|{}\n",
        columns.join(" | "),
        "---|".repeat(METHODS.len())
    );
    let power = |finds: &Vec<bool>| {
        let found = finds.iter().filter(|&&found| found).count() as f64;
        (finds.len() >= FEWEST_CITIES).then(|| found / finds.len() as f64)
    };
    for (step, finds) in cities.iter().enumerate() {
        let cells: Vec<String> =
            finds.iter().map(|finds| format!("{} ({})", shown(power(finds), true), finds.len())).collect();
        let _ = writeln!(text, "| {} | {} |", range(step), cells.join(" | "));
    }
    text += "\n";
    for (method, (name, _)) in METHODS.iter().enumerate() {
        let powers: Vec<(usize, f64)> = (cities.iter().enumerate())
            .filter_map(|(step, finds)| power(&finds[method]).map(|power| (step, power)))
            .collect();
        let from = powers.iter().rev().take_while(|(_, power)| *power >= POWER).last();
        let _ = match from {
            _ if false_share(all, method) > 2.0 * ALPHA => writeln!(
                text,
                "* `{name}` has no power: it finds something where nothing is planted too, in up to {:.0} % of the cities.",
                100.0 * false_share(all, method)
            ),
            Some((step, _)) => writeln!(
                text,
                "* `{name}` finds {:.0} % or more of the clusters of risk {RISK} from {} expected incidents on.",
                100.0 * POWER,
                (1u32 << step) / 2
            ),
            None => writeln!(
                text,
                "* `{name}` does not find {:.0} % of such clusters at any number here.",
                100.0 * POWER
            ),
        };
    }
    text += "\n";
    text
}

/// The largest share of cities in which a method finds something where nothing is planted.
fn false_share(all: &[(Plant, Vec<City>)], method: usize) -> f64 {
    let without = all.iter().filter(|(plant, _)| plant.risk <= 1.0);
    without.filter_map(|(plant, cities)| share(*plant, cities.iter(), method)).fold(0.0, f64::max)
}

/// A share of fewer cities says little.
const FEWEST_CITIES: usize = 20;

/// The numbers of a step, in words.
fn range(step: usize) -> String {
    match step {
        0 => "below 1".to_owned(),
        9 => "256 or more".to_owned(),
        _ => format!("{} to {}", 1u32 << (step - 1), 1u32 << step),
    }
}
