use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::issue::{Code, Issues};
use crate::model::report::Reports;
use crate::model::street::Way;
use crate::place::{Crs, Plane};
use crate::progress::Silent;
use crate::unit::LonLat;

/// Real data beside the repository; `None`, saying so, where it is not there.
pub(super) fn data(path: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(bytes);
    }
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    Some(plain)
}

pub(super) fn rows(bytes: &[u8], delimiter: u8) -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    (reader.headers().unwrap().clone(), reader.records().map(Result::unwrap).collect())
}

pub(super) fn column(header: &csv::StringRecord, name: &str) -> usize {
    header.iter().position(|title| title == name).unwrap_or_else(|| panic!("no column {name}"))
}

/// A register from street, number as written, postcode, town and place.
pub(super) fn register<'s>(
    rows: impl IntoIterator<Item = (&'s str, &'s str, &'s str, &'s str, Local)>,
) -> Addresses {
    let mut addresses = Addresses::default();
    for (street, number, postcode, city, at) in rows {
        let digits = number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len());
        let suffix = number[digits..].trim_start_matches([' ', '-']);
        addresses.id.push(&format!("{street} {number}"));
        addresses.street.push(addresses.words.intern(street));
        addresses.number.push(number[..digits].parse().unwrap());
        addresses.suffix.push(addresses.words.intern(suffix));
        for (value, into) in [(postcode, &mut addresses.postcode), (city, &mut addresses.city)] {
            into.push(if value.is_empty() { NONE } else { addresses.words.intern(value) });
        }
        addresses.at.push(at);
    }
    addresses
}

/// Streets from their name and corners; corners at the same place are one node.
pub(super) fn streets(lines: &[(&str, Vec<Local>)]) -> Streets {
    let mut streets = Streets::default();
    for (id, (name, line)) in (0i64..).zip(lines) {
        let mut nodes = Vec::new();
        for &at in line {
            let known = streets.nodes.iter().position(|&node| node == at);
            let node = known.unwrap_or_else(|| {
                streets.nodes.push(at);
                streets.nodes.len() - 1
            });
            nodes.push(u32::try_from(node).unwrap());
        }
        let name = streets.words.intern(name);
        streets.ways.push(Way { id, name, ..Way::residential(nodes) });
    }
    streets
}

pub(super) fn at(x: f64, y: f64) -> Local {
    Local::new(x, y)
}

/// A small town: Kerkstraat west to east with even numbers north and odd ones south, Dorpsweg across it, a
/// second Kerkstraat in the next village, and streets with the traps that real ones have.
pub(super) fn town() -> (Addresses, Streets) {
    let mut all = Vec::new();
    let mut numbers = Vec::new();
    for number in [2u32, 4, 8, 10, 12, 1, 3, 9, 11] {
        numbers.push((
            number.to_string(),
            at(f64::from(number) * 10.0, if number % 2 == 0 { 8.0 } else { -8.0 }),
        ));
    }
    for (number, place) in &numbers {
        all.push(("Kerkstraat", number.as_str(), "1234AB", "Dorp", *place));
    }
    all.extend([
        ("Kerkstraat", "12-bis", "1234AB", "Dorp", at(122.0, 8.0)),
        ("Kerkstraat", "14 H", "1234AB", "Dorp", at(140.0, 8.0)),
        ("Kerkstraat", "14 2", "1234AB", "Dorp", at(140.0, 8.0)),
        ("Kerkstraat", "99 B 1", "1234AB", "Dorp", at(200.0, -8.0)),
        ("Kerkstraat", "4", "5678CD", "Ander Dorp", at(9_000.0, 0.0)),
        ("2e Dirk van de Weteringstraat", "5", "1234AC", "Dorp", at(10.0, 300.0)),
        ("Burgemeester Reigerstraat", "7", "1234AC", "Dorp", at(20.0, 300.0)),
        ("'s-Gravenplein", "1", "1234AC", "Dorp", at(30.0, 300.0)),
        ("Straat 1940", "3", "1234AC", "Dorp", at(40.0, 300.0)),
        ("Sint Jacobsstraat", "6", "1234AC", "Dorp", at(50.0, 300.0)),
        ("Achter de Dom", "4", "1234AC", "Dorp", at(70.0, 300.0)),
        ("Dorpsweg", "2", "1234AD", "Dorp", at(108.0, 50.0)),
        ("Kemnater Straße", "57", "", "", at(60.0, 300.0)),
        ("10TH STREET NE", "500", "20002", "", at(900.0, 900.0)),
        ("10TH ST. NE", "510", "20002", "", at(950.0, 900.0)),
        ("10TH ST NW", "500", "20001", "", at(400.0, 900.0)),
        ("S STREET NW", "1400", "20009", "", at(300.0, 1_500.0)),
        ("S STREET NW", "1428", "20009", "", at(400.0, 1_500.0)),
        ("S STREET NW", "1429", "20009", "", at(400.0, 1_490.0)),
    ]);
    let lines = [
        ("Kerkstraat", vec![at(0.0, 0.0), at(100.0, 0.0), at(220.0, 0.0)]),
        ("Dorpsweg", vec![at(100.0, -200.0), at(100.0, 0.0), at(100.0, 200.0)]),
        ("Brugpad", vec![at(50.0, 10.0), at(50.0, 90.0)]),
    ];
    (register(all), streets(&lines))
}

