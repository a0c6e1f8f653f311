//! Many spots in, the drives between all of them out.
//!
//! One search per spot on the side that has fewer of them, in parallel, each ending when the last spot of the
//! other side is reached. From a hundred spots on the network is [prepared](Network::prepare) first and searches
//! climb instead, to the same result.

use rayon::prelude::*;

use super::hierarchy::Hierarchy;
use super::path::Search;
use super::{Cost, Network, Snap};

/// Metres and seconds from some spots to others, in driving direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    n_from: usize,
    n_to: usize,
    length_m: Vec<f64>,
    seconds: Vec<f64>,
}

/// From so many spots on, climbing saves more time than preparing takes (Porto: 0.6 s against 8 ms a spot).
const MANY: usize = 100;

impl Matrix {
    /// The drives between all pairs of `spots`.
    ///
    /// # Panics
    /// When a spot does not lie on `network`.
    pub fn new(network: &Network, spots: &[Snap]) -> Self {
        Self::between(network, spots, spots)
    }

    /// The drives from each spot of `from` to each of `to`.
    ///
    /// # Panics
    /// When a spot does not lie on `network`.
    pub fn between(network: &Network, from: &[Snap], to: &[Snap]) -> Self {
        let is_forward = from.len() <= to.len();
        let (near, far) = if is_forward { (from, to) } else { (to, from) };
        if near.len() >= MANY {
            network.prepare();
        }
        let rows: Vec<Vec<Cost>> = match network.hierarchy.get() {
            None => {
                let ends = ByNode::ends(network, far, is_forward);
                near.par_iter().map(|&spot| walked(network, spot, far, &ends, is_forward)).collect()
            }
            Some(hierarchy) => {
                let tops = ByNode::climbs(network, hierarchy, far, is_forward);
                near.par_iter()
                    .map(|&spot| climbed(network, hierarchy, spot, far, &tops, is_forward))
                    .collect()
            }
        };
        let (mut length_m, mut seconds) = (Vec::new(), Vec::new());
        let pairs = (0..from.len()).flat_map(|row| (0..to.len()).map(move |column| (row, column)));
        for (row, column) in pairs {
            let cost = if is_forward { rows[row][column] } else { rows[column][row] };
            let known = (cost != Cost::MAX).then(|| network.metres_and_seconds(cost));
            let (metres, s) = known.unwrap_or((f64::NAN, f64::NAN));
            length_m.push(metres);
            seconds.push(s);
        }
        Self { n_from: from.len(), n_to: to.len(), length_m, seconds }
    }

    /// How many spots it leads from.
    pub fn len(&self) -> usize {
        self.n_from
    }

    /// Whether it leads from nowhere.
    pub fn is_empty(&self) -> bool {
        self.n_from == 0
    }

    /// Metres from one spot to another. `None` where there is no way.
    ///
    /// # Panics
    /// When there are not that many spots.
    pub fn length_m(&self, from: usize, to: usize) -> Option<f64> {
        Some(self.length_m[self.place(from, to)]).filter(|metres| !metres.is_nan())
    }

    /// Seconds of driving from one spot to another. `None` where there is no way.
    ///
    /// # Panics
    /// When there are not that many spots.
    pub fn seconds(&self, from: usize, to: usize) -> Option<f64> {
        Some(self.seconds[self.place(from, to)]).filter(|seconds| !seconds.is_nan())
    }

    fn place(&self, from: usize, to: usize) -> usize {
        assert!(from < self.n_from && to < self.n_to, "the matrix is {} by {}", self.n_from, self.n_to);
        from * self.n_to + to
    }
}

/// What is known at each node about the spots of the other side: the cost between node and spot, and the spot.
struct ByNode {
    /// Node `n` has `list[first[n]..first[n + 1]]`.
    first: Vec<u32>,
    list: Vec<(Cost, u32)>,
    /// Nodes that have any.
    n_nodes: usize,
}

