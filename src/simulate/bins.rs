//! The assets of a city in, the bins of a season out: surveyed ones, and synthetic ones where those are too
//! few.

use crate::model::asset::{Asset, AssetKind};
use crate::unit::Local;

use super::{City, Scene};

/// Metres from a bin to a street that a truck can drive, which its crew walks at most.
const REACH_M: f64 = 45.0;
/// Metres between a synthetic bin and the next bin, unless the two share a corner.
const APART_M: f64 = 35.0;
/// Share of the synthetic bins that get a twin at the same corner: reports are then hard to tell apart.
const TWIN_SHARE: f64 = 0.1;

/// A bin of the season.
#[derive(Debug, Clone)]
pub(super) struct Bin {
    /// The bin itself.
    pub(super) asset: Asset,
    /// Its street or address.
    pub(super) name: String,
    /// Whether a round empties it.
    pub(super) is_planned: bool,
}

/// The bins of the season in the order of their ids.
pub(super) fn choose(scene: &Scene<'_>) -> Vec<Bin> {
    let Scene { city, options, .. } = *scene;
    let wanted = options.rounds * options.stops_per_round + options.unplanned_bins;
    let is_bin = |asset: &&Asset| matches!(asset.kind, AssetKind::LitterBin | AssetKind::Container);
    let mut assets: Vec<Asset> = city.assets.iter().filter(is_bin).cloned().collect();
    keep_nearest(&mut assets, wanted);
    if options.synthetic_bins {
        add_synthetic(&mut assets, wanted, scene);
    }
    assets.sort_by(|a, b| a.id.cmp(&b.id).then(a.at.total_cmp(&b.at)));
    let mut chance = scene.chance("bins", 0);
    for asset in &mut assets {
        let litres = *chance.pick(&[80.0, 120.0, 120.0, 120.0, 240.0]);
        asset.capacity_l.get_or_insert(litres);
    }
    let mut bins: Vec<Bin> = assets
        .into_iter()
        .map(|asset| {
            let is_planned = city.network.snap(asset.at, REACH_M).is_some();
            Bin { name: name(city, &asset), asset, is_planned }
        })
        .collect();
    let surveyed: Vec<usize> = (0..bins.len()).filter(|&bin| !bins[bin].asset.is_synthetic).collect();
    for _ in 0..options.unplanned_bins.min(surveyed.len() / 4) {
        bins[*chance.pick(&surveyed)].is_planned = false;
    }
    bins
}

/// Keeps the `wanted` assets nearest to their common centre.
fn keep_nearest(assets: &mut Vec<Asset>, wanted: usize) {
    let centre = centre(&assets.iter().map(|asset| asset.at).collect::<Vec<_>>());
    assets.sort_by(|a, b| {
        a.at.distance_m(centre).total_cmp(&b.at.distance_m(centre)).then_with(|| a.id.cmp(&b.id))
    });
    assets.truncate(wanted);
}

/// The mean of positions.
pub(super) fn centre(at: &[Local]) -> Local {
    let n = at.len().max(1) as f64;
    Local::new(at.iter().map(|p| p.x).sum::<f64>() / n, at.iter().map(|p| p.y).sum::<f64>() / n)
}

/// Adds bins by the city's places until as many as `wanted` are within reach of a truck, or no place is left.
fn add_synthetic(assets: &mut Vec<Asset>, wanted: usize, scene: &Scene<'_>) {
    let mut chance = scene.chance("synthetic_bins", 0);
    let mut places = scene.city.places.to_vec();
    places.sort_by(Local::total_cmp);
    let is_reachable = |at: Local| scene.city.network.snap(at, REACH_M).is_some();
    let mut missing = wanted.saturating_sub(assets.iter().filter(|asset| is_reachable(asset.at)).count());
    let mut number = 0;
    while missing > 0 && !places.is_empty() {
        let place = places.swap_remove(chance.below(places.len()));
        let at = Local::new(place.x + 2.0 * chance.normal(), place.y + 2.0 * chance.normal());
        let is_free = assets.iter().all(|asset| asset.at.distance_m(at) >= APART_M);
        if !is_free || !is_reachable(at) {
            continue;
        }
        let (angle, metres) = (chance.between(0.0, std::f64::consts::TAU), chance.between(7.0, 13.0));
        let twin = Local::new(at.x + metres * angle.cos(), at.y + metres * angle.sin());
        let has_twin = chance.happens(TWIN_SHARE) && missing > 1 && is_reachable(twin);
        for at in std::iter::once(at).chain(has_twin.then_some(twin)) {
            missing -= 1;
            let id = free_id(assets, &mut number);
            assets.push(Asset { id, kind: AssetKind::LitterBin, at, capacity_l: None, is_synthetic: true });
        }
    }
}

/// The next id that no bin bears: those of a season that was made earlier may be among the city's own.
fn free_id(assets: &[Asset], number: &mut u32) -> String {
    loop {
        *number += 1;
        let id = format!("syn-bin-{number:03}");
        if assets.iter().all(|asset| asset.id != id) {
            return id;
        }
    }
}

/// What people call the place of a bin: the nearest address within 60 m, else its id.
fn name(city: &City<'_>, asset: &Asset) -> String {
    nearest_address(city, asset.at, 60.0)
        .map_or_else(|| asset.id.clone(), |index| city.addresses.label(index))
}

/// The nearest address within `within_m` metres.
pub(super) fn nearest_address(city: &City<'_>, at: Local, within_m: f64) -> Option<usize> {
    let distance = |index: &usize| city.addresses.at[*index].distance_m(at);
    (0..city.addresses.len())
        .filter(|index| distance(index) <= within_m)
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
}
