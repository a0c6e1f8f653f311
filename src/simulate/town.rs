//! A city and a seed in, a town that lives on from season to season out: the same bins, the same bins too
//! small, the same habits of its crews, under its own rounds or under others.
//!
//! Seasons under given rounds are made for comparison. What comes into each bin, what is put beside it, which
//! rounds stay at the depot or leave late, the traffic, the street works and the blocked bins of each day are
//! drawn with dice of their own (common random numbers): two such seasons with the same seed differ by their
//! rounds alone. They are not the season that [`Town::season`] makes of that seed, whose dice are thrown one
//! after another.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::bins::{self, Bin};
use super::fill::{self, Habits};
use super::roads::{Known, Roads};
use super::rounds::{self, Plan};
use super::{City, Options, Scene, Season, TrueStop, bollards, drive, tell};
use crate::error::{Error, Result};
use crate::model::round::{Rounds, Trip};
use crate::period::{Day, Period};
use crate::random::Random;

/// A city with its bins, its rounds, and what each bin is really like.
pub struct Town<'a> {
    city: &'a City<'a>,
    options: &'a Options,
    random: Random,
    roads: Roads<'a>,
    bins: Vec<Bin>,
    plan: Plan,
    habits: Habits,
}

impl<'a> Town<'a> {
    /// The town that grows from `random` in `city`.
    ///
    /// # Errors
    /// When the settings cannot be used, or the city has no bin or no streets that a truck can drive.
    pub fn new(city: &'a City<'a>, options: &'a Options, random: &Random) -> Result<Self> {
        let patterns = options.patterns()?;
        let roads = Roads::new(city.network);
        let scene = Scene { city, options, random: *random, is_for_comparison: false };
        let bins = bins::choose(&scene);
        if bins.is_empty() {
            return Err(Error::NoData {
                message: "there is no bin to make rounds of".to_owned(),
                hint:
                    "name a file with litter bins under [[sources.assets]], or one with bus stops and benches"
                        .to_owned(),
            });
        }
        let depot = rounds::depot(&scene, &bins)?;
        let plan = rounds::plan(&scene, &roads, &bins, depot, &patterns);
        let habits = fill::habits(&scene, &bins, &plan);
        Ok(Self { city, options, random: *random, roads, bins, plan, habits })
    }

    /// Its own rounds.
    pub fn rounds(&self) -> &Rounds {
        &self.plan.rounds
    }

    /// What each stop of its own rounds is like.
    pub fn stops(&self) -> Vec<TrueStop> {
        self.habits.of_stops(&self.plan)
    }

    /// Its first season, under its own rounds.
    pub fn season(&self) -> Season {
        let scene =
            Scene { city: self.city, options: self.options, random: self.random, is_for_comparison: false };
        self.lived(&scene, &self.plan)
    }

    /// Another season, with the days and rates of `options` and the dice of `random`, under `rounds`: their
    /// stops are found by their ids, and every trip runs on its weekdays (those of at least every other week)
    /// except on holidays.
    ///
    /// # Errors
    /// When `rounds` name a stop that the town does not have.
    pub fn season_under(&self, rounds: &Rounds, options: &Options, random: &Random) -> Result<Season> {
        let scene = Scene { city: self.city, options, random: *random, is_for_comparison: true };
        Ok(self.lived(&scene, &self.planned(rounds, options)?))
    }

