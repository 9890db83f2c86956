//! Canaries: made-up credentials in every place of a configuration, and whether one gets out.

use std::sync::LazyLock;

use crate::chart::{Chart, ValuesFile};
use crate::convert::{Conversion, Inputs, Options, convert, options::Secrets, table};
use crate::diagnostic::{Diagnostic, InvalidInput};
use crate::effective::{Comparison, Effective, report};
use crate::gcfg::{self, Document};
use crate::output::{Style, render};
use crate::secret::Secret;
use crate::settings::secrecy::stray_words;
use crate::to_vm;

use super::planted::{Canary, Planted};
use super::streams;

#[expect(clippy::expect_used, reason = "compiled-in data")]
static CHART: LazyLock<Chart> =
    LazyLock::new(|| Chart::built_in().expect("the compiled-in chart can be read"));

impl Planted {
    pub(super) fn hidden_in_diagnostics(&self, found: &[Diagnostic]) -> Result<(), String> {
        found.iter().try_for_each(|diagnostic| {
            self.hidden_in("a diagnostic", &render(diagnostic, Style::Plain))?;
            self.hidden_in("a diagnostic's line", &diagnostic.to_string())
        })
    }
}

/// Takes a configuration every way through the product that needs no file and no network.
///
/// # Errors
/// A canary got out, or was lost: it is neither in the Secret nor is its setting named as a blocker.
pub(super) fn check(planted: &Planted) -> Result<(), String> {
    streams::check(planted)?;
    let document = match gcfg::parse_text("canary.gcfg", &planted.text) {
        Ok(document) => document,
        Err(InvalidInput(found)) => return planted.hidden_in_diagnostics(&found),
    };
    let stray = stray_words(&document);
    if !stray.is_empty() {
        return planted.hidden_in_diagnostics(&stray);
    }
    let documents = [document];
    for secret_file in [false, true] {
        let options = Options {
            secret_file,
            secret_manifest: Some("secret.yaml".into()),
            ..Options::default()
        };
        if let Some(conversion) = converted(planted, &documents, &options)? {
            moved(planted, &conversion)?;
        }
    }
    compared(planted, &documents)?;
    based(planted, &documents)?;
    let inline = Options {
        secrets: Secrets::Inline,
        ..Options::default()
    };
    match converted(planted, &documents, &inline)? {
        Some(conversion) => back(planted, &conversion),
        None => Ok(()),
    }
}

fn converted(
    planted: &Planted,
    documents: &[Document],
    options: &Options,
) -> Result<Option<Conversion>, String> {
    let conversion = convert(&Inputs {
        documents,
        base: &[],
        chart: &CHART,
        options,
    });
    let conversion = match conversion.map_err(anyhow::Error::downcast) {
        Ok(conversion) => conversion,
        Err(Ok(InvalidInput(found))) => {
            planted.hidden_in_diagnostics(&found)?;
            return Ok(None);
        }
        Err(Err(error)) => return Err(format!("{error:#}\n--- of\n{}", planted.text)),
    };
    let account = serde_json::to_string(&conversion.account).map_err(|error| error.to_string())?;
    planted.hidden_in("the account", &account)?;
    planted.hidden_in("the table", &table::draw(&conversion.account, 100).plain())?;
    Ok(Some(conversion))
}

fn moved(planted: &Planted, conversion: &Conversion) -> Result<(), String> {
    planted.hidden_in("the values", &conversion.values)?;
    let secret = conversion.secret.as_ref().map_or("", Secret::expose);
    let blockers = &conversion.account.blockers;
    for canary in &planted.canaries {
        let Some(setting) = &canary.setting else {
            planted_nowhere(secret, canary)?;
            continue;
        };
        let named = blockers.iter().any(|blocker| blocker.setting == *setting);
        if !secret.contains(&canary.word) && !named {
            return Err(format!(
                "{} of {setting} is lost\n--- of\n{}",
                canary.word, planted.text
            ));
        }
    }
    Ok(())
}

