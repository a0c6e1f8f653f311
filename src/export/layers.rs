//! Findings in, layers out: one function per layer, with the names and columns that users rely on.

mod surfaces;
mod tours;

use crate::adjust::{Change, Proposal};
use crate::collection::Visit;
use crate::export::layer::{Field, GeometryType, Holds, Layer, Row, Value};
use crate::findings::Findings;
use crate::model::location::Level;
use crate::model::{NONE, some};
use crate::unit::Local;

use Holds::{Boolean, Day, Instant, Integer, Real, Text};

/// All layers, in the order in which a reader meets them. A layer without rows is kept: "none" is an answer.
pub fn all(findings: &Findings) -> Vec<Layer<'_>> {
    vec![
        reports(findings),
        incidents(findings),
        assets(findings),
        hotspot_cells(findings),
        hotspots(findings),
        trends(findings),
        near_repeat(findings),
        surfaces::density(findings),
        surfaces::segments(findings),
        visits(findings),
        diagnoses(findings),
        stops(findings),
        routes(findings),
        tours::tours(findings),
        proposals(findings),
    ]
}

fn fields(columns: &[(&'static str, Holds)]) -> Vec<Field> {
    columns.iter().map(|&(name, holds)| Field { name, holds }).collect()
}

fn point(at: Local) -> Option<geo::Geometry<f64>> {
    at.is_somewhere().then(|| geo::Point::from(at).into())
}

/// The H3 resolution that a report's accuracy supports: a cell much finer than that would pretend.
fn cell_of(findings: &Findings, index: usize) -> Value<'_> {
    let located = &findings.located;
    let (at, level) = (located.at[index], located.level[index]);
    if !at.is_somewhere() || level >= Level::Postcode {
        return Value::Null;
    }
    let resolution = crate::index::finest(located.accuracy_m[index]).min(h3o::Resolution::Eleven);
    Value::text(findings.plane.cell(at, resolution).to_string())
}

fn reports(findings: &Findings) -> Layer<'_> {
    Layer {
        name: "reports",
        about: "one row per report that was used",
        geometry: GeometryType::Point,
        styled_by: Some("kind"),
        fields: fields(&[
            ("report_id", Text),
            ("source_row", Integer),
            ("source", Text),
            ("category", Text),
            ("kind", Text),
            ("opened_at", Instant),
            ("closed_at", Instant),
            ("status", Text),
            ("placed", Text),
            ("level", Text),
            ("accuracy_m", Real),
            ("score", Real),
            ("h3", Text),
            ("asset_id", Text),
            ("asset_distance_m", Real),
            ("area_id", Text),
            ("incident_id", Text),
            ("stop_id", Text),
            ("route_id", Text),
        ]),
        len: findings.reports.len(),
        row: Box::new(move |index| report_row(findings, index)),
    }
}

fn report_row(findings: &Findings, index: usize) -> Row<'_> {
    let report = findings.reports.get(index);
    let (located, linked) = (&findings.located, &findings.linked);
    Row {
        geometry: point(located.at[index]),
        values: vec![
            Value::text(report.id),
            report.row.into(),
            Value::text(report.source),
            Value::text(report.category),
            Value::text(report.kind.name()),
            Value::instant(report.opened),
            Value::instant(report.closed),
            Value::text(report.status),
            Value::text(located.placed[index].name()),
            Value::text(located.level[index].name()),
            Value::real(f64::from(located.accuracy_m[index]), 1),
            Value::real(f64::from(located.score[index]), 1),
            cell_of(findings, index),
            asset_id(findings, linked.asset[index]),
            Value::real(f64::from(linked.asset_distance_m[index]), 1),
            area_id(findings, linked.area[index]),
            Value::text(incident_id(findings.incidents.of_report[index])),
            stop_id(findings, linked.stop[index]),
            route_of_stop(findings, linked.stop[index]),
        ],
    }
}

/// The id of an incident, as in `I000042`.
pub fn incident_id(index: u32) -> String {
    format!("I{:06}", index + 1)
}

fn asset_id(findings: &Findings, asset: u32) -> Value<'_> {
    some(asset).map_or(Value::Null, |asset| Value::text(findings.assets[asset].id.as_str()))
}

fn area_id(findings: &Findings, area: u32) -> Value<'_> {
    some(area).map_or(Value::Null, |area| Value::text(findings.areas[area].id.as_str()))
}

