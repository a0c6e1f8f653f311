//! The CSV files of Signalen's data warehouse: `signals.csv`, with `locations.csv`, `categories.csv` and
//! `statuses.csv` beside it, or one file in which they were joined.
//!
//! The export writes the longitude into `lat` and the latitude into `lng`. Nothing is turned round here: that is
//! decided for the file as a whole, like for any other, when it is known where the project lies.

use std::borrow::Cow;
use std::path::Path;

use ::csv::ByteRecord;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::rows::{Batch, Row, digest};
use super::{Address, Noticed, ReportFormat, ReportSource, Signalen, asset, both, category, columns};
use crate::error::{Error, Result};
use crate::import::columns::{Block, Table, is_missing, text};
use crate::import::open::SourceFile;

/// The table of reports, and what lies beside it. Names may begin with the time of the export.
const SIGNALS: &str = "signals.csv";
const JOINED: [&str; 3] = ["locations.csv", "categories.csv", "statuses.csv"];
const UNUSED: [&str; 9] = [
    "sla.csv",
    "notes.csv",
    "reporters.csv",
    "routing_departments.csv",
    "directing_departments.csv",
    "signals_assigned_user.csv",
    "ml.csv",
    "ml_amsterdam.csv",
    "kto-feedback.csv",
];

/// The files of a source without those that are read along with `signals.csv`; a folder that holds one becomes
/// that file.
pub(in super::super) fn signals_of(files: Vec<SourceFile>) -> Result<Vec<SourceFile>> {
    let mut found = Vec::with_capacity(files.len());
    for file in files {
        let inside = if file.path.is_dir() { file.inside()? } else { Vec::new() };
        match inside.into_iter().find(|inner| is_signals(&inner.name)) {
            Some(inner) => {
                let name = format!("{}/{}", file.name.trim_end_matches('/'), inner.name).into();
                found.push(SourceFile { name, path: inner.path });
            }
            None => found.push(file),
        }
    }
    let folders: FxHashSet<_> = found
        .iter()
        .filter(|file| is_signals(&file.name) && is_export(file))
        .filter_map(|file| file.path.parent().map(Path::to_owned))
        .collect();
    found.retain(|file| {
        let is_joined = JOINED.iter().chain(&UNUSED).any(|name| is_called(&file.name, name))
            || file.name.contains("kto-feedback");
        !(is_joined && file.path.parent().is_some_and(|folder| folders.contains(folder)))
    });
    Ok(found)
}

fn is_signals(name: &str) -> bool {
    is_called(name, SIGNALS)
}

/// Whether the file is called so, but for the time in front and a packing behind.
fn is_called(file: &str, name: &str) -> bool {
    let file = file.rsplit('/').next().unwrap_or(file);
    let file = file.strip_suffix(".gz").unwrap_or(file);
    file.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with(['_', '-']))
}

fn is_export(file: &SourceFile) -> bool {
    let head = file.reader().ok().and_then(|mut reader| Some(reader.fill_buf().ok()?.to_vec()));
    head.is_some_and(|head| Signalen.suits(&file.name, &head))
}

/// The tables that are read along with `file`, in the order of [`JOINED`].
pub(in super::super) fn beside(file: &SourceFile) -> Result<Vec<SourceFile>> {
    let Some(folder) = file.path.parent().filter(|_| is_signals(&file.name) && file.path.is_file()) else {
        return Ok(Vec::new());
    };
    let before = file.name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let entries = SourceFile { name: "".into(), path: folder.to_owned() }.inside()?;
    let called = |name: &&str| {
        let found = entries.iter().rev().find(|entry| is_called(&entry.name, name))?;
        Some(SourceFile { name: format!("{before}{}", found.name).into(), path: found.path.clone() })
    };
    Ok(JOINED.iter().filter_map(called).collect())
}

/// A table whose columns are looked up by several names.
struct Columns<'a> {
    header: &'a [String],
}

impl Columns<'_> {
    fn place(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|known| known.eq_ignore_ascii_case(name)))
    }
}

fn field(record: &ByteRecord, place: Option<usize>) -> Cow<'_, str> {
    let found = place.and_then(|place| record.get(place)).map_or(Cow::Borrowed(""), |field| text(field).0);
    if is_missing(&found) { Cow::Borrowed("") } else { found }
}

/// Rows of a table, by their own id and by that of the report: the last one of each.
struct Joined<T> {
    by_id: FxHashMap<String, T>,
    by_signal: FxHashMap<String, T>,
}

impl<T> Default for Joined<T> {
    fn default() -> Self {
        Self { by_id: FxHashMap::default(), by_signal: FxHashMap::default() }
    }
}

impl<T> Joined<T> {
    fn get(&self, id: &str, signal: &str) -> Option<&T> {
        self.by_id.get(id).or_else(|| self.by_signal.get(signal))
    }
}

#[derive(Debug, Clone, Default)]
struct Location {
    x: String,
    y: String,
    address: String,
}

