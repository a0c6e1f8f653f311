//! The study area as a raster, and rasters as contours.

use contour::ContourBuilder;
use geo::coordinate_position::{CoordPos, CoordinatePosition};
use geo::{Area, BoundingRect, Coord, CoordsIter};

use crate::hotspots::city::City;
use crate::stats::kernel::Raster;
use crate::unit::Local;

/// The cells that stand for the study area where the project has no areas.
const STUDY: h3o::Resolution = h3o::Resolution::Nine;
/// More cells take more memory than a surface is worth: a hundred megabytes a layer.
const MOST_CELLS: usize = 12_000_000;

/// The study area on a raster: a cell is in it where its middle is.
pub(super) struct StudyArea {
    pub(super) raster: Raster,
    pub(super) is_inside: Vec<bool>,
}

impl StudyArea {
    /// The project's areas; without areas the H3 cells that hold a street or an incident, but not those of another
    /// city that some incidents were put in. `None` where there is
    /// nothing at all. Cells are larger than asked for where the city is too large for them.
    pub(super) fn new(city: &City<'_>, cell_m: f64) -> Option<Self> {
        let scene = city.scene;
        let polygons: Vec<geo::Polygon<f64>> = if scene.areas.is_empty() {
            let cells = city.index.study_cells(STUDY);
            let cells = cells.into_iter().filter_map(|cell| Some((scene.plane.centre(cell)?, cell)));
            let cells = without_far_ones(&cells.collect::<Vec<_>>());
            cells.into_iter().filter_map(|cell| scene.plane.outline(cell)).collect()
        } else {
            scene.areas.iter().flat_map(|area| area.shape.0.iter().cloned()).collect()
        };
        let all = geo::MultiPolygon::new(polygons);
        let bounds = all.bounding_rect()?;
        let mut cell_m = cell_m;
        let raster = loop {
            // An empty cell on every side closes all contours.
            let (low, high) = (bounds.min(), bounds.max());
            let edges = [low.x - cell_m, low.y - cell_m, high.x + cell_m, high.y + cell_m];
            let raster = Raster::covering(edges, cell_m);
            if raster.len() <= MOST_CELLS {
                break raster;
            }
            cell_m *= 2.0;
        };
        let mut is_inside = vec![false; raster.len()];
        all.0.iter().for_each(|polygon| fill(&raster, polygon, &mut is_inside));
        Some(Self { raster, is_inside })
    }

    /// The area of the cells in it, square metres.
    pub(super) fn m2(&self) -> f64 {
        let cells = self.is_inside.iter().filter(|&&is_inside| is_inside).count();
        cells as f64 * self.raster.cell_m * self.raster.cell_m
    }

    /// Whether a place is in it: in one of its cells, or beside one, for half a cell at the edge is in nobody's middle.
    pub(super) fn holds(&self, at: Local) -> bool {
        let columns = self.raster.columns;
        self.raster.cell(at).is_some_and(|cell| {
            let is_inside =
                |cell: Option<usize>| cell.is_some_and(|cell| self.is_inside.get(cell) == Some(&true));
            let beside =
                [cell.checked_sub(1), Some(cell + 1), cell.checked_sub(columns), Some(cell + columns)];
            self.is_inside[cell] || beside.into_iter().any(is_inside)
        })
    }
}

/// The cells whose middles lie within the outer fences of all of them, along both axes: no farther beyond the quartiles
/// than three times what lies between these (Tukey 1977, Exploratory Data Analysis, section 2D).
fn without_far_ones(cells: &[(Local, h3o::CellIndex)]) -> Vec<h3o::CellIndex> {
    let fences = |coordinate: fn(&Local) -> f64| {
        let mut sorted: Vec<f64> = cells.iter().map(|(at, _)| coordinate(at)).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let quartile = |quarters: usize| sorted.get(sorted.len() * quarters / 4).copied().unwrap_or(0.0);
        let (low, high) = (quartile(1), quartile(3));
        // Among few cells the quartiles may be one cell: neighbours are never far.
        let reach_m = 3.0 * (high - low).max(10.0 * STUDY.edge_length_m());
        low - reach_m..=high + reach_m
    };
    let (x, y) = (fences(|at| at.x), fences(|at| at.y));
    cells.iter().filter(|(at, _)| x.contains(&at.x) && y.contains(&at.y)).map(|&(_, cell)| cell).collect()
}

