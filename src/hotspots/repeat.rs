//! Incidents linked to assets in, assets that come back beyond chance out.
//!
//! Every asset is compared with the average of its kind: if all bollards were equally likely to be hit, how
//! likely would so many incidents at this one be? Assets of a kind do differ, of course; how much, and what an
//! asset's own rate is once luck is taken out, is in the shrunken rate. An asset's incidents are those that
//! `link` tied to it. No asset is older or younger than the period: sources seldom say when one was placed.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{AssetFinding, Hotspot, Hotspots, Per, outline};
use crate::model::asset::AssetKind;
use crate::model::kind::{Kind, Selection};
use crate::model::some;
use crate::period::NEVER;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::poisson::{self, Rates};

/// The name of the method in layers.
pub const METHOD: &str = "repeat";

/// The days of a year, for rates.
const YEAR_DAYS: f64 = 365.25;
/// With fewer assets there is no kind to compare one with.
const FEWEST_ASSETS: usize = 10;

/// The settings of `[[hotspots.repeat]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The kind of asset, as in `bollard`. Default: every kind, each compared with its own.
    pub asset: Option<AssetKind>,
    /// Fewer incidents than this are no repetition, however unlikely. Default 3.
    pub at_least: u32,
    /// The share of false ones among the assets called repeat locations. Default 0.05.
    pub alpha: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { asset: None, at_least: 3, alpha: 0.05 }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        if self.alpha > 0.0 && self.alpha < 1.0 {
            return Ok(());
        }
        Err(Error::Setting {
            message: format!(
                "`alpha = {}` under [[hotspots.repeat]] is no share of false findings",
                self.alpha
            ),
            hint: "write a number between 0 and 1, as in `alpha = 0.05`".to_owned(),
        })
    }
}

/// Adds a row for every asset of the kind, and a hotspot for every repeat location among them.
pub(super) fn find(city: &City<'_>, options: &Options, found: &mut Hotspots) {
    let mut members = vec![Vec::new(); city.assets.len()];
    for (incident, &asset) in (0u32..).zip(&city.incidents.asset) {
        if let Some(asset) = some(asset) {
            members[asset].push(incident);
        }
    }
    match options.asset {
        Some(kind) => find_kind(city, options, kind, &members, found),
        None => {
            for &kind in AssetKind::ALL {
                if city.assets.iter().any(|asset| asset.kind == kind) {
                    find_kind(city, options, kind, &members, found);
                }
            }
        }
    }
}

fn find_kind(
    city: &City<'_>,
    options: &Options,
    kind: AssetKind,
    members: &[Vec<u32>],
    found: &mut Hotspots,
) {
    let assets: Vec<usize> =
        (0..city.assets.len()).filter(|&asset| city.assets[asset].kind == kind).collect();
    let counts: Vec<u32> = assets
        .iter()
        .map(|&asset| u32::try_from(members[asset].len()).expect("fewer than 2^32 incidents"))
        .collect();
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let days = f64::from(city.scene.period.days());
    let exposures = vec![days; assets.len()];
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    let name = kind.name();
    let Some(rates) = Rates::estimate(&values, &exposures) else {
        found.notes.push(format!("repeat, {name}: too few data: {} assets over {days} days", assets.len()));
        return;
    };
    if total == 0 {
        let n = assets.len();
        found.notes.push(format!("repeat, {name}: too few data: no incident is linked to any of {n} assets"));
    }
    let is_comparable = assets.len() >= FEWEST_ASSETS;
    if !is_comparable {
        let n = assets.len();
        found.notes.push(format!("repeat, {name}: too few data: {n} assets are too few to compare one with"));
    }

    let expected = rates.mean * days;
    let p_values: Vec<f64> = counts.iter().map(|&count| poisson::upper_tail(count, expected)).collect();
    let q_values = benjamini_hochberg(&p_values);
    let linked: Vec<u32> = assets.iter().flat_map(|&asset| members[asset].iter().copied()).collect();
    let all = late_and_all(city, &linked);
    for (place, &asset) in assets.iter().enumerate() {
        let (n_incidents, q_value) = (counts[place], q_values[place]);
        let last = members[asset].iter().map(|&incident| city.incidents.last_at[incident as usize]).max();
        let row = AssetFinding {
            asset: u32::try_from(asset).expect("fewer than 2^32 assets"),
            n_incidents,
            exposure_days: days,
            rate_per_year: values[place] / days * YEAR_DAYS,
            shrunken_rate: rates.shrunken(values[place], days) * YEAR_DAYS,
            expected,
            p_value: p_values[place],
            q_value,
            is_repeat: is_comparable && q_value <= options.alpha && n_incidents >= options.at_least,
            last_at: last.unwrap_or(NEVER),
        };
        if row.is_repeat {
            let mut hotspot = hotspot(city, &row, members[asset].clone());
            hotspot.trend = city.trend(late_and_all(city, &members[asset]), all);
            found.hotspots.push(hotspot);
        }
        found.assets.push(row);
    }
}

fn hotspot(city: &City<'_>, row: &AssetFinding, members: Vec<u32>) -> Hotspot {
    let asset = &city.assets[row.asset as usize];
    let mut hotspot = city.hotspot(METHOD, reported_as(asset.kind), members);
    let far = city.places(&hotspot.incidents).iter().map(|at| at.distance_m(asset.at)).fold(0.0, f64::max);
    hotspot.at = asset.at;
    hotspot.radius_m = far;
    hotspot.shape = outline::of_points(&[asset.at]);
    hotspot.expected = row.expected;
    hotspot.relative_risk = f64::from(row.n_incidents) / row.expected;
    hotspot.statistic = row.shrunken_rate;
    hotspot.p_value = row.p_value;
    hotspot.q_value = row.q_value;
    hotspot.asset = row.asset;
    hotspot.per = Per::Assets(asset.kind);
    hotspot
}

/// As what an asset of this kind is reported: the one kind there is for it, or their family.
fn reported_as(asset: AssetKind) -> Selection {
    let mut kinds = Kind::ALL.iter().filter(|kind| kind.assets().contains(&asset));
    match (kinds.next(), kinds.next()) {
        (Some(&kind), None) => Selection::Kind(kind),
        (Some(&kind), Some(_)) => Selection::Family(kind.family()),
        (None, _) => Selection::All,
    }
}
