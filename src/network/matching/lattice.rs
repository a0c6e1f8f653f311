//! Observations in, runs of layers out: where on the network each may lie, and the ways from each such spot to each
//! of the next.
//!
//! A spot on a two-way street counts twice, once for each direction: a truck that drives on may not come back over
//! the same street without having turned.

use std::rc::Rc;

use super::clean::Observation;
use super::reach::{Reach, Table};
use super::{Fate, Options};
use crate::model::{NONE, some};
use crate::network::{Network, Shortest, Snap, metres};
use crate::unit::Local;

/// At most so many streets near one observation, the nearest ones.
const MOST_STREETS: usize = 12;
/// Where the next observation cannot be reached, up to so many are left out to go on behind them.
const MOST_LEFT_OUT: usize = 3;
/// Ways are looked for up to so many seconds, and so many times the time between the fixes, of driving at the
/// network's speeds, plus what the straight line takes at walking pace: speeds on a network are assumptions, and
/// the slowest streets are driven faster than they are taken to be.
const BUDGET_S: f64 = 12.0;
const BUDGET_GAPS: f64 = 2.5;
const SLOW_MS: f64 = 3.0;
/// If no spot is reached, so many times that.
const WIDER: f64 = 4.0;
/// Metres per second by which seconds become metres where the network keeps metres small.
const USUAL_MS: f64 = 10.0;
/// No truck drives faster than this from fix to fix, metres per second, beyond the straight line and what noise and the
/// collapsing of stays may hide: else an interchange is driven round in a second. Newson & Krumm (2009), section 4.2,
/// leave out what takes more than 50 m/s.
const FASTEST_MS: f64 = 35.0;
const HIDDEN_M: f64 = 100.0;
/// Noise may put a fix so many standard deviations behind one that came before it.
const BACK_SIGMAS: f64 = 4.0;
/// Turning where a street ends, in turns elsewhere.
const DEAD_END_TURN: f32 = 0.5;

/// A spot where an observation may lie, with the direction in which the truck drives.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// See [`Arc`](crate::network::Arc).
    pub(super) course: u32,
    /// Metres from the beginning of the course to the spot, and from there to its end.
    pub(super) done_m: f64,
    pub(super) left_m: f64,
    /// The node where the course begins and where it ends.
    pub(super) entry: u32,
    pub(super) exit: u32,
    pub(super) snap: Snap,
    /// The state of the same spot in the other direction; [`NONE`] on a one-way street.
    pub(super) twin: u32,
}

impl State {
    /// Whether the truck comes to another spot of the same street without leaving it, which may seem to lie up to
    /// `back_m` behind.
    pub(super) fn leads_straight_to(&self, to: &Self, back_m: f64) -> bool {
        self.course == to.course && to.done_m - self.done_m >= -back_m
    }
}

/// How far noise may put a fix behind one that came before it, metres.
pub(super) fn back_m(sigma_m: f64) -> f64 {
    BACK_SIGMAS * sigma_m
}

/// The way from one state to another; its length is NaN where there is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    /// Less than 0 where noise put the later fix behind the earlier one.
    pub(super) length_m: f32,
    /// How often it turns round.
    pub(super) turns: f32,
}

const NO_WAY: Move = Move { length_m: f32::NAN, turns: 0.0 };

impl Move {
    pub(super) fn is_possible(self) -> bool {
        !self.length_m.is_nan()
    }
}

/// One observation with its states.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// Index into the observations.
    pub(super) observation: usize,
    pub(super) states: Vec<State>,
    /// Which of them are reached from the layers before.
    is_alive: Vec<bool>,
    is_after_hole: bool,
}

/// The moves from one layer to the next: `moves[from * n_to + to]`.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) straight_m: f64,
    pub(super) gap_s: f64,
    pub(super) budget: f64,
    pub(super) moves: Vec<Move>,
}

/// Observations that follow from each other; one step fewer than layers.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) layers: Vec<Layer>,
    pub(super) steps: Vec<Step>,
}

/// Lays observations over the network. Writes into `fates` (one per observation) which of them are far from every
/// street, and which cannot be reached although those around them can.
pub(super) fn runs<'n>(
    reach: &mut Reach<'n>,
    network: &'n Network,
    observations: &[Observation],
    sigma_m: f64,
    options: &Options,
    fates: &mut [Fate],
) -> Vec<Run> {
    let radius_m = options.radius(sigma_m);
    // A hole before an observation that is left out lies before the next one.
    let (mut layers, mut is_hole): (Vec<Layer>, bool) = (Vec::new(), false);
    for (index, observation) in observations.iter().enumerate() {
        is_hole |= observation.is_after_hole;
        let states = states(network, observation.at, radius_m);
        if states.is_empty() {
            fates[index] = Fate::OffNetwork;
        } else {
            let is_alive = vec![true; states.len()];
            layers.push(Layer { observation: index, states, is_alive, is_after_hole: is_hole });
            is_hole = false;
        }
    }
    let mut stepping = Stepping { reach, network, observations, back_m: back_m(sigma_m) };
    let mut runs: Vec<Run> = Vec::new();
    let mut place = 0;
    while place < layers.len() {
        let last = runs.last_mut().filter(|_| !layers[place].is_after_hole);
        let found = last.and_then(|run| Some((stepping.onward(run.layers.last()?, &layers[place..])?, run)));
        if let Some(((left_out, step, is_alive), run)) = found {
            for layer in &layers[place..place + left_out] {
                fates[layer.observation] = Fate::Jump;
            }
            place += left_out;
            run.steps.push(step);
            run.layers.push(Layer { is_alive, ..std::mem::take(&mut layers[place]) });
        } else {
            runs.push(Run { layers: vec![std::mem::take(&mut layers[place])], steps: Vec::new() });
        }
        place += 1;
    }
    runs
}

