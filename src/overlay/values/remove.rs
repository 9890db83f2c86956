//! Taking the overlay out of a values file again.

use crate::gcfg::write;
use crate::manifests::{EditError, Emptied, Path, remove as remove_keys, same};
use crate::source::Span;
use crate::yaml::{Kind, Node, Style, YamlError, load};

use super::super::settings::TemporarySetting;
use super::make::header;
use super::{ABSENT, MARK, WAS, config_path, properties, sections};

/// A values file without the overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    pub text: String,
    /// Keys that were taken out or put back: dotted path, and what was put back.
    pub restored: Vec<(String, Option<String>)>,
    /// Settings that have their temporary value, but no comment that says what they were. They are
    /// in the text still, unless they were to be dropped.
    pub unrecorded: Vec<String>,
}

/// Why the overlay cannot be taken out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveError {
    /// The file cannot be read.
    #[error("it is not YAML: {0}")]
    Yaml(#[from] YamlError),
    /// A mark is there, but not where we write them.
    #[error("line {0}: the comment is not behind a setting on one line; take it out by hand")]
    Misplaced(usize),
    /// What the comment records is not a value.
    #[error("line {0}: the comment does not say what the setting was; take it out by hand")]
    Damaged(usize),
    /// An unrecorded setting cannot be dropped.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Takes the overlay out of a values file. Every other byte stays.
///
/// # Errors
/// The file cannot be read, or a comment of ours is not as we write it.
pub fn remove(
    text: &str,
    under: Option<&str>,
    settings: &[TemporarySetting],
    drop_unrecorded: bool,
) -> Result<Removed, RemoveError> {
    let mut removed = Removed {
        text: without_header(text),
        restored: Vec::new(),
        unrecorded: Vec::new(),
    };
    while let Some(next) = step(&removed.text)? {
        removed.text = next.text;
        removed.restored.push((next.path, next.was));
    }
    for (path, key) in unrecorded(&removed.text, under, settings)? {
        removed.unrecorded.push(path.key(&key).to_string());
        if drop_unrecorded {
            removed.text = remove_keys(&removed.text, &path, &[&key], Emptied::Braces)?;
        }
    }
    Ok(removed)
}

fn without_header(text: &str) -> String {
    let header = header();
    match text.find(&header) {
        Some(at) if at == 0 || text[..at].ends_with('\n') => {
            format!("{}{}", &text[..at], &text[at + header.len()..])
        }
        _ => {
            let crlf = header.replace('\n', "\r\n");
            text.replacen(&crlf, "", 1)
        }
    }
}

/// One setting taken out.
struct Done {
    text: String,
    path: String,
    was: Option<String>,
}

struct Marked<'a> {
    number: usize,
    /// The line's bytes, its line break included.
    line: Span,
    /// Where the comment begins.
    at: usize,
    /// The line's end, in front of the line break.
    end: usize,
    /// What the comment says.
    says: &'a str,
}

/// The marked lines. Comments that have their line to themselves are none, nor is what stands in a
/// text of the user's.
fn marked<'a>(text: &'a str, documents: &[Node]) -> Vec<Marked<'a>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches(['\n', '\r']);
        let comment = content
            .match_indices(MARK)
            .map(|(at, _)| at)
            .find(|at| !documents.iter().any(|node| is_text(node, start + at)));
        if let Some(at) = comment.filter(|&at| !content[..at].trim().is_empty()) {
            found.push(Marked {
                number: index + 1,
                line: Span::new(start, start + line.len()),
                at: start + at,
                end: start + content.len(),
                says: content[at + MARK.len()..].trim_end(),
            });
        }
        start += line.len();
    }
    found
}

/// Whether a byte is in the text of a scalar.
fn is_text(node: &Node, at: usize) -> bool {
    match &node.kind {
        Kind::Scalar(..) => node.span.range().contains(&at),
        Kind::Sequence(items) => items.iter().any(|item| is_text(item, at)),
        Kind::Mapping(entries) => entries
            .iter()
            .any(|entry| is_text(&entry.key, at) || is_text(&entry.value, at)),
    }
}

