//! Counts along streets in, the stretches that hold more than chance would put there out.
//!
//! A window slides along every site (a street between two crossings, or a crossing as a whole), and the fullest
//! window of the site stands for it. Chance throws as many incidents anew on the metres of each class of site.
//! A site's p-value asks how often chance fills its own fullest window as much; its q-value how often it makes
//! *any* site as remarkable, which keeps the probability of even one false site within α (single-step max-T).
//!
//! # References
//! Scan statistic: Kulldorff (1997), Communications in Statistics: Theory and Methods 26(6), 1481-1496. Max-T:
//! Westfall & Young (1993), Resampling-Based Multiple Testing, section 2.3. On roads: Bíl, Andrášik & Janoška
//! (2013), Accident Analysis & Prevention 55, 265-273.

use rand::Rng;
use rayon::prelude::*;

use crate::random::Stream;
use crate::stats::permute::pseudo_p;

/// A stretch on which incidents are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// Sites of one class are thought to be alike.
    pub class: u32,
    /// Metres.
    pub length_m: f64,
    /// Into how many bins of equal length it is cut; at least 1.
    pub bins: u32,
    /// How many bins the window covers; at least 1 and at most all.
    pub window: u32,
}

impl Site {
    /// A site with windows of about `window_m` that move on by about `step_m`; a shorter one is one window.
    pub fn sliding(class: u32, length_m: f64, window_m: f64, step_m: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a street is no 10^9 steps long"
        )]
        let whole = |number: f64| number.round().max(1.0) as u32;
        let bins = whole(length_m / step_m);
        let window = whole(window_m / length_m * f64::from(bins)).min(bins);
        if length_m <= window_m {
            Self { bins, window: bins, class, length_m }
        } else {
            Self { class, length_m, bins, window }
        }
    }

    /// The metres of a bin.
    pub fn bin_m(&self) -> f64 {
        self.length_m / f64::from(self.bins)
    }

    /// The metres of a window.
    pub fn window_m(&self) -> f64 {
        self.bin_m() * f64::from(self.window)
    }

    /// The bin at `offset_m` metres from the beginning, clamped to the site.
    pub fn bin(&self, offset_m: f64) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bins")]
        let bin = (offset_m / self.bin_m()).clamp(0.0, f64::from(self.bins - 1)) as u32;
        bin
    }
}

/// The fullest window of a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Its first bin; the first such window where several are as full.
    pub bin: u32,
    /// Incidents in it.
    pub n: u32,
    /// Incidents expected in it from its class.
    pub expected: f64,
    /// The log likelihood ratio of the two; 0 where there are no more than expected, or too few to matter.
    pub statistic: f64,
    /// Probability that chance fills the fullest window of this site as much.
    pub p_value: f64,
    /// Probability that chance makes any site as remarkable.
    pub q_value: f64,
}

/// Simulations that share one count of what they reach.
const BATCH: u32 = 16;

/// The fullest window of every site. `hits` are the site and bin of every incident, in any order; fewer than
/// `at_least` are never remarkable. `stream` gives the randomness of a simulation.
///
/// # Panics
/// When a hit lies on no site.
pub fn scan(
    sites: &[Site],
    hits: &[(u32, u32)],
    at_least: u32,
    simulations: u32,
    stream: impl Fn(u64) -> Stream + Sync,
) -> Vec<Window> {
    let strata = Strata::new(sites, hits);
    let mut scratch = Scratch::new(sites);
    let mut windows: Vec<Window> = sites
        .iter()
        .map(|site| Window {
            bin: 0,
            n: 0,
            expected: strata.rate(site) * site.window_m(),
            statistic: 0.0,
            p_value: 1.0,
            q_value: 1.0,
        })
        .collect();
    let expected: Vec<f64> = windows.iter().map(|window| window.expected).collect();
    scratch.each_fullest(sites, hits, |site, bin, n| {
        windows[site].bin = bin;
        windows[site].n = n;
        windows[site].statistic = log_ratio(n, expected[site], at_least);
    });

    let simulate = |batch: u32| {
        let mut scratch = Scratch::new(sites);
        let (mut reached, mut largest) = (vec![0u32; sites.len()], Vec::new());
        for number in batch * BATCH..simulations.min((batch + 1) * BATCH) {
            let hits = strata.throw(sites, &mut stream(u64::from(number)));
            let mut most = 0.0f64;
            scratch.each_fullest(sites, &hits, |site, _, n| {
                // On one site more is always more remarkable, so that the counts can be compared.
                reached[site] += u32::from(n >= windows[site].n);
                most = most.max(log_ratio(n, expected[site], at_least));
            });
            largest.push(most);
        }
        (reached, largest)
    };
    let batches: Vec<_> = (0..simulations.div_ceil(BATCH)).into_par_iter().map(simulate).collect();
    let mut reached = vec![0u32; sites.len()];
    let mut largest = Vec::new();
    for (more, mosts) in batches {
        reached.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        largest.extend(mosts);
    }
    largest.sort_unstable_by(f64::total_cmp);
    for (window, reached) in windows.iter_mut().zip(reached) {
        if window.statistic > 0.0 {
            // Logarithms of equal ratios may differ in the last digits.
            let below = largest.partition_point(|&largest| largest < window.statistic - 1e-9);
            let above = u32::try_from(largest.len() - below).expect("as many as simulations");
            window.p_value = pseudo_p(reached, simulations);
            window.q_value = pseudo_p(above, simulations);
        }
    }
    windows
}

