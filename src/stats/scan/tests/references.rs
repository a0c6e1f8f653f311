//! Against `SaTScan` 10.3.2: its own sample data and runs on Zürich, read from beside the repository.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::*;
use crate::stats::reference::shared;

/// The words of each line of a file; `None` where it is not there.
fn lines(file: &str) -> Option<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(shared(&format!("reference/satscan/{file}"))?).unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(words).collect())
}

fn day(text: &str) -> Date {
    let parts: Vec<i16> = text.split('/').map(|part| part.parse().unwrap()).collect();
    date(parts[0], i8::try_from(parts[1]).unwrap(), i8::try_from(parts[2]).unwrap())
}

fn steps(from: Date, to: Date) -> u32 {
    u32::try_from((to - from).get_days()).unwrap()
}

/// Where things are: on a plane, or on the globe in metres from its middle.
struct Places {
    names: Vec<String>,
    at: Vec<[f64; 3]>,
}

impl Places {
    fn read(file: &str, is_globe: bool) -> Option<Self> {
        let rows = lines(file)?;
        let at = |row: &Vec<String>| {
            let (a, b): (f64, f64) = (row[1].parse().unwrap(), row[2].parse().unwrap());
            if !is_globe {
                return [a, b, 0.0];
            }
            let (lat, lon) = (a.to_radians(), b.to_radians());
            [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()].map(|part| part * 6_371_009.0)
        };
        Some(Self {
            names: rows.iter().map(|row| row[0].clone()).collect(),
            at: rows.iter().map(at).collect(),
        })
    }

    fn number(&self) -> BTreeMap<&str, u32> {
        self.names.iter().map(String::as_str).zip(0..).collect()
    }

    /// The cases of a file, their times by `time`.
    fn cases(&self, file: &str, time: impl Fn(&[String]) -> u32) -> Vec<Case> {
        let number = self.number();
        let rows = lines(file).unwrap();
        let case = |row: &Vec<String>| {
            let n: usize = row[1].parse().unwrap();
            vec![Case { place: number[row[0].as_str()], time: time(row) }; n]
        };
        rows.iter().flat_map(case).collect()
    }

    /// Compares with what the other program found: ratio, cases, first and last time, places as it lists them.
    fn compare(&self, found: &[Cluster], expected: &[(f64, u32, u32, u32, &str)]) {
        for &(llr, observed, from, to, names) in expected {
            let cluster = found.iter().find(|cluster| {
                let listed: Vec<&str> =
                    cluster.places.iter().map(|&place| self.names[place as usize].as_str()).collect();
                listed.join(" ").starts_with(names) && (cluster.llr - llr).abs() < 1e-6
            });
            let cluster = cluster.unwrap_or_else(|| panic!("no cluster {names} of {llr}"));
            assert_eq!((cluster.observed, cluster.from, cluster.to), (observed, from, to), "{names}");
        }
        assert!((found[0].llr - expected[0].0).abs() < 1e-6, "the first one is another: {:?}", found[0]);
    }
}

fn stream(replica: u64) -> Stream {
    Random::new(20_260_101).stream("scan", replica)
}

/// Cases on days from `from` to `to`, compared by permutation.
fn permutation(
    file: &str,
    from: &str,
    to: &str,
    is_globe: bool,
    radius_m: f64,
) -> Option<(Places, Study, Circles)> {
    let places = Places::read(&format!("{file}.geo"), is_globe)?;
    let cases = places.cases(&format!("{file}.cas"), |row| steps(day(from), day(&row[2])));
    let days = steps(day(from), day(to)) as usize + 1;
    let study = Study::new(places.at.len(), days, cases, Model::SpaceTimePermutation(vec![0; days])).unwrap();
    let circles = Circles::new(&places.at, &study.population(), radius_m, 0.5);
    Some((places, study, circles))
}

