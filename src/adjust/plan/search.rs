//! Tours in, better ones within the budget out: shorter orders, then calls moved from where little overflows
//! to where much does.
//!
//! Greedy by hours of overflow per second, re-evaluated when its turn comes (lazy greedy: Minoux 1978); then
//! calls of a stop change their day or trip as long as that helps.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::super::Options;
use super::super::benefit::gaps_h;
use super::super::order::{Costs, Keep, shorter_keeping};
use super::tours::{NEGLIGIBLE_H, Tours};
use crate::random::Random;

/// What a new order is found with does not depend on the project's seed.
const SEED: u64 = 1976;

/// A call gives way to another only where it loses less than this share of what the other gains for the same
/// time: estimates of what is gained are the ones that came out high.
const MARGIN: f64 = 0.8;

/// Rounds of moving calls to other days.
const ROUNDS: usize = 4;

pub(super) fn improve(tours: &mut Tours, today: &Tours, options: &Options) {
    let limit_s = tours.work_s() + options.budget_min_per_week * 60.0;
    resequence(tours, options);
    let mut search = Search { tours, options, limit_s };
    for _ in 0..ROUNDS {
        let price = search.trade();
        if !search.shift_calls(price) {
            break;
        }
    }
    keep_apart(tours, today, options);
}

/// Takes out calls that came too close to another one when calls before them came or went.
fn keep_apart(tours: &mut Tours, today: &Tours, options: &Options) {
    for stop in (0u32..).take(tours.n_stops()) {
        let least_h = options.apart_h.min(closest_h(&today.hours_without(stop, None)));
        while closest_h(&tours.hours_without(stop, None)) < least_h {
            let added =
                tours.tours_at(stop).iter().copied().find(|tour| !today.tours_at(stop).contains(tour));
            let Some(tour) = added.or_else(|| tours.tours_at(stop).first().copied()) else { break };
            tours.remove(tour, stop);
        }
    }
}

/// Hours between the two emptyings that follow each other most closely, round the week.
fn closest_h(hours: &[f64]) -> f64 {
    if hours.is_empty() { f64::INFINITY } else { gaps_h(hours).into_iter().fold(f64::INFINITY, f64::min) }
}

/// Puts every trip into a shorter order, where there is one.
fn resequence(tours: &mut Tours, options: &Options) {
    let mut known: BTreeMap<usize, Option<Vec<usize>>> = BTreeMap::new();
    for tour in 0..tours.all.len() {
        let yard = tours.all[tour].yard;
        let found = known.entry(yard).or_insert_with(|| shorter_order(tours, tour, options));
        if let Some(order) = found.clone() {
            tours.reorder(tour, order);
        }
    }
}

fn shorter_order(tours: &Tours, tour: usize, options: &Options) -> Option<Vec<usize>> {
    let yard = tours.yard(tour);
    let places = yard.places(&tours.all[tour].order);
    let n = places.len();
    if n < 4 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "no leg is 2^53 milliseconds long")]
    let cost = |pair: usize| (1000.0 * yard.leg_s(places[pair / n], places[pair % n])).round() as i64;
    let costs = Costs::new((0..n * n).map(cost).collect());
    let today: Vec<usize> = (0..n).collect();
    let is_frozen = places.iter().map(|&place| yard.is_frozen[place]).collect();
    let keep = Keep { share: options.keep_order, is_frozen };
    let random = Random::new(SEED).stream("plan", 0);
    let order = shorter_keeping(&costs, &today, &keep, options.tries_per_stop, &random);
    let (old, new) = (costs.of(&today), costs.of(&order));
    if old <= 0 || ((old - new) as f64) < options.min_saving * old as f64 {
        return None;
    }
    let order: Vec<usize> = order.into_iter().map(|place| places[place]).collect();
    Some(if yard.depot.is_some() { order[1..n - 1].to_vec() } else { order })
}

/// A call that could be put in or taken out.
#[derive(Debug, Clone, Copy)]
struct Choice {
    stop: u32,
    tour: usize,
    /// Place in the yard and position in the order, of a call that is put in.
    place: usize,
    position: usize,
    /// Seconds per week that it costs or saves.
    seconds: f64,
    /// Hours of overflow per week that it avoids or lets happen.
    hours: f64,
}

