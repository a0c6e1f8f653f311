//! A window in, its scale bar and north arrow out.

use crate::model::kind::Language;

use super::canvas::{Anchor, Canvas, Pen};
use super::labels::Labels;
use super::style::{BODY_PT, PAPER, TEXT};
use super::window::Window;
use super::words;

/// Draws the scale bar in the lower left of the window and keeps labels off it.
pub(crate) fn bar(canvas: &mut Canvas, labels: &mut Labels, window: &Window, language: Language) {
    let length_m = round_length(window.m_per_mm * window.width * 0.25);
    let length_mm = length_m / window.m_per_mm;
    let [left, _, _, bottom] = window.edges();
    let (x, y) = (left + 5.0, bottom - 4.6);
    let words = words::length(language, length_m);
    let pen = Pen::new(BODY_PT, TEXT);
    let right = x + length_mm + 2.0 + pen.width_mm(&words) + 1.5;
    labels.reserve([left, y - 4.0, right, bottom]);
    canvas.group("scale-bar", |canvas| {
        canvas.rectangle((left + 2.5, y - 3.2), (right, bottom - 2.0), PAPER.faint(0.85));
        canvas.rectangle((x, y - 0.6), (x + length_mm, y + 0.6), TEXT);
        for step in [0.0, 2.0] {
            let (from, to) = (x + length_mm * (step + 1.0) / 4.0, x + length_mm * (step + 2.0) / 4.0);
            canvas.rectangle((from, y - 0.4), (to, y + 0.4), PAPER);
        }
        canvas.text((x + length_mm + 2.0, y + 1.1), &words, pen);
    });
}

/// Draws the north arrow in the upper right of the window, turned to true north, and keeps labels off it.
pub(crate) fn north(canvas: &mut Canvas, labels: &mut Labels, window: &Window, turn_deg: f64) {
    let [_, top, right, _] = window.edges();
    let (x, y) = (right - 8.0, top + 10.5);
    labels.reserve([x - 6.0, top, right, y + 6.5]);
    let (sin, cos) = turn_deg.to_radians().sin_cos();
    let turned = |dx: f64, dy: f64| (x + dx * cos - dy * sin, y + dx * sin + dy * cos);
    canvas.group("north", |canvas| {
        canvas.disc((x, y), 6.0, PAPER.faint(0.85));
        canvas.area(vec![turned(0.0, -1.4), turned(-2.4, 4.4), turned(0.0, 3.0)], TEXT);
        let east = vec![turned(0.0, -1.4), turned(2.4, 4.4), turned(0.0, 3.0)];
        canvas.outline(east, 0.2, TEXT);
        canvas.text((x, y - 2.0), "N", Pen::new(BODY_PT, TEXT).bold().anchored(Anchor::Middle));
    });
}

/// The largest of 1, 2 and 5 times a power of ten that is no longer than `most_m`.
fn round_length(most_m: f64) -> f64 {
    let power = 10f64.powf(most_m.log10().floor());
    let step = [5.0, 2.0, 1.0].into_iter().find(|step| step * power <= most_m).unwrap_or(1.0);
    step * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_bars_have_round_lengths() {
        for (most_m, length_m) in [(120.0, 100.0), (99.0, 50.0), (480.0, 200.0), (5000.0, 5000.0)] {
            assert!((round_length(most_m) - length_m).abs() < 1e-9, "{most_m}");
        }
    }
}
