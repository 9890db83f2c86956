//! What we believe about Helm and the chart, held against real Helms.

use std::fmt::Write as _;
use std::path::Path;

use connect_migrate::chart::{self, Release};
use connect_migrate::yaml::{Block, Map, Tree, Value, read_values};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::chart::{chart_dir, documents, gcfg_of, is_real, template, try_template};
use crate::support::tools::{Helm, helms};

/// Values that render, on top of which a case stands.
const GROUND: &str = "sharedStorage: {create: true}\n";

fn chart_defaults() -> Map {
    let text = std::fs::read_to_string(chart_dir().join("values.yaml")).unwrap();
    read_values(&text).unwrap()
}

/// Renders values files with a Helm.
fn by_helm(helm: &Helm, files: &[&Path]) -> Result<String, String> {
    let chart = chart_dir();
    let mut args = vec!["rel", chart.to_str().unwrap(), "--namespace", "ns"];
    for file in files {
        args.extend(["-f", file.to_str().unwrap()]);
    }
    try_template(helm, &args).map(|manifest| gcfg_of(&manifest))
}

/// Renders values files with our rules.
fn by_rules(files: &[&str]) -> Result<String, String> {
    let mut user = Map::new();
    for text in files {
        chart::merge(&mut user, read_values(text).map_err(|e| e.to_string())?);
    }
    let values = chart::coalesce(&chart_defaults(), user);
    chart::render_gcfg(&values, &Release::new("rel", "ns")).map_err(|error| error.to_string())
}

/// What a Helm and our rules do not agree about, if anything.
fn compare(helm: &Helm, files: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..files.len())
        .map(|index| folder.path().join(format!("{index}.yaml")))
        .collect();
    for (path, text) in paths.iter().zip(files) {
        std::fs::write(path, text).unwrap();
    }
    let paths: Vec<_> = paths.iter().map(std::path::PathBuf::as_path).collect();
    let (helms, ours) = (by_helm(helm, &paths), by_rules(files));
    let shown = files.join("\n---\n");
    let agree = match (&helms, &ours) {
        (Ok(helms), Ok(ours)) => helms == ours,
        (helms, ours) => helms.is_err() && ours.is_err(),
    };
    (!agree).then(|| {
        let version = helm.version;
        format!("helm {version}:\n{shown}\nhelm: {helms:?}\nours: {ours:?}\n")
    })
}

