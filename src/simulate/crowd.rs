//! Streets and a number in, that many reports out: a file for measuring speed, not a season.

use std::io::{self, Write};

use rayon::prelude::*;

use crate::model::asset::Asset;
use crate::model::kind::{Kind, Language};
use crate::model::street::Streets;
use crate::period::{Clock, Period};
use crate::place::Plane;
use crate::random::Random;
use crate::unit::Local;

use super::chance::Chance;
use super::tell::Along;
use super::{phrases, write};

/// Reports made at a time by one thread.
const CHUNK: usize = 20_000;
/// Kinds and how often one comes against the other.
const KINDS: [(Kind, f64); 10] = [
    (Kind::ContainerFull, 20.0),
    (Kind::BesideContainer, 8.0),
    (Kind::Dumping, 12.0),
    (Kind::Litter, 10.0),
    (Kind::Bollard, 4.0),
    (Kind::Pothole, 8.0),
    (Kind::Lighting, 8.0),
    (Kind::UnsafeTraffic, 6.0),
    (Kind::Graffiti, 8.0),
    (Kind::Green, 16.0),
];

/// A city as large as wanted: the streets again and again, side by side.
struct Tiles {
    along: Along,
    side: usize,
    width_m: f64,
    height_m: f64,
}

impl Tiles {
    fn new(streets: &Streets, side: usize) -> Self {
        let used = || streets.ways.iter().flat_map(|way| streets.line(way));
        let span = |of: fn(Local) -> f64| {
            let low = used().map(of).fold(f64::INFINITY, f64::min);
            let high = used().map(of).fold(f64::NEG_INFINITY, f64::max);
            (high - low).max(0.0)
        };
        Self {
            along: Along::new(streets),
            side: side.max(1),
            width_m: span(|at| at.x),
            height_m: span(|at| at.y),
        }
    }

    fn place(&self, chance: &mut Chance) -> Option<Local> {
        let at = self.along.place(chance)?;
        Some(self.anywhere(at, chance))
    }

    /// The same place in one of the cities side by side.
    fn anywhere(&self, at: Local, chance: &mut Chance) -> Local {
        let (column, row) = (chance.below(self.side), chance.below(self.side));
        self.shifted(at, column, row)
    }

    fn shifted(&self, at: Local, column: usize, row: usize) -> Local {
        Local::new(at.x + column as f64 * self.width_m, at.y + row as f64 * self.height_m)
    }
}

/// Many reports along the streets of a city, for measuring speed.
#[derive(Debug, Clone, Copy)]
pub struct Crowd<'a> {
    /// The streets.
    pub streets: &'a Streets,
    /// Its bollards; reports about bollards are about one of these, if there are any.
    pub bollards: &'a [Asset],
    /// How often the streets are laid side by side in each direction: 1 for the city as it is.
    pub side: usize,
    /// Its plane.
    pub plane: &'a Plane,
    /// Its clock.
    pub clock: &'a Clock,
    /// The days of the reports.
    pub period: Period,
    /// The language of the reports.
    pub language: Language,
    /// How many reports.
    pub count: usize,
}

impl Crowd<'_> {
    /// Writes the reports as CSV with the columns of a season. One in five lies in a hotspot, of which there
    /// is one for each two thousand reports. The same seed gives the same bytes, whatever the number of
    /// threads.
    ///
    /// # Errors
    /// When `out` does not take them, or there are no streets.
    pub fn write(&self, random: Random, out: &mut impl Write) -> io::Result<()> {
        let tiles = Tiles::new(self.streets, self.side);
        let mut chance = Chance::new(random, "crowd_places", 0);
        let hotspots: Option<Vec<Local>> =
            (0..=self.count / 2000).map(|_| tiles.place(&mut chance)).collect();
        let hotspots = hotspots.ok_or_else(|| io::Error::other("there are no streets to report about"))?;
        out.write_all(b"report_id,category,created_at,closed_at,lon,lat,address,description\n")?;
        let chunks: Vec<usize> = (0..self.count.div_ceil(CHUNK)).collect();
        // Some chunks at a time, so that memory does not grow with `count`.
        for some in chunks.chunks(16) {
            let texts: Vec<Vec<u8>> =
                some.par_iter().map(|&chunk| self.chunk(chunk, &tiles, &hotspots, random)).collect();
            for text in texts {
                out.write_all(&text)?;
            }
        }
        Ok(())
    }

    /// The assets of the city, laid side by side as its streets are.
    pub fn laid_out(&self, assets: &[Asset]) -> Vec<Asset> {
        let tiles = Tiles::new(self.streets, self.side);
        let mut all = Vec::new();
        for (column, row) in (0..self.side).flat_map(|column| (0..self.side).map(move |row| (column, row))) {
            all.extend(assets.iter().map(|asset| Asset {
                id: format!("{}-{column}-{row}", asset.id),
                at: tiles.shifted(asset.at, column, row),
                is_synthetic: true,
                ..asset.clone()
            }));
        }
        all
    }

    /// Assets as a `FeatureCollection`, in the form of those of a season.
    pub fn geojson(&self, assets: &[Asset]) -> String {
        write::geojson(assets, self.plane)
    }

    fn chunk(&self, chunk: usize, tiles: &Tiles, hotspots: &[Local], random: Random) -> Vec<u8> {
        let mut chance = Chance::new(random, "crowd", chunk as u64);
        let mut text = Vec::new();
        for report in chunk * CHUNK..((chunk + 1) * CHUNK).min(self.count) {
            self.report(report, tiles, hotspots, &mut chance, &mut text).expect("memory takes every byte");
        }
        text
    }

    fn report(
        &self,
        number: usize,
        tiles: &Tiles,
        hotspots: &[Local],
        chance: &mut Chance,
        text: &mut Vec<u8>,
    ) -> io::Result<()> {
        let (kind, at) = if chance.happens(0.2) {
            let hotspot = chance.below(hotspots.len());
            let Local { x, y } = hotspots[hotspot];
            let at = Local::new(x + 20.0 * chance.normal(), y + 20.0 * chance.normal());
            (KINDS[hotspot % KINDS.len()].0, at)
        } else {
            let kind = KINDS[chance.weighted(&KINDS.map(|(_, weight)| weight))].0;
            let at = match kind {
                Kind::Bollard if !self.bollards.is_empty() => {
                    let at = tiles.anywhere(chance.pick(self.bollards).at, chance);
                    Local::new(at.x + 3.0 * chance.normal(), at.y + 3.0 * chance.normal())
                }
                _ => tiles.place(chance).expect("the hotspots lie on the same streets"),
            };
            (kind, at)
        };
        let day_s = 86_400.0;
        #[expect(clippy::cast_possible_truncation, reason = "seconds of some years")]
        let seconds = |days: f64| (days * day_s) as i64;
        let opened =
            self.clock.midnight(self.period.from) + seconds(chance.share() * f64::from(self.period.days()));
        let closed = opened + seconds(chance.exponential(5.0));
        let category = phrases::category(kind, self.language, chance);
        let words = if chance.happens(0.5) { phrases::text(kind, self.language, chance) } else { "" };
        let [opened, closed] = [opened, closed].map(|at| self.clock.rfc3339(at));
        let at = self.plane.lon_lat(at);
        writeln!(text, "R{number:08},{category},{opened},{closed},{:.6},{:.6},,\"{words}\"", at.lon, at.lat)
    }
}
