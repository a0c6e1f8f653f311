//! A place in, what people call it out: the nearest address, crossing or street.

use rstar::primitives::{GeomWithData, Line};
use rstar::{PointDistance, RTree};
use rustc_hash::FxHashMap;

use crate::model::NONE;
use crate::model::address::Addresses;
use crate::model::street::Streets;
use crate::unit::Local;

/// Metres to an address that names a place.
const ADDRESS_WITHIN_M: f64 = 50.0;

/// Metres to a crossing that names a place.
const CROSSING_WITHIN_M: f64 = 20.0;

/// Metres to a street that a place is still said to be in.
const STREET_WITHIN_M: f64 = 50.0;

/// What places are named after.
#[derive(Debug)]
pub(super) struct Labels {
    addresses: RTree<GeomWithData<[f64; 2], u32>>,
    /// Nodes where ways of different names meet, with the two first names in the order of the alphabet.
    crossings: RTree<GeomWithData<[f64; 2], (u32, u32)>>,
    /// Stretches of named ways, with the number of the name.
    streets: RTree<GeomWithData<Line<[f64; 2]>, u32>>,
}

impl Labels {
    pub(super) fn build(addresses: &Addresses, streets: &Streets) -> Self {
        let places = (0u32..).zip(&addresses.at).filter(|(_, at)| at.is_somewhere());
        let mut stretches = Vec::new();
        let mut names_at: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for way in streets.ways.iter().filter(|way| way.name != NONE) {
            for pair in streets.line(way).windows(2) {
                let line = Line::new([pair[0].x, pair[0].y], [pair[1].x, pair[1].y]);
                stretches.push(GeomWithData::new(line, way.name));
            }
            for &node in &way.nodes {
                let names = names_at.entry(node).or_default();
                if !names.contains(&way.name) {
                    names.push(way.name);
                }
            }
        }
        let mut crossings: Vec<(u32, (u32, u32))> = Vec::new();
        for (node, mut names) in names_at {
            names.sort_by_key(|&name| streets.words.get(name));
            if let [first, second, ..] = names[..] {
                crossings.push((node, (first, second)));
            }
        }
        crossings.sort_unstable();
        let crossings = crossings.into_iter().map(|(node, names)| {
            let at = streets.nodes[node as usize];
            GeomWithData::new([at.x, at.y], names)
        });
        Self {
            addresses: RTree::bulk_load(
                places.map(|(row, at)| GeomWithData::new([at.x, at.y], row)).collect(),
            ),
            crossings: RTree::bulk_load(crossings.collect()),
            streets: RTree::bulk_load(stretches),
        }
    }

    /// `A / B` at a crossing, else `Street 12` by an address, else the street, else `near` one of them; empty
    /// where nothing is known at all.
    pub(super) fn label(&self, at: Local, addresses: &Addresses, streets: &Streets) -> String {
        if !at.is_somewhere() {
            return String::new();
        }
        let query = [at.x, at.y];
        let address = nearest(&self.addresses, &query, |&row| addresses.label(row as usize));
        let crossing = nearest(&self.crossings, &query, |&(first, second)| {
            format!("{} / {}", streets.words.get(first), streets.words.get(second))
        });
        let street = nearest(&self.streets, &query, |&name| streets.words.get(name).to_owned());

        let to_address_m = address.as_ref().map_or(f64::INFINITY, |(apart_m, _)| *apart_m);
        if let Some((apart_m, label)) = crossing
            && apart_m <= CROSSING_WITHIN_M.min(to_address_m)
        {
            return label;
        }
        if to_address_m <= ADDRESS_WITHIN_M {
            return address.map(|(_, label)| label).unwrap_or_default();
        }
        match (street, address) {
            (Some((apart_m, label)), _) if apart_m <= STREET_WITHIN_M => label,
            (Some((street_m, label)), None) => near(street_m, &label),
            (Some((street_m, label)), Some((address_m, _))) if street_m <= address_m => {
                near(street_m, &label)
            }
            (_, Some((address_m, label))) => near(address_m, &label),
            (None, None) => String::new(),
        }
    }
}

/// Beyond a kilometre a name helps nobody.
fn near(apart_m: f64, label: &str) -> String {
    if apart_m <= 1_000.0 { format!("near {label}") } else { String::new() }
}

/// Distance and label of what is nearest; of several that are equally near, the first label.
fn nearest<G, D>(
    tree: &RTree<GeomWithData<G, D>>,
    at: &[f64; 2],
    label: impl Fn(&D) -> String,
) -> Option<(f64, String)>
where
    G: rstar::RTreeObject<Envelope = rstar::AABB<[f64; 2]>> + PointDistance,
{
    let mut found = tree.nearest_neighbor_iter_with_distance_2(at);
    let (first, nearest_sq) = found.next()?;
    let equal = found.take_while(|(_, apart_sq)| apart_sq.total_cmp(&nearest_sq).is_le());
    let labels = equal.map(|(other, _)| label(&other.data));
    let label = labels.fold(label(&first.data), Ord::min);
    Some((nearest_sq.sqrt(), label))
}
