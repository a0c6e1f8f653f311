//! Rounds and the drives to one more stop in, the place in each round where it costs least out.
//!
//! One look at each leg: what a stop adds is the way there and on, less the leg that is not driven any more. Loads
//! and shifts are held by what is left of them, so that a round is not driven again for every place.

/// Places that are driven one after the other, and the drives between each and a new stop, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// From each place to the next one: one fewer than places.
    pub legs: &'a [f64],
    /// From each place to the new stop; infinite where it shall not come behind.
    pub there: &'a [f64],
    /// From the new stop to each place; infinite where it shall not come before.
    pub back: &'a [f64],
    /// Whether the stop may come before the first and behind the last place: there is no yard at the ends.
    pub has_open_ends: bool,
}

impl Sequence<'_> {
    /// How many places stand before the new stop where it costs least, and the seconds that it adds; of equal
    /// ones the first. `None` where there is no place for it.
    pub fn cheapest(&self) -> Option<(usize, f64)> {
        let mut best: Option<(usize, f64)> = None;
        let mut consider = |position: usize, extra_s: f64| {
            if extra_s < best.map_or(f64::INFINITY, |(_, least_s)| least_s) {
                best = Some((position, extra_s));
            }
        };
        if let (true, Some(&first)) = (self.has_open_ends, self.back.first()) {
            consider(0, first);
        }
        let between = self.there.iter().zip(self.back.iter().skip(1)).zip(self.legs);
        for (position, ((there, back), leg)) in (1..).zip(between) {
            consider(position, there + back - leg);
        }
        if let (true, Some(&last)) = (self.has_open_ends, self.there.last()) {
            consider(self.there.len(), last);
        }
        best
    }
}

/// A round that may take a new stop.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// Its places.
    pub sequence: Sequence<'a>,
    /// Seconds that are left of the shift.
    pub room_s: f64,
    /// Kilograms that are left in the truck.
    pub room_kg: f64,
}

/// One place for a new stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Insertion {
    /// Which of the rounds.
    pub round: usize,
    /// How many of its places stand before the stop.
    pub position: usize,
    /// Seconds of driving that it adds.
    pub extra_s: f64,
}

/// The cheapest place in each round that has time and room for a stop of `service_s` seconds and `load_kg`
/// kilograms, the cheapest round first.
pub fn cheapest(rounds: &[Round<'_>], service_s: f64, load_kg: f64) -> Vec<Insertion> {
    let mut found = Vec::new();
    for (round, at) in rounds.iter().enumerate().filter(|(_, at)| load_kg <= at.room_kg) {
        if let Some((position, extra_s)) = at.sequence.cheapest()
            && extra_s + service_s <= at.room_s
        {
            found.push(Insertion { round, position, extra_s });
        }
    }
    found.sort_by(|a, b| a.extra_s.total_cmp(&b.extra_s).then(a.round.cmp(&b.round)));
    found
}
