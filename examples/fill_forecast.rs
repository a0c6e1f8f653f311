//! A waste planner asks: how much will be in each container at its next emptying, and which emptyings are missing?
//!
//!     cargo run --release --example fill_forecast -- [--weighings FILE] [--until DATE] [--gaps FILE.csv] [-o REPORT.md]
//!
//! Learns from the weighings of a file before a day and forecasts those of the half-year after it, beside the rule of
//! thumb "the site's mean rate times the days"; infers the cadence of every site, lists services that are late or
//! missing, and checks that by hiding one service in twenty. Without a file the log of made-up sites is taken, of which
//! it is known what really was skipped.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use paaltje::collection::fill::cadence::{self, Cadence, Gap};
use paaltje::collection::fill::weighed::{Knowledge, Prediction, Weighed};
use paaltje::error::{Error, Result};
use paaltje::import::services::ServiceSource;
use paaltje::import::{self, Settings};
use paaltje::issue::Issues;
use paaltje::model::service::{Service, Services};
use paaltje::period::{Clock, Day};
use paaltje::random::{Random, Stream};
use paaltje::unit::DAY_S;
use rand::RngExt;

const SEED: u64 = 20_260_101;
/// How far ahead is forecast.
const HALF_YEAR_DAYS: i32 = 181;
/// One service in so many is hidden.
const HIDDEN: f64 = 0.05;
/// Classes of interval lengths, days.
const CLASSES: [(&str, f64); 6] = [
    ("up to 2.5", 2.5),
    ("to 4.5", 4.5),
    ("to 6.5", 6.5),
    ("to 8.5", 8.5),
    ("to 15.5", 15.5),
    ("longer", f64::INFINITY),
];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let log = match value("--weighings") {
        Some(file) => Log::read(file, value("--until").map_or("2021-01-01", String::as_str), 60.0)?,
        None => Log::simulated()?,
    };
    let mut report = format!(
        "# {}\n\n    cargo run --release --example fill_forecast -- {}\n\n{}\n",
        log.title,
        args.join(" "),
        log.about
    );
    report += &forecasts(&log);
    if let Some(file) = value("--weighings") {
        report += &joins(file, &log)?;
    }
    let (cadences, gaps) = cadence::examine(&log.services, &log.clock);
    report += &cadence_words(&log, &cadences, &gaps);
    report += &hiding(&log, &gaps);
    report += &truth(&log, &gaps);
    print!("{report}");
    if let Some(path) = value("-o") {
        std::fs::write(path, &report).map_err(|source| Error::writing(Path::new(path), source))?;
    }
    if let Some(path) = value("--gaps") {
        let table = gap_table(&log, &cadences, &gaps);
        std::fs::write(path, table).map_err(|source| Error::writing(Path::new(path), source))?;
    }
    Ok(())
}

/// Logged services, and where the past ends.
struct Log {
    title: String,
    about: String,
    services: Services,
    clock: Clock,
    until: Day,
    /// Truly skipped visits as (site, instant), where that is known.
    skipped: Option<Vec<(usize, i64)>>,
}

impl Log {
    fn read(file: &str, until: &str, joined_within_min: f64) -> Result<Self> {
        let clock = Clock::new("Europe/Amsterdam")?;
        let path = PathBuf::from(file);
        let base = path.parent().unwrap_or(Path::new("."));
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let settings = Settings { base, clock: &clock, crs: None, period: None, kinds: &[] };
        let source = ServiceSource { path: name.clone(), joined_within_min, ..ServiceSource::default() };
        let (mut issues, mut counts) = (Issues::new(), Vec::new());
        let services = import::services::read(&[source], &settings, &mut issues, &mut counts)?;
        let mut about = format!(
            "{} rows, {} used, {} left out; {} services at {} sites. Lifts within an hour of each other are one service.\n",
            counts[0].read,
            counts[0].used,
            counts[0].left_out,
            services.len(),
            services.sites.len()
        );
        for (code, count) in issues.tally() {
            let _ = writeln!(about, "- {count}: {} ({})", code.message(), code.code());
        }
        let until = until.parse().map_err(|cause: jiff::Error| Error::Setting {
            message: format!("`--until {until}` is not a date: {cause}"),
            hint: "write it as in 2021-01-01".to_owned(),
        })?;
        let until = Day::from_date(until);
        Ok(Self {
            title: format!("What the next emptying weighs: {name}"),
            about,
            services,
            clock,
            until,
            skipped: None,
        })
    }

