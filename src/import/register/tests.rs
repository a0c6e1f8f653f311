use proptest::prelude::*;

use super::*;
use crate::import::testing::{assert_balanced, clock, folder, plane, real, settings};
use crate::model::some;

fn source(path: &str) -> RegisterSource {
    RegisterSource { path: path.to_owned(), ..RegisterSource::default() }
}

fn read_all(
    base: &std::path::Path,
    source: &RegisterSource,
    epsg: u16,
) -> Result<(Addresses, Issues, Vec<SourceCount>)> {
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let sources = std::slice::from_ref(source);
    let addresses = read(sources, &settings(base, &clock), &plane(epsg), &mut issues, &mut counts)?;
    assert_balanced(&issues, &counts);
    Ok((addresses, issues, counts))
}

fn read_csv(text: &str, source: &RegisterSource) -> Result<(Addresses, Issues, Vec<SourceCount>)> {
    let folder = folder(&[("register.csv", text.as_bytes())]);
    read_all(folder.path(), &RegisterSource { path: "register.csv".to_owned(), ..source.clone() }, 28992)
}

/// All addresses as `Kade 12 b, 1011AB Amsterdam`.
fn labels(addresses: &Addresses) -> Vec<String> {
    let word = |number: u32| some(number).map_or("", |_| addresses.words.get(number));
    let label = |index: usize| {
        format!(
            "{}, {} {}",
            addresses.label(index),
            word(addresses.postcode[index]),
            word(addresses.city[index])
        )
    };
    (0..addresses.len()).map(label).collect()
}

#[test]
fn rows_stand_in_canonical_order_and_equal_ones_count_once() {
    let text = "street,house_number,zip,city,lon,lat,id\n\
                Kade,12 b,1011AB,Mokum,5.1,52.1,z\n\
                Kade,2,1011AB,Mokum,5.1,52.1,y\n\
                Allee,9,,,5.1,52.1,x\n\
                Kade,2,1011AB,Mokum,5.1,52.1,w\n";
    let (addresses, issues, counts) = read_csv(text, &source("")).unwrap();
    assert_eq!(labels(&addresses), ["Allee 9,  ", "Kade 2, 1011AB Mokum", "Kade 12 b, 1011AB Mokum"]);
    assert_eq!(addresses.id.iter().collect::<Vec<_>>(), ["x", "w", "z"]);
    assert_eq!((issues.count(Code::ExactDuplicate), counts[0].read, counts[0].used), (1, 4, 3));
}

#[test]
fn a_row_without_street_number_or_place_is_an_issue() {
    let text = "street;number;lon;lat\n;1;5.1;52.1\nKade;;5.1;52.1\nKade;1;;\nKade;2;0;0\nKade;3;5.1;520\nKade;4;5,1;52,1\n";
    let (addresses, issues, _) = read_csv(text, &source("")).unwrap();
    assert_eq!(labels(&addresses), ["Kade 4,  "]);
    assert_eq!((issues.count(Code::AddressWithoutStreet), issues.count(Code::ShapeUnreadable)), (2, 3));
}

#[test]
fn the_columns_of_bag_are_known() {
    let text = "openbareruimte;huisnummer;huisletter;huisnummertoevoeging;postcode;woonplaats;x;y;lon;lat;verkorteopenbareruimte\n\
                Burgemeester Jansenstraat;12;A;2;1011AB;Amsterdam;122177;487877;4.905166;52.377779;Burg Jansenstr\n";
    let (addresses, ..) = read_csv(text, &source("")).unwrap();
    assert_eq!(labels(&addresses), ["Burgemeester Jansenstraat 12 A-2, 1011AB Amsterdam"]);
    assert!(addresses.at[0].distance_m(Local::new(122_177.0, 487_877.0)) < 1.0, "{:?}", addresses.at[0]);
    let (name, alias) = addresses.aliases[0];
    assert_eq!(
        (addresses.words.get(name), addresses.words.get(alias)),
        ("Burgemeester Jansenstraat", "Burg Jansenstr")
    );
}

