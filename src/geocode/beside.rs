//! A text that fits several places and the coordinates that came with it in; beside which of the places each of them
//! lies, out.
//!
//! Two villages have a Kerkstraat 4, and a misspelt name is nobody's for sure; where the reporter stood tells which is
//! meant. A coordinate confirms the one place that it lies near: of a street, its line or its addresses. Where it lies
//! near several, the text stays ambiguous. Where it lies near none, and the register has the name as it is written,
//! the two contradict each other whichever place is meant; a name that the register lacks may be a street that it
//! lacks, and contradicts nothing. What was confirmed by nothing but a coordinate says nothing about where that
//! coordinate came from: default points must not be asked about.

use super::lookup::{Hit, Spelling, on_segment};
use super::parse::{self, Reading, Text};
use super::register::{Name, Place};
use super::{Answer, Fault, Geocoder, SAME_PLACE_M, Status, expression, normalise, score};
use crate::model::NONE;
use crate::model::location::Level;
use crate::unit::Local;

/// Metres from a place to a coordinate that confirms it: a block or two. In a city of 4,000 streets a circle of this
/// size touches ten, so that it agrees with a wrong street once in some hundred times.
const CONFIRMS_WITHIN_M: f64 = 250.0;

/// A street whose points lie farther from its middle than this is no place to put a report.
const STREET_WITHIN_M: f64 = 3_000.0;

/// Letters of a name from which on so many of them may be wrong if nothing but a coordinate confirms it. Lettered and
/// numbered streets stand in their order, a block or two apart: none of theirs may.
const WRONG_LETTERS: [(usize, usize); 4] = [(0, 0), (4, 1), (7, 2), (12, 3)];

/// What a coordinate says about a text that fits several places.
#[derive(Debug, Clone)]
pub(super) enum Beside {
    /// It lies beside this one, so many metres from it.
    One(Answer, f64),
    /// It lies far from each of them, and the register has the name as it is written.
    None,
    /// It does not tell.
    Untold,
}

/// One way to take a text.
struct Take<'t> {
    text: &'t Text<'t>,
    readings: Vec<Reading<'t>>,
    hits: Vec<Hit>,
    /// The finest level at which a name as it stands places it.
    as_it_stands: Option<Level>,
    /// Whether a name as it stands is the best that can be made of it; `None` where it leads nowhere.
    is_known: Option<bool>,
}

