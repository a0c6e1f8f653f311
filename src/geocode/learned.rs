//! Reports that bear an address and a coordinate in; a register of their streets, for reports that bear only
//! the address, out.
//!
//! Streets are kept apart by name and area (postcode, else town): nearly a tenth of the street names of Boston
//! lie in several postcodes, and they carry half of all house numbers. Coordinates are not trusted one by one:
//! those of an address must agree, and an address that its neighbours contradict is left out. How far off a
//! place may be is not assumed but measured: every address is left out in turn and placed by the others.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::form::{Form, Plain};
use super::normalise::{self, Key, Token};
use super::{form, parse, words};
use crate::model::location::Level;
use crate::unit::Local;

/// Coordinates of one address farther from their median than this do not agree with it, in metres.
const AGREE_WITHIN_M: f64 = 100.0;

/// Neighbours farther apart than this, in metres, do not place a number between them.
const NEIGHBOURS_WITHIN_M: f64 = 200.0;

/// An address is contradicted when neighbours that lie near each other put it farther off than this, in metres.
const CONTRADICTED_BEYOND_M: f64 = 300.0;

/// A street larger than this is no place to put a report, in metres.
const STREET_WITHIN_M: f64 = 3_000.0;

/// Errors from which a radius is taken; with fewer the cautious value of the table stands.
const ERRORS_TO_TRUST: usize = 100;

/// Metres around an address that one report alone vouches for, and several that agree.
const ALONE_M: f64 = 50.0;
const AGREED_M: f64 = 25.0;

/// Streets by name and area, learned from reports.
#[derive(Debug, Default)]
pub(super) struct Learned {
    streets: FxHashMap<Key, BTreeMap<String, Street>>,
    /// Names without their type and direction, for texts that leave those out.
    by_bare: FxHashMap<String, Vec<Key>>,
    crossings: FxHashMap<(Key, Key), BTreeMap<String, House>>,
    radii: Radii,
}

/// A street of one area.
#[derive(Debug, Default)]
struct Street {
    /// By number, then last number, then suffix.
    houses: Vec<House>,
    middle: Place,
}

/// An address that reports bear.
#[derive(Debug, Clone)]
struct House {
    /// First number, last number (the same but for ranges) and suffix.
    name: (u32, u32, String),
    at: Local,
    /// Metres from `at` to the farthest report that agrees.
    spread_m: f64,
    reports: usize,
}

impl House {
    /// The middle of a range, which keeps its side of the street.
    fn number(&self) -> u32 {
        let (from, to, _) = self.name;
        from + (to.saturating_sub(from) / 2 / 2) * 2
    }
}

/// A point and how far off it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) at: Local,
    pub(super) level: Level,
    /// Radius in metres that holds the true place in 95 of 100 cases.
    pub(super) accuracy_m: f64,
}

impl Default for Place {
    fn default() -> Self {
        Self { at: Local::NOWHERE, level: Level::None, accuracy_m: f64::NAN }
    }
}

/// What a house number is placed on, with the measure that its doubt grows with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Basis {
    /// Neighbours on both sides, this many metres apart.
    Between(f64),
    /// One neighbour, this many numbers off.
    Beside(u32),
}

/// Radii in metres that held 95 of 100 addresses which were left out and placed by the others.
#[derive(Debug, Clone)]
struct Radii {
    /// By class of gap between the neighbours, or of numbers to the only neighbour.
    of_class: [f64; CLASSES.len()],
    /// By which the radius of a street is multiplied.
    street_factor: f64,
}

/// Classes of gap in metres (between neighbours), then of numbers (beside one): upper limit and cautious radius,
/// from addresses of Boston that were held out.
const CLASSES: [(f64, f64); 6] =
    [(30.0, 20.0), (60.0, 25.0), (120.0, 40.0), (NEIGHBOURS_WITHIN_M, 60.0), (4.0, 100.0), (20.0, 250.0)];

