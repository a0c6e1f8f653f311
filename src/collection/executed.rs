//! Planned visits and the fixes of the vehicles in, what became of each visit out.
//!
//! For each vehicle and day the planned calls are laid over the fixes in all ways that keep their order
//! (`lattice`), weighing where the truck stood, for how long, and how often each stop is left out on other
//! days (`habits`, learnt from the tracks themselves). A visit in a hole of the track is unknown, whatever
//! is probable.

mod habits;
mod lattice;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use self::habits::{Habits, Lesson};
use self::lattice::{Chance, Point, Tour};
use super::{Options, Outcome, Visit};
use crate::model::round::{Rounds, Stop};
use crate::model::some;
use crate::model::track::Track;
use crate::network::Network;
use crate::period::{Clock, Day};
use crate::progress::Progress;
use crate::unit::Local;

/// Rounds of learning; the figures hardly move after the third.
const PASSES: usize = 5;
/// A truck this near to its depot is at its depot, metres.
const AT_DEPOT_M: f64 = 300.0;
/// Trucks halt on the street nearest to the stop, if there is one this near, metres.
const SNAP_M: f64 = 30.0;
/// A street this little farther than the nearest could be the one on which the truck halts as well, metres.
const RIVAL_M: f64 = 8.0;
/// How far from the nearest spot of that street, and from a stop without a street, to begin with, metres.
const ON_STREET_M: f64 = 4.0;
const OFF_STREET_M: f64 = 10.0;
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

/// Says of each visit what became of it. Visits must stand in the order of [`super::planned::visits`].
pub fn carry_out(
    visits: &mut [Visit],
    rounds: &Rounds,
    tracks: &[Track],
    network: &Network,
    clock: &Clock,
    options: &Options,
    progress: &dyn Progress,
) {
    let shifts = shifts(visits, rounds, tracks, clock, options);
    progress.begin("verifying visits", (PASSES * shifts.len()) as u64);
    let mut habits = first_guess(rounds, tracks, network);
    let mut missed: Vec<Vec<Option<f64>>> =
        shifts.iter().map(|shift| vec![None; shift.stops.len()]).collect();
    let mut chances: Vec<Vec<Chance>> = Vec::new();
    for pass in 1..=PASSES {
        let laid: Vec<(Vec<Chance>, Lesson)> = shifts
            .par_iter()
            .zip(&missed)
            .map(|(shift, missed)| {
                let result = lay(shift, missed, &habits, options);
                progress.advance(1);
                result
            })
            .collect();
        let lessons: Vec<Lesson>;
        (chances, lessons) = laid.into_iter().unzip();
        if pass < PASSES {
            habits.learn(&lessons);
            missed = shifts.iter().zip(&chances).map(|(shift, chances)| left_out(shift, chances)).collect();
            habits.learn_missed(&counted(&shifts, &missed));
        }
    }
    tracing::info!(
        sigma_m = habits.sigma_m,
        memory_s = habits.memory_s,
        speed_ms = habits.speed_ms,
        dwell_s = habits.dwell[0].mean(),
        waiting = habits.waiting,
        gap_s = habits.gap_s,
        halt_off_m = habits.sure_var.sqrt(),
        "habits learnt"
    );
    for (shift, chances) in shifts.iter().zip(&chances) {
        judge(visits, shift, chances, &habits, rounds, clock, options);
    }
    mark_late(visits, rounds.trips.len(), options);
    explain_unseen(visits, rounds, tracks, clock);
}

