//! Streets and grounds in, a quiet map to put findings on out.

use std::collections::BTreeMap;

use geo::BoundingRect;

use crate::model::NONE;
use crate::model::street::{Ground, StreetClass, Streets};
use crate::unit::Local;

use super::canvas::{At, Canvas, Pen};
use super::labels::Labels;
use super::style::{self, BODY_PT, BUILDING, CASING, GREEN, LAND, PATH, ROAD, STREET_NAME, WATER};
use super::window::Window;

/// Classes from the narrowest to the widest: the widest is drawn last.
const CLASSES: [StreetClass; 7] = [
    StreetClass::Foot,
    StreetClass::Service,
    StreetClass::Residential,
    StreetClass::Tertiary,
    StreetClass::Secondary,
    StreetClass::Primary,
    StreetClass::Motorway,
];

/// Land, water, green and buildings.
pub(crate) fn grounds(canvas: &mut Canvas, window: &Window, streets: &Streets) {
    let [left, top, right, bottom] = window.edges();
    canvas.group("ground", |canvas| {
        canvas.rectangle((left, top), (right, bottom), LAND);
        for (what, ink) in [(Ground::Green, GREEN), (Ground::Water, WATER), (Ground::Building, BUILDING)] {
            // Buildings are a texture nobody can read once they are smaller than a grain.
            if what == Ground::Building && window.m_per_mm > 12.0 {
                continue;
            }
            for backdrop in streets.backdrop.iter().filter(|backdrop| backdrop.what == what) {
                let Some(bounds) = backdrop.shape.bounding_rect() else { continue };
                if bounds.width().max(bounds.height()) / window.m_per_mm > 0.5 {
                    canvas.area(window.ring(&backdrop.shape), ink);
                }
            }
        }
    });
}

/// The streets, with edges; as thin white lines only where `is_overlay`, so that what lies below stays readable.
pub(crate) fn streets(canvas: &mut Canvas, window: &Window, streets: &Streets, is_overlay: bool) {
    let mut lines: BTreeMap<usize, Vec<Vec<At>>> = BTreeMap::new();
    for way in &streets.ways {
        let Some(rank) = CLASSES.iter().position(|&class| class == way.class) else { continue };
        let (_, least_mm, _) = style::street_width(way.class);
        // Footpaths and service roads are shown where a block is at least a few millimetres wide.
        let is_fine = way.class >= StreetClass::Service;
        if (is_fine && window.m_per_mm > 9.0) || (window.m_per_mm > 60.0 && least_mm < 0.4) {
            continue;
        }
        lines.entry(rank).or_default().extend(window.lines(&streets.line(way)));
    }
    let width = |rank: usize| {
        let (ground_m, least_mm, most_mm) = style::street_width(CLASSES[rank]);
        (ground_m / window.m_per_mm).clamp(least_mm, most_mm)
    };
    canvas.group("streets", |canvas| {
        // Seen from afar, an edge around a hairline only makes it grey.
        let has_edges = !is_overlay && window.m_per_mm < 25.0;
        for (&rank, pieces) in
            lines.iter().filter(|(rank, _)| has_edges && CLASSES[**rank] != StreetClass::Foot)
        {
            for piece in pieces {
                canvas.line(piece.clone(), width(rank) + 0.24, CASING);
            }
        }
        for (&rank, pieces) in &lines {
            let is_path = CLASSES[rank] == StreetClass::Foot;
            let ink = if is_path && !is_overlay { PATH } else { ROAD };
            let thin = if is_path { width(rank).min(0.3) } else { width(rank) };
            for piece in pieces {
                let (width_mm, ink) =
                    if is_overlay { (thin.min(0.55), ink.faint(0.75)) } else { (thin, ink) };
                canvas.line(piece.clone(), width_mm, ink);
            }
        }
    });
}

