//! Tokens in, readings out: what an address text can mean, before any register is asked.
//!
//! Most texts have several readings (`2e Dirkstraat 12`: number 2, letter e? or the second Dirkstraat?). None
//! is thrown away here; the register decides which of them exists.

use super::normalise::{Glue, Token};
use super::phrases::{CROSSINGS, RELATIONS};
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
    /// A number on a street, behind its name or before it.
    Address { street: &'t [Token<'t>], number: Number, rest: Vec<Token<'t>>, is_number_last: bool },
    /// The stretch of a street between two numbers.
    Block { street: &'t [Token<'t>], from: u32, to: u32, rest: Vec<Token<'t>> },
    /// Where streets meet: each with all that is written of it, towns included.
    Crossing { streets: Vec<&'t [Token<'t>]> },
    /// A street.
    Street { street: &'t [Token<'t>], rest: Vec<Token<'t>> },
}

/// How the place that a text means lies to the address that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Relation {
    /// At it.
    #[default]
    At,
    /// Near it.
    Near,
    /// Across the street.
    Opposite,
    /// At the end of the street.
    End,
}

/// What the words before an address say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Phrase {
    pub(super) relation: Relation,
    /// Whether it says of itself that it is a crossing.
    pub(super) is_crossing: bool,
}

/// What can be said about a text as a whole, and what is left of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Text<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    /// Postcode without blanks; empty where there is none.
    pub(super) postcode: String,
    pub(super) phrase: Phrase,
    /// Whether `van`, `de` and the like were taken off words that they were glued to.
    pub(super) is_unglued: bool,
}

