//! The bollards of a city in, the days on which each was knocked over out.

use crate::model::asset::{Asset, AssetKind};
use crate::model::kind::Kind;

use super::tell::{self, Event};
use super::{Scene, TrueBollard};

/// Shape of the gamma distribution of rates among bollards: most are hardly ever hit, a few often.
const RATE_SHAPE: f64 = 0.8;
/// Metres between two planted bollards.
const APART_M: f64 = 60.0;
/// Metres between the bollards of a row, at most.
const ROW_M: f64 = 12.0;

/// The bollards, what each is like, and every time one was hit.
pub(super) fn hits(scene: &Scene<'_>) -> (Vec<Asset>, Vec<TrueBollard>, Vec<Event>) {
    let Scene { city, options, .. } = *scene;
    let is_bollard = |asset: &&Asset| asset.kind == AssetKind::Bollard;
    let mut bollards: Vec<Asset> = city.assets.iter().filter(is_bollard).cloned().collect();
    bollards.sort_by(|a, b| a.id.cmp(&b.id).then(a.at.total_cmp(&b.at)));
    let planted = planted(scene, &bollards);
    let period = options.period();
    let mut knocks = Vec::new();
    let mut events = Vec::new();
    for (number, bollard) in bollards.iter().enumerate() {
        let mut chance = scene.chance("bollard", number as u64);
        let place = planted.iter().position(|&index| index == number);
        let rate_per_year = match place {
            Some(_) => options.repeat_rate_year * chance.between(0.8, 1.2),
            None => options.bollard_rate_year * chance.gamma(RATE_SHAPE),
        };
        // The last planted one starts in the middle of the season: something changed there.
        let starts_late = place.is_some_and(|place| place > 0 && place + 1 == planted.len());
        let from = if starts_late { tell::day_at(period, 0.45) } else { period.from };
        let days = f64::from(period.to.0 - from.0 + 1);
        let mean = rate_per_year * days / 365.25;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hits a year")]
        let at_least = if place.is_some() { (0.6 * mean).ceil() as usize } else { 0 };
        let n_hits = chance.poisson(mean).max(at_least);
        for _ in 0..n_hits {
            let opened = tell::moment(city, from, period.to, &mut chance);
            events.push(Event::about_asset(Kind::Bollard, bollard, opened));
        }
        let n_hits = u32::try_from(n_hits).unwrap_or(u32::MAX);
        knocks.push(TrueBollard { is_repeat: place.is_some(), rate_per_year, from, n_hits });
    }
    (bollards, knocks, events)
}

/// The bollards that are hit again and again: apart from each other, near a corner of narrow streets, and
/// rather single ones than those of a row, where nobody could tell which one a report is about.
fn planted(scene: &Scene<'_>, bollards: &[Asset]) -> Vec<usize> {
    let Scene { city, options, .. } = *scene;
    let corners = tell::corners(city.streets);
    let to_corner = |bollard: &Asset| {
        corners.iter().map(|corner| corner.distance_m(bollard.at)).min_by(f64::total_cmp).unwrap_or(f64::MAX)
    };
    let stands_in_row = |bollard: &Asset| {
        bollards.iter().any(|other| other.id != bollard.id && other.at.distance_m(bollard.at) < ROW_M)
    };
    let mut candidates: Vec<(bool, f64, usize)> = (0..)
        .zip(bollards)
        .map(|(index, bollard)| (stands_in_row(bollard), to_corner(bollard), index))
        .collect();
    candidates.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    candidates.truncate(3 * options.repeat_bollards);
    let mut chance = scene.chance("repeat_bollards", 0);
    let mut planted: Vec<usize> = Vec::new();
    while planted.len() < options.repeat_bollards && !candidates.is_empty() {
        let (_, _, index) = candidates.remove(chance.below(candidates.len()));
        let is_apart = |&other: &usize| bollards[other].at.distance_m(bollards[index].at) >= APART_M;
        if planted.iter().all(is_apart) {
            planted.push(index);
        }
    }
    planted
}
