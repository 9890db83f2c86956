//! Reaching the cluster, in every way that kubectl and Helm do.

use std::time::Duration;

use kube::client::AuthError;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::place::CommandPlace;

/// How long a request may take. Longer than an API server needs, shorter than a person waits.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Which cluster, and who we are there. What is `None` is as the kubeconfig says.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Kubeconfig files, as in `KUBECONFIG`.
    pub kubeconfig: Option<String>,
    /// A context of it.
    pub context: Option<String>,
    /// The namespace to work in.
    pub namespace: Option<String>,
}

/// A cluster to ask, and the namespace to ask about.
#[derive(Clone)]
pub struct Cluster {
    /// Talks to the API server.
    pub(super) client: Client,
    pub namespace: String,
    /// Where commands that are printed lead.
    pub(crate) place: CommandPlace,
    address: String,
}

/// Why the cluster did not answer.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The kubeconfig cannot be used.
    #[error("cannot use the kubeconfig: {0}. 'kubectl config view' shows it")]
    Config(String),
    #[error(
        "cannot reach the cluster at {address} to {what}: {why}. 'kubectl cluster-info' should work first"
    )]
    Unreachable {
        /// URL of the API server.
        address: String,
        what: String,
        /// What the system says.
        why: String,
    },
    /// The credentials are not taken.
    #[error(
        "the cluster does not know you ({what}): log in again, or choose another --kube-context"
    )]
    Unauthorized { what: String },
    /// A right is missing.
    #[error("you may not {what}: {why}. docs/rbac.md has a role with what is needed")]
    Forbidden {
        what: String,
        /// What the API server says.
        why: String,
    },
    /// It is not there.
    #[error("cannot {what}: {why}")]
    Missing {
        what: String,
        /// What the API server says.
        why: String,
    },
    #[error("cannot {what}: {why}")]
    Other { what: String, why: String },
}

impl AccessError {
    /// Whether the object is not there, as opposed to not to be seen.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}

impl Access {
    /// Opens the cluster. Nothing is asked yet.
    ///
    /// # Errors
    /// There is no usable configuration.
    pub async fn open(&self) -> Result<Cluster, AccessError> {
        // The same provider as for Connect; a second call finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (mut config, has_proxy) = self.config().await?;
        overrides(&mut config, |name| std::env::var(name).ok())?;
        if !has_proxy {
            config.proxy_url = proxy(&config.cluster_url, |name| std::env::var(name).ok());
        }
        config.connect_timeout = Some(Duration::from_secs(10));
        config.read_timeout = Some(TIMEOUT);
        // Retries are silent; a cluster that is down is better named at once.
        config.default_retry = false;
        let namespace = match self.namespace.as_deref() {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => config.default_namespace.clone(),
        };
        let address = config.cluster_url.to_string();
        let client =
            Client::try_from(config).map_err(|error| AccessError::Config(chain(&error)))?;
        Ok(Cluster {
            client,
            place: CommandPlace {
                namespace: Some(namespace.clone()),
                ..self.place()
            },
            namespace,
            address,
        })
    }

    /// Where commands that are printed lead.
    #[must_use]
    pub(crate) fn place(&self) -> CommandPlace {
        CommandPlace {
            namespace: self.namespace.clone(),
            context: self.context.clone(),
            kubeconfig: self.kubeconfig.clone(),
        }
    }

