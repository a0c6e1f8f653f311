//! How long the scan statistic takes on all reports of a city.
//!
//! `cargo bench --bench scan`. Zürich, from `../shared/data`; skipped where it is not there. One thread, so that
//! the figures compare with those of other programs: 62,245 reports of ten years in 876 cells on 3,653 days, and the
//! 4,569 about waste of 2024 in 529 cells on 366 days; H3 resolution 9, circles up to 1 km, windows up to 28 days.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail, and says what it skips")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use h3o::{CellIndex, Resolution};
use jiff::civil::Date;
use paaltje::place::{Crs, Plane};
use paaltje::random::Random;
use paaltje::stats::scan::{Case, Circles, Limits, Model, Study};

/// What the reports of a category (or all) are, from one day to another.
struct City {
    cases: Vec<Case>,
    centres: Vec<[f64; 2]>,
    days: usize,
}

impl City {
    fn read(category: Option<&str>, from: Date, to: Date) -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../shared/data/zurich/zueri_wie_neu_2016-2025_cleaned.csv");
        if !path.exists() {
            println!("skipped: {} is not there", path.display());
            return None;
        }
        let plane = Plane::new(Crs::from_epsg(2056).unwrap()).unwrap();
        let swiss = Crs::from_epsg(2056).unwrap();
        let mut found: Vec<(CellIndex, u32)> = Vec::new();
        for row in csv::Reader::from_path(path).unwrap().records() {
            let row = row.unwrap();
            let date: Date = row[0].parse().unwrap();
            if category.is_some_and(|category| category != &row[2]) || date < from || to < date {
                continue;
            }
            let at = plane.from_pair(&swiss, row[3].parse().unwrap(), row[4].parse().unwrap()).unwrap();
            let day = u32::try_from((date - from).get_days()).unwrap();
            found.push((plane.cell(at, Resolution::Nine), day));
        }
        let mut cells: Vec<CellIndex> = found.iter().map(|&(cell, _)| cell).collect();
        cells.sort_unstable();
        cells.dedup();
        let number = |cell: CellIndex| u32::try_from(cells.binary_search(&cell).unwrap()).unwrap();
        let centre = |&cell: &CellIndex| plane.centre(cell).map(|at| [at.x, at.y]).unwrap();
        Some(Self {
            cases: found.iter().map(|&(cell, time)| Case { place: number(cell), time }).collect(),
            centres: cells.iter().map(centre).collect(),
            days: usize::try_from((to - from).get_days() + 1).unwrap(),
        })
    }

    /// The whole analysis: circles, scans of scattered cases, clusters. Gives the largest ratio.
    fn scan(&self, is_prospective: bool, permutations: u32) -> Option<f64> {
        let model = Model::SpaceTimePermutation(vec![0; self.days]);
        let study = Study::new(self.centres.len(), self.days, self.cases.clone(), model)?;
        let circles = Circles::new(&self.centres, &study.population(), 1000.0, 0.5);
        let limits = Limits { longest: 28, is_prospective, min_cases: 2 };
        let stream = |replica| Random::new(1).stream("scan", replica);
        let chance = study.chance(&circles, limits, permutations, stream);
        study.clusters(&circles, limits, chance.critical(0.05)).first().map(|cluster| cluster.llr)
    }
}

fn scan(criterion: &mut Criterion) {
    let day = jiff::civil::date;
    let (Some(all), Some(waste)) = (
        City::read(None, day(2016, 1, 1), day(2025, 12, 31)),
        City::read(Some("Abfall/Sammelstelle"), day(2024, 1, 1), day(2024, 12, 31)),
    ) else {
        return;
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(10);
    let runs = [
        ("ten years", &all, true, 999),
        ("waste 2024", &waste, true, 999),
        ("waste 2024", &waste, false, 99),
    ];
    for (name, city, is_prospective, permutations) in runs {
        let direction = if is_prospective { "prospective" } else { "retrospective" };
        let (n, cells, days) = (city.cases.len(), city.centres.len(), city.days);
        let size = format!("{name}, {n} reports, {cells} cells, {days} days, {direction}, {permutations}");
        group.bench_function(size, |bench| {
            bench.iter(|| pool.install(|| black_box(city).scan(is_prospective, permutations)));
        });
    }
    group.finish();
}

criterion_group!(benches, scan);
criterion_main!(benches);