/// Takes off what is no part of the address proper: rooms, floors and the postcode. `is_postcode` knows the
/// register's.
pub(super) fn strip(mut tokens: Vec<Token<'_>>, is_postcode: impl Fn(&str) -> bool) -> Text<'_> {
    let mut text = Text::default();
    for index in (1..tokens.len()).rev() {
        let one = tokens[index].text;
        let two = tokens.get(index + 1).map(|next| format!("{one}{}", next.text));
        let follows_state = words::BEYOND_THE_CITY.contains(&tokens[index - 1].text);
        let is_last = index + 1 == tokens.len();
        if let Some(code) = two.filter(|code| is_lettered_postcode(code) && is_postcode(code)) {
            text.postcode = code;
            take(&mut tokens, index..index + 2);
            break;
        }
        let stands_apart = tokens[index].glue == Glue::Break || (is_last && follows_state);
        // Three or four digits are a postcode only where one would stand: behind the address.
        let is_short_code = tokens[index].glue == Glue::Break
            && matches!(one.len(), 3 | 4)
            && is_digits(one)
            && is_postcode(one);
        let is_code = is_lettered_postcode(one) || is_five_digits(one) || is_short_code;
        if is_code && (is_postcode(one) || stands_apart && is_five_digits(one)) {
            one.clone_into(&mut text.postcode);
            take(&mut tokens, index..index + 1);
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
    join_numbers(&mut tokens);
    text.tokens = tokens;
    text
}

/// `Kerkstraat, 12`: a number that stands alone belongs to the street before it.
fn join_numbers(tokens: &mut [Token<'_>]) {
    let mut has_number = false;
    for index in 1..tokens.len() {
        has_number |= tokens[index - 1].has_number();
        if tokens[index].glue != Glue::Break {
            continue;
        }
        let end =
            (index + 1..tokens.len()).find(|&end| tokens[end].glue == Glue::Break).unwrap_or(tokens.len());
        let is_house = tokens[index].text.len() <= 7 && number(tokens, index, 1).is_some();
        let is_short = |token: &Token<'_>| is_addition(token) || token.text.len() <= 2;
        if !has_number && is_house && tokens[index + 1..end].iter().all(is_short) {
            tokens[index].glue = Glue::Blank;
        }
    }
}

/// Takes tokens out; what stood apart before them stands apart behind them.
pub(super) fn take(tokens: &mut Vec<Token<'_>>, range: std::ops::Range<usize>) {
    let (start, glue) = (range.start, tokens[range.start].glue);
    tokens.drain(range);
    if let Some(next) = tokens.get_mut(start)
        && glue == Glue::Break
    {
        next.glue = Glue::Break;
    }
    if let Some(first) = tokens.first_mut() {
        first.glue = Glue::Blank;
    }
}

/// `1011ab` of the Netherlands and `v8w9v3` of Canada.
pub(super) fn is_lettered_postcode(code: &str) -> bool {
    let shape: Vec<u8> = code
        .bytes()
        .map(|byte| {
            if byte.is_ascii_digit() {
                b'9'
            } else if byte.is_ascii_lowercase() {
                b'a'
            } else {
                b'?'
            }
        })
        .collect();
    matches!(&shape[..], b"9999aa" | b"a9a9a9")
}

pub(super) fn is_five_digits(code: &str) -> bool {
    code.len() == 5 && is_digits(code)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text that begins with its postcode: `1011 AB 12`.
pub(super) fn postcode_first<'t>(text: &Text<'t>, is_postcode: impl Fn(&str) -> bool) -> Option<Text<'t>> {
    let joined =
        |length: usize| text.tokens.get(..length).map(|first| first.iter().map(|token| token.text).collect());
    let is_code = |code: &String| (is_lettered_postcode(code) || is_five_digits(code)) && is_postcode(code);
    let (length, postcode) =
        (1..=2).filter_map(|length| Some((length, joined(length)?))).find(|(_, code)| is_code(code))?;
    let mut tokens = text.tokens.clone();
    take(&mut tokens, 0..length);
    Some(Text { tokens, postcode, ..text.clone() })
}

/// The number of a text that holds nothing else, or only a word more: `12 bis`, `12 Amsterdam`.
pub(super) fn number_alone(tokens: &[Token<'_>]) -> Option<Number> {
    let tokens = number_words_dropped(tokens);
    (1..=3).rev().find_map(|most| {
        let (found, used) =
            tokens.first().filter(|first| first.has_number()).and_then(|_| number(&tokens, 0, most))?;
        let are_additions = tokens[1..used].iter().all(is_addition);
        (are_additions && tokens.len() <= used + 1).then_some(found)
    })
}

/// The other ways to take a text whose words, taken literally, name nothing: without words of nearness and
/// crossing before or within it, with blanks where they are missing, without a town before it.
pub(super) fn rephrased<'t>(text: &Text<'t>, is_city: impl Fn(&str) -> bool) -> Vec<Text<'t>> {
    let mut found: Vec<Text<'t>> = Vec::new();
    let mut tokens = spelled_out(&text.tokens);
    super::form::take_units(&mut tokens);
    let mut phrase = take_phrase(&mut tokens);
    // `Kerkstraat t/o nr 12`, `lamp t.h.v. Kerkstraat 12`: the words stand within.
    let within = (1..tokens.len()).find_map(|index| {
        let (relation, length) = RELATIONS.leading(&tokens[index..])?;
        Some((index, relation, length))
    });
    let mut add = |tokens: Vec<Token<'t>>, phrase: Phrase, is_unglued: bool| {
        let is_new = tokens != text.tokens || phrase != Phrase::default();
        if is_new && !tokens.is_empty() {
            found.push(Text { tokens, postcode: text.postcode.clone(), phrase, is_unglued });
        }
    };
    if let Some((index, relation, length)) = within {
        if phrase.relation == Relation::At {
            phrase.relation = relation;
        }
        let mut without = tokens.clone();
        without.drain(index..index + length);
        add(number_words_dropped(&without), phrase, false);
        let mut behind = tokens[index + length..].to_vec();
        let inner = take_phrase(&mut behind);
        let is_crossing = phrase.is_crossing || inner.is_crossing;
        add(number_words_dropped(&behind), Phrase { is_crossing, ..phrase }, false);
    }
    let tokens = number_words_dropped(&tokens);
    // `DeRuijterkade`: neither the longest nor the shortest word that it begins with is always the right one.
    let unglued = [true, false].map(|longest| -> Vec<Token<'t>> {
        tokens.iter().flat_map(|&token| unglued(token, longest)).collect()
    });
    let cities = (1..tokens.len().min(4))
        .rev()
        .filter(|&length| is_city(&tokens[..length].iter().map(|token| token.text).collect::<String>()));
    for length in cities {
        add(tokens[length..].to_vec(), phrase, false);
    }
    for unglued in unglued.into_iter().filter(|unglued| unglued.len() > tokens.len()) {
        add(unglued, phrase, true);
    }
    add(tokens, phrase, false);
    found
}

