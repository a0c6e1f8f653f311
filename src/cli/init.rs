//! `paaltje init`: looks at files and writes a commented project file for them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::say;
use crate::error::{Error, Result};
use crate::import::open::{self, SourceFile};
use crate::import::reports::recognise::{Guess, recognise};
use crate::import::reports::{self, Columns};
use crate::import::{kind_words, register, rounds, services, tracks};
use crate::model::asset::AssetKind;
use crate::model::kind::Kind;

/// The file that is written.
const NAME: &str = "paaltje.toml";

pub(super) fn init(dir: &Path, inputs: &[PathBuf]) -> Result<()> {
    let target = dir.join(NAME);
    if target.exists() {
        return Err(Error::Setting {
            message: format!("`{}` exists already", target.display()),
            hint: "move it away, or choose another folder".to_owned(),
        });
    }
    fs::create_dir_all(dir).map_err(|source| Error::writing(dir, source))?;
    let found = inputs.iter().map(|input| look_at(input, dir)).collect::<Result<Vec<_>>>()?;
    fs::write(&target, text(&found)).map_err(|source| Error::writing(&target, source))?;
    say(&format!("wrote {}", target.display()));
    for input in &found {
        say(&format!("  {}: {}", input.path, input.what.words()));
    }
    say(&format!("read it through, then: paaltje check {0}; paaltje run {0}", target.display()));
    Ok(())
}

/// A file and what it seems to be.
struct Found {
    /// The path to write, relative to the project file.
    path: String,
    what: What,
}

impl Found {
    /// Whether it tells where on Earth the project lies.
    fn has_place(&self) -> bool {
        match &self.what {
            What::Reports(guess) => guess.has_place,
            What::Rounds | What::Services => false,
            What::Streets | What::Register | What::Assets(_) | What::Areas | What::Tracks => true,
        }
    }
}

enum What {
    Reports(Box<Guess>),
    Streets,
    Register,
    Rounds,
    Tracks,
    Services,
    Assets(AssetKind),
    Areas,
}

impl What {
    fn words(&self) -> String {
        match self {
            Self::Reports(guess) => format!(
                "{} rows of reports as {}, {} with an opening time, {} categories",
                guess.rows,
                guess.format,
                guess.usable,
                guess.categories.len()
            ),
            Self::Streets => "streets, addresses and assets".to_owned(),
            Self::Register => "a register of addresses".to_owned(),
            Self::Rounds => "planned rounds".to_owned(),
            Self::Tracks => "fixes of vehicles".to_owned(),
            Self::Services => "lifts or weighings".to_owned(),
            Self::Assets(kind) => {
                format!("assets, taken for {}; correct `kind` if they are something else", kind.name())
            }
            Self::Areas => "areas".to_owned(),
        }
    }
}

fn look_at(input: &Path, dir: &Path) -> Result<Found> {
    let name = input.to_string_lossy().to_lowercase();
    let ending = name.trim_end_matches(".gz").rsplit('.').next().unwrap_or_default();
    let path = relative(input, dir);
    let what = if name.ends_with(".osm.pbf") {
        What::Streets
    } else if input.is_dir() || ending == "zip" {
        if rounds::is_feed(&source_file(input)?)? { What::Rounds } else { What::Register }
    } else if ending == "gpx" {
        What::Tracks
    } else if is_shapes(&name) {
        match look_for_reports(input) {
            Ok(guess) => What::Reports(Box::new(guess)),
            Err(_no_reports) if is_areas(&name) => What::Areas,
            Err(_no_reports) => What::Assets(asset_kind(&name)),
        }
    } else {
        look_at_table(input)?
    };
    Ok(Found { path, what })
}

/// What else than reports a table holds, its columns tell; else it must be reports.
fn look_at_table(input: &Path) -> Result<What> {
    let file = source_file(input)?;
    // What is no table at all may still be reports, as JSON or XML.
    let is = |fits: fn(&SourceFile) -> Result<bool>| fits(&file).unwrap_or(false);
    if is(tracks::fits) {
        return Ok(What::Tracks);
    }
    if is(services::fits) {
        return Ok(What::Services);
    }
    match look_for_reports(input) {
        Err(_no_reports) if is(register::fits) => Ok(What::Register),
        guess => Ok(What::Reports(Box::new(guess?))),
    }
}

fn look_for_reports(input: &Path) -> Result<Guess> {
    let file = reports::files(Path::new(""), &input.to_string_lossy())?.remove(0);
    recognise(&file)
}

fn source_file(input: &Path) -> Result<SourceFile> {
    Ok(open::files(Path::new(""), &input.to_string_lossy())?.remove(0))
}