impl Geocoder<'_> {
    /// Beside which of the places that `text` can mean each of the coordinates lies; with letters that may be wrong,
    /// if `spelling` allows them.
    pub(super) fn beside(&self, text: &str, given: &[Local], spelling: Spelling) -> Vec<Beside> {
        let folded = normalise::fold(text);
        let is_postcode = |code: &str| self.register.postcodes.contains_key(code);
        let text = parse::strip(normalise::tokens(&folded), is_postcode);
        let others = self.other_takes(&text);
        let takes: Vec<Take<'_>> =
            std::iter::once(&text).chain(&others).map(|text| self.take(text, spelling)).collect();
        given.iter().map(|&at| self.beside_one(&takes, at)).collect()
    }

    fn take<'t>(&self, text: &'t Text<'t>, spelling: Spelling) -> Take<'t> {
        let (mut hits, readings) = self.meanings(text, spelling);
        for reading in &readings {
            self.namesakes(reading, &text.postcode, &mut hits);
        }
        hits.retain(|hit| !expression::is_cut_from_its_particle(text, &hit.label));
        let is_sure = |hit: &&Hit| !hit.is_guess() && !hit.is_doubtful() && self.is_good(hit);
        let as_it_stands = hits.iter().filter(is_sure).map(|hit| hit.level).min();
        let best = self.decide(hits.clone());
        let is_guessed = |fault: &Fault| matches!(fault, Fault::StreetMisspelt | Fault::Uncorroborated);
        let is_known = (best.status != Status::None).then(|| !best.faults.iter().any(is_guessed));
        Take { text, readings, hits, as_it_stands, is_known }
    }

    fn is_good(&self, hit: &Hit) -> bool {
        hit.score() >= self.options.accept_score
    }

    /// Adds the streets of the very name where the register lacks the number: it need not be complete.
    fn namesakes(&self, reading: &Reading<'_>, postcode: &str, hits: &mut Vec<Hit>) {
        let (street, number, rest) = match reading {
            Reading::Address { street, number, rest, .. } => (street, number.value, rest),
            Reading::Block { street, from, rest, .. } => (street, *from, rest),
            _ => return,
        };
        for street in self.register.streets_named(street, rest, Spelling::Right) {
            let has_more = |fault: &Fault| matches!(fault, Fault::LocalityUnknown | Fault::UnknownWords);
            if street.faults.iter().any(has_more) {
                continue;
            }
            let is_there = |place: &&Place| {
                place.radius_m <= STREET_WITHIN_M
                    && self.register.rows_with(place, number).is_empty()
                    && self.may_be_in(place, postcode, &street.city)
            };
            hits.extend(street.name.places.iter().filter(is_there).map(|place| Hit {
                at: place.middle,
                level: Level::Street,
                extent_m: place.radius_m,
                faults: [&street.faults[..], &[Fault::NumberNotFound]].concat(),
                address: NONE,
                label: street.name.label.clone(),
                likelihood: 0.0,
            }));
        }
    }

    /// Whether no postcode and town speak against a street; the keys are empty where nothing was asked.
    fn may_be_in(&self, place: &Place, postcode: &str, city: &str) -> bool {
        let agrees = |asked: &str, there: &str| asked.is_empty() || there.is_empty() || asked == there;
        let rows = &self.register.rows[place.rows.clone()];
        rows.is_empty()
            || rows.iter().any(|&row| {
                agrees(postcode, self.register.postcode_of(row)) && agrees(city, self.register.city_of(row))
            })
    }

    fn beside_one(&self, takes: &[Take<'_>], at: Local) -> Beside {
        let mut is_near_any = false;
        for take in takes {
            let apart = take.hits.iter().map(|hit| (hit, self.apart_m(hit, at)));
            let near: Vec<(&Hit, f64)> = apart.filter(|&(_, apart_m)| apart_m <= CONFIRMS_WITHIN_M).collect();
            is_near_any |= !near.is_empty();
            // Of several places within a block or two, the one where the reporter stands.
            for within_m in [CONFIRMS_WITHIN_M, SAME_PLACE_M] {
                let near: Vec<(&Hit, f64)> =
                    near.iter().copied().filter(|&(_, apart_m)| apart_m <= within_m).collect();
                if let Some((answer, apart_m)) = self.confirmed(take, &near) {
                    // A misspelt name that would only contradict the coordinate may be another street.
                    let is_guess = answer.faults.contains(&Fault::StreetMisspelt);
                    let is_far = apart_m > self.options.disagree_beyond_m.max(answer.accuracy_m);
                    return if is_guess && is_far { Beside::Untold } else { Beside::One(answer, apart_m) };
                }
            }
        }
        let mut hits = takes.iter().flat_map(|take| &take.hits);
        let is_known = takes.iter().find_map(|take| take.is_known).unwrap_or(false);
        let is_far = |hit: &Hit| self.apart_m(hit, at) > score::accuracy_m(hit.level, hit.extent_m);
        if is_known && !is_near_any && hits.all(is_far) { Beside::None } else { Beside::Untold }
    }

    /// The one place that is meant, if a coordinate confirms these.
    fn confirmed(&self, take: &Take<'_>, near: &[(&Hit, f64)]) -> Option<(Answer, f64)> {
        // A misspelt street is not believed where the name as it stands leads to a place as fine, if far away.
        let is_finer = |hit: &Hit| take.as_it_stands.is_none_or(|level| hit.level < level);
        let is_believed = |hit: &Hit| !hit.is_guess() || is_finer(hit) && !is_wild(hit);
        // `6th St & G St`, where the register lacks the latter, is not 6th Street in a town called G.
        let is_half_read =
            |hit: &Hit| hit.level == Level::Street && hit.faults.contains(&Fault::LocalityUnknown);
        let sure = |hit: &Hit| {
            let mut hit = hit.clone();
            hit.faults.retain(|&fault| fault != Fault::Uncorroborated);
            hit
        };
        let believed = near.iter().filter(|(hit, _)| is_believed(hit) && !is_half_read(hit));
        let answer = self.decide(believed.map(|(hit, _)| sure(hit)).collect());
        if answer.status != Status::Accepted {
            return None;
        }
        let is_it = |(hit, _): &&(&Hit, f64)| hit.at == answer.at && hit.label == answer.label;
        let apart_m = near.iter().find(is_it).map_or(0.0, |&(_, apart_m)| apart_m);
        Some((self.related(answer, take.text.phrase.relation, &take.readings), apart_m))
    }

    /// Metres from a coordinate to a place.
    fn apart_m(&self, hit: &Hit, at: Local) -> f64 {
        let to_middle_m = hit.at.distance_m(at);
        let beyond = |radius_m: f64| (to_middle_m - radius_m).max(0.0);
        match hit.level {
            Level::Street if beyond(hit.extent_m) <= CONFIRMS_WITHIN_M => self.to_street_m(hit, at),
            Level::Range | Level::Between => beyond(hit.extent_m / 2.0),
            Level::Crossing => beyond(hit.extent_m),
            _ => to_middle_m,
        }
    }

    /// Metres to the nearest address or stretch of a street.
    fn to_street_m(&self, hit: &Hit, at: Local) -> f64 {
        let register = &self.register;
        let folded = normalise::fold(&hit.label);
        let spelt = register.find(&normalise::tokens(&folded)).into_iter();
        let names = spelt.map(|(name, _)| &register.names[name as usize]);
        let is_of_it = |point: &Local| point.distance_m(hit.at) <= hit.extent_m + 1.0;
        let points = names.filter(|name| name.label == hit.label).flat_map(|name| self.feet(name, at));
        points.filter(is_of_it).map(|point| point.distance_m(at)).fold(f64::INFINITY, f64::min)
    }

    /// The addresses of a name, and the points of its ways that are nearest to a coordinate.
    fn feet(&self, name: &Name, at: Local) -> Vec<Local> {
        let register = &self.register;
        let rows = name.places.iter().flat_map(|place| &register.rows[place.rows.clone()]);
        let mut feet: Vec<Local> = rows.map(|&row| register.addresses.at[row as usize]).collect();
        for &way in &name.ways {
            let line = register.streets.line(&register.streets.ways[way as usize]);
            feet.extend(line.windows(2).map(|pair| on_segment(at, pair[0], pair[1])));
        }
        feet
    }
}

