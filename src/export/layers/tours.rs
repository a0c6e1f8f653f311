//! The layer of driven tours.

use geo::Simplify;

use crate::export::layer::{GeometryType, Holds, Layer, Row, Value};
use crate::findings::Findings;
use crate::unit::Local;

use super::{fields, route_id};

use Holds::{Boolean, Day, Integer, Real, Text};

/// Lines are drawn to the metre: a season has thousands of kilometres.
const DRAWN_TO_M: f64 = 1.0;

/// What each truck drove on each day, on the streets.
pub(super) fn tours(findings: &Findings) -> Layer<'_> {
    let rows = &findings.collection.tours;
    Layer {
        name: "tours",
        about: "one row per trip and day with fixes: where it was driven, and how much of the plan",
        geometry: GeometryType::MultiLineString,
        styled_by: None,
        fields: fields(&[
            ("route_id", Text),
            ("trip_id", Text),
            ("service_date", Day),
            ("n_fixes", Integer),
            ("matched_pct", Real),
            ("driven_m", Real),
            ("planned_m", Real),
            ("planned_driven_pct", Real),
            ("order_kept", Real),
            ("cancelled", Boolean),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            let lines = geo::MultiLineString(row.lines.iter().filter_map(|line| drawn(line)).collect());
            Row {
                geometry: (!lines.0.is_empty()).then(|| lines.into()),
                values: vec![
                    route_id(findings, row.route),
                    Value::text(findings.rounds.trips[row.trip as usize].id.as_str()),
                    Value::Day(row.day),
                    row.n_fixes.into(),
                    Value::real(row.matched_pct, 2),
                    Value::real(row.driven_m, 0),
                    Value::real(row.planned_m, 0),
                    Value::real(row.planned_driven_pct, 2),
                    Value::real(row.order_kept, 4),
                    row.is_cancelled.into(),
                ],
            }
        }),
    }
}

/// A line with fewer points; `None` where there is only one place.
fn drawn(line: &[Local]) -> Option<geo::LineString<f64>> {
    let line: geo::LineString<f64> = line.iter().map(|&at| geo::Coord::from(at)).collect();
    (line.0.len() > 1).then(|| line.simplify(DRAWN_TO_M))
}
