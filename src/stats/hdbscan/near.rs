//! Points in a k-d tree: the nearest few of a point, and the nearest that belongs to another component.
//!
//! The tree is balanced and its points stand leaf by leaf, so that node `i` has the children `2i + 1` and `2i + 2`
//! and no pointers are needed. Distances are squared until a caller takes the root.

use rayon::prelude::*;

use crate::unit::Local;

/// Points of a leaf: few enough to look at one by one, many enough to make looking worth the descent.
const LEAF: usize = 8;
/// Below so many points a subtree is not worth a thread.
const FEW: usize = 20_000;

/// No single component.
pub(super) const MIXED: u32 = u32::MAX;

/// The points by place: leaf by leaf.
pub(super) struct Tree {
    at: Vec<Local>,
    /// The point (as it was given) at each place.
    pub(super) point: Vec<u32>,
    nodes: Vec<Node>,
    /// The first node that is a leaf.
    leaves: usize,
}

#[derive(Clone, Copy)]
struct Node {
    low: Local,
    high: Local,
    /// The smallest loneliness (squared) of its points.
    core: f64,
    /// The component of all its points, or [`MIXED`].
    component: u32,
    first: u32,
    end: u32,
}

impl Node {
    /// The squared distance from a place to the box of this node.
    fn distance(&self, at: Local) -> f64 {
        let dx = (self.low.x - at.x).max(at.x - self.high.x).max(0.0);
        let dy = (self.low.y - at.y).max(at.y - self.high.y).max(0.0);
        dx * dx + dy * dy
    }
}

