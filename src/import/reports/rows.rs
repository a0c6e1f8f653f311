//! Rows of text in, columns of numbers out: what all report formats have in common.
//!
//! Dates stay as they were written and coordinates in the source's system, until the whole input is known.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Columns, Noticed};
use crate::import::columns::{is_missing, number};
use crate::import::dates::{self, Evidence, Written};
use crate::issue::Code;
use crate::model::NONE;
use crate::model::text::{Texts, Words};
use crate::place::Crs;

/// The texts of one report. Empty means not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// The report's id.
    pub id: Cow<'a, str>,
    /// What it is about.
    pub category: Cow<'a, str>,
    /// When it was opened.
    pub opened: Cow<'a, str>,
    /// When it was closed.
    pub closed: Cow<'a, str>,
    /// Degrees east, or easting.
    pub x: Cow<'a, str>,
    /// Degrees north, or northing.
    pub y: Cow<'a, str>,
    /// The address.
    pub address: Cow<'a, str>,
    /// Free text.
    pub text: Cow<'a, str>,
    /// What became of it.
    pub status: Cow<'a, str>,
    /// The id of the asset that it is about.
    pub asset: Cow<'a, str>,
}

/// The columns that an issue can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Row,
    Id,
    Category,
    Opened,
    Closed,
    Coordinate,
}

impl Field {
    /// What the source calls it.
    pub(super) fn name(self, columns: &Columns) -> String {
        let name = |column: &Option<String>| column.clone().unwrap_or_default();
        match self {
            Self::Row => String::new(),
            Self::Id => name(&columns.id),
            Self::Category => name(&columns.category),
            Self::Opened => name(&columns.opened),
            Self::Closed => name(&columns.closed),
            Self::Coordinate => {
                let pair = if columns.is_projected() {
                    (&columns.x, &columns.y)
                } else {
                    (&columns.lon, &columns.lat)
                };
                if pair.0.is_none() {
                    "geometry".to_owned()
                } else {
                    format!("{}, {}", name(pair.0), name(pair.1))
                }
            }
        }
    }
}

/// Something wrong with a row that was seen while it was taken apart.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) row: u32,
    pub(super) field: Field,
    pub(super) code: Code,
    pub(super) value: Box<str>,
}

/// Some rows of a file, taken apart. Filled side by side, one batch per block of the file.
#[derive(Debug, Default)]
pub struct Batch {
    read: u64,
    rows: Vec<u32>,
    id: Texts,
    is_made_id: Vec<bool>,
    category: Vec<u32>,
    opened: Vec<Written>,
    closed: Vec<Written>,
    x: Vec<f64>,
    y: Vec<f64>,
    address: Vec<u32>,
    status: Vec<u32>,
    asset: Vec<u32>,
    text: Texts,
    words: Words,
    opened_evidence: Evidence,
    closed_evidence: Evidence,
    recoded: u64,
    faults: Vec<Fault>,
}

impl Batch {
    /// How many rows were read, usable or not.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// A row that cannot be taken apart.
    pub fn unreadable(&mut self, row: u64) {
        self.read += 1;
        self.leave_out(row, Field::Row, Code::RowUnreadable, "");
    }

    /// A report whose parts are reports of their own.
    pub fn split(&mut self, row: u64, id: &str) {
        self.read += 1;
        self.leave_out(row, Field::Id, Code::SplitReport, id);
    }

    /// Counts a row with text of another encoding than the file's.
    pub fn count_recoded(&mut self) {
        self.recoded += 1;
    }

    /// Takes a row apart. `content` gives all that the source holds about it, from which a row without an id
    /// gets one; `date_format` is the source's setting.
    pub fn push(
        &mut self,
        number_of: u64,
        row: &Row,
        content: impl FnOnce() -> [u8; 8],
        date_format: Option<&str>,
    ) {
        self.read += 1;
        let parse = |text: &str| match date_format {
            Some(format) => Written::parse_as(format, text),
            None => Written::parse(text),
        };
        if is_missing(&row.opened) {
            return self.leave_out(number_of, Field::Opened, Code::NoOpened, "");
        }
        let Some(opened) = parse(&row.opened) else {
            return self.leave_out(number_of, Field::Opened, Code::BadOpened, shown(&row.opened));
        };
        if opened.is_placeholder() {
            return self.leave_out(number_of, Field::Opened, Code::NoOpened, shown(&row.opened));
        }
        let closed = if is_missing(&row.closed) { Written::NONE } else { self.closed(number_of, row, parse) };
        self.opened_evidence.add(opened);
        if closed.is_some() {
            self.closed_evidence.add(closed);
        }
        let (x, y) = self.coordinate(number_of, row);
        self.is_made_id.push(is_missing(&row.id));
        if is_missing(&row.id) || row.id.contains('@') {
            self.id.push(&format!("{:016x}", u64::from_be_bytes(content())));
        } else {
            self.id.push(&row.id);
        }
        self.rows.push(position(number_of));
        self.opened.push(opened);
        self.closed.push(closed);
        self.x.push(x);
        self.y.push(y);
        for (column, text, is_written) in [
            (&mut self.category, &row.category, true),
            (&mut self.status, &row.status, true),
            (&mut self.address, &row.address, false),
            (&mut self.asset, &row.asset, false),
        ] {
            let text = unescaped(text);
            let word = if is_written && is_private(&text) { PRIVATE } else { &*text };
            column.push(if is_missing(word) { NONE } else { self.words.intern(word) });
        }
        self.text.push(&unescaped(&row.text));
    }

