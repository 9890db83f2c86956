//! The stand-in for a Connect server, by itself.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use connect_stand_in::{BuildEnd, Config, StandIn};

/// One request, one answer: status and body. The stand-in isn't tested with the client that it is
/// there to test.
fn ask(stand_in: &StandIn, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(stand_in.address()).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Key {}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        stand_in.address(),
        stand_in.api_key(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[test]
fn a_build_moves_an_item_to_the_cluster() {
    let connect =
        StandIn::start(Config::with_items(3).build_time(Duration::from_millis(10))).unwrap();
    let guid = connect.control().guids().remove(0);
    let active = connect.control().active_bundle(&guid).unwrap();
    let (status, task) = ask(
        &connect,
        "POST",
        &format!("/__api__/v1/content/{guid}/build"),
        &format!("{{\"bundle_id\": \"{active}\"}}"),
    );
    assert_eq!(status, 200, "{task}");
    let task: serde_json::Value = serde_json::from_str(&task).unwrap();
    let id = task["task_id"].as_str().unwrap();
    let (_, task) = ask(
        &connect,
        "GET",
        &format!("/__api__/v1/tasks/{id}?wait=30"),
        "",
    );
    let task: serde_json::Value = serde_json::from_str(&task).unwrap();
    assert_eq!(
        (&task["finished"], &task["code"]),
        (&true.into(), &0.into())
    );
    let (_, item) = ask(&connect, "GET", &format!("/__api__/v1/content/{guid}"), "");
    let item: serde_json::Value = serde_json::from_str(&item).unwrap();
    assert_eq!(item["cluster_name"], "Kubernetes");
    let builds = connect.control().builds();
    assert_eq!(builds.len(), 1);
    assert_eq!(
        (&builds[0].guid, builds[0].end),
        (&guid, Some(BuildEnd::Succeeded))
    );
}
