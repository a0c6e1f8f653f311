//! A service desk asks: where are these addresses, and how sure is that?
//!
//!     cargo run --release --example geocode_a_list -- "Fabianinkatu 9" "Esplanadi 33, Helsinki"
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::path::Path;

use paaltje::error::Result;
use paaltje::geocode::Geocoder;
use paaltje::import;
use paaltje::issue::Issues;
use paaltje::progress::Silent;
use paaltje::project::Project;

/// As people write them: right, misspelt, a number that does not exist, a crossing, a street, elsewhere.
const LIST: [&str; 6] = [
    "Aleksanterinkatu 44",
    "Alexanterinkatu 44",
    "Mikonkatu 200",
    "Fabianinkatu / Aleksanterinkatu",
    "Pohjoisesplanadi",
    "Kalverstraat 1, Amsterdam",
];

fn main() -> Result<()> {
    let project = Project::load(Path::new("data/helsinki/paaltje.toml"))?;
    let (issues, counts) = (&mut Issues::new(), &mut Vec::new());
    let city = import::city(&project.settings.sources, &project.reading(), || None, issues, counts, &Silent)?;
    let geocoder = Geocoder::build(&city.addresses, &city.streets, &project.settings.geocode);

    let given: Vec<String> = std::env::args().skip(1).collect();
    let list = if given.is_empty() { LIST.map(str::to_owned).to_vec() } else { given };
    for text in &list {
        let answer = geocoder.find(text);
        println!("{text}");
        if answer.at.is_somewhere() {
            let at = city.plane.lon_lat(answer.at);
            println!(
                "    {} at {:.5}, {:.5}: {}, within {:.0} m",
                answer.label,
                at.lon,
                at.lat,
                answer.level.name(),
                answer.accuracy_m
            );
        } else {
            println!("    {}", answer.status.name());
        }
        if !answer.candidates.is_empty() {
            println!("    perhaps {}", answer.candidates.join(" or "));
        }
    }
    Ok(())
}
