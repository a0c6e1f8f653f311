//! OpenStreetMap extracts (`.osm.pbf`): streets, addresses, assets and the ground behind maps.
//!
//! An extract is read whole; results stand in the order of ids, whatever the order and number of its blocks.
//! A file that is cut off or damaged is an error. A way that refers to nodes outside the extract is cut there.
//! Turn restrictions, tags with conditions (`access:conditional`) and coastlines are not read.

pub mod tags;

use std::io::{Cursor, SeekFrom};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use geo::Contains;
use osmpbf::{BlobDecode, BlobReader, Element, RelMemberType};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::{Error, Result};
use crate::import::open::SourceFile;
use crate::issue::{Code, Issues};
use crate::model::asset::AssetKind;
use crate::model::street::{Backdrop, Direction, Ground, StreetClass};
use crate::place::Plane;
use crate::unit::{Local, LonLat};
use tags::Tags;

/// What has to stand on everything that is made from OpenStreetMap's data.
pub const ATTRIBUTION: &str = "© OpenStreetMap contributors, ODbL";

/// Whether a file is to be read as an extract, by its name.
pub fn is_extract(name: &str) -> bool {
    name.to_lowercase().ends_with(".pbf")
}

/// The elements of an extract, each list in the order of ids.
#[derive(Debug, Clone, Default)]
pub struct Extract {
    node_ids: Vec<i64>,
    /// 10⁻⁷ degrees, longitude first: OpenStreetMap's own resolution, in half the memory of floats.
    node_at: Vec<[i32; 2]>,
    nodes: Vec<Thing<()>>,
    ways: Vec<Thing<Vec<i64>>>,
    relations: Vec<Thing<Vec<Member>>>,
}

/// Extracts that were read, so that several sources of one project read the same file once.
#[derive(Debug, Default)]
pub struct Extracts(FxHashMap<PathBuf, Arc<Extract>>);

impl Extracts {
    /// The extract in `file`.
    ///
    /// # Errors
    /// As [`Extract::read`].
    pub fn get(&mut self, file: &SourceFile) -> Result<Arc<Extract>> {
        if let Some(known) = self.0.get(&file.path) {
            return Ok(Arc::clone(known));
        }
        let extract = Arc::new(Extract::read(file)?);
        self.0.insert(file.path.clone(), Arc::clone(&extract));
        Ok(extract)
    }
}

/// A node, way or relation with its tags and what it is made of.
#[derive(Debug, Clone)]
struct Thing<T> {
    id: i64,
    tags: Tags,
    parts: T,
}

/// A way's part in a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    way: i64,
    is_inner: bool,
}

/// A street as the extract gives it; nodes by their ids.
#[derive(Debug, Clone, PartialEq)]
pub struct StreetLine {
    /// Id of the way.
    pub id: i64,
    /// `name`; empty where it has none.
    pub name: String,
    /// Names in other languages and old names.
    pub other_names: Vec<String>,
    /// Its class.
    pub class: StreetClass,
    /// Which way one may drive.
    pub direction: Direction,
    /// Whether a collection truck may use it.
    pub is_for_trucks: bool,
    /// Speed limit, km/h.
    pub limit_kmh: Option<f64>,
    /// Its nodes with their places; at least two.
    pub nodes: Vec<(i64, Local)>,
    /// Whether a bollard at its first node, and at its last, keeps trucks from other ways that meet there.
    pub is_barred: [bool; 2],
}

/// An address as the extract gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressPoint {
    /// As `node/123` or `way/123`.
    pub id: String,
    /// The order in which the extract gives it, from 1.
    pub row: u64,
    /// `addr:street`, or `addr:place` where there is no street.
    pub street: String,
    /// `addr:housenumber` as written.
    pub number: String,
    /// `addr:postcode`; empty where unknown.
    pub postcode: String,
    /// `addr:city`; empty where unknown.
    pub city: String,
    /// Where it is: the node, or the middle of the outline. `None` where its nodes are not in the extract.
    pub at: Option<LonLat>,
}

/// A thing in the street.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetPoint {
    /// As `node/123` or `way/123`.
    pub id: String,
    /// The order in which the extract gives it, from 1.
    pub row: u64,
    /// Its tags.
    pub tags: Tags,
    /// Where it is. `None` where its nodes are not in the extract, or it has no one place.
    pub at: Option<LonLat>,
}

