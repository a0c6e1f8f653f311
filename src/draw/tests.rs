//! A small town with planted findings, and what must hold for every sheet drawn of it.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a town of a few hundred things"
)]

use std::collections::BTreeMap;

use rand::Rng;

use super::*;
use crate::adjust::{Change, CostBasis, Proposal};
use crate::collection::{Collection, Diagnosis, Outcome, Reason, RouteFinding, StopFinding, Visit};
use crate::findings::Provenance;
use crate::geocode::Located;
use crate::hotspots::{self, Methods, Scene};
use crate::index::ReportIndex;
use crate::issue::{Code, Issues, SourceCount};
use crate::model::NONE;
use crate::model::asset::{Asset, AssetKind};
use crate::model::kind::{Family, Kind, Selection};
use crate::model::location::{Level, Placed};
use crate::model::report::Reports;
use crate::model::round::{Call, Rounds, Route, Stop, Trip, Vehicle};
use crate::model::street::{Backdrop, Crossings, Direction, Ground, StreetClass, Streets, Way};
use crate::model::track::Track;
use crate::network::{self, Network};
use crate::period::{Clock, Day, NEVER, Period};
use crate::place::{Crs, Plane};
use crate::progress::Silent;
use crate::random::{Random, Stream};
use crate::unit::{Local, LonLat};

/// A number from 0 up to 1.
fn share(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// One of so many.
fn pick(stream: &mut Stream, n: usize) -> usize {
    (share(stream) * n as f64) as usize
}

/// A town of 12 by 9 blocks with a river, a park and buildings; one street has a name that is no XML.
pub(crate) fn grid_streets(plane: &Plane) -> Streets {
    let corner = plane.local(LonLat::new(24.935, 60.165)).unwrap();
    let (columns, rows) = (13u32, 10u32);
    let crossings = Crossings { columns, rows };
    let nodes = crossings.nodes(|column, row| {
        let bend = 14.0 * (row * 0.9).sin();
        Local::new(corner.x + column * 105.0 + bend, corner.y + row * 92.0 + column * 4.0)
    });
    let mut streets = Streets { nodes, ..Streets::default() };
    let class = |index: u32| match index {
        4 => StreetClass::Primary,
        8 => StreetClass::Secondary,
        index if index % 2 == 0 => StreetClass::Tertiary,
        _ => StreetClass::Residential,
    };
    let names = [
        "Kade",
        "Markt",
        "Lange Straat",
        "Dorpsstraat",
        "Ring <b>&\"Noord\"</b>",
        "Kerkstraat",
        "Stationsweg",
    ];
    let add = |streets: &mut Streets, nodes: Vec<u32>, class, index: u32| {
        let name = format!("{} {}", names[index as usize % names.len()], index / names.len() as u32 + 1);
        let name = streets.words.intern(&name);
        let id = streets.ways.len() as i64 + 1;
        let direction = Direction::Both;
        let way = Way {
            id,
            name,
            other_names: Vec::new(),
            class,
            direction,
            is_for_trucks: true,
            limit_kmh: None,
            nodes,
        };
        streets.ways.push(way);
    };
    for row in 0..rows {
        add(&mut streets, crossings.along_row(row), class(row), row);
    }
    for column in 0..columns {
        add(&mut streets, crossings.along_column(column), class(column + 1), rows + column);
    }
    let quad = |x: f64, y: f64, w: f64, h: f64| {
        let (x, y) = (corner.x + x, corner.y + y);
        geo::Polygon::new(vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)].into(), Vec::new())
    };
    streets.backdrop.push(Backdrop { what: Ground::Water, shape: quad(-400.0, -300.0, 2200.0, 250.0) });
    streets.backdrop.push(Backdrop { what: Ground::Green, shape: quad(440.0, 300.0, 180.0, 160.0) });
    for row in 0..rows - 1 {
        for column in 0..columns - 1 {
            let (x, y) =
                (f64::from(column) * 105.0 + 25.0, f64::from(row) * 92.0 + f64::from(column) * 4.0 + 22.0);
            streets.backdrop.push(Backdrop { what: Ground::Building, shape: quad(x, y, 58.0, 50.0) });
        }
    }
    streets
}

/// Places along the streets that trucks use, every `every_m` metres.
fn kerbs(streets: &Streets, every_m: f64) -> Vec<Local> {
    let mut places = Vec::new();
    for way in streets.ways.iter().filter(|way| way.is_for_trucks && way.class < StreetClass::Service) {
        let mut until = every_m / 2.0;
        for pair in streets.line(way).windows(2) {
            let length = pair[0].distance_m(pair[1]);
            while until < length {
                let at = pair[0].toward(pair[1], until / length);
                places.push(Local::new(at.x + 4.0, at.y + 3.0));
                until += every_m;
            }
            until -= length;
        }
    }
    places
}

