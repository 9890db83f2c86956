//! Users, their roles and API keys, and groups.

use serde::Deserialize;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Publish, and change what is theirs.
    Publisher,
    /// Look.
    Viewer,
}

impl Role {
    /// As the API writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Publisher => "publisher",
            Self::Viewer => "viewer",
        }
    }

    pub(crate) const fn privileges(self) -> &'static [&'static str] {
        match self {
            Self::Administrator => &[
                "add_users",
                "add_vanities",
                "build_bundles",
                "change_app_permissions",
                "change_apps",
                "change_groups",
                "change_users",
                "change_variant_schedule",
                "create_groups",
                "edit_run_as",
                "edit_runtime",
                "lock_users",
                "publish_apps",
                "remove_apps",
                "remove_users",
                "remove_vanities",
                "view_app_settings",
                "view_apps",
            ],
            Self::Publisher => &[
                "change_apps",
                "change_variant_schedule",
                "publish_apps",
                "remove_apps",
                "view_apps",
            ],
            Self::Viewer => &["view_apps"],
        }
    }
}

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) guid: String,
    pub(crate) username: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) role: Role,
    pub(crate) key: String,
    pub(crate) locked: bool,
    /// Never logged in, so never active.
    pub(crate) dormant: bool,
    pub(crate) created: jiff::Timestamp,
}

/// A group of users.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) guid: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) members: Vec<String>,
}
