//! Traps in the administrator's own values files: what Helm or the chart makes of them is not what
//! stands there.

pub(super) mod pairs;

use super::{Judgement, count, plural};
use crate::chart::{self, Chart, Misread, MisreadKind, Purpose, Release, ValuesFile, misread};
use crate::convert::account::{Account, DefaultAction};
use crate::diagnostic::InvalidInput;
use crate::effective::{self, Deployed};
use crate::gcfg::{self, Document, fold};
use crate::source::{SourceFile, Span};
use crate::yaml::{self, Kind, Map, Node, Style, Value};

/// The values files as Helm reads them, one on top of the other and of the chart's defaults, and what
/// becomes of them.
#[derive(Debug)]
pub(super) struct ValuesFacts<'a> {
    files: &'a [ValuesFile],
    chart: &'a Chart,
    /// Tells what the old server did, where its configuration is given.
    account: Option<&'a Account>,
    /// All of them together.
    values: Map,
    deployed: Result<Deployed, InvalidInput>,
    /// The configuration that would be deployed. Where the chart refuses, it is told from what it would
    /// be with a volume.
    rendered: Option<Document>,
}

impl<'a> ValuesFacts<'a> {
    /// # Errors
    /// Helm cannot be run.
    pub(super) fn of(
        files: &'a [ValuesFile],
        chart: &'a Chart,
        release: &Release,
        account: Option<&'a Account>,
    ) -> anyhow::Result<Self> {
        let layers: Vec<_> = files.iter().collect();
        let deployed = match effective::render(chart, release, &layers, None, Purpose::Deployment) {
            Ok(deployed) => Ok(deployed),
            Err(error) => Err(error.downcast::<InvalidInput>()?),
        };
        let text = match &deployed {
            Ok(deployed) => Some(deployed.gcfg.clone()),
            Err(_) => effective::render(chart, release, &layers, None, Purpose::Configuration)
                .ok()
                .map(|deployed| deployed.gcfg),
        };
        Ok(Self {
            files,
            chart,
            account,
            values: chart::coalesce(chart.defaults(), ValuesFile::merged(files)),
            deployed,
            rendered: text.and_then(|text| gcfg::parse_text("rendered", &text).ok()),
        })
    }
}

pub(super) fn render(
    ValuesFacts {
        chart, deployed, ..
    }: &ValuesFacts<'_>,
) -> Judgement {
    match deployed {
        Ok(_) => Judgement::pass(format!("the values render with {}", chart.proof().words),
        ),
        Err(InvalidInput(problems)) => Judgement::fail(format!("the values do not render with {}", chart.proof().words),
            if chart.is_judged_by_helm() {
                "mend the values; helm template says the same"
            } else {
                "mend the values; if you deploy another chart, name it (CHART), and it judges for itself"
            },
        )
        .details(problems.iter().map(|problem| problem.message.clone())),
    }
}

/// What Connect makes of the values below `config`, which the chart writes as they stand.
pub(super) fn read(ValuesFacts { files, .. }: &ValuesFacts<'_>) -> Judgement {
    let mut found = Vec::new();
    let mut breaks = false;
    for file in *files {
        for Misread { path, span, kind } in misread(file) {
            let place = place(&file.source, span);
            found.push(match kind {
                MisreadKind::Refused(problem) => {
                    breaks = true;
                    format!("{place}: {path}: Connect does not start: {problem}")
                }
                MisreadKind::Lines => {
                    breaks = true;
                    format!("{place}: {path} spans lines, and each becomes one of the file's")
                }
                MisreadKind::Cut(left) => {
                    format!("{place}: {path} is cut by a comment sign: Connect reads {left}")
                }
            });
        }
    }
    if found.is_empty() {
        return Judgement::pass("Connect reads every value of config as it stands");
    }
    let evidence = format!(
        "{} Connect otherwise than written",
        plural(found.len(), "value reaches", "values reach")
    );
    let remedy = "put what Connect is to read into double quotes inside the quotes of YAML, with \\\\ for a backslash: '\"CORP\\\\svc; #1\"'";
    let check = if breaks {
        Judgement::fail(evidence, remedy)
    } else {
        Judgement::warn(evidence, remedy)
    };
    check.details(found)
}

pub(super) fn both_backends(ValuesFacts { values, .. }: &ValuesFacts<'_>) -> Judgement {
    let on = |path: &[&str]| {
        path.split_first()
            .and_then(|(first, rest)| values.get(*first)?.at(rest))
            .is_some_and(Value::is_truthy)
    };
    match (
        on(&["backends", "kubernetes", "enabled"]),
        on(&["launcher", "enabled"]),
    ) {
        (true, true) => Judgement::fail(
            "backends.kubernetes.enabled and launcher.enabled are both on",
            "newer charts switch the Kubernetes backend on by default: switch one of the two off in your values",
        ),
        (true, false) => Judgement::pass("content runs through the Kubernetes backend"),
        (false, true) => Judgement::pass("content runs through the Launcher"),
        (false, false) => Judgement::fail(
            "neither backends.kubernetes.enabled nor launcher.enabled is on",
            "switch one on: without, content would run in the server's own pod, with the interpreters of its image alone",
        ),
    }
}

