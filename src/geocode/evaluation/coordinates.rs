//! What coordinates tell about addresses that leave something open, on requests of Washington: figures printed, floors
//! held.

use std::collections::BTreeMap;

use super::{is_held_out, washingtons_streets};
use crate::geocode::tests::{column, data, register, reports, rows, washington};
use crate::geocode::{Answer, Geocoder, Options, Status, normalise};
use crate::model::address::Addresses;
use crate::model::street::Streets;
use crate::place::{Crs, Plane};
use crate::progress::Silent;
use crate::unit::{Local, LonLat};

/// Every so many texts are looked at: all of them only where the program is optimised.
const STEP: usize = if cfg!(debug_assertions) { 10 } else { 1 };

/// Address text, coordinate and the city's number of the address.
struct Request {
    text: String,
    at: Local,
    id: String,
}

fn requests() -> Option<Vec<Request>> {
    let plane = Plane::new(Crs::from_epsg(26985).unwrap()).unwrap();
    let bytes = data("washington-dc/requests_2015-09_2016-08.csv.gz")?;
    let (header, rows) = rows(&bytes, b',');
    let column = |name: &str| column(&header, name);
    let all = rows.iter().map(|row| {
        let degrees = LonLat::new(row[column("lon")].parse().unwrap(), row[column("lat")].parse().unwrap());
        let field = |name: &str| row[column(name)].trim().to_owned();
        Request {
            text: field("STREETADDRESS"),
            at: plane.local(degrees).unwrap(),
            id: field("MARADDRESSREPOSITORYID"),
        }
    });
    Some(all.filter(|request| !request.text.is_empty()).collect())
}

/// An address that requests name.
struct Address {
    street: String,
    number: String,
    at: Local,
}

/// The addresses of the requests, each of the city's numbers once.
fn addresses() -> Option<Vec<Address>> {
    let requests = requests()?;
    let distinct: BTreeMap<&str, &Request> =
        requests.iter().filter(|request| !request.id.is_empty()).map(|it| (it.id.as_str(), it)).collect();
    let parts = distinct.into_values().filter_map(|request| {
        let (number, street) = request.text.split_once(' ')?;
        let is_plain = number.bytes().all(|digit| digit.is_ascii_digit()) && !street.contains("BLOCK");
        is_plain.then(|| Address { street: street.to_owned(), number: number.to_owned(), at: request.at })
    });
    Some(parts.collect())
}

fn register_of<'a>(addresses: impl Iterator<Item = &'a Address>) -> Addresses {
    register(addresses.map(|it| (it.street.as_str(), it.number.as_str(), "", "", it.at)))
}

/// What a text or label names, numbers left out.
fn names_of(text: &str) -> normalise::Key {
    let folded = normalise::fold(text);
    let mut tokens = normalise::tokens(&folded);
    let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    tokens.retain(|token| !is_number(token.text) && !matches!(token.text, "block" | "of"));
    normalise::key(&tokens)
}

/// Texts by what they mean alone and with their coordinate: how many, and how many of them wrongly.
type Tally = BTreeMap<(&'static str, &'static str), (usize, usize)>;

const FOUND: &str = "given_kept, address found";

fn tally(
    geocoder: &Geocoder<'_>,
    asked: &[(String, Local)],
    is_right: impl Fn(usize, &Answer) -> bool,
) -> Tally {
    let reports = reports(asked.iter().map(|(text, at)| (*at, text.as_str())));
    let mut table = Tally::new();
    for (row, answer) in geocoder.answers(&reports, &Silent).iter().enumerate() {
        let alone = geocoder.find(&asked[row].0).status;
        let now = match answer.status {
            Status::GivenKept if !answer.label.is_empty() => FOUND,
            status => status.name(),
        };
        let entry = table.entry((alone.name(), now)).or_insert((0_usize, 0_usize));
        let is_wrong = !answer.label.is_empty() && !is_right(row, answer);
        entry.0 += 1;
        entry.1 += usize::from(is_wrong);
        if is_wrong && alone == Status::Ambiguous {
            println!("    {}: {now} {} {:?}", asked[row].0, answer.label, answer.faults);
        }
    }
    println!("{} texts: {table:?}", asked.len());
    table
}

