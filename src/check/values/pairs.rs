//! Values that must agree with each other, whichever files they come from.

use super::ValuesFacts;
use crate::check::Judgement;
use crate::convert::lies_in;
use crate::gcfg::{SettingName, fold};
use crate::yaml::Value;

impl ValuesFacts<'_> {
    fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        self.values.get(*first)?.at(rest)
    }

    fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    fn on(&self, path: &[&str]) -> bool {
        self.at(path).is_some_and(Value::is_truthy)
    }

    /// What Connect would read; the last of several lines counts.
    fn setting(&self, section: &str, property: &str) -> Option<&str> {
        let is = |name: &SettingName| {
            name.section.subsection.is_none()
                && fold(&name.section.name) == fold(section)
                && fold(&name.property) == fold(property)
        };
        let settings = self.rendered.as_ref()?.settings();
        let found = settings.filter(|setting| is(&setting.name)).last()?;
        found.text().filter(|text| !text.is_empty())
    }

    fn not_rendered(&self) -> Option<Judgement> {
        let why = "the configuration that would be deployed is not known; see values-render";
        self.rendered.is_none().then(|| Judgement::not_asked(why))
    }
}

/// The data directory must lie on a volume: content would go with the pod.
pub(crate) fn data_directory(said: &ValuesFacts<'_>) -> Judgement {
    if let Some(unknown) = said.not_rendered() {
        return unknown;
    }
    let folder = said
        .setting("Server", "DataDir")
        .unwrap_or("/var/lib/rstudio-connect");
    let shared = said.on(&["sharedStorage", "create"]) || said.on(&["sharedStorage", "mount"]);
    let path = said.text(&["sharedStorage", "path"]).filter(|_| shared);
    let own = said
        .at(&["pod", "volumeMounts"])
        .and_then(Value::as_list)
        .unwrap_or_default();
    let own: Vec<&str> = own
        .iter()
        .filter_map(|mount| mount.get("mountPath")?.as_str())
        .collect();
    if let Some(path) = path.filter(|path| lies_in(folder, path)) {
        let within = said
            .text(&["sharedStorage", "subPath"])
            .map(|sub| format!(", in the volume's folder {sub}"))
            .unwrap_or_default();
        return Judgement::pass(format!(
            "the data directory {folder} lies on the shared volume, mounted on {path}{within}"
        ));
    }
    if let Some(path) = own.iter().find(|path| lies_in(folder, path)) {
        return Judgement::pass(format!(
            "the data directory {folder} lies on a volume of pod.volumeMounts, mounted on {path}"
        ));
    }
    let (where_, remedy) = match path {
        Some(path) => (
            format!("the shared volume is mounted on {path}"),
            "make sharedStorage.path and config.Server.DataDir the same",
        ),
        None => (
            "no volume is mounted there".to_owned(),
            "name the claim with the data (values --pvc NAME, or sharedStorage.mount and sharedStorage.name), or have one made (values --storage-class NAME, or sharedStorage.create)",
        ),
    };
    Judgement::fail(
        format!(
            "the data directory is {folder}, and {where_}: what the server writes would go with its pod"
        ),
        remedy,
    )
}

/// The host and the path of a URL, without the slash at its end.
fn host_and_path(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    (host, path.trim_end_matches('/'))
}

/// Users come by the ingress, and links lead to `Server.Address`.
pub(crate) fn address(said: &ValuesFacts<'_>) -> Judgement {
    if let Some(unknown) = said.not_rendered() {
        return unknown;
    }
    let Some(address) = said.setting("Server", "Address") else {
        return Judgement::warn(
            "config.Server.Address is not set, or empty: links in mails, SAML and OAuth callbacks depend on it",
            "set it to the URL that users will use",
        );
    };
    let (host, path) = host_and_path(address);
    if !said.on(&["ingress", "enabled"]) {
        return Judgement::pass(format!(
            "the server is known as {address}; the chart makes no ingress to compare it with"
        ));
    }
    let hosts = said
        .at(&["ingress", "hosts"])
        .and_then(Value::as_list)
        .unwrap_or_default();
    let named: Vec<&str> = hosts
        .iter()
        .filter_map(|entry| entry.get("host")?.as_str())
        .collect();
    let remedy = "make ingress.hosts and config.Server.Address the same";
    let Some(entry) = hosts
        .iter()
        .find(|entry| entry.get("host").and_then(Value::as_str) == Some(host))
    else {
        return Judgement::warn(
            format!(
                "the server is known as {address}, and the ingress is for {}",
                if named.is_empty() {
                    "no host".to_owned()
                } else {
                    named.join(", ")
                }
            ),
            remedy,
        );
    };
    let paths: Vec<&str> = entry
        .get("paths")
        .and_then(Value::as_list)
        .unwrap_or_default()
        .iter()
        .filter_map(|path| path.as_str().or_else(|| path.get("path")?.as_str()))
        .collect();
    let served = paths.is_empty()
        || paths
            .iter()
            .any(|served| lies_in(if path.is_empty() { "/" } else { path }, served));
    if served {
        Judgement::pass(format!("{address} is what the ingress is for"))
    } else {
        Judgement::warn(
            format!(
                "{address} is not below the paths of the ingress: {}",
                paths.join(", ")
            ),
            remedy,
        )
    }
}