/// The states that a report went through.
#[derive(Debug, Clone, Default)]
struct History {
    /// Time and state; times are written as ISO 8601, so that their letters sort as they do.
    states: Vec<(String, String)>,
}

impl History {
    fn state(&self) -> &str {
        self.states.last().map_or("", |(_, state)| state)
    }

    /// When it was done, unless it was opened again.
    fn done_at(&self) -> &str {
        let since = self.states.iter().rposition(|(_, state)| !super::is_done(state)).map_or(0, |at| at + 1);
        self.states.get(since).map_or("", |(time, _)| time)
    }
}

/// Where the parts of an address and the coordinate stand in a table of locations.
struct Places {
    x: Option<usize>,
    y: Option<usize>,
    parts: [Option<usize>; 6],
    whole: Option<usize>,
}

impl Places {
    fn find(columns: &Columns) -> Self {
        Self {
            x: columns.place(&["lng", "lon", "longitude"]),
            y: columns.place(&["lat", "latitude"]),
            parts: [
                columns.place(&["address_street", "address_openbare_ruimte", "openbare_ruimte", "street"]),
                columns.place(&["address_number", "address_huisnummer", "huisnummer", "number"]),
                columns.place(&["address_houseletter", "address_huisletter", "huisletter"]),
                columns.place(&[
                    "address_additional",
                    "address_huisnummer_toevoeging",
                    "huisnummer_toevoeging",
                ]),
                columns.place(&["address_postalcode", "address_postcode", "postcode"]),
                columns.place(&["address_city", "address_woonplaats", "woonplaats"]),
            ],
            whole: columns.place(&["address_text", "address"]),
        }
    }

    fn location(&self, record: &ByteRecord) -> Location {
        let [street, number, letter, addition, postcode, city] =
            self.parts.map(|place| field(record, place).into_owned());
        let address = Address { street, number, letter, addition, postcode, city }.to_string();
        Location {
            x: field(record, self.x).into_owned(),
            y: field(record, self.y).into_owned(),
            address: if address.is_empty() { field(record, self.whole).into_owned() } else { address },
        }
    }
}

/// Everything that stands beside `signals.csv`.
#[derive(Default)]
struct Beside {
    locations: Joined<Location>,
    categories: Joined<String>,
    histories: FxHashMap<String, History>,
}

impl Beside {
    fn read(files: &[SourceFile], source: &ReportSource) -> Result<Self> {
        let mut beside = Self::default();
        for file in files {
            let name = JOINED.iter().find(|name| is_called(&file.name, name)).copied().unwrap_or_default();
            each_row(file, source, |columns| {
                let (id, signal) = (columns.place(&["id"]), columns.place(&["_signal_id"]));
                let places = Places::find(columns);
                let slugs = [columns.place(&["main_slug"]), columns.place(&["sub_slug"])];
                let names = [columns.place(&["main"]), columns.place(&["sub"])];
                let (state, created) = (columns.place(&["state"]), columns.place(&["created_at"]));
                let beside = &mut beside;
                move |record: &ByteRecord| {
                    let (id, signal) = (field(record, id).into_owned(), field(record, signal).into_owned());
                    let texts = |places: &[Option<usize>; 2]| places.map(|place| field(record, place));
                    match name {
                        "locations.csv" => beside.locations.add(id, signal, places.location(record)),
                        "categories.csv" => {
                            beside.categories.add(id, signal, category(&texts(&slugs), &texts(&names)));
                        }
                        _ => {
                            let state =
                                (field(record, created).into_owned(), field(record, state).into_owned());
                            beside.histories.entry(signal).or_default().states.push(state);
                        }
                    }
                }
            })?;
        }
        for history in beside.histories.values_mut() {
            history.states.sort();
        }
        Ok(beside)
    }
}

impl<T: Clone> Joined<T> {
    fn add(&mut self, id: String, signal: String, value: T) {
        self.by_signal.insert(signal, value.clone());
        self.by_id.insert(id, value);
    }
}

/// Gives every row of a table to what `prepare` makes of its columns; rows that cannot be read are skipped.
fn each_row<F: FnMut(&ByteRecord)>(
    file: &SourceFile,
    source: &ReportSource,
    prepare: impl FnOnce(&Columns) -> F,
) -> Result<()> {
    let table = Table::open(file, source.delimiter.as_deref(), source.encoding.as_deref())?;
    let mut take = prepare(&Columns { header: table.header() });
    let rows = |block: &Block| {
        let mut rows = Vec::new();
        block.rows(|_, record| rows.extend(record.cloned()));
        rows
    };
    table.blocks(rows, |rows| rows.iter().for_each(&mut take))
}

