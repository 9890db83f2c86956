//! The machines of a migration, for `scripts/demo`: the old server, the new one, and a cluster.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]
#![recursion_limit = "256"] // server_settings has many fields

#[path = "../../tests/stand_in/mod.rs"]
#[allow(dead_code, unused_imports)] // shared with the tests
mod connect_stand_in;
#[allow(dead_code)] // shared with the tests
mod support;

use std::io::Read as _;
use std::time::Duration;

use clap::Parser;
use serde_json::json;

use crate::connect_stand_in::{Config, Execution, Mix, StandIn};
use crate::support::cluster::cluster;

/// Plays an old and a new Posit Connect server with the same content, and a cluster around the new
/// one where its API server has been built (scripts/cluster build).
///
/// Prints one line of JSON with their addresses, and runs until its standard input closes.
#[derive(Parser)]
#[command(name = "connect-evening")]
struct Args {
    /// How many content items to make up
    #[arg(long, value_name = "N", default_value_t = 12)]
    items: usize,
    /// How long a build takes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 700)]
    build_time: u64,
    /// No cluster, even where one could be had
    #[arg(long)]
    no_cluster: bool,
}

fn main() {
    let args = Args::parse();
    let config = Config {
        mix: Mix::Realistic,
        in_use: true,
        seed: 7,
        build_time: Duration::from_millis(args.build_time),
        build_jitter: 0.6,
        build_limit: Some(3),
        ..Config::with_items(args.items).version(2026, 8, 0)
    };
    let old = StandIn::start(Config {
        execution: Execution::Native,
        ..config.clone()
    })
    .unwrap();
    let new = StandIn::start(config).unwrap();
    let namespace = match args.no_cluster {
        true => None,
        false => cluster().map(|cluster| (cluster, cluster.namespace("connect"))),
    };
    let (url, place) = match &namespace {
        None => (new.url(), None),
        Some((cluster, namespace)) => {
            namespace.server.stand_before(new.url());
            let place = json!({"kubeconfig": cluster.kubeconfig, "namespace": namespace.name});
            let url = format!("http://{}", namespace.server.address);
            (url, Some(place))
        }
    };
    let machines = json!({
        "old": {"url": old.url(), "key": old.api_key()},
        "new": {"url": url, "key": new.api_key()},
        "cluster": place,
    });
    println!("{machines}");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