/// `vandeWeteringstraat`, `PrinsHendrikkade`: first words of names that somebody wrote without the blank.
fn unglued(mut token: Token<'_>, longest: bool) -> Vec<Token<'_>> {
    let mut parts = Vec::new();
    let starts = || {
        let names = words::IN_NAMES.iter().flat_map(|(_, spellings)| spellings.iter());
        words::PARTICLES.iter().filter(|word| word.len() > 1).chain(names.filter(|word| word.len() > 3))
    };
    while let Some(start) = starts()
        .filter(|start| token.text.len() >= start.len() + 5 && token.text.starts_with(**start))
        .max_by_key(|start| if longest { start.len() } else { usize::MAX - start.len() })
    {
        let (first, rest) = token.text.split_at(start.len());
        parts.push(Token { text: first, glue: token.glue });
        token = Token { text: rest, glue: Glue::Blank };
    }
    parts.push(token);
    parts
}

/// Tokens with towns written out (`A'dam`) and blanks between a name and its number (`Kerkstraat12`).
fn spelled_out<'t>(tokens: &[Token<'t>]) -> Vec<Token<'t>> {
    let mut whole = Vec::with_capacity(tokens.len());
    for &token in tokens {
        if let Some(&(_, town)) = words::TOWNS.iter().find(|(short, _)| *short == token.text) {
            whole.push(Token { text: town, ..token });
            continue;
        }
        let name = token.text.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let letters = token.text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(token.text.len());
        if letters >= 4 && letters < token.text.len() && name.len() >= letters {
            whole.push(Token { text: &token.text[..letters], ..token });
            whole.push(Token { text: &token.text[letters..], glue: Glue::Blank });
        } else {
            whole.push(token);
        }
    }
    whole
}

/// The same without `nr`, `nummer` or `no` before a number.
fn number_words_dropped<'t>(tokens: &[Token<'t>]) -> Vec<Token<'t>> {
    let is_dropped = |index: usize| {
        words::NUMBER.contains(&tokens[index].text) && tokens.get(index + 1).is_some_and(Token::has_number)
    };
    (0..tokens.len()).filter(|&index| !is_dropped(index)).map(|index| tokens[index]).collect()
}

/// Takes off words of nearness and crossing at the beginning, as many as there are.
pub(super) fn take_phrase(tokens: &mut Vec<Token<'_>>) -> Phrase {
    let mut phrase = Phrase::default();
    loop {
        let length = if let Some((relation, length)) = RELATIONS.leading(tokens) {
            phrase.relation = relation;
            length
        } else if let Some(((), length)) = CROSSINGS.leading(tokens) {
            phrase.is_crossing = true;
            length
        } else {
            return phrase;
        };
        take(tokens, 0..length);
    }
}

/// Everything that the text can mean, likeliest first.
pub(super) fn readings<'t>(text: &'t Text<'t>) -> Vec<Reading<'t>> {
    let mut found = Vec::new();
    let tokens = &text.tokens[..];
    if tokens.is_empty() {
        return found;
    }
    let block = block(tokens).map(|block| Reading::Block {
        street: block.street,
        from: block.from,
        to: block.to,
        rest: block.rest,
    });
    found.extend(block);
    // `Kerkstraat tussen 12 en 20` is a range.
    if let Some(Between { street, ends: [[from], [to, rest @ ..]] }) = between(tokens)
        && let (Ok(from), Ok(to)) = (from.text.parse(), to.text.parse())
    {
        let (from, to) = if from <= to { (from, to) } else { (to, from) };
        found.push(Reading::Block { street, from, to, rest: rest.to_vec() });
    }

    let cuts = |is_cut: &dyn Fn(&Token<'_>) -> bool, keeps: bool| crossing(tokens, is_cut, keeps);
    found.extend(cuts(&|token| token.glue == Glue::And, true));
    let with_words = |token: &Token<'_>| words::BETWEEN_CROSSING.contains(&token.text);
    if text.phrase.is_crossing {
        found.extend(cuts(&with_words, false));
        found.extend(cuts(&|token| token.glue == Glue::Slash || token.glue == Glue::Hyphen, true));
        found.extend(splits(tokens));
    }

    // The address may stand in a later part: `Clubhaus (Mühlhäuser Straße 301)`.
    let starts = (0..tokens.len()).filter(|&index| index == 0 || tokens[index].glue == Glue::Break);
    for start in starts.take(4) {
        address(&tokens[start..], &mut found);
    }
    if !text.phrase.is_crossing {
        found.extend(
            cuts(&|token| token.glue == Glue::Slash, true).filter(|_| !tokens.iter().any(Token::has_number)),
        );
        found.extend(cuts(&with_words, false));
    }
    found
}

/// A street and the numbers of a stretch of it.
pub(super) struct Block<'s, 't> {
    pub(super) street: &'s [Token<'t>],
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) rest: Vec<Token<'t>>,
}

