//! The facts of a round in, its pictures out, each with words for those who cannot see it.

use std::fmt::Write as _;

use crate::draw::canvas::escaped;
use crate::draw::marks;
use crate::draw::round_page::{self, Ask, Key, Mark, Sign};
use crate::draw::words::{self, say};
use crate::unit::Local;

use super::facts::{Facts, Row, Tally, Tour};

fn figure(svg: &str, caption: &str) -> String {
    format!("<figure>\n{svg}<figcaption>{}</figcaption>\n</figure>\n", escaped(caption))
}

/// What a sign means, for legends and for those who cannot see it.
fn meaning(facts: &Facts<'_>, sign: Sign) -> String {
    let language = facts.findings.language;
    match sign {
        Sign::Skipped => {
            say!(language, "skipped more than others (q < 0.05)", "vaker overgeslagen dan andere (q < 0,05)")
        }
        Sign::Full => say!(language, "full before the next visit", "vol vóór de volgende lediging"),
        Sign::Late => say!(language, "often late", "vaak te laat"),
        Sign::Fine => say!(language, "nothing stands out", "niets valt op"),
    }
}

/// The sign of a row of the table: the shapes of the map.
pub(super) fn sign(facts: &Facts<'_>, sign: Sign) -> String {
    let shape = match sign {
        Sign::Fine => return String::new(),
        Sign::Skipped => "<circle cx=\"5\" cy=\"5\" r=\"4.6\" fill=\"#c74a00\"/>",
        Sign::Full => "<rect x=\"0.8\" y=\"0.8\" width=\"8.4\" height=\"8.4\" fill=\"#6a3d9a\"/>",
        Sign::Late => "<path d=\"M5 0.6L9.4 5L5 9.4L0.6 5z\" fill=\"#f0a830\" stroke=\"#222a30\"/>",
    };
    let words = escaped(&meaning(facts, sign));
    format!("<svg class=\"sign\" viewBox=\"0 0 10 10\" role=\"img\" aria-label=\"{words}\">{shape}</svg> ")
}

/// What a stop weighs among those to name first.
fn weight(row: &Row<'_>) -> f64 {
    f64::from(2 * row.tally.missed + row.n_full + row.n_reports)
}

fn map_marks<'a>(facts: &Facts<'a>, tour: &Tour<'a>) -> Vec<Mark<'a>> {
    let findings = facts.findings;
    let mut seen = std::collections::BTreeSet::new();
    let rows = tour.rows.iter().filter(|row| seen.insert(row.stop));
    rows.map(|row| Mark {
        place: row.place,
        at: findings.rounds.stops[row.stop as usize].at,
        name: words::stop(findings, row.stop),
        sign: row.sign,
        ask: row.ask,
        weight: weight(row),
    })
    .filter(|mark| mark.at.is_somewhere())
    .collect()
}

/// The round as it is.
pub(super) fn today(facts: &Facts<'_>) -> String {
    let findings = facts.findings;
    let language = findings.language;
    let name = words::route(findings, facts.route);
    let title = say!(language, "{name} as planned", "{name} zoals gepland");
    let Some(tour) = facts.tours.first() else { return kerbside(facts, &title) };
    let marks = map_marks(facts, tour);
    let line = facts.finding.map_or(&[][..], |finding| &finding.line);
    let mut keys: Vec<Key<'_>> = vec![(
        say!(language, "planned, the shortest way along the streets", "gepland, de kortste weg over straat"),
        Box::new(|canvas, (x, y)| marks::planned(canvas, &[(x - 4.5, y), (x + 5.0, y)])),
    )];
    for sign in [Sign::Skipped, Sign::Full, Sign::Late, Sign::Fine] {
        let of_sign = || marks.iter().filter(move |mark| mark.sign == sign);
        let Some(first) = of_sign().next().map(|mark| mark.place.to_string()) else { continue };
        let n = words::count(language, of_sign().count() as u64);
        let words = format!("{} ({n})", meaning(facts, sign));
        keys.push((
            words,
            Box::new(move |canvas, at| {
                round_page::draw_sign(canvas, at, &first, sign);
            }),
        ));
    }
    let about = about_signs(facts, &marks);
    let caption = say!(
        language,
        "Numbers are the places of the stops in the round, where there is room. {about}",
        "De nummers zijn de plaatsen van de stops in de ronde, waar dat past. {about}"
    );
    round_page::today(findings, line, &marks, &keys, ["round-today", &title, &about])
        .map_or_else(String::new, |svg| figure(&svg, &caption))
}

