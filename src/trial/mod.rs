//! A second server on copies of database and data directory, which can do no harm to the first.
//!
//! What belongs to production is read from the old server's configuration and from the values that
//! production is installed with. What a trial says instead goes through the conversion like any other
//! decision, so that its account has every line; what the values come to is judged once more as
//! Connect would read it, by the same code that `check --trial` asks.

mod copies;
mod harmless;
mod judge;
mod own;
mod production;
mod refusals;
#[cfg(test)]
mod tests;

pub(crate) use copies::Copies;
pub(crate) use judge::{Harm, harms, host, shared_databases};
pub(crate) use production::Production;

use harmless::Whereabouts;
use own::OwnSetting;

use crate::chart::ValuesFile;
use crate::connect::Server;
use crate::convert::account::Task;
use crate::convert::reason;
use crate::convert::{Says, Substitution};
use crate::diagnostic::{InvalidInput, WrongUsage};
use crate::gcfg::Document;

/// What the administrator says of a trial.
#[derive(Debug)]
pub(crate) struct TrialRequest<'a> {
    /// The old server's configuration.
    pub documents: &'a [Document],
    /// Values that production is installed with.
    pub production: &'a [ValuesFile],
    /// Values that Helm reads before those of the trial.
    pub base: &'a [ValuesFile],
    /// Its URL, if a flag says it.
    pub address: Option<&'a str>,
    /// The copy of the database, if a flag says it.
    pub database: Option<&'a str>,
    /// The claim with the copy of the data directory, if a flag names it.
    pub claim: Option<&'a str>,
    /// A Secret with a license for the trial.
    pub license: Option<&'a str>,
    /// The Secret that the values refer to.
    pub secret: &'a str,
}

/// What a trial comes to.
#[derive(Debug)]
pub(crate) struct Preparation {
    pub address: String,
    pub substitution: Substitution,
    pub production: Production,
}

impl TrialRequest<'_> {
    /// Decides what the trial says instead of production's settings.
    ///
    /// # Errors
    /// [`WrongUsage`] where address or database are not said, [`InvalidInput`] where something would be
    /// shared with production; each is named with its place.
    pub(crate) fn prepare(&self) -> anyhow::Result<Preparation> {
        let address = self.said(self.address, "Server", "Address").ok_or_else(|| {
            WrongUsage("a trial needs an address of its own: --address URL, or config.Server.Address of your own values (--base)".to_owned())
        })?;
        let database = self.said(self.database, "Postgres", "URL").ok_or_else(|| {
            WrongUsage("a trial needs a copy of the database: --trial-database URL, or config.Postgres.URL of your own values (--base)".to_owned())
        })?;
        let server: Server = address
            .parse()
            .map_err(|error| WrongUsage(format!("the address of the trial: {error}")))?;
        let production = Production::of(self.documents, self.production);
        let found = self.refusals(&production, &server, &database)?;
        if !found.is_empty() {
            return Err(InvalidInput(found).into());
        }
        let instrumentation = self.said(None, "Postgres", "InstrumentationURL");
        let place = Whereabouts {
            address: &address,
            server: &server,
            database: &database,
            instrumentation: instrumentation.as_deref(),
            has_password: self.has_variable("CONNECT_POSTGRES_PASSWORD"),
        };
        let settings = harmless::substitutes(self.documents, &production, &place);
        let withheld = settings.iter().any(|it| it.says == Says::Withheld);
        let own = [
            Some(address.as_str()),
            Some(&database),
            instrumentation.as_deref(),
        ];
        let own: Vec<&str> = own.into_iter().flatten().collect();
        Ok(Preparation {
            substitution: Substitution {
                unspoken: production.words(&own),
                tasks: self.tasks(withheld),
                settings,
            },
            address,
            production,
        })
    }

    /// What a flag says, or else the last of the own values.
    fn said(&self, flag: Option<&str>, section: &str, property: &str) -> Option<String> {
        flag.map(str::to_owned).or_else(|| {
            let said = self.setting(section, property)?;
            (!said.text.is_empty()).then_some(said.text)
        })
    }

    fn setting(&self, section: &str, property: &str) -> Option<OwnSetting> {
        let mut files = self.base.iter().rev();
        files.find_map(|file| own::setting(file, section, property))
    }

    fn has_variable(&self, name: &str) -> bool {
        let mut found = false;
        for file in self.base {
            own::each(file, &mut |path, text, _| {
                found |= matches!(path, [pod, env, _, key] if pod == "pod" && env == "env" && key == "name")
                    && text == name;
            });
        }
        found
    }

    /// What is left to the administrator.
    fn tasks(&self, withheld: bool) -> Vec<Task> {
        let mut tasks = Vec::new();
        let mut task = |what: String| {
            tasks.push(Task {
                code: reason::TRIAL.into(),
                what,
                command: None,
            });
        };
        if withheld {
            task(format!(
                "put the password of the copy's account into Secret {} as CONNECT_POSTGRES_PASSWORD; production's is left out, and without the key the pod does not start",
                self.secret
            ));
        }
        task("install the trial as a release of its own, in a namespace of its own, and keep that from production's database by a network policy: that two names lead to one database, only the network knows".to_owned());
        task("content may hold credentials of its own and write elsewhere when somebody opens it, and an OAuth integration of the copied database may renew a token that production holds, too: open what you know (docs/trial.md)".to_owned());
        if self.production.is_empty() {
            task("claim, Secret, license and namespace were compared with what the old server's file says alone: give the values that production is, or will be, installed with, as --production FILE".to_owned());
        }
        tasks
    }
}
