//! A bar, and under it the items that are being built.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Show;
use super::lines::{left, words};
use crate::connect::ContentGuid;
use crate::output::{Printable, message};
use crate::rebuild::event::{Event, Item};
use crate::rebuild::record::SkipReason;

/// Running items that are shown at once; with more, the screen would be nothing else.
const SHOWN: usize = 10;

/// A bar on the terminal.
pub(crate) struct Bar {
    all: MultiProgress,
    total: ProgressBar,
    running: HashMap<ContentGuid, ProgressBar>,
    failed: usize,
    /// How much is left, once builds were seen whose times were known before.
    left: Option<String>,
    /// What was left out from the start and is not yet spoken of.
    left_out: BTreeMap<SkipReason, usize>,
}

impl Default for Bar {
    fn default() -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let total = all.add(ProgressBar::no_length());
        total.set_style(style(
            "{bar:30.green/dim} {pos}/{len} done  {msg}elapsed {elapsed}, left {eta}",
        ));
        Self {
            all,
            total,
            running: HashMap::new(),
            failed: 0,
            left: None,
            left_out: BTreeMap::new(),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Show for Bar {
    fn show(&mut self, event: &Event) {
        if let Event::Skipped {
            reason,
            planned: true,
            ..
        } = event
        {
            *self.left_out.entry(*reason).or_default() += 1;
            return;
        }
        for (reason, count) in std::mem::take(&mut self.left_out) {
            self.say(&format!("skipped {count}: {reason}"));
        }
        match event {
            Event::Plan { tally, .. } => {
                self.total.set_length(tally.work() as u64);
                self.total.enable_steady_tick(Duration::from_millis(500));
                self.say_all(event);
            }
            Event::Left { .. } => {
                if self.left.is_none() {
                    self.total.set_style(style(
                        "{bar:30.green/dim} {pos}/{len} done  {msg}elapsed {elapsed}",
                    ));
                }
                self.left = left(event);
                self.message();
            }
            Event::Submitted { item, .. } => self.begin(item),
            Event::Adopted { item, .. } => self.begin(item),
            Event::Built { item, .. } => {
                self.end(&item.guid);
                self.total.inc(1);
            }
            Event::Skipped { item, reason, .. } => {
                self.end(&item.guid);
                self.total.inc(1);
                self.say(&format!(
                    "skipped {}: {reason}",
                    Printable::new(&item.title)
                ));
            }
            Event::Failed { failure, retry } => {
                self.end(&failure.item.guid);
                let title = Printable::new(&failure.item.title);
                let error = Printable::new(&failure.error);
                if *retry {
                    self.say(&format!("failed {title}: {error}; it will be tried again"));
                } else {
                    self.failed += 1;
                    self.total.inc(1);
                    self.message();
                    self.say(&format!("FAILED {title}: {error}"));
                }
            }
            Event::Lost { item } | Event::Stalled { item } | Event::Superseded { item, .. } => {
                self.end(&item.guid);
                self.say_all(event);
            }
            Event::Summary(_) => {
                for (_, line) in self.running.drain() {
                    line.finish_and_clear();
                }
                self.total.finish_and_clear();
                self.say_all(event);
            }
            Event::Note { .. } | Event::Cache { .. } => self.say_all(event),
        }
    }
}

impl Bar {
    fn begin(&mut self, item: &Item) {
        if self.running.len() >= SHOWN || self.running.contains_key(&item.guid) {
            return;
        }
        let line = self.all.add(ProgressBar::new_spinner());
        line.set_style(style("  {spinner} {elapsed:>5} {wide_msg}"));
        line.set_message(Printable::new(&item.title).to_string());
        line.enable_steady_tick(Duration::from_millis(500));
        self.running.insert(item.guid.clone(), line);
    }

    fn message(&self) {
        let mut message = String::new();
        if self.failed > 0 {
            message.push_str(&format!("{} failed  ", self.failed));
        }
        if let Some(left) = &self.left {
            message.push_str(&format!("left {left}  "));
        }
        self.total.set_message(message);
    }

    fn end(&mut self, guid: &ContentGuid) {
        if let Some(line) = self.running.remove(guid) {
            line.finish_and_clear();
            self.all.remove(&line);
        }
    }

    fn say_all(&self, event: &Event) {
        for line in words(event) {
            self.say(&line);
        }
    }

    /// A line above the bar.
    fn say(&self, line: &str) {
        self.all.suspend(|| message(line));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.total.finish_and_clear();
    }
}
