//! Words of commands that are printed, to be pasted into a shell.

/// A word as a POSIX shell takes it.
#[must_use]
pub(crate) fn shell_word(word: &str) -> String {
    // Flags with their values and lists need no quotes as arguments, and read better without; shlex
    // would put some around them for the sake of assignments and braces.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let quoted = shlex::Quoter::new().allow_nul(true).quote(word);
    quoted.map_or_else(|_| String::new(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_needs_no_quotes_has_none() {
        assert_eq!(shell_word("--a=b,c"), "--a=b,c");
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word(""), "''");
    }

    proptest! {
        #[test]
        fn words_survive_a_shell(word in ".*") {
            prop_assert_eq!(shlex::split(&shell_word(&word)), Some(vec![word]));
        }
    }
}
