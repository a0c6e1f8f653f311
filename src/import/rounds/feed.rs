//! The files of a GTFS feed: a folder, or a zip file that is unpacked for as long as it is read.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use csv::ByteRecord;
use jiff::civil::Date;

use crate::error::{Error, Result};
use crate::import::columns::{self, Table};
use crate::import::open::{SourceFile, files};
use crate::issue::Code;
use crate::period::Day;

/// The files of a feed that are read.
const NAMES: [&str; 9] = [
    "agency.txt",
    "stops.txt",
    "routes.txt",
    "trips.txt",
    "stop_times.txt",
    "calendar.txt",
    "calendar_dates.txt",
    "frequencies.txt",
    VEHICLES,
];
const VEHICLES: &str = "vehicles.csv";
/// No table of a city's rounds is larger; a zip file that claims so is not unpacked to the end of the disk.
const LARGEST: u64 = 1 << 31;

/// A feed that is there.
pub(super) struct Feed {
    /// As the project writes it, without a slash at its end.
    name: String,
    path: PathBuf,
    folder: PathBuf,
    /// Keeps what was unpacked until the feed is read.
    _unpacked: Option<tempfile::TempDir>,
}

impl Feed {
    pub(super) fn open(file: &SourceFile) -> Result<Self> {
        let name = file.name.trim_end_matches('/').to_owned();
        let path = file.path.clone();
        if path.is_dir() {
            return Ok(Self { name, folder: path.clone(), path, _unpacked: None });
        }
        let unpacked = unpack(file)?;
        Ok(Self { name, path, folder: unpacked.path().to_owned(), _unpacked: Some(unpacked) })
    }

    pub(super) fn error(&self, why: &str, hint: &str) -> Error {
        Error::unreadable(&self.path, why, hint)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.folder.join(name).is_file()
    }

    /// A file of the feed, if it is there.
    pub(super) fn sheet(&self, name: &str) -> Result<Option<Sheet>> {
        if !self.has(name) {
            return Ok(None);
        }
        let file = SourceFile { name: format!("{}/{name}", self.name).into(), path: self.folder.join(name) };
        Sheet::read(&file).map(Some)
    }

    /// A file that every feed has.
    pub(super) fn required(&self, name: &str) -> Result<Sheet> {
        self.sheet(name)?.ok_or_else(|| {
            self.error(
                &format!("it has no `{name}`"),
                "a feed is a folder or zip file with stops.txt, routes.txt, trips.txt, stop_times.txt and calendar.txt or calendar_dates.txt",
            )
        })
    }

    /// The table of vehicles: the one that the project names, or `vehicles.csv` in the feed or beside it.
    pub(super) fn vehicles(&self, base: &Path, named: Option<&str>) -> Result<Option<Sheet>> {
        if named.is_none() && self.has(VEHICLES) {
            return self.sheet(VEHICLES);
        }
        let feed = SourceFile { name: self.name.as_str().into(), path: self.path.clone() };
        vehicles_outside(&feed, base, named)?.as_ref().map(Sheet::read).transpose()
    }
}

/// The table of vehicles that is no part of the feed: the one that the project names, or `vehicles.csv` beside it.
pub(super) fn vehicles_outside(
    feed: &SourceFile,
    base: &Path,
    named: Option<&str>,
) -> Result<Option<SourceFile>> {
    if let Some(named) = named {
        return Ok(files(base, named)?.into_iter().next());
    }
    let path = feed.path.with_file_name(VEHICLES);
    let name = match feed.name.trim_end_matches('/').rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{VEHICLES}"),
        None => VEHICLES.to_owned(),
    };
    Ok(path.is_file().then(|| SourceFile { name: name.into(), path }))
}

fn unsound(file: &SourceFile, cause: &zip::result::ZipError) -> Error {
    let hint = "a feed is a folder or a zip file with stops.txt, trips.txt and the others";
    Error::unreadable(&file.path, format!("it is not a sound zip file: {cause}"), hint)
}

/// Whether a folder or a zip file holds stops as a feed does.
pub(super) fn is_feed(file: &SourceFile) -> Result<bool> {
    if file.path.is_dir() {
        return Ok(file.path.join("stops.txt").is_file());
    }
    let archive = zip::ZipArchive::new(Cursor::new(file.bytes()?)).map_err(|cause| unsound(file, &cause))?;
    Ok(archive.file_names().any(|name| name.rsplit('/').next() == Some("stops.txt")))
}

