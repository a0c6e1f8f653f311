//! Assets in, the cells in which they stand and Gi* of the rates in these out: as the program does it, but for sorting
//! assets and incidents into cells anew in every city.

use h3o::{CellIndex, Resolution};
use paaltje::dedupe::Incidents;
use paaltje::hotspots::gi_star;
use paaltje::model::asset::Asset;
use paaltje::random::Random;
use paaltje::stats::correct::benjamini_hochberg;
use paaltje::stats::poisson::Rates;
use paaltje::stats::weights::Weights;

use crate::ALPHA;
use crate::world::World;

/// With fewer cells Gi* has too few data.
const FEWEST_CELLS: usize = 30;

/// Cells with assets.
pub(crate) struct Cells {
    pub(crate) list: Vec<CellIndex>,
    pub(crate) weights: Weights,
    /// The cell of each asset.
    pub(crate) of_asset: Vec<u32>,
    /// How many assets each holds.
    pub(crate) exposures: Vec<f64>,
}

/// What Gi* says of each cell.
pub(crate) struct Tested {
    pub(crate) p_values: Vec<f64>,
    pub(crate) is_hot: Vec<bool>,
}

impl Cells {
    pub(crate) fn new(world: &World, assets: &[Asset], resolution: Resolution) -> Self {
        let of_asset: Vec<CellIndex> =
            assets.iter().map(|asset| world.plane().cell(asset.at, resolution)).collect();
        let mut cells = of_asset.clone();
        cells.sort_unstable();
        cells.dedup();
        let number = |cell| cells.binary_search(cell).expect("every asset has its cell");
        let numbers: Vec<usize> = of_asset.iter().map(number).collect();
        let mut exposures = vec![0.0; cells.len()];
        for &cell in &numbers {
            exposures[cell] += 1.0;
        }
        let of_asset =
            numbers.iter().map(|&cell| u32::try_from(cell).expect("fewer than 2^32 cells")).collect();
        Self { weights: Weights::disk(&cells, 1), list: cells, of_asset, exposures }
    }

    /// Gi* of incidents per asset; `None` where there is too little to test.
    pub(crate) fn gi_star(&self, incidents: &Incidents, random: Random) -> Option<Tested> {
        let mut counts = vec![0.0; self.list.len()];
        for &asset in &incidents.asset {
            counts[self.of_asset[asset as usize] as usize] += 1.0;
        }
        let rates = Rates::estimate(&counts, &self.exposures).filter(|rates| rates.mean > 0.0)?;
        if self.list.len() < FEWEST_CELLS {
            return None;
        }
        let standardised = |(&n, &exposure): (&f64, &f64)| rates.standardised(n, exposure);
        let values: Vec<f64> = counts.iter().zip(&self.exposures).map(standardised).collect();
        let p_values = gi_star::p_values_of_rates(&values, &self.list, &self.weights, 0, random);
        let q_values = benjamini_hochberg(&p_values);
        let is_hot = counts.iter().zip(&q_values).map(|(&n, &q)| n > 0.0 && q <= ALPHA).collect();
        Some(Tested { p_values, is_hot })
    }
}