impl Choice {
    fn rate(&self) -> f64 {
        self.hours / self.seconds.max(1.0)
    }
}

/// A stop in a queue, with what its best option was worth when it was looked at last.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Waiting {
    rate: f64,
    stop: u32,
}

impl Eq for Waiting {}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rate.total_cmp(&other.rate).then(other.stop.cmp(&self.stop))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Search<'a, 'b> {
    tours: &'a mut Tours<'b>,
    options: &'a Options,
    limit_s: f64,
}

impl Search<'_, '_> {
    /// Puts calls in and takes others out until no exchange pays; gives the last price, in hours of overflow
    /// per second.
    fn trade(&mut self) -> f64 {
        let stops: Vec<u32> = (0u32..).take(self.tours.n_stops()).collect();
        let queue = |found: Vec<Option<Choice>>, sign: f64| -> BinaryHeap<Waiting> {
            let found = found.into_iter().flatten();
            found.map(|option| Waiting { rate: sign * option.rate(), stop: option.stop }).collect()
        };
        let mut gains = queue(stops.iter().map(|&stop| self.best_call(stop)).collect(), 1.0);
        let mut losses = queue(stops.iter().map(|&stop| self.least_call(stop)).collect(), -1.0);
        let mut work_s = self.tours.work_s();
        let mut price = 0.0;
        while let Some(gain) = next(&mut gains, 1.0, |stop| self.best_call(stop)) {
            let mut is_paid = work_s + gain.seconds <= self.limit_s;
            while !is_paid {
                let Some(loss) = next(&mut losses, -1.0, |stop| self.least_call(stop)) else { break };
                if loss.rate() > MARGIN * gain.rate() {
                    losses.push(Waiting { rate: -loss.rate(), stop: loss.stop });
                    break;
                }
                self.tours.remove(loss.tour, loss.stop);
                work_s = self.tours.work_s();
                price = loss.rate();
                // Taken out, it may be worth putting in again elsewhere, and another call be the least one.
                for (queue, option, sign) in [
                    (&mut losses, self.least_call(loss.stop), -1.0),
                    (&mut gains, self.best_call(loss.stop), 1.0),
                ] {
                    queue
                        .extend(option.map(|option| Waiting { rate: sign * option.rate(), stop: loss.stop }));
                }
                is_paid = work_s + gain.seconds <= self.limit_s;
            }
            // What was taken out may have changed what the call costs.
            let Some(gain) = self.best_call(gain.stop) else { continue };
            if work_s + gain.seconds > self.limit_s {
                price = gain.rate();
                break;
            }
            self.tours.add(gain.tour, gain.place, gain.position);
            work_s = self.tours.work_s();
            for (queue, option, sign) in [
                (&mut losses, self.least_call(gain.stop), -1.0),
                (&mut gains, self.best_call(gain.stop), 1.0),
            ] {
                queue.extend(option.map(|option| Waiting { rate: sign * option.rate(), stop: gain.stop }));
            }
        }
        price
    }

    /// The further call at `stop` that avoids most overflow per second and fits.
    fn best_call(&self, stop: u32) -> Option<Choice> {
        let tours = &*self.tours;
        let hours = tours.hours_without(stop, None);
        if hours.is_empty() || !tours.is_known(stop) {
            return None;
        }
        let now_h = tours.overflow_at(stop, &hours);
        if now_h < NEGLIGIBLE_H {
            return None;
        }
        (0..tours.all.len())
            .filter_map(|tour| self.call(tour, stop, &hours, now_h))
            .filter(|option| tours.has_time(option.tour, option.seconds) && tours.has_room(option.tour, stop))
            .max_by(|a, b| a.rate().total_cmp(&b.rate()).then(b.tour.cmp(&a.tour)))
    }

    /// A further call at `stop` by `tour`, where that is possible and avoids anything.
    fn call(&self, tour: usize, stop: u32, hours: &[f64], now_h: f64) -> Option<Choice> {
        let tours = &*self.tours;
        let place = tours.place(tour, stop)?;
        if tours.tours_at(stop).contains(&tour) {
            return None;
        }
        let (position, seconds, hour) = tours.cheapest(tour, place);
        if !is_apart(hours, hour, self.options.apart_h) {
            return None;
        }
        let mut with = hours.to_vec();
        with.insert(with.partition_point(|&other| other <= hour), hour);
        let avoided_h = now_h - tours.overflow_at(stop, &with);
        let share = tours.all[tour].share;
        let option =
            Choice { stop, tour, place, position, seconds: share * seconds, hours: share * avoided_h };
        (avoided_h > NEGLIGIBLE_H / 2.0).then_some(option)
    }

