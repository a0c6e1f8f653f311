//! Numbers in, numbers out: statistics that know nothing of reports.

pub mod normal;
pub mod poisson;
pub mod correct;
pub mod weights;
pub mod permute;
pub mod moran;
pub mod trend;
pub mod mann_kendall;
pub mod grid;
pub mod knox;
mod union;
pub mod density;
pub mod hdbscan;
pub mod scan;
pub mod kernel;
pub mod relative_risk;
pub mod network_kernel;
pub mod overdispersion;
pub mod line_scan;

#[cfg(test)]
pub(crate) mod reference;