#[test]
fn an_address_is_found_in_every_spelling() {
    let (addresses, streets) = town();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let spellings = [
        ("Kerkstraat 12, 1234 AB Dorp", "Kerkstraat 12"),
        ("kerkstr. 12 dorp", "Kerkstraat 12"),
        ("KERKSTRAAT 12 1234AB", "Kerkstraat 12"),
        ("Kerkstraat 12-bis Dorp", "Kerkstraat 12 bis"),
        ("Kerkstraat 12bis, Dorp", "Kerkstraat 12 bis"),
        ("Kerkstraat 14 hs Dorp", "Kerkstraat 14 H"),
        ("Kerkstraat 14-II Dorp", "Kerkstraat 14 2"),
        ("Kerkstraat 99B-1 Dorp", "Kerkstraat 99 B 1"),
        ("Achter de Dom 4", "Achter de Dom 4"),
        ("achter Dorpsweg 2", "Dorpsweg 2"),
        ("t/o Kerkstraat 12 Dorp", "Kerkstraat 12"),
        ("t.h.v. kerkstraat 12, Dorp", "Kerkstraat 12"),
        ("tweede Dirk v/d Weteringstr 5", "2e Dirk van de Weteringstraat 5"),
        ("2e Dirk vd Weteringstraat 5 Dorp", "2e Dirk van de Weteringstraat 5"),
        ("Burg. Reigerstr. 7", "Burgemeester Reigerstraat 7"),
        ("s Gravenpln 1", "'s-Gravenplein 1"),
        ("Straat 1940 3", "Straat 1940 3"),
        ("St. Jacobsstraat 6", "Sint Jacobsstraat 6"),
        ("In der Nähe von Kemnaterstr. 57", "Kemnater Straße 57"),
        ("Clubhaus (Kemnater Straße 57)", "Kemnater Straße 57"),
        ("500 10th St NE", "10TH STREET NE 500"),
        ("500 Tenth Street Northeast, Washington, DC 20002", "10TH STREET NE 500"),
        ("500 10 TH ST NE apt 4", "10TH STREET NE 500"),
        ("1400 S St NW", "S STREET NW 1400"),
    ];
    for (text, label) in spellings {
        let answer = geocoder.find(text);
        assert_eq!((answer.status, answer.label.as_str()), (Status::Accepted, label), "{text}: {answer:?}");
        assert!(answer.level <= Level::Near, "{text}: {answer:?}");
    }
}

#[test]
fn what_fits_several_places_or_none_is_not_placed() {
    let (addresses, streets) = town();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let status = |text: &str| geocoder.find(text).status;
    assert_eq!(status("Kerkstraat 4"), Status::Ambiguous, "two villages have it");
    assert_eq!(status("Kerkstraat 4, Ander Dorp"), Status::Accepted);
    assert_eq!(status("Kerkstraat 4 5678 CD"), Status::Accepted);
    assert_eq!(status("500 10th Street"), Status::Ambiguous, "the quadrant is missing");
    assert_eq!(status("500 10th Street SE"), Status::None, "another quadrant");
    assert_eq!(status("Kerkweg 4"), Status::None, "another street");
    assert_eq!(status("Kerkstraat achter de oude molen 4"), Status::Rejected);
    for nothing in [
        "",
        " ",
        "#",
        "12",
        "&",
        "hoek",
        "Außerhalb Stuttgarts",
        "1011AB",
        "4294967295 block of x",
        "🚮",
        "- / -",
    ] {
        assert!(matches!(status(nothing), Status::None), "{nothing:?}");
    }
}

