//! Content images that can be had, and which of them an inventory needs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::connect::Language;
use crate::inventory::Inventory;
use crate::yaml::emit;

/// How sure it is that an image is what the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sure {
    /// Its name and all its versions stand in public documents.
    Named,
    Partly,
    /// Somebody says so: the table is the user's own.
    #[default]
    Own,
}

impl Sure {
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
    sure: Sure,
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

/// Reads a table.
///
/// # Errors
/// The text is not a list of images.
pub(crate) fn read(text: &str) -> Result<Vec<Image>, serde_yaml::Error> {
    serde_yaml::from_str(text)
}

/// The built-in table.
///
/// # Errors
/// Never, as a test makes sure; the text is read like any other.
pub(crate) fn builtin() -> Result<Vec<Image>, serde_yaml::Error> {
    read(include_str!("images.yaml"))
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

/// Which images an inventory's content would run on.
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    /// The images, and how many items each would run.
    pub images: Vec<(&'a Image, usize)>,
    /// Combinations of versions that no image fits, and how many items need each.
    pub missing: Vec<(String, usize)>,
}

/// Chooses from a table. An item's languages must all be in one image.
#[must_use]
pub(crate) fn choose<'a>(images: &'a [Image], inventory: &Inventory) -> Choice<'a> {
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
    let chosen = images
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .collect();
    Choice {
        images: chosen,
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

/// An `executionEnvironments` block for the chart's values.
#[must_use]
pub(crate) fn suggest(images: &[Image], inventory: &Inventory) -> String {
    let Choice {
        images: chosen,
        missing,
    } = choose(images, inventory);
    let mut out = String::from(
        "# Images for the content of the inventory. Make sure that your registry has each, and that its\n# versions are these, before you deploy.\n",
    );
    for (combination, count) in &missing {
        for line in emit::comment(&format!(
            "No image for {combination} ({count} items): build one, or have the items published again."
        )) {
            let _ = writeln!(out, "{line}");
        }
    }
    if chosen.is_empty() {
        out.push_str("executionEnvironments: []\n");
        return out;
    }
    out.push_str("executionEnvironments:\n");
    for (image, count) in chosen {
        let _ = writeln!(out, "  # {count} items; {}", image.sure.words());
        let _ = writeln!(out, "  - name: {}", emit::string(&image.name));
        out.push_str("    matching: any\n");
        for language in Language::ALL {
            let (Some(version), Some(path)) = (image.version(language), path(language)) else {
                continue;
            };
            let _ = write!(
                out,
                "    {}:\n      installations:\n        - version: {}\n          path: {}\n",
                language.key(),
                emit::string(version),
                emit::string(&path.replace("{}", version))
            );
        }
    }
    out
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
    use std::sync::Arc;

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
    fn the_built_in_table_is_in_order() {
        let images = builtin().unwrap();
        assert!(images.len() > 5);
        for image in &images {
            let (r, python) = (image.r.as_ref().unwrap(), image.python.as_ref().unwrap());
            let name = image.name.to_lowercase();
            assert!(name.contains(&format!("r{r}-py")), "{name}");
            assert!(name.contains(python), "{name}");
            assert_eq!(image.sure == Sure::Named, image.quarto.is_some());
        }
    }

    #[test]
    fn languages_of_one_item_must_be_in_one_image() {
        let images = builtin().unwrap();
        let Choice {
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
    fn a_suggestion_is_values_for_the_chart() {
        let text = suggest(&builtin().unwrap(), &inventory(CONTENT));
        assert!(
            text.contains("# No image for R 4.2.3 with Python 3.8.1 (1 items)"),
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
        assert!(suggest(&[], &Inventory::default()).ends_with("executionEnvironments: []\n"));
    }
}
