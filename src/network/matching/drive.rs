//! Chosen states in, the driven pieces of streets with their times out.

use super::clean::Observation;
use super::lattice::Run;
use super::reach::Reach;
use super::viterbi::Choice;
use super::{Fate, Piece, Spot};
use crate::network::{Network, metres};

/// What was driven along a run, in its order; the pieces follow each other without a gap, except that none is drawn
/// while the truck stands.
pub(super) fn pieces(
    reach: &mut Reach<'_>,
    network: &Network,
    run: &Run,
    choices: &[Choice],
    observations: &[Observation],
    back_m: f64,
) -> Vec<Piece> {
    let mut drive = Drive { network, pieces: Vec::new() };
    let mut done_m = run.layers[0].states[choices[0].arrives].done_m;
    for (place, step) in run.steps.iter().enumerate() {
        let [here, there] = [&run.layers[place], &run.layers[place + 1]];
        let arrived = &here.states[choices[place].arrives];
        let left = &here.states[choices[place].leaves];
        if arrived.course != left.course {
            done_m = arrived.done_m + arrived.left_m - done_m;
        }
        let to = &there.states[choices[place + 1].arrives];
        let mut courses: Vec<(u32, f64, f64)> = Vec::new();
        if left.leads_straight_to(to, back_m) {
            // Noise never makes a truck drive backward.
            courses.push((left.course, done_m, to.done_m.max(done_m)));
            done_m = to.done_m.max(done_m);
        } else {
            let between = reach.courses(left.exit, to.entry, step.budget);
            courses.push((left.course, done_m, left.done_m + left.left_m));
            let whole = |course: u32| (course, 0.0, metres(network.edges[course as usize / 2].length_mm));
            courses.extend(between.expect("the step was found with this budget").into_iter().map(whole));
            courses.push((to.course, 0.0, to.done_m));
            done_m = to.done_m;
        }
        let [from, until] = [&observations[here.observation], &observations[there.observation]];
        drive.add(&courses, from.until, until.from);
    }
    drive.pieces
}

struct Drive<'n> {
    network: &'n Network,
    pieces: Vec<Piece>,
}

impl Drive<'_> {
    /// Adds courses (each with the metres done at its beginning and end), driven at one speed.
    fn add(&mut self, courses: &[(u32, f64, f64)], from: f64, until: f64) {
        let total_m: f64 = courses.iter().map(|&(_, start_m, end_m)| end_m - start_m).sum();
        let mut driven_m = 0.0;
        let when =
            |driven_m: f64| if total_m > 0.0 { from + (until - from) * driven_m / total_m } else { from };
        for &(course, start_m, end_m) in courses {
            if end_m <= start_m {
                continue;
            }
            let length_m = metres(self.network.edges[course as usize / 2].length_mm);
            let along = |done_m: f64| if course.is_multiple_of(2) { done_m } else { length_m - done_m };
            let entered_at = when(driven_m);
            driven_m += end_m - start_m;
            self.pieces.push(Piece {
                edge: course / 2,
                from_m: along(start_m),
                to_m: along(end_m),
                entered_at,
                left_at: when(driven_m),
                is_after_break: false,
            });
        }
    }
}

/// The same with pieces of one edge that follow each other in one direction made one.
pub(super) fn joined(pieces: &[Piece]) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if !piece.is_after_break && last.goes_on_in(piece) => {
                last.to_m = piece.to_m;
                last.left_at = piece.left_at;
            }
            _ => joined.push(*piece),
        }
    }
    joined
}

/// Where the fixes of a run lie, with their place in time and their fates: those of an observation at its spot, those
/// that were thinned on the way to the next.
pub(super) fn spots(
    network: &Network,
    run: &Run,
    choices: &[Choice],
    observations: &[Observation],
    pieces: &[Piece],
    time_of: impl Fn(usize) -> f64,
) -> Vec<(usize, Fate, Spot)> {
    let mut spots = Vec::new();
    for (layer, choice) in run.layers.iter().zip(choices) {
        let observation = &observations[layer.observation];
        let snap = layer.states[choice.arrives].snap;
        let own = Spot { edge: snap.edge, offset_m: snap.offset_m, point: snap.point };
        let core = if observation.is_stay() { Fate::Stay } else { Fate::Matched };
        for (place, is_core) in observation.fixes.clone().zip((0..).map(|nth| nth < observation.n_core)) {
            if is_core {
                spots.push((place, core, own));
            } else {
                let spot = spot_at(network, pieces, time_of(place)).unwrap_or(own);
                spots.push((place, Fate::Thinned, spot));
            }
        }
    }
    spots
}

/// Where the truck was at a moment; `None` where it stood.
fn spot_at(network: &Network, pieces: &[Piece], time: f64) -> Option<Spot> {
    let piece = &pieces[pieces.partition_point(|piece| piece.left_at < time)..].first()?;
    if piece.entered_at > time {
        return None;
    }
    let share = (time - piece.entered_at) / (piece.left_at - piece.entered_at).max(1e-9);
    let offset_m = piece.from_m + (piece.to_m - piece.from_m) * share;
    Some(Spot { edge: piece.edge, offset_m, point: network.point_on(piece.edge, offset_m) })
}
