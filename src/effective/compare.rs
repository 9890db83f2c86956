//! Two configurations, setting by setting.

use std::fmt;

use serde::Serialize;

use super::{Content, Effective, Origin, Reference, Setting, is_secret, same_meaning};
use crate::gcfg::SettingName;
use crate::settings::Catalogue;

/// How two configurations differ.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// One row per setting: those of the first in its order, then what the second has besides.
    pub rows: Vec<Row>,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub name: SettingName,
    pub status: Status,
    pub before: Option<Side>,
    pub after: Option<Side>,
    /// What should be known about it.
    pub note: Option<Note>,
}

/// What should be known about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// The file has the key, so Connect does not look at this environment variable.
    Hides(String),
    /// The second configuration has the setting that took this one's place.
    Successor(SettingName),
    /// One side does not set it; the other sets it to what Connect does by itself.
    Default,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hides(variable) => write!(f, "the file hides {variable}"),
            Self::Successor(name) => write!(f, "see {name}"),
            Self::Default => f.write_str("Connect's default"),
        }
    }
}

/// What a setting is set to, fit to be shown: secrets have become `***`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Side {
    /// The values, or `***`; none when they are not known.
    pub values: Vec<String>,
    /// Where the value is kept, when it does not stand in the configuration.
    pub reference: Option<String>,
    /// Whether the values are hidden.
    pub masked: bool,
    /// File and line, or the environment variable.
    pub origin: String,
}

/// What came out of comparing a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Status {
    /// Both mean the same, be it that one is silent and the other sets Connect's default.
    Same,
    /// They mean different things.
    Changed,
    /// Only the first has it.
    OnlyBefore,
    /// Only the second has it.
    OnlyAfter,
    /// One of them is kept elsewhere, and its value was not at hand.
    NotCompared,
}

impl Status {
    pub(crate) const ALL: [Self; 5] = [
        Self::Changed,
        Self::OnlyBefore,
        Self::OnlyAfter,
        Self::NotCompared,
        Self::Same,
    ];

    /// Whether this is a difference.
    #[must_use]
    pub(crate) const fn is_difference(self) -> bool {
        matches!(self, Self::Changed | Self::OnlyBefore | Self::OnlyAfter)
    }
}

impl Comparison {
    #[must_use]
    pub(crate) fn new(before: &Effective, after: &Effective) -> Self {
        let mut rows: Vec<Row> = before
            .settings()
            .map(|setting| {
                let mut row = row(&setting.name, Some(setting), after.get(&setting.name.key()));
                if row.status == Status::OnlyBefore {
                    row.note = successor(setting, after);
                }
                row
            })
            .collect();
        let added = after
            .settings()
            .filter(|setting| before.get(&setting.name.key()).is_none());
        rows.extend(added.map(|setting| row(&setting.name, None, Some(setting))));
        Self { rows }
    }

    /// Takes credentials that only the first has for kept where nobody could look.
    pub(crate) fn kept_in(&mut self, reference: &Reference) {
        let missing = |row: &&mut Row| {
            row.status == Status::OnlyBefore && row.before.as_ref().is_some_and(|side| side.masked)
        };
        for row in self.rows.iter_mut().filter(missing) {
            row.status = Status::NotCompared;
            row.after = Some(Side {
                values: Vec::new(),
                reference: Some(reference.describe()),
                masked: false,
                origin: reference.describe(),
            });
        }
    }

    /// How many settings have a status.
    #[must_use]
    pub(crate) fn count(&self, status: Status) -> usize {
        self.rows.iter().filter(|row| row.status == status).count()
    }

    /// Whether there is any difference.
    #[must_use]
    pub(crate) fn differs(&self) -> bool {
        self.rows.iter().any(|row| row.status.is_difference())
    }
}

