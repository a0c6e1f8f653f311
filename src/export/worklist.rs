//! The work list: what to do first, for whom, where and why. One row per action, ready to print.

use std::path::Path;

use crate::adjust::{Change, Proposal};
use crate::collection::{Reason, StopFinding};
use crate::draw::words;
use crate::error::{Error, Result};
use crate::export::csv::harmless;
use crate::export::layers::Subject;
use crate::findings::Findings;
use crate::hotspots::{Excess, Hotspot, Place, STABLE};
use crate::model::kind::{Family, Language, Selection};
use crate::model::some;
use crate::stats::correct::in_words;
use crate::unit::Local;

/// One action.
struct Task {
    team: &'static str,
    route: String,
    action: String,
    place: String,
    lon_lat: (String, String),
    minutes_week: String,
    why: String,
    reference: String,
}

/// Writes the work list to `path`: rank, team, route, action, place, lon, lat, extra minutes a week, why, reference.
///
/// # Errors
/// When the file cannot be written.
pub fn write(findings: &Findings, path: &Path) -> Result<()> {
    to_file(findings, path).map_err(|source| Error::writing(path, source))
}

fn to_file(findings: &Findings, path: &Path) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record([
        "rank",
        "team",
        "route_id",
        "action",
        "place",
        "lon",
        "lat",
        "extra_min_week",
        "why",
        "reference",
    ])?;
    for (rank, task) in tasks(findings).iter().enumerate() {
        let texts = [&task.route, &task.action, &task.place].map(|text| escaped(text));
        let [route, action, place] = &texts;
        writer.write_record([
            &(rank + 1).to_string(),
            task.team,
            route,
            action,
            place,
            &task.lon_lat.0,
            &task.lon_lat.1,
            &task.minutes_week,
            &escaped(&task.why),
            &task.reference,
        ])?;
    }
    writer.flush()?;
    Ok(())
}

fn escaped(text: &str) -> String {
    let mut cell = String::new();
    harmless(text, &mut cell);
    cell
}

/// Stops that are skipped beyond chance first: they cost nothing but a word with the crew. Then the proposals that
/// hold, in their order, the places where rubbish is put beside emptied bins again and again, and the places that
/// stand out and are worth a look: one row each, however many methods found them.
fn tasks(findings: &Findings) -> Vec<Task> {
    let mut tasks = skipped_stops(findings);
    tasks.extend(
        findings.proposals.iter().filter(|proposal| proposal.is_feasible).map(|it| proposal(findings, it)),
    );
    tasks.extend(dumping_stops(findings));
    tasks.extend(places(findings));
    tasks
}

/// A planner looks at no more places than this; the layer `hotspots` holds all of them.
const MOST_PLACES: usize = 25;
/// Fewer reports than this about rubbish beside a bin say nothing about the place.
pub(crate) const LEAST_DUMPED: usize = 3;

fn skipped_stops(findings: &Findings) -> Vec<Task> {
    let mut stops: Vec<(usize, &StopFinding)> = findings.collection.stops.iter().enumerate().collect();
    stops.retain(|(_, stop)| stop.is_often_skipped() && stop.n_skipped > 1);
    stops.sort_by(|(a, x), (b, y)| y.skip_rate.total_cmp(&x.skip_rate).then(a.cmp(b)));
    let task = |(index, stop): (usize, &StopFinding)| {
        let why = format!(
            "skipped on {} of {} planned days, more than other stops ({}); {} reports",
            stop.n_skipped,
            stop.n_planned,
            in_words(stop.q_value),
            stop.n_reports
        );
        at_stop(findings, "crew and access", "ask the crew what is in the way, mend access", index, why)
    };
    stops.into_iter().map(task).collect()
}

fn dumping_stops(findings: &Findings) -> Vec<Task> {
    let mut counts = vec![0; findings.rounds.stops.len()];
    let dumped =
        findings.collection.diagnoses.iter().filter(|diagnosis| diagnosis.reason == Reason::DumpedBeside);
    dumped.filter_map(|diagnosis| some(diagnosis.stop)).for_each(|stop| counts[stop] += 1);
    let mut stops: Vec<(usize, usize)> =
        counts.into_iter().enumerate().filter(|&(_, n)| n >= LEAST_DUMPED).collect();
    stops.sort_by_key(|&(stop, n)| (std::cmp::Reverse(n), stop));
    let task = |(stop, n): (usize, usize)| {
        let why = format!("{n} reports of rubbish beside a bin that had been emptied and was not full");
        at_stop(
            findings,
            "cleaning and enforcement",
            "clean up beside the bin; more emptying would not help",
            stop,
            why,
        )
    };
    stops.into_iter().map(task).collect()
}