    /// The configuration, and whether the kubeconfig names a proxy.
    async fn config(&self) -> Result<(Config, bool), AccessError> {
        let options = KubeConfigOptions {
            context: self.context.clone().filter(|name| !name.is_empty()),
            ..KubeConfigOptions::default()
        };
        let given = self.kubeconfig.as_deref().filter(|list| !list.is_empty());
        let kubeconfig = match given {
            Some(list) => Some(read(list).map_err(|error| config_error(&error))?),
            None => match Kubeconfig::read() {
                Ok(kubeconfig) => Some(kubeconfig),
                // In a pod there is no file, but a service account.
                Err(error) => match Config::incluster() {
                    Ok(config) if options.context.is_none() => return Ok((config, false)),
                    _ if std::env::var_os("HELM_KUBEAPISERVER").is_some() => None,
                    _ => return Err(config_error(&error)),
                },
            },
        };
        let Some(mut kubeconfig) = kubeconfig else {
            let nowhere = http::Uri::from_static("https://localhost");
            return Ok((Config::new(nowhere), false));
        };
        read_tokens(&mut kubeconfig);
        let has_proxy = names_proxy(&kubeconfig, options.context.as_deref());
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        Ok((config.map_err(|error| config_error(&error))?, has_proxy))
    }
}

/// Reads token files, as the client would, without the line feed at their end.
fn read_tokens(kubeconfig: &mut Kubeconfig) {
    for user in &mut kubeconfig.auth_infos {
        let Some(info) = &mut user.auth_info else {
            continue;
        };
        let Some(file) = info.token_file.take() else {
            continue;
        };
        match std::fs::read_to_string(&file) {
            Ok(token) => info.token = Some(token.trim().to_owned().into()),
            // The user of another context may have one that is not here.
            Err(_) if info.token.is_some() => {}
            Err(_) => info.token_file = Some(file),
        }
    }
}

/// Whether the cluster of a context has a proxy of its own.
fn names_proxy(kubeconfig: &Kubeconfig, context: Option<&str>) -> bool {
    let context = context.or(kubeconfig.current_context.as_deref());
    let contexts = kubeconfig.contexts.iter();
    let cluster = contexts
        .filter(|named| Some(named.name.as_str()) == context)
        .find_map(|named| Some(&named.context.as_ref()?.cluster));
    kubeconfig
        .clusters
        .iter()
        .filter(|named| Some(&named.name) == cluster)
        .filter_map(|named| named.cluster.as_ref()?.proxy_url.as_deref())
        .any(|url| !url.is_empty())
}

/// The proxy of the environment, by the rules of Go's programs, kubectl and Helm among them.
fn proxy(url: &http::Uri, variable: impl Fn(&str) -> Option<String>) -> Option<http::Uri> {
    let host = url.host()?.trim_matches(['[', ']']);
    let is_loopback = host
        .parse::<std::net::IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    if is_loopback || host.eq_ignore_ascii_case("localhost") {
        return None;
    }
    let said = |name: &str| {
        let names = [name.to_uppercase(), name.to_lowercase()];
        let mut said = names.iter().filter_map(|name| variable(name));
        said.find(|value| !value.is_empty()).unwrap_or_default()
    };
    let no_proxy = said("no_proxy");
    if no_proxy.split(',').any(|entry| entry.trim() == "*") {
        return None;
    }
    let matcher = hyper_util::client::proxy::matcher::Matcher::builder()
        .http(said("http_proxy"))
        .https(said("https_proxy"))
        .no(no_proxy)
        .build();
    Some(matcher.intercept(url)?.uri().clone())
}

/// Merges files as kubectl does: those that are not there count as empty.
fn read(list: &str) -> Result<Kubeconfig, KubeconfigError> {
    let files: Vec<_> = std::env::split_paths(list)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    let alone = files.len() == 1;
    files
        .iter()
        .filter(|path| alone || path.exists())
        .try_fold(Kubeconfig::default(), |merged, path| {
            merged.merge(Kubeconfig::read_from(path)?)
        })
}

/// What Helm's own flags say; as a plugin we find them in the environment.
fn overrides(
    config: &mut Config,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), AccessError> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(url) = variable("HELM_KUBEAPISERVER") {
        config.cluster_url = url.parse().map_err(|_| {
            AccessError::Config("HELM_KUBEAPISERVER is no address of an API server".to_owned())
        })?;
    }
    if let Some(token) = variable("HELM_KUBETOKEN") {
        config.auth_info = AuthInfo {
            token: Some(token.into()),
            impersonate: config.auth_info.impersonate.take(),
            impersonate_groups: config.auth_info.impersonate_groups.take(),
            ..AuthInfo::default()
        };
    }
    if let Some(user) = variable("HELM_KUBEASUSER") {
        config.auth_info.impersonate = Some(user);
    }
    if let Some(groups) = variable("HELM_KUBEASGROUPS") {
        config.auth_info.impersonate_groups = Some(groups.split(',').map(str::to_owned).collect());
    }
    if let Some(file) = variable("HELM_KUBECAFILE") {
        config.root_cert_file = Some(file.into());
    }
    if let Some(name) = variable("HELM_KUBETLS_SERVER_NAME") {
        config.tls_server_name = Some(name);
    }
    if variable("HELM_KUBEINSECURE_SKIP_TLS_VERIFY").is_some_and(|v| v == "true") {
        config.accept_invalid_certs = true;
    }
    Ok(())
}

fn config_error(error: &KubeconfigError) -> AccessError {
    AccessError::Config(match error {
        KubeconfigError::LoadContext(_) | KubeconfigError::LoadClusterOfContext(_) => {
            error.to_string()
        }
        KubeconfigError::Parse(cause) => {
            let place = cause.location().map_or_else(String::new, |place| {
                format!(" at line {}, column {}", place.line(), place.column())
            });
            format!("it is no kubeconfig{place}")
        }
        other => kind(other),
    })
}

