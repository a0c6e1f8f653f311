//! What a simulated season is made of.

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::period::{Day, Period, weekday_of};

/// The `[simulate]` table of a project.
#[derive(Debug, Clone, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The first day. Default 2025-01-01.
    pub from: Date,
    /// How many days. Default 365.
    pub days: u32,
    /// For how many days at the end the tracks of the trucks are kept: cities delete them after some weeks.
    /// Default 56.
    pub track_days: u32,

    /// How many rounds. Default 5.
    pub rounds: usize,
    /// Stops of a round, where there are bins enough. Default 30.
    pub stops_per_round: usize,
    /// Bins that no round plans, as in a park that another department keeps. Default 3.
    pub unplanned_bins: usize,
    /// Whether bins are made up by bus stops, benches and restaurants where the surveyed ones are too few.
    /// They are marked `synthetic`. Default true.
    pub synthetic_bins: bool,
    /// Service days of the rounds in turn, as in `"mon wed fri"`. Default: five patterns from twice a week to
    /// daily.
    pub weekdays: Vec<String>,
    /// Wall-clock time at which the first round of a truck leaves the depot. Default 06:15.
    pub start: Time,
    /// Trucks; a second round of a truck starts after its first. Default 3.
    pub vehicles: usize,
    /// Longitude and latitude of the depot. Default: the street corner that is farthest from the bins.
    pub depot: Option<[f64; 2]>,
    /// Rounds whose order grew over the years instead of being planned: re-sequencing has something to find
    /// there. Default 2.
    pub grown_rounds: usize,
    /// Days on which no round runs, announced in the calendar. Default: none.
    pub holidays: Vec<Date>,

    /// Seconds that one emptying takes. Default 45.
    pub service_s: f64,
    /// Driving times against those of the empty network: the median of all days. Default 1.2.
    pub traffic: f64,
    /// Shortest and longest seconds between two fixes. Default 12 and 28.
    pub fix_interval_s: [f64; 2],
    /// Standard deviation of a fix in metres along each axis. Default 6.
    pub gps_noise_m: f64,
    /// Seconds over which that error lasts (the time constant of an AR(1) process). Default 30.
    pub gps_memory_s: f64,

    /// Share of stops that the crew leaves out by habit. Default 0.06.
    pub habitual_share: f64,
    /// How often it leaves them out. Default 0.5.
    pub habitual_rate: f64,
    /// Share of visits at which a parked car or a crate blocks the bin. Default 0.01.
    pub blocked_rate: f64,
    /// Street works in 100 days; bins within 70 m cannot be reached. Default 2.5.
    pub closures_per_100_days: f64,
    /// Days that one of them lasts. Default 5.
    pub closure_days: u32,
    /// Share of round days on which the truck stays at the depot, unannounced. Default 0.008.
    pub cancelled_share: f64,
    /// Share of round days on which the truck leaves two to four and a half hours late. Default 0.03.
    pub late_share: f64,
    /// Share of round days with a hole in the track: mostly 15 to 60 minutes, one in five the whole day.
    /// Default 0.04.
    pub lost_share: f64,

    /// What a bin collects in a usual planned interval, as a share of what it holds: the median of all bins.
    /// Default 0.36.
    pub fill_per_interval: f64,
    /// Coefficient of variation of what comes in on a day. Default 0.6, near that of weighed containers in
    /// Amsterdam.
    pub fill_cv: f64,
    /// Busy quarters: within 150 m of their middle, bins fill `busy_factor` times as fast. Default 1.
    pub busy_places: usize,
    /// How much faster bins fill there. Default 1.8.
    pub busy_factor: f64,
    /// Share of bins that are too small for their place. Default 0.06.
    pub undersized_share: f64,
    /// Hours until somebody reports a full bin: the mean, while people are about. Default 16.
    pub hours_to_report: f64,
    /// Times in a year that somebody puts rubbish beside a bin; at one bin in twenty eight times as often.
    /// Default 0.8.
    pub dumping_per_bin_year: f64,

    /// Times in a year that a bollard is knocked over: the mean, gamma-distributed among bollards. Default
    /// 0.2.
    pub bollard_rate_year: f64,
    /// Planted bollards that are hit again and again. Default 5.
    pub repeat_bollards: usize,
    /// Times in a year that one of those is hit. Default 9.
    pub repeat_rate_year: f64,

    /// Reports of other kinds in a day, along all streets. Default 3.
    pub background_per_day: f64,
    /// Planted places where one such kind comes in far more often. Default 3.
    pub planted_places: usize,
    /// Reports in a year about each of those. Default 60.
    pub planted_per_year: f64,

    /// Further people who report the same: the mean for each report. Default 0.3.
    pub duplicates: f64,
    /// Share of reports that come with an address and no coordinate. Default 0.05.
    pub address_only_share: f64,
    /// Share of reports whose coordinate is 0,0. Default 0.01.
    pub zero_share: f64,
    /// Share of reports with words in their description. Default 0.6.
    pub described_share: f64,
}

