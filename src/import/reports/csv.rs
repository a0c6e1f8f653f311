//! Reports as delimited text.

use std::borrow::Cow;

use ::csv::ByteRecord;

use super::recognise::guess_columns;
use super::rows::{Batch, Row, at_time, digest};
use super::{Columns, Noticed, ReportFormat, ReportSource};
use crate::error::Result;
use crate::import::columns::{Block, Table, is_missing, text};
use crate::import::open::SourceFile;

/// Delimited text with a header.
#[derive(Debug)]
pub struct Csv;

impl ReportFormat for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn about(&self) -> &'static str {
        "delimited text with a header; delimiter, encoding, dates and columns are found out"
    }

    fn suits(&self, _name: &str, _head: &[u8]) -> bool {
        true
    }

    fn read(&self, file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
        let table = Table::open(file, source.delimiter.as_deref(), source.encoding.as_deref())?;
        let is_guessed = source.columns.is_empty();
        let columns = if is_guessed { guess_columns(file, table.header())? } else { source.columns.clone() };
        let fields = Fields::named(&table, &columns)?;
        let mut words =
            vec![format!("delimiter: {}", table.delimiter()), format!("encoding: {}", table.encoding())];
        if is_guessed {
            words.push(format!("columns guessed: {}", columns.describe()));
        }
        fields.read(table, source.date_format.as_deref(), take)?;
        Ok(Noticed { columns, crs: None, words })
    }
}

/// The first line of a file in lower case, in whatever encoding: enough to know a platform by.
pub(super) fn header_line(head: &[u8]) -> String {
    let plain: Vec<u8> = head.iter().copied().filter(|&byte| byte != 0).take(4096).collect();
    let line = plain.split(|&byte| byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).to_lowercase()
}

/// Which columns of a row make up one part of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Field {
    /// None: the file does not tell.
    #[default]
    None,
    /// This one.
    One(usize),
    /// The first of these that is filled.
    First(Vec<usize>),
    /// The earliest of these dates, all written as ISO 8601, so that letters sort like times.
    Earliest(Vec<usize>),
    /// A date, and the time of day beside it.
    AtTime(usize, usize),
    /// All of these, one line each.
    Joined(Vec<usize>),
}

/// Where in a row each part of a report stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) width: usize,
    pub(super) id: Field,
    pub(super) category: Field,
    pub(super) opened: Field,
    pub(super) closed: Field,
    pub(super) x: Field,
    pub(super) y: Field,
    pub(super) address: Field,
    pub(super) text: Field,
    pub(super) status: Field,
    pub(super) asset: Field,
}

impl Fields {
    /// Of a table with this many columns, none of which is used yet.
    pub(super) fn of_width(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    fn named(table: &Table, columns: &Columns) -> Result<Self> {
        let place = |name: &Option<String>| match name.as_deref() {
            Some(name) => table.column(name).map(Field::One),
            None => Ok(Field::None),
        };
        let timed = |date: &Option<String>, time: &Option<String>| match (place(date)?, place(time)?) {
            (Field::One(date), Field::One(time)) => Ok(Field::AtTime(date, time)),
            (date, _) => Ok(date),
        };
        let is_projected = columns.is_projected();
        Ok(Self {
            width: table.header().len(),
            id: place(&columns.id)?,
            category: place(&columns.category)?,
            opened: timed(&columns.opened, &columns.opened_time)?,
            closed: timed(&columns.closed, &columns.closed_time)?,
            x: place(if is_projected { &columns.x } else { &columns.lon })?,
            y: place(if is_projected { &columns.y } else { &columns.lat })?,
            address: place(&columns.address)?,
            text: place(&columns.text)?,
            status: place(&columns.status)?,
            asset: place(&columns.asset)?,
        })
    }

    /// Gives the rows of `table` to `take`.
    ///
    /// # Errors
    /// When the file cannot be read to its end.
    pub(super) fn read(
        &self,
        table: Table,
        date_format: Option<&str>,
        take: &mut dyn FnMut(Batch),
    ) -> Result<()> {
        table.blocks(|block| self.batch(block, date_format), take)
    }

    fn batch(&self, block: &Block, date_format: Option<&str>) -> Batch {
        let mut batch = Batch::default();
        block.rows(|number, record| match record.filter(|record| self.fits(record)) {
            Some(record) => {
                let (row, is_recoded) = self.row(record);
                if is_recoded {
                    batch.count_recoded();
                }
                batch.push(number, &row, || digest(record.iter()), date_format);
            }
            None => batch.unreadable(number),
        });
        batch
    }

    /// A row with fewer fields than the header lost some, one with more has a sign too many; empty fields at
    /// the end do no harm.
    pub(super) fn fits(&self, record: &ByteRecord) -> bool {
        record.len() >= self.width
            && record.iter().skip(self.width).all(|field| field.trim_ascii().is_empty())
    }

    /// The row, and whether any of it is in another encoding than the file.
    pub(super) fn row<'a>(&self, record: &'a ByteRecord) -> (Row<'a>, bool) {
        let mut is_recoded = false;
        let mut field = |field: &Field| {
            let (text, other) = field.of(record);
            is_recoded |= other;
            text
        };
        let row = Row {
            id: field(&self.id),
            category: field(&self.category),
            opened: field(&self.opened),
            closed: field(&self.closed),
            x: field(&self.x),
            y: field(&self.y),
            address: field(&self.address),
            text: field(&self.text),
            status: field(&self.status),
            asset: field(&self.asset),
        };
        (row, is_recoded)
    }
}

impl Field {
    /// Its text in a row, and whether any of it had to be read in another encoding than the file's.
    fn of<'a>(&self, record: &'a ByteRecord) -> (Cow<'a, str>, bool) {
        let one = |place: usize| record.get(place).map_or((Cow::Borrowed(""), false), text);
        let filled = |places: &[usize]| -> Vec<(Cow<'a, str>, bool)> {
            places.iter().map(|&place| one(place)).filter(|(text, _)| !is_missing(text)).collect()
        };
        match self {
            Self::None => (Cow::Borrowed(""), false),
            Self::One(place) => one(*place),
            Self::AtTime(date, time) => {
                let ((date, is_recoded), (time, _)) = (one(*date), one(*time));
                (at_time(date, &time), is_recoded)
            }
            Self::First(places) => filled(places).into_iter().next().unwrap_or_default(),
            Self::Earliest(places) => filled(places).into_iter().min().unwrap_or_default(),
            Self::Joined(places) => {
                let parts = filled(places);
                let is_recoded = parts.iter().any(|part| part.1);
                let texts: Vec<&str> = parts.iter().map(|part| &*part.0).collect();
                (Cow::Owned(texts.join("\n")), is_recoded)
            }
        }
    }
}