/// Marks the cells whose middle lies in a polygon, row by row, between every odd and even crossing of its rings.
fn fill(raster: &Raster, polygon: &geo::Polygon<f64>, is_inside: &mut [bool]) {
    let mut crossings: Vec<(usize, f64)> = Vec::new();
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        for line in ring.lines() {
            let (low, high) =
                if line.start.y < line.end.y { (line.start, line.end) } else { (line.end, line.start) };
            let row = |y: f64| ((y - raster.south) / raster.cell_m - 0.5).ceil().max(0.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the raster")]
            for row in row(low.y) as usize..(row(high.y) as usize).min(raster.rows) {
                let y = raster.centre(row * raster.columns).y;
                crossings.push((row, low.x + (high.x - low.x) * (y - low.y) / (high.y - low.y)));
            }
        }
    }
    crossings.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    for pair in crossings.chunks_exact(2) {
        let column = |x: f64| ((x - raster.west) / raster.cell_m - 0.5).ceil().max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the raster")]
        let columns = column(pair[0].1) as usize..(column(pair[1].1) as usize).min(raster.columns);
        let row = pair[0].0 * raster.columns;
        is_inside[row + columns.start.min(columns.end)..row + columns.end].fill(true);
    }
}

/// The parts of the plane where a surface lies from each level up to the next one (the last: and above). Levels
/// ascend and are above 0; a level that nothing reaches has an empty shape.
pub(super) fn bands(raster: &Raster, values: &[f64], levels: &[f64]) -> Vec<geo::MultiPolygon<f64>> {
    let builder = ContourBuilder::new(raster.columns, raster.rows, true)
        .x_origin(raster.west)
        .y_origin(raster.south)
        .x_step(raster.cell_m)
        .y_step(raster.cell_m);
    let lines = builder.lines(values, levels).expect("one value per cell of the raster");
    let rings: Vec<Vec<geo::LineString<f64>>> = lines.into_iter().map(|line| line.into_inner().0.0).collect();
    (0..levels.len())
        .map(|level| {
            let above = rings.get(level + 1).map_or(&[][..], Vec::as_slice);
            nested(rings[level].iter().chain(above).cloned().collect())
        })
        .collect()
}

/// Polygons of rings that do not cross: what lies within an odd number of them.
fn nested(rings: Vec<geo::LineString<f64>>) -> geo::MultiPolygon<f64> {
    let mut rings: Vec<(f64, geo::Polygon<f64>)> = rings
        .into_iter()
        .map(|ring| geo::Polygon::new(ring, Vec::new()))
        .map(|ring| (ring.unsigned_area(), ring))
        .filter(|(area, _)| *area > 0.0)
        .collect();
    // The largest first: what holds a ring stands before it.
    rings.sort_by(|a, b| b.0.total_cmp(&a.0));
    let boxes: Vec<geo::Rect<f64>> =
        rings.iter().map(|(_, ring)| ring.bounding_rect().expect("a ring has corners")).collect();
    let mut depth = vec![0u32; rings.len()];
    let mut polygons: Vec<geo::Polygon<f64>> = Vec::new();
    let mut polygon_of: Vec<Option<usize>> = vec![None; rings.len()];
    for inner in 0..rings.len() {
        // The smallest ring around this one, which is the last one before it that holds it.
        let holds = |outer: &usize| {
            covers(boxes[*outer], boxes[inner]) && is_within(&rings[inner].1, &rings[*outer].1)
        };
        let around = (0..inner).rev().find(holds);
        depth[inner] = around.map_or(0, |outer| depth[outer] + 1);
        let ring = rings[inner].1.clone();
        match around.and_then(|outer| polygon_of[outer]) {
            Some(polygon) if depth[inner] % 2 == 1 => {
                polygons[polygon].interiors_push(ring.exterior().clone());
            }
            _ => {
                polygon_of[inner] = Some(polygons.len());
                polygons.push(ring);
            }
        }
    }
    geo::MultiPolygon::new(polygons)
}

