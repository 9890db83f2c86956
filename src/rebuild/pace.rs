//! How many builds at once: as many as asked for, and fewer for as long as the server pushes back.

/// How many builds may be under way.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    now: usize,
    /// Answers of the server by which it asked for less, so far.
    pushes: u64,
    /// How much waited on the server when it was last looked at.
    waiting: usize,
    /// How often in a row more waited than before.
    growths: u32,
    /// More waits than the server works off: no more builds for now.
    crowded: bool,
    told: bool,
}

/// A queue that is longer each time it is looked at, so often, only grows.
const GROWTHS: u32 = 3;

impl Pace {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            now: most,
            pushes: 0,
            waiting: 0,
            growths: 0,
            crowded: false,
            told: false,
        }
    }

    /// Whether one more may begin beside so many.
    pub(super) const fn admits(&self, running: usize) -> bool {
        running < self.now
    }

    /// Takes note of how often the server has pushed back so far. Halves the number of builds where
    /// it has done so again. `Some` is worth telling: what the number is now, for the first time.
    pub(super) fn pushed(&mut self, pushes: u64, running: usize) -> Option<usize> {
        if pushes == self.pushes {
            return None;
        }
        self.pushes = pushes;
        self.fewer(running)
    }

    /// Takes note of how much waits on the server, looked at every now and then. Halves the number of
    /// builds where its queue only grows, until it is shorter again. `Some` as for answers.
    pub(super) fn queued(&mut self, waiting: usize, running: usize) -> Option<usize> {
        self.growths = if waiting > self.waiting {
            self.growths + 1
        } else {
            0
        };
        if waiting < self.waiting || waiting == 0 {
            self.crowded = false;
        }
        self.waiting = waiting;
        if self.growths < GROWTHS {
            return None;
        }
        self.growths = 0;
        self.crowded = true;
        self.fewer(running)
    }

    fn fewer(&mut self, running: usize) -> Option<usize> {
        self.now = (self.now.min(running.max(1)) / 2).max(1);
        if self.now == self.most || self.told {
            return None;
        }
        self.told = true;
        Some(self.now)
    }

    /// A build has ended, and the server did not push back since the last one: one more.
    pub(super) fn ended(&mut self, pushes: u64) {
        if pushes == self.pushes && !self.crowded {
            self.now = (self.now + 1).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_as_many_when_pushed_and_one_more_with_each_end() {
        let mut pace = Pace::new(8);
        assert!(pace.admits(7) && !pace.admits(8));
        assert_eq!(pace.pushed(3, 8), Some(4), "told the first time");
        assert_eq!(pace.pushed(3, 8), None, "the same answers");
        assert!(!pace.admits(4));
        assert_eq!(pace.pushed(4, 8), None, "and not again");
        assert!(pace.admits(1) && !pace.admits(2));
        for _ in 0..20 {
            pace.ended(4);
        }
        assert!(pace.admits(7) && !pace.admits(8));
    }

    #[test]
    fn half_as_many_while_the_queue_only_grows() {
        let mut pace = Pace::new(8);
        let looks = |pace: &mut Pace, looks: &[usize]| {
            looks
                .iter()
                .filter_map(|waiting| pace.queued(*waiting, 8))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            looks(&mut pace, &[24, 24, 30, 29, 31, 32, 32]),
            [0; 0],
            "it stands"
        );
        assert_eq!(looks(&mut pace, &[33, 34, 35]), [4], "it grows");
        pace.ended(0);
        assert!(!pace.admits(4), "no more while it does");
        assert_eq!(looks(&mut pace, &[36, 37, 38]), [0; 0], "told once");
        assert!(pace.admits(1) && !pace.admits(2));
        assert_eq!(looks(&mut pace, &[20]), [0; 0]);
        for _ in 0..20 {
            pace.ended(0);
        }
        assert!(pace.admits(7) && !pace.admits(8), "and up again");
    }

    #[test]
    fn one_build_is_always_allowed() {
        let mut pace = Pace::new(4);
        for push in 1..10 {
            pace.pushed(push, 1);
        }
        assert!(pace.admits(0));
        assert_eq!(Pace::new(1).pushed(1, 1), None, "nothing changes");
    }
}
