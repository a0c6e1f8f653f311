//! Planned and driven rounds in, visits out; reports and visits in, diagnoses that say why out.

mod attested;
pub mod diagnose;
mod dumping;
pub mod executed;
pub mod fill;
mod kerbside;
mod nearby;
pub mod planned;
pub mod tours;

use std::collections::BTreeMap;

use serde::Deserialize;
use statrs::function::beta::beta_reg;

use self::fill::rhythm::Rhythm;
use crate::geocode::Located;
use crate::link::Linked;
use crate::model::report::Reports;
use crate::model::round::{Rounds, Trip};
use crate::model::service::Services;
use crate::model::track::Track;
use crate::model::{NONE, some};
use crate::network::{Network, Path, Snap};
use crate::period::{Clock, Day};
use crate::progress::Progress;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::poisson::Rates;
use crate::unit::Local;

/// Below this q-value chance does not explain what stands out among stops, or routes.
const SURE_Q: f64 = 0.05;

/// How visits are verified and reports diagnosed.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// A call is matched only to fixes within this distance of where the truck halts for it, metres.
    /// Default 60. Larger finds trucks that halt far from the stop, and takes longer.
    pub geofence_m: f64,
    /// A truck that comes nearer than this without stopping has `passed`; farther, the visit is `skipped`.
    /// Metres, default 25.
    pub pass_m: f64,
    /// Two fixes farther apart than this leave a hole in the track, seconds. Default 180. A visit that may lie in a
    /// hole is `unknown`.
    pub hole_s: i64,
    /// A visit is `late` when it comes this much later than planned, beyond what its trip usually is. Minutes,
    /// default 60.
    pub late_after_min: f64,
    /// A tour may begin this much before its plan, hours. Default 2.
    pub early_h: f64,
    /// A tour may end this much after its plan, hours. Default 8.
    pub overrun_h: f64,
    /// Every emptying is logged under `[[sources.services]]`: a visit of which the track cannot tell, and of which nothing is
    /// logged though its trip logged others that day, is `skipped`. Default false.
    pub services_complete: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            geofence_m: 60.0,
            pass_m: 25.0,
            hole_s: 180,
            late_after_min: 60.0,
            early_h: 2.0,
            overrun_h: 8.0,
            services_complete: false,
        }
    }
}

impl Options {
    /// [`Options::early_h`] in seconds.
    #[expect(clippy::cast_possible_truncation, reason = "hours of a day")]
    pub(crate) fn early_s(&self) -> i64 {
        (self.early_h * 3600.0) as i64
    }

    /// [`Options::overrun_h`] in seconds.
    #[expect(clippy::cast_possible_truncation, reason = "hours of a day")]
    pub(crate) fn overrun_s(&self) -> i64 {
        (self.overrun_h * 3600.0) as i64
    }
}

/// One planned visit and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Index into the routes.
    pub route: u32,
    /// Index into the trips.
    pub trip: u32,
    /// Index into the stops.
    pub stop: u32,
    /// Place of the call in its trip, from 0.
    pub sequence: u32,
    /// The service day.
    pub day: Day,
    /// When it was planned, seconds UTC.
    pub planned_at: i64,
    /// When it took place, seconds UTC; [`NEVER`](crate::period::NEVER) if it did not or is unknown.
    pub served_at: i64,
    /// What became of it.
    pub outcome: Outcome,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
    /// Why, in one sentence with figures.
    pub evidence: String,
}

/// What became of a planned visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The truck stopped there.
    Served,
    /// The truck drove by and did not stop.
    Passed,
    /// The truck did not come.
    Skipped,
    /// The truck stopped there, later than allowed.
    Late,
    /// The track cannot tell.
    Unknown,
}

impl Outcome {
    /// As in the layers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Late => "late",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the stop was emptied.
    pub fn is_emptied(self) -> bool {
        matches!(self, Self::Served | Self::Late)
    }

