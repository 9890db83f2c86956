//! Settings that live on under another name: what becomes of the new one becomes of the value.

use std::sync::Arc;

use super::Context;
use crate::convert::account::{Action, Task};
use crate::convert::input::{InputSetting, Settled};
use crate::convert::reason;
use crate::convert::verdict::{Effect, Expect, Verdict};
use crate::gcfg::SettingName;
use crate::settings::{Catalogue, Entry, Fate};

/// The setting that took the place of this one. Once it depends on the value.
pub(super) fn successor(
    entry: &Entry,
    setting: &InputSetting<'_>,
    values: &[String],
) -> Option<SettingName> {
    if entry.section == "SAML" && entry.property == "IdPMetaData" {
        let address =
            |value: &String| value.starts_with("http://") || value.starts_with("https://");
        // Of several, Connect takes the last.
        let property = if values.last().is_some_and(address) {
            "IdPMetaDataURL"
        } else {
            "IdPMetaDataPath"
        };
        let section = Arc::clone(&setting.name.section);
        return Some(SettingName::new(section, property));
    }
    entry.successor(setting.name.section.subsection.as_deref())
}

/// Decides by the rules of the successor.
pub(super) fn judge(
    context: &Context<'_>,
    entry: &Entry,
    setting: &InputSetting<'_>,
    settled: &Settled,
    successor: &SettingName,
) -> Verdict {
    let new = Catalogue::builtin().lookup(successor);
    if let Some((set, said)) = context.setting(successor) {
        return both_set(entry, settled, successor, new, (set, said));
    }
    let fits = |values: &Vec<String>| {
        new.is_none_or(|new| values.iter().all(|v| new.value_type.check(v).is_ok()))
    };
    let Some(values) = translated(entry, &settled.values).filter(fits) else {
        return blocked(
            successor,
            "takes other values, and what this one means there is not known",
            entry,
        );
    };
    let repeatable = new.is_some_and(|new| new.repeatable);
    if !repeatable && let Some(rival) = rival(context, setting, successor) {
        return rival_verdict(successor, entry, &values, rival);
    }
    let heir = InputSetting {
        name: successor.clone(),
        entry: new,
        occurrences: setting.occurrences.clone(),
    };
    let said = Settled {
        superseded: settled.superseded.clone(),
        repeats: !repeatable && values.len() > 1,
        assumed_true: settled.assumed_true,
        values,
    };
    under_old_name(super::judge(context, &heir, &said), successor, entry)
}