#[test]
fn a_missing_number_lies_between_its_neighbours_on_its_own_side() {
    let (addresses, streets) = town();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let answer = geocoder.find("Kerkstraat 6 Dorp");
    assert_eq!((answer.level, answer.at), (Level::Interpolated, at(60.0, 8.0)));
    let answer = geocoder.find("Kerkstraat 5 Dorp");
    assert_eq!((answer.level, answer.at), (Level::Interpolated, at(50.0, -8.0)));
    let answer = geocoder.find("Kerkstraat 301 Dorp");
    assert_eq!(
        (answer.status, answer.level),
        (Status::Ambiguous, Level::None),
        "either Kerkstraat may be that long"
    );
    let answer = geocoder.find("Dorpsweg 301");
    assert_eq!((answer.level, answer.faults), (Level::Street, vec![Fault::NumberNotFound]));
}

#[test]
fn a_block_is_looked_for_in_its_own_street_alone() {
    let row = |street, number, x, y| (street, number, "", "", at(x, y));
    let addresses = register([
        row("G St NW", "441", 441.0, 0.0),
        row("G St NW", "621", 621.0, 0.0),
        row("G St NW", "801", 801.0, 0.0),
        row("K St NW", "400", 400.0, 400.0),
        row("K St NW", "499", 499.0, 400.0),
    ]);
    let streets = Streets::default();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let answer = geocoder.find("400 - 499 BLOCK OF G STREET NW");
    assert_eq!((answer.level, answer.at), (Level::Range, at(441.0, 0.0)), "the one number that is known");
}

#[test]
fn a_street_without_the_number_is_doubted_even_for_one_beside_it() {
    let row = |street, number, x, y| (street, number, "", "", at(x, y));
    let addresses = register([
        row("Everett Ave", "400", 0.0, 0.0),
        row("Everett Ave", "402", 200.0, 0.0),
        row("Everett Ave", "404", 400.0, 0.0),
        row("Leverett Ave", "10", 200.0, 100.0),
        row("Leverett Ave", "12", 210.0, 100.0),
        row("Leverett Ave", "14", 220.0, 100.0),
    ]);
    let streets = Streets::default();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    assert_eq!(geocoder.find("12 Everett Ave").status, Status::Ambiguous);
    assert_eq!(geocoder.find("12 Leverett Ave").label, "Leverett Ave 12");
}

#[test]
fn ranges_and_blocks_lie_in_their_middle() {
    let (addresses, streets) = town();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let answer = geocoder.find("Kerkstraat 8-12, Dorp");
    assert_eq!((answer.level, answer.at), (Level::Range, at(100.0, 8.0)), "{answer:?}");
    for text in ["1400 - 1429 BLOCK OF S STREET NW", "1400 block of S St NW"] {
        let answer = geocoder.find(text);
        assert_eq!((answer.level, answer.at.x), (Level::Range, 350.0), "{answer:?}");
    }
}

#[test]
fn streets_cross_where_they_share_a_node_or_come_near() {
    let (addresses, streets) = town();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let ways_to_say = [
        "hoek Kerkstraat Dorpsweg",
        "Kerkstraat / Dorpsweg",
        "INTERSECTION of Kerkstraat & Dorpsweg  Dorp",
        "Kerkstr. en Dorpsweg",
        "kruising Dorpsweg-Kerkstraat",
        "Dorpsweg@Kerkstraat",
    ];
    for text in ways_to_say {
        let answer = geocoder.find(text);
        assert_eq!((answer.level, answer.at), (Level::Crossing, at(100.0, 0.0)), "{text}: {answer:?}");
    }
    assert_eq!(geocoder.find("Kerkstraat & Brugpad").at, at(50.0, 5.0), "they come within 25 m");
    assert_ne!(geocoder.find("Dorpsweg & Brugpad").level, Level::Crossing, "they do not");
}