    /// Whether the stop is known not to have been emptied.
    pub fn is_missed(self) -> bool {
        matches!(self, Self::Skipped | Self::Passed)
    }
}

/// Why a waste report came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// Index into the reports.
    pub report: u32,
    /// Index into the stops; [`NONE`] where no stop fits.
    pub stop: u32,
    /// Index into the routes; [`NONE`] where no stop fits.
    pub route: u32,
    /// The service day that decided it; `None` where none did.
    pub day: Option<Day>,
    /// The reason.
    pub reason: Reason,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
    /// Why, in one sentence with figures.
    pub evidence: String,
}

/// Reasons for a waste report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The last planned visit before it was not made.
    Skipped,
    /// The last planned visit before it was made, too late.
    Late,
    /// Emptied as planned, and full again before the next visit.
    FullBeforeNextService,
    /// Emptied as planned, and rubbish put beside it.
    DumpedBeside,
    /// Emptied as planned, and nothing explains the report.
    ServedFine,
    /// The round did not run that day, as announced or because it broke off.
    Exception,
    /// No round plans this place.
    NotPlanned,
    /// Reported before the first known service.
    BeforeFirstService,
    /// The track cannot tell.
    Unknown,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Self] = &[
        Self::Skipped,
        Self::Late,
        Self::FullBeforeNextService,
        Self::DumpedBeside,
        Self::ServedFine,
        Self::Exception,
        Self::NotPlanned,
        Self::BeforeFirstService,
        Self::Unknown,
    ];

    /// As in the layers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Late => "late",
            Self::FullBeforeNextService => "full_before_next_service",
            Self::DumpedBeside => "dumped_beside",
            Self::ServedFine => "served_fine",
            Self::Exception => "exception",
            Self::NotPlanned => "not_planned",
            Self::BeforeFirstService => "before_first_service",
            Self::Unknown => "unknown",
        }
    }
}

/// One stop over the whole period; parallel to [`Rounds::stops`](crate::model::round::Rounds).
#[derive(Debug, Clone, PartialEq)]
pub struct StopFinding {
    /// The route that serves it most; [`NONE`] where none does.
    pub route: u32,
    /// Waste reports about it.
    pub n_reports: u32,
    /// Planned visits known not to have been made (skipped or passed).
    pub n_skipped: u32,
    /// Planned visits.
    pub n_planned: u32,
    /// Share of skipped among planned visits with a known outcome, shrunk towards all stops; NaN without any.
    pub skip_rate: f64,
    /// Share of its capacity that is filled in a day; NaN with too few data.
    pub fill_per_day: f64,
    /// Probability that it overflows before the next planned service; NaN with too few data.
    pub p_overflow: f64,
    /// That it is skipped more than the others, corrected for looking at all stops; NaN without known visits.
    pub q_value: f64,
}

impl StopFinding {
    /// Whether it is skipped more than the others, beyond what chance explains.
    pub fn is_often_skipped(&self) -> bool {
        self.q_value < SURE_Q
    }
}

/// One route over the whole period; parallel to [`Rounds::routes`](crate::model::round::Rounds).
#[derive(Debug, Clone, PartialEq)]
pub struct RouteFinding {
    /// Stops that it serves.
    pub n_stops: u32,
    /// Metres of its longest trip as planned, from depot to depot, on the network where that is possible.
    pub length_m: f64,
    /// Seconds of its longest trip as planned, from depot to depot where there is a way on the network, else from the first
    /// call to the last.
    pub duration_s: f64,
    /// Share of the planned visits with a known outcome that were made, per cent; NaN without any.
    pub adherence_pct: f64,
    /// Waste reports about its stops, or of missed collections in its area.
    pub n_reports: u32,
    /// Reports expected of a route with as many visits (at the kerb: customers); NaN with too few routes.
    pub expected: f64,
    /// Probability of so many reports, given how much the routes differ anyway; NaN with too few routes.
    pub p_value: f64,
    /// The same, corrected for looking at all routes; NaN with too few.
    pub q_value: f64,
    /// Its longest trip as planned, from depot to depot, for maps; along the streets where that is possible.
    pub line: Vec<Local>,
}

