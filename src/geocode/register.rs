//! Addresses and streets in, an index by street name out: which places bear a name, which numbers each has.
//!
//! Streets of one name that lie apart (two villages, two quarters) are separate [`Place`]s, so that numbers of
//! one are never placed between numbers of the other. Places are told apart by distance, not by postcode or
//! town: a long street runs through several of both, and half of all registers leave both out.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::Fault;
use super::chain::NamesBuilt;
use super::evidence::Threshold;
use super::fuzzy::{Forms, Spellings};
use super::guesses::PARTIAL;
use super::normalise::{self, Key, fold, squeezed, tokens};
use crate::model::address::Addresses;
use crate::model::street::Streets;
use crate::model::{NONE, some};
use crate::unit::Local;

/// Addresses and nodes of one name belong to one street when they lie in the same or touching squares of this
/// width: gaps up to 250 m never part a street, gaps beyond 750 m always do.
const SQUARE_M: f64 = 250.0;

/// Streets by name, with their numbers.
#[derive(Debug)]
pub(super) struct Register<'a> {
    pub(super) addresses: &'a Addresses,
    pub(super) streets: &'a Streets,
    pub(super) names: Vec<Name>,
    pub(super) entries: Vec<Entry>,
    /// Entries by the name proper.
    pub(super) by_bare: FxHashMap<String, Vec<u32>>,
    /// The entries once more, by what their letters have in common.
    pub(super) spellings: Spellings,
    /// How its names are built.
    built: NamesBuilt,
    /// How many names have each type and directions.
    kinds: FxHashMap<(u8, [u8; 2]), u32>,
    /// Set when the first misspelt name is asked for.
    threshold: OnceLock<Threshold>,
    /// How many names there are at each node; counted when the first crossing is asked for.
    pub(super) names_at: OnceLock<Vec<u16>>,
    /// How many names have each house number.
    names_with_number: FxHashMap<u32, u32>,
    /// How many have each number with a letter or addition, by the key of that.
    names_with_suffix: FxHashMap<(u32, String), u32>,
    /// How many names have each postcode or town, by its key.
    names_with_area: FxHashMap<String, u32>,
    /// Rows of `addresses`, place by place, by number within a place.
    pub(super) rows: Vec<u32>,
    /// The number of each of `rows`.
    pub(super) numbers: Vec<u32>,
    /// Key of every word that is a suffix, postcode or town; by the number of the word in `addresses`.
    suffixes: FxHashMap<u32, String>,
    squeezed: FxHashMap<u32, String>,
    pub(super) postcodes: FxHashMap<String, Vec<u32>>,
    pub(super) cities: FxHashMap<String, Vec<u32>>,
}

/// One street name and the places that bear it.
#[derive(Debug, Default)]
pub(super) struct Name {
    /// As the register writes it most often.
    pub(super) label: String,
    pub(super) places: Vec<Place>,
    /// The nodes of its ways, ascending.
    pub(super) nodes: Vec<u32>,
    /// Its ways.
    pub(super) ways: Vec<u32>,
}

/// One street.
#[derive(Debug)]
pub(super) struct Place {
    /// Where its addresses stand in `rows`.
    pub(super) rows: std::ops::Range<usize>,
    /// A point of the street, nearest to the mean of all its points.
    pub(super) middle: Local,
    /// Metres from the middle to its farthest point.
    pub(super) radius_m: f64,
}

/// A name that a misspelt text may mean.
#[derive(Debug, Clone)]
pub(super) struct Guess {
    pub(super) name: u32,
    /// What sets the text apart from the name.
    pub(super) faults: Vec<Fault>,
    /// Logarithm of how likely the text was typed for it.
    pub(super) likelihood: f64,
}

/// One spelling of a name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// Letters of the name proper, as written.
    pub(super) letters: usize,
    pub(super) name: u32,
    /// What tells the letters and Roman numbers of the name from others; 0 for none.
    pub(super) marks: u32,
    is_alias: bool,
}

