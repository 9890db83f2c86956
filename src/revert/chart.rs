//! A chart that renders what a release consists of, and nothing else.
//!
//! Helm keeps neither where a chart came from nor its sub-charts, so the chart cannot be rendered
//! again. It keeps what was rendered; with the overlay taken off, that becomes the templates of a
//! chart under the same metadata, values, hooks and notes. Every document goes back into the file
//! that its `# Source:` line names, so that Helm sorts and labels them as before.
//!
//! Helm stores a chart's own templates beside the manifest, and a record has to fit into a Secret.
//! So the texts are named templates of a sub-chart, which Helm does not store, and the templates
//! themselves do no more than include them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};

use crate::output::is_hidden;
use crate::release::{REVERT_TEMPLATE, Record};
use crate::settings::secrecy::names_credential;
use crate::state;

/// The sub-chart that holds the texts.
const TEXTS: &str = "charts/connect-migrate-texts";

/// Whole numbers up to this survive Helm's way through floating point.
const EXACT: u64 = 1 << 53;

/// Files of a chart by their path in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StaticChart {
    files: BTreeMap<ChartPath, String>,
    /// Named templates with the documents' texts.
    texts: String,
    count: usize,
}

/// A path in a chart. It comes from the cluster and becomes a file's, so it leads to the places that
/// a chart has, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ChartPath(String);

impl ChartPath {
    fn new(path: &str) -> anyhow::Result<Self> {
        let plain = |part: &str| {
            !matches!(part, "" | "." | "..")
                && !part
                    .chars()
                    .any(|c| matches!(c, '\\' | ':') || is_hidden(c))
        };
        let mut rest = path;
        // Sub-charts have their own sub-charts.
        while let Some((_, inner)) = rest.strip_prefix("charts/").and_then(|r| r.split_once('/')) {
            rest = inner;
        }
        let known = matches!(rest, "Chart.yaml" | "Chart.lock" | "values.yaml")
            || rest.starts_with("templates/");
        if !known || !path.split('/').all(plain) {
            bail!("the release's record names {path:?}, which is no place in a chart");
        }
        Ok(Self(path.to_owned()))
    }
}

impl StaticChart {
    /// Makes the chart of a revision with another manifest.
    ///
    /// # Errors
    /// The record or the manifest is not as Helm writes them.
    pub(crate) fn new(record: &Record, manifest: &str) -> anyhow::Result<Self> {
        let name = record
            .chart
            .text("name")
            .context("the release's chart has no name")?;
        let mut chart = Self::default();
        chart.put("Chart.yaml", &Value::Object(record.chart.metadata.clone()))?;
        if let Some(lock) = &record.chart.lock {
            chart.put("Chart.lock", lock)?;
        }
        if let Some(values) = &record.chart.values {
            chart.put("values.yaml", &Value::Object(values.clone()))?;
        }
        let marker = "{{- /* helm connect-migrate revert made this chart from a release */}}\n";
        chart.insert(REVERT_TEMPLATE, marker.to_owned())?;
        for (source, text) in documents(manifest)? {
            chart.add(name, source, text)?;
        }
        for hook in record.hooks.iter().flatten() {
            chart.add(name, &hook.path, &hook.manifest)?;
        }
        if !record.info.notes.is_empty() {
            let notes = chart.included(&record.info.notes);
            chart.insert("templates/NOTES.txt", notes)?;
        }
        chart.sub_charts(record)?;
        let texts = std::mem::take(&mut chart.texts);
        chart.insert(&format!("{TEXTS}/templates/_texts.tpl"), texts)?;
        let metadata = stub("connect-migrate-texts", "0.0.0");
        chart.put(&format!("{TEXTS}/Chart.yaml"), &Value::Object(metadata))?;
        Ok(chart)
    }

    fn insert(&mut self, path: &str, text: String) -> anyhow::Result<()> {
        self.files.insert(ChartPath::new(path)?, text);
        Ok(())
    }

