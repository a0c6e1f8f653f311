//! Streets as a source gives them, before they become a routable graph.

use crate::model::text::Words;
use crate::unit::Local;

/// Classes of street, from the widest to the narrowest, after OpenStreetMap's `highway`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StreetClass {
    /// `motorway`, `trunk` and their links.
    Motorway,
    /// `primary` and its links.
    Primary,
    /// `secondary` and its links.
    Secondary,
    /// `tertiary` and its links.
    Tertiary,
    /// `residential`, `unclassified`, `living_street`.
    Residential,
    /// `service`.
    Service,
    /// `pedestrian`, `footway`, `cycleway`, `path`, `steps`: not for trucks unless tagged so.
    Foot,
}

/// Which way one may drive along the order of a way's nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// Only from the first node to the last.
    Forward,
    /// Only from the last node to the first.
    Backward,
}

/// One way.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The id in the source.
    pub id: i64,
    /// Name, in the words of [`Streets`]; [`NONE`](crate::model::NONE) where it has none.
    pub name: u32,
    /// Names in other languages and old names, in the words of [`Streets`].
    pub other_names: Vec<u32>,
    /// Its class.
    pub class: StreetClass,
    /// Which way one may drive.
    pub direction: Direction,
    /// Whether a collection truck may use it.
    pub is_for_trucks: bool,
    /// Speed limit, km/h, where signed.
    pub limit_kmh: Option<f64>,
    /// Its nodes, as indices into [`Streets::nodes`]; at least two.
    pub nodes: Vec<u32>,
}

#[cfg(test)]
impl Way {
    /// A residential street without a name, for both directions and for trucks.
    pub(crate) fn residential(nodes: Vec<u32>) -> Self {
        Self {
            id: 0,
            name: crate::model::NONE,
            other_names: Vec::new(),
            class: StreetClass::Residential,
            direction: Direction::Both,
            is_for_trucks: true,
            limit_kmh: None,
            nodes,
        }
    }
}

/// The crossings of streets that run straight through a town, numbered row by row.
#[cfg(test)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossings {
    pub(crate) columns: u32,
    pub(crate) rows: u32,
}

#[cfg(test)]
impl Crossings {
    /// Where each of them is, told by its column and row.
    pub(crate) fn nodes(self, at: impl Fn(f64, f64) -> Local) -> Vec<Local> {
        let row = |row: u32| (0..self.columns).map(move |column| (f64::from(column), f64::from(row)));
        (0..self.rows).flat_map(row).map(|(column, row)| at(column, row)).collect()
    }

    /// The crossings along one row.
    pub(crate) fn along_row(self, row: u32) -> Vec<u32> {
        (0..self.columns).map(|column| row * self.columns + column).collect()
    }

    /// The crossings along one column.
    pub(crate) fn along_column(self, column: u32) -> Vec<u32> {
        (0..self.rows).map(|row| row * self.columns + column).collect()
    }
}

/// All ways of the project, in the order of their ids. Ways that share a node index meet there.
#[derive(Debug, Clone, Default)]
pub struct Streets {
    /// Where each node is.
    pub nodes: Vec<Local>,
    /// The ways.
    pub ways: Vec<Way>,
    /// The words of names.
    pub words: Words,
    /// Outlines drawn behind maps: water and parks, where the source holds them.
    pub backdrop: Vec<Backdrop>,
}

/// Something to draw behind the streets.
#[derive(Debug, Clone, PartialEq)]
pub struct Backdrop {
    /// What it is.
    pub what: Ground,
    /// Its outline.
    pub shape: geo::Polygon<f64>,
}

/// What a [`Backdrop`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// Sea, lake, river.
    Water,
    /// Park, wood, grass.
    Green,
    /// A building.
    Building,
}

impl Streets {
    /// The positions of a way's nodes.
    pub fn line(&self, way: &Way) -> Vec<Local> {
        way.nodes.iter().map(|&node| self.nodes[node as usize]).collect()
    }
}
