use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::super::gather;
use super::super::rows::Gathered;
use super::*;
use crate::import::testing::{clock, settings};
use crate::issue::Issues;
use crate::model::report::Reports;
use crate::place::{Crs, Plane};
use crate::progress::Silent;

/// Three reports in UTC microseconds, with a geometry in RD New and with degrees.
fn table(has_geometry: bool) -> Vec<u8> {
    let place =
        if has_geometry { "required binary geometry;" } else { "required double lon; required double lat;" };
    let message = format!(
        "message reports {{ required binary id (UTF8); optional binary category (UTF8);
          required int64 created_at (TIMESTAMP(MICROS,true)); {place} }}"
    );
    let schema = Arc::new(parse_message_type(&message).unwrap());
    let geo = r#"{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","crs":{"id":{"authority":"EPSG","code":28992}}}}}"#;
    let notes = has_geometry.then(|| vec![KeyValue::new("geo".to_owned(), geo.to_owned())]);
    let properties = Arc::new(WriterProperties::builder().set_key_value_metadata(notes).build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|&text| ByteArray::from(text)).collect::<Vec<_>>();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&texts(&["a", "b", "c"]), None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&texts(&["Bollard", "Bin"]), Some(&[1, 1, 0]), None).unwrap();
    column.close().unwrap();
    let instants = [1_735_725_600_000_000, 1_735_729_200_000_000, 1_735_732_800_000_000];
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&instants, None, None).unwrap();
    column.close().unwrap();
    if has_geometry {
        let mut point = vec![1, 1, 0, 0, 0];
        point.extend(155_000.25_f64.to_le_bytes());
        point.extend(463_000.5_f64.to_le_bytes());
        let mut column = group.next_column().unwrap().unwrap();
        let shapes = [point.clone(), point, vec![1, 2]].map(ByteArray::from);
        column.typed::<ByteArrayType>().write_batch(&shapes, None, None).unwrap();
        column.close().unwrap();
    } else {
        for values in [[5.1, 5.2, 0.0], [52.1, 52.2, 0.0]] {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<DoubleType>().write_batch(&values, None, None).unwrap();
            column.close().unwrap();
        }
    }
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<(Reports, Issues)> {
    let folder = crate::import::testing::folder(&[("reports.parquet", bytes)]);
    let (clock, mut issues, mut counts) = (clock(), Issues::new(), Vec::new());
    let settings = settings(folder.path(), &clock);
    let source = ReportSource {
        path: "reports.parquet".to_owned(),
        format: Some("parquet".to_owned()),
        ..ReportSource::default()
    };
    let gathered: Gathered = gather(&[source], &settings, &Silent)?;
    let plane = Plane::new(Crs::from_epsg(28992)?)?;
    let reports = gathered.settle(&settings, &plane, None, &mut issues, &mut counts);
    assert!(counts.iter().all(|count| count.read == count.used + count.left_out));
    Ok((reports, issues))
}

#[test]
fn a_table_with_degrees_is_read_by_guessing() {
    let (reports, issues) = read(&table(false)).unwrap();
    assert_eq!((reports.len(), reports.get(0).id, reports.get(0).category), (3, "a", "Bollard"));
    assert_eq!(reports.opened[0], 1_735_725_600);
    assert!(reports.given[0].is_somewhere() && !reports.given[2].is_somewhere());
    assert_eq!(issues.count(crate::issue::Code::NullCoordinate), 1);
}

#[test]
fn a_geometry_keeps_every_digit_on_its_own_plane() {
    let (reports, _) = read(&table(true)).unwrap();
    assert_eq!((reports.given[0].x, reports.given[0].y), (155_000.25, 463_000.5));
    assert!(!reports.given[2].is_somewhere(), "a damaged shape is none");
}

#[test]
fn a_real_geoparquet_file_of_something_else_is_refused_with_its_columns() {
    let name = "zurich/overture_zurich_segment.geoparquet";
    let Some(data) = crate::import::testing::real(name) else { return };
    let file = crate::import::testing::file(&data, name);
    let mut take = |_: Batch| {};
    let error = Parquet.read(&file, &ReportSource::default(), &mut take).unwrap_err();
    assert!(error.hint().unwrap().contains("geometry"), "{:?}", error.hint());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_tables_never_panic(has_geometry in any::<bool>(), cut in 0..400_usize, flips in proptest::collection::vec((0..400_usize, any::<u8>()), 0..8)) {
        let mut bytes = table(has_geometry);
        for (place, byte) in flips {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        let _either = read(&bytes);
        bytes.drain(..cut.min(bytes.len() - 1));
        let _either = read(&bytes);
    }
}
