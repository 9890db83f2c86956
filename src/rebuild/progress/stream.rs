//! Events as data: JSON lines, or a stream of YAML documents.

use jiff::Timestamp;
use serde::Serialize;

use super::Show;
use crate::output;
use crate::rebuild::event::Event;

/// How the data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One JSON object per line.
    JsonLines,
    /// One YAML document per event.
    YamlDocuments,
}

/// Events as data on standard output.
#[derive(Debug)]
pub(crate) struct Stream(pub Form);

#[derive(Serialize)]
struct Timed<'a> {
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
        let text = match self.0 {
            Form::JsonLines => serde_json::to_string(&timed).map(|text| text + "\n").ok(),
            Form::YamlDocuments => serde_yaml::to_string(&timed)
                .map(|text| format!("---\n{text}"))
                .ok(),
        };
        // A reader that went away does not end the work.
        let _ = output::data(text.unwrap_or_default().as_bytes());
    }
}
