//! Findings in, maps and charts out: SVG, and PNG of the same sheet, through plotters.
//!
//! Every map is one A4 sheet that can hang on a wall: a title that states the finding, period and numbers,
//! legend, scale bar, north arrow, attribution, and the strip that says "synthetic data" where it is. The same
//! findings give the same bytes on every machine: the font is compiled in and no date but the data's is written.
//! Free text of citizens is never drawn.

pub(crate) mod canvas;
pub(crate) mod charts;
pub(crate) mod font;
pub(crate) mod style;
pub(crate) mod words;
mod basemap;
mod density;
mod hotspots;
mod labels;
pub(crate) mod marks;
mod png;
pub(crate) mod proposals;
pub(crate) mod round_page;
pub(crate) mod rounds;
mod scale;
mod segments;
mod sheet;
mod surface;
mod window;
#[cfg(test)]
pub(crate) mod tests;

use rayon::prelude::*;

use crate::findings::Findings;
use crate::model::kind::Language;

use canvas::Canvas;

/// One sheet with a map.
#[derive(Debug, Clone)]
pub struct Map {
    /// The stem of its file, as in `density` or `round_LC01`; unique among the maps of a run.
    pub name: String,
    /// What it shows, as a sentence.
    pub title: String,
    /// What it shows, for those who cannot see it.
    pub about: String,
    /// The sheet as SVG.
    pub svg: String,
    canvas: Canvas,
}

impl Map {
    fn new(name: &str, title: String, about: String, language: Language, canvas: Canvas) -> Self {
        let svg = canvas.svg(name, &title, &about, language);
        Self { name: name.to_owned(), title, about, svg, canvas }
    }

    /// The sheet as PNG, 200 pixels per inch.
    pub fn png(&self) -> Vec<u8> {
        self.canvas.png(200.0 / 25.4)
    }
}

/// All maps of a run: report density, hotspots, smooth surfaces and screened streets where the project asks for them,
/// every round, and the proposals that are most worth doing. Maps without anything to show are left out.
pub fn maps(findings: &Findings) -> Vec<Map> {
    let rounds = findings.rounds.routes.len();
    let proposals = findings.proposals.len().min(proposals::MAPPED);
    let mut sheets: Vec<Box<dyn Fn() -> Option<Map> + Sync + '_>> =
        vec![Box::new(|| density::map(findings)), Box::new(|| hotspots::map(findings))];
    for bands in surface::surfaces(findings) {
        sheets.push(Box::new(move || surface::map(findings, bands)));
    }
    for rows in segments::screenings(findings) {
        sheets.push(Box::new(move || segments::map(findings, rows)));
    }
    for round in 0..rounds {
        sheets.push(Box::new(move || rounds::map(findings, round)));
    }
    for proposal in 0..proposals {
        sheets.push(Box::new(move || proposals::map(findings, proposal)));
    }
    let mut maps: Vec<Map> = sheets.par_iter().filter_map(|sheet| sheet()).collect();
    let mut seen = std::collections::BTreeMap::new();
    for map in &mut maps {
        let times = seen.entry(map.name.to_lowercase()).or_insert(0);
        *times += 1;
        if *times > 1 {
            map.name = format!("{}_{times}", map.name);
            map.svg = map.canvas.svg(&map.name, &map.title, &map.about, findings.language);
        }
    }
    maps
}

/// An id as part of a file name: letters, digits, `-` and `_` only, at most 60 of them.
pub(crate) fn stem(id: &str) -> String {
    let keep = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    id.chars().take(60).map(keep).collect()
}
