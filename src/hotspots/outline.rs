//! Points or cells in, an outline on the plane out.

use geo::{Area, Buffer, ConcaveHull, ConvexHull, MapCoords, Simplify};
use h3o::CellIndex;
use h3o::geom::SolventBuilder;

use crate::place::Plane;
use crate::unit::{Local, LonLat};

/// Metres around the outermost points: incidents at one address, or along one straight street, get an outline
/// that can be seen.
const MARGIN_M: f64 = 10.0;
/// Metres by which an outline may be off, for a fifth of the corners; far less than the margin.
const SLACK_M: f64 = 1.0;

/// The outline of points that belong together: their concave hull and a margin.
pub(super) fn of_points(points: &[Local]) -> geo::MultiPolygon<f64> {
    let mut points: Vec<Local> = points.iter().copied().filter(|at| at.is_somewhere()).collect();
    points.sort_by(Local::total_cmp);
    points.dedup();
    // Numbers near 0 keep the hull's arithmetic exact to the micrometre on any plane.
    let Some(&origin) = points.first() else { return geo::MultiPolygon::new(Vec::new()) };
    let near: Vec<geo::Point<f64>> =
        points.iter().map(|at| geo::Point::new(at.x - origin.x, at.y - origin.y)).collect();
    let shape = match near[..] {
        [point] => point.buffer(MARGIN_M),
        [first, .., last] => {
            let points = geo::MultiPoint::new(near);
            // Points on one line span no area; sorted, the first and the last are its ends.
            if points.convex_hull().unsigned_area() < 1.0 {
                geo::LineString::from(vec![first, last]).buffer(MARGIN_M)
            } else {
                points.concave_hull().buffer(MARGIN_M)
            }
        }
        [] => geo::MultiPolygon::new(Vec::new()),
    };
    shape.simplify(SLACK_M).map_coords(|at| geo::Coord { x: at.x + origin.x, y: at.y + origin.y })
}

/// The outline of cells of one resolution, each named once; empty where the projection cannot carry it.
pub(super) fn of_cells(cells: &[CellIndex], plane: &Plane) -> geo::MultiPolygon<f64> {
    let mut cells = cells.to_vec();
    cells.sort_unstable();
    let degrees = SolventBuilder::new().build().dissolve(cells).expect("distinct cells of one resolution");
    let local = |at: geo::Coord<f64>| plane.local(LonLat::new(at.x, at.y)).map(geo::Coord::from).ok_or(());
    degrees.try_map_coords(local).unwrap_or_else(|()| geo::MultiPolygon::new(Vec::new()))
}

#[cfg(test)]
mod tests {
    use geo::Contains;

    use super::*;

    fn holds_all(points: &[Local]) -> bool {
        let shape = of_points(points);
        points.iter().all(|&at| shape.contains(&geo::Point::from(at)))
    }

    #[test]
    fn points_at_one_place_on_one_line_and_anywhere_get_an_outline_that_holds_them() {
        let at = |x: f64, y: f64| Local::new(2_683_000.0 + x, 1_248_000.0 + y);
        assert!(holds_all(&[at(0.0, 0.0), at(0.0, 0.0)]));
        assert!(holds_all(&[at(0.0, 0.0), at(10.0, 5.0), at(20.0, 10.0)]));
        assert!(holds_all(&[at(0.0, 0.0), at(80.0, 0.0), at(80.0, 60.0), at(3.0, 9.0), at(40.0, 31.0)]));
        assert!(of_points(&[]).0.is_empty());
    }

    #[test]
    fn neighbouring_cells_share_one_outline() {
        let plane = Plane::utm(LonLat::new(24.94, 60.17));
        let at = plane.local(LonLat::new(24.94, 60.17)).unwrap();
        let cells: Vec<CellIndex> = plane.cell(at, h3o::Resolution::Nine).grid_disk(1);
        let shape = of_cells(&cells, &plane);
        let apart: f64 = cells.iter().map(|&cell| plane.outline(cell).unwrap().unsigned_area()).sum();
        assert_eq!((shape.0.len(), shape.0[0].interiors().len()), (1, 0));
        assert!((shape.unsigned_area() / apart - 1.0).abs() < 1e-6);
        assert_eq!(shape, of_cells(&cells, &plane));
    }
}
