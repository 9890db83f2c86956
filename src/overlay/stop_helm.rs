//! Saying no to a Helm that does not listen.
//!
//! Helm 4 drops what a post-renderer says on standard error, also when it fails, so that the user
//! reads nothing but "exited with error". What it does show is the name of a file whose YAML it
//! cannot read, and a post-renderer may name files. So a refusal hands the manifests out as they
//! came, with one document behind them that cannot be an object and whose file name is the message:
//! Helm reports it and stops before it has written anything.

use std::io::{self, Write};

use crate::output::Printable;

/// Writes the manifests and the document that stops Helm 4.
///
/// # Errors
/// The writer's.
pub(crate) fn refuse(input: &[u8], message: &str, out: &mut impl Write) -> io::Result<()> {
    let message: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = Printable::from(message);
    out.write_all(input)?;
    if !input.is_empty() && !input.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    write!(
        out,
        "---\nkind: [refused]\nmetadata:\n  annotations:\n    postrenderer.helm.sh/postrender-filename: '{}'\n",
        message.as_str().replace('\'', "''")
    )
}
