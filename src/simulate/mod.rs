//! Streets, assets and a seed in; a season of rounds, tracks and reports out, with the truth behind them.
//!
//! Bins fill, trucks drive the planned rounds over the network and leave some stops out, people report what
//! they see, bollards are knocked over. The same seed gives the same season, byte for byte. Where a city has
//! too few bins for its rounds, some are made up and marked `synthetic`. A [`Town`] lives on: its next season
//! can be driven by other rounds, to see what they would change. Not simulated: weight and volume of a truck's
//! load, trips to the tip, and traffic jams.

mod bins;
mod bollards;
mod chance;
mod crowd;
mod drive;
mod fill;
mod options;
mod phrases;
mod roads;
mod rounds;
mod tell;
mod town;
mod write;

#[cfg(test)]
mod tests;

pub use crowd::Crowd;
pub use options::Options;
pub use town::Town;

use crate::error::Result;
use crate::model::address::Addresses;
use crate::model::asset::Asset;
use crate::model::kind::{Kind, Language};
use crate::model::round::Rounds;
use crate::model::street::Streets;
use crate::model::track::Track;
use crate::network::Network;
use crate::period::{Clock, Day};
use crate::place::Plane;
use crate::random::Random;
use crate::unit::Local;

use chance::Chance;

/// The city in which a season takes place.
#[derive(Debug, Clone, Copy)]
pub struct City<'a> {
    /// Its streets.
    pub streets: &'a Streets,
    /// The network that the trucks drive on.
    pub network: &'a Network,
    /// Its addresses: some people give one instead of a coordinate.
    pub addresses: &'a Addresses,
    /// Its bins and bollards; other kinds are left alone.
    pub assets: &'a [Asset],
    /// Where a bin could stand: bus stops, benches, restaurants.
    pub places: &'a [Local],
    /// Its clock.
    pub clock: &'a Clock,
    /// Its plane.
    pub plane: &'a Plane,
    /// The language in which people report.
    pub language: Language,
}

/// A simulated season: what a city would have on file, and the truth behind it.
#[derive(Debug, Clone)]
pub struct Season {
    /// The seed that it grew from.
    pub seed: u64,
    /// The settings that it was made with.
    pub options: Options,
    /// Bins and containers, surveyed and synthetic, in the order of their ids.
    pub bins: Vec<Asset>,
    /// Bollards in the order of their ids.
    pub bollards: Vec<Asset>,
    /// The planned rounds.
    pub rounds: Rounds,
    /// The driven rounds, one track per truck.
    pub tracks: Vec<Track>,
    /// What people reported, in the order of time.
    pub reports: Vec<Told>,
    /// What became of every planned visit, in the order of day, round and sequence.
    pub visits: Vec<TrueVisit>,
    /// What each stop is like; parallel to the stops of `rounds`.
    pub stops: Vec<TrueStop>,
    /// What each bollard is like; parallel to `bollards`.
    pub knocks: Vec<TrueBollard>,
    /// The planted places: busy quarters first.
    pub places: Vec<TruePlace>,
    /// Hours during which each stop was full; parallel to the stops of `rounds`.
    pub overflow_h: Vec<f64>,
    /// Seconds for which the trucks were away from the depot, driving and emptying, all together.
    pub work_s: f64,
    /// Whether its rounds were given ([`Town::season_under`]) and not its town's own.
    pub is_under_given_rounds: bool,
}

/// A report as somebody made it, with the truth behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its id: `syn`, the seed and a running number in the order of time.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// The city's word for that.
    pub category: &'static str,
    /// When it was made, seconds UTC.
    pub opened: i64,
    /// When it was closed, seconds UTC; [`NEVER`](crate::period::NEVER) while it is open.
    pub closed: i64,
    /// The place it really is about.
    pub about: Local,
    /// The coordinate that it came with.
    pub given: Given,
    /// The address that it came with; empty for most.
    pub address: String,
    /// Its text; empty for many.
    pub text: &'static str,
    /// The asset it is about; empty where it is about none.
    pub asset_id: String,
    /// The true reason of a waste report at a bin.
    pub reason: Option<TrueReason>,
    /// The id of the report that told the same first; empty for the first.
    pub duplicate_of: String,
}