/// How many of [`CLASSES`] are gaps between neighbours.
const GAPS: usize = 4;

impl Default for Radii {
    fn default() -> Self {
        Self { of_class: CLASSES.map(|(_, radius)| radius), street_factor: 1.5 }
    }
}

impl Basis {
    fn class(self) -> Option<usize> {
        let find = |value: f64, from: usize, to: usize| (from..to).find(|&class| value <= CLASSES[class].0);
        match self {
            Self::Between(gap_m) => find(gap_m, 0, GAPS),
            Self::Beside(numbers) => find(f64::from(numbers), GAPS, CLASSES.len()),
        }
    }

    fn level(self) -> Level {
        if matches!(self, Self::Between(_)) { Level::Interpolated } else { Level::Street }
    }
}

impl Learned {
    /// Learns from texts and where their reports lie. The order does not matter.
    pub(super) fn new<'r>(reports: impl Iterator<Item = (&'r str, Vec<Local>)>) -> Self {
        let mut rows: BTreeMap<Address, Vec<Local>> = BTreeMap::new();
        for (text, at) in reports {
            if let Some(address) = Address::read(text) {
                rows.entry(address).or_default().extend(at);
            }
        }
        let mut learned = Self::default();
        for (address, mut rows) in rows {
            let Some((at, spread_m, reports)) = agreed(&mut rows) else { continue };
            let house = House { name: address.number, at, spread_m, reports };
            match address.streets {
                Streets::One(key) => {
                    learned
                        .streets
                        .entry(key)
                        .or_default()
                        .entry(address.area)
                        .or_default()
                        .houses
                        .push(house);
                }
                Streets::Crossing(a, b) => {
                    learned.crossings.entry((a, b)).or_default().insert(address.area, house);
                }
            }
        }
        for street in learned.streets.values_mut().flat_map(BTreeMap::values_mut) {
            street.houses.sort_by(|a, b| a.name.cmp(&b.name));
            street.drop_contradicted();
            street.middle = street.whole(None);
        }
        for areas in learned.streets.values_mut() {
            areas.retain(|_, street| !street.houses.is_empty());
        }
        for key in learned.streets.keys() {
            learned.by_bare.entry(key.bare.clone()).or_default().push(key.clone());
        }
        learned.radii = learned.measured();
        learned
    }

    /// Where a text lies, as far as other reports tell.
    pub(super) fn find(&self, text: &str) -> Option<Place> {
        let address = Address::read(text)?;
        match &address.streets {
            Streets::One(key) => self.on_street(key, &address),
            Streets::Crossing(a, b) => {
                let areas = self.crossings.get(&(a.clone(), b.clone()))?;
                let house = areas.get(&address.area).or_else(|| only(areas))?;
                Some(house.place(Level::Crossing))
            }
        }
    }

    fn on_street(&self, key: &Key, address: &Address) -> Option<Place> {
        let areas = match self.streets.get(key) {
            Some(areas) => areas,
            None => &self.streets[self.without_type(key)?],
        };
        let Some(street) = areas.get(&address.area) else {
            // Another area, or none: as long as there is one street of this name, it is only less sure.
            let street = only(areas)?;
            let place = street.place(&address.number, &self.radii)?;
            let is_asked = !address.area.is_empty() && !areas.contains_key("");
            return if is_asked { street.whole_place(&self.radii) } else { Some(place) };
        };
        street.place(&address.number, &self.radii)
    }

    /// The one name that only adds a type or direction to what was asked.
    fn without_type(&self, asked: &Key) -> Option<&Key> {
        let fits = |key: &&Key| {
            (asked.kind == 0 || asked.kind == key.kind)
                && (asked.directions == [0, 0] || asked.directions == key.directions)
        };
        let mut fitting = self.by_bare.get(&asked.bare)?.iter().filter(fits);
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }

    /// The radii that hold 95 of 100 addresses when each is left out and placed by the others.
    fn measured(&self) -> Radii {
        let mut errors: [Vec<f64>; CLASSES.len()] = Default::default();
        let mut shares: Vec<f64> = Vec::new();
        for street in self.streets.values().flat_map(BTreeMap::values) {
            for (index, house) in street.houses.iter().enumerate().filter(|(_, house)| house.name.0 > 0) {
                if let Some((at, basis)) = street.number(house.number(), Some(index))
                    && let Some(class) = basis.class()
                {
                    errors[class].push(at.distance_m(house.at));
                }
                if street.houses.len() > 1 {
                    let whole = street.whole(Some(index));
                    shares.push(whole.at.distance_m(house.at) / whole.accuracy_m);
                }
            }
        }
        let mut radii = Radii::default();
        for (radius, errors) in radii.of_class.iter_mut().zip(&mut errors) {
            *radius = quantile_95(errors).unwrap_or(*radius).max(AGREED_M);
        }
        radii.street_factor = quantile_95(&mut shares).unwrap_or(radii.street_factor).max(1.0);
        radii
    }
}

