//! Logs with what trucks and scales get wrong.

use super::*;
use crate::import::testing::{assert_balanced, clock, folder, real, settings};

fn read_text(text: &str, source: ServiceSource) -> (Services, Issues, Vec<SourceCount>) {
    let folder = folder(&[("lifts.csv", text.as_bytes())]);
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let source = ServiceSource { path: "lifts.csv".to_owned(), ..source };
    let settings = settings(folder.path(), &clock);
    let services = read(&[source], &settings, &mut issues, &mut counts).unwrap();
    assert_balanced(&issues, &counts);
    (services, issues, counts)
}

#[test]
fn lifts_within_the_hour_are_one_service() {
    let text = "site_id,at,net_kg\nb,2024-03-01T08:00:00Z,100\nb,2024-03-01T08:02:00Z,50\n\
                a,2024-03-01T09:00:00Z,20\nb,2024-03-03T08:00:00Z,70\n";
    let (services, issues, _) = read_text(text, ServiceSource::default());
    assert_eq!(services.sites, ["a", "b"]);
    let of_b = &services.of_site[1];
    assert_eq!(of_b.len(), 2);
    assert_eq!((of_b[0].kg, of_b[0].lifts, of_b[0].ended - of_b[0].begun), (150.0, 2, 120));
    assert!(issues.list().is_empty());
    assert_eq!((of_b[1].kg, of_b[1].begun - of_b[0].begun), (70.0, 2 * 86_400));
}

#[test]
fn what_tells_nothing_of_fill_is_left_out_with_its_reason() {
    let defects = "stop_id;datum;tijd;gewicht;code\n\
        7;31-01-2024;08:00;100,5;\n7;31-01-2024;08:00;100,5;\n7;01-02-2024;08:00;0;\n\
        7;02-02-2024;08:00;-20;\n7;01-01-1900;00:00;50;\n7;02-03-2099;08:00;50;\n;03-02-2024;08:00;50;\n\
        7;04-02-2024;08:00;much;\n7;05-02-2024;08:00;;blocked\n7;nonsense;08:00;3;\n";
    let row = |day: i32| {
        let ends = ["8", "9", "10", "11"].map(|site| format!("{site};{day:02}-02-2024;07:30"));
        format!("{};{day};\n{};;emptied\n{};5;\n{};5;\n", ends[0], ends[1], ends[2], ends[3])
    };
    let text = defects.to_owned() + &(1..=28).map(row).collect::<String>();
    let source = ServiceSource { not_emptied: vec!["Blocked".to_owned()], ..ServiceSource::default() };
    let (services, issues, counts) = read_text(&text, source);
    let count = |code| issues.count(code);
    assert_eq!(count(Code::ServiceWeighsNothing), 2);
    assert_eq!((count(Code::ServiceRepeated), count(Code::ServiceFarInTime)), (1, 1));
    assert_eq!((count(Code::ServiceUnreadable), count(Code::ServiceNotEmptied)), (4, 1));
    assert_eq!((counts[0].read, counts[0].left_out), (10 + 4 * 28, 8));
    let of_7 = &services.of_site[services.site("7").unwrap()];
    assert_eq!((of_7.len(), of_7[0].kg), (1, 100.5));
    let in_vain = services.in_vain(services.site("7").unwrap());
    assert_eq!((in_vain.len(), services.codes[in_vain[0].code as usize].as_str()), (1, "blocked"));
    let of_9 = &services.of_site[services.site("9").unwrap()];
    assert!(of_9[0].kg.is_nan() && services.codes[of_9[0].code as usize] == "emptied");
}

#[test]
fn a_file_without_a_site_says_which_column_to_name() {
    let folder = folder(&[("lifts.csv", b"plek,at\nx,2024-01-01\n".as_slice())]);
    let clock = clock();
    let source = ServiceSource { path: "lifts.csv".to_owned(), ..ServiceSource::default() };
    let settings = settings(folder.path(), &clock);
    let error = read(&[source], &settings, &mut Issues::new(), &mut Vec::new()).unwrap_err();
    assert!(
        error.to_string().contains("lifts.csv") || format!("{error:?}").contains("columns = {"),
        "{error:?}"
    );
}

#[test]
fn any_bytes_are_read_or_refused() {
    let clock = clock();
    proptest::proptest!(|(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300))| {
        let whole = [b"site,at,kg\n".as_slice(), &bytes].concat();
        let folder = folder(&[("lifts.csv", whole.as_slice())]);
        let source = ServiceSource { path: "lifts.csv".to_owned(), ..ServiceSource::default() };
        let (mut issues, mut counts) = (Issues::new(), Vec::new());
        if read(&[source], &settings(folder.path(), &clock), &mut issues, &mut counts).is_ok() {
            assert_balanced(&issues, &counts);
        }
    });
}

#[test]
fn the_weighings_of_amsterdam_are_read_to_the_last_row() {
    const FILE: &str = "amsterdam/weighings_rest_2020-01_2021-06.csv.gz";
    let Some(folder) = real(FILE) else { return };
    let (mut issues, mut counts, clock) = (Issues::new(), Vec::new(), clock());
    let source = ServiceSource { path: FILE.to_owned(), ..ServiceSource::default() };
    let services = read(&[source], &settings(&folder, &clock), &mut issues, &mut counts).unwrap();
    assert_balanced(&issues, &counts);
    println!("{} services at {} sites; {:?}", services.len(), services.sites.len(), counts);
    println!("{:?}", issues.tally());
    assert_eq!(counts[0].read, 492_015);
    assert!(issues.count(Code::ServiceWeighsNothing) > 6_000 && services.len() > 300_000);
}
