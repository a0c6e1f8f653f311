//! Reports in, a [`Located`] out: where each one is, on what that rests, and how sure it is.
//!
//! A coordinate that came with a report is kept, unless it is a default point; the address is then only
//! compared with it. A report without a usable coordinate is placed by its address: exact street, known
//! abbreviations, house number in the register or between its neighbours, ranges, crossings. What fits
//! several places is ambiguous and stays unplaced. Misspelt streets are not guessed at: on every register
//! tried, a fuzzy street alone put 7 to 44 % of streets that do not exist somewhere.

mod default_point;
mod evidence;
mod fuzzy;
mod lookup;
mod normalise;
mod parse;
mod register;
mod reverse;
mod score;
mod words;

use std::sync::OnceLock;

use rayon::prelude::*;
use serde::Deserialize;

use crate::issue::{Code, Issues};
use crate::model::address::Addresses;
use crate::model::location::{Level, Placed};
use crate::model::report::Reports;
use crate::model::street::Streets;
use crate::model::{NONE, some};
use crate::progress::Progress;
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
        }
    }
}

/// Where each report is; one column per property, parallel to [`Reports`].
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

/// What became of a question.
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
}

impl Status {
    /// As in `geo_status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Ambiguous => "ambiguous",
            Self::Rejected => "rejected",
            Self::None => "none",
        }
    }
}

/// What was found for one address text.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What became of it. Only an accepted answer has a position and a level.
    pub status: Status,
    /// How fine the position is.
    pub level: Level,
    /// The position; [`Local::NOWHERE`] unless accepted.
    pub at: Local,
    /// Radius in metres that holds the true place in 95 of 100 cases; NaN unless accepted.
    pub accuracy_m: f64,
    /// 100 less the penalties of the best match's faults; NaN where nothing was found.
    pub score: f64,
    /// What was matched, as people write it; empty unless accepted.
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
    /// Built when the first label is asked for.
    labels: OnceLock<reverse::Labels>,
}

/// How many candidates an answer lists.
const CANDIDATES: usize = 5;

impl<'a> Geocoder<'a> {
    /// A geocoder on a register and streets; either may be empty.
    pub fn build(addresses: &'a Addresses, streets: &'a Streets, options: &Options) -> Self {
        let register = register::Register::build(addresses, streets);
        Self { register, options: options.clone(), labels: OnceLock::new() }
    }

    /// Places every report.
    ///
    /// # Panics
    /// Never: every address of the reports is looked up first.
    pub fn locate(&self, reports: &Reports, issues: &mut Issues, progress: &dyn Progress) -> Located {
        // 1. Every distinct address once, however many reports bear it.
        let mut words: Vec<u32> = reports.address.iter().copied().filter(|&word| word != NONE).collect();
        words.sort_unstable();
        words.dedup();
        progress.begin("geocode", words.len() as u64);
        let look_up = |&word: &u32| {
            let found = Found::of(&self.find(reports.words.get(word)));
            progress.advance(1);
            found
        };
        let found: Vec<Found> = words.par_iter().map(look_up).collect();

        // 2. Every report by its coordinate, else by its address.
        let mut located = Located::default();
        for (report, is_default) in default_point::find(reports, &self.options).into_iter().enumerate() {
            let (given, word) = (reports.given[report], reports.address[report]);
            let place = some(word).map(|_| words.binary_search(&word).expect("every word was looked up"));
            let found = place.map(|place| &found[place]);
            let mut issue = |column: &str, code: Code, value: &str| {
                let source = &reports.sources[usize::from(reports.source[report])];
                issues.add(source, u64::from(reports.row[report]), column, code, value);
            };
            let pair = || format!("{:.1} {:.1}", given.x, given.y);
            if is_default {
                issue("coordinate", Code::DefaultPoint, &pair());
            }
            if given.is_somewhere() && !is_default {
                let agreed = found.map(|found| self.agrees(given, found));
                if agreed == Some(Agreement::Far) {
                    issue("coordinate", Code::CoordinateFarFromAddress, &pair());
                }
                let address =
                    found.filter(|_| agreed == Some(Agreement::Near)).map_or(NONE, |found| found.address);
                located.push(Placed::Given, &Found::given(given, address));
                continue;
            }
            match found.map(|found| (found.status, found)) {
                Some((Status::Accepted, found)) => {
                    located.push(Placed::Address, found);
                    continue;
                }
                Some((Status::Ambiguous, _)) => issue("address", Code::AddressAmbiguous, ""),
                Some(_) => issue("address", Code::AddressNotFound, ""),
                None => issue("", Code::NoPlace, ""),
            }
            located.push(Placed::None, &Found::of(&Answer::nothing()));
        }
        located
    }

    /// Whether a given coordinate and an address mean the same place.
    fn agrees(&self, given: Local, found: &Found) -> Agreement {
        let allowed_m = self.options.disagree_beyond_m.max(f64::from(found.accuracy_m));
        match found.status {
            Status::Accepted if found.at.distance_m(given) > allowed_m => Agreement::Far,
            Status::Accepted => Agreement::Near,
            _ => Agreement::Unknown,
        }
    }

