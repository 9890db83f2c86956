//! Checks that the old server's API answers: the license, and the key itself.

use super::{Check, CheckCode, Group, Judgement, code};
use crate::connect::{Licence, Login, User};
use crate::yaml::{Map, Value};

/// Days before its end from which on a license is worth a warning: a migration takes weeks.
const SOON: i64 = 60;

/// What the old server says.
#[derive(Debug, Clone, Default)]
pub(super) struct OldServer {
    /// Its license, where it tells.
    pub licence: Option<Licence>,
    /// Whose key it is, or why that is not known.
    pub user: Option<Result<User, String>>,
    /// Whether the key can do what only administrators can; what the server says where not.
    pub administrator: Option<Result<(), String>>,
    /// Its version, where it tells.
    pub version: Option<String>,
}

/// What it says, and what is to be deployed.
#[derive(Debug)]
pub(super) struct OldServerFacts<'a> {
    pub said: &'a OldServer,
    /// Complete, and absent where none were given.
    pub values: Option<&'a Map>,
}

/// Asks the old server.
///
/// # Errors
/// Why it does not answer.
pub(super) async fn ask(login: Login) -> Result<OldServer, String> {
    let connect = login.open().await.map_err(|error| error.to_string())?;
    let user = connect.user().await;
    // Only administrators may list the nodes; it is a small question.
    let hosts = connect.hosts().await;
    Ok(OldServer {
        licence: connect.settings().license.clone(),
        user: Some(user.map_err(|error| error.to_string())),
        administrator: Some(hosts.map(|_| ()).map_err(|error| error.to_string())),
        version: connect.version().map(|version| version.to_string()),
    })
}

/// Judges the old server's answer; `None` where none is given.
pub(super) fn examine(
    answer: Option<&Result<OldServer, String>>,
    values: Option<&Map>,
) -> Vec<Check> {
    let (mut license, api_key) = match answer {
        None => (Group::License.unasked(), Group::ApiKey.unasked()),
        Some(Err(error)) => unanswered(error),
        Some(Ok(said)) => {
            let facts = OldServerFacts { said, values };
            (code::license(&facts), code::api_key(&facts))
        }
    };
    license.extend(api_key);
    license
}

/// Says that the server does not answer, or not to this key.
fn unanswered(error: &str) -> (Vec<Check>, Vec<Check>) {
    let why = "the server did not answer; see api-key-valid";
    let mut api_key = Group::ApiKey.not_asked(why);
    for check in &mut api_key {
        if check.code == CheckCode::ApiKeyValid {
            let remedy = "mend this first: the inventory and the rebuild ask the same API";
            check.judgement = Judgement::fail(error, remedy);
        }
    }
    (Group::License.not_asked(why), api_key)
}

impl OldServerFacts<'_> {
    fn licence(&self) -> Result<&Licence, Judgement> {
        let untold = "the server does not tell this key about its license";
        let licence = self.said.licence.as_ref();
        licence.ok_or_else(|| Judgement::not_asked(untold))
    }
}

