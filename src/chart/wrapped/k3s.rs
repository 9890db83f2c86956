//! K3s: a HelmChart has its values as a text.

use super::shape::Shaped;
use super::{WrappedValues, reference, refuse};
use crate::diagnostic::InvalidInput;
use crate::yaml::Node;

pub(super) fn values(
    shaped: Shaped<'_>,
    document: &Node,
) -> Result<Option<WrappedValues>, InvalidInput> {
    let Shaped { source, kind } = shaped;
    let Some(spec) = shaped.mapping(document, "spec")? else {
        return Ok(Some(Ok(Node::empty())));
    };
    let more = shaped.list(spec, "valuesSecrets")?;
    if let Some(first) = more.first() {
        let named: Vec<String> = more.iter().map(reference).collect();
        return refuse(
            source,
            first,
            format!(
                "the {kind} takes values from Secrets (valuesSecrets): {}",
                named.join(", ")
            ),
            "give all values as Helm gets them: helm get values RELEASE --output yaml",
        );
    }
    if let Some(set) = shaped.part(spec, "set") {
        return refuse(
            source,
            set,
            format!("the {kind} sets values one by one (set), which go above the others"),
            "move them into valuesContent, or give all values as Helm gets them: helm get values RELEASE --output yaml",
        );
    }
    Ok(Some(match shaped.text(spec, "valuesContent")? {
        Some(text) => Err((format!("{}, valuesContent", source.name()), text.to_owned())),
        None => Ok(Node::empty()),
    }))
}
