//! Dates and times as exports write them in, instants out.
//!
//! A value is first taken apart ([`Written`]); whether `01/05/2015` is in January or May is decided only when
//! the whole column has been seen ([`Evidence`]), and a time without an offset is wall-clock time in the
//! project's zone ([`Converter`]). Dates of a spreadsheet's own numbering (42009.5) are not read.

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::error::{Error, Result};
use crate::period::{Clock, Day};
use crate::unit::DAY_S;

/// The years in which a report can have been made by computer; 1970 and 1900 stand for "nothing" in exports.
const YEARS: std::ops::RangeInclusive<i16> = 1971..=2099;

/// Declares [`Shape`] with an example of each, in one table.
macro_rules! shapes {
    ($($name:ident = $example:literal;)+) => {
        /// How a date is written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Shape {
            $(#[doc = $example] $name,)+
        }

        impl Shape {
            const ALL: &[Self] = &[$(Self::$name,)+];

            /// A date written like this.
            pub fn example(self) -> &'static str {
                match self { $(Self::$name => $example,)+ }
            }
        }
    };
}

shapes! {
    Setting = "as `date_format` says";
    YearFirst = "2015-01-31";
    YearAndName = "2015-Jan-31";
    Slashes = "31/01/2015 or 01/31/2015";
    Dashes = "31-01-2015";
    Dots = "31.01.2015";
    NamedMonth = "31 Jan 2015";
    Compact = "20150131";
    Epoch = "seconds since 1970";
}

impl Shape {
    /// Whether only other values tell which of the first two numbers is the month.
    fn is_open(self) -> bool {
        matches!(self, Self::Slashes | Self::Dashes | Self::Dots)
    }
}

/// Which of two leading numbers is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `31/01/2015`.
    DayFirst,
    /// `01/31/2015`.
    MonthFirst,
}

/// A date as it was written, not yet an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    year: i16,
    /// The first of the two other numbers; the month where the shape settles it.
    first: u8,
    /// The second of the two other numbers; the day where the shape settles it.
    second: u8,
    hour: u8,
    minute: u8,
    second_s: u8,
    shape: Shape,
    /// Minutes east of UTC, or [`Written::NO_OFFSET`].
    offset_min: i16,
    has_time: bool,
    /// Whether it had `AM` or `PM`.
    is_half_day: bool,
}

impl Written {
    const NO_OFFSET: i16 = i16::MIN;

    /// Nothing was written, or nothing that is a date.
    pub const NONE: Self = Self {
        year: 0,
        first: 0,
        second: 0,
        hour: 0,
        minute: 0,
        second_s: 0,
        shape: Shape::Setting,
        offset_min: Self::NO_OFFSET,
        has_time: false,
        is_half_day: false,
    };

    /// Whether there is a date at all.
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// Whether it is one of the dates that databases write for none.
    pub fn is_placeholder(self) -> bool {
        matches!(
            (self.year, self.first, self.second),
            (1 | 1900 | 1970, 1, 1) | (9999, 12, 31) | (9999, 31, 12)
        )
    }

    /// The hour of the day as it was written, where there was a time.
    pub fn hour(self) -> Option<u8> {
        self.has_time.then_some(self.hour)
    }

