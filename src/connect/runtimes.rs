//! The versions of languages that a server has.

use serde::Deserialize;

use super::client::Connect;
use super::error::{Error, RequiredRole};
use super::language::{Language, Languages, version_order};
use super::lenient;
use super::request::Request;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Listed {
    installations: Vec<Installation>,
}

/// A version in an image, or on the server itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Installation {
    #[serde(deserialize_with = "lenient::text")]
    version: Option<String>,
}

impl Connect {
    /// The versions of every language that the server knows, in ascending order and each once.
    ///
    /// # Errors
    /// The key is a viewer's, or the server cannot be asked.
    pub(crate) async fn runtimes(&self) -> Result<Languages, Error> {
        self.runtimes_of(&Language::ALL).await
    }

    /// The same of the languages that have packages to restore.
    ///
    /// # Errors
    /// As [`Connect::runtimes`].
    pub(crate) async fn package_runtimes(&self) -> Result<Languages, Error> {
        self.runtimes_of(&[Language::R, Language::Python]).await
    }

    async fn runtimes_of(&self, languages: &[Language]) -> Result<Languages, Error> {
        let mut all = Languages::new();
        for &language in languages {
            let url = self
                .server()
                .api(&["v1", "server_settings", language.key()]);
            let request = Request::get(url).needs(RequiredRole::Publisher);
            let listed: Listed = match self.ask(request).await {
                Ok(reply) => reply.json()?,
                Err(Error::Absent { .. } | Error::NotFound(_)) => continue,
                Err(error) => return Err(error),
            };
            let mut versions: Vec<String> = listed
                .installations
                .into_iter()
                .filter_map(|one| one.version)
                .collect();
            versions.sort_by(|one, other| version_order(one).cmp(&version_order(other)));
            versions.dedup();
            all.insert(language, versions);
        }
        Ok(all)
    }
}
