use proptest::prelude::*;

use super::*;

fn clock() -> Clock {
    Clock::new("Europe/Amsterdam").unwrap()
}

/// What a column of one value comes to, as civil time in Amsterdam.
fn read(text: &str, order: Order) -> Option<String> {
    let clock = clock();
    let (instant, is_date_only) =
        Converter::new(&clock, order, false, false).instant(Written::parse(text)?)?;
    let civil = clock.civil(instant);
    Some(if is_date_only { civil.date().to_string() } else { civil.to_string() })
}

#[test]
fn every_way_to_write_a_date_is_read() {
    let cases = [
        ("2015-01-31T13:45:59", "2015-01-31T13:45:59"),
        ("2015-01-31 13:45:59.0", "2015-01-31T13:45:59"),
        ("2015-01-31 13:45:59,287", "2015-01-31T13:45:59"),
        ("2015-01-31T13:45:59Z", "2015-01-31T14:45:59"),
        ("2015-01-31T13:45:59.000Z", "2015-01-31T14:45:59"),
        ("2015-01-31T13:45:59+00:00", "2015-01-31T14:45:59"),
        ("2015-01-31T13:45:59-0500", "2015-01-31T19:45:59"),
        ("2015-01-31T13:45:59+01", "2015-01-31T13:45:59"),
        ("2015-01-31 13:45:59 UTC", "2015-01-31T14:45:59"),
        ("2015-01-31 13:45 CET", "2015-01-31T13:45:00"),
        ("2015-01-31T13:45:59+01:00[Europe/Amsterdam]", "2015-01-31T13:45:59"),
        ("2015-01-31", "2015-01-31"),
        ("2015/1/31", "2015-01-31"),
        ("31-01-2015 13:45", "2015-01-31T13:45:00"),
        ("31.01.2015, 13:45 Uhr", "2015-01-31T13:45:00"),
        ("31/1/15 1:45 pm", "2015-01-31T13:45:00"),
        ("31/01/2015 12:40:41 AM", "2015-01-31T00:40:41"),
        ("2014-Jan-14 13:48:01", "2014-01-14T13:48:01"),
        ("14 mrt 2014", "2014-03-14"),
        ("14. März 2014", "2014-03-14"),
        ("January 14, 2014 1:48 PM", "2014-01-14T13:48:00"),
        ("Sat, 31 Jan 2015 13:45:59 +0000", "2015-01-31T14:45:59"),
        ("20150131", "2015-01-31"),
        ("20150131T134559Z", "2015-01-31T14:45:59"),
        ("20150131134559", "2015-01-31T13:45:59"),
        ("1422711959", "2015-01-31T14:45:59"),
        ("1422711959.5", "2015-01-31T14:45:59"),
        ("1422711959000", "2015-01-31T14:45:59"),
        ("2015-01-31T23:59:60Z", "2015-02-01T00:59:59"),
    ];
    for (text, wanted) in cases {
        assert_eq!(read(text, Order::DayFirst).as_deref(), Some(wanted), "{text}");
    }
    assert_eq!(read("01/05/2015 12:40:41 PM", Order::MonthFirst).unwrap(), "2015-01-05T12:40:41");
}

#[test]
fn what_is_no_date_is_refused() {
    let cases = [
        "",
        "x",
        "31-02-2015",
        "2015-13-01",
        "2015-01-31T25:00",
        "2015-01-31 13:45 XYZ",
        "2015-01-31x",
        "13:45",
        "1/2",
        "12",
        "123456789",
        "2015-01-31T13:45:59+99:00",
        "31 Foo 2015",
        "1899-12-31",
        "2015-01-31 13:45 2",
        "0000-00-00 00:00:00",
        "13:00 PM",
    ];
    for text in cases {
        assert_eq!(read(text, Order::DayFirst), None, "{text}");
    }
}

