//! Places and what people wrote in; a few words that set the reports of each place apart out.
//!
//! What people wrote is private, and these words are all of it that ever leaves the program. So a word is taken only
//! where nobody can be known by it: at least three incidents of the place, reported in different texts, bear it, and
//! at least three reports from elsewhere; most reports that bear it write it in lower case, which they do not do with
//! names (nor with German nouns: those are lost); it is no common given name (nor one with an s, as in `peters`); no digit, `@` or web address is near it;
//! and what follows a greeting, a title or "my name is" is not looked at. Words of the categories themselves say
//! nothing new and are left out with the stop words. What is left of the risk is a rare surname that several people
//! write small, here and elsewhere; `words = 0` under `[hotspots.places]` leaves all words out.
//!
//! # References
//! Grootendorst (2022), `BERTopic`: neural topic modeling with a class-based TF-IDF procedure, arXiv:2203.05794,
//! section 3.3. Here a class is a place, and a text counts a word once, so that no single text can set the tone.

use std::hash::BuildHasher;

use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::dedupe::Incidents;
use crate::hotspots::Hotspots;
use crate::model::kind::{Kind, Language};
use crate::model::report::Reports;

/// A word is borne by so many incidents of a place and so many reports elsewhere.
const FEWEST: u32 = 3;
/// A word sets a place apart when it is so many times as common there as everywhere.
const LEAST_LIFT: f64 = 2.0;
/// Shorter and longer words say nothing.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=24;
/// So many words after one that announces a name are not looked at.
const NAME_WORDS: u32 = 3;
/// Words that carry no meaning, and those that announce a name.
const LISTS: &str = include_str!("words/lists.txt");

/// Fills in the words of every place, `most` at most.
pub fn describe(found: &mut Hotspots, reports: &Reports, incidents: &Incidents, most: u32) {
    if most == 0 || found.places.is_empty() || reports.text.iter().all(str::is_empty) {
        return;
    }
    let reader = Reader::new(reports);
    let reports_of = by_incident(incidents);
    let classes: Vec<Class> = found
        .places
        .par_iter()
        .map(|place| {
            let members = &found.hotspots[place.leader()].incidents;
            Class::of(&reader, members.iter().map(|&incident| &reports_of[incident as usize][..]))
        })
        .collect();
    let vocabulary = Vocabulary::of(&reader, &classes);
    for (place, class) in found.places.iter_mut().zip(&classes) {
        place.words = vocabulary.best(class, classes.len(), most as usize);
    }
}

/// The reports of each incident, ascending.
fn by_incident(incidents: &Incidents) -> Vec<Vec<u32>> {
    let mut reports_of = vec![Vec::new(); incidents.len()];
    for (report, &incident) in (0u32..).zip(&incidents.of_report) {
        reports_of[incident as usize].push(report);
    }
    reports_of
}

/// Reads texts word by word.
struct Reader<'a> {
    reports: &'a Reports,
    /// Words that are never taken.
    dull: FxHashSet<String>,
    /// Words after which a name follows.
    announces: FxHashSet<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(reports: &'a Reports) -> Self {
        let (stop_words, announcing) = LISTS.split_once("# names\n").expect("the list has both parts");
        let listed = |part: &'static str| {
            part.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
        };
        let mut categories: Vec<u32> = reports.category.clone();
        categories.sort_unstable();
        categories.dedup();
        let labels = Kind::ALL.iter().flat_map(|kind| {
            [kind.label(Language::En), kind.label(Language::Nl), kind.name(), kind.family().name()]
        });
        let own = labels.chain(categories.iter().map(|&category| reports.words.get(category)));
        let own = own.flat_map(|label| label.split(|c: char| !c.is_alphabetic())).map(str::to_lowercase);
        Self {
            reports,
            dull: own.chain(listed(stop_words).map(str::to_owned)).collect(),
            announces: listed(announcing).collect(),
        }
    }

    /// The words of a report that could be taken, in lower case, each with whether it was written so.
    fn each_word(&self, report: u32, mut take: impl FnMut(String, bool)) {
        let mut names_left = 0u32;
        for chunk in self.reports.text.get(report as usize).split_whitespace() {
            let is_private = |c: char| c.is_ascii_digit() || c.is_numeric() || c == '@';
            if chunk.contains(is_private) || chunk.contains("://") || chunk.contains("www.") {
                continue;
            }
            for written in chunk.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
                let word = written.to_lowercase();
                if self.announces.contains(word.as_str()) {
                    names_left = NAME_WORDS;
                } else if names_left > 0 {
                    names_left -= 1;
                } else if LENGTHS.contains(&word.chars().count()) && !self.is_dull(&word) {
                    let is_small = written.chars().all(char::is_lowercase);
                    take(word, is_small);
                }
            }
        }
    }

    /// Whether a word is never taken, with or without a plural or possessive s.
    fn is_dull(&self, word: &str) -> bool {
        self.dull.contains(word) || word.strip_suffix('s').is_some_and(|stem| self.dull.contains(stem))
    }

    /// The words of a report that could be taken, each once: written small where it is so at least once.
    fn words(&self, report: u32) -> FxHashMap<String, bool> {
        let mut words = FxHashMap::default();
        self.each_word(report, |word, is_small| *words.entry(word).or_insert(false) |= is_small);
        words
    }
}

