//! The steps with their commands.

use std::collections::HashMap;

use super::{Choices, Phase, Planned};
use crate::inventory::Inventory;
use crate::output::shell_word;
use crate::rebuild::{of_inventory, rough};
use crate::report::{End, Evidence};

/// Builds by which the times of the new server are told from those of the old.
const ENOUGH: usize = 10;

const ADMIN: &str = "Connect administrator";
const VM: &str = "administrator of the old machine";
const CLUSTER: &str = "cluster administrator";
const NOTHING: &str = "nothing was changed";

pub(super) fn phases(evidence: &Evidence, choices: &Choices) -> Vec<Phase> {
    vec![
        Phase {
            title: "Days before",
            steps: before(evidence, choices),
        },
        Phase {
            title: "In the window",
            steps: window(evidence, choices),
        },
        Phase {
            title: "Afterwards",
            steps: after(choices),
        },
    ]
}

fn before(evidence: &Evidence, choices: &Choices) -> Vec<Planned> {
    let gcfg = shell_word(&choices.gcfg);
    let data = shell_word(&choices.data_dir);
    let n = format!("-n {}", shell_word(&choices.namespace));
    vec![
        Planned {
            step: 1,
            title: "List the content, its versions and its use",
            who: ADMIN,
            commands: vec![
                "helm connect-migrate inventory --since 90d --out inventory.yaml".into(),
            ],
            takes: "minutes".into(),
            see: "inventory.yaml names every item",
            back: NOTHING.into(),
        },
        Planned {
            step: 2,
            title: "Put what matters most on top of the list",
            who: "owners of the content",
            commands: vec!["${EDITOR:-vi} inventory.yaml".into()],
            takes: "as long as it is talked about".into(),
            see: "'helm connect-migrate rebuild --from inventory.yaml --dry-run' shows the order",
            back: "make the list again".into(),
        },
        Planned {
            step: 4,
            title: "Make the values and the Secret",
            who: ADMIN,
            commands: vec![
                format!(
                    "helm connect-migrate values --from {gcfg} --out values.yaml --secret-out secret.yaml --report account.json"
                ),
                format!("kubectl apply {n} -f secret.yaml && rm secret.yaml"),
            ],
            takes: "seconds; the account takes an hour to read".into(),
            see: "the exit code is 0; every line of the account was looked at",
            back: format!("kubectl delete secret {n} rstudio-connect-secrets"),
        },
        Planned {
            step: 3,
            title: "Store the license",
            who: CLUSTER,
            commands: vec![format!(
                "kubectl create secret generic connect-license {n} --from-file=license.lic"
            )],
            takes: "seconds".into(),
            see: "the values name it, and 'check' finds it",
            back: format!("kubectl delete secret {n} connect-license"),
        },
        Planned {
            step: 0,
            title: "Check everything, on the old machine and against the cluster",
            who: ADMIN,
            commands: vec![format!(
                "helm connect-migrate check --from {gcfg} -f values.yaml --inventory inventory.yaml --data-dir {data} --cluster {n}"
            )],
            takes: "minutes; the walk over the data directory is the longest".into(),
            see: "the exit code is 0: no check failed",
            back: NOTHING.into(),
        },
        Planned {
            step: 0,
            title: "Copy the data directory for the first time, while the server runs",
            who: VM,
            commands: vec![format!(
                "sudo rsync -aHAX --numeric-ids {data}/ \"$NEW_DATA_DIR\"/"
            )],
            takes: sizes(evidence),
            see: "rsync ends with 0 (or 24: files vanished meanwhile)",
            back: "empty the copy".into(),
        },
        Planned {
            step: 6,
            title: "Warn the users",
            who: VM,
            commands: vec![
                format!("sudo helm connect-migrate announce --from {gcfg} --message \"$MESSAGE\""),
                "sudo systemctl reload rstudio-connect".into(),
            ],
            takes: "seconds".into(),
            see: "the message is on the sign-in page and on the dashboard",
            back: format!(
                "sudo helm connect-migrate announce --from {gcfg} --off && sudo systemctl reload rstudio-connect"
            ),
        },
    ]
}