fn stop_id(findings: &Findings, stop: u32) -> Value<'_> {
    some(stop).map_or(Value::Null, |stop| Value::text(findings.rounds.stops[stop].id.as_str()))
}

fn route_id(findings: &Findings, route: u32) -> Value<'_> {
    some(route).map_or(Value::Null, |route| Value::text(findings.rounds.routes[route].id.as_str()))
}

fn route_of_stop(findings: &Findings, stop: u32) -> Value<'_> {
    let route =
        some(stop).and_then(|stop| findings.collection.stops.get(stop)).map_or(NONE, |stop| stop.route);
    route_id(findings, route)
}

fn incidents(findings: &Findings) -> Layer<'_> {
    let incidents = &findings.incidents;
    Layer {
        name: "incidents",
        about: "one row per event, however many people reported it",
        geometry: GeometryType::Point,
        styled_by: Some("kind"),
        fields: fields(&[
            ("incident_id", Text),
            ("kind", Text),
            ("first_at", Instant),
            ("last_at", Instant),
            ("n_reports", Integer),
            ("asset_id", Text),
        ]),
        len: incidents.len(),
        row: Box::new(move |index| Row {
            geometry: point(incidents.at[index]),
            values: vec![
                Value::text(incident_id(u32::try_from(index).expect("fewer than 2^32 incidents"))),
                Value::text(incidents.kind[index].name()),
                Value::instant(incidents.first_at[index]),
                Value::instant(incidents.last_at[index]),
                incidents.n_reports[index].into(),
                asset_id(findings, incidents.asset[index]),
            ],
        }),
    }
}

fn assets(findings: &Findings) -> Layer<'_> {
    let rows = &findings.hotspots.assets;
    Layer {
        name: "assets",
        about: "one row per asset of each kind that was examined for repeats",
        geometry: GeometryType::Point,
        styled_by: Some("is_repeat"),
        fields: fields(&[
            ("asset_id", Text),
            ("asset_kind", Text),
            ("n_incidents", Integer),
            ("exposure_days", Real),
            ("rate_per_year", Real),
            ("shrunken_rate", Real),
            ("expected", Real),
            ("p_value", Real),
            ("q_value", Real),
            ("is_repeat", Boolean),
            ("last_at", Instant),
            ("rate_low", Real),
            ("rate_high", Real),
            ("p_exceeds_double", Real),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            let asset = &findings.assets[row.asset as usize];
            Row {
                geometry: point(asset.at),
                values: vec![
                    Value::text(asset.id.as_str()),
                    Value::text(asset.kind.name()),
                    row.n_incidents.into(),
                    Value::real(row.exposure_days, 1),
                    Value::real(row.rate_per_year, 4),
                    Value::real(row.shrunken_rate, 4),
                    Value::real(row.expected, 4),
                    Value::probability(row.p_value),
                    Value::probability(row.q_value),
                    row.is_repeat.into(),
                    Value::instant(row.last_at),
                    Value::real(row.rate_low, 4),
                    Value::real(row.rate_high, 4),
                    Value::probability(row.p_exceeds_double),
                ],
            }
        }),
    }
}

fn hotspot_cells(findings: &Findings) -> Layer<'_> {
    let rows = &findings.hotspots.cells;
    Layer {
        name: "hotspot_cells",
        about: "one row per H3 cell of the study area and method; cells without a report count too",
        geometry: GeometryType::MultiPolygon,
        styled_by: Some("class"),
        fields: fields(&[
            ("method", Text),
            ("kind", Text),
            ("h3", Text),
            ("n", Integer),
            ("expected", Real),
            ("z", Real),
            ("p_value", Real),
            ("q_value", Real),
            ("class", Text),
            ("trend", Text),
            ("category", Text),
            ("esri_category", Text),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            let outline = findings.plane.outline(row.cell).map(|shape| geo::MultiPolygon(vec![shape]).into());
            Row {
                geometry: outline,
                values: vec![
                    Value::text(row.method),
                    Value::text(row.kind.name()),
                    Value::text(row.cell.to_string()),
                    row.n.into(),
                    Value::real(row.expected, 4),
                    Value::real(row.z, 4),
                    Value::probability(row.p_value),
                    Value::probability(row.q_value),
                    Value::text(row.class),
                    Value::text(row.trend.as_str()),
                    Value::text(row.category.as_str()),
                    Value::text(row.esri_category.as_str()),
                ],
            }
        }),
    }
}

