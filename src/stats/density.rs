//! DBSCAN: points in, clusters of points that lie close together out.
//!
//! A point with at least `min_points` points within `radius_m` (the distance itself and the point included) is a
//! core; cores within `radius_m` of each other share a cluster. A point that is no core but has one within
//! `radius_m` is the border of a cluster; of several, the one whose first core comes first. That is what
//! scikit-learn gives, and it depends on nothing but the points and their order: not on threads, nor on
//! how the plane was cut into parts. Clusters are numbered by their first core.
//!
//! Points are sorted into squares whose diagonal is `radius_m`: all points of a square are neighbours, so a full
//! square needs no distances at all, and squares rather than points are united.
//!
//! # References
//! Ester, Kriegel, Sander & Xu (1996), KDD, 226-231. Squares: Gunawan (2013), master's thesis, TU Eindhoven.

use crate::stats::union::Union;
use crate::unit::Local;

/// The cluster of a point that belongs to none.
pub const NOISE: u32 = u32::MAX;

/// The cluster of every point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clusters {
    /// The cluster of each point; [`NOISE`] for none.
    pub of_point: Vec<u32>,
    /// Whether each point is a core.
    pub is_core: Vec<bool>,
    /// How many clusters there are.
    pub count: u32,
}

/// What one part of the plane knows about the clusters: enough to [`merge`] with the other parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Partial {
    /// Every core seen here and the first core of its cluster as far as it is seen here.
    pub cores: Vec<(u32, u32)>,
    /// Every own point that is no core, with a core of each cluster that it is within reach of.
    pub borders: Vec<(u32, u32)>,
}

/// The clusters of `points`. Points that lie nowhere are noise.
///
/// # Panics
/// When `radius_m` is not positive, `min_points` is 0, or there are 2³² points or more.
pub fn clusters(points: &[Local], radius_m: f64, min_points: usize) -> Clusters {
    let ids: Vec<u32> = (0..u32::try_from(points.len()).expect("fewer than 2^32 points")).collect();
    let whole = partial(points, &ids, |_| true, radius_m, min_points);
    merge(points.len(), &[whole])
}

/// What the points of one part and of its surroundings tell about clusters. `ids` are the places of `points`
/// among all points, ascending; `is_own` says (by place in `points`) whether a point belongs to this part
/// rather than to its surroundings, which hold all points within **twice** `radius_m` of an own one: whether a
/// neighbour of an own point is a core depends on the neighbour's neighbours.
///
/// # Panics
/// When `radius_m` is not positive, `min_points` is 0, or `ids` and `points` differ in length.
pub fn partial(
    points: &[Local],
    ids: &[u32],
    is_own: impl Fn(usize) -> bool,
    radius_m: f64,
    min_points: usize,
) -> Partial {
    assert!(radius_m > 0.0 && min_points > 0, "a cluster needs a radius and a number of points");
    assert_eq!(points.len(), ids.len(), "one id per point");
    let (squares, members) = Squares::new(points, radius_m);
    let is_core = squares.cores(&members, min_points);
    let cores = members.only(&is_core);
    let mut union = Union::new(squares.len());
    squares.unite(&cores, &mut union);

    // The first core of every united group of squares.
    let mut first = vec![u32::MAX; squares.len()];
    for square in 0..squares.len() {
        let root = union.root(square);
        for &point in cores.of(square) {
            first[root] = first[root].min(ids[point as usize]);
        }
    }
    let mut partial = Partial::default();
    for square in 0..squares.len() {
        let root = union.root(square);
        partial.cores.extend(cores.of(square).iter().map(|&point| (ids[point as usize], first[root])));
        for place in members.places(square) {
            let point = members.points[place] as usize;
            if is_core[place] || !is_own(point) {
                continue;
            }
            for root in squares.reached(&cores, square, members.at(place), &mut union) {
                partial.borders.push((ids[point], first[root]));
            }
        }
    }
    partial
}

