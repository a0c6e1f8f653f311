//! Rounds in, other rounds over the same stops out: the plan of a whole district anew, where changing one trip at
//! a time leads no further.
//!
//! [`search`] knows loads, shifts and hours at which places may be served, [`districts`] what a project knows of
//! them: no hours, and no truck that unloads and goes out again.

mod district;
mod problem;
mod search;

pub use district::{District, Work, districts};
pub use problem::{NEVER, Problem, Solution};
pub use search::{search, search_while};

#[cfg(test)]
mod tests;
