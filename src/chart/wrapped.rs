//! Values that stand within an object of another tool: taken from where its kind has them, or
//! refused with what to give instead. Read as they are, such a file says nothing to the chart, and
//! nobody would notice.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::SourceFile;
use crate::yaml::{Kind, Node};

/// Values as a part of the text, or as a text of their own with its name.
pub(super) type Found = Result<Node, (String, String)>;

/// Keys of the chart that tell its values from other mappings.
const CHART_KEYS: [&str; 8] = [
    "config",
    "sharedStorage",
    "launcher",
    "backends",
    "license",
    "versionOverride",
    "executionEnvironments",
    "prometheus",
];

/// Looks for values within other objects; `None` where the text is plain values.
///
/// # Errors
/// The values are encrypted, or cannot be taken.
pub(super) fn find(
    source: &Arc<SourceFile>,
    documents: &[Node],
) -> Result<Option<Found>, InvalidInput> {
    for document in documents {
        encrypted(source, document)?;
    }
    let objects: Vec<_> = documents
        .iter()
        .filter_map(|document| Some((document, kind(document)?)))
        .collect();
    if objects.is_empty() {
        return match documents.first() {
            Some(document) => plain(source, document),
            None => Ok(None),
        };
    }
    let mut found = Vec::new();
    for (document, kind) in &objects {
        if let Some(values) = of_object(source, document, kind)? {
            found.push((kind, values));
        }
    }
    let whole = objects.len() == documents.iter().filter(|d| !is_empty(d)).count();
    match (found.pop(), found.pop(), whole) {
        (Some((_, values)), None, true) => Ok(Some(values)),
        (Some(_), Some(_), _) => refuse(
            source,
            objects[0].0,
            "several objects with values in one file".to_owned(),
            "give the values of one release, in the order that Helm reads them",
        ),
        (Some(_), None, false) => refuse(
            source,
            documents
                .iter()
                .find(|d| kind(d).is_none())
                .unwrap_or(&documents[0]),
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

fn kind(document: &Node) -> Option<&str> {
    document.get("apiVersion")?.as_str()?;
    document.get("kind")?.as_str()
}

fn is_empty(node: &Node) -> bool {
    node.as_str() == Some("")
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

/// A file that sops has encrypted: its values are no values.
fn encrypted(source: &Arc<SourceFile>, document: &Node) -> Result<(), InvalidInput> {
    let by_sops = document
        .get("sops")
        .is_some_and(|sops| sops.get("mac").is_some() || sops.get("version").is_some());
    let text = first_encrypted(document);
    if !by_sops && text.is_none() {
        return Ok(());
    }
    Err(Diagnostic::error(
        Code::ValuesEncrypted,
        format!("{} is encrypted by sops", source.name()),
    )
    .at(source, text.unwrap_or(document).span)
    .help(format!(
        "decrypt it first: sops --decrypt {name} | helm connect-migrate … -f -, or helm secrets decrypt {name}",
        name = source.name()
    ))
    .into())
}

fn first_encrypted(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Scalar(text, _) => text.starts_with("ENC[AES256_GCM,").then_some(node),
        Kind::Sequence(items) => items.iter().find_map(first_encrypted),
        Kind::Mapping(entries) => entries
            .iter()
            .find_map(|entry| first_encrypted(&entry.value)),
    }
}

/// Values of a chart around this one, or a helmfile.
fn plain(source: &Arc<SourceFile>, document: &Node) -> Result<Option<Found>, InvalidInput> {
    if document
        .get("releases")
        .is_some_and(|r| matches!(r.kind, Kind::Sequence(_)))
    {
        return refuse(
            source,
            document,
            "a helmfile, no values".to_owned(),
            "write the values out first: helmfile write-values --output-file-template values.yaml",
        );
    }
    let has_own = |node: &Node| CHART_KEYS.iter().any(|key| node.get(key).is_some());
    if has_own(document) {
        return Ok(None);
    }
    let parts: Vec<_> = document
        .entries()
        .iter()
        .filter(|entry| {
            let config = entry.value.get("config");
            config.is_some_and(|config| matches!(config.kind, Kind::Mapping(_)))
                || entry.key.as_str() == Some("rstudio-connect")
        })
        .collect();
    match parts.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(Ok(one.value.clone()))),
        [first, ..] => refuse(
            source,
            &first.key,
            "several parts that look like values of the chart".to_owned(),
            "give the values of one server, without the key of the chart around it",
        ),
    }
}

/// The values of an object that is known to have some.
fn of_object(
    source: &Arc<SourceFile>,
    document: &Node,
    kind: &str,
) -> Result<Option<Found>, InvalidInput> {
    let api = document
        .get("apiVersion")
        .and_then(Node::as_str)
        .unwrap_or_default();
    let group = api.split('/').next().unwrap_or_default();
    match (group, kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => {
            let spec = document.get("spec");
            if let Some(more) = spec.and_then(|spec| spec.get("valuesFrom")) {
                return refuse(
                    source,
                    more,
                    "the HelmRelease takes values from ConfigMaps or Secrets (valuesFrom), which are not in this file".to_owned(),
                    "give all values as Helm gets them: helm get values RELEASE --output yaml",
                );
            }
            Ok(Some(Ok(spec
                .and_then(|spec| spec.get("values"))
                .cloned()
                .unwrap_or_else(Node::empty))))
        }
        ("argoproj.io", "Application") => argo(source, document, &["spec"]),
        ("argoproj.io", "ApplicationSet") => argo(source, document, &["spec", "template", "spec"]),
        ("helm.cattle.io", "HelmChart" | "HelmChartConfig") => {
            let spec = document.get("spec");
            if let Some(set) = spec.and_then(|spec| spec.get("set")) {
                return refuse(
                    source,
                    set,
                    format!("the {kind} sets values one by one (set), which go above the others"),
                    "move them into valuesContent, or give all values as Helm gets them: helm get values RELEASE --output yaml",
                );
            }
            let text = spec.and_then(|spec| spec.get("valuesContent"));
            Ok(Some(match text.and_then(Node::as_str) {
                Some(text) => Err((format!("{}, valuesContent", source.name()), text.to_owned())),
                None => Ok(Node::empty()),
            }))
        }
        _ => Ok(None),
    }
}

/// Argo CD: one source with Helm, whose values are an object or a text.
fn argo(
    source: &Arc<SourceFile>,
    document: &Node,
    path: &[&str],
) -> Result<Option<Found>, InvalidInput> {
    let Some(spec) = document.at(path) else {
        return Ok(None);
    };
    let several = spec.get("sources").map(Node::items).unwrap_or_default();
    let helms: Vec<&Node> = spec
        .get("source")
        .into_iter()
        .chain(several)
        .filter_map(|source| source.get("helm"))
        .collect();
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
    for key in ["parameters", "fileParameters", "valueFiles"] {
        if let Some(more) = helm.get(key).filter(|more| !more.items().is_empty()) {
            let help = if key == "valueFiles" {
                "give those files with -f, in their order, and the application's own values in one more"
            } else {
                "move them into valuesObject, or give the values that result: argocd app manifests shows them rendered"
            };
            return refuse(
                source,
                more,
                format!("the application has {key} beside its values"),
                help,
            );
        }
    }
    if let Some(values) = helm.get("valuesObject") {
        return Ok(Some(Ok(values.clone())));
    }
    let Some(text) = helm.get("values").and_then(Node::as_str) else {
        return Ok(Some(Ok(Node::empty())));
    };
    if path.len() > 1 && text.contains("{{") {
        return refuse(
            source,
            helm,
            "the ApplicationSet's values are a template".to_owned(),
            "give the values of one application: argocd app get NAME --output yaml",
        );
    }
    Ok(Some(Err((
        format!("{}, helm.values", source.name()),
        text.to_owned(),
    ))))
}

#[cfg(test)]
mod tests {
    use super::super::ValuesFile;
    use crate::yaml::Value;

    fn read(text: &str) -> Result<String, String> {
        ValuesFile::of_text("my.yaml", text)
            .map(|file| Value::Map(file.values).formatted())
            .map_err(|error| {
                let first = &error.0[0];
                format!("{}: {}", first.code, first.message)
            })
    }

    #[test]
    fn values_are_taken_from_where_their_kind_has_them() {
        let want = Ok("map[config:map[A:map[B:1]]]".to_owned());
        for text in [
            "config: {A: {B: 1}}",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values: {config: {A: {B: 1}}}\n",
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {config: {A: {B: 1}}}}\n",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      values: |\n        config:\n          A: {B: 1}\n",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  sources:\n    - {ref: x}\n    - helm: {valuesObject: {config: {A: {B: 1}}}}\n",
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {spec: {source: {helm: {valuesObject: {config: {A: {B: 1}}}}}}}}\n",
            "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n  valuesContent: |-\n    config: {A: {B: 1}}\n",
            "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nspec:\n  valuesContent: 'config: {A: {B: 1}}'\n",
            "global: {x: 1}\nconnect: {config: {A: {B: 1}}}\n",
        ] {
            assert_eq!(read(text), want, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_taken_is_refused() {
        for text in [
            "apiVersion: v1\nkind: ConfigMap\ndata: {values.yaml: 'config: {}'}\n",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {valuesFrom: [{kind: ConfigMap, name: x}], values: {}}\n",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {parameters: [{name: a, value: b}], values: 'config: {}'}}}\n",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {valueFiles: [a.yaml]}}}\n",
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {spec: {source: {helm: {values: 'config: {Server: {Address: \"{{url}}\"}}'}}}}}\n",
            "releases:\n  - {name: connect, chart: rstudio/rstudio-connect}\n",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {config: {A: {B: 1}}}}\n---\nconfig: {A: {B: 2}}\n",
            "a: {config: {}}\nb: {config: {}}\n",
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with("values-wrapped: "), "{text}: {error}");
        }
        for text in [
            "config: {A: {B: 'ENC[AES256_GCM,data:x,iv:y]'}}\n",
            "config: {}\nsops: {mac: x, version: 3.9.0}\n",
        ] {
            assert!(read(text).unwrap_err().starts_with("values-encrypted: "));
        }
    }
}
