use super::*;
use crate::chart::{Chart, Purpose, coalesce};
use crate::convert::account::Action;
use crate::convert::options::{SecretName, Secrets, Storage};
use crate::convert::{Conversion, Inputs, Options, convert};
use crate::gcfg;

const OLD: &str = r#"; production, connect.example.com on pg.example.com
[Server]
Address = https://connect.example.com/
; mail goes out from here
EmailProvider = SMTP
SenderEmail = data@example.com
RootRedirect = https://connect.example.com/home
PublicWarning = old
[SMTP]
Host = smtp.example.com
Password = HUNTER-smtp
[Notifications "Errors"]
Email = ops@example.com
[Database]
Provider = postgres
[Postgres]
URL = "postgres://c:HUNTER-url@pg.example.com/connect"
URL = "postgres://c:HUNTER-url@pg.example.com:5433/connect"
InstrumentationURL = postgres://m@pg.example.com/metrics
InstrumentationPassword = HUNTER-metrics
Spare = postgres://m@pg.example.com/connect
[Applications]
ScheduleConcurrency = 3
OAuthIntegrationsEnabled = true
[OTLPEndpoint "agent"]
Endpoint = https://otel.example.com
[Chronicle]
Enabled = true
S3Bucket = production
[Licensing]
LicenseType = remote
[Launcher]
KubernetesNamespace = content
DataDirPVCName = connect-data
[Alerts]
Webhook = https://chat.example.com/hook
[LDAP "AD"]
ServerAddress = ldap.example.com:636
"#;

fn request<'a>(documents: &'a [Document], base: &'a [ValuesFile]) -> TrialRequest<'a> {
    TrialRequest {
        documents,
        production: &[],
        base,
        address: Some("https://trial.example.com"),
        database: Some("postgres://t@copy.example.com/trial"),
        claim: Some("trial-data"),
        license: None,
        secret: "trial-secrets",
    }
}

fn documents() -> Vec<Document> {
    vec![gcfg::parse_text("old.gcfg", OLD).unwrap()]
}

fn base(text: &str) -> Vec<ValuesFile> {
    vec![ValuesFile::of_text("base.yaml", text).unwrap()]
}

fn converted(request: &TrialRequest<'_>) -> (Conversion, Vec<Harm>) {
    let prepared = request.prepare().unwrap();
    let chart = Chart::built_in().unwrap();
    let options = Options {
        address: Some(prepared.address.clone()),
        storage: request.claim.map(|name| Storage::Claim(name.to_owned())),
        secrets: Secrets::Reference(SecretName::parse(request.secret).unwrap()),
        substitution: prepared.substitution.clone(),
        ..Options::default()
    };
    let conversion = convert(&Inputs {
        documents: request.documents,
        base: request.base,
        chart: &chart,
        options: &options,
    })
    .unwrap();
    let ours = ValuesFile::of_text("ours", &conversion.values).unwrap();
    let files: Vec<&ValuesFile> = request.base.iter().chain([&ours]).collect();
    let release = chart.release("trial", None);
    let deployed =
        crate::effective::render(&chart, &release, &files, None, Purpose::Configuration).unwrap();
    let values = coalesce(chart.defaults(), ValuesFile::merged(files));
    let harms = harms(&deployed, &values, &prepared.production, false);
    (conversion, harms)
}

fn refused(request: &TrialRequest<'_>) -> String {
    let error = request.prepare().unwrap_err();
    let text = format!("{error:#}");
    assert!(!text.contains("HUNTER"), "{text}");
    text
}