impl Tree {
    /// The tree of `points`, at least one.
    pub(super) fn new(points: &[Local]) -> Self {
        let mut members: Vec<(Local, u32)> = points.iter().copied().zip(0u32..).collect();
        let mut depth = 0;
        while points.len() > LEAF << depth {
            depth += 1;
        }
        let mut levels: Vec<Vec<Node>> = (0..=depth).map(|_| Vec::new()).collect();
        grow(&mut members, 0, &mut levels);
        let nodes: Vec<Node> = levels.into_iter().flatten().collect();
        Self {
            at: members.iter().map(|member| member.0).collect(),
            point: members.iter().map(|member| member.1).collect(),
            leaves: nodes.len() / 2,
            nodes,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// The squared distance from the point at each place to its `k`-th other one (or to the last there is).
    pub(super) fn cores(&mut self, k: usize) -> Vec<f64> {
        // The point itself is found too, at distance 0.
        let k = (k + 1).min(self.len());
        let cores: Vec<f64> = (0..self.len())
            .into_par_iter()
            .map_init(Vec::new, |nearest, place| {
                nearest.clear();
                nearest.resize(k, f64::INFINITY);
                self.nearest(0, 0.0, self.at[place], nearest);
                nearest[k - 1]
            })
            .collect();
        self.summarise(
            |node, range| node.core = cores[range].iter().copied().fold(f64::INFINITY, f64::min),
            |node, [a, b]| {
                node.core = a.core.min(b.core);
            },
        );
        cores
    }

    /// Puts the smallest squared distances from `at` to points below a node into `nearest`, which ascends.
    fn nearest(&self, node: usize, distance: f64, at: Local, nearest: &mut [f64]) {
        let last = nearest.len() - 1;
        if distance >= nearest[last] {
            return;
        }
        if node >= self.leaves {
            for other in &self.at[self.places(node)] {
                let (dx, dy) = (other.x - at.x, other.y - at.y);
                let squared = dx * dx + dy * dy;
                if squared < nearest[last] {
                    let mut slot = last;
                    while slot > 0 && nearest[slot - 1] > squared {
                        nearest[slot] = nearest[slot - 1];
                        slot -= 1;
                    }
                    nearest[slot] = squared;
                }
            }
            return;
        }
        for (child, distance) in self.nearer_first(node, at) {
            self.nearest(child, distance, at, nearest);
        }
    }

    fn nearer_first(&self, node: usize, at: Local) -> [(usize, f64); 2] {
        let children = [2 * node + 1, 2 * node + 2].map(|child| (child, self.nodes[child].distance(at)));
        if children[0].1 <= children[1].1 { children } else { [children[1], children[0]] }
    }

    fn places(&self, node: usize) -> std::ops::Range<usize> {
        self.nodes[node].first as usize..self.nodes[node].end as usize
    }

    /// Tells every node whether its points are of one component.
    pub(super) fn mark(&mut self, component: &[u32]) {
        let of_leaf = |node: &mut Node, range: std::ops::Range<usize>| {
            let first = component[range.start];
            node.component = if component[range].iter().all(|&other| other == first) { first } else { MIXED };
        };
        self.summarise(of_leaf, |node, [a, b]| {
            node.component = if a.component == b.component { a.component } else { MIXED };
        });
    }

    fn summarise(
        &mut self,
        of_leaf: impl Fn(&mut Node, std::ops::Range<usize>),
        of_children: impl Fn(&mut Node, [&Node; 2]),
    ) {
        for node in (0..self.nodes.len()).rev() {
            if node >= self.leaves {
                let range = self.places(node);
                of_leaf(&mut self.nodes[node], range);
            } else {
                let (above, below) = self.nodes.split_at_mut(node + 1);
                of_children(&mut above[node], [&below[node], &below[node + 1]]);
            }
        }
    }
}

/// Sorts members so that both halves of every node lie apart, and adds the nodes to their levels.
fn grow(members: &mut [(Local, u32)], first: usize, levels: &mut [Vec<Node>]) {
    let (mut low, mut high) = (members[0].0, members[0].0);
    for (at, _) in &*members {
        low = Local::new(low.x.min(at.x), low.y.min(at.y));
        high = Local::new(high.x.max(at.x), high.y.max(at.y));
    }
    #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^31 points")]
    let (from, end) = (first as u32, (first + members.len()) as u32);
    let [level, below @ ..] = levels else { return };
    level.push(Node { low, high, core: 0.0, component: MIXED, first: from, end });
    if below.is_empty() {
        return;
    }
    let middle = members.len() / 2;
    if high.x - low.x >= high.y - low.y {
        members.select_nth_unstable_by(middle, |a, b| a.0.x.total_cmp(&b.0.x));
    } else {
        members.select_nth_unstable_by(middle, |a, b| a.0.y.total_cmp(&b.0.y));
    }
    let (left, right) = members.split_at_mut(middle);
    if left.len() < FEW {
        grow(left, first, below);
        grow(right, first + middle, below);
        return;
    }
    let mut beside: Vec<Vec<Node>> = below.iter().map(|_| Vec::new()).collect();
    rayon::join(|| grow(left, first, below), || grow(right, first + middle, &mut beside));
    for (level, mut more) in below.iter_mut().zip(beside) {
        level.append(&mut more);
    }
}

/// A search for the nearest point of another component.
pub(super) struct Search<'a> {
    pub(super) tree: &'a Tree,
    pub(super) cores: &'a [f64],
    pub(super) component: &'a [u32],
}

impl Search<'_> {
    /// The place of a point of another component whose squared mutual reachability from the one at `place` is the
    /// smallest, and that; `None` where none is below `bound`.
    pub(super) fn nearest_other(&self, place: usize, bound: f64) -> Option<(u32, f64)> {
        let mut best = (MIXED, bound);
        self.below(0, 0.0, place, &mut best);
        (best.0 != MIXED).then_some(best)
    }

    fn below(&self, node: usize, distance: f64, place: usize, best: &mut (u32, f64)) {
        let (own, core) = (self.component[place], self.cores[place]);
        let here = &self.tree.nodes[node];
        // Nothing is nearer than the point is lonely, so a search that has found that is done.
        if here.component == own || distance.max(core).max(here.core) >= best.1 {
            return;
        }
        if node < self.tree.leaves {
            for (child, distance) in self.tree.nearer_first(node, self.tree.at[place]) {
                self.below(child, distance, place, best);
            }
            return;
        }
        let at = self.tree.at[place];
        for other in self.tree.places(node) {
            if self.component[other] == own {
                continue;
            }
            let (dx, dy) = (self.tree.at[other].x - at.x, self.tree.at[other].y - at.y);
            let apart = (dx * dx + dy * dy).max(core).max(self.cores[other]);
            if apart < best.1 {
                #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^31 points")]
                {
                    *best = (other as u32, apart);
                }
            }
        }
    }
}
