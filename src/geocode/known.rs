//! Reports in, what is known about the place of each out: its own coordinate and whether that is a default point, what
//! its address means, how the two go together, and where other reports with that address lie. Which of these is
//! believed is not decided here.
//!
//! Every distinct address is looked up once, however many reports bear it. Only where the register leaves open which
//! place an address means, or puts it far from where the reporter stood, is it asked once more, for all coordinates
//! that came with it at once.

use rayon::prelude::*;

use super::beside::Beside;
use super::learned::{Learned, Place};
use super::lookup::Spelling;
use super::{Answer, Geocoder, Status, default_point, score};
use crate::model::location::{Level, Placed};
use crate::model::report::Reports;
use crate::model::{NONE, some};
use crate::progress::Progress;
use crate::unit::Local;

/// An answer without its words: there may be a million of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) status: Status,
    pub(super) placed: Placed,
    pub(super) at: Local,
    pub(super) level: Level,
    pub(super) accuracy_m: f32,
    pub(super) score: f32,
    pub(super) address: u32,
}

/// What was found for an address, and what is kept of the answer besides.
#[derive(Debug, Clone)]
pub(super) struct Meant<K> {
    pub(super) found: Found,
    pub(super) kept: K,
}

/// How a given coordinate and an address go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    Near,
    Far,
    /// The address itself was not found, or there is no coordinate of which anything is known.
    Unknown,
}

/// What a report's own coordinate says about an address that leaves something open.
#[derive(Debug)]
enum Told<K> {
    /// It means this one, and lies so many metres from it.
    One(Box<Meant<K>>, f64),
    /// It lies far from all that the address can mean.
    Far,
}

/// What is known about all reports.
#[derive(Debug)]
pub(super) struct Known<K> {
    /// The distinct addresses, ascending.
    words: Vec<u32>,
    /// What each of them means by itself.
    meant: Vec<Meant<K>>,
    /// Where other reports put it, for those that a report without a coordinate needs.
    learned: Vec<Option<Place>>,
    /// Reports whose own coordinate tells more, ascending.
    told: Vec<(u32, Told<K>)>,
    /// Whether the coordinate of each report is a default point.
    pub(super) is_default: Vec<bool>,
    /// Metres between a coordinate and an address from which they disagree.
    disagree_beyond_m: f64,
}

/// What is known about one report.
#[derive(Debug)]
pub(super) struct About<'k, K> {
    /// Its own coordinate, unless that is a default point; [`Local::NOWHERE`] where there is none.
    pub(super) given: Local,
    pub(super) is_default: bool,
    /// What its address means, by its own coordinate where that tells more; `None` without an address.
    pub(super) meant: Option<&'k Meant<K>>,
    pub(super) agreement: Agreement,
    /// Where other reports with its address lie, if it has no coordinate and that is finer.
    pub(super) learned: Option<Place>,
}

impl Geocoder<'_> {
    /// Looks every address up and holds it against the coordinates; `keep` says what to keep of each answer besides
    /// its place.
    pub(super) fn know<K: Send + Sync>(
        &self,
        reports: &Reports,
        keep: &(impl Fn(Answer) -> K + Sync),
        progress: &dyn Progress,
    ) -> Known<K> {
        let mut words: Vec<u32> = reports.address.iter().copied().filter(|&word| word != NONE).collect();
        words.sort_unstable();
        words.dedup();
        progress.begin("geocode", words.len() as u64);
        let look_up = |&word: &u32| {
            let meant = Meant::of(self.find(reports.words.get(word)), keep);
            progress.advance(1);
            meant
        };
        let mut known = Known {
            meant: words.par_iter().map(look_up).collect(),
            learned: vec![None; words.len()],
            words,
            told: Vec::new(),
            is_default: default_point::find(reports, &self.options),
            disagree_beyond_m: self.options.disagree_beyond_m,
        };
        known.told = self.told(reports, &known, keep);
        if self.options.learn {
            known.learn(reports);
        }
        known
    }

    /// What coordinates say about addresses that fit several places, or lie far off.
    fn told<K: Send + Sync>(
        &self,
        reports: &Reports,
        known: &Known<K>,
        keep: &(impl Fn(Answer) -> K + Sync),
    ) -> Vec<(u32, Told<K>)> {
        let mut asked: Vec<(usize, Local, u32)> = Vec::new();
        for (report, index) in (0u32..).zip(0..reports.len()) {
            let about = known.about(reports, index);
            let Some(place) = known.place(reports, index).filter(|_| about.given.is_somewhere()) else {
                continue;
            };
            if known.meant[place].found.status == Status::Ambiguous || about.agreement == Agreement::Far {
                asked.push((place, about.given, report));
            }
        }
        asked.par_sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let by_address: Vec<&[(usize, Local, u32)]> = asked.chunk_by(|a, b| a.0 == b.0).collect();
        let tell = |rows: &&[(usize, Local, u32)]| {
            let place = rows[0].0;
            let is_open = known.meant[place].found.status == Status::Ambiguous;
            // An address that the register has is not doubted for a misspelt one.
            let spelling = if is_open { Spelling::Wrong } else { Spelling::Right };
            let given: Vec<Local> = rows.iter().map(|&(_, at, _)| at).collect();
            let verdicts = self.beside(reports.words.get(known.words[place]), &given, spelling);
            let told = rows.iter().zip(verdicts).filter_map(|(&(_, _, report), verdict)| {
                let told = match verdict {
                    Beside::One(answer, apart_m) => Told::One(Box::new(Meant::of(answer, keep)), apart_m),
                    Beside::None if is_open => Told::Far,
                    Beside::None | Beside::Untold => return None,
                };
                Some((report, told))
            });
            told.collect::<Vec<_>>()
        };
        let mut told: Vec<(u32, Told<K>)> = by_address.par_iter().flat_map_iter(tell).collect();
        told.sort_unstable_by_key(|&(report, _)| report);
        told
    }
}

