//! Rows of all sources in, [`Reports`] in canonical order out: everything that can only be judged when all
//! rows are known.
//!
//! In this order: dates become instants, coordinates are held against the bulk of the data, rows are sorted,
//! repeated reports go, then sightings of the same open report, then what lies outside the period.

use std::sync::Arc;

use geo::{Distance, Haversine};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHasher};

use super::rows::{Fault, Field, Gathered, Origin, Turned};
use crate::import::dates::{Converter, Order};
use crate::import::{Settings, kind_words};
use crate::issue::{Code, Effect, Issues, SourceCount};
use crate::model::NONE;
use crate::model::kind::Kind;
use crate::model::report::Reports;
use crate::model::text::{Texts, Words};
use crate::period::{Clock, NEVER};
use crate::place::{Crs, Plane};
use crate::unit::{DAY_S, Local, LonLat};

/// Coordinates nearer than this to the middle of the data are never far: a large city with its region.
const NEAR_M: f64 = 200_000.0;
/// Sightings of an open report with longer gaps are two reports. In Stuttgart's file nearly all come again
/// within two days, and the file itself was never silent for longer.
const SIGHTING_GAP_S: i64 = 7 * DAY_S;
/// Rows that a thread takes at a time, so that what it remembers of days and places pays.
const CHUNK: usize = 16 * 1024;

/// Metres between two positions on the globe.
pub(super) fn distance_m(a: LonLat, b: LonLat) -> f64 {
    Haversine.distance(geo::Point::new(a.lon, a.lat), geo::Point::new(b.lon, b.lat))
}

fn turned(at: LonLat) -> LonLat {
    LonLat::new(at.lat, at.lon)
}

/// A position that is not known.
const UNKNOWN: LonLat = LonLat::new(f64::NAN, f64::NAN);

/// Where the bulk of the data lies.
#[derive(Debug, Clone, Copy)]
struct Region {
    home: LonLat,
    /// West, east, south and north of the middle 80 % of the data, with as much again on every side: a
    /// country is wider than [`NEAR_M`].
    extent: Option<[f64; 4]>,
}

impl Region {
    fn holds(&self, at: LonLat) -> bool {
        let is_inside = self.extent.is_some_and(|[west, east, south, north]| {
            (west..=east).contains(&at.lon) && (south..=north).contains(&at.lat)
        });
        is_inside || self.is_near(at)
    }

    fn is_near(&self, at: LonLat) -> bool {
        distance_m(self.home, at) <= NEAR_M
    }
}

/// What the rows came to.
struct Verdicts {
    is_left_out: Vec<bool>,
    list: Vec<(u32, Field, Code, Box<str>)>,
}

impl Verdicts {
    fn add(&mut self, index: u32, field: Field, code: Code, value: &str) {
        self.list.push((index, field, code, value.into()));
        self.is_left_out[index as usize] |= code.effect() == Effect::LeftOut;
    }
}

/// The times of one row.
struct Times {
    opened: i64,
    closed: i64,
    is_date_only: bool,
    /// What is wrong with the opening or closing time.
    fault: Option<Code>,
}

impl Gathered {
    /// The middle of all coordinates in degrees, if there are any.
    pub fn home(&self, clock: &Clock) -> Option<LonLat> {
        self.middle_of(&self.degrees(), clock)
    }

    /// Checks the rows against each other and brings those that can be used into their canonical order.
    /// `anchor` is a position near which they should lie.
    pub fn settle(
        mut self,
        settings: &Settings,
        plane: &Plane,
        anchor: Option<LonLat>,
        issues: &mut Issues,
        counts: &mut Vec<SourceCount>,
    ) -> Reports {
        let mut verdicts = Verdicts { is_left_out: vec![false; self.len()], list: Vec::new() };
        let (opened, closed, is_date_only) = self.times(settings.clock, &mut verdicts);
        let given = self.positions(settings.clock, plane, anchor, &mut verdicts);
        let kinds = self.kinds(settings.kinds);
        let text_kinds = self.text_kinds();
        (self.x, self.y) = (Vec::new(), Vec::new());
        let columns = Settled { opened, closed, is_date_only, given, kinds, text_kinds };
        let mut order = self.canonical_order(&columns, &verdicts);
        let renamed = self.leave_out_repeated(&order, &mut verdicts);
        order.retain(|&index| !verdicts.is_left_out[index as usize]);
        self.leave_out_resightings(&order, &columns, &mut verdicts);
        leave_out_other_days(&order, &columns, settings, &mut verdicts);
        order.retain(|&index| !verdicts.is_left_out[index as usize]);
        self.tell(&order, &columns, &verdicts, settings, issues, counts);
        self.build(&order, columns, &renamed)
    }

