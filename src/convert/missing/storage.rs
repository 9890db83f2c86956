//! Where the data directory lies, and that it lies on a volume.

use super::{put, said};
use crate::convert::account::Task;
use crate::convert::options::{Options, Storage};
use crate::convert::plan::Plan;
use crate::convert::reason;
use crate::convert::rules::Context;
use crate::convert::verdict::ChartValue;
use crate::gcfg::{Section, SettingName};
use crate::yaml::{Map, Value};

pub(super) fn storage(plan: &mut Plan, options: &Options, base: &Map) {
    match &options.storage {
        Some(Storage::Claim(name)) => {
            put(
                plan,
                "sharedStorage.create",
                ChartValue::Bool(false),
                "--pvc",
            );
            put(plan, "sharedStorage.mount", ChartValue::Bool(true), "--pvc");
            put(
                plan,
                "sharedStorage.name",
                ChartValue::Text(name.clone()),
                "--pvc",
            );
        }
        Some(Storage::Create { class, size }) => {
            let from = "--storage-class";
            put(plan, "sharedStorage.create", ChartValue::Bool(true), from);
            put(
                plan,
                "sharedStorage.storageClassName",
                ChartValue::Text(class.clone()),
                from,
            );
            match size {
                Some(size) => put(
                    plan,
                    "sharedStorage.requests.storage",
                    ChartValue::Text(size.clone()),
                    "--storage-size",
                ),
                None if said(base, &["sharedStorage", "requests", "storage"]) => {}
                None => plan.tasks.push(Task {
                    code: reason::STORAGE_SIZE.into(),
                    what: "the chart would make a claim of its default size, 10Gi: say the size of the data directory with --storage-size".to_owned(),
                    command: Some("du -sh /var/lib/rstudio-connect".to_owned()),
                }),
            }
        }
        None => {
            let planned = plan
                .values
                .iter()
                .any(|planned| planned.path == "sharedStorage.mount");
            if !planned
                && !said(base, &["sharedStorage", "create"])
                && !said(base, &["sharedStorage", "mount"])
            {
                plan.tasks.push(Task {
                    code: reason::STORAGE.into(),
                    what: "say where the data directory lies: --pvc NAME for an existing ReadWriteMany claim, or --storage-class NAME to have one made; the chart refuses to render without".to_owned(),
                    command: Some("kubectl get pvc,storageclass".to_owned()),
                });
            }
        }
    }
}

/// The volume must be mounted where the data directory is, whichever file says either: else what the
/// server writes goes with its pod. Where the input names the directory, a rule has seen to it.
pub(super) fn data_directory(plan: &mut Plan, context: &Context<'_>, base: &Map) {
    let text = |path: &[&str]| {
        let (first, rest) = path.split_first()?;
        base.get(*first)?.at(rest)?.as_str()
    };
    let (Some(path), None) = (
        text(&["sharedStorage", "path"]),
        context.value_of("Server", "DataDir"),
    ) else {
        return;
    };
    let name = SettingName::new(Section::plain("Server"), "DataDir");
    let own = context.base.find(&name.key());
    let chart = context.chart.find(&name.key());
    let folder = own
        .or(chart)
        .and_then(|setting| setting.written.last())
        .map_or("/var/lib/rstudio-connect", String::as_str);
    let mounts = base
        .get("pod")
        .and_then(|pod| pod.get("volumeMounts"))
        .and_then(Value::as_list)
        .unwrap_or_default();
    let covered = mounts
        .iter()
        .filter_map(|mount| mount.get("mountPath")?.as_str())
        .chain([path])
        .any(|mount| lies_in(folder, mount));
    if !covered {
        put(
            plan,
            "sharedStorage.path",
            ChartValue::Text(folder.to_owned()),
            &format!("the data directory is {folder}, not {path}"),
        );
    }
}

/// Whether a path is a folder or lies below it.
pub(crate) fn lies_in(path: &str, folder: &str) -> bool {
    let (path, folder) = (path.trim_end_matches('/'), folder.trim_end_matches('/'));
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
