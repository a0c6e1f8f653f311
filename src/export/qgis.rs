//! Styles that QGIS applies when it opens the GeoPackage: one categorised or graduated renderer a layer.

use std::fmt::Write as _;

use crate::export::layer::{GeometryType, Layer};

/// A value of the styled column, its label and its colour (`r,g,b,a`).
type Category = (&'static str, &'static str, &'static str);

/// The style (QML) of a layer; `None` where QGIS's own choice is as good.
pub(crate) fn style(layer: &Layer<'_>) -> Option<String> {
    let categories = categories(layer.name)?;
    let column = layer.styled_by?;
    let mut qml = format!(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n\
         <qgis version=\"3.34\" styleCategories=\"Symbology\">\n\
         <renderer-v2 type=\"categorizedSymbol\" attr=\"{column}\" symbollevels=\"0\" enableorderby=\"0\" forceraster=\"0\">\n<categories>\n"
    );
    for (number, (value, label, _)) in categories.iter().enumerate() {
        writeln!(qml, "<category value=\"{value}\" label=\"{label}\" symbol=\"{number}\" render=\"true\"/>")
            .expect("a String takes everything");
    }
    qml.push_str("</categories>\n<symbols>\n");
    for (number, (_, _, colour)) in categories.iter().enumerate() {
        qml.push_str(&symbol(layer.geometry, number, colour)?);
    }
    qml.push_str("</symbols>\n</renderer-v2>\n</qgis>\n");
    Some(qml)
}

/// How one category is drawn; `None` where there is nothing to draw.
fn symbol(geometry: GeometryType, number: usize, colour: &str) -> Option<String> {
    let (kind, class, options) = match geometry {
        GeometryType::Point => (
            "marker",
            "SimpleMarker",
            format!(
                "<Option name=\"color\" value=\"{colour}\" type=\"QString\"/><Option name=\"outline_color\" value=\"255,255,255,255\" type=\"QString\"/><Option name=\"size\" value=\"2.4\" type=\"QString\"/>"
            ),
        ),
        GeometryType::LineString | GeometryType::MultiLineString => (
            "line",
            "SimpleLine",
            format!(
                "<Option name=\"line_color\" value=\"{colour}\" type=\"QString\"/><Option name=\"line_width\" value=\"0.8\" type=\"QString\"/>"
            ),
        ),
        GeometryType::MultiPolygon => (
            "fill",
            "SimpleFill",
            format!(
                "<Option name=\"color\" value=\"{colour}\" type=\"QString\"/><Option name=\"outline_color\" value=\"60,60,60,160\" type=\"QString\"/><Option name=\"outline_width\" value=\"0.2\" type=\"QString\"/>"
            ),
        ),
        GeometryType::None => return None,
    };
    Some(format!(
        "<symbol type=\"{kind}\" name=\"{number}\" alpha=\"1\" clip_to_extent=\"1\"><layer class=\"{class}\" enabled=\"1\" pass=\"0\" locked=\"0\"><Option type=\"Map\">{options}</Option></layer></symbol>\n"
    ))
}

/// Colours are those of `ColorBrewer`: `RdBu` for hot and cold, `Purples`, `Set1` and `Dark2`.
fn categories(layer: &str) -> Option<&'static [Category]> {
    Some(match layer {
        "hotspot_cells" => &[
            ("hot_99", "hot, 99 %", "178,24,43,190"),
            ("hot_95", "hot, 95 %", "239,138,98,190"),
            ("hot_90", "hot, 90 %", "253,219,199,190"),
            ("not_significant", "not significant", "255,255,255,0"),
            ("cold_90", "cold, 90 %", "209,229,240,190"),
            ("cold_95", "cold, 95 %", "103,169,207,190"),
            ("cold_99", "cold, 99 %", "33,102,172,190"),
            ("outlier_90", "unlike its neighbours, 90 %", "218,218,235,190"),
            ("outlier_95", "unlike its neighbours, 95 %", "158,154,200,190"),
            ("outlier_99", "unlike its neighbours, 99 %", "106,81,163,190"),
        ],
        "hotspots" => &[
            ("density", "density cluster", "117,112,179,120"),
            ("hdbscan", "density cluster of any density", "231,41,138,120"),
            ("gi_star", "Gi* hotspot", "178,24,43,120"),
            ("emerging", "emerging hotspot", "231,41,138,120"),
            ("moran", "local Moran hotspot", "217,95,2,120"),
            ("kernel", "peak of a relative risk", "231,41,138,120"),
            ("network_density", "street or crossing", "217,95,2,120"),
            ("repeat", "repeat location", "230,171,2,160"),
            ("scan", "scan cluster", "231,41,138,120"),
            ("", "other", "102,102,102,120"),
        ],
        "visits" => &[
            ("served", "served", "27,120,55,255"),
            ("late", "late", "230,171,2,255"),
            ("passed", "passed", "217,95,2,255"),
            ("skipped", "skipped", "178,24,43,255"),
            ("unknown", "unknown", "150,150,150,255"),
        ],
        "diagnoses" => &[
            ("skipped", "skipped", "178,24,43,255"),
            ("late", "late", "230,171,2,255"),
            ("full_before_next_service", "full before next service", "117,112,179,255"),
            ("dumped_beside", "dumped beside", "166,118,29,255"),
            ("served_fine", "served fine", "27,120,55,255"),
            ("exception", "exception", "231,41,138,255"),
            ("", "other", "150,150,150,255"),
        ],
        "assets" => {
            &[("1", "repeat location", "178,24,43,255"), ("0", "not beyond chance", "150,150,150,255")]
        }
        _ => return None,
    })
}
