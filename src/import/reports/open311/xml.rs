//! `GeoReport` v2 as XML: every `request` in, with its parts as texts, whatever stands around it.

use serde_json::{Map, Value};
use xml::reader::{EventReader, ParserConfig, XmlEvent};

use crate::error::{Error, Result};
use crate::import::open::SourceFile;

/// No part of a request is as long: a description has some thousand signs.
const LONGEST_TEXT: usize = 1024 * 1024;

/// Gives every request of `file` to `each`; a service, where the file lists these, as well.
pub(super) fn requests(file: &SourceFile, each: &mut dyn FnMut(Value)) -> Result<()> {
    let config = ParserConfig::new()
        .cdata_to_characters(true)
        .ignore_comments(true)
        .max_data_length(LONGEST_TEXT)
        .max_entity_expansion_length(LONGEST_TEXT);
    let mut events = EventReader::new_with_config(file.reader()?, config);
    let mut open: Option<Request> = None;
    loop {
        match events.next().map_err(|cause| Error::reading(&file.path, cause))? {
            XmlEvent::StartElement { name, .. } => match &mut open {
                None if matches!(&*name.local_name, "request" | "service") => open = Some(Request::default()),
                None => {}
                Some(request) => request.begin(name.local_name),
            },
            XmlEvent::Characters(text) | XmlEvent::Whitespace(text) => {
                if let Some(request) = &mut open {
                    request.text.push_str(&text);
                }
            }
            XmlEvent::EndElement { .. } if open.as_mut().is_some_and(Request::end) => {
                each(Value::Object(open.take().unwrap_or_default().parts));
            }
            XmlEvent::EndDocument => return Ok(()),
            _ => {}
        }
    }
}

/// A request that is being read.
#[derive(Default)]
struct Request {
    parts: Map<String, Value>,
    /// The names of the elements that are open inside it.
    inside: Vec<String>,
    text: String,
}

impl Request {
    fn begin(&mut self, name: String) {
        self.inside.push(name);
        self.text.clear();
    }

    /// Ends the innermost element; whether that is the request itself.
    fn end(&mut self) -> bool {
        let Some(name) = self.inside.pop() else { return true };
        // Only direct parts count: `notes` and `attributes` repeat their names.
        if self.inside.is_empty() && !self.parts.contains_key(&name) {
            self.parts.insert(name, Value::String(std::mem::take(&mut self.text)));
        }
        self.text.clear();
        false
    }
}
