//! What can go wrong with a server, each with what to do about it.

use std::fmt;
use std::time::Duration;

use super::proxy::Proxy;
use super::version::{Feature, Version};

/// Why a request got no usable answer. The message ends with the remedy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(String),
    /// The host's name has no address.
    #[error(
        "the name {host} cannot be resolved from here ({cause}); check --server and the DNS or proxy settings"
    )]
    Dns {
        host: String,
        /// What the system says.
        cause: String,
    },
    /// No connection, or one that broke.
    #[error(
        "{server} cannot be reached: {cause}; check --server, and that the server is up and no firewall is between"
    )]
    Unreachable {
        server: String,
        /// What the system says.
        cause: String,
    },
    /// No answer in time.
    #[error("{server} did not answer within {}s; --request-timeout lets it take longer", after.as_secs())]
    TimedOut {
        server: String,
        /// How long was waited.
        after: Duration,
    },
    /// The TLS handshake failed.
    #[error("no secure connection to {server}: {cause}; {remedy}")]
    Tls {
        server: String,
        cause: String,
        remedy: String,
    },
    /// The way to the server leads through a proxy, and does not get far.
    #[error(
        "{server} cannot be reached through {proxy}: {cause}; check the proxy, or list the host in NO_PROXY"
    )]
    Proxy {
        server: String,
        proxy: Proxy,
        /// What the system says.
        cause: String,
    },
    /// An answer that would not end, or not in the memory there is.
    #[error(
        "the answer to {request} is longer than {limit}, which Connect's never is; check what answers at --server"
    )]
    TooLong {
        request: String,
        limit: &'static str,
    },
    /// The server did not come back in time.
    #[error("{server} has not answered for {}s, longer than --max-outage allows; the last attempt: {last}", waited.as_secs())]
    Outage {
        server: String,
        /// How long was waited.
        waited: Duration,
        last: Box<Error>,
    },
    /// Something that is not Connect answered.
    #[error(
        "{url} answered with {got} where Connect answers with JSON; check --server (with its path prefix, if it has one), and that no login page of a proxy stands before the API"
    )]
    NotConnect { url: String, got: String },
    /// A redirect that is not followed.
    #[error(
        "{url} redirects to {to}, and the API key is not sent there; if that is the server, give its address with --server"
    )]
    Redirected { url: String, to: String },
    /// Redirects that lead nowhere.
    #[error(
        "{url} redirects again and again; check --server (with its path prefix, if it has one), and what stands before the server"
    )]
    Circle { url: String },
    /// The key is not accepted.
    #[error(
        "the API key is not accepted: {0}; make one on the server under your name, API Keys, and put it into CONNECT_API_KEY or --api-key-file"
    )]
    Unauthorized(ApiFault),
    /// The key's role does not suffice.
    #[error("the API key may not do this: {fault}; it needs {needs}")]
    Forbidden {
        /// Which role is needed.
        needs: RequiredRole,
        /// What the server says.
        fault: ApiFault,
    },
    /// The server's licence has expired.
    #[error(
        "the server's licence has expired: it answers {0}; activate a licence, then run this again"
    )]
    LicenceExpired(ApiFault),
    /// The thing does not exist.
    #[error("not found: {0}")]
    NotFound(ApiFault),
    /// This version of the server has no such endpoint.
    #[error("{fault}: this server{} seems to have no such endpoint", version_text(*version))]
    Absent {
        /// The server's version, where known.
        version: Option<Version>,
        /// What the server says.
        fault: ApiFault,
    },
    /// This version of the server is known not to have it.
    #[error("{} needs Connect {} or later; this server is {version}", feature.what(), feature.since())]
    Unsupported { feature: Feature, version: Version },
    /// Any other error answer.
    #[error("{0}")]
    Api(ApiFault),
    /// JSON of a shape that we do not know.
    #[error("cannot make sense of the answer to {request}: {cause}")]
    Unreadable {
        request: String,
        /// What the decoder says.
        cause: String,
    },
}

impl Error {
    /// The server's own fault, where it gave one.
    #[must_use]
    pub(crate) fn fault(&self) -> Option<&ApiFault> {
        match self {
            Self::Unauthorized(fault)
            | Self::Forbidden { fault, .. }
            | Self::LicenceExpired(fault)
            | Self::NotFound(fault)
            | Self::Absent { fault, .. }
            | Self::Api(fault) => Some(fault),
            _ => None,
        }
    }

    /// Whether it may be because the server is somewhere else.
    #[must_use]
    pub(super) const fn is_another_address(&self) -> bool {
        matches!(
            self,
            Self::NotConnect { .. }
                | Self::Absent { .. }
                | Self::NotFound(_)
                | Self::Redirected { .. }
                | Self::Circle { .. }
        )
    }

    /// Whether no other request would fare better: the key, the licence, the address or the server
    /// itself is at fault, not the item at hand.
    #[must_use]
    pub(crate) fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::Forbidden { .. }
                | Self::NotFound(_)
                | Self::Absent { .. }
                | Self::Api(_)
                | Self::Unreadable { .. }
        )
    }
}

fn version_text(version: Option<Version>) -> String {
    version.map_or_else(String::new, |version| format!(" ({version})"))
}

/// An error answer of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiFault {
    /// Method and path of the request.
    pub request: String,
    pub status: u16,
    /// Connect's own code, where the answer had one.
    pub code: Option<i64>,
    /// Connect's own words, or what little is known.
    pub message: String,
    /// The id under which the server's log has the request.
    pub correlation: String,
}

impl fmt::Display for ApiFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} (HTTP {}",
            self.request, self.message, self.status
        )?;
        if let Some(code) = self.code {
            write!(f, ", code {code}")?;
        }
        write!(f, ", correlation id {})", self.correlation)
    }
}

/// Who may make a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequiredRole {
    /// Anyone with a key.
    User,
    Publisher,
    Administrator,
    /// The item's owner and collaborators, and administrators.
    Collaborator,
}

impl fmt::Display for RequiredRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "the key of an active user",
            Self::Publisher => "the key of a publisher or administrator",
            Self::Administrator => "an administrator's key",
            Self::Collaborator => {
                "the key of an administrator, or of the item's owner or collaborator"
            }
        })
    }
}
