//! What must hold for the page of any round, whatever is known of it.

use super::*;
use crate::collection::Outcome;
use crate::draw::tests::{check_markup, small_town};
use crate::export::rounds::tests::hostile_town;
use crate::model::kind::Language;
use crate::period::NEVER;

fn pages(findings: &Findings) -> Vec<String> {
    let ledger = Ledger::of(findings);
    let routes = 0..u32::try_from(findings.rounds.routes.len()).unwrap();
    routes.map(|route| page(&Facts::of(findings, &ledger, route))).collect()
}

fn check(page: &str) {
    let body = page.split_once("</style>").unwrap().1;
    check_markup(&body.replacen("</head>", "", 1).replacen("</html>", "", 1), &["meta", "br"]).unwrap();
    for outside in ["src=", "<link", "@import", "url(http", "<script", "<iframe", "href=\"http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    assert!(!page.contains("NaN") && !page.contains("PRIVATE") && !page.contains("06-12345678"));
}

/// How many sentences say what to do.
fn n_sentences(page: &str) -> usize {
    let todo = page.split_once("id=\"todo\"").unwrap().1.split_once("</section>").unwrap().0;
    todo.matches("<li>").count()
}

#[test]
#[ignore = "writes pages to look at: set GALLERY to a folder"]
fn write_pages() {
    let Ok(folder) = std::env::var("GALLERY") else { return };
    write(&hostile_town(Language::En), Path::new(&folder)).unwrap();
}

#[test]
fn every_page_says_in_three_sentences_what_to_do_and_holds_all_it_needs() {
    for language in [Language::En, Language::Nl] {
        let findings = hostile_town(language);
        for page in pages(&findings) {
            check(&page);
            assert_eq!(n_sentences(&page), 3);
            assert!(page.contains("round-today-title") && page.contains("class=\"close stops\""));
        }
    }
}

#[test]
fn every_call_has_its_row_and_names_are_escaped() {
    let findings = hostile_town(Language::En);
    let pages = pages(&findings);
    for (page, trip) in pages.iter().zip(&findings.rounds.trips) {
        let table = page.split_once("table class=\"close stops\"").unwrap().1;
        assert_eq!(
            table.split_once("</tbody>").unwrap().0.matches("<th scope=\"row\">").count(),
            trip.calls.len()
        );
    }
    assert!(pages[0].contains("]]&gt;&lt;svg onload=alert(1)&gt;") && !pages[0].contains("<svg onload"));
}

#[test]
fn a_round_without_tracks_says_so_and_calls_no_stop_skipped() {
    let mut findings = small_town(Language::En);
    findings.tracks.clear();
    for visit in &mut findings.collection.visits {
        (visit.outcome, visit.served_at) = (Outcome::Unknown, NEVER);
    }
    for stop in &mut findings.collection.stops {
        (stop.n_skipped, stop.skip_rate, stop.q_value) = (0, f64::NAN, f64::NAN);
    }
    for page in pages(&findings) {
        check(&page);
        assert!(page.contains("No usable tracks") && page.contains("Get the tracks of this round."));
        assert!(!page.contains("Ask the crew what is in the way"));
    }
}

#[test]
fn a_round_without_reports_or_stops_says_so() {
    let mut findings = small_town(Language::Nl);
    findings.collection.diagnoses.clear();
    findings.proposals.clear();
    findings.rounds.trips[2].calls.clear();
    let gone = findings.collection.visits.iter().filter(|visit| visit.trip != 2).cloned().collect();
    findings.collection.visits = gone;
    let pages = pages(&findings);
    for page in &pages {
        check(page);
    }
    assert!(pages[0].contains("Geen afvalmeldingen over deze ronde"));
    assert!(pages[0].contains("Voor deze ronde wordt niets voorgesteld."));
    assert!(pages[2].contains("Geen stops: deze ronde haalt op"));
}

#[test]
fn every_page_is_written_under_the_name_that_the_report_links_to() {
    let findings = hostile_town(Language::En);
    let folder = tempfile::tempdir().unwrap();
    write(&findings, folder.path()).unwrap();
    let links = links(&findings);
    let targets: Vec<&str> =
        links.split("href=\"rounds/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(targets.len(), findings.rounds.routes.len());
    for target in targets {
        assert!(folder.path().join(target).is_file(), "{target}");
    }
}

#[test]
fn a_round_of_many_stops_is_drawn_with_all_of_its_troubles() {
    let findings = small_town(Language::En);
    let ledger = Ledger::of(&findings);
    let facts = Facts::of(&findings, &ledger, 0);
    let skipped = facts.rows().filter(|row| row.sign == Sign::Skipped).count();
    assert!(skipped > 0, "stops are planted that trucks pass over");
    let page = page(&facts);
    let map = page.split_once("id=\"round-today-title\"").unwrap().1.split_once("</svg>").unwrap().0;
    assert!(map.contains(&format!("{skipped} are skipped more than others")));
}
