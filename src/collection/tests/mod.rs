//! The labelled season, scored.
//!
//! `PAALTJE_SEASON` names another season of the same form, `PAALTJE_ERRORS` prints every error, and
//! `PAALTJE_VARIANT` chooses among the variants of the ignored test.

mod season;
mod small;

use std::collections::BTreeMap;

use self::season::Season;
use super::{Collection, Evidence, Options, Outcome, Visit, examine};
use crate::model::service::Services;
use crate::model::some;
use crate::network::{self, Network};
use crate::progress::Silent;

/// How well visits are told apart.
#[derive(Debug, Clone, Default)]
struct VisitScore {
    found: u32,
    false_alarm: u32,
    overlooked: u32,
    skipped_in_hole: u32,
    unknown: u32,
    unknown_recorded: u32,
    errors_s: Vec<i64>,
    by_cause: BTreeMap<String, (u32, u32)>,
    /// Per tenth of confidence of a skip: how many, how many right.
    calibration: BTreeMap<u32, (u32, u32)>,
}

impl VisitScore {
    fn of(season: &Season, visits: &[Visit]) -> Self {
        let mut score = Self::default();
        for visit in visits {
            let key = (
                season.rounds.routes[visit.route as usize].id.clone(),
                season.rounds.stops[visit.stop as usize].id.clone(),
                visit.day.to_string(),
            );
            let truth = &season.truth_visits[&key];
            let is_skipped = truth.served_at.is_none();
            let is_called = visit.outcome.is_missed();
            score.found += u32::from(is_skipped && is_called);
            score.false_alarm += u32::from(!is_skipped && is_called);
            score.overlooked += u32::from(is_skipped && !is_called);
            score.skipped_in_hole += u32::from(!truth.is_recorded && is_called);
            score.unknown += u32::from(visit.outcome == Outcome::Unknown);
            score.unknown_recorded += u32::from(visit.outcome == Outcome::Unknown && truth.is_recorded);
            if let Some(served_at) = truth.served_at.filter(|_| visit.outcome.is_emptied()) {
                score.errors_s.push((visit.served_at - served_at).abs());
            }
            if is_skipped {
                let cause = score.by_cause.entry(truth.cause.clone()).or_default();
                *cause = (cause.0 + u32::from(is_called), cause.1 + 1);
            }
            if visit.outcome != Outcome::Unknown {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tenths")]
                let tenth = (visit.confidence * 10.0) as u32 + if is_called { 100 } else { 0 };
                let count = score.calibration.entry(tenth).or_default();
                *count = (count.0 + 1, count.1 + u32::from(is_called == is_skipped));
            }
        }
        score.errors_s.sort_unstable();
        if std::env::var_os("PAALTJE_ERRORS").is_some() {
            for visit in visits {
                let key = (
                    season.rounds.routes[visit.route as usize].id.clone(),
                    season.rounds.stops[visit.stop as usize].id.clone(),
                    visit.day.to_string(),
                );
                let truth = &season.truth_visits[&key];
                if visit.outcome.is_missed() == truth.served_at.is_some() {
                    println!(
                        "ERR {} {} {} {} {:?} {} {}",
                        key.0, visit.sequence, key.1, key.2, visit.outcome, truth.cause, visit.evidence
                    );
                }
            }
        }
        score
    }

    fn f1(&self) -> f64 {
        2.0 * f64::from(self.found) / f64::from(2 * self.found + self.false_alarm + self.overlooked).max(1.0)
    }

    fn print(&self, name: &str) {
        let precision = f64::from(self.found) / f64::from(self.found + self.false_alarm);
        let recall = f64::from(self.found) / f64::from(self.found + self.overlooked);
        println!(
            "{name}: skips found {} false {} overlooked {}: precision {precision:.3} recall {recall:.3} F1 {:.3}; \
             called skipped in a hole {}; unknown {} (recorded {}); median error {} s, p90 {} s; causes {:?}; {:?}",
            self.found,
            self.false_alarm,
            self.overlooked,
            self.f1(),
            self.skipped_in_hole,
            self.unknown,
            self.unknown_recorded,
            self.errors_s.get(self.errors_s.len() / 2).unwrap_or(&-1),
            self.errors_s.get(self.errors_s.len() * 9 / 10).unwrap_or(&-1),
            self.by_cause,
            self.calibration,
        );
    }
}

