//! How long content may take to start: in a pod it takes longer.

use super::Context;
use crate::convert::account::Action;
use crate::convert::input::InputSetting;
use crate::convert::reason;
use crate::convert::verdict::Verdict;
use crate::settings::values::duration;

/// Decides about `Scheduler.InitTimeout`: a value shorter than the chart's does not carry over.
pub(super) fn judge(
    context: &Context<'_>,
    setting: &InputSetting<'_>,
    value: &str,
) -> Option<Verdict> {
    if setting.name.property != "InitTimeout" {
        return None;
    }
    let chart = context.chart.find(&setting.name.key())?.written.last()?;
    if duration(value)? >= duration(chart)? {
        return None;
    }
    let verdict = Verdict::new(
        Action::Review,
        reason::STARTUP_TIME,
        format!(
            "the chart's {chart} stays instead of {value}, since pods start more slowly than processes; say it in your own values (--base) if {value} is meant"
        ),
    );
    Some(
        verdict
            .to(format!("config.{}", setting.name))
            .left_to_chart(),
    )
}