/// The names of streets along them, the wider and longer ones first, each once and at most `most` of them.
pub(crate) fn names(
    canvas: &mut Canvas,
    window: &Window,
    streets: &Streets,
    labels: &mut Labels,
    most: usize,
) {
    let pen = Pen::new(BODY_PT, STREET_NAME).haloed(LAND);
    // Name → its widest class and its straight stretches: length, middle and turn.
    let mut stretches: BTreeMap<&str, (StreetClass, Vec<Stretch>)> = BTreeMap::new();
    for way in streets.ways.iter().filter(|way| way.name != NONE) {
        if way.class == StreetClass::Foot || (way.class == StreetClass::Service && window.m_per_mm > 2.0) {
            continue;
        }
        if way.class == StreetClass::Residential && window.m_per_mm > 14.0 {
            continue;
        }
        let name = streets.words.get(way.name);
        let (class, list) = stretches.entry(name).or_insert((way.class, Vec::new()));
        *class = (*class).min(way.class);
        for piece in window.lines(&streets.line(way)) {
            list.extend(straight(&piece));
        }
    }
    let mut order: Vec<_> = stretches.into_iter().collect();
    for (_, (_, list)) in &mut order {
        join(list);
        list.sort_by(|a, b| b.length().total_cmp(&a.length()).then(a.from.0.total_cmp(&b.from.0)));
    }
    order.sort_by(|a, b| {
        let longest = |list: &[Stretch]| list.first().map_or(0.0, Stretch::length);
        (a.1.0).cmp(&b.1.0).then(longest(&b.1.1).total_cmp(&longest(&a.1.1))).then(a.0.cmp(b.0))
    });
    let mut written = 0;
    canvas.group("street-names", |canvas| {
        for (name, (_, list)) in order {
            if written == most {
                break;
            }
            let needed = pen.width_mm(name);
            let is_written = list.iter().take(4).any(|stretch| {
                stretch.length() > needed * 0.9
                    && [0.5, 0.3, 0.7].into_iter().any(|share| {
                        labels.along(canvas, stretch.point(share), name, pen.turned(stretch.turn_deg()))
                    })
            });
            written += usize::from(is_written);
        }
    });
}

/// A stretch of street that is straight enough to write along.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: At,
    to: At,
}

impl Stretch {
    fn length(&self) -> f64 {
        (self.to.0 - self.from.0).hypot(self.to.1 - self.from.1)
    }

    fn point(&self, share: f64) -> At {
        (self.from.0 + (self.to.0 - self.from.0) * share, self.from.1 + (self.to.1 - self.from.1) * share)
    }

    /// Degrees clockwise, so that letters stand upright.
    fn turn_deg(&self) -> f64 {
        let turn = (self.to.1 - self.from.1).atan2(self.to.0 - self.from.0).to_degrees();
        if turn > 90.0 {
            turn - 180.0
        } else if turn <= -90.0 {
            turn + 180.0
        } else {
            turn
        }
    }
}

/// The straight stretches of a line: cut where it turns by more than 12 degrees from the stretch so far.
fn straight(line: &[At]) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let Some(&first) = line.first() else { return stretches };
    let mut current = Stretch { from: first, to: first };
    for &to in &line[1..] {
        let next = Stretch { from: current.to, to };
        if current.length() > 0.0 && angle(&current, &next) > 12.0 {
            stretches.push(current);
            current = next;
        } else {
            current.to = to;
        }
    }
    stretches.push(current);
    stretches
}

/// Joins stretches that go on from each other in nearly the same direction (ways end at every crossing).
fn join(list: &mut Vec<Stretch>) {
    let close = |a: At, b: At| (a.0 - b.0).hypot(a.1 - b.1) < 0.3;
    let mut index = 0;
    while index < list.len() {
        let here = list[index];
        let next = list.iter().enumerate().find_map(|(other, stretch)| {
            let turned = [*stretch, Stretch { from: stretch.to, to: stretch.from }];
            let follows =
                turned.into_iter().find(|after| close(here.to, after.from) && angle(&here, after) < 12.0);
            follows.filter(|_| other != index).map(|after| (other, after.to))
        });
        match next {
            Some((other, to)) => {
                list[index].to = to;
                list.remove(other);
                index -= usize::from(other < index);
            }
            None => index += 1,
        }
    }
}

/// Degrees between the directions of two stretches.
fn angle(a: &Stretch, b: &Stretch) -> f64 {
    let (ax, ay) = (a.to.0 - a.from.0, a.to.1 - a.from.1);
    let (bx, by) = (b.to.0 - b.from.0, b.to.1 - b.from.1);
    (ax * by - ay * bx).atan2(ax * bx + ay * by).abs().to_degrees()
}

/// How many degrees clockwise true north is turned from the top of the map.
pub(crate) fn north_deg(plane: &crate::place::Plane, at: Local) -> f64 {
    let here = plane.lon_lat(at);
    let up = crate::unit::LonLat::new(here.lon, here.lat + 0.01);
    plane.local(up).map_or(0.0, |north| (north.x - at.x).atan2(north.y - at.y).to_degrees())
}
