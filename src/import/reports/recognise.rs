//! A file that nobody has described yet in, a guess at what is in it out; `paaltje init` writes it down.
//!
//! Columns are guessed by their names only, from the dialects of the platforms and open-data portals met so
//! far; systems of coordinates and zones by where the values lie.

use super::rows::{Batch, Gathered, Origin};
use super::{Columns, Noticed, ReportSource};
use crate::error::{Error, Result};
use crate::import::dates::{Converter, Order};
use crate::import::open::SourceFile;
use crate::model::NONE;
use crate::period::Clock;
use crate::place::Crs;
use crate::unit::LonLat;

/// What a file of reports seems to hold.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
pub struct Guess {
    /// The format's name.
    pub format: &'static str,
    /// Whether what its columns are called is part of the format.
    pub has_own_columns: bool,
    /// What was noticed about it, as in `delimiter: comma`.
    pub noticed: Vec<String>,
    /// Which column holds what.
    pub columns: Columns,
    /// How its dates are written, in words.
    pub dates: String,
    /// Whether its times carry an offset from UTC.
    pub has_offsets: bool,
    /// Whether those times seem to be local all the same (`local_times`): read as they are written, citizens
    /// sleep at night; read with their offset, they do not.
    pub has_local_times: bool,
    /// The reference system of `x` and `y` as in `EPSG:28992`, where the values tell.
    pub crs: Option<String>,
    /// Whether any row has a coordinate whose place on Earth is known.
    pub has_place: bool,
    /// Whether longitude and latitude seem to be swapped.
    pub is_swapped: bool,
    /// Whether most rows show the same place and category again on following days.
    pub has_resightings: bool,
    /// The words for categories with their counts, most frequent first.
    pub categories: Vec<(String, u64)>,
    /// The time zone around the coordinates, where it is known.
    pub zone: Option<&'static str>,
    /// Rows in the file.
    pub rows: u64,
    /// Rows with an opening time.
    pub usable: u64,
}

