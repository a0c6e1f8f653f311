//! A register in, misspelt addresses with their true places out, class by class; and how many were found.
//!
//! Letters are inserted, deleted, replaced or exchanged with their neighbour, one as often as the other, at any
//! place of the street's name. Digits are left alone: another digit is another street. Addresses that the
//! register itself has in several places are not asked for: nobody could tell them apart, nor are those that only signs
//! or abbreviations tell apart. Of what is asked, `unclear` counts the texts that fit another address as well as the one
//! that was meant, or better: a street elsewhere has that number, and no more wrong letters. They stay in the count.

use std::collections::{BTreeMap, BTreeSet};

use paaltje::geocode::{Geocoder, Options, Status};
use paaltje::model::address::Addresses;
use paaltje::model::street::Streets;
use paaltje::model::{NONE, some};
use paaltje::random::{Random, Stream};
use paaltje::unit::Local;
use rand::RngExt;
use rapidfuzz::distance::osa;

/// How addresses are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// `12 Park Street`, not `Parkstraat 12`.
    pub(crate) number_first: bool,
    /// With the postcode and town behind it, where the register has them.
    pub(crate) with_area: bool,
}

/// What one class of spellings came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// How many were asked.
    pub(crate) asked: u32,
    /// Accepted within 25 m.
    pub(crate) right: u32,
    /// Accepted more than 100 m off.
    pub(crate) wrong: u32,
    /// Several places, or nothing to confirm the one.
    pub(crate) ambiguous: u32,
    /// Accepted at all.
    pub(crate) accepted: u32,
    /// Addresses that the text fits as well as the one that was meant, or better, lie elsewhere: nobody can tell.
    pub(crate) unclear: u32,
}

/// A text and where it lies; nowhere for streets that the register lacks.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    /// What is asked.
    pub(crate) text: String,
    /// What is meant.
    pub(crate) truth: Local,
    /// Its row in the register and the street as it is written; none for crossings and for streets that are not there.
    address: Option<(usize, String)>,
}

/// What makes another spelling of a street; none where the street has none of that sort.
type Change<'c> = &'c dyn Fn(&str, &mut Stream) -> Option<String>;

/// Every class with what it came to. `tell` hears every answer.
pub(crate) fn table(
    addresses: &Addresses,
    streets: &Streets,
    foreign: &[String],
    style: Style,
    seed: u64,
    size: usize,
    tell: &mut dyn FnMut(&str, &Query, &str),
) -> Vec<(&'static str, Tally)> {
    let random = Random::new(seed);
    let geocoder = Geocoder::build(addresses, streets, &Options::default());
    let sample = sample(addresses, style, random, size);
    let twins = Twins::new(addresses, style);
    let mut found = Vec::new();
    let mut ask = |geocoder: &Geocoder<'_>, class: &'static str, queries: Vec<Query>| {
        let mut tally = Tally::default();
        for query in queries {
            let answer = geocoder.find(&query.text);
            let off_m = answer.at.distance_m(query.truth);
            let is_accepted = answer.status == Status::Accepted;
            tally.asked += 1;
            tally.accepted += u32::from(is_accepted);
            tally.right += u32::from(is_accepted && off_m <= 25.0);
            tally.ambiguous += u32::from(answer.status == Status::Ambiguous);
            let is_wrong = is_accepted && (off_m > 100.0 || !query.truth.is_somewhere());
            tally.wrong += u32::from(is_wrong);
            let has_twin = |(row, street): &(usize, String)| twins.has(addresses, *row, street);
            let is_unclear = class.contains("typo") && query.address.as_ref().is_some_and(has_twin);
            tally.unclear += u32::from(is_unclear);
            tell(
                class,
                &query,
                &format!(
                    "{} {} {off_m:.0} m {:?} {:?}{}",
                    answer.status.name(),
                    answer.label,
                    answer.faults,
                    answer.candidates,
                    if is_unclear { " unclear" } else { "" }
                ),
            );
        }
        found.push((class, tally));
    };

    let address = |row: usize, street: &str| Query {
        text: written(addresses, row, street, style),
        truth: addresses.at[row],
        address: Some((row, street.to_owned())),
    };
    let name = |row: usize| addresses.words.get(addresses.street[row]);
    let classes: [(&'static str, Change<'_>); 6] = [
        ("clean", &|street, _| Some(street.to_owned())),
        ("abbreviated", &|street, _| Some(abbreviated(street))),
        ("type missing", &|street, _| without_type(street)),
        ("1 typo", &|street, stream| misspelt(street, 1, stream)),
        ("2 typos", &|street, stream| misspelt(street, 2, stream)),
        ("typo + abbreviated", &|street, stream| {
            misspelt(street, 1, stream).map(|street| abbreviated(&street))
        }),
    ];
    for (class, change) in classes {
        let queries = sample.iter().filter_map(|&row| {
            let stream = &mut random.stream(class, row as u64);
            Some(address(row, &change(name(row), stream)?))
        });
        ask(&geocoder, class, queries.collect());
    }

    let crossings = crossings(streets);
    for (class, typos) in [("crossing", 0), ("crossing, 1 typo", 1)] {
        let count = crossings.len();
        let queries = (0..size.min(count)).filter_map(|item| {
            let (a, b, truth) = &crossings[item * count / size.min(count)];
            let a = misspelt(a, typos, &mut random.stream(class, item as u64))?;
            Some(Query { text: format!("{a} & {b}"), truth: *truth, address: None })
        });
        ask(&geocoder, class, queries.collect());
    }

    let (smaller, removed) = without_some_streets(addresses, random, size);
    let no_streets = Streets::default();
    let geocoder = Geocoder::build(&smaller, &no_streets, &Options::default());
    // Where the register spells the street in another way too, it is still there.
    let gone = |row: usize| Query { address: None, ..address(row, name(row)) };
    ask(&geocoder, "street removed", removed.iter().map(|&row| gone(row)).collect());

    let geocoder = Geocoder::build(addresses, streets, &Options::default());
    let nowhere =
        |row: usize, street: &str| Query { truth: Local::NOWHERE, address: None, ..address(row, street) };
    let strange = sample.iter().zip(foreign.iter().cycle()).map(|(&row, street)| nowhere(row, street));
    ask(&geocoder, "foreign street", strange.collect());
    found
}

