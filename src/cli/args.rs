//! The words of the command line, in one definition.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Finds out from citizens' reports where something keeps going wrong, why, and what to change.
#[derive(Debug, Parser)]
#[command(name = "paaltje", version, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Number of threads; all cores if left out. The result is the same for any number.
    #[arg(long, global = true, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Say nothing but errors.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Print the summary as JSON on stdout.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The main job: read, place, find, diagnose, propose, draw, export.
    Run {
        /// The project file.
        project: PathBuf,
        /// Where to write, instead of `[output] dir`.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Exit with 1 if more than this share (0 to 1) of the records of any source is left out.
        #[arg(long, value_name = "SHARE")]
        strict: Option<f64>,
    },
    /// Open every input and tell what is wrong with it; run nothing.
    Check {
        /// The project file.
        project: PathBuf,
        /// Exit with 1 if more than this share (0 to 1) of the records of any source is left out.
        #[arg(long, value_name = "SHARE")]
        strict: Option<f64>,
    },
    /// Look at report files and write a commented project file for them.
    Init {
        /// Where to write `paaltje.toml`.
        dir: PathBuf,
        /// Files of reports, and any other inputs: streets (.osm.pbf), assets and areas (.geojson, .gpkg), addresses (.csv,
        /// BAG .zip), planned rounds (GTFS), fixes of trucks and weighings (.csv).
        #[arg(required = true)]
        reports: Vec<PathBuf>,
    },
    /// Find the coordinates of addresses.
    ///
    /// Every column of the CSV is kept, in its own separators; a cell that a spreadsheet would run as a formula gets an
    /// apostrophe.
    ///
    /// A row is placed by its address in the register. Without a register, or with `--coordinates`, a row with a
    /// coordinate of its own keeps it, unless many rows with different addresses share it (the counter, the town hall):
    /// then its address is used. A coordinate also tells which of several streets of one name is meant, and places other
    /// rows with that address or street.
    ///
    /// `geo_status` says what became of a row: accepted, ambiguous, rejected, none; with a coordinate `given_kept`,
    /// conflict, `default_point_replaced`. `geo_match`, `geo_score` and `geo_candidates` are those of its address.
    /// `geo_faults` names what is not as it should be; `learned` is among it where other rows told the place.
    Geocode(Batch),
    /// Tell what an issue code means, or why a finding says what it says.
    Explain {
        /// An issue code (R003), or the id of a hotspot, proposal, report, stop or route.
        what: String,
        /// The project file, for findings.
        #[arg(long)]
        project: Option<PathBuf>,
    },
    /// Make up a labelled season on the project's real streets and assets.
    Simulate {
        /// The project file; its `[simulate]` table says what to make up.
        project: PathBuf,
        /// Seed; the same seed makes the same season.
        #[arg(long, value_name = "N")]
        seed: u64,
        /// Where to write.
        #[arg(short, long, value_name = "DIR")]
        out: PathBuf,
        /// Drive other rounds through the same city: a GTFS feed with the stops that this seed makes. Two seasons
        /// of one seed under given rounds differ by their rounds alone; `truth_overflow.csv` compares them.
        #[arg(long, value_name = "DIR")]
        rounds: Option<PathBuf>,
    },
    /// Plan the rounds of each yard and weekday anew: new rounds as CSV, with what they save.
    #[cfg(feature = "replan")]
    Replan {
        /// The project file.
        project: PathBuf,
        /// Steps of the search per weekday; more take longer and find shorter rounds.
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        steps: u64,
    },
    /// List what can be read and written.
    Formats,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// Which to believe where a coordinate lies far from the address beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Believe {
    /// The coordinate is kept: right for apps, where the phone knows.
    Coordinate,
    /// The address is taken: right for desks, where somebody typed it.
    Address,
    /// Neither: the row gets no place.
    Drop,
}

/// What `paaltje geocode` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Batch {
    /// Address registers: .osm.pbf, CSV, GeoJSON, or an .idx that was saved. Without one, rows with a coordinate place
    /// those without. Of several names the last is the CSV to geocode, if that is not named elsewhere.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) register: Vec<PathBuf>,
    /// Streets, for crossings and numbers that the register lacks.
    #[arg(long, value_name = "FILE")]
    pub(super) streets: Option<PathBuf>,
    /// Save the registers as one small file that loads in a moment.
    #[arg(long, value_name = "NAME.idx", requires = "register")]
    pub(super) save: Option<PathBuf>,
    /// The CSV to geocode; `-` for standard input.
    pub(super) input: Option<PathBuf>,
    /// The column with the address; guessed from its name if left out.
    #[arg(long, value_name = "COLUMN")]
    pub(super) address: Option<String>,
    /// The columns with the coordinate that a row came with, in degrees, or in the system `--crs`: east, then north.
    /// Without a register they are guessed from their names; with one, no notice is taken of them if left out.
    #[arg(long, num_args = 2, value_names = ["EAST", "NORTH"])]
    pub(super) coordinates: Option<Vec<String>>,
    /// The system of these columns, as in EPSG:28992, where they are not in degrees.
    #[arg(long, value_name = "CODE")]
    pub(super) crs: Option<String>,
    /// Which to believe where a coordinate lies far from the address beside it.
    #[arg(long, value_enum, default_value_t = Believe::Coordinate, value_name = "WHICH")]
    pub(super) conflict: Believe,
    /// Do not place rows by other rows that bear the same address or street and a coordinate.
    #[arg(long)]
    pub(super) no_learn: bool,
    /// Where to write; standard output if left out.
    #[arg(short, long, value_name = "OUT.csv")]
    pub(super) output: Option<PathBuf>,
}
