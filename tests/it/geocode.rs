//! `paaltje geocode` as people use it: tables in, the same tables with places out.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{paaltje, words};

const REGISTER: &str = "id,street,number,postcode,city,lon,lat\n\
    a1,Kerkstraat,2,1234AB,Dorp,5.1000,52.1000\n\
    a2,Kerkstraat,4,1234AB,Dorp,5.1002,52.1000\n\
    a3,Kerkstraat,6,1234AB,Dorp,5.1004,52.1000\n\
    b1,Kerkstraat,4,5678CD,Ander Dorp,5.2000,52.1500\n";

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(home.path().join(name), bytes).unwrap();
    }
    home
}

fn geocode(home: &Path, arguments: &[&str]) -> Output {
    paaltje().current_dir(home).arg("geocode").args(arguments).output().unwrap()
}

/// The output as rows of fields by the names of their columns.
fn table(output: &Output, separator: u8) -> Vec<Vec<(String, String)>> {
    assert!(output.status.success(), "{}", words(output));
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(&output.stdout[..]);
    let header = reader.headers().unwrap().clone();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        header.iter().zip(row.iter()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    });
    rows.collect()
}

fn field<'r>(row: &'r [(String, String)], name: &str) -> &'r str {
    &row.iter().find(|(known, _)| known == name).unwrap().1
}

/// The values of some columns, row by row.
fn columns(output: &Output, names: &[&str]) -> Vec<String> {
    let rows = table(output, b',');
    rows.iter().map(|row| names.iter().map(|name| field(row, name)).collect::<Vec<_>>().join("|")).collect()
}

/// What the program says of something that it cannot do.
fn refused(home: &Path, arguments: &[&str], expected: &[&str]) {
    let output = geocode(home, arguments);
    let words = words(&output);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.starts_with("error: ") && words.contains("\nhint: "), "{words}");
    for expected in expected {
        assert!(words.contains(expected), "`{expected}` is missing from:\n{words}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn a_coordinate_of_its_own_is_kept_confirmed_or_contradicted_by_the_address() {
    let rows = "nr,address,lon,lat\n\
        1,Kerkstraat 4,5.1003,52.1001\n\
        2,Kerkstraat 4,5.2001,52.1501\n\
        3,Kerkstraat 4,,\n\
        4,\"Kerkstraat 2, Dorp\",5.1500,52.1200\n\
        5,\"Kerkstraat 2, Dorp\",0,0\n\
        6,,5.1003,52.1001\n";
    let home = folder(&[("register.csv", REGISTER.as_bytes()), ("rows.csv", rows.as_bytes())]);
    let own = |more: &[&str]| {
        let named = ["--coordinates", "lon", "lat", "--register", "register.csv", "rows.csv"];
        geocode(home.path(), &[more, &named].concat())
    };
    let output = own(&["--no-learn"]);
    let found = columns(&output, &["geo_status", "geo_level", "geo_lon", "geo_register_id", "geo_faults"]);
    assert_eq!(
        found,
        [
            "given_kept|point|5.1003000|a2|",
            "given_kept|point|5.2001000|b1|",
            "ambiguous|none|||",
            "conflict|point|5.1500000|a1|coordinate_far",
            "accepted|rooftop|5.1000000|a1|",
            "given_kept|point|5.1003000||",
        ]
    );
    assert!(words(&output).contains("R012 1: "), "{}", words(&output));
    let address = own(&["--conflict", "address"]);
    assert_eq!(columns(&address, &["geo_status", "geo_lon"])[3], "conflict|5.1000000");
    let by_address = geocode(home.path(), &["--register", "register.csv", "rows.csv"]);
    let found = columns(&by_address, &["geo_status", "geo_lon"]);
    assert_eq!(
        (found[0].as_str(), found[3].as_str()),
        ("ambiguous|", "accepted|5.1000000"),
        "none was named"
    );
}

#[test]
fn rows_with_a_coordinate_place_those_without_and_those_at_the_counter_and_no_register_is_needed() {
    let mut rows = "Location,LATITUDE,LONGITUDE\n".to_owned();
    for number in 1..=30 {
        let _ = writeln!(rows, "{number} Main St,42.35{number:02},-71.1000");
        let _ = writeln!(rows, "{number} Main Street,42.3594,-71.0587");
    }
    rows += "7 Main St,,\n9 Elm St,,\n";
    let home = folder(&[("rows.csv", rows.as_bytes())]);
    let output = geocode(home.path(), &["rows.csv"]);
    let found = columns(&output, &["geo_status", "geo_level", "geo_lat", "geo_faults"]);
    assert_eq!(found[0], "given_kept|point|42.3501000|");
    assert_eq!(found[1], "default_point_replaced|reported|42.3501000|learned; default_point");
    assert_eq!(found[60], "accepted|reported|42.3507000|learned");
    assert_eq!(found[61], "none|none||");
    assert!(words(&output).contains("61 of 62 rows placed"), "{}", words(&output));
    assert!(words(&output).contains("G001 30: "), "{}", words(&output));
    let output = geocode(home.path(), &["--no-learn", "rows.csv"]);
    assert_eq!(columns(&output, &["geo_status", "geo_faults"])[1], "none|default_point");
}

#[test]
fn coordinates_are_understood_as_those_of_reports_are() {
    let swapped =
        "address,lat,lon\nKerkstraat 4,5.1003,52.1001\nKerkstraat 4,5.2001,52.1501\nKerkstraat 4,nul,\n";
    // The Onze Lieve Vrouwetoren in Amersfoort, in metres.
    let metres = "address,x,y\nLangestraat 4,155000,463000\n";
    let home = folder(&[
        ("register.csv", REGISTER.as_bytes()),
        ("swapped.csv", swapped.as_bytes()),
        ("metres.csv", metres.as_bytes()),
    ]);
    let output = geocode(
        home.path(),
        &["--coordinates", "lon", "lat", "--register", "register.csv", "--no-learn", "swapped.csv"],
    );
    let found = columns(&output, &["geo_status", "geo_lon", "geo_register_id"]);
    assert_eq!(found, ["given_kept|5.1003000|a2", "given_kept|5.2001000|b1", "ambiguous||"]);
    for code in ["R011 1: ", "R018 1: "] {
        assert!(words(&output).contains(code), "{}", words(&output));
    }
    let named = ["--crs", "EPSG:28992", "--coordinates", "x", "y", "metres.csv"];
    for arguments in [&["metres.csv"][..], &named] {
        let found = columns(&geocode(home.path(), arguments), &["geo_lon", "geo_lat"]);
        assert!(found[0].starts_with("5.3872") && found[0].contains("|52.1551"), "{found:?}");
    }
}

#[test]
fn files_are_read_as_they_come() {
    let semicolons = b"Stra\xdfe;Nr\nKerkstra\xdfe 2;1\n\"Kerkstraat 4, Dorp\";2\nKerkstraat 6;3;too;much\n";
    let home = folder(&[
        ("register.csv", REGISTER.as_bytes()),
        ("rows.csv", &semicolons[..]),
        ("none.csv", b"address,x\n"),
    ]);
    let output = geocode(home.path(), &["--register", "register.csv", "rows.csv"]);
    let rows = table(&output, b';');
    assert_eq!(field(&rows[0], "Straße"), "Kerkstraße 2");
    assert_eq!((field(&rows[1], "Nr"), field(&rows[1], "geo_register_id")), ("2", "a2"));
    assert_eq!((field(&rows[2], "geo_status"), field(&rows[2], "geo_faults")), ("none", "row_unreadable"));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.contains("too;much"), "nothing is lost");
    assert!(words(&output).contains("R001 1: "), "{}", words(&output));
    let empty = geocode(home.path(), &["--register", "register.csv", "none.csv"]);
    assert_eq!((table(&empty, b',').len(), words(&empty).contains("0 of 0 rows")), (0, true));
}

