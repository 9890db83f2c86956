//! What of a source line may be shown.
//!
//! A message about a place shows its line, and the line may hold a password: in a healthy setting,
//! in one whose quotes do not close, in the second line of one, in a commented-out one. So before a
//! line is shown, what looks like a credential is hidden. The rules know `Key = value` and
//! `key: value`, not one format, and they work on text that does not parse. In doubt they hide.

use super::SourceFile;

/// What stands in the place of hidden text, whatever its length.
pub(super) const MASK: &str = "***";

/// A name that contains one of these may hold a credential. Compared without case and punctuation.
const WORDS: &[&str] = &[
    "pass",
    "pw",
    "secret",
    "key",
    "token",
    "cred",
    "auth",
    "licen",
    "dsn",
    "private",
    "signing",
    "salt",
    "hash",
    "cookie",
    "bearer",
    "jwt",
    "connstr",
    "connectionstr",
];

/// Words that are found in a misspelled name too.
const MISSPELLED: &[&str] = &["password", "passphrase", "secret", "token", "credential"];

/// How far above a line we look for the beginning of what it may belong to.
const LOOK_BACK: usize = 200;

/// How far above a line a credential may stand whose rest it is, when nothing but its place says so.
/// Longer ones are keys in PEM form, which say where they begin.
const REST_LINES: usize = 30;

/// How long a run of letters and digits must be to count as a key or token.
const TOKEN_LENGTH: usize = 20;

/// A line as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLine {
    text: String,
    visible: usize,
    hides: bool,
}

impl ShownLine {
    /// The text to show.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a byte of the line stands in the shown text. What is hidden stands at its mask's start.
    #[must_use]
    pub fn start(&self, byte: usize) -> usize {
        self.boundary(byte.min(self.visible))
    }

    /// Where a stretch that ends at a byte of the line ends in the shown text. What ends in hidden
    /// text ends with its mask.
    #[must_use]
    pub fn end(&self, byte: usize) -> usize {
        if self.hides && byte > self.visible {
            self.text.len()
        } else {
            self.boundary(byte)
        }
    }

    /// The nearest start of a character, at or before a byte of the shown text.
    fn boundary(&self, byte: usize) -> usize {
        (0..=byte.min(self.text.len()))
            .rev()
            .find(|&at| self.text.is_char_boundary(at))
            .unwrap_or(0)
    }

    /// Whether a byte of the line is hidden.
    #[must_use]
    pub fn hides(&self, byte: usize) -> bool {
        self.hides && byte >= self.visible
    }
}

/// A line, counted from 1, without what may be a credential.
pub(super) fn show(source: &SourceFile, line: usize) -> ShownLine {
    let text = source.line(line);
    let visible = visible(source, line);
    let hidden = text[visible..].trim();
    if hidden.is_empty() || hidden == MASK {
        return ShownLine {
            text: text.to_owned(),
            visible: text.len(),
            hides: false,
        };
    }
    ShownLine {
        text: format!("{}{MASK}", &text[..visible]),
        visible,
        hides: true,
    }
}

/// How many bytes at the line's start may be shown.
fn visible(source: &SourceFile, line: usize) -> usize {
    let text = source.line(line);
    if belongs_to_secret(source, line) {
        return indent(text);
    }
    let alone = shape(text).visible(text);
    // A value joined over several lines is looked at as a whole.
    let first = (line.saturating_sub(LOOK_BACK).max(1)..line)
        .rev()
        .take_while(|&above| is_continued(source.line(above)))
        .last()
        .unwrap_or(line);
    if first == line && !is_continued(text) {
        return alone;
    }
    let mut joined = String::new();
    for part in first..=first + 2 * LOOK_BACK {
        let part = source.line(part);
        joined.push_str(part.strip_suffix('\\').unwrap_or(part));
        if !is_continued(part) {
            break;
        }
    }
    let whole = shape(&joined).visible(&joined);
    if whole == joined.len() {
        alone
    } else if first == line {
        alone.min(whole)
    } else {
        indent(text)
    }
}