/// Findings of a year in a town with these streets: bollards that are hit again and again, full and skipped
/// bins, dumping at one corner, three rounds, and some reports that lie nowhere.
pub(crate) fn town(plane: Plane, streets: Streets, language: Language) -> Findings {
    let random = Random::new(20_260_101);
    let mut stream = random.stream("town", 0);
    let clock = Clock::new("Europe/Helsinki").unwrap();
    let day = |month, date| Day::from_date(jiff::civil::date(2025, month, date));
    let period = Period { from: day(1, 1), to: day(12, 31) };
    let network = Network::build(&streets, &network::Options::default());

    let mut assets = Vec::new();
    let places = kerbs(&streets, 90.0);
    for (index, &at) in places.iter().enumerate() {
        let is_bollard = index % 3 == 0;
        let kind = if is_bollard { AssetKind::Bollard } else { AssetKind::LitterBin };
        let id = format!("{}-{index:04}", if is_bollard { "paal" } else { "bak" });
        assets.push(Asset { id, kind, at, capacity_l: Some(120.0), is_synthetic: true });
    }
    assets.sort_by(|a, b| a.kind.cmp(&b.kind).then(a.id.cmp(&b.id)));
    let rounds = rounds(&assets, period);
    let reports = reports(&mut stream, &clock, period, &assets, &rounds);
    let located = Located {
        at: reports.given.clone(),
        placed: reports
            .given
            .iter()
            .map(|at| if at.is_somewhere() { Placed::Given } else { Placed::None })
            .collect(),
        level: reports
            .given
            .iter()
            .map(|at| if at.is_somewhere() { Level::Point } else { Level::None })
            .collect(),
        accuracy_m: vec![20.0; reports.len()],
        score: vec![f32::NAN; reports.len()],
        address: vec![NONE; reports.len()],
    };
    let linked =
        crate::link::reports(&reports, &located, &assets, &[], &rounds, &crate::link::Options::default());
    let incidents = crate::dedupe::incidents(&reports, &located, &linked, &crate::dedupe::Options::default());
    let index = ReportIndex::build(&incidents, &plane, &streets, &[]);
    let methods = Methods {
        density: vec![hotspots::density::Options {
            kind: Selection::Family(Family::Waste),
            ..Default::default()
        }],
        gi_star: vec![hotspots::gi_star::Options { resolution: 10, ..Default::default() }],
        scan: Vec::new(),
        repeat: vec![hotspots::repeat::Options { asset: Some(AssetKind::Bollard), ..Default::default() }],
        ..Methods::default()
    };
    let scene =
        Scene { plane: &plane, clock: &clock, period, areas: &[], streets: &streets, rounds: &rounds };
    let mut found = hotspots::find(&index, &incidents, &assets, &scene, &methods, &random, &Silent);
    // So that there is something of every class to draw.
    let mut strongest: Vec<_> = (0..found.cells.len()).collect();
    strongest.sort_by(|&a, &b| found.cells[b].z.total_cmp(&found.cells[a].z).then(a.cmp(&b)));
    let classes = ["hot_99", "hot_99", "hot_99", "hot_95", "hot_95", "hot_90", "hot_90"];
    for (&cell, class) in strongest.iter().zip(classes) {
        found.cells[cell].class = class;
    }
    if let Some(&coldest) = strongest.last() {
        found.cells[coldest].class = "cold_95";
    }
    let tracks = tracks(&mut stream, &network, &rounds, &clock, period);
    let mut findings = Findings {
        title: "Testtown".to_owned(),
        is_synthetic: true,
        attribution: vec!["© OpenStreetMap contributors (ODbL)".to_owned()],
        language,
        clock,
        plane,
        period,
        streets,
        network: network.clone(),
        areas: Vec::new(),
        assets,
        rounds,
        tracks,
        reports,
        located,
        linked,
        incidents,
        hotspots: hotspots::Hotspots::default(),
        collection: Collection::default(),
        proposals: Vec::new(),
        plan: crate::adjust::Plan::default(),
        issues: Issues::new(),
        provenance: provenance(),
    };
    for (rank, hotspot) in found.hotspots.iter_mut().enumerate() {
        let near = density::street_near(&findings, hotspot.at).unwrap_or("nowhere");
        hotspot.label = format!("{near} {}", rank * 2 + 1);
    }
    findings.hotspots = found;
    findings.collection = collection(&mut stream, &findings);
    findings.proposals = proposals(&findings, &network);
    let file: std::sync::Arc<str> = "reports.csv".into();
    findings.issues.add(&file, 12, "opened", Code::BadOpened, "31-02-2025");
    findings.issues.add(&file, 40, "lon", Code::NullCoordinate, "0, 0");
    findings
}

