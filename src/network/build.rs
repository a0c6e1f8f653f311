//! Ways in, nodes, edges and arcs out.
//!
//! 1. Ways open to trucks are cut into segments between neighbouring nodes, one-ways turned along their
//!    driving direction. 2. Of the strongly connected parts the longest stays (Tarjan 1972). 3. Chains of
//!    segments between two crossings become one edge, as long as name, class and speed stay the same.

use std::sync::OnceLock;

use super::snap::Segment;
use super::{Arc, Network, Notice, Options, Stretch};
use crate::model::NONE;
use crate::model::street::{Direction, Streets, Way};
use crate::unit::Local;

/// A piece of a way between two neighbouring nodes, as it may be driven from `from` to `to`.
#[derive(Debug, Clone, Copy)]
struct Piece {
    from: u32,
    to: u32,
    way: u32,
    is_oneway: bool,
}

pub(super) fn network(streets: &Streets, options: &Options) -> Network {
    let mut notice = Notice::default();
    let mut pieces = pieces(streets, &mut notice);
    let part = largest_part(streets, &pieces, &mut notice);
    pieces.retain(|piece| part[piece.from as usize] && part[piece.to as usize]);
    let chains = chains(streets, &pieces);

    let mut nodes: Vec<u32> = chains.iter().flat_map(|chain| [chain.nodes[0], *chain.last()]).collect();
    nodes.sort_unstable();
    nodes.dedup();
    // Neighbours on the plane become neighbours in memory: a search over all of Porto takes a fifth less time.
    nodes.sort_by_cached_key(|&node| (z_order(streets.nodes[node as usize]), node));
    let mut numbers = vec![NONE; streets.nodes.len()];
    for (&node, number) in nodes.iter().zip(0..) {
        numbers[node as usize] = number;
    }
    let mut network = Network {
        options: options.clone(),
        nodes: nodes.iter().map(|&node| streets.nodes[node as usize]).collect(),
        edges: Vec::with_capacity(chains.len()),
        points: Vec::new(),
        first_arc: Vec::new(),
        arcs: Vec::new(),
        first_entry: Vec::new(),
        entering: Vec::new(),
        segments: rstar::RTree::new(),
        hierarchy: OnceLock::new(),
        notice,
    };
    for chain in &chains {
        let stretch = stretch(streets, options, &numbers, chain, &mut network.points);
        network.edges.push(stretch);
    }
    add_arcs(&mut network);
    network.segments = rstar::RTree::bulk_load(segments(&network));
    network
}

fn pieces(streets: &Streets, notice: &mut Notice) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (way, index) in streets.ways.iter().zip(0..) {
        for ends in way.nodes.windows(2) {
            let (from, to) = (ends[0], ends[1]);
            let length_m = streets.nodes[from as usize].distance_m(streets.nodes[to as usize]);
            // A way may repeat a node; a node that lies nowhere cannot be driven to.
            if from == to || !length_m.is_finite() {
                continue;
            }
            notice.streets_m += length_m;
            if !way.is_for_trucks {
                continue;
            }
            notice.for_trucks_m += length_m;
            let is_oneway = way.direction != Direction::Both;
            let (from, to) = if way.direction == Direction::Backward { (to, from) } else { (from, to) };
            pieces.push(Piece { from, to, way: index, is_oneway });
        }
    }
    assert!(pieces.len() < 1 << 30, "a network holds fewer than 2^30 segments");
    pieces
}

/// Which nodes belong to the longest part in which every node can be reached from every other.
fn largest_part(streets: &Streets, pieces: &[Piece], notice: &mut Notice) -> Vec<bool> {
    let parts = strong_parts(streets.nodes.len(), pieces);
    let mut length_m = vec![0.0; parts.iter().max().map_or(0, |&last| last as usize + 1)];
    for piece in pieces {
        if parts[piece.from as usize] == parts[piece.to as usize] {
            let [from, to] = [piece.from, piece.to].map(|node| streets.nodes[node as usize]);
            length_m[parts[piece.from as usize] as usize] += from.distance_m(to);
        }
    }
    notice.n_parts = length_m.iter().filter(|&&length_m| length_m > 0.0).count();
    // The first of equals, which is the same at every run.
    let longest = (0..length_m.len()).rev().max_by(|&a, &b| length_m[a].total_cmp(&length_m[b]));
    let Some(longest) = longest.filter(|_| !pieces.is_empty()) else {
        return vec![false; streets.nodes.len()];
    };
    notice.network_m = length_m[longest];
    parts.iter().map(|&part| part as usize == longest).collect()
}