/// ln of the likelihood of the counted mean over that of the expected one.
fn log_ratio(n: u32, expected: f64, at_least: u32) -> f64 {
    let count = f64::from(n);
    if n < at_least.max(1) || count <= expected || expected <= 0.0 {
        return 0.0;
    }
    count * (count / expected).ln() - (count - expected)
}

/// The sites of each class, as a line from end to end that incidents are thrown on.
struct Strata {
    classes: Vec<Stratum>,
}

#[derive(Default)]
struct Stratum {
    sites: Vec<u32>,
    /// Where each of `sites` ends, metres.
    ends_m: Vec<f64>,
    hits: u32,
}

impl Stratum {
    fn length_m(&self) -> f64 {
        self.ends_m.last().copied().unwrap_or(0.0)
    }
}

impl Strata {
    fn new(sites: &[Site], hits: &[(u32, u32)]) -> Self {
        let count = sites.iter().map(|site| site.class as usize + 1).max().unwrap_or(0);
        let mut classes: Vec<Stratum> = std::iter::repeat_with(Stratum::default).take(count).collect();
        for (index, site) in (0u32..).zip(sites) {
            let class = &mut classes[site.class as usize];
            class.ends_m.push(class.length_m() + site.length_m);
            class.sites.push(index);
        }
        for &(site, _) in hits {
            classes[sites[site as usize].class as usize].hits += 1;
        }
        Self { classes }
    }

    /// Incidents per metre of the site's class.
    fn rate(&self, site: &Site) -> f64 {
        let class = &self.classes[site.class as usize];
        let length_m = class.length_m();
        if length_m > 0.0 { f64::from(class.hits) / length_m } else { 0.0 }
    }

    /// As many incidents in every class, each anywhere on its metres.
    fn throw(&self, sites: &[Site], stream: &mut Stream) -> Vec<(u32, u32)> {
        let mut hits = Vec::new();
        for class in &self.classes {
            for _ in 0..class.hits {
                let share = (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
                let at_m = share * class.length_m();
                let place = class.ends_m.partition_point(|&end| end <= at_m).min(class.sites.len() - 1);
                let start_m = if place == 0 { 0.0 } else { class.ends_m[place - 1] };
                let site = class.sites[place];
                hits.push((site, sites[site as usize].bin(at_m - start_m)));
            }
        }
        hits
    }
}

/// The memory of a count, kept for the next one.
struct Scratch {
    first_bin: Vec<u32>,
    counts: Vec<u32>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
}

impl Scratch {
    fn new(sites: &[Site]) -> Self {
        let mut first_bin = vec![0];
        for site in sites {
            first_bin.push(first_bin[first_bin.len() - 1] + site.bins);
        }
        Self {
            counts: vec![0; first_bin[sites.len()] as usize],
            first_bin,
            is_touched: vec![false; sites.len()],
            touched: Vec::new(),
        }
    }

