use proptest::prelude::*;

use super::*;

fn file(bytes: &[u8]) -> (tempfile::TempDir, SourceFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.csv");
    std::fs::write(&path, bytes).unwrap();
    (folder, SourceFile { name: "in.csv".into(), path })
}

fn open(bytes: &[u8]) -> Result<Table> {
    let (_folder, file) = file(bytes);
    Table::open(&file, None, None)
}

/// Every row with its number; `None` where it cannot be taken apart.
fn rows(table: Table) -> Vec<(u64, Option<Vec<String>>)> {
    let mut rows = Vec::new();
    let parse = |block: &Block| {
        let mut rows = Vec::new();
        block.rows(|row, record| {
            let fields = record.map(|record| record.iter().map(|field| text(field).0.into_owned()).collect());
            rows.push((row, fields));
        });
        rows
    };
    table.blocks(parse, |more| rows.extend(more)).unwrap();
    rows
}

fn fields(bytes: &[u8]) -> Vec<Vec<String>> {
    rows(open(bytes).unwrap()).into_iter().filter_map(|(_, fields)| fields).collect()
}

#[test]
fn the_delimiter_is_told_by_the_header() {
    for (text, name) in [("a,b\n", "comma"), ("a;b,c;d\n", "semicolon"), ("a\tb\n", "tab"), ("a|b\n", "bar")]
    {
        assert_eq!(open(text.as_bytes()).unwrap().delimiter(), name, "{text}");
    }
    assert_eq!(open(b"sep=;\na;b\n1;2\n").unwrap().header(), ["a", "b"]);
    assert_eq!(open(b"\"naam, adres\";x\n").unwrap().header(), ["naam, adres", "x"]);
}

#[test]
fn every_encoding_gives_the_same_text() {
    let wanted = vec![vec!["Straße".to_owned(), "1".to_owned()]];
    assert_eq!(fields("a;b\nStraße;1\n".as_bytes()), wanted, "UTF-8");
    assert_eq!(fields("\u{feff}a;b\nStraße;1\n".as_bytes()), wanted, "UTF-8 with byte-order mark");
    assert_eq!(fields(b"a;b\nStra\xdfe;1\n"), wanted, "Windows-1252");
    let utf16: Vec<u8> = "\u{feff}a;b\nStraße;1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(fields(&utf16), wanted, "UTF-16");
    assert_eq!(
        open("\u{feff}a;b\n".as_bytes()).unwrap().header(),
        ["a", "b"],
        "the mark is no part of a name"
    );
    let (_folder, file) = file(b"a;b\n\xa4;1\n");
    let table = Table::open(&file, None, Some("iso-8859-15")).unwrap();
    assert_eq!(rows(table)[0].1.as_ref().unwrap()[0], "€");
}

#[test]
fn a_web_page_saved_as_csv_is_called_that() {
    let error = open(b"\n <!DOCTYPE html>\n<html>").unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(why, "it is a web page, not CSV");
    for bytes in [&b"PK\x03\x04abc"[..], b"{\"type\":1}", b"PAR1", b"a\0b\0", b"\n\n\n"] {
        assert!(open(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_missing_column_names_those_that_there_are() {
    let error = open(b"id,created_at,lon\n").unwrap().column("creatd_at").unwrap_err();
    let hint = error.hint().unwrap();
    assert_eq!(hint, "did you mean `created_at`? The columns are `id`, `created_at`, `lon`");
    assert_eq!(open(b"ID ,b\t\n").unwrap().column("id").unwrap(), 0);
}

#[test]
fn a_quoted_field_may_hold_lines_and_quotes() {
    let text = b"a,b\n1,\"two\nlines, \"\"said\"\" she\"\r\n\r\n2,x";
    assert_eq!(fields(text), [vec!["1", "two\nlines, \"said\" she"], vec!["2", "x"]]);
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    let found = rows(open(b"a,b\n1,x\n2,\"y\n3,z\n4,w\n").unwrap());
    assert_eq!(found.iter().map(|row| row.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(found.iter().filter(|row| row.1.is_none()).map(|row| row.0).collect::<Vec<_>>(), [2]);
    assert_eq!(found[3].1.as_ref().unwrap(), &["4", "w"]);
}

#[test]
fn blocks_join_without_a_seam() {
    let line = format!("1,\"{}\n\"\"x\",y\n", "lang ".repeat(700));
    let text = format!("a,b,c\n{}", line.repeat(2000));
    let found = rows(open(text.as_bytes()).unwrap());
    assert_eq!(found.len(), 2000);
    assert!(found.iter().zip(1..).all(|((row, fields), wanted)| {
        *row == wanted && fields.as_ref().is_some_and(|fields| fields.len() == 3 && fields[2] == "y")
    }));
}

#[test]
fn numbers_may_have_a_decimal_comma() {
    assert_eq!(
        [number("1.5"), number("1,5"), number("1.234,5"), number("inf")],
        [Some(1.5), Some(1.5), None, None]
    );
}

proptest! {
    #[test]
    fn any_bytes_give_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(table) = open(&bytes) {
            let found = rows(table);
            prop_assert!(found.iter().zip(1..).all(|((row, _), wanted)| *row == wanted));
        }
    }

    /// Against the reader of the `csv` crate over the whole text at once.
    #[test]
    fn splitting_changes_nothing(text in "[ab\",;\n\r]{0,60}") {
        let delimiter = b',';
        let mut splitter = Splitter::new(Box::new(Cursor::new(text.clone().into_bytes())), delimiter);
        let mut found = Vec::new();
        let mut is_whole = true;
        while let Some(block) = splitter.next().unwrap() {
            is_whole &= !block.is_broken;
            let mut next = block.first_row;
            block.rows(|row, record| {
                assert_eq!(row, next);
                next += 1;
                found.extend(record.cloned());
            });
            prop_assert_eq!(next, splitter.next_row, "rows counted while splitting");
        }
        if is_whole {
            let wanted: Vec<_> = reader(text.as_bytes(), delimiter).into_byte_records().map(Result::unwrap).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