impl Street {
    /// Leaves out addresses that neighbours on both sides contradict.
    fn drop_contradicted(&mut self) {
        let is_contradicted = |index: usize| {
            let house = &self.houses[index];
            match self.number(house.number(), Some(index)) {
                Some((at, Basis::Between(_))) => at.distance_m(house.at) > CONTRADICTED_BEYOND_M,
                _ => false,
            }
        };
        let kept: Vec<bool> = (0..self.houses.len()).map(|index| !is_contradicted(index)).collect();
        let mut kept = kept.into_iter();
        self.houses.retain(|_| kept.next().unwrap_or(true));
    }

    /// Where an address of this street lies.
    fn place(&self, name: &(u32, u32, String), radii: &Radii) -> Option<Place> {
        let (from, to, suffix) = name;
        let same = |house: &&House| house.name.0 == *from && house.name.1 == *to;
        let mut exact = self.houses.iter().filter(same);
        let with_suffix = self.houses.iter().filter(same).find(|house| house.name.2 == *suffix);
        if let Some(house) = with_suffix.or_else(|| exact.next()).filter(|_| *from > 0) {
            return Some(house.place(Level::Reported));
        }
        let asked = House { name: name.clone(), at: Local::NOWHERE, spread_m: 0.0, reports: 0 };
        if *from > 0
            && let Some((at, basis)) = self.number(asked.number(), None)
            && let Some(class) = basis.class()
        {
            return Some(Place { at, level: basis.level(), accuracy_m: radii.of_class[class] });
        }
        self.whole_place(radii)
    }

    fn whole_place(&self, radii: &Radii) -> Option<Place> {
        let Place { at, accuracy_m, .. } = self.middle;
        let accuracy_m = accuracy_m * radii.street_factor;
        (accuracy_m <= STREET_WITHIN_M).then_some(Place { at, level: Level::Street, accuracy_m })
    }

    /// The place of a number between its neighbours of the same parity, or beside the nearest one; `without` the
    /// house at that index.
    fn number(&self, number: u32, without: Option<usize>) -> Option<(Local, Basis)> {
        let cut = self.houses.partition_point(|house| house.name.0 < number);
        let fits = |index: &usize| {
            Some(*index) != without
                && self.houses[*index].name.0 > 0
                && self.houses[*index].number().abs_diff(number).is_multiple_of(2)
        };
        let low = (0..cut).rev().filter(fits).find(|&index| self.houses[index].number() <= number);
        let from = low.map_or(0, |low| low + 1).max(cut.saturating_sub(8));
        let high = (from..self.houses.len())
            .filter(fits)
            .find(|&index| Some(index) != low && self.houses[index].number() >= number);
        let house = |index: Option<usize>| index.map(|index| &self.houses[index]);
        let beside = |house: &House| (house.at, Basis::Beside(house.number().abs_diff(number)));
        match (house(low), house(high)) {
            (Some(low), Some(high)) => {
                let gap_m = low.at.distance_m(high.at);
                let step = high.number() - low.number();
                let share = if step == 0 { 0.5 } else { f64::from(number - low.number()) / f64::from(step) };
                if gap_m <= NEIGHBOURS_WITHIN_M {
                    return Some((low.at.toward(high.at, share), Basis::Between(gap_m)));
                }
                let nearest = if share <= 0.5 { low } else { high };
                Some(beside(nearest))
            }
            (Some(only), None) | (None, Some(only)) => Some(beside(only)),
            (None, None) => None,
        }
    }

