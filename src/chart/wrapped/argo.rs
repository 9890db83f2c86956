//! Argo CD: one source with Helm, whose values are an object or a text, with parameters on top.

use std::sync::Arc;

use super::shape::Shaped;
use super::{WrappedValues, named, refuse};
use crate::diagnostic::InvalidInput;
use crate::source::SourceFile;
use crate::yaml::{self, Entry, Kind, Node, Style};

pub(super) fn values(
    shaped: Shaped<'_>,
    document: &Node,
    path: &[&str],
) -> Result<Option<WrappedValues>, InvalidInput> {
    let source = shaped.source;
    let Some(spec) = shaped.below(document, path)? else {
        return Ok(None);
    };
    let mut helms = Vec::new();
    let several = shaped.list(spec, "sources")?;
    for one in shaped.mapping(spec, "source")?.into_iter().chain(several) {
        helms.extend(shaped.mapping(one, "helm")?);
    }
    let helm = match helms.as_slice() {
        [] => return Ok(None),
        [one] => *one,
        [_, second, ..] => {
            return refuse(
                source,
                second,
                "an application of several charts with values".to_owned(),
                "give the values of Connect's chart in a file of their own",
            );
        }
    };
    if path.len() > 1 {
        no_template(source, document, helm)?;
    }
    elsewhere(shaped, helm)?;
    let text = shaped.text(helm, "values")?.unwrap_or_default();
    let parameters = shaped.list(helm, "parameters")?;
    let object = shaped.mapping(helm, "valuesObject")?;
    match (object, text) {
        (Some(object), "") => {
            let mut values = object.clone();
            lay(source, &mut values, parameters)?;
            Ok(Some(Ok(values)))
        }
        (Some(object), _) => refuse(
            source,
            object,
            "the application has both values and valuesObject, and Argo CD takes the second alone"
                .to_owned(),
            "take the one out that does not count",
        ),
        (None, text) if parameters.is_empty() => Ok(Some(Err((
            format!("{}, helm.values", source.name()),
            text.to_owned(),
        )))),
        (None, "") => {
            let mut values = Node::empty();
            lay(source, &mut values, parameters)?;
            Ok(Some(Ok(values)))
        }
        // Two texts with places of their own make no one tree: say it as an object.
        (None, text) => {
            let documents = yaml::load(text);
            let whole = |documents: &Vec<Node>| yaml::read_documents(documents).is_ok();
            let Some(documents) = documents.ok().filter(whole) else {
                return refuse(
                    source,
                    helm,
                    "the application's values are not YAML".to_owned(),
                    "mend them first",
                );
            };
            let mut values = documents.into_iter().next().unwrap_or_else(Node::empty);
            place(&mut values, helm);
            lay(source, &mut values, parameters)?;
            Ok(Some(Ok(values)))
        }
    }
}

/// Values that the application takes from somewhere that we do not see.
fn elsewhere(shaped: Shaped<'_>, helm: &Node) -> Result<(), InvalidInput> {
    let files = shaped.list(helm, "valueFiles")?;
    if let Some(first) = files.first() {
        return refuse(
            shaped.source,
            first,
            format!(
                "the application takes values from files, which go below its own: {}",
                named(files)
            ),
            "give those files with -f, in their order, and the application's own values in one more",
        );
    }
    if let Some(first) = shaped.list(helm, "fileParameters")?.first() {
        return refuse(
            shaped.source,
            first,
            "the application takes values from files one by one (fileParameters)".to_owned(),
            "move them into valuesObject",
        );
    }
    Ok(())
}

/// An ApplicationSet's values are no values as long as its generators have not filled them in.
fn no_template(source: &Arc<SourceFile>, document: &Node, helm: &Node) -> Result<(), InvalidInput> {
    let patch = document.at(&["spec", "templatePatch"]);
    let Some(found) = patch.or_else(|| template_in(helm)) else {
        return Ok(());
    };
    refuse(
        source,
        found,
        "the ApplicationSet's values are a template".to_owned(),
        "give the values of one application: argocd app get NAME --output yaml",
    )
}