    /// Checks the coordinates of rows that need not be reports against each other: where each row lies, in their
    /// order. `anchor` is a position near which they should lie.
    pub fn settle_places(
        mut self,
        clock: &Clock,
        plane: &Plane,
        anchor: Option<LonLat>,
        issues: &mut Issues,
    ) -> Vec<Local> {
        let mut verdicts = Verdicts { is_left_out: vec![false; self.len()], list: Vec::new() };
        let given = self.positions(clock, plane, anchor, &mut verdicts);
        for origin in &self.origins {
            origin.faults.iter().for_each(|fault| origin.blame(fault, issues));
            origin.blame_axes(issues);
        }
        for (index, field, code, value) in verdicts.list {
            let fault = Fault { row: self.rows[index as usize], field, code, value };
            self.origin(index).blame(&fault, issues);
        }
        given
    }

    fn origin(&self, index: u32) -> &Origin {
        &self.origins[self.file_of(index)]
    }

    fn file_of(&self, index: u32) -> usize {
        self.origins.partition_point(|origin| origin.span.end <= index as usize)
    }

    fn times(&mut self, clock: &Clock, verdicts: &mut Verdicts) -> (Vec<i64>, Vec<i64>, Vec<bool>) {
        let (mut opened, mut closed, mut is_date_only) = (Vec::new(), Vec::new(), Vec::new());
        for origin in &self.origins {
            let (order, closed_order) = origin.orders(clock);
            let converters = || {
                let is_only = [origin.opened.is_all_midnight(), origin.closed.is_all_midnight()];
                let converter = |order, only| Converter::new(clock, order, origin.is_local, only);
                (converter(order, is_only[0]), converter(closed_order, is_only[1]))
            };
            let rows = origin.span.clone().into_par_iter().with_min_len(CHUNK);
            let times: Vec<Times> = rows.map_init(converters, |pair, row| self.time(row, pair)).collect();
            for (index, times) in (origin.span.start..).zip(times) {
                if let Some(code) = times.fault {
                    let index = u32::try_from(index).expect("fewer than 2^32 reports");
                    let (opening, closing) = (self.opened[index as usize], self.closed[index as usize]);
                    match code {
                        Code::BadOpened => verdicts.add(index, Field::Opened, code, &opening.to_string()),
                        _ => verdicts.add(index, Field::Closed, code, &closing.to_string()),
                    }
                }
                opened.push(times.opened);
                closed.push(times.closed);
                is_date_only.push(times.is_date_only);
            }
        }
        (self.opened, self.closed) = (Vec::new(), Vec::new());
        (opened, closed, is_date_only)
    }

    fn time(&self, row: usize, (opening, closing): &mut (Converter, Converter)) -> Times {
        let nothing =
            Times { opened: NEVER, closed: NEVER, is_date_only: false, fault: Some(Code::BadOpened) };
        let Some((opened, is_date_only)) = opening.instant(self.opened[row]) else { return nothing };
        let open = Times { opened, closed: NEVER, is_date_only, fault: None };
        if !self.closed[row].is_some() {
            return open;
        }
        match closing.instant(self.closed[row]) {
            None => Times { fault: Some(Code::BadClosed), ..open },
            // Closed on the day it was opened, at a time that nobody wrote down.
            Some((closed, true)) if closed < opened && opened - closed < DAY_S => {
                Times { closed: opened, ..open }
            }
            Some((closed, _)) if closed < opened => Times { fault: Some(Code::ClosedBeforeOpened), ..open },
            Some((closed, _)) => Times { closed, ..open },
        }
    }

