//! The overlay over every fixture: laid, recognised, taken off.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::*;
use crate::manifests::Stream;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/manifests");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

fn fixture(name: &str) -> Vec<u8> {
    fixtures().into_iter().find(|(n, _)| n == name).unwrap().1
}

fn options() -> Options {
    Options {
        settings: temporary(),
        selections: Vec::new(),
        allow_missing: false,
    }
}

fn options_for(fixture: &str) -> Options {
    let selections = match fixture {
        "umbrella" => vec![
            "web/rel-int-config".parse().unwrap(),
            "rel-pub-config".parse().unwrap(),
        ],
        _ => Vec::new(),
    };
    Options {
        selections,
        ..options()
    }
}

fn laid(input: &[u8], options: &Options) -> Vec<u8> {
    lay(input, options).unwrap().output.to_vec()
}

/// Every object of a stream, as serde reads it: a reader that shares no code with ours.
fn objects_of(stream: &[u8]) -> Vec<Value> {
    let stream = Stream::split(stream);
    stream
        .with_content()
        .map(|index| serde_yaml::from_slice(stream.body(index)).unwrap())
        .flat_map(|root: Value| match root.get("items") {
            Some(items) => items.as_array().unwrap().clone(),
            None => vec![root],
        })
        .collect()
}

fn gcfg_of(object: &Value) -> Option<&str> {
    object["data"][GCFG_KEY].as_str()
}

#[test]
fn taking_off_gives_the_very_bytes_back() {
    for (name, input) in fixtures() {
        let output = laid(&input, &options_for(&name));
        assert_ne!(output, input, "{name}");
        let back = take_off(&output).unwrap().to_vec();
        assert_eq!(
            String::from_utf8_lossy(&back),
            String::from_utf8_lossy(&input),
            "{name}"
        );
    }
}

#[test]
fn twice_is_once() {
    for (name, input) in fixtures() {
        let options = options_for(&name);
        let once = laid(&input, &options);
        let twice = lay(&once, &options).unwrap();
        assert_eq!(twice.output.to_vec(), once, "{name}");
        assert!(twice.report.config_maps.iter().all(|c| c.already_on));
    }
}

#[test]
fn other_settings_replace_those_that_were_laid() {
    for (name, input) in fixtures() {
        let mut more = options_for(&name);
        more.settings
            .push("Server.PublicWarning=We're; moving".parse().unwrap());
        let over = laid(&laid(&input, &options_for(&name)), &more);
        assert_eq!(over, laid(&input, &more), "{name}");
        assert_eq!(
            laid(&over, &options_for(&name)),
            laid(&input, &options_for(&name))
        );
    }
}

#[test]
fn nothing_but_the_marked_places_changes() {
    for (name, input) in fixtures() {
        let output = laid(&input, &options_for(&name));
        let (before, after) = (objects_of(&input), objects_of(&output));
        assert_eq!(before.len(), after.len(), "{name}");
        for (before, mut after) in before.into_iter().zip(after) {
            if before == after {
                continue;
            }
            // Put back what the overlay may change; nothing else may be left.
            for pointer in ["/metadata", "/spec/template", "/data"] {
                if let Some(was) = before.pointer(pointer) {
                    let is = after.pointer_mut(pointer).unwrap();
                    restore_marked(pointer, was, is);
                }
            }
            assert_eq!(before, after, "{name}");
        }
    }
}

fn restore_marked(pointer: &str, was: &Value, is: &mut Value) {
    let keys: &[&str] = match pointer {
        "/metadata" => &["labels", "annotations"],
        "/spec/template" => &["metadata"],
        _ => &[GCFG_KEY],
    };
    let is = is.as_object_mut().unwrap();
    for key in keys {
        match was.get(key) {
            Some(value) => is.insert((*key).to_owned(), value.clone()),
            None => is.remove(*key),
        };
    }
}