#[test]
fn nothing_of_production_is_in_its_values() {
    let documents = documents();
    let (conversion, harms) = converted(&request(&documents, &[]));
    assert_eq!(harms, []);
    assert!(conversion.secret.is_none(), "{:?}", conversion.secret);
    let values = &conversion.values;
    for word in [
        "pg.example.com",
        "connect.example.com",
        "connect-data",
        "smtp.example.com",
        "ops@example.com",
        "otel.example.com",
        "chat.example.com",
        "namespace: content",
        "HUNTER",
        "mail goes out",
    ] {
        assert!(!values.contains(word), "{word}\n{values}");
    }
    for word in [
        "https://trial.example.com",
        "postgres://t@copy.example.com/trial",
        "trial-data",
        "ldap.example.com:636",
        "CONNECT_POSTGRES_PASSWORD",
        "a comment about what is said otherwise here was left out: old.gcfg:4",
    ] {
        assert!(values.contains(word), "{word}\n{values}");
    }
}

#[test]
fn every_line_of_production_has_its_reason() {
    let documents = documents();
    let (conversion, _) = converted(&request(&documents, &[]));
    let lines: Vec<usize> = conversion
        .account
        .settings
        .iter()
        .map(|it| it.line)
        .collect();
    let said: Vec<usize> = documents[0].settings().map(|it| it.line).collect();
    assert_eq!(lines, said);
    let of = |name: &str| {
        let settings = conversion.account.settings.iter();
        let found: Vec<_> = settings.filter(|it| it.name.to_string() == name).collect();
        assert!(!found.is_empty(), "{name}");
        for it in &found {
            assert_eq!(it.code, reason::SUBSTITUTED, "{name}");
            assert_eq!(it.action, Action::Drop, "{name}");
        }
        found.len()
    };
    for name in [
        "Server.Address",
        "Server.EmailProvider",
        "Server.SenderEmail",
        "Server.RootRedirect",
        "SMTP.Host",
        "SMTP.Password",
        "Notifications \"Errors\".Email",
        "Postgres.InstrumentationURL",
        "Postgres.InstrumentationPassword",
        "Postgres.Spare",
        "Applications.ScheduleConcurrency",
        "Applications.OAuthIntegrationsEnabled",
        "OTLPEndpoint \"agent\".Endpoint",
        "Chronicle.S3Bucket",
        "Licensing.LicenseType",
        "Launcher.KubernetesNamespace",
        "Launcher.DataDirPVCName",
        "Alerts.Webhook",
    ] {
        assert_eq!(of(name), 1, "{name}");
    }
    assert_eq!(of("Postgres.URL"), 2);
    let added: Vec<&str> = conversion
        .account
        .added
        .iter()
        .map(|it| it.setting.as_str())
        .collect();
    assert_eq!(
        added,
        [
            "Postgres.Password",
            "Server.LoggedInWarning",
            "Applications.PythonEnvironmentReaping",
            "Scheduler.MinProcessesLimit",
            "Git.Enabled",
        ]
    );
}

#[test]
fn what_is_productions_is_refused_with_its_place() {
    let documents = documents();
    let request = || request(&documents, &[]);
    for database in [
        "postgres://other@PG.example.com/connect?sslmode=require",
        "postgres://other@pg.example.com.:6432/metrics",
        "host=pg.example.com dbname=connect",
        "postgres://t@copy.example.com,pg.example.com/connect",
    ] {
        let text = refused(&TrialRequest {
            database: Some(database),
            ..request()
        });
        assert!(
            text.starts_with("old.gcfg:1")
                && text.contains("--trial-database says the same as Postgres."),
            "{text}"
        );
    }
    let text = refused(&TrialRequest {
        address: Some("https://Connect.example.com"),
        ..request()
    });
    assert!(
        text.contains("old.gcfg:3:1") && text.contains("--address"),
        "{text}"
    );
    let text = refused(&TrialRequest {
        claim: Some("connect-data"),
        ..request()
    });
    assert!(
        text.contains("--pvc says the same as Launcher.DataDirPVCName"),
        "{text}"
    );
    let text = refused(&TrialRequest {
        database: Some("postgres://t:HUNTER@copy.example.com/trial"),
        ..request()
    });
    assert!(text.contains("--trial-database holds a password"), "{text}");
    let text = refused(&TrialRequest {
        database: None,
        ..request()
    });
    assert!(text.contains("needs a copy of the database"), "{text}");
}