/// The service and the probes must ask where the server listens.
pub(crate) fn ports(said: &ValuesFacts<'_>) -> Judgement {
    if let Some(unknown) = said.not_rendered() {
        return unknown;
    }
    let listen = said.setting("HTTP", "Listen").unwrap_or(":3939");
    let Some(port) = listen
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse::<u16>().ok())
    else {
        return Judgement::fail(
            format!("config.HTTP.Listen is {listen}, which names no port"),
            "write it as \":3939\"",
        );
    };
    let mut other = Vec::new();
    for path in [
        &["pod", "port"][..],
        &["service", "targetPort"],
        &["livenessProbe", "httpGet", "port"],
        &["startupProbe", "httpGet", "port"],
        &["readinessProbe", "httpGet", "port"],
    ] {
        let unused = path[0].ends_with("Probe") && !said.on(&[path[0], "enabled"]);
        // A name stands for the container's port of that name.
        let number = said
            .at(path)
            .and_then(|value| value.printed().parse::<u16>().ok());
        if let Some(number) = number.filter(|number| !unused && *number != port) {
            other.push(format!("{} is {number}", path.join(".")));
        }
    }
    if other.is_empty() {
        return Judgement::pass(format!("pod, service and probes use port {port}"));
    }
    Judgement::fail(
        format!("the server listens on port {port}, and nothing would reach it there"),
        "give them the port of config.HTTP.Listen",
    )
    .details(other)
}

/// The license comes from one place.
pub(crate) fn license(said: &ValuesFacts<'_>) -> Judgement {
    let given: Vec<&str> = [
        (&["license", "key"][..], "license.key"),
        (&["license", "server"], "license.server"),
        (&["license", "file", "secret"], "license.file.secret"),
        (&["license", "file", "contents"], "license.file.contents"),
    ]
    .into_iter()
    .filter(|(path, _)| said.on(path))
    .map(|(_, name)| name)
    .collect();
    let remote = said
        .setting("Licensing", "LicenseType")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("remote"));
    if said.rendered.is_some() && remote != said.on(&["license", "server"]) {
        let (evidence, remedy) = if remote {
            (
                "config.Licensing.LicenseType is remote, and license.server names no server",
                "name the license server in license.server, and take config.Licensing.LicenseType out: the chart writes it",
            )
        } else {
            (
                "license.server names a server, and config.Licensing.LicenseType is not remote",
                "take config.Licensing.LicenseType out: the chart writes it",
            )
        };
        return Judgement::fail(evidence, remedy);
    }
    match given.as_slice() {
        [] => Judgement::warn(
            "the values name no license",
            "put the license file into a Secret and name it in license.file.secret",
        ),
        [one] => Judgement::pass(format!("the license comes from {one}")),
        several => Judgement::warn(
            format!(
                "the license comes from several places: {}",
                several.join(", ")
            ),
            "keep one of them",
        ),
    }
}

/// The server starts content in the namespace that the chart's roles and claims are for.
pub(crate) fn namespaces(said: &ValuesFacts<'_>) -> Judgement {
    if let Some(unknown) = said.not_rendered() {
        return unknown;
    }
    for (backend, section, property) in [
        (&["backends", "kubernetes"][..], "Kubernetes", "Namespace"),
        (&["launcher"], "Launcher", "KubernetesNamespace"),
    ] {
        let at = |key| [backend, &[key]].concat();
        let Some(content) = said.setting(section, property) else {
            continue;
        };
        if !said.on(&at("enabled")) {
            continue;
        }
        let key = at("namespace").join(".");
        let remedy = format!(
            "say it in {key}, and take config.{section}.{property} out: the chart writes it"
        );
        match said.text(&at("namespace")) {
            Some(chart) if chart != content => {
                return Judgement::fail(
                    format!(
                        "content would be started in namespace {content} (config.{section}.{property}), and what the server may do there is granted in {chart} ({key})"
                    ),
                    remedy,
                );
            }
            None if said.on(&["config", section, property]) => {
                return Judgement::warn(
                    format!(
                        "content would be started in namespace {content} (config.{section}.{property}), and what the server may do is granted in that of the release"
                    ),
                    remedy,
                );
            }
            _ => {}
        }
    }
    Judgement::pass("content is started where the chart grants it")
}