/// The strongly connected part of each node (Tarjan 1972, SIAM Journal on Computing 1(2), 146-160), with a
/// stack of our own: a street is deeper than a thread's stack.
fn strong_parts(n_nodes: usize, pieces: &[Piece]) -> Vec<u32> {
    const UNSEEN: u32 = u32::MAX;
    let both = pieces.iter().filter(|piece| !piece.is_oneway).map(|piece| (piece.to, piece.from));
    let arcs: Vec<(u32, u32)> = pieces.iter().map(|piece| (piece.from, piece.to)).chain(both).collect();
    let (first, heads) = rows(n_nodes, &arcs);
    let mut part = vec![UNSEEN; n_nodes];
    let mut order = vec![UNSEEN; n_nodes];
    let mut low = vec![UNSEEN; n_nodes];
    let (mut n_seen, mut n_parts) = (0, 0);
    let (mut open, mut walk) = (Vec::new(), Vec::new());
    for (root, start) in (0u32..).zip(0..n_nodes) {
        if order[start] != UNSEEN {
            continue;
        }
        walk.push((root, first[start]));
        while let Some((node, arc)) = walk.pop() {
            let here = node as usize;
            if order[here] == UNSEEN {
                order[here] = n_seen;
                low[here] = n_seen;
                n_seen += 1;
                open.push(node);
            }
            if arc > first[here] {
                // Back from the head of the arc before this one.
                let child = heads[arc as usize - 1] as usize;
                if part[child] == UNSEEN {
                    low[here] = low[here].min(low[child]);
                }
            }
            if arc < first[here + 1] {
                walk.push((node, arc + 1));
                let head = heads[arc as usize];
                if order[head as usize] == UNSEEN {
                    walk.push((head, first[head as usize]));
                }
                continue;
            }
            if low[here] == order[here] {
                while let Some(member) = open.pop() {
                    part[member as usize] = n_parts;
                    if member == node {
                        break;
                    }
                }
                n_parts += 1;
            }
        }
    }
    part
}

/// Arcs by their tail: `heads[first[n]..first[n + 1]]`, in the order in which they were given.
fn rows(n_nodes: usize, arcs: &[(u32, u32)]) -> (Vec<u32>, Vec<u32>) {
    let mut first = vec![0u32; n_nodes + 1];
    for &(tail, _) in arcs {
        first[tail as usize + 1] += 1;
    }
    for node in 0..n_nodes {
        first[node + 1] += first[node];
    }
    let mut next = first.clone();
    let mut heads = vec![0; arcs.len()];
    for &(tail, head) in arcs {
        heads[next[tail as usize] as usize] = head;
        next[tail as usize] += 1;
    }
    (first, heads)
}

/// Pieces between two crossings, joined.
struct Chain {
    /// Nodes in driving order.
    nodes: Vec<u32>,
    way: u32,
    is_oneway: bool,
}

impl Chain {
    fn last(&self) -> &u32 {
        self.nodes.last().expect("a chain has two nodes or more")
    }
}

fn chains(streets: &Streets, pieces: &[Piece]) -> Vec<Chain> {
    let ends: Vec<(u32, u32)> =
        pieces.iter().zip(0..).flat_map(|(piece, index)| [(piece.from, index), (piece.to, index)]).collect();
    let (first, at_node) = rows(streets.nodes.len(), &ends);
    let pieces_at = |node: u32| &at_node[first[node as usize] as usize..first[node as usize + 1] as usize];
    // The other piece at a node where nothing but the geometry changes.
    let onward = |node: u32, piece: u32| -> Option<u32> {
        let &[one, two] = pieces_at(node) else { return None };
        let goes_on = one != two && is_alike(streets, pieces[one as usize], pieces[two as usize], node);
        goes_on.then_some(if one == piece { two } else { one })
    };
    let mut is_used = vec![false; pieces.len()];
    let mut chains = Vec::new();
    let mut walk = |start: u32, piece: u32, is_used: &mut Vec<bool>| {
        let Piece { way, is_oneway, .. } = pieces[piece as usize];
        let (mut nodes, mut next) = (vec![start], Some(piece));
        let mut is_along = true;
        while let Some(piece) = next.filter(|&piece| !is_used[piece as usize]) {
            is_used[piece as usize] = true;
            let Piece { from, to, .. } = pieces[piece as usize];
            let here = *nodes.last().expect("it begins with one");
            is_along = here == from;
            let there = if is_along { to } else { from };
            nodes.push(there);
            next = if there == start { None } else { onward(there, piece) };
        }
        if is_oneway && !is_along {
            nodes.reverse();
        }
        chains.push(Chain { nodes, way, is_oneway });
    };
    for node in (0u32..).take(streets.nodes.len()) {
        for &piece in pieces_at(node) {
            if !is_used[piece as usize] && onward(node, piece).is_none() {
                walk(node, piece, &mut is_used);
            }
        }
    }
    // What is left are rings without any crossing: one node of each becomes a crossing with itself.
    for piece in (0u32..).take(pieces.len()) {
        if !is_used[piece as usize] {
            walk(pieces[piece as usize].from, piece, &mut is_used);
        }
    }
    chains
}

