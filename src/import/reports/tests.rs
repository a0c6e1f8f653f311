use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::recognise::recognise;
use super::*;
use crate::issue::{Code, Effect};
use crate::model::kind::Kind;
use crate::period::{Day, NEVER, Period};
use crate::progress::Silent;

/// A folder with one file in it, and how the project reads it.
struct Project {
    folder: tempfile::TempDir,
    zone: &'static str,
    crs: u16,
    sources: Vec<ReportSource>,
    period: Option<Period>,
    kinds: Vec<(String, Kind)>,
    anchor: Option<LonLat>,
}

/// What reading gives.
struct Read {
    reports: Reports,
    issues: Issues,
    counts: Vec<SourceCount>,
}

impl Project {
    fn of(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let sources = vec![ReportSource { path: name.to_owned(), ..ReportSource::default() }];
        let kinds = vec![("bollard*".to_owned(), Kind::Bollard)];
        Self { folder, zone: "Europe/Amsterdam", crs: 28992, sources, period: None, kinds, anchor: None }
    }

    fn csv(text: impl AsRef<[u8]>) -> Self {
        Self::of("reports.csv", text)
    }

    fn try_read(&self) -> Result<Read> {
        let clock = crate::period::Clock::new(self.zone)?;
        let settings = Settings {
            base: self.folder.path(),
            clock: &clock,
            crs: None,
            period: self.period,
            kinds: &self.kinds,
        };
        let plane = Plane::new(Crs::from_epsg(self.crs)?)?;
        let (mut issues, mut counts) = (Issues::new(), Vec::new());
        let reports = read(&self.sources, &settings, &plane, self.anchor, &mut issues, &mut counts, &Silent)?;
        let read = Read { reports, issues, counts };
        read.check();
        Ok(read)
    }

    fn read(&self) -> Read {
        self.try_read().unwrap()
    }
}

impl Read {
    /// What must hold whatever was read.
    fn check(&self) {
        let reports = &self.reports;
        for count in &self.counts {
            assert_eq!(count.read, count.used + count.left_out, "{count:?}");
            let of_file = |issue: &&crate::issue::Issue| *issue.file == *count.file;
            let left_out = self
                .issues
                .list()
                .iter()
                .filter(of_file)
                .filter(|issue| issue.code.effect() == Effect::LeftOut);
            assert_eq!(left_out.count() as u64, count.left_out, "{count:?}");
        }
        assert_eq!(self.counts.iter().map(|count| count.used).sum::<u64>(), reports.len() as u64);
        let mut ids: Vec<&str> = reports.id.iter().collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), reports.len(), "ids are unique");
        assert!(reports.opened.is_sorted(), "in the order of time");
        for length in [
            reports.source.len(),
            reports.row.len(),
            reports.category.len(),
            reports.opened.len(),
            reports.closed.len(),
            reports.status.len(),
            reports.given.len(),
            reports.address.len(),
            reports.text.len(),
            reports.is_date_only.len(),
        ] {
            assert_eq!(length, reports.len());
        }
    }

    /// Everything but the rows' numbers.
    fn content(&self) -> String {
        let reports = Reports { row: Vec::new(), ..self.reports.clone() };
        format!("{reports:?}")
    }

    fn codes(&self) -> Vec<(&'static str, usize)> {
        self.issues.tally().into_iter().map(|(code, count)| (code.code(), count)).collect()
    }

    fn issue(&self, code: Code) -> (u64, &str, &str) {
        let issue = self.issues.list().iter().find(|issue| issue.code == code).unwrap();
        (issue.row, &issue.column, &issue.value)
    }
}

const HEADER: &str = "id,category,opened,closed,lon,lat,address,text,status\n";

fn row(id: &str, opened: &str, closed: &str, lon: &str, lat: &str) -> String {
    format!("{id},Bollard down,{opened},{closed},{lon},{lat},Oudegracht 1,omver,open\n")
}

/// Ten good rows around Utrecht, with ids of their own.
fn bulk() -> String {
    (0..10)
        .map(|n| {
            row(
                &format!("good-{n}"),
                &format!("2025-01-{:02} 10:00", n + 10),
                "",
                &format!("5.1{n}"),
                "52.09",
            )
        })
        .collect()
}