/// Takes the first marked setting out: those with values first, as mappings must be empty.
fn step(text: &str) -> Result<Option<Done>, RemoveError> {
    if !text.contains(MARK) {
        return Ok(None);
    }
    let documents = load(text)?;
    let marks = marked(text, &documents);
    let Some(first) = marks.first() else {
        return Ok(None);
    };
    let root = documents
        .first()
        .ok_or(RemoveError::Misplaced(first.number))?;
    for mark in &marks {
        let Some((path, value)) = entry_on(root, mark, &Path::root()) else {
            return Err(RemoveError::Misplaced(mark.number));
        };
        if !matches!(value.kind, Kind::Scalar(..)) {
            continue;
        }
        let done = if mark.says == ABSENT {
            take_out(text, root, &marks, mark, &path)
        } else if let Some(was) = mark.says.strip_prefix(WAS) {
            put_back(text, root, mark, &path, value, was)
        } else {
            None
        };
        return done.map(Some).ok_or(RemoveError::Damaged(mark.number));
    }
    // What is left marked are mappings that hold something of the user's by now.
    let mut text = text.to_owned();
    for mark in marks.iter().rev() {
        let line = &text[mark.line.start..mark.end];
        let kept = line[..mark.at - mark.line.start].trim_end().to_owned();
        text.replace_range(mark.line.start..mark.end, &kept);
    }
    let unchanged = load(&text)?.first().is_some_and(|now| same(now, root));
    if !unchanged {
        return Err(RemoveError::Misplaced(first.number));
    }
    Ok(Some(Done {
        text,
        path: "every other comment of ours".to_owned(),
        was: None,
    }))
}

/// The entry whose key stands on a line, with its path.
fn entry_on<'a>(node: &'a Node, mark: &Marked<'_>, path: &Path) -> Option<(Path, &'a Node)> {
    for entry in node.entries() {
        let path = path.key(entry.key.as_str()?);
        if mark.line.range().contains(&entry.key.span.start) {
            return Some((path, &entry.value));
        }
        if let Some(found) = entry_on(&entry.value, mark, &path) {
            return Some(found);
        }
    }
    None
}

fn put_back(
    text: &str,
    root: &Node,
    mark: &Marked<'_>,
    path: &Path,
    value: &Node,
    was: &str,
) -> Option<Done> {
    let Span { start, end } = value.span;
    // A value that is missing stands nowhere.
    if start == end || start < mark.line.start || mark.at < end {
        return None;
    }
    // A comment of the user's may stand between the two.
    let between = text[end..mark.at].trim_end_matches([' ', '\t']);
    let before = match was.is_empty() {
        true => text[..start].trim_end_matches(' '),
        false => &text[..start],
    };
    let restored = format!("{before}{was}{between}{}", &text[mark.end..]);
    let mut expected = root.clone();
    *path.find_mut(&mut expected)? = load(&format!("k: {was}")).ok()?.first()?.get("k")?.clone();
    let now = load(&restored).ok()?;
    same(now.first()?, &expected).then(|| Done {
        text: restored,
        path: path.to_string(),
        was: Some(was.to_owned()),
    })
}