    /// The coordinates in degrees as the source writes them; not a number where there are none.
    fn degrees(&self) -> Vec<LonLat> {
        let mut degrees = Vec::with_capacity(self.len());
        for origin in &self.origins {
            let (crs, unit_m) = (origin.crs(), origin.unit_m());
            let rows = origin.span.clone().into_par_iter().with_min_len(CHUNK);
            let found = rows.map(|row| {
                let (x, y) = (self.x[row], self.y[row]);
                let at = (!is_null(x, y)).then(|| crs.lon_lat(x * unit_m, y * unit_m)).flatten();
                at.unwrap_or(UNKNOWN)
            });
            degrees.par_extend(found);
        }
        degrees
    }

    fn middle_of(&self, degrees: &[LonLat], clock: &Clock) -> Option<LonLat> {
        let lon = quantiles(degrees.iter().map(|at| at.lon), [0.5])?[0];
        let lat = quantiles(degrees.iter().map(|at| at.lat), [0.5])?[0];
        let at = LonLat::new(lon, lat);
        let is_in_degrees = self.origins.iter().all(|origin| origin.crs().is_degrees());
        Some(if is_in_degrees && seems_turned(at, clock) { turned(at) } else { at })
    }

    fn region(&self, degrees: &[LonLat], clock: &Clock, anchor: Option<LonLat>) -> Option<Region> {
        let home = anchor.or_else(|| self.middle_of(degrees, clock))?;
        let near = Region { home, extent: None };
        // What only lies near when turned round must not widen the extent.
        let straight = || degrees.iter().filter(|&&at| near.is_near(at) || !near.is_near(turned(at)));
        let widened = |[low, high]: [f64; 2]| [low - (high - low), high + (high - low)];
        let lon = quantiles(straight().map(|at| at.lon), [0.1, 0.9]).map(widened);
        let lat = quantiles(straight().map(|at| at.lat), [0.1, 0.9]).map(widened);
        let extent = lon.zip(lat).map(|(lon, lat)| [lon[0], lon[1], lat[0], lat[1]]);
        Some(Region { home, extent })
    }

    fn positions(
        &mut self,
        clock: &Clock,
        plane: &Plane,
        anchor: Option<LonLat>,
        verdicts: &mut Verdicts,
    ) -> Vec<Local> {
        let degrees = self.degrees();
        let region = self.region(&degrees, clock, anchor);
        let turned: Vec<Option<Turned>> =
            self.origins.iter().map(|origin| self.turned(origin, &degrees, region.as_ref()?)).collect();
        for (origin, turned) in self.origins.iter_mut().zip(turned) {
            origin.turned = turned;
        }
        let mut given = Vec::with_capacity(self.len());
        for origin in &self.origins {
            let (crs, unit_m) = (origin.crs(), origin.unit_m());
            let rows = origin.span.clone().into_par_iter().with_min_len(CHUNK);
            let locate = |carried: &mut Carried, row: usize| {
                let (x, y) = (self.x[row] * unit_m, self.y[row] * unit_m);
                if origin.turned.is_some() {
                    let at = crs.lon_lat(y, x).unwrap_or(UNKNOWN);
                    place(y, x, at, crs, region.as_ref(), carried)
                } else {
                    place(x, y, degrees[row], crs, region.as_ref(), carried)
                }
            };
            let found: Vec<(Local, Option<Code>)> = rows.map_init(|| Carried::new(plane), locate).collect();
            for (row, (at, code)) in origin.span.clone().zip(found) {
                given.push(at);
                if let Some(code) = code {
                    let value = format!("{}, {}", self.x[row], self.y[row]);
                    verdicts.add(
                        u32::try_from(row).expect("fewer than 2^32 reports"),
                        Field::Coordinate,
                        code,
                        &value,
                    );
                }
            }
        }
        given
    }

    /// How many coordinates of a file lie near the data when turned round, and how many as they are written, if
    /// the former are more. A file is written by one program: it is turned round as a whole or not at all.
    fn turned(&self, origin: &Origin, degrees: &[LonLat], region: &Region) -> Option<Turned> {
        let (crs, unit_m) = (origin.crs(), origin.unit_m());
        let rows = origin.span.clone().into_par_iter().with_min_len(CHUNK);
        let lies = |row: usize| {
            let (x, y) = (self.x[row] * unit_m, self.y[row] * unit_m);
            if x.is_nan() || is_null(x, y) {
                (0, 0)
            } else if degrees[row].is_on_earth() && region.holds(degrees[row]) {
                (0, 1)
            } else {
                (usize::from(crs.lon_lat(y, x).is_some_and(|at| region.holds(at))), 0)
            }
        };
        let (turned, straight) = rows.map(lies).reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        (turned > straight).then_some(Turned { turned, straight })
    }

