//! The network as a simulated truck sees it: snapped places in, timed drives out, each searched only once.

use rustc_hash::FxHashMap;

use crate::model::street::Streets;
use crate::network::{Network, Snap};
use crate::unit::Local;

/// Metres from the middle of street works within which a way is closed.
const CLOSED_M: f64 = 25.0;

/// A network, or one with street works.
#[derive(Debug)]
pub(super) enum Roads<'a> {
    /// The whole network.
    Whole(&'a Network),
    /// Without the streets that are closed.
    Closed(Box<Network>),
}

/// A timed drive.
#[derive(Debug, Clone)]
pub(super) struct Drive {
    /// Seconds since its start at each point of `line`, ascending.
    pub(super) at_s: Vec<f64>,
    /// The driven line.
    pub(super) line: Vec<Local>,
}

impl Drive {
    /// Seconds from end to end.
    pub(super) fn seconds(&self) -> f64 {
        self.at_s.last().copied().unwrap_or(0.0)
    }
}

/// Drives that were searched before, by the bits of their ends.
pub(super) type Known = FxHashMap<[u64; 4], std::sync::Arc<Drive>>;

impl<'a> Roads<'a> {
    /// The whole network.
    pub(super) fn new(network: &'a Network) -> Self {
        Self::Whole(network)
    }

    /// The network while the streets around each of `works` are closed.
    pub(super) fn closed(network: &Network, streets: &Streets, works: &[Local]) -> Self {
        let mut open = streets.clone();
        let is_closed = |at: &Local| works.iter().any(|work| work.distance_m(*at) <= CLOSED_M);
        for way in &mut open.ways {
            let nodes: Vec<Local> = way.nodes.iter().map(|&node| streets.nodes[node as usize]).collect();
            way.is_for_trucks &= !nodes.iter().any(is_closed);
        }
        Self::Closed(Box::new(Network::build(&open, network.options())))
    }

    /// The network.
    pub(super) fn network(&self) -> &Network {
        match self {
            Self::Whole(network) => network,
            Self::Closed(network) => network,
        }
    }

    /// Where a truck stops for `at`.
    pub(super) fn snap(&self, at: Local) -> Option<Snap> {
        self.network().snap(at, 250.0)
    }

    /// The drive from one place to another; a straight line at walking pace where there is no way.
    pub(super) fn drive(&self, from: Local, to: Local, known: &mut Known) -> std::sync::Arc<Drive> {
        let key = [from.x, from.y, to.x, to.y].map(f64::to_bits);
        known.entry(key).or_insert_with(|| std::sync::Arc::new(self.search(from, to))).clone()
    }

    fn search(&self, from: Local, to: Local) -> Drive {
        let path = self.snap(from).zip(self.snap(to)).and_then(|(a, b)| self.network().path(a, b));
        let (line, seconds) = match path {
            Some(path) if path.line.len() > 1 => (path.line, path.seconds),
            Some(path) => (path.line, 0.0),
            None => (vec![from, to], from.distance_m(to) / 1.4),
        };
        // The speed is the same all along a leg: legs are short, and a fix comes only every twenty seconds.
        let mut along = vec![0.0];
        for ends in line.windows(2) {
            along.push(along[along.len() - 1] + ends[0].distance_m(ends[1]));
        }
        let length_m = along[along.len() - 1];
        let share = |metres: f64| if length_m > 0.0 { metres / length_m } else { 0.0 };
        Drive { at_s: along.into_iter().map(|metres| seconds * share(metres)).collect(), line }
    }
}
