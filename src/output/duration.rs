//! Lengths of time as people say them.

use std::time::Duration;

/// A length of time as people say it: `4.2s`, `3m12s`, `2h05m`.
#[must_use]
pub(crate) fn human(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", time.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let said = |seconds: f64| human(Duration::from_secs_f64(seconds));
        assert_eq!(said(4.23), "4.2s");
        assert_eq!(said(59.9), "59s");
        assert_eq!(said(192.0), "3m12s");
        assert_eq!(said(7500.0), "2h05m");
    }
}
