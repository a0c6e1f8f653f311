//! HDBSCAN: points in, clusters of any density out.
//!
//! DBSCAN asks for one radius; this looks at every radius at once. Growing the radius joins points to components,
//! and the clusters are the components that last longest (excess of mass). How far apart two points are is their
//! *mutual reachability*: their distance, but at least the distance from either to its `min_samples`-th other point,
//! which keeps lonely points from bridging clusters. Nothing is tested, and one cluster of everything is never an
//! answer: a component counts as cluster only where the whole falls apart into several.
//!
//! Everything that joins at one distance joins **at once** (Campello et al., algorithm 1: "in case of ties, edges must be
//! removed simultaneously"), so what is found depends on the points alone. Ties are the rule: the loneliness of a
//! point is the length of many of its edges. Programs that join two by two give other labels when rows are
//! shuffled, even where no two points are equally far apart.
//!
//! # References
//! Campello, Moulavi, Zimek & Sander (2015), ACM Transactions on Knowledge Discovery from Data 10(1), 5.
//! `McInnes` & Healy (2017), IEEE ICDM Workshops, 33-42.

mod near;
mod span;

use crate::stats::density::NOISE;
use crate::stats::union::Union;
use crate::unit::Local;

use near::Tree;
use span::Edge;

/// What makes a cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// A component of fewer points is no cluster; at least 2.
    pub min_cluster_size: usize,
    /// A point is as lonely as its distance to so many others; at least 1. The point itself is not counted (in
    /// scikit-learn it is: its number is larger by one).
    pub min_samples: usize,
    /// Distances below this count as this, metres, above 0. Points at one place would otherwise be infinitely
    /// dense, and nothing around them could be a cluster.
    pub closest_m: f64,
}

/// The cluster of every point.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clusters {
    /// The cluster of each point; [`NOISE`] for none. Clusters are numbered by their smallest point (x, then y).
    pub of_point: Vec<u32>,
    /// How much each point belongs to its cluster: 1 in its heart, towards 0 at its rim, 0 for noise.
    pub probability: Vec<f64>,
    /// How many clusters there are.
    pub count: u32,
}

/// The clusters of `points`. Points that lie nowhere are noise.
///
/// # Panics
/// When a setting is out of range, or there are 2³¹ points or more.
pub fn clusters(points: &[Local], settings: &Settings) -> Clusters {
    assert!(settings.min_cluster_size >= 2 && settings.min_samples >= 1, "a cluster is of several points");
    assert!(settings.closest_m > 0.0, "some distance is the smallest");
    assert!(u32::try_from(2 * points.len()).is_ok(), "fewer than 2^31 points");
    let mut found =
        Clusters { of_point: vec![NOISE; points.len()], probability: vec![0.0; points.len()], count: 0 };
    // From here on a point is its rank from west to east, so that the order of the rows means nothing.
    let mut order: Vec<u32> =
        (0u32..).zip(points).filter(|(_, at)| at.is_somewhere()).map(|(row, _)| row).collect();
    order.sort_unstable_by(|&a, &b| points[a as usize].total_cmp(&points[b as usize]).then(a.cmp(&b)));
    if order.len() < settings.min_cluster_size {
        return found;
    }
    let sorted: Vec<Local> = order.iter().map(|&row| points[row as usize]).collect();
    let edges = span::tree(Tree::new(&sorted), settings.min_samples);
    let condensed =
        Dendrogram::new(sorted.len(), edges, settings.closest_m).condense(settings.min_cluster_size);
    let chosen = condensed.excess_of_mass();
    let mut label_of = vec![NOISE; chosen.len()];
    for (rank, &row) in order.iter().enumerate() {
        let (branch, density) = condensed.left[rank];
        let Some(cluster) = chosen[branch as usize] else { continue };
        let label = &mut label_of[cluster as usize];
        if *label == NOISE {
            *label = found.count;
            found.count += 1;
        }
        found.of_point[row as usize] = *label;
        found.probability[row as usize] = (density / condensed.branches[cluster as usize].densest).min(1.0);
    }
    found
}

/// How components join as distance grows: leaves are points, every other node joins two.
struct Dendrogram {
    points: usize,
    /// Node `points + i` is `joins[i]`; distances ascend.
    joins: Vec<Join>,
}

struct Join {
    parts: [u32; 2],
    distance_m: f64,
    size: u32,
    /// The smallest point in it.
    first: u32,
}