    /// A template that renders a text as it is.
    fn included(&mut self, text: &str) -> String {
        let name = format!("connect-migrate.{}", self.count);
        self.count += 1;
        let text = verbatim(text);
        self.texts
            .push_str(&format!("{{{{ define \"{name}\" }}}}{text}{{{{ end }}}}\n"));
        format!("{{{{ include \"{name}\" . }}}}")
    }

    fn put(&mut self, path: &str, value: &Value) -> anyhow::Result<()> {
        // JSON is YAML, and has one way to write each value.
        self.insert(path, serde_json::to_string_pretty(value)? + "\n")
    }

    /// Adds a document to the template that it came from.
    fn add(&mut self, chart: &str, source: &str, text: &str) -> anyhow::Result<()> {
        let inside = source
            .strip_prefix(chart)
            .and_then(|rest| rest.strip_prefix('/'))
            .with_context(|| format!("{source} is not in the chart {chart}"))?;
        let text = self.included(text);
        let file = self.files.entry(ChartPath::new(inside)?).or_default();
        if !file.is_empty() {
            file.push_str("\n---\n");
        }
        file.push_str(&text);
        Ok(())
    }

    /// Helm wants a folder for every sub-chart that Chart.yaml or a template's path names.
    fn sub_charts(&mut self, record: &Record) -> anyhow::Result<()> {
        let mut folders: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        let versions = record.chart.lock.as_ref().map(|lock| &lock["dependencies"]);
        let dependencies = record.chart.metadata.get("dependencies");
        for dependency in dependencies.and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = dependency["name"].as_str() else {
                continue;
            };
            let locked = versions
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .find(|locked| locked["name"] == name)
                .and_then(|locked| locked["version"].as_str());
            let range = dependency["version"].as_str().unwrap_or_default();
            let version = locked.map_or_else(|| within(range), str::to_owned);
            folders.insert(format!("charts/{name}"), stub(name, &version));
        }
        for path in self.files.keys() {
            let parts: Vec<&str> = path.0.split('/').collect();
            let mut at = 0;
            while parts.get(at) == Some(&"charts") && parts.len() > at + 2 {
                let folder = parts[..at + 2].join("/");
                let missing = || stub(parts[at + 1], "0.0.0");
                folders.entry(folder).or_insert_with(missing);
                at += 2;
            }
        }
        for (folder, metadata) in folders {
            self.put(&format!("{folder}/Chart.yaml"), &Value::Object(metadata))?;
        }
        Ok(())
    }

    /// Writes the chart into a new folder that only its owner can read: values may be secrets.
    ///
    /// # Errors
    /// The system refuses, or something stands where a file is to be.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for (path, text) in &self.files {
            let path = folder.join(&path.0);
            if let Some(parent) = path.parent() {
                state::create_private(parent)?;
            }
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// A version in a range as Chart.yaml has them: Helm leaves a sub-chart out whose version is not in
/// it. Where this guesses wrong, Helm's dry run lacks documents, and nothing is applied.
fn within(range: &str) -> String {
    let first = range.split("||").next().unwrap_or_default();
    // Blanks may stand behind an operator.
    let spaced = first.replace(',', " ");
    let mut operator = "";
    for word in spaced.split_whitespace() {
        let digits = word
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(word.len());
        let (sign, number) = word.split_at(digits);
        let sign = if sign.is_empty() { operator } else { sign };
        if number.is_empty() {
            operator = sign;
            continue;
        }
        if matches!(sign, "<" | "<=" | "=<" | "!=") {
            operator = "";
            continue;
        }
        let (number, suffix) = match number.find(['-', '+']) {
            Some(at) => number.split_at(at),
            None => (number, ""),
        };
        let mut parts: Vec<u64> = number
            .split('.')
            .map(|part| part.parse().unwrap_or_default())
            .collect();
        parts.resize(3, 0);
        if sign == ">" {
            parts[2] += 1;
        }
        return format!("{}.{}.{}{suffix}", parts[0], parts[1], parts[2]);
    }
    "0.0.1".to_owned()
}

