//! Content images that can be had, and which of them an inventory needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::chart::Chart;
use crate::connect::{Language, Version};
use crate::diagnostic::{Code, Diagnostic, InvalidInput};
use crate::inputs::Source;
use crate::inventory::Inventory;
use crate::source::{SourceFile, Span};
use crate::yaml::{self, Block, Item, Kind, Node, Tree};

/// How sure it is that an image is what the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    /// Its name and all its versions stand in public documents.
    Named,
    Partly,
    /// Somebody says so: the table is the user's own.
    #[default]
    Own,
}

impl Confidence {
    const fn words(self) -> &'static str {
        match self {
            Self::Named => "named with these versions in public documents of Posit's",
            Self::Partly => {
                "named in public documents of Posit's; look into it for the versions left out here"
            }
            Self::Own => "from your table",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// Its name, as `executionEnvironments` takes it.
    pub name: String,
    r: Option<String>,
    python: Option<String>,
    quarto: Option<String>,
    nodejs: Option<String>,
    tensorflow: Option<String>,
    #[serde(default)]
    sure: Confidence,
}

impl Image {
    /// The version of a language that it has.
    #[must_use]
    pub(crate) fn version(&self, language: Language) -> Option<&str> {
        match language {
            Language::R => self.r.as_deref(),
            Language::Python => self.python.as_deref(),
            Language::Quarto => self.quarto.as_deref(),
            Language::Nodejs => self.nodejs.as_deref(),
            Language::Tensorflow => self.tensorflow.as_deref(),
        }
    }
}

/// Reads a table of the user's own, or takes the built-in one.
///
/// # Errors
/// It cannot be read, or is no list of images.
pub(crate) fn table(own: Option<&Source>) -> anyhow::Result<Vec<Image>> {
    match own {
        Some(own) => Ok(read(&own.file()?)?),
        None => {
            let built_in = SourceFile::new("images.yaml", include_str!("images.yaml"));
            read(&Arc::new(built_in)).context("internal error: the built-in table of images")
        }
    }
}

fn read(source: &Arc<SourceFile>) -> Result<Vec<Image>, InvalidInput> {
    let refuse = |message: String, span: Span| {
        InvalidInput::from(
            Diagnostic::error(Code::ImagesInvalid, message)
                .at(source, span)
                .help("write a list such as - {name: registry.example.com/content:1, r: 4.4.0, python: 3.12.1}"),
        )
    };
    let documents = yaml::load(source.text())
        .map_err(|error| refuse(error.message, Span::new(error.offset, error.offset)))?;
    let list = match documents.as_slice() {
        [list] if matches!(list.kind, Kind::Sequence(_)) => list.items(),
        [] => return Err(refuse("no list of images".to_owned(), Span::new(0, 0))),
        [first, ..] => return Err(refuse("no list of images".to_owned(), first.span)),
    };
    list.iter()
        .map(|node| {
            let image: Image = serde_json::from_value(as_written(node))
                .map_err(|error| refuse(format!("no image: {error}"), node.span))?;
            if is_reference(&image.name) {
                return Ok(image);
            }
            let name = node.get("name").unwrap_or(node);
            Err(refuse(
                "the name is none that an image can have".to_owned(),
                name.span,
            ))
        })
        .collect()
}

/// Whether a text is a reference to an image, as container runtimes read it: a registry and a path in
/// small letters, with a tag or a digest.
fn is_reference(name: &str) -> bool {
    let (name, digest) = match name.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (name, None),
    };
    let path = name.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match name[path..].split_once(':') {
        Some((last, tag)) => (&name[..path + last.len()], Some(tag)),
        None => (name, None),
    };
    let made_of = |text: &str, more: &[char]| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    let mut parts = name.split('/');
    let first = parts.next().unwrap_or_default();
    let path = |part: &str| {
        made_of(part, &['.', '_', '-']) && !part.contains(|c: char| c.is_ascii_uppercase())
    };
    let registry = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    (path(first) || registry && made_of(first, &['.', '-', ':']))
        && parts.all(path)
        && tag.is_none_or(|tag| made_of(tag, &['.', '_', '-']))
        && digest.is_none_or(|digest| {
            made_of(digest, &[':', '+', '.', '_', '-']) && digest.contains(':')
        })
}

