use proptest::prelude::*;

use super::*;
use crate::stats::reference;

/// Every pair, one after the other.
fn slow(points: &[Local], days: &[i32], edges_m: &[f64], edges_days: &[i16], metric: Metric) -> Vec<u64> {
    let times = edges_days.len() - 1;
    let mut table = vec![0; (edges_m.len() - 1) * times];
    for i in 0..points.len() {
        for j in 0..i {
            let (far, long) = (metric.distance_m(points[i], points[j]), days[i].abs_diff(days[j]));
            let space = edges_m.windows(2).position(|edge| edge[0] <= far && far < edge[1]);
            let time = edges_days.windows(2).position(|edge| {
                i64::from(edge[0]) <= i64::from(long) && i64::from(long) < i64::from(edge[1])
            });
            if let (Some(space), Some(time)) = (space, time) {
                table[space * times + time] += 1;
            }
        }
    }
    table
}

proptest! {
    #[test]
    fn pairs_of_the_grid_are_those_of_looking_at_every_pair(
        rows in prop::collection::vec((-20i32..20, -20i32..20, 0i32..40), 0..120),
        first_m in 0u32..3,
        first_day in 0i16..3,
        is_manhattan: bool,
    ) {
        let points: Vec<Local> =
            rows.iter().map(|row| Local::new(f64::from(row.0) * 5.0, f64::from(row.1) * 5.0)).collect();
        let days: Vec<i32> = rows.iter().map(|row| row.2).collect();
        let metric = if is_manhattan { Metric::Manhattan } else { Metric::Euclidean };
        let (edges_m, edges_days) = ([f64::from(first_m), 5.0, 25.0, 60.0], [first_day, 3, 4, 7, 8, 9, 30]);
        let pairs = Pairs::find(&points, &edges_m, metric).unwrap();
        let expected = slow(&points, &days, &edges_m, &edges_days, metric);
        prop_assert_eq!(&pairs.table(&days, &edges_days), &expected);
        // Many deals at once count as one does; here each deal is a day later.
        let deal = |day: i16| std::array::from_fn(|lane| day + i16::try_from(lane).unwrap());
        let dealt: Vec<Dealt> = from_first(&days).into_iter().map(deal).collect();
        for (counts, expected) in pairs.count(&dealt, &edges_days).iter().zip(&expected) {
            prop_assert!(counts.iter().all(|count| count == expected), "{counts:?} for {expected}");
        }
    }
}

/// Waste reports of Zürich in 2024: places in whole metres, and days.
fn zurich() -> Option<(Vec<Local>, Vec<i32>)> {
    let columns = ["date", "year", "service_code", "e", "n"];
    let rows = reference::texts("data/zurich/zueri_wie_neu_2016-2025_cleaned.csv", &columns)?;
    let is_chosen = |row: &&Vec<String>| row[1] == "2024" && row[2] == "Abfall/Sammelstelle";
    let chosen = rows.iter().filter(is_chosen);
    let one = |row: &Vec<String>| {
        let date: jiff::civil::Date = row[0][..10].parse().unwrap();
        let at = Local::new(row[3].parse().unwrap(), row[4].parse().unwrap());
        (at, crate::period::Day::from_date(date).0)
    };
    Some(chosen.map(one).unzip())
}