fn provenance() -> Provenance {
    Provenance {
        version: "0.1.0",
        seed: 20_260_101,
        sources: vec![SourceCount {
            what: "reports",
            file: "reports.csv".to_owned(),
            format: "csv".to_owned(),
            noticed: "delimiter: ;, encoding: utf-8".to_owned(),
            read: 1001,
            used: 1000,
            left_out: 1,
        }],
        digests: vec![(
            "reports.csv".to_owned(),
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        )],
        stage_seconds: vec![("import", 0.25)],
    }
}

/// Three rounds over the bins, each through the nearest bin not yet visited.
fn rounds(assets: &[Asset], period: Period) -> Rounds {
    let bins: Vec<&Asset> = assets.iter().filter(|asset| asset.kind == AssetKind::LitterBin).collect();
    let middle = bins.iter().map(|bin| bin.at.x).sum::<f64>() / bins.len() as f64;
    let mut rounds = Rounds::default();
    let mut sorted = bins.clone();
    sorted.sort_by(|a, b| a.at.x.total_cmp(&b.at.x));
    for (index, part) in sorted.chunks(bins.len().div_ceil(3)).enumerate() {
        let mut left: Vec<&Asset> = part.to_vec();
        let mut at = Local::new(middle, part[0].at.y);
        let mut calls = Vec::new();
        while !left.is_empty() {
            let next = (0..left.len())
                .min_by(|&a, &b| left[a].at.distance_m(at).total_cmp(&left[b].at.distance_m(at)))
                .unwrap();
            let bin = left.swap_remove(next);
            at = bin.at;
            let arrival_s = 6 * 3600 + calls.len() as i64 * 150;
            calls.push(Call { stop: rounds.stops.len() as u32, arrival_s, departure_s: arrival_s + 40 });
            let name = if rounds.stops.len() == 7 {
                "Bin <script>alert(1)</script> & Co".to_owned()
            } else {
                format!("Bin {}", &bin.id[4..])
            };
            rounds.stops.push(Stop {
                id: format!("S{:03}", rounds.stops.len()),
                name,
                at,
                capacity_l: Some(120.0),
                service_s: Some(40.0),
                asset_id: Some(bin.id.clone()),
            });
        }
        let route = rounds.routes.len() as u32;
        rounds
            .routes
            .push(Route { id: format!("LC0{}", index + 1), name: format!("Litter round {}", index + 1) });
        let days = (period.from.0..=period.to.0)
            .map(Day)
            .filter(|day| day.weekday() % 2 == 0 && day.weekday() < 6)
            .collect();
        rounds.vehicles.push(Vehicle {
            id: format!("truck-{index}"),
            capacity_kg: None,
            shift_s: Some(25_200.0),
            depot: None,
        });
        rounds.trips.push(Trip {
            id: format!("T{index}"),
            route,
            vehicle: route,
            calls,
            days,
            cancelled: Vec::new(),
        });
    }
    rounds
}

/// Whether this stop is one of the planted ones that trucks pass over, or that are too small.
fn is_planted(stop: usize, which: usize) -> bool {
    stop % 19 == which
}