/// Places where many people pass or sit (bus stops, benches, restaurants), in the order of ids.
///
/// # Errors
/// When the file cannot be read as an extract.
pub fn places(file: &SourceFile, plane: &Plane) -> Result<Vec<(Local, &'static str)>> {
    let extract = Extract::read(file)?;
    let nodes = extract.nodes.iter().map(|node| (tags::place(&node.tags), extract.at(node.id)));
    let ways = extract.ways.iter().map(|way| (tags::place(&way.tags), extract.middle(&way.parts)));
    Ok(nodes.chain(ways).filter_map(|(what, at)| Some((plane.local(at?)?, what?))).collect())
}

impl Extract {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is not an extract, is cut off or is damaged.
    pub fn read(file: &SourceFile) -> Result<Self> {
        Self::from_bytes(&file.bytes()?).map_err(|why| {
            Error::unreadable(&file.path, why, "get the extract again; `osmium fileinfo -e` checks one")
        })
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        check_whole(bytes)?;
        let blobs: Result<Vec<_>, _> = BlobReader::new(bytes).collect();
        let blobs = blobs.map_err(|cause| format!("a block cannot be read: {cause}"))?;
        let pieces: Result<Vec<Self>, String> = blobs.par_iter().map(piece).collect();
        let mut whole = Self::default();
        for piece in pieces? {
            whole.node_ids.extend(piece.node_ids);
            whole.node_at.extend(piece.node_at);
            whole.nodes.extend(piece.nodes);
            whole.ways.extend(piece.ways);
            whole.relations.extend(piece.relations);
        }
        whole.sort();
        Ok(whole)
    }

    /// By ids, each once. The sorts are stable: the first of two stays.
    fn sort(&mut self) {
        if !self.node_ids.is_sorted_by(|a, b| a < b) {
            let mut order: Vec<usize> = (0..self.node_ids.len()).collect();
            order.sort_by_key(|&index| self.node_ids[index]);
            order.dedup_by_key(|index| self.node_ids[*index]);
            self.node_at = order.iter().map(|&index| self.node_at[index]).collect();
            self.node_ids = order.iter().map(|&index| self.node_ids[index]).collect();
        }
        sort_by_id(&mut self.nodes);
        sort_by_id(&mut self.ways);
        sort_by_id(&mut self.relations);
    }

    /// Where a node is; `None` where the extract does not hold it.
    pub fn at(&self, node: i64) -> Option<LonLat> {
        let [lon, lat] = self.node_at[self.node_ids.binary_search(&node).ok()?];
        let at = LonLat::new(f64::from(lon) * 1e-7, f64::from(lat) * 1e-7);
        at.is_on_earth().then_some(at)
    }

    /// The middle of a way: the centroid of an outline, the middle node of a line.
    fn middle(&self, nodes: &[i64]) -> Option<LonLat> {
        let known: Vec<_> = nodes.iter().filter_map(|&node| self.at(node)).collect();
        if nodes.len() > 3 && nodes.first() == nodes.last() {
            return centroid(&known).or_else(|| known.first().copied());
        }
        known.get(known.len() / 2).copied()
    }

    /// The streets, in the order of ids, with how many ways were read and left out. A way that misses nodes
    /// is cut there and gives one [`Code::DanglingReference`]; a way of fewer than two nodes is left out. A way
    /// for trucks is cut in two at every bollard on it.
    pub fn streets(
        &self,
        plane: &Plane,
        file: &Arc<str>,
        issues: &mut Issues,
    ) -> (Vec<StreetLine>, u64, u64) {
        let (mut lines, mut read, mut left_out) = (Vec::new(), 0, 0);
        let barring = self.nodes.iter().filter(|node| tags::bars_trucks(&node.tags));
        let barring: FxHashSet<i64> = barring.map(|node| node.id).collect();
        for way in &self.ways {
            let Some(class) = way.tags.get("highway").and_then(tags::class) else { continue };
            read += 1;
            let id = way.id.to_string();
            let places: Vec<_> = way.parts.iter().map(|&node| self.place(node, plane)).collect();
            let runs = runs(&places);
            if runs.is_empty() {
                left_out += 1;
                issues.add(file, read, "way", Code::ShapeUnreadable, &id);
            } else if places.contains(&None) {
                issues.add(file, read, "way", Code::DanglingReference, &id);
            }
            let is_for_trucks = tags::is_for_trucks(&way.tags, class);
            let is_barred = |node: i64| is_for_trucks && barring.contains(&node);
            let pieces = runs.iter().flat_map(|run| pieces(run, is_barred));
            lines.extend(pieces.map(|nodes| StreetLine {
                id: way.id,
                name: way.tags.get("name").unwrap_or_default().to_owned(),
                other_names: tags::other_names(&way.tags).into_iter().map(str::to_owned).collect(),
                class,
                direction: tags::direction(&way.tags),
                is_for_trucks,
                limit_kmh: way.tags.get("maxspeed").and_then(tags::limit_kmh),
                is_barred: [nodes[0].0, nodes[nodes.len() - 1].0].map(is_barred),
                nodes,
            }));
        }
        (lines, read, left_out)
    }

