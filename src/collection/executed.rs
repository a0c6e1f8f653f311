//! Planned visits, the fixes of the vehicles and the reports in, what became of each visit out.
//!
//! For each vehicle and day the planned calls are laid over the fixes in all ways that keep their order
//! (`lattice`), weighing where the truck stood, for how long, how often each stop is left out on other days (`habits`,
//! learnt from the tracks themselves), and whether somebody then reported it as full (`complaints`). A visit in a hole of
//! the track is unknown, whatever is probable.

mod complaints;
mod habits;
mod lattice;
mod verdicts;

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use self::complaints::Complaints;
use self::habits::{Habits, Lesson};
use self::lattice::{Chance, Point, Tour};
use self::verdicts::Judge;
pub(super) use self::verdicts::mark_late;
use super::{Evidence, Options, Visit};
use crate::model::round::{Call, Rounds, Stop};
use crate::model::some;
use crate::model::track::Track;
use crate::network::{Matrix, Network, Snap};
use crate::period::{Clock, Day};
use crate::progress::Progress;
use crate::unit::Local;

/// Rounds of learning; the figures hardly move after the third.
const PASSES: usize = 5;
/// From this one on, moments between fixes lie closer together where fixes are rare.
const FINE_FROM: usize = 4;
/// Seconds between those moments: at first, and then.
const COARSE_S: i64 = 20;
const FINE_S: i64 = 7;
/// Fixes are far apart when more seconds than these lie between them.
const FAR_APART_S: i64 = 40;
/// A truck this near to its depot is at its depot, metres.
const AT_DEPOT_M: f64 = 300.0;
/// A truck that stood still at its depot while nothing was logged is found again this near to where it was, metres;
const PARKED_M: f64 = 75.0;
/// or, as often nothing is logged at the depot itself, so much nearer to the depot than the first stop is.
const NEARER_THAN_STOPS: f64 = 0.5;
/// Trucks halt on the street nearest to the stop, if there is one this near, metres.
const SNAP_M: f64 = 60.0;
/// The farther that street, the less sure: so many metres for each between.
const FARTHER: f64 = 0.2;
/// A street this little farther than the nearest could be the one on which the truck halts as well, metres.
const RIVAL_M: f64 = 8.0;
/// How far from the nearest spot of that street, and from a stop without a street, to begin with, metres.
const ON_STREET_M: f64 = 4.0;
const OFF_STREET_M: f64 = 10.0;
/// Two halts nearer than this are one corner, metres.
const CORNER_M: f64 = 20.0;
/// So many calls left out in a row are a closed street or a round broken off, and say nothing about a stop.
const CLOSED_RUN: usize = 4;

/// One vehicle's day: the visits planned for it and the fixes to find them in.
struct Shift {
    /// Indices into the visits, in planned order.
    visits: Vec<usize>,
    /// The stop of each.
    stops: Vec<u32>,
    /// Fixes, and moments between those that are far apart; empty where there is no fix.
    points: Vec<Point>,
    /// Beginning and end of each hole, as indices into `points`.
    holes: Vec<(usize, usize)>,
    may_begin_unseen: bool,
    may_end_unseen: bool,
    depot: Option<Local>,
}

impl Shift {
    /// The points at which the truck was heard of.
    fn fixes(&self) -> Vec<&Point> {
        self.points.iter().filter(|point| point.is_fix()).collect()
    }
}

/// One shift's calls laid over its points.
struct Laid {
    chances: Vec<Chance>,
    /// Per point the calls worth weighing there again.
    kept: Vec<Vec<u32>>,
    lesson: Lesson,
}

