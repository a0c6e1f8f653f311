//! What is not as it should be about a match: named faults, each with its penalty.

use crate::model::location::Level;

/// Declares [`Fault`] from one table: variant, name in `geo_faults`, penalty, meaning.
macro_rules! faults {
    ($($variant:ident = $name:literal, $penalty:literal, $meaning:literal;)+) => {
        /// Something about a match that is not as it should be. The score is 100 less all penalties, after
        /// the geocoder of British Columbia (bcgov/ols-geocoder), whose weights these are where it has them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $(#[doc = $meaning] $variant,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in `geo_faults`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Points off the score.
            pub fn penalty(self) -> f64 {
                match self { $(Self::$variant => $penalty,)+ }
            }

            /// What it means, for people.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }
    };
}

faults! {
    StreetAlias = "street_alias", 1.0, "the street was found by another of its names";
    StreetMisspelt = "street_misspelt", 6.0, "a letter of the street's name is wrong, missing, too much or in another place; said once for each";
    TypeMissing = "type_missing", 6.0, "street, avenue, plein or the like is missing";
    TypeAdded = "type_added", 3.0, "the register has no street, avenue, plein or the like in this name";
    DirectionMissing = "direction_missing", 6.0, "north, NW or the like is missing";
    DirectionAdded = "direction_added", 6.0, "the register has no such direction in this name";
    NumberMissing = "number_missing", 10.0, "no house number";
    NumberNotFound = "number_not_found", 15.0, "the house number is not in the register, nor neighbours to place it between";
    NumberInterpolated = "number_interpolated", 4.0, "the house number lies between two that the register holds";
    NumberInBlock = "number_in_block", 8.0, "the register lacks this house number but has others of the same block of a hundred";
    SuffixMissing = "suffix_missing", 1.0, "the register has this number only with letters or additions";
    SuffixNotMatched = "suffix_not_matched", 2.0, "the register has this number without this letter or addition";
    RangeOfNumbers = "range_of_numbers", 2.0, "a range of numbers; its middle is taken";
    RegisterContradicts = "register_contradicts", 8.0, "the register holds this address in several places; most agree";
    PostcodeDisagrees = "postcode_disagrees", 12.0, "the postcode is another one there";
    CityDisagrees = "city_disagrees", 35.0, "the town is another one there";
    LocalityUnknown = "locality_unknown", 3.0, "words after the address that name no known town";
    UnknownWords = "unknown_words", 33.0, "words within the address that are not understood";
    NearOnly = "near_only", 5.0, "a place near the address, not the address";
    CoordinateFar = "coordinate_far", 0.0, "the coordinate that came with the address lies far from it; the score is that of the address alone";
    DefaultPoint = "default_point", 0.0, "the coordinate that came with the address is where the counter stands: many others came with it; it is not used";
    Learned = "learned", 0.0, "the register does not place it; other rows with a coordinate bear this address, or this street";
    Uncorroborated = "uncorroborated", 25.0, "an incomplete or misspelt street name that no number, postcode, town or crossing confirms";
}

/// A score: 100 less the penalties, never below 0.
pub(super) fn score(faults: &[Fault]) -> f64 {
    (100.0 - faults.iter().map(|fault| fault.penalty()).sum::<f64>()).max(0.0)
}

/// Metres that hold the true place in 95 of 100 cases, by level and by what the level rests on: the gap
/// between the neighbours, the length of the range, the radius of the street.
///
/// Addresses held out of a register of Boston lay 14 m off in 95 of 100 cases between neighbours up to 60 m
/// apart and 33 m up to 200 m; requests of Washington lay farther from an independent register. The values
/// here were set on the latter, so they are not tested by it: another city may need others.
pub(super) fn accuracy_m(level: Level, extent_m: f64) -> f64 {
    match level {
        Level::Point => GIVEN_M,
        Level::Rooftop => 12.0,
        Level::RooftopMainNumber | Level::Opposite | Level::Near | Level::Reported => 15.0 + extent_m,
        Level::Asset => 10.0,
        Level::Interpolated if extent_m <= 60.0 => 25.0,
        Level::Interpolated => 50.0,
        Level::Range | Level::Between => 20.0 + extent_m / 2.0,
        Level::Crossing | Level::End => 25.0 + extent_m,
        Level::Street | Level::Postcode | Level::Area => extent_m.max(100.0),
        Level::None => f64::NAN,
    }
}

/// Metres that a coordinate given with a report is taken to be good to. Assumed, not measured: no source says.
const GIVEN_M: f64 = 25.0;

/// Metres to add for a place that is only near an address.
pub(super) const NEAR_M: f64 = 25.0;
