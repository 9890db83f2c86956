//! The plainest of HTTP clients: the stand-in isn't tested with the client that it is there to
//! test.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::connect_stand_in::StandIn;
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// One request on a connection of its own, with more header lines if any.
pub fn try_ask(
    connect: &StandIn,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(connect.address())?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut lines = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
        connect.address(),
        body.len()
    );
    let key = format!("Key {}", connect.api_key());
    if !headers.iter().any(|(name, _)| *name == "Authorization") {
        lines += &format!("Authorization: {key}\r\n");
    }
    for (name, value) in headers {
        lines += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{lines}\r\n{body}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let answer = Answer {
        status: status.ok_or_else(broken)?,
        head: head.to_owned(),
        body: body.to_owned(),
    };
    let length = answer
        .header("content-length")
        .and_then(|length| length.parse().ok());
    match length {
        Some(length) if answer.body.len() < length => Err(broken()),
        _ => Ok(answer),
    }
}

/// A request to the API with the administrator's key.
pub fn api(connect: &StandIn, method: &str, path: &str, body: &str) -> Answer {
    try_ask(connect, method, &format!("/__api__{path}"), &[], body).unwrap()
}

/// Builds an item's active bundle; gives the task.
pub fn build(connect: &StandIn, guid: &str) -> Answer {
    let bundle = connect.control().active_bundle(guid).unwrap();
    let body = format!("{{\"bundle_id\": \"{bundle}\"}}");
    api(connect, "POST", &format!("/v1/content/{guid}/build"), &body)
}

/// Builds an item and waits for the end; gives the task as it was then.
pub fn build_to_the_end(connect: &StandIn, guid: &str) -> Value {
    let task = build(connect, guid).json()["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    api(connect, "GET", &format!("/v1/tasks/{task}?wait=30"), "").json()
}
