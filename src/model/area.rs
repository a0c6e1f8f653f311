//! Districts, neighbourhoods and other areas.

/// A named area.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Its id in the source, or its name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its outline on the plane.
    pub shape: geo::MultiPolygon<f64>,
}
