//! What the chart refuses, most of it in its NOTES.txt.

use super::render::{Reader, RenderError, template};
use super::{Release, config, version};
use crate::yaml::{Map, Value};

/// Goes through the chart's conditions, to the first that does not hold.
pub(super) fn check(values: &Map, release: &Release) -> Result<(), RenderError> {
    refusals(values, release)
        .into_iter()
        .next()
        .map_or(Ok(()), Err)
}

/// Every condition that does not hold, in the chart's order.
pub(crate) fn refusals(values: &Map, release: &Release) -> Vec<RenderError> {
    let reader = Reader::new(values);
    let on = |path: &[&str]| reader.is_truthy(path);
    let (launcher, kubernetes) = match (
        on(&["launcher", "enabled"]),
        on(&["backends", "kubernetes", "enabled"]),
    ) {
        (Ok(launcher), Ok(kubernetes)) => (launcher, kubernetes),
        (Err(error), _) | (_, Err(error)) => return vec![error],
    };
    let when = |applies: bool, check: &dyn Fn() -> Result<(), RenderError>| {
        if applies { check() } else { Ok(()) }
    };
    [
        launcher_data_dir(reader),
        when(launcher && kubernetes, &|| Err(RenderError::BothBackends)),
        when(kubernetes, &|| kubernetes_settings(reader, release)),
        when(launcher, &|| job_json_overrides(reader)),
        storage(reader, launcher, kubernetes),
        when(kubernetes, &|| sub_path(reader, release)),
        when(kubernetes, &|| base_kinds(reader)),
        removed_keys(reader),
        execution_environments(reader),
        chronicle(reader),
        // The deployment looks here, and stops at a section that is no mapping.
        reader.dig("OpenTelemetry", "Enabled").map(|_| ()),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect()
}

fn launcher_data_dir(reader: Reader<'_>) -> Result<(), RenderError> {
    let Value::Map(config) = reader.get(&["config"])? else {
        return Err(template(&["config"], "it must be a mapping"));
    };
    // Others than mappings stop `hasKey`.
    for section in ["Licensing", "Launcher"] {
        if config
            .get(section)
            .is_some_and(|value| value.as_map().is_none())
        {
            return Err(template(&["config", section], "it must be a mapping"));
        }
    }
    match reader.dig("Launcher", "DataDir")? {
        None => Ok(()),
        Some(Value::String(path)) if path.contains(':') => Err(RenderError::LauncherDataDir),
        Some(Value::String(_)) => Ok(()),
        Some(_) => Err(template(
            &["config", "Launcher", "DataDir"],
            "it must be a string",
        )),
    }
}

fn kubernetes_settings(reader: Reader<'_>, release: &Release) -> Result<(), RenderError> {
    let enabled = reader.dig("Kubernetes", "Enabled")?;
    let enabled = enabled.map(|value| value.formatted().to_lowercase());
    if matches!(enabled.as_deref(), Some("false" | "0")) {
        return Err(RenderError::KubernetesDisabled);
    }
    let Some(own) = reader
        .dig("Kubernetes", "Namespace")?
        .filter(|own| own.is_truthy())
    else {
        return Ok(());
    };
    let chart = config::namespace(reader, &["backends", "kubernetes", "namespace"], release)?;
    match (own, &chart) {
        (own, chart) if own == chart => Ok(()),
        (Value::String(own), Value::String(chart)) => Err(RenderError::NamespaceConflict {
            config: own.clone(),
            chart: chart.clone(),
        }),
        _ => Err(template(
            &["config", "Kubernetes", "Namespace"],
            "it must be a string",
        )),
    }
}

fn job_json_overrides(reader: Reader<'_>) -> Result<(), RenderError> {
    if !reader.is_truthy(&["launcher", "useTemplates"])? {
        return Ok(());
    }
    let path = ["launcher", "launcherKubernetesProfilesConf"];
    let Value::Map(profiles) = reader.get(&path)? else {
        return Ok(());
    };
    for profile in profiles.values() {
        if profile.get("job-json-overrides").is_some() {
            return Err(RenderError::JobJsonOverrides);
        }
    }
    Ok(())
}

fn storage(reader: Reader<'_>, launcher: bool, kubernetes: bool) -> Result<(), RenderError> {
    if reader.is_truthy(&["sharedStorage", "create"])?
        || reader.is_truthy(&["sharedStorage", "mount"])?
    {
        return Ok(());
    }
    if launcher
        && reader.dig("Launcher", "DataDir")?.is_none()
        && reader.dig("Launcher", "DataDirPVCName")?.is_none()
    {
        return Err(RenderError::NoStorage {
            backend: "launcher.enabled",
        });
    }
    let claim = reader.dig("Kubernetes", "DataDirPVCName");
    if kubernetes && !claim?.is_some_and(Value::is_truthy) {
        return Err(RenderError::NoStorage {
            backend: "backends.kubernetes.enabled",
        });
    }
    Ok(())
}

fn sub_path(reader: Reader<'_>, release: &Release) -> Result<(), RenderError> {
    let path = reader.string(&["sharedStorage", "subPath"])?;
    if path.is_empty() {
        return Ok(());
    }
    if !reader.is_truthy(&["sharedStorage", "mountContent"])? {
        return Err(RenderError::SubPathNotMounted);
    }
    let version = match reader.string(&["versionOverride"])? {
        "" => &release.app_version,
        version => version,
    };
    match version::is_older(version, [2026, 8, 0]) {
        None => return Err(template(&["versionOverride"], "it must be a version")),
        Some(true) => {
            return Err(RenderError::SubPathTooNew {
                version: version.to_owned(),
            });
        }
        Some(false) => {}
    }
    if path.starts_with('/') || path.contains("..") {
        return Err(RenderError::SubPathNotRelative {
            path: path.to_owned(),
        });
    }
    Ok(())
}

fn base_kinds(reader: Reader<'_>) -> Result<(), RenderError> {
    for (path, key, expected) in [
        (
            ["backends", "kubernetes", "defaultResourceJobBase"],
            "backends.kubernetes.defaultResourceJobBase",
            "Job",
        ),
        (
            ["backends", "kubernetes", "defaultResourceServiceBase"],
            "backends.kubernetes.defaultResourceServiceBase",
            "Service",
        ),
    ] {
        let base = reader.get(&path)?;
        if base.is_truthy() && base.as_map().is_none() {
            return Err(template(&path, "it must be a mapping"));
        }
        if let Some(kind) = base.get("kind")
            && kind.as_str() != Some(expected)
        {
            return Err(RenderError::WrongKind {
                key,
                expected,
                found: kind.formatted(),
            });
        }
    }
    Ok(())
}

fn removed_keys(reader: Reader<'_>) -> Result<(), RenderError> {
    const REMOVED: [(&[&str], &str, &str); 8] = [
        (
            &["launcher", "contentInitContainer"],
            "launcher.contentInitContainer",
            "launcher.defaultInitContainer",
        ),
        (
            &["launcher", "customRuntimeYaml"],
            "launcher.customRuntimeYaml",
            "executionEnvironments",
        ),
        (
            &["launcher", "additionalRuntimeImages"],
            "launcher.additionalRuntimeImages",
            "executionEnvironments",
        ),
        (&["image", "tagPrefix"], "image.tagPrefix", "image.os"),
        (
            &["launcher", "defaultInitContainer", "tagPrefix"],
            "launcher.defaultInitContainer.tagPrefix",
            "launcher.defaultInitContainer.tag",
        ),
        (
            &[
                "backends",
                "kubernetes",
                "defaultInitContainer",
                "tagPrefix",
            ],
            "backends.kubernetes.defaultInitContainer.tagPrefix",
            "backends.kubernetes.defaultInitContainer.tag",
        ),
        (
            &["pod", "serviceAccountName"],
            "pod.serviceAccountName",
            "rbac.serviceAccount.name",
        ),
        (&["pod", "nodeSelector"], "pod.nodeSelector", "nodeSelector"),
    ];
    for (path, key, instead) in REMOVED {
        if reader.is_truthy(path)? {
            return Err(RenderError::Removed { key, instead });
        }
    }
    Ok(())
}

fn execution_environments(reader: Reader<'_>) -> Result<(), RenderError> {
    let environments = reader.get(&["executionEnvironments"])?;
    if !environments.is_truthy() {
        return Ok(());
    }
    let items = environments
        .as_list()
        .ok_or_else(|| template(&["executionEnvironments"], "it must be a list"))?;
    for (index, environment) in items.iter().enumerate() {
        if !environment.get("name").is_some_and(Value::is_truthy) {
            return Err(RenderError::UnnamedEnvironment { index });
        }
    }
    // The deployment takes the folder of this path.
    match reader.dig("ExecutionEnvironments", "ConfigFilePath")? {
        None | Some(Value::String(_)) => Ok(()),
        Some(other) if !other.is_truthy() => Ok(()),
        Some(_) => Err(template(
            &["config", "ExecutionEnvironments", "ConfigFilePath"],
            "it must be a string",
        )),
    }
}

fn chronicle(reader: Reader<'_>) -> Result<(), RenderError> {
    if !reader.is_truthy(&["chronicle", "localConfig"])? {
        return Ok(());
    }
    let not_root = reader.is_truthy(&["pod", "securityContext", "runAsNonRoot"])?
        || reader.is_truthy(&["pod", "securityContext", "runAsUser"])?;
    if not_root {
        return Err(RenderError::ChronicleNeedsRoot);
    }
    Ok(())
}
