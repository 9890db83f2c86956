//! What we know about Connect's settings: spelling, type, secrecy, and what becomes of each on
//! Kubernetes.
//!
//! The knowledge itself is data, in `catalogue/*.yaml`. A file holds a list of sections:
//!
//! ```yaml
//! - section: LDAP            # in Connect's own spelling
//!   named: true              # written [LDAP "name"]; false if left out
//!   settings:                # sorted by name
//!     - name: BindPassword   # in Connect's own spelling
//!       type: string         # string, bool, int, float, duration or bytes
//!       repeatable: true     # a list; false if left out
//!       default: 5m          # as documented; left out if unknown
//!       secrecy: value       # value: a credential; url: a URL that may hold one; address: one
//!                            # with a tenant's id in it; header: of HTTP; else left out
//!       fate: review         # keep (if left out), review, drop, chart or block
//!       keep-when: [none]    # with one of these values the setting carries over after all
//!       code: mount-file     # a code of codes.yaml; carries-over if left out
//!       reason: …            # for this setting alone, in the place of the code's reason
//!       renamed-to: Other    # its successor: Property in this section, or Section.Property
//!       environment: none    # confirmed, pattern (if left out) or none
//! ```
//!
//! The catalogue is not complete, since Connect's own list changes with every release: a setting
//! that is missing here may well exist.

mod catalogue;
mod entry;
mod load;
mod nearest;
pub mod secrecy;
pub mod values;

pub use catalogue::{Catalogue, SectionEntry};
pub use entry::{Decision, Entry, Environment, Fate, Secrecy, ValueType};

#[cfg(test)]
#[path = "testdata_tests.rs"]
mod testdata_tests;
