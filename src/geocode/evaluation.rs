//! How well places are found in real cities: figures printed, floors held.
//!
//! Every test reads data that lie beside the repository and is skipped, saying so, where they are not there.
//! `cargo test --lib geocode::evaluation -- --nocapture` prints the tables.

mod coordinates;

use std::collections::BTreeMap;

use super::form::{self, Form};
use super::learned::Learned;
use super::tests::{column, data, register, reports, rows};
use super::*;
use crate::issue::Issues;
use crate::place::{Crs, Plane};
use crate::progress::Silent;
use crate::unit::LonLat;

/// The value below which `percent` of the values lie.
fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len().max(1) - 1) * percent / 100).copied().unwrap_or(f64::NAN)
}

/// Whether a text falls among so many per cent that are hidden, by its hash.
fn is_held_out(text: &str, percent: u64) -> bool {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 31)) % 100 < percent
}

#[test]
fn most_acceptance_cases_of_british_columbia_have_the_form_that_they_should() {
    let Some(bytes) = data("geocoding/bcgov_atp_addresses.csv") else { return };
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let mut table: BTreeMap<(String, Form), usize> = BTreeMap::new();
    let (mut right, mut strictly, mut counted, mut wrong) = (0, 0, 0, Vec::new());
    for row in &rows {
        let (text, expected) = (&row[column("addressString")], &row[column("expectedMatchPrecision")]);
        let form = form::plain(&normalise::tokens(&normalise::fold(text))).form;
        // Number or block is for the register to say: the text is the same.
        let form_of = |precision: &str| match precision {
            "CIVIC_NUMBER" | "BLOCK" => Some(Form::Address),
            "UNIT" => Some(Form::Unit),
            "STREET" => Some(Form::Street),
            "INTERSECTION" => Some(Form::Crossing),
            "SITE" => Some(Form::Site),
            "LOCALITY" => Some(Form::Locality),
            _ => None,
        };
        let Some(precision) = form_of(expected) else { continue };
        // Nor can a parser know that the register lacks a flat or number which the text names.
        let full = row[column("expectedFullAddress")].to_uppercase();
        let faults = &row[column("expectedFaults")];
        let flat = ["UNIT ", "APT ", "CONDO "].iter().find_map(|word| full.strip_prefix(word));
        let names_flat = flat.is_some_and(|rest| !rest.starts_with('-')) && precision == Form::Address;
        let names_number = faults.contains("CIVIC_NUMBER.notInAnyBlock") && precision == Form::Street;
        let said = if names_flat {
            Form::Unit
        } else if names_number {
            Form::Address
        } else {
            precision
        };
        *table.entry((expected.to_owned(), form)).or_default() += 1;
        counted += 1;
        strictly += usize::from(form == precision);
        right += usize::from(form == said);
        if form != said {
            wrong.push(format!("{expected} {form:?}: {text}"));
        }
    }
    for ((expected, form), count) in &table {
        println!("{expected:>14} read as {form:?}: {count}");
    }
    let share = |count: usize| 100.0 * count as f64 / counted as f64;
    println!("{right} of {counted} as the text says = {:.1} %", share(right));
    println!("{strictly} as the city's register says = {:.1} %", share(strictly));
    println!("{wrong:#?}");
    assert!(right * 10 >= counted * 9);
}

/// Streets of Boston that are looked at, in per cent: all of them only where the program is optimised.
const STREETS: u64 = if cfg!(debug_assertions) { 10 } else { 100 };

struct Boston {
    /// Address text and coordinate of every request.
    rows: Vec<(String, Local)>,
    city_hall: Local,
}

fn boston() -> Option<Boston> {
    let bytes = data("boston-2015/boston311_2015_158types.csv.gz")?;
    let plane = Plane::new(Crs::from_epsg(26986).unwrap()).unwrap();
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let rows = rows
        .iter()
        .map(|row| {
            let degrees = row[column("LONGITUDE")].parse().ok().zip(row[column("LATITUDE")].parse().ok());
            let at = degrees.and_then(|(lon, lat)| plane.local(LonLat::new(lon, lat)));
            (row[column("Location")].trim().to_owned(), at.unwrap_or(Local::NOWHERE))
        })
        .filter(|(text, _)| is_held_out(text.split_once(' ').map_or("", |(_, street)| street), STREETS))
        .collect();
    Some(Boston { rows, city_hall: plane.local(LonLat::new(-71.0587, 42.3594)).unwrap() })
}