fn hotspots(findings: &Findings) -> Layer<'_> {
    let rows = &findings.hotspots.hotspots;
    Layer {
        name: "hotspots",
        about: "one row per place and method that stands out, the most to gain first; rows of one place share its place_id",
        geometry: GeometryType::MultiPolygon,
        styled_by: Some("method"),
        fields: fields(&[
            ("hotspot_id", Text),
            ("method", Text),
            ("kind", Text),
            ("label", Text),
            ("n", Integer),
            ("expected", Real),
            ("relative_risk", Real),
            ("statistic", Real),
            ("p_value", Real),
            ("q_value", Real),
            ("first_at", Instant),
            ("last_at", Instant),
            ("trend", Text),
            ("radius_m", Real),
            ("window_from", Day),
            ("window_to", Day),
            ("recurrence_days", Real),
            ("place_id", Text),
            ("is_leading", Boolean),
            ("n_methods", Integer),
            ("n_reports", Integer),
            ("excess_per_week", Real),
            ("excess_low", Real),
            ("excess_high", Real),
            ("excess_basis", Text),
            ("per", Text),
            ("stability", Real),
            ("words", Text),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            let place = &findings.hotspots.places[row.place as usize];
            Row {
                geometry: (!row.shape.0.is_empty()).then(|| row.shape.clone().into()),
                values: vec![
                    Value::text(row.id.as_str()),
                    Value::text(row.method),
                    Value::text(row.kind.name()),
                    Value::text(row.label.as_str()),
                    Value::Integer(i64::try_from(row.incidents.len()).expect("fewer than 2^32 incidents")),
                    Value::real(row.expected, 4),
                    Value::real(row.relative_risk, 3),
                    Value::real(row.statistic, 4),
                    Value::probability(row.p_value),
                    Value::probability(row.q_value),
                    Value::instant(row.first_at),
                    Value::instant(row.last_at),
                    Value::text(row.trend.as_str()),
                    Value::real(row.radius_m, 1),
                    row.window.map_or(Value::Null, |window| Value::Day(window.from)),
                    row.window.map_or(Value::Null, |window| Value::Day(window.to)),
                    Value::real(row.recurrence_days, 1),
                    Value::text(place.id.as_str()),
                    (place.leader() == index).into(),
                    Value::Integer(i64::try_from(place.methods.len()).expect("few methods")),
                    row.n_reports(&findings.incidents).into(),
                    Value::real(row.excess.per_week, 4),
                    Value::real(row.excess.low, 4),
                    Value::real(row.excess.high, 4),
                    Value::text(row.basis()),
                    Value::text(row.per.name()),
                    Value::real(row.stability, 3),
                    Value::text(place.words.join(", ")),
                ],
            }
        }),
    }
}

fn trends(findings: &Findings) -> Layer<'_> {
    let rows = &findings.hotspots.trends;
    Layer {
        name: "trends",
        about: "one row per kind, and area where asked: whether it becomes more or less",
        geometry: GeometryType::None,
        styled_by: None,
        fields: fields(&[
            ("kind", Text),
            ("area_id", Text),
            ("step", Text),
            ("from", Day),
            ("to", Day),
            ("n_steps", Integer),
            ("n", Integer),
            ("direction", Text),
            ("tau", Real),
            ("p_value", Real),
            ("q_value", Real),
            ("seasonal_p_value", Real),
            ("slope_per_year", Real),
            ("slope_low", Real),
            ("slope_high", Real),
            ("last_n", Integer),
            ("year_ago_n", Integer),
            ("rate_ratio", Real),
            ("ratio_low", Real),
            ("ratio_high", Real),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            Row {
                geometry: None,
                values: vec![
                    Value::text(row.kind.name()),
                    area_id(findings, row.area),
                    Value::text(row.step.name()),
                    Value::Day(row.period.from),
                    Value::Day(row.period.to),
                    row.n_steps.into(),
                    row.n.into(),
                    Value::text(row.direction),
                    Value::real(row.tau, 4),
                    Value::probability(row.p_value),
                    Value::probability(row.q_value),
                    Value::probability(row.seasonal_p_value),
                    Value::real(row.slope_per_year, 3),
                    Value::real(row.slope_low, 3),
                    Value::real(row.slope_high, 3),
                    row.last_n.into(),
                    row.year_ago_n.map_or(Value::Null, Value::from),
                    Value::real(row.rate_ratio, 3),
                    Value::real(row.ratio_low, 3),
                    Value::real(row.ratio_high, 3),
                ],
            }
        }),
    }
}

