//! Registers as delimited text: the common exports of municipalities, and BAG in the layout of `NLExtract`.

use csv::ByteRecord;

use super::columns::{Chosen, Part, missing};
use super::{Record, Register, RegisterSource};
use crate::error::Result;
use crate::import::columns::{self, Table};
use crate::import::open::SourceFile;
use crate::issue::{Code, Issues, SourceCount};
use crate::place::{Crs, Plane};
use crate::unit::{Local, LonLat};

/// Where the parts of an address stand in a row.
struct Layout {
    chosen: Chosen,
    /// The system of `x` and `y`, where the positions are taken from these.
    crs: Option<Crs>,
}

/// Reads a file into `register`.
pub(super) fn read(
    source: &RegisterSource,
    file: &SourceFile,
    number: u32,
    plane: &Plane,
    issues: &mut Issues,
    register: &mut Register,
) -> Result<SourceCount> {
    let table = Table::open(file, source.delimiter.as_deref(), source.encoding.as_deref())?;
    let layout = layout(source, file, &table)?;
    let columns = layout.names(table.header());
    let noticed =
        format!("delimiter: {}, encoding: {}, columns: {columns}", table.delimiter(), table.encoding());
    let (mut read, mut used) = (0, 0);
    let parse = |block: &columns::Block| {
        let mut rows = Vec::new();
        block.rows(|row, fields| rows.push((row, fields.map(|fields| layout.record(fields, plane)))));
        rows
    };
    table.blocks(parse, |rows| {
        for (row, record) in rows {
            read += 1;
            match record {
                Some(record) => used += u64::from(register.add(&record, file, number, row, issues)),
                None => issues.add(&file.name, row, "", Code::RowUnreadable, ""),
            }
        }
    })?;
    Ok(super::count(file, "csv", noticed, read, used))
}

/// Whether a file has the columns of a register, by their usual names: street, house number and place.
pub(super) fn fits(file: &SourceFile) -> Result<bool> {
    let table = Table::open(file, None, None)?;
    let is_split = |layout: Layout| layout.chosen.has(Part::Street) && layout.chosen.has(Part::Number);
    Ok(layout(&RegisterSource::default(), file, &table).is_ok_and(is_split))
}

fn layout(source: &RegisterSource, file: &SourceFile, table: &Table) -> Result<Layout> {
    let chosen = Chosen::find(file, table.header(), &source.columns)?;
    let is_in_degrees = chosen.has(Part::Lon) && chosen.has(Part::Lat);
    let is_placed = is_in_degrees || chosen.has(Part::X) && chosen.has(Part::Y);
    if !is_placed {
        return Err(missing(
            file,
            table.header(),
            "a position",
            "`columns.lon` and `columns.lat`, or `columns.x`, `columns.y` and `crs`",
        ));
    }
    // Registers often give both; the project decides by naming `x`.
    let wants_pair = source.columns.x.is_some() || !is_in_degrees;
    let crs = wants_pair.then(|| super::crs(source, file)).transpose()?;
    Ok(Layout { chosen, crs })
}

impl Layout {
    /// The columns that are used, in the order of their meaning.
    fn names(&self, header: &[String]) -> String {
        self.chosen.names(header, |part| match part {
            Part::X | Part::Y => self.crs.is_some(),
            Part::Lon | Part::Lat => self.crs.is_none(),
            _ => true,
        })
    }

    fn record(&self, fields: &ByteRecord, plane: &Plane) -> Record {
        let part = |part: Part| {
            let (text, _) = columns::text(fields.get(self.chosen.at(part)?)?);
            (!columns::is_missing(&text)).then(|| text.into_owned())
        };
        let number = |what: Part| part(what).and_then(|text| columns::number(&text));
        let mut record = super::record(part);
        record.at = match &self.crs {
            Some(crs) => place(number(Part::X), number(Part::Y), |x, y| plane.from_pair(crs, x, y)),
            None => {
                place(number(Part::Lon), number(Part::Lat), |lon, lat| plane.local(LonLat::new(lon, lat)))
            }
        };
        record
    }
}

/// `0, 0` is how exports write that nothing is known.
fn place(
    first: Option<f64>,
    second: Option<f64>,
    on_plane: impl Fn(f64, f64) -> Option<Local>,
) -> Option<Local> {
    let (first, second) = (first?, second?);
    (first != 0.0 || second != 0.0).then(|| on_plane(first, second))?
}
