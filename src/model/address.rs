//! The address register as columns.

use crate::model::text::{Texts, Words};
use crate::unit::Local;

/// All known addresses, one column per property, in the order of street, area, number and suffix.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// The id in the register, as in `node/123` or a BAG number.
    pub id: Texts,
    /// Street name as the register writes it, in `words`.
    pub street: Vec<u32>,
    /// House number.
    pub number: Vec<u32>,
    /// Letter and addition as written (`12-bis` gives `bis`), in `words`; empty for most.
    pub suffix: Vec<u32>,
    /// Postcode, in `words`; [`NONE`](crate::model::NONE) where unknown.
    pub postcode: Vec<u32>,
    /// Town or municipality, in `words`; [`NONE`](crate::model::NONE) where unknown.
    pub city: Vec<u32>,
    /// Where it is.
    pub at: Vec<Local>,
    /// The words.
    pub words: Words,
    /// Other names of streets: name in `words` and alias in `words` (Finnish and Swedish, official short names).
    pub aliases: Vec<(u32, u32)>,
}

impl Addresses {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.number.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.number.is_empty()
    }

    /// An address as people write it: `Mannerheimintie 12 b`.
    ///
    /// # Panics
    /// When there are not that many.
    pub fn label(&self, index: usize) -> String {
        let (street, suffix) = (self.words.get(self.street[index]), self.words.get(self.suffix[index]));
        let blank = if suffix.is_empty() { "" } else { " " };
        format!("{street} {}{blank}{suffix}", self.number[index])
    }
}
