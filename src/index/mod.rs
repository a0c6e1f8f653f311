//! Incidents in; their H3 counts by kind and period, their neighbours and their cut into parts out.
//!
//! Incidents stand sorted by a fine H3 cell (resolution 12, about 20 m across), so that every coarser cell is
//! one stretch of the list and no second index is needed. Only incidents whose place is fine enough for
//! statistics of points are in the index; streets, areas and nowhere are not.

mod ground;
mod parts;

use h3o::{CellIndex, Resolution};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::dedupe::Incidents;
use crate::model::area::Area;
use crate::model::asset::Asset;
use crate::model::kind::{Kind, Selection};
use crate::model::street::Streets;
use crate::period::{Clock, Period};
use crate::place::Plane;
use crate::unit::Local;

use ground::Ground;
pub use parts::Part;

/// The fine cells in which incidents are sorted; the finest resolution of any count.
pub const FINE: Resolution = Resolution::Twelve;

/// Metres to which positions are known at best (a coordinate given with a report): fine enough for any cell.
const FINE_ENOUGH_M: f32 = 25.0;

/// The finest cells in which a place known to `accuracy_m` metres is counted: a cell whose edge is shorter than
/// that would pretend.
pub fn finest(accuracy_m: f32) -> Resolution {
    let is_coarser = |resolution: &Resolution| resolution.edge_length_m() < f64::from(accuracy_m);
    if accuracy_m > FINE_ENOUGH_M {
        let coarse =
            Resolution::range(Resolution::Zero, FINE).take_while(|resolution| !is_coarser(resolution));
        coarse.last().unwrap_or(Resolution::Zero)
    } else {
        FINE
    }
}

/// The incidents of a project, ready to be counted, searched and cut.
#[derive(Debug, Clone)]
pub struct ReportIndex {
    /// Incidents in the order of their fine cell, and of their index within a cell.
    order: Vec<u32>,
    /// The occupied fine cells, ascending.
    cells: Vec<CellIndex>,
    /// Where in `order` each of `cells` begins; one more than there are cells.
    starts: Vec<u32>,
    /// The extent of the incidents of each of `cells`.
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
    /// Position, kind and time of each incident, parallel to `order`.
    at: Vec<Local>,
    kind: Vec<Kind>,
    first_at: Vec<i64>,
    /// The finest cells in which each is counted.
    finest: Vec<Resolution>,
    plane: Plane,
    /// What the study area is made from.
    ground: Ground,
}

impl ReportIndex {
    /// Sorts the incidents into their cells.
    ///
    /// # Panics
    /// When there are 2³² incidents or more.
    pub fn build(incidents: &Incidents, plane: &Plane, streets: &Streets, areas: &[Area]) -> Self {
        let count = u32::try_from(incidents.len()).expect("fewer than 2^32 incidents");
        let mut keyed: Vec<(CellIndex, u32)> = (0..count)
            .into_par_iter()
            .filter(|&incident| incidents.is_point[incident as usize])
            .map(|incident| (plane.cell(incidents.at[incident as usize], FINE), incident))
            .collect();
        keyed.par_sort_unstable();

        let order: Vec<u32> = keyed.iter().map(|&(_, incident)| incident).collect();
        let at: Vec<Local> = order.iter().map(|&incident| incidents.at[incident as usize]).collect();
        let (mut cells, mut starts, mut extents) = (Vec::new(), Vec::new(), Vec::new());
        for (place, &(cell, _)) in (0u32..).zip(&keyed) {
            let here = AABB::from_point([at[place as usize].x, at[place as usize].y]);
            if cells.last() == Some(&cell) {
                rstar::Envelope::merge(extents.last_mut().expect("as many extents as cells"), &here);
            } else {
                cells.push(cell);
                starts.push(place);
                extents.push(here);
            }
        }
        starts.push(u32::try_from(order.len()).expect("no more than there are incidents"));
        let extents = extents.into_iter().map(Rectangle::from_aabb).zip(0u32..);
        Self {
            tree: RTree::bulk_load(extents.map(|(extent, cell)| GeomWithData::new(extent, cell)).collect()),
            kind: order.iter().map(|&incident| incidents.kind[incident as usize]).collect(),
            finest: order.iter().map(|&incident| finest(incidents.accuracy_m[incident as usize])).collect(),
            first_at: order.iter().map(|&incident| incidents.first_at[incident as usize]).collect(),
            order,
            cells,
            starts,
            at,
            plane: plane.clone(),
            ground: Ground::new(plane, streets, areas),
        }
    }

    /// The same, with ground also where these assets stand.
    #[must_use]
    pub fn with_assets(mut self, assets: &[Asset]) -> Self {
        self.ground.add(assets.iter().map(|asset| asset.at).filter(|at| at.is_somewhere()));
        self
    }