#[test]
fn bostons_requests_on_city_hall_are_placed_by_the_others() {
    let Some(boston) = boston() else { return };
    let reports = reports(boston.rows.iter().map(|(text, at)| (*at, text.as_str())));
    let (addresses, streets) = (Addresses::default(), Streets::default());
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let mut issues = Issues::new();
    let begun = std::time::Instant::now();
    let located = geocoder.locate(&reports, &mut issues, &Silent);
    println!("{} reports in {:.1} s", reports.len(), begun.elapsed().as_secs_f64());

    let on_hall = |report: &usize| reports.given[*report].distance_m(boston.city_hall) < 1.0;
    let with_text: Vec<usize> =
        (0..reports.len()).filter(on_hall).filter(|&report| reports.address[report] != NONE).collect();
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    for &report in &with_text {
        *levels.entry(located.level[report].name()).or_default() += 1;
    }
    // The name of the street alone, whatever its postcode: what other rows carry.
    let street = |text: &str| {
        let folded = normalise::fold(text);
        let tokens = normalise::tokens(&folded);
        let plain = form::plain(&tokens);
        plain.streets.first().map(|street| normalise::key(street))
    };
    let elsewhere: std::collections::HashSet<_> = (0..reports.len())
        .filter(|report| !on_hall(report))
        .filter_map(|report| street(&boston.rows[report].0))
        .collect();
    let can: Vec<usize> = with_text
        .iter()
        .copied()
        .filter(|&report| street(&boston.rows[report].0).is_some_and(|key| elsewhere.contains(&key)))
        .collect();
    let placed = can.iter().filter(|&&report| located.placed[report] == Placed::Learned).count();
    println!("{} on City Hall have a text: {levels:?}", with_text.len());
    println!("{} name a street of other rows; {placed} of them placed", can.len());
    let missed: Vec<&str> = can
        .iter()
        .filter(|&&report| located.placed[report] != Placed::Learned)
        .map(|&report| boston.rows[report].0.as_str())
        .collect();
    println!("{:#?}", &missed[..missed.len().min(12)]);
    assert!(placed * 100 >= can.len() * 95);
    assert!(with_text.iter().all(|&report| located.at[report] != reports.given[report]));
}

