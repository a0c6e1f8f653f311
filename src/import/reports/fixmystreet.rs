//! `FixMyStreet`: the CSV file that its dashboard exports.
//!
//! Councils add columns of their own, so columns are found by name. With groups of categories, `Category` is the
//! group and `Subcategory` the category. A report counts from when it was confirmed, as before that nobody but
//! the citizen knew of it; it is closed when it was first marked fixed or closed. The name of the user is not
//! read, and `Query` is what was searched for, not an address.

use super::csv::{self, Field, Fields};
use super::rows::Batch;
use super::{Columns, Noticed, ReportFormat, ReportSource};
use crate::error::Result;
use crate::import::columns::Table;
use crate::import::open::SourceFile;

/// The dashboard's export.
#[derive(Debug)]
pub struct FixMyStreet;

impl ReportFormat for FixMyStreet {
    fn name(&self) -> &'static str {
        "fixmystreet"
    }

    fn about(&self) -> &'static str {
        "the CSV export of FixMyStreet's dashboard; the user's name is not read"
    }

    fn has_own_columns(&self) -> bool {
        true
    }

    fn suits(&self, _name: &str, head: &[u8]) -> bool {
        let header = csv::header_line(head);
        ["report id", "detail", "confirmed", "acknowledged"].iter().all(|name| header.contains(name))
    }

    fn read(&self, file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
        let table = Table::open(file, source.delimiter.as_deref(), source.encoding.as_deref())?;
        let place = |name: &str| table.header().iter().position(|known| known.eq_ignore_ascii_case(name));
        let places = |names: &[&str]| names.iter().filter_map(|name| place(name)).collect::<Vec<_>>();
        let is_in_degrees = place("Latitude").is_some() && place("Longitude").is_some();
        let pair = if is_in_degrees { ["Longitude", "Latitude"] } else { ["Easting", "Northing"] };
        let fields = Fields {
            id: Field::One(table.column("Report ID")?),
            category: Field::First(places(&["Subcategory", "Category"])),
            opened: Field::First(places(&["Confirmed", "Created"])),
            closed: Field::Earliest(places(&["Fixed", "Closed"])),
            x: Field::One(table.column(pair[0])?),
            y: Field::One(table.column(pair[1])?),
            text: Field::Joined(places(&["Title", "Detail"])),
            status: Field::First(places(&["Status"])),
            ..Fields::of_width(table.header().len())
        };
        let words =
            vec![format!("delimiter: {}", table.delimiter()), format!("encoding: {}", table.encoding())];
        fields.read(table, source.date_format.as_deref(), take)?;
        Ok(Noticed { columns: columns(is_in_degrees), crs: None, words })
    }
}

fn columns(is_in_degrees: bool) -> Columns {
    let named = |name: &str| Some(name.to_owned());
    let columns = Columns {
        id: named("Report ID"),
        category: named("Category"),
        opened: named("Confirmed"),
        closed: named("Fixed"),
        text: named("Detail"),
        status: named("Status"),
        ..Columns::default()
    };
    if is_in_degrees {
        Columns { lon: named("Longitude"), lat: named("Latitude"), ..columns }
    } else {
        Columns { x: named("Easting"), y: named("Northing"), ..columns }
    }
}
