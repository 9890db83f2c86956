//! Who builds now, and who waits.

use std::collections::VecDeque;

use tokio::sync::{oneshot, watch};

use super::course::Course;

/// Tells a build that it shall come to its end.
pub(super) type Hurry = watch::Receiver<u64>;

/// What a build is told when its turn has come.
pub(super) type Turn = (Course, Hurry);

/// One that waits for its turn: its number, and how it is told.
type Waiting = (usize, oneshot::Sender<Turn>);

/// Builds that wait for their turn, in the order in which they came, and how many had theirs.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    /// Raised to end every build that runs.
    hurry: watch::Sender<u64>,
    /// Those that left the queue and haven't ended.
    running: usize,
    /// The largest number that ran at once.
    pub(crate) most_running: usize,
    /// Those that joined and haven't ended.
    pub(crate) open: usize,
    /// The largest number that was open at once.
    pub(crate) most_open: usize,
}

impl Queue {
    /// The build of this number waits; it is told when its turn has come.
    pub(super) fn join(&mut self, index: usize) -> oneshot::Receiver<Turn> {
        let (turn, wait) = oneshot::channel();
        self.waiting.push_back((index, turn));
        self.open += 1;
        self.most_open = self.most_open.max(self.open);
        wait
    }

    /// Whose turn it is, as far as the limit has room. It counts as running from here on.
    pub(super) fn next(&mut self, limit: usize) -> Option<Waiting> {
        if self.running >= limit {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.running += 1;
        self.most_running = self.most_running.max(self.running);
        Some(next)
    }

    /// What ends the builds that run from here on.
    pub(super) fn hurry(&self) -> Hurry {
        self.hurry.subscribe()
    }

    /// Lets the builds that run now come to their end.
    pub(crate) fn finish(&self) {
        self.hurry.send_modify(|epoch| *epoch += 1);
    }

    /// One that ran no longer does.
    pub(super) fn leave(&mut self) {
        self.running -= 1;
    }

    /// One ended, whether it ran or not.
    pub(super) fn close(&mut self) {
        self.open -= 1;
    }
}
