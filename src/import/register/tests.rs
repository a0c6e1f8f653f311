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

/// A zip file with these entries.
fn zipped(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// One file of an extract: objects as Kadaster writes them, without the parts that are not read.
fn bag_file(objects: &[String]) -> Vec<u8> {
    let stand = |object: &String| {
        format!("<sl:stand><sl-bag-extract:bagObject>{object}</sl-bag-extract:bagObject></sl:stand>")
    };
    let objects = objects.iter().map(stand).collect::<Vec<_>>().concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sl-bag-extract:bagStand \
         xmlns:Objecten=\"www.kadaster.nl/schemas/lvbag/imbag/objecten/v20200601\" \
         xmlns:Objecten-ref=\"www.kadaster.nl/schemas/lvbag/imbag/objecten-ref/v20200601\" \
         xmlns:Historie=\"www.kadaster.nl/schemas/lvbag/imbag/historie/v20200601\" \
         xmlns:nen5825=\"www.kadaster.nl/schemas/lvbag/imbag/nen5825/v20200601\" \
         xmlns:gml=\"http://www.opengis.net/gml/3.2\" \
         xmlns:sl=\"http://www.kadaster.nl/schemas/standlevering-generiek/1.0\" \
         xmlns:sl-bag-extract=\"http://www.kadaster.nl/schemas/lvbag/extract-deelbestand-lvc/v20200601\">\
         <sl:standBestand><sl:dataset>LVBAG</sl:dataset>{objects}</sl:standBestand></sl-bag-extract:bagStand>"
    )
    .into_bytes()
}

fn occurrence(end: &str) -> String {
    let end = if end.is_empty() {
        String::new()
    } else {
        format!("<Historie:eindGeldigheid>{end}</Historie:eindGeldigheid>")
    };
    format!(
        "<Objecten:voorkomen><Historie:Voorkomen><Historie:voorkomenidentificatie>1</Historie:voorkomenidentificatie>\
         <Historie:beginGeldigheid>2010-05-01</Historie:beginGeldigheid>{end}</Historie:Voorkomen></Objecten:voorkomen>"
    )
}

fn house(id: &str, number: &str, more: &str, status: &str, end: &str) -> String {
    format!(
        "<Objecten:Nummeraanduiding><Objecten:identificatie domein=\"NL.IMBAG.Nummeraanduiding\">{id}</Objecten:identificatie>\
         <Objecten:huisnummer>{number}</Objecten:huisnummer>{more}<Objecten:postcode>3511AB</Objecten:postcode>\
         <Objecten:status>{status}</Objecten:status>{}\
         <Objecten:ligtAan><Objecten-ref:OpenbareRuimteRef domein=\"NL.IMBAG.Openbareruimte\">0344300000000001\
         </Objecten-ref:OpenbareRuimteRef></Objecten:ligtAan></Objecten:Nummeraanduiding>",
        occurrence(end)
    )
}

