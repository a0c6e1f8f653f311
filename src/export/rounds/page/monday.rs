//! The facts of a round in, the three sentences out that say what to do on Monday morning.
//!
//! What brings fewer reports comes first, by how many a year; then what saves time, as that is where the time for the
//! former comes from. Every sentence has the numbers that it rests on and how sure they are; where less than three
//! things are worth doing, it says so.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::adjust::{Change, CostBasis, Proposal};
use crate::collection::Reason;
use crate::draw::round_page::Sign;
use crate::draw::rounds::OFTEN_FULL;
use crate::draw::words::{self, say};
use crate::export::worklist::LEAST_DUMPED;
use crate::stats::poisson::rate_interval;

use super::facts::{Facts, Row, Tally};

/// How many stops a sentence names; the table marks the others.
const NAMED: usize = 3;
/// With more visits than this share unknown, tracks come before all else: of fewer, enough are known to act on.
const MOSTLY_UNKNOWN: f64 = 0.8;
/// So many late visits are worth a sentence.
const OFTEN_LATE: f64 = 0.05;
/// The confidence of every interval, that of the proposals.
const CONFIDENCE: f64 = 0.9;

/// A sentence: what to do, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Advice {
    pub(super) what: String,
    pub(super) why: String,
    worth: Worth,
}

/// What following a sentence is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Worth {
    /// Without it the others stand on little.
    Knowledge,
    /// Reports fewer a year.
    Reports(f64),
    /// Seconds saved a week.
    Time(f64),
    /// Good to know.
    Nothing,
}

impl Worth {
    fn rank(self) -> (u8, f64) {
        match self {
            Self::Knowledge => (0, 0.0),
            Self::Reports(n) => (1, -n),
            Self::Time(seconds) => (2, -seconds),
            Self::Nothing => (3, 0.0),
        }
    }
}

/// The three sentences; fewer only where nothing at all is known.
pub(super) fn advice(facts: &Facts<'_>) -> Vec<Advice> {
    let all = [
        no_tracks(facts),
        skipped(facts),
        more_calls(facts),
        too_small(facts),
        dumped(facts),
        late(facts),
        weekday(facts),
        kerbside(facts),
        new_order(facts),
        fewer_calls(facts),
        leave_alone(facts),
        compared(facts),
        watched(facts),
    ];
    let mut advice: Vec<Advice> = all.into_iter().flatten().collect();
    advice.sort_by(|a, b| compare(a.worth, b.worth));
    // The third place is for the first thing that saves time, if there is one.
    let saves_time = |advice: &Advice| matches!(advice.worth, Worth::Time(_));
    if let Some(saving) = advice.iter().position(saves_time).filter(|&place| place > 2) {
        advice[2..=saving].rotate_right(1);
    }
    advice.truncate(3);
    advice
}

fn compare(a: Worth, b: Worth) -> Ordering {
    let (a, b) = (a.rank(), b.rank());
    a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
}

/// The first stops of a list by place and name, and how many more there are.
fn names(facts: &Facts<'_>, stops: &[(usize, String)]) -> String {
    let language = facts.findings.language;
    let named = stops.iter().take(NAMED);
    let named: Vec<String> =
        named.map(|(place, name)| say!(language, "{name} (no. {place})", "{name} (nr. {place})")).collect();
    let more = words::count(language, stops.len().saturating_sub(NAMED) as u64);
    let mut list = named.join(", ");
    match stops.len().saturating_sub(NAMED) {
        0 => {
            if let Some((before, last)) = list.clone().rsplit_once("), ") {
                list = say!(language, "{before}) and {last}", "{before}) en {last}");
            }
        }
        1 => list.push_str(&say!(language, " and one more stop", " en nog één stop")),
        _ => list.push_str(&say!(language, " and {more} more stops", " en nog {more} stops")),
    }
    list
}

fn names_of_rows(facts: &Facts<'_>, rows: &[&Row<'_>]) -> String {
    let mut named = BTreeSet::new();
    let each_once = rows.iter().filter(|row| named.insert(row.stop));
    let stops: Vec<(usize, String)> =
        each_once.map(|row| (row.place, words::stop(facts.findings, row.stop).to_owned())).collect();
    names(facts, &stops)
}