/// What was written of one place.
struct Class {
    /// Incidents with a text of their own.
    texts: u32,
    /// How many of them bear each word that enough of them do, and how many reports: (incidents, reports).
    counts: FxHashMap<String, (u32, u32)>,
}

impl Class {
    fn of<'a>(reader: &Reader<'_>, incidents: impl Iterator<Item = &'a [u32]>) -> Self {
        let (mut seen, mut texts) = (FxHashSet::default(), 0);
        let mut counts: FxHashMap<String, (u32, u32)> = FxHashMap::default();
        for reports in incidents {
            let mut own: FxHashSet<String> = FxHashSet::default();
            let mut is_new = false;
            for &report in reports {
                let text = reader.reports.text.get(report as usize);
                if text.is_empty() {
                    continue;
                }
                let is_first = seen.insert(FxBuildHasher.hash_one(text));
                is_new |= is_first;
                for word in reader.words(report).into_keys() {
                    let count = counts.entry(word.clone()).or_default();
                    count.1 += 1;
                    if is_first && own.insert(word) {
                        count.0 += 1;
                    }
                }
            }
            texts += u32::from(is_new);
        }
        counts.retain(|_, count| count.0 >= FEWEST);
        Self { texts, counts }
    }
}

/// What is known of the words of all classes from all reports.
struct Vocabulary {
    /// Of each word: how many reports bear it, and in how many it is written small.
    counts: FxHashMap<String, [u32; 2]>,
    /// Reports with a text.
    texts: u32,
    /// Words that could be taken, in all texts.
    words: u64,
}

impl Vocabulary {
    fn of(reader: &Reader<'_>, classes: &[Class]) -> Self {
        let names = classes.iter().flat_map(|class| class.counts.keys());
        let empty = || Self {
            counts: names.clone().map(|word| (word.clone(), [0, 0])).collect(),
            texts: 0,
            words: 0,
        };
        let n = u32::try_from(reader.reports.len()).expect("fewer than 2^32 reports");
        let add = |mut sum: Self, report: u32| {
            if !reader.reports.text.get(report as usize).is_empty() {
                sum.texts += 1;
                for (word, is_small) in reader.words(report) {
                    sum.words += 1;
                    if let Some(count) = sum.counts.get_mut(&word) {
                        count[0] += 1;
                        count[1] += u32::from(is_small);
                    }
                }
            }
            sum
        };
        let join = |mut sum: Self, other: Self| {
            for (word, count) in other.counts {
                let known = sum.counts.get_mut(&word).expect("both count the same words");
                known[0] += count[0];
                known[1] += count[1];
            }
            Self { counts: sum.counts, texts: sum.texts + other.texts, words: sum.words + other.words }
        };
        (0..n).into_par_iter().with_min_len(4_096).fold(empty, add).reduce(empty, join)
    }

    /// The best words of a class, the one that sets it apart most first.
    fn best(&self, class: &Class, classes: usize, most: usize) -> Vec<String> {
        // Grootendorst: A is the average number of words per class; all that lies in no place is one more.
        let average = self.words as f64 / (classes + 1) as f64;
        let mut scored: Vec<(f64, &str)> = Vec::new();
        for (word, &(incidents, reports)) in &class.counts {
            let [total, small] = self.counts[word];
            let share = f64::from(incidents) / f64::from(class.texts);
            let lift = share / (f64::from(total) / f64::from(self.texts));
            let is_nobodys =
                total.saturating_sub(reports) >= FEWEST && 2 * u64::from(small) > u64::from(total);
            if is_nobodys && lift >= LEAST_LIFT {
                // W(t,c) = tf(t,c) · ln(1 + A / f(t)).
                scored.push((f64::from(incidents) * (1.0 + average / f64::from(total)).ln(), word));
            }
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        scored.into_iter().take(most).map(|(_, word)| word.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests;