#[test]
fn a_number_that_one_village_has_is_not_the_lettered_one_of_another() {
    let rows = [("Strandgata", "10", at(0.0, 0.0)), ("Strandgata", "12", at(20.0, 0.0))];
    let others = [("Strandgata", "10 A", at(50_000.0, 0.0)), ("Strandgata", "10 B", at(50_010.0, 0.0))];
    let all = rows.into_iter().chain(others);
    let addresses = register(all.map(|(street, number, at)| (street, number, "", "", at)));
    let streets = Streets::default();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    for (text, place) in [("Strandgata 10", at(0.0, 0.0)), ("Strandgata 10 A", at(50_000.0, 0.0))] {
        assert_eq!(geocoder.find(text).at, place, "{text}");
    }
}

#[test]
fn of_two_nodes_far_apart_the_one_where_a_third_street_passes_is_the_crossing() {
    let along = vec![at(0.0, 0.0), at(100.0, 0.0), at(180.0, 0.0), at(300.0, 0.0)];
    let across = vec![at(100.0, 90.0), at(100.0, 0.0), at(180.0, 0.0), at(180.0, -90.0)];
    let third = vec![at(180.0, 0.0), at(260.0, 80.0)];
    let lines = [("K Street", along), ("17th Street", across), ("Connecticut Avenue", third)];
    let addresses = Addresses::default();
    for (count, place, least_m) in [(3, at(180.0, 0.0), 100.0), (2, at(140.0, 0.0), 60.0)] {
        let streets = streets(&lines[..count]);
        let answer =
            Geocoder::build(&addresses, &streets, &Options::default()).find("17th Street & K Street");
        assert_eq!((answer.level, answer.at), (Level::Crossing, place), "{count} streets");
        assert!(answer.accuracy_m >= least_m, "the other node may be meant");
    }
}

#[test]
fn a_place_is_called_after_what_is_nearest() {
    let (addresses, streets) = town();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    assert_eq!(geocoder.label(at(121.0, 9.0), Language::En), "Kerkstraat 12");
    assert_eq!(geocoder.label(at(101.0, 1.0), Language::En), "Dorpsweg & Kerkstraat");
    assert_eq!(geocoder.label(at(100.0, -190.0), Language::En), "Dorpsweg");
    assert_eq!(geocoder.label(at(-250.0, 0.0), Language::En), "near Kerkstraat");
    assert_eq!(geocoder.label(at(1e6, 0.0), Language::En), "");
    assert_eq!(geocoder.label(Local::NOWHERE, Language::En), "");
}

/// Reports from coordinate and address (empty for none).
pub(super) fn reports<'s>(rows: impl IntoIterator<Item = (Local, &'s str)>) -> Reports {
    let mut reports = Reports { sources: vec![Arc::from("reports.csv")], ..Reports::default() };
    for (row, (given, address)) in (1u32..).zip(rows) {
        reports.source.push(0);
        reports.row.push(row);
        reports.kind.push(crate::model::kind::Kind::Other);
        reports.given.push(given);
        reports.address.push(if address.is_empty() { NONE } else { reports.words.intern(address) });
    }
    reports
}

#[test]
fn a_coordinate_is_kept_and_one_far_from_its_address_is_noted() {
    let (addresses, streets) = town();
    let reports = reports([
        (at(125.0, 0.0), "Kerkstraat 12 Dorp"),
        (at(900.0, 0.0), "Kerkstraat 12 Dorp"),
        (Local::NOWHERE, "Kerkstraat 12 Dorp"),
        (Local::NOWHERE, "Kerkstraat 4"),
        (Local::NOWHERE, "Molenpad 4"),
        (Local::NOWHERE, ""),
    ]);
    let options = Options { learn: false, ..Options::default() };
    let geocoder = Geocoder::build(&addresses, &streets, &options);
    let mut issues = Issues::new();
    let located = geocoder.locate(&reports, &mut issues, &Silent);
    let (given, address, none) = (Placed::Given, Placed::Address, Placed::None);
    assert_eq!(located.placed, [given, given, address, none, none, none]);
    assert_eq!(located.at[..3], [at(125.0, 0.0), at(900.0, 0.0), at(120.0, 8.0)]);
    assert_eq!(located.address[1], NONE);
    assert_eq!(addresses.label(located.address[0] as usize), "Kerkstraat 12");
    let codes: Vec<_> = issues.list().iter().map(|issue| (issue.row, issue.code.code())).collect();
    assert_eq!(codes, [(2, "G002"), (4, "G004"), (5, "G003"), (6, "G005")]);
    assert!(
        issues.list().iter().all(|issue| !issue.value.contains("straat")),
        "addresses are nobody's business"
    );
}