/// The rows that are meant, those with the highest count first.
fn worst_first<'a, 'b>(
    facts: &'a Facts<'b>,
    count: fn(&Row<'_>) -> u32,
    is_meant: impl Fn(&Row<'_>) -> bool,
) -> Vec<&'a Row<'b>> {
    let mut rows: Vec<&Row<'_>> = facts.rows().filter(|row| is_meant(row)).collect();
    rows.sort_by(|a, b| count(b).cmp(&count(a)).then(a.place.cmp(&b.place)));
    rows
}

/// Stops with their reports in, all reports out: a stop that stands in several tours of a round counts once.
fn of_stops(reports: impl Iterator<Item = (u32, u32)>) -> u32 {
    let of_stop: BTreeMap<u32, u32> = reports.collect();
    of_stop.values().sum()
}

/// So many reports in the period as reports a year, with their interval.
fn per_year(facts: &Facts<'_>, n: u32) -> (f64, f64, String) {
    let language = facts.findings.language;
    let years = facts.findings.period.years();
    let (low, high) = rate_interval(n, years, CONFIDENCE);
    let decimals = usize::from(high < 10.0);
    let words = [low, high].map(|value| words::decimal(language, value, decimals));
    let [from, to] = words;
    (low, high, say!(language, "{from} to {to}", "{from} tot {to}"))
}

fn no_tracks(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let Tally { planned, known, .. } = facts.all;
    if planned == 0 || f64::from(known) >= (1.0 - MOSTLY_UNKNOWN) * f64::from(planned) {
        return None;
    }
    let unknown = words::percent(language, 1.0 - f64::from(known) / f64::from(planned));
    let [planned, known] = [planned, known].map(|n| words::count(language, n));
    Some(Advice {
        what: say!(language, "Get the tracks of this round.", "Zorg voor de ritgegevens van deze ronde."),
        why: if facts.all.known == 0 {
            say!(
                language,
                "None of its {planned} planned visits can be checked: no usable track covers them, so nothing is said about skipped stops.",
                "Geen van de {planned} geplande ledigingen is na te gaan: er zijn geen bruikbare ritten, dus over overgeslagen stops wordt niets gezegd."
            )
        } else {
            say!(
                language,
                "Of {planned} planned visits {unknown} have no usable track; what stands here about skipped and late stops rests on the other {known}.",
                "Van {planned} geplande ledigingen heeft {unknown} geen bruikbare rit; wat hier over overgeslagen en late stops staat, rust op de andere {known}."
            )
        },
        worth: Worth::Knowledge,
    })
}

fn skipped(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let rows = worst_first(facts, |row| row.tally.missed, |row| row.sign == Sign::Skipped);
    rows.first()?;
    let (missed, known) =
        rows.iter().fold((0, 0), |sum, row| (sum.0 + row.tally.missed, sum.1 + row.tally.known));
    let q = rows.iter().filter_map(|row| row.finding).map(|finding| finding.q_value).fold(0.0, f64::max);
    let n = of_stops(rows.iter().map(|row| (row.stop, row.n_after_miss)));
    let (low, high, per_year) = per_year(facts, n);
    let (names, q) = (names_of_rows(facts, &rows), words::probability(language, q));
    let (share, usual) = (
        words::percent(language, f64::from(missed) / f64::from(known)),
        words::percent(language, facts.all.missed_share()),
    );
    let [missed, known, reports] = [missed, known, n].map(|n| words::count(language, n));
    let q = if q.starts_with('<') { q } else { format!("≤ {q}") };
    Some(Advice {
        what: say!(
            language,
            "Ask the crew what is in the way at {names}.",
            "Vraag de ploeg wat er in de weg staat bij {names}."
        ),
        why: say!(
            language,
            "Missed on {missed} of {known} known visits ({share}, the whole round {usual}), beyond chance (q {q}); {reports} reports followed, which makes {per_year} a year that need not come.",
            "{missed} van {known} bekende ledigingen gemist ({share}, de hele ronde {usual}), meer dan toeval (q {q}); er volgden {reports} meldingen, dat zijn er {per_year} per jaar die niet nodig zijn."
        ),
        worth: Worth::Reports(f64::midpoint(low, high)),
    })
}

/// Proposals about the stops of this round that hold, whoever drives them, with the place and stop of each; and
/// calls of this round at stops of others.
fn proposals<'a>(facts: &Facts<'a>, is_meant: fn(&Change) -> bool) -> Vec<(&'a Proposal, usize, u32)> {
    let mut found = Vec::new();
    let all = facts.proposals.iter().map(|&index| &facts.findings.proposals[index]);
    for proposal in all.filter(|proposal| proposal.is_feasible && is_meant(&proposal.change)) {
        if let Change::ExtraStop { stop, position, .. } = proposal.change {
            let place =
                facts.rows().find(|row| row.stop == stop).map_or(position as usize + 1, |row| row.place);
            found.push((proposal, place, stop));
        } else if let Change::Frequency { stop, .. } = proposal.change {
            let place = facts.rows().find(|row| row.stop == stop).map_or(0, |row| row.place);
            found.push((proposal, place, stop));
        }
    }
    found
}

/// What several proposals cost and bring together.
struct Sum {
    extra_m_week: f64,
    extra_s_week: f64,
    low: f64,
    high: f64,
    basis: CostBasis,
}

impl Sum {
    fn of<'a>(proposals: impl Iterator<Item = &'a Proposal>) -> Self {
        let mut sum =
            Self { extra_m_week: 0.0, extra_s_week: 0.0, low: 0.0, high: 0.0, basis: CostBasis::Routed };
        for proposal in proposals {
            sum.extra_m_week += proposal.extra_m_week;
            sum.extra_s_week += proposal.extra_s_week;
            sum.low += proposal.fewer_reports_low;
            sum.high += proposal.fewer_reports_high;
            if proposal.cost_basis == CostBasis::Estimated {
                sum.basis = CostBasis::Estimated;
            }
        }
        sum
    }
}