impl Dendrogram {
    /// The joins along a tree that spans all points.
    fn new(points: usize, mut edges: Vec<Edge>, closest_m: f64) -> Self {
        for edge in &mut edges {
            edge.distance_m = edge.distance_m.max(closest_m);
        }
        edges.sort_unstable_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then(a.ends.cmp(&b.ends)));
        let mut union = Union::new(points);
        let mut node_of: Vec<u32> = (0u32..).take(points).collect();
        let mut dendrogram = Self { points, joins: Vec::with_capacity(edges.len()) };
        for (node, edge) in (0u32..).skip(points).zip(edges) {
            let [a, b] = edge.ends.map(|end| union.root(end as usize));
            let parts = [node_of[a], node_of[b]];
            union.unite(a, b);
            let root = a.min(b);
            node_of[root] = node;
            dendrogram.joins.push(Join {
                parts,
                distance_m: edge.distance_m,
                size: parts.iter().map(|&part| dendrogram.size(part)).sum(),
                first: u32::try_from(root).expect("a point"),
            });
        }
        dendrogram
    }

    fn join(&self, node: u32) -> Option<&Join> {
        (node as usize).checked_sub(self.points).map(|place| &self.joins[place])
    }

    fn size(&self, node: u32) -> u32 {
        self.join(node).map_or(1, |join| join.size)
    }

    fn first(&self, node: u32) -> u32 {
        self.join(node).map_or(node, |join| join.first)
    }

    /// The components that a join of this node's distance makes one of, by their first points.
    fn parts(&self, join: &Join) -> Vec<u32> {
        let mut parts = Vec::new();
        let mut open = join.parts.to_vec();
        while let Some(node) = open.pop() {
            match self.join(node) {
                #[expect(clippy::float_cmp, reason = "equal distances are what joins at once")]
                Some(inner) if inner.distance_m == join.distance_m => open.extend(inner.parts),
                _ => parts.push(node),
            }
        }
        parts.sort_unstable_by_key(|&part| self.first(part));
        parts
    }

    fn each_point(&self, node: u32, mut found: impl FnMut(u32)) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match self.join(node) {
                Some(join) => open.extend(join.parts),
                None => found(node),
            }
        }
    }

    /// Follows components from the whole down to the points. One that loses less than `min_cluster_size` points
    /// at a distance stays itself; one that falls apart into several of that size ends, and they begin.
    fn condense(&self, min_cluster_size: usize) -> Condensed {
        let mut condensed = Condensed {
            branches: vec![Branch { parent: None, born: 0.0, densest: 0.0, mass: 0.0 }],
            left: vec![(0, 0.0); self.points],
        };
        let whole = u32::try_from(self.points + self.joins.len() - 1).expect("fewer than 2^32 nodes");
        let mut open = vec![(whole, 0u32)];
        while let Some((node, branch)) = open.pop() {
            let join = self.join(node).expect("a component of several points");
            let density = 1.0 / join.distance_m;
            let (large, small): (Vec<u32>, Vec<u32>) =
                self.parts(join).into_iter().partition(|&part| self.size(part) as usize >= min_cluster_size);
            for &part in &small {
                self.each_point(part, |point| condensed.left[point as usize] = (branch, density));
            }
            let staying = if let [only] = large[..] { self.size(only) } else { 0 };
            let here = &mut condensed.branches[branch as usize];
            here.densest = density;
            here.mass += f64::from(join.size - staying) * (density - here.born);
            if let [only] = large[..] {
                open.push((only, branch));
                continue;
            }
            for part in large {
                open.push((
                    part,
                    u32::try_from(condensed.branches.len()).expect("fewer than there are points"),
                ));
                let parent = Some(branch);
                condensed.branches.push(Branch { parent, born: density, densest: density, mass: 0.0 });
            }
        }
        condensed
    }
}

/// The dendrogram with only those forks that part clusters.
struct Condensed {
    /// Parents stand before their children; the first is the whole.
    branches: Vec<Branch>,
    /// Of each point, the branch that it left last, and the density (1 / metres) at which it did.
    left: Vec<(u32, f64)>,
}

struct Branch {
    parent: Option<u32>,
    /// The densities at which it begins, and at which it ends or falls apart: λ = 1 / distance.
    born: f64,
    densest: f64,
    /// Its excess of mass (stability): Σ over its points of λ at which the point leaves − λ at which it was born.
    mass: f64,
}

impl Condensed {
    /// The branches of which none holds another and whose masses add up to the most; for every branch the chosen
    /// one that holds it, if any. The whole is never chosen.
    fn excess_of_mass(&self) -> Vec<Option<u32>> {
        let mut below = vec![0.0; self.branches.len()];
        let mut is_best = vec![false; self.branches.len()];
        for (place, branch) in self.branches.iter().enumerate().rev() {
            let Some(parent) = branch.parent else { continue };
            is_best[place] = branch.mass >= below[place];
            below[parent as usize] += if is_best[place] { branch.mass } else { below[place] };
        }
        let mut chosen: Vec<Option<u32>> = vec![None; self.branches.len()];
        for (place, branch) in (0u32..).zip(&self.branches) {
            let inherited = branch.parent.and_then(|parent| chosen[parent as usize]);
            chosen[place as usize] = inherited.or(is_best[place as usize].then_some(place));
        }
        chosen
    }
}

#[cfg(test)]
mod tests;