#[test]
fn an_extract_of_bag_gives_what_is_valid_where_its_units_are() {
    let given = "Naamgeving uitgegeven";
    let letter = "<Objecten:huisletter>A</Objecten:huisletter>\
                  <Objecten:huisnummertoevoeging>bis</Objecten:huisnummertoevoeging>";
    let numbers = bag_file(&[
        house("0344200000000001", "12", letter, given, ""),
        house("0344200000000001", "21", letter, given, "2018-01-01"),
        house("0344200000000002", "14", "", given, ""),
        house("0344200000000003", "16", "", "Naamgeving ingetrokken", ""),
        house("0344200000000004", "18", "", given, ""),
    ]);
    let street = "<Objecten:OpenbareRuimte><Objecten:identificatie domein=\"NL.IMBAG.Openbareruimte\">0344300000000001\
                  </Objecten:identificatie><Objecten:naam>Burgemeester Reigerstraat</Objecten:naam>\
                  <Objecten:type>Weg</Objecten:type><Objecten:status>Naamgeving uitgegeven</Objecten:status>\
                  <Objecten:verkorteNaam><nen5825:VerkorteNaamOpenbareRuimte><nen5825:verkorteNaam>Burg Reigerstr\
                  </nen5825:verkorteNaam></nen5825:VerkorteNaamOpenbareRuimte></Objecten:verkorteNaam>\
                  <Objecten:ligtIn><Objecten-ref:WoonplaatsRef domein=\"NL.IMBAG.Woonplaats\">3295\
                  </Objecten-ref:WoonplaatsRef></Objecten:ligtIn></Objecten:OpenbareRuimte>";
    let town = "<Objecten:Woonplaats><Objecten:identificatie domein=\"NL.IMBAG.Woonplaats\">3295</Objecten:identificatie>\
                <Objecten:naam>Utrecht</Objecten:naam><Objecten:status>Woonplaats aangewezen</Objecten:status>\
                </Objecten:Woonplaats>";
    let address = |id: &str| {
        format!(
            "<Objecten:heeftAlsHoofdadres><Objecten-ref:NummeraanduidingRef domein=\"NL.IMBAG.Nummeraanduiding\">{id}\
             </Objecten-ref:NummeraanduidingRef></Objecten:heeftAlsHoofdadres>"
        )
    };
    let unit = format!(
        "<Objecten:Verblijfsobject>{}<Objecten:identificatie>0344010000000001</Objecten:identificatie><Objecten:geometrie>\
         <Objecten:punt><gml:Point srsName=\"urn:ogc:def:crs:EPSG::28992\" srsDimension=\"3\"><gml:pos>137500.0 455900.0 0.0\
         </gml:pos></gml:Point></Objecten:punt></Objecten:geometrie><Objecten:status>Verblijfsobject in gebruik\
         </Objecten:status></Objecten:Verblijfsobject>",
        address("0344200000000001")
    );
    let berth = format!(
        "<Objecten:Ligplaats>{}<Objecten:identificatie>0344020000000001</Objecten:identificatie><Objecten:geometrie>\
         <gml:Polygon srsName=\"urn:ogc:def:crs:EPSG::28992\"><gml:exterior><gml:LinearRing><gml:posList count=\"5\">\
         137600 455900 137610 455900 137610 455904 137600 455904 137600 455900</gml:posList></gml:LinearRing></gml:exterior>\
         </gml:Polygon></Objecten:geometrie></Objecten:Ligplaats>",
        address("0344200000000002")
    );
    let archive = zipped(&[
        ("0344NUM08052026.zip", zipped(&[("0344NUM08052026-000001.xml", numbers)])),
        ("0344OPR08052026.zip", zipped(&[("0344OPR08052026-000001.xml", bag_file(&[street.to_owned()]))])),
        ("0344WPL08052026.zip", zipped(&[("0344WPL08052026-000001.xml", bag_file(&[town.to_owned()]))])),
        ("0344VBO08052026.zip", zipped(&[("0344VBO08052026-000001.xml", bag_file(&[unit]))])),
        ("0344LIG08052026.zip", zipped(&[("0344LIG08052026-000001.xml", bag_file(&[berth]))])),
        ("0344PND08052026.zip", b"buildings are not even opened".to_vec()),
    ]);
    let folder = folder(&[("BAGGEM0344L-08052026.zip", &archive)]);
    let (addresses, issues, counts) =
        read_all(folder.path(), &source("BAGGEM0344L-08052026.zip"), 28992).unwrap();
    assert_eq!(
        labels(&addresses),
        [
            "Burgemeester Reigerstraat 12 A-bis, 3511AB Utrecht",
            "Burgemeester Reigerstraat 14, 3511AB Utrecht"
        ]
    );
    assert_eq!(addresses.at, [Local::new(137_500.0, 455_900.0), Local::new(137_605.0, 455_902.0)]);
    assert_eq!(addresses.words.get(addresses.aliases[0].1), "Burg Reigerstr");
    assert_eq!((counts[0].read, counts[0].used), (3, 2), "number 18 has no unit");
    assert_eq!(issues.count(Code::ShapeUnreadable), 1);
    assert!(counts[0].noticed.contains("2 no longer valid"), "{}", counts[0].noticed);
}

#[test]
fn a_zip_file_that_is_no_extract_of_bag_is_refused() {
    for bytes in [b"PK\x03\x04 and nothing".to_vec(), zipped(&[("readme.txt", b"hello".to_vec())])] {
        let folder = folder(&[("register.zip", &bytes)]);
        assert!(
            read_all(folder.path(), &source("register.zip"), 28992)
                .unwrap_err()
                .hint()
                .unwrap()
                .contains("BAG")
        );
    }
    let broken = zipped(&[("0344NUM.zip", zipped(&[("a.xml", b"<a><b></a>".to_vec())]))]);
    let folder = folder(&[("register.zip", &broken)]);
    assert!(read_all(folder.path(), &source("register.zip"), 28992).is_err());
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
