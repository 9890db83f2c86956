//! The data directory.

use crate::convert::account::Action;
use crate::convert::reason;
use crate::convert::verdict::{ChartValue, Verdict};

pub(super) fn judge(property: &str, value: &str) -> Option<Verdict> {
    if property != "DataDir" {
        return None;
    }
    Some(
        Verdict::new(
            Action::Chart,
            reason::DATA_DIRECTORY,
            "sharedStorage.path follows it, so that the data directory lies on the shared volume; copy the directory's content onto that volume",
        )
        .setting("sharedStorage.path", ChartValue::Text(value.to_owned()))
        .keeping(vec![value.to_owned()]),
    )
}
