use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::import::testing::{assert_balanced, clock, folder, plane, real, settings};

const STOPS: &str = "stop_id,stop_name,stop_lat,stop_lon,capacity_l,service_s,asset_id\n\
    b,Bak 2,52.1,5.12,240,60,bak-2\na,Bak 1,52.1,5.11,,,\n";
const ROUTES: &str = "route_id,route_short_name,route_long_name,route_type\nR1,1,Ronde Oost,1700\n";
const TRIPS: &str = "route_id,service_id,trip_id,block_id\nR1,week,T1,truck-1\n";
const TIMES: &str = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n\
    T1,25:10:00,25:11:00,b,20\nT1,6:00:00,06:01:00,a,10\n";
const CALENDAR: &str = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n\
    week,1,0,0,1,0,0,0,20260105,20260118\n";
const DATES: &str = "service_id,date,exception_type\nweek,20260108,2\nweek,20260110,1\nweek,20260113,2\n";

/// The files of a small feed, with some replaced; an empty text takes a file away.
fn feed<'a>(replaced: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let whole = [
        ("stops.txt", STOPS),
        ("routes.txt", ROUTES),
        ("trips.txt", TRIPS),
        ("stop_times.txt", TIMES),
        ("calendar.txt", CALENDAR),
        ("calendar_dates.txt", DATES),
    ];
    let mut files: Vec<(&str, &str)> =
        whole.into_iter().filter(|(name, _)| replaced.iter().all(|other| other.0 != *name)).collect();
    files.extend(replaced.iter().filter(|(_, text)| !text.is_empty()));
    files
}

type Outcome = Result<(Rounds, Issues, Vec<SourceCount>)>;

fn read_source(base: &Path, sources: &[RoundSource], epsg: u16, period: Option<Period>) -> Outcome {
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let settings = Settings { period, ..settings(base, &clock) };
    let rounds = read(sources, &settings, &plane(epsg), &mut issues, &mut counts)?;
    assert_balanced(&issues, &counts);
    check_indices(&rounds);
    Ok((rounds, issues, counts))
}

fn read_feed(files: &[(&str, &str)]) -> Outcome {
    let inside: Vec<(String, &[u8])> =
        files.iter().map(|(name, text)| (format!("feed/{name}"), text.as_bytes())).collect();
    let inside: Vec<(&str, &[u8])> = inside.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let folder = folder(&inside);
    let source = RoundSource { path: "feed/".to_owned(), ..RoundSource::default() };
    read_source(folder.path(), &[source], 28992, None)
}

fn check_indices(rounds: &Rounds) {
    assert!(rounds.stops.is_sorted_by(|a, b| a.id < b.id));
    assert!(rounds.routes.is_sorted_by(|a, b| a.id < b.id));
    assert!(rounds.vehicles.is_sorted_by(|a, b| a.id < b.id));
    assert!(rounds.trips.is_sorted_by(|a, b| a.id < b.id));
    for trip in &rounds.trips {
        assert!((trip.route as usize) < rounds.routes.len());
        assert!(trip.vehicle == NONE || (trip.vehicle as usize) < rounds.vehicles.len());
        assert!(trip.calls.iter().all(|call| (call.stop as usize) < rounds.stops.len()));
        assert!(!trip.calls.is_empty() && !trip.days.is_empty());
        assert!(trip.days.is_sorted_by(|a, b| a < b) && trip.cancelled.is_sorted_by(|a, b| a < b));
    }
}

fn days(days: &[Day]) -> Vec<String> {
    days.iter().map(|day| day.to_string()[5..].to_owned()).collect()
}

#[test]
fn a_feed_becomes_stops_trips_and_days() {
    let vehicles = "vehicle_id,capacity_kg,shift_s,depot_lon,depot_lat\ntruck-1,5000,32400,5.1,52.1\n";
    let (rounds, issues, _) = read_feed(&feed(&[("vehicles.csv", vehicles)])).unwrap();
    assert!(issues.list().is_empty());
    let stop = &rounds.stops[1];
    assert_eq!(
        (&*stop.id, &*stop.name, stop.capacity_l, stop.service_s),
        ("b", "Bak 2", Some(240.0), Some(60.0))
    );
    assert_eq!(stop.asset_id.as_deref(), Some("bak-2"));
    assert_eq!(rounds.stops[0].capacity_l, None);
    assert_eq!(rounds.routes[0].name, "Ronde Oost");
    assert_eq!(rounds.vehicles[0].capacity_kg, Some(5000.0));
    assert!(rounds.vehicles[0].depot.is_some());
    let trip = &rounds.trips[0];
    let calls: Vec<_> = trip.calls.iter().map(|call| (call.stop, call.arrival_s, call.departure_s)).collect();
    assert_eq!(calls, [(0, 21_600, 21_660), (1, 90_600, 90_660)]);
    assert_eq!(days(&trip.days), ["01-05", "01-10", "01-12", "01-15"]);
    assert_eq!(days(&trip.cancelled), ["01-08"], "the 13th is no day of this service");
}

