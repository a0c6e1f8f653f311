//! Streets in, the sites that incidents are counted on out: crossings, and the stretches between them.
//!
//! What lies within some metres of a crossing belongs to it, for turning traffic is another danger than traffic
//! that passes. Crossings that are no farther apart than that (a street with two carriageways, a small roundabout)
//! are one.

use crate::model::NONE;
use crate::model::street::{Direction, StreetClass, Streets};
use crate::network::{Network, Snap};
use crate::stats::line_scan::Site;
use crate::stats::network_kernel::Lines;
use crate::unit::Local;

use super::Options;

/// What a site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A street between two crossings.
    Segment,
    /// A crossing with the first metres of its streets.
    Crossing,
}

impl Place {
    /// As the layers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Crossing => "crossing",
        }
    }
}

/// A part of an edge that belongs to a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) edge: u32,
    pub(super) from_m: f64,
    pub(super) to_m: f64,
}

/// The streets as sites.
pub(super) struct Sites {
    pub(super) network: Network,
    pub(super) lines: Lines,
    pub(super) list: Vec<Site>,
    /// What each site is, and the parts of edges that it is made of.
    pub(super) place: Vec<Place>,
    pub(super) parts: Vec<Vec<Part>>,
    /// For each edge the sites at its beginning, in the middle and at its end ([`NONE`] where it has no such part).
    of_edge: Vec<[u32; 3]>,
    /// For each edge the metres where its middle part begins and ends.
    middle_m: Vec<[f64; 2]>,
}

impl Sites {
    /// The sites of all streets, or of those that are no paths.
    pub(super) fn new(streets: &Streets, options: &Options) -> Self {
        let network = undirected(streets, options.paths);
        let edges = || network.edges();
        let ends: Vec<[u32; 2]> = edges().map(|edge| [edge.from, edge.to]).collect();
        let lengths: Vec<f64> = edges().map(|edge| edge.length_m).collect();
        let crossing = crossings(&network, options.crossing_m);
        let count = crossing.iter().filter(|&&number| number != NONE).max().map_or(0, |&last| last + 1);
        let mut classes = vec![StreetClass::Foot; count as usize];
        for edge in network.edges() {
            for node in [edge.from, edge.to] {
                if let Some(number) = crate::model::some(crossing[node as usize]) {
                    classes[number] = classes[number].min(edge.class);
                }
            }
        }
        let mut built = Self {
            lines: Lines::new(&ends, &lengths, options.lixel_m),
            list: Vec::new(),
            place: vec![Place::Crossing; count as usize],
            parts: vec![Vec::new(); count as usize],
            of_edge: vec![[NONE; 3]; ends.len()],
            middle_m: Vec::with_capacity(ends.len()),
            network,
        };
        let mut segments = Vec::new();
        for edge in 0..u32::try_from(ends.len()).expect("a network has fewer than 2^30 edges") {
            built.cut(edge, &crossing, options, &mut segments);
        }
        for (parts, class) in built.parts.iter().zip(classes) {
            let length_m = parts.iter().map(|part| part.to_m - part.from_m).sum();
            // Crossings are compared with crossings, streets with streets.
            built.list.push(Site { class: 2 * class as u32 + 1, length_m, bins: 1, window: 1 });
        }
        for part in segments {
            let class = 2 * built.network.edge(part.edge).class as u32;
            built.list.push(Site::sliding(class, part.to_m - part.from_m, options.window_m, options.step_m));
            built.place.push(Place::Segment);
            built.parts.push(vec![part]);
        }
        built
    }

    /// Cuts an edge into the stubs that belong to the crossings at its ends, and the segment between them.
    fn cut(&mut self, edge: u32, crossing: &[u32], options: &Options, segments: &mut Vec<Part>) {
        let (from, to, length_m) = {
            let edge = self.network.edge(edge);
            (crossing[edge.from as usize], crossing[edge.to as usize], edge.length_m)
        };
        // A street between two crossings that is too short for both is halved.
        let most_m = if from != NONE && to != NONE { length_m / 2.0 } else { length_m };
        let stub = |end: u32| if end == NONE { 0.0 } else { options.crossing_m.min(most_m) };
        let (start_m, end_m) = (stub(from), length_m - stub(to));
        let mut add = |end: u32, place: usize, from_m: f64, to_m: f64| {
            if end != NONE && to_m > from_m {
                self.of_edge[edge as usize][place] = end;
                self.parts[end as usize].push(Part { edge, from_m, to_m });
            }
        };
        add(from, 0, 0.0, start_m);
        add(to, 2, end_m, length_m);
        if end_m > start_m {
            let first = self.place.len();
            let site = u32::try_from(first + segments.len()).expect("fewer than 2^32 sites");
            self.of_edge[edge as usize][1] = site;
            segments.push(Part { edge, from_m: start_m, to_m: end_m });
        }
        self.middle_m.push([start_m, end_m]);
    }

