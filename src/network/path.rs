//! Two spots on the network in, the shortest drive between them out (Dijkstra 1959).

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::build::thousandths;
use super::{Arc, Cost, Network, Snap};
use crate::model::NONE;
use crate::unit::Local;

/// A drive from one spot to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Metres.
    pub length_m: f64,
    /// Seconds of driving.
    pub seconds: f64,
    /// The driven line, from spot to spot; a single point where they are the same.
    pub line: Vec<Local>,
    /// The edges that are driven, in their order, and whether each is driven from its first point to its last.
    pub edges: Vec<(u32, bool)>,
}

/// The cost of an edge up to a spot and from there on; the two add up to the whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub(super) before: Cost,
    pub(super) after: Cost,
}

/// What a search has found out about one node.
#[derive(Debug, Clone, Copy)]
struct Label {
    cost: Cost,
    /// The search that wrote it; older ones do not count.
    search: u32,
    /// The course (see [`Arc`]) by which the node is reached.
    course: u32,
}

/// The memory of a search, kept for the next one: clearing it would cost more than a short search.
#[derive(Debug, Default)]
pub(super) struct Search {
    labels: Vec<Label>,
    queue: BinaryHeap<Reverse<(Cost, u32)>>,
    number: u32,
}

thread_local! {
    static SEARCH: RefCell<Search> = RefCell::new(Search::default());
}

impl Search {
    /// Lends this thread's memory to `work`.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        SEARCH.with_borrow_mut(work)
    }

    /// Walks outward from `seeds` (node, cost, course) in the order of cost, along the arcs that `arcs_at` gives
    /// for a node, until `is_enough(node, cost)` says of a node whose cost is final that the search may end.
    pub(super) fn run<'a>(
        &mut self,
        n_nodes: usize,
        seeds: &[(u32, Cost, u32)],
        arcs_at: impl Fn(u32) -> &'a [Arc],
        mut is_enough: impl FnMut(u32, Cost) -> bool,
    ) {
        self.begin(n_nodes);
        for &(node, cost, course) in seeds {
            self.reach(node, cost, course);
        }
        while let Some(Reverse((cost, node))) = self.queue.pop() {
            if cost > self.labels[node as usize].cost {
                continue;
            }
            if is_enough(node, cost) {
                return;
            }
            for arc in arcs_at(node) {
                self.reach(arc.head, cost + arc.cost, arc.course);
            }
        }
    }

    fn begin(&mut self, n_nodes: usize) {
        self.queue.clear();
        if self.number == u32::MAX {
            self.labels.clear();
            self.number = 0;
        }
        self.number += 1;
        if self.labels.len() < n_nodes {
            self.labels.resize(n_nodes, Label { cost: 0, search: 0, course: NONE });
        }
    }

    fn reach(&mut self, node: u32, cost: Cost, course: u32) {
        let label = &mut self.labels[node as usize];
        if label.search != self.number || cost < label.cost {
            *label = Label { cost, search: self.number, course };
            self.queue.push(Reverse((cost, node)));
        }
    }

    /// The course by which a node that the search has reached is reached; that of its seed at a seed.
    pub(super) fn course(&self, node: u32) -> u32 {
        self.labels[node as usize].course
    }

    /// The cost of a node that the search has reached; final where it was settled.
    pub(super) fn cost(&self, node: u32) -> Option<Cost> {
        let label = self.labels[node as usize];
        (label.search == self.number).then_some(label.cost)
    }
}

impl Network {
    /// The shortest drive from one spot to another. `None` where there is none, as between parts of an empty
    /// network.
    ///
    /// # Panics
    /// When a spot does not lie on this network.
    pub fn path(&self, from: Snap, to: Snap) -> Option<Path> {
        Search::with(|search| {
            let entries = self.entries(to);
            let direct = self.direct(from, to);
            let mut best = direct.unwrap_or(Cost::MAX);
            let arcs = |node| self.arcs_of(node);
            search.run(self.nodes.len(), &self.exits(from), arcs, |node, cost| {
                for &(entry, rest, _) in &entries {
                    if entry == node {
                        best = best.min(cost + rest);
                    }
                }
                cost >= best
            });
            if best == Cost::MAX {
                return None;
            }
            let (length_m, seconds) = self.metres_and_seconds(best);
            if best == 0 {
                return Some(Path { length_m, seconds, line: vec![from.point], edges: Vec::new() });
            }
            if direct == Some(best) {
                let line = self.piece(from.edge, from.offset_m, to.offset_m);
                let is_forward = from.offset_m <= to.offset_m;
                return Some(Path { length_m, seconds, line, edges: vec![(from.edge, is_forward)] });
            }
            let reached = |&&(node, rest, _): &&(u32, Cost, u32)| {
                search.cost(node).is_some_and(|cost| cost + rest == best)
            };
            let &(entry, _, course) = entries.iter().find(reached)?;
            let courses = self.courses(search, from, entry, course);
            let line = self.drawn(&courses, from, to);
            let ends =
                [(0, self.first_part(from, courses[0])), (courses.len() - 1, self.last_part(to, course))];
            let is_driven = |place: &usize| !ends.contains(&(*place, 0));
            let driven = (0..courses.len()).filter(is_driven).map(|place| courses[place]);
            let edges = driven.map(|course| (course / 2, course.is_multiple_of(2))).collect();
            Some(Path { length_m, seconds, line, edges })
        })
    }

