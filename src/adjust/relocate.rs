//! Rubbish that is reported again and again far from any bin in, places for a bin out: one that can be spared
//! elsewhere, else a new one.
//!
//! Places are chosen one after the other, each time the one within walking distance of the most rubbish that no bin is
//! near yet (the greedy rule of Church & `ReVelle` 1974, Papers of the Regional Science Association 32, 101-118: never
//! worse than 63 % of the best choice); among places that reach the same, the one with the shorter ways. A bin can be
//! spared when nobody reported it and a bin within walking distance can take all that is thrown into it. The bin is
//! emptied together with the stop next to which that costs least, as often as that stop.
//!
//! Rubbish away from all streets, as in parks, is left out: no truck comes there. Whether the pavement is wide enough is
//! for somebody to look at.

use rayon::prelude::*;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::benefit::{self, Fill, YEAR_DAYS, gamma_interval};
use super::cost::{Leg, Plan, Run, Spot};
use super::{Change, CostBasis, Options, Proposal, Situation};
use crate::model::NONE;
use crate::model::asset::AssetKind;
use crate::model::kind::Kind;
use crate::network::Snap;
use crate::unit::Local;

/// What a bin helps against.
const RUBBISH: [Kind; 2] = [Kind::Litter, Kind::Dumping];

/// Stops nearest to a new bin of which one is emptied together with it.
const STOPS_TRIED: usize = 6;

pub(super) fn proposals(situation: &Situation, plan: &Plan, options: &Options) -> Vec<Proposal> {
    let bins = bins(situation, options);
    if bins.is_empty() {
        return Vec::new();
    }
    let rubbish = without_bin(situation, options, &bins);
    let years = situation.period.years();
    let sites = sites(situation, options, &rubbish, f64::from(options.min_reports) * years.max(1.0));
    let mut spare = spare(situation, plan, options, &bins);
    let mut proposals = Vec::new();
    for site in sites {
        let nearest = (0..spare.len()).min_by(|&a, &b| {
            let away_m = |index: usize| spare[index].at.distance_m(site.at.point);
            away_m(a).total_cmp(&away_m(b)).then(a.cmp(&b))
        });
        let moved = nearest.map(|index| spare.remove(index));
        if let Some(moved) = &moved {
            // What one bin takes over from another it cannot take from a third.
            spare.retain(|other| other.heir != moved.heir && other.heir != moved.asset);
        }
        proposals.push(written(situation, plan, options, &site, moved.as_ref(), years));
    }
    proposals
}

/// A litter bin on the streets.
struct Bin {
    asset: u32,
    snap: Snap,
}

fn bins(situation: &Situation, options: &Options) -> Vec<Bin> {
    let bins = situation.assets.iter().zip(0u32..).filter(|(asset, _)| asset.kind == AssetKind::LitterBin);
    let snapped = bins.filter_map(|(bin, asset)| {
        Some(Bin { asset, snap: situation.network.snap(bin.at, options.snap_m)? })
    });
    snapped.collect()
}

/// An incident of rubbish, and where it lies on the streets.
struct Rubbish {
    incident: u32,
    snap: Snap,
}

/// The rubbish that lies farther from every bin than people walk to one.
fn without_bin(situation: &Situation, options: &Options, bins: &[Bin]) -> Vec<Rubbish> {
    let incidents = situation.incidents;
    let around = bins.iter().map(|bin| bin.snap).collect::<Vec<_>>();
    let near_bins = situation.network.walk(&around, options.walk_m);
    let rubbish = (0u32..).zip(&incidents.kind).filter(|(_, kind)| RUBBISH.contains(kind));
    let points = rubbish.filter(|&(incident, _)| {
        let accuracy_m = incidents.accuracy_m[incident as usize];
        incidents.is_point[incident as usize] && f64::from(accuracy_m) <= options.walk_m
    });
    let on_streets = points.filter_map(|(incident, _)| {
        let snap = situation.network.snap(incidents.at[incident as usize], options.snap_m)?;
        Some(Rubbish { incident, snap })
    });
    on_streets.filter(|rubbish| near_bins.metres(rubbish.snap).is_none()).collect()
}