fn described(licence: &Licence) -> String {
    let mut text = licence
        .status
        .clone()
        .unwrap_or_else(|| "of unknown status".to_owned());
    for (name, value) in [("tier", &licence.tier), ("edition", &licence.edition)] {
        if let Some(value) = value {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    let ends = licence
        .expiration
        .filter(|&ends| ends > 0)
        .and_then(|ends| jiff::Timestamp::from_millisecond(ends).ok());
    if let Some(ends) = ends {
        text.push_str(&format!(", until {}", ends.strftime("%Y-%m-%d")));
    }
    if let Some(days) = licence.days_left {
        text.push_str(&format!(" ({days} days)"));
    }
    text
}

pub(super) fn status(facts: &OldServerFacts<'_>) -> Judgement {
    let licence = match facts.licence() {
        Ok(licence) => licence,
        Err(untold) => return untold,
    };
    let text = format!("the license is {}", described(licence));
    match licence.status.as_deref() {
        Some("activated") if licence.days_left.is_some_and(|days| days < SOON) => Judgement::warn(
            text,
            "renew it before the migration, so that it does not end in the middle",
        ),
        Some("activated") => Judgement::pass(text),
        Some("expired") => Judgement::fail(
            text,
            "renew it: an expired server answers nobody, so nothing can be listed or built",
        ),
        _ => Judgement::warn(
            text,
            "make sure that there is a license for the new server: an evaluation does not move",
        ),
    }
}

pub(super) fn off_host(facts: &OldServerFacts<'_>) -> Judgement {
    let licence = match facts.licence() {
        Ok(licence) => licence,
        Err(untold) => return untold,
    };
    match licence.enable_launcher {
        Some(true) => Judgement::pass("the license allows content to run in other pods"),
        Some(false) => Judgement::fail(
            "the license does not allow content to run in other pods (enable-launcher is off)",
            "ask Posit for a license with off-host execution before anything else",
        ),
        None => Judgement::warn(
            "the server does not say whether the license allows content to run in other pods",
            "ask Posit whether yours has off-host execution",
        ),
    }
}

pub(super) fn activation(facts: &OldServerFacts<'_>) -> Judgement {
    let licence = match facts.licence() {
        Ok(licence) => licence,
        Err(untold) => return untold,
    };
    let floating = licence
        .kind
        .as_deref()
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("local"));
    let said = |path: &[&str]| {
        facts
            .values
            .and_then(|values| values.get("license")?.at(path))
            .is_some_and(Value::is_truthy)
    };
    let old = if floating {
        "the old server takes its license from a license server"
    } else if licence.has_key == Some(false) {
        "the old server has a license file"
    } else {
        "the old server is activated with a key"
    };
    let back = "give the VM's activation back once it is stopped for good";
    let command = "sudo /opt/rstudio-connect/bin/license-manager deactivate";
    if said(&["file", "secret"]) || said(&["file", "contents"]) {
        return Judgement::pass(format!(
            "{old}; the values bring a license file, which suits pods: they come and go"
        ));
    }
    if said(&["server"]) {
        return Judgement::pass(format!("{old}; the values name a license server"));
    }
    if said(&["key"]) {
        return Judgement::warn(format!("{old}; the values bring a key, which is activated anew in every pod"),
            format!("both servers run for a while, which takes an activation more: ask Posit for it, or better for a license file (license.file.secret), since a pod that is killed keeps its activation. Later, {back}"),
        )
        .command(command);
    }
    let remedy = if floating {
        format!(
            "name the license server in license.server, and make sure that it has a lease more while both servers run. Later, {back}"
        )
    } else {
        format!(
            "the new server needs an activation of its own while both run: ask Posit for a license file and put it into a Secret (license.file.secret). Later, {back}"
        )
    };
    let evidence = if facts.values.is_some() {
        format!("{old}; the values bring no license")
    } else {
        format!("{old}; no values given (-f FILE)")
    };
    Judgement::warn(evidence, remedy).command(command)
}

pub(super) fn valid(OldServerFacts { said, .. }: &OldServerFacts<'_>) -> Judgement {
    match &said.user {
        None => Judgement::not_asked("the server was not asked"),
        Some(Err(error)) => Judgement::fail(error.clone(), "make a key of an active account"),
        Some(Ok(user)) if user.locked == Some(true) => Judgement::fail(
            "the key's owner is locked",
            "make a key of an active account",
        ),
        Some(Ok(user)) => Judgement::pass(format!(
            "the key is {}'s",
            user.username.as_deref().unwrap_or("somebody")
        )),
    }
}

pub(super) fn administrator(OldServerFacts { said, .. }: &OldServerFacts<'_>) -> Judgement {
    let remedy = "make a key with an administrator's role: the inventory would lack content that others own, and caches cannot be cleared";
    match (&said.administrator, &said.user) {
        (None, _) => Judgement::not_asked("the server was not asked"),
        (Some(Ok(())), _) => Judgement::pass("the key can do what only administrators can"),
        (Some(Err(error)), Some(Ok(user))) if !user.is_lesser() => Judgement::fail(
            format!("its owner is an administrator, but the key is not: {error}"),
            remedy,
        ),
        (Some(Err(error)), _) => Judgement::fail(error.clone(), remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::yaml::read_values;

    const LICENCE: &str = r#"{"status": "activated", "expiration": 1830000000000, "days-left": 462,
        "tier": "enterprise", "has-key": true, "type": "local", "enable-launcher": true}"#;

    fn of(
        licence: &str,
        values: &str,
        judge: impl Fn(&OldServerFacts<'_>) -> Judgement,
    ) -> Judgement {
        let said = OldServer {
            licence: Some(serde_json::from_str(licence).unwrap()),
            ..OldServer::default()
        };
        let values = read_values(values).unwrap();
        judge(&OldServerFacts {
            said: &said,
            values: Some(&values),
        })
    }

    #[test]
    fn the_license_is_judged_by_status_and_time() {
        let status = |text: &str| of(text, "", super::status);
        assert_eq!(status(LICENCE).status, Status::Pass);
        assert_eq!(
            status(LICENCE).evidence,
            "the license is activated, tier enterprise, until 2027-12-28 (462 days)"
        );
        assert_eq!(status(&LICENCE.replace("462", "12")).status, Status::Warn);
        assert_eq!(
            status(&LICENCE.replace("activated", "expired")).status,
            Status::Fail
        );
        assert_eq!(
            status(&LICENCE.replace("activated", "evaluation")).status,
            Status::Warn
        );
        assert_eq!(status("{}").status, Status::Warn);
    }

    #[test]
    fn off_host_execution_must_be_licensed() {
        let status = |text: &str| of(text, "", off_host).status;
        assert_eq!(status(LICENCE), Status::Pass);
        assert_eq!(status(&LICENCE.replace("true}", "false}")), Status::Fail);
        assert_eq!(status("{}"), Status::Warn);
    }

    #[test]
    fn a_license_file_suits_pods_best() {
        let check = |values: &str| of(LICENCE, values, activation);
        assert_eq!(check("license: {file: {secret: s}}").status, Status::Pass);
        assert_eq!(check("license: {server: s}").status, Status::Pass);
        assert_eq!(check("license: {key: k}").status, Status::Warn);
        let none = check("");
        assert_eq!(none.status, Status::Warn);
        assert!(none.command.unwrap().contains("deactivate"));
    }

    #[test]
    fn a_lesser_key_of_an_administrator_is_told_apart() {
        let of = |role: &str| {
            let said = OldServer {
                user: Some(Ok(serde_json::from_str(&format!(
                    r#"{{"user_role": "{role}"}}"#
                ))
                .unwrap())),
                administrator: Some(Err("denied".to_owned())),
                ..OldServer::default()
            };
            administrator(&OldServerFacts {
                said: &said,
                values: None,
            })
        };
        let check = of("administrator");
        assert!(check.evidence.contains("but the key is not"), "{check:?}");
        assert_eq!(of("viewer").evidence, "denied");
    }
}