/// Says of each visit what became of it; which of those made were late is said later. Visits must stand in the order
/// of [`super::planned::visits`].
pub fn carry_out(visits: &mut [Visit], evidence: &Evidence<'_>, options: &Options, progress: &dyn Progress) {
    let &Evidence { rounds, tracks, network, clock, .. } = evidence;
    let mut shifts = shifts_of(visits, rounds, tracks, clock, options, COARSE_S);
    progress.begin("verifying visits", (PASSES * shifts.len()) as u64);
    let mut habits = first_guess(rounds, tracks, network);
    let mut missed: Vec<Vec<Option<f64>>> =
        shifts.iter().map(|shift| vec![None; shift.stops.len()]).collect();
    let mut complaints = Complaints::new(visits, evidence);
    let mut log_odds = complaints.log_odds(&vec![None; visits.len()]);
    let mut chances: Vec<Vec<Chance>> = Vec::new();
    let mut kept: Vec<Option<Vec<Vec<u32>>>> = vec![None; shifts.len()];
    for pass in 1..=PASSES {
        if pass == FINE_FROM && habits.are_sparse() {
            let fine = shifts_of(visits, rounds, tracks, clock, options, FINE_S);
            for (kept, (coarse, fine)) in kept.iter_mut().zip(shifts.iter().zip(&fine)) {
                *kept = kept.take().map(|kept| refined(&coarse.points, &kept, &fine.points));
            }
            shifts = fine;
        }
        let laid: Vec<Laid> = shifts
            .par_iter()
            .zip(&missed)
            .zip(&kept)
            .map(|((shift, missed), kept)| {
                let laid = lay(shift, missed, &log_odds, kept.as_deref(), &habits, options);
                progress.advance(1);
                laid
            })
            .collect();
        let mut lessons: Vec<Lesson> = Vec::with_capacity(laid.len());
        chances.clear();
        for (laid, kept) in laid.into_iter().zip(&mut kept) {
            chances.push(laid.chances);
            lessons.push(laid.lesson);
            *kept = Some(laid.kept);
        }
        if pass < PASSES {
            habits.learn(&lessons);
            missed = shifts.iter().zip(&chances).map(|(shift, chances)| left_out(shift, chances)).collect();
            habits.learn_missed(&counted(&shifts, &missed));
            let left_out = by_visit(&shifts, &chances, visits.len());
            complaints.learn(&left_out);
            log_odds = complaints.log_odds(&left_out);
        }
    }
    tracing::info!(
        sigma_m = habits.sigma_m,
        memory_s = habits.memory_s,
        speed_ms = habits.speed_ms,
        dwell_s = habits.dwell[1].mean(),
        waiting = habits.waiting,
        gap_s = habits.gap_s,
        halt_off_m = habits.sure_var.sqrt(),
        "habits learnt"
    );
    let cut = verdicts::best_cut(chances.iter().flatten());
    let judge = Judge { cut, habits: &habits, rounds, clock, options };
    for (shift, chances) in shifts.iter().zip(&chances) {
        judge.judge(visits, shift, chances);
    }
    verdicts::explain_unseen(visits, rounds, tracks, clock);
}

/// Each vehicle's days, in the order of vehicle and day, with a moment in about every `step_s` between fixes that are far
/// apart.
fn shifts_of(
    visits: &[Visit],
    rounds: &Rounds,
    tracks: &[Track],
    clock: &Clock,
    options: &Options,
    step_s: i64,
) -> Vec<Shift> {
    let mut of: BTreeMap<(u32, Day), Vec<usize>> = BTreeMap::new();
    for (index, visit) in visits.iter().enumerate() {
        let vehicle = rounds.trips[visit.trip as usize].vehicle;
        of.entry((vehicle, visit.day)).or_default().push(index);
    }
    for planned in of.values_mut() {
        planned.sort_by_key(|&index| (visits[index].planned_at, index));
        // Whole trips one after the other, in the order in which they begin.
        let mut begins: BTreeMap<u32, i64> = BTreeMap::new();
        for &index in planned.iter() {
            begins.entry(visits[index].trip).or_insert(visits[index].planned_at);
        }
        planned
            .sort_by_key(|&index| (begins[&visits[index].trip], visits[index].trip, visits[index].sequence));
    }
    let keys: Vec<(u32, Day)> = of.keys().copied().collect();
    let mut shifts: Vec<Shift> = keys
        .par_iter()
        .enumerate()
        .filter_map(|(place, key)| {
            let vehicle = some(key.0)?;
            let track = tracks.iter().find(|track| track.vehicle == rounds.vehicles[vehicle].id)?;
            let planned = &of[key];
            let first = visits[*planned.first()?].planned_at;
            let last = planned.iter().map(|&index| visits[index].planned_at).max()?;
            let next = keys.get(place + 1).filter(|next| next.0 == key.0);
            let next_first = next.map_or(i64::MAX, |next| visits[of[next][0]].planned_at - options.early_s());
            let until = (last + options.overrun_s()).min(next_first);
            let depot = rounds.vehicles[vehicle].depot.or_else(|| usual_start(track, clock));
            let span = (first - options.early_s(), until);
            let place = |&index: &usize| rounds.stops[visits[index].stop as usize].at;
            let places = planned.iter().map(place).collect();
            Some(Due { visits, planned, places, span, depot }.shift(track, options, step_s))
        })
        .collect();
    shifts.retain(|shift| !shift.points.is_empty());
    shifts
}