impl RouteFinding {
    /// Whether more reports came in about it than chance explains.
    pub fn is_often_reported(&self) -> bool {
        self.q_value < SURE_Q
    }
}

/// All that is known about the collection.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// Planned visits, in the order of day, route and sequence.
    pub visits: Vec<Visit>,
    /// One diagnosis for each waste report, in the order of the reports.
    pub diagnoses: Vec<Diagnosis>,
    /// One row per stop.
    pub stops: Vec<StopFinding>,
    /// One row per route.
    pub routes: Vec<RouteFinding>,
    /// What was driven on each day, in the order of day, route and trip.
    pub tours: Vec<tours::Tour>,
    /// Per stop the rates at which it may fill up (shares of its capacity per day, ascending), each with its
    /// probability; none with too few data.
    pub fill_rates: Vec<Vec<(f64, f64)>>,
    /// How all stops fill up, but for their rates.
    pub fill_law: fill::Law,
}

/// What verification and diagnosis rest on.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The planned rounds.
    pub rounds: &'a Rounds,
    /// The driven rounds.
    pub tracks: &'a [Track],
    /// The logged services.
    pub services: &'a Services,
    /// The reports.
    pub reports: &'a Reports,
    /// Where each report is.
    pub located: &'a Located,
    /// What each report belongs to.
    pub linked: &'a Linked,
    /// The streets.
    pub network: &'a Network,
    /// The project's clock.
    pub clock: &'a Clock,
}

/// Verifies every planned visit against the tracks, and says of every waste report why it came in.
pub fn examine(evidence: &Evidence<'_>, options: &Options, progress: &dyn Progress) -> Collection {
    let &Evidence { rounds, tracks, services, reports, located, linked, network, clock } = evidence;
    let mut visits = planned::visits(rounds, clock);
    executed::carry_out(&mut visits, evidence, options, progress);
    attested::attest(&mut visits, rounds, services, clock, options);
    executed::mark_late(&mut visits, rounds.trips.len(), options);
    let mut stops = stop_findings(rounds, &visits);
    let miss_rate = stops.iter().map(|stop| if stop.skip_rate.is_nan() { 0.0 } else { stop.skip_rate });
    let logged = fill::logged::of_stops(rounds, services);
    let rhythm = Rhythm::learn(reports, clock);
    let mut records = diagnose::Records::new(rounds, clock, &visits, miss_rate.collect(), logged, rhythm);
    let (diagnoses, fills) = diagnose::reports(&mut records, reports, located, linked);
    for (index, stop) in stops.iter_mut().enumerate() {
        stop.fill_per_day = fills.per_day(index);
        stop.p_overflow = fills.overflow(index, &records.intervals(index));
    }
    let fill_rates = (0..stops.len()).map(|stop| fills.rates(stop)).collect();
    for stop in diagnoses.iter().filter_map(|diagnosis| some(diagnosis.stop)) {
        stops[stop].n_reports += 1;
    }
    let mut routes = route_findings(rounds, &visits, &diagnoses, network);
    compare_routes(&mut routes, rounds, &visits);
    progress.begin("match tours", 0);
    let tours = tours::tours(&visits, rounds, tracks, network, options);
    let fill_law = records.law(&fills);
    Collection { visits, diagnoses, stops, routes, tours, fill_rates, fill_law }
}