    /// The kind of every row whose category says too little, by words in its text; empty where no source
    /// asks for it.
    fn text_kinds(&self) -> Vec<Option<Kind>> {
        if self.origins.iter().all(|origin| origin.text_decides.is_empty()) {
            return Vec::new();
        }
        let mut kinds = Vec::with_capacity(self.len());
        for origin in &self.origins {
            let patterns: Vec<(String, Kind)> =
                origin.text_decides.iter().map(|pattern| (pattern.clone(), Kind::Other)).collect();
            let mut is_vague: FxHashMap<u32, bool> = FxHashMap::default();
            for &word in &self.category[origin.span.clone()] {
                is_vague.entry(word).or_insert_with(|| kind_of(self.words.get(word), &patterns).is_some());
            }
            let rows = origin.span.clone().into_par_iter().with_min_len(CHUNK);
            kinds.par_extend(rows.map(|row| {
                is_vague[&self.category[row]].then(|| kind_words::in_text(self.text.get(row))).flatten()
            }));
        }
        kinds
    }

    /// The kind of every word that is a category; `None` for one that no pattern fits.
    fn kinds(&self, patterns: &[(String, Kind)]) -> FxHashMap<u32, Option<Kind>> {
        let mut kinds = FxHashMap::default();
        for &word in &self.category {
            kinds.entry(word).or_insert_with(|| kind_of(self.words.get(word), patterns));
        }
        kinds
    }