fn near_repeat(findings: &Findings) -> Layer<'_> {
    let rows = &findings.hotspots.near_repeats;
    Layer {
        name: "near_repeat",
        about: "one row per band of distance and days: how many pairs of incidents are that close",
        geometry: GeometryType::None,
        styled_by: None,
        fields: fields(&[
            ("kind", Text),
            ("from_m", Real),
            ("to_m", Real),
            ("from_days", Integer),
            ("to_days", Integer),
            ("n", Integer),
            ("expected", Real),
            ("ratio", Real),
            ("p_value", Real),
            ("q_value", Real),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            Row {
                geometry: None,
                values: vec![
                    Value::text(row.kind.name()),
                    Value::real(row.from_m, 3),
                    Value::real(row.to_m, 3),
                    Value::Integer(row.from_days.into()),
                    Value::Integer(row.to_days.into()),
                    Value::Integer(i64::try_from(row.n).expect("fewer than 2^63 pairs")),
                    Value::real(row.expected, 3),
                    Value::real(row.ratio, 3),
                    Value::probability(row.p_value),
                    Value::probability(row.q_value),
                ],
            }
        }),
    }
}

fn visits(findings: &Findings) -> Layer<'_> {
    let rows = &findings.collection.visits;
    Layer {
        name: "visits",
        about: "one row per planned visit and what became of it",
        geometry: GeometryType::Point,
        styled_by: Some("outcome"),
        fields: fields(&[
            ("route_id", Text),
            ("stop_id", Text),
            ("service_date", Day),
            ("planned_at", Instant),
            ("served_at", Instant),
            ("outcome", Text),
            ("confidence", Real),
            ("evidence", Text),
        ]),
        len: rows.len(),
        row: Box::new(move |index| visit_row(findings, &rows[index])),
    }
}

fn visit_row<'a>(findings: &'a Findings, visit: &'a Visit) -> Row<'a> {
    Row {
        geometry: point(findings.rounds.stops[visit.stop as usize].at),
        values: vec![
            route_id(findings, visit.route),
            stop_id(findings, visit.stop),
            Value::Day(visit.day),
            Value::instant(visit.planned_at),
            Value::instant(visit.served_at),
            Value::text(visit.outcome.name()),
            Value::real(f64::from(visit.confidence), 3),
            Value::text(visit.evidence.as_str()),
        ],
    }
}

fn diagnoses(findings: &Findings) -> Layer<'_> {
    let rows = &findings.collection.diagnoses;
    Layer {
        name: "diagnoses",
        about: "one row per waste report: why it came in",
        geometry: GeometryType::Point,
        styled_by: Some("diagnosis"),
        fields: fields(&[
            ("report_id", Text),
            ("stop_id", Text),
            ("route_id", Text),
            ("service_date", Day),
            ("diagnosis", Text),
            ("confidence", Real),
            ("evidence", Text),
            ("days_since", Integer),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            let reported = findings.clock.day(findings.reports.opened[row.report as usize]);
            Row {
                geometry: point(findings.located.at[row.report as usize]),
                values: vec![
                    Value::text(findings.reports.id.get(row.report as usize)),
                    stop_id(findings, row.stop),
                    route_id(findings, row.route),
                    row.day.map_or(Value::Null, Value::Day),
                    Value::text(row.reason.name()),
                    Value::real(f64::from(row.confidence), 3),
                    Value::text(row.evidence.as_str()),
                    row.day.map_or(Value::Null, |day| Value::Integer(i64::from(reported.0 - day.0))),
                ],
            }
        }),
    }
}

fn stops(findings: &Findings) -> Layer<'_> {
    let rows = &findings.collection.stops;
    Layer {
        name: "stops",
        about: "one row per stop of the rounds, over the whole period",
        geometry: GeometryType::Point,
        styled_by: Some("n_skipped"),
        fields: fields(&[
            ("stop_id", Text),
            ("route_id", Text),
            ("n_reports", Integer),
            ("n_skipped", Integer),
            ("n_planned", Integer),
            ("skip_rate", Real),
            ("fill_per_day", Real),
            ("p_overflow", Real),
            ("q_value", Real),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let (row, stop) = (&rows[index], &findings.rounds.stops[index]);
            Row {
                geometry: point(stop.at),
                values: vec![
                    Value::text(stop.id.as_str()),
                    route_id(findings, row.route),
                    row.n_reports.into(),
                    row.n_skipped.into(),
                    row.n_planned.into(),
                    Value::real(row.skip_rate, 4),
                    Value::real(row.fill_per_day, 4),
                    Value::real(row.p_overflow, 8),
                    Value::probability(row.q_value),
                ],
            }
        }),
    }
}

