//! Fixes in, the observations that are worth matching out.
//!
//! 1. Fixes without a place or at a time already taken are set aside, then single fixes that no truck can have driven
//!    to. 2. Fixes that follow each other closely are averaged. 3. Where the truck stands, its fixes become one
//!    observation in their middle. 4. Of the others only those stay that lie two standard deviations of the noise from
//!    the one before (Newson & Krumm 2009, section 4.1): nearer ones tell more about the noise than about the way.

use super::{Fate, Options};
use crate::unit::Local;

/// Two fixes farther apart than a truck drives, beyond what noise explains, metres per second: 126 km/h.
const FASTEST_MS: f64 = 35.0;
/// So many standard deviations of both fixes together may lie between two fixes of the same place.
const NOISE_REACH: f64 = 6.0;
/// So many fixes in a row that agree with each other are where the truck is, however it came there.
const AGREEING: usize = 3;
/// A truck stands where it stays this near, metres, for this long, seconds. Zheng & Xie (2011) use 20 minutes for
/// people; a truck at a container stands for half a minute.
const STAY_M: f64 = 25.0;
const STAY_S: f64 = 20.0;
/// The same in standard deviations of the noise, where those are larger.
const STAY_SIGMAS: f64 = 2.5;
/// A fix is worth matching at this many standard deviations from the one before.
const THIN_SIGMAS: f64 = 2.0;

/// Fixes are averaged over so many standard deviations of way, looking at most so many seconds back and ahead. 1 to 4
/// were tried on made-up tours of three seeds in two places: they differ little where noise fades slowly; where it
/// does not, 1 is far too few.
const SMOOTH_SIGMAS: f64 = 3.0;
const AROUND_S: f64 = 10.0;

/// One or more fixes that are matched as one.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    /// Where.
    pub(super) at: Local,
    /// The first and the last moment of it, seconds.
    pub(super) from: f64,
    pub(super) until: f64,
    /// Its fixes, as places in [`Cleaned::kept`]: first those that it is made of, then thinned ones.
    pub(super) fixes: std::ops::Range<usize>,
    /// How many of them it is made of; more than one where the truck stood.
    pub(super) n_core: usize,
    /// Whether nothing is known about the way from the observation before.
    pub(super) is_after_hole: bool,
}

impl Observation {
    pub(super) fn is_stay(&self) -> bool {
        self.n_core > 1
    }
}

/// What cleaning leaves.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    /// Fixes that take part, ascending.
    pub(super) kept: Vec<u32>,
    pub(super) observations: Vec<Observation>,
}

/// Sets aside what cannot be used, writing why into `fates`, and collapses the rest.
pub(super) fn observations(
    time: &[i64],
    at: &[Local],
    sigma_m: f64,
    options: &Options,
    fates: &mut [Fate],
) -> Cleaned {
    let usable = usable(time, at, fates);
    let (kept, is_elsewhere) = without_jumps(&usable, time, at, sigma_m, fates);
    let fixes: Vec<(f64, Local)> =
        kept.iter().map(|&fix| (time[fix as usize] as f64, at[fix as usize])).collect();
    let fixes = smoothed(&fixes, sigma_m);
    let observations = collapsed(&fixes, &is_elsewhere, sigma_m, options);
    Cleaned { kept, observations }
}

/// The fixes that have a place and a time of their own.
fn usable(time: &[i64], at: &[Local], fates: &mut [Fate]) -> Vec<u32> {
    let mut usable: Vec<u32> = Vec::with_capacity(time.len());
    for (index, fate) in (0u32..).zip(fates.iter_mut()) {
        let is_new = usable.last().is_none_or(|&last| time[last as usize] < time[index as usize]);
        if !at[index as usize].is_somewhere() {
            *fate = Fate::OffNetwork;
        } else if is_new {
            usable.push(index);
        } else {
            *fate = Fate::Duplicate;
        }
    }
    usable
}

/// Takes out fixes to which no truck can have driven; of those that stay, whether each lies elsewhere than the one
/// before although both are right.
fn without_jumps(
    usable: &[u32],
    time: &[i64],
    at: &[Local],
    sigma_m: f64,
    fates: &mut [Fate],
) -> (Vec<u32>, Vec<bool>) {
    let can_drive = |from: u32, to: u32| {
        let (from, to) = (from as usize, to as usize);
        let noise_m = NOISE_REACH * std::f64::consts::SQRT_2 * sigma_m;
        at[from].distance_m(at[to]) <= FASTEST_MS * (time[to] - time[from]) as f64 + noise_m
    };
    // A run of fixes that follow from each other; where the first fix is the one that is wrong, so many others follow.
    let agrees = |place: usize| {
        let run = &usable[place..(place + AGREEING).min(usable.len())];
        run.len() == AGREEING && run.windows(2).all(|two| can_drive(two[0], two[1]))
    };
    let (mut kept, mut is_elsewhere): (Vec<u32>, Vec<bool>) = (Vec::new(), Vec::new());
    for (place, &fix) in usable.iter().enumerate() {
        let follows = kept.last().is_none_or(|&last| can_drive(last, fix));
        if follows || agrees(place) {
            kept.push(fix);
            is_elsewhere.push(!follows);
        } else {
            fates[fix as usize] = Fate::Jump;
        }
    }
    (kept, is_elsewhere)
}