    /// The costs of an edge before and after a spot on it.
    pub(super) fn parts(&self, spot: Snap) -> Parts {
        let edge = &self.edges[spot.edge as usize];
        let length_mm = thousandths(spot.offset_m).min(edge.length_mm);
        let share = if edge.length_mm == 0 { 0.0 } else { f64::from(length_mm) / f64::from(edge.length_mm) };
        let time_ms = thousandths(share * f64::from(edge.time_ms) / 1000.0).min(edge.time_ms);
        Parts {
            before: self.cost(length_mm, time_ms),
            after: self.cost(edge.length_mm - length_mm, edge.time_ms - time_ms),
        }
    }

    /// The nodes that are reached first from a spot, with the cost until there and the course.
    pub(super) fn exits(&self, spot: Snap) -> Vec<(u32, Cost, u32)> {
        let (edge, parts) = (&self.edges[spot.edge as usize], self.parts(spot));
        let mut exits = vec![(edge.to, parts.after, 2 * spot.edge)];
        // Whoever stands at the very beginning of a one-way street stands on the crossing.
        if !edge.is_oneway || parts.before == 0 {
            exits.push((edge.from, parts.before, 2 * spot.edge + 1));
        }
        exits
    }

    /// The nodes from which a spot is reached, with the cost from there and the course.
    pub(super) fn entries(&self, spot: Snap) -> Vec<(u32, Cost, u32)> {
        let (edge, parts) = (&self.edges[spot.edge as usize], self.parts(spot));
        let mut entries = vec![(edge.from, parts.before, 2 * spot.edge)];
        if !edge.is_oneway || parts.after == 0 {
            entries.push((edge.to, parts.after, 2 * spot.edge + 1));
        }
        entries
    }

    /// The cost of driving to a spot on the same edge without leaving it.
    pub(super) fn direct(&self, from: Snap, to: Snap) -> Option<Cost> {
        if from.edge != to.edge {
            return None;
        }
        let [a, b] = [from, to].map(|spot| self.parts(spot).before);
        let is_oneway = self.edges[from.edge as usize].is_oneway;
        // Both halves of a cost grow along an edge, so the difference of two has no borrow.
        if a <= b { Some(b - a) } else { (!is_oneway).then(|| a - b) }
    }

    /// The courses from `from` to the node `entry` and on by `last`.
    fn courses(&self, search: &Search, from: Snap, entry: u32, last: u32) -> Vec<u32> {
        let mut courses = vec![last];
        let mut node = entry;
        loop {
            let label = search.labels[node as usize];
            let (edge, is_forward) = (&self.edges[label.course as usize / 2], label.course.is_multiple_of(2));
            let tail = if is_forward { edge.from } else { edge.to };
            courses.push(label.course);
            // The first course leaves from the spot itself; driving the same edge as a whole costs more.
            if label.course / 2 == from.edge && label.cost == self.first_part(from, label.course) {
                break;
            }
            node = tail;
        }
        courses.reverse();
        courses
    }

    /// The cost of leaving a spot by a course of its own edge.
    fn first_part(&self, from: Snap, course: u32) -> Cost {
        let parts = self.parts(from);
        if course.is_multiple_of(2) { parts.after } else { parts.before }
    }

    /// The cost of arriving at a spot by a course of its own edge.
    fn last_part(&self, to: Snap, course: u32) -> Cost {
        let parts = self.parts(to);
        if course.is_multiple_of(2) { parts.before } else { parts.after }
    }

    fn drawn(&self, courses: &[u32], from: Snap, to: Snap) -> Vec<Local> {
        let mut line: Vec<Local> = Vec::new();
        let last = courses.len() - 1;
        for (place, &course) in courses.iter().enumerate() {
            let (edge, is_forward) = (course / 2, course.is_multiple_of(2));
            let length_m = self.length_m(edge);
            let (start, end) = if is_forward { (0.0, length_m) } else { (length_m, 0.0) };
            let start = if place == 0 { from.offset_m } else { start };
            let end = if place == last { to.offset_m } else { end };
            for point in self.piece(edge, start, end) {
                if line.last() != Some(&point) {
                    line.push(point);
                }
            }
        }
        line
    }

    /// The geometry of an edge between two offsets, backward where the first is the greater.
    pub(super) fn piece(&self, edge: u32, start_m: f64, end_m: f64) -> Vec<Local> {
        let (low, high) = (start_m.min(end_m), start_m.max(end_m));
        let mut line = vec![self.point_on(edge, low)];
        let mut along_m = 0.0;
        for ends in self.line(edge).windows(2) {
            along_m += ends[0].distance_m(ends[1]);
            if along_m > low && along_m < high {
                line.push(ends[1]);
            }
        }
        line.push(self.point_on(edge, high));
        line.dedup();
        if start_m > end_m {
            line.reverse();
        }
        line
    }

    /// Metres of the geometry itself, not rounded.
    fn length_m(&self, edge: u32) -> f64 {
        self.line(edge).windows(2).map(|ends| ends[0].distance_m(ends[1])).sum()
    }
}