/// Where most days of a track begin, if they begin in one place.
fn usual_start(track: &Track, clock: &Clock) -> Option<Local> {
    let mut firsts: Vec<Local> = Vec::new();
    let mut last_day = None;
    for (&time, &at) in track.time.iter().zip(&track.at) {
        let day = clock.day(time);
        if last_day != Some(day) {
            firsts.push(at);
            last_day = Some(day);
        }
    }
    let near = |centre: &Local| firsts.iter().filter(|at| at.distance_m(*centre) < AT_DEPOT_M).count();
    let (count, depot) = firsts
        .iter()
        .enumerate()
        .map(|(index, at)| ((near(at), usize::MAX - index), *at))
        .max_by_key(|x| x.0)?;
    (count.0 >= 3 && 10 * count.0 >= 6 * firsts.len()).then_some(depot)
}

/// What one vehicle is to do on a day.
struct Due<'a> {
    visits: &'a [Visit],
    /// Indices into the visits, in planned order.
    planned: &'a [usize],
    /// Where each of them is.
    places: Vec<Local>,
    /// When its fixes count, seconds UTC.
    span: (i64, i64),
    depot: Option<Local>,
}

impl Due<'_> {
    /// It with the fixes of `track`, and a moment in about every `step_s` between those that are far apart.
    fn shift(&self, track: &Track, options: &Options, step_s: i64) -> Shift {
        let (points, holes) = self.points(track, options.hole_s, step_s);
        let begins = self.visits[self.planned[0]].planned_at;
        Shift {
            visits: self.planned.to_vec(),
            stops: self.planned.iter().map(|&index| self.visits[index].stop).collect(),
            // A track that begins when the tour should long be under way says nothing about what came before.
            may_begin_unseen: points.first().is_some_and(|first| {
                !self.is_at_depot(first.at) || first.time > begins + options.early_s() / 2
            }),
            may_end_unseen: points.last().is_some_and(|last| !self.is_at_depot(last.at)),
            points,
            holes,
            depot: self.depot,
        }
    }

    fn to_depot_m(&self, at: Local) -> f64 {
        self.depot.map_or(f64::INFINITY, |depot| depot.distance_m(at))
    }

    fn is_at_depot(&self, at: Local) -> bool {
        self.to_depot_m(at) < AT_DEPOT_M
    }

    /// The fixes, with moments between those that are far apart; and the holes, gaps of more than `longest_s`, as indices
    /// into them.
    fn points(&self, track: &Track, longest_s: i64, step_s: i64) -> (Vec<Point>, Vec<(usize, usize)>) {
        let before = |instant: i64| track.time.partition_point(|&time| time < instant);
        let range = before(self.span.0)..before(self.span.1.saturating_add(1));
        let nearest_m = self.places.iter().map(|&at| self.to_depot_m(at)).fold(f64::INFINITY, f64::min);
        let is_in_yard = |at: Local| self.to_depot_m(at) < NEARER_THAN_STOPS * nearest_m;
        let mut points: Vec<Point> = Vec::with_capacity(range.len());
        let mut holes = Vec::new();
        for index in range {
            let (time, at) = (track.time[index], track.at[index]);
            if !at.is_somewhere() || points.last().is_some_and(|last| last.time >= time) {
                continue;
            }
            if let Some(last) = points.last().copied() {
                let gap_s = time - last.time;
                let is_parked = last.at.distance_m(at) < PARKED_M || (is_in_yard(last.at) && is_in_yard(at));
                let is_asleep =
                    gap_s > longest_s && self.is_at_depot(last.at) && self.is_at_depot(at) && is_parked;
                let is_hole = gap_s > longest_s && !is_asleep;
                let begins = points.len() - 1;
                if gap_s > FAR_APART_S && !is_asleep {
                    fill_gap(&mut points, &last, time, if is_hole { COARSE_S } else { step_s }, is_hole);
                }
                if is_hole {
                    holes.push((begins, points.len()));
                }
            }
            let speed_ms = track.speed_ms.get(index).map_or(f64::NAN, |&speed| f64::from(speed));
            points.push(Point { time, at, speed_ms, is_in_hole: false });
        }
        (points, holes)
    }
}

