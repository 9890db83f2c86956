//! A server that has been found to be Connect.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Url;

use super::address::Server;
use super::backoff::Backoff;
use super::error::Error;
use super::failure::{Failure, Fate};
use super::key::ApiKey;
use super::outage::{Exposure, Notice, Outage, Patience, RetryState, Verdict};
use super::request::{Reply, Request};
use super::server::Settings;
use super::transport::{ConnectOptions, Transport};
use super::version::{Feature, Version};

/// How often a request is repeated that the server itself answers with 500.
const SERVER_ERRORS: u32 = 6;

/// A Connect server and the key to it.
pub(crate) struct Connect {
    transport: Transport,
    outage: Outage,
    patience: Patience,
    settings: Settings,
    version: Option<Version>,
    pushes: AtomicU64,
}

impl Connect {
    /// Finds out whether there is a Connect server at an address, and which.
    ///
    /// Fails early: an address where nobody listens is more likely wrong than restarting. `tell` is
    /// called when the server goes away for a while, now or later, and when it is back.
    ///
    /// # Errors
    /// Anything that keeps the server from answering, or the key from being accepted.
    pub(crate) async fn open(
        server: Server,
        key: ApiKey,
        options: &ConnectOptions,
        tell: Arc<dyn Fn(Notice) + Send + Sync>,
    ) -> Result<Self, Error> {
        warn(&server, options, &*tell);
        let mut given = None;
        for candidate in server.candidates() {
            let mut connect = Self {
                transport: Transport::new(candidate, key.clone(), options)?,
                outage: Outage::new(Arc::clone(&tell)),
                patience: options.patience,
                settings: Settings::default(),
                version: None,
                pushes: AtomicU64::new(0),
            };
            match connect.greet().await {
                Ok(()) => return Ok(connect),
                Err(error) if !error.is_another_address() => return Err(error),
                Err(error) => {
                    given.get_or_insert(error);
                }
            }
        }
        // What is said is about the address as it was given.
        Err(given.unwrap_or_else(|| Error::Setup("no address".to_owned())))
    }

    /// Reads what the server says of itself.
    async fn greet(&mut self) -> Result<(), Error> {
        let url = self.server().api(&["server_settings"]);
        let reply = self.first_contact(Request::get(url.clone())).await?;
        self.settings = reply.json()?;
        if let Some(moved) = self.server().moved(&url, &reply.url) {
            self.transport.rebase(moved);
        }
        self.version = self.settings.version();
        if self.version.is_none() {
            // The version may be hidden; to administrators each host still tells its own.
            self.version = self
                .hosts()
                .await
                .ok()
                .and_then(|hosts| hosts.iter().filter_map(super::Host::version).min());
        }
        Ok(())
    }

    #[must_use]
    pub(crate) const fn server(&self) -> &Server {
        self.transport.server()
    }

    /// The API's root, which cookies are kept for.
    #[must_use]
    pub(crate) fn root(&self) -> Url {
        self.server().api(&[])
    }

    /// The server's version, where it can be known.
    #[must_use]
    pub(crate) const fn version(&self) -> Option<Version> {
        self.version
    }

    /// What the server said about itself at first contact.
    #[must_use]
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether this server has something. `None` when its version is not known.
    #[must_use]
    pub(crate) fn has(&self, feature: Feature) -> Option<bool> {
        self.version.map(|version| feature.is_in(version))
    }

    /// Refuses what this server is known not to have.
    ///
    /// # Errors
    /// It has not.
    pub(crate) fn require(&self, feature: Feature) -> Result<(), Error> {
        match self.version {
            Some(version) if !feature.is_in(version) => {
                Err(Error::Unsupported { feature, version })
            }
            _ => Ok(()),
        }
    }

    /// The time by the server's clock, to compare with the times it gives.
    #[must_use]
    pub(crate) fn server_time(&self) -> Timestamp {
        Timestamp::try_from(self.transport.server_time()).unwrap_or_else(|_| Timestamp::now())
    }

    /// How often the server has answered so far that it has too much to do.
    pub(crate) fn pushes(&self) -> u64 {
        self.pushes.load(Ordering::Relaxed)
    }

