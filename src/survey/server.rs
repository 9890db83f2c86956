//! Asking the server.

use serde_json::{Map, Value};

use super::steps::Facts;
use super::{Answer, Overlay, Said};
use crate::connect::Connect;

/// The setting that the API shows.
const SHOWN: &str = "Scheduler.MinProcessesLimit";

/// Asks the server whether the temporary settings are in effect. Of the three, the API shows one.
pub(crate) async fn ask(connect: &Connect, originals: &Map<String, Value>) -> Answer<Said> {
    match connect.scheduler().await {
        Ok(scheduler) => say(scheduler.min_processes_limit, originals),
        Err(error) => Answer::Unknown(error.to_string()),
    }
}

/// What the server says of itself.
pub(crate) async fn facts(connect: &Connect) -> Facts {
    Facts {
        version: connect.version().map(|version| version.to_string()),
        role: match connect.user().await {
            Ok(user) => user.user_role,
            Err(_) => None,
        },
        items: connect.contents().await.ok().map(|items| items.len()),
        database: None,
    }
}

fn say(limit: Option<i64>, originals: &Map<String, Value>) -> Answer<Said> {
    let Some(limit) = limit else {
        return Answer::Unknown(format!("this server does not show {SHOWN}"));
    };
    if limit == 0 && originals.get(SHOWN).and_then(Value::as_str) == Some("0") {
        return Answer::Unknown(format!("{SHOWN} was 0 before, so that it tells nothing"));
    }
    Answer::Known(Said {
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
            say(limit, &originals).known().map(|said| said.overlay)
        };
        assert_eq!(overlay(Some(0), Some("20")), Some(Overlay::On));
        assert_eq!(overlay(Some(20), Some("20")), Some(Overlay::Off));
        assert_eq!(overlay(Some(0), None), Some(Overlay::On));
        assert_eq!(overlay(Some(0), Some("0")), None);
        assert_eq!(overlay(None, None), None);
    }
}