fn place(source: &SourceFile, span: Span) -> String {
    format!("{}:{}", source.name(), source.position(span.start))
}

/// Values below `config` that Helm writes otherwise than they are written: it makes a double of
/// every number, so `1000000` becomes `1e+06`, which Connect does not take for a number.
pub(super) fn numbers(ValuesFacts { files, .. }: &ValuesFacts<'_>) -> Judgement {
    let mut found = Vec::new();
    let mut breaks = false;
    for file in *files {
        if let Some(config) = file.tree.get("config") {
            let mut each = |path: &str, node: &Node, text: &str, written: &str| {
                breaks |= written.contains('e');
                found.push(format!(
                    "{}: config.{path}: {text} becomes {written}",
                    place(&file.source, node.span)
                ));
            };
            changed(config, "", &mut each);
        }
    }
    let remedy = "put the values in quotes: Helm makes a floating-point number of every bare one";
    if found.is_empty() {
        Judgement::pass("numbers reach the server as they are written")
    } else if breaks {
        Judgement::fail(
            format!(
                "{} the server in a form that Connect does not start with",
                plural(found.len(), "value reaches", "values reach")
            ),
            remedy,
        )
        .details(found)
    } else {
        Judgement::warn(
            format!(
                "{} the server otherwise than written",
                plural(found.len(), "value reaches", "values reach")
            ),
            remedy,
        )
        .details(found)
    }
}

fn changed(node: &Node, path: &str, each: &mut impl FnMut(&str, &Node, &str, &str)) {
    match &node.kind {
        Kind::Mapping(entries) => {
            for entry in entries {
                let key = entry.key.as_str().unwrap_or("?");
                let path = if path.is_empty() {
                    key.to_owned()
                } else {
                    format!("{path}.{key}")
                };
                changed(&entry.value, &path, each);
            }
        }
        Kind::Sequence(items) => {
            for item in items {
                changed(item, path, each);
            }
        }
        Kind::Scalar(text, style) => {
            if *style == Style::Plain
                && node.tag.is_none()
                && let Ok(value @ Value::Number(_)) = yaml::resolve(node)
            {
                let written = value.printed();
                if written != *text {
                    each(path, node, text, &written);
                }
            }
        }
    }
}

/// Helm tells cases apart, Connect does not: `config.http.listen` stands beside the chart's
/// `config.HTTP.Listen`, and a key of the chart in another case has no effect at all.
pub(super) fn case(ValuesFacts { files, chart, .. }: &ValuesFacts<'_>) -> Judgement {
    let mut known = chart.defaults().clone();
    let mut found = Vec::new();
    for file in *files {
        twins(&file.tree, &known, "", &file.source, &mut found);
        chart::merge(&mut known, file.values.clone());
    }
    if found.is_empty() {
        return Judgement::pass("every key is spelled as the chart and the other files spell it");
    }
    Judgement::fail(format!(
            "{} in case alone from the chart's or from each other",
            plural(found.len(), "key differs", "keys differ")
        ),
        "spell them alike: to Helm they are two keys, and of two that Connect takes for one the last in byte order wins",
    )
    .details(found)
}

fn twins(node: &Node, known: &Map, path: &str, source: &SourceFile, found: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for entry in node.entries() {
        let Some(key) = entry.key.as_str() else {
            continue;
        };
        let full = if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        };
        let folded = name_fold(key);
        let twin = known
            .keys()
            .map(String::as_str)
            .filter(|_| !known.contains_key(key))
            .chain(seen.iter().copied())
            .find(|other| *other != key && name_fold(other) == folded);
        if let Some(twin) = twin {
            found.push(format!(
                "{}: {full} is spelled {twin} elsewhere",
                place(source, entry.key.span)
            ));
        }
        seen.push(key);
        let below = known
            .get(key)
            .or_else(|| twin.and_then(|twin| known.get(twin)))
            .and_then(Value::as_map);
        let empty = Map::new();
        twins(&entry.value, below.unwrap_or(&empty), &full, source, found);
    }
}

/// A key as Connect compares it: what stands in quotes, the name of a named section, counts as it
/// is.
fn name_fold(key: &str) -> String {
    match key.split_once('"') {
        Some((name, quoted)) => format!("{}\"{quoted}", fold(name)),
        None => fold(key),
    }
}

