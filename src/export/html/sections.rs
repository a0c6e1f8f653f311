//! Findings in, the parts of the page out: what to do, where, why, what it costs, and what it all rests on.

use std::fmt::Write as _;

use super::basis;
use super::parts::{advice, paragraph, quiet, table};
use super::plan;
use crate::adjust::{Change, Proposal};
use crate::collection::{Reason, StopFinding};
use crate::draw::Map;
use crate::draw::canvas::escaped;
use crate::draw::charts::{self, Chart};
use crate::draw::proposals::MAPPED;
use crate::draw::words::{self, say};
use crate::findings::Findings;
use crate::hotspots::{AssetFinding, Per, Place};
use crate::model::kind::{Family, Language, Selection};
use crate::model::location::Placed;
use crate::model::some;
use crate::period::NEVER;
use crate::unit::DAY_S;

/// How many rows a table of the page has at most; the layers hold all of them.
const ROWS: usize = 25;

/// One part of the page.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) class: &'static str,
    pub(super) heading: String,
    pub(super) body: String,
}

/// All parts in their order; those without content are left out.
pub(super) fn all(findings: &Findings, maps: &[Map]) -> Vec<Section> {
    let parts = [
        Some(todo(findings)),
        Some(overview(findings, maps)),
        Some(hotspots(findings, maps)),
        repeats(findings),
        routes(findings, maps),
        plan::part(findings),
        proposals(findings, maps),
        throughput(findings),
        Some(residents(findings)),
        Some(basis::quality(findings)),
        Some(basis::method(findings)),
        Some(basis::provenance(findings)),
    ];
    parts.into_iter().flatten().collect()
}

pub(super) fn section(id: &'static str, heading: String, body: String) -> Section {
    Section { id, class: "part", heading, body }
}

/// A map in its figure; the picture carries its own title and description.
fn figure(map: &Map) -> String {
    format!("<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n", map.svg, escaped(&map.about))
}

fn chart(chart: Option<Chart>) -> String {
    let Some(chart) = chart else { return String::new() };
    format!("<h3>{}</h3>\n<figure class=\"chart\">\n{}</figure>\n", escaped(&chart.title), chart.svg)
}

fn figures_of(maps: &[Map], is_meant: impl Fn(&str) -> bool) -> String {
    maps.iter().filter(|map| is_meant(&map.name)).map(figure).collect()
}

/// What to do, and the figures behind it.
type Advice = (String, String);

/// What to do on Monday, in sentences.
fn todo(findings: &Findings) -> Section {
    let language = findings.language;
    let mut sentences: Vec<Advice> = plan::advice(findings).into_iter().collect();
    sentences.extend(first_proposals(findings).map(|proposal| about_proposal(findings, proposal)));
    let worst = worst_stops(findings).into_iter().filter(|(_, stop)| stop.n_skipped > 1);
    sentences.extend(worst.take(3).map(|(index, stop)| about_stop(findings, index, stop)));
    let is_proposed = |repeat: &&AssetFinding| {
        first_proposals(findings)
            .any(|proposal| matches!(proposal.change, Change::Redesign { asset } if asset == repeat.asset))
    };
    let repeats = repeat_assets(findings).into_iter().filter(|repeat| !is_proposed(repeat));
    sentences.extend(repeats.take(3).map(|repeat| about_asset(findings, repeat)));
    if sentences.is_empty() {
        sentences.push((
            say!(language, "Nothing in particular.", "Niets in het bijzonder."),
            say!(
                language,
                "Nothing stands out beyond chance in this period, or there are too few data to tell.",
                "In deze periode valt niets meer op dan toeval, of er zijn te weinig gegevens om het te zeggen."
            ),
        ));
    }
    let heading = say!(language, "What to do on Monday", "Wat maandag te doen");
    let body = advice(sentences.iter().map(|(what, why)| (what.as_str(), why.as_str())));
    Section { id: "todo", class: "part todo", heading, body }
}

