//! One planned round and what became of it in, its map out: the line, its stops, and those that need a look.

use crate::collection::{Outcome, Reason};
use crate::findings::Findings;
use crate::model::NONE;
use crate::model::round::Trip;
use crate::unit::Local;

use super::Map;
use super::canvas::{At, Canvas, Pen};
use super::font;
use super::marks;
use super::sheet::Sheet;
use super::style::{BAD, BODY_PT, DOUBTFUL, Ink, PAPER, QUIET_TEXT, ROUTE, TEXT};
use super::words::{self, say};

/// Skipped on so many of its planned visits, a stop is marked: below 5 % a truck in the way explains it.
const OFTEN_SKIPPED: f64 = 0.05;
/// Skipped on so many, it is marked as bad.
const VERY_OFTEN_SKIPPED: f64 = 0.15;
/// Reported full before the next visit so many times, a stop is marked: once or twice is a busy day.
pub(crate) const OFTEN_FULL: u32 = 3;
/// Overflows with this probability before its next visit, a stop is marked too.
pub(crate) const LIKELY_FULL: f64 = 0.2;
/// How many stops get a label and a row beside the map.
const WORST: usize = 8;

/// Ink of stops that overflow: told from skipped ones by its square as well.
pub(crate) const FULL: Ink = Ink::hex(0x006a_3d9a);

/// The maps of all rounds, in the order of the routes. Routes that plan no stop have none.
pub(super) fn map(findings: &Findings, route: usize) -> Option<Map> {
    let trip = longest_trip(findings, route)?;
    let round = Round::of(findings, route, trip);
    let window = Sheet::window(findings, round.stops.iter().map(|stop| stop.at))?;
    let language = findings.language;
    let mut sheet = Sheet::new(findings, window);
    sheet.streets(false);
    draw_lines(&mut sheet, &round);
    draw_stops(&mut sheet, &round);
    sheet.street_names(14);
    sheet.frame();

    let title = round.title(findings);
    sheet.heading(&title, &round.basis(findings));
    facts(&mut sheet, &round);
    legend(&mut sheet, &round);
    table(&mut sheet, &round);
    let name = format!("round_{}", super::stem(&findings.rounds.routes[route].id));
    let about = say!(
        language,
        "Map of a planned round with its stops in their order; stops that were often skipped or full are numbered. {title}.",
        "Kaart van een geplande ronde met haar stops op volgorde; vaak overgeslagen of volle stops zijn genummerd. {title}."
    );
    Some(Map::new(&name, title, about, language, sheet.canvas))
}

/// The trip of a route with the most calls: it shows the round best.
fn longest_trip(findings: &Findings, route: usize) -> Option<usize> {
    let trips = findings.rounds.trips.iter().enumerate();
    let own = trips.filter(|(_, trip)| trip.route as usize == route && !trip.calls.is_empty());
    own.max_by_key(|(index, trip)| (trip.calls.len(), std::cmp::Reverse(*index))).map(|(index, _)| index)
}

/// A stop of a round and what is known about it.
struct Stop<'a> {
    /// Its place in the round, from 1.
    place: usize,
    name: &'a str,
    at: Local,
    n_planned: u32,
    n_skipped: u32,
    n_full: u32,
    n_reports: u32,
    /// What makes it stand out.
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Full,
    Skipped,
    VerySkipped,
}

impl Stop<'_> {
    fn share_skipped(&self) -> f64 {
        if self.n_planned == 0 { 0.0 } else { f64::from(self.n_skipped) / f64::from(self.n_planned) }
    }

    /// What to say about it, in a few words.
    fn verdict(&self, findings: &Findings) -> String {
        let language = findings.language;
        let (skipped, planned) =
            (words::count(language, self.n_skipped), words::count(language, self.n_planned));
        let full = words::count(language, self.n_full);
        match self.fault {
            Fault::Full => say!(language, "{full}× full too early", "{full}× te vroeg vol"),
            _ => say!(language, "skipped {skipped} of {planned}×", "{skipped} van {planned}× overgeslagen"),
        }
    }
}

