//! What the file says with a message, and without.

use serde::{Deserialize, Serialize};

use super::record::AnnouncementRecord;
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::gcfg::edit::{self, Edit};
use crate::gcfg::{self, Configuration, Document, Section, SettingName};

/// A setting whose text Connect shows to people, as HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Banner {
    /// Server.PublicWarning, for those who have not signed in
    Public,
    /// Server.LoggedInWarning, for those who have
    LoggedIn,
}

impl Banner {
    pub(crate) const ALL: [Self; 2] = [Self::Public, Self::LoggedIn];

    pub(crate) fn setting(self) -> SettingName {
        let property = match self {
            Self::Public => "PublicWarning",
            Self::LoggedIn => "LoggedInWarning",
        };
        SettingName::new(Section::plain("Server"), property)
    }

    /// The one of a setting's name.
    pub(super) fn of(setting: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|banner| banner.setting().to_string() == setting)
    }
}

/// What becomes of one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Change {
    pub setting: String,
    /// Where it stands: in the text with the message, or without it where it is there too.
    pub line: usize,
    /// Its value before; `None` where it was not there.
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Change {
    /// As it may be shown: what is not a message of ours stood there before, and may be a secret.
    pub(super) fn shown(self, messages: &[String]) -> Self {
        let shown = |value: Option<String>| {
            let value = value?;
            if value.is_empty() || messages.contains(&value) {
                return Some(value);
            }
            let length = value.chars().count();
            let s = if length == 1 { "" } else { "s" };
            Some(format!("(the former value, {length} character{s})"))
        };
        Self {
            before: shown(self.before),
            after: shown(self.after),
            ..self
        }
    }
}

/// A text with a message.
#[derive(Debug)]
pub(super) struct WithMessage {
    pub text: String,
    /// What leads back to the text without it.
    pub undo: Vec<Edit>,
    pub changes: Vec<Change>,
}

/// Puts messages into a text.
pub(super) fn lay(
    name: &str,
    original: &str,
    messages: &[(Banner, String)],
    beside: Option<&Document>,
) -> anyhow::Result<WithMessage> {
    let document = gcfg::parse_text(name, original)?;
    let banners: Vec<Banner> = messages.iter().map(|(banner, _)| *banner).collect();
    if let Some(beside) = beside {
        not_overridden(&document, beside, &banners)?;
    }
    let values: Vec<_> = messages
        .iter()
        .map(|(banner, message)| (banner.setting(), message.clone()))
        .collect();
    let edits = edit::set(&document, &values)?;
    let text = edit::apply(original, &edits)?;
    let after = gcfg::parse_text(name, &text)?;
    let changes: Vec<_> = banners
        .iter()
        .map(|banner| Change {
            setting: banner.setting().to_string(),
            line: line(&after, *banner).unwrap_or_default(),
            before: value(&document, *banner),
            after: value(&after, *banner),
        })
        .collect();
    // That nothing else changes is seen, not argued.
    let others = |document: &Document| -> Vec<_> {
        let ours: Vec<_> = banners.iter().map(|b| b.setting().key()).collect();
        document
            .settings()
            .filter(|setting| !ours.contains(&setting.name.key()))
            .map(|setting| (setting.name.key(), setting.text().map(ToOwned::to_owned)))
            .collect()
    };
    let said = changes
        .iter()
        .zip(messages)
        .all(|(change, (_, message))| change.after.as_ref() == Some(message));
    let undo = edit::invert(&edits);
    let back = edit::apply(&text, &undo);
    if !said || others(&document) != others(&after) || back.as_deref() != Ok(original) {
        anyhow::bail!("the message cannot be put into {name} without changing something else");
    }
    Ok(WithMessage {
        text,
        undo,
        changes,
    })
}

/// What differs between two texts of the file, of these changes.
pub(super) fn since(name: &str, now: &str, changes: &[Change]) -> anyhow::Result<Vec<Change>> {
    let document = gcfg::parse_text(name, now)?;
    let now = |change: &Change| Change {
        before: Banner::of(&change.setting).and_then(|banner| value(&document, banner)),
        ..change.clone()
    };
    let changes = changes.iter().map(now);
    Ok(changes.filter(|c| c.before != c.after).collect())
}

