//! The ways in which cities write the same thing.

use super::*;

fn opened(read: &Read, zone: &str) -> Vec<String> {
    let clock = crate::period::Clock::new(zone).unwrap();
    read.reports.opened.iter().map(|&instant| clock.civil(instant).to_string()).collect()
}

/// The reports of a file whose opening times are `values`.
fn of_dates(values: &[&str], zone: &'static str) -> Read {
    let rows: Vec<String> = values.iter().enumerate().map(|(n, value)| format!("{n};{value}\n")).collect();
    let mut project = Project::csv(format!("id;opened\n{}", rows.concat()));
    project.zone = zone;
    project.read()
}

#[test]
fn two_files_of_one_glob_may_have_different_headers() {
    let mut project = Project::csv("ID,Kategorie,Gemeldet-am,lon,lat\n1,Bollard,2025-01-01,5.1,52.1\n");
    let other = "id,\"date_created\",\"category_child\",\"lat\",\"lon\"\t\r\n2,\"2025-01-02\",\"Bollard\",\"52.1\",\"5.1\"\t\r\n";
    std::fs::write(project.folder.path().join("zz.csv"), other).unwrap();
    project.sources[0].path = "*.csv".to_owned();
    let read = project.read();
    assert_eq!(read.reports.id.iter().collect::<Vec<_>>(), ["1", "2"]);
    assert!(
        read.codes().is_empty() && read.reports.given.iter().all(|at| at.is_somewhere()),
        "{:?}",
        read.codes()
    );
}

#[test]
fn date_and_time_may_stand_in_two_columns() {
    let read = Project::csv("id,date,time,category\n1,31/01/2025,13:45,Bollard\n2,30/01/2025,,Bollard\n3,2025-01-29 08:00,09:00,Bollard\n").read();
    assert_eq!(
        opened(&read, "Europe/Amsterdam"),
        ["2025-01-29T08:00:00", "2025-01-30T00:00:00", "2025-01-31T13:45:00"]
    );
    assert_eq!(read.reports.is_date_only, [false, true, false]);
}

#[test]
fn times_of_a_twelve_hour_clock_are_read() {
    let read = of_dates(&["05/01/2022 12:00:03 AM", "05/13/2022 12:00:03 PM"], "America/New_York");
    assert_eq!(opened(&read, "America/New_York"), ["2022-05-01T00:00:03", "2022-05-13T12:00:03"]);
}

#[test]
fn months_by_name_and_the_dates_of_mail_are_read() {
    let read = of_dates(&["2014-Jan-14 13:48:01", "Wed, 15 Jan 2014 13:48:01 +0000"], "America/Toronto");
    assert_eq!(opened(&read, "America/Toronto"), ["2014-01-14T13:48:01", "2014-01-15T08:48:01"]);
}

#[test]
fn instants_of_utc_and_times_on_the_wall_may_stand_in_one_column() {
    let read = of_dates(&["2025-07-01T10:00:00Z", "2025-07-01 12:00:01"], "Europe/Amsterdam");
    assert_eq!(opened(&read, "Europe/Amsterdam"), ["2025-07-01T12:00:00", "2025-07-01T12:00:01"]);
}

#[test]
fn years_that_stand_for_nothing_are_no_opening_times() {
    let read = of_dates(
        &["1900-01-01", "9999-12-31", "31/12/9999", "1970-01-01T00:00:00Z", "2025-01-01"],
        "Europe/Amsterdam",
    );
    assert_eq!(read.codes(), [("R002", 4), ("R008", 1)]);
}

