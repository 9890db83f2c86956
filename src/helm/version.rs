//! Which Helm it is.

use std::fmt;

use super::{Helm, HelmError};

/// The generations of Helm that differ in what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Major {
    Three,
    Four,
}

/// A version such as `v3.19.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HelmVersion {
    text: String,
    numbers: Option<(u32, u32)>,
}

impl HelmVersion {
    /// Takes what `helm version` prints.
    #[must_use]
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim().to_owned();
        let mut parts = text.trim_start_matches('v').split('.');
        let mut number = || parts.next()?.parse().ok();
        let numbers = number().zip(number());
        Self { text, numbers }
    }

    /// Its first two numbers.
    #[must_use]
    pub(crate) const fn numbers(&self) -> Option<(u32, u32)> {
        self.numbers
    }

    /// The generation.
    ///
    /// # Errors
    /// It is neither Helm 3 nor Helm 4.
    pub(crate) fn major(&self) -> Result<Major, HelmError> {
        match self.numbers {
            Some((3, _)) => Ok(Major::Three),
            Some((4, _)) => Ok(Major::Four),
            _ => Err(HelmError::Unexpected {
                command: "version".to_owned(),
                problem: format!(
                    "this is Helm {}; connect-migrate knows Helm 3 and 4",
                    self.text
                ),
            }),
        }
    }
}

impl fmt::Display for HelmVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Helm {
    /// # Errors
    /// Helm is not there, or it fails.
    pub(crate) fn version(&self) -> Result<HelmVersion, HelmError> {
        let printed = self
            .call("version")
            .args(["--template", "{{.Version}}"])
            .capture()?;
        Ok(HelmVersion::new(&printed.output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generation_is_told_from_the_version() {
        assert_eq!(HelmVersion::new("v3.19.0\n").major().unwrap(), Major::Three);
        assert_eq!(HelmVersion::new("v4.1.4").numbers(), Some((4, 1)));
        assert!(HelmVersion::new("v5.0.0").major().is_err());
        assert!(HelmVersion::new("").major().is_err());
    }
}
