//! What a run was asked for, and how it ended.

use std::path::PathBuf;
use std::time::Duration;

use super::cache::Scope;
use super::engine::BuildOptions;
use super::selection::Selection;
use crate::connect::{self, ApiKey, Server};
use crate::release::Access;

/// What a run was asked for.
pub(crate) struct Request {
    pub server: Server,
    pub key: ApiKey,
    pub transport: connect::ConnectOptions,
    /// The Helm release, where one was named.
    pub release: Option<String>,
    /// The folder of the journal.
    pub folder: PathBuf,
    /// Which content; `None` for that of the journal.
    pub selection: Option<Selection>,
    /// The period whose use counts.
    pub since: Duration,
    /// Leave out what was named and is not there.
    pub ignore_missing: bool,
    pub clear_caches: Scope,
    pub options: BuildOptions,
    /// A copy of the journal that is kept as it grows.
    pub copy: Option<JournalCopy>,
    /// Begin afresh.
    pub restart: bool,
    /// Do not ask.
    pub yes: bool,
}

/// A ConfigMap that holds a copy of the journal.
#[derive(Debug, Clone)]
pub(crate) struct JournalCopy {
    pub access: Access,
    pub name: String,
    /// The journal itself is on a disk that stays.
    pub may_fall_behind: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Done,
    SomeFailed,
    Interrupted,
    /// Somebody said no.
    Declined,
    /// There was nobody to ask.
    NobodyToAsk,
    /// Neither the request nor a journal says which content.
    NothingChosen,
}
