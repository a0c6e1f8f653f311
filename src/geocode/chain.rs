//! Names of streets in, how likely a street that the register lacks is called so out.
//!
//! A chain of letters, each of which depends on the five before it, counted in the names of the register and smoothed
//! after Kneser & Ney (1995, ICASSP, 181-184) as modified by Chen & Goodman (1999, Computer Speech & Language 13(4),
//! 359-394, section 3). A second chain reads the names from their end, for `Lundarbrekka` shares its beginning with
//! some names and its end with others. What both give is the mean of
//! their logarithms. Learnt from four fifths of the names of Iceland and of Boston, they give the others -15.7 and -17.2
//! a name; one chain of letters given four before, after Witten & Bell, -16.5 and -18.1.
//!
//! Nothing here knows of languages: names of Boston make `kitortedge` unlikely, those of Utrecht `bruggestraut`.

use rustc_hash::FxHashMap;

/// Letters that one letter of a name depends on. With four or six the names left out fare worse or no better.
const ORDER: usize = 5;

/// Letters and digits there are, and the end of a name.
const SYMBOLS: f64 = 37.0;

/// The share of names that are built as no other name here is. Tried from 0.0001 to 0.01 in Boston, Iceland and
/// Washington: less lets foreign streets in, more keeps names with two wrong letters out.
const FOREIGN: f64 = 0.001;

/// Any of so many letters may follow in those, as if all were equally frequent.
const FOREIGN_LETTERS: f64 = 14.0;

/// The least that is taken off a count; formulas on few names give less.
const LEAST_DISCOUNT: f64 = 0.05;

/// How names of a register are built.
#[derive(Debug)]
pub(super) struct NamesBuilt {
    forward: Chain,
    backward: Chain,
}

impl NamesBuilt {
    /// Counts the names, each once.
    pub(super) fn count<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let (mut forward, mut backward) = (Chain::default(), Chain::default());
        for name in names {
            forward.add(name.as_bytes());
            backward.add(&reversed(name));
        }
        forward.finish();
        backward.finish();
        Self { forward, backward }
    }

    /// Logarithm of how likely the next name is `name`, one of another language included; where it is `known`, as if
    /// it had not been counted.
    pub(super) fn likelihood(&self, name: &str, known: bool) -> f64 {
        let forward = self.forward.likelihood(name.as_bytes(), known);
        let backward = self.backward.likelihood(&reversed(name), known);
        let here = f64::midpoint(forward, backward);
        let elsewhere = FOREIGN.ln() - (name.len() + 1) as f64 * FOREIGN_LETTERS.ln();
        sum(here, elsewhere)
    }
}

fn reversed(name: &str) -> Vec<u8> {
    name.bytes().rev().collect()
}

/// The logarithm of the sum of two numbers whose logarithms are given.
fn sum(a: f64, b: f64) -> f64 {
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}

/// Runs of letters with the letter behind them, from one end of the name.
#[derive(Debug, Default)]
struct Chain {
    levels: [Level; ORDER + 1],
}

/// Runs of one length.
#[derive(Debug, Default)]
struct Level {
    /// How often a run has that letter behind it: anywhere for the longest runs, else how many letters stand before both.
    with_next: FxHashMap<u64, u32>,
    before: FxHashMap<u64, Followers>,
    /// What is taken off a count of one, of two, and of more.
    discounts: [f64; 3],
}

/// What stands behind a run: the sum of its counts, and how many of them are one, two, or more.
#[derive(Debug, Default, Clone, Copy)]
struct Followers {
    all: u32,
    of_count: [u32; 3],
}

/// Where a count stands among the discounts.
fn class(count: u32) -> usize {
    count.clamp(1, 3) as usize - 1
}

/// The run of `length` letters before `at`, as a number; blanks stand before the first letter.
fn run(text: &[u8], at: usize, length: usize) -> u64 {
    let letters = (1..=length).rev().map(|back| letter(text, at.checked_sub(back)));
    letters.fold(1, |run, letter| run << 8 | u64::from(letter))
}

fn letter(text: &[u8], at: Option<usize>) -> u8 {
    at.and_then(|at| text.get(at)).copied().unwrap_or(b' ')
}

fn with_next(run: u64, text: &[u8], at: usize) -> u64 {
    run << 8 | u64::from(letter(text, Some(at)))
}

impl Chain {
    fn add(&mut self, text: &[u8]) {
        for at in 0..=text.len() {
            let longest = with_next(run(text, at, ORDER), text, at);
            *self.levels[ORDER].with_next.entry(longest).or_default() += 1;
        }
    }

    /// Counts the shorter runs and sets the discounts.
    fn finish(&mut self) {
        for length in (0..=ORDER).rev() {
            if let Some([shorter, this]) = self.levels.get_mut(length.wrapping_sub(1)..=length) {
                for &longer in this.with_next.keys() {
                    *shorter.with_next.entry(without_first(longer, length)).or_default() += 1;
                }
            }
            self.levels[length].finish();
        }
    }

    /// Logarithm of how likely the next name is `text`; where it is `known`, as if it had not been counted.
    fn likelihood(&self, text: &[u8], known: bool) -> f64 {
        (0..=text.len()).map(|at| self.share(text, at, known).ln()).sum()
    }