impl Default for Options {
    fn default() -> Self {
        let patterns = ["mon tue wed thu fri sat", "mon wed fri", "tue thu sat", "mon thu", "tue fri"];
        Self {
            from: Date::constant(2025, 1, 1),
            days: 365,
            track_days: 56,
            rounds: 5,
            stops_per_round: 30,
            unplanned_bins: 3,
            synthetic_bins: true,
            weekdays: patterns.map(str::to_owned).to_vec(),
            start: Time::constant(6, 15, 0, 0),
            vehicles: 3,
            depot: None,
            grown_rounds: 2,
            holidays: Vec::new(),
            service_s: 45.0,
            traffic: 1.2,
            fix_interval_s: [12.0, 28.0],
            gps_noise_m: 6.0,
            gps_memory_s: 30.0,
            habitual_share: 0.06,
            habitual_rate: 0.5,
            blocked_rate: 0.01,
            closures_per_100_days: 2.5,
            closure_days: 5,
            cancelled_share: 0.008,
            late_share: 0.03,
            lost_share: 0.04,
            fill_per_interval: 0.36,
            fill_cv: 0.6,
            busy_places: 1,
            busy_factor: 1.8,
            undersized_share: 0.06,
            hours_to_report: 16.0,
            dumping_per_bin_year: 0.8,
            bollard_rate_year: 0.2,
            repeat_bollards: 5,
            repeat_rate_year: 9.0,
            background_per_day: 3.0,
            planted_places: 3,
            planted_per_year: 60.0,
            duplicates: 0.3,
            address_only_share: 0.05,
            zero_share: 0.01,
            described_share: 0.6,
        }
    }
}

impl Options {
    /// The days of the season.
    pub fn period(&self) -> Period {
        let from = Day::from_date(self.from);
        Period { from, to: from.plus(i32::try_from(self.days.max(1)).unwrap_or(i32::MAX) - 1) }
    }

    /// The first day whose tracks are kept.
    pub fn tracked_from(&self) -> Day {
        let Period { from, to } = self.period();
        from.max(to.plus(1 - i32::try_from(self.track_days).unwrap_or(i32::MAX)))
    }

    /// The service days of each round, Monday first.
    ///
    /// # Errors
    /// When a pattern names something else than weekdays, or there is no pattern.
    pub(super) fn patterns(&self) -> Result<Vec<[bool; 7]>> {
        let refused = |text: &str| Error::Setting {
            message: format!("`{text}` under `weekdays` of [simulate] names no service days"),
            hint: "write days such as `weekdays = [\"mon wed fri\", \"tue thu sat\"]`".to_owned(),
        };
        let mut patterns = Vec::new();
        for text in &self.weekdays {
            let mut days = [false; 7];
            for word in text.split_whitespace() {
                days[weekday_of(word).ok_or_else(|| refused(text))?] = true;
            }
            if !days.contains(&true) {
                return Err(refused(text));
            }
            patterns.push(days);
        }
        if patterns.is_empty() { Err(refused("")) } else { Ok(patterns) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_a_project_is_read_and_an_unknown_key_refused() {
        let options: Options = toml::from_str("from = \"2025-03-01\"\ndays = 10\nstart = \"05:30\"").unwrap();
        assert_eq!(options.period().to_string(), "2025-03-01 to 2025-03-10");
        assert_eq!(options.tracked_from(), options.period().from);
        assert!(toml::from_str::<Options>("form = \"2025-03-01\"").is_err());
    }

    #[test]
    fn service_days_are_words() {
        let options = Options { weekdays: vec!["Mon friday".to_owned()], ..Options::default() };
        assert_eq!(options.patterns().unwrap(), [[true, false, false, false, true, false, false]]);
        let options = Options { weekdays: vec!["daily".to_owned()], ..Options::default() };
        assert!(options.patterns().is_err());
    }
}
