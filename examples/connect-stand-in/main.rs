//! A server that speaks the parts of Posit Connect's HTTP API that `helm connect-migrate` uses.
//!
//! `cargo run --example connect-stand-in -- --help`; docs/stand-in.md says what it can do.

#![recursion_limit = "256"] // server_settings has many fields

#[path = "../../tests/stand_in/mod.rs"]
#[allow(dead_code, unused_imports)] // shared with the tests
mod connect_stand_in;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::connect_stand_in::{Config, Execution, Mix, StandIn, Version, config::parse_duration};
use clap::Parser;

/// Stands in for a Posit Connect server: content, builds that take time, tasks, caches, usage.
///
/// Prints one line of JSON with its address and API keys when it accepts connections, and runs
/// until it is killed.
#[derive(Parser)]
#[command(name = "connect-stand-in", after_help = EXAMPLES)]
struct Args {
    /// A YAML or JSON file with any of the settings, and with content one by one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where the control API listens by itself, so that it can be reached while the server is down
    #[arg(long, value_name = "ADDRESS")]
    control_listen: Option<SocketAddr>,
    /// A path in front of everything
    #[arg(long, value_name = "PATH")]
    prefix: Option<String>,
    /// The version it pretends to be
    #[arg(long)]
    version: Option<Version>,
    /// How many items to make up
    #[arg(long, value_name = "N")]
    items: Option<usize>,
    /// Made-up items as on a server in use: some static, locked, or never deployed
    #[arg(long)]
    realistic: bool,
    /// Made-up items have been used in the last weeks, some more than others
    #[arg(long)]
    in_use: bool,
    /// Content runs on the server itself instead of on Kubernetes
    #[arg(long)]
    native: bool,
    /// The same seed gives the same content
    #[arg(long)]
    seed: Option<u64>,
    /// How long a build takes
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    build_time: Option<Duration>,
    /// How many builds run at once; more wait in a queue
    #[arg(long, value_name = "N")]
    build_limit: Option<usize>,
    /// The share of the items whose builds fail, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    fail_rate: Option<f64>,
    /// Builds that start within this time of another with an empty package cache fail
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    race_window: Option<Duration>,
    /// How many nodes share the work; a task can be read only on its own
    #[arg(long, value_name = "N")]
    nodes: Option<usize>,
    /// What every request waits for
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    latency: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  # 20 items, builds of 2 s, at http://127.0.0.1:3939
  cargo run --example connect-stand-in -- --listen 127.0.0.1:3939 --items 20 --build-time 2s

  # what was asked of it
  curl http://127.0.0.1:3939/__stand-in__/

  # the next three builds that are asked for answer 503
  curl http://127.0.0.1:3939/__stand-in__/faults -d '
    {\"method\": \"POST\", \"route\": \"/v1/content/{guid}/build\", \"times\": 3,
     \"action\": {\"do\": \"status\", \"status\": 503, \"retry_after\": 1}}'

  # down for five seconds; builds go on, their tasks are forgotten
  curl http://127.0.0.1:3939/__stand-in__/restart -d '{\"down\": \"5s\", \"builds\": \"go-on\"}'";

impl Args {
    fn config(self) -> Result<Config, crate::connect_stand_in::ConfigError> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => Config::default(),
        };
        set(&mut config.listen, self.listen);
        set(&mut config.prefix, self.prefix);
        set(&mut config.version, self.version);
        set(&mut config.items, self.items);
        set(&mut config.seed, self.seed);
        set(&mut config.build_time, self.build_time);
        set(&mut config.fail_rate, self.fail_rate);
        set(&mut config.race_window, self.race_window);
        set(&mut config.nodes, self.nodes);
        set(&mut config.latency, self.latency);
        config.build_limit = self.build_limit.or(config.build_limit);
        config.control_listen = self.control_listen.or(config.control_listen);
        if self.realistic {
            config.mix = Mix::Realistic;
        }
        config.in_use |= self.in_use;
        if self.native {
            config.execution = Execution::Native;
        }
        Ok(config)
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn main() -> anyhow::Result<()> {
    use std::io::Write;

    let stand_in = StandIn::start(Args::parse().config()?)?;
    let ready = serde_json::json!({
        "url": stand_in.url(),
        "api_key": stand_in.api_key(),
        "publisher_key": stand_in.key(crate::connect_stand_in::Role::Publisher),
        "viewer_key": stand_in.key(crate::connect_stand_in::Role::Viewer),
        "control": stand_in.control_url(),
    });
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{ready}")?;
    stdout.flush()?;
    stand_in.run_forever();
    Ok(())
}
