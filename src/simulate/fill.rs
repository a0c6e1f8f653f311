//! Bins and the visits made in, full bins and rubbish beside them out: what people could report.
//!
//! A bin collects a gamma-distributed amount a day, more towards the weekend and in summer, between seven in
//! the morning and eleven at night. It is empty after a visit. Somebody reports a full bin after a while, or
//! nobody does.

use crate::model::NONE;
use crate::model::kind::Kind;
use crate::period::{Day, NEVER, Period};
use crate::unit::Local;

use super::bins::Bin;
use super::chance::Chance;
use super::rounds::{Plan, number};
use super::tell::{self, Event};
use super::{Cause, Options, Scene, TruePlace, TrueReason, TrueStop, TrueVisit};

/// What comes in on each weekday, Monday first, against the mean.
const WEEK: [f64; 7] = [0.85, 0.85, 0.9, 0.95, 1.15, 1.35, 0.95];
/// How much more comes in on the busiest day of summer than on average.
const SUMMER: f64 = 0.2;
/// Days between two emptyings of a bin that no round plans.
const UNPLANNED_DAYS: f64 = 4.0;
/// Metres around the middle of a busy quarter, and between two of them.
const BUSY_M: f64 = 150.0;
const BUSY_APART_M: f64 = 450.0;
/// The hours in which bins fill and people report, and how many they are.
const BUSY_HOURS: std::ops::Range<i64> = 7..23;
const BUSY_H: u32 = 16;

/// What each bin is like.
#[derive(Debug)]
pub(super) struct Habits {
    pub(super) fill_per_day: Vec<f64>,
    pub(super) is_undersized: Vec<bool>,
    pub(super) is_habitual: Vec<bool>,
    pub(super) dumping_per_year: Vec<f64>,
    /// Middles of the busy quarters.
    pub(super) busy: Vec<Local>,
}

impl Habits {
    /// The same per stop of the rounds.
    pub(super) fn of_stops(&self, plan: &Plan) -> Vec<TrueStop> {
        let stop = |(stop, &bin): (usize, &usize)| TrueStop {
            route: number(plan.round_of_stop[stop]),
            fill_per_day: self.fill_per_day[bin],
            is_undersized: self.is_undersized[bin],
            is_habitually_skipped: self.is_habitual[bin],
        };
        plan.bin_of_stop.iter().enumerate().map(stop).collect()
    }
}

/// What each bin is like: its fill is drawn around what its round can take.
pub(super) fn habits(scene: &Scene<'_>, bins: &[Bin], plan: &Plan) -> Habits {
    let options = scene.options;
    let mut habits = Habits {
        fill_per_day: Vec::new(),
        is_undersized: vec![false; bins.len()],
        is_habitual: vec![false; bins.len()],
        dumping_per_year: Vec::new(),
        busy: busy(scene, bins, plan),
    };
    // A share of the bins, not a chance for each: a small city has its troubles too.
    let mut chance = scene.chance("troubles", 0);
    let mut left = plan.bin_of_stop.clone();
    let troubles = [
        (&mut habits.is_undersized, options.undersized_share),
        (&mut habits.is_habitual, options.habitual_share),
    ];
    for (has_trouble, share) in troubles {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of their number"
        )]
        let count = (share.clamp(0.0, 1.0) * plan.bin_of_stop.len() as f64).round() as usize;
        for _ in 0..count.min(left.len()) {
            has_trouble[left.swap_remove(chance.below(left.len()))] = true;
        }
    }
    for (bin, Bin { asset, .. }) in bins.iter().enumerate() {
        let mut chance = scene.chance("habits", bin as u64);
        let (too_much, usual) = (chance.between(2.0, 2.8), chance.log_normal(0.3).min(1.6));
        let is_busy = habits.busy.iter().any(|place| place.distance_m(asset.at) <= BUSY_M);
        let strain = match (habits.is_undersized[bin], is_busy) {
            (true, _) => too_much,
            (false, true) => usual * options.busy_factor,
            (false, false) => usual,
        };
        let days = usual_interval_days(plan, bin, options);
        habits.fill_per_day.push(options.fill_per_interval * strain / days);
        let times = if chance.happens(0.05) { 8.0 } else { 1.0 };
        habits.dumping_per_year.push(options.dumping_per_bin_year * times);
    }
    habits
}

/// The middles of busy quarters: bins with many others around, apart from each other.
fn busy(scene: &Scene<'_>, bins: &[Bin], plan: &Plan) -> Vec<Local> {
    let at = |stop: &usize| bins[plan.bin_of_stop[*stop]].asset.at;
    let around = |stop: &usize| {
        plan.bin_of_stop.iter().filter(|&&bin| bins[bin].asset.at.distance_m(at(stop)) <= BUSY_M).count()
    };
    let mut stops: Vec<usize> = (0..plan.bin_of_stop.len()).collect();
    stops.sort_by_key(|stop| (std::cmp::Reverse(around(stop)), *stop));
    stops.truncate(stops.len().div_ceil(3));
    let mut chance = scene.chance("busy", 0);
    let mut busy: Vec<Local> = Vec::new();
    while busy.len() < scene.options.busy_places && !stops.is_empty() {
        let middle = at(&stops.swap_remove(chance.below(stops.len())));
        if busy.iter().all(|other| other.distance_m(middle) >= BUSY_APART_M) {
            busy.push(middle);
        }
    }
    busy
}