    /// Takes the coordinate of a row that need not be a report; nothing else of it.
    pub(super) fn push_pair(&mut self, number_of: u64, x: &str, y: &str) {
        let row = Row { x: Cow::Borrowed(x), y: Cow::Borrowed(y), ..Row::default() };
        let (x, y) = self.coordinate(number_of, &row);
        self.read += 1;
        self.rows.push(position(number_of));
        self.x.push(x);
        self.y.push(y);
    }

    fn closed(&mut self, number_of: u64, row: &Row, parse: impl Fn(&str) -> Option<Written>) -> Written {
        let Some(closed) = parse(&row.closed) else {
            self.alter(number_of, Field::Closed, Code::BadClosed, shown(&row.closed));
            return Written::NONE;
        };
        if closed.is_placeholder() { Written::NONE } else { closed }
    }

    /// The pair of numbers, not a number where there is none.
    fn coordinate(&mut self, number_of: u64, row: &Row) -> (f64, f64) {
        const NOWHERE: (f64, f64) = (f64::NAN, f64::NAN);
        if is_missing(&row.x) && is_missing(&row.y) {
            return NOWHERE;
        }
        let (Some(x), Some(y)) = (number(&row.x), number(&row.y)) else {
            let is_numeric = |text: &str| !text.contains(|sign: char| sign.is_alphabetic());
            let value = if is_numeric(&row.x) && is_numeric(&row.y) {
                &*format!("{}, {}", row.x, row.y)
            } else {
                "(text)"
            };
            self.alter(number_of, Field::Coordinate, Code::BadCoordinate, value);
            return NOWHERE;
        };
        (x, y)
    }

    fn leave_out(&mut self, row: u64, field: Field, code: Code, value: &str) {
        self.faults.push(Fault { row: position(row), field, code, value: value.into() });
    }

    fn alter(&mut self, row: u64, field: Field, code: Code, value: &str) {
        self.leave_out(row, field, code, value);
    }
}

/// Text without the entities of HTML (`&uuml;`, `&#252;`), also where they were written twice (`&amp;uuml;`).
fn unescaped(text: &str) -> Cow<'_, str> {
    const TIMES: usize = 3;
    let mut text = Cow::Borrowed(text);
    for _ in 0..TIMES {
        if !text.contains('&') {
            break;
        }
        text = Cow::Owned(html_escape::decode_html_entities(&text).into_owned());
    }
    text
}

/// Rows of a format that gives them one by one, handed on in batches.
pub struct Feeder<'a> {
    take: &'a mut dyn FnMut(Batch),
    date_format: Option<&'a str>,
    batch: Batch,
    row: u64,
}

impl<'a> Feeder<'a> {
    /// Rows in a batch: enough that handing over costs nothing.
    const BATCH: u64 = 16 * 1024;

    /// Hands batches to `take`; `date_format` is the source's setting.
    pub fn new(take: &'a mut dyn FnMut(Batch), date_format: Option<&'a str>) -> Self {
        Self { take, date_format, batch: Batch::default(), row: 0 }
    }

    /// The next row, as [`Batch::push`].
    pub fn push(&mut self, row: &Row, content: impl FnOnce() -> [u8; 8]) {
        self.row += 1;
        self.batch.push(self.row, row, content, self.date_format);
        self.hand_over(Self::BATCH);
    }

    /// The next row, which cannot be taken apart.
    pub fn unreadable(&mut self) {
        self.row += 1;
        self.batch.unreadable(self.row);
        self.hand_over(Self::BATCH);
    }

    /// The next row, a report whose parts are reports of their own.
    pub fn split(&mut self, id: &str) {
        self.row += 1;
        self.batch.split(self.row, id);
        self.hand_over(Self::BATCH);
    }

    /// Hands over the rest.
    pub fn end(mut self) {
        self.hand_over(1);
    }

    fn hand_over(&mut self, at_least: u64) {
        if self.batch.read() >= at_least {
            (self.take)(std::mem::take(&mut self.batch));
        }
    }
}

/// A date with the time of day that stands in a column of its own, unless the date has one already.
pub(super) fn at_time<'a>(date: Cow<'a, str>, time: &str) -> Cow<'a, str> {
    if is_missing(&date) || is_missing(time) || date.contains(':') {
        return date;
    }
    Cow::Owned(format!("{date} {time}"))
}

