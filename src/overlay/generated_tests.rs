//! The overlay over generated streams: whatever the style, setting it and taking it off again gives
//! the very bytes, and nothing outside the marked places changes.

use proptest::prelude::*;

use super::*;
use crate::manifests::Stream;

/// A configuration as Connect reads it.
fn gcfg() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("[Scheduler]"),
        Just("[ applications ] ; c"),
        Just("[Applications]"),
        Just("[LDAP \"a b\"]"),
        Just("MinProcessesLimit = 10"),
        Just("minprocesseslimit"),
        Just("MinProcessesLimit ="),
        Just("ScheduleConcurrency=\"3\" # é"),
        Just("PythonEnvironmentReaping = true"),
        Just("Key = a\\"),
        Just("    b: c"),
        Just("Other = \"x; 'y' \\\\ \\\"\""),
        Just("; - a: comment"),
        Just("  "),
        Just(""),
    ];
    (proptest::collection::vec(line, 0..12), 0..3_usize).prop_filter_map(
        "not gcfg",
        |(lines, breaks)| {
            let text = format!("[A]\n{}{}", lines.join("\n"), "\n".repeat(breaks));
            let valid = |text: &str| crate::gcfg::parse_text("", text).is_ok();
            (valid(&text) && valid(text.trim_end())).then_some(text)
        },
    )
}

/// A value for the key, in one of the styles, at an indentation.
fn scalar(gcfg: &str, style: usize, indent: usize) -> String {
    let block = |header: &str, text: &str| {
        let mut out = header.to_owned();
        for line in text.split('\n') {
            let pad = if line.is_empty() { 0 } else { indent };
            out.push_str(&format!("\n{:pad$}{line}", ""));
        }
        out
    };
    match style {
        0 => block("|", gcfg.trim_end_matches('\n')),
        1 => block("|-  # kept", gcfg.trim_end_matches('\n')),
        2 => block("|+", gcfg.strip_suffix('\n').unwrap_or(gcfg)),
        3 => format!(
            "'{}'",
            gcfg.replace('\'', "''").replace('\n', "\n\n        ")
        ),
        4 => block(">", &gcfg.trim_end_matches('\n').replace('\n', "\n\n")),
        _ => serde_json::to_string(gcfg).unwrap(),
    }
}

const MARKS: [&str; 7] = [
    "",
    "  labels: {}\n",
    "  labels:\n",
    "  labels: {a: b}\n  annotations: ~\n",
    "  annotations:\n    a: |\n      b\n",
    "  annotations: {}\n  labels:\n    x: \"y\"  # c\n",
    "  # c\n  annotations:\n    postrenderer.helm.sh/postrender-filename: 'x'\n",
];

const PODS: [&str; 6] = [
    "",
    "    metadata:\n",
    "    metadata: {}\n",
    "    metadata: {annotations: {}, labels: {a: b}}\n",
    "    metadata:\n      annotations:\n        a: b\n",
    "    metadata:\n      labels:\n        a: b\n      annotations: null\n",
];

/// Documents that are none of our business.
fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("# only a comment\n".to_owned()),
        Just("not: [yaml\n\tat all\n".to_owned()),
        Just("kind: CustomResourceDefinition\nspec: {a: &x 1, b: *x}\n".to_owned()),
        Just("kind: Pod\nmetadata: {annotations: {helm.sh/hook: test}}\n".to_owned()),
        "[a-z:{}'\"| \t#-]{0,30}\n".prop_filter("a marker", |text| !text.starts_with("---")),
    ]
}

#[derive(Debug, Clone)]
struct Generated {
    text: String,
    noise: Vec<String>,
}

fn stream() -> impl Strategy<Value = Generated> {
    (
        gcfg(),
        (0..6_usize, 1..4_usize, 0..MARKS.len(), 0..PODS.len()),
        proptest::collection::vec(noise(), 0..4),
        (any::<bool>(), any::<bool>(), any::<bool>()),
    )
        .prop_map(|(gcfg, (style, indent, marks, pods), noise, (crlf, workload_first, json))| {
            let config = if json {
                format!(
                    "{{\"kind\": \"ConfigMap\", \"metadata\": {{\"name\": \"c\"}},\n \"data\": {{\"{GCFG_KEY}\": {}}}}}\n",
                    serde_json::to_string(&gcfg).unwrap()
                )
            } else {
                format!(
                    "kind: ConfigMap\nmetadata:\n  name: c\n{}data:\n  {GCFG_KEY}: {}\n  other: 1\n",
                    MARKS[marks],
                    scalar(&gcfg, style, 2 + indent)
                )
            };
            let workload = format!(
                "kind: Deployment\nmetadata: {{name: d}}\nspec:\n  template:\n{}    spec:\n      containers: [{{volumeMounts: [{{name: v}}]}}]\n      volumes: [{{name: v, configMap: {{name: c}}}}]\n",
                PODS[pods]
            );
            let mut documents = vec![config, workload];
            if workload_first {
                documents.reverse();
            }
            documents.extend(noise.iter().cloned());
            let mut text = documents.join("---\n");
            let mut noise = noise;
            if crlf {
                text = text.replace('\n', "\r\n");
                noise = noise.iter().map(|n| n.replace('\n', "\r\n")).collect();
            }
            Generated { text, noise }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn laying_and_taking_off_is_exact(generated in stream()) {
        let input = generated.text.as_bytes();
        let options = Options {
            settings: temporary(),
            selections: Vec::new(),
            allow_missing: false,
        };
        let laid = match lay(input, &options) {
            Ok(laid) => laid.output.to_vec(),
            // Folding may have made another text of it.
            Err(Refusal::Gcfg { .. }) => return Err(TestCaseError::reject("not gcfg")),
            Err(error) => {
                return Err(TestCaseError::fail(format!("{error}\n{}", generated.text)));
            }
        };
        let output = String::from_utf8(laid).unwrap();
        let back = take_off(output.as_bytes()).unwrap().to_vec();
        prop_assert_eq!(&String::from_utf8(back).unwrap(), &generated.text, "{}", output);

        let twice = lay(output.as_bytes(), &options).unwrap().output.to_vec();
        prop_assert_eq!(twice, output.as_bytes());

        let shown = detect(output.as_bytes()).unwrap();
        prop_assert!(shown.config_maps[0].in_effect && shown.config_maps[0].intact == Some(true));
        prop_assert_eq!(shown.config_maps[0].workloads[0].checksum_matches, Some(true));

        let (before, after) = (Stream::split(input), Stream::split(output.as_bytes()));
        prop_assert_eq!(before.len(), after.len());
        let noise = generated.noise.len();
        for index in before.len() - noise..before.len() {
            prop_assert_eq!(before.body(index), after.body(index));
        }
    }
}