/// The busy quarters as planted places, with what was reported there.
pub(super) fn busy_places(scene: &Scene<'_>, habits: &Habits, full: &[Event]) -> Vec<TruePlace> {
    let Period { from, to } = scene.options.period();
    let place = |&at: &Local| {
        let is_there =
            |event: &&Event| event.kind == Kind::ContainerFull && event.about.distance_m(at) <= BUSY_M;
        let n_events = number(full.iter().filter(is_there).count());
        TruePlace { kind: Kind::ContainerFull, at, radius_m: BUSY_M, from, to, n_events }
    };
    habits.busy.iter().map(place).collect()
}

fn usual_interval_days(plan: &Plan, bin: usize, options: &Options) -> f64 {
    let Some(stop) = plan.stop_of_bin[bin] else { return UNPLANNED_DAYS };
    let trip = &plan.rounds.trips[plan.round_of_stop[stop]];
    f64::from(options.period().days()) / (trip.days.len() + trip.cancelled.len()).max(1) as f64
}

/// What became of one bin in a season.
pub(super) struct Life {
    /// Everything about it that somebody reports first; further people come later.
    pub(super) events: Vec<Event>,
    /// Hours during which it was full.
    pub(super) overflow_h: f64,
}

/// The dice of one bin: those of its filling, and, where seasons are to be compared, others for who sees it.
struct Dice {
    filling: Chance,
    seeing: Option<Chance>,
}

impl Dice {
    fn seeing(&mut self) -> &mut Chance {
        self.seeing.as_mut().unwrap_or(&mut self.filling)
    }
}

/// What becomes of one bin in the season.
pub(super) fn life(
    scene: &Scene<'_>,
    bins: &[Bin],
    bin: usize,
    plan: &Plan,
    habits: &Habits,
    by_stop: &[Vec<TrueVisit>],
) -> Life {
    let Scene { city, options, .. } = *scene;
    let mut dice = Dice { filling: scene.chance("fill", bin as u64), seeing: None };
    let visits = plan.stop_of_bin[bin].map_or_else(
        || unplanned_visits(scene, &mut scene.chance("unplanned", bin as u64)),
        |stop| by_stop[stop].clone(),
    );
    let stop = plan.stop_of_bin[bin].map_or(NONE, number);
    let per_day = habits.fill_per_day[bin];
    let (mut events, overflow_h) = full(scene, &bins[bin], bin, per_day, stop, &visits, &mut dice);
    let mut chance = dice.filling;
    let period = options.period();
    let years = f64::from(period.days()) / 365.25;
    for _ in 0..chance.poisson(habits.dumping_per_year[bin] * years) {
        let opened = tell::moment(city, period.from, period.to, &mut chance);
        let (_, is_recorded) = diagnosis(&visits, opened);
        let diagnosis = if stop == NONE { "not_planned" } else { "dumped_beside" };
        let reason = Some(TrueReason { stop, diagnosis, is_recorded });
        let until = next_planned(&visits, opened);
        events.push(Event {
            until,
            reason,
            ..Event::about_asset(Kind::BesideContainer, &bins[bin].asset, opened)
        });
    }
    for _ in 0..chance.poisson(0.12 * years) {
        let opened = tell::moment(city, period.from, period.to, &mut chance);
        events.push(Event::about_asset(Kind::ContainerDamaged, &bins[bin].asset, opened));
    }
    Life { events, overflow_h }
}

/// The emptyings of a bin that no round plans.
fn unplanned_visits(scene: &Scene<'_>, chance: &mut Chance) -> Vec<TrueVisit> {
    let period = scene.options.period();
    let mut day = period.from;
    let mut visits = Vec::new();
    while day <= period.to {
        let hours = chance.between(8.0, 15.0);
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
        let at = scene.city.clock.service_instant(day, (hours * 3600.0) as i64);
        visits.push(TrueVisit {
            route: NONE,
            stop: NONE,
            day,
            planned_at: at,
            served_at: at,
            cause: Cause::None,
            is_recorded: false,
        });
        day = day.plus(*chance.pick(&[3, 4, 4, 5]));
    }
    visits
}