/// How well reports are explained.
#[derive(Debug, Default)]
struct ReportScore {
    right: u32,
    right_stop: u32,
    nearest_right: u32,
    count: u32,
    /// (truth, told) → count.
    table: BTreeMap<(String, &'static str), u32>,
    /// Per tenth of confidence: how many, how many right.
    calibration: BTreeMap<u32, (u32, u32)>,
}

impl ReportScore {
    fn of(season: &Season, collection: &Collection) -> Self {
        let mut score = Self::default();
        for diagnosis in &collection.diagnoses {
            let (stop, reason) = &season.truth_reports[season.reports.id.get(diagnosis.report as usize)];
            let is_right = reason == diagnosis.reason.name();
            let named = |stop: u32| some(stop).map(|stop| season.rounds.stops[stop].id.as_str());
            score.count += 1;
            score.right += u32::from(is_right);
            score.right_stop += u32::from(named(diagnosis.stop) == Some(stop));
            let nearest = season.linked.stop[diagnosis.report as usize];
            score.nearest_right += u32::from(named(nearest) == Some(stop));
            *score.table.entry((reason.clone(), diagnosis.reason.name())).or_default() += 1;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tenths")]
            let tenth = score.calibration.entry((diagnosis.confidence * 10.0) as u32).or_default();
            *tenth = (tenth.0 + 1, tenth.1 + u32::from(is_right));
            if !is_right && std::env::var_os("PAALTJE_ERRORS").is_some() {
                println!("DIAG {reason} told {:?} {diagnosis:?} true stop {stop}", named(diagnosis.stop));
            }
        }
        score
    }

    fn accuracy(&self) -> f64 {
        f64::from(self.right) / f64::from(self.count)
    }

    fn print(&self, name: &str) {
        println!(
            "{name}: diagnosis right {:.3}, stop right {:.3} (nearest {:.3}) of {}; {:?}; {:?}",
            self.accuracy(),
            f64::from(self.right_stop) / f64::from(self.count),
            f64::from(self.nearest_right) / f64::from(self.count),
            self.count,
            self.table,
            self.calibration,
        );
    }
}

/// Average precision with which `p_overflow` ranks the undersized stops first.
fn precision_of_overflow(season: &Season, collection: &Collection) -> f64 {
    let mut ranked: Vec<(f64, bool)> = collection
        .stops
        .iter()
        .zip(&season.rounds.stops)
        .map(|(finding, stop)| {
            let p = if finding.p_overflow.is_nan() { -1.0 } else { finding.p_overflow };
            (p, season.undersized[&stop.id])
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut sum) = (0.0, 0.0);
    for (rank, (_, is_undersized)) in ranked.iter().enumerate() {
        if *is_undersized {
            found += 1.0;
            sum += found / (rank + 1) as f64;
        }
    }
    sum / found
}

fn examine_season(season: &Season) -> Collection {
    let network = Network::build(&season.streets, &network::Options::default());
    let evidence = Evidence {
        rounds: &season.rounds,
        tracks: &season.tracks,
        services: &Services::default(),
        reports: &season.reports,
        located: &season.located,
        linked: &season.linked,
        network: &network,
        clock: &season.clock,
    };
    examine(&evidence, &Options::default(), &Silent)
}

#[test]
fn the_labelled_season_is_told_as_it_was() {
    let Some(folder) = season::folder() else { return };
    let season = Season::read(&folder);
    let begin = std::time::Instant::now();
    let collection = examine_season(&season);
    println!("{:.1} s", begin.elapsed().as_secs_f64());
    let score = VisitScore::of(&season, &collection.visits);
    score.print("as given");
    let told = ReportScore::of(&season, &collection);
    told.print("as given");
    println!("undersized stops: average precision {:.3}", precision_of_overflow(&season, &collection));
    println!("routes: {:?}", collection.routes.first());
    assert!(score.f1() >= 0.9 && score.skipped_in_hole == 0, "{score:?}");
    assert!(
        score.errors_s[score.errors_s.len() / 2] <= 15,
        "half of the visits are timed to a quarter of a minute"
    );
    assert!(told.accuracy() >= 0.93, "{told:?}");
    for reason in ["skipped", "late", "full_before_next_service", "dumped_beside"] {
        let of_reason = || told.table.iter().filter(|row| row.0.0 == reason);
        let all: u32 = of_reason().map(|row| row.1).sum();
        let right: u32 = of_reason().filter(|row| row.0.1 == reason).map(|row| row.1).sum();
        assert!(f64::from(right) >= 0.8 * f64::from(all), "{reason}: {told:?}");
    }
}

/// What a variant changes.
type Change = fn(&mut Season);

#[test]
#[ignore = "measures variants of the season"]
fn variants_of_the_season() {
    let Some(folder) = season::folder() else { return };
    let variants: [(&str, Change); 4] = [
        ("every third fix", |season| season.thin(3)),
        ("noise of 10 m more", |season| season.shake(10.0)),
        ("no logged speed", Season::forget_speeds),
        ("every third, no speed", |season| {
            season.thin(3);
            season.forget_speeds();
        }),
    ];
    let wanted = std::env::var("PAALTJE_VARIANT").unwrap_or_default();
    for (name, change) in variants.into_iter().filter(|variant| variant.0.contains(&wanted)) {
        let mut season = Season::read(&folder);
        change(&mut season);
        let collection = examine_season(&season);
        VisitScore::of(&season, &collection.visits).print(name);
        ReportScore::of(&season, &collection).print(name);
    }
}
