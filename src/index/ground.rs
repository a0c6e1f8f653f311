//! Areas, streets, water, assets and incidents in; the cells from which somebody could report out.

use geo::{BoundingRect, Contains, MapCoords};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, Resolution};
use rayon::prelude::*;
use rstar::{AABB, RTree, RTreeObject};

use crate::model::area::Area;
use crate::model::street::{self, Streets};
use crate::place::Plane;
use crate::unit::Local;

/// A cell is water when its share of water is this or more.
const WATER: f64 = 0.5;
/// The share of water is that of the centres of cells so many resolutions finer: 49 of them.
const FINER: u8 = 2;

/// What the study area is made from.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    /// The project's areas, in degrees.
    areas: Vec<geo::Polygon<f64>>,
    /// The stretches of all streets.
    stretches: Vec<(Local, Local)>,
    /// What the streets span, where there are any.
    extent: Option<AABB<[f64; 2]>>,
    /// Where assets stand.
    standing: Vec<Local>,
    /// Sea, lakes and rivers.
    water: RTree<Water>,
}

#[derive(Debug, Clone)]
struct Water(geo::Polygon<f64>);

impl RTreeObject for Water {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        let rect = self.0.bounding_rect().expect("a polygon with corners");
        AABB::from_corners(rect.min().into(), rect.max().into())
    }
}

impl Ground {
    pub(super) fn new(plane: &Plane, streets: &Streets, areas: &[Area]) -> Self {
        let degrees = |at: geo::Coord<f64>| {
            let there = plane.lon_lat(at.into());
            geo::Coord { x: there.lon, y: there.lat }
        };
        let lines = streets.ways.iter().map(|way| streets.line(way));
        let stretches: Vec<(Local, Local)> = lines
            .flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>())
            .collect();
        let ends: Vec<[f64; 2]> =
            stretches.iter().flat_map(|&(from, to)| [[from.x, from.y], [to.x, to.y]]).collect();
        let is_water = |backdrop: &&street::Backdrop| {
            backdrop.what == street::Ground::Water && backdrop.shape.bounding_rect().is_some()
        };
        let water = streets.backdrop.iter().filter(is_water).map(|backdrop| Water(backdrop.shape.clone()));
        Self {
            areas: areas
                .iter()
                .flat_map(|area| area.shape.iter())
                .map(|part| part.map_coords(degrees))
                .collect(),
            extent: (!ends.is_empty()).then(|| AABB::from_points(&ends)),
            stretches,
            standing: Vec::new(),
            water: RTree::bulk_load(water.collect()),
        }
    }

    /// There is ground at these places too.
    pub(super) fn add(&mut self, places: impl Iterator<Item = Local>) {
        self.standing.extend(places);
    }

    /// The cells of the study area, ascending; `occupied` ones hold an incident.
    pub(super) fn cells(
        &self,
        occupied: &[CellIndex],
        resolution: Resolution,
        plane: &Plane,
    ) -> Vec<CellIndex> {
        // By their fine cells, as incidents are, so that an asset and its incidents share a cell.
        let standing =
            self.standing.par_iter().map(|&at| super::ancestor(plane.cell(at, super::FINE), resolution));
        let held: Vec<CellIndex> = standing.chain(occupied.to_vec()).collect();
        let held = sorted(held);
        let on_streets = sorted(along(&self.stretches, resolution, plane).collect());
        let holds = |cells: &[CellIndex], cell: &CellIndex| cells.binary_search(cell).is_ok();
        let candidates = if self.areas.is_empty() {
            sorted([&held[..], &on_streets].concat())
        } else {
            sorted(covering(&self.areas, resolution))
        };
        let is_ground = |cell: &CellIndex| {
            if holds(&held, cell) {
                return true;
            }
            let is_reached =
                self.extent.is_none() || holds(&on_streets, cell) || !self.is_mapped(*cell, plane);
            is_reached && !self.is_water(*cell, plane)
        };
        candidates.into_par_iter().filter(is_ground).collect()
    }

    /// Whether the streets that were read reach as far as the cell.
    fn is_mapped(&self, cell: CellIndex, plane: &Plane) -> bool {
        use rstar::Envelope;
        let Some((extent, centre)) = self.extent.zip(plane.centre(cell)) else { return false };
        extent.contains_point(&[centre.x, centre.y])
    }

    fn is_water(&self, cell: CellIndex, plane: &Plane) -> bool {
        let Some(rect) = plane.outline(cell).and_then(|outline| outline.bounding_rect()) else {
            return false;
        };
        let around = AABB::from_corners(rect.min().into(), rect.max().into());
        let near: Vec<&Water> = self.water.locate_in_envelope_intersecting(&around).collect();
        if near.is_empty() {
            return false;
        }
        let finer = u8::from(cell.resolution()) + FINER;
        let finer = Resolution::try_from(finer).expect("no count is finer than 12, and 15 is the finest");
        let (mut wet, mut all) = (0.0, 0.0);
        for centre in cell.children(finer).filter_map(|child| plane.centre(child)) {
            let centre = geo::Point::from(centre);
            all += 1.0;
            wet += f64::from(u8::from(near.iter().any(|water| water.0.contains(&centre))));
        }
        wet >= WATER * all
    }
}

fn sorted(mut cells: Vec<CellIndex>) -> Vec<CellIndex> {
    cells.par_sort_unstable();
    cells.dedup();
    cells
}

/// The cells that touch a polygon. A polygon that H3 refuses (fewer than three corners) covers nothing.
fn covering(polygons: &[geo::Polygon<f64>], resolution: Resolution) -> Vec<CellIndex> {
    let cover = |polygon: &geo::Polygon<f64>| {
        let mut tiler =
            TilerBuilder::new(resolution).containment_mode(ContainmentMode::IntersectsBoundary).build();
        match tiler.add(polygon.clone()) {
            Ok(()) => tiler.into_coverage().collect(),
            Err(_refused) => Vec::new(),
        }
    };
    polygons.par_iter().flat_map_iter(cover).collect()
}

/// The cells along streets: a point at least every eighth of a cell's edge, so that only a corner shorter than
/// that can be stepped over.
fn along<'a>(
    stretches: &'a [(Local, Local)],
    resolution: Resolution,
    plane: &'a Plane,
) -> impl ParallelIterator<Item = CellIndex> + 'a {
    let step_m = resolution.edge_length_m() / 8.0;
    stretches.par_iter().flat_map_iter(move |&(from, to)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a street has few steps")]
        let steps = (from.distance_m(to) / step_m).ceil().max(1.0) as u32;
        (0..=steps)
            .map(move |step| plane.cell(from.toward(to, f64::from(step) / f64::from(steps)), resolution))
    })
}