#[test]
fn fever_in_new_york_is_as_satscan_finds_it() {
    let Some((places, study, circles)) = permutation("NYCfever", "2001/11/1", "2001/11/24", true, 3_000.0)
    else {
        return;
    };
    let found = study.clusters(&circles, of_days(7, true), 0.1);
    let nine = "11418 11415 11419 11435 11416 11421 11451 11375 11417";
    let expected =
        [(3.845_418, 4, 21, 23, nine), (3.164_201, 2, 23, 23, "11372"), (2.137_259, 2, 22, 23, "10472")];
    places.compare(&found, &expected);
    assert!((found[0].expected - 0.67).abs() < 0.005);
    // It stopped after 207 scans, where 50 had reached the first: its 0.242 is known to 0.03 only.
    let p = study.chance(&circles, of_days(7, true), 499, stream).p_value(found[0].llr);
    assert!((p - 0.242).abs() < 0.09, "{p}");
}

#[test]
fn brain_cancer_in_new_mexico_is_as_satscan_finds_it() {
    const YEARS: i16 = 19;
    let Some(places) = Places::read("nm.geo", true) else { return };
    let number = places.number();
    let year = |row: &[String]| u32::try_from(row[2].parse::<i32>().unwrap() - 1973).unwrap();
    // How much of each of the three censuses goes into each year: they hold for 1 July, straight lines between.
    let census = [date(1973, 7, 1), date(1982, 7, 1), date(1991, 7, 1)].map(|at| steps(date(1973, 1, 1), at));
    let shares = |day: u32| -> [f64; 3] {
        let part = |from: u32, to: u32| (f64::from(day) - f64::from(from)) / f64::from(to - from);
        match day {
            _ if day <= census[0] => [1.0, 0.0, 0.0],
            _ if day <= census[1] => [1.0 - part(census[0], census[1]), part(census[0], census[1]), 0.0],
            _ if day <= census[2] => [0.0, 1.0 - part(census[1], census[2]), part(census[1], census[2])],
            _ => [0.0, 0.0, 1.0],
        }
    };
    let of_year: Vec<[f64; 3]> = (0..YEARS)
        .map(|year| {
            let midnight = |year: i16| steps(date(1973, 1, 1), date(1973 + year, 1, 1));
            let mut sum = [0.0; 3];
            for day in midnight(year)..midnight(year + 1) {
                let (morning, night) = (shares(day), shares(day + 1));
                (0..3).for_each(|census| sum[census] += f64::midpoint(morning[census], night[census]));
            }
            sum
        })
        .collect();

    // Expected cases: those of each stratum (age, sex), spread as its population.
    let years = of_year.len();
    let mut people: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    let cells = places.names.len() * years;
    for row in lines("nm.pop").unwrap() {
        let place = number[row[0].as_str()] as usize;
        let census = ["73", "82", "91"].iter().position(|year| *year == row[1]).unwrap();
        let count: f64 = row[2].parse().unwrap();
        let of_stratum = people.entry((row[3].clone(), row[4].clone())).or_insert_with(|| vec![0.0; cells]);
        for (year, shares) in of_year.iter().enumerate() {
            of_stratum[place * years + year] += shares[census] * count;
        }
    }
    let mut cases_of: BTreeMap<(String, String), f64> = BTreeMap::new();
    for row in lines("nm.cas").unwrap() {
        *cases_of.entry((row[3].clone(), row[4].clone())).or_default() += row[1].parse::<f64>().unwrap();
    }
    let mut expected = vec![0.0; cells];
    for (stratum, cases) in &cases_of {
        let people = &people[stratum];
        let total: f64 = people.iter().sum();
        expected.iter_mut().zip(people).for_each(|(sum, people)| *sum += cases * people / total);
    }

    let cases = places.cases("nm.cas", year);
    let study =
        Study::new(places.names.len(), years, cases, Model::Poisson(Population::Varying(expected))).unwrap();
    let circles = Circles::new(&places.at, &study.population(), EVERYWHERE, 0.5);
    let found = study.clusters(&circles, of_days(9, false), 0.5);
    let nine = "Torrance Bernalillo Valencia SantaFe Guadelupe Socorro Sandoval SanMiguel LosAlamos";
    let expected = [
        (10.979_758, 236, 12, 16, nine),
        (5.684_828, 16, 15, 16, "Chaves"),
        (3.884_186, 13, 9, 10, "Curry Roosevelt"),
    ];
    places.compare(&found, &expected);
    assert!((found[0].expected - 176.22).abs() < 0.005);
    let p = study.chance(&circles, of_days(9, false), 199, stream).p_value(found[0].llr);
    assert!((p - 0.014).abs() < 0.03, "{p}");
}