/// A round with its stops in their order, each once.
struct Round<'a> {
    route: usize,
    trip: &'a Trip,
    stops: Vec<Stop<'a>>,
    /// Its line along the streets, from depot to depot.
    planned: Vec<Local>,
    /// A day on which it was driven as well as on any other.
    driven: Vec<Local>,
    /// Why its reports came in, most frequent first.
    reasons: Vec<(Reason, u32)>,
}

impl<'a> Round<'a> {
    fn of(findings: &'a Findings, route: usize, trip: usize) -> Self {
        let collection = &findings.collection;
        let mut full = vec![0u32; findings.rounds.stops.len()];
        let mut reasons = vec![0u32; Reason::ALL.len()];
        for diagnosis in &collection.diagnoses {
            if diagnosis.reason == Reason::FullBeforeNextService && diagnosis.stop != NONE {
                full[diagnosis.stop as usize] += 1;
            }
            if diagnosis.route as usize == route {
                reasons[diagnosis.reason as usize] += 1;
            }
        }
        let own = &findings.rounds.trips[trip];
        let mut stops: Vec<Stop<'a>> = Vec::new();
        let mut seen = vec![false; findings.rounds.stops.len()];
        for (place, call) in (1..).zip(&own.calls) {
            let index = call.stop as usize;
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            let finding = collection.stops.get(index);
            let mut stop = Stop {
                place,
                name: words::stop(findings, call.stop),
                at: findings.rounds.stops[index].at,
                n_planned: finding.map_or(0, |finding| finding.n_planned),
                n_skipped: finding.map_or(0, |finding| finding.n_skipped),
                n_full: full[index],
                n_reports: finding.map_or(0, |finding| finding.n_reports),
                fault: Fault::None,
            };
            let p_overflow = finding.map_or(f64::NAN, |finding| finding.p_overflow);
            stop.fault = match stop.share_skipped() {
                share if share >= VERY_OFTEN_SKIPPED && stop.n_skipped > 1 => Fault::VerySkipped,
                share if share >= OFTEN_SKIPPED && stop.n_skipped > 1 => Fault::Skipped,
                _ if stop.n_full >= OFTEN_FULL || p_overflow >= LIKELY_FULL => Fault::Full,
                _ => Fault::None,
            };
            stops.push(stop);
        }
        let mut reasons: Vec<_> =
            Reason::ALL.iter().copied().zip(reasons).filter(|reason| reason.1 > 0).collect();
        reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let planned = collection.routes.get(route).map_or_else(Vec::new, |route| route.line.clone());
        Self { route, trip: own, stops, planned, driven: driven(findings, route, trip), reasons }
    }