    /// A year and a half at two hundred made-up sites, emptied on fixed weekdays. One planned visit in thirty is not made,
    /// one service in fifty not logged.
    fn simulated() -> Result<Self> {
        let clock = Clock::new("Europe/Amsterdam")?;
        let from = Day::from_date(jiff::civil::date(2024, 1, 1));
        let (mut skipped, mut of_site) = (Vec::new(), Vec::new());
        for site in 0..200 {
            of_site.push(simulated_site(site, from, &clock, &mut skipped));
        }
        Ok(Self {
            title: "What the next emptying weighs: two hundred made-up sites".to_owned(),
            about: format!("Simulated with seed {SEED}; nothing of it was measured.\n"),
            services: Services {
                sites: (0..200).map(|site| format!("site {site:03}")).collect(),
                of_site,
                ..Services::default()
            },
            clock,
            until: from.plus(366),
            skipped: Some(skipped),
        })
    }
}

/// Weekdays on which sites are emptied, Monday 0.
const PLANS: [&[usize]; 5] = [&[0, 1, 2, 3, 4, 5], &[0, 2, 4], &[0, 3], &[1, 4], &[2]];

/// The services of a made-up site: what comes in varies from day to day, and no more than 400 kg fit in.
fn simulated_site(site: usize, from: Day, clock: &Clock, skipped: &mut Vec<(usize, i64)>) -> Vec<Service> {
    let mut stream = Random::new(SEED).stream("site", site as u64);
    let plan = PLANS[site % PLANS.len()];
    // Containers are emptied when they are a third full to full; that sets what comes in on a day.
    let kg_per_day = 400.0 * stream.random_range(0.3..1.0) * plan.len() as f64 / 7.0;
    let (mut content, mut services) = (0.0f64, Vec::new());
    for day in (0..548).map(|day| from.plus(day)) {
        content += kg_per_day * (0.6 * normal(&mut stream) - 0.18).exp();
        if !plan.contains(&day.weekday()) {
            continue;
        }
        let begun = clock.midnight(day) + 8 * 3600 + stream.random_range(-5400..5400);
        let (is_made, is_logged) =
            (stream.random_range(0.0..1.0) >= 0.033, stream.random_range(0.0..1.0) >= 0.02);
        if !is_made {
            skipped.push((site, begun));
            continue;
        }
        let kg = content.min(400.0);
        content = 0.0;
        if is_logged {
            services.push(Service::weighed(begun, kg));
        }
    }
    services
}

