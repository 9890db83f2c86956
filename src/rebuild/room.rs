//! How many builds at once server and cluster allow, as far as they say.

use serde_json::Value;

use k8s_openapi::api::core::v1::ResourceQuota;

use super::quota::{PodRequest, QuotaLeft};
use crate::connect::{Connect, Error, Scheduler};
use crate::release::Access;

/// What they say.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Whether builds are pods.
    pods: bool,
    /// What a pod asks for, unless its content says otherwise.
    scheduler: Scheduler,
    /// What waits on the server already; `None` where it does not show that.
    queued: Option<usize>,
    /// The namespace's quotas, or why they are not known; `None` where no cluster was named.
    quotas: Option<Result<Vec<Value>, String>>,
}

impl Room {
    /// Asks both.
    ///
    /// # Errors
    /// The server cannot be asked at all.
    pub(super) async fn ask(connect: &Connect, cluster: Option<Access>) -> Result<Self, Error> {
        let scheduler = unless_fatal(connect.scheduler().await)?;
        let queued = unless_fatal(connect.queued().await)?;
        let quotas = match cluster {
            None => None,
            Some(access) => Some(match access.open().await {
                Ok(cluster) => cluster.list::<ResourceQuota>().await,
                Err(error) => Err(error),
            }),
        };
        let kind = connect.settings().execution_type.as_deref();
        Ok(Self {
            pods: kind.is_some_and(|kind| kind != "native" && kind != "launcher-local"),
            scheduler: scheduler.unwrap_or_default(),
            queued: queued.flatten(),
            quotas: quotas.map(|asked| asked.map_err(|error| error.to_string())),
        })
    }

    /// For people.
    pub(super) fn lines(&self, at_once: usize) -> Vec<String> {
        let mut lines = vec![match self.queued {
            None => {
                "Connect has no setting for it, and this server does not show its queue; it is \
                     asked for less where it answers that it has too much to do"
                    .to_owned()
            }
            Some(waiting) => format!(
                "Connect has no setting for it; {waiting} wait in the server's queue now, and fewer are \
                 built while it only grows"
            ),
        }];
        if !self.pods {
            return lines;
        }
        let each = PodRequest::from(&self.scheduler);
        let asked = [("cpu", each.cpu), ("memory", each.memory)];
        let asked: Vec<_> = asked
            .into_iter()
            .filter(|(_, number)| *number > 0.0)
            .collect();
        if asked.is_empty() {
            lines.push(
                "each build is a pod, which asks for no CPU or memory unless its content says so"
                    .to_owned(),
            );
        } else {
            let all = |factor: f64| -> Vec<String> {
                asked
                    .iter()
                    .map(|(what, number)| shown(what, number * factor))
                    .collect()
            };
            #[allow(clippy::cast_precision_loss, reason = "nobody builds as many at once")]
            let sum = all(at_once as f64);
            lines.push(format!(
                "each build is a pod that asks for {}, unless its content says otherwise: {at_once} for {}",
                all(1.0).join(" and "),
                sum.join(" and ")
            ));
        }
        match &self.quotas {
            None => {
                lines.push("the cluster's quotas were not asked (--release NAME does)".to_owned())
            }
            Some(Err(why)) => lines.push(format!("the cluster's quotas are not known: {why}")),
            Some(Ok(quotas)) if quotas.is_empty() => {
                lines.push("the namespace has no quota".to_owned());
            }
            Some(Ok(quotas)) => {
                lines.extend(quotas.iter().map(QuotaLeft::now).map(
                    |quota| match quota.room(&each) {
                        Some(room) => room.text(at_once),
                        None => quota.without_room(),
                    },
                ));
            }
        }
        lines
    }
}

/// What the key may not see or the version does not have is not known.
fn unless_fatal<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_fatal() => Err(error),
        Err(_) => Ok(None),
    }
}

/// `2 CPU`, `4.0 GiB`.
fn shown(what: &str, number: f64) -> String {
    match what {
        "cpu" => format!("{number} CPU"),
        _ => format!("{:.1} GiB", number / f64::from(1 << 30)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn room() -> Room {
        Room {
            pods: true,
            scheduler: serde_json::from_value(json!({
                "cpu_request": 0.5, "memory_request": 1_u64 << 30,
            }))
            .unwrap(),
            queued: Some(3),
            quotas: None,
        }
    }

    #[test]
    fn what_they_say_is_told_and_what_they_do_not_say_too() {
        assert_eq!(
            room().lines(8),
            [
                "Connect has no setting for it; 3 wait in the server's queue now, and fewer are built \
                 while it only grows",
                "each build is a pod that asks for 0.5 CPU and 1.0 GiB, unless its content says \
                 otherwise: 8 for 4 CPU and 8.0 GiB",
                "the cluster's quotas were not asked (--release NAME does)",
            ]
        );
        assert_eq!(
            Room::default().lines(8),
            [
                "Connect has no setting for it, and this server does not show its queue; it is asked \
                 for less where it answers that it has too much to do"
            ]
        );
    }
}
