//! The table that is geocoded: its rows as text in, the same rows with the added columns out.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use super::super::args::Batch;
use crate::error::{Error, Result};
use crate::export::csv::harmless;
use crate::geocode::Answer;
use crate::import::City;
use crate::import::columns::{self, is_missing, position};
use crate::import::open::{self, SourceFile};
use crate::import::reports::Columns;
use crate::import::reports::recognise::{coordinates, guess_by_name};
use crate::import::reports::rows::Gathered;
use crate::issue::{Code, Issues};
use crate::model::some;
use crate::place::Crs;

const ADDED: [&str; 10] = [
    "geo_status",
    "geo_level",
    "geo_lon",
    "geo_lat",
    "geo_accuracy_m",
    "geo_score",
    "geo_match",
    "geo_faults",
    "geo_register_id",
    "geo_candidates",
];

/// In `geo_faults` of rows that are not looked up: nobody knows which of their fields is the address.
const UNREADABLE: &str = "row_unreadable";

pub(super) struct Table {
    pub(super) name: Arc<str>,
    header: Vec<String>,
    separator: u8,
    pub(super) rows: Vec<Row>,
    address: usize,
    /// The coordinates that the rows came with, until they are taken.
    pub(super) coordinates: Option<Gathered>,
    /// As in "`address`, `lon` and `lat`".
    columns_used: String,
    /// Columns with coordinates whose system nobody told, as in "`x` and `y`".
    pub(super) pair_without_system: Option<String>,
}

pub(super) struct Row {
    fields: Vec<String>,
    /// Whether it has as many fields as the header.
    is_whole: bool,
}

impl Table {
    /// Reads `input` to its end; rows that cannot be taken apart are issues.
    pub(super) fn read(input: &Path, batch: &Batch, has_register: bool, issues: &mut Issues) -> Result<Self> {
        let file = open::files(Path::new(""), &input.to_string_lossy())?.remove(0);
        let table = columns::Table::open(&file, None, None)?;
        let header = table.header().to_vec();
        if let Some(known) = header.iter().find(|name| ADDED.contains(&name.as_str())) {
            return Err(Error::unreadable(
                &file.path,
                format!("it has a column `{known}` already"),
                "geocode the table that this one was made from, or take out the columns that begin with `geo_`",
            ));
        }
        let guessed = guess_by_name(&header);
        let address = match &batch.address {
            Some(name) => position(&file, &header, name)?,
            None => guessed_address(&file, &header, &guessed)?,
        };
        let pair = coordinate_columns(batch, guessed, has_register);
        let (separator, rows) = (table.separator(), rows(table, header.len())?);
        for (row, _) in (1u64..).zip(&rows).filter(|(_, row)| !row.is_whole) {
            issues.add(&file.name, row, "", Code::RowUnreadable, "");
        }
        let mut table = Self {
            name: Arc::clone(&file.name),
            columns_used: format!("`{}`", header[address]),
            header,
            separator,
            rows,
            address,
            coordinates: None,
            pair_without_system: None,
        };
        if let Some(pair) = pair {
            table.take_coordinates(&file, pair, batch)?;
        }
        Ok(table)
    }

    fn take_coordinates(&mut self, file: &SourceFile, pair: Columns, batch: &Batch) -> Result<()> {
        let both = [pair.x.as_ref().or(pair.lon.as_ref()), pair.y.as_ref().or(pair.lat.as_ref())];
        let [Some(east), Some(north)] = both else { return Ok(()) };
        let named = format!("`{east}` and `{north}`");
        let (east, north) = (position(file, &self.header, east)?, position(file, &self.header, north)?);
        let crs = batch.crs.as_deref().filter(|_| pair.is_projected()).map(Crs::parse).transpose()?;
        let field = |row: &'_ Row, column: usize| row.fields.get(column).filter(|_| row.is_whole).cloned();
        let pairs: Vec<(String, String)> = self
            .rows
            .iter()
            .map(|row| (field(row, east).unwrap_or_default(), field(row, north).unwrap_or_default()))
            .collect();
        let pairs = pairs.iter().map(|(east, north)| (east.as_str(), north.as_str()));
        self.coordinates = coordinates(file, pair, crs, pairs);
        if self.coordinates.is_some() {
            self.columns_used = format!("{}, {named}", self.columns_used);
        } else {
            self.columns_used =
                format!("{} ({named} are left aside: name their system with `--crs`)", self.columns_used);
            self.pair_without_system = Some(named);
        }
        Ok(())
    }

    /// The columns that places rest on.
    pub(super) fn columns_used(&self) -> &str {
        &self.columns_used
    }

    /// The address of a row, if it has one.
    pub(super) fn address_of(&self, row: usize) -> Option<&str> {
        let row = &self.rows[row];
        let address = row.fields.get(self.address).map(String::as_str);
        address.filter(|address| row.is_whole && !is_missing(address))
    }

