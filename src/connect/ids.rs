//! Names of things on a server. Servers have sent them as strings and as numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::lenient;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

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
                lenient::text(deserializer)?
                    .map(Self)
                    .ok_or_else(|| serde::de::Error::custom("an id is missing"))
            }
        }
    )+};
}

ids! {
    /// A content item. A UUID; what the server gives is taken as it is.
    ContentGuid,
    /// A bundle: one upload of an item's source.
    BundleId,
    /// A task, such as a build; known to the node that runs it only.
    TaskId,
    /// A job: a process that the server ran for an item.
    JobKey,
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
}