/// The first proposals that hold; beside a plan, which changes all rounds at once, only those that change none.
fn first_proposals(findings: &Findings) -> impl Iterator<Item = &Proposal> {
    let changes_a_round = |proposal: &Proposal| {
        use Change::{AddBin, CleanUp, Redesign, Relocate};
        !matches!(proposal.change, AddBin { .. } | CleanUp { .. } | Redesign { .. } | Relocate { .. })
    };
    let is_meant = move |proposal: &&Proposal| {
        proposal.is_feasible && (findings.plan.is_empty() || !changes_a_round(proposal))
    };
    findings.proposals.iter().filter(is_meant).take(3)
}

fn about_proposal(findings: &Findings, proposal: &Proposal) -> Advice {
    let (what, cost, benefit) = (
        words::proposal(findings, proposal),
        words::cost(findings.language, proposal),
        words::benefit(findings.language, proposal),
    );
    (format!("{what}."), format!("{}: {cost}; {benefit}.", proposal.id))
}

fn about_stop(findings: &Findings, index: u32, stop: &StopFinding) -> Advice {
    let language = findings.language;
    let (name, route) = (words::stop(findings, index), words::route(findings, stop.route));
    let (skipped, planned) = (words::count(language, stop.n_skipped), words::count(language, stop.n_planned));
    (
        say!(language, "Ask the crew of {route} about {name}.", "Vraag de ploeg van {route} naar {name}."),
        say!(
            language,
            "It was not emptied on {skipped} of {planned} planned visits.",
            "Die is {skipped} van de {planned} geplande keren niet geleegd."
        ),
    )
}

fn about_asset(findings: &Findings, repeat: &AssetFinding) -> Advice {
    let language = findings.language;
    let (what, n) = (words::asset(findings, repeat.asset), words::count(language, repeat.n_incidents));
    let expected = words::decimal(language, repeat.expected, 1);
    (
        say!(language, "Go and look: {what}.", "Ga kijken: {what}."),
        say!(
            language,
            "{n} incidents where {expected} were to be expected.",
            "{n} gebeurtenissen waar er {expected} te verwachten waren."
        ),
    )
}

fn overview(findings: &Findings, maps: &[Map]) -> Section {
    let language = findings.language;
    let placed = findings.located.placed.iter().filter(|placed| **placed != Placed::None).count();
    let total = findings.reports.len();
    let numbers = [
        (words::count(language, total as u64), say!(language, "reports", "meldingen")),
        (
            words::count(language, findings.incidents.len() as u64),
            say!(language, "incidents", "gebeurtenissen"),
        ),
        (
            words::percent(language, placed as f64 / total as f64),
            say!(language, "of the reports placed", "van de meldingen geplaatst"),
        ),
        (
            words::count(language, findings.hotspots.places.len() as u64),
            say!(language, "places that stand out", "plekken die opvallen"),
        ),
        (words::count(language, findings.proposals.len() as u64), say!(language, "proposals", "voorstellen")),
    ];
    let mut body = String::from("<dl class=\"figures\">\n");
    for (number, what) in numbers {
        writeln!(body, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(&what), escaped(&number))
            .expect("a string takes all");
    }
    body.push_str("</dl>\n");
    body.push_str(&quiet(&say!(
        language,
        "An incident is one event, however many people reported it.",
        "Een gebeurtenis is één voorval, hoeveel mensen het ook melden."
    )));
    body.push_str(&chart(charts::monthly(findings)));
    body.push_str(&figures_of(maps, |name| name == "density"));
    section("overview", say!(language, "The period in figures", "De periode in cijfers"), body)
}

