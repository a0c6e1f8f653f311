//! A network in, made-up tours with their fixes and the truth out: for tests, examples and
//! benchmarks.
//!
//! A truck drives the shortest way from stop to stop, anywhere on the network, at the network's speeds, stands at
//! each stop, and leaves it in either direction. Its fixes are off by noise that fades from second to second (an
//! autoregressive process of order 1), as that of satellites does.

use rand::RngExt;
use statrs::distribution::{ContinuousCDF, Normal};

use super::{Piece, pieces_between};
use crate::network::{Network, Snap};
use crate::random::{Random, Stream};
use crate::unit::Local;

/// What tours are like.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Stops of a tour, the first and the last one included.
    pub n_stops: usize,
    /// Seconds at each stop.
    pub dwell_s: f64,
    /// The next stop lies within so many metres.
    pub apart_m: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { n_stops: 12, dwell_s: 45.0, apart_m: 4000.0 }
    }
}

/// What fixes are like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Seconds between fixes.
    pub every_s: u32,
    /// Standard deviation east and north, metres.
    pub sigma_m: f64,
    /// How much of the error of one second is left in the next, 0 to 1.
    pub memory: f64,
}

/// A tour and where it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Tour {
    /// What was driven, from second 0 on.
    pub pieces: Vec<Piece>,
    /// When the last dwell ends.
    pub seconds: f64,
}

/// Random tours on `network`. A tour has fewer stops where none is found near enough.
pub fn tours(network: &Network, plan: &Plan, count: u64, random: Random) -> Vec<Tour> {
    (0..count).map(|number| tour(network, plan, &mut random.stream("tour", number))).collect()
}

fn tour(network: &Network, plan: &Plan, stream: &mut Stream) -> Tour {
    let mut tour = Tour { pieces: Vec::new(), seconds: plan.dwell_s };
    if network.is_empty() {
        return tour;
    }
    let mut at = any_spot(network, stream);
    for _ in 1..plan.n_stops {
        let next = (0..1000).map(|_| any_spot(network, stream));
        let mut near = next.filter(|next| next.point.distance_m(at.point) <= plan.apart_m);
        let Some(next) = near.find(|next| next.edge != at.edge) else { break };
        let Some(pieces) = pieces_between(network, at, next) else { break };
        let seconds = pieces.last().map_or(0.0, |piece| piece.left_at);
        tour.pieces.extend(pieces.into_iter().map(|piece| piece.later(tour.seconds)));
        tour.seconds += seconds + plan.dwell_s;
        at = next;
    }
    tour
}

/// A spot on a random edge.
fn any_spot(network: &Network, stream: &mut Stream) -> Snap {
    let edge = stream.random_range(0..u32::try_from(network.edges().len()).expect("edges have u32 numbers"));
    let offset_m = network.edge(edge).length_m * stream.random_range(0.0..1.0);
    Snap { edge, offset_m, point: network.point_on(edge, offset_m), distance_m: 0.0, is_left: false }
}

impl Tour {
    /// Metres.
    pub fn length_m(&self) -> f64 {
        self.pieces.iter().map(Piece::length_m).sum()
    }

    /// Where the truck is at a moment.
    ///
    /// # Panics
    /// When the tour goes nowhere.
    pub fn at(&self, network: &Network, second: f64) -> Local {
        let place = self.pieces.partition_point(|piece| piece.left_at < second).min(self.pieces.len() - 1);
        let piece = &self.pieces[place];
        let share = (second - piece.entered_at) / (piece.left_at - piece.entered_at).max(1e-9);
        network.point_on(piece.edge, piece.from_m + (piece.to_m - piece.from_m) * share.clamp(0.0, 1.0))
    }

    /// The fixes of the truck: seconds and places. Different draws are different days.
    ///
    /// # Panics
    /// When the tour goes nowhere.
    pub fn fixes(
        &self,
        network: &Network,
        noise: Noise,
        draw: u64,
        random: Random,
    ) -> (Vec<i64>, Vec<Local>) {
        let mut stream = random.stream("noise", draw);
        let normal = Normal::new(0.0, noise.sigma_m).expect("a standard deviation is positive");
        let mut drawn = || normal.inverse_cdf(stream.random_range(1e-12..1.0));
        let (mut east_m, mut north_m) = (drawn(), drawn());
        let fresh = (1.0 - noise.memory * noise.memory).sqrt();
        let (mut time, mut at) = (Vec::new(), Vec::new());
        let mut second = 0;
        while f64::from(second) <= self.seconds {
            if second % noise.every_s == 0 {
                let true_at = self.at(network, f64::from(second));
                time.push(i64::from(second));
                at.push(Local::new(true_at.x + east_m, true_at.y + north_m));
            }
            east_m = noise.memory * east_m + fresh * drawn();
            north_m = noise.memory * north_m + fresh * drawn();
            second += 1;
        }
        (time, at)
    }
}
