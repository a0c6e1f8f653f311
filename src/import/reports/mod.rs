//! Reports of citizens: files in, [`Reports`] and issues out.
//!
//! A format yields rows of text ([`rows::Row`]); everything after that is the same for all of them. Reading
//! goes in two steps, because the working plane may depend on where the reports are: [`gather`] takes the
//! rows of all files apart, [`Gathered::settle`] checks them against each other and brings them into their
//! canonical order. Nothing is placed here: an address stays text.

pub mod rows;
mod settle;
mod json;
pub mod csv;
pub mod fixmystreet;
pub mod geojson;
pub mod open311;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod signalen;
pub mod recognise;

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::import::open::{self, SourceFile};
use crate::import::{Settings, dates};
use crate::issue::{Issues, SourceCount};
use crate::model::report::Reports;
use crate::place::{Crs, Plane};
use crate::progress::Progress;
use crate::unit::LonLat;
use rows::{Batch, Gathered, Origin};

pub(crate) use settle::fits;

/// A format that reports come in.
pub trait ReportFormat: Sync {
    /// Its name in project files.
    fn name(&self) -> &'static str;

    /// One line for `paaltje formats`.
    fn about(&self) -> &'static str;

    /// Whether what its columns are called is part of the format, so that a project cannot name others.
    fn has_own_columns(&self) -> bool {
        false
    }

    /// Whether a file that begins with `head` is in this format, judged together with its name.
    fn suits(&self, name: &str, head: &[u8]) -> bool;

    /// Gives the rows of `file` to `take`, in their order, a batch at a time. Returns what was noticed about
    /// the file.
    ///
    /// # Errors
    /// When the file as a whole cannot be read.
    fn read(&self, file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed>;
}

/// Every format, the most particular first: a file is read in the first one that suits it.
pub const FORMATS: &[&dyn ReportFormat] = &[
    #[cfg(feature = "parquet")]
    &parquet::Parquet,
    &signalen::Signalen,
    &open311::Open311,
    &geojson::GeoJson,
    &fixmystreet::FixMyStreet,
    &csv::Csv,
];

/// What a format found out about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Which column holds what.
    pub columns: Columns,
    /// The reference system of its coordinates, where the file or the names of its columns tell.
    pub crs: Option<String>,
    /// As in `delimiter: comma, encoding: utf-8`.
    pub words: Vec<String>,
}

/// One `[[sources.reports]]` of a project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSource {
    /// The file or files: relative to the project file; may hold `*`, be packed with gzip, or be `-`.
    pub path: String,
    /// One of [`FORMATS`], as in `csv`; told from name and content when absent.
    pub format: Option<String>,
    /// Which column holds what; guessed from the names of the columns when absent.
    pub columns: Columns,
    /// The reference system of the columns `x` and `y`, as in `EPSG:2056`. `lon` and `lat` are always degrees.
    pub crs: Option<String>,
    /// The unit of `x` and `y` where it is not the one of `crs`: `ft`, or `us_ft` as in old State Plane data.
    pub unit: Option<String>,
    /// How dates are written, as in `%d-%m-%Y %H:%M`; found out when absent.
    pub date_format: Option<String>,
    /// Whether times are wall-clock times of the project's zone although they carry an offset or `Z`, as
    /// some portals stamp them.
    pub local_times: bool,
    /// What separates the fields of a line: `,`, `;`, `|` or a tab; found out when absent.
    pub delimiter: Option<String>,
    /// The encoding, as in `windows-1252`; found out when absent.
    pub encoding: Option<String>,
    /// Whether the file lists an open report again and again, each time as a new row. Such rows (same
    /// category, address and coordinate within 7 days of the last sighting) then count as one report.
    pub collapse_resightings: bool,
    /// Whether the reports were made up by a simulation; maps and pages then say so.
    pub synthetic: bool,
    /// Categories that say too little, with `*` as in `[kinds]`: `["overig*", "straatmeubilair"]`. Words in the
    /// text of such a report decide its kind (`paaltje` is a bollard); where there are none, `[kinds]` does.
    /// Empty by default: the category decides.
    pub text_decides: Vec<String>,
    /// What maps and pages must say about where the data come from, as in `Stadt Zürich, CC0`.
    pub attribution: Option<String>,
}