/// Whether a line looks like the rest of a credential that begins above: the lines of a PEM key, a
/// block scalar, a quoted text that somebody broke into lines.
fn belongs_to_secret(source: &SourceFile, line: usize) -> bool {
    let is_rest = |text: &str| {
        matches!(shape(text), Shape::Other { .. } | Shape::Comment { .. })
            && !text.trim().is_empty()
    };
    let mut in_chain = is_rest(source.line(line));
    for above in (line.saturating_sub(LOOK_BACK).max(1)..line).rev() {
        let text = source.line(above);
        if text.contains("-----END") {
            return false;
        }
        if text.contains("-----BEGIN") {
            return true;
        }
        if in_chain && shape(text).is_sensitive(text) {
            return true;
        }
        in_chain = in_chain && line - above < REST_LINES && is_rest(text);
    }
    false
}

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `[name]`, and what may be shown of it.
    Header { visible: usize },
    /// A comment; text begins at `text`.
    Comment { text: usize, sensitive: bool },
    /// A name, an equals sign or colon, and a value that begins at `value`.
    Assignment { value: usize, sensitive: bool },
    /// Anything else, and what may be shown of it.
    Other { visible: usize },
}

impl Shape {
    /// Whether the line says that it holds a credential.
    fn is_sensitive(self, line: &str) -> bool {
        match self {
            Self::Header { visible } => {
                visible < line.len() || is_credential(line) && !line.trim_end().ends_with(']')
            }
            Self::Comment { sensitive, .. } | Self::Assignment { sensitive, .. } => sensitive,
            Self::Other { .. } => is_sensitive(line) || is_credential(line),
        }
    }

    fn visible(self, line: &str) -> usize {
        match self {
            Self::Header { visible } | Self::Other { visible } => visible,
            Self::Comment {
                text: start,
                sensitive: true,
            }
            | Self::Assignment {
                value: start,
                sensitive: true,
            } => start,
            Self::Comment { .. } | Self::Assignment { .. } => line.len(),
        }
    }
}

fn shape(line: &str) -> Shape {
    let start = indent(line);
    let body = &line[start..];
    if body.starts_with('[') {
        return Shape::Header {
            visible: start + header(body),
        };
    }
    if body.starts_with([';', '#']) {
        let mark = body.len() - body.trim_start_matches([';', '#', ' ', '\t']).len();
        let text = &body[mark..];
        // A setting that was commented out shows its name.
        let (text_start, sensitive) = match shape(text) {
            Shape::Assignment {
                value,
                sensitive: true,
            } => (mark + value, true),
            _ => (mark, is_sensitive(text)),
        };
        return Shape::Comment {
            text: start + text_start,
            sensitive,
        };
    }
    // YAML's and JSON's ways to begin.
    let lead = body.len() - body.trim_start_matches(['-', ' ', '"', '\'', '{']).len();
    let name = &body[lead..];
    let name = &name[..name.find(|c| !is_name(c)).unwrap_or(name.len())];
    let name_end = start + lead + name.len();
    let rest = &line[name_end..];
    if is_token(name) {
        return Shape::Other { visible: start };
    }
    let after = rest.trim_start_matches(['"', '\'']).trim_start();
    let known = !name.is_empty();
    if let Some(value) = after.strip_prefix(['=', ':'])
        && !(known && is_padding(value))
    {
        // As in user:password@host.
        let user_info = after.starts_with(':') && value.contains('@') && !value.starts_with(' ');
        let value = value.trim_start();
        return Shape::Assignment {
            value: line.len() - value.len(),
            sensitive: !known
                || user_info
                || is_credential(name)
                || is_sensitive(value)
                || (lead > 0 && is_sensitive(name)),
        };
    }
    // What begins with a quote and is no name may be the rest of a quoted text.
    if body[..lead].contains(['"', '\'']) {
        return Shape::Other { visible: start };
    }
    if known && (rest.trim().is_empty() || rest.trim_start().starts_with([';', '#'])) {
        let comment = rest.trim_start();
        // What looks like a comment may be a password with such a character in it.
        let shown = if is_credential(name) {
            0
        } else {
            shape(comment).visible(comment)
        };
        return Shape::Other {
            visible: line.len() - comment.len() + shown,
        };
    }
    Shape::Other {
        visible: broken_name(line, name_end, name),
    }
}