/// The clusters of all `n` points from what the parts know. The same for any cut into parts.
///
/// # Panics
/// When a part names a point beyond `n`.
pub fn merge(n: usize, parts: &[Partial]) -> Clusters {
    let mut union = Union::new(n);
    let mut is_core = vec![false; n];
    for &(core, first) in parts.iter().flat_map(|part| &part.cores) {
        is_core[core as usize] = true;
        union.unite(core as usize, first as usize);
    }
    let mut of_point = vec![NOISE; n];
    let mut count = 0;
    for point in 0..n {
        if !is_core[point] {
            continue;
        }
        let root = union.root(point);
        // Roots are the smallest of their set, so every root is numbered before it is asked for.
        if root == point {
            of_point[point] = count;
            count += 1;
        } else {
            of_point[point] = of_point[root];
        }
    }
    for &(border, core) in parts.iter().flat_map(|part| &part.borders) {
        of_point[border as usize] = of_point[border as usize].min(of_point[core as usize]);
    }
    Clusters { of_point, is_core, count }
}

/// The squares that hold points, column by column, each column from south to north.
struct Squares {
    radius_m: f64,
    /// For each square the runs of squares within two columns and two rows of it, itself included.
    around: Vec<[(u32, u32); 5]>,
}

/// Points, square by square.
struct Members {
    starts: Vec<u32>,
    points: Vec<u32>,
    x: Vec<f64>,
    y: Vec<f64>,
}

impl Squares {
    fn new(points: &[Local], radius_m: f64) -> (Self, Members) {
        // A little less than radius / √2, so that rounding cannot put two points of a square out of reach.
        let side = radius_m / std::f64::consts::SQRT_2 * (1.0 - 1e-6);
        let corner = |corner: (f64, f64), at: &Local| (corner.0.min(at.x), corner.1.min(at.y));
        // `f64::min` passes over the NaN of points that lie nowhere.
        let (west, south) = points.iter().fold((f64::INFINITY, f64::INFINITY), corner);
        let mut order: Vec<((u32, u32), u32)> = (0u32..)
            .zip(points)
            .filter(|(_, at)| at.is_somewhere())
            .map(|(point, at)| ((step(at.x - west, side), step(at.y - south, side)), point))
            .collect();
        order.sort_unstable();
        let mut keys = Vec::new();
        let mut starts = Vec::new();
        for (place, &(key, _)) in (0u32..).zip(&order) {
            if keys.last() != Some(&key) {
                keys.push(key);
                starts.push(place);
            }
        }
        starts.push(u32::try_from(order.len()).expect("fewer than 2^32 points"));
        let members = Members {
            starts,
            x: order.iter().map(|&(_, point)| points[point as usize].x).collect(),
            y: order.iter().map(|&(_, point)| points[point as usize].y).collect(),
            points: order.into_iter().map(|(_, point)| point).collect(),
        };
        (Self { radius_m, around: around(&keys) }, members)
    }

    fn len(&self) -> usize {
        self.around.len()
    }

    /// Whether the member at each place is a core.
    fn cores(&self, members: &Members, min_points: usize) -> Vec<bool> {
        let mut is_core = vec![false; members.points.len()];
        for square in 0..self.len() {
            let places = members.places(square);
            if places.len() >= min_points {
                is_core[places].fill(true);
                continue;
            }
            for place in places {
                let mut neighbours = 0;
                for &(from, to) in &self.around[square] {
                    // Squares of a run stand next to each other, and so do their points.
                    let run = members.starts[from as usize] as usize..members.starts[to as usize] as usize;
                    neighbours += members.count_within(run, members.at(place), self.radius_m);
                }
                is_core[place] = neighbours >= min_points;
            }
        }
        is_core
    }

