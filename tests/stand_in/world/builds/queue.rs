//! Who builds now, and who waits.

use std::collections::VecDeque;

use tokio::sync::{oneshot, watch};

/// Tells a build that it shall come to its end.
pub(super) type Hurry = watch::Receiver<u64>;

/// Builds that wait for their turn, in the order in which they came, and how many had theirs.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: VecDeque<oneshot::Sender<Hurry>>,
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
    /// One more waits; it is told when its turn has come.
    pub(super) fn join(&mut self) -> oneshot::Receiver<Hurry> {
        let (turn, wait) = oneshot::channel();
        self.waiting.push_back(turn);
        self.open += 1;
        self.most_open = self.most_open.max(self.open);
        wait
    }

    /// Whose turn it is starts, as far as the limit has room.
    pub(super) fn advance(&mut self, limit: usize) {
        while self.running < limit {
            let Some(turn) = self.waiting.pop_front() else {
                break;
            };
            // Whoever is counted as running is told, also when it has not come to its first line.
            if turn.send(self.hurry.subscribe()).is_ok() {
                self.running += 1;
                self.most_running = self.most_running.max(self.running);
            }
        }
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
