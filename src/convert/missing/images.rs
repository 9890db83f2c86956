//! Images for content.

use super::said;
use crate::chart::Chart;
use crate::convert::account::Task;
use crate::convert::backend::connect_version;
use crate::convert::options::Options;
use crate::convert::plan::Plan;
use crate::convert::reason;
use crate::images::Form;
use crate::yaml::Map;

/// Images for content, in the form that chart and Connect take.
pub(super) fn images(plan: &mut Plan, options: &Options, chart: &Chart, base: &Map) {
    let Some(suggestion) = &options.images else {
        return;
    };
    let mut task = |what: String, command: Option<&str>| {
        plan.tasks.push(Task {
            code: reason::CONTENT_IMAGES.into(),
            what,
            command: command.map(str::to_owned),
        });
    };
    for lacking in suggestion.lacking() {
        task(lacking, None);
    }
    if suggestion.images.is_empty() {
        return;
    }
    let own = [
        &["executionEnvironments"][..],
        &["launcher", "customRuntimeYaml"],
        &["launcher", "additionalRuntimeImages"],
    ];
    if let Some(own) = own.iter().find(|path| said(base, path)) {
        let own = own.join(".");
        return task(
            format!(
                "your own values name images in {own}, so those of the inventory were left out: see with check whether they have what content needs"
            ),
            Some("helm connect-migrate check -f VALUES --inventory INVENTORY"),
        );
    }
    let connect = connect_version(options, chart, base);
    let one = suggestion.images.len() == 1;
    match Form::of(chart, &connect) {
        Some(form) => {
            task(
                format!(
                    "the values name {} of {} for content: make sure that your registry has {}",
                    if one {
                        "an image".to_owned()
                    } else {
                        format!("{} images", suggestion.images.len())
                    },
                    if suggestion.is_own() {
                        "your table"
                    } else {
                        "public documents"
                    },
                    if one { "it" } else { "them" },
                ),
                Some("docker manifest inspect IMAGE"),
            );
            plan.images = Some((suggestion.clone(), form));
        }
        None => task(
            format!(
                "chart {} and Connect {connect} have no form of naming images between them: take the chart that ships that Connect",
                chart.version()
            ),
            None,
        ),
    }
}
