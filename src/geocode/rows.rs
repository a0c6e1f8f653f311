//! Rows of a table in, an answer for each out: where [`Geocoder::locate`] would put it, and all that is known about
//! the address besides.

use super::known::{About, Agreement};
use super::learned::Place;
use super::locate::Choice;
use super::{Answer, Fault, Geocoder, Status, score};
use crate::model::NONE;
use crate::model::location::Level;
use crate::model::report::Reports;
use crate::progress::Progress;
use crate::unit::Local;

impl Geocoder<'_> {
    /// What becomes of every row, as [`Geocoder::locate`] would place it. Of a row that keeps its own coordinate,
    /// label, score, faults and candidates are those of its address.
    pub fn answers(&self, rows: &Reports, progress: &dyn Progress) -> Vec<Answer> {
        let known = self.know(rows, &|answer| answer, progress);
        (0..rows.len()).map(|row| self.answer(&known.about(rows, row))).collect()
    }

    fn answer(&self, about: &About<'_, Answer>) -> Answer {
        let mut answer = about.meant.map_or_else(Answer::nothing, |meant| meant.kept.clone());
        match (self.choice(about), about.learned) {
            (Choice::Given, _) => {
                answer.lies(about.given, Level::Point, score::accuracy_m(Level::Point, 0.0));
            }
            (Choice::Neither, _) => answer.lies(Local::NOWHERE, Level::None, f64::NAN),
            (Choice::Address, Some(place)) => answer = Answer::learned(place),
            (Choice::Address, None) => {}
        }
        answer.status = match answer.status {
            _ if about.agreement == Agreement::Far => Status::Conflict,
            _ if about.given.is_somewhere() => Status::GivenKept,
            Status::Accepted if about.is_default => Status::DefaultPointReplaced,
            status => status,
        };
        let is_far = about.agreement == Agreement::Far;
        answer.faults.extend(is_far.then_some(Fault::CoordinateFar));
        answer.faults.extend(about.is_default.then_some(Fault::DefaultPoint));
        answer
    }
}

impl Answer {
    fn lies(&mut self, at: Local, level: Level, accuracy_m: f64) {
        (self.at, self.level, self.accuracy_m) = (at, level, accuracy_m);
    }

    /// Where other rows put it.
    fn learned(Place { at, level, accuracy_m }: Place) -> Self {
        let faults = vec![Fault::Learned];
        let status = Status::Accepted;
        Self { status, at, level, accuracy_m, faults, address: NONE, ..Self::nothing() }
    }
}
