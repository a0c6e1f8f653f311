//! Logged services of each site in, its cadence and the services that probably are missing out.
//!
//! Nobody wrote down when a site was to be emptied; the intervals around each interval show it. One that is like those
//! before and after it is no news, however long. One that is like two of them in a row (or three) has probably lost a
//! service. How often that happens at a site is learnt, and a site whose intervals are all over the place gives
//! no clear answer. Weekdays enter through the pattern: after Monday, Thursday, Monday a gap of a week is two intervals.
//!
//! A missing service was skipped, or took place and was not logged. The weight at the end of the gap tells which: what was not
//! emptied is still there.

use rayon::prelude::*;

use super::weighed::quantile;
use crate::model::service::{Service, Services};
use crate::period::Clock;
use crate::unit::DAY_S;

/// Intervals on either side that show what is usual.
const AROUND: usize = 10;
/// Fewer intervals than this around one show nothing.
const FEWEST: usize = 6;
/// An interval differs from the same one planned by half a day, or this share of it.
const SPREAD_DAYS: f64 = 0.5;
const SPREAD_SHARE: f64 = 0.08;
/// This share of the intervals follows no pattern (holidays, works in the street, calls): anything from a third to
/// three times the usual, on a logarithmic scale.
const UNUSUAL: f64 = 0.1;
const UNUSUAL_LOG: f64 = 1.1;
/// Of so many intervals one has lost a service, before the data say otherwise; and how many intervals that counts for.
const FIRST_RATE: f64 = 0.03;
const RATE_COUNTS: f64 = 20.0;
const ROUNDS: usize = 5;
/// A site that stands still for longer than so many usual intervals was closed, or is not logged.
const CLOSED: f64 = 4.0;
/// An interval within a fifth of the usual one, or a day, keeps the cadence.
const KEPT_SHARE: f64 = 0.2;
/// One interval in twenty is longer than what is called late.
const LATE: f64 = 0.05;

/// How often a site is emptied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cadence {
    /// The usual interval of late: the median of the last twenty, days.
    pub days: f64,
    /// Share of all intervals that keep what is usual around them; how sure the cadence is.
    pub kept: f64,
    /// Share of the services on Monday, Tuesday and so on.
    pub weekdays: [f64; 7],
    /// Intervals between services.
    pub intervals: usize,
    /// Share of the intervals that probably lost a service, shrunk towards all sites.
    pub missing_rate: f64,
}

/// An interval that is longer than usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Index into the sites.
    pub site: usize,
    /// The end of the service before, seconds UTC.
    pub from: i64,
    /// The next service, seconds UTC.
    pub until: i64,
    /// Days between.
    pub days: f64,
    /// The usual interval around it, days.
    pub usual_days: f64,
    /// Probability that a service is missing.
    pub missing: f64,
    /// Share of the intervals around it that are shorter: how sure it is late if none is missing.
    pub late: f64,
    /// Probability that the missing service was not made, and did not merely go unlogged, by the weight at the end of the
    /// gap; NaN where that was not weighed.
    pub skipped: f64,
}

impl Gap {
    /// As in the tables: `missing` where that is more probable than not, else `late`.
    pub fn name(&self) -> &'static str {
        if self.missing >= 0.5 { "missing" } else { "late" }
    }
}

/// What the log of one site shows.
struct Site<'a> {
    services: &'a [Service],
    days: Vec<f64>,
    /// Of each interval: its probability if nothing is missing, if one service is, if two are.
    ways: Vec<Option<[f64; 3]>>,
}

/// The cadence of every site, `None` with too few services; and every interval that is late or has probably lost a service,
/// by site and time.
pub fn examine(services: &Services, clock: &Clock) -> (Vec<Option<Cadence>>, Vec<Gap>) {
    let mut sites: Vec<Site<'_>> = services.of_site.par_iter().map(|services| Site::new(services)).collect();
    let mut rate = FIRST_RATE;
    for _round in 0..ROUNDS {
        let sums: Vec<(f64, f64)> = sites.iter().map(|site| site.missing(rate)).collect();
        let (missing, all) = sums.iter().fold((0.0, 0.0), |sum, site| (sum.0 + site.0, sum.1 + site.1));
        rate = ((missing + RATE_COUNTS * FIRST_RATE) / (all + RATE_COUNTS)).clamp(1e-4, 0.3);
        sites.par_iter_mut().for_each(|site| site.judge(rate));
    }
    let found: Vec<(Option<Cadence>, Vec<Gap>)> =
        sites.par_iter().enumerate().map(|(index, site)| site.findings(index, rate, clock)).collect();
    let (cadences, gaps): (Vec<Option<Cadence>>, Vec<Vec<Gap>>) = found.into_iter().unzip();
    (cadences, gaps.concat())
}