#[test]
fn leukaemia_in_humberside_is_as_satscan_finds_it() {
    let Some(places) = Places::read("NHumberside.geo", false) else { return };
    let cases = places.cases("NHumberside.cas", |_| 0);
    let controls = places.cases("NHumberside.ctl", |_| 0);
    assert_eq!((cases.len(), controls.len()), (62, 141));
    let study = Study::new(places.at.len(), 1, cases, Model::Bernoulli(controls)).unwrap();
    let circles = Circles::new(&places.at, &study.population(), EVERYWHERE, 0.5);
    let found = study.clusters(&circles, of_days(1, false), 1.0);
    let expected = [
        (4.836_516, 4, 0, 0, "170 173 172 169"),
        (4.836_516, 4, 0, 0, "18 19 14 26"),
        (3.712_697, 5, 0, 0, "130 134 135 118 115 124"),
        (3.712_697, 5, 0, 0, "152 158 153 154 148 155"),
        (3.609_718, 3, 0, 0, "3 4 5"),
        (3.609_718, 3, 0, 0, "85 86 82"),
    ];
    places.compare(&found, &expected);
    let ratios: Vec<f64> = found.iter().take(6).map(|cluster| cluster.llr).collect();
    assert!(
        ratios.iter().zip(&expected).all(|(ratio, expected)| (ratio - expected.0).abs() < 1e-6),
        "{ratios:?}"
    );
    // Many scans give exactly the same ratio. It stopped after 139 of them, of which 50 had beaten the first and 81 had
    // reached the second, whose ratio is the same but for the last digits of its sum: 0.360 and 0.583, each known to 0.04.
    let chance = study.chance(&circles, of_days(1, false), 1999, stream);
    let (reached, beaten) = (chance.p_value(4.836_516), chance.p_value(4.836_526));
    let error = |p: f64| (p * (1.0 - p) / 139.0).sqrt();
    assert!((beaten - 0.360).abs() < 2.0 * error(beaten), "{beaten}");
    assert!((reached - 0.583).abs() < 2.0 * error(reached), "{reached}");
}

#[test]
fn waste_in_zurich_at_the_end_of_2024_is_as_satscan_finds_it() {
    let Some((places, study, circles)) = permutation("zhw24p", "2024/1/1", "2024/12/31", false, 1_000.0)
    else {
        return;
    };
    let limits = of_days(28, true);
    let found = study.clusters(&circles, limits, 0.1);
    let expected = [
        (
            17.291_442,
            8,
            363,
            365,
            "891f8eda247ffff 891f8eda27bffff 891f8eda24fffff 891f8eda243ffff 891f8edb1b7ffff",
        ),
        (
            8.251_591,
            13,
            356,
            365,
            "891f8ed95dbffff 891f8ed94a7ffff 891f8ed95cbffff 891f8ed95d3ffff 891f8ed9437ffff",
        ),
        (
            7.263_925,
            5,
            364,
            365,
            "891f8edb38bffff 891f8edb3c7ffff 891f8edb3d7ffff 891f8edb38fffff 891f8edb31bffff",
        ),
        (
            6.095_021,
            50,
            349,
            365,
            "891f8ed943bffff 891f8ed9407ffff 891f8ed942bffff 891f8ed9433ffff 891f8ed9477ffff",
        ),
        (5.757_493, 5, 342, 365, "891f8edb26bffff"),
        (5.528_180, 3, 358, 365, "891f8ed9e93ffff 891f8ed912bffff"),
        (
            5.501_706,
            2,
            365,
            365,
            "891f8ed95afffff 891f8ed95a3ffff 891f8ed9537ffff 891f8ed9533ffff 891f8ed82dbffff",
        ),
        (5.336_679, 3, 354, 365, "891f8edb09bffff 891f8edb467ffff"),
        (
            4.235_579,
            12,
            353,
            365,
            "891f8edb107ffff 891f8edb117ffff 891f8edb13bffff 891f8edb1abffff 891f8edb10fffff",
        ),
    ];
    places.compare(&found, &expected);
    assert_eq!((found[0].places.len(), found[2].places.len()), (6, 22));
    // Its p-values, by 999 scans.
    let chance = study.chance(&circles, limits, 99, stream);
    for (cluster, p) in found.iter().zip([0.001, 0.135, 0.311, 0.697]) {
        assert!((chance.p_value(cluster.llr) - p).abs() < 0.12, "{p}: {}", chance.p_value(cluster.llr));
    }
}

