//! Rounds with names that no file name, table or mark-up should be harmed by, and what must hold for every format.

use super::*;
use crate::draw::tests::small_town;

/// A town whose routes, stops, trips and trucks have hostile names; the ids stay in their order.
pub(super) fn hostile_town(language: Language) -> Findings {
    let mut findings = small_town(language);
    let rounds = &mut findings.rounds;
    let long = "X".repeat(300);
    for (route, id) in rounds.routes.iter_mut().zip(["../../x", "<script>alert(1)</script>", &long]) {
        route.id = id.to_owned();
        route.name = format!("{id} & \"ronde\" 'مسار' =1+1");
    }
    rounds.stops[0].name = "\u{202e}محطة, \"quoted\" <b>".to_owned();
    rounds.stops[1].name = "]]><svg onload=alert(1)>".to_owned();
    rounds.stops[2].name = long;
    rounds.trips[0].id = "../T0 <&>".to_owned();
    rounds.vehicles[2].id = "truck/../2".to_owned();
    findings
}

#[test]
fn names_of_files_stay_in_their_folder_and_are_never_alike() {
    let long = "x".repeat(300);
    let ids = [
        "LC01",
        "lc01",
        "../../x",
        "..\\..\\x",
        "",
        "con",
        "COM1",
        "index",
        "rün",
        "r\u{fc}n",
        &long,
        "a/b",
        "a_b",
    ];
    let stems = stems(&ids);
    let unique: BTreeSet<String> = stems.iter().map(|stem| stem.to_lowercase()).collect();
    assert_eq!(unique.len(), ids.len(), "{stems:?}");
    for stem in &stems {
        let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        assert!(!stem.is_empty() && stem.len() < 80 && stem.chars().all(is_safe), "{stem}");
    }
    assert_eq!(stems[0], "LC01");
    assert!(["con", "COM1", "index"].iter().all(|device| !stems.contains(&(*device).to_owned())));
}

#[test]
fn every_format_writes_into_its_own_folder_and_the_same_bytes_twice() {
    let findings = hostile_town(Language::Nl);
    let timetable = Timetable::new(&findings, &findings.rounds);
    let names: Vec<String> = FORMATS.iter().map(|format| format.name.to_owned()).collect();
    let [first, second] = [(); 2].map(|()| {
        let folder = tempfile::tempdir().unwrap();
        write(&timetable, &names, folder.path()).unwrap();
        let mut files = std::collections::BTreeMap::new();
        for format in FORMATS {
            for entry in std::fs::read_dir(folder.path().join(format.target)).unwrap() {
                let path = entry.unwrap().path();
                files.insert(
                    path.strip_prefix(folder.path()).unwrap().to_owned(),
                    std::fs::read(&path).unwrap(),
                );
            }
        }
        let top: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(top, ["rounds"], "nothing climbs out of the folder");
        files
    });
    assert!(first.len() > FORMATS.len());
    assert!(first == second);
}

#[test]
fn rounds_without_a_call_are_not_written() {
    let mut findings = small_town(Language::En);
    findings.rounds.trips.clear();
    let folder = tempfile::tempdir().unwrap();
    let rounds = findings.rounds.clone();
    write(&Timetable::new(&findings, &rounds), &["gtfs".to_owned()], folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_unknown_format_is_refused_with_the_known_ones() {
    let error = format("gtfs-realtime").err().unwrap().to_string();
    assert!(error.contains("gtfs-realtime"), "{error}");
}
