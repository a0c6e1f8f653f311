//! The extract that the Dutch Kadaster gives of its register of addresses and buildings in (LV BAG 2.0, "BAG 2.0
//! Extract": a zip file of zip files of XML), records of addresses out.
//!
//! A house number (`Nummeraanduiding`) lies on a public space (`OpenbareRuimte`: the street), which lies in a town
//! (`Woonplaats`); where it is, the unit, berth or pitch says that has it as its address (`Verblijfsobject`,
//! `Ligplaats`, `Standplaats`). Only what is valid today is taken: no ended occurrences, nothing withdrawn. Buildings
//! are skipped. Everything is joined in memory, which suits a municipality or a province.

use std::io::{Cursor, Read, Seek};

use rustc_hash::FxHashMap;
use xml::reader::{EventReader, ParserConfig, XmlEvent};

use super::{Record, Register, count, hyphenated};
use crate::error::{Error, Result};
use crate::import::open::SourceFile;
use crate::issue::{Issues, SourceCount};
use crate::place::{Crs, Plane};
use crate::unit::Local;

/// The Dutch national system, in which all positions are.
const RD_NEW: u16 = 28992;
/// A zip file within the zip file within the zip file is no extract.
const DEEPEST: u32 = 2;
/// No part of an object is as long: outlines have some thousand corners.
const LONGEST_TEXT: usize = 4 * 1024 * 1024;
/// What begins the names of files with buildings, and with what is no longer in the register.
const SKIPPED: [&str; 5] = ["PND", "inactief", "nietbag", "inonderzoek", "gem-wpl"];

/// Adds the addresses of an extract.
pub(super) fn read(
    file: &SourceFile,
    number: u32,
    plane: &Plane,
    issues: &mut Issues,
    register: &mut Register,
) -> Result<SourceCount> {
    let mut extract = Extract::default();
    extract.unpack(file, Cursor::new(file.bytes()?), 0)?;
    if extract.houses.is_empty() {
        let hint = "an extract of BAG holds files such as 9999NUM08052026.zip, 9999OPR08052026.zip, 9999VBO08052026.zip";
        return Err(Error::unreadable(&file.path, "it holds no house numbers of BAG", hint));
    }
    let rd = Plane::new(Crs::from_epsg(RD_NEW)?)?;
    let local = |at: Local| {
        if plane.crs().epsg() == rd.crs().epsg() { Some(at) } else { plane.local(rd.lon_lat(at)) }
    };
    let mut used = 0;
    for (house, row) in extract.houses.iter().zip(1..) {
        let record = extract.record(house, local);
        used += u64::from(register.add(&record, file, number, row, issues));
    }
    let noticed = format!("EPSG:28992, {} no longer valid", extract.n_ended);
    Ok(count(file, "bag", noticed, extract.houses.len() as u64, used))
}

/// Everything of an extract that addresses are made of.
#[derive(Default)]
struct Extract {
    /// Valid house numbers, in the order of the files.
    houses: Vec<House>,
    streets: FxHashMap<String, Street>,
    towns: FxHashMap<String, String>,
    /// Where the unit with this house number is.
    places: FxHashMap<String, Local>,
    /// House numbers that were valid once.
    n_ended: u64,
}

struct House {
    id: String,
    number: String,
    letter: String,
    addition: String,
    postcode: String,
    street: String,
    /// Its own town, where that is not the one of the street.
    town: String,
}

struct Street {
    name: String,
    short_name: String,
    town: String,
}

impl Extract {
    fn unpack(&mut self, file: &SourceFile, zip: impl Read + Seek, depth: u32) -> Result<()> {
        let failed = |cause: zip::result::ZipError| {
            let hint = "give the extract of BAG as it was downloaded, or a register of another format";
            Error::unreadable(&file.path, format!("it is not a sound zip file: {cause}"), hint)
        };
        let mut archive = zip::ZipArchive::new(zip).map_err(failed)?;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(failed)?;
            let name = entry.name().rsplit('/').next().unwrap_or_default().to_owned();
            let (_, ending) = name.rsplit_once('.').unwrap_or_default();
            if is_skipped(&name) {
                continue;
            }
            if ending.eq_ignore_ascii_case("zip") && depth < DEEPEST {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).map_err(|cause| Error::reading(&file.path, cause))?;
                self.unpack(file, Cursor::new(bytes), depth + 1)?;
            } else if ending.eq_ignore_ascii_case("xml") {
                objects(file, entry, &mut |object| self.add(&object))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, object: &Object) {
        let is_house = object.kind == "Nummeraanduiding";
        if !object.is_valid() {
            self.n_ended += u64::from(is_house);
            return;
        }
        let id = object.part("identificatie");
        match object.kind.as_str() {
            "Nummeraanduiding" => self.houses.push(House {
                id,
                number: object.part("huisnummer"),
                letter: object.part("huisletter"),
                addition: object.part("huisnummertoevoeging"),
                postcode: object.part("postcode"),
                street: object.part("OpenbareRuimteRef"),
                town: object.part("WoonplaatsRef"),
            }),
            "OpenbareRuimte" => {
                let (name, short_name) = (object.part("naam"), object.part("verkorteNaam"));
                self.streets.insert(id, Street { name, short_name, town: object.part("WoonplaatsRef") });
            }
            "Woonplaats" => {
                self.towns.insert(id, object.part("naam"));
            }
            _ => {
                let Some(at) = object.place() else { return };
                for house in object.parts("NummeraanduidingRef") {
                    self.places.entry(house.to_owned()).or_insert(at);
                }
            }
        }
    }

