//! Values and neighbours in, permutation p-values out: how often would a random arrangement do the same?
//!
//! The arrangement is conditional: an item keeps its own value, and its neighbours' values are drawn without
//! replacement from all other items (Anselin 1995, section 3). Two ways: drawn ([`conditional`],
//! [`conditional_until`]), for any
//! values and weights, and counted ([`SubsetSums`]), for counts with weight 1, where the probability over *all*
//! arrangements can be had exactly. Every item draws from its own stream: shared draws would be faster, but
//! then the p-values of all items err in the same direction at once.

use rand::Rng;
use rayon::prelude::*;

use crate::random::Stream;
use crate::stats::weights::Weights;

/// Pseudo p-value of a statistic that `reached` of `permutations` permuted ones reach: (M + 1) / (R + 1).
/// Never 0: with 999 permutations the smallest is 0.001.
///
/// # References
/// North, Curtis & Sham (2002), American Journal of Human Genetics 71(2), 439-441.
pub fn pseudo_p(reached: u32, permutations: u32) -> f64 {
    (f64::from(reached) + 1.0) / (f64::from(permutations) + 1.0)
}

/// How many of `permutations` conditional permutations give each item a weighted sum of neighbours (itself
/// left out) at least as large as the observed one. `stream` gives the randomness of an item.
///
/// An item whose neighbours all hold the smallest value is reached by every permutation and draws nothing.
///
/// # Panics
/// When `values` and `weights` are not of the same items.
///
/// # References
/// Anselin (1995), Geographical Analysis 27(2), 93-115.
pub fn conditional(
    values: &[f64],
    weights: &Weights,
    permutations: u32,
    stream: impl Fn(usize) -> Stream + Sync,
) -> Vec<u32> {
    let others = Others::new(values, weights);
    let reached = |item: usize| {
        let (observed, slack) = others.observed(item);
        if observed <= 0.0 {
            return permutations;
        }
        let threshold = observed - slack;
        let mut reached = 0;
        others.each_sum(item, permutations, stream(item), |sum| {
            reached += u32::from(sum >= threshold);
            true
        });
        reached
    };
    (0..values.len()).into_par_iter().map(reached).collect()
}

/// p-values of the same from as many permutations as it takes: those of an item end as soon as `enough` of them have
/// reached the observed sum, and its p-value is `enough` / (how many there were); an item that fewer reach is given
/// `most` permutations and (M + 1) / (R + 1). Valid like those of a fixed number, and as fine where it matters; most
/// items of a city take few permutations to be seen as nothing special.
///
/// # Panics
/// When `values` and `weights` are not of the same items.
///
/// # References
/// Besag & Clifford (1991), Biometrika 78(2), 301-304.
pub fn conditional_until(
    values: &[f64],
    weights: &Weights,
    enough: u32,
    most: u32,
    stream: impl Fn(usize) -> Stream + Sync,
) -> Vec<f64> {
    let others = Others::new(values, weights);
    let p_value = |item: usize| {
        let (observed, slack) = others.observed(item);
        if observed <= 0.0 {
            return 1.0;
        }
        let threshold = observed - slack;
        let (mut reached, mut drawn) = (0, 0);
        others.each_sum(item, most, stream(item), |sum| {
            drawn += 1;
            reached += u32::from(sum >= threshold);
            reached < enough
        });
        if reached >= enough { f64::from(reached) / f64::from(drawn) } else { pseudo_p(reached, most) }
    };
    (0..values.len()).into_par_iter().map(p_value).collect()
}

/// The same for both sides: how many permutations give each item a sum at most as large, and at least as large,
/// as the observed one.
///
/// # Panics
/// When `values` and `weights` are not of the same items.
pub fn conditional_both(
    values: &[f64],
    weights: &Weights,
    permutations: u32,
    stream: impl Fn(usize) -> Stream + Sync,
) -> Vec<(u32, u32)> {
    let others = Others::new(values, weights);
    let reached = |item: usize| {
        let (observed, slack) = others.observed(item);
        let (mut below, mut above) = (0, 0);
        others.each_sum(item, permutations, stream(item), |sum| {
            below += u32::from(sum <= observed + slack);
            above += u32::from(sum >= observed - slack);
            true
        });
        (below, above)
    };
    (0..values.len()).into_par_iter().map(reached).collect()
}

/// What the neighbours of an item hold, and what they would if others stood there.
struct Others<'a> {
    ranked: Ranked,
    weights: &'a Weights,
}