    /// Takes a date apart, in any of the known shapes.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scanner = Scanner { rest: text.trim().as_bytes() };
        let mut written = scanner.date()?;
        scanner.time(&mut written)?;
        scanner.rest.is_empty().then_some(written)
    }

    /// Takes a date apart that is written as `format` says (the letters of `strftime`).
    pub fn parse_as(format: &str, text: &str) -> Option<Self> {
        let parts = jiff::fmt::strtime::parse(format, text.trim()).ok()?;
        let (at, offset) = match parts.to_timestamp() {
            Ok(instant) => (instant.to_zoned(jiff::tz::TimeZone::UTC).datetime(), Some(0)),
            Err(_no_offset) => (
                parts
                    .to_datetime()
                    .or_else(|_| Ok::<_, jiff::Error>(parts.to_date()?.at(0, 0, 0, 0)))
                    .ok()?,
                None,
            ),
        };
        Some(Self::from_civil(at, Shape::Setting, offset, parts.hour().is_some()))
    }

    fn from_civil(at: jiff::civil::DateTime, shape: Shape, offset_min: Option<i16>, has_time: bool) -> Self {
        let small = |part: i8| u8::try_from(part).expect("parts of a date are not negative");
        Self {
            year: at.year(),
            first: small(at.month()),
            second: small(at.day()),
            hour: small(at.hour()),
            minute: small(at.minute()),
            second_s: small(at.second()),
            shape,
            offset_min: offset_min.unwrap_or(Self::NO_OFFSET),
            has_time,
            is_half_day: false,
        }
    }

    fn month_and_day(self, order: Order) -> (u8, u8) {
        match order {
            Order::DayFirst if self.shape.is_open() => (self.second, self.first),
            _ => (self.first, self.second),
        }
    }

    /// The day since 1970, if there is such a day in a year that reports can be from.
    fn day(self, order: Order) -> Option<Day> {
        let (month, day) = self.month_and_day(order);
        let date = Date::new(self.year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        YEARS.contains(&self.year).then(|| Day::from_date(date))
    }

    fn seconds(self) -> i64 {
        i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second_s)
    }
}

impl std::fmt::Display for Written {
    /// The numbers in the order in which they were written, as in `31/02/2015`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.shape.is_open() {
            write!(f, "{:02}/{:02}/{:04}", self.first, self.second, self.year)
        } else {
            write!(f, "{:04}-{:02}-{:02}", self.year, self.first, self.second)
        }
    }
}

/// What the values of a column tell together. Adding up evidence does not depend on the order of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    shapes: [u64; Shape::ALL.len()],
    day_first: u64,
    month_first: u64,
    half_days: u64,
    with_time: u64,
    midnights: u64,
    offsets: u64,
}

impl Evidence {
    /// Counts one value in.
    pub fn add(&mut self, written: Written) {
        self.shapes[written.shape as usize] += 1;
        if written.shape.is_open() {
            self.day_first += u64::from(written.first > 12 && written.second <= 12);
            self.month_first += u64::from(written.second > 12 && written.first <= 12);
        }
        self.half_days += u64::from(written.is_half_day);
        self.with_time += u64::from(written.has_time);
        self.midnights += u64::from(written.has_time && written.seconds() == 0);
        self.offsets += u64::from(written.offset_min != Written::NO_OFFSET);
    }

    /// Counts in what another part of the column tells.
    pub fn merge(&mut self, other: &Self) {
        self.shapes.iter_mut().zip(other.shapes).for_each(|(count, more)| *count += more);
        self.day_first += other.day_first;
        self.month_first += other.month_first;
        self.half_days += other.half_days;
        self.with_time += other.with_time;
        self.midnights += other.midnights;
        self.offsets += other.offsets;
    }

    fn count(&self, shape: Shape) -> u64 {
        self.shapes[shape as usize]
    }

    fn open(&self) -> u64 {
        Shape::ALL.iter().filter(|shape| shape.is_open()).map(|&shape| self.count(shape)).sum()
    }

    /// Which number is the day, if the values settle it.
    pub fn order(&self) -> Option<Order> {
        match self.day_first.cmp(&self.month_first) {
            std::cmp::Ordering::Greater => Some(Order::DayFirst),
            std::cmp::Ordering::Less => Some(Order::MonthFirst),
            std::cmp::Ordering::Equal => None,
        }
    }

    /// Which number is the day where no value settles it: twelve-hour clocks and slashes in America put the
    /// month first, everybody else the day.
    pub fn usual_order(&self, clock: &Clock) -> Order {
        let is_american = clock.name().starts_with("America/") || clock.name().starts_with("US/");
        let has_slashes = self.count(Shape::Slashes) * 2 > self.open();
        if has_slashes && (is_american || self.half_days > 0) { Order::MonthFirst } else { Order::DayFirst }
    }