    /// Gives the first bin and the count of the fullest window of every site that is hit.
    fn each_fullest(&mut self, sites: &[Site], hits: &[(u32, u32)], mut give: impl FnMut(usize, u32, u32)) {
        for &(site, bin) in hits {
            self.counts[(self.first_bin[site as usize] + bin) as usize] += 1;
            if !std::mem::replace(&mut self.is_touched[site as usize], true) {
                self.touched.push(site);
            }
        }
        for site in self.touched.drain(..).map(|site| site as usize) {
            let bins = self.first_bin[site] as usize..self.first_bin[site + 1] as usize;
            let counts = &mut self.counts[bins];
            let (bin, n) = fullest(counts, sites[site].window as usize);
            counts.fill(0);
            self.is_touched[site] = false;
            give(site, bin, n);
        }
    }
}

/// The first of the fullest runs of `window` bins, and its sum.
fn fullest(counts: &[u32], window: usize) -> (u32, u32) {
    let mut sum: u32 = counts[..window].iter().sum();
    let mut best = (0, sum);
    for (bin, last) in (1u32..).zip(window..counts.len()) {
        sum = sum + counts[last] - counts[last - window];
        if sum > best.1 {
            best = (bin, sum);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn streets() -> Vec<Site> {
        (0..60)
            .map(|street| Site::sliding(street % 3, 40.0 + 11.0 * f64::from(street), 100.0, 10.0))
            .collect()
    }

    /// Incidents thrown at random, and `extra` in one window.
    fn hits(key: u64, n: u32, extra: u32) -> Vec<(u32, u32)> {
        let sites = streets();
        let mut strata = Strata::new(&sites, &[]);
        for class in &mut strata.classes {
            class.hits = n / 3;
        }
        let mut hits = strata.throw(&sites, &mut Random::new(12).stream("hits", key));
        hits.extend((0..extra).map(|hit| (50, 20 + hit % 8)));
        hits
    }

    fn scanned(hits: &[(u32, u32)], simulations: u32, seed: u64) -> Vec<Window> {
        let random = Random::new(seed);
        scan(&streets(), hits, 3, simulations, |number| random.stream("line_scan", number))
    }

    #[test]
    fn a_full_window_is_found_where_it_is() {
        let windows = scanned(&hits(1, 300, 25), 199, 1);
        let best = (0..60).max_by(|&a, &b| windows[a].statistic.total_cmp(&windows[b].statistic)).unwrap();
        assert_eq!(best, 50);
        let (window, site) = (windows[50], streets()[50]);
        assert!((18..=20).contains(&window.bin) && window.n >= 25, "{window:?}");
        assert!((window.p_value - 0.005).abs() < 1e-12 && (window.q_value - 0.005).abs() < 1e-12);
        let metres: f64 =
            streets().iter().filter(|other| other.class == site.class).map(|other| other.length_m).sum();
        assert!((window.expected - 125.0 / metres * site.window_m()).abs() < 1e-9, "{window:?}");
        assert!(windows.iter().filter(|window| window.q_value <= 0.05).count() == 1);
    }

    #[test]
    fn streets_without_pattern_have_a_false_one_as_often_as_chance_says() {
        let false_ones = (0..100)
            .filter(|&key| scanned(&hits(key, 240, 0), 59, key).iter().any(|window| window.q_value <= 0.05))
            .count();
        println!("{false_ones} of 100 towns with a false stretch");
        // 5 are expected; more than 11 have a probability of 0.4 %.
        assert!(false_ones <= 11, "{false_ones}");
    }

    #[test]
    fn the_fullest_window_is_that_of_all_windows_one_by_one() {
        let sites = streets();
        let hits = hits(3, 900, 0);
        for (index, (site, window)) in (0u32..).zip(sites.iter().zip(scanned(&hits, 0, 1))) {
            let within = |bin: u32| {
                hits.iter().filter(|hit| hit.0 == index && (bin..bin + site.window).contains(&hit.1)).count()
            };
            let most = (0..=site.bins - site.window).map(within).max().unwrap();
            assert_eq!((window.n as usize, within(window.bin)), (most, most));
        }
    }

    #[test]
    fn neither_threads_nor_the_order_of_incidents_change_a_bit() {
        let mut hits = hits(4, 300, 6);
        let with = |threads: usize, hits: &[(u32, u32)]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| scanned(hits, 99, 3))
        };
        let once = with(1, &hits);
        let twice = with(2, &hits);
        hits.reverse();
        assert!(once == twice && once == with(8, &hits));
    }

    #[test]
    fn windows_fit_their_sites() {
        for (length_m, bins, window) in
            [(0.3, 1, 1), (40.0, 4, 4), (100.0, 10, 10), (104.0, 10, 10), (252.0, 25, 10)]
        {
            let site = Site::sliding(0, length_m, 100.0, 10.0);
            assert_eq!((site.bins, site.window), (bins, window), "{length_m} m");
            assert!(site.bin(-1.0) == 0 && site.bin(length_m) == bins - 1);
        }
        assert!(scan(&[], &[], 3, 9, |number| Random::new(1).stream("none", number)).is_empty());
    }
}
