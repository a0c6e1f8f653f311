//! Incidents in, whether they become more or fewer out: one row per kind, and per area where asked.
//!
//! Only whole months (or weeks) count: half a month at either end would look like a change. All incidents count,
//! wherever they lie, also those that could not be placed; an area's are those that `link` found in it. A trend of
//! reports is not yet one of the street: a new app, or one that is advertised, brings reports as well.
//!
//! Months depend on each other, so the test is that of Hamed & Rao, and the seasonal one that of Hirsch & Slack; the
//! last month is compared with the same month a year ago, as if incidents came independently of each other.

use serde::Deserialize;

use crate::error::Result;
use crate::hotspots::Hotspots;
use crate::hotspots::city::City;
use crate::model::NONE;
use crate::model::kind::{Kind, Selection};
use crate::period::{Day, Period};
use crate::random::Random;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::{mann_kendall, poisson};

/// With fewer whole steps no trend is looked for.
const FEWEST_STEPS: usize = 10;
/// With fewer incidents a row is not tested.
const FEWEST_INCIDENTS: u32 = 10;
/// What intervals hold the truth in.
const LEVEL: f64 = 0.95;
/// Rows up to this q-value are called rising or falling.
const TREND_Q: f64 = 0.05;

/// The settings of `[[hotspots.trend]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to count: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// Whether every kind among these gets a row of its own beside that of all. Default false.
    pub each_kind: bool,
    /// Whether every area gets rows of its own beside those of the city. Default false.
    pub areas: bool,
    /// `month` or `week` (Monday to Sunday). Default `month`.
    pub step: Step,
}

impl Default for Options {
    fn default() -> Self {
        Self { kind: Selection::All, each_kind: false, areas: false, step: Step::Month }
    }
}

impl Options {
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "all methods are asked alike; any value will do"
    )]
    pub(super) fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// A step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A calendar month.
    Month,
    /// Monday to Sunday.
    Week,
}

impl Step {
    /// As a project writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
        }
    }

    /// Steps after which the season is the same again.
    fn per_cycle(self) -> usize {
        match self {
            Self::Month => 12,
            Self::Week => 52,
        }
    }

    /// Steps in a year, for slopes.
    fn per_year(self) -> f64 {
        match self {
            Self::Month => 12.0,
            Self::Week => 365.25 / 7.0,
        }
    }

    /// The step that holds `day`.
    fn around(self, day: Day) -> Period {
        let days = |days: usize| i32::try_from(days).expect("a week or a month");
        match self {
            Self::Month => {
                let date = day.date();
                Period {
                    from: Day::from_date(date.first_of_month()),
                    to: Day::from_date(date.last_of_month()),
                }
            }
            Self::Week => {
                let from = day.plus(-days(day.weekday()));
                Period { from, to: from.plus(6) }
            }
        }
    }

    /// The whole steps within `period`, in order.
    fn within(self, period: Period) -> Vec<Period> {
        let mut steps = Vec::new();
        let mut next = self.around(period.from);
        while next.to <= period.to {
            if next.from >= period.from {
                steps.push(next);
            }
            next = self.around(next.to.plus(1));
        }
        steps
    }
}

/// The incidents of a kind over time. What could not be tested is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// What was counted.
    pub kind: Selection,
    /// The area, as an index into the areas; [`NONE`] for the whole city.
    pub area: u32,
    /// The step of time.
    pub step: Step,
    /// The days that were counted: whole steps.
    pub period: Period,
    /// How many steps.
    pub n_steps: u32,
    /// Incidents in them.
    pub n: u32,
    /// Share of pairs of steps that rise less those that fall: −1 to 1.
    pub tau: f64,
    /// Two-sided p-value of Mann & Kendall, corrected for dependence (Hamed & Rao).
    pub p_value: f64,
    /// The same, corrected for looking at all tested rows of the table.
    pub q_value: f64,
    /// Two-sided p-value of the seasonal test, each month against the same month of other years.
    pub seasonal_p_value: f64,
    /// Change of the count per step, per year (Sen).
    pub slope_per_year: f64,
    /// From here …
    pub slope_low: f64,
    /// … to here, in 95 % of all cases.
    pub slope_high: f64,
    /// Incidents in the last step.
    pub last_n: u32,
    /// Incidents in the same step a year before, where it was counted.
    pub year_ago_n: Option<u32>,
    /// Incidents a day in the last step over those in the same step a year before.
    pub rate_ratio: f64,
    /// From here …
    pub ratio_low: f64,
    /// … to here, in 95 % of all cases.
    pub ratio_high: f64,
    /// `rising` or `falling` where the q-value is at most 0.05; else empty.
    pub direction: &'static str,
}

