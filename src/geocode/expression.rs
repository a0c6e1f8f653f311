//! An address text in, the place that it means out: at an address, near or opposite one, at a crossing, between
//! two streets, at the end of one, in a postcode.
//!
//! The text is first taken literally (`Achter de Dom` is a street of Utrecht), then by the words of place in
//! it. Which reading exists decides the register; how well it fits, [`Geocoder::decide`].

use super::lookup::{Asked, Hit, Spelling, on_segment};
use super::normalise::{self, Token};
use super::parse::{self, Phrase, Reading, Relation, Text};
use super::{Answer, Fault, Geocoder, Status, score, words};
use crate::model::location::Level;
use crate::model::{NONE, some};
use crate::unit::Local;

use rustc_hash::FxHashMap;

/// Metres from an address to its street, at most: farther off, nobody knows which side is opposite.
const STREET_WITHIN_M: f64 = 75.0;

/// Metres to add for a place across the street: its width, and that opposite is a manner of speaking.
const OPPOSITE_M: f64 = 15.0;

/// Metres to an address that tells in which quarter a crossing lies.
const QUARTER_WITHIN_M: f64 = 150.0;

/// Where no address is as near: how many of the nearest have to agree, and how far away they may be.
const ADDRESSES_OF_QUARTER: usize = 5;
const QUARTER_FAR_M: f64 = 1000.0;

/// A place found with this score by a name as it stands needs no guesses beside it.
const SETTLED_SCORE: f64 = 90.0;

/// Addresses of one postcode and number farther apart than this are several.
const SAME_ADDRESS_WITHIN_M: f64 = 100.0;

/// Whether no other way to take the text can be better.
fn is_settled(answer: &Answer) -> bool {
    answer.status == Status::Accepted && answer.level.is_point() && answer.score >= SETTLED_SCORE
}

