//! Rows of lifts and weighings in, [`Services`] and issues out.
//!
//! A crew lifts the containers of a site one after the other, or one of them twice: lifts that follow each other
//! within an hour (see [`ServiceSource::joined_within_min`]) are one service, and their weights are added. Weighings
//! of nothing, repeated rows and dates far from all others are left out. Where the crew came in vain, its code says why.
//! Positions are not read: a site is known by its id, which is that of a stop or of its asset.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use csv::ByteRecord;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::import::Settings;
use crate::import::columns::{Block, Table, is_missing, number, text};
use crate::import::dates::{self, Converter, Evidence, Written};
use crate::import::open::{self, SourceFile};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::NONE;
use crate::model::service::{NotEmptied, Service, Services};
use crate::model::text::Words;
use crate::period::Clock;
use crate::unit::DAY_S;

/// Formats that services come in: name, and one line for `paaltje formats`.
pub const FORMATS: &[(&str, &str)] =
    &[("csv", "delimited text with a row per lift or weighing; columns are guessed or named")];

/// Farther than this from nearly all others a date is wrong.
const FAR_S: i64 = 366 * DAY_S;

/// One `[[sources.services]]` of a project.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceSource {
    /// The file or files: relative to the project file; may hold `*`, be packed with gzip, or be `-`.
    pub path: String,
    /// Which column holds what; guessed from the names of the columns when absent.
    pub columns: Columns,
    /// How times are written, in the letters of `strftime`; found out when absent.
    pub date_format: Option<String>,
    /// What separates fields; found out when absent.
    pub delimiter: Option<String>,
    /// Lifts at a site are one service when no more than this lies between one and the next, minutes. Default 60.
    pub joined_within_min: f64,
    /// Codes of the crew that say that the site was not emptied.
    pub not_emptied: Vec<String>,
}

impl Default for ServiceSource {
    fn default() -> Self {
        Self {
            path: String::new(),
            columns: Columns::default(),
            date_format: None,
            delimiter: None,
            joined_within_min: 60.0,
            not_emptied: Vec::new(),
        }
    }
}

/// The names of the columns of a service source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The id of the stop or of its asset.
    pub site: Option<String>,
    /// When it was lifted: date and time of day, or the date alone.
    pub at: Option<String>,
    /// The time of day, where it has a column of its own.
    pub time: Option<String>,
    /// Net kilograms.
    pub kg: Option<String>,
    /// Litres.
    pub litres: Option<String>,
    /// How full it was, per cent.
    pub full_pct: Option<String>,
    /// What the crew noted.
    pub code: Option<String>,
}

/// Whether a delimited file has the columns of services, by their usual names: a site, a time, and how much or how full.
///
/// # Errors
/// When the file cannot be read as a table.
pub fn fits(file: &SourceFile) -> Result<bool> {
    let table = Table::open(file, None, None)?;
    let tells_fill = |places: Places| places.kg.or(places.litres).or(places.full_pct).is_some();
    Ok(Places::find(&table, &Columns::default()).is_ok_and(tells_fill))
}

/// A row that has a site and a time, which is still as it was written or an instant.
#[derive(Debug, Clone, Copy)]
struct Lift<T> {
    row: u64,
    file: u32,
    site: u32,
    at: T,
    kg: f64,
    litres: f64,
    full: f64,
    code: u32,
}

impl<T> Lift<T> {
    fn timed<U>(self, at: U) -> Lift<U> {
        let Self { row, file, site, kg, litres, full, code, .. } = self;
        Lift { row, file, site, at, kg, litres, full, code }
    }
}

/// A file while its rows are counted.
struct Origin {
    name: Arc<str>,
    noticed: String,
    read: u64,
    left_out: u64,
}

