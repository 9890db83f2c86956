//! Which messages the two servers show.

use serde_json::{Map, Value};

use super::record::{Announcement, FileState};
use super::text::Banner;
use crate::output::{Page, Table};

/// The messages in files of this machine, and those that releases lay, each with its ConfigMap.
pub(crate) fn drawn<'a>(
    recorded: &[Announcement],
    laid: impl IntoIterator<Item = (&'a str, &'a Map<String, Value>)>,
) -> Page {
    let mut table = Table::new(["SERVER", "WHERE", "STATE", "SETTING", "MESSAGE"]);
    for announcement in recorded {
        let state = match announcement.standing {
            Some(FileState::Placed) => "on",
            Some(FileState::Off) => "off",
            Some(FileState::Changed) => "the file was changed since",
            None => "the file cannot be read",
        };
        for change in &announcement.changes {
            let message = change.after.as_deref().unwrap_or_default();
            table.row(["old", &announcement.file, state, &change.setting, message]);
        }
    }
    for (config_map, settings) in laid {
        for banner in Banner::ALL {
            let setting = banner.setting().to_string();
            if let Some(message) = settings.get(&setting).and_then(Value::as_str) {
                table.row(["new", config_map, "on", &setting, message]);
            }
        }
    }
    let mut page = Page::new();
    if !table.is_empty() {
        page.end().line("announcements").table(0, &table);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announce::Change;

    #[test]
    fn both_servers_are_shown() {
        let recorded = Announcement {
            file: "/etc/x.gcfg".into(),
            standing: Some(FileState::Placed),
            since: jiff::Timestamp::UNIX_EPOCH,
            off: None,
            changes: vec![Change {
                setting: "Server.PublicWarning".into(),
                line: 3,
                before: None,
                after: Some("We move".into()),
            }],
        };
        let mut settings = Map::new();
        settings.insert("Server.LoggedInWarning".into(), "Moved".into());
        settings.insert("Scheduler.MinProcessesLimit".into(), "0".into());
        let page = drawn(&[recorded], [("c", &settings)]).plain();
        assert_eq!(
            page.trim(),
            "announcements\n\
             SERVER  WHERE        STATE  SETTING                 MESSAGE\n\
             old     /etc/x.gcfg  on     Server.PublicWarning    We move\n\
             new     c            on     Server.LoggedInWarning  Moved"
        );
        assert_eq!(drawn(&[], [("c", &Map::new())]).plain(), "");
    }
}
