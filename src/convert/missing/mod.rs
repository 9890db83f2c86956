//! What no line of the input says and the deployment needs all the same.

mod images;
mod secrets;
mod storage;
mod version;

pub(crate) use storage::lies_in;

use super::account::Task;
use super::options::{Backend, Options};
use super::plan::{Plan, PlannedValue};
use super::rules::{Context, database, network};
use super::verdict::ChartValue;
use crate::chart::Chart;
use crate::convert::reason;
use crate::settings::{Entry, ValueType};
use crate::yaml::{Map, Value};

/// Adds the values that every first deployment needs, and the tasks and blockers for what is not
/// known. What the administrator's own values say already is not asked for again.
pub(super) fn complete(plan: &mut Plan, context: &Context<'_>, chart: &Chart, base: &Map) {
    let options = context.options;
    database(plan, context);
    cut_over(plan);
    backend(plan, context.backend, chart);
    storage::storage(plan, options, base);
    storage::data_directory(plan, context, base);
    license(plan, options, base);
    version::version(plan, options, chart, base);
    images::images(plan, options, chart, base);
    address(plan, context);
    empty_values(plan, context);
    prometheus(plan, context);
    secrets::secrets(plan, options, base);
}

fn put(plan: &mut Plan, path: &'static str, value: ChartValue, origin: &str) {
    plan.values.retain(|planned| planned.path != path);
    plan.values.push(PlannedValue {
        path,
        value,
        origin: origin.to_owned(),
    });
}

fn said(base: &Map, path: &[&str]) -> bool {
    path.split_first()
        .and_then(|(first, rest)| base.get(*first)?.at(rest))
        .is_some_and(Value::is_truthy)
}

fn database(plan: &mut Plan, context: &Context<'_>) {
    if context.value_of("Database", "Provider").is_none() {
        plan.blockers.push(database::provider_missing());
    }
}

/// One server at a time on one database: the old pod goes before the new one comes.
fn cut_over(plan: &mut Plan) {
    let why = "one server on the database at any time";
    put(plan, "replicas", ChartValue::Number(1), why);
    put(
        plan,
        "strategy.type",
        ChartValue::Text("Recreate".to_owned()),
        why,
    );
}

fn backend(plan: &mut Plan, chosen: Backend, chart: &Chart) {
    let why = plan.backend.reason.clone();
    for backend in [Backend::Kubernetes, Backend::Launcher] {
        // A key that the chart does not know would say nothing.
        let section = match backend {
            Backend::Kubernetes => "backends",
            Backend::Launcher => "launcher",
        };
        if backend == chosen || chart.default_at(&[section]).is_some() {
            let on = ChartValue::Bool(backend == chosen);
            put(plan, backend.enabled_key(), on, &why);
        }
    }
}

fn license(plan: &mut Plan, options: &Options, base: &Map) {
    if let Some(name) = &options.license_secret {
        let from = "--license-secret";
        put(
            plan,
            "license.file.secret",
            ChartValue::Text(name.as_str().to_owned()),
            from,
        );
        put(
            plan,
            "license.file.secretKey",
            ChartValue::Text("license.lic".to_owned()),
            from,
        );
        return;
    }
    let given = [
        &["license", "key"][..],
        &["license", "server"],
        &["license", "file", "secret"],
        &["license", "file", "contents"],
    ]
    .iter()
    .any(|path| said(base, path));
    if !given {
        plan.tasks.push(Task {
            code: reason::LICENSE.into(),
            what: "the new server needs an activation of its own: put the license file into a Secret and name it with --license-secret".to_owned(),
            command: Some("kubectl create secret generic rstudio-connect-license --from-file=license.lic".to_owned()),
        });
    }
}

fn address(plan: &mut Plan, context: &Context<'_>) {
    let address = context.value_of("Server", "Address");
    if address.is_none_or(str::is_empty) && context.options.address.is_none() {
        plan.tasks.push(network::address_missing());
    }
}

/// Settings that say nothing where Connect needs something. An address has a task of its own.
fn empty_values(plan: &mut Plan, context: &Context<'_>) {
    const NEEDED: [(&str, &str); 12] = [
        ("HTTP", "Listen"),
        ("LDAP", "ServerAddress"),
        ("LDAP", "UserSearchBaseDN"),
        ("OAuth2", "ClientId"),
        ("OAuth2", "ClientSecret"),
        ("OAuth2", "OpenIDConnectIssuer"),
        ("Postgres", "URL"),
        ("SAML", "IdPMetaDataPath"),
        ("SAML", "IdPMetaDataURL"),
        ("Server", "DataDir"),
        ("Server", "SenderEmail"),
        ("SMTP", "Host"),
    ];
    let empty = context.settings.iter().filter(|(setting, settled)| {
        let typed = |entry: &&Entry| entry.value_type != ValueType::String;
        let (section, property) = (&setting.name.section.name, &setting.name.property);
        settled.values.last().is_some_and(String::is_empty)
            && (setting.entry.as_ref().is_some_and(typed)
                || NEEDED.contains(&(section.as_str(), property.as_str())))
    });
    for (setting, _) in empty {
        let line = setting
            .occurrences
            .last()
            .map_or(0, |last| last.setting.line);
        plan.tasks.push(Task {
            code: reason::EMPTY_VALUE.into(),
            what: format!(
                "{} in line {line} is empty, which cannot work: give it a value, or take the line out of the file",
                setting.name
            ),
            command: None,
        });
    }
}

/// The chart switches Prometheus metrics on; a server without them stays without.
fn prometheus(plan: &mut Plan, context: &Context<'_>) {
    use super::options::ChartDefaults;
    if context.options.chart_defaults == ChartDefaults::Remove
        && context.value_of("Metrics", "PrometheusListen").is_none()
    {
        // Charts before 0.7.0 run an exporter of their own.
        for (section, path) in [
            ("prometheus", "prometheus.enabled"),
            ("prometheusExporter", "prometheusExporter.enabled"),
        ] {
            if context.deployed.default_at(&[section]).is_some() {
                let why = "the old server has no Metrics.PrometheusListen";
                put(plan, path, ChartValue::Bool(false), why);
            }
        }
    }
}