/// Box & Muller (1958): a normal number from two even ones.
fn normal(stream: &mut Stream) -> f64 {
    let (a, b): (f64, f64) = (stream.random_range(1e-12..1.0), stream.random_range(0.0..1.0));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

/// What the sites themselves say without a model, learnt before a moment.
struct Thumb {
    kg_per_day: Vec<f64>,
    median_kg: Vec<f64>,
}

impl Thumb {
    fn learn(services: &Services, until: i64) -> Self {
        let from = services.of_site.iter().flatten().map(|service| service.begun).min().unwrap_or(until);
        let days = (until - from) as f64 / DAY_S as f64;
        let known = |of_site: &Vec<Service>| -> Vec<f64> {
            let before = of_site.iter().filter(|service| service.begun < until);
            let mut kg: Vec<f64> = before.map(|service| service.kg).filter(|kg| kg.is_finite()).collect();
            kg.sort_unstable_by(f64::total_cmp);
            kg
        };
        let known: Vec<Vec<f64>> = services.of_site.iter().map(known).collect();
        Self {
            kg_per_day: known.iter().map(|kg| kg.iter().sum::<f64>() / days).collect(),
            median_kg: known.iter().map(|kg| kg.get(kg.len() / 2).copied().unwrap_or(f64::NAN)).collect(),
        }
    }
}

fn forecasts(log: &Log) -> String {
    let mut text = String::from(
        "## Forecasts of half a year\n\n\
         *Frozen*: nothing that was weighed after the learning is used, the dates are. *Kept up*: every weighing before the \
         one that is forecast is used. *Rate*: the site's kilograms in the days learnt from, divided by these days, times the \
         days since the last service. Sites without a service before are left out. An interval should hold 80 %.\n\n\
         | learnt before | way | services | mean error kg | of the rate | of the site's median | below the rate | intervals hold |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut classes = String::new();
    for (number, until) in [log.until, log.until.plus(-92), log.until.plus(-184)].into_iter().enumerate() {
        let instant = log.clock.midnight(until);
        let Some(weighed) = Weighed::learn(&log.services, instant) else { continue };
        let thumb = Thumb::learn(&log.services, instant);
        for (way, knowledge) in [("frozen", Knowledge::Frozen), ("kept up", Knowledge::KeptUp)] {
            let mut found = weighed.predict(&log.services, knowledge);
            let end = log.clock.midnight(until.plus(HALF_YEAR_DAYS));
            found.retain(|found| found.at < end && thumb.median_kg[found.site].is_finite());
            let _ = writeln!(text, "| {until} | {way} | {}", score(&found, &thumb));
            if number == 0 {
                classes += &by_class(way, &found, &thumb);
            }
        }
        if number == 0 {
            let [shorter, longer, usual] = weighed.response();
            let _ = write!(
                classes,
                "\nWithin a site half the usual interval brings {:.0} % of the usual weight, twice the interval {:.0} %; \
                 a site that is visited half as often brings {:.0} % at each visit.\n",
                100.0 * 0.5f64.powf(shorter),
                100.0 * 2.0f64.powf(longer),
                100.0 * 2.0f64.powf(usual)
            );
        }
    }
    format!(
        "{text}\nBy the days since the last service, learnt before {}:\n\n{CLASS_HEAD}{classes}\n",
        log.until
    )
}

/// How much hangs on what is taken as one service.
fn joins(file: &str, log: &Log) -> Result<String> {
    let mut text = format!(
        "The same, learnt before {}, where lifts are one service within other times of each other (0: every lift counts by \
         itself, and the second of two within minutes is forecast from these minutes):\n\n{JOIN_HEAD}",
        log.until
    );
    let (instant, end) = (log.clock.midnight(log.until), log.clock.midnight(log.until.plus(HALF_YEAR_DAYS)));
    for minutes in [0.0, 10.0, 720.0] {
        let other = Log::read(file, &log.until.to_string(), minutes)?;
        let Some(weighed) = Weighed::learn(&other.services, instant) else { continue };
        let thumb = Thumb::learn(&other.services, instant);
        for (way, knowledge) in [("frozen", Knowledge::Frozen), ("kept up", Knowledge::KeptUp)] {
            let mut found = weighed.predict(&other.services, knowledge);
            found.retain(|found| found.at < end && thumb.median_kg[found.site].is_finite());
            let _ = writeln!(text, "| {minutes} | {way} | {}", score(&found, &thumb));
        }
    }
    Ok(text + "\n")
}

const JOIN_HEAD: &str = "| minutes | way | services | mean error kg | of the rate | of the site's median | below the rate | intervals hold |\n\
                         |---|---|---|---|---|---|---|---|\n";
const CLASS_HEAD: &str = "| way | days | services | mean error kg | of the rate | of the site's median | below the rate | intervals hold |\n\
                          |---|---|---|---|---|---|---|---|\n";

fn by_class(way: &str, found: &[Prediction], thumb: &Thumb) -> String {
    let mut rows = String::new();
    let mut from = 0.0;
    for (name, to) in CLASSES {
        let of_class: Vec<Prediction> =
            found.iter().copied().filter(|found| found.days > from && found.days <= to).collect();
        let _ = writeln!(rows, "| {way} | {name} | {}", score(&of_class, thumb));
        from = to;
    }
    rows
}

/// The rest of a row: number, errors, share within the interval.
fn score(found: &[Prediction], thumb: &Thumb) -> String {
    let count = found.len().max(1) as f64;
    let mean = |error: &dyn Fn(&Prediction) -> f64| found.iter().map(error).sum::<f64>() / count;
    let own = mean(&|found| (found.kg - found.forecast.kg).abs());
    let rate = mean(&|found| (found.kg - thumb.kg_per_day[found.site] * found.days).abs());
    let median = mean(&|found| (found.kg - thumb.median_kg[found.site]).abs());
    let held = mean(&|found| {
        f64::from(u8::from((found.forecast.low_kg..=found.forecast.high_kg).contains(&found.kg)))
    });
    format!(
        "{} | {own:.1} | {rate:.1} | {median:.1} | {:.1} % | {:.1} % |",
        found.len(),
        100.0 * (1.0 - own / rate),
        100.0 * held
    )
}

fn cadence_words(log: &Log, cadences: &[Option<Cadence>], gaps: &[Gap]) -> String {
    let mut kept: Vec<f64> = cadences.iter().flatten().map(|cadence| cadence.kept).collect();
    kept.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| kept.get(share * kept.len() / 100).map_or(f64::NAN, |kept| 100.0 * kept);
    let missing: Vec<&Gap> = gaps.iter().filter(|gap| gap.missing >= 0.5).collect();
    let intervals: usize = cadences.iter().flatten().map(|cadence| cadence.intervals).sum();
    let expected: f64 = gaps.iter().map(|gap| gap.missing).sum();
    let skipped = missing.iter().filter(|gap| gap.skipped >= 0.5).count();
    let mut text = format!(
        "## Cadence, late and missing services\n\n\
         {} of {} sites have a cadence; the usual interval (within a fifth, or a day) is kept by {:.0} % of the intervals at the \
         median site ({:.0} to {:.0} % from the tenth to the ninetieth). {} of {intervals} intervals are long: {} have \
         probably lost a service (the probabilities of all add up to {expected:.0}), {} are late. Of the lost ones, {skipped} end with a weight that \
         rather fits a service that was not made; the others with an ordinary weight, as if it was made and not logged.\n\n\
         The surest, at most one a site:\n\n\
         | site | from | until | days | usual | missing | not made |\n|---|---|---|---|---|---|---|\n",
        kept.len(),
        log.services.sites.len(),
        at(50),
        at(10),
        at(90),
        gaps.len(),
        missing.len(),
        gaps.len() - missing.len(),
    );
    let mut surest = missing;
    surest.sort_by(|a, b| b.missing.total_cmp(&a.missing).then((a.site, a.from).cmp(&(b.site, b.from))));
    let mut seen = BTreeSet::new();
    for gap in surest.into_iter().filter(|gap| seen.insert(gap.site)).take(10) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.1} | {:.1} | {:.0} % | {:.0} % |",
            log.services.sites[gap.site].replace('|', "/"),
            log.clock.day(gap.from),
            log.clock.day(gap.until),
            gap.days,
            gap.usual_days,
            100.0 * gap.missing,
            100.0 * gap.skipped
        );
    }
    text + "\n"
}