/// Rows of the register, each of which is one place only.
fn sample(addresses: &Addresses, style: Style, random: Random, size: usize) -> Vec<usize> {
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for row in 0..addresses.len() {
        // `12 Park Street` and `12 * PARK ST.` are one address, whatever the register says.
        let street = same_street(addresses.words.get(addresses.street[row]));
        let text = format!("{street} {}", number_and_area(addresses, row, style));
        places.entry(text).or_default().push(row);
    }
    let one_place = |rows: &&Vec<usize>| {
        rows.iter().all(|&row| addresses.at[row].distance_m(addresses.at[rows[0]]) <= 25.0)
    };
    let mut rows: Vec<usize> = places.values().filter(one_place).map(|rows| rows[0]).collect();
    let stream = &mut random.stream("sample", 0);
    for index in (1..rows.len()).rev() {
        rows.swap(index, stream.random_range(0..=index));
    }
    rows.truncate(size);
    rows
}

/// What one address of a register differs in from others of its street; the postcode and town only where they are
/// written.
fn number_and_area(addresses: &Addresses, row: usize, style: Style) -> String {
    let letters = |word: &str| word.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "");
    let suffix = letters(addresses.words.get(addresses.suffix[row]));
    let mut text = format!("{}{suffix}", addresses.number[row]);
    let area = [addresses.postcode[row], addresses.city[row]];
    for word in area.into_iter().filter(|&word| style.with_area && some(word).is_some()) {
        text = format!("{text} {}", letters(addresses.words.get(word)));
    }
    text
}

/// Which streets have a number, and how they may be spelled when no letter is wrong.
struct Twins {
    streets: BTreeMap<String, Vec<(Vec<String>, Local)>>,
    style: Style,
}

impl Twins {
    fn new(addresses: &Addresses, style: Style) -> Self {
        let mut streets: BTreeMap<String, Vec<(Vec<String>, Local)>> = BTreeMap::new();
        for row in 0..addresses.len() {
            let address = (spellings(addresses, row), addresses.at[row]);
            streets.entry(number_and_area(addresses, row, style)).or_default().push(address);
        }
        Self { streets, style }
    }

    /// Whether a street elsewhere with the number of this row is spelled as nearly like that as its own, or nearer.
    fn has(&self, addresses: &Addresses, row: usize, street: &str) -> bool {
        let typed = street.to_lowercase();
        let within = |spellings: &[String], most: usize| {
            let cutoff = osa::Args::default().score_cutoff(most);
            let each = spellings.iter().map(String::as_str);
            each.filter_map(|right| osa::distance_with_args(right.chars(), typed.chars(), &cutoff)).min()
        };
        let Some(own) = within(&spellings(addresses, row), typed.len()) else { return false };
        let others = &self.streets[&number_and_area(addresses, row, self.style)];
        let mut elsewhere = others.iter().filter(|(_, at)| at.distance_m(addresses.at[row]) > 100.0);
        elsewhere.any(|(spellings, _)| within(spellings, own).is_some())
    }
}

