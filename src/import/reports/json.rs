//! JSON of report systems in, its records one by one out.
//!
//! The records may stand in a bare list, in an object under a name, be a single object, or follow each other
//! as documents of their own (JSON lines, pages of an interface put end to end).

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::import::open::SourceFile;

/// Gives every record of `file` to `each`. `lists` are the names under which a list of records can stand.
///
/// # Errors
/// When the file cannot be read to its end, or is no JSON.
pub(super) fn records(file: &SourceFile, lists: &[&str], each: &mut dyn FnMut(Value)) -> Result<()> {
    let mut reader = file.reader()?;
    let start = reader.fill_buf().map_err(|cause| Error::reading(&file.path, cause))?;
    let mark = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    reader.consume(mark);
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let mut documents = 0;
    loop {
        let mut is_begun = false;
        let document = Document { lists, each, is_begun: &mut is_begun };
        match document.deserialize(&mut deserializer) {
            Ok(()) => documents += 1,
            Err(cause) if cause.is_eof() && !is_begun && documents > 0 => return Ok(()),
            Err(cause) => return Err(Error::reading(&file.path, cause)),
        }
    }
}

/// The text at `path` in a record; empty where there is none. Numbers and truth values are written out.
pub(super) fn text<'a>(record: &'a Value, path: &[&str]) -> Cow<'a, str> {
    path.iter().try_fold(record, |value, name| value.get(name)).map_or(Cow::Borrowed(""), as_text)
}

/// The text of a single value; empty for lists and objects.
pub(super) fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Null | Value::Array(_) | Value::Object(_) => Cow::Borrowed(""),
        Value::Bool(_) | Value::Number(_) => Cow::Owned(value.to_string()),
    }
}

/// A list of records, an object with such a list, or a record.
struct Document<'a, 'b> {
    lists: &'a [&'a str],
    each: &'a mut dyn FnMut(Value),
    is_begun: &'b mut bool,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        *self.is_begun = true;
        while let Some(record) = list.next_element()? {
            (self.each)(record);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        *self.is_begun = true;
        let (mut record, mut has_list) = (Map::new(), false);
        while let Some(name) = members.next_key::<String>()? {
            if self.lists.contains(&name.as_str()) {
                has_list = true;
                let list =
                    Document { lists: self.lists, each: &mut *self.each, is_begun: &mut *self.is_begun };
                members.next_value_seed(list)?;
            } else if has_list {
                members.next_value::<serde::de::IgnoredAny>()?;
            } else {
                record.insert(name, members.next_value()?);
            }
        }
        match (has_list, record.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => Err(A::Error::custom("an empty object is no record")),
            (false, false) => {
                (self.each)(Value::Object(record));
                Ok(())
            }
        }
    }
}
