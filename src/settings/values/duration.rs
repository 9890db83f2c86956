//! Durations, as Go's `time.ParseDuration` reads them, or as bare nanoseconds.

/// Nanoseconds in each unit.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The duration in nanoseconds; `None` if the text is none, or too long for Go.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    let (sign, mut rest) = super::sign(text);
    if let Ok(bare) = text.parse() {
        return Some(bare);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let whole;
        (whole, rest) = split_digits(rest);
        let mut fraction = "";
        if let Some(behind) = rest.strip_prefix('.') {
            (fraction, rest) = split_digits(behind);
        }
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let (_, unit) = UNITS.iter().find(|(known, _)| *known == name)?;
        rest = behind;
        let whole: u64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let nanoseconds = whole
            .checked_mul(*unit)?
            .checked_add(part(fraction, *unit))?;
        total = total.checked_add(i64::try_from(nanoseconds).ok()?)?;
    }
    Some(if sign == "-" { -total } else { total })
}

/// Nanoseconds in the digits behind the point of a number of units.
fn part(fraction: &str, unit: u64) -> u64 {
    let mut nanoseconds = 0;
    let mut place = unit;
    for digit in fraction.bytes() {
        // Below a nanosecond nothing counts; every unit is a power of ten times a small factor,
        // so the remainders that are lost here stay below one nanosecond for each digit.
        nanoseconds += u64::from(digit - b'0') * place / 10;
        place /= 10;
        if place == 0 {
            break;
        }
    }
    nanoseconds
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        const SECOND: i64 = 1_000_000_000;
        for (text, expected) in [
            ("500ms", SECOND / 2),
            ("3m", 180 * SECOND),
            ("1h30m", 5400 * SECOND),
            ("1.5h", 5400 * SECOND),
            ("1m15s", 75 * SECOND),
            (".5s", SECOND / 2),
            ("2.s", 2 * SECOND),
            ("1000000000", SECOND),
            ("0", 0),
            ("-1s", -SECOND),
            ("+1s", SECOND),
            ("10us", 10_000),
            ("10µs", 10_000),
            ("1.123456789s", 1_123_456_789),
            ("720h", 2_592_000 * SECOND),
        ] {
            assert_eq!(nanoseconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "", "-", "5 m", "5d", "m", "1h30", "1.h.m", ".s", "5M", "five", "9999999h", "1..5s",
        ] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }
}
