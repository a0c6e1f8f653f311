//! Words in, pieces of a page out: paragraphs, tables, lists of advice. Everything is escaped here.

use std::fmt::Write as _;

use crate::draw::canvas::escaped;

/// A section; `heading` is text, `body` is HTML already.
pub(in crate::export) fn section(id: &str, class: &str, heading: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\" class=\"{class}\" aria-labelledby=\"{id}-heading\">\n\
         <h2 id=\"{id}-heading\">{}</h2>\n{body}</section>\n",
        escaped(heading)
    )
}

pub(in crate::export) fn paragraph(words: &str) -> String {
    format!("<p>{}</p>\n", escaped(words))
}

/// A paragraph in small letters, for what a result rests on.
pub(in crate::export) fn quiet(words: &str) -> String {
    format!("<p class=\"quiet\">{}</p>\n", escaped(words))
}

/// A numbered list of what to do, each with the reason.
pub(in crate::export) fn advice<'a>(sentences: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let item =
        |(what, why): (&str, &str)| format!("<li><strong>{}</strong> {}</li>\n", escaped(what), escaped(why));
    format!("<ol>\n{}</ol>\n", sentences.map(item).collect::<String>())
}

/// A table with its caption. Headings that begin with `#` stand over numbers; the first column names the row.
pub(super) fn table(caption: &str, headings: &[String], rows: &[Vec<String>]) -> String {
    let mut html =
        format!("<div class=\"scroll\"><table>\n<caption>{}</caption>\n{}", escaped(caption), head(headings));
    for row in rows {
        html.push_str("<tr>");
        for (column, (cell, heading)) in row.iter().zip(headings).enumerate() {
            let (class, cell) = (class(heading), escaped(cell));
            let tag = if column == 0 { "th" } else { "td" };
            let scope = if column == 0 { " scope=\"row\"" } else { "" };
            write!(html, "<{tag}{scope}{class}>{cell}</{tag}>").expect("a string takes all");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// The head of a table, and the beginning of its body.
pub(in crate::export) fn head(headings: &[String]) -> String {
    let mut html = String::from("<thead><tr>");
    for heading in headings {
        let words = escaped(heading.trim_start_matches('#'));
        write!(html, "<th scope=\"col\"{}>{words}</th>", class(heading)).expect("a string takes all");
    }
    html + "</tr></thead>\n<tbody>\n"
}

/// The class of the cells below a heading.
pub(in crate::export) fn class(heading: &str) -> &'static str {
    if heading.starts_with('#') { " class=\"n\"" } else { "" }
}
