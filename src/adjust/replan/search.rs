//! A problem in, good rounds out: slack induction by string removals under simulated annealing.
//!
//! Each step takes short strings of neighbouring places out of rounds that lie near one another, which leaves
//! room in all of them, and puts the places back one by one where they cost least, now and then overlooking a
//! position. What was found is kept while the temperature allows it.
//!
//! What no round can take is left over at a price that no detour reaches, so that serving more comes first.
//!
//! # References
//! Christiaens & Vanden Berghe (2020), Slack Induction by String Removals for Vehicle Routing Problems,
//! Transportation Science 54(2), 417-433. Their notation stands in the comments.

use rand::RngExt;

use super::problem::{Problem, Solution};
use crate::random::{Random, Stream};

/// Places taken out per step on average: the paper's c̄.
const REMOVED: f64 = 10.0;
/// Longest string that is taken out: the paper's L with superscript max.
const LONGEST: usize = 10;
/// How often a string keeps a few places in its middle: the paper's α.
const SPLIT: f64 = 0.5;
/// How often those are one more: the paper's β.
const DEEPER: f64 = 0.01;
/// How often a position is overlooked: the paper's blink rate γ.
const BLINK: f64 = 0.01;
/// First and last temperature as a share of the mean leg. The paper's 100 and 1 are meant for long runs on one
/// scale of costs.
const HOT: f64 = 0.1;
const COLD: f64 = 0.001;
/// Neighbours of each place that strings are looked for around.
const NEIGHBOURS: usize = 400;
/// Steps between two looks at how much of the budget is used.
const STRIDE: u64 = 64;

/// No round: the place is left over.
const NOWHERE: u32 = u32::MAX;

/// Rounds found from `start` in so many steps; the same seed gives the same rounds.
pub fn search(problem: &Problem, start: &[Vec<u32>], steps: u64, seed: u64) -> Solution {
    search_while(problem, start, seed, |step| step as f64 / steps.max(1) as f64)
}

/// The same with a budget of any kind: `used` is given the number of steps made and tells the share of the budget
/// that is used; the search ends when that is 1.
///
/// # Panics
/// When the parts of `problem` do not have its number of places, or `start` names a place twice.
pub fn search_while(
    problem: &Problem,
    start: &[Vec<u32>],
    seed: u64,
    mut used: impl FnMut(u64) -> f64,
) -> Solution {
    let mut state = State::new(problem, start, Random::new(seed).stream("replan", 0));
    state.recreate();
    let mean_leg = state.cost as f64 / (problem.n + state.rounds.len()).max(1) as f64;
    let mut best = state.kept();
    let mut best_cost = state.total();
    state.commit();
    let (mut temperature, mut step) = (0.0, 0);
    loop {
        if step % STRIDE == 0 {
            let share = used(step);
            if share >= 1.0 || problem.n <= 2 {
                break;
            }
            temperature = mean_leg * HOT * (COLD / HOT).powf(share);
        }
        step += 1;
        let before = state.total();
        state.ruin();
        state.recreate();
        let luck: f64 = 1.0 - state.random.random::<f64>();
        if (state.total() as f64) < before as f64 - temperature * luck.ln() {
            if state.total() < best_cost {
                best_cost = state.total();
                best = state.kept();
            }
            state.commit();
        } else {
            state.undo();
        }
    }
    solution(problem, best)
}

fn solution(problem: &Problem, mut rounds: Vec<Vec<u32>>) -> Solution {
    rounds.retain(|round| !round.is_empty());
    rounds.sort();
    let mut is_served = vec![false; problem.n];
    for &place in rounds.iter().flatten() {
        is_served[place as usize] = true;
    }
    let left_over = (1u32..).zip(&is_served[1..]).filter(|(_, is_served)| !**is_served);
    let left_over = left_over.map(|(place, _)| place).collect();
    let cost = rounds.iter().map(|round| problem.cost_of(round)).sum();
    Solution { rounds, left_over, cost }
}

/// One round with the yard at both ends.
#[derive(Debug, Clone, Default)]
struct Round {
    path: Vec<u32>,
    /// Cost of the leg that leaves each place of the path; one shorter than it.
    legs: Vec<i32>,
    load: i32,
    /// The earliest and the latest time at which each place of the path can be served.
    earliest: Vec<i32>,
    latest: Vec<i32>,
}

impl Round {
    fn is_empty(&self) -> bool {
        self.path.len() <= 2
    }

    fn copy_from(&mut self, other: &Self) {
        self.path.clone_from(&other.path);
        self.legs.clone_from(&other.legs);
        self.load = other.load;
        self.earliest.clone_from(&other.earliest);
        self.latest.clone_from(&other.latest);
    }
}