/// Whether too many letters of a name are wrong to be believed on the word of a coordinate.
fn is_wild(hit: &Hit) -> bool {
    let folded = normalise::fold(&hit.label);
    let is_of_name = |token: &normalise::Token<'_>| {
        !token.text.starts_with(|sign: char| sign.is_ascii_digit()) && !normalise::is_part_of_name(token)
    };
    let tokens = normalise::tokens(&folded).into_iter().filter(is_of_name);
    let letters: usize = tokens.map(|token| token.text.len()).sum();
    let (_, allowed) = *WRONG_LETTERS.iter().rfind(|(least, _)| letters >= *least).expect("the first is 0");
    hit.faults.iter().filter(|&&fault| fault == Fault::StreetMisspelt).count() > allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geocode::tests::{at, register, reports, streets, town};
    use crate::geocode::{Conflict, Located, Options};
    use crate::issue::{Code, Issues};
    use crate::model::address::Addresses;
    use crate::model::location::Placed;
    use crate::model::street::Streets;
    use crate::progress::Silent;

    /// Where the town's geocoder puts one report, the issues with it, and the address that it is given.
    fn located(text: &str, given: Local, conflict: Conflict) -> (Located, Issues, String) {
        let (addresses, streets) = town();
        let options = Options { conflict, ..Options::default() };
        let mut issues = Issues::new();
        let geocoder = Geocoder::build(&addresses, &streets, &options);
        let located = geocoder.locate(&reports([(given, text)]), &mut issues, &Silent);
        let label =
            crate::model::some(located.address[0]).map_or_else(String::new, |row| addresses.label(row));
        (located, issues, label)
    }

    /// The answer for one row of a table, by a register of rows and some lines.
    fn answered(addresses: &Addresses, streets: &Streets, text: &str, given: Local) -> Answer {
        let geocoder = Geocoder::build(addresses, streets, &Options::default());
        geocoder.answers(&reports([(given, text)]), &Silent).remove(0)
    }

    #[test]
    fn of_two_streets_of_one_name_the_one_beside_the_coordinate_is_meant() {
        let (addresses, _) = town();
        for (given, place) in [(at(45.0, 30.0), at(40.0, 8.0)), (at(9_020.0, 10.0), at(9_000.0, 0.0))] {
            let (located, issues, label) = located("Kerkstraat 4", given, Conflict::Coordinate);
            assert_eq!((located.placed[0], located.at[0]), (Placed::Given, given));
            assert_eq!(label, "Kerkstraat 4");
            assert_eq!(addresses.at[located.address[0] as usize], place);
            assert!(issues.list().is_empty(), "{issues:?}");
        }
    }

    #[test]
    fn a_coordinate_far_from_all_that_a_known_name_can_mean_contradicts_it_whichever_is_meant() {
        for (conflict, placed, ambiguous) in [
            (Conflict::Coordinate, Placed::Given, 0),
            (Conflict::Address, Placed::None, 1),
            (Conflict::Drop, Placed::None, 0),
        ] {
            let (located, issues, label) = located("Kerkstraat 4", at(4_000.0, 0.0), conflict);
            assert_eq!((located.placed[0], label.as_str()), (placed, ""), "{conflict:?}");
            assert_eq!(issues.count(Code::CoordinateFarFromAddress), 1);
            assert_eq!(issues.count(Code::AddressAmbiguous), ambiguous, "{conflict:?}");
        }
    }

    #[test]
    fn a_desk_that_clicked_a_block_away_means_the_village_it_clicked_in() {
        let (located, issues, label) = located("Kerkstraat 4", at(190.0, 8.0), Conflict::Address);
        assert_eq!((located.placed[0], located.at[0]), (Placed::Address, at(40.0, 8.0)));
        assert_eq!((label.as_str(), issues.count(Code::CoordinateFarFromAddress)), ("Kerkstraat 4", 1));
    }

    #[test]
    fn a_street_of_the_name_that_lacks_the_number_is_meant_if_the_coordinate_lies_on_it() {
        let (addresses, lines) = town();
        // Number 12 stands in Dorp alone, but the register of the other village need not be complete.
        let answer = answered(&addresses, &lines, "Kerkstraat 12", at(9_060.0, 20.0));
        assert_eq!((answer.status, answer.label.as_str()), (Status::GivenKept, "Kerkstraat"));
        let answer = answered(&addresses, &lines, "Kerkstraat 12", at(5_000.0, 20.0));
        assert_eq!((answer.status, answer.label.as_str()), (Status::Conflict, "Kerkstraat 12"));
        assert_eq!(answer.faults, [Fault::CoordinateFar]);
        let answer = answered(&addresses, &lines, "Kerkstraat 12, Dorp", at(9_060.0, 20.0));
        assert_eq!(answer.status, Status::Conflict, "the text names the village");
    }

    #[test]
    fn a_misspelt_street_is_believed_beside_the_coordinate_alone() {
        let numbers = ["2", "4", "6"].map(|number| ("Molenstraat", number, "", "", at(0.0, 0.0)));
        let others = ["1", "3", "5"].map(|number| ("Parkweg", number, "", "", at(5_000.0, 0.0)));
        let (addresses, lines) = (register([numbers, others].concat()), Streets::default());
        let alone = answered(&addresses, &lines, "Molenstrat 99", Local::NOWHERE);
        assert_eq!((alone.status, alone.at.is_somewhere()), (Status::Ambiguous, false), "{alone:?}");
        let near = answered(&addresses, &lines, "Molenstrat 99", at(200.0, 0.0));
        assert_eq!((near.status, near.label.as_str()), (Status::GivenKept, "Molenstraat"));
        assert!(
            !near.faults.contains(&Fault::Uncorroborated) && near.faults.contains(&Fault::StreetMisspelt)
        );
        let beyond = answered(&addresses, &lines, "Molenstrat 4", at(600.0, 0.0));
        assert_ne!(beyond.status, Status::GivenKept, "the number confirms it, wherever the reporter stood");
        // The register may lack the street: that is no contradiction.
        let far = answered(&addresses, &lines, "Molenstrat 99", at(2_000.0, 0.0));
        assert_eq!((far.status, far.label.as_str()), (Status::GivenKept, ""));
        assert_eq!(far.candidates, ["Molenstraat"]);
    }

    #[test]
    fn a_street_is_as_near_as_its_line_not_as_its_middle() {
        let lines = streets(&[("Lange Weg", vec![at(0.0, 0.0), at(2_000.0, 0.0)])]);
        let near = answered(&Addresses::default(), &lines, "Lange Wegg", at(1_900.0, 200.0));
        assert_eq!((near.status, near.label.as_str()), (Status::GivenKept, "Lange Weg"), "{near:?}");
        let beside = answered(&Addresses::default(), &lines, "Lange Wegg", at(1_000.0, 400.0));
        assert_eq!(beside.label, "", "the middle is as near, but the street is not");
    }

    #[test]
    fn of_two_places_within_a_block_the_one_where_the_reporter_stands_is_meant_and_else_none() {
        let rows = [("10th St NE", at(0.0, 0.0)), ("10th St NW", at(160.0, 0.0))];
        let addresses = register(rows.map(|(street, at)| (street, "12", "", "", at)));
        let none = Streets::default();
        let label = |given: Local| answered(&addresses, &none, "12 10th St", given).label;
        assert_eq!(label(at(10.0, 0.0)), "10th St NE 12");
        assert_eq!(label(at(150.0, 0.0)), "10th St NW 12");
        assert_eq!(label(at(80.0, 0.0)), "");
        assert_eq!(label(at(-120.0, 200.0)), "10th St NE 12", "the other one is farther than a block or two");
    }

    #[test]
    fn a_name_as_it_stands_is_not_given_up_for_a_misspelt_one_beside_the_coordinate() {
        let rows = [
            ("Elm St", "12", at(0.0, 0.0)),
            ("Elm St", "12", at(9_000.0, 0.0)),
            ("Elms St", "12", at(4_000.0, 0.0)),
        ];
        let addresses = register(rows.map(|(street, number, at)| (street, number, "", "", at)));
        let answer = answered(&addresses, &Streets::default(), "12 Elm St", at(4_000.0, 20.0));
        assert_eq!((answer.status, answer.label.as_str()), (Status::Conflict, ""), "{answer:?}");
    }

    #[test]
    fn a_lettered_street_is_not_taken_for_its_neighbour() {
        let mut rows = Vec::new();
        for (street, y) in [("T St NW", 0.0), ("V St NW", 200.0)] {
            rows.extend(["1731", "1735", "1741"].map(|number| (street, number, "", "", at(0.0, y))));
        }
        let answer = answered(&register(rows), &Streets::default(), "1737 U St NW", at(0.0, 100.0));
        assert_eq!((answer.status, answer.label.as_str()), (Status::GivenKept, ""));
    }

    #[test]
    fn a_default_point_confirms_nothing() {
        let (addresses, streets) = town();
        let counter = at(45.0, 30.0);
        let texts: Vec<String> =
            (1..=30).map(|number| format!("Achterweg {number}")).chain(["Kerkstraat 4".to_owned()]).collect();
        let rows = reports(texts.iter().map(|text| (counter, text.as_str())));
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        let answer = geocoder.answers(&rows, &Silent).remove(30);
        assert_eq!((answer.status, answer.at.is_somewhere()), (Status::Ambiguous, false));
        assert!(answer.faults.contains(&Fault::DefaultPoint));
    }

    #[test]
    fn the_end_of_a_street_that_is_meant_is_the_one_beside_the_coordinate() {
        let (addresses, streets) = town();
        let answer = answered(&addresses, &streets, "einde van Dorpsweg", at(110.0, 190.0));
        assert_eq!((answer.status, answer.label.as_str()), (Status::GivenKept, "Dorpsweg"));
    }

    #[test]
    fn rows_placed_by_their_coordinate_teach_only_where_they_do_not_contradict_their_address() {
        let (addresses, streets) = town();
        let rows = [
            (at(900.0, 900.0), "Kerkstraat 4"),
            (at(42.0, 10.0), "Kerkstraat 4"),
            (Local::NOWHERE, "Kerkstraat 4"),
        ];
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        let located = geocoder.locate(&reports(rows), &mut Issues::new(), &Silent);
        assert_eq!((located.placed[2], located.at[2]), (Placed::Learned, at(42.0, 10.0)));
    }
}
