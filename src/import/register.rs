//! Address registers: OpenStreetMap extracts, delimited text, GeoJSON, GeoPackage and extracts of BAG in, [`Addresses`]
//! out.
//!
//! Addresses stand in the order of street, town, postcode, number, suffix, position and id, whatever the order
//! of the rows; what is equal but for its id is taken once. House numbers are taken apart (`12 b`, `12-II`,
//! `1;3`), streets stay as the register writes them: making spellings equal is for `geocode` to do.

mod bag;
mod columns;
mod house_number;
pub mod index;
mod text;

use std::collections::BTreeSet;

use geo::Centroid;
use rustc_hash::FxHashSet;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::import::Settings;
use crate::import::open::{SourceFile, files};
use crate::import::osm::{self, Extracts};
use crate::import::vector::{self, Wish};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::NONE;
use crate::model::address::Addresses;
use crate::model::text::{Texts, Words};
use crate::place::{Crs, Plane};
use crate::unit::Local;

pub use columns::RegisterColumns;
use columns::{Chosen, Part};

/// One `[[sources.register]]` of a project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterSource {
    /// `.osm.pbf`, delimited text, GeoJSON, GeoPackage, an extract of the Dutch BAG (`.zip`) or a saved index (`.idx`);
    /// relative to the project file; may hold `*`, be packed with gzip.
    pub path: String,
    /// `osm`, `csv`, `geojson`, `geopackage`, `bag` or `index`; told by the name of the file when absent.
    pub format: Option<String>,
    /// Which columns or properties hold what; guessed where absent.
    pub columns: RegisterColumns,
    /// The system of `x` and `y`, or of the shapes.
    pub crs: Option<String>,
    /// The layer of a GeoPackage; when absent, `adres` or `verblijfsobject` as in BAG, else the first.
    pub layer: Option<String>,
    /// What separates the fields of delimited text; found out when absent.
    pub delimiter: Option<String>,
    /// The encoding of delimited text; found out when absent.
    pub encoding: Option<String>,
}

/// Whether a delimited file has the columns of a register, by their usual names: street, house number and place.
///
/// # Errors
/// When the file cannot be read as a table.
pub fn fits(file: &SourceFile) -> Result<bool> {
    text::fits(file)
}

/// A record of a register, as texts.
#[derive(Debug, Clone, Default)]
struct Record {
    street: String,
    number: String,
    suffix: String,
    postcode: String,
    city: String,
    alias: String,
    id: String,
    at: Option<Local>,
}

/// One house number of a record; words as numbers in [`Register::words`].
#[derive(Debug, Clone)]
struct Entry {
    street: u32,
    city: u32,
    postcode: u32,
    number: u32,
    suffix: u32,
    at: Local,
    id: Box<str>,
    /// Index into [`Register::records`].
    record: u32,
    /// Whether the register only implies it: the far end of `12-14`.
    is_implied: bool,
}

/// Everything read so far.
#[derive(Default)]
struct Register {
    words: Words,
    entries: Vec<Entry>,
    aliases: Vec<(u32, u32)>,
    /// File (index into the counts made here) and row of every record that is used.
    records: Vec<(u32, u64)>,
}

/// Reads all registers into one.
///
/// # Errors
/// When a file is missing, damaged, of no known format or lacks a column.
///
/// # Panics
/// Beyond four billion addresses.
pub fn read(
    sources: &[RegisterSource],
    settings: &Settings<'_>,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Addresses> {
    read_with(&mut Extracts::default(), sources, settings, plane, issues, counts)
}

/// The same, with extracts that other sources may have read already.
pub(super) fn read_with(
    extracts: &mut Extracts,
    sources: &[RegisterSource],
    settings: &Settings<'_>,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Addresses> {
    if let Some((file, addresses)) = only_index(sources, settings, plane)? {
        let used = addresses.len() as u64;
        counts.push(count(&file, "index", String::new(), used, used));
        return Ok(addresses);
    }
    let mut register = Register::default();
    let mut read_files = Vec::new();
    for source in sources {
        for file in files(settings.base, &source.path)? {
            let number = u32::try_from(read_files.len()).expect("fewer than 2^32 files");
            let mut count = match format(source, &file)? {
                "osm" => read_extract(extracts, &file, number, plane, issues, &mut register)?,
                "csv" => text::read(source, &file, number, plane, issues, &mut register)?,
                "bag" => bag::read(&file, number, plane, issues, &mut register)?,
                "index" => read_index(&file, number, plane, &mut register)?,
                _ => read_layer(source, &file, number, plane, issues, &mut register)?,
            };
            count.left_out = count.read - count.used;
            read_files.push((file, count));
        }
    }
    register.drop_needless_ends();
    for (file, row) in register.sort() {
        let (file, count) = &mut read_files[file as usize];
        issues.add(&file.name, row, "", Code::ExactDuplicate, "");
        count.used -= 1;
        count.left_out += 1;
    }
    counts.extend(read_files.into_iter().map(|(_, count)| count));
    Ok(register.into_addresses())
}

