//! The data directory of the old server: what lies in it, whose it is, and on what it lies.
//!
//! Only names, owners and sizes are read, never contents.

pub(crate) mod listing;
pub(crate) mod mounts;
pub(crate) mod summary;
#[cfg(unix)]
mod walk;

pub(crate) use summary::{Owner, Summary};
#[cfg(unix)]
pub(crate) use walk::walk;

/// User and group of the server in Posit's images. Content runs under the same by default.
pub(crate) const IMAGE_OWNER: Owner = Owner { uid: 999, gid: 999 };