fn hotspots(findings: &Findings, maps: &[Map]) -> Section {
    let language = findings.language;
    let found = &findings.hotspots;
    let headings = [
        say!(language, "Place", "Plek"),
        say!(language, "#incidents", "#gebeurtenissen"),
        say!(language, "#compared with", "#vergeleken met"),
        say!(language, "#too many a week", "#te veel per week"),
        say!(language, "#q-value", "#q-waarde"),
        say!(language, "#stable", "#stabiel"),
        say!(language, "what, how it was found, and its own words", "wat, hoe gevonden, en eigen woorden"),
    ];
    let rows: Vec<Vec<String>> =
        found.places.iter().take(ROWS).map(|place| place_row(findings, place)).collect();
    let mut body = String::new();
    if rows.is_empty() {
        body.push_str(&paragraph(&say!(
            language,
            "No place stands out beyond chance.",
            "Geen enkele plek valt meer op dan toeval."
        )));
    } else {
        body.push_str(&paragraph(&say!(
            language,
            "One line per place, however many methods found it. “Too many a week” is how many incidents a week there would be fewer if the place were like the others, with the bounds between which that lies; the order is that of the lower bound. “Compared with” is what chance would bring; after ≈ only what an area of that size holds on average. “Stable” is how often the place stands out again when the weeks of the period are drawn anew: below 80 % it hangs on a few bad weeks, or has only just made it.",
            "Eén regel per plek, hoeveel methoden die ook vonden. “Te veel per week” is hoeveel gebeurtenissen per week er minder zouden zijn als de plek was zoals de andere, met de grenzen waartussen dat ligt; de volgorde is die van de ondergrens. “Vergeleken met” is wat toeval zou geven; na ≈ alleen wat een gebied van die grootte gemiddeld heeft. “Stabiel” is hoe vaak de plek weer opvalt als de weken van de periode opnieuw worden geloot: onder 80 % hangt ze aan een paar slechte weken, of haalde ze het maar net."
        )));
        let caption = shown(language, rows.len(), found.places.len(), "findings.gpkg: hotspots");
        body.push_str(&table(&caption, &headings, &rows));
        if found.places.iter().any(|place| found.leader(place).per == Per::Nothing) {
            body.push_str(&quiet(&say!(
                language,
                "Most of these are counts, not risks: where more people pass or more bins stand, more is reported.",
                "De meeste hiervan zijn aantallen, geen risico’s: waar meer mensen komen of meer bakken staan, wordt meer gemeld."
            )));
        }
    }
    for note in &found.notes {
        body.push_str(&quiet(note));
    }
    let is_of_places =
        |name: &str| ["hotspots", "surface", "segments"].iter().any(|stem| name.starts_with(stem));
    body.push_str(&figures_of(maps, is_of_places));
    section("hotspots", say!(language, "Places that stand out", "Plekken die opvallen"), body)
}

fn place_row(findings: &Findings, place: &Place) -> Vec<String> {
    let language = findings.language;
    let leader = findings.hotspots.leader(place);
    let mut about = vec![words::selection(language, leader.kind), words::methods(language, place)];
    about.extend((!leader.trend.is_empty()).then(|| leader.trend.clone()));
    if let Some(around) = some(place.within) {
        let around = &findings.hotspots.places[around].id;
        about.push(say!(language, "within {around}", "binnen {around}"));
    }
    if !place.words.is_empty() {
        about.push(format!("“{}”", place.words.join(", ")));
    }
    vec![
        format!("{} {}", place.id, words::place(leader)),
        words::count(language, leader.incidents.len() as u64),
        words::baseline(language, leader),
        words::excess(language, leader.excess),
        words::probability(language, leader.q_value),
        words::percent(language, leader.stability),
        about.join(" · "),
    ]
}

/// How many of how many rows are shown, and where the others are.
pub(super) fn shown(language: Language, rows: usize, total: usize, layer: &str) -> String {
    let (shown, all) = (words::count(language, rows as u64), words::count(language, total as u64));
    if rows == total {
        say!(language, "All {all}, the first the most urgent.", "Alle {all}, de eerste het dringendst.")
    } else {
        say!(
            language,
            "The first {shown} of {all}; all are in the layer {layer}.",
            "De eerste {shown} van {all}; alle staan in de laag {layer}."
        )
    }
}

/// Assets that come back beyond chance, the worst first.
fn repeat_assets(findings: &Findings) -> Vec<&AssetFinding> {
    let mut repeats: Vec<_> = findings.hotspots.assets.iter().filter(|asset| asset.is_repeat).collect();
    let excess = |asset: &AssetFinding| f64::from(asset.n_incidents) - asset.expected;
    repeats.sort_by(|a, b| excess(b).total_cmp(&excess(a)).then(a.asset.cmp(&b.asset)));
    repeats
}