/// What the visits say about each stop; fill and reports are added later.
fn stop_findings(rounds: &Rounds, visits: &[Visit]) -> Vec<StopFinding> {
    let empty = StopFinding {
        route: NONE,
        n_reports: 0,
        n_skipped: 0,
        n_planned: 0,
        skip_rate: f64::NAN,
        fill_per_day: f64::NAN,
        p_overflow: f64::NAN,
        q_value: f64::NAN,
    };
    let mut stops = vec![empty; rounds.stops.len()];
    let mut known = vec![0u32; stops.len()];
    let mut routes: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); stops.len()];
    for visit in visits {
        let index = visit.stop as usize;
        stops[index].n_planned += 1;
        stops[index].n_skipped += u32::from(visit.outcome.is_missed());
        known[index] += u32::from(visit.outcome != Outcome::Unknown);
        *routes[index].entry(visit.route).or_default() += 1;
    }
    for (stop, routes) in stops.iter_mut().zip(&routes) {
        // The route with the most visits; among equals the first.
        let most = routes.iter().max_by_key(|&(route, count)| (count, std::cmp::Reverse(route)));
        stop.route = most.map_or(NONE, |(&route, _)| route);
    }
    rate_stops(&mut stops, &known);
    stops
}

/// Skip rates, shrunk, and whether they are beyond chance.
fn rate_stops(stops: &mut [StopFinding], known: &[u32]) {
    let with: Vec<usize> = (0..stops.len()).filter(|&index| known[index] > 0).collect();
    let counts: Vec<f64> = with.iter().map(|&index| f64::from(stops[index].n_skipped)).collect();
    let exposures: Vec<f64> = with.iter().map(|&index| f64::from(known[index])).collect();
    let Some(rates) = Rates::estimate(&counts, &exposures) else { return };
    // P(X ≥ k) of a binomial with the rate of all stops: the regularised incomplete beta function I(k, n − k + 1).
    let p_value = |(&count, &exposure): (&f64, &f64)| {
        if count < 1.0 || rates.mean <= 0.0 || rates.mean >= 1.0 {
            return 1.0;
        }
        beta_reg(count, exposure - count + 1.0, rates.mean)
    };
    let p_values: Vec<f64> = counts.iter().zip(&exposures).map(p_value).collect();
    for ((&index, q_value), (&count, &exposure)) in
        with.iter().zip(benjamini_hochberg(&p_values)).zip(counts.iter().zip(&exposures))
    {
        stops[index].skip_rate = rates.shrunken(count, exposure).min(1.0);
        stops[index].q_value = q_value;
    }
}

/// What visits and reports say about each route.
fn route_findings(
    rounds: &Rounds,
    visits: &[Visit],
    diagnoses: &[Diagnosis],
    network: &Network,
) -> Vec<RouteFinding> {
    let mut emptied = vec![0u32; rounds.routes.len()];
    let mut known = vec![0u32; rounds.routes.len()];
    for visit in visits {
        emptied[visit.route as usize] += u32::from(visit.outcome.is_emptied());
        known[visit.route as usize] += u32::from(visit.outcome != Outcome::Unknown);
    }
    let route = |index: usize| {
        let trips = rounds.trips.iter().filter(|trip| some(trip.route) == Some(index));
        let mut stops: Vec<u32> =
            trips.clone().flat_map(|trip| trip.calls.iter().map(|call| call.stop)).collect();
        stops.sort_unstable();
        stops.dedup();
        let trips: Vec<(&Trip, Extent)> = trips.map(|trip| (trip, extent(rounds, trip, network))).collect();
        let longest = trips
            .iter()
            .max_by(|(a, x), (b, y)| x.length_m.total_cmp(&y.length_m).then_with(|| b.id.cmp(&a.id)));
        let line = longest.map_or_else(Vec::new, |(trip, _)| network.line_through(&places(rounds, trip)));
        let of_route = diagnoses.iter().filter(|diagnosis| some(diagnosis.route) == Some(index));
        RouteFinding {
            n_stops: u32::try_from(stops.len()).expect("stops have u32 indices"),
            length_m: longest.map_or(0.0, |(_, extent)| extent.length_m),
            duration_s: trips.iter().map(|(_, extent)| extent.duration_s).fold(0.0, f64::max),
            adherence_pct: 100.0 * f64::from(emptied[index]) / f64::from(known[index]),
            n_reports: u32::try_from(of_route.count()).expect("reports have u32 indices"),
            expected: f64::NAN,
            p_value: f64::NAN,
            q_value: f64::NAN,
            line,
        }
    };
    (0..rounds.routes.len()).map(route).collect()
}