    /// The rows that are still in, in the order that [`Reports`] promises.
    fn canonical_order(&self, columns: &Settled, verdicts: &Verdicts) -> Vec<u32> {
        let mut keys: Vec<(i64, u32, u32)> = Vec::with_capacity(self.len());
        for (file, origin) in (0..).zip(&self.origins) {
            let rows = origin.span.clone().filter(|&row| !verdicts.is_left_out[row]);
            keys.extend(rows.map(|row| {
                (columns.opened[row], file, u32::try_from(row).expect("fewer than 2^32 reports"))
            }));
        }
        keys.par_sort_unstable_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| self.compare(columns, a.2, b.2))
        });
        keys.into_iter().map(|(_, _, index)| index).collect()
    }

    /// Orders two rows of one file and instant by everything that they hold, and only then by their number.
    fn compare(&self, columns: &Settled, a: u32, b: u32) -> std::cmp::Ordering {
        let (i, j) = (a as usize, b as usize);
        let word = |column: &[u32]| self.words.get(column[i]).cmp(self.words.get(column[j]));
        let ids = self.id.get(i).cmp(self.id.get(j));
        ids.then_with(|| columns.kind(self, i).cmp(&columns.kind(self, j)))
            .then_with(|| columns.given[i].total_cmp(&columns.given[j]))
            .then_with(|| word(&self.address))
            .then_with(|| word(&self.category))
            .then_with(|| columns.closed[i].cmp(&columns.closed[j]))
            .then_with(|| word(&self.status))
            .then_with(|| word(&self.asset))
            .then_with(|| self.text.get(i).cmp(self.text.get(j)))
            .then_with(|| columns.is_date_only[i].cmp(&columns.is_date_only[j]))
            .then(a.cmp(&b))
    }

    /// Leaves out what was read before. Returns the new ids of reports that share theirs with a report of
    /// another source: two systems may both count from 1.
    fn leave_out_repeated(&self, order: &[u32], verdicts: &mut Verdicts) -> FxHashMap<u32, String> {
        let hash = |index: u32| {
            use std::hash::{Hash, Hasher};
            let mut hasher = FxHasher::default();
            self.id.get(index as usize).hash(&mut hasher);
            hasher.finish()
        };
        let mut hashes: Vec<(u64, u32)> = order
            .par_iter()
            .enumerate()
            .map(|(place, &index)| (hash(index), u32::try_from(place).expect("fewer than 2^32 reports")))
            .collect();
        hashes.par_sort_unstable();
        let mut renamed = FxHashMap::default();
        for run in hashes.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
            let mut run: Vec<u32> = run.iter().map(|&(_, place)| order[place as usize]).collect();
            run.sort_by(|&a, &b| self.id.get(a as usize).cmp(self.id.get(b as usize)));
            for same in run.chunk_by(|&a, &b| self.id.get(a as usize) == self.id.get(b as usize)) {
                let mut keepers: Vec<(u16, u32)> = Vec::new();
                for &index in same {
                    let is_made = self.is_made_id[index as usize];
                    let entry = if is_made { u16::MAX } else { self.origin(index).entry };
                    if keepers.iter().any(|keeper| keeper.0 == entry) {
                        let code = if is_made { Code::ExactDuplicate } else { Code::RepeatedId };
                        verdicts.add(index, Field::Id, code, self.id.get(index as usize));
                    } else {
                        keepers.push((entry, index));
                    }
                }
                keepers.sort_unstable();
                for &(entry, index) in keepers.iter().skip(1) {
                    let id = self.id.get(index as usize);
                    renamed.insert(index, format!("{id}@{}", u32::from(entry) + 1));
                    verdicts.add(index, Field::Id, Code::SharedId, id);
                }
            }
        }
        renamed
    }

    /// Leaves out further sightings of reports that a source lists as long as they are open.
    fn leave_out_resightings(&self, order: &[u32], columns: &Settled, verdicts: &mut Verdicts) {
        let mut last_seen = FxHashMap::default();
        for &index in order {
            let (row, origin) = (index as usize, self.origin(index));
            let at = columns.given[row];
            let is_somewhere = at.is_somewhere() || self.address[row] != NONE;
            if !origin.collapses || !is_somewhere {
                continue;
            }
            // To the metre, which is what five decimals of a degree tell.
            let place = (at.x.round().to_bits(), at.y.round().to_bits());
            let key = (origin.entry, self.category[row], self.address[row], place);
            let opened = columns.opened[row];
            let before = last_seen.insert(key, opened);
            if before.is_some_and(|before| opened - before <= SIGHTING_GAP_S) {
                verdicts.add(index, Field::Opened, Code::Resighting, "");
            }
        }
    }

    /// Writes down what became of every row, and the sums of every file.
    fn tell(
        &self,
        order: &[u32],
        columns: &Settled,
        verdicts: &Verdicts,
        settings: &Settings,
        issues: &mut Issues,
        counts: &mut Vec<SourceCount>,
    ) {
        let mut left_out = vec![0_u64; self.origins.len()];
        for (file, origin) in self.origins.iter().enumerate() {
            for fault in &origin.faults {
                let is_left_out = fault.code.effect() == Effect::LeftOut;
                let found = self.rows[origin.span.clone()].binary_search(&fault.row);
                let is_used = found.is_ok_and(|place| !verdicts.is_left_out[origin.span.start + place]);
                if is_left_out || is_used {
                    origin.blame(fault, issues);
                }
                left_out[file] += u64::from(is_left_out);
            }
        }
        for (index, field, code, value) in &verdicts.list {
            let is_left_out = code.effect() == Effect::LeftOut;
            let file = self.file_of(*index);
            if is_left_out || !verdicts.is_left_out[*index as usize] {
                let fault = Fault {
                    row: self.rows[*index as usize],
                    field: *field,
                    code: *code,
                    value: value.clone(),
                };
                self.origins[file].blame(&fault, issues);
            }
            left_out[file] += u64::from(is_left_out);
        }
        self.tell_of_files(order, columns, issues);
        let mut used = vec![0_u64; self.origins.len()];
        for &index in order {
            used[self.file_of(index)] += 1;
        }
        for ((origin, used), left_out) in self.origins.iter().zip(used).zip(left_out) {
            debug_assert_eq!(origin.read, used + left_out, "every row is used or left out");
            counts.push(SourceCount {
                what: "reports",
                file: origin.name.to_string(),
                format: origin.format.to_owned(),
                noticed: origin.describe(settings.clock),
                read: origin.read,
                used,
                left_out,
            });
        }
    }

    /// What is wrong with files as a whole: words that no pattern fits, and ids that are not there.
    fn tell_of_files(&self, order: &[u32], columns: &Settled, issues: &mut Issues) {
        let mut unknown: FxHashMap<(usize, u32), u64> = FxHashMap::default();
        let mut by_text: FxHashMap<(usize, u32, Kind), u64> = FxHashMap::default();
        let mut without_id: Vec<Vec<u32>> = vec![Vec::new(); self.origins.len()];
        for &index in order {
            let (row, file) = (index as usize, self.file_of(index));
            if let Some(kind) = columns.text_kind(row) {
                *by_text.entry((file, self.category[row], kind)).or_default() += 1;
            } else if columns.kinds[&self.category[row]].is_none() {
                *unknown.entry((file, self.category[row])).or_default() += 1;
            }
            if self.is_made_id[row] {
                without_id[file].push(self.rows[row]);
            }
        }
        let mut unknown: Vec<(usize, &str, u64)> =
            unknown.into_iter().map(|((file, word), count)| (file, self.words.get(word), count)).collect();
        unknown.sort_unstable();
        for (file, word, count) in unknown {
            let word = if word.is_empty() { "(none)" } else { word };
            let value = format!("{word}: {count}").into();
            let fault = Fault { row: 0, field: Field::Category, code: Code::UnknownCategory, value };
            self.origins[file].blame(&fault, issues);
        }
        let mut by_text: Vec<(usize, &str, Kind, u64)> = by_text
            .into_iter()
            .map(|((file, word, kind), count)| (file, self.words.get(word), kind, count))
            .collect();
        by_text.sort_unstable();
        for (file, word, kind, count) in by_text {
            let value = format!("{word}: {} in {count}", kind.name()).into();
            let fault = Fault { row: 0, field: Field::Category, code: Code::KindFromText, value };
            self.origins[file].blame(&fault, issues);
        }
        self.origins.iter().for_each(|origin| origin.blame_axes(issues));
        for (origin, mut rows) in self.origins.iter().zip(without_id) {
            rows.sort_unstable();
            if !rows.is_empty() && origin.noticed.columns.id.is_none() {
                let value = format!("{} reports", rows.len()).into();
                rows.clear();
                origin.blame(&Fault { row: 0, field: Field::Id, code: Code::NoId, value }, issues);
            }
            for row in rows {
                origin.blame(&Fault { row, field: Field::Id, code: Code::NoId, value: "".into() }, issues);
            }
        }
    }

    /// Picks the columns of the reports in their order. Each column is given up as soon as it is picked.
    fn build(mut self, order: &[u32], columns: Settled, renamed: &FxHashMap<u32, String>) -> Reports {
        let file = |&index: &u32| u16::try_from(self.file_of(index)).expect("fewer than 2^16 files");
        let source = order.iter().map(file).collect();
        let kind = order.iter().map(|&index| columns.kind(&self, index as usize)).collect();
        let mut id = Texts::new();
        for index in order {
            id.push(renamed.get(index).map_or_else(|| self.id.get(*index as usize), String::as_str));
        }
        self.id = Texts::new();
        // Words are numbered in the order of the reports, so that rows in another order give the same numbers.
        let mut words = Words::new();
        let mut numbers = vec![NONE; self.words.len()];
        let mut renumber = |column: Vec<u32>| {
            let mut picked = pick(column, order);
            for word in picked.iter_mut().filter(|word| **word != NONE) {
                let number = &mut numbers[*word as usize];
                if *number == NONE {
                    *number = words.intern(self.words.get(*word));
                }
                *word = *number;
            }
            picked
        };
        let category = renumber(std::mem::take(&mut self.category));
        let status = renumber(std::mem::take(&mut self.status));
        let address = renumber(std::mem::take(&mut self.address));
        let asset = renumber(std::mem::take(&mut self.asset));
        Reports {
            sources: self.origins.iter().map(|origin| Arc::clone(&origin.name)).collect(),
            source,
            row: pick(self.rows, order),
            id,
            category,
            kind,
            opened: pick(columns.opened, order),
            closed: pick(columns.closed, order),
            is_date_only: pick(columns.is_date_only, order),
            status,
            given: pick(columns.given, order),
            address,
            asset,
            text: self.text.reordered(order),
            words,
        }
    }
}