/// Names of columns as exports write them, folded to lower-case letters and digits, likeliest first.
const DIALECTS: [(&str, &[&str]); 14] = [
    (
        "id",
        &[
            "id",
            "reportid",
            "servicerequestid",
            "requestid",
            "caseenquiryid",
            "caseid",
            "uniquekey",
            "srnumber",
            "servicerequestnumber",
            "ticketid",
            "signalid",
            "meldingid",
            "meldingnummer",
            "meldingsnummer",
            "zaaknummer",
            "meldungsid",
            "meldungsnummer",
            "vorgangsnummer",
            "vorgangsid",
            "nummer",
            "number",
            "reference",
            "referentie",
            "referencenumber",
            "key",
            "uuid",
            "guid",
            "objectid",
        ],
    ),
    (
        "category",
        &[
            "subcategory",
            "subcategorie",
            "unterkategorie",
            "categorychild",
            "subcategoryname",
            "categorysub",
            "sub",
            "servicename",
            "servicecodedescription",
            "category",
            "categorie",
            "kategorie",
            "rubriek",
            "rubrik",
            "complainttype",
            "requesttype",
            "servicetype",
            "srtype",
            "typeofservicerequest",
            "issuetype",
            "problemtype",
            "type",
            "calldescription",
            "problemcode",
            "servicecode",
            "calltype",
            "meldingtype",
            "meldingsoort",
            "soortmelding",
            "soort",
            "thema",
            "onderwerp",
            "anliegen",
            "categorymain",
            "main",
            "reason",
            "subject",
            "betreff",
            "casetitle",
            "title",
            "titel",
        ],
    ),
    (
        "opened",
        &[
            "opened",
            "openedat",
            "openeddate",
            "opendt",
            "opendate",
            "opendatetime",
            "requesteddatetime",
            "createdat",
            "createddate",
            "createddatetime",
            "created",
            "datecreated",
            "creationdate",
            "creationdatetime",
            "requestdate",
            "requesteddate",
            "datetimeinit",
            "adddate",
            "dateadded",
            "reportedat",
            "reporteddate",
            "reported",
            "submitted",
            "submittedat",
            "datereceived",
            "receiveddate",
            "firstseenattimestamp",
            "meldedatum",
            "meldungsdatum",
            "gemeldetam",
            "gemeldet",
            "datummelding",
            "meldingdatum",
            "gemeldop",
            "meldmoment",
            "aanmaakdatum",
            "aangemaakt",
            "aangemaaktop",
            "datumtijd",
            "datumaangemaakt",
            "ingediendop",
            "ontvangen",
            "ontvangenop",
            "erstelltam",
            "erstellt",
            "erstellungsdatum",
            "eingangsdatum",
            "eingang",
            "eingegangenam",
            "incidentdatestart",
            "confirmed",
            "timestamp",
            "datetime",
            "datum",
            "date",
            "day",
            "dag",
            "tag",
        ],
    ),
    (
        "opened_time",
        &[
            "openedtime",
            "opentime",
            "createdtime",
            "timeopened",
            "timecreated",
            "reportedtime",
            "timereported",
            "requesttime",
            "time",
            "tijd",
            "tijdstip",
            "meldtijd",
            "tijdmelding",
            "uhrzeit",
            "zeit",
            "meldezeit",
        ],
    ),
    (
        "closed_time",
        &[
            "closedtime",
            "closetime",
            "timeclosed",
            "resolvedtime",
            "tijdafgehandeld",
            "tijdafsluiting",
            "erledigtzeit",
        ],
    ),
    (
        "closed",
        &[
            "closed",
            "closedat",
            "closeddt",
            "closeddate",
            "closedatetime",
            "closeddatetime",
            "dateclosed",
            "datetimeclosed",
            "resolutiondate",
            "resolveddate",
            "resolvedat",
            "completiondate",
            "completeddate",
            "fixed",
            "afgehandeld",
            "afgehandeldop",
            "afhandeldatum",
            "datumafgehandeld",
            "afgesloten",
            "afgeslotenop",
            "datumafsluiting",
            "sluitdatum",
            "einddatum",
            "erledigtam",
            "erledigt",
            "abgeschlossenam",
            "geschlossenam",
            "abschlussdatum",
        ],
    ),
    (
        "lon",
        &[
            "lon",
            "lng",
            "long",
            "longitude",
            "lengtegraad",
            "langengrad",
            "laengengrad",
            "geolon",
            "xlon",
            "geolongitude",
        ],
    ),
    ("lat", &["lat", "latitude", "breedtegraad", "breitengrad", "geolat", "ylat", "geolatitude"]),
    (
        "x",
        &[
            "x",
            "e",
            "easting",
            "xcoord",
            "xcoordinate",
            "xcoordinaat",
            "rdx",
            "xrd",
            "ost",
            "ostwert",
            "rechtswert",
            "srx",
            "xkoordinate",
            "xcoordinatestateplane",
        ],
    ),
    (
        "y",
        &[
            "y",
            "n",
            "northing",
            "ycoord",
            "ycoordinate",
            "ycoordinaat",
            "rdy",
            "yrd",
            "nord",
            "nordwert",
            "hochwert",
            "sry",
            "ykoordinate",
            "ycoordinatestateplane",
        ],
    ),
    (
        "address",
        &[
            "address",
            "addressstring",
            "addresstext",
            "fulladdress",
            "streetaddress",
            "incidentaddress",
            "locationaddress",
            "probaddress",
            "adres",
            "adrestekst",
            "straatadres",
            "adresse",
            "anschrift",
            "automatischermittelteadresse",
            "addressinput",
            "location",
            "locatie",
            "locatieomschrijving",
            "standort",
            "standplaats",
            "ort",
            "street",
            "straat",
            "strasse",
        ],
    ),
    (
        "text",
        &[
            "description",
            "text",
            "textraw",
            "detail",
            "details",
            "freetext",
            "omschrijving",
            "beschrijving",
            "meldingtekst",
            "meldingstekst",
            "melding",
            "toelichting",
            "beschreibung",
            "nachricht",
            "meldung",
            "meldungstext",
            "comments",
            "comment",
            "opmerking",
            "opmerkingen",
            "bemerkung",
        ],
    ),
    (
        "status",
        &[
            "status",
            "casestatus",
            "requeststatus",
            "serviceorderstatus",
            "srstatus",
            "statusdisplay",
            "state",
            "statedisplay",
            "stand",
            "toestand",
        ],
    ),
    (
        "asset",
        &[
            "assetid",
            "assetnumber",
            "containerid",
            "containernummer",
            "objectnummer",
            "mastnummer",
            "lampnumber",
            "binid",
        ],
    ),
];