#[test]
fn scalars_print_as_our_table_says() {
    let rows: &[(&str, &str)] = include!("scalars.in");
    let mut values = format!("{GROUND}config:\n  Table:\n");
    let mut expected = String::from("[Table]");
    for (index, (yaml, printed)) in rows.iter().enumerate() {
        let _ = writeln!(values, "    K{index:03}: {yaml}");
        let _ = write!(expected, "\nK{index:03} = {printed}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.yaml");
    std::fs::write(&path, &values).unwrap();
    for helm in helms() {
        let chart = chart_dir();
        let args = ["rel", chart.to_str().unwrap(), "-f", path.to_str().unwrap()];
        let gcfg = gcfg_of(&template(&helm, &args));
        let section = gcfg
            .split("\n\n")
            .find(|section| section.starts_with("[Table]"))
            .unwrap();
        for (found, expected) in section.lines().zip(expected.lines()) {
            assert_eq!(found, expected, "helm {}", helm.version);
        }
        assert_eq!(section.lines().count(), expected.lines().count());
    }
}

/// Cases for what the chart does with its values. Each is compared with every Helm, whether it
/// renders or not.
const CASES: &[&[&str]] = &[
    &[""],
    &[GROUND],
    &["sharedStorage: {mount: true, name: claim}"],
    &["sharedStorage: {create: true, mountContent: false}"],
    &["sharedStorage: {create: true, subPath: a/b}"],
    &["sharedStorage: {create: true, subPath: /a}"],
    &["sharedStorage: {create: true, subPath: a/../b}"],
    &["sharedStorage: {create: true, subPath: a, mountContent: false}"],
    &["{sharedStorage: {create: true, subPath: a}, versionOverride: 2026.07.0}"],
    &["{sharedStorage: {create: true, subPath: a}, versionOverride: 2026.07.0-dev}"],
    &["{sharedStorage: {create: true, subPath: a}, versionOverride: nonsense}"],
    &["config: {Kubernetes: {DataDirPVCName: mine}}"],
    &["config: {Kubernetes: {DataDirPVCName: ''}}"],
    // The launcher.
    &["{launcher: {enabled: true}, backends: {kubernetes: {enabled: false}}}"],
    &[
        GROUND,
        "{launcher: {enabled: true}, backends: {kubernetes: {enabled: false}}}",
    ],
    &[GROUND, "launcher: {enabled: true}"],
    &[
        GROUND,
        "{launcher: {enabled: true, useTemplates: false, namespace: jobs}, \
         backends: {kubernetes: {enabled: false}}}",
    ],
    &[
        "{launcher: {enabled: true}, backends: {kubernetes: {enabled: false}}, \
         config: {Launcher: {DataDir: /data, KubernetesScratchPath: /scratch}}}",
    ],
    &[
        "{launcher: {enabled: true}, backends: {kubernetes: {enabled: false}}, \
         config: {Launcher: {DataDirPVCName: null, Kubernetes: false}}}",
    ],
    &[
        GROUND,
        "{launcher: {enabled: true}, backends: {kubernetes: {enabled: false}}, \
         config: {Launcher: null}}",
    ],
    &[GROUND, "config: {Launcher: {DataDir: 'nfs:/x'}}"],
    &[GROUND, "config: {Launcher: {DataDir: 5}}"],
    &[
        GROUND,
        "{launcher: {enabled: true, launcherKubernetesProfilesConf: {'*': {job-json-overrides: \
         [{name: a, target: /x, json: {}}]}}}, backends: {kubernetes: {enabled: false}}}",
    ],
    // Neither: content runs in the server's own pod.
    &["backends: {kubernetes: {enabled: false}}"],
    // Kubernetes.
    &[GROUND, "backends: {kubernetes: {namespace: content}}"],
    &[GROUND, "config: {Kubernetes: {Enabled: false}}"],
    &[GROUND, "config: {Kubernetes: {Enabled: 'False'}}"],
    &[GROUND, "config: {Kubernetes: {Enabled: 0}}"],
    &[GROUND, "config: {Kubernetes: {Enabled: null}}"],
    &[GROUND, "config: {Kubernetes: {Namespace: other}}"],
    &[GROUND, "config: {Kubernetes: {Namespace: ns}}"],
    &[GROUND, "config: {Kubernetes: {Namespace: ''}}"],
    &[GROUND, "config: {Kubernetes: {Namespace: 5}}"],
    &[GROUND, "config: {Kubernetes: null}"],
    &[GROUND, "config: {Kubernetes: text}"],
    &[
        GROUND,
        "config: {Kubernetes: {DefaultResourceJobBase: '', DefaultResourceServiceBase: null, \
         ConnectRuntimeDir: ''}}",
    ],
    &[
        GROUND,
        "config: {Kubernetes: {DefaultResourceJobBase: /j, DefaultResourceServiceBase: /s, \
         ConnectRuntimeDir: /r}}",
    ],
    &[
        GROUND,
        "backends: {kubernetes: {defaultInitContainer: {enabled: false}, \
         defaultResourceServiceBase: {spec: {type: NodePort}}}}",
    ],
    &[
        GROUND,
        "backends: {kubernetes: {defaultResourceJobBase: {kind: Pod}}}",
    ],
    &[
        GROUND,
        "backends: {kubernetes: {defaultResourceServiceBase: {kind: Pod}}}",
    ],
    &[
        GROUND,
        "backends: {kubernetes: {defaultResourceJobBase: {kind: Job}}}",
    ],
    // What else is added.
    &[GROUND, "license: {server: 'licenses:8989'}"],
    &[
        GROUND,
        "{license: {server: 'licenses:8989'}, config: {Licensing: {LicenseType: null, x: 1}}}",
    ],
    &[GROUND, "license: {file: {secret: license}}"],
    &[GROUND, "config: {Licensing: null}"],
    &[GROUND, "prometheus: {enabled: false}"],
    &[GROUND, "prometheus: {port: 9090}"],
    &[GROUND, "prometheus: {port: '9090'}"],
    &[GROUND, "prometheus: null"],
    &[
        GROUND,
        "config: {Metrics: {PrometheusListen: ':1', Enabled: true}}",
    ],
    &[GROUND, "config: {Metrics: {PrometheusListen: null}}"],
    &[GROUND, "config: {Metrics: {PrometheusListen: ''}}"],
    &[GROUND, "config: {Metrics: {PrometheusListen: {a: b}}}"],
    &[GROUND, "config: {Metrics: {PrometheusListen: [a, b]}}"],
    &[GROUND, "config: {Metrics: {PrometheusListen: []}}"],
    &[GROUND, "config: {Metrics: {}}"],
    &[GROUND, "config: {Metrics: null}"],
    &[GROUND, "executionEnvironments: [{name: a}]"],
    &[GROUND, "executionEnvironments: [{name: a}, {title: b}]"],
    &[
        GROUND,
        "{executionEnvironments: [{name: a}], config: {ExecutionEnvironments: null}}",
    ],
    &[
        GROUND,
        "{executionEnvironments: [{name: a}], \
         config: {ExecutionEnvironments: {ConfigFilePath: /x/y.yaml, More: 1}}}",
    ],
    &[
        GROUND,
        "{executionEnvironments: [{name: a}], \
         config: {ExecutionEnvironments: {ConfigFilePath: 5}}}",
    ],
    &[
        GROUND,
        "{executionEnvironments: [{name: a}], \
         config: {ExecutionEnvironments: {ConfigFilePath: 0}}}",
    ],
    &[
        GROUND,
        "{executionEnvironments: [{name: a}], \
         config: {ExecutionEnvironments: {ConfigFilePath: false}}}",
    ],
    &[
        GROUND,
        "{executionEnvironments: [{name: a}], \
         config: {ExecutionEnvironments: {ConfigFilePath: []}}}",
    ],
    &[
        GROUND,
        "{executionEnvironments: [{name: a}], \
         config: {ExecutionEnvironments: {ConfigFilePath: [a]}}}",
    ],
    &[GROUND, "config: {OpenTelemetry: {Enabled: true}}"],
    &[GROUND, "config: {OpenTelemetry: null}"],
    &[
        GROUND,
        "chronicle: {localConfig: {Logging: {Level: DEBUG}}}",
    ],
    &[
        GROUND,
        "{chronicle: {localConfig: {Logging: {Level: DEBUG}}}, \
         pod: {securityContext: {runAsUser: 999}}}",
    ],
    &[
        GROUND,
        "{chronicle: {localConfig: {Logging: {Level: DEBUG}}}, \
         pod: {securityContext: {runAsUser: 0}}}",
    ],
    // Names.
    &[GROUND, "nameOverride: rel"],
    &[GROUND, "fullnameOverride: connect"],
    &[GROUND, "fullnameOverride: 5"],
    // Keys that are gone.
    &[GROUND, "image: {tagPrefix: x}"],
    &[GROUND, "pod: {serviceAccountName: x}"],
    &[GROUND, "pod: {nodeSelector: {a: b}}"],
    &[GROUND, "launcher: {customRuntimeYaml: x}"],
    &[GROUND, "launcher: {additionalRuntimeImages: [x]}"],
    &[GROUND, "launcher: {contentInitContainer: {a: b}}"],
    &[GROUND, "launcher: {defaultInitContainer: {tagPrefix: x}}"],
    &[
        GROUND,
        "backends: {kubernetes: {defaultInitContainer: {tagPrefix: x}}}",
    ],
    // Nulls, layers, case.
    &[GROUND, "config: null"],
    &[GROUND, "config: {}"],
    &[GROUND, "config: text"],
    &[GROUND, "config: {HTTP: {Listen: null}}"],
    &[
        GROUND,
        "config: {HTTP: null, TensorFlow: null, 'RPackageRepository \"CRAN\"': null}",
    ],
    &[
        GROUND,
        "config: {HTTP: {Other: null}, Zed: null, Yonder: {}}",
    ],
    &[GROUND, "config: {TensorFlow: {}}"],
    &[
        GROUND,
        "config: {TensorFlow: null}",
        "config: {TensorFlow: {A: 1}}",
    ],
    &[
        GROUND,
        "config: {TensorFlow: {A: 1}}",
        "config: {TensorFlow: null}",
    ],
    &[
        GROUND,
        "config: {New: {A: 1, B: 2}}",
        "config: {New: {A: null}}",
    ],
    &[
        GROUND,
        "config: {http: {listen: ':80'}, HTTP: {listen: ':81'}}",
    ],
    &[GROUND, "config: {Python: {Executable: [/a, /b]}}"],
    &[GROUND, "config: {Python: {Executable: /a}}"],
    &[GROUND, "config: {Python: {Executable: []}}"],
    &[GROUND, "config: {Python: {Executable: {a: b}}}"],
    &[
        GROUND,
        "config: {Quarto: {Executable: [/a, null, 1000000, [x, y], {k: v}]}}",
    ],
    &[GROUND, "config: {HTTP: text}"],
    &[GROUND, "config: {HTTP: 5}"],
    &[GROUND, "config: {New: true}"],
    &[GROUND, "config: {New: [a, [b], null]}"],
    &[
        GROUND,
        "{config: {a.b: {c.d: 1}, 'A \"q\\\"x\"': {k: v}, y: {n: 1}}}",
    ],
    &[
        GROUND,
        "config: {A: {K: \"a\\nb\\n\"}, Z: {Z: \"end\\n\\n  \\n\"}}",
    ],
    &[GROUND, "config: {ZZZ: {Z: \"a\\n[HTTP]\\nListen = :1\"}}"],
    // What a manifest cannot hold.
    &[GROUND, "config: {A: {K: \"a\\x07b\"}}"],
    &[GROUND, "config: {A: {K: \"a\\x7fb\"}}"],
    &[GROUND, "config: {A: {K: \"a\\x85b\"}}"],
    &[GROUND, "config: {A: {K: \"a\\u2028b\"}}"],
    &[GROUND, "config: {A: {K: \"a\\rb\"}}"],
    &[GROUND, "config: {A: {K: \"a\\0b\"}}"],
    &[GROUND, "config: {A: {K: \"a\\ufffeb\"}}"],
    &[
        GROUND,
        "config: {A: {K: \"ab\\ta\\xa0\\ufffd\\U0001F600\"}}",
    ],
    &[GROUND, "config: {A: {K: .inf}}"],
    &[GROUND, "{config: {A: {~: b}}}"],
];

#[test]
fn our_rules_make_what_the_chart_makes() {
    let helms = helms();
    let mut differences = Vec::new();
    for (index, files) in CASES.iter().enumerate() {
        // Every Helm with the real chart. With our own, the Helms take turns, for time.
        let turn = |at: &usize| is_real() || at % helms.len() == index % helms.len();
        for at in (0..helms.len()).filter(turn) {
            differences.extend(compare(&helms[at], files));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Values files on top of each other, drawn from the cases: what one takes away, the next may give
/// back.
#[test]
fn layers_of_values_make_what_the_chart_makes() {
    let pool: Vec<&str> = CASES
        .iter()
        .flat_map(|files| files.iter().copied())
        // One that is refused by itself would mostly be refused among others.
        .filter(|file| by_rules(&[GROUND, file]).is_ok())
        .collect();
    let layers = prop::collection::vec(prop::sample::select(pool), 2..6);
    for (seed, helm) in helms().into_iter().enumerate() {
        let cases = if is_real() { 40 } else { 10 };
        runner(seed, cases)
            .run(&layers, |mut files| {
                files.insert(0, GROUND);
                prop_assert_eq!(compare(&helm, &files), None);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Each Helm gets cases of its own, the same in every run.
fn runner(seed: usize, cases: u32) -> TestRunner {
    let seed = u8::try_from(seed).unwrap();
    TestRunner::new_with_rng(
        Config::with_cases(cases),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]),
    )
}

/// What a migration and the overlay rely on beside the file itself.
#[test]
fn the_chart_keeps_its_contract() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.yaml");
    let render = |helm: &Helm, more: &str| {
        let values = format!(
            "{GROUND}license: {{file: {{secret: lic}}}}\n{more}\
             pod: {{env: [{{name: CONNECT_A_B, value: x}}]}}\n"
        );
        std::fs::write(&path, values).unwrap();
        let chart = chart_dir();
        let args = [
            "rel",
            chart.to_str().unwrap(),
            "-n",
            "ns",
            "-f",
            path.to_str().unwrap(),
        ];
        documents(&template(helm, &args))
    };
    let of_kind = |objects: &[Value], kind: &str| -> Value {
        let wanted = Value::string(kind);
        let object = objects
            .iter()
            .find(|object| object.get("kind") == Some(&wanted));
        object.unwrap().clone()
    };
    let named = |list: &Value, name: &str| -> Value {
        let wanted = Value::string(name);
        let items = list.as_list().unwrap().iter();
        let item = items.clone().find(|item| item.get("name") == Some(&wanted));
        item.unwrap_or_else(|| panic!("{name} in {list:?}")).clone()
    };
    let text = |value: &Value, path: &[&str]| value.at(path).map(Value::printed);
    for helm in helms() {
        let objects = render(&helm, "");
        let deployment = of_kind(&objects, "Deployment");
        let pod = deployment.at(&["spec", "template", "spec"]).unwrap();
        let container = named(pod.get("containers").unwrap(), "connect");
        let env = container.get("env").unwrap();
        assert_eq!(text(&named(env, "CONNECT_A_B"), &["value"]).unwrap(), "x");
        assert_eq!(
            text(&named(env, "RSC_LICENSE_FILE_PATH"), &["value"]).unwrap(),
            "/etc/rstudio-licensing/license.lic"
        );
        let mounts = container.get("volumeMounts").unwrap();
        let config = named(mounts, "rstudio-connect-config");
        assert_eq!(text(&config, &["subPath"]).unwrap(), "rstudio-connect.gcfg");
        assert_eq!(
            text(&config, &["mountPath"]).unwrap(),
            "/etc/rstudio-connect/rstudio-connect.gcfg"
        );
        assert_eq!(
            text(&named(mounts, "rstudio-connect-data"), &["mountPath"]).unwrap(),
            "/var/lib/rstudio-connect"
        );
        let volumes = pod.get("volumes").unwrap();
        let volume = |name: &str, path: &[&str]| text(&named(volumes, name), path).unwrap();
        let full = "rel-rstudio-connect";
        assert_eq!(
            volume("rstudio-connect-config", &["configMap", "name"]),
            format!("{full}-config")
        );
        assert_eq!(
            volume(
                "rstudio-connect-data",
                &["persistentVolumeClaim", "claimName"]
            ),
            format!("{full}-shared-storage")
        );
        assert_eq!(volume("license-file", &["secret", "secretName"]), "lic");
        assert_eq!(
            text(
                &of_kind(&objects, "PersistentVolumeClaim"),
                &["metadata", "name"]
            )
            .unwrap(),
            format!("{full}-shared-storage")
        );
        assert_eq!(
            text(&of_kind(&objects, "ServiceAccount"), &["metadata", "name"]).unwrap(),
            text(pod, &["serviceAccountName"]).unwrap()
        );
        let service = of_kind(&objects, "Service");
        let http = named(service.at(&["spec", "ports"]).unwrap(), "http");
        assert_eq!(text(&http, &["targetPort"]).unwrap(), "3939");
        assert_eq!(
            text(&container, &["readinessProbe", "httpGet", "path"]).unwrap(),
            "/__ping__"
        );

        // The pod restarts when the configuration changes, and only then.
        let checksum = |objects: &[Value]| {
            let path = [
                "spec",
                "template",
                "metadata",
                "annotations",
                "checksum/config",
            ];
            text(&of_kind(objects, "Deployment"), &path).unwrap()
        };
        let before = checksum(&objects);
        assert_eq!(checksum(&render(&helm, "replicas: 1\n")), before);
        assert_ne!(checksum(&render(&helm, "config: {A: {K: v}}\n")), before);
    }
}

#[test]
fn the_built_in_defaults_are_the_charts() {
    fn compare(path: &str, ours: &Value, theirs: Option<&Value>) {
        match (ours, theirs) {
            (Value::Map(ours), Some(Value::Map(theirs))) => {
                for (key, value) in ours {
                    compare(&format!("{path}.{key}"), value, theirs.get(key));
                }
            }
            (ours, theirs) => assert_eq!(Some(ours), theirs, "{path}"),
        }
    }
    let theirs = Value::Map(chart_defaults());
    let ours = Value::Map(chart::defaults().unwrap());
    compare("", &ours, Some(&theirs));
    // Of the configuration, nothing may be missing either.
    assert_eq!(ours.get("config"), theirs.get("config"));
}

/// Keys and strings of any kind, written by our emitter, reach the file as they are.
#[test]
fn what_we_write_reaches_the_file_unchanged() {
    let text = "[\\t -~\u{A0}-\u{17F}\u{20AC}\u{65E5}\u{1F600}'\"\\\\:#&*!|>%@`{}\\[\\],?-]{0,20}";
    let odd = prop::sample::select(vec![
        "y",
        "no",
        "null",
        "~",
        "1_000",
        "0755",
        "1e3",
        "<<",
        "=",
        "---",
        "...",
        "- a",
        "a: b",
        "a #b",
        ".inf",
        "0x1",
        " a",
        "a ",
        "",
        "? a",
        "!!str a",
        "&a",
        "*a",
        "1000000",
        "2024-01-02",
        "{{ .Values }}",
        "%YAML",
        "a\n  b\n\nc",
        "\n",
        " ",
    ])
    .prop_map(str::to_owned);
    let text = prop_oneof![2 => text, 1 => odd];
    let key = prop_oneof![
        "[A-Za-z][A-Za-z0-9-]{0,12}",
        prop::sample::select(vec!["y", "N", "on", "1", "0x1", "null", "k v", "a.b", "é"])
            .prop_map(str::to_owned),
    ];
    let value = prop_oneof![
        4 => text.clone().prop_map(Tree::from),
        1 => prop::collection::vec(text, 1..4).prop_map(Tree::from),
        1 => any::<bool>().prop_map(Tree::from),
        1 => any::<i32>().prop_map(|n| Tree::from(i64::from(n))),
    ];
    let sections = prop::collection::vec(
        (key.clone(), prop::collection::vec((key, value), 0..30)),
        40..41,
    );
    for (seed, helm) in helms().into_iter().enumerate() {
        // Few cases, for each runs a Helm, but large ones.
        let result = runner(seed, 4).run(&sections, |sections| {
            let mut values = Block::new();
            values.block("sharedStorage").add("create", true);
            let config = values.block("config");
            for (index, (name, settings)) in sections.into_iter().enumerate() {
                let section = config.block(&format!("{name}{index}"));
                for (key, value) in settings {
                    if section.entry(&key).is_none() {
                        section.add(key, value);
                    }
                }
            }
            let values = values.to_yaml();
            prop_assert_eq!(compare(&helm, &[&values]), None);
            // That it did not agree because both refused it.
            prop_assert!(by_rules(&[&values]).is_ok());
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    }
}
