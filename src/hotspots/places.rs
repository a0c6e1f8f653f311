//! Hotspots of all methods in; ranked hotspots, and the places that they speak of, out.
//!
//! A planner drives to a place, not to a method. Hotspots are of one place when their kinds are of one family and
//! they share more than half of the smaller one's incidents and at least a fifth of the larger one's. Every hotspot
//! is compared with the one that leads the place, never with the others in it, so that places cannot grow into each
//! other across a city; and a street corner inside a hot quarter stays a place of its own, which
//! [`within`](Place::within) ties to the quarter. Tested hotspots lead before those that nothing was tested of.
//!
//! The order is that of the lower bound of the excess per week: not "how unlikely" but "how much too much, at the
//! least". Who ranks by the excess itself puts the lucky small places first.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::City;
use crate::hotspots::{Hotspot, Hotspots, doubt};
use crate::model::NONE;
use crate::model::kind::{Family, Selection};
use crate::random::Random;

/// Hotspots of one place share at least this part of the larger one's incidents.
const LEAST_OF_LARGER: f64 = 0.2;

/// The settings of `[hotspots.places]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// How many re-runs the stability of a place rests on; 0 leaves it out. Default 100.
    pub stability: u32,
    /// How many words at most say what reports of a place are about; 0 leaves them out. Default 5.
    pub words: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { stability: 100, words: 5 }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        if self.stability <= 10_000 {
            return Ok(());
        }
        Err(Error::Setting {
            message: format!("`stability = {}` under [hotspots.places] would take hours", self.stability),
            hint: "write a number of re-runs such as 100, or 0 for none".to_owned(),
        })
    }
}

/// One place, by whatever methods it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its id within the run, as in `W001`.
    pub id: String,
    /// Its hotspots. The first one leads: its figures, outline and label are those of the place.
    pub hotspots: Vec<u32>,
    /// The methods that found it, each once, in the order of their names.
    pub methods: Vec<&'static str>,
    /// The smallest larger place of the family that holds most of its incidents; else [`NONE`].
    pub within: u32,
    /// Words that set its reports apart from all others; filled by [`words::describe`](super::words::describe).
    pub words: Vec<String>,
}

impl Place {
    /// The hotspot that leads it.
    pub fn leader(&self) -> usize {
        self.hotspots[0] as usize
    }
}

/// Gives the hotspots their excess and stability, ranks and numbers them and brings them together into places.
pub(super) fn settle(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    doubt::compare(city, &mut found.hotspots);
    rank(&mut found.hotspots);
    doubt::rerun(city, &mut found.hotspots, options.stability, random);
    found.places = merge(&found.hotspots);
    for (number, place) in (0..).zip(&found.places) {
        for &hotspot in &place.hotspots {
            found.hotspots[hotspot as usize].place = number;
        }
    }
}

/// Puts the hotspots with the most to gain first and numbers them.
fn rank(hotspots: &mut [Hotspot]) {
    hotspots.sort_by(|a, b| {
        let by_effect =
            b.excess.low.total_cmp(&a.excess.low).then(b.excess.per_week.total_cmp(&a.excess.per_week));
        let by_size = b.incidents.len().cmp(&a.incidents.len());
        let by_name = a.method.cmp(b.method).then(a.kind.cmp(&b.kind));
        let by_place = a.at.total_cmp(&b.at).then(a.asset.cmp(&b.asset));
        by_effect.then(by_size).then(by_name).then(by_place).then_with(|| a.incidents.cmp(&b.incidents))
    });
    for (number, hotspot) in (1..).zip(hotspots) {
        hotspot.id = format!("H{number:03}");
    }
}

