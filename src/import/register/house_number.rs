//! House numbers as registers write them: `12`, `12 b`, `12bis`, `12-II`, `12-14`, `1;3`.

/// One house number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HouseNumber {
    /// The number.
    pub number: u32,
    /// Letter and addition as written; empty for most.
    pub suffix: String,
    /// Whether it is only implied: the far end of a range.
    pub is_implied: bool,
}

/// The longest range that is taken for one: a block. More is a number and an addition.
const LONGEST_RANGE: u32 = 50;

/// The house numbers in a text; none where it does not begin with a number.
///
/// Of `12-14` the first is 12 with the suffix `14`, as it is written, and 14 is implied: on one side of a
/// street numbers go by two. `12-2` and `12-13` are a number with an addition.
pub(super) fn parse(text: &str) -> Vec<HouseNumber> {
    let parts = text.split(';').flat_map(|part| {
        let mut between_commas = part.split(',');
        let first = between_commas.next();
        // `7, 9` are two numbers; of `13 A, 5. krs./Floor 5` the rest is a storey.
        first.into_iter().chain(between_commas.filter(|rest| is_plain(rest)))
    });
    parts.flat_map(one).collect()
}

/// A number with at most one letter.
fn is_plain(text: &str) -> bool {
    let text = text.trim();
    text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic())
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        && text.bytes().filter(u8::is_ascii_alphabetic).count() <= 1
}

fn one(text: &str) -> Vec<HouseNumber> {
    let text = text.trim();
    // `12.0`: a column of numbers that a spreadsheet or data frame wrote.
    let text = text.strip_suffix(".0").unwrap_or(text);
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let Some(number) = text[..digits].parse().ok().filter(|&number: &u32| number > 0) else {
        return Vec::new();
    };
    let suffix = text[digits..].trim_start_matches([' ', '-', '/', '.', '–']).trim_end();
    let mut found = vec![HouseNumber { number, suffix: suffix.to_owned(), is_implied: false }];
    let is_dash = text[digits..].trim_start().starts_with(['-', '–']);
    if let Some(end) = suffix.parse::<u32>().ok().filter(|&end| is_dash && is_range(number, end)) {
        found.push(HouseNumber { number: end, suffix: String::new(), is_implied: true });
    }
    found
}

fn is_range(from: u32, to: u32) -> bool {
    from < to && to - from <= LONGEST_RANGE && (to - from).is_multiple_of(2)
}

/// Street and number of an address in one text: `12 Main St`, `Hoofdstraat 12 b, Utrecht`.
pub(super) fn split_address(text: &str) -> Option<(String, String)> {
    let line = text.split(',').next()?.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit());
    // `1st Street 5`: an ordinal is part of the name.
    let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if words.len() > 1 && is_number(&words[0]) && is_plain(words[0]) {
        return Some((words[1..].join(" "), words[0].to_owned()));
    }
    let at = words.iter().rposition(&is_number).filter(|&at| at > 0)?;
    Some((words[..at].join(" "), words[at..].join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        let plus = |house: &HouseNumber| if house.is_implied { "+" } else { "" };
        parse(text).iter().map(|house| format!("{}{}|{}", plus(house), house.number, house.suffix)).collect()
    }

    #[test]
    fn house_numbers_are_taken_apart() {
        let expected: [(&str, &[&str]); 16] = [
            ("12", &["12|"]),
            ("12 b", &["12|b"]),
            ("12bis", &["12|bis"]),
            ("12-bis A", &["12|bis A"]),
            ("12-II", &["12|II"]),
            ("12A-2", &["12|A-2"]),
            ("12-2", &["12|2"]),
            ("12-13", &["12|13"]),
            ("12-14", &["12|14", "+14|"]),
            ("1;3", &["1|", "3|"]),
            ("7, 9b", &["7|", "9|b"]),
            ("13 A, 5. krs./Floor 5", &["13|A"]),
            ("12.0", &["12|"]),
            ("0", &[]),
            ("b", &[]),
            ("99999999999", &[]),
        ];
        for (text, numbers) in expected {
            assert_eq!(written(text), numbers, "{text}");
        }
    }

    #[test]
    fn an_address_in_one_text_has_its_number_in_front_or_behind() {
        let split = |text: &str| split_address(text).map(|(street, number)| format!("{street}|{number}"));
        assert_eq!(split("1350 Pennsylvania Ave NW").unwrap(), "Pennsylvania Ave NW|1350");
        assert_eq!(split("Hoofdstraat 12 b, 3511 AB Utrecht").unwrap(), "Hoofdstraat|12 b");
        assert_eq!(split("Straße des 17. Juni 135").unwrap(), "Straße des 17. Juni|135");
        assert_eq!(split("1e Dorpsstraat 5").unwrap(), "1e Dorpsstraat|5");
        assert_eq!(split("Utrecht"), None);
    }
}
