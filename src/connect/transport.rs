//! Single attempts: a request goes out, an answer or a failure comes back. What to do about a
//! failure is decided elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{AUTHORIZATION, COOKIE, DATE, LOCATION};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};

use super::address::Server;
use super::backoff::http_date;
use super::body::{self, Cut};
use super::error::Error;
use super::failure::{Failure, answered, broken, chain, refused};
use super::key::ApiKey;
use super::outage::Patience;
use super::proxy::Proxy;
use super::request::{Reply, Request};
use super::tls::Trust;

/// How to talk to a server.
#[derive(Debug, Clone)]
pub(crate) struct ConnectOptions {
    pub(crate) trust: Trust,
    /// How long a request may take, apart from the time for which a long poll asks.
    pub timeout: Duration,
    /// How long to wait for a server that is away.
    pub patience: Patience,
}

pub(super) struct Transport {
    client: Client,
    proxy: Option<Proxy>,
    server: Server,
    key: ApiKey,
    timeout: Duration,
    /// The server's clock at one of ours.
    clock: Mutex<Option<(SystemTime, Instant)>>,
}

impl Transport {
    pub(super) fn new(
        server: Server,
        key: ApiKey,
        options: &ConnectOptions,
    ) -> Result<Self, Error> {
        let builder = Client::builder()
            .user_agent(concat!("helm-connect-migrate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.timeout.min(Duration::from_secs(10)))
            // Followed by hand: the key must stay with its origin.
            .redirect(redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(90));
        let proxy = Proxy::before(&server);
        let builder = match proxy {
            Some(_) => builder,
            None => builder.no_proxy(),
        };
        let client = options
            .trust
            .apply(builder)
            .map_err(|error| Error::Setup(error.to_string()))?
            .build()
            .map_err(|error| Error::Setup(chain(&error)))?;
        Ok(Self {
            client,
            proxy,
            server,
            key,
            timeout: options.timeout,
            clock: Mutex::default(),
        })
    }

    pub(super) const fn server(&self) -> &Server {
        &self.server
    }

    /// Goes on with another address of the same server.
    pub(super) fn rebase(&mut self, server: Server) {
        self.server = server;
    }

    /// The time by the server's clock; by ours until it has answered once.
    pub(super) fn server_time(&self) -> SystemTime {
        let clock = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.map_or_else(SystemTime::now, |(at, seen)| at + seen.elapsed())
    }

    /// One attempt, with the whole answer.
    pub(super) async fn exchange(&self, request: &Request<'_>) -> Result<Reply, Failure> {
        let response = self.attempt(request).await?;
        let (url, headers) = (response.url().clone(), response.headers().clone());
        let body = body::whole(response, request.limit)
            .await
            .map_err(|cut| match cut {
                Cut::Broken(error) => self.broken(request, &error),
                Cut::TooLong(limit) => answered(Error::TooLong {
                    request: request.name(),
                    limit: limit.name,
                }),
            })?;
        Ok(Reply {
            request: request.name(),
            url,
            headers,
            body,
        })
    }

    /// One attempt, up to the head of a successful answer.
    pub(super) async fn attempt(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let mut url = request.url.clone();
        for _ in 0..6 {
            let (response, correlation) = self.send(request, &url).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            // A redirect to nowhere is an answer, as 304 is.
            if !status.is_redirection() || !response.headers().contains_key(LOCATION) {
                return Err(refused(request, response, correlation).await);
            }
            url = self.redirected(request, &url, &response)?;
        }
        Err(answered(Error::Circle {
            url: request.url.to_string(),
        }))
    }

    /// One attempt that follows no redirect: its answer is the answer.
    pub(super) async fn look(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let (response, correlation) = self.send(request, &request.url).await?;
        let status = response.status();
        if status.is_success() || status.is_redirection() {
            Ok(response)
        } else {
            Err(refused(request, response, correlation).await)
        }
    }

    async fn send(&self, request: &Request<'_>, url: &Url) -> Result<(Response, String), Failure> {
        let correlation = correlation();
        let mut builder = self
            .client
            .request(request.method.clone(), url.clone())
            .timeout(self.timeout + request.extra)
            .header("X-Correlation-ID", &correlation);
        if let Some(key) = self.key.header() {
            builder = builder.header(AUTHORIZATION, key);
        }
        if let Some(cookies) = request.affinity.and_then(|affinity| affinity.header(url)) {
            builder = builder.header(COOKIE, cookies);
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let response = builder
            .send()
            .await
            .map_err(|error| self.broken(request, &error))?;
        if let Some(affinity) = request.affinity {
            affinity.absorb(response.headers(), url);
        }
        let date = response.headers().get(DATE);
        if let Some(date) = date.and_then(|value| http_date(value.to_str().ok()?)) {
            *self.clock.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((date, Instant::now()));
        }
        Ok((response, correlation))
    }

    /// Where a redirect leads, if it is one to follow.
    fn redirected(
        &self,
        request: &Request<'_>,
        from: &Url,
        response: &Response,
    ) -> Result<Url, Failure> {
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let refused = |to: String| {
            answered(Error::Redirected {
                url: from.to_string(),
                to,
            })
        };
        let to = from
            .join(location)
            .map_err(|_| refused(format!("{location:?}")))?;
        let same_method = request.method == Method::GET
            || matches!(
                response.status(),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            );
        if self.server.may_have_key(&to)
            && !(from.scheme() == "https" && to.scheme() == "http")
            && same_method
        {
            Ok(to)
        } else {
            Err(refused(to.to_string()))
        }
    }

    pub(super) fn broken(&self, request: &Request<'_>, error: &reqwest::Error) -> Failure {
        let patience = self.timeout + request.extra;
        broken(&self.server, self.proxy.as_ref(), patience, error)
    }
}

/// A fresh id under which the server logs a request, in the form of a UUID.
fn correlation() -> String {
    let id = fastrand::u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        (id >> 96) as u32,
        (id >> 80) as u16,
        (id >> 64) & 0xfff,
        (id >> 48) & 0xfff,
        id & 0xffff_ffff_ffff
    )
}
