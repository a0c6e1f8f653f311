//! DBSCAN: points in, clusters of points that lie close together out.
//!
//! A point with at least `min_points` points within `radius_m` (the distance itself and the point included) is a
//! core; cores within `radius_m` of each other share a cluster. A point that is no core but has one within
//! `radius_m` is the border of a cluster; of several, the one whose first core comes first. That is what
//! scikit-learn gives, and it depends on nothing but the points and their order: not on threads, nor on
//! how the plane was cut into parts. Clusters are numbered by their first core.
//!
//! Points are sorted into squares whose diagonal is `radius_m`: all points of a square are neighbours, so a full
//! square needs no distances at all, and squares rather than points are united. Where neighbours must be near in
//! time too, every square has layers of so many days, and the same holds of a square of one layer.
//!
//! # References
//! Ester, Kriegel, Sander & Xu (1996), KDD, 226-231. Squares: Gunawan (2013), master's thesis, TU Eindhoven.
//! Time: Birant & Kut (2007), Data & Knowledge Engineering 60(1), 208-221, without its third, non-spatial distance.

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

/// What makes a cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule<'a> {
    /// How near a neighbour is, metres, inclusive; positive.
    pub radius_m: f64,
    /// How many neighbours, itself included, make a point a core; at least 1.
    pub min_points: usize,
    /// How near a neighbour is in time; `None` where time means nothing.
    pub time: Option<Time<'a>>,
}

/// The days of the points, and how far apart those of neighbours are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time<'a> {
    /// The day of each point, counted from any first one.
    pub day: &'a [i32],
    /// The most days between two neighbours, inclusive: 0 for the same day.
    pub days: u32,
}

impl Rule<'_> {
    /// The rule for which time means nothing.
    pub fn in_space(radius_m: f64, min_points: usize) -> Self {
        Self { radius_m, min_points, time: None }
    }
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
/// When `rule` has no positive radius or number, or not one day per point, or there are 2³² points or more.
pub fn clusters(points: &[Local], rule: &Rule<'_>) -> Clusters {
    let ids: Vec<u32> = (0..u32::try_from(points.len()).expect("fewer than 2^32 points")).collect();
    let whole = partial(points, &ids, |_| true, rule);
    merge(points.len(), &[whole])
}

