//! Names, telephone numbers and e-mail addresses of citizens never reach an output, wherever a file has them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::{files, run, words};

/// What is planted. Names cannot be known from other words, so they stand only where nothing is written from.
const PLANTED: [&str; 8] = [
    "Quirijn",
    "Zonnebloem",
    "quirijn@voorbeeld.example",
    "voorbeeld.example",
    "0612345678",
    "06 12 34 56 78",
    "+31 6 1234 5678",
    "312345678",
];
const WHO: &str = "Quirijn Zonnebloem, 0612345678, quirijn@voorbeeld.example";

fn plant(folder: &Path) {
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    let mut table =
        "id,category,opened,closed,lon,lat,address,text,status,reporter,phone,e-mail\n".to_owned();
    for n in 0..30 {
        let _ = writeln!(
            table,
            "{n},Bollard,2025-01-01 10:{n},,5.12{n},52.09,\"Kade {n}, {WHO}\",\"{WHO}\",open,Quirijn Zonnebloem,06 12 34 56 78,quirijn@voorbeeld.example"
        );
    }
    for (id, category, opened, closed, lon, lat, status) in [
        ("a", "bel 06 12 34 56 78", "2025-01-02", "", "5.12", "52.09", "open"),
        ("b", "quirijn@voorbeeld.example", "2025-01-02", "", "5.12", "52.09", "+31 6 1234 5678"),
        ("c", "Bollard", "bel Quirijn 0612345678", "", "5.12", "52.09", "mail quirijn@voorbeeld.example"),
        ("d", "Bollard", "2025-01-02", "bel Quirijn 0612345678", "5.12", "52.09", "open"),
        ("e", "Bollard", "2025-01-02", "", "Quirijn", "Zonnebloem", "open"),
        ("quirijn@voorbeeld.example", "Bollard", "2025-01-02", "", "5.12", "52.09", "open"),
        ("quirijn@voorbeeld.example", "Bollard", "2025-01-02", "", "5.12", "52.09", "open"),
    ] {
        let _ = writeln!(
            table,
            "{id},{category},{opened},{closed},{lon},{lat},,\"{WHO}\",{status},Quirijn,0612345678,x"
        );
    }
    write("a.csv", table);
    write(
        "fixmystreet.csv",
        format!(
            "Report ID,Title,Detail,User Name,Category,Created,Confirmed,Acknowledged,Fixed,Closed,Status,Latitude,Longitude,Query,Reported As\n\
             f1,\"{WHO}\",\"{WHO}\",Quirijn Zonnebloem,Bollard,2025-01-03,2025-01-03T10:00:00,,,,open,52.09,5.12,\"{WHO}\",Quirijn\n"
        ),
    );
    write(
        "open311.json",
        format!(
            r#"[{{"service_request_id": "o1", "service_name": "Bollard", "requested_datetime": "2025-01-03T10:00:00Z", "lat": 52.09, "long": 5.12,
              "description": "{WHO}", "status_notes": "{WHO}", "address": "{WHO}", "first_name": "Quirijn", "email": "quirijn@voorbeeld.example",
              "media_url": "https://voorbeeld.example/x.jpg", "notes": [{{"summary": "{WHO}"}}]}}]"#
        ),
    );
    write(
        "open311.xml",
        format!(
            "<service_requests><request><service_request_id>x1</service_request_id><requested_datetime>2025-01-03T10:00:00Z</requested_datetime>\
             <service_name>Bollard</service_name><lat>52.09</lat><long>5.12</long><description>{WHO}</description><phone>0612345678</phone>\
             <address>{WHO}</address></request></service_requests>"
        ),
    );
    write(
        "signalen.json",
        format!(
            r#"{{"results": [{{"id": 1, "signal_id": "u", "text": "{WHO}", "text_extra": "{WHO}", "created_at": "2025-01-03T10:00:00Z",
              "status": {{"state": "m", "text": "{WHO}", "user": "quirijn@voorbeeld.example"}}, "category": {{"main_slug": "afval", "sub_slug": "vol"}},
              "location": {{"geometrie": {{"type": "Point", "coordinates": [5.12, 52.09]}}, "address_text": "{WHO}"}},
              "reporter": {{"email": "quirijn@voorbeeld.example", "phone": "0612345678"}}, "notes": [{{"text": "{WHO}"}}],
              "extra_properties": [{{"id": "extra_naam", "answer": "{WHO}"}}, {{"id": "extra_container", "answer": {{"id": "{WHO}", "type": "Rest"}}}}]}}]}}"#
        ),
    );
    fs::create_dir(folder.join("warehouse")).unwrap();
    write(
        "warehouse/signals.csv",
        format!(
            "id,signal_uuid,text,created_at,extra_properties\ns1,u,\"{WHO}\",2025-01-03T10:00:00Z,\"{WHO}\"\n"
        ),
    );
    write(
        "warehouse/locations.csv",
        format!("id,lat,lng,address_text,_signal_id\n1,5.12,52.09,\"{WHO}\",s1\n"),
    );
    write(
        "warehouse/statuses.csv",
        format!("id,state,text,user,created_at,_signal_id\n1,m,\"{WHO}\",Quirijn,2025-01-03,s1\n"),
    );
    write("warehouse/reporters.csv", format!("id,email\n1,\"{WHO}\"\n"));
    write(
        "points.geojson",
        format!(
            r#"{{"type": "FeatureCollection", "features": [{{"type": "Feature", "id": "g1", "properties": {{"category": "Bollard", "opened": "2025-01-03",
              "description": "{WHO}", "reporter": "Quirijn", "address": "{WHO}"}}, "geometry": {{"type": "Point", "coordinates": [5.12, 52.09]}}}}]}}"#
        ),
    );
    write("paaltje.toml", project());
}

/// A project that reads all of them.
fn project() -> String {
    let sources: Vec<String> = [
        "a.csv",
        "fixmystreet.csv",
        "open311.json",
        "open311.xml",
        "signalen.json",
        "warehouse",
        "points.geojson",
    ]
    .iter()
    .map(|path| format!("[[sources.reports]]\npath = \"{path}\"\ntext_decides = [\"*\"]\n"))
    .collect();
    format!(
        "title = \"T\"\ntimezone = \"Europe/Amsterdam\"\ncrs = \"EPSG:28992\"\n{}[kinds]\n\"Bollard\" = \"bollard\"\n\
             [[hotspots.density]]\nkind = \"*\"\nmin_reports = 3\n\
             [output]\nformats = [\"geopackage\", \"geojson\", \"csv\"]\n",
        sources.concat()
    )
}

#[test]
fn who_reported_is_in_no_byte_of_any_output() {
    let home = tempfile::tempdir().unwrap();
    plant(home.path());
    let out = home.path().join("out");
    let output = run(&home.path().join("paaltje.toml"), &out, &[]);
    assert!(output.status.success(), "{}", words(&output));
    let written = files(&out);
    assert!(written.len() > 10, "{written:?}");
    let summary = crate::support::summary(&out).to_string();
    assert!(summary.contains("warehouse/signals.csv"), "every source was read");
    assert!(summary.contains("\"(text): 2\""), "categories without a kind are listed: {summary}");
    for (path, bytes) in written.iter().chain([&(home.path().join("stderr"), output.stderr.clone())]) {
        let text = String::from_utf8_lossy(bytes);
        for planted in PLANTED {
            assert!(!text.contains(planted), "`{planted}` is in {}", path.display());
        }
    }
}
