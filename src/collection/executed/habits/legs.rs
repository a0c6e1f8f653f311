//! Drives between halts in, the seconds that each takes out.
//!
//! A drive takes as long as on the empty streets, times a factor. Streets closed for a while are not
//! followed. Where the network knows no way, and from a halt to a fix on the way, the straight line says how long.

use rustc_hash::FxHashMap;

use crate::collection::executed::CORNER_M;

/// Classes of drives: the longer one is, the less sure is the time that it takes.
pub(super) const DWELLS: usize = 4;
/// Where those classes begin, seconds; the first holds drives within a corner.
const CLASSES_S: [f64; 2] = [40.0, 90.0];
/// Streets are this much longer than straight lines.
const DETOUR: f64 = 1.2;
/// Days are this much slower than empty streets. Not learnt: where fixes are rare, a slower drive and a shorter emptying look
/// alike. What it is off by is learnt with the emptying times of each class.
const SLOWER: f64 = 1.2;

/// A drive from one halt to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::collection::executed) struct Leg {
    /// Seconds that it takes.
    pub(in crate::collection::executed) drive_s: f64,
    /// How sure that is: 0 within a corner, then by length.
    pub(in crate::collection::executed) class: usize,
}

/// How long drives take.
#[derive(Debug, Clone)]
pub(super) struct Legs {
    /// Seconds on the empty streets from stop to stop.
    empty_s: FxHashMap<(u32, u32), f32>,
    /// Metres of straight line per second of driving, for all others.
    straight_ms: f64,
}

impl Legs {
    /// `empty_s` are the seconds on the empty streets from stop to stop, `speed_ms` the speed of a truck that drives.
    pub(super) fn new(empty_s: FxHashMap<(u32, u32), f32>, speed_ms: f64) -> Self {
        Self { empty_s, straight_ms: speed_ms / DETOUR }
    }

    /// Seconds of driving over a straight distance.
    pub(super) fn straight_s(&self, metres: f64) -> f64 {
        metres / self.straight_ms
    }

    /// The drive from a halt to a place on the way.
    pub(super) fn off(&self, metres: f64) -> Leg {
        made(self.straight_s(metres), f64::INFINITY)
    }

    /// The drive between the halts of two stops.
    pub(super) fn leg(&self, stops: (u32, u32), metres: f64) -> Leg {
        let known_s = self.empty_s.get(&stops).map(|&seconds| SLOWER * f64::from(seconds));
        made(known_s.unwrap_or_else(|| self.straight_s(metres)), metres)
    }
}

/// A drive that takes `drive_s`.
fn made(drive_s: f64, metres: f64) -> Leg {
    let is_corner = metres <= CORNER_M && drive_s < CLASSES_S[0];
    let longer = 1 + CLASSES_S.iter().filter(|&&from_s| drive_s >= from_s).count();
    Leg { drive_s, class: if is_corner { 0 } else { longer } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_round_the_block_takes_longer_than_its_straight_line() {
        let legs = Legs::new([((0, 1), 40.0)].into_iter().collect(), 5.0);
        let (round_the_block, straight) = (legs.leg((0, 1), 15.0), legs.leg((1, 2), 15.0));
        assert!((round_the_block.drive_s - 40.0 * SLOWER).abs() < 1e-4 && round_the_block.class > 0);
        assert!((straight.drive_s - 15.0 * DETOUR / 5.0).abs() < 1e-9 && straight.class == 0);
    }
}
