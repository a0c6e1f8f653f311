//! How a run tells how far it is, and how long each stage took. The library only reports; the command line draws.

use std::sync::Mutex;
use std::time::Instant;

/// Somebody who wants to know how far the run is.
pub trait Progress: Sync {
    /// A stage begins; `total` is the number of its items, 0 where it is not known.
    fn begin(&self, stage: &'static str, total: u64);

    /// `items` more of the current stage are done.
    fn advance(&self, items: u64);
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &'static str, _total: u64) {}

    fn advance(&self, _items: u64) {}
}

/// Passes everything on and keeps the time of each stage.
pub struct Timed<'a> {
    inner: &'a dyn Progress,
    marks: Mutex<Vec<(&'static str, Instant)>>,
}

impl<'a> Timed<'a> {
    /// A stopwatch in front of `inner`.
    pub fn new(inner: &'a dyn Progress) -> Self {
        Self { inner, marks: Mutex::new(Vec::new()) }
    }

    /// Seconds per stage so far, in the order in which they began; the last one runs until now.
    ///
    /// # Panics
    /// When another thread panicked while it reported progress.
    pub fn seconds(&self) -> Vec<(&'static str, f64)> {
        let marks = self.marks.lock().expect("no thread panicked");
        let ends = marks.iter().skip(1).map(|mark| mark.1).chain(std::iter::once(Instant::now()));
        let mut seconds: Vec<(&'static str, f64)> = Vec::new();
        for (&(stage, start), end) in marks.iter().zip(ends) {
            let took = (end - start).as_secs_f64();
            match seconds.iter_mut().find(|(known, _)| *known == stage) {
                Some((_, sum)) => *sum += took,
                None => seconds.push((stage, took)),
            }
        }
        seconds
    }
}

impl Progress for Timed<'_> {
    fn begin(&self, stage: &'static str, total: u64) {
        self.marks.lock().expect("no thread panicked").push((stage, Instant::now()));
        self.inner.begin(stage, total);
    }

    fn advance(&self, items: u64) {
        self.inner.advance(items);
    }
}
