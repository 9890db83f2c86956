//! Files that commands read.

use std::convert::Infallible;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context as _;

use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::gcfg::{self, Document};
use crate::inventory::{self, Inventory};
use crate::output;
use crate::source::SourceFile;
use crate::yaml::{self, Map};

/// The file that Connect's upgrades write settings to, beside the main one.
const MIGRATION_FILE: &str = "rstudio-connect-migration.gcfg";

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

/// Reads configuration files, and the migration file beside the first, as Connect does.
///
/// # Errors
/// One cannot be read; or [`InvalidInput`] with everything that is wrong in any of them.
pub fn documents(from: &[Source]) -> anyhow::Result<Vec<Document>> {
    let mut sources = from.to_vec();
    let beside = sources
        .first()
        .and_then(Source::path)
        .map(|path| path.with_file_name(MIGRATION_FILE))
        .filter(|path| path.is_file());
    if let Some(path) = beside
        && !sources
            .iter()
            .filter_map(Source::path)
            .any(|given| same_file(given) == same_file(&path))
    {
        output::talk(format!("reading {} too, as Connect does", path.display()));
        sources.push(Source::File(path));
    }
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    for source in &sources {
        match gcfg::parse_bytes(&source.name(), &source.read()?) {
            Ok(document) => documents.push(document),
            Err(invalid) => errors.extend(invalid.0),
        }
    }
    if errors.is_empty() {
        Ok(documents)
    } else {
        Err(InvalidInput(errors).into())
    }
}

/// A path in a form that is the same for all ways to write it.
pub fn same_file(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .unwrap_or_else(|_| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// Reads an inventory.
///
/// # Errors
/// It cannot be read, or is none.
pub fn inventory(path: &Path) -> anyhow::Result<Inventory> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{name} is not an inventory: it is not UTF-8"))?;
    Ok(inventory::read(&Arc::new(SourceFile::new(name, text)))?)
}
