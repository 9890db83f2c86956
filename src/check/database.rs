//! The database: where it is, and whether it answers.

use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::configuration::last_value;
use super::{Check, Group, Judgement, code, postgres};
use crate::gcfg::Document;
use crate::output::shell_word;
use crate::secret::Secret;
use crate::settings::secrecy::text_exposes;

/// How to encrypt the connection, in the words of `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SslMode {
    Disable,
    /// Encrypted where the server can, with any certificate.
    #[default]
    Prefer,
    /// Encrypted where the server wants it.
    Allow,
    /// Encrypted, with any certificate.
    Require,
    /// The certificate must be signed by an authority that is trusted.
    VerifyCa,
    /// And be the host's.
    VerifyFull,
}

/// Where PostgreSQL is, read from the configuration as Connect reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Host names or addresses; a path is a socket's folder.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: Option<String>,
    /// Its password, where the configuration holds it.
    pub password: Option<Secret>,
    pub ssl: SslMode,
    /// The address as it may be shown.
    pub shown: String,
}

/// Why the address cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("Postgres.URL is not set")]
    Missing,
    /// Neither a URL of PostgreSQL's nor a connection string.
    #[error("Postgres.URL is neither a postgres:// URL nor host=… dbname=…")]
    Unreadable,
    /// Not to be taken for a default: what it was to protect would go over the wire.
    #[error(
        "Postgres.URL has an sslmode that PostgreSQL does not know; it knows disable, allow, prefer, require, verify-ca and verify-full"
    )]
    SslMode,
}

impl SslMode {
    const ALL: [Self; 6] = [
        Self::Disable,
        Self::Allow,
        Self::Prefer,
        Self::Require,
        Self::VerifyCa,
        Self::VerifyFull,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl FromStr for SslMode {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let found = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        found.ok_or(TargetError::SslMode)
    }
}

impl Target {
    /// Reads the address.
    ///
    /// # Errors
    /// There is none, or it is of a form that is not understood here.
    pub(crate) fn of(documents: &[Document]) -> Result<Self, TargetError> {
        let url = last_value(documents, "Postgres", "URL").ok_or(TargetError::Missing)?;
        let password = last_value(documents, "Postgres", "Password");
        Self::parse(url, password)
    }

    fn parse(text: &str, password: Option<&str>) -> Result<Self, TargetError> {
        let text = text.trim();
        let Ok(url) = reqwest::Url::parse(text) else {
            return Self::parse_words(text, password);
        };
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(TargetError::Unreadable);
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let parameter = |name: &str| {
            url.query_pairs()
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .last()
        };
        let host = parameter("host")
            .or_else(|| url.host_str().map(decoded))
            .filter(|host| !host.is_empty())
            .unwrap_or_else(|| "localhost".to_owned());
        let user = Some(decoded(url.username()))
            .filter(|user| !user.is_empty())
            .or_else(|| parameter("user"));
        // `{$}` stands for Postgres.Password in URLs of old.
        let inline = url
            .password()
            .map(decoded)
            .or_else(|| parameter("password"))
            .filter(|password| password != "{$}");
        let database = Some(decoded(url.path().trim_start_matches('/')))
            .filter(|name| !name.is_empty())
            .or_else(|| parameter("dbname"))
            .or_else(|| user.clone())
            .unwrap_or_default();
        let port = url
            .port()
            .or_else(|| parameter("port")?.parse().ok())
            .unwrap_or(5432);
        // Put together of what is no secret, since nobody could say where a password ends that
        // should have been encoded.
        let shown = if text_exposes(text) {
            format!("{}://{host}:{port}/{database}", url.scheme())
        } else {
            text.to_owned()
        };
        Ok(Self {
            port,
            host,
            database,
            user,
            password: inline
                .or_else(|| password.map(str::to_owned))
                .map(Secret::new),
            ssl: parameter("sslmode").map_or(Ok(SslMode::default()), |mode| mode.parse())?,
            shown,
        })
    }

