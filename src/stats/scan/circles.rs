//! Places in, the circles around each of them out.

use rayon::prelude::*;
use rstar::primitives::GeomWithData;
use rstar::{Point, RTree};

/// The circles around every place: its neighbours in the order of their distance. Those at the same distance enter
/// a circle together, since no circle holds one without the other.
#[derive(Debug, Clone)]
pub struct Circles {
    /// Where the neighbours of each place begin; one more than there are places.
    starts: Vec<usize>,
    /// The neighbours, the place itself first.
    members: Vec<u32>,
    /// Whether a neighbour is the last one at its distance: a circle may end there.
    closes: Vec<bool>,
}

impl Circles {
    /// Circles around `places` (in metres) up to `max_radius_m`, which may be infinite. A circle also ends before
    /// it holds more than `max_share` of the `population` of all places; that of a single place never does.
    ///
    /// # Panics
    /// When there is not one population per place, or the radius is negative.
    pub fn new<const D: usize>(
        places: &[[f64; D]],
        population: &[f64],
        max_radius_m: f64,
        max_share: f64,
    ) -> Self
    where
        [f64; D]: Point<Scalar = f64>,
    {
        assert_eq!(places.len(), population.len(), "one population per place");
        assert!(max_radius_m >= 0.0, "a radius of 0 or more");
        let largest = population.iter().sum::<f64>() * max_share;
        let numbered = places.iter().zip(0u32..).map(|(&at, number)| GeomWithData::new(at, number));
        let tree = RTree::bulk_load(numbered.collect());
        let around = |place: usize| {
            // The tree rounds squares; the distance itself decides.
            let within = (max_radius_m * (1.0 + 1e-9)).powi(2);
            let mut near: Vec<(f64, u32)> = tree
                .locate_within_distance(places[place], within)
                .map(|near| (distance(&places[place], near.geom()), near.data))
                .filter(|near| near.0 <= max_radius_m)
                .collect();
            near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            if let Some(own) = near.iter().position(|near| near.1 as usize == place) {
                near[..=own].rotate_right(1);
            }
            let mut held = 0.0;
            let mut kept = 0;
            for ring in near.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
                held += ring.iter().map(|near| population[near.1 as usize]).sum::<f64>();
                if held > largest && kept > 0 {
                    break;
                }
                kept += ring.len();
            }
            near.truncate(kept);
            near
        };
        let around: Vec<Vec<(f64, u32)>> = (0..places.len()).into_par_iter().map(around).collect();
        let mut circles = Self { starts: vec![0], members: Vec::new(), closes: Vec::new() };
        for near in around {
            for (slot, &(far, member)) in near.iter().enumerate() {
                circles.members.push(member);
                circles.closes.push(near.get(slot + 1).is_none_or(|next| next.0.total_cmp(&far).is_ne()));
            }
            circles.starts.push(circles.members.len());
        }
        circles
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The places of the circle around `centre` that holds `size` of them.
    pub(super) fn first(&self, centre: u32, size: u32) -> &[u32] {
        let start = self.starts[centre as usize];
        &self.members[start..start + size as usize]
    }

    /// The neighbours of a place, itself first, each with whether a circle may end with it.
    pub(super) fn around(&self, centre: usize) -> impl Iterator<Item = (u32, bool)> + '_ {
        let slots = self.starts[centre]..self.starts[centre + 1];
        self.members[slots.clone()].iter().copied().zip(self.closes[slots].iter().copied())
    }
}

fn distance<const D: usize>(a: &[f64; D], b: &[f64; D]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}