/// A street in small letters, as it stands and abbreviated.
fn spellings(addresses: &Addresses, row: usize) -> Vec<String> {
    let street = addresses.words.get(addresses.street[row]);
    let mut all = vec![street.to_lowercase(), abbreviated(street)];
    all.dedup();
    all
}

/// An address as people write it.
fn written(addresses: &Addresses, row: usize, street: &str, style: Style) -> String {
    let (number, suffix) = (addresses.number[row], addresses.words.get(addresses.suffix[row]));
    let number = if suffix.is_empty() { number.to_string() } else { format!("{number} {suffix}") };
    let mut text =
        if style.number_first { format!("{number} {street}") } else { format!("{street} {number}") };
    let area = [addresses.postcode[row], addresses.city[row]];
    let area: Vec<&str> =
        area.into_iter().filter(|&word| some(word).is_some()).map(|word| addresses.words.get(word)).collect();
    if style.with_area && !area.is_empty() {
        text = format!("{text}, {}", area.join(" "));
    }
    text
}

/// Types of streets, long and short.
const TYPES: &[(&str, &str)] = &[
    ("street", "st"),
    ("avenue", "ave"),
    ("road", "rd"),
    ("drive", "dr"),
    ("lane", "ln"),
    ("place", "pl"),
    ("court", "ct"),
    ("square", "sq"),
    ("terrace", "ter"),
    ("boulevard", "blvd"),
    ("parkway", "pkwy"),
    ("circle", "cir"),
    ("highway", "hwy"),
    ("straße", "str."),
    ("strasse", "str."),
    ("straat", "str."),
    ("laan", "ln"),
    ("plein", "pln"),
    ("gracht", "gr."),
    ("way", "wy"),
    ("park", "pk"),
    ("row", "row"),
];

/// In small letters, with its type and a direction before the name shortened.
fn abbreviated(street: &str) -> String {
    let mut small = street.to_lowercase();
    for (long, short) in [("north ", "n "), ("south ", "s "), ("east ", "e "), ("west ", "w ")] {
        // South Street is not S Street.
        if let Some(name) = small.strip_prefix(long).filter(|name| name.contains(' ')) {
            small = format!("{short}{name}");
        }
    }
    match TYPES.iter().find(|(long, _)| small.ends_with(long) && small.len() > long.len() + 2) {
        Some((long, short)) => format!("{}{short}", &small[..small.len() - long.len()]),
        None => small,
    }
}

/// Numbers as words.
const ORDINALS: [&str; 12] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth",
];

/// What spellings of one street share: `10TH ST. NW` and `10 TH STREET NW`, `FIRST ST` and `1ST STREET`, `Litli-Botn`
/// and `Litlibotn`, `-80 Jamaica St` (12 to 80) and `Jamaica St`.
fn same_street(street: &str) -> String {
    let plain = street.to_lowercase().replace('.', " ");
    let short = |word: &str| {
        let mut types = TYPES.iter().chain(&[("mount", "mt"), ("fort", "ft"), ("saint", "st")]);
        let is_type = |(long, short): &&(&str, &str)| word == *long || *word == short[..short.len().min(2)];
        types.find(is_type).map_or(word, |(_, short)| short).to_owned()
    };
    let mut words: Vec<String> = plain.split_whitespace().map(short).collect();
    let is_type = |word: &str| TYPES.iter().any(|&(_, short)| word == short);
    // M Street is not the rest of anything.
    while words.len() > 2 && is_rest_of_number(&words[0]) && !is_type(&words[1]) {
        words.remove(0);
    }
    // So does `W Park St` with West Park St; South Street is not S Street.
    if let [first, _, _, ..] = &mut words[..]
        && matches!(first.as_str(), "north" | "south" | "east" | "west")
    {
        first.truncate(1);
    }
    for index in 0..words.len() {
        let is_end = index > 0
            && words[index - 1].bytes().all(|byte| byte.is_ascii_digit())
            && matches!(words[index].as_str(), "st" | "nd" | "rd" | "th")
            && words.len() > index + 1;
        let number = ORDINALS.iter().position(|&ordinal| ordinal == words[index]);
        words[index] = match number {
            Some(number) => (number + 1).to_string(),
            None if is_end => String::new(),
            None => without_ordinal(&words[index]).to_owned(),
        };
    }
    words.concat().replace(|sign: char| !sign.is_alphanumeric(), "")
}

/// Whether the first word of a street's name belongs to the house number before it: `-80`, `A-103`, `A`.
fn is_rest_of_number(word: &str) -> bool {
    let is_letter = word.len() == 1 && !matches!(word, "n" | "e" | "s" | "w");
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    is_letter && word.bytes().all(|byte| byte.is_ascii_alphabetic()) || word.contains('-') && has_digit
}

