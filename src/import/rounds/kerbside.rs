//! Kerbside rounds: polygons with the days of the week on which everything in them is collected.
//!
//! A polygon names its round and its days, in one column (`Tuesday`, `di`, `1,4`, `Mo+Do`) or in one per day as in
//! GTFS. Rounds that run every other week are not known: such a polygon is collected every week.

use super::{Draft, DraftKerbside, RoundSource};
use crate::error::{Error, Result};
use crate::import::dates::WEEKDAYS;
use crate::import::open::SourceFile;
use crate::import::vector::{self, Feature, Properties, Wish};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::round::Route;
use crate::place::Plane;

/// Columns that hold the round, the days and the customers where the project names none.
const ROUTE: &[&str] = &["route_id", "route", "round", "ronde", "tour", "name", "naam", "id"];
const WEEKDAY: &[&str] = &[
    "weekday",
    "weekdays",
    "day",
    "days",
    "day_",
    "route_day",
    "pickup_day",
    "dag",
    "inzameldag",
    "tag",
    "wochentag",
];
const CUSTOMERS: &[&str] = &["customers", "customer", "cust_cnt", "households", "huishoudens", "haushalte"];

/// Adds the kerbside rounds of one file to the draft.
///
/// # Errors
/// When the file cannot be read, or none of its polygons names a day.
pub(super) fn read(
    source: &RoundSource,
    number: u32,
    file: &SourceFile,
    plane: &Plane,
    issues: &mut Issues,
    draft: &mut Draft,
) -> Result<SourceCount> {
    let wish = Wish { crs: source.crs.as_deref(), layer: source.layer.as_deref() };
    let layer = vector::read(file, wish, plane, issues)?;
    let mut used = 0;
    for feature in &layer.features {
        match kerbside(source, number, feature) {
            Ok(kerbside) => {
                let route = Route { id: kerbside.route.clone(), name: kerbside.route.clone() };
                draft.routes.entry(kerbside.route.clone()).or_insert(route);
                draft.kerbsides.push(kerbside);
                used += 1;
            }
            Err((column, code, value)) => issues.add(&file.name, feature.row, column, code, &value),
        }
    }
    if used == 0 {
        return Err(Error::Setting {
            message: format!("no polygon of `{}` names a round and its days of the week", file.name),
            hint: "under [[sources.rounds]], set `columns = { route = \"…\", weekday = \"…\" }`".to_owned(),
        });
    }
    Ok(SourceCount {
        what: "kerbside rounds",
        file: file.name.to_string(),
        format: layer.format.to_owned(),
        noticed: layer.noticed,
        read: layer.read,
        used,
        left_out: layer.read - used,
    })
}

fn kerbside(
    source: &RoundSource,
    number: u32,
    feature: &Feature,
) -> Result<DraftKerbside, (&'static str, Code, String)> {
    let not_polygon = || ("geometry", Code::ShapeUnreadable, "not a polygon".to_owned());
    let shape = vector::polygons(feature.shape.clone()).ok_or_else(not_polygon)?;
    let properties = &feature.properties;
    let chosen = |named: &Option<String>, guesses: &[&str]| properties.chosen(named.as_deref(), guesses);
    let columns = &source.columns;
    let route = chosen(&columns.route, ROUTE).ok_or(("route", Code::RowUnreadable, String::new()))?;
    let weekdays = match chosen(&columns.weekday, WEEKDAY) {
        Some(text) => weekdays(&text).ok_or(("weekday", Code::RowUnreadable, text))?,
        None => weekday_columns(properties).ok_or(("weekday", Code::RowUnreadable, String::new()))?,
    };
    let customers =
        chosen(&columns.customers, CUSTOMERS).and_then(|text| text.replace(',', ".").parse().ok());
    Ok(DraftKerbside {
        route,
        shape,
        weekdays,
        customers: customers.filter(|customers: &f64| customers.is_finite() && *customers > 0.0),
        source: number,
        categories: source.categories.clone(),
    })
}

/// The days that a text names, as words or as numbers from 1 for Monday; `None` where it names none.
fn weekdays(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for word in text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        let number = word.parse::<usize>().ok().filter(|number| (1..=7).contains(number));
        let named = WEEKDAYS.iter().position(|names| {
            names.iter().any(|name| {
                word.len() >= 2 && (name.starts_with(&word) || word.trim_end_matches('s') == *name)
            })
        });
        days[number.map(|number| number - 1).or(named)?] = true;
    }
    days.contains(&true).then_some(days)
}

/// Columns `monday` to `sunday` with 1 or true on the days of collection.
fn weekday_columns(properties: &Properties) -> Option<[bool; 7]> {
    let days = WEEKDAYS.map(|names| {
        let value = properties.first_text(&names);
        value.is_some_and(|value| matches!(value.to_lowercase().as_str(), "1" | "true" | "yes" | "ja" | "x"))
    });
    days.contains(&true).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_words_abbreviations_and_numbers() {
        let days = |text: &str| weekdays(text).map(|days| days.map(u8::from));
        assert_eq!(days("Friday"), Some([0, 0, 0, 0, 1, 0, 0]));
        assert_eq!(days("Mo+Do"), Some([1, 0, 0, 1, 0, 0, 0]));
        assert_eq!(days("di, vr"), Some([0, 1, 0, 0, 1, 0, 0]));
        assert_eq!(days("1;4"), Some([1, 0, 0, 1, 0, 0, 0]));
        assert_eq!(days("Tuesdays"), Some([0, 1, 0, 0, 0, 0, 0]));
        assert_eq!((days("even weeks"), days(""), days("9")), (None, None, None));
    }
}
