//! A misspelt name in, the names of the register that it may stand for out.
//!
//! Names are found by the runs of letters that they share with the text and checked by edit distance
//! (insertion, deletion, substitution, exchange of neighbours). A name found this way is a guess: on every
//! register tried, a fuzzy street alone put 7 to 44 % of streets that do not exist somewhere. Whether a house
//! number, a postcode or a crossing agrees with it is for `lookup` to see.
//!
//! Digits are never guessed at: 12th Street is not a misspelt 13th Street.

use rapidfuzz::distance::osa;
use rustc_hash::FxHashMap;

use super::normalise::{self, Key, Token};
use super::words;
use crate::model::text::Texts;

/// Names up to this length are found by pairs of letters, longer ones by runs of three: one wrong letter in
/// five leaves no run of three whole.
const SHORT: usize = 6;

/// Spellings of names, to be found by what they have in common.
#[derive(Debug)]
pub(super) struct Spellings {
    /// The distinct spellings, and who bears each: a range of `bearers`.
    texts: Texts,
    digits: Vec<u32>,
    ends: Vec<u32>,
    bearers: Vec<u32>,
    pairs: Runs,
    triples: Runs,
    /// Spellings by how they sound.
    sounds: FxHashMap<String, Vec<u32>>,
}

/// Which spellings hold a run of letters.
#[derive(Debug, Default)]
struct Runs {
    /// Where the holders of a run stand in `holders`.
    places: FxHashMap<u32, (u32, u32)>,
    holders: Vec<u32>,
}

/// A spelling that is near to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Near {
    pub(super) edits: usize,
    /// Whose spelling it is, as it was given to [`Spellings::build`].
    pub(super) bearer: u32,
}

/// By how many letters a name of this length may be off, if something else confirms it.
pub(super) fn allowed(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3 => 1,
        4..=11 => 2,
        _ => 3,
    }
}

impl Spellings {
    /// From pairs of spelling and bearer.
    pub(super) fn build(mut all: Vec<(String, u32)>) -> Self {
        all.sort_unstable();
        all.dedup();
        let (mut texts, mut digits, mut ends, mut bearers) =
            (Texts::new(), Vec::new(), Vec::new(), Vec::with_capacity(all.len()));
        let mut sounds: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        for alike in all.chunk_by(|a, b| a.0 == b.0) {
            let text = &alike[0].0;
            sounds.entry(sound(text)).or_default().push(count(texts.len()));
            texts.push(text);
            digits.push(digits_of(text));
            bearers.extend(alike.iter().map(|&(_, bearer)| bearer));
            ends.push(count(bearers.len()));
        }
        // Both indexes hold the lengths between which an edit may cross.
        let pairs = Runs::build(&texts, 2, 0..=SHORT + allowed(SHORT));
        let triples = Runs::build(&texts, 3, SHORT - allowed(SHORT)..=usize::MAX);
        Self { texts, digits, ends, bearers, pairs, triples, sounds }
    }

