//! A name and a text in, how likely somebody who meant the name typed the text out, as a natural logarithm.
//!
//! A noisy channel (Kernighan, Church & Gale 1990, COLING, 205-210): every letter may be left out, exchanged with the
//! next, replaced or followed by another one. A letter that was left out is one mistake; a letter that was put in is
//! one of twenty-six, mostly a neighbour on the keyboard.

/// Mistakes of each of the four sorts, by letter: of what people type in haste, 1.2 letters in a hundred stay wrong
/// (Dhakal, Feit, Kristensson & Oulasvirta 2018, CHI: 136 million keystrokes). Twice of it and half of it move no figure
/// in the tables of `fuzzy` by more than 0.014: more finds more names with two letters wrong, less more with one.
const MISTAKES: f64 = 0.012 / 4.0;

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

/// How likely each way to mistype a letter is.
#[derive(Debug)]
pub(super) struct Typing {
    /// Letters that are written as two in plain ones, `æ` and `þ`: one mistake is enough to lose both.
    digraphs: Vec<[u8; 2]>,
    left_out: f64,
    /// One letter in place of another, or after it; by both, as numbers of the alphabet.
    other: [[f64; 27]; 27],
}

impl Typing {
    pub(super) fn new(digraphs: Vec<[u8; 2]>) -> Self {
        let mut other = [[0.0; 27]; 27];
        for (row, meant) in other.iter_mut().zip(b'a'..) {
            let near: Vec<bool> = (b'a'..=b'z').map(|typed| touch(meant, typed)).collect();
            let count = near.iter().filter(|&&is_near| is_near).count().max(1) as f64;
            for (cost, is_near) in row.iter_mut().zip(near.into_iter().chain([false])) {
                let neighbour = if is_near { NEIGHBOURS / count } else { 0.0 };
                *cost = MISTAKES * ((1.0 - NEIGHBOURS) / 26.0 + neighbour);
            }
        }
        Self { left_out: MISTAKES, other, digraphs }
    }

    /// Logarithm of how likely `text` is typed for `name`: 0 for none wrong, less for each mistake.
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
        // Three rows of the usual table: the one being filled, the one before it, and the one before that. Every way to
        // come from the one to the other counts: of two equal letters either may be the one that was left out.
        let width = text.len() + 1;
        let mut table = vec![0.0; 3 * width];
        for row in 0..=name.len() {
            let (this, above, before) = ((row % 3) * width, ((row + 2) % 3) * width, ((row + 1) % 3) * width);
            for column in 0..width {
                let mut all = f64::from(u8::from(row == 0 && column == 0));
                if row > 0 {
                    all += table[above + column] * self.left_out;
                }
                if column > 0 {
                    all += table[this + column - 1] * put_in(row, text[column - 1]);
                }
                if row > 0 && column > 0 {
                    let (meant, typed) = (name[row - 1], text[column - 1]);
                    let share = if meant == typed { 1.0 } else { self.instead(meant, typed) };
                    all += table[above + column - 1] * share;
                    let is_exchange = row > 1
                        && column > 1
                        && meant != typed
                        && (meant, name[row - 2]) == (text[column - 2], typed);
                    if is_exchange {
                        all += table[before + column - 2] * self.left_out;
                    }
                }
                if row > 1 && self.is_one_letter(&name[row - 2..row]) {
                    all += table[before + column] * self.left_out;
                    if column > 0 {
                        all += table[before + column - 1] * self.instead(b'~', text[column - 1]);
                    }
                }
                table[this + column] = all;
            }
        }
        table[(name.len() % 3) * width + text.len()].ln()
    }

    fn is_one_letter(&self, two: &[u8]) -> bool {
        self.digraphs.iter().any(|digraph| digraph == two)
    }

    /// A blank too much, too little or elsewhere.
    pub(super) fn wrong_blank(&self) -> f64 {
        (4.0 * self.left_out).ln()
    }

    /// One mistake of which nothing more is known.
    pub(super) fn one_mistake(&self) -> f64 {
        self.left_out.ln()
    }

    fn instead(&self, meant: u8, typed: u8) -> f64 {
        let number = |letter: u8| if letter.is_ascii_lowercase() { usize::from(letter - b'a') } else { 26 };
        let cost = self.other[number(meant)][number(typed)];
        if number(meant) == 26 { self.other[0][26] } else { cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(name: &str, text: &str) -> f64 {
        Typing::new(Vec::new()).likelihood(name.as_bytes(), text.as_bytes())
    }

    #[test]
    fn a_letter_left_out_or_exchanged_is_likelier_than_one_put_in() {
        assert!(typed("vinton", "vinton").abs() < 1e-12);
        for text in ["vnton", "vniton"] {
            // Two mistakes in place of the one come to next to nothing.
            assert!((typed("vinton", text) - MISTAKES.ln()).abs() < 0.01, "{text}");
            assert!(typed("vinton", text) > typed("vinton", "vintbn"), "{text}");
        }
        assert!(typed("parsons", "parson") > typed("carson", "parson"));
        let twice = typed("einarsstadir", "einarstadir") - typed("einarstadir", "einarstdir");
        assert!((twice - 2f64.ln()).abs() < 0.01, "either of the two may be the one that is missing");
    }

    #[test]
    fn a_letter_that_is_written_as_two_is_lost_at_once() {
        let lost = |digraphs: Vec<[u8; 2]>| Typing::new(digraphs).likelihood(b"aegisida", b"gisida");
        assert!((lost(vec![*b"ae"]) - MISTAKES.ln()).abs() < 0.01);
        assert!(lost(Vec::new()) < 1.5 * MISTAKES.ln());
    }

    #[test]
    fn a_neighbour_on_the_keyboard_is_likelier_than_a_far_letter_and_two_mistakes_cost_as_much_as_each() {
        assert!(touch(b'g', b'h') && touch(b'g', b't') && touch(b'g', b'v') && !touch(b'g', b'p'));
        assert!(typed("vinton", "vinyon") > typed("vinton", "vinqon"));
        let both = typed("northampton", "nortampyon");
        assert!(
            (both - typed("northampton", "nortampton") - typed("northampton", "northampyon")).abs() < 0.01
        );
        assert!(typed("vinton", "vintoon") > typed("vinton", "vintoqn"), "doubled");
    }
}
