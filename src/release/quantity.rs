//! Kubernetes' way of writing how much.

/// A quantity as a number: `500m`, `10Gi`, `2`, `1e9`.
#[must_use]
pub(crate) fn quantity(text: &str) -> Option<f64> {
    // What Rust reads besides, such as `inf`, is none.
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    let end = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text[..end].parse().ok()?;
    let factor = match &text[end..] {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0_f64.powi(4),
        "Pi" => 1024.0_f64.powi(5),
        "Ei" => 1024.0_f64.powi(6),
        _ => return None,
    };
    Some(number * factor)
}

/// A number as a quantity that people read: whole units where there are any.
#[must_use]
pub(crate) fn quantity_text(number: f64, is_in_bytes: bool) -> String {
    let units: &[(&str, f64)] = if is_in_bytes {
        &[
            ("Ti", 1024.0 * 1024.0 * 1024.0 * 1024.0),
            ("Gi", 1024.0 * 1024.0 * 1024.0),
            ("Mi", 1024.0 * 1024.0),
            ("Ki", 1024.0),
        ]
    } else {
        &[]
    };
    let unit = units.iter().find(|(_, size)| number >= *size);
    let (unit, number) = match unit {
        Some((unit, size)) => (*unit, number / size),
        None if !is_in_bytes && number < 1.0 && number > 0.0 => ("m", number * 1000.0),
        None => ("", number),
    };
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_and_written() {
        for (text, number) in [
            ("1e9", Some(1e9)),
            ("1E", Some(1e18)),
            ("1500m", Some(1.5)),
            ("8Gi", Some(8.0 * 1024.0 * 1024.0 * 1024.0)),
            ("2x", None),
            ("inf", None),
            ("nan", None),
            ("", None),
        ] {
            assert_eq!(quantity(text), number, "{text}");
        }
        assert_eq!(quantity_text(8.0 * 1024.0 * 1024.0 * 1024.0, true), "8Gi");
        assert_eq!(quantity_text(1.5 * 1024.0 * 1024.0, true), "1.5Mi");
        assert_eq!(quantity_text(0.25, false), "250m");
        assert_eq!(quantity_text(3.0, false), "3");
    }
}