fn has_particle(tokens: &[Token<'_>]) -> bool {
    tokens.iter().any(|token| words::PARTICLES.contains(&token.text))
}

/// Whether a street is called `de` or the like: `Deforest Street` is not a Forest Street.
fn has_particle_in(label: &str) -> bool {
    has_particle(&normalise::tokens(&normalise::fold(label)))
}

/// Whether a particle was taken off a word that is none in the street: `Deforest Street`.
pub(super) fn is_cut_from_its_particle(text: &Text<'_>, label: &str) -> bool {
    text.is_unglued && has_particle(&text.tokens) && !has_particle_in(label)
}

impl Geocoder<'_> {
    /// What an address text means.
    pub fn find(&self, text: &str) -> Answer {
        let folded = normalise::fold(text);
        let tokens = normalise::tokens(&folded);
        if let Some(answer) = self.named_asset(&tokens) {
            return answer;
        }
        if self.register.names.is_empty() {
            return Answer::nothing();
        }
        let is_postcode = |code: &str| self.register.postcodes.contains_key(code);
        // `Achter de Dom 4` is behind the cathedral, unless there is a street of that name: it goes first.
        let text = parse::strip(tokens, is_postcode);
        let literal = self.read(&text, Spelling::Right);
        if is_settled(&literal) {
            return literal;
        }
        let others = self.other_takes(&text);
        let as_written = others.iter().map(|text| self.read(text, Spelling::Right)).find(is_settled);
        if let Some(answer) = as_written {
            return answer;
        }
        // Letters are only doubted where the text as it stands leads nowhere near.
        let mut best = Answer::nothing();
        let texts = std::iter::once(&text).chain(&others);
        // One wrong letter is common and quickly looked for, several are neither.
        let readings =
            texts.flat_map(|text| [Spelling::OneWrong, Spelling::Wrong].map(|spelling| (text, spelling)));
        for (text, spelling) in readings {
            let answer = self.read(text, spelling);
            match answer.status {
                Status::Accepted => return answer,
                Status::Ambiguous if best.status != Status::Ambiguous => best = answer,
                _ if best.status == Status::None => best = answer,
                _ => {}
            }
        }
        best
    }

    /// The other ways to take a text: with the postcode first, and by the words of place in it.
    pub(super) fn other_takes<'t>(&self, text: &Text<'t>) -> Vec<Text<'t>> {
        let first = parse::postcode_first(text, |code| self.register.postcodes.contains_key(code));
        let is_city = |town: &str| self.register.cities.contains_key(town);
        let rephrased = parse::rephrased(first.as_ref().unwrap_or(text), is_city);
        first.into_iter().chain(rephrased).collect()
    }

    /// What a text means as it is written, or with letters that may be wrong.
    fn read(&self, text: &Text<'_>, spelling: Spelling) -> Answer {
        let Phrase { relation, .. } = text.phrase;
        if relation != Relation::End
            && let Some(answer) = self.in_postcode(text)
        {
            return answer;
        }
        let (hits, readings) = self.meanings(text, spelling);
        let answer = self.decide(hits);
        if relation != Relation::End && is_cut_from_its_particle(text, &answer.label) {
            return Answer::nothing();
        }
        self.related(answer, relation, &readings)
    }

    /// Every place that a text can mean as it is written, or with letters that may be wrong, and how it was read.
    pub(super) fn meanings<'t>(
        &self,
        text: &'t Text<'_>,
        spelling: Spelling,
    ) -> (Vec<Hit>, Vec<Reading<'t>>) {
        let Phrase { relation, .. } = text.phrase;
        let asked = Asked { postcode: &text.postcode, is_near: relation == Relation::Near };
        let mut hits = Vec::new();
        if relation == Relation::End {
            self.ends_of(&text.tokens, &mut hits);
            return (hits, Vec::new());
        }
        self.between(&text.tokens, &mut hits);
        let readings = parse::readings(text);
        for reading in &readings {
            self.register.look_up(reading, Spelling::Right, &asked, &mut hits);
            let is_perfect = |hit: &Hit| hit.faults.is_empty() && hit.level <= Level::Rooftop;
            if hits.iter().any(is_perfect) {
                break;
            }
        }
        if !hits.iter().any(|hit| hit.level == Level::Crossing) {
            self.crossings_without_quadrant(&readings, &mut hits);
        }
        let leads_there = |hit: &Hit| hit.level.is_point() && hit.score() >= SETTLED_SCORE;
        if spelling != Spelling::Right && !hits.iter().any(leads_there) {
            for reading in &readings {
                self.register.look_up(reading, spelling, &asked, &mut hits);
            }
        }
        // Where two streets meet, neither of them as a whole is meant.
        if hits.iter().any(|hit| hit.level == Level::Crossing) {
            hits.retain(|hit| hit.level != Level::Street);
        }
        (hits, readings)
    }

    /// The answer moved to where the words of place put it.
    pub(super) fn related(&self, mut answer: Answer, relation: Relation, readings: &[Reading<'_>]) -> Answer {
        let is_house = answer.status == Status::Accepted && answer.level <= Level::Interpolated;
        match relation {
            Relation::Near if is_house => answer.level = Level::Near,
            Relation::Opposite if is_house => {
                let across = self.across(answer.at, readings);
                // Without a line nobody knows how wide the street is: the address, less sure, has to do.
                answer.accuracy_m += if across.is_some() { OPPOSITE_M } else { score::NEAR_M };
                answer.at = across.unwrap_or(answer.at);
                answer.level = Level::Opposite;
                answer.address = NONE;
            }
            _ => {}
        }
        answer
    }

    /// An address mirrored at the line of its own street.
    fn across(&self, at: Local, readings: &[Reading<'_>]) -> Option<Local> {
        let register = &self.register;
        let mut nearest: Option<Local> = None;
        for reading in readings {
            let Reading::Address { street, rest, .. } = reading else { continue };
            for street in register.streets_named(street, rest, Spelling::Right) {
                for &way in &street.name.ways {
                    let line = register.streets.line(&register.streets.ways[way as usize]);
                    for pair in line.windows(2) {
                        let foot = on_segment(at, pair[0], pair[1]);
                        let best_m = nearest.map_or(STREET_WITHIN_M, |best| best.distance_m(at));
                        if foot.distance_m(at) < best_m {
                            nearest = Some(foot);
                        }
                    }
                }
            }
        }
        nearest.map(|foot| at.toward(foot, 2.0))
    }

    /// The middle of the stretch of a street between two others, and the numbers between two numbers.
    fn between(&self, tokens: &[Token<'_>], hits: &mut Vec<Hit>) {
        let Some(between) = parse::between(tokens) else { return };
        let register = &self.register;
        for street in register.streets_named(between.street, &[], Spelling::Right) {
            for a in register.streets_named(between.ends[0], &[], Spelling::Right) {
                for b in register.streets_named(between.ends[1], &[], Spelling::Right) {
                    let (from, to) =
                        (register.meetings(street.name, a.name), register.meetings(street.name, b.name));
                    let pairs = from.iter().flat_map(|(p, _)| to.iter().map(move |(q, _)| (*p, *q)));
                    // Streets that meet twice: the shortest stretch is meant.
                    let Some((p, q)) =
                        pairs.min_by(|a, b| a.0.distance_m(a.1).total_cmp(&b.0.distance_m(b.1)))
                    else {
                        continue;
                    };
                    let mut faults = [&street.faults[..], &a.faults, &b.faults].concat();
                    faults.sort_unstable();
                    let middle = p.toward(q, 0.5);
                    let lines = street.name.ways.iter().flat_map(|&way| {
                        let line = register.streets.line(&register.streets.ways[way as usize]);
                        line.windows(2).map(|pair| on_segment(middle, pair[0], pair[1])).collect::<Vec<_>>()
                    });
                    let on_street =
                        lines.min_by(|a, b| a.distance_m(middle).total_cmp(&b.distance_m(middle)));
                    let on_street = on_street.filter(|at| at.distance_m(middle) <= p.distance_m(q));
                    hits.push(Hit {
                        at: on_street.unwrap_or(middle),
                        level: Level::Between,
                        extent_m: p.distance_m(q),
                        faults,
                        address: NONE,
                        label: format!("{} ({} - {})", street.name.label, a.name.label, b.name.label),
                        likelihood: 0.0,
                    });
                }
            }
        }
    }

    /// Where a street ends: its dead ends, if it has any; else where it has only one stretch of its own.
    fn ends_of(&self, tokens: &[Token<'_>], hits: &mut Vec<Hit>) {
        let register = &self.register;
        for street in register.streets_named(tokens, &[], Spelling::Right) {
            let mut own: Vec<u32> = Vec::new();
            for &way in &street.name.ways {
                let nodes = &register.streets.ways[way as usize].nodes;
                // A node within a way continues on both sides.
                own.extend(nodes.iter().skip(1).take(nodes.len() - 2).flat_map(|&node| [node, node]));
                own.extend([nodes[0], nodes[nodes.len() - 1]]);
            }
            own.sort_unstable();
            let ends: Vec<u32> =
                own.chunk_by(|a, b| a == b).filter(|same| same.len() == 1).map(|same| same[0]).collect();
            let ways_at = self.ways_at();
            let dead: Vec<u32> = ends.iter().copied().filter(|&node| ways_at[node as usize] == 1).collect();
            for node in if dead.is_empty() { ends } else { dead } {
                hits.push(Hit {
                    at: register.streets.nodes[node as usize],
                    level: Level::End,
                    extent_m: 0.0,
                    faults: street.faults.clone(),
                    address: NONE,
                    label: street.name.label.clone(),
                    likelihood: 0.0,
                });
            }
        }
    }

    /// How many ways pass or end at each node.
    fn ways_at(&self) -> &[u16] {
        self.ways_at.get_or_init(|| {
            let streets = self.register.streets;
            let mut count = vec![0u16; streets.nodes.len()];
            for &node in streets.ways.iter().flat_map(|way| &way.nodes) {
                count[node as usize] = count[node as usize].saturating_add(1);
            }
            count
        })
    }

    /// Crossings of streets whose lines bear no quadrant: `10th St NW & E St NW` where the network only knows
    /// `10TH ST` and `E ST`. The quadrant is that of the addresses about; where none tells, the streets may
    /// meet only once.
    fn crossings_without_quadrant(&self, readings: &[Reading<'_>], hits: &mut Vec<Hit>) {
        for reading in readings {
            let Reading::Crossing { streets } = reading else { continue };
            // A street on the border of two quadrants bears the one, the street that crosses it the other.
            let wanted: Vec<u8> = streets.iter().filter_map(|street| normalise::quadrant(street)).collect();
            if wanted.is_empty() {
                continue;
            }
            let bare: Vec<Vec<Token<'_>>> =
                streets.iter().map(|street| normalise::without_quadrant(street)).collect();
            let bare: Vec<&[Token<'_>]> = bare.iter().map(Vec::as_slice).collect();
            let mut found = Vec::new();
            self.register.look_up(
                &Reading::Crossing { streets: bare },
                Spelling::Right,
                &Asked { postcode: "", is_near: false },
                &mut found,
            );
            found.retain(|hit| !hit.faults.contains(&Fault::DirectionMissing));
            let is_on_border = wanted.len() < streets.len() || wanted.windows(2).any(|two| two[0] != two[1]);
            let found = self.in_quarter(found, &wanted, is_on_border);
            hits.extend(found.into_iter().map(|mut hit| {
                hit.faults.push(Fault::DirectionAdded);
                hit
            }));
        }
    }

    /// Those where most addresses about bear one of the quadrants `wanted`; else, where they may lie on a border, those
    /// where some do; else the only place, where no address tells. Streets of the very names go before others: East
    /// Capitol Street is the border itself, and `E CAPITOL ST SE` no E Street.
    fn in_quarter(&self, mut found: Vec<Hit>, wanted: &[u8], is_on_border: bool) -> Vec<Hit> {
        let fewest = found.iter().map(|hit| hit.faults.len()).min().unwrap_or(0);
        found.retain(|hit| hit.faults.len() == fewest);
        let quarters: Vec<Vec<u8>> = found.iter().map(|hit| self.quarters_of(hit.at)).collect();
        let is_only = found.len() == 1;
        let is_mostly = |quarters: &[u8]| quarters.first().is_some_and(|quarter| wanted.contains(quarter));
        let is_partly = |quarters: &[u8]| {
            (is_on_border || is_only) && quarters.iter().any(|quarter| wanted.contains(quarter))
        };
        let is_any_mostly = quarters.iter().any(|quarters| is_mostly(quarters));
        let both = found.into_iter().zip(quarters);
        let kept = both.filter(|(_, quarters)| {
            if is_any_mostly {
                is_mostly(quarters)
            } else {
                is_partly(quarters) || (is_only && quarters.is_empty())
            }
        });
        kept.map(|(hit, _)| hit).collect()
    }

    /// The quadrants that addresses about a place bear, the most frequent first; where there are no addresses, that
    /// of the nearest ones, if they agree.
    fn quarters_of(&self, at: Local) -> Vec<u8> {
        let labels = self.labels();
        let mut counts: std::collections::BTreeMap<u8, u32> = std::collections::BTreeMap::new();
        for quadrant in
            labels.addresses_within(at, QUARTER_WITHIN_M).filter_map(|row| self.quadrant_of_address(row))
        {
            *counts.entry(quadrant).or_default() += 1;
        }
        if !counts.is_empty() {
            let mut quarters: Vec<(u8, u32)> = counts.into_iter().collect();
            quarters.sort_by_key(|&(quadrant, count)| std::cmp::Reverse((count, quadrant)));
            return quarters.into_iter().map(|(quadrant, _)| quadrant).collect();
        }
        let nearest = labels.nearest_addresses(at, QUARTER_FAR_M);
        let mut quadrants: Vec<u8> =
            nearest.filter_map(|row| self.quadrant_of_address(row)).take(ADDRESSES_OF_QUARTER).collect();
        let is_enough = quadrants.len() == ADDRESSES_OF_QUARTER;
        quadrants.dedup();
        if is_enough && quadrants.len() == 1 { quadrants } else { Vec::new() }
    }

    fn quadrant_of_address(&self, row: u32) -> Option<u8> {
        let addresses = self.register.addresses;
        let folded = normalise::fold(addresses.words.get(addresses.street[row as usize]));
        normalise::quadrant(&normalise::tokens(&folded))
    }

    /// A postcode by itself or with a house number: `1011AB 12`.
    fn in_postcode(&self, text: &Text<'_>) -> Option<Answer> {
        let rows = self.rows_of_postcode().get(text.postcode.as_str())?;
        let number = parse::number_alone(&text.tokens);
        let addresses = self.register.addresses;
        let at = |row: u32| addresses.at[row as usize];
        let is_town = |token: &Token<'_>| self.register.cities.contains_key(token.text);
        let Some(number) = number else {
            let is_alone = text.tokens.iter().all(is_town);
            return is_alone.then(|| {
                let (middle, radius_m) = circle(rows.iter().map(|&row| at(row)));
                let label = text.postcode.to_ascii_uppercase();
                self.accepted(Level::Postcode, middle, radius_m, label, vec![Fault::NumberMissing], NONE)
            });
        };
        if !parse::is_lettered_postcode(&text.postcode) {
            return None;
        }
        let with_number: Vec<u32> =
            rows.iter().copied().filter(|&row| addresses.number[row as usize] == number.value).collect();
        let with = |suffix: &str| -> Vec<u32> {
            with_number.iter().copied().filter(|&row| self.register.suffix_of(row) == suffix).collect()
        };
        let wanted = number.suffixes.first().map_or("", String::as_str);
        let mut chosen = with(wanted);
        let (mut level, mut faults) = (Level::Rooftop, vec![]);
        if chosen.is_empty() {
            level = Level::RooftopMainNumber;
            faults.push(if wanted.is_empty() { Fault::SuffixMissing } else { Fault::SuffixNotMatched });
            chosen = number
                .suffixes
                .iter()
                .skip(1)
                .map(|suffix| with(suffix))
                .find(|rows| !rows.is_empty())
                .unwrap_or(with_number);
        }
        let first = *chosen.first()?;
        let is_one = chosen.iter().all(|&row| {
            addresses.street[row as usize] == addresses.street[first as usize]
                && at(row).distance_m(at(first)) <= SAME_ADDRESS_WITHIN_M
        });
        if !is_one {
            return None;
        }
        let (middle, radius_m) = circle(chosen.iter().map(|&row| at(row)));
        Some(self.accepted(level, middle, radius_m, addresses.label(first as usize), faults, first))
    }

    fn accepted(
        &self,
        level: Level,
        at: Local,
        extent_m: f64,
        label: String,
        faults: Vec<Fault>,
        address: u32,
    ) -> Answer {
        let hit = Hit { at, level, extent_m, faults, address, label, likelihood: 0.0 };
        self.decide(vec![hit])
    }

    /// The rows of each postcode.
    fn rows_of_postcode(&self) -> &FxHashMap<String, Vec<u32>> {
        self.postcodes.get_or_init(|| {
            let addresses = self.register.addresses;
            let mut rows_of: FxHashMap<String, Vec<u32>> = FxHashMap::default();
            let mut key_of: FxHashMap<u32, String> = FxHashMap::default();
            for (row, &word) in (0u32..).zip(&addresses.postcode) {
                if some(word).is_none() || !addresses.at[row as usize].is_somewhere() {
                    continue;
                }
                let key =
                    key_of.entry(word).or_insert_with(|| normalise::squeezed(addresses.words.get(word)));
                match rows_of.get_mut(key.as_str()) {
                    Some(rows) => rows.push(row),
                    None => drop(rows_of.insert(key.clone(), vec![row])),
                }
            }
            rows_of
        })
    }
}

/// The middle of some points and the distance to the farthest.
fn circle(points: impl Iterator<Item = Local> + Clone) -> (Local, f64) {
    let count = points.clone().count() as f64;
    let sum = points.clone().fold((0.0, 0.0), |sum, at| (sum.0 + at.x, sum.1 + at.y));
    let middle = Local::new(sum.0 / count, sum.1 / count);
    (middle, points.map(|at| at.distance_m(middle)).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geocode::Options;
    use crate::geocode::tests::{at, town};
    use crate::model::asset::{Asset, AssetKind};
    use crate::model::kind::Language;

    fn found(text: &str) -> Answer {
        let (addresses, streets) = town();
        let lamp = Asset {
            id: "LM-004711".to_owned(),
            kind: AssetKind::Lamp,
            at: at(55.0, 5.0),
            capacity_l: None,
            is_synthetic: false,
        };
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default()).with_assets(&[lamp]);
        geocoder.find(text)
    }

    #[test]
    fn opposite_lies_across_the_line_of_the_street() {
        for text in [
            "t/o Kerkstraat 10, Dorp",
            "tegenover Kerkstraat 10 Dorp",
            "Kerkstraat t/o nr 10, Dorp",
            "opposite 10 Kerkstraat, Dorp",
            "gegenüber Kerkstraat 10, Dorp",
        ] {
            let answer = found(text);
            assert_eq!((answer.level, answer.at), (Level::Opposite, at(100.0, -8.0)), "{text}: {answer:?}");
        }
    }

    #[test]
    fn near_lies_at_the_address_less_surely() {
        let exact = found("Kerkstraat 10, Dorp");
        for text in [
            "t.h.v. Kerkstraat 10 Dorp",
            "container thv Kerkstraat 10 Dorp",
            "Kerkstraat ter hoogte van nummer 10, Dorp",
            "o/s 10 Kerkstraat, Dorp",
            "In der Nähe von Kerkstraat 10, Dorp",
        ] {
            let answer = found(text);
            assert_eq!((answer.level, answer.at), (Level::Near, exact.at), "{text}: {answer:?}");
            assert!(answer.accuracy_m > exact.accuracy_m, "{text}");
        }
    }

    #[test]
    fn a_stretch_lies_between_the_streets_that_bound_it() {
        for text in ["Kerkstraat tussen Brugpad en Dorpsweg", "between Dorpsweg and Brugpad on Kerkstraat"] {
            let answer = found(text);
            assert_eq!((answer.level, answer.at), (Level::Between, at(75.0, 0.0)), "{text}: {answer:?}");
        }
        assert_eq!(found("Kerkstraat tussen 8 en 12, Dorp").level, Level::Range);
    }

    #[test]
    fn a_street_with_two_dead_ends_has_no_end_and_one_with_one_has() {
        assert_eq!(found("einde van Dorpsweg").status, Status::Ambiguous);
        assert_eq!(found("end of Molenpad").status, Status::None);
    }

    #[test]
    fn a_postcode_stands_for_its_street() {
        let answer = found("1234AB 12");
        assert_eq!((answer.level, answer.label.as_str()), (Level::Rooftop, "Kerkstraat 12"));
        assert_eq!(found("1234 ab 12 bis").label, "Kerkstraat 12 bis");
        assert_eq!(found("12-bis, 1234 AB Dorp").label, "Kerkstraat 12 bis");
        assert_eq!(found("1234 AB Dorp").level, Level::Postcode);
        assert_eq!(found("1234AB 999").status, Status::None);
    }

    #[test]
    fn an_asset_is_found_by_its_number() {
        for text in ["lantaarnpaal LM-004711 kapot", "Lichtmast 4711", "lamp post no. 4711 is out"] {
            let answer = found(text);
            assert_eq!((answer.level, answer.at), (Level::Asset, at(55.0, 5.0)), "{text}: {answer:?}");
        }
        assert_eq!(found("container 4711").status, Status::None, "another kind");
    }

    #[test]
    fn labels_speak_the_projects_language() {
        let (addresses, streets) = town();
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        let dutch = |x, y| geocoder.label(at(x, y), Language::Nl);
        assert_eq!(dutch(101.0, 1.0), "hoek Dorpsweg / Kerkstraat");
        assert_eq!(dutch(120.0, 30.0), "Kerkstraat t.h.v. nr 12");
        assert_eq!(dutch(-250.0, 0.0), "nabij Kerkstraat");
        assert_eq!(geocoder.label(at(120.0, 30.0), Language::En), "near Kerkstraat 12");
    }
}