impl<'a> Register<'a> {
    pub(super) fn build(addresses: &'a Addresses, streets: &'a Streets) -> Self {
        let mut names = Names::default();

        // 1. Names of the register, then of the streets, then the other names of both.
        let mut of_word: FxHashMap<u32, u32> = FxHashMap::default();
        let mut rows_of_word: FxHashMap<u32, u32> = FxHashMap::default();
        for &word in &addresses.street {
            *rows_of_word.entry(word).or_default() += 1;
        }
        let mut words: Vec<(u32, u32)> = rows_of_word.into_iter().collect();
        words.sort_unstable_by_key(|&(word, rows)| (std::cmp::Reverse(rows), addresses.words.get(word)));
        for (word, _) in words {
            if let Some(name) = names.intern(addresses.words.get(word)) {
                of_word.insert(word, name);
            }
        }
        let mut ways_of: Vec<(u32, u32)> = Vec::new();
        for (index, way) in (0u32..).zip(&streets.ways) {
            if let Some(name) = names.intern(streets.words.get(way.name)) {
                ways_of.push((name, index));
            }
        }
        for &(name, index) in &ways_of {
            for &other in &streets.ways[index as usize].other_names {
                names.add_alias(name, streets.words.get(other));
            }
        }
        for &(word, alias) in &addresses.aliases {
            let name = of_word.get(&word).copied().or_else(|| names.find(addresses.words.get(word)));
            if let Some(name) = name {
                names.add_alias(name, addresses.words.get(alias));
            }
        }

        let mut register = Self {
            addresses,
            streets,
            names: names.list,
            entries: names.entries,
            by_bare: names.by_bare,
            spellings: Spellings::build(
                names.spellings.into_iter().map(|(text, bearer)| (text, bearer.0)).collect(),
                names.digraphs,
            ),
            built: NamesBuilt::count(names.proper.iter().map(String::as_str)),
            kinds: names.kinds,
            threshold: OnceLock::new(),
            names_at: OnceLock::new(),
            names_with_number: FxHashMap::default(),
            names_with_suffix: FxHashMap::default(),
            names_with_area: FxHashMap::default(),
            rows: Vec::with_capacity(addresses.len()),
            numbers: Vec::with_capacity(addresses.len()),
            suffixes: keys_of(&addresses.suffix, addresses, normalise::suffix),
            squeezed: keys_of(&addresses.postcode, addresses, squeezed),
            postcodes: FxHashMap::default(),
            cities: FxHashMap::default(),
        };
        register.squeezed.extend(keys_of(&addresses.city, addresses, squeezed));
        register.postcodes = register.words_by_key(&addresses.postcode);
        register.cities = register.words_by_key(&addresses.city);

        // 2. The places of each name.
        for &(name, way) in &ways_of {
            register.names[name as usize].ways.push(way);
        }
        let mut rows_of: Vec<Vec<u32>> = vec![Vec::new(); register.names.len()];
        for (row, word) in (0u32..).zip(&addresses.street) {
            if let Some(&name) = of_word.get(word)
                && addresses.at[row as usize].is_somewhere()
            {
                rows_of[name as usize].push(row);
            }
        }
        for (name, rows) in rows_of.into_iter().enumerate() {
            register.place(name, &rows);
            register.count(&rows);
        }
        register
    }

