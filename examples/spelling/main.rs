//! How well does the geocoder take misspelt addresses of your town? Any register will do.
//!
//!     cargo run --release --example spelling -- REGISTER [--streets FILE] [--foreign REGISTER] [--number-first]
//!         [--with-area] [--seed N] [--size N] [--tell CLASS]
//!
//! Prints, for each class of spellings, the share that was found within 25 m, the share that was placed more than
//! 100 m off, and the share for which it listed candidates instead; `unclear` is the share that no geocoder can tell
//! from another address. `street removed` asks for streets that were taken out of the register, `foreign street` for
//! streets of another one: each of them that is accepted is wrong, unless the register spells the street in two ways
//! and the place is right all the same.
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

mod classes;

use std::collections::BTreeSet;
use std::path::Path;

use classes::{Style, Tally};
use paaltje::error::Result;
use paaltje::import::register::RegisterSource;
use paaltje::import::streets::StreetSource;
use paaltje::import::{self, City, Settings, Sources};
use paaltje::issue::Issues;
use paaltje::period::Clock;
use paaltje::progress::Silent;

/// Street names that hardly any register has, for those who name no other one.
const FOREIGN: [&str; 12] = [
    "Kinkerstraat",
    "Mannerheimintie",
    "Vanadiumweg",
    "Kungsholmsgatan",
    "Whitechapel Road",
    "Boulevard Voltaire",
    "Flatbush Avenue",
    "Unter den Linden",
    "Rua Augusta",
    "Via Garibaldi",
    "Laugavegur",
    "Nowy Świat",
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let number = |name: &str, default: u64| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let Some(register) = arguments.first() else {
        println!("which register?");
        return Ok(());
    };

    let city = read(Some(register), value("--streets").as_ref())?;
    let own: BTreeSet<&str> =
        city.addresses.street.iter().map(|&word| city.addresses.words.get(word)).collect();
    let foreign: Vec<String> = match value("--foreign") {
        Some(other) => {
            let other = read(Some(&other), None)?.addresses;
            let names: BTreeSet<&str> = other.street.iter().map(|&word| other.words.get(word)).collect();
            names.difference(&own).map(|&name| name.to_owned()).collect()
        }
        None => FOREIGN.map(str::to_owned).to_vec(),
    };
    println!(
        "{} addresses, {} street names, {} ways, {} foreign names",
        city.addresses.len(),
        own.len(),
        city.streets.ways.len(),
        foreign.len()
    );

    let style = Style { number_first: has("--number-first"), with_area: has("--with-area") };
    let told = value("--tell");
    let size = usize::try_from(number("--size", 2_000)).unwrap_or(usize::MAX);
    let mut tell = |class: &str, query: &classes::Query, answer: &str| {
        if told.as_deref() == Some(class) {
            println!("    {}: {answer}", query.text);
        }
    };
    let table =
        classes::table(&city.addresses, &city.streets, &foreign, style, number("--seed", 1), size, &mut tell);
    println!(
        "{:20} {:>6} {:>7} {:>7} {:>9} {:>8} {:>8}",
        "class", "asked", "right", "wrong", "ambiguous", "accepted", "unclear"
    );
    for (class, tally) in table {
        let Tally { asked, right, wrong, ambiguous, accepted, unclear } = tally;
        let share = |part: u32| if asked == 0 { f64::NAN } else { f64::from(part) / f64::from(asked) };
        println!(
            "{class:20} {asked:>6} {:>7.4} {:>7.4} {:>9.4} {:>8.4} {:>8.4}",
            share(right),
            share(wrong),
            share(ambiguous),
            share(accepted),
            share(unclear)
        );
    }
    Ok(())
}

fn read(register: Option<&String>, streets: Option<&String>) -> Result<City> {
    let clock = Clock::new("UTC")?;
    let settings = Settings { base: Path::new(""), clock: &clock, crs: None, period: None, kinds: &[] };
    let sources = Sources {
        register: register
            .map(|path| RegisterSource { path: path.clone(), ..Default::default() })
            .into_iter()
            .collect(),
        streets: streets
            .map(|path| StreetSource { path: path.clone(), ..Default::default() })
            .into_iter()
            .collect(),
        ..Sources::default()
    };
    import::city(&sources, &settings, || None, &mut Issues::new(), &mut Vec::new(), &Silent)
}
