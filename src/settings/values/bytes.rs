//! Sizes in bytes.

/// The number of bytes; `None` if the text is no size.
///
/// Connect's documentation shows `5 MB`, `5 KiB` and `42`. As is usual, a unit without `i` counts
/// in thousands, one with `i` in 1024s, and case and the blank do not matter.
pub(super) fn count(text: &str) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = scale(unit.trim_start_matches(' '))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let bytes = digits.checked_mul(u128::from(scale))? / divisor;
    u64::try_from(bytes).ok()
}

fn scale(unit: &str) -> Option<u64> {
    let unit = unit.to_ascii_lowercase();
    let prefix = unit.strip_suffix('b').unwrap_or(&unit);
    let (prefix, base) = match prefix.strip_suffix('i') {
        Some("") => return None,
        Some(prefix) => (prefix, 1024_u64),
        None => (prefix, 1000),
    };
    let power = match prefix {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        "e" => 6,
        _ => return None,
    };
    base.checked_pow(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_count_in_thousands_or_in_1024s() {
        for (text, expected) in [
            ("42", 42),
            ("42 B", 42),
            ("5 MB", 5_000_000),
            ("5 KiB", 5120),
            ("5kib", 5120),
            ("8589934592", 8_589_934_592),
            ("1.5 GiB", 1_610_612_736),
            ("2G", 2_000_000_000),
            ("2Gi", 2_147_483_648),
            (".5 KB", 500),
            ("0", 0),
        ] {
            assert_eq!(count(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "MB",
            "-5 MB",
            "5 XB",
            "5 iB",
            "1.2.3",
            ".",
            "5 MBB",
            "999999 EiB",
        ] {
            assert_eq!(count(text), None, "{text}");
        }
    }
}