/// The columns of a file, by their names.
///
/// # Errors
/// When none of them is known to hold the opening time: without it nothing can be done with a report.
pub fn guess_columns(file: &SourceFile, header: &[String]) -> Result<Columns> {
    let columns = guess_by_name(header);
    if columns.opened.is_some() {
        return Ok(columns);
    }
    let names: Vec<String> =
        header.iter().filter(|name| !name.is_empty()).map(|name| format!("`{name}`")).collect();
    Err(Error::unreadable(
        &file.path,
        "none of its columns is known to hold the opening time",
        format!(
            "say so, as in `columns = {{ opened = \"...\", category = \"...\" }}`; the columns are {}",
            names.join(", ")
        ),
    ))
}

/// The columns whose names are known, whatever they are enough for.
///
/// # Panics
/// Never: every setting has its names.
pub fn guess_by_name(header: &[String]) -> Columns {
    let folded: Vec<String> = header.iter().map(|name| fold(name)).collect();
    let find = |setting: &str| {
        let (_, names) =
            DIALECTS.iter().find(|dialect| dialect.0 == setting).expect("every setting has a dialect");
        let place = names.iter().find_map(|name| folded.iter().position(|known| known == name))?;
        Some(header[place].clone())
    };
    let mut columns = Columns {
        id: find("id"),
        category: find("category"),
        opened: find("opened"),
        closed: find("closed"),
        lon: find("lon"),
        lat: find("lat"),
        x: find("x"),
        y: find("y"),
        address: find("address"),
        text: find("text"),
        status: find("status"),
        opened_time: find("opened_time"),
        closed_time: find("closed_time"),
        asset: find("asset"),
    };
    // Half a coordinate is none, and degrees need no system to be told.
    if columns.lon.is_none() || columns.lat.is_none() {
        (columns.lon, columns.lat) = (None, None);
    }
    if columns.lon.is_some() || columns.x.is_none() || columns.y.is_none() {
        (columns.x, columns.y) = (None, None);
    }
    columns
}

fn fold(name: &str) -> String {
    deunicode::deunicode(name)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// The coordinates of a table that need not hold reports, still unchecked, in the order of its rows. `crs` is the
/// system of `x` and `y`; where it is absent the values have to tell, and `None` comes out where they do not.
pub fn coordinates<'p>(
    file: &SourceFile,
    columns: Columns,
    crs: Option<Crs>,
    pairs: impl Iterator<Item = (&'p str, &'p str)>,
) -> Option<Gathered> {
    let mut batch = Batch::default();
    for (number, (x, y)) in (1u64..).zip(pairs) {
        batch.push_pair(number, x, y);
    }
    let mut gathered = Gathered::default();
    gathered.begin(Origin { name: file.name.clone(), format: "csv", unit_m: 1.0, ..Origin::default() });
    gathered.take(batch);
    let crs = match crs {
        Some(crs) => crs,
        None if !columns.is_projected() => Crs::from_epsg(4326).ok()?,
        None => {
            let (x, y) = gathered.middle()?;
            Crs::parse(&guess_crs(x, y)?).ok()?
        }
    };
    gathered.end(Noticed { columns, ..Noticed::default() }, crs);
    Some(gathered)
}

impl Columns {
    /// As in `id=CASE_ID, opened=OPEN_DT`.
    pub(super) fn describe(&self) -> String {
        let named = self.named();
        let parts: Vec<String> =
            named.iter().filter_map(|(setting, name)| name.map(|name| format!("{setting}={name}"))).collect();
        parts.join(", ")
    }
}

