//! The embedded font: words in, their width and their outlines out, the same on every machine.
//!
//! Open Sans (Apache licence, text in `fonts/`), cut down to Latin, Greek and Cyrillic. A character that it
//! does not hold counts as an average one and is left to the viewer's own fonts. There is no kerning.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, point};

/// Millimetres in a typographic point.
pub(crate) const MM_PER_PT: f64 = 25.4 / 72.0;

/// The families that a viewer may use, best first. Widths are held by `textLength` whichever it takes.
pub(crate) const FAMILIES: &str =
    "'Open Sans','Noto Sans','Segoe UI','Helvetica Neue',Helvetica,Arial,sans-serif";

/// Open Sans in its normal weight.
pub(crate) const REGULAR: &[u8] = include_bytes!("fonts/OpenSans-Regular.ttf");
/// Open Sans, half bold.
pub(crate) const SEMIBOLD: &[u8] = include_bytes!("fonts/OpenSans-Semibold.ttf");

static FONTS: LazyLock<[FontRef<'static>; 2]> =
    LazyLock::new(|| [REGULAR, SEMIBOLD].map(|bytes| FontRef::try_from_slice(bytes).expect("a whole font")));

fn font(is_bold: bool) -> &'static FontRef<'static> {
    &FONTS[usize::from(is_bold)]
}

/// The width of `words` in millimetres at `size_pt` points.
pub(crate) fn width_mm(words: &str, size_pt: f64, is_bold: bool) -> f64 {
    let font = font(is_bold);
    let em = f64::from(font.units_per_em().unwrap_or(2048.0));
    let advance = |letter| match font.glyph_id(letter) {
        glyph if glyph.0 == 0 => 0.6,
        glyph => f64::from(font.h_advance_unscaled(glyph)) / em,
    };
    words.chars().map(advance).sum::<f64>() * size_pt * MM_PER_PT
}

/// `words` cut off with an ellipsis where they are wider than `room_mm`.
pub(crate) fn fit(words: &str, size_pt: f64, is_bold: bool, room_mm: f64) -> String {
    if width_mm(words, size_pt, is_bold) <= room_mm {
        return words.to_owned();
    }
    let mut letters: Vec<char> = words.chars().collect();
    while letters.pop().is_some() {
        let cut = format!("{}…", letters.iter().collect::<String>().trim_end());
        if width_mm(&cut, size_pt, is_bold) <= room_mm {
            return cut;
        }
    }
    String::new()
}

/// `words` in lines no wider than `room_mm`, broken at blanks; a word that is too long is cut off.
pub(crate) fn wrap(words: &str, size_pt: f64, is_bold: bool, room_mm: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if width_mm(&longer, size_pt, is_bold) <= room_mm {
                *line = longer;
                continue;
            }
        }
        lines.push(fit(word, size_pt, is_bold, room_mm));
    }
    lines
}

/// How dark each pixel of `words` is, 0 to 1, written with an em of `em_px` pixels.
pub(crate) struct Coverage {
    /// Pixels per row.
    pub(crate) width: usize,
    /// The row on which the letters stand.
    pub(crate) baseline: usize,
    /// Row by row from the top.
    pub(crate) dark: Vec<f32>,
}

/// The picture of `words` at `em_px` pixels per em.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of one line of text")]
pub(crate) fn coverage(words: &str, em_px: f64, is_bold: bool) -> Coverage {
    let font = font(is_bold);
    let em = font.units_per_em().unwrap_or(2048.0);
    let scale = PxScale::from(em_px as f32 * font.height_unscaled() / em);
    let baseline = (em_px * 1.2).ceil() as usize;
    let width = (width_mm(words, 1.0, is_bold) / MM_PER_PT * em_px).ceil() as usize + 4;
    let height = baseline + (em_px * 0.5).ceil() as usize;
    let mut dark = vec![0.0f32; width * height];
    let mut x = 1.0;
    for letter in words.chars() {
        let id = font.glyph_id(letter);
        let glyph = id.with_scale_and_position(scale, point(x, baseline as f32));
        x += if id.0 == 0 { 0.6 * em_px as f32 } else { font.h_advance_unscaled(id) / em * em_px as f32 };
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let bounds = outline.px_bounds();
        outline.draw(|column, row, share| {
            let (column, row) =
                (bounds.min.x as i64 + i64::from(column), bounds.min.y as i64 + i64::from(row));
            if let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row))
                && column < width
                && row < height
            {
                let pixel = &mut dark[row * width + column];
                *pixel = (*pixel + share).min(1.0);
            }
        });
    }
    Coverage { width, baseline, dark }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_never_wider_than_their_room() {
        let words = "Mannerheimintie 12 b Rautatieläisenkatunimi is reported again and again and again";
        for room_mm in [12.0, 20.0, 45.0] {
            let lines = wrap(words, 9.0, false, room_mm);
            assert!(lines.iter().all(|line| width_mm(line, 9.0, false) <= room_mm), "{lines:?}");
        }
    }

    #[test]
    fn letters_of_european_cities_are_in_the_font() {
        for letter in "ÄÖåßłçñğΑλέжйŠ–·≥€−".chars() {
            assert_ne!(font(false).glyph_id(letter).0, 0, "{letter}");
        }
    }
}
