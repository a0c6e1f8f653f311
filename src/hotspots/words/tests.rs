use super::*;
use crate::hotspots::{Methods, Place};
use crate::model::NONE;
use crate::model::kind::Selection;

/// Reports with one incident each, of which the first ones make a place.
fn described(here: &[&str], elsewhere: &[&str]) -> Vec<String> {
    let (mut reports, mut incidents) = (Reports::default(), Incidents::default());
    for (number, text) in (0u32..).zip(here.iter().chain(elsewhere)) {
        reports.kind.push(Kind::Dumping);
        reports.category.push(reports.words.intern("Illegal Dumping"));
        reports.text.push(text);
        incidents.of_report.push(number);
        incidents.kind.push(Kind::Dumping);
    }
    let members: Vec<u32> = (0u32..).take(here.len()).collect();
    let mut found = Hotspots {
        hotspots: vec![super::super::doubt::tests::bare(Selection::All, members)],
        places: vec![Place {
            id: "W001".to_owned(),
            hotspots: vec![0],
            methods: vec!["density"],
            within: NONE,
            words: Vec::new(),
        }],
        ..Hotspots::default()
    };
    describe(&mut found, &reports, &incidents, Methods::default().places.words);
    found.places.remove(0).words
}

const ELSEWHERE: [&str; 12] = [
    "a mattress again on the corner",
    "mattress and a fridge, rats too",
    "an old mattress",
    "broken fridge beside the tree",
    "somebody left a fridge",
    "leaves everywhere",
    "tree fell over",
    "paint on the wall",
    "old paint and leaves",
    "jansen told me about paint",
    "the wall is dirty",
    "dirty wall, dirty tree",
];

#[test]
fn words_that_set_a_place_apart_come_first_and_labels_and_stop_words_do_not_come() {
    let here = [
        "rubbish: mattress by the church",
        "another Mattress dumping",
        "mattress 2x",
        "the tree and a mattress",
    ];
    assert_eq!(described(&here, &ELSEWHERE), ["mattress"]);
}

#[test]
fn names_mail_addresses_and_telephone_numbers_are_never_among_the_words() {
    let signed = [
        "mattress. Regards, pietersen pietersen",
        "mattress! groeten jan pietersen, jan.pietersen@example.org",
        "mattress, bel 06-12345678 of 0612345678",
        "mattress Kowalski 030-2345678 kowalski@mail.example",
        "mattress says Kowalski https://example.org/kowalski",
        "old mattress Kowalski www.kowalski.example",
        "my name is anna kowalska: mattress",
        "mattress, mevrouw de vries",
        "mattress VRIES Vries",
        "dr vries mattress",
    ];
    // Elsewhere the same people sign too, and always with a capital.
    let mut elsewhere = ELSEWHERE.to_vec();
    elsewhere.extend([
        "Kowalski saw paint",
        "Kowalski: leaves",
        "leaves, Kowalski",
        "Kowalski again",
        "Pietersen wall",
    ]);
    assert_eq!(described(&signed, &elsewhere), ["mattress"]);
}

#[test]
fn a_name_that_a_few_people_write_small_is_no_word() {
    // Seen in Boston's closing notes: 945 bear a crew member's name, ten of them in lower case.
    let mut here =
        vec!["mattress, crew: d.webb", "WEBB: mattress", "mattress & webb", "Webb took a mattress"];
    let mut elsewhere = ELSEWHERE.to_vec();
    elsewhere.extend([
        "webb saw paint",
        "WEBB wall",
        "Webb and tree",
        "M. WEBB wall",
        "Crew: Webb",
        "webb, leaves",
    ]);
    // And a given name is none even where everybody does.
    here.extend([
        "mattress jan",
        "mattress by jan peters",
        "jan jan peters mattress",
        "mattress at peters park",
    ]);
    elsewhere.extend([
        "jan tree",
        "jan wall",
        "jan leaves",
        "peters tree",
        "leaves at peters",
        "wall of peters",
    ]);
    assert_eq!(described(&here, &elsewhere), ["mattress"]);
}

#[test]
fn a_word_needs_three_texts_here_and_three_reports_elsewhere() {
    // One text sent five times is one text.
    assert!(described(&["mattress here"; 5], &ELSEWHERE).is_empty());
    assert!(described(&["mattress one", "mattress two"], &ELSEWHERE).is_empty());
    // `sofa` is known here only: it may be somebody's word.
    assert!(described(&["sofa a", "sofa b", "sofa c", "sofa d"], &ELSEWHERE).is_empty());
}

#[test]
fn without_texts_there_are_no_words() {
    assert!(described(&["", "", ""], &["", ""]).is_empty());
    assert!(described(&[], &[]).is_empty());
    assert!(described(&["12", "@", "…", "Ω"], &["\u{0}", "a"]).is_empty());
}

#[test]
fn words_are_letters_only_so_that_no_page_or_spreadsheet_reads_them_as_code() {
    let here = ["=cmd|mattress", "<script>mattress</script>", "@mattress mattress", "+mattress"];
    assert_eq!(described(&here, &ELSEWHERE), ["mattress"]);
}
