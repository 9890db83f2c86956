//! What a scalar means to Helm.
//!
//! Helm reads values files with `sigs.k8s.io/yaml`, that is go-yaml 2: YAML 1.1 with Go's number
//! syntax. `yes` is a boolean, `0755` is 493, `1_000` is 1000, `12:30` is text.

/// What a scalar resolves to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Text,
}

const PREFIX: &str = "tag:yaml.org,2002:";

/// Resolves a plain scalar, or one with an explicit tag. An error says what Helm would say.
pub(super) fn resolve(text: &str, tag: Option<&str>) -> Result<Scalar, String> {
    let kind = match tag {
        None => return Ok(plain(text)),
        Some(tag) => tag.strip_prefix(PREFIX),
    };
    let found = plain(text);
    let fits = match kind {
        Some("null") => matches!(found, Scalar::Null),
        Some("bool") => matches!(found, Scalar::Bool(_)),
        Some("int") => matches!(found, Scalar::Int(_) | Scalar::Unsigned(_)),
        #[allow(clippy::cast_precision_loss)] // As go-yaml does.
        Some("float") => match found {
            Scalar::Int(number) => return Ok(Scalar::Float(number as f64)),
            Scalar::Unsigned(number) => return Ok(Scalar::Float(number as f64)),
            Scalar::Float(_) => true,
            _ => false,
        },
        // Text, a date (which is text too), or a tag that go-yaml does not know.
        _ => return Ok(Scalar::Text),
    };
    if fits {
        Ok(found)
    } else {
        // The text may be a credential.
        Err(format!(
            "it does not read as !!{}",
            kind.unwrap_or_default()
        ))
    }
}

/// Whether a plain scalar is text to Helm.
pub(super) fn is_text(text: &str) -> bool {
    plain(text) == Scalar::Text
}

fn plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes()[0] {
        b'.' => underscores_are_between_digits(text)
            .then(|| float(&text.replace('_', "")))
            .flatten(),
        b'0'..=b'9' | b'+' | b'-' => {
            let text = text.replace('_', "");
            integer(&text)
                .or_else(|| float(&text))
                .or_else(|| signed_binary(&text))
        }
        _ => None,
    };
    number.unwrap_or(Scalar::Text)
}

/// Go's `strconv.ParseInt(text, 0, 64)`, then `ParseUint`.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // Rust's own parser would take a second sign.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(number) => Some(Scalar::Int(number)),
        // ParseUint takes no sign.
        Err(_) => (!text.starts_with('+')).then_some(Scalar::Unsigned(magnitude)),
    }
}

/// A decimal number with a point or an exponent: `[-+]?(\.d+|d+(\.d*)?)([eE][-+]?d+)?`. One that is
/// too large for a double stays text.
fn float(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    let exponent_fits = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    if !mantissa_fits || !exponent_fits {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(Scalar::Float(number))
}

/// go-yaml's own `0b` forms let a sign stand behind the prefix.
fn signed_binary(text: &str) -> Option<Scalar> {
    let digits = text.strip_prefix("0b")?;
    i64::from_str_radix(digits, 2).ok().map(Scalar::Int)
}

/// Go's rule for numbers that begin with a point; elsewhere go-yaml drops all underscores first.
fn underscores_are_between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    (0..bytes.len())
        .filter(|&at| bytes[at] == b'_')
        .all(|at| digit(at.checked_sub(1)) && digit(Some(at + 1)))
}