/// The names of the columns (or GeoJSON properties) of a report source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The report's id.
    pub id: Option<String>,
    /// What it is about.
    pub category: Option<String>,
    /// When it was opened.
    pub opened: Option<String>,
    /// The time of day it was opened, where `opened` is only the day.
    pub opened_time: Option<String>,
    /// When it was closed.
    pub closed: Option<String>,
    /// The time of day it was closed, where `closed` is only the day.
    pub closed_time: Option<String>,
    /// Degrees east.
    pub lon: Option<String>,
    /// Degrees north.
    pub lat: Option<String>,
    /// Easting in the source's `crs`.
    pub x: Option<String>,
    /// Northing in the source's `crs`.
    pub y: Option<String>,
    /// The address as one text.
    pub address: Option<String>,
    /// What the citizen wrote. Private: never written to any output.
    pub text: Option<String>,
    /// What became of it.
    pub status: Option<String>,
    /// The id of the asset that it is about. Where one of the project's assets has it, the report is about that.
    pub asset: Option<String>,
}

impl Columns {
    /// Every column with the name of its setting, in the order of the documentation.
    pub fn named(&self) -> [(&'static str, Option<&str>); 14] {
        [
            ("id", self.id.as_deref()),
            ("category", self.category.as_deref()),
            ("opened", self.opened.as_deref()),
            ("opened_time", self.opened_time.as_deref()),
            ("closed", self.closed.as_deref()),
            ("closed_time", self.closed_time.as_deref()),
            ("lon", self.lon.as_deref()),
            ("lat", self.lat.as_deref()),
            ("x", self.x.as_deref()),
            ("y", self.y.as_deref()),
            ("address", self.address.as_deref()),
            ("text", self.text.as_deref()),
            ("status", self.status.as_deref()),
            ("asset", self.asset.as_deref()),
        ]
    }

    /// Whether nothing is said about any column.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the coordinates are pairs of `crs` rather than degrees.
    pub fn is_projected(&self) -> bool {
        self.x.is_some()
    }
}

/// Reads all report sources and brings them into their canonical order. `anchor` is a position near which the
/// reports should lie, such as the middle of the streets; without it they are held against each other.
///
/// # Errors
/// When a file cannot be read as a whole, or a setting does not fit its file.
pub fn read(
    sources: &[ReportSource],
    settings: &Settings,
    plane: &Plane,
    anchor: Option<LonLat>,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
    progress: &dyn Progress,
) -> Result<Reports> {
    let gathered = gather(sources, settings, progress)?;
    Ok(gathered.settle(settings, plane, anchor, issues, counts))
}

/// Takes the rows of all files of all sources apart.
///
/// # Errors
/// When a file cannot be read as a whole, or a setting does not fit its file.
///
/// # Panics
/// Beyond 65,535 files.
pub fn gather(sources: &[ReportSource], settings: &Settings, progress: &dyn Progress) -> Result<Gathered> {
    progress.begin("read reports", 0);
    let mut gathered = Gathered::default();
    for (entry, source) in sources.iter().enumerate() {
        source.check()?;
        for file in files(settings.base, &source.path)? {
            let format = source.format_of(&file)?;
            if format.has_own_columns() && !source.columns.is_empty() {
                return Err(own_columns(format.name(), &file));
            }
            gathered.begin(Origin {
                name: Arc::clone(&file.name),
                entry: u16::try_from(entry).expect("a project names fewer than 65,536 sources"),
                format: format.name(),
                is_local: source.local_times,
                collapses: source.collapse_resightings,
                text_decides: source.text_decides.clone(),
                unit_m: source.unit_m()?,
                ..Origin::default()
            });
            let noticed = format.read(&file, source, &mut |batch| {
                progress.advance(batch.read());
                gathered.take(batch);
            })?;
            let crs = source.crs_of(&file, &noticed)?;
            gathered.end(noticed, crs);
        }
    }
    Ok(gathered)
}

/// The files of reports that `pattern` names: of tables that belong together, the one of the reports.
///
/// # Errors
/// As [`open::files`], and when a folder cannot be read.
pub fn files(base: &Path, pattern: &str) -> Result<Vec<SourceFile>> {
    signalen::signals_of(open::files(base, pattern)?)
}

/// The files that are read along with `file` although no pattern of the project names them.
///
/// # Errors
/// When its folder cannot be read.
pub fn beside(file: &SourceFile) -> Result<Vec<SourceFile>> {
    signalen::beside(file)
}

fn own_columns(format: &str, file: &SourceFile) -> Error {
    Error::Setting {
        message: format!("`columns` are named for `{}`, but `{format}` has its own", file.name),
        hint: "leave `columns` out, or set `format = \"csv\"` or `\"geojson\"` if the file is that"
            .to_owned(),
    }
}

impl ReportSource {
    /// Refuses settings that contradict themselves.
    fn check(&self) -> Result<()> {
        let columns = &self.columns;
        let refuse = |message: &str, hint: &str| {
            Err(Error::Setting { message: format!("{message} for `{}`", self.path), hint: hint.to_owned() })
        };
        if self.path.is_empty() {
            return refuse(
                "no `path` is given in [[sources.reports]]",
                "name the file, as in `path = \"reports.csv\"`",
            );
        }
        if columns.lon.is_some() != columns.lat.is_some() || columns.x.is_some() != columns.y.is_some() {
            return refuse(
                "only one half of a coordinate is named",
                "name both `lon` and `lat`, or both `x` and `y`",
            );
        }
        if columns.lon.is_some() && columns.x.is_some() {
            return refuse("both `lon`/`lat` and `x`/`y` are named", "keep the pair that is better filled");
        }
        if !columns.is_empty() && columns.opened.is_none() {
            return refuse(
                "no column is named for `opened`",
                "name the column with the opening time, or leave `columns` out to have all of them guessed",
            );
        }
        self.date_format.as_deref().map_or(Ok(()), dates::check_format)
    }