/// Of texts that alone mean several places or none for sure: how many a coordinate settled, and how many wrongly.
fn settled(table: &Tally) -> (usize, usize) {
    table.get(&(Status::Ambiguous.name(), FOUND)).copied().unwrap_or_default()
}

#[test]
fn of_real_texts_that_are_ambiguous_coordinates_settle_the_street_that_they_name() {
    let Some((plane, register)) = washington() else { return };
    let Some(requests) = requests() else { return };
    let network = washingtons_streets(&plane).unwrap();
    let none = Streets::default();
    let asked: Vec<(String, Local)> =
        requests.iter().step_by(STEP).map(|request| (request.text.clone(), request.at)).collect();
    for streets in [&none, &network] {
        let geocoder = Geocoder::build(&register, streets, &Options::default());
        let is_right =
            |row: usize, answer: &Answer| names_of(&asked[row].0).bare == names_of(&answer.label).bare;
        let (count, wrong) = settled(&tally(&geocoder, &asked, is_right));
        assert!(wrong * 10 <= count, "{wrong} of {count} name another street");
    }
}

#[test]
fn without_their_quadrant_addresses_are_told_apart_by_their_coordinate() {
    let Some(addresses) = addresses() else { return };
    let (city, none) = (register_of(addresses.iter()), Streets::default());
    let geocoder = Geocoder::build(&city, &none, &Options::default());
    let bare = |street: &str| street.rsplit_once(' ').map(|(bare, _quadrant)| bare.to_owned());
    let whole: Vec<(&Address, String)> =
        addresses.iter().step_by(STEP).filter_map(|it| Some((it, bare(&it.street)?))).collect();
    let asked: Vec<(String, Local)> =
        whole.iter().map(|(it, bare)| (format!("{} {bare}", it.number), it.at)).collect();
    let is_right = |row: usize, answer: &Answer| {
        answer.label == format!("{} {}", whole[row].0.street, whole[row].0.number)
    };
    let (count, wrong) = settled(&tally(&geocoder, &asked, is_right));
    assert!(count > 0 && wrong * 100 <= count);
}

#[test]
fn streets_that_the_register_lacks_are_not_found_wherever_the_reporter_stood() {
    let Some(addresses) = addresses() else { return };
    let is_lacking = |it: &&Address| is_held_out(&it.street, 20);
    let (city, none) = (register_of(addresses.iter().filter(|it| !is_lacking(it))), Streets::default());
    let geocoder = Geocoder::build(&city, &none, &Options::default());
    let lacking = addresses.iter().filter(is_lacking).step_by(STEP);
    let asked: Vec<(String, Local)> =
        lacking.map(|it| (format!("{} {}", it.number, it.street), it.at)).collect();
    let (found, _) = settled(&tally(&geocoder, &asked, |_, _| false));
    assert!(found * 100 <= asked.len(), "{found} of {} are found", asked.len());
}

#[test]
fn a_wrong_letter_and_a_number_that_the_register_lacks_are_made_good_by_the_coordinate() {
    let Some(addresses) = addresses() else { return };
    let (city, none) = (register_of(addresses.iter()), Streets::default());
    let geocoder = Geocoder::build(&city, &none, &Options::default());
    let long = addresses.iter().filter(|it| it.street.len() > 12 && it.street.is_ascii()).step_by(STEP);
    let whole: Vec<&Address> = long.collect();
    let misspelt = |it: &&Address| {
        let letter = 1 + it.number.len() % 5;
        let street = format!("{}x{}", &it.street[..letter], &it.street[letter + 1..]);
        (format!("{} {street}", it.number.parse::<u32>().unwrap() + 300), it.at)
    };
    let asked: Vec<(String, Local)> = whole.iter().map(misspelt).collect();
    let is_right = |row: usize, answer: &Answer| names_of(&answer.label) == names_of(&whole[row].street);
    let (count, wrong) = settled(&tally(&geocoder, &asked, is_right));
    assert!(wrong * 50 <= count, "{wrong} of {count} are another street");
}