/// Reads all service sources: the services of every site, sites in the order of their ids.
///
/// # Errors
/// When a file cannot be read as a whole, or a setting does not fit its file.
pub fn read(
    sources: &[ServiceSource],
    settings: &Settings<'_>,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Services> {
    let (words, codes) = (Words::new(), Words::new());
    let mut reading = Reading { clock: settings.clock, words, codes, origins: Vec::new(), issues };
    let mut of_site: BTreeMap<u32, Vec<Service>> = BTreeMap::new();
    let mut in_vain = Vec::new();
    for source in sources {
        source.check()?;
        let mut lifts = Vec::new();
        for file in open::files(settings.base, &source.path)? {
            lifts.extend(reading.csv(&file, source)?);
        }
        let lifts = reading.usable(lifts, source);
        let (emptied, vain): (Vec<_>, Vec<_>) =
            lifts.into_iter().partition(|lift| !reading.is_in_vain(lift, source));
        for lift in &vain {
            reading.note_in_vain(lift);
            of_site.entry(lift.site).or_default();
        }
        in_vain.extend(vain);
        for lifts in emptied.chunk_by(|a, b| a.site == b.site) {
            of_site.entry(lifts[0].site).or_default().extend(services(lifts, source.joined_within_s()));
        }
    }
    counts.extend(reading.origins.iter().map(Origin::count));
    Ok(sorted(&of_site, &in_vain, &reading.words, &reading.codes))
}

impl ServiceSource {
    fn check(&self) -> Result<()> {
        if self.path.is_empty() {
            return Err(Error::Setting {
                message: "no `path` is given in [[sources.services]]".to_owned(),
                hint: "name the file, as in `path = \"weighings.csv.gz\"`".to_owned(),
            });
        }
        self.date_format.as_deref().map_or(Ok(()), dates::check_format)
    }

    #[expect(clippy::cast_possible_truncation, reason = "minutes of a day")]
    fn joined_within_s(&self) -> i64 {
        (self.joined_within_min * 60.0) as i64
    }
}

impl Origin {
    fn count(&self) -> SourceCount {
        SourceCount {
            what: "services",
            file: self.name.to_string(),
            format: FORMATS[0].0.to_owned(),
            noticed: self.noticed.clone(),
            read: self.read,
            used: self.read - self.left_out,
            left_out: self.left_out,
        }
    }
}

/// The lifts of one site, in the order of time, as services.
fn services(lifts: &[Lift<i64>], joined_within_s: i64) -> Vec<Service> {
    let sum = |lifts: &[Lift<i64>], value: fn(&Lift<i64>) -> f64| {
        lifts.iter().map(value).filter(|value| !value.is_nan()).reduce(|a, b| a + b).unwrap_or(f64::NAN)
    };
    let close = |a: &Lift<i64>, b: &Lift<i64>| b.at - a.at <= joined_within_s;
    let service = |lifts: &[Lift<i64>]| Service {
        begun: lifts[0].at,
        ended: lifts[lifts.len() - 1].at,
        lifts: u32::try_from(lifts.len()).expect("a file has fewer than 2^32 rows"),
        kg: sum(lifts, |lift| lift.kg),
        litres: sum(lifts, |lift| lift.litres),
        full: lifts.iter().map(|lift| lift.full).fold(f64::NAN, f64::max),
        code: lifts.iter().map(|lift| lift.code).rfind(|&code| code != NONE).unwrap_or(NONE),
    };
    lifts.chunk_by(close).map(service).collect()
}