fn is_more(change: &Change) -> bool {
    match change {
        Change::ExtraStop { .. } => true,
        Change::Frequency { from_per_week, to_per_week, .. } => to_per_week > from_per_week,
        _ => false,
    }
}

fn more_calls(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let mut found = proposals(facts, is_more);
    let middle = |proposal: &Proposal| f64::midpoint(proposal.fewer_reports_low, proposal.fewer_reports_high);
    found.sort_by(|a, b| middle(b.0).total_cmp(&middle(a.0)).then(a.1.cmp(&b.1)));
    found.first()?;
    let sum = Sum::of(found.iter().map(|row| row.0));
    let stops: Vec<(usize, String)> =
        found.iter().map(|&(proposal, place, stop)| (place, with_days(facts, proposal, stop))).collect();
    let names = names(facts, &stops);
    let n = words::count(language, found.iter().map(|row| row.0.reports.len() as u64).sum::<u64>());
    let metres = words::length(language, sum.extra_m_week);
    let (time, basis) = (words::duration(language, sum.extra_s_week), words::basis(language, sum.basis));
    let decimals = usize::from(sum.high < 10.0);
    let [low, high] = [sum.low, sum.high].map(|value| words::decimal(language, value, decimals));
    let together = if found.len() == 1 {
        say!(language, "it costs", "dat kost")
    } else {
        say!(language, "together they cost", "samen kost dat")
    };
    Some(Advice {
        what: say!(language, "Call more often at {names}.", "Laat vaker leegmaken: {names}."),
        why: say!(
            language,
            "Full before the next visit in {n} reports; {together} {time} and {metres} a week ({basis}) and should bring {low} to {high} fewer reports a year.",
            "Vol vóór de volgende lediging in {n} meldingen; {together} {time} en {metres} per week ({basis}) en zou {low} tot {high} meldingen per jaar schelen."
        ),
        worth: Worth::Reports(f64::midpoint(sum.low, sum.high)),
    })
}