    /// How many incidents there are in it.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The incidents in the order of their fine cells.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// How many incidents of the chosen kinds began in each cell within the period (or ever), in the order of
    /// the cells. Cells without any are left out; [`study_cells`](Self::study_cells) knows them. Where the
    /// project has areas, incidents outside them are counted here too; those whose place is known less well than
    /// the cells are large are not.
    ///
    /// # Panics
    /// When `resolution` is finer than [`FINE`].
    pub fn counts(
        &self,
        resolution: Resolution,
        selection: Selection,
        period: Option<Period>,
        clock: &Clock,
    ) -> Vec<(CellIndex, u32)> {
        let (from, until) = period.map_or((i64::MIN, i64::MAX), |period| {
            (clock.midnight(period.from), clock.midnight(period.to.plus(1)))
        });
        let mut counts: Vec<(CellIndex, u32)> = Vec::new();
        for (cell, places) in self.cells_and_places() {
            let chosen = places.filter(|&place| {
                selection.holds(self.kind[place])
                    && resolution <= self.finest[place]
                    && from <= self.first_at[place]
                    && self.first_at[place] < until
            });
            #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 incidents in all")]
            let count = chosen.count() as u32;
            if count == 0 {
                continue;
            }
            // Children of one cell follow each other, so its count is complete when the next one begins.
            let cell = ancestor(cell, resolution);
            match counts.last_mut() {
                Some(last) if last.0 == cell => last.1 += count,
                _ => counts.push((cell, count)),
            }
        }
        counts
    }

    /// The incidents in one cell, ascending.
    ///
    /// # Panics
    /// When the cell is finer than [`FINE`].
    pub fn incidents_in(&self, cell: CellIndex) -> Vec<u32> {
        let resolution = cell.resolution();
        let from = self.cells.partition_point(|&fine| ancestor(fine, resolution) < cell);
        let to = self.cells.partition_point(|&fine| ancestor(fine, resolution) <= cell);
        let mut found = self.order[self.starts[from] as usize..self.starts[to] as usize].to_vec();
        found.sort_unstable();
        found
    }

    /// The incidents within `radius_m` (inclusive) of a place, ascending.
    pub fn within(&self, at: Local, radius_m: f64) -> Vec<u32> {
        if !at.is_somewhere() || radius_m < 0.0 {
            return Vec::new();
        }
        let low = [at.x - radius_m, at.y - radius_m];
        let around = AABB::from_corners(low, [at.x + radius_m, at.y + radius_m]);
        let mut found = Vec::new();
        for cell in self.tree.locate_in_envelope_intersecting(&around) {
            let places = self.places(cell.data as usize);
            found.extend(places.filter(|&p| self.at[p].distance_m(at) <= radius_m).map(|p| self.order[p]));
        }
        found.sort_unstable();
        found
    }

    /// The study area as cells, ascending, so that a cell without incidents is a real zero: every cell that
    /// the project's areas touch; without areas, every cell that holds a piece of street, an asset or an incident.
    ///
    /// Nobody reports from a lake or out of a wood, so where the streets are known, cells of the areas that hold no
    /// street, asset or incident are left out, and so are cells of which water covers half or more and that hold no
    /// asset or incident. Areas that reach farther than the streets that were read stay whole there.
    ///
    /// # Panics
    /// When `resolution` is finer than [`FINE`].
    pub fn study_cells(&self, resolution: Resolution) -> Vec<CellIndex> {
        let mut occupied: Vec<CellIndex> =
            self.cells.iter().map(|&cell| ancestor(cell, resolution)).collect();
        occupied.dedup();
        self.ground.cells(&occupied, resolution, &self.plane)
    }

    /// The work cut into H3 parents: each incident is owned by one part, and each part also sees, as its
    /// halo, every foreign incident within `halo_m` of one of its own (and some a little farther away).
    /// Ownership follows the fine cell's parent, never the outline of the parent, which the fine cells stick
    /// out of. Parts in the order of their cells; those without incidents are left out.
    ///
    /// # Panics
    /// When `resolution` is finer than [`FINE`] or `halo_m` is not positive.
    pub fn parts(&self, resolution: Resolution, halo_m: f64) -> Vec<Part> {
        let owners = self.cells_and_places().flat_map(|(cell, places)| {
            let owner = ancestor(cell, resolution);
            places.map(move |_| owner)
        });
        parts::cut(&owners.collect::<Vec<_>>(), &self.at, &self.order, halo_m)
    }

    fn cells_and_places(&self) -> impl Iterator<Item = (CellIndex, std::ops::Range<usize>)> + '_ {
        self.cells.iter().enumerate().map(|(index, &cell)| (cell, self.places(index)))
    }

    /// Where in `order` the incidents of an occupied cell stand.
    fn places(&self, cell: usize) -> std::ops::Range<usize> {
        self.starts[cell] as usize..self.starts[cell + 1] as usize
    }
}

fn ancestor(fine: CellIndex, resolution: Resolution) -> CellIndex {
    fine.parent(resolution).expect("no count is finer than the fine cells")
}

#[cfg(test)]
mod tests;
