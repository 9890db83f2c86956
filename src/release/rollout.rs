//! Waiting until the pods are of the present template.

use std::time::Duration;

use super::access::{AccessError, Cluster};
use super::live::Workload;

/// How a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rollout {
    /// Every pod is of the present template and answers.
    Done,
    /// Not yet; what is waited for.
    Waiting(String),
    /// The controller has given up.
    GaveUp(String),
    /// Somebody has paused it.
    Paused,
}

/// Why a rollout did not end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RolloutError {
    /// The controller has given up.
    #[error("{workload} does not come up: {why}{}", trouble.as_ref().map(|t| format!(" ({t})")).unwrap_or_default())]
    GaveUp {
        workload: String,
        /// In the controller's words.
        why: String,
        /// What a pod says.
        trouble: Option<String>,
    },
    /// It takes too long.
    #[error("{workload} has not come up within {timeout:?}: {why}{}", trouble.as_ref().map(|t| format!(" ({t})")).unwrap_or_default())]
    Timeout {
        workload: String,
        /// How long was waited.
        timeout: Duration,
        /// What was waited for.
        why: String,
        /// What a pod says.
        trouble: Option<String>,
    },
    /// The cluster does not answer.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl Rollout {
    /// How the rollout of a workload stands, by the rules of `kubectl rollout status`.
    #[must_use]
    pub(crate) fn of(workload: &Workload) -> Self {
        if let Some(why) = &workload.gave_up {
            // What it says is about the template that it has seen.
            if workload.observed {
                return Self::GaveUp(why.clone());
            }
        }
        let wanted = workload.wanted;
        if workload.paused && workload.observed && workload.updated < wanted {
            return Self::Paused;
        }
        Self::Waiting(if !workload.observed {
            "its controller has not taken note of the change".to_owned()
        } else if workload.updated < wanted {
            format!("{} of {wanted} pods are new", workload.updated)
        } else if workload.total > workload.updated {
            match workload.total - workload.updated {
                1 => "an old pod is still there".to_owned(),
                old => format!("{old} old pods are still there"),
            }
        } else if workload.available < wanted {
            format!("{} of {wanted} pods answer", workload.available)
        } else {
            return Self::Done;
        })
    }
}

/// Waits for a rollout. An API server that does not answer is waited for as well: a rollout goes on
/// without it.
///
/// # Errors
/// It does not end well, or not in time.
pub(crate) async fn wait(
    cluster: &Cluster,
    kind: &str,
    name: &str,
    timeout: Duration,
    mut tell: impl FnMut(&str),
) -> Result<Workload, RolloutError> {
    let deadline = tokio::time::Instant::now() + timeout;
    let mut last = String::new();
    loop {
        let (why, workload) = match cluster.workload(kind, name).await {
            Ok(workload) => match Rollout::of(&workload) {
                Rollout::Done => return Ok(workload),
                Rollout::GaveUp(why) => {
                    return Err(RolloutError::GaveUp {
                        workload: format!("{kind} {name}"),
                        why,
                        trouble: trouble(cluster, &workload).await,
                    });
                }
                Rollout::Paused => {
                    let resume = cluster.place.kubectl(&workload.resume_command());
                    return Err(RolloutError::GaveUp {
                        workload: format!("{kind} {name}"),
                        why: format!("its rollout is paused; '{resume}' lets it go on"),
                        trouble: None,
                    });
                }
                Rollout::Waiting(why) => (why, Some(workload)),
            },
            Err(error @ AccessError::Unreachable { .. }) => {
                if tokio::time::Instant::now() >= deadline {
                    return Err(error.into());
                }
                (error.to_string(), None)
            }
            Err(error) => return Err(error.into()),
        };
        if tokio::time::Instant::now() >= deadline {
            let trouble = match &workload {
                Some(workload) => trouble(cluster, workload).await,
                None => None,
            };
            return Err(RolloutError::Timeout {
                workload: format!("{kind} {name}"),
                timeout,
                why,
                trouble,
            });
        }
        if why != last {
            tell(&format!("waiting for {kind} {name}: {why}"));
            last = why;
        }
        let left = deadline - tokio::time::Instant::now();
        tokio::time::sleep(left.min(Duration::from_secs(1))).await;
    }
}

async fn trouble(cluster: &Cluster, workload: &Workload) -> Option<String> {
    if workload.refused.is_some() {
        return workload.refused.clone();
    }
    let pods = cluster.pods(workload).await.ok()?;
    pods.pods.into_iter().find_map(|pod| {
        let trouble = pod.trouble?;
        Some(format!("pod {}: {trouble}", pod.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_done_when_all_pods_are_new_and_answer() {
        let done = Workload {
            wanted: 2,
            total: 2,
            updated: 2,
            available: 2,
            observed: true,
            ..Workload::default()
        };
        assert_eq!(Rollout::of(&done), Rollout::Done);
        let with = |change: fn(&mut Workload)| {
            let mut workload = done.clone();
            change(&mut workload);
            match Rollout::of(&workload) {
                Rollout::Done => "done".to_owned(),
                Rollout::Paused => "paused".to_owned(),
                Rollout::Waiting(why) | Rollout::GaveUp(why) => why,
            }
        };
        assert_eq!(with(|w| w.updated = 1), "1 of 2 pods are new");
        assert_eq!(with(|w| w.total = 3), "an old pod is still there");
        assert_eq!(with(|w| w.available = 0), "0 of 2 pods answer");
        assert_eq!(with(|w| w.gave_up = Some("slow".into())), "slow");
        // What was said about the template before does not count.
        let stale = with(|w| {
            w.gave_up = Some("slow".into());
            w.observed = false;
        });
        assert_eq!(stale, "its controller has not taken note of the change");
        assert_eq!(with(|w| w.wanted = 0), "done");
        let paused = with(|w| {
            w.updated = 0;
            w.paused = true;
        });
        assert_eq!(paused, "paused");
    }
}
