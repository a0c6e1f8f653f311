//! Seasons in a made-up city: a grid of streets with bins and bollards at its corners.

use std::collections::BTreeMap;

use super::*;
use crate::import;
use crate::issue::Issues;
use crate::model::NONE;
use crate::model::asset::AssetKind;
use crate::model::street::{Crossings, Way};
use crate::network;
use crate::period::NEVER;
use crate::place::Crs;
use crate::progress::Silent;

/// Streets of a block, metres.
const BLOCK_M: f64 = 110.0;
const SIDE: u32 = 8;

struct Grid {
    streets: Streets,
    network: Network,
    addresses: Addresses,
    assets: Vec<Asset>,
    places: Vec<Local>,
    clock: Clock,
    plane: Plane,
}

impl Grid {
    fn new() -> Self {
        let corner =
            |column: f64, row: f64| Local::new(385_000.0 + column * BLOCK_M, 6_671_000.0 + row * BLOCK_M);
        let crossings = Crossings { columns: SIDE, rows: SIDE };
        let mut streets = Streets { nodes: crossings.nodes(corner), ..Streets::default() };
        let mut way = |nodes: Vec<u32>| {
            let name = streets.words.intern(&format!("Street {}", streets.ways.len()));
            streets.ways.push(Way {
                id: i64::try_from(streets.ways.len()).unwrap(),
                name,
                ..Way::residential(nodes)
            });
        };
        for line in 0..SIDE {
            way(crossings.along_row(line));
            way(crossings.along_column(line));
        }
        let asset = |id: String, kind, at: Local| Asset {
            id,
            kind,
            at: Local::new(at.x + 4.0, at.y + 30.0),
            capacity_l: None,
            is_synthetic: false,
        };
        let mut assets = Vec::new();
        for number in 0..SIDE * SIDE {
            let at = streets.nodes[number as usize];
            if number % 3 == 0 {
                assets.push(asset(format!("node/{number}"), AssetKind::LitterBin, at));
            }
            assets.push(asset(format!("post/{number}"), AssetKind::Bollard, at));
        }
        let places = crossings.nodes(|column, row| corner(row, column));
        let mut addresses = Addresses::default();
        for number in 0..SIDE {
            addresses.id.push(&format!("a{number}"));
            let street = addresses.words.intern("Street 2");
            addresses.street.push(street);
            addresses.number.push(number);
            let none = addresses.words.intern("");
            addresses.suffix.push(none);
            addresses.postcode.push(NONE);
            addresses.city.push(NONE);
            addresses.at.push(corner(number.into(), 1.0));
        }
        Self {
            network: Network::build(&streets, &network::Options::default()),
            streets,
            addresses,
            assets,
            places,
            clock: Clock::new("Europe/Helsinki").unwrap(),
            plane: Plane::new(Crs::from_epsg(3067).unwrap()).unwrap(),
        }
    }

    fn city(&self) -> City<'_> {
        City {
            streets: &self.streets,
            network: &self.network,
            addresses: &self.addresses,
            assets: &self.assets,
            places: &self.places,
            clock: &self.clock,
            plane: &self.plane,
            language: Language::Nl,
        }
    }

    fn season(&self, options: &Options, seed: u64) -> Season {
        season(&self.city(), options, &Random::new(seed)).unwrap()
    }
}

fn small() -> Options {
    Options {
        days: 70,
        track_days: 35,
        rounds: 3,
        stops_per_round: 14,
        vehicles: 2,
        holidays: vec![jiff::civil::date(2025, 1, 6)],
        ..Options::default()
    }
}

/// Nothing goes wrong in this one.
fn smooth() -> Options {
    Options {
        habitual_share: 0.0,
        blocked_rate: 0.0,
        closures_per_100_days: 0.0,
        cancelled_share: 0.0,
        late_share: 0.0,
        lost_share: 0.0,
        ..small()
    }
}

fn bytes_of(season: &Season, town: &Grid) -> BTreeMap<String, Vec<u8>> {
    let dir = tempfile::tempdir().unwrap();
    let files = season.write(dir.path(), &town.clock, &town.plane).unwrap();
    let name = |path: &std::path::Path| path.strip_prefix(dir.path()).unwrap().display().to_string();
    files.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

#[test]
fn the_same_seed_writes_the_same_bytes_for_any_number_of_threads() {
    let town = Grid::new();
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        bytes_of(&pool.install(|| town.season(&small(), 5)), &town)
    };
    let (one, three) = (with_threads(1), with_threads(3));
    assert!(one == three);
    assert_eq!(one.len(), 18);
    assert!(one != bytes_of(&town.season(&small(), 6), &town));
}

