//! What a trial says instead of production's settings.

use std::collections::HashSet;

use super::production::Production;
use crate::connect::Server;
use crate::convert::{Says, Substitute};
use crate::database::Target;
use crate::gcfg::{Document, Section, Setting, SettingName, fold};
use crate::settings::Catalogue;

/// What the banner says to everyone, signed in or not.
const BANNER: &str = "This is a trial on a copy: nothing that you do here stays.";

/// Settings that keep a trial from doing anything by itself: section, property, value, why.
pub(super) const QUIET: [(&str, &str, &str, &str); 7] = [
    ("Server", "EmailProvider", "none", "a trial sends no mail"),
    (
        "Server",
        "PublicWarning",
        BANNER,
        "a trial says that it is one",
    ),
    (
        "Server",
        "LoggedInWarning",
        BANNER,
        "a trial says that it is one",
    ),
    (
        "Applications",
        "ScheduleConcurrency",
        "0",
        "a trial runs no schedules",
    ),
    (
        "Applications",
        "PythonEnvironmentReaping",
        "false",
        "a trial takes no environments away",
    ),
    (
        "Scheduler",
        "MinProcessesLimit",
        "0",
        "a trial starts no content by itself",
    ),
    (
        "Git",
        "Enabled",
        "false",
        "a trial does not poll repositories and deploy from them",
    ),
];

/// Where the trial is.
#[derive(Debug)]
pub(super) struct Whereabouts<'a> {
    pub address: &'a str,
    pub server: &'a Server,
    pub database: &'a str,
    /// A copy of the usage data, where there is one of its own.
    pub instrumentation: Option<&'a str>,
    /// Whether the administrator's values give the password to the pod.
    pub has_password: bool,
}

/// What takes the place of the settings of some documents.
#[must_use]
pub(super) fn substitutes(
    documents: &[Document],
    production: &Production,
    trial: &Whereabouts<'_>,
) -> Vec<Substitute> {
    let mut all = always(documents, trial);
    let mut decided: HashSet<_> = all.iter().map(|it| it.name.key()).collect();
    for setting in documents.iter().flat_map(Document::settings) {
        if decided.contains(&setting.name.key()) {
            continue;
        }
        if let Some((says, why)) = left_out(setting, production, trial.server) {
            let name = Catalogue::builtin().canonical_name(&setting.name);
            decided.insert(name.key());
            all.push(Substitute {
                name,
                says,
                why: why.to_owned(),
            });
        }
    }
    all
}

/// What every trial says, whatever the input does.
fn always(documents: &[Document], trial: &Whereabouts<'_>) -> Vec<Substitute> {
    let of = |section: &str, property: &str, says: Says, why: &str| Substitute {
        name: name(section, property),
        says,
        why: why.to_owned(),
    };
    let value = |text: &str| Says::Value(text.to_owned());
    let mut all = vec![
        of(
            "Server",
            "Address",
            value(trial.address),
            "a trial has an address of its own",
        ),
        of(
            "Postgres",
            "URL",
            value(trial.database),
            "a trial has a copy of the database",
        ),
        match trial.instrumentation {
            Some(url) => of(
                "Postgres",
                "InstrumentationURL",
                value(url),
                "a trial has a copy of the usage data, which your own values name",
            ),
            None => of(
                "Postgres",
                "InstrumentationURL",
                Says::Nothing,
                "left out of a trial: without it, usage is kept in the copy of the main database",
            ),
        },
    ];
    if trial.has_password {
        all.push(of(
            "Postgres",
            "Password",
            Says::Nothing,
            "left out of a trial: your own values give the password of the copy to the pod",
        ));
    } else if uses_password(documents) {
        all.push(of(
            "Postgres",
            "Password",
            Says::Withheld,
            "a trial takes the password of the copy's account from the Secret, not production's",
        ));
    }
    for (section, property, text, why) in QUIET {
        all.push(of(section, property, value(text), why));
    }
    all
}

/// Whether the old server signs in to its database with a password.
fn uses_password(documents: &[Document]) -> bool {
    let of =
        |setting: &Setting, property: &str| setting.name.key() == name("Postgres", property).key();
    documents.iter().flat_map(Document::settings).any(|it| {
        let text = it.text().unwrap_or_default();
        let embedded = || Target::parse(text, None).is_ok_and(|target| target.password.is_some());
        of(it, "Password") && !text.is_empty() || of(it, "URL") && embedded()
    })
}

/// What becomes of a setting that would reach out of the trial; `None` for any other.
fn left_out(
    setting: &Setting,
    production: &Production,
    trial: &Server,
) -> Option<(Says, &'static str)> {
    let section = fold(&setting.name.section.name);
    let property = fold(&setting.name.property);
    let why = match (section.as_str(), property.as_str()) {
        ("smtp", _) => "left out of a trial: it sends no mail",
        ("server", "senderemail" | "emailto") | ("notifications", _) => {
            "left out of a trial: nobody gets mail from it"
        }
        ("postgres", "instrumentationpassword") => "left out of a trial: it is production's",
        // Whether Connect reads these is not documented.
        ("postgres", "host" | "port" | "database" | "user" | "password") => {
            "left out of a trial: it may lead to production's database"
        }
        ("otlpendpoint", _) => "left out of a trial: its telemetry would mix with production's",
        ("chronicle", _) => "left out of a trial: its records would mix with production's",
        ("licensing", _) => "left out of a trial: no license of production's is used up unasked",
        ("launcher" | "kubernetes", "datadirpvcname") | ("launcher", "datadir") => {
            "left out of a trial: it has a copy of the data on a claim of its own"
        }
        ("launcher", "kubernetesnamespace") | ("kubernetes", "namespace") => {
            "left out of a trial: its content runs in the namespace of its own release"
        }
        ("applications", "oauthintegrationsenabled") => {
            return Some((
                Says::Value("false".to_owned()),
                "a trial renews no token that production holds, too",
            ));
        }
        _ => return by_value(setting, production, trial).map(|why| (Says::Nothing, why)),
    };
    Some((Says::Nothing, why))
}

/// Settings of any name, by what they say.
fn by_value(setting: &Setting, production: &Production, trial: &Server) -> Option<&'static str> {
    let text = setting.text()?;
    let theirs = |target: Target| {
        !target.database.is_empty() && production.database(text, &target).is_some()
    };
    if Target::parse(text, None).is_ok_and(theirs) {
        return Some("left out of a trial: it names a database of production's");
    }
    if production.host_in(text, trial).is_some() {
        return Some("left out of a trial: it names the address of production");
    }
    let known = Catalogue::builtin().lookup(&setting.name).is_some();
    if !known && (text.contains("://") || text.to_lowercase().contains("hook")) {
        return Some(
            "left out of a trial: it names an address, and the catalogue does not know what for",
        );
    }
    None
}

pub(super) fn name(section: &str, property: &str) -> SettingName {
    SettingName::new(Section::plain(section), property)
}
