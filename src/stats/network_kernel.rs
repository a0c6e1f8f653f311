//! Spots on a network of lines in, their density along the lines out.
//!
//! Distance is the way along the lines, and a crossing splits what comes in evenly over the other lines (the
//! equal-split discontinuous kernel): nothing is counted twice where many streets meet, as it would be on the
//! plane. Every way counts that does not turn round on the spot; at a dead end what is left is lost.
//!
//! # References
//! Okabe, Satoh & Sugihara (2009), International Journal of Geographical Information Science 23(1), 7-32,
//! the equal-split discontinuous kernel; `McSwiggan`, Baddeley & Nair (2017), Scandinavian Journal of Statistics
//! 44(2), 324-345, for its sum over ways.

/// Ways that carry less than this share of a spot are given up. Only around crossings drawn in great detail do
/// ways split so often within a bandwidth; without the limit their number doubles with every metre.
const SMALLEST_SHARE: f64 = 1e-4;
/// Metres up to which a spot lies at the end of a line rather than on it.
const AT_END_M: f64 = 1e-6;

/// A spot: a line and the metres along it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Spot {
    /// The line.
    pub line: u32,
    /// Metres from its beginning.
    pub offset_m: f64,
}

/// Lines that meet at nodes, each cut into lixels: short pieces of equal length, at whose middles the density is
/// known.
#[derive(Debug, Clone)]
pub struct Lines {
    /// The nodes at which each line begins and ends.
    ends: Vec<[u32; 2]>,
    length_m: Vec<f64>,
    /// The first lixel of each line; one more than there are lines.
    first_lixel: Vec<u32>,
    /// The ends at node `n`, as twice the line plus 0 or 1: `meeting[first_end[n]..first_end[n + 1]]`.
    first_end: Vec<u32>,
    meeting: Vec<u32>,
}