    /// A node with its place on the plane.
    fn place(&self, node: i64, plane: &Plane) -> Option<(i64, Local)> {
        Some((node, plane.local(self.at(node)?)?))
    }

    /// Everything with a house number or a street of an address: nodes first, then ways, in the order of ids.
    pub fn addresses(&self) -> Vec<AddressPoint> {
        let has = |tags: &Tags| tags.get("addr:housenumber").is_some();
        let nodes = self
            .nodes
            .iter()
            .filter(|node| has(&node.tags))
            .map(|node| ("node", node.id, &node.tags, self.at(node.id)));
        let ways = self
            .ways
            .iter()
            .filter(|way| has(&way.tags))
            .map(|way| ("way", way.id, &way.tags, self.middle(&way.parts)));
        let text = |tags: &Tags, key: &str| tags.get(key).unwrap_or_default().trim().to_owned();
        let found = nodes.chain(ways).zip(1..).map(|((what, id, tags, at), row)| {
            let street = text(tags, "addr:street");
            AddressPoint {
                id: format!("{what}/{id}"),
                row,
                street: if street.is_empty() { text(tags, "addr:place") } else { street },
                number: text(tags, "addr:housenumber"),
                postcode: text(tags, "addr:postcode"),
                city: text(tags, "addr:city"),
                at,
            }
        });
        found.collect()
    }

    /// Other names of streets: name and alias, in the order of the ways.
    pub fn street_aliases(&self) -> Vec<(&str, &str)> {
        let is_street = |way: &&Thing<Vec<i64>>| way.tags.get("highway").and_then(tags::class).is_some();
        let pairs = self.ways.iter().filter(is_street).flat_map(|way| {
            let name = way.tags.get("name");
            tags::other_names(&way.tags).into_iter().filter_map(move |alias| Some((name?, alias)))
        });
        pairs.collect()
    }

    /// Everything of one kind: nodes first, then ways, in the order of ids. A row of bollards that is drawn as
    /// one line has no place: its middle is none of them, and their number is not known.
    pub fn assets(&self, kind: AssetKind) -> Vec<AssetPoint> {
        let is = |tags: &Tags| tags::asset_kind(tags) == Some(kind);
        let nodes = self
            .nodes
            .iter()
            .filter(|node| is(&node.tags))
            .map(|node| ("node", node.id, &node.tags, self.at(node.id)));
        let has_place = |nodes: &[i64]| kind != AssetKind::Bollard || nodes.first() == nodes.last();
        let middle = |nodes: &[i64]| has_place(nodes).then(|| self.middle(nodes))?;
        let ways = self
            .ways
            .iter()
            .filter(|way| is(&way.tags))
            .map(|way| ("way", way.id, &way.tags, middle(&way.parts)));
        let found = nodes.chain(ways).zip(1..).map(|((what, id, tags, at), row)| AssetPoint {
            id: format!("{what}/{id}"),
            row,
            tags: tags.clone(),
            at,
        });
        found.collect()
    }

    /// Water, green and buildings, in this order and that of ids. Outlines that the border of the extract
    /// cuts open are left out: they are drawn, not counted.
    pub fn backdrop(&self, plane: &Plane) -> Vec<Backdrop> {
        let mut found: Vec<(Ground, i64, geo::Polygon<f64>)> = Vec::new();
        for way in &self.ways {
            let Some(what) = tags::ground(&way.tags) else { continue };
            if let Some(ring) = self.ring(&way.parts, plane) {
                found.push((what, way.id, geo::Polygon::new(ring, Vec::new())));
            }
        }
        for relation in self.relations.iter().filter(|relation| relation.tags.is("type", "multipolygon")) {
            let Some(what) = tags::ground(&relation.tags) else { continue };
            let polygons = self.multipolygon(&relation.parts, plane);
            found.extend(polygons.into_iter().map(|polygon| (what, relation.id, polygon)));
        }
        found.sort_by_key(|&(what, id, _)| (what, id));
        found.into_iter().map(|(what, _, shape)| Backdrop { what, shape }).collect()
    }

