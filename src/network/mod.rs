//! Streets in, a routable graph out: snapping, shortest paths and matrices.
//!
//! Nodes stand where streets meet or end; whatever lies between two nodes is one edge with its geometry. Only
//! streets open to collection trucks take part, and of those the largest part in which every place can be
//! reached from every other; [`Network::notice`] says how much that leaves out.
//!
//! Turns cost nothing, turn bans are not known and a truck may turn round anywhere on a two-way street.

mod build;
mod hierarchy;
pub mod matching;
mod matrix;
mod path;
mod snap;
mod walk;

use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::street::{StreetClass, Streets};
use crate::unit::Local;

pub use matrix::Matrix;
pub use path::Path;
pub use snap::Snap;
pub use walk::Walk;

/// How the network is made of the streets.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What a path keeps small: `time` (default) or `length`. The other one decides between equals.
    pub shortest: Shortest,
    /// Metres within which a place is taken to lie on a street when lines are drawn through places; default
    /// 100. Larger values draw on streets that may be the wrong ones.
    pub snap_m: f64,
    /// How fast a truck drives between two stops by class of street. A signed limit that is lower goes first.
    pub speed_kmh: Speeds,
}

impl Default for Options {
    fn default() -> Self {
        Self { shortest: Shortest::Time, snap_m: 100.0, speed_kmh: Speeds::default() }
    }
}

/// What a path keeps small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortest {
    /// Seconds, as a driver would.
    Time,
    /// Metres.
    Length,
}

/// Kilometres per hour of a truck on each class of street, its waits at lights included. The defaults are
/// assumptions for a built-up area: set them from your own tracks where you have them.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Speeds {
    /// Motorways and trunk roads; default 70.
    pub motorway: f64,
    /// Primary roads; default 40.
    pub primary: f64,
    /// Secondary roads; default 35.
    pub secondary: f64,
    /// Tertiary roads; default 30.
    pub tertiary: f64,
    /// Residential and unclassified streets; default 22.
    pub residential: f64,
    /// Service roads and alleys; default 12.
    pub service: f64,
    /// Footways and squares that are open to trucks; default 8.
    pub foot: f64,
}

impl Default for Speeds {
    fn default() -> Self {
        Self {
            motorway: 70.0,
            primary: 40.0,
            secondary: 35.0,
            tertiary: 30.0,
            residential: 22.0,
            service: 12.0,
            foot: 8.0,
        }
    }
}

impl Speeds {
    /// The speed on streets of `class`, at least 1 km/h.
    pub fn of(&self, class: StreetClass) -> f64 {
        let speed_kmh = match class {
            StreetClass::Motorway => self.motorway,
            StreetClass::Primary => self.primary,
            StreetClass::Secondary => self.secondary,
            StreetClass::Tertiary => self.tertiary,
            StreetClass::Residential => self.residential,
            StreetClass::Service => self.service,
            StreetClass::Foot => self.foot,
        };
        speed_kmh.max(1.0)
    }
}

/// The streets as a graph.
#[derive(Debug, Clone)]
pub struct Network {
    options: Options,
    /// Where each node is.
    nodes: Vec<Local>,
    edges: Vec<Stretch>,
    /// Geometry of the edges, end to end; edge `e` has `points[edges[e].points]`.
    points: Vec<Local>,
    /// Arcs that leave node `n`: `arcs[first_arc[n]..first_arc[n + 1]]`.
    first_arc: Vec<u32>,
    arcs: Vec<Arc>,
    /// The same by the node that they enter, the tail in the place of the head.
    first_entry: Vec<u32>,
    entering: Vec<Arc>,
    segments: rstar::RTree<snap::Segment>,
    hierarchy: OnceLock<hierarchy::Hierarchy>,
    notice: Notice,
}

/// An edge as it is kept: lengths in whole millimetres and times in whole milliseconds, so that sums are exact
/// and do not depend on the order in which they are made.
#[derive(Debug, Clone)]
struct Stretch {
    from: u32,
    to: u32,
    points: std::ops::Range<u32>,
    length_mm: u32,
    time_ms: u32,
    is_oneway: bool,
    class: StreetClass,
    name: u32,
    way: u32,
}

/// One direction of an edge.
#[derive(Debug, Clone, Copy)]
struct Arc {
    head: u32,
    /// Twice the edge, plus one where it is driven backward.
    course: u32,
    cost: Cost,
}

/// Time and length in one number: what is to be kept small above, the other one below. Neither half can
/// overflow before 4,294 km or 49 days.
type Cost = u64;

/// A street between two nodes, for drawing and driving.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge<'a> {
    /// Its number.
    pub index: u32,
    /// The node where it begins.
    pub from: u32,
    /// The node where it ends.
    pub to: u32,
    /// Its geometry; at least two points.
    pub line: &'a [Local],
    /// Metres.
    pub length_m: f64,
    /// Seconds to drive it from end to end.
    pub seconds: f64,
    /// Whether it can only be driven from its first point to its last.
    pub is_oneway: bool,
    /// Its class.
    pub class: StreetClass,
    /// Its name in the words of the [`Streets`]; [`NONE`](crate::model::NONE) where it has none.
    pub name: u32,
    /// The (first) way that it is made of, as an index into [`Streets::ways`].
    pub way: u32,
}

