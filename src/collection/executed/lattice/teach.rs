//! What a tour that is laid over its fixes teaches about the [`Habits`](super::Habits), each step weighed by how
//! probable it is.

use super::{Arrival, Lattice, Next, Point, Start};
use crate::collection::executed::habits::{Gap, Lesson};
use crate::unit::Local;

impl Lattice<'_> {
    /// Learns from one possible service; gives how long it most probably took.
    pub(super) fn teach(&self, index: usize, start: &Start, whole: f64, lesson: &mut Lesson) -> f64 {
        let halt = self.halt(start.call);
        let mut ends: Vec<(usize, f64, f64)> = Vec::new();
        let (mut most, mut stay_s) = (0.0, f64::NAN);
        for edge in self.edges_of(start) {
            let (next, took_s) = (edge.next(), f64::from(edge.took_s));
            let (Next::Way(to) | Next::Start(to, _)) = next else { continue };
            let log = start.forward + edge.weight + self.then(start, next) - whole;
            // exp(-9.2) is the ten-thousandth below which nothing is learnt.
            if log < -9.2 || !took_s.is_finite() {
                continue;
            }
            let share = log.exp();
            if self.tour.points[index..to].iter().any(Point::is_fix) {
                let is_way = matches!(next, Next::Way(_));
                self.teach_gap(if is_way { Gap::Off } else { Gap::Between }, to, share, lesson);
            }
            let class = match next {
                Next::Start(to, place) => self.leg(start.call, self.starts[to][place].call).class,
                Next::Way(_) | Next::End => {
                    self.habits.drive_off(self.tour.points[to].at.distance_m(halt)).class
                }
            };
            let service = self.habits.service[self.tour.stops[start.call] as usize];
            lesson.dwell[class].add(took_s / service, share);
            ends.push((to, share, took_s));
            if share > most {
                (most, stay_s) = (share, took_s);
            }
        }
        for (end, share, took_s) in ends {
            if let Some(last) = self.tour.points[index..end].iter().rev().find(|point| point.is_fix()) {
                let silent_s = took_s - (last.time - self.tour.points[index].time) as f64;
                lesson.cut_short.add(silent_s, if silent_s > 0.0 { share } else { 0.0 });
            }
            self.teach_halt(index, end, halt, self.tour.stops[start.call], share, lesson);
        }
        stay_s
    }

    /// Learns from a fix on the way and the next.
    pub(super) fn teach_way(&self, from: usize, whole: f64, lesson: &mut Lesson) {
        let to = self.next_fix[from];
        if to == self.tour.points.len() {
            return;
        }
        let (driving, waiting) = self.travel(from, to);
        let part = 1.0 / (1.0 + (driving - waiting).exp());
        let (travel, arrivals) = &self.onward[from];
        let (low, high) = self.range[from];
        for behind in low..high {
            let way = self.way[from][behind].0 - whole;
            if way + self.way[from][behind].1 < -12.0 {
                continue;
            }
            let share = (way + travel + self.way[to][behind].1).exp();
            let point = &self.tour.points[to];
            if point.speed_ms.is_finite() {
                lesson.driving.add(point.speed_ms, share * (1.0 - part));
            }
            self.teach_gap(Gap::Drove, to, share, lesson);
            lesson.waiting.0 += share * part;
            lesson.waiting.1 += share * (1.0 - part);
            for &Arrival { at, place, weight } in arrivals {
                let start = &self.starts[at][place];
                if start.call >= behind && start.backward > f64::NEG_INFINITY {
                    let share = (way + weight + self.serve(behind, start.call) + start.backward).exp();
                    self.teach_gap(Gap::On, at, share, lesson);
                }
            }
        }
    }

    /// Learns how long the track was silent before a fix.
    fn teach_gap(&self, gap: Gap, to: usize, share: f64, lesson: &mut Lesson) {
        if self.gap_s[to] > 0.0 {
            lesson.gap[gap as usize].add(self.gap_s[to], share);
        }
    }

    /// Learns from the fixes of one halt, `from..to`.
    fn teach_halt(&self, from: usize, to: usize, halt: Local, stop: u32, share: f64, lesson: &mut Lesson) {
        let (mut count, mut x, mut y) = (0.0, 0.0, 0.0);
        let mut before: Option<(Local, i64)> = None;
        for point in self.tour.points[from..to].iter().filter(|point| point.is_fix()) {
            (count, x, y) = (count + 1.0, x + point.at.x, y + point.at.y);
            let error = Local::new(point.at.x - halt.x, point.at.y - halt.y);
            if point.speed_ms.is_finite() {
                lesson.standing.add(point.speed_ms, share);
            }
            if let Some((last, time)) = before {
                let memory = &mut lesson.memory;
                memory.0 += share * (error.x * last.x + error.y * last.y);
                memory.1 += share * (last.x * last.x + last.y * last.y);
                memory.2 += share * (point.time - time) as f64;
                memory.3 += share;
                lesson.gap[Gap::Stood as usize].add((point.time - time) as f64, share);
            } else {
                lesson.error.0 += share * 0.5 * (error.x * error.x + error.y * error.y);
                lesson.error.1 += share;
            }
            before = Some((error, point.time));
        }
        if count > 0.0 {
            lesson.halts.push((stop, share, share * x / count, share * y / count));
        }
    }
}
