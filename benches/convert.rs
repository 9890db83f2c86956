//! How long a conversion takes: a 10,000-line file against reading and writing it, and the whole
//! process against `helm template`, side by side in one run.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};

use connect_migrate::chart::Chart;
use connect_migrate::convert::{Inputs, Options, convert};
use connect_migrate::gcfg;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A file as a large server might have it, only longer: known and unknown settings, lists, quoted
/// values and comments.
fn ten_thousand_lines() -> String {
    let mut text = "[Database]\nProvider = postgres\n".to_owned();
    let mut lines = 2;
    for section in 0.. {
        let _ = writeln!(
            text,
            "; repository {section}\n[RPackageRepository \"r{section}\"]"
        );
        let _ = writeln!(
            text,
            "URL = https://packages.example.com/{section}/latest\n[x{}]",
            section / 4
        );
        lines += 4;
        for key in 0..12 {
            let _ = writeln!(
                text,
                "Key-{section}-{key} = \"a; b # {key}\" and more ; note"
            );
            lines += 1;
        }
        if lines >= 10_000 {
            return text;
        }
    }
    text
}

fn library(c: &mut Criterion) {
    let text = ten_thousand_lines();
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("in.gcfg");
    fs::write(&from, &text).unwrap();
    let chart = Chart::built_in().unwrap();
    let options = Options::default();
    let mut group = c.benchmark_group("10,000 lines");
    group
        .sample_size(20)
        .throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read and write", |b| {
        b.iter(|| {
            let bytes = fs::read(&from).unwrap();
            fs::write(folder.path().join("out"), black_box(bytes)).unwrap();
        });
    });
    group.bench_function("parse", |b| {
        b.iter(|| gcfg::parse_text("in.gcfg", black_box(&text)).unwrap());
    });
    group.bench_function("convert, prove and write", |b| {
        b.iter(|| {
            let text = fs::read_to_string(&from).unwrap();
            let documents = [gcfg::parse_text("in.gcfg", &text).unwrap()];
            let conversion = convert(&Inputs {
                documents: &documents,
                base: &[],
                chart: &chart,
                options: &options,
            })
            .unwrap();
            fs::write(folder.path().join("out"), conversion.values).unwrap();
        });
    });
    group.finish();
}

fn process(c: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let helm =
        std::env::var_os("HELM_BIN").map_or_else(|| root.join(".tools/helm-3.19"), Into::into);
    let run = |program: &Path, args: &[&str]| {
        let status = Command::new(program)
            .args(args)
            .current_dir(root)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        black_box(status)
    };
    let mut group = c.benchmark_group("whole process");
    group.sample_size(20);
    let ours = Path::new(env!("CARGO_BIN_EXE_helm-connect-migrate"));
    group.bench_function("values", |b| {
        b.iter(|| run(ours, &["values", "--from", "testdata/rstudio-connect.gcfg"]));
    });
    if helm.exists() {
        group.bench_function("helm template", |b| {
            let chart = "testdata/chart/rstudio-connect";
            b.iter(|| {
                run(
                    &helm,
                    &["template", "x", chart, "--set", "sharedStorage.create=true"],
                )
            });
        });
    }
    group.finish();
}

criterion_group!(benches, library, process);
criterion_main!(benches);