    /// Reads `host=db user=connect`, and URLs with several hosts.
    fn parse_words(text: &str, password: Option<&str>) -> Result<Self, TargetError> {
        use tokio_postgres::config::Host;
        let (text, mode) = without_ssl_mode(text)?;
        let config: tokio_postgres::Config = text.parse().map_err(|_| TargetError::Unreadable)?;
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => folder.display().to_string(),
            None => "localhost".to_owned(),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let user = config.get_user().map(str::to_owned);
        let database = config.get_dbname().map(str::to_owned);
        let database = database.or_else(|| user.clone()).unwrap_or_default();
        let inline = config
            .get_password()
            .map(|password| String::from_utf8_lossy(password).into_owned());
        Ok(Self {
            shown: format!("postgres://{host}:{port}/{database}"),
            host,
            port,
            database,
            user,
            password: inline
                .or_else(|| password.map(str::to_owned))
                .map(Secret::new),
            ssl: mode,
        })
    }

    /// Whether only the old machine itself reaches it under this name.
    #[must_use]
    pub(crate) fn is_local(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host.starts_with('/')
            || host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
    }
}

/// Takes `sslmode` out, of which the library knows half the values.
fn without_ssl_mode(text: &str) -> Result<(String, SslMode), TargetError> {
    const NAME: &str = "sslmode";
    let Some(start) = text.find(NAME) else {
        return Ok((text.to_owned(), SslMode::default()));
    };
    let behind = text[start + NAME.len()..].trim_start();
    let value = behind
        .strip_prefix('=')
        .ok_or(TargetError::SslMode)?
        .trim_start();
    let end = value.find(|c: char| c.is_whitespace() || c == '&');
    let (value, rest) = value.split_at(end.unwrap_or(value.len()));
    let mode = value.trim_matches('\'').parse()?;
    // Twice is once too often to know which one holds.
    if rest.contains(NAME) {
        return Err(TargetError::SslMode);
    }
    Ok((
        format!("{}{}", &text[..start], rest.trim_start_matches('&')),
        mode,
    ))
}

/// What came of a real connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Connection {
    /// It answers, and tells its version.
    Answered {
        version: String,
        /// Whether it was encrypted.
        encrypted: bool,
    },
    /// It does not; why, without anything secret.
    Failed(String),
}

/// The oldest PostgreSQL that Connect of 2026 supports is not documented where we could read it;
/// below this its makers gave it up.
const OLDEST: u32 = 14;

/// The address, and what came of connecting.
#[derive(Debug)]
pub(super) struct DatabaseFacts<'a> {
    target: Result<Target, TargetError>,
    /// `None` where it was not tried.
    connection: Option<Connection>,
    /// The Secret that holds the password in the cluster.
    secret: &'a str,
}

impl DatabaseFacts<'_> {
    fn target(&self) -> Result<&Target, Judgement> {
        let unreadable = |error: &TargetError| Judgement::not_asked(error.to_string());
        self.target.as_ref().map_err(unreadable)
    }
}

/// Connects, if that is asked for, and judges.
pub(super) async fn examine(documents: &[Document], connects: bool, secret: &str) -> Vec<Check> {
    if documents.is_empty() {
        return Group::Database.unasked();
    }
    let target = Target::of(documents);
    let connection = match &target {
        Ok(target) if connects => Some(postgres::connect(target).await),
        _ => None,
    };
    code::database(&DatabaseFacts {
        target,
        connection,
        secret,
    })
}

pub(super) fn address(facts: &DatabaseFacts<'_>) -> Judgement {
    let target = match &facts.target {
        Ok(target) => target,
        Err(error) => {
            return Judgement::fail(
                error.to_string(),
                "set Postgres.URL to postgres://USER@HOST:PORT/DATABASE",
            );
        }
    };
    if target.is_local() {
        return Judgement::fail(
            format!(
                "{} names the old machine itself: pods would look for the database on themselves",
                target.shown
            ),
            "let PostgreSQL listen on an address that the cluster reaches (listen_addresses, pg_hba.conf), or move it to a server of its own, and put that address into Postgres.URL",
        );
    }
    Judgement::pass(format!("{} is not the old machine itself", target.shown))
}

