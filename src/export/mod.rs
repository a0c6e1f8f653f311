//! Findings in, files out.
//!
//! Everything is written to a temporary folder beside the output folder and takes its place in one step, so
//! that a run that is stopped leaves the former output whole.

pub mod csv;
pub mod geojson;
pub mod geopackage;
pub mod html;
pub mod layer;
pub mod layers;
mod qgis;
mod replace;
pub mod rounds;
pub mod summary;
pub mod worklist;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::draw;
use crate::error::{Error, Result};
use crate::export::layer::{Frame, Layer};
use crate::findings::Findings;
use crate::issue::Issues;
use crate::progress::{Progress, Timed};

/// What to write, and where: `[output]` in the project file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The output folder, relative to the project file. Its former content is replaced as a whole.
    pub dir: PathBuf,
    /// Names from [`FORMATS`].
    pub formats: Vec<String>,
    /// Names from [`rounds::FORMATS`]: how the planned rounds are written for trucks and other programs. Default
    /// `gtfs` and `gpx`.
    pub rounds: Vec<String>,
    /// Whether maps are written as PNG beside the SVG.
    pub png: bool,
}

impl Default for Options {
    fn default() -> Self {
        let formats = FORMATS.iter().map(|format| format.name.to_owned()).collect();
        let rounds = ["gtfs", "gpx"].map(str::to_owned).to_vec();
        Self { dir: "out".into(), formats, rounds, png: true }
    }
}

/// A file format for layers.
#[derive(Clone, Copy)]
pub struct LayerFormat {
    /// Its name in the project file.
    pub name: &'static str,
    /// One line for `paaltje formats`.
    pub about: &'static str,
    /// The file or folder it writes, relative to the output folder.
    pub target: &'static str,
    write: fn(&[Layer<'_>], Frame<'_>, &Path) -> Result<()>,
}

/// Every format that layers can be written in. A new format is a file of its own and one entry here.
pub const FORMATS: &[LayerFormat] = &[
    LayerFormat {
        name: "geopackage",
        about: "all layers in one GeoPackage 1.3, in the project's CRS, styled for QGIS",
        target: "findings.gpkg",
        write: geopackage::write,
    },
    LayerFormat {
        name: "geojson",
        about: "GeoJSON (RFC 7946), one file a layer, WGS84",
        target: "layers",
        write: geojson::write,
    },
    LayerFormat {
        name: "csv",
        about: "CSV (UTF-8), one file a layer, WGS84 as lon/lat or WKT",
        target: "layers",
        write: csv::write,
    },
];

impl Options {
    /// Checks that every format exists.
    ///
    /// # Errors
    /// When one does not.
    pub fn validate(&self) -> Result<()> {
        self.formats.iter().try_for_each(|name| format(name).map(|_| ()))?;
        self.rounds.iter().try_for_each(|name| rounds::format(name).map(|_| ()))
    }
}

fn format(name: &str) -> Result<&'static LayerFormat> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| Error::UnknownFormat {
        what: "output",
        name: name.to_owned(),
        known: FORMATS.iter().map(|format| format.name).collect(),
    })
}

/// Writes everything that a run found to `dir`, in place of what was there; gives the text of `summary.json`.
///
/// # Errors
/// When something cannot be written, or `dir` holds files that are not the output of a run. The former output
/// is untouched then.
pub fn all(findings: &Findings, options: &Options, dir: &Path, progress: &dyn Progress) -> Result<String> {
    replace::refuse_foreign(dir)?;
    let staging = replace::staging(dir)?;
    let summary = into(findings, options, staging.path(), &Timed::new(progress))?;
    replace::put(staging, dir)?;
    Ok(summary)
}

/// Writes everything into `dir`, an empty folder.
fn into(findings: &Findings, options: &Options, dir: &Path, progress: &Timed<'_>) -> Result<String> {
    let folder = |name: &str| {
        let path = dir.join(name);
        fs::create_dir_all(&path).map_err(|source| Error::writing(&path, source)).map(|()| path)
    };
    let frame = Frame { plane: &findings.plane, clock: &findings.clock, as_of: findings.period.to };
    let layers = layers::all(findings);
    progress.begin("write layers", options.formats.len() as u64);
    folder("layers")?;
    for name in &options.formats {
        let format = format(name)?;
        (format.write)(&layers, frame, &dir.join(format.target))?;
        progress.advance(1);
    }
    progress.begin("draw maps", 0);
    let maps = draw::maps(findings);
    let folder_of_maps = folder("maps")?;
    for map in &maps {
        save(&folder_of_maps.join(format!("{}.svg", map.name)), map.svg.as_bytes())?;
        if options.png {
            save(&folder_of_maps.join(format!("{}.png", map.name)), &map.png())?;
        }
        progress.advance(1);
    }
    if !findings.rounds.routes.is_empty() {
        progress.begin("write rounds", 0);
        rounds::page::write(findings, &folder("rounds")?)?;
        rounds::write(&rounds::Timetable::new(findings, &findings.rounds), &options.rounds, dir)?;
    }
    progress.begin("write page and lists", 0);
    save(&dir.join("report.html"), html::page(findings, &maps).as_bytes())?;
    worklist::write(findings, &dir.join("worklist.csv"))?;
    issues(&findings.issues, &dir.join("issues.csv"))?;
    let summary = summary::of(findings, &layers, &maps, &progress.seconds());
    let text = serde_json::to_string_pretty(&summary).expect("a tree of plain values") + "\n";
    save(&dir.join("summary.json"), text.as_bytes())?;
    Ok(text)
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|source| Error::writing(path, source))
}

/// Writes every record that was left out or altered: file, row, column, code, effect, value, message.
fn issues(issues: &Issues, path: &Path) -> Result<()> {
    let write = || -> Result<(), ::csv::Error> {
        let mut writer = ::csv::Writer::from_path(path)?;
        writer.write_record(["file", "row", "column", "code", "value", "effect", "message"])?;
        let mut value = String::new();
        for issue in issues.list() {
            value.clear();
            csv::harmless(&issue.value, &mut value);
            writer.write_record([
                &issue.file,
                issue.row.to_string().as_str(),
                &issue.column,
                issue.code.code(),
                &value,
                issue.code.effect().name(),
                issue.code.message(),
            ])?;
        }
        writer.flush()?;
        Ok(())
    };
    write().map_err(|source| Error::writing(path, source))
}

#[cfg(test)]
mod tests;
