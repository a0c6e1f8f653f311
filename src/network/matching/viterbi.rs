//! A run of layers in, the most probable state of each layer out (Viterbi 1967).
//!
//! Newson & Krumm (2009): the distance between a fix and its spot is normal (their equation 1), the difference between
//! the way on the streets and the straight line exponential (equation 2) with a mean β that grows with the time
//! between the fixes and is the median of what was matched, divided by ln 2 (equation 6). Other than theirs, the straight
//! line is first freed of what noise adds to it: else zigzags over parallel streets fit noisy fixes best.

use super::clean::Observation;
use super::lattice::Run;
use crate::model::{NONE, some};

/// Upper ends of the classes of gaps between fixes, seconds, each with a β of its own.
const GAPS_S: [f64; 7] = [2.5, 7.5, 15.0, 25.0, 45.0, 90.0, f64::INFINITY];
/// Steps that the first guess of β weighs as many as.
const PRIOR_STEPS: usize = 20;

/// How probable distances and detours are.
#[derive(Debug, Clone)]
pub(super) struct Belief {
    pub(super) sigma_m: f64,
    /// By class of gap.
    pub(super) beta_m: [f64; GAPS_S.len()],
    /// What a turn costs, in the units of a log-likelihood, while driving and where the truck stands.
    pub(super) turn: f64,
    pub(super) turn_at_stay: f64,
}

/// What a layer was decided to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    /// The state in which the truck arrives; an index into the states of the layer.
    pub(super) arrives: usize,
    /// The state in which it leaves: the same, or its twin where it turns round.
    pub(super) leaves: usize,
}

impl Belief {
    pub(super) fn beta(&self, gap_s: f64) -> f64 {
        self.beta_m[class_of(gap_s)]
    }
}

fn class_of(gap_s: f64) -> usize {
    GAPS_S.iter().position(|&until| gap_s <= until).unwrap_or(GAPS_S.len() - 1)
}

/// The first guess of β in each class: half the noise of the two fixes, and what detours add with time.
pub(super) fn first_beta(sigma_m: f64) -> [f64; GAPS_S.len()] {
    let [mut beta_m, mut from] = [[0.0; GAPS_S.len()], [0.0; GAPS_S.len()]];
    for class in 0..GAPS_S.len() {
        if class > 0 {
            from[class] = GAPS_S[class - 1];
        }
        beta_m[class] = (0.5 * sigma_m + 0.5 * from[class]).max(3.0);
    }
    beta_m
}

/// The most probable choices along a run, one per layer.
pub(super) fn best(run: &Run, observations: &[Observation], belief: &Belief) -> Vec<Choice> {
    // For each layer and state: the best score on leaving in it, and the states before and on arriving.
    let mut back: Vec<Vec<(u32, u32)>> = Vec::with_capacity(run.layers.len());
    let mut scores: Vec<f64> = Vec::new();
    for (place, layer) in run.layers.iter().enumerate() {
        let observation = &observations[layer.observation];
        let mut entered: Vec<(f64, u32)> = Vec::with_capacity(layer.states.len());
        for (to, state) in layer.states.iter().enumerate() {
            let off = state.snap.distance_m / belief.sigma_m;
            let emission = -0.5 * off * off;
            let (score, before) =
                if place == 0 { (0.0, NONE) } else { arrival(run, place, to, &scores, belief) };
            entered.push((score + emission, before));
        }
        let turn = if observation.is_stay() { belief.turn_at_stay } else { belief.turn };
        let mut left = Vec::with_capacity(entered.len());
        scores.clear();
        for (here, state) in (0u32..).zip(&layer.states) {
            let own = (entered[here as usize].0, here);
            let turned = some(state.twin).map(|twin| (entered[twin].0 - turn, state.twin));
            let (score, arrives) = turned.filter(|turned| turned.0 > own.0).unwrap_or(own);
            scores.push(score);
            left.push((entered[arrives as usize].1, arrives));
        }
        back.push(left);
    }
    walk_back(&back, &scores)
}

/// The best score of arriving in state `to` of layer `place`, and the state of the layer before.
fn arrival(run: &Run, place: usize, to: usize, scores: &[f64], belief: &Belief) -> (f64, u32) {
    let step = &run.steps[place - 1];
    let n_to = run.layers[place].states.len();
    let beta_m = belief.beta(step.gap_s);
    let straight_m = without_noise(step.straight_m, belief.sigma_m);
    let mut best = (f64::NEG_INFINITY, NONE);
    for (from, &score) in (0u32..).zip(scores) {
        let way = step.moves[from as usize * n_to + to];
        if way.is_possible() {
            let detour_m = detour(f64::from(way.length_m), straight_m);
            let score = score - detour_m / beta_m - f64::from(way.turns) * belief.turn;
            if score > best.0 {
                best = (score, from);
            }
        }
    }
    best
}

fn walk_back(back: &[Vec<(u32, u32)>], scores: &[f64]) -> Vec<Choice> {
    let mut choices = Vec::with_capacity(back.len());
    // The first of equals.
    let last = (0..scores.len()).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let mut leaves = last.expect("every layer has a state");
    for layer in back.iter().rev() {
        let (before, arrives) = layer[leaves];
        choices.push(Choice { arrives: arrives as usize, leaves });
        leaves = before as usize;
    }
    choices.reverse();
    choices
}

/// What the choices along the runs say about noise and detours.
pub(super) fn learnt(runs: &[Run], choices: &[Vec<Choice>], belief: &Belief) -> Belief {
    let mut detours_m: [Vec<f64>; GAPS_S.len()] = Default::default();
    let mut off_m: Vec<f64> = Vec::new();
    for (run, choices) in runs.iter().zip(choices) {
        for (layer, choice) in run.layers.iter().zip(choices) {
            off_m.push(layer.states[choice.arrives].snap.distance_m);
        }
        for (place, step) in run.steps.iter().enumerate() {
            let n_to = run.layers[place + 1].states.len();
            let way = step.moves[choices[place].leaves * n_to + choices[place + 1].arrives];
            let straight_m = without_noise(step.straight_m, belief.sigma_m);
            detours_m[class_of(step.gap_s)].push(detour(f64::from(way.length_m), straight_m));
        }
    }
    let mut learnt = belief.clone();
    for (beta_m, detours_m) in learnt.beta_m.iter_mut().zip(&mut detours_m) {
        let weight = detours_m.len() as f64;
        if let Some(median_m) = median(detours_m) {
            // Newson & Krumm (2009), equation 6.
            let own_m = median_m / std::f64::consts::LN_2;
            let prior = PRIOR_STEPS as f64;
            *beta_m = (own_m * weight + *beta_m * prior) / (weight + prior);
        }
    }
    if let Some(median_m) = median(&mut off_m) {
        learnt.sigma_m = 1.4826 * median_m;
    }
    learnt
}

/// The median; `None` of nothing.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The straight line between two fixes without what noise adds to it on average: with σ east and north, and half of the
/// error of the one still in the other, its square is 2σ² too large.
fn without_noise(straight_m: f64, sigma_m: f64) -> f64 {
    (straight_m * straight_m - 2.0 * sigma_m * sigma_m).max(0.0).sqrt()
}

/// By how much a way differs from the straight line. No way is shorter; if it seems to be, noise is the reason, and that
/// weighs half.
fn detour(way_m: f64, straight_m: f64) -> f64 {
    let longer_m = way_m - straight_m;
    if longer_m > 0.0 { longer_m } else { -0.5 * longer_m }
}
