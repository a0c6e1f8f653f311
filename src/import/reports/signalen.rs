//! Signalen: answers of its interface (`/signals/v1/private/signals`) and the CSV files of its data warehouse.
//!
//! A report about several containers is split by Signalen into one report for each: the parts count, and the
//! report that they were split from is left out. A cancelled report (`a`) has no closing time, because nothing
//! was done about it. Whoever reported, notes and the employees concerned are not read.

mod table;

use std::borrow::Cow;

use serde_json::Value;

use super::rows::{Batch, Feeder, Row, digest};
use super::{Columns, Noticed, ReportFormat, ReportSource, csv, json};
use crate::error::{Error, Result};
use crate::import::open::SourceFile;

pub(super) use table::{beside, signals_of};

/// The interface's JSON and the data warehouse's CSV.
#[derive(Debug)]
pub struct Signalen;

/// Every state with the word that a reader understands. Besides those of today, older exports hold `s`, and one
/// that misspells `reopened`.
const STATES: [(&str, &str); 20] = [
    ("m", "gemeld"),
    ("i", "in afwachting van behandeling"),
    ("b", "in behandeling"),
    ("h", "on hold"),
    ("ingepland", "ingepland"),
    ("ready to send", "extern: te verzenden"),
    ("sent", "extern: verzonden"),
    ("send failed", "extern: mislukt"),
    ("forward to external", "doorgezet naar extern"),
    ("done external", "extern: afgehandeld"),
    ("reaction requested", "reactie gevraagd"),
    ("reaction received", "reactie ontvangen"),
    ("closure requested", "verzoek tot afhandeling"),
    ("o", "afgehandeld"),
    ("a", "geannuleerd"),
    ("reopen requested", "verzoek tot heropenen"),
    ("reopened", "heropend"),
    ("reopenend", "heropend"),
    ("s", "gesplitst"),
    ("verzonden", "extern: verzonden"),
];

/// States in which the work is done.
fn is_done(state: &str) -> bool {
    matches!(state, "o" | "done external")
}

fn state_word(state: &str) -> &str {
    STATES.iter().find(|known| known.0 == state).map_or(state, |known| known.1)
}

impl ReportFormat for Signalen {
    fn name(&self) -> &'static str {
        "signalen"
    }

    fn about(&self) -> &'static str {
        "Signalen: JSON of its interface, or the CSV files of its data warehouse (name the folder)"
    }

    fn has_own_columns(&self) -> bool {
        true
    }

    fn suits(&self, _name: &str, head: &[u8]) -> bool {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let says = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        if let Some(b'{' | b'[') = text.first() {
            return says(b"\"sia:")
                || says(b"\"signal_id\"") && (says(b"\"sub_slug\"") || says(b"\"incident_date_start\""));
        }
        let header = csv::header_line(head);
        let is_delimited = [',', ';', '\t'].iter().any(|&sign| header.contains(sign));
        is_delimited && (header.contains("signal_uuid") || header.contains("incident_date_start"))
    }

    fn read(&self, file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
        let is_json = {
            let mut reader = file.reader()?;
            let head = reader.fill_buf().map_err(|cause| Error::reading(&file.path, cause))?;
            let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
            start.starts_with(b"{") || start.starts_with(b"[")
        };
        if !is_json {
            return table::read(file, source, take);
        }
        let mut feeder = Feeder::new(take, source.date_format.as_deref());
        json::records(file, &["results"], &mut |signal| {
            let id = json::text(&signal, &["id"]);
            if id.is_empty() && signal.get("created_at").is_none() {
                feeder.unreadable();
            } else if is_split(&signal) {
                feeder.split(&id);
            } else {
                let (address, asset) = (address(&signal), signal.get("extra_properties").and_then(asset));
                let row = row(&signal, &address, asset.as_deref().unwrap_or_default());
                feeder.push(&row, || digest([signal.to_string().as_bytes()].into_iter()));
            }
        })?;
        feeder.end();
        Ok(Noticed { columns: columns(None), crs: None, words: vec!["written as json".to_owned()] })
    }
}

/// Whether its parts are reports of their own.
fn is_split(signal: &Value) -> bool {
    let has_links = signal.pointer("/_links/sia:children").and_then(Value::as_array);
    signal.get("has_children").and_then(Value::as_bool) == Some(true)
        || has_links.is_some_and(|children| !children.is_empty())
        || json::text(signal, &["status", "state"]) == "s"
}

