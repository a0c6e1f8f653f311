//! Reports in, a [`Located`] out: where each one is, on what that rests, and how sure it is.
//!
//! A coordinate that came with a report is kept, unless it is a default point; the address is then compared with
//! it, and where it leaves open which place is meant, the coordinate tells. A report without a usable coordinate is
//! placed by its address: exact street, known abbreviations, house number in the register or between its neighbours,
//! ranges, crossings, places near or opposite an address, stretches between two streets, ends of streets, postcodes,
//! numbers of assets. What fits several places is ambiguous and stays unplaced. What the register does not know may be
//! learned from other reports that bear the same street. A misspelt street is accepted only where a house number, a
//! postcode, a town, a crossing or the report's own coordinate confirms it: on every register tried, a fuzzy street
//! alone put 7 to 44 % of streets that do not exist somewhere.
//!
//! Measured with `cargo test --release --lib geocode::evaluation -- --nocapture`, which prints the tables
//! and skips what is not there:
//!
//! | what | result |
//! |---|---|
//! | Boston 2015: 17,070 requests on City Hall | all flagged, nothing else of 104,075 |
//! | ... 5,942 of them name a street that other requests carry | 98.4 % placed by those |
//! | Boston: 30 % of house numbers hidden, learned from the rest, between neighbours | median 7 m, p95 26 m, 96.7 % within `accuracy_m` |
//! | Washington against an incomplete register, same hundred-block | median 4.5 m, p95 32 m |
//! | Washington: accepted as points and more than 250 m off | 27 of 5,840 texts (0.46 %); 60 that the city has in another quadrant than they name not counted |
//! | Washington: crossings of streets that pass there | 86 of 90 within 25 m; in the other 4 the streets share two or three nodes 67 to 126 m apart, and the city chose one |
//! | Washington: 2,038 requests whose address alone is ambiguous, by their own coordinate | 37 % settled, 4 % contradicted, the rest left open |
//! | ... with streets out of the register: ambiguous requests taken for another street beside them | none of 330 |
//! | ... addresses without their quadrant, with one of a city's coordinates | 439 ambiguous, all told apart, none wrongly |
//! | 99 Dutch addresses in 53 spellings | 100 % found, none wrong |
//! | British Columbia: form of 495 texts, without a register | 95.4 %; 88.3 % against what its register made of them |

mod beside;
mod chain;
mod default_point;
mod evidence;
mod expression;
mod form;
mod fuzzy;
mod guesses;
mod known;
mod learned;
mod locate;
mod lookup;
mod named_asset;
mod normalise;
mod parse;
mod phrases;
mod register;
mod reverse;
mod rows;
mod score;
mod typing;
mod words;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::model::NONE;
use crate::model::address::Addresses;
use crate::model::asset::Asset;
use crate::model::kind::Language;
use crate::model::location::{Level, Placed};
use crate::model::street::Streets;
use crate::unit::Local;

pub use score::Fault;

/// How addresses and coordinates are trusted.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Score (0 to 100) from which a match is accepted. Default 70. Higher leaves more reports unplaced.
    pub accept_score: f64,
    /// Points by which the best match must lead another one elsewhere; otherwise it is ambiguous. Default 5.
    pub margin: f64,
    /// Metres between a given coordinate and the address from which they are said to disagree; more where the
    /// address itself is known less well. Default 100.
    pub disagree_beyond_m: f64,
    /// Share of a source's reports that must share one coordinate for it to be a default point. Default 0.005.
    pub default_point_share: f64,
    /// Reports that must share it at least. Default 20.
    pub default_point_reports: u32,
    /// Different addresses that reports on it must bear. Default 10. Apartment blocks have a few, default
    /// points hundreds.
    pub default_point_addresses: u32,
    /// Which to believe where a coordinate lies far from the address. Default `"coordinate"`; counted as an
    /// issue either way.
    pub conflict: Conflict,
    /// Whether reports that bear an address and a coordinate place those that bear only the address, where the
    /// register does not. Default true.
    pub learn: bool,
}

/// What becomes of a report whose coordinate and address name different places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// The coordinate is kept: right for apps, where the phone knows.
    #[default]
    Coordinate,
    /// The address is taken: right for desks, where somebody typed the address and clicked somewhere near.
    Address,
    /// Neither: the report is not placed.
    Drop,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            accept_score: 70.0,
            margin: 5.0,
            disagree_beyond_m: 100.0,
            default_point_share: 0.005,
            default_point_reports: 20,
            default_point_addresses: 10,
            conflict: Conflict::Coordinate,
            learn: true,
        }
    }
}

