//! Findings and maps in, one page out that holds everything it needs: no requests, no scripts.
//!
//! Tables come before pictures, every picture has its words, and the page prints. The same findings give the
//! same bytes: neither today's date nor a run time is written. Free text of citizens never is.

mod basis;
pub(super) mod parts;
mod plan;
mod sections;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::draw::Map;
use crate::draw::canvas::escaped;
use crate::draw::font;
use crate::draw::words::{self, say};
use crate::findings::Findings;
use crate::model::kind::Language;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// The page `report.html` over a run, with its maps.
pub fn page(findings: &Findings, maps: &[Map]) -> String {
    let sections = sections::all(findings, maps);
    let mut links = String::new();
    let mut inside = String::new();
    for section in &sections {
        let (id, heading) = (section.id, escaped(&section.heading));
        writeln!(links, "<li><a href=\"#{id}\">{heading}</a></li>").expect("a string takes all");
        inside.push_str(&parts::section(id, section.class, &section.heading, &section.body));
    }
    document(findings, &findings.title, &lead(findings), &links, &inside)
}

/// A page of its own with this title, a line below it, links and sections; the latter two are HTML already.
pub(super) fn document(findings: &Findings, title: &str, lead: &str, links: &str, sections: &str) -> String {
    let language = findings.language;
    let style = fill(STYLE, &[("regular", &base64(font::REGULAR)), ("semibold", &base64(font::SEMIBOLD))]);
    let lang = match language {
        Language::En => "en",
        Language::Nl => "nl",
    };
    fill(
        PAGE,
        &[
            ("lang", lang),
            ("version", &escaped(findings.provenance.version)),
            ("title", &escaped(title)),
            ("style", &style),
            ("skip", &say!(language, "Skip to the findings", "Naar de bevindingen")),
            ("contents", &say!(language, "Contents", "Inhoud")),
            ("banner", &banner(findings)),
            ("lead", &escaped(lead)),
            ("links", links),
            ("sections", sections),
            ("footer", &footer(findings)),
        ],
    )
}

/// The template with its `{{names}}` filled in, in one pass: what is filled in is not looked at again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("the templates close what they open");
        let value = values.iter().find(|(known, _)| *known == name).expect("every name has its value").1;
        text.push_str(before);
        text.push_str(value);
        rest = after;
    }
    text + rest
}

fn banner(findings: &Findings) -> String {
    if !findings.is_synthetic {
        return String::new();
    }
    let words = say!(
        findings.language,
        "Synthetic data: made by a simulation on real streets. No real reports, no real rounds.",
        "Synthetische data: gemaakt door een simulatie op echte straten. Geen echte meldingen, geen echte rondes."
    );
    format!("<p class=\"synthetic\" role=\"note\">{words}</p>\n")
}

fn lead(findings: &Findings) -> String {
    let language = findings.language;
    let period = words::period(language, findings.period);
    say!(
        language,
        "What citizens reported from {period}: where it keeps going wrong, why, and what to change.",
        "Wat bewoners meldden van {period}: waar het misgaat, waarom, en wat er anders kan."
    )
}

fn footer(findings: &Findings) -> String {
    let mut lines = findings.attribution.clone();
    let (version, day) = (findings.provenance.version, words::day(findings.language, findings.period.to));
    lines.push(say!(
        findings.language,
        "Made with paaltje {version} from data up to {day}.",
        "Gemaakt met paaltje {version} uit gegevens tot en met {day}."
    ));
    let lines: Vec<String> = lines.iter().map(|line| format!("<p>{}</p>\n", escaped(line))).collect();
    lines.concat()
}

/// Bytes as base64 (RFC 4648 §4), for the font.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let bits =
            part.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - part.len()));
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= part.len() { char::from(LETTERS[sextet as usize]) } else { '=' });
        }
    }
    text
}