#[test]
fn a_coordinate_under_many_addresses_is_where_the_counter_stands() {
    let (addresses, streets) = town();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let texts: Vec<String> = (1..=30).map(|number| format!("Kerkstraat {number} Dorp")).collect();
    let counter = texts.iter().map(|text| (at(5_000.0, 5_000.0), text.as_str()));
    let block_of_flats = (0..50).map(|_| (at(120.0, 8.0), "Kerkstraat 12 Dorp"));
    let reports = reports(counter.chain(block_of_flats).chain([(at(5_000.0, 5_000.0), "")]));
    let mut issues = Issues::new();
    let located = geocoder.locate(&reports, &mut issues, &Silent);
    assert_eq!(issues.count(Code::DefaultPoint), 31);
    assert!(located.at.iter().all(|&place| place != at(5_000.0, 5_000.0)));
    assert_eq!(
        (located.placed[1], located.placed[30], located.placed[80]),
        (Placed::Address, Placed::Given, Placed::None)
    );
}

#[test]
fn every_fault_has_a_name_of_its_own() {
    let mut names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Fault::ALL.len());
}

proptest::proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,60}", street in "(Kerk|10th |S )?(straat|St|weg)[ .,&/-]{0,2}[0-9]{0,12}[a-z/ -]{0,9}") {
        let (addresses, streets) = town();
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        for text in [text, street] {
            let answer = geocoder.find(&text);
            proptest::prop_assert_eq!(answer.at.is_somewhere(), answer.status == Status::Accepted);
        }
    }
}

/// The `NLExtract` layout of the Dutch register, as addresses and as people write them.
#[test]
fn all_99_addresses_of_the_dutch_register_are_found_in_every_official_spelling() {
    let Some(bytes) = data("geocoding/bag_nlextract_99_rows.csv") else { return };
    let (header, rows) = rows(&bytes, b';');
    let column = |name: &str| column(&header, name);
    let field = |row: &csv::StringRecord, name: &str| row[column(name)].to_owned();
    let number = |row: &csv::StringRecord| {
        let parts = ["huisnummer", "huisletter", "huisnummertoevoeging"].map(|name| field(row, name));
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let all: Vec<_> = rows
        .iter()
        .map(|row| {
            let place = at(field(row, "x").parse().unwrap(), field(row, "y").parse().unwrap());
            (field(row, "openbareruimte"), number(row), field(row, "postcode"), place)
        })
        .collect();
    let addresses = register(all.iter().map(|(street, number, code, at)| {
        (street.as_str(), number.as_str(), code.as_str(), "Amsterdam", *at)
    }));
    let streets = Streets::default();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let mut wrong = Vec::new();
    for (street, number, code, place) in &all {
        let spaced = format!("{} {}", &code[..4], &code[4..]);
        let short = street.replace("straat", "str.").replace("kade", "kd");
        let spellings = [
            format!("{street} {number}, {spaced} Amsterdam"),
            format!("{street} {number} {code} Amsterdam"),
            format!("{street} {} {spaced}", number.replace(' ', "-")),
            format!("{} {}", street.to_lowercase(), number.replacen(' ', "-", 1)),
            format!("{short} {number} amsterdam"),
            format!("t.h.v. {street} {number}"),
        ];
        for text in spellings {
            let answer = geocoder.find(&text);
            if answer.level > Level::Near || answer.at.distance_m(*place) > 25.0 {
                wrong.push(format!("{text}: {answer:?}"));
            }
        }
    }
    println!("{} of {} spellings wrong", wrong.len(), all.len() * 6);
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(8)]);
}