    /// The call at `stop` that can be left out with the least overflow per second; one call a week stays.
    fn least_call(&self, stop: u32) -> Option<Choice> {
        let tours = &*self.tours;
        if tours.tours_at(stop).len() < 2 || !tours.can_lose(stop) {
            return None;
        }
        let now_h = tours.overflow_h(stop);
        let left_out = |&tour: &usize| {
            let hours = tours.hours_without(stop, Some(tour));
            let share = tours.all[tour].share;
            let lost_h = (tours.overflow_at(stop, &hours) - now_h).max(0.0);
            let option = Choice {
                stop,
                tour,
                place: 0,
                position: 0,
                seconds: share * tours.saved_s(tour, stop),
                hours: share * lost_h,
            };
            (!hours.is_empty() && option.seconds > 0.0).then_some(option)
        };
        tours
            .tours_at(stop)
            .iter()
            .filter_map(left_out)
            .filter(|option| tours.can_wait(stop, option.tour))
            .min_by(|a, b| a.rate().total_cmp(&b.rate()).then(a.tour.cmp(&b.tour)))
    }

    /// Moves single calls to another day or trip where that is worth it at `price`; whether any was moved.
    fn shift_calls(&mut self, price: f64) -> bool {
        let mut is_changed = false;
        for stop in (0u32..).take(self.tours.n_stops()) {
            if !self.tours.is_known(stop) || self.tours.overflow_h(stop) < NEGLIGIBLE_H {
                continue;
            }
            for tour in self.tours.tours_at(stop).to_vec() {
                is_changed |= self.shift_call(stop, tour, price);
            }
        }
        is_changed
    }

    fn shift_call(&mut self, stop: u32, tour: usize, price: f64) -> bool {
        if !self.tours.tours_at(stop).contains(&tour) {
            return false;
        }
        let (now_h, work_s) = (self.tours.overflow_h(stop), self.tours.work_s());
        let before = self.tours.clone();
        self.tours.remove(tour, stop);
        let hours = self.tours.hours_without(stop, None);
        let without_h = if hours.is_empty() { f64::INFINITY } else { self.tours.overflow_at(stop, &hours) };
        let saved_s = work_s - self.tours.work_s();
        let room_s = self.limit_s - self.tours.work_s();
        let worth = |option: &Choice| option.hours - price * option.seconds;
        let best = (0..self.tours.all.len())
            .filter(|&other| other != tour && without_h.is_finite())
            .filter_map(|other| self.call(other, stop, &hours, without_h))
            .filter(|option| option.seconds <= room_s)
            .filter(|option| {
                self.tours.has_time(option.tour, option.seconds) && self.tours.has_room(option.tour, stop)
            })
            .max_by(|a, b| worth(a).total_cmp(&worth(b)).then(b.tour.cmp(&a.tour)));
        let gained = |option: &Choice| worth(option) - (without_h - now_h) + price * saved_s;
        // A tenth of what is negligible: less is not worth telling a crew.
        if let Some(option) = best.filter(|option| gained(option) > NEGLIGIBLE_H / 10.0) {
            self.tours.add(option.tour, option.place, option.position);
            return true;
        }
        *self.tours = before;
        false
    }
}

/// The best waiting option that is still worth what it was when it was looked at last.
fn next(queue: &mut BinaryHeap<Waiting>, sign: f64, look: impl Fn(u32) -> Option<Choice>) -> Option<Choice> {
    loop {
        let waiting = queue.pop()?;
        let Some(option) = look(waiting.stop) else { continue };
        let now = Waiting { rate: sign * option.rate(), stop: waiting.stop };
        if queue.peek().is_none_or(|other| now >= *other) {
            return Some(option);
        }
        queue.push(now);
    }
}

/// Whether an emptying lies `apart_h` hours from every other one, round the week.
fn is_apart(hours: &[f64], hour: f64, apart_h: f64) -> bool {
    hours.iter().all(|&other| {
        let between = (hour - other).abs();
        between.min(168.0 - between) >= apart_h
    })
}
