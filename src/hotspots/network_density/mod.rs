//! Incidents on streets in, stretches of street and crossings that hold more than their like out: the screening of a
//! network for traffic safety.
//!
//! Every incident is put on the nearest street, and counted either at a crossing or on the street between two. Each
//! is compared with what its class of street (or of crossing) has per metre, in three ways that answer three
//! questions:
//! * is it chance? Incidents are thrown anew on the metres of each class ([`line_scan`]);
//! * how many too many are there, luck taken out? The empirical Bayes estimate and its interval ([`overdispersion`]);
//! * where along the street? The network kernel density ([`network_kernel`](crate::stats::network_kernel)).
//!
//! No traffic volumes are known: a busy street of its class stands out because it is busy. Streets with two
//! carriageways are two lines, each with its own incidents.

mod sites;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::city::{City, late_and_all};
use crate::hotspots::{Hotspots, Per, outline};
use crate::model::kind::{Kind, Selection};
use crate::random::Random;
use crate::stats::line_scan::{self, Window};
use crate::stats::network_kernel::Spot;
use crate::stats::overdispersion::{self, EmpiricalBayes};

pub use sites::Place;
use sites::{Part, Sites};

/// The name of the method in layers.
pub const METHOD: &str = "network_density";

/// With fewer incidents no class of street has a rate.
const FEWEST_INCIDENTS: usize = 30;
/// Sites up to this q-value are hotspots.
const HOT_Q: f64 = 0.05;
/// The probability with which the interval of an excess holds it.
const LEVEL: f64 = 0.95;
/// The days of a year, for densities.
const YEAR_DAYS: f64 = 365.25;

/// The settings of `[[hotspots.network_density]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to count: a kind, a family or `*`. Default `unsafe_traffic`.
    pub kind: Selection,
    /// How far from a street an incident may be, metres; those farther off are counted in the notes. Default 25.
    pub snap_m: f64,
    /// The length of the window that slides along a street, metres. Shorter ones tell places better apart and need
    /// more incidents. Default 100.
    pub window_m: f64,
    /// How far the window moves on at a time, metres; at most the window. Default 10.
    pub step_m: f64,
    /// How far a crossing reaches into its streets, metres; crossings no farther apart than this are one. Default 20.
    pub crossing_m: f64,
    /// How far an incident is smeared out along the streets for the column `density`, metres. Default 100.
    pub bandwidth_m: f64,
    /// The length of the pieces for which that density is computed, metres. Default 10.
    pub lixel_m: f64,
    /// Fewer incidents than this at a site are never a finding. Default 3.
    pub at_least: u32,
    /// Simulations behind the p-values. Default 999.
    pub simulations: u32,
    /// Whether footways, cycleways and squares take part. Default `false`: incidents of drivers would be put on the
    /// footways beside their streets. Write `true` for what stands on paths, such as bollards.
    pub paths: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Selection::Kind(Kind::UnsafeTraffic),
            snap_m: 25.0,
            window_m: 100.0,
            step_m: 10.0,
            crossing_m: 20.0,
            bandwidth_m: 100.0,
            lixel_m: 10.0,
            at_least: 3,
            simulations: 999,
            paths: false,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |message: String, hint: &str| {
            let message = format!("{message} under [[hotspots.network_density]]");
            Err(Error::Setting { message, hint: hint.to_owned() })
        };
        let distances = [
            ("snap_m", self.snap_m, 25.0),
            ("window_m", self.window_m, 100.0),
            ("step_m", self.step_m, 10.0),
            ("crossing_m", self.crossing_m, 20.0),
            ("bandwidth_m", self.bandwidth_m, 100.0),
            ("lixel_m", self.lixel_m, 10.0),
        ];
        for (name, value, usual) in distances {
            if !(0.1..=10_000.0).contains(&value) {
                let message = format!("`{name} = {value}` is no distance along a street");
                return refuse(message, &format!("write metres, as in `{name} = {usual:.1}`"));
            }
        }
        if self.step_m > self.window_m {
            let message = format!("`step_m = {}` is longer than the window", self.step_m);
            return refuse(message, "write a tenth of `window_m`");
        }
        if !(19..=100_000).contains(&self.simulations) {
            let message = format!("`simulations = {}` is out of range", self.simulations);
            return refuse(message, "write 19 (the fewest that can give p = 0.05) to 100000, as in 999");
        }
        Ok(())
    }
}

