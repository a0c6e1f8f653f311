//! Streets: OpenStreetMap extracts and line layers in, [`Streets`] out.
//!
//! Ways of an extract meet where they share a node, unless a bollard stands there. Lines of a layer meet where the end of one lies within
//! 0.1 m of a corner of another; where two lines merely cross, one may be a bridge, so they do not meet. Speed
//! limits and truck access are read from extracts only; the street classes of a layer are guessed from
//! common words. Ways stand in the order of ids; a line's id is its place in an order of content, so that it
//! does not depend on the order of the rows.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::error::Result;
use crate::import::Settings;
use crate::import::open::{SourceFile, files};
use crate::import::osm::{self, Extracts, StreetLine, tags};
use crate::import::vector::{self, Properties, Wish};
use crate::issue::{Code, Issues, SourceCount};
use crate::model::NONE;
use crate::model::street::{Backdrop, Direction, StreetClass, Streets, Way};
use crate::place::Plane;
use crate::unit::Local;

/// Ends of lines nearer than this are one crossing: digitised by hand, they seldom agree to the last digit.
const SAME_PLACE_M: f64 = 0.1;
/// Line layers number their ways from here, away from the ids of OpenStreetMap (in 2026 below 2 · 10⁹).
const FIRST_LINE_ID: i64 = 1_000_000_000_000;

/// A source of streets: a path, or a table with a path.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreetSource {
    /// `.osm.pbf`, or a GeoJSON or GeoPackage file of lines; a glob.
    pub path: String,
    /// The system of the coordinates, where the file does not say so.
    pub crs: Option<String>,
    /// The layer of a GeoPackage; the first when absent.
    pub layer: Option<String>,
    /// The properties that make the name, joined by a blank, as in `["ST_NAME", "QUADRANT"]`; guessed when
    /// empty.
    pub name: Vec<String>,
    /// The property that says which way one may drive; guessed when absent.
    pub oneway: Option<String>,
    /// The property that says how important the street is; guessed when absent.
    pub class: Option<String>,
}

/// The table form, as serde reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    path: String,
    crs: Option<String>,
    layer: Option<String>,
    #[serde(default, deserialize_with = "one_or_more")]
    name: Vec<String>,
    oneway: Option<String>,
    class: Option<String>,
}

impl<'de> Deserialize<'de> for StreetSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By hand, because serde's `untagged` would lose the caret under a wrong key.
        struct PathOrTable;
        impl<'de> Visitor<'de> for PathOrTable {
            type Value = StreetSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path or a table with a `path`")
            }

            fn visit_str<E>(self, path: &str) -> Result<StreetSource, E> {
                Ok(StreetSource { path: path.to_owned(), ..StreetSource::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StreetSource, A::Error> {
                let Table { path, crs, layer, name, oneway, class } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(StreetSource { path, crs, layer, name, oneway, class })
            }
        }
        deserializer.deserialize_any(PathOrTable)
    }
}

/// One text or a list of texts.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(String),
        More(Vec<String>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(one) => vec![one],
        OneOrMore::More(more) => more,
    })
}

/// Reads all sources of streets into one network of ways.
///
/// # Errors
/// When a file is missing, damaged or of no known format.
pub fn read(
    sources: &[StreetSource],
    settings: &Settings<'_>,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Streets> {
    read_with(&mut Extracts::default(), sources, settings, plane, issues, counts)
}

/// The same, with extracts that other sources may have read already.
pub(super) fn read_with(
    extracts: &mut Extracts,
    sources: &[StreetSource],
    settings: &Settings<'_>,
    plane: &Plane,
    issues: &mut Issues,
    counts: &mut Vec<SourceCount>,
) -> Result<Streets> {
    let (mut extracted, mut lines) = (Extracted::default(), Vec::new());
    for source in sources {
        for file in files(settings.base, &source.path)? {
            counts.push(if osm::is_extract(&file.name) {
                extracted.add(extracts, &file, plane, issues)?
            } else {
                read_lines(source, &file, plane, issues, &mut lines)?
            });
        }
    }
    let mut streets = Streets { backdrop: extracted.backdrop, ..Streets::default() };
    add_extracted(&mut streets, extracted.lines);
    add_lines(&mut streets, lines);
    Ok(streets)
}