/// Compares the reports of routes that are of one sort: those with stops by their visits, those at the kerb with others
/// of their source by their customers and days.
fn compare_routes(routes: &mut [RouteFinding], rounds: &Rounds, visits: &[Visit]) {
    let mut visited: BTreeMap<u32, f64> = BTreeMap::new();
    for visit in visits {
        *visited.entry(visit.route).or_default() += 1.0;
    }
    let mut at_kerb: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
    // A round whose customers are not known is taken to have as many as the others of its source.
    let usual = |source: u32| {
        let of_source = rounds.kerbsides.iter().filter(|kerbside| kerbside.source == source);
        let known: Vec<f64> = of_source.filter_map(|kerbside| kerbside.customers).collect();
        if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 }
    };
    for kerbside in &rounds.kerbsides {
        let days = kerbside.weekdays.iter().filter(|&&is_collected| is_collected).count();
        let customers = kerbside.customers.unwrap_or_else(|| usual(kerbside.source));
        *at_kerb.entry(kerbside.source).or_default().entry(kerbside.route).or_default() +=
            customers * days as f64;
    }
    for sizes in std::iter::once(&visited).chain(at_kerb.values()) {
        let complaints: Vec<u32> = sizes.keys().map(|&route| routes[route as usize].n_reports).collect();
        let amounts: Vec<f64> = sizes.values().copied().collect();
        for (&route, excess) in
            sizes.keys().zip(kerbside::excesses(&complaints, &amounts).into_iter().flatten())
        {
            let finding = &mut routes[route as usize];
            (finding.expected, finding.p_value, finding.q_value) =
                (excess.expected, excess.p_value, excess.q_value);
        }
    }
}

/// What a trip takes from depot to depot.
struct Extent {
    length_m: f64,
    duration_s: f64,
}

/// The metres of a trip, leg by leg on the network where there is a way, else straight; the seconds of its timetable, and
/// of the drives from the depot and back where there is a way.
fn extent(rounds: &Rounds, trip: &Trip, network: &Network) -> Extent {
    let places = places(rounds, trip);
    let snap = |&at: &Local| network.snap(at, network.options().snap_m);
    let snaps: Vec<Option<Snap>> = places.iter().map(snap).collect();
    let ways: Vec<Option<Path>> = snaps.windows(2).map(|ends| network.path(ends[0]?, ends[1]?)).collect();
    let leg_m = |(ends, way): (&[Local], &Option<Path>)| {
        way.as_ref().map_or_else(|| ends[0].distance_m(ends[1]), |way| way.length_m)
    };
    let length_m = places.windows(2).zip(&ways).map(leg_m).sum();
    let (Some(first), Some(last)) = (trip.calls.first(), trip.calls.last()) else {
        return Extent { length_m, duration_s: 0.0 };
    };
    let has_depot = places.len() > trip.calls.len();
    let drive_s = |way: Option<&Option<Path>>| {
        way.and_then(Option::as_ref).filter(|_| has_depot).map_or(0.0, |way| way.seconds)
    };
    let timetable_s = (last.departure_s - first.arrival_s) as f64;
    Extent { length_m, duration_s: drive_s(ways.first()) + timetable_s + drive_s(ways.last()) }
}

/// Where a trip goes: from the depot, where it is known, past its stops and back.
fn places(rounds: &Rounds, trip: &Trip) -> Vec<Local> {
    let depot = some(trip.vehicle).and_then(|vehicle| rounds.vehicles[vehicle].depot);
    let stops = trip.calls.iter().map(|call| rounds.stops[call.stop as usize].at);
    depot.into_iter().chain(stops).chain(depot).collect()
}

#[cfg(test)]
mod tests;
