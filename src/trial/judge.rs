//! Whether a server with some values would harm production, as Connect reads them.

use super::harmless::{QUIET, name};
use super::production::Production;
use crate::connect::Server;
use crate::database::Target;
use crate::effective::{Content, Deployed, Effective, Secrets, same_meaning};
use crate::gcfg;
use crate::yaml::{Map, Value};

/// Something that keeps a trial from being harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Harm {
    /// In a sentence without a full stop.
    pub what: String,
    /// Whether it is so; else it cannot be seen from here.
    pub certain: bool,
}

/// Judges what a chart makes of values: the server's configuration and environment, and the values
/// themselves. A license is no harm where it was asked for.
#[must_use]
pub(crate) fn harms(
    deployed: &Deployed,
    values: &Map,
    production: &Production,
    licensed: bool,
) -> Vec<Harm> {
    let mut found = HarmsFound::default();
    let Some(effective) = effective(deployed) else {
        found.unseen("the configuration that the chart makes cannot be read");
        return found.0;
    };
    for (section, property, quiet, why) in QUIET {
        let name = name(section, property);
        let said = effective.get(&name.key()).map(|setting| &setting.content);
        // Any banner will do.
        let banner = property.ends_with("Warning");
        let is_quiet = match said {
            Some(Content::Values(values)) if banner => values.iter().any(|text| !text.is_empty()),
            Some(Content::Values(values)) => same_meaning(&name, values, &[quiet.to_owned()]),
            Some(Content::Reference { .. }) => {
                found.unseen(format!(
                    "{name} is not in the values, but in {}",
                    origin(said)
                ));
                true
            }
            None => false,
        };
        if !is_quiet {
            found.harm(match banner {
                true => format!("{name} is not set: {why}"),
                false => format!("{name} is not {quiet}: {why}"),
            });
        }
    }
    let server = address(&effective, production, &mut found);
    let url = name("Postgres", "URL");
    if effective.get(&url.key()).is_none() {
        found.harm(format!("{url} is not set"));
    }
    databases(&effective, production, &mut found);
    if let Some(server) = &server {
        mentions(&effective, production, server, &mut found);
    }
    in_values(values, production, licensed, server.as_ref(), &mut found);
    if deployed.second_file.is_some() {
        found.unseen("a second configuration file is mounted, which may overrule these settings");
    }
    found.0
}

/// Databases of a trial that are somebody's.
#[must_use]
pub(crate) fn shared_databases(deployed: &Deployed, theirs: &Production) -> Vec<String> {
    let mut found = HarmsFound::default();
    if let Some(effective) = effective(deployed) {
        databases(&effective, theirs, &mut found);
    }
    let certain = found.0.into_iter().filter(|harm| harm.certain);
    certain.map(|harm| harm.what).collect()
}

/// The host that a server answers under.
#[must_use]
pub(crate) fn host(deployed: &Deployed) -> Option<String> {
    let effective = effective(deployed)?;
    let address = effective.get(&name("Server", "Address").key())?;
    let server: Server = address.content.values()?.last()?.parse().ok()?;
    Some(server.host().to_owned())
}

/// What the server gets from its file and its environment.
fn effective(deployed: &Deployed) -> Option<Effective> {
    let document = gcfg::parse_text("rendered", &deployed.gcfg).ok()?;
    let mut effective = Effective::of_documents([&document]);
    effective.apply(&deployed.variables, &Secrets::default());
    Some(effective)
}

#[derive(Default)]
struct HarmsFound(Vec<Harm>);

impl HarmsFound {
    fn harm(&mut self, what: impl Into<String>) {
        self.0.push(Harm {
            what: what.into(),
            certain: true,
        });
    }

    fn unseen(&mut self, what: impl Into<String>) {
        self.0.push(Harm {
            what: what.into(),
            certain: false,
        });
    }
}

fn origin(content: Option<&Content>) -> String {
    match content {
        Some(Content::Reference { to, .. }) => to.describe(),
        _ => String::new(),
    }
}