/// What stands in place of words that are nobody's business.
const PRIVATE: &str = "(text)";

/// Whether a category or status holds an e-mail address or a telephone number: somebody filled in the wrong
/// field, and these words are written to outputs. (In an address, `02115-1234` is a postcode.)
fn is_private(text: &str) -> bool {
    const DIGITS: std::ops::RangeInclusive<usize> = 9..=14;
    let begins_like_a_number = |text: &str| text.starts_with(['0', '+']);
    let mut run = String::new();
    let mut has_number = false;
    for sign in text.chars().chain(['\n']) {
        if sign.is_ascii_digit() || sign == '+' && run.is_empty() {
            run.push(sign);
        } else if !matches!(sign, ' ' | '-' | '(' | ')' | '/' | '.') || run.is_empty() {
            has_number |= begins_like_a_number(&run) && DIGITS.contains(&run.len());
            run.clear();
        }
    }
    has_number
        || text.split_once('@').is_some_and(|(before, after)| !before.is_empty() && after.contains('.'))
}

/// A row number as it is kept. Files of more rows would not fit in the columns either.
fn position(row: u64) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

/// A date that could not be read, unless a citizen may have written it.
fn shown(text: &str) -> &str {
    if dates::may_be_shown(text) { text } else { "(text)" }
}

/// A number made of all fields of a row, the same at every run.
pub(super) fn digest<'a>(fields: impl Iterator<Item = &'a [u8]>) -> [u8; 8] {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    let mut digest = [0; 8];
    digest.copy_from_slice(&hash.finalize()[..8]);
    digest
}

/// One file of a report source.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    pub(super) name: Arc<str>,
    /// Which of the project's `[[sources.reports]]` it belongs to.
    pub(super) entry: u16,
    pub(super) format: &'static str,
    pub(super) is_local: bool,
    pub(super) collapses: bool,
    /// Patterns of the categories that say too little.
    pub(super) text_decides: Vec<String>,
    pub(super) unit_m: f64,
    pub(super) noticed: Noticed,
    pub(super) crs: Option<Crs>,
    pub(super) read: u64,
    /// Its first and last but one position in the columns.
    pub(super) span: std::ops::Range<usize>,
    pub(super) opened: Evidence,
    pub(super) closed: Evidence,
    pub(super) recoded: u64,
    pub(super) turned: Option<Turned>,
    pub(super) faults: Vec<Fault>,
}

/// How the coordinates of a file lie whose axes are swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turned {
    /// Near the data of the project when turned round.
    pub(super) turned: usize,
    /// Near the data of the project as they are written.
    pub(super) straight: usize,
}

/// The rows of all sources, taken apart but not yet checked against each other.
#[derive(Debug, Default)]
pub struct Gathered {
    pub(super) origins: Vec<Origin>,
    pub(super) rows: Vec<u32>,
    pub(super) id: Texts,
    pub(super) is_made_id: Vec<bool>,
    pub(super) category: Vec<u32>,
    pub(super) opened: Vec<Written>,
    pub(super) closed: Vec<Written>,
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) address: Vec<u32>,
    pub(super) status: Vec<u32>,
    pub(super) asset: Vec<u32>,
    pub(super) text: Texts,
    pub(super) words: Words,
}

impl Gathered {
    /// How many reports there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn begin(&mut self, mut origin: Origin) {
        origin.span = self.len()..self.len();
        self.origins.push(origin);
    }

    /// Adds a batch of the file begun last.
    pub(super) fn take(&mut self, batch: Batch) {
        let words: Vec<u32> = batch.words.iter().map(|word| self.words.intern(word)).collect();
        let renumber = |number: u32| if number == NONE { NONE } else { words[number as usize] };
        self.category.extend(batch.category.into_iter().map(renumber));
        self.status.extend(batch.status.into_iter().map(renumber));
        self.address.extend(batch.address.into_iter().map(renumber));
        self.asset.extend(batch.asset.into_iter().map(renumber));
        batch.id.iter().for_each(|id| self.id.push(id));
        batch.text.iter().for_each(|text| self.text.push(text));
        self.is_made_id.extend(batch.is_made_id);
        self.rows.extend(batch.rows);
        self.opened.extend(batch.opened);
        self.closed.extend(batch.closed);
        self.x.extend(batch.x);
        self.y.extend(batch.y);
        let end = self.len();
        let origin = self.origins.last_mut().expect("a file was begun");
        origin.span.end = end;
        origin.read += batch.read;
        origin.recoded += batch.recoded;
        origin.opened.merge(&batch.opened_evidence);
        origin.closed.merge(&batch.closed_evidence);
        origin.faults.extend(batch.faults);
    }

    /// What was found out about the file begun last.
    pub(super) fn end(&mut self, noticed: Noticed, crs: Crs) {
        let origin = self.origins.last_mut().expect("a file was begun");
        origin.noticed = noticed;
        origin.crs = Some(crs);
    }
}
