//! The list of codes. docs/diagnostics.md has an entry for each, and a test holds the two together.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// A stable, documented name for a kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is shown and documented.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }
    };
}

codes! {
    /// A setting stands before the first section header.
    GcfgExpectedSectionHeader = "gcfg-expected-section-header",
    /// A header without a name.
    GcfgExpectedSectionName = "gcfg-expected-section-name",
    /// A header with an empty subsection.
    GcfgEmptySubsection = "gcfg-empty-subsection",
    /// A header whose bracket does not close where it must.
    GcfgExpectedRightBracket = "gcfg-expected-right-bracket",
    /// Text behind a header.
    GcfgExpectedLineEnd = "gcfg-expected-line-end",
    /// A key followed by something other than an equals sign.
    GcfgExpectedEquals = "gcfg-expected-equals",
    /// A line that is neither header, setting nor comment.
    GcfgExpectedSetting = "gcfg-expected-setting",
    /// A character that no name may have.
    GcfgIllegalCharacter = "gcfg-illegal-character",
    GcfgNul = "gcfg-nul",
    /// Bytes that are not UTF-8.
    GcfgNotUtf8 = "gcfg-not-utf8",
    /// Any other file that is no text.
    NotUtf8 = "not-utf8",
    /// A quoted stretch that its line does not close.
    GcfgStringNotTerminated = "gcfg-string-not-terminated",
    /// A backslash with something behind it that is no escape.
    GcfgUnknownEscape = "gcfg-unknown-escape",
    /// A word that may be the rest of the credential above it.
    WordBelowCredential = "word-below-credential",
    CredentialInHeader = "credential-in-header",
    /// A backslash outside quotes.
    GcfgBareBackslash = "gcfg-bare-backslash",
    /// A setting that needs a value stands as a key alone.
    SettingWithoutValue = "setting-without-value",
    /// A character that no values file brings through to the server.
    ValueNotCarried = "value-not-carried",
    /// One setting in two spellings, which Helm tells apart and Connect does not.
    ValuesSpelling = "values-spelling",
    /// A trial would share something with production.
    TrialHarmsProduction = "trial-harms-production",
    /// A values file that Helm could not read.
    ValuesNotYaml = "values-not-yaml",
    /// Values within an object of another tool that cannot be taken from there.
    ValuesWrapped = "values-wrapped",
    /// Values that sops has encrypted.
    ValuesEncrypted = "values-encrypted",
    /// A value or a name of `config` that Connect would not start with.
    ValuesUnreadable = "values-unreadable",
    /// Values that the chart does not render with.
    ChartRefusesValues = "chart-refuses-values",
    /// A manifest without a configuration, or with several.
    ManifestUnusable = "manifest-unusable",
    /// A list of content has a line without a GUID.
    ContentGuidInvalid = "content-guid-invalid",
    /// A list of content is not an inventory.
    InventoryInvalid = "inventory-invalid",
    /// A table of images is none, or names one that no image can be called.
    ImagesInvalid = "images-invalid",
    /// A file is not the one that a command wrote.
    EvidenceInvalid = "evidence-invalid",
    /// A configuration file is not as an announcement left it.
    AnnouncementChanged = "announcement-changed",
    /// An announcement would stand where Connect does not take it from.
    AnnouncementOverridden = "announcement-overridden",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/diagnostics.md");

    #[test]
    fn codes_are_unique_and_in_kebab_case() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} is there twice");
            let words = text.split('-');
            let is_word = |word: &str| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            };
            assert!(
                words.clone().count() > 1 && words.into_iter().all(is_word),
                "{text}"
            );
        }
    }

    #[test]
    fn every_code_is_documented_and_nothing_else() {
        let docs = std::fs::read_to_string(DOCS).unwrap();
        let documented: Vec<&str> = docs
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        let unique: HashSet<&str> = documented.iter().copied().collect();
        assert_eq!(unique.len(), documented.len(), "an entry is there twice");
        let codes: HashSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let undocumented: Vec<_> = codes.difference(&unique).collect();
        assert!(
            undocumented.is_empty(),
            "without an entry: {undocumented:?}"
        );
        let unknown: Vec<_> = unique.difference(&codes).collect();
        assert!(unknown.is_empty(), "entries without a code: {unknown:?}");
    }

    #[test]
    fn every_entry_says_something() {
        let docs = std::fs::read_to_string(DOCS).unwrap();
        for entry in docs.split("\n## ").skip(1) {
            let (code, body) = entry.split_once('\n').unwrap();
            assert!(body.trim().len() > 60, "{code} says too little");
        }
    }
}
