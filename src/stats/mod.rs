//! Numbers in, numbers out: statistics that know nothing of reports.

pub mod normal;
pub mod poisson;
pub mod correct;
pub mod weights;
pub mod permute;
pub mod trend;
pub mod mann_kendall;
pub mod grid;
pub mod knox;
pub mod density;

#[cfg(test)]
pub(crate) mod reference;
