//! Faults: which requests go wrong, and how.

use std::time::Duration;

use serde::Deserialize;

use crate::connect_stand_in::config;
use crate::connect_stand_in::random::Random;

/// A rule by which requests go wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only this route, written as in [`crate::connect_stand_in::Counters::by_route`]: `/v1/content/{guid}/build`.
    /// One that ends in `*` stands for all that begin so.
    #[serde(default)]
    pub route: Option<String>,
    /// Only requests with this text in their path, such as an item's guid.
    #[serde(default)]
    pub path_has: Option<String>,
    /// How many such requests go well first.
    #[serde(default)]
    pub skip: u32,
    /// How many go wrong then. `None`: all.
    #[serde(default)]
    pub times: Option<u32>,
    /// The share of them that goes wrong, drawn from the seed.
    #[serde(default = "all")]
    pub share: f64,
    /// What happens.
    pub action: Action,
}

fn all() -> f64 {
    1.0
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Action {
    /// It isn't processed; this status is the answer.
    Status {
        /// The status.
        status: u16,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// It isn't processed; the connection closes.
    DropBefore,
    /// It is processed; the connection closes instead of the answer.
    DropAfter,
    /// It is processed; the connection closes in the middle of the answer's body.
    Truncate,
    /// It isn't processed; nothing comes back for this time, then the connection closes.
    HangBefore {
        /// For how long.
        #[serde(rename = "for", with = "config::duration")]
        time: Duration,
    },
    /// It is processed; nothing comes back for this time, then the connection closes.
    HangAfter {
        /// For how long.
        #[serde(rename = "for", with = "config::duration")]
        time: Duration,
    },
    /// It is processed, the answer comes this much later.
    Slow {
        /// By how much.
        #[serde(rename = "for", with = "config::duration")]
        time: Duration,
    },
    /// It isn't processed; a page of a proxy is the answer, with 200.
    Html,
    /// It isn't processed; it is sent elsewhere with 302.
    Redirect {
        /// Where to.
        to: String,
    },
    /// First somebody deploys a new bundle to the item that the request is about.
    Deploy,
    /// First somebody uploads a bundle to it without activating it.
    Upload,
    /// First somebody locks it.
    Lock,
    /// First somebody deletes it.
    Delete,
}

impl Fault {
    /// Every request goes wrong in this way; narrow it with the other methods.
    pub const fn new(action: Action) -> Self {
        Self {
            method: None,
            route: None,
            path_has: None,
            skip: 0,
            times: None,
            share: 1.0,
            action,
        }
    }

    /// Every request is answered with a status.
    pub const fn status(status: u16) -> Self {
        Self::new(Action::Status {
            status,
            retry_after: None,
        })
    }

    /// Only for this method and route.
    pub fn on(mut self, method: &str, route: &str) -> Self {
        self.method = Some(method.to_owned());
        self.route = Some(route.to_owned());
        self
    }

    /// Only where the path has this in it.
    pub fn path_has(mut self, text: &str) -> Self {
        self.path_has = Some(text.to_owned());
        self
    }

    /// Only so often.
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only after so many that went well.
    pub const fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Only for this share of them.
    pub const fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    fn concerns(&self, method: &str, route: &str, path: &str) -> bool {
        self.method
            .as_deref()
            .is_none_or(|own| own.eq_ignore_ascii_case(method))
            && self
                .route
                .as_deref()
                .is_none_or(|own| match own.strip_suffix('*') {
                    Some(begin) => route.starts_with(begin),
                    None => route == own,
                })
            && self
                .path_has
                .as_deref()
                .is_none_or(|own| path.contains(own))
    }
}

/// The rules in force, in the order in which they were given. The first that applies counts.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) rules: Vec<Fault>,
    random: Random,
}

impl Faults {
    pub(crate) fn new(rules: Vec<Fault>, seed: u64) -> Self {
        Self {
            rules,
            random: Random::for_purpose(seed, "faults"),
        }
    }

    /// What happens to this request, if anything. Counts it.
    pub(crate) fn strike(&mut self, method: &str, route: &str, path: &str) -> Option<Action> {
        for rule in &mut self.rules {
            if !rule.concerns(method, route, path) || rule.times == Some(0) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if rule.share < 1.0 && !self.random.chance(rule.share) {
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            return Some(rule.action.clone());
        }
        None
    }
}