    /// Every spelling within `edits` of `text`, nearest first.
    pub(super) fn near(&self, text: &str, edits: usize) -> Vec<Near> {
        let mut found = Vec::new();
        if edits == 0 || self.ends.is_empty() || !text.is_ascii() {
            return found;
        }
        let letters = text.as_bytes();
        let (runs, length) = if letters.len() <= SHORT { (&self.pairs, 2) } else { (&self.triples, 3) };
        let digits = digits_of(text);
        let asked = osa::BatchComparator::new(letters.iter().copied());
        let cutoff = osa::Args::default().score_cutoff(edits);
        let mut check = |spelling: u32| {
            let index = spelling as usize;
            let there = self.texts.get(index).as_bytes();
            if self.digits[index] != digits || there.len().abs_diff(letters.len()) > edits {
                return;
            }
            if let Some(edits) = asked.distance_with_args(there.iter().copied(), &cutoff) {
                found.extend(self.bearers_of(index).map(|bearer| Near { edits, bearer }));
            }
        };

        // An edit takes at most `length` of the runs, an exchange one more.
        let least = (letters.len() + 3 - length).saturating_sub(edits * (length + 1)).max(1);
        let mut shared = vec![0u8; self.ends.len()];
        for run in runs_of(letters, length) {
            for &holder in runs.holders(run) {
                let count = &mut shared[holder as usize];
                *count = count.saturating_add(1);
                if usize::from(*count) == least {
                    check(holder);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// How many runs of letters of the text no spelling has.
    pub(super) fn strange_runs(&self, text: &str) -> usize {
        runs_of(text.as_bytes(), 3).filter(|&run| self.triples.holders(run).is_empty()).count()
    }

    /// Whose spelling sounds like `text` but is written otherwise.
    pub(super) fn sounding_like<'s>(&'s self, text: &'s str) -> impl Iterator<Item = u32> + 's {
        let alike = self.sounds.get(&sound(text)).into_iter().flatten().map(|&spelling| spelling as usize);
        alike
            .filter(move |&spelling| self.texts.get(spelling) != text)
            .flat_map(|spelling| self.bearers_of(spelling))
    }

    fn bearers_of(&self, spelling: usize) -> impl Iterator<Item = u32> + '_ {
        let from = if spelling == 0 { 0 } else { self.ends[spelling - 1] };
        self.bearers[from as usize..self.ends[spelling] as usize].iter().copied()
    }
}

impl Runs {
    fn build(texts: &Texts, length: usize, lengths: std::ops::RangeInclusive<usize>) -> Self {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (spelling, text) in (0u32..).zip(texts.iter()) {
            if lengths.contains(&text.len()) {
                pairs.extend(runs_of(text.as_bytes(), length).map(|run| (run, spelling)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut runs =
            Self { holders: pairs.iter().map(|&(_, spelling)| spelling).collect(), ..Self::default() };
        let mut from = 0;
        for alike in pairs.chunk_by(|a, b| a.0 == b.0) {
            runs.places.insert(alike[0].0, (count(from), count(from + alike.len())));
            from += alike.len();
        }
        runs
    }

    fn holders(&self, run: u32) -> &[u32] {
        self.places.get(&run).map_or(&[], |&(from, to)| &self.holders[from as usize..to as usize])
    }
}

/// All runs of `length` letters, with one blank before and behind the text.
fn runs_of(letters: &[u8], length: usize) -> impl Iterator<Item = u32> + '_ {
    let at = move |index: usize| match index.checked_sub(1) {
        Some(index) => letters.get(index).copied().unwrap_or(b' '),
        None => b' ',
    };
    let runs = (letters.len() + 3).saturating_sub(length);
    (0..runs).map(move |from| (from..from + length).fold(0, |run, index| run << 8 | u32::from(at(index))))
}

/// The digits of a text as a number that tells them apart from other digits; 0 for none.
pub(super) fn digits_of(text: &str) -> u32 {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    digits.fold(0, |all: u32, digit| all.wrapping_mul(11).wrapping_add(u32::from(digit - b'0') + 1))
}

/// What Dutch ears, and most others, hear as one: `Thorbecke` and `Torbekke`, `Wijtsma` and `Wytsma`.
pub(super) fn sound(text: &str) -> String {
    const ALIKE: [(&str, &str); 12] = [
        ("ij", "y"),
        ("ei", "y"),
        ("sch", "sg"),
        ("ck", "k"),
        ("ch", "g"),
        ("ph", "f"),
        ("th", "t"),
        ("ae", "a"),
        ("ou", "au"),
        ("c", "k"),
        ("z", "s"),
        ("v", "f"),
    ];
    let mut heard = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let (length, sound) = ALIKE
            .iter()
            .find(|(written, _)| rest.starts_with(written))
            .map_or((letter.len_utf8(), &rest[..letter.len_utf8()]), |&(written, sound)| {
                (written.len(), sound)
            });
        for letter in sound.chars() {
            if !heard.ends_with(letter) || letter.is_ascii_digit() {
                heard.push(letter);
            }
        }
        rest = &rest[length..];
    }
    if heard.ends_with('d') {
        heard.pop();
        heard.push('t');
    }
    heard
}

/// What a misspelt name is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forms {
    /// Type and directions, and the name proper.
    pub(super) key: Key,
    /// The name proper with its small words and abbreviations as written; empty where that is the same.
    pub(super) written: String,
    /// All of it as written, type and directions included: one never knows where the wrong letter is.
    pub(super) whole: String,
}

impl Forms {
    pub(super) fn of(tokens: &[Token<'_>]) -> Self {
        let key = normalise::key(tokens);
        let written = normalise::parts(tokens, true).1.concat();
        let written = if written == key.bare { String::new() } else { written };
        Self { key, written, whole: tokens.iter().map(|token| token.text).collect() }
    }

    /// The name as a whole with its type as others write it: `sussexrd` and `sussexroad`.
    pub(super) fn other_whole(&self, tokens: &[Token<'_>]) -> Option<String> {
        let (long, _, spellings) = words::TYPES.get(usize::from(self.key.kind).checked_sub(1)?)?;
        let last = tokens.iter().rposition(|token| spellings.contains(&token.text))?;
        let other = if tokens[last].text == *long { spellings.get(1)? } else { long };
        let texts = tokens.iter().enumerate();
        Some(texts.map(|(index, token)| if index == last { other } else { token.text }).collect())
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 letters of street names")
}