    /// Whether every time is midnight, so that the times say nothing. Ten values make that no accident.
    pub fn is_all_midnight(&self) -> bool {
        self.with_time >= 10 && self.midnights == self.with_time
    }

    /// Whether no value has a time of day.
    pub fn is_date_only(&self) -> bool {
        self.with_time == 0 || self.is_all_midnight()
    }

    /// Whether most values carry an offset from UTC.
    pub fn has_offsets(&self) -> bool {
        self.offsets * 2 > self.shapes.iter().sum()
    }

    /// What was found out about the column, in words, given the order that was chosen.
    pub fn describe(&self, order: Order) -> String {
        let most =
            Shape::ALL.iter().copied().max_by_key(|&shape| (self.count(shape), std::cmp::Reverse(shape)));
        let Some(shape) = most.filter(|&shape| self.count(shape) > 0) else {
            return "dates: none".to_owned();
        };
        let example = match (shape, order) {
            (Shape::Slashes, Order::DayFirst) => "31/01/2015",
            (Shape::Slashes, Order::MonthFirst) => "01/31/2015",
            (Shape::Dashes, Order::MonthFirst) => "01-31-2015",
            (Shape::Dots, Order::MonthFirst) => "01.31.2015",
            _ => shape.example(),
        };
        let guessed = if self.open() > 0 && self.order().is_none() { " (order guessed)" } else { "" };
        let others = self.shapes.iter().sum::<u64>() - self.count(shape);
        let mixed = if others > 0 { format!(", {others} written otherwise") } else { String::new() };
        let times = match () {
            () if self.is_date_only() => "no times of day",
            () if self.has_offsets() => "times with offset",
            () => "times of the project's zone",
        };
        format!("dates: {example}{guessed}{mixed}, {times}")
    }
}

/// Turns what was written into instants. Keeps the midnights it has met: a column repeats its days.
#[derive(Debug, Clone)]
pub struct Converter<'a> {
    clock: &'a Clock,
    order: Order,
    is_local: bool,
    is_date_only: bool,
    /// Midnight of a day, and whether its clocks run on without a change.
    midnights: FxHashMap<Day, (i64, bool)>,
}

impl<'a> Converter<'a> {
    /// For a column with this order of day and month. With `is_local`, offsets are ignored; with
    /// `is_date_only`, so are times.
    pub fn new(clock: &'a Clock, order: Order, is_local: bool, is_date_only: bool) -> Self {
        Self { clock, order, is_local, is_date_only, midnights: FxHashMap::default() }
    }

    /// The instant, and whether only the day is known. `None` if there is no such date.
    ///
    /// # Panics
    /// Never: the parts of a time are small.
    pub fn instant(&mut self, written: Written) -> Option<(i64, bool)> {
        let day = written.day(self.order)?;
        if self.is_date_only || !written.has_time {
            return Some((self.midnight(day).0, true));
        }
        if written.offset_min != Written::NO_OFFSET && !self.is_local {
            let utc = i64::from(day.0) * DAY_S + written.seconds();
            return Some((utc - i64::from(written.offset_min) * 60, false));
        }
        let (midnight, is_plain) = self.midnight(day);
        if is_plain {
            return Some((midnight + written.seconds(), false));
        }
        let (hour, minute, second) = (written.hour, written.minute, written.second_s);
        let small = |part: u8| i8::try_from(part).expect("parts of a time are small");
        let civil = day.date().at(small(hour), small(minute), small(second), 0);
        Some((self.clock.instant(civil), false))
    }

    fn midnight(&mut self, day: Day) -> (i64, bool) {
        let clock = self.clock;
        *self.midnights.entry(day).or_insert_with(|| {
            let midnight = clock.midnight(day);
            (midnight, clock.midnight(day.plus(1)) - midnight == DAY_S)
        })
    }
}

