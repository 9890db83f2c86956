//! The proxy on the way to a server, as the environment or the system names it.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;

use super::address::Server;

/// A proxy that requests to a server go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// Scheme, host and port; never the user in it.
    address: String,
    /// The variable that names it, or the system's settings.
    source: &'static str,
}

impl Proxy {
    /// The proxy that stands before a server. None stands before this machine itself, whatever the
    /// environment says: a port-forward's key must not leave it.
    pub(super) fn before(server: &Server) -> Option<Self> {
        if server.is_loopback() || everything_is_excluded() {
            return None;
        }
        let way = Matcher::from_system().intercept(&server.to_string().parse().ok()?)?;
        let (uri, https) = (way.uri(), server.is_https());
        let authority = format!(
            "{}{}",
            uri.host().unwrap_or_default(),
            uri.port()
                .map_or_else(String::new, |port| format!(":{port}"))
        );
        let address = format!("{}://{authority}", uri.scheme_str().unwrap_or("http"));
        let names: &[&str] = if https {
            &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        } else {
            &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        };
        let source = names
            .iter()
            // One that the library could not read is passed over, as it does.
            .find(|name| std::env::var(name).is_ok_and(|value| value.contains(&authority)))
            .unwrap_or(&"the system's settings");
        Some(Self { address, source })
    }
}

/// `*` means all, addresses too, which the library takes for names alone.
fn everything_is_excluded() -> bool {
    ["NO_PROXY", "no_proxy"].iter().any(|name| {
        std::env::var(name).is_ok_and(|value| value.split(',').any(|part| part.trim() == "*"))
    })
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.address, self.source)
    }
}
