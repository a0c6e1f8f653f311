//! What must hold for the page whatever is in the findings.

use super::*;
use crate::draw::tests::{check_markup, small_town};

#[test]
#[ignore = "writes a page to look at: set GALLERY to a folder"]
fn write_a_page() {
    let Ok(folder) = std::env::var("GALLERY") else { return };
    let findings = small_town(if std::env::var("GALLERY_NL").is_ok() { Language::Nl } else { Language::En });
    let maps = crate::draw::maps(&findings);
    std::fs::write(format!("{folder}/report.html"), page(&findings, &maps)).unwrap();
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_from_outside() {
    for language in [Language::En, Language::Nl] {
        let findings = small_town(language);
        let page = page(&findings, &crate::draw::maps(&findings));
        let body = page.split_once("</style>").unwrap().1;
        check_markup(&body.replacen("</head>", "", 1).replacen("</html>", "", 1), &["meta"]).unwrap();
        for outside in ["src=", "<link", "@import", "url(http", "<script", "<iframe", "href=\"http"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}

#[test]
fn what_citizens_wrote_is_not_on_the_page_and_names_are_escaped() {
    let findings = small_town(Language::En);
    let page = page(&findings, &crate::draw::maps(&findings));
    assert!(!page.contains("PRIVATE") && !page.contains("06-12345678"));
    assert!(page.contains("Ring &lt;b&gt;&amp;&quot;Noord&quot;&lt;/b&gt;"));
    assert!(!page.contains("Ring <b>"));
}

#[test]
fn monday_begins_with_the_plan_and_does_not_change_a_round_twice() {
    let mut findings = small_town(Language::En);
    let monday = |findings: &Findings| {
        let page = page(findings, &[]);
        let (_, from) = page.split_once("<section id=\"todo\"").unwrap();
        from.split_once("</section>").unwrap().0.to_owned()
    };
    let change_of_round = findings.proposals.iter().find(|proposal| proposal.change.name() == "extra_stop");
    let id = format!("{}: ", change_of_round.expect("the town has one").id);
    assert!(monday(&findings).contains(&id), "{}", monday(&findings));
    findings.plan.resequenced = vec![0];
    let with_plan = monday(&findings);
    assert!(with_plan.contains("<li><strong>Change the rounds to the plan below."), "{with_plan}");
    assert!(!with_plan.contains(&id), "{with_plan}");
}

#[test]
fn every_id_on_the_page_is_there_once_and_every_link_has_its_target() {
    let findings = small_town(Language::Nl);
    let page = page(&findings, &crate::draw::maps(&findings));
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(unique.contains(link), "{link}");
    }
    for label in page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(label.split(' ').all(|id| unique.contains(id)), "{label}");
    }
}

#[test]
fn tables_come_before_pictures_and_headings_go_down_one_step_at_a_time() {
    let findings = small_town(Language::En);
    let page = page(&findings, &crate::draw::maps(&findings));
    let hotspots = page.split_once("id=\"hotspots\"").unwrap().1;
    assert!(hotspots.find("<table").unwrap() < hotspots.find("<svg").unwrap());
    let levels: Vec<u8> =
        page.split("<h").skip(1).filter_map(|rest| rest.bytes().next()).filter(u8::is_ascii_digit).collect();
    assert_eq!(levels.first(), Some(&b'1'));
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1));
}

#[test]
fn the_page_does_not_tell_how_long_the_run_took() {
    let mut findings = small_town(Language::En);
    let maps = crate::draw::maps(&findings);
    let first = page(&findings, &maps);
    findings.provenance.stage_seconds = vec![("import", 99.75)];
    assert!(first == page(&findings, &maps));
}

#[test]
fn bytes_become_base64() {
    for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
}
