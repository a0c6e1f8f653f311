//! Delimited text in; its column names and, block by block, its rows out.
//!
//! What separates fields is told by the header alone, so that the order of the rows cannot change it. A file
//! is UTF-8 (with or without byte-order mark), UTF-16 with one, or what the source says it is; a field that
//! is not valid UTF-8 is read as Windows-1252, and counted. Files are read in blocks that end at the end of
//! a row, so that blocks can be parsed side by side and a file need not fit in memory.
//!
//! A quote that is never closed costs its own line only. A quote that closes in a later row joins the rows
//! between: they show as one row with a wrong number of fields.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use csv::ByteRecord;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::import::open::SourceFile;

/// Bytes of a block: some ten thousand rows, so that parsing outweighs the hand-over.
const BLOCK: usize = 2 * 1024 * 1024;
/// A quoted field longer than this was never closed: the longest notes seen have 4,000 characters.
const LONGEST_RECORD: usize = 1024 * 1024;
/// Bytes in which a header must end.
const HEAD: usize = 64 * 1024;
/// What can separate fields, with its name, most usual first.
const DELIMITERS: [(u8, &str); 4] = [(b',', "comma"), (b';', "semicolon"), (b'\t', "tab"), (b'|', "bar")];

/// A file of delimited text whose header was read and whose rows were not yet.
pub struct Table {
    file: SourceFile,
    header: Vec<String>,
    delimiter: u8,
    encoding: &'static Encoding,
    splitter: Splitter,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("file", &self.file)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// Opens `file` and reads its header. `delimiter` and `encoding` are found out when absent.
    ///
    /// # Errors
    /// When the file cannot be opened, is no delimited text (a web page, a spreadsheet, JSON), has no header,
    /// or a setting has a value that does not exist.
    pub fn open(file: &SourceFile, delimiter: Option<&str>, encoding: Option<&str>) -> Result<Self> {
        let mut reader = file.reader()?;
        let failed = |cause| Error::reading(&file.path, cause);
        let mut head = Vec::new();
        (&mut reader).take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
        let (encoding, has_mark) = sniff_encoding(&head, encoding)?;
        let whole = Cursor::new(head).chain(reader);
        let mut text: Box<dyn Read + Send> = if encoding == UTF_8 && !has_mark {
            Box::new(whole)
        } else {
            Box::new(Recoded::new(whole, encoding))
        };
        let mut head = Vec::new();
        (&mut text).take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
        refuse_what_is_not_delimited(file, &head)?;
        let (announced, skip) = announced_delimiter(&head);
        let delimiter = match delimiter {
            Some(name) => parse_delimiter(name)?,
            None => announced.unwrap_or_else(|| sniff_delimiter(&head[skip..])),
        };
        let rest = head.split_off(skip);
        let mut splitter = Splitter::new(Box::new(Cursor::new(rest).chain(text)), delimiter);
        let header = splitter.header().map_err(failed)?;
        if header.iter().all(String::is_empty) {
            return Err(Error::unreadable(
                &file.path,
                "it has no header",
                "the first line must name the columns",
            ));
        }
        Ok(Self { file: file.clone(), header, delimiter, encoding, splitter })
    }