/// Hides services at random and counts how many of the holes are called.
fn hiding(log: &Log, gaps: &[Gap]) -> String {
    let mut hidden = log.services.clone();
    let mut holes = BTreeSet::new();
    for (site, services) in hidden.of_site.iter_mut().enumerate() {
        let mut stream = Random::new(SEED).stream("hidden", site as u64);
        let last = services.len().saturating_sub(1);
        let (mut place, mut is_open) = (0, false);
        services.retain(|service| {
            let is_hidden = stream.random_range(0.0..1.0) < HIDDEN && place > 0 && place < last;
            if is_open && !is_hidden {
                holes.insert((site, service.begun));
            }
            is_open = is_hidden;
            place += 1;
            !is_hidden
        });
    }
    let (cadences, found) = cadence::examine(&hidden, &log.clock);
    let known: BTreeSet<(usize, i64)> =
        gaps.iter().filter(|gap| gap.missing >= 0.5).map(|gap| (gap.site, gap.until)).collect();
    let mut text = format!(
        "### Checked by hiding\n\n\
         One service in twenty was taken out: {} holes. The log has holes of its own, called before as well; *right of the new* \
         leaves those out, *right of all* counts every one of them as wrong.\n\n\
         | sites that keep their cadence | called from | holes | called | found | right of the new | right of all |\n\
         |---|---|---|---|---|---|---|\n",
        holes.len()
    );
    for (kept, least) in [(0.0, 0.5), (0.0, 0.7), (0.0, 0.9), (0.6, 0.5), (0.6, 0.7), (0.8, 0.5), (0.8, 0.7)]
    {
        let is_regular = |site: usize| cadences[site].is_some_and(|cadence| cadence.kept >= kept);
        let called: Vec<(usize, i64)> = found
            .iter()
            .filter(|gap| gap.missing >= least && is_regular(gap.site))
            .map(|gap| (gap.site, gap.until))
            .collect();
        let right = called.iter().filter(|&call| holes.contains(call)).count() as f64;
        let fresh = called.iter().filter(|&call| holes.contains(call) || !known.contains(call)).count();
        let all = holes.iter().filter(|&&(site, _)| is_regular(site)).count();
        let _ = writeln!(
            text,
            "| {:.0} % | {:.0} % | {all} | {} | {:.1} % | {:.1} % | {:.1} % |",
            100.0 * kept,
            100.0 * least,
            called.len(),
            100.0 * right / all.max(1) as f64,
            100.0 * right / fresh.max(1) as f64,
            100.0 * right / called.len().max(1) as f64
        );
    }
    text + "\n"
}