/// A place for a bin, with the incidents that it is near to.
struct Site {
    at: Snap,
    incidents: Vec<u32>,
    /// Metres on foot from them, on average.
    walk_m: f64,
}

/// Places that at least `fewest` incidents are near to, the one with most first.
fn sites(situation: &Situation, options: &Options, rubbish: &[Rubbish], fewest: f64) -> Vec<Site> {
    let points = rubbish.iter().zip(0u32..).map(|(rubbish, index)| {
        let at = rubbish.snap.point;
        GeomWithData::new([at.x, at.y], index)
    });
    let tree = RTree::bulk_load(points.collect());
    let near = |candidate: &Rubbish| -> Vec<(u32, f64)> {
        let (at, walk) =
            (candidate.snap.point, situation.network.walk(&[kerb(candidate.snap)], options.walk_m));
        let around =
            tree.locate_within_distance([at.x, at.y], options.walk_m.powi(2)).map(|point| point.data);
        let walked = around.filter_map(|index| Some((index, walk.metres(rubbish[index as usize].snap)?)));
        let mut walked: Vec<(u32, f64)> = walked.collect();
        walked.sort_by_key(|&(index, _)| index);
        walked
    };
    let near: Vec<Vec<(u32, f64)>> = rubbish.par_iter().map(near).collect();
    let mut is_open = vec![true; rubbish.len()];
    let mut sites = Vec::new();
    while sites.len() < options.max_per_kind {
        let reach = |candidate: &usize| {
            let open = near[*candidate].iter().filter(|(index, _)| is_open[*index as usize]);
            open.fold((0u32, 0.0), |(count, walked_m), (_, metres)| (count + 1, walked_m + metres))
        };
        let best = (0..rubbish.len())
            .map(|candidate| (candidate, reach(&candidate)))
            .max_by(|(i, a), (j, b)| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(j.cmp(i)));
        let Some((candidate, (count, walked_m))) = best else { break };
        if f64::from(count) < fewest {
            break;
        }
        let reached: Vec<u32> = near[candidate]
            .iter()
            .map(|&(index, _)| index)
            .filter(|&index| is_open[index as usize])
            .collect();
        for &index in &reached {
            is_open[index as usize] = false;
        }
        sites.push(Site {
            at: kerb(rubbish[candidate].snap),
            incidents: reached.iter().map(|&index| rubbish[index as usize].incident).collect(),
            walk_m: walked_m / f64::from(count),
        });
    }
    sites
}

/// The place on the street itself: that is where the bin would stand.
fn kerb(snap: Snap) -> Snap {
    Snap { distance_m: 0.0, ..snap }
}

/// A bin that can be spared.
struct Spare {
    asset: u32,
    /// Its stop.
    stop: u32,
    /// The bin that takes over what is thrown into it.
    heir: u32,
    at: Local,
}