/// Takes the message out of a text that was changed since: settings that still have it get their
/// former values, and everything else stays.
pub(super) fn take_off_changed(
    name: &str,
    now: &str,
    record: &AnnouncementRecord,
) -> anyhow::Result<(String, Vec<Change>)> {
    let original = gcfg::parse_text(name, now)?;
    let mut text = now.to_owned();
    let mut changes = Vec::new();
    for change in record.way_back() {
        let document = gcfg::parse_text(name, &text)?;
        let setting: SettingName = change.setting.parse()?;
        let Some(found) = find(&document, &setting) else {
            continue;
        };
        if found.text() != change.before.as_deref() {
            continue;
        }
        // As it stands in the file, whatever was taken out above it.
        let line = find(&original, &setting).map_or(found.line, |found| found.line);
        let edits = match &change.after {
            Some(before) => edit::set(&document, &[(setting, before.clone())])?,
            None => edit::remove(&document, &[setting.key()]),
        };
        text = edit::apply(&text, &edits)?;
        changes.push(Change { line, ..change });
    }
    Ok((text, changes))
}

/// What speaks against taking the message out of a text that was changed since.
pub(super) fn changed(
    name: &str,
    now: &str,
    record: &AnnouncementRecord,
) -> anyhow::Result<InvalidInput> {
    let document = gcfg::parse_text(name, now)?;
    let at = record.laid.last().map(|laid| laid.at.strftime("%F %T UTC"));
    let since = at.map_or_else(String::new, |at| format!(" since the announcement of {at}"));
    let file = crate::output::shell_word(name);
    let off = format!("helm connect-migrate announce --from {file} --off --force");
    let mut found = Vec::new();
    for change in record.way_back() {
        let setting: SettingName = change.setting.parse()?;
        let occurrence = find(&document, &setting);
        let (message, help) = match occurrence {
            Some(now) if now.text() == change.before.as_deref() => (
                format!("{name} was changed elsewhere{since}; {setting} still has the message"),
                format!(
                    "'{off}' gives this setting its former value and leaves the other changes; then \
                     announce again if you like"
                ),
            ),
            Some(_) => (
                format!("{setting} was changed{since}"),
                format!(
                    "somebody wrote another text here: it stays; '{off}' forgets the announcement and \
                     leaves it"
                ),
            ),
            None => (
                format!("{setting} was taken out{since}"),
                format!("'{off}' forgets the announcement"),
            ),
        };
        let mut diagnostic = Diagnostic::error(Code::AnnouncementChanged, message).help(help);
        if let Some(setting) = occurrence {
            diagnostic = diagnostic.at(document.source(), setting.span());
        }
        found.push(diagnostic);
    }
    Ok(InvalidInput(found))
}

/// Connect takes the last value that it reads, and it reads the migration file last.
fn not_overridden(
    document: &Document,
    beside: &Document,
    banners: &[Banner],
) -> Result<(), InvalidInput> {
    let configuration = Configuration::of(&[document, beside]);
    let mut found = Vec::new();
    for banner in banners {
        let setting = banner.setting();
        let last = configuration.get(&setting.key()).map(|found| found.last());
        let Some(last) = last.filter(|last| last.document == 1) else {
            continue;
        };
        found.push(
            Diagnostic::error(
                Code::AnnouncementOverridden,
                format!("{setting} stands here too, and Connect takes this one"),
            )
            .at(beside.source(), last.item.span())
            .help("give this file with --from instead, or --only the other setting"),
        );
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(InvalidInput(found))
    }
}

fn find<'a>(document: &'a Document, setting: &SettingName) -> Option<&'a gcfg::Setting> {
    Some(
        Configuration::of(&[document])
            .get(&setting.key())?
            .last()
            .item,
    )
}

fn value(document: &Document, banner: Banner) -> Option<String> {
    let setting = find(document, &banner.setting())?;
    Some(setting.text().unwrap_or_default().to_owned())
}

fn line(document: &Document, banner: Banner) -> Option<usize> {
    Some(find(document, &banner.setting())?.line)
}