    /// A closed ring on the plane, if the nodes make one and are all there.
    fn ring(&self, nodes: &[i64], plane: &Plane) -> Option<geo::LineString<f64>> {
        if nodes.len() < 4 || nodes.first() != nodes.last() {
            return None;
        }
        let corner = |&node: &i64| self.at(node).and_then(|at| plane.local(at)).map(geo::Coord::from);
        nodes.iter().map(corner).collect::<Option<Vec<_>>>().map(geo::LineString::new)
    }

    fn multipolygon(&self, members: &[Member], plane: &Plane) -> Vec<geo::Polygon<f64>> {
        let rings = |is_inner: bool| -> Vec<geo::LineString<f64>> {
            let ways = members.iter().filter(|member| member.is_inner == is_inner);
            let nodes: Vec<&[i64]> = ways.filter_map(|member| self.way_nodes(member.way)).collect();
            joined(&nodes).iter().filter_map(|ring| self.ring(ring, plane)).collect()
        };
        let holes = rings(true);
        let outline = |outer: geo::LineString<f64>| {
            let solid = geo::Polygon::new(outer, Vec::new());
            let inside =
                holes.iter().filter(|hole| hole.0.first().is_some_and(|corner| solid.contains(corner)));
            let inside = inside.cloned().collect();
            geo::Polygon::new(solid.into_inner().0, inside)
        };
        rings(false).into_iter().map(outline).collect()
    }

    fn way_nodes(&self, way: i64) -> Option<&[i64]> {
        let index = self.ways.binary_search_by_key(&way, |way| way.id).ok()?;
        Some(&self.ways[index].parts)
    }
}

/// The unbroken runs of known nodes of a way, each of at least two.
fn runs(places: &[Option<(i64, Local)>]) -> Vec<Vec<(i64, Local)>> {
    let unbroken = places.split(Option::is_none).map(|run| {
        let mut run: Vec<_> = run.iter().flatten().copied().collect();
        run.dedup_by_key(|(node, _)| *node);
        run
    });
    unbroken.filter(|run| run.len() >= 2).collect()
}

/// A run cut at the nodes inside it at which it is barred; both pieces keep the node.
fn pieces(run: &[(i64, Local)], is_barred: impl Fn(i64) -> bool) -> Vec<Vec<(i64, Local)>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<(i64, Local)> = Vec::new();
    for &node in run {
        piece.push(node);
        if is_barred(node.0) && piece.len() >= 2 {
            pieces.push(std::mem::replace(&mut piece, vec![node]));
        }
    }
    if piece.len() >= 2 {
        pieces.push(piece);
    }
    pieces
}

/// Joins ways end to end into closed rings; what does not close is dropped.
fn joined(ways: &[&[i64]]) -> Vec<Vec<i64>> {
    let mut by_end: FxHashMap<i64, Vec<usize>> = FxHashMap::default();
    for (index, way) in ways.iter().enumerate() {
        for end in [way.first(), way.last()].into_iter().flatten() {
            by_end.entry(*end).or_default().push(index);
        }
    }
    let mut is_used = vec![false; ways.len()];
    let mut rings = Vec::new();
    for start in 0..ways.len() {
        if std::mem::replace(&mut is_used[start], true) {
            continue;
        }
        let mut ring = ways[start].to_vec();
        while let (Some(first), Some(&last)) = (ring.first(), ring.last()) {
            if *first == last && ring.len() > 1 {
                rings.push(ring);
                break;
            }
            let next = by_end[&last].iter().copied().find(|&way| !is_used[way]);
            let Some(next) = next else { break };
            is_used[next] = true;
            let mut more = ways[next].to_vec();
            if more.first() != Some(&last) {
                more.reverse();
            }
            ring.extend(more.into_iter().skip(1));
        }
    }
    rings
}