#[test]
fn a_feed_without_calendar_is_a_clear_error() {
    let error = read_feed(&feed(&[("calendar.txt", ""), ("calendar_dates.txt", "")])).unwrap_err();
    assert_eq!(error.hint().unwrap(), "a feed needs calendar.txt or calendar_dates.txt");
    for missing in ["stops.txt", "routes.txt", "trips.txt", "stop_times.txt"] {
        let error = read_feed(&feed(&[(missing, "")])).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains(missing));
    }
}

#[test]
fn calendar_dates_alone_are_a_calendar() {
    let (rounds, ..) = read_feed(&feed(&[("calendar.txt", "")])).unwrap();
    assert_eq!(days(&rounds.trips[0].days), ["01-10"]);
}

#[test]
fn a_column_that_is_missing_is_named() {
    let error = read_feed(&feed(&[("stops.txt", "stop_id,stop_name\na,x\n")])).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("stop_lat"), "{error:?}");
}

#[test]
fn stops_without_position_go_with_their_calls_and_trips_without_days_too() {
    let stops = format!("{STOPS}c,nowhere,,\nd,zero,0,0\n,nameless,52.1,5.1\n");
    let trips = format!("{TRIPS}R1,never,T2,\nR9,week,T3,\nR1,week,T4,\nR1,week,T1,\n");
    let times = format!(
        "{TIMES}T1,7:00:00,7:00:00,c,15\nT2,7:00:00,7:00:00,a,1\nT1,7:99:00,7:00:00,a,16\nT1,,,a,x\n"
    );
    let replaced = [("stops.txt", &*stops), ("trips.txt", &*trips), ("stop_times.txt", &*times)];
    let (rounds, issues, _) = read_feed(&feed(&replaced)).unwrap();
    assert_eq!((rounds.stops.len(), rounds.trips.len(), rounds.trips[0].calls.len()), (2, 1, 2));
    let expected = [
        (Code::StopWithoutPlace, 2),
        (Code::TripWithoutDays, 1),
        (Code::TripWithoutCalls, 1),
        (Code::UnknownReference, 3),
        (Code::RepeatedRoundId, 1),
        (Code::RowUnreadable, 3),
    ];
    for (code, count) in expected {
        assert_eq!(issues.count(code), count, "{}: {:?}", code.code(), issues.list());
    }
}

#[test]
fn times_that_are_not_given_lie_between_their_neighbours() {
    let times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n\
        T1,,,a,1\nT1,06:00:00,06:10:00,a,2\nT1,,,b,3\nT1,,,a,4\nT1,06:40:00,,b,5\nT1,,,a,6\n";
    let (rounds, ..) = read_feed(&feed(&[("stop_times.txt", times)])).unwrap();
    let minutes: Vec<_> =
        rounds.trips[0].calls.iter().map(|call| (call.arrival_s / 60, call.departure_s / 60)).collect();
    assert_eq!(minutes, [(360, 360), (360, 370), (380, 380), (390, 390), (400, 400), (400, 400)]);
    let untimed = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,,,a,1\nT1,,,b,2\n";
    let (rounds, issues, _) = read_feed(&feed(&[("stop_times.txt", untimed)])).unwrap();
    assert_eq!((rounds.trips.len(), issues.count(Code::TripWithoutCalls)), (0, 1));
}

#[test]
fn a_calendar_without_end_is_written_out_around_the_period() {
    let calendar = CALENDAR.replace("20260118", "99991231");
    let folder = folder(
        &feed(&[("calendar.txt", &calendar)])
            .iter()
            .map(|(name, text)| (*name, text.as_bytes()))
            .collect::<Vec<_>>(),
    );
    let source = RoundSource { path: ".".to_owned(), ..RoundSource::default() };
    let day = |month: i8| Day::from_date(jiff::civil::date(2026, month, 1));
    let period = Period { from: day(1), to: day(2) };
    let (rounds, ..) =
        read_source(folder.path(), std::slice::from_ref(&source), 28992, Some(period)).unwrap();
    assert!(rounds.trips[0].days.len() < 130);
    assert!(read_source(folder.path(), &[source], 28992, None).unwrap().0.trips[0].days.len() > 2000);
}

