//! The fixes of a truck in, the streets that it drove out: a hidden Markov model on the network.
//!
//! After Newson & Krumm (2009), Hidden Markov map matching through noise and sparseness, ACM SIGSPATIAL GIS, 336-343,
//! with directions: a spot on a two-way street is two states, and turning round costs. Noise and detours are learnt
//! from the track itself. Where no way leads on, the track is cut in two and both parts are matched: a tour never
//! fails as a whole. Every fix has a [`Fate`], and the fates add up to the fixes.
//!
//! Speeds, headings and turn bans are not looked at.
//!
//! How well that works on made-up tours of 12 stops (`cargo run --release --example map_matching`, seed 1, eight tours
//! a place; noise that keeps 0.9 of itself from second to second): metres matched too much or missing per hundred
//! metres driven, by edge and direction, and microseconds of processor time per fix on an EPYC core.
//!
//! ```text
//!                Liechtenstein (347 km)                 Heidelberg (322 km)
//!                 5 m      10 m      20 m   µs/fix      5 m      10 m      20 m   µs/fix
//!  1 s           0.77      1.31      3.24      2       0.54      1.54      5.63      3
//!  5 s           0.83      1.99      4.32      6       0.71      1.43      5.98      9
//! 15 s           1.78      2.20      4.10     12       1.47      2.15      5.83     25
//! 30 s           1.61      2.28      4.32     26       1.25      3.45      6.45    102
//! 60 s           2.39      4.69      7.81     84       2.90      5.01      8.27    370
//! ```
//!
//! With noise that is new in every second, figures at 5 and 10 m lie between 0.4 and 4.6, the worst at 20 m is 10.5.
//! No tour was lost; at 20 m in Heidelberg the sixteen tours at 1 and 5 s fall into 21 parts. Between fixes a minute
//! apart, what is wrong is mostly what the truck did unseen.

mod clean;
mod compare;
mod drive;
mod lattice;
mod reach;
pub mod trial;
mod viterbi;

use serde::Deserialize;

use self::clean::{Cleaned, Observation};
use self::lattice::Run;
use self::reach::Reach;
use self::viterbi::{Belief, Choice};
use super::{Network, Snap};
use crate::unit::Local;

pub use compare::Mismatch;

/// How tracks are matched.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Standard deviation of the fixes, metres; learnt from each track when absent.
    pub sigma_m: Option<f64>,
    /// Streets within this distance of a fix are candidates, metres; when absent four standard deviations, between
    /// 50 and 100.
    pub radius_m: Option<f64>,
    /// Fixes farther apart than this are not joined by a way, seconds. Default 300.
    pub hole_s: i64,
    /// What turning round costs, as a log-likelihood: larger values turn less often. Default 8.
    pub turn: f64,
    /// The same where the truck stands. Default 2.
    pub turn_at_stay: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { sigma_m: None, radius_m: None, hole_s: 300, turn: 8.0, turn_at_stay: 2.0 }
    }
}

impl Options {
    fn radius(&self, sigma_m: f64) -> f64 {
        self.radius_m.unwrap_or((4.0 * sigma_m).clamp(50.0, 100.0))
    }
}

/// What became of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It was matched to a spot.
    Matched,
    /// It belongs to a stay, which was matched as a whole.
    Stay,
    /// It lies so near to the one before that it tells nothing more.
    Thinned,
    /// Another fix has its time.
    Duplicate,
    /// No truck can have driven there and back.
    Jump,
    /// No street is near, or it has no place.
    OffNetwork,
}

impl Fate {
    /// Every fate.
    pub const ALL: &[Self] =
        &[Self::Matched, Self::Stay, Self::Thinned, Self::Duplicate, Self::Jump, Self::OffNetwork];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Stay => "stay",
            Self::Thinned => "thinned",
            Self::Duplicate => "duplicate",
            Self::Jump => "jump",
            Self::OffNetwork => "off the network",
        }
    }

    /// Whether it is known where on the network it lies.
    pub fn is_on_network(self) -> bool {
        matches!(self, Self::Matched | Self::Stay | Self::Thinned)
    }
}

/// A piece of a street that was driven.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// The edge.
    pub edge: u32,
    /// Metres along the edge where the truck came on it, and where it left it: less than that when driven backward.
    pub from_m: f64,
    /// See `from_m`.
    pub to_m: f64,
    /// When it came on it, seconds UTC, at an even speed between two fixes.
    pub entered_at: f64,
    /// When it left it.
    pub left_at: f64,
    /// Whether it is not known how the truck came from the piece before to this one. The first piece has none
    /// before it.
    pub is_after_break: bool,
}

impl Piece {
    /// Metres.
    pub fn length_m(&self) -> f64 {
        (self.to_m - self.from_m).abs()
    }