    /// The median of the street and a radius that holds nearly all of its addresses; `without` the house at that
    /// index. A street of which little is known is taken to be longer than what is known of it.
    fn whole(&self, without: Option<usize>) -> Place {
        let kept = || (0..self.houses.len()).filter(|&index| Some(index) != without);
        let mut points: Vec<Local> = kept().map(|index| self.houses[index].at).collect();
        let Some(at) = median(&mut points) else { return Place::default() };
        let mut apart: Vec<f64> = points.iter().map(|point| point.distance_m(at)).collect();
        apart.sort_by(f64::total_cmp);
        let count = apart.len();
        let radius_m = apart[(count * 95 / 100).min(count - 1)];
        let unseen_m = UNSEEN_M / (count as f64).sqrt();
        Place { at, level: Level::Street, accuracy_m: radius_m + unseen_m }
    }
}

/// Metres that a street of which one address is known may reach beyond it.
const UNSEEN_M: f64 = 300.0;

impl House {
    fn place(&self, level: Level) -> Place {
        let sure_m = if self.reports > 1 { AGREED_M } else { ALONE_M };
        Place { at: self.at, level, accuracy_m: sure_m + self.spread_m }
    }
}

/// What a text names: one street with a number, or a crossing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    streets: Streets,
    area: String,
    /// Zero for a street without a number.
    number: (u32, u32, String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Streets {
    One(Key),
    Crossing(Key, Key),
}

impl Address {
    fn read(text: &str) -> Option<Self> {
        let folded = normalise::fold(text);
        let tokens = normalise::tokens(&folded);
        let plain = form::plain(&tokens);
        let area = area(&plain);
        let key = |street: &Vec<Token<'_>>| Some(normalise::key(street)).filter(|key| !key.bare.is_empty());
        let keys: Vec<Key> = plain.streets.iter().map(key).collect::<Option<_>>()?;
        let streets = match (&keys[..], plain.form) {
            ([a, b, ..], Form::Crossing) => Streets::Crossing(a.min(b).clone(), a.max(b).clone()),
            ([street], Form::Unit | Form::Address | Form::Block | Form::Street) => {
                Streets::One(street.clone())
            }
            _ => return None,
        };
        let number = plain.number.map_or((0, 0, String::new()), |number: parse::Number| {
            let last = number.second.filter(|&last| last > number.value).unwrap_or(number.value);
            (number.value, last, number.suffixes.into_iter().next().unwrap_or_default())
        });
        Some(Self { streets, area, number })
    }
}

/// What sets streets of one name apart: the postcode (of the Netherlands, its four digits), else the town.
fn area(plain: &Plain<'_>) -> String {
    if !plain.postcode.is_empty() {
        let is_dutch = parse::is_lettered_postcode(&plain.postcode)
            && plain.postcode.starts_with(|c: char| c.is_ascii_digit());
        return if is_dutch { plain.postcode[..4].to_owned() } else { plain.postcode.clone() };
    }
    let words = plain.area.iter().filter(|token| !words::BEYOND_THE_CITY.contains(&token.text));
    words.map(|token| token.text).collect()
}

/// The only value of a table that has one.
fn only<V>(areas: &BTreeMap<String, V>) -> Option<&V> {
    areas.values().next().filter(|_| areas.len() == 1)
}

/// The median of those coordinates that agree, the distance to the farthest of them and how many they are;
/// nothing where less than two thirds agree.
fn agreed(rows: &mut Vec<Local>) -> Option<(Local, f64, usize)> {
    let count = rows.len();
    let first = median(rows)?;
    rows.retain(|at| at.distance_m(first) <= AGREE_WITHIN_M);
    if 3 * rows.len() < 2 * count {
        return None;
    }
    let at = median(rows)?;
    let spread_m = rows.iter().map(|row| row.distance_m(at)).fold(0.0, f64::max);
    Some((at, spread_m, rows.len()))
}

/// The median of both coordinates.
fn median(points: &mut [Local]) -> Option<Local> {
    let middle = points.len().checked_sub(1)? / 2;
    points.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)));
    let y = points[middle].y;
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    Some(Local::new(points[middle].x, y))
}

