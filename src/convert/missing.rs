//! What no line of the input says and the deployment needs all the same.

use super::account::Task;
use super::options::{Backend, Options, Secrets, Storage};
use super::plan::{Plan, PlannedValue};
use super::rules::{Context, database, network};
use super::verdict::ChartValue;
use crate::convert::reason;
use crate::yaml::{Map, Value};

/// Adds the values that every first deployment needs, and the tasks and blockers for what is not
/// known. What the administrator's own values say already is not asked for again.
pub(super) fn complete(plan: &mut Plan, context: &Context<'_>, base: &Map) {
    let options = context.options;
    database(plan, context);
    cut_over(plan);
    backend(plan, options);
    storage(plan, options, base);
    license(plan, options, base);
    version(plan, options, base);
    address(plan, context);
    prometheus(plan, context);
    secrets(plan, options);
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

fn backend(plan: &mut Plan, options: &Options) {
    let launcher = options.backend == Backend::Launcher;
    let why = "the chart allows one of the two";
    put(
        plan,
        "backends.kubernetes.enabled",
        ChartValue::Bool(!launcher),
        why,
    );
    put(plan, "launcher.enabled", ChartValue::Bool(launcher), why);
}

fn storage(plan: &mut Plan, options: &Options, base: &Map) {
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

fn license(plan: &mut Plan, options: &Options, base: &Map) {
    if let Some(name) = &options.license_secret {
        let from = "--license-secret";
        put(
            plan,
            "license.file.secret",
            ChartValue::Text(name.clone()),
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

fn version(plan: &mut Plan, options: &Options, base: &Map) {
    if let Some(version) = &options.connect_version {
        put(
            plan,
            "versionOverride",
            ChartValue::Text(version.clone()),
            "--connect-version",
        );
    } else if !said(base, &["versionOverride"]) && !said(base, &["image", "tag"]) {
        plan.tasks.push(Task {
            code: reason::CONNECT_VERSION.into(),
            what: "both servers must run the same Connect version, and the chart deploys its own: say the old server's with --connect-version, or upgrade the old server first".to_owned(),
            command: Some("/opt/rstudio-connect/bin/connect --version".to_owned()),
        });
    }
}

fn address(plan: &mut Plan, context: &Context<'_>) {
    if context.value_of("Server", "Address").is_none() && context.options.address.is_none() {
        plan.tasks.push(network::address_missing());
    }
}

/// The chart switches Prometheus metrics on; a server without them stays without.
fn prometheus(plan: &mut Plan, context: &Context<'_>) {
    use super::options::ChartDefaults;
    if context.options.chart_defaults == ChartDefaults::Remove
        && context.value_of("Metrics", "PrometheusListen").is_none()
    {
        put(
            plan,
            "prometheus.enabled",
            ChartValue::Bool(false),
            "the old server has no Metrics.PrometheusListen",
        );
    }
}

fn secrets(plan: &mut Plan, options: &Options) {
    let Secrets::Reference(name) = &options.secrets else {
        return;
    };
    if plan.secrets.is_empty() {
        return;
    }
    if let Some(file) = &options.secret_manifest {
        plan.tasks.push(Task {
            code: reason::SECRET.into(),
            what: format!(
                "create Secret {} in the release's namespace, then delete {file}",
                name.as_str()
            ),
            command: Some(format!("kubectl apply -f {file}")),
        });
        return;
    }
    let keys: Vec<&str> = plan.secrets.iter().map(|s| s.variable.as_str()).collect();
    plan.tasks.push(Task {
        code: reason::SECRET.into(),
        what: format!(
            "Secret {} must exist in the release's namespace with {} {}; --secret-out FILE writes its manifest, or make it by typing KEY=value lines, ended with Ctrl-D",
            name.as_str(),
            if keys.len() == 1 { "the key" } else { "the keys" },
            keys.join(", ")
        ),
        command: Some(format!(
            "kubectl create secret generic {} --from-env-file=/dev/stdin",
            name.as_str()
        )),
    });
}
