//! What stretches show and what was learnt of filling in, how much comes in on each weekday out.
//!
//! A stop that is emptied on Fridays and Tuesdays has its Saturdays in one of its two stretches, and another stop has
//! them elsewhere: where those with the Saturday are reported sooner, more comes in on Saturdays. The amounts are those
//! with the highest probability of all stretches, each stop at the rates and readinesses that it is known by; found one
//! weekday after the other in smaller and smaller steps. Few data leave them alike. As with the hours of the day, people
//! are taken to report where they throw away: days on which they have time to write are not told apart.

use rayon::prelude::*;

use super::law::{Seen, Stretch};
use super::{FEWEST, Fills};

/// Before the data say otherwise, a weekday differs by a fifth from the mean: standard deviation of the logarithm.
const USUAL: f64 = 0.2;
/// Steps in which the amounts are changed, one after another.
const STEPS: [f64; 4] = [0.2, 0.1, 0.05, 0.025];
/// A way of being of a stop that is less probable than this is left out.
const RARE: f64 = 0.02;
/// Amounts of time that are closer than this are taken for one, days: a step of the tables.
const ALIKE: f64 = 0.05;

/// A stretch, with how much of it went by on each weekday.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::collection) struct Spent {
    /// Days on each weekday, Monday first, until it was reported or ended; all weekdays taken alike.
    pub(in crate::collection) days: [f64; 7],
    /// The weekday on which it was reported that it is full, where it was.
    pub(in crate::collection) reported: Option<usize>,
    /// How full it was at its end, share of its capacity; NaN where nobody knows.
    pub(in crate::collection) filled: f64,
}

impl Spent {
    /// The stretch that it is where so much comes in on each weekday.
    fn stretch(&self, amount: &[f64; 7]) -> Stretch {
        let days = self.days.iter().zip(amount).map(|(days, amount)| days * amount).sum();
        Stretch { days, reported: self.reported.map(|_| days), filled: self.filled }
    }
}

/// A stop: its ways of being with their probabilities, and its stretches with how many are alike.
struct Stop {
    cells: Vec<(usize, f64)>,
    spent: Vec<(Spent, f64)>,
}

impl Fills {
    /// What comes in on each weekday, Monday first, against the mean, as the stretches of each stop show it; found from
    /// the amounts that the filling was learnt with.
    pub(in crate::collection) fn weekdays(&self, spent: &[Vec<Spent>], amount: [f64; 7]) -> [f64; 7] {
        let known = self.stops.iter().zip(spent).filter(|((_, count), _)| *count >= FEWEST);
        let stops: Vec<Stop> = known
            .map(|((logs, _), spent)| Stop { cells: self.ways_of_being(logs), spent: alike(spent) })
            .collect();
        let (mut best, mut amount) = (self.log_probability(&stops, &amount), amount);
        for step in STEPS {
            for change in (0..7).flat_map(|weekday| [(weekday, 1.0 + step), (weekday, 1.0 / (1.0 + step))]) {
                let mut next = amount;
                next[change.0] *= change.1;
                let mean = next.iter().sum::<f64>() / 7.0;
                next = next.map(|amount| amount / mean);
                let found = self.log_probability(&stops, &next);
                if found > best {
                    (best, amount) = (found, next);
                }
            }
        }
        amount
    }

    /// The tables that are probable for a stop, each with its probability.
    fn ways_of_being(&self, logs: &[f64]) -> Vec<(usize, f64)> {
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let ways = self.ready.len();
        let weight = |(cell, log): (usize, &f64)| {
            (cell, self.share[cell / ways] * self.ready[cell % ways] * (log - most).exp())
        };
        let cells: Vec<(usize, f64)> = logs.iter().enumerate().map(weight).collect();
        let whole: f64 = cells.iter().map(|(_, weight)| weight).sum();
        cells
            .into_iter()
            .map(|(cell, weight)| (cell, weight / whole))
            .filter(|(_, share)| *share > RARE)
            .collect()
    }

    fn log_probability(&self, stops: &[Stop], amount: &[f64; 7]) -> f64 {
        let of_stop = |stop: &Stop| -> f64 {
            let of_stretch =
                |(spent, count): &(Spent, f64)| count * self.expected(&stop.cells, spent, amount);
            stop.spent.iter().map(of_stretch).sum()
        };
        let of_stops: Vec<f64> = stops.par_iter().map(of_stop).collect();
        let unusual: f64 = amount.iter().map(|amount| amount.ln().powi(2)).sum();
        of_stops.iter().sum::<f64>() - unusual / (2.0 * USUAL.powi(2))
    }

    /// Logarithm of the probability of a stretch, over the ways of being of its stop.
    fn expected(&self, cells: &[(usize, f64)], spent: &Spent, amount: &[f64; 7]) -> f64 {
        let stretch = spent.stretch(amount);
        if stretch.is_measured() {
            let growth = |cell: usize| &self.growths[cell / self.ready.len()];
            return cells.iter().map(|&(cell, share)| share * growth(cell).measured(&stretch)).sum();
        }
        let seen = Seen::of(&stretch);
        // A density per day of the clock; on a busy weekday, more of these go into a day.
        let pace = spent.reported.map_or(0.0, |weekday| amount[weekday].ln());
        let of_cells = cells.iter().map(|&(cell, share)| share * self.tables[cell].log_probability(seen));
        pace + of_cells.sum::<f64>()
    }
}

/// Stretches that differ by no more than minutes, as one with their number.
fn alike(spent: &[Spent]) -> Vec<(Spent, f64)> {
    let key = |spent: &Spent| {
        let steps = spent.days.map(|days| (days / ALIKE).round());
        (spent.reported, spent.filled.to_bits(), steps.map(f64::to_bits))
    };
    let mut counts = std::collections::BTreeMap::new();
    for spent in spent {
        counts.entry(key(spent)).or_insert((*spent, 0.0)).1 += 1.0;
    }
    counts.into_values().collect()
}
