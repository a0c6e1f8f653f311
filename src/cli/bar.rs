//! Progress as bars on a terminal, as log lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::{Progress, Silent};

/// The progress that suits where stderr goes.
pub(super) fn suitable(quiet: bool) -> Box<dyn Progress> {
    match (quiet, std::io::stderr().is_terminal()) {
        (true, _) => Box::new(Silent),
        (false, true) => Box::new(Bar::new()),
        (false, false) => Box::new(Lines),
    }
}

/// One bar at a time; it vanishes when the stage ends.
struct Bar {
    current: Mutex<ProgressBar>,
}

impl Bar {
    fn new() -> Self {
        Self { current: Mutex::new(ProgressBar::hidden()) }
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &'static str, total: u64) {
        let bar = ProgressBar::with_draw_target((total > 0).then_some(total), ProgressDrawTarget::stderr());
        let template = if total > 0 {
            "{msg:24} {bar:40} {human_pos}/{human_len} {eta}"
        } else {
            "{msg:24} {spinner} {elapsed}"
        };
        bar.set_style(ProgressStyle::with_template(template).expect("a literal that is known to parse"));
        bar.set_message(stage);
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut current) = self.current.lock() {
            current.finish_and_clear();
            *current = bar;
        }
    }

    fn advance(&self, items: u64) {
        if let Ok(current) = self.current.lock() {
            current.inc(items);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Ok(current) = self.current.lock() {
            current.finish_and_clear();
        }
    }
}

/// One log line per stage (shown with `-v`).
struct Lines;

impl Progress for Lines {
    fn begin(&self, stage: &'static str, total: u64) {
        if total > 0 {
            tracing::info!("{stage}: {total}");
        } else {
            tracing::info!("{stage}");
        }
    }

    fn advance(&self, _items: u64) {}
}