/// `1100 - 1129 BLOCK OF 17TH STREET NW`, `1100 block of 17th St`.
pub(super) fn block<'s, 't>(tokens: &'s [Token<'t>]) -> Option<Block<'s, 't>> {
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
    Some(Block { street, from, to, rest })
}

/// A street and the two that bound a stretch of it.
pub(super) struct Between<'t> {
    pub(super) street: &'t [Token<'t>],
    pub(super) ends: [&'t [Token<'t>]; 2],
}

/// `Kerkstraat tussen Dorpsweg en Molenpad`, `between A and B on C`, `Main St from A to B`.
pub(super) fn between<'t>(tokens: &'t [Token<'t>]) -> Option<Between<'t>> {
    let is = |index: usize, table: &[&str]| table.contains(&tokens[index].text);
    let first = (0..tokens.len()).find(|&index| is(index, words::BETWEEN))?;
    let joins = |&index: &usize| {
        is(index, words::BETWEEN_CROSSING) || tokens[index].glue == Glue::And || is(index, words::UNTIL)
    };
    let second = (first + 2..tokens.len()).find(joins)?;
    let behind = second + usize::from(tokens[second].glue != Glue::And);
    // The street stands before all this, or behind it after `on`.
    let on =
        (behind + 1..tokens.len()).find(|&index| is(index, words::ON) || tokens[index].glue == Glue::Break);
    let (street, end) = match (first, on) {
        (0, Some(on)) => (&tokens[on + usize::from(is(on, words::ON))..], on),
        (0, None) => return None,
        (_, _) => (&tokens[..first], on.filter(|&on| tokens[on].glue == Glue::Break).unwrap_or(tokens.len())),
    };
    let ends = [&tokens[first + 1..second], &tokens[behind..end]];
    let is_whole = !street.is_empty() && ends.iter().all(|end| !end.is_empty());
    is_whole.then_some(Between { street, ends })
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

fn until_break<'s, 't>(tokens: &'s [Token<'t>]) -> (&'s [Token<'t>], Vec<Token<'t>>) {
    let end = (1..tokens.len()).find(|&index| tokens[index].glue == Glue::Break).unwrap_or(tokens.len());
    (&tokens[..end], tokens[end..].to_vec())
}

/// A number before the street, behind it, or none.
fn address<'t>(tokens: &'t [Token<'t>], found: &mut Vec<Reading<'t>>) {
    let (line, rest) = until_break(tokens);
    if let Some((number, used)) = number(line, 0, 1)
        && used < line.len()
    {
        found.push(Reading::Address {
            street: &line[used..],
            number,
            rest: rest.clone(),
            is_number_last: false,
        });
        // `9 B Park Street`: the letter may belong to the number.
        if let Some((number, used)) =
            self::number(line, 0, 2).filter(|&(_, longer)| longer > used && longer < line.len())
            // `9 Wait Street` is not number 9 Wait.
            && line[1..used].iter().all(|token| is_addition(token) || token.has_number())
        {
            found.push(Reading::Address {
                street: &line[used..],
                number,
                rest: rest.clone(),
                is_number_last: false,
            });
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
            found.push(Reading::Address {
                street: &line[..index],
                number,
                rest: beyond,
                is_number_last: true,
            });
            longest = used;
        }
    }
    found.push(Reading::Street { street: line, rest });
}

/// The number at `index` and how many tokens it takes, at most `most` of them blanks apart.
pub(super) fn number(line: &[Token<'_>], index: usize, most: usize) -> Option<(Number, usize)> {
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

/// Whether a token can be a letter or addition of a house number rather than a word.
pub(super) fn is_addition(token: &Token<'_>) -> bool {
    let is_letter = token.text.len() == 1;
    let is_known = words::ADDITIONS.iter().any(|(_, spellings)| spellings.contains(&token.text));
    is_letter || is_known || token.has_number() && matches!(token.glue, Glue::Hyphen | Glue::Slash)
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
