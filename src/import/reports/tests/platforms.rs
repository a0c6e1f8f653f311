//! Files of the shape that the platforms write, made up for these tests.

use super::*;

/// A report as in `id category kind status closed-or-not`, in their order.
fn told(read: &Read) -> Vec<String> {
    let tell = |index: usize| {
        let report = read.reports.get(index);
        let closed = if report.closed == NEVER { "open" } else { "closed" };
        format!("{} {} {} {closed}", report.id, report.category, report.status)
    };
    (0..read.reports.len()).map(tell).collect()
}

fn asset(read: &Read, index: usize) -> &str {
    read.reports.words.get(read.reports.asset[index])
}

const OPEN311: &str = r#"[
 {"service_request_id": 17, "status": "open", "service_name": "Pothole", "service_code": 3, "requested_datetime": "2025-01-01T10:00:00+01:00",
  "updated_datetime": "2025-01-05T10:00:00+01:00", "lat": 52.09, "long": 5.12, "address": "Kade 1", "media_url": "https://example.org/17.jpg"},
 {"service_request_id": "18", "status": "Closed", "service_name": null, "service_code": "b-7", "requested_datetime": "2025-01-02T10:00:00+01:00",
  "updated_datetime": "2025-01-06T10:00:00+01:00", "lat": "52.10", "long": "5.13", "description": "gat", "notes": [{"status": "open"}]},
 {"service_request_id": "19", "status": "open", "service_name": "Pothole", "requested_datetime": "2025-01-03T10:00:00+01:00", "lat": 0.0, "long": 0.0},
 {"code": 404, "description": "not found"}]"#;

#[test]
fn open311_json_is_read_with_ids_and_coordinates_as_numbers_or_texts() {
    let read = Project::of("requests.json", OPEN311).read();
    assert_eq!(read.counts[0].format, "open311");
    assert_eq!(told(&read), ["17 Pothole open open", "18 b-7 Closed closed", "19 Pothole open open"]);
    assert!(read.reports.given[0].is_somewhere() && read.reports.given[1].is_somewhere());
    assert_eq!((read.issues.count(Code::NullCoordinate), read.issues.count(Code::RowUnreadable)), (1, 1));
    assert!(read.counts[0].noticed.contains("an approximation"), "{}", read.counts[0].noticed);
}

