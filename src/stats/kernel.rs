//! Points in, a smooth density on a raster out: quartic kernels, exact sums over their compact support.
//!
//! A kernel that sticks out of the study area is scaled up so that all of it counts inside ([`shares`]): the
//! densities of the cells then add up to the points. Sums run in the order of the points' places, so neither
//! the order in which they come nor the number of threads changes a digit.

use rayon::prelude::*;

use crate::unit::Local;

/// A raster on the plane: cell `row * columns + column`, counted from the south-west.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Raster {
    /// Its western edge, metres.
    pub west: f64,
    /// Its southern edge, metres.
    pub south: f64,
    /// The side of a cell, metres.
    pub cell_m: f64,
    /// Cells from west to east.
    pub columns: usize,
    /// Cells from south to north.
    pub rows: usize,
}

impl Raster {
    /// The raster of cells of `cell_m` that holds everything from (`west`, `south`) to (`east`, `north`). Its
    /// edges are whole multiples of `cell_m`, so that a point more or less does not shift the cells.
    pub fn covering([west, south, east, north]: [f64; 4], cell_m: f64) -> Self {
        let first = |from: f64| (from / cell_m).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at least 1; `as` stops at the largest number"
        )]
        let count = |from: f64, to: f64| ((to / cell_m).floor() - first(from) + 1.0).max(1.0) as usize;
        Self {
            west: first(west) * cell_m,
            south: first(south) * cell_m,
            cell_m,
            columns: count(west, east),
            rows: count(south, north),
        }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The middle of a cell.
    pub fn centre(&self, cell: usize) -> Local {
        Local::new(self.x(cell % self.columns), self.y(cell / self.columns))
    }

    /// The cell that holds `at`, if one does.
    pub fn cell(&self, at: Local) -> Option<usize> {
        let (column, row) = ((at.x - self.west) / self.cell_m, (at.y - self.south) / self.cell_m);
        let is_inside = column >= 0.0 && row >= 0.0 && column < self.columns as f64 && row < self.rows as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the raster")]
        is_inside.then(|| row as usize * self.columns + column as usize)
    }

    fn x(&self, column: usize) -> f64 {
        self.west + (column as f64 + 0.5) * self.cell_m
    }

    fn y(&self, row: usize) -> f64 {
        self.south + (row as f64 + 0.5) * self.cell_m
    }

    /// The columns (or rows) from `edge` on whose middles lie within `reach_m` of `middle`.
    fn reached(&self, edge: f64, count: usize, middle: f64, reach_m: f64) -> std::ops::Range<usize> {
        let place = |at: f64| (at - edge) / self.cell_m - 0.5;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the raster; NaN becomes 0"
        )]
        let whole = |at: f64| at.clamp(0.0, count as f64) as usize;
        whole(place(middle - reach_m).ceil())..whole(place(middle + reach_m).floor() + 1.0)
    }
}

/// The quartic (biweight) kernel of two dimensions at a squared distance of `share` squared bandwidths, per
/// squared bandwidth. Integrates to 1 over the plane.
///
/// # References
/// Silverman (1986), Density Estimation for Statistics and Data Analysis, equation 4.5 (there K₂).
pub fn quartic(share: f64) -> f64 {
    let rest = (1.0 - share).max(0.0);
    3.0 / std::f64::consts::PI * rest * rest
}

/// The density of weighted points at the middle of every cell, weight per square metre. Points that lie nowhere
/// count nowhere.
///
/// # Panics
/// When there is not one weight per point, or `bandwidth_m` is not positive.
pub fn density(points: &[Local], weights: &[f64], bandwidth_m: f64, raster: &Raster) -> Vec<f64> {
    assert_eq!(points.len(), weights.len(), "one weight per point");
    assert!(bandwidth_m > 0.0, "a kernel needs a bandwidth");
    let mut sorted: Vec<(Local, f64)> = points.iter().copied().zip(weights.iter().copied()).collect();
    sorted.retain(|(at, _)| at.is_somewhere());
    // From south to north: the points that a row of cells can see stand next to each other.
    sorted.par_sort_unstable_by(|(a, weight), (b, other)| {
        a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)).then(weight.total_cmp(other))
    });
    let mut density = vec![0.0; raster.len()];
    density.par_chunks_mut(raster.columns.max(1)).enumerate().for_each(|(row, cells)| {
        let y = raster.y(row);
        let first = sorted.partition_point(|(at, _)| at.y < y - bandwidth_m);
        for &(at, weight) in sorted[first..].iter().take_while(|(at, _)| at.y <= y + bandwidth_m) {
            add_row(raster, cells, at, y, weight, bandwidth_m);
        }
    });
    density
}