#[test]
fn own_values_are_looked_through() {
    let documents = documents();
    for (text, place, what) in [
        ("license: {key: HUNTER}", "base.yaml:1:11", "license.key"),
        ("license: {server: l:1}", "base.yaml:1:11", "license.server"),
        (
            "license: {file: {secret: s}}",
            "base.yaml:1:18",
            "license.file.secret",
        ),
        (
            "ingress: {hosts: [{host: connect.example.com}]}",
            "base.yaml:1:26",
            "ingress.hosts.0.host",
        ),
        (
            "pod: {volumes: [{persistentVolumeClaim: {claimName: connect-data}}]}",
            "base.yaml:1:53",
            "claimName",
        ),
        (
            "pod: {env: [{name: CONNECT_POSTGRES_INSTRUMENTATIONURL, value: 'postgres://x:HUNTER@pg.example.com/metrics'}]}",
            "base.yaml:1:64",
            "pod.env.0.value",
        ),
        (
            "backends: {kubernetes: {namespace: content}}",
            "base.yaml:1:36",
            "backends.kubernetes.namespace",
        ),
        (
            "config: {Postgres: {instrumentationurl: 'postgres://x@pg.example.com/metrics'}}",
            "base.yaml:1:21",
            "usage",
        ),
        (
            "extraObjects: ['see https://connect.example.com/x']",
            "base.yaml:1:16",
            "extraObjects.0",
        ),
        (
            "pod: {volumeMounts: [{mountPath: /etc/rstudio-connect/rstudio-connect-migration.gcfg}]}",
            "base.yaml:1:34",
            "second configuration file",
        ),
    ] {
        let base = base(text);
        let refused = refused(&request(&documents, &base));
        assert!(refused.contains(place), "{text}: {refused}");
        assert!(refused.contains(what), "{text}: {refused}");
    }
    // The same as flags, in values of one's own.
    let both = base(
        "config: {server: {address: 'https://connect.example.com'}, Postgres: {URL: 'postgres://a@pg.example.com/connect'}}\nsharedStorage: {name: connect-data}\n",
    );
    let text = refused(&TrialRequest {
        address: None,
        database: None,
        claim: None,
        ..request(&documents, &both)
    });
    for place in ["base.yaml:1:19", "base.yaml:1:71", "base.yaml:2:23"] {
        assert!(text.contains(place), "{text}");
    }
}

#[test]
fn values_that_are_a_copy_already_pass() {
    let documents = documents();
    let base = base(
        "config:\n  Server: {Address: 'https://trial.example.com'}\n  Postgres: {URL: 'postgres://t@copy.example.com/trial', InstrumentationURL: 'postgres://t@copy.example.com/usage'}\nsharedStorage: {mount: true, name: trial-data}\npod: {env: [{name: CONNECT_POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: t, key: p}}}]}\n",
    );
    let (conversion, harms) = converted(&TrialRequest {
        address: None,
        database: None,
        claim: None,
        ..request(&documents, &base)
    });
    assert_eq!(harms, []);
    assert_eq!(conversion.account.disagreements, []);
    assert!(!conversion.values.contains("CONNECT_POSTGRES_PASSWORD"));
    assert!(conversion.values.contains("copy.example.com/usage"));
}

#[test]
fn values_of_production_say_what_is_its_own() {
    let documents = documents();
    let production = base(
        "sharedStorage: {name: claim-in-use}\nlicense: {file: {secret: bought}}\ningress: {hosts: [{host: data.example.com}]}\npod: {env: [{name: X, valueFrom: {secretKeyRef: {name: its-secrets, key: p}}}]}\n",
    );
    let request = || TrialRequest {
        production: &production,
        ..request(&documents, &[])
    };
    assert!(request().prepare().is_ok());
    let cases = [
        (
            TrialRequest {
                claim: Some("claim-in-use"),
                ..request()
            },
            "base.yaml:1:23",
        ),
        (
            TrialRequest {
                license: Some("bought"),
                ..request()
            },
            "base.yaml:2:26",
        ),
        (
            TrialRequest {
                address: Some("https://data.example.com"),
                ..request()
            },
            "base.yaml:3:26",
        ),
        (
            TrialRequest {
                secret: "its-secrets",
                ..request()
            },
            "base.yaml:4:56",
        ),
    ];
    for (request, place) in cases {
        let text = refused(&request);
        assert!(text.contains(place), "{text}");
    }
}

