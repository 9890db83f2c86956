//! Whether every version that content uses has an image.

use std::collections::BTreeMap;

use super::{Group, Judgement, count, plural};
use crate::connect::{Language, Languages, Login, version_order};
use crate::images::minor;
use crate::inventory::Inventory;
use crate::rebuild::BuildRoom;
use crate::yaml::{Map, Value, read_values};

/// What there will be, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Available {
    /// The versions of each language.
    pub versions: Languages,
    /// The same image by image; `None` where that is not known.
    pub images: Option<Vec<Languages>>,
    /// `executionEnvironments of the values`, or the new server.
    pub place: String,
}

impl Available {
    /// What some values declare: `executionEnvironments`, or `launcher.customRuntimeYaml` of older
    /// charts. `None` where they only name a table that lies in the chart.
    #[must_use]
    pub(crate) fn of_values(values: &Map) -> Option<Self> {
        let list = |value: Option<&Value>| value.and_then(Value::as_list).map(<[Value]>::to_vec);
        let declared = list(values.get("executionEnvironments")).filter(|list| !list.is_empty());
        let (environments, place) = match (declared, values.get("launcher")) {
            (None, Some(launcher))
                if launcher
                    .get("customRuntimeYaml")
                    .is_some_and(Value::is_truthy) =>
            {
                let runtime = launcher.get("customRuntimeYaml")?;
                let written = match runtime {
                    Value::String(text) => Value::Map(read_values(text).ok()?),
                    other => other.clone(),
                };
                (list(written.get("images"))?, "launcher.customRuntimeYaml")
            }
            (declared, _) => (declared.unwrap_or_default(), "executionEnvironments"),
        };
        let mut versions = Languages::new();
        let mut images = Vec::new();
        for environment in environments {
            let mut image = Languages::new();
            for language in Language::ALL {
                let installations = environment
                    .at(&[language.key(), "installations"])
                    .and_then(Value::as_list)
                    .unwrap_or_default();
                for installation in installations {
                    if let Some(version) = installation.get("version") {
                        for all in [&mut versions, &mut image] {
                            all.entry(language).or_default().push(version.printed());
                        }
                    }
                }
            }
            images.push(image);
        }
        Some(Self {
            versions,
            images: Some(images),
            place: format!("{place} of the values"),
        })
    }

    /// What a server has.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) async fn on(login: Login) -> anyhow::Result<Self> {
        let connect = login.open().await?;
        Ok(Self {
            versions: connect.runtimes().await?,
            images: None,
            place: connect.server().to_string(),
        })
    }
}

/// What content uses, and what there is for it.
#[derive(Debug)]
pub(super) struct RuntimeFacts<'a> {
    pub inventory: Option<&'a Inventory>,
    pub available: Option<&'a Available>,
    /// How many builds at once the cluster's quotas have room for, where they limit them.
    pub builds: Option<&'a BuildRoom>,
}

/// Whether the versions of one language that content uses are there.
pub(super) fn versions(facts: &RuntimeFacts<'_>, language: Language) -> Judgement {
    let Some(inventory) = facts.inventory else {
        return Group::Runtimes.unasked_one();
    };
    let used = used(inventory, language);
    if used.is_empty() {
        return Judgement::pass(format!("no content says that it uses {}", language.name()));
    }
    match facts.available {
        None => Judgement::not_asked(
            "what images have is not known; -f FILE with executionEnvironments, or --new-server URL, tells",
        ),
        Some(available) => judge(language, &used, available),
    }
}

/// All languages of an item must be in one image.
pub(super) fn together(facts: &RuntimeFacts<'_>) -> Judgement {
    let Some(inventory) = facts.inventory else {
        return Group::Runtimes.unasked_one();
    };
    let Some(images) = facts
        .available
        .and_then(|available| available.images.as_ref())
    else {
        return Judgement::not_asked(
            "which image has what is not known; -f FILE with executionEnvironments tells",
        );
    };
    let mut missing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for entry in &inventory.content {
        let needed: Vec<(Language, &str)> = entry
            .languages
            .iter()
            .filter(|(language, _)| **language != Language::Quarto)
            .map(|(language, version)| (*language, version.as_str()))
            .collect();
        let fits = |image: &Languages| {
            needed.iter().all(|(language, version)| {
                image.get(language).into_iter().flatten().any(|one| {
                    one == version || minor(one).is_some() && minor(one) == minor(version)
                })
            })
        };
        if needed.len() > 1 && !images.iter().any(fits) {
            let named: Vec<String> = needed
                .iter()
                .map(|(language, version)| format!("{} {version}", language.name()))
                .collect();
            missing
                .entry(named.join(" with "))
                .or_default()
                .push(entry.label());
        }
    }
    if missing.is_empty() {
        return Judgement::pass("items in several languages have all of them in one image");
    }
    Judgement::fail(
        format!(
            "{} in no image together",
            plural(
                missing.len(),
                "combination of versions is",
                "combinations of versions are"
            )
        ),
        "add an image with both, near versions included, or have the items published again",
    )
    .details(missing.into_iter().map(|(named, titles)| {
        let some: Vec<_> = titles.iter().take(3).copied().collect();
        format!(
            "{named}: {}: {}{}",
            count(titles.len(), "item"),
            some.join(", "),
            if titles.len() > some.len() {
                ", …"
            } else {
                ""
            }
        )
    }))
}

