//! A misspelt name and what else is known in, whether that confirms the name out.
//!
//! The question is always the same: is it likelier that somebody mistyped this name, or that he named a street
//! which the register lacks? How likely the one is, `typing` tells, and how likely a name of that spelling; how many
//! streets by chance have this number, postcode and town too, the register itself. By how much the one must exceed
//! the other is found by taking streets out of the register, one at a time, and asking for all of their addresses: so
//! few may be mistaken for another, of texts with a postcode or town as of those without. A town of two hundred streets
//! may guess more boldly than a country. A name without its type or direction is weighed the same way.

use super::fuzzy;
use super::guesses::PARTIAL;
use super::lookup::{Asked, Hit, Street};
use super::normalise;
use super::parse::Reading;
use super::register::{Guess, Register};
use super::{DOUBT, Fault};
use crate::model::location::Level;

/// Of the addresses of the register, were their street not in it, so many may be taken for one on another street. One in
/// a hundred is what may happen; which streets a register lacks moves that by half, and some are lost in ways that
/// are not counted here.
const MISTAKEN: f64 = 0.0075;

/// Streets whose addresses are asked for to count those.
const SAMPLE: usize = 2_000;

/// Towns where few streets are alike: seven in eight streets that people name are in the register.
const AT_LEAST: f64 = -2.0;

/// Addresses of which at least ten would be mistaken: what fewer tell is chance, and a misspelt name has to be three
/// times as likely as an unknown one.
const ENOUGH: usize = 1_333;
const AT_LEAST_OF_FEW: f64 = 1.1;

/// Whoever is sent no farther than this is not led astray.
const SAME_ADDRESS_WITHIN_M: f64 = 100.0;

/// Numbers of one block differ by no more than this.
const BLOCK: u32 = 100;

/// How much likelier a misspelt name must be than a street that the register lacks, as a logarithm.
#[derive(Debug)]
pub(super) struct Threshold {
    /// Where the text names street and number.
    by_number: f64,
    /// Where it names the postcode or town too.
    by_number_and_area: f64,
}

impl Threshold {
    /// Takes streets out of the register, one at a time, and asks for all their addresses.
    pub(super) fn set(register: &Register<'_>) -> Self {
        let step = register.names.len().div_ceil(SAMPLE).max(1);
        let taken_out =
            (0..register.names.len()).step_by(step).flat_map(|name| likeliest_others(register, name));
        let (by_number, by_number_and_area): (Vec<f64>, Vec<f64>) = taken_out.unzip();
        Self { by_number: exceeded(by_number), by_number_and_area: exceeded(by_number_and_area) }
    }

    /// For a text of which the register confirms the number, the postcode or town, or both.
    fn of(&self, is_numbered: bool, is_in_area: bool) -> f64 {
        match (is_numbered, is_in_area) {
            (true, true) => self.by_number_and_area,
            (true, false) => self.by_number,
            (false, _) => self.by_number.max(self.by_number_and_area),
        }
    }
}

/// What no more than the share [`MISTAKEN`] of these exceeds.
fn exceeded(mut likeliest: Vec<f64>) -> f64 {
    likeliest.sort_by(|a, b| b.total_cmp(a));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let mistaken = (likeliest.len() as f64 * MISTAKEN) as usize;
    let at_least = if likeliest.len() < ENOUGH { AT_LEAST_OF_FEW } else { AT_LEAST };
    likeliest.get(mistaken).map_or(at_least, |&least| least.max(at_least))
}

