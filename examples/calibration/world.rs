//! A project in; simulated cities on its assets, and what the methods make of them, out.

use std::path::Path;

use paaltje::dedupe::Incidents;
use paaltje::error::Result;
use paaltje::hotspots::{self, Hotspots, Methods, Scene};
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
use paaltje::unit::DAY_S;
use rand::Rng;

use crate::SEED;

pub(crate) const YEAR_DAYS: u32 = 365;

/// What cities are simulated on.
pub(crate) struct World {
    pub(crate) title: String,
    pub(crate) inputs: Inputs,
    pub(crate) clock: Clock,
    pub(crate) period: Period,
    pub(crate) random: Random,
    rounds: Rounds,
    /// Nine o'clock on the first day, seconds UTC.
    morning: i64,
}

impl World {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let project = Project::load(path)?;
        let inputs = import::inputs(&project.settings.sources, &project.reading(), &Silent)?;
        let from = Day::from_date(jiff::civil::date(2025, 1, 1));
        let morning = project.clock.midnight(from) + 9 * 3600;
        Ok(Self {
            morning,
            title: project.title.clone(),
            inputs,
            clock: project.clock.clone(),
            period: Period { from, to: from.plus(364) },
            random: Random::new(SEED),
            rounds: Rounds::default(),
        })
    }

    pub(crate) fn plane(&self) -> &Plane {
        &self.inputs.plane
    }

    /// The assets of a kind.
    pub(crate) fn assets(&self, kind: AssetKind) -> Vec<Asset> {
        self.inputs.assets.iter().filter(|asset| asset.kind == kind).cloned().collect()
    }

    /// What the methods find among incidents at assets, where these assets are all the ground there is.
    /// Every city has its own `random`: with the same draws in all of them, their p-values would err together.
    pub(crate) fn find(
        &self,
        assets: &[Asset],
        incidents: &Incidents,
        methods: &Methods,
        random: Random,
    ) -> Hotspots {
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
        hotspots::find(&index, incidents, assets, &scene, methods, &random, &Silent)
    }

    /// One incident at an asset on a day of the period.
    pub(crate) fn add(
        &self,
        incidents: &mut Incidents,
        assets: &[Asset],
        asset: usize,
        day: u32,
        kind: Kind,
    ) {
        let number = u32::try_from(incidents.len()).expect("a simulated city has few incidents");
        let instant = self.morning + i64::from(day) * DAY_S;
        incidents.of_report.push(number);
        incidents.first_report.push(number);
        incidents.kind.push(kind);
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

/// The methods of a simulated project: tables as a project writes them. Stability and words cost time and change no
/// finding.
pub(crate) fn methods(tables: &str) -> Methods {
    toml::from_str(&format!("places = {{ stability = 0, words = 0 }}\n{tables}"))
        .expect("settings that a project could hold")
}

/// Draws an item with a probability in proportion to its weight.
pub(crate) struct Dice {
    sums: Vec<f64>,
}

impl Dice {
    pub(crate) fn new(weights: &[f64]) -> Self {
        let mut sum = 0.0;
        let add = |weight: &f64| {
            sum += weight;
            sum
        };
        Self { sums: weights.iter().map(add).collect() }
    }

    pub(crate) fn throw(&self, stream: &mut Stream) -> usize {
        let at = share(stream) * self.sums.last().copied().unwrap_or(0.0);
        self.sums.partition_point(|&sum| sum <= at).min(self.sums.len() - 1)
    }
}

/// A number from 0 up to 1.
pub(crate) fn share(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

pub(crate) fn below(stream: &mut Stream, n: usize) -> usize {
    usize::try_from(stream.next_u64() % n as u64).expect("smaller than n")
}

/// A Poisson count: how many exponential waits fit into `mean` (Knuth 1969, volume 2, section 3.4.1).
pub(crate) fn poisson(stream: &mut Stream, mean: f64) -> u32 {
    let (mut waited, mut count) = (0.0, 0);
    loop {
        waited -= (1.0 - share(stream)).ln();
        if waited > mean {
            return count;
        }
        count += 1;
    }
}