#[test]
fn a_report_comes_out_as_it_went_in() {
    let read = Project::csv(format!(
        "{HEADER}{}",
        row("a-1", "2025-01-31 13:45", "2025-02-01 08:00", "5.12", "52.09")
    ))
    .read();
    let report = read.reports.get(0);
    assert_eq!((report.id, report.source, report.row), ("a-1", "reports.csv", 1));
    assert_eq!((report.category, report.kind), ("Bollard down", Kind::Bollard));
    assert_eq!((report.address, report.text, report.status), ("Oudegracht 1", "omver", "open"));
    assert_eq!(report.closed - report.opened, (18 * 60 + 15) * 60);
    let plane = Plane::new(Crs::from_epsg(28992).unwrap()).unwrap();
    let at = plane.lon_lat(report.given);
    assert!((at.lon - 5.12).abs() < 1e-6 && (at.lat - 52.09).abs() < 1e-6);
    assert!(read.codes().is_empty(), "{:?}", read.codes());
    let noticed = &read.counts[0].noticed;
    assert!(
        noticed.contains("delimiter: comma; encoding: utf-8; columns guessed: id=id, category=category"),
        "{noticed}"
    );
    assert!(noticed.contains("dates: 2015-01-31, times of the project's zone"), "{noticed}");
}

#[test]
fn every_defect_of_a_row_has_its_code() {
    let text = [
        HEADER.to_owned(),
        bulk(),
        row("no-opened", "", "", "5.1", "52.1"),
        row("bad-opened", "31-02-2025", "", "5.1", "52.1"),
        row("bad-closed", "2025-01-01", "soon", "5.1", "52.1"),
        row("too-soon", "2025-01-02", "2024-12-31", "5.1", "52.1"),
        row("good-1", "2025-01-03", "", "5.1", "52.1"),
        row("", "2025-01-04", "", "5.1", "52.1"),
        row("zero", "2025-01-05", "", "0", "0.0"),
        row("words", "2025-01-05", "", "five", "52.1"),
        row("off", "2025-01-05", "", "500", "520"),
        row("turned", "2025-01-05", "", "52.09", "5.12"),
        row("far", "2025-01-05", "", "-71.06", "42.36"),
        row("missing", "2025-01-05", "", "NULL", "n/a"),
        "short,row\n".to_owned(),
        row("long", "2025-01-05", "", "5.1", "52.1").replace("open", "open,surplus"),
    ]
    .concat();
    let read = Project::csv(text).read();
    let wanted = [
        ("R001", 2),
        ("R002", 1),
        ("R003", 1),
        ("R004", 1),
        ("R005", 1),
        ("R006", 1),
        ("R007", 1),
        ("R011", 2),
        ("R012", 1),
        ("R013", 1),
        ("R014", 1),
    ];
    assert_eq!(read.codes(), wanted);
    assert_eq!(read.issue(Code::BadOpened), (12, "opened", "31/02/2025"));
    assert_eq!(read.issue(Code::BadClosed), (13, "closed", "(text)"));
    assert_eq!(read.issue(Code::ClosedBeforeOpened), (14, "closed", "2024-12-31"));
    assert_eq!(read.issue(Code::RepeatedId), (2, "id", "good-1"), "the earlier of the two times is used");
    assert_eq!(read.issue(Code::NullCoordinate), (17, "lon, lat", "0, 0"));
    assert_eq!(read.issue(Code::SwappedCoordinate), (20, "lon, lat", "52.09, 5.12"));
    assert_eq!(read.issue(Code::FarCoordinate), (21, "lon, lat", "-71.06, 42.36"));
    let of = |id: &str| {
        read.reports.get((0..read.reports.len()).find(|&index| read.reports.id.get(index) == id).unwrap())
    };
    let (turned, good) = (of("turned").given, of("good-2").given);
    assert!(turned.distance_m(good) < 1.0, "{turned:?} {good:?}");
    assert!(!of("far").given.is_somewhere() && !of("missing").given.is_somewhere());
    assert_eq!(of("too-soon").closed, NEVER);
}

#[test]
fn a_report_closed_on_the_day_it_was_opened_is_not_closed_before() {
    let read = Project::csv(format!("{HEADER}{}", row("1", "2025-01-31 13:45", "2025-01-31", "", ""))).read();
    assert_eq!(read.reports.closed[0], read.reports.opened[0]);
    assert!(read.codes().is_empty());
}

#[test]
fn placeholder_dates_mean_nothing_was_written() {
    let text = [
        HEADER.to_owned(),
        row("1", "2025-01-31", "1970-01-01T00:00:00Z", "", ""),
        row("2", "1900-01-01", "", "", ""),
    ];
    let read = Project::csv(text.concat()).read();
    assert_eq!((read.reports.len(), read.reports.closed[0]), (1, NEVER));
    assert_eq!(read.codes(), [("R002", 1)]);
}