    /// What an address text means.
    pub fn find(&self, text: &str) -> Answer {
        let folded = normalise::fold(text);
        let tokens = normalise::tokens(&folded);
        let is_postcode = |code: &str| self.register.postcodes.contains_key(code);
        // `Achter de Dom 4` is behind the cathedral, unless there is a street of that name: it goes first.
        let literal = self.read(&parse::strip(tokens.clone(), false, is_postcode));
        if literal.status == Status::Accepted {
            return literal;
        }
        let text = parse::strip(tokens, true, is_postcode);
        if text.is_near || text.is_crossing { self.read(&text) } else { literal }
    }

    fn read(&self, text: &parse::Text<'_>) -> Answer {
        let asked = lookup::Asked { postcode: &text.postcode, is_near: text.is_near };
        let mut hits = Vec::new();
        let readings = parse::readings(text);
        for reading in &readings {
            self.register.look_up(reading, lookup::Spelling::Right, &asked, &mut hits);
            let is_perfect = |hit: &lookup::Hit| hit.faults.is_empty() && hit.level <= Level::Rooftop;
            if hits.iter().any(is_perfect) {
                break;
            }
        }
        // Letters are only doubted where the text as it stands leads nowhere near.
        let is_settled = |hit: &lookup::Hit| hit.level.is_point() && hit.score() >= SETTLED_SCORE;
        if !hits.iter().any(is_settled) {
            for reading in &readings {
                self.register.look_up(reading, lookup::Spelling::Wrong, &asked, &mut hits);
            }
        }
        self.decide(hits)
    }

    /// Accepts the best hit if it is good enough and nothing elsewhere is nearly as good.
    fn decide(&self, mut hits: Vec<lookup::Hit>) -> Answer {
        hits.sort_by(|a, b| {
            let by_score = b.score().total_cmp(&a.score());
            by_score
                .then(a.level.cmp(&b.level))
                .then_with(|| a.label.cmp(&b.label))
                .then(a.at.total_cmp(&b.at))
        });
        let Some(best) = hits.first() else { return Answer::nothing() };
        let elsewhere_m = |hit: &lookup::Hit| {
            let allowed_m = |hit: &lookup::Hit| score::accuracy_m(hit.level, hit.extent_m);
            SAME_PLACE_M.max(allowed_m(best)).max(allowed_m(hit))
        };
        let is_rival = |hit: &&lookup::Hit| {
            hit.score() > best.score() - self.options.margin && hit.at.distance_m(best.at) > elsewhere_m(hit)
        };
        let has_rival = hits.iter().any(|hit| is_rival(&hit));
        let is_good = best.score() >= self.options.accept_score;
        let is_guess = |hit: &lookup::Hit| hit.faults.contains(&Fault::StreetMisspelt);
        // A street of the very name, if only its number were known there, speaks against a misspelt one.
        let contradicts = |hit: &lookup::Hit| {
            let has = |fault: Fault| hit.faults.contains(&fault);
            // `12 Wal kHill Street` is not number 12 Wal of a Hill Street that has no 12.
            let is_leftover = has(Fault::NumberNotFound) && has(Fault::SuffixNotMatched);
            let is_good = !is_guess(hit) && hit.score() >= self.options.accept_score;
            is_good && !is_leftover && hit.at.distance_m(best.at) > elsewhere_m(hit)
        };
        let is_contradicted = is_guess(best) && hits.iter().any(contradicts);
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

    /// What people call a place: `A / B` at a crossing, the nearest address within 50 m, the street, `near`
    /// something; empty where nothing is known.
    pub fn label(&self, at: Local) -> String {
        let (addresses, streets) = (self.register.addresses, self.register.streets);
        self.labels.get_or_init(|| reverse::Labels::build(addresses, streets)).label(at, addresses, streets)
    }
}

/// A place found with this score by a name as it stands needs no guesses beside it.
const SETTLED_SCORE: f64 = 90.0;

/// Hits nearer to each other than this mean the same place.
const SAME_PLACE_M: f64 = 50.0;

/// An answer without its words: there may be a million of them.
#[derive(Debug, Clone)]
struct Found {
    status: Status,
    at: Local,
    level: Level,
    accuracy_m: f32,
    score: f32,
    address: u32,
}

/// How a given coordinate and an address go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Near,
    Far,
    /// The address itself was not found.
    Unknown,
}

impl Found {
    fn of(answer: &Answer) -> Self {
        Self {
            status: answer.status,
            at: answer.at,
            level: answer.level,
            accuracy_m: metres(answer.accuracy_m),
            score: metres(answer.score),
            address: answer.address,
        }
    }

    /// A coordinate that came with the report, and the address that agrees with it.
    fn given(at: Local, address: u32) -> Self {
        let level = Level::Point;
        let accuracy_m = metres(score::accuracy_m(level, 0.0));
        Self { at, level, accuracy_m, address, ..Self::of(&Answer::nothing()) }
    }
}

impl Located {
    fn push(&mut self, placed: Placed, found: &Found) {
        self.at.push(found.at);
        self.placed.push(placed);
        self.level.push(found.level);
        self.accuracy_m.push(found.accuracy_m);
        self.score.push(found.score);
        self.address.push(found.address);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a radius or score needs no more digits")]
fn metres(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests;
