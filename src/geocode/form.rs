//! Tokens in, one reading out: what a text says by itself, before any register is asked.
//!
//! [`parse`](super::parse) lists everything that a text can mean and lets the register choose. Where there is
//! no register (streets learned from other reports) somebody has to choose without: types of street, the place
//! of the number and the breaks between parts decide. It is right about nine times in ten, which is why it
//! only serves where nothing better is at hand.

use std::sync::LazyLock;

use super::normalise::{self, Glue, Token};
use super::parse::{self, Number};
use super::words;

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// A room or flat of a numbered building.
    Unit,
    /// A number on a street.
    Address,
    /// A stretch of a street between two numbers.
    Block,
    /// Streets that meet.
    Crossing,
    /// A street.
    Street,
    /// A building, park or the like, by its name.
    Site,
    /// A town, a postcode, or nothing but words.
    Locality,
}

/// A text cut into its parts.
#[derive(Debug, Clone)]
pub(super) struct Plain<'t> {
    pub(super) form: Form,
    /// The street of an address, block or street; the streets of a crossing.
    pub(super) streets: Vec<Vec<Token<'t>>>,
    /// The number; of a range or block its first, with the last as its second.
    pub(super) number: Option<Number>,
    /// What follows the street: a town, a district.
    pub(super) area: Vec<Token<'t>>,
    /// Without blanks; empty where there is none.
    pub(super) postcode: String,
}

/// Reads a text by itself.
pub(super) fn plain<'t>(tokens: &[Token<'t>]) -> Plain<'t> {
    let mut tokens = tokens.to_vec();
    let mut plain =
        Plain { form: Form::Locality, streets: vec![], number: None, area: vec![], postcode: String::new() };
    strip_postal(&mut tokens);
    plain.postcode = take_postcode(&mut tokens);
    strip_states(&mut tokens);
    let phrase = parse::take_phrase(&mut tokens);
    if block(&mut plain, &tokens) || crossing(&mut plain, &tokens, phrase.is_crossing) {
        return plain;
    }
    let mut has_unit = take_units(&mut tokens);

    // The first part that holds a number on a street, else one that names a street.
    let parts: Vec<&[Token<'t>]> =
        tokens.chunk_by(|_, next| next.glue != Glue::Break).filter(|part| !part.is_empty()).collect();
    for (index, part) in parts.iter().enumerate() {
        // `Abode 128 -- 850 Saucier Ave`: what ends in a number without naming a street is a flat.
        let is_flat = !names_street(part)
            && number_last(part).is_some()
            && parts[index + 1..].iter().any(|part| names_street(part) && numbered(part).is_some());
        let found = numbered(part).or_else(|| number_last(part).filter(|_| !is_flat));
        has_unit |= is_flat;
        if let Some(found) = found {
            plain.form = if found.has_unit || has_unit { Form::Unit } else { Form::Address };
            plain.number = Some(found.number);
            plain.streets = vec![found.street];
            plain.area = found.area.into_iter().chain(parts[index + 1..].concat()).collect();
            return plain;
        }
    }
    if let Some((index, part)) = parts.iter().enumerate().find(|(_, part)| names_street(part)) {
        let end = end_of_street(part);
        plain.form = Form::Street;
        plain.streets = vec![part[..end].to_vec()];
        plain.area = part[end..].iter().copied().chain(parts[index + 1..].concat()).collect();
        return plain;
    }
    let is_site = parts.len() > 1 || tokens.iter().any(|token| words::SITES.contains(&token.text));
    plain.form = if is_site { Form::Site } else { Form::Locality };
    plain.area = tokens;
    plain
}

/// `1100 - 1129 BLOCK OF 17TH STREET NW`.
fn block<'t>(plain: &mut Plain<'t>, tokens: &[Token<'t>]) -> bool {
    let Some(block) = parse::block(tokens) else { return false };
    let end = end_of_street(block.street);
    plain.form = Form::Block;
    plain.streets = vec![block.street[..end].to_vec()];
    plain.area = block.street[end..].iter().chain(&block.rest).copied().collect();
    plain.number = Some(Number { value: block.from, suffixes: vec![], second: Some(block.to) });
    true
}