/// What the search holds: the rounds, and how they were before the present step.
struct State<'a> {
    problem: &'a Problem,
    /// Costs with rows and columns exchanged, so that both ways of one place lie together.
    cost_to: Vec<i32>,
    /// Time from the begin of serving a place to arriving at another, by row and by column.
    lasts: Vec<i32>,
    lasts_to: Vec<i32>,
    has_hours: bool,
    /// For each place itself and then the others, the nearest first; none for the yard.
    near: Vec<Vec<u32>>,
    rounds: Vec<Round>,
    /// The round of each place, or [`NOWHERE`].
    round_of: Vec<u32>,
    left_over: Vec<u32>,
    cost: i64,
    /// What leaving a place over costs.
    penalty: i64,
    /// Rounds as they were before this step, with their indices; only the first `n_saved` count.
    saved: Vec<(usize, Round)>,
    n_saved: usize,
    is_saved: Vec<bool>,
    saved_left_over: Vec<u32>,
    saved_cost: i64,
    /// Positions until the next one that is overlooked.
    until_blink: u32,
    random: Stream,
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem, start: &[Vec<u32>], random: Stream) -> Self {
        let n = problem.n;
        assert!(problem.cost.len() == n * n && problem.duration.len() == n * n, "one leg per pair of places");
        let turned =
            |rows: &[i32]| -> Vec<i32> { (0..n * n).map(|at| rows[(at % n) * n + at / n]).collect() };
        let lasts: Vec<i32> =
            problem.duration.iter().enumerate().map(|(at, &drive)| drive + problem.service[at / n]).collect();
        let longest = problem.cost.iter().copied().max().unwrap_or(0);
        let mut state = Self {
            problem,
            cost_to: turned(&problem.cost),
            lasts_to: turned(&lasts),
            lasts,
            has_hours: problem.closes.iter().any(|&closes| closes < super::NEVER),
            near: near(problem),
            rounds: Vec::new(),
            round_of: vec![NOWHERE; n],
            left_over: Vec::new(),
            cost: 0,
            penalty: 4 * i64::from(longest) + 1,
            saved: Vec::new(),
            n_saved: 0,
            is_saved: Vec::new(),
            saved_left_over: Vec::new(),
            saved_cost: 0,
            until_blink: 0,
            random,
        };
        state.until_blink = state.next_blink();
        for round in start.iter().filter(|round| problem.back_at(round).is_some()).take(problem.max_rounds) {
            state.open();
            for &place in round {
                let last = state.rounds.len() - 1;
                assert!(state.round_of[place as usize] == NOWHERE, "a place is served once");
                let end = state.rounds[last].path.len() - 2;
                state.put(place, last, end);
            }
        }
        let places = 1..u32::try_from(n).expect("places are numbered in u32");
        state.left_over = places.filter(|&place| state.round_of[place as usize] == NOWHERE).collect();
        state
    }

    fn total(&self) -> i64 {
        self.cost + self.left_over.iter().map(|_| self.penalty).sum::<i64>()
    }

    fn kept(&self) -> Vec<Vec<u32>> {
        self.rounds.iter().map(|round| round.path[1..round.path.len() - 1].to_vec()).collect()
    }

    fn open(&mut self) {
        let mut round = Round { path: vec![0, 0], legs: vec![0], ..Round::default() };
        schedule(self.problem, &self.lasts, &mut round);
        self.rounds.push(round);
        self.is_saved.push(false);
    }

    /// Keeps what this step changed.
    fn commit(&mut self) {
        for (index, _) in &self.saved[..self.n_saved] {
            self.is_saved[*index] = false;
        }
        self.n_saved = 0;
        self.saved_cost = self.cost;
        self.saved_left_over.clone_from(&self.left_over);
    }

    /// Takes back what this step changed.
    fn undo(&mut self) {
        for place in self.left_over.drain(..) {
            self.round_of[place as usize] = NOWHERE;
        }
        for (index, round) in &mut self.saved[..self.n_saved] {
            std::mem::swap(&mut self.rounds[*index], round);
            self.is_saved[*index] = false;
            let places = &self.rounds[*index].path;
            for &place in &places[1..places.len() - 1] {
                self.round_of[place as usize] = u32::try_from(*index).expect("fewer rounds than places");
            }
        }
        for &place in &self.saved_left_over {
            self.round_of[place as usize] = NOWHERE;
        }
        self.n_saved = 0;
        self.left_over.clone_from(&self.saved_left_over);
        self.cost = self.saved_cost;
    }

    /// Remembers how a round was before this step.
    fn save(&mut self, index: usize) {
        if self.is_saved[index] {
            return;
        }
        self.is_saved[index] = true;
        if self.n_saved == self.saved.len() {
            self.saved.push((index, Round::default()));
        }
        let (at, round) = &mut self.saved[self.n_saved];
        *at = index;
        round.copy_from(&self.rounds[index]);
        self.n_saved += 1;
    }

    fn below(&mut self, limit: usize) -> usize {
        self.random.random_range(0..limit)
    }

    /// A whole number from 1 to `most`, which may be between two.
    fn up_to(&mut self, most: f64) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 or more, and small")]
        let number = self.random.random_range(1.0..most + 1.0) as usize;
        number
    }

    /// Takes strings out of rounds around a place (the paper's ruin, equations 5 to 9).
    fn ruin(&mut self) {
        let n_served = self.problem.n - 1 - self.left_over.len();
        let n_open = self.rounds.iter().filter(|round| !round.is_empty()).count();
        // |t| on average; lsmax, ksmax and ks.
        let mean_length = n_served as f64 / n_open.max(1) as f64;
        let longest = mean_length.min(LONGEST as f64);
        let most_strings = 4.0 * REMOVED / (1.0 + longest) - 1.0;
        let strings = self.up_to(most_strings);
        let centre = 1 + self.below(self.near.len() - 1);
        let mut ruined: [u32; 64] = [NOWHERE; 64];
        let mut n_ruined = 0;
        for next in 0..self.near[centre].len() {
            let place = self.near[centre][next];
            let round = self.round_of[place as usize];
            if round == NOWHERE || ruined[..n_ruined].contains(&round) {
                continue;
            }
            let length = self.rounds[round as usize].path.len() - 2;
            let most = (length as f64).min(longest);
            let take = self.up_to(most);
            self.take_out(round as usize, place, take.min(length));
            ruined[n_ruined] = round;
            n_ruined += 1;
            if n_ruined >= strings.min(ruined.len()) {
                break;
            }
        }
    }

    /// Takes `take` places out of a round, in a string about `place` that may keep some in its middle.
    fn take_out(&mut self, index: usize, place: u32, take: usize) {
        self.save(index);
        let length = self.rounds[index].path.len() - 2;
        let mut keep = 0;
        if take > 1 && take < length && self.random.random::<f64>() < SPLIT {
            keep = 1;
            while take + keep < length && self.random.random::<f64>() < DEEPER {
                keep += 1;
            }
        }
        let at =
            self.rounds[index].path.iter().position(|&other| other == place).expect("it is in its round");
        let span = take + keep;
        let (low, high) = (at.saturating_sub(span - 1).max(1), at.min(length + 1 - span));
        let first = low + self.below(high - low + 1);
        if keep == 0 {
            self.drain(index, first, first + take);
        } else {
            let head = 1 + self.below(take - 1);
            self.drain(index, first + head + keep, first + span);
            self.drain(index, first, first + head);
        }
        self.reschedule(index);
    }

    fn drain(&mut self, index: usize, from: usize, to: usize) {
        let (problem, round) = (self.problem, &mut self.rounds[index]);
        let old: i64 = round.legs[from - 1..to].iter().map(|&leg| i64::from(leg)).sum();
        for place in round.path.drain(from..to) {
            round.load -= problem.load[place as usize];
            self.round_of[place as usize] = NOWHERE;
            self.left_over.push(place);
        }
        round.legs.drain(from..to);
        let leg = problem.cost[round.path[from - 1] as usize * problem.n + round.path[from] as usize];
        round.legs[from - 1] = leg;
        self.cost += i64::from(leg) - old;
    }

    fn reschedule(&mut self, index: usize) {
        if self.has_hours {
            schedule(self.problem, &self.lasts, &mut self.rounds[index]);
        }
    }

    /// Puts every place that is left over where it costs least; those that fit nowhere stay left over.
    fn recreate(&mut self) {
        let mut places = std::mem::take(&mut self.left_over);
        self.sort(&mut places);
        for place in places.drain(..) {
            if !self.rounds.iter().any(Round::is_empty) && self.rounds.len() < self.problem.max_rounds {
                self.open();
            }
            match self.cheapest(place) {
                Some((round, behind)) => {
                    self.save(round);
                    self.put(place, round, behind);
                }
                None => self.left_over.push(place),
            }
        }
    }

    /// In one of the orders in which the paper puts places back, with its weights.
    fn sort(&mut self, places: &mut [u32]) {
        for last in (1..places.len()).rev() {
            let other = self.below(last + 1);
            places.swap(last, other);
        }
        let (problem, hours) = (self.problem, if self.has_hours { 17 } else { 11 });
        let of = |place: u32| place as usize;
        match self.below(hours) {
            0..4 => {}
            4..8 => places.sort_by_key(|&place| -problem.load[of(place)]),
            8..10 => places.sort_by_key(|&place| -problem.cost[of(place)]),
            10 => places.sort_by_key(|&place| problem.cost[of(place)]),
            11..13 => places.sort_by_key(|&place| problem.closes[of(place)] - problem.opens[of(place)]),
            13..15 => places.sort_by_key(|&place| problem.opens[of(place)]),
            _ => places.sort_by_key(|&place| -problem.closes[of(place)]),
        }
    }

    /// The round and the position in its path behind which `place` costs least.
    fn cheapest(&mut self, place: u32) -> Option<(usize, usize)> {
        let (n, place) = (self.problem.n, place as usize);
        let row = place * n..(place + 1) * n;
        let (from, to) = (&self.problem.cost[row.clone()], &self.cost_to[row.clone()]);
        let (lasts, lasts_to) = (&self.lasts[row.clone()], &self.lasts_to[row]);
        let (opens, closes) = (self.problem.opens[place], self.problem.closes[place]);
        let room = self.problem.capacity - self.problem.load[place];
        let (mut least, mut found, mut has_seen_empty) = (i32::MAX, None, false);
        for (index, round) in self.rounds.iter().enumerate() {
            if round.load > room || (round.is_empty() && has_seen_empty) {
                continue;
            }
            has_seen_empty |= round.is_empty();
            for (behind, (ends, &leg)) in round.path.windows(2).zip(&round.legs).enumerate() {
                let (before, after) = (ends[0] as usize, ends[1] as usize);
                let extra = to[before] + from[after] - leg;
                if extra >= least {
                    continue;
                }
                if self.until_blink == 0 {
                    self.until_blink = blink(&mut self.random);
                    continue;
                }
                self.until_blink -= 1;
                if self.has_hours {
                    let begin = (round.earliest[behind] + lasts_to[before]).max(opens);
                    if begin > closes {
                        break;
                    }
                    if begin + lasts[after] > round.latest[behind + 1] {
                        continue;
                    }
                }
                least = extra;
                found = Some((index, behind));
            }
        }
        found
    }

    fn next_blink(&mut self) -> u32 {
        blink(&mut self.random)
    }

    /// Puts a place into a round behind a position of its path.
    fn put(&mut self, place: u32, index: usize, behind: usize) {
        let (problem, round) = (self.problem, &mut self.rounds[index]);
        let cost = |from: u32, to: u32| problem.cost[from as usize * problem.n + to as usize];
        let (before, after) = (round.path[behind], round.path[behind + 1]);
        let (into, out) = (cost(before, place), cost(place, after));
        self.cost += i64::from(into) + i64::from(out) - i64::from(round.legs[behind]);
        round.legs[behind] = out;
        round.legs.insert(behind, into);
        round.path.insert(behind + 1, place);
        round.load += problem.load[place as usize];
        self.round_of[place as usize] = u32::try_from(index).expect("fewer rounds than places");
        self.reschedule(index);
    }
}

