//! Reports in, the asset, area, stop and kerbside round of each one out, with the distance.
//!
//! A citizen who pointed at an asset is believed. Else a report is linked to an asset or stop only where its
//! position is fine enough to point at one; every report that lies anywhere at all is linked to its area. Areas
//! are half-open: a point on the border that two areas share belongs to exactly one of them. Whether an asset
//! moved meanwhile is not considered.

use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, PointDistance, RTree};
use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::geocode::Located;
use crate::import::reports::fits;
use crate::model::area::Area;
use crate::model::asset::{Asset, AssetKind};
use crate::model::kind::{Family, Kind};
use crate::model::report::Reports;
use crate::model::round::Rounds;
use crate::model::{NONE, some};
use crate::unit::Local;

/// How near something must be to be what a report is about.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Metres within which the nearest asset of a fitting kind is the one concerned. Default 25: the usual
    /// error of a telephone's position. Larger links more reports, and more of them to a wrong neighbour.
    pub asset_within_m: f64,
    /// Metres within which the nearest stop is the one that serves the place. Default 60.
    pub stop_within_m: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { asset_within_m: 25.0, stop_within_m: 60.0 }
    }
}

/// A second stop less than this many times as far as the nearest makes the link ambiguous.
const AMBIGUOUS_WITHIN: f64 = 1.5;

/// What each report belongs to; parallel to [`Reports`]. Indices are
/// [`NONE`] where nothing fits.
#[derive(Debug, Clone, Default)]
pub struct Linked {
    /// The asset it is about, as an index into the assets.
    pub asset: Vec<u32>,
    /// Metres to that asset; NaN where there is none.
    pub asset_distance_m: Vec<f32>,
    /// The area that holds it, as an index into the areas.
    pub area: Vec<u32>,
    /// The stop that serves it (waste kinds only), as an index into [`Rounds::stops`](crate::model::round::Rounds).
    pub stop: Vec<u32>,
    /// Metres to that stop; NaN where there is none.
    pub stop_distance_m: Vec<f32>,
    /// The second nearest stop where it is less than 1.5 times as far: the link is ambiguous.
    pub other_stop: Vec<u32>,
    /// The round that collects at the kerb there (missed collections only), as an index into
    /// [`Rounds::kerbsides`](crate::model::round::Rounds).
    pub kerbside: Vec<u32>,
}

/// The links of one report.
struct Links {
    asset: u32,
    asset_distance_m: f32,
    area: u32,
    stop: u32,
    stop_distance_m: f32,
    other_stop: u32,
    kerbside: u32,
}

/// Links every report to the asset it is about, the area that holds it and the stop or kerbside round that serves it.
pub fn reports(
    reports: &Reports,
    located: &Located,
    assets: &[Asset],
    areas: &[Area],
    rounds: &Rounds,
    options: &Options,
) -> Linked {
    let assets_of = AssetKind::ALL.iter().map(|&kind| {
        let of_kind = (0u32..).zip(assets).filter(|(_, asset)| asset.kind == kind);
        tree(of_kind.map(|(index, asset)| (asset.at, index)))
    });
    let assets_of: Vec<Tree> = assets_of.collect();
    let stops_tree = tree((0u32..).zip(&rounds.stops).map(|(index, stop)| (stop.at, index)));
    let areas = Areas::new(areas.iter().map(|area| &area.shape));
    let kerbsides = Areas::new(rounds.kerbsides.iter().map(|kerbside| &kerbside.shape));
    let is_about = |index: usize, kerbside: u32| {
        let patterns = &rounds.kerbsides[kerbside as usize].categories;
        let category =
            some(reports.category[index]).map_or("", |_| reports.words.get(reports.category[index]));
        let category = category.to_lowercase();
        patterns.is_empty() || patterns.iter().any(|pattern| fits(&pattern.to_lowercase(), &category))
    };
    let by_id: FxHashMap<&str, u32> = assets.iter().map(|asset| asset.id.as_str()).zip(0u32..).collect();

    let link = |index: usize| {
        let (at, kind) = (located.at[index], reports.kind[index]);
        let is_point = at.is_somewhere() && located.level[index].is_point();
        let asset = kind.assets().iter().filter(|_| is_point).filter_map(|&of| {
            nearest(&assets_of[of as usize], at).next().filter(|&(m, _)| m <= options.asset_within_m)
        });
        let nearest_asset = asset.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let named = reports.asset.get(index).and_then(|&id| by_id.get(reports.words.get(id)));
        let named = named.map(|&asset| (assets[asset as usize].at.distance_m(at), asset));
        let asset = named.or(nearest_asset);
        let is_waste = kind.family() == Family::Waste;
        let mut near = nearest(&stops_tree, at).take(if is_point && is_waste { 2 } else { 0 });
        let stop = near.next().filter(|&(m, _)| m <= options.stop_within_m);
        let other =
            stop.and_then(|(m, _)| near.next().filter(|&(other_m, _)| other_m < AMBIGUOUS_WITHIN * m));
        let missed = (kind == Kind::MissedCollection)
            .then(|| kerbsides.holding(at).filter(|&kerbside| is_about(index, kerbside)));
        Links {
            asset: index_of(asset),
            asset_distance_m: metres_of(asset),
            area: areas.holding(at).min().unwrap_or(NONE),
            stop: index_of(stop),
            stop_distance_m: metres_of(stop),
            other_stop: index_of(other),
            kerbside: missed.and_then(|missed| missed.min()).unwrap_or(NONE),
        }
    };
    let links: Vec<Links> = (0..reports.len()).into_par_iter().with_min_len(1024).map(link).collect();
    Linked {
        asset: links.iter().map(|link| link.asset).collect(),
        asset_distance_m: links.iter().map(|link| link.asset_distance_m).collect(),
        area: links.iter().map(|link| link.area).collect(),
        stop: links.iter().map(|link| link.stop).collect(),
        stop_distance_m: links.iter().map(|link| link.stop_distance_m).collect(),
        other_stop: links.iter().map(|link| link.other_stop).collect(),
        kerbside: links.iter().map(|link| link.kerbside).collect(),
    }
}