fn format(source: &RegisterSource, file: &SourceFile) -> Result<&'static str> {
    const KNOWN: [&str; 6] = ["osm", "csv", "geojson", "geopackage", "bag", "index"];
    if let Some(name) = &source.format {
        return KNOWN.into_iter().find(|known| known == name).ok_or_else(|| Error::UnknownFormat {
            what: "register",
            name: name.clone(),
            known: KNOWN.to_vec(),
        });
    }
    let name = file.name.to_lowercase();
    let name = name.trim_end_matches(".gz");
    Ok(match name.rsplit('.').next() {
        _ if osm::is_extract(name) => "osm",
        Some("geojson" | "json" | "geojsonl" | "ldgeojson" | "ndjson") => "geojson",
        Some("gpkg") => "geopackage",
        Some("zip") => "bag",
        Some("idx") => "index",
        _ => "csv",
    })
}

fn count(file: &SourceFile, format: &str, noticed: String, read: u64, used: u64) -> SourceCount {
    SourceCount {
        what: "register",
        file: file.name.to_string(),
        format: format.to_owned(),
        noticed,
        read,
        used,
        left_out: read - used,
    }
}

/// The register, when it is one saved index: that is in order already.
fn only_index(
    sources: &[RegisterSource],
    settings: &Settings<'_>,
    plane: &Plane,
) -> Result<Option<(SourceFile, Addresses)>> {
    let [source] = sources else { return Ok(None) };
    let mut found = files(settings.base, &source.path)?;
    match found.pop() {
        Some(file) if found.is_empty() && format(source, &file)? == "index" => {
            let addresses = open_index(&file, plane)?;
            Ok(Some((file, addresses)))
        }
        _ => Ok(None),
    }
}

/// The plane of the first saved index among the sources.
///
/// # Errors
/// When an index cannot be read.
pub fn saved_plane(sources: &[RegisterSource], settings: &Settings<'_>) -> Result<Option<Plane>> {
    for source in sources {
        for file in files(settings.base, &source.path)? {
            if format(source, &file)? == "index" {
                return index::plane(&file.bytes()?).map(Some).map_err(|fault| no_index(&file, fault));
            }
        }
    }
    Ok(None)
}

/// A saved register on the project's plane.
fn open_index(file: &SourceFile, plane: &Plane) -> Result<Addresses> {
    let (mut addresses, saved) = index::unpack(&file.bytes()?).map_err(|fault| no_index(file, fault))?;
    if saved.crs().epsg() != plane.crs().epsg() {
        for at in addresses.at.iter_mut().filter(|at| at.is_somewhere()) {
            *at = plane.local(saved.lon_lat(*at)).unwrap_or(Local::NOWHERE);
        }
    }
    Ok(addresses)
}

fn no_index(file: &SourceFile, fault: index::Fault) -> Error {
    let hint = "save it again from its sources with `paaltje geocode --register FILE... --save NAME.idx`";
    Error::unreadable(&file.path, fault.to_string(), hint)
}

/// A saved index beside other registers.
fn read_index(file: &SourceFile, number: u32, plane: &Plane, register: &mut Register) -> Result<SourceCount> {
    let addresses = open_index(file, plane)?;
    let word = |word: u32| addresses.words.get(word);
    for row in 0..addresses.len() {
        let record = u32::try_from(register.records.len()).expect("fewer than 2^32 addresses");
        register.records.push((number, row as u64 + 1));
        let street = register.words.intern(word(addresses.street[row]));
        let suffix = register.words.intern(word(addresses.suffix[row]));
        let (city, postcode) =
            (register.word(word(addresses.city[row])), register.word(word(addresses.postcode[row])));
        register.entries.push(Entry {
            street,
            city,
            postcode,
            number: addresses.number[row],
            suffix,
            at: addresses.at[row],
            id: addresses.id.get(row).into(),
            record,
            is_implied: false,
        });
    }
    for &(name, alias) in &addresses.aliases {
        register.add_alias(word(name), word(alias));
    }
    let read = addresses.len() as u64;
    Ok(count(file, "index", String::new(), read, read))
}

