//! Hours of the day of all reports in, a clock that runs while people are about out.
//!
//! Bins fill, and are seen to be full, while people are about. A bin that is full at ten in the evening and emptied
//! at eight has overflowed for ten hours, and hardly anybody came by to say so. So filling and reporting are counted in
//! days of this clock, which has a day in every day, and little of it at night. The hours in which people report, for
//! whatever reason, stand for those in which they are about.
//!
//! On a Saturday more may come in than on a Tuesday. The days of the week on which people report do not tell: they write
//! to the city when they have time. How much of the clock's week each day has is learnt from how soon stops are reported
//! full (`fill::weekdays`); until then all have the same.

use crate::model::report::Reports;
use crate::period::{Clock, Day};

/// Reports with a time of day that every hour has before any is counted.
const EVEN: f64 = 2.0;
const HOURS: usize = 24;

/// Hours of a week.
const WEEK_H: f64 = 168.0;

/// How much of a day has gone by at each hour, as people are about, and how much of a week on each day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// Share of the day before each hour; 0 at first and 1 at last.
    until: [f64; HOURS + 1],
    /// Days of this clock in each day of the week, Monday first; seven in all.
    weekdays: [f64; 7],
}

impl Default for Rhythm {
    /// All hours alike.
    fn default() -> Self {
        Self::of([1.0; HOURS])
    }
}

impl Rhythm {
    /// From how much goes on in each hour of the day.
    fn of(amount: [f64; HOURS]) -> Self {
        let (mut until, mut sum) = ([0.0; HOURS + 1], 0.0);
        for (hour, amount) in amount.into_iter().enumerate() {
            sum += amount;
            until[hour + 1] = sum;
        }
        Self { until: until.map(|before| before / sum), weekdays: [1.0; 7] }
    }

    /// The same hours of the day, with so much on each weekday, Monday first; only the shares count.
    #[must_use]
    pub fn with_weekdays(self, amount: [f64; 7]) -> Self {
        let mean = amount.iter().sum::<f64>() / 7.0;
        Self { weekdays: amount.map(|amount| amount / mean), ..self }
    }

    /// What comes in on each weekday, Monday first, against the mean.
    pub fn weekdays(&self) -> [f64; 7] {
        self.weekdays
    }

    /// From the hours at which reports were made; those of which only the day is known do not count.
    pub fn learn(reports: &Reports, clock: &Clock) -> Self {
        let mut amount = [EVEN; HOURS];
        for (&opened, _) in reports.opened.iter().zip(&reports.is_date_only).filter(|(_, is_day)| !**is_day) {
            amount[usize::from(clock.civil(opened).hour().unsigned_abs())] += 1.0;
        }
        Self::of(amount)
    }

    /// Days since 1970 by this clock, at an instant in seconds UTC.
    pub fn days(&self, clock: &Clock, instant: i64) -> f64 {
        let (day, share) = self.day(clock, instant);
        let weekday = day.weekday();
        let monday = f64::from(day.0) - weekday as f64;
        monday + self.weekdays[..weekday].iter().sum::<f64>() + self.weekdays[weekday] * share
    }

    /// Days from one instant to another, seconds UTC, that went by on each weekday, all weekdays taken alike.
    pub(in crate::collection) fn by_weekday(&self, clock: &Clock, from: i64, until: i64) -> [f64; 7] {
        let [from, until] = [from, until].map(|instant| self.day(clock, instant));
        let before = |(day, share): (Day, f64), weekday: usize| {
            // Whole days of that weekday since some Monday long ago, and what is gone of this one.
            let today = day.weekday();
            let weeks = (f64::from(day.0) - today as f64) / 7.0;
            weeks + if weekday < today { 1.0 } else { 0.0 } + if weekday == today { share } else { 0.0 }
        };
        std::array::from_fn(|weekday| before(until, weekday) - before(from, weekday))
    }

