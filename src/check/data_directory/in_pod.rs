//! The same checks for the data directory as the new server's pod sees it.

use super::{code::CheckCode, keys, owner_lines, quoted};
use crate::check::{Check, Judgement, count, plural};
use crate::datadir::listing::{self, Account};
use crate::datadir::{Owner, Summary};
use crate::release::PodOutput;

/// Judges what [`listing::SCRIPT`] said of a folder in a pod; what it said instead otherwise.
pub(crate) fn in_pod(folder: &str, run: &PodOutput) -> Result<Vec<Check>, String> {
    let complaints: Vec<&str> = run.errors.lines().filter(|line| !line.is_empty()).collect();
    let Some((account, summary)) = listing::listed(&run.output) else {
        let said = complaints.first().copied().map(str::to_owned);
        return Err(said.or(run.failure.clone()).unwrap_or_default());
    };
    if run.failure.is_some() && complaints.is_empty() {
        return Err(run.failure.clone().unwrap_or_default());
    }
    Ok(vec![
        CheckCode::DataOwners.judged(owners(folder, &account, &summary, run.is_cut)),
        CheckCode::DataKeys.judged(keys(folder.as_ref(), &summary)),
        CheckCode::DataReadable.judged(readable(&complaints)),
    ])
}

fn owners(folder: &str, account: &Account, summary: &Summary, is_cut: bool) -> Judgement {
    let own = Owner {
        uid: account.uid,
        gid: account.groups.first().copied().unwrap_or(account.uid),
    };
    if own.uid == 0 {
        return Judgement::pass(format!(
            "the pod runs as root, which may read and write whatever is in {folder}"
        ));
    }
    let foreign: Vec<_> = summary
        .owners
        .iter()
        .filter(|(owner, _)| !account.owns(**owner))
        .collect();
    let entries: u64 = foreign.iter().map(|(_, count)| count.entries).sum();
    if foreign.is_empty() {
        return Judgement::pass(format!(
            "everything in {folder} is {}:{}'s, the account of the pod",
            own.uid, own.gid
        ));
    }
    let more = if is_cut { "at least " } else { "" };
    let entries = usize::try_from(entries + summary.more_owners).unwrap_or(usize::MAX);
    Judgement::fail(
        format!(
            "{more}{} in {folder} not {}:{}'s, the account of the pod: it could not write to them",
            plural(entries, "entry is", "entries are"),
            own.uid,
            own.gid
        ),
        "hand them over where you are root on the storage, while the server does not run; or run the pod as \
         their owner (pod.securityContext)",
    )
    .details(owner_lines(foreign))
    .command(format!(
        "chown -R --no-dereference {}:{} {}",
        own.uid,
        own.gid,
        quoted(folder.as_ref())
    ))
}

fn readable(complaints: &[&str]) -> Judgement {
    if complaints.is_empty() {
        return Judgement::pass("the pod may look at everything");
    }
    Judgement::fail(
        format!(
            "the pod could not look at {}",
            count(complaints.len(), "place")
        ),
        "hand them over to the account of the pod",
    )
    .details(complaints.iter().take(5).map(|line| (*line).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;

    #[test]
    fn what_is_another_account_s_fails() {
        let of = |output: &str, errors: &str| {
            let run = PodOutput {
                output: output.as_bytes().to_vec(),
                errors: errors.to_owned(),
                ..PodOutput::default()
            };
            let checks = in_pod("/d", &run);
            checks.map(|checks| {
                checks
                    .into_iter()
                    .map(|check| check.judgement.status)
                    .collect::<Vec<_>>()
            })
        };
        use Status::{Fail, Pass, Warn};
        assert_eq!(of("999 999\0", "\n\n"), Ok(vec![Pass, Pass, Pass]));
        let foreign = "999 999\0d 1000 1000 755 /d/apps\0f 999 999 604 /d/db/secret.key\0";
        assert_eq!(of(foreign, "find: no\n"), Ok(vec![Fail, Warn, Fail]));
        assert_eq!(
            of("999 999 2000\0f 999 2000 644 /d/x.key\0", ""),
            Ok(vec![Pass, Warn, Pass])
        );
        assert_eq!(of("0 0\0f 1 1 600 /d/x\0", ""), Ok(vec![Pass; 3]));
        assert_eq!(
            of("", "sh: find: not found\n"),
            Err("sh: find: not found".to_owned())
        );
    }
}