/// The coordinate of a report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given {
    /// Near the place it is about.
    At(Local),
    /// Longitude 0, latitude 0: what forms send where no place was chosen.
    Zero,
    /// None: only an address.
    Nothing,
}

/// Why a waste report really came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrueReason {
    /// Index into the stops of the rounds; [`NONE`](crate::model::NONE) for a bin that no round plans.
    pub stop: u32,
    /// The name of the diagnosis, as in the layers.
    pub diagnosis: &'static str,
    /// Whether the track shows the visit that decides it.
    pub is_recorded: bool,
}

/// What really became of a planned visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrueVisit {
    /// Index into the routes.
    pub route: u32,
    /// Index into the stops.
    pub stop: u32,
    /// The service day.
    pub day: Day,
    /// When it was planned, seconds UTC.
    pub planned_at: i64,
    /// When the bin was emptied, seconds UTC; [`NEVER`](crate::period::NEVER) if it was not.
    pub served_at: i64,
    /// Why it was not made, or made late.
    pub cause: Cause,
    /// Whether the track shows that moment.
    pub is_recorded: bool,
}

/// Why a visit was not made, or made late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It was made in time.
    None,
    /// Made hours later than planned.
    Late,
    /// The crew leaves the stop out by habit.
    Habitual,
    /// Something stood before the bin.
    Blocked,
    /// Street works.
    StreetClosed,
    /// The truck did not leave the depot.
    RoundCancelled,
}

impl Cause {
    /// As in the truth file.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Late => "late",
            Self::Habitual => "habitual",
            Self::Blocked => "blocked",
            Self::StreetClosed => "street_closed",
            Self::RoundCancelled => "round_cancelled",
        }
    }
}

/// What a stop is really like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueStop {
    /// Index into the routes.
    pub route: u32,
    /// Share of what it holds that comes in on a day.
    pub fill_per_day: f64,
    /// Whether it is too small for its place.
    pub is_undersized: bool,
    /// Whether the crew leaves it out by habit.
    pub is_habitually_skipped: bool,
}

/// What a bollard is really like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueBollard {
    /// Whether it was planted to be hit again and again.
    pub is_repeat: bool,
    /// Times in a year that it is hit, on average.
    pub rate_per_year: f64,
    /// The day from which on that holds.
    pub from: Day,
    /// How often it was hit.
    pub n_hits: u32,
}

/// A planted place where one kind of report comes in far more often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruePlace {
    /// The kind.
    pub kind: Kind,
    /// Its centre.
    pub at: Local,
    /// The radius that holds two thirds of its reports.
    pub radius_m: f64,
    /// The day on which it starts.
    pub from: Day,
    /// The day on which it ends.
    pub to: Day,
    /// How often something happened there.
    pub n_events: u32,
}

/// What every part of a simulation needs.
#[derive(Clone, Copy)]
struct Scene<'a> {
    city: &'a City<'a>,
    options: &'a Options,
    random: Random,
    /// Whether each thing has dice of its own, so that other rounds change nothing but what they cause.
    is_for_comparison: bool,
}

impl Scene<'_> {
    /// The dice of the item `key` of `purpose`.
    fn chance(&self, purpose: &str, key: u64) -> Chance {
        Chance::new(self.random, purpose, key)
    }
}

/// A season in `city`.
///
/// # Errors
/// When the settings cannot be used, or the city has no bin or no streets that a truck can drive.
pub fn season(city: &City<'_>, options: &Options, random: &Random) -> Result<Season> {
    Ok(Town::new(city, options, random)?.season())
}
