//! Files that sops has encrypted: their values are no values.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::SourceFile;
use crate::yaml::{Kind, Node};

pub(super) fn refuse_encrypted(
    source: &Arc<SourceFile>,
    document: &Node,
) -> Result<(), InvalidInput> {
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