/// Each vehicle's days, in the order of day and vehicle.
fn shifts(
    visits: &[Visit],
    rounds: &Rounds,
    tracks: &[Track],
    clock: &Clock,
    options: &Options,
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
            Some(shift(visits, planned, track, first - options.early_s(), until, depot, options))
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

/// The points of one shift: its fixes within `from..until`, and moments between those that are far apart.
fn shift(
    visits: &[Visit],
    planned: &[usize],
    track: &Track,
    from: i64,
    until: i64,
    depot: Option<Local>,
    options: &Options,
) -> Shift {
    let range =
        track.time.partition_point(|&time| time < from)..track.time.partition_point(|&time| time <= until);
    let is_at_depot = |at: Local| depot.is_some_and(|depot| depot.distance_m(at) < AT_DEPOT_M);
    let mut points: Vec<Point> = Vec::with_capacity(range.len());
    let mut holes = Vec::new();
    for index in range {
        let (time, at) = (track.time[index], track.at[index]);
        if !at.is_somewhere() || points.last().is_some_and(|last| last.time >= time) {
            continue;
        }
        if let Some(last) = points.last().copied() {
            let gap_s = time - last.time;
            let is_asleep = gap_s > options.hole_s && is_at_depot(last.at) && is_at_depot(at);
            if gap_s > options.hole_s && !is_asleep {
                holes.push((points.len() - 1, 0));
            }
            if gap_s > 40 && !is_asleep {
                fill_gap(&mut points, &last, time, gap_s > options.hole_s);
            }
        }
        let speed_ms = track.speed_ms.get(index).map_or(f64::NAN, |&speed| f64::from(speed));
        points.push(Point { time, at, speed_ms, is_in_hole: false });
        if let Some(hole) = holes.last_mut().filter(|hole| hole.1 == 0) {
            hole.1 = points.len() - 1;
        }
    }
    Shift {
        visits: planned.to_vec(),
        stops: planned.iter().map(|&index| visits[index].stop).collect(),
        // A track that begins when the tour should long be under way says nothing about what came before.
        may_begin_unseen: points.first().is_some_and(|first| {
            !is_at_depot(first.at) || first.time > visits[planned[0]].planned_at + options.early_s() / 2
        }),
        may_end_unseen: points.last().is_some_and(|last| !is_at_depot(last.at)),
        points,
        holes,
        depot,
    }
}

/// Moments between two fixes: one in about every 20 s.
fn fill_gap(points: &mut Vec<Point>, last: &Point, time: i64, is_in_hole: bool) {
    let gap_s = time - last.time;
    let pieces = gap_s / 20;
    for piece in 1..pieces {
        let between = last.time + gap_s * piece / pieces;
        points.push(Point { time: between, at: Local::NOWHERE, speed_ms: f64::NAN, is_in_hole });
    }
}

/// The guess from which learning starts.
fn first_guess(rounds: &Rounds, tracks: &[Track], network: &Network) -> Habits {
    let service: Vec<f64> = rounds.stops.iter().map(|stop| stop.service_s.unwrap_or(f64::NAN)).collect();
    let halt = |stop: &Stop| street_beside(stop.at, network).unwrap_or((stop.at, OFF_STREET_M));
    let (halts, offsets): (Vec<Local>, Vec<f64>) = rounds.stops.iter().map(halt).unzip();
    Habits::guess(halts, &offsets, &service, free_speed(tracks))
}

/// The spot on the street beside a stop, and how far off the halt may be; farther where another street is about
/// as near. `None` where there is no street.
fn street_beside(stop: Local, network: &Network) -> Option<(Local, f64)> {
    let snaps = network.snaps(stop, SNAP_M);
    let nearest = snaps.first()?;
    let rivals = snaps.iter().filter(|other| other.distance_m < nearest.distance_m + RIVAL_M);
    let apart_m = rivals.map(|other| other.point.distance_m(nearest.point)).fold(0.0, f64::max);
    Some((nearest.point, ON_STREET_M.max(0.5 * apart_m)))
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
fn lay(shift: &Shift, missed: &[Option<f64>], habits: &Habits, options: &Options) -> (Vec<Chance>, Lesson) {
    let rate = |(&stop, own): (&u32, &Option<f64>)| habits.miss_rate(stop, *own).clamp(1e-4, 0.999);
    let miss: Vec<f64> = shift.stops.iter().zip(missed).map(rate).collect();
    let tour = Tour {
        points: &shift.points,
        stops: &shift.stops,
        miss: &miss,
        may_begin_unseen: shift.may_begin_unseen,
        may_end_unseen: shift.may_end_unseen,
        geofence_m: options.geofence_m,
    };
    let mut lesson = habits.lesson();
    let chances = lattice::chances(&tour, habits, &mut lesson);
    (chances, lesson)
}

/// Per call: the probability that it was left out, where that says something about its stop.
fn left_out(shift: &Shift, chances: &[Chance]) -> Vec<Option<f64>> {
    let mut missed: Vec<Option<f64>> = chances
        .iter()
        .map(|chance| (chance.unseen < 0.2).then(|| (1.0 - chance.seen - chance.unseen).clamp(0.0, 1.0)))
        .collect();
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

/// All that counts towards the stops' own rates.
fn counted(shifts: &[Shift], missed: &[Vec<Option<f64>>]) -> Vec<(u32, f64)> {
    let calls = shifts.iter().zip(missed).flat_map(|(shift, missed)| shift.stops.iter().zip(missed));
    calls.filter_map(|(&stop, missed)| missed.map(|missed| (stop, missed))).collect()
}

/// Writes the verdicts of one shift.
fn judge(
    visits: &mut [Visit],
    shift: &Shift,
    chances: &[Chance],
    habits: &Habits,
    rounds: &Rounds,
    clock: &Clock,
    options: &Options,
) {
    let is_seen: Vec<bool> =
        chances.iter().map(|chance| chance.seen > 0.5 && chance.seen > chance.unseen).collect();
    let last = shift.points[shift.points.len() - 1].time;
    let unlogged = unlogged_trips(visits, shift, &is_seen);
    for (call, chance) in chances.iter().enumerate() {
        let stop = rounds.stops[shift.stops[call] as usize].at;
        let halt = habits.halt[shift.stops[call] as usize];
        let visit = &mut visits[shift.visits[call]];
        let window = window(shift, chances, &is_seen, call);
        if unlogged.contains(&visit.trip) {
            visit.confidence = share(1.0 - chance.seen);
            visit.evidence = format!("track ends at {}, before the round was due", hour(clock, last));
        } else if let Some(arrival) = chance.arrival.filter(|_| is_seen[call]) {
            visit.served_at = shift.points[arrival].time;
            visit.outcome = Outcome::Served;
            visit.confidence = share(chance.seen);
            visit.evidence = stayed(shift, arrival, chance.stay_s, stop, clock);
        } else if let Some(hole) = hole_within(shift, window, halt, habits) {
            visit.confidence = share(1.0 - chance.seen);
            let (from, to) = (shift.points[hole.0].time, shift.points[hole.1].time);
            visit.evidence = format!("track has a hole {}–{}", hour(clock, from), hour(clock, to));
        } else if window.0.is_none() && shift.may_begin_unseen {
            visit.confidence = share(1.0 - chance.seen);
            let first = hour(clock, shift.points[0].time);
            visit.evidence = format!("track begins at {first}, away from the depot");
        } else if window.1.is_none() && shift.may_end_unseen {
            visit.confidence = share(1.0 - chance.seen);
            let last = hour(clock, last);
            visit.evidence = format!("track ends at {last}, away from the depot");
        } else {
            let (nearest_m, when) = nearest(shift, window, stop);
            let is_passed = nearest_m <= options.pass_m;
            visit.outcome = if is_passed { Outcome::Passed } else { Outcome::Skipped };
            visit.confidence = share(1.0 - chance.seen);
            visit.evidence = absent(shift, nearest_m, when, is_passed, clock);
        }
    }
}

/// Trips that the track says nothing about, although it ends at the depot: it ends before they were due. A truck that
/// makes two rounds a day is back at the depot between them; a call or two that the round before passed prove nothing.
fn unlogged_trips(visits: &[Visit], shift: &Shift, is_seen: &[bool]) -> BTreeSet<u32> {
    let last = shift.points[shift.points.len() - 1].time;
    // Per trip: when its first call is due, how many calls it has, how many were seen.
    let mut trips: BTreeMap<u32, (i64, usize, usize)> = BTreeMap::new();
    for (&index, &is_seen) in shift.visits.iter().zip(is_seen) {
        let visit = &visits[index];
        let (due, calls, seen) = trips.entry(visit.trip).or_insert((i64::MAX, 0, 0));
        *due = visit.planned_at.min(*due);
        *calls += 1;
        *seen += usize::from(is_seen);
    }
    trips.retain(|_trip, &mut (due, calls, seen)| last < due && 2 * seen < calls);
    trips.into_keys().collect()
}

/// A probability as a confidence: never quite 0 or 1.
#[expect(clippy::cast_possible_truncation, reason = "a share")]
fn share(probability: f64) -> f32 {
    probability.clamp(0.0, 0.999) as f32
}

/// Wall-clock hour and minute.
fn hour(clock: &Clock, instant: i64) -> String {
    let civil = clock.civil(instant);
    format!("{:02}:{:02}", civil.hour(), civil.minute())
}

/// When the calls before and after were served, as points: between them this one's place is. `None` where no
/// call before (after) was seen.
fn window(
    shift: &Shift,
    chances: &[Chance],
    is_seen: &[bool],
    call: usize,
) -> (Option<usize>, Option<usize>) {
    debug_assert_eq!(shift.stops.len(), chances.len());
    let seen = |other: &usize| is_seen[*other];
    let before = (0..call).rev().find(seen).and_then(|other| chances[other].arrival);
    let after = (call + 1..chances.len()).find(seen).and_then(|other| chances[other].arrival);
    (before, after)
}

/// A hole within the window that leaves time to go to the halt and on.
fn hole_within(
    shift: &Shift,
    window: (Option<usize>, Option<usize>),
    halt: Local,
    habits: &Habits,
) -> Option<(usize, usize)> {
    let (from, to) = (window.0.unwrap_or(0), window.1.unwrap_or(shift.points.len() - 1));
    shift.holes.iter().copied().find(|&(begins, ends)| {
        let (before, after) = (&shift.points[begins], &shift.points[ends]);
        let detour_m = before.at.distance_m(halt) + halt.distance_m(after.at) - 100.0;
        let reach_m = (after.time - before.time) as f64 * habits.speed_ms * 1.3;
        begins < to.max(begins + 1) && ends > from && begins <= to && detour_m <= reach_m
    })
}

/// How near the truck came within the window, and when; straight between fixes that follow each other closely.
fn nearest(shift: &Shift, window: (Option<usize>, Option<usize>), stop: Local) -> (f64, i64) {
    let (from, to) = (window.0.unwrap_or(0), window.1.unwrap_or(shift.points.len() - 1));
    let fixes: Vec<&Point> = shift.points[from..=to].iter().filter(|point| point.at.is_somewhere()).collect();
    let mut best = (f64::INFINITY, 0);
    for (place, fix) in fixes.iter().enumerate() {
        best = if fix.at.distance_m(stop) < best.0 { (fix.at.distance_m(stop), fix.time) } else { best };
        if let Some(next) = fixes.get(place + 1).filter(|next| next.time - fix.time <= 120) {
            let (dx, dy) = (next.at.x - fix.at.x, next.at.y - fix.at.y);
            let along = ((stop.x - fix.at.x) * dx + (stop.y - fix.at.y) * dy) / (dx * dx + dy * dy).max(1e-9);
            let metres = fix.at.toward(next.at, along.clamp(0.0, 1.0)).distance_m(stop);
            best = if metres < best.0 { (metres, fix.time) } else { best };
        }
    }
    best
}

/// "stayed 48 s at 6 m, 11:42".
fn stayed(shift: &Shift, arrival: usize, stay_s: f64, stop: Local, clock: &Clock) -> String {
    let point = &shift.points[arrival];
    let when = hour(clock, point.time);
    let seconds =
        if stay_s.is_finite() { format!("{:.0} s", stay_s.max(0.0)) } else { "some time".to_owned() };
    if point.at.is_somewhere() {
        format!("stayed {seconds} at {:.0} m, {when}", point.at.distance_m(stop))
    } else {
        format!("{seconds} more than the drive takes, between two fixes, about {when}")
    }
}

/// Why a visit that was not made was not made.
fn absent(shift: &Shift, nearest_m: f64, when: i64, is_passed: bool, clock: &Clock) -> String {
    let is_fix = |point: &&Point| point.at.is_somewhere();
    let fixes: Vec<&Point> = shift.points.iter().filter(is_fix).collect();
    let depot = shift.depot.filter(|depot| fixes.iter().all(|fix| fix.at.distance_m(*depot) < AT_DEPOT_M));
    let (first, last) = (fixes[0].time, fixes[fixes.len() - 1].time);
    if depot.is_some() {
        let (first, last) = (hour(clock, first), hour(clock, last));
        return format!("the truck stayed at the depot, {} fixes {first}–{last}", fixes.len());
    }
    if is_passed {
        return format!("drove by at {nearest_m:.0} m without stopping for it, {}", hour(clock, when));
    }
    format!("came no nearer than {nearest_m:.0} m, {}; track complete there", hour(clock, when))
}

/// Visits much later than their round usually is are late.
fn mark_late(visits: &mut [Visit], trips: usize, options: &Options) {
    let mut of_trip: Vec<Vec<i64>> = vec![Vec::new(); trips];
    for visit in visits.iter().filter(|visit| visit.outcome == Outcome::Served) {
        of_trip[visit.trip as usize].push(visit.served_at - visit.planned_at);
    }
    let usual = of_trip.iter_mut().map(|delays| {
        delays.sort_unstable();
        delays.get(delays.len() / 2).map_or(0, |&delay| delay.max(0))
    });
    let usual: Vec<i64> = usual.collect();
    for visit in visits.iter_mut().filter(|visit| visit.outcome == Outcome::Served) {
        let delay_s = visit.served_at - visit.planned_at;
        let beyond_s = delay_s - usual[visit.trip as usize];
        if beyond_s as f64 > options.late_after_min * 60.0 {
            visit.outcome = Outcome::Late;
            visit.evidence = format!("{}, {} min after the plan", visit.evidence, delay_s / 60);
        }
    }
}

/// Visits of shifts without a single fix.
fn explain_unseen(visits: &mut [Visit], rounds: &Rounds, tracks: &[Track], clock: &Clock) {
    let ends = tracks.iter().filter_map(|track| Some((*track.time.first()?, *track.time.last()?)));
    let span = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let span = span.map(|(first, last)| (clock.day(first), clock.day(last)));
    for visit in visits.iter_mut().filter(|visit| visit.evidence.is_empty()) {
        visit.evidence = match (span, some(rounds.trips[visit.trip as usize].vehicle)) {
            (None, _) => "there are no tracks".to_owned(),
            (Some((first, last)), _) if visit.day < first || visit.day > last => {
                format!("the tracks cover {first} to {last} only")
            }
            (_, None) => "the feed names no vehicle for this trip".to_owned(),
            (_, Some(vehicle)) => format!("no fix of {} for this trip", rounds.vehicles[vehicle].id),
        };
    }
}
