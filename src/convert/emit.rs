//! The plan as a values file, and its credentials as a Secret's manifest.

use super::account::Account;
use super::options::{Options, Secrets};
use super::plan::{ConfigValue, Plan, PlannedItem, PlannedSecret, PlannedSection};
use super::verdict::ChartValue;
use crate::chart::{SECOND_FILE, SECOND_PATH, carried};
use crate::diagnostic::{Code, Diagnostic, InvalidInput, Place};
use crate::gcfg::Section;
use crate::gcfg::write::{self, Unwritable};
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
    let config = config(plan)?;
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

fn config(plan: &Plan) -> Result<Block, InvalidInput> {
    let mut errors = Vec::new();
    let mut config = Block::new();
    // What is to be said about sections of which nothing is left.
    let mut notes = Vec::new();
    for section in &plan.config {
        if section.is_emptied() {
            notes.extend(section.comments.iter().cloned());
            for item in &section.items {
                if let PlannedItem::Note(lines) = item {
                    notes.extend(lines.iter().cloned());
                }
            }
            continue;
        }
        let key = section_key(section, &mut errors);
        let tree = if section.removed {
            Tree::Null
        } else {
            Tree::Map(block(section, &mut errors))
        };
        let entry = config.add(key, tree);
        for comment in notes.drain(..).chain(section.comments.iter().cloned()) {
            entry.above(&comment);
        }
        if section.removed {
            entry.beside("a default of the chart, taken away");
        }
        entry.gap();
    }
    for comment in notes {
        config.comment_at_end(&comment);
    }
    for comment in &plan.last_comments {
        config.comment_at_end(comment);
    }
    if errors.is_empty() {
        Ok(config)
    } else {
        Err(InvalidInput(errors))
    }
}

fn block(section: &PlannedSection, errors: &mut Vec<Diagnostic>) -> Block {
    let mut block = Block::new();
    let mut notes: Vec<String> = Vec::new();
    for item in &section.items {
        match item {
            PlannedItem::Note(lines) => notes.extend(lines.iter().cloned()),
            PlannedItem::Setting {
                property,
                value,
                above,
                beside,
                place,
            } => {
                let mut written = |text: &String| {
                    written(text).unwrap_or_else(|why| {
                        errors.push(not_carried(
                            &section.section,
                            property,
                            place.as_ref(),
                            &why,
                        ));
                        String::new()
                    })
                };
                let tree = match value {
                    ConfigValue::Null => Tree::Null,
                    ConfigValue::Bool(on) => Tree::Bool(*on),
                    ConfigValue::Texts(values) => match values.as_slice() {
                        [value] => Tree::Text(written(value)),
                        values => Tree::List(
                            values
                                .iter()
                                .map(|v| Item::from(Tree::Text(written(v))))
                                .collect(),
                        ),
                    },
                };
                let entry = block.add(property, tree);
                for line in notes.drain(..).chain(above.iter().cloned()) {
                    entry.above(&line);
                }
                entry.beside(beside);
            }
        }
    }
    for line in notes {
        block.comment_at_end(&line);
    }
    block
}

/// What the chart is to write behind the equals sign.
///
/// # Errors
/// Why the value does not get through.
fn written(text: &str) -> Result<String, String> {
    let mut written = write::value(text)
        .map_err(|error| error.to_string())?
        .into_owned();
    // Helm takes this text out of what a template gave; a pair of quotes that mean nothing to gcfg
    // hides it.
    if written.contains(NO_VALUE) {
        if !written.starts_with('"') {
            written = format!("\"{written}\"");
        }
        written = written.replace(NO_VALUE, "<no \"\"value>");
    }
    match carried(&written) {
        Ok(()) => Ok(written),
        Err(error) => Err(error.to_string()),
    }
}

const NO_VALUE: &str = "<no value>";

fn section_key(section: &PlannedSection, errors: &mut Vec<Diagnostic>) -> String {
    let key = section.section.to_string();
    if let Err(error) = carried(&key) {
        let diagnostic = Diagnostic::error(
            Code::ValueNotCarried,
            format!("the name of section [{key}] does not get through the chart: {error}"),
        )
        .help("give the section above this line a name without it");
        let first = section.items.iter().find_map(|item| match item {
            PlannedItem::Setting { place, .. } => place.as_ref(),
            PlannedItem::Note(_) => None,
        });
        errors.push(at(diagnostic, first));
    }
    key
}

fn not_carried(section: &Section, property: &str, place: Option<&Place>, why: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::ValueNotCarried,
        format!("the value of {section}.{property} does not get through the chart: {why}"),
    )
    .help("take the character out of the value");
    at(diagnostic, place)
}

fn at(diagnostic: Diagnostic, place: Option<&Place>) -> Diagnostic {
    match place {
        Some(place) => diagnostic.at(&place.source, place.span),
        None => diagnostic,
    }
}

/// The configuration file in the Secret; `None` when nothing goes there.
///
/// # Errors
/// A name or value that has no written form.
pub(super) fn secret_file(plan: &Plan) -> Result<Option<String>, Unwritable> {
    let mut text = String::new();
    let mut section = None;
    for setting in &plan.secret_file {
        if section != Some(&setting.name.section) {
            section = Some(&setting.name.section);
            text.push_str(&write::header(&setting.name.section)?);
            text.push('\n');
        }
        for value in &setting.values {
            let value = write::value(value.expose())?;
            text.push_str(&format!(
                "{} = {value}\n",
                write::name(&setting.name.property)?
            ));
        }
    }
    Ok((!text.is_empty()).then_some(text))
}

/// The manifest of the Secret that the values refer to.
#[must_use]
pub(super) fn secret_manifest(name: &str, secrets: &[PlannedSecret], file: Option<&str>) -> String {
    let mut root = Block::new();
    root.add("apiVersion", "v1");
    root.add("kind", "Secret");
    root.block("metadata").add("name", name);
    root.add("type", "Opaque");
    let data = root.block("stringData");
    for secret in secrets {
        if let Some(value) = &secret.value {
            data.add(&secret.variable, value.expose())
                .beside(&secret.origin);
        }
    }
    if let Some(file) = file {
        data.add(SECOND_FILE, file);
    }
    format!(
        "# Credentials of Posit Connect, made by helm connect-migrate. Apply it to the release's\n# namespace, then delete this file.\n{}",
        root.to_yaml()
    )
}