/// Old name and new name, both set. Which of the two Connect takes is not documented.
fn both_set(
    entry: &Entry,
    settled: &Settled,
    successor: &SettingName,
    new: Option<&Entry>,
    (set, said): (&InputSetting<'_>, &Settled),
) -> Verdict {
    let verdict = |action, reason| Verdict::new(action, reason::RENAMED_SETTING, reason);
    // What neither of them brings into the pod cannot differ there.
    let left_out = new
        .is_some_and(|new| new.decide(said.values.last().map(String::as_str)).fate == Fate::Drop);
    if left_out {
        return verdict(
            Action::Drop,
            format!(
                "its successor {successor} is set too, and what either says stays behind. {}",
                entry.reason
            ),
        );
    }
    let same = |ours: &Vec<String>| {
        ours.len() == said.values.len()
            && ours
                .iter()
                .zip(&said.values)
                .all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    if translated(entry, &settled.values)
        .as_ref()
        .is_some_and(same)
    {
        return verdict(
            Action::Drop,
            format!("its successor {successor} is set too, and says the same"),
        );
    }
    let lines: Vec<String> = set
        .occurrences
        .iter()
        .map(|line| format!("{}:{}", line.document.source().name(), line.setting.line))
        .collect();
    // The same Connect makes of both what it made of them, as long as both are there.
    let kept = new.is_none_or(|new| {
        let fate = new.decide(said.values.last().map(String::as_str)).fate;
        matches!(fate, Fate::Keep | Fate::Review)
    });
    let what = format!(
        "{}, since its successor {successor} is set too ({}) and says something else; which of the two the server goes by is not documented",
        if kept { "kept as it is" } else { "left out" },
        lines.join(", ")
    );
    let task = Task {
        code: reason::RENAMED_SETTING.into(),
        what: format!(
            "{}: {what}. Look at the old server, put what holds there into {successor}, and take this line out",
            entry.canonical_name(set.name.section.subsection.as_deref())
        ),
        command: None,
    };
    if kept {
        verdict(Action::Review, what)
            .keeping(settled.values.clone())
            .task(task)
    } else {
        verdict(Action::Drop, what).task(task)
    }
}

/// Another old setting with the same successor, which stands later.
fn rival<'a>(
    context: &'a Context<'_>,
    setting: &InputSetting<'_>,
    successor: &SettingName,
) -> Option<(&'a InputSetting<'a>, Option<Vec<String>>)> {
    let (other, settled) = context.settings.iter().rev().find(|(other, settled)| {
        let heir = other
            .entry
            .and_then(|entry| self::successor(entry, other, &settled.values));
        heir.is_some_and(|heir| heir.key() == successor.key())
    })?;
    let values = other.entry.and_then(|e| translated(e, &settled.values));
    (other.name.key() != setting.name.key()).then_some((other, values))
}

fn rival_verdict(
    successor: &SettingName,
    entry: &Entry,
    values: &[String],
    (rival, theirs): (&InputSetting<'_>, Option<Vec<String>>),
) -> Verdict {
    if theirs.as_deref() == Some(values) {
        Verdict::new(
            Action::Drop,
            reason::RENAMED_SETTING,
            format!(
                "its successor is {successor}, and {} says the same",
                rival.name
            ),
        )
    } else {
        let why = format!("is that of {} too, which says something else", rival.name);
        blocked(successor, &why, entry)
    }
}

fn blocked(successor: &SettingName, why: &str, entry: &Entry) -> Verdict {
    Verdict::new(
        Action::Block,
        reason::RENAMED_SETTING,
        format!(
            "its successor {successor} {why}: put the successor into the old server's file, or take the line out of it. {}",
            entry.reason
        ),
    )
    .to(format!("config.{successor}"))
}

/// A verdict on the successor as one on the line that the input has.
fn under_old_name(mut verdict: Verdict, successor: &SettingName, entry: &Entry) -> Verdict {
    verdict.expect = match verdict.expect {
        Expect::Values(values) => Expect::Elsewhere(successor.clone(), values),
        // The file in the Secret would have to be written under another name, too.
        Expect::SecretFile(_) => return blocked(successor, "holds a credential", entry),
        other => other,
    };
    for effect in &mut verdict.effects {
        *effect = match std::mem::replace(effect, Effect::ConfigBool(false)) {
            Effect::Config(values) => Effect::Renamed(successor.clone(), values),
            Effect::ConfigBool(on) => Effect::Renamed(successor.clone(), vec![on.to_string()]),
            other => other,
        };
    }
    if matches!(verdict.expect, Expect::Elsewhere(..)) {
        let target = format!("config.{successor}");
        verdict.target.get_or_insert(target);
    }
    verdict.reason = match verdict.action {
        Action::Keep => format!("moved to its successor {successor}. {}", entry.reason),
        Action::Review => format!(
            "moved to its successor {successor}. {} {}",
            entry.reason, verdict.reason
        ),
        _ => format!("today's name is {successor}. {}", verdict.reason),
    };
    if matches!(verdict.action, Action::Keep | Action::Review) {
        verdict.action = Action::Review;
        verdict.code = reason::RENAMED_SETTING.into();
    }
    verdict
}

/// The values as the successor says them; `None` where that is not known.
fn translated(entry: &Entry, values: &[String]) -> Option<Vec<String>> {
    let one = |value: &String| match entry.property.as_str() {
        // Who may list users: everyone, or all but viewers.
        "UsersListingMinRole" => match value.to_ascii_lowercase().as_str() {
            "viewer" => Some("false".to_owned()),
            "publisher" => Some("true".to_owned()),
            _ => None,
        },
        // The issuer is the address without the document's path.
        "DiscoveryEndpoint" => value
            .strip_suffix("/.well-known/openid-configuration")
            .map(str::to_owned),
        // The metadata itself is neither address nor path.
        "IdPMetaData" => {
            let path_or_address = !value.trim_start().starts_with('<') && !value.is_empty();
            path_or_address.then(|| value.clone())
        }
        _ => Some(value.clone()),
    };
    let values = values.iter().map(one).collect::<Option<Vec<_>>>()?;
    Some(spread(entry, values))
}

/// The old plural settings of OAuth2 hold several domains or addresses in one text; their
/// successors stand once for each.
fn spread(entry: &Entry, values: Vec<String>) -> Vec<String> {
    let several = entry.section == "OAuth2"
        && matches!(entry.property.as_str(), "AllowedDomains" | "AllowedEmails");
    if !several {
        return values;
    }
    values
        .iter()
        .flat_map(|value| value.split([',', ' ', '\t']))
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::chart::Chart;
    use crate::convert::account::Action;
    use crate::convert::{Conversion, Inputs, Options, convert};
    use crate::gcfg::parse_text;
    use crate::settings::{Catalogue, Fate};

    fn of(text: &str) -> Conversion {
        let text = format!("[Database]\nProvider = postgres\n{text}\n");
        let documents = [parse_text("c.gcfg", &text).unwrap()];
        convert(&Inputs {
            documents: &documents,
            base: &[],
            chart: &Chart::built_in().unwrap(),
            options: &Options::default(),
        })
        .unwrap_or_else(|error| panic!("{text}: {error:#}"))
    }

    /// What becomes of the last line, where it goes, and the values.
    fn fate(section: &str, line: &str) -> (Action, Option<String>, String) {
        let conversion = of(&format!("[{section}]\n{line}"));
        let last = conversion.account.settings.last().unwrap().clone();
        (last.action, last.target, conversion.values)
    }

    #[test]
    fn old_names_say_what_they_said() {
        for (section, line, written) in [
            (
                "SAML",
                "IdPMetaData = https://idp.example.com/meta",
                "IdPMetaDataURL: 'https://idp.example.com/meta'",
            ),
            (
                "SAML",
                "IdPMetaData = /etc/idp.xml",
                "IdPMetaDataPath: '/etc/idp.xml'",
            ),
            (
                "OAuth2",
                "DiscoveryEndpoint = https://idp.example.com/.well-known/openid-configuration",
                "OpenIDConnectIssuer: 'https://idp.example.com'",
            ),
            (
                "Authorization",
                "UsersListingMinRole = publisher",
                "ViewersCanOnlySeeThemselves: 'true'",
            ),
            (
                "Applications",
                "UsersListingMinRole = Viewer",
                "ViewersCanOnlySeeThemselves: 'false'",
            ),
            (
                "Password",
                "UserInfoEditableBy = Admin",
                "UserInfoEditableBy: 'Admin'",
            ),
            (
                "LDAP \"x\"",
                "WhitelistedLoginGroups = a",
                "PermittedLoginGroup: 'a'",
            ),
        ] {
            let (action, target, values) = fate(section, line);
            assert_eq!(action, Action::Review, "{line}");
            assert!(
                target.is_some() && values.contains(written),
                "{line}: {values}"
            );
        }
        for (section, line) in [
            ("SAML", "IdPMetaData = \"<EntityDescriptor/>\""),
            ("SAML", "IdPMetaData ="),
            (
                "OAuth2",
                "DiscoveryEndpoint = https://idp.example.com/other",
            ),
            ("Authorization", "UsersListingMinRole = administrator"),
            ("Server", "SourcePackageDir = /opt/packages"),
            ("LDAP \"x\"", "GroupsAutoRemoval = true"),
        ] {
            assert_eq!(fate(section, line).0, Action::Block, "{line}");
        }
        for (section, line) in [
            ("Server", "RVersion = /opt/R/3.6.3"),
            ("Server", "RVersionScanning = true"),
            ("LDAP \"x\"", "GroupsAutoRemoval = no"),
        ] {
            let (action, _, values) = fate(section, line);
            assert_eq!(action, Action::Drop, "{line}");
            assert!(
                !values.contains("Executable:") || !values.contains("3.6.3'"),
                "{values}"
            );
        }
    }

    #[test]
    fn a_password_in_an_old_setting_goes_where_passwords_go() {
        let (action, target, values) = fate(
            "SAML",
            "IdPMetaData = https://u:S3cr3t@idp.example.com/meta",
        );
        assert_eq!(action, Action::Secret);
        assert_eq!(
            target.as_deref(),
            Some("pod.env.CONNECT_SAML_IDPMETADATAURL")
        );
        assert!(!values.contains("S3cr3t"));
    }

    #[test]
    fn old_settings_with_one_successor_must_agree() {
        let both = |one: &str, other: &str| {
            of(&format!(
                "[Applications]\nUsersListingMinRole = {one}\n[Authorization]\nUsersListingMinRole = {other}"
            ))
        };
        let agreed = both("publisher", "Publisher");
        assert!(!agreed.account.summary.blocked);
        assert!(
            agreed
                .values
                .contains("ViewersCanOnlySeeThemselves: 'true'")
        );
        assert!(both("viewer", "publisher").account.summary.blocked);
    }

    /// Every row that is old: its value goes to its successor, or is said to be left out for the
    /// successor's own reason, or blocks. Left out without more is only what says nothing.
    #[test]
    fn no_old_setting_is_dropped_with_its_meaning() {
        let catalogue = Catalogue::builtin();
        let mut rows = 0;
        for entry in catalogue.entries() {
            let old = entry.renamed_to.is_some()
                || matches!(entry.code.as_str(), "deprecated" | "renamed-setting");
            if !old {
                continue;
            }
            rows += 1;
            let header = entry.canonical_name(Some("x")).section.to_string();
            for value in [
                "true",
                "false",
                "viewer",
                "x y",
                "https://h.example.com/a",
                "/a/b",
            ] {
                let (action, target, _) = fate(&header, &format!("{} = {value}", entry.property));
                let name = format!("{header}.{} = {value}", entry.property);
                if action != Action::Drop {
                    assert!(
                        matches!(action, Action::Review | Action::Block),
                        "{name}: {action:?}"
                    );
                    assert!(action == Action::Block || target.is_some(), "{name}");
                    continue;
                }
                let heir = entry.successor(Some("x"));
                let heir = heir.and_then(|heir| catalogue.lookup(&heir));
                assert!(
                    heir.is_some_and(|heir| heir.decide(Some(value)).fate == Fate::Drop)
                        || entry.says_nothing(&[value.to_owned()]),
                    "{name} is dropped"
                );
            }
        }
        assert!(rows >= 22, "{rows}");
    }
}
