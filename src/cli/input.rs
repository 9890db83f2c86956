//! Files that commands read.

use std::convert::Infallible;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context as _;

use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::source::SourceFile;
use crate::yaml::{self, Map};

/// A file, or standard input.
#[derive(Debug, Clone)]
pub enum Source {
    /// `-`
    Stdin,
    /// Anything else.
    File(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "-" => Self::Stdin,
            path => Self::File(PathBuf::from(path)),
        })
    }
}

impl Source {
    /// The path of a file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path),
        }
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "<stdin>".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Its bytes.
    pub fn read(&self) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Stdin => {
                let mut bytes = Vec::new();
                std::io::stdin()
                    .lock()
                    .read_to_end(&mut bytes)
                    .context("cannot read standard input")?;
                Ok(bytes)
            }
            Self::File(path) => {
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
            }
        }
    }
}

/// Reads a values file as Helm does.
pub fn values(path: &Path) -> anyhow::Result<(Arc<SourceFile>, Map)> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{name} is not a values file: it is not UTF-8"))?;
    let source = Arc::new(SourceFile::new(name, text));
    match yaml::read_values(source.text()) {
        Ok(values) => Ok((source, values)),
        Err(error) => Err(InvalidInput::from(
            Diagnostic::error(Code::ValuesNotYaml, error.to_string())
                .at(&source, error.span)
                .help("Helm could not read this values file either; mend it first"),
        )
        .into()),
    }
}
