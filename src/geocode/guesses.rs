//! A misspelt name in, the names of the register that it may stand for out, likeliest first.
//!
//! `fuzzy` finds the spellings that are near; here it is seen whose they are, and which of them are the name of another
//! street for sure.

use super::Fault;
use super::fuzzy::{self, Forms, Near};
use super::normalise::{self, Token};
use super::register::{Bearer, Guess, Register, differences, is_exact};

/// Names that are looked at for one misspelt text.
const GUESSES: usize = 20;

/// The share of people who leave out the type or direction of a name. Assumed; with a tenth of it, of those who mistype
/// the name too, the table of `fuzzy` is the same.
pub(super) const PARTIAL: f64 = 0.02;

/// No type of street is longer than this and has one letter wrong.
const LONGEST_TYPE: usize = 12;

impl Register<'_> {
    /// The names that these tokens can mean if some of their letters are wrong, `most` at most; likeliest first.
    pub(super) fn find_misspelt(&self, tokens: &[Token<'_>], most: usize) -> Vec<Guess> {
        let mut guesses = self.with_misspelt_type(tokens);
        guesses.extend(self.with_misspelt_quadrant(tokens));
        // `Street NW` is no name.
        if !tokens.iter().all(normalise::is_part_of_name) {
            self.with_misspelt_letters(tokens, most, &mut guesses);
        }
        guesses.sort_by(|a, b| a.name.cmp(&b.name).then(b.likelihood.total_cmp(&a.likelihood)));
        guesses.dedup_by_key(|guess| guess.name);
        guesses.sort_by(|a, b| b.likelihood.total_cmp(&a.likelihood).then(a.name.cmp(&b.name)));
        guesses.truncate(GUESSES);
        guesses
    }

    /// Those whose letters are near to the text's, all in all.
    fn with_misspelt_letters(&self, tokens: &[Token<'_>], most: usize, guesses: &mut Vec<Guess>) {
        let forms = Forms::of(tokens);
        for (text, is_whole) in forms.texts() {
            // What is allowed goes by the name proper, and no name is much longer than the one that was asked for.
            let longest = text.len().min(forms.key.bare.len() + 3);
            let near = self.spellings.near(text, fuzzy::allowed(longest).min(most));
            // V Street and F Street sound alike, yet nobody confuses them.
            let is_heard = fuzzy::allowed(forms.key.bare.len()) > 0;
            let near = near.into_iter().chain(self.spellings.sounding_like(text).filter(|_| is_heard));
            let alike =
                near.filter(|near| is_whole.is_none_or(|whole| Bearer(near.bearer).is_whole() == whole));
            guesses.extend(alike.filter_map(|near| self.guess(&forms, near)));
        }
    }

    /// Those of the very name with another type, a letter of which is wrong: `Columbia Dr` for Columbia Rd, `I S` for
    /// I St.
    fn with_misspelt_type(&self, tokens: &[Token<'_>]) -> Vec<Guess> {
        let mut guesses = Vec::new();
        let last = tokens.len().saturating_sub(1);
        // `10th Sr NW`: a direction may stand behind the type.
        let from =
            if last > 1 && normalise::is_direction(tokens[last].text) { last - 1 } else { last.max(1) };
        for at in from..tokens.len() {
            let typed = tokens[at].text;
            let name: Vec<Token<'_>> = [&tokens[..at], &tokens[at + 1..]].concat();
            let asked = normalise::key(&name);
            if typed.len() > LONGEST_TYPE || asked.kind != 0 {
                continue;
            }
            for &entry in self.by_bare.get(&asked.bare).into_iter().flatten() {
                let entry = &self.entries[entry as usize];
                if asked.directions == entry.key.directions
                    && let Some(likelihood) = self.spellings.likelihood_of_type(entry.key.kind, typed)
                {
                    guesses.push(Guess { name: entry.name, faults: vec![Fault::StreetMisspelt], likelihood });
                }
            }
        }
        guesses
    }

    /// Those of the very name in a quadrant that lost a letter or has its letters exchanged: `M Street W` for M Street
    /// NW.
    fn with_misspelt_quadrant(&self, tokens: &[Token<'_>]) -> Vec<Guess> {
        let Some((typed, name)) = tokens.split_last() else { return Vec::new() };
        let asked = normalise::key(name);
        let likelihood = self.spellings.one_mistake();
        let there = self.by_bare.get(&asked.bare).into_iter().flatten();
        there
            .map(|&entry| &self.entries[entry as usize])
            .filter(|entry| entry.key.kind == asked.kind && asked.directions == [0, 0])
            .filter(|entry| normalise::is_misspelt_quadrant(typed.text, entry.key.directions))
            .map(|entry| Guess { name: entry.name, faults: vec![Fault::StreetMisspelt], likelihood })
            .collect()
    }

    /// A spelling near to that of a name, unless it is that of another name for sure.
    fn guess(&self, forms: &Forms, near: Near) -> Option<Guess> {
        let asked = &forms.key;
        let bearer = Bearer(near.bearer);
        let entry = &self.entries[bearer.entry()];
        let is_same = bearer.is_whole() && near.edits == 0;
        // `H Streetn E`: only the blanks stand elsewhere.
        let mut faults = differences(if is_same { &entry.key } else { asked }, entry)?;
        if bearer.is_whole() {
            faults.retain(|&fault| fault == Fault::StreetAlias);
        }
        // `Elton Street` is not a misspelt Seltun; Ninth Street is not a misspelt Fifth Street; `N Beacon Street` is
        // not a misspelt Beacon Street: a direction is no letter.
        let is_more = faults.iter().any(|fault| matches!(fault, Fault::TypeAdded | Fault::DirectionAdded));
        let number = fuzzy::digits_of(&asked.bare);
        let is_other_number = number != 0 && number != fuzzy::digits_of(&entry.key.bare)
            || forms.marks != 0 && entry.marks != 0 && forms.marks != entry.marks;
        let is_other_direction =
            near.edits > 0 && (&asked.bare, asked.kind) == (&entry.key.bare, entry.key.kind);
        let is_far = !bearer.is_whole() && (near.edits == 0 || near.edits > fuzzy::allowed(entry.letters));
        if is_more || is_other_number || is_other_direction || is_far {
            return None;
        }
        let likelihood = if is_exact(&faults) { near.likelihood } else { near.likelihood + PARTIAL.ln() };
        // Nothing but a blank is wrong: `Sussexroad`.
        faults.extend(std::iter::repeat_n(Fault::StreetMisspelt, near.edits.max(1)));
        Some(Guess { name: entry.name, faults, likelihood })
    }
}

#[cfg(test)]
mod tests {
    use crate::geocode::tests::{at, register};
    use crate::geocode::{Answer, Geocoder, Options, Status};
    use crate::model::street::Streets;

    /// A town with these streets, a kilometre apart: numbers 10 to 14 (even) in the first, 110 to 114 in the second.
    fn find(streets: &[&str], text: &str) -> Answer {
        let numbers: Vec<[String; 3]> = (0..streets.len())
            .map(|row| [10, 12, 14].map(|number| (100 * row + number).to_string()))
            .collect();
        let mut rows = Vec::new();
        for (row, (&street, numbers)) in streets.iter().zip(&numbers).enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                let there = at(column as f64 * 10.0, row as f64 * 1_000.0);
                rows.push((street, number.as_str(), "", "Jamaica Plain", there));
            }
        }
        let (addresses, streets) = (register(rows), Streets::default());
        Geocoder::build(&addresses, &streets, &Options::default()).find(text)
    }

    const STREETS: [&str; 8] = [
        "Columbia Rd",
        "I St",
        "Jamaica Pl",
        "Forest St",
        "De Ruyterkade",
        "Leverett Ave",
        "Walnut Park",
        "Quincy St",
    ];

    #[test]
    fn a_type_with_a_wrong_letter_is_taken_for_that_of_the_street() {
        for (text, expected) in [("12 Columbia Dr", "Columbia Rd 12"), ("112 I S", "I St 112")] {
            let answer = find(&STREETS, text);
            assert_eq!((answer.status, answer.label.as_str()), (Status::Accepted, expected), "{text}");
        }
        assert_ne!(find(&STREETS, "12 Columbia Lane").status, Status::Accepted);
    }

    #[test]
    fn a_town_is_not_taken_for_a_misspelt_street() {
        assert_ne!(find(&STREETS, "408 Centre St, Jamaica Plain").status, Status::Accepted);
        assert_eq!(find(&STREETS, "212 Jamiaca Pl, Jamaica Plain").label, "Jamaica Pl 212");
    }

    #[test]
    fn a_name_that_begins_like_an_article_is_not_cut_in_two() {
        assert_ne!(find(&STREETS, "312 Deforest St").status, Status::Accepted);
        assert_eq!(find(&STREETS, "deRuyterkade 412").status, Status::Accepted);
    }

    #[test]
    fn a_street_that_lacks_the_number_is_doubted_for_one_that_has_it() {
        let rows = ["400", "402", "404"].map(|number| ("Everett Ave", number, "", "", at(0.0, 0.0)));
        let others = ["10", "12", "14"].map(|number| ("Leverett Ave", number, "", "", at(9_000.0, 0.0)));
        let (addresses, streets) = (register([rows, others].concat()), Streets::default());
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        assert_eq!(geocoder.find("12 Everett Ave").status, Status::Ambiguous);
        assert_eq!(geocoder.find("700 Everett Ave").label, "Everett Ave");
        assert_eq!(geocoder.find("402 Everett Ave").label, "Everett Ave 402");
    }

    #[test]
    fn what_stands_between_a_street_and_its_number_is_no_town() {
        let rows = ["2", "4", "6"].map(|number| ("Reynifell", number, "", "", at(0.0, 0.0)));
        let (addresses, streets) = (register(rows), Streets::default());
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        assert_ne!(geocoder.find("Reynifell Gata 4").status, Status::Accepted);
        assert_eq!(geocoder.find("Reynifell 4 Hella").status, Status::Accepted);
    }
}