/// Names between signs or words that join streets, each of which can be a street.
fn crossing<'t>(plain: &mut Plain<'t>, tokens: &[Token<'t>], is_said: bool) -> bool {
    let joins = |index: usize| {
        let token = &tokens[index];
        let is_word = words::BETWEEN_CROSSING.contains(&token.text);
        let is_slash = is_said && matches!(token.glue, Glue::Slash | Glue::Hyphen);
        (token.glue == Glue::And || is_slash, is_word)
    };
    let mut streets: Vec<Vec<Token<'t>>> = vec![Vec::new()];
    for (index, &token) in tokens.iter().enumerate() {
        let (cuts_before, is_cut) = if index == 0 { (false, false) } else { joins(index) };
        if cuts_before || is_cut {
            streets.push(Vec::new());
        }
        if !is_cut {
            streets.last_mut().expect("there is one from the start").push(token);
        }
    }
    // `Knights and Daves Road 12` is one street: nothing before `and` can be one.
    let can_be_street = |part: &Vec<Token<'t>>| {
        !part.is_empty() && (names_street(part) || is_said || !part.iter().any(Token::has_number))
    };
    let named = streets.iter().filter(|part| names_street(part)).count();
    let is_same_word_twice = streets.len() == 2 && streets[0].first() == streets[1].first();
    let is_told = is_said || named >= 2 || is_same_word_twice || named == 1 && names_street(&streets[0]);
    let has_house = streets.iter().any(|part| numbered(part).is_some());
    if streets.len() < 2 || !is_told || has_house || !streets.iter().all(can_be_street) {
        return false;
    }
    plain.form = Form::Crossing;
    let last = streets.last_mut().expect("there are two at least");
    let end = end_of_street(last);
    plain.area = last.split_off(end);
    plain.streets = streets;
    true
}

/// A number on a street, with what else its part holds.
struct Numbered<'t> {
    number: Number,
    street: Vec<Token<'t>>,
    area: Vec<Token<'t>>,
    has_unit: bool,
}

/// The number before the street: `29 Hereford St`, `128 - 850 Saucier Ave`, `Patricia Apts 1110 Cardero St`.
fn numbered<'t>(part: &[Token<'t>]) -> Option<Numbered<'t>> {
    let start = part.iter().position(is_number)?;
    let run = part[start..].iter().take_while(|token| is_number(token)).count();
    let mut street = start + run;
    let is_type = |index: usize| part.get(index).is_some_and(|token| normalise::is_type(token.text));
    let is_letter = |index: usize| part.get(index).is_some_and(|token| is_letter(token));
    let is_highway =
        |index: usize| part.get(index).is_some_and(|token| words::HIGHWAYS.contains(&token.text));
    // `12 1/2 Main Street`: a fraction is no second number.
    let is_fraction = run >= 3
        && part[start + 1].text == "1"
        && (part[start + 2].text, part[start + 2].glue) == ("2", Glue::Slash);
    let run = if is_fraction { run - 2 } else { run };
    // `10372 99 St`, `99 St`, `102 A Ave`: the last number is the street; not so in `8525 Terrace Dr`.
    let is_street = is_type(street) && (run > 1 || !is_highway(street) && !has_type(part.get(street + 1..)));
    if is_street || is_letter(street) && is_type(street + 1) {
        street -= 1;
    } else if is_letter(street) && street + 1 < part.len() {
        // `12 A Main Street`: the letter belongs to the number.
        street += 1;
    }
    let numbers = &part[start..(start + run).min(street)];
    let (&last, before) = numbers.split_last()?;
    let name = &part[street..];
    if name.is_empty() || start > 0 && !names_street(name) {
        return None;
    }
    let numbers_end = if is_fraction { street } else { start + run };
    // Words before the number are a building, unless they are a street themselves: `Kerkstraat 12 Dorpsweg`.
    let site = &part[..start];
    let is_unit_letter = start == 1 && is_letter_and_digits(&site[0]);
    let has_bare_letter = site.last().is_some_and(self::is_letter);
    if names_street(site) && !is_unit_letter {
        return None;
    }
    let (mut number, _) = parse::number(&[last], 0, 1)?;
    if street > numbers_end {
        number.suffixes = vec![normalise::suffix(part[street - 1].text)];
    }
    let mut has_unit = is_unit_letter || has_bare_letter && !before.is_empty();
    if let Some(first) = before.last() {
        let value = parse::number(&[*first], 0, 1).map_or(0, |(number, _)| number.value);
        if is_range(value, &number, last) {
            number = Number { value, suffixes: vec![], second: Some(number.value) };
        } else {
            has_unit = true;
        }
    }
    let end = end_of_street(name);
    Some(Numbered { number, street: name[..end].to_vec(), area: name[end..].to_vec(), has_unit })
}