/// A stretch of street or a crossing, and how it compares with its like.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// What was counted.
    pub kind: Selection,
    /// Whether it is a street between two crossings or a crossing.
    pub place: Place,
    /// The name of its street, or of those that cross, with slashes between them; empty where there is none.
    pub street: String,
    /// Where its fullest window begins, metres along the street from the crossing before it; NaN for a crossing.
    pub from_m: f64,
    /// Where that ends.
    pub to_m: f64,
    /// Incidents in it.
    pub n: u32,
    /// Incidents expected from its class and length.
    pub expected: f64,
    /// The best guess of its true mean (empirical Bayes).
    pub eb_expected: f64,
    /// That less `expected`, in 97.5 % of all cases more than this.
    pub excess_low: f64,
    /// And in 97.5 % less than this.
    pub excess_high: f64,
    /// Probability that chance fills its fullest window as much.
    pub p_value: f64,
    /// Probability that chance makes any site as remarkable.
    pub q_value: f64,
    /// The highest network kernel density along it, incidents per km and year.
    pub density: f64,
    /// The window; the stubs of a crossing.
    pub line: geo::MultiLineString<f64>,
}

impl Segment {
    /// The incidents beyond what is expected, luck taken out.
    pub fn excess(&self) -> f64 {
        self.eb_expected - self.expected
    }
}

/// Adds a row for every stretch and crossing, those with the largest excess first, and a hotspot for those beyond
/// chance.
pub(super) fn find(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    let kind = options.kind.name();
    let note = |what: String| format!("network_density, {kind}: {what}");
    let chosen = city.chosen(options.kind);
    if chosen.len() < FEWEST_INCIDENTS {
        return found.notes.push(note(format!("too few data: {} incidents", chosen.len())));
    }
    let sites = Sites::new(city.scene.streets, options);
    if sites.list.is_empty() {
        return found.notes.push(note("too few data: there are no streets".to_owned()));
    }
    let hits = Hits::new(city, &sites, &chosen, options);
    if hits.far > 0 {
        let (far, snap_m) = (hits.far, options.snap_m);
        found.notes.push(note(format!(
            "{far} incidents lie more than {snap_m} m from a street and are not counted"
        )));
    }
    if hits.bins.len() < FEWEST_INCIDENTS {
        return found.notes.push(note(format!("too few data: {} incidents on streets", hits.bins.len())));
    }
    let stream = |number| random.stream(&format!("{METHOD} {kind}"), number);
    let windows = line_scan::scan(&sites.list, &hits.bins, options.at_least, options.simulations, stream);
    let years = f64::from(city.scene.period.days().max(1)) / YEAR_DAYS;
    let density: Vec<f64> =
        sites.lines.density(&hits.spots, options.bandwidth_m).iter().map(|d| d * 1000.0 / years).collect();
    let dispersion =
        [Place::Segment, Place::Crossing].map(|place| dispersion(&sites, &hits, &windows, place));

    let mut rows: Vec<(usize, Segment)> = (0..sites.list.len())
        .map(|site| (site, row(city, options, &sites, site, &windows[site], dispersion, &density)))
        .collect();
    rows.sort_by(|(a, row), (b, other)| {
        let by_statistic = windows[*b].statistic.total_cmp(&windows[*a].statistic);
        other.excess().total_cmp(&row.excess()).then(by_statistic).then(a.cmp(b))
    });
    let all = late_and_all(city, &hits.incidents);
    for (site, row) in &rows {
        if row.q_value <= HOT_Q {
            let members = hits.within(*site, &windows[*site], &sites);
            let mut hotspot = city.hotspot(METHOD, options.kind, members);
            hotspot.per = Per::StreetMetres;
            hotspot.trend = city.trend(late_and_all(city, &hotspot.incidents), all);
            hotspot.shape = outline::of_points(&city.places(&hotspot.incidents));
            hotspot.expected = row.expected;
            hotspot.relative_risk = f64::from(row.n) / row.expected;
            hotspot.statistic = windows[*site].statistic;
            hotspot.p_value = row.p_value;
            hotspot.q_value = row.q_value;
            found.hotspots.push(hotspot);
        }
    }
    found.segments.extend(rows.into_iter().map(|(_, row)| row));
}

