//! The page around a map: title, period, frame, side column, attribution, and the strip over synthetic data.
//!
//! A4 landscape. The map fills the left, words and legend the right; nothing is written below 9 points.

use crate::findings::Findings;
use crate::model::kind::Language;
use crate::unit::Local;

use super::basemap;
use super::canvas::{Anchor, At, Canvas, Pen};
use super::font::{self, MM_PER_PT};
use super::labels::Labels;
use super::scale;
use super::style::{BODY_PT, FRAME, HEADING_PT, Ink, PAPER, QUIET_TEXT, RULE, SYNTHETIC, TEXT, TITLE_PT};
use super::window::Window;
use super::words::{self, say};

/// Millimetres of the sheet.
pub(crate) const WIDTH: f64 = 297.0;
/// Millimetres of the sheet.
pub(crate) const HEIGHT: f64 = 210.0;
/// Left, top, width and height of the map.
pub(crate) const MAP: [f64; 4] = [10.0, 33.0, 192.0, 163.0];
const COLUMN_LEFT: f64 = 208.0;
const COLUMN_WIDTH: f64 = WIDTH - 10.0 - COLUMN_LEFT;
const BOTTOM: f64 = MAP[1] + MAP[3];

/// A sheet on which a map is being drawn.
pub(crate) struct Sheet<'a> {
    pub(crate) canvas: Canvas,
    pub(crate) window: Window,
    pub(crate) labels: Labels,
    pub(crate) findings: &'a Findings,
    /// How far down the side column is written.
    y: f64,
    /// Whether the last thing in it was a paragraph, for the room below it.
    is_after_words: bool,
}

impl<'a> Sheet<'a> {
    /// A sheet with this window and its grounds.
    pub(crate) fn new(findings: &'a Findings, window: Window) -> Self {
        let mut canvas = Canvas::new(WIDTH, HEIGHT);
        super::canvas::ground(&mut canvas);
        basemap::grounds(&mut canvas, &window, &findings.streets);
        let mut labels = Labels::new(window.edges());
        // Their places are kept free from the start; they are drawn last.
        let [left, top, right, bottom] = window.edges();
        labels.reserve([left, bottom - 8.6, left + window.width * 0.25 + 26.0, bottom]);
        labels.reserve([right - 15.0, top, right, top + 18.0]);
        Self { canvas, window, labels, findings, y: MAP[1], is_after_words: false }
    }

    /// The window that shows `points`, or, without any, the streets.
    pub(crate) fn window(findings: &Findings, points: impl Iterator<Item = Local>) -> Option<Window> {
        let streets = || findings.streets.nodes.iter().copied();
        let points: Vec<Local> = points.collect();
        let window = Window::around(MAP, points.iter().copied());
        match (window, Window::around(MAP, streets())) {
            (Some(window), Some(streets)) => Some(window.slid_toward(streets, &points)),
            (window, streets) => window.or(streets),
        }
    }

    /// The language of everything that is written.
    pub(crate) fn language(&self) -> Language {
        self.findings.language
    }

    /// Draws the streets.
    pub(crate) fn streets(&mut self, is_overlay: bool) {
        basemap::streets(&mut self.canvas, &self.window, &self.findings.streets, is_overlay);
    }

    /// Writes the names of streets where there is still room.
    pub(crate) fn street_names(&mut self, most: usize) {
        basemap::names(&mut self.canvas, &self.window, &self.findings.streets, &mut self.labels, most);
    }

    /// Frame, scale bar and north arrow: once all that lies in the map is drawn, and before words are written
    /// beside it.
    pub(crate) fn frame(&mut self) {
        let [left, top, right, bottom] = self.window.edges();
        let mut unused = Labels::new(self.window.edges());
        scale::bar(&mut self.canvas, &mut unused, &self.window, self.findings.language);
        let turn_deg = basemap::north_deg(&self.findings.plane, self.window.centre());
        scale::north(&mut self.canvas, &mut unused, &self.window, turn_deg);
        self.canvas.group("frame", |canvas| {
            // Wide lines and halos reach over the edge; the margin covers them.
            canvas.rectangle((0.0, 0.0), (WIDTH, top), PAPER);
            canvas.rectangle((0.0, bottom), (WIDTH, HEIGHT), PAPER);
            canvas.rectangle((0.0, top), (left, bottom), PAPER);
            canvas.rectangle((right, top), (WIDTH, bottom), PAPER);
            canvas.outline(vec![(left, top), (right, top), (right, bottom), (left, bottom)], 0.25, FRAME);
        });
    }

