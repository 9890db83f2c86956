//! docs/account.md: what it explains is what `values` gives.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use connect_migrate::convert::reason;
use connect_migrate::settings::Catalogue;
use serde_json::Value as Json;

use crate::support::connect_migrate;

const GOOD: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n[Postgres]\nURL = postgres://c@db.example.com/c\n";

/// The account of a conversion in a folder, without a Helm.
fn account(folder: &Path, args: &[&str]) -> Json {
    let output = connect_migrate()
        .current_dir(folder)
        .env("PATH", folder)
        .args(["values", "--dry-run", "--output", "json"])
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let start = said
        .find("{\n")
        .unwrap_or_else(|| panic!("{args:?}: {said}"));
    serde_json::from_str(&said[start..]).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn codes(account: &Json, found: &mut BTreeSet<String>) {
    for list in ["settings", "added", "tasks", "blockers"] {
        for entry in account[list].as_array().into_iter().flatten() {
            found.extend(entry["code"].as_str().map(str::to_owned));
        }
    }
}

/// Each code that the page explains is given for something, and nothing else is.
#[test]
fn every_code_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let mut found = BTreeSet::new();

    // Every setting of the catalogue, as an old server may have it.
    let value_of = |section: &str, property: &str, value: &str| {
        let named = Catalogue::builtin().section(section).unwrap().named;
        let name = if named { " \"x\"" } else { "" };
        format!("[{section}{name}]\n{property} ={value}\n")
    };
    for (value, more) in [
        ("", &[][..]),
        (
            " 1",
            &["--backend", "launcher", "--connect-version", "2025.09.1"],
        ),
    ] {
        let entries = Catalogue::builtin().entries().iter();
        let text: String = entries
            .map(|entry| value_of(&entry.section, &entry.property, value))
            .collect();
        write("all.gcfg", &text);
        let args = [&["--from", "all.gcfg"], more].concat();
        codes(&account(folder.path(), &args), &mut found);
    }
    // And what depends on a value, or on other lines.
    let odd = "[Server]\nAddress = https://c\nSenderEmail = a@b\nSenderEmail = c@b\nAddress = https://d\nCustomHeader\n\
        [SMTP]\nHost = localhost\n[Odd]\nSetting = 1\n[Licensing]\nLicenseType = remote\n\
        [Scheduler]\nMinProcesses = 1\nMinProcesses = 2\n";
    write("odd.gcfg", odd);
    codes(&account(folder.path(), &["--from", "odd.gcfg"]), &mut found);

    let ldap = "[LDAP \"x\"]\nBindPassword = hunter2\n";
    write("c.gcfg", &format!("{GOOD}{ldap}"));
    write(
        "base.yaml",
        "config: {'LDAP \"x\"': {BindPassword: theirs}}\n",
    );
    write(
        "cut.yaml",
        "config: {Server: {SenderEmailDisplayName: 'a;b'}}\n",
    );
    write(
        "refused.yaml",
        "config: {Kubernetes: {Namespace: theirs}}\n",
    );
    write(
        "image.yaml",
        "image: {tag: mine}\nversionOverride: 2025.09.1\n",
    );
    write(
        "inventory.yaml",
        "content: [{guid: 11111111-1111-4111-8111-111111111111, r: 4.4.0}]\n",
    );
    for args in [
        &["--inline-secrets"][..],
        &["--secret-file"],
        &["--encrypted", "LDAP \"x\".BindPassword"],
        &["--base", "base.yaml"],
        &["--base", "cut.yaml"],
        &["--base", "image.yaml"],
        &["--base", "refused.yaml"],
        &["--storage-class", "nfs"],
        &["--inventory", "inventory.yaml"],
        &["--backend", "kubernetes", "--connect-version", "2025.09.1"],
        &[
            "--trial",
            "--address",
            "https://t.example.com",
            "--trial-database",
            "postgres://t@copy.example.com/t",
        ],
    ] {
        let args = [&["--from", "c.gcfg"], args].concat();
        codes(&account(folder.path(), &args), &mut found);
    }
    let documented: BTreeSet<String> = Catalogue::builtin()
        .codes()
        .chain(reason::ALL.iter().copied())
        .map(|(code, _)| code.to_owned())
        .collect();
    let never: Vec<_> = documented.difference(&found).collect();
    assert!(never.is_empty(), "nothing gives {never:?}");
    let secret: Vec<_> = found.difference(&documented).collect();
    assert!(secret.is_empty(), "nothing explains {secret:?}");
}

/// What the chart adds is taken away where the old server did otherwise, unless it is to be kept.
#[test]
fn defaults_of_the_chart_are_kept_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.gcfg"), GOOD).unwrap();
    let defaults = |more: &[&str]| {
        let args = [&["--from", "c.gcfg"], more].concat();
        account(folder.path(), &args)["chartDefaults"].clone()
    };
    let of = |defaults: &Json, action: &str| {
        let all = defaults.as_array().unwrap().iter();
        all.filter(|entry| entry["action"] == action).count()
    };
    let removed = defaults(&[]);
    assert!(of(&removed, "removed") > 0, "{removed:#}");
    let kept = defaults(&["--chart-defaults", "keep"]);
    assert_eq!(of(&kept, "removed"), 0, "{kept:#}");
    assert!(of(&kept, "kept") > of(&removed, "kept"), "{kept:#}");
}

#[test]
fn storage_is_a_claim_or_made_of_a_class() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.gcfg"), GOOD).unwrap();
    let storage = |more: &[&str]| {
        let output = connect_migrate()
            .current_dir(folder.path())
            .args(["values", "--from", "c.gcfg"])
            .args(more)
            .output()
            .unwrap();
        let values: Json = serde_yaml::from_slice(&output.stdout).unwrap();
        values["sharedStorage"].clone()
    };
    let claim = storage(&["--pvc", "data"]);
    assert_eq!(
        (&claim["name"], &claim["create"]),
        (&"data".into(), &false.into())
    );
    assert_eq!(claim["mount"], true);
    let made = storage(&["--storage-class", "nfs", "--storage-size", "200Gi"]);
    assert_eq!(made["create"], true);
    assert_eq!(made["storageClassName"], "nfs");
    assert_eq!(made["requests"]["storage"], "200Gi");
}