    /// Writes the table with the added columns to `target`, else to standard output.
    pub(super) fn write(&self, target: Option<&Path>, answers: &[Answer], city: &City) -> Result<()> {
        let Some(path) = target else {
            return match self.write_to(io::stdout().lock(), answers, city) {
                Err(error) if is_gone(&error) => Ok(()),
                done => done.map_err(|source| Error::writing(Path::new("-"), source)),
            };
        };
        let file = File::create(path).map_err(|source| Error::writing(path, source))?;
        self.write_to(BufWriter::new(file), answers, city).map_err(|source| Error::writing(path, source))
    }

    fn write_to(&self, target: impl Write, answers: &[Answer], city: &City) -> Result<(), csv::Error> {
        let mut writer =
            csv::WriterBuilder::new().delimiter(self.separator).flexible(true).from_writer(target);
        let mut cell = String::new();
        for name in self.header.iter().map(String::as_str).chain(ADDED) {
            write_cell(&mut writer, name, &mut cell)?;
        }
        writer.write_record(None::<&[u8]>)?;
        for (row, answer) in self.rows.iter().zip(answers) {
            for column in 0..self.header.len() {
                write_cell(&mut writer, row.fields.get(column).map_or("", String::as_str), &mut cell)?;
            }
            // What a row has too much stands behind everything else: nobody knows where it belongs.
            let beyond = row.fields.iter().skip(self.header.len()).filter(|_| !row.is_whole);
            for field in added(row, answer, city).iter().chain(beyond) {
                write_cell(&mut writer, field, &mut cell)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.flush()?;
        Ok(())
    }
}

/// Numbers and signs for "nothing" are no formulas.
fn write_cell(
    writer: &mut csv::Writer<impl Write>,
    field: &str,
    cell: &mut String,
) -> Result<(), csv::Error> {
    cell.clear();
    if columns::number(field).is_some() || is_missing(field) {
        cell.push_str(field);
    } else {
        harmless(field, cell);
    }
    writer.write_field(&*cell)
}

/// Whether the reader of a pipe has gone away (`| head`), which is no error.
fn is_gone(error: &csv::Error) -> bool {
    matches!(error.kind(), csv::ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::BrokenPipe)
}

fn guessed_address(file: &SourceFile, header: &[String], guessed: &Columns) -> Result<usize> {
    let named = header.iter().filter(|name| !name.is_empty()).map(|name| format!("`{name}`"));
    let found = guessed.address.as_ref().and_then(|name| header.iter().position(|known| known == name));
    found.ok_or_else(|| {
        Error::unreadable(
            &file.path,
            "none of its columns is known to hold an address",
            format!("name it with `--address`; the columns are {}", named.collect::<Vec<_>>().join(", ")),
        )
    })
}

/// The columns with the coordinate of a row, nothing else named. Who names a register asks for the places of addresses.
fn coordinate_columns(batch: &Batch, guessed: Columns, has_register: bool) -> Option<Columns> {
    let none = Columns::default();
    match (batch.coordinates.as_deref(), &batch.crs) {
        (Some([east, north]), Some(_)) => {
            Some(Columns { x: Some(east.clone()), y: Some(north.clone()), ..none })
        }
        (Some([east, north]), None) => {
            Some(Columns { lon: Some(east.clone()), lat: Some(north.clone()), ..none })
        }
        _ if has_register => None,
        _ => Some(Columns { lon: guessed.lon, lat: guessed.lat, x: guessed.x, y: guessed.y, ..none }),
    }
}

/// All rows as text. A row with fewer fields than the header lost some, one with more has a sign too many.
fn rows(table: columns::Table, width: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let parse = |block: &columns::Block| {
        let mut parsed = Vec::new();
        block.rows(|_row, record| {
            let Some(record) = record else {
                return parsed.push(Row { fields: Vec::new(), is_whole: false });
            };
            let mut beyond = record.iter().skip(width);
            let is_whole = record.len() >= width && beyond.all(|field| field.trim_ascii().is_empty());
            let fields = record.iter().map(|field| columns::text(field).0.into_owned()).collect();
            parsed.push(Row { fields, is_whole });
        });
        parsed
    };
    table.blocks(parse, |block: Vec<Row>| rows.extend(block))?;
    Ok(rows)
}

fn added(row: &Row, answer: &Answer, city: &City) -> [String; ADDED.len()] {
    let at = answer.at.is_somewhere().then(|| city.plane.lon_lat(answer.at));
    let number = |value: f64| if value.is_finite() { format!("{value:.1}") } else { String::new() };
    let mut faults: Vec<&str> = answer.faults.iter().map(|fault| fault.name()).collect();
    faults.extend((!row.is_whole).then_some(UNREADABLE));
    [
        answer.status.name().to_owned(),
        answer.level.name().to_owned(),
        at.map_or_else(String::new, |at| format!("{:.7}", at.lon)),
        at.map_or_else(String::new, |at| format!("{:.7}", at.lat)),
        number(answer.accuracy_m),
        number(answer.score),
        answer.label.clone(),
        faults.join("; "),
        some(answer.address).map_or_else(String::new, |address| city.addresses.id.get(address).to_owned()),
        answer.candidates.join("; "),
    ]
}
