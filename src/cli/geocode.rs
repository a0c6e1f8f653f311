//! `paaltje geocode`: coordinates for a CSV of addresses; every input column is kept.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;

use super::args::{Args, Batch};
use super::{bar, say};
use crate::error::{Error, Result};
use crate::export::csv::harmless;
use crate::geocode::{Answer, Geocoder, Options};
use crate::import::columns::{self, Table};
use crate::import::register::{RegisterSource, index};
use crate::import::reports::recognise;
use crate::import::streets::StreetSource;
use crate::import::{self, Settings, Sources, open};
use crate::issue::Issues;
use crate::model::address::Addresses;
use crate::model::some;
use crate::period::Clock;
use crate::place::Plane;

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

pub(super) fn geocode(args: &Args, batch: &Batch) -> Result<()> {
    let progress = bar::suitable(args.quiet);
    let clock = Clock::new("UTC")?;
    let reading = Settings { base: Path::new(""), clock: &clock, crs: None, period: None, kinds: &[] };
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let sources = Sources {
        register: batch
            .register
            .iter()
            .map(|file| RegisterSource { path: path(file), ..Default::default() })
            .collect(),
        streets: batch
            .streets
            .iter()
            .map(|file| StreetSource { path: path(file), ..Default::default() })
            .collect(),
        ..Sources::default()
    };
    let (issues, counts) = (&mut Issues::new(), &mut Vec::new());
    let city = import::city(&sources, &reading, || None, issues, counts, &*progress)?;
    if let Some(target) = &batch.save {
        let saved = std::fs::write(target, index::pack(&city.addresses, &city.plane));
        saved.map_err(|source| Error::writing(target, source))?;
    }
    let Some(input) = &batch.input else {
        drop(progress);
        if !args.quiet {
            say(&format!("{} addresses saved", city.addresses.len()));
        }
        return Ok(());
    };
    let geocoder = Geocoder::build(&city.addresses, &city.streets, &Options::default());
    progress.begin("geocode", 0);
    let file = open::files(Path::new(""), &path(input))?.remove(0);
    let table = Table::open(&file, None, None)?;
    let header = table.header().to_vec();
    let column = match &batch.address {
        Some(name) => table.column(name)?,
        None => guessed_column(&file, &header)?,
    };
    let rows = rows(table)?;
    let answers = answers(&rows, column, &geocoder);
    drop(progress);
    let written = match &batch.output {
        Some(target) => File::create(target)
            .map_err(csv::Error::from)
            .and_then(|file| {
                write(BufWriter::new(file), &header, &rows, column, &answers, &city.addresses, &city.plane)
            })
            .map_err(|source| Error::writing(target, source)),
        None => write(io::stdout().lock(), &header, &rows, column, &answers, &city.addresses, &city.plane)
            .map_err(|source| Error::writing(Path::new("-"), source)),
    }?;
    if !args.quiet {
        say(&format!("{written} of {} rows placed", rows.len()));
    }
    Ok(())
}

fn guessed_column(file: &open::SourceFile, header: &[String]) -> Result<usize> {
    recognise::guess_by_name(header)
        .address
        .and_then(|name| header.iter().position(|known| *known == name))
        .ok_or_else(|| {
            Error::unreadable(
                &file.path,
                "none of its columns is known to hold an address",
                format!("name it with `--address`; the columns are {}", header.join(", ")),
            )
        })
}

/// All rows as text.
fn rows(table: Table) -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let parse = |block: &columns::Block| {
        let mut parsed = Vec::new();
        block.rows(|_row, record| {
            let fields =
                record.map(|record| record.iter().map(|field| columns::text(field).0.into_owned()).collect());
            parsed.push(fields.unwrap_or_default());
        });
        parsed
    };
    table.blocks(parse, |block: Vec<Vec<String>>| rows.extend(block))?;
    Ok(rows)
}

/// The answer for every distinct address.
fn answers<'a>(rows: &'a [Vec<String>], column: usize, geocoder: &Geocoder<'_>) -> HashMap<&'a str, Answer> {
    let mut texts: Vec<&str> = rows.iter().filter_map(|row| row.get(column)).map(String::as_str).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.into_par_iter().map(|text| (text, geocoder.find(text))).collect()
}

/// Writes the table with the added columns; gives the number of rows with a position.
fn write(
    target: impl Write,
    header: &[String],
    rows: &[Vec<String>],
    column: usize,
    answers: &HashMap<&str, Answer>,
    addresses: &Addresses,
    plane: &Plane,
) -> Result<usize, csv::Error> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(target);
    writer.write_record(header.iter().map(String::as_str).chain(ADDED))?;
    let mut placed = 0;
    for row in rows {
        let mut fields: Vec<&str> = row.iter().map(String::as_str).collect();
        fields.resize(header.len().max(row.len()), "");
        let added = match row.get(column).and_then(|text| answers.get(text.as_str())) {
            Some(answer) => added(answer, addresses, plane),
            None => std::array::from_fn(|_| String::new()),
        };
        placed += usize::from(!added[2].is_empty());
        writer.write_record(fields.into_iter().chain(added.iter().map(String::as_str)))?;
    }
    writer.flush()?;
    Ok(placed)
}

fn added(answer: &Answer, addresses: &Addresses, plane: &Plane) -> [String; ADDED.len()] {
    let at = answer.at.is_somewhere().then(|| plane.lon_lat(answer.at));
    let number = |value: f64| if value.is_finite() { format!("{value:.1}") } else { String::new() };
    let faults: Vec<&str> = answer.faults.iter().map(|fault| fault.name()).collect();
    let mut matched = String::new();
    harmless(&answer.label, &mut matched);
    [
        answer.status.name().to_owned(),
        answer.level.name().to_owned(),
        at.map_or_else(String::new, |at| format!("{:.7}", at.lon)),
        at.map_or_else(String::new, |at| format!("{:.7}", at.lat)),
        number(answer.accuracy_m),
        number(answer.score),
        matched,
        faults.join("; "),
        some(answer.address).map_or_else(String::new, |address| addresses.id.get(address).to_owned()),
        answer.candidates.join("; "),
    ]
}