#[test]
fn bostons_hidden_house_numbers_are_found_between_the_others() {
    let Some(boston) = boston() else { return };
    let usable = |(text, at): &&(String, Local)| {
        text.starts_with(|first: char| first.is_ascii_digit()) && at.distance_m(boston.city_hall) > 1.0
    };
    let mut by_text: BTreeMap<&str, Vec<Local>> = BTreeMap::new();
    for (text, at) in boston.rows.iter().filter(usable) {
        by_text.entry(text).or_default().push(*at);
    }
    // Ranges and suffixes of a hidden address are hidden with it.
    let house = |text: &str| {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        format!("{} {}", &text[..digits], text.split_once(' ').map_or("", |(_, street)| street))
    };
    let known = by_text.iter().filter(|(text, _)| !is_held_out(&house(text), 30));
    let learned = Learned::new(known.map(|(text, at)| (*text, at.clone())));
    let mut errors: BTreeMap<Level, Vec<f64>> = BTreeMap::new();
    let mut inside: BTreeMap<Level, usize> = BTreeMap::new();
    let mut asked = 0;
    for (text, at) in by_text.iter().filter(|(text, _)| is_held_out(&house(text), 30)) {
        let is_plain =
            text.split_once(' ').is_some_and(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
        if !is_plain {
            continue;
        }
        asked += 1;
        let Some(place) = learned.find(text) else {
            errors.entry(Level::None).or_default().push(f64::NAN);
            continue;
        };
        let error_m = place.at.distance_m(at[0]);
        errors.entry(place.level).or_default().push(error_m);
        *inside.entry(place.level).or_default() += usize::from(error_m <= place.accuracy_m);
    }
    println!("{asked} hidden");
    for (level, errors) in &mut errors {
        println!(
            "{}: {} median {:.0} p95 {:.0} m, inside {:.1} %",
            level.name(),
            errors.len(),
            percentile(errors, 50),
            percentile(errors, 95),
            100.0 * inside.get(level).copied().unwrap_or(0) as f64 / errors.len() as f64
        );
    }
    let between = errors.get_mut(&Level::Interpolated).unwrap();
    assert!(percentile(between, 50) <= 8.0 && percentile(between, 95) <= 45.0);
    let placed: usize =
        errors.iter().filter(|(level, _)| **level != Level::None).map(|(_, all)| all.len()).sum();
    assert!(inside.values().sum::<usize>() * 100 >= placed * 94);
}

/// One way to write a Dutch address.
type Spelling = (&'static str, fn(&Dutch) -> String);

struct Dutch {
    street: String,
    /// Number, letter and addition.
    parts: [String; 3],
    code: String,
    at: Local,
}

impl Dutch {
    /// Number, letter and addition with `sign` between them; two digits never meet.
    fn number(&self, sign: &str) -> String {
        let mut number = self.parts[0].clone();
        for part in self.parts[1..].iter().filter(|part| !part.is_empty()) {
            let meet = part.starts_with(|c: char| c.is_ascii_digit())
                && number.ends_with(|c: char| c.is_ascii_digit());
            number.push_str(if sign.is_empty() && meet { "-" } else { sign });
            number.push_str(part);
        }
        number
    }

    fn spaced(&self) -> String {
        format!("{} {}", &self.code[..4], &self.code[4..])
    }

    /// The addition as people say it: `hs` and `huis` for `H`, `II` for 2.
    fn spoken(&self, ground_floor: &str) -> String {
        let addition = match self.parts[2].as_str() {
            "H" => ground_floor,
            "1" => "I",
            "2" => "II",
            "3" => "III",
            "4" => "IV",
            other => other,
        };
        let number = format!("{}{}", self.parts[0], self.parts[1]);
        if addition.is_empty() { number } else { format!("{number} {addition}") }
    }

    fn short(&self) -> String {
        let pairs = [
            ("straat", "str."),
            ("kade", "kd"),
            ("plein", "pln"),
            ("gracht", "gr."),
            ("laan", "ln"),
            ("van de ", "v/d "),
            ("van der ", "v.d. "),
            ("Eerste ", "1e "),
            ("Tweede ", "2e "),
            ("Prins ", "Pr. "),
            ("Nieuwe ", "Nwe "),
            ("Oude ", "Ou. "),
            ("Sint ", "St. "),
        ];
        pairs.iter().fold(self.street.clone(), |street, (long, short)| street.replace(long, short))
    }
}

const SPELLINGS: &[Spelling] = &[
    ("clean", |a| format!("{} {}, {} Amsterdam", a.street, a.number(" "), a.spaced())),
    ("clean, code in one", |a| format!("{} {}, {} Amsterdam", a.street, a.number(" "), a.code)),
    ("lower case", |a| format!("{} {}", a.street, a.number(" ")).to_lowercase()),
    ("upper case", |a| format!("{} {} AMSTERDAM", a.street, a.number("-")).to_uppercase()),
    ("letters glued", |a| format!("{} {}", a.street, a.number(""))),
    ("hyphens", |a| format!("{} {}, Amsterdam", a.street, a.number("-"))),
    ("spoken, hs", |a| format!("{} {}, Amsterdam", a.street, a.spoken("hs"))),
    ("spoken, huis", |a| format!("{} {}", a.street, a.spoken("huis"))),
    ("hyphen and hs", |a| format!("{} {}", a.street, a.spoken("hs").replace(' ', "-"))),
    ("abbreviated", |a| format!("{} {} adam", a.short(), a.number(" "))),
    ("abbreviated, lower case", |a| format!("{} {}", a.short(), a.number("-")).to_lowercase()),
    ("town in front", |a| format!("Amsterdam, {} {}", a.street, a.number(" "))),
    ("town in front, no comma", |a| format!("Amsterdam {} {}", a.street, a.number(" "))),
    ("postcode and town in front", |a| format!("{} Amsterdam, {} {}", a.spaced(), a.street, a.number(" "))),
    ("postcode in front", |a| format!("{} {} {}", a.code, a.street, a.number(" "))),
    ("A'dam", |a| format!("{} {} A'dam", a.street, a.number(" "))),
    ("number first", |a| format!("{} {}", a.number(""), a.street)),
    ("no blank before the number", |a| format!("{}{}", a.street, a.number("-"))),
    ("two blanks", |a| format!("  {}  {}  ", a.street, a.number(" "))),
    ("comma before the number", |a| format!("{}, {}", a.street, a.number(" "))),
    ("nr", |a| format!("{} nr {}", a.street, a.number("-"))),
    ("nr.", |a| format!("{} nr. {} te Amsterdam", a.street, a.number("-"))),
    ("nummer", |a| format!("{} nummer {}", a.street, a.number("-"))),
    ("huisnummer", |a| format!("{} huisnummer {}", a.street, a.number("-"))),
    ("postcode and number", |a| format!("{} {}", a.code, a.number("-"))),
    ("spaced postcode and number", |a| format!("{} {}", a.spaced(), a.number(" "))),
    ("postcode, comma, number", |a| format!("{}, nr {}", a.spaced(), a.number("-"))),
    ("number and postcode", |a| format!("{}, {}", a.number("-"), a.code)),
    ("lower-case postcode and number", |a| format!("{} {}", a.spaced(), a.number("")).to_lowercase()),
    ("t.h.v.", |a| format!("t.h.v. {} {}", a.street, a.number("-"))),
    ("thv within", |a| format!("{} thv {}", a.street, a.number("-"))),
    ("t.h.v. nr within", |a| format!("{} t.h.v. nr. {}", a.street, a.number("-"))),
    ("ter hoogte van", |a| format!("ter hoogte van {} {} Amsterdam", a.street, a.number("-"))),
    ("ter hoogte van nummer", |a| format!("{} ter hoogte van nummer {}", a.street, a.number("-"))),
    ("thing t.h.v.", |a| format!("container t.h.v. {} {}", a.street, a.number("-"))),
    ("t/o", |a| format!("t/o {} {}", a.street, a.number("-"))),
    ("t/o within", |a| format!("{} t/o {}", a.street, a.number("-"))),
    ("t.o. within", |a| format!("{} t.o. nr {}", a.street, a.number("-"))),
    ("tegenover", |a| format!("tegenover {} {}, {}", a.street, a.number("-"), a.spaced())),
    ("tegenover within", |a| format!("{} tegenover {}", a.street, a.number("-"))),
    ("voor", |a| format!("voor {} {}", a.street, a.number("-"))),
    ("naast", |a| format!("naast {} {}", a.street, a.number("-")).to_lowercase()),
    ("nabij", |a| format!("nabij {} {}", a.street, a.number("-"))),
    ("bij nummer within", |a| format!("{} bij nummer {}", a.street, a.number("-"))),
    ("in de buurt van", |a| format!("in de buurt van {} {}", a.street, a.number("-"))),
    ("country", |a| format!("{} {}, {} Amsterdam, Nederland", a.street, a.number(" "), a.spaced())),
    ("storey", |a| format!("{} {}, 3e verdieping", a.street, a.number("-"))),
    ("room", |a| format!("{} {} kamer 4, Amsterdam", a.street, a.number("-"))),
    ("y for ij", |a| format!("{} {}", a.street.replace("ij", "y"), a.number("-"))),
    ("without De", |a| format!("{} {}", a.street.trim_start_matches("De "), a.number("-"))),
    ("no blanks in the name", |a| format!("{} {}", a.street.replace(' ', ""), a.number("-"))),
    ("postcode glued to the number", |a| format!("{} {},{}", a.street, a.number("-"), a.code)),
    ("brackets", |a| format!("{} {} ({} Amsterdam)", a.street, a.number("-"), a.code)),
];

#[test]
fn dutch_addresses_are_found_however_people_write_them() {
    let Some(bytes) = data("geocoding/bag_nlextract_99_rows.csv") else { return };
    let (header, rows) = rows(&bytes, b';');
    let field = |row: &csv::StringRecord, name: &str| row[column(&header, name)].to_owned();
    let all: Vec<Dutch> = rows
        .iter()
        .map(|row| Dutch {
            street: field(row, "openbareruimte"),
            parts: ["huisnummer", "huisletter", "huisnummertoevoeging"].map(|name| field(row, name)),
            code: field(row, "postcode"),
            at: Local::new(field(row, "x").parse().unwrap(), field(row, "y").parse().unwrap()),
        })
        .collect();
    let numbers: Vec<String> = all.iter().map(|address| address.number(" ")).collect();
    let addresses = register(all.iter().zip(&numbers).map(|(address, number)| {
        (address.street.as_str(), number.as_str(), address.code.as_str(), "Amsterdam", address.at)
    }));
    let streets = Streets::default();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let (mut right, mut wrong, mut asked) = (0, 0, 0);
    for (name, spell) in SPELLINGS {
        let mut missed = Vec::new();
        for address in &all {
            asked += 1;
            let text = spell(address);
            let answer = geocoder.find(&text);
            let error_m = answer.at.distance_m(address.at);
            if answer.status == Status::Accepted && error_m <= 25.0 && answer.level <= Level::Near {
                right += 1;
            } else {
                wrong += usize::from(answer.status == Status::Accepted && error_m > 100.0);
                missed.push(format!(
                    "{text}: {} {} {error_m:.0} m {:?} {:?}",
                    answer.status.name(),
                    answer.level.name(),
                    answer.faults,
                    answer.candidates
                ));
            }
        }
        println!("{name}: {} of {} {:?}", all.len() - missed.len(), all.len(), missed.first());
        assert!(!name.starts_with("clean") || missed.is_empty());
    }
    println!("{right} of {asked} = {:.2} %, {wrong} wrong", 100.0 * f64::from(right) / f64::from(asked));
    assert!(f64::from(right) >= 0.98 * f64::from(asked));
    assert!(wrong as f64 <= 0.002 * f64::from(asked));
}

/// The core network of Washington, whose lines lack the quadrant.
fn washingtons_streets(plane: &Plane) -> Option<Streets> {
    let file = "washington-dc/layers/l-enfant-plan-street-centerlines.geojson";
    data(file)?;
    let base = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let clock = crate::period::Clock::new("America/New_York").unwrap();
    let settings =
        crate::import::Settings { base: &base, clock: &clock, crs: None, period: None, kinds: &[] };
    let sources = toml::from_str::<crate::import::Sources>(&format!("streets = [\"{file}\"]")).unwrap();
    let (mut issues, mut counts) = (Issues::new(), Vec::new());
    crate::import::streets::read(&sources.streets, &settings, plane, &mut issues, &mut counts).ok()
}

/// Whether a request lies in the quadrant that its text names, or on the border of it: the city put `2800 PENNSYLVANIA
/// AVENUE SE` at 2800 Pennsylvania Avenue NW, 8 km away. Quadrants meet at the Capitol.
fn is_in_its_quadrant(plane: &Plane, text: &str, at: Local) -> bool {
    const BORDER_M: f64 = 150.0;
    let capitol = plane.local(LonLat::new(-77.0091, 38.8899)).unwrap();
    let (east_m, north_m) = (at.x - capitol.x, at.y - capitol.y);
    let mut named = text.split(' ').filter(|word| matches!(*word, "NW" | "NE" | "SE" | "SW"));
    named.all(|quadrant| {
        let north_m = if quadrant.starts_with('N') { north_m } else { -north_m };
        let east_m = if quadrant.ends_with('E') { east_m } else { -east_m };
        north_m > -BORDER_M && east_m > -BORDER_M
    })
}

#[test]
fn washingtons_crossings_lie_where_the_city_says() {
    let Some((plane, addresses)) = tests::washington() else { return };
    let Some(streets) = washingtons_streets(&plane) else { return };
    let Some(bytes) = data("washington-dc/requests_2015-09_2016-08.csv.gz") else { return };
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let mut texts: BTreeMap<&str, Local> = BTreeMap::new();
    for row in &rows {
        let text = row[column("STREETADDRESS")].trim();
        if text.contains(['&', '@']) || text.contains(" AND ") {
            let at = LonLat::new(row[column("lon")].parse().unwrap(), row[column("lat")].parse().unwrap());
            texts.insert(text, plane.local(at).unwrap());
        }
    }
    // Whether lines of both streets pass the place.
    let in_network = |text: &str, at: Local| {
        let folded = normalise::fold(text);
        let tokens = normalise::tokens(&folded);
        let plain = form::plain(&tokens);
        let register = &geocoder.register;
        let passes = |street: &Vec<normalise::Token<'_>>| {
            let found = register.find(&normalise::without_quadrant(street)).into_iter();
            let ways = found.flat_map(|(name, _)| &register.names[name as usize].ways);
            let lines = ways.map(|&way| streets.line(&streets.ways[way as usize]));
            lines
                .flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>())
                .any(|(from, to)| lookup::on_segment(at, from, to).distance_m(at) <= 25.0)
        };
        plain.form == Form::Crossing && plain.streets.len() == 2 && plain.streets.iter().all(passes)
    };
    let (mut elsewhere, mut known, mut right, mut ambiguous, mut wrong) = (0, 0, 0, 0, 0);
    let mut missed = Vec::new();
    for (text, &at) in &texts {
        let answer = geocoder.find(text);
        let error_m = answer.at.distance_m(at);
        if !is_in_its_quadrant(&plane, text, at) {
            elsewhere += 1;
            continue;
        }
        let is_accepted = answer.status == Status::Accepted;
        wrong += usize::from(is_accepted && error_m > answer.accuracy_m.max(100.0));
        if !in_network(text, at) {
            continue;
        }
        known += 1;
        ambiguous += usize::from(answer.status == Status::Ambiguous);
        if is_accepted && error_m <= 25.0 {
            right += 1;
        } else {
            let Answer { status, candidates, label, .. } = answer;
            missed.push(format!("{text}: {} {error_m:.0} m {candidates:?} {label}", status.name()));
        }
    }
    println!(
        "{} crossings, {elsewhere} of them not in the quadrant that they name; {wrong} of the others accepted \
         beyond 100 m and their accuracy; {known} of streets that the network has there: {right} within 25 m, \
         {ambiguous} of several places: {missed:#?}",
        texts.len()
    );
    assert!((right + ambiguous) * 100 >= known * 95 && wrong <= 4);
}