/// Whether two pieces that meet in `node` are one street: the same name, class, speed and direction.
fn is_alike(streets: &Streets, one: Piece, two: Piece, node: u32) -> bool {
    let word = |way: &Way| (way.name, way.class, way.limit_kmh.map(f64::to_bits));
    let [a, b] = [one, two].map(|piece| word(&streets.ways[piece.way as usize]));
    let is_through = !one.is_oneway || (one.to == node) != (two.to == node);
    a == b && one.is_oneway == two.is_oneway && is_through
}

fn stretch(
    streets: &Streets,
    options: &Options,
    numbers: &[u32],
    chain: &Chain,
    points: &mut Vec<Local>,
) -> Stretch {
    let count = |points: &Vec<Local>| u32::try_from(points.len()).expect("fewer than 2^32 points");
    let start = count(points);
    points.extend(chain.nodes.iter().map(|&node| streets.nodes[node as usize]));
    let line = &points[start as usize..];
    let length_m: f64 = line.windows(2).map(|ends| ends[0].distance_m(ends[1])).sum();
    let way = &streets.ways[chain.way as usize];
    let class_kmh = options.speed_kmh.of(way.class);
    let speed_kmh =
        way.limit_kmh.filter(|limit| *limit >= 1.0).map_or(class_kmh, |limit| limit.min(class_kmh));
    Stretch {
        from: numbers[chain.nodes[0] as usize],
        to: numbers[*chain.last() as usize],
        points: start..count(points),
        length_mm: thousandths(length_m),
        time_ms: thousandths(length_m / (speed_kmh / 3.6)),
        is_oneway: chain.is_oneway,
        class: way.class,
        name: way.name,
        way: chain.way,
    }
}

/// The place of a point on Morton's curve (1966), which runs through neighbouring points one after another.
fn z_order(at: Local) -> u64 {
    // Metres from far outside any plane, so that they are positive; the bits of both then alternate.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a plane spans 2^31 metres")]
    let spread = |metres: f64| {
        let mut bits = u64::from((metres + f64::from(1 << 30)) as u32);
        for (shift, mask) in [
            (16, 0x0000_ffff_0000_ffff),
            (8, 0x00ff_00ff_00ff_00ff),
            (4, 0x0f0f_0f0f_0f0f_0f0f),
            (2, 0x3333_3333_3333_3333),
            (1, 0x5555_5555_5555_5555),
        ] {
            bits = (bits | bits << shift) & mask;
        }
        bits
    };
    spread(at.x) | spread(at.y) << 1
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; a street is shorter")]
pub(super) fn thousandths(value: f64) -> u32 {
    (value * 1000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32
}

fn add_arcs(network: &mut Network) {
    let mut leaving: Vec<(u32, Arc)> = Vec::with_capacity(2 * network.edges.len());
    for (edge, index) in network.edges.iter().zip(0u32..) {
        let cost = network.cost(edge.length_mm, edge.time_ms);
        leaving.push((edge.from, Arc { head: edge.to, course: 2 * index, cost }));
        if !edge.is_oneway {
            leaving.push((edge.to, Arc { head: edge.from, course: 2 * index + 1, cost }));
        }
    }
    let turned = |&(tail, arc): &(u32, Arc)| (arc.head, Arc { head: tail, ..arc });
    let entering = leaving.iter().map(turned).collect();
    (network.first_arc, network.arcs) = by_node(network.nodes.len(), leaving);
    (network.first_entry, network.entering) = by_node(network.nodes.len(), entering);
}

fn by_node(n_nodes: usize, mut arcs: Vec<(u32, Arc)>) -> (Vec<u32>, Vec<Arc>) {
    arcs.sort_by_key(|&(node, arc)| (node, arc.course));
    let mut first = vec![0; n_nodes + 1];
    for &(node, _) in &arcs {
        first[node as usize + 1] += 1;
    }
    for node in 0..n_nodes {
        first[node + 1] += first[node];
    }
    (first, arcs.into_iter().map(|(_, arc)| arc).collect())
}

fn segments(network: &Network) -> Vec<Segment> {
    let mut segments = Vec::new();
    for (edge, index) in network.edges.iter().zip(0..) {
        for first in edge.points.start..edge.points.end - 1 {
            let (from, to) = (network.points[first as usize], network.points[first as usize + 1]);
            segments.push(Segment { edge: index, first, from, to });
        }
    }
    segments
}