fn quantile_95(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    (values.len() >= ERRORS_TO_TRUST).then(|| values[values.len() * 95 / 100])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Main Street west to east in two towns, even numbers north, three reports each, one of them wrong.
    fn streets() -> Vec<(String, Vec<Local>)> {
        let mut rows = Vec::new();
        for (zip, x) in [("02115", 0.0), ("02130", 9_000.0)] {
            for number in 1..=20u32 {
                let side = if number % 2 == 0 { 8.0 } else { -8.0 };
                let at = Local::new(x + f64::from(number) * 10.0, side);
                rows.push((
                    format!("{number} Main St  Boston  MA  {zip}"),
                    vec![at, at, Local::new(0.0, 9e5)],
                ));
            }
        }
        rows
    }

    fn learned(rows: &[(String, Vec<Local>)]) -> Learned {
        Learned::new(rows.iter().map(|(text, at)| (text.as_str(), at.clone())))
    }

    #[test]
    fn an_address_lies_where_most_of_its_reports_agree() {
        let learned = learned(&streets());
        let place = learned.find("12 Main Street, Boston, MA 02130").unwrap();
        assert_eq!((place.level, place.at), (Level::Reported, Local::new(9_120.0, 8.0)));
        assert_eq!(learned.find("12 Elm Street, Boston, MA 02130"), None);
    }

    #[test]
    fn a_number_nobody_reported_lies_between_its_neighbours_in_its_own_area() {
        let mut rows = streets();
        rows.retain(|(text, _)| !text.starts_with("12 "));
        let place = learned(&rows).find("12 Main St  Boston  MA  02115").unwrap();
        assert_eq!((place.level, place.at), (Level::Interpolated, Local::new(120.0, 8.0)));
    }

    #[test]
    fn a_street_of_two_areas_is_placed_in_neither_without_one() {
        let learned = learned(&streets());
        assert_eq!(learned.find("12 Main St"), None);
        let place = learned.find("Main St, Boston, MA 02115").unwrap();
        assert_eq!(place.level, Level::Street);
        assert!(place.accuracy_m >= 100.0 && place.at.x < 300.0);
    }

    #[test]
    fn reports_that_contradict_each_other_teach_nothing() {
        let rows = [("1 Elm St".to_owned(), vec![Local::new(0.0, 0.0), Local::new(500.0, 0.0)])];
        assert_eq!(learned(&rows).find("1 Elm St"), None);
        assert_eq!(learned(&[]).find("1 Elm St"), None);
    }

    #[test]
    fn a_lone_wrong_coordinate_between_neighbours_is_dropped() {
        let mut rows = streets();
        let wrong = rows.iter_mut().find(|(text, _)| text.starts_with("12 ")).unwrap();
        wrong.1 = vec![Local::new(5_000.0, 5_000.0)];
        let place = learned(&rows).find("12 Main St  Boston  MA  02115").unwrap();
        assert_eq!((place.level, place.at), (Level::Interpolated, Local::new(120.0, 8.0)));
    }
}
