//! How probable each step is: where a truck stands, drives, halts and goes, as logarithms.

use super::{CLOSED_BEGINS, CLOSED_ENDS, Edge, Lattice, NEXT, Next, UNSEEN, WAITS_AFTER, add, log_normal_2d};
use crate::collection::executed::habits::{Gap, Leg};
use crate::unit::Local;

impl Lattice<'_> {
    /// Calls `from..to` left out, for any reason.
    pub(super) fn skip(&self, from: usize, to: usize) -> f64 {
        let count = to - from;
        if count == 0 {
            return 0.0;
        }
        let mut log = self.missed[to] - self.missed[from];
        let run = CLOSED_BEGINS.ln() + (count - 1) as f64 * (1.0 - CLOSED_ENDS).ln() + CLOSED_ENDS.ln();
        add(&mut log, run);
        log
    }

    pub(super) fn is_near(&self, at: Local, call: usize) -> bool {
        let (halt, reach_m) = (self.halt(call), self.reach_m[call]);
        let (dx, dy) = (at.x - halt.x, at.y - halt.y);
        dx * dx + dy * dy <= reach_m * reach_m
    }

    /// `call` is the next one that is served when those before `behind` are behind.
    pub(super) fn serve(&self, behind: usize, call: usize) -> f64 {
        if call - behind < NEXT {
            self.served_next[behind][call - behind]
        } else {
            self.serve_far(behind, call)
        }
    }

    pub(super) fn serve_far(&self, behind: usize, call: usize) -> f64 {
        self.skip(behind, call) + (1.0 - self.tour.miss[call]).ln()
    }

    /// The drive from `call` to a later one.
    pub(super) fn leg(&self, call: usize, next: usize) -> Leg {
        let is_kept = next - call <= NEXT;
        if is_kept { self.legs[call][next - call - 1] } else { self.leg_far(call, next) }
    }

    pub(super) fn leg_far(&self, call: usize, next: usize) -> Leg {
        let metres = self.halt(call).distance_m(self.halt(next));
        self.habits.leg((self.tour.stops[call], self.tour.stops[next]), metres)
    }

    pub(super) fn seconds(&self, from: usize, to: usize) -> f64 {
        (self.tour.points[to].time - self.tour.points[from].time) as f64
    }

    pub(super) fn halt(&self, call: usize) -> Local {
        self.habits.halt[self.tour.stops[call] as usize]
    }

    pub(super) fn halt_var(&self, call: usize) -> f64 {
        self.habits.halt_var[self.tour.stops[call] as usize]
    }

    /// A fix of a truck that halts for `call`. `before` is the fix before it, if the truck then halted too:
    /// its error, the variance of its halt, the correlation of the two errors and whether the halt is the same.
    pub(super) fn standing(&self, index: usize, call: usize, before: Option<(Local, f64, f64, bool)>) -> f64 {
        let point = &self.tour.points[index];
        if !point.is_fix() {
            return 0.0;
        }
        let (halt, halt_var) = (self.halt(call), self.halt_var(call));
        let fix_var = self.habits.sigma_m * self.habits.sigma_m;
        let (mut dx, mut dy) = (point.at.x - halt.x, point.at.y - halt.y);
        let far = self.outlier.0 - (dx * dx + dy * dy) * self.outlier.1;
        let Some((error, before_var, correlation, is_same)) = before else {
            let (log, narrowness) = self.first_fix[call];
            return (log - (dx * dx + dy * dy) * narrowness).max(far) + self.standing_speed[index];
        };
        let shared = correlation * fix_var + if is_same { halt_var } else { 0.0 };
        let slope = shared / (fix_var + before_var);
        (dx, dy) = (dx - slope * error.x, dy - slope * error.y);
        let var = (fix_var + halt_var - slope * shared).max(0.05 * fix_var);
        log_normal_2d(dx, dy, var).max(far) + self.standing_speed[index]
    }

    /// Metres across the way within which a driving truck is seen: three streets' worth of error.
    fn across_m(&self) -> f64 {
        3.0 * self.habits.sigma_m * std::f64::consts::TAU.sqrt()
    }

    /// From a fix on the way to the next fix on the way: driving, and waiting.
    pub(super) fn travel(&self, from: usize, to: usize) -> (f64, f64) {
        let (a, b) = (&self.tour.points[from], &self.tour.points[to]);
        let (seconds, metres) = (self.seconds(from, to).max(1.0), a.at.distance_m(b.at));
        let (usual, speed) = (self.habits.speed_ms, metres / seconds);
        let straight = (-0.5 * ((speed - usual) / (0.2 * usual)).powi(2)).exp()
            / (0.2 * usual * std::f64::consts::TAU.sqrt());
        let bent = if speed < 2.0 * usual { 1.0 / (2.0 * usual) } else { 1e-6 };
        let driving =
            (0.6 * straight + 0.4 * bent).ln() - seconds.ln() - self.across_m().ln() + self.driving_speed[to];
        let fix_var = self.habits.sigma_m * self.habits.sigma_m;
        let var = 2.0 * fix_var * (1.0 - self.habits.correlation(seconds)).max(0.05);
        let waiting = log_normal_2d(b.at.x - a.at.x, b.at.y - a.at.y, var) + self.standing_speed[to];
        let share = self.habits.waiting;
        let gap = self.gap[to][Gap::Drove as usize];
        ((1.0 - share).ln() + driving + gap, share.ln() + waiting + gap)
    }

    /// From a fix on the way to a service that begins at `to`, position aside.
    pub(super) fn arrival(&self, from: usize, to: usize, call: usize) -> f64 {
        let drive_s = self.habits.drive_s(self.tour.points[from].at.distance_m(self.halt(call)));
        let late_s = self.seconds(from, to) - drive_s;
        // Mostly straight there; else held up by a minute or so.
        let window_s = self.seconds(to - 1, to);
        let spread_s = (5.0 + 0.25 * drive_s).hypot(window_s / 12f64.sqrt());
        let straight = (-0.5 * (late_s / spread_s).powi(2)).exp() / (spread_s * std::f64::consts::TAU.sqrt());
        let held = if late_s > 0.0 { (-late_s / 60.0).exp() / 60.0 } else { 1e-5 };
        (0.8 * straight + 0.2 * held).ln() + self.window[to] + self.gap[to][Gap::On as usize]
    }

    /// Adds everything to which a service of `call` beginning at `index` can lead to the edges.
    pub(super) fn leave(&mut self, index: usize, call: usize) {
        let mut edges = std::mem::take(&mut self.edges);
        self.lead(index, call, |next, weight, took_s| edges.push(Edge::new(next, weight, took_s)));
        self.edges = edges;
    }

    pub(super) fn lead(&self, index: usize, call: usize, mut lead: impl FnMut(Next, f64, f64)) {
        let points = self.tour.points;
        let (halt, halt_var) = (self.halt(call), self.halt_var(call));
        let service = self.habits.service[self.tour.stops[call] as usize];
        let log_service = service.ln();
        let dwell =
            |seconds: f64, class: usize| self.habits.dwell[class].log_at(seconds / service) - log_service;
        let mut last_fix = points[index].is_fix().then_some(index);
        let mut stay = 0.0;
        for (to, point) in points.iter().enumerate().skip(index + 1) {
            let gone_s = self.seconds(index, to);
            let is_fix = point.is_fix();
            let before = last_fix.map(|fix| self.before(fix, to, halt, halt_var));
            let gap = |gap: Gap| self.gap[to][if last_fix.is_some() { gap } else { Gap::Hidden } as usize];
            let on = if is_fix { stay + gap(Gap::Stood) + self.standing(to, call, before) } else { stay };
            if is_fix {
                let leg = self.habits.drive_off(point.at.distance_m(halt));
                let took_s = gone_s - leg.drive_s;
                let off = -(self.habits.speed_ms * self.across_m()).ln() + self.driving_speed[to];
                lead(Next::Way(to), stay + gap(Gap::Off) + dwell(took_s, leg.class) + off, took_s);
                if gone_s > self.habits.dwell[0].mean() {
                    lead(Next::Way(to), on + WAITS_AFTER.ln(), f64::NAN);
                }
            }
            let elsewhere = before.map(|before| (before.0, before.1, before.2, false));
            for (place, next) in self.starts[to].iter().enumerate().filter(|(_, next)| next.call > call) {
                let leg = self.leg(call, next.call);
                let took_s = gone_s - leg.drive_s;
                if took_s >= -15.0 {
                    let weight = stay
                        + gap(Gap::Between)
                        + dwell(took_s, leg.class)
                        + self.window[to]
                        + self.serve(call + 1, next.call)
                        + self.standing(to, next.call, elsewhere);
                    lead(Next::Start(to, place), weight, took_s);
                }
            }
            // The truck is gone from here, or has been here for longer than a service takes.
            if is_fix && !self.is_near(point.at, call) || gone_s > self.longest_s * service {
                return;
            }
            if is_fix {
                (stay, last_fix) = (on, Some(to));
            }
        }
        lead(Next::End, stay + self.end(call + 1), f64::NAN);
    }

    /// The fix at `fix` as the one before that at `to`, for [`Lattice::standing`].
    fn before(&self, fix: usize, to: usize, halt: Local, halt_var: f64) -> (Local, f64, f64, bool) {
        let at = self.tour.points[fix].at;
        let correlation = self.habits.correlation(self.seconds(fix, to));
        (Local::new(at.x - halt.x, at.y - halt.y), halt_var, correlation, true)
    }

    /// The track ends with the calls before `behind` behind.
    pub(super) fn end(&self, behind: usize) -> f64 {
        let mut log = self.skip(behind, self.tour.stops.len());
        add(&mut log, self.end_unseen(behind));
        log
    }

    pub(super) fn end_unseen(&self, behind: usize) -> f64 {
        if self.tour.may_end_unseen && behind < self.tour.stops.len() {
            UNSEEN.ln()
        } else {
            f64::NEG_INFINITY
        }
    }

    pub(super) fn begin_unseen(&self) -> f64 {
        (UNSEEN / self.tour.stops.len() as f64).ln()
    }
}