#[test]
fn every_planned_call_of_every_service_day_has_one_true_visit() {
    let season = Grid::new().season(&small(), 5);
    let planned: usize = season.rounds.trips.iter().map(|trip| trip.calls.len() * trip.days.len()).sum();
    assert_eq!(season.visits.len(), planned);
    assert!(season.rounds.trips.iter().any(|trip| trip.cancelled.len() == 1), "6 January is a Monday");
    for visit in &season.visits {
        let is_skipped = !matches!(visit.cause, Cause::None | Cause::Late);
        assert_eq!(visit.served_at == NEVER, is_skipped, "{visit:?}");
    }
    for cause in [Cause::Late, Cause::Habitual, Cause::Blocked, Cause::StreetClosed] {
        assert!(season.visits.iter().any(|visit| visit.cause == cause), "{cause:?} occurs");
    }
}

#[test]
fn the_track_passes_where_the_truth_says_that_it_does() {
    let season = Grid::new().season(&small(), 5);
    let tracked_from = season.options.tracked_from();
    let mut seen = 0;
    for visit in season.visits.iter().filter(|visit| visit.is_recorded && visit.served_at != NEVER) {
        assert!(visit.day >= tracked_from);
        let vehicle = &season.rounds.vehicles[season.rounds.trips[visit.route as usize].vehicle as usize].id;
        let track = season.tracks.iter().find(|track| track.vehicle == *vehicle).unwrap();
        let next = track.time.partition_point(|&time| time < visit.served_at);
        let near = (next.saturating_sub(2)..(next + 2).min(track.len()))
            .filter(|&fix| (track.time[fix] - visit.served_at).abs() <= 30);
        let stop = season.rounds.stops[visit.stop as usize].at;
        let nearest = near.map(|fix| track.at[fix].distance_m(stop)).min_by(f64::total_cmp);
        seen += usize::from(nearest.is_some_and(|metres| metres < 60.0));
    }
    let recorded = season.visits.iter().filter(|visit| visit.is_recorded && visit.served_at != NEVER).count();
    // At the edge of a hole the fix of a stop may be the first that is missing.
    assert!(recorded > 300 && seen * 100 >= recorded * 98, "{seen} of {recorded}");
}

#[test]
fn a_truck_is_in_one_place_at_a_time() {
    let season = Grid::new().season(&Options { late_share: 0.4, cancelled_share: 0.1, ..small() }, 5);
    for track in &season.tracks {
        assert!(track.time.is_sorted(), "{}", track.vehicle);
        for fix in 1..track.len() {
            let (metres, seconds) =
                (track.at[fix].distance_m(track.at[fix - 1]), track.time[fix] - track.time[fix - 1]);
            assert!(metres < 30.0 * seconds as f64 + 60.0, "{metres} m in {seconds} s");
        }
    }
}

#[test]
fn where_no_round_fails_no_report_is_about_a_skipped_stop() {
    let season = Grid::new().season(&smooth(), 5);
    let reasons: Vec<&str> =
        season.reports.iter().filter_map(|report| report.reason).map(|reason| reason.diagnosis).collect();
    assert!(reasons.contains(&"full_before_next_service"));
    assert!(!reasons.contains(&"skipped"));
    let lost = season.visits.iter().filter(|visit| visit.day >= season.options.tracked_from());
    assert!(lost.clone().count() > 0 && lost.clone().all(|visit| visit.is_recorded));
}

#[test]
fn reports_are_in_order_and_duplicates_follow_their_first_within_a_day() {
    let season = Grid::new().season(&small(), 5);
    assert!(season.reports.is_sorted_by_key(|report| report.opened));
    let by_id: BTreeMap<&str, &Told> =
        season.reports.iter().map(|report| (report.id.as_str(), report)).collect();
    assert_eq!(by_id.len(), season.reports.len());
    let mut duplicates = 0;
    for report in season.reports.iter().filter(|report| !report.duplicate_of.is_empty()) {
        let first = by_id[report.duplicate_of.as_str()];
        assert_eq!((first.kind, &first.asset_id), (report.kind, &report.asset_id));
        assert!((0..=24 * 3600).contains(&(report.opened - first.opened)));
        duplicates += 1;
    }
    assert!(duplicates > 10);
    let clock = Clock::new("Europe/Helsinki").unwrap();
    assert!(season.reports.iter().all(|report| season.options.period().holds(clock.day(report.opened))));
    assert!(season.reports.iter().all(|report| report.closed == NEVER || report.closed >= report.opened));
}