/// The name of a stop with the days that a proposal adds.
fn with_days(facts: &Facts<'_>, proposal: &Proposal, stop: u32) -> String {
    let language = facts.findings.language;
    let name = words::stop(facts.findings, stop);
    match &proposal.change {
        Change::ExtraStop { weekdays, trip, .. } => {
            let days = words::weekdays(language, *weekdays);
            let rounds = &facts.findings.rounds;
            let by = rounds.trips[*trip as usize].route;
            if by == facts.route {
                say!(language, "{name}, also on {days}", "{name}, ook op {days}")
            } else {
                let by = &rounds.routes[by as usize].id;
                say!(language, "{name}, also on {days} by {by}", "{name}, ook op {days} met {by}")
            }
        }
        Change::Frequency { to_per_week, .. } => {
            let to = words::per_week(language, *to_per_week);
            say!(language, "{name}, {to}× a week", "{name}, {to}× per week")
        }
        _ => name.to_owned(),
    }
}

/// What the reports about some stops come to, in words.
struct Toll {
    names: String,
    n: String,
    per_year: String,
    /// How many of them can be avoided is not known: half, as for places that are mended.
    worth: Worth,
}

impl Toll {
    /// `None` without a stop.
    fn of(facts: &Facts<'_>, rows: &[&Row<'_>], count: fn(&Row<'_>) -> u32) -> Option<Self> {
        rows.first()?;
        let n = of_stops(rows.iter().map(|row| (row.stop, count(row))));
        let (low, high, per_year) = per_year(facts, n);
        let n = words::count(facts.findings.language, n);
        let worth = Worth::Reports(f64::midpoint(low, high) / 2.0);
        Some(Self { names: names_of_rows(facts, rows), n, per_year, worth })
    }
}

/// Stops that overflow and for which no proposal holds.
fn too_small(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let is_helped =
        |row: &Row<'_>| row.proposals.iter().any(|&index| facts.findings.proposals[index].is_feasible);
    let rows = worst_first(facts, |row| row.n_full, |row| row.n_full >= OFTEN_FULL && !is_helped(row));
    let Toll { names, n, per_year, worth } = Toll::of(facts, &rows, |row| row.n_full)?;
    Some(Advice {
        what: say!(
            language,
            "See whether a larger bin fits at {names}.",
            "Kijk of er een grotere bak past bij {names}."
        ),
        why: say!(
            language,
            "Full before the next visit in {n} reports, {per_year} a year, and no further call is proposed that fits.",
            "Vol vóór de volgende lediging in {n} meldingen, {per_year} per jaar, en er is geen extra rit voorgesteld die past."
        ),
        worth,
    })
}

fn dumped(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let rows = worst_first(facts, |row| row.n_dumped, |row| row.n_dumped as usize >= LEAST_DUMPED);
    let Toll { names, n, per_year, worth } = Toll::of(facts, &rows, |row| row.n_dumped)?;
    Some(Advice {
        what: say!(
            language,
            "Have the rubbish beside the bin cleaned up at {names}, and do not empty more often for it.",
            "Laat het afval naast de bak opruimen bij {names}, en leeg er niet vaker voor."
        ),
        why: say!(
            language,
            "{n} reports of rubbish beside a bin that had been emptied and was not full, {per_year} a year.",
            "{n} meldingen van afval naast een bak die geleegd was en niet vol, {per_year} per jaar."
        ),
        worth,
    })
}

fn late(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let n = facts.n_of(Reason::Late);
    if facts.all.known == 0 || (facts.all.late_share() < OFTEN_LATE && n == 0) || facts.all.late < 2 {
        return None;
    }
    let (low, high, per_year) = per_year(facts, n);
    let share = words::percent(language, facts.all.late_share());
    let [late, known, n] = [facts.all.late, facts.all.known, n].map(|n| words::count(language, n));
    Some(Advice {
        what: say!(
            language,
            "Find out what makes this round late.",
            "Zoek uit waardoor deze ronde te laat rijdt."
        ),
        why: say!(
            language,
            "{late} of {known} known visits ({share}) came later than the plan allows, beyond what is usual for the round; {n} reports came in before the truck did, {per_year} a year.",
            "{late} van {known} bekende ledigingen ({share}) kwamen later dan het plan toestaat, meer dan gewoon is voor de ronde; {n} meldingen kwamen vóór de wagen, {per_year} per jaar."
        ),
        worth: Worth::Reports(f64::midpoint(low, high)),
    })
}

