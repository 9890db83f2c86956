//! Flux: a HelmRelease has its values as a part.

use super::shape::Shaped;
use super::{WrappedValues, named, reference, refuse};
use crate::diagnostic::InvalidInput;
use crate::yaml::Node;

pub(super) fn values(
    shaped: Shaped<'_>,
    document: &Node,
) -> Result<Option<WrappedValues>, InvalidInput> {
    let Some(spec) = shaped.mapping(document, "spec")? else {
        return Ok(Some(Ok(Node::empty())));
    };
    let more = shaped.list(spec, "valuesFrom")?;
    if let Some(first) = more.first() {
        let named: Vec<String> = more.iter().map(reference).collect();
        return refuse(
            shaped.source,
            first,
            format!(
                "the HelmRelease takes values from {} (valuesFrom), which is not in this file",
                named.join(", ")
            ),
            "give all values as Helm gets them: helm get values RELEASE --output yaml",
        );
    }
    let files = match shaped.below(spec, &["chart", "spec"])? {
        Some(chart) => shaped.list(chart, "valuesFiles")?,
        None => &[],
    };
    if let Some(first) = files.first() {
        return refuse(
            shaped.source,
            first,
            format!(
                "the HelmRelease takes values from files of the chart (valuesFiles): {}",
                named(files)
            ),
            "give those files with -f, in their order, and the values of the HelmRelease in one more",
        );
    }
    let values = shaped.mapping(spec, "values")?;
    Ok(Some(Ok(values.cloned().unwrap_or_else(Node::empty))))
}