#[test]
fn what_would_harm_is_seen_in_any_values() {
    let documents = documents();
    let production = Production::of(&documents, &[]);
    let chart = Chart::built_in().unwrap();
    let judged = |text: &str| -> Vec<String> {
        let files = base(text);
        let files: Vec<&ValuesFile> = files.iter().collect();
        let release = chart.release("trial", None);
        let deployed =
            crate::effective::render(&chart, &release, &files, None, Purpose::Configuration)
                .unwrap();
        let values = coalesce(chart.defaults(), ValuesFile::merged(files));
        harms(&deployed, &values, &production, false)
            .into_iter()
            .map(|harm| format!("{}{}", if harm.certain { "" } else { "? " }, harm.what))
            .collect()
    };
    let trial = "backends: {kubernetes: {enabled: true}}\nconfig:\n  Server: {Address: 'https://trial.example.com', EmailProvider: none, PublicWarning: x, LoggedInWarning: x}\n  Applications: {ScheduleConcurrency: 0, PythonEnvironmentReaping: false}\n  Scheduler: {MinProcessesLimit: '0'}\n  Git: {Enabled: false}\n  postgres: {url: 'postgres://c@copy.example.com/trial'}\n";
    assert_eq!(judged(trial), [] as [&str; 0]);
    for (from, to, harm) in [
        (
            "copy.example.com/trial",
            "pg.example.com/connect",
            "Postgres.URL is a database of production",
        ),
        (
            "trial.example.com'",
            "connect.example.com'",
            "Server.Address is that of production",
        ),
        (
            "none",
            "SMTP",
            "Server.EmailProvider is not none: a trial sends no mail",
        ),
        (
            "Concurrency: 0",
            "Concurrency: 2",
            "Applications.ScheduleConcurrency is not 0: a trial runs no schedules",
        ),
        (
            "Git: {Enabled: false}",
            "X: {Y: z}",
            "Git.Enabled is not false: a trial does not poll repositories and deploy from them",
        ),
        (
            "config:",
            "license: {key: k}\nconfig:",
            "license.key uses up an activation",
        ),
        (
            "config:",
            "sharedStorage: {name: connect-data}\nconfig:",
            "sharedStorage.name is the claim of production",
        ),
        (
            "config:",
            "ingress: {hosts: [{host: connect.example.com}]}\nconfig:",
            "ingress.hosts.0.host names the address of production",
        ),
        (
            "postgres: {url: 'postgres://c@copy.example.com/trial'}",
            "X: {Y: z}\npod: {env: [{name: CONNECT_POSTGRES_URL, valueFrom: {secretKeyRef: {name: s, key: k}}}]}",
            "? Postgres.URL is in Secret s key k: whether it is a database of production's is not to be seen",
        ),
    ] {
        let text = trial.replacen(from, to, 1);
        assert_ne!(text, trial, "{from}");
        assert_eq!(judged(&text), [harm], "{text}");
    }
    // Values of a move, not of a trial.
    assert!(judged("backends: {kubernetes: {enabled: true}}\n").len() > 6);
}

#[test]
fn no_old_name_of_a_setting_leads_around_a_trial() {
    for entry in crate::settings::Catalogue::builtin().entries() {
        let Some(heir) = entry.successor(None) else {
            continue;
        };
        for (section, property, ..) in harmless::QUIET {
            assert_ne!(heir.key(), harmless::name(section, property).key());
        }
    }
}