/// The values of a column in a new order: the one at `order[0]` first.
fn pick<T: Copy>(column: Vec<T>, order: &[u32]) -> Vec<T> {
    let picked = order.iter().map(|&index| column[index as usize]).collect();
    drop(column);
    picked
}

impl Origin {
    fn crs(&self) -> &Crs {
        self.crs.as_ref().expect("set when the file was read to its end")
    }

    /// Metres per unit of the coordinates; 1 for degrees.
    fn unit_m(&self) -> f64 {
        if self.crs().is_degrees() { 1.0 } else { self.unit_m }
    }

    /// The order of day and month of opening and closing times. A column that does not settle it follows the
    /// other one of the same file.
    fn orders(&self, clock: &Clock) -> (Order, Order) {
        let (opened, closed) = (self.opened.order(), self.closed.order());
        let usual = self.opened.usual_order(clock);
        (opened.or(closed).unwrap_or(usual), closed.or(opened).unwrap_or(usual))
    }

    fn blame(&self, fault: &Fault, issues: &mut Issues) {
        let column = fault.field.name(&self.noticed.columns);
        issues.add(&self.name, u64::from(fault.row), &column, fault.code, &fault.value);
    }

    /// Says so where the whole file was turned round.
    fn blame_axes(&self, issues: &mut Issues) {
        let Some(Turned { turned, straight }) = self.turned else { return };
        let value = format!("{turned} fit turned round, {straight} as written").into();
        let fault = Fault { row: 0, field: Field::Coordinate, code: Code::SwappedFile, value };
        self.blame(&fault, issues);
    }