#[test]
fn planted_bollards_are_hit_far_more_often_than_the_others() {
    let town = Grid::new();
    let season = town.season(&Options { days: 365, ..small() }, 5);
    let hits = |is_repeat| {
        let of: Vec<f64> = season
            .knocks
            .iter()
            .filter(|knock| knock.is_repeat == is_repeat)
            .map(|knock| f64::from(knock.n_hits))
            .collect();
        (of.len(), of.iter().sum::<f64>() / of.len() as f64)
    };
    let ((planted, often), (_, seldom)) = (hits(true), hits(false));
    assert_eq!(planted, 5);
    assert!(often > 6.0 * seldom, "{often} {seldom}");
}

#[test]
fn missing_bins_are_made_up_and_say_so() {
    let season = Grid::new().season(&small(), 5);
    let (synthetic, surveyed): (Vec<&Asset>, Vec<&Asset>) =
        season.bins.iter().partition(|bin| bin.is_synthetic);
    assert_eq!((surveyed.len(), synthetic.len()), (22, 23), "three rounds of 14 and three without");
    assert!(synthetic.iter().all(|bin| bin.id.starts_with("syn-bin-")));
    let without = Grid::new().season(&Options { synthetic_bins: false, ..small() }, 5);
    assert_eq!(without.bins.len(), 22);
}

#[test]
fn bins_made_up_for_an_earlier_season_keep_their_ids_to_themselves() {
    let mut town = Grid::new();
    town.assets = town.season(&small(), 5).bins;
    let season = town.season(&Options { stops_per_round: 20, ..small() }, 6);
    let ids: std::collections::BTreeSet<&str> = season.bins.iter().map(|bin| bin.id.as_str()).collect();
    assert!(season.bins.len() > town.assets.len());
    assert_eq!(ids.len(), season.bins.len());
}

#[test]
fn a_city_without_bins_is_refused() {
    let town = Grid::new();
    let city = City { assets: &[], places: &[], ..town.city() };
    let error = season(&city, &small(), &Random::new(1)).unwrap_err();
    assert!(error.to_string().contains("no bin"), "{error}");
}

#[test]
fn rounds_that_grew_are_longer_than_they_need_to_be() {
    let town = Grid::new();
    let hours = |grown_rounds| {
        let season = town.season(&Options { grown_rounds, stops_per_round: 22, rounds: 2, ..small() }, 9);
        let span = |trip: &crate::model::round::Trip| {
            trip.calls.last().unwrap().arrival_s - trip.calls.first().unwrap().arrival_s
        };
        season.rounds.trips.iter().map(span).sum::<i64>()
    };
    assert!(hours(2) > hours(0) * 102 / 100, "{} against {}", hours(2), hours(0));
}

#[test]
fn the_feed_is_read_back_by_another_library() {
    let town = Grid::new();
    let season = town.season(&small(), 5);
    let dir = tempfile::tempdir().unwrap();
    season.write(dir.path(), &town.clock, &town.plane).unwrap();
    let feed = gtfs_structures::Gtfs::from_path(dir.path().join("gtfs").to_str().unwrap()).unwrap();
    assert_eq!(feed.stops.len(), season.rounds.stops.len());
    assert_eq!(feed.trips.len(), season.rounds.trips.len());
    for trip in &season.rounds.trips {
        let read = feed.get_trip(&trip.id).unwrap();
        let stops: Vec<&str> = read.stop_times.iter().map(|call| call.stop.id.as_str()).collect();
        let planned: Vec<&str> =
            trip.calls.iter().map(|call| season.rounds.stops[call.stop as usize].id.as_str()).collect();
        assert_eq!(stops, planned);
        let calendar = feed.get_calendar(&read.service_id).unwrap();
        let runs = (0..7).map(|weekday| trip.days.iter().any(|day| day.weekday() == weekday));
        let written = [
            calendar.monday,
            calendar.tuesday,
            calendar.wednesday,
            calendar.thursday,
            calendar.friday,
            calendar.saturday,
            calendar.sunday,
        ];
        assert_eq!(runs.collect::<Vec<_>>(), written);
    }
}

#[test]
fn a_crowd_has_as_many_rows_as_wanted_and_the_same_bytes_each_time() {
    let town = Grid::new();
    let crowd = Crowd {
        streets: &town.streets,
        bollards: &town.assets,
        side: 3,
        plane: &town.plane,
        clock: &town.clock,
        period: small().period(),
        language: Language::En,
        count: 45_000,
    };
    let write = || {
        let mut bytes = Vec::new();
        crowd.write(Random::new(1), &mut bytes).unwrap();
        bytes
    };
    let bytes = write();
    assert!(bytes == write());
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.records().map(Result::unwrap).count(), 45_000);
}

/// The first stop of the first round, and the rounds without its calls.
fn without_a_stop(rounds: &Rounds) -> (u32, Rounds) {
    let mut rounds = rounds.clone();
    let stop = rounds.trips[0].calls.remove(0).stop;
    (stop, rounds)
}

