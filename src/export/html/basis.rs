//! Findings in, what they rest on out: sources, what was wrong with them, how to read the page, how to make it again.

use super::parts::{paragraph, table};
use super::sections::{Section, section};
use crate::draw::words::{self, say};
use crate::findings::Findings;
use crate::issue::Code;
use crate::model::location::Placed;

pub(super) fn quality(findings: &Findings) -> Section {
    let language = findings.language;
    let headings = [
        say!(language, "Source", "Bron"),
        say!(language, "what", "wat"),
        say!(language, "#read", "#gelezen"),
        say!(language, "#used", "#gebruikt"),
        say!(language, "#left out", "#weggelaten"),
        say!(language, "noticed", "opgemerkt"),
    ];
    let rows: Vec<Vec<String>> = findings
        .provenance
        .sources
        .iter()
        .map(|source| {
            vec![
                source.file.clone(),
                format!("{} ({})", source.what, source.format),
                words::count(language, source.read),
                words::count(language, source.used),
                words::count(language, source.left_out),
                source.noticed.clone(),
            ]
        })
        .collect();
    let caption = say!(
        language,
        "Every record is counted: read = used + left out.",
        "Elk record is geteld: gelezen = gebruikt + weggelaten."
    );
    let mut body = table(&caption, &headings, &rows);
    body.push_str(&placing(findings));
    body.push_str(&wrong(findings));
    let unknown: Vec<&str> = findings.issues.values(Code::UnknownCategory).collect();
    if !unknown.is_empty() {
        let list = unknown.join("; ");
        body.push_str(&paragraph(&say!(
            language,
            "Categories without a kind, with their reports (add them to [kinds] in the project file): {list}.",
            "Categorieën zonder soort, met hun meldingen (zet ze onder [kinds] in het projectbestand): {list}."
        )));
    }
    section("quality", say!(language, "How good the data are", "Hoe goed de gegevens zijn"), body)
}

/// What was wrong with single records.
fn wrong(findings: &Findings) -> String {
    let language = findings.language;
    let tally = findings.issues.tally();
    if tally.is_empty() {
        return String::new();
    }
    let headings = [
        say!(language, "Code", "Code"),
        say!(language, "#records", "#records"),
        say!(language, "what is wrong", "wat er mis is"),
        say!(language, "what it means", "wat het betekent"),
    ];
    let row = |(code, n): (Code, usize)| {
        let n = words::count(language, n as u64);
        vec![code.code().to_owned(), n, code.message().to_owned(), code.explanation().to_owned()]
    };
    let rows: Vec<Vec<String>> = tally.into_iter().map(row).collect();
    let caption = say!(
        language,
        "Each of these records has its row in issues.csv.",
        "Elk van deze records heeft zijn rij in issues.csv."
    );
    table(&caption, &headings, &rows)
}

/// How reports got their place.
fn placing(findings: &Findings) -> String {
    let language = findings.language;
    let count = |which: Placed| {
        words::count(
            language,
            findings.located.placed.iter().filter(|placed| **placed == which).count() as u64,
        )
    };
    let (given, address, asset, none) =
        (count(Placed::Given), count(Placed::Address), count(Placed::Asset), count(Placed::None));
    let (reports, incidents) = (findings.reports.len(), findings.incidents.len());
    let merged = words::count(language, reports.saturating_sub(incidents) as u64);
    let (reports, incidents) =
        (words::count(language, reports as u64), words::count(language, incidents as u64));
    paragraph(&say!(
        language,
        "{given} reports were placed by their coordinate, {address} by their address and {asset} by the number of an asset; {none} could not be placed and lie on no map. {reports} reports are about {incidents} incidents: {merged} reported something that had been reported already.",
        "{given} meldingen zijn geplaatst met hun coördinaat, {address} met hun adres en {asset} met het nummer van een object; {none} konden niet worden geplaatst en staan op geen kaart. {reports} meldingen gaan over {incidents} gebeurtenissen: {merged} meldden iets wat al gemeld was."
    ))
}

pub(super) fn method(findings: &Findings) -> Section {
    let language = findings.language;
    let notes = [
        say!(
            language,
            "A hotspot is a place with more incidents than chance explains. Chance is taken seriously: the same incidents are scattered again and again, and the p-value says how often scattering alone gives as much. With p = 0.01 that is once in a hundred.",
            "Een hotspot is een plek met meer gebeurtenissen dan toeval verklaart. Toeval wordt serieus genomen: dezelfde gebeurtenissen worden steeds opnieuw uitgestrooid, en de p-waarde zegt hoe vaak strooien alleen evenveel geeft. Bij p = 0,01 is dat eens op de honderd keer."
        ),
        say!(
            language,
            "Who looks at a thousand places finds ten such by luck. The q-value corrects for that: of all places with q ≤ 0.05, about one in twenty is luck.",
            "Wie duizend plekken bekijkt, vindt er bij toeval tien. De q-waarde verrekent dat: van alle plekken met q ≤ 0,05 is ongeveer één op twintig toeval."
        ),
        say!(
            language,
            "Clusters are found by density and are not tested: they say where much is, not whether that is more than elsewhere for its number of people and bins. A dash stands where nothing was tested or there are too few data.",
            "Groepen zijn op dichtheid gevonden en niet getoetst: ze zeggen waar veel is, niet of dat meer is dan elders bij evenveel mensen en bakken. Een streepje staat waar niets is getoetst of te weinig gegevens zijn."
        ),
        say!(
            language,
            "A stop counts as skipped only when a whole track shows the truck elsewhere or driving by; where the track has a hole, the outcome is unknown. Reports are what people notice and care to tell, not all that happens.",
            "Een stop geldt alleen als overgeslagen als een hele rit laat zien dat de wagen elders was of voorbijreed; waar de rit een gat heeft, is de afloop onbekend. Meldingen zijn wat mensen zien en willen vertellen, niet alles wat gebeurt."
        ),
    ];
    let body = notes.iter().map(|note| paragraph(note)).collect();
    section("method", say!(language, "How to read this", "Hoe dit te lezen"), body)
}

pub(super) fn provenance(findings: &Findings) -> Section {
    let language = findings.language;
    let origin = &findings.provenance;
    let (version, seed, zone) = (origin.version, origin.seed, findings.clock.name());
    let crs = findings.plane.crs();
    let (code, name) = (crs.epsg(), crs.name());
    let mut body = paragraph(&say!(
        language,
        "paaltje {version}, seed {seed}, time zone {zone}, working plane EPSG:{code} ({name}). The same inputs and seed give this page again, byte for byte.",
        "paaltje {version}, seed {seed}, tijdzone {zone}, werkvlak EPSG:{code} ({name}). Dezelfde invoer en seed geven deze pagina opnieuw, byte voor byte."
    ));
    if !origin.digests.is_empty() {
        let headings = [say!(language, "Input", "Invoer"), "SHA-256".to_owned()];
        let rows: Vec<Vec<String>> = origin
            .digests
            .iter()
            .map(|(file, digest)| {
                vec![file.clone(), format!("{}…", digest.chars().take(12).collect::<String>())]
            })
            .collect();
        let caption = say!(
            language,
            "The first letters of each input's digest; whole in summary.json.",
            "Het begin van het kenmerk van elke invoer; geheel in summary.json."
        );
        body.push_str(&table(&caption, &headings, &rows));
    }
    section("provenance", say!(language, "What this rests on", "Waar dit op rust"), body)
}