/// Where the parts of a report stand in `signals.csv`.
struct Layout {
    width: usize,
    id: usize,
    opened: usize,
    text: Option<usize>,
    text_extra: Option<usize>,
    extra_properties: Option<usize>,
    location_id: Option<usize>,
    category_id: Option<usize>,
    /// Of the joined export.
    places: Places,
    slugs: [Option<usize>; 2],
    names: [Option<usize>; 2],
    state: Option<usize>,
    state_at: Option<usize>,
}

impl Layout {
    fn find(file: &SourceFile, table: &Table) -> Result<Self> {
        let columns = Columns { header: table.header() };
        let needed = |names: &[&str]| {
            columns.place(names).ok_or_else(|| {
                Error::unreadable(
                    &file.path,
                    format!("it has no column `{}`", names[0]),
                    "export it again, or set `format = \"csv\"` and name the columns",
                )
            })
        };
        Ok(Self {
            width: table.header().len(),
            id: needed(&["id", "signal_id", "_signal_id"])?,
            opened: needed(&["created_at"])?,
            text: columns.place(&["text"]),
            text_extra: columns.place(&["text_extra"]),
            extra_properties: columns.place(&["extra_properties"]),
            location_id: columns.place(&["location_id"]),
            category_id: columns.place(&["category_assignment_id"]),
            places: Places::find(&columns),
            slugs: [columns.place(&["main_slug"]), columns.place(&["sub_slug"])],
            names: [columns.place(&["main"]), columns.place(&["sub"])],
            state: columns.place(&["state", "status"]),
            state_at: columns.place(&["status_created_at", "state_created_at"]),
        })
    }
}

/// Reads `signals.csv` together with what lies beside it.
pub(super) fn read(file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
    let files = beside(file)?;
    let tables = Beside::read(&files, source)?;
    let mut parents: FxHashSet<String> = FxHashSet::default();
    each_row(file, source, |columns| {
        let (parent, parents) = (columns.place(&["parent", "parent_id"]), &mut parents);
        move |record: &ByteRecord| {
            let parent = field(record, parent);
            if !parent.is_empty() {
                parents.insert(whole(&parent).to_owned());
            }
        }
    })?;
    let table = Table::open(file, source.delimiter.as_deref(), source.encoding.as_deref())?;
    let layout = Layout::find(file, &table)?;
    let mut words =
        vec![format!("delimiter: {}", table.delimiter()), format!("encoding: {}", table.encoding())];
    if !files.is_empty() {
        let names: Vec<&str> = files.iter().map(|file| &*file.name).collect();
        words.push(format!("joined with {}", names.join(", ")));
    }
    let date_format = source.date_format.as_deref();
    let batch = |block: &Block| {
        let mut batch = Batch::default();
        block.rows(|number, record| match record.filter(|record| record.len() >= layout.width) {
            None => batch.unreadable(number),
            Some(record) => layout.add(number, record, &tables, &parents, date_format, &mut batch),
        });
        batch
    };
    table.blocks(batch, take)?;
    let pair = (layout.places.x.is_some() || !files.is_empty()).then_some(["lng", "lat"]);
    Ok(Noticed { columns: columns(pair), crs: None, words })
}

/// `12` of `12.0`: a data frame makes floats of a column with gaps.
fn whole(id: &str) -> &str {
    id.strip_suffix(".0").unwrap_or(id)
}

impl Layout {
    fn add(
        &self,
        number: u64,
        record: &ByteRecord,
        tables: &Beside,
        parents: &FxHashSet<String>,
        date_format: Option<&str>,
        batch: &mut Batch,
    ) {
        let text = |place: Option<usize>| field(record, place);
        let id = text(Some(self.id));
        let history = tables.histories.get(&*id);
        let written = text(self.state);
        let state = history.map_or(&*written, History::state);
        if parents.contains(whole(&id)) || state == "s" {
            return batch.split(number, &id);
        }
        let location = match tables.locations.get(whole(&text(self.location_id)), &id) {
            Some(location) => location.clone(),
            None => self.places.location(record),
        };
        let written_category = category(&self.slugs.map(text), &self.names.map(text));
        let category_id = text(self.category_id);
        let category = tables.categories.get(whole(&category_id), &id).unwrap_or(&written_category);
        let done_at = match history {
            Some(history) => Cow::Borrowed(history.done_at()),
            None if super::is_done(state) => text(self.state_at),
            None => Cow::Borrowed(""),
        };
        let properties = serde_json::from_str(&text(self.extra_properties)).ok();
        let row = Row {
            id: id.clone(),
            category: Cow::Borrowed(category),
            opened: text(Some(self.opened)),
            closed: done_at,
            x: Cow::Borrowed(&location.x),
            y: Cow::Borrowed(&location.y),
            address: Cow::Borrowed(&location.address),
            text: both(text(self.text), &text(self.text_extra)),
            status: Cow::Borrowed(super::state_word(state)),
            asset: Cow::Owned(properties.as_ref().and_then(asset).unwrap_or_default()),
        };
        batch.push(number, &row, || digest(record.iter()), date_format);
    }
}