    /// The names of the columns, in their order, without surrounding blanks.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// What separates the fields, as in `comma`.
    pub fn delimiter(&self) -> &'static str {
        DELIMITERS.iter().find(|known| known.0 == self.delimiter).map_or("other", |known| known.1)
    }

    /// The sign that separates the fields.
    pub fn separator(&self) -> u8 {
        self.delimiter
    }

    /// The encoding of the file as a whole, as in `utf-8`.
    pub fn encoding(&self) -> String {
        self.encoding.name().to_lowercase()
    }

    /// The position of the column called `name`.
    ///
    /// # Errors
    /// When there is none; the message lists those that there are.
    pub fn column(&self, name: &str) -> Result<usize> {
        position(&self.file, &self.header, name)
    }

    /// The position of a column that need not be there: the one that the project names, which must be, or else the
    /// first that has one of the `usual` names (in small letters).
    ///
    /// # Errors
    /// When the column that the project names is missing.
    pub fn chosen(&self, named: Option<&str>, usual: &[&str]) -> Result<Option<usize>> {
        let is = |usual: &str| self.header.iter().position(|known| known.to_lowercase() == usual);
        match named {
            Some(name) => self.column(name).map(Some),
            None => Ok(usual.iter().find_map(|usual| is(usual))),
        }
    }

    /// The same for a column that must be there. `what` is its key under `columns` of the project.
    ///
    /// # Errors
    /// When there is none; the message lists those that there are.
    pub fn needed(&self, named: Option<&str>, usual: &[&str], what: &str) -> Result<usize> {
        self.chosen(named, usual)?.ok_or_else(|| {
            let header = self.header.iter().map(String::as_str);
            let meant = nearest(what, header.clone()).unwrap_or("...");
            Error::unreadable(
                &self.file.path,
                format!("none of its columns is known to hold `{what}`"),
                format!(
                    "name it, as in `columns = {{ {what} = \"{meant}\" }}`; the columns are {}",
                    header.collect::<Vec<_>>().join(", ")
                ),
            )
        })
    }

    /// Has every block of rows parsed by `parse`, side by side, and hands what it makes of them to `take`, in
    /// the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read to its end.
    pub fn blocks<T: Send>(
        mut self,
        parse: impl Fn(&Block) -> T + Sync,
        mut take: impl FnMut(T),
    ) -> Result<()> {
        let ahead = rayon::current_num_threads() * 2;
        let failed = |cause| Error::reading(&self.file.path, cause);
        let mut batch = self.splitter.batch(ahead).map_err(failed)?;
        while !batch.is_empty() {
            // While these are parsed, the next ones are read.
            let (next, made) = rayon::join(
                || self.splitter.batch(ahead),
                || batch.par_iter().map(&parse).collect::<Vec<T>>(),
            );
            made.into_iter().for_each(&mut take);
            batch = next.map_err(failed)?;
        }
        Ok(())
    }
}

/// The position of `name` in `header`, whatever its letters' case.
///
/// # Errors
/// When there is none; the message lists those that there are.
pub fn position(file: &SourceFile, header: &[String], name: &str) -> Result<usize> {
    let name = name.trim();
    let exact = header.iter().position(|known| known == name);
    let found = exact.or_else(|| header.iter().position(|known| known.eq_ignore_ascii_case(name)));
    found.ok_or_else(|| {
        let names = header.iter().map(String::as_str).filter(|known| !known.is_empty());
        let listed = names.clone().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
        let hint = match nearest(name, names) {
            Some(meant) => format!("did you mean `{meant}`? The columns are {listed}"),
            None => format!("the columns are {listed}"),
        };
        Error::unreadable(&file.path, format!("it has no column `{name}`"), hint)
    })
}

/// The one of `names` that was probably meant by `name`, if any is near enough (a third of its letters wrong).
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let near = wanted.chars().count().div_ceil(3);
    names
        .map(|known| {
            (rapidfuzz::distance::osa::distance(wanted.chars(), known.to_lowercase().chars()), known)
        })
        .filter(|&(distance, _)| distance <= near)
        .min()
        .map(|(_, known)| known)
}

/// The text of a field without surrounding blanks, and whether it had to be read as Windows-1252.
pub fn text(field: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(field) {
        Ok(text) => (Cow::Borrowed(text.trim()), false),
        Err(_other_encoding) => {
            let decoded = WINDOWS_1252.decode_without_bom_handling(field).0;
            (Cow::Owned(decoded.trim().to_owned()), true)
        }
    }
}

/// Whether a field says in one of the usual words that there is nothing in it.
pub fn is_missing(text: &str) -> bool {
    const WORDS: [&str; 7] = ["na", "n/a", "null", "none", "nan", "nat", "-"];
    text.is_empty() || text.len() <= 4 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The number that a field holds, with a decimal point or comma.
pub fn number(text: &str) -> Option<f64> {
    let plain = text.parse::<f64>().ok();
    let found = plain.or_else(|| {
        let has_comma = text.matches(',').count() == 1 && !text.contains('.');
        has_comma.then(|| text.replace(',', ".").parse().ok()).flatten()
    });
    found.filter(|number| number.is_finite())
}

/// Rows that follow each other in a file.
#[derive(Debug)]
pub struct Block {
    /// The row of the first record, counted from 1 without the header.
    pub first_row: u64,
    delimiter: u8,
    /// Whether this is one line with a quote that is never closed.
    is_broken: bool,
    bytes: Vec<u8>,
}

impl Block {
    /// Gives every row with its number to `each`; `None` for one that cannot be taken apart.
    ///
    /// # Panics
    /// Never: bytes in memory can be read.
    pub fn rows(&self, mut each: impl FnMut(u64, Option<&ByteRecord>)) {
        if self.is_broken {
            return each(self.first_row, None);
        }
        let mut reader = reader(&self.bytes, self.delimiter);
        let mut record = ByteRecord::new();
        let mut row = self.first_row;
        while reader.read_byte_record(&mut record).expect("bytes in memory can be read") {
            each(row, Some(&record));
            row += 1;
        }
    }
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes)
}