/// Takes a line out, and with it the lines of mappings that were made for it.
fn take_out(
    text: &str,
    root: &Node,
    marks: &[Marked<'_>],
    mark: &Marked<'_>,
    path: &Path,
) -> Option<Done> {
    let mut lines = vec![mark.line];
    let mut gone = path.clone();
    let mut braces = None;
    // Upwards, as long as nothing else is in the mapping.
    while let Some((parent, _)) = gone.parent() {
        if parent.find(root)?.entries().len() > 1 || parent == Path::root() {
            break;
        }
        let key = parent.find_key(root)?;
        let made = marks
            .iter()
            .find(|mark| mark.line.range().contains(&key.span.start) && mark.says == ABSENT);
        match made {
            Some(mark) => lines.push(mark.line),
            None => {
                braces = Some((key.span.end, parent));
                break;
            }
        }
        gone = parent;
    }
    let mut out = text.to_owned();
    for line in &lines {
        out.replace_range(line.range(), "");
    }
    let mut expected = root.clone();
    if let Some((key_end, mapping)) = braces {
        // A null would take the chart's defaults away with it.
        let colon = text[key_end..].find(':')? + key_end + 1;
        out.insert_str(colon, " {}");
        mapping.find_mut(&mut expected)?.kind = Kind::Mapping(Vec::new());
    } else {
        let (parent, _) = gone.parent()?;
        let key = gone.find_key(root)?.clone();
        if let Kind::Mapping(entries) = &mut parent.find_mut(&mut expected)?.kind {
            entries.retain(|entry| entry.key.span != key.span);
        }
    }
    let now = load(&out).ok()?;
    let as_expected = match now.first() {
        Some(now) if !matches!(now.kind, Kind::Scalar(_, Style::Plain)) => same(now, &expected),
        _ => expected.entries().is_empty(),
    };
    as_expected.then(|| Done {
        text: out,
        path: path.to_string(),
        was: None,
    })
}

/// The settings that have their temporary values without a word about what they were.
fn unrecorded(
    text: &str,
    under: Option<&str>,
    settings: &[TemporarySetting],
) -> Result<Vec<(Path, String)>, RemoveError> {
    let documents = load(text)?;
    let keys = config_path(under);
    let path = Path::root().keys(&keys);
    let Some(config) = documents.first().and_then(|root| path.find(root)) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for setting in settings {
        let written = write::value(&setting.value).unwrap_or_default();
        for section in sections(config, &setting.name.section) {
            for property in properties(&section.value, &setting.name.property) {
                let names = section.key.as_str().zip(property.key.as_str());
                if let (Some(value), Some((section, property))) = (property.value.as_str(), names)
                    && value.eq_ignore_ascii_case(&written)
                {
                    found.push((path.key(section), property.to_owned()));
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::{Given, make};
    use super::*;
    use crate::overlay::temporary;

    const VALUES: &str = "# mine\nreplicas: 1\nconfig:\n  Server: {Address: x}\n  applications:\n    scheduleconcurrency: 3\n    # b\n    Other: \"1\"\nlast: 1\n";

    fn made(values: &str) -> String {
        let documents = crate::yaml::load(values).unwrap();
        let root = documents.into_iter().next().unwrap_or_else(Node::empty);
        let given = Given {
            name: "values.yaml",
            text: values,
            root: &root,
        };
        make(&[given], None, &temporary()).unwrap()
    }

    fn removed(text: &str) -> Removed {
        remove(text, None, &temporary(), false).unwrap()
    }

    #[test]
    fn the_overlay_says_what_each_setting_was_in_its_spelling() {
        let text = made(VALUES);
        let body = text.strip_prefix(&header()).unwrap();
        insta::assert_snapshot!(body, @r"
        config:
          Scheduler: # connect-migrate/overlay: was absent
            MinProcessesLimit: '0' # connect-migrate/overlay: was absent
          applications:
            scheduleconcurrency: '0' # connect-migrate/overlay: was written as 3
            PythonEnvironmentReaping: 'false' # connect-migrate/overlay: was absent
        ");
        assert_eq!(removed(&made("")).text, "");
        assert_eq!(removed(&text).unrecorded, Vec::<String>::new());
    }

    #[test]
    fn what_would_break_a_comment_is_not_recorded() {
        for c in ['\u{85}', '\u{2028}', '\u{2029}'] {
            let values = format!("config: {{Applications: {{ScheduleConcurrency: '3{c}'}}}}\n");
            let root = crate::yaml::load(&values).unwrap().remove(0);
            let given = Given {
                name: "values.yaml",
                text: &values,
                root: &root,
            };
            assert!(make(&[given], None, &temporary()).is_err(), "{values:?}");
        }
    }

    #[test]
    fn what_was_merged_by_hand_is_taken_out_again() {
        let merged = VALUES
            .replace(
                "    scheduleconcurrency: 3\n",
                "    scheduleconcurrency: '0' # connect-migrate/overlay: was written as 3\n    PythonEnvironmentReaping: 'false' # connect-migrate/overlay: was absent\n",
            )
            .replace(
                "last: 1",
                &format!("{}last: 1", header()),
            )
            .replace(
                "  Server:",
                "  Scheduler: # connect-migrate/overlay: was absent\n    MinProcessesLimit: '0' # connect-migrate/overlay: was absent\n  Server:",
            );
        let result = removed(&merged);
        assert_eq!(result.text, VALUES);
        assert_eq!(
            result.restored,
            [
                ("config.Scheduler.MinProcessesLimit".to_owned(), None),
                (
                    "config.applications.scheduleconcurrency".to_owned(),
                    Some("3".to_owned())
                ),
                (
                    "config.applications.PythonEnvironmentReaping".to_owned(),
                    None
                ),
            ]
        );
        let crlf = merged.replace('\n', "\r\n");
        assert_eq!(removed(&crlf).text, VALUES.replace('\n', "\r\n"));
    }

    #[test]
    fn words_of_the_users_stay() {
        let mark = "# connect-migrate/overlay: was";
        for (text, expected) in [
            (
                format!("config:\n  a:\n    b: '0' # why {mark} written as 3\n"),
                Some("config:\n  a:\n    b: 3 # why\n"),
            ),
            (
                format!("config: {{\n  b: '0', {mark} written as 3\n  c: 1 }}\n"),
                Some("config: {\n  b: 3,\n  c: 1 }\n"),
            ),
            (
                format!("config:\n  b: '0' {mark} written as '3 {mark} absent'\n"),
                Some("config:\n  b: '3 # connect-migrate/overlay: was absent'\n"),
            ),
            (format!("note: 'see {mark} written as 3'\n"), None),
            (format!("note: \"see {mark} absent\n  more\"\n"), None),
            (format!("note: |\n  a: 1 {mark} absent\n  b\nc: 1\n"), None),
            (
                format!("'a {mark} absent': 1\nb: [\"{mark} absent\"]\n"),
                None,
            ),
        ] {
            let expected = expected.unwrap_or(&text);
            assert_eq!(removed(&text).text, expected, "{text}");
        }
    }

    #[test]
    fn a_section_that_stays_empty_does_not_become_null() {
        let text = "config:\n  Scheduler:\n    MinProcessesLimit: '0' # connect-migrate/overlay: was absent\n";
        assert_eq!(removed(text).text, "config:\n  Scheduler: {}\n");
    }

    #[test]
    fn a_mapping_that_got_company_stays() {
        let text = "config: # connect-migrate/overlay: was absent\n  Scheduler: # connect-migrate/overlay: was absent\n    MinProcessesLimit: '0' # connect-migrate/overlay: was absent\n    Mine: 1\n";
        assert_eq!(removed(text).text, "config:\n  Scheduler:\n    Mine: 1\n");
    }

    #[test]
    fn settings_without_a_record_are_named_and_dropped_on_demand() {
        let text = "config: {Scheduler: {MinProcessesLimit: 0}, Applications: {ScheduleConcurrency: '0', x: 1}}\n";
        let result = removed(text);
        assert_eq!(result.text, text);
        assert_eq!(
            result.unrecorded,
            [
                "config.Scheduler.MinProcessesLimit",
                "config.Applications.ScheduleConcurrency"
            ]
        );
        let result = remove(text, None, &temporary(), true).unwrap();
        assert_eq!(
            result.text,
            "config: {Scheduler: {}, Applications: {x: 1}}\n"
        );
    }

    #[test]
    fn damaged_comments_are_not_guessed_at() {
        for text in [
            "a: 1 # connect-migrate/overlay: was\n",
            "a: 1 # connect-migrate/overlay: was written as [\n",
            "- 1 # connect-migrate/overlay: was absent\n",
        ] {
            assert!(remove(text, None, &temporary(), false).is_err(), "{text}");
        }
    }
}