#[test]
fn a_column_without_a_name_is_no_hindrance() {
    let read = Project::csv(",id,opened\n470600,a,2025-01-01\n470601,b,2025-01-01\n").read();
    assert_eq!(read.reports.id.iter().collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn rows_may_end_in_a_tab_and_a_carriage_return() {
    let read = Project::csv("id,opened,status\t\r\n1,2025-01-01,open\t\r\n").read();
    assert_eq!((read.reports.len(), read.reports.get(0).status), (1, "open"));
}

#[test]
fn a_text_may_go_on_over_several_lines() {
    let read =
        Project::csv("id,opened,text\n1,2025-01-01,\"een\n\"\"twee\"\"\ndrie\"\n2,2025-01-02,x\n").read();
    assert_eq!((read.reports.len(), read.reports.get(0).text), (2, "een\n\"twee\"\ndrie"));
}

#[test]
fn entities_are_undone_also_where_they_were_written_twice() {
    let read =
        Project::csv("id,opened,category,address\n1,2025-01-01,Lost &amp;amp; found,Stra&szlig;e 1\n").read();
    assert_eq!((read.reports.get(0).category, read.reports.get(0).address), ("Lost & found", "Straße 1"));
}

#[test]
fn every_encoding_gives_the_same_reports() {
    let text = "id;datum;categorie;adres\n1;01-02-2025;Müll;Straße 1\n";
    let wanted = Project::csv(text).read().content();
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    assert_eq!(Project::csv(latin).read().content(), wanted, "Latin-1");
    assert_eq!(Project::csv(format!("\u{feff}{text}")).read().content(), wanted, "with a byte-order mark");
    assert_eq!(Project::csv(utf16(&format!("\u{feff}{text}"))).read().content(), wanted, "UTF-16");
}

#[test]
fn swiss_and_dutch_grids_are_recognised_by_their_numbers() {
    for (x, y, crs) in [("2683920", "1245604", "EPSG:2056"), ("121000", "487000", "EPSG:28992")] {
        let project = Project::csv(format!("date,service_code,e,n\n2024-05-01,Bollard,{x},{y}\n"));
        let file = open::files(project.folder.path(), "reports.csv").unwrap().remove(0);
        assert_eq!(recognise(&file).unwrap().crs.as_deref(), Some(crs));
    }
}

#[test]
fn what_stands_for_nothing_is_nothing() {
    let read =
        Project::csv("id,opened,closed,lon,lat,address,status\nNA,2025-01-01,NA,NA,NA,N/A,null\n").read();
    let report = read.reports.get(0);
    assert_eq!(
        (report.address, report.status, report.closed, report.given.is_somewhere()),
        ("", "", NEVER, false)
    );
    assert_eq!(read.codes(), [("R007", 1), ("R008", 1)]);
}

#[test]
fn a_turned_row_in_a_straight_file_is_told_and_so_is_a_straight_one_in_a_turned_file() {
    let swapped = |n: u8| row(&n.to_string(), "2025-01-01", "", "52.09", "5.12");
    let straight = |n: u8| row(&n.to_string(), "2025-01-01", "", "5.12", "52.09");
    let file = |turned: std::ops::Range<u8>, plain: std::ops::Range<u8>| {
        let rows: String = turned.map(swapped).chain(plain.map(straight)).collect();
        let mut project = Project::csv(format!("{HEADER}{rows}"));
        project.anchor = Some(LonLat::new(5.1, 52.1));
        project.read()
    };
    let read = file(0..1, 1..4);
    assert_eq!(read.codes(), [("R013", 1)]);
    let read = file(0..3, 3..4);
    assert_eq!(read.codes(), [("R013", 1), ("R018", 1)]);
    assert_eq!(read.issue(Code::SwappedFile).2, "3 fit turned round, 1 as written");
    assert!(read.reports.given.windows(2).all(|pair| pair[0].distance_m(pair[1]) < 0.01));
}

#[test]
fn a_telephone_number_is_no_category() {
    let read = Project::csv("id,opened,category,status\n1,2025-01-01,bel 06-12345678,x@example.org\n2,2025-01-01,Bollard 2024-0123,B\n").read();
    assert_eq!((read.reports.get(0).category, read.reports.get(0).status), ("(text)", "(text)"));
    assert_eq!((read.reports.get(1).category, read.reports.get(1).status), ("Bollard 2024-0123", "B"));
}