impl<'a> Site<'a> {
    fn new(services: &'a [Service]) -> Self {
        let days: Vec<f64> =
            services.windows(2).map(|pair| (pair[1].begun - pair[0].ended) as f64 / DAY_S as f64).collect();
        let whole = vec![1.0; days.len()];
        let ways = (0..days.len()).map(|index| ways(&days, &whole, index)).collect();
        Self { services, days, ways }
    }

    /// Judges the intervals anew, by those around them that probably are whole.
    fn judge(&mut self, rate: f64) {
        let own_rate = self.own_rate(rate);
        let whole: Vec<f64> = self
            .ways
            .iter()
            .map(|ways| ways.map_or(1.0, |ways| 1.0 - share_missing(&ways, own_rate)))
            .collect();
        self.ways = (0..self.days.len()).map(|index| ways(&self.days, &whole, index)).collect();
    }

    fn own_rate(&self, rate: f64) -> f64 {
        let (missing, known) = self.missing(rate);
        (missing + RATE_COUNTS * rate) / (known + RATE_COUNTS)
    }

    /// How many intervals have probably lost a service, and of how many that can be told.
    fn missing(&self, rate: f64) -> (f64, f64) {
        let known = || self.ways.iter().flatten();
        (known().map(|ways| share_missing(ways, rate)).sum(), known().count() as f64)
    }

    fn findings(&self, index: usize, rate: f64, clock: &Clock) -> (Option<Cadence>, Vec<Gap>) {
        if self.ways.iter().flatten().next().is_none() {
            return (None, Vec::new());
        }
        let own_rate = self.own_rate(rate);
        let gaps = (0..self.days.len()).filter_map(|interval| self.gap(index, interval, own_rate)).collect();
        (Some(self.cadence(own_rate, clock)), gaps)
    }

    fn cadence(&self, missing_rate: f64, clock: &Clock) -> Cadence {
        let mut recent = self.days[self.days.len().saturating_sub(2 * AROUND)..].to_vec();
        let mut weekdays = [0.0; 7];
        for service in self.services {
            weekdays[clock.day(service.begun).weekday()] += 1.0 / self.services.len() as f64;
        }
        let keeps = |interval: &usize| {
            let usual = self.usual_days(*interval);
            (self.days[*interval] - usual).abs() <= (KEPT_SHARE * usual).max(1.0)
        };
        Cadence {
            days: quantile(&mut recent, 0.5),
            kept: (0..self.days.len()).filter(keeps).count() as f64 / self.days.len() as f64,
            weekdays,
            intervals: self.days.len(),
            missing_rate,
        }
    }

    fn usual_days(&self, interval: usize) -> f64 {
        let mut around: Vec<f64> = around(&self.days, interval).map(|index| self.days[index]).collect();
        quantile(&mut around, 0.5)
    }

    fn gap(&self, site: usize, interval: usize, rate: f64) -> Option<Gap> {
        let (days, usual_days) = (self.days[interval], self.usual_days(interval));
        let is_longer = days > usual_days + spread(usual_days);
        let share = share_missing(self.ways[interval].as_ref()?, rate);
        let missing = if is_longer && days <= CLOSED * usual_days { share } else { 0.0 };
        let shorter = around(&self.days, interval).filter(|&index| self.days[index] < days).count() as f64;
        let late = shorter / around(&self.days, interval).count() as f64;
        let is_late = late >= 1.0 - LATE && is_longer;
        let (from, until) = (self.services[interval].ended, self.services[interval + 1].begun);
        (missing >= 0.5 || is_late).then(|| Gap {
            site,
            from,
            until,
            days,
            usual_days,
            missing,
            late,
            skipped: self.skipped(interval, usual_days),
        })
    }

