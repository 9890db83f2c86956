//! The database of a server: where PostgreSQL is, as the configuration says it.

use percent_encoding::percent_decode_str;

use crate::gcfg::{Configuration, Document};
use crate::secret::Secret;
use crate::settings::secrecy::text_exposes;

/// How to encrypt the connection, in the words of `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
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
    fn read(text: &str) -> Result<Self, TargetError> {
        text.parse().map_err(|_| TargetError::SslMode)
    }
}

impl Target {
    /// Reads the address.
    ///
    /// # Errors
    /// There is none, or it is of a form that is not understood here.
    pub(crate) fn of(documents: &[Document]) -> Result<Self, TargetError> {
        let documents: Vec<&Document> = documents.iter().collect();
        let configuration = Configuration::of(&documents);
        let said = |property| configuration.value("Postgres", property);
        Self::parse(said("URL").ok_or(TargetError::Missing)?, said("Password"))
    }

    /// Reads one address; a password in it goes before the other.
    ///
    /// # Errors
    /// It is of a form that is not understood here.
    pub(crate) fn parse(text: &str, password: Option<&str>) -> Result<Self, TargetError> {
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
            ssl: parameter("sslmode")
                .map_or(Ok(SslMode::default()), |mode| SslMode::read(&mode))?,
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
    let mode = SslMode::read(value.trim_matches('\''))?;
    // Twice is once too often to know which one holds.
    if rest.contains(NAME) {
        return Err(TargetError::SslMode);
    }
    Ok((
        format!("{}{}", &text[..start], rest.trim_start_matches('&')),
        mode,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(url, Some("from-setting")).unwrap()
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
}
