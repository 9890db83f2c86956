//! What a server says about itself and about us.

use serde::Deserialize;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::lenient;
use super::licence::Licence;
use super::request::Request;
use super::version::Version;

/// `GET /server_settings`: unversioned, so everything in it may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    #[serde(deserialize_with = "lenient::text")]
    version: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    about: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    build: Option<String>,
    /// Where content runs: `native`, or a launcher.
    #[serde(deserialize_with = "lenient::text")]
    pub execution_type: Option<String>,
    #[serde(deserialize_with = "licence")]
    pub license: Option<Licence>,
    /// Whether runtime caches can be managed.
    #[serde(deserialize_with = "lenient::truth")]
    pub enable_runtime_cache_management: Option<bool>,
}

/// A licence of a shape that we do not know makes nothing else unreadable.
fn licence<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Licence>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

impl Settings {
    /// The version, which a server may hide.
    #[must_use]
    pub(crate) fn version(&self) -> Option<Version> {
        [&self.version, &self.about, &self.build]
            .into_iter()
            .flatten()
            .find_map(|text| text.parse().ok())
    }
}

/// `GET /v1/user`: whose key it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    #[serde(deserialize_with = "lenient::text")]
    pub username: Option<String>,
    /// `administrator`, `publisher` or `viewer`. The key itself may have a lower role.
    #[serde(deserialize_with = "lenient::text")]
    pub user_role: Option<String>,
    /// Whether the account is locked.
    #[serde(deserialize_with = "lenient::truth")]
    pub locked: Option<bool>,
}

impl User {
    /// Whether the account is known to be no administrator's.
    #[must_use]
    pub(crate) fn is_lesser(&self) -> bool {
        self.user_role
            .as_deref()
            .is_some_and(|role| role != "administrator")
    }
}

/// `GET /v1/system/hosts`: one node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Host {
    #[serde(deserialize_with = "lenient::text")]
    pub hostname: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    version: Option<String>,
}

impl Host {
    /// The version that it runs.
    #[must_use]
    pub(crate) fn version(&self) -> Option<Version> {
        self.version.as_ref()?.parse().ok()
    }
}

impl Connect {
    /// Whose key it is.
    ///
    /// # Errors
    /// The key is not accepted, or the server cannot be asked.
    pub(crate) async fn user(&self) -> Result<User, Error> {
        let url = self.server().api(&["v1", "user"]);
        self.ask(Request::get(url)).await?.json()
    }

    /// The nodes seen in the last minute.
    ///
    /// # Errors
    /// The key is no administrator's, or the server cannot be asked.
    pub(crate) async fn hosts(&self) -> Result<Vec<Host>, Error> {
        let url = self.server().api(&["v1", "system", "hosts"]);
        let request = Request::get(url)
            .query(&[("active", "true")])
            .needs(RequiredRole::Administrator);
        self.ask(request).await?.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(json: &str) -> Option<String> {
        let settings: Settings = serde_json::from_str(json).unwrap();
        settings.version().map(|version| version.to_string())
    }

    #[test]
    fn finds_the_version_where_servers_put_it() {
        // 2024.09: all three; 2023.11: a development build; hidden: empty, null or absent.
        let said = r#"{"hostname": "c1", "version": "2024.09.0", "build": "v2024.09.0-0-gabc",
            "about": "Posit Connect v2024.09.0", "license": {"allow-apis": true, "users": 0}}"#;
        assert_eq!(version(said), Some("2024.09.0".into()));
        let development =
            r#"{"version": "2023.11.0-dev+103-g1124", "license": {"allow-apis": "1"}}"#;
        assert_eq!(version(development), Some("2023.11.0".into()));
        let partly = r#"{"version": "", "about": "Posit Connect v2025.09.1"}"#;
        assert_eq!(version(partly), Some("2025.09.1".into()));
        for hidden in ["{}", r#"{"version": null, "about": "Posit Connect"}"#] {
            assert_eq!(version(hidden), None);
        }
    }

    #[test]
    fn reads_switches_of_any_type() {
        let settings: Settings = serde_json::from_str(
            r#"{"enable_runtime_cache_management": "1", "execution_type": "launcher-kubernetes"}"#,
        )
        .unwrap();
        assert_eq!(settings.enable_runtime_cache_management, Some(true));
        assert_eq!(
            settings.execution_type.as_deref(),
            Some("launcher-kubernetes")
        );
    }
}
