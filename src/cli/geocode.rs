//! `paaltje geocode`: coordinates for a CSV of addresses; every input column is kept.

mod table;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Args, Batch, Believe};
use super::{bar, say};
use crate::error::{Error, Result};
use crate::geocode::{Answer, Conflict, Fault, Geocoder, Options};
use crate::import::register::{RegisterSource, index};
use crate::import::streets::StreetSource;
use crate::import::{self, City, Settings, Sources};
use crate::issue::{Code, Issues};
use crate::model::NONE;
use crate::model::kind::Kind;
use crate::model::report::Reports;
use crate::period::Clock;
use crate::progress::Progress;
use crate::unit::Local;
use table::Table;

pub(super) fn geocode(args: &Args, batch: &Batch) -> Result<()> {
    let (register, input) = named(batch)?;
    let progress = bar::suitable(args.quiet);
    let clock = Clock::new("UTC")?;
    let reading = Settings { base: Path::new(""), clock: &clock, crs: None, period: None, kinds: &[] };
    let issues = &mut Issues::new();
    // The table goes first: where nothing else tells where the city lies, its coordinates do.
    let table = input.map(|input| Table::read(input, batch, !register.is_empty(), issues)).transpose()?;
    let home = table.as_ref().and_then(|table| table.coordinates.as_ref()?.home(&clock));
    if register.is_empty() && batch.streets.is_none() && home.is_none() {
        return Err(nothing_to_place_by(table.as_ref()));
    }
    let city = import::city(
        &sources(register, batch),
        &reading,
        || home,
        &mut Issues::new(),
        &mut Vec::new(),
        &*progress,
    )?;
    if let Some(target) = &batch.save {
        let saved = std::fs::write(target, index::pack(&city.addresses, &city.plane));
        saved.map_err(|source| Error::writing(target, source))?;
    }
    let Some(mut table) = table else {
        drop(progress);
        if !args.quiet {
            say(&format!("{} addresses saved", city.addresses.len()));
        }
        return Ok(());
    };
    let answers = answers(&mut table, &city, batch, &clock, issues, &*progress);
    drop(progress);
    for (row, answer) in (1u64..).zip(&answers) {
        for (fault, code) in [
            (Fault::DefaultPoint, Code::DefaultPoint),
            (Fault::CoordinateFar, Code::CoordinateFarFromAddress),
        ] {
            if answer.faults.contains(&fault) {
                issues.add(&table.name, row, "", code, "");
            }
        }
    }
    table.write(batch.output.as_deref(), &answers, &city)?;
    if !args.quiet {
        say(&in_words(&table, &answers, issues));
    }
    Ok(())
}

/// The registers and the file to geocode. `--register` takes every name behind it, the last of which is the file to
/// geocode where no other is named.
fn named(batch: &Batch) -> Result<(&[PathBuf], Option<&Path>)> {
    match (&batch.input, &batch.register[..]) {
        (Some(input), register) => Ok((register, Some(input))),
        (None, register) if batch.save.is_some() => Ok((register, None)),
        (None, [register @ .., input]) if !register.is_empty() => Ok((register, Some(input))),
        (None, _) => Err(Error::NoData {
            message: "no file to geocode is named".to_owned(),
            hint: "as in `paaltje geocode --register addresses.csv reports.csv`".to_owned(),
        }),
    }
}

fn nothing_to_place_by(table: Option<&Table>) -> Error {
    let hint = match table.and_then(|table| table.pair_without_system.as_ref()) {
        Some(pair) => format!("name the system of {pair} with `--crs`, or a register with `--register`"),
        None => "name a register with `--register`, or the columns with coordinates with `--coordinates`"
            .to_owned(),
    };
    let message = "there is nothing to place by: no register, and no row with a coordinate".to_owned();
    Error::NoData { message, hint }
}

fn sources(register: &[PathBuf], batch: &Batch) -> Sources {
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let register = register.iter().map(|file| RegisterSource { path: path(file), ..Default::default() });
    let streets = batch.streets.iter().map(|file| StreetSource { path: path(file), ..Default::default() });
    Sources { register: register.collect(), streets: streets.collect(), ..Sources::default() }
}

/// The answer for every row.
fn answers(
    table: &mut Table,
    city: &City,
    batch: &Batch,
    clock: &Clock,
    issues: &mut Issues,
    progress: &dyn Progress,
) -> Vec<Answer> {
    let conflict = match batch.conflict {
        Believe::Coordinate => Conflict::Coordinate,
        Believe::Address => Conflict::Address,
        Believe::Drop => Conflict::Drop,
    };
    let options = Options { conflict, learn: !batch.no_learn, ..Options::default() };
    let coordinates = table.coordinates.take();
    let given = coordinates.map_or_else(
        || vec![Local::NOWHERE; table.rows.len()],
        |coordinates| coordinates.settle_places(clock, &city.plane, city.middle(), issues),
    );
    let mut reports = Reports { sources: vec![Arc::clone(&table.name)], given, ..Reports::default() };
    for (number, row) in (1u32..).zip(0..table.rows.len()) {
        let address = table.address_of(row);
        reports.source.push(0);
        reports.row.push(number);
        reports.kind.push(Kind::Other);
        reports.address.push(address.map_or(NONE, |address| reports.words.intern(address)));
    }
    Geocoder::build(&city.addresses, &city.streets, &options).answers(&reports, progress)
}

/// What became of the rows, and what was wrong with some.
fn in_words(table: &Table, answers: &[Answer], issues: &Issues) -> String {
    let placed = answers.iter().filter(|answer| answer.at.is_somewhere()).count();
    let mut text = format!("{placed} of {} rows placed, by {}", answers.len(), table.columns_used());
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut count = |name: &'static str| match counts.iter_mut().find(|(known, _)| *known == name) {
        Some((_, count)) => *count += 1,
        None => counts.push((name, 1)),
    };
    for answer in answers {
        let is_learned = answer.faults.contains(&Fault::Learned);
        count(if is_learned { "placed by other rows" } else { answer.status.name() });
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if !counts.is_empty() {
        let _ = write!(text, "\n  {}", counts.join(", "));
    }
    for (code, count) in issues.tally() {
        let _ = write!(text, "\n  {} {count}: {}", code.code(), code.message());
    }
    text
}