    /// The site and bin of a spot on the network; none on an edge without length.
    pub(super) fn hit(&self, snap: &Snap) -> Option<(u32, u32)> {
        let [start_m, end_m] = self.middle_m[snap.edge as usize];
        let sites = self.of_edge[snap.edge as usize];
        let order = if snap.offset_m < start_m {
            [0, 1, 2]
        } else if snap.offset_m <= end_m && sites[1] != NONE {
            [1, 0, 2]
        } else {
            [2, 0, 1]
        };
        let site = order.into_iter().map(|place| sites[place]).find(|&site| site != NONE)?;
        Some((site, self.list[site as usize].bin(snap.offset_m - start_m)))
    }

    /// The part of a segment that `bins` from `bin` on cover; a crossing as a whole.
    pub(super) fn window(&self, site: usize, bin: u32, bins: u32) -> Vec<Part> {
        match (self.place[site], &self.parts[site][..]) {
            (Place::Segment, &[whole]) => {
                let bin_m = self.list[site].bin_m();
                let from_m = whole.from_m + f64::from(bin) * bin_m;
                vec![Part { from_m, to_m: (from_m + f64::from(bins) * bin_m).min(whole.to_m), ..whole }]
            }
            (_, parts) => parts.to_vec(),
        }
    }

    /// The line of a part.
    pub(super) fn line(&self, part: Part) -> Vec<Local> {
        let edge = self.network.edge(part.edge);
        let mut line = vec![self.network.point_on(part.edge, part.from_m)];
        let mut along_m = 0.0;
        for ends in edge.line.windows(2) {
            along_m += ends[0].distance_m(ends[1]);
            if part.from_m < along_m && along_m < part.to_m {
                line.push(ends[1]);
            }
        }
        line.push(self.network.point_on(part.edge, part.to_m));
        line
    }

    /// The largest of `density` (by lixel) on some parts.
    pub(super) fn densest(&self, parts: &[Part], density: &[f64]) -> f64 {
        let mut most = 0.0f64;
        for part in parts {
            let lixel_m = self.lines.lixel_m(part.edge);
            for (lixel, number) in self.lines.lixels(part.edge).zip(0u32..) {
                let from_m = f64::from(number) * lixel_m;
                if from_m < part.to_m && from_m + lixel_m > part.from_m {
                    most = most.max(density[lixel]);
                }
            }
        }
        most
    }

    /// The names of the streets of a site, each once, in alphabetical order.
    pub(super) fn names(&self, site: usize, streets: &Streets) -> Vec<String> {
        let names = self.parts[site].iter().map(|part| self.network.edge(part.edge).name);
        let mut names: Vec<String> =
            names.filter(|&name| name != NONE).map(|name| streets.words.get(name).to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The streets as lines that may be walked both ways, whatever the signs say; the largest connected part of them.
fn undirected(streets: &Streets, with_paths: bool) -> Network {
    let mut open = Streets { backdrop: Vec::new(), ..streets.clone() };
    for way in &mut open.ways {
        way.is_for_trucks = with_paths || way.class != StreetClass::Foot;
        way.direction = Direction::Both;
        // A street goes on where the speed limit changes.
        way.limit_kmh = None;
    }
    Network::build(&open, &crate::network::Options::default())
}

/// The number of the crossing at each node, in the order of their first nodes; [`NONE`] where fewer than three
/// streets meet.
fn crossings(network: &Network, joined_m: f64) -> Vec<u32> {
    let count = network.nodes().len();
    let mut parent: Vec<usize> = (0..count).collect();
    let degree = |node: usize| network.leaving(u32::try_from(node).expect("fewer than 2^32 nodes")).count();
    let is_crossing: Vec<bool> = (0..count).map(|node| degree(node) > 2).collect();
    for edge in network.edges().filter(|edge| edge.length_m <= joined_m) {
        if is_crossing[edge.from as usize] && is_crossing[edge.to as usize] {
            let (a, b) = (root(&mut parent, edge.from as usize), root(&mut parent, edge.to as usize));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut number = vec![NONE; count];
    let mut next = 0;
    for node in (0..count).filter(|&node| is_crossing[node]) {
        let root = root(&mut parent, node);
        // The root is the smallest of its nodes, so that it has its number before it is asked for.
        if root == node {
            number[node] = next;
            next += 1;
        } else {
            number[node] = number[root];
        }
    }
    number
}

/// The smallest member of a node's set.
fn root(parent: &mut [usize], mut node: usize) -> usize {
    while parent[node] != node {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    node
}