fn about_signs(facts: &Facts<'_>, marks: &[Mark<'_>]) -> String {
    let language = facts.findings.language;
    let count = |sign| words::count(language, marks.iter().filter(|mark| mark.sign == sign).count() as u64);
    let (total, skipped) = (words::count(language, marks.len() as u64), count(Sign::Skipped));
    let (full, late) = (count(Sign::Full), count(Sign::Late));
    say!(
        language,
        "Of {total} stops, {skipped} are skipped more than others, {full} are full before the next visit and {late} are often late.",
        "Van {total} stops worden er {skipped} vaker overgeslagen dan andere, zijn er {full} vol vóór de volgende lediging en {late} vaak te laat."
    )
}

fn kerbside(facts: &Facts<'_>, title: &str) -> String {
    let findings = facts.findings;
    let language = findings.language;
    let own = findings.rounds.kerbsides.iter().filter(|kerbside| kerbside.route == facts.route);
    let parts: Vec<geo::Polygon<f64>> = own.flat_map(|kerbside| kerbside.shape.0.iter().cloned()).collect();
    let about = say!(
        language,
        "The area in which this round collects at the kerb.",
        "Het gebied waarin deze ronde aan de straat inzamelt."
    );
    let map = round_page::area(findings, &geo::MultiPolygon(parts), ["round-today", title, &about]);
    map.map_or_else(String::new, |svg| figure(&svg, &about))
}

/// The round as proposed: every tour that changes, with the line before and after where its order changes.
pub(super) fn proposed(facts: &Facts<'_>) -> String {
    let findings = facts.findings;
    let language = findings.language;
    let mut figures = String::new();
    for (index, tour) in facts.tours.iter().enumerate() {
        let marks = map_marks(facts, tour);
        let order = tour.resequence.map(|index| &findings.proposals[index]);
        if order.is_none() && marks.iter().all(|mark| mark.ask == Ask::Nothing) {
            continue;
        }
        let line = facts.finding.map_or(&[][..], |finding| &finding.line);
        let lines: [&[Local]; 2] = order.map_or([line, &[]], |proposal| [&proposal.before, &proposal.after]);
        let marks = renumbered(facts, tour, marks);
        let title = match order {
            Some(proposal) => format!("{}: {}", proposal.id, words::proposal(findings, proposal)),
            None => say!(
                language,
                "Stops to call at more or less often",
                "Stops om vaker of minder vaak langs te rijden"
            ),
        };
        let caption = match order {
            Some(proposal) => {
                let cost = words::cost(language, proposal);
                say!(
                    language,
                    "{title}: {cost}. Numbers are the places in the proposed order, where there is room.",
                    "{title}: {cost}. De nummers zijn de plaatsen in de voorgestelde volgorde, waar dat past."
                )
            }
            None => say!(
                language,
                "{title}; the order stays. Numbers are the places in the round, where there is room.",
                "{title}; de volgorde blijft. De nummers zijn de plaatsen in de ronde, waar dat past."
            ),
        };
        let name = format!("round-proposed-{}", index + 1);
        let keys = keys_of_proposed(facts, &marks, order.is_some());
        if let Some(svg) = round_page::proposed(findings, lines, &marks, &keys, [&name, &title, &caption]) {
            figures.push_str(&figure(&svg, &caption));
        }
    }
    figures
}

