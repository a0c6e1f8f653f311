//! A reading and the register in, the places that it can mean out.

use super::normalise::{self, Glue, Token, is_part_of_name};
use super::parse::{Number, Reading};
use super::register::{Guess, Name, Place, Register, is_exact};
use super::{Fault, words};
use crate::model::NONE;
use crate::model::location::Level;
use crate::unit::Local;

/// Neighbours farther apart than this place nothing between them: beyond it, half of the numbers of a
/// register of Boston that were held out lay more than 18 m, and one in twenty more than 108 m off.
const NEIGHBOURS_WITHIN_M: f64 = 200.0;

/// Rows of one address farther apart than this contradict each other.
const SAME_ADDRESS_WITHIN_M: f64 = 100.0;

/// Nodes that two streets share and that lie this near to each other are one crossing: dual carriageways, and streets
/// that go on a little further along the other one.
const SAME_CROSSING_WITHIN_M: f64 = 100.0;

/// Streets without a common node meet where they come this near.
const MEET_WITHIN_M: f64 = 25.0;

/// A block of a hundred numbers is taken to be this long, in metres. Set on requests of Washington.
const BLOCK_M: f64 = 165.0;

/// Metres of street that one number takes up at most: houses of 8 m with every second number.
const NUMBER_M: f64 = 4.0;

/// A range longer than this is a street, not a place on it. Set on requests of Washington.
const RANGE_WITHIN_M: f64 = 500.0;

/// A number of a block stands for another one that differs by no more than this. Set on requests of Washington.
const NUMBERS_WITHIN: u32 = 30;

/// Rows of a street beside which a missing number may be placed. One or two that stand alone may be filed
/// under the wrong street, and nothing contradicts them. Set on requests of Washington.
const ROWS_TO_TRUST: usize = 3;

/// A street whose points lie farther from its middle than this is no place to put a report.
const STREET_WITHIN_M: f64 = 3_000.0;

/// Points of penalty that make a place e times less likely: words that are not understood speak as much against a
/// place as two wrong letters.
const POINTS: f64 = 2.5;

/// Points of penalty for words that another misspelt street would use up: they may be a town, but that would be
/// chance. Without it, 0.001 fewer are found in Iceland.
const LEFT_OVER: f64 = 10.0;

/// What is asked besides street and number.
pub(super) struct Asked<'t> {
    pub(super) postcode: &'t str,
    pub(super) is_near: bool,
}

/// One place that a reading can mean.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) at: Local,
    pub(super) level: Level,
    pub(super) extent_m: f64,
    pub(super) faults: Vec<Fault>,
    /// Row in the register; [`NONE`] for all but house numbers.
    pub(super) address: u32,
    pub(super) label: String,
    /// Logarithm of how likely somebody who meant this typed the text; 0 for a name as it stands.
    pub(super) likelihood: f64,
}

impl Hit {
    /// The best first.
    pub(super) fn by_score(a: &Self, b: &Self) -> std::cmp::Ordering {
        let first = b.score().total_cmp(&a.score()).then(a.level.cmp(&b.level));
        first.then_with(|| a.label.cmp(&b.label)).then(a.at.total_cmp(&b.at))
    }

    /// Whether nothing confirms an incomplete or misspelt name.
    pub(super) fn is_doubtful(&self) -> bool {
        self.faults.contains(&Fault::Uncorroborated)
    }

    /// Whether its name is misspelt.
    pub(super) fn is_guess(&self) -> bool {
        self.likelihood < 0.0
    }

    /// Whether it is a house number of the register, in a street whose name has one letter wrong.
    pub(super) fn is_one_letter_off(&self) -> bool {
        let wrong = self.faults.iter().filter(|&&fault| fault == Fault::StreetMisspelt).count();
        self.is_guess() && wrong == 1 && self.level <= Level::RooftopMainNumber
    }