    /// A request that may be repeated without harm, repeated until it is answered.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Reply, Error> {
        let mut again = Retries::new(self);
        loop {
            match self.transport.exchange(&request).await {
                Ok(reply) => {
                    self.outage.over(Instant::now());
                    return Ok(reply);
                }
                Err(failure) => again.after(failure).await?,
            }
        }
    }

    /// A request made once, up to the head of the answer, whatever becomes of it; a redirect is an
    /// answer.
    pub(super) async fn try_once(
        &self,
        request: &Request<'_>,
    ) -> Result<reqwest::Response, Failure> {
        self.transport.look(request).await
    }

    /// A request that must not be carried out twice: repeated only where it was certainly not
    /// carried out. Everything else is for the caller to find out.
    pub(super) async fn ask_once(&self, request: Request<'_>) -> Result<Reply, Failure> {
        let mut again = Retries::new(self);
        loop {
            match self.transport.exchange(&request).await {
                Ok(reply) => {
                    self.outage.over(Instant::now());
                    return Ok(reply);
                }
                Err(failure) if matches!(failure.fate, Fate::NotSent | Fate::PutOff) => {
                    again.after(failure).await.map_err(|error| Failure {
                        error: Box::new(error),
                        fate: Fate::Answered,
                        wait: None,
                    })?;
                }
                Err(mut failure) => {
                    self.count_push(&failure.error);
                    failure.error = Box::new(self.explain(*failure.error));
                    return Err(failure);
                }
            }
        }
    }

    /// A request to a server that has not answered yet. One that starts is waited for (its proxy
    /// answers), one that is not there is not.
    async fn first_contact(&self, request: Request<'_>) -> Result<Reply, Error> {
        let mut again = Retries::new(self);
        let mut attempts = 0;
        loop {
            match self.transport.exchange(&request).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => {
                    attempts += 1;
                    if failure.error.fault().is_none() && attempts >= 3 {
                        return Err(*failure.error);
                    }
                    again.after(failure).await.map_err(not_connect)?;
                }
            }
        }
    }

    fn count_push(&self, error: &Error) {
        let status = error.fault().map(|fault| fault.status);
        if matches!(status, Some(429 | 503)) {
            self.pushes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One attempt, up to the head of a successful answer.
    pub(super) async fn attempt(
        &self,
        request: &Request<'_>,
    ) -> Result<reqwest::Response, Failure> {
        self.transport.attempt(request).await
    }

    /// A body that broke.
    pub(super) fn broken(&self, request: &Request<'_>, error: &reqwest::Error) -> Failure {
        self.transport.broken(request, error)
    }

    /// The server is there.
    pub(super) fn answered(&self) {
        self.outage.over(Instant::now());
    }

    fn explain(&self, error: Error) -> Error {
        match error {
            Error::Absent { fault, .. } => Error::Absent {
                version: self.version,
                fault,
            },
            other => other,
        }
    }
}

/// The endpoint asked at first contact is as old as Connect: without it, it is something else.
fn not_connect(error: Error) -> Error {
    match error {
        Error::Absent { fault, .. } => Error::NotConnect {
            url: fault.request.clone(),
            got: format!("HTTP {} ({})", fault.status, fault.message),
        },
        other => other,
    }
}

/// Says once of each server that the key is not safe on the way there.
fn warn(server: &Server, options: &ConnectOptions, tell: &(dyn Fn(Notice) + Send + Sync)) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let exposure = if !server.is_https() && !server.is_loopback() {
        Exposure::PlainHttp(server.to_string())
    } else if options.trust.is_insecure() {
        Exposure::AnyCertificate(server.to_string())
    } else {
        return;
    };
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.insert(server.to_string()) {
        tell(Notice::Exposed(exposure));
    }
}

/// The repetitions of one request.
pub(super) struct Retries<'a> {
    connect: &'a Connect,
    backoff: Backoff,
    trouble: RetryState,
    server_errors: u32,
}

impl<'a> Retries<'a> {
    pub(super) const fn new(connect: &'a Connect) -> Self {
        Self {
            connect,
            backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(5)),
            trouble: RetryState::new(),
            server_errors: 0,
        }
    }

    /// Waits until the next attempt is due, or says that there is none.
    pub(super) async fn after(&mut self, failure: Failure) -> Result<(), Error> {
        let connect = self.connect;
        let error = connect.explain(*failure.error);
        if failure.fate == Fate::Answered {
            // A server that refuses is there.
            connect.outage.over(Instant::now());
            return Err(error);
        }
        connect.count_push(&error);
        if error.fault().is_some_and(|fault| fault.status == 500) {
            self.server_errors += 1;
            if self.server_errors >= SERVER_ERRORS {
                return Err(error);
            }
        }
        let patience = connect.patience;
        let verdict = connect
            .outage
            .failed(&mut self.trouble, &error, patience, Instant::now());
        match verdict {
            Verdict::GoOn => {}
            Verdict::Sick => return Err(error),
            Verdict::TooLong(waited) => {
                return Err(Error::Outage {
                    server: connect.server().to_string(),
                    waited,
                    last: Box::new(error),
                });
            }
        }
        let asked = failure.wait.unwrap_or_default().min(patience.max_pause);
        let pause = self.backoff.pause(fastrand::f64()) + asked;
        // The last attempt is made when the patience ends, however long the server asks to wait.
        let left = self.trouble.left(patience, Instant::now());
        tokio::time::sleep(pause.min(left)).await;
        Ok(())
    }
}
