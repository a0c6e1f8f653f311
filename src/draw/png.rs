//! A sheet in, a PNG out: the same shapes on plotters' bitmap backend, drawn twice as large and averaged, so
//! that slanting lines are smooth. Letters come from the font's outlines, because plotters sets them only
//! upright and without their side bearings.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::Color;

use super::canvas::{Anchor, At, Pen, colour};
use super::font::{self, MM_PER_PT};
use super::style::Ink;

/// How many pixels are averaged into one, each way.
const FINENESS: usize = 2;

/// The PNG of a sheet that `paint` draws at the given pixels per millimetre.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a sheet")]
pub(super) fn picture(
    width_mm: f64,
    height_mm: f64,
    px_per_mm: f64,
    paint: impl FnOnce(&mut BitMapBackend<'_>, f64),
) -> Vec<u8> {
    let (width, height) = ((width_mm * px_per_mm).round() as usize, (height_mm * px_per_mm).round() as usize);
    let (wide, high) = (width * FINENESS, height * FINENESS);
    let mut fine = vec![255u8; wide * high * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut fine, (wide as u32, high as u32));
        paint(&mut backend, px_per_mm * FINENESS as f64);
    }
    let mut rows = Vec::with_capacity((width * 3 + 1) * height);
    for row in 0..height {
        rows.push(0); // The filter of this row: none.
        for column in 0..width {
            for channel in 0..3 {
                let mut sum = 0;
                for (down, right) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let pixel = (row * FINENESS + down) * wide + column * FINENESS + right;
                    sum += u16::from(fine[pixel * 3 + channel]);
                }
                rows.push((sum / 4) as u8);
            }
        }
    }
    file(width as u32, height as u32, px_per_mm, &rows)
}

/// A PNG file of 8-bit RGB rows, each with its filter byte (W3C PNG, third edition, §5 and §11).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels per metre of a sheet")]
fn file(width: u32, height: u32, px_per_mm: f64, rows: &[u8]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut png, *b"IHDR", &header);
    let per_metre = ((px_per_mm * 1000.0).round() as u32).to_be_bytes();
    chunk(&mut png, *b"pHYs", &[&per_metre[..], &per_metre[..], &[1]].concat());
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(rows).expect("a buffer takes all");
    chunk(&mut png, *b"IDAT", &packed.finish().expect("a buffer takes all"));
    chunk(&mut png, *b"IEND", &[]);
    png
}

#[expect(clippy::cast_possible_truncation, reason = "a picture is smaller than 4 GiB")]
fn chunk(png: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let mut sum = flate2::Crc::new();
    for part in [&name[..], data] {
        png.extend(part);
        sum.update(part);
    }
    png.extend(sum.sum().to_be_bytes());
}

/// Writes `words` at `at`, halo first.
pub(super) fn write(backend: &mut BitMapBackend<'_>, at: At, words: &str, pen: &Pen, scale: f64) {
    let em_px = pen.size_pt * MM_PER_PT * scale;
    let picture = font::coverage(words, em_px, pen.is_bold);
    let start = match pen.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5,
        Anchor::End => 1.0,
    } * pen.width_mm(words)
        * scale;
    if let Some(halo) = pen.halo {
        let reach = em_px * 0.12;
        for step in 0..16 {
            let (sin, cos) = (f64::from(step) * std::f64::consts::TAU / 16.0).sin_cos();
            let moved = (at.0 * scale + cos * reach, at.1 * scale + sin * reach);
            stamp(backend, &picture, moved, start, pen.turn_deg, halo);
        }
    }
    stamp(backend, &picture, (at.0 * scale, at.1 * scale), start, pen.turn_deg, pen.ink);
}

/// Puts the picture of a text on the sheet, turned about its point.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of one line of text")]
fn stamp(
    backend: &mut BitMapBackend<'_>,
    picture: &font::Coverage,
    (x, y): At,
    start: f64,
    turn_deg: f64,
    ink: Ink,
) {
    let (sin, cos) = turn_deg.to_radians().sin_cos();
    let height = picture.dark.len() / picture.width;
    let corner = |across: f64, down: f64| (x + across * cos - down * sin, y + across * sin + down * cos);
    let (left, right) = (-start - 2.0, picture.width as f64 - start + 2.0);
    let (top, bottom) = (-(picture.baseline as f64) - 2.0, (height - picture.baseline) as f64 + 2.0);
    let corners = [corner(left, top), corner(right, top), corner(left, bottom), corner(right, bottom)];
    let span = |values: [f64; 4]| {
        let low = values.into_iter().fold(f64::INFINITY, f64::min).floor() as i32;
        (low, values.into_iter().fold(f64::NEG_INFINITY, f64::max).ceil() as i32)
    };
    let (columns, rows) = (span(corners.map(|corner| corner.0)), span(corners.map(|corner| corner.1)));
    for row in rows.0..=rows.1 {
        for column in columns.0..=columns.1 {
            let (dx, dy) = (f64::from(column) - x, f64::from(row) - y);
            let across = dx * cos + dy * sin + start + 1.0;
            let down = dy * cos - dx * sin + picture.baseline as f64;
            let (across, down) = (across.round(), down.round());
            if across < 0.0 || down < 0.0 || across >= picture.width as f64 || down >= height as f64 {
                continue;
            }
            let dark = picture.dark[down as usize * picture.width + across as usize];
            if dark > 0.02 {
                let shade = colour(ink.faint(f64::from(dark) * ink.opacity)).to_backend_color();
                backend.draw_pixel((column, row), shade).expect("a buffer takes all pixels");
            }
        }
    }
}