/// Sites and codes in the order of their names.
fn sorted(
    of_site: &BTreeMap<u32, Vec<Service>>,
    in_vain: &[Lift<i64>],
    words: &Words,
    codes: &Words,
) -> Services {
    let mut sites: Vec<(&str, &Vec<Service>)> =
        of_site.iter().map(|(&site, services)| (words.get(site), services)).collect();
    sites.sort_unstable_by_key(|&(id, _)| id);
    let mut names: Vec<&str> = codes.iter().collect();
    names.sort_unstable();
    let place = |code: u32| -> u32 {
        let found = names.binary_search(&codes.get(code)).expect("every code is among the names");
        u32::try_from(found).expect("fewer than 2^32 words")
    };
    let moved = |service: &Service| {
        let code = if service.code == NONE { NONE } else { place(service.code) };
        Service { code, ..service.clone() }
    };
    let in_order = |services: &Vec<Service>| {
        let mut services: Vec<Service> = services.iter().map(moved).collect();
        services.sort_by_key(|service| (service.begun, service.ended));
        services
    };
    let place_of: BTreeMap<&str, u32> = sites.iter().map(|&(id, _)| id).zip(0..).collect();
    let mut not_emptied: Vec<NotEmptied> = in_vain
        .iter()
        .map(|lift| NotEmptied { site: place_of[words.get(lift.site)], at: lift.at, code: place(lift.code) })
        .collect();
    not_emptied.sort_unstable();
    Services {
        not_emptied,
        sites: sites.iter().map(|&(id, _)| id.to_owned()).collect(),
        of_site: sites.iter().map(|&(_, services)| in_order(services)).collect(),
        codes: names.into_iter().map(str::to_owned).collect(),
    }
}

/// All sources while they are read.
struct Reading<'a> {
    clock: &'a Clock,
    /// The ids of the sites.
    words: Words,
    codes: Words,
    origins: Vec<Origin>,
    issues: &'a mut Issues,
}

impl Reading<'_> {
    fn leave_out(&mut self, file: u32, row: u64, column: &str, code: Code, value: &str) {
        let origin = &mut self.origins[file as usize];
        origin.left_out += 1;
        self.issues.add(&origin.name, row, column, code, value);
    }

    /// The rows of a file that have a site, a time and figures that are numbers.
    fn csv(&mut self, file: &SourceFile, source: &ServiceSource) -> Result<Vec<Lift<i64>>> {
        let table = Table::open(file, source.delimiter.as_deref(), None)?;
        let places = Places::find(&table, &source.columns)?;
        let about = format!("delimiter: {}; encoding: {}", table.delimiter(), table.encoding());
        let number = u32::try_from(self.origins.len()).expect("a project names fewer than 2^32 files");
        let mut origin =
            Origin { name: Arc::clone(&file.name), noticed: String::new(), read: 0, left_out: 0 };
        let (mut evidence, mut lifts, mut unreadable) = (Evidence::default(), Vec::new(), Vec::new());
        table.blocks(
            |block| places.batch(block, source.date_format.as_deref()),
            |batch| {
                let sites: Vec<u32> = batch.sites.iter().map(|word| self.words.intern(word)).collect();
                let codes: Vec<u32> = batch.codes.iter().map(|word| self.codes.intern(word)).collect();
                lifts.extend(batch.lifts.into_iter().map(|lift| Lift {
                    file: number,
                    site: sites[lift.site as usize],
                    code: codes.get(lift.code as usize).copied().unwrap_or(NONE),
                    ..lift
                }));
                evidence.merge(&batch.evidence);
                unreadable.extend(batch.unreadable);
                origin.read += batch.read;
            },
        )?;
        let order = evidence.order().unwrap_or_else(|| evidence.usual_order(self.clock));
        origin.noticed = format!("{about}; {}", evidence.describe(order));
        self.origins.push(origin);
        for (row, column, value) in unreadable {
            self.leave_out(number, row, column, Code::ServiceUnreadable, &value);
        }
        let mut converter = Converter::new(self.clock, order, false, evidence.is_date_only());
        let mut timed = Vec::with_capacity(lifts.len());
        for lift in lifts {
            match converter.instant(lift.at) {
                Some((at, _)) => timed.push(lift.timed(at)),
                None => self.leave_out(number, lift.row, "", Code::ServiceUnreadable, ""),
            }
        }
        Ok(timed)
    }

    /// Whether the crew's code says that the site was not emptied.
    fn is_in_vain(&self, lift: &Lift<i64>, source: &ServiceSource) -> bool {
        let is_known = |known: &String| known.trim().eq_ignore_ascii_case(self.codes.get(lift.code));
        lift.code != NONE && source.not_emptied.iter().any(is_known)
    }

    /// Says that a row tells of a site that was not emptied.
    fn note_in_vain(&mut self, lift: &Lift<i64>) {
        let file = &self.origins[lift.file as usize].name;
        self.issues.add(file, lift.row, "code", Code::ServiceNotEmptied, self.codes.get(lift.code));
    }

    /// The lifts of a source by site and time, without weighings of nothing, repetitions and wrong dates.
    fn usable(&mut self, mut lifts: Vec<Lift<i64>>, source: &ServiceSource) -> Vec<Lift<i64>> {
        lifts.sort_by(|a, b| {
            let figures = |lift: &Lift<i64>| [lift.kg, lift.litres, lift.full];
            let by_figures =
                || figures(a).iter().zip(figures(b)).map(|(a, b)| a.total_cmp(&b)).find(|o| o.is_ne());
            (a.site, a.at)
                .cmp(&(b.site, b.at))
                .then_with(|| by_figures().unwrap_or(std::cmp::Ordering::Equal))
                .then(a.code.cmp(&b.code))
                .then((a.file, a.row).cmp(&(b.file, b.row)))
        });
        let usual = usual_times(&lifts);
        let mut usable: Vec<Lift<i64>> = Vec::with_capacity(lifts.len());
        for lift in lifts {
            let is_repeated = usable.last().is_some_and(|last| is_same(last, &lift));
            if is_repeated {
                self.leave_out(lift.file, lift.row, "", Code::ServiceRepeated, &self.clock.rfc3339(lift.at));
            } else if !usual.contains(&lift.at) {
                let at = self.clock.rfc3339(lift.at);
                self.leave_out(lift.file, lift.row, "at", Code::ServiceFarInTime, &at);
            } else if lift.kg <= 0.0 && !self.is_in_vain(&lift, source) {
                let kg = lift.kg.to_string();
                self.leave_out(lift.file, lift.row, "kg", Code::ServiceWeighsNothing, &kg);
            } else {
                usable.push(lift);
            }
        }
        usable
    }
}

