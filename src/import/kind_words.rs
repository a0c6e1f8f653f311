//! What a category probably means, by fragments of its name in English, Dutch and German.
//!
//! Only `paaltje init` guesses, and writes its guesses into the project file for somebody to check; a run
//! goes by what the project file says.

use crate::model::kind::Kind;

/// The table: fragment, tab, kind.
const TABLE: &str = include_str!("kind_words.tsv");

/// The kind that a category's name suggests.
pub fn guess(category: &str) -> Option<Kind> {
    let folded = deunicode::deunicode(category).to_lowercase();
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut pairs = lines.filter_map(|line| line.split_once('\t'));
    pairs.find(|(fragment, _)| begins_a_word(&folded, fragment)).and_then(|(_, kind)| Kind::parse(kind))
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
