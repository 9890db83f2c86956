//! The data directory of the old server: what lies in it, whose it is, and on what it lies.
//!
//! Only names, owners and sizes are read, never contents.

pub mod mounts;
mod summary;
#[cfg(unix)]
mod walk;

pub use summary::{KeyFile, Owner, OwnerCount, Summary};
#[cfg(unix)]
pub use walk::{Progress, walk};

/// User and group of the server in Posit's images. Content runs under the same by default.
pub const IMAGE_OWNER: Owner = Owner { uid: 999, gid: 999 };
