//! How well places are found in real cities: figures printed, floors held.
//!
//! Every test reads data that lie beside the repository and is skipped, saying so, where they are not there.
//! `cargo test --lib geocode::evaluation -- --nocapture` prints the tables.

use std::collections::BTreeMap;

use super::form::{self, Form};
use super::learned::Learned;
use super::tests::{column, data, reports, rows};
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

/// Whether an item falls among the tuning half; the other half is for the figures.
fn is_held_out(text: &str, percent: u64) -> bool {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 31)) % 100 < percent
}

#[test]
fn most_acceptance_cases_of_british_columbia_have_the_form_that_they_should() {
    let Some(bytes) = data("geocoding/bcgov_atp_addresses.csv") else { return };
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let mut table: BTreeMap<(String, Form), usize> = BTreeMap::new();
    let (mut right, mut counted, mut wrong) = (0, 0, Vec::new());
    for row in &rows {
        let (text, expected) = (&row[column("addressString")], &row[column("expectedMatchPrecision")]);
        let form = form::plain(&normalise::tokens(&normalise::fold(text))).form;
        *table.entry((expected.to_owned(), form)).or_default() += 1;
        let fits = match expected {
            // A number that the register lacks is on its block; no parser can know.
            "CIVIC_NUMBER" | "BLOCK" => form == Form::Address,
            "UNIT" => form == Form::Unit,
            "STREET" => form == Form::Street,
            "INTERSECTION" => form == Form::Crossing,
            "SITE" => form == Form::Site,
            "LOCALITY" => form == Form::Locality,
            // `BC` alone.
            _ => continue,
        };
        counted += 1;
        right += usize::from(fits);
        if !fits {
            wrong.push(format!("{expected} {form:?}: {text}"));
        }
    }
    for ((expected, form), count) in &table {
        println!("{expected:>14} read as {form:?}: {count}");
    }
    println!("{right} of {counted} = {:.1} %", 100.0 * right as f64 / counted as f64);
    println!("{wrong:#?}");
    assert!(right * 10 >= counted * 9);
}

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
        let is_plain = text.split_once(' ').is_some_and(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
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
    let placed: usize = errors.iter().filter(|(level, _)| **level != Level::None).map(|(_, all)| all.len()).sum();
    assert!(inside.values().sum::<usize>() * 100 >= placed * 94);
}
