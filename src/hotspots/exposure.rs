//! What counts are compared with: cells in, the exposure of each out.
//!
//! Without a denominator a finding is a count, not a risk: where more people pass, more is reported. The unit of
//! an exposure cancels out, for only shares of the whole are compared. Nothing is guessed: a city without such
//! assets, streets or stops has no exposure of that kind, and the method says so.

use h3o::{CellIndex, Resolution};
use serde::Deserialize;

use crate::hotspots::city::City;
use crate::index::FINE;
use crate::model::asset::AssetKind;
use crate::model::kind::Selection;
use crate::unit::Local;

/// What a count is compared with: `per = "…"` of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Per {
    /// Every place alike: a count, not a risk. `nothing`, the default of most methods.
    #[default]
    Nothing,
    /// All incidents of every kind, as control: where do people complain more about this than about the rest?
    Reports,
    /// Metres of street.
    StreetMetres,
    /// Planned visits of the collection rounds.
    Visits,
    /// Assets of a kind times the days of the period.
    Assets(AssetKind),
}

impl Per {
    /// As a project writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Reports => "reports",
            Self::StreetMetres => "street_metres",
            Self::Visits => "visits",
            Self::Assets(kind) => kind.name(),
        }
    }
}

impl<'de> Deserialize<'de> for Per {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fixed = [Self::Nothing, Self::Reports, Self::StreetMetres, Self::Visits];
        let known = fixed.into_iter().chain(AssetKind::ALL.iter().map(|&kind| Self::Assets(kind)));
        known.clone().find(|per| per.name() == text).ok_or_else(|| {
            let names: Vec<_> = known.map(Self::name).collect();
            serde::de::Error::custom(format!(
                "`{text}` is nothing to compare counts with; use one of {}",
                names.join(", ")
            ))
        })
    }
}

impl City<'_> {
    /// The exposure of each of `cells`, which are of one resolution and ascend. What lies in none of them counts
    /// nowhere. All zeros where the city has nothing of that kind.
    pub(super) fn exposure(&self, per: Per, cells: &[CellIndex]) -> Vec<f64> {
        let mut exposure = vec![0.0; cells.len()];
        let Some(resolution) = cells.first().map(|cell| cell.resolution()) else { return exposure };
        // As incidents are counted: by the parent of the fine cell, which near an edge is not the cell around the place.
        // An asset in one cell and its incidents in the next would be a cluster.
        let mut add = |at: Local, amount: f64| {
            if at.is_somewhere()
                && let Some(cell) = self.scene.plane.cell(at, FINE).parent(resolution)
                && let Ok(item) = cells.binary_search(&cell)
            {
                exposure[item] += amount;
            }
        };
        match per {
            Per::Nothing => exposure.fill(1.0),
            Per::Reports => {
                for (cell, count) in self.index.counts(resolution, Selection::All, None, self.scene.clock) {
                    if let Ok(item) = cells.binary_search(&cell) {
                        exposure[item] = f64::from(count);
                    }
                }
            }
            Per::StreetMetres => self.each_stretch(resolution, &mut add),
            Per::Visits => {
                let trips = &self.scene.rounds.trips;
                for trip in trips {
                    let days = trip.days.iter().filter(|day| self.scene.period.holds(**day)).count();
                    for call in &trip.calls {
                        add(self.scene.rounds.stops[call.stop as usize].at, days as f64);
                    }
                }
            }
            Per::Assets(kind) => {
                let days = f64::from(self.scene.period.days());
                self.assets.iter().filter(|asset| asset.kind == kind).for_each(|asset| add(asset.at, days));
            }
        }
        exposure
    }

    /// Cuts the streets into stretches far shorter than a cell, and gives the middle and length of each.
    fn each_stretch(&self, resolution: Resolution, add: &mut impl FnMut(Local, f64)) {
        let longest_m = resolution.edge_length_m() / 16.0;
        let streets = self.scene.streets;
        for way in &streets.ways {
            for pair in streets.line(way).windows(2) {
                let length_m = pair[0].distance_m(pair[1]);
                let pieces = (length_m / longest_m).ceil().max(1.0);
                let mut done = 0.5;
                while done < pieces {
                    add(pair[0].toward(pair[1], done / pieces), length_m / pieces);
                    done += 1.0;
                }
            }
        }
    }
}