fn read_extract(
    extracts: &mut Extracts,
    file: &SourceFile,
    number: u32,
    plane: &Plane,
    issues: &mut Issues,
    register: &mut Register,
) -> Result<SourceCount> {
    let extract = extracts.get(file)?;
    let (mut read, mut used) = (0, 0);
    for point in extract.addresses() {
        read += 1;
        let record = Record {
            street: point.street,
            number: point.number,
            postcode: point.postcode,
            city: point.city,
            id: point.id,
            at: point.at.and_then(|at| plane.local(at)),
            ..Record::default()
        };
        used += u64::from(register.add(&record, file, number, point.row, issues));
    }
    for (name, alias) in extract.street_aliases() {
        register.add_alias(name, alias);
    }
    Ok(count(file, "osm.pbf", osm::ATTRIBUTION.to_owned(), read, used))
}

fn read_layer(
    source: &RegisterSource,
    file: &SourceFile,
    number: u32,
    plane: &Plane,
    issues: &mut Issues,
    register: &mut Register,
) -> Result<SourceCount> {
    let guessed = if source.layer.is_none() { address_layer(file)? } else { None };
    let wish = Wish { crs: source.crs.as_deref(), layer: source.layer.as_deref().or(guessed.as_deref()) };
    let layer = vector::read(file, wish, plane, issues)?;
    let names: BTreeSet<&str> =
        layer.features.iter().flat_map(|feature| feature.properties.names()).collect();
    let header: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let chosen = Chosen::find(file, &header, &source.columns)?;
    let mut used = 0;
    for feature in &layer.features {
        let mut record = record(|part| feature.properties.text(&header[chosen.at(part)?]));
        record.at = feature.shape.centroid().map(|at| Local::new(at.x(), at.y()));
        used += u64::from(register.add(&record, file, number, feature.row, issues));
    }
    let columns = chosen.names(&header, |part| !matches!(part, Part::X | Part::Y | Part::Lon | Part::Lat));
    Ok(count(file, layer.format, format!("{}, columns: {columns}", layer.noticed), layer.read, used))
}

/// The layer of a `GeoPackage` that holds addresses, by its name: BAG has one of addresses, or the addresses with
/// the buildings' units.
fn address_layer(file: &SourceFile) -> Result<Option<String>> {
    const NAMES: [&str; 6] =
        ["adres", "adressen", "address", "addresses", "verblijfsobject", "nummeraanduiding"];
    let layers = vector::layers(file)?;
    Ok(NAMES.iter().find_map(|name| layers.iter().find(|layer| layer.eq_ignore_ascii_case(name)).cloned()))
}

/// A record from its parts, without its position.
fn record(part: impl Fn(Part) -> Option<String>) -> Record {
    let text = |what: Part| part(what).unwrap_or_default();
    let (mut street, mut number) = (text(Part::Street), text(Part::Number));
    if number.is_empty() || street.is_empty() {
        let split = part(Part::Address).as_deref().and_then(house_number::split_address);
        (street, number) = split.unwrap_or((street, number));
    }
    Record {
        street,
        number,
        suffix: hyphenated(&text(Part::Suffix), &text(Part::Addition)),
        postcode: text(Part::Postcode),
        city: text(Part::City),
        alias: text(Part::Alias),
        id: text(Part::Id),
        at: None,
    }
}

/// What stands behind a house number: letter and addition, with a hyphen between where there are both.
fn hyphenated(letter: &str, addition: &str) -> String {
    let hyphen = if letter.is_empty() || addition.is_empty() { "" } else { "-" };
    format!("{letter}{hyphen}{addition}")
}