/// Cuts delimited text into blocks that end at the end of a row.
struct Splitter {
    reader: Box<dyn Read + Send>,
    delimiter: u8,
    /// What of a byte matters: other, quote, delimiter, end of line.
    classes: [u8; 256],
    /// Bytes that were read but not yet given away; the first is the first of a row.
    pending: Vec<u8>,
    is_at_end: bool,
    next_row: u64,
}

/// Where in a row the splitter stands, the same states that RFC 4180 readers go through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    RowStart,
    FieldStart,
    Field,
    Quoted,
    QuoteInQuoted,
}

impl At {
    fn after(self, class: u8) -> Self {
        match (self, class) {
            (Self::Quoted, 1) => Self::QuoteInQuoted,
            (Self::Quoted, _) | (Self::RowStart | Self::FieldStart | Self::QuoteInQuoted, 1) => Self::Quoted,
            (_, 2) => Self::FieldStart,
            (_, 3) => Self::RowStart,
            _ => Self::Field,
        }
    }
}

impl Splitter {
    fn new(reader: Box<dyn Read + Send>, delimiter: u8) -> Self {
        let mut classes = [0; 256];
        classes[usize::from(b'"')] = 1;
        classes[usize::from(delimiter)] = 2;
        classes[usize::from(b'\n')] = 3;
        classes[usize::from(b'\r')] = 3;
        Self { reader, delimiter, classes, pending: Vec::new(), is_at_end: false, next_row: 1 }
    }

    /// Takes the first row away: the names of the columns.
    fn header(&mut self) -> std::io::Result<Vec<String>> {
        self.fill(HEAD)?;
        let mut names = ByteRecord::new();
        let mut header = reader(&self.pending, self.delimiter);
        header.read_byte_record(&mut names)?;
        let length = if header.is_done() {
            self.pending.len()
        } else {
            usize::try_from(header.position().byte()).unwrap_or(usize::MAX)
        };
        self.pending.drain(..length.min(self.pending.len()));
        Ok(names.iter().map(|name| text(name).0.into_owned()).collect())
    }

    /// Reads until `length` bytes are pending or the file ends.
    fn fill(&mut self, length: usize) -> std::io::Result<()> {
        if !self.is_at_end && self.pending.len() < length {
            let missing = (length - self.pending.len()) as u64;
            let read = (&mut self.reader).take(missing).read_to_end(&mut self.pending)?;
            self.is_at_end = (read as u64) < missing;
        }
        Ok(())
    }

    fn batch(&mut self, count: usize) -> std::io::Result<Vec<Block>> {
        let mut blocks = Vec::with_capacity(count);
        while blocks.len() < count
            && let Some(block) = self.next()?
        {
            blocks.push(block);
        }
        Ok(blocks)
    }

    fn next(&mut self) -> std::io::Result<Option<Block>> {
        self.fill(BLOCK)?;
        if self.pending.is_empty() {
            return Ok(None);
        }
        let (mut at, mut seen, mut whole, mut rows) = (At::RowStart, 0, 0, 0);
        loop {
            for (position, &byte) in self.pending.iter().enumerate().skip(seen) {
                let before = at;
                at = at.after(self.classes[usize::from(byte)]);
                if at == At::RowStart {
                    rows += u64::from(before != At::RowStart);
                    whole = position + 1;
                }
            }
            seen = self.pending.len();
            let is_too_long = seen - whole > LONGEST_RECORD;
            if whole > 0 || self.is_at_end || is_too_long {
                break;
            }
            self.fill(seen + BLOCK)?;
        }
        let is_open = at == At::Quoted;
        if whole == 0 && (is_open || !self.is_at_end) {
            // No row ends here: the quote of the first one is never closed. Its own line is given up.
            let line = self.pending.iter().position(|&byte| byte == b'\n').map_or(seen, |end| end + 1);
            return Ok(Some(self.give(line, 1, true)));
        }
        if self.is_at_end && !is_open {
            // The last row needs no end of line.
            rows += u64::from(at != At::RowStart);
            whole = seen;
        }
        Ok(Some(self.give(whole, rows, false)))
    }

    fn give(&mut self, length: usize, rows: u64, is_broken: bool) -> Block {
        let rest = self.pending.split_off(length);
        let bytes = std::mem::replace(&mut self.pending, rest);
        let first_row = self.next_row;
        self.next_row += rows;
        Block { first_row, delimiter: self.delimiter, is_broken, bytes }
    }
}

/// Text of another encoding, made UTF-8 on the way.
struct Recoded<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
    is_at_end: bool,
}

