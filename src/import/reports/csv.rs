//! Reports as delimited text.

use std::borrow::Cow;

use ::csv::ByteRecord;

use super::recognise::guess_columns;
use super::rows::{Batch, Row, digest};
use super::{Columns, Noticed, ReportFormat, ReportSource};
use crate::error::Result;
use crate::import::columns::{Block, Table, text};
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
        let places = Places::find(&table, &columns)?;
        let mut words =
            vec![format!("delimiter: {}", table.delimiter()), format!("encoding: {}", table.encoding())];
        if is_guessed {
            words.push(format!("columns guessed: {}", columns.describe()));
        }
        let date_format = source.date_format.as_deref();
        table.blocks(|block| places.batch(block, date_format), take)?;
        Ok(Noticed { columns, crs: None, words })
    }
}

/// Where in a row each column stands.
struct Places {
    width: usize,
    id: Option<usize>,
    category: Option<usize>,
    opened: Option<usize>,
    closed: Option<usize>,
    x: Option<usize>,
    y: Option<usize>,
    address: Option<usize>,
    text: Option<usize>,
    status: Option<usize>,
}

impl Places {
    fn find(table: &Table, columns: &Columns) -> Result<Self> {
        let place = |name: &Option<String>| name.as_deref().map(|name| table.column(name)).transpose();
        Ok(Self {
            width: table.header().len(),
            id: place(&columns.id)?,
            category: place(&columns.category)?,
            opened: place(&columns.opened)?,
            closed: place(&columns.closed)?,
            x: place(if columns.is_projected() { &columns.x } else { &columns.lon })?,
            y: place(if columns.is_projected() { &columns.y } else { &columns.lat })?,
            address: place(&columns.address)?,
            text: place(&columns.text)?,
            status: place(&columns.status)?,
        })
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
    fn fits(&self, record: &ByteRecord) -> bool {
        record.len() >= self.width
            && record.iter().skip(self.width).all(|field| field.trim_ascii().is_empty())
    }

    /// The row, and whether any of it is in another encoding than the file.
    fn row<'a>(&self, record: &'a ByteRecord) -> (Row<'a>, bool) {
        let mut is_recoded = false;
        let mut field = |place: Option<usize>| {
            let Some(bytes) = place.and_then(|place| record.get(place)) else { return Cow::Borrowed("") };
            let (text, other) = text(bytes);
            is_recoded |= other;
            text
        };
        let row = Row {
            id: field(self.id),
            category: field(self.category),
            opened: field(self.opened),
            closed: field(self.closed),
            x: field(self.x),
            y: field(self.y),
            address: field(self.address),
            text: field(self.text),
            status: field(self.status),
        };
        (row, is_recoded)
    }
}