impl Lines {
    /// Lines by their end nodes and lengths, cut into lixels of at most `lixel_m`.
    ///
    /// # Panics
    /// When `lixel_m` is not positive, `ends` and `length_m` differ in length, or there are 2³¹ lines or more.
    pub fn new(ends: &[[u32; 2]], length_m: &[f64], lixel_m: f64) -> Self {
        assert!(lixel_m > 0.0, "a lixel has a length");
        assert_eq!(ends.len(), length_m.len(), "one length per line");
        assert!(ends.len() < 1 << 31, "fewer than 2^31 lines");
        let nodes = ends.iter().flatten().max().map_or(0, |&last| last as usize + 1);
        let mut first_end = vec![0u32; nodes + 1];
        for &node in ends.iter().flatten() {
            first_end[node as usize + 1] += 1;
        }
        for node in 0..nodes {
            first_end[node + 1] += first_end[node];
        }
        let mut next = first_end.clone();
        let mut meeting = vec![0; 2 * ends.len()];
        for (end, &node) in (0u32..).zip(ends.iter().flatten()) {
            meeting[next[node as usize] as usize] = end;
            next[node as usize] += 1;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at least 1, and no line is 10^7 km"
        )]
        let lixels = |length_m: &f64| (length_m / lixel_m).ceil().max(1.0) as u32;
        let mut first_lixel = vec![0];
        for length_m in length_m {
            first_lixel.push(first_lixel[first_lixel.len() - 1] + lixels(length_m));
        }
        Self { ends: ends.to_vec(), length_m: length_m.to_vec(), first_lixel, first_end, meeting }
    }

    /// The lixels of a line, in its direction, as places in what [`density`](Self::density) gives.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn lixels(&self, line: u32) -> std::ops::Range<usize> {
        self.first_lixel[line as usize] as usize..self.first_lixel[line as usize + 1] as usize
    }

    /// The length of the lixels of a line, metres.
    ///
    /// # Panics
    /// When there is no such line.
    pub fn lixel_m(&self, line: u32) -> f64 {
        self.length_m[line as usize] / self.lixels(line).len() as f64
    }

    /// The density of `spots` at the middle of every lixel, spots per metre, for a quartic kernel that reaches
    /// `bandwidth_m`. The same for any order of the spots.
    ///
    /// # Panics
    /// When `bandwidth_m` is not positive, or a spot lies on no line.
    pub fn density(&self, spots: &[Spot], bandwidth_m: f64) -> Vec<f64> {
        assert!(bandwidth_m > 0.0, "a kernel needs a bandwidth");
        let mut sorted = spots.to_vec();
        sorted.sort_unstable_by(|a, b| a.line.cmp(&b.line).then(a.offset_m.total_cmp(&b.offset_m)));
        let mut density = vec![0.0; self.first_lixel[self.ends.len()] as usize];
        let mut ways = Vec::new();
        for spot in sorted {
            self.begin(spot, bandwidth_m, &mut density, &mut ways);
            while let Some(way) = ways.pop() {
                self.go(way, bandwidth_m, &mut density, &mut ways);
            }
        }
        density
    }

    /// Adds the kernel on the spot's own line, and opens the ways beyond both of its ends.
    fn begin(&self, spot: Spot, bandwidth_m: f64, density: &mut [f64], ways: &mut Vec<Way>) {
        let line = spot.line;
        let length_m = self.length_m[line as usize];
        if spot.offset_m <= AT_END_M || spot.offset_m >= length_m - AT_END_M {
            let end = 2 * line + u32::from(spot.offset_m > length_m / 2.0);
            let meeting = self.meeting_at(end);
            // Okabe et al. (2009): a kernel that begins in a node of degree n is 2/n on each line.
            let share = 2.0 / meeting.len() as f64;
            return ways.extend(meeting.iter().map(|&out| Way { out, gone_m: 0.0, share }));
        }
        let step_m = self.lixel_m(line);
        for (lixel, middle_m) in self.lixels(line).zip(middles(step_m)) {
            density[lixel] += kernel((middle_m - spot.offset_m).abs(), bandwidth_m);
        }
        for (end, gone_m) in [(2 * line, spot.offset_m), (2 * line + 1, length_m - spot.offset_m)] {
            self.split(end, gone_m, 1.0, bandwidth_m, ways);
        }
    }

    /// Adds the kernel along the line that a way enters, and opens the ways beyond its far end.
    fn go(&self, way: Way, bandwidth_m: f64, density: &mut [f64], ways: &mut Vec<Way>) {
        let line = way.out / 2;
        let (lixels, step_m) = (self.lixels(line), self.lixel_m(line));
        let n = lixels.len();
        for (step, middle_m) in middles(step_m).enumerate().take(n) {
            let distance_m = way.gone_m + middle_m;
            if distance_m >= bandwidth_m {
                break;
            }
            let lixel = if way.out.is_multiple_of(2) { lixels.start + step } else { lixels.end - 1 - step };
            density[lixel] += way.share * kernel(distance_m, bandwidth_m);
        }
        let gone_m = way.gone_m + self.length_m[line as usize];
        self.split(way.out ^ 1, gone_m, way.share, bandwidth_m, ways);
    }

    /// Opens a way into every line that meets the end `into` of a line, but not back through that end.
    fn split(&self, into: u32, gone_m: f64, share: f64, bandwidth_m: f64, ways: &mut Vec<Way>) {
        let meeting = self.meeting_at(into);
        let share = share / (meeting.len() as f64 - 1.0);
        if gone_m < bandwidth_m && share >= SMALLEST_SHARE && meeting.len() > 1 {
            let onward = meeting.iter().filter(|&&out| out != into);
            ways.extend(onward.map(|&out| Way { out, gone_m, share }));
        }
    }

    /// The ends that meet where this end is, itself included.
    fn meeting_at(&self, end: u32) -> &[u32] {
        let node = self.ends[end as usize / 2][end as usize % 2] as usize;
        &self.meeting[self.first_end[node] as usize..self.first_end[node + 1] as usize]
    }
}

/// A way from a spot that is about to enter a line through its end `out`.
#[derive(Debug, Clone, Copy)]
struct Way {
    out: u32,
    gone_m: f64,
    share: f64,
}

/// The middles of pieces of `step_m`, metres along a line.
fn middles(step_m: f64) -> impl Iterator<Item = f64> {
    (0u32..).map(move |step| (f64::from(step) + 0.5) * step_m)
}

