//! Driven rounds: the fixes of each vehicle.

use crate::unit::Local;

/// The fixes of one vehicle in the order of time, one column per property.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track {
    /// The vehicle's id, as the fixes name it.
    pub vehicle: String,
    /// When, seconds UTC, ascending.
    pub time: Vec<i64>,
    /// Where.
    pub at: Vec<Local>,
    /// Metres per second as the logger says; NaN where it does not.
    pub speed_ms: Vec<f32>,
}

impl Track {
    /// How many fixes there are.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }
}
