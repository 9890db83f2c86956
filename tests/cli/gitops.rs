//! docs/gitops.md: its files name the values in an order in which the temporary settings win.

use std::fs;
use std::path::Path;

use connect_migrate::chart;
#[cfg(unix)]
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{
    ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
    ValidationDirective,
};
use serde_json::Value as Json;

use crate::connect_stand_in::wait_until;
use crate::support::chart::{chart_dir, gcfg_of, is_real, template};
#[cfg(unix)]
use crate::support::cluster::{Namespace, cluster};
use crate::support::connect_migrate;
use crate::support::tools::{helms, tool};

const DOCUMENT: &str = include_str!("../../docs/gitops.md");
const OVERLAY: &str = "migration-overlay.yaml";

/// A file that the document shows.
fn shown(name: &str) -> &str {
    let (_, rest) = DOCUMENT
        .split_once(&format!("<!-- file: {name} -->"))
        .unwrap();
    let (_, rest) = rest.split_once("```").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```").unwrap().0
}

fn parsed(name: &str) -> Json {
    serde_yaml::from_str(shown(name)).unwrap()
}

/// The texts of a list, each by what comes after its last slash.
fn files(list: &Json) -> Vec<String> {
    let name = |text: &str| text.rsplit('/').next().unwrap().to_owned();
    let list = list.as_array().unwrap();
    list.iter().map(|t| name(t.as_str().unwrap())).collect()
}

/// For each tool, its values files in the order in which it takes them, and the chart's version.
fn tools() -> Vec<(&'static str, Vec<String>, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let argo = parsed("argocd.yaml");
    let source = &argo["spec"]["sources"][0];
    let flux = parsed("flux.yaml");
    let made = parsed("kustomization.yaml");
    let made = files(&made["configMapGenerator"][0]["files"]);
    let from = flux["spec"]["valuesFrom"].as_array().unwrap();
    let from: Vec<String> = from.iter().map(|one| text(&one["valuesKey"])).collect();
    assert_eq!(from, made, "Flux reads what the kustomization makes");
    assert!(flux["spec"]["values"].is_null(), "they would come last");
    let helmfile = parsed("helmfile.yaml");
    let release = &helmfile["releases"][0];
    let terraform = shown("connect.tf");
    let quoted = |line: &str| line.split('"').nth(1).unwrap().to_owned();
    let named = terraform.lines().filter(|line| line.contains("file("));
    let named = named.map(|line| quoted(line).replace("${path.module}/", ""));
    let version = terraform.lines().find(|line| line.contains("version "));
    vec![
        (
            "Argo CD",
            files(&source["helm"]["valueFiles"]),
            text(&source["targetRevision"]),
        ),
        (
            "Flux",
            from,
            text(&flux["spec"]["chart"]["spec"]["version"]),
        ),
        (
            "helmfile",
            files(&release["values"]),
            text(&release["version"]),
        ),
        ("Terraform", named.collect(), quoted(version.unwrap())),
    ]
}

fn run(folder: &Path, args: &[&str], input: &str) -> String {
    let output = connect_migrate()
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .args(args)
        .write_stdin(input)
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "{args:?}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_settings_come_with_the_last_file_and_go_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let from = root.join("testdata/rstudio-connect.gcfg");
    fs::write(
        folder.path().join("my-values.yaml"),
        "config:\n  Applications:\n    ScheduleConcurrency: 4\nreplicas: 1\n",
    )
    .unwrap();
    let from = from.to_str().unwrap();
    let values = "values --base my-values.yaml --out values.yaml --pvc connect-data --license-secret connect-license --secret-out secret.yaml --from";
    let values: Vec<&str> = values.split(' ').chain([from]).collect();
    run(folder.path(), &values, "");
    let overlay = "overlay values -f my-values.yaml -f values.yaml --out migration-overlay.yaml";
    run(folder.path(), &overlay.split(' ').collect::<Vec<_>>(), "");
    for (tool, files, version) in tools() {
        if !is_real() {
            assert_eq!(version, chart::VERSION, "{tool}");
        }
        assert_eq!(files.last().map(String::as_str), Some(OVERLAY), "{tool}");
        for helm in helms() {
            let rendered = |files: &[String]| {
                let paths = files.iter().map(|name| folder.path().join(name));
                let mut args = vec!["connect".to_owned(), chart_dir().display().to_string()];
                for path in paths {
                    args.extend(["-f".to_owned(), path.display().to_string()]);
                }
                template(&helm, &args.iter().map(String::as_str).collect::<Vec<_>>())
            };
            let (last, before) = files.split_last().unwrap();
            assert_eq!(last, OVERLAY);
            let on = rendered(&files);
            let gcfg = gcfg_of(&on);
            for line in [
                "MinProcessesLimit = 0",
                "ScheduleConcurrency = 0",
                "PythonEnvironmentReaping = false",
            ] {
                assert!(gcfg.contains(line), "{tool}, {}: {gcfg}", helm.version);
            }
            let off = rendered(before);
            assert!(!gcfg_of(&off).contains("ScheduleConcurrency = 0"), "{tool}");
            let said = |manifest| run(folder.path(), &["overlay", "show", "-"], manifest);
            let words = "in effect, but not marked (set in values or by hand)";
            assert!(said(&on).contains(words), "{}", said(&on));
            assert!(said(&off).contains("settings are off"), "{}", said(&off));
            assert!(DOCUMENT.contains("\"in effect, but not marked (set in values or by hand)\""));
        }
    }
}

/// What Argo CD and Flux take is decided by their CRDs: a real API server judges the files by them, strictly.
#[cfg(unix)]
#[test]
fn the_objects_are_what_their_kinds_take() {
    let Some(cluster) = cluster() else { return };
    let namespace = cluster.namespace("gitops");
    for (file, crd, misspelt) in [
        ("argocd.yaml", "crds/argocd.yaml", "/spec/sources/0/helm"),
        ("flux.yaml", "crds/flux.yaml", "/spec/chart/spec"),
    ] {
        let Some(crd) = tool(crd) else { return };
        let crd: CustomResourceDefinition =
            serde_yaml::from_str(&fs::read_to_string(crd).unwrap()).unwrap();
        let object = parsed(file);
        let kind = serve(&namespace, crd);
        let all: Api<DynamicObject> =
            Api::namespaced_with(namespace.client(), &namespace.name, &kind);
        let tried = |mut object: Json| {
            object["metadata"]["namespace"] = namespace.name.clone().into();
            let params = PatchParams {
                dry_run: true,
                force: true,
                field_manager: Some("connect-migrate-tests".to_owned()),
                field_validation: Some(ValidationDirective::Strict),
            };
            let patch = Patch::Apply(&object);
            namespace.block_on(all.patch("connect", &params, &patch))
        };
        tried(object.clone()).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut wrong = object;
        wrong.pointer_mut(misspelt).unwrap()["filesOfValues"] = Json::Array(Vec::new());
        let refused = tried(wrong).unwrap_err().to_string();
        assert!(refused.contains("filesOfValues"), "{file}: {refused}");
    }
}

/// Makes the API server serve a kind, and waits until it does.
#[cfg(unix)]
fn serve(namespace: &Namespace, crd: CustomResourceDefinition) -> ApiResource {
    let version = &crd
        .spec
        .versions
        .iter()
        .find(|one| one.storage)
        .unwrap()
        .name;
    let kind = GroupVersionKind::gvk(&crd.spec.group, version, &crd.spec.names.kind);
    let kind = ApiResource::from_gvk_with_plural(&kind, &crd.spec.names.plural);
    let all: Api<CustomResourceDefinition> = namespace.global();
    // Another run on the same cluster may have made it.
    match namespace.block_on(all.create(&PostParams::default(), &crd)) {
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        made => drop(made.unwrap()),
    }
    let objects: Api<DynamicObject> =
        Api::namespaced_with(namespace.client(), &namespace.name, &kind);
    wait_until("the kind is served", || {
        namespace
            .block_on(objects.list(&ListParams::default()))
            .is_ok()
    });
    kind
}

/// The kustomization makes the ConfigMap that Flux reads.
#[test]
fn the_kustomization_builds() {
    let Some(kubectl) = tool("kubectl") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["kustomization.yaml", "flux.yaml"] {
        fs::write(folder.path().join(name), shown(name)).unwrap();
    }
    let flux = parsed("flux.yaml");
    let from = flux["spec"]["valuesFrom"].as_array().unwrap();
    for one in from {
        let name = one["valuesKey"].as_str().unwrap();
        fs::write(folder.path().join(name), format!("# {name}\n")).unwrap();
    }
    let mut command = std::process::Command::new(kubectl);
    let output = command
        .arg("kustomize")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let objects = text
        .split("---\n")
        .map(|text| serde_yaml::from_str::<Json>(text).unwrap());
    let map = objects
        .filter(|object| object["kind"] == "ConfigMap")
        .find(|map| map["metadata"]["name"] == from[0]["name"]);
    let map = map.unwrap_or_else(|| panic!("{text}"));
    for one in from {
        let name = one["valuesKey"].as_str().unwrap();
        assert_eq!(map["data"][name], format!("# {name}\n"));
    }
}
