//! What maps and pages say, in English and Dutch, with figures as each language writes them.

use crate::adjust::{Change, CostBasis, Proposal};
use crate::collection::Reason;
use crate::findings::Findings;
use crate::hotspots::{Excess, Hotspot, Place};
use crate::model::kind::{Family, Language, Selection};
use crate::model::some;
use crate::period::{Day, Period};

/// A text in the given language; both may hold figures in braces.
macro_rules! say {
    ($language:expr, $en:literal, $nl:literal $(,)?) => {
        match $language {
            $crate::model::kind::Language::En => format!($en),
            $crate::model::kind::Language::Nl => format!($nl),
        }
    };
}
pub(crate) use say;

/// A whole number with its thousands set apart.
pub(crate) fn count(language: Language, number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mark = match language {
        Language::En => ',',
        Language::Nl => '.',
    };
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// So many cells.
pub(crate) fn cells(language: Language, number: usize) -> String {
    let n = count(language, number as u64);
    if number == 1 {
        say!(language, "one cell", "één cel")
    } else {
        say!(language, "{n} cells", "{n} cellen")
    }
}

/// A number with this many decimals; `–` where there is none.
pub(crate) fn decimal(language: Language, number: f64, decimals: usize) -> String {
    if !number.is_finite() {
        return "–".to_owned();
    }
    // -0.04 is written 0.0, not -0.0.
    let text = format!("{:.decimals$}", number + 0.0);
    let text = if text.trim_start_matches(['-', '0', '.']).is_empty() { text.replace('-', "") } else { text };
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |text| ("−", text));
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let whole = count(language, whole.parse::<u64>().unwrap_or(u64::MAX));
    let mark = match language {
        Language::En => '.',
        Language::Nl => ',',
    };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}{mark}{rest}") }
}

/// A share as per cent.
pub(crate) fn percent(language: Language, share: f64) -> String {
    match share * 100.0 {
        percent if !percent.is_finite() => "–".to_owned(),
        // All but a few is not all, and a few are not none.
        percent if percent > 99.0 && percent < 100.0 => {
            format!("{} %", decimal(language, (percent * 10.0).floor() / 10.0, 1))
        }
        percent if percent > 0.0 && percent < 0.5 => "< 1 %".to_owned(),
        percent => format!("{} %", decimal(language, percent, 0)),
    }
}

/// A p- or q-value: never more exact than it can be.
pub(crate) fn probability(language: Language, p: f64) -> String {
    match p {
        p if !p.is_finite() => "–".to_owned(),
        p if p < 0.001 => format!("< {}", decimal(language, 0.001, 3)),
        p if p < 0.1 => decimal(language, p, 3),
        p => decimal(language, p, 2),
    }
}

/// Metres as people say them: `340 m`, `2.4 km`.
pub(crate) fn length(language: Language, metres: f64) -> String {
    if !metres.is_finite() {
        "–".to_owned()
    } else if metres.abs() < 1000.0 {
        format!("{} m", decimal(language, metres, 0))
    } else {
        format!("{} km", decimal(language, metres / 1000.0, 1))
    }
}

/// Seconds as people say them: `40 s`, `12 min`, `3 h 05`.
pub(crate) fn duration(language: Language, seconds: f64) -> String {
    let hour = say!(language, "h", "u");
    let minutes = (seconds.abs() / 60.0).round();
    let sign = if seconds < 0.0 { "−" } else { "" };
    if !seconds.is_finite() {
        "–".to_owned()
    } else if seconds.abs() < 90.0 {
        format!("{} s", decimal(language, seconds, 0))
    } else if minutes < 120.0 {
        format!("{sign}{} min", decimal(language, minutes, 0))
    } else {
        let (hours, rest) = ((minutes / 60.0).floor(), minutes % 60.0);
        format!("{sign}{} {hour} {rest:02.0}", decimal(language, hours, 0))
    }
}

const MONTHS: [[&str; 12]; 2] = [
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
];

/// The short name of a month, 1 to 12.
pub(crate) fn month(language: Language, month: i8) -> &'static str {
    MONTHS[language as usize][usize::try_from(month - 1).unwrap_or(0).min(11)]
}