fn stub(name: &str, version: &str) -> Map<String, Value> {
    let metadata = json!({"apiVersion": "v2", "name": name, "version": version});
    match metadata {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A text as a template has it.
fn verbatim(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

/// The documents of a stored manifest: where each came from, and its text.
fn documents(manifest: &str) -> anyhow::Result<Vec<(&str, &str)>> {
    let stream = crate::manifests::Stream::split(manifest.as_bytes());
    let full: Vec<usize> = stream.with_content().collect();
    let mut documents = Vec::new();
    for index in 0..stream.len() {
        let text = std::str::from_utf8(stream.body(index))?.trim_matches('\n');
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let Some(source) = first.trim_end().strip_prefix("# Source: ") else {
            if full.contains(&index) {
                bail!(
                    "the release's manifest has a document without a '# Source:' line (line {}): \
                     give the chart, as in 'helm connect-migrate revert RELEASE CHART'",
                    stream.line(index)
                );
            }
            continue;
        };
        // Helm 3 keeps a document of nothing but comments.
        documents.push((source, rest));
    }
    Ok(documents)
}

/// The user's values, in the form in which Helm takes them without changing them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UserValues {
    /// For `--values`: JSON. `None` where the user gave none.
    pub file: Option<String>,
    /// For `--set`: whole numbers that a file would round.
    pub sets: Vec<String>,
}

impl UserValues {
    /// Of the values of a revision.
    ///
    /// # Errors
    /// They cannot be written; none that Helm stores.
    pub(crate) fn new(config: Option<&Map<String, Value>>) -> anyhow::Result<Self> {
        let Some(config) = config.filter(|config| !config.is_empty()) else {
            return Ok(Self {
                file: None,
                sets: Vec::new(),
            });
        };
        let mut sets = Vec::new();
        let mut config = config.clone();
        for (key, value) in &mut config {
            large(&escaped(key), key, value, &mut sets);
        }
        Ok(Self {
            file: Some(serde_json::to_string(&config)? + "\n"),
            sets,
        })
    }
}

/// Collects `PATH=NUMBER` of numbers that floating point cannot hold. One that may be a credential
/// becomes a text instead: everybody on the machine can read arguments.
fn large(path: &str, key: &str, value: &mut Value, sets: &mut Vec<String>) {
    match value {
        Value::Number(number) => {
            let size = number
                .as_u64()
                .or_else(|| number.as_i64().map(i64::unsigned_abs));
            if size.is_some_and(|size| size > EXACT) {
                if names_credential(key) {
                    *value = Value::String(number.to_string());
                } else {
                    sets.push(format!("{path}={number}"));
                }
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                large(&format!("{path}.{}", escaped(key)), key, value, sets);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                large(&format!("{path}[{index}]"), key, value, sets);
            }
        }
        _ => {}
    }
}

/// A key as `--set` takes it.
fn escaped(key: &str) -> String {
    let mut out = String::new();
    for c in key.chars() {
        if matches!(c, '\\' | '.' | ',' | '=' | '[' | ']' | '{' | '}') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: Value) -> Record {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn documents_go_back_into_their_files() {
        let record = record(json!({"name": "r", "version": 2,
            "info": {"notes": "Use {{ it }}."},
            "chart": {
                "metadata": {"name": "umb", "version": "1.0.0",
                    "dependencies": [{"name": "pub", "version": "~1", "repository": "x"}]},
                "lock": {"dependencies": [{"name": "pub", "version": "1.4.2"}]},
                "values": {"a": 1}},
            "hooks": [{"path": "umb/templates/hook.yaml", "manifest": "kind: Job"}]}));
        let manifest = "---\n# Source: umb/templates/a.yaml\nkind: A\n---\n# Source: umb/charts/pub/templates/b.yaml\nkind: B # {{ x }}\n---\n# Source: umb/templates/a.yaml\nkind: C\n";
        let chart = StaticChart::new(&record, manifest).unwrap();
        let file = |path: &str| chart.files[&ChartPath::new(path).unwrap()].as_str();
        assert_eq!(
            file("templates/a.yaml"),
            "{{ include \"connect-migrate.0\" . }}\n---\n{{ include \"connect-migrate.2\" . }}"
        );
        assert_eq!(
            file("charts/pub/templates/b.yaml"),
            "{{ include \"connect-migrate.1\" . }}"
        );
        assert!(file("charts/pub/Chart.yaml").contains("\"1.4.2\""));
        assert_eq!(
            file("templates/hook.yaml"),
            "{{ include \"connect-migrate.3\" . }}"
        );
        assert_eq!(
            file("templates/NOTES.txt"),
            "{{ include \"connect-migrate.4\" . }}"
        );
        assert!(file("Chart.yaml").contains("\"dependencies\""));
        let texts = file(&format!("{TEXTS}/templates/_texts.tpl"));
        assert!(
            texts
                .contains("{{ define \"connect-migrate.1\" }}kind: B # {{ \"{{\" }} x }}{{ end }}")
        );
        assert!(!file(REVERT_TEMPLATE).is_empty());
    }

    #[test]
    fn a_sub_chart_has_a_version_in_the_range() {
        for (range, version) in [
            ("1.2.3", "1.2.3"),
            (">=0.1.0", "0.1.0"),
            (">= 1.2, < 2", "1.2.0"),
            ("< 2 > 1.4.1", "1.4.2"),
            ("~1", "1.0.0"),
            ("^0.3.x || ^1", "0.3.0"),
            ("v2.1", "2.1.0"),
            (">=1.0.0-0", "1.0.0-0"),
            ("*", "0.0.1"),
            ("", "0.0.1"),
            ("<3", "0.0.1"),
        ] {
            assert_eq!(within(range), version, "{range}");
        }
    }

    #[test]
    fn a_path_does_not_leave_the_chart() {
        let record = record(json!({"name": "r", "version": 1,
            "chart": {"metadata": {"name": "c"}}}));
        for source in [
            "c/../../x",
            "c/templates/../../x",
            "other/templates/x",
            "c//x",
            "c",
            "c/.git/x",
        ] {
            let manifest = format!("---\n# Source: {source}\nkind: A\n");
            assert!(StaticChart::new(&record, &manifest).is_err(), "{source}");
        }
        assert!(StaticChart::new(&record, "---\nkind: A\n").is_err());
        for name in ["../../outside", "..", "a/../../../b", "/etc", ""] {
            let record = self::record(json!({"name": "r", "version": 1,
                "chart": {"metadata": {"name": "c", "dependencies": [{"name": name}]}}}));
            let made = StaticChart::new(&record, "---\n# Source: c/templates/a\nkind: A\n");
            assert!(made.is_err(), "{name}");
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let record = record(json!({"name": "r", "version": 1,
            "chart": {"metadata": {"name": "c"}}}));
        let chart = StaticChart::new(&record, "---\n# Source: c/templates/a\nkind: A\n").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::write(&outside, "mine").unwrap();
        let inside = folder.path().join("chart");
        fs::create_dir(&inside).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&outside, inside.join("Chart.yaml")).unwrap();
        #[cfg(unix)]
        assert!(chart.write(&inside).is_err());
        assert_eq!(fs::read_to_string(&outside).unwrap(), "mine");
    }

    #[test]
    fn numbers_that_would_be_rounded_are_set_by_themselves() {
        let values = json!({"a.b": [{"n": 9_007_199_254_740_993_u64}], "m": -9_007_199_254_740_995_i64,
            "small": 1_000_000, "edge": EXACT, "f": 0.1, "x": null,
            "Password": 9_007_199_254_740_999_u64});
        let values = UserValues::new(values.as_object()).unwrap();
        assert_eq!(
            values.sets,
            ["a\\.b[0].n=9007199254740993", "m=-9007199254740995"]
        );
        let file = values.file.unwrap();
        assert!(file.contains("\"small\":1000000"));
        assert!(file.contains("\"Password\":\"9007199254740999\""));
        assert_eq!(UserValues::new(None).unwrap().file, None);
    }
}
