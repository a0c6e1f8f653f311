//! A misspelt name in, the names of the register that it may stand for out.
//!
//! Names of about that length whose letters are about those of the text, in whatever order, are compared by edit
//! distance (insertion, deletion, substitution, exchange of neighbours). A name found this way is a guess: on every
//! register tried, a fuzzy street alone put 7 to 44 % of streets that do not exist somewhere. Whether a house
//! number, a postcode or a crossing agrees with it is for `lookup` to see.
//!
//! Digits are never guessed at: 12th Street is not a misspelt 13th Street.

use rapidfuzz::distance::osa;
use rustc_hash::{FxHashMap, FxHashSet};

use super::normalise::{self, Key, Token};
use super::words;
use crate::model::text::Texts;

/// Spellings of names, to be found by what they have in common.
#[derive(Debug)]
pub(super) struct Spellings {
    /// The distinct spellings, and who bears each: a range of `bearers`.
    texts: Texts,
    digits: Vec<u32>,
    ends: Vec<u32>,
    bearers: Vec<u32>,
    /// Spellings in the order of their length, each with its letters; those of length `n` are
    /// `by_length[from_length[n]..from_length[n + 1]]`.
    by_length: Vec<(Letters, u32)>,
    from_length: Vec<usize>,
    /// All runs of three letters.
    runs: FxHashSet<u32>,
    /// Spellings by how they sound.
    sounds: FxHashMap<String, Vec<u32>>,
}

/// Which letters a text has, and which of them twice. An exchange changes nothing, an insertion or deletion one bit,
/// a substitution two: texts that differ in more bits are farther apart, and need not be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Letters(u64);

impl Letters {
    fn of(text: &str) -> Self {
        let mut bits = 0u64;
        for letter in text.bytes().filter(u8::is_ascii_lowercase) {
            let place = 2 * u32::from(letter - b'a');
            let once = 1 << place;
            bits |= if bits & once == 0 { once } else { once << 1 };
        }
        Self(bits)
    }

    fn may_be_within(self, other: Self, edits: usize) -> bool {
        (self.0 ^ other.0).count_ones() as usize <= 2 * edits
    }
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
        let mut order: Vec<u32> = (0..count(texts.len())).collect();
        let length = |spelling: u32| texts.get(spelling as usize).len();
        order.sort_by_key(|&spelling| length(spelling));
        let longest = order.last().map_or(0, |&spelling| length(spelling));
        let from_length =
            (0..=longest + 1).map(|n| order.partition_point(|&spelling| length(spelling) < n)).collect();
        let letters = |&spelling: &u32| (Letters::of(texts.get(spelling as usize)), spelling);
        let by_length = order.iter().map(letters).collect();
        let runs = texts.iter().flat_map(|text| runs_of(text.as_bytes())).collect();
        Self { texts, digits, ends, bearers, by_length, from_length, runs, sounds }
    }

    /// Every spelling within `edits` of `text`, nearest first.
    pub(super) fn near(&self, text: &str, edits: usize) -> Vec<Near> {
        let mut found = Vec::new();
        if edits == 0 || self.ends.is_empty() || !text.is_ascii() {
            return found;
        }
        let letters = Letters::of(text);
        let digits = digits_of(text);
        let asked = osa::BatchComparator::new(text.bytes());
        let cutoff = osa::Args::default().score_cutoff(edits);
        let from = |length: usize| self.from_length.get(length).copied().unwrap_or(self.by_length.len());
        let alike = from(text.len().saturating_sub(edits))..from(text.len() + edits + 1);
        for &(theirs, spelling) in &self.by_length[alike] {
            let index = spelling as usize;
            if !letters.may_be_within(theirs, edits) || self.digits[index] != digits {
                continue;
            }
            if let Some(edits) = asked.distance_with_args(self.texts.get(index).bytes(), &cutoff) {
                found.extend(self.bearers_of(index).map(|bearer| Near { edits, bearer }));
            }
        }
        found.sort_unstable();
        found
    }

    /// How many runs of letters of the text no spelling has.
    pub(super) fn strange_runs(&self, text: &str) -> usize {
        runs_of(text.as_bytes()).filter(|run| !self.runs.contains(run)).count()
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

/// All runs of three letters, with one blank before and behind the text.
fn runs_of(letters: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let at = move |index: usize| match index.checked_sub(1) {
        Some(index) => letters.get(index).copied().unwrap_or(b' '),
        None => b' ',
    };
    (0..letters.len()).map(move |from| (from..from + 3).fold(0, |run, index| run << 8 | u32::from(at(index))))
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
