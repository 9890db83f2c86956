//! Values files, in the order of `-f`.

use std::path::PathBuf;
use std::sync::Arc;

use super::{merge, wrapped};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::helm::Layer;
use crate::source::{SourceFile, Span};
use crate::yaml::{self, Map, Node, Value};

/// One values file.
#[derive(Debug, Clone)]
pub struct ValuesFile {
    /// The text that the values stand in, under its path as given.
    pub source: Arc<SourceFile>,
    /// The values with their places in the text.
    pub tree: Node,
    pub values: Map,
    /// Where Helm can read the same values; `None` for standard input, for text of our own, and for
    /// values that stand within another object.
    path: Option<PathBuf>,
    /// Whether the text is the values and nothing else.
    whole: bool,
}

impl ValuesFile {
    /// Reads a text as Helm does. Objects of other tools that hold values are known by their kind.
    ///
    /// # Errors
    /// The text is not YAML, encrypted, or something else than values, with what to give instead.
    pub(crate) fn read(
        source: Arc<SourceFile>,
        path: Option<PathBuf>,
    ) -> Result<Self, InvalidInput> {
        let not_yaml = |message: String, span: Span| {
            InvalidInput::from(
                Diagnostic::error(Code::ValuesNotYaml, message)
                    .at(&source, span)
                    .help("Helm could not read this file either; mend it first"),
            )
        };
        let documents = yaml::load(source.text())
            .map_err(|error| not_yaml(error.message, Span::new(error.offset, error.offset)))?;
        if let Some(values) = wrapped::find(&source, &documents)? {
            return match values {
                Ok(tree) => Self::part(&source, &tree),
                Err((name, text)) => Self::read(Arc::new(SourceFile::new(name, text)), None),
            };
        }
        let values = yaml::read_documents(&documents)
            .map_err(|error| not_yaml(error.message, error.span))?;
        Ok(Self {
            tree: documents.into_iter().next().unwrap_or_else(Node::empty),
            source,
            values,
            path,
            whole: true,
        })
    }

    /// Values that stand within something else.
    ///
    /// # Errors
    /// It is no mapping, or has a key or a tag that Helm could not read.
    pub(crate) fn part(source: &Arc<SourceFile>, tree: &Node) -> Result<Self, InvalidInput> {
        let values = yaml::read_documents(std::slice::from_ref(tree)).map_err(|error| {
            Diagnostic::error(Code::ValuesNotYaml, error.message)
                .at(source, error.span)
                .help("Helm could not read this file either; mend it first")
        })?;
        Ok(Self {
            values,
            source: Arc::clone(source),
            tree: tree.clone(),
            path: None,
            whole: false,
        })
    }

    /// A text of our own.
    ///
    /// # Errors
    /// It is not YAML.
    pub fn of_text(name: &str, text: &str) -> Result<Self, InvalidInput> {
        Self::read(Arc::new(SourceFile::new(name, text)), None)
    }

    /// All of them, one on top of the other.
    #[must_use]
    pub fn merged<'a>(files: impl IntoIterator<Item = &'a Self>) -> Map {
        let mut merged = Map::new();
        for file in files {
            merge(&mut merged, file.values.clone());
        }
        merged
    }

    /// The same for Helm. It takes one text beside files, so where there are more, they and what is
    /// read after the first of them are put together here.
    pub(crate) fn layers(files: &[&Self]) -> Vec<Layer> {
        let first = files.iter().position(|file| file.path.is_none());
        let (files, texts) = files.split_at(first.unwrap_or(files.len()));
        let mut layers: Vec<Layer> = files
            .iter()
            .filter_map(|file| file.path.clone().map(Layer::File))
            .collect();
        match texts {
            [] => {}
            [one] if one.whole => layers.push(Layer::Text(one.source.text().to_owned())),
            several => {
                let merged = Self::merged(several.iter().copied());
                layers.push(Layer::Text(Value::Map(merged).to_json().to_string()));
            }
        }
        layers
    }

    /// Where a key stands; the start of the values when that cannot be told.
    #[must_use]
    pub(crate) fn place(&self, path: &[&str]) -> Span {
        path.split_last()
            .and_then(|(last, path)| {
                let entries = self.tree.at(path)?.entries();
                let entry = entries.iter().find(|e| e.key.as_str() == Some(last))?;
                Some(entry.key.span)
            })
            .unwrap_or(Span::new(self.tree.span.start, self.tree.span.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str, path: Option<&str>) -> ValuesFile {
        ValuesFile::read(
            Arc::new(SourceFile::new("v", text)),
            path.map(PathBuf::from),
        )
        .unwrap()
    }

    #[test]
    fn files_stay_files_and_texts_become_one() {
        let (a, b) = (file("a: 1", Some("a.yaml")), file("b: 2 # x", None));
        let layers = ValuesFile::layers(&[&a, &b]);
        assert!(matches!(&layers[0], Layer::File(path) if path.as_os_str() == "a.yaml"));
        assert!(matches!(&layers[1], Layer::Text(text) if text == "b: 2 # x"));
        let c = file("{c: 1000000, b: null}", Some("c.yaml"));
        let layers = ValuesFile::layers(&[&a, &b, &c]);
        let Layer::Text(text) = &layers[1] else {
            panic!("{layers:?}")
        };
        assert_eq!(text, r#"{"b":null,"c":1000000}"#);
    }
}
