//! Tokens in, readings out: what an address text can mean, before any register is asked.
//!
//! Most texts have several readings (`2e Dirkstraat 12`: number 2, letter e? or the second Dirkstraat?). None
//! is thrown away here; the register decides which of them exists.

use super::normalise::{Glue, Token};
use super::words;

/// A house number as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: u32,
    /// Letter and addition in the order of writing, fullest first: `99 B 1` gives `b1`, then `b`, then nothing.
    pub(super) suffixes: Vec<String>,
    /// The number after a hyphen: an addition or the end of a range.
    pub(super) second: Option<u32>,
}

/// One thing that a text can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading<'t> {
    /// A number on a street.
    Address { street: &'t [Token<'t>], number: Number, rest: Vec<Token<'t>> },
    /// The stretch of a street between two numbers.
    Block { street: &'t [Token<'t>], from: u32, to: u32, rest: Vec<Token<'t>> },
    /// Where streets meet: each with all that is written of it, towns included.
    Crossing { streets: Vec<&'t [Token<'t>]> },
    /// A street.
    Street { street: &'t [Token<'t>], rest: Vec<Token<'t>> },
}

/// What can be said about a text as a whole, and what is left of it.
#[derive(Debug, Default)]
pub(super) struct Text<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    /// Postcode without blanks; empty where there is none.
    pub(super) postcode: String,
    /// Whether it names a place near an address.
    pub(super) is_near: bool,
    /// Whether it says of itself that it is a crossing.
    pub(super) is_crossing: bool,
}

/// Takes off what is no part of the address proper: rooms and floors, the postcode, and with `phrases` words
/// of nearness and crossing too. `is_postcode` knows the register's.
pub(super) fn strip(
    mut tokens: Vec<Token<'_>>,
    phrases: bool,
    is_postcode: impl Fn(&str) -> bool,
) -> Text<'_> {
    let mut text = Text::default();
    if phrases {
        strip_phrases(&mut tokens, &mut text);
    }

    // A postcode never comes first: `1011 AB 12` is read elsewhere.
    for index in (1..tokens.len()).rev() {
        let one = tokens[index].text;
        let two = tokens.get(index + 1).map(|next| format!("{one}{}", next.text));
        let is_dutch = |code: &str| {
            code.len() == 6
                && code[..4].bytes().all(|b| b.is_ascii_digit())
                && code[4..].bytes().all(|b| b.is_ascii_lowercase())
        };
        let is_five_digits = one.len() == 5 && one.bytes().all(|byte| byte.is_ascii_digit());
        let follows_state = words::BEYOND_THE_CITY.contains(&tokens[index - 1].text);
        let is_last = index + 1 == tokens.len();
        if let Some(code) = two.filter(|code| one.len() == 4 && is_dutch(code) && is_postcode(code)) {
            text.postcode = code;
            tokens.drain(index..index + 2);
            break;
        }
        let stands_apart = tokens[index].glue == Glue::Break || (is_last && follows_state);
        if (is_dutch(one) || is_five_digits) && (is_postcode(one) || stands_apart && is_five_digits) {
            one.clone_into(&mut text.postcode);
            let is_break = tokens[index].glue == Glue::Break;
            tokens.remove(index);
            if is_break && let Some(next) = tokens.get_mut(index) {
                next.glue = Glue::Break;
            }
            break;
        }
    }

    // Rooms and floors stand behind the address.
    for index in (2..tokens.len()).rev() {
        let follows = tokens
            .get(index + 1)
            .is_some_and(|next| next.text.len() <= 4 && (next.has_number() || next.text.len() == 1));
        if words::UNITS.contains(&tokens[index].text) && follows {
            tokens.drain(index..index + 2);
        }
    }
    text.tokens = tokens;
    text
}

/// Takes off words of nearness and crossing at the beginning, as many as there are.
fn strip_phrases(tokens: &mut Vec<Token<'_>>, text: &mut Text<'_>) {
    loop {
        if let Some(length) = leading(tokens, words::NEAR) {
            text.is_near = true;
            tokens.drain(..length);
        } else if let Some(length) = leading(tokens, words::CROSSING) {
            text.is_crossing = true;
            tokens.drain(..length);
        } else {
            return;
        }
    }
}

