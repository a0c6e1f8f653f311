//! What is written is read back by the reader of the crate `gpx`.

use super::*;
use crate::draw::tests::check_markup;
use crate::export::rounds::tests::hostile_town;
use crate::model::kind::Language;

#[test]
fn every_trip_comes_back_with_its_stops_in_order_and_its_line() {
    let mut findings = hostile_town(Language::En);
    findings.rounds.vehicles[0].depot = Some(findings.streets.nodes[0]);
    findings.rounds.trips[2].vehicle = NONE;
    findings.rounds.vehicles[1].id = "truck/../1".to_owned();
    let rounds = &findings.rounds;
    let folder = tempfile::tempdir().unwrap();
    write(&Timetable::new(&findings, rounds), folder.path()).unwrap();
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    // Each trip runs on Monday, Wednesday and Friday.
    assert_eq!(files.len(), 9, "{files:?}");
    assert_eq!(files[0], "truck-0_1_monday.gpx");
    for (trip, file) in
        [(0, "truck-0_3_wednesday.gpx"), (1, "truck____1_5_friday.gpx"), (2, "without_vehicle_1_monday.gpx")]
    {
        let bytes = fs::read(folder.path().join(file)).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        check_markup(text.split_once("?>").unwrap().1, &[]).unwrap();
        assert!(text.contains("version=\"1.1\"") && !text.contains("<script>"));
        let document = ::gpx::read(bytes.as_slice()).unwrap();
        let trip = &rounds.trips[trip];
        assert_eq!((document.routes.len(), document.tracks.len()), (1, 1));
        assert_eq!(document.waypoints.len(), trip.calls.len());
        for ((call, point), waypoint) in
            trip.calls.iter().zip(&document.routes[0].points).zip(&document.waypoints)
        {
            let stop = &rounds.stops[call.stop as usize];
            let at = findings.plane.lon_lat(stop.at);
            assert!((point.point().x() - at.lon).abs() < 1e-6 && (point.point().y() - at.lat).abs() < 1e-6);
            assert_eq!(point.name, waypoint.name);
            assert!(point.name.as_ref().unwrap().ends_with(plain(&stop.name).trim_end()), "{:?}", point.name);
        }
        let line = &document.tracks[0].segments[0].points;
        assert!(line.len() > trip.calls.len(), "the line follows the streets");
        assert_eq!(
            document.tracks[0].name.as_deref(),
            Some(&*plain(&rounds.routes[trip.route as usize].name))
        );
    }
}