/// Several servers share a database, which SQLite cannot be.
pub(crate) fn replicas(said: &ValuesFacts<'_>) -> Judgement {
    if let Some(unknown) = said.not_rendered() {
        return unknown;
    }
    let replicas = said.at(&["replicas"]).map_or(1.0, |value| match value {
        Value::Number(number) => *number,
        other => other.printed().parse().unwrap_or(1.0),
    });
    let provider = said.setting("Database", "Provider").unwrap_or("sqlite");
    if replicas > 1.0 && !provider.eq_ignore_ascii_case("postgres") {
        return Judgement::fail(
            format!("{replicas} servers would run on a database of their own each ({provider})"),
            "set config.Database.Provider to postgres and name the database, or replicas to 1",
        );
    }
    if replicas > 1.0 {
        return Judgement::warn(
            format!("{replicas} servers would start at once"),
            "begin with replicas: 1, so that one server brings the database up; add others when the move is over",
        );
    }
    Judgement::pass("one server at first")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::check::values::tests::of;

    fn status(values: &str, judge: impl Fn(&ValuesFacts<'_>) -> Judgement) -> Status {
        of(&[values], judge).status
    }

    #[test]
    fn the_data_directory_must_lie_on_a_volume() {
        let of = |values: &str| status(values, data_directory);
        assert_eq!(of("sharedStorage: {mount: true}"), Status::Pass);
        assert_eq!(
            of("sharedStorage: {mount: true, name: efs, path: /mnt/rs-connect/data}"),
            Status::Fail
        );
        assert_eq!(
            of(
                "{sharedStorage: {mount: true, path: /mnt}, config: {Server: {DataDir: /mnt/data}}}"
            ),
            Status::Pass
        );
        assert_eq!(
            of(
                "{sharedStorage: {mount: true, path: /x}, pod: {volumeMounts: [{name: d, mountPath: /var/lib/rstudio-connect}]}}"
            ),
            Status::Pass
        );
        assert_eq!(of("{}"), Status::Fail);
        assert!(!lies_in(
            "/var/lib/rstudio-connect-2",
            "/var/lib/rstudio-connect"
        ));
    }

    #[test]
    fn address_and_ingress_agree() {
        let of = |address: &str, hosts: &str| {
            status(
                &format!(
                    "{{sharedStorage: {{mount: true}}, ingress: {{enabled: true, hosts: {hosts}}}, config: {{Server: {{Address: '{address}'}}}}}}"
                ),
                super::address,
            )
        };
        assert_eq!(
            of(
                "https://c.example.com/",
                "[{host: c.example.com, paths: [/]}]"
            ),
            Status::Pass
        );
        assert_eq!(
            of("https://c.example.com", "[{host: d.example.com}]"),
            Status::Warn
        );
        assert_eq!(
            of(
                "https://c.example.com:8443/rsc",
                "[{host: c.example.com, paths: [/rsc]}]"
            ),
            Status::Pass
        );
        assert_eq!(
            of(
                "https://c.example.com",
                "[{host: c.example.com, paths: [/rsc]}]"
            ),
            Status::Warn
        );
        assert_eq!(of("", "[]"), Status::Warn);
    }

    #[test]
    fn other_pairs_agree() {
        let ground = "sharedStorage: {mount: true}";
        let of = |values: &str, judge: fn(&ValuesFacts<'_>) -> Judgement| {
            super::super::tests::of(&[ground, values], judge).status
        };
        assert_eq!(of("", ports), Status::Pass);
        assert_eq!(of("config: {HTTP: {Listen: ':80'}}", ports), Status::Fail);
        assert_eq!(of("license: {key: x, server: y}", license), Status::Warn);
        assert_eq!(of("license: {server: y}", license), Status::Pass);
        let namespaces = |values: &str| of(values, namespaces);
        assert_eq!(namespaces(""), Status::Pass);
        let launcher = |more: &str, launcher: &str| {
            format!(
                "{{launcher: {{enabled: true{launcher}}}, backends: {{kubernetes: {{enabled: false}}}}, config: {{Launcher: {{{more}}}}}}}"
            )
        };
        assert_eq!(namespaces(&launcher("", ", namespace: jobs")), Status::Pass);
        assert_eq!(
            namespaces(&launcher("KubernetesNamespace: other", ", namespace: jobs")),
            Status::Fail
        );
        assert_eq!(
            namespaces(&launcher("KubernetesNamespace: other", "")),
            Status::Warn
        );
        for license in [
            "{license: {server: y}, config: {Licensing: {LicenseType: local}}}",
            "{license: {key: y}, config: {Licensing: {LicenseType: remote}}}",
        ] {
            assert_eq!(of(license, super::license), Status::Fail);
        }
        assert_eq!(of("replicas: 2", replicas), Status::Fail);
        assert_eq!(
            of(
                "{replicas: 2, config: {Database: {Provider: Postgres}}}",
                replicas
            ),
            Status::Warn
        );
    }
}