    /// Unites every two squares that hold cores within reach of each other.
    fn unite(&self, cores: &Members, union: &mut Union) {
        for square in 0..self.len() {
            for other in self.around[square].iter().flat_map(|&(from, to)| from as usize..to as usize) {
                // Every pair once; most pairs of a cluster are united already.
                if other > square && union.root(square) != union.root(other) {
                    let mut own = cores.places(square);
                    if own.any(|place| cores.any_within(other, cores.at(place), self.radius_m)) {
                        union.unite(square, other);
                    }
                }
            }
        }
    }

    /// The roots of the groups of squares that have a core within reach of `at`, which lies in `square`.
    fn reached(&self, cores: &Members, square: usize, at: Local, union: &mut Union) -> Vec<usize> {
        let mut roots = Vec::new();
        for other in self.around[square].iter().flat_map(|&(from, to)| from as usize..to as usize) {
            if cores.of(other).is_empty() {
                continue;
            }
            let root = union.root(other);
            if !roots.contains(&root) && cores.any_within(other, at, self.radius_m) {
                roots.push(root);
            }
        }
        roots
    }
}

impl Members {
    fn places(&self, square: usize) -> std::ops::Range<usize> {
        self.starts[square] as usize..self.starts[square + 1] as usize
    }

    fn of(&self, square: usize) -> &[u32] {
        &self.points[self.places(square)]
    }

    fn at(&self, place: usize) -> Local {
        Local::new(self.x[place], self.y[place])
    }

    fn count_within(&self, run: std::ops::Range<usize>, at: Local, radius_m: f64) -> usize {
        let squared = radius_m * radius_m;
        let within = |(x, y): (&f64, &f64)| (x - at.x) * (x - at.x) + (y - at.y) * (y - at.y) <= squared;
        self.x[run.clone()].iter().zip(&self.y[run]).map(|xy| usize::from(within(xy))).sum()
    }

    fn any_within(&self, square: usize, at: Local, radius_m: f64) -> bool {
        self.count_within(self.places(square), at, radius_m) > 0
    }

    /// The members for which `keep` (by place) holds.
    fn only(&self, keep: &[bool]) -> Self {
        let kept = |place: &usize| keep[*place];
        let mut starts = vec![0];
        let mut total = 0;
        for square in 0..self.starts.len() - 1 {
            total += u32::try_from(self.places(square).filter(kept).count()).expect("no more than before");
            starts.push(total);
        }
        let places = || (0..self.points.len()).filter(kept);
        Self {
            starts,
            points: places().map(|place| self.points[place]).collect(),
            x: places().map(|place| self.x[place]).collect(),
            y: places().map(|place| self.y[place]).collect(),
        }
    }
}

/// How many whole sides fit into a distance.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and 2^32 squares are more than the plane is wide"
)]
fn step(distance_m: f64, side_m: f64) -> u32 {
    (distance_m / side_m) as u32
}

/// For every square the runs of squares, one per column, that lie within two columns and two rows. Keys ascend,
/// so ten cursors that only move forward find them all.
fn around(keys: &[(u32, u32)]) -> Vec<[(u32, u32); 5]> {
    let mut cursors = [(0usize, 0usize); 5];
    let mut around = Vec::with_capacity(keys.len());
    for &(column, row) in keys {
        let mut runs = [(0, 0); 5];
        for (offset, ((from, to), run)) in (0u32..).zip(cursors.iter_mut().zip(&mut runs)) {
            // Columns and rows are counted from 2 here, so that nothing falls below 0.
            let shifted = |key: (u32, u32)| (u64::from(key.0) + 2, u64::from(key.1) + 2);
            let wanted = u64::from(column) + u64::from(offset);
            let (low, high) = ((wanted, u64::from(row)), (wanted, u64::from(row) + 4));
            while *from < keys.len() && shifted(keys[*from]) < low {
                *from += 1;
            }
            while *to < keys.len() && shifted(keys[*to]) <= high {
                *to += 1;
            }
            #[expect(clippy::cast_possible_truncation, reason = "no more squares than points")]
            {
                *run = (*from as u32, *to.max(from) as u32);
            }
        }
        around.push(runs);
    }
    around
}

#[cfg(test)]
mod tests;
