//! Positions on the plane in, places on the sheet out: the part of the city that a map shows.

use crate::unit::Local;

use super::canvas::At;

/// A piece of the plane and the rectangle of the sheet that it fills.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Millimetres from the left of the sheet.
    pub(crate) left: f64,
    /// Millimetres from its top.
    pub(crate) top: f64,
    /// Millimetres.
    pub(crate) width: f64,
    /// Millimetres.
    pub(crate) height: f64,
    /// The middle of the piece.
    centre: Local,
    /// Metres on the ground per millimetre on paper.
    pub(crate) m_per_mm: f64,
}

/// The least width of a map in metres: closer than this, streets are only shapes.
const LEAST_M: f64 = 420.0;

impl Window {
    /// The window at this rectangle (left, top, width, height) that shows nearly all of `points`: those between
    /// the first and the last hundredth, and a margin. With few points, all of them.
    pub(crate) fn around(rectangle: [f64; 4], points: impl Iterator<Item = Local>) -> Option<Self> {
        let (mut xs, mut ys): (Vec<f64>, Vec<f64>) =
            points.filter(|at| at.is_somewhere()).map(|at| (at.x, at.y)).unzip();
        if xs.is_empty() {
            return None;
        }
        let (west, east) = span(&mut xs);
        let (south, north) = span(&mut ys);
        let centre = Local::new(f64::midpoint(west, east), f64::midpoint(south, north));
        let [_, _, width, height] = rectangle;
        let m_per_mm = ((east - west) / (width - 16.0)).max((north - south) / (height - 20.0));
        Some(Self::at(rectangle, centre, m_per_mm.max(LEAST_M / width)))
    }

    /// The window that shows `reach_m` metres to each side of `centre`.
    pub(crate) fn near(rectangle: [f64; 4], centre: Local, reach_m: f64) -> Self {
        Self::at(rectangle, centre, 2.0 * reach_m / rectangle[3])
    }

    fn at([left, top, width, height]: [f64; 4], centre: Local, m_per_mm: f64) -> Self {
        Self { left, top, width, height, centre, m_per_mm }
    }

    /// The window moved so that it shows more of the streets, as far as the `points` seen in it stay in it:
    /// what lies at the edge of an extract need not have nothing beside it.
    pub(crate) fn slid_toward(&self, streets: Self, points: &[Local]) -> Self {
        let seen: Vec<Local> = points.iter().copied().filter(|&at| self.holds(at, 0.0)).collect();
        let mut best = *self;
        for (across, up) in [(1.0, 0.0), (0.0, 1.0)] {
            for share in [1.0, 0.75, 0.5, 0.25] {
                let centre = Local::new(
                    best.centre.x + (streets.centre.x - best.centre.x) * across * share,
                    best.centre.y + (streets.centre.y - best.centre.y) * up * share,
                );
                let moved = Self { centre, ..best };
                if seen.iter().all(|&at| moved.holds(at, 6.0) || !self.holds(at, 6.0)) {
                    best = moved;
                    break;
                }
            }
        }
        best
    }

    /// The middle of what it shows.
    pub(crate) fn centre(&self) -> Local {
        self.centre
    }

    /// Where a position lies on the sheet.
    pub(crate) fn place(&self, at: Local) -> At {
        let x = self.left + self.width / 2.0 + (at.x - self.centre.x) / self.m_per_mm;
        (x, self.top + self.height / 2.0 - (at.y - self.centre.y) / self.m_per_mm)
    }

    /// Whether a position lies in it, at least `margin_mm` from its edges.
    pub(crate) fn holds(&self, at: Local, margin_mm: f64) -> bool {
        self.holds_place(self.place(at), margin_mm)
    }

    /// Whether a place on the sheet lies in it, at least `margin_mm` from its edges.
    pub(crate) fn holds_place(&self, (x, y): At, margin_mm: f64) -> bool {
        let [left, top, right, bottom] = self.edges();
        let across = left + margin_mm <= x && x <= right - margin_mm;
        across && top + margin_mm <= y && y <= bottom - margin_mm
    }

    /// Left, top, right and bottom on the sheet.
    pub(crate) fn edges(&self) -> [f64; 4] {
        [self.left, self.top, self.left + self.width, self.top + self.height]
    }

    /// The pieces of a line that are seen, as places on the sheet, without the points that paper cannot show.
    pub(crate) fn lines(&self, line: &[Local]) -> Vec<Vec<At>> {
        let placed: Vec<At> = line.iter().map(|&at| self.place(at)).collect();
        let [left, top, right, bottom] = self.edges();
        if !touches(&placed, self.edges()) {
            return Vec::new();
        }
        let mut pieces: Vec<Vec<At>> = Vec::new();
        for pair in placed.windows(2) {
            let Some((from, to)) = seen(pair[0], pair[1], [left, top, right, bottom]) else { continue };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        pieces.iter().map(|piece| simple(piece)).collect()
    }

    /// The ring of an area that is seen, holes reached by a line there and back; empty where nothing is seen.
    pub(crate) fn ring(&self, area: &geo::Polygon<f64>) -> Vec<At> {
        let place = |line: &geo::LineString<f64>, is_hole: bool| {
            let placed: Vec<At> = line.coords().map(|&at| self.place(at.into())).collect();
            let mut ring = cut(placed, self.edges());
            if (signed_area(&ring) < 0.0) != is_hole {
                ring.reverse();
            }
            simple(&ring)
        };
        if !touches(&place_all(self, area.exterior()), self.edges()) {
            return Vec::new();
        }
        let mut ring = place(area.exterior(), false);
        let Some(&start) = ring.first() else { return ring };
        for hole in area.interiors() {
            let hole = place(hole, true);
            if hole.len() > 2 {
                ring.push(start);
                ring.extend(&hole);
                ring.push(hole[0]);
            }
        }
        ring
    }
}

fn place_all(window: &Window, line: &geo::LineString<f64>) -> Vec<At> {
    line.coords().map(|&at| window.place(at.into())).collect()
}

/// The values between which the middle 98 per cent lie; of fewer than fifty, all.
fn span(values: &mut [f64]) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let out = if values.len() < 50 { 0 } else { last / 100 };
    (values[out], values[last - out])
}