/// Positions until one is overlooked: geometric.
fn blink(random: &mut Stream) -> u32 {
    let luck: f64 = 1.0 - random.random::<f64>();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count, clamped by the cast"
    )]
    let positions = (luck.ln() / (1.0 - BLINK).ln()) as u32;
    positions
}

/// Brings the hours of a round in line with its path.
fn schedule(problem: &Problem, lasts: &[i32], round: &mut Round) {
    let (n, path) = (problem.n, &round.path);
    let leg = |at: usize| lasts[path[at] as usize * n + path[at + 1] as usize];
    round.earliest.resize(path.len(), 0);
    round.latest.resize(path.len(), 0);
    round.earliest[0] = problem.opens[0];
    for (at, &place) in path.iter().enumerate().skip(1) {
        round.earliest[at] = (round.earliest[at - 1] + leg(at - 1)).max(problem.opens[place as usize]);
    }
    round.latest[path.len() - 1] = problem.closes[0];
    for at in (0..path.len() - 1).rev() {
        let closes = problem.closes[path[at] as usize];
        round.latest[at] = (round.latest[at + 1] - leg(at)).min(closes);
    }
}

/// For each place itself and then the others by how near they are, both ways taken together; none for the yard.
fn near(problem: &Problem) -> Vec<Vec<u32>> {
    let n = problem.n;
    let both = |a: usize, b: usize| i64::from(problem.cost[a * n + b]) + i64::from(problem.cost[b * n + a]);
    let places: Vec<u32> = (0..).take(n).skip(1).collect();
    let by_distance = |&place: &u32| -> Vec<u32> {
        let mut others = places.clone();
        others.sort_by_key(|&other| (other != place, both(place as usize, other as usize), other));
        others.truncate(NEIGHBOURS);
        others
    };
    std::iter::once(Vec::new()).chain(places.iter().map(by_distance)).collect()
}