/// Checks a `date_format` of a project file by writing and reading a date with it.
///
/// # Errors
/// When it holds a letter that is unknown, or does not hold a whole date.
pub fn check_format(format: &str) -> Result<()> {
    let sample = jiff::civil::date(2015, 1, 31).at(13, 45, 59, 0).to_zoned(jiff::tz::TimeZone::UTC);
    let written = sample.ok().and_then(|sample| jiff::fmt::strtime::format(format, &sample).ok());
    match written.and_then(|written| Written::parse_as(format, &written)) {
        Some(_) => Ok(()),
        None => Err(Error::Setting {
            message: format!("`date_format = \"{format}\"` does not describe a date"),
            hint: "write it as in `%d-%m-%Y %H:%M:%S` (31-01-2015 13:45:59), or leave it out".to_owned(),
        }),
    }
}

/// Whether `text` may be shown as a date that could not be read: numbers, signs and the words of dates, but
/// nothing that a citizen wrote.
pub fn may_be_shown(text: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
    text.len() <= 40
        && text.contains(|letter: char| letter.is_ascii_digit())
        && words.all(|word| {
            let word = word.to_ascii_lowercase();
            matches!(&*word, "t" | "z" | "am" | "pm")
                || month(word.as_bytes()).is_some()
                || is_weekday(word.as_bytes())
                || zone_min(word.as_bytes()).is_some()
        })
}

/// Reads a date from left to right.
struct Scanner<'a> {
    rest: &'a [u8],
}

/// A number with its count of digits, or a word.
enum Token<'a> {
    Number(u32, usize),
    Word(&'a [u8]),
}