/// Places whose excess has a lower bound above nothing, and that do not hang on a few weeks. Assets whose place a
/// proposal would redesign are in the list already.
fn places(findings: &Findings) -> Vec<Task> {
    let found = &findings.hotspots;
    let is_proposed = |asset: u32| {
        let proposals = findings.proposals.iter().filter(|proposal| proposal.is_feasible);
        proposals
            .into_iter()
            .any(|proposal| matches!(proposal.change, Change::Redesign { asset: which } if which == asset))
    };
    let is_worth_a_look = |hotspot: &Hotspot| {
        let is_firm = hotspot.stability.is_nan() || hotspot.stability >= STABLE;
        is_firm && hotspot.excess.low > 0.0 && !is_proposed(hotspot.asset)
    };
    let leaders = found.places.iter().map(|place| (place, found.leader(place)));
    leaders
        .filter(|(_, leader)| is_worth_a_look(leader))
        .take(MOST_PLACES)
        .map(|it| place(findings, it))
        .collect()
}

fn place(findings: &Findings, (place, leader): (&Place, &Hotspot)) -> Task {
    let family = match leader.kind {
        Selection::All => Family::Other,
        Selection::Family(family) => family,
        Selection::Kind(kind) => kind.family(),
    };
    let team = match family {
        Family::Waste => "waste planning",
        Family::Street => "street and traffic",
        Family::Traffic => "traffic safety",
        Family::Other => "district",
    };
    let Excess { per_week, low, high } = leader.excess;
    let mut why = format!(
        "{} incidents of {}, {per_week:.2} a week too many ({low:.2} to {high:.2}); found by {}",
        leader.incidents.len(),
        words::selection(Language::En, leader.kind),
        place.methods.join(", ")
    );
    if leader.q_value.is_finite() {
        why.push_str(", ");
        why.push_str(&in_words(leader.q_value));
    }
    Task {
        team,
        route: String::new(),
        action: "go and look what keeps going wrong here".to_owned(),
        place: words::place(leader).to_owned(),
        lon_lat: degrees(findings, leader.at),
        minutes_week: String::new(),
        why,
        reference: place.id.clone(),
    }
}

fn at_stop(findings: &Findings, team: &'static str, action: &str, index: usize, why: String) -> Task {
    let stop = &findings.rounds.stops[index];
    let route = findings.collection.stops[index].route;
    Task {
        team,
        route: some(route).map_or_else(String::new, |route| findings.rounds.routes[route].id.clone()),
        action: action.to_owned(),
        place: stop.name.clone(),
        lon_lat: degrees(findings, stop.at),
        minutes_week: String::new(),
        why,
        reference: stop.id.clone(),
    }
}

fn proposal(findings: &Findings, proposal: &Proposal) -> Task {
    let subject = Subject::of(proposal, findings);
    let rounds = &findings.rounds;
    let stop = some(subject.stop).map_or_else(String::new, |stop| rounds.stops[stop].name.clone());
    let (team, action, place) = match &proposal.change {
        Change::ExtraStop { .. } => ("waste planning", "add a service".to_owned(), stop),
        Change::Frequency { from_per_week, to_per_week, .. } => {
            ("waste planning", format!("serve {to_per_week} instead of {from_per_week} times a week"), stop)
        }
        Change::Resequence { .. } => {
            ("waste planning", "drive in the proposed order".to_owned(), String::new())
        }
        Change::CleanUp { weekday, .. } => (
            "waste planning",
            format!("clear away what lies beside it each {}", words::weekday(Language::En, *weekday)),
            stop,
        ),
        Change::AddBin { .. } => ("public space", "put up a litter bin".to_owned(), format!("near {stop}")),
        Change::Relocate { asset, .. } => {
            let id = &findings.assets[*asset as usize].id;
            ("public space", format!("move litter bin {id} here"), format!("near {stop}"))
        }
        Change::MoveStop { to_trip, .. } => {
            let to = &rounds.routes[rounds.trips[*to_trip as usize].route as usize];
            ("waste planning", format!("let round {} serve it", to.id), stop)
        }
        Change::Redesign { asset } => {
            let asset = &findings.assets[*asset as usize];
            let action = format!("inspect the place of this {}", asset.kind.label(findings.language));
            ("street and traffic", action, asset.id.clone())
        }
    };
    Task {
        team,
        route: some(subject.route).map_or_else(String::new, |route| rounds.routes[route].id.clone()),
        action,
        place,
        lon_lat: degrees(findings, subject.at),
        minutes_week: format!("{:.1}", proposal.extra_s_week / 60.0),
        why: proposal.rationale.clone(),
        reference: proposal.id.clone(),
    }
}

/// Longitude and latitude as text; empty where the place is not known.
fn degrees(findings: &Findings, at: Local) -> (String, String) {
    if !at.is_somewhere() {
        return Default::default();
    }
    let at = findings.plane.lon_lat(at);
    (format!("{:.6}", at.lon), format!("{:.6}", at.lat))
}