    fn record(&self, house: &House, local: impl Fn(Local) -> Option<Local>) -> Record {
        let street = self.streets.get(&house.street);
        let town = if house.town.is_empty() { street.map_or("", |street| &street.town) } else { &house.town };
        Record {
            street: street.map_or_else(String::new, |street| street.name.clone()),
            number: house.number.clone(),
            suffix: hyphenated(&house.letter, &house.addition),
            postcode: house.postcode.clone(),
            city: self.towns.get(town).cloned().unwrap_or_default(),
            alias: street.map_or_else(String::new, |street| street.short_name.clone()),
            id: house.id.clone(),
            at: self.places.get(&house.id).and_then(|&at| local(at)),
        }
    }
}

/// `9999PND08052026.zip` and the like, whatever stands before the first letter.
fn is_skipped(name: &str) -> bool {
    let name = name.trim_start_matches(|letter: char| letter.is_ascii_digit());
    SKIPPED
        .iter()
        .any(|skipped| name.get(..skipped.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(skipped)))
}

/// An object of the register: the texts of its innermost elements, by their names.
struct Object {
    kind: String,
    parts: Vec<(String, String)>,
}

impl Object {
    fn parts<'o>(&'o self, name: &str) -> impl Iterator<Item = &'o str> {
        self.parts.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The first part of this name; empty where there is none.
    fn part(&self, name: &str) -> String {
        self.parts(name).next().unwrap_or_default().to_owned()
    }

    /// Whether it has not ended, was not taken back and is not withdrawn.
    fn is_valid(&self) -> bool {
        let has = |name: &str| self.parts.iter().any(|(known, _)| known == name);
        let status = self.part("status").to_lowercase();
        let is_ended = ["eindGeldigheid", "tijdstipInactief", "tijdstipNietBagLV"].into_iter().any(has);
        let is_withdrawn =
            ["ingetrokken", "niet gerealiseerd", "ten onrechte"].iter().any(|end| status.contains(end));
        !is_ended && !is_withdrawn
    }

    /// Its point, or the middle of its outline's corners.
    fn place(&self) -> Option<Local> {
        let numbers = |text: &str| -> Option<Vec<f64>> {
            text.split_whitespace()
                .map(|number| number.parse().ok().filter(|n: &f64| n.is_finite()))
                .collect()
        };
        if let Some(point) = self.parts("pos").next() {
            let point = numbers(point)?;
            return Some(Local::new(*point.first()?, *point.get(1)?));
        }
        let outline = numbers(self.parts("posList").next()?)?;
        // The last corner is the first one again.
        let corners: Vec<&[f64]> = outline.chunks_exact(2).skip(1).collect();
        let mean =
            |axis: usize| corners.iter().map(|corner| corner[axis]).sum::<f64>() / corners.len() as f64;
        (!corners.is_empty()).then(|| Local::new(mean(0), mean(1)))
    }
}

/// Gives every object of one XML file to `each`.
fn objects(file: &SourceFile, text: impl Read, each: &mut dyn FnMut(Object)) -> Result<()> {
    let config = ParserConfig::new()
        .trim_whitespace(true)
        .ignore_comments(true)
        .max_data_length(LONGEST_TEXT)
        .max_entity_expansion_length(LONGEST_TEXT);
    let mut events = EventReader::new_with_config(std::io::BufReader::new(text), config);
    let mut open: Option<Object> = None;
    let (mut depth, mut text, mut is_next) = (0u32, String::new(), false);
    loop {
        match events.next().map_err(|cause| Error::reading(&file.path, cause))? {
            XmlEvent::StartElement { name, .. } => {
                text.clear();
                if open.is_some() {
                    depth += 1;
                } else if is_next {
                    open = Some(Object { kind: name.local_name, parts: Vec::new() });
                    (depth, is_next) = (0, false);
                } else {
                    is_next = name.local_name == "bagObject";
                }
            }
            XmlEvent::Characters(more) => text.push_str(&more),
            XmlEvent::EndElement { .. } if open.is_some() && depth == 0 => {
                open.take().into_iter().for_each(&mut *each);
            }
            XmlEvent::EndElement { name } => {
                depth = depth.saturating_sub(1);
                if let Some(object) = open.as_mut().filter(|_| !text.is_empty()) {
                    object.parts.push((name.local_name, std::mem::take(&mut text)));
                }
            }
            XmlEvent::EndDocument => return Ok(()),
            _ => {}
        }
    }
}
