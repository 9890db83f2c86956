//! The stand-in for a Connect server, by itself.

mod ask;
mod clients;
mod faults;
mod rules;
mod shapes;

use std::time::Duration;

use crate::connect_stand_in::{BuildEnd, Config, StandIn};

use ask::{api, build_to_the_end};

#[test]
fn a_build_moves_an_item_to_the_cluster() {
    let connect =
        StandIn::start(Config::with_items(3).build_time(Duration::from_millis(10))).unwrap();
    let guid = connect.control().guids().remove(0);
    let item = || api(&connect, "GET", &format!("/v1/content/{guid}"), "").json();
    assert_eq!(item()["cluster_name"], "Local");
    let task = build_to_the_end(&connect, &guid);
    assert_eq!(
        (&task["finished"], &task["code"]),
        (&true.into(), &0.into())
    );
    assert_eq!(item()["cluster_name"], "Kubernetes");
    let builds = connect.control().builds();
    assert_eq!(builds.len(), 1);
    assert_eq!(
        (&builds[0].guid, builds[0].end),
        (&guid, Some(BuildEnd::Succeeded))
    );
}
