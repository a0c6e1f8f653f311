//! Cases with their places and times in; the circles and stretches of time that hold more than chance would put
//! there out, with a p-value that is corrected for having looked at every one of them.
//!
//! A window is a circle around a place and a stretch of time. Every window within the [`Limits`] is compared with
//! what the [`Model`] expects there; the largest log likelihood ratio is the statistic. How large it gets by chance
//! is drawn: the same scan of cases scattered anew under the model, again and again ([`Study::chance`]).
//!
//! Only windows with too many cases are sought, not those with too few. Circles only: a cluster along a street
//! comes out with what lies beside it.
//!
//! # References
//! Kulldorff (1997), Communications in Statistics: Theory and Methods 26(6), 1481-1496 (likelihoods, inference);
//! Kulldorff (2001), Journal of the Royal Statistical Society A 164(1), 61-72 (prospective windows);
//! Kulldorff, Heffernan, Hartman, Assunção & Mostashari (2005), `PLoS` Medicine 2(3), e59 (permutation of times).

mod chance;
mod circles;
mod likelihood;
mod scatter;
mod walk;

use crate::random::Stream;

pub use chance::Chance;
pub use circles::Circles;
use likelihood::Likelihood;
use scatter::Scatter;
use walk::{Mass, Spread, Walk};

/// One case: where and when, as numbers of a place and of a time step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Case {
    /// The place.
    pub place: u32,
    /// The time step; 0 throughout where time plays no part.
    pub time: u32,
}

/// What the cases are compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// The cases themselves: each place has its own level and each time its own, and a cluster is a place where
    /// the two do not simply multiply. Neither what always is much at one place nor what rises everywhere at
    /// once is one. Times are exchanged only within their stratum, such as the day of the week; one stratum
    /// per time step.
    SpaceTimePermutation(Vec<u8>),
    /// A population that produces cases at one rate everywhere.
    Poisson(Population),
    /// Controls: each case and each control is equally likely to be a case.
    Bernoulli(Vec<Case>),
}

/// How many there are who could be a case. The unit cancels out.
#[derive(Debug, Clone, PartialEq)]
pub enum Population {
    /// Each place has its number and each time step its length: the population at a place and time is their
    /// product.
    Steady {
        /// Of each place.
        place: Vec<f64>,
        /// Of each time step.
        time: Vec<f64>,
    },
    /// Of each place and time step: all times of the first place, then those of the second.
    Varying(Vec<f64>),
}

/// Which windows are looked at. The limits of the circles are those of [`Circles::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest window, in time steps.
    pub longest: usize,
    /// Only windows that reach the last time step: what goes on now.
    pub is_prospective: bool,
    /// Fewer cases than this are no cluster, however unlikely.
    pub min_cases: u32,
}

/// A window that stands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Its places; the first one is the middle of the circle, the last one lies on its rim.
    pub places: Vec<u32>,
    /// Its first time step.
    pub from: u32,
    /// Its last time step.
    pub to: u32,
    /// Cases in it.
    pub observed: u32,
    /// Cases expected in it.
    pub expected: f64,
    /// Its log likelihood ratio.
    pub llr: f64,
}

/// Cases and what they are compared with, ready to be scanned.
#[derive(Debug, Clone)]
pub struct Study {
    places: usize,
    times: usize,
    /// Sorted, so that the order of the input cannot change a result.
    cases: Vec<Case>,
    /// Sorted too; empty but for [`Model::Bernoulli`].
    controls: Vec<Case>,
    /// One per time step for [`Model::SpaceTimePermutation`], else empty.
    strata: Vec<u8>,
    population: Population,
    likelihood: Likelihood,
}

impl Study {
    /// The study of `cases` at `places` places in `times` time steps. `None` where there is nothing to compare:
    /// fewer than two cases, or no population beyond them.
    ///
    /// # Panics
    /// When a case is at no place or time of the study or where the population is 0, or when the model is of other
    /// places or times.
    pub fn new(places: usize, times: usize, mut cases: Vec<Case>, model: Model) -> Option<Self> {
        cases.sort_unstable();
        let is_inside = |case: &Case| (case.place as usize) < places && (case.time as usize) < times;
        assert!(cases.iter().all(is_inside), "every case has a place and a time");
        let (mut controls, mut strata) = (Vec::new(), Vec::new());
        let is_bernoulli = matches!(model, Model::Bernoulli(_));
        let population = match model {
            Model::SpaceTimePermutation(given) => {
                assert_eq!(given.len(), times, "one stratum per time step");
                strata = given;
                expected_of_margins(places, &strata, &cases)
            }
            Model::Poisson(population) => population,
            Model::Bernoulli(given) => {
                controls = given;
                controls.sort_unstable();
                assert!(controls.iter().all(is_inside), "every control has a place and a time");
                Population::count(places, times, cases.iter().chain(&controls))
            }
        };
        population.check(places, times);
        assert!(
            cases.iter().all(|case| population.at(*case, times) > 0.0),
            "no case where there is no population"
        );
        let n = cases.len() as f64;
        let total = population.total();
        let likelihood = if is_bernoulli {
            Likelihood::Bernoulli { cases: n, total }
        } else {
            Likelihood::Poisson { cases: n, total }
        };
        let is_enough = cases.len() >= 2 && total > 0.0 && (!is_bernoulli || !controls.is_empty());
        is_enough.then_some(Self { places, times, cases, controls, strata, population, likelihood })
    }

    /// The population of each place over all time, for the limits of circles.
    pub fn population(&self) -> Vec<f64> {
        self.population.of_places(self.places)
    }