fn template_in(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Scalar(text, _) => text.contains("{{").then_some(node),
        Kind::Sequence(items) => items.iter().find_map(template_in),
        Kind::Mapping(entries) => entries
            .iter()
            .find_map(|entry| template_in(&entry.key).or_else(|| template_in(&entry.value))),
    }
}

/// Gives every node of a tree the place of another: its own text lies within that one.
fn place(node: &mut Node, at: &Node) {
    node.span = at.span;
    match &mut node.kind {
        Kind::Scalar(..) => {}
        Kind::Sequence(items) => items.iter_mut().for_each(|item| place(item, at)),
        Kind::Mapping(entries) => {
            for entry in entries {
                place(&mut entry.key, at);
                place(&mut entry.value, at);
            }
        }
    }
}

/// Puts parameters on top, each as Helm's `--set name=value` would.
fn lay(
    source: &Arc<SourceFile>,
    values: &mut Node,
    parameters: &[Node],
) -> Result<(), InvalidInput> {
    for parameter in parameters {
        let text = |key: &str| parameter.get(key).and_then(Node::as_str);
        let value = parameter.get("value");
        let (Some(name), Some(value)) = (text("name"), value) else {
            return refuse(
                source,
                parameter,
                "a parameter without name or value".to_owned(),
                "give it both",
            );
        };
        let Some(path) = path(name) else {
            return refuse(
                source,
                parameter,
                format!("the parameter {name} is about an item of a list"),
                "move it into valuesObject",
            );
        };
        let forced = text("forceString") == Some("true");
        set(values, &path, parameter, as_set(value, forced));
    }
    Ok(())
}

/// The parts of a name as `--set` takes it: dots between them, unless a backslash stands before.
fn path(name: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => parts.push(String::new()),
            '[' | ']' => return None,
            '\\' => parts.last_mut()?.extend(chars.next()),
            c => parts.last_mut()?.push(c),
        }
    }
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

/// A value as `--set` reads it.
fn as_set(value: &Node, forced: bool) -> Node {
    let text = value.as_str().unwrap_or_default();
    let scalar = |text: &str| Node {
        kind: Kind::Scalar(text.to_owned(), style(text, forced)),
        span: value.span,
        tag: None,
    };
    let list = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    match list {
        Some(items) if !forced => Node {
            kind: Kind::Sequence(
                items
                    .split(',')
                    .filter(|i| !i.is_empty())
                    .map(scalar)
                    .collect(),
            ),
            ..scalar("")
        },
        _ => scalar(text),
    }
}

/// Words and whole numbers have their types; all else is text. Large numbers are written out, as
/// from the command line, and not with an exponent, as from a file.
fn style(text: &str, forced: bool) -> Style {
    let word = matches!(text, "true" | "false" | "null");
    let number = text
        .parse::<i64>()
        .is_ok_and(|number| number.abs() < 1_000_000)
        && (text == "0" || !text.trim_start_matches('-').starts_with('0'))
        && !text.starts_with('+');
    if !forced && (word || number) {
        Style::Plain
    } else {
        Style::DoubleQuoted
    }
}

fn set(node: &mut Node, path: &[String], at: &Node, value: Node) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if !matches!(node.kind, Kind::Mapping(_)) {
        node.kind = Kind::Mapping(Vec::new());
    }
    let Kind::Mapping(entries) = &mut node.kind else {
        return;
    };
    let found = entries
        .iter()
        .rposition(|entry| entry.key.as_str() == Some(first));
    let index = found.unwrap_or_else(|| {
        let node = |text: &str| Node {
            kind: Kind::Scalar(text.to_owned(), Style::DoubleQuoted),
            span: at.span,
            tag: None,
        };
        entries.push(Entry {
            key: node(first),
            value: node(""),
        });
        entries.len() - 1
    });
    set(&mut entries[index].value, rest, at, value);
}