    /// Whether the weight after a gap is that of the whole gap or that of a usual interval, by the scatter of the weights
    /// around it; both are equally probable beforehand.
    fn skipped(&self, interval: usize, usual_days: f64) -> f64 {
        let kg = self.services[interval + 1].kg;
        let mut usual: Vec<f64> = around(&self.days, interval)
            .map(|index| self.services[index + 1].kg.ln())
            .filter(|kg| kg.is_finite())
            .collect();
        if usual.len() < FEWEST || kg.is_nan() {
            return f64::NAN;
        }
        let middle = quantile(&mut usual, 0.5);
        let mut apart: Vec<f64> = usual.iter().map(|kg| (kg - middle).abs()).collect();
        // 1.4826 median deviations are a standard deviation; scales are read to 5 kg, and loads are never alike.
        let scatter = (1.4826 * quantile(&mut apart, 0.5)).max(0.15);
        let longer = (self.days[interval] / usual_days).ln();
        let fits = |expected: f64| 0.05 + (-0.5 * ((kg.ln() - expected) / scatter).powi(2)).exp();
        let (whole, one) = (fits(middle + longer), fits(middle));
        whole / (whole + one)
    }
}

/// The intervals around one, itself left out.
fn around(days: &[f64], interval: usize) -> impl Iterator<Item = usize> {
    let from = interval.saturating_sub(AROUND);
    (from..(interval + AROUND + 1).min(days.len())).filter(move |&index| index != interval)
}

fn spread(days: f64) -> f64 {
    SPREAD_DAYS.max(SPREAD_SHARE * days)
}

/// Density of an interval of `days` where intervals of (days, weight) are usual.
fn density(days: f64, expected: &[(f64, f64)]) -> f64 {
    let normal = |&(mean, weight): &(f64, f64)| {
        let spread = spread(mean);
        // 2.5066 is the root of 2 π.
        weight * (-0.5 * ((days - mean) / spread).powi(2)).exp() / (spread * 2.5066)
    };
    let weights: f64 = expected.iter().map(|expected| expected.1).sum();
    expected.iter().map(normal).sum::<f64>() / weights.max(1.0)
}

/// Probability density of an interval if no service is missing, if one is and if two are; `None` with too few around it.
/// `whole` is the probability of every interval that nothing is missing in it.
fn ways(days: &[f64], whole: &[f64], interval: usize) -> Option<[f64; 3]> {
    let one: Vec<(f64, f64)> = around(days, interval).map(|index| (days[index], whole[index])).collect();
    if one.len() < FEWEST {
        return None;
    }
    let before = interval.saturating_sub(AROUND)..interval;
    let after = interval + 1..(interval + AROUND + 1).min(days.len());
    let in_a_row = |count: usize| -> Vec<(f64, f64)> {
        let rows = [before.clone(), after.clone()].into_iter().flat_map(|side| {
            let last = (side.end + 1).saturating_sub(count);
            (side.start..last).map(move |first| first..first + count)
        });
        rows.map(|row| (days[row.clone()].iter().sum(), whole[row].iter().product())).collect()
    };
    let now = days[interval];
    let mut usual: Vec<f64> = one.iter().map(|one| one.0).collect();
    let usual = quantile(&mut usual, 0.5).max(0.1);
    // Laplace's distribution of the logarithm: long tails on both sides.
    let unusual = (-(now / usual).ln().abs() / (0.5 * UNUSUAL_LOG)).exp() / (UNUSUAL_LOG * now.max(0.1));
    let none = (1.0 - UNUSUAL) * density(now, &one) + UNUSUAL * unusual;
    Some([none, density(now, &in_a_row(2)), density(now, &in_a_row(3))])
}

