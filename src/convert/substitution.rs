//! Settings that are to say something else than the input does, whatever a rule would make of them.

use super::account::{Action, Task};
use super::reason;
use super::verdict::{Effect, Expect, Verdict};
use crate::gcfg::SettingName;
use crate::settings::Catalogue;

/// What takes the place of the input's settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Substitution {
    pub settings: Vec<Substitute>,
    /// Words that no comment may bring along.
    pub unspoken: Vec<String>,
    /// What they leave to the administrator.
    pub tasks: Vec<Task>,
}

/// One setting, and what it says instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Substitute {
    pub name: SettingName,
    pub says: Says,
    /// Why, in a sentence without a full stop.
    pub why: String,
}

/// What a setting says in the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Says {
    Nothing,
    Value(String),
    /// What the Secret holds under the setting's variable; it is not known here.
    Withheld,
}

impl Substitution {
    /// What is to be said instead of a setting.
    #[must_use]
    pub(super) fn of(&self, name: &SettingName) -> Option<&Substitute> {
        let key = name.key();
        self.settings.iter().find(|it| it.name.key() == key)
    }

    /// Whether a comment names what is not to be named.
    #[must_use]
    pub(super) fn is_unspoken(&self, text: &str) -> bool {
        self.unspoken.iter().any(|word| mentions(text, word))
    }
}

impl Substitute {
    /// The verdict on every line that sets it.
    #[must_use]
    pub(super) fn verdict(&self) -> Verdict {
        match &self.says {
            Says::Nothing => Verdict::new(Action::Drop, reason::SUBSTITUTED, self.why.clone()),
            Says::Value(value) => Verdict::new(Action::Drop, reason::SUBSTITUTED, self.why.clone())
                .keeping(vec![value.clone()])
                .to(format!("config.{}", self.name)),
            Says::Withheld => match Catalogue::builtin().environment_variable(&self.name) {
                None => Verdict::new(Action::Drop, reason::SUBSTITUTED, self.why.clone()),
                Some(variable) => {
                    let mut verdict =
                        Verdict::new(Action::Secret, reason::SUBSTITUTED, self.why.clone())
                            .to(format!("pod.env.{variable}"));
                    verdict.expect = Expect::Absent;
                    verdict.effects.push(Effect::Secret {
                        variable,
                        value: None,
                    });
                    verdict
                }
            },
        }
    }
}

/// Whether a text has a word in it, and not as a part of a longer name.
#[must_use]
pub(crate) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    !word.is_empty()
        && text.match_indices(&word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let mut after = text[at + word.len()..].chars();
            let (next, then) = (after.next(), after.next());
            // `db.example.com.` is the same host, `db.example.com.org` is another.
            let goes_on =
                next.is_some_and(of_name) || next == Some('.') && then.is_some_and(of_name);
            !before.is_some_and(|c| of_name(c) || c == '.') && !goes_on
        })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_name_is_told_from_a_longer_one() {
        let host = "db.example.com";
        for text in [
            "db.example.com",
            "postgres://u@DB.example.com:5432/c",
            "see db.example.com.",
            "host=db.example.com.",
        ] {
            assert!(mentions(text, host), "{text}");
        }
        for text in [
            "old-db.example.com",
            "a.db.example.com",
            "db.example.com.org",
            "db.example.community",
            "",
        ] {
            assert!(!mentions(text, host), "{text}");
        }
        assert!(!mentions("anything", ""));
    }
}