/// How many of the truly skipped visits are called, where they are known.
fn truth(log: &Log, gaps: &[Gap]) -> String {
    let Some(skipped) = &log.skipped else { return String::new() };
    let lies_in =
        |gap: &Gap, &(site, at): &(usize, i64)| gap.site == site && (gap.from..gap.until).contains(&at);
    let called: Vec<&Gap> = gaps.iter().filter(|gap| gap.missing >= 0.5).collect();
    let right = called.iter().filter(|gap| skipped.iter().any(|visit| lies_in(gap, visit))).count();
    let found = skipped.iter().filter(|visit| called.iter().any(|gap| lies_in(gap, visit))).count();
    format!(
        "### Against the truth\n\n{} planned visits were not made; {found} lie in an interval that is called. {} intervals are \
         called, {right} of them hold a visit that was not made (one service in fifty was made and not logged).\n",
        skipped.len(),
        called.len()
    )
}

/// Every late or missing service as delimited text.
fn gap_table(log: &Log, cadences: &[Option<Cadence>], gaps: &[Gap]) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut write = |row: [&str; 12]| table.write_record(row).expect("memory can be written");
    write([
        "site",
        "what",
        "from",
        "until",
        "days",
        "usual_days",
        "p_missing",
        "p_late",
        "p_not_made",
        "cadence_days",
        "cadence_kept",
        "busiest_weekday",
    ]);
    let share = |value: f64| if value.is_nan() { String::new() } else { format!("{value:.3}") };
    for gap in gaps {
        let Some(cadence) = &cadences[gap.site] else { continue };
        let busiest =
            (0..7).max_by(|&a, &b| cadence.weekdays[a].total_cmp(&cadence.weekdays[b])).unwrap_or(0);
        write([
            &log.services.sites[gap.site],
            gap.name(),
            &log.clock.rfc3339(gap.from),
            &log.clock.rfc3339(gap.until),
            &format!("{:.2}", gap.days),
            &format!("{:.2}", gap.usual_days),
            &share(gap.missing),
            &share(gap.late),
            &share(gap.skipped),
            &format!("{:.2}", cadence.days),
            &share(cadence.kept),
            &(busiest + 1).to_string(),
        ]);
    }
    let bytes = table.into_inner().expect("memory can be written");
    String::from_utf8(bytes).expect("made of text")
}
