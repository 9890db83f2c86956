//! Single attempts: a request goes out, an answer or a failure comes back. What to do about a
//! failure is decided elsewhere.

use std::error::Error as StdError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{AUTHORIZATION, COOKIE, DATE, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use serde::Deserialize;

use super::address::Server;
use super::backoff::{http_date, retry_after};
use super::error::{ApiFault, Error};
use super::key::ApiKey;
use super::lenient;
use super::outage::Patience;
use super::request::{Reply, Request, foreign};
use super::tls::Trust;

/// How to talk to a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whom to trust.
    pub trust: Trust,
    /// How long a request may take, apart from the time for which a long poll asks.
    pub timeout: Duration,
    /// How long to wait for a server that is away.
    pub patience: Patience,
}

/// What became of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never left, so it did nothing.
    NotSent,
    /// It may have been carried out, or not.
    Unsure,
    /// The server was asked too much and put it off.
    PutOff,
    /// The server answered, and would answer the same again.
    Answered,
}

/// A failed attempt.
#[derive(Debug)]
pub struct Failure {
    pub error: Box<Error>,
    pub fate: Fate,
    /// How long the server asks to wait.
    pub wait: Option<Duration>,
}

pub struct Transport {
    client: Client,
    server: Server,
    key: ApiKey,
    timeout: Duration,
    /// The server's clock at one of ours.
    clock: Mutex<Option<(SystemTime, Instant)>>,
}

impl Transport {
    pub fn new(server: Server, key: ApiKey, options: &Options) -> Result<Self, Error> {
        let builder = Client::builder()
            .user_agent(concat!("helm-connect-migrate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.timeout.min(Duration::from_secs(10)))
            // Followed by hand: the key must stay with its host, and reqwest would take it away
            // between two ports of one host as well.
            .redirect(redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(90));
        let client = options
            .trust
            .apply(builder)
            .build()
            .map_err(|error| Error::Setup(chain(&error)))?;
        Ok(Self {
            client,
            server,
            key,
            timeout: options.timeout,
            clock: Mutex::default(),
        })
    }

    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Goes on with another address of the same server.
    pub fn rebase(&mut self, server: Server) {
        self.server = server;
    }

    /// The time by the server's clock; by ours until it has answered once.
    pub fn server_time(&self) -> SystemTime {
        let clock = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.map_or_else(SystemTime::now, |(at, seen)| at + seen.elapsed())
    }

    /// One attempt, with the whole answer.
    pub async fn exchange(&self, request: &Request<'_>) -> Result<Reply, Failure> {
        let response = self.attempt(request).await?;
        let (url, headers) = (response.url().clone(), response.headers().clone());
        let body = response
            .bytes()
            .await
            .map_err(|error| self.broken(request, &error))?;
        Ok(Reply {
            request: request.name(),
            url,
            headers,
            body: body.into(),
        })
    }

    /// One attempt, up to the head of a successful answer.
    pub async fn attempt(&self, request: &Request<'_>) -> Result<Response, Failure> {
        let mut url = request.url.clone();
        for _ in 0..6 {
            let (response, correlation) = self.send(request, &url).await?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            if !status.is_redirection() {
                return Err(self.refused(request, response, correlation).await);
            }
            url = self.redirected(request, &url, &response)?;
        }
        Err(answered(Error::Redirected {
            url: request.url.to_string(),
            to: format!("{url} and on, in a circle"),
        }))
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
        let downgrade = from.scheme() == "https" && to.scheme() != "https";
        let same_method = request.method == Method::GET
            || matches!(
                response.status(),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            );
        if self.server.same_host(&to) && !downgrade && same_method {
            Ok(to)
        } else {
            Err(refused(to.to_string()))
        }
    }

    /// A connection that failed or broke.
    fn broken(&self, request: &Request<'_>, error: &reqwest::Error) -> Failure {
        let server = self.server.to_string();
        let cause = chain(error);
        let connecting = error.is_connect();
        if let Some(tls) = find::<rustls::Error>(error).filter(|_| connecting) {
            // What is wrong with a certificate now will be wrong in a minute.
            return answered(Error::Tls {
                server,
                cause: tls.to_string(),
            });
        }
        let error = if connecting && cause.contains("dns error") {
            Error::Dns {
                host: self.server.host().to_owned(),
                cause,
            }
        } else if error.is_timeout() && !connecting {
            Error::TimedOut {
                server,
                after: self.timeout + request.extra,
            }
        } else {
            Error::Unreachable { server, cause }
        };
        let fate = if connecting {
            Fate::NotSent
        } else {
            Fate::Unsure
        };
        Failure {
            error: Box::new(error),
            fate,
            wait: None,
        }
    }

    /// An error answer.
    async fn refused(
        &self,
        request: &Request<'_>,
        response: Response,
        correlation: String,
    ) -> Failure {
        let (status, url) = (response.status(), response.url().clone());
        let headers = response.headers().clone();
        let wait = headers
            .get(RETRY_AFTER)
            .and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
        let body = response.bytes().await.unwrap_or_default();
        let stranger = foreign(&headers, &body);
        let said: Said = serde_json::from_slice(&body).unwrap_or_default();
        let fault = ApiFault {
            request: request.name(),
            status: status.as_u16(),
            code: said.code,
            message: said.error.unwrap_or_else(|| plain(status, &body)),
            correlation: headers
                .get("X-Correlation-ID")
                .and_then(|value| value.to_str().ok())
                .map_or(correlation, str::to_owned),
        };
        let error = match status.as_u16() {
            401 => Error::Unauthorized(fault),
            402 => Error::LicenceExpired(fault),
            403 => Error::Forbidden {
                needs: request.needs,
                fault,
            },
            404 if stranger.as_deref() == Some("an HTML page") => Error::NotConnect {
                url: url.to_string(),
                got: "an HTML page (HTTP 404)".to_owned(),
            },
            404 if said.code.is_none() => Error::Absent {
                version: None,
                fault,
            },
            404 => Error::NotFound(fault),
            _ => Error::Api(fault),
        };
        let fate = match status.as_u16() {
            429 => Fate::PutOff,
            408 | 500 | 502..=504 => Fate::Unsure,
            _ => Fate::Answered,
        };
        Failure {
            error: Box::new(error),
            fate,
            wait,
        }
    }
}

fn answered(error: Error) -> Failure {
    Failure {
        error: Box::new(error),
        fate: Fate::Answered,
        wait: None,
    }
}

/// The body of an error answer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(deserialize_with = "lenient::int")]
    code: Option<i64>,
    #[serde(deserialize_with = "lenient::text")]
    error: Option<String>,
}

/// What to say about an answer that says nothing in JSON.
fn plain(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text.len() > 200 || text.contains(['<', '{', '\n']) {
        status
            .canonical_reason()
            .unwrap_or("no reason given")
            .to_owned()
    } else {
        text.to_owned()
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

/// An error with its causes. The first layers only say that a request failed, which is known.
fn chain(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut next = StdError::source(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() {
        causes.push(error.to_string());
    } else if causes.len() > 1 && causes[0].starts_with("client error") {
        causes.remove(0);
    }
    causes.join(": ")
}

/// The first cause of a type, also inside an I/O error, which hides its own.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if let Some(inner) = inner {
            return find::<T>(inner);
        }
        next = cause.source();
    }
    None
}