/// A day as people write it: `31 Dec 2025`.
pub(crate) fn day(language: Language, day: Day) -> String {
    let date = day.date();
    format!("{} {} {}", date.day(), month(language, date.month()), date.year())
}

/// A period as people write it.
pub(crate) fn period(language: Language, period: Period) -> String {
    format!("{} – {}", day(language, period.from), day(language, period.to))
}

/// How often a week, as in `3` or `2.5`.
pub(crate) fn per_week(language: Language, times: f64) -> String {
    decimal(language, times, usize::from(times.fract() > 0.05))
}

const WEEKDAYS: [[&str; 7]; 2] =
    [["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ["ma", "di", "wo", "do", "vr", "za", "zo"]];

/// Weekdays, Monday first, as in `Tue, Fri`.
pub(crate) fn weekdays(language: Language, days: [bool; 7]) -> String {
    let names = WEEKDAYS[language as usize];
    let chosen: Vec<&str> =
        names.into_iter().zip(days).filter(|(_, is_on)| *is_on).map(|(name, _)| name).collect();
    chosen.join(", ")
}

/// The whole name of a weekday, 0 for Monday.
pub(crate) fn weekday(language: Language, weekday: usize) -> &'static str {
    const NAMES: [[&str; 7]; 2] = [
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    ];
    NAMES[language as usize][weekday.min(6)]
}

/// Words as the beginning of a sentence.
pub(crate) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What people call a choice of kinds.
pub(crate) fn selection(language: Language, selection: Selection) -> String {
    match selection {
        Selection::All => say!(language, "all reports", "alle meldingen"),
        Selection::Family(Family::Waste) => say!(language, "waste", "afval"),
        Selection::Family(Family::Street) => say!(language, "street objects", "straat en meubilair"),
        Selection::Family(Family::Traffic) => say!(language, "traffic safety", "verkeersveiligheid"),
        Selection::Family(Family::Other) => say!(language, "other subjects", "overige onderwerpen"),
        Selection::Kind(kind) => kind.label(language).to_owned(),
    }
}

/// What people call a method.
pub(crate) fn method(language: Language, name: &str) -> String {
    match name {
        "gi_star" => say!(language, "more than around it (Gi*)", "meer dan eromheen (Gi*)"),
        "moran" => say!(language, "much among much (local Moran)", "veel tussen veel (lokale Moran)"),
        "density" => say!(language, "dense cluster", "dichte groep"),
        "hdbscan" => say!(language, "denser than around it", "dichter dan eromheen"),
        "kernel" => say!(language, "larger share than elsewhere", "groter aandeel dan elders"),
        "network_density" => say!(language, "more than its like", "meer dan soortgelijke"),
        "repeat" => say!(language, "comes back", "keert terug"),
        "scan" => say!(language, "more than expected (scan)", "meer dan verwacht (scan)"),
        other => other.replace('_', " "),
    }
}

/// How a place was found: the methods that did.
pub(crate) fn methods(language: Language, place: &Place) -> String {
    let methods: Vec<String> = place.methods.iter().map(|name| method(language, name)).collect();
    methods.join(", ")
}

/// How much too much there is per week, with its bounds: `0.42 (0.21 to 0.70)`.
pub(crate) fn excess(language: Language, excess: Excess) -> String {
    if !excess.per_week.is_finite() {
        return "–".to_owned();
    }
    let decimals = if excess.high.abs() < 10.0 { 2 } else { 1 };
    let [best, low, high] =
        [excess.per_week, excess.low, excess.high].map(|number| decimal(language, number, decimals));
    say!(language, "{best} ({low} to {high})", "{best} ({low} tot {high})")
}

/// What the count of a hotspot is compared with; `≈` where that is only the average of an area of its size.
pub(crate) fn baseline(language: Language, hotspot: &Hotspot) -> String {
    let number = decimal(language, hotspot.baseline, 1);
    if hotspot.basis() == "mean_of_area" { format!("≈ {number}") } else { number }
}

/// What people call a reason.
pub(crate) fn reason(language: Language, reason: Reason) -> String {
    match reason {
        Reason::Skipped => say!(language, "skipped", "overgeslagen"),
        Reason::Late => say!(language, "came too late", "kwam te laat"),
        Reason::FullBeforeNextService => {
            say!(language, "full before the next visit", "vol vóór de volgende lediging")
        }
        Reason::DumpedBeside => say!(language, "rubbish put beside it", "afval ernaast gezet"),
        Reason::ServedFine => say!(language, "emptied as planned", "geleegd zoals gepland"),
        Reason::Exception => say!(language, "round did not run", "ronde reed niet"),
        Reason::NotPlanned => say!(language, "on no round", "op geen enkele ronde"),
        Reason::BeforeFirstService => {
            say!(language, "before the first known visit", "vóór de eerste bekende lediging")
        }
        Reason::Unknown => say!(language, "no usable track", "geen bruikbare rit"),
    }
}

/// What a hotspot is called: its address, or its id where it has none.
pub(crate) fn place(hotspot: &Hotspot) -> &str {
    if hotspot.label.is_empty() { &hotspot.id } else { &hotspot.label }
}

/// The name of a stop; its id where it has none.
pub(crate) fn stop(findings: &Findings, stop: u32) -> &str {
    let Some(stop) = some(stop).and_then(|stop| findings.rounds.stops.get(stop)) else { return "–" };
    if stop.name.trim().is_empty() { &stop.id } else { &stop.name }
}

/// The name of a route; its id where it has none.
pub(crate) fn route(findings: &Findings, route: u32) -> &str {
    let Some(route) = some(route).and_then(|route| findings.rounds.routes.get(route)) else { return "–" };
    if route.name.trim().is_empty() { &route.id } else { &route.name }
}

/// The route of a trip.
pub(crate) fn trip(findings: &Findings, trip: u32) -> &str {
    let trip = some(trip).and_then(|trip| findings.rounds.trips.get(trip));
    trip.map_or("–", |trip| route(findings, trip.route))
}

/// Where an asset stands: the label of the hotspot about it, else its id.
pub(crate) fn asset(findings: &Findings, asset: u32) -> String {
    let Some(index) = some(asset).filter(|&index| index < findings.assets.len()) else {
        return "–".to_owned();
    };
    let kind = findings.assets[index].kind.label(findings.language);
    let known = findings.hotspots.hotspots.iter().find(|hotspot| hotspot.asset == asset);
    match known.map(place) {
        Some(label) => format!("{kind}, {label}"),
        None => format!("{kind} {}", findings.assets[index].id),
    }
}

/// What a proposal asks for, in a few words.
pub(crate) fn proposal(findings: &Findings, proposal: &Proposal) -> String {
    let language = findings.language;
    match &proposal.change {
        Change::ExtraStop { stop: at, trip: by, weekdays: on, .. } => {
            let (at, by, on) = (stop(findings, *at), trip(findings, *by), weekdays(language, *on));
            say!(
                language,
                "One more visit to {at} by {by} ({on})",
                "Eén keer extra langs {at} met {by} ({on})"
            )
        }
        Change::Frequency { stop: at, from_per_week, to_per_week, .. } => {
            let at = stop(findings, *at);
            let from = per_week(language, *from_per_week);
            let to = per_week(language, *to_per_week);
            say!(
                language,
                "Empty {at} {to}× a week instead of {from}×",
                "Leeg {at} {to}× per week in plaats van {from}×"
            )
        }
        Change::Resequence { trip: by, .. } => {
            let by = trip(findings, *by);
            say!(language, "Drive {by} in another order", "Rijd {by} in een andere volgorde")
        }
        Change::CleanUp { stop: at, trip: by, weekday } => {
            let mut on = [false; 7];
            on[*weekday] = true;
            let (at, by, on) = (stop(findings, *at), trip(findings, *by), weekdays(language, on));
            say!(
                language,
                "Clear away what lies beside {at}, by {by} ({on})",
                "Ruim op wat naast {at} ligt, met {by} ({on})"
            )
        }
        Change::AddBin { beside, .. } => {
            let near = near(findings, *beside);
            say!(language, "Put up a litter bin{near}", "Plaats een afvalbak{near}")
        }
        Change::Relocate { asset: which, beside, .. } => {
            let (which, near) = (asset(findings, *which), near(findings, *beside));
            say!(
                language,
                "Move a bin: {which}, to a place{near}",
                "Verplaats een bak: {which}, naar een plek{near}"
            )
        }
        Change::MoveStop { stop: at, from_trip, to_trip, .. } => {
            let (at, from, to) = (stop(findings, *at), trip(findings, *from_trip), trip(findings, *to_trip));
            say!(language, "Serve {at} by {to} instead of {from}", "Leeg {at} met {to} in plaats van {from}")
        }
        Change::Redesign { asset: which } => {
            let which = asset(findings, *which);
            say!(language, "Redesign the place: {which}", "Richt de plek anders in: {which}")
        }
    }
}

/// Near which stop a place is; nothing where there is none.
fn near(findings: &Findings, beside: u32) -> String {
    let Some(_) = some(beside) else { return String::new() };
    let beside = stop(findings, beside);
    say!(findings.language, " near {beside}", " bij {beside}")
}

/// What a proposal costs, in a few words.
pub(crate) fn cost(language: Language, proposal: &Proposal) -> String {
    if matches!(proposal.change, Change::Redesign { .. }) {
        return say!(
            language,
            "no driving; cost of works not known",
            "geen rijkosten; kosten van werk niet bekend"
        );
    }
    let signed = |text: String| if text.starts_with('−') { text } else { format!("+{text}") };
    let metres = signed(length(language, proposal.extra_m_week));
    let seconds = signed(duration(language, proposal.extra_s_week));
    let basis = basis(language, proposal.cost_basis);
    say!(language, "{metres} and {seconds} a week ({basis})", "{metres} en {seconds} per week ({basis})")
}

/// What a cost rests on.
pub(crate) fn basis(language: Language, basis: CostBasis) -> String {
    match basis {
        CostBasis::Routed => say!(language, "routed", "over straten berekend"),
        CostBasis::Estimated => say!(language, "estimated", "geschat"),
    }
}

/// What a proposal is expected to bring, with its interval.
pub(crate) fn benefit(language: Language, proposal: &Proposal) -> String {
    let (low, high) = (proposal.fewer_reports_low, proposal.fewer_reports_high);
    if !low.is_finite() || !high.is_finite() {
        return say!(language, "effect not known", "effect niet bekend");
    }
    if high.abs() < 0.05 && low.abs() < 0.05 {
        return say!(language, "no fewer reports, less driving", "niet minder meldingen, wel minder rijden");
    }
    let decimals = usize::from(high < 10.0);
    let (low, high) = (decimal(language, low, decimals), decimal(language, high, decimals));
    say!(language, "{low} to {high} fewer reports a year", "{low} tot {high} meldingen per jaar minder")
}

/// A text whose ids stand in backticks, with quotation marks instead, as on paper.
pub(crate) fn quoted(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    for (index, part) in text.split('`').enumerate() {
        match index {
            0 => {}
            _ if index % 2 == 1 => written.push('“'),
            _ => written.push('”'),
        }
        written.push_str(part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_backticks_are_quoted() {
        assert_eq!(quoted("the stops of `B04-t`, and `B`"), "the stops of “B04-t”, and “B”");
        assert_eq!(quoted("none"), "none");
    }

    #[test]
    fn figures_are_written_as_the_language_does() {
        assert_eq!(count(Language::En, 1_234_567u64), "1,234,567");
        assert_eq!(decimal(Language::Nl, 1234.56, 1), "1.234,6");
        assert_eq!(decimal(Language::En, -0.01, 1), "0.0");
        assert_eq!(length(Language::En, -2400.0), "−2.4 km");
        assert_eq!(duration(Language::Nl, 11_100.0), "3 u 05");
        assert_eq!(probability(Language::En, 0.000_2), "< 0.001");
        assert_eq!(decimal(Language::En, f64::NAN, 1), "–");
    }
}
