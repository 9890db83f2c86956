//! Which Connect a chart deploys, and from which image.

use super::{Chart, Image, shipping};
use crate::connect::Version;
use crate::yaml::Map;

impl Chart {
    /// The Connect that it deploys unless told otherwise. Some charts put the distribution in front.
    #[must_use]
    pub(crate) fn app_version(&self) -> &str {
        without_system(&self.metadata.app_version)
    }

    /// The Connect version that some values would deploy, and what says so.
    #[must_use]
    pub(crate) fn connect_version(&self, values: Option<&Map>) -> (String, &'static str) {
        let text = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            let text = values?.get(*first)?.at(rest)?.as_str()?;
            (!text.is_empty()).then(|| without_system(text).to_owned())
        };
        if let Some(tag) = text(&["image", "tag"]) {
            return (tag, "image.tag");
        }
        if let Some(version) = text(&["versionOverride"]) {
            return (version, "versionOverride");
        }
        (self.app_version().to_owned(), "the chart's appVersion")
    }

    /// The image that would be pulled for a Connect version, where the values name no tag. The
    /// chart's generations put the distribution in front, or behind.
    #[must_use]
    pub(crate) fn image(&self, connect: &str, values: &Map) -> Option<Image> {
        let text = |key: &str| {
            let own = values.get("image").and_then(|image| image.get(key));
            let value = own.or_else(|| self.default_at(&["image", key]))?;
            Some(value.printed()).filter(|text| !text.is_empty())
        };
        let repository = text("repository")?;
        let tag = match (text("tag"), text("os"), text("tagPrefix")) {
            (Some(tag), ..) => tag,
            (None, Some(os), _) => format!("{connect}-{os}"),
            (None, None, prefix) => format!("{}{connect}", prefix.unwrap_or_default()),
        };
        Some(Image { repository, tag })
    }

    /// The charts that ship a Connect, the oldest first.
    #[must_use]
    pub(crate) fn shipping(&self, connect: Version) -> Vec<String> {
        let mut charts: Vec<String> = shipping(connect).map(str::to_owned).collect();
        for chart in self.published.iter().rev() {
            let ships = without_system(&chart.app_version).parse().ok() == Some(connect);
            if ships && !charts.contains(&chart.version) {
                charts.push(chart.version.clone());
            }
        }
        charts
    }
}

/// A version without the distribution in front of it, as in `ubuntu2204-2025.09.1`.
fn without_system(text: &str) -> &str {
    match text.split_once('-') {
        Some((os, version))
            if os.starts_with(|c: char| c.is_ascii_alphabetic())
                && version.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            version
        }
        _ => text,
    }
}
