//! Asking the server.

use serde_json::{Map, Value};

use super::{Answer, Overlay, Reading};
use crate::connect::Connect;

/// The setting that the API shows.
const SHOWN: &str = "Scheduler.MinProcessesLimit";

/// Asks the server whether the temporary settings are in effect. Of the three, the API shows one.
/// `baseline` is what the settings are without the overlay.
pub(crate) async fn ask(connect: &Connect, baseline: &Map<String, Value>) -> Answer<Reading> {
    match connect.scheduler().await {
        Ok(scheduler) => reading(scheduler.min_processes_limit, baseline),
        Err(error) => Answer::Unknown(error.to_string()),
    }
}

fn reading(limit: Option<i64>, baseline: &Map<String, Value>) -> Answer<Reading> {
    let Some(limit) = limit else {
        return Answer::Silent(format!("this server does not show {SHOWN}"));
    };
    let was = baseline.get(SHOWN).and_then(Value::as_str);
    if limit == 0 && was.is_some_and(|was| was.trim() == "0") {
        return Answer::Silent(format!(
            "{SHOWN} is 0 without them too, so that it tells nothing"
        ));
    }
    Answer::Known(Reading {
        overlay: if limit == 0 {
            Overlay::On
        } else {
            Overlay::Off
        },
        evidence: format!("{SHOWN} is {limit}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_zero_tells_unless_it_was_zero_before() {
        let overlay = |limit, original: Option<&str>| {
            let originals = original
                .map(|was| (SHOWN.to_owned(), Value::from(was)))
                .into_iter()
                .collect();
            reading(limit, &originals).overlay()
        };
        assert_eq!(overlay(Some(0), Some("20")), Some(Overlay::On));
        assert_eq!(overlay(Some(20), Some("20")), Some(Overlay::Off));
        assert_eq!(overlay(Some(0), None), Some(Overlay::On));
        assert_eq!(overlay(Some(0), Some("0")), None);
        assert_eq!(overlay(None, None), None);
    }
}
