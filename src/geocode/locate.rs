//! Reports in, where each of them is out.
//!
//! A coordinate that came with the report is kept unless it is a default point; then the number of an asset, the
//! address by the register, the address by other reports that bear it, in the order of how fine they are.

use std::sync::Arc;

use super::known::{About, Agreement, Found};
use super::{Conflict, Geocoder, Located, Status, normalise};
use crate::issue::{Code, Issues};
use crate::model::NONE;
use crate::model::location::Placed;
use crate::model::report::Reports;
use crate::progress::Progress;

/// What the place of a report rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// Its own coordinate.
    Given,
    /// Its address, as far as that is known.
    Address,
    /// Neither: they contradict each other, and the project says so.
    Neither,
}

impl Geocoder<'_> {
    /// Places every report.
    pub fn locate(&self, reports: &Reports, issues: &mut Issues, progress: &dyn Progress) -> Located {
        let known = self.know(reports, &|_answer| (), progress);
        let mut located = Located::default();
        for report in 0..reports.len() {
            let about = known.about(reports, report);
            let choice = self.choice(&about);
            let found = match choice {
                Choice::Given => Found::given(about.given, about.address_that_agrees()),
                Choice::Address => self.by_address(reports, report, &about),
                Choice::Neither => Found::nothing(),
            };
            located.push(&found);
            tell(reports, report, &about, issues);
            if found.placed == Placed::None && choice == Choice::Address {
                tell_unplaced(reports, report, &about, issues);
            }
        }
        located
    }

    /// Which to believe of a report's coordinate and its address.
    pub(super) fn choice<K>(&self, about: &About<'_, K>) -> Choice {
        if !about.given.is_somewhere() {
            return Choice::Address;
        }
        match (about.agreement, self.options.conflict) {
            (Agreement::Far, Conflict::Address) => Choice::Address,
            (Agreement::Far, Conflict::Drop) => Choice::Neither,
            _ => Choice::Given,
        }
    }

    /// Where a report lies by its address; else by the number of an asset that its text names.
    fn by_address<K>(&self, reports: &Reports, report: usize, about: &About<'_, K>) -> Found {
        if let Some(place) = about.learned {
            return Found::learned(place);
        }
        let found = about.meant.map(|meant| meant.found).filter(|found| found.status == Status::Accepted);
        let in_text = || self.asset_in(text_of(reports, report));
        found.or_else(in_text).unwrap_or_else(Found::nothing)
    }

    /// The asset that free text names by its number.
    fn asset_in(&self, text: &str) -> Option<Found> {
        let folded = normalise::fold(text);
        self.named_asset(&normalise::tokens(&folded)).map(|answer| Found::of(&answer))
    }
}

impl<K> About<'_, K> {
    /// The register's row for the address, where it lies near the coordinate.
    fn address_that_agrees(&self) -> u32 {
        let meant = self.meant.filter(|_| self.agreement == Agreement::Near);
        meant.map_or(NONE, |meant| meant.found.address)
    }
}

/// Adds what is wrong with the coordinate of a report.
fn tell<K>(reports: &Reports, report: usize, about: &About<'_, K>, issues: &mut Issues) {
    let code = match about.agreement {
        _ if about.is_default => Code::DefaultPoint,
        Agreement::Far => Code::CoordinateFarFromAddress,
        _ => return,
    };
    let given = reports.given[report];
    let pair = format!("{:.1} {:.1}", given.x, given.y);
    issues.add(source(reports, report), u64::from(reports.row[report]), "coordinate", code, &pair);
}

/// Adds why a report could not be placed.
fn tell_unplaced<K>(reports: &Reports, report: usize, about: &About<'_, K>, issues: &mut Issues) {
    let (column, code) = match about.meant.map(|meant| meant.found.status) {
        Some(Status::Ambiguous) => ("address", Code::AddressAmbiguous),
        Some(_) => ("address", Code::AddressNotFound),
        None => ("", Code::NoPlace),
    };
    issues.add(source(reports, report), u64::from(reports.row[report]), column, code, "");
}

fn source(reports: &Reports, report: usize) -> &Arc<str> {
    &reports.sources[usize::from(reports.source[report])]
}

impl Located {
    fn push(&mut self, found: &Found) {
        self.at.push(found.at);
        self.placed.push(found.placed);
        self.level.push(found.level);
        self.accuracy_m.push(found.accuracy_m);
        self.score.push(if found.placed == Placed::None { f32::NAN } else { found.score });
        self.address.push(if found.placed == Placed::None { NONE } else { found.address });
    }
}

/// The free text of a report; sources without any leave the column empty.
fn text_of(reports: &Reports, report: usize) -> &str {
    if report < reports.text.len() { reports.text.get(report) } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geocode::Options;
    use crate::geocode::tests::{at, reports, town};
    use crate::model::location::Level;
    use crate::progress::Silent;
    use crate::unit::Local;

    #[test]
    fn a_coordinate_far_from_its_address_gives_way_as_the_project_says() {
        let (addresses, streets) = town();
        let reports = reports([(at(900.0, 0.0), "Kerkstraat 12 Dorp")]);
        let expected = [
            (Conflict::Coordinate, Placed::Given, Some(at(900.0, 0.0))),
            (Conflict::Address, Placed::Address, Some(at(120.0, 8.0))),
            (Conflict::Drop, Placed::None, None),
        ];
        for (conflict, placed, place) in expected {
            let options = Options { conflict, ..Options::default() };
            let mut issues = Issues::new();
            let located =
                Geocoder::build(&addresses, &streets, &options).locate(&reports, &mut issues, &Silent);
            assert_eq!(located.placed, [placed]);
            assert_eq!(Some(located.at[0]).filter(|at| at.is_somewhere()), place);
            assert_eq!(issues.count(Code::CoordinateFarFromAddress), 1);
        }
    }

    #[test]
    fn a_report_without_a_coordinate_lies_where_others_with_its_address_do() {
        let (addresses, streets) = town();
        let rows = [
            (at(500.0, 500.0), "Elm Street 4"),
            (at(502.0, 500.0), "Elm Street 4"),
            (Local::NOWHERE, "Elm St 4"),
        ];
        let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
        let located = geocoder.locate(&reports(rows), &mut Issues::new(), &Silent);
        assert_eq!((located.placed[2], located.level[2]), (Placed::Learned, Level::Reported));
        assert!(located.at[2].distance_m(at(500.0, 500.0)) <= 2.0);
    }
}
