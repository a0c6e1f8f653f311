//! Small symbols with a meaning: the same on the map and in its legend.

use super::canvas::{Anchor, At, Canvas, Pen};
use super::font::MM_PER_PT;
use super::style::{ACCENT, BODY_PT, DRIVEN, Ink, PAPER, ROUTE, TEXT, TODAY};

/// A disc with a number in it; it grows with its number.
pub(crate) fn coin(canvas: &mut Canvas, at: At, words: &str, ink: Ink) -> f64 {
    let radius = coin_radius(words);
    canvas.coin(at, radius, ink, PAPER, 0.35);
    inscribe(canvas, at, words, ink);
    radius + 0.35
}

/// The radius of a coin with this number.
pub(crate) fn coin_radius(words: &str) -> f64 {
    2.3f64.max(Pen::new(BODY_PT, TEXT).bold().width_mm(words) / 2.0 + 0.75)
}

/// Writes a number in the middle of a mark.
pub(crate) fn inscribe(canvas: &mut Canvas, at: At, words: &str, ground: Ink) {
    let ink = if ground.is_dark() { PAPER } else { TEXT };
    let down = BODY_PT * MM_PER_PT * 0.36;
    let pen = Pen::new(BODY_PT, ink).bold().anchored(Anchor::Middle);
    canvas.text((at.0, at.1 + down), words, pen);
}

/// A square with a number in it.
pub(crate) fn square(canvas: &mut Canvas, (x, y): At, words: &str, ink: Ink) -> f64 {
    let half = coin_radius(words) * 0.92;
    let edge = half + 0.35;
    canvas.rectangle((x - edge, y - edge), (x + edge, y + edge), PAPER);
    canvas.rectangle((x - half, y - half), (x + half, y + half), ink);
    inscribe(canvas, (x, y), words, ink);
    edge
}

/// A square that stands on its corner: an asset.
pub(crate) fn diamond(canvas: &mut Canvas, (x, y): At, radius: f64, ink: Ink) {
    let ring = |r: f64| vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)];
    canvas.area(ring(radius + 0.4), PAPER);
    canvas.area(ring(radius), ink);
}

/// A stop at which nothing stands out.
pub(crate) fn stop(canvas: &mut Canvas, at: At) {
    canvas.coin(at, 0.75, PAPER, ROUTE, 0.4);
}

/// The line of a planned round: dashed.
pub(crate) fn planned(canvas: &mut Canvas, line: &[At]) {
    canvas.line(line.to_vec(), 1.3, PAPER.faint(0.6));
    canvas.dashed(line, 0.8, ROUTE, 2.6, 1.5);
}

/// What was driven: a solid band on which the plan can be drawn.
pub(crate) fn driven(canvas: &mut Canvas, line: &[At]) {
    canvas.line(line.to_vec(), 2.5, DRIVEN);
}

/// What is driven today and may change: a broken band on which the proposal can be drawn.
pub(crate) fn today(canvas: &mut Canvas, line: &[At]) {
    canvas.dashed(line, 2.3, TODAY, 3.4, 3.6);
}

/// The line that a proposal leads to: solid, in the accent colour.
pub(crate) fn proposed(canvas: &mut Canvas, line: &[At]) {
    canvas.line(line.to_vec(), 1.5, PAPER.faint(0.9));
    canvas.line(line.to_vec(), 0.95, ACCENT);
}

/// Arrow heads along a line, one every `every_mm`.
pub(crate) fn arrows(canvas: &mut Canvas, line: &[At], every_mm: f64, ink: Ink) {
    let mut until = every_mm / 2.0;
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        while until < length {
            let (ux, uy) = ((to.0 - from.0) / length, (to.1 - from.1) / length);
            let tip = (from.0 + ux * (until + 1.1), from.1 + uy * (until + 1.1));
            let back = |side: f64| (tip.0 - ux * 2.6 - uy * side * 1.3, tip.1 - uy * 2.6 + ux * side * 1.3);
            let head = vec![tip, back(1.0), (tip.0 - ux * 1.8, tip.1 - uy * 1.8), back(-1.0)];
            canvas.outline(head.clone(), 0.5, PAPER);
            canvas.area(head, ink);
            until += every_mm;
        }
        until -= length;
    }
}

/// Slanting lines within a ring, `every_mm` apart; with `is_crossed`, both ways.
pub(crate) fn hatch(canvas: &mut Canvas, ring: &[At], every_mm: f64, is_crossed: bool, ink: Ink) {
    for sign in [1.0, -1.0].into_iter().take(1 + usize::from(is_crossed)) {
        // Along lines x + sign·y = c; the same lines for every ring, so that neighbours match.
        let level = |at: At| at.0 + sign * at.1;
        let low = ring.iter().map(|&at| level(at)).fold(f64::INFINITY, f64::min);
        let high = ring.iter().map(|&at| level(at)).fold(f64::NEG_INFINITY, f64::max);
        let step = every_mm * std::f64::consts::SQRT_2;
        let mut c = (low / step).ceil() * step;
        while c < high {
            let mut crossings: Vec<At> = Vec::new();
            for (index, &from) in ring.iter().enumerate() {
                let to = ring[(index + 1) % ring.len()];
                let (before, after) = (level(from) - c, level(to) - c);
                if (before < 0.0) != (after < 0.0) {
                    let share = before / (before - after);
                    crossings.push((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share));
                }
            }
            crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
            for pair in crossings.chunks_exact(2) {
                canvas.line(vec![pair[0], pair[1]], 0.18, ink);
            }
            c += step;
        }
    }
}

/// The six corners of a cell in a legend.
pub(crate) fn hexagon((x, y): At, radius: f64) -> Vec<At> {
    (0..6)
        .map(|corner| (f64::from(corner) * 60.0).to_radians().sin_cos())
        .map(|(sin, cos)| (x + radius * cos, y + radius * sin))
        .collect()
}