/// What became of the streets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Notice {
    /// Metres of all streets.
    pub streets_m: f64,
    /// Metres of those that trucks may use.
    pub for_trucks_m: f64,
    /// Metres of those that are in the network.
    pub network_m: f64,
    /// Separate parts among the streets for trucks, counting only those with some length.
    pub n_parts: usize,
}

impl std::fmt::Display for Notice {
    /// As `38.1 km of streets in the network; left out: 3.2 km without access for trucks, 4.4 km not connected`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let km = |metres: f64| metres / 1000.0;
        write!(
            f,
            "{:.1} km of streets in the network; left out: {:.1} km without access for trucks, {:.1} km not connected",
            km(self.network_m),
            km(self.streets_m - self.for_trucks_m),
            km(self.for_trucks_m - self.network_m),
        )
    }
}

impl Network {
    /// The network of `streets`. Without streets it is empty: nothing snaps to it and no path is found.
    ///
    /// # Panics
    /// When there are 2³¹ segments or more.
    pub fn build(streets: &Streets, options: &Options) -> Self {
        build::network(streets, options)
    }

    /// Prepares it for large matrices: each [`Matrix`] from now on is found by climbing, to the same result. Takes
    /// about a second for every hundred thousand crossings; a second call takes nothing.
    pub fn prepare(&self) {
        self.hierarchy.get_or_init(|| hierarchy::Hierarchy::build(self));
    }

    /// What became of the streets.
    pub fn notice(&self) -> Notice {
        self.notice
    }

    /// Whether it has no streets.
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// How it was made.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Where each node is: the crossings and the ends of streets.
    pub fn nodes(&self) -> &[Local] {
        &self.nodes
    }

    /// The streets between nodes.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = Edge<'_>> {
        #[expect(clippy::cast_possible_truncation, reason = "`build` counts the edges in u32")]
        let count = self.edges.len() as u32;
        (0..count as usize).map(move |index| {
            #[expect(clippy::cast_possible_truncation, reason = "below `count`")]
            self.edge(index as u32)
        })
    }

    /// The street with number `index`.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn edge(&self, index: u32) -> Edge<'_> {
        let stretch = &self.edges[index as usize];
        Edge {
            index,
            from: stretch.from,
            to: stretch.to,
            line: self.line(index),
            length_m: metres(stretch.length_mm),
            seconds: f64::from(stretch.time_ms) / 1000.0,
            is_oneway: stretch.is_oneway,
            class: stretch.class,
            name: stretch.name,
            way: stretch.way,
        }
    }

    /// The edges that leave `node`: number, and whether it is driven from its first point to its last.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn leaving(&self, node: u32) -> impl Iterator<Item = (u32, bool)> {
        self.arcs_of(node).iter().map(|arc| (arc.course / 2, arc.course.is_multiple_of(2)))
    }

    /// The line that a truck drives through `places`, in their order: along the streets where both ends of a
    /// leg lie within [`Options::snap_m`] of one, straight elsewhere.
    pub fn line_through(&self, places: &[Local]) -> Vec<Local> {
        let snaps: Vec<_> = places.iter().map(|&place| self.snap(place, self.options.snap_m)).collect();
        let mut line: Vec<Local> = Vec::new();
        for (leg, ends) in snaps.windows(2).enumerate() {
            let driven = match (ends[0], ends[1]) {
                (Some(from), Some(to)) => self.path(from, to).map(|path| path.line),
                _ => None,
            };
            let straight =
                || [leg, leg + 1].map(|end| snaps[end].map_or(places[end], |snap| snap.point)).to_vec();
            for point in driven.unwrap_or_else(straight) {
                if point.is_somewhere() && line.last() != Some(&point) {
                    line.push(point);
                }
            }
        }
        line
    }

    fn line(&self, edge: u32) -> &[Local] {
        let points = &self.edges[edge as usize].points;
        &self.points[points.start as usize..points.end as usize]
    }

    /// The node from which a course (see [`Arc`]) leaves.
    fn tail(&self, course: u32) -> u32 {
        let edge = &self.edges[course as usize / 2];
        if course.is_multiple_of(2) { edge.from } else { edge.to }
    }

    fn arcs_of(&self, node: u32) -> &[Arc] {
        let node = node as usize;
        &self.arcs[self.first_arc[node] as usize..self.first_arc[node + 1] as usize]
    }

    fn arcs_into(&self, node: u32) -> &[Arc] {
        let node = node as usize;
        &self.entering[self.first_entry[node] as usize..self.first_entry[node + 1] as usize]
    }

    /// Length and time in one number.
    fn cost(&self, length_mm: u32, time_ms: u32) -> Cost {
        match self.options.shortest {
            Shortest::Time => u64::from(time_ms) << 32 | u64::from(length_mm),
            Shortest::Length => u64::from(length_mm) << 32 | u64::from(time_ms),
        }
    }

    /// Metres and seconds of a cost.
    fn metres_and_seconds(&self, cost: Cost) -> (f64, f64) {
        let (high, low) = ((cost >> 32) as f64 / 1000.0, (cost & 0xffff_ffff) as f64 / 1000.0);
        match self.options.shortest {
            Shortest::Time => (low, high),
            Shortest::Length => (high, low),
        }
    }
}

fn metres(length_mm: u32) -> f64 {
    f64::from(length_mm) / 1000.0
}

#[cfg(test)]
mod tests;
