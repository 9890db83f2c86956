//! Credentials: out of `config`, which ends in a ConfigMap, and into a Secret.

use super::Context;
use crate::convert::account::Action;
use crate::convert::input::{InputSetting, Settled};
use crate::convert::options::Secrets;
use crate::convert::verdict::{Effect, Verdict};
use crate::secret::Secret;
use crate::settings::secrecy::Exposure;
use crate::settings::{Catalogue, Fate};

/// Decides about a setting whose value is, or holds, a credential; `None` for any other.
pub fn judge(
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
    let Secrets::Reference(secret) = &context.options.secrets else {
        return Some(
            Verdict::new(
                Action::Secret,
                "secret-inline",
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
            let mut verdict = Verdict::new(Action::Secret, "secret-variable", reason)
                .to(format!("pod.env.{variable}"));
            verdict.effects.push(Effect::Secret {
                variable,
                value: Secret::new(value),
            });
            verdict
        }
        _ if context.base.find(&setting.name.key()).is_some() => Verdict::new(
            Action::Secret,
            "secret-in-base",
            "left out here, since your own values (--base) say it; make sure that it is encrypted there",
        )
        .left_to_chart(),
        _ => {
            let why = if setting.name.section.subsection.is_some() {
                "no environment variable is known for settings of a named section"
            } else {
                "no environment variable carries several values"
            };
            let mut verdict = Verdict::new(
                Action::Secret,
                "secret-without-variable",
                format!("left out, since config ends in a ConfigMap and {why}. Choose: encrypt it on the server (rscadmin configure --encrypt-config-value) and put the encrypted text into your own values (--base), or keep it with --inline-secrets in a values file that you encrypt"),
            );
            verdict.blocks = true;
            verdict
        }
    })
}
