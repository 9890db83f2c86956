//! What a failed attempt tells: what went wrong, and whether it may have been carried out.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::address::Server;
use super::backoff::retry_after;
use super::body;
use super::error::{ApiFault, Error};
use super::lenient;
use super::proxy::Proxy;
use super::request::{Request, foreign};
use super::tls;

/// How much of an error answer is read, in bytes.
const ERROR_BODY: usize = 64 << 10;

/// What became of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It never left, so it did nothing.
    NotSent,
    /// It may have been carried out, or not.
    Unsure,
    /// The server was asked too much and put it off.
    PutOff,
    /// The server answered, and would answer the same again.
    Answered,
}

#[derive(Debug)]
pub(super) struct Failure {
    pub error: Box<Error>,
    pub fate: Fate,
    /// How long the server asks to wait.
    pub wait: Option<Duration>,
}

/// A connection that failed or broke.
pub(super) fn broken(
    server: &Server,
    proxy: Option<&Proxy>,
    patience: Duration,
    error: &reqwest::Error,
) -> Failure {
    let address = server.to_string();
    let cause = chain(error);
    let connecting = error.is_connect();
    if let Some(tls) = find::<rustls::Error>(error).filter(|_| connecting) {
        // What is wrong with a certificate now will be wrong in a minute.
        let (cause, remedy) = tls::explain(tls, server);
        return answered(Error::Tls {
            server: address,
            cause,
            remedy,
        });
    }
    let error = if let Some(proxy) = proxy.filter(|_| connecting) {
        Error::Proxy {
            server: address,
            proxy: proxy.clone(),
            cause,
        }
    } else if connecting && cause.contains("dns error") {
        Error::Dns {
            host: server.host().to_owned(),
            cause,
        }
    } else if error.is_timeout() && !connecting {
        Error::TimedOut {
            server: address,
            after: patience,
        }
    } else {
        Error::Unreachable {
            server: address,
            cause,
        }
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

pub(super) async fn refused(
    request: &Request<'_>,
    response: Response,
    correlation: String,
) -> Failure {
    let (status, url) = (response.status(), response.url().clone());
    let headers = response.headers().clone();
    let wait = headers
        .get(RETRY_AFTER)
        .and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
    // What is cut off is not read at all: an error says what it has to say before that.
    let body = body::start(response, ERROR_BODY).await;
    let stranger = foreign(&headers, &body);
    let said: ErrorBody = serde_json::from_slice(&body).unwrap_or_default();
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

/// The failure of a request that the server would answer the same again.
pub(super) fn answered(error: Error) -> Failure {
    Failure {
        error: Box::new(error),
        fate: Fate::Answered,
        wait: None,
    }
}

/// The body of an error answer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
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

/// An error with its causes. The first layers only say that a request failed, which is known.
pub(super) fn chain(error: &reqwest::Error) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(status: u16, body: &'static str) -> Failure {
        let url = "http://connect.example.com/__api__/v1/user"
            .parse()
            .unwrap();
        let response = http::Response::builder()
            .status(status)
            .header(RETRY_AFTER, "7")
            .body(body)
            .unwrap();
        refused(&Request::get(url), response.into(), "id".to_owned()).await
    }

    #[tokio::test]
    async fn what_an_error_answer_means_is_in_status_and_body() {
        for (status, body, expected, fate) in [
            (
                401,
                r#"{"code": 30, "error": "no"}"#,
                "is not accepted: GET /__api__/v1/user: no (HTTP 401, code 30,",
                Fate::Answered,
            ),
            (
                402,
                "",
                "licence has expired: it answers GET /__api__/v1/user: Payment Required (",
                Fate::Answered,
            ),
            (
                403,
                "",
                "it needs the key of an active user",
                Fate::Answered,
            ),
            (
                404,
                r#"{"code": 4, "error": "gone"}"#,
                "not found: ",
                Fate::Answered,
            ),
            (
                404,
                "404 page not found",
                "404 page not found (HTTP 404, correlation id id): this server seems",
                Fate::Answered,
            ),
            (
                404,
                " <html/>",
                "answered with an HTML page (HTTP 404)",
                Fate::Answered,
            ),
            (
                400,
                r#"{"error": "a\nb"}"#,
                "GET /__api__/v1/user: a\nb (HTTP 400",
                Fate::Answered,
            ),
            (409, "two\nlines", ": Conflict (HTTP 409", Fate::Answered),
            (429, "", "", Fate::PutOff),
            (408, "", "", Fate::Unsure),
            (500, "", "", Fate::Unsure),
            (501, "", "", Fate::Answered),
            (502, "<html/>", ": Bad Gateway (", Fate::Unsure),
            (504, "", "", Fate::Unsure),
        ] {
            let failure = answer(status, body).await;
            let said = failure.error.to_string();
            assert!(said.contains(expected), "{status} {body}: {said}");
            assert_eq!(failure.fate, fate, "{status} {body}");
            assert_eq!(
                failure.wait,
                Some(Duration::from_secs(7)),
                "{status} {body}"
            );
        }
    }
}