    /// The largest log likelihood ratios that chance gives in `replicas` scans of cases scattered anew. `stream`
    /// gives the randomness of each.
    pub fn chance(
        &self,
        circles: &Circles,
        limits: Limits,
        replicas: u32,
        stream: impl Fn(u64) -> Stream + Sync,
    ) -> Chance {
        let walk = self.walk(circles, limits);
        let scatter = Scatter::new(self, walk.first);
        Chance::draw(&walk, &scatter, self.likelihood, replicas, stream)
    }

    /// The clusters whose log likelihood ratio is at least `least`, the most likely one first: each is the most
    /// likely window that shares no place with an earlier one at a time that both hold.
    ///
    /// Of windows with equal ratios the one with fewer places comes first, then the shorter, the earlier, and that
    /// around the earlier place.
    pub fn clusters(&self, circles: &Circles, limits: Limits, least: f64) -> Vec<Cluster> {
        let walk = self.walk(circles, limits);
        let mut found = Vec::new();
        let spread = Spread::since(walk.first, self.places, &self.cases);
        walk.each_window(&spread, &mut walk.desk(), |window| {
            if window.count >= limits.min_cases {
                let llr = self.likelihood.ratio(f64::from(window.count), window.mass);
                if llr > 0.0 && llr >= least {
                    found.push((llr, window));
                }
            }
        });
        found.sort_unstable_by(|(llr, a), (other, b)| {
            let rank =
                |window: &walk::Window| (window.size, window.to - window.from, window.from, window.centre);
            other.total_cmp(llr).then(rank(a).cmp(&rank(b)))
        });
        let mut taken: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.places];
        let mut clusters = Vec::new();
        for (llr, window) in found {
            let places = circles.first(window.centre, window.size);
            let overlaps = |place: &u32| {
                taken[*place as usize].iter().any(|&(from, to)| from <= window.to && window.from <= to)
            };
            if places.iter().any(overlaps) {
                continue;
            }
            for &place in places {
                taken[place as usize].push((window.from, window.to));
            }
            clusters.push(Cluster {
                places: places.to_vec(),
                from: window.from,
                to: window.to,
                observed: window.count,
                expected: self.likelihood.expected(window.mass),
                llr,
            });
        }
        clusters
    }

    fn walk<'a>(&'a self, circles: &'a Circles, limits: Limits) -> Walk<'a> {
        assert_eq!(circles.len(), self.places, "circles around the places of the study");
        let first = if limits.is_prospective { self.times.saturating_sub(limits.longest) } else { 0 };
        Walk {
            circles,
            limits,
            first,
            steps: self.times - first,
            mass: Mass::new(&self.population, self.times, first),
        }
    }
}

/// What is expected if, within each stratum, times have nothing to do with places.
fn expected_of_margins(places: usize, strata: &[u8], cases: &[Case]) -> Population {
    let times = strata.len();
    // Kulldorff et al. (2005), equation 1: μ at a place and day is (cases at the place) (cases on the day) / (all
    // cases), here of each stratum.
    let kinds = strata.iter().max().map_or(0, |&last| usize::from(last) + 1);
    let mut place = vec![vec![0.0; kinds]; places];
    let mut total = vec![0.0; kinds];
    let mut time = vec![0.0; times];
    for case in cases {
        let stratum = usize::from(strata[case.time as usize]);
        place[case.place as usize][stratum] += 1.0;
        total[stratum] += 1.0;
        time[case.time as usize] += 1.0;
    }
    if kinds == 1 {
        // Whole numbers: neither the order of a sum nor that of the rows can change them.
        return Population::Steady { place: place.concat(), time };
    }
    let mut table = Vec::with_capacity(places * times);
    for of_strata in &place {
        table.extend(time.iter().zip(strata).map(|(&on_day, &stratum)| {
            let stratum = usize::from(stratum);
            if on_day > 0.0 { of_strata[stratum] * on_day / total[stratum] } else { 0.0 }
        }));
    }
    Population::Varying(table)
}

impl Population {
    fn count<'a>(places: usize, times: usize, people: impl Iterator<Item = &'a Case>) -> Self {
        let mut table = vec![0.0; places * times];
        people.for_each(|one| table[one.place as usize * times + one.time as usize] += 1.0);
        if times == 1 { Self::Steady { place: table, time: vec![1.0] } } else { Self::Varying(table) }
    }

    fn check(&self, places: usize, times: usize) {
        let is_sound = |numbers: &[f64], len: usize| {
            numbers.len() == len && numbers.iter().all(|number| number.is_finite() && *number >= 0.0)
        };
        let fits = match self {
            Self::Steady { place, time } => is_sound(place, places) && is_sound(time, times),
            Self::Varying(table) => is_sound(table, places * times),
        };
        assert!(fits, "a population of 0 or more for every place and time");
    }

    fn at(&self, case: Case, times: usize) -> f64 {
        match self {
            Self::Steady { place, time } => place[case.place as usize] * time[case.time as usize],
            Self::Varying(table) => table[case.place as usize * times + case.time as usize],
        }
    }

    fn total(&self) -> f64 {
        match self {
            Self::Steady { place, time } => place.iter().sum::<f64>() * time.iter().sum::<f64>(),
            Self::Varying(table) => table.iter().sum(),
        }
    }

    fn of_places(&self, places: usize) -> Vec<f64> {
        match self {
            Self::Steady { place, .. } => place.clone(),
            Self::Varying(table) => {
                let times = (table.len() / places.max(1)).max(1);
                table.chunks(times).map(|row| row.iter().sum()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
