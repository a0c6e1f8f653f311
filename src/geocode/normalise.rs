//! Text in, tokens and street keys out: what two spellings of one name have in common.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::words;

/// `Burg. Reigerstraße` in plain lower-case letters: `burg. reigerstrasse`. Apostrophes vanish.
pub(super) fn fold(text: &str) -> String {
    let mut folded = if text.is_ascii() {
        text.to_owned()
    } else {
        // `535½` is not number 5351/2.
        deunicode::deunicode(&text.replace('½', " 1/2"))
    };
    folded.make_ascii_lowercase();
    folded.retain(|letter| !matches!(letter, '\'' | '`'));
    folded
}

/// Letters that [`fold`] writes as two.
pub(super) fn digraphs(text: &str) -> impl Iterator<Item = [u8; 2]> + '_ {
    text.chars().filter(|letter| !letter.is_ascii()).filter_map(|letter| {
        let plain = deunicode::deunicode_char(letter)?.to_ascii_lowercase();
        <[u8; 2]>::try_from(plain.as_bytes()).ok().filter(|two| two.iter().all(u8::is_ascii_alphabetic))
    })
}

/// What stands between a token and the one before it, strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Glue {
    /// Blanks, full stops and the like.
    Blank,
    /// A slash.
    Slash,
    /// A hyphen.
    Hyphen,
    /// `&`, `@` or `+`.
    And,
    /// A comma, brackets, a line end, a dash, two or more blanks: another part of the address begins.
    Break,
}

/// A run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// The run.
    pub(super) text: &'t str,
    /// What stands before it.
    pub(super) glue: Glue,
}

impl Token<'_> {
    /// Whether it begins with a digit.
    pub(super) fn has_number(&self) -> bool {
        self.text.as_bytes()[0].is_ascii_digit()
    }
}

/// The tokens of a folded text. `#` is a token of its own.
pub(super) fn tokens(folded: &str) -> Vec<Token<'_>> {
    let is_word = |letter: char| letter.is_alphanumeric();
    let mut found: Vec<Token<'_>> = Vec::new();
    let mut rest = folded;
    while let Some(start) = rest.find(|letter| is_word(letter) || letter == '#') {
        let (between, from) = rest.split_at(start);
        let length = if from.starts_with('#') {
            1
        } else {
            from.find(|letter| !is_word(letter)).unwrap_or(from.len())
        };
        let (text, after) = from.split_at(length);
        // `12  Park Street`: a gap behind the house number parts nothing.
        let follows_number = found.len() == 1 && found[0].has_number();
        let glue = match glue(between) {
            Glue::Break if follows_number && between.trim().is_empty() && !between.contains(['\n', '\t']) => {
                Glue::Blank
            }
            glue => glue,
        };
        found.push(Token { text, glue });
        rest = after;
    }
    if let Some(first) = found.first_mut() {
        first.glue = Glue::Blank;
    }
    found
}

fn glue(between: &str) -> Glue {
    if between.contains([',', ';', '(', ')', '[', ']', '\n', '\t', '|']) || between.contains("--") {
        Glue::Break
    } else if between.contains(['&', '@', '+']) {
        Glue::And
    } else if between.contains('-') {
        Glue::Hyphen
    } else if between.contains('/') {
        Glue::Slash
    } else if between.contains("  ") {
        Glue::Break
    } else {
        Glue::Blank
    }
}

/// What a street is known by: `N Capitol St. NW` and `NORTH CAPITOL STREET NW` have the same key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Key {
    /// The name proper, without blanks.
    pub(super) bare: String,
    /// Its type, as an index into [`words::TYPES`] plus 1; 0 for none.
    pub(super) kind: u8,
    /// Its directions, as indices into [`words::DIRECTIONS`] plus 1, ascending; 0 for none.
    pub(super) directions: [u8; 2],
}