fn reports(stream: &mut Stream, clock: &Clock, period: Period, assets: &[Asset], rounds: &Rounds) -> Reports {
    let mut rows: Vec<(i64, Kind, Local)> = Vec::new();
    let near = |stream: &mut Stream, at: Local, m: f64| {
        Local::new(at.x + (share(stream) - 0.5) * m, at.y + (share(stream) - 0.5) * m)
    };
    let bollards: Vec<&Asset> = assets.iter().filter(|asset| asset.kind == AssetKind::Bollard).collect();
    for day in period.from.0..=period.to.0 {
        let midnight = clock.midnight(Day(day));
        let mut add = |stream: &mut Stream, kind, at| {
            rows.push((midnight + (share(stream) * 86_000.0) as i64, kind, at));
        };
        for (index, bollard) in bollards.iter().enumerate() {
            let chance = if index % 17 == 5 { 0.05 } else { 0.0015 };
            if share(stream) < chance {
                let at = near(stream, bollard.at, 14.0);
                add(stream, Kind::Bollard, at);
            }
        }
        for (index, stop) in rounds.stops.iter().enumerate() {
            let chance = if is_planted(index, 3) {
                0.06
            } else if is_planted(index, 11) {
                0.08
            } else {
                0.006
            };
            if share(stream) < chance {
                let at = near(stream, stop.at, 20.0);
                add(stream, Kind::ContainerFull, at);
            }
        }
        if share(stream) < 0.35 {
            let at = near(stream, rounds.stops[rounds.stops.len() / 2].at, 70.0);
            add(stream, Kind::Dumping, at);
        }
        if share(stream) < 0.6 {
            let stop = pick(stream, rounds.stops.len());
            let kind = [Kind::Litter, Kind::Pothole, Kind::Graffiti][pick(stream, 3)];
            let at =
                if share(stream) < 0.1 { Local::NOWHERE } else { near(stream, rounds.stops[stop].at, 160.0) };
            add(stream, kind, at);
        }
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    let mut reports = Reports { sources: vec!["reports.csv".into()], ..Reports::default() };
    for (row, (opened, kind, at)) in rows.into_iter().enumerate() {
        reports.source.push(0);
        reports.row.push(row as u32 + 1);
        reports.id.push(&format!("M{row:05}"));
        reports.category.push(reports.words.intern(kind.name()));
        reports.kind.push(kind);
        reports.opened.push(opened);
        reports.closed.push(if row % 5 == 0 { NEVER } else { opened + 90_000 });
        reports.is_date_only.push(false);
        reports.status.push(NONE);
        reports.given.push(at);
        reports.address.push(NONE);
        reports.text.push("PRIVATE: call me at 06-12345678");
    }
    reports
}

fn tracks(
    stream: &mut Stream,
    network: &Network,
    rounds: &Rounds,
    clock: &Clock,
    period: Period,
) -> Vec<Track> {
    let mut tracks = Vec::new();
    for trip in &rounds.trips {
        let places: Vec<Local> = trip.calls.iter().map(|call| rounds.stops[call.stop as usize].at).collect();
        let line = network.line_through(&places);
        let day = trip.days.iter().find(|day| period.holds(**day)).unwrap();
        let mut track =
            Track { vehicle: rounds.vehicles[trip.vehicle as usize].id.clone(), ..Track::default() };
        let span = trip.calls.last().unwrap().departure_s - trip.calls[0].arrival_s;
        for (index, at) in line.iter().enumerate() {
            let time = trip.calls[0].arrival_s + span * index as i64 / line.len() as i64;
            track.time.push(clock.service_instant(*day, time));
            track.at.push(Local::new(at.x + share(stream) * 8.0 - 4.0, at.y + share(stream) * 8.0 - 4.0));
            track.speed_ms.push(f32::NAN);
        }
        tracks.push(track);
    }
    tracks
}

fn collection(stream: &mut Stream, findings: &Findings) -> Collection {
    let rounds = &findings.rounds;
    let mut collection = Collection::default();
    let mut tally = vec![(0u32, 0u32); rounds.stops.len()];
    for (index, trip) in rounds.trips.iter().enumerate() {
        for &day in &trip.days {
            for (sequence, call) in trip.calls.iter().enumerate() {
                let stop = call.stop as usize;
                let chance = if is_planted(stop, 3) { 0.22 } else { 0.01 };
                let is_skipped = share(stream) < chance;
                let planned_at = findings.clock.service_instant(day, call.arrival_s);
                tally[stop].0 += 1;
                tally[stop].1 += u32::from(is_skipped);
                collection.visits.push(Visit {
                    route: trip.route,
                    trip: index as u32,
                    stop: call.stop,
                    sequence: sequence as u32,
                    day,
                    planned_at,
                    served_at: if is_skipped { NEVER } else { planned_at + 60 },
                    outcome: if is_skipped { Outcome::Skipped } else { Outcome::Served },
                    confidence: 0.9,
                    evidence: "the truck stopped 40 s within 12 m".to_owned(),
                });
            }
        }
    }
    collection.visits.sort_by_key(|visit| (visit.day, visit.route, visit.sequence));
    let mut n_reports = vec![0u32; rounds.stops.len()];
    for report in 0..findings.reports.len() {
        if findings.reports.kind[report].family() != Family::Waste {
            continue;
        }
        let stop = findings.linked.stop[report];
        let reason = match stop {
            NONE => Reason::NotPlanned,
            stop if is_planted(stop as usize, 3) => Reason::Skipped,
            stop if is_planted(stop as usize, 11) => Reason::FullBeforeNextService,
            _ => Reason::ALL[pick(stream, Reason::ALL.len())],
        };
        if stop != NONE {
            n_reports[stop as usize] += 1;
        }
        let route = if stop == NONE {
            NONE
        } else {
            rounds.trips.iter().find(|trip| trip.calls.iter().any(|call| call.stop == stop)).unwrap().route
        };
        collection.diagnoses.push(Diagnosis {
            report: report as u32,
            stop,
            route,
            day: None,
            reason,
            confidence: 0.8,
            evidence: "full 2 days after a visit".to_owned(),
        });
    }
    for stop in 0..rounds.stops.len() {
        let (n_planned, n_skipped) = tally[stop];
        collection.stops.push(StopFinding {
            route: rounds
                .trips
                .iter()
                .find(|trip| trip.calls.iter().any(|call| call.stop as usize == stop))
                .unwrap()
                .route,
            n_reports: n_reports[stop],
            n_skipped,
            n_planned,
            skip_rate: f64::from(n_skipped) / f64::from(n_planned.max(1)),
            fill_per_day: 0.3,
            p_overflow: 0.02,
            q_value: if is_planted(stop, 3) { 0.001 } else { 0.8 },
        });
    }
    let network = Network::build(&findings.streets, &network::Options::default());
    for (index, trip) in rounds.trips.iter().enumerate() {
        let calls: Vec<Local> = trip.calls.iter().map(|call| rounds.stops[call.stop as usize].at).collect();
        let own = collection.visits.iter().filter(|visit| visit.route as usize == index);
        let (made, all) =
            own.fold((0, 0), |(made, all), visit| (made + i32::from(visit.outcome.is_emptied()), all + 1));
        collection.routes.push(RouteFinding {
            n_stops: trip.calls.len() as u32,
            length_m: 8_400.0 + 700.0 * index as f64,
            duration_s: 7_300.0,
            adherence_pct: 100.0 * f64::from(made) / f64::from(all.max(1)),
            n_reports: trip.calls.iter().map(|call| n_reports[call.stop as usize]).sum(),
            expected: f64::NAN,
            p_value: f64::NAN,
            q_value: f64::NAN,
            line: network.line_through(&calls),
        });
    }
    collection
}

fn proposals(findings: &Findings, network: &Network) -> Vec<Proposal> {
    let rounds = &findings.rounds;
    let about_stop = |stop: u32| -> Vec<u32> {
        (0u32..)
            .zip(&findings.linked.stop)
            .filter(|(_, linked)| **linked == stop)
            .map(|(report, _)| report)
            .collect()
    };
    let line = |stops: &[u32]| {
        let places: Vec<Local> = stops.iter().map(|&stop| rounds.stops[stop as usize].at).collect();
        network.line_through(&places)
    };
    let order_of =
        |trip: usize| -> Vec<u32> { rounds.trips[trip].calls.iter().map(|call| call.stop).collect() };
    let blank = Proposal {
        id: String::new(),
        change: Change::Redesign { asset: 0 },
        extra_m_week: 0.0,
        extra_s_week: 0.0,
        fewer_reports_low: 4.0,
        fewer_reports_high: 11.0,
        cost_basis: CostBasis::Routed,
        is_feasible: true,
        rationale: String::new(),
        reports: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    };
    let full = (0..rounds.stops.len()).find(|&stop| is_planted(stop, 11)).unwrap_or(1) as u32;
    let order = order_of(1);
    let position = order.len() / 2;
    let mut with = order[position.saturating_sub(4)..order.len().min(position + 4)].to_vec();
    let before = line(&with);
    with.insert(with.len() / 2, full);
    let mut proposals = vec![Proposal {
        change: Change::ExtraStop { stop: full, trip: 1, position: position as u32, weekdays: [false, true, false, false, true, false, false] },
        extra_m_week: 1_240.0,
        extra_s_week: 410.0,
        rationale: "Reported full 22 times, on average 1.6 days before the next visit; round 2 passes at 180 m on Tuesdays and Fridays.".to_owned(),
        reports: about_stop(full),
        before,
        after: line(&with),
        ..blank.clone()
    }];
    proposals.push(Proposal {
        change: Change::Frequency { stop: full, trip: 0, from_per_week: 3.0, to_per_week: 5.0 },
        extra_m_week: 2_900.0,
        extra_s_week: 700.0,
        is_feasible: false,
        cost_basis: CostBasis::Estimated,
        rationale: "Fills in 1.9 days, emptied every 2.3 days.".to_owned(),
        reports: about_stop(full),
        ..blank.clone()
    });
    let mut new_order = order_of(2);
    let tail = new_order.len() / 3;
    let end = (tail + 12).min(new_order.len());
    new_order[tail..end].reverse();
    proposals.push(Proposal {
        change: Change::Resequence { trip: 2, order: new_order.clone() },
        extra_m_week: -3_150.0,
        extra_s_week: -1_080.0,
        fewer_reports_low: 0.0,
        fewer_reports_high: 0.0,
        rationale: "The same stops, 2-opt and Or-opt on the network matrix: 1.05 km less per trip."
            .to_owned(),
        before: line(&order_of(2)),
        after: line(&new_order),
        ..blank.clone()
    });
    let mut by_asset: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (report, &asset) in (0u32..).zip(&findings.linked.asset) {
        if asset != NONE && findings.assets[asset as usize].kind == AssetKind::Bollard {
            by_asset.entry(asset).or_default().push(report);
        }
    }
    let mut worst: Vec<_> = by_asset.into_iter().collect();
    worst.sort_by_key(|(asset, reports)| (std::cmp::Reverse(reports.len()), *asset));
    for (asset, reports) in worst.into_iter().take(2) {
        proposals.push(Proposal {
            change: Change::Redesign { asset },
            rationale: format!(
                "Knocked over {} times in a year; bollards of its kind 0.5 times.",
                reports.len()
            ),
            reports,
            ..blank.clone()
        });
    }
    for (number, proposal) in (1..).zip(&mut proposals) {
        proposal.id = format!("P{number:02}");
    }
    proposals
}

/// The town that the tests draw.
pub(crate) fn small_town(language: Language) -> Findings {
    let plane = Plane::new(Crs::from_epsg(3067).unwrap()).unwrap();
    let streets = grid_streets(&plane);
    town(plane, streets, language)
}

/// The streets of an OpenStreetMap extract, read only as far as a picture needs.
fn extract(path: &std::path::Path, plane: &Plane) -> Streets {
    let mut nodes: BTreeMap<i64, LonLat> = BTreeMap::new();
    let mut ways: Vec<(i64, Vec<i64>, BTreeMap<String, String>)> = Vec::new();
    let reader = osmpbf::ElementReader::from_path(path).unwrap();
    reader
        .for_each(|element| match element {
            osmpbf::Element::Node(node) => {
                nodes.insert(node.id(), LonLat::new(node.lon(), node.lat()));
            }
            osmpbf::Element::DenseNode(node) => {
                nodes.insert(node.id(), LonLat::new(node.lon(), node.lat()));
            }
            osmpbf::Element::Way(way) => {
                let tags = way.tags().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
                ways.push((way.id(), way.refs().collect(), tags));
            }
            osmpbf::Element::Relation(_) => {}
        })
        .unwrap();
    let mut streets = Streets::default();
    let mut numbers: BTreeMap<i64, u32> = BTreeMap::new();
    for (id, refs, tags) in ways {
        let tag = |key: &str| tags.get(key).map_or("", String::as_str);
        let what = match (tag("natural"), tag("building"), tag("leisure"), tag("landuse")) {
            ("water", ..) => Some(Ground::Water),
            (_, building, ..) if !building.is_empty() => Some(Ground::Building),
            (_, _, "park" | "garden" | "playground", _) | (_, _, _, "grass" | "forest") | ("wood", ..) => {
                Some(Ground::Green)
            }
            _ => None,
        };
        let places: Vec<Local> = refs.iter().filter_map(|node| plane.local(*nodes.get(node)?)).collect();
        if let Some(what) = what.filter(|_| refs.first() == refs.last() && places.len() > 3) {
            let ring: geo::LineString<f64> = places.iter().map(|&at| geo::Coord::from(at)).collect();
            streets.backdrop.push(Backdrop { what, shape: geo::Polygon::new(ring, Vec::new()) });
        }
        let class = match tag("highway").trim_end_matches("_link") {
            "motorway" | "trunk" => StreetClass::Motorway,
            "primary" => StreetClass::Primary,
            "secondary" => StreetClass::Secondary,
            "tertiary" => StreetClass::Tertiary,
            "residential" | "unclassified" | "living_street" => StreetClass::Residential,
            "service" => StreetClass::Service,
            "pedestrian" | "footway" | "cycleway" | "path" | "steps" => StreetClass::Foot,
            _ => continue,
        };
        let mut line = Vec::new();
        for node in refs.iter().filter(|node| nodes.contains_key(node)) {
            let next = numbers.len() as u32;
            let number = *numbers.entry(*node).or_insert(next);
            if number == next && streets.nodes.len() as u32 == next {
                streets.nodes.push(plane.local(nodes[node]).unwrap());
            }
            line.push(number);
        }
        if line.len() < 2 {
            continue;
        }
        let name = if tag("name").is_empty() { NONE } else { streets.words.intern(tag("name")) };
        let direction = if tag("oneway") == "yes" { Direction::Forward } else { Direction::Both };
        streets.ways.push(Way {
            id,
            name,
            other_names: Vec::new(),
            class,
            direction,
            is_for_trucks: class < StreetClass::Foot,
            limit_kmh: None,
            nodes: line,
        });
    }
    streets
}

/// Whether `text` is well-formed XML as far as it goes: tags nest, attributes are quoted and unique, no stray
/// `<` or `&`. `void` names elements that HTML leaves open.
pub(crate) fn check_markup(text: &str, void: &[&str]) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        check_entities(&rest[..start])?;
        let tag = &rest[start + 1..];
        let end = tag.find('>').ok_or("a tag without an end")?;
        let (tag, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            match open.pop() {
                Some(last) if last == name => continue,
                last => return Err(format!("{name} closes {last:?}")),
            }
        }
        let (name, attributes) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
        let mut seen = std::collections::BTreeSet::new();
        let mut left = attributes.trim().trim_end_matches('/').trim();
        while !left.is_empty() {
            let (key, value) =
                left.split_once("=\"").ok_or_else(|| format!("no value in {left:?} of {name}"))?;
            let (value, after) = value.split_once('"').ok_or_else(|| format!("open value in {name}"))?;
            check_entities(value)?;
            if key.contains(char::is_whitespace) || value.contains('<') || !seen.insert(key) {
                return Err(format!("bad attribute {key} of {name}"));
            }
            left = after.trim_start();
        }
        if !tag.ends_with('/') && !void.contains(&name) {
            open.push(name.trim_end_matches('/'));
        }
    }
    if open.is_empty() { check_entities(rest) } else { Err(format!("left open: {open:?}")) }
}