    fn format_of(&self, file: &SourceFile) -> Result<&'static dyn ReportFormat> {
        if let Some(name) = &self.format {
            let known = || FORMATS.iter().map(|format| format.name()).collect();
            let found = FORMATS.iter().copied().find(|format| format.name() == name);
            return found.ok_or_else(|| Error::UnknownFormat {
                what: "report",
                name: name.clone(),
                known: known(),
            });
        }
        let mut reader = file.reader()?;
        let head = reader.fill_buf().map_err(|cause| Error::reading(&file.path, cause))?;
        let found = FORMATS.iter().copied().find(|format| format.suits(&file.name, head));
        Ok(found.unwrap_or(&csv::Csv))
    }

    /// Metres per unit of `x` and `y`, for systems in metres.
    fn unit_m(&self) -> Result<f64> {
        match self.unit.as_deref() {
            None | Some("m") => Ok(1.0),
            Some("ft") => Ok(0.3048),
            Some("us_ft") => Ok(1200.0 / 3937.0),
            Some(other) => Err(Error::Setting {
                message: format!("`unit = \"{other}\"` is not known for `{}`", self.path),
                hint: "write `m`, `ft` or `us_ft`, or leave it out".to_owned(),
            }),
        }
    }

    /// The reference system of the coordinates of a file.
    fn crs_of(&self, file: &SourceFile, noticed: &Noticed) -> Result<Crs> {
        let is_geometry = noticed.columns.lon.is_none();
        match (self.crs.as_deref().or(noticed.crs.as_deref()), noticed.columns.is_projected()) {
            (Some(code), is_projected) if is_projected || is_geometry => Crs::parse(code),
            (None, true) => Err(Error::Setting {
                message: format!("`{}` has `x` and `y` but no `crs`", file.name),
                hint: "add the system that they are in, as in `crs = \"EPSG:28992\"`".to_owned(),
            }),
            _ => Crs::from_epsg(4326),
        }
    }
}

#[cfg(test)]
mod tests;
