//! What no line of the input says and the deployment needs all the same.

use super::account::Task;
use super::backend::connect_version;
use super::options::{Backend, Options, Secrets, Storage};
use super::plan::{Plan, PlannedValue};
use super::rules::{Context, database, network};
use super::verdict::ChartValue;
use crate::chart::{Chart, SECOND_FILE, never_built};
use crate::connect::Version;
use crate::convert::reason;
use crate::gcfg::{Section, SettingName};
use crate::images::Form;
use crate::output::shell_word;
use crate::settings::{Entry, ValueType};
use crate::yaml::{Map, Value};

/// Adds the values that every first deployment needs, and the tasks and blockers for what is not
/// known. What the administrator's own values say already is not asked for again.
pub(super) fn complete(plan: &mut Plan, context: &Context<'_>, chart: &Chart, base: &Map) {
    let options = context.options;
    database(plan, context);
    cut_over(plan);
    backend(plan, context.backend, chart);
    storage(plan, options, base);
    data_directory(plan, context, base);
    license(plan, options, base);
    version(plan, options, chart, base);
    images(plan, options, chart, base);
    address(plan, context);
    empty_values(plan, context);
    prometheus(plan, context);
    secrets(plan, options, base);
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

/// The volume must be mounted where the data directory is, whichever file says either: else what the
/// server writes goes with its pod. Where the input names the directory, a rule has seen to it.
fn data_directory(plan: &mut Plan, context: &Context<'_>, base: &Map) {
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

fn version(plan: &mut Plan, options: &Options, chart: &Chart, base: &Map) {
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

/// Images for content, in the form that chart and Connect take.
fn images(plan: &mut Plan, options: &Options, chart: &Chart, base: &Map) {
    let Some(suggestion) = &options.images else {
        return;
    };
    let mut task = |what: String, command: Option<&str>| {
        plan.tasks.push(Task {
            code: reason::CONTENT_IMAGES.into(),
            what,
            command: command.map(str::to_owned),
        });
    };
    for lacking in suggestion.lacking() {
        task(lacking, None);
    }
    if suggestion.images.is_empty() {
        return;
    }
    let own = [
        &["executionEnvironments"][..],
        &["launcher", "customRuntimeYaml"],
        &["launcher", "additionalRuntimeImages"],
    ];
    if let Some(own) = own.iter().find(|path| said(base, path)) {
        let own = own.join(".");
        return task(
            format!(
                "your own values name images in {own}, so those of the inventory were left out: see with check whether they have what content needs"
            ),
            Some("helm connect-migrate check -f VALUES --inventory INVENTORY"),
        );
    }
    let connect = connect_version(options, chart, base);
    let one = suggestion.images.len() == 1;
    match Form::of(chart, &connect) {
        Some(form) => {
            task(
                format!(
                    "the values name {} of {} for content: make sure that your registry has {}",
                    if one {
                        "an image".to_owned()
                    } else {
                        format!("{} images", suggestion.images.len())
                    },
                    if suggestion.is_own() {
                        "your table"
                    } else {
                        "public documents"
                    },
                    if one { "it" } else { "them" },
                ),
                Some("docker manifest inspect IMAGE"),
            );
            plan.images = Some((suggestion.clone(), form));
        }
        None => task(
            format!(
                "chart {} and Connect {connect} have no form of naming images between them: take the chart that ships that Connect",
                chart.version()
            ),
            None,
        ),
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

fn secrets(plan: &mut Plan, options: &Options, base: &Map) {
    let Secrets::Reference(name) = &options.secrets else {
        return;
    };
    if !plan.needs_secret() {
        return;
    }
    if !plan.secret_file.is_empty() {
        let mut what = "environment variables and mounted files do not follow a Secret that changes: after a change to its credentials restart the server's pods".to_owned();
        if said(base, &["pod", "volumes"]) || said(base, &["pod", "volumeMounts"]) {
            what.push_str("; pod.volumes and pod.volumeMounts repeat the entries of your own values (--base), since Helm replaces lists: keep them in step");
        }
        plan.tasks.push(Task {
            code: reason::SECRET_FILE.into(),
            what,
            command: None,
        });
    }
    if let Some(file) = &options.secret_manifest {
        let file = file.display();
        plan.tasks.push(Task {
            code: reason::SECRET.into(),
            what: format!(
                "create Secret {} in the release's namespace, then delete {file}",
                name.as_str()
            ),
            command: Some(format!(
                "kubectl apply -f {}",
                shell_word(&file.to_string())
            )),
        });
        return;
    }
    let mut keys: Vec<&str> = plan.secrets.iter().map(|s| s.variable.as_str()).collect();
    if !plan.secret_file.is_empty() {
        keys.push(SECOND_FILE);
        let names: Vec<String> = plan
            .secret_file
            .iter()
            .map(|s| s.name.to_string())
            .collect();
        plan.tasks.push(Task {
            code: reason::SECRET.into(),
            what: format!(
                "Secret {} must exist in the release's namespace with the keys {}; --secret-out FILE writes its manifest. {SECOND_FILE} is a configuration file that sets {}",
                name.as_str(),
                keys.join(", "),
                names.join(", ")
            ),
            command: None,
        });
        return;
    }
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