type Tree = RTree<GeomWithData<[f64; 2], u32>>;

fn tree(places: impl Iterator<Item = (Local, u32)>) -> Tree {
    let somewhere = places.filter(|(at, _)| at.is_somewhere());
    RTree::bulk_load(somewhere.map(|(at, index)| GeomWithData::new([at.x, at.y], index)).collect())
}

/// Distance and index of what the tree holds, nearest first; of two that are equally far, the one with the
/// lower index first. Nothing for a place that is nowhere.
fn nearest(tree: &Tree, at: Local) -> impl Iterator<Item = (f64, u32)> + '_ {
    let query = [at.x, at.y];
    let all = at.is_somewhere().then(|| tree.nearest_neighbor_iter(&query));
    let mut rest =
        all.into_iter().flatten().map(move |one| (one.distance_2(&query).sqrt(), one.data)).peekable();
    let mut equal: Vec<(f64, u32)> = Vec::new();
    std::iter::from_fn(move || {
        if equal.is_empty() {
            equal.push(rest.next()?);
            let first_m = equal[0].0;
            while let Some(next) = rest.next_if(|next| next.0.total_cmp(&first_m).is_eq()) {
                equal.push(next);
            }
            equal.sort_unstable_by_key(|&(_, index)| std::cmp::Reverse(index));
        }
        equal.pop()
    })
}

fn index_of(found: Option<(f64, u32)>) -> u32 {
    found.map_or(NONE, |(_, index)| index)
}

#[expect(clippy::cast_possible_truncation, reason = "a distance is good to a centimetre in an f32")]
fn metres_of(found: Option<(f64, u32)>) -> f32 {
    found.map_or(f32::NAN, |(distance_m, _)| distance_m as f32)
}

/// Areas that can be asked which of them holds a point.
///
/// The even-odd rule with edges closed below and open above, and with each edge computed from its lower end
/// whichever way round an area runs along it: two areas that share an edge then agree to the last bit on
/// which side of it a point lies.
struct Areas {
    envelopes: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
    outlines: Vec<Outline>,
}

/// The edges of one area in horizontal bands, so that only those at the height of a point are looked at.
struct Outline {
    low: f64,
    band_m: f64,
    /// Each edge from its lower to its upper end; horizontal ones are never crossed and left out.
    bands: Vec<Vec<(Local, Local)>>,
}

impl Areas {
    fn new<'s>(shapes: impl Iterator<Item = &'s geo::MultiPolygon<f64>> + Clone) -> Self {
        use geo::BoundingRect;
        let envelopes = (0u32..).zip(shapes.clone()).filter_map(|(index, shape)| {
            let rect = shape.bounding_rect()?;
            let corners = Rectangle::from_corners([rect.min().x, rect.min().y], [rect.max().x, rect.max().y]);
            Some(GeomWithData::new(corners, index))
        });
        Self {
            envelopes: RTree::bulk_load(envelopes.collect()),
            outlines: shapes.map(Outline::new).collect(),
        }
    }

    /// The areas that hold `at`, in no order; none for a place that is nowhere.
    fn holding(&self, at: Local) -> impl Iterator<Item = u32> + '_ {
        let here = AABB::from_point([at.x, at.y]);
        let near = at.is_somewhere().then(|| self.envelopes.locate_in_envelope_intersecting(&here));
        let near: Vec<u32> = near.into_iter().flatten().map(|one| one.data).collect();
        near.into_iter().filter(move |&index| self.outlines[index as usize].holds(at))
    }
}

impl Outline {
    fn new(shape: &geo::MultiPolygon<f64>) -> Self {
        let rings = shape.iter().flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()));
        let mut edges: Vec<(Local, Local)> = Vec::new();
        for line in rings.flat_map(geo::LineString::lines) {
            let (start, end) = (Local::from(line.start), Local::from(line.end));
            if start.y < end.y {
                edges.push((start, end));
            } else if end.y < start.y {
                edges.push((end, start));
            }
        }
        let low = edges.iter().map(|edge| edge.0.y).fold(f64::INFINITY, f64::min);
        let high = edges.iter().map(|edge| edge.1.y).fold(f64::NEG_INFINITY, f64::max);
        let count = edges.len().div_ceil(8).clamp(1, 1024);
        let band_m = ((high - low) / count as f64).max(f64::MIN_POSITIVE);
        let mut outline = Self { low, band_m, bands: vec![Vec::new(); count] };
        for edge in edges {
            for band in outline.band(edge.0.y)..=outline.band(edge.1.y) {
                outline.bands[band].push(edge);
            }
        }
        outline
    }

    /// The band at a height; heights outside go to the nearest one.
    fn band(&self, y: f64) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bands")]
        let band = ((y - self.low) / self.band_m).clamp(0.0, (self.bands.len() - 1) as f64) as usize;
        band
    }

    fn holds(&self, at: Local) -> bool {
        let mut is_inside = false;
        for (lower, upper) in &self.bands[self.band(at.y)] {
            let is_at_height = lower.y <= at.y && at.y < upper.y;
            if is_at_height && at.x < lower.x + (at.y - lower.y) / (upper.y - lower.y) * (upper.x - lower.x) {
                is_inside = !is_inside;
            }
        }
        is_inside
    }
}

#[cfg(test)]
mod tests;