/// Whether two lifts equal each other in all that is read.
fn is_same(a: &Lift<i64>, b: &Lift<i64>) -> bool {
    let key = |lift: &Lift<i64>| {
        (lift.site, lift.at, lift.kg.to_bits(), lift.litres.to_bits(), lift.full.to_bits(), lift.code)
    };
    key(a) == key(b)
}

/// The times of all lifts but one in a hundred at either end, and a year around them.
fn usual_times(lifts: &[Lift<i64>]) -> std::ops::RangeInclusive<i64> {
    let mut times: Vec<i64> = lifts.iter().map(|lift| lift.at).collect();
    times.sort_unstable();
    let aside = times.len() / 100;
    match (times.get(aside), times.get(times.len().saturating_sub(1 + aside))) {
        (Some(first), Some(last)) => first - FAR_S..=last + FAR_S,
        _ => 0..=0,
    }
}

/// Rows of a file, taken apart. Times are still as they were written.
#[derive(Default)]
struct Batch {
    sites: Words,
    codes: Words,
    lifts: Vec<Lift<Written>>,
    evidence: Evidence,
    unreadable: Vec<(u64, &'static str, String)>,
    read: u64,
}

/// Where in a row each column stands.
struct Places {
    site: usize,
    at: usize,
    time: Option<usize>,
    kg: Option<usize>,
    litres: Option<usize>,
    full_pct: Option<usize>,
    code: Option<usize>,
}

impl Places {
    /// Names that weighing and fleet systems use, folded to small letters, likeliest first.
    const SITE: &[&str] = &[
        "stop_id",
        "site_id",
        "site",
        "cluster_id",
        "container_id",
        "location_id",
        "asset_id",
        "locatie",
        "clusterid",
        "containernummer",
        "standort",
        "behälter",
    ];
    const AT: &[&str] = &[
        "at",
        "weighed_at",
        "weighed_at_utc",
        "emptied_at",
        "lifted_at",
        "served_at",
        "timestamp",
        "datetime",
        "datum_weging",
        "tijdstip",
        "zeitpunkt",
        "date",
        "datum",
    ];
    const TIME: &[&str] = &["time", "tijd", "tijdstip_weging", "uhrzeit"];
    const KG: &[&str] =
        &["kg", "net_kg", "net_weight", "weight_kg", "weight", "nettogewicht", "gewicht", "netto"];
    const LITRES: &[&str] = &["litres", "liters", "volume_l", "volume"];
    const FULL_PCT: &[&str] = &["full_pct", "fill_pct", "fill_level", "vulgraad", "füllstand"];
    const CODE: &[&str] = &["code", "crew_code", "remark_code", "status"];