#[test]
fn connect_reads_the_temporary_values_and_pods_restart() {
    for (name, input) in fixtures() {
        let output = laid(&input, &options_for(&name));
        let shown = detect(&output).unwrap();
        assert_eq!(shown.overlay, Some(OVERLAY), "{name}");
        for config in &shown.config_maps {
            assert!(
                config.on && config.in_effect && config.intact == Some(true),
                "{name}"
            );
            assert!(!config.workloads.is_empty(), "{name}");
            assert!(
                config
                    .workloads
                    .iter()
                    .all(|w| w.checksum_matches == Some(true))
            );
        }
        let before = detect(&input).unwrap();
        assert_eq!(before.overlay, None);
        for (before, after) in before.config_maps.iter().zip(&shown.config_maps) {
            assert_eq!(before.effective, after.originals, "{name}");
        }
    }
}

/// The operations are RFC 6902 for others too: applied to the object with its gcfg as lines, they
/// give the original object.
#[test]
fn the_recorded_operations_restore_the_objects() {
    for (name, input) in fixtures() {
        let output = laid(&input, &options_for(&name));
        let before = objects_of(&input);
        let after = objects_of(&output);
        let mut workloads = Vec::new();
        for (before, after) in before.iter().zip(&after) {
            if gcfg_of(after).is_none() {
                continue;
            }
            let annotation = |key: &str| after["metadata"]["annotations"][key].as_str();
            let record = Record::read(annotation).unwrap();
            let mut restored = with_lines(after);
            let undo: json_patch::Patch =
                serde_json::from_value(Value::Array(record.undo)).unwrap();
            json_patch::patch(&mut restored, &undo).unwrap();
            assert_eq!(restored, with_lines(before), "{name}");
            workloads.extend(record.workloads);
        }
        for undo in workloads {
            let is = |o: &&Value| o["kind"] == *undo.kind && o["metadata"]["name"] == *undo.name;
            let mut restored = after.iter().find(is).unwrap().clone();
            let patch: json_patch::Patch =
                serde_json::from_value(Value::Array(undo.undo.clone())).unwrap();
            json_patch::patch(&mut restored, &patch).unwrap();
            assert_eq!(Some(&restored), before.iter().find(is), "{name}");
        }
    }
}

fn with_lines(object: &Value) -> Value {
    let mut object = object.clone();
    let lines: Vec<Value> = gcfg_of(&object)
        .unwrap()
        .split('\n')
        .map(Into::into)
        .collect();
    object["data"][GCFG_KEY] = lines.into();
    object
}

/// Helm 4 stores what it has written anew, without its helper annotation.
#[test]
fn taking_off_works_on_manifests_that_were_written_anew() {
    for (name, input) in fixtures() {
        let anew = |stream: &[u8]| -> Vec<u8> {
            let mut text = Vec::new();
            for mut object in objects_of(stream) {
                if let Some(metadata) = object["metadata"].as_object_mut() {
                    let empty = metadata
                        .get_mut("annotations")
                        .and_then(Value::as_object_mut)
                        .is_some_and(|annotations| {
                            annotations.remove("postrenderer.helm.sh/postrender-filename");
                            annotations.is_empty()
                        });
                    if empty && name == "helm4" {
                        metadata.remove("annotations");
                    }
                }
                text.extend_from_slice(b"---\n# Source: x\n");
                text.extend(serde_yaml::to_string(&object).unwrap().into_bytes());
            }
            text
        };
        let stored = anew(&laid(&input, &options_for(&name)));
        let back = take_off(&stored).unwrap().to_vec();
        assert_eq!(objects_of(&back), objects_of(&anew(&input)), "{name}");
    }
}

#[test]
fn the_checksum_is_the_configurations() {
    let sums = |input: &[u8]| -> BTreeSet<String> {
        objects_of(&laid(input, &options()))
            .iter()
            .filter_map(|o| o.pointer("/spec/template/metadata/annotations")?[CHECKSUM].as_str())
            .map(str::to_owned)
            .collect()
    };
    let input = fixture("helm3");
    let other = String::from_utf8(input.clone()).unwrap();
    assert_eq!(
        sums(&input),
        sums(other.replace("replicas: 1", "replicas: 2").as_bytes())
    );
    assert_ne!(
        sums(&input),
        sums(other.replace(":3939", ":3940").as_bytes())
    );
}