fn window(evidence: &Evidence, choices: &Choices) -> Vec<Planned> {
    let data = shell_word(&choices.data_dir);
    let release = shell_word(&choices.release);
    let n = format!("-n {}", shell_word(&choices.namespace));
    let start = "sudo systemctl start rstudio-connect on the old machine";
    let home = format!(
        "helm uninstall {release} {n}, see that its pods are gone, restore the database from the backup if the new server wrote to it, then {start}"
    );
    vec![
        Planned {
            step: 6,
            title: "Stop the old server, for good: two servers on one database damage it",
            who: VM,
            commands: vec!["sudo systemctl disable --now rstudio-connect".into()],
            takes: "a minute".into(),
            see: "'systemctl is-active rstudio-connect' says inactive",
            back: "sudo systemctl enable --now rstudio-connect".into(),
        },
        Planned {
            step: 6,
            title: "Back up the database",
            who: "database administrator",
            commands: vec![
                "pg_dump --format=custom --file=connect.dump    # with the PG… variables of the database"
                    .into(),
            ],
            takes: "by the database's size, which nothing here was told".into(),
            see: "'pg_restore --list connect.dump' lists the tables",
            back: start.into(),
        },
        Planned {
            step: 6,
            title: "Copy what changed since, and give the copy to the account of the images",
            who: VM,
            commands: vec![
                format!("sudo rsync -aHAX --numeric-ids --delete {data}/ \"$NEW_DATA_DIR\"/"),
                "sudo chown -R 999:999 \"$NEW_DATA_DIR\"    # unless the values run the pod as another"
                    .into(),
            ],
            takes: owners(evidence),
            see: "a second rsync with --dry-run --itemize-changes shows owners alone",
            back: start.into(),
        },
        Planned {
            step: 5,
            title: "Deploy, with the temporary settings on",
            who: CLUSTER,
            commands: vec![format!(
                "helm connect-migrate upgrade --install {release} {} {n} -f values.yaml --overlay-wait",
                shell_word(&choices.chart)
            )],
            takes: "minutes, with the pull of the images".into(),
            see: "it ends with 0; sign in; 'helm connect-migrate status' shows the settings on everywhere",
            back: home.clone(),
        },
        Planned {
            step: 7,
            title: "Clear the caches and rebuild the content",
            who: ADMIN,
            commands: vec![format!(
                "helm connect-migrate rebuild --release {release} --from inventory.yaml --parallelism {}",
                choices.parallelism
            )],
            takes: rebuild(evidence, choices),
            see: "it ends with 0; with 5, 'rebuild logs GUID' says why an item was not built",
            back: format!("interrupt it at any time and run it again; or {home}"),
        },
        Planned {
            step: 9,
            title: "Validate the items at the top",
            who: ADMIN,
            commands: vec!["helm connect-migrate validate --from inventory.yaml --top 20".into()],
            takes: "minutes: each page starts its process".into(),
            see: "the exit code is 0",
            back: home.clone(),
        },
        Planned {
            step: 8,
            title: "Take the temporary settings off: schedules and processes begin",
            who: CLUSTER,
            commands: vec![format!("helm connect-migrate revert {release} {n}")],
            takes: "minutes: the pods restart".into(),
            see: "the exit code is 0: they were seen to be off everywhere",
            back: format!(
                "helm connect-migrate upgrade lays them again. From here users' work is on the new server: {home} loses it"
            ),
        },
    ]
}