#[test]
fn other_rounds_change_only_what_they_cause() {
    let grid = Grid::new();
    let (city, options) = (grid.city(), small());
    let town = Town::new(&city, &options, &Random::new(5)).unwrap();
    let (stop, fewer) = without_a_stop(town.rounds());
    let next = Options { from: jiff::civil::date(2025, 4, 1), ..small() };
    let today = town.season_under(town.rounds(), &next, &Random::new(6)).unwrap();
    let other = town.season_under(&fewer, &next, &Random::new(6)).unwrap();
    assert!(other.overflow_h[stop as usize] > today.overflow_h[stop as usize] + 24.0);
    assert!(other.work_s < today.work_s);
    let others: Vec<usize> = (0..today.stops.len()).filter(|&other| today.stops[other].route != 0).collect();
    assert!(others.len() > 20);
    for &index in &others {
        // A truck with two rounds is back earlier, so that its second one may begin a little earlier.
        let (before, after) = (today.overflow_h[index], other.overflow_h[index]);
        assert!((before - after).abs() <= 0.02 * before + 2.0, "{before} {after}");
    }
    let dumped = |season: &Season| -> Vec<(i64, String)> {
        let beside = season.reports.iter().filter(|report| report.kind == Kind::BesideContainer);
        beside.map(|report| (report.opened, report.asset_id.clone())).collect()
    };
    let firsts = |season: &Season| dumped(season).into_iter().collect::<std::collections::BTreeSet<_>>();
    assert!(!firsts(&today).is_disjoint(&firsts(&other)));
    assert!(today.visits.iter().all(|visit| next.period().holds(visit.day)));
}

#[test]
fn a_season_under_its_own_rounds_is_the_same_each_time() {
    let grid = Grid::new();
    let (city, options) = (grid.city(), small());
    let town = Town::new(&city, &options, &Random::new(5)).unwrap();
    let season = || town.season_under(town.rounds(), &options, &Random::new(5)).unwrap();
    let one = bytes_of(&season(), &grid);
    assert!(one == bytes_of(&season(), &grid));
    assert!(one.contains_key("truth_overflow.csv") && one.len() == 19);
    let table = String::from_utf8(one["truth_overflow.csv"].clone()).unwrap();
    assert_eq!(table.lines().count(), 1 + town.stops().len());
}

#[test]
fn rounds_of_another_city_are_refused() {
    let grid = Grid::new();
    let (city, options) = (grid.city(), small());
    let town = Town::new(&city, &options, &Random::new(5)).unwrap();
    let mut rounds = town.rounds().clone();
    rounds.stops[0].id = "elsewhere".to_owned();
    let error = town.season_under(&rounds, &options, &Random::new(5)).unwrap_err();
    assert!(error.to_string().contains("elsewhere"), "{error}");
}

/// The demo: its season is what its own settings make.
#[test]
fn the_demo_is_what_its_project_file_makes() {
    #[derive(serde::Deserialize)]
    struct Project {
        timezone: String,
        crs: String,
        sources: import::Sources,
        simulate: Options,
    }
    let base = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/helsinki");
    let text = std::fs::read_to_string(base.join("simulate.toml")).unwrap();
    let project: Project = toml::from_str(&text[text.find("timezone").unwrap()..]).unwrap();
    let clock = Clock::new(&project.timezone).unwrap();
    let settings =
        import::Settings { base: &base, clock: &clock, crs: Some(&project.crs), period: None, kinds: &[] };
    let (issues, counts) = (&mut Issues::new(), &mut Vec::new());
    let town = import::city(&project.sources, &settings, || None, issues, counts, &Silent).unwrap();
    let file = import::open::files(&base, "helsinki-centre.osm.pbf").unwrap().remove(0);
    let places = import::osm::places(&file, &town.plane).unwrap();
    let places: Vec<Local> = places.into_iter().map(|(at, _)| at).collect();
    let city = City {
        streets: &town.streets,
        network: &Network::build(&town.streets, &network::Options::default()),
        addresses: &town.addresses,
        assets: &town.assets,
        places: &places,
        clock: &clock,
        plane: &town.plane,
        language: Language::En,
    };
    let season = season(&city, &project.simulate, &Random::new(2025)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for made in season.write(dir.path(), &clock, &town.plane).unwrap() {
        let name = made.strip_prefix(dir.path()).unwrap();
        let kept = std::fs::read(base.join("season").join(name)).unwrap();
        assert!(
            kept == std::fs::read(&made).unwrap(),
            "{} differs from what its settings make; make it again as data/helsinki/README.md says",
            name.display()
        );
    }
}
