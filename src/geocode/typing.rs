//! A name and a text in, how likely somebody who meant the name typed the text out; and how likely a street that the
//! register lacks is called so.
//!
//! Both are natural logarithms. The first is a noisy channel (Kernighan, Church & Gale 1990, COLING, 205-210): every
//! letter may be left out, exchanged with the next, replaced or followed by another one. A letter that was left out is one
//! mistake; a letter that was put in is one of twenty-six, mostly a neighbour on the keyboard. The second is a chain of
//! letters, each of which depends on the four before it, counted in the names of the register (Witten & Bell 1991,
//! IEEE Transactions on Information Theory 37(4), 1085-1094, method C).
//!
//! Nothing here knows of languages: names of Boston make `kitortedge` unlikely, those of Utrecht `bruggestraut`.

use rustc_hash::FxHashMap;

/// Mistakes of each of the four sorts, by letter: of what people type in haste, 1.2 letters in a hundred stay wrong
/// (Dhakal, Feit, Kristensson & Oulasvirta 2018, CHI: 136 million keystrokes); half of it is taken for an address
/// that somebody wants to be found. Twice of it moves no figure in the tables of `fuzzy` by more than 0.012: more finds
/// more names with two letters wrong, less more with one.
const MISTAKES: f64 = 0.005 / 4.0;

/// Of letters that are put in or take the place of another, so many are neighbours on the keyboard, or the letter
/// itself once more; any letter for the rest. Assumed: hands miss to a neighbour, ears and eyes do not.
const NEIGHBOURS: f64 = 0.5;

/// Rows of a keyboard; each key touches those beside it and two or three of the next row. French and German ones
/// differ in two or four keys, which cost them a little.
const KEYBOARD: [&[u8]; 3] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm"];

/// Whether two keys touch.
fn touch(a: u8, b: u8) -> bool {
    let place = |key: u8| {
        KEYBOARD
            .iter()
            .enumerate()
            .find_map(|(row, keys)| Some((row, keys.iter().position(|&there| there == key)?)))
    };
    let (Some((row, column)), Some((other_row, other_column))) = (place(a), place(b)) else { return false };
    match other_row.abs_diff(row) {
        0 => column.abs_diff(other_column) <= 1,
        1 => {
            let (upper, lower) =
                if row < other_row { (column, other_column) } else { (other_column, column) };
            lower == upper || lower + 1 == upper
        }
        _ => false,
    }
}

/// What each way to mistype a letter costs, as logarithms.
#[derive(Debug)]
pub(super) struct Typing {
    left_out: f64,
    /// One letter in place of another, or after it; by both, as numbers of the alphabet.
    other: [[f64; 27]; 27],
}

impl Typing {
    pub(super) fn new() -> Self {
        let mut other = [[0.0; 27]; 27];
        for (row, meant) in other.iter_mut().zip(b'a'..) {
            let near: Vec<bool> = (b'a'..=b'z').map(|typed| touch(meant, typed)).collect();
            let count = near.iter().filter(|&&is_near| is_near).count().max(1) as f64;
            for (cost, is_near) in row.iter_mut().zip(near.into_iter().chain([false])) {
                let neighbour = if is_near { NEIGHBOURS / count } else { 0.0 };
                *cost = (MISTAKES * ((1.0 - NEIGHBOURS) / 26.0 + neighbour)).ln();
            }
        }
        Self { left_out: MISTAKES.ln(), other }
    }

    /// Of all ways to type `text` instead of `name` the likeliest one: 0 for none wrong, less for each mistake.
    pub(super) fn likelihood(&self, name: &[u8], text: &[u8]) -> f64 {
        let shared = name.iter().zip(text).take_while(|(a, b)| a == b).count();
        // One letter before the difference stays: the mistake may stand on either of two equal letters.
        let (name, text) = (&name[shared.saturating_sub(1)..], &text[shared.saturating_sub(1)..]);
        let shared = name.iter().rev().zip(text.iter().rev()).take_while(|(a, b)| a == b).count();
        let shared = shared.saturating_sub(1);
        let (name, text) = (&name[..name.len() - shared], &text[..text.len() - shared]);
        if name == text {
            return 0.0;
        }
        let put_in = |at: usize, letter: u8| {
            let neighbours = [at.checked_sub(1).and_then(|before| name.get(before)), name.get(at)];
            let costs = neighbours.into_iter().flatten().map(|&beside| self.instead(beside, letter));
            costs.fold(self.instead(b'~', letter), f64::max)
        };
        // Three rows of the usual table: the one being filled, the one before it, and the one before that.
        let width = text.len() + 1;
        let mut table = vec![0.0; 3 * width];
        for row in 0..=name.len() {
            let (this, above, before) = ((row % 3) * width, ((row + 2) % 3) * width, ((row + 1) % 3) * width);
            for column in 0..width {
                let mut best = if row == 0 && column == 0 { 0.0 } else { f64::NEG_INFINITY };
                if row > 0 {
                    best = best.max(table[above + column] + self.left_out);
                }
                if column > 0 {
                    best = best.max(table[this + column - 1] + put_in(row, text[column - 1]));
                }
                if row > 0 && column > 0 {
                    let (meant, typed) = (name[row - 1], text[column - 1]);
                    let cost = if meant == typed { 0.0 } else { self.instead(meant, typed) };
                    best = best.max(table[above + column - 1] + cost);
                    let is_exchange = row > 1
                        && column > 1
                        && meant != typed
                        && (meant, name[row - 2]) == (text[column - 2], typed);
                    if is_exchange {
                        best = best.max(table[before + column - 2] + self.left_out);
                    }
                }
                table[this + column] = best;
            }
        }
        table[(name.len() % 3) * width + text.len()]
    }