#[test]
fn the_whole_column_decides_which_number_is_the_day() {
    let column = |values: &[&str]| {
        let mut evidence = Evidence::default();
        for text in values {
            evidence.add(Written::parse(text).unwrap());
        }
        evidence
    };
    assert_eq!(column(&["01/05/2015", "02/13/2015"]).order(), Some(Order::MonthFirst));
    assert_eq!(column(&["01/05/2015", "13/02/2015"]).order(), Some(Order::DayFirst));
    let open = column(&["01/05/2015"]);
    assert_eq!(open.order(), None);
    assert_eq!(open.usual_order(&clock()), Order::DayFirst);
    assert_eq!(open.usual_order(&Clock::new("America/New_York").unwrap()), Order::MonthFirst);
    assert_eq!(column(&["01/05/2015 1:00 PM"]).usual_order(&clock()), Order::MonthFirst);
    assert!(open.describe(Order::DayFirst).contains("31/01/2015 (order guessed)"));
}

#[test]
fn times_that_are_all_midnight_say_nothing() {
    let mut evidence = Evidence::default();
    let written = Written::parse("2015-01-31T00:00:00.000Z").unwrap();
    (0..10).for_each(|_| evidence.add(written));
    assert!(evidence.is_date_only());
    let clock = Clock::new("America/New_York").unwrap();
    let (instant, is_date_only) =
        Converter::new(&clock, Order::DayFirst, false, true).instant(written).unwrap();
    assert_eq!(
        (clock.day(instant).to_string(), is_date_only),
        ("2015-01-31".to_owned(), true),
        "not the day before"
    );
}

#[test]
fn a_stamp_that_lies_about_its_zone_can_be_read_as_local() {
    let clock = Clock::new("America/New_York").unwrap();
    let written = Written::parse("2015-09-11T05:50:21.000Z").unwrap();
    let (instant, _) = Converter::new(&clock, Order::DayFirst, true, false).instant(written).unwrap();
    assert_eq!(clock.rfc3339(instant), "2015-09-11T05:50:21-04:00");
}

#[test]
fn a_format_of_the_project_is_used_as_it_stands() {
    let clock = clock();
    for (format, text, wanted) in [
        ("%d|%m|%Y %H.%M", "31|01|2015 13.45", "2015-01-31T13:45:00+01:00"),
        ("%Y%j", "2015031", "2015-01-31T00:00:00+01:00"),
        ("%Y-%m-%dT%H:%M:%S%z", "2015-01-31T13:45:00+0000", "2015-01-31T14:45:00+01:00"),
    ] {
        check_format(format).unwrap();
        let written = Written::parse_as(format, text).unwrap();
        let (instant, _) = Converter::new(&clock, Order::DayFirst, false, false).instant(written).unwrap();
        assert_eq!(clock.rfc3339(instant), wanted, "{format}");
    }
    assert!(check_format("%Y").is_err());
    assert!(check_format("%!").is_err());
}

#[test]
fn what_a_citizen_wrote_is_never_shown_as_a_date() {
    assert!(may_be_shown("31-02-2025 14:05"));
    assert!(may_be_shown("Sat, 31 Foo 2015".replace("Foo", "Jan").as_str()));
    assert!(!may_be_shown("bel Jan op 0612345678"));
    assert!(!may_be_shown("de paal"));
}

proptest! {
    #[test]
    fn any_text_is_a_date_or_not(text in "\\PC{0,30}") {
        let _ = read(&text, Order::MonthFirst);
    }

    #[test]
    fn any_digits_are_a_date_or_not(text in "[0-9TZ:/+. -]{0,26}") {
        let _ = read(&text, Order::DayFirst);
    }

    /// Against `jiff`'s own reading of ISO 8601 and its way through the changes of clocks.
    #[test]
    fn civil_times_agree_with_the_clock(day in 1_000_i32..30_000, second in 0_i64..86_400) {
        let clock = clock();
        let date = Day(day).date();
        let civil = date.at(0, 0, 0, 0).checked_add(jiff::Span::new().seconds(second)).unwrap();
        let written = Written::parse(&civil.to_string()).unwrap();
        let (instant, _) = Converter::new(&clock, Order::DayFirst, false, false).instant(written).unwrap();
        prop_assert_eq!(instant, clock.instant(civil));
    }
}
