//! Cases by place in, every window that can be the most likely one out.
//!
//! For the same number of cases the likelihood ratio falls as more is expected, so that a window can be passed over
//! where a part of it holds as many: it begins and ends on a time with a case, and the outermost places of its
//! circle have a case in it. In a city most cells are quiet on most days; this leaves one window in some thirty.

use super::{Case, Circles, Limits, Population};

/// The cases of each place, in the order of time; only those of the times that are scanned.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    starts: Vec<u32>,
    times: Vec<u32>,
}

impl Spread {
    /// The cases from time step `first` on.
    pub(super) fn since(first: usize, places: usize, cases: &[Case]) -> Self {
        let first = u32::try_from(first).expect("fewer than 2^32 times");
        let seen = |case: &Case| Some(Case { place: case.place, time: case.time.checked_sub(first)? });
        let mut spread = Self::default();
        spread.fill(places, &cases.iter().filter_map(seen).collect::<Vec<_>>());
        spread
    }

    /// How many cases there are.
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    /// Takes in other cases, whose times count from the first one that is scanned.
    pub(super) fn fill(&mut self, places: usize, cases: &[Case]) {
        // Counting sort: `starts` first holds the ends, which move back to the starts as the cases are put in.
        self.starts.clear();
        self.starts.resize(places + 1, 0);
        for case in cases {
            self.starts[case.place as usize] += 1;
        }
        let mut end = 0;
        for start in &mut self.starts {
            end += *start;
            *start = end;
        }
        self.times.clear();
        self.times.resize(cases.len(), 0);
        for case in cases {
            let slot = &mut self.starts[case.place as usize];
            *slot -= 1;
            self.times[*slot as usize] = case.time;
        }
        for place in 0..places {
            self.times[self.starts[place] as usize..self.starts[place + 1] as usize].sort_unstable();
        }
    }

    fn times(&self, place: u32) -> &[u32] {
        &self.times[self.starts[place as usize] as usize..self.starts[place as usize + 1] as usize]
    }
}

/// The population, so that its part in a window is a difference of two sums.
#[derive(Debug, Clone)]
pub(super) enum Mass {
    /// Of each place, and of all times before each of those scanned.
    Steady { place: Vec<f64>, before: Vec<f64> },
    /// Of each place and all times before each of those scanned.
    Varying { before: Vec<f64> },
}

impl Mass {
    pub(super) fn new(population: &Population, times: usize, first: usize) -> Self {
        match population {
            Population::Steady { place, time } => {
                Self::Steady { place: place.clone(), before: sums(&time[first..]).collect() }
            }
            Population::Varying(table) => {
                Self::Varying { before: table.chunks(times).flat_map(|row| sums(&row[first..])).collect() }
            }
        }
    }
}

/// The sums of none, one, two ... of the numbers.
fn sums(numbers: &[f64]) -> impl Iterator<Item = f64> + '_ {
    std::iter::once(0.0).chain(numbers.iter().scan(0.0, |sum, number| {
        *sum += number;
        Some(*sum)
    }))
}

/// A window: a circle by its centre and the number of its places, and its first and last time step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) centre: u32,
    pub(super) size: u32,
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) count: u32,
    pub(super) mass: f64,
}

/// The walk through all circles and the windows over each.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) circles: &'a Circles,
    pub(super) limits: Limits,
    /// The first time step that a window can hold.
    pub(super) first: usize,
    /// How many time steps are scanned.
    pub(super) steps: usize,
    pub(super) mass: Mass,
}

/// What one walk writes on; kept from walk to walk.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    /// Cases in the circle at each time.
    counts: Vec<u32>,
    /// Population before each time: of the circle, or of every place where it is steady.
    before: Vec<f64>,
    /// Times of the cases that the outermost places brought.
    added: Vec<u32>,
    /// Last times of windows, each with the cases after the case in question.
    ends: Vec<(u32, u32)>,
}