fn is_shapes(name: &str) -> bool {
    [".geojson", ".geojson.gz", ".gpkg"].iter().any(|ending| name.ends_with(ending))
}

fn is_areas(name: &str) -> bool {
    ["district", "area", "ward", "wijk", "buurt", "neighbo", "kreis", "stadtteil"]
        .iter()
        .any(|word| name.contains(word))
}

fn asset_kind(name: &str) -> AssetKind {
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if says(&["bollard", "paal", "poller"]) {
        AssetKind::Bollard
    } else if says(&["container"]) {
        AssetKind::Container
    } else if says(&["bin", "can", "bak", "abfall", "litter"]) {
        AssetKind::LitterBin
    } else {
        AssetKind::Other
    }
}

/// `path` as seen from `dir`, with forward slashes.
fn relative(path: &Path, dir: &Path) -> String {
    let (Ok(path), Ok(dir)) = (path.canonicalize(), dir.canonicalize()) else {
        return path.to_string_lossy().into_owned();
    };
    let shared = path.components().zip(dir.components()).take_while(|(a, b)| a == b).count();
    let mut from_dir: PathBuf = dir.components().skip(shared).map(|_| Component::ParentDir).collect();
    from_dir.extend(path.components().skip(shared));
    from_dir.to_string_lossy().replace('\\', "/")
}

/// `text` as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn text(found: &[Found]) -> String {
    let guesses: Vec<&Guess> = found
        .iter()
        .filter_map(|found| match &found.what {
            What::Reports(guess) => Some(&**guess),
            _ => None,
        })
        .collect();
    let zone = guesses.iter().find_map(|guess| guess.zone);
    let mut text = String::from(
        "# A project of paaltje. Every line can be changed; `paaltje check paaltje.toml` tells what is wrong.\n\n",
    );
    let _ = write!(
        text,
        "title = \"Reports about public space\"  # what maps and the page are headed\n\
         timezone = {}  # {}\n\
         language = \"en\"  # en or nl\n\
         {}\n\
         seed = 20260101  # the same seed gives the same result\n\n\
         # [period]  # left out, all days\n# from = \"2025-01-01\"\n# to = \"2025-12-31\"\n\n[sources]\n",
        quoted(zone.unwrap_or("Europe/Amsterdam")),
        if zone.is_some() {
            "guessed from the coordinates"
        } else {
            "PLEASE CHECK: the coordinates do not tell"
        },
        if found.iter().any(Found::has_place) {
            "# crs = \"EPSG:28992\"  # the working plane; left out, the UTM zone of the data"
        } else {
            "crs = \"EPSG:3857\"  # nothing has a coordinate: take this out when streets or a register are added"
        },
    );
    let of = |wanted: fn(&What) -> bool| found.iter().filter(move |found| wanted(&found.what));
    let streets: Vec<String> =
        of(|what| matches!(what, What::Streets)).map(|found| quoted(&found.path)).collect();
    if streets.is_empty() {
        text.push_str(
            "# streets = [\"streets.osm.pbf\"]  # an OpenStreetMap extract: maps, routes, addresses\n",
        );
    } else {
        let _ = writeln!(text, "streets = [{}]", streets.join(", "));
    }
    for input in found {
        text.push_str(&source(input));
    }
    let has = |wanted: fn(&What) -> bool| of(wanted).next().is_some();
    if has(|what| matches!(what, What::Rounds)) && !has(|what| matches!(what, What::Tracks)) {
        text.push_str("\n# [[sources.tracks]]  # GPS fixes of the trucks: without them no visit can be verified\n# path = \"fixes.csv\"\n");
    }
    text.push_str(&kinds(&guesses));
    text.push_str(METHODS);
    if found.iter().any(|found| matches!(found.what, What::Streets | What::Assets(AssetKind::Bollard))) {
        text.push_str(
            "\n# Which bollards come back beyond chance.\n[[hotspots.repeat]]\nasset = \"bollard\"\n",
        );
    }
    text.push_str("\n[output]\ndir = \"out\"\n");
    text
}

const METHODS: &str = "
# Which cells of the city have more reports than chance explains.
[[hotspots.gi_star]]
kind = \"*\"          # a kind, a family (waste, street, traffic, other), or * for all
resolution = 9      # H3: cells of about 350 m across

# Where reports lie close together.
[[hotspots.density]]
kind = \"*\"
radius_m = 50.0
min_reports = 5
";

