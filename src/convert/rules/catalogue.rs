//! Settings that follow their entry in the catalogue, and those that have none.

use super::Context;
use crate::convert::account::Action;
use crate::convert::input::{InputSetting, Settled};
use crate::convert::reason;
use crate::convert::verdict::{Effect, Expect, Verdict};
use crate::gcfg::SettingName;
use crate::settings::{Catalogue, Entry, Fate};

/// Decides by the catalogue.
pub(super) fn judge(
    context: &Context<'_>,
    setting: &InputSetting<'_>,
    settled: &Settled,
) -> Verdict {
    let Some(entry) = setting.entry else {
        return unknown(setting, settled);
    };
    let values = settled.values.clone();
    if let Some(successor) = entry.successor(setting.name.section.subsection.as_deref()) {
        return renamed(context, entry, successor, values);
    }
    let decision = entry.decide(values.last().map(String::as_str));
    let verdict = |action| Verdict::new(action, decision.code.to_owned(), decision.reason);
    match decision.fate {
        Fate::Drop => verdict(Action::Drop),
        Fate::Block => verdict(Action::Block).keeping(values),
        _ if settled.repeats => Verdict::new(
            Action::Review,
            reason::REPEATED_SETTING,
            format!(
                "set {} times; Connect takes the last unless it gathers them, and a list in the values means the same in both cases. {}",
                settled.values.len(),
                decision.reason
            ),
        )
        .keeping(values),
        _ if values.iter().any(|value| entry.value_type.check(value).is_err()) => Verdict::new(
            Action::Review,
            reason::UNREADABLE_VALUE,
            format!("kept as it is, although it does not read as {}", entry.value_type),
        )
        .keeping(values),
        Fate::Keep => verdict(Action::Keep).keeping(values),
        // A key that the chart writes and for which no rule knew a better place.
        Fate::Chart | Fate::Review => verdict(Action::Review).keeping(values),
    }
}

/// A deprecated setting lives on under its successor's name.
fn renamed(
    context: &Context<'_>,
    entry: &Entry,
    successor: SettingName,
    values: Vec<String>,
) -> Verdict {
    if context.sets(&successor) {
        return Verdict::new(
            Action::Drop,
            reason::RENAMED_SETTING,
            format!("its successor {successor} is set too and takes its place"),
        );
    }
    let target = format!("config.{successor}");
    let new = Catalogue::builtin().lookup(&successor);
    let values = spread(entry, values);
    if new.is_some_and(|new| values.iter().any(|v| new.value_type.check(v).is_err())) {
        return Verdict::new(
            Action::Review,
            reason::RENAMED_SETTING,
            format!(
                "left out: its successor {successor} takes other values, so set it by hand in your own values (--base). {}",
                entry.reason
            ),
        )
        .to(target);
    }
    let mut verdict = Verdict::new(
        Action::Review,
        reason::RENAMED_SETTING,
        format!("moved to its successor {successor}. {}", entry.reason),
    );
    verdict.expect = Expect::Elsewhere(successor.clone(), values.clone());
    verdict.effects.push(Effect::Renamed(successor, values));
    verdict.to(target)
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

fn unknown(setting: &InputSetting<'_>, settled: &Settled) -> Verdict {
    let hint = Catalogue::builtin()
        .nearest(&setting.name)
        .map_or_else(String::new, |name| format!("; did you mean {name}?"));
    let reason = if settled.assumed_true {
        format!(
            "not in the catalogue{hint}; the key stands alone, which Connect reads as true, so true was written: check it in the configuration reference"
        )
    } else {
        format!(
            "not in the catalogue{hint}; passed on as it is: check it in the configuration reference"
        )
    };
    Verdict::new(Action::Review, reason::UNKNOWN_SETTING, reason).keeping(settled.values.clone())
}