/// What the points of one part and of its surroundings tell about clusters. `ids` are the places of `points`
/// among all points, ascending; `is_own` says (by place in `points`) whether a point belongs to this part
/// rather than to its surroundings, which hold all points within **twice** `radius_m` of an own one: whether a
/// neighbour of an own point is a core depends on the neighbour's neighbours.
///
/// # Panics
/// When `rule` has no positive radius or number, or there is not one id and day per point.
pub fn partial(points: &[Local], ids: &[u32], is_own: impl Fn(usize) -> bool, rule: &Rule<'_>) -> Partial {
    assert!(rule.radius_m > 0.0 && rule.min_points > 0, "a cluster needs a radius and a number of points");
    assert_eq!(points.len(), ids.len(), "one id per point");
    assert!(rule.time.is_none_or(|time| time.day.len() == points.len()), "one day per point");
    let (squares, members) = Squares::new(points, rule);
    let is_core = squares.cores(&members, rule.min_points);
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
            for root in squares.reached(&cores, square, members.moment(place), &mut union) {
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

/// The squares that hold points: layer by layer and column by column, each column from south to north.
struct Squares {
    /// For each square the runs of squares within two columns, two rows and one layer of it, itself included.
    around: Vec<(u32, u32)>,
    /// How many runs each square has.
    runs: usize,
}

/// Points, square by square.
struct Members {
    starts: Vec<u32>,
    points: Vec<u32>,
    x: Vec<f64>,
    y: Vec<f64>,
    /// Parallel to the others; empty where time means nothing.
    day: Vec<i32>,
    radius_m: f64,
    days: u32,
}

/// A layer, a column and a row.
type Square = (u32, (u32, u32));

/// Where and when a member is.
#[derive(Clone, Copy)]
struct Moment {
    at: Local,
    day: i32,
}

impl Squares {
    fn new(points: &[Local], rule: &Rule<'_>) -> (Self, Members) {
        // A little less than radius / √2, so that rounding cannot put two points of a square out of reach.
        let side = rule.radius_m / std::f64::consts::SQRT_2 * (1.0 - 1e-6);
        let corner = |corner: (f64, f64), at: &Local| (corner.0.min(at.x), corner.1.min(at.y));
        // `f64::min` passes over the NaN of points that lie nowhere.
        let (west, south) = points.iter().fold((f64::INFINITY, f64::INFINITY), corner);
        let days = rule.time.map_or(0, |time| time.days);
        let first = rule.time.and_then(|time| time.day.iter().min().copied()).unwrap_or_default();
        // The days of a layer are at most `days` apart.
        let layer = |point: u32| {
            rule.time.map_or(0, |time| time.day[point as usize].abs_diff(first) / days.saturating_add(1))
        };
        let square = |at: &Local| (step(at.x - west, side), step(at.y - south, side));
        let mut order: Vec<(Square, u32)> = (0u32..)
            .zip(points)
            .filter(|(_, at)| at.is_somewhere())
            .map(|(point, at)| ((layer(point), square(at)), point))
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
        let day = |time: Time<'_>| order.iter().map(|&(_, point)| time.day[point as usize]).collect();
        let members = Members {
            starts,
            x: order.iter().map(|&(_, point)| points[point as usize].x).collect(),
            y: order.iter().map(|&(_, point)| points[point as usize].y).collect(),
            day: rule.time.map(day).unwrap_or_default(),
            radius_m: rule.radius_m,
            days,
            points: order.into_iter().map(|(_, point)| point).collect(),
        };
        let layers: &[u32] = if rule.time.is_some() { &[0, 1, 2] } else { &[1] };
        (Self { around: around(&keys, layers), runs: 5 * layers.len() }, members)
    }

    fn len(&self) -> usize {
        self.around.len() / self.runs
    }

    fn around(&self, square: usize) -> &[(u32, u32)] {
        &self.around[square * self.runs..(square + 1) * self.runs]
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
                for &(from, to) in self.around(square) {
                    // Squares of a run stand next to each other, and so do their points.
                    let run = members.starts[from as usize] as usize..members.starts[to as usize] as usize;
                    neighbours += members.count_near(run, members.moment(place));
                }
                is_core[place] = neighbours >= min_points;
            }
        }
        is_core
    }

    /// Unites every two squares that hold cores within reach of each other.
    fn unite(&self, cores: &Members, union: &mut Union) {
        for square in 0..self.len() {
            for other in self.around(square).iter().flat_map(|&(from, to)| from as usize..to as usize) {
                // Every pair once; most pairs of a cluster are united already.
                if other > square && union.root(square) != union.root(other) {
                    let mut own = cores.places(square);
                    if own.any(|place| cores.any_near(other, cores.moment(place))) {
                        union.unite(square, other);
                    }
                }
            }
        }
    }

    /// The roots of the groups of squares that have a core within reach of `own`, which lies in `square`.
    fn reached(&self, cores: &Members, square: usize, own: Moment, union: &mut Union) -> Vec<usize> {
        let mut roots = Vec::new();
        for other in self.around(square).iter().flat_map(|&(from, to)| from as usize..to as usize) {
            if cores.of(other).is_empty() {
                continue;
            }
            let root = union.root(other);
            if !roots.contains(&root) && cores.any_near(other, own) {
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

    fn moment(&self, place: usize) -> Moment {
        let at = Local::new(self.x[place], self.y[place]);
        Moment { at, day: self.day.get(place).copied().unwrap_or_default() }
    }

    fn count_near(&self, run: std::ops::Range<usize>, Moment { at, day }: Moment) -> usize {
        let squared = self.radius_m * self.radius_m;
        let within = |(x, y): (&f64, &f64)| (x - at.x) * (x - at.x) + (y - at.y) * (y - at.y) <= squared;
        let places = self.x[run.clone()].iter().zip(&self.y[run.clone()]);
        if self.day.is_empty() {
            return places.map(|xy| usize::from(within(xy))).sum();
        }
        let soon = |other: &i32| other.abs_diff(day) <= self.days;
        places.zip(&self.day[run]).map(|(xy, other)| usize::from(within(xy) & soon(other))).sum()
    }

    fn any_near(&self, square: usize, own: Moment) -> bool {
        self.count_near(self.places(square), own) > 0
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
            day: places().filter_map(|place| self.day.get(place).copied()).collect(),
            radius_m: self.radius_m,
            days: self.days,
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

/// For every square (layer, column and row) the runs of squares, one per layer and column, that lie within two
/// columns and two rows; `layers` are 0 for the one before, 1 for its own and 2 for the next. Keys ascend, so cursors
/// that only move forward find them all.
fn around(keys: &[Square], layers: &[u32]) -> Vec<(u32, u32)> {
    let offsets = || layers.iter().flat_map(|&layer| (0u32..5).map(move |column| (layer, column)));
    // Layers are counted from 1 here, columns and rows from 2, so that nothing falls below 0.
    let wide = |layer: u32, column: u32, row: u32| (u64::from(layer), u64::from(column), u64::from(row));
    let shifted = |(layer, (column, row)): Square| {
        let (layer, column, row) = wide(layer, column, row);
        (layer + 1, column + 2, row + 2)
    };
    let mut cursors: Vec<(usize, usize)> = offsets().map(|_| (0, 0)).collect();
    let mut around = Vec::with_capacity(keys.len() * cursors.len());
    for &(layer, (column, row)) in keys {
        let (layer, column, row) = wide(layer, column, row);
        for ((step, side), (from, to)) in offsets().zip(&mut cursors) {
            let (layer, column) = (layer + u64::from(step), column + u64::from(side));
            while *from < keys.len() && shifted(keys[*from]) < (layer, column, row) {
                *from += 1;
            }
            while *to < keys.len() && shifted(keys[*to]) <= (layer, column, row + 4) {
                *to += 1;
            }
            #[expect(clippy::cast_possible_truncation, reason = "no more squares than points")]
            around.push((*from as u32, *to.max(from) as u32));
        }
    }
    around
}

#[cfg(test)]
mod tests;