/// What kind of error it is, without what it is about: a kubeconfig and an exec plugin's environment
/// and output hold credentials, and the libraries quote them behind a colon.
fn kind(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = match error.downcast_ref::<AuthError>() {
        Some(AuthError::AuthExecRun { out, .. }) => {
            return format!("its exec plugin failed ({})", out.status);
        }
        _ => error.to_string(),
    };
    text.truncate(text.find(": ").unwrap_or(text.len()));
    let system = causes(error).find_map(|cause| cause.downcast_ref::<std::io::Error>());
    match system {
        Some(system) => format!("{text}: {}", system.kind()),
        None => text,
    }
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// An error with its causes, each said once; nothing more than the kind of what may quote a
/// credential.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let quoting = |cause: &&(dyn std::error::Error + 'static)| {
        cause.is::<AuthError>() || cause.is::<KubeconfigError>() || cause.is::<serde_json::Error>()
    };
    if let Some(cause) = causes(error).find(quoting) {
        return if cause.is::<serde_json::Error>() {
            "the answer is not what was expected".to_owned()
        } else {
            kind(cause)
        };
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

impl Cluster {
    /// Explains a failure to do something; `what` completes "you may not …".
    pub(super) fn explain(&self, what: &str, error: kube::Error) -> AccessError {
        let what = what.to_owned();
        match error {
            kube::Error::Api(status) => match status.code {
                401 => AccessError::Unauthorized { what },
                403 => AccessError::Forbidden {
                    what,
                    why: status.message.clone(),
                },
                404 => AccessError::Missing {
                    what,
                    why: status.message.clone(),
                },
                _ => AccessError::Other {
                    what,
                    why: status.message.clone(),
                },
            },
            error @ (kube::Error::Service(_) | kube::Error::HyperError(_)) => {
                AccessError::Unreachable {
                    address: self.address.clone(),
                    what,
                    why: chain(&error),
                }
            }
            error @ kube::Error::Auth(_) => AccessError::Config(chain(&error)),
            error => AccessError::Other {
                what,
                why: chain(&error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_that_cannot_be_read_is_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        for text in [
            "apiVersion: v1\nusers: hunter2\n",
            "users:\n- name: a\n  user: {token: [hunter2]}\n",
            "users: [\n  hunter2: hunter2: hunter2\n",
            "- hunter2\n",
            "clusters:\n- name: a\n  cluster: {server: 'https://u:hunter2 @x'}\ncontexts:\n- name: a\n  context: {cluster: a, user: a}\ncurrent-context: a\n",
        ] {
            std::fs::write(&path, text).unwrap();
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let access = Access {
                kubeconfig: Some(path.display().to_string()),
                ..Access::default()
            };
            let error = runtime.block_on(access.config()).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(!said.contains("hunter2"), "{said}");
            assert!(said.contains("kubeconfig"), "{said}");
        }
    }

    #[test]
    fn helms_flags_come_before_the_kubeconfig() {
        let mut config = Config::new("https://a:1".parse().unwrap());
        config.auth_info.password = Some("p".to_owned().into());
        let said = |name: &str| match name {
            "HELM_KUBEAPISERVER" => Some("https://b:2".to_owned()),
            "HELM_KUBETOKEN" => Some("t".to_owned()),
            "HELM_KUBEASUSER" => Some("u".to_owned()),
            "HELM_KUBEASGROUPS" => Some("g,h".to_owned()),
            "HELM_KUBECAFILE" => Some(String::new()),
            _ => None,
        };
        overrides(&mut config, said).unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://b:2/");
        assert!(config.auth_info.password.is_none() && config.auth_info.token.is_some());
        assert_eq!(config.auth_info.impersonate.as_deref(), Some("u"));
        assert_eq!(
            config.auth_info.impersonate_groups,
            Some(vec!["g".to_owned(), "h".to_owned()])
        );
        assert!(config.root_cert_file.is_none() && !config.accept_invalid_certs);
    }

    #[test]
    fn a_proxy_is_used_as_go_uses_it() {
        let through = |url: &str, no: &str| {
            let variable = |name: &str| match name {
                "https_proxy" => Some("http://proxy:3128".to_owned()),
                "NO_PROXY" => Some(no.to_owned()),
                _ => None,
            };
            proxy(&url.parse().unwrap(), variable).is_some()
        };
        assert!(through("https://api.example.com:6443", ""));
        assert!(!through("https://api.example.com:6443", "example.com"));
        assert!(!through("https://10.0.0.1:6443", "10.0.0.0/8"));
        assert!(!through("https://10.0.0.1:6443", "*"));
        assert!(!through("https://127.0.0.1:6443", ""));
        assert!(!through("http://api.example.com", ""));
    }

    #[test]
    fn a_token_file_may_end_with_a_line_feed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc\n").unwrap();
        let path = file.path().display();
        let text = format!("users: [{{name: u, user: {{tokenFile: '{path}'}}}}]");
        let mut config = Kubeconfig::from_yaml(&text).unwrap();
        read_tokens(&mut config);
        let info = config.auth_infos[0].auth_info.as_ref().unwrap();
        assert!(info.token.is_some());
        assert_eq!(info.token_file, None);
    }

    #[test]
    fn files_of_a_list_that_are_not_there_count_as_empty() {
        let folder = tempfile::tempdir().unwrap();
        let one = folder.path().join("one");
        std::fs::write(&one, "current-context: c\n").unwrap();
        let list = std::env::join_paths([folder.path().join("none"), one]).unwrap();
        let merged = read(list.to_str().unwrap()).unwrap();
        assert_eq!(merged.current_context.as_deref(), Some("c"));
        assert!(read(folder.path().join("none").to_str().unwrap()).is_err());
    }
}
