//! A study in, its cases scattered anew under its model out: what chance alone would have made of it.

use rand::Rng;

use super::{Case, Population, Study};
use crate::random::Stream;

/// How cases are scattered. Only those that fall into the scanned times are made; the others change nothing.
#[derive(Debug, Clone)]
pub(super) enum Scatter {
    /// Per stratum: the places of its cases, and the times of those cases that are scanned.
    Exchange(Vec<(Vec<u32>, Vec<u32>)>),
    /// Each of `cases` draws a time, then a place.
    Steady { cases: usize, time: Alias, place: Alias },
    /// Each of `cases` draws a place and time at once, numbered by place, then time; `steps` times per place.
    Varying { cases: usize, steps: u32, cell: Alias },
    /// `cases` of these people are cases; times are scanned from `first` on.
    Label { cases: usize, first: u32, people: Vec<Case> },
}

/// What scattering writes on; kept from one to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool(Vec<u32>);

impl Scatter {
    /// The scattering of a study of which the times from `first` on are scanned.
    pub(super) fn new(study: &Study, first: usize) -> Self {
        let shift = u32::try_from(first).expect("fewer than 2^32 times");
        let cases = study.cases.len();
        if !study.strata.is_empty() {
            let kinds = usize::from(*study.strata.iter().max().expect("at least one")) + 1;
            let mut strata = vec![(Vec::new(), Vec::new()); kinds];
            for case in &study.cases {
                let (places, times) = &mut strata[usize::from(study.strata[case.time as usize])];
                places.push(case.place);
                times.extend(case.time.checked_sub(shift));
            }
            return Self::Exchange(strata);
        }
        if !study.controls.is_empty() {
            let mut people: Vec<Case> = study.cases.iter().chain(&study.controls).copied().collect();
            people.sort_unstable();
            return Self::Label { cases, first: shift, people };
        }
        match &study.population {
            Population::Steady { place, time } => {
                let (unseen, seen) = time.split_at(first);
                let rest = unseen.iter().sum();
                Self::Steady { cases, time: Alias::new(seen, rest), place: Alias::new(place, 0.0) }
            }
            Population::Varying(table) => {
                let rows = || table.chunks(study.times);
                let seen: Vec<f64> = rows().flat_map(|row| row[first..].iter().copied()).collect();
                let rest = rows().flat_map(|row| row[..first].iter()).sum();
                let steps = u32::try_from(study.times - first).expect("fewer than 2^32 times");
                Self::Varying { cases, steps, cell: Alias::new(&seen, rest) }
            }
        }
    }

    /// Scatters the cases anew; times count from the first one that is scanned.
    pub(super) fn draw(&self, pool: &mut Pool, stream: &mut Stream, scattered: &mut Vec<Case>) {
        scattered.clear();
        let Pool(pool) = pool;
        match self {
            Self::Exchange(strata) => {
                for (places, times) in strata {
                    pool.clear();
                    pool.extend_from_slice(places);
                    take(pool, times.len(), stream);
                    scattered.extend(pool.iter().zip(times).map(|(&place, &time)| Case { place, time }));
                }
            }
            Self::Steady { cases, time, place } => {
                for _ in 0..*cases {
                    if let Some(time) = time.draw(stream)
                        && let Some(place) = place.draw(stream)
                    {
                        scattered.push(Case { place, time });
                    }
                }
            }
            Self::Varying { cases, steps, cell } => {
                let drawn = (0..*cases).filter_map(|_| cell.draw(stream));
                scattered.extend(drawn.map(|cell| Case { place: cell / steps, time: cell % steps }));
            }
            Self::Label { cases, first, people } => {
                pool.clear();
                pool.extend(0..u32::try_from(people.len()).expect("fewer than 2^32 people"));
                take(pool, *cases, stream);
                scattered.extend(pool[..*cases].iter().filter_map(|&number| {
                    let Case { place, time } = people[number as usize];
                    time.checked_sub(*first).map(|time| Case { place, time })
                }));
            }
        }
    }
}

/// Brings `n` items to the front, each equally likely: the first steps of the shuffle of Fisher & Yates.
fn take(items: &mut [u32], n: usize, stream: &mut Stream) {
    for start in 0..n {
        let other = start + below(items.len() - start, stream.next_u64());
        items.swap(start, other);
    }
}

/// A whole number below `bound` from 64 random bits (Lemire 2019); its bias is at most bound / 2⁶⁴.
#[expect(clippy::cast_possible_truncation, reason = "below a number of that type")]
fn below(bound: usize, random: u64) -> usize {
    ((u128::from(random) * bound as u128) >> 64) as usize
}

/// Draws numbers with given probabilities, in the same time for any number of them.
///
/// # References
/// Walker (1977), ACM Transactions on Mathematical Software 3(3), 253-256; the table as Vose (1991) fills it.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    /// Of each slot: the share of its own number, in 2³² parts, and the number that takes the rest.
    slots: Vec<(u32, u32)>,
    /// The last number stands for nothing.
    has_rest: bool,
}

impl Alias {
    /// Numbers with probabilities as their `weights`, and nothing with that of `rest`; not all 0.
    fn new(weights: &[f64], rest: f64) -> Self {
        let has_rest = rest > 0.0;
        let mut share: Vec<f64> = weights.iter().copied().chain(has_rest.then_some(rest)).collect();
        let scale = share.len() as f64 / share.iter().sum::<f64>();
        for share in &mut share {
            *share *= scale;
        }
        let numbers = 0..u32::try_from(share.len()).expect("fewer than 2^32 numbers");
        let mut slots: Vec<(u32, u32)> = numbers.clone().map(|number| (u32::MAX, number)).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            numbers.partition(|&number| share[number as usize] < 1.0);
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share below 1")]
            let own = (share[poor as usize] * 4_294_967_296.0) as u32;
            slots[poor as usize] = (own, rich);
            share[rich as usize] -= 1.0 - share[poor as usize];
            if share[rich as usize] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self { slots, has_rest }
    }

    #[expect(clippy::cast_possible_truncation, reason = "half of the random bits; fewer than 2^32 slots")]
    fn draw(&self, stream: &mut Stream) -> Option<u32> {
        let random = stream.next_u64();
        let slot = (((random >> 32) * self.slots.len() as u64) >> 32) as usize;
        let (own, other) = self.slots[slot];
        let number = if (random as u32) < own || own == u32::MAX { slot as u32 } else { other };
        (!self.has_rest || (number as usize) < self.slots.len() - 1).then_some(number)
    }
}