impl<'a> Others<'a> {
    fn new(values: &[f64], weights: &'a Weights) -> Self {
        assert_eq!(values.len(), weights.len(), "one row of weights per value");
        Self { ranked: Ranked::new(values), weights }
    }

    /// The weighted sum of the neighbours, and by how much equal sums may differ: the same values in another
    /// order add up to other last digits.
    fn observed(&self, item: usize) -> (f64, f64) {
        let value = |near: u32| self.ranked.value(self.ranked.rank[near as usize]);
        let observed: f64 = self.weights.others(item).map(|(near, weight)| weight * value(near)).sum();
        (observed, 1e-12 * observed)
    }

    /// The sum of each of so many arrangements, until `seen` has seen enough and gives `false`.
    #[inline]
    fn each_sum(&self, item: usize, permutations: u32, stream: Stream, mut seen: impl FnMut(f64) -> bool) {
        let row: Vec<f64> = self.weights.others(item).map(|(_, weight)| weight).collect();
        let mut draw = Draw::new(self.weights.len(), self.ranked.rank[item], row.len(), stream);
        if self.weights.is_binary() && row.len() == 6 && draw.pool.is_empty() {
            // Nearly every cell has six neighbours; a size that the compiler knows takes half the time.
            let mut drawn = [0; 6];
            for _ in 0..permutations {
                draw.with_retries(&mut drawn);
                if !seen(drawn.iter().map(|&rank| self.ranked.value(rank)).sum()) {
                    return;
                }
            }
            return;
        }
        let mut drawn = vec![0; row.len()];
        for _ in 0..permutations {
            draw.fill(&mut drawn);
            if !seen(drawn.iter().zip(&row).map(|(&rank, weight)| weight * self.ranked.value(rank)).sum()) {
                return;
            }
        }
    }
}

/// Values from large to small, less the smallest: what is added to all values changes no comparison of their sums.
/// Most cells of a city are empty: with the zeros at the end, one of them stands for all, and what draws look up stays
/// in the cache.
struct Ranked {
    /// The rank of each item.
    rank: Vec<u32>,
    /// The positive values by rank, and a zero.
    positive: Vec<f64>,
}

impl Ranked {
    fn new(values: &[f64]) -> Self {
        let mut order: Vec<u32> = (0..u32::try_from(values.len()).expect("fewer than 2^32 items")).collect();
        order.sort_by(|&a, &b| values[b as usize].total_cmp(&values[a as usize]));
        let mut rank = vec![0; values.len()];
        for (place, &item) in (0u32..).zip(&order) {
            rank[item as usize] = place;
        }
        let least = order.last().map_or(0.0, |&item| values[item as usize]);
        let sorted = order.iter().map(|&item| values[item as usize] - least);
        Self { rank, positive: sorted.take_while(|&value| value > 0.0).chain([0.0]).collect() }
    }

    fn value(&self, rank: u32) -> f64 {
        self.positive[(rank as usize).min(self.positive.len() - 1)]
    }
}

/// Draws some of the items without replacement, never a given one.
struct Draw {
    items: u32,
    without: u32,
    /// All other items, where so many of them are drawn that drawing again upon a repeat would take long.
    pool: Vec<u32>,
    stream: Stream,
}

impl Draw {
    fn new(items: usize, without: u32, size: usize, stream: Stream) -> Self {
        let items = u32::try_from(items).expect("fewer than 2^32 items");
        let is_large = 4 * size > items as usize;
        let pool = if is_large { (0..items).filter(|&item| item != without).collect() } else { Vec::new() };
        Self { items, without, pool, stream }
    }

    fn fill(&mut self, drawn: &mut [u32]) {
        if self.pool.is_empty() {
            self.with_retries(drawn);
        } else {
            self.take_from_pool(drawn);
        }
    }

    /// Draws all anew upon a repeat, which leaves every subset equally likely.
    #[inline]
    fn with_retries(&mut self, drawn: &mut [u32]) {
        loop {
            for pair in drawn.chunks_mut(2) {
                // Two numbers below n − 1 from one draw (Lemire 2019); their bias is at most n / 2³².
                let random = self.stream.next_u64();
                for (drawn, half) in pair.iter_mut().zip([random >> 32, random & u64::from(u32::MAX)]) {
                    let other = ((half * u64::from(self.items - 1)) >> 32) as u32;
                    *drawn = other + u32::from(other >= self.without);
                }
            }
            if !has_repeat(drawn) {
                return;
            }
        }
    }

