//! What Helm says, without the values that it was given.
//!
//! Helm quotes values where it complains: `cannot overwrite table with non table for config.SMTP (PW)`,
//! ``cannot unmarshal !!str `PW` into int``, and a chart's `fail` may say anything. So every value is
//! masked in what we pass on, whatever it is for; keys and places stay. The words are taken from the
//! call itself, so that nobody who makes one can forget it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ops::Range;
use std::path::Path;

use crate::settings::secrecy::word_exposes;
use crate::yaml::{Kind, Node, load};

const MASK: &str = "***";

/// Shorter values are the letters and articles of every message.
const SHORTEST: usize = 3;

/// Values of this length are looked for inside of words, too.
const INSIDE: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Hidden {
    words: BTreeSet<String>,
    /// The keys of the values, which their complaints name.
    keys: BTreeSet<String>,
    /// Files and other words of the call itself.
    named: BTreeSet<String>,
    /// There are values that could not be read, so that nobody knows what to look for.
    unreadable: bool,
}

impl Hidden {
    /// Of a call's arguments and of what it is given to read.
    pub(super) fn of<'a>(args: impl Iterator<Item = &'a OsStr>, input: Option<&str>) -> Self {
        let mut hidden = Self::default();
        let args: Vec<_> = args.map(OsStr::to_string_lossy).collect();
        let mut named: Vec<&str> = Vec::new();
        let mut rest = args.iter().map(AsRef::as_ref);
        while let Some(arg) = rest.next() {
            let (flag, joined) = match arg.split_once('=') {
                Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
                _ => (arg, None),
            };
            match flag {
                "--values" | "-f" => {
                    if let Some(path) = joined.or_else(|| rest.next()).filter(|path| *path != "-") {
                        hidden.file(path);
                        hidden.named.insert(path.to_owned());
                    }
                }
                "--set" | "--set-string" | "--set-literal" | "--set-json" => {
                    let set = joined.or_else(|| rest.next()).unwrap_or_default();
                    for word in set.split(['=', ',', '{', '}']).skip(1) {
                        hidden.scalar(word);
                    }
                    let path = set.split('=').next().unwrap_or_default();
                    hidden.keys.extend(path.split('.').map(str::to_owned));
                }
                _ => match joined.unwrap_or(arg) {
                    flag if flag.starts_with("--") => {}
                    file if Path::new(file).exists() => named.push(file),
                    // A URL with a user in it.
                    word if word_exposes(word) => hidden.scalar(word),
                    word => named.push(word),
                },
            }
        }
        if let Some(text) = input {
            hidden.text(text);
        }
        // Release and chart are no secret to those who read the message.
        for word in named.iter().flat_map(|arg| arg.split(['/', '='])) {
            hidden.words.remove(&word.to_ascii_lowercase());
        }
        hidden.named.extend(named.into_iter().map(str::to_owned));
        hidden
    }

    fn file(&mut self, path: &str) {
        // One that we cannot read, Helm cannot quote.
        if let Ok(bytes) = std::fs::read(path) {
            self.text(&String::from_utf8_lossy(&bytes));
        }
    }

    fn text(&mut self, text: &str) {
        match load(text) {
            Ok(documents) => documents.iter().for_each(|document| self.node(document)),
            Err(_) => self.unreadable = true,
        }
    }

    fn node(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar(text, _) => self.scalar(text),
            Kind::Sequence(items) => items.iter().for_each(|item| self.node(item)),
            Kind::Mapping(entries) => {
                for entry in entries {
                    self.keys.extend(entry.key.as_str().map(str::to_owned));
                    self.node(&entry.value);
                }
            }
        }
    }

    fn scalar(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            self.word(line);
            // Helm escapes these in its own ways, or takes a URL apart.
            if line.contains(['"', '\'', '\\', '<', '>', '&']) || word_exposes(line) {
                for part in line.split(|c: char| !c.is_alphanumeric()) {
                    self.word(part);
                }
            }
        }
    }

    fn word(&mut self, word: &str) {
        let is_number = word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let shortest = if is_number { SHORTEST + 1 } else { SHORTEST };
        let switch = ["true", "false", "null", "yes", "off"];
        if word.len() >= shortest
            && word.contains(char::is_alphanumeric)
            && !switch
                .iter()
                .any(|switch| switch.eq_ignore_ascii_case(word))
        {
            self.words.insert(word.to_ascii_lowercase());
        }
    }

    /// A text of Helm's as it may be shown.
    pub(super) fn mask(&self, said: &str) -> String {
        if self.unreadable {
            let line = said.split("line ").nth(1).map(|rest| {
                rest.chars()
                    .take_while(char::is_ascii_digit)
                    .collect::<String>()
            });
            let place = match line {
                Some(line) if !line.is_empty() => format!(" (it speaks of line {line})"),
                _ => String::new(),
            };
            return format!(
                "its message may quote values that cannot be read as YAML here, so it is left out{place}"
            );
        }
        let said = without_quoted_scalars(said);
        let open = self.open(&said);
        let mut masked: Vec<Range<usize>> = self
            .words
            .iter()
            .flat_map(|word| places(&said, word))
            .filter(|place| {
                !open
                    .iter()
                    .any(|open| open.start <= place.start && place.end <= open.end)
            })
            .collect();
        masked.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        let mut out = String::new();
        let mut copied = 0;
        for place in masked {
            if place.start >= copied {
                out.push_str(&said[copied..place.start]);
                out.push_str(MASK);
            }
            copied = copied.max(place.end);
        }
        out + &said[copied..]
    }

    /// The words of a text that are no values: flags, files that were named, places in templates, and
    /// keys between dots.
    fn open(&self, said: &str) -> Vec<Range<usize>> {
        let start = |word: &str| word.as_ptr() as usize - said.as_ptr() as usize;
        let range = |word: &str| start(word)..start(word) + word.len();
        let mut open = Vec::new();
        for word in said.split_whitespace() {
            let word = word.trim_matches(['"', '\'', '(', ')', ',', ':', ';']);
            let flag = word.strip_prefix("--").is_some_and(|name| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            });
            if flag || is_template(word) || self.named.contains(word) {
                open.push(range(word));
            } else if word.contains('.') {
                open.extend(
                    word.split('.')
                        .filter(|key| self.keys.contains(*key))
                        .map(range),
                );
            }
        }
        open
    }
}