/// Fixes that follow each other in time, made fewer.
fn collapsed(
    fixes: &[(f64, Local)],
    is_elsewhere: &[bool],
    sigma_m: f64,
    options: &Options,
) -> Vec<Observation> {
    let thin_m = THIN_SIGMAS * sigma_m;
    let mut observations: Vec<Observation> = Vec::new();
    let mut place = 0;
    while place < fixes.len() {
        let n_core = stay(fixes, place, sigma_m).unwrap_or(1);
        let core = &fixes[place..place + n_core];
        let at = if n_core > 1 { middle(core) } else { core[0].1 };
        let last = observations.last_mut();
        let is_hole = last.as_ref().is_some_and(|last| {
            let gap_s = core[0].0 - fixes[last.fixes.end - 1].0;
            is_elsewhere[place] || gap_s > options.hole_s as f64
        });
        match last {
            Some(last) if n_core == 1 && !is_hole && last.at.distance_m(at) < thin_m => {
                last.fixes.end = place + 1;
            }
            _ => observations.push(Observation {
                at,
                from: core[0].0,
                until: core[n_core - 1].0,
                fixes: place..place + n_core,
                n_core,
                is_after_hole: is_hole,
            }),
        }
        place += n_core;
    }
    observations
}

/// How many fixes from `first` on the truck stands in one place; `None` if it does not.
///
/// Li et al. (2008), Mining user similarity based on location history, with the mean of the fixes so far in the place
/// of the first one: that one may be the noisiest.
fn stay(fixes: &[(f64, Local)], first: usize, sigma_m: f64) -> Option<usize> {
    let within_m = STAY_M.max(STAY_SIGMAS * sigma_m);
    let least_s = STAY_S * within_m / STAY_M;
    let (mut sum, mut count) = (fixes[first].1, 1.0);
    let mut last = first;
    for (place, &(_, at)) in fixes.iter().enumerate().skip(first + 1) {
        let mean = Local::new(sum.x / count, sum.y / count);
        if mean.distance_m(at) > within_m {
            break;
        }
        sum = Local::new(sum.x + at.x, sum.y + at.y);
        count += 1.0;
        last = place;
    }
    (fixes[last].0 - fixes[first].0 >= least_s).then_some(last - first + 1)
}

/// The median east and north: a fix far off does not move it.
fn middle(fixes: &[(f64, Local)]) -> Local {
    let median = |axis: fn(&Local) -> f64| {
        let mut values: Vec<f64> = fixes.iter().map(|(_, at)| axis(at)).collect();
        values.sort_unstable_by(f64::total_cmp);
        f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
    };
    Local::new(median(|at| at.x), median(|at| at.y))
}

/// Fixes averaged with those shortly before and after, over a way of three standard deviations: what differs from fix to
/// fix goes, and corners are cut by less than the noise. The way is that at the speed of the seconds around; fixes that
/// lie farther apart stay as they are.
fn smoothed(fixes: &[(f64, Local)], sigma_m: f64) -> Vec<(f64, Local)> {
    let (mut first, mut last) = (0, 0);
    let smooth = |(place, &(time, _)): (usize, &(f64, Local))| {
        while fixes[first].0 < time - AROUND_S {
            first += 1;
        }
        last = last.max(place);
        while fixes.get(last + 1).is_some_and(|next| next.0 <= time + AROUND_S) {
            last += 1;
        }
        let (from, until) = (fixes[first], fixes[last]);
        let speed_ms = from.1.distance_m(until.1) / (until.0 - from.0).max(1e-9);
        let half_s = (0.5 * SMOOTH_SIGMAS * sigma_m / speed_ms.max(1e-9)).min(AROUND_S);
        let (mut sum, mut count) = (Local::new(0.0, 0.0), 0.0);
        for (_, at) in fixes[first..=last].iter().filter(|(other, _)| (other - time).abs() <= half_s) {
            sum = Local::new(sum.x + at.x, sum.y + at.y);
            count += 1.0;
        }
        (time, Local::new(sum.x / count, sum.y / count))
    };
    fixes.iter().enumerate().map(smooth).collect()
}