#[test]
fn open311_json_may_be_wrapped_single_or_one_document_after_the_other() {
    let one = |id: u8| format!(r#"{{"service_request_id": {id}, "requested_datetime": "2025-01-01"}}"#);
    for text in [
        format!(r#"{{"count": 2, "service_requests": [{}, {}]}}"#, one(1), one(2)),
        format!(r#"{{"service_requests": {{"request": [{}, {}]}}}}"#, one(1), one(2)),
        format!("{}\n{}\n", one(1), one(2)),
        format!("\u{feff}[{}]\n[{}]", one(1), one(2)),
    ] {
        assert_eq!(Project::of("a.json", &text).read().reports.len(), 2, "{text}");
    }
    assert_eq!(Project::of("a.json", one(1)).read().reports.len(), 1);
}

#[test]
fn open311_xml_is_read_with_nil_entities_and_whatever_stands_around() {
    let text = r#"<?xml version="1.0" encoding="utf-8"?>
        <s:Envelope xmlns:s="urn:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><service_requests><!-- of today -->
        <request><service_request_id>7</service_request_id><status>open</status><service_name>Pole &amp;amp; sign</service_name>
          <requested_datetime>2025-01-01 10:00:00.5</requested_datetime><updated_datetime xsi:nil="true"/>
          <attributes><service_name>not this</service_name></attributes><description><![CDATA[<b>]]></description>
          <lat>52.09</lat><long>5.12</long></request>
        <request><service_request_id>8</service_request_id><status>closed</status><service_code>3</service_code>
          <requested_datetime>2025-01-01T10:00:00Z</requested_datetime><updated_datetime>2025-01-01T12:00:00Z</updated_datetime>
          <lat>0.0</lat><long>0.0</long></request></service_requests></s:Envelope>"#;
    let read = Project::of("requests.xml", text).read();
    assert_eq!(told(&read), ["7 Pole & sign open open", "8 3 closed closed"]);
    assert_eq!(read.reports.get(0).text, "<b>");
    assert_eq!(read.codes(), [("R008", 2), ("R012", 1)]);
}

#[test]
fn a_list_of_services_is_refused_with_what_to_ask_for() {
    for text in [
        r#"[{"service_code": "1", "service_name": "Pothole", "metadata": false}]"#,
        "<services><service><service_code>1</service_code></service></services>",
    ] {
        let error = Project::of("services", text).try_read().err().unwrap();
        assert!(error.hint().unwrap().contains("requests.json"), "{text}");
    }
}

#[test]
fn columns_cannot_be_named_for_a_format_that_has_its_own() {
    let mut project = Project::of("requests.json", OPEN311);
    project.sources[0].columns.opened = Some("requested_datetime".to_owned());
    assert!(project.try_read().err().unwrap().to_string().contains("has its own"));
}

fn signal(id: u32, state: &str, more: &str) -> String {
    format!(
        r#"{{"id": {id}, "signal_id": "u-{id}", "text": "de paal ligt om", "text_extra": "", "created_at": "2025-01-0{id}T10:00:00+01:00",
        "status": {{"state": "{state}", "state_display": "x", "user": "jan@example.org", "created_at": "2025-01-09T10:00:00+01:00"}},
        "category": {{"main_slug": "afval", "sub_slug": "container-is-vol", "main": "Afval", "sub": "Container vol"}},
        "location": {{"geometrie": {{"type": "Point", "coordinates": [5.1{id}, 52.09]}}, "address_text": "Kade 1 Utrecht",
          "address": {{"openbare_ruimte": "Kade", "huisnummer": 1, "huisletter": "A", "huisnummer_toevoeging": "2", "postcode": "1011AB", "woonplaats": "Utrecht"}}}},
        "reporter": {{"email": "piet@example.org", "phone": "0612345678"}} {more}}}"#
    )
}

#[test]
fn signalen_pages_are_read_with_states_addresses_and_containers() {
    let selection = r#", "extra_properties": [{"id": "extra_x", "answer": "ja"}, {"id": "extra_container", "answer": [{"id": null, "type": "not-on-map"}, {"id": 5021, "type": "Rest"}]}]"#;
    let page = format!(
        r#"{{"_links": {{"self": {{"href": "x"}}, "next": {{"href": null}}}}, "count": 5, "results": [{}, {}, {}, {}, {}]}}"#,
        signal(1, "o", selection),
        signal(
            2,
            "a",
            r#", "extra_properties": [{"id": "extra_container", "answer": {"id": "c-9", "type": "Glas"}}]"#
        ),
        signal(3, "reopened", r#", "_links": {"sia:parent": {"href": "x"}}"#),
        signal(4, "m", r#", "_links": {"sia:children": [{"href": "x"}]}"#),
        signal(5, "s", "")
    );
    let read = Project::of("signals.json", &page).read();
    assert_eq!(read.counts[0].format, "signalen");
    assert_eq!(
        told(&read),
        [
            "1 afval/container-is-vol afgehandeld closed",
            "2 afval/container-is-vol geannuleerd open",
            "3 afval/container-is-vol heropend open"
        ]
    );
    assert_eq!((asset(&read, 0), asset(&read, 1), asset(&read, 2)), ("5021", "c-9", ""));
    assert_eq!(read.reports.get(0).address, "Kade 1A-2, 1011AB Utrecht");
    assert_eq!(read.codes(), [("R008", 1), ("R017", 2)]);
    assert_eq!(read.issue(Code::SplitReport), (4, "id", "4"));
}

#[test]
fn a_single_signal_and_a_bare_list_are_read_as_well() {
    for text in [signal(1, "m", ""), format!("[{}]", signal(1, "m", ""))] {
        let read = Project::of("signal.json", &text).read();
        assert_eq!((read.reports.len(), &*read.counts[0].format), (1, "signalen"));
    }
}

/// Signalen's CSV files, with longitude and latitude in each other's place, as it writes them.
fn warehouse() -> Project {
    let signals = "id,signal_uuid,source,text,text_extra,incident_date_start,created_at,extra_properties,category_assignment_id,location_id,reporter_id,status_id,parent\n\
        1,u1,online,vol,,2025-01-01,2025-01-01T10:00:00+01:00,\"[{\"\"id\"\": \"\"extra_container\"\", \"\"answer\"\": {\"\"id\"\": 12}}]\",21,11,1,31,\n\
        2,u2,online,vol,,2025-01-02,2025-01-02T10:00:00+01:00,null,22,12,1,33,\n\
        3,u3,online,vol,,2025-01-02,2025-01-02T10:00:00+01:00,null,23,13,1,34,2.0\n\
        4,u4,online,vol,,2025-01-03,2025-01-03T10:00:00+01:00,null,24,14,1,36,\n";
    let project = Project::of("142300UTC_signals.csv", signals);
    let locations = "id,lat,lng,address_street,address_number,address_postalcode,address_city,_signal_id\n\
        11,5.11,52.09,Kade,1,1011AB,Utrecht,1\n12,5.12,52.09,Kade,2,,,2\n13,5.13,52.09,Kade,3,,,3\n14,,,,,,,4\n";
    let categories = "id,main,sub,main_slug,sub_slug,departments,created_at,_signal_id\n\
        20,Overig,Overig,overig,overig,X,2025-01-01,1\n21,Afval,Vol,afval,container-is-vol,X,2025-01-01,1\n\
        22,Afval,Vol,afval,container-is-vol,X,2025-01-01,2\n23,Afval,Vol,afval,container-is-vol,X,2025-01-01,3\n";
    let statuses = "id,state,text,user,created_at,_signal_id\n\
        30,m,,,2025-01-01T10:00:00+01:00,1\n31,o,,jan@example.org,2025-01-04T10:00:00+01:00,1\n\
        33,m,,,2025-01-02T10:00:00+01:00,2\n34,m,,,2025-01-02T10:00:00+01:00,3\n\
        35,o,,,2025-01-05T10:00:00+01:00,4\n37,reopenend,,,2025-01-06T10:00:00+01:00,4\n36,o,,,2025-01-07T10:00:00+01:00,4\n";
    for (name, text) in [
        ("locations", locations),
        ("categories", categories),
        ("statuses", statuses),
        ("reporters", "id,email\n1,piet@example.org\n"),
    ] {
        std::fs::write(project.folder.path().join(format!("142301UTC_{name}.csv")), text).unwrap();
    }
    project
}

#[test]
fn signalens_csv_files_are_joined_and_turned_round_as_a_whole() {
    for path in ["142300UTC_signals.csv", "*.csv", "."] {
        let mut project = warehouse();
        project.sources[0].path = path.to_owned();
        let read = project.read();
        assert_eq!(read.counts.len(), 1, "{path}");
        assert_eq!(
            told(&read),
            [
                "1 afval/container-is-vol afgehandeld closed",
                "3 afval/container-is-vol gemeld open",
                "4  afgehandeld closed"
            ],
            "{path}"
        );
        assert_eq!((asset(&read, 0), read.reports.get(0).address), ("12", "Kade 1, 1011AB Utrecht"));
        let at = Plane::new(Crs::from_epsg(28992).unwrap()).unwrap().lon_lat(read.reports.given[0]);
        assert!((at.lon - 5.11).abs() < 1e-6 && (at.lat - 52.09).abs() < 1e-6, "{at:?}");
        assert_eq!(read.codes(), [("R008", 2), ("R017", 1), ("R018", 1)]);
        assert_eq!(read.issue(Code::SwappedFile), (0, "lng, lat", "2 fit turned round, 0 as written"));
        assert!(read.counts[0].noticed.contains("axes: longitude and latitude are swapped"));
        // Closed again after it was opened again.
        assert_eq!(read.reports.closed[2] - read.reports.opened[2], 4 * 86_400);
    }
}

#[test]
fn signalens_joined_export_is_one_file() {
    let text = "id,signal_uuid,text,created_at,main_slug,sub_slug,state,status_created_at,lat,lng,address_text\n\
        1,u1,vol,2025-01-01T10:00:00+01:00,afval,container-is-vol,o,2025-01-02T10:00:00+01:00,52.09,5.11,Kade 1\n";
    let read = Project::csv(text).read();
    assert_eq!(read.counts[0].format, "signalen");
    assert_eq!(told(&read), ["1 afval/container-is-vol afgehandeld closed"]);
    assert!(read.reports.given[0].is_somewhere() && read.issues.count(Code::SwappedFile) == 0);
}

#[test]
fn fixmystreet_closes_at_the_earliest_of_fixed_and_closed_and_forgets_the_user() {
    let text = "Report ID,Title,Detail,User Name,Category,Subcategory,Created,Confirmed,Acknowledged,Fixed,Closed,Status,Latitude,Longitude,Query,Ward,Easting,Northing,Report URL,Device Type,Site Used,Reported As,Extra\n\
        5,Post,\"It fell\nover\",Ann Other,Street,Bollard down,2025-01-01T09:00:00,2025-01-01T10:00:00,,2025-01-05T10:00:00,2025-01-03T10:00:00,closed,52.09,5.12,SW1A,W1,1,2,https://x,mobile,x,,\n\
        6,Bin,Full,Ann Other,Waste,,2025-01-02T09:00:00,,,,,confirmed,52.09,5.12,SW1A,W1,1,2,https://x,mobile,x,,\n";
    let read = Project::csv(text).read();
    assert_eq!(read.counts[0].format, "fixmystreet");
    assert_eq!(told(&read), ["5 Bollard down closed closed", "6 Waste confirmed open"]);
    assert_eq!(read.reports.closed[0] - read.reports.opened[0], 2 * 86_400);
    assert_eq!(read.reports.get(0).text, "Post\nIt fell\nover");
    assert!(read.reports.get(0).address.is_empty() && !format!("{:?}", read.reports).contains("Ann"));
}

#[test]
fn words_in_the_text_decide_where_the_category_says_too_little() {
    let row = |id: u8, category: &str, text: &str| format!("{id},{category},2025-01-01,,5.1,52.1,,{text},\n");
    let text = [
        HEADER.to_owned(),
        row(1, "Overig/overig", "het anti-parkeerpaaltje ligt om"),
        row(2, "Overig/overig", "Poller umgefahren"),
        row(3, "Overig/overig", "een hond"),
        row(4, "Bollard", "volle prullenbak"),
    ];
    let mut project = Project::csv(text.concat());
    assert_eq!(project.read().codes(), [("R008", 1)], "off unless the source asks for it");
    project.sources[0].text_decides = vec!["*overig".to_owned()];
    let read = project.read();
    let bollards = read.reports.kind.iter().filter(|&&kind| kind == Kind::Bollard).count();
    assert_eq!((bollards, read.codes()), (3, vec![("R008", 1), ("R019", 1)]));
    assert_eq!(read.issue(Code::UnknownCategory).2, "Overig/overig: 1");
    assert_eq!(read.issue(Code::KindFromText).2, "Overig/overig: bollard in 2");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Truncated and mutated files of every platform give reports or an error.
    #[test]
    fn damaged_files_of_platforms_never_panic(which in 0..5_usize, cut in 0.0..1.0_f64, flips in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 0..6)) {
        let whole = [
            OPEN311.to_owned(),
            "<service_requests><request><service_request_id>7</service_request_id><requested_datetime>2025-01-01</requested_datetime></request></service_requests>".to_owned(),
            format!(r#"{{"results": [{}, {}]}}"#, signal(1, "o", ""), signal(2, "m", "")),
            "id,signal_uuid,created_at,lat,lng,state\n1,u,2025-01-01,5.1,52.1,o\n".to_owned(),
            "Report ID,Title,Detail,Confirmed,Acknowledged,Latitude,Longitude\n1,a,b,2025-01-01,,52.1,5.1\n".to_owned(),
        ];
        let mut bytes = whole[which].clone().into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let at = |share: f64, length: usize| (share * length as f64) as usize;
        for &(share, byte) in &flips {
            let place = at(share, bytes.len());
            bytes[place] = byte;
        }
        bytes.truncate(1 + at(cut, bytes.len()));
        for format in FORMATS {
            let mut project = Project::of("reports", &bytes);
            project.sources[0].format = Some(format.name().to_owned());
            let _ = project.try_read();
        }
        let _ = Project::of("reports", &bytes).try_read();
    }

    #[test]
    fn any_bytes_are_reports_or_an_error_in_every_format(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in FORMATS {
            let mut project = Project::of("reports", &bytes);
            project.sources[0].format = Some(format.name().to_owned());
            let _ = project.try_read();
        }
    }
}
