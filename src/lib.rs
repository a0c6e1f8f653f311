//! `paaltje` analyses citizens' reports about public space: it tells a city **where** something keeps going
//! wrong, **why**, **what to change** and what that costs.
//!
//! The modules stand in the order in which data flow. A module uses what stands above it, never what stands
//! below; `tests/it/layers.rs` holds it. Start reading at `pipeline::run`.

// Words that every room uses.
pub mod error;
pub mod issue;
pub mod progress;
pub mod unit;
pub mod period;
pub mod place;
pub mod random;

// Numbers in, numbers out.
pub mod stats;

// Nouns.
pub mod model;

// Stages, in the order in which a run goes through them.
pub mod import;
pub mod geocode;
pub mod link;
pub mod dedupe;
pub mod index;
pub mod network;
pub mod hotspots;
pub mod collection;
pub mod adjust;
pub mod findings;

// What comes out.
pub mod draw;
pub mod export;
pub mod simulate;

// What holds it together.
pub mod project;
pub mod pipeline;
pub mod cli;
