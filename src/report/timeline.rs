//! The rebuild as its journal tells it: when each build began and how it ended.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::sources::JournalLine;

/// One journal.
#[derive(Debug, Clone, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rebuild {
    pub server: String,
    pub release: Option<String>,
    pub runs: Vec<Run>,
    pub skipped: Vec<Skipped>,
    /// Items whose last build failed, or that nothing was done for yet.
    pub unbuilt: Vec<Unbuilt>,
    pub built: usize,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    pub run: u32,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// How it ended; `None` when it was cut off, or runs yet.
    pub outcome: Option<String>,
    pub builds: Vec<Build>,
}

/// One build in one run. Times are seconds from the run's beginning.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Build {
    pub guid: String,
    pub title: String,
    /// When it was submitted; 0 for one that an earlier run submitted.
    pub from: f64,
    /// When it ended, or the run did.
    pub to: f64,
    pub end: End,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    Built,
    Failed,
    /// It was still running when the run ended.
    Running,
}

impl End {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Built => "built",
            Self::Failed => "failed",
            Self::Running => "left running",
        }
    }
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Skipped {
    pub guid: String,
    pub title: String,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unbuilt {
    pub guid: String,
    pub title: String,
    /// Why; empty where nothing was done yet.
    pub error: String,
}

impl Rebuild {
    /// Adds up a journal. Lines that cannot be read are left out, as every reader of it does.
    pub(crate) fn of(journal: &[u8]) -> Self {
        let mut reading = Reading::default();
        // What stands behind the last line feed was cut off while it was written.
        let whole = memchr::memrchr(b'\n', journal).map_or(0, |at| at + 1);
        for line in journal[..whole].split(|byte| *byte == b'\n') {
            if let Ok(line) = serde_json::from_slice(line) {
                reading.take(line);
            }
        }
        reading.end()
    }
}

#[derive(Default)]
struct Reading {
    rebuild: Rebuild,
    order: Vec<String>,
    items: HashMap<String, TimelineItem>,
}

#[derive(Default)]
struct TimelineItem {
    title: String,
    /// Its build that has not ended: when it was submitted.
    under_way: Option<Timestamp>,
    end: Option<End>,
    skipped: Option<String>,
    error: String,
}

impl Reading {
    fn take(&mut self, line: JournalLine) {
        let at = line.at;
        // A run ends with its own last line, however long after it the next one began.
        if let Some(run) = self.rebuild.runs.last_mut()
            && line.event != "run"
        {
            run.ended = at;
        }
        match line.event.as_str() {
            "header" => {
                self.rebuild.server = line.server.unwrap_or_default();
                self.rebuild.release = line.release;
            }
            "run" => {
                self.leave_running();
                self.rebuild.runs.push(Run {
                    run: line.run,
                    began: at,
                    ended: at,
                    outcome: None,
                    builds: Vec::new(),
                });
            }
            "end" => {
                if let Some(run) = self.rebuild.runs.last_mut() {
                    run.outcome = line.outcome;
                }
            }
            "item" => {
                let title = line.title;
                self.item(line.guid).title = title;
            }
            "skipped" => {
                let reason = line.reason;
                self.item(line.guid).skipped = Some(reason);
            }
            "intent" => {
                let item = self.item(line.guid);
                item.under_way = Some(at);
                item.skipped = None;
                item.end = None;
            }
            "built" => self.ended(line.guid, at, End::Built, String::new()),
            "failed" => self.ended(line.guid, at, End::Failed, line.error),
            _ => {}
        }
    }

    fn item(&mut self, guid: String) -> &mut TimelineItem {
        if !self.items.contains_key(&guid) {
            self.order.push(guid.clone());
        }
        self.items.entry(guid).or_default()
    }

    fn ended(&mut self, guid: String, at: Timestamp, end: End, error: String) {
        let item = self.item(guid.clone());
        let began = item.under_way.take();
        item.end = Some(end);
        item.error.clone_from(&error);
        let title = item.title.clone();
        self.build(guid, title, began, at, end, error);
    }

    fn build(
        &mut self,
        guid: String,
        title: String,
        began: Option<Timestamp>,
        at: Timestamp,
        end: End,
        error: String,
    ) {
        if let Some(run) = self.rebuild.runs.last_mut() {
            let to = seconds(run.began, at);
            run.builds.push(Build {
                guid,
                title,
                from: began.map_or(to, |began| seconds(run.began, began)),
                to,
                end,
                error,
            });
        }
    }

    /// Builds that outlive their run are bars in it up to its end.
    fn leave_running(&mut self) {
        let Some(ended) = self.rebuild.runs.last().map(|run| run.ended) else {
            return;
        };
        for guid in self.order.clone() {
            let Some(item) = self.items.get(&guid) else {
                continue;
            };
            if let Some(began) = item.under_way {
                let title = item.title.clone();
                self.build(guid, title, Some(began), ended, End::Running, String::new());
            }
        }
    }

    fn end(mut self) -> Rebuild {
        self.leave_running();
        for guid in self.order {
            let item = self.items.remove(&guid).unwrap_or_default();
            match (item.end, item.skipped) {
                (Some(End::Built), _) => self.rebuild.built += 1,
                (_, Some(reason)) => self.rebuild.skipped.push(Skipped {
                    guid,
                    title: item.title,
                    reason,
                }),
                _ => self.rebuild.unbuilt.push(Unbuilt {
                    guid,
                    title: item.title,
                    error: item.error,
                }),
            }
        }
        self.rebuild
    }
}

/// From one time to another, never negative.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_builds_add_up() {
        let journal = [
            r#"{"at":"2026-11-21T20:00:00Z","event":"header","schema":1,"server":"https://c","made_by":"x"}"#,
            r#"{"at":"2026-11-21T20:00:00Z","event":"run","run":1,"parallelism":2}"#,
            r#"{"at":"2026-11-21T20:00:00Z","event":"item","guid":"a","title":"A"}"#,
            r#"{"at":"2026-11-21T20:00:00Z","event":"item","guid":"b","title":"B"}"#,
            r#"{"at":"2026-11-21T20:00:00Z","event":"item","guid":"c","title":"C"}"#,
            r#"{"at":"2026-11-21T20:00:00Z","event":"skipped","guid":"c","reason":"static"}"#,
            r#"{"at":"2026-11-21T20:00:10Z","event":"intent","guid":"a"}"#,
            r#"{"at":"2026-11-21T20:00:11Z","event":"submitted","guid":"a","task":"t","cookies":"secret"}"#,
            r#"{"at":"2026-11-21T20:00:12Z","event":"intent","guid":"b"}"#,
            "garbage",
            r#"{"at":"2026-11-21T20:00:30Z","event":"failed","guid":"a","reason":"build","error":"no"}"#,
            r#"{"at":"2026-11-21T20:00:40Z","event":"end","outcome":"interrupted"}"#,
            r#"{"at":"2026-11-21T21:00:00Z","event":"run","run":2,"parallelism":2}"#,
            r#"{"at":"2026-11-21T21:00:05Z","event":"built","guid":"b","bundle":"1","seconds":3500}"#,
            r#"{"at":"2026-11-21T21:00:06Z","event":"built","guid":"a","#,
        ]
        .join("\n");
        let rebuild = Rebuild::of(journal.as_bytes());
        let builds = |run: usize| -> Vec<_> {
            let builds = rebuild.runs[run].builds.iter();
            builds
                .map(|b| (b.title.as_str(), b.from, b.to, b.end))
                .collect()
        };
        assert_eq!(
            builds(0),
            [
                ("A", 10.0, 30.0, End::Failed),
                ("B", 12.0, 40.0, End::Running)
            ]
        );
        assert_eq!(builds(1), [("B", 0.0, 5.0, End::Built)]);
        assert_eq!(rebuild.built, 1);
        assert_eq!(rebuild.skipped[0].title, "C");
        assert_eq!(rebuild.unbuilt[0].error, "no");
        assert_eq!(rebuild.runs[0].outcome.as_deref(), Some("interrupted"));
        let json = serde_json::to_string(&rebuild).unwrap();
        assert!(!json.contains("secret"), "{json}");
    }
}