impl<'a> Scanner<'a> {
    fn date(&mut self) -> Option<Written> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match (digits, self.rest.get(digits)) {
            (10 | 13, None | Some(b'.')) => return self.epoch(digits),
            (8, None | Some(b'T' | b' ')) | (12 | 14, _) => return self.compact(digits),
            (1.., None) => return None,
            _ => {}
        }
        let mut first = self.token()?;
        // `Mon, 05 Jan 2015`: the weekday says nothing new.
        if let Token::Word(word) = first
            && is_weekday(word)
        {
            self.separator()?;
            first = self.token()?;
        }
        let sign = self.separator()?;
        let second = self.token()?;
        self.separator()?;
        let Token::Number(third, third_digits) = self.token()? else { return None };
        let small = |number: u32| u8::try_from(number).ok();
        let mut written = Written::NONE;
        (written.year, written.first, written.second, written.shape) = match (first, second) {
            (Token::Number(year, 4), Token::Number(month, _)) if third_digits <= 2 => {
                (i16::try_from(year).ok()?, small(month)?, small(third)?, Shape::YearFirst)
            }
            (Token::Number(year, 4), Token::Word(name)) if third_digits <= 2 => {
                (i16::try_from(year).ok()?, month(name)?, small(third)?, Shape::YearAndName)
            }
            (Token::Number(a, 1..=2), Token::Number(b, 1..=2)) => {
                let shape = match sign {
                    b'/' => Shape::Slashes,
                    b'-' => Shape::Dashes,
                    b'.' => Shape::Dots,
                    _ => return None,
                };
                (year(third, third_digits)?, small(a)?, small(b)?, shape)
            }
            (Token::Number(day, 1..=2), Token::Word(name))
            | (Token::Word(name), Token::Number(day, 1..=2)) => {
                (year(third, third_digits)?, month(name)?, small(day)?, Shape::NamedMonth)
            }
            _ => return None,
        };
        Some(written)
    }

    /// Seconds or milliseconds since 1970.
    fn epoch(&mut self, digits: usize) -> Option<Written> {
        let (number, fraction) = self.rest.split_at(digits);
        self.rest = &[];
        let stamp = value(number) / if digits == 13 { 1000 } else { 1 };
        fraction.iter().skip(1).all(u8::is_ascii_digit).then_some(())?;
        let instant = jiff::Timestamp::from_second(stamp).ok()?;
        let civil = instant.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        Some(Written::from_civil(civil, Shape::Epoch, Some(0), true))
    }

    /// `20150131`, `201501311345` or `20150131134559`.
    fn compact(&mut self, digits: usize) -> Option<Written> {
        let number = &self.rest[..digits];
        let part = |from: usize| u8::try_from(value(number.get(from..from + 2).unwrap_or_default())).ok();
        let written = Written {
            year: i16::try_from(value(&number[..4])).ok()?,
            first: part(4)?,
            second: part(6)?,
            hour: part(8)?,
            minute: part(10)?,
            second_s: part(12)?,
            shape: Shape::Compact,
            has_time: digits > 8,
            ..Written::NONE
        };
        self.rest = &self.rest[digits..];
        (written.hour < 24 && written.minute < 60 && written.second_s < 60).then_some(written)
    }

    /// What follows the date: nothing, or a time with or without offset.
    fn time(&mut self, written: &mut Written) -> Option<()> {
        if written.has_time {
            return self.offset(written);
        }
        if self.rest.is_empty() {
            return Some(());
        }
        let before = self.rest.len();
        while matches!(self.rest.first(), Some(b'T' | b't' | b' ' | b',' | b'_')) {
            self.rest = &self.rest[1..];
        }
        if before == self.rest.len() {
            return None;
        }
        written.has_time = true;
        let (hour, digits) = self.number()?;
        if let (6, Shape::Compact) = (digits, written.shape) {
            // `20150131T134559`
            (written.hour, written.minute, written.second_s) = (
                u8::try_from(hour / 10_000).ok()?,
                u8::try_from(hour / 100 % 100).ok()?,
                u8::try_from(hour % 100).ok()?,
            );
        } else {
            written.hour = u8::try_from(hour).ok()?;
            self.expect(b':')?;
            written.minute = u8::try_from(self.number()?.0).ok()?;
            if self.expect(b':').is_some() {
                written.second_s = u8::try_from(self.number()?.0).ok()?;
                if self.expect(b'.').or_else(|| self.expect(b',')).is_some() {
                    self.fraction();
                }
            }
        }
        self.half_day(written)?;
        // A leap second is the second before it.
        written.second_s = if written.second_s == 60 { 59 } else { written.second_s };
        (written.hour < 24 && written.minute < 60 && written.second_s < 60).then_some(())?;
        self.offset(written)
    }

    fn half_day(&mut self, written: &mut Written) -> Option<()> {
        let rest = self.rest.trim_ascii_start();
        let letters: Vec<u8> =
            rest.iter().take(4).filter(|&&byte| byte != b'.').map(u8::to_ascii_lowercase).collect();
        let is_afternoon = match letters.get(..2) {
            Some(b"am") => false,
            Some(b"pm") => true,
            _ => return Some(()),
        };
        written.is_half_day = true;
        (1..=12).contains(&written.hour).then_some(())?;
        written.hour = written.hour % 12 + if is_afternoon { 12 } else { 0 };
        let length = if rest.get(1) == Some(&b'.') { 4 } else { 2 };
        self.rest = rest.get(length..)?;
        Some(())
    }

    /// `Z`, `+02:00`, `+0200`, `+02`, `CET`, with or without `[Europe/Berlin]`; or nothing.
    fn offset(&mut self, written: &mut Written) -> Option<()> {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.first() {
            None => return Some(()),
            Some(b'+' | b'-') => {
                let sign = if self.rest[0] == b'-' { -1 } else { 1 };
                self.rest = &self.rest[1..];
                let (number, digits) = self.number()?;
                let minutes = match digits {
                    2 if self.expect(b':').is_some() => number * 60 + self.number()?.0,
                    2 => number * 60,
                    4 => number / 100 * 60 + number % 100,
                    _ => return None,
                };
                let minutes = i16::try_from(minutes).ok().filter(|&minutes| minutes <= 18 * 60)?;
                written.offset_min = sign * minutes;
            }
            Some(_) => {
                let Token::Word(word) = self.token()? else { return None };
                // `14:05 Uhr`, `14:05 uur`
                if !word.eq_ignore_ascii_case(b"uhr") && !word.eq_ignore_ascii_case(b"uur") {
                    written.offset_min = zone_min(&word.to_ascii_lowercase())?;
                }
            }
        }
        if self.rest.starts_with(b"[") && self.rest.ends_with(b"]") {
            self.rest = &[];
        }
        Some(())
    }

    fn token(&mut self) -> Option<Token<'a>> {
        if self.rest.first()?.is_ascii_digit() {
            return self.number().map(|(number, digits)| Token::Number(number, digits));
        }
        // Letters beyond ASCII belong to words: `März`.
        let letters =
            self.rest.iter().take_while(|&&byte| byte.is_ascii_alphabetic() || byte >= 0x80).count();
        let (word, rest) = self.rest.split_at(letters);
        self.rest = rest;
        (!word.is_empty()).then_some(Token::Word(word))
    }

    fn number(&mut self) -> Option<(u32, usize)> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > 6 {
            return None;
        }
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        Some((number.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), digits))
    }

    fn fraction(&mut self) {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[digits..];
    }

    /// The sign between two parts of a date; a blank counts only where there is no other.
    fn separator(&mut self) -> Option<u8> {
        let signs = self.rest.iter().take_while(|byte| b"-/., ".contains(byte)).count();
        let (between, rest) = self.rest.split_at(signs);
        self.rest = rest;
        (1..=3).contains(&signs).then(|| between.iter().copied().find(|&sign| sign != b' ').unwrap_or(b' '))
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(&[byte])?;
        Some(())
    }
}

