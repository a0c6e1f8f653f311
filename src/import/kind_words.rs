//! What a category probably means, and what a text is about, by fragments of words in English, Dutch and German.
//!
//! Only `paaltje init` guesses by categories, and writes its guesses into the project file for somebody to
//! check; a run goes by what the project file says. Texts are looked at only for the categories that a source
//! lists under `text_decides`.

use std::sync::LazyLock;

use crate::model::kind::Kind;

/// The table: fragment, tab, kind.
const TABLE: &str = include_str!("kind_words.tsv");

/// What citizens write: fragment, tab, kind. A fragment with `*` in front is also found inside a word.
const TEXT_TABLE: &str = include_str!("text_words.tsv");
/// Categories that say too little, as patterns of `text_decides`.
const VAGUE: &str = include_str!("vague_categories.tsv");

/// The kind that a category's name suggests. Of `group/category` and `group > category` the last part goes first.
pub fn guess(category: &str) -> Option<Kind> {
    let last = category.rsplit(['/', '>']).next().unwrap_or(category);
    by_fragment(last).or_else(|| by_fragment(category))
}

fn by_fragment(category: &str) -> Option<Kind> {
    let folded = folded(category);
    let mut pairs = pairs(TABLE);
    pairs.find(|(fragment, _)| begins_a_word(&folded, fragment)).and_then(|(_, kind)| Kind::parse(kind))
}

/// The kind that the words of a citizen's text tell, if they do.
pub fn in_text(text: &str) -> Option<Kind> {
    let folded = folded(text);
    let is_in = |fragment: &str| match fragment.strip_prefix('*') {
        Some(inside) => folded.contains(inside),
        None => begins_a_word(&folded, fragment),
    };
    TEXT_KINDS.iter().find(|(fragment, _)| is_in(fragment)).map(|&(_, kind)| kind)
}

/// The table of texts with its kinds, parsed once: it is asked for every report.
static TEXT_KINDS: LazyLock<Vec<(&'static str, Kind)>> = LazyLock::new(|| {
    pairs(TEXT_TABLE).filter_map(|(fragment, kind)| Some((fragment, Kind::parse(kind)?))).collect()
});

/// Whether a category's name says too little to tell its kind, as `overig` does.
pub fn is_vague(category: &str) -> bool {
    let last = category.rsplit(['/', '>']).next().unwrap_or(category);
    let folded = folded(last);
    VAGUE.lines().filter(|line| !line.starts_with('#')).any(|word| begins_a_word(&folded, word))
}

fn pairs(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// Lower-case ASCII, with blanks for the signs that slugs are joined by.
fn folded(text: &str) -> String {
    deunicode::deunicode(text).to_lowercase().replace(['-', '_'], " ")
}

/// Whether `fragment` occurs in `text` at the beginning of a word: "rat" is not in "operations".
fn begins_a_word(text: &str, fragment: &str) -> bool {
    text.match_indices(fragment).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_names_a_kind() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let (fragment, kind) = line.split_once('\t').unwrap();
            assert!(Kind::parse(kind).is_some(), "{line}");
            assert_eq!(deunicode::deunicode(fragment).to_lowercase(), fragment, "{line} is folded");
        }
    }

    #[test]
    fn categories_of_real_cities_are_understood() {
        for (category, kind) in [
            ("Litter Can- Request/Repair", Some(Kind::ContainerFull)),
            ("Trash Collection - Missed", Some(Kind::MissedCollection)),
            ("Wilder Müll", Some(Kind::Dumping)),
            ("Poller", Some(Kind::Bollard)),
            ("Container is vol", Some(Kind::ContainerFull)),
            ("Beleuchtung/Uhren", Some(Kind::Lighting)),
            ("Operations", None),
        ] {
            assert_eq!(guess(category), kind, "{category}");
        }
    }
}