fn address(
    effective: &Effective,
    production: &Production,
    found: &mut HarmsFound,
) -> Option<Server> {
    let name = name("Server", "Address");
    let content = effective.get(&name.key()).map(|setting| &setting.content);
    let text = match content {
        Some(Content::Values(values)) => values.last()?,
        Some(Content::Reference { .. }) => {
            found.unseen(format!("{name} is in {}", origin(content)));
            return None;
        }
        None => {
            found.harm(format!("{name} is not set"));
            return None;
        }
    };
    let Ok(server) = text.parse::<Server>() else {
        found.harm(format!("{name} is no URL"));
        return None;
    };
    if production.address(&server).is_some() {
        found.harm(format!("{name} is that of production"));
    }
    Some(server)
}

fn databases(effective: &Effective, production: &Production, found: &mut HarmsFound) {
    for property in ["URL", "InstrumentationURL"] {
        let name = name("Postgres", property);
        let content = effective.get(&name.key()).map(|setting| &setting.content);
        match content {
            None => {}
            Some(Content::Reference { .. }) => found.unseen(format!(
                "{name} is in {}: whether it is a database of production's is not to be seen",
                origin(content)
            )),
            Some(Content::Values(urls)) => {
                for url in urls {
                    match Target::parse(url, None) {
                        Ok(target) if production.database(url, &target).is_some() => {
                            found.harm(format!("{name} is a database of production"));
                        }
                        Ok(_) => {}
                        Err(_) => found.unseen(format!("{name} is no address of PostgreSQL's")),
                    }
                }
            }
        }
    }
}

fn mentions(
    effective: &Effective,
    production: &Production,
    trial: &Server,
    found: &mut HarmsFound,
) {
    for setting in effective.settings() {
        if let Content::Values(values) = &setting.content
            && values
                .iter()
                .any(|text| production.host_in(text, trial).is_some())
        {
            found.harm(format!("{} names the address of production", setting.name));
        }
    }
}

fn in_values(
    values: &Map,
    production: &Production,
    licensed: bool,
    trial: Option<&Server>,
    found: &mut HarmsFound,
) {
    let at = |path: &[&str]| values.get(path[0])?.at(&path[1..]);
    let licenses: [&[&str]; 4] = [
        &["license", "key"],
        &["license", "server"],
        &["license", "file", "secret"],
        &["license", "file", "contents"],
    ];
    for path in licenses {
        let said = at(path).filter(|value| value.is_truthy());
        let named = path.last() == Some(&"secret");
        let theirs = || {
            let name = said.and_then(Value::as_str);
            name.is_some_and(|name| production.license(name).is_some())
        };
        if said.is_some() && (!named && !licensed || named && theirs()) {
            found.harm(format!("{} uses up an activation", path.join(".")));
        }
    }
    let mut path = Vec::new();
    for (key, value) in values.iter().filter(|(key, _)| *key != "config") {
        path.push(key.clone());
        each(value, &mut path, &mut |path, text| {
            let at = path.join(".");
            let last = path.last().map(String::as_str);
            let is_claim = last == Some("claimName") || at == "sharedStorage.name";
            let is_place = at == "backends.kubernetes.namespace" || at == "launcher.namespace";
            let is_secret = path
                .iter()
                .rev()
                .nth(1)
                .is_some_and(|key| key == "secretKeyRef")
                && last == Some("name");
            if is_claim && production.claim(text).is_some() {
                found.harm(format!("{at} is the claim of production"));
            } else if is_place && production.namespace(text).is_some() {
                found.harm(format!("{at} is where the content of production runs"));
            } else if is_secret && production.secret(text).is_some() {
                found.harm(format!("{at} is a Secret of production"));
            } else if trial.is_some_and(|trial| production.host_in(text, trial).is_some()) {
                found.harm(format!("{at} names the address of production"));
            }
        });
        path.pop();
    }
}

fn each(value: &Value, path: &mut Vec<String>, show: &mut impl FnMut(&[String], &str)) {
    match value {
        Value::String(text) => show(path, text),
        Value::Map(map) => {
            for (key, value) in map {
                path.push(key.clone());
                each(value, path, show);
                path.pop();
            }
        }
        Value::List(items) => {
            for (number, item) in items.iter().enumerate() {
                path.push(number.to_string());
                each(item, path, show);
                path.pop();
            }
        }
        _ => {}
    }
}