/// Ways of extracts, before their nodes have numbers.
#[derive(Default)]
struct Extracted {
    lines: Vec<StreetLine>,
    ids: FxHashSet<i64>,
    backdrop: Vec<Backdrop>,
}

impl Extracted {
    fn add(
        &mut self,
        extracts: &mut Extracts,
        file: &SourceFile,
        plane: &Plane,
        issues: &mut Issues,
    ) -> Result<SourceCount> {
        let extract = extracts.get(file)?;
        let (mut lines, read, mut left_out) = extract.streets(plane, &file.name, issues);
        // Neighbouring extracts share the ways that cross their border.
        let known: BTreeSet<i64> =
            lines.iter().map(|line| line.id).filter(|id| self.ids.contains(id)).collect();
        for id in &known {
            left_out += 1;
            issues.add(&file.name, 0, "way", Code::ExactDuplicate, &id.to_string());
        }
        lines.retain(|line| !known.contains(&line.id));
        let barred = lines.iter().flat_map(|line| line.is_barred).filter(|&is_barred| is_barred).count();
        self.ids.extend(lines.iter().map(|line| line.id));
        self.lines.extend(lines);
        self.backdrop.extend(extract.backdrop(plane));
        Ok(SourceCount {
            what: "streets",
            file: file.name.to_string(),
            format: "osm.pbf".to_owned(),
            noticed: format!("{}, ends at bollards and blocks: {barred}", osm::ATTRIBUTION),
            read,
            used: read - left_out,
            left_out,
        })
    }
}

/// Numbers the nodes in the order in which the ways, sorted by id, come to them.
fn add_extracted(streets: &mut Streets, mut lines: Vec<StreetLine>) {
    lines.sort_by_key(|line| line.id);
    let mut numbers: FxHashMap<i64, u32> = FxHashMap::default();
    for line in lines {
        let last = line.nodes.len() - 1;
        let mut nodes = Vec::with_capacity(line.nodes.len());
        for (index, &(node, at)) in line.nodes.iter().enumerate() {
            // At a bollard the way has an end of its own, so that nothing can be driven on to.
            let is_barred = index == 0 && line.is_barred[0] || index == last && line.is_barred[1];
            nodes.push(if is_barred {
                add_node(&mut streets.nodes, at)
            } else {
                *numbers.entry(node).or_insert_with(|| add_node(&mut streets.nodes, at))
            });
        }
        let other_names = line.other_names.iter().map(|name| streets.words.intern(name)).collect();
        streets.ways.push(Way {
            id: line.id,
            name: if line.name.is_empty() { NONE } else { streets.words.intern(&line.name) },
            other_names,
            class: line.class,
            direction: line.direction,
            is_for_trucks: line.is_for_trucks,
            limit_kmh: line.limit_kmh,
            nodes,
        });
    }
}

fn add_node(nodes: &mut Vec<Local>, at: Local) -> u32 {
    nodes.push(at);
    u32::try_from(nodes.len() - 1).expect("fewer than 2^32 corners of streets")
}

/// A line of a layer, before its corners have numbers.
#[derive(Debug, Clone)]
struct Line {
    name: String,
    class: StreetClass,
    direction: Direction,
    corners: Vec<Local>,
}

impl Line {
    /// An order of content, so that the order of the rows does not matter.
    fn canonical(&self, other: &Self) -> Ordering {
        let corners = || {
            let pairs = self.corners.iter().zip(&other.corners);
            let first_difference = pairs.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
            first_difference.unwrap_or_else(|| self.corners.len().cmp(&other.corners.len()))
        };
        let attributes = |line: &Self| (line.class, line.direction as u8);
        self.name.cmp(&other.name).then_with(corners).then_with(|| attributes(self).cmp(&attributes(other)))
    }
}

