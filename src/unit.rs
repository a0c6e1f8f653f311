//! Positions and the handful of conversions that everybody needs.
//!
//! Degrees exist only at the edges of the program ([`LonLat`]); inside, a position is metres on the
//! project's plane ([`Local`]). Other quantities carry their unit in their name (`length_m`, `dwell_s`).

use serde::{Deserialize, Serialize};

/// A position in degrees on WGS84. Longitude before latitude, always.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LonLat {
    /// Degrees east of Greenwich.
    pub lon: f64,
    /// Degrees north of the equator.
    pub lat: f64,
}

impl LonLat {
    /// The position at `lon`, `lat` degrees.
    pub const fn new(lon: f64, lat: f64) -> Self {
        Self { lon, lat }
    }

    /// Whether both numbers lie on the globe.
    pub fn is_on_earth(self) -> bool {
        self.lon.abs() <= 180.0 && self.lat.abs() <= 90.0
    }
}

/// A position in metres on the project's plane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Local {
    /// Metres east.
    pub x: f64,
    /// Metres north.
    pub y: f64,
}

impl Local {
    /// The position of something that could not be placed.
    pub const NOWHERE: Self = Self { x: f64::NAN, y: f64::NAN };

    /// The position at `x`, `y` metres.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Whether this is a position at all: not [`Local::NOWHERE`].
    pub fn is_somewhere(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }

    /// Straight-line distance in metres.
    pub fn distance_m(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point `share` of the way to `other`: 0 is here, 1 is there.
    #[must_use]
    pub fn toward(self, other: Self, share: f64) -> Self {
        Self::new(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)
    }

    /// A total order (x, then y), for sorting; [`Local::NOWHERE`] comes last.
    pub fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.x.total_cmp(&other.x).then(self.y.total_cmp(&other.y))
    }
}

impl From<Local> for geo::Coord<f64> {
    fn from(at: Local) -> Self {
        Self { x: at.x, y: at.y }
    }
}

impl From<geo::Coord<f64>> for Local {
    fn from(at: geo::Coord<f64>) -> Self {
        Self::new(at.x, at.y)
    }
}

impl From<Local> for geo::Point<f64> {
    fn from(at: Local) -> Self {
        Self::new(at.x, at.y)
    }
}

/// Seconds in a day without a change of clocks.
pub const DAY_S: i64 = 86_400;