    fn find(table: &Table, columns: &Columns) -> Result<Self> {
        Ok(Self {
            site: table.needed(columns.site.as_deref(), Self::SITE, "site")?,
            at: table.needed(columns.at.as_deref(), Self::AT, "at")?,
            time: table.chosen(columns.time.as_deref(), Self::TIME)?,
            kg: table.chosen(columns.kg.as_deref(), Self::KG)?,
            litres: table.chosen(columns.litres.as_deref(), Self::LITRES)?,
            full_pct: table.chosen(columns.full_pct.as_deref(), Self::FULL_PCT)?,
            code: table.chosen(columns.code.as_deref(), Self::CODE)?,
        })
    }

    fn batch(&self, block: &Block, date_format: Option<&str>) -> Batch {
        let mut batch = Batch::default();
        block.rows(|row, record| {
            batch.read += 1;
            match record.map_or(Err(("", String::new())), |record| self.lift(record, date_format, &mut batch))
            {
                Ok(lift) => batch.lifts.push(Lift { row, ..lift }),
                Err((column, value)) => batch.unreadable.push((row, column, value)),
            }
        });
        batch
    }

    /// The lift of a row, or the column that cannot be read and what may be shown of it.
    fn lift(
        &self,
        record: &ByteRecord,
        date_format: Option<&str>,
        batch: &mut Batch,
    ) -> Result<Lift<Written>, (&'static str, String)> {
        let field = |place: usize| record.get(place).map_or(Cow::Borrowed(""), |field| text(field).0);
        let site = field(self.site);
        if is_missing(&site) {
            return Err(("site", String::new()));
        }
        let mut when = field(self.at).into_owned();
        if let Some(time) = self.time {
            when = format!("{when} {}", field(time));
        }
        let at = date_format.map_or_else(|| Written::parse(&when), |format| Written::parse_as(format, &when));
        let Some(at) = at.filter(|at| !at.is_placeholder()) else {
            return Err(("at", if dates::may_be_shown(&when) { when } else { String::new() }));
        };
        let figure = |place: Option<usize>, name: &'static str| {
            let Some(place) = place else { return Ok(f64::NAN) };
            let written = field(place);
            if is_missing(&written) { Ok(f64::NAN) } else { number(&written).ok_or((name, String::new())) }
        };
        let (kg, litres) = (figure(self.kg, "kg")?, figure(self.litres, "litres")?);
        let full = figure(self.full_pct, "full_pct")? / 100.0;
        let code = self.code.map(&field).filter(|code| !is_missing(code));
        batch.evidence.add(at);
        let code = code.map_or(NONE, |code| batch.codes.intern(&code));
        Ok(Lift { row: 0, file: 0, site: batch.sites.intern(&site), at, kg, litres, full, code })
    }
}

#[cfg(test)]
mod tests;