/// Adds the kernel of a point to one row of cells.
fn add_row(raster: &Raster, cells: &mut [f64], at: Local, y: f64, weight: f64, bandwidth_m: f64) {
    let inverse = 1.0 / (bandwidth_m * bandwidth_m);
    let aside = (y - at.y) * (y - at.y) * inverse;
    let reach_m = bandwidth_m * (1.0 - aside).max(0.0).sqrt();
    let columns = raster.reached(raster.west, raster.columns, at.x, reach_m);
    let scale = weight * inverse * (3.0 / std::f64::consts::PI);
    let from_m = raster.x(columns.start) - at.x;
    for (step, cell) in cells[columns].iter_mut().enumerate() {
        let along_m = from_m + step as f64 * raster.cell_m;
        let rest = (1.0 - aside - along_m * along_m * inverse).max(0.0);
        *cell += scale * rest * rest;
    }
}

/// Which share of each point's kernel lies in the study area, as the raster sees it: the kernel at the middles
/// of the cells that `is_inside` says are in it, times the area of a cell. A density whose weights are divided
/// by these adds up to the points (Diggle's correction). About 1 far from the edge; 0 for points that no cell
/// inside can see.
///
/// # Panics
/// When there is not one `is_inside` per cell.
///
/// # References
/// Diggle (1985), Journal of the Royal Statistical Society C 34(2), 138-147; Jones (1993), Statistics and
/// Computing 3(3), 135-146, section 3.
pub fn shares(points: &[Local], bandwidth_m: f64, raster: &Raster, is_inside: &[bool]) -> Vec<f64> {
    assert_eq!(is_inside.len(), raster.len(), "one word per cell");
    let cell_m2 = raster.cell_m * raster.cell_m;
    let share = |at: &Local| {
        let mut sum = 0.0;
        each_cell(raster, *at, bandwidth_m, |cell, value| {
            sum += if is_inside[cell] { value } else { 0.0 };
        });
        sum * cell_m2
    };
    points.par_iter().map(share).collect()
}

/// Gives every cell that the kernel of a point reaches, and its value there.
pub(crate) fn each_cell(raster: &Raster, at: Local, bandwidth_m: f64, mut give: impl FnMut(usize, f64)) {
    let inverse = 1.0 / (bandwidth_m * bandwidth_m);
    for row in raster.reached(raster.south, raster.rows, at.y, bandwidth_m) {
        let up_m = raster.y(row) - at.y;
        let aside = up_m * up_m * inverse;
        let reach_m = bandwidth_m * (1.0 - aside).max(0.0).sqrt();
        for column in raster.reached(raster.west, raster.columns, at.x, reach_m) {
            let along_m = raster.x(column) - at.x;
            give(row * raster.columns + column, quartic(aside + along_m * along_m * inverse) * inverse);
        }
    }
}

/// A bandwidth for these points by Scott's rule, metres: the spread of the points (the geometric mean over both
/// axes) times n^(-1/6), times √8, which makes a quartic kernel as wide as the Gaussian one that the rule is
/// for. Smooths what has several centres too much. `None` for fewer than two places.
///
/// # References
/// Scott (1992), Multivariate Density Estimation, page 152.
pub fn scott_bandwidth(points: &[Local]) -> Option<f64> {
    let mut places: Vec<Local> = points.iter().copied().filter(|at| at.is_somewhere()).collect();
    places.sort_by(Local::total_cmp);
    let n = places.len() as f64;
    let spread = |coordinate: fn(&Local) -> f64| {
        let mean = places.iter().map(coordinate).sum::<f64>() / n;
        (places.iter().map(|at| (coordinate(at) - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
    };
    let (x, y) = (spread(|at| at.x), spread(|at| at.y));
    // Points on one line have a spread along one axis only.
    let both = if x > 0.0 && y > 0.0 { (x * y).sqrt() } else { x.max(y) };
    // The variance of the quartic kernel along an axis is an eighth of its squared bandwidth.
    let bandwidth_m = both * n.powf(-1.0 / 6.0) * 8f64.sqrt();
    (bandwidth_m.is_finite() && bandwidth_m > 0.0).then_some(bandwidth_m)
}

#[cfg(test)]
mod tests;