/// The marks with their places in the proposed order, where there is one.
fn renumbered<'a>(facts: &Facts<'_>, tour: &Tour<'_>, mut marks: Vec<Mark<'a>>) -> Vec<Mark<'a>> {
    use crate::adjust::Change;
    let findings = facts.findings;
    let Some(Change::Resequence { order, .. }) =
        tour.resequence.map(|index| &findings.proposals[index].change)
    else {
        return marks;
    };
    let calls = &findings.rounds.trips[tour.trip as usize].calls;
    for mark in &mut marks {
        let stop = calls[mark.place - 1].stop;
        if let Some(place) = order.iter().position(|&other| other == stop) {
            mark.place = place + 1;
        }
    }
    marks
}

fn keys_of_proposed<'a>(facts: &Facts<'_>, marks: &[Mark<'_>], is_new_order: bool) -> Vec<Key<'a>> {
    let language = facts.findings.language;
    let mut keys: Vec<Key<'a>> = vec![(
        say!(language, "driven today", "zoals nu gereden"),
        Box::new(|canvas, (x, y)| marks::today(canvas, &[(x - 3.6, y), (x + 4.2, y)])),
    )];
    if is_new_order {
        keys.push((
            say!(language, "proposed", "voorgesteld"),
            Box::new(|canvas, (x, y)| marks::proposed(canvas, &[(x - 4.5, y), (x + 5.0, y)])),
        ));
    }
    let asks = [
        (Ask::More, say!(language, "call more often", "vaker langsrijden")),
        (Ask::Less, say!(language, "call less often", "minder vaak langsrijden")),
        (Ask::Nothing, say!(language, "as today", "zoals nu")),
    ];
    for (ask, words) in asks {
        let n = marks.iter().filter(|mark| mark.ask == ask).count();
        if n > 0 {
            let n = words::count(language, n as u64);
            keys.push((
                format!("{words} ({n})"),
                Box::new(move |canvas, at| {
                    round_page::draw_ask(canvas, at, ask);
                }),
            ));
        }
    }
    keys
}

/// The share of missed visits per weekday and per planned hour, side by side; nothing where none was missed.
pub(super) fn bars(facts: &Facts<'_>) -> String {
    let language = facts.findings.language;
    if facts.all.missed == 0 {
        return String::new();
    }
    let days: Vec<(String, f64, u32)> = (0..7)
        .filter(|&weekday| facts.weekdays[weekday].planned > 0)
        .map(|weekday| {
            let mut only = [false; 7];
            only[weekday] = true;
            bar(words::weekdays(language, only), &facts.weekdays[weekday])
        })
        .collect();
    let driven = |hour: &usize| facts.hours[*hour].planned > 0;
    let first = (0..24).find(driven).unwrap_or(0);
    let last = (0..24).rev().find(driven).unwrap_or(0);
    let hours: Vec<(String, f64, u32)> =
        (first..=last).map(|hour| bar(format!("{hour:02}"), &facts.hours[hour])).collect();
    let pictures = [
        ("bars-weekdays", say!(language, "Missed, per weekday", "Gemist, per weekdag"), days),
        ("bars-hours", say!(language, "Missed, per planned hour", "Gemist, per gepland uur"), hours),
    ];
    let mut html = String::from("<div class=\"pair\">\n");
    for (name, title, shares) in pictures {
        let told: Vec<String> = shares
            .iter()
            .map(|(label, share, known)| {
                format!("{label} {} (n = {known})", words::percent(language, *share))
            })
            .collect();
        let svg = round_page::bars(language, [name, &title, &told.join(", ")], &shares);
        write!(
            html,
            "<figure class=\"chart\">\n<figcaption>{}</figcaption>\n{svg}</figure>\n",
            escaped(&title)
        )
        .expect("a string takes all");
    }
    html + "</div>\n"
}

fn bar(label: String, tally: &Tally) -> (String, f64, u32) {
    (label, tally.missed_share(), tally.known)
}
