//! Stopping: politely, or now.

use tokio::sync::watch;

/// How far to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Go,
    /// Finish what runs, begin nothing.
    NoMore,
    /// Leave what runs to the server.
    Leave,
}

/// The side that listens.
#[derive(Debug, Clone)]
pub(crate) struct Stop(watch::Receiver<Level>);

/// The side that decides.
#[derive(Debug, Clone)]
pub(crate) struct Stopper(watch::Sender<Level>);

impl Default for Stopper {
    fn default() -> Self {
        Self(watch::Sender::new(Level::Go))
    }
}

impl Stopper {
    #[must_use]
    pub(crate) fn listen(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    /// What runs is finished, nothing is begun.
    pub(crate) fn no_more(&self) {
        self.raise(Level::NoMore);
    }

    /// What runs is left to the server.
    pub(crate) fn leave(&self) {
        self.raise(Level::Leave);
    }

    fn raise(&self, level: Level) {
        self.0.send_if_modified(|now| {
            let higher = level > *now;
            *now = level.max(*now);
            higher
        });
    }
}

impl Stop {
    /// Whether something new may begin.
    #[must_use]
    pub(crate) fn goes_on(&self) -> bool {
        *self.0.borrow() == Level::Go
    }

    /// Returns when it is time to leave.
    pub(crate) async fn leaving(&mut self) {
        if self
            .0
            .wait_for(|level| *level == Level::Leave)
            .await
            .is_err()
        {
            // Nobody is left who could decide so.
            std::future::pending::<()>().await;
        }
    }

    /// Returns when nothing new may begin.
    pub(crate) async fn stopping(&mut self) {
        if self.0.wait_for(|level| *level != Level::Go).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn one_leaves_only_when_told_to_and_never_goes_back() {
        let stopper = Stopper::default();
        let mut stop = stopper.listen();
        assert!(stop.goes_on());
        assert_eq!(stop.stopping().now_or_never(), None);
        stopper.no_more();
        assert!(!stop.goes_on());
        assert_eq!(stop.stopping().now_or_never(), Some(()));
        assert_eq!(stop.leaving().now_or_never(), None);
        stopper.leave();
        stopper.no_more();
        assert_eq!(stop.leaving().now_or_never(), Some(()));
        // Without anybody to decide, what was decided stays.
        let mut undecided = Stopper::default().listen();
        assert_eq!(undecided.leaving().now_or_never(), None);
        assert_eq!(undecided.stopping().now_or_never(), None);
    }
}