impl Walk<'_> {
    pub(super) fn desk(&self) -> Desk {
        let before = match &self.mass {
            Mass::Steady { before, .. } => before.clone(),
            Mass::Varying { .. } => vec![0.0; self.steps + 1],
        };
        Desk { counts: vec![0; self.steps], before, added: Vec::new(), ends: Vec::new() }
    }

    /// Shows every window that can be the most likely one, and perhaps some others, to `visit`; times count from
    /// the beginning of the study.
    #[inline]
    pub(super) fn each_window(&self, cases: &Spread, desk: &mut Desk, mut visit: impl FnMut(Window)) {
        let first = u32::try_from(self.first).expect("fewer than 2^32 times");
        for centre in 0..self.circles.len() {
            desk.counts.fill(0);
            if let Mass::Varying { .. } = &self.mass {
                desk.before.fill(0.0);
            }
            let mut scale = if let Mass::Varying { .. } = &self.mass { 1.0 } else { 0.0 };
            desk.added.clear();
            let centre_number = u32::try_from(centre).expect("fewer than 2^32 places");
            for ((place, closes), size) in self.circles.around(centre).zip(1u32..) {
                match &self.mass {
                    Mass::Steady { place: population, .. } => scale += population[place as usize],
                    Mass::Varying { before } => {
                        let row = &before[place as usize * (self.steps + 1)..][..=self.steps];
                        desk.before.iter_mut().zip(row).for_each(|(sum, number)| *sum += number);
                    }
                }
                for &time in cases.times(place) {
                    desk.counts[time as usize] += 1;
                    desk.added.push(time);
                }
                if !closes || desk.added.is_empty() {
                    continue;
                }
                desk.added.sort_unstable();
                desk.added.dedup();
                let show = |from: u32, to: u32, count: u32, mass: f64| {
                    let (from, to) = (from + first, to + first);
                    visit(Window { centre: centre_number, size, from, to, count, mass: scale * mass });
                };
                if self.limits.is_prospective {
                    self.each_to_the_end(desk, show);
                } else {
                    self.each_stretch(desk, show);
                }
                desk.added.clear();
            }
        }
    }

    /// The windows that reach the end and hold an added case.
    #[inline]
    fn each_to_the_end(&self, desk: &Desk, mut show: impl FnMut(u32, u32, u32, f64)) {
        let (Some(&newest), Some(end)) = (desk.added.last(), desk.before.last()) else { return };
        let steps = u32::try_from(self.steps).expect("fewer than 2^32 times");
        let mut count = 0;
        for from in (0..steps).rev() {
            let cases = desk.counts[from as usize];
            if cases > 0 {
                count += cases;
                if from <= newest {
                    show(from, steps - 1, count, end - desk.before[from as usize]);
                }
            }
        }
    }

    /// The windows that begin and end with a case and hold an added one.
    #[inline]
    fn each_stretch(&self, desk: &mut Desk, mut show: impl FnMut(u32, u32, u32, f64)) {
        let steps = u32::try_from(self.steps).expect("fewer than 2^32 times");
        let longest = u32::try_from(self.limits.longest).unwrap_or(u32::MAX);
        let mut earliest = 0;
        for &added in &desk.added {
            // Windows whose first added case is this one: they begin after the one before, and end anywhere.
            let stop = added.saturating_add(longest).min(steps);
            desk.ends.clear();
            let mut after = 0;
            desk.ends.push((added, 0));
            for (&cases, time) in desk.counts[added as usize + 1..stop as usize].iter().zip(added + 1..) {
                if cases > 0 {
                    after += cases;
                    desk.ends.push((time, after));
                }
            }
            let mut count = 0;
            for from in (earliest.max((added + 1).saturating_sub(longest))..=added).rev() {
                let cases = desk.counts[from as usize];
                if cases == 0 {
                    continue;
                }
                count += cases;
                let mass_before = desk.before[from as usize];
                for &(to, after) in &desk.ends {
                    if to - from >= longest {
                        break;
                    }
                    show(from, to, count + after, desk.before[to as usize + 1] - mass_before);
                }
            }
            earliest = added + 1;
        }
    }
}