fn spare(situation: &Situation, plan: &Plan, options: &Options, bins: &[Bin]) -> Vec<Spare> {
    let stop_of = |bin: &Bin| {
        let id = &situation.assets[bin.asset as usize].id;
        (0u32..)
            .zip(&situation.rounds.stops)
            .find(|(_, stop)| stop.asset_id.as_ref() == Some(id))
            .map(|(stop, _)| stop)
    };
    let served: Vec<(&Bin, u32)> = bins.iter().filter_map(|bin| Some((bin, stop_of(bin)?))).collect();
    let capacity_l =
        |stop: u32| situation.rounds.stops[stop as usize].capacity_l.unwrap_or(options.capacity_l);
    let found = |stop: u32| situation.collection.stops.get(stop as usize);
    // Litres that are thrown in a day.
    let daily_l =
        |stop: u32| Some(found(stop)?.fill_per_day * capacity_l(stop)).filter(|litres| *litres > 0.0);
    let law = benefit::law(situation.collection, options);
    let quiet = served.iter().filter(|(_, stop)| found(*stop).is_some_and(|found| found.n_reports == 0));
    let spare = quiet.filter_map(|&(bin, stop)| {
        let walk = situation.network.walk(&[bin.snap], options.walk_m);
        let litres = daily_l(stop)?;
        let takes_over = |&&(other, heir): &&(&Bin, u32)| {
            let Some(own) = daily_l(heir) else { return false };
            let hours: Vec<f64> =
                benefit::week(&plan.runs, heir).iter().map(|service| service.hour).collect();
            other.asset != bin.asset
                && walk.metres(other.snap).is_some()
                && Fill::new((own + litres) / capacity_l(heir), &law).p_overflow(&hours) <= options.alpha
        };
        let (heir, _) = served.iter().find(takes_over)?;
        Some(Spare { asset: bin.asset, stop, heir: heir.asset, at: situation.assets[bin.asset as usize].at })
    });
    spare.collect()
}

/// What it costs to empty a bin at `at` together with a stop.
struct Service {
    /// The stop; [`NONE`] where there are no rounds.
    beside: u32,
    week: Leg,
    hindrance: Option<String>,
}

fn service(plan: &Plan, options: &Options, at: Spot, moved: Option<u32>) -> Service {
    let calls_at =
        |stop: u32| plan.runs.iter().any(|run| run.trip.calls.iter().any(|call| call.stop == stop));
    let stops = (0u32..).take(plan.rounds.stops.len()).filter(|&stop| Some(stop) != moved && calls_at(stop));
    let mut nearest: Vec<u32> = stops.collect();
    let away_m = |stop: u32| plan.spot(stop).at.distance_m(at.at);
    nearest.sort_by(|&a, &b| away_m(a).total_cmp(&away_m(b)).then(a.cmp(&b)));
    let tried = nearest.into_iter().take(STOPS_TRIED).map(|beside| priced(plan, options, at, moved, beside));
    let cheapest = tried.min_by(|a, b| {
        let is_hindered = |service: &Service| service.hindrance.is_some();
        is_hindered(a)
            .cmp(&is_hindered(b))
            .then(a.week.seconds.total_cmp(&b.week.seconds))
            .then(a.beside.cmp(&b.beside))
    });
    let nowhere = Leg { basis: CostBasis::Estimated, ..Leg::NONE };
    cheapest.unwrap_or(Service { beside: NONE, week: nowhere, hindrance: None })
}

fn priced(plan: &Plan, options: &Options, at: Spot, moved: Option<u32>, beside: u32) -> Service {
    let service_s = moved.map_or(options.service_s, |stop| plan.service_s(stop));
    let mut service = Service { beside, week: Leg::NONE, hindrance: None };
    for run in &plan.runs {
        let kept: Vec<u32> = run.places.iter().copied().filter(|&place| Some(place) != moved).collect();
        let n_left_out = run.places.len() - kept.len();
        let mut each = left_out(plan, run, moved);
        each.seconds -= service_s * n_left_out as f64;
        if let Some(place) = kept.iter().position(|&place| place == beside) {
            each = each.and(put_in(plan, &kept, place, at));
            each.seconds += service_s;
            let days: [bool; 7] = std::array::from_fn(|weekday| run.runs_on(weekday));
            let hindrance = plan.hindrance(run, beside, each.seconds, days);
            service.hindrance = service.hindrance.or(hindrance);
        }
        service.week = service.week.and(each.times(run.per_week()));
    }
    service
}

/// What a run saves when it no longer calls at `stop`.
fn left_out(plan: &Plan, run: &Run, stop: Option<u32>) -> Leg {
    let calls = (0..run.places.len()).filter(|&place| Some(run.places[place]) == stop);
    let saved = calls.map(|place| {
        let [before, after] = [place.checked_sub(1), Some(place + 1)]
            .map(|place| place.and_then(|place| run.places.get(place)).map(|&place| plan.spot(place)));
        through(plan, &[before, after])
            .instead_of(through(plan, &[before, Some(plan.spot(run.places[place])), after]))
    });
    saved.fold(Leg::NONE, Leg::and)
}