fn repeats(findings: &Findings) -> Option<Section> {
    let language = findings.language;
    if findings.hotspots.assets.is_empty() {
        return None;
    }
    let repeats = repeat_assets(findings);
    let looked_at = words::count(language, findings.hotspots.assets.len() as u64);
    let n = words::count(language, repeats.len() as u64);
    let mut body = paragraph(&say!(
        language,
        "{n} of {looked_at} assets were reported more often than others of their kind, beyond what chance explains.",
        "{n} van {looked_at} objecten zijn vaker gemeld dan andere van hun soort, meer dan toeval verklaart."
    ));
    let headings = [
        say!(language, "Asset", "Object"),
        say!(language, "#incidents", "#gebeurtenissen"),
        say!(language, "#expected", "#verwacht"),
        say!(language, "#per year", "#per jaar"),
        say!(language, "#q-value", "#q-waarde"),
        say!(language, "#last", "#laatst"),
    ];
    let rows: Vec<Vec<String>> = repeats
        .iter()
        .take(ROWS)
        .map(|repeat| {
            let id = some(repeat.asset)
                .and_then(|asset| findings.assets.get(asset))
                .map_or("–", |asset| &asset.id);
            vec![
                format!("{} ({id})", words::asset(findings, repeat.asset)),
                words::count(language, repeat.n_incidents),
                words::decimal(language, repeat.expected, 1),
                words::decimal(language, repeat.rate_per_year, 1),
                words::probability(language, repeat.q_value),
                if repeat.last_at == NEVER {
                    "–".to_owned()
                } else {
                    words::day(language, findings.clock.day(repeat.last_at))
                },
            ]
        })
        .collect();
    if !rows.is_empty() {
        let caption = shown(language, rows.len(), repeats.len(), "findings.gpkg: assets");
        body.push_str(&table(&caption, &headings, &rows));
    }
    Some(section("repeats", say!(language, "Hit again and again", "Steeds opnieuw geraakt"), body))
}

/// Stops with trouble, the worst first: skipped beyond the others, then by how often.
fn worst_stops(findings: &Findings) -> Vec<(u32, &StopFinding)> {
    let mut stops: Vec<_> = (0u32..).zip(&findings.collection.stops).collect();
    stops.retain(|(_, stop)| stop.n_skipped > 0 || stop.n_reports > 0);
    stops.sort_by(|(a, x), (b, y)| {
        let first = y.is_often_skipped().cmp(&x.is_often_skipped()).then(y.n_skipped.cmp(&x.n_skipped));
        first.then(y.n_reports.cmp(&x.n_reports)).then(a.cmp(b))
    });
    stops
}

fn routes(findings: &Findings, maps: &[Map]) -> Option<Section> {
    let language = findings.language;
    if findings.rounds.routes.is_empty() {
        return None;
    }
    let headings = [
        say!(language, "Round", "Ronde"),
        say!(language, "#stops", "#stops"),
        say!(language, "#length", "#lengte"),
        say!(language, "#duration", "#duur"),
        say!(language, "#visits made", "#ledigingen gedaan"),
        say!(language, "#reports", "#meldingen"),
    ];
    let rows: Vec<Vec<String>> = (0u32..)
        .zip(&findings.collection.routes)
        .map(|(index, route)| {
            vec![
                words::route(findings, index).to_owned(),
                words::count(language, route.n_stops),
                words::length(language, route.length_m),
                words::duration(language, route.duration_s),
                words::percent(language, route.adherence_pct / 100.0),
                words::count(language, route.n_reports),
            ]
        })
        .collect();
    let caption = say!(
        language,
        "Each round over the whole period; “visits made” counts planned visits of which the track tells what became.",
        "Elke ronde over de hele periode; “gedaan” telt geplande ledigingen waarvan de rit de afloop laat zien."
    );
    let mut body = table(&caption, &headings, &rows);
    body.push_str(&crate::export::rounds::page::links(findings));
    body.push_str(&stops(findings));
    body.push_str(&chart(charts::reasons(findings)));
    body.push_str(&reasons(findings));
    body.push_str(&figures_of(maps, |name| name.starts_with("round_")));
    Some(section("rounds", say!(language, "Rounds and stops", "Rondes en stops"), body))
}

