//! What is written is read back: by our own reader the same rounds, by an independent one the same feed.

use proptest::prelude::*;

use super::*;
use crate::export::rounds::tests::hostile_town;
use crate::findings::Findings;
use crate::import::{self, rounds::RoundSource};
use crate::issue::Issues;
use crate::model::round::Rounds;

/// Reads a feed with our own reader.
fn read(path: &Path, findings: &Findings) -> Rounds {
    let source = RoundSource { path: "gtfs".to_owned(), ..RoundSource::default() };
    let settings =
        import::Settings { base: path, clock: &findings.clock, crs: None, period: None, kinds: &[] };
    let (mut issues, mut counts) = (Issues::new(), Vec::new());
    let rounds =
        import::rounds::read(&[source], &settings, &findings.plane, &mut issues, &mut counts).unwrap();
    assert!(issues.list().is_empty(), "{:?}", issues.list());
    rounds
}

fn written(findings: &Findings, rounds: &Rounds) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&Timetable::new(findings, rounds), &folder.path().join("gtfs")).unwrap();
    folder
}

/// Compares all but positions, which may differ by the centimetre that seven decimals are.
fn assert_same(before: &Rounds, mut after: Rounds) {
    let places = |rounds: &Rounds| -> Vec<Local> {
        let depots = rounds.vehicles.iter().filter_map(|vehicle| vehicle.depot);
        rounds.stops.iter().map(|stop| stop.at).chain(depots).collect()
    };
    let (old, new) = (places(before), places(&after));
    assert_eq!(old.len(), new.len());
    assert!(old.iter().zip(&new).all(|(old, new)| old.distance_m(*new) < 0.02));
    after.stops.iter_mut().zip(&before.stops).for_each(|(new, old)| new.at = old.at);
    after.vehicles.iter_mut().zip(&before.vehicles).for_each(|(new, old)| new.depot = old.depot);
    assert_eq!(*before, after);
}

#[test]
fn our_own_reader_gives_the_same_rounds_back() {
    let mut findings = hostile_town(Language::En);
    findings.rounds.vehicles[0].depot = Some(findings.rounds.stops[5].at);
    findings.rounds.vehicles[0].capacity_kg = Some(5500.5);
    findings.rounds.stops[3].capacity_l = None;
    let trip = &mut findings.rounds.trips[1];
    trip.cancelled = vec![trip.days.remove(10), trip.days.remove(40)];
    // An extra day on a Sunday long after the others.
    let sunday = trip.days.last().unwrap().plus(30);
    trip.days.push(sunday.plus(6 - i32::try_from(sunday.weekday()).unwrap()));
    trip.calls[3].departure_s = 25 * 3600 + 61;
    trip.calls[3].arrival_s = 24 * 3600;
    let folder = written(&findings, &findings.rounds);
    assert_same(&findings.rounds, read(folder.path(), &findings));
}

#[test]
fn gtfs_structures_reads_the_same_feed() {
    let findings = hostile_town(Language::Nl);
    let folder = written(&findings, &findings.rounds);
    let feed = gtfs_structures::Gtfs::from_path(folder.path().join("gtfs")).unwrap();
    let rounds = &findings.rounds;
    assert_eq!((feed.stops.len(), feed.trips.len()), (rounds.stops.len(), rounds.trips.len()));
    let first = Day::from_date(jiff::civil::date(2025, 1, 1));
    for trip in &rounds.trips {
        let theirs = &feed.trips[&trip.id];
        let calls: Vec<_> = theirs
            .stop_times
            .iter()
            .map(|call| (call.stop.id.clone(), i64::from(call.arrival_time.unwrap())))
            .collect();
        let ours: Vec<_> = trip
            .calls
            .iter()
            .map(|call| (rounds.stops[call.stop as usize].id.clone(), call.arrival_s))
            .collect();
        assert_eq!(calls, ours);
        let days = feed.trip_days(&theirs.service_id, jiff::civil::date(2025, 1, 1));
        let days: Vec<Day> = days.into_iter().map(|day| first.plus(i32::from(day))).collect();
        assert_eq!(days, trip.days);
        assert_eq!(theirs.block_id.as_deref(), Some(&*rounds.vehicles[trip.vehicle as usize].id));
    }
    assert_eq!(feed.routes[&rounds.routes[0].id].long_name.as_deref(), Some(&*rounds.routes[0].name));
    assert_eq!(feed.agencies[0].timezone, findings.clock.name());
}

#[test]
fn the_real_feed_of_washington_comes_back_as_it_was() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/washington-dc/season");
    if !base.join("gtfs").exists() {
        println!("skipped: the season of Washington is not there");
        return;
    }
    let mut findings = hostile_town(Language::En);
    findings.plane = crate::place::Plane::new(crate::place::Crs::from_epsg(26985).unwrap()).unwrap();
    let before = read(&base, &findings);
    let folder = written(&findings, &before);
    assert_same(&before, read(folder.path(), &findings));
    println!("{} stops, {} trips", before.stops.len(), before.trips.len());
}

/// The days of a service as the reference of GTFS says, from the text of the two tables.
fn expand(calendar: &str, dates: &str) -> (BTreeSet<Day>, BTreeSet<Day>) {
    let day = |text: &str| Day::from_date(jiff::civil::Date::strptime("%Y%m%d", text).unwrap());
    let (mut runs, mut removed) = (BTreeSet::new(), BTreeSet::new());
    for row in calendar.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        for number in day(cells[8]).0..=day(cells[9]).0 {
            if cells[1 + Day(number).weekday()] == "1" {
                runs.insert(Day(number));
            }
        }
    }
    for row in dates.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        if cells[2] == "1" {
            assert!(runs.insert(day(cells[1])), "added although it runs");
        } else {
            assert!(runs.remove(&day(cells[1])), "removed although it does not run");
            removed.insert(day(cells[1]));
        }
    }
    (runs, removed)
}

proptest! {
    #[test]
    fn whatever_the_days_they_come_back(
        week in prop::array::uniform7(any::<bool>()),
        odd in prop::collection::btree_set(0..120i32, 0..6),
        gone in prop::collection::btree_set(0..120i32, 0..6),
        span in 15..120i32,
    ) {
        let start = Day::from_date(jiff::civil::date(2026, 1, 1));
        let rule: BTreeSet<Day> = (0..span).map(|offset| start.plus(offset)).filter(|day| week[day.weekday()]).collect();
        let cancelled: BTreeSet<Day> =
            gone.iter().map(|&offset| start.plus(offset)).filter(|day| rule.contains(day)).collect();
        let odd = odd.iter().map(|&offset| start.plus(offset));
        let days: BTreeSet<Day> = rule.iter().copied().chain(odd).filter(|day| !cancelled.contains(day)).collect();
        prop_assume!(!days.is_empty());
        let trip = Trip {
            id: "t".to_owned(),
            route: 0,
            vehicle: crate::model::NONE,
            calls: vec![crate::model::round::Call { stop: 0, arrival_s: 0, departure_s: 0 }],
            days: days.iter().copied().collect(),
            cancelled: cancelled.iter().copied().collect(),
        };
        let trips = [trip];
        let services = Services::of(&trips);
        let text = |table: Table| String::from_utf8(table.into_bytes()).unwrap();
        let (runs, removed) = expand(&text(services.calendar()), &text(services.calendar_dates()));
        prop_assert_eq!(&runs, &days);
        prop_assert!(removed.is_subset(&cancelled));
        // A plain season with cancelled days loses none of them.
        if days.iter().all(|day| rule.contains(day)) && span > 28 {
            prop_assert_eq!(&removed, &cancelled);
        }
    }
}