fn read_lines(
    source: &StreetSource,
    file: &SourceFile,
    plane: &Plane,
    issues: &mut Issues,
    lines: &mut Vec<Line>,
) -> Result<SourceCount> {
    let wish = Wish { crs: source.crs.as_deref(), layer: source.layer.as_deref() };
    let layer = vector::read(file, wish, plane, issues)?;
    let mut used = 0;
    let mut strange_directions = 0;
    for feature in &layer.features {
        let direction = direction(source, &feature.properties);
        strange_directions += u64::from(direction.is_none());
        let parts = parts(&feature.shape);
        if parts.is_empty() {
            issues.add(&file.name, feature.row, "geometry", Code::ShapeUnreadable, "not a line");
            continue;
        }
        used += 1;
        lines.extend(parts.into_iter().map(|corners| Line {
            name: name(source, &feature.properties),
            class: class(source, &feature.properties),
            direction: direction.unwrap_or_default(),
            corners,
        }));
    }
    let noticed = match strange_directions {
        0 => layer.noticed,
        _ => format!("{}, one-way values not understood: {strange_directions}", layer.noticed),
    };
    Ok(SourceCount {
        what: "streets",
        file: file.name.to_string(),
        format: layer.format.to_owned(),
        noticed,
        read: layer.read,
        used,
        left_out: layer.read - used,
    })
}

/// The lines of a shape, each of at least two different corners.
fn parts(shape: &geo::Geometry<f64>) -> Vec<Vec<Local>> {
    let lines = match shape {
        geo::Geometry::LineString(line) => std::slice::from_ref(line),
        geo::Geometry::MultiLineString(lines) => &lines.0,
        _ => &[],
    };
    let corners = lines.iter().map(|line| {
        let mut corners: Vec<Local> = line.0.iter().copied().map(Local::from).collect();
        corners.dedup();
        corners
    });
    corners.filter(|corners| corners.len() >= 2).collect()
}

fn name(source: &StreetSource, properties: &Properties) -> String {
    const GUESSES: &[&str] = &[
        "name",
        "street",
        "street_name",
        "streetname",
        "st_name",
        "fullname",
        "full_name",
        "openbareruimte",
        "straatnaam",
        "strassenname",
        "str_name",
        "nom_voie",
        "katunimi",
    ];
    if source.name.is_empty() {
        return properties.first_text(GUESSES).unwrap_or_default();
    }
    let words: Vec<_> = source.name.iter().filter_map(|property| properties.text(property)).collect();
    words.join(" ")
}

/// Which way one may drive; `None` where the layer has a word for it that is not understood.
fn direction(source: &StreetSource, properties: &Properties) -> Option<Direction> {
    const GUESSES: &[&str] = &["oneway", "one_way", "directionality", "dir_travel", "direction", "flow"];
    let Some(value) = properties.chosen(source.oneway.as_deref(), GUESSES) else {
        return Some(Direction::Both);
    };
    let value = value.to_lowercase();
    Some(match value.as_str() {
        "no" | "n" | "false" | "0" | "b" | "both" | "bidirectional" => Direction::Both,
        "yes" | "y" | "true" | "1" | "f" | "ft" | "forward" | "with" => Direction::Forward,
        "-1" | "t" | "tf" | "backward" | "reverse" | "against" => Direction::Backward,
        _ if value.contains("against") || value.contains("reverse") => Direction::Backward,
        _ if value.contains("two") || value.contains("both") => Direction::Both,
        _ if value.contains("digitiz") || value.contains("digitis") || value.contains("one way") => {
            Direction::Forward
        }
        _ => return None,
    })
}

fn class(source: &StreetSource, properties: &Properties) -> StreetClass {
    const GUESSES: &[&str] =
        &["highway", "fclass", "functionalclass", "functional_class", "road_class", "roadtype", "class"];
    let words = |property: &str| properties.text(property).as_deref().and_then(class_of);
    let found = match &source.class {
        Some(property) => words(property),
        None => GUESSES.iter().find_map(|property| words(property)),
    };
    found.unwrap_or(StreetClass::Residential)
}

