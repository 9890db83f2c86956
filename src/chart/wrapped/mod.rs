//! Values that stand within an object of another tool: taken from where its kind has them, or
//! refused with what to give instead. Read as they are, such a file says nothing to the chart, and
//! nobody would notice.

mod argo;
mod flux;
mod k3s;
mod shape;
mod sops;
mod umbrella;

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::{SourceFile, Span};
use crate::yaml::{self, Kind, Node};
use shape::Shaped;

/// Values as a part of the text, or as a text of their own with its name.
pub(super) type WrappedValues = Result<Node, (String, String)>;

/// Looks for values within other objects; `None` where the text is plain values.
///
/// # Errors
/// The values are encrypted, or cannot be taken.
pub(super) fn find(
    source: &Arc<SourceFile>,
    documents: &[Node],
) -> Result<Option<WrappedValues>, InvalidInput> {
    let found = objects(source, documents)?;
    if found.is_some() {
        return Ok(found);
    }
    let Some(document) = documents.first() else {
        return Ok(None);
    };
    Ok(umbrella::part_of(source, document)?.map(|part| Ok(part.value.clone())))
}

/// The same for objects alone: values of other charts are left as they are.
fn objects(
    source: &Arc<SourceFile>,
    documents: &[Node],
) -> Result<Option<WrappedValues>, InvalidInput> {
    for document in documents {
        sops::refuse_encrypted(source, document)?;
        helmfile(source, document)?;
    }
    let mut all = Vec::new();
    for document in documents {
        members(source, document, &mut all)?;
    }
    let objects: Vec<_> = all
        .iter()
        .filter_map(|document| Some((*document, kind(document)?)))
        .collect();
    if objects.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for (document, kind) in &objects {
        if let Some(values) = of_object(source, document, kind)? {
            found.push((kind, values));
        }
    }
    let plain = all.iter().find(|d| kind(d).is_none() && !shape::is_null(d));
    match (found.pop(), found.pop(), plain) {
        (Some((_, values)), None, None) => Ok(Some(values)),
        (Some(_), Some(_), _) => refuse(
            source,
            objects[0].0,
            "several objects with values in one file".to_owned(),
            "give the values of one release, in the order that Helm reads them",
        ),
        (Some(_), None, Some(plain)) => refuse(
            source,
            plain,
            "a document without apiVersion and kind beside one with values".to_owned(),
            "give each in a file of its own",
        ),
        (None, ..) => refuse(
            source,
            objects[0].0,
            format!("a Kubernetes object of kind {}, no values", objects[0].1),
            "give the values that Helm reads, as with helm install -f",
        ),
    }
}

/// A document, or what a List holds, as `kubectl get --output yaml` prints it.
fn members<'a>(
    source: &Arc<SourceFile>,
    document: &'a Node,
    all: &mut Vec<&'a Node>,
) -> Result<(), InvalidInput> {
    let Some(kind) = kind(document).filter(|kind| kind.ends_with("List")) else {
        all.push(document);
        return Ok(());
    };
    let items = Shaped { source, kind }.list(document, "items")?;
    if items.is_empty() {
        return refuse(
            source,
            document,
            format!("a {kind} without items"),
            "give the values that Helm reads, as with helm install -f",
        );
    }
    items.iter().try_for_each(|item| members(source, item, all))
}

/// A helmfile says which values Helm gets; it is none of them.
fn helmfile(source: &Arc<SourceFile>, document: &Node) -> Result<(), InvalidInput> {
    let list = |key: &str| {
        let value = document.get(key);
        value.is_some_and(|value| matches!(value.kind, Kind::Sequence(_)))
    };
    let is = list("releases") || list("helmfiles") || document.get("helmDefaults").is_some();
    if !is {
        return Ok(());
    }
    refuse(
        source,
        document,
        "a helmfile, no values".to_owned(),
        "write the values out first: helmfile write-values --output-file-template values.yaml",
    )
}

fn kind(document: &Node) -> Option<&str> {
    document.get("apiVersion")?.as_str()?;
    document.get("kind")?.as_str()
}

fn refuse<T>(
    source: &Arc<SourceFile>,
    node: &Node,
    message: String,
    help: impl Into<String>,
) -> Result<T, InvalidInput> {
    Err(Diagnostic::error(Code::ValuesWrapped, message)
        .at(source, node.span)
        .help(help)
        .into())
}

/// Values that the temporary settings are laid over: the text they stand in, and their tree.
///
/// # Errors
/// As [`find`]; or the values are those of a chart around this one, and nobody said under which key.
pub(crate) fn values_below(
    source: &Arc<SourceFile>,
    under: Option<&str>,
) -> Result<(Arc<SourceFile>, Node), InvalidInput> {
    let not_yaml = |message: String, span: Span| {
        InvalidInput::from(Diagnostic::error(Code::ValuesNotYaml, message).at(source, span))
    };
    let documents = yaml::load(source.text())
        .map_err(|error| not_yaml(error.message, Span::new(error.offset, error.offset)))?;
    let tree = match objects(source, &documents)? {
        Some(Ok(tree)) => tree,
        Some(Err((name, text))) => {
            return values_below(&Arc::new(SourceFile::new(name, text)), under);
        }
        None => {
            yaml::read_documents(&documents)
                .map_err(|error| not_yaml(error.message, error.span))?;
            documents.into_iter().next().unwrap_or_else(Node::empty)
        }
    };
    if under.is_none()
        && let Some(part) = umbrella::part_of(source, &tree)?
    {
        let key = part.key.as_str().unwrap_or_default();
        return refuse(
            source,
            &part.key,
            format!("values of a chart around this one, whose part is {key}"),
            format!("say so: --under {key}"),
        );
    }
    Ok((Arc::clone(source), tree))
}

/// Names in a list, for a message.
fn named(list: &[Node]) -> String {
    let names: Vec<&str> = list.iter().filter_map(Node::as_str).collect();
    names.join(", ")
}

/// What an entry of `valuesFrom` and its like names, such as `Secret connect-values`.
fn reference(entry: &Node) -> String {
    let text = |key: &str| entry.get(key).and_then(Node::as_str).unwrap_or_default();
    format!("{} {}", text("kind"), text("name"))
        .trim()
        .to_owned()
}

/// The values of an object that is known to have some.
fn of_object(
    source: &Arc<SourceFile>,
    document: &Node,
    kind: &str,
) -> Result<Option<WrappedValues>, InvalidInput> {
    let api = document
        .get("apiVersion")
        .and_then(Node::as_str)
        .unwrap_or_default();
    let group = api.split('/').next().unwrap_or_default();
    let shaped = Shaped { source, kind };
    match (group, kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => flux::values(shaped, document),
        ("argoproj.io", "Application") => argo::values(shaped, document, &["spec"]),
        ("argoproj.io", "ApplicationSet") => {
            argo::values(shaped, document, &["spec", "template", "spec"])
        }
        ("helm.cattle.io", "HelmChart" | "HelmChartConfig") => k3s::values(shaped, document),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
