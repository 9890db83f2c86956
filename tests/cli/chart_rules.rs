//! What we believe about Helm and the chart, held against real Helms.

use std::fmt::Write as _;
use std::path::Path;

use connect_migrate::chart::{self, Release};
use connect_migrate::yaml::{Map, read_values};

use crate::support::chart::{chart_dir, gcfg_of, template, try_template};
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

fn compare(helm: &Helm, files: &[&str]) {
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
    match (helms, ours) {
        (Ok(helms), Ok(ours)) => assert_eq!(helms, ours, "helm {}:\n{shown}", helm.version),
        (Err(_), Err(_)) => {}
        (helms, ours) => panic!("helm {}:\n{shown}\n{helms:?}\nours: {ours:?}", helm.version),
    }
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
        "config: {A: {K: \"a\\ufeffb\\ta\\xa0\\ufffd\\U0001F600\"}}",
    ],
    &[GROUND, "config: {A: {K: .inf}}"],
    &[GROUND, "{config: {A: {~: b}}}"],
];

#[test]
fn our_rules_make_what_the_chart_makes() {
    for helm in helms() {
        for files in CASES {
            compare(&helm, files);
        }
    }
}
