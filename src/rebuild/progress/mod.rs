//! Telling a person, or a program, how a run goes.

mod bar;
mod lines;
mod stream;

use std::sync::{Mutex, PoisonError};

use bar::Bar;
use lines::Lines;
use stream::Stream;
#[cfg(test)]
pub(crate) use stream::Timed;

use super::event::Event;
use crate::output::{self, Format, Printable};

/// Something that shows events.
pub(crate) trait Show: Send {
    fn show(&mut self, event: &Event);
}

/// What shows the events of a run, from any thread.
pub(crate) struct Progress(Mutex<Box<dyn Show>>);

impl Progress {
    /// Shows events as data, or in the way that suits standard error.
    #[must_use]
    pub(crate) fn of(format: Format) -> Self {
        match format {
            Format::Json | Format::Yaml => Self::new(Stream(format)),
            Format::Table if output::messages_go_to_a_terminal() => Self::new(Bar::default()),
            Format::Table => Self::new(Lines::default()),
        }
    }

    fn new(show: impl Show + 'static) -> Self {
        Self(Mutex::new(Box::new(show)))
    }

    pub(crate) fn tell(&self, event: &Event) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .show(event);
    }
}

/// Characters of a title that name an item well enough.
const TITLE: usize = 100;

/// An item as it is called on one line.
fn called(item: &super::event::Item) -> String {
    let title = Printable::new(&item.title).shortened(TITLE);
    if item.title == item.guid.as_str() {
        title.to_string()
    } else {
        format!("{title} ({})", Printable::new(item.guid.as_str()))
    }
}
