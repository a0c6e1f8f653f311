//! Reports in, where each of them is out.
//!
//! A coordinate that came with the report is kept unless it is a default point; then the number of an asset, the
//! address by the register, the address by other reports that bear it, in the order of how fine they are.

use rayon::prelude::*;

use super::learned::{Learned, Place};
use super::{Answer, Conflict, Geocoder, Located, Status, default_point, normalise, score};
use crate::issue::{Code, Issues};
use crate::model::location::{Level, Placed};
use crate::model::report::Reports;
use crate::model::{NONE, some};
use crate::progress::Progress;
use crate::unit::Local;

impl Geocoder<'_> {
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
        let mut found: Vec<Found> = words.par_iter().map(look_up).collect();

        // 2. What the register does not place finely, by other reports with the same street.
        let is_default = default_point::find(reports, &self.options);
        if self.options.learn {
            self.learn(reports, &is_default, &words, &mut found);
        }

        // 3. Every report by its coordinate, else by its address.
        let mut located = Located::default();
        for (report, is_default) in is_default.into_iter().enumerate() {
            let (given, word) = (reports.given[report], reports.address[report]);
            let found =
                some(word).map(|_| &found[words.binary_search(&word).expect("every word was looked up")]);
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
                match (agreed, self.options.conflict) {
                    (Some(Agreement::Far), Conflict::Address) => {}
                    (Some(Agreement::Far), Conflict::Drop) => {
                        located.push(&Found::nothing());
                        continue;
                    }
                    (agreed, _) => {
                        let address = found
                            .filter(|_| agreed == Some(Agreement::Near))
                            .map_or(NONE, |found| found.address);
                        located.push(&Found::given(given, address));
                        continue;
                    }
                }
            }
            let is_placed = |found: &&Found| found.status == Status::Accepted;
            let in_text = || self.asset_in(text_of(reports, report));
            if let Some(found) = found.filter(is_placed) {
                located.push(found);
            } else if let Some(asset) = in_text() {
                located.push(&asset);
            } else {
                match found.map(|found| found.status) {
                    Some(Status::Ambiguous) => issue("address", Code::AddressAmbiguous, ""),
                    Some(_) => issue("address", Code::AddressNotFound, ""),
                    None => issue("", Code::NoPlace, ""),
                }
                located.push(&Found::nothing());
            }
        }
        located
    }

    /// Whether a given coordinate and an address mean the same place. What other reports say does not count: they
    /// may be the ones that are wrong.
    fn agrees(&self, given: Local, found: &Found) -> Agreement {
        let allowed_m = self.options.disagree_beyond_m.max(f64::from(found.accuracy_m));
        match found.status {
            Status::Accepted if found.placed == Placed::Learned => Agreement::Unknown,
            Status::Accepted if found.at.distance_m(given) > allowed_m => Agreement::Far,
            Status::Accepted => Agreement::Near,
            _ => Agreement::Unknown,
        }
    }

    /// Places by other reports what reports without a coordinate of their own need.
    fn learn(&self, reports: &Reports, is_default: &[bool], words: &[u32], found: &mut [Found]) {
        let place_of = |word: u32| words.binary_search(&word).expect("every word was looked up");
        let mut needs = vec![false; words.len()];
        let mut trusted: Vec<(usize, Local)> = Vec::new();
        for (report, &is_default) in is_default.iter().enumerate() {
            let word = reports.address[report];
            if word == NONE {
                continue;
            }
            let (place, given) = (place_of(word), reports.given[report]);
            if !given.is_somewhere() || is_default {
                needs[place] |= !(found[place].status == Status::Accepted && found[place].level.is_point());
            } else if self.agrees(given, &found[place]) != Agreement::Far {
                trusted.push((place, given));
            }
        }
        if !needs.contains(&true) {
            return;
        }
        trusted.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let by_text = trusted
            .chunk_by(|a, b| a.0 == b.0)
            .map(|rows| (reports.words.get(words[rows[0].0]), rows.iter().map(|&(_, at)| at).collect()));
        let learned = Learned::new(by_text);
        found.par_iter_mut().zip(words).zip(needs).filter(|(_, needs)| *needs).for_each(
            |((found, &word), _)| {
                if let Some(place) = learned.find(reports.words.get(word)) {
                    let is_finer = found.status != Status::Accepted
                        || place.level.is_point()
                        || place.accuracy_m < f64::from(found.accuracy_m);
                    if is_finer {
                        *found = Found::learned(place);
                    }
                }
            },
        );
    }

    /// The asset that free text names by its number.
    fn asset_in(&self, text: &str) -> Option<Found> {
        let folded = normalise::fold(text);
        self.named_asset(&normalise::tokens(&folded)).map(|answer| Found::of(&answer))
    }
}

