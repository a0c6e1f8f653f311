//! Labels and obstacles in, labels that cover neither each other nor an obstacle out.
//!
//! Greedy: who asks first stands first, so ask in the order of importance. A label without room is left out;
//! the table beside the map still holds it.

use rstar::{AABB, RTree};

use super::canvas::{Anchor, At, Canvas, Pen, text_box};
use super::font::MM_PER_PT;

/// What is taken on a sheet.
pub(crate) struct Labels {
    taken: RTree<rstar::primitives::Rectangle<[f64; 2]>>,
    /// Left, top, right and bottom of the part where labels may stand.
    within: [f64; 4],
}

/// The least room between two labels.
const GAP_MM: f64 = 0.5;

impl Labels {
    /// An empty part of the sheet.
    pub(crate) fn new(within: [f64; 4]) -> Self {
        Self { taken: RTree::new(), within }
    }

    /// Keeps labels off a box: left, top, right, bottom.
    pub(crate) fn reserve(&mut self, [left, top, right, bottom]: [f64; 4]) {
        self.taken.insert(rstar::primitives::Rectangle::from_corners([left, top], [right, bottom]));
    }

    /// Keeps labels off a disc.
    pub(crate) fn reserve_disc(&mut self, (x, y): At, radius_mm: f64) {
        self.reserve([x - radius_mm, y - radius_mm, x + radius_mm, y + radius_mm]);
    }

    /// Whether a box is free and within the part.
    pub(crate) fn is_free(&self, [left, top, right, bottom]: [f64; 4]) -> bool {
        let [west, north, east, south] = self.within;
        let inside = west + 1.0 <= left && right <= east - 1.0 && north + 1.0 <= top && bottom <= south - 1.0;
        let asked = AABB::from_corners([left - GAP_MM, top - GAP_MM], [right + GAP_MM, bottom + GAP_MM]);
        inside && self.taken.locate_in_envelope_intersecting(&asked).next().is_none()
    }

    /// Writes `lines` beside a mark of this radius where there is room: right, left, above, below, then further
    /// off with a thin line to the mark. Gives whether there was room.
    pub(crate) fn beside(
        &mut self,
        canvas: &mut Canvas,
        at: At,
        radius_mm: f64,
        lines: &[(String, Pen)],
    ) -> bool {
        let height: f64 = lines.iter().map(|(_, pen)| pen.size_pt * MM_PER_PT * 1.18).sum();
        let width = lines.iter().map(|(words, pen)| pen.width_mm(words)).fold(0.0, f64::max);
        for away in [0.6, 4.0, 8.0, 13.0] {
            let off = radius_mm + away;
            let slant = off * std::f64::consts::FRAC_1_SQRT_2;
            let spots = [
                (off, -height / 2.0),
                (-off - width, -height / 2.0),
                (slant, -slant - height),
                (slant, slant),
                (-slant - width, -slant - height),
                (-slant - width, slant),
                (-width / 2.0, -off - height),
                (-width / 2.0, off),
            ];
            for (dx, dy) in spots {
                let (left, top) = (at.0 + dx, at.1 + dy);
                let block = [left, top, left + width, top + height];
                if !self.is_free(block) {
                    continue;
                }
                self.reserve(block);
                if away > 1.0 {
                    let near = (at.0.clamp(left, left + width), at.1.clamp(top, top + height));
                    let length = (near.0 - at.0).hypot(near.1 - at.1);
                    let edge = radius_mm.min(length) / length.max(f64::EPSILON);
                    let from = (at.0 + (near.0 - at.0) * edge, at.1 + (near.1 - at.1) * edge);
                    canvas.line(vec![from, near], 0.45, super::style::PAPER.faint(0.9));
                    canvas.line(vec![from, near], 0.2, super::style::QUIET_TEXT);
                }
                let mut baseline = top;
                for (words, pen) in lines {
                    let line_height = pen.size_pt * MM_PER_PT * 1.18;
                    let x = if dx < -width / 2.0 - 0.01 {
                        left + width
                    } else if dx < 0.0 {
                        left + width / 2.0
                    } else {
                        left
                    };
                    let anchor = if dx < -width / 2.0 - 0.01 {
                        Anchor::End
                    } else if dx < 0.0 {
                        Anchor::Middle
                    } else {
                        Anchor::Start
                    };
                    canvas.text((x, baseline + line_height * 0.82), words, pen.anchored(anchor));
                    baseline += line_height;
                }
                return true;
            }
        }
        false
    }

    /// Writes `words` with their middle on `at`, turned as `pen` says, if there is room. Gives whether there was.
    pub(crate) fn along(&mut self, canvas: &mut Canvas, at: At, words: &str, pen: Pen) -> bool {
        let boxes = turned_boxes(at, words, &pen);
        if !boxes.iter().all(|&part| self.is_free(part)) {
            return false;
        }
        for part in boxes {
            self.reserve(part);
        }
        let (sin, cos) = pen.turn_deg.to_radians().sin_cos();
        // The letters' middle lies a third of their size above the line they stand on.
        let down = pen.size_pt * MM_PER_PT * 0.34;
        canvas.text((at.0 - down * sin, at.1 + down * cos), words, pen.anchored(Anchor::Middle));
        true
    }
}

/// Small boxes that together cover a turned text around its middle.
fn turned_boxes((x, y): At, words: &str, pen: &Pen) -> Vec<[f64; 4]> {
    let [left, top, right, bottom] = text_box((0.0, 0.0), words, pen);
    let (width, height) = (right - left, bottom - top);
    let (sin, cos) = pen.turn_deg.to_radians().sin_cos();
    let half = height / 2.0;
    let mut boxes = Vec::new();
    let mut along = -width / 2.0;
    while along < width / 2.0 + half {
        let (middle_x, middle_y) = (x + along * cos, y + along * sin);
        boxes.push([middle_x - half, middle_y - half, middle_x + half, middle_y + half]);
        along += height;
    }
    boxes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::style::TEXT;

    #[test]
    fn labels_never_cover_each_other() {
        let mut canvas = Canvas::new(100.0, 100.0);
        let mut labels = Labels::new([0.0, 0.0, 100.0, 100.0]);
        let mut written = 0;
        for step in 0..60 {
            let at = (30.0 + f64::from(step % 9) * 4.5, 30.0 + f64::from(step % 7) * 5.5);
            let lines = [(format!("Stop number {step}"), Pen::new(9.0, TEXT))];
            written += usize::from(labels.beside(&mut canvas, at, 1.5, &lines));
        }
        let boxes = canvas.text_boxes();
        assert_eq!(boxes.len(), written);
        assert!((5..60).contains(&written), "{written}");
        for (index, (a, _, _)) in boxes.iter().enumerate() {
            for (b, _, _) in &boxes[index + 1..] {
                assert!(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1], "{a:?} {b:?}");
            }
        }
    }
}