#[test]
fn a_file_with_swapped_axes_is_turned_round_as_a_whole() {
    // Signalen's own CSV export writes the longitude into the column `lat`.
    let swapped = bulk().replace("52.09", "LAT").lines().fold(HEADER.to_owned(), |text, line| {
        let fields: Vec<&str> = line.split(',').collect();
        text + &row(fields[0], fields[2], "", "52.09", fields[4])
    });
    let mut project = Project::csv(&swapped);
    assert_eq!(project.read().codes(), [("R018", 1)], "by the project's clock");
    project.anchor = Some(LonLat::new(5.1, 52.1));
    project.zone = "UTC";
    assert_eq!(project.read().codes(), [("R018", 1)], "by where the streets are");
    assert_eq!(Project::csv(HEADER.to_owned() + &bulk()).read().codes(), []);
    let file = open::files(project.folder.path(), "reports.csv").unwrap().remove(0);
    assert!(recognise(&file).unwrap().is_swapped);
}

#[test]
fn a_country_is_wider_than_near_but_not_far() {
    let places = [
        ("6.08", "50.77"),
        ("13.4", "52.5"),
        ("11.58", "48.14"),
        ("9.18", "48.78"),
        ("10.0", "53.55"),
        ("8.68", "50.1"),
    ];
    let rows: String = places
        .iter()
        .cycle()
        .take(60)
        .enumerate()
        .map(|(n, (lon, lat))| row(&n.to_string(), "2025-01-31", "", lon, lat))
        .collect();
    let mut project = Project::csv(format!("{HEADER}{rows}"));
    (project.crs, project.zone) = (25832, "Europe/Berlin");
    assert_eq!(project.read().codes(), []);
}

#[test]
fn eastings_and_northings_keep_every_digit_on_their_own_plane() {
    let mut project = Project::csv("date;service_code;e;n\n2024-05-01;Bollard;155000.125;463000.5\n");
    project.sources[0].crs = Some("EPSG:28992".to_owned());
    let read = project.read();
    assert_eq!((read.reports.given[0].x, read.reports.given[0].y), (155_000.125, 463_000.5));
    project.sources[0].crs = None;
    assert!(project.try_read().is_err_and(|error| error.to_string().contains("no `crs`")));
}

#[test]
fn state_plane_feet_are_feet() {
    let mut project = Project::csv("id,opened,x,y\n1,2018-01-01 00:48:30.0,875854.877,998434.947\n");
    (project.crs, project.zone) = (26996, "America/Chicago");
    project.sources[0].crs = Some("EPSG:26996".to_owned());
    project.sources[0].unit = Some("us_ft".to_owned());
    let read = project.read();
    let at = Plane::new(Crs::from_epsg(26996).unwrap()).unwrap().lon_lat(read.reports.given[0]);
    assert!(
        (at.lon + 90.30).abs() < 0.02 && (at.lat - 38.57).abs() < 0.02,
        "Willmore Road, St. Louis: {at:?}"
    );
}

#[test]
fn rows_without_ids_are_known_by_their_content() {
    let text = "date,category,lon,lat,comment\n2024-05-01,Bollard,5.1,52.1,a\n2024-05-01,Bollard,5.1,52.1,a\n2024-05-01,Bollard,5.1,52.1,b\n";
    let read = Project::csv(text).read();
    assert_eq!(read.reports.len(), 2, "the third differs in a column that is not mapped");
    assert_eq!(read.codes(), [("R007", 1), ("R015", 1)]);
    assert_eq!(read.issue(Code::NoId), (0, "", "2 reports"));
    assert_eq!(read.reports.id.get(0).len(), 16);
}

#[test]
fn two_systems_may_count_from_one() {
    let mut project = Project::csv(format!("{HEADER}{}", row("1", "2025-01-31", "", "5.1", "52.1")));
    let other = format!(
        "{HEADER}{}{}",
        row("1", "2025-01-30", "", "5.1", "52.1"),
        row("2", "2025-01-30", "", "5.1", "52.1")
    );
    std::fs::write(project.folder.path().join("other.csv"), other).unwrap();
    project.sources.push(ReportSource { path: "other.csv".to_owned(), ..ReportSource::default() });
    let read = project.read();
    assert_eq!(read.reports.id.iter().collect::<Vec<_>>(), ["1@2", "2", "1"]);
    assert_eq!(read.codes(), [("R016", 1)]);
    // The files of one source are one system: exports that overlap repeat reports.
    project.sources = vec![ReportSource { path: "*.csv".to_owned(), ..ReportSource::default() }];
    let read = project.read();
    assert_eq!(read.codes(), [("R006", 1)]);
    assert_eq!(
        read.reports.sources.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["other.csv", "reports.csv"]
    );
}