fn covers(outer: geo::Rect<f64>, inner: geo::Rect<f64>) -> bool {
    let (low, high) = (outer.min(), outer.max());
    let (inner_low, inner_high) = (inner.min(), inner.max());
    low.x <= inner_low.x && low.y <= inner_low.y && inner_high.x <= high.x && inner_high.y <= high.y
}

/// Whether a ring lies within another one that it does not cross; they may touch.
fn is_within(inner: &geo::Polygon<f64>, outer: &geo::Polygon<f64>) -> bool {
    let position = |corner: Coord<f64>| outer.coordinate_position(&corner);
    let told = inner.exterior_coords_iter().map(position).find(|&position| position != CoordPos::OnBoundary);
    told == Some(CoordPos::Inside)
}

#[cfg(test)]
mod tests {
    use geo::Contains;

    use super::*;

    #[test]
    fn bands_hold_the_cells_of_their_levels() {
        // Two hills, the larger one with a crater that has a peak in it.
        let raster = Raster { west: 1_000.0, south: -500.0, cell_m: 10.0, columns: 90, rows: 70 };
        let hill = |at: Local, x: f64, y: f64, high: f64, wide_m: f64| {
            high * (-(at.distance_m(Local::new(x, y)) / wide_m).powi(2)).exp()
        };
        let value = |at: Local| {
            hill(at, 1_350.0, -150.0, 10.0, 150.0) - hill(at, 1_350.0, -150.0, 9.0, 70.0)
                + hill(at, 1_350.0, -150.0, 8.0, 25.0)
                + hill(at, 1_750.0, -50.0, 6.0, 60.0)
        };
        let values: Vec<f64> = (0..raster.len()).map(|cell| value(raster.centre(cell))).collect();
        let levels = [1.0, 4.0, 6.5, 99.0];
        let bands = bands(&raster, &values, &levels);
        assert!(bands[3].0.is_empty());
        for (cell, &value) in values.iter().enumerate() {
            let at = raster.centre(cell);
            for (level, band) in bands.iter().enumerate() {
                let low = levels[level];
                let high = levels.get(level + 1).copied().unwrap_or(f64::INFINITY);
                let is_in = low <= value && value < high;
                assert_eq!(
                    band.contains(&geo::Point::from(at)),
                    is_in,
                    "{at:?}: {} in {level}",
                    values[cell]
                );
            }
        }
        assert!(bands.iter().all(geo::Validation::is_valid));
        assert!(bands[1].0.iter().any(|polygon| polygon.interiors().len() == 1));
    }

    #[test]
    fn a_polygon_with_a_hole_is_filled_as_geometry_says() {
        let raster = Raster { west: 0.0, south: 0.0, cell_m: 7.0, columns: 40, rows: 30 };
        let ring = |corners: &[(f64, f64)]| geo::LineString::from(corners.to_vec());
        let polygon = geo::Polygon::new(
            ring(&[(-20.0, 10.0), (150.0, -30.0), (260.0, 120.0), (90.0, 260.0)]),
            vec![ring(&[(80.0, 60.0), (140.0, 70.0), (100.0, 130.0)])],
        );
        let mut is_inside = vec![false; raster.len()];
        fill(&raster, &polygon, &mut is_inside);
        for (cell, &is_inside) in is_inside.iter().enumerate() {
            let at = raster.centre(cell);
            assert_eq!(is_inside, polygon.contains(&geo::Point::from(at)), "{at:?}");
        }
    }
}