    /// The stops that need a look, the worst first.
    fn worst(&self) -> Vec<&Stop<'a>> {
        let mut worst: Vec<_> = self.stops.iter().filter(|stop| stop.fault != Fault::None).collect();
        let cost = |stop: &Stop<'_>| stop.n_skipped * 2 + stop.n_full + stop.n_reports;
        worst.sort_by(|a, b| cost(b).cmp(&cost(a)).then(a.place.cmp(&b.place)));
        worst
    }

    fn title(&self, findings: &Findings) -> String {
        let language = findings.language;
        let name = words::route(findings, self.trip.route);
        let count = |is: fn(Fault) -> bool| self.stops.iter().filter(|stop| is(stop.fault)).count();
        let skipped = count(|fault| matches!(fault, Fault::Skipped | Fault::VerySkipped));
        let full = count(|fault| fault == Fault::Full);
        match (skipped, full) {
            (0, 0) => say!(language, "{name}: no stop stands out", "{name}: geen stop valt op"),
            (0, 1) => {
                say!(language, "{name}: one stop is full too early", "{name}: één stop is te vroeg vol")
            }
            (0, _) => say!(
                language,
                "{name}: {full} stops are full too early",
                "{name}: {full} stops zijn te vroeg vol"
            ),
            (1, 0) => say!(
                language,
                "{name}: one stop is often skipped",
                "{name}: één stop wordt vaak overgeslagen"
            ),
            (_, 0) => say!(
                language,
                "{name}: {skipped} stops are often skipped",
                "{name}: {skipped} stops worden vaak overgeslagen"
            ),
            _ => say!(
                language,
                "{name}: {skipped} stops often skipped, {full} full too early",
                "{name}: {skipped} stops vaak overgeslagen, {full} te vroeg vol"
            ),
        }
    }

    fn basis(&self, findings: &Findings) -> String {
        let language = findings.language;
        let period = words::period(language, findings.period);
        let visits = findings.collection.visits.iter().filter(|visit| visit.route as usize == self.route);
        let (planned, known) = visits.fold((0u64, 0u64), |(planned, known), visit| {
            (planned + 1, known + u64::from(visit.outcome != Outcome::Unknown))
        });
        let (planned, known) = (words::count(language, planned), words::count(language, known));
        let reports = self.reasons.iter().map(|reason| u64::from(reason.1)).sum::<u64>();
        let reports = words::count(language, reports);
        say!(
            language,
            "{period} · n = {planned} planned visits, {known} with a known outcome · {reports} reports about its stops",
            "{period} · n = {planned} geplande ledigingen, {known} met bekende afloop · {reports} meldingen bij de stops"
        )
    }
}

/// The fixes of the day on which most visits of the trip were made.
fn driven(findings: &Findings, route: usize, trip: usize) -> Vec<Local> {
    let vehicle = findings.rounds.trips[trip].vehicle;
    let Some(vehicle) = findings.rounds.vehicles.get(vehicle as usize) else { return Vec::new() };
    let Some(track) = findings.tracks.iter().find(|track| track.vehicle == vehicle.id) else {
        return Vec::new();
    };
    let mut days = std::collections::BTreeMap::new();
    for visit in &findings.collection.visits {
        if visit.route as usize == route && visit.trip as usize == trip && visit.outcome.is_emptied() {
            let day = days.entry(visit.day).or_insert((0u32, i64::MAX, i64::MIN));
            *day = (day.0 + 1, day.1.min(visit.served_at), day.2.max(visit.served_at));
        }
    }
    let mut days: Vec<_> = days.into_iter().collect();
    days.sort_by_key(|(day, (n, ..))| (std::cmp::Reverse(*n), *day));
    let mut fixes = days.into_iter().map(|(_, (_, first, last))| {
        let from = track.time.partition_point(|&time| time < first - AROUND_S);
        let to = track.time.partition_point(|&time| time <= last + AROUND_S);
        &track.at[from..to]
    });
    fixes.find(|fixes| fixes.len() > 1).map_or_else(Vec::new, <[Local]>::to_vec)
}

/// How long before its first and after its last visit a drive is drawn.
const AROUND_S: i64 = 600;

fn draw_lines(sheet: &mut Sheet<'_>, round: &Round<'_>) {
    let window = sheet.window;
    sheet.canvas.group("driven", |canvas| {
        for piece in window.lines(&round.driven) {
            marks::driven(canvas, &piece);
        }
    });
    sheet.canvas.group("planned", |canvas| {
        for piece in window.lines(&round.planned) {
            marks::planned(canvas, &piece);
            marks::arrows(canvas, &piece, 34.0, ROUTE);
        }
    });
}

/// Draws the mark of a stop and gives its radius.
fn draw_stop(canvas: &mut Canvas, at: At, place: &str, fault: Fault) -> f64 {
    match fault {
        Fault::None => {
            marks::stop(canvas, at);
            1.2
        }
        Fault::Full => marks::square(canvas, at, place, FULL),
        Fault::Skipped => marks::coin(canvas, at, place, DOUBTFUL),
        Fault::VerySkipped => marks::coin(canvas, at, place, BAD),
    }
}