#[test]
fn washingtons_numbers_lie_between_their_neighbours_of_the_block() {
    let Some((plane, addresses)) = tests::washington() else { return };
    let Some(bytes) = data("washington-dc/requests_2015-09_2016-08.csv.gz") else { return };
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let streets = Streets::default();
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let mut texts: BTreeMap<&str, Local> = BTreeMap::new();
    for row in &rows {
        let at = LonLat::new(row[column("lon")].parse().unwrap(), row[column("lat")].parse().unwrap());
        texts.entry(row[column("STREETADDRESS")].trim()).or_insert(plane.local(at).unwrap());
    }
    let (mut same_block, mut across, mut blocks, mut wrong) = (vec![], vec![], vec![], vec![]);
    let (mut elsewhere, mut n_blocks, mut accepted) = (0, 0, 0);
    for (text, at) in texts {
        if !is_in_its_quadrant(&plane, text, at) {
            elsewhere += 1;
            continue;
        }
        let answer = geocoder.find(text);
        let error_m = answer.at.distance_m(at);
        let is_block = text.contains("BLOCK OF");
        n_blocks += usize::from(is_block);
        if answer.status != Status::Accepted || !answer.level.is_point() {
            continue;
        }
        accepted += 1;
        if error_m > 250.0 {
            wrong.push(format!("{text}: {} {error_m:.0} m {}", answer.level.name(), answer.label));
        }
        if is_block {
            blocks.push(error_m);
        }
        let folded = normalise::fold(text);
        let tokens = normalise::tokens(&folded);
        let plain = form::plain(&tokens);
        let (Level::Interpolated, Some(number)) = (answer.level, plain.number) else { continue };
        let names = geocoder.register.find(&plain.streets[0]);
        let neighbours = names.iter().find_map(|&(name, _)| {
            let places = &geocoder.register.names[name as usize].places;
            places.iter().find_map(|place| geocoder.register.neighbours(place, number.value, 2))
        });
        let Some((low, high)) = neighbours else { continue };
        let hundred = |row: u32| addresses.number[row as usize] / 100;
        if hundred(low) == hundred(high) {
            same_block.push(error_m);
        } else {
            across.push(error_m);
        }
    }
    for (name, errors) in
        [("same block", &mut same_block), ("across blocks", &mut across), ("BLOCK OF", &mut blocks)]
    {
        let (median, p95) = (percentile(errors, 50), percentile(errors, 95));
        println!("{name}: {} distinct, median {median:.1} p95 {p95:.1} m", errors.len());
    }
    println!(
        "{elsewhere} not in the quadrant that they name; {n_blocks} texts of blocks; {} of {accepted} accepted \
         beyond 250 m: {wrong:#?}",
        wrong.len()
    );
    assert!(wrong.len() * 200 <= accepted);
    assert!(percentile(&mut same_block, 50) <= 8.0 && percentile(&mut same_block, 95) <= 50.0);
}