/// A tree with every scalar as the text that it is: a version such as 3.10 is no number.
fn as_written(node: &Node) -> Json {
    match &node.kind {
        Kind::Scalar(text, _) => Json::String(text.clone()),
        Kind::Sequence(items) => Json::Array(items.iter().map(as_written).collect()),
        Kind::Mapping(entries) => entries
            .iter()
            .filter_map(|entry| Some((entry.key.as_str()?.to_owned(), as_written(&entry.value))))
            .collect(),
    }
}

/// The first two numbers of a version: packages built for one patch version work with the next.
#[must_use]
pub(crate) fn minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(|part| part.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// How well an image fits: exact versions before those of the same minor version. `None` where one
/// is missing. Quarto counts for nothing: newer versions render older documents.
fn fit(image: &Image, needed: &BTreeMap<Language, String>) -> Option<u32> {
    let mut points = 0;
    for (language, version) in needed {
        if *language == Language::Quarto {
            continue;
        }
        let has = image.version(*language)?;
        points += if has == version {
            2
        } else if minor(has).is_some() && minor(has) == minor(version) {
            1
        } else {
            return None;
        };
    }
    Some(points)
}

/// How a chart takes images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `executionEnvironments`, a list.
    Environments,
    /// `launcher.customRuntimeYaml`, which the server reads when it starts for the first time.
    RuntimeYaml,
}

/// The first Connect that reads declared execution environments (chart changelog, 0.8.35).
const ENVIRONMENTS_SINCE: Version = Version::new(2026, 3, 0);

impl Form {
    /// What a chart and a Connect version have between them; `None` where that is nothing.
    #[must_use]
    pub(crate) fn of(chart: &Chart, connect: &str) -> Option<Self> {
        let old = connect
            .parse::<Version>()
            .is_ok_and(|connect| connect < ENVIRONMENTS_SINCE);
        if !old && chart.default_at(&["executionEnvironments"]).is_some() {
            return Some(Self::Environments);
        }
        chart
            .default_at(&["launcher", "customRuntimeYaml"])
            .map(|_| Self::RuntimeYaml)
    }
}

/// The images that an inventory's content would run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggestion {
    /// The images, and how many items each would run.
    pub images: Vec<(Image, usize)>,
    /// Combinations of versions that no image fits, and how many items need each.
    pub missing: Vec<(String, usize)>,
}

/// Chooses from a table. An item's languages must all be in one image.
#[must_use]
pub(crate) fn choose(images: &[Image], inventory: &Inventory) -> Suggestion {
    let mut combinations: BTreeMap<&BTreeMap<Language, String>, usize> = BTreeMap::new();
    for entry in &inventory.content {
        if entry
            .languages
            .keys()
            .any(|language| *language != Language::Quarto)
        {
            *combinations.entry(&entry.languages).or_default() += 1;
        }
    }
    let mut counts = vec![0; images.len()];
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for (needed, count) in combinations {
        let best = images
            .iter()
            .enumerate()
            .filter_map(|(index, image)| Some((fit(image, needed)?, index)))
            // Of images that fit alike, the last in the table, which is the newest.
            .max();
        match best {
            Some((_, index)) => counts[index] += count,
            None => *missing.entry(named(needed)).or_default() += count,
        }
    }
    let chosen = images.iter().cloned().zip(counts);
    Suggestion {
        images: chosen.filter(|(_, count)| *count > 0).collect(),
        missing: missing.into_iter().collect(),
    }
}

fn named(needed: &BTreeMap<Language, String>) -> String {
    needed
        .iter()
        .filter(|(language, _)| **language != Language::Quarto)
        .map(|(language, version)| format!("{} {version}", language.name()))
        .collect::<Vec<_>>()
        .join(" with ")
}

impl Suggestion {
    /// Whether somebody says so, and no public document.
    #[must_use]
    pub(crate) fn is_own(&self) -> bool {
        self.images
            .iter()
            .any(|(image, _)| image.sure == Confidence::Own)
    }

