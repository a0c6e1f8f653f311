//! Instants, civil days and the project's clock.
//!
//! Instants are seconds since 1970 in UTC (`i64`); days are civil days in the project's zone ([`Day`]).
//! Days are never compared in UTC: a report of 00:30 in Helsinki belongs to that day, not the one before.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// An instant that is not known (an open report has no closing time).
pub const NEVER: i64 = i64::MIN;

/// Names of the weekdays, Monday first.
pub const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The same in small letters, as feeds and names of files have them.
pub const SMALL_WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Abbreviated names of the weekdays that are `on`, Monday first, as in `Tue Fri`.
pub fn short_weekdays(on: [bool; 7]) -> impl Iterator<Item = &'static str> {
    WEEKDAYS.into_iter().zip(on).filter(|(_, is_on)| *is_on).map(|(name, _)| &name[..3])
}

/// The weekday, 0 for Monday, that a word names or abbreviates by three letters at least, whatever their case.
pub fn weekday_of(word: &str) -> Option<usize> {
    let word = word.to_lowercase();
    SMALL_WEEKDAYS.iter().position(|name| word.starts_with(&name[..3]))
}

/// A civil day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

impl Day {
    /// The day of a calendar date.
    ///
    /// # Panics
    /// Never: every date of the calendar is within range.
    pub fn from_date(date: Date) -> Self {
        let days = (date - Date::constant(1970, 1, 1)).get_days();
        Self(days)
    }

    /// The calendar date.
    pub fn date(self) -> Date {
        Date::constant(1970, 1, 1).saturating_add(self.0.days())
    }

    /// 0 for Monday to 6 for Sunday.
    ///
    /// # Panics
    /// Never: a remainder by seven fits.
    pub fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        usize::try_from((self.0 + 3).rem_euclid(7)).expect("0..7")
    }

    /// The day `days` later.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }
}

impl std::fmt::Display for Day {
    /// As `2025-03-30`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.date())
    }
}

/// The project's time zone: turns instants into days and wall-clock times, and back.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
    name: String,
}

impl Clock {
    /// The clock of an IANA time zone such as `Europe/Amsterdam`.
    ///
    /// # Errors
    /// When there is no zone of that name.
    pub fn new(zone: &str) -> Result<Self> {
        let found =
            TimeZone::get(zone).map_err(|source| Error::TimeZone { name: zone.to_owned(), source })?;
        Ok(Self { zone: found, name: zone.to_owned() })
    }

    /// The name of the zone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The civil day of an instant.
    pub fn day(&self, instant_s: i64) -> Day {
        Day::from_date(self.civil(instant_s).date())
    }

    /// Date and wall-clock time of an instant. Instants out of the calendar's range are clamped to it.
    ///
    /// # Panics
    /// Never: the clamped instant is in range.
    pub fn civil(&self, instant_s: i64) -> jiff::civil::DateTime {
        let clamped = instant_s.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let instant = Timestamp::from_second(clamped).expect("clamped");
        self.zone.to_datetime(instant)
    }

    /// Wall-clock hour and minute of an instant, as `06:25`.
    pub fn hour_minute(&self, instant_s: i64) -> String {
        let civil = self.civil(instant_s);
        format!("{:02}:{:02}", civil.hour(), civil.minute())
    }

    /// The instant of a date and wall-clock time. A time that the clocks jump over is taken as the one after
    /// the jump; one that occurs twice, as the first.
    pub fn instant(&self, civil: jiff::civil::DateTime) -> i64 {
        self.zone.to_ambiguous_timestamp(civil).compatible().map_or(NEVER, Timestamp::as_second)
    }

    /// The instant `seconds` after noon minus twelve hours of `day`: the reference of GTFS times, which stays
    /// right on days when the clocks change, and past midnight.
    pub fn service_instant(&self, day: Day, seconds: i64) -> i64 {
        self.instant(day.date().at(12, 0, 0, 0)) - 12 * 3600 + seconds
    }

    /// Midnight at which `day` begins.
    pub fn midnight(&self, day: Day) -> i64 {
        self.instant(day.date().at(0, 0, 0, 0))
    }

    /// As `2025-03-30T00:30:00+02:00`; empty for [`NEVER`].
    pub fn rfc3339(&self, instant_s: i64) -> String {
        if instant_s == NEVER {
            return String::new();
        }
        let Ok(instant) = Timestamp::from_second(instant_s) else { return String::new() };
        let offset = self.zone.to_offset(instant);
        instant.display_with_offset(offset).to_string()
    }
}

/// A span of civil days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

impl Period {
    /// Number of days.
    pub fn days(self) -> u32 {
        u32::try_from(self.to.0 - self.from.0 + 1).unwrap_or(0)
    }

    /// Years of 365.25 days that it lasts, at least one day's.
    pub fn years(self) -> f64 {
        f64::from(self.days().max(1)) / 365.25
    }

    /// Whether `day` lies within.
    pub fn holds(self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

impl std::fmt::Display for Period {
    /// As `2025-01-01 to 2025-12-31`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_past_midnight_belongs_to_the_local_day() {
        let clock = Clock::new("Europe/Helsinki").unwrap();
        let instant = clock.instant(jiff::civil::date(2025, 6, 1).at(0, 30, 0, 0));
        assert_eq!(clock.day(instant).to_string(), "2025-06-01");
        assert_eq!(clock.rfc3339(instant), "2025-06-01T00:30:00+03:00");
        assert_eq!(clock.hour_minute(instant), "00:30");
    }

    #[test]
    fn weekdays_count_from_monday() {
        assert_eq!(Day::from_date(jiff::civil::date(2026, 1, 5)).weekday(), 0);
        assert_eq!(Day::from_date(jiff::civil::date(1969, 12, 28)).weekday(), 6);
    }

    #[test]
    fn weekdays_are_known_by_their_names_in_full_or_in_short() {
        assert_eq!(WEEKDAYS.map(str::to_lowercase), SMALL_WEEKDAYS);
        assert_eq!(WEEKDAYS.map(weekday_of), [0, 1, 2, 3, 4, 5, 6].map(Some));
        let some = [false, true, false, false, true, false, false];
        let short: Vec<&str> = short_weekdays(some).collect();
        assert_eq!(short, ["Tue", "Fri"]);
        assert_eq!([weekday_of("fri"), weekday_of("daily"), weekday_of("")], [Some(4), None, None]);
    }

    #[test]
    fn a_service_time_stays_put_on_the_day_the_clocks_change() {
        let clock = Clock::new("Europe/Amsterdam").unwrap();
        let day = Day::from_date(jiff::civil::date(2025, 3, 30));
        let at = clock.civil(clock.service_instant(day, 8 * 3600));
        assert_eq!((at.hour(), at.minute()), (8, 0));
    }
}
