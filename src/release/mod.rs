//! A release in its cluster: what Helm stored about it, and what of it is alive.
//!
//! Kubernetes is spoken to by the `kube` crate, so that neither kubectl nor anything else has to be
//! installed beside Helm. Helm changes what it can; what it cannot is patched. docs/rbac.md lists what is asked for.

mod access;
mod exec;
mod forward;
mod kinds;
mod live;
mod look;
mod place;
mod quantity;
mod record;
mod rollout;
mod write;

pub(crate) use access::{Access, AccessError, Cluster};
pub(crate) use exec::PodOutput;
pub(crate) use forward::Forward;
pub(crate) use kinds::ServedKind;
pub(crate) use live::{PodState, Pods, Workload, other_owners, start_trouble, unchanged_since};
pub(crate) use look::Permission;
pub(crate) use place::CommandPlace;
pub(crate) use quantity::{quantity, quantity_text};
pub(crate) use record::{
    REVERT_DESCRIPTION, REVERT_TEMPLATE, Record, RevisionStatus, record_resource,
};
pub(crate) use rollout::wait as wait_for_rollout;
pub(crate) use write::Made;
