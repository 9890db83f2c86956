//! The server's licence.

use serde::Deserialize;

use super::lenient;

/// The licence, as far as a migration cares. Its values have changed types over the versions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Licence {
    /// `activated`, `evaluation` or `expired`.
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// When it ends, in milliseconds since the epoch.
    #[serde(deserialize_with = "lenient::int")]
    pub expiration: Option<i64>,
    /// How many days are left.
    #[serde(deserialize_with = "lenient::int")]
    pub days_left: Option<i64>,
    /// Its tier, such as `enterprise`.
    #[serde(deserialize_with = "lenient::text")]
    pub tier: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub edition: Option<String>,
    /// How it is activated: `local` on the machine, or by a license server.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub kind: Option<String>,
    /// Whether it is a key's, as opposed to a file's.
    #[serde(deserialize_with = "lenient::truth")]
    pub has_key: Option<bool>,
    /// Whether content may run in other pods.
    #[serde(deserialize_with = "lenient::truth")]
    pub enable_launcher: Option<bool>,
    /// Users that it allows; 0 for any number.
    #[serde(deserialize_with = "lenient::int")]
    pub users: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_of_several_versions_read_alike() {
        let old = r#"{"status": "activated", "expiration": "1830000000000", "days-left": "462",
            "enable-launcher": "1", "users": "20", "type": "local", "users-grace": "true"}"#;
        let new = r#"{"status": "activated", "expiration": 1830000000000, "days-left": 462,
            "enable-launcher": true, "users": 20, "type": "local", "x": {}}"#;
        let read = |text: &str| serde_json::from_str::<Licence>(text).unwrap();
        assert_eq!(read(old), read(new));
        assert_eq!(read(new).enable_launcher, Some(true));
        assert_eq!(read("{}"), Licence::default());
    }
}
