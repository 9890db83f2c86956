//! Settings that follow their entry in the catalogue, and those that have none.

use super::{Context, renamed};
use crate::convert::account::Action;
use crate::convert::input::{InputSetting, Settled};
use crate::convert::reason;
use crate::convert::verdict::Verdict;
use crate::settings::{Catalogue, Fate};

/// The code of settings that nothing took the place of.
const GONE: &str = "deprecated";

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
    if let Some(successor) = renamed::successor(entry, setting, &values) {
        return renamed::judge(context, entry, setting, settled, &successor);
    }
    let decision = entry.decide(values.last().map(String::as_str));
    let verdict = |action| Verdict::new(action, decision.code.to_owned(), decision.reason);
    match decision.fate {
        Fate::Drop => verdict(Action::Drop),
        Fate::Block if entry.code == GONE && entry.says_nothing(&values) => Verdict::new(
            Action::Drop,
            decision.code.to_owned(),
            format!("says what happens anyway. {}", decision.reason),
        ),
        // Connect may not start with it.
        Fate::Block if entry.code == GONE => verdict(Action::Block),
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
