use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::place::Crs;

/// Reads one file; checks that the sums hold.
fn try_read(name: &str, bytes: &[u8], source: TrackSource) -> Result<(Vec<Track>, Issues, Vec<SourceCount>)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    read_in(folder.path(), TrackSource { path: name.to_owned(), ..source }, "Europe/Amsterdam", 28992)
}

fn read_in(
    base: &Path,
    source: TrackSource,
    zone: &str,
    crs: u16,
) -> Result<(Vec<Track>, Issues, Vec<SourceCount>)> {
    let clock = Clock::new(zone).unwrap();
    let settings = Settings { base, clock: &clock, crs: None, period: None, kinds: &[] };
    let plane = Plane::new(Crs::from_epsg(crs)?)?;
    let (mut issues, mut counts) = (Issues::new(), Vec::new());
    let tracks = read(&[source], &settings, &plane, &mut issues, &mut counts)?;
    for count in &counts {
        assert_eq!(count.read, count.used + count.left_out, "{count:?}");
    }
    assert_eq!(issues.list().len() as u64, counts.iter().map(|count| count.left_out).sum::<u64>());
    assert_eq!(
        tracks.iter().map(Track::len).sum::<usize>() as u64,
        counts.iter().map(|count| count.used).sum::<u64>()
    );
    assert!(
        tracks.is_sorted_by(|a, b| a.vehicle < b.vehicle)
            && tracks.iter().all(|track| track.time.is_sorted())
    );
    Ok((tracks, issues, counts))
}

fn codes(issues: &Issues) -> Vec<(&'static str, usize)> {
    issues.tally().into_iter().map(|(code, count)| (code.code(), count)).collect()
}

const FIXES: &str = "vehicle_id,time,lon,lat,speed_ms
b,2025-03-30T01:30:00,5.10,52.09,3.5
a,2025-01-31T10:00:20,5.1002,52.09,
a,2025-01-31T10:00:00,5.1000,52.09,4
a,2025-01-31T10:00:10,5.1001,52.09,
a,2025-01-31T10:00:10,5.1001,52.09,
a,2025-01-31T10:00:15,5.2,52.2,
a,2025-01-31T10:00:16,0,0,
a,yesterday,5.1,52.09,
a,2025-01-31,5.1,52.09,
";

#[test]
fn fixes_become_a_track_per_vehicle_in_the_order_of_time() {
    let (tracks, issues, counts) = try_read("fixes.csv", FIXES.as_bytes(), TrackSource::default()).unwrap();
    assert_eq!(tracks.iter().map(|track| &*track.vehicle).collect::<Vec<_>>(), ["a", "b"]);
    let a = &tracks[0];
    assert_eq!(a.time.iter().map(|time| time - a.time[0]).collect::<Vec<_>>(), [0, 10, 20]);
    assert!((a.speed_ms[0] - 4.0).abs() < f32::EPSILON && a.speed_ms[1].is_nan());
    assert_eq!(codes(&issues), [("C004", 3), ("C005", 1), ("C006", 1)]);
    assert_eq!(
        counts[0].noticed,
        "delimiter: comma; encoding: utf-8; dates: 2015-01-31, times of the project's zone"
    );
}

#[test]
fn a_missing_column_is_named() {
    let error = try_read("fixes.csv", b"truck,when,lon,lat\n", TrackSource::default()).unwrap_err();
    assert!(error.hint().unwrap().contains("truck, when, lon, lat"), "{:?}", error.hint());
    let columns = Columns { time: Some("wen".to_owned()), ..Columns::default() };
    let error =
        try_read("fixes.csv", b"truck,when,lon,lat\n", TrackSource { columns, ..TrackSource::default() })
            .unwrap_err();
    assert!(error.hint().unwrap().contains("did you mean `when`"));
}

#[test]
fn gpx_tracks_are_read() {
    let text = r#"<?xml version="1.0"?><gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
        <trkpt lat="52.09" lon="5.1"><time>2025-01-31T09:00:00Z</time></trkpt>
        <trkpt lat="52.0901" lon="5.1001"><time>2025-01-31T09:00:10.5Z</time></trkpt>
        <trkpt lat="52.0902" lon="5.1002"></trkpt></trkseg></trk></gpx>"#;
    let (tracks, issues, _) = try_read("truck-7.gpx", text.as_bytes(), TrackSource::default()).unwrap();
    assert_eq!((tracks[0].vehicle.as_str(), tracks[0].len()), ("truck-7", 2));
    assert_eq!(tracks[0].time[1] - tracks[0].time[0], 10);
    assert_eq!(codes(&issues), [("C004", 1)]);
    let source = TrackSource { vehicle: Some("7".to_owned()), ..TrackSource::default() };
    assert_eq!(try_read("x.gpx", text.as_bytes(), source).unwrap().0[0].vehicle, "7");
    assert!(try_read("x.gpx", b"<gpx", TrackSource::default()).is_err());
}

