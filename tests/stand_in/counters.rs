//! What was asked of the server.

use std::collections::BTreeMap;

use serde::Serialize;

/// What was asked of the server since it started, or since the counters were cleared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// All requests, those that were dropped included; not those to the control API.
    pub requests: u64,
    /// Requests by method and route, such as `POST /v1/content/{guid}/build`.
    pub by_route: BTreeMap<String, u64>,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// How many faults were injected.
    pub faults: u64,
    /// Bytes in the bodies of answers whose length was known.
    pub body_bytes: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Requests being answered, and the most there were at once.
    pub in_flight: u64,
    /// The most requests that were answered at once.
    pub most_in_flight: u64,
}

impl Counters {
    /// How often a route was asked, by its name in `by_route`.
    pub fn route(&self, name: &str) -> u64 {
        self.by_route.get(name).copied().unwrap_or(0)
    }

    pub(crate) fn begin(&mut self, method: &str, route: &str) {
        self.requests += 1;
        *self
            .by_route
            .entry(format!("{method} {route}"))
            .or_default() += 1;
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
    }

    pub(crate) fn answered(&mut self, status: u16, bytes: Option<u64>) {
        *self.by_status.entry(status).or_default() += 1;
        self.body_bytes += bytes.unwrap_or(0);
    }
}