    /// A blank too much, too little or elsewhere.
    pub(super) fn wrong_blank(&self) -> f64 {
        self.left_out + 4f64.ln()
    }

    /// One mistake of which nothing more is known.
    pub(super) fn one_mistake(&self) -> f64 {
        self.left_out
    }

    fn instead(&self, meant: u8, typed: u8) -> f64 {
        let number = |letter: u8| if letter.is_ascii_lowercase() { usize::from(letter - b'a') } else { 26 };
        let cost = self.other[number(meant)][number(typed)];
        if number(meant) == 26 { self.other[0][26] } else { cost }
    }
}

/// Letters that one letter of a name depends on.
const ORDER: usize = 4;

/// Letters and digits there are, and the end of a name.
const SYMBOLS: f64 = 37.0;

/// The share of names that are built as no other name here is. Tried from 0.0001 to 0.01 in Boston, Iceland and
/// Washington: less lets foreign streets in, more keeps names with two wrong letters out.
const FOREIGN: f64 = 0.001;

/// Any of so many letters may follow in those, as if all were equally frequent.
const FOREIGN_LETTERS: f64 = 14.0;

/// How names of a register are built.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// How often a run of up to [`ORDER`] letters stands anywhere with a letter behind it, and how many different ones.
    before: FxHashMap<u64, (u32, u32)>,
    /// How often a run stands with that letter behind it.
    with_next: FxHashMap<u64, u32>,
}

/// The run of `length` letters before `at`, as a number; blanks stand before the first letter.
fn run(text: &[u8], at: usize, length: usize) -> u64 {
    let letter = |index: Option<usize>| index.and_then(|index| text.get(index)).copied().unwrap_or(b' ');
    let letters = (1..=length).map(|back| letter(at.checked_sub(back)));
    letters.fold(1, |run, letter| run << 8 | u64::from(letter))
}

impl Chain {
    pub(super) fn add(&mut self, text: &[u8]) {
        for at in 0..=text.len() {
            let next = u64::from(text.get(at).copied().unwrap_or(b' '));
            for length in 0..=ORDER {
                let run = run(text, at, length);
                let with_next = self.with_next.entry(run << 8 | next).or_default();
                let before = self.before.entry(run).or_default();
                before.0 += 1;
                before.1 += u32::from(*with_next == 0);
                *with_next += 1;
            }
        }
    }

    /// Logarithm of how likely the next name is `text`, one of another language included; as if the chain had not seen it where it is `known`.
    pub(super) fn likelihood(&self, text: &[u8], known: bool) -> f64 {
        let seen = u32::from(known);
        let letter = |at: usize| {
            let next = u64::from(text.get(at).copied().unwrap_or(b' '));
            let mut share = 1.0 / SYMBOLS;
            for length in 0..=ORDER {
                let run = run(text, at, length);
                let Some(&(all, different)) = self.before.get(&run) else { break };
                let there = self.with_next.get(&(run << 8 | next)).copied().unwrap_or(0);
                let (all, different) = (all - seen, different - u32::from(known && there == 1));
                if all == 0 {
                    break;
                }
                let (all, different) = (f64::from(all), f64::from(different));
                share = (f64::from(there.saturating_sub(seen)) + different * share) / (all + different);
            }
            share.ln()
        };
        let here: f64 = (0..=text.len()).map(letter).sum();
        let elsewhere = FOREIGN.ln() - (text.len() + 1) as f64 * FOREIGN_LETTERS.ln();
        here.max(elsewhere) + (-(here - elsewhere).abs()).exp().ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(name: &str, text: &str) -> f64 {
        Typing::new().likelihood(name.as_bytes(), text.as_bytes())
    }

    #[test]
    fn a_letter_left_out_or_exchanged_is_likelier_than_one_put_in() {
        assert!(typed("vinton", "vinton").abs() < 1e-12);
        for text in ["vnton", "vniton"] {
            assert!((typed("vinton", text) - MISTAKES.ln()).abs() < 1e-12, "{text}");
            assert!(typed("vinton", text) > typed("vinton", "vintbn"), "{text}");
        }
        assert!(typed("parsons", "parson") > typed("carson", "parson"));
    }

    #[test]
    fn a_neighbour_on_the_keyboard_is_likelier_than_a_far_letter_and_two_mistakes_cost_as_much_as_each() {
        assert!(touch(b'g', b'h') && touch(b'g', b't') && touch(b'g', b'v') && !touch(b'g', b'p'));
        assert!(typed("vinton", "vinyon") > typed("vinton", "vinqon"));
        let both = typed("northampton", "nortampyon");
        assert!(
            (both - typed("northampton", "nortampton") - typed("northampton", "northampyon")).abs() < 1e-9
        );
        assert!(typed("vinton", "vintoon") > typed("vinton", "vintoqn"), "doubled");
    }

    #[test]
    fn the_letters_of_all_names_of_a_chain_come_to_no_more_than_one() {
        let mut chain = Chain::default();
        for name in ["walter", "water", "wales"] {
            chain.add(name.as_bytes());
        }
        let letters: Vec<u8> = (b'a'..=b'z').chain(b'0'..=b'9').collect();
        let start = b"wa";
        let each: f64 = letters
            .iter()
            .map(|&letter| chain.likelihood(&[&start[..], &[letter]].concat(), false).exp())
            .sum();
        assert!(each > 0.0 && each < 1.0, "{each}");
        assert!(chain.likelihood(b"walter", false) > chain.likelihood(b"wqlter", false));
        assert!(chain.likelihood(b"walter", false) > chain.likelihood(b"walter", true), "as if unseen");
    }
}
