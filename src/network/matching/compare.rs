//! Two lists of driven pieces in, by how much they differ out.

use std::collections::BTreeMap;

use super::Piece;

/// Metres by which a match differs from the truth, after Newson & Krumm (2009), section 5.1: what was matched although
/// it was not driven, and what was driven and not matched, each counted as often as it occurs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Mismatch {
    /// Metres driven.
    pub true_m: f64,
    /// Metres too many.
    pub extra_m: f64,
    /// Metres missing.
    pub missing_m: f64,
}

impl Mismatch {
    /// Compares what was driven with what was matched, by the unit that `unit_of` gives for each piece: its edge, its
    /// way, or its edge and direction.
    pub fn by<U: Ord>(driven: &[Piece], matched: &[Piece], unit_of: impl Fn(&Piece) -> U) -> Self {
        let mut balance: BTreeMap<U, f64> = BTreeMap::new();
        for piece in driven {
            *balance.entry(unit_of(piece)).or_default() -= piece.length_m();
        }
        for piece in matched {
            *balance.entry(unit_of(piece)).or_default() += piece.length_m();
        }
        Self {
            true_m: driven.iter().map(Piece::length_m).sum(),
            extra_m: balance.values().filter(|metres| **metres > 0.0).sum(),
            missing_m: -balance.values().filter(|metres| **metres < 0.0).sum::<f64>(),
        }
    }

    /// Extra and missing metres per hundred metres driven.
    pub fn pct(&self) -> f64 {
        100.0 * (self.extra_m + self.missing_m) / self.true_m
    }
}

impl std::ops::AddAssign for Mismatch {
    fn add_assign(&mut self, other: Self) {
        self.true_m += other.true_m;
        self.extra_m += other.extra_m;
        self.missing_m += other.missing_m;
    }
}
