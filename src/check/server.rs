//! Checks that the old server's API answers: the license, and the key itself.

use super::{Check, CheckCode, Group};
use crate::connect::{Licence, Login, User};
use crate::yaml::{Map, Value};

/// Days before its end from which on a license is worth a warning: a migration takes weeks.
const SOON: i64 = 60;

/// What the server says.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Its license, where it tells.
    pub licence: Option<Licence>,
    /// Whose key it is, or why that is not known.
    pub user: Option<Result<User, String>>,
    /// Whether the key can do what only administrators can; what the server says where not.
    pub administrator: Option<Result<(), String>>,
}

/// What the old server says.
#[derive(Debug)]
pub(super) struct Answered {
    /// Facts for the checks, or why it does not answer.
    pub facts: Result<Facts, String>,
    /// Its version, where it tells.
    pub version: Option<String>,
}

/// Asks the old server.
pub(super) async fn ask(login: Login) -> Answered {
    let connect = match login.open().await {
        Ok(connect) => connect,
        Err(error) => {
            return Answered {
                facts: Err(error.to_string()),
                version: None,
            };
        }
    };
    let facts = Facts {
        licence: connect.settings().license.clone(),
        user: Some(connect.user().await.map_err(|error| error.to_string())),
        // Only administrators may list the nodes; it is a small question.
        administrator: Some(
            connect
                .hosts()
                .await
                .map(|_| ())
                .map_err(|error| error.to_string()),
        ),
    };
    Answered {
        facts: Ok(facts),
        version: connect.version().map(|version| version.to_string()),
    }
}

/// Judges the old server's answer; `None` where none is given.
pub(super) fn examine(answer: Option<&Answered>, values: Option<&Map>) -> Vec<Check> {
    match answer.map(|answer| &answer.facts) {
        None => [Group::License, Group::ApiKey]
            .into_iter()
            .flat_map(Group::unasked)
            .collect(),
        Some(Err(error)) => unanswered(error),
        Some(Ok(facts)) => checks(facts, values),
    }
}

/// Says that the server does not answer, or not to this key.
fn unanswered(error: &str) -> Vec<Check> {
    codes()
        .into_iter()
        .map(|code| match code {
            CheckCode::ApiKeyValid => Check::fail(
                code,
                error,
                "mend this first: the inventory and the rebuild ask the same API",
            ),
            code => Check::not_asked(code, "the server did not answer; see api-key-valid"),
        })
        .collect()
}

const fn codes() -> [CheckCode; 5] {
    [
        CheckCode::LicenseStatus,
        CheckCode::LicenseOffHost,
        CheckCode::LicenseActivation,
        CheckCode::ApiKeyValid,
        CheckCode::ApiKeyAdministrator,
    ]
}

