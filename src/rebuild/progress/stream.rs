//! Events as data: JSON lines, or a stream of YAML documents.

use jiff::Timestamp;
use serde::Serialize;

use super::Show;
use crate::output::{self, Format};
use crate::rebuild::event::Event;

/// Events as data on standard output.
#[derive(Debug)]
pub(crate) struct Stream(pub Format);

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Timed<'a> {
    time: Timestamp,
    #[serde(flatten)]
    event: &'a Event,
}

impl Show for Stream {
    fn show(&mut self, event: &Event) {
        let timed = Timed {
            time: Timestamp::now(),
            event,
        };
        // A reader that went away does not end the work.
        if let Ok(text) = output::streamed(self.0, &timed) {
            let _ = output::data(text.as_bytes());
        }
    }
}