/// Probability that a service is missing where one in `rate` intervals has lost one.
fn share_missing(ways: &[f64; 3], rate: f64) -> f64 {
    let [none, one, two] = *ways;
    let missing = rate * one + rate * rate * two;
    missing / ((1.0 - rate - rate * rate) * none + missing).max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::random::Random;

    /// Thirty sites emptied on Mondays and Thursdays around eight, for a year; `loses` says of the services (site, number)
    /// which are not logged. Where they were not made either, the next one finds twice as much.
    fn city(loses: impl Fn(usize, usize) -> bool, is_made: bool) -> (Services, Vec<(usize, i64)>) {
        let (mut lost, mut of_site) = (Vec::new(), Vec::new());
        for site in 0..30 {
            let mut stream = Random::new(8).stream("cadence", site as u64);
            let (mut services, mut waiting) = (Vec::new(), 0.0);
            for number in 0..104usize {
                let (week, is_thursday) = (i64::try_from(number / 2).unwrap(), number % 2 == 1);
                // 2018-01-01 was a Monday, day 17,532.
                let day = 17_532 + 7 * week + if is_thursday { 3 } else { 0 };
                let begun = day * DAY_S + 8 * 3600 + stream.random_range(-7200..7200);
                let kg = 100.0 * if is_thursday { 3.0 } else { 4.0 } * stream.random_range(0.8..1.2);
                if loses(site, number) {
                    lost.push((site, begun));
                    waiting = if is_made { 0.0 } else { kg };
                    continue;
                }
                let kg = kg + std::mem::take(&mut waiting);
                services.push(Service::weighed(begun, kg));
            }
            of_site.push(services);
        }
        (
            Services {
                sites: (0..30).map(|site| format!("{site:02}")).collect(),
                of_site,
                ..Services::default()
            },
            lost,
        )
    }

    fn clock() -> Clock {
        Clock::new("UTC").unwrap()
    }

    /// One in about twenty, scattered, never the first or last.
    fn some(site: usize, number: usize) -> bool {
        (7 * site + 5 * number).is_multiple_of(19) && number > 2 && number < 101
    }

    #[test]
    fn services_missing_from_two_fixed_days_a_week_are_called_and_no_others() {
        let (services, lost) = city(some, true);
        let (cadences, gaps) = examine(&services, &clock());
        let called: Vec<&Gap> = gaps.iter().filter(|gap| gap.missing >= 0.5).collect();
        let holds = |gap: &Gap| {
            lost.iter().any(|&(site, at)| gap.site == site && (gap.from..gap.until).contains(&at))
        };
        let right = called.iter().filter(|gap| holds(gap)).count();
        assert!(lost.len() > 100 && right as f64 > 0.9 * lost.len() as f64, "{right} of {}", lost.len());
        assert!(right as f64 > 0.95 * called.len() as f64, "{right} of {} calls", called.len());
        let cadence = cadences[0].unwrap();
        assert!((3.0..4.1).contains(&cadence.days) && cadence.kept > 0.8, "{cadence:?}");
        assert!(cadence.weekdays[0] > 0.4 && cadence.weekdays[3] > 0.4, "{cadence:?}");
    }

    #[test]
    fn the_weight_after_a_gap_tells_a_service_not_made_from_one_not_logged() {
        for is_made in [true, false] {
            let (services, _) = city(some, is_made);
            let (_, gaps) = examine(&services, &clock());
            let missing: Vec<&Gap> = gaps.iter().filter(|gap| gap.missing >= 0.5).collect();
            let skipped =
                missing.iter().filter(|gap| gap.skipped >= 0.5).count() as f64 / missing.len() as f64;
            assert!(if is_made { skipped < 0.15 } else { skipped > 0.85 }, "made {is_made}: {skipped}");
        }
    }

    #[test]
    fn a_log_without_holes_has_hardly_any_called() {
        let (services, _) = city(|_, _| false, true);
        let (_, gaps) = examine(&services, &clock());
        let called = gaps.iter().filter(|gap| gap.missing >= 0.5).count();
        assert!(called * 200 < services.len(), "{called} of {}", services.len());
    }

    #[test]
    fn a_site_with_a_handful_of_services_has_no_cadence() {
        let (mut services, _) = city(|_, _| false, true);
        services.of_site[3].truncate(4);
        services.of_site[4].clear();
        let (cadences, gaps) = examine(&services, &clock());
        assert!(cadences[3].is_none() && cadences[4].is_none() && gaps.iter().all(|gap| gap.site != 3));
    }
}
