//! Given coordinates in, those that are only where the counter stands out.
//!
//! A call without a place is filed under the town hall, the middle of the map or the depot. Such a point
//! gives itself away by the addresses: a real place has one or two, a default point has hundreds. How often
//! it occurs says nothing; a troublesome corner occurs often too, under its own address.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::{Options, normalise};
use crate::model::NONE;
use crate::model::report::Reports;
use crate::unit::Local;

/// Whether the given coordinate of each report is a default point.
pub(super) fn find(reports: &Reports, options: &Options) -> Vec<bool> {
    let mut rows_of = vec![0u32; reports.sources.len()];
    let mut points: Vec<(u16, (i64, i64), u32)> = Vec::new();
    for (report, (&source, &at)) in (0u32..).zip(reports.source.iter().zip(&reports.given)) {
        rows_of[usize::from(source)] += 1;
        if at.is_somewhere() {
            points.push((source, decimetres(at), report));
        }
    }
    points.par_sort_unstable();
    let mut is_default = vec![false; reports.len()];
    for here in points.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let share = options.default_point_share * f64::from(rows_of[usize::from(here[0].0)]);
        let is_crowded = here.len() as f64 >= share.max(f64::from(options.default_point_reports));
        let here = || here.iter().map(|&(_, _, report)| report as usize);
        if is_crowded && addresses(reports, here()) >= options.default_point_addresses as usize {
            here().for_each(|report| is_default[report] = true);
        }
    }
    is_default
}

/// How many different addresses these reports bear.
fn addresses(reports: &Reports, here: impl Iterator<Item = usize>) -> usize {
    let words: FxHashSet<u32> = here.map(|report| reports.address[report]).collect();
    let texts = words.into_iter().filter(|&word| word != NONE);
    let keys: FxHashSet<String> = texts.map(|word| normalise::squeezed(reports.words.get(word))).collect();
    keys.iter().filter(|key| !key.is_empty()).count()
}

/// The same coordinate, projected twice, may differ in its last bits.
#[expect(clippy::cast_possible_truncation, reason = "the Earth is 4e8 decimetres round")]
fn decimetres(at: Local) -> (i64, i64) {
    ((at.x * 10.0).round() as i64, (at.y * 10.0).round() as i64)
}