/// Where each report is; one column per property, parallel to
/// [`Reports`](crate::model::report::Reports).
#[derive(Debug, Clone, Default)]
pub struct Located {
    /// The position; [`Local::NOWHERE`] where there is none.
    pub at: Vec<Local>,
    /// What it rests on.
    pub placed: Vec<Placed>,
    /// How fine it is.
    pub level: Vec<Level>,
    /// Radius in metres that holds the true place in 95 of 100 cases; NaN where there is no position.
    pub accuracy_m: Vec<f32>,
    /// 100 less the penalties of all faults, for positions from an address; NaN for others.
    pub score: Vec<f32>,
    /// The matched address, as an index into [`Addresses`]; else
    /// [`NONE`].
    pub address: Vec<u32>,
}

/// What became of a question: one of the first four of a text alone, any of a row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// One place fits well enough.
    Accepted,
    /// Several places fit; none was chosen.
    Ambiguous,
    /// Something was found, but too much is wrong about it.
    Rejected,
    /// Nothing was found.
    None,
    /// The row came with a coordinate, which nothing contradicts.
    GivenKept,
    /// The row came with a coordinate that lies far from its address.
    Conflict,
    /// The row came with a default point; the address took its place.
    DefaultPointReplaced,
}

impl Status {
    /// As in `geo_status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Ambiguous => "ambiguous",
            Self::Rejected => "rejected",
            Self::None => "none",
            Self::GivenKept => "given_kept",
            Self::Conflict => "conflict",
            Self::DefaultPointReplaced => "default_point_replaced",
        }
    }
}

/// What was found for one address text, or one row of a table.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What became of it. Of texts alone, only those that were accepted have a position and a level.
    pub status: Status,
    /// How fine the position is.
    pub level: Level,
    /// The position; [`Local::NOWHERE`] where there is none.
    pub at: Local,
    /// Radius in metres that holds the true place in 95 of 100 cases; NaN where there is no position.
    pub accuracy_m: f64,
    /// 100 less the penalties of the best match's faults; NaN where nothing was found.
    pub score: f64,
    /// What was matched, as people write it; empty where nothing was.
    pub label: String,
    /// What is not as it should be about the best match.
    pub faults: Vec<Fault>,
    /// The matched address, as an index into the register; [`NONE`] for other levels.
    pub address: u32,
    /// What else it may be, best first, at most five: for ambiguous and rejected texts.
    pub candidates: Vec<String>,
}

impl Answer {
    fn nothing() -> Self {
        Self {
            status: Status::None,
            level: Level::None,
            at: Local::NOWHERE,
            accuracy_m: f64::NAN,
            score: f64::NAN,
            label: String::new(),
            faults: Vec::new(),
            address: NONE,
            candidates: Vec::new(),
        }
    }
}

/// Finds places by their address and addresses by their place.
#[derive(Debug)]
pub struct Geocoder<'a> {
    register: register::Register<'a>,
    options: Options,
    /// What reports may name by its number.
    assets: named_asset::Assets,
    /// Built when the first label is asked for.
    labels: OnceLock<reverse::Labels>,
    /// Rows by postcode, built when the first postcode is asked for.
    postcodes: OnceLock<FxHashMap<String, Vec<u32>>>,
    /// Ways at each node, built when the first end of a street is asked for.
    ways_at: OnceLock<Vec<u16>>,
}

/// How many candidates an answer lists.
const CANDIDATES: usize = 5;

impl<'a> Geocoder<'a> {
    /// A geocoder on a register and streets; either may be empty.
    pub fn build(addresses: &'a Addresses, streets: &'a Streets, options: &Options) -> Self {
        let register = register::Register::build(addresses, streets);
        Self {
            register,
            options: options.clone(),
            assets: named_asset::Assets::default(),
            labels: OnceLock::new(),
            postcodes: OnceLock::new(),
            ways_at: OnceLock::new(),
        }
    }

    /// The same, and it finds assets that a text names by their number.
    #[must_use]
    pub fn with_assets(mut self, assets: &[Asset]) -> Self {
        self.assets = named_asset::Assets::new(assets);
        self
    }

