//! Who is whose neighbour, and how much that counts: lists of neighbours as one sparse matrix.
//!
//! An item without neighbours (an island) has an empty row, or only itself. Asymmetric rows are allowed.

use h3o::CellIndex;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// A sparse matrix wᵢⱼ of weights, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    starts: Vec<u32>,
    neighbours: Vec<u32>,
    /// Parallel to `neighbours`; empty where every weight is 1.
    values: Vec<f64>,
}

impl Weights {
    /// Weight 1 for every listed neighbour; row i is `lists[i]`, which may hold i itself.
    ///
    /// # Panics
    /// When there are 2³² neighbours or more, or a neighbour that is not an item.
    pub fn binary(lists: &[Vec<u32>]) -> Self {
        let mut starts = vec![0];
        let mut neighbours = Vec::new();
        for list in lists {
            assert!(list.iter().all(|&item| (item as usize) < lists.len()), "a neighbour is an item");
            neighbours.extend_from_slice(list);
            starts.push(u32::try_from(neighbours.len()).expect("fewer than 2^32 neighbours"));
        }
        Self { starts, neighbours, values: Vec::new() }
    }

    /// Weight 1 for every cell of `cells` within `steps` steps on the H3 grid, the cell itself included.
    /// Cells at the rim, and around one of the twelve pentagons, have fewer neighbours.
    ///
    /// # Panics
    /// When there are 2³² neighbours or more.
    pub fn disk(cells: &[CellIndex], steps: u32) -> Self {
        let places: FxHashMap<CellIndex, u32> = cells.iter().copied().zip(0u32..).collect();
        let neighbours_of = |cell: &CellIndex| {
            let disk: Vec<CellIndex> = cell.grid_disk(steps);
            let mut row: Vec<u32> = disk.iter().filter_map(|near| places.get(near).copied()).collect();
            row.sort_unstable();
            row
        };
        let lists: Vec<Vec<u32>> = cells.par_iter().map(neighbours_of).collect();
        Self::binary(&lists)
    }

    /// The same rows with every item in its own row, with weight 1 where it was missing.
    ///
    /// # Panics
    /// When there are 2³² neighbours or more.
    #[must_use]
    pub fn with_itself(&self) -> Self {
        let mut with = Self { starts: vec![0], neighbours: Vec::new(), values: Vec::new() };
        for item in 0..self.len() {
            let own = u32::try_from(item).expect("fewer than 2^32 items");
            let missing = (!self.neighbours(item).contains(&own)).then_some((own, 1.0));
            for (neighbour, weight) in self.row(item).chain(missing) {
                with.neighbours.push(neighbour);
                if !self.values.is_empty() {
                    with.values.push(weight);
                }
            }
            with.starts.push(u32::try_from(with.neighbours.len()).expect("fewer than 2^32 neighbours"));
        }
        with
    }

    /// The same rows without the items themselves.
    ///
    /// # Panics
    /// Never: there are fewer neighbours than before.
    #[must_use]
    pub fn without_itself(&self) -> Self {
        let mut without = Self { starts: vec![0], neighbours: Vec::new(), values: Vec::new() };
        for item in 0..self.len() {
            for (neighbour, weight) in self.others(item) {
                without.neighbours.push(neighbour);
                if !self.values.is_empty() {
                    without.values.push(weight);
                }
            }
            without.starts.push(u32::try_from(without.neighbours.len()).expect("no more than before"));
        }
        without
    }

    /// The same neighbours with weights that add up to 1 in every row that has any.
    #[must_use]
    pub fn row_standardised(&self) -> Self {
        let mut values = Vec::with_capacity(self.neighbours.len());
        for item in 0..self.len() {
            let total: f64 = self.row(item).map(|(_, weight)| weight).sum();
            values.extend(self.row(item).map(|(_, weight)| weight / total));
        }
        Self { values, ..self.clone() }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every weight is 1.
    pub fn is_binary(&self) -> bool {
        self.values.is_empty()
    }

    /// The neighbours of `item`.
    ///
    /// # Panics
    /// When there is no such item.
    pub fn neighbours(&self, item: usize) -> &[u32] {
        &self.neighbours[self.starts[item] as usize..self.starts[item + 1] as usize]
    }

    /// The neighbours of `item` with their weights.
    ///
    /// # Panics
    /// When there is no such item.
    pub fn row(&self, item: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        let range = self.starts[item] as usize..self.starts[item + 1] as usize;
        let values = self.values.get(range.clone()).unwrap_or_default();
        let weight = move |place: usize| values.get(place).copied().unwrap_or(1.0);
        self.neighbours[range].iter().enumerate().map(move |(place, &neighbour)| (neighbour, weight(place)))
    }

    /// The other neighbours of `item`, that is without itself, with their weights.
    ///
    /// # Panics
    /// When there is no such item.
    pub fn others(&self, item: usize) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.row(item).filter(move |&(neighbour, _)| neighbour as usize != item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_standardised_to_one_and_islands_stay_empty() {
        let weights = Weights::binary(&[vec![1, 2], vec![0], vec![0], vec![]]);
        let rows = weights.row_standardised();
        assert_eq!(rows.row(0).collect::<Vec<_>>(), [(1, 0.5), (2, 0.5)]);
        assert_eq!(rows.row(3).count(), 0);
        assert_eq!(rows.with_itself().row(3).collect::<Vec<_>>(), [(3, 1.0)]);
        assert_eq!(weights.with_itself().without_itself(), weights);
    }

    #[test]
    fn the_disk_of_a_cell_holds_itself_and_its_neighbours_that_are_listed() {
        let centre = h3o::LatLng::new(52.09, 5.12).unwrap().to_cell(h3o::Resolution::Nine);
        let mut cells: Vec<CellIndex> = centre.grid_disk(1);
        cells.sort_unstable();
        let weights = Weights::disk(&cells, 1);
        for (item, cell) in cells.iter().enumerate() {
            assert_eq!(weights.neighbours(item).len(), if *cell == centre { 7 } else { 4 });
            assert_eq!(weights.others(item).count() + 1, weights.row(item).count());
        }
    }

    #[test]
    fn a_cell_beside_a_pentagon_has_six_neighbours() {
        let pentagon = h3o::Resolution::Four.pentagons().next().unwrap();
        let mut cells: Vec<CellIndex> = pentagon.grid_disk(2);
        cells.sort_unstable();
        let weights = Weights::disk(&cells, 1);
        let place = cells.iter().position(|&cell| cell == pentagon).unwrap();
        assert_eq!(weights.neighbours(place).len(), 6);
    }
}