    /// How likely this is meant, against other misspelt streets: the logarithm of how likely the text was typed for its
    /// name, less what else is wrong.
    pub(super) fn plausibility(&self) -> f64 {
        let is_counted = |fault: &&Fault| {
            use Fault::{
                DirectionAdded, DirectionMissing, StreetMisspelt, TypeAdded, TypeMissing, Uncorroborated,
            };
            let is_of_name = matches!(fault, TypeMissing | TypeAdded | DirectionMissing | DirectionAdded);
            !is_of_name && !matches!(fault, StreetMisspelt | Uncorroborated)
        };
        let points: f64 = self.faults.iter().filter(is_counted).map(|fault| fault.penalty()).sum();
        let left_over = if self.faults.contains(&Fault::LocalityUnknown) { LEFT_OVER } else { 0.0 };
        self.likelihood - (points + left_over) / POINTS
    }

    pub(super) fn score(&self) -> f64 {
        super::score::score(&self.faults)
    }
}

/// A street name and what follows it.
pub(super) struct Street<'r> {
    pub(super) name: &'r Name,
    number_of_name: u32,
    pub(super) faults: Vec<Fault>,
    pub(super) city: String,
    /// How far the text is from the name, where it is misspelt.
    pub(super) guess: Option<Guess>,
    /// Logarithm of how likely a street that the register lacks is called that.
    pub(super) unknown: f64,
    /// Whether words of the text are left over behind the name, a town that the register knows aside.
    is_cut_short: bool,
}

impl Street<'_> {
    /// Whether the name proper is one letter, so that one wrong letter makes another name of it.
    pub(super) fn is_one_letter(&self) -> bool {
        let folded = normalise::fold(&self.name.label);
        let bare = normalise::key(&normalise::tokens(&folded)).bare;
        bare.len() == 1 && bare.bytes().all(|letter| letter.is_ascii_lowercase())
    }

    /// Logarithm of how likely the text was typed for this name.
    fn likelihood(&self) -> f64 {
        self.guess.as_ref().map_or(0.0, |guess| guess.likelihood)
    }
}

/// How a name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// As it stands, or in an abbreviation that is known.
    Right,
    /// With one letter wrong.
    OneWrong,
    /// With some letters wrong.
    Wrong,
}

impl Spelling {
    /// How many letters may be wrong.
    pub(super) fn edits(self) -> usize {
        match self {
            Self::Right => 0,
            Self::OneWrong => 1,
            Self::Wrong => super::fuzzy::MOST,
        }
    }
}

