//! Many spots in, the drives between all of them out.
//!
//! One search per spot on the side that has fewer of them, in parallel, each ending when the last spot of the
//! other side is reached.

use rayon::prelude::*;

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
        let ends = Ends::new(network, far, is_forward);
        let rows: Vec<Vec<Cost>> =
            near.par_iter().map(|&spot| costs(network, spot, far, &ends, is_forward)).collect();
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

/// The nodes by which spots are reached (or, looking backward, left), by node.
struct Ends {
    /// Ends at node `n`: `list[first[n]..first[n + 1]]`, each the cost between node and spot, and the spot.
    first: Vec<u32>,
    list: Vec<(Cost, u32)>,
    n_nodes: usize,
}

impl Ends {
    fn new(network: &Network, spots: &[Snap], is_forward: bool) -> Self {
        let mut ends: Vec<(u32, u32, Cost)> = Vec::with_capacity(2 * spots.len());
        for (&spot, index) in spots.iter().zip(0..) {
            let of_spot = if is_forward { network.entries(spot) } else { network.exits(spot) };
            ends.extend(of_spot.into_iter().map(|(node, cost, _)| (node, index, cost)));
        }
        ends.sort_unstable();
        let mut first = vec![0; network.nodes.len() + 1];
        for &(node, ..) in &ends {
            first[node as usize + 1] += 1;
        }
        let n_nodes = first.iter().filter(|&&count| count > 0).count();
        for node in 0..network.nodes.len() {
            first[node + 1] += first[node];
        }
        Self { first, list: ends.into_iter().map(|(_, spot, cost)| (cost, spot)).collect(), n_nodes }
    }

    fn at(&self, node: u32) -> &[(Cost, u32)] {
        let node = node as usize;
        &self.list[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

/// The costs between `spot` and each of `others`, away from it or, looking backward, towards it.
fn costs(network: &Network, spot: Snap, others: &[Snap], ends: &Ends, is_forward: bool) -> Vec<Cost> {
    let direct = |&other: &Snap| {
        let (from, to) = if is_forward { (spot, other) } else { (other, spot) };
        network.direct(from, to).unwrap_or(Cost::MAX)
    };
    let mut best: Vec<Cost> = others.iter().map(direct).collect();
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
