//! Findings in, one page per round out: what to do on Monday, how the round is doing, its maps and all its stops.
//!
//! Each page holds everything it needs and prints on upright A4 pages, also in black and white. What is not known is
//! said to be unknown: a round without tracks or reports says so. Free text of citizens is never written.

mod facts;
mod monday;
mod pictures;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rayon::prelude::*;

use crate::adjust::Change;
use crate::collection::StopFinding;
use crate::draw::canvas::escaped;
use crate::draw::round_page::{Ask, Sign};
use crate::draw::words::{self, say};
use crate::error::{Error, Result};
use crate::export::html;
use crate::export::html::parts::{self, class, head, paragraph, quiet};
use crate::export::rounds::{stems, time_of_day};
use crate::findings::Findings;
use crate::model::some;

use facts::{Facts, Ledger, Row, Tour};

/// Writes `dir/ROUTE.html` for every route.
///
/// # Errors
/// When a file cannot be written.
pub fn write(findings: &Findings, dir: &Path) -> Result<()> {
    let ledger = Ledger::of(findings);
    let files: Vec<(u32, String)> = (0..).zip(files(findings)).collect();
    files.par_iter().try_for_each(|(route, stem)| {
        let path = dir.join(format!("{stem}.html"));
        let page = page(&Facts::of(findings, &ledger, *route));
        fs::write(&path, page).map_err(|source| Error::writing(&path, source))
    })
}

/// The stem of the page of each route.
fn files(findings: &Findings) -> Vec<String> {
    let ids: Vec<&str> = findings.rounds.routes.iter().map(|route| route.id.as_str()).collect();
    stems(&ids)
}

/// Links to all pages, for the page over the whole run.
pub(crate) fn links(findings: &Findings) -> String {
    let about = say!(
        findings.language,
        "A page per round, to print: what to do on Monday, the maps and every stop.",
        "Een pagina per ronde, om te printen: wat maandag te doen, de kaarten en elke stop."
    );
    let mut links = format!("<p>{}</p>\n<ul class=\"pages\">\n", escaped(&about));
    for (route, stem) in (0u32..).zip(files(findings)) {
        let name = escaped(words::route(findings, route));
        writeln!(links, "<li><a href=\"rounds/{stem}.html\">{name}</a></li>").expect("a string takes all");
    }
    links + "</ul>\n"
}

/// The page of one round.
fn page(facts: &Facts<'_>) -> String {
    let findings = facts.findings;
    let language = findings.language;
    let name = words::route(findings, facts.route);
    let sections = [
        section(
            "todo",
            "part todo",
            &say!(language, "What to do on Monday", "Wat maandag te doen"),
            &todo(facts),
        ),
        section("figures", "part", &say!(language, "How it is doing", "Hoe het gaat"), &figures(facts)),
        section(
            "map",
            "part sheet",
            &say!(language, "The round as it is", "De ronde zoals ze is"),
            &pictures::today(facts),
        ),
        section(
            "proposals",
            "part sheet",
            &say!(language, "What is proposed", "Wat wordt voorgesteld"),
            &proposals(facts),
        ),
        section("stops", "part sheet", &say!(language, "Every stop", "Elke stop"), &stops(facts)),
        section("basis", "part", &say!(language, "What this rests on", "Waar dit op rust"), &basis(facts)),
    ];
    let back = say!(language, "All rounds and findings", "Alle rondes en bevindingen");
    let links = format!("<li><a href=\"../report.html\">{}</a></li>\n", escaped(&back));
    html::document(findings, name, &lead(facts), &links, &sections.concat())
}

/// A section; nothing where there is nothing in it.
fn section(id: &str, class: &str, heading: &str, body: &str) -> String {
    if body.is_empty() { String::new() } else { parts::section(id, class, heading, body) }
}

