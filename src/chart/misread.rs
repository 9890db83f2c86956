//! What Connect reads of the values below `config`, where that is not what stands there: the chart
//! writes `Key = value` as it is, and Connect's file has rules of its own for quotes, backslashes
//! and comments.

use super::ValuesFile;
use crate::gcfg::{self, Item, Section, SettingName};
use crate::settings::Catalogue;
use crate::source::Span;
use crate::yaml::{self, Kind, Node, Value};

/// A key or a value of `config` that does not reach Connect as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    /// Where in the values, dots between the parts.
    pub path: String,
    pub span: Span,
    pub kind: MisreadKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MisreadKind {
    /// Connect does not start with the file.
    Refused(String),
    /// A comment sign cuts the value; this is what is left, `***` where it may be a credential.
    Cut(String),
    /// A line break makes other lines of it.
    Lines,
}

/// A sentence for each value that a comment sign cuts, with the place and what to write instead: the
/// chart writes all of it, and Connect reads the rest.
#[must_use]
pub(crate) fn cut(files: &[ValuesFile]) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for file in files {
        for found in misread(file) {
            let MisreadKind::Cut(left) = found.kind else {
                continue;
            };
            let at = format!(
                "{}:{}",
                file.source.name(),
                file.source.position(found.span.start)
            );
            sentences.push((found.path, format!(
                "({at}) is cut by a comment sign: Connect reads {left:?}. Put double quotes inside the quotes of YAML, such as '\"a # b\"'"
            )));
        }
    }
    sentences
}

/// Goes through the `config` of some values.
#[must_use]
pub(crate) fn misread(file: &ValuesFile) -> Vec<Misread> {
    let mut found = Vec::new();
    let config = file.tree.get("config").map(Node::entries);
    for section in config.unwrap_or_default() {
        let Some(header) = section.key.as_str() else {
            continue;
        };
        let path = format!("config.{header}");
        if let Err(problem) = header.parse::<Section>() {
            found.push(Misread {
                path,
                span: section.key.span,
                kind: MisreadKind::Refused(problem.to_string()),
            });
            continue;
        }
        for setting in section.value.entries() {
            let Some(key) = setting.key.as_str() else {
                continue;
            };
            let path = format!("{path}.{key}");
            let items = match &setting.value.kind {
                Kind::Sequence(items) => items.as_slice(),
                _ => std::slice::from_ref(&setting.value),
            };
            for item in items {
                // A null takes a default away, or is empty.
                let text = match yaml::resolve(item) {
                    Ok(Value::Null | Value::Map(_) | Value::List(_)) | Err(_) => String::new(),
                    Ok(value) => value.printed(),
                };
                if let Some((span, kind)) = reading(header, key, &text) {
                    let span = if span == Part::Key {
                        setting.key.span
                    } else {
                        item.span
                    };
                    found.push(Misread {
                        path: path.clone(),
                        span,
                        kind,
                    });
                }
            }
        }
    }
    found
}

#[derive(PartialEq, Eq)]
enum Part {
    Key,
    Value,
}

fn reading(section: &str, key: &str, text: &str) -> Option<(Part, MisreadKind)> {
    if let Err(error) = gcfg::parse_text("", &format!("[{section}]\n{key} = x\n")) {
        return Some((Part::Key, MisreadKind::Refused(first(&error))));
    }
    let document = match gcfg::parse_text("", &format!("[{section}]\n{key} = {text}\n")) {
        Ok(document) => document,
        Err(error) => return Some((Part::Value, MisreadKind::Refused(first(&error)))),
    };
    let mut settings = document.settings();
    let setting = settings.next()?;
    if settings.next().is_some() || document.items().len() > 3 || text.trim_end().contains('\n') {
        return Some((Part::Value, MisreadKind::Lines));
    }
    let cut = document
        .items()
        .iter()
        .any(|item| matches!(item, Item::Comment(_)));
    cut.then(|| {
        let left = setting.text().unwrap_or_default();
        let name = SettingName::clone(&setting.name);
        let shown = match Catalogue::builtin().exposure(&name, text) {
            Some(_) => "***".to_owned(),
            None => left.to_owned(),
        };
        (Part::Value, MisreadKind::Cut(shown))
    })
}

fn first(error: &crate::diagnostic::InvalidInput) -> String {
    error
        .0
        .first()
        .map(|first| first.message.clone())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, MisreadKind)> {
        misread(&ValuesFile::of_text("my.yaml", text).unwrap())
            .into_iter()
            .map(|found| (found.path, found.kind))
            .collect()
    }

    #[test]
    fn values_that_comment_signs_cut_are_found() {
        let found = of(
            "config:\n  Server:\n    PublicWarning: 'Maintenance #42; back at 6'\n    Fine: '\"a; b\" # c'\n  'LDAP \"corp\"': {UserFilterBase: '(memberOf=CN=R;D,DC=example,DC=com)'}\n  Authorization: {UserRoleGroupMapping: 'quoted \"#1\"'}\n",
        );
        assert_eq!(
            found,
            [
                (
                    "config.Server.PublicWarning".to_owned(),
                    MisreadKind::Cut("Maintenance".to_owned())
                ),
                (
                    "config.Server.Fine".to_owned(),
                    MisreadKind::Cut("a; b".to_owned())
                ),
                (
                    "config.LDAP \"corp\".UserFilterBase".to_owned(),
                    MisreadKind::Cut("(memberOf=CN=R".to_owned())
                ),
            ]
        );
    }

    #[test]
    fn what_connect_does_not_start_with_is_found() {
        let found = of(
            "config:\n  'LDAP \"x\"': {BindDN: 'CORP\\svc'}\n  Section With Spaces: {Enabled: Always true}\n  A: {'B C': 1, D: \"a\\n[HTTP]\\nListen = :1\", E: [ok, 'bad\\x']}\n",
        );
        let refused = |kind: &MisreadKind| matches!(kind, MisreadKind::Refused(_));
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(refused(&found[0].1) && refused(&found[1].1) && refused(&found[2].1));
        assert_eq!(found[3].1, MisreadKind::Lines);
        assert!(refused(&found[4].1));
        assert!(of("config: {A: {B: null, C: '', D: 1e6, E: true}}").is_empty());
    }
}
