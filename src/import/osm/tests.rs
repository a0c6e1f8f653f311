use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::import::testing::{file, folder, plane, real};

/// Writes protocol buffers, just enough for small extracts.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 128 {
            self.0.push(u8::try_from(value & 127).unwrap() | 128);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap());
    }

    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn packed(self, field: u64, values: impl IntoIterator<Item = u64>) -> Self {
        let mut list = Self::default();
        values.into_iter().for_each(|value| list.varint(value));
        self.bytes(field, &list.0)
    }
}

fn zigzag(value: i64) -> u64 {
    value.cast_unsigned() << 1 ^ (value >> 63).cast_unsigned()
}

fn deltas(values: &[i64]) -> Vec<u64> {
    let before = std::iter::once(&0).chain(values);
    values.iter().zip(before).map(|(value, before)| zigzag(value - before)).collect()
}

fn blob(kind: &str, content: &[u8]) -> Vec<u8> {
    let blob = Message::default().bytes(1, content);
    let header = Message::default().bytes(1, kind.as_bytes()).number(3, blob.0.len() as u64);
    let mut bytes = u32::try_from(header.0.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(header.0);
    bytes.extend(blob.0);
    bytes
}

type Tagged<'a> = &'a [(&'a str, &'a str)];
type Members<'a> = &'a [(i64, &'a str, u64)];

/// An extract of a town, built from nodes (id, degrees, tags), ways (id, nodes, tags) and relations
/// (id, members with role and type, tags).
#[derive(Default)]
struct Town<'a> {
    nodes: Vec<(i64, f64, f64, Tagged<'a>)>,
    ways: Vec<(i64, &'a [i64], Tagged<'a>)>,
    relations: Vec<(i64, Members<'a>, Tagged<'a>)>,
}

impl Town<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut strings = vec![String::new()];
        let mut string = |text: &str| {
            strings.push(text.to_owned());
            strings.len() as u64 - 1
        };
        let mut group = Message::default();
        for (id, lon, lat, tags) in &self.nodes {
            let keys: Vec<_> = tags.iter().map(|(key, _)| string(key)).collect();
            let values: Vec<_> = tags.iter().map(|(_, value)| string(value)).collect();
            #[expect(clippy::cast_possible_truncation, reason = "degrees of test towns")]
            let place = |degrees: f64| zigzag((degrees * 1e7).round() as i64);
            let node = Message::default()
                .number(1, zigzag(*id))
                .packed(2, keys)
                .packed(3, values)
                .number(8, place(*lat))
                .number(9, place(*lon));
            group = group.bytes(1, &node.0);
        }
        for (id, nodes, tags) in &self.ways {
            let keys: Vec<_> = tags.iter().map(|(key, _)| string(key)).collect();
            let values: Vec<_> = tags.iter().map(|(_, value)| string(value)).collect();
            let way = Message::default()
                .number(1, id.cast_unsigned())
                .packed(2, keys)
                .packed(3, values)
                .packed(8, deltas(nodes));
            group = group.bytes(3, &way.0);
        }
        for (id, members, tags) in &self.relations {
            let keys: Vec<_> = tags.iter().map(|(key, _)| string(key)).collect();
            let values: Vec<_> = tags.iter().map(|(_, value)| string(value)).collect();
            let roles: Vec<_> = members.iter().map(|(_, role, _)| string(role)).collect();
            let ids: Vec<_> = members.iter().map(|(id, ..)| *id).collect();
            let relation = Message::default()
                .number(1, id.cast_unsigned())
                .packed(2, keys)
                .packed(3, values)
                .packed(8, roles)
                .packed(9, deltas(&ids))
                .packed(10, members.iter().map(|member| member.2));
            group = group.bytes(4, &relation.0);
        }
        let mut table = Message::default();
        for text in &strings {
            table = table.bytes(1, text.as_bytes());
        }
        // Granularity 100: places in 10^-7 degrees.
        let block = Message::default().bytes(1, &table.0).bytes(2, &group.0).number(17, 100);
        let header = Message::default().bytes(4, b"OsmSchema-V0.6").bytes(4, b"DenseNodes");
        [blob("OSMHeader", &header.0), blob("OSMData", &block.0)].concat()
    }

    fn extract(&self) -> Extract {
        Extract::from_bytes(&self.bytes()).unwrap()
    }
}

/// Four corners of a block in Utrecht.
fn corners() -> Vec<(i64, f64, f64, Tagged<'static>)> {
    vec![(1, 5.1, 52.1, &[]), (2, 5.101, 52.1, &[]), (3, 5.101, 52.101, &[]), (4, 5.1, 52.101, &[])]
}

fn streets(extract: &Extract) -> (Vec<StreetLine>, Issues, u64, u64) {
    let mut issues = Issues::new();
    let (lines, read, left_out) = extract.streets(&plane(28992), &"town.osm.pbf".into(), &mut issues);
    (lines, issues, read, left_out)
}

#[test]
fn a_street_has_its_class_direction_names_and_nodes() {
    let town = Town {
        nodes: corners(),
        ways: vec![
            (7, &[3, 4], &[("highway", "footway")]),
            (
                5,
                &[1, 2, 3],
                &[("highway", "residential"), ("name", "Kade"), ("name:fy", "Kaai"), ("oneway", "-1")],
            ),
            (9, &[1, 2], &[("highway", "construction")]),
        ],
        ..Town::default()
    };
    let (lines, issues, read, left_out) = streets(&town.extract());
    assert_eq!((lines.len(), read, left_out, issues.list().len()), (2, 2, 0, 0));
    assert_eq!((lines[0].id, &*lines[0].name, lines[0].direction), (5, "Kade", Direction::Backward));
    assert_eq!(lines[0].other_names, ["Kaai"]);
    assert_eq!(lines[0].nodes.iter().map(|node| node.0).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(lines[0].is_for_trucks && !lines[1].is_for_trucks);
    let at = lines[0].nodes[0].1;
    assert!((at.x - 135_000.0).abs() < 5_000.0 && (at.y - 456_000.0).abs() < 5_000.0, "{at:?}");
}

#[test]
fn a_way_with_missing_nodes_is_cut_there_and_noted_once() {
    let town = Town {
        nodes: corners(),
        ways: vec![
            (5, &[90, 1, 2, 91, 92, 3, 4], &[("highway", "residential")]),
            (6, &[1, 90], &[("highway", "residential")]),
        ],
        ..Town::default()
    };
    let (lines, issues, read, left_out) = streets(&town.extract());
    let nodes: Vec<Vec<i64>> =
        lines.iter().map(|line| line.nodes.iter().map(|node| node.0).collect()).collect();
    assert_eq!(nodes, [[1, 2], [3, 4]]);
    assert_eq!((read, left_out), (2, 1));
    assert_eq!(issues.count(Code::DanglingReference), 1);
    assert_eq!(issues.count(Code::ShapeUnreadable), 1);
}

#[test]
fn a_bollard_cuts_a_street_for_trucks_but_not_a_footway() {
    let bollard: Tagged = &[("barrier", "bollard")];
    let town = Town {
        nodes: vec![
            (1, 5.1, 52.1, &[]),
            (2, 5.101, 52.1, bollard),
            (3, 5.102, 52.1, &[]),
            (4, 5.103, 52.1, bollard),
        ],
        ways: vec![
            (5, &[1, 2, 3, 4], &[("highway", "residential")]),
            (6, &[1, 2, 3], &[("highway", "footway")]),
        ],
        ..Town::default()
    };
    let (lines, ..) = streets(&town.extract());
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (line.id, line.nodes.iter().map(|node| node.0).collect::<Vec<_>>(), line.is_barred))
        .collect();
    let expected = [
        (5, vec![1, 2], [false, true]),
        (5, vec![2, 3, 4], [true, true]),
        (6, vec![1, 2, 3], [false, false]),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn addresses_come_from_nodes_and_buildings() {
    let town = Town {
        nodes: [corners(), vec![(8, 5.1, 52.1, &[("addr:street", "Kade"), ("addr:housenumber", "12 b")])]]
            .concat(),
        ways: vec![(
            5,
            &[1, 2, 3, 4, 1],
            &[("building", "yes"), ("addr:place", "Oog"), ("addr:housenumber", "3")],
        )],
        ..Town::default()
    };
    let addresses = town.extract().addresses();
    let seen: Vec<_> = addresses.iter().map(|one| (&*one.id, &*one.street, &*one.number)).collect();
    assert_eq!(seen, [("node/8", "Kade", "12 b"), ("way/5", "Oog", "3")]);
    let middle = addresses[1].at.unwrap();
    assert!((middle.lon - 5.1005).abs() < 1e-6 && (middle.lat - 52.1005).abs() < 1e-6, "{middle:?}");
}

#[test]
fn a_lake_with_an_island_is_joined_from_its_ways() {
    let town = Town {
        nodes: [
            corners(),
            vec![(11, 5.1004, 52.1004, &[]), (12, 5.1006, 52.1004, &[]), (13, 5.1006, 52.1006, &[])],
        ]
        .concat(),
        ways: vec![(21, &[1, 2, 3], &[]), (22, &[1, 4, 3], &[]), (23, &[11, 12, 13, 11], &[])],
        relations: vec![(
            31,
            &[(21, "outer", 1), (22, "outer", 1), (23, "inner", 1)],
            &[("type", "multipolygon"), ("natural", "water")],
        )],
    };
    let backdrop = town.extract().backdrop(&plane(28992));
    assert_eq!(backdrop.len(), 1);
    assert_eq!(backdrop[0].what, Ground::Water);
    assert_eq!(backdrop[0].shape.exterior().0.len(), 5);
    assert_eq!(backdrop[0].shape.interiors().len(), 1);
}

#[test]
fn a_row_of_bollards_drawn_as_a_line_is_no_bollard() {
    let town = Town {
        nodes: [corners(), vec![(8, 5.1, 52.1, &[("barrier", "bollard")])]].concat(),
        ways: vec![(5, &[1, 2], &[("barrier", "bollard")]), (6, &[1, 2], &[("barrier", "gate")])],
        ..Town::default()
    };
    let places =
        |kind| town.extract().assets(kind).iter().map(|asset| asset.at.is_some()).collect::<Vec<_>>();
    assert_eq!(places(AssetKind::Bollard), [true, false]);
    assert_eq!(places(AssetKind::Barrier), [true]);
}

#[test]
fn an_open_outline_is_not_drawn() {
    let town = Town {
        nodes: corners(),
        ways: vec![(5, &[1, 2, 3, 4], &[("natural", "coastline")]), (6, &[1, 2, 3], &[("natural", "water")])],
        ..Town::default()
    };
    assert!(town.extract().backdrop(&plane(28992)).is_empty());
}

#[test]
fn a_member_type_that_does_not_exist_is_an_error_and_no_panic() {
    let town = Town {
        nodes: corners(),
        relations: vec![(31, &[(21, "outer", 9)], &[("type", "multipolygon")])],
        ..Town::default()
    };
    assert!(Extract::from_bytes(&town.bytes()).is_err());
}

#[test]
fn a_file_that_breaks_off_anywhere_but_between_blocks_is_an_error() {
    let town =
        Town { nodes: corners(), ways: vec![(5, &[1, 2], &[("highway", "service")])], ..Town::default() };
    let bytes = town.bytes();
    let header = 4 + usize::try_from(u32::from_be_bytes(bytes[..4].try_into().unwrap())).unwrap();
    let border = header + usize::from(bytes[header - 1]);
    for length in (0..bytes.len()).filter(|&length| length != border) {
        assert!(Extract::from_bytes(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
    assert!(Extract::from_bytes(&bytes).is_ok());
}

#[test]
fn a_web_page_is_no_extract() {
    let folder = folder(&[("town.osm.pbf", b"<!DOCTYPE html><html><body>Not found</body></html>")]);
    let error = Extract::read(&file(folder.path(), "town.osm.pbf")).unwrap_err();
    assert!(error.hint().unwrap().contains("extract"), "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_an_extract_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _either = Extract::from_bytes(&bytes);
    }

    #[test]
    fn a_changed_byte_is_an_extract_or_an_error(position in 0_usize..600, value: u8) {
        let town = Town {
            nodes: corners(),
            ways: vec![(5, &[1, 2], &[("highway", "service")])],
            relations: vec![(31, &[(5, "outer", 1)], &[("type", "multipolygon")])],
        };
        let mut bytes = town.bytes();
        let position = position % bytes.len();
        bytes[position] = value;
        if let Ok(extract) = Extract::from_bytes(&bytes) {
            let _lines = streets(&extract);
            let _ground = extract.backdrop(&plane(28992));
        }
    }
}

#[test]
fn the_real_extract_of_helsinki_holds_what_its_description_says() {
    let Some(base) = real("helsinki/helsinki-centre.osm.pbf") else { return };
    let extract = Extract::read(&file(&base, "helsinki/helsinki-centre.osm.pbf")).unwrap();
    let mut issues = Issues::new();
    let (lines, read, left_out) = extract.streets(&plane(3067), &"helsinki.osm.pbf".into(), &mut issues);
    let ways = |is_wanted: fn(&str, StreetClass) -> bool| {
        let wanted = |way: &&Thing<Vec<i64>>| {
            let highway = way.tags.get("highway").unwrap_or_default();
            tags::class(highway).is_some_and(|class| is_wanted(highway, class))
        };
        extract.ways.iter().filter(wanted).count()
    };
    let ramps = ways(|highway, _| highway.ends_with("_link"));
    // The description counts drivable ways without links.
    assert_eq!((ways(|_, class| class != StreetClass::Foot), ramps), (993 + 9, 9));
    assert_eq!(read - left_out, lines.iter().map(|line| line.id).collect::<BTreeSet<_>>().len() as u64);
    let placed = |kind: AssetKind| extract.assets(kind).iter().filter(|asset| asset.at.is_some()).count();
    assert_eq!((placed(AssetKind::Bollard), extract.assets(AssetKind::Bollard).len()), (125, 125 + 61));
    assert_eq!(placed(AssetKind::LitterBin) + placed(AssetKind::Container), 36 + 16);
    assert_eq!(extract.addresses().len(), 1464);
}

#[test]
fn the_real_extract_of_helsinki_cut_off_is_an_error() {
    let Some(base) = real("helsinki/helsinki-centre.osm.pbf") else { return };
    let bytes = std::fs::read(base.join("helsinki/helsinki-centre.osm.pbf")).unwrap();
    for length in [1, 3, 100, 5_000, bytes.len() / 2, bytes.len() - 1] {
        assert!(Extract::from_bytes(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
}
