//! Points with days in, whether what is close in space is close in time beyond chance out: the test of Knox over
//! many bands of distance and time at once.
//!
//! Chance is made by dealing the days out anew: places that are always busy and seasons that are always busy stay as
//! they are, and only the tie between the two is cut. Pairs farther apart than the last band are never looked at,
//! and the pairs in reach are found once for all permutations.

use rand::Rng;
use rayon::prelude::*;

use crate::random::{Random, Stream};
use crate::stats::grid::Grid;
use crate::stats::permute::pseudo_p;
use crate::unit::Local;

/// Days may be so far apart: 89 years.
pub const LONGEST_DAYS: i16 = i16::MAX;
/// More pairs than this would take gigabytes and minutes.
const MOST_PAIRS: usize = 100_000_000;

/// How far apart two places are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// As the crow flies.
    #[default]
    Euclidean,
    /// Along streets that run east and north: the sum of both differences.
    Manhattan,
}

impl Metric {
    fn distance_m(self, a: Local, b: Local) -> f64 {
        let (dx, dy) = (a.x - b.x, a.y - b.y);
        match self {
            // The root of a sum of squares is exact where coordinates are whole metres; `hypot` need not be.
            Self::Euclidean => (dx * dx + dy * dy).sqrt(),
            Self::Manhattan => dx.abs() + dy.abs(),
        }
    }
}

/// The pairs of points in each band of distance.
#[derive(Debug, Clone)]
pub struct Pairs {
    points: usize,
    bands: Vec<Band>,
}

/// The pairs of one band: those of point i with later points are `others[starts[i]..starts[i + 1]]`.
#[derive(Debug, Clone, Default)]
struct Band {
    starts: Vec<u32>,
    others: Vec<u32>,
}

impl Pairs {
    /// The pairs of `points` whose distance lies between two edges: from `edges_m[b]` to less than
    /// `edges_m[b + 1]` in band b. Points that lie nowhere are in no pair. `None` where there are more than a
    /// hundred million.
    ///
    /// # Panics
    /// When the edges do not ascend from 0 or more, or are not finite.
    pub fn find(points: &[Local], edges_m: &[f64], metric: Metric) -> Option<Self> {
        assert!(
            edges_m.is_sorted_by(|a, b| a < b) && edges_m.iter().all(|edge| edge.is_finite() && *edge >= 0.0)
        );
        let mut bands = vec![Band { starts: vec![0], others: Vec::new() }; edges_m.len().saturating_sub(1)];
        let Some(&reach_m) = edges_m.last().filter(|&&last| last > 0.0) else {
            return Some(Self { points: points.len(), bands });
        };
        let grid = Grid::new(points, reach_m);
        let mut pairs = 0;
        for (item, &at) in points.iter().enumerate() {
            grid.within(at, reach_m, |other, _| {
                if other as usize <= item {
                    return;
                }
                let distance_m = metric.distance_m(at, points[other as usize]);
                let band = edges_m.partition_point(|&edge| edge <= distance_m);
                if (1..edges_m.len()).contains(&band) {
                    bands[band - 1].others.push(other);
                    pairs += 1;
                }
            });
            if pairs > MOST_PAIRS {
                return None;
            }
            for band in &mut bands {
                band.starts.push(u32::try_from(band.others.len()).expect("a hundred million at most"));
            }
        }
        Some(Self { points: points.len(), bands })
    }

    /// How many pairs are in each band of distance, whatever their days.
    pub fn per_band(&self) -> Vec<usize> {
        self.bands.iter().map(|band| band.others.len()).collect()
    }

    /// How many pairs are in each band of distance and of days: whose days, those of the points, are at least
    /// `edges_days[t]` and less than `edges_days[t + 1]` apart. One distance band after the other.
    ///
    /// # Panics
    /// When there is not one day per point, or the edges do not ascend from 0 or more.
    pub fn table(&self, days: &[i32], edges_days: &[i16]) -> Vec<u64> {
        assert_eq!(days.len(), self.points, "one day per point");
        assert_edges(edges_days);
        let times = edges_days.len().saturating_sub(1);
        let mut table = Vec::with_capacity(self.bands.len() * times);
        for band in &self.bands {
            let mut counts = vec![0u64; edges_days.len() + 1];
            for (range, &day) in band.starts.windows(2).zip(days) {
                for &other in &band.others[range[0] as usize..range[1] as usize] {
                    let apart = i64::from(day.abs_diff(days[other as usize]));
                    counts[edges_days.partition_point(|&edge| i64::from(edge) <= apart)] += 1;
                }
            }
            table.extend_from_slice(&counts[1..=times]);
        }
        table
    }

    /// The tables of several deals of the days at once.
    fn count(&self, days: &[Dealt], edges_days: &[i16]) -> Vec<[u64; LANES]> {
        assert_edges(edges_days);
        let mut table = Vec::new();
        for band in &self.bands {
            // No pair is less than 0 days apart.
            let (zeros, edges) = edges_days.split_at(usize::from(edges_days.first() == Some(&0)));
            let mut below = vec![[0; LANES]; zeros.len()];
            below.extend(edges.chunks(EDGES).flat_map(|edges| band.count_below(days, edges)));
            for pair in below[..edges_days.len()].windows(2) {
                table.push(std::array::from_fn(|lane| pair[1][lane] - pair[0][lane]));
            }
        }
        table
    }
}

