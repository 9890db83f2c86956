//! The Connect that is deployed: its version, the chart that ships it, and its image.

use super::{put, said};
use crate::chart::{Chart, never_built};
use crate::connect::Version;
use crate::convert::account::Task;
use crate::convert::backend::connect_version;
use crate::convert::options::Options;
use crate::convert::plan::Plan;
use crate::convert::reason;
use crate::convert::verdict::ChartValue;
use crate::yaml::Map;

pub(super) fn version(plan: &mut Plan, options: &Options, chart: &Chart, base: &Map) {
    let deployed = connect_version(options, chart, base);
    image(plan, chart, &deployed, base);
    if let Some(version) = &options.connect_version {
        put(
            plan,
            "versionOverride",
            ChartValue::Text(version.clone()),
            "--connect-version",
        );
        other_chart(plan, chart, version);
    } else if !said(base, &["versionOverride"]) && !said(base, &["image", "tag"]) {
        plan.tasks.push(Task {
            code: reason::CONNECT_VERSION.into(),
            what: "both servers must run the same Connect version, and the chart deploys its own: say the old server's with --connect-version, or upgrade the old server first".to_owned(),
            command: Some("/opt/rstudio-connect/bin/connect --version".to_owned()),
        });
    }
}

/// A chart is made for one Connect; for another there is another chart.
fn other_chart(plan: &mut Plan, chart: &Chart, version: &str) {
    let Ok(connect) = version.parse::<Version>() else {
        return;
    };
    if chart.app_version().parse() == Ok(connect) {
        return;
    }
    let charts = chart.shipping(connect);
    let instead = match charts.last() {
        None => "no chart is known that ships it".to_owned(),
        Some(newest) => format!(
            "that of {} {}: deploy it, and convert again with --chart-version {newest}",
            if charts.len() == 1 { "chart" } else { "charts" },
            charts.join(", ")
        ),
    };
    plan.tasks.push(Task {
        code: reason::CONNECT_VERSION.into(),
        what: format!(
            "chart {} is made for Connect {}, not {version}, which is {instead}",
            chart.version(),
            chart.app_version()
        ),
        command: None,
    });
}

/// An image that was never built cannot be pulled.
fn image(plan: &mut Plan, chart: &Chart, version: &str, base: &Map) {
    let Some(image) = chart.image(version, base) else {
        return;
    };
    let Some(names) = never_built(&image, version) else {
        return;
    };
    plan.tasks.push(Task {
        code: reason::IMAGE.into(),
        what: format!(
            "the pod would pull {image}, which is not among the images known for Connect {version}: {}; say one of them with image.repository and image.tag of your own values (--base), or make sure that your registry has it",
            names.join(", ")
        ),
        command: None,
    });
}
