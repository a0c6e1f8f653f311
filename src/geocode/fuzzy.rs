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

/// Letters by which the longest names may be off.
pub(super) const MOST_EDITS: usize = 4;

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
        3..=6 => 1,
        7..=11 => 2,
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
        let pairs = Runs::build(&texts, 2, 0..=SHORT + allowed(SHORT) + 1);
        let triples = Runs::build(&texts, 3, SHORT - allowed(SHORT) - 1..=usize::MAX);
        Self { texts, digits, ends, bearers, pairs, triples, sounds }
    }

    /// Every spelling within `edits` of `text`, nearest first; the text itself is none of them.
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
            if let Some(edits @ 1..) = asked.distance_with_args(there.iter().copied(), &cutoff) {
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

/// The digits of a text, so that texts with other digits are told apart at once.
fn digits_of(text: &str) -> u32 {
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

/// One way to take a misspelt name apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) key: Key,
    /// The name with its small words and abbreviations as written; empty where that is the same.
    pub(super) written: String,
    /// Letters that were wrong in its type or direction.
    pub(super) edits: usize,
}

/// The name as written, without type and directions, where the key has something else.
pub(super) fn written(key: &Key, name: &[&str]) -> String {
    let joined = name.concat();
    if joined == key.bare { String::new() } else { joined }
}

/// How a name can be taken apart: as it stands, and with its type or direction mended (`Sussex Raod`).
pub(super) fn ways_to_ask(tokens: &[Token<'_>]) -> Vec<Asked> {
    let ask = |tokens: &[Token<'_>], splits: bool, edits: usize| {
        let key = if splits { normalise::key(tokens) } else { normalise::unsplit_key(tokens) };
        let written = written(&key, &normalise::parts(tokens, splits).1);
        Asked { key, written, edits }
    };
    let mut ways = vec![ask(tokens, true, 0)];
    let mut add = |way: Asked| {
        if !way.key.bare.is_empty() && !ways.iter().any(|known| known.key == way.key) {
            ways.push(way);
        }
    };
    add(ask(tokens, false, 0));
    for index in 0..tokens.len() {
        for (mended, edits) in mend(tokens, index) {
            let mut all: Vec<Token<'_>> = tokens[..index].to_vec();
            all.extend(mended);
            all.extend(&tokens[index + 1..]);
            add(ask(&all, true, edits));
        }
    }
    ways
}

/// Spellings of types and directions that are long enough to be recognised by all but one letter.
fn mendable() -> impl Iterator<Item = &'static str> {
    let types = words::TYPES.iter().flat_map(|(_, _, spellings)| spellings.iter().copied());
    let directions = words::DIRECTIONS.iter().flat_map(|(_, spellings)| spellings.iter().copied());
    types.chain(directions).filter(|spelling| spelling.len() >= 4)
}

/// What the token at `index` is when one letter of a type or direction is wrong: the whole of it, or the end of
/// the last one (`kerkstraar`, `sussexroad`).
fn mend<'t>(tokens: &[Token<'t>], index: usize) -> Vec<(Vec<Token<'t>>, usize)> {
    let token = tokens[index];
    let mut found = Vec::new();
    if token.text.len() < 3 || token.has_number() || !token.text.is_ascii() {
        return found;
    }
    let glue = token.glue;
    let is_off_by_one = |text: &str, spelling: &str| {
        text.len().abs_diff(spelling.len()) <= 1
            && osa::distance_with_args(text.bytes(), spelling.bytes(), &osa::Args::default().score_cutoff(1))
                .is_some()
    };
    let is_last = index + 1 == tokens.len() || index + 2 == tokens.len();
    for spelling in mendable() {
        if tokens.len() > 1 && token.text != spelling && is_off_by_one(token.text, spelling) {
            found.push((vec![Token { text: spelling, glue }], 1));
        }
        if !is_last {
            continue;
        }
        for cut in spelling.len() - 1..=spelling.len() + 1 {
            let Some((name, end)) = token.text.len().checked_sub(cut).map(|at| token.text.split_at(at))
            else {
                continue;
            };
            let begins_alike = cut == spelling.len() || end.as_bytes()[0] == spelling.as_bytes()[0];
            if name.len() >= 3 && begins_alike && is_off_by_one(end, spelling) {
                let parts =
                    [Token { text: name, glue }, Token { text: spelling, glue: normalise::Glue::Blank }];
                found.push((parts.to_vec(), 1));
            }
        }
    }
    found
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 letters of street names")
}