fn weekday(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let worst = facts.worst_weekday().filter(|_| facts.is_weekday_sure() == Some(true))?;
    let bad = facts.weekdays[worst];
    let rest = Tally {
        known: facts.all.known - bad.known,
        missed: facts.all.missed - bad.missed,
        ..Tally::default()
    };
    // Reports that would not come if this day were like the others.
    let excess = (bad.missed_share() - rest.missed_share()) * f64::from(bad.known)
        / f64::from(facts.all.missed.max(1));
    let years = facts.findings.period.years();
    let saved = excess.max(0.0) * f64::from(facts.n_of(Reason::Skipped)) / years;
    let day = words::weekday(language, worst);
    let p = words::probability(language, facts.weekday_p);
    let [share, others] = [bad, rest].map(|tally| words::percent(language, tally.missed_share()));
    let known = words::count(language, bad.known);
    Some(Advice {
        what: say!(language, "Look into what goes wrong on {day}.", "Ga na wat er op {day} misgaat."),
        why: say!(
            language,
            "{share} of {known} known visits were missed on that day, {others} on the others; shuffled days rarely give so much (p = {p}).",
            "Op die dag is {share} van {known} bekende ledigingen gemist, op de andere {others}; met gelote dagen komt dat zelden voor (p = {p})."
        ),
        worth: Worth::Reports(saved),
    })
}

fn new_order(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let found: Vec<&Proposal> = facts
        .own_proposals()
        .filter(|proposal| matches!(proposal.change, Change::Resequence { .. }))
        .collect();
    let first = found.first()?;
    let sum = Sum::of(found.iter().copied());
    let (time, metres) =
        (words::duration(language, -sum.extra_s_week), words::length(language, -sum.extra_m_week));
    let (basis, id) = (words::basis(language, sum.basis), &first.id);
    Some(Advice {
        what: say!(
            language,
            "Try the order on the map of proposals ({id}).",
            "Probeer de volgorde op de kaart met voorstellen ({id})."
        ),
        why: say!(
            language,
            "The same stops take {time} and {metres} a week less ({basis}); ask the crew first, as sides of streets, turns and opening hours are not known to the search.",
            "Dezelfde stops kosten {time} en {metres} per week minder ({basis}); vraag eerst de ploeg, want straatkant, keren en openingstijden kent de zoeker niet."
        ),
        worth: Worth::Time(-sum.extra_s_week),
    })
}

fn fewer_calls(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let found = proposals(facts, |change| matches!(change, Change::Frequency { .. }) && !is_more(change));
    found.first()?;
    let sum = Sum::of(found.iter().map(|row| row.0));
    let stops: Vec<(usize, String)> =
        found.iter().map(|&(proposal, place, stop)| (place, with_days(facts, proposal, stop))).collect();
    let names = names(facts, &stops);
    let time = words::duration(language, -sum.extra_s_week);
    let metres = words::length(language, -sum.extra_m_week);
    let (basis, risk) = (words::basis(language, sum.basis), words::decimal(language, -sum.low, 1));
    Some(Advice {
        what: say!(language, "Call less often at {names}.", "Rijd minder vaak langs {names}."),
        why: say!(
            language,
            "They are emptied when nearly empty: {time} and {metres} a week less ({basis}), at a risk of at most {risk} more reports a year.",
            "Die worden bijna leeg geleegd: {time} en {metres} per week minder ({basis}), met een risico van hooguit {risk} meldingen per jaar meer."
        ),
        worth: Worth::Time(-sum.extra_s_week),
    })
}