/// What may be shown of a line whose name is not followed by what must follow it: up to the equals
/// sign where a single odd word stands before it, else the readable part of the name.
fn broken_name(line: &str, name_end: usize, name: &str) -> usize {
    let rest = &line[name_end..];
    if let Some(at) = rest.find(['=', ':'])
        && !is_credential(name)
        && !is_padding(&rest[at + 1..])
    {
        let word = rest[..at].trim_end();
        if !word.contains([' ', '\t', '"', '\'', '@', '\\']) && !is_sensitive(word) {
            let value = rest[at + 1..].trim_start();
            return line.len() - value.len();
        }
    }
    line.len() - rest.trim_start_matches([' ', '\t', '"', '\'']).len()
}

/// How much of a header may be shown: all of it, unless it holds an assignment or an address with a
/// password; what stands behind it is a line of its own.
fn header(body: &str) -> usize {
    let Some(close) = body.find(']') else {
        return cut_header(body);
    };
    let (inside, rest) = body.split_at(close + 1);
    let shown = cut_header(inside);
    if shown < inside.len() || rest.trim().is_empty() {
        return shown;
    }
    let behind = rest.trim_start();
    let shown = if is_credential(inside) {
        0
    } else {
        shape(behind).visible(behind)
    };
    body.len() - behind.len() + shown
}

fn cut_header(header: &str) -> usize {
    let opening = 1 + indent(&header[1..]);
    let inside = &header[opening..];
    if inside.contains(['=', '@']) || is_token(inside) {
        return opening;
    }
    if !is_sensitive(inside) && !is_credential(inside) {
        return header.len();
    }
    // A section may be called after credentials; a header that is none may hold them.
    let name = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
    let rest = inside[name..].trim_start();
    let subsection = rest.starts_with('"') && rest.ends_with("\"]");
    if rest == "]" || subsection || rest.is_empty() {
        header.len()
    } else {
        header.len() - rest.len()
    }
}

/// Whether a text says that it holds a credential, or looks like one.
fn is_sensitive(text: &str) -> bool {
    let plain = plain(text);
    // scheme://user:password@host, also in parts.
    let user_info = text
        .find(':')
        .or_else(|| text.find("//"))
        .is_some_and(|at| text[at..].contains('@'));
    user_info || WORDS.iter().any(|word| plain.contains(word)) || is_token(text)
}

/// Whether a name may be that of a credential.
fn is_credential(name: &str) -> bool {
    let plain = plain(name);
    // The entry of a list of variables says under `name` what its `value` is.
    plain == "value"
        || WORDS.iter().any(|word| plain.contains(word))
        || MISSPELLED.iter().any(|word| nearly_contains(&plain, word))
}

/// Letters and digits, folded.
fn plain(text: &str) -> String {
    crate::gcfg::fold(text)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// Whether some part of a text is a word with at most one letter too many, missing, wrong, or two
/// changed places.
fn nearly_contains(text: &str, word: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let word: Vec<char> = word.chars().collect();
    (word.len() - 1..=word.len() + 1)
        .flat_map(|length| text.windows(length))
        .any(|part| nearly_equal(part, &word))
}

fn nearly_equal(a: &[char], b: &[char]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    match (&a[..a.len() - tail], &b[..b.len() - tail]) {
        ([], [] | [_]) | ([_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Whether a text has a run of letters and digits, both of them, as long as keys and tokens are.
fn is_token(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '=' | '-')))
        .filter(|run| run.len() >= TOKEN_LENGTH)
        .any(|run| {
            run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_alphabetic())
        })
        || text.contains("-----BEGIN")
}

/// Whether nothing but the end of a Base64 text stands behind a first equals sign.
fn is_padding(value: &str) -> bool {
    value.starts_with('=') && value.trim_matches(['=', '"', ' ', '\t']).is_empty()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn is_continued(line: &str) -> bool {
    line.ends_with('\\')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests;