/// Defaults of the chart that the old server did not have and that these values leave in force.
pub(super) fn chart_defaults(facts: &ValuesFacts<'_>) -> Judgement {
    let Some(account) = facts.account else {
        return Judgement::not_asked("what the old server did is not known; --from FILE tells");
    };
    let Some(document) = &facts.rendered else {
        return Judgement::not_asked("the chart does not render with these values");
    };
    let in_force: Vec<String> = document
        .settings()
        .map(|setting| fold(&setting.name.to_string()))
        .collect();
    let found: Vec<_> = account
        .chart_defaults
        .iter()
        .filter(|default| default.action == DefaultAction::Removed)
        .filter(|default| in_force.contains(&fold(&default.setting)))
        .map(|default| format!("{}: {}", default.setting, default.reason))
        .collect();
    if found.is_empty() {
        return Judgement::pass("no default of the chart changes what the old server did");
    }
    Judgement::warn(
        format!(
            "{} of the chart the old server did not have",
            count(found.len(), "default")
        ),
        "`values --from` writes values that take them away (null); read your values before those",
    )
    .details(found)
}

pub(super) fn disagree(ValuesFacts { account, .. }: &ValuesFacts<'_>) -> Judgement {
    let Some(account) = account else {
        return Judgement::not_asked("what the old server said is not known; --from FILE tells");
    };
    if account.disagreements.is_empty() {
        return Judgement::pass("your values and the old server's configuration agree");
    }
    Judgement::warn(
        format!(
            "{} that the old server's configuration says otherwise",
            count(account.disagreements.len(), "value")
        ),
        "decide which holds: values from `values --from`, read last, keep the old server's",
    )
    .details(account.disagreements.iter().map(|one| {
        format!(
            "{} is {} in {}, {} on the old server",
            one.path, one.base, one.file, one.ours
        )
    }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::check::Status;

    fn file(text: &str) -> ValuesFile {
        ValuesFile::of_text("my.yaml", text).unwrap()
    }

    pub(crate) fn of(texts: &[&str], judge: impl Fn(&ValuesFacts<'_>) -> Judgement) -> Judgement {
        let files: Vec<_> = texts.iter().map(|text| file(text)).collect();
        let chart = Chart::built_in().unwrap();
        let release = chart.release("connect", None);
        judge(&ValuesFacts::of(&files, &chart, &release, None).unwrap())
    }

    #[test]
    fn numbers_that_helm_rewrites_are_found_where_they_stand() {
        let check = of(
            &[
                "config:\n  Applications:\n    MaxAppImageSize: 1000000\n    Mode: 0755\n    Ok: 999999\n    Quoted: \"1000000\"\n",
            ],
            numbers,
        );
        assert_eq!(check.status, Status::Fail);
        assert_eq!(
            check.details,
            [
                "my.yaml:3:22: config.Applications.MaxAppImageSize: 1000000 becomes 1e+06",
                "my.yaml:4:11: config.Applications.Mode: 0755 becomes 493"
            ]
        );
        let check = of(&["config: {A: {B: 1.10}}"], numbers);
        assert_eq!(check.status, Status::Warn);
        // Elsewhere the chart writes values as YAML, where a number stays one.
        let check = of(&["pod: {a: 1000000}"], numbers);
        assert_eq!(check.status, Status::Pass);
    }

    #[test]
    fn keys_in_another_case_are_found() {
        let check = of(&["config:\n  http: {Listen: ':80'}\nReplicas: 2\n"], case);
        assert_eq!(check.status, Status::Fail);
        assert_eq!(
            check.details,
            [
                "my.yaml:2:3: config.http is spelled HTTP elsewhere",
                "my.yaml:3:1: Replicas is spelled replicas elsewhere"
            ]
        );
        let two = of(&["config: {Foo: {a: 1}}", "config: {foo: {a: 1}}"], case);
        assert_eq!(two.details.len(), 1);
        let named = of(
            &["config: {'LDAP \"a\"': {x: 1}, 'LDAP \"A\"': {x: 1}}"],
            case,
        );
        assert_eq!(named.status, Status::Pass, "{named:?}");
    }

    #[test]
    fn one_backend_must_be_on() {
        let both = "launcher: {enabled: true}\nbackends: {kubernetes: {enabled: true}}\nsharedStorage: {mount: true}";
        assert_eq!(of(&[both], both_backends).status, Status::Fail);
        assert_eq!(of(&[both], render).status, Status::Fail);
        let none = "backends: {kubernetes: {enabled: false}}";
        assert_eq!(of(&[none], both_backends).status, Status::Fail);
        let one = "sharedStorage: {mount: true}";
        assert_eq!(of(&[one], both_backends).status, Status::Pass);
        assert_eq!(of(&[one], render).status, Status::Pass);
        assert_eq!(of(&[""], render).status, Status::Fail);
    }
}