    /// Counts a name for each of its numbers, postcodes and towns.
    fn count(&mut self, rows: &[u32]) {
        let column = |column: &[u32]| {
            let mut all: Vec<u32> = rows.iter().map(|&row| column[row as usize]).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        for number in column(&self.addresses.number) {
            *self.names_with_number.entry(number).or_default() += 1;
        }
        let mut suffixed: Vec<(u32, &str)> = rows
            .iter()
            .map(|&row| (self.addresses.number[row as usize], self.suffix_of(row)))
            .filter(|(_, suffix)| !suffix.is_empty())
            .collect();
        suffixed.sort_unstable();
        suffixed.dedup();
        let suffixed: Vec<(u32, String)> =
            suffixed.into_iter().map(|(number, suffix)| (number, suffix.to_owned())).collect();
        for address in suffixed {
            *self.names_with_suffix.entry(address).or_default() += 1;
        }
        for word in column(&self.addresses.postcode).into_iter().chain(column(&self.addresses.city)) {
            if let Some(key) = self.squeezed.get(&word) {
                *self.names_with_area.entry(key.clone()).or_default() += 1;
            }
        }
    }

    /// The places of one name, from its addresses and ways.
    fn place(&mut self, name: usize, rows: &[u32]) {
        let mut squares = Squares::default();
        let mut points: Vec<(Local, u32)> = Vec::new();
        for &row in rows {
            let at = self.addresses.at[row as usize];
            squares.add(at);
            points.push((at, row));
        }
        let mut nodes: Vec<u32> = Vec::new();
        for &way in &self.names[name].ways {
            let way = &self.streets.ways[way as usize];
            nodes.extend(&way.nodes);
            let line = self.streets.line(way);
            points.extend(line.iter().map(|&at| (at, NONE)));
            for pair in line.windows(2) {
                squares.add_line(pair[0], pair[1]);
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        self.names[name].nodes = nodes;

        squares.join_touching();
        let mut by_place: Vec<(u32, (Local, u32))> =
            points.into_iter().map(|point| (squares.place_of(point.0), point)).collect();
        let row_key = |row: u32| some(row).map(|row| self.addresses.number[row]);
        by_place.sort_by(|(a, (at, row)), (b, (bt, other))| {
            a.cmp(b)
                .then_with(|| row_key(*row).cmp(&row_key(*other)))
                .then(row.cmp(other))
                .then(at.total_cmp(bt))
        });
        let mut places = Vec::new();
        for points in by_place.chunk_by(|a, b| a.0 == b.0) {
            let from = self.rows.len();
            for row in points.iter().filter_map(|&(_, (_, row))| some(row)) {
                #[expect(clippy::cast_possible_truncation, reason = "it came from a u32")]
                self.rows.push(row as u32);
                self.numbers.push(self.addresses.number[row]);
            }
            let count = points.len() as f64;
            let sum = points.iter().fold((0.0, 0.0), |sum, (_, (at, _))| (sum.0 + at.x, sum.1 + at.y));
            let mean = Local::new(sum.0 / count, sum.1 / count);
            let all = || points.iter().map(|&(_, (at, _))| at);
            let middle = all()
                .min_by(|a, b| a.distance_m(mean).total_cmp(&b.distance_m(mean)).then(a.total_cmp(b)))
                .expect("a chunk holds at least one point");
            let radius_m = all().map(|at| at.distance_m(middle)).fold(0.0, f64::max);
            places.push(Place { rows: from..self.rows.len(), middle, radius_m });
        }
        places.sort_by(|a, b| a.middle.total_cmp(&b.middle));
        self.names[name].places = places;
    }

    /// The names that these tokens can mean, with what is not as it should be about each: exact ones alone if
    /// there are any, else those that only lack or have too much of a type or direction.
    pub(super) fn find(&self, tokens: &[normalise::Token<'_>]) -> Vec<(u32, Vec<Fault>)> {
        let found = self.find_key(&normalise::key(tokens));
        if !found.is_empty() {
            return found;
        }
        let found = self.find_key(&normalise::unsplit_key(tokens));
        // `Blue Hill` for Blue Hill Avenue.
        if found.is_empty() { self.find_key(&normalise::untyped_key(tokens)) } else { found }
    }

    fn find_key(&self, asked: &Key) -> Vec<(u32, Vec<Fault>)> {
        let Some(entries) = self.by_bare.get(&asked.bare) else { return Vec::new() };
        let mut found: Vec<(u32, Vec<Fault>)> = Vec::new();
        for &entry in entries {
            let entry = &self.entries[entry as usize];
            if let Some(faults) = differences(asked, entry) {
                found.push((entry.name, faults));
            }
        }
        if found.iter().any(|(_, faults)| is_exact(faults)) {
            found.retain(|(_, faults)| is_exact(faults));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.len().cmp(&b.1.len())));
        found.dedup_by_key(|(name, _)| *name);
        found
    }

    /// The names that are called so but for a type or direction.
    pub(super) fn find_partial(&self, tokens: &[normalise::Token<'_>]) -> Vec<Guess> {
        let asked = normalise::key(tokens);
        let there = self.by_bare.get(&asked.bare).into_iter().flatten();
        let entries = there.map(|&entry| &self.entries[entry as usize]);
        let partial = entries.filter_map(|entry| {
            let faults = differences(&asked, entry).filter(|faults| !is_exact(faults))?;
            Some(Guess { name: entry.name, faults, likelihood: PARTIAL.ln() })
        });
        partial.collect()
    }

    /// Logarithm of how likely a street that the register lacks has this name; `known` where it has it, and is to be
    /// asked as if it had not.
    pub(super) fn likelihood_of_name(&self, tokens: &[normalise::Token<'_>], known: bool) -> f64 {
        let (key, name) = normalise::parts(tokens, true);
        let alike = self.kinds.get(&(key.kind, key.directions)).copied().unwrap_or(0) - u32::from(known);
        let of_this_kind = ((f64::from(alike) + 0.5) / (self.entries.len() as f64 + 1.0)).ln();
        of_this_kind + self.built.likelihood(&name.join(" "), known)
    }

    /// How many streets have this house number, with this letter or addition if there is one.
    pub(super) fn names_with_number(&self, number: u32, suffix: &str) -> u32 {
        let count = if suffix.is_empty() {
            self.names_with_number.get(&number)
        } else {
            self.names_with_suffix.get(&(number, suffix.to_owned()))
        };
        count.copied().unwrap_or(0)
    }

    /// How many streets have this postcode or town.
    pub(super) fn names_with_area(&self, key: &str) -> u32 {
        self.names_with_area.get(key).copied().unwrap_or(0)
    }

    /// Whether a street has this postcode or town.
    pub(super) fn is_in_area(&self, name: &Name, key: &str) -> bool {
        let rows = name.places.iter().flat_map(|place| &self.rows[place.rows.clone()]);
        rows.copied().any(|row| self.postcode_of(row) == key || self.city_of(row) == key)
    }

    /// What it takes to believe in a misspelt name.
    pub(super) fn threshold(&self) -> &Threshold {
        self.threshold.get_or_init(|| Threshold::set(self))
    }

    /// The rows of a place with this number.
    pub(super) fn rows_with(&self, place: &Place, number: u32) -> &[u32] {
        let numbers = &self.numbers[place.rows.clone()];
        let from = numbers.partition_point(|&there| there < number);
        let to = numbers.partition_point(|&there| there <= number);
        &self.rows[place.rows.start + from..place.rows.start + to]
    }

    /// The key of a row's letter and addition.
    pub(super) fn suffix_of(&self, row: u32) -> &str {
        self.suffixes.get(&self.addresses.suffix[row as usize]).map_or("", String::as_str)
    }

    /// The key of a row's postcode; empty where unknown.
    pub(super) fn postcode_of(&self, row: u32) -> &str {
        self.squeezed.get(&self.addresses.postcode[row as usize]).map_or("", String::as_str)
    }

    /// The key of a row's town; empty where unknown.
    pub(super) fn city_of(&self, row: u32) -> &str {
        self.squeezed.get(&self.addresses.city[row as usize]).map_or("", String::as_str)
    }

    fn words_by_key(&self, column: &[u32]) -> FxHashMap<String, Vec<u32>> {
        let mut words: Vec<u32> = column.iter().copied().filter(|&word| word != NONE).collect();
        words.sort_unstable();
        words.dedup();
        let mut by_key: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        for word in words {
            if let Some(key) = self.squeezed.get(&word).filter(|key| !key.is_empty()) {
                by_key.entry(key.clone()).or_default().push(word);
            }
        }
        by_key
    }
}

/// The key of each distinct word of a column.
fn keys_of(column: &[u32], addresses: &Addresses, key: impl Fn(&str) -> String) -> FxHashMap<u32, String> {
    let mut words: Vec<u32> = column.iter().copied().filter(|&word| word != NONE).collect();
    words.sort_unstable();
    words.dedup();
    words.into_iter().map(|word| (word, key(addresses.words.get(word)))).collect()
}

/// Whether a name is the one that was asked for, perhaps by another of its names.
pub(super) fn is_exact(faults: &[Fault]) -> bool {
    faults.iter().all(|&fault| fault == Fault::StreetAlias)
}

/// What sets the asked name apart from one of the register; `None` where it is another name.
pub(super) fn differences(asked: &Key, entry: &Entry) -> Option<Vec<Fault>> {
    let mut faults = Vec::new();
    match (asked.kind, entry.key.kind) {
        (a, b) if a == b => {}
        (0, _) => faults.push(Fault::TypeMissing),
        (_, 0) => faults.push(Fault::TypeAdded),
        _ => return None,
    }
    let (asked, there) = (asked.directions, entry.key.directions);
    let lacks = |all: [u8; 2], one: u8| one != 0 && !all.contains(&one);
    if there.iter().any(|&one| lacks(asked, one)) {
        faults.push(Fault::DirectionMissing);
    }
    if asked.iter().any(|&one| lacks(there, one)) {
        // NW against NE is another street; so is NW against SE. North against South too.
        if faults.contains(&Fault::DirectionMissing) || asked.iter().any(|&one| normalise::is_quadrant(one)) {
            return None;
        }
        faults.push(Fault::DirectionAdded);
    }
    if entry.is_alias {
        faults.push(Fault::StreetAlias);
    }
    Some(faults)
}

/// Who bears a spelling: an entry, and whether the spelling holds its type and directions too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bearer(pub(super) u32);

impl Bearer {
    fn new(entry: usize, is_whole: bool) -> Self {
        let number = 2 * entry + usize::from(is_whole);
        Self(u32::try_from(number).expect("fewer than 2^31 spellings of streets"))
    }

    pub(super) fn entry(self) -> usize {
        self.0 as usize / 2
    }

    pub(super) fn is_whole(self) -> bool {
        self.0 % 2 == 1
    }
}

/// Names while they are collected.
#[derive(Default)]
struct Names {
    list: Vec<Name>,
    by_key: FxHashMap<Key, u32>,
    entries: Vec<Entry>,
    by_bare: FxHashMap<String, Vec<u32>>,
    spellings: Vec<(String, Bearer)>,
    /// Names proper, as written: one for each entry.
    proper: Vec<String>,
    /// Letters of theirs that fold to two.
    digraphs: Vec<[u8; 2]>,
    kinds: FxHashMap<(u8, [u8; 2]), u32>,
}

impl Names {
    fn find(&self, text: &str) -> Option<u32> {
        let folded = fold(text);
        self.by_key.get(&normalise::key(&tokens(&folded))).copied()
    }

    /// The number of a name, which is added if it is new. The first spelling is its label.
    fn intern(&mut self, text: &str) -> Option<u32> {
        let folded = fold(text);
        let tokens = tokens(&folded);
        let key = normalise::key(&tokens);
        if key.bare.is_empty() {
            return None;
        }
        if let Some(&name) = self.by_key.get(&key) {
            return Some(name);
        }
        self.digraphs.extend(normalise::digraphs(text));
        self.digraphs.sort_unstable();
        self.digraphs.dedup();
        let name = u32::try_from(self.list.len()).expect("fewer than 2^32 street names");
        self.list.push(Name { label: text.trim().to_owned(), ..Name::default() });
        self.by_key.insert(key, name);
        self.add(name, &tokens, false);
        Some(name)
    }

    fn add_alias(&mut self, name: u32, text: &str) {
        let folded = fold(text);
        self.add(name, &tokens(&folded), true);
    }

    /// Adds a spelling of a name, unless it has that already.
    fn add(&mut self, name: u32, tokens: &[normalise::Token<'_>], is_alias: bool) {
        let forms = Forms::of(tokens);
        let other_whole = forms.other_whole(tokens).unwrap_or_default();
        let Forms { key, written, whole, marks } = forms;
        let known = self.by_bare.get(&key.bare).into_iter().flatten();
        let mut known = known.map(|&entry| &self.entries[entry as usize]);
        if key.bare.is_empty() || known.any(|entry| entry.name == name && entry.key == key) {
            return;
        }
        let letters = key.bare.len().max(written.len());
        self.proper.push(normalise::parts(tokens, true).1.join(" "));
        *self.kinds.entry((key.kind, key.directions)).or_default() += 1;
        let entry = self.entries.len();
        self.by_bare.entry(key.bare.clone()).or_default().push(Bearer::new(entry, false).0 / 2);
        for (text, is_whole) in
            [(key.bare.clone(), false), (written, false), (whole, true), (other_whole, true)]
        {
            if !text.is_empty() {
                self.spellings.push((text, Bearer::new(entry, is_whole)));
            }
        }
        self.entries.push(Entry { key, letters, name, marks, is_alias });
    }
}

/// Squares that points fall in, joined where they touch.
#[derive(Default)]
struct Squares {
    number: FxHashMap<(i64, i64), u32>,
    parent: Vec<u32>,
}

impl Squares {
    #[expect(clippy::cast_possible_truncation, reason = "the Earth is a few million squares round")]
    fn key(at: Local) -> (i64, i64) {
        ((at.x / SQUARE_M).floor() as i64, (at.y / SQUARE_M).floor() as i64)
    }

    fn add(&mut self, at: Local) -> u32 {
        let next = u32::try_from(self.parent.len()).expect("fewer squares than points");
        let number = *self.number.entry(Self::key(at)).or_insert(next);
        if number == next {
            self.parent.push(next);
        }
        number
    }

    fn add_line(&mut self, from: Local, to: Local) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a street has few squares"
        )]
        let steps = (from.distance_m(to) / SQUARE_M).ceil().max(1.0) as u32;
        let mut last = self.add(from);
        for step in 1..=steps {
            let next = self.add(from.toward(to, f64::from(step) / f64::from(steps)));
            self.join(last, next);
            last = next;
        }
    }

    fn root(&mut self, mut square: u32) -> u32 {
        while self.parent[square as usize] != square {
            self.parent[square as usize] = self.parent[self.parent[square as usize] as usize];
            square = self.parent[square as usize];
        }
        square
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }

    fn join_touching(&mut self) {
        let squares: Vec<((i64, i64), u32)> =
            self.number.iter().map(|(&key, &number)| (key, number)).collect();
        for ((column, row), number) in squares {
            for near in [(1, 0), (0, 1), (1, 1), (1, -1)] {
                if let Some(&other) = self.number.get(&(column + near.0, row + near.1)) {
                    self.join(number, other);
                }
            }
        }
    }

    fn place_of(&mut self, at: Local) -> u32 {
        let square = self.number[&Self::key(at)];
        self.root(square)
    }
}