fn row(name: &SettingName, before: Option<&Setting>, after: Option<&Setting>) -> Row {
    let status = match (before, after) {
        (Some(before), Some(after)) => match (before.content.values(), after.content.values()) {
            (Some(one), Some(other)) if same_meaning(&before.name, one, other) => Status::Same,
            (Some(_), Some(_)) => Status::Changed,
            _ if before.content == after.content => Status::Same,
            _ => Status::NotCompared,
        },
        (Some(one), None) | (None, Some(one)) if is_default(one) => Status::Same,
        (Some(_), None) => Status::OnlyBefore,
        (None, _) => Status::OnlyAfter,
    };
    // A secret on one side is one on the other, whatever it looks like there.
    let secret = [before, after].into_iter().flatten().any(|setting| {
        let values = setting.content.values().unwrap_or_default();
        is_secret(&setting.name, values)
            || matches!(&setting.content, Content::Reference { to, .. }
                if matches!(to, Reference::Secret { .. }))
    });
    let hidden = after.and_then(|setting| setting.hides.clone());
    let silent = status == Status::Same && (before.is_none() || after.is_none());
    let note = match hidden {
        Some(variable) => Some(Note::Hides(variable)),
        None => silent.then_some(Note::Default),
    };
    Row {
        name: name.clone(),
        status,
        before: before.map(|setting| side(setting, secret)),
        after: after.map(|setting| side(setting, secret)),
        note,
    }
}

fn successor(setting: &Setting, after: &Effective) -> Option<Note> {
    let entry = Catalogue::builtin().lookup(&setting.name)?;
    let successor = entry.successor(setting.name.section.subsection.as_deref())?;
    after.get(&successor.key())?;
    Some(Note::Successor(successor))
}

/// Whether a setting is set to what Connect does when it is not set. What the chart writes for its
/// backends is no default of Connect.
fn is_default(setting: &Setting) -> bool {
    let Some(entry) = Catalogue::builtin().lookup(&setting.name) else {
        return false;
    };
    let (Some(default), Some(values)) = (&entry.default, setting.content.values()) else {
        return false;
    };
    !matches!(entry.section.as_str(), "Kubernetes" | "Launcher")
        && same_meaning(&setting.name, std::slice::from_ref(default), values)
}

fn side(setting: &Setting, secret: bool) -> Side {
    let (values, reference) = match &setting.content {
        Content::Values(values) => (values.clone(), None),
        Content::Reference { to, value } => (value.iter().cloned().collect(), Some(to.describe())),
    };
    let masked = secret && !values.is_empty();
    Side {
        values: if masked {
            values.iter().map(|_| "***".to_owned()).collect()
        } else {
            values
        },
        reference,
        masked,
        origin: match &setting.origin {
            Origin::File { source, line } => format!("{}:{line}", source.name()),
            Origin::Environment { variable } => variable.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::parse_text;

    fn effective(text: &str) -> Effective {
        Effective::of_documents([&parse_text("f", text).unwrap()])
    }

    #[test]
    fn settings_are_compared_by_meaning_and_secrets_stay_hidden() {
        let before = effective(
            "[python]\nenabled = yes\n[Postgres]\nPassword = a\nURL = \"postgres://u:p@h/\"\n\
             [HTTP]\nListen = :1\nNoWarning = true\n",
        );
        let after = effective(
            "[Python]\nEnabled = true\n[Postgres]\nPassword = b\nURL = postgres://u@h/\n\
             [HTTP]\nListen = :2\n[New]\nK = v\n",
        );
        let comparison = Comparison::new(&before, &after);
        let shown: Vec<String> = comparison
            .rows
            .iter()
            .map(|row| {
                let values = |side: &Option<Side>| {
                    side.as_ref()
                        .map(|side| side.values.join(","))
                        .unwrap_or_default()
                };
                let (before, after) = (values(&row.before), values(&row.after));
                format!("{} {} {before} {after}", row.name, row.status)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "Python.Enabled same yes true",
                "Postgres.Password changed *** ***",
                "Postgres.URL changed *** ***",
                "HTTP.Listen changed :1 :2",
                "HTTP.NoWarning only-before true ",
                "New.K only-after  v",
            ]
        );
        let renamed = Comparison::new(
            &effective("[EarlyAccess]\nRunAsCurrentUserSSO = true\n"),
            &effective("[Applications]\nRunAsCurrentUser = true\n"),
        );
        let note = renamed.rows[0].note.as_ref().map(ToString::to_string);
        assert_eq!(note.as_deref(), Some("see Applications.RunAsCurrentUser"));
        assert!(comparison.differs());
        assert_eq!(comparison.count(Status::Changed), 3);
        assert!(!Comparison::new(&before, &before).differs());
    }
}