    /// Adds the images to values, in the form that the chart takes.
    pub(crate) fn put(&self, values: &mut Block, form: Form) {
        let list: Vec<Item> = self.images.iter().map(|image| item(image, form)).collect();
        let entry = match form {
            Form::Environments => values.add("executionEnvironments", Tree::List(list)),
            Form::RuntimeYaml => {
                let launcher = values.block("launcher");
                // Else the chart adds this list, which is empty, to the images as one of them.
                launcher.add("additionalRuntimeImages", "");
                let mut runtime = Block::new();
                runtime.add("name", "Kubernetes");
                runtime.add("images", Tree::List(list));
                launcher.add("customRuntimeYaml", runtime)
            }
        };
        entry.above(
            "Images for the content of the inventory. Make sure that your registry has each, and that its\nversions are these, before you deploy.",
        );
        for lacking in self.lacking() {
            entry.above(&lacking);
        }
    }

    /// The same as values of their own.
    #[must_use]
    pub(crate) fn text(&self, form: Form) -> String {
        let mut values = Block::new();
        self.put(&mut values, form);
        values.to_yaml()
    }

    /// A sentence for each combination of versions that no image has.
    pub(crate) fn lacking(&self) -> impl Iterator<Item = String> {
        self.missing.iter().map(|(combination, count)| {
            format!(
                "No image for {combination} ({}): build one, or have {} published again.",
                if *count == 1 {
                    "1 item".to_owned()
                } else {
                    format!("{count} items")
                },
                if *count == 1 { "it" } else { "them" },
            )
        })
    }
}

fn item((image, count): &(Image, usize), form: Form) -> Item {
    let mut block = Block::new();
    block.add("name", image.name.as_str());
    if form == Form::Environments {
        block.add("matching", "any");
    }
    for language in Language::ALL {
        let (Some(version), Some(path)) = (image.version(language), path(language)) else {
            continue;
        };
        let mut installation = Block::new();
        installation.add("version", version);
        installation.add("path", path.replace("{}", version));
        block
            .block(language.key())
            .add("installations", Tree::List(vec![Item::from(installation)]));
    }
    let items = if *count == 1 {
        "1 item".to_owned()
    } else {
        format!("{count} items")
    };
    Item::from(block).above(&format!("{items}; {}", image.sure.words()))
}

