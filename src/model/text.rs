//! Many short texts in few allocations: [`Texts`] end to end in one buffer, [`Words`] each only once.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::model::NONE;

/// Texts end to end in one buffer; each is found by its position in the sequence.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    buffer: String,
    ends: Vec<u32>,
    /// Buffers beyond 4 GiB: how many texts end before each further 4 GiB.
    wraps: Vec<usize>,
}

impl Texts {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text at the end.
    pub fn push(&mut self, text: &str) {
        let before = self.buffer.len() >> 32;
        self.buffer.push_str(text);
        for _ in before..self.buffer.len() >> 32 {
            self.wraps.push(self.ends.len());
        }
        #[expect(clippy::cast_possible_truncation, reason = "the upper half is kept in `wraps`")]
        self.ends.push(self.buffer.len() as u32);
    }

    /// The text at `index`.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.end(index - 1) };
        &self.buffer[start..self.end(index)]
    }

    fn end(&self, index: usize) -> usize {
        let wraps = self.wraps.iter().filter(|&&first| first <= index).count();
        (wraps << 32) + self.ends[index] as usize
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The texts in a new order: the one at `order[0]` first.
    #[must_use]
    pub fn reordered(&self, order: &[u32]) -> Self {
        let mut texts = Self::new();
        for &index in order {
            texts.push(self.get(index as usize));
        }
        texts
    }
}

impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<I: IntoIterator<Item = &'a str>>(items: I) -> Self {
        let mut texts = Self::new();
        items.into_iter().for_each(|text| texts.push(text));
        texts
    }
}

/// A vocabulary: every distinct word once, known by its number.
#[derive(Debug, Clone, Default)]
pub struct Words {
    texts: Texts,
    /// A hash table of numbers, with [`NONE`] in free slots: the words themselves are kept only once. Its
    /// length is a power of two, and at most three quarters are taken.
    slots: Vec<u32>,
}

impl Words {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of `word`, which is added if it is new.
    ///
    /// # Panics
    /// Beyond four billion distinct words.
    pub fn intern(&mut self, word: &str) -> u32 {
        if (self.texts.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let slot = self.slot(word);
        if self.slots[slot] == NONE {
            let number = u32::try_from(self.texts.len()).expect("fewer than 2^32 words");
            assert!(number < NONE, "fewer than 2^32 words");
            self.texts.push(word);
            self.slots[slot] = number;
        }
        self.slots[slot]
    }

    /// The number of `word`, if it is known.
    pub fn find(&self, word: &str) -> Option<u32> {
        let number = if self.slots.is_empty() { NONE } else { self.slots[self.slot(word)] };
        (number != NONE).then_some(number)
    }

    /// The slot that holds `word`, or the free one where it belongs.
    fn slot(&self, word: &str) -> usize {
        let last = self.slots.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let mut slot = FxBuildHasher.hash_one(word) as usize & last;
        while self.slots[slot] != NONE && self.texts.get(self.slots[slot] as usize) != word {
            slot = (slot + 1) & last;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![NONE; (self.slots.len() * 2).max(16)];
        for number in 0..self.texts.len() {
            let slot = self.slot(self.texts.get(number));
            self.slots[slot] = u32::try_from(number).expect("fewer than 2^32 words");
        }
    }

    /// The word with this number; empty for [`NONE`].
    pub fn get(&self, number: u32) -> &str {
        super::some(number).map_or("", |index| self.texts.get(index))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// All words in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_went_in() {
        let texts: Texts = ["een", "", "drie"].into_iter().collect();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["een", "", "drie"]);
        assert_eq!(texts.reordered(&[2, 0]).iter().collect::<Vec<_>>(), ["drie", "een"]);
    }

    #[test]
    fn a_word_keeps_its_number() {
        let mut words = Words::new();
        let (a, b) = (words.intern("paal"), words.intern("bak"));
        assert_eq!((words.intern("paal"), words.get(b), words.find("boom")), (a, "bak", None));
        assert_eq!(words.get(NONE), "");
    }

    #[test]
    fn a_vocabulary_agrees_with_a_map() {
        let (mut words, mut map) = (Words::new(), std::collections::HashMap::new());
        assert_eq!(words.find("0"), None);
        for number in 0..10_000_u32 {
            let word = (number.wrapping_mul(2_654_435_761) >> 20).to_string();
            let known = u32::try_from(map.len()).unwrap();
            assert_eq!(words.intern(&word), *map.entry(word).or_insert(known));
        }
        assert!(
            map.iter().all(|(word, &number)| words.find(word) == Some(number) && words.get(number) == word)
        );
        assert_eq!((words.len(), words.find("no such")), (map.len(), None));
    }
}
