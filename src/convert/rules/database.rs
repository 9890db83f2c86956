//! The database: on Kubernetes it must be PostgreSQL.

use crate::convert::account::{Action, Blocker};
use crate::convert::reason;
use crate::convert::verdict::Verdict;

const REMEDY: &str = "Move the server to PostgreSQL while it is still on the VM, then convert again: several pods cannot share a SQLite file, and SQLite files do not survive on network storage";

pub(crate) fn judge(property: &str, value: &str) -> Option<Verdict> {
    if property != "Provider" {
        return None;
    }
    let values = vec![value.to_owned()];
    Some(if value.eq_ignore_ascii_case("postgres") {
        Verdict::new(
            Action::Keep,
            reason::DATABASE_POSTGRES,
            "PostgreSQL carries over",
        )
        .keeping(values)
    } else {
        Verdict::new(
            Action::Block,
            reason::DATABASE_NOT_POSTGRES,
            format!("the database must be PostgreSQL. {REMEDY}"),
        )
        .keeping(values)
    })
}

/// The blocker for an input that does not say which database it uses.
pub(crate) fn provider_missing() -> Blocker {
    Blocker {
        setting: "Database.Provider".to_owned(),
        code: reason::DATABASE_NOT_POSTGRES.into(),
        reason: format!("not set, which means SQLite. {REMEDY}"),
    }
}
