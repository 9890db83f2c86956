//! The release that a chart is rendered for.

use super::render::{Reader, RenderError};
use crate::yaml::Map;

/// What a template knows beside the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Name of the chart; under an umbrella chart the alias it goes by.
    pub chart: String,
    /// The chart's `appVersion`, a Connect version.
    pub app_version: String,
}

impl Release {
    /// A release of the chart that we know.
    #[must_use]
    pub fn new(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            chart: "rstudio-connect".to_owned(),
            app_version: super::APP_VERSION.to_owned(),
        }
    }

    /// What the chart's objects are named after.
    ///
    /// # Errors
    /// An override that is no string.
    pub fn fullname(&self, values: &Map) -> Result<String, RenderError> {
        let reader = Reader::new(values);
        let whole = reader.string(&["fullnameOverride"])?;
        if !whole.is_empty() {
            return Ok(shortened(whole));
        }
        let name = match reader.string(&["nameOverride"])? {
            "" => &self.chart,
            name => name,
        };
        Ok(shortened(&if self.name.contains(name) {
            self.name.clone()
        } else {
            format!("{}-{name}", self.name)
        }))
    }
}

/// The first 63 bytes, without a hyphen at their end.
fn shortened(name: &str) -> String {
    let cut = (0..=63.min(name.len()))
        .rev()
        .find(|&at| name.is_char_boundary(at))
        .unwrap_or(0);
    let name = &name[..cut];
    name.strip_suffix('-').unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read_values;

    fn fullname(release: &str, values: &str) -> String {
        Release::new(release, "ns")
            .fullname(&read_values(values).unwrap())
            .unwrap()
    }

    #[test]
    fn the_full_name_follows_the_charts_rule() {
        assert_eq!(fullname("prod", ""), "prod-rstudio-connect");
        assert_eq!(fullname("my-rstudio-connect", ""), "my-rstudio-connect");
        assert_eq!(fullname("prod", "nameOverride: c"), "prod-c");
        assert_eq!(fullname("abc", "nameOverride: b"), "abc");
        assert_eq!(fullname("prod", "fullnameOverride: x-"), "x");
        let long = "n".repeat(60);
        assert_eq!(fullname(&long, "nameOverride: ab-c"), format!("{long}-ab"));
    }
}
