//! The plan as a values file, and its credentials as a Secret's manifest.

mod config;
mod secret;

pub(super) use secret::{secret_file, secret_manifest};

use super::account::Account;
use super::options::{Options, Secrets};
use super::plan::{Plan, PlannedSecret};
use super::verdict::ChartValue;
use crate::chart::{SECOND_FILE, SECOND_PATH};
use crate::diagnostic::InvalidInput;
use crate::yaml::{Block, Item, Map, Tree, Value, emit};

/// The values file's text.
///
/// # Errors
/// A value with characters that no values file brings through to the server.
pub(super) fn values_file(
    plan: &Plan,
    options: &Options,
    theirs: &Map,
    account: &Account,
) -> Result<String, InvalidInput> {
    let mut root = Block::new();
    for planned in &plan.values {
        let mut block = &mut root;
        let mut path = planned.path.split('.').peekable();
        while let Some(key) = path.next() {
            if path.peek().is_some() {
                block = block.block(key);
            } else {
                block
                    .add(key, chart_value(&planned.value))
                    .beside(&planned.origin);
            }
        }
    }
    if let Some((images, form)) = &plan.images {
        images.put(&mut root, *form);
    }
    if let Secrets::Reference(name) = &options.secrets
        && plan.needs_secret()
    {
        let pod = root.block("pod");
        if !plan.secrets.is_empty() {
            let env = environment(&plan.secrets, name.as_str(), theirs);
            pod.add("env", Tree::List(env));
        }
        if !plan.secret_file.is_empty() {
            mount(pod, name.as_str(), theirs);
        }
    }
    let config = config::block(plan)?;
    root.add("config", config)
        .above("The configuration that the chart writes to rstudio-connect.gcfg.")
        .gap();
    Ok(header(account) + &root.to_yaml())
}

fn header(account: &Account) -> String {
    let mut out = String::from(
        "# Values for the chart rstudio/rstudio-connect, made by helm connect-migrate from\n",
    );
    for input in &account.inputs {
        comment(&format!("  {input}"), &mut out);
    }
    comment(&format!("Proved with {}.", account.proof.words), &mut out);
    out.push_str("# Behind each setting stands where it came from.\n");
    if account.summary.blocked {
        out.push_str("# THE MIGRATION IS BLOCKED. Do not deploy this file:\n");
        for blocker in &account.blockers {
            comment(
                &format!("  {} ({})", blocker.setting, blocker.code),
                &mut out,
            );
        }
    }
    out.push('\n');
    out
}

fn comment(text: &str, out: &mut String) {
    for line in emit::comment(text) {
        out.push_str(&line);
        out.push('\n');
    }
}

fn chart_value(value: &ChartValue) -> Tree {
    match value {
        ChartValue::Text(text) => Tree::Text(text.clone()),
        ChartValue::Bool(on) => Tree::Bool(*on),
        ChartValue::Number(number) => Tree::Int(i64::from(*number)),
    }
}

/// The pod's volume and mount that show the Secret's file to the server.
fn mount(pod: &mut Block, name: &str, theirs: &Map) {
    const VOLUME: &str = "connect-credentials";
    let ours = |entry: &Value| {
        let is = |key, text| entry.get(key).and_then(Value::as_str) == Some(text);
        is("name", VOLUME) || is("mountPath", SECOND_PATH)
    };
    let mut volume = Block::new();
    volume.add("name", VOLUME).beside(SECOND_FILE);
    let secret = volume.block("secret");
    secret.add("secretName", name);
    let mut item = Block::new();
    item.add("key", SECOND_FILE);
    item.add("path", SECOND_FILE);
    secret.add("items", Tree::List(vec![Item::from(Tree::Map(item))]));
    let mut mount = Block::new();
    mount.add("name", VOLUME);
    mount.add("mountPath", SECOND_PATH);
    mount.add("subPath", SECOND_FILE);
    mount.add("readOnly", Tree::Bool(true));
    for (key, entry) in [("volumes", volume), ("volumeMounts", mount)] {
        let mut items = kept(theirs, key, ours);
        items.push(Item::from(Tree::Map(entry)));
        pod.add(key, Tree::List(items));
    }
}

/// The entries of a list below `pod` that are not ours: a list replaces a list in Helm, so what the
/// administrator's values or the chart's defaults hold comes first.
fn kept(theirs: &Map, key: &str, ours: impl Fn(&Value) -> bool) -> Vec<Item> {
    theirs
        .get("pod")
        .and_then(|pod| pod.get(key))
        .and_then(Value::as_list)
        .into_iter()
        .flatten()
        .filter(|entry| !ours(entry))
        .map(|entry| Item::from(tree(entry)))
        .collect()
}

fn environment(secrets: &[PlannedSecret], name: &str, theirs: &Map) -> Vec<Item> {
    let mut items = kept(theirs, "env", |entry| {
        entry
            .get("name")
            .and_then(Value::as_str)
            .is_some_and(|name| secrets.iter().any(|secret| secret.variable == name))
    });
    for secret in secrets {
        let mut entry = Block::new();
        entry
            .add("name", secret.variable.as_str())
            .beside(&secret.origin);
        let reference = entry.block("valueFrom").block("secretKeyRef");
        reference.add("name", name);
        reference.add("key", secret.variable.as_str());
        items.push(Item::from(Tree::Map(entry)));
    }
    items
}

/// A value of the administrator's as it is to be written again.
fn tree(value: &Value) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(on) => Tree::Bool(*on),
        Value::String(text) => Tree::Text(text.clone()),
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Tree::Int(*number as i64)
        }
        Value::Number(_) => Tree::Text(value.printed()),
        Value::List(items) => Tree::List(items.iter().map(|i| Item::from(tree(i))).collect()),
        Value::Map(map) => {
            let mut block = Block::new();
            for (key, value) in map {
                block.add(key, tree(value));
            }
            Tree::Map(block)
        }
    }
}
