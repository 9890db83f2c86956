//! A line that says how far something has come: in place on a terminal, now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use super::{Page, Printable, message};

/// Lines where there is no terminal come this far apart.
const PAUSE: Duration = Duration::from_secs(10);

/// Says how far something has come.
#[derive(Debug)]
pub(crate) struct Ticker {
    bar: ProgressBar,
    last: Instant,
}

impl Ticker {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::new_spinner(),
            last: Instant::now(),
        }
    }

    /// How far it has come now.
    pub(crate) fn at(&mut self, line: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_message(Printable::from(line()).to_string());
            self.bar.tick();
        } else if self.last.elapsed() >= PAUSE {
            self.last = Instant::now();
            message(line());
        }
    }

    /// Something that stays to be read.
    pub(crate) fn say(&self, line: impl Into<Page>) {
        self.bar.suspend(|| message(line));
    }

    /// Ends; nothing of it stays.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
}
