//! A layer: a table, mostly with a geometry column, as every format writes it.
//!
//! Rows are made one at a time, so that a layer of ten million reports costs no memory.

use std::borrow::Cow;

use crate::period::{Clock, Day, NEVER};
use crate::place::Plane;

/// A table, mostly with a geometry column. Row `i` is `(layer.row)(i)`, for `i < layer.len`.
pub struct Layer<'a> {
    /// Its name: lower case, no blanks.
    pub name: &'static str,
    /// One line on what a row is.
    pub about: &'static str,
    /// The type of every geometry in it.
    pub geometry: GeometryType,
    /// The columns.
    pub fields: Vec<Field>,
    /// How many rows it has.
    pub len: usize,
    /// Makes a row.
    pub row: Box<dyn Fn(usize) -> Row<'a> + Sync + 'a>,
    /// The column that QGIS colours by, where one says most.
    pub styled_by: Option<&'static str>,
}

/// What every writer needs to know beside the layer.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The working plane, in which geometries come.
    pub plane: &'a Plane,
    /// The clock that turns instants into local times.
    pub clock: &'a Clock,
    /// The last day of the period: the date of the contents, the same at every run.
    pub as_of: Day,
}

/// The type of the geometries of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometryType {
    /// Points.
    Point,
    /// Lines.
    LineString,
    /// Lines of one or more parts.
    MultiLineString,
    /// Areas of one or more parts.
    MultiPolygon,
    /// None: a table of rows that lie nowhere, such as the months of a trend.
    None,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Words.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Real,
    /// True or false.
    Boolean,
    /// Instants.
    Instant,
    /// Days.
    Day,
}

/// One row: a geometry (or none) and a value for each field.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The geometry on the plane.
    pub geometry: Option<geo::Geometry<f64>>,
    /// The values, in the order of the fields.
    pub values: Vec<Value<'a>>,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing is known.
    Null,
    /// Words.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Real(f64),
    /// True or false.
    Boolean(bool),
    /// Seconds UTC.
    Instant(i64),
    /// A civil day.
    Day(Day),
}

impl<'a> Value<'a> {
    /// Words; nothing where they are empty.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }

    /// A number, rounded to `decimals`; nothing where it is not finite.
    pub fn real(number: f64, decimals: i32) -> Self {
        if !number.is_finite() {
            return Self::Null;
        }
        let scale = 10f64.powi(decimals);
        let rounded = (number * scale).round() / scale;
        // Minus zero and zero are the same number but not the same bytes.
        Self::Real(if rounded == 0.0 { 0.0 } else { rounded })
    }

    /// A probability: four significant digits, so that 0.0004 is not 0.
    ///
    /// # Panics
    /// Never: a printed number is a number.
    pub fn probability(number: f64) -> Self {
        if !number.is_finite() {
            return Self::Null;
        }
        Self::Real(format!("{number:.3e}").parse().expect("a number that was just printed"))
    }

    /// An instant; nothing for [`NEVER`].
    pub fn instant(instant_s: i64) -> Self {
        if instant_s == NEVER { Self::Null } else { Self::Instant(instant_s) }
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

/// `geometry` in degrees, rounded to 7 decimals (about a centimetre), exteriors counter-clockwise.
pub(crate) fn in_degrees(geometry: &geo::Geometry<f64>, plane: &Plane) -> geo::Geometry<f64> {
    use geo::{MapCoords, orient::Direction, orient::Orient};
    let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
    let turned = geometry.map_coords(|coord| {
        let at = plane.lon_lat(coord.into());
        geo::Coord { x: round(at.lon), y: round(at.lat) }
    });
    match turned {
        geo::Geometry::MultiPolygon(shape) => shape.orient(Direction::Default).into(),
        other => other,
    }
}
