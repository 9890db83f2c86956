//! Reading fields whose type drifts between versions: strings for numbers, `"1"` for true, null or
//! nothing for what is unset. A value of a shape that we do not expect counts as unset; it never
//! makes a whole answer unreadable.

use std::fmt;

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::ids::Id;

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Other(IgnoredAny),
}

/// A text; `None` when it is empty or unset.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) if !text.is_empty() => Some(text),
        Scalar::Int(number) => Some(number.to_string()),
        Scalar::Bool(truth) => Some(truth.to_string()),
        Scalar::Float(number) => Some(number.to_string()),
        Scalar::Text(_) | Scalar::Other(_) => None,
    })
}

/// An id of any kind. One that cannot be an id is an error, unlike other odd values: what is asked
/// or written for it would be about something else.
pub(super) fn id<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Id,
{
    text(deserializer)?
        .map(|text| T::checked(text).map_err(serde::de::Error::custom))
        .transpose()
}

/// A truth value: a boolean, a number, or their texts.
pub(super) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Bool(truth) => Some(truth),
        Scalar::Int(number) => Some(number != 0),
        Scalar::Text(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        },
        Scalar::Float(_) | Scalar::Other(_) => None,
    })
}

/// A whole number, or the text of one.
pub(super) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Int(number) => Some(number),
        Scalar::Text(text) => text.trim().parse().ok(),
        Scalar::Bool(truth) => Some(truth.into()),
        Scalar::Float(_) | Scalar::Other(_) => None,
    })
}

/// A number that may have a fraction.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite()))
}

/// A moment in RFC 3339, or in seconds since the epoch as old servers have it.
pub(super) fn time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Scalar::deserialize(deserializer)? {
        Scalar::Text(text) => text.parse().ok(),
        Scalar::Int(seconds) if seconds > 0 => Timestamp::from_second(seconds).ok(),
        _ => None,
    })
}

/// The texts of a list; none when it is unset. Read one by one: as an untagged value, a list would
/// be held twice.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Texts;
    impl<'de> Visitor<'de> for Texts {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of texts")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut texts = Vec::new();
            while let Some(text) = list.next_element::<Option<String>>()? {
                if texts.len() == MAX_TEXTS {
                    return Err(serde::de::Error::custom("too many lines"));
                }
                texts.extend(text);
            }
            Ok(texts)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            IgnoredAny.visit_map(map)?;
            Ok(Vec::new())
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
    }
    deserializer.deserialize_any(Texts)
}

/// Lines that an answer may have.
const MAX_TEXTS: usize = 500_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, Default, PartialEq)]
    #[serde(default)]
    struct Probe {
        #[serde(deserialize_with = "text")]
        text: Option<String>,
        #[serde(deserialize_with = "truth")]
        truth: Option<bool>,
        #[serde(deserialize_with = "int")]
        int: Option<i64>,
        #[serde(deserialize_with = "time")]
        time: Option<Timestamp>,
        #[serde(deserialize_with = "texts")]
        texts: Vec<String>,
    }

    fn probe(json: &str) -> Probe {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn types_drift() {
        let expected = Probe {
            text: Some("20".into()),
            truth: Some(true),
            int: Some(20),
            time: Some("2024-09-01T00:00:00Z".parse().unwrap()),
            texts: vec!["a".into()],
        };
        assert_eq!(
            probe(
                r#"{"text": "20", "truth": true, "int": 20, "time": "2024-09-01T02:00:00+02:00",
                    "texts": ["a"], "unknown": {}}"#
            ),
            expected
        );
        assert_eq!(
            probe(
                r#"{"text": 20, "truth": "1", "int": "20", "time": 1725148800, "texts": ["a", null]}"#
            ),
            expected
        );
    }

    #[test]
    fn what_is_unset_or_odd_is_none() {
        for json in [
            "{}",
            r#"{"text": null, "truth": null, "int": null, "time": null, "texts": null}"#,
            r#"{"text": "", "truth": "", "int": "", "time": "", "texts": ""}"#,
            r#"{"time": 0}"#,
            r#"{"text": {}, "truth": [], "int": {"a": 1}, "time": [1], "texts": {"a": 1}}"#,
        ] {
            assert_eq!(probe(json), Probe::default(), "{json}");
        }
    }
}