impl Register<'_> {
    /// Adds what a reading can mean.
    pub(super) fn look_up(
        &self,
        reading: &Reading<'_>,
        spelling: Spelling,
        asked: &Asked<'_>,
        hits: &mut Vec<Hit>,
    ) {
        let from = hits.len();
        let is_number_last = matches!(reading, Reading::Address { is_number_last: true, .. });
        let mut each = |street: &[Token<'_>],
                        rest: &[Token<'_>],
                        find: &dyn Fn(&Street<'_>, &mut Vec<Hit>)| {
            for street in self.streets_named(street, rest, spelling) {
                // `Reynifell G-gata 4` is not number 4 of Reynifell: what stands before the number is no town.
                if is_number_last && street.faults.contains(&Fault::LocalityUnknown) && street.is_cut_short {
                    continue;
                }
                let from = hits.len();
                find(&street, hits);
                hits[from..].iter_mut().for_each(|hit| hit.likelihood = street.likelihood());
                self.doubt(&street, reading, asked, &mut hits[from..]);
            }
        };
        match reading {
            Reading::Address { street, number, rest, .. } => {
                each(street, rest, &|street, hits| self.with_number(street, number, asked, hits));
            }
            Reading::Block { street, from, to, rest } => {
                each(street, rest, &|street, hits| self.with_range(street, *from, *to, true, asked, hits));
            }
            Reading::Crossing { streets } => self.crossings(streets, spelling, hits),
            Reading::Street { street, rest } => {
                each(street, rest, &|street, hits| self.without_number(street, None, asked, hits));
            }
        }
        if asked.is_near {
            hits[from..].iter_mut().for_each(|hit| hit.faults.push(Fault::NearOnly));
        }
    }

    /// Every street whose name the tokens begin with; what they do not use must be a town or the like.
    pub(super) fn streets_named<'r>(
        &'r self,
        tokens: &[Token<'_>],
        rest: &[Token<'_>],
        spelling: Spelling,
    ) -> Vec<Street<'r>> {
        let line = (1..tokens.len()).find(|&index| tokens[index].glue == Glue::Break).unwrap_or(tokens.len());
        let mut found = Vec::new();
        for length in (1..=line).rev().take(6) {
            let beyond: Vec<Token<'_>> = tokens[length..].iter().chain(rest).copied().collect();
            let (city, fault) = self.locality(&beyond);
            let names: Vec<(u32, Vec<Fault>, Option<Guess>)> = match spelling {
                Spelling::Right => {
                    let exact = |(name, faults)| (name, faults, None);
                    self.find(&tokens[..length]).into_iter().map(exact).collect()
                }
                // Jamaica Plain is a town, not a misspelt Jamaica Pl.
                _ if fault == Some(Fault::UnknownWords) || self.is_city(&tokens[..length]) => continue,
                _ => {
                    let guess = |guess: Guess| (guess.name, guess.faults.clone(), Some(guess));
                    self.find_misspelt(&tokens[..length], spelling.edits()).into_iter().map(guess).collect()
                }
            };
            if names.is_empty() {
                continue;
            }
            // `Longfellow Street NE` is not Longfellow Street with something behind it.
            let goes_on = tokens.get(length).is_some_and(|next| {
                next.glue == Glue::Hyphen || next.glue != Glue::Break && is_part_of_name(next)
            });
            // ... but `Main Street West Roxbury` is.
            let is_of_city = |next: &Token<'_>| city.starts_with(next.text);
            if goes_on && !tokens.get(length).is_some_and(is_of_city) {
                continue;
            }
            // `Park Vale Avenue` is not Park Street in a town called Vale Avenue.
            let is_cut_short = length < line && city.is_empty();
            let is_exact =
                |(_, faults, guess): &(u32, Vec<Fault>, Option<Guess>)| guess.is_none() && is_exact(faults);
            let unknown = if names.iter().all(is_exact) {
                0.0
            } else {
                self.likelihood_of_name(&tokens[..length], false)
            };
            for (number_of_name, mut faults, guess) in names {
                let is_doubtful = is_cut_short && faults.contains(&Fault::TypeMissing);
                faults.extend(if is_doubtful { fault.map(|_| Fault::UnknownWords) } else { fault });
                let name = &self.names[number_of_name as usize];
                let city = city.clone();
                found.push(Street { name, number_of_name, faults, city, guess, unknown, is_cut_short });
            }
        }
        found
    }

    fn is_city(&self, tokens: &[Token<'_>]) -> bool {
        self.cities.contains_key(&tokens.iter().map(|token| token.text).collect::<String>())
    }

    /// The town that the tokens behind an address name, and what is wrong with them otherwise.
    fn locality(&self, beyond: &[Token<'_>]) -> (String, Option<Fault>) {
        let is_telling = |token: &&Token<'_>| {
            let is_code =
                token.text.bytes().all(|byte| byte.is_ascii_digit()) && matches!(token.text.len(), 4 | 5);
            let is_code = is_code || self.postcodes.contains_key(token.text);
            !words::BEYOND_THE_CITY.contains(&token.text) && !is_code
        };
        let telling: Vec<&Token<'_>> = beyond.iter().filter(is_telling).collect();
        if telling.is_empty() {
            return (String::new(), None);
        }
        let joined: String = telling.iter().map(|token| token.text).collect();
        if self.cities.contains_key(&joined) {
            return (joined, None);
        }
        let is_apart = beyond.first().is_some_and(|first| first.glue == Glue::Break);
        // A register without towns cannot know the town that people add.
        let may_be_town = self.cities.is_empty()
            && telling.len() <= 2
            && telling.iter().any(|token| token.text.len() > 1)
            && !telling.iter().any(|token| token.has_number());
        let fault = if is_apart || may_be_town { Fault::LocalityUnknown } else { Fault::UnknownWords };
        (String::new(), Some(fault))
    }

    fn with_number(&self, street: &Street<'_>, number: &Number, asked: &Asked<'_>, hits: &mut Vec<Hit>) {
        let from = hits.len();
        for place in &street.name.places {
            self.exact(street, place, number, asked, hits);
        }
        let is_full = |hit: &Hit| hit.level == Level::Rooftop;
        // `12 a` of one village is not number 12 of another, nor is `12` number 12 a there.
        if hits[from..].iter().any(is_full) {
            let is_suffix_wrong =
                |fault: &Fault| matches!(fault, Fault::SuffixNotMatched | Fault::SuffixMissing);
            let mut index = 0;
            hits.retain(|hit| {
                index += 1;
                index <= from || !hit.faults.iter().any(is_suffix_wrong)
            });
        }
        if let Some(second) = number.second.filter(|&second| second > number.value)
            && !hits[from..].iter().any(is_full)
        {
            hits.truncate(from);
            self.with_range(street, number.value, second, false, asked, hits);
        }
        if hits.len() == from {
            for place in &street.name.places {
                self.interpolated(street, place, number.value, asked, hits);
            }
        }
        if hits.len() == from {
            for place in &street.name.places {
                self.in_block(street, place, number.value, asked, hits);
            }
        }
        if hits.len() == from {
            self.without_number(street, Some(number.value), asked, hits);
        }
    }

    /// The number itself, as finely as the register has it.
    fn exact(
        &self,
        street: &Street<'_>,
        place: &Place,
        number: &Number,
        asked: &Asked<'_>,
        hits: &mut Vec<Hit>,
    ) {
        let rows = self.rows_with(place, number.value);
        if rows.is_empty() {
            return;
        }
        let with = |suffix: &str| {
            rows.iter().copied().filter(|&row| self.suffix_of(row) == suffix).collect::<Vec<_>>()
        };
        let mut faults = street.faults.clone();
        let wanted = number.suffixes.first().map_or("", String::as_str);
        let mut level = Level::Rooftop;
        let mut chosen = with(wanted);
        if chosen.is_empty() {
            level = Level::RooftopMainNumber;
            faults.push(if wanted.is_empty() { Fault::SuffixMissing } else { Fault::SuffixNotMatched });
            let shorter =
                number.suffixes.iter().skip(1).map(|suffix| with(suffix)).find(|rows| !rows.is_empty());
            chosen = shorter.unwrap_or_else(|| with(""));
        }
        if chosen.is_empty() {
            chosen = rows.to_vec();
        }

        // Of several rows, those with the postcode and town that were asked for.
        let with_faults = |row: u32| {
            let mut all = faults.clone();
            self.compare(row, street, asked, &mut all);
            (row, all)
        };
        let mut chosen: Vec<(u32, Vec<Fault>)> = chosen.into_iter().map(with_faults).collect();
        let best = chosen.iter().map(|(_, faults)| super::score::score(faults)).fold(0.0, f64::max);
        chosen.retain(|(_, faults)| super::score::score(faults) >= best);

        // Registers contradict themselves: rows that lie apart are several places, unless most of them agree.
        let at = |row: u32| self.addresses.at[row as usize];
        let mut groups: Vec<Vec<u32>> = Vec::new();
        for &(row, _) in &chosen {
            let is_near = |group: &&mut Vec<u32>| at(group[0]).distance_m(at(row)) <= SAME_ADDRESS_WITHIN_M;
            match groups.iter_mut().find(is_near) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        let mut faults = chosen[0].1.clone();
        if let Some(most) = groups.iter().position(|group| groups.len() > 1 && 2 * group.len() > chosen.len())
        {
            groups = vec![groups.swap_remove(most)];
            faults.push(Fault::RegisterContradicts);
        }
        for group in groups {
            let middle = mean(group.iter().map(|&row| at(row)));
            let extent_m = group.iter().map(|&row| at(row).distance_m(middle)).fold(0.0, f64::max);
            let address = group[0];
            let label = self.addresses.label(address as usize);
            let label = if level == Level::Rooftop {
                label
            } else {
                format!("{} {}", street.name.label, number.value)
            };
            hits.push(Hit {
                at: middle,
                level,
                extent_m,
                faults: faults.clone(),
                address,
                label,
                likelihood: 0.0,
            });
        }
    }

    /// Adds what the row's postcode and town say against it.
    fn compare(&self, row: u32, street: &Street<'_>, asked: &Asked<'_>, faults: &mut Vec<Fault>) {
        let (postcode, city) = (self.postcode_of(row), self.city_of(row));
        if !asked.postcode.is_empty() && !postcode.is_empty() && postcode != asked.postcode {
            faults.push(Fault::PostcodeDisagrees);
        }
        if !street.city.is_empty() && !city.is_empty() && city != street.city {
            faults.push(Fault::CityDisagrees);
        }
    }

    /// The nearest numbers of the same parity below and above, where they stand near each other.
    fn interpolated(
        &self,
        street: &Street<'_>,
        place: &Place,
        number: u32,
        asked: &Asked<'_>,
        hits: &mut Vec<Hit>,
    ) {
        let Some((low, high)) = self.neighbours(place, number, 2) else { return };
        let (from, to) = (self.addresses.at[low as usize], self.addresses.at[high as usize]);
        let gap_m = from.distance_m(to);
        if gap_m > NEIGHBOURS_WITHIN_M {
            return;
        }
        let (low_number, high_number) =
            (self.addresses.number[low as usize], self.addresses.number[high as usize]);
        let share = f64::from(number - low_number) / f64::from(high_number - low_number);
        let mut faults = street.faults.clone();
        faults.push(Fault::NumberInterpolated);
        self.compare(if share <= 0.5 { low } else { high }, street, asked, &mut faults);
        hits.push(Hit {
            at: from.toward(to, share),
            level: Level::Interpolated,
            extent_m: gap_m,
            faults,
            address: NONE,
            label: format!("{} {number}", street.name.label),
            likelihood: 0.0,
        });
    }

    /// The nearest number of the same hundred, where the hundred is a block and not a whole street.
    fn in_block(
        &self,
        street: &Street<'_>,
        place: &Place,
        number: u32,
        asked: &Asked<'_>,
        hits: &mut Vec<Hit>,
    ) {
        let numbers = &self.numbers[place.rows.clone()];
        let hundred = number / 100;
        let from = numbers.partition_point(|&there| there / 100 < hundred);
        let to = numbers.partition_point(|&there| there / 100 <= hundred);
        let rows = &self.rows[place.rows.clone()][from..to];
        let by_number = |&&row: &&u32| self.addresses.number[row as usize].abs_diff(number);
        let Some(&nearest) = rows.iter().min_by_key(by_number) else { return };
        let at = self.addresses.at[nearest as usize];
        let spread_m =
            rows.iter().map(|&row| self.addresses.at[row as usize].distance_m(at)).fold(0.0, f64::max);
        let is_one_number = numbers[from] == numbers[to - 1];
        let is_far = self.addresses.number[nearest as usize].abs_diff(number) > NUMBERS_WITHIN;
        if hundred == 0
            || is_far
            || is_one_number
            || spread_m > NEIGHBOURS_WITHIN_M
            || place.rows.len() < ROWS_TO_TRUST
        {
            return;
        }
        let mut faults = street.faults.clone();
        faults.push(Fault::NumberInBlock);
        self.compare(nearest, street, asked, &mut faults);
        let label = format!("{}00-{}99 {}", hundred, hundred, street.name.label);
        hits.push(Hit {
            at,
            level: Level::Range,
            extent_m: 1.5 * BLOCK_M,
            faults,
            address: NONE,
            label,
            likelihood: 0.0,
        });
    }

    /// The rows with the next numbers below and above that differ from `number` by a multiple of `step`.
    pub(super) fn neighbours(&self, place: &Place, number: u32, step: u32) -> Option<(u32, u32)> {
        let numbers = &self.numbers[place.rows.clone()];
        let rows = &self.rows[place.rows.clone()];
        let cut = numbers.partition_point(|&there| there < number);
        let fits = |index: &usize| {
            numbers[*index].abs_diff(number).is_multiple_of(step) && numbers[*index] != number
        };
        let low = (0..cut).rev().take(64).find(fits)?;
        let high = (cut..numbers.len()).take(64).find(fits)?;
        Some((rows[low], rows[high]))
    }

    /// The middle of a range of numbers, or of a block.
    fn with_range(
        &self,
        street: &Street<'_>,
        from: u32,
        to: u32,
        is_block: bool,
        asked: &Asked<'_>,
        hits: &mut Vec<Hit>,
    ) {
        let before = hits.len();
        for place in street.name.places.iter().filter(|place| place.rows.len() >= ROWS_TO_TRUST) {
            let numbers = &self.numbers[place.rows.clone()];
            let cut =
                numbers.partition_point(|&there| there < from)..numbers.partition_point(|&there| there <= to);
            let rows = &self.rows[place.rows.clone()][cut.clone()];
            // Ends that the register lacks stand where their neighbours would have them.
            let end = |number: u32| {
                let exact = self.rows_with(place, number).first();
                exact.map(|&row| self.addresses.at[row as usize]).or_else(|| {
                    let (low, high) = self.neighbours(place, number, 1)?;
                    let (a, b) = (self.addresses.at[low as usize], self.addresses.at[high as usize]);
                    let (low, high) =
                        (self.addresses.number[low as usize], self.addresses.number[high as usize]);
                    let share = f64::from(number - low) / f64::from(high - low);
                    (a.distance_m(b) <= 2.0 * NEIGHBOURS_WITHIN_M).then(|| a.toward(b, share))
                })
            };
            let inside = rows.first().zip(rows.last()).filter(|_| numbers[cut.start] != numbers[cut.end - 1]);
            let inside = inside
                .map(|(&low, &high)| (self.addresses.at[low as usize], self.addresses.at[high as usize]));
            let low = end(from).or(inside.map(|(first, _)| first));
            let high = end(to).or(inside.map(|(_, last)| last));
            // One number of a block that the register has stands for the block.
            let is_one_block = is_block && to / 100 == from / 100;
            let only = rows.first().filter(|_| is_one_block).map(|&row| self.addresses.at[row as usize]);
            let ends = low.zip(high).or(only.map(|at| (at, at)));
            let Some((low, high)) = ends else { continue };
            let length_m = low.distance_m(high);
            if length_m > RANGE_WITHIN_M {
                continue;
            }
            let mut faults = street.faults.clone();
            faults.push(Fault::RangeOfNumbers);
            if let Some(&row) = rows.first() {
                self.compare(row, street, asked, &mut faults);
            }
            let label = &street.name.label;
            let label =
                if is_block { format!("{from}-{to} {label}") } else { format!("{label} {from}-{to}") };
            // Numbers of a block that the register lacks may lie beyond those it has.
            let extent_m = if is_block { length_m.max(BLOCK_M) } else { length_m };
            hits.push(Hit {
                at: low.toward(high, 0.5),
                level: Level::Range,
                extent_m,
                faults,
                address: NONE,
                label,
                likelihood: 0.0,
            });
        }
        if hits.len() == before {
            self.without_number(street, Some(from), asked, hits);
        }
    }

    /// The street as a whole, or the part of it whose numbers come nearest.
    fn without_number(
        &self,
        street: &Street<'_>,
        number: Option<u32>,
        asked: &Asked<'_>,
        hits: &mut Vec<Hit>,
    ) {
        let mut faults = street.faults.clone();
        if faults.iter().any(|fault| {
            matches!(
                fault,
                Fault::TypeMissing | Fault::TypeAdded | Fault::DirectionMissing | Fault::DirectionAdded
            )
        }) {
            faults.push(Fault::Uncorroborated);
        }
        faults.push(if number.is_some() { Fault::NumberNotFound } else { Fault::NumberMissing });
        let label = &street.name.label;
        let places = &street.name.places;
        let hit = |place: &Place, extent_m: f64| {
            let mut faults = faults.clone();
            if let Some(&row) = self.rows.get(place.rows.start).filter(|_| !place.rows.is_empty())
                && !self.rows[place.rows.clone()]
                    .iter()
                    .any(|&row| self.postcode_of(row) == asked.postcode || asked.postcode.is_empty())
            {
                self.compare(row, street, asked, &mut faults);
            }
            Hit {
                at: place.middle,
                level: Level::Street,
                extent_m,
                faults,
                address: NONE,
                label: label.clone(),
                likelihood: 0.0,
            }
        };
        let gap = |place: &Place| {
            let numbers = &self.numbers[place.rows.clone()];
            let Some(number) = number else { return 0 };
            numbers.iter().map(|&there| there.abs_diff(number)).min().unwrap_or(u32::MAX)
        };
        let reach = |from: &Place| {
            places
                .iter()
                .map(|place| place.middle.distance_m(from.middle) + place.radius_m)
                .fold(0.0, f64::max)
        };
        let Some(best) = places.iter().min_by(|a, b| gap(a).cmp(&gap(b)).then(reach(a).total_cmp(&reach(b))))
        else {
            return;
        };
        // A number beyond those of the register lies beyond its part of the street; lines would show all of it.
        let metres_per_number = if street.name.ways.is_empty() { NUMBER_M } else { 0.0 };
        let beyond_m = |place: &Place| f64::from(gap(place).min(10_000)) * metres_per_number;
        let reach_m = reach(best) + beyond_m(best);
        if reach_m <= STREET_WITHIN_M {
            hits.push(hit(best, reach_m));
            return;
        }
        let alone = places.iter().map(|place| (place, place.radius_m + beyond_m(place)));
        hits.extend(alone.filter(|&(_, m)| m <= STREET_WITHIN_M).map(|(place, m)| hit(place, m)));
    }

    /// Where the streets of each part meet one of another part.
    fn crossings(&self, parts: &[&[Token<'_>]], spelling: Spelling, hits: &mut Vec<Hit>) {
        let named = |part: &&[Token<'_>]| {
            let mut streets = self.streets_named(part, &[], Spelling::Right);
            if spelling != Spelling::Right {
                streets.extend(self.streets_named(part, &[], spelling));
            }
            streets
        };
        let parts: Vec<Vec<Street<'_>>> = parts.iter().map(named).collect();
        for (index, part) in parts.iter().enumerate() {
            for other in &parts[index + 1..] {
                for a in part {
                    for b in other.iter().filter(|b| b.number_of_name != a.number_of_name) {
                        let mut faults = a.faults.clone();
                        faults.extend(&b.faults);
                        faults.sort_unstable();
                        let label = format!("{} / {}", a.name.label, b.name.label);
                        for (at, extent_m) in self.meetings(a.name, b.name) {
                            let (faults, label) = (faults.clone(), label.clone());
                            hits.push(Hit {
                                at,
                                level: Level::Crossing,
                                extent_m,
                                faults,
                                address: NONE,
                                label,
                                likelihood: a.likelihood() + b.likelihood(),
                            });
                        }
                    }
                }
            }
        }
    }

    /// The points where two streets meet, with the radius of each; nodes that they share, else where they
    /// come nearest.
    pub(super) fn meetings(&self, a: &Name, b: &Name) -> Vec<(Local, f64)> {
        let shared = a.nodes.iter().filter(|node| b.nodes.binary_search(node).is_ok());
        let mut points: Vec<(Local, u16)> =
            shared.map(|&node| (self.streets.nodes[node as usize], self.names_at()[node as usize])).collect();
        if points.is_empty() {
            points.extend(self.nearest_approach(a, b).map(|at| (at, 0)));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut groups: Vec<Vec<(Local, u16)>> = Vec::new();
        for point in points {
            let is_near = |(there, _): &(Local, u16)| there.distance_m(point.0) <= SAME_CROSSING_WITHIN_M;
            match groups.iter_mut().find(|group| group.iter().any(is_near)) {
                Some(group) => group.push(point),
                None => groups.push(vec![point]),
            }
        }
        groups.iter().map(|group| crossing(group)).collect()
    }

    /// How many street names there are at each node.
    fn names_at(&self) -> &[u16] {
        self.names_at.get_or_init(|| {
            let mut count = vec![0u16; self.streets.nodes.len()];
            for &node in self.names.iter().flat_map(|name| &name.nodes) {
                count[node as usize] = count[node as usize].saturating_add(1);
            }
            count
        })
    }

    /// The middle between two streets that share no node, where they come near enough to meet.
    fn nearest_approach(&self, a: &Name, b: &Name) -> Option<Local> {
        let segments = |name: &Name| -> Vec<(Local, Local)> {
            let lines = name.ways.iter().map(|&way| self.streets.line(&self.streets.ways[way as usize]));
            lines
                .flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>())
                .collect()
        };
        let (first, second) = (segments(a), segments(b));
        let mut best: Option<(f64, Local)> = None;
        for &(p, q) in &first {
            for &(r, s) in &second {
                let is_far = p.x.max(q.x) + MEET_WITHIN_M < r.x.min(s.x)
                    || r.x.max(s.x) + MEET_WITHIN_M < p.x.min(q.x)
                    || p.y.max(q.y) + MEET_WITHIN_M < r.y.min(s.y)
                    || r.y.max(s.y) + MEET_WITHIN_M < p.y.min(q.y);
                if is_far {
                    continue;
                }
                for (from, to) in [
                    (p, on_segment(p, r, s)),
                    (q, on_segment(q, r, s)),
                    (on_segment(r, p, q), r),
                    (on_segment(s, p, q), s),
                ] {
                    let apart_m = from.distance_m(to);
                    if apart_m <= MEET_WITHIN_M && best.is_none_or(|(best_m, _)| apart_m < best_m) {
                        best = Some((apart_m, from.toward(to, 0.5)));
                    }
                }
            }
        }
        best.map(|(_, at)| at)
    }
}

/// The point of a segment that is nearest to `at`.
pub(super) fn on_segment(at: Local, from: Local, to: Local) -> Local {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length_sq = dx * dx + dy * dy;
    if length_sq <= 0.0 {
        return from;
    }
    let share = ((at.x - from.x) * dx + (at.y - from.y) * dy) / length_sq;
    from.toward(to, share.clamp(0.0, 1.0))
}

/// The middle of nodes that are one crossing, and the metres to the farthest of them. Where they lie so far apart that
/// the middle is none of them, the one where a third street passes too: of seven such crossings that requests of
/// Washington name, the city puts six there.
fn crossing(nodes: &[(Local, u16)]) -> (Local, f64) {
    let circle = |nodes: &[Local]| {
        let middle = mean(nodes.iter().copied());
        (middle, nodes.iter().map(|at| at.distance_m(middle)).fold(0.0, f64::max))
    };
    let all: Vec<Local> = nodes.iter().map(|&(at, _)| at).collect();
    let (middle, radius_m) = circle(&all);
    if radius_m <= MEET_WITHIN_M {
        return (middle, radius_m);
    }
    let most = nodes.iter().map(|&(_, names)| names).max().unwrap_or(0);
    let busiest: Vec<Local> = nodes.iter().filter(|&&(_, names)| names == most).map(|&(at, _)| at).collect();
    let (there, spread_m) = circle(&busiest);
    if spread_m > MEET_WITHIN_M {
        return (middle, radius_m);
    }
    (there, all.iter().map(|at| at.distance_m(there)).fold(0.0, f64::max))
}

fn mean(points: impl Iterator<Item = Local>) -> Local {
    let (mut x, mut y, mut count) = (0.0, 0.0, 0.0);
    for at in points {
        x += at.x;
        y += at.y;
        count += 1.0;
    }
    Local::new(x / count, y / count)
}