fn check_entities(text: &str) -> Result<(), String> {
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;", "apos;"];
    let is_bad = |part: &str| !known.iter().any(|name| part.starts_with(name));
    match text.split('&').skip(1).find(|part| is_bad(part)) {
        Some(part) => Err(format!("stray & before {:?}", part.chars().take(20).collect::<String>())),
        None if text.contains('>') => Err("stray >".to_owned()),
        None => Ok(()),
    }
}

#[test]
fn the_check_of_markup_sees_what_is_wrong() {
    assert_eq!(check_markup("<a x=\"1 &amp; 2\"><b/>t</a>", &[]), Ok(()));
    for wrong in
        ["<a><b></a></b>", "<a x=1></a>", "<a>&x</a>", "<a", "<a>", "<a>1 > 0</a>", "<a x=\"1\" x=\"2\"/>"]
    {
        assert!(check_markup(wrong, &[]).is_err(), "{wrong}");
    }
}

#[test]
fn a_city_of_forty_thousand_ways_makes_maps_below_a_megabyte_and_a_half() {
    let mut findings = small_town(Language::En);
    let (columns, rows) = (140u32, 140u32);
    let corner = findings.plane.local(LonLat::new(24.88, 60.13)).unwrap();
    let nodes = Crossings { columns, rows }.nodes(|column, row| {
        let (x, y) = (column * 60.0, row * 55.0);
        Local::new(corner.x + x + 9.0 * (y / 70.0).sin(), corner.y + y + 7.0 * (x / 90.0).sin())
    });
    let mut streets = Streets { nodes, ..Streets::default() };
    let mut add = |a: u32, b: u32, index: u32| {
        let class = if index.is_multiple_of(10) { StreetClass::Primary } else { StreetClass::Residential };
        let id = streets.ways.len() as i64;
        let way = Way {
            id,
            name: NONE,
            other_names: Vec::new(),
            class,
            direction: Direction::Both,
            is_for_trucks: true,
            limit_kmh: None,
            nodes: vec![a, b],
        };
        streets.ways.push(way);
    };
    for row in 0..rows {
        for column in 0..columns {
            let node = row * columns + column;
            if column + 1 < columns {
                add(node, node + 1, row);
            }
            if row + 1 < rows {
                add(node, node + columns, column);
            }
        }
    }
    findings.incidents.at.iter_mut().enumerate().filter(|(_, at)| at.is_somewhere()).for_each(
        |(index, at)| {
            *at = streets.nodes[index * 13 % streets.nodes.len()];
        },
    );
    findings.streets = streets;
    let map = density::map(&findings).unwrap();
    assert!(map.svg.len() < 1_500_000, "{} bytes", map.svg.len());
}