/// Judges what the server says; `values` are complete, and absent where none were given.
fn checks(facts: &Facts, values: Option<&Map>) -> Vec<Check> {
    let mut checks = match &facts.licence {
        Some(licence) => vec![
            status(licence),
            off_host(licence),
            activation(licence, values),
        ],
        None => [
            CheckCode::LicenseStatus,
            CheckCode::LicenseOffHost,
            CheckCode::LicenseActivation,
        ]
        .into_iter()
        .map(|code| Check::not_asked(code, "the server does not tell this key about its license"))
        .collect(),
    };
    checks.push(valid(facts));
    checks.push(administrator(facts));
    checks
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

fn status(licence: &Licence) -> Check {
    let code = CheckCode::LicenseStatus;
    let text = format!("the license is {}", described(licence));
    match licence.status.as_deref() {
        Some("activated") if licence.days_left.is_some_and(|days| days < SOON) => Check::warn(
            code,
            text,
            "renew it before the migration, so that it does not end in the middle",
        ),
        Some("activated") => Check::pass(code, text),
        Some("expired") => Check::fail(
            code,
            text,
            "renew it: an expired server answers nobody, so nothing can be listed or built",
        ),
        _ => Check::warn(
            code,
            text,
            "make sure that there is a license for the new server: an evaluation does not move",
        ),
    }
}

fn off_host(licence: &Licence) -> Check {
    let code = CheckCode::LicenseOffHost;
    match licence.enable_launcher {
        Some(true) => Check::pass(code, "the license allows content to run in other pods"),
        Some(false) => Check::fail(
            code,
            "the license does not allow content to run in other pods (enable-launcher is off)",
            "ask Posit for a license with off-host execution before anything else",
        ),
        None => Check::warn(
            code,
            "the server does not say whether the license allows content to run in other pods",
            "ask Posit whether yours has off-host execution",
        ),
    }
}

fn activation(licence: &Licence, values: Option<&Map>) -> Check {
    let code = CheckCode::LicenseActivation;
    let floating = licence
        .kind
        .as_deref()
        .is_some_and(|kind| !kind.eq_ignore_ascii_case("local"));
    let said = |path: &[&str]| {
        values
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
        return Check::pass(
            code,
            format!("{old}; the values bring a license file, which suits pods: they come and go"),
        );
    }
    if said(&["server"]) {
        return Check::pass(code, format!("{old}; the values name a license server"));
    }
    if said(&["key"]) {
        return Check::warn(
            code,
            format!("{old}; the values bring a key, which is activated anew in every pod"),
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
    let evidence = if values.is_some() {
        format!("{old}; the values bring no license")
    } else {
        format!("{old}; no values given (-f FILE)")
    };
    Check::warn(code, evidence, remedy).command(command)
}

fn valid(facts: &Facts) -> Check {
    let code = CheckCode::ApiKeyValid;
    match &facts.user {
        None => Check::not_asked(code, "the server was not asked"),
        Some(Err(error)) => Check::fail(code, error.clone(), "make a key of an active account"),
        Some(Ok(user)) if user.locked == Some(true) => Check::fail(
            code,
            "the key's owner is locked",
            "make a key of an active account",
        ),
        Some(Ok(user)) => Check::pass(
            code,
            format!(
                "the key is {}'s",
                user.username.as_deref().unwrap_or("somebody")
            ),
        ),
    }
}

fn administrator(facts: &Facts) -> Check {
    let code = CheckCode::ApiKeyAdministrator;
    let remedy = "make a key with an administrator's role: the inventory would lack content that others own, and caches cannot be cleared";
    match (&facts.administrator, &facts.user) {
        (None, _) => Check::not_asked(code, "the server was not asked"),
        (Some(Ok(())), _) => Check::pass(code, "the key can do what only administrators can"),
        (Some(Err(error)), Some(Ok(user))) if !user.is_lesser() => Check::fail(
            code,
            format!("its owner is an administrator, but the key is not: {error}"),
            remedy,
        ),
        (Some(Err(error)), _) => Check::fail(code, error.clone(), remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::yaml::read_values;

    const LICENCE: &str = r#"{"status": "activated", "expiration": 1830000000000, "days-left": 462,
        "tier": "enterprise", "has-key": true, "type": "local", "enable-launcher": true}"#;

    fn of(licence: &str, values: &str, code: CheckCode) -> Check {
        let facts = Facts {
            licence: Some(serde_json::from_str(licence).unwrap()),
            ..Facts::default()
        };
        let values = read_values(values).unwrap();
        checks(&facts, Some(&values))
            .into_iter()
            .find(|check| check.code == code)
            .unwrap()
    }

    #[test]
    fn the_license_is_judged_by_status_and_time() {
        let status = |text: &str| of(text, "", CheckCode::LicenseStatus);
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
        let status = |text: &str| of(text, "", CheckCode::LicenseOffHost).status;
        assert_eq!(status(LICENCE), Status::Pass);
        assert_eq!(status(&LICENCE.replace("true}", "false}")), Status::Fail);
        assert_eq!(status("{}"), Status::Warn);
    }

    #[test]
    fn a_license_file_suits_pods_best() {
        let check = |values: &str| of(LICENCE, values, CheckCode::LicenseActivation);
        assert_eq!(check("license: {file: {secret: s}}").status, Status::Pass);
        assert_eq!(check("license: {server: s}").status, Status::Pass);
        assert_eq!(check("license: {key: k}").status, Status::Warn);
        let none = check("");
        assert_eq!(none.status, Status::Warn);
        assert!(none.command.unwrap().contains("deactivate"));
    }

    #[test]
    fn a_lesser_key_of_an_administrator_is_told_apart() {
        let facts = |role: &str| Facts {
            user: Some(Ok(serde_json::from_str(&format!(
                r#"{{"user_role": "{role}"}}"#
            ))
            .unwrap())),
            administrator: Some(Err("denied".to_owned())),
            ..Facts::default()
        };
        let check = administrator(&facts("administrator"));
        assert!(check.evidence.contains("but the key is not"), "{check:?}");
        assert_eq!(administrator(&facts("viewer")).evidence, "denied");
    }
}
