//! Settings of off-host execution and licensing: the chart writes them from keys of its own.

use super::Context;
use crate::convert::account::{Action, Task};
use crate::convert::options::{Backend, Storage};
use crate::convert::reason;
use crate::convert::verdict::{ChartValue, Verdict};

/// Decides about the sections Launcher, Kubernetes and ExecutionEnvironments.
pub(super) fn judge(
    context: &Context<'_>,
    section: &str,
    property: &str,
    value: &str,
) -> Option<Verdict> {
    let backend = context.backend;
    let chart = |reason: &str| {
        Verdict::new(Action::Chart, reason::CHART_WRITES, reason.to_owned()).left_to_chart()
    };
    let text = || ChartValue::Text(value.to_owned());
    Some(match (section, property) {
        (_, "Enabled") | ("Launcher", "Kubernetes") => {
            chart("the chart switches off-host execution on").to(backend.enabled_key())
        }
        (_, "KubernetesNamespace" | "Namespace") => {
            let path = match backend {
                Backend::Kubernetes => "backends.kubernetes.namespace",
                Backend::Launcher => "launcher.namespace",
            };
            chart("content runs in this namespace; without it, in the release's own")
                .setting(path, text())
        }
        (_, "DataDirPVCName") => {
            let verdict = chart("the chart writes it from the claim that the pod mounts");
            match context.options.storage {
                None => verdict
                    .setting("sharedStorage.name", text())
                    .setting("sharedStorage.mount", ChartValue::Bool(true)),
                Some(Storage::Claim(_) | Storage::Create { .. }) => verdict.to("sharedStorage.name"),
            }
        }
        (_, "DataDirPVCSubPath") => {
            chart("the chart mounts this folder of the claim, for the server and for content")
                .setting("sharedStorage.subPath", text())
        }
        ("Launcher", "DataDir") => chart("content pods mount the claim of sharedStorage instead")
            .to("sharedStorage")
            .task(Task {
                code: reason::LAUNCHER_DATA_DIRECTORY.into(),
                what: format!("Launcher.DataDir ({value}) named the content's storage: make a claim for the same storage and name it with --pvc"),
                command: None,
            }),
        ("Launcher", "KubernetesProfilesConfig") => match backend {
            Backend::Launcher => chart("the chart writes the file from launcher.launcherKubernetesProfilesConf")
                .to("launcher.launcherKubernetesProfilesConf")
                .task(copy_file(value, "launcher.launcherKubernetesProfilesConf")),
            Backend::Kubernetes => chart("the Kubernetes backend has no profiles; limits are set with Scheduler.* and defaultResourceJobBase")
                .to("backends.kubernetes.defaultResourceJobBase")
                .task(copy_file(value, "backends.kubernetes.defaultResourceJobBase")),
        },
        ("Launcher", "KubernetesUseTemplates") => match (backend, native_bool(value)) {
            (Backend::Launcher, Some(on)) => {
                chart("the chart writes it").setting("launcher.useTemplates", ChartValue::Bool(on))
            }
            _ => without_launcher(),
        },
        ("Launcher", "KubernetesScratchPath") => match backend {
            Backend::Launcher => Verdict::new(
                Action::Keep,
                reason::CHART_WRITES,
                "the chart puts the job templates there",
            )
            .keeping(vec![value.to_owned()]),
            Backend::Kubernetes => without_launcher(),
        },
        ("Launcher", "ScratchPath") => match backend {
            Backend::Launcher => chart("the chart writes it"),
            Backend::Kubernetes => without_launcher(),
        },
        ("Launcher", "KubernetesDefaultServiceAccount") => match backend {
            Backend::Launcher => chart("content pods use this service account")
                .setting("launcher.templateValues.pod.serviceAccountName", text()),
            Backend::Kubernetes => chart("content pods use this service account").setting(
                "backends.kubernetes.defaultResourceJobBase.spec.template.spec.serviceAccountName",
                text(),
            ),
        },
        ("Launcher", "KubernetesContentServiceAccountSelection") => match backend {
            Backend::Launcher => return None,
            Backend::Kubernetes => Verdict::new(
                Action::Drop,
                reason::LAUNCHER_ONLY,
                "with the Kubernetes backend, service accounts for content are chosen by a label on them",
            ),
        },
        ("Launcher", "ClusterDefinition" | "User") => Verdict::new(
            Action::Drop,
            reason::LAUNCHER_ONLY,
            "the chart describes the cluster to the server by its own keys",
        ),
        ("Kubernetes", "DefaultResourceJobBase") => {
            chart("the chart writes the job template and mounts it")
                .to("backends.kubernetes.defaultResourceJobBase")
                .task(copy_file(value, "backends.kubernetes.defaultResourceJobBase"))
        }
        ("Kubernetes", "DefaultResourceServiceBase") => {
            chart("the chart writes the service template and mounts it")
                .to("backends.kubernetes.defaultResourceServiceBase")
                .task(copy_file(value, "backends.kubernetes.defaultResourceServiceBase"))
        }
        ("Kubernetes", "ConnectRuntimeDir") => match backend {
            Backend::Kubernetes => Verdict::new(
                Action::Keep,
                reason::CHART_WRITES,
                "the chart mounts the runtime there in content pods",
            )
            .keeping(vec![value.to_owned()]),
            Backend::Launcher => Verdict::new(
                Action::Drop,
                reason::KUBERNETES_BACKEND_ONLY,
                "the Launcher does not read it",
            ),
        },
        ("ExecutionEnvironments", "ConfigFilePath") => {
            chart("the chart writes the file from executionEnvironments")
                .to("executionEnvironments")
                .task(copy_file(value, "executionEnvironments"))
        }
        _ => return None,
    })
}

pub(super) fn licensing(property: &str, value: &str) -> Option<Verdict> {
    if property != "LicenseType" {
        return None;
    }
    let verdict = Verdict::new(
        Action::Chart,
        reason::LICENSE_TYPE,
        "the chart writes it: remote when license.server is set, else the license is local",
    )
    .left_to_chart();
    Some(if value.eq_ignore_ascii_case("remote") {
        verdict.to("license.server").task(Task {
            code: reason::LICENSE_SERVER.into(),
            what: "the old server takes its license from a license server: put its host:port into license.server of your own values (--base)".to_owned(),
            command: None,
        })
    } else {
        verdict.to("license")
    })
}

fn without_launcher() -> Verdict {
    Verdict::new(
        Action::Drop,
        reason::LAUNCHER_ONLY,
        "the Kubernetes backend does without the Launcher (--backend launcher keeps it)",
    )
}

fn copy_file(file: &str, key: &str) -> Task {
    Task {
        code: reason::COPY_FILE.into(),
        what: format!("copy what {file} says into {key} of your own values (--base)"),
        command: None,
    }
}

fn native_bool(value: &str) -> Option<bool> {
    crate::settings::values::boolean(value)
}