/// The centroid of an outline in degrees. Over a building, degrees are as good as a plane.
fn centroid(outline: &[LonLat]) -> Option<LonLat> {
    use geo::Centroid;
    let ring = outline.iter().map(|at| geo::Coord { x: at.lon, y: at.lat }).collect();
    let middle = geo::Polygon::new(geo::LineString::new(ring), Vec::new()).centroid()?;
    Some(LonLat::new(middle.x(), middle.y())).filter(|at| at.is_on_earth())
}

fn sort_by_id<T>(things: &mut Vec<Thing<T>>) {
    if !things.is_sorted_by(|a, b| a.id < b.id) {
        things.sort_by_key(|thing| thing.id);
        things.dedup_by_key(|thing| thing.id);
    }
}

/// Whether the last block ends where the file ends. `osmpbf` takes a file that breaks off inside the length of
/// a block for a whole one.
fn check_whole(bytes: &[u8]) -> Result<(), String> {
    if bytes.is_empty() {
        return Err("it is empty".to_owned());
    }
    let damaged = |cause: osmpbf::Error| format!("it is not an OpenStreetMap extract or is damaged: {cause}");
    let mut blobs = BlobReader::new_seekable(Cursor::new(bytes)).map_err(damaged)?;
    let mut end = 0;
    let mut is_first = true;
    while let Some(header) = blobs.next_header_skip_blob() {
        let (header, _) = header.map_err(damaged)?;
        if is_first && header.blob_type().as_str() != "OSMHeader" {
            return Err("it is not an OpenStreetMap extract: it does not begin with a header".to_owned());
        }
        is_first = false;
        end = blobs.seek_raw(SeekFrom::Current(0)).map_err(damaged)?;
    }
    if is_first || end != bytes.len() as u64 {
        return Err(format!("it breaks off: {} bytes are there, blocks end at {end}", bytes.len()));
    }
    Ok(())
}

/// The elements of one block.
fn piece(blob: &osmpbf::Blob) -> Result<Extract, String> {
    // `osmpbf` panics on member types that the format does not know and on sums beyond 64 bits. Checksums keep
    // accidents from getting that far; a file made to do harm shall be an error too.
    let decoded = std::panic::catch_unwind(AssertUnwindSafe(|| decode(blob)));
    decoded.unwrap_or_else(|_panic| Err("a block holds impossible values".to_owned()))
}

fn decode(blob: &osmpbf::Blob) -> Result<Extract, String> {
    let block = match blob.decode().map_err(|cause| format!("a block is damaged: {cause}"))? {
        BlobDecode::OsmHeader(header) => return check_features(header.required_features()),
        BlobDecode::OsmData(block) => block,
        BlobDecode::Unknown(_) => return Ok(Extract::default()),
    };
    let mut piece = Extract::default();
    block.for_each_element(|element| match element {
        Element::DenseNode(node) => {
            piece.add_node(node.id(), [node.decimicro_lon(), node.decimicro_lat()], Tags::new(node.tags()));
        }
        Element::Node(node) => {
            piece.add_node(node.id(), [node.decimicro_lon(), node.decimicro_lat()], Tags::new(node.tags()));
        }
        Element::Way(way) => {
            piece.ways.push(Thing { id: way.id(), tags: Tags::new(way.tags()), parts: way.refs().collect() });
        }
        Element::Relation(relation) => {
            let ways = relation.members().filter(|member| member.member_type == RelMemberType::Way);
            let parts = ways
                .map(|member| Member {
                    way: member.member_id,
                    is_inner: member.role().is_ok_and(|role| role == "inner"),
                })
                .collect();
            piece.relations.push(Thing { id: relation.id(), tags: Tags::new(relation.tags()), parts });
        }
    });
    Ok(piece)
}

fn check_features(required: &[String]) -> Result<Extract, String> {
    const KNOWN: [&str; 2] = ["OsmSchema-V0.6", "DenseNodes"];
    match required.iter().find(|feature| !KNOWN.contains(&feature.as_str())) {
        Some(feature) => Err(format!("it needs `{feature}`, which is not supported")),
        None => Ok(Extract::default()),
    }
}

impl Extract {
    fn add_node(&mut self, id: i64, at: [i32; 2], tags: Tags) {
        self.node_ids.push(id);
        self.node_at.push(at);
        if !tags.is_empty() {
            self.nodes.push(Thing { id, tags, parts: () });
        }
    }
}

#[cfg(test)]
mod tests;