#[test]
fn counts_of_zurich_are_those_of_pointpats() {
    let columns = ["delta", "tau", "NS", "NT", "NST", "expected", "pairs"];
    let Some(rows) = reference::table("zh_waste2024_knox.csv", &columns) else { return };
    let Some((points, days)) = zurich() else { return };
    assert_eq!((points.len(), rows.len()), (4_569, 30));
    // Theirs are counts up to and including; ours are bands that begin just beyond the former edge.
    let distinct = |column: usize| {
        let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let (deltas, taus) = (distinct(0), distinct(1));
    let edges_m: Vec<f64> = [0.0].into_iter().chain(deltas.iter().map(|delta| delta.next_up())).collect();
    #[expect(clippy::cast_possible_truncation, reason = "days")]
    let edges_days: Vec<i16> = [0].into_iter().chain(taus.iter().map(|&tau| tau as i16 + 1)).collect();
    let pairs = Pairs::find(&points, &edges_m, Metric::Euclidean).unwrap();
    let (per_band, table) = (pairs.per_band(), pairs.table(&days, &edges_days));
    for row in &rows {
        let (to, until) = (deltas.partition_point(|&d| d <= row[0]), taus.partition_point(|&t| t <= row[1]));
        let close: usize = per_band[..to].iter().sum();
        let both: u64 = table.chunks(taus.len()).take(to).flat_map(|band| &band[..until]).sum();
        assert_eq!((close as f64, both as f64), (row[2], row[4]), "{row:?}");
    }
    // The mean over permutations is the expectation of Knox: NS · NT / all pairs.
    let pairs = Pairs::find(&points, &[0.0, 100f64.next_up()], Metric::Euclidean).unwrap();
    let found = test(&pairs, &days, &[0, 8], 99, Random::new(1))[0];
    let theirs = rows.iter().find(|row| (row[0] - 100.0).abs() + (row[1] - 7.0).abs() < 1e-9).unwrap();
    assert!(
        (found.expected / theirs[5] - 1.0).abs() < 0.01 && (found.p_value - 0.01).abs() < 1e-12,
        "{found:?}, {theirs:?}"
    );
}

#[test]
fn tables_of_chicago_are_those_of_the_near_repeat_calculator() {
    let Some(path) = reference::shared("reference/nearrepeat/expected.json") else { return };
    let expected: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut tables = 0;
    for file in ["chicago_be_month1.csv", "chicago_arson.csv"] {
        let path = reference::shared(&format!("reference/nearrepeat/{file}")).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
        let one = |row: csv::Result<csv::StringRecord>| {
            let row = row.unwrap();
            let date: jiff::civil::Date = row[2].parse().unwrap();
            let at = Local::new(row[0].parse().unwrap(), row[1].parse().unwrap());
            (at, crate::period::Day::from_date(date).0)
        };
        let (points, days): (Vec<Local>, Vec<i32>) = reader.records().map(one).unzip();
        for table in expected[file].as_array().unwrap() {
            let numbers = |name: &str| -> Vec<f64> {
                table[name].as_array().unwrap().iter().filter_map(serde_json::Value::as_f64).collect()
            };
            // Their last bands are without end: wider than the city, longer than the data.
            let mut edges_m = numbers("sds");
            edges_m.push(1e6);
            #[expect(clippy::cast_possible_truncation, reason = "days")]
            let mut edges_days: Vec<i16> = numbers("tds").iter().map(|&days| days as i16).collect();
            edges_days.push(30_000);
            let theirs: Vec<Vec<u64>> = serde_json::from_value(table["observed"].clone()).unwrap();
            let pairs = Pairs::find(&points, &edges_m, Metric::Manhattan).unwrap();
            assert_eq!(pairs.table(&days, &edges_days), theirs.concat(), "{file} {table}");
            tables += 1;
        }
    }
    assert_eq!(tables, 3);
}

/// `n` points in a square of 2 km, each on a day of a year.
fn scattered(n: u32, key: u64) -> (Vec<Local>, Vec<i32>) {
    let mut stream = Random::new(8).stream("scattered", key);
    let mut below = |limit: u32| stream.next_u32() % limit;
    (0..n)
        .map(|_| {
            let at = Local::new(f64::from(below(2_000)), f64::from(below(2_000)));
            (at, i32::try_from(below(365)).unwrap())
        })
        .unzip()
}

#[test]
fn what_follows_another_nearby_stands_out_in_its_band_only() {
    let (mut points, mut days) = scattered(400, 0);
    for first in 0..60 {
        points.push(Local::new(points[first].x + 30.0, points[first].y));
        days.push(days[first] + 3);
    }
    let (edges_m, edges_days) = ([0.0, 1.0, 50.0, 200.0], [0, 1, 8, 29]);
    let pairs = Pairs::find(&points, &edges_m, Metric::Euclidean).unwrap();
    let cells = test(&pairs, &days, &edges_days, 199, Random::new(2));
    // Bands: below 1 m, to 50 m, to 200 m; each same day, to a week, to four weeks.
    let planted = cells[3 + 1];
    assert!(
        planted.n >= 60 && planted.p_value <= 0.005 && planted.n as f64 > 5.0 * planted.expected,
        "{planted:?}"
    );
    assert!(cells[6 + 2].p_value > 0.01, "{cells:?}");
}

#[test]
fn without_a_tie_between_places_and_days_a_band_stands_out_as_often_as_chance_says() {
    let (mut low, mut cells) = (0, 0);
    for number in 0..150 {
        let (points, days) = scattered(250, 1 + number);
        let pairs = Pairs::find(&points, &[0.0, 150.0, 400.0], Metric::Euclidean).unwrap();
        let tested = test(&pairs, &days, &[0, 8, 29], 99, Random::new(number));
        low += tested.iter().filter(|cell| cell.p_value <= 0.05).count();
        cells += tested.len();
    }
    println!("{low} of {cells} bands have p up to 0.05");
    assert!(low <= cells * 8 / 100, "{low} of {cells}");
}

#[test]
fn nothing_one_point_one_place_and_one_day_are_no_pattern() {
    let (edges_m, edges_days) = ([0.0, 1.0, 100.0], [0, 1, 8]);
    let tested = |points: &[Local], days: &[i32]| {
        let pairs = Pairs::find(points, &edges_m, Metric::Euclidean).unwrap();
        test(&pairs, days, &edges_days, 19, Random::new(1))
    };
    let here = Local::new(0.0, 0.0);
    let nothing = Cell { n: 0, expected: 0.0, p_value: 1.0 };
    assert_eq!(tested(&[], &[]), [nothing; 4]);
    assert_eq!(tested(&[here], &[3]), [nothing; 4]);
    assert_eq!(tested(&[here, Local::NOWHERE], &[3, 3]), [nothing; 4]);
    // Everything on one day, or in one place: no other deal of the days is any different.
    let points = [here, here, Local::new(50.0, 0.0)];
    assert!(
        tested(&points, &[4; 3])
            .iter()
            .all(|cell| cell.p_value >= 1.0 && (cell.expected - cell.n as f64).abs() < 1e-9)
    );
    assert_eq!(tested(&[here; 5], &[1, 1, 2, 3, 9]).iter().map(|cell| cell.n).sum::<u64>(), 8);
    let none = Pairs::find(&points, &[0.0], Metric::Euclidean).unwrap();
    assert!(none.table(&[1, 2, 3], &[0, 8]).is_empty());
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (points, days) = scattered(300, 7);
    let pairs = Pairs::find(&points, &[0.0, 50.0, 300.0], Metric::Euclidean).unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| test(&pairs, &days, &[0, 1, 8], 99, Random::new(3)))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(8));
}