#[test]
fn every_map_is_well_formed_and_says_what_it_must() {
    for language in [Language::En, Language::Nl] {
        let findings = small_town(language);
        let maps = maps(&findings);
        let names: Vec<&str> = maps.iter().map(|map| map.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "density",
                "hotspots",
                "round_LC01",
                "round_LC02",
                "round_LC03",
                "proposal_P01",
                "proposal_P02",
                "proposal_P03",
                "proposal_P04",
                "proposal_P05"
            ]
        );
        for map in &maps {
            check_markup(&map.svg, &[]).unwrap_or_else(|fault| panic!("{}: {fault}", map.name));
            let synthetic = if language == Language::En { "SYNTHETIC DATA" } else { "SYNTHETISCHE DATA" };
            for part in [synthetic, "EPSG:3067", "OpenStreetMap", "scale-bar", "north", " m</text>", "2025 ·"]
            {
                assert!(map.svg.contains(part), "{} lacks {part}", map.name);
            }
            assert!(!map.svg.contains("<script") && !map.svg.contains("<b>"), "{}", map.name);
            assert!(!map.svg.contains("PRIVATE"), "{}", map.name);
            assert!(map.svg.len() < 1_500_000, "{}: {} bytes", map.name, map.svg.len());
        }
    }
}

#[test]
fn no_text_is_smaller_than_nine_points() {
    for map in maps(&small_town(Language::En)) {
        let smallest = map.canvas.text_sizes().into_iter().fold(f64::INFINITY, f64::min);
        assert!(smallest >= 9.0, "{}: {smallest}", map.name);
    }
}