/// The places of ranked hotspots, in the rank of their leaders.
fn merge(hotspots: &[Hotspot]) -> Vec<Place> {
    let mut order: Vec<u32> = (0..index_u32(hotspots.len())).collect();
    order.sort_by_key(|&hotspot| hotspots[hotspot as usize].q_value.is_nan());
    let mut led = Led::default();
    // The hotspots of each place, the leader first.
    let mut members: Vec<Vec<u32>> = Vec::new();
    for hotspot in order {
        if let Some(place) = led.closest(hotspots, hotspot) {
            members[place as usize].push(hotspot);
        } else {
            led.add(&hotspots[hotspot as usize], index_u32(members.len()));
            members.push(vec![hotspot]);
            led.leaders.push(hotspot);
        }
    }
    let around: Vec<Option<u32>> = led
        .leaders
        .iter()
        .map(|&leader| led.around(hotspots, leader).map(|place| led.leaders[place as usize]))
        .collect();
    let mut places: Vec<(Vec<u32>, Option<u32>)> = members.into_iter().zip(around).collect();
    places.sort_by_key(|(members, _)| members[0]);
    let leaders: Vec<u32> = places.iter().map(|(members, _)| members[0]).collect();
    let number = |leader: u32| index_u32(leaders.binary_search(&leader).expect("leaders ascend"));
    let place = |(rank, (hotspots_of, around)): (u32, (Vec<u32>, Option<u32>))| {
        let mut methods: Vec<&str> =
            hotspots_of.iter().map(|&hotspot| hotspots[hotspot as usize].method).collect();
        methods.sort_unstable();
        methods.dedup();
        let within = around.map_or(NONE, number);
        Place { id: format!("W{rank:03}"), hotspots: hotspots_of, methods, within, words: Vec::new() }
    };
    (1..).zip(places).map(place).collect()
}

/// The places so far: which of them each incident of a family is in.
#[derive(Default)]
struct Led {
    of_incident: FxHashMap<(Option<Family>, u32), Vec<u32>>,
    /// The leading hotspot of each place.
    leaders: Vec<u32>,
}

impl Led {
    fn add(&mut self, leader: &Hotspot, place: u32) {
        let family = family(leader.kind);
        for &incident in &leader.incidents {
            self.of_incident.entry((family, incident)).or_default().push(place);
        }
    }

    /// The places with incidents of `hotspot`, and how many of them, in the order of the places.
    fn shared(&self, hotspot: &Hotspot) -> Vec<(u32, usize)> {
        let family = family(hotspot.kind);
        let of = |incident: &u32| self.of_incident.get(&(family, *incident)).into_iter().flatten();
        let mut hits: Vec<u32> = hotspot.incidents.iter().flat_map(of).copied().collect();
        hits.sort_unstable();
        hits.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect()
    }

    /// The place that `hotspot` belongs to: of those that it shares enough with, the one most like it.
    fn closest(&self, hotspots: &[Hotspot], hotspot: u32) -> Option<u32> {
        let hotspot = &hotspots[hotspot as usize];
        let own = hotspot.incidents.len();
        let mut closest: Option<(u32, f64)> = None;
        for (place, shared) in self.shared(hotspot) {
            let other = hotspots[self.leaders[place as usize] as usize].incidents.len();
            let is_one_place =
                2 * shared > own.min(other) && shared as f64 >= LEAST_OF_LARGER * own.max(other) as f64;
            // Jaccard (1901): what is shared of what either holds.
            let likeness = shared as f64 / (own + other - shared) as f64;
            if is_one_place && closest.is_none_or(|(_, best)| likeness > best) {
                closest = Some((place, likeness));
            }
        }
        closest.map(|(place, _)| place)
    }

    /// The smallest larger place that holds most of the incidents of `leader`.
    fn around(&self, hotspots: &[Hotspot], leader: u32) -> Option<u32> {
        let own = hotspots[leader as usize].incidents.len();
        let size = |place: u32| hotspots[self.leaders[place as usize] as usize].incidents.len();
        let holds = |&(place, shared): &(u32, usize)| 2 * shared > own && size(place) > own;
        let larger = self.shared(&hotspots[leader as usize]).into_iter().filter(holds);
        larger.map(|(place, _)| place).min_by_key(|&place| (size(place), place))
    }
}

/// The family that a choice of kinds belongs to; `None` for all kinds.
fn family(kind: Selection) -> Option<Family> {
    match kind {
        Selection::All => None,
        Selection::Family(family) => Some(family),
        Selection::Kind(kind) => Some(kind.family()),
    }
}

fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than 2^32 hotspots")
}

#[cfg(test)]
mod tests;
