//! Checks of the old server's configuration. The rules are the conversion's own: what it blocks on,
//! what it wants looked at and what it leaves to do is sorted here, not decided again.

use super::{Check, CheckCode, count, plural};
use crate::convert::account::{Account, Action, Decision};
use crate::gcfg::{Configuration, Document};
use crate::settings::Catalogue;
use crate::settings::secrecy::may_be_encrypted;

/// Codes of the conversion that have a check of their own here.
const ACCOUNTS: [&str; 2] = ["host-pam", "host-account"];

/// Judges a configuration by the account of its conversion.
#[must_use]
pub(crate) fn checks(documents: &[Document], account: &Account) -> Vec<Check> {
    vec![
        provider(account),
        instrumentation(documents),
        encrypted(documents),
        https(account),
        accounts(account),
        files(account),
        blockers(account),
        review(account),
        tasks(account),
    ]
}

fn provider(account: &Account) -> Check {
    let code = CheckCode::DatabaseProvider;
    match account
        .blockers
        .iter()
        .find(|blocker| blocker.code == "database-not-postgres")
    {
        Some(blocker) => Check::fail(
            code,
            "the server does not keep its data in PostgreSQL",
            blocker.reason.clone(),
        ),
        None => Check::pass(code, "Database.Provider is postgres"),
    }
}

/// What the last of some documents says about a plain setting, as Connect reads it.
pub(super) fn last_value<'a>(
    documents: &'a [Document],
    section: &str,
    property: &str,
) -> Option<&'a str> {
    let documents: Vec<&Document> = documents.iter().collect();
    Configuration::of(&documents).value(section, property)
}

fn instrumentation(documents: &[Document]) -> Check {
    let code = CheckCode::DatabaseInstrumentation;
    if last_value(documents, "Postgres", "InstrumentationURL").is_some() {
        Check::pass(
            code,
            "usage is kept apart: Postgres.InstrumentationURL is set, and the new server needs the same",
        )
    } else {
        Check::warn(
            code,
            "Postgres.InstrumentationURL is not set: usage is kept in the main database",
            "this works; a database or schema of its own keeps usage from slowing the main one. If it is ever moved, do it apart from this migration",
        )
    }
}

fn encrypted(documents: &[Document]) -> Check {
    let code = CheckCode::EncryptedSettings;
    let found: Vec<String> = documents
        .iter()
        .flat_map(Document::settings)
        .filter(|setting| {
            setting.text().is_some_and(|text| {
                may_be_encrypted(text)
                    && Catalogue::builtin().exposure(&setting.name, text).is_some()
            })
        })
        .map(|setting| setting.name.to_string())
        .collect();
    if found.is_empty() {
        return Check::pass(code, "no value looks encrypted");
    }
    Check::warn(
        code,
        format!("{} may be encrypted with the server's key file", count(found.len(), "value")),
        "only the key file can decrypt them, by default db/secret.key below the data directory: it must move with the data, and the pod must be able to read it. The database's own secrets need it just as much",
    )
    .details(found)
}

fn decisions<'a>(account: &'a Account, codes: &'a [&str]) -> impl Iterator<Item = &'a Decision> {
    account.settings.iter().filter(|decision| {
        decision.action != Action::Drop && codes.contains(&decision.code.as_ref())
    })
}

fn place(decision: &Decision) -> String {
    format!("{} ({}:{})", decision.name, decision.file, decision.line)
}

fn https(account: &Account) -> Check {
    let code = CheckCode::HttpsTermination;
    let found: Vec<_> = decisions(account, &["ingress-tls", "ingress-redirect"])
        .map(place)
        .collect();
    if found.is_empty() {
        return Check::pass(
            code,
            "the server speaks plain HTTP behind something that ends TLS",
        );
    }
    Check::warn(
        code,
        "the old server ends TLS itself",
        "end TLS at the ingress (ingress.tls with the certificate in a Secret): the chart's service and probes speak plain HTTP to the pod",
    )
    .details(found)
}

fn accounts(account: &Account) -> Check {
    let code = CheckCode::HostAccounts;
    let pam = account
        .settings
        .iter()
        .any(|decision| decision.action != Action::Drop && decision.code == "host-pam");
    let found: Vec<_> = decisions(account, &ACCOUNTS).map(place).collect();
    if found.is_empty() {
        return Check::pass(code, "no PAM and no accounts of the old host");
    }
    let remedy = if pam {
        "PAM reads the host's own service files and accounts, which the image lacks: change to another provider on the old server before the migration, or build a server image with both; accounts that content runs as must exist in every content image with the same ids"
    } else {
        "accounts that content runs as must exist with the same user and group ids in the server's image and in every content image, or be given up"
    };
    Check::warn(
        code,
        "content or sign-in depends on accounts of the old host",
        remedy,
    )
    .details(found)
}

fn files(account: &Account) -> Check {
    let code = CheckCode::MountedFiles;
    let found: Vec<_> = decisions(account, &["mount-file", "host-path"])
        .map(place)
        .collect();
    if found.is_empty() {
        return Check::pass(code, "the configuration names no files of the old host");
    }
    Check::warn(
        code,
        format!(
            "{} to files or folders of the old host",
            plural(found.len(), "setting points", "settings point")
        ),
        "bring each into the pod: small files as a Secret or ConfigMap with pod.volumes and pod.volumeMounts, folders on the shared storage, and set the path to where it is mounted",
    )
    .details(found)
}

fn blockers(account: &Account) -> Check {
    let code = CheckCode::ConfigurationBlockers;
    let found: Vec<_> = account
        .blockers
        .iter()
        .filter(|blocker| blocker.code != "database-not-postgres")
        .map(|blocker| format!("{} [{}]: {}", blocker.setting, blocker.code, blocker.reason))
        .collect();
    if found.is_empty() {
        return Check::pass(
            code,
            format!("all {} convert", count(account.summary.settings, "setting")),
        );
    }
    Check::fail(
        code,
        format!(
            "{} in the way of the conversion",
            count(found.len(), "setting")
        ),
        "mend each as it says; `values --from` shows every setting and its fate",
    )
    .details(found)
}

fn review(account: &Account) -> Check {
    let code = CheckCode::ConfigurationReview;
    let found: Vec<_> = account
        .settings
        .iter()
        .filter(|decision| decision.action == Action::Review)
        .filter(|decision| {
            !["ingress-tls", "ingress-redirect", "mount-file", "host-path"]
                .iter()
                .chain(&ACCOUNTS)
                .any(|code| decision.code == *code)
        })
        .map(|decision| format!("{} [{}]: {}", decision.name, decision.code, decision.reason))
        .collect();
    if found.is_empty() {
        return Check::pass(code, "no other setting needs to be looked at");
    }
    Check::warn(
        code,
        format!(
            "{} carried over whose meaning may change on the cluster",
            count(found.len(), "setting")
        ),
        "look at each; `values --from` has the whole account",
    )
    .details(found)
}

fn tasks(account: &Account) -> Check {
    let code = CheckCode::ConfigurationTasks;
    if account.tasks.is_empty() {
        return Check::pass(
            code,
            "values and configuration say all that a deployment needs",
        );
    }
    Check::warn(
        code,
        format!(
            "{} left before the deployment",
            count(account.tasks.len(), "task")
        ),
        "decide each, with flags of `values` or in your own values (-f)",
    )
    .details(
        account
            .tasks
            .iter()
            .map(|task| format!("[{}] {}", task.code, task.what)),
    )
}