    /// Days that have gone by this many hours after Monday at midnight; later weeks follow on.
    pub fn days_of_week(&self, hours: f64) -> f64 {
        let (weeks, hours) = (hours.div_euclid(WEEK_H), hours.rem_euclid(WEEK_H));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..7")]
        let weekday = ((hours / 24.0) as usize).min(6);
        let today = self.weekdays[weekday] * self.share(hours - 24.0 * weekday as f64);
        7.0 * weeks + self.weekdays[..weekday].iter().sum::<f64>() + today
    }

    /// The day of an instant, and the share of it that has gone by.
    fn day(&self, clock: &Clock, instant: i64) -> (Day, f64) {
        let day = clock.day(instant);
        let (from, to) = (clock.midnight(day), clock.midnight(day.plus(1)));
        (day, self.share(24.0 * (instant - from) as f64 / (to - from) as f64))
    }

    /// Share of a day that has gone by at this hour of it.
    fn share(&self, hour: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a day")]
        let whole = (hour.max(0.0) as usize).min(HOURS - 1);
        let (low, high) = (self.until[whole], self.until[whole + 1]);
        low + (high - low) * (hour - whole as f64).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::DAY_S;

    #[test]
    fn nights_go_by_quickly_and_days_are_days() {
        let mut amount = [0.1; HOURS];
        amount[8..20].fill(1.9);
        let rhythm = Rhythm::of(amount);
        let clock = Clock::new("Europe/Amsterdam").unwrap();
        let midnight = clock.midnight(clock.day(1_750_000_000));
        let at = |hour: i64| rhythm.days(&clock, midnight + hour * 3600);
        assert!((at(24) - at(0) - 1.0).abs() < 1e-12 && (at(31) - at(7) - 1.0).abs() < 1e-12);
        assert!(at(20) - at(8) > 0.9 && at(32) - at(20) < 0.1);
        let even = Rhythm::default();
        let [from, until] = [midnight + 5_000, midnight + 222_222].map(|at| even.days(&clock, at));
        assert!((until - from - 217_222.0 / DAY_S as f64).abs() < 1e-9);
    }

    #[test]
    fn a_busy_weekday_takes_more_of_a_week_that_stays_seven_days() {
        let mut amount = [0.1; HOURS];
        amount[8..20].fill(1.9);
        let even = Rhythm::of(amount);
        let rhythm = even.with_weekdays([8.0, 8.0, 8.0, 9.0, 11.0, 14.0, 12.0]);
        let clock = Clock::new("Europe/Amsterdam").unwrap();
        let saturday = clock.midnight(clock.day(1_750_500_000));
        let at = |hour: i64| rhythm.days(&clock, saturday + hour * 3600);
        assert!((at(24) - at(0) - 1.4).abs() < 1e-9 && (at(7 * 24) - at(0) - 7.0).abs() < 1e-9);
        // By the hours of the week, and by how much of each weekday went by, it is the same.
        for (from, until) in [(3, 80), (30, 31), (10, 300)] {
            let days = at(until) - at(from);
            let hour = |hour: i64| rhythm.days_of_week(120.0 + hour as f64);
            assert!((hour(until) - hour(from) - days).abs() < 1e-9);
            let spent = even.by_weekday(&clock, saturday + from * 3600, saturday + until * 3600);
            let sum: f64 = spent.iter().zip(rhythm.weekdays()).map(|(days, amount)| days * amount).sum();
            assert!((sum - days).abs() < 1e-9, "{sum} {days}");
        }
    }

    #[test]
    fn the_clock_never_runs_backwards_when_the_hour_changes() {
        let rhythm = Rhythm::default();
        let clock = Clock::new("Europe/Amsterdam").unwrap();
        // 26 October 2025, 01:00 to 04:00 summer time.
        let times: Vec<f64> = (0..40).map(|step| rhythm.days(&clock, 1_761_433_200 + step * 600)).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
