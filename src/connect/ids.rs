//! Names of things on a server. Servers have sent them as strings and as numbers.
//!
//! They become parts of URLs, of files and of what is shown, so one that has other characters than
//! ids have is none. There is no way around the check but in tests.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::lenient;

/// What is made of a text only where it can be an id.
pub(super) trait Id: Sized {
    fn checked(text: String) -> Result<Self, IdError>;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Id for $name {
            fn checked(text: String) -> Result<Self, IdError> {
                if is_id(&text) { Ok(Self(text)) } else { Err(IdError(text)) }
            }
        }

        #[cfg(test)]
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        #[cfg(test)]
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = lenient::text(deserializer)?
                    .ok_or_else(|| serde::de::Error::custom("an id is missing"))?;
                Self::checked(text).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A content item. A UUID.
    ContentGuid,
    /// A bundle: one upload of an item's source.
    BundleId,
    /// A task, such as a build; known to the node that runs it only.
    TaskId,
    /// A run of the server's own checks.
    CheckRunId,
    /// A job: a process that the server ran for an item.
    JobKey,
}

/// What an id cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{:?} cannot be an id", .0.chars().take(80).collect::<String>())]
pub(crate) struct IdError(String);

/// Letters, digits, `-` and `_`, which is what UUIDs, numbers and keys are made of.
fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Why a text names no content item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} has no content GUID in it")]
pub(crate) struct GuidError(String);

/// From what a person writes: the GUID, or an address with the GUID in it, such as the item's page
/// in the dashboard.
impl FromStr for ContentGuid {
    type Err = GuidError;

    fn from_str(text: &str) -> Result<Self, GuidError> {
        let text = text.trim();
        let found = if text.contains("://") {
            text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'))
                .find(|part| is_uuid(part))
        } else {
            is_uuid(text).then_some(text)
        };
        found
            .map(|guid| Self(guid.to_ascii_lowercase()))
            .ok_or_else(|| GuidError(text.to_owned()))
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "8ce6eaca-60af-4c2f-93a0-f5f3cddf5ee5";

    #[test]
    fn finds_the_guid_in_what_people_paste() {
        for text in [
            GUID.to_owned(),
            GUID.to_uppercase(),
            format!(" {GUID}\r"),
            format!("https://c.example.com/content/{GUID}/"),
            format!("https://c.example.com/rsc/connect/#/apps/{GUID}/access/12"),
            format!("https://c.example.com/content/{GUID}"),
        ] {
            assert_eq!(text.parse(), Ok(ContentGuid::from(GUID)), "{text}");
        }
    }

    #[test]
    fn refuses_what_has_none() {
        for text in ["", "42", &GUID[1..], "https://c.example.com/content/sales/"] {
            assert!(text.parse::<ContentGuid>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_come_as_strings_or_numbers() {
        let ids: Vec<BundleId> = serde_json::from_str(r#"["101", 101]"#).unwrap();
        assert_eq!(ids, [BundleId::from("101"), BundleId::from("101")]);
        assert!(serde_json::from_str::<BundleId>("null").is_err());
    }

    #[test]
    fn what_cannot_be_an_id_is_refused() {
        for text in [
            r#""8ce6eaca
  - guid: 9ce6eaca""#,
            r#""..""#,
            r#""a/b""#,
            r#""[2J""#,
            r#""a b""#,
            &format!("\"{}\"", "a".repeat(129)),
        ] {
            assert!(serde_json::from_str::<ContentGuid>(text).is_err(), "{text}");
            assert!(serde_json::from_str::<JobKey>(text).is_err(), "{text}");
        }
    }
}