/// Adds a row for the chosen kinds, and for each kind and area as the options ask.
pub(super) fn find(city: &City<'_>, options: &Options, _random: Random, found: &mut Hotspots) {
    let note = |what: String| format!("trend, {}: {what}", options.kind.name());
    let steps = options.step.within(city.scene.period);
    if steps.len() < FEWEST_STEPS {
        let (n, name, period) = (steps.len(), options.step.name(), city.scene.period);
        return found.notes.push(note(format!("too few data: {n} whole {name}s in {period}")));
    }
    let step_of: Vec<Option<usize>> = city
        .incidents
        .first_at
        .iter()
        .map(|&instant| {
            let day = city.scene.clock.day(instant);
            let after = steps.partition_point(|step| step.from <= day).checked_sub(1)?;
            steps[after].holds(day).then_some(after)
        })
        .collect();
    let mut rows: Vec<Trend> = Vec::new();
    for kind in kinds(city, options) {
        let places = if options.areas { city.scene.areas.len() } else { 0 };
        // The whole city, then its areas.
        let mut counts = vec![vec![0u32; steps.len()]; 1 + places];
        for (incident, step) in step_of.iter().enumerate() {
            let Some(step) = *step else { continue };
            if kind.holds(city.incidents.kind[incident]) {
                counts[0][step] += 1;
                if let Some(area) = counts
                    .get_mut(1..)
                    .and_then(|areas| areas.get_mut(city.incidents.area[incident] as usize))
                {
                    area[step] += 1;
                }
            }
        }
        let areas = std::iter::once(NONE).chain(0..);
        rows.extend(
            counts.iter().zip(areas).map(|(counts, area)| row(kind, area, options.step, &steps, counts)),
        );
    }
    let untested = rows.iter().filter(|row| row.p_value.is_nan()).count();
    if untested > 0 {
        let n = rows.len();
        found.notes.push(note(format!(
            "too few data: {untested} of {n} rows hold fewer than {FEWEST_INCIDENTS} incidents and are not tested"
        )));
    }
    correct(&mut rows);
    found.trends.extend(rows);
}

/// The chosen kinds together and, where asked, each of them that has an incident.
fn kinds(city: &City<'_>, options: &Options) -> Vec<Selection> {
    let mut kinds = vec![options.kind];
    if options.each_kind {
        let occurs = |kind: &&Kind| options.kind.holds(**kind) && city.incidents.kind.contains(kind);
        kinds.extend(Kind::ALL.iter().filter(occurs).map(|&kind| Selection::Kind(kind)));
        kinds.dedup();
    }
    kinds
}

fn row(kind: Selection, area: u32, step: Step, steps: &[Period], counts: &[u32]) -> Trend {
    let (first, last) = (steps[0], steps[steps.len() - 1]);
    let mut row = Trend {
        kind,
        area,
        step,
        period: Period { from: first.from, to: last.to },
        n_steps: u32::try_from(steps.len()).expect("fewer than 2^32 days"),
        n: counts.iter().sum(),
        tau: f64::NAN,
        p_value: f64::NAN,
        q_value: f64::NAN,
        seasonal_p_value: f64::NAN,
        slope_per_year: f64::NAN,
        slope_low: f64::NAN,
        slope_high: f64::NAN,
        last_n: counts[counts.len() - 1],
        year_ago_n: None,
        rate_ratio: f64::NAN,
        ratio_low: f64::NAN,
        ratio_high: f64::NAN,
        direction: "",
    };
    if row.n < FEWEST_INCIDENTS {
        return row;
    }
    let values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
    if let Some(test) = mann_kendall::cautious(&values) {
        (row.tau, row.p_value) = (test.tau, test.p_value);
        if let (Some(slope), Some((low, high))) =
            (mann_kendall::sen_slope(&values), mann_kendall::sen_interval(&values, test.variance, LEVEL))
        {
            let a_year = step.per_year();
            (row.slope_per_year, row.slope_low, row.slope_high) =
                (slope * a_year, low * a_year, high * a_year);
        }
    }
    if let Some(test) = mann_kendall::seasonal_dependent(&values, step.per_cycle()) {
        row.seasonal_p_value = test.p_value;
    }
    if let Some(year_ago) = (counts.len() - 1).checked_sub(step.per_cycle()) {
        let (now, then) =
            ((row.last_n, f64::from(last.days())), (counts[year_ago], f64::from(steps[year_ago].days())));
        row.year_ago_n = Some(then.0);
        row.rate_ratio = (f64::from(now.0) / now.1) / (f64::from(then.0) / then.1);
        (row.ratio_low, row.ratio_high) = poisson::rate_ratio_interval(now, then, LEVEL);
    }
    row
}

/// Fills the q-values of the rows that were tested, and names those that rise or fall.
fn correct(rows: &mut [Trend]) {
    let mut tested: Vec<&mut Trend> = rows.iter_mut().filter(|row| !row.p_value.is_nan()).collect();
    let q_values = benjamini_hochberg(&tested.iter().map(|row| row.p_value).collect::<Vec<_>>());
    for (row, q_value) in tested.iter_mut().zip(q_values) {
        row.q_value = q_value;
        row.direction = match row.tau {
            _ if q_value > TREND_Q => "",
            tau if tau > 0.0 => "rising",
            _ => "falling",
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i16, month: i8, day: i8) -> Day {
        Day::from_date(jiff::civil::date(year, month, day))
    }

    #[test]
    fn partial_months_and_weeks_at_either_end_are_left_out() {
        let period = Period { from: day(2024, 1, 2), to: day(2024, 4, 29) };
        let months = Step::Month.within(period);
        assert_eq!(months.len(), 2);
        assert_eq!((months[0].from, months[1].to), (day(2024, 2, 1), day(2024, 3, 31)));
        // 2 January 2024 was a Tuesday, 29 April a Monday.
        let weeks = Step::Week.within(period);
        assert_eq!((weeks[0].from, weeks[weeks.len() - 1].to), (day(2024, 1, 8), day(2024, 4, 28)));
        assert!(weeks.iter().all(|week| week.days() == 7) && weeks.len() == 16);
        let whole = Period { from: day(2024, 1, 1), to: day(2024, 12, 31) };
        assert_eq!(Step::Month.within(whole).len(), 12);
        assert!(Step::Month.within(Period { from: day(2024, 1, 2), to: day(2024, 1, 1) }).is_empty());
    }
}