fn stops(findings: &Findings) -> String {
    let language = findings.language;
    let worst = worst_stops(findings);
    if worst.is_empty() {
        return String::new();
    }
    let headings = [
        say!(language, "Stop", "Stop"),
        say!(language, "round", "ronde"),
        say!(language, "#skipped", "#overgeslagen"),
        say!(language, "#planned", "#gepland"),
        say!(language, "#q-value", "#q-waarde"),
        say!(language, "#overflows before next visit", "#loopt over vóór volgende lediging"),
        say!(language, "#reports", "#meldingen"),
    ];
    let rows: Vec<Vec<String>> = worst
        .iter()
        .take(ROWS)
        .map(|&(index, stop)| {
            vec![
                words::stop(findings, index).to_owned(),
                words::route(findings, stop.route).to_owned(),
                words::count(language, stop.n_skipped),
                words::count(language, stop.n_planned),
                words::probability(language, stop.q_value),
                words::percent(language, stop.p_overflow),
                words::count(language, stop.n_reports),
            ]
        })
        .collect();
    let heading = say!(language, "Stops to look at first", "Stops om eerst naar te kijken");
    let caption = shown(language, rows.len(), worst.len(), "findings.gpkg: stops");
    format!("<h3>{heading}</h3>\n{}", table(&caption, &headings, &rows))
}

fn reasons(findings: &Findings) -> String {
    let language = findings.language;
    let counts = charts::reason_counts(findings);
    let total: u32 = counts.iter().map(|row| row.1).sum();
    if total == 0 {
        return String::new();
    }
    let unknown = counts.iter().filter(|row| row.0 == Reason::Unknown).map(|row| row.1).sum::<u32>();
    let (total_words, share) =
        (words::count(language, total), words::percent(language, f64::from(unknown) / f64::from(total)));
    quiet(&say!(
        language,
        "{total_words} waste reports were laid beside the visits before them; for {share} no usable track tells the reason.",
        "{total_words} afvalmeldingen zijn naast de ledigingen ervóór gelegd; bij {share} zegt geen bruikbare rit waarom."
    ))
}

fn proposals(findings: &Findings, maps: &[Map]) -> Option<Section> {
    let language = findings.language;
    let proposals = &findings.proposals;
    if proposals.is_empty() {
        return None;
    }
    let headings = [
        say!(language, "Proposal", "Voorstel"),
        say!(language, "costs", "kosten"),
        say!(language, "brings", "baten"),
        say!(language, "fits", "past"),
        say!(language, "why", "waarom"),
    ];
    let rows: Vec<Vec<String>> = proposals
        .iter()
        .take(ROWS)
        .map(|proposal| {
            let fits =
                if proposal.is_feasible { say!(language, "yes", "ja") } else { say!(language, "no", "nee") };
            vec![
                format!("{}. {}", proposal.id, words::proposal(findings, proposal)),
                words::cost(language, proposal),
                words::benefit(language, proposal),
                fits,
                words::quoted(&proposal.rationale),
            ]
        })
        .collect();
    let mut body = paragraph(&say!(
        language,
        "In the order in which they are worth doing. “Routed” costs come from the shortest way along the streets, “estimated” ones from straight lines; what a proposal brings is an interval, not a promise. “Fits” says whether shift and capacity still hold.",
        "In volgorde van wat het meest loont. “Over straten berekende” kosten volgen de kortste weg, “geschatte” rechte lijnen; wat een voorstel oplevert is een marge, geen belofte. “Past” zegt of dienst en laadruimte nog kloppen."
    ));
    let caption = shown(language, rows.len(), proposals.len(), "findings.gpkg: proposals");
    body.push_str(&table(&caption, &headings, &rows));
    if proposals.len() > MAPPED {
        let total = words::count(language, proposals.len() as u64);
        body.push_str(&quiet(&say!(
            language,
            "The first {MAPPED} of {total} proposals have a map.",
            "De eerste {MAPPED} van {total} voorstellen hebben een kaart."
        )));
    }
    body.push_str(&figures_of(maps, |name| name.starts_with("proposal_")));
    Some(section("proposals", say!(language, "Proposals", "Voorstellen"), body))
}

