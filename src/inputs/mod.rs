//! The files that commands read: named by a flag, or standard input.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::chart::ValuesFile;
use crate::diagnostic::{self, InvalidInput, WrongUsage};
use crate::gcfg::{self, Document};
use crate::output;
use crate::settings::secrecy::stray_words;
use crate::source::SourceFile;

/// A file, or `-` for standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source(pub String);

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Source {
    /// Whether it is standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.0 == "-"
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> &str {
        if self.is_stdin() { "<stdin>" } else { &self.0 }
    }

    /// The path of a file.
    pub(crate) fn path(&self) -> Option<&Path> {
        (!self.is_stdin()).then(|| Path::new(&self.0))
    }

    pub(crate) fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        if self.is_stdin() {
            return stdin();
        }
        if let Some((scheme, _)) = self.0.split_once("://") {
            // The rest may hold a password.
            bail!(
                "{scheme}://… names no file: fetch it first, or write out what Helm's plugins read (helm secrets decrypt FILE, for one), and give - or a file"
            );
        }
        std::fs::read(&self.0).with_context(|| format!("cannot read {}", self.0))
    }

    /// The text of a file that findings point into.
    pub(crate) fn file(&self) -> anyhow::Result<Arc<SourceFile>> {
        Ok(Arc::new(SourceFile::new(self.name(), self.text()?)))
    }

    pub(crate) fn text(&self) -> anyhow::Result<String> {
        Ok(diagnostic::text(self.name(), self.bytes()?)?)
    }
}

/// All of standard input.
pub(crate) fn stdin() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    Ok(bytes)
}

/// Fails when standard input is named more than once.
pub(crate) fn one_stdin<'a>(sources: impl IntoIterator<Item = &'a Source>) -> anyhow::Result<()> {
    if sources
        .into_iter()
        .filter(|source| source.is_stdin())
        .count()
        > 1
    {
        return Err(WrongUsage("standard input (-) can be read only once".to_owned()).into());
    }
    Ok(())
}

/// Reads configuration files. A migration file beside the first is read too, as Connect does.
pub(crate) fn documents(sources: &[Source]) -> anyhow::Result<Vec<Document>> {
    let mut sources = sources.to_vec();
    if let Some(first) = sources.first().filter(|first| !first.is_stdin()) {
        let beside = Path::new(&first.0).with_file_name(crate::chart::SECOND_FILE);
        let given = |path: &PathBuf| {
            sources
                .iter()
                .any(|source| same_file(Path::new(&source.0), path))
        };
        if beside.is_file() && !given(&beside) {
            output::message(format!("reading {} too, as Connect does", beside.display()));
            sources.push(Source(beside.display().to_string()));
        }
    }
    let mut documents = Vec::new();
    let mut errors = Vec::new();
    for source in &sources {
        match gcfg::parse_bytes(source.name(), &source.bytes()?) {
            Ok(document) => {
                errors.extend(stray_words(&document));
                documents.push(document);
            }
            Err(InvalidInput(more)) => errors.extend(more),
        }
    }
    if errors.is_empty() {
        Ok(documents)
    } else {
        Err(InvalidInput(errors).into())
    }
}

/// The migration file beside a configuration file, which Connect reads behind it.
pub(crate) fn beside(file: &Path) -> anyhow::Result<Option<Document>> {
    let path = file.with_file_name(crate::chart::SECOND_FILE);
    if !path.is_file() || same_file(file, &path) {
        return Ok(None);
    }
    let source = Source(path.display().to_string());
    Ok(Some(gcfg::parse_bytes(source.name(), &source.bytes()?)?))
}

fn same_file(one: &Path, other: &Path) -> bool {
    let resolved = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    resolved(one) == resolved(other)
}

/// Reads values files in Helm's order.
pub(crate) fn values_files(sources: &[Source]) -> anyhow::Result<Vec<ValuesFile>> {
    sources
        .iter()
        .map(|source| {
            Ok(ValuesFile::read(
                source.file()?,
                source.path().map(Path::to_path_buf),
            )?)
        })
        .collect()
}

/// Two outputs to one file, or one onto an input, would lose something.
///
/// # Errors
/// A file is named twice.
pub(crate) fn each_its_own<'a>(
    inputs: impl IntoIterator<Item = &'a Path>,
    outputs: impl IntoIterator<Item = &'a Option<PathBuf>>,
) -> anyhow::Result<()> {
    let same_file = |path: &Path| {
        std::fs::canonicalize(path)
            .unwrap_or_else(|_| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
    };
    let mut taken: HashSet<PathBuf> = inputs.into_iter().map(same_file).collect();
    for target in outputs.into_iter().flatten() {
        if !taken.insert(same_file(target)) {
            let message = format!(
                "{} is named twice: every input and output needs a file of its own",
                target.display()
            );
            return Err(WrongUsage(message).into());
        }
    }
    Ok(())
}
