//! Credentials: out of `config`, which ends in a ConfigMap, and into a Secret.

use super::Context;
use crate::chart::SECOND_FILE;
use crate::convert::account::{Action, Task};
use crate::convert::input::{InputSetting, Settled};
use crate::convert::options::Secrets;
use crate::convert::reason;
use crate::convert::verdict::{Effect, Expect, Verdict};
use crate::secret::Secret;
use crate::settings::secrecy::{Exposure, may_be_encrypted};
use crate::settings::{Catalogue, Fate};

/// Decides about a setting whose value is, or holds, a credential; `None` for any other.
pub(super) fn judge(
    context: &Context<'_>,
    setting: &InputSetting<'_>,
    settled: &Settled,
) -> Option<Verdict> {
    // An empty value hides nothing and is none; it may be what keeps a default away.
    let exposure = settled
        .values
        .iter()
        .find_map(|value| Catalogue::builtin().exposure(&setting.name, value))?;
    if setting.entry.is_some_and(|entry| entry.fate == Fate::Drop) {
        return None;
    }
    let key = setting.name.key();
    if context
        .options
        .encrypted
        .iter()
        .any(|name| name.key() == key)
    {
        let verdict = Verdict::new(
            Action::Review,
            reason::ENCRYPTED_VALUE,
            "kept in config, since --encrypted says that it is encrypted; the server decrypts it with db/secret.key of the data directory, which must move along",
        )
        .keeping(settled.values.clone());
        if settled.values.iter().all(|value| may_be_encrypted(value)) {
            return Some(verdict);
        }
        return Some(verdict.task(Task {
            code: reason::ENCRYPTED_VALUE.into(),
            what: format!("{} does not look like what rscadmin prints: look again whether it is encrypted, since it stands in the values and ends in a ConfigMap", setting.name),
            command: None,
        }));
    }
    let Secrets::Reference(secret) = &context.options.secrets else {
        return Some(
            Verdict::new(
                Action::Secret,
                reason::SECRET_INLINE,
                "kept in config, as --inline-secrets says: encrypt the values file, and know that the chart puts config into a ConfigMap",
            )
            .keeping(settled.values.clone()),
        );
    };
    let variable = Catalogue::builtin().environment_variable(&setting.name);
    Some(match (variable, settled.values.as_slice()) {
        (Some(variable), [value]) => {
            let reason = if exposure == Exposure::Embedded {
                format!("holds a password, so the whole value moves: Secret {} gives it to the pod as {variable}", secret.as_str())
            } else {
                format!("Secret {} gives it to the pod as {variable}", secret.as_str())
            };
            let mut verdict = Verdict::new(Action::Secret, reason::SECRET_VARIABLE, reason)
                .to(format!("pod.env.{variable}"));
            verdict.effects.push(Effect::Secret {
                variable,
                value: Some(Secret::new(value)),
            });
            verdict
        }
        _ if context.base.find(&setting.name.key()).is_some() => Verdict::new(
            Action::Secret,
            reason::SECRET_IN_BASE,
            "left out here, since your own values (--base) say it; make sure that it is encrypted there",
        )
        .left_to_chart(),
        (_, values) if context.options.secret_file => {
            let mut verdict = Verdict::new(
                Action::Secret,
                reason::SECRET_FILE,
                format!("Secret {} gives it to the server in {SECOND_FILE}, which Connect reads behind its main file", secret.as_str()),
            )
            .to("pod.volumes");
            verdict.expect = Expect::SecretFile(values.to_vec());
            verdict.effects.push(Effect::SecretFile(values.iter().map(Secret::new).collect()));
            verdict
        }
        (_, values) => without_variable(setting, values),
    })
}

/// A credential that nothing can carry but `config`.
fn without_variable(setting: &InputSetting<'_>, values: &[String]) -> Verdict {
    let name = &setting.name;
    let why = if name.section.subsection.is_some() {
        "no environment variable is known for settings of a named section"
    } else if values.len() > 1 {
        "no environment variable carries several values"
    } else {
        "no environment variable is known for it"
    };
    let looks = if values.iter().all(|value| may_be_encrypted(value)) {
        "it looks encrypted already, and if it is, convert"
    } else {
        "encrypt it on the old server (rscadmin configure --encrypt-config-value), put the encrypted text into its rstudio-connect.gcfg, and convert"
    };
    let mut verdict = Verdict::new(
        Action::Secret,
        reason::SECRET_WITHOUT_VARIABLE,
        format!(
            "left out, since config ends in a ConfigMap and {why}. Choose: convert with --secret-file, which puts it into the Secret as a configuration file that the server reads, too; or {looks} with --encrypted '{name}'; or keep it with --inline-secrets in a values file that you encrypt as a whole"
        ),
    );
    verdict.blocks = true;
    verdict
}