    /// Title, a line below it, attribution and, over synthetic data, the strip that says so.
    pub(crate) fn heading(&mut self, title: &str, below: &str) {
        let findings = self.findings;
        let language = findings.language;
        let canvas = &mut self.canvas;
        canvas.group("heading", |canvas| {
            if findings.is_synthetic {
                let words = say!(
                    language,
                    "SYNTHETIC DATA · made by a simulation on real streets; no real reports, no real rounds",
                    "SYNTHETISCHE DATA · gemaakt door een simulatie op echte straten; geen echte meldingen of rondes"
                );
                canvas.rectangle((0.0, 0.0), (WIDTH, 7.0), SYNTHETIC);
                let pen = Pen::new(HEADING_PT, TEXT).bold().anchored(Anchor::Middle);
                canvas.text((WIDTH / 2.0, 4.8), &words, pen);
            }
            let room = WIDTH - 20.0;
            let sizes = [TITLE_PT, 17.0, 15.0];
            let size_pt = sizes.into_iter().find(|&size_pt| font::width_mm(title, size_pt, true) <= room);
            let size_pt = size_pt.unwrap_or(13.5);
            let lines = font::wrap(title, size_pt, true, room);
            let line_mm = size_pt * MM_PER_PT * 1.15;
            let first = if lines.len() > 1 { 15.5 } else { 18.5 };
            for (index, line) in lines.iter().take(2).enumerate() {
                let y = first + line_mm * index as f64;
                canvas.text((10.0, y), line, Pen::new(size_pt, TEXT).bold());
            }
            let below = font::fit(below, HEADING_PT, false, room);
            canvas.text((10.0, 27.5), &below, Pen::new(HEADING_PT, QUIET_TEXT));
        });
        self.footer();
    }

    fn footer(&mut self) {
        let findings = self.findings;
        let language = findings.language;
        let crs = findings.plane.crs();
        let (code, name, version) = (crs.epsg(), crs.name(), findings.provenance.version);
        let as_of = words::day(language, findings.period.to);
        let right = say!(
            language,
            "Data up to {as_of} · EPSG:{code} {name} · paaltje {version}",
            "Gegevens t/m {as_of} · EPSG:{code} {name} · paaltje {version}"
        );
        let pen = Pen::new(BODY_PT, QUIET_TEXT);
        let room = WIDTH - 24.0 - pen.width_mm(&right);
        let left = format!("{} · {}", findings.title, findings.attribution.join(" · "));
        let left = left.trim_end_matches([' ', '·']);
        self.canvas.group("attribution", |canvas| {
            let lines = font::wrap(left, BODY_PT, false, room.max(60.0));
            let shown = lines.len().min(2);
            for (index, line) in lines.iter().take(2).enumerate() {
                let line =
                    if index + 1 == shown && lines.len() > 2 { format!("{line} …") } else { line.clone() };
                canvas.text((10.0, BOTTOM + 5.2 + 4.2 * index as f64), &line, pen);
            }
            canvas.text((WIDTH - 10.0, BOTTOM + 5.2), &right, pen.anchored(Anchor::End));
        });
    }

    /// Millimetres left in the side column.
    pub(crate) fn room(&self) -> f64 {
        BOTTOM - self.y
    }

    /// Starts a part of the side column.
    pub(crate) fn part(&mut self, heading: &str) {
        if self.y > MAP[1] {
            self.y += 3.2;
        }
        if self.room() < 12.0 {
            self.y = BOTTOM;
            return;
        }
        let y = self.y + 3.2;
        self.canvas.text((COLUMN_LEFT, y), heading, Pen::new(HEADING_PT, TEXT).bold());
        self.canvas.line(vec![(COLUMN_LEFT, y + 1.6), (COLUMN_LEFT + COLUMN_WIDTH, y + 1.6)], 0.15, RULE);
        self.y = y + 3.0;
        self.is_after_words = false;
    }

    /// Writes a paragraph in the side column.
    pub(crate) fn paragraph(&mut self, words: &str, ink: Ink) {
        let line_mm = BODY_PT * MM_PER_PT * 1.3;
        if !self.is_after_words {
            self.y += 0.8;
        }
        self.is_after_words = true;
        for line in font::wrap(words, BODY_PT, false, COLUMN_WIDTH) {
            if self.room() < line_mm {
                return;
            }
            self.canvas.text((COLUMN_LEFT, self.y + line_mm * 0.75), &line, Pen::new(BODY_PT, ink));
            self.y += line_mm;
        }
        self.y += 0.9;
    }

    /// Writes one line of the legend: `mark` draws its symbol with its middle at the given point.
    pub(crate) fn key(&mut self, words: &str, mark: impl FnOnce(&mut Canvas, At)) {
        let lines = font::wrap(words, BODY_PT, false, COLUMN_WIDTH - 12.0);
        let line_mm = BODY_PT * MM_PER_PT * 1.22;
        let height = (line_mm * lines.len() as f64).max(5.4) + 0.9;
        if self.room() < height {
            return;
        }
        if self.is_after_words {
            self.y += 1.0;
        }
        self.is_after_words = false;
        let middle = self.y + height / 2.0;
        mark(&mut self.canvas, (COLUMN_LEFT + 4.5, middle));
        let top = middle - line_mm * lines.len() as f64 / 2.0;
        for (index, line) in lines.iter().enumerate() {
            let y = top + line_mm * (index as f64 + 0.76);
            self.canvas.text((COLUMN_LEFT + 12.0, y), line, Pen::new(BODY_PT, TEXT));
        }
        self.y += height;
    }

