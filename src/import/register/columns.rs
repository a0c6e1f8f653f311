//! Which column of a register holds what: named by the project, or guessed by the names that registers use.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::import::columns;
use crate::import::open::SourceFile;

/// The columns of a register. All of them are guessed from common names where they are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterColumns {
    /// Street name.
    pub street: Option<String>,
    /// House number, with or without letter and addition.
    pub number: Option<String>,
    /// Letter or addition, where it has a column of its own.
    pub suffix: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// Town or municipality.
    pub city: Option<String>,
    /// Another name of the street, as in `Burg. Jansenstr`.
    pub alias: Option<String>,
    /// Degrees east.
    pub lon: Option<String>,
    /// Degrees north.
    pub lat: Option<String>,
    /// Easting in `crs`.
    pub x: Option<String>,
    /// Northing in `crs`.
    pub y: Option<String>,
    /// The id in the register.
    pub id: Option<String>,
    /// Street and number in one text, where they have no columns of their own.
    pub address: Option<String>,
}

/// What an address consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Street,
    Number,
    Suffix,
    /// The second column of a suffix: the addition after the letter.
    Addition,
    Postcode,
    City,
    Alias,
    Lon,
    Lat,
    X,
    Y,
    Id,
    Address,
}

impl Part {
    pub(super) const ALL: [Self; 13] = [
        Self::Street,
        Self::Number,
        Self::Suffix,
        Self::Addition,
        Self::Postcode,
        Self::City,
        Self::Alias,
        Self::Lon,
        Self::Lat,
        Self::X,
        Self::Y,
        Self::Id,
        Self::Address,
    ];

    /// Names that registers give to this column, most telling first.
    fn guesses(self) -> &'static [&'static str] {
        match self {
            Self::Street => &[
                "street",
                "street_name",
                "streetname",
                "openbareruimte",
                "openbare_ruimte",
                "openbare_ruimte_naam",
                "straatnaam",
                "straat",
                "addr:street",
                "full_street_name",
                "st_name",
                "strasse",
                "straße",
                "strassenname",
                "nom_voie",
                "rue",
                "road",
            ],
            Self::Number => &[
                "number",
                "house_number",
                "housenumber",
                "huisnummer",
                "addr:housenumber",
                "street_number",
                "addrnum",
                "hausnummer",
                "hnr",
                "numero",
                "nr",
            ],
            Self::Suffix => &["suffix", "huisletter", "huis_letter", "house_letter", "adresszusatz"],
            Self::Addition => {
                &["huisnummertoevoeging", "huisnummer_toevoeging", "toevoeging", "addition", "unit"]
            }
            Self::Postcode => {
                &["postcode", "postal_code", "zip", "zipcode", "zip_code", "addr:postcode", "plz"]
            }
            Self::City => &[
                "city",
                "woonplaats",
                "woonplaats_naam",
                "town",
                "addr:city",
                "municipality",
                "gemeente",
                "ort",
                "place",
            ],
            Self::Alias => &["alias", "verkorteopenbareruimte", "openbare_ruimte_naam_kort"],
            Self::Lon => &["lon", "lng", "longitude", "long"],
            Self::Lat => &["lat", "latitude"],
            Self::X => &["x", "easting"],
            Self::Y => &["y", "northing"],
            Self::Id => &[
                "id",
                "nummeraanduiding",
                "address_id",
                "mar_id",
                "object_id",
                "objectid",
                "identificatie",
                "hash",
            ],
            Self::Address => &["address", "full_address", "fulladdress", "adres", "adresse"],
        }
    }

    /// What the project says about this column.
    fn setting(self, columns: &RegisterColumns) -> Option<&str> {
        match self {
            Self::Street => columns.street.as_deref(),
            Self::Number => columns.number.as_deref(),
            Self::Suffix => columns.suffix.as_deref(),
            Self::Addition => None,
            Self::Postcode => columns.postcode.as_deref(),
            Self::City => columns.city.as_deref(),
            Self::Alias => columns.alias.as_deref(),
            Self::Lon => columns.lon.as_deref(),
            Self::Lat => columns.lat.as_deref(),
            Self::X => columns.x.as_deref(),
            Self::Y => columns.y.as_deref(),
            Self::Id => columns.id.as_deref(),
            Self::Address => columns.address.as_deref(),
        }
    }
}

/// Where in a header each part of an address stands.
#[derive(Debug, Clone)]
pub(super) struct Chosen([Option<usize>; Part::ALL.len()]);

impl Chosen {
    /// Looks every part up: what the project names must be there, what is guessed may be.
    ///
    /// # Errors
    /// When a named column is missing, or neither street and number nor an address in one text is known.
    pub(super) fn find(file: &SourceFile, header: &[String], columns: &RegisterColumns) -> Result<Self> {
        let mut at = [None; Part::ALL.len()];
        for part in Part::ALL {
            at[part as usize] = match part.setting(columns) {
                Some(name) => Some(columns::position(file, header, name)?),
                None => part
                    .guesses()
                    .iter()
                    .find_map(|guess| header.iter().position(|name| name.eq_ignore_ascii_case(guess))),
            };
        }
        let chosen = Self(at);
        if chosen.has(Part::Address) || chosen.has(Part::Street) && chosen.has(Part::Number) {
            return Ok(chosen);
        }
        Err(missing(file, header, "street and house number", "`columns.street` and `columns.number`"))
    }

    /// The position of a part in the header.
    pub(super) fn at(&self, part: Part) -> Option<usize> {
        self.0[part as usize]
    }

    /// Whether there is a column for it.
    pub(super) fn has(&self, part: Part) -> bool {
        self.at(part).is_some()
    }

    /// The names of the columns of the parts that `is_used`, in the order of their meaning.
    pub(super) fn names(&self, header: &[String], is_used: impl Fn(Part) -> bool) -> String {
        let used = Part::ALL.into_iter().filter(|&part| is_used(part));
        let names = used.filter_map(|part| header.get(self.at(part)?).map(String::as_str));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Says which columns there are, and what to set.
pub(super) fn missing(file: &SourceFile, header: &[String], what: &str, setting: &str) -> Error {
    let names: Vec<String> = header.iter().map(|name| format!("`{name}`")).collect();
    let hint = format!("set {setting} under [[sources.register]]; the columns are {}", names.join(", "));
    Error::unreadable(&file.path, format!("it has no column that is known to hold {what}"), hint)
}