/// For each row of a name, how much likelier than an unknown street the one other name with its number would be, and the
/// one with its postcode and town too; minus infinity where there is none, or are several.
fn likeliest_others(register: &Register<'_>, name: usize) -> Vec<(f64, f64)> {
    let folded = normalise::fold(&register.names[name].label);
    let tokens = normalise::tokens(&folded);
    let unknown_name = register.likelihood_of_name(&tokens, true);
    let without = |guesses: Vec<Guess>| -> Vec<Guess> {
        guesses.into_iter().filter(|guess| guess.name as usize != name).collect()
    };
    let partial = without(register.find_partial(&tokens));
    let near = without(register.find_misspelt(&tokens, fuzzy::MOST));
    let rows = register.names[name].places.iter().flat_map(|place| &register.rows[place.rows.clone()]);
    rows.map(|&row| {
        let (number, suffix) = (register.addresses.number[row as usize], register.suffix_of(row));
        let mut unknown = unknown_name + f64::from(register.names_with_number(number, suffix)).ln();
        let at = |row: u32| register.addresses.at[row as usize];
        // Registers spell some streets in two ways: nobody is led astray by the other one.
        let is_there = |&there: &u32| {
            (suffix.is_empty() || register.suffix_of(there) == suffix)
                && at(there).distance_m(at(row)) > SAME_ADDRESS_WITHIN_M
        };
        let has_number = |guess: &&Guess| {
            let mut places = register.names[guess.name as usize].places.iter();
            places.any(|place| register.rows_with(place, number).iter().any(is_there))
        };
        let mut partial: Vec<&Guess> = partial.iter().filter(has_number).collect();
        let mut others: Vec<&Guess> = near.iter().filter(has_number).collect();
        // What is misspelt is not even looked for where a name without its type has the number.
        let likeliest = |partial: &[&Guess], others: &[&Guess], unknown: f64| {
            likelihood_of_only(if partial.is_empty() { others } else { partial }) - unknown
        };
        // `E Park Street` is Park Street only where postcode or town agree.
        let is_enough = |guess: &&&Guess| !guess.faults.contains(&Fault::DirectionAdded);
        let partial_by_number: Vec<&Guess> = partial.iter().filter(is_enough).copied().collect();
        let by_number = likeliest(&partial_by_number, &others, unknown);
        let areas = [register.postcode_of(row), register.city_of(row)];
        for area in areas.into_iter().filter(|area| !area.is_empty()) {
            let is_there = |guess: &&Guess| register.is_in_area(&register.names[guess.name as usize], area);
            others.retain(is_there);
            partial.retain(is_there);
            unknown += (f64::from(register.names_with_area(area)) / register.names.len() as f64).ln();
        }
        (by_number, likeliest(&partial, &others, unknown))
    })
    .collect()
}

/// The likelihood of the first guess, if no others are nearly as likely.
fn likelihood_of_only(guesses: &[&Guess]) -> f64 {
    let Some((best, others)) = guesses.split_first() else { return f64::NEG_INFINITY };
    let doubt: f64 = others.iter().map(|other| (other.likelihood - best.likelihood).exp()).sum();
    if doubt > DOUBT { f64::NEG_INFINITY } else { best.likelihood }
}

