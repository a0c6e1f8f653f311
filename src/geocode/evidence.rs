//! A misspelt name and what else is known in, whether that confirms the name out.
//!
//! The question is always the same: is it likelier that somebody mistyped this name, or that he named a street
//! which the register lacks? How likely the one is, `typing` tells, and how likely a name of that spelling; how many
//! streets by chance have this number, postcode and town too, the register itself. By how much the one must exceed
//! the other is found by taking streets out of the register: one in a hundred may be mistaken for another, of texts
//! with a postcode or town as of those without. A town of two hundred streets may guess more boldly than a country.

use super::fuzzy;
use super::lookup::{Asked, Hit, Street};
use super::normalise;
use super::parse::Reading;
use super::register::{Guess, Register};
use super::{DOUBT, Fault};
use crate::model::location::Level;

/// Of the addresses of the register, were their street not in it, so many may be taken for one on another street.
const MISTAKEN: f64 = 0.01;

/// Addresses that are asked for to count those.
const SAMPLE: usize = 2_000;

/// Registers too small to count in: nine in ten streets that people name are in the register.
const AT_LEAST: f64 = -2.0;

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
    /// Takes streets out of the register, one at a time, and asks for them.
    pub(super) fn set(register: &Register<'_>) -> Self {
        let step = register.rows.len().div_ceil(SAMPLE).max(1);
        let taken_out = register.sample(step).map(|(name, row)| likeliest_others(register, name, row));
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

/// What one in a hundred of these exceeds.
fn exceeded(mut likeliest: Vec<f64>) -> f64 {
    likeliest.sort_by(|a, b| b.total_cmp(a));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let mistaken = (likeliest.len() as f64 * MISTAKEN) as usize;
    likeliest.get(mistaken).map_or(AT_LEAST, |&least| least.max(AT_LEAST))
}

/// How much likelier than an unknown street the one other name with the number of this row would be, and the one with
/// its postcode and town too; minus infinity where there is none, or are several.
fn likeliest_others(register: &Register<'_>, name: usize, row: u32) -> (f64, f64) {
    let number = register.addresses.number[row as usize];
    let folded = normalise::fold(&register.names[name].label);
    let tokens = normalise::tokens(&folded);
    let mut unknown =
        register.likelihood_of_name(&tokens, true) + f64::from(register.names_with_number(number)).ln();
    let has_number = |guess: &Guess| {
        let mut places = register.names[guess.name as usize].places.iter();
        guess.name as usize != name && places.any(|place| !register.rows_with(place, number).is_empty())
    };
    let mut others = register.find_misspelt(&tokens, fuzzy::MOST);
    others.retain(has_number);
    let by_number = likelihood_of_only(&others) - unknown;
    let areas = [register.postcode_of(row), register.city_of(row)];
    for area in areas.into_iter().filter(|area| !area.is_empty()) {
        others.retain(|guess| register.is_in_area(&register.names[guess.name as usize], area));
        unknown += (f64::from(register.names_with_area(area)) / register.names.len() as f64).ln();
    }
    (by_number, likelihood_of_only(&others) - unknown)
}

/// The likelihood of the first guess, if no others are nearly as likely.
fn likelihood_of_only(guesses: &[Guess]) -> f64 {
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
            // `E Park Street` is another than Park Street, unless something else tells.
            if hit.faults.contains(&Fault::DirectionAdded) && !hit.is_doubtful() && !is_in_area() {
                hit.faults.push(Fault::Uncorroborated);
            }
        }
        let Some(guess) = &street.guess else { return };
        let names = self.names.len() as f64;
        for hit in hits {
            let is_contradicted = hit.faults.iter().any(|fault| {
                matches!(fault, Fault::PostcodeDisagrees | Fault::CityDisagrees | Fault::SuffixNotMatched)
            });
            let numbers = self.numbers_found(street, reading, hit);
            let is_number_missed = numbers.is_empty() && !matches!(reading, Reading::Street { .. });
            let mut areas = vec![asked.postcode, &street.city];
            areas.retain(|area| !area.is_empty() && !is_number_missed && self.is_in_area(street.name, area));
            // Streets of that spelling that the register lacks, with all that agrees with this one.
            let with_number = numbers.iter().map(|&number| self.names_with_number(number));
            let with_area = areas.iter().map(|area| self.names_with_area(area));
            let share = |count: u32| (f64::from(count) / names).ln();
            let unknown = street.unknown + names.ln() + with_number.chain(with_area).map(share).sum::<f64>();
            let is_likely =
                guess.likelihood - unknown >= self.threshold().of(!numbers.is_empty(), !areas.is_empty());
            let does_anything_agree = !numbers.is_empty() || !areas.is_empty();
            let is_confirmed = does_anything_agree && !is_contradicted && is_likely;
            if !is_confirmed && !hit.faults.contains(&Fault::Uncorroborated) {
                hit.faults.push(Fault::Uncorroborated);
            }
        }
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
    let is_partial = street.faults.iter().any(|fault| {
        use Fault::{DirectionAdded, DirectionMissing, TypeAdded, TypeMissing};
        matches!(fault, TypeMissing | TypeAdded | DirectionMissing | DirectionAdded)
    });
    let is_loose = matches!(hit.level, Level::Interpolated | Level::Range)
        || hit.faults.contains(&Fault::PostcodeDisagrees);
    if is_partial && is_loose && !hit.faults.contains(&Fault::Uncorroborated) {
        hit.faults.push(Fault::Uncorroborated);
    }
}