/// What it takes to pass by `at` right before or right after `place`, whichever is quicker.
fn put_in(plan: &Plan, places: &[u32], place: usize, at: Spot) -> Leg {
    let spot =
        |place: Option<usize>| place.and_then(|place| places.get(place)).map(|&place| plan.spot(place));
    let detour = |from: Option<Spot>, to: Option<Spot>| {
        through(plan, &[from, Some(at), to]).instead_of(through(plan, &[from, to]))
    };
    let before = detour(spot(place.checked_sub(1)), spot(Some(place)));
    let after = detour(spot(Some(place)), spot(Some(place + 1)));
    if before.seconds <= after.seconds { before } else { after }
}

/// The drive through the spots that there are.
fn through(plan: &Plan, spots: &[Option<Spot>]) -> Leg {
    let spots: Vec<Spot> = spots.iter().copied().flatten().collect();
    spots.windows(2).map(|ends| plan.leg(ends[0], ends[1])).fold(Leg::NONE, Leg::and)
}

fn written(
    situation: &Situation,
    plan: &Plan,
    options: &Options,
    site: &Site,
    moved: Option<&Spare>,
    years: f64,
) -> Proposal {
    let at = site.at.point;
    let service = service(plan, options, plan.new_spot(at), moved.map(|moved| moved.stop));
    let (low, high) = gamma_interval(0.5 + site.incidents.len() as f64, years, options.confidence);
    let mut rationale = format!(
        "rubbish was found here {} times in {:.0} days, {:.0} m on foot on average and more than {:.0} m from every litter \
         bin; {:.0} % of it is taken as avoidable by a bin: {}",
        site.incidents.len(),
        years * YEAR_DAYS,
        site.walk_m,
        options.walk_m,
        100.0 * options.relocate_share,
        source(situation, moved),
    );
    if let Some(stop) = situation.rounds.stops.get(service.beside as usize) {
        rationale = format!("{rationale}; emptied together with `{}`", stop.id);
    }
    if let Some(hindrance) = &service.hindrance {
        rationale = format!("{rationale}, but {hindrance}");
    }
    let beside = service.beside;
    Proposal {
        id: String::new(),
        change: moved.map_or(Change::AddBin { at, beside }, |moved| Change::Relocate {
            asset: moved.asset,
            to: at,
            beside,
        }),
        extra_m_week: service.week.length_m,
        extra_s_week: service.week.seconds,
        fewer_reports_low: low * options.relocate_share,
        fewer_reports_high: high * options.relocate_share,
        cost_basis: service.week.basis,
        is_feasible: service.hindrance.is_none(),
        rationale,
        reports: reports(situation, &site.incidents),
        before: Vec::new(),
        after: moved.map_or_else(Vec::new, |moved| situation.network.line_through(&[moved.at, at])),
    }
}

/// Where the bin comes from.
fn source(situation: &Situation, moved: Option<&Spare>) -> String {
    let id = |asset: u32| &situation.assets[asset as usize].id;
    moved.map_or_else(
        || "a new one".to_owned(),
        |moved| {
            let (bin, heir) = (id(moved.asset), id(moved.heir));
            format!("`{bin}` can be spared, nobody reported it and `{heir}` nearby can take what is thrown into it")
        },
    )
}

/// The reports of some incidents, ascending.
fn reports(situation: &Situation, incidents: &[u32]) -> Vec<u32> {
    let mut wanted = incidents.to_vec();
    wanted.sort_unstable();
    let of_report = (0u32..).zip(&situation.incidents.of_report);
    of_report
        .filter(|(_, incident)| wanted.binary_search(incident).is_ok())
        .map(|(report, _)| report)
        .collect()
}
