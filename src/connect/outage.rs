//! A server that goes away and comes back. All requests of a run share one view of it, so that it
//! is spoken of once, and not once for each of them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::output::human;

/// How long a silence may last before it is spoken of. Shorter ones are ordinary.
const WORTH_SAYING: Duration = Duration::from_secs(3);

/// How often one request may fail while others succeed.
const SICK: u32 = 12;

/// How long to wait for a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How long it may be away.
    pub(crate) max_outage: Duration,
    /// The longest pause between two attempts, also where the server asks for a longer one.
    pub(crate) max_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            max_outage: Duration::from_secs(600),
            max_pause: Duration::from_secs(60),
        }
    }
}

/// Something to tell the user about the connection.
#[derive(Debug, Clone)]
pub(crate) enum Notice {
    /// The server is away; it is waited for.
    Waiting {
        cause: String,
        /// How long it may take.
        at_most: Duration,
    },
    Back {
        /// How long it was away.
        after: Duration,
    },
    /// The API key can be read by others on its way. Said once, before it is sent.
    Exposed(Exposure),
}

/// How a key is exposed, and on its way to which server.
#[derive(Debug, Clone)]
pub(crate) enum Exposure {
    PlainHttp(String),
    AnyCertificate(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { cause, at_most } => write!(
                f,
                "The server is away, and is waited for up to {} (--max-outage): {cause}",
                human(*at_most)
            ),
            Self::Back { after } => write!(f, "The server is back after {}.", human(*after)),
            Self::Exposed(Exposure::PlainHttp(server)) => write!(
                f,
                "warning: {server} is not https, so that everyone on the way can read the API key"
            ),
            Self::Exposed(Exposure::AnyCertificate(server)) => write!(
                f,
                "warning: with --insecure any certificate is accepted for {server}, so that whoever is in between can read the API key"
            ),
        }
    }
}

type Teller = Arc<dyn Fn(Notice) + Send + Sync>;

/// What all requests together know about the server's health.
pub(super) struct Outage {
    state: Mutex<OutageState>,
    tell: Teller,
}

#[derive(Default)]
struct OutageState {
    since: Option<Instant>,
    announced: bool,
    last_success: Option<Instant>,
}

/// What one request has been through.
#[derive(Debug)]
pub(super) struct RetryState {
    failures: u32,
    first: Option<Instant>,
}

impl RetryState {
    pub(super) const fn new() -> Self {
        Self {
            failures: 0,
            first: None,
        }
    }

    /// How much of the patience is left for a request.
    pub(super) fn left(&self, patience: Patience, now: Instant) -> Duration {
        let spent = self
            .first
            .map_or(Duration::ZERO, |at| now.duration_since(at));
        patience.max_outage.saturating_sub(spent)
    }
}

/// Whether to go on trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    /// The server was away for too long: this long.
    TooLong(Duration),
    /// The server is well, this request never is.
    Sick,
}

impl Outage {
    pub(super) fn new(tell: Teller) -> Self {
        Self {
            state: Mutex::default(),
            tell,
        }
    }

    pub(super) fn over(&self, now: Instant) {
        let back = {
            let mut state = self.lock();
            state.last_success = Some(now);
            let since = state.since.take();
            std::mem::take(&mut state.announced)
                .then_some(since)
                .flatten()
        };
        if let Some(since) = back {
            (self.tell)(Notice::Back {
                after: now.duration_since(since),
            });
        }
    }

    /// A request failed in a way that may pass.
    pub(super) fn failed(
        &self,
        trouble: &mut RetryState,
        cause: &dyn fmt::Display,
        patience: Patience,
        now: Instant,
    ) -> Verdict {
        trouble.failures += 1;
        let first = *trouble.first.get_or_insert(now);
        let (verdict, say) = {
            let mut state = self.lock();
            let since = *state.since.get_or_insert(now);
            let away = now.duration_since(since);
            let well = state.last_success.is_some_and(|at| at > first);
            if away >= patience.max_outage || now.duration_since(first) >= patience.max_outage {
                (
                    Verdict::TooLong(now.duration_since(first.min(since))),
                    false,
                )
            } else if trouble.failures >= SICK && well {
                (Verdict::Sick, false)
            } else {
                let say = away >= WORTH_SAYING && !state.announced;
                state.announced |= say;
                (Verdict::GoOn, say)
            }
        };
        if say {
            (self.tell)(Notice::Waiting {
                cause: cause.to_string(),
                at_most: patience.max_outage,
            });
        }
        verdict
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, OutageState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage() -> (Outage, Arc<Mutex<Vec<String>>>) {
        let said = Arc::new(Mutex::new(Vec::new()));
        let teller = Arc::clone(&said);
        let outage = Outage::new(Arc::new(move |notice| {
            teller.lock().unwrap().push(match notice {
                Notice::Waiting { cause, .. } => format!("waiting: {cause}"),
                Notice::Back { after } => format!("back after {}s", after.as_secs()),
                exposed @ Notice::Exposed(_) => exposed.to_string(),
            });
        }));
        (outage, said)
    }

    #[test]
    fn many_requests_speak_of_one_outage_once() {
        let (outage, said) = outage();
        let start = Instant::now();
        let mut troubles: Vec<_> = (0..8).map(|_| RetryState::new()).collect();
        for second in 0..20 {
            for trouble in &mut troubles {
                let now = start + Duration::from_secs(second);
                let verdict = outage.failed(trouble, &"refused", Patience::default(), now);
                assert_eq!(verdict, Verdict::GoOn);
            }
        }
        outage.over(start + Duration::from_secs(20));
        outage.over(start + Duration::from_secs(21));
        assert_eq!(
            *said.lock().unwrap(),
            ["waiting: refused", "back after 20s"]
        );
    }

    #[test]
    fn a_short_silence_is_not_spoken_of() {
        let (outage, said) = outage();
        let start = Instant::now();
        outage.failed(&mut RetryState::new(), &"reset", Patience::default(), start);
        outage.over(start + Duration::from_secs(1));
        assert!(said.lock().unwrap().is_empty());
    }

    #[test]
    fn patience_ends() {
        let (outage, _) = outage();
        let start = Instant::now();
        let patience = Patience {
            max_outage: Duration::from_secs(10),
            ..Patience::default()
        };
        let mut first = RetryState::new();
        assert_eq!(
            outage.failed(&mut first, &"", patience, start),
            Verdict::GoOn
        );
        // A request that begins in the middle of an outage does not wait for all of it again.
        let later = start + Duration::from_secs(10);
        assert_eq!(
            outage.failed(&mut RetryState::new(), &"", patience, later),
            Verdict::TooLong(Duration::from_secs(10))
        );
    }

    #[test]
    fn a_request_that_never_succeeds_beside_others_that_do_is_given_up() {
        let (outage, _) = outage();
        let start = Instant::now();
        let mut trouble = RetryState::new();
        let mut verdicts = (0..12).map(|second| {
            let now = start + Duration::from_secs(second);
            let verdict = outage.failed(&mut trouble, &"503", Patience::default(), now);
            outage.over(now + Duration::from_millis(500));
            verdict
        });
        assert!(
            verdicts
                .by_ref()
                .take(11)
                .all(|verdict| verdict == Verdict::GoOn)
        );
        assert_eq!(verdicts.next(), Some(Verdict::Sick));
    }
}