    fn describe(&self, clock: &Clock) -> String {
        let mut words = self.noticed.words.clone();
        if self.recoded > 0 {
            words.push(format!("windows-1252 in {} rows", self.recoded));
        }
        words.push(self.opened.describe(self.orders(clock).0));
        if let Some(Turned { turned, straight }) = self.turned {
            words.push(format!(
                "axes: longitude and latitude are swapped; turned round ({turned} fit so, {straight} as written)"
            ));
        }
        if self.noticed.columns.is_projected() || self.crs().epsg() != 4326 {
            words.push(format!("crs: EPSG:{}", self.crs().epsg()));
        }
        words.join("; ")
    }
}

/// The columns that settling makes, in the order of the rows as they were read.
struct Settled {
    opened: Vec<i64>,
    closed: Vec<i64>,
    is_date_only: Vec<bool>,
    given: Vec<Local>,
    kinds: FxHashMap<u32, Option<Kind>>,
    /// By words in the text, where the category says too little; empty where no source asks for it.
    text_kinds: Vec<Option<Kind>>,
}

impl Settled {
    fn kind(&self, gathered: &Gathered, row: usize) -> Kind {
        self.text_kind(row).or(self.kinds[&gathered.category[row]]).unwrap_or(Kind::Other)
    }

    fn text_kind(&self, row: usize) -> Option<Kind> {
        self.text_kinds.get(row).copied().flatten()
    }
}

fn leave_out_other_days(order: &[u32], columns: &Settled, settings: &Settings, verdicts: &mut Verdicts) {
    let Some(period) = settings.period else { return };
    let (from, to) = (settings.clock.midnight(period.from), settings.clock.midnight(period.to.plus(1)));
    for &index in order.iter().filter(|&&index| !(from..to).contains(&columns.opened[index as usize])) {
        if !verdicts.is_left_out[index as usize] {
            let day = settings.clock.day(columns.opened[index as usize]).to_string();
            verdicts.add(index, Field::Opened, Code::OutsidePeriod, &day);
        }
    }
}

fn is_null(x: f64, y: f64) -> bool {
    x == 0.0 && y == 0.0
}

/// Where a pair of numbers lies on the plane, and what is wrong with it.
fn place(
    x: f64,
    y: f64,
    straight: LonLat,
    crs: &Crs,
    region: Option<&Region>,
    carried: &mut Carried,
) -> (Local, Option<Code>) {
    let nowhere = |code| (Local::NOWHERE, Some(code));
    if x.is_nan() || y.is_nan() {
        return (Local::NOWHERE, None);
    }
    if is_null(x, y) {
        return nowhere(Code::NullCoordinate);
    }
    let holds = |at: LonLat| region.is_some_and(|region| region.holds(at));
    let (found, code) = if straight.is_on_earth() && holds(straight) {
        (carried.local(crs, x, y, straight), None)
    } else if let Some(swapped) = crs.lon_lat(y, x).filter(|&at| holds(at)) {
        (carried.local(crs, y, x, swapped), Some(Code::SwappedCoordinate))
    } else {
        return nowhere(if straight.is_on_earth() { Code::FarCoordinate } else { Code::BadCoordinate });
    };
    found.map_or_else(|| nowhere(Code::FarCoordinate), |at| (at, code))
}