pub(super) fn washington() -> Option<(Plane, Addresses)> {
    let plane = Plane::new(Crs::from_epsg(26985).unwrap()).unwrap();
    let bytes = data("washington-dc/addresses.csv")?;
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let located = |row: &csv::StringRecord| {
        let degree = |name: &str| row[column(name)].parse().unwrap();
        plane.local(LonLat::new(degree("lon"), degree("lat"))).unwrap()
    };
    let usable = rows
        .iter()
        .filter(|row| row[column("house_number")].starts_with(|digit: char| digit.is_ascii_digit()));
    let addresses = register(usable.map(|row| {
        (&row[column("street")], &row[column("house_number")], &row[column("zip")], "", located(row))
    }));
    Some((plane, addresses))
}

/// A guard, not a proof: some limits of the lookup were set on these very requests.
#[test]
fn washingtons_requests_lie_where_the_city_says() {
    let Some((plane, addresses)) = washington() else { return };
    let Some(bytes) = data("washington-dc/requests_2015-09_2016-08.csv.gz") else { return };
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let streets = Streets::default();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let begun = std::time::Instant::now();
    let asked: Vec<(Local, &str)> = rows
        .iter()
        .filter(|row| !row[column("STREETADDRESS")].trim().is_empty())
        .map(|row| {
            let at = LonLat::new(row[column("lon")].parse().unwrap(), row[column("lat")].parse().unwrap());
            (plane.local(at).unwrap(), &row[column("STREETADDRESS")])
        })
        .collect();
    let mut errors: std::collections::BTreeMap<(&str, &str), Vec<f64>> = std::collections::BTreeMap::new();
    let (mut accepted, mut wrong) = (0, 0);
    let mut outside: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (truth, text) in &asked {
        let answer = geocoder.find(text);
        let error_m = answer.at.distance_m(*truth);
        errors.entry((answer.status.name(), answer.level.name())).or_default().push(error_m);
        if answer.status == Status::Accepted {
            *outside.entry(answer.level.name()).or_default() += usize::from(error_m > answer.accuracy_m);
        }
        if answer.status == Status::Accepted && answer.level.is_point() {
            accepted += 1;
            wrong += usize::from(error_m > 250.0);
        }
    }
    println!("{} texts in {:.2} s", asked.len(), begun.elapsed().as_secs_f64());
    for ((status, level), errors) in &mut errors {
        errors.sort_by(f64::total_cmp);
        let at = |percent: usize| errors[(errors.len() - 1) * percent / 100];
        println!(
            "{status} {level}: {} ({:.1} %), median {:.0} m, p95 {:.0} m",
            errors.len(),
            100.0 * errors.len() as f64 / asked.len() as f64,
            at(50),
            at(95)
        );
    }
    println!(
        "of {accepted} accepted as points {wrong} are more than 250 m off, beyond their accuracy: {outside:?}"
    );
    assert!(wrong * 200 <= accepted, "more than 0.5 % wrong");
}

#[test]
fn bostons_city_hall_is_a_default_point_and_hardly_anything_else_is() {
    let Some(bytes) = data("boston-2015/boston311_2015_158types.csv.gz") else { return };
    let plane = Plane::new(Crs::from_epsg(26986).unwrap()).unwrap();
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let city_hall = plane.local(LonLat::new(-71.0587, 42.3594)).unwrap();
    let given = rows.iter().map(|row| {
        let degrees = row[column("LONGITUDE")].parse().ok().zip(row[column("LATITUDE")].parse().ok());
        let at = degrees.and_then(|(lon, lat)| plane.local(LonLat::new(lon, lat)));
        (at.unwrap_or(Local::NOWHERE), row[column("Location")].trim())
    });
    let reports = reports(given);
    let is_default = default_point::find(&reports, &Options::default());
    let on_city_hall: Vec<bool> = reports.given.iter().map(|at| at.distance_m(city_hall) < 1.0).collect();
    let caught = is_default
        .iter()
        .zip(&on_city_hall)
        .filter(|&(&is_default, &is_there)| is_default && is_there)
        .count();
    let falsely = is_default
        .iter()
        .zip(&on_city_hall)
        .filter(|&(&is_default, &is_there)| is_default && !is_there)
        .count();
    println!("{caught} caught, {falsely} of {} others flagged", reports.len() - caught);
    assert_eq!(caught, 17_070);
    assert!(falsely * 100 <= reports.len());
}