/// An answer without its words: there may be a million of them.
#[derive(Debug, Clone)]
struct Found {
    status: Status,
    placed: Placed,
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

    fn nothing() -> Self {
        Self::of(&Answer::nothing())
    }

    /// A coordinate that came with the report, and the address that agrees with it.
    fn given(at: Local, address: u32) -> Self {
        let (placed, level) = (Placed::Given, Level::Point);
        let accuracy_m = metres(score::accuracy_m(level, 0.0));
        Self { placed, at, level, accuracy_m, address, ..Self::nothing() }
    }

    /// Where other reports put it.
    fn learned(place: Place) -> Self {
        let (status, placed) = (Status::Accepted, Placed::Learned);
        let Place { at, level, accuracy_m } = place;
        Self { status, placed, at, level, accuracy_m: metres(accuracy_m), ..Self::nothing() }
    }
}

impl Located {
    fn push(&mut self, found: &Found) {
        self.at.push(found.at);
        self.placed.push(found.placed);
        self.level.push(found.level);
        self.accuracy_m.push(found.accuracy_m);
        self.score.push(if found.placed == Placed::None { f32::NAN } else { found.score });
        self.address.push(if found.placed == Placed::None { NONE } else { found.address });
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a radius or score needs no more digits")]
fn metres(value: f64) -> f32 {
    value as f32
}

/// The free text of a report; sources without any leave the column empty.
fn text_of(reports: &Reports, report: usize) -> &str {
    if report < reports.text.len() { reports.text.get(report) } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geocode::Options;
    use crate::geocode::tests::{at, reports, town};
    use crate::progress::Silent;

    #[test]
    fn a_coordinate_far_from_its_address_gives_way_as_the_project_says() {
        let (addresses, streets) = town();
        let reports = reports([(at(900.0, 0.0), "Kerkstraat 12 Dorp")]);
        let expected = [
            (Conflict::Coordinate, Placed::Given, Some(at(900.0, 0.0))),
            (Conflict::Address, Placed::Address, Some(at(120.0, 8.0))),
            (Conflict::Drop, Placed::None, None),
        ];
        for (conflict, placed, place) in expected {
            let options = Options { conflict, ..Options::default() };
            let mut issues = Issues::new();
            let located =
                Geocoder::build(&addresses, &streets, &options).locate(&reports, &mut issues, &Silent);
            assert_eq!(located.placed, [placed]);
            assert_eq!(Some(located.at[0]).filter(|at| at.is_somewhere()), place);
            assert_eq!(issues.count(Code::CoordinateFarFromAddress), 1);
        }
    }

    #[test]
    fn a_report_without_a_coordinate_lies_where_others_with_its_address_do() {
        let (addresses, streets) = town();
        let rows = [
            (at(500.0, 500.0), "Elm Street 4"),
            (at(502.0, 500.0), "Elm Street 4"),
            (Local::NOWHERE, "Elm St 4"),
        ];
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        let located = geocoder.locate(&reports(rows), &mut Issues::new(), &Silent);
        assert_eq!((located.placed[2], located.level[2]), (Placed::Learned, Level::Reported));
        assert!(located.at[2].distance_m(at(500.0, 500.0)) <= 2.0);
    }
}