impl ByNode {
    fn new(n_nodes: usize, mut known: Vec<(u32, u32, Cost)>) -> Self {
        known.sort_unstable();
        let mut first = vec![0; n_nodes + 1];
        for &(node, ..) in &known {
            first[node as usize + 1] += 1;
        }
        let n_known = first.iter().filter(|&&count| count > 0).count();
        for node in 0..n_nodes {
            first[node + 1] += first[node];
        }
        Self {
            first,
            list: known.into_iter().map(|(_, spot, cost)| (cost, spot)).collect(),
            n_nodes: n_known,
        }
    }

    /// The nodes by which spots are reached (or, looking backward, left).
    fn ends(network: &Network, spots: &[Snap], is_forward: bool) -> Self {
        let ends = spots.iter().zip(0..).flat_map(|(&spot, index)| {
            let of_spot = if is_forward { network.entries(spot) } else { network.exits(spot) };
            of_spot.into_iter().map(move |(node, cost, _)| (node, index, cost))
        });
        Self::new(network.nodes.len(), ends.collect())
    }

    /// The nodes that are met on the climbs from spots: the buckets of Knopp et al. (2007).
    fn climbs(network: &Network, hierarchy: &Hierarchy, spots: &[Snap], is_forward: bool) -> Self {
        let climb = |(index, &spot): (usize, &Snap)| {
            let index = u32::try_from(index).expect("fewer than 2^32 spots");
            let seeds = if is_forward { network.entries(spot) } else { network.exits(spot) };
            let mut met = Vec::new();
            hierarchy.climb(&seeds, !is_forward, |node, cost| met.push((node, index, cost)));
            met
        };
        let met = spots.par_iter().enumerate().flat_map_iter(climb);
        Self::new(network.nodes.len(), met.collect())
    }

    fn at(&self, node: u32) -> &[(Cost, u32)] {
        let node = node as usize;
        &self.list[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

/// The costs between `spot` and each of `others`, away from it or, looking backward, towards it: all drives are
/// walked.
fn walked(network: &Network, spot: Snap, others: &[Snap], ends: &ByNode, is_forward: bool) -> Vec<Cost> {
    let mut best = direct(network, spot, others, is_forward);
    let mut n_left = ends.n_nodes;
    let seeds = if is_forward { network.exits(spot) } else { network.entries(spot) };
    let arcs = |node| if is_forward { network.arcs_of(node) } else { network.arcs_into(node) };
    Search::with(|search| {
        search.run(network.nodes.len(), &seeds, arcs, |node, cost| {
            let here = ends.at(node);
            for &(rest, other) in here {
                let best = &mut best[other as usize];
                *best = (*best).min(cost + rest);
            }
            n_left -= usize::from(!here.is_empty());
            n_left == 0
        });
    });
    best
}

/// The same by climbing from `spot` to where the climbs of the others are met.
fn climbed(
    network: &Network,
    hierarchy: &Hierarchy,
    spot: Snap,
    others: &[Snap],
    tops: &ByNode,
    is_forward: bool,
) -> Vec<Cost> {
    let mut best = direct(network, spot, others, is_forward);
    let seeds = if is_forward { network.exits(spot) } else { network.entries(spot) };
    hierarchy.climb(&seeds, is_forward, |node, cost| {
        for &(rest, other) in tops.at(node) {
            let best = &mut best[other as usize];
            *best = (*best).min(cost + rest);
        }
    });
    best
}

/// The costs to (or from) those that lie on the same street; [`Cost::MAX`] for others.
fn direct(network: &Network, spot: Snap, others: &[Snap], is_forward: bool) -> Vec<Cost> {
    let direct = |&other: &Snap| {
        let (from, to) = if is_forward { (spot, other) } else { (other, spot) };
        network.direct(from, to).unwrap_or(Cost::MAX)
    };
    others.iter().map(direct).collect()
}