    /// The first steps of the shuffle of Fisher & Yates.
    fn take_from_pool(&mut self, drawn: &mut [u32]) {
        let size = u32::try_from(self.pool.len()).expect("fewer than 2^32 items");
        for (start, drawn) in (0u32..).zip(drawn) {
            let other = start + self.below(size - start);
            self.pool.swap(start as usize, other as usize);
            *drawn = self.pool[start as usize];
        }
    }

    fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.stream.next_u32()) * u64::from(bound)) >> 32) as u32
    }
}

/// Whether two of a few numbers are equal.
fn has_repeat(numbers: &[u32]) -> bool {
    let mut repeats = false;
    for (place, number) in numbers.iter().enumerate() {
        for other in &numbers[..place] {
            repeats |= number == other;
        }
    }
    repeats
}

/// In how many ways some of the items can be chosen so that their counts add up to at least so many: the
/// conditional permutation distribution of a sum of neighbours, whole, without a random number.
///
/// The number of k-subsets of counts y with sum s is the coefficient of tᵏxˢ in Πⱼ (1 + t·x^yⱼ). Items with the
/// same count are multiplied in at once; one item is taken out again by an alternating sum.
#[derive(Debug, Clone)]
pub struct SubsetSums {
    items: usize,
    /// `at_least[k][s]`: the number of k-subsets whose counts add up to s or more.
    at_least: Vec<Vec<f64>>,
}

impl SubsetSums {
    /// The sums of up to `size` of `counts`, as far as `largest`. `None` where that would take more than a
    /// few seconds, or more subsets than a float can count.
    pub fn new(counts: &[u32], size: usize, largest: u32) -> Option<Self> {
        let values = multiplicities(counts);
        let steps = values.len() as f64 * (size * (size + 1) / 2) as f64 * (f64::from(largest) + 1.0);
        if steps > 4e9 || ln_choose(counts.len(), size.min(counts.len() / 2)) > 650.0 {
            return None;
        }
        let width = largest as usize + 1;
        let mut at_least = vec![vec![0.0; width]; size + 1];
        at_least[0][0] = 1.0;
        for (value, multiplicity) in values {
            for k in (1..=size).rev() {
                for taken in 1..=k.min(multiplicity) {
                    let (before, after) = at_least.split_at_mut(k);
                    let (from, to) = (&before[k - taken], &mut after[0]);
                    let ways = choose(multiplicity, taken);
                    let shift = (taken * value as usize).min(width);
                    to[..shift].iter_mut().for_each(|to| *to += ways * from[0]);
                    to[shift..].iter_mut().zip(from).for_each(|(to, from)| *to += ways * from);
                }
            }
        }
        Some(Self { items: counts.len(), at_least })
    }

    /// Probability that `k` items, drawn without replacement from all but one item of count `own`, add up to
    /// `sum` or more. Never 0: the observed arrangement is one of all. Right to about 1e-14.
    ///
    /// # Panics
    /// When `k` or `sum` is beyond what the table was made for.
    pub fn upper_tail(&self, own: u32, k: usize, sum: u32) -> f64 {
        let all = choose(self.items - 1, k);
        (self.ways(own, k, sum) / all).clamp((1.0 / all).min(1.0), 1.0)
    }

    /// Probability that they add up to `sum` or less. Never 0.
    ///
    /// # Panics
    /// When `k` or `sum + 1` is beyond what the table was made for.
    pub fn lower_tail(&self, own: u32, k: usize, sum: u32) -> f64 {
        let all = choose(self.items - 1, k);
        (1.0 - self.ways(own, k, sum + 1) / all).clamp((1.0 / all).min(1.0), 1.0)
    }

    /// The number of `k`-subsets without one item of count `own` that add up to `sum` or more.
    fn ways(&self, own: u32, k: usize, sum: u32) -> f64 {
        // Subsets without one item of count v: A'ₖ(s) = Aₖ(s) − A'ₖ₋₁(s − v), down to A'₀.
        let mut without = 0.0;
        for j in 0..=k {
            let rest = sum.saturating_sub(own.saturating_mul(u32::try_from(k - j).expect("a small number")));
            without = self.at_least[j][rest as usize] - without;
        }
        without
    }
}

/// The distinct counts, ascending, each with how often it occurs.
fn multiplicities(counts: &[u32]) -> Vec<(u32, usize)> {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect()
}

fn choose(n: usize, k: usize) -> f64 {
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}

fn ln_choose(n: usize, k: usize) -> f64 {
    (0..k).map(|i| ((n - i) as f64 / (i + 1) as f64).ln()).sum()
}

#[cfg(test)]
mod tests;