#[test]
fn x_and_y_need_their_system() {
    let text = "address,x,y\nKade 12,136000,455000\n";
    assert!(read_csv(text, &source("")).unwrap_err().hint().unwrap().contains("crs"));
    let with_crs = RegisterSource { crs: Some("EPSG:28992".to_owned()), ..source("") };
    let (addresses, ..) = read_csv(text, &with_crs).unwrap();
    assert_eq!((labels(&addresses), addresses.at[0].x), (vec!["Kade 12,  ".to_owned()], 136_000.0));
}

#[test]
fn a_missing_column_is_an_error_that_lists_the_columns() {
    let hint = read_csv("a,b\n1,2\n", &source("")).unwrap_err().hint().unwrap();
    assert!(hint.contains("`a`, `b`"), "{hint}");
    let columns = RegisterColumns { street: Some("straat".to_owned()), ..RegisterColumns::default() };
    let wrong = RegisterSource { columns, ..source("") };
    assert!(read_csv("street,number,lon,lat\nKade,1,5,52\n", &wrong).is_err());
}

#[test]
fn the_far_end_of_a_range_is_added_where_nothing_else_has_it() {
    let text = "street,number,lon,lat\nKade,12-14,5.1,52.1\nLaan,12-14,5.1,52.1\nLaan,14,5.2,52.1\n";
    let (addresses, _, counts) = read_csv(text, &source("")).unwrap();
    assert_eq!(labels(&addresses), ["Kade 12 14,  ", "Kade 14,  ", "Laan 12 14,  ", "Laan 14,  "]);
    assert!(addresses.at[3].distance_m(addresses.at[2]) > 1000.0);
    assert_eq!(counts[0].used, 3);
}

#[test]
fn addresses_of_geojson_are_read_by_their_properties() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"addr:street":"Kade","addr:housenumber":"7","ID":3},"geometry":{"type":"Point","coordinates":[5.1,52.1]}},
        {"type":"Feature","properties":{"full_address":"9 Kade"},"geometry":{"type":"Point","coordinates":[5.1,52.1]}}]}"#;
    let folder = folder(&[("register.geojson", text.as_bytes())]);
    let (addresses, ..) = read_all(folder.path(), &source("register.geojson"), 28992).unwrap();
    assert_eq!(labels(&addresses), ["Kade 7,  ", "Kade 9,  "]);
}

#[test]
fn openaddresses_are_read_as_csv_and_as_a_feature_a_line() {
    let table = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n5.1,52.1,7,Kade,2,Mokum,,NH,1011AB,,ab1\n";
    let (addresses, ..) = read_csv(table, &source("")).unwrap();
    assert_eq!(labels(&addresses), ["Kade 7 2, 1011AB Mokum"]);
    let line = |number: u8| {
        format!(
            r#"{{"type":"Feature","properties":{{"hash":"h{number}","number":"{number}","street":"Kade","unit":"","city":"Mokum","postcode":"1011AB","id":""}},"geometry":{{"type":"Point","coordinates":[5.1,52.1]}}}}"#
        )
    };
    for name in ["register.geojson", "register.ndjson"] {
        let text = format!("{}\n{}\n", line(7), line(9));
        let folder = folder(&[(name, text.as_bytes())]);
        let (addresses, ..) = read_all(folder.path(), &source(name), 28992).unwrap();
        assert_eq!(labels(&addresses), ["Kade 7, 1011AB Mokum", "Kade 9, 1011AB Mokum"], "{name}");
    }
    let folder = folder(&[("register.ndjson", format!("{}\n{{\"type\":", line(7)).as_bytes())]);
    assert!(read_all(folder.path(), &source("register.ndjson"), 28992).is_err(), "it breaks off");
}

