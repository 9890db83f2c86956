//! The post-renderer beside `kubectl kustomize` doing the same patch, in one run.
//!
//! `scripts/bench-overlay` runs this and keeps its table in docs/benchmarks.md. Both programs are
//! run as a user runs them, in turns, on the same stream; time is from start to end of output, and
//! memory the kernel's high-water mark of the process.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MEGABYTE: usize = 1 << 20;

fn main() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools");
    let kubectl = std::env::var_os("KUBECTL").map_or_else(|| tools.join("kubectl"), PathBuf::from);
    if !kubectl.exists() {
        println!(
            "skipped: {} is not there (scripts/tools gets it)",
            kubectl.display()
        );
        return;
    }
    println!("| stream | program | runs | median | fastest | memory | memory / stream |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    // `cargo test` runs benches too, in a small way.
    let small_way = !std::env::args().any(|arg| arg == "--bench");
    compare(
        "30 KB",
        &kubectl,
        &stream(30 << 10, 20),
        if small_way { 1 } else { 21 },
    );
    if !small_way {
        // Objects as large as dashboards are: kustomize takes quadratic time in their number.
        compare("50 MB", &kubectl, &stream(50 * MEGABYTE, 800), 3);
    }
}

fn compare(name: &str, kubectl: &Path, stream: &str, runs: usize) {
    let folder = tempfile::tempdir().unwrap();
    kustomization(folder.path(), stream);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let mut command = Command::new(env!("CARGO_BIN_EXE_helm-connect-migrate"));
        command
            .arg("post-render")
            .env("XDG_STATE_HOME", folder.path());
        ours.push(run(command, stream.as_bytes()));
        let mut command = Command::new(kubectl);
        command.arg("kustomize").arg(folder.path());
        theirs.push(run(command, b""));
    }
    let ours = Summary::of(ours);
    let theirs = Summary::of(theirs);
    for (program, summary) in [("post-render", &ours), ("kubectl kustomize", &theirs)] {
        println!(
            "| {name} | {program} | {runs} | {} | {} | {:.1} MB | {:.2} |",
            time(summary.median),
            time(summary.fastest),
            summary.memory as f64 / MEGABYTE as f64,
            summary.memory as f64 / stream.len() as f64,
        );
    }
    println!(
        "| {name} | **ratio** | | **{:.0}×** | {:.0}× | {:.0}× | |",
        theirs.median.as_secs_f64() / ours.median.as_secs_f64(),
        theirs.fastest.as_secs_f64() / ours.fastest.as_secs_f64(),
        theirs.memory as f64 / ours.memory as f64,
    );
}

struct Run {
    time: Duration,
    /// High-water mark in bytes.
    memory: u64,
}

struct Summary {
    median: Duration,
    fastest: Duration,
    memory: u64,
}

impl Summary {
    fn of(mut runs: Vec<Run>) -> Self {
        runs.sort_by_key(|run| run.time);
        Self {
            median: runs[runs.len() / 2].time,
            fastest: runs[0].time,
            memory: runs.iter().map(|run| run.memory).max().unwrap(),
        }
    }
}

fn time(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{:.1} ms", duration.as_secs_f64() * 1e3)
    } else {
        format!("{:.2} s", duration.as_secs_f64())
    }
}

fn run(mut command: Command, input: &[u8]) -> Run {
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut memory = 0;
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        let mut buffer = vec![0; 64 << 10];
        let mut length = 0;
        loop {
            let read = stdout.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            // Both programs hold everything when they begin to write.
            if length % (4 * MEGABYTE) < buffer.len() {
                memory = memory.max(high_water_mark(&status).unwrap_or(0));
            }
            length += read;
        }
    });
    assert!(child.wait().unwrap().success());
    Run {
        time: start.elapsed(),
        memory,
    }
}

fn high_water_mark(status: &str) -> Option<u64> {
    let status = std::fs::read_to_string(status).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// A release of Connect among other objects, each with so many sections of text.
fn stream(size: usize, lines: usize) -> String {
    let mut text = String::with_capacity(size + 4096);
    let mut number = 0;
    while text.len() < size / 2 {
        other(&mut text, number, lines);
        number += 1;
    }
    text.push_str(CONNECT);
    while text.len() < size {
        other(&mut text, number, lines);
        number += 1;
    }
    text
}

fn other(text: &mut String, number: usize, lines: usize) {
    let _ = write!(
        text,
        "---\n# Source: other/templates/object-{number}.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other-{number}\n  namespace: prod\n  labels:\n    app.kubernetes.io/name: other\n    app.kubernetes.io/instance: \"{number}\"\ndata:\n  settings.conf: |\n"
    );
    for line in 0..lines {
        let _ = writeln!(
            text,
            "    [section-{line}]\n    key-{line} = value of number {number}"
        );
    }
    let _ = write!(
        text,
        "---\n# Source: other/templates/deployment-{number}.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: other-{number}\n  namespace: prod\nspec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/instance: \"{number}\"\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/instance: \"{number}\"\n    spec:\n      containers:\n        - name: main\n          image: \"registry.example.com/other:1.2.{number}\"\n          volumeMounts:\n            - name: config\n              mountPath: /etc/other\n      volumes:\n        - name: config\n          configMap:\n            name: other-{number}\n"
    );
}

const CONNECT: &str = "---
# Source: rstudio-connect/templates/configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: rsc-config
  namespace: prod
data:
  rstudio-connect.gcfg: |
    [Applications]
    ScheduleConcurrency = 2

    [Server]
    Address = https://connect.example.com
---
# Source: rstudio-connect/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: rsc
  namespace: prod
spec:
  selector:
    matchLabels:
      app: rsc
  template:
    metadata:
      annotations:
        checksum/config: abc
      labels:
        app: rsc
    spec:
      containers:
        - name: connect
          volumeMounts:
            - name: config
              mountPath: /etc/rstudio-connect/rstudio-connect.gcfg
              subPath: rstudio-connect.gcfg
      volumes:
        - name: config
          configMap:
            name: rsc-config
";

/// The same change as a kustomization: text, label, annotations and the pods' checksum.
fn kustomization(folder: &Path, stream: &str) {
    std::fs::write(folder.join("all.yaml"), stream).unwrap();
    let gcfg = "[Applications]\\nScheduleConcurrency = 0\\nPythonEnvironmentReaping = false\\n\\n[Server]\\nAddress = https://connect.example.com\\n\\n[Scheduler]\\nMinProcessesLimit = 0\\n";
    let text = format!(
        "resources: [all.yaml]
patches:
  - target: {{kind: ConfigMap, name: rsc-config}}
    patch: |-
      - {{op: add, path: /metadata/labels, value: {{connect-migrate/overlay: temporary-settings}}}}
      - {{op: add, path: /metadata/annotations, value: {{connect-migrate/overlay-version: '1'}}}}
      - {{op: replace, path: /data/rstudio-connect.gcfg, value: \"{gcfg}\"}}
  - target: {{kind: Deployment, name: rsc}}
    patch: |-
      - {{op: add, path: /spec/template/metadata/annotations/connect-migrate~1config-checksum, value: abc}}
"
    );
    std::fs::write(folder.join("kustomization.yaml"), text).unwrap();
}
