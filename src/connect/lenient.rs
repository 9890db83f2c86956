//! Reading fields whose type drifts between versions: strings for numbers, `"1"` for true, null or
//! nothing for what is unset. A value of a shape that we do not expect counts as unset; it never
//! makes a whole answer unreadable.

use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

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

/// An id of any kind.
pub(super) fn id<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    Ok(text(deserializer)?.map(T::from))
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

/// The texts of a list; none when it is unset.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Texts {
        Some(Vec<Option<String>>),
        Other(IgnoredAny),
    }
    Ok(match Texts::deserialize(deserializer)? {
        Texts::Some(texts) => texts.into_iter().flatten().collect(),
        Texts::Other(_) => Vec::new(),
    })
}

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
            r#"{"text": {}, "truth": [], "int": {"a": 1}, "time": [1], "texts": {"a": 1}}"#,
        ] {
            assert_eq!(probe(json), Probe::default(), "{json}");
        }
    }
}