fn draw_stops(sheet: &mut Sheet<'_>, round: &Round<'_>) {
    let window = sheet.window;
    let mut marked: Vec<(At, f64, &Stop<'_>)> = Vec::new();
    sheet.canvas.group("stops", |canvas| {
        let mut order: Vec<&Stop<'_>> =
            round.stops.iter().filter(|stop| window.holds(stop.at, 1.5)).collect();
        order.sort_by_key(|stop| (stop.fault as u8, stop.n_skipped + stop.n_full, stop.place));
        for stop in order {
            let at = window.place(stop.at);
            let radius = draw_stop(canvas, at, &stop.place.to_string(), stop.fault);
            marked.push((at, radius, stop));
        }
    });
    for (at, radius, _) in &marked {
        sheet.labels.reserve_disc(*at, *radius);
    }
    let worst = round.worst();
    sheet.canvas.group("labels", |canvas| {
        let pen = Pen::new(BODY_PT, TEXT).haloed(PAPER);
        for stop in worst.iter().take(WORST) {
            let Some((at, radius, _)) = marked.iter().find(|mark| mark.2.place == stop.place) else {
                continue;
            };
            let name = font::fit(stop.name, BODY_PT, true, 48.0);
            let lines = [(name, pen.bold()), (stop.verdict(sheet.findings), pen)];
            sheet.labels.beside(canvas, *at, *radius, &lines);
        }
        // Where a round begins and ends.
        let ends = [
            (round.stops.first(), say!(sheet.findings.language, "first stop", "eerste stop")),
            (round.stops.last(), say!(sheet.findings.language, "last stop", "laatste stop")),
        ];
        for (stop, words) in ends {
            let Some(stop) = stop.filter(|stop| stop.fault == Fault::None && window.holds(stop.at, 2.0))
            else {
                continue;
            };
            sheet.labels.beside(
                canvas,
                window.place(stop.at),
                1.2,
                &[(words, Pen::new(BODY_PT, ROUTE).haloed(PAPER))],
            );
        }
    });
}

fn facts(sheet: &mut Sheet<'_>, round: &Round<'_>) {
    let language = sheet.language();
    sheet.part(&say!(language, "What stands out", "Wat opvalt"));
    for sentence in outstanding(sheet.findings, round) {
        sheet.paragraph(&sentence, TEXT);
    }
}

/// What stands out about a round, in at most four sentences.
fn outstanding(findings: &Findings, round: &Round<'_>) -> Vec<String> {
    let language = findings.language;
    let mut sentences = Vec::new();
    let finding = findings.collection.routes.get(round.route);
    if let Some(finding) = finding {
        let stops = words::count(language, finding.n_stops);
        let length = words::length(language, finding.length_m);
        let duration = words::duration(language, finding.duration_s);
        sentences.push(say!(
            language,
            "{stops} stops, {length}, {duration} as planned.",
            "{stops} stops, {length}, {duration} volgens plan."
        ));
        if finding.adherence_pct.is_finite() {
            let made = words::percent(language, finding.adherence_pct / 100.0);
            sentences.push(say!(
                language,
                "{made} of the visits with a known outcome were made.",
                "{made} van de ledigingen met bekende afloop is gedaan."
            ));
        }
    }
    let worst = round.worst();
    if let Some(stop) = worst.iter().find(|stop| stop.fault != Fault::Full) {
        let (name, skipped, planned) =
            (stop.name, words::count(language, stop.n_skipped), words::count(language, stop.n_planned));
        sentences.push(say!(
            language,
            "{name} was passed over on {skipped} of {planned} visits.",
            "{name} is {skipped} van de {planned} keer overgeslagen."
        ));
    }
    if let Some(stop) = worst.iter().find(|stop| stop.fault == Fault::Full) {
        let (name, full) = (stop.name, words::count(language, stop.n_full));
        sentences.push(say!(
            language,
            "{name} was reported full before its next visit {full} times.",
            "{name} is {full} keer vol gemeld vóór de volgende lediging."
        ));
    }
    let total: u32 = round.reasons.iter().map(|reason| reason.1).sum();
    if let Some(&(reason, n)) = round.reasons.first() {
        let share = words::percent(language, f64::from(n) / f64::from(total));
        let reason = words::reason(language, reason);
        sentences.push(say!(
            language,
            "Most frequent reason of its reports: {reason} ({share}).",
            "Vaakste reden van de meldingen: {reason} ({share})."
        ));
    }
    sentences
}

fn legend(sheet: &mut Sheet<'_>, round: &Round<'_>) {
    let language = sheet.language();
    sheet.part(&say!(language, "What the marks mean", "Wat de tekens betekenen"));
    sheet.key(
        &say!(language, "planned, the shortest way along the streets", "gepland, de kortste weg over straat"),
        |canvas, (x, y)| {
            marks::planned(canvas, &[(x - 4.5, y), (x + 5.0, y)]);
        },
    );
    if !round.driven.is_empty() {
        let words = say!(language, "driven on its most complete day", "gereden op de volledigste dag");
        sheet.key(&words, |canvas, (x, y)| marks::driven(canvas, &[(x - 3.6, y), (x + 4.2, y)]));
    }
    let (often, very) =
        (words::percent(language, OFTEN_SKIPPED), words::percent(language, VERY_OFTEN_SKIPPED));
    let keys = [
        (
            Fault::VerySkipped,
            say!(language, "skipped on {very} of the visits or more", "overgeslagen bij {very} of meer"),
        ),
        (
            Fault::Skipped,
            say!(language, "skipped on {often} to {very}", "overgeslagen bij {often} tot {very}"),
        ),
        (
            Fault::Full,
            say!(
                language,
                "full before the next visit, {OFTEN_FULL}× or more",
                "vol vóór de volgende lediging, {OFTEN_FULL}× of meer"
            ),
        ),
        (Fault::None, say!(language, "nothing stands out", "niets valt op")),
    ];
    for (fault, words) in keys {
        let n = round.stops.iter().filter(|stop| stop.fault == fault).count();
        if n > 0 {
            let place = round.stops.iter().find(|stop| stop.fault == fault).map_or(0, |stop| stop.place);
            sheet.key(&format!("{words} ({n})"), |canvas, at| {
                draw_stop(canvas, at, &place.to_string(), fault);
            });
        }
    }
    let note = say!(
        language,
        "Numbers: the place of the stop in the round.",
        "Nummers: de plaats van de stop in de ronde."
    );
    sheet.paragraph(&note, QUIET_TEXT);
}

fn table(sheet: &mut Sheet<'_>, round: &Round<'_>) {
    let language = sheet.language();
    let worst = round.worst();
    if worst.is_empty() {
        return;
    }
    sheet.part(&say!(language, "Stops to look at first", "Stops om eerst naar te kijken"));
    let headings = [
        String::new(),
        say!(language, "stop", "stop"),
        say!(language, "skipped", "overgesl."),
        say!(language, "full", "vol"),
        say!(language, "rep.", "meld."),
    ];
    let rows: Vec<Vec<String>> = worst
        .iter()
        .take(WORST)
        .map(|stop| {
            vec![
                stop.place.to_string(),
                stop.name.to_owned(),
                format!("{}/{}", stop.n_skipped, stop.n_planned),
                stop.n_full.to_string(),
                stop.n_reports.to_string(),
            ]
        })
        .collect();
    sheet.table(&[0.09, 0.44, 0.23, 0.11, 0.13], &headings, &rows);
}