fn routes(findings: &Findings) -> Layer<'_> {
    let rows = &findings.collection.routes;
    Layer {
        name: "routes",
        about: "one row per route of the rounds, over the whole period",
        geometry: GeometryType::LineString,
        styled_by: Some("adherence_pct"),
        fields: fields(&[
            ("route_id", Text),
            ("n_stops", Integer),
            ("length_m", Real),
            ("duration_s", Real),
            ("adherence_pct", Real),
            ("n_reports", Integer),
            ("expected", Real),
            ("p_value", Real),
            ("q_value", Real),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            let line: geo::LineString<f64> = row.line.iter().map(|&at| geo::Coord::from(at)).collect();
            Row {
                geometry: (line.0.len() > 1).then(|| line.into()),
                values: vec![
                    Value::text(findings.rounds.routes[index].id.as_str()),
                    row.n_stops.into(),
                    Value::real(row.length_m, 0),
                    Value::real(row.duration_s, 0),
                    Value::real(row.adherence_pct, 2),
                    row.n_reports.into(),
                    Value::real(row.expected, 2),
                    Value::probability(row.p_value),
                    Value::probability(row.q_value),
                ],
            }
        }),
    }
}

fn proposals(findings: &Findings) -> Layer<'_> {
    let rows = &findings.proposals;
    Layer {
        name: "proposals",
        about: "one row per proposed change, the one most worth doing first",
        geometry: GeometryType::Point,
        styled_by: Some("kind"),
        fields: fields(&[
            ("proposal_id", Text),
            ("kind", Text),
            ("route_id", Text),
            ("stop_id", Text),
            ("extra_m_week", Real),
            ("extra_s_week", Real),
            ("fewer_reports_low", Real),
            ("fewer_reports_high", Real),
            ("cost_basis", Text),
            ("feasible", Boolean),
            ("in_plan", Boolean),
            ("rationale", Text),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            let subject = Subject::of(row, findings);
            Row {
                geometry: point(subject.at),
                values: vec![
                    Value::text(row.id.as_str()),
                    Value::text(row.change.name()),
                    route_id(findings, subject.route),
                    stop_id(findings, subject.stop),
                    Value::real(row.extra_m_week, 0),
                    Value::real(row.extra_s_week, 0),
                    Value::real(row.fewer_reports_low, 2),
                    Value::real(row.fewer_reports_high, 2),
                    Value::text(row.cost_basis.name()),
                    row.is_feasible.into(),
                    findings.plan.holds(row).into(),
                    Value::text(row.rationale.as_str()),
                ],
            }
        }),
    }
}

/// What a proposal is about: its route and stop ([`NONE`] where it has none) and its place.
pub(crate) struct Subject {
    pub(crate) route: u32,
    pub(crate) stop: u32,
    pub(crate) at: Local,
}

impl Subject {
    pub(crate) fn of(proposal: &Proposal, findings: &Findings) -> Self {
        let rounds = &findings.rounds;
        let route_of = |trip: u32| rounds.trips[trip as usize].route;
        match proposal.change {
            Change::ExtraStop { stop, trip, .. }
            | Change::Frequency { stop, trip, .. }
            | Change::CleanUp { stop, trip, .. }
            | Change::MoveStop { stop, from_trip: trip, .. } => {
                Self { route: route_of(trip), stop, at: rounds.stops[stop as usize].at }
            }
            Change::Resequence { trip, ref order } => {
                let at = order.first().map_or(Local::NOWHERE, |&stop| rounds.stops[stop as usize].at);
                Self { route: route_of(trip), stop: NONE, at }
            }
            Change::AddBin { at, beside } | Change::Relocate { to: at, beside, .. } => {
                let route = some(beside).map_or(NONE, |stop| findings.collection.stops[stop].route);
                Self { route, stop: beside, at }
            }
            Change::Redesign { asset } => {
                Self { route: NONE, stop: NONE, at: findings.assets[asset as usize].at }
            }
        }
    }
}