#[test]
fn an_open_report_seen_every_day_is_one_report() {
    let seen = |day: &str, place: &str| format!("2025-{day} 08:00,Bollard,{place},5.12,52.09\n");
    let text = [
        "first_seen_at_timestamp,category,location,lon,lat\n".to_owned(),
        seen("01-01", "Plein 1"),
        seen("01-02", "Plein 1"),
        seen("01-09", "Plein 1"),
        seen("01-17", "Plein 1"),
        seen("01-02", "Plein 2"),
        seen("01-03", "Plein 2"),
    ]
    .concat();
    let mut project = Project::csv(text);
    assert_eq!(project.read().reports.len(), 6);
    project.sources[0].collapse_resightings = true;
    let read = project.read();
    let kept: Vec<String> = (0..read.reports.len())
        .map(|index| {
            format!(
                "{} {}",
                crate::period::Clock::new("Europe/Amsterdam").unwrap().day(read.reports.opened[index]),
                read.reports.get(index).address
            )
        })
        .collect();
    assert_eq!(kept, ["2025-01-01 Plein 1", "2025-01-02 Plein 2", "2025-01-17 Plein 1"]);
    assert_eq!(read.codes(), [("R007", 1), ("R010", 3)]);
}

#[test]
fn the_period_holds_both_its_days() {
    let rows: String = ["2024-12-31 23:59", "2025-01-01 00:00", "2025-01-31 23:59", "2025-02-01 00:00"]
        .iter()
        .enumerate()
        .map(|(n, opened)| row(&n.to_string(), opened, "", "", ""))
        .collect();
    let mut project = Project::csv(format!("{HEADER}{rows}"));
    let day = |day| Day::from_date(jiff::civil::date(2025, 1, day));
    project.period = Some(Period { from: day(1), to: day(31) });
    let read = project.read();
    assert_eq!(read.reports.id.iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(read.issues.list()[0].value.as_ref(), "2024-12-31");
}

#[test]
fn an_unknown_category_is_told_once_with_its_count() {
    let rows = bulk().replace("Bollard down,2025-01-1", "Paal om,2025-01-1");
    let read = Project::csv(format!("{HEADER}{rows}{}", row("x", "2025-02-01", "", "", ""))).read();
    assert_eq!(read.issue(Code::UnknownCategory), (0, "category", "Paal om: 10"));
    assert_eq!(read.codes(), [("R008", 1)]);
    assert_eq!(read.reports.kind.iter().filter(|&&kind| kind == Kind::Other).count(), 10);
}

#[test]
fn the_pattern_with_most_letters_gives_the_kind() {
    let patterns = [
        ("*", Kind::Other),
        ("litter*", Kind::Litter),
        ("Litter Can*", Kind::ContainerFull),
        ("*full", Kind::Dumping),
    ]
    .map(|(pattern, kind)| (pattern.to_owned(), kind));
    for (word, kind) in [
        ("Litter", Kind::Litter),
        ("LITTER CAN is full", Kind::ContainerFull),
        ("bin full", Kind::Dumping),
        ("x", Kind::Other),
    ] {
        assert_eq!(settle::kind_of(word, &patterns), Some(kind), "{word}");
    }
    let one = [("a*b*c".to_owned(), Kind::Sign)];
    assert_eq!(settle::kind_of("a-b-b-c", &one), Some(Kind::Sign));
    assert_eq!(settle::kind_of("abab", &one), None);
    assert_eq!(settle::kind_of("a", &[("a*a".to_owned(), Kind::Sign)]), None);
}

#[test]
fn a_column_that_is_not_there_stops_the_run() {
    let mut project = Project::csv("id,created_at\n1,2025-01-01\n");
    project.sources[0].columns.opened = Some("creatd_at".to_owned());
    assert!(project.try_read().err().unwrap().hint().unwrap().contains("did you mean `created_at`"));
    project.sources[0].columns = Columns { lon: Some("lon".to_owned()), ..Columns::default() };
    assert!(project.try_read().err().unwrap().to_string().contains("one half of a coordinate"));
    assert!(
        Project::csv("naam,wat\n1,2\n").try_read().err().unwrap().hint().unwrap().contains("`naam`, `wat`")
    );
}

#[test]
fn geojson_points_are_reports() {
    let text = r#"{"type": "FeatureCollection", "name": "x", "features": [
        {"type": "Feature", "id": 7, "properties": {"category": "Bollard", "created_at": "2025-01-31T13:45:00+01:00"},
         "geometry": {"type": "Point", "coordinates": [5.12, 52.09]}},
        {"type": "Feature", "id": "b", "properties": {"category": null, "created_at": "2025-01-31", "lon": 3},
         "geometry": null},
        {"type": "Feature", "properties": null, "geometry": null},
        5]}"#;
    let read = Project::of("reports.geojson", text).read();
    assert_eq!(read.reports.id.iter().collect::<Vec<_>>(), ["b", "7"]);
    assert_eq!(read.counts[0].format, "geojson");
    assert!(read.reports.given[1].is_somewhere() && !read.reports.given[0].is_somewhere());
    assert_eq!(read.codes(), [("R001", 1), ("R002", 1), ("R008", 1)]);
    assert_eq!(read.issue(Code::UnknownCategory).2, "(none): 1");
}

