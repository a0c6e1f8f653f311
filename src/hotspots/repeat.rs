//! Incidents linked to assets in, assets that come back beyond chance out.
//!
//! Every asset is compared with the average of its kind: if all bollards were equally likely to be hit, how
//! likely would so many incidents at this one be? But assets of a kind differ by nature: a bin at a station fills
//! faster than one in a lane. Where they do (their counts scatter more than Poisson counts of one rate, by the test of
//! Dean & Lawless), being above the average is no finding. A repeat location must then stand out from the negative
//! binomial of all others of its kind, or be more than twice as bad as the mean of its kind: how sure that is follows from
//! the gamma-Poisson model, in which an asset's own rate is shrunk towards its kind the more, the less it was watched.
//! The former finds the one bad asset, which stretches the spread of its kind so that it would be shrunk into it; the
//! latter finds the many.
//!
//! An asset's incidents are those that `link` tied to it; it was there to be reported on every day of the period: no
//! asset is older or younger, for sources seldom say when one was placed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{AssetFinding, Hotspot, Hotspots, Per, outline};
use crate::model::asset::AssetKind;
use crate::model::kind::{Kind, Selection};
use crate::model::some;
use crate::period::NEVER;
use crate::random::Random;
use crate::stats::correct::{bayesian, benjamini_hochberg};
use crate::stats::poisson::{self, Rates};

/// The name of the method in layers.
pub const METHOD: &str = "repeat";

/// The days of a year, for rates.
const YEAR_DAYS: f64 = 365.25;
/// An asset that comes back more than so many times as often as the mean of its kind is out of the ordinary.
const DOUBLE: f64 = 2.0;
/// Assets of a kind differ by nature where their counts scatter so with at most this probability if they did not.
const DIFFER_P: f64 = 0.05;
/// What intervals hold the truth in.
const LEVEL: f64 = 0.95;
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
pub(super) fn find(city: &City<'_>, options: &Options, _random: Random, found: &mut Hotspots) {
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

    let judged = judged(&counts, &values, &exposures, rates);
    let linked: Vec<u32> = assets.iter().flat_map(|&asset| members[asset].iter().copied()).collect();
    let all = late_and_all(city, &linked);
    for (place, (&asset, Judged { known, q_value })) in assets.iter().zip(judged).enumerate() {
        let n_incidents = counts[place];
        let last = members[asset].iter().map(|&incident| city.incidents.last_at[incident as usize]).max();
        let row = AssetFinding {
            asset: u32::try_from(asset).expect("fewer than 2^32 assets"),
            n_incidents,
            exposure_days: days,
            rate_per_year: values[place] / days * YEAR_DAYS,
            shrunken_rate: rates.shrunken(values[place], days) * YEAR_DAYS,
            rate_low: known.interval.0 * YEAR_DAYS,
            rate_high: known.interval.1 * YEAR_DAYS,
            expected: rates.mean * days,
            p_value: known.p_value,
            q_value,
            p_exceeds_double: known.exceeds,
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

/// What is known of an asset, and its q-value among all of its kind.
struct Judged {
    known: Known,
    q_value: f64,
}

/// Judges the assets of a kind, which were all watched equally long, by how often each was counted.
fn judged(counts: &[u32], values: &[f64], exposures: &[f64], rates: Rates) -> Vec<Judged> {
    let Some(&days) = exposures.first() else { return Vec::new() };
    let total = counts.iter().map(|&count| u64::from(count)).sum();
    let intervals = Intervals { rates, total, all_days: days * counts.len() as f64 };
    // What was counted as often is known as well.
    let distinct: BTreeSet<u32> = counts.iter().copied().collect();
    let known: BTreeMap<u32, Known> =
        distinct.into_iter().map(|count| (count, Known::of(count, days, &intervals))).collect();
    let of_count =
        |value: fn(&Known) -> f64| counts.iter().map(|count| value(&known[count])).collect::<Vec<f64>>();
    let q_values = benjamini_hochberg(&of_count(|known| known.p_value));
    let false_shares = bayesian(&of_count(|known| 1.0 - known.exceeds));
    let do_differ = poisson::dispersion_p(values, exposures) <= DIFFER_P;
    let stand_out = if do_differ { q_among_others(values, counts, exposures) } else { q_values.clone() };
    let q_value = |place: usize| q_values[place].max(stand_out[place].min(false_shares[place]));
    let judged = counts.iter().enumerate();
    judged.map(|(place, count)| Judged { known: known[count], q_value: q_value(place) }).collect()
}

/// q-values that assets come back no more often than the others of their kind do, which differ by nature.
fn q_among_others(values: &[f64], counts: &[u32], exposures: &[f64]) -> Vec<f64> {
    // Whoever was counted as often has the same others, for all were watched equally long.
    let mut one_of = BTreeMap::new();
    for (place, &count) in counts.iter().enumerate() {
        one_of.insert(count, place);
    }
    let among_others = |(&count, &place): (&u32, &usize)| {
        let others = Rates::estimate(&without(values, place), &without(exposures, place));
        (count, others.map_or(1.0, |others| others.upper_tail(count, exposures[place])))
    };
    let tails: BTreeMap<u32, f64> = one_of.iter().map(among_others).collect();
    benjamini_hochberg(&counts.iter().map(|count| tails[count]).collect::<Vec<_>>())
}

/// All values but the one at `place`.
fn without(values: &[f64], place: usize) -> Vec<f64> {
    [&values[..place], &values[place + 1..]].concat()
}

/// What is known of an asset by how often it was counted.
#[derive(Clone, Copy)]
struct Known {
    /// Probability of at least so many incidents at the mean rate.
    p_value: f64,
    /// Probability that the true rate is more than twice the mean.
    exceeds: f64,
    /// Between what the true rate lies, per day.
    interval: (f64, f64),
}

impl Known {
    fn of(count: u32, days: f64, intervals: &Intervals) -> Self {
        let (rates, n) = (intervals.rates, f64::from(count));
        Self {
            p_value: poisson::upper_tail(count, rates.mean * days),
            exceeds: rates.exceeds(n, days, DOUBLE * rates.mean),
            interval: intervals.of(n, days),
        }
    }
}

/// Between what an asset's true rate lies, per day.
struct Intervals {
    rates: Rates,
    /// Incidents and days of all assets of the kind.
    total: u64,
    all_days: f64,
}

impl Intervals {
    /// The posterior interval of an asset; where assets do not differ, that of the rate they share.
    fn of(&self, count: f64, days: f64) -> (f64, f64) {
        if self.rates.variance > 0.0 {
            return self.rates.interval(count, days, LEVEL);
        }
        let total = u32::try_from(self.total).expect("fewer than 2^32 incidents");
        poisson::rate_interval(total, self.all_days, LEVEL)
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