/// Whether a word is a place in a chart, such as `c/templates/deployment.yaml:27:12`.
fn is_template(word: &str) -> bool {
    let file = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
    let suffix = [".yaml", ".tpl", ".txt", ".json", ".go"];
    suffix.iter().any(|suffix| file.ends_with(suffix))
        && (file.contains("templates/") || word.len() > file.len() && !file.contains('='))
}

/// Where a word that is given in small letters stands.
fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let folded = text.to_ascii_lowercase();
    let starts: Vec<usize> = folded.match_indices(word).map(|(at, _)| at).collect();
    starts
        .into_iter()
        .map(|at| at..at + word.len())
        .filter(move |place| {
            let before = text[..place.start].chars().next_back();
            let inside = is_part(before) || is_part(text[place.end..].chars().next());
            word.len() >= INSIDE || !inside
        })
}

/// The YAML library quotes the beginning of a long scalar, which none of our words is. What stands
/// between the signs as a whole may be the name of a key.
fn without_quoted_scalars(said: &str) -> String {
    let mut out = String::new();
    let mut rest = said;
    while let Some((before, behind)) = rest.split_once(" `") {
        out.push_str(before);
        let Some((quoted, after)) = behind.split_once('`') else {
            return out + " `" + MASK;
        };
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let whole = quoted.chars().all(name) && !quoted.ends_with("...");
        out.push_str(" `");
        out.push_str(if whole { quoted } else { MASK });
        out.push('`');
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(values: &str, said: &str) -> String {
        Hidden::of(std::iter::empty(), Some(values)).mask(said)
    }

    #[test]
    fn values_are_masked_and_keys_and_places_stay() {
        for (values, said, expected) in [
            (
                "config: {SMTP: hunter2}",
                "coalesce.go:1: warning: cannot overwrite table with non table for c.config.SMTP (map[x:hunter2])",
                "coalesce.go:1: warning: cannot overwrite table with non table for c.config.SMTP (map[x:***])",
            ),
            (
                "a: hunter2-and-more",
                "yaml: line 3: cannot unmarshal !!str `hunter2...` into int",
                "yaml: line 3: cannot unmarshal !!str `***` into int",
            ),
            ("a: 'h\"unter'", "got \"h\\\"unter\"", "got \"h\\\"***\""),
            ("a: hunter2222", "got \"x-HUNTER2222x\"", "got \"x-***x\""),
            ("a: 123456\nb: 12", "line 12: 123456", "line 12: ***"),
            (
                "a: postgres://u:1#pass@h/d",
                "invalid port \":1#pass\"",
                "invalid port \":1#***\"",
            ),
            ("a: |\n  one two\n  three\n", "one two, three", "***, ***"),
            ("- {name: X, value: hunter}", "[hunter]", "[***]"),
            ("flag: true\nart: a", "not a true word", "not a true word"),
            (
                "config: {Server: {EmailProvider: smtp}, smtp: {a: b}}",
                "cannot overwrite table with non table for c.config.smtp (smtp)",
                "cannot overwrite table with non table for c.config.smtp (***)",
            ),
            (
                "a: deployment\nb: verify\nc: coalesce",
                "coalesce.go:286: execution error at (c/templates/deployment.yaml:27:3): deployment; use --verify",
                "coalesce.go:286: execution error at (c/templates/deployment.yaml:27:3): ***; use --verify",
            ),
            (
                "a: hunter2",
                "both `launcher.enabled` and `backends.kubernetes.enabled`, `hunter2`",
                "both `launcher.enabled` and `backends.kubernetes.enabled`, `***`",
            ),
            ("a: hunter2.yaml", "open hunter2.yaml: no", "open ***: no"),
        ] {
            assert_eq!(masked(values, said), expected);
        }
    }

    #[test]
    fn where_the_values_cannot_be_read_nothing_is_quoted() {
        let said = masked("a: 'hunter", "yaml: line 7: found hunter");
        assert!(!said.contains("hunter"), "{said}");
        assert!(said.contains("line 7"), "{said}");
    }

    #[test]
    fn the_words_are_taken_from_the_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("v.yaml");
        std::fs::write(&file, "a: hunter1\nb: release\n").unwrap();
        let file = format!("--values={}", file.display());
        let args = [
            "template",
            &file,
            "--set",
            "x.y=hunter2,z={hunter3}",
            "--repo",
            "https://u:hunter4@h/x",
            "--ca-file",
            "/etc/release/hunter1.pem",
            "release",
        ];
        let hidden = Hidden::of(args.iter().map(OsStr::new), None);
        assert_eq!(
            hidden.mask("open /etc/release/hunter1.pem: no; hunter1, release"),
            "open /etc/release/hunter1.pem: no; ***, release"
        );
        assert_eq!(
            hidden.mask("hunter1 hunter2 hunter3 hunter4@h release"),
            "*** *** *** ***@h release"
        );
    }
}
