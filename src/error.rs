//! What stops a run. A single bad record never does: that is an [`Issue`](crate::issue::Issue).
//!
//! An error says what could not be done and to which thing; its cause is its `source` and is not repeated;
//! [`Error::hint`] says what to do about it.

use std::path::{Path, PathBuf};

/// The result of everything that can stop a run.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an error, as the library that met it tells it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What stopped the run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read, written or understood as a whole.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried, as in `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: Cause,
        /// What to do, where more is known than the cause tells.
        hint: Option<String>,
    },
    /// The project file is not valid; the cause shows line and caret.
    #[error("cannot use the project file `{}`", path.display())]
    Project {
        /// The project file.
        path: PathBuf,
        /// What is wrong, with line and caret.
        source: Cause,
    },
    /// A setting has a value that cannot be used.
    #[error("{message}")]
    Setting {
        /// What is wrong, with the setting and its value.
        message: String,
        /// What to write instead.
        hint: String,
    },
    /// A format name that no table lists.
    #[error("unknown {what} format `{name}`")]
    UnknownFormat {
        /// Of what kind of thing, as in `report`.
        what: &'static str,
        /// The name that was given.
        name: String,
        /// The names that exist.
        known: Vec<&'static str>,
    },
    /// A coordinate reference system that is not supported.
    #[error("unknown coordinate reference system `{code}`")]
    Crs {
        /// As it was written.
        code: String,
    },
    /// A working plane in degrees or feet.
    #[error("`EPSG:{epsg}` cannot be the working plane: its unit is not the metre")]
    PlaneNotMetric {
        /// Its code.
        epsg: u16,
    },
    /// No such time zone.
    #[error("unknown time zone `{name}`")]
    TimeZone {
        /// As it was written.
        name: String,
        /// What the zone database says.
        source: jiff::Error,
    },
    /// Nothing to analyse.
    #[error("{message}")]
    NoData {
        /// What is missing.
        message: String,
        /// What to do.
        hint: String,
    },
}

/// A cause that is only words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Words(pub String);

impl Error {
    /// Reading `path` failed because of `source`.
    pub fn reading(path: &Path, source: impl Into<Cause>) -> Self {
        Self::File { action: "read", path: path.to_owned(), source: source.into(), hint: None }
    }

    /// Reading `path` failed: `why`; the user can do `hint`.
    pub fn unreadable(path: &Path, why: impl Into<String>, hint: impl Into<String>) -> Self {
        let source = Box::new(Words(why.into()));
        Self::File { action: "read", path: path.to_owned(), source, hint: Some(hint.into()) }
    }

    /// Writing `path` failed because of `source`.
    pub fn writing(path: &Path, source: impl Into<Cause>) -> Self {
        Self::File { action: "write", path: path.to_owned(), source: source.into(), hint: None }
    }

    /// What the user can do about it, where something is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File { hint: Some(hint), .. } | Self::Setting { hint, .. } | Self::NoData { hint, .. } => {
                Some(hint.clone())
            }
            Self::File { action: "read", .. } => Some(
                "check the path and that the file is whole; `paaltje formats` lists what can be read"
                    .to_owned(),
            ),
            Self::File { .. } => Some("check that the folder exists, is writable and has room".to_owned()),
            Self::Project { .. } => {
                Some("DIR/paaltje.toml made by `paaltje init` shows every key with its meaning".to_owned())
            }
            Self::UnknownFormat { known, .. } => Some(format!("use one of {}", known.join(", "))),
            Self::Crs { .. } => Some("write an EPSG code, as in `crs = \"EPSG:28992\"`".to_owned()),
            Self::PlaneNotMetric { .. } => Some(
                "choose a projected system in metres, or leave `crs` out for the UTM zone of the data"
                    .to_owned(),
            ),
            Self::TimeZone { .. } => {
                Some("write an IANA name, as in `timezone = \"Europe/Amsterdam\"`".to_owned())
            }
        }
    }
}