fn source(input: &Found) -> String {
    let path = quoted(&input.path);
    match &input.what {
        What::Streets => {
            let mut text = format!("\n[[sources.register]]  # its addresses\npath = {path}\n");
            for kind in ["litter_bin", "container", "bollard"] {
                let _ = write!(text, "\n[[sources.assets]]\npath = {path}\nkind = \"{kind}\"\n");
            }
            text
        }
        What::Register => format!("\n[[sources.register]]  # addresses\npath = {path}\n"),
        What::Rounds => {
            format!("\n[[sources.rounds]]  # what was planned\npath = {path}\nformat = \"gtfs\"\n")
        }
        What::Tracks => format!("\n[[sources.tracks]]  # what was driven\npath = {path}\n"),
        What::Services => format!("\n[[sources.services]]  # what was emptied\npath = {path}\n"),
        What::Assets(kind) => format!(
            "\n[[sources.assets]]\npath = {path}\nkind = \"{}\"  # guessed from the name of the file\n",
            kind.name()
        ),
        What::Areas => format!("\n[[sources.areas]]\npath = {path}\n"),
        What::Reports(guess) => reports_source(&path, guess),
    }
}

fn reports_source(path: &str, guess: &Guess) -> String {
    let mut text = format!("\n# {} rows, {} with an opening time", guess.rows, guess.usable);
    for noticed in &guess.noticed {
        let _ = write!(text, "; {noticed}");
    }
    let _ = write!(
        text,
        "\n# {}\n[[sources.reports]]\npath = {path}\nformat = \"{}\"\n",
        guess.dates, guess.format
    );
    text.push_str(&columns(guess));
    if guess.has_local_times {
        text.push_str("local_times = true  # read as they are written, people sleep at night\n");
    }
    if guess.has_resightings {
        text.push_str("collapse_resightings = true  # open reports are listed again day after day\n");
    }
    if guess.is_swapped {
        text.push_str("# longitude and latitude are swapped in this file: it is turned round as a whole, as `check` tells\n");
    }
    let vague: Vec<String> = guess
        .categories
        .iter()
        .filter(|(word, _)| says_too_little(word))
        .map(|(word, _)| quoted(word))
        .collect();
    if !vague.is_empty() && guess.columns.text.is_some() {
        let _ = writeln!(
            text,
            "text_decides = [{}]  # these say too little: words in the text give the kind",
            vague.join(", ")
        );
    }
    text
}

fn says_too_little(category: &str) -> bool {
    let kind = kind_words::guess(category);
    kind_words::is_vague(category) && kind.is_none_or(|kind| kind == Kind::Furniture)
}

/// The columns of a source with their system, as far as a project can name them.
fn columns(guess: &Guess) -> String {
    if guess.has_own_columns {
        return String::new();
    }
    let is_lost = guess.columns.is_projected() && guess.crs.is_none();
    let named =
        if is_lost { Columns { x: None, y: None, ..guess.columns.clone() } } else { guess.columns.clone() };
    let parts: Vec<String> = named
        .named()
        .into_iter()
        .filter_map(|(setting, column)| Some(format!("{setting} = {}", quoted(column?))))
        .collect();
    let mut text = format!("columns = {{ {} }}\n", parts.join(", "));
    if let (true, Some(x), Some(y)) = (is_lost, &guess.columns.x, &guess.columns.y) {
        let _ = writeln!(
            text,
            "# PLEASE CHECK: {} and {} are coordinates of a system that the values do not tell. Add them to `columns` as `x`\n\
             # and `y`, with `crs = \"EPSG:...\"`, and `unit = \"us_ft\"` or `\"ft\"` if they are feet.",
            quoted(x),
            quoted(y)
        );
    } else if let Some(crs) = guess.crs.as_ref().filter(|_| guess.columns.is_projected()) {
        let _ = writeln!(text, "crs = \"{crs}\"  # guessed from the values");
    }
    text
}

fn kinds(guesses: &[&Guess]) -> String {
    let mut counts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for (category, count) in guesses.iter().flat_map(|guess| &guess.categories) {
        *counts.entry(category).or_default() += count;
    }
    let mut categories: Vec<_> = counts.into_iter().collect();
    categories.sort_by_key(|&(category, count)| (std::cmp::Reverse(count), category));
    let mut text = String::from(
        "\n# The categories of the reports and our kind for each; `paaltje formats` lists the kinds. Guesses: please check.\n[kinds]\n",
    );
    for (category, count) in categories {
        let (mark, kind) = match kind_words::guess(category) {
            Some(kind) => ("", kind.name()),
            None => ("# ", "other"),
        };
        let _ = writeln!(text, "{mark}{} = \"{kind}\"  # {count} reports", quoted(category));
    }
    text
}