/// Moments between two fixes: one in about every `step_s`.
fn fill_gap(points: &mut Vec<Point>, last: &Point, time: i64, step_s: i64, is_in_hole: bool) {
    let gap_s = time - last.time;
    let pieces = gap_s / step_s;
    for piece in 1..pieces {
        let between = last.time + gap_s * piece / pieces;
        points.push(Point { time: between, at: Local::NOWHERE, speed_ms: f64::NAN, is_in_hole });
    }
}

/// The calls worth weighing at each of the `fine` points: those kept at any of the `coarse` ones since the same fix.
fn refined(coarse: &[Point], kept: &[Vec<u32>], fine: &[Point]) -> Vec<Vec<u32>> {
    let mut since: Vec<Vec<u32>> = vec![Vec::new()];
    for (point, kept) in coarse.iter().zip(kept) {
        since.last_mut().expect("there is always one").extend(kept);
        if point.is_fix() {
            since.push(Vec::new());
        }
    }
    for calls in &mut since {
        calls.sort_unstable();
        calls.dedup();
    }
    let mut fixes = 0;
    let calls = fine.iter().map(|point| {
        let calls = since[fixes].clone();
        fixes += usize::from(point.is_fix());
        calls
    });
    calls.collect()
}

/// The guess from which learning starts.
fn first_guess(rounds: &Rounds, tracks: &[Track], network: &Network) -> Habits {
    let service: Vec<f64> = rounds.stops.iter().map(|stop| stop.service_s.unwrap_or(f64::NAN)).collect();
    let halt = |stop: &Stop| street_beside(stop.at, network).unwrap_or((stop.at, OFF_STREET_M));
    let (halts, offsets): (Vec<Local>, Vec<f64>) = rounds.stops.iter().map(halt).unzip();
    Habits::guess(halts, &offsets, &service, empty_s(rounds, network), free_speed(tracks))
}

/// Seconds of driving on the empty streets from each call of a trip to the next few.
fn empty_s(rounds: &Rounds, network: &Network) -> FxHashMap<(u32, u32), f32> {
    let mut empty_s = FxHashMap::default();
    for trip in &rounds.trips {
        let snap =
            |call: &Call| Some((call.stop, network.snap(rounds.stops[call.stop as usize].at, SNAP_M)?));
        let (stops, snaps): (Vec<u32>, Vec<Snap>) = trip.calls.iter().filter_map(snap).unzip();
        let matrix = Matrix::new(network, &snaps);
        for from in 0..stops.len() {
            for to in from + 1..stops.len().min(from + 1 + lattice::NEXT) {
                if let Some(seconds) = matrix.seconds(from, to) {
                    #[expect(clippy::cast_possible_truncation, reason = "seconds of a drive")]
                    empty_s.insert((stops[from], stops[to]), seconds as f32);
                }
            }
        }
    }
    empty_s
}

/// The spot on the street beside a stop, and how far off the halt may be; farther where another street is about
/// as near. `None` where there is no street.
fn street_beside(stop: Local, network: &Network) -> Option<(Local, f64)> {
    let snaps = network.snaps(stop, SNAP_M);
    let nearest = snaps.first()?;
    let rivals = snaps.iter().filter(|other| other.distance_m < nearest.distance_m + RIVAL_M);
    let apart_m = rivals.map(|other| other.point.distance_m(nearest.point)).fold(0.0, f64::max);
    Some((nearest.point, ON_STREET_M.max(0.5 * apart_m).max(FARTHER * nearest.distance_m)))
}