/// With own values that say credentials in the clear: they are the administrator's to keep, and
/// nothing that we write or say repeats one.
fn based(planted: &Planted, documents: &[Document]) -> Result<(), String> {
    let words: Vec<&str> = planted.canaries.iter().map(|c| c.word.as_str()).collect();
    let word = |at: usize| words.get(at).copied().unwrap_or("none");
    let base = format!(
        "sharedStorage: {{mount: true}}\nconfig:\n  Postgres: {{Password: '{}', URL: 'postgres://u:{}@h/d'}}\n  SMTP: {{Password: '{}', Hots: '{}'}}\n  'LDAP \"a\"': {{BindPassword: '{}'}}\n  Applications: '{}'\n",
        word(0),
        word(1),
        word(2),
        word(3),
        word(0),
        word(1),
    );
    let Ok(file) = ValuesFile::of_text("base.yaml", &base) else {
        return Err(format!("own values that are none:\n{base}"));
    };
    let conversion = convert(&Inputs {
        documents,
        base: std::slice::from_ref(&file),
        chart: &CHART,
        options: &Options::default(),
    });
    match conversion.map_err(anyhow::Error::downcast) {
        Ok(conversion) => {
            let account = serde_json::to_string(&conversion.account);
            planted.hidden_in("the account", &account.map_err(|error| error.to_string())?)?;
            planted.hidden_in("the values", &conversion.values)?;
            planted.hidden_in("Helm's warnings", &conversion.warnings)
        }
        Err(Ok(InvalidInput(found))) => planted.hidden_in_diagnostics(&found),
        Err(Err(error)) => planted.hidden_in("an error", &format!("{error:#}")),
    }
}

/// What Connect does not read belongs into no Secret.
fn planted_nowhere(secret: &str, canary: &Canary) -> Result<(), String> {
    if secret.contains(&canary.word) {
        return Err(format!(
            "{} is in the Secret, and Connect does not read it",
            canary.word
        ));
    }
    Ok(())
}

fn compared(planted: &Planted, documents: &[Document]) -> Result<(), String> {
    let effective = Effective::of_documents(documents);
    for other in [Effective::default(), effective.clone()] {
        let comparison = Comparison::new(&effective, &other);
        if let Some(page) = report::table(&comparison, true) {
            planted.hidden_in("the table of differences", &page.plain())?;
        }
        let names = vec!["canary.gcfg".to_owned()];
        let report = report::ComparisonReport::new(&comparison, names, "values".to_owned());
        let report = serde_json::to_string(&report).map_err(|error| error.to_string())?;
        planted.hidden_in("the report of differences", &report)?;
    }
    Ok(())
}

/// The way back from values that hold credentials.
fn back(planted: &Planted, conversion: &Conversion) -> Result<(), String> {
    let file = |text: &str| ValuesFile::of_text("v.yaml", text).map_err(|error| error.to_string());
    let files = [
        file(&conversion.values)?,
        file("sharedStorage: {mount: true}")?,
    ];
    let local = to_vm::to_gcfg(to_vm::Inputs {
        files: &files,
        chart: &CHART,
        release: &CHART.release("connect", None),
    })
    .map_err(|error| error.to_string())?;
    let report = serde_json::to_string(&local.report).map_err(|error| error.to_string())?;
    planted.hidden_in("the report of the way back", &report)?;
    planted.hidden_in("the table of the way back", &to_vm::table(&local.report))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz::planted::planted;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn no_canary_gets_out_or_lost(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Err(why) = check(&planted(&bytes)) {
                return Err(TestCaseError::fail(why));
            }
        }
    }

    #[test]
    fn every_piece_holds_alone() {
        for kind in 0..13 {
            for more in 0..3 {
                check(&planted(&[kind, 5 * kind + more, more, more, more])).unwrap();
            }
        }
        // Every URL, in turn in every setting and in all quotes.
        for url in 0..18 {
            for at in 0..5 {
                check(&planted(&[3, 0, 0, url, at, url + at])).unwrap();
            }
        }
    }
}
