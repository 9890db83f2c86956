//! A release in its cluster: what Helm stored about it, and what of it is alive.
//!
//! Kubernetes is spoken to by the `kube` crate, so that neither kubectl nor anything else has to be
//! installed beside Helm; Helm alone changes anything. docs/rbac.md lists what is asked for.

mod access;
mod forward;
mod live;
mod look;
mod record;
mod rollout;

pub use access::{Access, AccessError, Cluster};
pub use forward::Forward;
pub use live::{PodState, Pods, Port, Workload};
pub use look::Right;
pub use record::{Hook, Record, RecordError, Status};
pub use rollout::{Rollout, RolloutError, wait as wait_for_rollout};