#[test]
fn geojson_lines_with_times_are_read() {
    let text = r#"{"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"vehicle": 7, "coordTimes": ["2025-01-31T09:00:00Z", "2025-01-31T09:00:10Z"]},
         "geometry": {"type": "LineString", "coordinates": [[5.1, 52.09], [5.1001, 52.09, 3.2]]}},
        {"type": "Feature", "properties": {"coordTimes": [["2025-01-31T09:00:00Z"], ["2025-01-31T10:00:00Z"]]},
         "geometry": {"type": "MultiLineString", "coordinates": [[[5.1, 52.09]], [[5.2, 52.09]], [[5.3, 52.09]]]}}]}"#;
    let (tracks, issues, _) = try_read("day.geojson", text.as_bytes(), TrackSource::default()).unwrap();
    let found: Vec<(&str, usize)> = tracks.iter().map(|track| (&*track.vehicle, track.len())).collect();
    assert_eq!(found, [("7", 2), ("day", 2)]);
    assert_eq!(codes(&issues), [("C004", 1)]);
}

#[test]
fn the_order_of_the_rows_changes_nothing() {
    let mut lines: Vec<&str> = FIXES.lines().skip(1).collect();
    lines.reverse();
    lines.swap(1, 5);
    let shuffled = format!("{}\n{}\n", FIXES.lines().next().unwrap(), lines.join("\n"));
    let read = |text: &str| {
        format!("{:?}", try_read("fixes.csv", text.as_bytes(), TrackSource::default()).unwrap().0)
    };
    assert_eq!(read(FIXES), read(&shuffled));
}

#[test]
fn a_fix_that_leads_nowhere_is_left_out_at_the_ends_too() {
    let line = |second: u32, lon: f64| format!("a,2025-01-31T10:00:{second:02},{lon},52.09\n");
    let text = [
        "vehicle_id,time,lon,lat\n".to_owned(),
        line(0, 6.0),
        line(10, 5.1),
        line(20, 5.1001),
        line(30, 5.1002),
        line(40, 4.0),
    ]
    .concat();
    let (tracks, issues, _) = try_read("fixes.csv", text.as_bytes(), TrackSource::default()).unwrap();
    assert_eq!((tracks[0].len(), codes(&issues)), (3, vec![("C006", 2)]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_give_tracks_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..3_usize) {
        let (name, head): (_, &[u8]) = [("a.csv", &b"vehicle,time,lon,lat\n"[..]), ("a.gpx", b"<gpx version=\"1.1\">"), ("a.geojson", b"{\"features\":[")][kind];
        let _ = try_read(name, &[head, &bytes].concat(), TrackSource::default());
    }

    #[test]
    fn any_cells_give_fixes_that_add_up(cells in proptest::collection::vec("[-0-9a-z:. ]{0,12}", 0..60)) {
        let lines: String = cells.chunks(4).map(|cells| cells.join(",") + "\n").collect();
        let _ = try_read("a.csv", format!("vehicle,time,lon,lat\n{lines}").as_bytes(), TrackSource::default());
    }
}

#[test]
fn a_real_season_of_fixes_is_read() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !data.is_dir() {
        return println!("skipped: ../shared/data is not there");
    }
    let season =
        TrackSource { path: "washington-dc/season/fixes.csv.gz".to_owned(), ..TrackSource::default() };
    let (tracks, _, counts) = read_in(&data, season, "America/New_York", 26985).unwrap();
    assert_eq!((tracks.len(), counts[0].read), (6, 202_346));
    let city =
        TrackSource { path: "routing/jersey_city_truck_fixes.csv.gz".to_owned(), ..TrackSource::default() };
    let (tracks, issues, counts) = read_in(&data, city, "America/New_York", 32618).unwrap();
    assert_eq!((counts[0].read, issues.count(Code::FixUnreadable)), (9_744, 0));
    assert!(tracks.len() > 100, "{}", tracks.len());
}