/// The incidents on the streets.
struct Hits {
    /// The incidents, ascending.
    incidents: Vec<u32>,
    /// The site and bin of each.
    bins: Vec<(u32, u32)>,
    /// Where each is on its line.
    spots: Vec<Spot>,
    /// How many lie too far from any street.
    far: usize,
}

impl Hits {
    fn new(city: &City<'_>, sites: &Sites, chosen: &[u32], options: &Options) -> Self {
        let mut hits = Self { incidents: Vec::new(), bins: Vec::new(), spots: Vec::new(), far: 0 };
        for &incident in chosen {
            let snap = sites.network.snap(city.incidents.at[incident as usize], options.snap_m);
            let Some((snap, bin)) = snap.and_then(|snap| sites.hit(&snap).map(|bin| (snap, bin))) else {
                hits.far += 1;
                continue;
            };
            hits.incidents.push(incident);
            hits.bins.push(bin);
            let length_m = sites.network.edge(snap.edge).length_m;
            hits.spots.push(Spot { line: snap.edge, offset_m: snap.offset_m.min(length_m) });
        }
        hits
    }

    /// The incidents in the window of a site, ascending.
    fn within(&self, site: usize, window: &Window, sites: &Sites) -> Vec<u32> {
        let bins = window.bin..window.bin + sites.list[site].window;
        let is_in = |hit: &(u32, u32)| hit.0 as usize == site && bins.contains(&hit.1);
        self.incidents
            .iter()
            .zip(&self.bins)
            .filter(|(_, hit)| is_in(hit))
            .map(|(&incident, _)| incident)
            .collect()
    }
}

/// How much sites of a sort truly differ from what their class and length say. Streets are cut into pieces as long as
/// the window, so that the answer fits windows: longer pieces differ less (Hauer 2001, Accident Analysis & Prevention
/// 33(6), 799-808).
fn dispersion(sites: &Sites, hits: &Hits, windows: &[Window], place: Place) -> f64 {
    let mut first = vec![0usize];
    for (site, sort) in sites.list.iter().zip(&sites.place) {
        let pieces = if *sort == place { site.bins.div_ceil(site.window) } else { 0 };
        first.push(first[first.len() - 1] + pieces as usize);
    }
    let mut counts = vec![0u32; first[sites.list.len()]];
    for &(site, bin) in hits.bins.iter().filter(|hit| sites.place[hit.0 as usize] == place) {
        counts[first[site as usize] + (bin / sites.list[site as usize].window) as usize] += 1;
    }
    let mut expected = Vec::with_capacity(counts.len());
    for (index, (site, window)) in sites.list.iter().zip(windows).enumerate() {
        for piece in (0u32..).take(first[index + 1] - first[index]) {
            let bins = site.window.min(site.bins - piece * site.window);
            expected.push(window.expected * f64::from(bins) / f64::from(site.window));
        }
    }
    overdispersion::estimate(&counts, &expected)
}

fn row(
    city: &City<'_>,
    options: &Options,
    sites: &Sites,
    site: usize,
    window: &Window,
    [segments, crossings]: [f64; 2],
    density: &[f64],
) -> Segment {
    let place = sites.place[site];
    let k = if place == Place::Segment { segments } else { crossings };
    let bayes = EmpiricalBayes::new(window.n, window.expected, k, LEVEL);
    let parts = sites.window(site, window.bin, sites.list[site].window);
    let (from_m, to_m) = match (place, &parts[..]) {
        (Place::Segment, &[Part { from_m, to_m, .. }]) => (from_m, to_m),
        _ => (f64::NAN, f64::NAN),
    };
    let line = |part: &Part| sites.line(*part).into_iter().map(geo::Coord::from).collect();
    Segment {
        kind: options.kind,
        place,
        street: sites.names(site, city.scene.streets).join(" / "),
        from_m,
        to_m,
        n: window.n,
        expected: window.expected,
        eb_expected: bayes.mean,
        excess_low: bayes.low - window.expected,
        excess_high: bayes.high - window.expected,
        p_value: window.p_value,
        q_value: window.q_value,
        density: sites.densest(&parts, density),
        line: geo::MultiLineString::new(parts.iter().map(line).collect()),
    }
}

#[cfg(test)]
mod tests;