/// Titles of the items that use each version.
fn used(inventory: &Inventory, language: Language) -> BTreeMap<&str, Vec<&str>> {
    let mut used: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in &inventory.content {
        if let Some(version) = entry.languages.get(&language) {
            used.entry(version).or_default().push(entry.label());
        }
    }
    used
}

fn judge(language: Language, used: &BTreeMap<&str, Vec<&str>>, available: &Available) -> Judgement {
    let name = language.name();
    let has = available
        .versions
        .get(&language)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut missing: Vec<_> = used
        .iter()
        .filter(|(version, _)| !has.iter().any(|one| one == *version))
        .collect();
    missing.sort_by(|(one, _), (other, _)| version_order(one).cmp(&version_order(other)));
    if missing.is_empty() {
        return Judgement::pass(format!(
            "{} of {name} that content uses: {} has each",
            plural(used.len(), "version", "versions"),
            available.place
        ));
    }
    let near = |version: &str| {
        has.iter()
            .find(|one| minor(one).is_some() && minor(one) == minor(version))
    };
    // Newer Quarto renders what was written for older ones.
    let hard = language != Language::Quarto
        && missing.iter().any(|(version, _)| near(version).is_none())
        || has.is_empty();
    let details: Vec<String> = missing
        .iter()
        .map(|(version, titles)| {
            let some: Vec<_> = titles.iter().take(3).copied().collect();
            let near = near(version).map_or_else(
                || "no image of that minor version".to_owned(),
                |near| format!("{near} is there"),
            );
            format!(
                "{name} {version}: {}, {near}: {}{}",
                count(titles.len(), "item"),
                some.join(", "),
                if titles.len() > some.len() {
                    ", …"
                } else {
                    ""
                }
            )
        })
        .collect();
    let items: usize = missing.iter().map(|(_, titles)| titles.len()).sum();
    let evidence = format!(
        "{} of {name} missing in {}: {}",
        count(missing.len(), "version"),
        available.place,
        count(items, "item")
    );
    let remedy = "add images that have them to executionEnvironments (--suggest prints what public ones there are), or have the items published again; a near version serves where Connect is set up to take one";
    if hard {
        Judgement::fail(evidence, remedy).details(details)
    } else {
        Judgement::warn(evidence, remedy).details(details)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::check::Status;
    use crate::source::SourceFile;
    use crate::yaml::read_values;

    fn status(content: &str, values: &str, language: Language) -> Judgement {
        let text = format!(
            "content:\n  - {{guid: 11111111-1111-4111-8111-111111111111, title: Sales, {content}}}\n"
        );
        let inventory = crate::inventory::read(&Arc::new(SourceFile::new("i", text))).unwrap();
        let available = Available::of_values(&read_values(values).unwrap()).unwrap();
        let facts = RuntimeFacts {
            builds: None,
            inventory: Some(&inventory),
            available: Some(&available),
        };
        versions(&facts, language)
    }

    const VALUES: &str = "executionEnvironments:
  - name: x
    r: {installations: [{version: '4.3.3', path: /r}]}
    python: {installations: [{version: '3.11.9', path: /p}]}
    quarto: {installations: [{version: '1.4.553', path: /q}]}
";

    #[test]
    fn exact_near_and_missing_versions_differ() {
        let of = |content: &str, language| status(content, VALUES, language).status;
        assert_eq!(of("r: 4.3.3", Language::R), Status::Pass);
        assert_eq!(of("r: 4.3.1", Language::R), Status::Warn);
        assert_eq!(of("r: 4.2.3", Language::R), Status::Fail);
        assert_eq!(of("python: 3.8.1", Language::Python), Status::Fail);
        assert_eq!(of("quarto: 1.3.0", Language::Quarto), Status::Warn);
        assert_eq!(of("r: 4.3.3", Language::Python), Status::Pass);
        assert_eq!(of("nodejs: 22.1.0", Language::Nodejs), Status::Fail);
        assert_eq!(
            status(
                "quarto: 1.3.0",
                "executionEnvironments: []",
                Language::Quarto
            )
            .status,
            Status::Fail
        );
    }

    #[test]
    fn languages_of_an_item_must_be_in_one_image() {
        let two = "executionEnvironments:
  - {name: a, r: {installations: [{version: '4.3.3'}]}, python: {installations: [{version: '3.12.1'}]}}
  - {name: b, r: {installations: [{version: '4.2.3'}]}, python: {installations: [{version: '3.11.9'}]}}
";
        let of = |content: &str| {
            let text = format!(
                "content:\n  - {{guid: 11111111-1111-4111-8111-111111111111, {content}}}\n"
            );
            let inventory = crate::inventory::read(&Arc::new(SourceFile::new("i", text))).unwrap();
            let available = Available::of_values(&read_values(two).unwrap()).unwrap();
            let facts = RuntimeFacts {
                builds: None,
                inventory: Some(&inventory),
                available: Some(&available),
            };
            together(&facts).status
        };
        assert_eq!(of("r: 4.3.1, python: 3.12.3"), Status::Pass);
        assert_eq!(of("r: 4.3.1, python: 3.11.9"), Status::Fail);
        assert_eq!(of("r: 4.3.1, quarto: 1.9.0"), Status::Pass);
    }

    #[test]
    fn what_is_missing_is_named_with_its_content() {
        let check = status("r: 4.2.3", VALUES, Language::R);
        assert_eq!(
            check.evidence,
            "1 version of R missing in executionEnvironments of the values: 1 item"
        );
        assert_eq!(
            check.details,
            ["R 4.2.3: 1 item, no image of that minor version: Sales"]
        );
    }
}