/// Positions on the plane that surely come back to where they were: far from its home a projection gives
/// numbers that lead nowhere.
struct Carried<'a> {
    plane: &'a Plane,
    /// Tenths of a degree whose corners all come back.
    squares: FxHashMap<(i32, i32), bool>,
}

impl<'a> Carried<'a> {
    fn new(plane: &'a Plane) -> Self {
        Self { plane, squares: FxHashMap::default() }
    }

    fn local(&mut self, crs: &Crs, x: f64, y: f64, at: LonLat) -> Option<Local> {
        let local = self.plane.from_pair(crs, x, y)?;
        #[expect(clippy::cast_possible_truncation, reason = "degrees on the globe, times ten")]
        let square = ((at.lon * 10.0).floor() as i32, (at.lat * 10.0).floor() as i32);
        let plane = self.plane;
        let is_safe = *self.squares.entry(square).or_insert_with(|| {
            let corner = |east, north| {
                LonLat::new(f64::from(square.0 + east) / 10.0, f64::from(square.1 + north) / 10.0)
            };
            [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().all(|(east, north)| {
                let corner = corner(east, north);
                plane.local(corner).is_some_and(|local| comes_back(plane, local, corner))
            })
        });
        (is_safe || comes_back(plane, local, at)).then_some(local)
    }
}

fn comes_back(plane: &Plane, local: Local, at: LonLat) -> bool {
    const DEGREES: f64 = 1e-6;
    let back = plane.crs().lon_lat(local.x, local.y);
    back.is_some_and(|back| (back.lon - at.lon).abs() < DEGREES && (back.lat - at.lat).abs() < DEGREES)
}

/// The values below which these shares of the finite numbers lie.
fn quantiles<const N: usize>(values: impl Iterator<Item = f64>, shares: [f64; N]) -> Option<[f64; N]> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    if values.is_empty() {
        return None;
    }
    let last = (values.len() - 1) as f64;
    Some(shares.map(|share| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the length")]
        let rank = (last * share).round() as usize;
        *values.select_nth_unstable_by(rank, f64::total_cmp).1
    }))
}

/// Whether the middle of the data fits the project's clock only when turned round. The sun is highest about
/// noon: a longitude and its zone differ by two hours at most, but for a few lands that turning does not fit
/// either. It decides only where nothing else is known about where the project lies.
fn seems_turned(at: LonLat, clock: &Clock) -> bool {
    let is_anywhere = ["UTC", "Etc/", "GMT"].iter().any(|name| clock.name().starts_with(name));
    let offset_h = |month| {
        let noon = jiff::civil::date(2020, month, 1).at(12, 0, 0, 0);
        let utc = jiff::tz::TimeZone::UTC
            .to_ambiguous_timestamp(noon)
            .compatible()
            .map_or(0, jiff::Timestamp::as_second);
        (utc - clock.instant(noon)) as f64 / 3600.0
    };
    let standard_h = offset_h(1).min(offset_h(7));
    let off_h = |lon: f64| (lon / 15.0 - standard_h).abs();
    !is_anywhere && turned(at).is_on_earth() && off_h(at.lon) > 2.0 && off_h(at.lat) < 1.4
}

/// The kind that the patterns give a category. The pattern with the most letters decides, so that
/// `"Litter Can*"` goes before `"Litter*"` in whatever order a project writes them.
pub(super) fn kind_of(category: &str, patterns: &[(String, Kind)]) -> Option<Kind> {
    let category = category.to_lowercase();
    let letters = |pattern: &str| pattern.chars().filter(|&sign| sign != '*').count();
    let fitting = patterns.iter().filter(|(pattern, _)| fits(&pattern.to_lowercase(), &category));
    let best = fitting
        .max_by_key(|(pattern, _)| (!pattern.contains('*'), letters(pattern), std::cmp::Reverse(pattern)));
    best.map(|&(_, kind)| kind)
}

/// Whether `text` is `pattern`, where every `*` stands for any letters or none.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let Some((middles, end)) = rest.rsplit_once('*') else { return text.ends_with(rest) };
    for middle in middles.split('*') {
        let Some(at) = text.find(middle) else { return false };
        text = &text[at + middle.len()..];
    }
    text.ends_with(end)
}