pub(super) fn connected(facts: &DatabaseFacts<'_>) -> Judgement {
    let target = match facts.target() {
        Ok(target) => target,
        Err(unreadable) => return unreadable,
    };
    match &facts.connection {
        None => Judgement::not_asked("not tried; --connect-database connects from here"),
        Some(Connection::Failed(why)) => Judgement::fail(
            format!("no connection to {}:{}: {why}", target.host, target.port),
            "check name, port, firewall, pg_hba.conf, account and password (CONNECT_POSTGRES_PASSWORD); from the cluster the answer may differ",
        ),
        Some(Connection::Answered { version, encrypted }) => {
            let evidence = format!(
                "PostgreSQL {version} answers at {}:{}, {}",
                target.host,
                target.port,
                if *encrypted {
                    "encrypted"
                } else {
                    "not encrypted"
                }
            );
            let major: Option<u32> = version
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .and_then(|text| text.parse().ok());
            if major.is_some_and(|major| major < OLDEST) {
                return Judgement::warn(
                    evidence,
                    format!(
                        "its makers support {OLDEST} and later; upgrade it before or after the migration, not in between"
                    ),
                );
            }
            Judgement::pass(evidence)
        }
    }
}

/// A pod that makes one connection with the password from the Secret and goes.
pub(super) fn from_cluster(facts: &DatabaseFacts<'_>) -> Judgement {
    let target = match facts.target() {
        Ok(target) => target,
        Err(unreadable) => return unreadable,
    };
    let mode = target.ssl.as_str();
    let environment = |name: &str, value: &str| serde_json::json!({"name": name, "value": value});
    let overrides = serde_json::json!({"spec": {"containers": [{
        "name": "probe",
        "image": "postgres:16-alpine",
        "command": ["psql", "--command", "select version()"],
        "env": [
            environment("PGHOST", &target.host),
            environment("PGPORT", &target.port.to_string()),
            environment("PGDATABASE", &target.database),
            environment("PGUSER", target.user.as_deref().unwrap_or_default()),
            environment("PGSSLMODE", mode),
            environment("PGCONNECT_TIMEOUT", "10"),
            {"name": "PGPASSWORD", "valueFrom": {"secretKeyRef": {
                "name": facts.secret, "key": "CONNECT_POSTGRES_PASSWORD"}}},
        ],
    }]}});
    let overrides = shell_word(&overrides.to_string());
    let mut check = Judgement::not_asked(
        "not asked from here, since it would make a pod: run the command in the release's namespace, once the Secret is there",
    );
    check.command = Some(format!(
        "kubectl run connect-database-probe --rm --attach --restart=Never --image=postgres:16-alpine --overrides={overrides}"
    ));
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;

    fn target(url: &str) -> Target {
        Target::parse(url, Some("from-setting")).unwrap()
    }

    fn facts(url: &str, connection: Option<Connection>) -> DatabaseFacts<'static> {
        DatabaseFacts {
            target: Ok(target(url)),
            connection,
            secret: "connect-secrets",
        }
    }

    #[test]
    fn addresses_are_read_as_connect_reads_them() {
        let full = target("postgres://connect:p%40ss@db.example.com:6432/rsc?sslmode=verify-full");
        assert_eq!((full.host.as_str(), full.port), ("db.example.com", 6432));
        assert_eq!(
            (full.user.as_deref(), full.database.as_str()),
            (Some("connect"), "rsc")
        );
        assert_eq!(full.password.as_ref().unwrap().expose(), "p@ss");
        assert_eq!(full.ssl, SslMode::VerifyFull);
        assert!(!full.shown.contains("ss@db"), "{}", full.shown);
        let bare = target("postgresql://connect@db/");
        assert_eq!((bare.port, bare.database.as_str()), (5432, "connect"));
        assert_eq!(bare.password.as_ref().unwrap().expose(), "from-setting");
        let old = target("postgres://connect:{$}@db/rsc?sslmode=disable");
        assert_eq!(old.password.unwrap().expose(), "from-setting");
        assert_eq!(old.ssl, SslMode::Disable);
        let words =
            target("host = db port=6432 user=u password='it\\'s' sslmode='verify-full' dbname=d");
        assert_eq!((words.host.as_str(), words.port), ("db", 6432));
        assert_eq!(words.password.as_ref().unwrap().expose(), "it's");
        assert_eq!(words.ssl, SslMode::VerifyFull);
        assert_eq!(words.shown, "postgres://db:6432/d");
        let several = target("postgres://u@one:1,two:2/d?sslmode=require&connect_timeout=3");
        assert_eq!((several.host.as_str(), several.port), ("one", 1));
        assert_eq!(several.ssl, SslMode::Require);
        assert_eq!(Target::parse("no url", None), Err(TargetError::Unreadable));
        assert_eq!(Target::of(&[]), Err(TargetError::Missing));
    }

    #[test]
    fn an_unknown_ssl_mode_is_no_default() {
        for url in [
            "postgres://u@h/d?sslmode=verify_full",
            "postgres://u@h/d?sslmode=Require",
            "postgres://u@h/d?sslmode=",
            "host=h sslmode=on",
            "host=h sslmode",
            "postgres://u@h:1,i:2/d?sslmode=verify_full",
            "host=h sslmode=require sslmode=disable",
        ] {
            assert_eq!(Target::parse(url, None), Err(TargetError::SslMode), "{url}");
        }
    }

    #[test]
    fn the_old_machine_is_no_address_for_pods() {
        for url in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1/d",
            "postgres://u@[::1]/d",
            "postgres:///d?host=/var/run/postgresql",
            "postgres:///d",
        ] {
            assert!(target(url).is_local(), "{url}");
        }
        assert!(!target("postgres://u@10.0.0.5/d").is_local());
        let facts = facts("postgres://u@localhost/d", None);
        assert_eq!(address(&facts).status, Status::Fail);
    }

    #[test]
    fn the_probe_takes_the_password_from_the_secret() {
        let facts = facts("postgres://it's:hidden@db/rsc", None);
        let command = from_cluster(&facts).command.unwrap();
        assert!(!command.contains("hidden") && !command.contains("from-setting"));
        let words = shlex::split(&command).unwrap();
        let overrides = words
            .iter()
            .find_map(|word| word.strip_prefix("--overrides="));
        let pod: serde_json::Value = serde_json::from_str(overrides.unwrap()).unwrap();
        let environment = &pod["spec"]["containers"][0]["env"];
        let of = |name: &str| {
            let all = environment.as_array().unwrap();
            all.iter().find(|one| one["name"] == name).unwrap()
        };
        assert_eq!(of("PGUSER")["value"], "it's");
        assert_eq!(
            of("PGPASSWORD")["valueFrom"]["secretKeyRef"],
            serde_json::json!({"name": "connect-secrets", "key": "CONNECT_POSTGRES_PASSWORD"})
        );
    }

    #[test]
    fn connections_are_judged() {
        let of = |connection: Connection| {
            connected(&facts("postgres://u@db/d", Some(connection))).status
        };
        let answered = |version: &str| Connection::Answered {
            version: version.to_owned(),
            encrypted: true,
        };
        assert_eq!(of(answered("15.14 (Debian 15.14-0+deb12u1)")), Status::Pass);
        assert_eq!(of(answered("9.6.24")), Status::Warn);
        assert_eq!(of(Connection::Failed("refused".to_owned())), Status::Fail);
    }
}