/// Reports of a full bin, hour by hour, and for how many hours it was full.
fn full(
    scene: &Scene<'_>,
    bin: &Bin,
    number: usize,
    fill_per_day: f64,
    stop: u32,
    visits: &[TrueVisit],
    dice: &mut Dice,
) -> (Vec<Event>, f64) {
    let Scene { city, options, is_for_comparison, .. } = *scene;
    let period = options.period();
    let mut served: Vec<i64> = visits.iter().map(|visit| visit.served_at).filter(|&at| at != NEVER).collect();
    served.sort_unstable();
    let mut served = served.into_iter().peekable();
    let (mut events, mut overflow_s) = (Vec::new(), 0);
    let mut level = dice.filling.between(0.0, 0.5);
    let mut silent_until = i64::MIN;
    for day in (period.from.0..=period.to.0).map(Day) {
        let shape = 1.0 / options.fill_cv.max(0.05).powi(2);
        let amount = fill_per_day * rhythm(day) * dice.filling.gamma(shape);
        if is_for_comparison {
            let key = (number as u64) << 32 | u64::from(day.0.unsigned_abs());
            dice.seeing = Some(scene.chance("seeing", key));
        }
        let midnight = city.clock.service_instant(day, 0);
        for hour in 0..24 {
            let from = midnight + hour * 3600;
            let emptied_at = served.next_if(|&at| at < from + 3600);
            let until = emptied_at.unwrap_or(from + 3600);
            overflow_s += if level > 1.0 { until - from } else { 0 };
            if BUSY_HOURS.contains(&hour) {
                let is_told = level > 1.0
                    && from >= silent_until
                    && dice.seeing().happens(1.0 / options.hours_to_report);
                if is_told && until > from {
                    #[expect(clippy::cast_possible_truncation, reason = "seconds of an hour")]
                    let opened = from + (dice.seeing().share() * (until - from) as f64) as i64;
                    let ends = emptied_at.or_else(|| served.peek().copied()).unwrap_or(i64::MAX);
                    events.push(full_event(bin, stop, visits, opened, ends, dice.seeing()));
                    silent_until = opened + 30 * 3600;
                }
                level += amount / f64::from(BUSY_H);
            }
            if emptied_at.is_some() {
                level = 0.0;
            }
        }
    }
    (events, overflow_s as f64 / 3600.0)
}

fn full_event(
    bin: &Bin,
    stop: u32,
    visits: &[TrueVisit],
    opened: i64,
    ends: i64,
    chance: &mut Chance,
) -> Event {
    let (diagnosis, is_recorded) = diagnosis(visits, opened);
    let diagnosis = if stop == NONE { "not_planned" } else { diagnosis };
    // Who has waited for the truck says so.
    let is_missed = diagnosis == "skipped" && chance.happens(0.2);
    let kind = if is_missed { Kind::MissedCollection } else { Kind::ContainerFull };
    let reason = Some(TrueReason { stop, diagnosis, is_recorded });
    let until = next_planned(visits, opened).min(ends);
    Event { until, ends, reason, ..Event::about_asset(kind, &bin.asset, opened) }
}

/// The next planned visit: a report after it has another reason.
fn next_planned(visits: &[TrueVisit], opened: i64) -> i64 {
    let next = visits.partition_point(|visit| visit.planned_at <= opened);
    visits.get(next).map_or(i64::MAX, |visit| visit.planned_at)
}

/// Why a bin is full at `opened`: what became of the last visit that was planned before, and whether the
/// track shows it.
fn diagnosis(visits: &[TrueVisit], opened: i64) -> (&'static str, bool) {
    let before = visits.partition_point(|visit| visit.planned_at <= opened);
    let Some(last) = before.checked_sub(1).map(|index| visits[index]) else {
        return ("before_first_service", false);
    };
    let diagnosis = match last.served_at {
        NEVER => "skipped",
        at if at > opened => "late",
        _ => "full_before_next_service",
    };
    (diagnosis, last.is_recorded)
}

/// What comes in on `day` against the mean of the year.
fn rhythm(day: Day) -> f64 {
    let year_day = f64::from(day.date().day_of_year());
    // The peak is in the middle of July, day 196.
    let season = 1.0 + SUMMER * (std::f64::consts::TAU * (year_day - 196.0) / 365.25).cos();
    WEEK[day.weekday()] * season
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(planned_at: i64, served_at: i64) -> TrueVisit {
        TrueVisit {
            route: 0,
            stop: 0,
            day: Day(0),
            planned_at,
            served_at,
            cause: Cause::None,
            is_recorded: true,
        }
    }

    #[test]
    fn the_last_planned_visit_explains_a_full_bin() {
        let visits = [visit(100, 120), visit(200, NEVER), visit(300, 900)];
        assert_eq!(diagnosis(&visits, 50).0, "before_first_service");
        assert_eq!(diagnosis(&visits, 150).0, "full_before_next_service");
        assert_eq!(diagnosis(&visits, 250).0, "skipped");
        assert_eq!(diagnosis(&visits, 400).0, "late");
        assert_eq!(diagnosis(&visits, 1000).0, "full_before_next_service");
    }

    #[test]
    fn a_week_brings_as_much_as_seven_days() {
        assert!((WEEK.iter().sum::<f64>() - 7.0).abs() < 1e-12);
    }
}
