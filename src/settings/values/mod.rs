//! Values as Connect reads them: whether a text is one, and when two texts mean the same.

mod bytes;
mod duration;

use super::entry::ValueType;

/// A text that is no value of its type. It does not repeat the text, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {value_type}; write {}", example(*value_type))]
pub struct WrongValue {
    /// What the value should have been.
    pub value_type: ValueType,
}

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
enum Meaning<'a> {
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Float(f64),
    Duration(i64),
    Bytes(u64),
}

impl ValueType {
    /// A duration in nanoseconds, as Connect reads it; `None` if the text is none.
    #[must_use]
    pub fn duration(text: &str) -> Option<i64> {
        duration::nanoseconds(text)
    }

    /// Whether Connect can read the text as a value of this type. An empty text counts only as
    /// text.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(self, text: &str) -> Result<(), WrongValue> {
        read(self, text).map(|_| ())
    }
}

/// A duration in nanoseconds, as Connect reads it; `None` if the text is none.
#[must_use]
pub fn duration(text: &str) -> Option<i64> {
    duration::nanoseconds(text)
}

/// Whether two texts mean the same to Connect, as `yes` and `true` or `5m` and `300s` do. Texts
/// that are no values of the type mean the same only if they are the same.
#[must_use]
pub fn same_meaning(value_type: ValueType, one: &str, other: &str) -> bool {
    match (read(value_type, one), read(value_type, other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The boolean that a text stands for to gcfg.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    let is = |word: &&str| word.eq_ignore_ascii_case(text);
    if ["true", "yes", "on", "1"].iter().any(is) {
        Some(true)
    } else if ["false", "no", "off", "0"].iter().any(is) {
        Some(false)
    } else {
        None
    }
}

fn read(value_type: ValueType, text: &str) -> Result<Meaning<'_>, WrongValue> {
    let meaning = match value_type {
        ValueType::String => Some(Meaning::Text(text)),
        ValueType::Bool => boolean(text).map(Meaning::Bool),
        ValueType::Int => integer(text).map(Meaning::Int),
        ValueType::Float => float(text).map(Meaning::Float),
        ValueType::Duration => duration::nanoseconds(text).map(Meaning::Duration),
        ValueType::Bytes => bytes::count(text).map(Meaning::Bytes),
    };
    meaning.ok_or(WrongValue { value_type })
}

/// Decimal, also with leading zeros, or hexadecimal behind `0x`.
fn integer(text: &str) -> Option<i64> {
    let (sign, digits) = sign(text);
    let (digits, radix) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    // Rust would take a second sign.
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// Decimal, with digits on one side of the point at least. Neither infinity nor NaN.
fn float(text: &str) -> Option<f64> {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | 'e' | 'E');
    let number: f64 = text.chars().all(allowed).then_some(text)?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// A minus sign or nothing, and what follows the sign.
fn sign(text: &str) -> (&'static str, &str) {
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

fn example(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::String => "any text",
        ValueType::Bool => "true or false",
        ValueType::Int => "a whole number such as 42",
        ValueType::Float => "a number such as 0.5",
        ValueType::Duration => "a number with its unit, such as 500ms, 3m or 1h30m",
        ValueType::Bytes => "a number with its unit, such as 5 MB or 5 KiB",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_gcfgs() {
        for text in ["true", "YES", "On", "1"] {
            assert_eq!(boolean(text), Some(true), "{text}");
        }
        for text in ["false", "no", "OFF", "0"] {
            assert_eq!(boolean(text), Some(false), "{text}");
        }
        for text in ["", "y", "t", "2", " true"] {
            assert_eq!(boolean(text), None, "{text}");
        }
    }

    #[test]
    fn integers_are_decimal_or_hexadecimal() {
        assert_eq!(integer("010"), Some(10));
        assert_eq!(integer("0x1F"), Some(31));
        assert_eq!(integer("-0x10"), Some(-16));
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer("+5"), Some(5));
        for text in ["", "-", "0x", "1_000", "1e6", "1.0", "--1", "+-1", "0o7"] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn floats_may_leave_out_one_side() {
        assert_eq!(float("7."), Some(7.0));
        assert_eq!(float(".217"), Some(0.217));
        for text in ["", ".", "inf", "NaN", "1e999", "half"] {
            assert_eq!(float(text), None, "{text}");
        }
    }

    #[test]
    fn meaning_is_what_counts() {
        assert!(same_meaning(ValueType::Bool, "yes", "True"));
        assert!(!same_meaning(ValueType::Bool, "yes", "off"));
        assert!(same_meaning(ValueType::Duration, "5m", "300s"));
        assert!(same_meaning(ValueType::Int, "0x10", "16"));
        assert!(same_meaning(ValueType::Float, ".50", "0.5"));
        assert!(same_meaning(ValueType::Bytes, "1 GiB", "1073741824"));
        assert!(!same_meaning(ValueType::String, "yes", "true"));
        // Neither is a boolean.
        assert!(same_meaning(ValueType::Bool, "maybe", "maybe"));
        assert!(!same_meaning(ValueType::Bool, "maybe", "true"));
    }

    #[test]
    fn a_wrong_value_is_not_repeated() {
        let error = ValueType::Duration.check("S3cr3t").unwrap_err();
        assert_eq!(
            error.to_string(),
            "not a duration; write a number with its unit, such as 500ms, 3m or 1h30m"
        );
    }
}