#[test]
fn geojson_may_name_its_system() {
    let text = r#"{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}},
        "features": [{"type": "Feature", "id": 1, "properties": {"datum": "31-01-2025"}, "geometry": {"type": "Point", "coordinates": [155000, 463000]}}]}"#;
    assert!((Project::of("a.json", text).read().reports.given[0].x - 155_000.0).abs() < 1e-9);
    assert!(Project::of("a.geojson", r#"{"type": "FeatureCollection", "features": [{"#).try_read().is_err());
    assert!(Project::of("a.geojson", r#"{"type": "Point"}"#).try_read().is_err());
}

#[test]
fn headers_of_common_platforms_are_understood() {
    let guess = |header: &str| {
        let project = Project::csv(format!("{header}\n"));
        let file = open::files(project.folder.path(), "reports.csv").unwrap().remove(0);
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        recognise::guess_columns(&file, &header).unwrap().describe()
    };
    assert_eq!(
        guess(
            "Report ID,Title,Detail,User Name,Category,Subcategory,Created,Confirmed,Fixed,Closed,Status,Latitude,Longitude,Query,Ward,Easting,Northing"
        ),
        "id=Report ID, category=Subcategory, opened=Created, closed=Closed, lon=Longitude, lat=Latitude, text=Detail, status=Status"
    );
    assert_eq!(
        guess(
            "service_request_id,status,service_name,description,requested_datetime,updated_datetime,address,lat,long"
        ),
        "id=service_request_id, category=service_name, opened=requested_datetime, lon=long, lat=lat, address=address, text=description, status=status"
    );
    assert_eq!(
        guess(
            "Meldingnummer,Categorie,Datum melding,Afgehandeld op,Omschrijving,Adres,X-coördinaat,Y-coördinaat"
        ),
        "id=Meldingnummer, category=Categorie, opened=Datum melding, closed=Afgehandeld op, x=X-coördinaat, y=Y-coördinaat, address=Adres, text=Omschrijving"
    );
    assert_eq!(
        guess("ID,Text,Kategorie,Automatisch-ermittelte-Adresse,lon,lat,Gemeldet-am"),
        "id=ID, category=Kategorie, opened=Gemeldet-am, lon=lon, lat=lat, address=Automatisch-ermittelte-Adresse, text=Text"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_give_reports_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300), is_json in any::<bool>()) {
        let head: &[u8] = if is_json { b"{\"features\": [" } else { b"id,opened,lon,lat\n" };
        let _ = Project::csv([head, &bytes].concat()).try_read();
        let _ = Project::csv(bytes).try_read();
    }

    #[test]
    fn any_cells_give_reports_that_add_up(cells in proptest::collection::vec("[-0-9a-z:. \"]{0,12}", 0..60)) {
        let lines: String = cells.chunks(4).map(|cells| cells.join(",") + "\n").collect();
        Project::csv(format!("id,opened,lon,lat\n{lines}")).read();
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing_but_their_numbers(
        rows in proptest::collection::vec((0..4_u8, 1..4_u8, 0..3_u8, 0..3_u8, 0..2_u8), 1..40),
        seed in any::<u64>(),
    ) {
        let line = |&(id, day, place, word, status): &(u8, u8, u8, u8, u8)| {
            let id = if id == 0 { String::new() } else { format!("{id}{day}") };
            format!("{id},word {word},0{day}/0{}/2025 0{place}:00,,5.1{place},52.{},Plein {place},text {word},s{status}\n", 1 + status, 9 + 400 * u16::from(word / 2))
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        let mut project = Project::csv(HEADER.to_owned() + &lines.concat());
        project.sources[0].collapse_resightings = seed % 2 == 0;
        let first = project.read();
        lines.sort_by_key(|line| seed.wrapping_mul(line.len() as u64 + u64::from(line.bytes().map(u32::from).sum::<u32>())));
        lines.reverse();
        std::fs::write(project.folder.path().join("reports.csv"), HEADER.to_owned() + &lines.concat()).unwrap();
        let second = project.read();
        prop_assert_eq!(first.content(), second.content());
        prop_assert_eq!(first.codes(), second.codes());
    }
}

/// The folder of shared data, where it is at hand.
fn shared() -> Option<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if !data.is_dir() {
        println!("skipped: ../shared/data is not there");
    }
    data.is_dir().then_some(data)
}

/// Reads a real file as a project would.
fn real(source: &str, zone: &'static str) -> Option<Read> {
    let source: ReportSource = toml::from_str(source).unwrap();
    let clock = crate::period::Clock::new(zone).unwrap();
    let data = shared()?;
    let settings = Settings { base: &data, clock: &clock, crs: None, period: None, kinds: &[] };
    let gathered = gather(&[source], &settings, &Silent).unwrap();
    let plane = Plane::utm(gathered.home(&clock).unwrap());
    let (mut issues, mut counts) = (Issues::new(), Vec::new());
    let reports = gathered.settle(&settings, &plane, None, &mut issues, &mut counts);
    let read = Read { reports, issues, counts };
    read.check();
    Some(read)
}

#[test]
fn threads_change_nothing() {
    let rows: String = (0..60_000_u32)
        .map(|n| {
            let (day, place) = (1 + n * 7 % 28, n.wrapping_mul(2_654_435_761) >> 20);
            row(&n.to_string(), &format!("2025-02-{day:02} 10:00"), "", &format!("5.{place:04}"), "52.09")
        })
        .collect();
    let project = Project::csv(format!("{HEADER}{rows}"));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (project.read().content(), project.read().codes()))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn stamps_that_lie_about_their_zone_are_noticed() {
    let Some(data) = shared() else { return };
    let of = |name: &str| recognise(&open::files(&data, name).unwrap().remove(0)).unwrap();
    let requests = of("washington-dc/requests_*.csv.gz");
    assert!(requests.has_local_times && requests.zone == Some("America/New_York"), "{requests:?}");
    assert!(!of("washington-dc/season/reports.csv").has_local_times);
}

#[test]
fn boston_is_read_whole_by_guessing() {
    let Some(read) = real("path = \"boston-2015/*.csv.gz\"", "America/New_York") else { return };
    assert_eq!((read.reports.len(), read.issues.count(Code::ClosedBeforeOpened)), (121_145, 197));
}

#[test]
fn zurich_has_no_ids_and_232_equal_rows() {
    let source = "path = \"zurich/*.csv\"\ncrs = \"EPSG:2056\"";
    let Some(read) = real(source, "Europe/Zurich") else { return };
    assert_eq!((read.reports.len(), read.issues.count(Code::ExactDuplicate)), (62_013, 232));
    assert!(
        read.reports.is_date_only.iter().all(|&is| is)
            && read.reports.given.iter().all(|at| at.is_somewhere())
    );
}

#[test]
fn stuttgart_lists_open_reports_again_and_again() {
    let source = "path = \"stuttgart/*.csv.gz\"\ncollapse_resightings = true";
    let Some(read) = real(source, "Europe/Berlin") else { return };
    assert_eq!((read.counts[0].read, read.counts[0].used), (62_196, 22_678));
    let file = open::files(&shared().unwrap(), "stuttgart/*.csv.gz").unwrap().remove(0);
    let guess = recognise(&file).unwrap();
    assert!(guess.has_resightings && guess.zone == Some("Europe/Berlin"), "{guess:?}");
}

#[test]
fn a_real_web_page_saved_as_csv_is_refused() {
    let Some(data) = shared() else { return };
    let file = open::files(&data, "quirks/html_page_saved_as.csv").unwrap().remove(0);
    let error = recognise(&file).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("a web page, not CSV"));
}

mod dialects;
mod platforms;
