//! A yard, places with loads and hours, and the drives between them: what a fleet has to serve.

/// What is to be served, by trucks that are all alike. Place 0 is the yard: every round starts and ends there.
///
/// Costs and times are whole numbers of the caller's choice (tenths of a metre, seconds), so that sums are exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Places, the yard included.
    pub n: usize,
    /// What it costs to drive from each place to each: row by row, from `i` to `j` at `i * n + j`.
    pub cost: Vec<i32>,
    /// How long it takes to drive from each place to each, in the same layout.
    pub duration: Vec<i32>,
    /// How long each place keeps a truck.
    pub service: Vec<i32>,
    /// The earliest time at which each place can be served; of the yard, when rounds start.
    pub opens: Vec<i32>,
    /// The latest time at which serving may begin; of the yard, when rounds must be back. `i32::MAX / 4` for none.
    pub closes: Vec<i32>,
    /// What is picked up at each place; 0 at the yard.
    pub load: Vec<i32>,
    /// What one truck holds.
    pub capacity: i32,
    /// Rounds at most.
    pub max_rounds: usize,
}

/// A time that is never reached, with room to add to it.
pub const NEVER: i32 = i32::MAX / 4;

impl Problem {
    /// What a round costs: its places in their order, without the yard.
    pub fn cost_of(&self, round: &[u32]) -> i64 {
        legs(round).map(|(from, to)| i64::from(self.cost[from * self.n + to])).sum()
    }

    /// When a round is back at the yard; `None` where a place is reached too late or the truck is too full.
    pub fn back_at(&self, round: &[u32]) -> Option<i64> {
        let load: i64 = round.iter().map(|&place| i64::from(self.load[place as usize])).sum();
        if load > i64::from(self.capacity) {
            return None;
        }
        let mut time = i64::from(self.opens[0]);
        for (from, to) in legs(round) {
            time += i64::from(self.service[from]) + i64::from(self.duration[from * self.n + to]);
            time = time.max(i64::from(self.opens[to]));
            if time > i64::from(self.closes[to]) {
                return None;
            }
        }
        Some(time)
    }
}

/// From the yard through the places of a round and back.
fn legs(round: &[u32]) -> impl Iterator<Item = (usize, usize)> {
    let stops = round.iter().map(|&place| place as usize);
    std::iter::once(0).chain(stops.clone()).zip(stops.chain([0]))
}

/// Rounds that serve a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The places of each round in their order, without the yard; none of them is empty.
    pub rounds: Vec<Vec<u32>>,
    /// Places that no round could take, ascending.
    pub left_over: Vec<u32>,
    /// What the rounds cost.
    pub cost: i64,
}