#[test]
fn of_a_geopackage_of_bag_the_layer_with_addresses_is_read() {
    let folder = folder(&[]);
    let database = rusqlite::Connection::open(folder.path().join("bag-light.gpkg")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT);
             CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);
             CREATE TABLE gpkg_spatial_ref_sys (srs_id INTEGER, organization TEXT, organization_coordsys_id INTEGER);
             INSERT INTO gpkg_spatial_ref_sys VALUES (28992, 'EPSG', 28992);
             INSERT INTO gpkg_contents VALUES ('pand', 'features'), ('verblijfsobject', 'features');
             INSERT INTO gpkg_geometry_columns VALUES ('pand', 'geom', 28992), ('verblijfsobject', 'geom', 28992);
             CREATE TABLE pand (geom BLOB, bouwjaar INTEGER);
             CREATE TABLE verblijfsobject (geom BLOB, identificatie TEXT, openbare_ruimte TEXT, huisnummer INTEGER, huisletter TEXT,
               toevoeging TEXT, postcode TEXT, woonplaats TEXT);",
        )
        .unwrap();
    let mut point = b"GP\x00\x01\x40\x71\x00\x00\x01\x01\x00\x00\x00".to_vec();
    point.extend(122_177.0_f64.to_le_bytes());
    point.extend(487_877.0_f64.to_le_bytes());
    let insert = "INSERT INTO verblijfsobject VALUES (?1, '0363', 'Kade', 12, 'A', '2', '1011AB', 'Mokum')";
    database.execute(insert, [point]).unwrap();
    drop(database);
    let (addresses, _, counts) = read_all(folder.path(), &source("bag-light.gpkg"), 28992).unwrap();
    assert_eq!(labels(&addresses), ["Kade 12 A-2, 1011AB Mokum"]);
    assert!(counts[0].noticed.contains("layer: verblijfsobject of 2"), "{}", counts[0].noticed);
}

#[test]
fn an_unknown_format_lists_the_known_ones() {
    let wrong = RegisterSource { format: Some("dbf".to_owned()), ..source("") };
    assert!(
        read_csv("street,number,lon,lat\nKade,1,5,52\n", &wrong).unwrap_err().hint().unwrap().contains("csv")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_is_a_register_or_an_error(rows in "[a-z0-9 ;,\"\n.é-]{0,120}") {
        let _either = read_csv(&format!("street,number,lon,lat\n{rows}"), &source(""));
        let _either = read_csv(&rows, &source(""));
    }

    #[test]
    fn shuffled_rows_give_the_same_register(order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let row = |index: &usize| format!("{},{},5.{},52.1,{}\n", ["Kade", "Laan", "Dam"][index % 3], index % 4 * 2, index % 2, index % 5);
        let rows: String = order.iter().map(row).collect();
        let sorted: String = (0..12).map(|index| row(&index)).collect();
        let read = |rows: &str| read_csv(&format!("street,number,lon,lat,id\n{rows}"), &source("")).unwrap().0;
        let (shuffled, sorted) = (read(&rows), read(&sorted));
        prop_assert_eq!(labels(&shuffled), labels(&sorted));
        prop_assert_eq!(&shuffled.at, &sorted.at);
        prop_assert_eq!(&shuffled.street, &sorted.street);
        prop_assert!(shuffled.id.iter().eq(sorted.id.iter()));
    }
}

#[test]
fn the_real_registers_are_read() {
    let Some(base) = real("washington-dc/addresses.csv") else { return };
    for (path, epsg, read) in [
        ("washington-dc/addresses.csv", 26985, 13_231),
        ("helsinki/helsinki-centre.osm.pbf", 3067, 1_464),
        ("geocoding/bag_nlextract_99_rows.csv", 28992, 99),
    ] {
        let (addresses, issues, counts) = read_all(&base, &source(path), epsg).unwrap();
        println!(
            "{counts:?} -> {} addresses, {} aliases, {:?}",
            addresses.len(),
            addresses.aliases.len(),
            issues.tally()
        );
        for issue in issues.list().iter().take(4) {
            println!("  {issue:?}");
        }
        println!("  {:?}", labels(&addresses).iter().step_by(addresses.len() / 5).collect::<Vec<_>>());
        assert_eq!(counts[0].read, read);
        assert!(counts[0].used * 100 > read * 95, "{counts:?}");
    }
}
