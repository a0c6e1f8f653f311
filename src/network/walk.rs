//! A spot on the network in, how far it is on foot to what lies around it out.
//!
//! Whoever walks may go against a one-way street. Footpaths that no truck may use are not in the network, so a real way
//! can be shorter than the one found.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::build::thousandths;
use super::{Network, Snap, metres};

/// The surroundings of some spots, as far as they were walked.
#[derive(Debug)]
pub struct Walk<'a> {
    network: &'a Network,
    /// The spots walked from, by their edge: millimetres from its beginning, and from the place itself to the street.
    starts: FxHashMap<u32, Vec<(u32, u32)>>,
    /// Millimetres to the nearest of them from each node within reach.
    reached_mm: FxHashMap<u32, u32>,
    within_mm: u32,
}

impl Network {
    /// Walks from `starts` at most `within_m` metres, the way from each place to its street counted.
    pub fn walk(&self, starts: &[Snap], within_m: f64) -> Walk<'_> {
        let within_mm = thousandths(within_m);
        let mut walk =
            Walk { network: self, starts: FxHashMap::default(), reached_mm: FxHashMap::default(), within_mm };
        let mut queue = BinaryHeap::new();
        for start in starts {
            let stretch = &self.edges[start.edge as usize];
            let (along_mm, aside_mm) =
                (thousandths(start.offset_m).min(stretch.length_mm), thousandths(start.distance_m));
            walk.starts.entry(start.edge).or_default().push((along_mm, aside_mm));
            walk.reach(&mut queue, stretch.from, aside_mm.saturating_add(along_mm));
            walk.reach(&mut queue, stretch.to, aside_mm.saturating_add(stretch.length_mm - along_mm));
        }
        while let Some(Reverse((so_far_mm, node))) = queue.pop() {
            if walk.reached_mm[&node] < so_far_mm {
                continue;
            }
            // Every street meets its ends twice: as an arc that leaves, or as one that enters against a one-way street.
            for arc in self.arcs_of(node).iter().chain(self.arcs_into(node)) {
                let length_mm = self.edges[arc.course as usize / 2].length_mm;
                walk.reach(&mut queue, arc.head, so_far_mm.saturating_add(length_mm));
            }
        }
        walk
    }
}

impl Walk<'_> {
    fn reach(&mut self, queue: &mut BinaryHeap<Reverse<(u32, u32)>>, node: u32, walked_mm: u32) {
        let known_mm = self.reached_mm.get(&node).copied().unwrap_or(u32::MAX);
        if walked_mm <= self.within_mm && walked_mm < known_mm {
            self.reached_mm.insert(node, walked_mm);
            queue.push(Reverse((walked_mm, node)));
        }
    }

    /// Metres on foot from the nearest start to `to`, the way from its street counted; `None` where that is farther than
    /// was walked.
    pub fn metres(&self, to: Snap) -> Option<f64> {
        let stretch = &self.network.edges[to.edge as usize];
        let along_mm = thousandths(to.offset_m).min(stretch.length_mm);
        let by_end = |node: u32, rest_mm: u32| Some(self.reached_mm.get(&node)?.saturating_add(rest_mm));
        let ends = [by_end(stretch.from, along_mm), by_end(stretch.to, stretch.length_mm - along_mm)];
        let here = self.starts.get(&to.edge).into_iter().flatten();
        let on_the_edge =
            here.map(|&(start_mm, aside_mm)| start_mm.abs_diff(along_mm).saturating_add(aside_mm));
        let nearest_mm = ends.into_iter().flatten().chain(on_the_edge).min()?;
        let walked_mm = nearest_mm.saturating_add(thousandths(to.distance_m));
        (walked_mm <= self.within_mm).then(|| metres(walked_mm))
    }
}
