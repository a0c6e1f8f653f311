//! The project file `paaltje.toml`: which sources, which settings, what to write.
//!
//! Settings stand beside the code that uses them; this module only collects them. An unknown key is an error
//! that shows line and caret.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::import::{self, Sources};
use crate::model::kind::{Kind, Language};
use crate::period::{Clock, Day, Period};
use crate::{adjust, collection, dedupe, export, geocode, hotspots, link, network, simulate};

/// A project: everything that a run needs to know.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of the project file; paths in it are relative to this.
    pub base: PathBuf,
    /// What maps and pages are headed.
    pub title: String,
    /// The clock of its time zone.
    pub clock: Clock,
    /// Its settings.
    pub settings: Settings,
    /// Our kind for each category word or pattern of the sources: plain words first, then patterns, the longest
    /// first.
    pub kinds: Vec<(String, Kind)>,
    /// The window of days, where the project sets one.
    pub period: Option<Period>,
}

/// The project file as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What maps and pages are headed.
    pub title: String,
    /// IANA time zone, as in `Europe/Amsterdam`; civil days are those of this zone.
    pub timezone: String,
    /// Language of maps, pages and labels: `en` or `nl`.
    #[serde(default)]
    pub language: Language,
    /// Working plane, as in `EPSG:28992`; left out, the UTM zone of the data.
    #[serde(default)]
    pub crs: Option<String>,
    /// Seed of all randomness; the same seed gives the same result.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Days to analyse, both included; left out, the days of the reports.
    #[serde(default)]
    period: Option<Window>,
    /// What to read.
    pub sources: Sources,
    /// The sources' category words, with `*`, and our kind for each.
    #[serde(default)]
    kinds: BTreeMap<String, String>,
    /// How addresses are found.
    #[serde(default)]
    pub geocode: geocode::Options,
    /// How reports are joined to assets, areas and stops.
    #[serde(default)]
    pub link: link::Options,
    /// When several reports are one incident.
    #[serde(default)]
    pub dedupe: dedupe::Options,
    /// How streets become a graph.
    #[serde(default)]
    pub network: network::Options,
    /// Which statistics to compute, on what.
    #[serde(default)]
    pub hotspots: hotspots::Methods,
    /// How rounds are verified and reports explained.
    #[serde(default)]
    pub collection: collection::Options,
    /// What adjustments cost and when they are proposed.
    #[serde(default)]
    pub adjust: adjust::Options,
    /// What `paaltje simulate` makes up.
    #[serde(default)]
    pub simulate: simulate::Options,
    /// What to write, and where.
    #[serde(default)]
    pub output: export::Options,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    from: jiff::civil::Date,
    to: jiff::civil::Date,
}

/// Any number will do; this one is written where `paaltje init` writes none.
fn default_seed() -> u64 {
    20_260_101
}

impl Project {
    /// Reads the project file at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, has an unknown key or a value that cannot be used.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::unreadable(
                path,
                "no such file",
                "`paaltje init DIR REPORTS...` writes a project file for your reports",
            ),
            _ => Error::reading(path, source),
        })?;
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, base).map_err(|error| match error {
            Error::Project { source, .. } => Error::Project { path: path.to_owned(), source },
            other => other,
        })
    }

    /// The project that `text` describes, with paths relative to `base`.
    ///
    /// # Errors
    /// As [`Project::load`].
    pub fn parse(text: &str, base: PathBuf) -> Result<Self> {
        let settings: Settings = toml::from_str(text).map_err(|source| Error::Project {
            path: PathBuf::from("paaltje.toml"),
            source: source.into(),
        })?;
        settings.output.validate()?;
        settings.hotspots.check()?;
        Ok(Self {
            base,
            title: settings.title.clone(),
            clock: Clock::new(&settings.timezone)?,
            kinds: kinds(&settings.kinds)?,
            period: settings.period.map(period).transpose()?,
            settings,
        })
    }

    /// What the readers need to know.
    pub fn reading(&self) -> import::Settings<'_> {
        import::Settings {
            base: &self.base,
            clock: &self.clock,
            crs: self.settings.crs.as_deref(),
            period: self.period,
            kinds: &self.kinds,
        }
    }

    /// The output folder.
    pub fn output_dir(&self) -> PathBuf {
        self.base.join(&self.settings.output.dir)
    }
}

fn period(window: Window) -> Result<Period> {
    if window.from > window.to {
        return Err(Error::Setting {
            message: format!("[period] ends ({}) before it begins ({})", window.to, window.from),
            hint: "swap `from` and `to`".to_owned(),
        });
    }
    Ok(Period { from: Day::from_date(window.from), to: Day::from_date(window.to) })
}

fn kinds(table: &BTreeMap<String, String>) -> Result<Vec<(String, Kind)>> {
    let mut kinds = Vec::with_capacity(table.len());
    for (pattern, name) in table {
        let kind = Kind::parse(name).ok_or_else(|| {
            let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            Error::Setting {
                message: format!("[kinds] gives `{pattern}` the kind `{name}`, which does not exist"),
                hint: format!("use one of {}", known.join(", ")),
            }
        })?;
        kinds.push((pattern.clone(), kind));
    }
    // The most particular first, whatever the order in the file.
    kinds.sort_by_key(|(pattern, _)| (pattern.contains('*'), std::cmp::Reverse(pattern.chars().count())));
    Ok(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "title = \"T\"\ntimezone = \"Europe/Amsterdam\"\n[sources]\n";

    fn causes(error: &Error) -> String {
        let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {source}")
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_a_caret() {
        let error = Project::parse(&format!("{SMALL}[dedupe]\nwithin = 3\n"), PathBuf::new()).unwrap_err();
        let text = causes(&error);
        assert!(text.contains("line 5") && text.contains("^^^^^^") && text.contains("within_m"), "{text}");
    }

    #[test]
    fn the_most_particular_pattern_goes_first() {
        let text = format!(
            "{SMALL}[kinds]\n\"*\" = \"other\"\n\"Litter Can*\" = \"container_full\"\n\"Litter Can\" = \"litter\"\n"
        );
        let kinds = Project::parse(&text, PathBuf::new()).unwrap().kinds;
        let order: Vec<_> = kinds.iter().map(|(pattern, _)| pattern.as_str()).collect();
        assert_eq!(order, ["Litter Can", "Litter Can*", "*"]);
    }

    #[test]
    fn a_period_that_ends_before_it_begins_is_refused() {
        let text = format!("{SMALL}[period]\nfrom = \"2025-02-01\"\nto = \"2025-01-01\"\n");
        assert!(Project::parse(&text, PathBuf::new()).is_err());
    }
}
