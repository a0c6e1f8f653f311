//! A node in, the nodes that a truck may reach from it within a budget out; kept for the next time.
//!
//! Fixes follow each other closely, so the same few nodes are searched from again and again: the table of Yang &
//! Gidofalvi (2018), International Journal of Geographical Information Science 32(3), 547-570, filled as it is needed.
//! What a table says does not depend on its budget, only how far it goes, so results do not depend on what was matched
//! before.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::super::path::Search;
use super::super::{Cost, Network};
use crate::model::NONE;

/// So many rows are kept in memory at most; about 100 MB.
const MOST_ROWS: usize = 4_000_000;

/// A node and the shortest way to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    node: u32,
    /// The first and the last course of the way; [`NONE`] at its origin.
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) length_m: f32,
}

/// The rows of one origin, ascending by node.
#[derive(Debug)]
pub(super) struct Table(Vec<Row>);

impl Table {
    pub(super) fn row(&self, node: u32) -> Option<&Row> {
        self.0.binary_search_by_key(&node, |row| row.node).ok().map(|place| &self.0[place])
    }
}

/// The tables of a network.
#[derive(Debug)]
pub(super) struct Reach<'a> {
    network: &'a Network,
    tables: FxHashMap<(u32, u32), Rc<Table>>,
    n_rows: usize,
    /// Scratch: where the search found each node, in the order in which they were settled.
    settled: Vec<(u32, Cost, u32)>,
    first: FxHashMap<u32, u32>,
}

impl<'a> Reach<'a> {
    pub(super) fn new(network: &'a Network) -> Self {
        Self {
            network,
            tables: FxHashMap::default(),
            n_rows: 0,
            settled: Vec::new(),
            first: FxHashMap::default(),
        }
    }

    /// All that is reached from `node` for at most `budget` (of what the network keeps small), rounded up.
    pub(super) fn from(&mut self, node: u32, budget: f64) -> Rc<Table> {
        let class = class_of(budget);
        if let Some(known) = self.tables.get(&(node, class)) {
            return Rc::clone(known);
        }
        if self.n_rows > MOST_ROWS {
            self.tables.clear();
            self.n_rows = 0;
        }
        let table = Rc::new(self.searched(node, 2f64.powf(f64::from(class) / 2.0)));
        self.n_rows += table.0.len();
        self.tables.insert((node, class), Rc::clone(&table));
        table
    }

    fn searched(&mut self, origin: u32, budget: f64) -> Table {
        let Self { network, settled, first, .. } = self;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let most = ((budget * 1000.0).min(4e9) as Cost) << 32;
        settled.clear();
        first.clear();
        Search::with(|search| {
            let arcs = |node| network.arcs_of(node);
            search.run(network.nodes.len(), &[(origin, 0, NONE)], arcs, |node, cost| {
                let is_beyond = cost > most;
                if !is_beyond {
                    settled.push((node, cost, NONE));
                }
                is_beyond
            });
            for entry in settled.iter_mut() {
                entry.2 = search.course(entry.0);
            }
        });
        // Nodes are settled after those before them on their way.
        let mut rows: Vec<Row> = Vec::with_capacity(settled.len());
        for &(node, cost, last) in settled.iter() {
            let first_course = match last {
                NONE => NONE,
                _ => match first[&network.tail(last)] {
                    NONE => last,
                    course => course,
                },
            };
            first.insert(node, first_course);
            #[expect(clippy::cast_possible_truncation, reason = "kilometres to the centimetre")]
            let length_m = network.metres_and_seconds(cost).0 as f32;
            rows.push(Row { node, first: first_course, last, length_m });
        }
        rows.sort_unstable_by_key(|row| row.node);
        Table(rows)
    }

    /// The courses of the shortest way from `from` to `to`, within `budget`. `None` where it is longer.
    pub(super) fn courses(&mut self, from: u32, to: u32, budget: f64) -> Option<Vec<u32>> {
        let table = self.from(from, budget);
        let mut courses = Vec::new();
        let mut node = to;
        loop {
            let last = table.row(node)?.last;
            if last == NONE {
                courses.reverse();
                return Some(courses);
            }
            courses.push(last);
            node = self.network.tail(last);
        }
    }
}

/// Budgets come in steps of √2, so that fixes a little nearer or farther share a table.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 64")]
fn class_of(budget: f64) -> u32 {
    (2.0 * budget.max(1.0).log2()).ceil() as u32
}
