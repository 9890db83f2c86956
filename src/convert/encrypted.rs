//! The settings that `--encrypted` names.

use crate::diagnostic::WrongUsage;
use crate::gcfg::{Document, SettingName, fold};

/// Looks whether the input sets them: a name with a slip in it would leave the setting that was meant
/// where it is not wanted.
///
/// # Errors
/// One of them is not set.
pub(super) fn are_set(encrypted: &[SettingName], documents: &[Document]) -> Result<(), WrongUsage> {
    let set = || {
        documents
            .iter()
            .flat_map(Document::settings)
            .map(|setting| &setting.name)
    };
    for name in encrypted {
        let key = name.key();
        if set().any(|set| set.key() == key) {
            continue;
        }
        let hint = nearest(name, set()).map_or_else(
            || "the account of a run without it names those that there are".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        return Err(WrongUsage(format!(
            "--encrypted names {name}, which the configuration does not set; {hint}"
        )));
    }
    Ok(())
}

/// The setting whose name is the most like another: a few slips, or the same property elsewhere.
fn nearest<'a>(
    name: &SettingName,
    set: impl Iterator<Item = &'a SettingName>,
) -> Option<&'a SettingName> {
    let wanted = fold(&name.to_string());
    let property = fold(&name.property);
    set.filter_map(|set| {
        let far = strsim::osa_distance(&wanted, &fold(&set.to_string()));
        let alike = far <= 2 + wanted.len() / 8 || fold(&set.property) == property;
        alike.then_some((far, set))
    })
    .min_by_key(|(far, _)| *far)
    .map(|(_, set)| set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcfg::parse_text;

    #[test]
    fn a_name_that_is_not_set_is_an_error_with_the_nearest() {
        let documents = [parse_text(
            "f",
            "[LDAP \"corp\"]\nBindPassword = x\n[SMTP]\nPassword = y\n[Server]\nAddress = z\n",
        )
        .unwrap()];
        let said = |name: &str| {
            let encrypted = [name.parse().unwrap()];
            are_set(&encrypted, &documents).map_err(|error| error.to_string())
        };
        assert_eq!(said("LDAP \"corp\".bindpassword"), Ok(()));
        for (wrong, right) in [
            ("LDAP \"corp\".BindPasword", "LDAP \"corp\".BindPassword?"),
            ("LDAP \"Corp\".BindPassword", "LDAP \"corp\".BindPassword?"),
            ("LDAP.BindPassword", "LDAP \"corp\".BindPassword?"),
            ("STMP.Password", "SMTP.Password?"),
            ("Postgres.SomethingElse", "names those that there are"),
        ] {
            let error = said(wrong).unwrap_err();
            assert!(error.ends_with(right), "{wrong}: {error}");
        }
    }
}
