//! The database: where it is, and whether it answers.

use super::{Check, Group, Judgement, code, postgres};
use crate::database::{Target, TargetError};
use crate::gcfg::Document;
use crate::output::shell_word;

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
    let mode: &str = target.ssl.into();
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