/// The number behind the street: `Kerkstraat 12 bis Dorp`.
fn number_last<'t>(part: &[Token<'t>]) -> Option<Numbered<'t>> {
    let index = (1..part.len())
        .find(|&index| is_number(&part[index]) && !words::HIGHWAYS.contains(&part[index - 1].text))?;
    let before = &part[..index];
    // `Lake Shore 70 Mile House`: with a type of street behind it, the number belongs to another street.
    if !before.iter().any(|token| token.text.len() > 1) {
        return None;
    }
    let (number, used) = (1..=3).rev().find_map(|most| {
        let (number, used) = parse::number(part, index, most)?;
        // Short words of a town are no additions.
        let is_addition = part[index + 1..index + used].iter().all(parse::is_addition);
        is_addition.then_some((number, used))
    })?;
    let area = part[index + used..].to_vec();
    Some(Numbered { number, street: before.to_vec(), area, has_unit: false })
}

/// Whether a type of street, written apart, is among the tokens up to a break.
fn has_type(tokens: Option<&[Token<'_>]>) -> bool {
    let mut line = tokens.unwrap_or_default().iter().take_while(|token| token.glue != Glue::Break);
    line.any(|token| normalise::is_type(token.text))
}

/// `163-177` is a range; `128 - 850` is flat 128 of number 850.
fn is_range(first: u32, second: &Number, token: Token<'_>) -> bool {
    let step = second.value.saturating_sub(first);
    token.glue == Glue::Hyphen && step > 0 && step <= RANGE && step.is_multiple_of(2)
}

/// Numbers of one range differ by no more than this.
const RANGE: u32 = 100;

/// Where the name of the street ends: all of the part if it ends in a type or direction, else behind its first
/// type that no other follows, else all of it.
fn end_of_street(part: &[Token<'_>]) -> usize {
    let end = part.iter().skip(1).position(|token| token.glue == Glue::Break).map_or(part.len(), |at| at + 1);
    let is_name = |index: usize| normalise::is_part_of_name(&part[index]);
    if end == 0 || is_name(end - 1) {
        return end;
    }
    if words::HIGHWAYS.contains(&part[0].text) && end > 1 {
        let is_direction =
            |index: usize| index < end && is_name(index) && !normalise::is_type(part[index].text);
        return if is_direction(2) { 3 } else { 2 };
    }
    let glued = |index: usize| normalise::has_glued_type(part[index].text);
    let ends = |index: &usize| {
        let is_type = normalise::is_type(part[*index].text) && *index > 0 || glued(*index);
        is_type && !is_name(*index + 1)
    };
    let Some(mut stop) = (0..end - 1).find(ends) else { return end };
    stop += 1;
    while stop < end && is_name(stop) {
        stop += 1;
    }
    stop
}

/// Whether a part names a street: it holds a type of street behind its first word, or one glued on.
fn names_street(part: &[Token<'_>]) -> bool {
    let is_type = |(index, token): (usize, &Token<'_>)| {
        index > 0 && normalise::is_type(token.text) || normalise::has_glued_type(token.text)
    };
    part.iter().enumerate().any(is_type)
        || part.len() > 1 && words::HIGHWAYS.contains(&part[0].text) && part[1].has_number()
}

fn is_number(token: &Token<'_>) -> bool {
    let digits = token.text.bytes().take_while(u8::is_ascii_digit).count();
    let tail = &token.text[digits..];
    (1..=6).contains(&digits) && tail.len() <= 1
}

fn is_letter(token: &Token<'_>) -> bool {
    token.text.len() == 1
        && token.text.as_bytes()[0].is_ascii_alphabetic()
        && !normalise::is_direction(token.text)
}

/// `p2`, `a114`: a flat.
fn is_letter_and_digits(token: &Token<'_>) -> bool {
    let (letter, digits) = token.text.split_at(usize::from(token.text.is_char_boundary(1)));
    letter.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Takes rooms and floors off; whether there was one.
pub(super) fn take_units(tokens: &mut Vec<Token<'_>>) -> bool {
    let mut found = false;
    let mut index = 0;
    while index < tokens.len() {
        let text = tokens[index].text;
        let is_unit = words::UNITS.contains(&text);
        let is_id = |token: &Token<'_>| {
            token.text.len() <= 5
                && (token.has_number() || token.text.len() == 1 || is_letter_and_digits(token))
        };
        let next_is_id = tokens.get(index + 1).is_some_and(|next| next.glue != Glue::Break && is_id(next));
        let id = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let is_glued = !id.is_empty()
            && id.len() < text.len()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && words::UNITS.contains(&&text[..text.len() - id.len()]);
        let is_ordinal = |token: &Token<'_>| token.has_number() && !is_number(token);
        let has_other_number =
            || (0..tokens.len()).any(|other| other + 1 != index && is_number(&tokens[other]));
        let follows_ordinal = is_unit && index > 0 && is_ordinal(&tokens[index - 1]);
        // `Kerkstraat 12, 3e verdieping`, `12-2 hoog`: the number before it, if the address keeps one.
        let follows_number = is_unit && index > 0 && tokens[index - 1].has_number() && has_other_number();
        let taken = if is_glued {
            index..index + 1
        } else if follows_ordinal || follows_number && !next_is_id {
            index - 1..index + 1
        } else if is_unit && next_is_id {
            index..index + 2
        } else {
            index += 1;
            continue;
        };
        let start = taken.start;
        let glue = tokens[start].glue;
        tokens.drain(taken);
        // What stood apart before the room stands apart behind it.
        if let Some(next) = tokens.get_mut(start) {
            next.glue = if start == 0 { Glue::Blank } else { next.glue.max(glue) };
        }
        index = start;
        found = true;
    }
    found
}

static POSTAL: LazyLock<Vec<Vec<&str>>> =
    LazyLock::new(|| words::POSTAL.iter().map(|phrase| phrase.split(' ').collect()).collect());

/// Takes off what the post needs and a place does not: boxes, rural routes, persons.
fn strip_postal(tokens: &mut Vec<Token<'_>>) {
    for words in POSTAL.iter() {
        while let Some(start) = tokens
            .windows(words.len())
            .position(|window| window.iter().zip(words).all(|(token, word)| matches_postal(token.text, word)))
        {
            let glue = tokens[start].glue;
            tokens.drain(start..start + words.len());
            if let Some(next) = tokens.get_mut(start) {
                next.glue = next.glue.max(glue);
            }
        }
    }
    // `c/o Joe, 12 Main St`: a person, until the next break or number.
    if let Some(start) = tokens.windows(2).position(|pair| pair[0].text == "c" && pair[1].text == "o") {
        let end = (start + 2..tokens.len())
            .find(|&index| tokens[index].glue == Glue::Break || tokens[index].has_number())
            .unwrap_or(tokens.len());
        tokens.drain(start..end);
    }
    if let Some(first) = tokens.first_mut() {
        first.glue = Glue::Blank;
    }
}

/// Whether a token fits one word of a postal phrase, where `9` stands for any number or letter.
fn matches_postal(text: &str, word: &str) -> bool {
    match word.strip_suffix('9') {
        Some("") => text.len() == 1 || text.bytes().all(|byte| byte.is_ascii_digit()),
        Some(start) => text
            .strip_prefix(start)
            .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())),
        None => text == word,
    }
}

/// Takes the postcode off, without asking a register: of Canada and the Netherlands by their letters, five
/// digits where they end the text, follow a state or begin a part.
fn take_postcode(tokens: &mut Vec<Token<'_>>) -> String {
    for index in (0..tokens.len()).rev() {
        let one = tokens[index].text;
        let two = tokens.get(index + 1).map(|next| format!("{one}{}", next.text));
        // `1040 Mt Revelstoke Pl` is no postcode, nor `22470 Dewdney Trunk Rd`: a street follows.
        let precedes_street = |length: usize| has_type(tokens.get(index + length..));
        let is_code = |code: &String| one.len() >= 3 && index > 0 && parse::is_lettered_postcode(code);
        if let Some(code) = two.filter(|code| is_code(code) && !precedes_street(2)) {
            tokens.drain(index..index + 2);
            return code;
        }
        let is_break = tokens[index].glue == Glue::Break;
        let stands_apart = index > 0
            && (is_break
                || words::BEYOND_THE_CITY.contains(&tokens[index - 1].text)
                || index + 1 == tokens.len());
        if parse::is_lettered_postcode(one)
            || stands_apart && parse::is_five_digits(one) && !precedes_street(1)
        {
            let code = one.to_owned();
            tokens.remove(index);
            if is_break && let Some(next) = tokens.get_mut(index) {
                next.glue = Glue::Break;
            }
            return code;
        }
    }
    String::new()
}

/// Takes states and countries off the end.
fn strip_states(tokens: &mut Vec<Token<'_>>) {
    while tokens.len() > 1 {
        let [.., before, last] = &tokens[..] else { return };
        // `NE` ends a street of Washington, not a text from Nebraska.
        if before.text == "british" && last.text == "columbia" {
            tokens.truncate(tokens.len() - 2);
        } else if words::BEYOND_THE_CITY.contains(&last.text)
            && !normalise::is_direction(last.text)
            && !normalise::is_type(last.text)
        {
            tokens.pop();
        } else {
            return;
        }
    }
}
