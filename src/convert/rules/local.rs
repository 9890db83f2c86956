//! Values that name the machine itself: in a pod, `localhost` is the pod.

use crate::convert::account::Action;
use crate::convert::input::Settled;
use crate::convert::reason;
use crate::convert::verdict::{Expect, Verdict};

/// Turns a kept setting into one to look at when its value points to the VM itself.
pub(super) fn look_again(mut verdict: Verdict, settled: &Settled) -> Verdict {
    let kept = matches!(&verdict.expect, Expect::Values(values) if *values == settled.values);
    let undecided = matches!(verdict.action, Action::Keep | Action::Review);
    if kept && undecided && settled.values.iter().any(|value| names_this_machine(value)) {
        verdict.action = Action::Review;
        verdict.code = reason::LOCALHOST.into();
        verdict.reason = format!(
            "points to the VM itself, which in a pod is the pod: put in a name that pods can reach. {}",
            verdict.reason
        );
    }
    verdict
}

/// Whether a value has a host that is always the machine at hand: in a URL, in `host:port`, in
/// `host=…`, or alone.
fn names_this_machine(value: &str) -> bool {
    const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "[::1]", "::1"];
    let lower = value.to_ascii_lowercase();
    NAMES.iter().any(|name| {
        lower.match_indices(name).any(|(at, _)| {
            let before = lower[..at].chars().next_back();
            let after = lower[at + name.len()..].chars().next();
            let starts = at == 0
                || lower[..at].ends_with("://")
                || matches!(before, Some('@' | '='))
                    && (lower.contains("://") || lower.contains("host="));
            starts && matches!(after, None | Some(':' | '/' | '?' | ' ' | ','))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::names_this_machine;

    #[test]
    fn hosts_are_told_from_other_text() {
        for value in [
            "localhost",
            "localhost:25",
            "http://127.0.0.1:3939/x",
            "postgres://u@localhost/db",
            "host=localhost dbname=c",
            "postgres://u@[::1]:5432/db",
        ] {
            assert!(names_this_machine(value), "{value}");
        }
        for value in [
            "db.example.com",
            "mylocalhost",
            "localhost.example.com",
            "see localhosts",
            "user@localhost",
            "",
        ] {
            assert!(!names_this_machine(value), "{value}");
        }
    }
}
