//! The layers of kernel surfaces and of the screening of streets.

use crate::export::layer::{GeometryType, Holds, Layer, Row, Value};
use crate::findings::Findings;

use super::fields;

use Holds::{Integer, Real, Text};

/// Contours of kernel densities and relative risks.
pub(super) fn density(findings: &Findings) -> Layer<'_> {
    let rows = &findings.hotspots.density;
    Layer {
        name: "density",
        about: "one row per band of a smooth surface: where it lies between two levels",
        geometry: GeometryType::MultiPolygon,
        styled_by: None,
        fields: fields(&[
            ("method", Text),
            ("kind", Text),
            ("per", Text),
            ("bandwidth_m", Real),
            ("level_low", Real),
            ("level_high", Real),
            ("unit", Text),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            Row {
                geometry: Some(row.shape.clone().into()),
                values: vec![
                    Value::text(crate::hotspots::kernel::METHOD),
                    Value::text(row.kind.name()),
                    Value::text(row.per.name()),
                    Value::real(row.bandwidth_m, 1),
                    Value::real(row.level_low, 4),
                    Value::real(row.level_high, 4),
                    Value::text(row.unit),
                ],
            }
        }),
    }
}

/// Streets and crossings, and how they compare with their like.
pub(super) fn segments(findings: &Findings) -> Layer<'_> {
    let rows = &findings.hotspots.segments;
    Layer {
        name: "segments",
        about: "one row per stretch of street and per crossing that was screened, the largest excess first",
        geometry: GeometryType::MultiLineString,
        styled_by: None,
        fields: fields(&[
            ("kind", Text),
            ("place", Text),
            ("street", Text),
            ("from_m", Real),
            ("to_m", Real),
            ("n", Integer),
            ("expected", Real),
            ("eb_expected", Real),
            ("excess_low", Real),
            ("excess_high", Real),
            ("p_value", Real),
            ("q_value", Real),
            ("density", Real),
        ]),
        len: rows.len(),
        row: Box::new(move |index| {
            let row = &rows[index];
            Row {
                geometry: Some(row.line.clone().into()),
                values: vec![
                    Value::text(row.kind.name()),
                    Value::text(row.place.name()),
                    Value::text(row.street.as_str()),
                    Value::real(row.from_m, 1),
                    Value::real(row.to_m, 1),
                    row.n.into(),
                    Value::real(row.expected, 4),
                    Value::real(row.eb_expected, 4),
                    Value::real(row.excess_low, 4),
                    Value::real(row.excess_high, 4),
                    Value::probability(row.p_value),
                    Value::probability(row.q_value),
                    Value::real(row.density, 3),
                ],
            }
        }),
    }
}
