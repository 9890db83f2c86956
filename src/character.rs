//! What characters do, below every room that writes text.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Whether a character is unseen or does something: controls, controls of direction and other
/// formats, separators of lines and paragraphs.
pub(crate) fn is_hidden(c: char) -> bool {
    !(' '..='~').contains(&c)
        && matches!(
            get_general_category(c),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        )
}