impl<R: Read> Recoded<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        // A byte-order mark is taken off, and goes before a setting that contradicts it.
        let decoder = encoding.new_decoder();
        Self { inner, decoder, raw: Vec::new(), ready: Vec::new(), given: 0, is_at_end: false }
    }
}

impl<R: Read> Read for Recoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.ready.len() && !self.is_at_end {
            self.raw.clear();
            self.is_at_end = (&mut self.inner).take(HEAD as u64).read_to_end(&mut self.raw)? < HEAD;
            // Three bytes of UTF-8 for one of any other encoding, and room for the state between blocks.
            self.ready.resize(self.raw.len() * 3 + 16, 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(&self.raw, &mut self.ready, self.is_at_end);
            self.ready.truncate(written);
            self.given = 0;
        }
        let length = buffer.len().min(self.ready.len() - self.given);
        buffer[..length].copy_from_slice(&self.ready[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

/// The encoding of the file as a whole, and whether it begins with a byte-order mark.
fn sniff_encoding(head: &[u8], setting: Option<&str>) -> Result<(&'static Encoding, bool)> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Ok((encoding, true));
    }
    let Some(name) = setting else { return Ok((UTF_8, false)) };
    let encoding = Encoding::for_label(name.as_bytes()).ok_or_else(|| Error::Setting {
        message: format!("`encoding = \"{name}\"` is not known"),
        hint: "write a name such as utf-8, windows-1252 or iso-8859-15, or leave it out".to_owned(),
    })?;
    Ok((encoding, false))
}

fn parse_delimiter(name: &str) -> Result<u8> {
    let named = DELIMITERS.iter().find(|known| known.1 == name).map(|known| known.0);
    let one = match name.as_bytes() {
        &[byte] if byte != b'"' && byte != b'\n' && byte != b'\r' => Some(byte),
        b"\\t" => Some(b'\t'),
        _ => None,
    };
    named.or(one).ok_or_else(|| Error::Setting {
        message: format!("`delimiter = \"{name}\"` is not one sign"),
        hint: "write `,`, `;`, `|` or `\\t`, or leave it out".to_owned(),
    })
}

/// Excel's first line `sep=;`: the sign, and the length of the line.
fn announced_delimiter(head: &[u8]) -> (Option<u8>, usize) {
    let line = head.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
    match line.trim_ascii_end() {
        &[b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', sign] => (Some(sign), line.len()),
        _ if line.starts_with(b"sep=\t") => (Some(b'\t'), line.len()),
        _ => (None, 0),
    }
}

/// The sign that separates most fields of the header; of two, the more usual one.
fn sniff_delimiter(head: &[u8]) -> u8 {
    let fields = |delimiter: u8| {
        let mut record = ByteRecord::new();
        let is_read = reader(head, delimiter).read_byte_record(&mut record).unwrap_or(false);
        if is_read { record.len() } else { 0 }
    };
    let most = DELIMITERS.iter().map(|known| fields(known.0)).max().unwrap_or(0);
    DELIMITERS.iter().map(|known| known.0).find(|&sign| fields(sign) == most).unwrap_or(b',')
}

/// Portals answer with a web page where a file has moved, and people rename what is not delimited text.
fn refuse_what_is_not_delimited(file: &SourceFile, head: &[u8]) -> Result<()> {
    let start = head.trim_ascii_start();
    let begins =
        |with: &str| start.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()));
    let (what, hint) = if ["<!doctype html", "<html", "<head", "<!--"].iter().any(|tag| begins(tag)) {
        ("a web page", "open its address in a browser: the file has moved, or needs a login")
    } else if begins("<") {
        ("XML", "set `format = \"open311\"` if it is that, else export it as CSV or GeoJSON")
    } else if begins("{") || begins("[") {
        (
            "JSON",
            "set `format` to `geojson`, `open311` or `signalen` if it is one of these, else export it as CSV",
        )
    } else if begins("PK\u{3}\u{4}") {
        ("a spreadsheet or another zip archive", "open it and save it as CSV, or unpack it")
    } else if begins("PAR1") {
        ("Parquet", "build this program with `--features parquet`, or export it as CSV")
    } else if begins("SQLite format 3") {
        ("a database such as a GeoPackage", "export the layer as CSV or GeoJSON")
    } else if head.contains(&0) {
        ("binary", "export it as CSV; if it is UTF-16 text, set `encoding = \"utf-16le\"`")
    } else {
        return Ok(());
    };
    Err(Error::unreadable(&file.path, format!("it is {what}, not CSV"), hint))
}

#[cfg(test)]
mod tests;
