//! A message to the users of the old server, put into its configuration and taken out again.
//!
//! [`text`] decides what the file would say, [`record`] remembers how to go back, and [`Place`] does
//! both in an order that can be interrupted anywhere: the record is on the disk before the file
//! changes, and names every text that the file may have.

mod record;
mod show;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use record::{Announcement, all};
pub(crate) use show::drawn;
pub(crate) use text::{Banner, Change};

use crate::files;
use crate::gcfg::Document;
use crate::output::{Page, shell_word};
use crate::state::Lock;
use record::{AnnouncementRecord, FileState, Placed, digest};

/// How Connect is made to read its file again: both settings are reloadable.
pub(crate) const RELOAD: &str = "sudo systemctl reload rstudio-connect";

/// What was done, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Announced {
    pub schema: u32,
    pub file: PathBuf,
    /// Whether the message is in the file afterwards.
    pub announced: bool,
    /// Whether the file was, or would be, written.
    pub changed: bool,
    pub dry_run: bool,
    pub changes: Vec<Change>,
    /// What makes Connect read the file again.
    pub reload: &'static str,
}

impl Announced {
    /// For people: what changed, and what to do now.
    pub(crate) fn drawn(&self) -> Page {
        let mut page = Page::new();
        let file = self.file.display();
        if !self.changed {
            page.line(match self.announced {
                true => format!("{file} says so already"),
                false => format!("there is no announcement in {file}"),
            });
            return page;
        }
        let would = if self.dry_run { "would be " } else { "" };
        page.line(format!("{file} {would}changed:"));
        for change in &self.changes {
            page.line(format!("  line {}: {}", change.line, change.setting));
            for (mark, value) in [("-", &change.before), ("+", &change.after)] {
                match value {
                    Some(value) => page.line(format!("    {mark} {value}")),
                    None => page.line(format!("    {mark} (not set)")),
                };
            }
        }
        if self.dry_run {
            return page;
        }
        page.line(format!("now make Connect read it: {}", self.reload));
        if self.announced {
            page.line(format!(
                "to take it off: helm connect-migrate announce --from {} --off",
                shell_word(&file.to_string())
            ));
        }
        page
    }
}

/// A server's configuration file, and where what we do to it is recorded.
pub(crate) struct Place {
    file: PathBuf,
    folder: PathBuf,
    dry_run: bool,
}

impl Place {
    /// # Errors
    /// There is no such file, or no place to record in.
    pub(crate) fn new(file: &Path, dry_run: bool) -> anyhow::Result<Self> {
        let found =
            fs::canonicalize(file).with_context(|| format!("cannot read {}", file.display()))?;
        if !found.metadata()?.is_file() {
            bail!("{} is no regular file", file.display());
        }
        Ok(Self {
            file: found,
            folder: record::folder()?,
            dry_run,
        })
    }

    /// Puts a message into settings of the file; one that another of them has already stays there.
    /// `beside` is what Connect reads behind it.
    ///
    /// # Errors
    /// The file is none of Connect's, was changed since an earlier message, or cannot be written.
    pub(crate) fn lay(
        &self,
        message: &str,
        banners: &[Banner],
        beside: Option<&Document>,
    ) -> anyhow::Result<Announced> {
        let _lock = self.lock()?;
        let now = self.read()?;
        let found = AnnouncementRecord::read(&self.folder, &self.file)?;
        let mut record = match found.as_ref().map(|record| (record, record.standing(&now))) {
            Some((record, FileState::Placed)) => record.clone(),
            Some((record, FileState::Changed)) => {
                return Err(text::changed(&self.name(), &now, record)?.into());
            }
            _ => AnnouncementRecord::new(&self.file, &now)?,
        };
        // An earlier message in the same place makes room for the new one.
        let original = record.original_of(&now)?;
        let mut messages = record.messages(&now);
        messages.retain(|(banner, _)| !banners.contains(banner));
        messages.extend(banners.iter().map(|banner| (*banner, message.to_owned())));
        messages.sort();
        let next = text::lay(&self.name(), &original, &messages, beside)?;
        let mut ours = record.all_messages();
        ours.push(message.to_owned());
        let changes = text::since(&self.name(), &now, &next.changes)?;
        let changed = next.text != now;
        if changed {
            self.rehearse()?;
        }
        if changed && !self.dry_run {
            record.off = None;
            record.laid.push(Placed {
                at: Timestamp::now(),
                digest: digest(&next.text),
                undo: next.undo,
                changes: next.changes.clone(),
            });
            record.write(&self.folder)?;
            files::rewrite(&self.file, now.as_bytes(), next.text.as_bytes())?;
            record.laid.drain(..record.laid.len() - 1);
            record.write(&self.folder)?;
        }
        Ok(self.outcome(true, changed, changes, &ours))
    }

    /// Takes the message out of the file. With `force`, out of one that was changed since, too.
    ///
    /// # Errors
    /// No message is recorded, or the file was changed since.
    pub(crate) fn take_off(&self, force: bool) -> anyhow::Result<Announced> {
        let _lock = self.lock()?;
        let now = self.read()?;
        let Some(mut record) = AnnouncementRecord::read(&self.folder, &self.file)? else {
            bail!(
                "no announcement in {} is recorded in {}; if another account put it there (sudo), \
                 run this as that account",
                self.file.display(),
                self.folder.display()
            );
        };
        let (before, changes) = match record.standing(&now) {
            FileState::Off => (now.clone(), Vec::new()),
            FileState::Placed => (record.original_of(&now)?, record.way_back()),
            FileState::Changed if force => text::take_off_changed(&self.name(), &now, &record)?,
            FileState::Changed => return Err(text::changed(&self.name(), &now, &record)?.into()),
        };
        let changed = before != now;
        let ours = record.all_messages();
        if changed {
            self.rehearse()?;
        }
        if !self.dry_run {
            if changed {
                files::rewrite(&self.file, now.as_bytes(), before.as_bytes())?;
            }
            record.off.get_or_insert_with(Timestamp::now);
            record.write(&self.folder)?;
        }
        Ok(self.outcome(false, changed, changes, &ours))
    }

    /// A dry run ends as the run itself would, before anything is written or recorded. It may be another
    /// account's to write.
    fn rehearse(&self) -> anyhow::Result<()> {
        if let Some(cannot) = files::rewritable(&self.file)?
            && self.dry_run
        {
            crate::output::message(format!(
                "warning: this account {cannot}; the file's owner or root can"
            ));
        }
        Ok(())
    }

    fn lock(&self) -> anyhow::Result<Option<Lock>> {
        if self.dry_run {
            return Ok(None);
        }
        crate::state::create_private(&self.folder)
            .with_context(|| format!("cannot make the folder {}", self.folder.display()))?;
        Lock::take(&self.folder)
            .map(Some)
            .context("cannot record the announcement")
    }

    fn read(&self) -> anyhow::Result<String> {
        let bytes =
            fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        // What is wrong with the bytes is told with its line.
        crate::gcfg::parse_bytes(&self.name(), &bytes)?;
        String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", self.file.display()))
    }

    fn name(&self) -> String {
        self.file.display().to_string()
    }

    /// `ours` are the messages, which may be shown.
    fn outcome(
        &self,
        announced: bool,
        changed: bool,
        changes: Vec<Change>,
        ours: &[String],
    ) -> Announced {
        let changes = changes.into_iter().map(|change| change.shown(ours));
        Announced {
            schema: 1,
            file: self.file.clone(),
            announced,
            changed,
            dry_run: self.dry_run,
            changes: changes.collect(),
            reload: RELOAD,
        }
    }
}

#[cfg(test)]
mod tests;
