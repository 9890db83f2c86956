//! A line that says how far something has come: in place on a terminal, now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::output;

/// Lines where there is no terminal come this far apart.
const PAUSE: Duration = Duration::from_secs(10);

/// Says how far something has come.
#[derive(Debug)]
pub(super) struct Ticker {
    bar: ProgressBar,
    last: Instant,
}

impl Ticker {
    pub(super) fn new() -> Self {
        Self {
            bar: ProgressBar::new_spinner(),
            last: Instant::now(),
        }
    }

    /// How far it has come now.
    pub(super) fn at(&mut self, line: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_message(line());
            self.bar.tick();
        } else if self.last.elapsed() >= PAUSE {
            self.last = Instant::now();
            output::talk(line());
        }
    }

    /// Something that stays to be read.
    pub(super) fn say(&self, line: impl AsRef<str>) {
        self.bar.suspend(|| output::talk(line));
    }

    /// Ends; nothing of it stays.
    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}