/// The class that OpenStreetMap's or a highway authority's word means.
fn class_of(word: &str) -> Option<StreetClass> {
    let word = word.to_lowercase();
    let authority: [(&str, StreetClass); 11] = [
        ("interstate", StreetClass::Motorway),
        ("freeway", StreetClass::Motorway),
        ("expressway", StreetClass::Motorway),
        ("principal arterial", StreetClass::Primary),
        ("minor arterial", StreetClass::Secondary),
        ("arterial", StreetClass::Primary),
        ("collector", StreetClass::Tertiary),
        ("local", StreetClass::Residential),
        ("alley", StreetClass::Service),
        ("service", StreetClass::Service),
        ("driveway", StreetClass::Service),
    ];
    let by_authority = || authority.iter().find(|(part, _)| word.contains(part)).map(|&(_, class)| class);
    tags::class(&word).or_else(by_authority)
}

/// Joins the lines at their ends and adds them to the streets.
fn add_lines(streets: &mut Streets, mut lines: Vec<Line>) {
    lines.sort_by(Line::canonical);
    let ends = lines.iter().flat_map(|line| [line.corners[0], line.corners[line.corners.len() - 1]]);
    let mut crossings = Crossings::new(ends.collect());
    for (line, id) in lines.iter().zip(FIRST_LINE_ID..) {
        let mut nodes: Vec<u32> = line
            .corners
            .iter()
            .map(|&corner| match crossings.at(corner) {
                Some(crossing) => crossings.node(crossing, &mut streets.nodes),
                None => add_node(&mut streets.nodes, corner),
            })
            .collect();
        nodes.dedup();
        // A line shorter than the tolerance has both ends on one crossing: kept whole, it leads nowhere.
        if nodes.len() < 2 {
            nodes.push(add_node(&mut streets.nodes, line.corners[line.corners.len() - 1]));
        }
        streets.ways.push(Way {
            id,
            name: if line.name.is_empty() { NONE } else { streets.words.intern(&line.name) },
            other_names: Vec::new(),
            class: line.class,
            direction: line.direction,
            is_for_trucks: line.class != StreetClass::Foot,
            limit_kmh: None,
            nodes,
        });
    }
}

/// Where lines end: positions within [`SAME_PLACE_M`] of each other are one.
struct Crossings {
    at: Vec<Local>,
    nodes: Vec<u32>,
    by_cell: FxHashMap<(i64, i64), Vec<usize>>,
}

impl Crossings {
    fn new(mut ends: Vec<Local>) -> Self {
        ends.sort_by(Local::total_cmp);
        let mut crossings = Self { at: Vec::new(), nodes: Vec::new(), by_cell: FxHashMap::default() };
        for end in ends {
            if crossings.at(end).is_none() {
                crossings.by_cell.entry(cell(end)).or_default().push(crossings.at.len());
                crossings.at.push(end);
            }
        }
        crossings.nodes = vec![NONE; crossings.at.len()];
        crossings
    }

    /// The nearest crossing within the tolerance; the first of equally near ones.
    fn at(&self, place: Local) -> Option<usize> {
        let (column, row) = cell(place);
        let step = |cell: i64| (-1..=1).map(move |step| cell.saturating_add(step));
        let around = step(column).flat_map(|column| step(row).map(move |row| (column, row)));
        let near = around.filter_map(|cell| self.by_cell.get(&cell)).flatten().copied();
        let distance_m = |&crossing: &usize| self.at[crossing].distance_m(place);
        near.filter(|crossing| distance_m(crossing) <= SAME_PLACE_M)
            .min_by(|a, b| distance_m(a).total_cmp(&distance_m(b)).then(a.cmp(b)))
    }

    /// The number of a crossing's node, which gets one when a line first comes to it.
    fn node(&mut self, crossing: usize, nodes: &mut Vec<Local>) -> u32 {
        if self.nodes[crossing] == NONE {
            self.nodes[crossing] = add_node(nodes, self.at[crossing]);
        }
        self.nodes[crossing]
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "metres on a plane fit by far; beyond, the cast saturates"
)]
fn cell(at: Local) -> (i64, i64) {
    ((at.x / SAME_PLACE_M).floor() as i64, (at.y / SAME_PLACE_M).floor() as i64)
}

#[cfg(test)]
mod tests;