/// The number that digits stand for; 0 for none.
fn value(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

/// The year of a number with this many digits; of two digits, the one between 1970 and 2069.
fn year(number: u32, digits: usize) -> Option<i16> {
    match digits {
        4 => i16::try_from(number).ok(),
        2 => i16::try_from(if number < 70 { 2000 + number } else { 1900 + number }).ok(),
        _ => None,
    }
}

/// The number of a month by the first letters of its English, Dutch or German name.
fn month(name: &[u8]) -> Option<u8> {
    let name = std::str::from_utf8(name).ok()?.to_lowercase();
    let known: [&[&str]; 12] = [
        &["january", "januari", "januar", "jänner"],
        &["february", "februari", "februar"],
        &["march", "maart", "märz", "mrt", "mrz", "maerz"],
        &["april"],
        &["may", "mei", "mai"],
        &["june", "juni"],
        &["july", "juli"],
        &["august", "augustus"],
        &["september"],
        &["october", "oktober"],
        &["november"],
        &["december", "dezember"],
    ];
    let is_short = name.chars().count() >= 3;
    let found =
        known.iter().position(|names| is_short && names.iter().any(|whole| whole.starts_with(&*name)))?;
    u8::try_from(found + 1).ok()
}

/// Days of the week from Monday on, as they are written in full; abbreviations are their beginnings.
pub(super) const WEEKDAYS: [[&str; 3]; 7] = [
    ["monday", "maandag", "montag"],
    ["tuesday", "dinsdag", "dienstag"],
    ["wednesday", "woensdag", "mittwoch"],
    ["thursday", "donderdag", "donnerstag"],
    ["friday", "vrijdag", "freitag"],
    ["saturday", "zaterdag", "samstag"],
    ["sunday", "zondag", "sonntag"],
];

fn is_weekday(word: &[u8]) -> bool {
    let Ok(word) = std::str::from_utf8(word) else { return false };
    let word = word.to_lowercase();
    word.len() >= 2 && WEEKDAYS.iter().flatten().any(|day| day.starts_with(&word))
}

/// Minutes east of UTC of the zone abbreviations that exports carry.
fn zone_min(word: &[u8]) -> Option<i16> {
    let hours = match word {
        b"z" | b"utc" | b"gmt" | b"wet" => 0,
        b"cet" | b"mez" | b"bst" | b"west" => 1,
        b"cest" | b"mesz" | b"eet" => 2,
        b"eest" => 3,
        b"edt" => -4,
        b"est" | b"cdt" => -5,
        b"cst" | b"mdt" => -6,
        b"mst" | b"pdt" => -7,
        b"pst" => -8,
        _ => return None,
    };
    Some(hours * 60)
}

#[cfg(test)]
mod tests;