/// Every spelling of a table with the place of its entry, counted from 1.
fn spellings<'a>(entries: impl Iterator<Item = &'a [&'static str]>) -> FxHashMap<&'static str, u8> {
    let numbered = (1u8..).zip(entries);
    numbered
        .flat_map(|(number, spellings)| spellings.iter().map(move |&spelling| (spelling, number)))
        .collect()
}

static TYPES: LazyLock<FxHashMap<&str, u8>> =
    LazyLock::new(|| spellings(words::TYPES.iter().map(|&(_, _, spellings)| spellings)));
static DIRECTIONS: LazyLock<FxHashMap<&str, u8>> =
    LazyLock::new(|| spellings(words::DIRECTIONS.iter().map(|&(_, spellings)| spellings)));
static IN_NAMES: LazyLock<FxHashMap<&str, &str>> = LazyLock::new(|| {
    let entries = words::IN_NAMES.iter();
    entries.flat_map(|&(key, spellings)| spellings.iter().map(move |&spelling| (spelling, key))).collect()
});
/// Endings that types are glued on with, longest first: `dwarsstraat` before `straat`.
static GLUED: LazyLock<Vec<(&str, u8)>> = LazyLock::new(|| {
    let glued = (1u8..).zip(words::TYPES).filter(|(_, entry)| entry.1);
    let endings = glued.flat_map(|(number, entry)| entry.2.iter().map(move |&ending| (ending, number)));
    let mut endings: Vec<_> = endings.filter(|(ending, _)| !words::NEVER_GLUED.contains(ending)).collect();
    endings.sort_by_key(|&(ending, _)| (std::cmp::Reverse(ending.len()), ending));
    endings
});

/// The key of a street's name. Empty (`bare` without a letter) only for no tokens at all.
pub(super) fn key(tokens: &[Token<'_>]) -> Key {
    key_with(tokens, true)
}

/// The key of a name that ends like a type but has none: `Herring` for Herring Street.
pub(super) fn unsplit_key(tokens: &[Token<'_>]) -> Key {
    key_with(tokens, false)
}

/// The key of a name whose last word looks like a type but is not: `Blue Hill` for Blue Hill Avenue.
pub(super) fn untyped_key(tokens: &[Token<'_>]) -> Key {
    key_of(Key::default(), &tokens.iter().map(|token| token.text).collect::<Vec<_>>())
}

fn key_with(tokens: &[Token<'_>], splits: bool) -> Key {
    let (key, name) = parts(tokens, splits);
    key_of(key, &name)
}

/// Completes a key by the words that are neither type nor direction.
fn key_of(mut key: Key, name: &[&str]) -> Key {
    for (index, &word) in name.iter().enumerate() {
        let is_particle = words::PARTICLES.contains(&word) && index + 1 < name.len();
        let is_ordinal_end = index > 0
            && name[index - 1].bytes().all(|byte| byte.is_ascii_digit())
            && words::ORDINAL_ENDS.contains(&word);
        if !is_particle && !is_ordinal_end {
            key.bare.push_str(IN_NAMES.get(word).copied().unwrap_or_else(|| without_ordinal(word)));
        }
    }
    // `Ruyterkade` is how half of the Netherlands spell `Ruijterkade`.
    if key.bare.contains("ij") {
        key.bare = key.bare.replace("ij", "y");
    }
    key
}

/// Type and directions of a name, and the words that are neither, as written. The type is taken off the last
/// word too where it `splits`.
pub(super) fn parts<'t>(tokens: &[Token<'t>], splits: bool) -> (Key, Vec<&'t str>) {
    let mut name: Vec<&str> = tokens.iter().map(|token| token.text).collect();
    let mut key = Key::default();
    let direction = |text: &str| DIRECTIONS.get(text).copied();

    // `Street North East` is written apart by some.
    if let [.., _, a, b] = name[..]
        && let (Some(long), true) = (direction(&format!("{a}{b}")), a.len() > 1)
    {
        key.directions[1] = long;
        name.truncate(name.len() - 2);
    } else if name.len() > 1
        && let Some(last) = name.last().and_then(|last| direction(last))
    {
        key.directions[1] = last;
        name.pop();
    }
    if name.len() > 1
        && let Some(&kind) = name.last().and_then(|last| TYPES.get(last))
    {
        key.kind = kind;
        name.pop();
    }
    if name.len() > 1
        && let Some(first) = direction(name[0])
    {
        key.directions[0] = first;
        name.remove(0);
    }
    key.directions.sort_unstable();
    if splits
        && key.kind == 0
        && let Some(last) = name.last_mut()
    {
        let glued = GLUED.iter().find(|(ending, _)| last.len() >= ending.len() + 3 && last.ends_with(ending));
        if let Some(&(ending, kind)) = glued {
            key.kind = kind;
            *last = &last[..last.len() - ending.len()];
        }
    }
    (key, name)
}

/// `10th` is `10`.
fn without_ordinal(word: &str) -> &str {
    let digits = word.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let end = &word[digits.len()..];
    let is_ordinal = !digits.is_empty() && (end == "e" || words::ORDINAL_ENDS.contains(&end));
    if is_ordinal { digits } else { word }
}

/// Whether a direction of a key is a quadrant (two letters), which must always agree.
pub(super) fn is_quadrant(direction: u8) -> bool {
    direction > 4
}

/// Whether a text is the only direction of a name, a quadrant, with one of its letters left out or both exchanged.
pub(super) fn is_misspelt_quadrant(text: &str, directions: [u8; 2]) -> bool {
    let [0, quadrant] = directions else { return false };
    let Some((letters, _)) = words::DIRECTIONS.get(usize::from(quadrant).wrapping_sub(1)) else {
        return false;
    };
    let is_exchanged = text.len() == 2 && text.bytes().rev().eq(letters.bytes());
    is_quadrant(quadrant) && (is_exchanged || text.len() == 1 && letters.contains(text))
}

/// The quadrant at either end of a name, as in a key's directions.
pub(super) fn quadrant(name: &[Token<'_>]) -> Option<u8> {
    key(name).directions.into_iter().find(|&direction| is_quadrant(direction))
}

/// A name without the quadrant at its end, however that is written.
pub(super) fn without_quadrant<'t>(name: &[Token<'t>]) -> Vec<Token<'t>> {
    let has_quadrant = |length: usize| quadrant(&name[..length]).is_some();
    let whole = name.len();
    let length = (1..=whole).rev().find(|&length| !has_quadrant(length)).unwrap_or(whole);
    name[..length].to_vec()
}

/// Whether a token is a type or direction, so that a name does not end before it.
pub(super) fn is_part_of_name(token: &Token<'_>) -> bool {
    TYPES.contains_key(token.text) || DIRECTIONS.contains_key(token.text)
}

/// Whether a word is a type of street.
pub(super) fn is_type(text: &str) -> bool {
    TYPES.contains_key(text)
}

/// Whether a word is a compass direction.
pub(super) fn is_direction(text: &str) -> bool {
    DIRECTIONS.contains_key(text)
}

/// Whether a type of street is glued to a word: `kerkstraat`.
pub(super) fn has_glued_type(text: &str) -> bool {
    GLUED.iter().any(|(ending, _)| text.len() >= ending.len() + 3 && text.ends_with(ending))
}

/// The key of a house number's letter and addition: `-H`, `hs` and `huis` are one; `B 1` is `b1`.
pub(super) fn suffix(text: &str) -> String {
    let folded = fold(text);
    let trimmed = folded.trim_matches(|letter: char| !letter.is_alphanumeric());
    let joined: String =
        trimmed.chars().filter(|letter| letter.is_alphanumeric() || *letter == '/').collect();
    let entry = words::ADDITIONS.iter().find(|(_, spellings)| spellings.contains(&joined.as_str()));
    entry.map_or(joined, |(key, _)| (*key).to_owned())
}

/// Letters and digits only, without blanks: what postcodes and towns are compared by.
pub(super) fn squeezed(text: &str) -> String {
    let mut folded = fold(text);
    folded.retain(char::is_alphanumeric);
    folded
}
