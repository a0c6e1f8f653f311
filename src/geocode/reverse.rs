//! A place in, what people call it out: the nearest address, crossing or street.
//!
//! Numbers stand before or behind the street as the register's own streets would have it: `12 Main Street`,
//! `Hoofdstraat 12`. Words between names are those of the project's language.

use rstar::primitives::{GeomWithData, Line};
use rstar::{PointDistance, RTree};
use rustc_hash::FxHashMap;

use super::{normalise, words};
use crate::model::NONE;
use crate::model::address::Addresses;
use crate::model::kind::Language;
use crate::model::street::Streets;
use crate::unit::Local;

/// Metres to an address that a place is said to be at, and near.
const AT_ADDRESS_WITHIN_M: f64 = 15.0;
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
    /// Whether house numbers stand before the street.
    is_number_first: bool,
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
            is_number_first: is_number_first(addresses),
        }
    }

    /// The crossing, else the address, else the street, else what is near; empty where nothing is known at all.
    pub(super) fn label(
        &self,
        at: Local,
        addresses: &Addresses,
        streets: &Streets,
        language: Language,
    ) -> String {
        if !at.is_somewhere() {
            return String::new();
        }
        let query = [at.x, at.y];
        let address = nearest(&self.addresses, &query, |&row| self.address(row, addresses));
        let crossing = nearest(&self.crossings, &query, |&(first, second)| {
            let (first, second) = (streets.words.get(first), streets.words.get(second));
            match language {
                Language::En => format!("{first} & {second}"),
                Language::Nl => format!("hoek {first} / {second}"),
            }
        });
        let street = nearest(&self.streets, &query, |&name| streets.words.get(name).to_owned());

        let to_address_m = address.as_ref().map_or(f64::INFINITY, |(apart_m, _)| *apart_m);
        if let Some((apart_m, label)) = crossing
            && apart_m <= CROSSING_WITHIN_M.min(to_address_m)
        {
            return label;
        }
        match (street, address) {
            (_, Some((apart_m, label))) if apart_m <= AT_ADDRESS_WITHIN_M => label,
            (_, Some((apart_m, label))) if apart_m <= ADDRESS_WITHIN_M => beside(&label, language),
            (Some((apart_m, label)), _) if apart_m <= STREET_WITHIN_M => label,
            (Some((street_m, label)), None) => near(street_m, &label, language),
            (Some((street_m, label)), Some((address_m, _))) if street_m <= address_m => {
                near(street_m, &label, language)
            }
            (_, Some((address_m, label))) => near(address_m, &label, language),
            (None, None) => String::new(),
        }
    }

    /// An address as the register's people write it.
    fn address(&self, row: u32, addresses: &Addresses) -> String {
        let label = addresses.label(row as usize);
        if !self.is_number_first {
            return label;
        }
        let street = addresses.words.get(addresses.street[row as usize]);
        format!("{} {street}", label[street.len()..].trim_start())
    }

    /// The rows of all addresses within some metres.
    pub(super) fn addresses_within(&self, at: Local, within_m: f64) -> impl Iterator<Item = u32> {
        self.addresses.locate_within_distance([at.x, at.y], within_m * within_m).map(|address| address.data)
    }

    /// The rows of the addresses within some metres, nearest first; among equally near ones the lower row.
    pub(super) fn nearest_addresses(&self, at: Local, within_m: f64) -> impl Iterator<Item = u32> {
        let mut rows: Vec<(f64, u32)> = self
            .addresses
            .nearest_neighbor_iter_with_distance_2(&[at.x, at.y])
            .map(|(address, squared)| (squared, address.data))
            .take_while(|&(squared, _)| squared <= within_m * within_m)
            .take(64)
            .collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        rows.into_iter().map(|(_, row)| row)
    }
}

/// Whether most streets bear an English type of street at their end: then numbers come first.
fn is_number_first(addresses: &Addresses) -> bool {
    let is_english = |&word: &u32| {
        let folded = normalise::fold(addresses.words.get(word));
        let tokens = normalise::tokens(&folded);
        let mut words = tokens.iter().rev().filter(|token| !normalise::is_direction(token.text));
        tokens.len() > 1 && words.next().is_some_and(|last| words::ENGLISH_TYPES.contains(&last.text))
    };
    let mut names = addresses.street.clone();
    names.sort_unstable();
    names.dedup();
    2 * names.iter().filter(|word| is_english(word)).count() > names.len()
}

/// A place along the street, by an address that it is not quite at.
fn beside(address: &str, language: Language) -> String {
    match (language, address.rsplit_once(' ')) {
        (Language::En, _) => format!("near {address}"),
        (Language::Nl, _) if address.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("t.h.v. {address}")
        }
        (Language::Nl, Some((street, number))) => format!("{street} t.h.v. nr {number}"),
        (Language::Nl, None) => format!("t.h.v. {address}"),
    }
}

/// Beyond a kilometre a name helps nobody.
fn near(apart_m: f64, label: &str, language: Language) -> String {
    let near = match language {
        Language::En => "near",
        Language::Nl => "nabij",
    };
    if apart_m <= 1_000.0 { format!("{near} {label}") } else { String::new() }
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
