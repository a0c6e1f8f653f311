//! A misspelt name and what else is known in, whether that confirms the name out.
//!
//! The question is always the same: had the text named a street that the register lacks, how many streets would
//! by chance be as near to it in spelling, and have this house number and this postcode too? The register itself
//! answers it: how many neighbours in spelling its own names have, and how many streets each number, postcode and
//! town. A town of two hundred streets may guess more boldly than a country.

use super::Fault;
use super::lookup::{Asked, Hit, Street};
use super::parse::Reading;
use super::register::Register;
use crate::model::location::Level;

/// Streets that may agree by chance with a name of which one letter is wrong. Set, like the two that follow, on
/// Boston (33,122 addresses, 3,377 names), between misspelt addresses that are lost and addresses of streets taken
/// out of the register that are placed.
const BY_CHANCE: f64 = 0.05;

/// Two wrong letters are rarer than one: so much less may be left to chance for each further letter.
const LESS_PER_EDIT: f64 = 0.5;

/// And so much less where type or direction are missing too.
const PARTIAL: f64 = 0.1;

/// Of the names of a register, three in four are made of runs of letters that its other names have too; of
/// misspelt ones one in four. Each run that no name has makes a name that the register lacks this much less
/// likely. Counted in Boston and Iceland.
const STRANGE: f64 = 0.3;

/// Names whose neighbours are counted.
const SAMPLE: usize = 300;

/// How many other names of the register are within so many edits of one of this length, on average.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// By length, up to [`LONGEST`], then by edits.
    neighbours: Vec<[f64; EDITS]>,
}

const LONGEST: usize = 16;
const EDITS: usize = 5;

impl Crowd {
    /// Counts on a sample of the names, evenly spread.
    pub(super) fn count(register: &Register<'_>) -> Self {
        let mut neighbours = [[0.0; EDITS]; LONGEST + 1];
        let mut names = [0.0; LONGEST + 1];
        for (length, near) in register.sample_neighbours(SAMPLE) {
            let length = length.min(LONGEST);
            names[length] += 1.0;
            for edits in near {
                (edits..EDITS).for_each(|within| neighbours[length][within] += 1.0);
            }
        }
        // Names of about this length speak for it too: some lengths are rare.
        let smooth = |length: usize, edits: usize| {
            let about = length.saturating_sub(1)..=(length + 1).min(LONGEST);
            let (mut near, mut all) = (0.0, 0.0);
            for other in about {
                near += neighbours[other][edits];
                all += names[other];
            }
            (near + 0.5) / (all + 1.0)
        };
        Self {
            neighbours: (0..=LONGEST)
                .map(|length| std::array::from_fn(|edits| smooth(length, edits)))
                .collect(),
        }
    }

    fn around(&self, length: usize, edits: usize) -> f64 {
        self.neighbours[length.min(LONGEST)][edits.min(EDITS - 1)]
    }
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
        for hit in hits.iter_mut() {
            doubt_exact(street, reading, hit);
        }
        let Some(guess) = &street.guess else { return };
        let names = self.names.len() as f64;
        let strange = STRANGE.powi(i32::try_from(guess.strange_runs.min(4)).unwrap_or(4));
        let neighbours = self.crowd().around(guess.length, guess.edits) * strange;
        for hit in hits {
            let is_contradicted = hit
                .faults
                .iter()
                .any(|fault| matches!(fault, Fault::PostcodeDisagrees | Fault::CityDisagrees));
            let (mut by_chance, mut agreeing) = (neighbours, 0);
            let mut agree = |share: f64| {
                by_chance *= share;
                agreeing += 1;
            };
            let numbers = self.numbers_found(street, reading, hit);
            let is_number_missed = numbers.is_empty() && !matches!(reading, Reading::Street { .. });
            for number in numbers {
                agree(f64::from(self.names_with_number(number)) / names);
            }
            for area in [asked.postcode, &street.city].into_iter().filter(|area| !area.is_empty()) {
                if !is_number_missed && self.is_in_area(street.name, area) {
                    agree(f64::from(self.names_with_area(area)) / names);
                }
            }
            let mut allowed =
                BY_CHANCE * LESS_PER_EDIT.powi(i32::try_from(guess.edits).unwrap_or(i32::MAX) - 1);
            if guess.is_partial {
                allowed *= PARTIAL;
            }
            let is_confirmed = agreeing > 0 && !is_contradicted && by_chance <= allowed;
            if !is_confirmed && !hit.faults.contains(&Fault::Uncorroborated) {
                hit.faults.push(Fault::Uncorroborated);
            }
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
        hit.faults.extend([Fault::DirectionAdded, Fault::Uncorroborated]);
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