/// Days to close: the values below which half and nine in ten lie; `None` of too few.
fn days_to_close(findings: &Findings, family: Family) -> (u64, u64, Option<(f64, f64)>) {
    let reports = &findings.reports;
    let (mut all, mut open, mut days) = (0, 0, Vec::new());
    for index in (0..reports.len()).filter(|&index| reports.kind[index].family() == family) {
        all += 1;
        match reports.closed[index] {
            NEVER => open += 1,
            closed => days.push((closed - reports.opened[index]) as f64 / DAY_S as f64),
        }
    }
    days.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((days.len() - 1) as f64 * share).round() as usize;
        days[index]
    };
    // Below ten, a ninetieth per cent is one report.
    let known = (days.len() >= 10).then(|| (quantile(0.5), quantile(0.9)));
    (all, open, known)
}

fn throughput(findings: &Findings) -> Option<Section> {
    let language = findings.language;
    let headings = [
        say!(language, "Reports about", "Meldingen over"),
        say!(language, "#reports", "#meldingen"),
        say!(language, "#still open", "#nog open"),
        say!(language, "#half closed within", "#helft gesloten binnen"),
        say!(language, "#nine in ten within", "#negen op tien binnen"),
    ];
    let rows: Vec<Vec<String>> = Family::ALL
        .iter()
        .filter_map(|&family| {
            let (all, open, known) = days_to_close(findings, family);
            let within = |days: f64| {
                let days = words::decimal(language, days, usize::from(days < 10.0));
                say!(language, "{days} days", "{days} dagen")
            };
            let few = || say!(language, "too few", "te weinig");
            (all > 0).then(|| {
                vec![
                    words::selection(language, Selection::Family(family)),
                    words::count(language, all),
                    words::count(language, open),
                    known.map_or_else(few, |known| within(known.0)),
                    known.map_or_else(few, |known| within(known.1)),
                ]
            })
        })
        .collect();
    let caption = say!(
        language,
        "Calendar days from opening to closing, of the reports that were closed.",
        "Kalenderdagen van opening tot sluiting, van de gesloten meldingen."
    );
    let heading = say!(language, "How long reports take", "Hoe lang meldingen duren");
    (!rows.is_empty()).then(|| section("throughput", heading, table(&caption, &headings, &rows)))
}

fn residents(findings: &Findings) -> Section {
    let language = findings.language;
    let reports = words::count(language, findings.reports.len() as u64);
    let period = words::period(language, findings.period);
    let mut body = paragraph(&say!(
        language,
        "Thank you: {reports} reports came in from {period}. Each of them was read together with those around it, to find what keeps going wrong rather than only what went wrong once.",
        "Dank u wel: van {period} kwamen er {reports} meldingen binnen. Elke melding is bekeken samen met die eromheen, om te vinden wat steeds misgaat en niet alleen wat één keer misging."
    ));
    let found = &findings.hotspots;
    let leaders = found.places.iter().take(5).map(|place| found.leader(place));
    let places: Vec<String> = leaders.map(|hotspot| words::place(hotspot).to_owned()).collect();
    if !places.is_empty() {
        let places = places.join("; ");
        body.push_str(&paragraph(&say!(
            language,
            "These places stood out most: {places}.",
            "Deze plekken vielen het meest op: {places}."
        )));
    }
    let planned: Vec<String> = findings
        .proposals
        .iter()
        .filter(|proposal| proposal.is_feasible)
        .take(5)
        .map(|proposal| words::proposal(findings, proposal))
        .collect();
    if !planned.is_empty() {
        let items: Vec<String> =
            planned.iter().map(|sentence| format!("<li>{}</li>\n", escaped(sentence))).collect();
        let items = items.concat();
        body.push_str(&paragraph(&say!(
            language,
            "Proposed to the city, not yet decided:",
            "Voorgesteld aan de gemeente, nog niet besloten:"
        )));
        write!(body, "<ul>\n{items}</ul>\n").expect("a string takes all");
    }
    body.push_str(&paragraph(&say!(
        language,
        "Names, telephone numbers and what you wrote are not on this page or on any map; at most single words are, that many people used. Few reports from a place do not mean that all is well there: keep reporting.",
        "Namen, telefoonnummers en wat u schreef staan niet op deze pagina en op geen kaart; hooguit losse woorden, die veel mensen gebruikten. Weinig meldingen van een plek betekenen niet dat het daar goed gaat: blijf melden."
    )));
    section("residents", say!(language, "For residents", "Voor bewoners"), body)
}