/// Whether the box around `points` touches the rectangle.
fn touches(points: &[At], [left, top, right, bottom]: [f64; 4]) -> bool {
    let x = |pick: fn(f64, f64) -> f64, start| points.iter().fold(start, |most, at| pick(most, at.0));
    let y = |pick: fn(f64, f64) -> f64, start| points.iter().fold(start, |most, at| pick(most, at.1));
    x(f64::min, f64::INFINITY) <= right
        && x(f64::max, f64::NEG_INFINITY) >= left
        && y(f64::min, f64::INFINITY) <= bottom
        && y(f64::max, f64::NEG_INFINITY) >= top
}

/// The part of a straight line inside a rectangle (Liang & Barsky 1984).
fn seen(from: At, to: At, [left, top, right, bottom]: [f64; 4]) -> Option<(At, At)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (step, room) in
        [(-dx, from.0 - left), (dx, right - from.0), (-dy, from.1 - top), (dy, bottom - from.1)]
    {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    let point = |share: f64| (from.0 + dx * share, from.1 + dy * share);
    let first = if enter > 0.0 { point(enter) } else { from };
    let last = if leave < 1.0 { point(leave) } else { to };
    (enter < leave).then_some((first, last))
}

/// The part of a ring inside a rectangle (Sutherland & Hodgman 1974).
fn cut(mut ring: Vec<At>, [left, top, right, bottom]: [f64; 4]) -> Vec<At> {
    // Whether a side is met going across, where it lies, and which way is in.
    let sides = [(true, left, 1.0), (true, right, -1.0), (false, top, 1.0), (false, bottom, -1.0)];
    for (is_across, edge, sign) in sides {
        let inside = |at: At| (if is_across { at.0 } else { at.1 } - edge) * sign;
        let mut kept = Vec::with_capacity(ring.len());
        for (index, &to) in ring.iter().enumerate() {
            let from = ring[(index + ring.len() - 1) % ring.len()];
            let (before, after) = (inside(from), inside(to));
            if (before < 0.0) != (after < 0.0) {
                let share = before / (before - after);
                kept.push((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share));
            }
            if after >= 0.0 {
                kept.push(to);
            }
        }
        ring = kept;
    }
    ring
}

/// Twice the area, with its sign.
fn signed_area(ring: &[At]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum()
}

/// The line without points that lie within 0.06 mm of it: finer than eyes, coarser than the data.
fn simple(line: &[At]) -> Vec<At> {
    use geo::Simplify;
    let line: geo::LineString<f64> = line.iter().copied().collect();
    line.simplify(0.06).into_inner().into_iter().map(|at| (at.x, at.y)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        let corners = [Local::new(0.0, 0.0), Local::new(1000.0, 1000.0)];
        Window::around([10.0, 10.0, 100.0, 100.0], corners.into_iter()).unwrap()
    }

    #[test]
    fn north_is_up_and_east_is_right() {
        let (x, y) = window().place(Local::new(500.0, 500.0));
        assert!((x - 60.0).abs() < 1e-9 && (y - 60.0).abs() < 1e-9);
        assert!(window().place(Local::new(600.0, 500.0)).0 > x);
        assert!(window().place(Local::new(500.0, 600.0)).1 < y);
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two_lines() {
        let far = 9000.0;
        let line = [
            Local::new(500.0, 500.0),
            Local::new(500.0, far),
            Local::new(700.0, far),
            Local::new(700.0, 500.0),
        ];
        let pieces = window().lines(&line);
        assert_eq!(pieces.len(), 2);
        let [left, top, right, bottom] = window().edges();
        for at in pieces.iter().flatten() {
            assert!(
                (left - 1e-6..=right + 1e-6).contains(&at.0) && (top - 1e-6..=bottom + 1e-6).contains(&at.1)
            );
        }
    }

    #[test]
    fn one_stray_point_among_many_does_not_shrink_the_city() {
        let points = (0..200).map(|i| Local::new(f64::from(i), f64::from(i)));
        let strays = [Local::new(1e6, 1e6), Local::NOWHERE];
        let window = Window::around([0.0, 0.0, 100.0, 100.0], points.chain(strays)).unwrap();
        assert!(window.m_per_mm < 10.0);
    }

    #[test]
    fn an_area_around_the_window_fills_it() {
        let ring = |low: f64, high: f64| {
            geo::LineString::from(vec![(low, low), (high, low), (high, high), (low, high), (low, low)])
        };
        let area = geo::Polygon::new(ring(-9e4, 9e4), vec![ring(400.0, 600.0)]);
        let seen = signed_area(&window().ring(&area)).abs() / 2.0;
        let hole = (200.0 / window().m_per_mm).powi(2);
        assert!((seen - (100.0 * 100.0 - hole)).abs() < 1.0, "{seen}");
    }
}