/// Where the public images have a language.
const fn path(language: Language) -> Option<&'static str> {
    match language {
        Language::R => Some("/opt/R/{}/bin/R"),
        Language::Python => Some("/opt/python/{}/bin/python3"),
        Language::Quarto => Some("/opt/quarto/{}/bin/quarto"),
        // None of the public images has these.
        Language::Nodejs | Language::Tensorflow => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read_values;

    fn inventory(text: &str) -> Inventory {
        crate::inventory::read(&Arc::new(crate::source::SourceFile::new("i", text))).unwrap()
    }

    const CONTENT: &str = "content:
  - {guid: 11111111-1111-4111-8111-111111111111, r: 4.2.3}
  - {guid: 22222222-2222-4222-8222-222222222222, r: 4.2.1}
  - {guid: 33333333-3333-4333-8333-333333333333, r: 4.4.0, python: 3.12.1, quarto: 1.9.0}
  - {guid: 44444444-4444-4444-8444-444444444444, r: 4.2.3, python: 3.8.1}
  - {guid: 55555555-5555-4555-8555-555555555555, quarto: 1.4.0}
  - {guid: 66666666-6666-4666-8666-666666666666, type: static}
";

    #[test]
    fn a_table_that_is_none_says_where() {
        let read = |text: &str| {
            read(&Arc::new(SourceFile::new("my.yaml", text)))
                .map_err(|error| error.to_string())
                .map(|images| images.len())
        };
        for name in [
            "content-base:r4.4.0-py3.12.1",
            "ghcr.io/posit-dev/content_x:1.2-A",
            "localhost:5000/a/b",
            "registry.example.com:443/a@sha256:0123abcd",
            "a/b__c.d-e",
        ] {
            assert_eq!(
                read(&format!("- {{name: '{name}', r: 4.4.0}}")),
                Ok(1),
                "{name}"
            );
        }
        for name in [
            "",
            " ",
            "a b",
            "   /content:1",
            "a/:1",
            "a//b",
            "A/b",
            "a:b:c",
            "a/b:",
            "a;b",
            "a\tb",
            "https://h/a",
        ] {
            let error = read(&format!("- {{name: x}}\n- {{name: \"{name}\"}}")).unwrap_err();
            assert!(error.starts_with("my.yaml:2:10: "), "{name}: {error}");
        }
        for (text, place) in [
            ("", "1:1"),
            ("foo", "1:1"),
            ("a: b", "1:1"),
            ("- {name: x}\n- {r: 4}", "2:3"),
            ("- {name: x, rr: 4}", "1:3"),
            ("- {name: x\n", "2:1"),
            ("- name: x\n---\n- name: y\n", "1:1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(
                error.starts_with(&format!("my.yaml:{place}: ")),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn the_built_in_table_is_in_order() {
        let images = table(None).unwrap();
        assert!(images.len() > 5);
        for image in &images {
            let (r, python) = (image.r.as_ref().unwrap(), image.python.as_ref().unwrap());
            let name = image.name.to_lowercase();
            assert!(name.contains(&format!("r{r}-py")), "{name}");
            assert!(name.contains(python), "{name}");
            assert_eq!(image.sure == Confidence::Named, image.quarto.is_some());
        }
    }

    #[test]
    fn languages_of_one_item_must_be_in_one_image() {
        let images = table(None).unwrap();
        let Suggestion {
            images: chosen,
            missing,
        } = choose(&images, &inventory(CONTENT));
        let chosen: Vec<_> = chosen
            .iter()
            .map(|(image, count)| (image.r.as_deref().unwrap(), *count))
            .collect();
        assert_eq!(chosen, [("4.2.3", 2), ("4.4.0", 1)]);
        assert_eq!(missing, [("R 4.2.3 with Python 3.8.1".to_owned(), 1)]);
    }

    #[test]
    fn a_table_of_ones_own_is_read_as_written_and_within_bounds() {
        let read = |text: &str| read(&Arc::new(SourceFile::new("i", text)));
        let images = read("- {name: x, python: 3.10, r: '4.2.3'}").unwrap();
        assert_eq!(images[0].version(Language::Python), Some("3.10"));
        assert!(read("- {name: x, ruby: 1}").is_err());
        let mut bomb = "- &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 'b'..'k' {
            let below = char::from(u8::try_from(level).unwrap() - 1);
            bomb.push_str(&format!("- &{level} [*{below}, *{below}, *{below}, *{below}, *{below}, *{below}, *{below}, *{below}]\n"));
        }
        assert!(read(&bomb).is_err());
    }

    #[test]
    fn a_suggestion_is_values_for_the_chart() {
        let chosen = choose(&table(None).unwrap(), &inventory(CONTENT));
        let text = chosen.text(Form::Environments);
        assert!(
            text.contains("# No image for R 4.2.3 with Python 3.8.1 (1 item)"),
            "{text}"
        );
        let values = read_values(&text).unwrap();
        let environments = values["executionEnvironments"].as_list().unwrap();
        assert_eq!(environments.len(), 2);
        let path = environments[0].at(&["python", "installations"]).unwrap();
        assert_eq!(
            path.as_list().unwrap()[0].get("path").unwrap().as_str(),
            Some("/opt/python/3.11.9/bin/python3")
        );
        let none = choose(&[], &Inventory::default());
        assert!(
            none.text(Form::Environments)
                .ends_with("executionEnvironments: []\n")
        );
        let old = read_values(&chosen.text(Form::RuntimeYaml)).unwrap();
        let runtime = old["launcher"].get("customRuntimeYaml").unwrap();
        let images = runtime.get("images").unwrap().as_list().unwrap();
        assert_eq!(images.len(), 2);
        assert_eq!(images[0].get("python"), environments[0].get("python"));
        assert_eq!(runtime.get("name").unwrap().as_str(), Some("Kubernetes"));
    }
}