    /// Writes a table in the side column: headings, then rows as long as there is room. The widths are shares of
    /// the column; columns after the second are set right. Gives how many rows were written.
    pub(crate) fn table(&mut self, shares: &[f64], headings: &[String], rows: &[Vec<String>]) -> usize {
        self.table_with_notes(shares, headings, rows, &[])
    }

    /// The same, with a quiet second line below each row.
    pub(crate) fn table_with_notes(
        &mut self,
        shares: &[f64],
        headings: &[String],
        rows: &[Vec<String>],
        notes: &[String],
    ) -> usize {
        let line_mm = BODY_PT * MM_PER_PT * 1.42;
        let note_mm = if notes.is_empty() { 0.0 } else { BODY_PT * MM_PER_PT * 1.15 };
        let mut written = 0;
        for (row, cells) in std::iter::once(headings).chain(rows.iter().map(Vec::as_slice)).enumerate() {
            if self.room() < line_mm + note_mm {
                return written;
            }
            let y = self.y + line_mm * 0.74;
            let mut left = COLUMN_LEFT;
            for (index, (cell, share)) in cells.iter().zip(shares).enumerate() {
                let width = share * COLUMN_WIDTH;
                let pen = Pen::new(BODY_PT, if row == 0 { QUIET_TEXT } else { TEXT });
                let pen = if index == 0 && row > 0 { pen.bold() } else { pen };
                let words = font::fit(cell, BODY_PT, pen.is_bold, width - 1.2);
                if index < 2 {
                    self.canvas.text((left, y), &words, pen);
                } else {
                    self.canvas.text((left + width, y), &words, pen.anchored(Anchor::End));
                }
                left += width;
            }
            self.y += line_mm;
            if let Some(note) = row.checked_sub(1).and_then(|row| notes.get(row)) {
                let indent = shares[0] * COLUMN_WIDTH;
                let note = font::fit(note, BODY_PT, false, COLUMN_WIDTH - indent);
                let at = (COLUMN_LEFT + indent, self.y + note_mm * 0.55);
                self.canvas.text(at, &note, Pen::new(BODY_PT, QUIET_TEXT));
                self.y += note_mm;
            }
            let (width, ink) = if row == 0 { (0.2, RULE) } else { (0.1, RULE.faint(0.7)) };
            self.canvas.line(vec![(COLUMN_LEFT, self.y), (COLUMN_LEFT + COLUMN_WIDTH, self.y)], width, ink);
            self.y += 0.2;
            written += usize::from(row > 0);
        }
        written
    }

    /// Draws bars in the side column, one per value, with the greatest value written and the first and last label.
    pub(crate) fn bars(&mut self, values: &[u32], first: &str, last: &str, ink: Ink) {
        const TALL: f64 = 18.0;
        let most = values.iter().copied().max().unwrap_or(0);
        if most == 0 || self.room() < TALL + 8.0 {
            return;
        }
        let step = COLUMN_WIDTH / values.len() as f64;
        let bottom = self.y + TALL + 3.5;
        let mut is_written = false;
        for (index, &value) in values.iter().enumerate() {
            let left = COLUMN_LEFT + step * index as f64;
            let height = TALL * f64::from(value) / f64::from(most);
            if value > 0 {
                self.canvas.rectangle((left + step * 0.1, bottom - height), (left + step * 0.9, bottom), ink);
            }
            if value == most && !is_written {
                is_written = true;
                let pen = Pen::new(BODY_PT, TEXT).anchored(Anchor::Middle);
                self.canvas.text((left + step / 2.0, bottom - height - 0.8), &most.to_string(), pen);
            }
        }
        self.canvas.line(vec![(COLUMN_LEFT, bottom), (COLUMN_LEFT + COLUMN_WIDTH, bottom)], 0.2, FRAME);
        let pen = Pen::new(BODY_PT, QUIET_TEXT);
        self.canvas.text((COLUMN_LEFT, bottom + 3.8), first, pen);
        self.canvas.text((COLUMN_LEFT + COLUMN_WIDTH, bottom + 3.8), last, pen.anchored(Anchor::End));
        self.y = bottom + 6.0;
    }
}

/// Period, number of incidents and reports, and how many reports no map can show.
pub(crate) fn basis(findings: &Findings) -> String {
    let language = findings.language;
    let period = words::period(language, findings.period);
    let incidents = words::count(language, findings.incidents.len() as u64);
    let reports = words::count(language, findings.reports.len() as u64);
    let nowhere = findings.located.at.iter().filter(|at| !at.is_somewhere()).count();
    let nowhere = words::count(language, nowhere as u64);
    say!(
        language,
        "{period} · n = {incidents} incidents from {reports} reports · {nowhere} reports could not be placed",
        "{period} · n = {incidents} gebeurtenissen uit {reports} meldingen · {nowhere} meldingen zonder plaats"
    )
}