/// Looks through a whole file and guesses what a project file should say about it.
///
/// # Errors
/// When it cannot be read, or has no column that is known to hold the opening time.
pub fn recognise(file: &SourceFile) -> Result<Guess> {
    let source = ReportSource::default();
    let format = source.format_of(file)?;
    let mut gathered = Gathered::default();
    gathered.begin(Origin { name: file.name.clone(), format: format.name(), ..Origin::default() });
    let Noticed { columns, crs, words } = format.read(file, &source, &mut |batch| gathered.take(batch))?;
    let origin = &gathered.origins[0];
    let middle = gathered.middle();
    let crs = crs.or_else(|| middle.filter(|_| columns.is_projected()).and_then(|(x, y)| guess_crs(x, y)));
    let degrees = middle.filter(|_| !columns.is_projected()).map(|(x, y)| LonLat::new(x, y)).or_else(|| {
        let system = Crs::parse(crs.as_deref()?).ok()?;
        middle.and_then(|(x, y)| system.lon_lat(x, y))
    });
    let turned = degrees.map(|at| LonLat::new(at.lat, at.lon));
    let (straight, swapped) = (degrees.and_then(zone_around), turned.and_then(zone_around));
    let order = origin.opened.order().unwrap_or(Order::DayFirst);
    Ok(Guess {
        format: format.name(),
        has_own_columns: format.has_own_columns(),
        has_place: degrees.is_some(),
        noticed: words,
        dates: origin.opened.describe(order),
        has_offsets: origin.opened.has_offsets(),
        has_local_times: origin.opened.has_offsets()
            && straight.or(swapped).is_some_and(|zone| gathered.sleeps_as_written(zone)),
        crs,
        is_swapped: straight.is_none() && swapped.is_some(),
        has_resightings: columns.id.is_none() && gathered.shows_places_again(),
        categories: gathered.categories(),
        zone: straight.or(swapped),
        rows: origin.read,
        usable: gathered.len() as u64,
        columns,
    })
}

impl Gathered {
    /// The median of the coordinates, as they are written.
    fn middle(&self) -> Option<(f64, f64)> {
        let median = |column: &[f64]| {
            let mut values: Vec<f64> =
                column.iter().copied().filter(|value| value.is_finite() && *value != 0.0).collect();
            let half = values.len() / 2;
            (!values.is_empty()).then(|| *values.select_nth_unstable_by(half, f64::total_cmp).1)
        };
        Some((median(&self.x)?, median(&self.y)?))
    }

    fn categories(&self) -> Vec<(String, u64)> {
        let mut counts = vec![0; self.words.len()];
        for &word in self.category.iter().filter(|&&word| word != NONE) {
            counts[word as usize] += 1;
        }
        let mut list: Vec<(String, u64)> = self
            .words
            .iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| (word.to_owned(), count))
            .collect();
        list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        list
    }

    /// Whether fewer than half as many reports fall in the small hours when times are read without their offset.
    fn sleeps_as_written(&self, zone: &str) -> bool {
        const SMALL_HOURS: std::ops::Range<u8> = 1..5;
        let Ok(clock) = Clock::new(zone) else { return false };
        let mut converter = Converter::new(&clock, Order::DayFirst, false, false);
        let (mut as_written, mut with_offset) = (0_usize, 0_usize);
        for &written in &self.opened {
            let (Some(hour), Some((instant, _))) = (written.hour(), converter.instant(written)) else {
                continue;
            };
            as_written += usize::from(SMALL_HOURS.contains(&hour));
            let there = u8::try_from(clock.civil(instant).hour()).expect("hours are not negative");
            with_offset += usize::from(SMALL_HOURS.contains(&there));
        }
        // Fifty reports by night: fewer prove nothing.
        with_offset >= 50 && as_written * 2 < with_offset
    }

    /// Whether at least half of the rows have the category, address and coordinate of another row.
    fn shows_places_again(&self) -> bool {
        let mut seen = rustc_hash::FxHashSet::default();
        let with_place = (0..self.len()).filter(|&row| self.address[row] != NONE && self.x[row].is_finite());
        let (mut all, mut again) = (0_usize, 0_usize);
        for row in with_place {
            all += 1;
            let key = (self.category[row], self.address[row], self.x[row].to_bits(), self.y[row].to_bits());
            again += usize::from(!seen.insert(key));
        }
        all > 100 && again * 2 > all
    }
}

