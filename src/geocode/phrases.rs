//! Tables of phrases, ready to be looked for in tokens.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::normalise::Token;
use super::parse::Relation;
use super::words;
use crate::model::asset::AssetKind;

/// Phrases by their first word, each with what it means.
#[derive(Debug)]
pub(super) struct Phrases<T> {
    by_first: FxHashMap<&'static str, Vec<(Vec<&'static str>, T)>>,
}

impl<T: Copy> Phrases<T> {
    fn new(tables: impl IntoIterator<Item = (T, &'static [&'static str])>) -> Self {
        let mut by_first: FxHashMap<&'static str, Vec<(Vec<&'static str>, T)>> = FxHashMap::default();
        for (meaning, phrases) in tables {
            for phrase in phrases {
                let words: Vec<&str> = phrase.split(' ').collect();
                by_first.entry(words[0]).or_default().push((words, meaning));
            }
        }
        Self { by_first }
    }

    /// The longest phrase that the tokens begin with and that leaves something: its meaning and its length.
    pub(super) fn leading(&self, tokens: &[Token<'_>]) -> Option<(T, usize)> {
        let known = self.by_first.get(tokens.first()?.text)?;
        let fits = |words: &[&str]| {
            words.len() < tokens.len() && words.iter().zip(tokens).all(|(word, token)| *word == token.text)
        };
        let fitting = known.iter().filter(|(words, _)| fits(words));
        fitting.map(|(words, meaning)| (*meaning, words.len())).max_by_key(|&(_, length)| length)
    }
}

/// Words that tell how a place lies to an address.
pub(super) static RELATIONS: LazyLock<Phrases<Relation>> = LazyLock::new(|| {
    Phrases::new([
        (Relation::Near, words::NEAR),
        (Relation::Opposite, words::OPPOSITE),
        (Relation::End, words::END),
    ])
});

/// Words before streets that cross.
pub(super) static CROSSINGS: LazyLock<Phrases<()>> = LazyLock::new(|| Phrases::new([((), words::CROSSING)]));

/// What people call assets.
pub(super) static ASSETS: LazyLock<Phrases<AssetKind>> =
    LazyLock::new(|| Phrases::new(words::ASSETS.iter().copied()));
