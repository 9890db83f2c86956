//! Checks of the old server's configuration. The rules are the conversion's own: what it blocks on,
//! what it wants looked at and what it leaves to do is sorted here, not decided again.

use super::{Judgement, count, plural};
use crate::convert::account::{Account, Action, Decision};
use crate::gcfg::{Configuration, Document};
use crate::settings::Catalogue;
use crate::settings::secrecy::may_be_encrypted;

/// Codes of the conversion that have a check of their own here.
const ACCOUNTS: [&str; 2] = ["host-pam", "host-account"];

/// The configuration, and what its conversion made of it.
#[derive(Debug)]
pub(super) struct ConfigurationFacts<'a> {
    pub documents: &'a [Document],
    pub account: &'a Account,
}

pub(super) fn provider(ConfigurationFacts { account, .. }: &ConfigurationFacts<'_>) -> Judgement {
    match account
        .blockers
        .iter()
        .find(|blocker| blocker.code == "database-not-postgres")
    {
        Some(blocker) => Judgement::fail(
            "the server does not keep its data in PostgreSQL",
            blocker.reason.clone(),
        ),
        None => Judgement::pass("Database.Provider is postgres"),
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

pub(super) fn instrumentation(
    ConfigurationFacts { documents, .. }: &ConfigurationFacts<'_>,
) -> Judgement {
    if last_value(documents, "Postgres", "InstrumentationURL").is_some() {
        Judgement::pass(
            "usage is kept apart: Postgres.InstrumentationURL is set, and the new server needs the same",
        )
    } else {
        Judgement::warn(
            "Postgres.InstrumentationURL is not set: usage is kept in the main database",
            "this works; a database or schema of its own keeps usage from slowing the main one. If it is ever moved, do it apart from this migration",
        )
    }
}

pub(super) fn encrypted(
    ConfigurationFacts { documents, .. }: &ConfigurationFacts<'_>,
) -> Judgement {
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
        return Judgement::pass("no value looks encrypted");
    }
    Judgement::warn(format!("{} may be encrypted with the server's key file", count(found.len(), "value")),
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

pub(super) fn https(ConfigurationFacts { account, .. }: &ConfigurationFacts<'_>) -> Judgement {
    let found: Vec<_> = decisions(account, &["ingress-tls", "ingress-redirect"])
        .map(place)
        .collect();
    if found.is_empty() {
        return Judgement::pass("the server speaks plain HTTP behind something that ends TLS");
    }
    Judgement::warn("the old server ends TLS itself",
        "end TLS at the ingress (ingress.tls with the certificate in a Secret): the chart's service and probes speak plain HTTP to the pod",
    )
    .details(found)
}

pub(super) fn accounts(ConfigurationFacts { account, .. }: &ConfigurationFacts<'_>) -> Judgement {
    let pam = account
        .settings
        .iter()
        .any(|decision| decision.action != Action::Drop && decision.code == "host-pam");
    let found: Vec<_> = decisions(account, &ACCOUNTS).map(place).collect();
    if found.is_empty() {
        return Judgement::pass("no PAM and no accounts of the old host");
    }
    let remedy = if pam {
        "PAM reads the host's own service files and accounts, which the image lacks: change to another provider on the old server before the migration, or build a server image with both; accounts that content runs as must exist in every content image with the same ids"
    } else {
        "accounts that content runs as must exist with the same user and group ids in the server's image and in every content image, or be given up"
    };
    Judgement::warn(
        "content or sign-in depends on accounts of the old host",
        remedy,
    )
    .details(found)
}

pub(super) fn files(ConfigurationFacts { account, .. }: &ConfigurationFacts<'_>) -> Judgement {
    let found: Vec<_> = decisions(account, &["mount-file", "host-path"])
        .map(place)
        .collect();
    if found.is_empty() {
        return Judgement::pass("the configuration names no files of the old host");
    }
    Judgement::warn(format!(
            "{} to files or folders of the old host",
            plural(found.len(), "setting points", "settings point")
        ),
        "bring each into the pod: small files as a Secret or ConfigMap with pod.volumes and pod.volumeMounts, folders on the shared storage, and set the path to where it is mounted",
    )
    .details(found)
}

pub(super) fn blockers(ConfigurationFacts { account, .. }: &ConfigurationFacts<'_>) -> Judgement {
    let found: Vec<_> = account
        .blockers
        .iter()
        .filter(|blocker| blocker.code != "database-not-postgres")
        .map(|blocker| format!("{} [{}]: {}", blocker.setting, blocker.code, blocker.reason))
        .collect();
    if found.is_empty() {
        return Judgement::pass(format!(
            "all {} convert",
            count(account.summary.settings, "setting")
        ));
    }
    Judgement::fail(
        format!(
            "{} in the way of the conversion",
            count(found.len(), "setting")
        ),
        "mend each as it says; `values --from` shows every setting and its fate",
    )
    .details(found)
}

pub(super) fn review(ConfigurationFacts { account, .. }: &ConfigurationFacts<'_>) -> Judgement {
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
        return Judgement::pass("no other setting needs to be looked at");
    }
    Judgement::warn(
        format!(
            "{} carried over whose meaning may change on the cluster",
            count(found.len(), "setting")
        ),
        "look at each; `values --from` has the whole account",
    )
    .details(found)
}

pub(super) fn tasks(ConfigurationFacts { account, .. }: &ConfigurationFacts<'_>) -> Judgement {
    if account.tasks.is_empty() {
        return Judgement::pass("values and configuration say all that a deployment needs");
    }
    Judgement::warn(
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