impl<K: Send + Sync> Known<K> {
    /// The number of a report's address among the distinct ones.
    fn place(&self, reports: &Reports, report: usize) -> Option<usize> {
        let word = reports.address[report];
        some(word).map(|_| self.words.binary_search(&word).expect("every word was looked up"))
    }

    /// What is known about the report at `index`.
    pub(super) fn about(&self, reports: &Reports, index: usize) -> About<'_, K> {
        let is_default = self.is_default[index];
        let given = if is_default { Local::NOWHERE } else { reports.given[index] };
        let place = self.place(reports, index);
        let meant = place.map(|place| &self.meant[place]);
        let learned = place.and_then(|place| self.learned[place]).filter(|_| !given.is_somewhere());
        let about = About { given, is_default, meant, agreement: Agreement::Unknown, learned };
        if !given.is_somewhere() {
            return about;
        }
        let told = self.told.binary_search_by_key(&index, |&(report, _)| report as usize);
        match told.ok().map(|row| &self.told[row].1) {
            Some(Told::One(meant, apart_m)) => {
                let agreement = self.agreement(&meant.found, *apart_m);
                About { meant: Some(meant), agreement, ..about }
            }
            Some(Told::Far) => About { agreement: Agreement::Far, ..about },
            None => {
                let found = meant.map(|meant| &meant.found).filter(|found| found.status == Status::Accepted);
                let agreement = found.map(|found| self.agreement(found, found.at.distance_m(given)));
                About { agreement: agreement.unwrap_or(Agreement::Unknown), ..about }
            }
        }
    }

    fn agreement(&self, found: &Found, apart_m: f64) -> Agreement {
        let allowed_m = self.disagree_beyond_m.max(f64::from(found.accuracy_m));
        if apart_m > allowed_m { Agreement::Far } else { Agreement::Near }
    }

    /// Learns from reports with an address and a coordinate the places of those with an address alone.
    fn learn(&mut self, reports: &Reports) {
        let mut needs = vec![false; self.words.len()];
        let mut trusted: Vec<(usize, Local)> = Vec::new();
        for report in 0..reports.len() {
            let Some(place) = self.place(reports, report) else { continue };
            let About { given, agreement, .. } = self.about(reports, report);
            if !given.is_somewhere() {
                let found = &self.meant[place].found;
                needs[place] |= !(found.status == Status::Accepted && found.level.is_point());
            } else if agreement != Agreement::Far {
                trusted.push((place, given));
            }
        }
        if !needs.contains(&true) {
            return;
        }
        trusted.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let by_text = trusted
            .chunk_by(|a, b| a.0 == b.0)
            .map(|rows| (reports.words.get(self.words[rows[0].0]), rows.iter().map(|&(_, at)| at).collect()));
        let learned = Learned::new(by_text);
        let find = |((&word, meant), needs): ((&u32, &Meant<K>), &bool)| {
            let place = needs.then(|| learned.find(reports.words.get(word))).flatten()?;
            let is_finer = meant.found.status != Status::Accepted
                || place.level.is_point()
                || place.accuracy_m < f64::from(meant.found.accuracy_m);
            is_finer.then_some(place)
        };
        self.learned = self.words.par_iter().zip(&self.meant).zip(&needs).map(find).collect();
    }
}

impl<K> Meant<K> {
    fn of(answer: Answer, keep: &impl Fn(Answer) -> K) -> Self {
        Self { found: Found::of(&answer), kept: keep(answer) }
    }
}

impl Found {
    pub(super) fn of(answer: &Answer) -> Self {
        let placed = match (answer.status, answer.level) {
            (Status::Accepted, Level::Asset) => Placed::Asset,
            (Status::Accepted, _) => Placed::Address,
            _ => Placed::None,
        };
        Self {
            status: answer.status,
            placed,
            at: answer.at,
            level: answer.level,
            accuracy_m: metres(answer.accuracy_m),
            score: metres(answer.score),
            address: answer.address,
        }
    }

    pub(super) fn nothing() -> Self {
        Self::of(&Answer::nothing())
    }

    /// A coordinate that came with the report, and the address that agrees with it.
    pub(super) fn given(at: Local, address: u32) -> Self {
        let (placed, level) = (Placed::Given, Level::Point);
        let accuracy_m = metres(score::accuracy_m(level, 0.0));
        Self { placed, at, level, accuracy_m, address, ..Self::nothing() }
    }

    /// Where other reports put it.
    pub(super) fn learned(place: Place) -> Self {
        let (status, placed) = (Status::Accepted, Placed::Learned);
        let Place { at, level, accuracy_m } = place;
        Self { status, placed, at, level, accuracy_m: metres(accuracy_m), ..Self::nothing() }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a radius or score needs no more digits")]
fn metres(value: f64) -> f32 {
    value as f32
}
