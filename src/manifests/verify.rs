//! Whether two trees say the same.

use crate::yaml::{Kind, Node, Style};

/// Whether two nodes mean the same to a reader: the same keys in the same order, the same text in
/// every scalar, and no scalar that was a string and became something else, or the reverse.
pub(crate) fn same(a: &Node, b: &Node) -> bool {
    if a.tag != b.tag {
        return false;
    }
    match (&a.kind, &b.kind) {
        (Kind::Scalar(a, a_style), Kind::Scalar(b, b_style)) => {
            a == b && (is_string(a, *a_style) == is_string(b, *b_style))
        }
        (Kind::Mapping(a), Kind::Mapping(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| same(&a.key, &b.key) && same(&a.value, &b.value))
        }
        (Kind::Sequence(a), Kind::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => false,
    }
}

/// Whether a scalar can only be a string: it is quoted or a block, or a plain one with blanks or
/// line feeds inside, which no number, boolean, null or date without a time has.
fn is_string(text: &str, style: Style) -> bool {
    style != Style::Plain || text.contains('\n')
}
