//! The overlay as a values file, for those who keep values in Git and want no post-renderer.
//!
//! What each setting was stands in a comment on its line, so that it is still there when somebody
//! has merged the lines into a values file of their own, and [`remove`] can put it back.

mod make;
mod prove;
mod remove;

pub use make::{Given, MakeError, make};
pub(crate) use prove::on_top_of;
pub use remove::{RemoveError, Removed, remove};

use crate::gcfg::{Section, SectionKey, fold};
use crate::yaml::{Entry, Node};

/// In front of what a line's comment records.
const MARK: &str = "# connect-migrate/overlay: ";
/// The key was not there.
const ABSENT: &str = "was absent";
/// The key had the value that follows, as it was written.
const WAS: &str = "was written as ";

/// Where the chart's configuration stands in a values file: `config`, below the keys of charts
/// around the chart.
fn config_path(under: Option<&str>) -> Vec<&str> {
    under
        .into_iter()
        .flat_map(|under| under.split('.'))
        .chain(std::iter::once("config"))
        .collect()
}

/// The section that a key of `config` stands for, e.g. `LDAP "corp"`.
fn section(key: &Node) -> Option<SectionKey> {
    let section: Section = key.as_str()?.parse().ok()?;
    Some(section.key())
}

/// The sections of `config` that mean a section, whatever their spelling.
fn sections<'a>(config: &'a Node, wanted: &Section) -> impl Iterator<Item = &'a Entry> {
    let wanted = wanted.key();
    config
        .entries()
        .iter()
        .filter(move |entry| section(&entry.key).as_ref() == Some(&wanted))
}

/// The entries of a section that mean a property, whatever their spelling.
fn properties<'a>(section: &'a Node, property: &str) -> impl Iterator<Item = &'a Entry> {
    let wanted = fold(property);
    section
        .entries()
        .iter()
        .filter(move |entry| entry.key.as_str().map(fold).as_ref() == Some(&wanted))
}
