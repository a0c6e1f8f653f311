//! The minimum spanning tree of mutual reachability: points in, edges out (Borůvka).
//!
//! Every round joins each component to its nearest other one. What a point knows from earlier rounds is kept: its
//! nearest other point stays the nearest until it is of the same component, and after that the distance is still
//! a lower bound, for components only grow. So late rounds search from few points. Which of several equal edges
//! is taken may depend on threads; the components at any distance do not.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::near::{MIXED, Search, Tree};
use crate::stats::union::Union;

/// An edge between two points, the smaller one first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) ends: [u32; 2],
    pub(super) distance_m: f64,
}

/// What a point knows about the nearest point of another component.
#[derive(Clone, Copy)]
struct Known {
    /// The place of that point; [`MIXED`] where only the distance is known.
    place: u32,
    /// The squared mutual reachability; none is smaller.
    apart: f64,
}

/// The edges of a minimum spanning tree: one fewer than there are points.
pub(super) fn tree(mut tree: Tree, min_samples: usize) -> Vec<Edge> {
    let cores = tree.cores(min_samples);
    let n = tree.len();
    let mut component: Vec<u32> = (0u32..).take(n).collect();
    let mut known: Vec<Known> = cores.iter().map(|&apart| Known { place: MIXED, apart }).collect();
    let mut union = Union::new(n);
    let mut edges = Vec::with_capacity(n);
    while edges.len() + 1 < n {
        tree.mark(&component);
        let nearest = look(&Search { tree: &tree, cores: &cores, component: &component }, &mut known);
        // One edge per component, at the place from which it was found.
        let mut from = vec![MIXED; n];
        for (place, known) in (0u32..).zip(&known) {
            let own = component[place as usize] as usize;
            if known.place != MIXED && known.apart.to_bits() == nearest[own].load(Ordering::Relaxed) {
                from[own] = from[own].min(place);
            }
        }
        for place in from.into_iter().filter(|&place| place != MIXED) {
            let Known { place: other, apart } = known[place as usize];
            // Edges that were chosen from both sides, or that close a ring of equals, are left out.
            if union.unite(place as usize, other as usize) {
                let (a, b) = (tree.point[place as usize], tree.point[other as usize]);
                edges.push(Edge { ends: [a.min(b), a.max(b)], distance_m: apart.sqrt() });
            }
        }
        for (place, component) in component.iter_mut().enumerate() {
            *component = u32::try_from(union.root(place)).expect("fewer than 2^31 points");
        }
    }
    edges
}

/// Brings `known` up to date as far as it matters, and gives the smallest squared distance of each component as
/// bits: those of positive floats are in the order of the floats.
fn look(search: &Search<'_>, known: &mut [Known]) -> Vec<AtomicU64> {
    let component = search.component;
    let nearest: Vec<AtomicU64> = known.iter().map(|_| AtomicU64::new(f64::INFINITY.to_bits())).collect();
    let of = |place: usize| &nearest[component[place] as usize];
    known.par_iter_mut().enumerate().for_each(|(place, known)| {
        if known.place != MIXED && component[known.place as usize] == component[place] {
            known.place = MIXED;
        }
        if known.place != MIXED {
            of(place).fetch_min(known.apart.to_bits(), Ordering::Relaxed);
        }
    });
    known.par_iter_mut().enumerate().for_each(|(place, known)| {
        let bound = f64::from_bits(of(place).load(Ordering::Relaxed));
        if known.place != MIXED || known.apart >= bound {
            return;
        }
        match search.nearest_other(place, bound) {
            Some((other, apart)) => {
                *known = Known { place: other, apart };
                of(place).fetch_min(apart.to_bits(), Ordering::Relaxed);
            }
            None => known.apart = bound,
        }
    });
    nearest
}