#[test]
fn the_file_may_stand_last_behind_the_registers_and_come_through_a_pipe() {
    let home =
        folder(&[("register.csv", REGISTER.as_bytes()), ("rows.csv", b"address\n\"Kerkstraat 4, Dorp\"\n")]);
    let output = geocode(home.path(), &["--register", "register.csv", "rows.csv"]);
    assert_eq!(columns(&output, &["geo_register_id"]), ["a2"]);
    let saved = geocode(home.path(), &["--register", "register.csv", "--save", "town.idx"]);
    assert!(saved.status.success() && words(&saved).contains("4 addresses saved"), "{}", words(&saved));
    let again = geocode(home.path(), &["--register", "town.idx", "--", "rows.csv"]);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_made_harmless_and_numbers_stay() {
    let rows = "address,note,lon,lat\n=cmd|' /C calc'!A0,@SUM(1),-71.1,42.3\n12 Main St,-,-71.1,42.3\n";
    let home = folder(&[("rows.csv", rows.as_bytes())]);
    let output = geocode(home.path(), &["rows.csv"]);
    let found = columns(&output, &["address", "note", "lon"]);
    assert_eq!(found, ["'=cmd|' /C calc'!A0|'@SUM(1)|-71.1", "12 Main St|-|-71.1"]);
}

#[test]
fn what_cannot_be_geocoded_is_refused_with_a_reason() {
    let home = folder(&[
        ("register.csv", REGISTER.as_bytes()),
        ("rows.csv", b"address\nKerkstraat 4\n"),
        ("no_address.csv", b"id,kleur\n1,rood\n"),
        ("empty.csv", b""),
        ("feet.csv", b"address,x,y\n12 Main St,904000,1020000\n"),
        ("page.csv", b"<!DOCTYPE html><html></html>"),
        ("sheet.csv", b"PK\x03\x04rest"),
        ("geocoded.csv", b"address,geo_status\nKerkstraat 4,accepted\n"),
    ]);
    let by_register = |file: &'static str| ["--register", "register.csv", file];
    let home = home.path();
    refused(home, &by_register("no_address.csv"), &["no_address.csv", "address", "`kleur`", "--address"]);
    refused(home, &by_register("empty.csv"), &["empty.csv", "it is empty"]);
    refused(home, &by_register("page.csv"), &["page.csv", "a web page"]);
    refused(home, &by_register("sheet.csv"), &["sheet.csv", "spreadsheet"]);
    refused(home, &by_register("geocoded.csv"), &["geo_status", "already"]);
    refused(home, &["--register", "regster.csv", "rows.csv"], &["regster.csv", "register.csv"]);
    refused(home, &["rows.csv"], &["no register", "--register"]);
    refused(home, &["feet.csv"], &["`x` and `y`", "--crs"]);
    refused(home, &["--register", "register.csv"], &["no file to geocode"]);
    refused(
        home,
        &["--address", "adress", "--register", "register.csv", "rows.csv"],
        &["adress", "`address`"],
    );
    refused(home, &["--register", "register.csv", "--coordinates", "x", "y", "--", "rows.csv"], &["`x`"]);
    let missing: PathBuf = home.join("nowhere/out.csv");
    refused(
        home,
        &["--register", "register.csv", "-o", missing.to_str().unwrap(), "rows.csv"],
        &["cannot write", "folder exists"],
    );
}