fn row<'a>(signal: &'a Value, address: &'a str, asset: &'a str) -> Row<'a> {
    let text = |path: &[&str]| json::text(signal, path);
    let state = text(&["status", "state"]);
    let point = signal.pointer("/location/geometrie").or_else(|| signal.pointer("/location/geometry"));
    let ordinate = |index: usize| {
        let at = point.and_then(|point| point.get("coordinates")?.get(index));
        at.map_or(Cow::Borrowed(""), json::as_text)
    };
    Row {
        id: text(&["id"]),
        category: Cow::Owned(category(
            &[text(&["category", "main_slug"]), text(&["category", "sub_slug"])],
            &[text(&["category", "main"]), text(&["category", "sub"])],
        )),
        opened: text(&["created_at"]),
        closed: if is_done(&state) { text(&["status", "created_at"]) } else { Cow::Borrowed("") },
        x: ordinate(0),
        y: ordinate(1),
        address: Cow::Borrowed(address),
        text: both(text(&["text"]), &text(&["text_extra"])),
        status: Cow::Owned(state_word(&state).to_owned()),
        asset: Cow::Borrowed(asset),
    }
}

/// As in `afval/container-is-vol`: the sub-category alone may stand under several.
fn category(slugs: &[Cow<'_, str>; 2], names: &[Cow<'_, str>; 2]) -> String {
    let [main, sub] = if slugs[1].is_empty() { names } else { slugs };
    if main.is_empty() || sub.is_empty() { format!("{main}{sub}") } else { format!("{main}/{sub}") }
}

/// What the citizen wrote, with what was asked for afterwards.
fn both<'a>(text: Cow<'a, str>, extra: &str) -> Cow<'a, str> {
    if extra.is_empty() { text } else { Cow::Owned(format!("{text}\n{extra}")) }
}

fn address(signal: &Value) -> String {
    let part = |name: &str| json::text(signal, &["location", "address", name]).into_owned();
    let parts = Address {
        street: part("openbare_ruimte"),
        number: part("huisnummer"),
        letter: part("huisletter"),
        addition: part("huisnummer_toevoeging"),
        postcode: part("postcode"),
        city: part("woonplaats"),
    };
    let whole = parts.to_string();
    if whole.is_empty() { json::text(signal, &["location", "address_text"]).into_owned() } else { whole }
}

/// An address in parts.
#[derive(Debug, Default)]
struct Address {
    street: String,
    number: String,
    letter: String,
    addition: String,
    postcode: String,
    city: String,
}

impl std::fmt::Display for Address {
    /// As in `Kade 12A-2, 1011AB Amsterdam`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dash = if self.addition.is_empty() { "" } else { "-" };
        let number = format!("{}{}{dash}{}", self.number, self.letter, self.addition);
        let street = format!("{} {number}", self.street);
        let town = format!("{} {}", self.postcode, self.city);
        let filled = [street.trim(), town.trim()].into_iter().filter(|part| !part.is_empty());
        f.write_str(&filled.collect::<Vec<_>>().join(", "))
    }
}

/// The id of the first container, lamp or other asset that the citizen pointed at on the map. `extra_properties`
/// is a list of answers; that of an asset is an object or a list of objects, whose ids are texts or numbers.
fn asset(properties: &Value) -> Option<String> {
    let answers = properties.as_array()?.iter().filter_map(|property| property.get("answer"));
    let selections = answers.flat_map(|answer| match answer {
        Value::Array(list) => list.iter().collect(),
        other => vec![other],
    });
    let on_map = selections.filter(|selection| json::text(selection, &["type"]) != "not-on-map");
    on_map.map(|selection| json::text(selection, &["id"]).into_owned()).find(|id| !id.is_empty())
}

/// What the parts of a report are called; `pair` are the names of longitude and latitude.
fn columns(pair: Option<[&str; 2]>) -> Columns {
    let named = |name: &str| Some(name.to_owned());
    Columns {
        id: named("id"),
        category: named("main_slug/sub_slug"),
        opened: named("created_at"),
        closed: named("status.created_at"),
        lon: pair.and_then(|pair| named(pair[0])),
        lat: pair.and_then(|pair| named(pair[1])),
        address: named("address"),
        text: named("text"),
        status: named("state"),
        asset: named("extra_properties"),
        ..Columns::default()
    }
}