/// The states of a place: the nearest spot of each street near it, in each direction.
fn states(network: &Network, at: Local, radius_m: f64) -> Vec<State> {
    let mut states: Vec<State> = Vec::new();
    for snap in network.nearest_spots(at, radius_m, MOST_STREETS) {
        let edge = &network.edges[snap.edge as usize];
        let length_m = metres(edge.length_mm);
        let done_m = snap.offset_m.min(length_m);
        let forward = State {
            course: 2 * snap.edge,
            done_m,
            left_m: length_m - done_m,
            entry: edge.from,
            exit: edge.to,
            snap,
            twin: NONE,
        };
        if edge.is_oneway {
            states.push(forward);
            continue;
        }
        let place = u32::try_from(states.len()).expect("few streets are near one place");
        states.push(State { twin: place + 1, ..forward });
        states.push(State {
            course: forward.course + 1,
            done_m: forward.left_m,
            left_m: forward.done_m,
            entry: forward.exit,
            exit: forward.entry,
            snap,
            twin: place,
        });
    }
    states
}

/// What steps from layer to layer are made with.
struct Stepping<'a, 'n> {
    reach: &'a mut Reach<'n>,
    network: &'n Network,
    observations: &'a [Observation],
    back_m: f64,
}

impl Stepping<'_, '_> {
    /// The step from `last` to the first of the `next` layers that can be reached, how many layers are left out
    /// for it, and which states of that layer are reached.
    fn onward(&mut self, last: &Layer, next: &[Layer]) -> Option<(usize, Step, Vec<bool>)> {
        for (left_out, layer) in next.iter().take(MOST_LEFT_OUT + 1).enumerate() {
            if left_out > 0 && layer.is_after_hole {
                return None;
            }
            for wider in [1.0, WIDER] {
                let step = self.step(last, layer, wider);
                let is_alive = reached(last, layer, &step);
                if is_alive.contains(&true) {
                    return Some((left_out, step, is_alive));
                }
            }
        }
        None
    }

    fn step(&mut self, last: &Layer, next: &Layer, wider: f64) -> Step {
        let [before, after] = [last, next].map(|layer| &self.observations[layer.observation]);
        let straight_m = before.at.distance_m(after.at);
        let gap_s = (after.from - before.until).max(1.0);
        let seconds = wider * (BUDGET_S + BUDGET_GAPS * gap_s + straight_m / SLOW_MS);
        let most_m = straight_m + HIDDEN_M + FASTEST_MS * gap_s;
        let budget = match self.network.options.shortest {
            Shortest::Time => seconds,
            Shortest::Length => seconds * USUAL_MS,
        };
        let mut moves = Vec::with_capacity(last.states.len() * next.states.len());
        let mut tables: Vec<(u32, Rc<Table>)> = Vec::new();
        for (state, &is_alive) in last.states.iter().zip(&last.is_alive) {
            if !is_alive {
                moves.extend(std::iter::repeat_n(NO_WAY, next.states.len()));
                continue;
            }
            let known = tables.iter().position(|&(node, _)| node == state.exit);
            let known = known.unwrap_or_else(|| {
                tables.push((state.exit, self.reach.from(state.exit, budget)));
                tables.len() - 1
            });
            let table = &tables[known].1;
            moves.extend(next.states.iter().map(|to| self.way(state, to, table, most_m)));
        }
        Step { straight_m, gap_s, budget, moves }
    }

    /// The way from one state to another of at most `most_m` metres, given what is reached from the end of the first
    /// one's course.
    fn way(&self, from: &State, to: &State, table: &Table, most_m: f64) -> Move {
        #[expect(clippy::cast_possible_truncation, reason = "kilometres to the centimetre")]
        if from.leads_straight_to(to, self.back_m) {
            return Move { length_m: (to.done_m - from.done_m) as f32, turns: 0.0 };
        }
        let Some(row) = table.row(to.entry) else { return NO_WAY };
        let (first, last) = if row.last == NONE { (to.course, from.course) } else { (row.first, row.last) };
        let mut turns = 0.0;
        if first == from.course ^ 1 {
            turns += self.turn_at(from.exit);
        }
        if row.last != NONE && last == to.course ^ 1 {
            turns += self.turn_at(to.entry);
        }
        let length_m = from.left_m + f64::from(row.length_m) + to.done_m;
        #[expect(clippy::cast_possible_truncation, reason = "kilometres to the centimetre")]
        let way = Move { length_m: length_m as f32, turns };
        if length_m <= most_m { way } else { NO_WAY }
    }

    /// What turning round at a node counts for: less where there is no other way on.
    fn turn_at(&self, node: u32) -> f32 {
        if self.network.arcs_of(node).len() == 1 { DEAD_END_TURN } else { 1.0 }
    }
}

/// Which states of `next` can be reached by `step`, or by turning round in one that can.
fn reached(last: &Layer, next: &Layer, step: &Step) -> Vec<bool> {
    let n_to = next.states.len();
    let is_entered =
        |to: usize| (0..last.states.len()).any(|from| step.moves[from * n_to + to].is_possible());
    let entered: Vec<bool> = (0..n_to).map(is_entered).collect();
    let or_twin =
        |(to, state): (usize, &State)| entered[to] || some(state.twin).is_some_and(|twin| entered[twin]);
    next.states.iter().enumerate().map(or_twin).collect()
}