fn after(choices: &Choices) -> Vec<Planned> {
    let gcfg = shell_word(&choices.gcfg);
    let release = shell_word(&choices.release);
    let n = format!("-n {}", shell_word(&choices.namespace));
    vec![
        Planned {
            step: 9,
            title: "Validate everything, and write the report",
            who: ADMIN,
            commands: vec![
                "helm connect-migrate validate --from inventory.yaml --output json > after.json"
                    .into(),
                format!("helm connect-migrate status {release} {n} --output json > status.json"),
                "helm connect-migrate report --inventory inventory.yaml --account account.json --status status.json --validation after.json --out report.html".into(),
            ],
            takes: "by the number of items; eight are looked at at once".into(),
            see: "the report's list of what is left to do is empty",
            back: NOTHING.into(),
        },
        Planned {
            step: 3,
            title: "Give the old machine's license back, and keep the machine stopped for some weeks",
            who: VM,
            commands: vec![
                "sudo /opt/rstudio-connect/bin/license-manager status".into(),
                "sudo /opt/rstudio-connect/bin/license-manager deactivate    # a key, or a license server".into(),
                "sudo sh -c 'mkdir -p /root/connect-license && mv /var/lib/rstudio-connect/*.lic /root/connect-license/'    # a license file".into(),
                format!("sudo helm connect-migrate announce --from {gcfg} --off"),
            ],
            takes: "minutes".into(),
            see: "'license-manager status' no longer says that it is activated",
            back: "sudo /opt/rstudio-connect/bin/license-manager activate KEY, license-server HOST or activate-file FILE, then restart it".into(),
        },
    ]
}

/// What a check said, in its words.
fn said<'a>(evidence: &'a Evidence, code: &str) -> Option<&'a str> {
    let mut checks = evidence.checks.iter().flat_map(|c| &c.content.checks);
    let check = checks.find(|check| check.code == code && check.status != "not-asked")?;
    Some(&check.evidence)
}

fn sizes(evidence: &Evidence) -> String {
    match said(evidence, "data-size") {
        Some(text) => format!("by the network and the storage: {text}"),
        None => "not known: check was not given --data-dir".into(),
    }
}

fn owners(evidence: &Evidence) -> String {
    match said(evidence, "data-owners") {
        Some(text) => format!("what changed since the first copy; owners: {text}"),
        None => "not known: check was not given --data-dir".into(),
    }
}

/// By the last builds of the old server, times what a rebuild that was journaled (a trial, say) shows of
/// the new one; else by the mean of those; else by what was said.
fn rebuild(evidence: &Evidence, choices: &Choices) -> String {
    let Some(inventory) = &evidence.inventory else {
        return "not known: no inventory was given".into();
    };
    let (items, estimate) = of_inventory(&inventory.content, choices.parallelism);
    let seen = seen(evidence);
    if let (None, Some(estimate)) = (choices.build_time, estimate) {
        return match ratio(&inventory.content, &seen) {
            Some(ratio) => estimate.scaled(ratio).text(),
            None => estimate.text(),
        };
    }
    let (each, from) = match (choices.build_time, seen.len()) {
        (Some(time), _) => (time.as_secs_f64(), "an assumption of yours".to_owned()),
        (None, 0) => {
            return format!(
                "not known: of the {items} items to build none has its last build on record; say how \
                 long one takes with --build-time"
            );
        }
        (None, count) => (
            seen.iter().map(|(_, took)| took).sum::<f64>() / count as f64,
            format!("the mean of {count} builds in the journal"),
        ),
    };
    let rounds = items.div_ceil(choices.parallelism.max(1));
    format!(
        "about {}: {items} items, {} at once, {each:.0} s each ({from})",
        rough(each * rounds as f64),
        choices.parallelism
    )
}

/// The builds that journals tell of, with the seconds that they took.
fn seen(evidence: &Evidence) -> Vec<(&str, f64)> {
    let runs = evidence.rebuilds.iter().flat_map(|rebuild| &rebuild.runs);
    runs.flat_map(|run| &run.builds)
        .filter(|build| build.end == End::Built)
        .map(|build| (build.guid.as_str(), build.to - build.from))
        .collect()
}

/// How many times as long builds took as the inventory says; `None` by too few of them.
fn ratio(inventory: &Inventory, seen: &[(&str, f64)]) -> Option<f64> {
    let known: HashMap<&str, f64> = inventory
        .content
        .iter()
        .filter_map(|entry| Some((entry.guid.as_str(), entry.build_seconds? as f64)))
        .collect();
    let both: Vec<(f64, f64)> = seen
        .iter()
        .filter_map(|(guid, took)| Some((*took, *known.get(guid)?)))
        .collect();
    let (now, before) = both
        .iter()
        .fold((0.0, 0.0), |(a, b), (now, before)| (a + now, b + before));
    (both.len() >= ENOUGH && before > 0.0).then(|| now / before)
}
