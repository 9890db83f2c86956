//! Which lines of a text changed.

use std::ops::Range;

use similar::{Algorithm, DiffTag};

/// Neighbouring lines that changed, as line numbers from 0 in the old and in the new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    pub old: Range<usize>,
    /// Lines that come in their place.
    pub new: Range<usize>,
}

/// The lines of a text. What follows the last line feed is a line too, so that joining them with
/// line feeds gives the text back.
#[must_use]
pub(crate) fn split_lines(text: &str) -> Vec<&str> {
    text.split('\n').collect()
}

/// What turns the old lines into the new ones, from the top down.
#[must_use]
pub(crate) fn hunks(old: &[&str], new: &[&str]) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    // We count on our own: after it has moved hunks together, the library's positions of what only
    // one side has are out of date, its lengths are not.
    let (mut old_at, mut new_at) = (0, 0);
    for op in similar::capture_diff_slices(Algorithm::Myers, old, new) {
        let (tag, old_range, new_range) = op.as_tag_tuple();
        let (old_next, new_next) = (old_at + old_range.len(), new_at + new_range.len());
        if tag != DiffTag::Equal {
            match hunks.last_mut() {
                Some(last) if last.old.end == old_at && last.new.end == new_at => {
                    last.old.end = old_next;
                    last.new.end = new_next;
                }
                _ => hunks.push(Hunk {
                    old: old_at..old_next,
                    new: new_at..new_next,
                }),
            }
        }
        (old_at, new_at) = (old_next, new_next);
    }
    hunks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn hunks_lead_from_old_to_new(old in "[ab\n]{0,24}", new in "[ab\n]{0,24}") {
            let (old, new) = (split_lines(&old), split_lines(&new));
            let mut built = old.clone();
            for hunk in hunks(&old, &new).iter().rev() {
                built.splice(hunk.old.clone(), new[hunk.new.clone()].iter().copied());
            }
            prop_assert_eq!(built, new);
        }
    }
}
