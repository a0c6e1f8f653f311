//! Services as the trucks log them: when a site was emptied, and how much was in it.

use crate::model::NONE;

/// One emptying of a site: its lifts that follow each other closely, taken together.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The first lift, seconds UTC.
    pub begun: i64,
    /// The last lift, seconds UTC.
    pub ended: i64,
    /// How many lifts: containers, or a container lifted again.
    pub lifts: u32,
    /// Kilograms of all lifts; NaN where they were not weighed.
    pub kg: f64,
    /// Litres of all lifts; NaN where nobody says.
    pub litres: f64,
    /// How full it was, share of its capacity, as crew or sensor say; the fullest of the lifts. NaN where nobody says.
    pub full: f64,
    /// What the crew noted, as an index into [`Services::codes`]; [`NONE`] without.
    pub code: u32,
}

impl Service {
    /// One lift of `kg` kilograms at `at` (seconds UTC) of which nothing else is known.
    pub fn weighed(at: i64, kg: f64) -> Self {
        Self { begun: at, ended: at, lifts: 1, kg, litres: f64::NAN, full: f64::NAN, code: NONE }
    }
}

/// The crew came to a site and did not empty it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotEmptied {
    /// Index into [`Services::sites`].
    pub site: u32,
    /// When, seconds UTC.
    pub at: i64,
    /// What it noted, as an index into [`Services::codes`].
    pub code: u32,
}

/// All logged services.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Services {
    /// The ids of the sites, ascending.
    pub sites: Vec<String>,
    /// The services of each site, in the order of time.
    pub of_site: Vec<Vec<Service>>,
    /// The words of the crews' codes, ascending.
    pub codes: Vec<String>,
    /// When the crew came in vain, in the order of site and time.
    pub not_emptied: Vec<NotEmptied>,
}

impl Services {
    /// The index of the site called `id`.
    pub fn site(&self, id: &str) -> Option<usize> {
        self.sites.binary_search_by(|known| known.as_str().cmp(id)).ok()
    }

    /// How many services there are.
    pub fn len(&self) -> usize {
        self.of_site.iter().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.of_site.iter().all(Vec::is_empty)
    }

    /// When the crew came to a site in vain, in the order of time.
    pub fn in_vain(&self, site: usize) -> &[NotEmptied] {
        let before = |site: usize| self.not_emptied.partition_point(|visit| (visit.site as usize) < site);
        &self.not_emptied[before(site)..before(site + 1)]
    }
}
