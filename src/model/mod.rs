//! The nouns: plain data, no input or output, no algorithms.
//!
//! Whatever comes by the million is held in columns ([`report::Reports`]); the rest are plain structs.
//! An index into a column or list is a `u32`, and [`NONE`] where there is nothing to point at.

pub mod address;
pub mod area;
pub mod asset;
pub mod kind;
pub mod location;
pub mod report;
pub mod round;
pub mod service;
pub mod street;
pub mod text;
pub mod track;

/// The index that points at nothing.
pub const NONE: u32 = u32::MAX;

/// `index` as something to index with, unless it is [`NONE`].
pub fn some(index: u32) -> Option<usize> {
    (index != NONE).then_some(index as usize)
}