/// The reference system in which a pair lies where people live, if only one does.
fn guess_crs(x: f64, y: f64) -> Option<String> {
    // EPSG code, then the range of eastings and northings of the land it was made for.
    const SYSTEMS: [(u16, std::ops::Range<f64>, std::ops::Range<f64>); 6] = [
        (28992, 10_000.0..280_000.0, 305_000.0..620_000.0),
        (2056, 2_480_000.0..2_840_000.0, 1_070_000.0..1_300_000.0),
        (21781, 480_000.0..840_000.0, 70_000.0..300_000.0),
        (3067, 50_000.0..760_000.0, 6_600_000.0..7_800_000.0),
        (25832, 280_000.0..850_000.0, 5_230_000.0..6_110_000.0),
        (31370, 20_000.0..300_000.0, 20_000.0..250_000.0),
    ];
    let mut fitting =
        SYSTEMS.iter().filter(|(_, eastings, northings)| eastings.contains(&x) && northings.contains(&y));
    match (fitting.next(), fitting.next()) {
        (Some((epsg, ..)), None) => Some(format!("EPSG:{epsg}")),
        _ => None,
    }
}

/// The zone of the nearest of some large cities within 400 km: a hint, to be checked by whoever knows the place.
fn zone_around(at: LonLat) -> Option<&'static str> {
    const CITIES: [(f64, f64, &str); 52] = [
        (4.9, 52.37, "Europe/Amsterdam"),
        (4.35, 50.85, "Europe/Brussels"),
        (6.13, 49.61, "Europe/Luxembourg"),
        (13.4, 52.52, "Europe/Berlin"),
        (9.99, 53.55, "Europe/Berlin"),
        (11.58, 48.14, "Europe/Berlin"),
        (8.68, 50.11, "Europe/Berlin"),
        (9.18, 48.78, "Europe/Berlin"),
        (6.96, 50.94, "Europe/Berlin"),
        (8.54, 47.38, "Europe/Zurich"),
        (7.45, 46.95, "Europe/Zurich"),
        (16.37, 48.21, "Europe/Vienna"),
        (2.35, 48.86, "Europe/Paris"),
        (4.84, 45.76, "Europe/Paris"),
        (1.44, 43.6, "Europe/Paris"),
        (-0.13, 51.51, "Europe/London"),
        (-3.19, 55.95, "Europe/London"),
        (-6.26, 53.35, "Europe/Dublin"),
        (12.57, 55.68, "Europe/Copenhagen"),
        (18.07, 59.33, "Europe/Stockholm"),
        (10.75, 59.91, "Europe/Oslo"),
        (24.94, 60.17, "Europe/Helsinki"),
        (24.75, 59.44, "Europe/Tallinn"),
        (24.1, 56.95, "Europe/Riga"),
        (21.01, 52.23, "Europe/Warsaw"),
        (14.42, 50.09, "Europe/Prague"),
        (19.04, 47.5, "Europe/Budapest"),
        (12.5, 41.9, "Europe/Rome"),
        (9.19, 45.46, "Europe/Rome"),
        (-3.7, 40.42, "Europe/Madrid"),
        (2.17, 41.39, "Europe/Madrid"),
        (-9.14, 38.72, "Europe/Lisbon"),
        (-8.61, 41.15, "Europe/Lisbon"),
        (23.73, 37.98, "Europe/Athens"),
        (-21.9, 64.15, "Atlantic/Reykjavik"),
        (-74.0, 40.71, "America/New_York"),
        (-71.06, 42.36, "America/New_York"),
        (-77.04, 38.9, "America/New_York"),
        (-84.39, 33.75, "America/New_York"),
        (-87.63, 41.88, "America/Chicago"),
        (-90.2, 38.63, "America/Chicago"),
        (-95.37, 29.76, "America/Chicago"),
        (-97.74, 30.27, "America/Chicago"),
        (-104.99, 39.74, "America/Denver"),
        (-112.07, 33.45, "America/Phoenix"),
        (-122.42, 37.77, "America/Los_Angeles"),
        (-118.24, 34.05, "America/Los_Angeles"),
        (-122.33, 47.61, "America/Los_Angeles"),
        (-79.38, 43.65, "America/Toronto"),
        (-75.7, 45.42, "America/Toronto"),
        (-123.12, 49.28, "America/Vancouver"),
        (-56.16, -34.9, "America/Montevideo"),
    ];
    const WITHIN_M: f64 = 400_000.0;
    let distance_m = |&(lon, lat, _): &(f64, f64, &str)| super::settle::distance_m(at, LonLat::new(lon, lat));
    let nearest = CITIES.iter().min_by(|a, b| distance_m(a).total_cmp(&distance_m(b)))?;
    (at.is_on_earth() && distance_m(nearest) <= WITHIN_M).then_some(nearest.2)
}
