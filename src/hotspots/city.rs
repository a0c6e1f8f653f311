//! What every method looks at: the incidents of a run with their index, and the words that methods share.

use rayon::prelude::*;

use crate::dedupe::Incidents;
use crate::hotspots::{Excess, Hotspot, Per, Scene};
use crate::index::ReportIndex;
use crate::model::NONE;
use crate::model::asset::Asset;
use crate::model::kind::Selection;
use crate::period::{Day, Period};
use crate::stats::trend;
use crate::unit::Local;

/// The cells that measure the study area.
const STUDY: h3o::Resolution = h3o::Resolution::Nine;
/// Fewer incidents than this have no trend: even a large change would be within chance.
const FEWEST_FOR_TREND: u32 = 10;
/// A shorter period has no trend: a third of it is less than a month.
const SHORTEST_FOR_TREND_DAYS: u32 = 90;
/// Every hotspot gets a trend, so one in a hundred words is false rather than one in twenty.
const TREND_ALPHA: f64 = 0.01;

/// The city as the methods see it.
pub(super) struct City<'a> {
    pub(super) index: &'a ReportIndex,
    pub(super) incidents: &'a Incidents,
    pub(super) assets: &'a [Asset],
    pub(super) scene: &'a Scene<'a>,
    /// The last third of the period begins at this instant.
    late_from: i64,
}

impl<'a> City<'a> {
    pub(super) fn new(
        index: &'a ReportIndex,
        incidents: &'a Incidents,
        assets: &'a [Asset],
        scene: &'a Scene<'a>,
    ) -> Self {
        let late_from = scene.clock.midnight(late_part(scene.period).from);
        Self { index, incidents, assets, scene, late_from }
    }

    /// The incidents of the chosen kinds whose place is fine enough, ascending.
    pub(super) fn chosen(&self, selection: Selection) -> Vec<u32> {
        let kind = &self.incidents.kind;
        let holds = |incident: &u32| selection.holds(kind[*incident as usize]);
        let mut chosen: Vec<u32> = self.index.order().iter().copied().filter(holds).collect();
        chosen.sort_unstable();
        chosen
    }

    /// The study area, square metres.
    pub(super) fn study_m2(&self) -> f64 {
        self.index.study_cells(STUDY).par_iter().map(|cell| cell.area_m2()).sum()
    }

    /// The days of the last third of the period.
    pub(super) fn late(&self) -> Period {
        late_part(self.scene.period)
    }

    /// How many incidents began in the last third of the period.
    pub(super) fn late_among(&self, incidents: &[u32]) -> u32 {
        let is_late = |incident: &&u32| self.incidents.first_at[**incident as usize] >= self.late_from;
        u32::try_from(incidents.iter().filter(is_late).count()).expect("fewer than 2^32 incidents")
    }

    /// `rising` or `falling` where a larger or smaller share of the incidents falls into the last third of the
    /// period than of `all` of them (which include these), beyond chance; empty where not, or where there are too
    /// few to tell. Both numbers are (late, total). Season and growth of the whole city are no trend.
    pub(super) fn trend(&self, (late, n): (u32, u32), (all_late, all_n): (u32, u32)) -> String {
        let is_short = self.scene.period.days() < SHORTEST_FOR_TREND_DAYS;
        if is_short || n < FEWEST_FOR_TREND || trend::fisher_p(late, n, all_late, all_n) > TREND_ALPHA {
            return String::new();
        }
        let share = f64::from(all_late) / f64::from(all_n);
        if f64::from(late) > share * f64::from(n) { "rising".to_owned() } else { "falling".to_owned() }
    }

    /// A hotspot of these incidents, at least one, of which nothing is tested yet.
    pub(super) fn hotspot(&self, method: &'static str, kind: Selection, members: Vec<u32>) -> Hotspot {
        let at = |incident: &u32| self.incidents.at[*incident as usize];
        let total = members.iter().map(at).fold((0.0, 0.0), |sum, at| (sum.0 + at.x, sum.1 + at.y));
        let middle = Local::new(total.0 / members.len() as f64, total.1 / members.len() as f64);
        let times = |times: &'a [i64]| members.iter().map(move |&incident| times[incident as usize]);
        Hotspot {
            id: String::new(),
            method,
            kind,
            at: middle,
            shape: geo::MultiPolygon::new(Vec::new()),
            radius_m: members.iter().map(|member| at(member).distance_m(middle)).fold(0.0, f64::max),
            label: String::new(),
            expected: f64::NAN,
            relative_risk: f64::NAN,
            statistic: f64::NAN,
            p_value: f64::NAN,
            q_value: f64::NAN,
            first_at: times(&self.incidents.first_at).min().expect("at least one incident"),
            last_at: times(&self.incidents.last_at).max().expect("at least one incident"),
            trend: String::new(),
            window: None,
            recurrence_days: f64::NAN,
            asset: NONE,
            per: Per::Nothing,
            baseline: f64::NAN,
            excess: Excess { per_week: f64::NAN, low: f64::NAN, high: f64::NAN },
            stability: f64::NAN,
            place: NONE,
            incidents: members,
        }
    }

    /// Where the incidents are.
    pub(super) fn places(&self, incidents: &[u32]) -> Vec<Local> {
        incidents.iter().map(|&incident| self.incidents.at[incident as usize]).collect()
    }
}

/// (late, total) of `incidents`, for [`City::trend`].
pub(super) fn late_and_all(city: &City<'_>, incidents: &[u32]) -> (u32, u32) {
    (city.late_among(incidents), u32::try_from(incidents.len()).expect("fewer than 2^32 incidents"))
}

fn late_part(period: Period) -> Period {
    let early = i32::try_from(2 * period.days() / 3).unwrap_or(i32::MAX / 2);
    Period { from: Day(period.from.0.saturating_add(early)), to: period.to }
}
