//! What points to production, although a trial was asked for.

use super::TrialRequest;
use super::own::{self, OwnSetting};
use super::production::{Belonging, Production};
use crate::chart::{SECOND_PATH, ValuesFile};
use crate::connect::Server;
use crate::database::{Target, TargetError};
use crate::diagnostic::{Code, Diagnostic, Place, WrongUsage};
use crate::yaml::Value;

const OWN_ADDRESS: &str =
    "give the trial a name of its own with --address: links, sign-in and cookies go by it";
const OWN_DATABASE: &str = "restore a backup into a database of its own, with another name, and give that with --trial-database";
const OWN_CLAIM: &str = "copy the data directory onto a claim of its own, and name that with --pvc";

impl TrialRequest<'_> {
    /// Everything that the trial would share with production.
    ///
    /// # Errors
    /// [`WrongUsage`] for a database that cannot be read, or holds a password.
    pub(super) fn refusals(
        &self,
        production: &Production,
        server: &Server,
        database: &str,
    ) -> anyhow::Result<Vec<Diagnostic>> {
        let mut found = Vec::new();
        let own = |flag: Option<&str>, section, property| match flag {
            Some(_) => None,
            None => self.setting(section, property),
        };
        if let Some(theirs) = production.address(server) {
            let what = "the trial would answer under the address of production";
            let said = own(self.address, "Server", "Address");
            found.push(shared(what, said, "--address", theirs, OWN_ADDRESS));
        }
        let said = own(self.database, "Postgres", "URL");
        let target = target(database, said.is_none())?;
        if let Some(theirs) = production.database(database, &target) {
            let what = "the trial would work on a database of production";
            found.push(shared(what, said, "--trial-database", theirs, OWN_DATABASE));
        }
        if let Some(said) = self.setting("Postgres", "InstrumentationURL")
            && let Ok(target) = Target::parse(&said.text, None)
            && let Some(theirs) = production.database(&said.text, &target)
        {
            let what = "the trial would write its usage into a database of production";
            found.push(shared(what, Some(said), "", theirs, OWN_DATABASE));
        }
        if let Some(theirs) = self.claim.and_then(|claim| production.claim(claim)) {
            let what = "the trial would write into the data directory of production";
            found.push(shared(what, None, "--pvc", theirs, OWN_CLAIM));
        }
        if let Some(theirs) = production.secret(self.secret) {
            let what = "the trial would share a Secret with production";
            let help = "give it a name of its own with --secret-name: to apply one would overwrite the other";
            found.push(shared(what, None, "--secret-name", theirs, help));
        }
        if let Some(theirs) = self.license.and_then(|name| production.license(name)) {
            let what = "the trial would use up the license of production";
            let help =
                "name a Secret with a license for the trial with --license-secret, or leave it out";
            found.push(shared(what, None, "--license-secret", theirs, help));
        }
        for file in self.base {
            self.file(file, production, server, &mut found);
        }
        Ok(found)
    }

    /// What a values file says beside address and databases.
    fn file(
        &self,
        file: &ValuesFile,
        production: &Production,
        server: &Server,
        found: &mut Vec<Diagnostic>,
    ) {
        self.license(file, found);
        own::each(file, &mut |path, text, place| {
            let at = path.join(".");
            let said = |text: &str| {
                Some(OwnSetting {
                    text: text.to_owned(),
                    place: place.clone(),
                })
            };
            let mut refuse = |what: String, theirs: &Belonging, help: &str| {
                found.push(shared(&what, said(text), "", theirs, help));
            };
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            match path.as_slice() {
                // These were looked at as settings.
                ["config", section, property]
                    if is(section, "server") && is(property, "address")
                        || is(section, "postgres")
                            && (is(property, "url") || is(property, "instrumentationurl")) => {}
                ["sharedStorage", "name"] if self.claim.is_some() => {}
                ["sharedStorage", "name"] | [.., "claimName"] => {
                    if let Some(theirs) = production.claim(text) {
                        refuse(format!("{at} is the claim of production"), theirs, OWN_CLAIM);
                    }
                }
                ["backends", "kubernetes", "namespace"] | ["launcher", "namespace"] => {
                    if let Some(theirs) = production.namespace(text) {
                        let what = format!("{at} is where the content of production runs");
                        refuse(what, theirs, "leave it out: content of the trial then runs in the namespace of its own release");
                    }
                }
                [.., "mountPath"] if text == SECOND_PATH => found.push(
                    Diagnostic::error(
                        Code::TrialHarmsProduction,
                        format!("{at} mounts a second configuration file, which may overrule what makes a trial harmless"),
                    )
                    .at(&place.source, place.span)
                    .help("leave it out of the trial's values; --secret-file makes one for the trial"),
                ),
                _ => {
                    if let Some(theirs) = production.host_in(text, server) {
                        refuse(format!("{at} names the address of production"), theirs, "leave it out of the trial's values, or give the trial's own");
                    } else if let Ok(target) = Target::parse(text, None)
                        && !target.database.is_empty()
                        && let Some(theirs) = production.database(text, &target)
                    {
                        refuse(format!("{at} names a database of production"), theirs, OWN_DATABASE);
                    }
                }
            }
        });
    }

    /// A license file is replaced by one that is named; a key or a license server would stay.
    fn license(&self, file: &ValuesFile, found: &mut Vec<Diagnostic>) {
        let mut paths: Vec<&[&str]> = vec![&["license", "key"], &["license", "server"]];
        if self.license.is_none() {
            paths.push(&["license", "file", "secret"]);
            paths.push(&["license", "file", "contents"]);
        }
        for path in paths {
            let said = file.values.get(path[0]).and_then(|at| at.at(&path[1..]));
            if said.is_some_and(Value::is_truthy) {
                let Place { source, span } = own::place(file, path);
                found.push(
                    Diagnostic::error(
                        Code::TrialHarmsProduction,
                        format!("{} would be used up by the trial", path.join(".")),
                    )
                    .at(&source, span)
                    .help("leave it out of the trial's values; --license-secret names a license for it"),
                );
            }
        }
    }
}

/// Something that is production's: where it is said, and by whom.
fn shared(
    what: &str,
    said: Option<OwnSetting>,
    flag: &str,
    theirs: &Belonging,
    help: &str,
) -> Diagnostic {
    let there = format!(
        "{}:{}",
        theirs.place.source.name(),
        theirs.place.position().line
    );
    let (message, place) = match said {
        Some(said) => (format!("{what} ({} in {there})", theirs.named), said.place),
        None => (
            format!("{what}: {flag} says the same as {}", theirs.named),
            theirs.place.clone(),
        ),
    };
    Diagnostic::error(Code::TrialHarmsProduction, message)
        .at(&place.source, place.span)
        .help(help)
}

fn target(url: &str, flag: bool) -> Result<Target, WrongUsage> {
    let by = if flag {
        "--trial-database"
    } else {
        "config.Postgres.URL of your own values"
    };
    let target = Target::parse(url, None).map_err(|error| {
        WrongUsage(match error {
            TargetError::SslMode => format!("{by} has an sslmode that PostgreSQL does not know"),
            _ => format!(
                "{by} is no address of PostgreSQL's; write postgres://USER@HOST:PORT/DATABASE"
            ),
        })
    })?;
    if target.password.is_some() {
        return Err(WrongUsage(format!(
            "{by} holds a password, which ends where others can read it: leave it out, and put it into the Secret as CONNECT_POSTGRES_PASSWORD"
        )));
    }
    Ok(target)
}

fn is(one: &str, other: &str) -> bool {
    crate::gcfg::fold(one) == other
}
