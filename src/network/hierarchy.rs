//! A network in, the order of importance of its nodes out: with it, drives between many spots are found by
//! climbing from both ends to where they meet, instead of walking over everything that lies between.
//!
//! Nodes are taken away one after another, the least important first; where the shortest drive between two
//! neighbours led over a node that goes, an arc is put in its place. Whatever is climbed to lies higher, so a
//! climb meets a few hundred nodes of a city. Costs are exact: the sums are those of the plain search.
//!
//! # References
//! Geisberger, Sanders, Schultes & Delling (2008), Contraction hierarchies, WEA, LNCS 5038, 319-333. Knopp,
//! Sanders, Schultes, Schulz & Wagner (2007), Computing many-to-many shortest paths, ALENEX, 36-45.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::path::Search;
use super::{Arc, Cost, Network};
use crate::model::NONE;

/// A search for a drive around a node gives up after so many nodes; the arc is then put in, needed or not.
const WITNESS_NODES: u32 = 64;

/// For each node the arcs to nodes above it.
#[derive(Debug, Clone)]
pub(super) struct Hierarchy {
    /// Arcs that are driven upward.
    up: Rows,
    /// Arcs that are driven downward, from their heads: the upper end stands in the place of the head.
    down: Rows,
}

/// Arcs by node: `arcs[first[n]..first[n + 1]]`.
#[derive(Debug, Clone)]
struct Rows {
    first: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Rows {
    fn new(lists: &[Vec<Arc>]) -> Self {
        let mut rows = Self { first: vec![0], arcs: lists.concat() };
        let mut end = 0;
        for list in lists {
            end += u32::try_from(list.len()).expect("fewer than 2^32 arcs");
            rows.first.push(end);
        }
        rows
    }

    fn of(&self, node: u32) -> &[Arc] {
        let node = node as usize;
        &self.arcs[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

impl Hierarchy {
    pub(super) fn build(network: &Network) -> Self {
        let mut rest = Rest::new(network);
        let mut queue: BinaryHeap<Reverse<(i64, u32)>> =
            rest.nodes().map(|node| Reverse((rest.assess(node).0, node))).collect();
        while let Some(Reverse((priority, node))) = queue.pop() {
            // What stood around it may have gone since: then it waits for its turn again.
            let (now, shortcuts) = rest.assess(node);
            if now > priority && queue.peek().is_some_and(|&Reverse(next)| (now, node) > next) {
                queue.push(Reverse((now, node)));
            } else {
                rest.take_away(node, shortcuts);
            }
        }
        Self { up: Rows::new(&rest.leaving), down: Rows::new(&rest.entering) }
    }

    /// Every node on the way up from `seeds` (node, cost), with its cost: upward drives, or, looking
    /// backward, drives down to the seeds.
    pub(super) fn climb(
        &self,
        seeds: &[(u32, Cost, u32)],
        is_forward: bool,
        mut meet: impl FnMut(u32, Cost),
    ) {
        let rows = if is_forward { &self.up } else { &self.down };
        Search::with(|search| {
            search.run(
                rows.first.len() - 1,
                seeds,
                |node| rows.of(node),
                |node, cost| {
                    meet(node, cost);
                    false
                },
            );
        });
    }
}

/// An arc that is to be put in.
struct Shortcut {
    tail: u32,
    head: u32,
    cost: Cost,
}

/// The network while nodes are taken away. The lists of a node that is gone stay as they were when it went: what
/// they lead to went later, and so stands above it.
struct Rest {
    leaving: Vec<Vec<Arc>>,
    entering: Vec<Vec<Arc>>,
    /// How many nodes stand below each in a row: keeps the hierarchy flat.
    depth: Vec<u32>,
}

impl Rest {
    fn new(network: &Network) -> Self {
        let n_nodes = network.nodes.len();
        let mut rest = Self {
            leaving: vec![Vec::new(); n_nodes],
            entering: vec![Vec::new(); n_nodes],
            depth: vec![0; n_nodes],
        };
        for node in rest.nodes() {
            for arc in network.arcs_of(node) {
                rest.put(node, arc.head, arc.cost);
            }
        }
        rest
    }

    fn nodes(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.leaving.len()).expect("nodes have u32 numbers")
    }

    /// Puts in an arc, unless there is one that costs no more.
    fn put(&mut self, tail: u32, head: u32, cost: Cost) {
        if tail != head {
            cheapen(&mut self.leaving[tail as usize], head, cost);
            cheapen(&mut self.entering[head as usize], tail, cost);
        }
    }

    /// How soon a node goes (the less there is to put in for what goes, the sooner), and what is to be put in.
    fn assess(&mut self, node: u32) -> (i64, Vec<Shortcut>) {
        let count = |arcs: usize| i64::try_from(arcs).expect("few arcs meet in a node");
        let goes = self.leaving[node as usize].len() + self.entering[node as usize].len();
        let shortcuts = self.shortcuts(node);
        (2 * count(shortcuts.len()) - count(goes) + i64::from(self.depth[node as usize]), shortcuts)
    }

    fn take_away(&mut self, node: u32, shortcuts: Vec<Shortcut>) {
        let depth = self.depth[node as usize] + 1;
        for place in 0..self.entering[node as usize].len() {
            let tail = self.entering[node as usize][place].head as usize;
            self.leaving[tail].retain(|arc| arc.head != node);
            self.depth[tail] = self.depth[tail].max(depth);
        }
        for place in 0..self.leaving[node as usize].len() {
            let head = self.leaving[node as usize][place].head as usize;
            self.entering[head].retain(|arc| arc.head != node);
            self.depth[head] = self.depth[head].max(depth);
        }
        for Shortcut { tail, head, cost } in shortcuts {
            self.put(tail, head, cost);
        }
    }

    /// The arcs that stand in for the drives over `node` that have no equal around it.
    fn shortcuts(&mut self, node: u32) -> Vec<Shortcut> {
        let entering = std::mem::take(&mut self.entering[node as usize]);
        // Without its own arcs the node is a dead end, so that no search passes through it.
        let leaving = std::mem::take(&mut self.leaving[node as usize]);
        let mut shortcuts = Vec::new();
        Search::with(|search| {
            for into in &entering {
                let onward = leaving.iter().filter(|out| out.head != into.head);
                let Some(farthest) = onward.clone().map(|out| into.cost + out.cost).max() else { continue };
                let mut n_settled = 0;
                let arcs = |at: u32| self.leaving[at as usize].as_slice();
                search.run(self.leaving.len(), &[(into.head, 0, NONE)], arcs, |_, cost| {
                    n_settled += 1;
                    cost > farthest || n_settled > WITNESS_NODES
                });
                for out in onward {
                    let over = into.cost + out.cost;
                    if search.cost(out.head).is_none_or(|around| around > over) {
                        shortcuts.push(Shortcut { tail: into.head, head: out.head, cost: over });
                    }
                }
            }
        });
        self.entering[node as usize] = entering;
        self.leaving[node as usize] = leaving;
        shortcuts
    }
}

fn cheapen(arcs: &mut Vec<Arc>, head: u32, cost: Cost) {
    match arcs.iter_mut().find(|arc| arc.head == head) {
        Some(arc) => arc.cost = arc.cost.min(cost),
        None => arcs.push(Arc { head, course: NONE, cost }),
    }
}