#[test]
fn words_cover_no_other_words_and_stay_on_the_sheet() {
    for map in maps(&small_town(Language::Nl)) {
        check_words(&map);
    }
}

/// That the words of a sheet can be read.
pub(crate) fn check_words(map: &Map) {
    let boxes = map.canvas.text_boxes();
    let is_words = |words: &str| words.chars().any(char::is_alphabetic);
    for (index, (a, words, _)) in boxes.iter().enumerate().filter(|(_, (_, words, _))| is_words(words)) {
        assert!(a[0] > 0.0 && a[1] > 0.0 && a[2] < 297.0 && a[3] < 210.0, "{}: {words} {a:?}", map.name);
        for (b, others, _) in boxes[index + 1..].iter().filter(|(_, words, _)| is_words(words)) {
            let across = a[2].min(b[2]) - a[0].max(b[0]);
            let down = a[3].min(b[3]) - a[1].max(b[1]);
            // Lines of one label stand closer than a full line: their boxes touch, their letters do not.
            assert!(across < 0.01 || down < 0.9, "{}: {words} and {others}", map.name);
        }
    }
}

#[test]
fn the_same_findings_give_the_same_bytes_with_any_number_of_threads() {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let first = one.install(|| maps(&small_town(Language::En)));
    let second = maps(&small_town(Language::En));
    assert_eq!(first.len(), second.len());
    for (a, b) in first.iter().zip(&second) {
        assert!(a.svg == b.svg, "{}", a.name);
    }
    assert!(first[4].png() == second[4].png());
}