#[test]
fn a_zip_file_is_read_like_a_folder_with_vehicles_beside_it() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in feed(&[]) {
        archive.start_file(format!("gtfs/{name}"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    let bytes = archive.finish().unwrap().into_inner();
    let vehicles = b"vehicle_id,capacity_kg\ntruck-1,7000\n";
    let folder = folder(&[
        ("rounds/feed.zip", &bytes),
        ("rounds/vehicles.csv", vehicles),
        ("rounds/cut.zip", &bytes[..300]),
    ]);
    let source = |path: &str| [RoundSource { path: path.to_owned(), ..RoundSource::default() }];
    let (rounds, _, counts) = read_source(folder.path(), &source("rounds/feed.zip"), 28992, None).unwrap();
    assert_eq!(rounds.vehicles[0].capacity_kg, Some(7000.0));
    assert!(counts.iter().any(|count| count.file == "rounds/vehicles.csv"));
    assert!(counts.iter().any(|count| count.file == "rounds/feed.zip/stops.txt"));
    let mut plain = read_feed(&feed(&[])).unwrap().0;
    plain.vehicles.clone_from(&rounds.vehicles);
    assert_eq!(rounds, plain);
    assert!(read_source(folder.path(), &source("rounds/cut.zip"), 28992, None).is_err());
}

#[test]
fn two_feeds_share_stops_of_one_place_and_keep_others_apart() {
    let moved = STOPS.replace("5.11,", "5.21,");
    let both: Vec<(String, String)> = [("one", feed(&[])), ("two", feed(&[("stops.txt", &moved)]))]
        .into_iter()
        .flat_map(|(name, files)| {
            files.into_iter().map(move |(file, text)| (format!("{name}/{file}"), text.to_owned()))
        })
        .collect();
    let both: Vec<(&str, &[u8])> = both.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let folder = folder(&both);
    let source = |path: &str| RoundSource { path: path.to_owned(), ..RoundSource::default() };
    let (rounds, ..) = read_source(folder.path(), &[source("one"), source("two")], 28992, None).unwrap();
    assert_eq!(rounds.stops.iter().map(|stop| &*stop.id).collect::<Vec<_>>(), ["a", "a#2", "b"]);
    assert_eq!(rounds.trips.iter().map(|trip| &*trip.id).collect::<Vec<_>>(), ["T1", "T1#2"]);
    assert_eq!((rounds.routes.len(), rounds.trips[1].calls[0].stop), (1, 1));
}

#[test]
fn a_colour_that_breaks_other_readers_does_not_matter() {
    let routes = "route_id,route_long_name,route_type,route_color\nR1,Ronde,1700,aééa\n";
    assert_eq!(read_feed(&feed(&[("routes.txt", routes)])).unwrap().0.routes[0].name, "Ronde");
}

/// The rows of a table in another order.
fn turned(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    lines.join("\n") + "\n"
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let stops = format!("{STOPS}a,again,52.2,5.2,,,\n");
    let whole = feed(&[("stops.txt", &stops)]);
    let reversed: Vec<(&str, String)> = whole.iter().map(|(name, text)| (*name, turned(text))).collect();
    let reversed: Vec<(&str, &str)> = reversed.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(read_feed(&whole).unwrap().0, read_feed(&reversed).unwrap().0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_table_is_rounds_or_an_error(which in 0_usize..6, rows in "[a-zT0-9:,;\"\n.é-]{0,80}", position in 0_usize..400) {
        let whole = feed(&[]);
        let (name, text) = whole[which];
        let cut = text.char_indices().map(|(index, _)| index).nth(position % text.len()).unwrap();
        let spoilt = format!("{}{rows}{}", &text[..cut], &text[cut..]);
        let _either = read_feed(&feed(&[(name, &spoilt)]));
    }

    #[test]
    fn any_bytes_are_a_zip_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
        let folder = folder(&[("feed.zip", &[b"PK\x03\x04".as_slice(), &bytes].concat())]);
        let source = RoundSource { path: "feed.zip".to_owned(), ..RoundSource::default() };
        assert!(read_source(folder.path(), &[source], 28992, None).is_err());
    }
}

/// What an independent reader makes of a sound feed.
#[test]
fn the_real_feed_of_washington_is_read_as_gtfs_structures_reads_it() {
    let Some(base) = real("washington-dc/season/gtfs") else { return };
    let source = RoundSource { path: "washington-dc/season/gtfs".to_owned(), ..RoundSource::default() };
    let (rounds, issues, counts) = read_source(&base, &[source], 26985, None).unwrap();
    for count in &counts {
        println!("{count:?}");
    }
    assert!(issues.list().is_empty());
    let other = gtfs_structures::Gtfs::from_path(base.join("washington-dc/season/gtfs")).unwrap();
    assert_eq!(rounds.stops.len(), other.stops.len());
    assert_eq!(rounds.trips.len(), other.trips.len());
    assert_eq!(rounds.vehicles.len(), 6);
    assert!(rounds.stops.iter().all(|stop| stop.capacity_l.is_some() && stop.service_s == Some(45.0)));
    let start = jiff::civil::date(2016, 1, 1);
    for trip in &rounds.trips {
        let theirs = &other.trips[&trip.id];
        let calls = |stop: u32, arrival_s: i64| (rounds.stops[stop as usize].id.clone(), arrival_s);
        let ours: Vec<_> = trip.calls.iter().map(|call| calls(call.stop, call.arrival_s)).collect();
        let known = theirs.stop_times.iter();
        let known: Vec<_> =
            known.map(|call| (call.stop.id.clone(), i64::from(call.arrival_time.unwrap()))).collect();
        assert_eq!(ours, known, "{}", trip.id);
        let known = other.trip_days(&theirs.service_id, start);
        let first = Day::from_date(start);
        let known: Vec<Day> = known.into_iter().map(|day| first.plus(i32::from(day))).collect();
        assert_eq!(trip.days, known, "{}", trip.id);
    }
    println!(
        "{} stops, {} trips, {:?} days",
        rounds.stops.len(),
        rounds.trips.len(),
        rounds.trips.iter().map(|trip| (trip.days.len(), trip.cancelled.len())).collect::<Vec<_>>()
    );
}
