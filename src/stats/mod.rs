//! Numbers in, numbers out: statistics that know nothing of reports.

pub mod normal;
pub mod poisson;
pub mod correct;
pub mod weights;
pub mod permute;
pub mod trend;
pub mod grid;
pub mod density;
pub mod scan;

#[cfg(test)]
pub(crate) mod reference;