impl Register {
    /// Adds a record, or an issue that says why not.
    fn add(
        &mut self,
        record: &Record,
        file: &SourceFile,
        number: u32,
        row: u64,
        issues: &mut Issues,
    ) -> bool {
        let numbers = house_number::parse(&record.number);
        if record.street.is_empty() || numbers.is_empty() {
            let column = if record.street.is_empty() { "street" } else { "number" };
            issues.add(&file.name, row, column, Code::AddressWithoutStreet, &record.number);
            return false;
        }
        let Some(at) = record.at else {
            issues.add(&file.name, row, "geometry", Code::ShapeUnreadable, &record.id);
            return false;
        };
        let index = u32::try_from(self.records.len()).expect("fewer than 2^32 addresses");
        self.records.push((number, row));
        let street = self.words.intern(&record.street);
        let (city, postcode) = (self.word(&record.city), self.word(&record.postcode));
        self.add_alias(&record.street, &record.alias);
        for house in numbers {
            let suffix = self.words.intern(&hyphenated(&house.suffix, &record.suffix));
            self.entries.push(Entry {
                street,
                city,
                postcode,
                number: house.number,
                suffix,
                at,
                id: record.id.as_str().into(),
                record: index,
                is_implied: house.is_implied,
            });
        }
        true
    }

    fn word(&mut self, text: &str) -> u32 {
        if text.is_empty() { NONE } else { self.words.intern(text) }
    }

    fn add_alias(&mut self, name: &str, alias: &str) {
        if !alias.is_empty() && alias != name {
            let pair = (self.words.intern(name), self.words.intern(alias));
            self.aliases.push(pair);
        }
    }

    /// Takes out implied ends (`14` of `12-14`) where the register has the number itself in that street.
    fn drop_needless_ends(&mut self) {
        let real = self.entries.iter().filter(|entry| !entry.is_implied);
        let known: FxHashSet<_> = real.map(|entry| (entry.street, entry.city, entry.number)).collect();
        self.entries
            .retain(|entry| !entry.is_implied || !known.contains(&(entry.street, entry.city, entry.number)));
    }

    /// Brings entries and words into canonical order and takes equal entries once. Gives file and row of the
    /// records of which nothing is left.
    fn sort(&mut self) -> Vec<(u32, u64)> {
        self.sort_words();
        let content = |entry: &Entry| (entry.street, entry.city, entry.postcode, entry.number, entry.suffix);
        let records = &self.records;
        self.entries.sort_by(|a, b| {
            content(a)
                .cmp(&content(b))
                .then_with(|| a.at.total_cmp(&b.at))
                .then_with(|| (&a.id, records[a.record as usize]).cmp(&(&b.id, records[b.record as usize])))
        });
        self.entries.dedup_by(|later, first| content(later) == content(first) && later.at == first.at);
        let mut is_used = vec![false; self.records.len()];
        for entry in &self.entries {
            is_used[entry.record as usize] = true;
        }
        let unused = self.records.iter().zip(is_used).filter(|(_, is_used)| !is_used);
        unused.map(|(&record, _)| record).collect()
    }

    /// Numbers the words in the order of the alphabet, so that the order of the rows cannot show.
    fn sort_words(&mut self) {
        let mut order: Vec<&str> = self.words.iter().collect();
        order.sort_unstable();
        let mut sorted = Words::new();
        for word in order {
            sorted.intern(word);
        }
        let new = |old: u32| {
            if old == NONE { NONE } else { sorted.find(self.words.get(old)).expect("the same words") }
        };
        for entry in &mut self.entries {
            entry.street = new(entry.street);
            entry.city = new(entry.city);
            entry.postcode = new(entry.postcode);
            entry.suffix = new(entry.suffix);
        }
        for (name, alias) in &mut self.aliases {
            (*name, *alias) = (new(*name), new(*alias));
        }
        self.aliases.sort_unstable();
        self.aliases.dedup();
        self.words = sorted;
    }

    fn into_addresses(self) -> Addresses {
        let column = |value: fn(&Entry) -> u32| self.entries.iter().map(value).collect();
        Addresses {
            id: self.entries.iter().map(|entry| &*entry.id).collect::<Texts>(),
            street: column(|entry| entry.street),
            number: column(|entry| entry.number),
            suffix: column(|entry| entry.suffix),
            postcode: column(|entry| entry.postcode),
            city: column(|entry| entry.city),
            at: self.entries.iter().map(|entry| entry.at).collect(),
            words: self.words,
            aliases: self.aliases,
        }
    }
}

/// The system of `x` and `y`.
fn crs(source: &RegisterSource, file: &SourceFile) -> Result<Crs> {
    source.crs.as_deref().map(Crs::parse).transpose()?.ok_or_else(|| {
        Error::unreadable(
            &file.path,
            "it gives positions as x and y, and not in which system",
            "set `crs` under [[sources.register]], as in `crs = \"EPSG:28992\"`",
        )
    })
}

#[cfg(test)]
mod tests;