    fn lived(&self, scene: &Scene<'_>, plan: &Plan) -> Season {
        let (bins, habits) = (&self.bins, &self.habits);
        let driven = drive::season(scene, &self.roads, bins, plan, habits);
        let by_stop = driven.by_stop(plan.rounds.stops.len());
        let lives: Vec<fill::Life> = (0..bins.len())
            .into_par_iter()
            .map(|bin| fill::life(scene, bins, bin, plan, habits, &by_stop))
            .collect();
        let overflow_h = plan.bin_of_stop.iter().map(|&bin| lives[bin].overflow_h).collect();
        let full: Vec<tell::Event> = lives.into_iter().flat_map(|life| life.events).collect();
        let (bollards, knocks, hit) = bollards::hits(scene);
        let (planted, background) = tell::background(scene);
        let places = [fill::busy_places(scene, habits, &full), planted].concat();
        let reports = tell::reports(scene, &[full, hit, background].concat());
        Season {
            seed: scene.random.seed(),
            options: scene.options.clone(),
            bins: bins.iter().map(|bin| bin.asset.clone()).collect(),
            bollards,
            stops: habits.of_stops(plan),
            rounds: plan.rounds.clone(),
            tracks: driven.tracks,
            reports,
            visits: driven.visits,
            knocks,
            places,
            overflow_h,
            work_s: driven.work_s,
            is_under_given_rounds: scene.is_for_comparison,
        }
    }

    /// What the simulation needs to know of given rounds.
    fn planned(&self, rounds: &Rounds, options: &Options) -> Result<Plan> {
        let own = &self.plan.rounds.stops;
        let bins: BTreeMap<&str, usize> =
            own.iter().map(|stop| stop.id.as_str()).zip(self.plan.bin_of_stop.iter().copied()).collect();
        let bin_of_stop: Vec<usize> = rounds
            .stops
            .iter()
            .map(|stop| {
                bins.get(stop.id.as_str()).copied().ok_or_else(|| Error::Setting {
                    message: format!("the rounds name the stop `{}`, which the simulated city does not have", stop.id),
                    hint: "give rounds of the same city: those that `paaltje simulate` wrote with this seed, changed"
                        .to_owned(),
                })
            })
            .collect::<Result<_>>()?;
        let mut stop_of_bin = vec![None; self.bins.len()];
        for (stop, &bin) in bin_of_stop.iter().enumerate() {
            stop_of_bin[bin] = Some(stop);
        }
        let mut round_of_stop = vec![0; bin_of_stop.len()];
        for trip in rounds.trips.iter().rev() {
            for call in &trip.calls {
                round_of_stop[call.stop as usize] = trip.route as usize;
            }
        }
        let mut rounds = rounds.clone();
        for trip in &mut rounds.trips {
            repeat_weekly(trip, options);
        }
        let depot = self.plan.depot;
        let mut plan = Plan { rounds, bin_of_stop, stop_of_bin, round_of_stop, depot, span_s: Vec::new() };
        plan.span_s = self.spans(&plan);
        Ok(plan)
    }

    /// When each trip leaves the depot and is back, by its timetable.
    fn spans(&self, plan: &Plan) -> Vec<(i64, i64)> {
        let known = &mut Known::default();
        let mut drive_s = |from, to| self.roads.drive(from, to, known).seconds();
        let at = |stop: u32| self.bins[plan.bin_of_stop[stop as usize]].asset.at;
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
        let mut span = |trip: &Trip| match (trip.calls.first(), trip.calls.last()) {
            (Some(first), Some(last)) => (
                first.arrival_s - drive_s(plan.depot, at(first.stop)).round() as i64,
                last.departure_s + drive_s(at(last.stop), plan.depot).round() as i64,
            ),
            _ => (0, 0),
        };
        plan.rounds.trips.iter().map(&mut span).collect()
    }
}

/// Lets a trip run on its weekdays through the whole season.
fn repeat_weekly(trip: &mut Trip, options: &Options) {
    let days = || trip.days.iter().chain(&trip.cancelled).copied();
    let Some((first, last)) = days().min().zip(days().max()) else { return };
    let mut weekdays = [(0, 0); 7];
    days().for_each(|day| weekdays[day.weekday()].0 += 1);
    (first.0..=last.0).for_each(|day| weekdays[Day(day).weekday()].1 += 1);
    let runs = weekdays.map(|(planned, possible)| planned > 0 && 2 * planned >= possible);
    let Period { from, to } = options.period();
    let season = (from.0..=to.0).map(Day).filter(|day| runs[day.weekday()]);
    (trip.days, trip.cancelled) = season.partition(|day| !options.holidays.contains(&day.date()));
}