#[test]
fn the_change_is_shown_as_a_diff() {
    let input = String::from_utf8(fixture("helm3")).unwrap();
    let output = String::from_utf8(laid(input.as_bytes(), &options())).unwrap();
    let diff = similar::TextDiff::from_lines(&input, &output);
    let lines: String = diff
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| format!("{}{}", change.tag(), change.value()))
        .collect();
    insta::assert_snapshot!(lines);
}

fn refusal(input: &str) -> String {
    lay(input.as_bytes(), &options()).unwrap_err().to_string()
}

#[test]
fn what_cannot_be_done_safely_is_refused() {
    let input = String::from_utf8(fixture("helm3")).unwrap();
    let cases = [
        ("none", "kind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n".to_owned()),
        ("empty", String::new()),
        ("hook", "kind: ConfigMap\nmetadata: {name: x, annotations: {helm.sh/hook: test}}\ndata: {rstudio-connect.gcfg: ''}\n---\nkind: Pod\n".to_owned()),
        ("several", String::from_utf8(fixture("umbrella")).unwrap()),
        ("repeated", format!("{input}{input}")),
        ("no workload", input.replace("name: rel-connect-config\n            defaultMode", "name: other\n            defaultMode")),
        ("tabs", input.replace("  name: rel-connect-config", "\tname: rel-connect-config")),
        ("broken gcfg", input.replace("InitTimeout = 5m", "Init Timeout = secret")),
        ("relabelled", String::from_utf8(laid(input.as_bytes(), &options())).unwrap().replace("overlay: temporary", "overlay: lasting")),
        ("edited", String::from_utf8(laid(input.as_bytes(), &options())).unwrap().replace("    ScheduleConcurrency = 0", "    ScheduleConcurrency = 1")),
        ("unrecorded", String::from_utf8(laid(input.as_bytes(), &options())).unwrap().replace("connect-migrate/undo:", "connect-migrate/undone:")),
    ];
    let text: String = cases
        .iter()
        .map(|(name, input)| format!("{name}: {}\n", refusal(input)))
        .collect();
    insta::assert_snapshot!(text);
}

#[test]
fn bytes_that_are_not_utf8_matter_only_where_they_stand_in_the_way() {
    let mut input = b"a: \xff\xfe\n---\n".to_vec();
    input.extend(fixture("helm3"));
    let output = laid(&input, &options());
    assert!(output.starts_with(b"a: \xff\xfe\n---\n---\n"));
    assert_eq!(take_off(&output).unwrap().to_vec(), input);

    let text = fixture("helm3");
    let at = memchr::memmem::find(&text, b"InitTimeout").unwrap();
    let mut broken = text.clone();
    broken[at] = 0xff;
    let error = lay(&broken, &options()).unwrap_err().to_string();
    assert_eq!(
        error,
        "document 2 (line 24 of the manifests) mentions rstudio-connect.gcfg, but is not YAML: it is not UTF-8 there"
    );
}

#[test]
fn a_stream_of_hooks_passes_through() {
    let hooks = "kind: Pod\nmetadata:\n  annotations:\n    \"helm.sh/hook\": test\n---\n# c\n";
    let laid = lay(hooks.as_bytes(), &options()).unwrap();
    assert_eq!(laid.output.to_vec(), hooks.as_bytes());
    assert_eq!(laid.report.result, RunResult::PassedThrough);
}

#[test]
fn missing_is_allowed_to_those_who_chain() {
    let allow = Options {
        allow_missing: true,
        ..options()
    };
    let other = b"kind: Pod\n";
    assert_eq!(laid(other, &allow), other);
    let alone =
        b"kind: ConfigMap\nmetadata:\n  name: x\ndata:\n  rstudio-connect.gcfg: |\n    [A]\n";
    assert_eq!(take_off(&laid(alone, &allow)).unwrap().to_vec(), alone);
}

#[test]
fn the_record_stays_small() {
    let mut gcfg = String::new();
    for n in 0..6000 {
        gcfg.push_str(&format!("    [Section{n}]\n    Key = value\n"));
    }
    let input =
        format!("kind: ConfigMap\nmetadata:\n  name: x\ndata:\n  rstudio-connect.gcfg: |\n{gcfg}");
    let allow = Options {
        allow_missing: true,
        ..options()
    };
    let output = laid(input.as_bytes(), &allow);
    assert!(output.len() - input.len() < 4096);
}
