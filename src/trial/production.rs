//! What belongs to production, and where that is said.

use std::sync::Arc;

use super::own;
use crate::chart::ValuesFile;
use crate::connect::Server;
use crate::convert::mentions;
use crate::database::Target;
use crate::diagnostic::Place;
use crate::gcfg::{Document, Setting, fold};

/// Everything that a trial must leave alone.
#[derive(Debug, Default)]
pub(crate) struct Production {
    belongings: Vec<Belonging>,
}

/// One thing of production's.
#[derive(Debug)]
pub(super) struct Belonging {
    pub thing: Thing,
    /// What says so: a setting or a path in the values.
    pub named: String,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    /// Where people reach it.
    Address(Server),
    /// A host of its ingress.
    Host(String),
    /// A database, with the text that names it.
    Database(Target, String),
    /// A claim with its data.
    Claim(String),
    /// The namespace of its content.
    Namespace(String),
    Secret(String),
    /// A Secret with its license.
    License(String),
}

impl Production {
    /// Reads the old server's configuration, and the values that production is installed with.
    #[must_use]
    pub(crate) fn of(documents: &[Document], values: &[ValuesFile]) -> Self {
        let mut production = Self::default();
        for document in documents {
            for setting in document.settings() {
                production.setting(document, setting);
            }
        }
        for file in values {
            production.values(file);
        }
        production
    }

    /// Whether there is anything to compare with.
    #[must_use]
    pub(crate) fn is_known(&self) -> bool {
        !self.belongings.is_empty()
    }

    /// Whether it is known where its database is.
    #[must_use]
    pub(crate) fn has_database(&self) -> bool {
        let is_one = |thing: &Thing| matches!(thing, Thing::Database(..));
        self.find(is_one).is_some()
    }

    fn add(&mut self, thing: Thing, named: &str, place: Place) {
        self.belongings.push(Belonging {
            thing,
            named: named.to_owned(),
            place,
        });
    }

    fn setting(&mut self, document: &Document, setting: &Setting) {
        let name = &setting.name;
        let (Some(text), None) = (setting.text(), &name.section.subsection) else {
            return;
        };
        let thing = match (
            fold(&name.section.name).as_str(),
            fold(&name.property).as_str(),
        ) {
            ("server", "address") => text.parse().ok().map(Thing::Address),
            ("postgres", "url" | "instrumentationurl") => database(text),
            ("launcher" | "kubernetes", "datadirpvcname") => Some(Thing::Claim(text.to_owned())),
            ("launcher", "kubernetesnamespace") | ("kubernetes", "namespace") => {
                Some(Thing::Namespace(text.to_owned()))
            }
            _ => None,
        };
        if let Some(thing) = thing {
            let place = Place {
                source: Arc::clone(document.source()),
                span: setting.key_span,
            };
            self.add(thing, &name.to_string(), place);
        }
    }

    fn values(&mut self, file: &ValuesFile) {
        for property in ["URL", "InstrumentationURL"] {
            let Some(said) = own::setting(file, "Postgres", property) else {
                continue;
            };
            if let Some(thing) = database(&said.text) {
                self.add(thing, &format!("config.Postgres.{property}"), said.place);
            }
        }
        if let Some(said) = own::setting(file, "Server", "Address")
            && let Ok(server) = said.text.parse()
        {
            self.add(Thing::Address(server), "config.Server.Address", said.place);
        }
        own::each(file, &mut |path, text, place| {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            let thing = match keys.as_slice() {
                ["sharedStorage", "name"] | [.., "claimName"] => Thing::Claim,
                ["backends", "kubernetes", "namespace"] | ["launcher", "namespace"] => {
                    Thing::Namespace
                }
                ["license", "file", "secret"] => Thing::License,
                ["ingress", .., "host"] => Thing::Host,
                ["pod", .., "secretKeyRef", "name"] => Thing::Secret,
                _ => return,
            };
            if !text.is_empty() {
                self.add(thing(text.to_owned()), &keys.join("."), place);
            }
        });
    }

    fn find(&self, is_it: impl Fn(&Thing) -> bool) -> Option<&Belonging> {
        self.belongings.iter().find(|it| is_it(&it.thing))
    }

    pub(super) fn address(&self, server: &Server) -> Option<&Belonging> {
        self.find(|thing| match thing {
            Thing::Address(theirs) => theirs.slug().eq_ignore_ascii_case(&server.slug()),
            Thing::Host(host) => host.eq_ignore_ascii_case(server.host()),
            _ => false,
        })
    }

    /// The database of production's that an address leads to, as far as names tell. Another port may
    /// be a pooler in front of the same database.
    pub(super) fn database(&self, url: &str, target: &Target) -> Option<&Belonging> {
        let host = plain(&target.host);
        self.find(|thing| match thing {
            Thing::Database(theirs, text) => {
                let there = plain(&theirs.host);
                theirs.database == target.database
                    && (there == host
                        || mentions(text, &host)
                        || mentions(url, &there)
                        || theirs.is_local() && self.is_address(&host))
            }
            _ => false,
        })
    }

    pub(super) fn claim(&self, name: &str) -> Option<&Belonging> {
        self.find(|thing| matches!(thing, Thing::Claim(theirs) if theirs == name))
    }

    pub(super) fn namespace(&self, name: &str) -> Option<&Belonging> {
        self.find(|thing| matches!(thing, Thing::Namespace(theirs) if theirs == name))
    }

    pub(super) fn secret(&self, name: &str) -> Option<&Belonging> {
        self.find(|thing| matches!(thing, Thing::Secret(theirs) if theirs == name))
    }

    pub(super) fn license(&self, name: &str) -> Option<&Belonging> {
        self.find(|thing| matches!(thing, Thing::License(theirs) if theirs == name))
    }

    fn is_address(&self, host: &str) -> bool {
        self.find(|thing| matches!(thing, Thing::Address(server) if plain(server.host()) == host))
            .is_some()
    }

    /// The host of production's address that a text names, unless the trial has the same.
    pub(super) fn host_in(&self, text: &str, trial: &Server) -> Option<&Belonging> {
        self.find(|thing| match thing {
            Thing::Address(server) => {
                !server.is_loopback()
                    && !server.host().eq_ignore_ascii_case(trial.host())
                    && mentions(text, server.host())
            }
            Thing::Host(host) => !host.eq_ignore_ascii_case(trial.host()) && mentions(text, host),
            _ => false,
        })
    }

    /// The words by which production is known, but for those that the trial's own addresses have.
    pub(super) fn words(&self, trial: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = self
            .belongings
            .iter()
            .filter_map(|it| match &it.thing {
                Thing::Address(server) if !server.is_loopback() => Some(server.host().to_owned()),
                Thing::Database(target, _) if !target.is_local() => Some(plain(&target.host)),
                Thing::Claim(name) | Thing::Host(name) => Some(name.clone()),
                _ => None,
            })
            .filter(|word| !trial.iter().any(|text| mentions(text, word)))
            .collect();
        words.sort();
        words.dedup();
        words
    }
}

fn database(url: &str) -> Option<Thing> {
    let target = Target::parse(url, None).ok()?;
    Some(Thing::Database(target, url.to_owned()))
}

/// A host in the one form that all its spellings have.
fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_lowercase()
}
