//! `paaltje simulate`: a labelled season on the project's real streets and assets.

use std::path::Path;

use super::args::Args;
use super::{bar, say};
use crate::error::Result;
use crate::import::rounds::{self, RoundSource};
use crate::import::{self, open, osm};
use crate::issue::Issues;
use crate::model::round::Rounds;
use crate::network::Network;
use crate::place::Plane;
use crate::project::Project;
use crate::random::Random;
use crate::simulate::{City, Town};

pub(super) fn simulate(args: &Args, path: &Path, seed: u64, dir: &Path, rounds: Option<&Path>) -> Result<()> {
    let project = Project::load(path)?;
    let (settings, reading) = (&project.settings, project.reading());
    let progress = bar::suitable(args.quiet);
    let (issues, counts) = (&mut Issues::new(), &mut Vec::new());
    let city = import::city(&settings.sources, &reading, || None, issues, counts, &*progress)?;
    let network = Network::build(&city.streets, &settings.network);
    let mut places = Vec::new();
    for pattern in
        settings.sources.streets.iter().map(|source| &source.path).filter(|path| osm::is_extract(path))
    {
        for file in open::files(&project.base, pattern)? {
            places.extend(osm::places(&file, &city.plane)?.into_iter().map(|(at, _what)| at));
        }
    }
    progress.begin("simulate", 0);
    let scene = City {
        streets: &city.streets,
        network: &network,
        addresses: &city.addresses,
        assets: &city.assets,
        places: &places,
        clock: &project.clock,
        plane: &city.plane,
        language: settings.language,
    };
    let town = Town::new(&scene, &settings.simulate, &Random::new(seed))?;
    let season = match rounds {
        None => town.season(),
        Some(feed) => {
            let rounds = given(&project, &city.plane, feed)?;
            town.season_under(&rounds, &settings.simulate, &Random::new(seed))?
        }
    };
    let files = season.write(dir, &project.clock, &city.plane)?;
    drop(progress);
    if !args.quiet {
        say(&format!("wrote a synthetic season (seed {seed}) to {}:", dir.display()));
        for file in &files {
            say(&format!("  {}", file.display()));
        }
    }
    Ok(())
}

/// The rounds of a feed whose path is taken as it is written, not from the project file.
fn given(project: &Project, plane: &Plane, feed: &Path) -> Result<Rounds> {
    let source = RoundSource { path: feed.display().to_string(), ..RoundSource::default() };
    let reading = import::Settings { base: Path::new(""), period: None, ..project.reading() };
    rounds::read(&[source], &reading, plane, &mut Issues::new(), &mut Vec::new())
}
