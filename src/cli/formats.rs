//! `paaltje formats`: what can be read and written, from the tables that do it.

use std::fmt::Write as _;

use crate::model::kind::{Kind, Language};
use crate::{export, import};

pub(super) fn text() -> String {
    let mut text = String::from("reads\n");
    for (what, name, about) in import::formats() {
        let _ = writeln!(text, "  {what:<10} {name:<14} {about}");
    }
    text.push_str("writes\n");
    for format in export::FORMATS {
        let _ = writeln!(text, "  {:<10} {:<14} {}", "layers", format.name, format.about);
    }
    for format in export::rounds::FORMATS {
        let _ = writeln!(text, "  {:<10} {:<14} {}", "rounds", format.name, format.about);
    }
    text.push_str("kinds of reports\n");
    for kind in Kind::ALL {
        let _ =
            writeln!(text, "  {:<18} {} ({})", kind.name(), kind.label(Language::En), kind.family().name());
    }
    text
}