    /// Whether it is driven from the first point of the edge to its last.
    pub fn is_forward(&self) -> bool {
        self.to_m >= self.from_m
    }

    /// The same, so many seconds later.
    fn later(self, seconds: f64) -> Self {
        Self { entered_at: self.entered_at + seconds, left_at: self.left_at + seconds, ..self }
    }

    /// Whether `next` is the same street, driven on in the same direction.
    fn goes_on_in(&self, next: &Self) -> bool {
        let is_near = (self.to_m - next.from_m).abs() < 1e-6;
        self.edge == next.edge && is_near && self.is_forward() == next.is_forward()
    }
}

/// Where a fix lies on the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// The edge.
    pub edge: u32,
    /// Metres from its beginning.
    pub offset_m: f64,
    /// Where that is.
    pub point: Local,
}

/// A track on the network.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matched {
    /// What became of each fix.
    pub fates: Vec<Fate>,
    /// Where each fix lies; `None` unless its fate is [on the network](Fate::is_on_network).
    pub spots: Vec<Option<Spot>>,
    /// What was driven, in its order.
    pub pieces: Vec<Piece>,
    /// Into how many parts the track falls: 1 where it is matched without a break, 0 where nothing is.
    pub n_parts: usize,
    /// The standard deviation of the fixes with which it was matched, metres; NaN where nothing was.
    pub sigma_m: f64,
}

impl Matched {
    /// How many fixes have `fate`.
    pub fn count(&self, fate: Fate) -> usize {
        self.fates.iter().filter(|&&other| other == fate).count()
    }

    /// The share of the fixes, duplicates aside, of which it is known where on the network they lie. NaN without
    /// fixes.
    pub fn share(&self) -> f64 {
        let on_network = self.fates.iter().filter(|fate| fate.is_on_network()).count();
        on_network as f64 / (self.fates.len() - self.count(Fate::Duplicate)) as f64
    }

    /// Metres driven on the network.
    pub fn length_m(&self) -> f64 {
        self.pieces.iter().map(Piece::length_m).sum()
    }
}

/// The shortest drive from one spot to another in pieces, at the speeds of the network from second 0 on. `None` where
/// there is none.
///
/// # Panics
/// When a spot does not lie on `network`.
pub fn pieces_between(network: &Network, from: Snap, to: Snap) -> Option<Vec<Piece>> {
    let path = network.path(from, to)?;
    let last = path.edges.len().saturating_sub(1);
    let (mut pieces, mut seconds) = (Vec::with_capacity(path.edges.len()), 0.0);
    for (place, &(index, is_forward)) in path.edges.iter().enumerate() {
        let edge = network.edge(index);
        let (mut from_m, mut to_m) = if is_forward { (0.0, edge.length_m) } else { (edge.length_m, 0.0) };
        if place == 0 && index == from.edge {
            from_m = from.offset_m;
        }
        if place == last && index == to.edge {
            to_m = to.offset_m;
        }
        let entered_at = seconds;
        seconds += edge.seconds * (to_m - from_m).abs() / edge.length_m.max(1e-3);
        pieces.push(Piece { edge: index, from_m, to_m, entered_at, left_at: seconds, is_after_break: false });
    }
    Some(pieces)
}

impl Network {
    /// The lines of `pieces`, one for each part without a break.
    ///
    /// # Panics
    /// When a piece does not lie on this network.
    pub fn lines_of(&self, pieces: &[Piece]) -> Vec<Vec<Local>> {
        let mut lines: Vec<Vec<Local>> = Vec::new();
        for piece in pieces {
            if piece.is_after_break || lines.is_empty() {
                lines.push(Vec::new());
            }
            let line = lines.last_mut().expect("one was just begun");
            for point in self.piece(piece.edge, piece.from_m, piece.to_m) {
                if line.last() != Some(&point) {
                    line.push(point);
                }
            }
        }
        lines
    }
}

/// Matches tracks to a network and remembers ways between crossings for the next track. What it says of a track
/// does not depend on those before.
#[derive(Debug)]
pub struct Matcher<'a> {
    network: &'a Network,
    options: &'a Options,
    reach: Reach<'a>,
}

/// The noise below which fixes are not believed to be, metres: Newson & Krumm (2009), section 4.1, found 4.07.
const LEAST_SIGMA_M: f64 = 4.07;
/// The most noise that is believed, metres.
const MOST_SIGMA_M: f64 = 40.0;
/// The noise is first guessed from so many fixes at most, which lie so far apart, metres: a truck that stands beside
/// a street all night says nothing about the others.
const GUESSED_FROM: usize = 400;
const GUESS_APART_M: f64 = 30.0;

