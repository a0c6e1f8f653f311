//! A misspelt name and what else is known in, whether that confirms the name out.
//!
//! The question is always the same: had the text named a street that the register lacks, how many streets would
//! by chance be as near to it in spelling, and have this house number and this postcode too? The register itself
//! answers it: how many neighbours in spelling its own names have, and how many streets each number, postcode and
//! town. A town of two hundred streets may guess more boldly than a country.

use super::lookup::{Asked, Hit, Street};
use super::parse::Reading;
use super::register::Register;
use super::{Fault, fuzzy};
use crate::model::location::Level;

/// Streets that may agree by chance. Set on Boston (33,122 addresses, 3,377 names): beyond it, more than one in
/// a hundred addresses in streets that were taken out of the register found another one.
const BY_CHANCE: f64 = 0.05;

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
        let mut neighbours = vec![[0.0; EDITS]; LONGEST + 1];
        let mut names = vec![0.0; LONGEST + 1];
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
        // `12 W Park Street` is not number 12 W of Park Street, unless the register has that.
        if let Reading::Address { number, .. } = reading
            && number.suffixes.first().is_some_and(|suffix| matches!(suffix.as_str(), "n" | "e" | "s" | "w"))
        {
            for hit in hits.iter_mut().filter(|hit| hit.level > Level::Rooftop) {
                hit.faults.extend([Fault::DirectionAdded, Fault::Uncorroborated]);
            }
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
            for number in self.numbers_found(street, reading, hit) {
                agree(f64::from(self.names_with_number(number)) / names);
            }
            for area in [asked.postcode, &street.city].into_iter().filter(|area| !area.is_empty()) {
                if self.is_in_area(street.name, area) {
                    agree(f64::from(self.names_with_area(area)) / names);
                }
            }
            let is_whole = guess.edits <= fuzzy::allowed(guess.length) && !guess.is_partial;
            let allowed = if is_whole { BY_CHANCE } else { BY_CHANCE / 10.0 };
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
