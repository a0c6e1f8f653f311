//! A planner asks: which ten places stand out most, by how much, and how firm is that?
//!
//!     cargo run --release --example planner_top_places -- PROJECT.toml [--kind KIND]... [-o REPORT.md]
//!
//! Prints a table in Markdown: of all places, and then of those about each kind that is named. With `-o` it takes the place of the former table in a file; what people wrote in that
//! file below the heading `## On the map` stays.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::fmt::Write as _;
use std::path::Path;

use paaltje::error::{Error, Result};
use paaltje::findings::Findings;
use paaltje::hotspots::Place;
use paaltje::pipeline;
use paaltje::progress::Silent;
use paaltje::project::Project;

/// How many places.
const TOP: usize = 10;
/// What stands from this line on was written by hand.
const BY_HAND: &str = "## On the map";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let project = args.first().map_or("data/helsinki/paaltje.toml", String::as_str);
    let findings = pipeline::run(&Project::load(Path::new(project))?, &Silent)?;
    let values =
        |name: &'static str| args.windows(2).filter(move |pair| pair[0] == name).map(|pair| pair[1].as_str());
    let mut text = heading(&findings, &args.join(" "));
    text += &table(&findings, "The first of all", |_| true);
    for kind in values("--kind") {
        text += &table(&findings, &format!("The first about `{kind}`"), |about| about == kind);
    }
    print!("{text}");
    if let Some(path) = values("-o").next() {
        let former = std::fs::read_to_string(path).unwrap_or_default();
        let by_hand = former.find(BY_HAND).map_or("", |at| &former[at..]);
        let whole = text + by_hand;
        std::fs::write(path, whole).map_err(|source| Error::writing(Path::new(path), source))?;
    }
    Ok(())
}

fn heading(findings: &Findings, args: &str) -> String {
    let found = &findings.hotspots;
    format!(
        "# {}: places that stand out\n\n    cargo run --release --example planner_top_places -- {args}\n\n\
         {}, {} incidents, {} places by {} hotspots. *Too many a week*: with its 95 % interval; the order is that of the \
         lower bound. *Compared with*: what chance would bring; after ≈ the average of an area of that size. *Stable*: \
         found again in so many of 100 re-runs.\n\n",
        findings.title,
        findings.period,
        findings.incidents.len(),
        found.places.len(),
        found.hotspots.len()
    )
}

fn table(findings: &Findings, caption: &str, is_meant: impl Fn(&str) -> bool) -> String {
    let mut text = format!(
        "## {caption}\n\n\
         | id | place | what | incidents | compared with | too many a week | q | stable | found by | within | lon, lat | words |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n"
    );
    let places = findings.hotspots.places.iter();
    let meant = places.filter(|place| is_meant(findings.hotspots.leader(place).kind.name()));
    meant.take(TOP).for_each(|place| text += &row(findings, place));
    text.push('\n');
    text
}

fn row(findings: &Findings, place: &Place) -> String {
    let found = &findings.hotspots;
    let leader = found.leader(place);
    let at = findings.plane.lon_lat(leader.at);
    let excess = leader.excess;
    let or_dash = |number: f64, text: String| if number.is_finite() { text } else { "–".to_owned() };
    let within = paaltje::model::some(place.within).map_or("", |around| &found.places[around].id);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {}{:.1} | {:.2} ({:.2} to {:.2}) | {} | {} | {} | {within} | {:.4}, {:.4} | {} |",
        place.id,
        leader.label.replace('|', "/"),
        leader.kind.name(),
        leader.incidents.len(),
        if leader.basis() == "expected" { "" } else { "≈ " },
        leader.baseline,
        excess.per_week,
        excess.low,
        excess.high,
        or_dash(leader.q_value, format!("{:.1e}", leader.q_value)),
        or_dash(leader.stability, format!("{:.0} %", leader.stability * 100.0)),
        place.methods.join(", "),
        at.lon,
        at.lat,
        place.words.join(", ")
    );
    text
}