impl<'a> Matcher<'a> {
    /// A matcher that knows nothing yet.
    pub fn new(network: &'a Network, options: &'a Options) -> Self {
        Self { network, options, reach: Reach::new(network) }
    }

    /// The fixes `at` these places and times (seconds UTC, ascending) on the network.
    ///
    /// # Panics
    /// When there are not as many times as places.
    pub fn matched(&mut self, time: &[i64], at: &[Local]) -> Matched {
        assert_eq!(time.len(), at.len(), "every fix has a time and a place");
        let mut matched = Matched {
            fates: vec![Fate::OffNetwork; time.len()],
            spots: vec![None; time.len()],
            sigma_m: f64::NAN,
            ..Matched::default()
        };
        let guess_m = self.options.sigma_m.unwrap_or_else(|| self.guessed_sigma(at));
        let cleaned = clean::observations(time, at, guess_m, self.options, &mut matched.fates);
        let observations = &cleaned.observations;
        // 1. Where each observation may lie, and the ways between them.
        let mut fates = vec![Fate::Matched; observations.len()];
        let (reach, network) = (&mut self.reach, self.network);
        let runs = lattice::runs(reach, network, observations, guess_m, self.options, &mut fates);
        for (observation, fate) in observations.iter().zip(&fates) {
            for &fix in &cleaned.kept[observation.fixes.clone()] {
                matched.fates[fix as usize] = *fate;
            }
        }
        // 2. The most probable of them.
        let (choices, sigma_m) = self.chosen(&runs, observations, guess_m);
        // 3. What was driven, and where each fix lies on it.
        for (run, choices) in runs.iter().zip(&choices) {
            self.add(run, choices, &cleaned, time, guess_m, &mut matched);
            matched.n_parts += 1;
            matched.sigma_m = sigma_m;
        }
        matched
    }

    /// The most probable choices along each run, and the noise: once to learn how noisy the track is, and once more.
    fn chosen(&self, runs: &[Run], observations: &[Observation], guess_m: f64) -> (Vec<Vec<Choice>>, f64) {
        let mut belief = Belief {
            sigma_m: guess_m,
            beta_m: viterbi::first_beta(guess_m),
            turn: self.options.turn,
            turn_at_stay: self.options.turn_at_stay,
        };
        let choose = |belief: &Belief| -> Vec<Vec<Choice>> {
            runs.iter().map(|run| viterbi::best(run, observations, belief)).collect()
        };
        let learnt = viterbi::learnt(runs, &choose(&belief), &belief);
        belief.beta_m = learnt.beta_m;
        if self.options.sigma_m.is_none() {
            belief.sigma_m = learnt.sigma_m.clamp(LEAST_SIGMA_M, MOST_SIGMA_M);
        }
        (choose(&belief), belief.sigma_m)
    }

    /// Adds what was driven along a run, and where its fixes lie.
    fn add(
        &mut self,
        run: &Run,
        choices: &[Choice],
        cleaned: &Cleaned,
        time: &[i64],
        guess_m: f64,
        matched: &mut Matched,
    ) {
        let (network, observations) = (self.network, &cleaned.observations);
        let back_m = lattice::back_m(guess_m);
        let mut pieces = drive::pieces(&mut self.reach, network, run, choices, observations, back_m);
        let time_of = |place: usize| time[cleaned.kept[place] as usize] as f64;
        for (place, fate, spot) in drive::spots(network, run, choices, observations, &pieces, time_of) {
            let fix = cleaned.kept[place] as usize;
            matched.fates[fix] = fate;
            matched.spots[fix] = Some(spot);
        }
        if let Some(first) = pieces.first_mut() {
            first.is_after_break = !matched.pieces.is_empty();
        }
        matched.pieces.extend(drive::joined(&pieces));
    }

    /// The noise that the distances of fixes from their nearest street suggest.
    fn guessed_sigma(&self, at: &[Local]) -> f64 {
        let mut apart: Vec<Local> = Vec::new();
        for &place in at.iter().filter(|at| at.is_somewhere()) {
            if apart.last().is_none_or(|last| last.distance_m(place) > GUESS_APART_M) {
                apart.push(place);
            }
        }
        let step = apart.len().div_ceil(GUESSED_FROM).max(1);
        let nearest = |&place: &Local| Some(self.network.snap(place, 100.0)?.distance_m);
        let mut off_m: Vec<f64> = apart.iter().step_by(step).filter_map(nearest).collect();
        let median_m = viterbi::median(&mut off_m);
        // The median of |N(0, σ)| is σ / 1.4826.
        median_m.map_or(LEAST_SIGMA_M, |median_m| (1.4826 * median_m).clamp(LEAST_SIGMA_M, MOST_SIGMA_M))
    }
}

#[cfg(test)]
mod tests;