#[test]
fn all_of_zurich_at_the_end_of_2025_is_as_satscan_finds_it() {
    let Some((places, study, circles)) = permutation("zha25p", "2025/1/1", "2025/12/31", false, 1_000.0)
    else {
        return;
    };
    let found = study.clusters(&circles, of_days(28, true), 0.1);
    let expected = [
        (11.598_400, 8, 359, 364, "891f8ed9423ffff"),
        (6.300_779, 13, 338, 364, "891f8edb337ffff 891f8edb3afffff"),
        (5.836_924, 26, 338, 364, "891f8edb273ffff 891f8edb20bffff 891f8edb263ffff 891f8edb20fffff"),
        (5.567_110, 5, 342, 364, "891f8ed90cbffff"),
        (5.339_504, 4, 356, 364, "891f83ac937ffff 891f83ac9afffff 891f83ac927ffff"),
    ];
    places.compare(&found, &expected);
    assert!((found[0].expected - 0.76).abs() < 0.005);
}

#[test]
fn waste_in_zurich_over_2024_is_as_satscan_finds_it() {
    let Some((places, study, circles)) = permutation("zhw24r", "2024/1/1", "2024/12/31", false, 1_000.0)
    else {
        return;
    };
    let found = study.clusters(&circles, of_days(28, false), 10.0);
    let expected = [
        (
            31.302_297,
            15,
            270,
            270,
            "891f8ed94a7ffff 891f8ed94b7ffff 891f8ed95dbffff 891f8edb36bffff 891f8ed94afffff",
        ),
        (
            22.835_488,
            8,
            363,
            363,
            "891f8eda247ffff 891f8eda27bffff 891f8eda24fffff 891f8eda243ffff 891f8edb1b7ffff",
        ),
        (
            21.264_416,
            15,
            174,
            174,
            "891f8ed947bffff 891f8ed9447ffff 891f8ed946bffff 891f8ed9473ffff 891f8ed944fffff",
        ),
        (19.950_736, 7, 236, 237, "891f8edb327ffff 891f8edb337ffff 891f8ed865bffff 891f8ed86cbffff"),
        (
            17.903_032,
            13,
            356,
            359,
            "891f8ed95dbffff 891f8ed94a7ffff 891f8ed95cbffff 891f8ed95d3ffff 891f8ed9437ffff",
        ),
        (
            17.706_052,
            68,
            197,
            224,
            "891f8ed908fffff 891f8ed9083ffff 891f8ed9017ffff 891f8ed9087ffff 891f8ed9013ffff",
        ),
        (15.500_508, 17, 107, 118, "891f8ed94a7ffff 891f8ed94b7ffff 891f8ed95dbffff 891f8edb36bffff"),
        (15.462_626, 9, 290, 291, "891f8ed94a7ffff 891f8ed94b7ffff 891f8ed95dbffff 891f8edb36bffff"),
    ];
    places.compare(&found, &expected);
}