/// The OpenStreetMap extract of Helsinki with its streets and addresses.
fn helsinki() -> Option<(Addresses, Streets)> {
    use crate::import::{self, Settings};
    data("helsinki/helsinki-centre.osm.pbf")?;
    let base = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/helsinki");
    let plane = Plane::new(Crs::from_epsg(3067).unwrap()).unwrap();
    let clock = crate::period::Clock::new("Europe/Helsinki").unwrap();
    let settings = Settings { base: &base, clock: &clock, crs: None, period: None, kinds: &[] };
    let (mut issues, mut counts) = (Issues::new(), Vec::new());
    let sources =
        toml::from_str::<import::Sources>("streets = [\"helsinki-centre.osm.pbf\"]").unwrap().streets;
    let streets = import::streets::read(&sources, &settings, &plane, &mut issues, &mut counts).unwrap();
    let file = import::open::files(&base, "helsinki-centre.osm.pbf").unwrap().remove(0);
    let points = import::osm::Extract::read(&file).unwrap().addresses();
    let usable = points
        .iter()
        .filter(|point| !point.street.is_empty() && point.number.starts_with(|c: char| c.is_ascii_digit()));
    let addresses = register(usable.map(|point| {
        let at = plane.local(point.at.unwrap()).unwrap();
        (point.street.as_str(), point.number.as_str(), point.postcode.as_str(), point.city.as_str(), at)
    }));
    Some((addresses, streets))
}

#[test]
fn helsinkis_addresses_are_found_in_finnish_and_swedish() {
    let Some((addresses, streets)) = helsinki() else { return };
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let (mut missed, mut asked) = (Vec::new(), 0);
    for row in 0..addresses.len() {
        let street = addresses.words.get(addresses.street[row]);
        let number = addresses.label(row)[street.len()..].trim().to_owned();
        let names = streets.ways.iter().filter(|way| streets.words.get(way.name) == street);
        let swedish = names.flat_map(|way| &way.other_names).next().map(|&name| streets.words.get(name));
        let texts =
            [format!("{street} {number}, 00100 Helsinki"), format!("{} {number}", street.to_uppercase())];
        for text in texts.into_iter().chain(swedish.map(|name| format!("{name} {number}"))) {
            asked += 1;
            let answer = geocoder.find(&text);
            if answer.at.distance_m(addresses.at[row]) > 60.0 || answer.status != Status::Accepted {
                missed.push(format!(
                    "{text}: {:?} {} {:?} {:?}",
                    answer.status, answer.label, answer.faults, answer.candidates
                ));
            }
        }
    }
    println!("{} of {asked} missed: {:#?}", missed.len(), &missed[..missed.len().min(12)]);
    assert!(missed.len() * 100 <= asked);
}

#[test]
fn helsinkis_crossings_are_found_where_they_are() {
    let Some((addresses, streets)) = helsinki() else { return };
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let mut names_at: std::collections::BTreeMap<u32, Vec<u32>> = std::collections::BTreeMap::new();
    for way in streets.ways.iter().filter(|way| way.name != NONE) {
        way.nodes.iter().for_each(|&node| names_at.entry(node).or_default().push(way.name));
    }
    let (mut right, mut ambiguous, mut wrong) = (0, 0, Vec::new());
    for (node, mut names) in names_at {
        names.sort_unstable();
        names.dedup();
        let [a, b] = names[..] else { continue };
        let text = format!("{} & {}", streets.words.get(a), streets.words.get(b));
        let answer = geocoder.find(&text);
        let error_m = answer.at.distance_m(streets.nodes[node as usize]);
        match answer.status {
            Status::Ambiguous => ambiguous += 1,
            Status::Accepted if error_m <= 25.0f64.max(answer.accuracy_m) => right += 1,
            _ => wrong.push(format!("{text}: {error_m:.0} m {answer:?}")),
        }
    }
    println!(
        "{right} right, {ambiguous} ambiguous, {} wrong {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
    assert!(wrong.len() * 50 <= right);
}
