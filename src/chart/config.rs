//! What the chart adds to `config`.

use super::Release;
use super::render::{Reader, RenderError, template};
use crate::yaml::{Map, Value};

/// `config` with what the chart's other values ask for. What `config` itself says wins.
///
/// # Errors
/// The templates stop at a value of another type than they expect. What the chart refuses for other
/// reasons is not looked for here.
pub fn config(values: &Map, release: &Release) -> Result<Map, RenderError> {
    let reader = Reader::new(values);
    let Value::Map(own) = reader.get(&["config"])? else {
        return Err(template(&["config"], "it must be a mapping"));
    };
    let mut own = own.clone();
    let mut config = Map::new();
    if reader.is_truthy(&["launcher", "enabled"])? {
        config.insert("Launcher".into(), Value::Map(launcher(reader, release)?));
    }
    if reader.is_truthy(&["executionEnvironments"])? {
        let path = "/etc/rstudio-connect/execution-environments/environments.yaml";
        config.insert(
            "ExecutionEnvironments".into(),
            section([("ConfigFilePath", path.into())]),
        );
    }
    if reader.is_truthy(&["backends", "kubernetes", "enabled"])? {
        config.insert(
            "Kubernetes".into(),
            Value::Map(kubernetes(reader, release)?),
        );
    }
    if reader.is_truthy(&["license", "server"])? {
        config.insert(
            "Licensing".into(),
            section([("LicenseType", "Remote".into())]),
        );
    }
    if reader.is_truthy(&["prometheus", "enabled"])? {
        let port = reader.get(&["prometheus", "port"])?.formatted();
        config.insert(
            "Metrics".into(),
            section([("PrometheusListen", Value::String(format!(":{port}")))]),
        );
    }
    forget_empty_paths(reader, &mut own)?;
    // Sprig's `mergeOverwrite`: mappings merge, anything else replaces, be it empty or null.
    super::merge(&mut config, own);
    Ok(config)
}

fn section<const N: usize>(settings: [(&str, Value); N]) -> Value {
    Value::Map(
        settings
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

fn launcher(reader: Reader<'_>, release: &Release) -> Result<Map, RenderError> {
    let mut settings = Map::from_iter([
        ("Enabled".to_owned(), "true".into()),
        ("Kubernetes".to_owned(), "true".into()),
        (
            "KubernetesNamespace".to_owned(),
            namespace(reader, &["launcher", "namespace"], release)?,
        ),
        (
            "KubernetesProfilesConfig".to_owned(),
            "/etc/rstudio-connect/launcher/launcher.kubernetes.profiles.conf".into(),
        ),
    ]);
    if let Some(claim) = content_claim(reader, release)? {
        settings.insert("DataDirPVCName".into(), claim);
    }
    let templates = reader.is_truthy(&["launcher", "useTemplates"])?;
    settings.insert(
        "KubernetesUseTemplates".into(),
        if templates { "true" } else { "false" }.into(),
    );
    if templates {
        let path = reader.get(&["config", "Launcher", "KubernetesScratchPath"])?;
        let path = or(path, || "/var/lib/rstudio-connect-launcher".into());
        settings.insert("ScratchPath".into(), path);
    }
    Ok(settings)
}

fn kubernetes(reader: Reader<'_>, release: &Release) -> Result<Map, RenderError> {
    let mut settings = Map::from_iter([
        ("Enabled".to_owned(), "true".into()),
        (
            "Namespace".to_owned(),
            namespace(reader, &["backends", "kubernetes", "namespace"], release)?,
        ),
    ]);
    if let Some(claim) = content_claim(reader, release)? {
        settings.insert("DataDirPVCName".into(), claim);
        let path = reader.get(&["sharedStorage", "subPath"])?;
        if path.is_truthy() {
            settings.insert("DataDirPVCSubPath".into(), path.clone());
        }
    }
    let base = |key: &str, default: &str| -> Result<Value, RenderError> {
        let own = reader.dig("Kubernetes", key)?;
        Ok(or(own.unwrap_or(&Value::Null), || default.into()))
    };
    settings.insert(
        "DefaultResourceJobBase".into(),
        base("DefaultResourceJobBase", "/etc/rstudio-connect/job.yaml")?,
    );
    if reader.is_truthy(&["backends", "kubernetes", "defaultResourceServiceBase"])? {
        settings.insert(
            "DefaultResourceServiceBase".into(),
            base(
                "DefaultResourceServiceBase",
                "/etc/rstudio-connect/service.yaml",
            )?,
        );
    }
    let own = reader.dig("Kubernetes", "ConnectRuntimeDir")?;
    let init = ["backends", "kubernetes", "defaultInitContainer", "enabled"];
    if reader.is_truthy(&init)? && !own.is_some_and(Value::is_truthy) {
        settings.insert(
            "ConnectRuntimeDir".into(),
            "/opt/rstudio-connect-runtime".into(),
        );
    }
    Ok(settings)
}

/// The claim that content pods mount, when they do.
fn content_claim(reader: Reader<'_>, release: &Release) -> Result<Option<Value>, RenderError> {
    let stored = reader.is_truthy(&["sharedStorage", "create"])?
        || reader.is_truthy(&["sharedStorage", "mount"])?;
    if !stored || !reader.is_truthy(&["sharedStorage", "mountContent"])? {
        return Ok(None);
    }
    let fullname = release.fullname(reader.values())?;
    let name = reader.get(&["sharedStorage", "name"])?;
    Ok(Some(or(name, || {
        Value::String(format!("{fullname}-shared-storage"))
    })))
}

pub(super) fn namespace(
    reader: Reader<'_>,
    path: &[&str],
    release: &Release,
) -> Result<Value, RenderError> {
    Ok(or(reader.get(path)?, || release.namespace.as_str().into()))
}

fn or(value: &Value, fallback: impl FnOnce() -> Value) -> Value {
    if value.is_truthy() {
        value.clone()
    } else {
        fallback()
    }
}

/// An empty path in `[Kubernetes]` does not hide the chart's own.
fn forget_empty_paths(reader: Reader<'_>, own: &mut Map) -> Result<(), RenderError> {
    for key in [
        "DefaultResourceJobBase",
        "DefaultResourceServiceBase",
        "ConnectRuntimeDir",
    ] {
        // Also the check that the section, when there is one, is a mapping.
        let given = reader.dig("Kubernetes", key)?;
        if !given.is_some_and(Value::is_truthy)
            && let Some(Value::Map(settings)) = own.get_mut("Kubernetes")
        {
            settings.shift_remove(key);
        }
    }
    Ok(())
}