#[test]
fn findings_without_anything_give_no_maps_and_no_panic() {
    let mut findings = small_town(Language::En);
    findings.incidents = crate::dedupe::Incidents::default();
    findings.hotspots = hotspots::Hotspots::default();
    findings.rounds = Rounds::default();
    findings.proposals.clear();
    assert!(maps(&findings).is_empty());
    findings.streets = Streets::default();
    assert!(maps(&findings).is_empty());
}

#[test]
fn a_round_without_streets_or_outcomes_is_still_drawn() {
    let mut findings = small_town(Language::En);
    findings.streets = Streets::default();
    findings.collection = Collection::default();
    findings.tracks.clear();
    let maps = maps(&findings);
    assert!(maps.iter().any(|map| map.name == "round_LC01" && map.title.contains("no stop stands out")));
}

#[test]
fn a_picture_is_a_png_of_the_sheet() {
    let maps = maps(&small_town(Language::En));
    let png = maps[0].png();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
    assert!((2330..2345).contains(&width), "{width}");
}

#[test]
#[ignore = "writes a gallery to look at: set GALLERY to a folder"]
fn write_a_gallery() {
    let Ok(folder) = std::env::var("GALLERY") else { return };
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/helsinki/helsinki-centre.osm.pbf");
    let plane = Plane::new(Crs::from_epsg(3067).unwrap()).unwrap();
    let streets = extract(&path, &plane);
    let language = if std::env::var("GALLERY_NL").is_ok() { Language::Nl } else { Language::En };
    let findings = town(plane, streets, language);
    let started = std::time::Instant::now();
    let maps = maps(&findings);
    println!("{} maps in {:?}", maps.len(), started.elapsed());
    for map in &maps {
        println!("{} {} kB {}", map.name, map.svg.len() / 1024, map.title);
        std::fs::write(format!("{folder}/{}.svg", map.name), &map.svg).unwrap();
    }
    if std::env::var("GALLERY_PNG").is_ok() {
        for map in &maps {
            std::fs::write(format!("{folder}/{}.own.png", map.name), map.png()).unwrap();
        }
    }
}