/// A round at the kerb has no stops to name: what is known is whether more is missed than elsewhere.
fn kerbside(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let finding = facts.finding.filter(|finding| facts.tours.is_empty() && finding.is_often_reported())?;
    let excess = f64::from(finding.n_reports) - finding.expected;
    let (n, expected) =
        (words::count(language, finding.n_reports), words::decimal(language, finding.expected, 1));
    let q = words::probability(language, finding.q_value);
    Some(Advice {
        what: say!(language, "Drive along with this round.", "Rijd met deze ronde mee."),
        why: say!(
            language,
            "{n} missed collections were reported where {expected} were to be expected of a round of its size (q = {q}).",
            "Er zijn {n} gemiste inzamelingen gemeld waar er van een ronde van deze grootte {expected} te verwachten waren (q = {q})."
        ),
        worth: Worth::Reports(excess.max(0.0)),
    })
}

/// The worst weekday, where chance may explain it.
fn watched(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let worst = facts.worst_weekday().filter(|_| facts.is_weekday_sure() == Some(false))?;
    let tally = facts.weekdays[worst];
    let day = words::weekday(language, worst);
    let (share, usual) =
        (words::percent(language, tally.missed_share()), words::percent(language, facts.all.missed_share()));
    let (known, p) = (words::count(language, tally.known), words::probability(language, facts.weekday_p));
    Some(Advice {
        what: say!(language, "Do nothing about {day} yet.", "Doe nog niets aan {day}."),
        why: say!(
            language,
            "It is the worst day, with {share} of {known} known visits missed against {usual} of all, but chance explains it (p = {p}).",
            "Het is de slechtste dag, met {share} van {known} bekende ledigingen gemist tegen {usual} van alle, maar dat kan toeval zijn (p = {p})."
        ),
        worth: Worth::Nothing,
    })
}

fn leave_alone(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    if facts.all.known == 0 {
        return None;
    }
    let fine = facts.rows().filter(|row| row.sign == Sign::Fine).count();
    let total = words::count(language, facts.rows().count() as u64);
    let fine = words::count(language, fine as u64);
    let made = words::percent(language, 1.0 - facts.all.missed_share());
    let known = words::count(language, facts.all.known);
    Some(Advice {
        what: say!(language, "Leave the rest as it is.", "Laat de rest zoals ze is."),
        why: say!(
            language,
            "At {fine} of {total} stops nothing stands out, and {made} of {known} known visits were made.",
            "Bij {fine} van {total} stops valt niets op, en {made} van {known} bekende ledigingen is gedaan."
        ),
        worth: Worth::Nothing,
    })
}

fn compared(facts: &Facts<'_>) -> Option<Advice> {
    let language = facts.findings.language;
    let finding = facts.finding?;
    if !finding.expected.is_finite() {
        return None;
    }
    let (n, expected) =
        (words::count(language, finding.n_reports), words::decimal(language, finding.expected, 0));
    let (p, q) =
        (words::probability(language, finding.p_value), words::probability(language, finding.q_value));
    let (what, why) = if finding.is_often_reported() {
        (
            say!(language, "Put this round first among its kind.", "Zet deze ronde vooraan."),
            say!(
                language,
                "{n} reports came in where {expected} were to be expected of as many visits (q = {q}).",
                "Er kwamen {n} meldingen waar er van zoveel ledigingen {expected} te verwachten waren (q = {q})."
            ),
        )
    } else {
        (
            say!(language, "No need to single this round out.", "Geen reden om deze ronde eruit te lichten."),
            say!(
                language,
                "{n} reports came in where {expected} were to be expected of as many visits, which chance explains (p = {p}, q = {q}).",
                "Er kwamen {n} meldingen waar er van zoveel ledigingen {expected} te verwachten waren; dat kan toeval zijn (p = {p}, q = {q})."
            ),
        )
    };
    Some(Advice { what, why, worth: Worth::Nothing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_of_two_tours_is_counted_once() {
        assert_eq!(of_stops([(3, 5), (4, 2), (3, 5)].into_iter()), 7);
    }
}