/// How many tokens one of the phrases takes at the beginning; the longest that leaves something.
fn leading(tokens: &[Token<'_>], phrases: &[&str]) -> Option<usize> {
    let length = |phrase: &&str| {
        let count = phrase.split(' ').count();
        let fits =
            count < tokens.len() && phrase.split(' ').zip(tokens).all(|(word, token)| word == token.text);
        fits.then_some(count)
    };
    phrases.iter().filter_map(length).max()
}

/// Everything that the text can mean, likeliest first.
pub(super) fn readings<'t>(text: &'t Text<'t>) -> Vec<Reading<'t>> {
    let mut found = Vec::new();
    let tokens = &text.tokens[..];
    if tokens.is_empty() {
        return found;
    }
    found.extend(block(tokens));

    let cuts = |is_cut: &dyn Fn(&Token<'_>) -> bool, keeps: bool| crossing(tokens, is_cut, keeps);
    found.extend(cuts(&|token| token.glue == Glue::And, true));
    let with_words = |token: &Token<'_>| words::BETWEEN_CROSSING.contains(&token.text);
    if text.is_crossing {
        found.extend(cuts(&with_words, false));
        found.extend(cuts(&|token| token.glue == Glue::Slash || token.glue == Glue::Hyphen, true));
        found.extend(splits(tokens));
    }

    // The address may stand in a later part: `Clubhaus (Mühlhäuser Straße 301)`.
    let starts = (0..tokens.len()).filter(|&index| index == 0 || tokens[index].glue == Glue::Break);
    for start in starts.take(4) {
        address(&tokens[start..], &mut found);
    }
    if !text.is_crossing {
        found.extend(
            cuts(&|token| token.glue == Glue::Slash, true).filter(|_| !tokens.iter().any(Token::has_number)),
        );
        found.extend(cuts(&with_words, false));
    }
    found
}

/// `1100 - 1129 BLOCK OF 17TH STREET NW`, `1100 block of 17th St`.
fn block<'t>(tokens: &'t [Token<'t>]) -> Option<Reading<'t>> {
    let word = tokens.iter().position(|token| matches!(token.text, "block" | "blk"))?;
    let from: u32 = tokens.first()?.text.parse().ok()?;
    let to = match word {
        1 => (from / 100 * 100).saturating_add(99),
        2 => tokens[1].text.parse().ok().filter(|&to| to >= from)?,
        _ => return None,
    };
    let rest = &tokens[word + 1..];
    let street = if rest.first().is_some_and(|token| token.text == "of") { &rest[1..] } else { rest };
    let (street, rest) = until_break(street);
    Some(Reading::Block { street, from, to, rest })
}

/// The parts between the cuts, when there are two or three of them. `keeps` says whether the token at a cut
/// belongs to the part behind it.
fn crossing<'t>(
    tokens: &'t [Token<'t>],
    is_cut: &dyn Fn(&Token<'_>) -> bool,
    keeps: bool,
) -> Option<Reading<'t>> {
    let mut streets = Vec::new();
    let mut from = 0;
    for index in 1..tokens.len() {
        if is_cut(&tokens[index]) {
            streets.push(&tokens[from..index]);
            from = index + usize::from(!keeps);
        }
    }
    streets.push(&tokens[from.min(tokens.len())..]);
    let is_whole = streets.iter().all(|street| !street.is_empty());
    ((2..=3).contains(&streets.len()) && is_whole).then_some(Reading::Crossing { streets })
}

/// `hoek Kerkstraat Dorpsweg`: two names with nothing between them, cut at every place.
fn splits<'t>(tokens: &'t [Token<'t>]) -> Vec<Reading<'t>> {
    let cuts = 1..tokens.len().min(8);
    cuts.map(|cut| Reading::Crossing { streets: vec![&tokens[..cut], &tokens[cut..]] }).collect()
}

fn until_break<'t>(tokens: &'t [Token<'t>]) -> (&'t [Token<'t>], Vec<Token<'t>>) {
    let end = (1..tokens.len()).find(|&index| tokens[index].glue == Glue::Break).unwrap_or(tokens.len());
    (&tokens[..end], tokens[end..].to_vec())
}

/// A number before the street, behind it, or none.
fn address<'t>(tokens: &'t [Token<'t>], found: &mut Vec<Reading<'t>>) {
    let (line, rest) = until_break(tokens);
    if let Some((number, used)) = number(line, 0, 1)
        && used < line.len()
    {
        found.push(Reading::Address { street: &line[used..], number, rest: rest.clone() });
        // `9 B Park Street`: the letter may belong to the number.
        if let Some((number, used)) =
            self::number(line, 0, 2).filter(|&(_, longer)| longer > used && longer < line.len())
        {
            found.push(Reading::Address { street: &line[used..], number, rest: rest.clone() });
        }
    }
    for index in 1..line.len() {
        if !line[index].has_number() {
            continue;
        }
        // What follows may be additions, or a town, or one after the other.
        let mut longest = usize::MAX;
        for most in (1..=3).rev() {
            let Some((number, used)) = number(line, index, most).filter(|&(_, used)| used < longest) else {
                continue;
            };
            let beyond = line[index + used..].iter().chain(&rest).copied().collect();
            found.push(Reading::Address { street: &line[..index], number, rest: beyond });
            longest = used;
        }
    }
    found.push(Reading::Street { street: line, rest });
}

/// The number at `index` and how many tokens it takes, at most `most` of them blanks apart.
fn number(line: &[Token<'_>], index: usize, most: usize) -> Option<(Number, usize)> {
    let text = line[index].text;
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let value: u32 = text[..digits].parse().ok()?;
    let tail = &text[digits..];
    if matches!(tail, "st" | "nd" | "rd" | "th") || tail.len() > 4 {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    if !tail.is_empty() {
        parts.push(tail);
    }
    let mut second = None;
    let (mut used, mut apart) = (1, 1);
    while let Some(token) = line.get(index + used) {
        let is_glued = matches!(token.glue, Glue::Hyphen | Glue::Slash);
        if token.text.len() > 4 || token.glue >= Glue::And || !is_glued && apart >= most {
            break;
        }
        if token.glue == Glue::Hyphen && parts.is_empty() && second.is_none() {
            second = token.text.parse().ok();
        }
        // `1312 1/2 U Street`: a fraction keeps its slash.
        if token.glue == Glue::Slash && parts.last() == Some(&"1") && token.text == "2" {
            parts.pop();
            parts.push("1/2");
        } else {
            parts.push(token.text);
        }
        apart += usize::from(!is_glued);
        used += 1;
    }
    let suffixes =
        (1..=parts.len()).rev().map(|length| super::normalise::suffix(&parts[..length].join(""))).collect();
    Some((Number { value, suffixes, second }, used))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geocode::normalise::{fold, tokens};

    fn number_of(text: &str) -> (u32, Vec<String>, Option<u32>) {
        let folded = fold(text);
        let (number, _) = number(&tokens(&folded), 0, 3).unwrap();
        (number.value, number.suffixes, number.second)
    }

    #[test]
    fn house_numbers_are_read_with_letter_addition_and_range() {
        assert_eq!(number_of("12"), (12, vec![], None));
        assert_eq!(number_of("12bis"), (12, vec!["bis".to_owned()], None));
        assert_eq!(number_of("12-bis"), (12, vec!["bis".to_owned()], None));
        assert_eq!(number_of("12 hs"), (12, vec!["h".to_owned()], None));
        assert_eq!(number_of("12-II"), (12, vec!["2".to_owned()], None));
        assert_eq!(number_of("99 B 1").1, ["b1", "b"]);
        assert_eq!(number_of("163-177").2, Some(177));
        assert_eq!(number_of("52/1"), (52, vec!["1".to_owned()], None));
        assert_eq!(number_of("1312 1/2"), (1312, vec!["1/2".to_owned()], None));
    }
}