    /// How likely the letter at this place follows those before it.
    fn share(&self, text: &[u8], at: usize, known: bool) -> f64 {
        let runs: [u64; ORDER + 1] = std::array::from_fn(|length| run(text, at, length));
        // A run that only this name has does not count among the shorter ones either.
        let mut is_less = [false; ORDER + 1];
        let mut is_gone = known;
        for length in (0..=ORDER).rev() {
            is_less[length] = is_gone;
            is_gone &= self.levels[length].count(with_next(runs[length], text, at)) == 1;
        }
        let mut share = 1.0 / SYMBOLS;
        for (length, level) in self.levels.iter().enumerate() {
            let Some(longer) =
                level.share(runs[length], with_next(runs[length], text, at), is_less[length], share)
            else {
                break;
            };
            share = longer;
        }
        share
    }
}

/// A run of `length` letters with the next, less its first letter.
fn without_first(run: u64, length: usize) -> u64 {
    let bits = 8 * length;
    (run & ((1 << bits) - 1)) | 1 << bits
}

impl Level {
    fn finish(&mut self) {
        let mut of_count = [0.0; 5];
        for (&run, &count) in &self.with_next {
            let followers = self.before.entry(run >> 8).or_default();
            followers.all += count;
            followers.of_count[class(count)] += 1;
            of_count[count.min(4) as usize] += f64::from(u8::from(count <= 4));
        }
        // Chen & Goodman (1999), equations 26: n₁ to n₄ are `of_count`, Y is `share`.
        let of_count = of_count.map(|count: f64| count.max(1.0));
        let share = of_count[1] / (of_count[1] + 2.0 * of_count[2]);
        self.discounts = std::array::from_fn(|class| {
            let count = class + 1;
            let less = (count + 1) as f64 * share * of_count[count + 1] / of_count[count];
            (count as f64 - less).max(LEAST_DISCOUNT)
        });
    }

    fn count(&self, with_next: u64) -> u32 {
        self.with_next.get(&with_next).copied().unwrap_or(0)
    }

    /// How likely that letter follows this run, one of its counts taken away where it `is_less`; `None` where nothing
    /// is known of the run.
    fn share(&self, run: u64, with_next: u64, is_less: bool, shorter: f64) -> Option<f64> {
        let mut followers = *self.before.get(&run)?;
        let mut count = self.count(with_next);
        if is_less && count > 0 {
            followers.all -= 1;
            followers.of_count[class(count)] -= 1;
            count -= 1;
            followers.of_count[class(count)] += u32::from(count > 0);
        }
        if followers.all == 0 {
            return None;
        }
        let kept = if count == 0 { 0.0 } else { (f64::from(count) - self.discounts[class(count)]).max(0.0) };
        let both = followers.of_count.iter().zip(self.discounts);
        let left: f64 = both.map(|(&count, discount)| f64::from(count) * discount).sum();
        Some((kept + left * shorter) / f64::from(followers.all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["walter", "water", "wales", "lundarbrekka", "lundarvegur", "hafnarbrekka"];

    fn letters() -> impl Iterator<Item = char> {
        ('a'..='z').chain('0'..='9').chain([' '])
    }

    #[test]
    fn all_that_may_follow_comes_to_one() {
        let names = NamesBuilt::count(NAMES.into_iter());
        for start in ["", "wa", "lundar", "xyz", "walte", "lundarb"] {
            let each = letters().map(|letter| {
                let text = format!("{start}{letter}");
                names.forward.share(text.as_bytes(), start.len(), false)
            });
            let all: f64 = each.sum();
            assert!((all - 1.0).abs() < 1e-9, "{start}: {all}");
        }
    }

    #[test]
    fn a_name_is_about_as_likely_as_if_it_had_never_been_counted() {
        let names = NamesBuilt::count(NAMES.into_iter());
        for (index, name) in NAMES.into_iter().enumerate() {
            let others = NAMES.iter().enumerate().filter(|&(other, _)| other != index);
            let mut without = NamesBuilt::count(others.map(|(_, &name)| name));
            // What is taken off goes by all names.
            for (level, all) in without.forward.levels.iter_mut().zip(&names.forward.levels) {
                level.discounts = all.discounts;
            }
            for (level, all) in without.backward.levels.iter_mut().zip(&names.backward.levels) {
                level.discounts = all.discounts;
            }
            // The other letters of the name still count where they follow the same run.
            let (a, b) = (names.likelihood(name, true), without.likelihood(name, false));
            assert!((a - b).abs() < 0.04 * b.abs(), "{name}: {a} {b}");
        }
    }

    #[test]
    fn names_built_of_known_parts_are_likelier() {
        let names = NamesBuilt::count(NAMES.into_iter());
        let likelihood = |name| names.likelihood(name, false);
        assert!(likelihood("walter") > likelihood("wqlter"));
        assert!(likelihood("hafnarvegur") > likelihood("hafnarvegvr"));
        assert!(likelihood("walter") > names.likelihood("walter", true), "as if unseen");
    }
}
