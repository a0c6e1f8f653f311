//! Incidents in, whether one is followed by others nearby out: one row per band of distance and of days.
//!
//! A ratio of 2 in the band up to 50 m and a week says that twice as many pairs are that close in place and time as
//! if the same places and the same days were paired by chance: the moment after one incident is the moment to look
//! around it. Reports that `dedupe` takes for one event are one incident here, so that people who report the same
//! thing are no repeat; what they report with another day, or from across the street, still is.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::hotspots::Hotspots;
use crate::hotspots::city::City;
use crate::model::kind::Selection;
use crate::random::Random;
use crate::stats::correct::benjamini_hochberg;
use crate::stats::knox::{self, Metric, Pairs};
use crate::unit::Local;

/// With fewer incidents no band holds enough pairs.
const FEWEST_INCIDENTS: usize = 20;
/// Edges farther out make pairs of everything.
const FARTHEST_M: f64 = 10_000.0;
/// The same for days: ten years.
const LONGEST_DAYS: i16 = 3_653;

/// The settings of `[[hotspots.near_repeat]]`.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What to count: a kind, a family or `*`. Default `*`.
    pub kind: Selection,
    /// The edges of the bands of distance, in metres, ascending; a band holds its lower edge and not its upper one.
    /// Default 0, 1, 50, 100, 200, 400.
    pub metres: Vec<f64>,
    /// The edges of the bands of time, in days, alike. Default 0, 1, 8, 15, 29: the same day, the week after, the
    /// next week, the two weeks after that.
    pub days: Vec<i16>,
    /// `euclidean` (as the crow flies) or `manhattan` (east and north added up). Default `euclidean`.
    pub distance: Metric,
    /// How often the days are dealt out anew. No p-value is below 1 / (R + 1). Default 999.
    pub permutations: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Selection::All,
            metres: vec![0.0, 1.0, 50.0, 100.0, 200.0, 400.0],
            days: vec![0, 1, 8, 15, 29],
            distance: Metric::Euclidean,
            permutations: 999,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |what: String, hint: &str| {
            let message = format!("{what} under [[hotspots.near_repeat]]");
            Err(Error::Setting { message, hint: hint.to_owned() })
        };
        let ascends = self.metres.is_sorted_by(|a, b| a < b);
        if self.metres.len() < 2
            || !ascends
            || !self.metres.iter().all(|edge| (0.0..=FARTHEST_M).contains(edge))
        {
            return refuse(
                format!("`metres = {:?}` are no edges of bands", self.metres),
                "write ascending metres up to 10,000, as in `metres = [0.0, 50.0, 100.0]`",
            );
        }
        let ascends = self.days.is_sorted_by(|a, b| a < b);
        if self.days.len() < 2 || !ascends || !self.days.iter().all(|edge| (0..=LONGEST_DAYS).contains(edge))
        {
            return refuse(
                format!("`days = {:?}` are no edges of bands", self.days),
                "write ascending days up to 3,653, as in `days = [0, 1, 8]`",
            );
        }
        if !(19..=99_999).contains(&self.permutations) {
            return refuse(
                format!("`permutations = {}` is too few or too many", self.permutations),
                "write a number from 19 (p at least 0.05) to 99999, such as 999",
            );
        }
        Ok(())
    }
}

/// One band of distance and time.
#[derive(Debug, Clone, PartialEq)]
pub struct NearRepeat {
    /// What was counted.
    pub kind: Selection,
    /// Pairs at least so far apart …
    pub from_m: f64,
    /// … and less than this,
    pub to_m: f64,
    /// at least so many days apart …
    pub from_days: i16,
    /// … and less than this.
    pub to_days: i16,
    /// How many pairs there are.
    pub n: u64,
    /// How many there would be if places and days were paired by chance.
    pub expected: f64,
    /// Pairs over those expected; NaN where none are.
    pub ratio: f64,
    /// One-sided p-value of the permutations: as many pairs or more.
    pub p_value: f64,
    /// The same, corrected for looking at all bands.
    pub q_value: f64,
}

/// Adds a row for every band.
pub(super) fn find(city: &City<'_>, options: &Options, random: Random, found: &mut Hotspots) {
    let note = |what: String| format!("near_repeat, {}: {what}", options.kind.name());
    let day = |incident: u32| city.scene.clock.day(city.incidents.first_at[incident as usize]).0;
    let mut incidents: Vec<(Local, i32)> = city
        .chosen(options.kind)
        .into_iter()
        .map(|incident| (city.incidents.at[incident as usize], day(incident)))
        .collect();
    // Which day is dealt to whom follows this order, so it must be that of the places, not of the rows.
    incidents.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (points, days): (Vec<Local>, Vec<i32>) = incidents.into_iter().unzip();
    let n = points.len();
    if n < FEWEST_INCIDENTS {
        return found.notes.push(note(format!("too few data: {n} incidents")));
    }
    let span = days.iter().max().zip(days.iter().min()).map_or(0, |(last, first)| last.abs_diff(*first));
    if span > knox::LONGEST_DAYS.unsigned_abs().into() {
        return found.notes.push(note(format!("not tested: the incidents span {span} days; set [period]")));
    }
    let Some(pairs) = Pairs::find(&points, &options.metres, options.distance) else {
        let reach_m = options.metres[options.metres.len() - 1];
        return found.notes.push(note(format!(
            "not tested: {n} incidents have too many pairs within {reach_m} m; choose a kind, a shorter [period] or \
             smaller `metres`"
        )));
    };
    let cells = knox::test(&pairs, &days, &options.days, options.permutations, random);
    let q_values = benjamini_hochberg(&cells.iter().map(|cell| cell.p_value).collect::<Vec<_>>());
    let bands =
        options.metres.windows(2).flat_map(|metres| options.days.windows(2).map(move |days| (metres, days)));
    found.near_repeats.extend(bands.zip(cells.iter().zip(q_values)).map(
        |((metres, days), (cell, q_value))| NearRepeat {
            kind: options.kind,
            from_m: metres[0],
            to_m: metres[1],
            from_days: days[0],
            to_days: days[1],
            n: cell.n,
            expected: cell.expected,
            ratio: if cell.expected > 0.0 { cell.n as f64 / cell.expected } else { f64::NAN },
            p_value: cell.p_value,
            q_value,
        },
    ));
}