/// The quartic kernel of one dimension: 15/16 · (1 − t²)² / h, which integrates to 1 from −h to h.
fn kernel(distance_m: f64, bandwidth_m: f64) -> f64 {
    let share = distance_m / bandwidth_m;
    let rest = (1.0 - share * share).max(0.0);
    15.0 / 16.0 / bandwidth_m * rest * rest
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;
    use crate::random::Random;

    /// The density at one place from the definition: every way from the spot to it, one by one.
    fn slow(lines: &Lines, spot: Spot, line: u32, at_m: f64, bandwidth_m: f64) -> f64 {
        fn beyond(lines: &Lines, into: u32, gone_m: f64, line: u32, at_m: f64, bandwidth_m: f64) -> f64 {
            if gone_m >= bandwidth_m {
                return 0.0;
            }
            let [a, b] = lines.ends[into as usize / 2];
            let node = if into.is_multiple_of(2) { a } else { b };
            let mut sum = 0.0;
            let mut degree = 0.0;
            for (other, ends) in (0u32..).zip(&lines.ends) {
                for side in 0..2 {
                    if ends[side as usize] != node {
                        continue;
                    }
                    degree += 1.0;
                    let out = 2 * other + side;
                    if out == into {
                        continue;
                    }
                    let length_m = lines.length_m[other as usize];
                    if other == line {
                        let along_m = if side == 0 { at_m } else { length_m - at_m };
                        sum += kernel(gone_m + along_m, bandwidth_m);
                    }
                    sum += beyond(lines, out ^ 1, gone_m + length_m, line, at_m, bandwidth_m);
                }
            }
            if degree > 1.0 { sum / (degree - 1.0) } else { 0.0 }
        }
        let own = if spot.line == line { kernel((spot.offset_m - at_m).abs(), bandwidth_m) } else { 0.0 };
        let length_m = lines.length_m[spot.line as usize];
        own + beyond(lines, 2 * spot.line, spot.offset_m, line, at_m, bandwidth_m)
            + beyond(lines, 2 * spot.line + 1, length_m - spot.offset_m, line, at_m, bandwidth_m)
    }

    /// A small network with loops, double lines and dead ends.
    fn network(key: u64) -> (Lines, Vec<Spot>) {
        let mut stream = Random::new(2).stream("network", key);
        let nodes = 3 + stream.next_u32() % 4;
        let n = 4 + stream.next_u32() % 4;
        let ends: Vec<[u32; 2]> =
            (0..n).map(|_| [stream.next_u32() % nodes, stream.next_u32() % nodes]).collect();
        let length_m: Vec<f64> =
            ends.iter().map(|_| 25.0 + f64::from(stream.next_u32() % 600) / 10.0).collect();
        let spots = (0..6)
            .map(|_| {
                let line = stream.next_u32() % n;
                let share = (f64::from(stream.next_u32() % 1_000) + 0.5) / 1_000.0;
                Spot { line, offset_m: share * length_m[line as usize] }
            })
            .collect();
        (Lines::new(&ends, &length_m, 10.0), spots)
    }

    #[test]
    fn the_density_is_that_of_every_way_one_by_one() {
        for key in 0..40 {
            let (lines, spots) = network(key);
            let fast = lines.density(&spots, 90.0);
            for line in 0..u32::try_from(lines.ends.len()).unwrap() {
                for (lixel, at_m) in lines.lixels(line).zip(middles(lines.lixel_m(line))) {
                    let slow: f64 = spots.iter().map(|&spot| slow(&lines, spot, line, at_m, 90.0)).sum();
                    assert!((fast[lixel] - slow).abs() < 1e-12, "network {key}: {} {slow}", fast[lixel]);
                }
            }
        }
    }

    #[test]
    fn nothing_is_lost_or_doubled_where_streets_meet() {
        // A star of five streets of 200 m, spots near the crossing and on it.
        let ends = [[0, 1], [2, 0], [0, 3], [0, 4], [5, 0]];
        let lines = Lines::new(&ends, &[200.0; 5], 0.5);
        for offset_m in [0.0, 3.0, 40.0] {
            let density = lines.density(&[Spot { line: 0, offset_m }], 100.0);
            let mass: f64 = density.iter().sum::<f64>() * 0.5;
            assert!((mass - 1.0).abs() < 1e-4, "{offset_m} m: {mass}");
        }
        let at_crossing = lines.density(&[Spot { line: 1, offset_m: 200.0 }], 100.0);
        let on = |line: u32| at_crossing[lines.lixels(line)].iter().sum::<f64>();
        assert!((on(0) - on(1)).abs() < 1e-12 && (on(0) - on(4)).abs() < 1e-12, "alike in all directions");
    }

    #[test]
    fn the_order_of_the_spots_changes_no_bit() {
        let (lines, spots) = network(77);
        let turned: Vec<Spot> = spots.iter().rev().copied().collect();
        assert_eq!(lines.density(&spots, 60.0), lines.density(&turned, 60.0));
    }

    #[test]
    fn a_roundabout_of_short_pieces_ends() {
        // Twenty nodes in a ring of 1 m pieces, each joined to every third one: without a limit 2^100 ways.
        let ring = (0..20u32).map(|node| [node, (node + 1) % 20]);
        let ends: Vec<[u32; 2]> = ring.chain((0..20).map(|node| [node, (node + 3) % 20])).collect();
        let lines = Lines::new(&ends, &[1.0; 40], 10.0);
        let density = lines.density(&[Spot { line: 0, offset_m: 0.5 }], 100.0);
        assert!(density.iter().all(|value| value.is_finite()));
        assert!(Lines::new(&[], &[], 10.0).density(&[], 50.0).is_empty());
    }
}