impl Register<'_> {
    /// Marks what a misspelt name found as uncorroborated unless something else agrees with it: a house number
    /// that the register has there, the postcode, the town.
    pub(super) fn doubt(
        &self,
        street: &Street<'_>,
        reading: &Reading<'_>,
        asked: &Asked<'_>,
        hits: &mut [Hit],
    ) {
        let is_in_area = || {
            let mut areas = [asked.postcode, &street.city].into_iter().filter(|area| !area.is_empty());
            areas.any(|area| self.is_in_area(street.name, area))
        };
        for hit in hits.iter_mut() {
            self.doubt_short(street, reading, hit);
            doubt_exact(street, reading, hit);
            self.doubt_partial(street, reading, asked, hit);
            // `E Park Street` is another than Park Street, unless something else tells.
            if hit.faults.contains(&Fault::DirectionAdded) && !hit.is_doubtful() && !is_in_area() {
                hit.faults.push(Fault::Uncorroborated);
            }
        }
        let Some(guess) = &street.guess else { return };
        for hit in hits {
            let is_contradicted = hit.faults.iter().any(|fault| {
                matches!(fault, Fault::PostcodeDisagrees | Fault::CityDisagrees | Fault::SuffixNotMatched)
            });
            let is_confirmed = !is_contradicted
                && self.is_likely(street, reading, asked, hit, guess.likelihood).unwrap_or(false);
            if !is_confirmed && !hit.faults.contains(&Fault::Uncorroborated) {
                hit.faults.push(Fault::Uncorroborated);
            }
        }
    }

    /// `12 Washington Street` is number 12 of a North Washington Street only if it is unlikely that the register lacks the
    /// other one.
    fn doubt_partial(&self, street: &Street<'_>, reading: &Reading<'_>, asked: &Asked<'_>, hit: &mut Hit) {
        let is_partial = street.guess.is_none() && is_partial(&street.faults) && !hit.is_doubtful();
        if is_partial && self.is_likely(street, reading, asked, hit, PARTIAL.ln()) == Some(false) {
            hit.faults.push(Fault::Uncorroborated);
        }
    }

    /// Whether it is likelier that the text was typed for this street than that it names one that the register lacks;
    /// `None` where neither number, postcode nor town agrees.
    fn is_likely(
        &self,
        street: &Street<'_>,
        reading: &Reading<'_>,
        asked: &Asked<'_>,
        hit: &Hit,
        likelihood: f64,
    ) -> Option<bool> {
        let numbers = self.numbers_found(street, reading, hit);
        let is_number_missed = numbers.is_empty() && !matches!(reading, Reading::Street { .. });
        let mut areas = vec![asked.postcode, &street.city];
        areas.retain(|area| !area.is_empty() && !is_number_missed && self.is_in_area(street.name, area));
        if numbers.is_empty() && areas.is_empty() {
            return None;
        }
        // Streets of that spelling that the register lacks, with all that agrees with this one.
        let suffix = suffix_found(reading, hit);
        let with_number = numbers.iter().map(|&number| self.names_with_number(number, suffix));
        let with_area = areas.iter().map(|area| self.names_with_area(area));
        let names = self.names.len() as f64;
        let share = |count: u32| (f64::from(count) / names).ln();
        let unknown = street.unknown + names.ln() + with_number.chain(with_area).map(share).sum::<f64>();
        Some(likelihood - unknown >= self.threshold().of(!numbers.is_empty(), !areas.is_empty()))
    }

    /// `285 O Street`, where that ends at 90, may be D Street as well: one letter is soon mistyped.
    fn doubt_short(&self, street: &Street<'_>, reading: &Reading<'_>, hit: &mut Hit) {
        let Reading::Address { number, .. } = reading else { return };
        let is_far = |there: &u32| there.abs_diff(number.value) > BLOCK;
        let mut numbers = street.name.places.iter().flat_map(|place| &self.numbers[place.rows.clone()]);
        if hit.faults.contains(&Fault::NumberNotFound) && street.is_one_letter() && numbers.all(is_far) {
            hit.faults.push(Fault::Uncorroborated);
        }
    }

    /// The house numbers of the text that the register really has in the street.
    fn numbers_found(&self, street: &Street<'_>, reading: &Reading<'_>, hit: &Hit) -> Vec<u32> {
        let numbers = match (reading, hit.level) {
            (Reading::Address { number, .. }, Level::Rooftop | Level::RooftopMainNumber) => {
                vec![number.value]
            }
            (Reading::Address { number, .. }, Level::Range) => {
                [Some(number.value), number.second].into_iter().flatten().collect()
            }
            (Reading::Block { from, to, .. }, Level::Range) => vec![*from, *to],
            _ => Vec::new(),
        };
        let is_there =
            |&number: &u32| street.name.places.iter().any(|place| !self.rows_with(place, number).is_empty());
        if numbers.iter().all(is_there) { numbers } else { Vec::new() }
    }
}

/// The letter or addition that the text names, where the register has it there.
fn suffix_found<'r>(reading: &'r Reading<'_>, hit: &Hit) -> &'r str {
    let Reading::Address { number, .. } = reading else { return "" };
    let is_there = hit.level == Level::Rooftop;
    number.suffixes.first().filter(|_| is_there).map_or("", String::as_str)
}

/// Marks what a name as it stands cannot be trusted with.
fn doubt_exact(street: &Street<'_>, reading: &Reading<'_>, hit: &mut Hit) {
    let suffix = match reading {
        Reading::Address { number, .. } => number.suffixes.first().map_or("", String::as_str),
        _ => "",
    };
    // `12 W Park Street` is not number 12 W of Park Street, unless the register has that.
    if matches!(suffix, "n" | "e" | "s" | "w") && hit.level > Level::Rooftop {
        hit.faults.push(Fault::DirectionAdded);
        if !hit.is_doubtful() {
            hit.faults.push(Fault::Uncorroborated);
        }
    } else if !suffix.is_empty() && hit.level > Level::RooftopMainNumber {
        hit.faults.push(Fault::SuffixNotMatched);
    }
    // Half a name and half a number do not make an address.
    let is_partial = is_partial(&street.faults);
    let is_loose = matches!(hit.level, Level::Interpolated | Level::Range)
        || hit.faults.contains(&Fault::PostcodeDisagrees);
    if is_partial && is_loose && !hit.faults.contains(&Fault::Uncorroborated) {
        hit.faults.push(Fault::Uncorroborated);
    }
}

/// Whether a type or direction is missing or too much.
fn is_partial(faults: &[Fault]) -> bool {
    use Fault::{DirectionAdded, DirectionMissing, TypeAdded, TypeMissing};
    let is_one = |fault: &Fault| matches!(fault, TypeMissing | TypeAdded | DirectionMissing | DirectionAdded);
    faults.iter().any(is_one)
}
