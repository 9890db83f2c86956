//! How many builds at once: as many as asked for, and fewer for as long as the server pushes back.

/// How many builds may be under way.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    now: usize,
    /// Answers of the server by which it asked for less, so far.
    pushes: u64,
    told: bool,
}

impl Pace {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            most,
            now: most,
            pushes: 0,
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
        self.now = (self.now.min(running.max(1)) / 2).max(1);
        if self.now == self.most || self.told {
            return None;
        }
        self.told = true;
        Some(self.now)
    }

    /// A build has ended, and the server did not push back since the last one: one more.
    pub(super) fn ended(&mut self, pushes: u64) {
        if pushes == self.pushes {
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
    fn one_build_is_always_allowed() {
        let mut pace = Pace::new(4);
        for push in 1..10 {
            pace.pushed(push, 1);
        }
        assert!(pace.admits(0));
        assert_eq!(Pace::new(1).pushed(1, 1), None, "nothing changes");
    }
}