/// Metres per second between stops: the median logged speed of a truck that drives, else from fix to fix.
fn free_speed(tracks: &[Track]) -> f64 {
    let logged = tracks.iter().flat_map(|track| track.speed_ms.iter()).map(|&speed| f64::from(speed));
    let mut speeds: Vec<f64> = logged.filter(|speed| *speed > 1.5 && *speed < 35.0).collect();
    let mut quantile = 0.5;
    if speeds.len() < 100 {
        quantile = 0.8;
        speeds.clear();
        for track in tracks {
            for index in 1..track.len() {
                let seconds = (track.time[index] - track.time[index - 1]) as f64;
                let metres = track.at[index].distance_m(track.at[index - 1]);
                if seconds > 0.0 && seconds < 120.0 && metres > 50.0 && metres < 35.0 * seconds {
                    speeds.push(metres / seconds);
                }
            }
        }
    }
    speeds.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the length")]
    let place = (quantile * speeds.len() as f64) as usize;
    speeds.get(place).copied().unwrap_or(5.0).clamp(2.0, 20.0)
}

/// Lays one shift's calls over its points.
fn lay(
    shift: &Shift,
    missed: &[Option<f64>],
    log_odds: &[f64],
    kept: Option<&[Vec<u32>]>,
    habits: &Habits,
    options: &Options,
) -> Laid {
    let miss = |((&stop, own), &visit): ((&u32, &Option<f64>), &usize)| {
        let rate = habits.miss_rate(stop, *own);
        let odds = rate / (1.0 - rate) * log_odds[visit].exp();
        (odds / (1.0 + odds)).clamp(1e-4, 0.999)
    };
    let miss: Vec<f64> = shift.stops.iter().zip(missed).zip(&shift.visits).map(miss).collect();
    let tour = Tour {
        points: &shift.points,
        stops: &shift.stops,
        miss: &miss,
        kept,
        may_begin_unseen: shift.may_begin_unseen,
        may_end_unseen: shift.may_end_unseen,
        geofence_m: options.geofence_m,
    };
    let mut lesson = habits.lesson();
    let (chances, kept) = lattice::chances(&tour, habits, &mut lesson);
    Laid { chances, kept, lesson }
}

/// Per call: the probability that it was left out, where that says something about its stop.
fn left_out(shift: &Shift, chances: &[Chance]) -> Vec<Option<f64>> {
    let mut missed: Vec<Option<f64>> = chances.iter().map(Chance::left_out).collect();
    let mut from = 0;
    while from < missed.len() {
        let run = missed[from..].iter().take_while(|missed| missed.is_none_or(|p| p > 0.5)).count();
        if run >= CLOSED_RUN {
            missed[from..from + run].fill(None);
        }
        from += run.max(1);
    }
    debug_assert_eq!(missed.len(), shift.stops.len());
    missed
}

/// Per visit the probability that it was left out, where its track says something about it.
fn by_visit(shifts: &[Shift], chances: &[Vec<Chance>], n_visits: usize) -> Vec<Option<f64>> {
    let mut left_out = vec![None; n_visits];
    for (shift, chances) in shifts.iter().zip(chances) {
        for (&visit, chance) in shift.visits.iter().zip(chances) {
            left_out[visit] = chance.left_out();
        }
    }
    left_out
}

/// All that counts towards the stops' own rates.
fn counted(shifts: &[Shift], missed: &[Vec<Option<f64>>]) -> Vec<(u32, f64)> {
    let calls = shifts.iter().zip(missed).flat_map(|(shift, missed)| shift.stops.iter().zip(missed));
    calls.filter_map(|(&stop, missed)| missed.map(|missed| (stop, missed))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_kept_between_two_fixes_is_weighed_at_every_finer_moment_between_them() {
        let fix = |time: i64| Point { time, at: Local::new(0.0, 0.0), speed_ms: f64::NAN, is_in_hole: false };
        let points = |step_s: i64| {
            let mut points = vec![fix(0)];
            fill_gap(&mut points, &fix(0), 60, step_s, false);
            points.push(fix(60));
            points
        };
        let (coarse, fine) = (points(COARSE_S), points(FINE_S));
        let kept = refined(&coarse, &[vec![1], vec![2], vec![3], vec![2, 4]], &fine);
        assert_eq!(kept[0], [1]);
        assert!(kept.len() == fine.len() && kept[1..].iter().all(|calls| calls == &[2, 3, 4]), "{kept:?}");
    }
}
