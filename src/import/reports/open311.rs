//! Open311 (`GeoReport` v2): answers of `requests.json` and `requests.xml`, saved as files.
//!
//! Read are a bare list, `service_requests` around it, and a single request; ids and coordinates as texts or
//! numbers. The standard has no closing time: the last update of a request that is closed is taken for it.
//! Addresses of pictures and the names of those who report are not read. Nothing is asked of a server here.

mod xml;

use std::borrow::Cow;

use serde_json::Value;

use super::rows::{Batch, Feeder, Row, digest};
use super::{Columns, Noticed, ReportFormat, ReportSource, json};
use crate::error::{Error, Result};
use crate::import::open::SourceFile;

/// `GeoReport` v2, JSON and XML.
#[derive(Debug)]
pub struct Open311;

impl ReportFormat for Open311 {
    fn name(&self) -> &'static str {
        "open311"
    }

    fn about(&self) -> &'static str {
        "GeoReport v2 requests, JSON or XML; closing times are those of the last update"
    }

    fn has_own_columns(&self) -> bool {
        true
    }

    fn suits(&self, _name: &str, head: &[u8]) -> bool {
        let text = without_mark(head);
        let says = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        match text.first() {
            Some(b'<') => says(b"<service"),
            Some(b'{' | b'[') => {
                [&b"\"service_request_id\""[..], b"\"service_requests\"", b"\"service_code\""]
                    .into_iter()
                    .any(says)
            }
            _ => false,
        }
    }

    fn read(&self, file: &SourceFile, source: &ReportSource, take: &mut dyn FnMut(Batch)) -> Result<Noticed> {
        let mut requests =
            Requests { feeder: Feeder::new(take, source.date_format.as_deref()), seen: 0, services: 0 };
        let is_xml = {
            let mut reader = file.reader()?;
            let head = reader.fill_buf().map_err(|cause| Error::reading(&file.path, cause))?;
            without_mark(head).starts_with(b"<")
        };
        if is_xml {
            xml::requests(file, &mut |request| requests.add(&request))?;
        } else {
            json::records(file, &["service_requests", "requests", "request"], &mut |request| {
                requests.add(&request);
            })?;
        }
        if requests.seen == 0 && requests.services > 0 {
            return Err(Error::unreadable(
                &file.path,
                "it is a list of services, not of requests",
                "ask the server for `requests.json` or `requests.xml` instead of `services`",
            ));
        }
        requests.feeder.end();
        let how = if is_xml { "xml" } else { "json" };
        let words = vec![
            format!("written as {how}"),
            "closing times: the last update of closed requests, an approximation".to_owned(),
        ];
        Ok(Noticed { columns: columns(), crs: None, words })
    }
}

fn without_mark(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start()
}

/// What has been met in a file.
struct Requests<'a> {
    feeder: Feeder<'a>,
    seen: u64,
    services: u64,
}

impl Requests<'_> {
    fn add(&mut self, request: &Value) {
        let has = |name: &str| request.get(name).is_some();
        if has("service_request_id") || has("requested_datetime") {
            self.seen += 1;
            self.feeder.push(&row(request), || digest([request.to_string().as_bytes()].into_iter()));
        } else {
            self.services += u64::from(has("service_code"));
            self.feeder.unreadable();
        }
    }
}

fn row(request: &Value) -> Row<'_> {
    let text = |name: &str| json::text(request, &[name]);
    let category = text("service_name");
    let status = text("status");
    let is_closed = status.eq_ignore_ascii_case("closed");
    Row {
        id: text("service_request_id"),
        category: if category.is_empty() { text("service_code") } else { category },
        opened: text("requested_datetime"),
        closed: if is_closed { text("updated_datetime") } else { Cow::Borrowed("") },
        x: text("long"),
        y: text("lat"),
        address: text("address"),
        text: text("description"),
        status,
        asset: Cow::Borrowed(""),
    }
}

fn columns() -> Columns {
    let named = |name: &str| Some(name.to_owned());
    Columns {
        id: named("service_request_id"),
        category: named("service_name"),
        opened: named("requested_datetime"),
        closed: named("updated_datetime"),
        lon: named("long"),
        lat: named("lat"),
        address: named("address"),
        text: named("description"),
        status: named("status"),
        ..Columns::default()
    }
}