    /// Accepts the best hit if it is good enough and nothing elsewhere is nearly as good.
    fn decide(&self, mut hits: Vec<lookup::Hit>) -> Answer {
        hits.sort_by(lookup::Hit::by_score);
        let is_confirmed_guess = |hit: &lookup::Hit| hit.is_guess() && !hit.is_doubtful();
        // Of misspelt streets that something confirms, the likeliest is the best, whatever its number of wrong letters.
        if hits.first().is_some_and(is_confirmed_guess) {
            let mut best = 0;
            for index in (1..hits.len()).filter(|&index| is_confirmed_guess(&hits[index])) {
                if hits[index].plausibility() > hits[best].plausibility() {
                    best = index;
                }
            }
            hits[..=best].rotate_right(1);
        }
        let Some(best) = hits.first() else { return Answer::nothing() };
        let elsewhere_m = |hit: &lookup::Hit| {
            let allowed_m = |hit: &lookup::Hit| score::accuracy_m(hit.level, hit.extent_m);
            SAME_PLACE_M.max(allowed_m(best)).max(allowed_m(hit))
        };
        let both_guessed = |hit: &lookup::Hit| best.is_guess() && hit.is_guess();
        let is_elsewhere = |hit: &&lookup::Hit| hit.at.distance_m(best.at) > elsewhere_m(hit);
        let elsewhere = || hits.iter().filter(is_elsewhere);
        let others = elsewhere().filter(|hit| both_guessed(hit) && !hit.is_doubtful());
        let doubt: f64 = others.map(|hit| (hit.plausibility() - best.plausibility()).exp()).sum();
        // What uses every word of the text is not doubted for what leaves some of them over.
        let leaves_words = |hit: &lookup::Hit| {
            hit.faults.contains(&Fault::LocalityUnknown) && !best.faults.contains(&Fault::LocalityUnknown)
        };
        let is_near_in_score = |hit: &lookup::Hit| {
            !both_guessed(hit) && !leaves_words(hit) && hit.score() > best.score() - self.options.margin
        };
        let has_rival = doubt > DOUBT || elsewhere().any(is_near_in_score);
        let is_good = best.score() >= self.options.accept_score;
        // A street of the very name, if only its number were known there, speaks against a misspelt one.
        let contradicts = |hit: &lookup::Hit| {
            let has = |fault: Fault| hit.faults.contains(&fault);
            // `12 Wal kHill Street` is not number 12 Wal of a Hill Street that has no 12.
            let is_leftover = has(Fault::NumberNotFound) && has(Fault::SuffixNotMatched);
            let is_good = !hit.is_guess() && hit.score() >= self.options.accept_score;
            // Nor is K Street meant where G Street is asked for, however near a part of that lies.
            let is_elsewhere = hit.level == Level::Street || hit.at.distance_m(best.at) > elsewhere_m(hit);
            is_good && !is_leftover && is_elsewhere
        };
        // A street that lacks the number is doubted for one that has it and is called the same but for a letter.
        let lacks_number = !best.is_guess() && best.faults.contains(&Fault::NumberNotFound);
        let is_contradicted = if best.is_guess() {
            hits.iter().any(contradicts)
        } else {
            lacks_number && hits.iter().any(lookup::Hit::is_one_letter_off)
        };
        let mut answer = Answer { score: best.score(), faults: best.faults.clone(), ..Answer::nothing() };
        answer.status = match (is_good, has_rival) {
            (true, false) if !is_contradicted => Status::Accepted,
            (true, _) => Status::Ambiguous,
            (false, _) if best.faults.contains(&Fault::Uncorroborated) => Status::Ambiguous,
            (false, _) => Status::Rejected,
        };
        if answer.status == Status::Accepted {
            let near_m = if best.faults.contains(&Fault::NearOnly) { score::NEAR_M } else { 0.0 };
            answer.level = best.level;
            answer.at = best.at;
            answer.accuracy_m = score::accuracy_m(best.level, best.extent_m) + near_m;
            answer.label.clone_from(&best.label);
            answer.address = best.address;
        } else {
            for hit in &hits {
                if !answer.candidates.contains(&hit.label) && answer.candidates.len() < CANDIDATES {
                    answer.candidates.push(hit.label.clone());
                }
            }
        }
        answer
    }

    /// What people call a place, in `language`: a crossing, the nearest address within 50 m, the street, or near
    /// one of these; empty where nothing is known.
    pub fn label(&self, at: Local, language: Language) -> String {
        self.labels().label(at, self.register.addresses, self.register.streets, language)
    }

    fn labels(&self) -> &reverse::Labels {
        self.labels.get_or_init(|| reverse::Labels::build(self.register.addresses, self.register.streets))
    }
}

/// Hits nearer to each other than this mean the same place.
const SAME_PLACE_M: f64 = 50.0;

/// How likely other misspelt streets together may be, the best one being 1: nine times of ten it is the one.
const DOUBT: f64 = 1.0 / 9.0;

#[cfg(test)]
mod evaluation;
#[cfg(test)]
mod tests;
