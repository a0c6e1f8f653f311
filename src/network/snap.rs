//! A place in, the nearest spot on the network out.

use std::cmp::Ordering;

use rstar::{AABB, PointDistance, RTreeObject};

use super::Network;
use crate::unit::Local;

/// A spot on the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snap {
    /// The edge on which it lies.
    pub edge: u32,
    /// Metres from the beginning of the edge, along it.
    pub offset_m: f64,
    /// Where it is.
    pub point: Local,
    /// Metres from the place that was snapped.
    pub distance_m: f64,
    /// Whether that place lies to the left of the edge, seen in its direction.
    pub is_left: bool,
}

impl Snap {
    /// Nearest first; among equals the edge with the lower number, then the nearer to its beginning.
    fn compare(&self, other: &Self) -> Ordering {
        self.distance_m
            .total_cmp(&other.distance_m)
            .then(self.edge.cmp(&other.edge))
            .then(self.offset_m.total_cmp(&other.offset_m))
    }
}

/// A straight piece of an edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) edge: u32,
    /// Its first point, as an index into the network's points.
    pub(super) first: u32,
    pub(super) from: Local,
    pub(super) to: Local,
}

impl Segment {
    /// How far along it the nearest point to `at` is, from 0 to 1.
    fn share(&self, at: Local) -> f64 {
        let (dx, dy) = (self.to.x - self.from.x, self.to.y - self.from.y);
        let squared = dx * dx + dy * dy;
        if squared == 0.0 {
            return 0.0;
        }
        (((at.x - self.from.x) * dx + (at.y - self.from.y) * dy) / squared).clamp(0.0, 1.0)
    }

    /// Its point at a share of the way; the ends exactly, so that neighbouring pieces agree on them.
    fn point(&self, share: f64) -> Local {
        if share >= 1.0 { self.to } else { self.from.toward(self.to, share) }
    }
}

impl RTreeObject for Segment {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners([self.from.x, self.from.y], [self.to.x, self.to.y])
    }
}

impl PointDistance for Segment {
    fn distance_2(&self, point: &[f64; 2]) -> f64 {
        let at = Local::new(point[0], point[1]);
        let nearest = self.point(self.share(at));
        let (dx, dy) = (nearest.x - at.x, nearest.y - at.y);
        dx * dx + dy * dy
    }
}

impl Network {
    /// The spot on the network nearest to `at`, if there is one within `within_m` metres (inclusive).
    pub fn snap(&self, at: Local, within_m: f64) -> Option<Snap> {
        if !at.is_somewhere() {
            return None;
        }
        let point = [at.x, at.y];
        let mut nearest = self.segments.nearest_neighbor_iter_with_distance_2(&point);
        let (first, squared) = nearest.next()?;
        // Two streets that meet are equally near to a place at their corner: the order decides, not the tree.
        let equals = nearest.take_while(|&(_, other)| other <= squared).map(|(segment, _)| segment);
        let best = std::iter::once(first).chain(equals).map(|segment| self.spot(segment, at));
        best.min_by(Snap::compare).filter(|snap| snap.distance_m <= within_m)
    }

    /// The nearest spot on every edge that comes within `within_m` metres of `at`, nearest first.
    pub fn snaps(&self, at: Local, within_m: f64) -> Vec<Snap> {
        if !at.is_somewhere() {
            return Vec::new();
        }
        let near = self.segments.locate_within_distance([at.x, at.y], within_m * within_m);
        let mut snaps: Vec<Snap> = near.map(|segment| self.spot(segment, at)).collect();
        snaps.sort_by(|a, b| a.edge.cmp(&b.edge).then(a.compare(b)));
        snaps.dedup_by_key(|snap| snap.edge);
        snaps.sort_by(Snap::compare);
        snaps
    }

    /// As [`Network::snaps`], only the `most` nearest, each edge measured once: for many places at a time. The side
    /// is that of the nearest piece.
    pub(super) fn nearest_spots(&self, at: Local, within_m: f64, most: usize) -> Vec<Snap> {
        if !at.is_somewhere() {
            return Vec::new();
        }
        let place = [at.x, at.y];
        let near = self.segments.locate_within_distance(place, within_m * within_m);
        let mut near: Vec<(u32, f64, &Segment)> =
            near.map(|segment| (segment.edge, segment.distance_2(&place), segment)).collect();
        near.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.first.cmp(&b.2.first)));
        near.dedup_by_key(|found| found.0);
        near.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        near.truncate(most);
        near.into_iter().map(|(_, _, segment)| self.spot(segment, at)).collect()
    }

    /// The place `offset_m` metres along an edge, clamped to its ends.
    ///
    /// # Panics
    /// When there is no such edge.
    pub fn point_on(&self, edge: u32, offset_m: f64) -> Local {
        let line = self.line(edge);
        let mut left_m = offset_m;
        for ends in line.windows(2) {
            let length_m = ends[0].distance_m(ends[1]);
            if left_m <= length_m {
                let share = if length_m > 0.0 { (left_m / length_m).max(0.0) } else { 0.0 };
                return ends[0].toward(ends[1], share);
            }
            left_m -= length_m;
        }
        line[line.len() - 1]
    }

    fn spot(&self, segment: &Segment, at: Local) -> Snap {
        let share = segment.share(at);
        let point = segment.point(share);
        let all = &self.edges[segment.edge as usize].points;
        let before = &self.points[all.start as usize..=segment.first as usize];
        let before_m: f64 = before.windows(2).map(|ends| ends[0].distance_m(ends[1])).sum();
        // At a bend the street runs the way that halves the angle: of two pieces that are equally near, each
        // alone may have the place on its other side.
        let mut along = direction(segment.from, segment.to);
        let neighbour = if share == 0.0 && segment.first > all.start {
            Some(segment.first - 1)
        } else if share >= 1.0 && segment.first + 2 < all.end {
            Some(segment.first + 1)
        } else {
            None
        };
        if let Some(first) = neighbour {
            let other = direction(self.points[first as usize], self.points[first as usize + 1]);
            along = (along.0 + other.0, along.1 + other.1);
        }
        let aside = (at.x - point.x, at.y - point.y);
        Snap {
            edge: segment.edge,
            offset_m: before_m + segment.from.distance_m(segment.to) * share,
            point,
            distance_m: at.distance_m(point),
            is_left: along.0 * aside.1 - along.1 * aside.0 > 0.0,
        }
    }
}

/// The direction from one point to another, of length 1; 0 where they are the same.
fn direction(from: Local, to: Local) -> (f64, f64) {
    let length_m = from.distance_m(to);
    if length_m == 0.0 { (0.0, 0.0) } else { ((to.x - from.x) / length_m, (to.y - from.y) / length_m) }
}
