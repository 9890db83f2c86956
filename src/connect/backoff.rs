//! How long to wait before asking again.

use std::time::{Duration, SystemTime};

/// Exponential backoff with full jitter: each pause is anywhere between nothing and a limit that
/// doubles, so that many clients do not come back at the same moment.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    limit: Duration,
    cap: Duration,
}

impl Backoff {
    /// Starts at `first` and never waits longer than `cap`.
    #[must_use]
    pub(crate) const fn new(first: Duration, cap: Duration) -> Self {
        Self { limit: first, cap }
    }

    /// The next pause; `dice` is anywhere in 0..1.
    pub(crate) fn pause(&mut self, dice: f64) -> Duration {
        let pause = self.limit.mul_f64(dice.clamp(0.0, 1.0));
        self.limit = (self.limit * 2).min(self.cap);
        pause
    }
}

/// What a `Retry-After` header asks for: seconds, or a date. A date that is past asks for nothing.
#[must_use]
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = http_date(value)?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
#[must_use]
pub(super) fn http_date(value: &str) -> Option<SystemTime> {
    let zoned = jiff::fmt::rfc2822::parse(&value.replace("GMT", "+0000")).ok()?;
    Some(zoned.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_cap_and_are_jittered() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        let pauses: Vec<_> = (0..4).map(|_| backoff.pause(1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 350, 350]);
        assert_eq!(backoff.pause(0.0), Duration::ZERO);
        assert_eq!(backoff.pause(0.5), Duration::from_millis(175));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let after = |text| retry_after(text, now);
        assert_eq!(after("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            after("Sun, 06 Nov 1994 08:50:07 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(after("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-1"), None);
    }
}