/// Unpacks the tables of a zip file, wherever in it they lie.
fn unpack(file: &SourceFile) -> Result<tempfile::TempDir> {
    let failed = |cause: zip::result::ZipError| unsound(file, &cause);
    let folder = tempfile::tempdir().map_err(|cause| Error::writing(&std::env::temp_dir(), cause))?;
    let mut archive = zip::ZipArchive::new(Cursor::new(file.bytes()?)).map_err(failed)?;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(failed)?;
        let name = entry.name().rsplit('/').next().unwrap_or_default().to_owned();
        if !NAMES.contains(&name.as_str()) {
            continue;
        }
        let path = folder.path().join(&name);
        let mut bytes = Vec::new();
        entry.take(LARGEST).read_to_end(&mut bytes).map_err(|cause| Error::reading(&file.path, cause))?;
        std::fs::write(&path, bytes).map_err(|cause| Error::writing(&path, cause))?;
    }
    Ok(folder)
}

/// A table of a feed.
pub(super) struct Sheet {
    /// As in issues: `rounds/stops.txt`.
    pub(super) name: Arc<str>,
    path: PathBuf,
    header: Vec<String>,
    /// Every row with its number; `None` where it cannot be taken apart.
    pub(super) rows: Vec<(u64, Option<ByteRecord>)>,
}

impl Sheet {
    fn read(file: &SourceFile) -> Result<Self> {
        let table = Table::open(file, None, None)?;
        let header = table.header().to_vec();
        let mut rows = Vec::new();
        let parse = |block: &columns::Block| {
            let mut rows = Vec::new();
            block.rows(|row, record| rows.push((row, record.cloned())));
            rows
        };
        table.blocks(parse, |block| rows.extend(block))?;
        Ok(Self { name: Arc::clone(&file.name), path: file.path.clone(), header, rows })
    }

    /// Refuses a table that lacks one of these columns.
    pub(super) fn needs(&self, columns: &[&str]) -> Result<()> {
        match columns.iter().find(|column| !self.header.iter().any(|name| name == *column)) {
            None => Ok(()),
            Some(missing) => Err(Error::unreadable(
                &self.path,
                format!("it has no column `{missing}`"),
                format!(
                    "the columns are {}; see gtfs.org/documentation/schedule/reference",
                    self.header.join(", ")
                ),
            )),
        }
    }

    /// The fields of a row by the names of their columns; `None` for a row that cannot be read.
    pub(super) fn row<'a>(&'a self, record: Option<&'a ByteRecord>) -> Option<Row<'a>> {
        record.map(|record| Row { sheet: self, record })
    }
}

/// A row of a table. What is wrong with a field is told as column, code and value.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    sheet: &'a Sheet,
    record: &'a ByteRecord,
}

type Wrong = (&'static str, Code, String);

impl Row<'_> {
    /// The text of a field; empty where there is none.
    pub(super) fn text(&self, column: &str) -> String {
        let index = self.sheet.header.iter().position(|name| name == column);
        let field = index.and_then(|index| self.record.get(index)).unwrap_or_default();
        columns::text(field).0.into_owned()
    }

    /// The text of a field that must have one.
    pub(super) fn required(&self, column: &'static str) -> Result<String, Wrong> {
        let text = self.text(column);
        if text.is_empty() { Err((column, Code::RowUnreadable, text)) } else { Ok(text) }
    }

    /// The number of a field, if it is one.
    pub(super) fn number(&self, column: &str) -> Option<f64> {
        columns::number(&self.text(column))
    }

    /// A date as `20260131`.
    pub(super) fn day(&self, column: &'static str) -> Result<Day, Wrong> {
        let text = self.text(column);
        let date = Date::strptime("%Y%m%d", &text);
        date.map(Day::from_date).map_err(|_not_a_date| (column, Code::RowUnreadable, text))
    }

    /// Seconds into the service day as `06:25:16`, also beyond 24 hours; `None` where the field is empty.
    pub(super) fn time(&self, column: &'static str) -> Result<Option<i64>, Wrong> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let parts: Vec<Option<i64>> = text.split(':').map(time_part).collect();
        match parts[..] {
            [Some(hours), Some(minutes @ 0..60), Some(seconds @ 0..60)] => {
                Ok(Some(hours * 3600 + minutes * 60 + seconds))
            }
            _ => Err((column, Code::RowUnreadable, text)),
        }
    }
}

/// One to three digits.
fn time_part(text: &str) -> Option<i64> {
    let is_short = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { text.parse().ok() } else { None }
}
