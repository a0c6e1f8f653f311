//! Reports as columns: ten million of them must fit in memory.

use std::sync::Arc;

use crate::model::kind::Kind;
use crate::model::text::{Texts, Words};
use crate::unit::Local;

/// The reports of all sources, one column per property, all of the same length.
///
/// They stand in a canonical order (opening time, source, id, kind, position, address) that does not depend
/// on the order of the rows in the files; everything made from them inherits that.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    /// The name of every source, as the project writes its path.
    pub sources: Vec<Arc<str>>,
    /// Index into `sources`.
    pub source: Vec<u16>,
    /// Row in the source, counted from 1 without the header.
    pub row: Vec<u32>,
    /// The report's own id; unique.
    pub id: Texts,
    /// The source's category word, in `words`.
    pub category: Vec<u32>,
    /// Our kind.
    pub kind: Vec<Kind>,
    /// When it was opened, seconds UTC.
    pub opened: Vec<i64>,
    /// When it was closed, seconds UTC; [`NEVER`](crate::period::NEVER) while it is open.
    pub closed: Vec<i64>,
    /// Whether the opening time is only a day (the source gives dates without a time).
    pub is_date_only: Vec<bool>,
    /// The source's status word, in `words`.
    pub status: Vec<u32>,
    /// The coordinate that came with it, on the plane; [`Local::NOWHERE`] where there is none.
    pub given: Vec<Local>,
    /// The address that came with it, in `words`; [`NONE`](crate::model::NONE) where there is none.
    pub address: Vec<u32>,
    /// The id of the asset that the citizen pointed at, in `words`; [`NONE`](crate::model::NONE) where none was.
    pub asset: Vec<u32>,
    /// Free text. Private: never written to any output but for single words that several reports of one place share.
    pub text: Texts,
    /// The words that categories, states, addresses and ids of assets are made of.
    pub words: Words,
}

impl Reports {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// The report at `index`.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn get(&self, index: usize) -> Report<'_> {
        Report {
            id: self.id.get(index),
            source: &self.sources[usize::from(self.source[index])],
            row: self.row[index],
            category: self.words.get(self.category[index]),
            kind: self.kind[index],
            opened: self.opened[index],
            closed: self.closed[index],
            status: self.words.get(self.status[index]),
            given: self.given[index],
            address: self.words.get(self.address[index]),
            text: self.text.get(index),
        }
    }
}

/// One report, for reading.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Its id.
    pub id: &'a str,
    /// The file it came from.
    pub source: &'a str,
    /// Its row there, from 1 without the header.
    pub row: u32,
    /// The source's category.
    pub category: &'a str,
    /// Our kind.
    pub kind: Kind,
    /// When it was opened, seconds UTC.
    pub opened: i64,
    /// When it was closed, seconds UTC, or [`NEVER`](crate::period::NEVER).
    pub closed: i64,
    /// The source's status.
    pub status: &'a str,
    /// The coordinate that came with it.
    pub given: Local,
    /// The address that came with it.
    pub address: &'a str,
    /// Free text. Private.
    pub text: &'a str,
}