/// `10` of `10th`.
fn without_ordinal(word: &str) -> &str {
    let number = word.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let is_ordinal = !number.is_empty() && matches!(&word[number.len()..], "st" | "nd" | "rd" | "th");
    if is_ordinal { number } else { word }
}

/// Without the type behind it, where that is a word of its own.
fn without_type(street: &str) -> Option<String> {
    let (name, last) = street.rsplit_once(' ')?;
    let last = last.trim_end_matches('.').to_lowercase();
    TYPES
        .iter()
        .any(|&(long, short)| last == long || last == short.trim_end_matches('.'))
        .then(|| name.to_owned())
}

/// A name with so many letters wrong; `None` for names without three letters.
fn misspelt(street: &str, typos: u32, stream: &mut Stream) -> Option<String> {
    let mut letters: Vec<char> = street.chars().collect();
    if letters.iter().filter(|letter| letter.is_alphabetic()).count() < 3 {
        return None;
    }
    let mut left = typos;
    for _ in 0..1_000 {
        if left == 0 {
            break;
        }
        let before = letters.clone();
        let at = stream.random_range(0..letters.len());
        let letter = char::from(b'a' + stream.random_range(0..26u8));
        let next = letters.get(at + 1).copied();
        match stream.random_range(0..4) {
            _ if letters[at].is_ascii_digit() => {}
            0 => letters.insert(at, letter),
            1 => drop(letters.remove(at)),
            2 => letters[at] = letter,
            _ if next.is_some_and(|next| !next.is_ascii_digit()) => letters.swap(at, at + 1),
            _ => {}
        }
        let plain = |letters: &[char]| letters.iter().collect::<String>().to_lowercase();
        if plain(&letters) != plain(&before) && letters.len() >= 3 {
            left -= 1;
        } else {
            letters = before;
        }
    }
    Some(letters.into_iter().collect())
}

/// Nodes where streets of two names meet, for pairs that meet in one place only.
fn crossings(streets: &Streets) -> Vec<(String, String, Local)> {
    let mut names_at: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for way in streets.ways.iter().filter(|way| way.name != NONE) {
        let name = streets.words.get(way.name);
        for &node in &way.nodes {
            names_at.entry(node).or_default().insert(name);
        }
    }
    // `Weißersteinweg` is no other street than `Weisserstein Weg`.
    let letters =
        |name: &str| name.to_lowercase().replace('ß', "ss").replace(|sign: char| !sign.is_alphanumeric(), "");
    let mut meetings: BTreeMap<(&str, &str), Vec<Local>> = BTreeMap::new();
    for (node, names) in names_at {
        let names: Vec<&str> = names.into_iter().collect();
        for (index, &a) in names.iter().enumerate() {
            for &b in names[index + 1..].iter().filter(|b| letters(b) != letters(a)) {
                meetings.entry((a, b)).or_default().push(streets.nodes[node as usize]);
            }
        }
    }
    let single =
        meetings.into_iter().filter(|(_, at)| at.iter().all(|there| there.distance_m(at[0]) <= 20.0));
    single.map(|((a, b), at)| (a.to_owned(), b.to_owned(), at[0])).collect()
}

/// The register without one street in twenty, and addresses on those that are gone.
fn without_some_streets(addresses: &Addresses, random: Random, size: usize) -> (Addresses, Vec<usize>) {
    // `Park St` goes with `PARK STREET`.
    let is_gone = |word: u32| {
        let name = same_street(addresses.words.get(word));
        random.stream(&format!("removed {name}"), 0).random_range(0..20) == 0
    };
    let mut smaller = Addresses { words: addresses.words.clone(), ..Addresses::default() };
    let mut removed = Vec::new();
    for row in 0..addresses.len() {
        if is_gone(addresses.street[row]) {
            removed.push(row);
            continue;
        }
        smaller.id.push(addresses.id.get(row));
        for (column, into) in [
            (&addresses.street, &mut smaller.street),
            (&addresses.number, &mut smaller.number),
            (&addresses.suffix, &mut smaller.suffix),
            (&addresses.postcode, &mut smaller.postcode),
            (&addresses.city, &mut smaller.city),
        ] {
            into.push(column[row]);
        }
        smaller.at.push(addresses.at[row]);
    }
    smaller.aliases = addresses.aliases.iter().copied().filter(|&(name, _)| !is_gone(name)).collect();
    let stream = &mut random.stream("removed rows", 0);
    for index in (1..removed.len()).rev() {
        removed.swap(index, stream.random_range(0..=index));
    }
    removed.truncate(size);
    (smaller, removed)
}
