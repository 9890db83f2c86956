//! Logs, metrics and traces.

use super::{Context, network};
use crate::convert::account::Action;
use crate::convert::reason;
use crate::convert::verdict::{ChartValue, Effect, Expect, Verdict};
use crate::settings::values::boolean;

/// Decides about where logs go: in a pod, standard output is what the cluster collects.
pub(super) fn logging(property: &str, value: &str) -> Option<Verdict> {
    if !matches!(property, "ServiceLog" | "AccessLog") {
        return None;
    }
    let verdict =
        |reason: &str| Verdict::new(Action::Chart, reason::LOG_TO_STDOUT, reason.to_owned());
    Some(if matches!(value, "STDOUT" | "STDERR") {
        verdict("the cluster collects it").keeping(vec![value.to_owned()])
    } else {
        verdict("STDOUT instead of a file, so that the cluster collects it")
            .to(format!("config.Logging.{property}"))
            .keeping(vec!["STDOUT".to_owned()])
    })
}

/// Decides about the sections Metrics and OpenTelemetry.
pub(super) fn judge(
    context: &Context<'_>,
    section: &str,
    property: &str,
    value: &str,
) -> Option<Verdict> {
    match (section, property) {
        ("Metrics", "PrometheusListen") if context.deployed.default_at(&["prometheus"]).is_some() => {
            Some(prometheus(value))
        }
        ("Metrics", "PrometheusListen") => Some(
            Verdict::new(
                Action::Review,
                reason::PROMETHEUS_PORT,
                "kept in config, since this chart has no key for it: open the port to Prometheus yourself (pod.annotations, a service of your own)",
            )
            .keeping(vec![value.to_owned()]),
        ),
        ("OpenTelemetry", "Enabled") => {
            let on = boolean(value)?;
            let mut verdict = Verdict::new(
                Action::Chart,
                reason::NATIVE_BOOLEAN,
                "written as a native boolean, since the chart tests it to tell the collector the pod's address",
            )
            .to("config.OpenTelemetry.Enabled");
            verdict.effects.push(Effect::ConfigBool(on));
            verdict.expect = Expect::Values(vec![on.to_string()]);
            Some(verdict)
        }
        ("OpenTelemetry", "CollectorAdvertiseHost") => Some(
            Verdict::new(
                Action::Chart,
                reason::CHART_WRITES,
                "the chart sets it to the pod's address; the VM's name would lead content elsewhere",
            )
            .left_to_chart()
            .to("pod.env"),
        ),
        _ => None,
    }
}

fn prometheus(value: &str) -> Verdict {
    let Some((_, port)) = network::split(value) else {
        return Verdict::new(
            Action::Chart,
            reason::PROMETHEUS_PORT,
            "no port in it: metrics stay off",
        )
        .setting("prometheus.enabled", ChartValue::Bool(false));
    };
    let mut verdict = Verdict::new(
        Action::Chart,
        reason::PROMETHEUS_PORT,
        "the chart opens the port for Prometheus and writes the setting",
    )
    .setting("prometheus.enabled", ChartValue::Bool(true))
    .setting("prometheus.port", ChartValue::Number(u32::from(port)))
    .to("prometheus.port");
    verdict.target = Some("prometheus.port".to_owned());
    verdict.expect = Expect::Values(vec![format!(":{port}")]);
    verdict
}