/// Period, weekdays, vehicle, stops and length on one line.
fn lead(facts: &Facts<'_>) -> String {
    let findings = facts.findings;
    let language = findings.language;
    let mut parts = vec![findings.title.clone(), words::period(language, findings.period)];
    let mut weekdays = [false; 7];
    for kerbside in findings.rounds.kerbsides.iter().filter(|kerbside| kerbside.route == facts.route) {
        (0..7).for_each(|weekday| weekdays[weekday] |= kerbside.weekdays[weekday]);
    }
    for tour in &facts.tours {
        (0..7).for_each(|weekday| weekdays[weekday] |= tour.weekdays[weekday]);
    }
    parts.push(words::weekdays(language, weekdays));
    let trip = facts.tours.first().map(|tour| &findings.rounds.trips[tour.trip as usize]);
    if let Some(vehicle) = trip.and_then(|trip| some(trip.vehicle)) {
        parts.push(findings.rounds.vehicles[vehicle].id.clone());
    }
    if let Some(finding) = facts.finding.filter(|finding| finding.n_stops > 0) {
        let stops = words::count(language, finding.n_stops);
        let (length, duration) =
            (words::length(language, finding.length_m), words::duration(language, finding.duration_s));
        parts.push(say!(
            language,
            "{stops} stops, {length}, {duration} as planned",
            "{stops} stops, {length}, {duration} volgens plan"
        ));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn todo(facts: &Facts<'_>) -> String {
    let advice = monday::advice(facts);
    if advice.is_empty() {
        let language = facts.findings.language;
        return paragraph(&say!(
            language,
            "Nothing can be said: neither tracks nor reports tell how this round is doing.",
            "Er valt niets te zeggen: ritten noch meldingen vertellen hoe het met deze ronde gaat."
        ));
    }
    parts::advice(advice.iter().map(|advice| (advice.what.as_str(), advice.why.as_str())))
}

/// A figure with what it is and what it rests on.
fn figure(what: &str, number: &str, note: &str) -> String {
    format!(
        "<div><dt>{}<br><small>{}</small></dt><dd>{}</dd></div>\n",
        escaped(what),
        escaped(note),
        escaped(number)
    )
}

fn figures(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    let all = facts.all;
    let mut list = String::from("<dl class=\"figures\">\n");
    let [planned, known, missed, late] =
        [all.planned, all.known, all.missed, all.late].map(|n| words::count(language, n));
    if all.known > 0 {
        list.push_str(&figure(
            &say!(language, "visits made", "ledigingen gedaan"),
            &words::percent(language, 1.0 - all.missed_share()),
            &say!(
                language,
                "{missed} missed of {known} known; {planned} planned",
                "{missed} gemist van {known} bekende; {planned} gepland"
            ),
        ));
        list.push_str(&figure(
            &say!(language, "of them late", "daarvan te laat"),
            &words::percent(language, all.late_share()),
            &say!(language, "{late} of {known} known", "{late} van {known} bekende"),
        ));
        list.push_str(&worst_weekday(facts));
        list.push_str(&worst_hour(facts));
    }
    list.push_str(&complaints(facts));
    list.push_str("</dl>\n");
    if all.planned > 0 && all.known == 0 {
        list.push_str(&paragraph(&say!(
            language,
            "No usable tracks: {planned} visits were planned, and nothing is known of what was driven.",
            "Geen bruikbare ritten: er waren {planned} ledigingen gepland en niets is bekend van wat er gereden is."
        )));
    }
    if facts.reasons.is_empty() {
        list.push_str(&paragraph(&say!(
            language,
            "No waste reports about this round in this period.",
            "Geen afvalmeldingen over deze ronde in deze periode."
        )));
    }
    list + &pictures::bars(facts) + &reasons(facts)
}

fn worst_weekday(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    let Some(worst) = facts.worst_weekday() else { return String::new() };
    let tally = facts.weekdays[worst];
    let share = words::percent(language, tally.missed_share());
    let (known, p) = (words::count(language, tally.known), words::probability(language, facts.weekday_p));
    let note = match facts.is_weekday_sure() {
        None => say!(
            language,
            "{share} of {known} missed; too few days to tell from chance",
            "{share} van {known} gemist; te weinig dagen om toeval uit te sluiten"
        ),
        Some(true) => say!(
            language,
            "{share} of {known} missed, beyond chance (p = {p})",
            "{share} van {known} gemist, meer dan toeval (p = {p})"
        ),
        Some(false) => say!(
            language,
            "{share} of {known} missed; may be chance (p = {p})",
            "{share} van {known} gemist; kan toeval zijn (p = {p})"
        ),
    };
    figure(&say!(language, "worst weekday", "slechtste dag"), words::weekday(language, worst), &note)
}

fn worst_hour(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    let Some(worst) = facts.worst_hour() else { return String::new() };
    let tally = facts.hours[worst];
    let (share, known) =
        (words::percent(language, tally.missed_share()), words::count(language, tally.known));
    let hours = format!("{worst:02}–{:02}", worst + 1);
    let number = say!(language, "{hours} h", "{hours} u");
    let note = say!(
        language,
        "{share} of {known} missed; an hour is the same stops each day",
        "{share} van {known} gemist; een uur is elke dag dezelfde stops"
    );
    figure(&say!(language, "worst hour", "slechtste uur"), &number, &note)
}

/// Complaints per 1,000 visits, and how many were to be expected.
fn complaints(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    let Some(finding) = facts.finding else { return String::new() };
    let thousand = f64::from(facts.all.planned) / 1000.0;
    let expected = words::decimal(language, finding.expected, 1);
    let q = words::probability(language, finding.q_value);
    let n = words::count(language, finding.n_reports);
    if thousand <= 0.0 {
        let note = if finding.expected.is_finite() {
            say!(
                language,
                "{expected} expected of a round of its size (q = {q})",
                "{expected} verwacht van een ronde van deze grootte (q = {q})"
            )
        } else {
            say!(language, "too few rounds to compare", "te weinig rondes om te vergelijken")
        };
        return figure(&say!(language, "reports", "meldingen"), &n, &note);
    }
    let rate = words::decimal(language, f64::from(finding.n_reports) / thousand, 1);
    let usual = words::decimal(language, finding.expected / thousand, 1);
    let note = if finding.expected.is_finite() {
        say!(language, "{usual} expected; {n} reports (q = {q})", "{usual} verwacht; {n} meldingen (q = {q})")
    } else {
        say!(
            language,
            "{n} reports; too few rounds to compare",
            "{n} meldingen; te weinig rondes om te vergelijken"
        )
    };
    figure(&say!(language, "reports per 1,000 visits", "meldingen per 1.000 ledigingen"), &rate, &note)
}

/// Why its reports came in, in one line.
fn reasons(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    let total: u32 = facts.reasons.iter().map(|row| row.1).sum();
    if total == 0 {
        return String::new();
    }
    let parts: Vec<String> = facts
        .reasons
        .iter()
        .map(|&(reason, n)| format!("{} {}", words::reason(language, reason), words::count(language, n)))
        .collect();
    let (total, parts) = (words::count(language, total), parts.join(", "));
    quiet(&say!(
        language,
        "Why its {total} reports came in: {parts}.",
        "Waarom de {total} meldingen kwamen: {parts}."
    ))
}

fn proposals(facts: &Facts<'_>) -> String {
    let findings = facts.findings;
    let language = findings.language;
    if facts.proposals.is_empty() {
        return paragraph(&say!(
            language,
            "Nothing is proposed for this round.",
            "Voor deze ronde wordt niets voorgesteld."
        ));
    }
    let mut body = pictures::proposed(facts);
    let headings = [
        say!(language, "Proposal", "Voorstel"),
        say!(language, "costs", "kosten"),
        say!(language, "brings", "baten"),
        say!(language, "fits", "past"),
    ];
    write!(body, "<table class=\"close\">\n<caption>{}</caption>\n", escaped(&say!(
        language,
        "Each priced on its own along the streets; what it brings is an interval of 90 %, not a promise. “Fits”: shift and capacity still hold.",
        "Elk apart berekend over de straten; de baten zijn een interval van 90 %, geen belofte. “Past”: dienst en laadruimte zijn toereikend."
    )))
    .expect("a string takes all");
    body.push_str(&head(&headings));
    for &index in &facts.proposals {
        let proposal = &findings.proposals[index];
        let fits =
            if proposal.is_feasible { say!(language, "yes", "ja") } else { say!(language, "no", "nee") };
        writeln!(
            body,
            "<tr><th scope=\"row\">{}. {}</th><td>{}</td><td>{}</td><td>{fits}</td></tr>",
            escaped(&proposal.id),
            escaped(&words::proposal(findings, proposal)),
            escaped(&words::cost(language, proposal)),
            escaped(&words::benefit(language, proposal)),
        )
        .expect("a string takes all");
    }
    body + "</tbody></table>\n"
}

fn stops(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    if facts.tours.is_empty() {
        return paragraph(&say!(
            language,
            "No stops: this round collects whatever stands at the kerb in its area.",
            "Geen stops: deze ronde haalt op wat er in het gebied aan de straat staat."
        ));
    }
    let mut body = String::new();
    for tour in &facts.tours {
        tour_table(facts, tour, &mut body);
    }
    body
}

/// The headings of the table of stops; those with `#` stand over numbers.
fn headings(facts: &Facts<'_>) -> [String; 12] {
    let language = facts.findings.language;
    [
        say!(language, "#no.", "#nr."),
        say!(language, "Stop", "Stop"),
        say!(language, "days", "dagen"),
        say!(language, "#planned", "#gepland"),
        say!(language, "#usually", "#meestal"),
        say!(language, "#missed / known visits", "#gemist / bekend"),
        say!(language, "#skip rate (q)", "#kans op missen (q)"),
        say!(language, "#late", "#te laat"),
        say!(language, "#fills per day", "#vult per dag"),
        say!(language, "#overflows", "#loopt over"),
        say!(language, "#reports", "#meld."),
        say!(language, "proposed", "voorstel"),
    ]
}

fn tour_table(facts: &Facts<'_>, tour: &Tour<'_>, body: &mut String) {
    let findings = facts.findings;
    let language = findings.language;
    let trip = &findings.rounds.trips[tour.trip as usize];
    let (days, id) = (words::weekdays(language, tour.weekdays), &trip.id);
    let n = words::count(language, tour.rows.len() as u64);
    let caption = say!(
        language,
        "Trip {id}, {days}, {n} stops in planned order. Skip rate: share of missed visits, drawn towards that of all stops; q: that it is skipped more than the others, corrected for looking at all. Overflows: the chance of being full before the next visit. –: too few data.",
        "Rit {id}, {days}, {n} stops in geplande volgorde. Kans op missen: aandeel gemiste ledigingen, getrokken naar dat van alle stops; q: dat de stop vaker gemist wordt dan andere, gecorrigeerd voor het bekijken van alle. Loopt over: de kans om vol te zijn vóór de volgende lediging. –: te weinig gegevens."
    );
    write!(
        body,
        "<div class=\"scroll\"><table class=\"close stops\">\n<caption>{}</caption>\n",
        escaped(&caption)
    )
    .expect("a string takes all");
    let headings = headings(facts);
    body.push_str(&head(&headings));
    for row in &tour.rows {
        let loud = if row.sign == Sign::Fine && row.ask == Ask::Nothing { "" } else { " class=\"loud\"" };
        write!(body, "<tr{loud}>").expect("a string takes all");
        write!(body, "<td class=\"n\">{}{}</td>", pictures::sign(facts, row.sign), row.place)
            .expect("a string takes all");
        for (column, cell) in (1..).zip(cells(facts, tour, row)) {
            let tag = if column == 1 { "th scope=\"row\"" } else { "td" };
            let end = if column == 1 { "th" } else { "td" };
            let class = class(&headings[column]);
            write!(body, "<{tag}{class}>{}</{end}>", escaped(&cell)).expect("a string takes all");
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</tbody></table></div>\n");
}

/// What the table says about one stop, after its number.
fn cells(facts: &Facts<'_>, tour: &Tour<'_>, row: &Row<'_>) -> [String; 11] {
    let findings = facts.findings;
    let language = findings.language;
    let finding = row.finding;
    let number = |value: fn(&StopFinding) -> f64| finding.map_or(f64::NAN, value);
    let (rate, q) = (number(|finding| finding.skip_rate), number(|finding| finding.q_value));
    let mut days = words::weekdays(language, tour.weekdays);
    for &(route, weekdays) in &row.elsewhere {
        let (also, by) = (words::weekdays(language, weekdays), &findings.rounds.routes[route as usize].id);
        days.push_str(&say!(language, "; also {also} ({by})", "; ook {also} ({by})"));
    }
    let tally = row.tally;
    let missed =
        if tally.known == 0 { "–".to_owned() } else { format!("{} / {}", tally.missed, tally.known) };
    let late = if tally.known == 0 { "–".to_owned() } else { words::count(language, tally.late) };
    let rate = match rate {
        rate if rate.is_nan() => "–".to_owned(),
        rate if q < 0.995 => {
            format!("{} ({})", words::percent(language, rate), words::probability(language, q))
        }
        rate => words::percent(language, rate),
    };
    [
        words::stop(findings, row.stop).to_owned(),
        days,
        time_of_day(row.planned_s),
        row.usual_s.map_or_else(|| "–".to_owned(), time_of_day),
        missed,
        rate,
        late,
        words::percent(language, number(|finding| finding.fill_per_day)),
        words::percent(language, number(|finding| finding.p_overflow)),
        words::count(language, row.n_reports),
        asked(facts, row),
    ]
}

/// What is proposed for a stop, in a few words.
fn asked(facts: &Facts<'_>, row: &Row<'_>) -> String {
    let findings = facts.findings;
    let language = findings.language;
    let words: Vec<String> = row
        .proposals
        .iter()
        .map(|&index| &findings.proposals[index])
        .map(|proposal| {
            let id = &proposal.id;
            let what = match &proposal.change {
                Change::ExtraStop { weekdays, trip, .. } => {
                    let days = words::weekdays(language, *weekdays);
                    let route = findings.rounds.trips[*trip as usize].route;
                    let by = if route == facts.route {
                        String::new()
                    } else {
                        format!(" ({})", findings.rounds.routes[route as usize].id)
                    };
                    format!("{id}: + {days}{by}")
                }
                Change::Frequency { from_per_week, to_per_week, .. } => {
                    let to = words::per_week(language, *to_per_week);
                    let sign = if to_per_week > from_per_week { "+" } else { "−" };
                    say!(language, "{id}: {sign} {to}× a week", "{id}: {sign} {to}× per week")
                }
                Change::CleanUp { weekday, .. } => {
                    let on = words::weekdays(language, std::array::from_fn(|day| day == *weekday));
                    say!(language, "{id}: clear away ({on})", "{id}: opruimen ({on})")
                }
                Change::MoveStop { to_trip, .. } => {
                    let route = findings.rounds.trips[*to_trip as usize].route;
                    format!("{id}: → {}", findings.rounds.routes[route as usize].id)
                }
                Change::AddBin { .. } | Change::Relocate { .. } => {
                    say!(language, "{id}: a bin nearby", "{id}: een bak dichtbij")
                }
                Change::Resequence { .. } | Change::Redesign { .. } => id.clone(),
            };
            if proposal.is_feasible {
                what
            } else {
                say!(language, "{what}, does not fit", "{what}, past niet")
            }
        })
        .collect();
    words.join("; ")
}

fn basis(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    let all = facts.all;
    let unknown = words::count(language, all.planned - all.known);
    let planned = words::count(language, all.planned);
    let mut body = String::new();
    if all.planned > 0 {
        body.push_str(&quiet(&say!(
            language,
            "{planned} planned visits; the track cannot tell of {unknown} whether they were made, and these count neither way. A hole in a track is never a skipped stop.",
            "{planned} geplande ledigingen; van {unknown} zegt de rit niet of ze gedaan zijn, en die tellen niet mee. Een gat in een rit is nooit een overgeslagen stop."
        )));
        body.push_str(&quiet(&say!(
            language,
            "A stop is marked as skipped when it is missed more often than the other stops beyond chance (q < 0.05, at least twice), as too full when it was reported full before its next visit three times or is likely to be full by then (20 % or more), as late when 15 % of its known visits were. “Usually” is the median of the visits that were made. The worst weekday is compared with 999 shuffles of whole days.",
            "Een stop geldt als overgeslagen als hij vaker gemist wordt dan de andere, meer dan toeval (q < 0,05, minstens twee keer), als te vol als hij drie keer vol gemeld is vóór de volgende lediging of dan waarschijnlijk vol is (20 % of meer), als te laat bij 15 % van de bekende ledigingen. “Meestal” is de mediaan van de gedane ledigingen. De slechtste dag is vergeleken met 999 keer geloot over hele dagen."
        )));
    }
    body.push_str(&quiet(&say!(
        language,
        "The planned line is the shortest way along the streets between the stops in their order, not a recorded drive.",
        "De geplande lijn is de kortste weg over straat langs de stops in hun volgorde, geen opgenomen rit."
    )));
    body
}

#[cfg(test)]
mod tests;
