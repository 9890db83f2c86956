//! A value as Helm holds it behind its reading of YAML, and as its templates print it.

use std::fmt::Write as _;

use indexmap::IndexMap;

/// A mapping with its keys as strings, in the order of the text.
pub type Map = IndexMap<String, Value>;

/// A value as Helm holds it: YAML that went through JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    Bool(bool),
    /// Any number. JSON made a double of it, whatever it was written as.
    Number(f64),
    String(String),
    List(Vec<Value>),
    Map(Map),
}

impl Value {
    #[must_use]
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The entries of a mapping, taken out.
    #[must_use]
    pub fn into_map(self) -> Option<Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// As Helm would have it behind reading it as JSON.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(on) => (*on).into(),
            // Go writes whole numbers without a point.
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                (*number as i64).into()
            }
            Self::Number(number) => (*number).into(),
            Self::String(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect(),
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value behind a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// The value at the end of a path of keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Whether a Go template's `if` takes it for true: neither null, false, zero nor empty.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0.0,
            Self::String(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    /// The text that a template's `{{ . }}` writes for it.
    ///
    /// A null is written as nothing: Go says `<no value>`, and Helm takes every `<no value>` out
    /// of what a template gave (also one that stood in a string).
    #[must_use]
    pub fn printed(&self) -> String {
        match self {
            Self::Null => String::new(),
            other => other.formatted(),
        }
    }

    /// What Go's `%v` makes of it.
    #[must_use]
    pub fn formatted(&self) -> String {
        let mut out = String::new();
        self.format(&mut out);
        out
    }

    fn format(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("<nil>"),
            Self::Bool(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Number(number) => out.push_str(&go_float(*number)),
            Self::String(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    item.format(out);
                }
                out.push(']');
            }
            Self::Map(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                out.push_str("map[");
                for (index, (key, value)) in entries.into_iter().enumerate() {
                    if index > 0 {
                        out.push(' ');
                    }
                    out.push_str(key);
                    out.push(':');
                    value.format(out);
                }
                out.push(']');
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

/// A double as Go's `%v` prints it: the fewest digits that read back the same, with an exponent
/// from a million upwards.
#[must_use]
pub fn go_float(number: f64) -> String {
    general(number.is_finite(), &format!("{number:e}"))
}

/// A number as a key of a mapping: `sigs.k8s.io/yaml` makes a single of it first.
pub(super) fn go_float_key(number: f64) -> String {
    #[allow(clippy::cast_possible_truncation)] // That is the point.
    let number = number as f32;
    if number.is_nan() {
        ".nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        general(true, &format!("{number:e}"))
    }
}

/// Go's `%g` from Rust's shortest scientific form, e.g. `-1.048576e6`.
fn general(finite: bool, scientific: &str) -> String {
    let Some((mantissa, exponent)) = scientific.split_once('e').filter(|_| finite) else {
        return match scientific {
            "inf" => "+Inf",
            "-inf" => "-Inf",
            _ => "NaN",
        }
        .to_owned();
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if !(-4..6).contains(&exponent) {
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{mark}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent.unsigned_abs() as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (whole, rest) = digits.split_at(whole);
    format!("{sign}{whole}.{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_go_prints_doubles() {
        for (number, printed) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (5.0, "5"),
            (1.1, "1.1"),
            (0.5, "0.5"),
            (100.0, "100"),
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (1_048_576.0, "1.048576e+06"),
            (-1_000_000.0, "-1e+06"),
            (1_000_000.5, "1.0000005e+06"),
            (123_456.75, "123456.75"),
            (9_007_199_254_740_992.0, "9.007199254740992e+15"),
            (9_223_372_036_854_775_807.0, "9.223372036854776e+18"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e100, "1e+100"),
        ] {
            assert_eq!(go_float(number), printed);
        }
    }

    #[test]
    fn collections_print_as_go_prints_them() {
        let map = Map::from([
            ("b".to_owned(), Value::Null),
            ("a".to_owned(), Value::List(vec![Value::Number(1.5)])),
        ]);
        assert_eq!(Value::Map(map).printed(), "map[a:[1.5] b:<nil>]");
        assert_eq!(
            Value::List(vec![Value::Null, "x".into(), Value::Bool(true)]).printed(),
            "[<nil> x true]"
        );
        assert_eq!(Value::Null.printed(), "");
    }
}