/// So many deals of the days are counted at once: those of one point fill a cache line, and a pair is looked up once
/// for all of them. Signed 16 bits, because every processor compares eight of those at a time.
const LANES: usize = 32;
/// So many edges are compared at once.
const EDGES: usize = 4;
/// Counters this small are emptied into larger ones before they run over.
const MOST: usize = i16::MAX as usize;
/// The day of one point in every deal, counted from the first day of all.
type Dealt = [i16; LANES];

impl Band {
    /// In every deal, how many pairs are less than each of up to four `edges` days apart.
    fn count_below(&self, days: &[Dealt], edges: &[i16]) -> [[u64; LANES]; EDGES] {
        let edges: [i16; EDGES] = std::array::from_fn(|edge| edges.get(edge).copied().unwrap_or(0));
        let mut totals = [[0u64; LANES]; EDGES];
        let mut counts = [[0i16; LANES]; EDGES];
        let mut room = MOST;
        for (range, own) in self.starts.windows(2).zip(days) {
            for others in self.others[range[0] as usize..range[1] as usize].chunks(MOST) {
                if others.len() > room {
                    carry(&mut totals, &mut counts);
                    room = MOST;
                }
                room -= others.len();
                for &other in others {
                    let theirs = &days[other as usize];
                    let apart: Dealt = std::array::from_fn(|lane| (own[lane] - theirs[lane]).abs());
                    for (counts, edge) in counts.iter_mut().zip(edges) {
                        for (count, apart) in counts.iter_mut().zip(apart) {
                            *count += i16::from(apart < edge);
                        }
                    }
                }
            }
        }
        carry(&mut totals, &mut counts);
        totals
    }
}

/// Empties the small counters into the large ones.
fn carry(totals: &mut [[u64; LANES]; EDGES], counts: &mut [[i16; LANES]; EDGES]) {
    for (total, count) in totals.as_flattened_mut().iter_mut().zip(counts.as_flattened_mut()) {
        *total += u64::from(std::mem::take(count).unsigned_abs());
    }
}

fn assert_edges(edges_days: &[i16]) {
    let ascends = edges_days.is_sorted_by(|a, b| a < b) && edges_days.iter().all(|&edge| edge >= 0);
    assert!(ascends, "edges ascend from 0 or more");
}

/// The days counted from the first of them.
fn from_first(days: &[i32]) -> Vec<i16> {
    let first = days.iter().copied().min().unwrap_or(0);
    let since = |&day: &i32| i16::try_from(day.abs_diff(first)).expect("days span 89 years at most");
    days.iter().map(since).collect()
}

/// One band of distance and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Pairs in it.
    pub n: u64,
    /// Pairs in it on average if days were dealt out anew.
    pub expected: f64,
    /// Share of permutations with at least so many pairs: (M + 1) / (R + 1).
    pub p_value: f64,
}

/// Counts the pairs in every band of distance and time, and deals the days out anew `permutations` times to see how
/// many chance would put there. In the order of [`Pairs::table`]. The result depends on the order of the points:
/// sort them.
///
/// # Panics
/// As [`Pairs::table`], and when the days span more than [`LONGEST_DAYS`].
///
/// # References
/// Knox (1964), Applied Statistics 13(1), 25-29; permutations as Mantel (1967), Cancer Research 27(2), 209-220;
/// bands as Ratcliffe & Rengert (2008), Security Journal 21, 58-76.
pub fn test(pairs: &Pairs, days: &[i32], edges_days: &[i16], permutations: u32, random: Random) -> Vec<Cell> {
    let observed = pairs.table(days, edges_days);
    let since_first = from_first(days);
    let nothing = || vec![(0u64, 0u32); observed.len()];
    let several = |numbers: &[u32]| {
        let mut dealt = vec![[0; LANES]; days.len()];
        for (lane, &number) in numbers.iter().enumerate() {
            let mut days = since_first.clone();
            shuffle(&mut days, &mut random.stream("knox", u64::from(number)));
            dealt.iter_mut().zip(days).for_each(|(dealt, day)| dealt[lane] = day);
        }
        let table = pairs.count(&dealt, edges_days);
        let sums = table.iter().zip(&observed).map(|(counts, observed)| {
            let counts = &counts[..numbers.len()];
            let reached: u32 = counts.iter().map(|n| u32::from(n >= observed)).sum();
            (counts.iter().sum(), reached)
        });
        sums.collect::<Vec<(u64, u32)>>()
    };
    let add = |mut sums: Vec<(u64, u32)>, others: Vec<(u64, u32)>| {
        for (sum, other) in sums.iter_mut().zip(others) {
            *sum = (sum.0 + other.0, sum.1 + other.1);
        }
        sums
    };
    // Sums of whole numbers: the order in which threads add them is of no matter.
    let numbers: Vec<u32> = (0..permutations).collect();
    let sums = numbers.par_chunks(LANES).map(several).reduce(nothing, add);
    let cell = |(&n, &(sum, reached)): (&u64, &(u64, u32))| Cell {
        n,
        expected: sum as f64 / f64::from(permutations.max(1)),
        p_value: pseudo_p(reached, permutations),
    };
    observed.iter().zip(&sums).map(cell).collect()
}

/// The shuffle of Fisher & Yates.
fn shuffle(days: &mut [i16], stream: &mut Stream) {
    for last in (1..days.len()).rev() {
        // A number up to `last` from one draw (Lemire 2019); its bias is at most n / 2⁶⁴.
        let product = u128::from(stream.next_u64()) * (last as u128 + 1);
        days.swap(last, usize::try_from(product >> 64).expect("no larger than `last`"));
    }
}

#[cfg(test)]
mod tests;
